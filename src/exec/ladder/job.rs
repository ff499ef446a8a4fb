//! One run of a rung: a stream, the memory around it, and what has to be there afterwards.

use pm4::Stream;
use pm4::dispatch::{self, Grid, Scratch, Work};

use super::causes::Cause;
use super::compare::{Want, Words, compare};
use super::site::{AREA_DW, Ground, Memory, Sequence, Site, Stop, name_of};
use super::{Rung, Sign};
use crate::exec::module::LoadedKernel;
use crate::kmd::{GPU_PAGE, GpuMap, Ip};

/// Which area of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum In {
    /// What is written.
    Out,
    /// What is read.
    Input,
    /// What is read in the other kind of memory.
    FarInput,
    /// Dwords that say how far the command processor came.
    Crumbs,
}

impl In {
    const fn name(self) -> &'static str {
        match self {
            Self::Out => "the output",
            Self::Input => "the input",
            Self::FarInput => "the input in the other memory",
            Self::Crumbs => "the breadcrumbs",
        }
    }
}

struct Area<'a> {
    which: In,
    memory: &'a Memory,
    before: Vec<u32>,
    wants: Vec<Want>,
}

/// A run under construction.
pub(super) struct Job<'a> {
    pub(super) site: &'a Site,
    pub(super) rung: Rung,
    pub(super) ground: &'a Ground,
    /// Which run in this memory, from 0.
    pub(super) run: u32,
    pub(super) stream: Stream,
    areas: Vec<Area<'a>>,
    args: Vec<u8>,
    maps: Vec<GpuMap>,
    crumbs: Vec<&'static str>,
}

/// A number that follows from two others and looks like nothing (the finaliser of MurmurHash3, by Appleby).
pub(super) fn mix(a: u32, b: u32) -> u32 {
    let mut x = a.wrapping_mul(0x9e37_79b1) ^ b;
    x = (x ^ x >> 16).wrapping_mul(0x85eb_ca6b);
    x = (x ^ x >> 13).wrapping_mul(0xc2b2_ae35);
    x ^ x >> 16
}

impl<'a> Job<'a> {
    pub(super) fn new(site: &'a Site, rung: Rung, ground: &'a Ground, run: u32) -> Self {
        let stream = Stream::on(match site.ring.ip {
            Ip::Gfx => pm4::Ring::Gfx,
            _ => pm4::Ring::Compute,
        });
        let mut job = Self {
            site,
            rung,
            ground,
            run,
            stream,
            areas: Vec::new(),
            args: Vec::new(),
            maps: Vec::new(),
            crumbs: Vec::new(),
        };
        job.add(In::Out, &ground.out, job.poison(0, AREA_DW));
        job.add(In::Input, &ground.input, job.values(In::Input, run));
        job.add(In::Crumbs, &site.crumbs, job.poison(1, GPU_PAGE as usize / 4));
        job
    }

    fn add(&mut self, which: In, memory: &'a Memory, before: Vec<u32>) {
        self.maps.push(memory.map.clone());
        self.areas.push(Area { which, memory, before, wants: Vec::new() });
    }

    /// The pattern before the run: another in each place, and easy to recognise.
    fn poison(&self, area: u32, count: usize) -> Vec<u32> {
        let base = 0x5a00_0000 | (self.rung as u32) << 20 | self.ground.index << 19 | self.run << 18 | area << 16;
        (0..count as u32).map(|i| base | i).collect()
    }

    /// Numbers of this rung, memory and run. No two runs share them.
    pub(super) fn number(&self, what: u32, run: u32) -> u32 {
        mix((self.rung as u32) << 16 | self.ground.index << 8 | run, what)
    }

    /// What an input area holds in a run.
    pub(super) fn values(&self, which: In, run: u32) -> Vec<u32> {
        let what = self.number(0x1000 + which as u32, run);
        (0..AREA_DW as u32).map(|i| mix(what, i)).collect()
    }

    /// The other kind of memory's input, where there is another kind.
    pub(super) fn far_input(&mut self) -> bool {
        let far = self.site.grounds.iter().find(|other| other.index != self.ground.index);
        if let Some(far) = far {
            self.add(In::FarInput, &far.input, self.values(In::FarInput, self.run));
        }
        far.is_some()
    }

    fn area(&mut self, which: In) -> Option<&mut Area<'a>> {
        self.areas.iter_mut().find(|area| area.which == which)
    }

    /// The address of a dword.
    pub(super) fn va(&self, which: In, dword: usize) -> u64 {
        let area = self.areas.iter().find(|area| area.which == which);
        area.map_or(0, |area| area.memory.va()) + 4 * dword as u64
    }

    /// What lies in an area before the run.
    pub(super) fn set_before(&mut self, which: In, at: usize, words: &[u32]) {
        if let Some(area) = self.area(which) {
            area.before[at..at + words.len()].copy_from_slice(words);
        }
    }

    /// `which[at..]` shall hold `words(run)` behind the work; in the run before it was the same with that run's number.
    pub(super) fn want(
        &mut self,
        what: &'static str,
        which: In,
        at: usize,
        words: impl Fn(&Self, u32) -> Vec<u32>,
    ) -> &mut Want {
        let now = words(self, self.run);
        let stale = self.run.checked_sub(1).map(|before| words(self, before));
        self.push_want(which, Want { what, at, words: Words::Exactly(now), stale, suspects: Vec::new(), explain: None })
    }

    /// As [`Job::want`], for content that is no fixed image.
    pub(super) fn push_want(&mut self, which: In, want: Want) -> &mut Want {
        // Every job has an output area, its first.
        let at = self.areas.iter().position(|area| area.which == which).unwrap_or(0);
        let wants = &mut self.areas[at].wants;
        wants.push(want);
        let last = wants.len() - 1;
        &mut wants[last]
    }

    /// If this cause is the reason, the last want of the area holds these instead.
    pub(super) fn suspect(&mut self, which: In, cause: &'static Cause, image: Vec<u32>) {
        if let Some(want) = self.area(which).and_then(|area| area.wants.last_mut()) {
            want.suspects.push((cause, image));
        }
    }

    /// A dword that the command processor writes when it gets here.
    pub(super) fn crumb(&mut self, place: &'static str) -> Result<(), Stop> {
        let index = self.crumbs.len();
        self.crumbs.push(place);
        let value = move |job: &Self, run| vec![job.number(0x2000 + index as u32, run)];
        let now = value(self, self.run);
        self.want("WRITE_DATA of a breadcrumb", In::Crumbs, 4 * index, value);
        let va = self.va(In::Crumbs, 4 * index);
        self.stream.write(va, &now)?;
        Ok(())
    }

    /// Something else that the work uses.
    pub(super) fn uses(&mut self, map: &GpuMap) {
        self.maps.push(map.clone());
    }

    /// One dispatch with all that belongs around it: registers and caches before, the wait for its waves behind. The
    /// arguments lie as they are given, which is how the kernels' descriptors have them.
    pub(super) fn dispatch(
        &mut self,
        kernel: &LoadedKernel,
        groups: u32,
        args: &[u8],
        scratch: Option<&Scratch>,
    ) -> Result<(), Stop> {
        self.args = args.to_vec();
        self.uses(&kernel.image);
        dispatch::preamble_for(&mut self.stream, &self.site.shape)?;
        self.crumb("before the dispatch")?;
        let args = self.site.args_va();
        let user_data = [args as u32, (args >> 32) as u32];
        let block = kernel.info.required_workgroup_size;
        let work =
            Work { grid: Grid::Groups([groups, 1, 1]), block, scratch, ..Work::groups([1; 3], [1; 3], &user_data) };
        self.stream.dispatch(kernel.prepared(), &work)?;
        self.crumb("behind the dispatch packet")?;
        dispatch::wait_for_waves(&mut self.stream)?;
        self.crumb("behind the wait for its waves")?;
        dispatch::release_to_host(&mut self.stream)?;
        Ok(())
    }

    /// Fills the memory, runs the stream, and compares.
    pub(super) fn execute(mut self) -> Result<(), Stop> {
        for area in &self.areas {
            area.memory.fill(&area.before)?;
        }
        self.stream.pad()?;
        let sequence = match self.site.run(&self.args, self.stream.dwords(), &self.maps) {
            Ok(sequence) => sequence,
            Err(stop) => {
                return Err(self.progress().into_iter().fold(stop, Stop::saw));
            }
        };
        let Sequence { expected, got } = sequence;
        let arrived = sequence.arrived();
        let ring = match arrived {
            true => format!("the fence signalled without an error, and the ring wrote the sequence number {expected}"),
            false => format!(
                "the fence signalled without an error, and the ring wrote no sequence number: expected {expected}, memory holds {got:#x}"
            ),
        };
        // With nothing of the indirect buffer to look at, the ring's own write is all there is.
        if !arrived && self.rung == Rung::Nop {
            return Err(Stop::new(Sign::NoSequence, ring));
        }
        // What the work is about says more than the breadcrumbs, which only tell how far it came.
        for area in &self.areas {
            let seen = area.memory.words(area.before.len())?;
            if let Some(difference) = compare(&area.before, &area.wants, &seen) {
                let placement = area.memory.placement();
                let mismatch = difference.mismatch(area.which.name(), placement, self.run + 1, area.memory.va());
                let by =
                    difference.what.map_or_else(|| "beside what is written".to_owned(), |what| format!("by {what}"));
                let mut stop = Stop::new(
                    difference.sign,
                    format!(
                        "{} in {}, run {}, {by}: dword {} at {:#x} expects {:#010x}, holds {:#010x}",
                        area.which.name(),
                        name_of(placement),
                        mismatch.run,
                        mismatch.dword,
                        mismatch.va,
                        mismatch.expected,
                        mismatch.got
                    ),
                );
                stop = stop.saw(format!(
                    "{} of {} dwords to be written are wrong, {} others have changed; {}",
                    mismatch.wrong, mismatch.written, mismatch.strayed, difference.looks
                ));
                stop.mismatch = Some(Box::new(mismatch));
                stop.suspects = difference.suspects;
                return Err(self.crumbs_reached().into_iter().fold(stop.saw(ring), Stop::saw));
            }
        }
        Ok(())
    }

    /// How far the work came that did not end: nothing of it is certain, for the GPU's caches may hold more.
    fn progress(&self) -> Vec<String> {
        let mut seen: Vec<String> = self.crumbs_reached().into_iter().collect();
        for area in self.areas.iter().filter(|area| area.which != In::Crumbs && !area.wants.is_empty()) {
            let Ok(words) = area.memory.words(area.before.len()) else { continue };
            let (mut done, mut all) = (0, 0);
            for want in &area.wants {
                let range = want.at..want.at + want.words.len();
                all += range.len();
                done += range.filter(|&i| words[i] != area.before[i]).count();
            }
            seen.push(format!("of {all} dwords to be written to {}, {done} have changed so far", area.which.name()));
        }
        seen
    }

    fn crumbs_reached(&self) -> Option<String> {
        let area = self.areas.iter().find(|area| area.which == In::Crumbs).filter(|area| !area.wants.is_empty())?;
        let words = area.memory.words(area.before.len()).ok()?;
        let reached = |want: &Want| matches!(&want.words, Words::Exactly(value) if words[want.at] == value[0]);
        let far = area.wants.iter().take_while(|want| reached(want)).count();
        Some(match far.checked_sub(1).map(|last| self.crumbs[last]) {
            _ if far == self.crumbs.len() => "the command processor came to the end of the stream".into(),
            None => "the command processor has not come to the first breadcrumb".into(),
            Some(place) => format!("the command processor came {place}, and not {}", self.crumbs[far]),
        })
    }
}
