//! Code objects: from an assembled unit to the files that LLVM 19 makes of it.
//!
//! [`Descriptor`] makes kernel descriptors, [`metadata`] encodes the kernels' metadata. A [`Unit`] is a translation
//! unit with its sections, relocations and symbols; [`write_relocatable`] makes the `.o` that llvm-mc writes,
//! [`link`] the `.hsaco` that `ld.lld -shared` makes of it.
use crate::Arch;
use alloc::string::String;
use alloc::vec::Vec;

mod descriptor;
mod elf;
mod error;
mod hash;
mod link;
pub mod metadata;
mod relocatable;
mod strtab;
mod target;

pub use descriptor::{DESCRIPTOR_BYTES, Descriptor, ENTRY_OFFSET};
pub use error::{DirectiveError, MetadataError, ObjectError};
pub use link::{HashStyle, LinkOptions, link};
pub use relocatable::write_relocatable;
pub use target::{CodeObjectVersion, TRIPLE};

/// Section types (`sh_type`) that an AMDGPU source names.
pub mod sht {
    /// `@progbits`: bytes.
    pub const PROGBITS: u32 = 1;
    /// `@note`: notes.
    pub const NOTE: u32 = 7;
    /// `@nobits`: zeros that the file doesn't hold.
    pub const NOBITS: u32 = 8;
    /// `@init_array`: addresses of constructors.
    pub const INIT_ARRAY: u32 = 14;
    /// `@fini_array`: addresses of destructors.
    pub const FINI_ARRAY: u32 = 15;
    /// `@preinit_array`: addresses of early constructors.
    pub const PREINIT_ARRAY: u32 = 16;
}

/// Section flags (`sh_flags`).
pub mod shf {
    /// `w`: writable.
    pub const WRITE: u64 = 1;
    /// `a`: in memory when the object is loaded.
    pub const ALLOC: u64 = 2;
    /// `x`: code.
    pub const EXECINSTR: u64 = 4;
    /// `M`: equal elements may be merged.
    pub const MERGE: u64 = 0x10;
    /// `S`: elements are strings that end in a zero.
    pub const STRINGS: u64 = 0x20;
    /// `T`: thread-local.
    pub const TLS: u64 = 0x400;
    /// `R`: kept by a linker that collects garbage.
    pub const RETAIN: u64 = 0x20_0000;
    /// `e`: dropped by the linker.
    pub const EXCLUDE: u64 = 0x8000_0000;
}

/// A translation unit after assembly.
#[derive(Clone, Default, Debug)]
pub struct Unit {
    /// The processor.
    pub target: Arch,
    /// The code object version.
    pub version: CodeObjectVersion,
    /// Sections in the order in which the source enters them first. LLVM has `.text` first, always.
    pub sections: Vec<Section>,
    /// Symbols in the order in which the source names them first, locals and globals mixed.
    ///
    /// The section symbol of a section (kind [`SymbolKind::Section`], an empty name) stands where the source enters the
    /// section first; the `.o` has those that a relocation needs. A section without one gets it after all locals.
    pub symbols: Vec<Symbol>,
    /// `.addrsig` stands in the source: indices of [`Unit::symbols`] that `.addrsig_sym` names.
    pub address_significant: Option<Vec<usize>>,
}

/// A section.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name.
    pub name: String,
    /// `sh_type`, see [`sht`].
    pub kind: u32,
    /// `sh_flags`, see [`shf`].
    pub flags: u64,
    /// Alignment in bytes, a power of two; 0 counts as 1.
    pub align: u64,
    /// Bytes of an element of a mergeable section; 0 elsewhere.
    pub entsize: u64,
    /// The bytes; empty for [`sht::NOBITS`].
    pub bytes: Vec<u8>,
    /// Size in bytes of a [`sht::NOBITS`] section; 0 elsewhere.
    pub zeros: u64,
    /// Relocations, in the order in which the `.o` lists them.
    pub relocs: Vec<Reloc>,
}

impl Section {
    /// Size in bytes, in memory.
    pub fn size(&self) -> u64 {
        if self.kind == sht::NOBITS { self.zeros } else { self.bytes.len() as u64 }
    }

    /// The section that holds `.amdgpu_metadata`: one `NT_AMDGPU_METADATA` note around a MessagePack document.
    ///
    /// A second block of the same source appends the bytes of its own note to the section.
    pub fn metadata_note(message_pack: &[u8]) -> Self {
        const NT_AMDGPU_METADATA: u32 = 32;
        let mut bytes = Vec::with_capacity(20 + message_pack.len().next_multiple_of(4));
        bytes.extend_from_slice(&7u32.to_le_bytes());
        bytes.extend_from_slice(&(message_pack.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&NT_AMDGPU_METADATA.to_le_bytes());
        bytes.extend_from_slice(b"AMDGPU\0\0");
        bytes.extend_from_slice(message_pack);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        Self { name: ".note".into(), kind: sht::NOTE, flags: shf::ALLOC, align: 4, bytes, ..Self::default() }
    }
}

/// Relocation types of AMDGPU (LLVM "User Guide for AMDGPU Backend", Relocation Records).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[allow(missing_docs)]
#[repr(u32)]
pub enum RelocKind {
    Abs32Lo = 1,
    Abs32Hi = 2,
    Abs64 = 3,
    Rel32 = 4,
    Rel64 = 5,
    Abs32 = 6,
    GotPcRel = 7,
    GotPcRel32Lo = 8,
    GotPcRel32Hi = 9,
    Rel32Lo = 10,
    Rel32Hi = 11,
    Rel16 = 14,
}

impl RelocKind {
    const ALL: [(Self, &'static str); 12] = [
        (Self::Abs32Lo, "R_AMDGPU_ABS32_LO"),
        (Self::Abs32Hi, "R_AMDGPU_ABS32_HI"),
        (Self::Abs64, "R_AMDGPU_ABS64"),
        (Self::Rel32, "R_AMDGPU_REL32"),
        (Self::Rel64, "R_AMDGPU_REL64"),
        (Self::Abs32, "R_AMDGPU_ABS32"),
        (Self::GotPcRel, "R_AMDGPU_GOTPCREL"),
        (Self::GotPcRel32Lo, "R_AMDGPU_GOTPCREL32_LO"),
        (Self::GotPcRel32Hi, "R_AMDGPU_GOTPCREL32_HI"),
        (Self::Rel32Lo, "R_AMDGPU_REL32_LO"),
        (Self::Rel32Hi, "R_AMDGPU_REL32_HI"),
        (Self::Rel16, "R_AMDGPU_REL16"),
    ];

    /// The type's number in a relocation record.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The type of a number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.iter().map(|k| k.0).find(|k| k.number() == number)
    }

    /// LLVM's name for it.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|k| k.0 == self).map_or("R_AMDGPU_NONE", |k| k.1)
    }

    /// Bytes that it changes.
    pub const fn bytes(self) -> u64 {
        match self {
            Self::Abs64 | Self::Rel64 => 8,
            Self::Rel16 => 2,
            _ => 4,
        }
    }
}

/// A relocation: the field at `offset` takes the symbol's address plus `addend`, as `kind` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reloc {
    /// Bytes from the section's start to the field.
    pub offset: u64,
    /// What the field takes.
    pub kind: RelocKind,
    /// Index in [`Unit::symbols`].
    ///
    /// A local symbol of a section is replaced by the section's symbol when written, as llvm-mc does.
    pub symbol: usize,
    /// Added to the symbol's address.
    pub addend: i64,
}

/// Where a symbol is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Place {
    /// Elsewhere.
    #[default]
    Undefined,
    /// Nowhere: the value is a number.
    Absolute,
    /// `.comm`: the linker makes room; the value is the alignment in bytes.
    Common,
    /// `.amdgpu_lds`: the linker makes room in LDS; the value is the alignment in bytes.
    Lds,
    /// In this section of [`Unit::sections`]; the value is the offset in bytes.
    Section(usize),
}

/// Who sees a symbol.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Binding {
    #[default]
    Local,
    Global,
    Weak,
}

/// Who sees a global symbol at run time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Visibility {
    /// Other objects, and they may replace it.
    #[default]
    Default,
    /// As `Hidden`.
    Internal,
    /// Nobody outside.
    Hidden,
    /// Other objects, but this one uses its own.
    Protected,
}

/// What a symbol names.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SymbolKind {
    #[default]
    None,
    Object,
    Function,
    /// The start of the section it lies in.
    Section,
    /// A source file's name.
    File,
    Tls,
}

/// A symbol.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Its name; empty for a section's.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// Offset, number or alignment, by [`Symbol::place`].
    pub value: u64,
    /// Size in bytes, 0 when the source does not say.
    pub size: u64,
    /// Who sees it.
    pub binding: Binding,
    /// Who sees it at run time.
    pub visibility: Visibility,
    /// What it names.
    pub kind: SymbolKind,
    /// A `.L` label: relocations may name it, the symbol table does not have it.
    pub temporary: bool,
}
