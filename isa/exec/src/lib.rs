//! What RDNA3 instructions do: a portable wave interpreter, and on x86-64 a translator to host SIMD.
//!
//! [`run_group`] runs all waves of one workgroup over a [`Memory`], round-robin from barrier to barrier, until every
//! wave has ended or one of them traps; [`Group`] does the same in pieces and shows the waves' registers. Code is decoded
//! (and translated) once into a [`Program`] and reused across workgroups.
#![deny(unsafe_code)]

pub mod check;
mod compare;
mod divide;
mod fast;
mod fp;
mod group;
mod half;
mod host;
#[cfg(target_arch = "x86_64")]
mod jit;
mod lanes;
mod mem;
mod ops;
mod program;
mod salu;
mod soft;
mod special;
mod trans;
mod trap;
mod valu;
mod wave;
mod window;
mod wmma;

pub use group::{Group, GroupSetup, Progress, run_group};
pub use isa::WaveSize;
pub use program::{Engine, HostCode, Program};
pub use trap::{Trap, TrapKind};
pub use wave::{WaveState, WaveStatus};
pub use window::Window;

/// How memory was touched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Load.
    Read,
    /// Store.
    Write,
    /// Read-modify-write.
    Atomic,
    /// Instruction fetch.
    Fetch,
}

/// Why an access is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaultCause {
    /// No page is mapped there.
    Unmapped,
    /// The page is not readable.
    NotReadable,
    /// The page is not writable.
    NotWritable,
    /// The page is not executable.
    NotExecutable,
    /// An atomic's address is not a multiple of its size.
    Misaligned,
    /// The wave has no scratch; the address is the offset into it.
    NoScratch,
    /// The offset, told as the address, lies beyond the scratch that each lane has.
    OutsideScratch,
}

/// A refused access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemFault {
    /// GPU virtual address.
    pub va: u64,
    /// How it was touched.
    pub access: Access,
    /// Why it is refused.
    pub cause: FaultCause,
}

impl std::fmt::Display for MemFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self.access {
            Access::Read => "read",
            Access::Write => "write",
            Access::Atomic => "atomic",
            Access::Fetch => "instruction fetch",
        };
        let why = match self.cause {
            FaultCause::Unmapped => "nothing is mapped there",
            FaultCause::NotReadable => "the page is not readable",
            FaultCause::NotWritable => "the page is not writable",
            FaultCause::NotExecutable => "the page is not executable",
            FaultCause::Misaligned => "the address is not a multiple of the size",
            FaultCause::NoScratch => "the wave has no scratch",
            FaultCause::OutsideScratch => "the lane's scratch ends before",
        };
        write!(f, "memory fault: {what} at {:#x}: {why}", self.va)
    }
}

/// The device's memory as one address space sees it. Addresses may be unaligned except in atomics.
pub trait Memory {
    /// Reads `out.len()` bytes at `va`.
    fn load(&mut self, va: u64, out: &mut [u8]) -> Result<(), MemFault>;
    /// Writes `data` at `va`.
    fn store(&mut self, va: u64, data: &[u8]) -> Result<(), MemFault>;
    /// Reads a little-endian dword.
    fn load_u32(&mut self, va: u64) -> Result<u32, MemFault> {
        let mut b = [0; 4];
        self.load(va, &mut b)?;
        Ok(u32::from_le_bytes(b))
    }
    /// Writes a little-endian dword.
    fn store_u32(&mut self, va: u64, v: u32) -> Result<(), MemFault> {
        self.store(va, &v.to_le_bytes())
    }
    /// Reads a dword for each lane in `live`, at its address; other lanes of `out` stay. The first lane that faults is
    /// told with its number.
    fn load_lanes(&mut self, vas: &[u64], live: u64, out: &mut [u32]) -> Result<(), (usize, MemFault)> {
        load_each_lane(self, vas, live, out)
    }
    /// Writes a dword for each lane in `live`, at its address, in ascending order of lanes.
    fn store_lanes(&mut self, vas: &[u64], live: u64, data: &[u32]) -> Result<(), (usize, MemFault)> {
        store_each_lane(self, vas, live, data)
    }
    /// Reads `n` consecutive dwords for each lane in `live`, from its address on: dword `k` of a lane goes to
    /// `out[k * vas.len() + lane]`. Other lanes of `out` stay. The first lane that faults is told with its number.
    fn load_words(&mut self, vas: &[u64], live: u64, n: usize, out: &mut [u32]) -> Result<(), (usize, MemFault)> {
        load_words_each_lane(self, vas, live, n, out)
    }
    /// Writes `n` consecutive dwords for each lane in `live`, laid out like those of [`Memory::load_words`], one lane
    /// after the other in ascending order.
    fn store_words(&mut self, vas: &[u64], live: u64, n: usize, data: &[u32]) -> Result<(), (usize, MemFault)> {
        store_words_each_lane(self, vas, live, n, data)
    }
    /// Replaces the dword `x` at `va` by `f(x)` and returns `x`; `f` may run more than once.
    fn atomic_u32(&mut self, va: u64, f: &mut dyn FnMut(u32) -> u32) -> Result<u32, MemFault>;
    /// The same for eight bytes.
    fn atomic_u64(&mut self, va: u64, f: &mut dyn FnMut(u64) -> u64) -> Result<u64, MemFault>;
    /// Instruction fetch; returns how many dwords of `out` it filled, at least one.
    fn fetch(&mut self, va: u64, out: &mut [u32]) -> Result<usize, MemFault>;
    /// A range around `va` that lies in one piece in host memory and allows `access` ([`Access::Read`] or
    /// [`Access::Write`]) everywhere, as large as it comes cheaply. Translated code then goes to host memory itself,
    /// without [`Memory::load`] and [`Memory::store`]; a memory that wants to see every access gives none.
    fn window(&mut self, va: u64, access: Access) -> Option<Window> {
        let _ = (va, access);
        None
    }
    /// A number that stands for the present windows: as long as it stays the same, windows given before are good, so that
    /// they may be kept from one group to the next. No two address spaces share a number, and a number that was left is
    /// never given again. None forgets all windows at the end of every [`Group::run`].
    ///
    /// It is asked once at the beginning of each run. What a wrong number does is up to whoever made the windows:
    /// [`Window::new`] says what they promised, and a memory that makes none, and returns none of others, may give any
    /// number.
    fn windows_epoch(&self) -> Option<u64> {
        None
    }
    /// GB_ADDR_CONFIG of the card: how swizzled images spread over its pipes (bits 0 to 2, log2), where as many packers
    /// (bits 8 to 10) take part. Navi31's unless it is told.
    fn addr_config(&self) -> u32 {
        0x545
    }
    /// The allocation that the mapped byte at `va` belongs to, with the size that was asked for. None where that is not
    /// known: checked runs then find no accesses beyond it.
    fn object_at(&mut self, va: u64) -> Option<Object> {
        let _ = va;
        None
    }
}

/// An allocation in the device's memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Object {
    /// First GPU virtual address.
    pub va: u64,
    /// Bytes asked for; the pages behind them go on.
    pub bytes: u64,
}

/// What stops a group from outside.
pub struct Control<'a> {
    /// Asked every few thousand instructions; true ends the group with [`TrapKind::Killed`].
    pub stop: &'a dyn Fn() -> bool,
    /// Wave instructions a group may run, [`TrapKind::BudgetExceeded`] beyond.
    pub max_instructions: Option<u64>,
}

/// What a group did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Instructions executed, summed over waves.
    pub wave_instructions: u64,
    /// Waves run.
    pub waves: u64,
}

/// [`Memory::load_lanes`] one lane after the other: for those that do better only sometimes.
pub fn load_each_lane<M: Memory + ?Sized>(
    memory: &mut M,
    vas: &[u64],
    live: u64,
    out: &mut [u32],
) -> Result<(), (usize, MemFault)> {
    for (lane, (&va, out)) in vas.iter().zip(out).enumerate() {
        if live >> lane & 1 != 0 {
            *out = memory.load_u32(va).map_err(|f| (lane, f))?;
        }
    }
    Ok(())
}

/// [`Memory::store_lanes`] one lane after the other.
pub fn store_each_lane<M: Memory + ?Sized>(
    memory: &mut M,
    vas: &[u64],
    live: u64,
    data: &[u32],
) -> Result<(), (usize, MemFault)> {
    for (lane, (&va, &data)) in vas.iter().zip(data).enumerate() {
        if live >> lane & 1 != 0 {
            memory.store_u32(va, data).map_err(|f| (lane, f))?;
        }
    }
    Ok(())
}

/// [`Memory::load_words`] one lane after the other.
pub fn load_words_each_lane<M: Memory + ?Sized>(
    memory: &mut M,
    vas: &[u64],
    live: u64,
    n: usize,
    out: &mut [u32],
) -> Result<(), (usize, MemFault)> {
    if n == 1 {
        return memory.load_lanes(vas, live, out);
    }
    let lanes = vas.len();
    let mut bytes = [0; 16];
    for (lane, &va) in vas.iter().enumerate().filter(|(lane, _)| live >> lane & 1 != 0) {
        for first in (0..n).step_by(4) {
            let bytes = &mut bytes[..4 * (n - first).min(4)];
            memory.load(va.wrapping_add(4 * first as u64), bytes).map_err(|f| (lane, f))?;
            for (k, b) in bytes.chunks_exact(4).enumerate() {
                out[(first + k) * lanes + lane] = u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
            }
        }
    }
    Ok(())
}

/// [`Memory::store_words`] one lane after the other.
pub fn store_words_each_lane<M: Memory + ?Sized>(
    memory: &mut M,
    vas: &[u64],
    live: u64,
    n: usize,
    data: &[u32],
) -> Result<(), (usize, MemFault)> {
    if n == 1 {
        return memory.store_lanes(vas, live, data);
    }
    let lanes = vas.len();
    let mut bytes = [0; 16];
    for (lane, &va) in vas.iter().enumerate().filter(|(lane, _)| live >> lane & 1 != 0) {
        for first in (0..n).step_by(4) {
            let bytes = &mut bytes[..4 * (n - first).min(4)];
            for (k, b) in bytes.chunks_exact_mut(4).enumerate() {
                b.copy_from_slice(&data[(first + k) * lanes + lane].to_le_bytes());
            }
            memory.store(va.wrapping_add(4 * first as u64), bytes).map_err(|f| (lane, f))?;
        }
    }
    Ok(())
}
