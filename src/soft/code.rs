//! A look at the program before it runs: what its bytes and the kernel descriptor beside it say.
//!
//! A stream doesn't say what the code is. But a code object's image has the kernel descriptor, whose offset to the
//! entry point finds it again; and code that isn't gfx11's can be told by how it ends.

use std::sync::Arc;

use isa::{Op, WaveSize};
use isa_exec::Memory;
use pm4::reg::{COMPUTE_PGM_RSRC1, COMPUTE_PGM_RSRC2};

use super::arena::PAGE;
use super::dispatch::Dispatch;
use super::memory::VmMemory;
use super::vm::Vm;
use crate::object::{DESCRIPTOR_BYTES, KernelDescriptor};

/// s_endpgm of gfx11, and of gfx10 and older, where gfx11 has s_setkill.
const S_ENDPGM: u32 = 0xbfb0_0000;
const S_ENDPGM_GFX10: u32 = 0xbf81_0000;
/// Dwords of code that are looked at.
const CODE_DW: usize = 4096;
/// How far from the entry point a descriptor is looked for: read-only data precedes code in every linker's layout.
const BEFORE: u64 = 4 << 20;
const AFTER: u64 = 64 << 10;
/// Mappings that are looked at: the code's, and those below it of the same buffer.
const SEGMENTS: usize = 8;

/// Why the code is not for gfx11; `None` where nothing speaks against it.
pub fn foreign(vm: &Vm, entry: u64, wave: WaveSize) -> Option<String> {
    let words = words(vm, entry);
    let mut at = 0;
    while let Some(inst) = words.get(at..).filter(|w| !w.is_empty()).and_then(|w| isa::decode(w, wave).ok()) {
        match inst.op {
            Op::S_ENDPGM => return None,
            Op::S_SETKILL if words[at] == S_ENDPGM_GFX10 => {
                return Some(format!(
                    "the code at {:#x} has {S_ENDPGM_GFX10:#010x}: this is s_endpgm of gfx10 and older, and s_setkill on gfx11, whose s_endpgm is {S_ENDPGM:#010x}",
                    entry + 4 * at as u64
                ));
            }
            _ => {}
        }
        at += usize::from(inst.len_dw.max(1));
    }
    // It doesn't end as it stands. Bytes the other way round?
    let swapped = words.iter().position(|w| matches!(w.swap_bytes(), S_ENDPGM | S_ENDPGM_GFX10))?;
    Some(format!(
        "the code at {entry:#x} has no s_endpgm, but {:#010x} at {:#x}, which is one with its bytes swapped: instructions are little-endian dwords",
        words[swapped],
        entry + 4 * swapped as u64
    ))
}

/// The code's dwords, as far as they are mapped for execution.
fn words(vm: &Vm, entry: u64) -> Vec<u32> {
    let mut memory = VmMemory::new(vm);
    let mut words = vec![0; CODE_DW];
    match memory.fetch(entry, &mut words) {
        Ok(n) => words.truncate(n),
        Err(_) => words.clear(),
    }
    words
}

/// The kernel descriptor of this entry point and its address: 64 bytes in the same buffer whose entry offset leads
/// there and whose reserved bytes are zero. Segments with permissions of their own are mappings of their own.
fn descriptor(vm: &Vm, entry: u64) -> Option<(u64, KernelDescriptor)> {
    let code = vm.lookup(entry)?;
    let below = std::iter::successors(Some(Arc::clone(&code)), |mapping| {
        let below = vm.lookup(mapping.start.checked_sub(1)?)?;
        (Arc::ptr_eq(&below.storage, &mapping.storage) && below.end - below.start + below.offset == mapping.offset)
            .then_some(below)
    });
    below.take(SEGMENTS).find_map(|mapping| {
        let arena = mapping.storage.arena();
        let first = mapping.start.max(entry.saturating_sub(BEFORE) & !(PAGE - 1));
        let last = mapping.end.min(entry.saturating_add(AFTER)).checked_sub(DESCRIPTOR_BYTES as u64)?;
        (first..=last).step_by(DESCRIPTOR_BYTES).find_map(|va| {
            let at = mapping.arena_offset(va);
            let offset = u64::from(arena.load_u32(at + 16)) | u64::from(arena.load_u32(at + 20)) << 32;
            if offset == 0 || va.wrapping_add(offset) != entry {
                return None;
            }
            let mut bytes = [0; DESCRIPTOR_BYTES];
            arena.read(at, &mut bytes);
            let empty = |range: std::ops::Range<usize>| bytes[range].iter().all(|&b| b == 0);
            (empty(12..16) && empty(24..44) && empty(60..64)).then(|| (va, KernelDescriptor::from_bytes(&bytes)))
        })
    })
}

/// What the registers say against the kernel's descriptor, where there is one.
pub fn unlike_descriptor(
    vm: &Vm,
    dispatch: &Dispatch,
    rsrc1: COMPUTE_PGM_RSRC1,
    rsrc2: COMPUTE_PGM_RSRC2,
) -> Option<String> {
    let (va, kernel) = descriptor(vm, dispatch.entry())?;
    let beside = format!("the kernel descriptor at {va:#x}");
    let lanes = dispatch.wave_size().lanes();
    if kernel.wave_size() != lanes {
        let state = if lanes == 32 { "set" } else { "clear" };
        return Some(format!(
            "CS_W32_EN is {state} in the initiator, so waves have {lanes} lanes, and {beside} was built for wave{}",
            kernel.wave_size()
        ));
    }
    let theirs = COMPUTE_PGM_RSRC2::from_bits(kernel.compute_pgm_rsrc2);
    let layout = [
        ("USER_SGPR", COMPUTE_PGM_RSRC2::USER_SGPR),
        ("TGID_X_EN", COMPUTE_PGM_RSRC2::TGID_X_EN),
        ("TGID_Y_EN", COMPUTE_PGM_RSRC2::TGID_Y_EN),
        ("TGID_Z_EN", COMPUTE_PGM_RSRC2::TGID_Z_EN),
        ("TG_SIZE_EN", COMPUTE_PGM_RSRC2::TG_SIZE_EN),
        ("SCRATCH_EN", COMPUTE_PGM_RSRC2::SCRATCH_EN),
    ];
    for (name, field) in layout {
        let (have, want) = (rsrc2.get(field), theirs.get(field));
        if have != want {
            return Some(format!("COMPUTE_PGM_RSRC2.{name} is {have}, and {beside} says {want}"));
        }
    }
    let (have, want) = (rsrc2.get(COMPUTE_PGM_RSRC2::TIDIG_COMP_CNT), theirs.get(COMPUTE_PGM_RSRC2::TIDIG_COMP_CNT));
    if have < want {
        return Some(format!("COMPUTE_PGM_RSRC2.TIDIG_COMP_CNT is {have}, and {beside} says {want}"));
    }
    let need = u64::from(kernel.private_segment_fixed_size) * u64::from(lanes);
    if need > dispatch.scratch_wave_bytes().into() {
        return Some(format!(
            "COMPUTE_TMPRING_SIZE.WAVESIZE gives a wave {} bytes of scratch, and {beside} asks for {need}",
            dispatch.scratch_wave_bytes()
        ));
    }
    let want = COMPUTE_PGM_RSRC1::from_bits(kernel.compute_pgm_rsrc1).get(COMPUTE_PGM_RSRC1::VGPRS);
    let have = rsrc1.get(COMPUTE_PGM_RSRC1::VGPRS);
    (have < want).then(|| format!("COMPUTE_PGM_RSRC1.VGPRS is {have} granules, and {beside} says {want}"))
}
