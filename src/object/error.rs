//! What can be wrong with a code object or with arguments for its kernels.

/// A code object that cannot be loaded, or arguments that don't fit a kernel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// The bytes are not the ELF file that a code object is.
    #[error("not an AMDGPU code object: {what}")]
    NotACodeObject {
        /// What was found instead.
        what: String,
    },
    /// An object that was compiled and not linked.
    #[error("a relocatable object (ET_REL), not a linked code object: its kernels have no addresses yet")]
    NotLinked,
    /// An offload bundle that cannot be read.
    #[error("not a usable offload bundle: {what}")]
    Bundle {
        /// What is wrong.
        what: String,
    },
    /// An offload bundle without code for the device.
    #[error("the bundle has nothing for {device}; it has {}", list(.found))]
    NotInBundle {
        /// The device's target.
        device: String,
        /// The targets that there are.
        found: Vec<String>,
    },
    /// The ABI version is one that this loader doesn't know.
    #[error("code object ABI version {abi} (EI_ABIVERSION) is not 2, 3 or 4, that is code object version 4, 5 or 6")]
    Version {
        /// The byte found.
        abi: u8,
    },
    /// A table, segment or symbol lies outside what contains it, or is absurdly large.
    #[error("{what} at {offset:#x}, {size:#x} bytes, is outside its limit of {limit:#x}")]
    OutOfBounds {
        /// What lies outside.
        what: String,
        /// Its file offset or virtual address.
        offset: u64,
        /// Its size in bytes.
        size: u64,
        /// The end of what contains it.
        limit: u64,
    },
    /// The metadata note is missing, not MessagePack, or lacks something.
    #[error("bad metadata: {what}")]
    Metadata {
        /// What is wrong.
        what: String,
    },
    /// Metadata and kernel descriptor contradict each other.
    #[error("kernel {kernel}: the metadata says {field} {metadata}, the kernel descriptor says {descriptor}")]
    Contradiction {
        /// The kernel.
        kernel: String,
        /// The metadata's field.
        field: &'static str,
        /// Its value.
        metadata: u64,
        /// The descriptor's value.
        descriptor: u64,
    },
    /// A dynamic relocation that the loader doesn't apply.
    #[error("relocation {name} at {offset:#x} is not supported")]
    Relocation {
        /// `R_AMDGPU_*` or its number.
        name: String,
        /// Virtual address of the place to be relocated.
        offset: u64,
    },
    /// A kernel that asks for something that gfx11 does not have, or that a loader cannot give.
    #[error("kernel {kernel}: {what}")]
    Unsupported {
        /// The kernel.
        kernel: String,
        /// What it asks for, and why it is refused.
        what: String,
    },
    /// No global variable has this name.
    #[error("no global variable \"{name}\"; the object has {}", list(.known))]
    UnknownGlobal {
        /// The name asked for.
        name: String,
        /// The variables there are.
        known: Vec<String>,
    },
    /// The object was built for another GPU.
    #[error("the code object is for {object}, the device is {device}")]
    Target {
        /// The object's target.
        object: String,
        /// The device's.
        device: String,
    },
    /// No kernel has this name.
    #[error("no kernel \"{name}\"; the object has {}", list(.known))]
    UnknownKernel {
        /// The name asked for.
        name: String,
        /// The kernels there are.
        known: Vec<String>,
    },
    /// The number of arguments is wrong.
    #[error("kernel {kernel} takes {expected} arguments, {given} were given")]
    ArgumentCount {
        /// The kernel.
        kernel: String,
        /// Explicit arguments in the metadata.
        expected: usize,
        /// Arguments given.
        given: usize,
    },
    /// An argument has the wrong kind or size.
    #[error("kernel {kernel}, argument {index}{}: expected {expected}, got {given}", named(.name))]
    Argument {
        /// The kernel.
        kernel: String,
        /// Position among the explicit arguments, from 0.
        index: usize,
        /// The argument's name, when the metadata has it.
        name: Option<String>,
        /// What the metadata asks for.
        expected: String,
        /// What was given.
        given: String,
    },
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

fn named(name: &Option<String>) -> String {
    name.as_ref().map(|n| format!(" ({n})")).unwrap_or_default()
}

impl ObjectError {
    /// A stable name for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotACodeObject { .. } => "object-not-a-code-object",
            Self::NotLinked => "object-not-linked",
            Self::Bundle { .. } => "object-bundle",
            Self::NotInBundle { .. } => "object-not-in-bundle",
            Self::Version { .. } => "object-version",
            Self::OutOfBounds { .. } => "object-out-of-bounds",
            Self::Metadata { .. } => "object-metadata",
            Self::Contradiction { .. } => "object-contradiction",
            Self::Relocation { .. } => "object-relocation",
            Self::Target { .. } => "object-target",
            Self::Unsupported { .. } => "object-unsupported",
            Self::UnknownGlobal { .. } => "object-unknown-global",
            Self::UnknownKernel { .. } => "object-unknown-kernel",
            Self::ArgumentCount { .. } => "object-argument-count",
            Self::Argument { .. } => "object-argument",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotACodeObject { .. } => "give a linked .hsaco (ELF64 shared object for amdgcn-amd-amdhsa)",
            Self::NotLinked => "link it: `ld.lld -shared -o FILE.hsaco FILE.o`, or let clang do so (without -c)",
            Self::Bundle { .. } => {
                "unpack it with `clang-offload-bundler -unbundle`, or build with -no-offload-compress"
            }
            Self::NotInBundle { .. } => "build for the device too (`--offload-arch=…`)",
            Self::Version { .. } => "rebuild with -mcode-object-version=5",
            Self::OutOfBounds { .. } | Self::Contradiction { .. } => "the file is damaged or truncated: build it again",
            Self::Metadata { .. } => "the loader needs the NT_AMDGPU_METADATA note that clang and Triton write",
            Self::Relocation { .. } => {
                "link the object with ld.lld -shared, so that only R_AMDGPU_RELATIVE64 and ABS64 remain"
            }
            Self::Target { .. } => "rebuild it for the device (clang -mcpu=…)",
            Self::Unsupported { .. } => "rebuild it for the device (clang -mcpu=…), without what is refused",
            Self::UnknownGlobal { .. } => {
                "only variables with external linkage have names: see `llvm-readelf --dyn-syms`"
            }
            Self::UnknownKernel { .. } => "names are those in the object's metadata, without .kd",
            Self::ArgumentCount { .. } | Self::Argument { .. } => "compare with the arguments in the object's metadata",
        }
    }
}
