//! What a kernel needs, told from its code object or from its instructions.

use isa::analysis::effects;
use isa::{Arch, Op, Target, WaveSize, branch_target};
use pm4::Gfx;
use pm4::reg::{COMPUTE_PGM_HI, COMPUTE_PGM_LO};
use pm4::submission::{CodeProblem, KernelFacts, Located, Ring, Submission, canonical};

use crate::object::{CodeObject, ObjectError};

/// `s_endpgm` of gfx10 and older; gfx11 reads `s_setkill 0`.
const OLD_ENDPGM: u32 = 0xbf81_0000;
/// `s_endpgm` of gfx11.
const ENDPGM: u32 = 0xbfb0_0000;

/// The kernel `name` of a code object whose image lies at `base_va`.
///
/// # Errors
/// [`ObjectError::UnknownKernel`], and an address that is no place for an image.
pub fn of_object(object: &CodeObject, name: &str, base_va: u64) -> Result<KernelFacts, ObjectError> {
    let info = object.kernel(name)?;
    // The address is checked as the loader does it.
    let image = object.image_at(base_va)?;
    let start = (info.entry_offset as usize).min(image.len());
    let end = info.code_size.map_or(image.len(), |size| image.len().min(start + size as usize));
    let wave = if info.wave_size == 32 { WaveSize::W32 } else { WaveSize::W64 };
    let arch = Arch::from_name(object.target());
    // An object of another target is told by its name; its instructions are not ours to judge.
    let walk = arch.map(|arch| walk(&image[start..end], Target::new(arch, wave)));
    let vgprs = match &walk {
        Some(walk) if walk.problem.is_none() && !walk.leaves => walk.vgprs,
        Some(walk) => walk.vgprs.max(info.vgprs),
        None => info.vgprs,
    };
    Ok(KernelFacts {
        vgprs: Some(vgprs),
        scratch_bytes: (!info.uses_dynamic_stack).then_some(info.scratch_bytes),
        problem: walk.and_then(|walk| walk.problem),
        ..info.facts(base_va + info.entry_offset, object.target())
    })
}

/// A program of which only the bytes from its entry on are known. `whole` says that nothing follows them: where it is
/// false, a program that runs beyond them is not complained about.
///
/// VGPRs are the highest that an instruction on a way from the entry names; wave size and arguments stay unknown.
#[must_use]
pub fn of_code(code: &[u8], entry: u64, gfx: Gfx, whole: bool) -> KernelFacts {
    let arch = Arch::from_name(gfx.name()).unwrap_or_default();
    // Instructions are as long in either wave size; those of wave32 only are no mistake here.
    let mut walk = walk(code, Target::new(arch, WaveSize::W32));
    if !whole && walk.problem == Some(CodeProblem::NoEnd) {
        walk.problem = None;
        walk.leaves = true;
    }
    KernelFacts {
        name: format!("code at {entry:#x}"),
        entry,
        vgprs: (walk.problem.is_none() && !walk.leaves).then_some(walk.vgprs),
        problem: walk.problem,
        ..KernelFacts::default()
    }
}

/// Bytes of a program that are looked at.
const CODE_MAX: usize = 1 << 20;
/// Programs of a submission that are looked at.
const ENTRIES_MAX: usize = 256;

/// Adds facts for the programs that the submission dispatches and whose code its buffers' content has, where the
/// submission states none.
pub fn complete(submission: &mut Submission) {
    for entry in entries(submission) {
        if submission.kernels.iter().any(|k| k.entry == entry) {
            continue;
        }
        let Located::In(buffer, offset) = submission.buffers.locate(entry) else { continue };
        let Some(rest) = usize::try_from(offset).ok().and_then(|at| buffer.content.get(at..)) else { continue };
        if rest.is_empty() {
            continue;
        }
        let code = &rest[..rest.len().min(CODE_MAX)];
        let whole = code.len() == rest.len() && buffer.content.len() as u64 >= buffer.bytes;
        let facts = of_code(code, entry, submission.gfx, whole);
        submission.kernels.push(facts);
    }
}

/// The addresses of the programs that the submission's dispatches start, each once, in order of use; of more than
/// 256 the first ones.
#[must_use]
pub fn entries(submission: &Submission) -> Vec<u64> {
    let mut found = Vec::new();
    let (mut low, mut high) = (None, None);
    if submission.ring == Ring::Sdma {
        return found;
    }
    for packet in submission.ibs.iter().flat_map(|ib| pm4::decode(&ib.words)).filter_map(|item| item.packet.ok()) {
        for (address, value) in packet.register_writes() {
            if address == COMPUTE_PGM_LO.address() {
                low = Some(value);
            } else if address == COMPUTE_PGM_HI.address() {
                high = Some(value);
            }
        }
        if let (true, Some(low), Some(high)) = (packet.name().starts_with("DISPATCH_"), low, high) {
            let entry = canonical((u64::from(high) << 32 | u64::from(low)) << 8);
            if found.len() < ENTRIES_MAX && !found.contains(&entry) {
                found.push(entry);
            }
        }
    }
    found
}

/// What a program does, as far as its words tell.
#[derive(Debug, Default)]
struct Walk {
    /// One behind the highest VGPR that is named.
    vgprs: u32,
    /// It jumps, calls or reaches VGPRs through registers, which the words do not show.
    leaves: bool,
    problem: Option<CodeProblem>,
}

/// Follows every way from the first word.
fn walk(code: &[u8], target: Target) -> Walk {
    let words: Vec<u32> = code.as_chunks::<4>().0.iter().map(|&w| u32::from_le_bytes(w)).collect();
    let mut found = follow(&words, target);
    let Some(problem) = &found.problem else { return found };
    let swapped: Vec<u32> = words.iter().map(|w| w.swap_bytes()).collect();
    if follow(&swapped, target).problem.is_none() {
        found.problem = Some(CodeProblem::ByteSwapped);
    } else if let CodeProblem::NotAnInstruction { offset, .. } = *problem {
        // Code of an older target goes wrong early; its end says what it is.
        let from = (offset / 4) as usize;
        let end = words[from..].iter().position(|&w| w == OLD_ENDPGM || w == ENDPGM).map(|at| from + at);
        if let Some(at) = end.filter(|&at| words[at] == OLD_ENDPGM) {
            found.problem = Some(CodeProblem::OldEndpgm { offset: 4 * at as u64 });
        }
    }
    found
}

fn follow(words: &[u32], target: Target) -> Walk {
    let mut out = Walk::default();
    let mut problems: Vec<(u64, CodeProblem)> = Vec::new();
    let mut seen = vec![false; words.len()];
    let mut work = vec![0usize];
    while let Some(mut at) = work.pop() {
        loop {
            let offset = 4 * at as u64;
            let Some(&word) = words.get(at) else {
                problems.push((offset, CodeProblem::NoEnd));
                break;
            };
            if std::mem::replace(&mut seen[at], true) {
                break;
            }
            if word == OLD_ENDPGM {
                problems.push((offset, CodeProblem::OldEndpgm { offset }));
                break;
            }
            let inst = match isa::decode(&words[at..], target) {
                // Padding behind a program, which raises an exception.
                Ok(inst) if inst.op != Op::S_CODE_END => inst,
                Err(isa::DecodeError::Truncated { .. }) => {
                    problems.push((offset, CodeProblem::NoEnd));
                    break;
                }
                _ => {
                    problems.push((offset, CodeProblem::NotAnInstruction { offset, word }));
                    break;
                }
            };
            let used = effects(&inst, target.wave);
            out.vgprs = out.vgprs.max(highest(&used.reads.v)).max(highest(&used.writes.v));
            if let Some(to) = branch_target(&inst, offset) {
                // A target before the entry is another program's business.
                let inside = i64::try_from(to).ok().filter(|&to| to >= 0);
                match inside {
                    Some(to) if to as u64 / 4 <= words.len() as u64 => work.push(to as usize / 4),
                    Some(_) => problems.push((offset, CodeProblem::NoEnd)),
                    None => out.leaves = true,
                }
            }
            match inst.op {
                Op::S_ENDPGM | Op::S_ENDPGM_SAVED | Op::S_BRANCH => break,
                Op::S_SETPC_B64 | Op::S_RFE_B64 => {
                    out.leaves = true;
                    break;
                }
                Op::S_SWAPPC_B64 | Op::S_CALL_B64 => out.leaves = true,
                // VGPRs by way of M0.
                _ if inst.row().name.starts_with("v_movrel") => out.leaves = true,
                _ => {}
            }
            at += inst.len_dw as usize;
        }
    }
    // What is wrong first is what a reader looks for.
    out.problem = problems.into_iter().min_by_key(|(offset, _)| *offset).map(|(_, problem)| problem);
    out
}

/// One behind the highest bit of a set of VGPRs.
fn highest(set: &[u64; 4]) -> u32 {
    let word = set.iter().rposition(|&w| w != 0);
    word.map_or(0, |i| 64 * i as u32 + 64 - set[i].leading_zeros())
}
