//! AMDGPU code objects (`.hsaco`): ELF64 files with kernels, their descriptors and their metadata.
//!
//! ```text
//! let object = CodeObject::parse_for(&bytes, "gfx1100")?;  // unbundled; every size and offset checked here
//! let kernel = object.kernel("conv2d_direct_f32")?;
//! let code   = object.image_at(va)?;                // copy to `va`, 4 KiB aligned; code at va + kernel.entry_offset
//! let args   = kernel.pack_args(&values, &launch)?;
//! ```
//!
//! The format is described in LLVM's "User Guide for AMDGPU Backend", sections ELF Code Object and Code Object
//! Metadata; the descriptor also in LLVM's `AMDHSAKernelDescriptor.h`.

mod bundle;
mod descriptor;
mod error;
mod facts;
mod kernarg;
mod metadata;
mod target;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use object::Endianness;
use object::elf::{self, FileHeader64};
use object::read::elf::{FileHeader, ProgramHeader, Rela, SectionHeader, SectionTable, Sym, SymbolTable};

pub use bundle::{BUNDLE_MAGIC, BundleEntry, bundle_entries, is_bundle, unbundle};
pub use descriptor::{CodeProperties, DESCRIPTOR_BYTES, KernelDescriptor};
pub use error::ObjectError;
pub use kernarg::{ArgValue, KernargBuilder, Launch, PRIVATE_BASE_HI, SHARED_BASE_HI};
pub use metadata::{Arg, ValueKind};
pub use target::{EF_AMDGPU_MACH, target_name};

/// The most bytes that an image may span: a larger one is taken for damage.
pub const MAX_IMAGE_BYTES: u64 = 1 << 28;

/// Pages of the GPU's address space, and the least alignment of an image.
pub const IMAGE_ALIGN: u64 = 4096;

/// Program headers at most; linkers write about nine.
const HEADERS_MAX: usize = 128;
const ELFOSABI_AMDGPU_HSA: u8 = 64;
const NT_AMDGPU_METADATA: u32 = 32;
const R_AMDGPU_NONE: u32 = 0;
const R_AMDGPU_ABS64: u32 = 3;
const R_AMDGPU_RELATIVE64: u32 = 13;

type Elf = FileHeader64<Endianness>;

/// A kernel: the descriptor, and what the metadata adds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KernelInfo {
    /// The name in the metadata.
    pub name: String,
    /// The descriptor's symbol, usually the name and `.kd`.
    pub symbol: String,
    /// The descriptor, decoded.
    pub descriptor: KernelDescriptor,
    /// Bytes from the image's start to the descriptor.
    pub descriptor_offset: u64,
    /// Bytes from the image's start to the first instruction; a multiple of 256.
    pub entry_offset: u64,
    /// Bytes of code, when a function symbol tells.
    pub code_size: Option<u64>,
    /// All arguments in the metadata's order, hidden ones included.
    pub args: Vec<Arg>,
    /// Bytes of kernel arguments.
    pub kernarg_size: u32,
    /// Alignment of the kernel arguments in bytes, a power of two.
    pub kernarg_align: u32,
    /// Lanes of a wave: 32 or 64.
    pub wave_size: u32,
    /// SGPRs used, VCC included.
    pub sgprs: u32,
    /// VGPRs used.
    pub vgprs: u32,
    /// LDS that every workgroup takes, in bytes.
    pub lds_bytes: u32,
    /// Scratch that a lane takes, in bytes.
    pub scratch_bytes: u32,
    /// The most work-items in a workgroup.
    pub max_workgroup_size: u32,
    /// The only workgroup size that the kernel works with, when it states one.
    pub required_workgroup_size: Option<[u32; 3]>,
    /// Whether the stack's size is unknown at compile time: `scratch_bytes` is then the least, not the most.
    pub uses_dynamic_stack: bool,
    /// Whether it was compiled for complete workgroups only.
    pub uniform_workgroups: bool,
    /// SGPRs that the compiler keeps in VGPRs or memory for want of room.
    pub sgpr_spills: u32,
    /// VGPRs that the compiler keeps in scratch for want of room.
    pub vgpr_spills: u32,
}

impl KernelInfo {
    /// The arguments that a caller gives: all but the hidden ones.
    pub fn explicit_args(&self) -> impl Iterator<Item = &Arg> {
        self.args.iter().filter(|a| !matches!(a.kind, ValueKind::Hidden(_)))
    }

    /// Whether waves need scratch memory.
    pub fn needs_scratch(&self) -> bool {
        self.scratch_bytes > 0 || self.uses_dynamic_stack || self.descriptor.uses_scratch()
    }

    /// Refuses what a kernel can ask for and gfx11 does not have.
    ///
    /// # Errors
    /// [`ObjectError::Unsupported`].
    pub fn check_gfx11(&self) -> Result<(), ObjectError> {
        let refuse = |what: String| Err(ObjectError::Unsupported { kernel: self.name.clone(), what });
        let d = &self.descriptor;
        if d.kernarg_preload != 0 {
            return refuse("its descriptor wants kernel arguments preloaded into SGPRs, which gfx940 does".into());
        }
        let absent = [
            (CodeProperties::SGPR_PRIVATE_SEGMENT_BUFFER, "the scratch V#"),
            (CodeProperties::SGPR_FLAT_SCRATCH_INIT, "the flat scratch address"),
        ];
        if let Some((_, what)) = absent.iter().find(|(bit, _)| d.properties.contains(*bit)) {
            return refuse(format!("its descriptor wants {what} in SGPRs, and gfx11 sets scratch up itself"));
        }
        if d.is_privileged() {
            return refuse("COMPUTE_PGM_RSRC1.PRIV is set, and a user's waves are not privileged".into());
        }
        let (named, loaded) = (d.properties.sgprs(), d.user_sgprs());
        if named > loaded || loaded > 16 {
            return refuse(format!(
                "its descriptor names {named} user SGPRs and has {loaded} loaded, of at most 16 that there are"
            ));
        }
        if d.properties.kernarg_sgpr().is_none() && self.kernarg_size != 0 && !self.args.is_empty() {
            return refuse("its descriptor gives the arguments' address no user SGPRs".into());
        }
        if self.vgprs > 256 || self.vgprs > d.allocated_vgprs() {
            let have = d.allocated_vgprs();
            return refuse(format!(
                "it uses {} VGPRs, and COMPUTE_PGM_RSRC1 gives it {have} of at most 256",
                self.vgprs
            ));
        }
        if self.lds_bytes > 64 << 10 {
            return refuse(format!("it declares {} bytes of LDS, and a workgroup has 65536", self.lds_bytes));
        }
        if !(1..=1024).contains(&self.max_workgroup_size) {
            let most = self.max_workgroup_size;
            return refuse(format!("its workgroups have at most {most} work-items, and 1 to 1024 can be"));
        }
        match self.required_workgroup_size {
            Some(size) if !(1..=u64::from(self.max_workgroup_size)).contains(&product(size)) => {
                let [x, y, z] = size;
                refuse(format!("it requires workgroups of {x}x{y}x{z}, outside 1..={}", self.max_workgroup_size))
            }
            _ => Ok(()),
        }
    }

    /// Lays out the kernel arguments: the explicit ones given, the hidden ones from `launch`.
    ///
    /// # Errors
    /// [`ObjectError::ArgumentCount`] and [`ObjectError::Argument`] when the values don't fit the metadata.
    pub fn pack_args(&self, values: &[ArgValue<'_>], launch: &Launch) -> Result<Vec<u8>, ObjectError> {
        let expected = self.explicit_args().count();
        if values.len() != expected {
            return Err(ObjectError::ArgumentCount { kernel: self.name.clone(), expected, given: values.len() });
        }
        let mut builder = KernargBuilder::new(self);
        for &value in values {
            builder.push(value)?;
        }
        builder.finish(launch)
    }
}

/// The product of three extents; of absurd ones, a great number.
fn product(v: [u32; 3]) -> u64 {
    v.iter().fold(1u64, |a, &b| a.saturating_mul(b.into()))
}

/// Bytes of the image with the same permissions: a loadable segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Bytes from the image's start.
    pub offset: u64,
    /// Bytes, those that the file does not have (.bss) included.
    pub size: u64,
    /// Stores are allowed.
    pub write: bool,
    /// Instruction fetch is allowed.
    pub execute: bool,
}

impl Segment {
    fn end(&self) -> u64 {
        self.offset + self.size
    }
}

/// A variable with external linkage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Global {
    /// Its symbol.
    pub name: String,
    /// Bytes from the image's start.
    pub offset: u64,
    /// Bytes.
    pub size: u64,
    /// Whether kernels may store to it.
    pub write: bool,
}

/// A place in the image that depends on where the image is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fixup {
    /// Bytes from the image's start.
    offset: usize,
    /// What to store, relative to the image's start.
    value: u64,
}

/// A parsed code object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeObject {
    target: String,
    generic_version: u8,
    version: u8,
    metadata_target: Option<String>,
    image: Vec<u8>,
    segments: Vec<Segment>,
    fixups: Vec<Fixup>,
    kernels: Vec<KernelInfo>,
    globals: Vec<Global>,
}

fn elf_error(e: object::read::Error) -> ObjectError {
    ObjectError::NotACodeObject { what: e.to_string() }
}

impl CodeObject {
    /// Parses and checks a code object. Any bytes are safe to give.
    ///
    /// # Errors
    /// Everything of [`ObjectError`] but the target, kernel-name and argument variants.
    pub fn parse(bytes: &[u8]) -> Result<Self, ObjectError> {
        // The ELF structs are read in place and want their natural alignment, which a slice of bytes doesn't promise.
        let mut words = vec![0u64; bytes.len().div_ceil(8)];
        let copy: &mut [u8] = bytemuck::cast_slice_mut(&mut words);
        copy[..bytes.len()].copy_from_slice(bytes);
        Self::parse_aligned(&copy[..bytes.len()])
    }

    /// Parses the code object for `gfx`: unbundles, parses, and checks the target.
    ///
    /// # Errors
    /// As [`unbundle`], [`CodeObject::parse`] and [`CodeObject::check_target`].
    pub fn parse_for(bytes: &[u8], gfx: &str) -> Result<Self, ObjectError> {
        let object = Self::parse(unbundle(bytes, gfx)?)?;
        object.check_target(gfx)?;
        Ok(object)
    }

    fn parse_aligned(data: &[u8]) -> Result<Self, ObjectError> {
        let not = |what: String| Err(ObjectError::NotACodeObject { what });
        if is_bundle(data) {
            return not("an offload bundle, in which code objects lie".into());
        }
        let header = Elf::parse(data).map_err(elf_error)?;
        let endian = header.endian().map_err(elf_error)?;
        if endian != Endianness::Little {
            return not("a big-endian ELF file".into());
        }
        if header.e_machine(endian) != elf::EM_AMDGPU {
            return not(format!("e_machine is {}, EM_AMDGPU is 224", header.e_machine(endian).0));
        }
        let ident = header.e_ident();
        if ident.os_abi.0 != ELFOSABI_AMDGPU_HSA {
            return not(format!("EI_OSABI is {}, ELFOSABI_AMDGPU_HSA is 64", ident.os_abi.0));
        }
        let version = match ident.abi_version {
            abi @ 2..=4 => abi + 2,
            abi => return Err(ObjectError::Version { abi }),
        };
        match header.e_type(endian) {
            elf::ET_DYN => {}
            elf::ET_REL => return Err(ObjectError::NotLinked),
            other => return not(format!("e_type is {}, and code objects have ET_DYN, 3", other.0)),
        }

        let (image, base, segments, note) = load_segments(header, endian, data)?;
        let Some(note) = note else {
            return Err(ObjectError::Metadata { what: "there is no NT_AMDGPU_METADATA note".into() });
        };
        let meta = metadata::parse(note)?;
        let sections = header.sections(endian, data).map_err(elf_error)?;
        let symbols = sections.symbols(endian, data, elf::SHT_DYNSYM).map_err(elf_error)?;
        let loader = Loader::new(endian, base, &image, &segments, &symbols);
        let mut kernels: Vec<KernelInfo> = Vec::new();
        let mut names = HashSet::new();
        for kernel in meta.kernels {
            if !names.insert(kernel.name.clone()) {
                return Err(ObjectError::Metadata { what: format!("two kernels are named \"{}\"", kernel.name) });
            }
            kernels.push(loader.kernel(kernel)?);
        }
        let fixups = loader.fixups(&sections, data)?;
        let globals = loader.globals(&kernels)?;
        let flags = header.e_flags(endian).0;
        Ok(Self {
            target: target_name(flags),
            generic_version: if version >= 6 { target::generic_version(flags) } else { 0 },
            version,
            metadata_target: meta.target,
            image,
            segments,
            fixups,
            kernels,
            globals,
        })
    }

    /// The target that the code is for, such as `gfx1100`.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The metadata's target triple, such as `amdgcn-amd-amdhsa--gfx1100`, when it has one.
    pub fn metadata_target(&self) -> Option<&str> {
        self.metadata_target.as_deref()
    }

    /// The code object version: 4, 5 or 6.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// Refuses an object that is for another target than `gfx`; `gfx11-generic` serves every gfx11 device.
    ///
    /// # Errors
    /// [`ObjectError::Target`], with both names.
    pub fn check_target(&self, gfx: &str) -> Result<(), ObjectError> {
        // Generic targets are versioned from 1; what a later one allows itself is not known.
        let version = self.generic_version;
        let known = !self.target.ends_with("-generic") || version <= 1;
        if known && target::runs_on(&self.target, gfx) {
            return Ok(());
        }
        let object = match known {
            true => self.target.clone(),
            false => format!("version {version} of {}", self.target),
        };
        Err(ObjectError::Target { object, device: gfx.into() })
    }

    /// The loadable segments laid out as the ELF file says, before relocation. Bytes that the file doesn't have
    /// (.bss, gaps) are zero.
    pub fn image(&self) -> &[u8] {
        &self.image
    }

    /// The loadable segments, in ascending order; they do not overlap.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The variables with external linkage, by name.
    pub fn globals(&self) -> &[Global] {
        &self.globals
    }

    /// The variable of this name.
    ///
    /// # Errors
    /// [`ObjectError::UnknownGlobal`], which lists those that exist.
    pub fn global(&self, name: &str) -> Result<&Global, ObjectError> {
        self.globals.iter().find(|g| g.name == name).ok_or_else(|| ObjectError::UnknownGlobal {
            name: name.into(),
            known: self.globals.iter().map(|g| g.name.clone()).collect(),
        })
    }

    /// Whether the image's bytes depend on its address; when not, [`CodeObject::image`] may be copied as it is.
    pub fn needs_relocation(&self) -> bool {
        !self.fixups.is_empty()
    }

    /// The image for a buffer at `base_va`, relocated: `R_AMDGPU_RELATIVE64` and `R_AMDGPU_ABS64` are applied.
    ///
    /// # Errors
    /// [`ObjectError::OutOfBounds`] when `base_va` is not aligned to [`IMAGE_ALIGN`] or the image passes 2^48.
    pub fn image_at(&self, base_va: u64) -> Result<Vec<u8>, ObjectError> {
        let size = self.image.len() as u64;
        let limit = 1 << 48;
        if !base_va.is_multiple_of(IMAGE_ALIGN) || base_va.checked_add(size).is_none_or(|end| end > limit) {
            let what = "the image's address (a multiple of 0x1000)".into();
            return Err(ObjectError::OutOfBounds { what, offset: base_va, size, limit });
        }
        let mut image = self.image.clone();
        for fixup in &self.fixups {
            let value = base_va.wrapping_add(fixup.value);
            image[fixup.offset..fixup.offset + 8].copy_from_slice(&value.to_le_bytes());
        }
        Ok(image)
    }

    /// All kernels, in the metadata's order.
    pub fn kernels(&self) -> &[KernelInfo] {
        &self.kernels
    }

    /// The kernel of this name.
    ///
    /// # Errors
    /// [`ObjectError::UnknownKernel`], which lists those that exist.
    pub fn kernel(&self, name: &str) -> Result<&KernelInfo, ObjectError> {
        self.kernels.iter().find(|k| k.name == name).ok_or_else(|| ObjectError::UnknownKernel {
            name: name.into(),
            known: self.kernels.iter().map(|k| k.name.clone()).collect(),
        })
    }
}

type Loaded<'a> = (Vec<u8>, u64, Vec<Segment>, Option<&'a [u8]>);

/// Copies PT_LOAD into an image and finds the metadata note. Returns image, lowest address, segments, note.
fn load_segments<'a>(header: &Elf, endian: Endianness, data: &'a [u8]) -> Result<Loaded<'a>, ObjectError> {
    let out = |what: &str, offset, size, limit| ObjectError::OutOfBounds { what: what.into(), offset, size, limit };
    let headers = header.program_headers(endian, data).map_err(elf_error)?;
    if headers.len() > HEADERS_MAX {
        let what = format!("{} program headers, and {HEADERS_MAX} are the most that is believed", headers.len());
        return Err(ObjectError::NotACodeObject { what });
    }
    let loads = || headers.iter().filter(|p| p.p_type(endian) == elf::PT_LOAD);
    let base = loads().map(|p| p.p_vaddr(endian)).min().unwrap_or(0) & !(IMAGE_ALIGN - 1);
    let mut end = base;
    for p in loads() {
        let (vaddr, memsz, filesz) = (p.p_vaddr(endian), p.p_memsz(endian), p.p_filesz(endian));
        if filesz > memsz {
            return Err(out("a segment's file size", p.p_offset(endian), filesz, memsz));
        }
        match vaddr.checked_add(memsz) {
            Some(e) if e - base <= MAX_IMAGE_BYTES => end = end.max(e),
            _ => return Err(out("a segment", vaddr, memsz, base.saturating_add(MAX_IMAGE_BYTES))),
        }
    }
    if end == base {
        return Err(ObjectError::NotACodeObject { what: "no loadable segment".into() });
    }
    let mut image = vec![0; (end - base) as usize];
    let mut segments = Vec::new();
    let mut note = None;
    for p in headers {
        let bytes = || {
            let (offset, size) = (p.p_offset(endian), p.p_filesz(endian));
            p.data(endian, data).map_err(|()| out("a segment's bytes", offset, size, data.len() as u64))
        };
        if p.p_type(endian) == elf::PT_LOAD {
            let bytes = bytes()?;
            let start = p.p_vaddr(endian) - base;
            image[start as usize..start as usize + bytes.len()].copy_from_slice(bytes);
            let flag = |bit: u32| p.p_flags(endian).0 & bit != 0;
            let size = p.p_memsz(endian);
            segments.push(Segment { offset: start, size, write: flag(elf::PF_W.0), execute: flag(elf::PF_X.0) });
        } else if p.p_type(endian) == elf::PT_NOTE {
            bytes()?;
            let Some(mut notes) = p.notes(endian, data).map_err(elf_error)? else { continue };
            while let Some(n) = notes.next().map_err(elf_error)? {
                if n.name() == b"AMDGPU" && n.n_type(endian).0 == NT_AMDGPU_METADATA {
                    note = Some(n.desc());
                }
            }
        }
    }
    segments.retain(|s: &Segment| s.size > 0);
    segments.sort_by_key(|s| s.offset);
    for (a, b) in segments.iter().zip(segments.iter().skip(1)) {
        if b.offset < a.end() {
            return Err(out("a segment that begins in another one", base + b.offset, b.size, base + a.end()));
        }
    }
    // What is only written by the loader that relocates it.
    for p in headers.iter().filter(|p| p.p_type(endian) == elf::PT_GNU_RELRO) {
        let start = p.p_vaddr(endian).saturating_sub(base);
        let end = start.saturating_add(p.p_memsz(endian));
        segments.iter_mut().filter(|s| start <= s.offset && s.end() <= end).for_each(|s| s.write = false);
    }
    Ok((image, base, segments, note))
}

/// What a kernel or relocation is looked up in.
struct Loader<'a, 'data> {
    endian: Endianness,
    base: u64,
    image: &'a [u8],
    segments: &'a [Segment],
    symbols: &'a SymbolTable<'data, Elf>,
    /// Defined symbols by name, the first of several; maps, because a file may have as many as it likes.
    by_name: HashMap<&'data [u8], &'data elf::Sym64<Endianness>>,
    /// Sizes of functions by address.
    functions: HashMap<u64, u64>,
}

impl<'a, 'data> Loader<'a, 'data> {
    fn new(
        endian: Endianness,
        base: u64,
        image: &'a [u8],
        segments: &'a [Segment],
        symbols: &'a SymbolTable<'data, Elf>,
    ) -> Self {
        let (mut by_name, mut functions) = (HashMap::new(), HashMap::new());
        for symbol in symbols.iter() {
            if symbol.st_type() == elf::STT_FUNC {
                functions.entry(symbol.st_value(endian)).or_insert(symbol.st_size(endian));
            }
            if symbol.st_shndx(endian) != elf::SHN_UNDEF {
                by_name.entry(symbols.symbol_name(endian, symbol).unwrap_or_default()).or_insert(symbol);
            }
        }
        Self { endian, base, image, segments, symbols, by_name, functions }
    }

    /// The segment that holds an offset of the image.
    fn segment(&self, offset: u64) -> Option<&'a Segment> {
        // They are sorted, and none reaches into the next one.
        let behind = self.segments.partition_point(|s| s.offset <= offset);
        self.segments.get(behind.checked_sub(1)?).filter(|s| offset < s.end())
    }
}

impl Loader<'_, '_> {
    /// A virtual address as an offset into the image, with `size` bytes behind it.
    fn offset(&self, what: &str, vaddr: u64, size: u64) -> Result<u64, ObjectError> {
        let limit = self.image.len() as u64;
        let offset = vaddr.checked_sub(self.base);
        match offset.filter(|o| o.checked_add(size).is_some_and(|end| end <= limit)) {
            Some(offset) => Ok(offset),
            None => Err(ObjectError::OutOfBounds { what: what.into(), offset: vaddr, size, limit: self.base + limit }),
        }
    }

    fn kernel(&self, meta: metadata::KernelMeta) -> Result<KernelInfo, ObjectError> {
        let e = self.endian;
        let bad = |what: String| ObjectError::Metadata { what: format!("kernel {}: {what}", meta.name) };
        let Some(symbol) = self.by_name.get(meta.symbol.as_bytes()) else {
            return Err(bad(format!("no symbol \"{}\"", meta.symbol)));
        };
        let vaddr = symbol.st_value(e);
        let descriptor_offset = self.offset("a kernel descriptor", vaddr, DESCRIPTOR_BYTES as u64)?;
        let at = descriptor_offset as usize;
        let mut raw = [0; DESCRIPTOR_BYTES];
        raw.copy_from_slice(&self.image[at..at + DESCRIPTOR_BYTES]);
        let descriptor = KernelDescriptor::from_bytes(&raw);

        let entry = vaddr.wrapping_add_signed(descriptor.kernel_code_entry_byte_offset);
        // A first instruction at least; COMPUTE_PGM_LO holds the address divided by 256.
        let entry_offset = self.offset("a kernel's entry", entry, 4)?;
        let code = self.segment(entry_offset).filter(|s| s.execute && entry_offset + 4 <= s.end());
        let (Some(code), 0) = (code, entry_offset % 256) else {
            return Err(bad(format!("its entry {entry:#x} is not executable code at a multiple of 0x100")));
        };
        let code_size = self.functions.get(&entry).copied().filter(|&n| n != 0);
        if let Some(size) = code_size.filter(|&n| n > code.end() - entry_offset) {
            let limit = self.base + code.end();
            return Err(ObjectError::OutOfBounds { what: "a kernel's code".into(), offset: entry, size, limit });
        }

        let contradiction = |field, metadata: u32, descriptor: u32| ObjectError::Contradiction {
            kernel: meta.name.clone(),
            field,
            metadata: metadata.into(),
            descriptor: descriptor.into(),
        };
        if meta.wavefront_size != descriptor.wave_size() {
            return Err(contradiction(".wavefront_size", meta.wavefront_size, descriptor.wave_size()));
        }
        for (field, metadata, in_descriptor) in [
            (".group_segment_fixed_size", meta.group_segment_fixed_size, descriptor.group_segment_fixed_size),
            (".private_segment_fixed_size", meta.private_segment_fixed_size, descriptor.private_segment_fixed_size),
        ] {
            if metadata != in_descriptor {
                return Err(contradiction(field, metadata, in_descriptor));
            }
        }
        let size = meta.kernarg_segment_size;
        if descriptor.kernarg_size != 0 && descriptor.kernarg_size != size {
            return Err(contradiction(".kernarg_segment_size", size, descriptor.kernarg_size));
        }
        // Kernel arguments of real kernels stay below 4 KiB by the language's rules; 64 KiB is generous.
        let limit = 1 << 16;
        if size > limit || !meta.kernarg_segment_align.is_power_of_two() || meta.kernarg_segment_align > 4096 {
            return Err(bad(format!("kernel arguments of {size} bytes aligned to {}", meta.kernarg_segment_align)));
        }
        for arg in &meta.args {
            if arg.offset.checked_add(arg.size).is_none_or(|end| end > size) {
                let (offset, n) = (u64::from(arg.offset), u64::from(arg.size));
                let what = format!("kernel {}: an argument", meta.name);
                return Err(ObjectError::OutOfBounds { what, offset, size: n, limit: size.into() });
            }
        }
        Ok(KernelInfo {
            name: meta.name,
            symbol: meta.symbol,
            descriptor,
            descriptor_offset,
            entry_offset,
            code_size,
            args: meta.args,
            kernarg_size: size,
            kernarg_align: meta.kernarg_segment_align,
            wave_size: meta.wavefront_size,
            sgprs: meta.sgpr_count,
            vgprs: meta.vgpr_count,
            lds_bytes: meta.group_segment_fixed_size,
            scratch_bytes: meta.private_segment_fixed_size,
            max_workgroup_size: meta.max_flat_workgroup_size,
            required_workgroup_size: meta.reqd_workgroup_size,
            uses_dynamic_stack: meta.uses_dynamic_stack,
            uniform_workgroups: meta.uniform_workgroups,
            sgpr_spills: meta.sgpr_spills,
            vgpr_spills: meta.vgpr_spills,
        })
    }

    /// The defined data symbols that are no kernel's descriptor.
    fn globals(&self, kernels: &[KernelInfo]) -> Result<Vec<Global>, ObjectError> {
        let e = self.endian;
        let descriptors: HashSet<&str> = kernels.iter().map(|k| k.symbol.as_str()).collect();
        let mut globals = Vec::new();
        let data = self.symbols.iter().filter(|s| s.st_type() == elf::STT_OBJECT && s.st_shndx(e) != elf::SHN_UNDEF);
        for symbol in data {
            let name = String::from_utf8_lossy(self.symbols.symbol_name(e, symbol).unwrap_or_default()).into_owned();
            if name.is_empty() || descriptors.contains(name.as_str()) {
                continue;
            }
            let size = symbol.st_size(e);
            let offset = self.offset("a variable", symbol.st_value(e), size)?;
            let write = self.segment(offset).is_some_and(|s| s.write);
            globals.push(Global { name, offset, size, write });
        }
        globals.sort_by(|a, b| a.name.cmp(&b.name));
        globals.dedup_by(|a, b| a.name == b.name);
        Ok(globals)
    }

    /// The dynamic relocations: allocated SHT_RELA sections.
    fn fixups(&self, sections: &SectionTable<'_, Elf>, data: &[u8]) -> Result<Vec<Fixup>, ObjectError> {
        let e = self.endian;
        let mut fixups = Vec::new();
        for section in sections.iter().filter(|s| s.sh_flags(e).0 & elf::SHF_ALLOC.0 != 0) {
            if section.sh_type(e) == elf::SHT_REL {
                return Err(ObjectError::Relocation { name: "SHT_REL".into(), offset: section.sh_addr(e) });
            }
            let Some((entries, _)) = section.rela(e, data).map_err(elf_error)? else { continue };
            for rela in entries {
                let (place, kind) = (rela.r_offset(e), rela.r_type(e, false).0);
                let addend = rela.r_addend(e);
                let refuse = || ObjectError::Relocation { name: relocation_name(kind), offset: place };
                let value = match kind {
                    R_AMDGPU_NONE => continue,
                    R_AMDGPU_RELATIVE64 => addend.cast_unsigned(),
                    R_AMDGPU_ABS64 => {
                        let symbol = rela.symbol(e, false).and_then(|i| self.symbols.symbol(i).ok());
                        let symbol = symbol.filter(|s| s.st_shndx(e) != elf::SHN_UNDEF).ok_or_else(|| {
                            let name = "R_AMDGPU_ABS64 against an undefined symbol".into();
                            ObjectError::Relocation { name, offset: place }
                        })?;
                        symbol.st_value(e).wrapping_add_signed(addend)
                    }
                    _ => return Err(refuse()),
                };
                let offset = self.offset("a relocation", place, 8)? as usize;
                fixups.push(Fixup { offset, value: value.wrapping_sub(self.base) });
            }
        }
        Ok(fixups)
    }
}

/// `R_AMDGPU_*` by number (LLVM `ELFRelocs/AMDGPU.def`).
fn relocation_name(kind: u32) -> String {
    let names = [
        "NONE",
        "ABS32_LO",
        "ABS32_HI",
        "ABS64",
        "REL32",
        "REL64",
        "ABS32",
        "GOTPCREL",
        "GOTPCREL32_LO",
        "GOTPCREL32_HI",
        "REL32_LO",
        "REL32_HI",
        "12",
        "RELATIVE64",
        "REL16",
    ];
    match names.get(kind as usize) {
        Some(name) => format!("R_AMDGPU_{name}"),
        None => format!("R_AMDGPU type {kind}"),
    }
}
