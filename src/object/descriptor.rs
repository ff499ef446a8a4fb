//! The 64-byte kernel descriptor that the metadata's `.symbol` names.

/// Bytes of a kernel descriptor.
pub const DESCRIPTOR_BYTES: usize = 64;

bitflags::bitflags! {
    /// `kernel_code_properties`: what the wave finds in its first user SGPRs, and how wide it is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct CodeProperties: u16 {
        /// Four SGPRs with the scratch V# (not on gfx11, which has architected flat scratch).
        const SGPR_PRIVATE_SEGMENT_BUFFER = 1 << 0;
        /// Two SGPRs with the address of the AQL dispatch packet.
        const SGPR_DISPATCH_PTR = 1 << 1;
        /// Two SGPRs with the address of the AQL queue.
        const SGPR_QUEUE_PTR = 1 << 2;
        /// Two SGPRs with the address of the kernel arguments.
        const SGPR_KERNARG_SEGMENT_PTR = 1 << 3;
        /// Two SGPRs with the dispatch id.
        const SGPR_DISPATCH_ID = 1 << 4;
        /// Two SGPRs for flat scratch (not on gfx11).
        const SGPR_FLAT_SCRATCH_INIT = 1 << 5;
        /// One SGPR with the private segment's size.
        const SGPR_PRIVATE_SEGMENT_SIZE = 1 << 6;
        /// Waves have 32 lanes, not 64 (gfx10 on).
        const WAVEFRONT_SIZE32 = 1 << 10;
        /// The kernel's stack is not known when it is compiled.
        const USES_DYNAMIC_STACK = 1 << 11;
        /// Bits without a name are kept as they are.
        const _ = !0;
    }
}

impl CodeProperties {
    /// What is asked for in user SGPRs, and how many each takes, in the order of the SGPRs, which is that of the bits
    /// (LLVM "User Guide for AMDGPU Backend", Initial Kernel Execution State).
    const IN_SGPRS: [(Self, u32); 7] = [
        (Self::SGPR_PRIVATE_SEGMENT_BUFFER, 4),
        (Self::SGPR_DISPATCH_PTR, 2),
        (Self::SGPR_QUEUE_PTR, 2),
        (Self::SGPR_KERNARG_SEGMENT_PTR, 2),
        (Self::SGPR_DISPATCH_ID, 2),
        (Self::SGPR_FLAT_SCRATCH_INIT, 2),
        (Self::SGPR_PRIVATE_SEGMENT_SIZE, 1),
    ];

    /// The first user SGPR of one of them; `None` when the kernel doesn't ask for it.
    pub fn sgpr(self, of: Self) -> Option<u32> {
        let before = Self::IN_SGPRS.iter().take_while(|(bit, _)| *bit != of);
        self.contains(of).then(|| before.filter(|(bit, _)| self.contains(*bit)).map(|(_, n)| n).sum())
    }

    /// The user SGPRs before the kernel arguments' address, or `None` when the kernel doesn't ask for it.
    pub fn kernarg_sgpr(self) -> Option<u32> {
        self.sgpr(Self::SGPR_KERNARG_SEGMENT_PTR)
    }

    /// User SGPRs that all of them take.
    pub fn sgprs(self) -> u32 {
        Self::IN_SGPRS.iter().filter(|(bit, _)| self.contains(*bit)).map(|(_, n)| n).sum()
    }
}

/// A kernel descriptor, `amdhsa::kernel_descriptor_t` of LLVM, field by field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KernelDescriptor {
    /// LDS that every workgroup takes, in bytes; dynamic LDS comes on top.
    pub group_segment_fixed_size: u32,
    /// Scratch a lane takes, in bytes.
    pub private_segment_fixed_size: u32,
    /// Bytes of kernel arguments; 0 in objects older than version 3.
    pub kernarg_size: u32,
    /// From the descriptor to the first instruction, in bytes.
    pub kernel_code_entry_byte_offset: i64,
    /// `COMPUTE_PGM_RSRC3`: shared VGPRs, instruction prefetch.
    pub compute_pgm_rsrc3: u32,
    /// `COMPUTE_PGM_RSRC1`: VGPR granules, float modes, WGP mode.
    pub compute_pgm_rsrc1: u32,
    /// `COMPUTE_PGM_RSRC2`: user SGPRs, workgroup ids, work-item ids. LDS_SIZE is 0 here: the loader fills it in.
    pub compute_pgm_rsrc2: u32,
    /// What the user SGPRs hold, and the wave size.
    pub properties: CodeProperties,
    /// Kernel arguments preloaded into SGPRs (gfx940; 0 elsewhere).
    pub kernarg_preload: u16,
}

const fn bits(word: u32, shift: u32, width: u32) -> u32 {
    word >> shift & ((1 << width) - 1)
}

impl KernelDescriptor {
    /// Decodes the 64 bytes.
    pub fn from_bytes(b: &[u8; DESCRIPTOR_BYTES]) -> Self {
        let u16_at = |o: usize| u16::from_le_bytes([b[o], b[o + 1]]);
        let u32_at = |o: usize| u32::from_le_bytes([b[o], b[o + 1], b[o + 2], b[o + 3]]);
        let entry = u64::from(u32_at(16)) | u64::from(u32_at(20)) << 32;
        Self {
            group_segment_fixed_size: u32_at(0),
            private_segment_fixed_size: u32_at(4),
            kernarg_size: u32_at(8),
            kernel_code_entry_byte_offset: entry.cast_signed(),
            compute_pgm_rsrc3: u32_at(44),
            compute_pgm_rsrc1: u32_at(48),
            compute_pgm_rsrc2: u32_at(52),
            properties: CodeProperties::from_bits_retain(u16_at(56)),
            kernarg_preload: u16_at(58),
        }
    }

    /// Lanes of a wave: 32 or 64.
    pub fn wave_size(&self) -> u32 {
        if self.properties.contains(CodeProperties::WAVEFRONT_SIZE32) { 32 } else { 64 }
    }

    /// VGPRs that RSRC1 allocates on gfx10 and gfx11: granules of 8 in wave32, 4 in wave64.
    pub fn allocated_vgprs(&self) -> u32 {
        (bits(self.compute_pgm_rsrc1, 0, 6) + 1) * if self.wave_size() == 32 { 8 } else { 4 }
    }

    /// RSRC1.PRIV, privileged mode: a program that sets it cannot run on a kernel-driver ring.
    pub fn is_privileged(&self) -> bool {
        bits(self.compute_pgm_rsrc1, 20, 1) != 0
    }

    /// RSRC1.FLOAT_MODE: rounding and denormal modes, the low byte of the MODE register.
    pub fn float_mode(&self) -> u32 {
        bits(self.compute_pgm_rsrc1, 12, 8)
    }

    /// RSRC1.DX10_CLAMP: a clamped NaN is 0.
    pub fn dx10_clamp(&self) -> bool {
        bits(self.compute_pgm_rsrc1, 21, 1) != 0
    }

    /// RSRC1.IEEE_MODE: signalling NaNs are quieted.
    pub fn ieee_mode(&self) -> bool {
        bits(self.compute_pgm_rsrc1, 23, 1) != 0
    }

    /// RSRC1.WGP_MODE: a workgroup may use both CUs of its WGP.
    pub fn wgp_mode(&self) -> bool {
        bits(self.compute_pgm_rsrc1, 29, 1) != 0
    }

    /// RSRC2.USER_SGPR: the number of SGPRs that COMPUTE_USER_DATA loads; the workgroup ids follow.
    pub fn user_sgprs(&self) -> u32 {
        bits(self.compute_pgm_rsrc2, 1, 5)
    }

    /// RSRC2.TGID_{X,Y,Z}_EN: which workgroup ids the wave gets, in this order after the user SGPRs.
    pub fn workgroup_ids(&self) -> [bool; 3] {
        [7, 8, 9].map(|bit| bits(self.compute_pgm_rsrc2, bit, 1) != 0)
    }

    /// RSRC2.TIDIG_COMP_CNT: 0 has the x, 1 also the y, 2 also the z work-item id, packed by 10 bits into v0 on gfx11.
    pub fn workitem_ids(&self) -> u32 {
        bits(self.compute_pgm_rsrc2, 11, 2)
    }

    /// RSRC2.SCRATCH_EN: the kernel needs scratch memory.
    pub fn uses_scratch(&self) -> bool {
        bits(self.compute_pgm_rsrc2, 0, 1) != 0
    }
}
