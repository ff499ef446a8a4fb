//! Which relocations are settled when linking, and which are left to the loader.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::super::relocatable::Against;
use super::super::{Binding, ObjectError, Place, Reloc, RelocKind, Visibility, shf};
use super::{Input, LinkOptions};

/// Where the loader writes.
#[derive(Clone, Copy)]
pub(super) enum Site {
    /// Input section and offset.
    Section(usize, u64),
    /// Slot of the GOT.
    Got(usize),
}

/// A relocation for the loader: `R_AMDGPU_RELATIVE64`, or `R_AMDGPU_ABS64` where the symbol may be another object's.
pub(super) struct Dynamic {
    pub(super) site: Site,
    pub(super) relative: bool,
    pub(super) against: Against,
    pub(super) addend: i64,
}

#[derive(Default)]
pub(super) struct Scan {
    /// What the GOT's slots hold the addresses of.
    pub(super) got: Vec<Against>,
    pub(super) slot_of: BTreeMap<Against, usize>,
    pub(super) dynamic: Vec<Dynamic>,
    /// By section and relocation: the linker writes the field.
    pub(super) applied: Vec<Vec<bool>>,
}

/// Sections that lld leaves out; with the symbols go the debug sections.
pub(super) fn is_discarded(input: &Input<'_>, options: &LinkOptions, section: usize) -> bool {
    let s = &input.unit.sections[section];
    let debug = s.flags & shf::ALLOC == 0 && s.name.starts_with(".debug");
    debug && !options.symbol_table
        || s.name == ".comment" && options.comment.is_none()
        || s.flags & shf::EXCLUDE != 0
        || s.name == ".note.GNU-stack"
        || s.name == ".note.GNU-split-stack"
}

/// The target's address is the same number wherever the object is loaded.
fn is_absolute(input: &Input<'_>, against: Against) -> bool {
    match against {
        Against::Section(_) => false,
        Against::Symbol(k) => {
            let s = input.symbol(k);
            s.place == Place::Absolute || s.place == Place::Undefined && s.binding == Binding::Weak
        }
    }
}

fn error(input: &Input<'_>, section: usize, r: &Reloc, against: Against, what: &str) -> ObjectError {
    ObjectError::Relocation {
        kind: r.kind.name(),
        symbol: input.name(against),
        section: input.unit.sections[section].name.clone(),
        offset: r.offset,
        what: what.into(),
    }
}

/// Refuses what nothing defines, unless the loader may find it.
fn check_defined(
    input: &Input<'_>,
    options: &LinkOptions,
    section: usize,
    r: &Reloc,
    against: Against,
) -> Result<(), ObjectError> {
    let Against::Symbol(k) = against else { return Ok(()) };
    let s = input.symbol(k);
    let defined = s.place != Place::Undefined || s.binding == Binding::Weak;
    if defined || options.allow_undefined && s.visibility == Visibility::Default {
        return Ok(());
    }
    let section = input.unit.sections[section].name.clone();
    Err(ObjectError::Undefined { symbol: s.name.clone(), section, offset: r.offset })
}

pub(super) fn scan(input: &Input<'_>, options: &LinkOptions) -> Result<Scan, ObjectError> {
    let mut scan = Scan::default();
    let mut wanted: Vec<Against> = Vec::new();
    for (k, s) in input.unit.sections.iter().enumerate() {
        let mut applied = Vec::with_capacity(s.relocs.len());
        let discarded = is_discarded(input, options, k);
        for (r, &(against, addend)) in s.relocs.iter().zip(&input.targets[k]) {
            let bad = |what: &str| Err(error(input, k, r, against, what));
            if discarded {
                applied.push(false);
                continue;
            }
            if let Against::Section(t) = against
                && is_discarded(input, options, t)
            {
                return bad("the linker drops the section that it refers to");
            }
            let absolute = matches!(r.kind, RelocKind::Abs32 | RelocKind::Abs64);
            if s.flags & shf::ALLOC == 0 {
                if !absolute {
                    return bad("a section that is not loaded has no addresses to be relative to");
                }
                applied.push(true);
                continue;
            }
            check_defined(input, options, k, r, against)?;
            let keeps = match r.kind {
                RelocKind::Abs32Lo | RelocKind::Abs32Hi => {
                    return bad("lld does not know this type: addresses are not known before loading");
                }
                RelocKind::GotPcRel | RelocKind::GotPcRel32Lo | RelocKind::GotPcRel32Hi => {
                    wanted.push(against);
                    true
                }
                _ if input.is_preemptible(against) => false,
                _ if absolute => is_absolute(input, against),
                _ => {
                    let weak = matches!(against, Against::Symbol(k) if input.symbol(k).place == Place::Undefined);
                    if is_absolute(input, against) && !weak {
                        return bad("a number has no distance from here");
                    }
                    true
                }
            };
            applied.push(keeps);
            if keeps {
                continue;
            }
            if r.kind != RelocKind::Abs64 {
                return bad("the distance or address is not known before loading");
            }
            if s.flags & shf::WRITE == 0 {
                return bad("the loader would have to write an address into a read-only section");
            }
            let relative = !input.is_preemptible(against);
            scan.dynamic.push(Dynamic { site: Site::Section(k, r.offset), relative, against, addend });
        }
        scan.applied.push(applied);
    }
    // The GOT has the globals' slots first, then the locals', both in the order of the symbol table.
    wanted.sort_unstable();
    wanted.dedup();
    let globals = input.globals.iter().map(|g| Against::Symbol(*g));
    let local = |&(k, section): &(usize, bool)| if section { Against::Section(k) } else { Against::Symbol(k) };
    for against in globals.chain(input.locals.iter().map(local)) {
        if wanted.binary_search(&against).is_err() {
            continue;
        }
        let slot = scan.got.len();
        scan.got.push(against);
        scan.slot_of.insert(against, slot);
        let relative = !input.is_preemptible(against);
        if !relative || !is_absolute(input, against) {
            scan.dynamic.push(Dynamic { site: Site::Got(slot), relative, against, addend: 0 });
        }
    }
    Ok(scan)
}
