//! The records of 64-bit little-endian ELF files, and the checks that both writers share.

use alloc::format;
use alloc::vec::Vec;

use crate::Arch;

use super::{Binding, CodeObjectVersion, ObjectError, Place, SymbolKind, Unit, Visibility, sht};

pub(super) const ET_REL: u16 = 1;
pub(super) const ET_DYN: u16 = 3;
pub(super) const EHDR_BYTES: usize = 64;
pub(super) const PHDR_BYTES: usize = 56;
pub(super) const SHDR_BYTES: usize = 64;
pub(super) const SYM_BYTES: usize = 24;
pub(super) const RELA_BYTES: usize = 24;

/// `sh_type` of the tables that the writers add.
pub(super) const SHT_SYMTAB: u32 = 2;
pub(super) const SHT_STRTAB: u32 = 3;
pub(super) const SHT_RELA: u32 = 4;
pub(super) const SHT_LLVM_ADDRSIG: u32 = 0x6fff_4c03;

pub(super) const SHN_LORESERVE: usize = 0xff00;
pub(super) const SHN_AMDGPU_LDS: u16 = 0xff00;
pub(super) const SHN_ABS: u16 = 0xfff1;
pub(super) const SHN_COMMON: u16 = 0xfff2;

/// What the ELF header says beyond the constants of AMDHSA.
pub(super) struct Ehdr {
    pub(super) kind: u16,
    pub(super) version: CodeObjectVersion,
    pub(super) target: Arch,
    pub(super) phnum: usize,
    pub(super) shoff: u64,
    pub(super) shnum: usize,
    pub(super) shstrndx: usize,
}

impl Ehdr {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        const ELFOSABI_AMDGPU_HSA: u8 = 64;
        const EM_AMDGPU: u16 = 224;
        out.extend_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1, ELFOSABI_AMDGPU_HSA, self.version.abi_version()]);
        out.extend_from_slice(&[0; 7]);
        put16(out, self.kind);
        put16(out, EM_AMDGPU);
        put32(out, 1);
        put64(out, 0);
        put64(out, if self.phnum == 0 { 0 } else { EHDR_BYTES as u64 });
        put64(out, self.shoff);
        put32(out, self.version.e_flags(self.target));
        put16(out, EHDR_BYTES as u16);
        put16(out, if self.phnum == 0 { 0 } else { PHDR_BYTES as u16 });
        put16(out, self.phnum as u16);
        put16(out, SHDR_BYTES as u16);
        put16(out, self.shnum as u16);
        put16(out, self.shstrndx as u16);
    }
}

/// A section header.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Shdr {
    pub(super) name: u32,
    pub(super) kind: u32,
    pub(super) flags: u64,
    pub(super) addr: u64,
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) link: u32,
    pub(super) info: u32,
    pub(super) align: u64,
    pub(super) entsize: u64,
}

impl Shdr {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        put32(out, self.name);
        put32(out, self.kind);
        put64(out, self.flags);
        put64(out, self.addr);
        put64(out, self.offset);
        put64(out, self.size);
        put32(out, self.link);
        put32(out, self.info);
        put64(out, self.align);
        put64(out, self.entsize);
    }
}

/// A symbol record.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Sym {
    pub(super) name: u32,
    pub(super) info: u8,
    pub(super) other: u8,
    pub(super) section: u16,
    pub(super) value: u64,
    pub(super) size: u64,
}

impl Sym {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        put32(out, self.name);
        out.extend_from_slice(&[self.info, self.other]);
        put16(out, self.section);
        put64(out, self.value);
        put64(out, self.size);
    }
}

pub(super) fn put16(out: &mut Vec<u8>, v: u16) {
    out.extend_from_slice(&v.to_le_bytes());
}

pub(super) fn put32(out: &mut Vec<u8>, v: u32) {
    out.extend_from_slice(&v.to_le_bytes());
}

pub(super) fn put64(out: &mut Vec<u8>, v: u64) {
    out.extend_from_slice(&v.to_le_bytes());
}

/// `st_info`.
pub(super) fn st_info(binding: Binding, kind: SymbolKind) -> u8 {
    let binding = match binding {
        Binding::Local => 0,
        Binding::Global => 1,
        Binding::Weak => 2,
    };
    let kind = match kind {
        SymbolKind::None => 0,
        SymbolKind::Object => 1,
        SymbolKind::Function => 2,
        SymbolKind::Section => 3,
        SymbolKind::File => 4,
        SymbolKind::Tls => 6,
    };
    binding << 4 | kind
}

/// `st_other`.
pub(super) fn st_other(visibility: Visibility) -> u8 {
    match visibility {
        Visibility::Default => 0,
        Visibility::Internal => 1,
        Visibility::Hidden => 2,
        Visibility::Protected => 3,
    }
}

/// Largest alignment that a section may ask for: no loader maps more, and padding to it stays far below memory sizes.
pub(super) const MAX_ALIGN: u64 = 1 << 26;
/// Largest size of a section without bytes, far above any GPU's memory.
pub(super) const MAX_ZEROS: u64 = 1 << 44;

/// Largest file that is written: far above any kernel's.
pub(super) const MAX_FILE: u64 = 1 << 31;

/// Refuses a file that would be larger.
pub(super) fn check_size(bytes: u64) -> Result<(), ObjectError> {
    if bytes <= MAX_FILE {
        return Ok(());
    }
    Err(ObjectError::Malformed { what: format!("the file would be larger than {MAX_FILE:#x} bytes") })
}

/// Checks the indices, alignments and offsets that the writers rely on.
pub(super) fn check(unit: &Unit) -> Result<(), ObjectError> {
    let bad = |what| Err(ObjectError::Malformed { what });
    if unit.sections.len() * 2 + 16 >= SHN_LORESERVE {
        return bad(format!("{} sections are more than an ELF file's index has room for", unit.sections.len()));
    }
    for s in &unit.sections {
        let name = &s.name;
        if s.align > MAX_ALIGN || s.align != 0 && !s.align.is_power_of_two() {
            return bad(format!("section {name}: alignment {:#x} is not a power of two up to {MAX_ALIGN:#x}", s.align));
        }
        if s.kind == sht::NOBITS && !s.bytes.is_empty() {
            return bad(format!("section {name}: @nobits, but it has bytes"));
        }
        if s.kind != sht::NOBITS && s.zeros != 0 || s.zeros > MAX_ZEROS {
            return bad(format!("section {name}: {:#x} is no size for its zeros", s.zeros));
        }
        for r in &s.relocs {
            if r.symbol >= unit.symbols.len() {
                return bad(format!("section {name}: the relocation at {:#x} has no symbol {}", r.offset, r.symbol));
            }
            if r.offset.checked_add(r.kind.bytes()).is_none_or(|end| end > s.bytes.len() as u64) {
                return bad(format!("section {name}: {} at {:#x} is outside", r.kind.name(), r.offset));
            }
        }
    }
    for s in &unit.symbols {
        if let Place::Section(k) = s.place
            && k >= unit.sections.len()
        {
            return bad(format!("symbol {}: there is no section {k}", s.name));
        }
        if s.kind == SymbolKind::Section && !matches!(s.place, Place::Section(_)) {
            return bad(format!("symbol {}: a section's symbol without a section", s.name));
        }
        if s.name.contains('\0') {
            return bad(format!("symbol {:?}: a name cannot hold a zero", s.name));
        }
        if matches!(s.place, Place::Common | Place::Lds) && !(s.value.is_power_of_two() && s.value <= MAX_ALIGN) {
            return bad(format!("symbol {}: alignment {:#x} is not a power of two", s.name, s.value));
        }
        if s.place == Place::Common && s.size > MAX_ZEROS {
            return bad(format!("symbol {}: {:#x} is no size for it", s.name, s.size));
        }
    }
    if let Some(s) = unit.address_significant.iter().flatten().find(|s| **s >= unit.symbols.len()) {
        return bad(format!(".addrsig_sym names symbol {s}, which does not exist"));
    }
    Ok(())
}
