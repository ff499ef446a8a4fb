//! Rules of a dispatch: the registers at the moment of its packet, the program, and what that program needs.

use super::hazard::{ANY_LOAD, GLI, Touch};
use super::state::Value;
use super::{Does, Linter, rules};
use crate::dispatch::{LDS_GRANULE, LDS_MAX, THREADS_MAX};
use crate::reg::{
    self, COMPUTE_DISPATCH_INITIATOR as Initiator, COMPUTE_NUM_THREAD_X, COMPUTE_PGM_RSRC1 as Rsrc1,
    COMPUTE_PGM_RSRC2 as Rsrc2, COMPUTE_TMPRING_SIZE, COMPUTE_USER_DATA_COUNT,
};
use crate::submission::{Access, CodeProblem, Effect, KernelFacts, Launch, Located, Use, canonical};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// VGPRs that one wave can have.
const VGPRS_MAX: u32 = 256;

/// The unit of TMPRING_SIZE.WAVESIZE on gfx11, in bytes.
const WAVESIZE_UNIT: u32 = 256;
/// Shader engines that have a mask register.
const MASKS: [u32; 8] = [
    reg::COMPUTE_STATIC_THREAD_MGMT_SE0.address(),
    reg::COMPUTE_STATIC_THREAD_MGMT_SE1.address(),
    reg::COMPUTE_STATIC_THREAD_MGMT_SE2.address(),
    reg::COMPUTE_STATIC_THREAD_MGMT_SE3.address(),
    reg::COMPUTE_STATIC_THREAD_MGMT_SE4.address(),
    reg::COMPUTE_STATIC_THREAD_MGMT_SE5.address(),
    reg::COMPUTE_STATIC_THREAD_MGMT_SE6.address(),
    reg::COMPUTE_STATIC_THREAD_MGMT_SE7.address(),
];

impl<'a> Linter<'a> {
    /// A dispatch packet: `dims` where they are known, `indirect` where they are read from memory.
    pub(super) fn dispatch(&mut self, dims: Option<[u32; 3]>, indirect: Option<u64>, initiator: Initiator) {
        self.dispatches += 1;
        let number = self.dispatches;
        let launch = self.launch(dims, indirect, initiator);
        let (planned, kernel) = (self.planned_launch(), launch.as_ref().and_then(|(l, _)| self.kernel(l.entry)));
        let mut touches = Vec::new();
        let mut arguments = 0;
        // Where waves may write, for who asks what memory holds afterwards.
        let mut uses = Vec::new();
        if let (Some((launch, _)), Some(kernel)) = (&launch, kernel) {
            self.check_kernel(kernel, launch);
            (arguments, uses) = self.arguments(kernel, launch, &mut touches);
        }
        if let Some((launch, _)) = &launch {
            self.check_entry(launch, kernel.is_some());
            touches.push(Touch {
                range: launch.entry..launch.entry.saturating_add(4),
                access: Access::RX,
                through: GLI,
            });
        }
        // What the plan states is exact; arguments say where memory begins that is used, and not where it ends.
        let stated = planned.filter(|l| !l.uses.is_empty());
        if let Some(plan) = stated {
            let code = touches.len().saturating_sub(1);
            touches.drain(code - arguments..code);
            touches.extend(plan.uses.iter().map(|u| {
                let start = canonical(u.range.start);
                let range = start..start.saturating_add(u.range.end.saturating_sub(u.range.start));
                Touch { range, access: u.access, through: ANY_LOAD }
            }));
            uses.clone_from(&plan.uses);
        }
        let known = stated.is_some() || arguments > 0;
        self.used_by_dispatch(number, &touches, known);
        match launch {
            Some((mut launch, loaded)) => {
                launch.uses = written(&uses);
                self.step(Does::Launch(Effect::Dispatch(launch), loaded));
            }
            None => self.step(Does::Unclear),
        }
    }

    /// The plan's entry for the dispatch that is looked at.
    fn planned_launch(&mut self) -> Option<&'a Launch> {
        let plan = self.submission.plan.as_ref()?;
        while let Some(effect) = plan.get(self.plan_cursor) {
            self.plan_cursor += 1;
            if let Effect::Dispatch(launch) = effect {
                return Some(launch);
            }
        }
        None
    }

    /// The program that begins at an address.
    fn kernel(&self, entry: u64) -> Option<&'a KernelFacts> {
        self.submission.kernels.iter().find(|k| canonical(k.entry) == entry)
    }

    /// The registers as the hardware takes them, with the user SGPRs that were loaded from memory. `None` where the
    /// dispatch cannot start or not everything is known.
    fn launch(&mut self, dims: Option<[u32; 3]>, indirect: Option<u64>, initiator: Initiator) -> Option<(Launch, u32)> {
        let flag = |field| initiator.get(field) != 0;
        if !flag(Initiator::COMPUTE_SHADER_EN) {
            let message = format!("the initiator is {:#x}", initiator.bits());
            self.find(&rules::NO_SHADER_EN, message);
            return None;
        }
        let senseless = [
            ("RESTORE", Initiator::RESTORE),
            ("RESERVED", Initiator::RESERVED),
            ("AMP_SHADER_EN", Initiator::AMP_SHADER_EN),
            ("ORDERED_APPEND_ENBL", Initiator::ORDERED_APPEND_ENBL),
            ("ORDERED_APPEND_MODE", Initiator::ORDERED_APPEND_MODE),
        ];
        if let Some((name, _)) = senseless.iter().find(|(_, field)| flag(*field)) {
            let message = format!("{name} in the initiator {:#x}", initiator.bits());
            self.find(&rules::INITIATOR, message);
        }
        let entry = self.program();
        self.check_masks();
        let (rsrc1, rsrc2) = self.resources();
        let (block, partial) = self.threads(initiator, dims)?;
        let (start, end) = self.grid(initiator, indirect.is_none(), dims, block);
        let wave32 = flag(Initiator::CS_W32_EN);
        let (rsrc1, rsrc2) = (rsrc1?, rsrc2?);
        if rsrc1.get(Rsrc1::PRIV) != 0 {
            self.find(&rules::PRIV, format!("COMPUTE_PGM_RSRC1 = {:#010x}", rsrc1.bits()));
        }
        let count = rsrc2.get(Rsrc2::USER_SGPR);
        if count > COMPUTE_USER_DATA_COUNT {
            self.find(&rules::USER_SGPR_LIMIT, format!("RSRC2.USER_SGPR = {count}"));
        }
        let mut loaded = 0;
        let mut unset = 0u32;
        let user_data: Vec<Option<u32>> = (0..count.min(COMPUTE_USER_DATA_COUNT))
            .map(|i| match self.registers.get(reg::COMPUTE_USER_DATA_0.address() + 4 * i) {
                Value::Known(value) => Some(value),
                Value::Unknown => {
                    loaded |= 1 << i;
                    None
                }
                Value::Unset => {
                    unset |= 1 << i;
                    None
                }
            })
            .collect();
        if unset != 0 {
            let names: Vec<String> = (0..16).filter(|i| unset >> i & 1 != 0).map(|i| format!("{i}")).collect();
            self.find(&rules::USER_DATA_UNSET, format!("COMPUTE_USER_DATA_{}", names.join(", ")));
        }
        let lds_bytes = rsrc2.get(Rsrc2::LDS_SIZE) * LDS_GRANULE;
        if lds_bytes > LDS_MAX {
            self.find(&rules::LDS_LIMIT, format!("LDS_SIZE asks for {lds_bytes} bytes, and there are {LDS_MAX}"));
        }
        let scratch_bytes = self.scratch(rsrc2, wave32);
        let mode = [Rsrc1::FLOAT_MODE, Rsrc1::DX10_CLAMP, Rsrc1::IEEE_MODE, Rsrc1::FP16_OVFL];
        let granule = if wave32 { 8 } else { 4 };
        let vgprs = (rsrc1.get(Rsrc1::VGPRS) + 1) * granule;
        if vgprs > VGPRS_MAX {
            self.find(&rules::VGPRS_LIMIT, format!("RSRC1 asks for {vgprs} VGPRs, and a wave has {VGPRS_MAX}"));
        }
        let launch = Launch {
            entry: entry?,
            wave32,
            block,
            partial,
            start: start?,
            end: end.unwrap_or([0; 3]),
            indirect,
            user_data,
            workgroup_ids: [Rsrc2::TGID_X_EN, Rsrc2::TGID_Y_EN, Rsrc2::TGID_Z_EN].map(|f| rsrc2.get(f) != 0),
            group_size_sgpr: rsrc2.get(Rsrc2::TG_SIZE_EN) != 0,
            local_ids: rsrc2.get(Rsrc2::TIDIG_COMP_CNT),
            mode: mode.iter().fold(0, |bits, f| bits | rsrc1.bits() & f.desc.mask()),
            vgprs,
            lds_bytes,
            scratch_bytes,
            uses: Vec::new(),
        };
        Some((launch, loaded))
    }

    /// The program's address.
    fn program(&mut self) -> Option<u64> {
        let lo = self.registers.get(reg::COMPUTE_PGM_LO.address());
        let hi = self.registers.get(reg::COMPUTE_PGM_HI.address());
        let rsrc1 = self.registers.get(reg::COMPUTE_PGM_RSRC1.address());
        // No grid that anybody wants starts at workgroup 256 or beyond.
        let start = self.registers.get(reg::COMPUTE_START_X.address()).known().filter(|&x| x >= 0x100);
        if let Some(value) = start.filter(|_| lo.is_unset() || rsrc1.is_unset()) {
            let missing = if lo.is_unset() { "COMPUTE_PGM_LO" } else { "COMPUTE_PGM_RSRC1" };
            let message = format!("{missing} is not written, and COMPUTE_START_X (offset 0x204) is {value:#x}");
            self.find(&rules::SHIFTED_REGISTERS, message);
        } else if lo.is_unset() {
            self.find(&rules::NO_PROGRAM, String::from("COMPUTE_PGM_LO is not written in this submission"));
        } else if hi.is_unset() {
            let message = String::from("COMPUTE_PGM_HI is not written in this submission");
            self.find(&rules::PROGRAM_HIGH_UNSET, message);
        }
        let (lo, hi) = (u64::from(lo.known()?), u64::from(hi.known()? & 0xff));
        Some(canonical((hi << 32 | lo) << 8))
    }

    fn check_masks(&mut self) {
        let engines = self.submission.shader_engines.unwrap_or(8).clamp(1, 8) as usize;
        let masks: Vec<Value> = MASKS[..engines].iter().map(|&m| self.registers.get(m)).collect();
        if masks.iter().all(|m| m.is_unset()) {
            let message = format!("COMPUTE_STATIC_THREAD_MGMT_SE0 to SE{} are not written", engines - 1);
            self.find(&rules::CU_MASK_UNSET, message);
            return;
        }
        // Navi31 has eight CUs in a shader array; other targets have no more, and the number is not known here.
        let exists = if self.submission.gfx == crate::Gfx::Gfx1100 { 0x00ff_00ff } else { u32::MAX };
        let none = |m: &Value| match m {
            Value::Known(bits) => bits & exists == 0,
            Value::Unset => true,
            Value::Unknown => false,
        };
        if masks.iter().all(none) {
            let message = format!("COMPUTE_STATIC_THREAD_MGMT_SE0 to SE{} have no bit of a CU", engines - 1);
            self.find(&rules::CU_MASK_ZERO, message);
            return;
        }
        let unset: Vec<usize> = (0..engines).filter(|&i| masks[i].is_unset()).collect();
        if !unset.is_empty() && self.submission.shader_engines.is_some() {
            let message = format!("of {engines} shader engines, the CU masks of {unset:?} are not written");
            self.find(&rules::CU_MASK_UNSET, message);
        }
    }

    fn resources(&mut self) -> (Option<Rsrc1>, Option<Rsrc2>) {
        let values =
            [reg::COMPUTE_PGM_RSRC1.address(), reg::COMPUTE_PGM_RSRC2.address()].map(|a| self.registers.get(a));
        for (value, name) in values.iter().zip(["COMPUTE_PGM_RSRC1", "COMPUTE_PGM_RSRC2"]) {
            if value.is_unset() {
                self.find(&rules::NO_RESOURCES, format!("{name} is not written in this submission"));
            }
        }
        (values[0].known().map(Rsrc1::from_bits), values[1].known().map(Rsrc2::from_bits))
    }

    /// Threads of a full workgroup and of the last one.
    fn threads(&mut self, initiator: Initiator, dims: Option<[u32; 3]>) -> Option<([u32; 3], [u32; 3])> {
        let flag = |field| initiator.get(field) != 0;
        let (mut block, mut partial) = ([0; 3], [0; 3]);
        let mut bad = false;
        for (i, letter) in ['X', 'Y', 'Z'].into_iter().enumerate() {
            let value = self.registers.get(reg::COMPUTE_NUM_THREAD_X.address() + 4 * i as u32);
            let threads = match value {
                Value::Known(bits) => COMPUTE_NUM_THREAD_X::from_bits(bits),
                Value::Unknown => {
                    bad = true;
                    continue;
                }
                Value::Unset => {
                    bad = true;
                    self.find(&rules::NO_THREADS, format!("COMPUTE_NUM_THREAD_{letter} is not written"));
                    continue;
                }
            };
            block[i] = threads.get(COMPUTE_NUM_THREAD_X::NUM_THREAD_FULL);
            partial[i] = threads.get(COMPUTE_NUM_THREAD_X::NUM_THREAD_PARTIAL);
            if block[i] == 0 {
                bad = true;
                self.find(&rules::NO_THREADS, format!("COMPUTE_NUM_THREAD_{letter} is 0"));
            }
        }
        if bad {
            return None;
        }
        if flag(Initiator::USE_THREAD_DIMENSIONS) {
            for i in 0..3 {
                partial[i] = dims.map_or(0, |d| d[i] % block[i]);
            }
        } else if !flag(Initiator::PARTIAL_TG_EN) {
            partial = [0; 3];
        }
        for i in 0..3 {
            if partial[i] == 0 {
                partial[i] = block[i];
            }
        }
        let threads = block.iter().try_fold(1u32, |n, &b| n.checked_mul(b)).unwrap_or(u32::MAX);
        if threads > THREADS_MAX {
            let message = format!("{} x {} x {} threads", block[0], block[1], block[2]);
            self.find(&rules::TOO_MANY_THREADS, message);
        }
        if (0..3).any(|i| partial[i] > block[i]) {
            let message = format!("full {block:?}, last {partial:?}");
            self.find(&rules::PARTIAL_GROUP, message);
        }
        Some((block, partial))
    }

    /// The first workgroup, and the one behind the last.
    fn grid(
        &mut self,
        initiator: Initiator,
        direct: bool,
        dims: Option<[u32; 3]>,
        block: [u32; 3],
    ) -> (Option<[u32; 3]>, Option<[u32; 3]>) {
        let mut start = Some([0; 3]);
        if initiator.get(Initiator::FORCE_START_AT_000) == 0 {
            let values = [0, 1, 2].map(|i| self.registers.get(reg::COMPUTE_START_X.address() + 4 * i));
            if values.iter().any(|v| v.is_unset()) {
                let message = String::from("FORCE_START_AT_000 is clear and COMPUTE_START_X, Y or Z is not written");
                self.find(&rules::START_UNSET, message);
            }
            start = match values.map(Value::known) {
                [Some(x), Some(y), Some(z)] => Some([x, y, z]),
                _ => None,
            };
        }
        let threads = initiator.get(Initiator::USE_THREAD_DIMENSIONS) != 0;
        let end = dims.map(|d| if threads { [0, 1, 2].map(|i| d[i].div_ceil(block[i])) } else { d });
        if let (Some(start), Some(end)) = (start, end)
            && (0..3).any(|i| end[i] <= start[i])
        {
            let source = if direct { "the packet" } else { "memory" };
            let message = format!("workgroups from {start:?} to below {end:?}, from {source}");
            self.find(&rules::EMPTY_GRID, message);
        }
        (start, end.filter(|_| direct))
    }

    /// Scratch of a lane, from TMPRING_SIZE.
    fn scratch(&mut self, rsrc2: Rsrc2, wave32: bool) -> u32 {
        if rsrc2.get(Rsrc2::SCRATCH_EN) == 0 {
            return 0;
        }
        let ring = self.registers.get(reg::COMPUTE_TMPRING_SIZE.address());
        let lo = self.registers.get(reg::COMPUTE_DISPATCH_SCRATCH_BASE_LO.address());
        let hi = self.registers.get(reg::COMPUTE_DISPATCH_SCRATCH_BASE_HI.address());
        if [ring, lo, hi].iter().any(|v| v.is_unset()) {
            let message =
                String::from("COMPUTE_TMPRING_SIZE or COMPUTE_DISPATCH_SCRATCH_BASE is not written in this submission");
            self.find(&rules::SCRATCH_UNSET, message);
        }
        let Some(ring) = ring.known().map(COMPUTE_TMPRING_SIZE::from_bits) else { return 0 };
        let wave_bytes = ring.get(COMPUTE_TMPRING_SIZE::WAVESIZE) * WAVESIZE_UNIT;
        if ring.get(COMPUTE_TMPRING_SIZE::WAVES) == 0 || wave_bytes == 0 {
            self.find(&rules::SCRATCH_UNSET, format!("COMPUTE_TMPRING_SIZE = {:#x}", ring.bits()));
        } else if let (Some(lo), Some(hi)) = (lo.known(), hi.known()) {
            let base = canonical((u64::from(hi & 0xff) << 32 | u64::from(lo)) << 8);
            let bytes = u64::from(ring.get(COMPUTE_TMPRING_SIZE::WAVES)) * u64::from(wave_bytes);
            self.check_memory(&"scratch", base, bytes, Access::RW);
        }
        wave_bytes / if wave32 { 32 } else { 64 }
    }

    /// Whether there is code at the entry.
    fn check_entry(&mut self, launch: &Launch, known: bool) {
        let entry = launch.entry;
        let kernels = &self.submission.kernels;
        if !known && !kernels.is_empty() {
            // As they stand in the registers: bits 39:0 of what should have been shifted by 8.
            let raw = canonical(entry) >> 8 & 0xff_ffff_ffff;
            if let Some(kernel) = kernels.iter().find(|k| raw != 0 && canonical(k.entry) & 0xff_ffff_ffff == raw) {
                let message = format!("PGM_HI and PGM_LO hold {raw:#x}, the address of {} itself", kernel.name);
                return self.find(&rules::UNSHIFTED_PROGRAM, message);
            }
        }
        let readable = self.check_memory(&"the program", entry, 4, Access::RX);
        if known || kernels.is_empty() || !readable {
            return;
        }
        let near = kernels.iter().filter(|k| canonical(k.entry) <= entry).max_by_key(|k| canonical(k.entry));
        let hint = match (near, self.submission.buffers.locate(entry)) {
            (Some(k), _) if entry - canonical(k.entry) < 1 << 20 => {
                format!("{:#x} bytes behind {}", entry - canonical(k.entry), k.name)
            }
            (_, Located::In(buffer, offset)) => format!("in {} + {offset:#x}", buffer.name),
            _ => String::from("none is near"),
        };
        self.find(&rules::NOT_AN_ENTRY, format!("{entry:#x}: {hint}"));
    }

    /// What the program needs, against what the dispatch gives.
    fn check_kernel(&mut self, kernel: &KernelFacts, launch: &Launch) {
        let name = &kernel.name;
        if let Some(target) = kernel.target.as_deref() {
            // `gfx1100`, or a triple or target id that has it as its last part before the features.
            let base = target.split(':').next().unwrap_or(target);
            let base = base.rsplit('-').next().unwrap_or(base);
            if !base.is_empty() && base != self.submission.gfx.name() && !is_generic(base) {
                let message = format!("{name} is for {target}, the device is {}", self.submission.gfx);
                self.find(&rules::OTHER_TARGET, message);
            }
        }
        match &kernel.problem {
            Some(CodeProblem::ByteSwapped) => {
                self.find(&rules::BYTE_SWAPPED, format!("{name} at {:#x}", launch.entry));
            }
            Some(CodeProblem::OldEndpgm { offset }) => {
                self.find(&rules::OLD_ENDPGM, format!("{name} + {offset:#x} is 0xbf810000"));
            }
            Some(CodeProblem::NotAnInstruction { offset, word }) => {
                self.find(&rules::NOT_CODE, format!("{name} + {offset:#x} is {word:#010x}"));
            }
            Some(CodeProblem::NoEnd) => {
                self.find(&rules::NOT_CODE, format!("{name} has no end in its buffer"));
            }
            None => {}
        }
        let other_size = kernel.wave32.is_some_and(|w| w != launch.wave32);
        if other_size {
            let lanes = |wave32| if wave32 { 32 } else { 64 };
            let message = format!(
                "{name} is built for {} lanes, the initiator starts {}",
                lanes(!launch.wave32),
                lanes(launch.wave32)
            );
            self.find(&rules::WAVE_SIZE, message);
        }
        let more = |need: Option<u32>, have: u32| need.filter(|&need| need > have);
        // The granule goes with the wave size.
        if let Some(need) = more(kernel.vgprs, launch.vgprs).filter(|_| !other_size) {
            let message = format!("{name} uses {need} VGPRs, RSRC1 allocates {}", launch.vgprs);
            self.find(&rules::VGPRS, message);
        }
        if let Some(need) = more(kernel.lds_bytes, launch.lds_bytes) {
            let message = format!("{name} uses {need} bytes of LDS, RSRC2 allocates {}", launch.lds_bytes);
            self.find(&rules::LDS_TOO_SMALL, message);
        }
        if let Some(need) = more(kernel.scratch_bytes, launch.scratch_bytes) {
            if launch.scratch_bytes == 0 {
                let message = format!("{name} uses {need} bytes of scratch a lane");
                self.find(&rules::SCRATCH_DISABLED, message);
            } else {
                let have = launch.scratch_bytes;
                self.find(&rules::SCRATCH_SMALL, format!("{name} uses {need} bytes a lane, WAVESIZE gives {have}"));
            }
        }
        let count = launch.user_data.len() as u32;
        if kernel.user_sgprs.is_some_and(|n| n != count) {
            let need = kernel.user_sgprs.unwrap_or(0);
            self.find(&rules::USER_SGPR_COUNT, format!("{name} has {need} user SGPRs, RSRC2 says {count}"));
        }
        let threads: u32 = launch.block.iter().fold(1, |n: u32, &b| n.saturating_mul(b));
        if let Some(block) = kernel.required_block.filter(|b| *b != launch.block) {
            let message = format!("{name} takes workgroups of {block:?}, NUM_THREAD is {:?}", launch.block);
            self.find(&rules::BLOCK_OF_KERNEL, message);
        } else if let Some(most) = kernel.max_threads.filter(|&most| threads > most) {
            let message = format!("{name} takes at most {most} threads, NUM_THREAD is {:?}", launch.block);
            self.find(&rules::BLOCK_OF_KERNEL, message);
        }
    }

    /// The argument block, and the memory behind its pointers: how many of those there are, and the buffers that they
    /// point into, where all are known.
    fn arguments(&mut self, kernel: &KernelFacts, launch: &Launch, touches: &mut Vec<Touch>) -> (usize, Vec<Use>) {
        let Some(first) = kernel.kernarg_sgpr.filter(|_| kernel.kernarg_bytes > 0) else { return (0, Vec::new()) };
        let name = &kernel.name;
        let half = |i: u32| self.registers.get(reg::COMPUTE_USER_DATA_0.address() + 4 * i);
        let halves = [half(first), half(first.saturating_add(1))];
        if first >= COMPUTE_USER_DATA_COUNT - 1 || first as usize + 1 >= launch.user_data.len().max(1) {
            return (0, Vec::new());
        }
        if halves.iter().any(|h| h.is_unset()) {
            let message = format!("{name} reads its arguments through s[{first}:{}]", first + 1);
            self.find(&rules::KERNARG_UNSET, message);
            return (0, Vec::new());
        }
        let [Some(lo), Some(hi)] = halves.map(Value::known) else { return (0, Vec::new()) };
        let block = canonical(u64::from(hi) << 32 | u64::from(lo));
        let bytes = u64::from(kernel.kernarg_bytes);
        let map = &self.submission.buffers;
        if !map.is_empty() {
            let wrong = match map.locate(block) {
                Located::Nowhere { .. } => Some(String::from("in no buffer")),
                Located::In(b, _) if !b.residency.is_usable() => Some(format!("in {}, {}", b.name, b.residency.name())),
                Located::In(b, offset) if b.bytes - offset < bytes => {
                    Some(format!("in {}, with {:#x} bytes left there", b.name, b.bytes - offset))
                }
                Located::In(b, _) if !b.access.read => Some(format!("in {}, mapped {}", b.name, b.access)),
                Located::In(..) => None,
            };
            if let Some(wrong) = wrong {
                let message = format!("{name} has {bytes:#x} bytes of arguments at {block:#x}, {wrong}");
                self.find(&rules::KERNARG_MEMORY, message);
                return (0, Vec::new());
            }
        }
        let range = block..block.saturating_add(bytes);
        touches.push(Touch { range, access: Access::R, through: ANY_LOAD });
        let before = touches.len();
        let (mut uses, mut complete) = (Vec::new(), true);
        for pointer in &kernel.pointers {
            let at = block.wrapping_add(u64::from(pointer.offset));
            let (Some(lo), Some(hi)) = (self.dword_now(at), self.dword_now(at.wrapping_add(4))) else {
                complete = false;
                continue;
            };
            let va = canonical(u64::from(hi) << 32 | u64::from(lo));
            if va == 0 {
                continue;
            }
            if self.check_memory(&format_args!("{name}, argument {}", pointer.name), va, 1, pointer.access) {
                match map.locate(va) {
                    Located::In(buffer, _) => uses.push(Use { range: buffer.range(), access: pointer.access }),
                    Located::Nowhere { .. } => complete = false,
                }
                touches.push(Touch { range: va..va.saturating_add(4), access: pointer.access, through: ANY_LOAD });
            }
        }
        (touches.len() - before, if complete { uses } else { Vec::new() })
    }
}

/// What is written of the memory that a dispatch uses: in order, and no two ranges overlap. Where nothing is, one entry
/// that only reads, since none at all would mean that nothing is known.
fn written(uses: &[Use]) -> Vec<Use> {
    let mut ranges: Vec<_> = uses
        .iter()
        .filter(|u| u.access.write && u.range.start < u.range.end)
        .map(|u| {
            let start = canonical(u.range.start);
            start..start.saturating_add(u.range.end - u.range.start)
        })
        .collect();
    ranges.sort_unstable_by_key(|r| r.start);
    let mut written: Vec<Use> = Vec::new();
    for range in ranges {
        match written.last_mut() {
            Some(last) if range.start <= last.range.end => last.range.end = last.range.end.max(range.end),
            _ => written.push(Use { range, access: Access::W }),
        }
    }
    if written.is_empty() {
        written.extend(uses.first().map(|u| Use { range: u.range.clone(), access: Access::R }));
    }
    written
}

/// Targets that several devices of gfx11 run.
fn is_generic(target: &str) -> bool {
    target == "gfx11-generic" || target == "generic"
}
