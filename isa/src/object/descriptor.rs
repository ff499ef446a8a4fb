//! The 64-byte kernel descriptor, built from the directives of an `.amdhsa_kernel` block.
//!
//! Layout and defaults: LLVM "User Guide for AMDGPU Backend", Kernel Descriptor and AMDHSA Kernel Assembler
//! Directives, as LLVM 19 has them for gfx11.
//!
//! llvm-mc puts the descriptor of kernel `k` where the source stands, without aligning it, under the symbol `k.kd` (an
//! object of 64 bytes) which it names before `k`. `k.kd` takes the binding and visibility that `k` has there: local when
//! `k` is defined and not declared global, global when `k` is not yet defined. A `k` of default visibility then becomes
//! protected, so that the distance to it is known when linking.

use alloc::format;

use super::DirectiveError;

/// Bytes of a descriptor.
pub const DESCRIPTOR_BYTES: usize = 64;
/// Where the descriptor holds the distance from itself to the kernel's first instruction, 8 bytes.
pub const ENTRY_OFFSET: usize = 16;

/// The words of the descriptor that directives set bits of.
#[derive(Clone, Copy)]
enum Word {
    Group,
    Private,
    Kernarg,
    Rsrc3,
    Rsrc1,
    Rsrc2,
    Properties,
}

impl Word {
    /// Byte offset in the descriptor.
    const fn offset(self) -> usize {
        match self {
            Word::Group => 0,
            Word::Private => 4,
            Word::Kernarg => 8,
            Word::Rsrc3 => 44,
            Word::Rsrc1 => 48,
            Word::Rsrc2 => 52,
            Word::Properties => 56,
        }
    }
}

/// What a directive does.
#[derive(Clone, Copy)]
enum Does {
    /// Sets a field: word, lowest bit, width.
    Bits(Word, u8, u8),
    /// Sets one bit of the properties, which takes this many user SGPRs.
    User(u8, u8),
    /// Feeds the granulated VGPR count.
    NextFreeVgpr,
    /// Required, but gfx11 has no SGPR count in the descriptor.
    NextFreeSgpr,
    UserSgprCount,
    /// Checked for its range; gfx11 has nothing to store.
    ReserveVcc,
    /// gfx11 never reserves an XNACK mask.
    ReserveXnackMask,
    /// Not for gfx11.
    No(&'static str),
}

use Does::{Bits, No, User};
use Word::{Group, Kernarg, Private, Properties, Rsrc1, Rsrc2, Rsrc3};

const GFX90A: &str = "gfx90a and later gfx9 only";
const ARCHITECTED: &str = "gfx11 has architected flat scratch";
const NEWER: &str = "gfx12 only";

/// One row a directive.
static DIRECTIVES: [(&str, Does); 47] = [
    (".amdhsa_group_segment_fixed_size", Bits(Group, 0, 32)),
    (".amdhsa_private_segment_fixed_size", Bits(Private, 0, 32)),
    (".amdhsa_kernarg_size", Bits(Kernarg, 0, 32)),
    (".amdhsa_user_sgpr_count", Does::UserSgprCount),
    (".amdhsa_user_sgpr_private_segment_buffer", No(ARCHITECTED)),
    (".amdhsa_user_sgpr_dispatch_ptr", User(1, 2)),
    (".amdhsa_user_sgpr_queue_ptr", User(2, 2)),
    (".amdhsa_user_sgpr_kernarg_segment_ptr", User(3, 2)),
    (".amdhsa_user_sgpr_dispatch_id", User(4, 2)),
    (".amdhsa_user_sgpr_flat_scratch_init", No(ARCHITECTED)),
    (".amdhsa_user_sgpr_private_segment_size", User(6, 1)),
    (".amdhsa_user_sgpr_kernarg_preload_length", No(GFX90A)),
    (".amdhsa_user_sgpr_kernarg_preload_offset", No(GFX90A)),
    (".amdhsa_wavefront_size32", Bits(Properties, 10, 1)),
    (".amdhsa_uses_dynamic_stack", Bits(Properties, 11, 1)),
    (".amdhsa_system_sgpr_private_segment_wavefront_offset", No(ARCHITECTED)),
    (".amdhsa_enable_private_segment", Bits(Rsrc2, 0, 1)),
    (".amdhsa_system_sgpr_workgroup_id_x", Bits(Rsrc2, 7, 1)),
    (".amdhsa_system_sgpr_workgroup_id_y", Bits(Rsrc2, 8, 1)),
    (".amdhsa_system_sgpr_workgroup_id_z", Bits(Rsrc2, 9, 1)),
    (".amdhsa_system_sgpr_workgroup_info", Bits(Rsrc2, 10, 1)),
    (".amdhsa_system_vgpr_workitem_id", Bits(Rsrc2, 11, 2)),
    (".amdhsa_next_free_vgpr", Does::NextFreeVgpr),
    (".amdhsa_next_free_sgpr", Does::NextFreeSgpr),
    (".amdhsa_accum_offset", No(GFX90A)),
    (".amdhsa_reserve_vcc", Does::ReserveVcc),
    (".amdhsa_reserve_flat_scratch", No(ARCHITECTED)),
    (".amdhsa_reserve_xnack_mask", Does::ReserveXnackMask),
    (".amdhsa_float_round_mode_32", Bits(Rsrc1, 12, 2)),
    (".amdhsa_float_round_mode_16_64", Bits(Rsrc1, 14, 2)),
    (".amdhsa_float_denorm_mode_32", Bits(Rsrc1, 16, 2)),
    (".amdhsa_float_denorm_mode_16_64", Bits(Rsrc1, 18, 2)),
    (".amdhsa_dx10_clamp", Bits(Rsrc1, 21, 1)),
    (".amdhsa_ieee_mode", Bits(Rsrc1, 23, 1)),
    (".amdhsa_fp16_overflow", Bits(Rsrc1, 26, 1)),
    (".amdhsa_tg_split", No(GFX90A)),
    (".amdhsa_workgroup_processor_mode", Bits(Rsrc1, 29, 1)),
    (".amdhsa_memory_ordered", Bits(Rsrc1, 30, 1)),
    (".amdhsa_forward_progress", Bits(Rsrc1, 31, 1)),
    (".amdhsa_shared_vgpr_count", Bits(Rsrc3, 0, 4)),
    (".amdhsa_exception_fp_ieee_invalid_op", Bits(Rsrc2, 24, 1)),
    (".amdhsa_exception_fp_denorm_src", Bits(Rsrc2, 25, 1)),
    (".amdhsa_exception_fp_ieee_div_zero", Bits(Rsrc2, 26, 1)),
    (".amdhsa_exception_fp_ieee_overflow", Bits(Rsrc2, 27, 1)),
    (".amdhsa_exception_fp_ieee_underflow", Bits(Rsrc2, 28, 1)),
    (".amdhsa_exception_fp_ieee_inexact", Bits(Rsrc2, 29, 1)),
    (".amdhsa_exception_int_div_zero", Bits(Rsrc2, 30, 1)),
];

/// gfx12's directive: LLVM 19 knows it and refuses it here.
static ROUND_ROBIN: &str = ".amdhsa_round_robin_scheduling";

const WAVE32: &str = ".amdhsa_wavefront_size32";
const SHARED_VGPRS: &str = ".amdhsa_shared_vgpr_count";
const NEXT_FREE_VGPR: &str = ".amdhsa_next_free_vgpr";
const NEXT_FREE_SGPR: &str = ".amdhsa_next_free_sgpr";
const USER_SGPR_COUNT: &str = ".amdhsa_user_sgpr_count";

/// Largest number of user SGPRs that `COMPUTE_PGM_RSRC2.USER_SGPR`'s 5 bits hold.
const MAX_USER_SGPRS: u64 = 31;
/// Largest granulated VGPR count, 6 bits.
const MAX_GRANULES: u64 = 63;

/// An `.amdhsa_kernel` block as far as it has been read.
///
/// [`Descriptor::new`] holds LLVM's defaults for gfx11, [`Descriptor::set`] takes one directive, and
/// [`Descriptor::finish`] checks the block as a whole and makes the 64 bytes.
#[derive(Clone, Debug)]
pub struct Descriptor {
    bytes: [u8; DESCRIPTOR_BYTES],
    /// Which rows of [`DIRECTIVES`] have been set.
    seen: u64,
    next_free_vgpr: u64,
    user_sgprs: u64,
    implied_user_sgprs: u64,
}

impl Default for Descriptor {
    fn default() -> Self {
        Self::new()
    }
}

impl Descriptor {
    /// An empty block: wave32, workgroup id x, IEEE mode, DX10 clamp, f16 and f64 denormals, WGP mode, ordered memory.
    pub fn new() -> Self {
        let mut d =
            Self { bytes: [0; DESCRIPTOR_BYTES], seen: 0, next_free_vgpr: 0, user_sgprs: 0, implied_user_sgprs: 0 };
        d.put(Properties, 10, 1, 1);
        d.put(Rsrc2, 7, 1, 1);
        d.put(Rsrc1, 18, 2, 3);
        d.put(Rsrc1, 21, 1, 1);
        d.put(Rsrc1, 23, 1, 1);
        d.put(Rsrc1, 29, 2, 3);
        d
    }

    fn word(&self, word: Word) -> u32 {
        let at = word.offset();
        u32::from_le_bytes([self.bytes[at], self.bytes[at + 1], self.bytes[at + 2], self.bytes[at + 3]])
    }

    fn put(&mut self, word: Word, shift: u8, width: u8, value: u32) {
        let mask = (u32::MAX >> (32 - u32::from(width))) << shift;
        let new = self.word(word) & !mask | value << shift & mask;
        let at = word.offset();
        self.bytes[at..at + 4].copy_from_slice(&new.to_le_bytes());
    }

    /// Whether LLVM 19 has a directive of this name, for whichever processor.
    pub fn is_directive(name: &str) -> bool {
        name == ROUND_ROBIN || DIRECTIVES.iter().any(|d| d.0 == name)
    }

    /// The names of the directives, `.amdhsa_` included, that gfx11 has.
    pub fn directives() -> impl Iterator<Item = &'static str> {
        DIRECTIVES.iter().filter(|d| !matches!(d.1, No(_))).map(|d| d.0)
    }

    fn was_set(&self, name: &str) -> bool {
        DIRECTIVES.iter().position(|d| d.0 == name).is_some_and(|row| self.seen >> row & 1 != 0)
    }

    /// Takes one directive, by its full name (`.amdhsa_next_free_vgpr`).
    pub fn set(&mut self, name: &str, value: i64) -> Result<(), DirectiveError> {
        let Some(row) = DIRECTIVES.iter().position(|d| d.0 == name) else {
            return Err(if name == ROUND_ROBIN {
                DirectiveError::Unsupported { name: ROUND_ROBIN, why: NEWER }
            } else {
                DirectiveError::Unknown { name: name.into() }
            });
        };
        let (name, does) = DIRECTIVES[row];
        if let No(why) = does {
            return Err(DirectiveError::Unsupported { name, why });
        }
        if self.seen >> row & 1 != 0 {
            return Err(DirectiveError::Repeated { name });
        }
        let max = match does {
            Bits(_, _, width) => u64::MAX >> (64 - width),
            User(..) | Does::ReserveVcc | Does::ReserveXnackMask => 1,
            Does::UserSgprCount => MAX_USER_SGPRS,
            // The limit depends on the wave size, which may come later in the block.
            Does::NextFreeVgpr | Does::NextFreeSgpr | No(_) => i64::MAX as u64,
        };
        let fits = u64::try_from(value).ok().filter(|v| *v <= max);
        let Some(v) = fits else { return Err(DirectiveError::Range { name, value, max }) };
        match does {
            Bits(word, shift, width) => self.put(word, shift, width, v as u32),
            User(bit, count) => {
                self.put(Properties, bit, 1, v as u32);
                self.implied_user_sgprs += v * u64::from(count);
            }
            Does::NextFreeVgpr => self.next_free_vgpr = v,
            Does::UserSgprCount => self.user_sgprs = v,
            Does::ReserveXnackMask if v != 0 => {
                return Err(DirectiveError::Conflict { name, why: "no gfx11 target has XNACK".into() });
            }
            Does::NextFreeSgpr | Does::ReserveVcc | Does::ReserveXnackMask | No(_) => {}
        }
        self.seen |= 1 << row;
        Ok(())
    }

    /// Waves have 32 lanes.
    pub fn is_wave32(&self) -> bool {
        self.word(Properties) >> 10 & 1 != 0
    }

    /// Checks the block and makes the descriptor.
    ///
    /// The 8 bytes at [`ENTRY_OFFSET`] are zero: they take an `R_AMDGPU_REL64` against the kernel's symbol with the
    /// addend [`ENTRY_OFFSET`].
    pub fn finish(&self) -> Result<[u8; DESCRIPTOR_BYTES], DirectiveError> {
        for name in [NEXT_FREE_VGPR, NEXT_FREE_SGPR] {
            if !self.was_set(name) {
                return Err(DirectiveError::Missing { name });
            }
        }
        // The encoding counts 8 VGPRs in wave32 and 4 in wave64, whatever the processor allocates at a time.
        let granule = if self.is_wave32() { 8 } else { 4 };
        let granules = self.next_free_vgpr.max(1).div_ceil(granule) - 1;
        if granules > MAX_GRANULES {
            let max = (MAX_GRANULES + 1) * granule;
            let value = self.next_free_vgpr.cast_signed();
            return Err(DirectiveError::Range { name: NEXT_FREE_VGPR, value, max });
        }
        let mut user_sgprs = self.implied_user_sgprs;
        if self.was_set(USER_SGPR_COUNT) {
            if self.user_sgprs < self.implied_user_sgprs {
                let why = format!("{} is smaller than the {} that the block enables", self.user_sgprs, user_sgprs);
                return Err(DirectiveError::Conflict { name: USER_SGPR_COUNT, why });
            }
            user_sgprs = self.user_sgprs;
        }
        let shared = u64::from(self.word(Rsrc3) & 0xf);
        if shared != 0 && self.was_set(WAVE32) && self.is_wave32() {
            let why = "shared VGPRs are for wave64 only".into();
            return Err(DirectiveError::Conflict { name: SHARED_VGPRS, why });
        }
        if shared * 2 + granules > MAX_GRANULES {
            let why = format!("twice {shared} and the {granules} of the granulated VGPR count exceed {MAX_GRANULES}");
            return Err(DirectiveError::Conflict { name: SHARED_VGPRS, why });
        }
        let mut done = self.clone();
        done.put(Rsrc1, 0, 6, granules as u32);
        done.put(Rsrc2, 1, 5, user_sgprs as u32);
        Ok(done.bytes)
    }
}
