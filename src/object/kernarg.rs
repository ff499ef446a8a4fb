//! Kernel arguments, laid out as the metadata says.

use super::{Arg, KernelInfo, ObjectError, ValueKind};

/// One explicit argument.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum ArgValue<'a> {
    /// A GPU virtual address, for a `global_buffer`.
    Pointer(u64),
    /// A 32-bit unsigned value; also the LDS offset of a `dynamic_shared_pointer`.
    U32(u32),
    /// A 32-bit signed value.
    I32(i32),
    /// A 32-bit float.
    F32(f32),
    /// A 64-bit value that is not an address.
    U64(u64),
    /// An 8-bit value.
    U8(u8),
    /// A 16-bit value: an integer, or the bits of an f16 or bf16.
    U16(u16),
    /// A 64-bit signed value.
    I64(i64),
    /// A 64-bit float.
    F64(f64),
    /// A value of any size, in the device's (little-endian) byte order.
    Bytes(&'a [u8]),
}

impl ArgValue<'_> {
    fn describe(&self) -> String {
        match self {
            Self::Pointer(_) => "a pointer (8 bytes)".into(),
            Self::U32(_) => "u32 (4 bytes)".into(),
            Self::I32(_) => "i32 (4 bytes)".into(),
            Self::F32(_) => "f32 (4 bytes)".into(),
            Self::U64(_) => "u64 (8 bytes)".into(),
            Self::U8(_) => "u8 (1 byte)".into(),
            Self::U16(_) => "u16 (2 bytes)".into(),
            Self::I64(_) => "i64 (8 bytes)".into(),
            Self::F64(_) => "f64 (8 bytes)".into(),
            Self::Bytes(b) => format!("{} bytes", b.len()),
        }
    }
}

/// The launch that hidden arguments describe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Launch {
    /// Complete workgroups in x, y, z.
    pub blocks: [u32; 3],
    /// Work-items of a complete workgroup in x, y, z.
    pub block_size: [u16; 3],
    /// Work-items of the partial workgroup at the end of x, y, z; 0 when all are complete.
    pub remainder: [u16; 3],
    /// What global ids begin with in x, y, z.
    pub offset: [u64; 3],
    /// LDS beyond what the kernel declares, in bytes.
    pub dynamic_lds: u32,
    /// Address of the queue's block, `amd_queue_t` of the HSA runtime; 0 where there is none.
    pub queue_va: u64,
}

/// The upper halves of the flat apertures of LDS and scratch in an address space of the amdgpu driver, which sets
/// SH_MEM_BASES from `shared_aperture_start` and `private_aperture_start` (`gmc_v11_0.c`, `gfx_v11_0.c`). amdkfd, by
/// which the ROCm runtime works, has others for its processes.
pub const SHARED_BASE_HI: u32 = 0x2000_0000;
/// See [`SHARED_BASE_HI`].
pub const PRIVATE_BASE_HI: u32 = 0x1000_0000;

impl Launch {
    /// A launch of complete workgroups only.
    pub fn uniform(blocks: [u32; 3], block_size: [u16; 3]) -> Self {
        Self { blocks, block_size, ..Self::default() }
    }

    /// Work-items in x, y and z.
    pub fn items(&self) -> [u64; 3] {
        [0, 1, 2].map(|i| u64::from(self.blocks[i]) * u64::from(self.block_size[i]) + u64::from(self.remainder[i]))
    }

    /// Dimensions in use: the highest one with more than one work-item, at least 1.
    pub fn grid_dims(&self) -> u16 {
        let items = self.items();
        (0..3).rev().find(|&i| items[i] > 1).map_or(1, |i| i as u16 + 1)
    }

    /// The value of a hidden argument (LLVM "User Guide for AMDGPU Backend", Code Object Metadata, `.value_kind`);
    /// those of a runtime that nothing here replaces (device queues, heaps, host calls, multi-grid groups, printf)
    /// are 0, by which the compilers' libraries know that it is missing.
    fn hidden(&self, name: &str) -> u64 {
        let Some((stem, axis)) = [("_x", 0), ("_y", 1), ("_z", 2)]
            .into_iter()
            .find_map(|(suffix, axis)| Some((name.strip_suffix(suffix)?, axis)))
        else {
            return match name {
                "hidden_grid_dims" => self.grid_dims().into(),
                "hidden_dynamic_lds_size" => self.dynamic_lds.into(),
                "hidden_private_base" => PRIVATE_BASE_HI.into(),
                "hidden_shared_base" => SHARED_BASE_HI.into(),
                "hidden_queue_ptr" => self.queue_va,
                _ => 0,
            };
        };
        match stem {
            "hidden_block_count" => u64::from(self.blocks[axis]),
            "hidden_group_size" => u64::from(self.block_size[axis]),
            "hidden_remainder" => u64::from(self.remainder[axis]),
            "hidden_global_offset" => self.offset[axis],
            _ => 0,
        }
    }
}

/// Bytes of a hidden argument that this loader fills; `None` for one that stays 0.
pub(super) fn hidden_size(name: &str) -> Option<u32> {
    Some(match name.trim_end_matches(['x', 'y', 'z']) {
        "hidden_block_count_" => 4,
        "hidden_group_size_" | "hidden_remainder_" => 2,
        "hidden_global_offset_" => 8,
        _ => match name {
            "hidden_grid_dims" => 2,
            "hidden_dynamic_lds_size" | "hidden_private_base" | "hidden_shared_base" => 4,
            "hidden_queue_ptr" => 8,
            _ => return None,
        },
    })
}

/// Builds the kernel arguments of one launch.
#[derive(Debug, Clone)]
pub struct KernargBuilder<'k> {
    kernel: &'k KernelInfo,
    bytes: Vec<u8>,
    given: usize,
}

impl<'k> KernargBuilder<'k> {
    /// A zeroed block of the kernel's size.
    pub fn new(kernel: &'k KernelInfo) -> Self {
        Self { kernel, bytes: vec![0; kernel.kernarg_size as usize], given: 0 }
    }

    fn put(&mut self, arg: &Arg, bytes: &[u8]) {
        let start = arg.offset as usize;
        // The loader has checked that every argument lies inside the block.
        if let Some(place) = self.bytes.get_mut(start..start + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    /// Appends the next explicit argument.
    ///
    /// # Errors
    /// [`ObjectError::ArgumentCount`] when there are no more, [`ObjectError::Argument`] when kind or size differ.
    pub fn push(&mut self, value: ArgValue<'_>) -> Result<&mut Self, ObjectError> {
        let kernel = self.kernel;
        let Some(arg) = kernel.explicit_args().nth(self.given) else {
            let expected = kernel.explicit_args().count();
            return Err(ObjectError::ArgumentCount { kernel: kernel.name.clone(), expected, given: expected + 1 });
        };
        let mut word = [0; 8];
        let mut store = |bytes: &[u8]| {
            word[..bytes.len()].copy_from_slice(bytes);
            bytes.len()
        };
        let size = match value {
            ArgValue::Pointer(v) | ArgValue::U64(v) => store(&v.to_le_bytes()),
            ArgValue::I64(v) => store(&v.to_le_bytes()),
            ArgValue::F64(v) => store(&v.to_le_bytes()),
            ArgValue::U32(v) => store(&v.to_le_bytes()),
            ArgValue::I32(v) => store(&v.to_le_bytes()),
            ArgValue::F32(v) => store(&v.to_le_bytes()),
            ArgValue::U16(v) => store(&v.to_le_bytes()),
            ArgValue::U8(v) => store(&[v]),
            ArgValue::Bytes(_) => 0,
        };
        let bytes = match value {
            ArgValue::Bytes(bytes) => bytes,
            _ => &word[..size],
        };
        let kind_fits = match (&arg.kind, value) {
            (ValueKind::GlobalBuffer, v) => matches!(v, ArgValue::Pointer(_)),
            (ValueKind::ByValue, v) => !matches!(v, ArgValue::Pointer(_)),
            (ValueKind::DynamicSharedPointer, v) => matches!(v, ArgValue::U32(_) | ArgValue::Bytes(_)),
            (_, v) => matches!(v, ArgValue::Bytes(_)),
        };
        if !kind_fits || bytes.len() != arg.size as usize {
            return Err(ObjectError::Argument {
                kernel: kernel.name.clone(),
                index: self.given,
                name: arg.name.clone(),
                expected: format!("{} ({} bytes)", arg.kind.as_str(), arg.size),
                given: value.describe(),
            });
        }
        self.put(arg, bytes);
        self.given += 1;
        Ok(self)
    }

    /// Fills the hidden arguments and returns the block.
    ///
    /// # Errors
    /// [`ObjectError::ArgumentCount`] when explicit arguments are missing.
    pub fn finish(mut self, launch: &Launch) -> Result<Vec<u8>, ObjectError> {
        let kernel = self.kernel;
        let expected = kernel.explicit_args().count();
        if self.given != expected {
            return Err(ObjectError::ArgumentCount { kernel: kernel.name.clone(), expected, given: self.given });
        }
        for arg in &kernel.args {
            if let ValueKind::Hidden(name) = &arg.kind {
                let value = launch.hidden(name).to_le_bytes();
                self.put(arg, &value[..(arg.size as usize).min(8)]);
            }
        }
        Ok(self.bytes)
    }
}
