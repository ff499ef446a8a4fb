//! A kernel that was checked once, and what varies from dispatch to dispatch.

use super::device::Scratch;
use crate::packet::values::BaseIndex;
use crate::packet::{DispatchDirect, DispatchIndirectOffset, HeaderFlags, PacketDesc, SetBase, SetShReg, TypedPacket};
use crate::reg::*;
use crate::stream::{PLAIN_DW, SlotField, State, compute_index};
use crate::submission::{Access, Effect, Launch, Ring, Use, canonical};
use crate::{EncodeError, Gfx, Stream};

/// Granule of `COMPUTE_PGM_RSRC2.LDS_SIZE` in bytes, and the most LDS of a workgroup.
pub const LDS_GRANULE: u32 = 512;
/// LDS of a workgroup at most, in bytes.
pub const LDS_MAX: u32 = 64 << 10;
/// Threads of a workgroup at most.
pub const THREADS_MAX: u32 = 1024;

/// A kernel as its code object describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KernelSpec {
    /// What it runs on.
    pub gfx: Gfx,
    /// The first instruction, a multiple of 256, a canonical 48-bit address.
    pub code_va: u64,
    /// VGPRs, float mode and so on, as the code object says.
    pub rsrc1: COMPUTE_PGM_RSRC1,
    /// User SGPRs and workgroup ids. `LDS_SIZE` is raised to `lds_bytes` where that is more.
    pub rsrc2: COMPUTE_PGM_RSRC2,
    /// Instruction prefetch.
    pub rsrc3: COMPUTE_PGM_RSRC3,
    /// Waves of 32 lanes, as the code was built; else 64.
    pub wave32: bool,
    /// LDS of a workgroup in bytes.
    pub lds_bytes: u32,
    /// Scratch memory of a lane in bytes; `rsrc2` has `SCRATCH_EN` set exactly where it is not 0.
    pub scratch_bytes: u32,
    /// The only workgroup size that it takes.
    pub required_block: Option<[u32; 3]>,
    /// Most threads of a workgroup, 1 to 1024.
    pub max_threads: u32,
    /// Bit n: user SGPRs n and n + 1 hold an address, low half first. Only for streams that know buffers.
    pub pointers: u32,
}

impl KernelSpec {
    /// A kernel without LDS of its own and without scratch that takes every workgroup size.
    #[must_use]
    pub const fn new(
        gfx: Gfx,
        code_va: u64,
        rsrc1: COMPUTE_PGM_RSRC1,
        rsrc2: COMPUTE_PGM_RSRC2,
        rsrc3: COMPUTE_PGM_RSRC3,
        wave32: bool,
    ) -> Self {
        Self {
            gfx,
            code_va,
            rsrc1,
            rsrc2,
            rsrc3,
            wave32,
            lds_bytes: 0,
            scratch_bytes: 0,
            required_block: None,
            max_threads: THREADS_MAX,
            pointers: 0,
        }
    }
}

/// A kernel that was checked, and the dwords that each of its dispatches has.
#[derive(Debug, Clone)]
pub struct Kernel {
    spec: KernelSpec,
    pgm: [u32; 2],
    user_sgprs: usize,
    lds_bytes: u32,
    initiator: u32,
    /// No scratch, and no workgroup size of its own.
    is_plain: bool,
}

/// How much work: workgroups, or threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grid {
    /// Workgroups in x, y and z, at least 1 each.
    Groups([u32; 3]),
    /// Threads in x, y and z, at least 1 each. Where they are no multiple of the workgroup, the last one along that
    /// axis is smaller (`PARTIAL_TG_EN`).
    Threads([u32; 3]),
    /// The same, left to the hardware to divide (`USE_THREAD_DIMENSIONS`).
    ThreadDimensions([u32; 3]),
    /// Three dwords at this address, a multiple of 4: workgroups in x, y and z, read by the command processor.
    Indirect(u64),
    /// Three dwords at this address: threads in x, y and z (`USE_THREAD_DIMENSIONS`).
    IndirectThreads(u64),
}

/// What varies from dispatch to dispatch of a [`Kernel`].
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// How much.
    pub grid: Grid,
    /// Threads of a workgroup in x, y and z; `None` for the size that the kernel requires.
    pub block: Option<[u32; 3]>,
    /// The first user SGPRs, at most those of the kernel.
    pub user_data: &'a [u32],
    /// The first workgroup. Other than 0, 0, 0 only with [`Grid::Groups`].
    pub first: [u32; 3],
    /// LDS beyond what the kernel declares, in bytes.
    pub dynamic_lds: u32,
    /// Scratch memory, for a kernel that needs it.
    pub scratch: Option<&'a Scratch>,
    /// Workgroups may start in any order (`ORDER_MODE`), where the kernel driver allows it.
    pub any_order: bool,
    /// For queues of high priority (`TUNNEL_ENABLE`).
    pub tunnel: bool,
    /// Memory that the waves use, for [`Stream::plan`] and [`Stream::uses`].
    pub uses: &'a [Use],
}

impl<'a> Work<'a> {
    /// Workgroups of a size.
    #[must_use]
    pub const fn groups(grid: [u32; 3], block: [u32; 3], user_data: &'a [u32]) -> Self {
        Self {
            grid: Grid::Groups(grid),
            block: Some(block),
            user_data,
            first: [0; 3],
            dynamic_lds: 0,
            scratch: None,
            any_order: true,
            tunnel: false,
            uses: &[],
        }
    }
}

type Initiator = COMPUTE_DISPATCH_INITIATOR;

/// The bit of a one-bit field.
const fn flag(field: crate::field::Field<Initiator>) -> u32 {
    field.desc.mask()
}

/// Indices of compute registers, for [`Stream::set_compute`]. They ascend as a dispatch writes them, so that
/// neighbours meet in one packet.
const fn index(address: u32) -> usize {
    match compute_index(address) {
        Some(index) => index,
        None => panic!("a compute register"),
    }
}
const START_AND_THREADS: usize = index(COMPUTE_START_X.address());
const PGM: usize = index(COMPUTE_PGM_LO.address());
const SCRATCH_BASE: usize = index(COMPUTE_DISPATCH_SCRATCH_BASE_LO.address());
const RSRC1_2: usize = index(COMPUTE_PGM_RSRC1.address());
const TMPRING: usize = index(COMPUTE_TMPRING_SIZE.address());
const RSRC3: usize = index(COMPUTE_PGM_RSRC3.address());
const USER_DATA: usize = index(COMPUTE_USER_DATA_0.address());

/// Dwords of a dispatch that sets everything: a reservation.
const DISPATCH_DW: usize = 64;

const fn header(desc: &PacketDesc, body: u32) -> u32 {
    3 << 30 | (body - 1) << 16 | (desc.opcode as u32) << 8 | desc.flags.bits() as u32
}
const DIRECT: u32 = header(DispatchDirect::DESC, 4);

fn invalid<T>(what: &'static str, value: u64) -> Result<T, EncodeError> {
    Err(EncodeError::Invalid { what, value })
}

fn check_threads(block: [u32; 3], max: u32) -> Result<(), EncodeError> {
    // Two factors never overflow; beyond the greatest workgroup the exact number does not matter.
    let threads = (u64::from(block[0]) * u64::from(block[1])).min(1 << 31) * u64::from(block[2]);
    if threads == 0 || threads > u64::from(max) {
        return invalid("a workgroup has 1 to 1024 threads, and no more than its kernel takes", threads);
    }
    Ok(())
}

/// What a dispatch's arguments come to.
struct Resolved {
    threads: [u32; 6],
    block: [u32; 3],
    partial: [u32; 3],
    rsrc2: COMPUTE_PGM_RSRC2,
    initiator: u32,
    /// Three dimensions, or an address.
    dims: [u32; 3],
    indirect: Option<u64>,
}

impl Kernel {
    /// Checks a kernel.
    ///
    /// # Errors
    /// [`EncodeError::Misaligned`] for code that does not start at a multiple of 256, and [`EncodeError::Invalid`]
    /// where another condition of [`KernelSpec`] is not met or `PRIV` is set: waves of a kernel driver's queue are
    /// not privileged.
    pub fn prepare(spec: KernelSpec) -> Result<Self, EncodeError> {
        if !spec.code_va.is_multiple_of(256) {
            return Err(EncodeError::Misaligned { field: "code_va", value: spec.code_va, align: 256 });
        }
        if canonical(spec.code_va) != spec.code_va {
            return invalid("code_va is not a canonical 48-bit address", spec.code_va);
        }
        if spec.rsrc1.get(COMPUTE_PGM_RSRC1::PRIV) != 0 {
            return invalid("RSRC1.PRIV is not for user queues", spec.rsrc1.bits().into());
        }
        let user_sgprs = spec.rsrc2.get(COMPUTE_PGM_RSRC2::USER_SGPR);
        if user_sgprs > COMPUTE_USER_DATA_COUNT {
            return invalid("a compute wave has at most 16 user SGPRs", user_sgprs.into());
        }
        if (spec.rsrc2.get(COMPUTE_PGM_RSRC2::SCRATCH_EN) != 0) != (spec.scratch_bytes != 0) {
            return invalid(
                "RSRC2.SCRATCH_EN does not agree with the scratch of a lane in bytes",
                spec.scratch_bytes.into(),
            );
        }
        if !(1..=THREADS_MAX).contains(&spec.max_threads) {
            return invalid("most threads of a workgroup, 1 to 1024", spec.max_threads.into());
        }
        if let Some(block) = spec.required_block {
            check_threads(block, spec.max_threads)?;
        }
        let lds_bytes = spec.lds_bytes.max(LDS_GRANULE * spec.rsrc2.get(COMPUTE_PGM_RSRC2::LDS_SIZE));
        let mut kernel = Self {
            spec,
            pgm: crate::stream::by_256(spec.code_va),
            user_sgprs: user_sgprs as usize,
            lds_bytes,
            initiator: flag(Initiator::COMPUTE_SHADER_EN) | if spec.wave32 { flag(Initiator::CS_W32_EN) } else { 0 },
            is_plain: spec.scratch_bytes == 0 && spec.required_block.is_none(),
        };
        kernel.spec.rsrc2 = kernel.with_lds(0)?;
        Ok(kernel)
    }

    /// What it was prepared from, `rsrc2` with its LDS.
    #[must_use]
    pub const fn spec(&self) -> &KernelSpec {
        &self.spec
    }

    fn with_lds(&self, dynamic: u32) -> Result<COMPUTE_PGM_RSRC2, EncodeError> {
        let lds = self.lds_bytes.saturating_add(dynamic);
        if lds > LDS_MAX {
            return invalid("LDS of a workgroup exceeds 65536 bytes", lds.into());
        }
        self.spec.rsrc2.with(COMPUTE_PGM_RSRC2::LDS_SIZE, lds.div_ceil(LDS_GRANULE))
    }

    /// What [`resolve`](Self::resolve) checks of a dispatch of whole workgroups.
    #[inline]
    fn check_plain(&self, groups: [u32; 3], block: [u32; 3], user_data: usize) -> Result<(), EncodeError> {
        check_threads(block, self.spec.max_threads)?;
        if user_data > self.user_sgprs {
            return invalid("user data beyond RSRC2.USER_SGPR never reaches the wave", user_data as u64);
        }
        if groups[0] == 0 || groups[1] == 0 || groups[2] == 0 {
            return invalid("a dispatch of no workgroups", 0);
        }
        Ok(())
    }

    fn resolve(&self, work: &Work<'_>) -> Result<Resolved, EncodeError> {
        let block = match (work.block, self.spec.required_block) {
            (Some(block), None) => {
                check_threads(block, self.spec.max_threads)?;
                block
            }
            (None, Some(block)) => block,
            (Some(block), Some(required)) if block == required => block,
            (Some(block), Some(_)) => {
                return invalid("threads of a workgroup, other than the kernel requires", block[0].into());
            }
            (None, None) => return invalid("a kernel that requires no workgroup size, and none is given", 0),
        };
        if work.user_data.len() > self.user_sgprs {
            return invalid("user data beyond RSRC2.USER_SGPR never reaches the wave", work.user_data.len() as u64);
        }
        let rsrc2 = if work.dynamic_lds == 0 { self.spec.rsrc2 } else { self.with_lds(work.dynamic_lds)? };
        let mut initiator = self.initiator;
        if work.any_order {
            initiator |= flag(Initiator::ORDER_MODE);
        }
        if work.tunnel {
            initiator |= flag(Initiator::TUNNEL_ENABLE);
        }
        let mut r = Resolved {
            threads: [0, 0, 0, block[0], block[1], block[2]],
            block,
            partial: block,
            rsrc2,
            initiator,
            dims: [0; 3],
            indirect: None,
        };
        match work.grid {
            Grid::Groups(grid) => r.dims = grid,
            Grid::Threads(threads) | Grid::ThreadDimensions(threads) => {
                for (partial, (&threads, &full)) in r.partial.iter_mut().zip(threads.iter().zip(&block)) {
                    let rest = threads % full;
                    *partial = if rest == 0 { full } else { rest };
                }
                if matches!(work.grid, Grid::ThreadDimensions(_)) {
                    r.dims = threads;
                    r.initiator |= flag(Initiator::USE_THREAD_DIMENSIONS);
                } else {
                    r.dims = [0, 1, 2].map(|i| threads[i].div_ceil(block[i]));
                    if r.partial != block {
                        r.initiator |= flag(Initiator::PARTIAL_TG_EN);
                        for i in 0..3 {
                            r.threads[3 + i] |= r.partial[i] << 16;
                        }
                    }
                }
            }
            Grid::Indirect(va) | Grid::IndirectThreads(va) => {
                if !va.is_multiple_of(4) {
                    return Err(EncodeError::Misaligned { field: "indirect", value: va, align: 4 });
                }
                if matches!(work.grid, Grid::IndirectThreads(_)) {
                    r.initiator |= flag(Initiator::USE_THREAD_DIMENSIONS);
                }
                r.indirect = Some(va);
            }
        }
        if r.indirect.is_none() && r.dims.contains(&0) {
            return invalid("a dispatch of no workgroups", 0);
        }
        if work.first == [0; 3] {
            r.initiator |= flag(Initiator::FORCE_START_AT_000);
        } else {
            // The dimensions are then one behind the last workgroup.
            if !matches!(work.grid, Grid::Groups(_)) {
                return invalid("a first workgroup other than 0, 0, 0 goes with a number of workgroups only", 0);
            }
            for i in 0..3 {
                let end = r.dims[i].checked_add(work.first[i]);
                r.dims[i] =
                    end.ok_or(EncodeError::Invalid { what: "the last workgroup", value: work.first[i].into() })?;
                r.threads[i] = work.first[i];
            }
        }
        Ok(r)
    }

    fn launch(&self, r: &Resolved, work: &Work<'_>, stream: &Stream) -> Launch {
        let sgpr = |i: usize| {
            let set_before = || compute_user_data(i as u32).and_then(|reg| stream.register(reg));
            work.user_data.get(i).copied().or_else(set_before)
        };
        let thread_dimensions = r.initiator & flag(Initiator::USE_THREAD_DIMENSIONS) != 0;
        let end = match r.indirect {
            Some(_) => [0; 3],
            None if thread_dimensions => [0, 1, 2].map(|i| r.dims[i].div_ceil(r.block[i])),
            None => r.dims,
        };
        let lanes = if self.spec.wave32 { 32 } else { 64 };
        Launch {
            entry: self.spec.code_va,
            block: r.block,
            partial: r.partial,
            start: work.first,
            end,
            indirect: r.indirect,
            user_data: (0..self.user_sgprs).map(sgpr).collect(),
            scratch_bytes: work.scratch.filter(|_| self.spec.scratch_bytes > 0).map_or(0, |s| s.wave_bytes() / lanes),
            uses: work.uses.to_vec(),
            ..crate::stream::resources(self.spec.rsrc1, r.rsrc2, self.spec.wave32)
        }
    }

    fn check_scratch<'a>(&self, work: &Work<'a>) -> Result<Option<&'a Scratch>, EncodeError> {
        if self.spec.scratch_bytes == 0 {
            return Ok(None);
        }
        let need = self.spec.scratch_bytes.saturating_mul(if self.spec.wave32 { 32 } else { 64 });
        match work.scratch {
            Some(scratch) if scratch.wave_bytes() >= need => Ok(Some(scratch)),
            Some(scratch) => invalid("scratch of a wave in bytes, less than the kernel's", scratch.wave_bytes().into()),
            None => invalid("the kernel needs scratch memory, of a lane in bytes", self.spec.scratch_bytes.into()),
        }
    }
}

/// The dwords of one plain dispatch: at most 8 + 4 + 4 + 3 for the kernel, 18 for 16 user SGPRs, 5 for the packet; and
/// room for copies of a fixed length beyond what counts.
struct Image<'a> {
    words: &'a mut [u32; PLAIN_DW],
    len: usize,
}

impl Image<'_> {
    #[inline]
    fn put<const N: usize>(&mut self, words: [u32; N]) {
        if let Some(place) = self.words.get_mut(self.len..self.len + N) {
            place.copy_from_slice(&words);
        }
        self.len += N;
    }

    /// SET packets for those of the consecutive registers that differ.
    #[inline]
    fn set<const N: usize>(&mut self, state: &mut State, first: usize, values: &[u32; N]) {
        let changed = state.update(first, values);
        if changed != 0 {
            self.runs::<8>(state, changed, first);
        }
    }

    /// SET packets for the registers of the bits, and for one that lies between two of them. Copies of `M` dwords,
    /// at least as many as there can be, are cheaper than copies of as many as there are.
    #[inline]
    fn runs<const M: usize>(&mut self, state: &State, changed: u32, first: usize) {
        let mut write = changed | changed << 1 & changed >> 1;
        while write != 0 {
            let at = write.trailing_zeros() as usize;
            let count = (write >> at).trailing_ones() as usize;
            self.put([SET_SH + ((count as u32) << 16), FIRST_OFFSET + (first + at) as u32]);
            self.put(state.values_from::<M>(first + at));
            self.len = self.len - M + count;
            write &= write.wrapping_add(1 << at);
        }
    }
}

/// The header of SET_SH_REG without values, and what the compute registers' indices count from.
const SET_SH: u32 = 3 << 30 | (SetShReg::DESC.opcode as u32) << 8;
const FIRST_OFFSET: u32 = 0x200;

impl Stream {
    /// Starts a kernel: registers that do not hold its values yet, and the packet.
    ///
    /// What an earlier packet wrote is not waited for: see [`barrier`](Self::barrier).
    ///
    /// # Errors
    /// [`EncodeError::Misaligned`] or [`EncodeError::Invalid`] where the arguments do not fit the kernel or the ring;
    /// the stream is then unchanged.
    #[inline]
    pub fn dispatch(&mut self, kernel: &Kernel, work: &Work<'_>) -> Result<&mut Self, EncodeError> {
        match (work.grid, work.block) {
            (Grid::Groups(groups), Some(block))
                if work.first == [0; 3] && work.dynamic_lds == 0 && kernel.is_plain && self.is_plain() =>
            {
                kernel.check_plain(groups, block, work.user_data.len())?;
                self.dispatch_plain(kernel, groups, block, work);
                Ok(self)
            }
            _ => self.dispatch_any(kernel, work),
        }
    }

    /// The usual dispatch: whole workgroups from the first on, no scratch, and nothing that the stream keeps track of.
    #[inline]
    fn dispatch_plain(&mut self, kernel: &Kernel, groups: [u32; 3], block: [u32; 3], work: &Work<'_>) {
        let initiator = kernel.initiator
            | flag(Initiator::FORCE_START_AT_000)
            | if work.any_order { flag(Initiator::ORDER_MODE) } else { 0 }
            | if work.tunnel { flag(Initiator::TUNNEL_ENABLE) } else { 0 };
        self.append_dispatch(|words, state| {
            let mut out = Image { words, len: 0 };
            out.set(state, START_AND_THREADS, &[0, 0, 0, block[0], block[1], block[2]]);
            out.set(state, PGM, &kernel.pgm);
            out.set(state, RSRC1_2, &[kernel.spec.rsrc1.bits(), kernel.spec.rsrc2.bits()]);
            out.set(state, RSRC3, &[kernel.spec.rsrc3.bits()]);
            let changed = state.update_user_data(work.user_data);
            if changed != 0 {
                out.runs::<16>(state, changed, USER_DATA);
            }
            out.put([DIRECT, groups[0], groups[1], groups[2], initiator]);
            out.len
        });
    }

    fn dispatch_any(&mut self, kernel: &Kernel, work: &Work<'_>) -> Result<&mut Self, EncodeError> {
        let r = kernel.resolve(work)?;
        let scratch = kernel.check_scratch(work)?;
        if self.ring() == Ring::Sdma {
            return invalid("a dispatch on a DMA ring", 0);
        }
        self.check_groups_slot(work.grid, work.first)?;
        self.reserve(DISPATCH_DW);
        if let Some(scratch) = scratch {
            self.change_scratch(scratch)?;
        }
        // Buffers to keep track of or slots: addresses and single registers are written apart.
        let tracked = self.tracks();
        self.set_compute(START_AND_THREADS, &r.threads);
        if tracked {
            self.set_compute_va(PGM, kernel.spec.code_va, true, Access::RX);
        } else {
            self.set_compute(PGM, &kernel.pgm);
        }
        if let Some(scratch) = scratch {
            self.set_compute_va(SCRATCH_BASE, scratch.base_va(), true, Access::RW);
        }
        self.set_compute(RSRC1_2, &[kernel.spec.rsrc1.bits(), r.rsrc2.bits()]);
        if let Some(scratch) = scratch {
            self.set_compute(TMPRING, &[scratch.tmpring_size().bits()]);
        }
        self.set_compute(RSRC3, &[kernel.spec.rsrc3.bits()]);
        if tracked {
            let pointers = self.set_tracked_user_data(kernel.spec.pointers, work.user_data);
            self.note_dispatch(work.uses, pointers, work.user_data);
        } else {
            self.set_compute(USER_DATA, work.user_data);
        }
        match r.indirect {
            None => {
                self.append_dispatch(|words, _| {
                    words[..5].copy_from_slice(&[DIRECT, r.dims[0], r.dims[1], r.dims[2], r.initiator]);
                    5
                });
                if tracked {
                    self.bind(SlotField::Groups, self.len_dw() - 4, 3);
                }
            }
            Some(va) => self.dispatch_indirect(va, Initiator::from_bits(r.initiator))?,
        }
        self.state_effect(|stream| Effect::Dispatch(kernel.launch(&r, work, stream)));
        Ok(self)
    }

    /// Says which user SGPRs, with the ones behind them, hold addresses and no slot's value.
    fn set_tracked_user_data(&mut self, pointers: u32, data: &[u32]) -> u32 {
        let (mut i, mut set) = (0, 0);
        while i < data.len() {
            let pair = data.get(i + 1).map(|&hi| u64::from(data[i]) | u64::from(hi) << 32);
            i += match pair {
                Some(va) if self.wants(SlotField::Pointer(i as u32)) => {
                    self.set_slot(USER_DATA + i, &crate::stream::halves(va), SlotField::Pointer(i as u32));
                    2
                }
                _ if self.wants(SlotField::UserData(i as u32)) => {
                    self.set_slot(USER_DATA + i, &data[i..=i], SlotField::UserData(i as u32));
                    1
                }
                Some(va) if pointers >> i & 1 != 0 => {
                    self.set_compute_va(USER_DATA + i, va, false, Access::R);
                    set |= 1 << i;
                    2
                }
                _ => {
                    self.set_compute(USER_DATA + i, &data[i..=i]);
                    1
                }
            };
        }
        set
    }

    /// Where a dispatch uses scratch of another size or place than the one before, their waves would share it.
    fn change_scratch(&mut self, scratch: &Scratch) -> Result<(), EncodeError> {
        let held = self.register(COMPUTE_TMPRING_SIZE);
        let same = held == Some(scratch.tmpring_size()) && self.holds_va(SCRATCH_BASE, scratch.base_va(), true);
        // No scratch so far, no waves that use it.
        let none = held == Some(COMPUTE_TMPRING_SIZE::new()) && !self.hazards.scratch;
        if self.hazards.waves && !same && !none {
            super::wait_for_waves(self)?;
        }
        self.hazards.scratch = true;
        Ok(())
    }

    fn dispatch_indirect(&mut self, va: u64, initiator: Initiator) -> Result<(), EncodeError> {
        if self.ring() == Ring::Compute {
            self.emit(crate::packet::DispatchIndirect { address: va, dispatch_initiator: initiator })?;
            return Ok(());
        }
        // The graphics ring's packet counts from a base, which is a multiple of 8.
        let base = SetBase { base_index: BaseIndex::DRAW_INDIRECT, address: va & !7 };
        self.emit_with(HeaderFlags::SHADER_TYPE, &base.into())?;
        self.emit(DispatchIndirectOffset { data_offset: va as u32 & 7, dispatch_initiator: initiator })?;
        Ok(())
    }
}
