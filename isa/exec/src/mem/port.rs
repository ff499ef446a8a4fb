//! What memory instructions reach memory through: global memory, the group's LDS, and whoever watches.
use super::LaneTrap;
use super::sync::Sync;
use crate::wave::SHARED_BASE;
use crate::{Access, FaultCause, MemFault, Memory, TrapKind};

/// LDS is handed out in blocks of this many bytes (RDNA3 guide 3.3.4); what a kernel did not ask for in its last block
/// is in range.
const LDS_BLOCK: usize = 1024;
/// Most LDS a group may have.
const LDS_MOST: usize = 65536;

/// The group's LDS, and the state of the global wave sync as the group sees it.
pub(crate) struct Lds {
    pub bytes: Vec<u8>,
    pub sync: Sync,
}

impl Lds {
    /// Zeroed, of the blocks that `bytes` take.
    pub(crate) fn new(bytes: u32) -> Lds {
        let n = (bytes as usize).min(LDS_MOST).next_multiple_of(LDS_BLOCK);
        Lds { bytes: vec![0; n], sync: Sync::default() }
    }

    /// `n` bytes at `at`; None where any of them is out of range.
    #[inline(always)]
    pub(crate) fn get(&self, at: u32, n: usize) -> Option<&[u8]> {
        self.bytes.get(at as usize..at as usize + n)
    }

    /// Replaces the value of `N` (4 or 8) bytes at `at` by `f` of it and returns what was there; out of range 0.
    #[inline(always)]
    pub(crate) fn change<const N: usize>(&mut self, at: u32, f: impl FnOnce(u64) -> u64) -> u64 {
        let Some(b) = self.get_mut(at, N) else { return 0 };
        let mut old = [0; 8];
        old[..N].copy_from_slice(b);
        let old = u64::from_le_bytes(old);
        b.copy_from_slice(&f(old).to_le_bytes()[..N]);
        old
    }

    #[inline(always)]
    pub(crate) fn get_mut(&mut self, at: u32, n: usize) -> Option<&mut [u8]> {
        self.bytes.get_mut(at as usize..at as usize + n)
    }
}

/// Which memory an access went to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Space {
    /// Device memory by virtual address.
    Global,
    /// A wave's scratch, by the virtual address after swizzling.
    Scratch,
    /// LDS, by the byte offset in the group's allocation.
    Lds,
    /// GDS, of which no process has any.
    Gds,
}

/// One lane's access, as a checked run sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Touch {
    /// The lane; None for scalar instructions and for counters that a wave touches once.
    pub lane: Option<u32>,
    /// Which memory.
    pub space: Space,
    /// Virtual address, or byte offset in LDS.
    pub at: u64,
    /// Bytes.
    pub len: u32,
    /// Load, store or atomic.
    pub kind: Access,
    /// False: a range check refused it, so that it reads 0 or writes nothing.
    pub inside: bool,
    /// A store that left every byte as it was.
    pub silent: bool,
}

/// Sees every access of the memory instructions, just before it is made.
pub(crate) trait Watch {
    fn touch(&mut self, touch: Touch);
}

/// A lane's part of a wave's scratch: dwords of all lanes in turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    /// Address of the lane's first dword.
    pub base: u64,
    /// Byte within the lane's scratch.
    pub off: u32,
    /// Bytes between a lane's dwords.
    pub row: u32,
    /// Bytes a lane has.
    pub limit: u32,
}

impl Slot {
    fn va(&self, off: u32) -> u64 {
        self.base.wrapping_add((off / 4) as u64 * self.row as u64 + (off % 4) as u64)
    }

    /// Address of an aligned dword; None where the slot ends before.
    pub(crate) fn dword(&self, k: u32) -> Option<u64> {
        let off = self.off.checked_add(4 * k)?;
        (off % 4 == 0 && off.checked_add(4)? <= self.limit).then(|| self.va(off))
    }

    /// The pieces of an access of `n` bytes that lie side by side: byte of the access, address, bytes.
    fn pieces(self, n: usize, access: Access) -> Result<impl Iterator<Item = (usize, u64, usize)>, MemFault> {
        let end = self.off as u64 + n as u64;
        if end > self.limit as u64 {
            let cause = if self.limit == 0 { FaultCause::NoScratch } else { FaultCause::OutsideScratch };
            return Err(MemFault { va: self.off as u64, access, cause });
        }
        let mut done = 0;
        Ok(std::iter::from_fn(move || {
            let off = self.off + done as u32;
            let m = (4 - off as usize % 4).min(n - done);
            let piece = (done, self.va(off), m);
            done += m;
            (m > 0).then_some(piece)
        }))
    }
}

/// Where an access of one lane goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    Va(u64),
    Scratch(Slot),
    Lds(u32),
    /// A range check refused it.
    Out(Space, u64),
}

/// What memory instructions need beside the wave.
pub(crate) struct Port<'a> {
    pub mem: &'a mut dyn Memory,
    pub lds: &'a mut Lds,
    pub watch: Option<&'a mut dyn Watch>,
}

fn at_lane(lane: Option<u32>) -> impl Fn(MemFault) -> LaneTrap {
    move |f| (TrapKind::MemFault(f), lane)
}

impl Port<'_> {
    #[inline(always)]
    pub(crate) fn note(&mut self, lane: Option<u32>, space: Space, at: u64, len: usize, kind: Access, inside: bool) {
        if let Some(w) = &mut self.watch {
            w.touch(Touch { lane, space, at, len: len as u32, kind, inside, silent: false });
        }
    }

    /// Tells the watcher of one access for each lane in `exec`; those not in `live` are out of range.
    pub(crate) fn note_lanes(&mut self, space: Space, vas: &[u64], exec: u64, live: u64, len: usize, kind: Access) {
        if self.watch.is_some() {
            for (lane, &va) in vas.iter().enumerate().filter(|(lane, _)| exec >> lane & 1 != 0) {
                self.note(Some(lane as u32), space, va, len, kind, live >> lane & 1 != 0);
            }
        }
    }

    /// Reads `out.len()` bytes; zeros where the place is out of range, LDS as a whole or not at all.
    pub(crate) fn read(&mut self, lane: Option<u32>, p: Place, out: &mut [u8]) -> Result<(), LaneTrap> {
        let n = out.len();
        match p {
            Place::Va(va) => {
                self.note(lane, Space::Global, va, n, Access::Read, true);
                self.mem.load(va, out).map_err(at_lane(lane))?;
            }
            Place::Scratch(s) => {
                for (k, va, m) in s.pieces(n, Access::Read).map_err(at_lane(lane))? {
                    self.note(lane, Space::Scratch, va, m, Access::Read, true);
                    self.mem.load(va, &mut out[k..k + m]).map_err(at_lane(lane))?;
                }
            }
            Place::Lds(at) => {
                let inside = self.lds.get(at, n).is_some();
                self.note(lane, Space::Lds, at as u64, n, Access::Read, inside);
                match self.lds.get(at, n) {
                    Some(b) => out.copy_from_slice(b),
                    None => out.fill(0),
                }
            }
            Place::Out(space, at) => {
                self.note(lane, space, at, n, Access::Read, false);
                out.fill(0);
            }
        }
        Ok(())
    }

    /// Writes `data`; nothing where the place is out of range.
    pub(crate) fn write(&mut self, lane: Option<u32>, p: Place, data: &[u8]) -> Result<(), LaneTrap> {
        let n = data.len();
        match p {
            Place::Va(va) => {
                self.note(lane, Space::Global, va, n, Access::Write, true);
                self.mem.store(va, data).map_err(at_lane(lane))?;
            }
            Place::Scratch(s) => {
                for (k, va, m) in s.pieces(n, Access::Write).map_err(at_lane(lane))? {
                    self.note(lane, Space::Scratch, va, m, Access::Write, true);
                    self.mem.store(va, &data[k..k + m]).map_err(at_lane(lane))?;
                }
            }
            Place::Lds(at) => {
                let inside = self.lds.get(at, n).is_some();
                self.note(lane, Space::Lds, at as u64, n, Access::Write, inside);
                if let Some(b) = self.lds.get_mut(at, n) {
                    b.copy_from_slice(data);
                }
            }
            Place::Out(space, at) => self.note(lane, space, at, n, Access::Write, false),
        }
        Ok(())
    }

    /// Replaces the value of 4 (`wide`: 8) bytes by `f` of it and returns what was there. Its address is a multiple of
    /// its size, or it faults; out of range nothing happens and 0 is returned.
    pub(crate) fn update(
        &mut self,
        lane: Option<u32>,
        p: Place,
        wide: bool,
        f: &mut dyn FnMut(u64) -> u64,
    ) -> Result<u64, LaneTrap> {
        let n = if wide { 8 } else { 4 };
        let fault = |va, cause| Err((TrapKind::MemFault(MemFault { va, access: Access::Atomic, cause }), lane));
        match p {
            Place::Va(va) => {
                self.note(lane, Space::Global, va, n, Access::Atomic, true);
                self.memory(va, wide, f).map_err(at_lane(lane))
            }
            Place::Scratch(s) => {
                // A lane's dwords do not lie side by side; the hardware refuses the wide ones.
                let Some(va) = s.dword(0).filter(|_| !wide) else {
                    return match s.pieces(n, Access::Atomic) {
                        Err(f) => Err(at_lane(lane)(f)),
                        Ok(_) => fault(s.va(s.off), FaultCause::Misaligned),
                    };
                };
                self.note(lane, Space::Scratch, va, n, Access::Atomic, true);
                self.memory(va, false, f).map_err(at_lane(lane))
            }
            Place::Lds(at) => {
                if !at.is_multiple_of(n as u32) {
                    return fault(SHARED_BASE + at as u64, FaultCause::Misaligned);
                }
                let inside = self.lds.get(at, n).is_some();
                self.note(lane, Space::Lds, at as u64, n, Access::Atomic, inside);
                Ok(if wide { self.lds.change::<8>(at, f) } else { self.lds.change::<4>(at, f) })
            }
            Place::Out(space, at) => {
                self.note(lane, space, at, n, Access::Atomic, false);
                Ok(0)
            }
        }
    }

    fn memory(&mut self, va: u64, wide: bool, f: &mut dyn FnMut(u64) -> u64) -> Result<u64, MemFault> {
        if wide {
            self.mem.atomic_u64(va, f)
        } else {
            self.mem.atomic_u32(va, &mut |x| f(x as u64) as u32).map(u64::from)
        }
    }
}
