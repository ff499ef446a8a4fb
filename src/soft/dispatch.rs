//! From registers to workgroups: what a dispatch packet starts.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use isa::WaveSize;
use isa_exec::{Control, GroupSetup, Program, Trap, run_group};
use pm4::reg::{self, COMPUTE_DISPATCH_INITIATOR, COMPUTE_PGM_RSRC1, COMPUTE_PGM_RSRC2, Space};
use rayon::prelude::*;

use super::identity::SHADER_ENGINES;
use super::memory::{AccessLog, VmMemory};
use super::sched::Watch;
use super::trace::DispatchEvent;
use super::vm::{Vm, canonical};

/// Size of the SH register space in registers.
const SH_COUNT: usize = 0x400;
/// LDS of a workgroup at most, and the granule of RSRC2.LDS_SIZE, in bytes.
const LDS_MAX: u32 = 64 << 10;
const LDS_GRANULE: u32 = 512;
/// Threads of a workgroup at most.
const THREADS_MAX: u32 = 1024;
/// User SGPRs of a compute shader at most.
const USER_SGPRS_MAX: u32 = 16;

/// The CU masks of the shader engines that there are.
pub const CU_MASKS: [u32; SHADER_ENGINES as usize] = [
    reg::COMPUTE_STATIC_THREAD_MGMT_SE0.address(),
    reg::COMPUTE_STATIC_THREAD_MGMT_SE1.address(),
    reg::COMPUTE_STATIC_THREAD_MGMT_SE2.address(),
    reg::COMPUTE_STATIC_THREAD_MGMT_SE3.address(),
    reg::COMPUTE_STATIC_THREAD_MGMT_SE4.address(),
    reg::COMPUTE_STATIC_THREAD_MGMT_SE5.address(),
];

/// The SH registers of one submission. Nothing is known of a register that the submission didn't write: on a card it
/// holds what an earlier one, perhaps another process's, left there.
#[derive(Debug, Clone)]
pub struct Registers {
    values: Box<[Option<u32>; SH_COUNT]>,
}

impl Default for Registers {
    fn default() -> Self {
        Self { values: Box::new([None; SH_COUNT]) }
    }
}

impl Registers {
    fn index(address: u32) -> usize {
        (address.wrapping_sub(Space::Sh.range().start) / 4) as usize
    }

    /// Writes the register at a byte address; one outside the SH space is somebody else's.
    pub fn write(&mut self, address: u32, value: u32) {
        if let Some(slot) = self.values.get_mut(Self::index(address)) {
            *slot = Some(value);
        }
    }

    /// The value at a byte address, if this submission wrote it.
    pub fn read(&self, address: u32) -> Option<u32> {
        self.values.get(Self::index(address)).copied().flatten()
    }
}

/// Why a dispatch can't start: a sentence that names the register and the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub String);

/// A dispatch, decoded and checked.
#[derive(Debug, Clone)]
pub struct Dispatch {
    /// Which one of the submission it is, from 1.
    pub number: u32,
    entry: u64,
    wave_size: WaveSize,
    /// Threads of a full workgroup and of the last one, by axis.
    block: [u32; 3],
    partial: [u32; 3],
    /// First workgroup, and the one after the last, by axis.
    start: [u32; 3],
    end: [u32; 3],
    sgprs: Vec<u32>,
    /// USER_DATA registers that the shader gets although they were not written.
    unwritten_user_data: Vec<u32>,
    tgid: [bool; 3],
    tg_size: bool,
    tidig_comp_cnt: u8,
    vgprs: u32,
    lds_bytes: u32,
    float_mode: u8,
    dx10_clamp: bool,
    ieee: bool,
    fp16_ovfl: bool,
}

impl Dispatch {
    /// Reads the registers as the hardware does when a dispatch packet comes by.
    pub fn new(number: u32, registers: &Registers, dims: [u32; 3], initiator: u32) -> Result<Self, Refusal> {
        let need = |address: u32, name: &str, why: &str| {
            registers
                .read(address)
                .ok_or_else(|| Refusal(format!("dispatch {number}: {name} was not written in this submission ({why})")))
        };
        let refuse = |what: String| Err(Refusal(format!("dispatch {number}: {what}")));
        let initiator = COMPUTE_DISPATCH_INITIATOR::from_bits(initiator);
        let flag = |f| initiator.get(f) != 0;
        type Init = COMPUTE_DISPATCH_INITIATOR;
        if !flag(Init::COMPUTE_SHADER_EN) {
            return refuse("COMPUTE_SHADER_EN is clear in the initiator, so nothing is dispatched".into());
        }

        let program = "the shader's address would be that of somebody else's program";
        let lo = need(reg::COMPUTE_PGM_LO.address(), "COMPUTE_PGM_LO", program)?;
        let hi = need(reg::COMPUTE_PGM_HI.address(), "COMPUTE_PGM_HI", program)?;
        let entry = canonical((u64::from(hi & 0xff) << 32 | u64::from(lo)) << 8);

        let resources = "the wave's registers and modes would be undefined";
        let rsrc1 = need(reg::COMPUTE_PGM_RSRC1.address(), "COMPUTE_PGM_RSRC1", resources)?;
        let rsrc2 = need(reg::COMPUTE_PGM_RSRC2.address(), "COMPUTE_PGM_RSRC2", resources)?;
        let (rsrc1, rsrc2) = (COMPUTE_PGM_RSRC1::from_bits(rsrc1), COMPUTE_PGM_RSRC2::from_bits(rsrc2));
        if rsrc1.get(COMPUTE_PGM_RSRC1::PRIV) != 0 {
            return refuse("COMPUTE_PGM_RSRC1.PRIV is set: privileged waves don't run on a kernel-managed ring".into());
        }

        // A workgroup goes to a CU that the masks allow; masks that allow none make it wait for ever.
        let masks = CU_MASKS;
        if masks.iter().all(|&m| registers.read(m).is_none()) {
            return refuse("no COMPUTE_STATIC_THREAD_MGMT_SE0..5 was written in this submission (no CU may be enabled, and the workgroups would never start)".into());
        }
        if masks.iter().all(|&m| registers.read(m).unwrap_or(0) & 0x00ff_00ff == 0) {
            return refuse(
                "COMPUTE_STATIC_THREAD_MGMT_SE0..5 enable no CU that exists: the workgroups would never start".into(),
            );
        }

        let mut block = [0; 3];
        let mut partial = [0; 3];
        let mut start = [0; 3];
        for axis in 0..3u32 {
            let (i, letter) = (axis as usize, ['X', 'Y', 'Z'][axis as usize]);
            let name = format!("COMPUTE_NUM_THREAD_{letter}");
            let threads =
                need(reg::COMPUTE_NUM_THREAD_X.address() + 4 * axis, &name, "the workgroup's size is undefined")?;
            block[i] = threads & 0xffff;
            partial[i] = threads >> 16;
            if block[i] == 0 {
                return refuse(format!("{name} is 0: the workgroup has no threads"));
            }
            if !flag(Init::FORCE_START_AT_000) {
                let name = format!("COMPUTE_START_{letter}");
                let address = reg::COMPUTE_START_X.address() + 4 * axis;
                start[i] = need(address, &name, "the initiator doesn't force the start to 0")?;
            }
        }
        let mut end = dims;
        if flag(Init::USE_THREAD_DIMENSIONS) {
            // The packet counts threads; what doesn't fill a workgroup makes a partial one.
            for i in 0..3 {
                partial[i] = dims[i] % block[i];
                end[i] = dims[i].div_ceil(block[i]);
            }
        } else if !flag(Init::PARTIAL_TG_EN) {
            partial = [0; 3];
        }
        for i in 0..3 {
            if partial[i] == 0 {
                partial[i] = block[i];
            }
            if partial[i] > block[i] {
                return refuse(format!(
                    "COMPUTE_NUM_THREAD_{}: the last workgroup has {} threads, and a full one {}",
                    ['X', 'Y', 'Z'][i],
                    partial[i],
                    block[i]
                ));
            }
        }
        let threads = block.iter().try_fold(1u32, |a, &b| a.checked_mul(b)).filter(|&t| t <= THREADS_MAX);
        if threads.is_none() {
            return refuse(format!(
                "a workgroup of {}x{}x{} threads exceeds {THREADS_MAX}",
                block[0], block[1], block[2]
            ));
        }

        let wave_size = if flag(Init::CS_W32_EN) { WaveSize::W32 } else { WaveSize::W64 };
        let user_sgprs = rsrc2.get(COMPUTE_PGM_RSRC2::USER_SGPR);
        if user_sgprs > USER_SGPRS_MAX {
            return refuse(format!(
                "COMPUTE_PGM_RSRC2.USER_SGPR is {user_sgprs}, and there are {USER_SGPRS_MAX} USER_DATA registers"
            ));
        }
        let mut sgprs = Vec::new();
        let mut unwritten_user_data = Vec::new();
        for i in 0..user_sgprs {
            let value = registers.read(reg::COMPUTE_USER_DATA_0.address() + 4 * i).unwrap_or_else(|| {
                unwritten_user_data.push(i);
                // Recognisable, and no address that anything maps.
                0xdead_0000 | i
            });
            sgprs.push(value);
        }
        let lds_bytes = rsrc2.get(COMPUTE_PGM_RSRC2::LDS_SIZE) * LDS_GRANULE;
        if lds_bytes > LDS_MAX {
            return refuse(format!(
                "COMPUTE_PGM_RSRC2.LDS_SIZE asks for {lds_bytes} bytes of LDS, and a workgroup has {LDS_MAX}"
            ));
        }
        if rsrc2.get(COMPUTE_PGM_RSRC2::SCRATCH_EN) != 0 {
            return refuse("COMPUTE_PGM_RSRC2.SCRATCH_EN is set, and scratch isn't provided yet".into());
        }
        let granule = if wave_size == WaveSize::W32 { 8 } else { 4 };
        let float_mode = rsrc1.get(COMPUTE_PGM_RSRC1::FLOAT_MODE) as u8;
        Ok(Self {
            number,
            entry,
            wave_size,
            block,
            partial,
            start,
            end,
            sgprs,
            unwritten_user_data,
            tgid: [COMPUTE_PGM_RSRC2::TGID_X_EN, COMPUTE_PGM_RSRC2::TGID_Y_EN, COMPUTE_PGM_RSRC2::TGID_Z_EN]
                .map(|f| rsrc2.get(f) != 0),
            tg_size: rsrc2.get(COMPUTE_PGM_RSRC2::TG_SIZE_EN) != 0,
            // 3 is reserved and gives what 2 gives.
            tidig_comp_cnt: rsrc2.get(COMPUTE_PGM_RSRC2::TIDIG_COMP_CNT).min(2) as u8,
            vgprs: (rsrc1.get(COMPUTE_PGM_RSRC1::VGPRS) + 1) * granule,
            lds_bytes,
            float_mode,
            dx10_clamp: rsrc1.get(COMPUTE_PGM_RSRC1::DX10_CLAMP) != 0,
            ieee: rsrc1.get(COMPUTE_PGM_RSRC1::IEEE_MODE) != 0,
            fp16_ovfl: rsrc1.get(COMPUTE_PGM_RSRC1::FP16_OVFL) != 0,
        })
    }

    /// What else to say when it faults.
    pub fn suspicion(&self) -> Option<String> {
        let first = self.unwritten_user_data.first()?;
        Some(format!(
            "COMPUTE_USER_DATA_{first} was not written in this submission, so s{first} and what it points to are undefined"
        ))
    }

    fn extent(&self, axis: usize) -> u64 {
        u64::from(self.end[axis].saturating_sub(self.start[axis]))
    }

    /// The first instruction's address.
    pub fn entry(&self) -> u64 {
        self.entry
    }

    /// Lanes of its waves.
    pub fn wave_size(&self) -> WaveSize {
        self.wave_size
    }

    /// What its waves see of it.
    pub fn event(&self) -> DispatchEvent {
        DispatchEvent {
            entry: self.entry,
            wave_size: self.wave_size,
            block: self.block,
            partial: self.partial,
            start: self.start,
            end: self.end,
            sgprs: self.sgprs.clone(),
            tgid: self.tgid,
            tg_size: self.tg_size,
            tidig_comp_cnt: self.tidig_comp_cnt,
            float_mode: self.float_mode,
            dx10_clamp: self.dx10_clamp,
            ieee: self.ieee,
            fp16_ovfl: self.fp16_ovfl,
            scratch: false,
        }
    }

    /// Workgroups; more than anybody can run where the product doesn't fit.
    pub fn count(&self) -> u64 {
        self.extent(0).saturating_mul(self.extent(1)).saturating_mul(self.extent(2))
    }

    /// Runs all workgroups, spread over the pool's threads.
    pub fn run(&self, vm: &Vm, watch: &Watch) -> Result<u64, Trap> {
        let count = self.count();
        // Few enough pieces that each thread's decoded program pays off, enough to keep all threads busy.
        let pieces = (rayon::current_num_threads() as u64 * 8).min(count).max(1);
        let instructions = AtomicU64::new(0);
        let failed: Mutex<Option<(u64, Trap)>> = Mutex::new(None);
        let kill = Kill { watch, failed: AtomicBool::new(false) };
        (0..pieces).into_par_iter().for_each(|piece| {
            let mut memory = VmMemory::new(vm);
            let mut program = Program::new(self.entry, self.wave_size);
            let bound = |piece: u64| (u128::from(piece) * u128::from(count) / u128::from(pieces)) as u64;
            for index in bound(piece)..bound(piece + 1) {
                if kill.stopped() {
                    break;
                }
                match self.group(index, &mut program, &mut memory, &kill) {
                    Ok(n) => _ = instructions.fetch_add(n, Ordering::Relaxed),
                    Err(trap) => {
                        kill.failed.store(true, Ordering::Relaxed);
                        let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                        // The first workgroup's fault is the one to tell, unless it was only stopped by another's.
                        let weight = |t: &Trap| matches!(t.kind, isa_exec::TrapKind::Killed);
                        if failed.as_ref().is_none_or(|(i, t)| (weight(&trap), index) < (weight(t), *i)) {
                            *failed = Some((index, trap));
                        }
                        break;
                    }
                }
            }
        });
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some((_, trap)) => Err(trap),
            None => Ok(instructions.into_inner()),
        }
    }

    /// Runs all workgroups in order and notes what they touch.
    pub fn run_logged(&self, vm: &Vm, watch: &Watch) -> Result<AccessLog, Trap> {
        let mut memory = VmMemory::logged(vm);
        let mut program = Program::new(self.entry, self.wave_size);
        let kill = Kill { watch, failed: AtomicBool::new(false) };
        for index in 0..self.count() {
            self.group(index, &mut program, &mut memory, &kill)?;
        }
        Ok(memory.into_log().unwrap_or_default())
    }

    fn group(
        &self,
        index: u64,
        program: &mut Program,
        memory: &mut VmMemory<'_>,
        kill: &Kill<'_>,
    ) -> Result<u64, Trap> {
        let (x, y) = (self.extent(0), self.extent(1));
        let offset = [index % x, index / x % y, index / x / y];
        let id: [u32; 3] = std::array::from_fn(|i| self.start[i] + offset[i] as u32);
        let block: [u32; 3] =
            std::array::from_fn(|i| if id[i] + 1 == self.end[i] { self.partial[i] } else { self.block[i] });
        let threads: u32 = block.iter().product();
        let mut sgprs = self.sgprs.clone();
        sgprs.extend((0..3).filter(|&i| self.tgid[i]).map(|i| id[i]));
        if self.tg_size {
            // Waves of the workgroup in bits 5:0.
            sgprs.push(threads.div_ceil(self.wave_size.lanes()));
        }
        let setup = GroupSetup {
            wave_size: self.wave_size,
            threads,
            sgpr_init: &sgprs,
            block,
            tidig_comp_cnt: self.tidig_comp_cnt,
            vgprs: self.vgprs,
            lds_bytes: self.lds_bytes,
            float_mode: self.float_mode,
            dx10_clamp: self.dx10_clamp,
            ieee: self.ieee,
            fp16_ovfl: self.fp16_ovfl,
            workgroup: id,
            scratch_base: 0,
            scratch_wave_bytes: 0,
        };
        let stop = || kill.stopped();
        let control = Control { stop: &stop, max_instructions: None };
        run_group(&setup, program, memory, &control).map(|stats| stats.wave_instructions)
    }
}

/// Why workgroups should stop: the watchdog or the device's end, or another workgroup's fault.
struct Kill<'a> {
    watch: &'a Watch,
    failed: AtomicBool,
}

impl Kill<'_> {
    fn stopped(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
            || self.watch.stop.load(Ordering::Relaxed)
            || Instant::now() >= self.watch.deadline
    }
}
