//! What a disassembler needs of an ELF file: executable sections, symbols, kernel descriptors.
//!
//! Unlike `sparkle_pm4::object`, which loads what can run, this reads objects that are not linked and have no metadata.

use object::Endianness;
use object::elf::{self, FileHeader64};
use object::read::elf::{FileHeader, SectionHeader, Sym};
use sparkle_pm4::isa::{Symbol, WaveSize};
use sparkle_pm4::object::{DESCRIPTOR_BYTES, KernelDescriptor, target_name};

use crate::cli::Failure;

type Elf = FileHeader64<Endianness>;

/// A named address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// Virtual address.
    pub address: u64,
    /// The name.
    pub name: String,
    /// Neither function nor object.
    pub label: bool,
    /// Bytes, where the symbol says.
    pub size: u64,
}

/// An executable section.
#[derive(Debug)]
pub struct Code {
    /// Its name.
    pub name: String,
    /// Virtual address.
    pub address: u64,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Symbols in it, by address and name.
    pub names: Vec<Name>,
}

/// Code from one symbol to the next.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// The symbol; of several the last by name.
    pub name: Option<&'a str>,
    /// Virtual address.
    pub address: u64,
    /// Bytes up to the next symbol.
    pub bytes: &'a [u8],
    size: u64,
}

impl<'a> Part<'a> {
    /// The function's own bytes, whole dwords, without what pads it to the next one.
    pub fn function(&self) -> &'a [u8] {
        let size = if self.size > 0 { usize::try_from(self.size).unwrap_or(usize::MAX) } else { usize::MAX };
        &self.bytes[..size.min(self.bytes.len()) & !3]
    }
}

impl Code {
    /// The pieces between symbols, in order; the first may have no name.
    pub fn parts(&self) -> Vec<Part<'_>> {
        let end = self.address + self.bytes.len() as u64;
        let mut parts = Vec::new();
        let mut starts: Vec<u64> = self.names.iter().map(|n| n.address).filter(|&a| a < end).collect();
        starts.dedup();
        if starts.first() != Some(&self.address) {
            starts.insert(0, self.address);
        }
        for (k, &start) in starts.iter().enumerate() {
            let stop = starts.get(k + 1).copied().unwrap_or(end);
            let name = self.names.iter().rev().find(|n| n.address == start);
            parts.push(Part {
                name: name.map(|n| n.name.as_str()),
                address: start,
                bytes: &self.bytes[(start - self.address) as usize..(stop - self.address) as usize],
                size: name.map_or(0, |n| n.size),
            });
        }
        parts
    }

    /// The symbols as the listing takes them.
    pub fn symbols(&self) -> Vec<Symbol<'_>> {
        self.names.iter().map(|n| Symbol { address: n.address, name: &n.name, label: n.label }).collect()
    }
}

/// A kernel: a `NAME.kd` symbol and the code that it belongs to.
#[derive(Debug, Clone)]
pub struct Kernel {
    /// The name.
    pub name: String,
    /// What the descriptor says.
    pub descriptor: KernelDescriptor,
}

impl Kernel {
    /// Lanes of its waves.
    pub fn wave(&self) -> WaveSize {
        if self.descriptor.wave_size() == 64 { WaveSize::W64 } else { WaveSize::W32 }
    }
}

/// A code object, linked or not.
#[derive(Debug)]
pub struct Object {
    /// The target in the header's flags.
    pub target: String,
    /// Executable sections in the file's order.
    pub code: Vec<Code>,
    /// Kernels with a descriptor.
    pub kernels: Vec<Kernel>,
}

impl Object {
    /// Reads an ELF file; any bytes are safe to give.
    pub fn parse(name: &str, bytes: Vec<u8>) -> Result<Self, Failure> {
        // The ELF structs are read in place and want their natural alignment, which a slice of bytes doesn't promise.
        let mut aligned = vec![0u64; bytes.len().div_ceil(8)];
        let copy: &mut [u8] = bytemuck::cast_slice_mut(&mut aligned);
        copy[..bytes.len()].copy_from_slice(&bytes);
        Self::parse_aligned(&copy[..bytes.len()]).map_err(|what| {
            Failure::file(
                "object-not-a-code-object",
                format!("{name} cannot be disassembled"),
                what,
                "give an AMDGPU code object, or raw machine code without an ELF header",
            )
        })
    }

    fn parse_aligned(data: &[u8]) -> Result<Self, String> {
        let bad = |e: object::read::Error| format!("the ELF file is damaged: {e}");
        let header = Elf::parse(data).map_err(bad)?;
        let endian = header.endian().map_err(bad)?;
        if header.e_machine(endian) != elf::EM_AMDGPU {
            return Err(format!("e_machine is {}, EM_AMDGPU is 224", header.e_machine(endian).0));
        }
        let sections = header.sections(endian, data).map_err(bad)?;
        let mut symbols = sections.symbols(endian, data, elf::SHT_SYMTAB).map_err(bad)?;
        if symbols.is_empty() {
            symbols = sections.symbols(endian, data, elf::SHT_DYNSYM).map_err(bad)?;
        }
        let relocatable = header.e_type(endian) == elf::ET_REL;
        let mut object = Self { target: target_name(header.e_flags(endian).0), code: Vec::new(), kernels: Vec::new() };
        for (index, section) in sections.enumerate() {
            let flags = section.sh_flags(endian).0;
            if flags & elf::SHF_EXECINSTR.0 == 0 || section.sh_type(endian) == elf::SHT_NOBITS {
                continue;
            }
            let title = sections.section_name(endian, section).map_err(bad)?;
            let title = String::from_utf8_lossy(title).into_owned();
            let bytes = section.data(endian, data).map_err(|_| {
                let (at, size) = (section.sh_offset(endian), section.sh_size(endian));
                format!("section {title} claims {size:#x} bytes at {at:#x}, the file has {:#x}", data.len())
            })?;
            if bytes.is_empty() {
                continue;
            }
            let address = section.sh_addr(endian);
            let mut names: Vec<Name> = symbols
                .iter()
                .filter(|s| usize::from(s.st_shndx(endian).0) == index.0)
                .filter(|s| !matches!(s.st_type(), elf::STT_SECTION | elf::STT_FILE))
                .filter_map(|s| {
                    let name = symbols.symbol_name(endian, s).ok()?;
                    // In an unlinked object a symbol's value counts from its section.
                    let at = s.st_value(endian);
                    Some(Name {
                        address: if relocatable { address.wrapping_add(at) } else { at },
                        name: String::from_utf8_lossy(name).into_owned(),
                        label: s.st_type() == elf::STT_NOTYPE,
                        size: s.st_size(endian),
                    })
                })
                .filter(|n| n.address.checked_sub(address).is_some_and(|at| at <= bytes.len() as u64))
                .collect();
            names.sort_by(|a, b| (a.address, &a.name).cmp(&(b.address, &b.name)));
            object.code.push(Code { name: title, address, bytes: bytes.to_vec(), names });
        }
        for symbol in symbols.iter() {
            let Some(name) = symbols.symbol_name(endian, symbol).ok().and_then(|n| n.strip_suffix(b".kd")) else {
                continue;
            };
            let Ok(section) = sections.section(object::SectionIndex(symbol.st_shndx(endian).0.into())) else {
                continue;
            };
            let Ok(bytes) = section.data(endian, data) else { continue };
            let base = if relocatable { 0 } else { section.sh_addr(endian) };
            let at = symbol.st_value(endian).checked_sub(base).and_then(|at| usize::try_from(at).ok());
            let Some(raw) = at.and_then(|at| bytes.get(at..)).and_then(|b| b.first_chunk::<DESCRIPTOR_BYTES>()) else {
                continue;
            };
            let kernel = Kernel {
                name: String::from_utf8_lossy(name).into_owned(),
                descriptor: KernelDescriptor::from_bytes(raw),
            };
            object.kernels.push(kernel);
        }
        Ok(object)
    }

    /// Machine code without anything around it.
    pub fn raw(bytes: Vec<u8>) -> Self {
        let code = Code { name: String::new(), address: 0, bytes, names: Vec::new() };
        Self { target: String::new(), code: vec![code], kernels: Vec::new() }
    }

    /// Leaves the code of one kernel alone.
    pub fn keep(&mut self, file: &str, kernel: &str) -> Result<(), Failure> {
        let mut known = Vec::new();
        for code in &self.code {
            for part in code.parts() {
                if part.name == Some(kernel) {
                    let name = code.names.iter().filter(|n| n.address == part.address);
                    let code = Code {
                        name: code.name.clone(),
                        address: part.address,
                        bytes: part.function().to_vec(),
                        names: name.cloned().collect(),
                    };
                    self.code = vec![code];
                    return Ok(());
                }
                known.extend(part.name.filter(|name| self.kernel(name).is_some()).map(str::to_owned));
            }
        }
        Err(Failure::file(
            "object-unknown-kernel",
            format!("{file} has no kernel {kernel:?}"),
            format!("it has {}", if known.is_empty() { "none".into() } else { known.join(", ") }),
            "give one of those names to --kernel",
        ))
    }

    /// The kernel of a function's name.
    pub fn kernel(&self, name: &str) -> Option<&Kernel> {
        self.kernels.iter().find(|k| k.name == name)
    }

    /// Lanes of a wave where no kernel says: those of the first kernel, else 32.
    pub fn common_wave(&self) -> WaveSize {
        self.kernels.first().map_or(WaveSize::W32, Kernel::wave)
    }
}
