//! The rungs, a row each: what it proves, how it is built, what it leaves in memory, and what may be the reason where it
//! does not.

use std::sync::Arc;

use kernels::Kernel;
use pm4::dispatch::{Agent, Scratch};
use pm4::packet::values::{CopyDataDst, CopyDataSrc};
use pm4::{CopyData, Nop};

use super::causes::{self, Cause};
use super::compare::{Want, Words, compare};
use super::job::{In, Job, mix};
use super::site::{Ground, Site, Stop, name_of};
use super::{Rung, Sign};
use crate::cpu;
use crate::error::Error;
use crate::exec::module::LoadedKernel;
use crate::kmd::{AllocFlags, Deadline, Placement, VmFlags};
use crate::object::CodeObject;
use crate::ops::{Conv2d, Conv2dShape};

/// How often a rung does its work in one kind of memory.
const RUNS: u32 = 2;

/// A rung's row.
pub(super) struct Row {
    rung: Rung,
    pub(super) name: &'static str,
    pub(super) slug: &'static str,
    pub(super) proves: &'static str,
    pub(super) leaves_open: &'static str,
    work: Work,
    causes: &'static [(Sign, &'static [&'static Cause])],
}

/// Writes a stream, and says what it should leave in memory.
type Build = fn(&mut Job<'_>) -> Result<(), Stop>;

/// How a rung is built; what it should leave in memory is part of the job.
enum Work {
    /// Before there is a site.
    Settle,
    /// Streams one after the other, in each kind of memory, twice.
    Streams(&'static [Build]),
    /// By this library's own surface.
    Convolve,
}

use causes as c;

/// Signs that mean the same on every rung; a row's own go first.
const COMMON: &[(Sign, &[&Cause])] = &[
    (Sign::Refused, &[&c::UNKNOWN]),
    (Sign::TimedOut, &[&c::RING_STUCK, &c::FENCE_INTERRUPT]),
    (Sign::Hung, &[&c::RING_STUCK]),
    (Sign::Faulted, &[&c::PAGE_FAULT, &c::WRONG_PAGE]),
    (Sign::Cancelled, &[&c::OTHERS_HANG]),
    (Sign::NoSequence, &[&c::SKIPPED_JOB]),
    (Sign::Untouched, &[&c::IB_NOT_RUN, &c::NOT_COHERENT, &c::WRONG_PAGE]),
    (Sign::Partial, &[&c::PACKET_LENGTH, &c::NOT_COHERENT]),
    (Sign::Stale, &[&c::STALE_SOURCE, &c::NOT_COHERENT]),
    (Sign::Zero, &[&c::WRONG_PAGE, &c::PACKET_DATA]),
    (Sign::Shifted, &[&c::PACKET_ADDRESS]),
    (Sign::Swapped, &[&c::BYTE_ORDER]),
    (Sign::Neighbour, &[&c::PACKET_LENGTH, &c::WRONG_PAGE]),
    (Sign::Wrong, &[&c::PACKET_DATA, &c::NOT_COHERENT]),
];

/// Waves that don't come to their end.
const WAVES_HANG: &[&Cause] = &[&c::NO_CUS, &c::WRONG_PGM, &c::NO_END, &c::NO_PREAMBLE];
/// Waves that the card stops.
const WAVES_FAULT: &[&Cause] =
    &[&c::WRONG_PGM, &c::NOT_EXECUTABLE, &c::BAD_INSTRUCTION, &c::WRONG_RSRC, &c::PAGE_FAULT];

static ROWS: [Row; Rung::ALL.len()] = [
    Row {
        rung: Rung::Node,
        name: "node",
        slug: "node",
        proves: "the driver answers, memory is mapped on both sides, a context is made",
        leaves_open: "whether the GPU sees that memory at the addresses that it got",
        work: Work::Settle,
        causes: &[(Sign::Refused, &[&c::OLD_KERNEL]), (Sign::Wrong, &[&c::MAPPING_ELSEWHERE])],
    },
    Row {
        rung: Rung::Nop,
        name: "NOP",
        slug: "nop",
        proves: "a submission is taken, and the ring writes its sequence number behind it",
        leaves_open: "whether the NOPs themselves were fetched: they leave no trace",
        work: Work::Streams(&[nop]),
        causes: &[
            (Sign::Refused, &[&c::SUBMISSION_REFUSED]),
            (Sign::Neighbour, &[&c::WRONG_PAGE]),
            (Sign::Hung, &[&c::RING_STUCK, &c::IB_NOT_RUN]),
        ],
    },
    Row {
        rung: Rung::WriteData,
        name: "WRITE_DATA",
        slug: "write-data",
        proves: "the indirect buffer is executed, and the command processor writes where we read",
        leaves_open: "how writes and waits are ordered among each other",
        work: Work::Streams(&[write_data]),
        causes: &[(Sign::Hung, &[&c::IB_NOT_RUN, &c::RING_STUCK])],
    },
    Row {
        rung: Rung::ReleaseMem,
        name: "RELEASE_MEM",
        slug: "release-mem",
        proves: "an end-of-pipe event flushes and writes 64 bits",
        leaves_open: "whether it waits for waves: there are none yet",
        work: Work::Streams(&[release_mem]),
        causes: &[
            (Sign::Untouched, &[&c::NO_EVENT, &c::NOT_COHERENT]),
            (Sign::Partial, &[&c::HALF_WRITE, &c::NO_EVENT]),
            (Sign::Hung, &[&c::NO_EVENT, &c::RING_STUCK]),
            (Sign::TimedOut, &[&c::NO_EVENT, &c::RING_STUCK, &c::FENCE_INTERRUPT]),
        ],
    },
    Row {
        rung: Rung::DmaData,
        name: "COPY/DMA_DATA",
        slug: "dma-data",
        proves: "the command processor reads memory: copies, between both kinds of memory too, and fills",
        leaves_open: "the copy engines (SDMA), which are rings of their own",
        work: Work::Streams(&[dma_data]),
        causes: &[
            (Sign::Untouched, &[&c::DMA_NOT_WAITED, &c::NOT_COHERENT, &c::PACKET_ADDRESS]),
            (Sign::Partial, &[&c::DMA_NOT_WAITED, &c::PACKET_LENGTH]),
            (Sign::Zero, &[&c::DMA_SOURCE]),
            (Sign::Wrong, &[&c::DMA_SOURCE, &c::PACKET_DATA]),
            (Sign::Faulted, &[&c::PAGE_FAULT, &c::DMA_SOURCE]),
        ],
    },
    Row {
        rung: Rung::Endpgm,
        name: "s_endpgm",
        slug: "s-endpgm",
        proves: "the GPU reads the code that was loaded, and a dispatch of it comes to an end",
        leaves_open: "whether waves were started at all: one that only ends leaves no trace",
        work: Work::Streams(&[code, endpgm]),
        causes: &[
            (Sign::TimedOut, WAVES_HANG),
            (Sign::Hung, WAVES_HANG),
            (Sign::Faulted, WAVES_FAULT),
            (Sign::Untouched, &[&c::NO_EVENT, &c::CODE_DIFFERS]),
            (Sign::Stale, &[&c::CODE_DIFFERS]),
            (Sign::Zero, &[&c::CODE_DIFFERS]),
            (Sign::Swapped, &[&c::CODE_DIFFERS]),
            (Sign::Wrong, &[&c::CODE_DIFFERS]),
            (Sign::Partial, &[&c::CODE_DIFFERS]),
        ],
    },
    Row {
        rung: Rung::Store,
        name: "store",
        slug: "store",
        proves: "32 waves know who they are, find their arguments, load and store",
        leaves_open: "whether caches between compute units agree",
        work: Work::Streams(&[store]),
        causes: &[
            (Sign::TimedOut, WAVES_HANG),
            (Sign::Hung, WAVES_HANG),
            (Sign::Faulted, &[&c::ARGS_NOT_FOUND, &c::PAGE_FAULT, &c::WRONG_PGM, &c::BAD_INSTRUCTION, &c::WRONG_RSRC]),
            (Sign::Untouched, &[&c::ARGS_NOT_FOUND, &c::NO_DISPATCH, &c::NOT_COHERENT, &c::STALE_CODE]),
            (Sign::Partial, &[&c::GROUP_SIZE, &c::NOT_COHERENT]),
            (Sign::Zero, &[&c::WRONG_RSRC, &c::LOADS_ZERO]),
            (Sign::Neighbour, &[&c::GRID_TOO_LARGE]),
            (Sign::Shifted, &[&c::ARGS_NOT_FOUND]),
            (Sign::Wrong, &[&c::WRONG_RSRC, &c::WAVE_SIZE, &c::ARGS_NOT_FOUND]),
        ],
    },
    Row {
        rung: Rung::Lds,
        name: "LDS + barrier",
        slug: "lds",
        proves: "the waves of a workgroup exchange values through LDS, and wait for one another",
        leaves_open: "more than 1 KiB of LDS, and workgroups over both CUs' halves of it",
        work: Work::Streams(&[lds]),
        causes: &[
            (Sign::TimedOut, &[&c::NO_BARRIER, &c::NO_END, &c::NO_CUS]),
            (Sign::Hung, &[&c::NO_BARRIER, &c::NO_END, &c::NO_CUS]),
            (Sign::Faulted, &[&c::LDS_SIZE, &c::BAD_INSTRUCTION, &c::ARGS_NOT_FOUND]),
            (Sign::Untouched, &[&c::ARGS_NOT_FOUND, &c::NO_DISPATCH, &c::STALE_CODE]),
            (Sign::Partial, &[&c::GROUP_SIZE, &c::NOT_COHERENT]),
            (Sign::Zero, &[&c::LDS_SIZE]),
            (Sign::Neighbour, &[&c::GRID_TOO_LARGE]),
            (Sign::Wrong, &[&c::NO_BARRIER, &c::LDS_SIZE, &c::WRONG_RSRC]),
        ],
    },
    Row {
        rung: Rung::Atomics,
        name: "atomics",
        slug: "atomics",
        proves: "1024 threads count with one counter and set bits, and lose nothing",
        leaves_open: "64-bit atomics, and those with the host",
        work: Work::Streams(&[atomics]),
        causes: &[
            (Sign::TimedOut, WAVES_HANG),
            (Sign::Hung, WAVES_HANG),
            (Sign::Faulted, &[&c::ARGS_NOT_FOUND, &c::PAGE_FAULT, &c::BAD_INSTRUCTION]),
            (Sign::Untouched, &[&c::ARGS_NOT_FOUND, &c::NO_DISPATCH, &c::STALE_CODE]),
            (Sign::Partial, &[&c::LOST_UPDATES, &c::GROUP_SIZE]),
            (Sign::Zero, &[&c::NO_RETURN, &c::LOST_UPDATES]),
            (Sign::Neighbour, &[&c::GRID_TOO_LARGE]),
            (Sign::Stale, &[&c::STALE_SOURCE, &c::LOST_UPDATES]),
            (Sign::Wrong, &[&c::LOST_UPDATES, &c::GROUP_SIZE, &c::NO_RETURN]),
        ],
    },
    Row {
        rung: Rung::Scratch,
        name: "scratch",
        slug: "scratch",
        proves: "each lane has scratch memory of its own",
        leaves_open: "more waves than fit at a time",
        work: Work::Streams(&[scratch]),
        causes: &[
            (Sign::TimedOut, &[&c::SCRATCH_SLOTS, &c::NO_END, &c::NO_CUS]),
            (Sign::Hung, &[&c::SCRATCH_SLOTS, &c::NO_END, &c::NO_CUS]),
            (Sign::Faulted, &[&c::NO_SCRATCH, &c::SCRATCH_SHARED, &c::PAGE_FAULT, &c::ARGS_NOT_FOUND]),
            (Sign::Untouched, &[&c::ARGS_NOT_FOUND, &c::NO_DISPATCH, &c::STALE_CODE]),
            (Sign::Partial, &[&c::GROUP_SIZE, &c::NOT_COHERENT]),
            (Sign::Zero, &[&c::NO_SCRATCH]),
            (Sign::Neighbour, &[&c::GRID_TOO_LARGE]),
            (Sign::Wrong, &[&c::SCRATCH_SHARED, &c::NO_SCRATCH]),
        ],
    },
    Row {
        rung: Rung::Conv2d,
        name: "conv2d",
        slug: "conv2d",
        proves: "a convolution by this library's queues, two dispatches, is right",
        leaves_open: "other shapes: `run conv2d --verify` is next",
        work: Work::Convolve,
        causes: &[
            (Sign::TimedOut, &[&c::NO_END, &c::ONE_DISPATCH, &c::RING_STUCK]),
            (Sign::Hung, &[&c::NO_END, &c::ONE_DISPATCH, &c::RING_STUCK]),
            (Sign::Faulted, &[&c::ONE_DISPATCH, &c::PAGE_FAULT, &c::BAD_INSTRUCTION]),
            (Sign::Untouched, &[&c::ONE_DISPATCH, &c::NOT_COHERENT]),
            (Sign::Partial, &[&c::ONE_DISPATCH, &c::GROUP_SIZE]),
            (Sign::Stale, &[&c::STALE_SOURCE, &c::BETWEEN_DISPATCHES]),
            (Sign::Zero, &[&c::BETWEEN_DISPATCHES, &c::ONE_DISPATCH]),
            (Sign::Wrong, &[&c::BETWEEN_DISPATCHES, &c::ONE_DISPATCH, &c::ARITHMETIC]),
        ],
    },
];

/// The row of a rung.
pub(super) fn row(rung: Rung) -> &'static Row {
    // Every rung has its row; a test looks.
    ROWS.iter().find(|row| row.rung == rung).unwrap_or(&ROWS[0])
}

/// A row's causes of a sign, else the common ones.
pub(super) fn causes(rung: Rung, sign: Sign) -> impl Iterator<Item = &'static Cause> {
    let of = |table: &'static [(Sign, &'static [&'static Cause])]| table.iter().find(|(own, _)| *own == sign);
    of(row(rung).causes).or_else(|| of(COMMON)).into_iter().flat_map(|(_, causes)| causes.iter().copied())
}

/// Tries a rung above the lowest. What is worth a word where it holds.
pub(super) fn run(rung: Rung, site: &Site) -> Result<Vec<String>, Stop> {
    let builds = match row(rung).work {
        Work::Streams(builds) => builds,
        Work::Convolve => return convolve(site),
        Work::Settle => return Ok(Vec::new()),
    };
    let mut failed: Option<Stop> = None;
    let mut right: Vec<&Ground> = Vec::new();
    for ground in &site.grounds {
        let mut runs = (0..RUNS).flat_map(|run| builds.iter().map(move |build| (run, build)));
        let answer = runs.try_for_each(|(run, build)| {
            let mut job = Job::new(site, rung, ground, run);
            build(&mut job)?;
            job.execute()
        });
        match (answer, &mut failed) {
            (Ok(()), _) => right.push(ground),
            // What other memory makes of it helps; but nothing follows work that did not end.
            (Err(stop), None) if stop.mismatch.is_some() => failed = Some(stop),
            (Err(stop), None) => return Err(stop),
            (Err(stop), Some(first)) => first.evidence.push(format!("in {} it {}", ground.name(), stop.sign.says())),
        }
    }
    let Some(mut stop) = failed else { return Ok(Vec::new()) };
    // One kind of memory alone says where to look, after what the values say.
    for ground in right {
        stop.evidence.push(format!("in {} the same work is right", ground.name()));
        if matches!(stop.sign, Sign::Untouched | Sign::Stale) {
            let system = ground.out.placement() == Placement::Gtt;
            stop.suspects.push(if system { &causes::BAR_READ } else { &causes::NOT_COHERENT });
        }
    }
    Err(stop)
}

fn nop(job: &mut Job<'_>) -> Result<(), Stop> {
    let payload = (0..15).map(|i| job.number(i, job.run)).collect();
    job.stream.push(Nop { payload })?;
    Ok(())
}

fn write_data(job: &mut Job<'_>) -> Result<(), Stop> {
    // One dword alone, and some over the end of a page.
    for (what, at, count) in [("WRITE_DATA of a dword", 5, 1), ("WRITE_DATA of nine dwords", 1019, 9)] {
        let words = move |job: &Job<'_>, run| (0..count).map(|i| job.number(at + i, run)).collect::<Vec<u32>>();
        let now = words(job, job.run);
        job.want(what, In::Out, at as usize, words);
        let va = job.va(In::Out, at as usize);
        job.stream.write(va, &now)?;
    }
    Ok(())
}

fn release_mem(job: &mut Job<'_>) -> Result<(), Stop> {
    job.crumb("before the first event")?;
    for (what, at) in [("the first RELEASE_MEM", 8usize), ("the second RELEASE_MEM", 1024)] {
        let words = move |job: &Job<'_>, run| vec![job.number(at as u32, run), job.number(at as u32 + 1, run)];
        let now = words(job, job.run);
        job.want(what, In::Out, at, words);
        let va = job.va(In::Out, at);
        job.stream.fence(va, u64::from(now[0]) | u64::from(now[1]) << 32)?;
    }
    job.crumb("behind the events")
}

fn dma_data(job: &mut Job<'_>) -> Result<(), Stop> {
    job.crumb("before the first copy")?;
    job.stream.barrier(Agent::Host, Agent::Dma)?;
    let part = |which, from: usize, count: usize| {
        move |job: &Job<'_>, run| job.values(which, run)[from..from + count].to_vec()
    };
    let (from, count) = (100, 1500);
    job.want("DMA_DATA, a copy", In::Out, 200, part(In::Input, from, count));
    let (src, dst) = (job.va(In::Input, from), job.va(In::Out, 200));
    job.stream.copy(src, dst, 4 * count as u64)?;

    let fill = |job: &Job<'_>, run| vec![job.number(7, run); 40];
    let value = fill(job, job.run)[0];
    job.want("DMA_DATA, a fill", In::Out, 1800, fill);
    let dst = job.va(In::Out, 1800);
    job.stream.fill_memory(dst, value, 160)?;

    job.want("COPY_DATA of a dword", In::Out, 1900, part(In::Input, 7, 1));
    let (src, dst) = (job.va(In::Input, 7), job.va(In::Out, 1900));
    job.stream.push(CopyData {
        src_sel: CopyDataSrc::MEM,
        dst_sel: CopyDataDst::MEM,
        wr_confirm: true,
        src,
        dst,
        ..Default::default()
    })?;

    if job.far_input() {
        job.want("DMA_DATA, a copy from the other memory", In::Out, 2000, part(In::FarInput, 300, 64));
        let (src, dst) = (job.va(In::FarInput, 300), job.va(In::Out, 2000));
        job.stream.copy(src, dst, 256)?;
    }
    job.stream.barrier(Agent::Dma, Agent::Host)?;
    job.crumb("behind the last copy")
}

fn loaded(site: &Site, kernel: &'static Kernel) -> Result<Arc<LoadedKernel>, Stop> {
    let found = site.gpu.gfx().name();
    if found != kernels::TARGET {
        return Err(Error::UnsupportedGfx { found: found.to_owned(), supported: kernels::TARGET.to_owned() }.into());
    }
    Ok(site.gpu.in_tree(kernel)?)
}

/// What the GPU finds where the waves will start.
fn code(job: &mut Job<'_>) -> Result<(), Stop> {
    let kernel = loaded(job.site, &kernels::LADDER_END)?;
    let object = CodeObject::parse(kernels::LADDER_END.object).map_err(Error::from)?;
    let image = object.image_at(kernel.image.va()).map_err(Error::from)?;
    let entry = kernel.info.entry_offset as usize;
    let code: Vec<u32> =
        image[entry..].chunks_exact(4).take(16).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    job.stream.barrier(Agent::Host, Agent::Dma)?;
    let (dst, bytes) = (job.va(In::Out, 64), 4 * code.len() as u64);
    job.stream.copy(kernel.entry, dst, bytes)?;
    job.stream.barrier(Agent::Dma, Agent::Host)?;
    job.push_want(
        In::Out,
        Want {
            what: "a copy of the code",
            at: 64,
            words: Words::Exactly(code),
            stale: None,
            suspects: Vec::new(),
            explain: None,
        },
    );
    Ok(())
}

fn endpgm(job: &mut Job<'_>) -> Result<(), Stop> {
    let kernel = loaded(job.site, &kernels::LADDER_END)?;
    job.dispatch(&kernel, 8, &[], None)?;
    let words = |job: &Job<'_>, run| vec![job.number(1, run), job.number(2, run)];
    let now = words(job, job.run);
    job.want("RELEASE_MEM behind the waves", In::Out, 512, words);
    let va = job.va(In::Out, 512);
    job.stream.fence(va, u64::from(now[0]) | u64::from(now[1]) << 32)?;
    Ok(())
}

/// Workgroups of 256 threads, in a dispatch of one dword a thread.
const GROUPS: u32 = 4;
/// Threads of such a dispatch.
const THREADS: usize = 256 * GROUPS as usize;
/// Where results begin: a page's end lies among them.
const AT: usize = 1000;

fn args(pointers: &[u64], words: &[u32]) -> Vec<u8> {
    let pointers = pointers.iter().flat_map(|p| p.to_le_bytes());
    pointers.chain(words.iter().flat_map(|w| w.to_le_bytes())).collect()
}

fn store(job: &mut Job<'_>) -> Result<(), Stop> {
    /// What waves of so many lanes store.
    fn results(src: &[u32], seed: u32, lanes: u32) -> Vec<u32> {
        let result = |i: u32| (src[i as usize] ^ seed).wrapping_add(i).wrapping_add((i & !(lanes - 1)) << 16);
        (0..THREADS as u32).map(result).collect()
    }
    const FROM: usize = 30;
    let kernel = loaded(job.site, &kernels::LADDER_STORE)?;
    let seed = |job: &Job<'_>, run| job.number(1, run);
    let source = |job: &Job<'_>, run| job.values(In::Input, run)[FROM..FROM + THREADS].to_vec();
    let (now, from) = (seed(job, job.run), source(job, job.run));
    job.want("the waves' stores", In::Out, AT, move |job, run| results(&source(job, run), seed(job, run), 32));
    if let Some(before) = job.run.checked_sub(1) {
        job.suspect(In::Out, &causes::STALE_ARGS, results(&from, seed(job, before), 32));
        job.suspect(In::Out, &causes::STALE_SOURCE, results(&source(job, before), now, 32));
    }
    job.suspect(In::Out, &causes::LOADS_ZERO, results(&[0; THREADS], now, 32));
    job.suspect(In::Out, &causes::WAVE_SIZE, results(&from, now, 64));
    let args = args(&[job.va(In::Input, FROM), job.va(In::Out, AT)], &[now]);
    job.dispatch(&kernel, GROUPS, &args, None)
}

fn lds(job: &mut Job<'_>) -> Result<(), Stop> {
    fn results(seed: u32, mirror: u32) -> Vec<u32> {
        (0..THREADS as u32).map(|i| seed.wrapping_add(i ^ mirror)).collect()
    }
    let kernel = loaded(job.site, &kernels::LADDER_LDS)?;
    let seed = |job: &Job<'_>, run| job.number(1, run);
    let now = seed(job, job.run);
    let want = job.want("the waves' stores", In::Out, AT, move |job, run| results(seed(job, run), 255));
    // LDS that is too small gives no value at all.
    want.explain = Some(Box::new(|seen| seen.iter().any(|&value| value != 0).then_some(&causes::NO_BARRIER)));
    job.suspect(In::Out, &causes::LDS_NOT_EXCHANGED, results(now, 0));
    let args = args(&[job.va(In::Out, AT)], &[now]);
    job.dispatch(&kernel, GROUPS, &args, None)
}

fn atomics(job: &mut Job<'_>) -> Result<(), Stop> {
    const STATE: usize = 40;
    let kernel = loaded(job.site, &kernels::LADDER_ATOMICS)?;
    let first = |job: &Job<'_>, run| job.number(1, run);
    let now = first(job, job.run);
    let mut before = vec![0; 1 + THREADS / 32];
    before[0] = now;
    job.set_before(In::Input, STATE, &before);
    job.want("the counter", In::Input, STATE, move |job, run| vec![first(job, run).wrapping_add(THREADS as u32)]);
    job.want("atomic or", In::Input, STATE + 1, |_, _| vec![u32::MAX; THREADS / 32]).stale = None;
    // Two threads with one ticket: what one of them added is lost.
    let explain = move |seen: &[u32]| {
        let mut slots = vec![0u32; THREADS];
        for ticket in seen {
            *slots.get_mut(ticket.wrapping_sub(now) as usize)? += 1;
        }
        slots.iter().any(|&threads| threads > 1).then_some(&causes::LOST_UPDATES)
    };
    job.push_want(
        In::Out,
        Want {
            what: "the tickets that atomic add returned",
            at: AT,
            words: Words::Tickets { from: now, count: THREADS },
            stale: None,
            suspects: vec![(&causes::NO_RETURN, vec![1; THREADS])],
            explain: Some(Box::new(explain)),
        },
    );
    let args = args(&[job.va(In::Input, STATE), job.va(In::Out, AT)], &[]);
    job.dispatch(&kernel, GROUPS, &args, None)
}

fn scratch(job: &mut Job<'_>) -> Result<(), Stop> {
    const FROM: usize = 500;
    const COUNT: u32 = 2 * 256 * 4;
    fn results(seed: u32) -> Vec<u32> {
        (0..COUNT).map(|i| seed.wrapping_add(i ^ 3)).collect()
    }
    let kernel = loaded(job.site, &kernels::LADDER_SCRATCH)?;
    let site = job.site;
    let lane = kernel.info.scratch_bytes;
    let bytes = site.shape.scratch_bytes(lane, true);
    let memory = site.kmd.alloc_with(bytes, job.ground.out.placement(), AllocFlags::empty())?;
    let map = memory.map_gpu(VmFlags::RW)?;
    let place = Scratch::new(&site.shape, map.va(), bytes, lane, true)?;
    job.uses(&map);
    let seed = |job: &Job<'_>, run| job.number(1, run);
    let now = seed(job, job.run);
    let want = job.want("the waves' stores", In::Out, FROM, move |job, run| results(seed(job, run)));
    // Values of this run, at places of other lanes.
    want.explain = Some(Box::new(move |seen| {
        let own = |&value: &u32| value.wrapping_sub(now) < COUNT;
        seen.iter().all(own).then_some(&causes::SCRATCH_SHARED)
    }));
    let args = args(&[job.va(In::Out, FROM)], &[now]);
    job.dispatch(&kernel, 2, &args, Some(&place))
}

/// A small convolution with every kind of edge, twice on the same buffers.
fn convolve(site: &Site) -> Result<Vec<String>, Stop> {
    /// Of max|y|, as `run conv2d --verify` has it.
    const TOLERANCE: f64 = 1e-5;
    // Its own check first, so that a card of another target is refused by name.
    loaded(site, &kernels::CONV2D_DIRECT_F32)?;
    let shape = Conv2dShape::new(1, 5, 9, 11, 10, 3, 3).pad(1);
    let queue = site.device.queue()?;
    let conv = Conv2d::new(shape).prepare(&site.device)?;
    let random = |what: u32, run: u32, count: usize| -> Vec<f32> {
        // Multiples of 2^-15 in [-1, 1).
        (0..count as u32).map(|i| (mix(mix(what, run), i) >> 16) as f32 / 32768.0 - 1.0).collect()
    };
    let (mut x, mut w) = (site.device.zeros::<f32>(shape.input_len())?, site.device.zeros::<f32>(shape.weight_len())?);
    let mut y = site.device.zeros::<f32>(shape.output_len())?;
    let mut earlier: Option<Vec<f64>> = None;
    for run in 0..RUNS {
        let (input, weights) = (random(1, run, shape.input_len()), random(2, run, shape.weight_len()));
        let poison: Vec<u32> = (0..shape.output_len() as u32).map(|i| 0x5aa0_0000 | run << 18 | i).collect();
        x.write(&input)?;
        w.write(&weights)?;
        y.write(&poison.iter().map(|&bits| f32::from_bits(bits)).collect::<Vec<_>>())?;
        let reference = cpu::reference::conv2d_f64(shape, &input, &weights, None).map_err(Error::from)?;
        let recording = queue.record(&conv, (&x, &w, &mut y))?;
        queue.submit_recording(recording)?.wait(Deadline::after(site.timeout))?;
        let largest = reference.iter().fold(0f64, |max, v| max.max(v.abs()));
        let near = |got: u32, want: f64| (f64::from(f32::from_bits(got)) - want).abs() <= TOLERANCE * largest;
        let seen: Vec<u32> = y.read()?.into_iter().map(f32::to_bits).collect();
        // What is near enough counts as the reference's own bits.
        let exact = |values: &[f64]| -> Vec<u32> {
            values.iter().zip(&seen).map(|(&v, &got)| if near(got, v) { got } else { (v as f32).to_bits() }).collect()
        };
        let want = Want {
            what: "the convolution",
            at: 0,
            words: Words::Exactly(exact(&reference)),
            stale: earlier.as_deref().map(exact),
            suspects: Vec::new(),
            explain: None,
        };
        if let Some(difference) = compare(&poison, &[want], &seen) {
            let placement = Placement::VramCpu;
            let mismatch = difference.mismatch("y", placement, run + 1, y.va().unwrap_or(0));
            let value = f32::from_bits;
            let mut stop = Stop::new(
                difference.sign,
                format!(
                    "y in {}, run {}: element {} at {:#x} expects {} ({:#010x}), holds {} ({:#010x})",
                    name_of(placement),
                    mismatch.run,
                    mismatch.dword,
                    mismatch.va,
                    value(mismatch.expected),
                    mismatch.expected,
                    value(mismatch.got),
                    mismatch.got
                ),
            )
            .saw(format!("{} of {} elements are wrong; {}", mismatch.wrong, mismatch.written, difference.looks));
            stop.mismatch = Some(Box::new(mismatch));
            stop.suspects = difference.suspects;
            return Err(stop);
        }
        earlier = Some(reference);
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_the_rungs_and_say_something() {
        for (rung, row) in Rung::ALL.into_iter().zip(&ROWS) {
            assert_eq!((rung, rung), (row.rung, super::row(rung).rung));
            assert!(!row.proves.is_empty() && !row.leaves_open.is_empty(), "{}", row.name);
            assert!(row.slug.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b == b'2'), "{}", row.slug);
        }
    }

    #[test]
    fn every_sign_has_causes_on_every_rung() {
        for rung in Rung::ALL {
            for (sign, _) in COMMON {
                assert!(causes(rung, *sign).next().is_some(), "{rung} {}", sign.code());
            }
        }
    }
}
