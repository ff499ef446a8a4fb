//! From registers to workgroups: what a dispatch packet starts.

use std::collections::HashMap;
use std::ops::Range;

use isa::WaveSize;
use isa_exec::{GroupSetup, Trap};
use pm4::dispatch::SCRATCH_GRANULE;
use pm4::reg::{self, COMPUTE_DISPATCH_INITIATOR, COMPUTE_PGM_RSRC1, COMPUTE_PGM_RSRC2, COMPUTE_TMPRING_SIZE, Space};

use super::identity::Part;
use super::trace::DispatchEvent;
use super::vm::canonical;

/// Size of the SH register space in registers.
const SH_COUNT: usize = 0x400;
/// LDS of a workgroup at most, and the granule of RSRC2.LDS_SIZE, in bytes.
const LDS_MAX: u32 = 64 << 10;
const LDS_GRANULE: u32 = 512;
/// Threads of a workgroup at most.
const THREADS_MAX: u32 = 1024;
/// User SGPRs of a compute shader at most.
const USER_SGPRS_MAX: u32 = 16;

/// The CU masks, a register a shader engine. A part with fewer engines has the first of them.
pub const CU_MASKS: [u32; 6] = [
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
    /// Those of other spaces, by byte address: nothing but packets reads them.
    others: HashMap<u32, u32>,
}

impl Default for Registers {
    fn default() -> Self {
        Self { values: Box::new([None; SH_COUNT]), others: HashMap::new() }
    }
}

impl Registers {
    fn index(address: u32) -> usize {
        (address.wrapping_sub(Space::Sh.range().start) / 4) as usize
    }

    /// Writes the register at a byte address.
    pub fn write(&mut self, address: u32, value: u32) {
        match self.values.get_mut(Self::index(address)) {
            Some(slot) => *slot = Some(value),
            None => _ = self.others.insert(address, value),
        }
    }

    /// The value at a byte address, if this submission wrote it.
    pub fn read(&self, address: u32) -> Option<u32> {
        match self.values.get(Self::index(address)) {
            Some(&slot) => slot,
            None => self.others.get(&address).copied(),
        }
    }

    /// What was written, by name, in the order of addresses.
    pub fn written(&self) -> Vec<(String, u32)> {
        let start = Space::Sh.range().start;
        let values = self.values.iter().zip((start..).step_by(4));
        let mut all: Vec<(u32, u32)> = values.filter_map(|(value, at)| Some((at, (*value)?))).collect();
        all.extend(self.others.iter().map(|(&at, &value)| (at, value)));
        all.sort_unstable();
        let name = |at| reg::by_address(at).map_or_else(|| format!("{at:#x}"), |desc| desc.name.to_owned());
        all.into_iter().map(|(at, value)| (name(at), value)).collect()
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
    scratch: Option<Scratch>,
    /// Workgroups that the CUs hold at a time; 0 where not even one fits.
    resident: u32,
    float_mode: u8,
    dx10_clamp: bool,
    ieee: bool,
    fp16_ovfl: bool,
}

impl Dispatch {
    /// Reads the registers as the hardware does when a dispatch packet comes by.
    pub fn new(
        part: &Part,
        number: u32,
        registers: &Registers,
        dims: [u32; 3],
        initiator: u32,
    ) -> Result<Self, Refusal> {
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

        // A workgroup goes to a CU that the masks allow, all of them after a reset; masks that allow none make it wait for
        // ever.
        let masks = &CU_MASKS[..part.engines as usize];
        let enabled: Vec<u32> =
            masks.iter().map(|&m| (registers.read(m).unwrap_or(!0) & part.cu_mask()).count_ones()).collect();
        let cus = enabled.iter().sum();
        if cus == 0 {
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
        let engines = enabled.iter().filter(|&&cus| cus != 0).count() as u32;
        let waves = block.iter().product::<u32>().div_ceil(wave_size.lanes());
        let scratch =
            Scratch::new(registers, rsrc2, engines).map_err(|what| Refusal(format!("dispatch {number}: {what}")))?;
        if let Some(scratch) = scratch.filter(|s| s.groups(waves) == 0) {
            return refuse(format!(
                "COMPUTE_TMPRING_SIZE.WAVES is {}, and a workgroup has {waves} waves, which never get their scratch all at once",
                scratch.waves
            ));
        }
        let granule = if wave_size == WaveSize::W32 { 8 } else { 4 };
        let vgprs = (rsrc1.get(COMPUTE_PGM_RSRC1::VGPRS) + 1) * granule;
        let wgp_mode = rsrc1.get(COMPUTE_PGM_RSRC1::WGP_MODE) != 0;
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
            vgprs,
            lds_bytes,
            scratch,
            resident: fits(cus, part.vgprs, wgp_mode, waves, wave_size, vgprs, lds_bytes),
            float_mode,
            dx10_clamp: rsrc1.get(COMPUTE_PGM_RSRC1::DX10_CLAMP) != 0,
            ieee: rsrc1.get(COMPUTE_PGM_RSRC1::IEEE_MODE) != 0,
            fp16_ovfl: rsrc1.get(COMPUTE_PGM_RSRC1::FP16_OVFL) != 0,
        })
    }

    /// What else to say when it faults.
    pub fn suspicion(&self, trap: &Trap) -> Option<String> {
        if self.scratch.is_none() && trap.instruction.as_ref().is_some_and(|i| i.starts_with("scratch_")) {
            return Some("COMPUTE_PGM_RSRC2.SCRATCH_EN is clear, so the wave has no scratch".into());
        }
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
            scratch: self.scratch.is_some(),
        }
    }

    /// Workgroups; more than anybody can run where the product doesn't fit.
    pub fn count(&self) -> u64 {
        self.extent(0).saturating_mul(self.extent(1)).saturating_mul(self.extent(2))
    }

    /// The id of workgroup `index`, counted x first.
    pub fn workgroup(&self, index: u64) -> [u32; 3] {
        let (x, y) = (self.extent(0), self.extent(1));
        let offset = [index % x, index / x % y, index / x / y];
        std::array::from_fn(|i| self.start[i] + offset[i] as u32)
    }

    /// Threads of workgroup `index`, counted x first, and what its waves find in registers; `f` starts it. With scratch,
    /// `slot` says which of the ring's places is its own.
    pub fn with_setup<T>(&self, index: u64, slot: u32, f: impl FnOnce(&GroupSetup<'_>) -> T) -> T {
        let id = self.workgroup(index);
        let block: [u32; 3] =
            std::array::from_fn(|i| if id[i] + 1 == self.end[i] { self.partial[i] } else { self.block[i] });
        let threads: u32 = block.iter().product();
        let mut sgprs = self.sgprs.clone();
        sgprs.extend((0..3).filter(|&i| self.tgid[i]).map(|i| id[i]));
        let tg_size_sgpr = self.tg_size.then_some(sgprs.len() as u8);
        if self.tg_size {
            // Waves of the workgroup in bits 5:0; the wave adds its number.
            sgprs.push(threads.div_ceil(self.wave_size.lanes()));
        }
        let (scratch_base, scratch_wave_bytes) =
            self.scratch.as_ref().map_or((0, 0), |s| (s.base(slot, self.waves()), s.wave_bytes));
        f(&GroupSetup {
            wave_size: self.wave_size,
            threads,
            sgpr_init: &sgprs,
            tg_size_sgpr,
            block,
            tidig_comp_cnt: self.tidig_comp_cnt,
            vgprs: self.vgprs,
            lds_bytes: self.lds_bytes,
            float_mode: self.float_mode,
            dx10_clamp: self.dx10_clamp,
            ieee: self.ieee,
            fp16_ovfl: self.fp16_ovfl,
            workgroup: id,
            scratch_base,
            scratch_wave_bytes,
        })
    }

    /// Waves of a full workgroup.
    fn waves(&self) -> u32 {
        self.block.iter().product::<u32>().div_ceil(self.wave_size.lanes())
    }

    /// Workgroups that a Navi31 can have in its CUs at a time: what registers, LDS, wave slots and scratch allow.
    pub fn residency(&self) -> u32 {
        let slots = self.scratch.as_ref().map_or(u32::MAX, |s| s.groups(self.waves()));
        self.resident.clamp(1, slots)
    }

    /// Whether one workgroup fits into the CUs at all.
    pub fn fits(&self) -> Result<(), String> {
        match self.resident {
            0 => Err(format!(
                "a workgroup of {} waves with {} VGPRs and {} bytes of LDS fits into no CU, and would never start",
                self.waves(),
                self.vgprs,
                self.lds_bytes
            )),
            _ => Ok(()),
        }
    }

    /// Scratch of a wave in bytes; 0 without.
    pub fn scratch_wave_bytes(&self) -> u32 {
        self.scratch.as_ref().map_or(0, |s| s.wave_bytes)
    }

    /// The addresses of its scratch, which no two waves share; empty without.
    pub fn scratch_range(&self) -> Range<u64> {
        self.scratch.as_ref().map_or(0..0, Scratch::range)
    }

    /// Whether each workgroup needs a place in the scratch ring.
    pub fn has_scratch(&self) -> bool {
        self.scratch.is_some()
    }
}

/// The scratch ring of a dispatch.
///
/// COMPUTE_TMPRING_SIZE.WAVES counts for one shader engine; the engines' parts follow one another. A workgroup's waves
/// are in one engine, and each has a place of its own from its start to its end.
#[derive(Debug, Clone, Copy)]
struct Scratch {
    base_va: u64,
    /// Places of a shader engine, and engines.
    waves: u32,
    engines: u32,
    wave_bytes: u32,
}

impl Scratch {
    /// Reads the registers: `None` where the program asks for none.
    fn new(registers: &Registers, rsrc2: COMPUTE_PGM_RSRC2, engines: u32) -> Result<Option<Self>, String> {
        if rsrc2.get(COMPUTE_PGM_RSRC2::SCRATCH_EN) == 0 {
            return Ok(None);
        }
        let need = |address: u32, name: &str| {
            registers.read(address).ok_or_else(|| {
                format!(
                    "COMPUTE_PGM_RSRC2.SCRATCH_EN is set, and {name} was not written in this submission (the waves' scratch would be somebody else's)"
                )
            })
        };
        let ring = need(reg::COMPUTE_TMPRING_SIZE.address(), "COMPUTE_TMPRING_SIZE")?;
        let lo = need(reg::COMPUTE_DISPATCH_SCRATCH_BASE_LO.address(), "COMPUTE_DISPATCH_SCRATCH_BASE_LO")?;
        let hi = need(reg::COMPUTE_DISPATCH_SCRATCH_BASE_HI.address(), "COMPUTE_DISPATCH_SCRATCH_BASE_HI")?;
        let ring = COMPUTE_TMPRING_SIZE::from_bits(ring);
        let waves = ring.get(COMPUTE_TMPRING_SIZE::WAVES);
        let wave_bytes = ring.get(COMPUTE_TMPRING_SIZE::WAVESIZE) * SCRATCH_GRANULE;
        let base_va = canonical((u64::from(hi & 0xff) << 32 | u64::from(lo)) << 8);
        if waves == 0 || wave_bytes == 0 || base_va == 0 {
            return Err(format!(
                "COMPUTE_PGM_RSRC2.SCRATCH_EN is set, and there is no scratch: COMPUTE_TMPRING_SIZE has WAVES {waves} and WAVESIZE {} at {base_va:#x}, so no wave would ever get its part",
                wave_bytes / SCRATCH_GRANULE
            ));
        }
        Ok(Some(Self { base_va, waves, engines, wave_bytes }))
    }

    /// Workgroups of so many waves that find a place at a time.
    fn groups(&self, waves: u32) -> u32 {
        self.waves / waves * self.engines
    }

    /// Where the first wave's scratch of the workgroup in place `slot` begins.
    fn base(&self, slot: u32, waves: u32) -> u64 {
        let of_engine = (self.waves / waves).max(1);
        let wave = slot / of_engine * self.waves + slot % of_engine * waves;
        self.base_va.wrapping_add(u64::from(wave) * u64::from(self.wave_bytes))
    }

    fn range(&self) -> Range<u64> {
        let bytes = u64::from(self.waves) * u64::from(self.engines) * u64::from(self.wave_bytes);
        self.base_va..self.base_va.saturating_add(bytes)
    }
}

/// Workgroups of these needs that the enabled CUs hold at a time; 0 where not even one fits.
///
/// A CU has two SIMDs of 16 waves each and 1536 or 1024 VGPRs for wave32 (half as many for wave64), handed out by a 64th,
/// and half of its WGP's 128 KiB of LDS, handed out by 1 KiB. In WGP mode a workgroup spreads over both CUs.
fn fits(cus: u32, file: u32, wgp_mode: bool, waves: u32, wave_size: WaveSize, vgprs: u32, lds_bytes: u32) -> u32 {
    let (units, simds, lds): (u32, u32, u32) = if wgp_mode { (cus / 2, 4, 128 << 10) } else { (cus, 2, 64 << 10) };
    let file = if wave_size == WaveSize::W32 { file } else { file / 2 };
    let granule = file / 64;
    let of_simd = (file / vgprs.next_multiple_of(granule)).min(16);
    let by_lds = lds.checked_div(lds_bytes.next_multiple_of(1024)).unwrap_or(u32::MAX);
    units * (of_simd * simds / waves).min(by_lds)
}
