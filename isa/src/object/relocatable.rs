//! The relocatable file (`.o`), as llvm-mc lays it out.
//!
//! The file has the header, the sections' bytes in order, the symbol table, the relocation records, the address
//! significance table, one string table for sections and symbols, and the section headers. In the section table, a
//! section's relocations follow it, the string table is first and the symbol table last.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::elf::{
    ET_REL, Ehdr, RELA_BYTES, SHN_ABS, SHN_AMDGPU_LDS, SHN_COMMON, SHT_LLVM_ADDRSIG, SHT_RELA, SHT_STRTAB, SHT_SYMTAB,
    SYM_BYTES, Shdr, Sym, check, check_size, put32, put64, st_info, st_other,
};
use super::{Binding, ObjectError, Place, Reloc, RelocKind, SymbolKind, Unit, shf, sht, strtab};

const SHF_INFO_LINK: u64 = 0x40;

/// What a relocation record refers to: a symbol of the unit, or the start of a section.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Against {
    Symbol(usize),
    Section(usize),
}

/// Whether MC keeps the symbol in the record; it takes the section's symbol otherwise.
pub(super) fn against(unit: &Unit, r: &Reloc) -> (Against, i64) {
    let s = &unit.symbols[r.symbol];
    let Place::Section(section) = s.place else { return (Against::Symbol(r.symbol), r.addend) };
    if s.kind == SymbolKind::Section {
        return (Against::Section(section), r.addend);
    }
    let flags = unit.sections[section].flags;
    // An addend into a mergeable section may leave the element: only the symbol says which element is meant.
    let merged = flags & shf::MERGE != 0 && r.addend != 0;
    if s.binding != Binding::Local || merged || flags & shf::TLS != 0 || r.kind == RelocKind::GotPcRel {
        return (Against::Symbol(r.symbol), r.addend);
    }
    (Against::Section(section), r.addend.wrapping_add(s.value.cast_signed()))
}

/// The symbol table: file index of each unit symbol and of each section's symbol.
pub(super) struct Symbols {
    /// In file order, without the null symbol: an index of a symbol, or of a section where the flag is set.
    pub(super) records: Vec<(usize, bool)>,
    /// Index of the first global.
    pub(super) locals: usize,
    of_symbol: Vec<u32>,
    of_section: Vec<u32>,
}

pub(super) fn symbols(unit: &Unit, targets: &[Vec<(Against, i64)>]) -> Symbols {
    let mut used = vec![false; unit.symbols.len()];
    let mut used_section = vec![false; unit.sections.len()];
    for (against, _) in targets.iter().flatten() {
        match *against {
            Against::Symbol(k) => used[k] = true,
            Against::Section(k) => used_section[k] = true,
        }
    }
    let mut files = Vec::new();
    let mut locals = Vec::new();
    let mut globals = Vec::new();
    let mut has_symbol = vec![false; unit.sections.len()];
    for (k, s) in unit.symbols.iter().enumerate() {
        match (s.kind, s.place, s.binding) {
            (SymbolKind::Section, Place::Section(section), _) => {
                if used_section[section] && !has_symbol[section] {
                    has_symbol[section] = true;
                    locals.push((section, true));
                }
            }
            _ if s.temporary && !used[k] => {}
            (SymbolKind::File, ..) => files.push((k, false)),
            // What is local and undefined cannot be found: it is global in the file.
            (_, Place::Undefined, _) => globals.push((k, false)),
            (_, _, Binding::Local) => locals.push((k, false)),
            _ => globals.push((k, false)),
        }
    }
    for (k, used) in used_section.iter().enumerate() {
        if *used && !has_symbol[k] {
            locals.push((k, true));
        }
    }
    let locals_end = files.len() + locals.len() + 1;
    let mut records = files;
    records.append(&mut locals);
    records.append(&mut globals);
    let mut of_symbol = vec![0; unit.symbols.len()];
    let mut of_section = vec![0; unit.sections.len()];
    for (k, (index, is_section)) in records.iter().enumerate() {
        if *is_section { of_section[*index] = k as u32 + 1 } else { of_symbol[*index] = k as u32 + 1 }
    }
    Symbols { records, locals: locals_end, of_symbol, of_section }
}

fn uleb128(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn pad(out: &mut Vec<u8>, align: u64) {
    out.resize((out.len() as u64).next_multiple_of(align.max(1)) as usize, 0);
}

/// Writes the unit as the relocatable file that llvm-mc 19 writes for it.
pub fn write_relocatable(unit: &Unit) -> Result<Vec<u8>, ObjectError> {
    check(unit)?;
    let mut targets = Vec::with_capacity(unit.sections.len());
    for s in &unit.sections {
        targets.push(s.relocs.iter().map(|r| against(unit, r)).collect::<Vec<_>>());
    }
    let symbols = symbols(unit, &targets);

    // Indices in the section table: the string table is 1, relocations follow their section.
    let mut index_of = Vec::with_capacity(unit.sections.len());
    let mut next = 2u32;
    for s in &unit.sections {
        index_of.push(next);
        next += if s.relocs.is_empty() { 1 } else { 2 };
    }
    let addrsig_index = next;
    let symtab_index = if unit.address_significant.is_some() { next + 1 } else { next };

    let rela_names: BTreeMap<usize, String> = unit
        .sections
        .iter()
        .enumerate()
        .filter(|(_, s)| !s.relocs.is_empty())
        .map(|(k, s)| (k, format!(".rela{}", s.name)))
        .collect();
    let mut strings = vec![".strtab", ".symtab"];
    strings.extend(unit.address_significant.iter().map(|_| ".llvm_addrsig"));
    strings.extend(unit.sections.iter().map(|s| s.name.as_str()));
    strings.extend(rela_names.values().map(String::as_str));
    let named = symbols.records.iter().filter(|r| !r.1).map(|r| unit.symbols[r.0].name.as_str());
    strings.extend(named);
    let (table, at) = strtab::tail_merged(strings);
    let name = |s: &str| at.get(s).copied().unwrap_or(0);

    // An alignment may pad by nearly itself.
    let padded = unit.sections.iter().map(|s| s.align + s.bytes.len() as u64 + (s.relocs.len() * RELA_BYTES) as u64);
    check_size(padded.sum())?;
    let mut out = vec![0; super::elf::EHDR_BYTES];
    let mut headers = vec![Shdr::default(); symtab_index as usize + 1];
    for (k, s) in unit.sections.iter().enumerate() {
        let align = s.align.max(1);
        if s.kind != sht::NOBITS {
            pad(&mut out, align);
        }
        headers[index_of[k] as usize] = Shdr {
            name: name(&s.name),
            kind: s.kind,
            flags: s.flags,
            offset: (out.len() as u64).next_multiple_of(align),
            size: s.size(),
            align,
            entsize: s.entsize,
            ..Shdr::default()
        };
        if s.kind == sht::NOBITS {
            pad(&mut out, align);
        }
        out.extend_from_slice(&s.bytes);
    }

    pad(&mut out, 8);
    headers[symtab_index as usize] = Shdr {
        name: name(".symtab"),
        kind: SHT_SYMTAB,
        offset: out.len() as u64,
        size: ((symbols.records.len() + 1) * SYM_BYTES) as u64,
        link: 1,
        info: symbols.locals as u32,
        align: 8,
        entsize: SYM_BYTES as u64,
        ..Shdr::default()
    };
    Sym::default().write(&mut out);
    for &(k, is_section) in &symbols.records {
        let record = if is_section {
            let info = st_info(Binding::Local, SymbolKind::Section);
            Sym { info, section: index_of[k] as u16, ..Sym::default() }
        } else {
            let s = &unit.symbols[k];
            let undefined_local = s.place == Place::Undefined && s.binding == Binding::Local;
            let binding = if undefined_local { Binding::Global } else { s.binding };
            let section = match s.place {
                Place::Undefined if s.kind == SymbolKind::File => SHN_ABS,
                Place::Undefined => 0,
                Place::Absolute => SHN_ABS,
                Place::Common => SHN_COMMON,
                Place::Lds => SHN_AMDGPU_LDS,
                Place::Section(section) => index_of[section] as u16,
            };
            Sym {
                name: name(&s.name),
                info: st_info(binding, s.kind),
                other: st_other(s.visibility),
                section,
                value: s.value,
                size: s.size,
            }
        };
        record.write(&mut out);
    }

    for (k, s) in unit.sections.iter().enumerate().filter(|(_, s)| !s.relocs.is_empty()) {
        pad(&mut out, 8);
        headers[index_of[k] as usize + 1] = Shdr {
            name: rela_names.get(&k).map_or(0, |n| name(n)),
            kind: SHT_RELA,
            flags: SHF_INFO_LINK,
            offset: out.len() as u64,
            size: (s.relocs.len() * RELA_BYTES) as u64,
            link: symtab_index,
            info: index_of[k],
            align: 8,
            entsize: RELA_BYTES as u64,
            ..Shdr::default()
        };
        for (r, (against, addend)) in s.relocs.iter().zip(&targets[k]) {
            let symbol = match *against {
                Against::Symbol(k) => symbols.of_symbol[k],
                Against::Section(k) => symbols.of_section[k],
            };
            put64(&mut out, r.offset);
            put32(&mut out, r.kind.number());
            put32(&mut out, symbol);
            put64(&mut out, addend.cast_unsigned());
        }
    }

    if let Some(significant) = &unit.address_significant {
        let offset = out.len() as u64;
        for s in significant.iter().map(|s| symbols.of_symbol[*s]).filter(|s| *s != 0) {
            uleb128(&mut out, s);
        }
        headers[addrsig_index as usize] = Shdr {
            name: name(".llvm_addrsig"),
            kind: SHT_LLVM_ADDRSIG,
            flags: shf::EXCLUDE,
            offset,
            size: out.len() as u64 - offset,
            link: symtab_index,
            align: 1,
            ..Shdr::default()
        };
    }

    headers[1] = Shdr {
        name: name(".strtab"),
        kind: SHT_STRTAB,
        offset: out.len() as u64,
        size: table.len() as u64,
        align: 1,
        ..Shdr::default()
    };
    out.extend_from_slice(&table);
    pad(&mut out, 8);
    let shoff = out.len() as u64;
    for h in &headers {
        h.write(&mut out);
    }
    let mut header = Vec::with_capacity(super::elf::EHDR_BYTES);
    Ehdr {
        kind: ET_REL,
        version: unit.version,
        target: unit.target,
        phnum: 0,
        shoff,
        shnum: headers.len(),
        shstrndx: 1,
    }
    .write(&mut header);
    out[..header.len()].copy_from_slice(&header);
    Ok(out)
}
