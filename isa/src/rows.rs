//! The instructions: one entry each, with every encoding it has.
//!
//! An encoding is `e(mnemonic, format, opcode, operands in printed order, modifiers, implicit effects)`; the words are
//! those of [`crate::row`]. An operand is `i(…)` where it is read, `o(…)` where it is written, `x(…)` where it is both. Decoder, printer, encoder, parser and reference page know an instruction from here alone.
use crate::row::Class::*;
use crate::row::Format::*;
use crate::row::Slot::*;
use crate::row::Ty::*;
use crate::row::*;

macro_rules! instructions {
    ($($op:ident [ $($encoding:expr),* $(,)? ])*) => {
        /// What an instruction does, one name a mnemonic whatever its encodings.
        #[allow(non_camel_case_types, missing_docs)]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Op {
            $($op,)*
        }

        /// Every encoding of every instruction, by name.
        pub static ROWS: &[Row] = &[$($($encoding.of(Op::$op),)*)*];
    };
}

instructions! {
    BUFFER_ATOMIC_ADD_F32 [
        e("buffer_atomic_add_f32", Mubuf, 0x56, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_ADD_U32 [
        e("buffer_atomic_add_u32", Mubuf, 0x35, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_ADD_U64 [
        e("buffer_atomic_add_u64", Mubuf, 0x43, &[x(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_AND_B32 [
        e("buffer_atomic_and_b32", Mubuf, 0x3c, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_AND_B64 [
        e("buffer_atomic_and_b64", Mubuf, 0x49, &[x(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_CMPSWAP_B32 [
        e("buffer_atomic_cmpswap_b32", Mubuf, 0x34, &[x(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_CMPSWAP_B64 [
        e("buffer_atomic_cmpswap_b64", Mubuf, 0x42, &[x(Vdata, V, B128)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_CMPSWAP_F32 [
        e("buffer_atomic_cmpswap_f32", Mubuf, 0x50, &[x(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_CSUB_U32 [
        e("buffer_atomic_csub_u32", Mubuf, 0x37, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_DEC_U32 [
        e("buffer_atomic_dec_u32", Mubuf, 0x40, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_DEC_U64 [
        e("buffer_atomic_dec_u64", Mubuf, 0x4d, &[x(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_INC_U32 [
        e("buffer_atomic_inc_u32", Mubuf, 0x3f, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_INC_U64 [
        e("buffer_atomic_inc_u64", Mubuf, 0x4c, &[x(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_MAX_F32 [
        e("buffer_atomic_max_f32", Mubuf, 0x52, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_MAX_I32 [
        e("buffer_atomic_max_i32", Mubuf, 0x3a, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_MAX_I64 [
        e("buffer_atomic_max_i64", Mubuf, 0x47, &[x(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_MAX_U32 [
        e("buffer_atomic_max_u32", Mubuf, 0x3b, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_MAX_U64 [
        e("buffer_atomic_max_u64", Mubuf, 0x48, &[x(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_MIN_F32 [
        e("buffer_atomic_min_f32", Mubuf, 0x51, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_MIN_I32 [
        e("buffer_atomic_min_i32", Mubuf, 0x38, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_MIN_I64 [
        e("buffer_atomic_min_i64", Mubuf, 0x45, &[x(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_MIN_U32 [
        e("buffer_atomic_min_u32", Mubuf, 0x39, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_MIN_U64 [
        e("buffer_atomic_min_u64", Mubuf, 0x46, &[x(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_OR_B32 [
        e("buffer_atomic_or_b32", Mubuf, 0x3d, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_OR_B64 [
        e("buffer_atomic_or_b64", Mubuf, 0x4a, &[x(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_SUB_U32 [
        e("buffer_atomic_sub_u32", Mubuf, 0x36, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_SUB_U64 [
        e("buffer_atomic_sub_u64", Mubuf, 0x44, &[x(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_SWAP_B32 [
        e("buffer_atomic_swap_b32", Mubuf, 0x33, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_SWAP_B64 [
        e("buffer_atomic_swap_b64", Mubuf, 0x41, &[x(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_XOR_B32 [
        e("buffer_atomic_xor_b32", Mubuf, 0x3e, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_ATOMIC_XOR_B64 [
        e("buffer_atomic_xor_b64", Mubuf, 0x4b, &[x(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    BUFFER_GL0_INV [
        e("buffer_gl0_inv", Mubuf, 0x2b, &[], 0, R_EXEC | C_VM),
    ]
    BUFFER_GL1_INV [
        e("buffer_gl1_inv", Mubuf, 0x2c, &[], 0, R_EXEC | C_VM),
    ]
    BUFFER_LOAD_B128 [
        e("buffer_load_b128", Mubuf, 0x17, &[o(Vdata, V, B128)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_B32 [
        e("buffer_load_b32", Mubuf, 0x14, &[o(Vdata, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_B64 [
        e("buffer_load_b64", Mubuf, 0x15, &[o(Vdata, V, B64)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_B96 [
        e("buffer_load_b96", Mubuf, 0x16, &[o(Vdata, V, B96)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_D16_B16 [
        e("buffer_load_d16_b16", Mubuf, 0x20, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_D16_FORMAT_X [
        e("buffer_load_d16_format_x", Mubuf, 0x08, &[o(Vdata, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_D16_FORMAT_XY [
        e("buffer_load_d16_format_xy", Mubuf, 0x09, &[o(Vdata, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_D16_FORMAT_XYZ [
        e("buffer_load_d16_format_xyz", Mubuf, 0x0a, &[o(Vdata, V, B64)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_D16_FORMAT_XYZW [
        e("buffer_load_d16_format_xyzw", Mubuf, 0x0b, &[o(Vdata, V, B64)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_D16_HI_B16 [
        e("buffer_load_d16_hi_b16", Mubuf, 0x23, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_D16_HI_FORMAT_X [
        e("buffer_load_d16_hi_format_x", Mubuf, 0x26, &[o(Vdata, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_D16_HI_I8 [
        e("buffer_load_d16_hi_i8", Mubuf, 0x22, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_D16_HI_U8 [
        e("buffer_load_d16_hi_u8", Mubuf, 0x21, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_D16_I8 [
        e("buffer_load_d16_i8", Mubuf, 0x1f, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_D16_U8 [
        e("buffer_load_d16_u8", Mubuf, 0x1e, &[x(Vdata, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_FORMAT_X [
        e("buffer_load_format_x", Mubuf, 0x00, &[o(Vdata, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_FORMAT_XY [
        e("buffer_load_format_xy", Mubuf, 0x01, &[o(Vdata, V, B64)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_FORMAT_XYZ [
        e("buffer_load_format_xyz", Mubuf, 0x02, &[o(Vdata, V, B96)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_FORMAT_XYZW [
        e("buffer_load_format_xyzw", Mubuf, 0x03, &[o(Vdata, V, B128)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_I16 [
        e("buffer_load_i16", Mubuf, 0x13, &[o(Vdata, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_I8 [
        e("buffer_load_i8", Mubuf, 0x11, &[o(Vdata, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_LDS_B32 [
        e("buffer_load_lds_b32", Mubuf, 0x31, &[], ADDR, R_EXEC | R_M0 | LOADS | C_VM | STORES),
    ]
    BUFFER_LOAD_LDS_FORMAT_X [
        e("buffer_load_lds_format_x", Mubuf, 0x32, &[], ADDR, R_EXEC | R_M0 | LOADS | C_VM | STORES),
    ]
    BUFFER_LOAD_LDS_I16 [
        e("buffer_load_lds_i16", Mubuf, 0x30, &[], ADDR, R_EXEC | R_M0 | LOADS | C_VM | STORES),
    ]
    BUFFER_LOAD_LDS_I8 [
        e("buffer_load_lds_i8", Mubuf, 0x2e, &[], ADDR, R_EXEC | R_M0 | LOADS | C_VM | STORES),
    ]
    BUFFER_LOAD_LDS_U16 [
        e("buffer_load_lds_u16", Mubuf, 0x2f, &[], ADDR, R_EXEC | R_M0 | LOADS | C_VM | STORES),
    ]
    BUFFER_LOAD_LDS_U8 [
        e("buffer_load_lds_u8", Mubuf, 0x2d, &[], ADDR, R_EXEC | R_M0 | LOADS | C_VM | STORES),
    ]
    BUFFER_LOAD_U16 [
        e("buffer_load_u16", Mubuf, 0x12, &[o(Vdata, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_LOAD_U8 [
        e("buffer_load_u8", Mubuf, 0x10, &[o(Vdata, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    BUFFER_STORE_B128 [
        e("buffer_store_b128", Mubuf, 0x1d, &[i(Vdata, V, B128)], ADDR, R_EXEC | STORES | C_VS),
    ]
    BUFFER_STORE_B16 [
        e("buffer_store_b16", Mubuf, 0x19, &[i(Vdata, V, B32)], ADDR, R_EXEC | STORES | C_VS),
    ]
    BUFFER_STORE_B32 [
        e("buffer_store_b32", Mubuf, 0x1a, &[i(Vdata, V, B32)], ADDR, R_EXEC | STORES | C_VS),
    ]
    BUFFER_STORE_B64 [
        e("buffer_store_b64", Mubuf, 0x1b, &[i(Vdata, V, B64)], ADDR, R_EXEC | STORES | C_VS),
    ]
    BUFFER_STORE_B8 [
        e("buffer_store_b8", Mubuf, 0x18, &[i(Vdata, V, B32)], ADDR, R_EXEC | STORES | C_VS),
    ]
    BUFFER_STORE_B96 [
        e("buffer_store_b96", Mubuf, 0x1c, &[i(Vdata, V, B96)], ADDR, R_EXEC | STORES | C_VS),
    ]
    BUFFER_STORE_D16_FORMAT_X [
        e("buffer_store_d16_format_x", Mubuf, 0x0c, &[i(Vdata, V, B32)], ADDR, R_EXEC | STORES | C_VS),
    ]
    BUFFER_STORE_D16_FORMAT_XY [
        e("buffer_store_d16_format_xy", Mubuf, 0x0d, &[i(Vdata, V, B32)], ADDR, R_EXEC | STORES | C_VS),
    ]
    BUFFER_STORE_D16_FORMAT_XYZ [
        e("buffer_store_d16_format_xyz", Mubuf, 0x0e, &[i(Vdata, V, B64)], ADDR, R_EXEC | STORES | C_VS),
    ]
    BUFFER_STORE_D16_FORMAT_XYZW [
        e("buffer_store_d16_format_xyzw", Mubuf, 0x0f, &[i(Vdata, V, B64)], ADDR, R_EXEC | STORES | C_VS),
    ]
    BUFFER_STORE_D16_HI_B16 [
        e("buffer_store_d16_hi_b16", Mubuf, 0x25, &[i(Vdata, V, B32)], ADDR, R_EXEC | STORES | C_VS),
    ]
    BUFFER_STORE_D16_HI_B8 [
        e("buffer_store_d16_hi_b8", Mubuf, 0x24, &[i(Vdata, V, B32)], ADDR, R_EXEC | STORES | C_VS),
    ]
    BUFFER_STORE_D16_HI_FORMAT_X [
        e("buffer_store_d16_hi_format_x", Mubuf, 0x27, &[i(Vdata, V, B32)], ADDR, R_EXEC | STORES | C_VS),
    ]
    BUFFER_STORE_FORMAT_X [
        e("buffer_store_format_x", Mubuf, 0x04, &[i(Vdata, V, B32)], ADDR, R_EXEC | STORES | C_VS),
    ]
    BUFFER_STORE_FORMAT_XY [
        e("buffer_store_format_xy", Mubuf, 0x05, &[i(Vdata, V, B64)], ADDR, R_EXEC | STORES | C_VS),
    ]
    BUFFER_STORE_FORMAT_XYZ [
        e("buffer_store_format_xyz", Mubuf, 0x06, &[i(Vdata, V, B96)], ADDR, R_EXEC | STORES | C_VS),
    ]
    BUFFER_STORE_FORMAT_XYZW [
        e("buffer_store_format_xyzw", Mubuf, 0x07, &[i(Vdata, V, B128)], ADDR, R_EXEC | STORES | C_VS),
    ]
    DS_ADD_F32 [
        e("ds_add_f32", Ds, 0x15, &[i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_ADD_GS_REG_RTN [
        e("ds_add_gs_reg_rtn", Ds, 0x7a, &[o(Vdst, V, B64), i(Data0, V, B32)], GDS, R_M0 | R_EXEC | LOADS | STORES | C_LGKM | C_EXP),
    ]
    DS_ADD_RTN_F32 [
        e("ds_add_rtn_f32", Ds, 0x79, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_ADD_RTN_U32 [
        e("ds_add_rtn_u32", Ds, 0x20, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_ADD_RTN_U64 [
        e("ds_add_rtn_u64", Ds, 0x60, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_ADD_U32 [
        e("ds_add_u32", Ds, 0x00, &[i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_ADD_U64 [
        e("ds_add_u64", Ds, 0x40, &[i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_AND_B32 [
        e("ds_and_b32", Ds, 0x09, &[i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_AND_B64 [
        e("ds_and_b64", Ds, 0x49, &[i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_AND_RTN_B32 [
        e("ds_and_rtn_b32", Ds, 0x29, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_AND_RTN_B64 [
        e("ds_and_rtn_b64", Ds, 0x69, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_APPEND [
        e("ds_append", Ds, 0x3e, &[o(Vdst, V, B32)], 0, R_M0 | R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_BPERMUTE_B32 [
        e("ds_bpermute_b32", Ds, 0xb3, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32)], NOGDS, R_EXEC | C_LGKM),
    ]
    DS_BVH_STACK_RTN_B32 [
        e("ds_bvh_stack_rtn_b32", Ds, 0xad, &[o(Vdst, V, B32), x(Addr, V, B32), i(Data0, V, B32), i(Data1, V, B128)], NOGDS, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_CMPSTORE_B32 [
        e("ds_cmpstore_b32", Ds, 0x10, &[i(Addr, V, B32), i(Data0, V, B32), i(Data1, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_CMPSTORE_B64 [
        e("ds_cmpstore_b64", Ds, 0x50, &[i(Addr, V, B32), i(Data0, V, B64), i(Data1, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_CMPSTORE_F32 [
        e("ds_cmpstore_f32", Ds, 0x11, &[i(Addr, V, B32), i(Data0, V, B32), i(Data1, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_CMPSTORE_F64 [
        e("ds_cmpstore_f64", Ds, 0x51, &[i(Addr, V, B32), i(Data0, V, B64), i(Data1, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_CMPSTORE_RTN_B32 [
        e("ds_cmpstore_rtn_b32", Ds, 0x30, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32), i(Data1, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_CMPSTORE_RTN_B64 [
        e("ds_cmpstore_rtn_b64", Ds, 0x70, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B64), i(Data1, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_CMPSTORE_RTN_F32 [
        e("ds_cmpstore_rtn_f32", Ds, 0x31, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32), i(Data1, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_CMPSTORE_RTN_F64 [
        e("ds_cmpstore_rtn_f64", Ds, 0x71, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B64), i(Data1, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_CONDXCHG32_RTN_B64 [
        e("ds_condxchg32_rtn_b64", Ds, 0x7e, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_CONSUME [
        e("ds_consume", Ds, 0x3d, &[o(Vdst, V, B32)], 0, R_M0 | R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_DEC_RTN_U32 [
        e("ds_dec_rtn_u32", Ds, 0x24, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_DEC_RTN_U64 [
        e("ds_dec_rtn_u64", Ds, 0x64, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_DEC_U32 [
        e("ds_dec_u32", Ds, 0x04, &[i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_DEC_U64 [
        e("ds_dec_u64", Ds, 0x44, &[i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_GWS_BARRIER [
        e("ds_gws_barrier", Ds, 0x1d, &[i(Data0, V, B32)], GDS | DATA0_AT_ADDR, R_M0 | R_EXEC | LOADS | STORES | C_LGKM | C_EXP),
    ]
    DS_GWS_INIT [
        e("ds_gws_init", Ds, 0x19, &[i(Data0, V, B32)], GDS | DATA0_AT_ADDR, R_M0 | R_EXEC | STORES | C_LGKM | C_EXP),
    ]
    DS_GWS_SEMA_BR [
        e("ds_gws_sema_br", Ds, 0x1b, &[i(Data0, V, B32)], GDS | DATA0_AT_ADDR, R_M0 | R_EXEC | LOADS | STORES | C_LGKM | C_EXP),
    ]
    DS_GWS_SEMA_P [
        e("ds_gws_sema_p", Ds, 0x1c, &[], GDS, R_M0 | R_EXEC | LOADS | STORES | C_LGKM | C_EXP),
    ]
    DS_GWS_SEMA_RELEASE_ALL [
        e("ds_gws_sema_release_all", Ds, 0x18, &[], GDS, R_M0 | R_EXEC | LOADS | STORES | C_LGKM | C_EXP),
    ]
    DS_GWS_SEMA_V [
        e("ds_gws_sema_v", Ds, 0x1a, &[], GDS, R_M0 | R_EXEC | LOADS | STORES | C_LGKM | C_EXP),
    ]
    DS_INC_RTN_U32 [
        e("ds_inc_rtn_u32", Ds, 0x23, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_INC_RTN_U64 [
        e("ds_inc_rtn_u64", Ds, 0x63, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_INC_U32 [
        e("ds_inc_u32", Ds, 0x03, &[i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_INC_U64 [
        e("ds_inc_u64", Ds, 0x43, &[i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_LOAD_2ADDR_B32 [
        e("ds_load_2addr_b32", Ds, 0x37, &[o(Vdst, V, B64), i(Addr, V, B32)], OFFSET01, R_EXEC | LOADS | C_LGKM),
    ]
    DS_LOAD_2ADDR_B64 [
        e("ds_load_2addr_b64", Ds, 0x77, &[o(Vdst, V, B128), i(Addr, V, B32)], OFFSET01, R_EXEC | LOADS | C_LGKM),
    ]
    DS_LOAD_2ADDR_STRIDE64_B32 [
        e("ds_load_2addr_stride64_b32", Ds, 0x38, &[o(Vdst, V, B64), i(Addr, V, B32)], OFFSET01, R_EXEC | LOADS | C_LGKM),
    ]
    DS_LOAD_2ADDR_STRIDE64_B64 [
        e("ds_load_2addr_stride64_b64", Ds, 0x78, &[o(Vdst, V, B128), i(Addr, V, B32)], OFFSET01, R_EXEC | LOADS | C_LGKM),
    ]
    DS_LOAD_ADDTID_B32 [
        e("ds_load_addtid_b32", Ds, 0xb1, &[o(Vdst, V, B32)], 0, R_M0 | R_EXEC | LOADS | C_LGKM),
    ]
    DS_LOAD_B128 [
        e("ds_load_b128", Ds, 0xff, &[o(Vdst, V, B128), i(Addr, V, B32)], 0, R_EXEC | LOADS | C_LGKM),
    ]
    DS_LOAD_B32 [
        e("ds_load_b32", Ds, 0x36, &[o(Vdst, V, B32), i(Addr, V, B32)], 0, R_EXEC | LOADS | C_LGKM),
    ]
    DS_LOAD_B64 [
        e("ds_load_b64", Ds, 0x76, &[o(Vdst, V, B64), i(Addr, V, B32)], 0, R_EXEC | LOADS | C_LGKM),
    ]
    DS_LOAD_B96 [
        e("ds_load_b96", Ds, 0xfe, &[o(Vdst, V, B96), i(Addr, V, B32)], 0, R_EXEC | LOADS | C_LGKM),
    ]
    DS_LOAD_I16 [
        e("ds_load_i16", Ds, 0x3b, &[o(Vdst, V, B32), i(Addr, V, B32)], 0, R_EXEC | LOADS | C_LGKM),
    ]
    DS_LOAD_I8 [
        e("ds_load_i8", Ds, 0x39, &[o(Vdst, V, B32), i(Addr, V, B32)], 0, R_EXEC | LOADS | C_LGKM),
    ]
    DS_LOAD_I8_D16 [
        e("ds_load_i8_d16", Ds, 0xa4, &[x(Vdst, V, B32), i(Addr, V, B32)], 0, R_EXEC | LOADS | C_LGKM),
    ]
    DS_LOAD_I8_D16_HI [
        e("ds_load_i8_d16_hi", Ds, 0xa5, &[x(Vdst, V, B32), i(Addr, V, B32)], 0, R_EXEC | LOADS | C_LGKM),
    ]
    DS_LOAD_U16 [
        e("ds_load_u16", Ds, 0x3c, &[o(Vdst, V, B32), i(Addr, V, B32)], 0, R_EXEC | LOADS | C_LGKM),
    ]
    DS_LOAD_U16_D16 [
        e("ds_load_u16_d16", Ds, 0xa6, &[x(Vdst, V, B32), i(Addr, V, B32)], 0, R_EXEC | LOADS | C_LGKM),
    ]
    DS_LOAD_U16_D16_HI [
        e("ds_load_u16_d16_hi", Ds, 0xa7, &[x(Vdst, V, B32), i(Addr, V, B32)], 0, R_EXEC | LOADS | C_LGKM),
    ]
    DS_LOAD_U8 [
        e("ds_load_u8", Ds, 0x3a, &[o(Vdst, V, B32), i(Addr, V, B32)], 0, R_EXEC | LOADS | C_LGKM),
    ]
    DS_LOAD_U8_D16 [
        e("ds_load_u8_d16", Ds, 0xa2, &[x(Vdst, V, B32), i(Addr, V, B32)], 0, R_EXEC | LOADS | C_LGKM),
    ]
    DS_LOAD_U8_D16_HI [
        e("ds_load_u8_d16_hi", Ds, 0xa3, &[x(Vdst, V, B32), i(Addr, V, B32)], 0, R_EXEC | LOADS | C_LGKM),
    ]
    DS_MAX_F32 [
        e("ds_max_f32", Ds, 0x13, &[i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MAX_F64 [
        e("ds_max_f64", Ds, 0x53, &[i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MAX_I32 [
        e("ds_max_i32", Ds, 0x06, &[i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MAX_I64 [
        e("ds_max_i64", Ds, 0x46, &[i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MAX_RTN_F32 [
        e("ds_max_rtn_f32", Ds, 0x33, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MAX_RTN_F64 [
        e("ds_max_rtn_f64", Ds, 0x73, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MAX_RTN_I32 [
        e("ds_max_rtn_i32", Ds, 0x26, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MAX_RTN_I64 [
        e("ds_max_rtn_i64", Ds, 0x66, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MAX_RTN_U32 [
        e("ds_max_rtn_u32", Ds, 0x28, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MAX_RTN_U64 [
        e("ds_max_rtn_u64", Ds, 0x68, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MAX_U32 [
        e("ds_max_u32", Ds, 0x08, &[i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MAX_U64 [
        e("ds_max_u64", Ds, 0x48, &[i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MIN_F32 [
        e("ds_min_f32", Ds, 0x12, &[i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MIN_F64 [
        e("ds_min_f64", Ds, 0x52, &[i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MIN_I32 [
        e("ds_min_i32", Ds, 0x05, &[i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MIN_I64 [
        e("ds_min_i64", Ds, 0x45, &[i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MIN_RTN_F32 [
        e("ds_min_rtn_f32", Ds, 0x32, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MIN_RTN_F64 [
        e("ds_min_rtn_f64", Ds, 0x72, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MIN_RTN_I32 [
        e("ds_min_rtn_i32", Ds, 0x25, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MIN_RTN_I64 [
        e("ds_min_rtn_i64", Ds, 0x65, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MIN_RTN_U32 [
        e("ds_min_rtn_u32", Ds, 0x27, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MIN_RTN_U64 [
        e("ds_min_rtn_u64", Ds, 0x67, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MIN_U32 [
        e("ds_min_u32", Ds, 0x07, &[i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MIN_U64 [
        e("ds_min_u64", Ds, 0x47, &[i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MSKOR_B32 [
        e("ds_mskor_b32", Ds, 0x0c, &[i(Addr, V, B32), i(Data0, V, B32), i(Data1, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MSKOR_B64 [
        e("ds_mskor_b64", Ds, 0x4c, &[i(Addr, V, B32), i(Data0, V, B64), i(Data1, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MSKOR_RTN_B32 [
        e("ds_mskor_rtn_b32", Ds, 0x2c, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32), i(Data1, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_MSKOR_RTN_B64 [
        e("ds_mskor_rtn_b64", Ds, 0x6c, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B64), i(Data1, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_NOP [
        e("ds_nop", Ds, 0x14, &[], NOGDS | NOOFFSET, R_EXEC | C_LGKM),
    ]
    DS_ORDERED_COUNT [
        e("ds_ordered_count", Ds, 0x3f, &[o(Vdst, V, B32), i(Addr, V, B32)], GDS, R_M0 | R_EXEC | LOADS | STORES | C_LGKM | C_EXP),
    ]
    DS_OR_B32 [
        e("ds_or_b32", Ds, 0x0a, &[i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_OR_B64 [
        e("ds_or_b64", Ds, 0x4a, &[i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_OR_RTN_B32 [
        e("ds_or_rtn_b32", Ds, 0x2a, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_OR_RTN_B64 [
        e("ds_or_rtn_b64", Ds, 0x6a, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_PERMUTE_B32 [
        e("ds_permute_b32", Ds, 0xb2, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32)], NOGDS, R_EXEC | C_LGKM),
    ]
    DS_RSUB_RTN_U32 [
        e("ds_rsub_rtn_u32", Ds, 0x22, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_RSUB_RTN_U64 [
        e("ds_rsub_rtn_u64", Ds, 0x62, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_RSUB_U32 [
        e("ds_rsub_u32", Ds, 0x02, &[i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_RSUB_U64 [
        e("ds_rsub_u64", Ds, 0x42, &[i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_STOREXCHG_2ADDR_RTN_B32 [
        e("ds_storexchg_2addr_rtn_b32", Ds, 0x2e, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B32), i(Data1, V, B32)], OFFSET01, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_STOREXCHG_2ADDR_RTN_B64 [
        e("ds_storexchg_2addr_rtn_b64", Ds, 0x6e, &[o(Vdst, V, B128), i(Addr, V, B32), i(Data0, V, B64), i(Data1, V, B64)], OFFSET01, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_STOREXCHG_2ADDR_STRIDE64_RTN_B32 [
        e("ds_storexchg_2addr_stride64_rtn_b32", Ds, 0x2f, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B32), i(Data1, V, B32)], OFFSET01, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_STOREXCHG_2ADDR_STRIDE64_RTN_B64 [
        e("ds_storexchg_2addr_stride64_rtn_b64", Ds, 0x6f, &[o(Vdst, V, B128), i(Addr, V, B32), i(Data0, V, B64), i(Data1, V, B64)], OFFSET01, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_STOREXCHG_RTN_B32 [
        e("ds_storexchg_rtn_b32", Ds, 0x2d, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_STOREXCHG_RTN_B64 [
        e("ds_storexchg_rtn_b64", Ds, 0x6d, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_STORE_2ADDR_B32 [
        e("ds_store_2addr_b32", Ds, 0x0e, &[i(Addr, V, B32), i(Data0, V, B32), i(Data1, V, B32)], OFFSET01, R_EXEC | STORES | C_LGKM),
    ]
    DS_STORE_2ADDR_B64 [
        e("ds_store_2addr_b64", Ds, 0x4e, &[i(Addr, V, B32), i(Data0, V, B64), i(Data1, V, B64)], OFFSET01, R_EXEC | STORES | C_LGKM),
    ]
    DS_STORE_2ADDR_STRIDE64_B32 [
        e("ds_store_2addr_stride64_b32", Ds, 0x0f, &[i(Addr, V, B32), i(Data0, V, B32), i(Data1, V, B32)], OFFSET01, R_EXEC | STORES | C_LGKM),
    ]
    DS_STORE_2ADDR_STRIDE64_B64 [
        e("ds_store_2addr_stride64_b64", Ds, 0x4f, &[i(Addr, V, B32), i(Data0, V, B64), i(Data1, V, B64)], OFFSET01, R_EXEC | STORES | C_LGKM),
    ]
    DS_STORE_ADDTID_B32 [
        e("ds_store_addtid_b32", Ds, 0xb0, &[i(Data0, V, B32)], 0, R_M0 | R_EXEC | STORES | C_LGKM),
    ]
    DS_STORE_B128 [
        e("ds_store_b128", Ds, 0xdf, &[i(Addr, V, B32), i(Data0, V, B128)], 0, R_EXEC | STORES | C_LGKM),
    ]
    DS_STORE_B16 [
        e("ds_store_b16", Ds, 0x1f, &[i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | STORES | C_LGKM),
    ]
    DS_STORE_B16_D16_HI [
        e("ds_store_b16_d16_hi", Ds, 0xa1, &[i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | STORES | C_LGKM),
    ]
    DS_STORE_B32 [
        e("ds_store_b32", Ds, 0x0d, &[i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | STORES | C_LGKM),
    ]
    DS_STORE_B64 [
        e("ds_store_b64", Ds, 0x4d, &[i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | STORES | C_LGKM),
    ]
    DS_STORE_B8 [
        e("ds_store_b8", Ds, 0x1e, &[i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | STORES | C_LGKM),
    ]
    DS_STORE_B8_D16_HI [
        e("ds_store_b8_d16_hi", Ds, 0xa0, &[i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | STORES | C_LGKM),
    ]
    DS_STORE_B96 [
        e("ds_store_b96", Ds, 0xde, &[i(Addr, V, B32), i(Data0, V, B96)], 0, R_EXEC | STORES | C_LGKM),
    ]
    DS_SUB_GS_REG_RTN [
        e("ds_sub_gs_reg_rtn", Ds, 0x7b, &[o(Vdst, V, B64), i(Data0, V, B32)], GDS, R_M0 | R_EXEC | LOADS | STORES | C_LGKM | C_EXP),
    ]
    DS_SUB_RTN_U32 [
        e("ds_sub_rtn_u32", Ds, 0x21, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_SUB_RTN_U64 [
        e("ds_sub_rtn_u64", Ds, 0x61, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_SUB_U32 [
        e("ds_sub_u32", Ds, 0x01, &[i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_SUB_U64 [
        e("ds_sub_u64", Ds, 0x41, &[i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_SWIZZLE_B32 [
        e("ds_swizzle_b32", Ds, 0x35, &[o(Vdst, V, B32), i(Addr, V, B32)], 0, R_EXEC | C_LGKM),
    ]
    DS_WRAP_RTN_B32 [
        e("ds_wrap_rtn_b32", Ds, 0x34, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32), i(Data1, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_XOR_B32 [
        e("ds_xor_b32", Ds, 0x0b, &[i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_XOR_B64 [
        e("ds_xor_b64", Ds, 0x4b, &[i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_XOR_RTN_B32 [
        e("ds_xor_rtn_b32", Ds, 0x2b, &[o(Vdst, V, B32), i(Addr, V, B32), i(Data0, V, B32)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    DS_XOR_RTN_B64 [
        e("ds_xor_rtn_b64", Ds, 0x6b, &[o(Vdst, V, B64), i(Addr, V, B32), i(Data0, V, B64)], 0, R_EXEC | LOADS | STORES | C_LGKM),
    ]
    EXP [
        e("exp", Exp, 0x00, &[], 0, R_EXEC | C_EXP),
    ]
    FLAT_ATOMIC_ADD_F32 [
        e("flat_atomic_add_f32", Flat, 0x56, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_ADD_U32 [
        e("flat_atomic_add_u32", Flat, 0x35, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_ADD_U64 [
        e("flat_atomic_add_u64", Flat, 0x43, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_AND_B32 [
        e("flat_atomic_and_b32", Flat, 0x3c, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_AND_B64 [
        e("flat_atomic_and_b64", Flat, 0x49, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_CMPSWAP_B32 [
        e("flat_atomic_cmpswap_b32", Flat, 0x34, &[o(Vdst, V, B32), i(Vdata, V, B64)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_CMPSWAP_B64 [
        e("flat_atomic_cmpswap_b64", Flat, 0x42, &[o(Vdst, V, B64), i(Vdata, V, B128)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_CMPSWAP_F32 [
        e("flat_atomic_cmpswap_f32", Flat, 0x50, &[o(Vdst, V, B32), i(Vdata, V, B64)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_DEC_U32 [
        e("flat_atomic_dec_u32", Flat, 0x40, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_DEC_U64 [
        e("flat_atomic_dec_u64", Flat, 0x4d, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_INC_U32 [
        e("flat_atomic_inc_u32", Flat, 0x3f, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_INC_U64 [
        e("flat_atomic_inc_u64", Flat, 0x4c, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_MAX_F32 [
        e("flat_atomic_max_f32", Flat, 0x52, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_MAX_I32 [
        e("flat_atomic_max_i32", Flat, 0x3a, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_MAX_I64 [
        e("flat_atomic_max_i64", Flat, 0x47, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_MAX_U32 [
        e("flat_atomic_max_u32", Flat, 0x3b, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_MAX_U64 [
        e("flat_atomic_max_u64", Flat, 0x48, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_MIN_F32 [
        e("flat_atomic_min_f32", Flat, 0x51, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_MIN_I32 [
        e("flat_atomic_min_i32", Flat, 0x38, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_MIN_I64 [
        e("flat_atomic_min_i64", Flat, 0x45, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_MIN_U32 [
        e("flat_atomic_min_u32", Flat, 0x39, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_MIN_U64 [
        e("flat_atomic_min_u64", Flat, 0x46, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_OR_B32 [
        e("flat_atomic_or_b32", Flat, 0x3d, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_OR_B64 [
        e("flat_atomic_or_b64", Flat, 0x4a, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_SUB_U32 [
        e("flat_atomic_sub_u32", Flat, 0x36, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_SUB_U64 [
        e("flat_atomic_sub_u64", Flat, 0x44, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_SWAP_B32 [
        e("flat_atomic_swap_b32", Flat, 0x33, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_SWAP_B64 [
        e("flat_atomic_swap_b64", Flat, 0x41, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_XOR_B32 [
        e("flat_atomic_xor_b32", Flat, 0x3e, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_ATOMIC_XOR_B64 [
        e("flat_atomic_xor_b64", Flat, 0x4b, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | STORES | C_VM | C_VS | C_LGKM),
    ]
    FLAT_LOAD_B128 [
        e("flat_load_b128", Flat, 0x17, &[o(Vdst, V, B128)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM | C_LGKM),
    ]
    FLAT_LOAD_B32 [
        e("flat_load_b32", Flat, 0x14, &[o(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM | C_LGKM),
    ]
    FLAT_LOAD_B64 [
        e("flat_load_b64", Flat, 0x15, &[o(Vdst, V, B64)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM | C_LGKM),
    ]
    FLAT_LOAD_B96 [
        e("flat_load_b96", Flat, 0x16, &[o(Vdst, V, B96)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM | C_LGKM),
    ]
    FLAT_LOAD_D16_B16 [
        e("flat_load_d16_b16", Flat, 0x20, &[x(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM | C_LGKM),
    ]
    FLAT_LOAD_D16_HI_B16 [
        e("flat_load_d16_hi_b16", Flat, 0x23, &[x(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM | C_LGKM),
    ]
    FLAT_LOAD_D16_HI_I8 [
        e("flat_load_d16_hi_i8", Flat, 0x22, &[x(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM | C_LGKM),
    ]
    FLAT_LOAD_D16_HI_U8 [
        e("flat_load_d16_hi_u8", Flat, 0x21, &[x(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM | C_LGKM),
    ]
    FLAT_LOAD_D16_I8 [
        e("flat_load_d16_i8", Flat, 0x1f, &[x(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM | C_LGKM),
    ]
    FLAT_LOAD_D16_U8 [
        e("flat_load_d16_u8", Flat, 0x1e, &[x(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM | C_LGKM),
    ]
    FLAT_LOAD_I16 [
        e("flat_load_i16", Flat, 0x13, &[o(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM | C_LGKM),
    ]
    FLAT_LOAD_I8 [
        e("flat_load_i8", Flat, 0x11, &[o(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM | C_LGKM),
    ]
    FLAT_LOAD_U16 [
        e("flat_load_u16", Flat, 0x12, &[o(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM | C_LGKM),
    ]
    FLAT_LOAD_U8 [
        e("flat_load_u8", Flat, 0x10, &[o(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM | C_LGKM),
    ]
    FLAT_STORE_B128 [
        e("flat_store_b128", Flat, 0x1d, &[i(Vdata, V, B128)], ADDR, R_EXEC | R_FLAT_SCR | STORES | C_VS | C_LGKM),
    ]
    FLAT_STORE_B16 [
        e("flat_store_b16", Flat, 0x19, &[i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | STORES | C_VS | C_LGKM),
    ]
    FLAT_STORE_B32 [
        e("flat_store_b32", Flat, 0x1a, &[i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | STORES | C_VS | C_LGKM),
    ]
    FLAT_STORE_B64 [
        e("flat_store_b64", Flat, 0x1b, &[i(Vdata, V, B64)], ADDR, R_EXEC | R_FLAT_SCR | STORES | C_VS | C_LGKM),
    ]
    FLAT_STORE_B8 [
        e("flat_store_b8", Flat, 0x18, &[i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | STORES | C_VS | C_LGKM),
    ]
    FLAT_STORE_B96 [
        e("flat_store_b96", Flat, 0x1c, &[i(Vdata, V, B96)], ADDR, R_EXEC | R_FLAT_SCR | STORES | C_VS | C_LGKM),
    ]
    FLAT_STORE_D16_HI_B16 [
        e("flat_store_d16_hi_b16", Flat, 0x25, &[i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | STORES | C_VS | C_LGKM),
    ]
    FLAT_STORE_D16_HI_B8 [
        e("flat_store_d16_hi_b8", Flat, 0x24, &[i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | STORES | C_VS | C_LGKM),
    ]
    GLOBAL_ATOMIC_ADD_F32 [
        e("global_atomic_add_f32", Global, 0x56, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_ADD_U32 [
        e("global_atomic_add_u32", Global, 0x35, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_ADD_U64 [
        e("global_atomic_add_u64", Global, 0x43, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_AND_B32 [
        e("global_atomic_and_b32", Global, 0x3c, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_AND_B64 [
        e("global_atomic_and_b64", Global, 0x49, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_CMPSWAP_B32 [
        e("global_atomic_cmpswap_b32", Global, 0x34, &[o(Vdst, V, B32), i(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_CMPSWAP_B64 [
        e("global_atomic_cmpswap_b64", Global, 0x42, &[o(Vdst, V, B64), i(Vdata, V, B128)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_CMPSWAP_F32 [
        e("global_atomic_cmpswap_f32", Global, 0x50, &[o(Vdst, V, B32), i(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_CSUB_U32 [
        e("global_atomic_csub_u32", Global, 0x37, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_DEC_U32 [
        e("global_atomic_dec_u32", Global, 0x40, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_DEC_U64 [
        e("global_atomic_dec_u64", Global, 0x4d, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_INC_U32 [
        e("global_atomic_inc_u32", Global, 0x3f, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_INC_U64 [
        e("global_atomic_inc_u64", Global, 0x4c, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_MAX_F32 [
        e("global_atomic_max_f32", Global, 0x52, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_MAX_I32 [
        e("global_atomic_max_i32", Global, 0x3a, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_MAX_I64 [
        e("global_atomic_max_i64", Global, 0x47, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_MAX_U32 [
        e("global_atomic_max_u32", Global, 0x3b, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_MAX_U64 [
        e("global_atomic_max_u64", Global, 0x48, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_MIN_F32 [
        e("global_atomic_min_f32", Global, 0x51, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_MIN_I32 [
        e("global_atomic_min_i32", Global, 0x38, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_MIN_I64 [
        e("global_atomic_min_i64", Global, 0x45, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_MIN_U32 [
        e("global_atomic_min_u32", Global, 0x39, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_MIN_U64 [
        e("global_atomic_min_u64", Global, 0x46, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_OR_B32 [
        e("global_atomic_or_b32", Global, 0x3d, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_OR_B64 [
        e("global_atomic_or_b64", Global, 0x4a, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_SUB_U32 [
        e("global_atomic_sub_u32", Global, 0x36, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_SUB_U64 [
        e("global_atomic_sub_u64", Global, 0x44, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_SWAP_B32 [
        e("global_atomic_swap_b32", Global, 0x33, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_SWAP_B64 [
        e("global_atomic_swap_b64", Global, 0x41, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_XOR_B32 [
        e("global_atomic_xor_b32", Global, 0x3e, &[o(Vdst, V, B32), i(Vdata, V, B32)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_ATOMIC_XOR_B64 [
        e("global_atomic_xor_b64", Global, 0x4b, &[o(Vdst, V, B64), i(Vdata, V, B64)], ADDR, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    GLOBAL_LOAD_ADDTID_B32 [
        e("global_load_addtid_b32", Global, 0x28, &[o(Vdst, V, B32)], 0, R_EXEC | LOADS | C_VM),
    ]
    GLOBAL_LOAD_B128 [
        e("global_load_b128", Global, 0x17, &[o(Vdst, V, B128)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    GLOBAL_LOAD_B32 [
        e("global_load_b32", Global, 0x14, &[o(Vdst, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    GLOBAL_LOAD_B64 [
        e("global_load_b64", Global, 0x15, &[o(Vdst, V, B64)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    GLOBAL_LOAD_B96 [
        e("global_load_b96", Global, 0x16, &[o(Vdst, V, B96)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    GLOBAL_LOAD_D16_B16 [
        e("global_load_d16_b16", Global, 0x20, &[x(Vdst, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    GLOBAL_LOAD_D16_HI_B16 [
        e("global_load_d16_hi_b16", Global, 0x23, &[x(Vdst, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    GLOBAL_LOAD_D16_HI_I8 [
        e("global_load_d16_hi_i8", Global, 0x22, &[x(Vdst, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    GLOBAL_LOAD_D16_HI_U8 [
        e("global_load_d16_hi_u8", Global, 0x21, &[x(Vdst, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    GLOBAL_LOAD_D16_I8 [
        e("global_load_d16_i8", Global, 0x1f, &[x(Vdst, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    GLOBAL_LOAD_D16_U8 [
        e("global_load_d16_u8", Global, 0x1e, &[x(Vdst, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    GLOBAL_LOAD_I16 [
        e("global_load_i16", Global, 0x13, &[o(Vdst, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    GLOBAL_LOAD_I8 [
        e("global_load_i8", Global, 0x11, &[o(Vdst, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    GLOBAL_LOAD_U16 [
        e("global_load_u16", Global, 0x12, &[o(Vdst, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    GLOBAL_LOAD_U8 [
        e("global_load_u8", Global, 0x10, &[o(Vdst, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    GLOBAL_STORE_ADDTID_B32 [
        e("global_store_addtid_b32", Global, 0x29, &[i(Vdata, V, B32)], 0, R_EXEC | STORES | C_VS),
    ]
    GLOBAL_STORE_B128 [
        e("global_store_b128", Global, 0x1d, &[i(Vdata, V, B128)], ADDR, R_EXEC | STORES | C_VS),
    ]
    GLOBAL_STORE_B16 [
        e("global_store_b16", Global, 0x19, &[i(Vdata, V, B32)], ADDR, R_EXEC | STORES | C_VS),
    ]
    GLOBAL_STORE_B32 [
        e("global_store_b32", Global, 0x1a, &[i(Vdata, V, B32)], ADDR, R_EXEC | STORES | C_VS),
    ]
    GLOBAL_STORE_B64 [
        e("global_store_b64", Global, 0x1b, &[i(Vdata, V, B64)], ADDR, R_EXEC | STORES | C_VS),
    ]
    GLOBAL_STORE_B8 [
        e("global_store_b8", Global, 0x18, &[i(Vdata, V, B32)], ADDR, R_EXEC | STORES | C_VS),
    ]
    GLOBAL_STORE_B96 [
        e("global_store_b96", Global, 0x1c, &[i(Vdata, V, B96)], ADDR, R_EXEC | STORES | C_VS),
    ]
    GLOBAL_STORE_D16_HI_B16 [
        e("global_store_d16_hi_b16", Global, 0x25, &[i(Vdata, V, B32)], ADDR, R_EXEC | STORES | C_VS),
    ]
    GLOBAL_STORE_D16_HI_B8 [
        e("global_store_d16_hi_b8", Global, 0x24, &[i(Vdata, V, B32)], ADDR, R_EXEC | STORES | C_VS),
    ]
    IMAGE_ATOMIC_ADD [
        e("image_atomic_add", Mimg, 0x0c, &[x(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], I_ATOMIC, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    IMAGE_ATOMIC_AND [
        e("image_atomic_and", Mimg, 0x12, &[x(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], I_ATOMIC, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    IMAGE_ATOMIC_CMPSWAP [
        e("image_atomic_cmpswap", Mimg, 0x0b, &[x(Vdata, V, B64), i(Addr, V, B32), i(Sbase, S, B256)], I_ATOMIC, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    IMAGE_ATOMIC_DEC [
        e("image_atomic_dec", Mimg, 0x16, &[x(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], I_ATOMIC, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    IMAGE_ATOMIC_INC [
        e("image_atomic_inc", Mimg, 0x15, &[x(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], I_ATOMIC, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    IMAGE_ATOMIC_OR [
        e("image_atomic_or", Mimg, 0x13, &[x(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], I_ATOMIC, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    IMAGE_ATOMIC_SMAX [
        e("image_atomic_smax", Mimg, 0x10, &[x(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], I_ATOMIC, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    IMAGE_ATOMIC_SMIN [
        e("image_atomic_smin", Mimg, 0x0e, &[x(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], I_ATOMIC, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    IMAGE_ATOMIC_SUB [
        e("image_atomic_sub", Mimg, 0x0d, &[x(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], I_ATOMIC, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    IMAGE_ATOMIC_SWAP [
        e("image_atomic_swap", Mimg, 0x0a, &[x(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], I_ATOMIC, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    IMAGE_ATOMIC_UMAX [
        e("image_atomic_umax", Mimg, 0x11, &[x(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], I_ATOMIC, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    IMAGE_ATOMIC_UMIN [
        e("image_atomic_umin", Mimg, 0x0f, &[x(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], I_ATOMIC, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    IMAGE_ATOMIC_XOR [
        e("image_atomic_xor", Mimg, 0x14, &[x(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], I_ATOMIC, R_EXEC | LOADS | STORES | C_VM | C_VS),
    ]
    IMAGE_BVH64_INTERSECT_RAY [
        e("image_bvh64_intersect_ray", Mimg, 0x1a, &[o(Vdata, V, B128), i(Addr, V, B32), i(Sbase, S, B128)], I_BVH | I_BVH64, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_BVH_INTERSECT_RAY [
        e("image_bvh_intersect_ray", Mimg, 0x19, &[o(Vdata, V, B128), i(Addr, V, B32), i(Sbase, S, B128)], I_BVH, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_GATHER4 [
        e("image_gather4", Mimg, 0x2f, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GATHER4, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_GATHER4H [
        e("image_gather4h", Mimg, 0x90, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GATHER4, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_GATHER4_B [
        e("image_gather4_b", Mimg, 0x31, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GATHER4 | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_GATHER4_B_CL [
        e("image_gather4_b_cl", Mimg, 0x61, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GATHER4 | I_LOD | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_GATHER4_C [
        e("image_gather4_c", Mimg, 0x33, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GATHER4 | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_GATHER4_CL [
        e("image_gather4_cl", Mimg, 0x60, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GATHER4 | I_LOD, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_GATHER4_C_B [
        e("image_gather4_c_b", Mimg, 0x64, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GATHER4 | I_EXTRA2, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_GATHER4_C_B_CL [
        e("image_gather4_c_b_cl", Mimg, 0x65, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GATHER4 | I_LOD | I_EXTRA2, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_GATHER4_C_CL [
        e("image_gather4_c_cl", Mimg, 0x62, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GATHER4 | I_LOD | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_GATHER4_C_L [
        e("image_gather4_c_l", Mimg, 0x63, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GATHER4 | I_LOD | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_GATHER4_C_LZ [
        e("image_gather4_c_lz", Mimg, 0x34, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GATHER4 | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_GATHER4_C_LZ_O [
        e("image_gather4_c_lz_o", Mimg, 0x37, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GATHER4 | I_EXTRA2, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_GATHER4_L [
        e("image_gather4_l", Mimg, 0x30, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GATHER4 | I_LOD, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_GATHER4_LZ [
        e("image_gather4_lz", Mimg, 0x32, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GATHER4, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_GATHER4_LZ_O [
        e("image_gather4_lz_o", Mimg, 0x36, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GATHER4 | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_GATHER4_O [
        e("image_gather4_o", Mimg, 0x35, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GATHER4 | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_GET_LOD [
        e("image_get_lod", Mimg, 0x38, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], 0, R_EXEC | C_VM),
    ]
    IMAGE_GET_RESINFO [
        e("image_get_resinfo", Mimg, 0x17, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], I_SIZE, R_EXEC | C_VM),
    ]
    IMAGE_LOAD [
        e("image_load", Mimg, 0x00, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], 0, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_LOAD_MIP [
        e("image_load_mip", Mimg, 0x01, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], I_LOD, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_LOAD_MIP_PCK [
        e("image_load_mip_pck", Mimg, 0x04, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], I_LOD, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_LOAD_MIP_PCK_SGN [
        e("image_load_mip_pck_sgn", Mimg, 0x05, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], I_LOD, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_LOAD_PCK [
        e("image_load_pck", Mimg, 0x02, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], 0, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_LOAD_PCK_SGN [
        e("image_load_pck_sgn", Mimg, 0x03, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], 0, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_MSAA_LOAD [
        e("image_msaa_load", Mimg, 0x18, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], I_MSAA, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE [
        e("image_sample", Mimg, 0x1b, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], 0, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_B [
        e("image_sample_b", Mimg, 0x1e, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_B_CL [
        e("image_sample_b_cl", Mimg, 0x42, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_LOD | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_B_CL_O [
        e("image_sample_b_cl_o", Mimg, 0x48, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_LOD | I_EXTRA2, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_B_O [
        e("image_sample_b_o", Mimg, 0x28, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_EXTRA2, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_C [
        e("image_sample_c", Mimg, 0x20, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_CL [
        e("image_sample_cl", Mimg, 0x40, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_LOD, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_CL_O [
        e("image_sample_cl_o", Mimg, 0x46, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_LOD | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_C_B [
        e("image_sample_c_b", Mimg, 0x23, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_EXTRA2, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_C_B_CL [
        e("image_sample_c_b_cl", Mimg, 0x45, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_LOD | I_EXTRA2, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_C_B_CL_O [
        e("image_sample_c_b_cl_o", Mimg, 0x4b, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_LOD | I_EXTRA3, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_C_B_O [
        e("image_sample_c_b_o", Mimg, 0x2d, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_EXTRA3, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_C_CL [
        e("image_sample_c_cl", Mimg, 0x43, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_LOD | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_C_CL_O [
        e("image_sample_c_cl_o", Mimg, 0x49, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_LOD | I_EXTRA2, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_C_D [
        e("image_sample_c_d", Mimg, 0x21, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GRAD | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_C_D_CL [
        e("image_sample_c_d_cl", Mimg, 0x44, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GRAD | I_LOD | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_C_D_CL_G16 [
        e("image_sample_c_d_cl_g16", Mimg, 0x54, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GRAD | I_G16 | I_LOD | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_C_D_CL_O [
        e("image_sample_c_d_cl_o", Mimg, 0x4a, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GRAD | I_LOD | I_EXTRA2, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_C_D_CL_O_G16 [
        e("image_sample_c_d_cl_o_g16", Mimg, 0x56, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GRAD | I_G16 | I_LOD | I_EXTRA2, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_C_D_G16 [
        e("image_sample_c_d_g16", Mimg, 0x3a, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GRAD | I_G16 | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_C_D_O [
        e("image_sample_c_d_o", Mimg, 0x2b, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GRAD | I_EXTRA2, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_C_D_O_G16 [
        e("image_sample_c_d_o_g16", Mimg, 0x3c, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GRAD | I_G16 | I_EXTRA2, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_C_L [
        e("image_sample_c_l", Mimg, 0x22, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_LOD | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_C_LZ [
        e("image_sample_c_lz", Mimg, 0x24, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_C_LZ_O [
        e("image_sample_c_lz_o", Mimg, 0x2e, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_EXTRA2, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_C_L_O [
        e("image_sample_c_l_o", Mimg, 0x2c, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_LOD | I_EXTRA2, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_C_O [
        e("image_sample_c_o", Mimg, 0x2a, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_EXTRA2, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_D [
        e("image_sample_d", Mimg, 0x1c, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GRAD, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_D_CL [
        e("image_sample_d_cl", Mimg, 0x41, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GRAD | I_LOD, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_D_CL_G16 [
        e("image_sample_d_cl_g16", Mimg, 0x5f, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GRAD | I_G16 | I_LOD, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_D_CL_O [
        e("image_sample_d_cl_o", Mimg, 0x47, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GRAD | I_LOD | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_D_CL_O_G16 [
        e("image_sample_d_cl_o_g16", Mimg, 0x55, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GRAD | I_G16 | I_LOD | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_D_G16 [
        e("image_sample_d_g16", Mimg, 0x39, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GRAD | I_G16, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_D_O [
        e("image_sample_d_o", Mimg, 0x26, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GRAD | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_D_O_G16 [
        e("image_sample_d_o_g16", Mimg, 0x3b, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_GRAD | I_G16 | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_L [
        e("image_sample_l", Mimg, 0x1d, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_LOD, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_LZ [
        e("image_sample_lz", Mimg, 0x1f, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], 0, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_LZ_O [
        e("image_sample_lz_o", Mimg, 0x29, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_L_O [
        e("image_sample_l_o", Mimg, 0x27, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_LOD | I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_SAMPLE_O [
        e("image_sample_o", Mimg, 0x25, &[o(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256), i(Ssamp, S, B128)], I_EXTRA1, R_EXEC | LOADS | C_VM),
    ]
    IMAGE_STORE [
        e("image_store", Mimg, 0x06, &[i(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], 0, R_EXEC | STORES | C_VS),
    ]
    IMAGE_STORE_MIP [
        e("image_store_mip", Mimg, 0x07, &[i(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], I_LOD, R_EXEC | STORES | C_VS),
    ]
    IMAGE_STORE_MIP_PCK [
        e("image_store_mip_pck", Mimg, 0x09, &[i(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], I_LOD, R_EXEC | STORES | C_VS),
    ]
    IMAGE_STORE_PCK [
        e("image_store_pck", Mimg, 0x08, &[i(Vdata, V, B32), i(Addr, V, B32), i(Sbase, S, B256)], 0, R_EXEC | STORES | C_VS),
    ]
    LDS_DIRECT_LOAD [
        e("lds_direct_load", Ldsdir, 0x01, &[o(Vdst, V, B32)], 0, R_M0 | R_EXEC | LOADS | C_EXP),
    ]
    LDS_PARAM_LOAD [
        e("lds_param_load", Ldsdir, 0x00, &[o(Vdst, V, B32)], 0, R_M0 | R_EXEC | LOADS | C_EXP),
    ]
    SCRATCH_LOAD_B128 [
        e("scratch_load_b128", Scratch, 0x17, &[o(Vdst, V, B128)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM),
    ]
    SCRATCH_LOAD_B32 [
        e("scratch_load_b32", Scratch, 0x14, &[o(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM),
    ]
    SCRATCH_LOAD_B64 [
        e("scratch_load_b64", Scratch, 0x15, &[o(Vdst, V, B64)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM),
    ]
    SCRATCH_LOAD_B96 [
        e("scratch_load_b96", Scratch, 0x16, &[o(Vdst, V, B96)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM),
    ]
    SCRATCH_LOAD_D16_B16 [
        e("scratch_load_d16_b16", Scratch, 0x20, &[x(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM),
    ]
    SCRATCH_LOAD_D16_HI_B16 [
        e("scratch_load_d16_hi_b16", Scratch, 0x23, &[x(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM),
    ]
    SCRATCH_LOAD_D16_HI_I8 [
        e("scratch_load_d16_hi_i8", Scratch, 0x22, &[x(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM),
    ]
    SCRATCH_LOAD_D16_HI_U8 [
        e("scratch_load_d16_hi_u8", Scratch, 0x21, &[x(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM),
    ]
    SCRATCH_LOAD_D16_I8 [
        e("scratch_load_d16_i8", Scratch, 0x1f, &[x(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM),
    ]
    SCRATCH_LOAD_D16_U8 [
        e("scratch_load_d16_u8", Scratch, 0x1e, &[x(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM),
    ]
    SCRATCH_LOAD_I16 [
        e("scratch_load_i16", Scratch, 0x13, &[o(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM),
    ]
    SCRATCH_LOAD_I8 [
        e("scratch_load_i8", Scratch, 0x11, &[o(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM),
    ]
    SCRATCH_LOAD_U16 [
        e("scratch_load_u16", Scratch, 0x12, &[o(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM),
    ]
    SCRATCH_LOAD_U8 [
        e("scratch_load_u8", Scratch, 0x10, &[o(Vdst, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | LOADS | C_VM),
    ]
    SCRATCH_STORE_B128 [
        e("scratch_store_b128", Scratch, 0x1d, &[i(Vdata, V, B128)], ADDR, R_EXEC | R_FLAT_SCR | STORES | C_VS),
    ]
    SCRATCH_STORE_B16 [
        e("scratch_store_b16", Scratch, 0x19, &[i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | STORES | C_VS),
    ]
    SCRATCH_STORE_B32 [
        e("scratch_store_b32", Scratch, 0x1a, &[i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | STORES | C_VS),
    ]
    SCRATCH_STORE_B64 [
        e("scratch_store_b64", Scratch, 0x1b, &[i(Vdata, V, B64)], ADDR, R_EXEC | R_FLAT_SCR | STORES | C_VS),
    ]
    SCRATCH_STORE_B8 [
        e("scratch_store_b8", Scratch, 0x18, &[i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | STORES | C_VS),
    ]
    SCRATCH_STORE_B96 [
        e("scratch_store_b96", Scratch, 0x1c, &[i(Vdata, V, B96)], ADDR, R_EXEC | R_FLAT_SCR | STORES | C_VS),
    ]
    SCRATCH_STORE_D16_HI_B16 [
        e("scratch_store_d16_hi_b16", Scratch, 0x25, &[i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | STORES | C_VS),
    ]
    SCRATCH_STORE_D16_HI_B8 [
        e("scratch_store_d16_hi_b8", Scratch, 0x24, &[i(Vdata, V, B32)], ADDR, R_EXEC | R_FLAT_SCR | STORES | C_VS),
    ]
    S_ABSDIFF_I32 [
        e("s_absdiff_i32", Sop2, 0x06, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_ABS_I32 [
        e("s_abs_i32", Sop1, 0x15, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, W_SCC),
    ]
    S_ADDC_U32 [
        e("s_addc_u32", Sop2, 0x04, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, R_SCC | W_SCC),
    ]
    S_ADDK_I32 [
        e("s_addk_i32", Sopk, 0x0f, &[x(Sdst, S, B32), i(Simm, S16, B16)], 0, W_SCC),
    ]
    S_ADD_F16 [
        e("s_add_f16", Sop2, 0x49, &[o(Sdst, S, B32), i(Src0, Ssrc, F16), i(Src1, Ssrc, F16)], RDNA35, R_MODE),
    ]
    S_ADD_F32 [
        e("s_add_f32", Sop2, 0x40, &[o(Sdst, S, B32), i(Src0, Ssrc, F32), i(Src1, Ssrc, F32)], RDNA35, R_MODE),
    ]
    S_ADD_I32 [
        e("s_add_i32", Sop2, 0x02, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_ADD_U32 [
        e("s_add_u32", Sop2, 0x00, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_AND_B32 [
        e("s_and_b32", Sop2, 0x16, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_AND_B64 [
        e("s_and_b64", Sop2, 0x17, &[o(Sdst, S, B64), i(Src0, Ssrc, B64), i(Src1, Ssrc, B64)], 0, W_SCC),
    ]
    S_AND_NOT0_SAVEEXEC_B32 [
        e("s_and_not0_saveexec_b32", Sop1, 0x2c, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_AND_NOT0_SAVEEXEC_B64 [
        e("s_and_not0_saveexec_b64", Sop1, 0x2d, &[o(Sdst, S, B64), i(Src0, Ssrc, B64)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_AND_NOT0_WREXEC_B32 [
        e("s_and_not0_wrexec_b32", Sop1, 0x34, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_AND_NOT0_WREXEC_B64 [
        e("s_and_not0_wrexec_b64", Sop1, 0x35, &[o(Sdst, S, B64), i(Src0, Ssrc, B64)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_AND_NOT1_B32 [
        e("s_and_not1_b32", Sop2, 0x22, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_AND_NOT1_B64 [
        e("s_and_not1_b64", Sop2, 0x23, &[o(Sdst, S, B64), i(Src0, Ssrc, B64), i(Src1, Ssrc, B64)], 0, W_SCC),
    ]
    S_AND_NOT1_SAVEEXEC_B32 [
        e("s_and_not1_saveexec_b32", Sop1, 0x30, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_AND_NOT1_SAVEEXEC_B64 [
        e("s_and_not1_saveexec_b64", Sop1, 0x31, &[o(Sdst, S, B64), i(Src0, Ssrc, B64)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_AND_NOT1_WREXEC_B32 [
        e("s_and_not1_wrexec_b32", Sop1, 0x36, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_AND_NOT1_WREXEC_B64 [
        e("s_and_not1_wrexec_b64", Sop1, 0x37, &[o(Sdst, S, B64), i(Src0, Ssrc, B64)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_AND_SAVEEXEC_B32 [
        e("s_and_saveexec_b32", Sop1, 0x20, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_AND_SAVEEXEC_B64 [
        e("s_and_saveexec_b64", Sop1, 0x21, &[o(Sdst, S, B64), i(Src0, Ssrc, B64)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_ASHR_I32 [
        e("s_ashr_i32", Sop2, 0x0c, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_ASHR_I64 [
        e("s_ashr_i64", Sop2, 0x0d, &[o(Sdst, S, B64), i(Src0, Ssrc, B64), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_ATC_PROBE [
        e("s_atc_probe", Smem, 0x22, &[i(Sdst, Num, B32), i(Sbase, S, B64)], ADDR | NOCPOL, 0),
    ]
    S_ATC_PROBE_BUFFER [
        e("s_atc_probe_buffer", Smem, 0x23, &[i(Sdst, Num, B32), i(Sbase, S, B128)], ADDR | NOCPOL, 0),
    ]
    S_BARRIER [
        e("s_barrier", Sopp, 0x3d, &[], 0, 0),
    ]
    S_BCNT0_I32_B32 [
        e("s_bcnt0_i32_b32", Sop1, 0x16, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, W_SCC),
    ]
    S_BCNT0_I32_B64 [
        e("s_bcnt0_i32_b64", Sop1, 0x17, &[o(Sdst, S, B32), i(Src0, Ssrc, B64)], 0, W_SCC),
    ]
    S_BCNT1_I32_B32 [
        e("s_bcnt1_i32_b32", Sop1, 0x18, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, W_SCC),
    ]
    S_BCNT1_I32_B64 [
        e("s_bcnt1_i32_b64", Sop1, 0x19, &[o(Sdst, S, B32), i(Src0, Ssrc, B64)], 0, W_SCC),
    ]
    S_BFE_I32 [
        e("s_bfe_i32", Sop2, 0x27, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_BFE_I64 [
        e("s_bfe_i64", Sop2, 0x29, &[o(Sdst, S, B64), i(Src0, Ssrc, B64), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_BFE_U32 [
        e("s_bfe_u32", Sop2, 0x26, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_BFE_U64 [
        e("s_bfe_u64", Sop2, 0x28, &[o(Sdst, S, B64), i(Src0, Ssrc, B64), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_BFM_B32 [
        e("s_bfm_b32", Sop2, 0x2a, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, 0),
    ]
    S_BFM_B64 [
        e("s_bfm_b64", Sop2, 0x2b, &[o(Sdst, S, B64), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, 0),
    ]
    S_BITCMP0_B32 [
        e("s_bitcmp0_b32", Sopc, 0x0c, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_BITCMP0_B64 [
        e("s_bitcmp0_b64", Sopc, 0x0e, &[i(Src0, Ssrc, B64), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_BITCMP1_B32 [
        e("s_bitcmp1_b32", Sopc, 0x0d, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_BITCMP1_B64 [
        e("s_bitcmp1_b64", Sopc, 0x0f, &[i(Src0, Ssrc, B64), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_BITREPLICATE_B64_B32 [
        e("s_bitreplicate_b64_b32", Sop1, 0x14, &[o(Sdst, S, B64), i(Src0, Ssrc, B32)], 0, 0),
    ]
    S_BITSET0_B32 [
        e("s_bitset0_b32", Sop1, 0x10, &[x(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, 0),
    ]
    S_BITSET0_B64 [
        e("s_bitset0_b64", Sop1, 0x11, &[x(Sdst, S, B64), i(Src0, Ssrc, B32)], 0, 0),
    ]
    S_BITSET1_B32 [
        e("s_bitset1_b32", Sop1, 0x12, &[x(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, 0),
    ]
    S_BITSET1_B64 [
        e("s_bitset1_b64", Sop1, 0x13, &[x(Sdst, S, B64), i(Src0, Ssrc, B32)], 0, 0),
    ]
    S_BRANCH [
        e("s_branch", Sopp, 0x20, &[i(Simm, Branch, B16)], 0, BRANCH),
    ]
    S_BREV_B32 [
        e("s_brev_b32", Sop1, 0x04, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, 0),
    ]
    S_BREV_B64 [
        e("s_brev_b64", Sop1, 0x05, &[o(Sdst, S, B64), i(Src0, Ssrc, B64)], 0, 0),
    ]
    S_BUFFER_LOAD_B128 [
        e("s_buffer_load_b128", Smem, 0x0a, &[o(Sdst, S, B128), i(Sbase, S, B128)], ADDR, LOADS | C_LGKM),
    ]
    S_BUFFER_LOAD_B256 [
        e("s_buffer_load_b256", Smem, 0x0b, &[o(Sdst, S, B256), i(Sbase, S, B128)], ADDR, LOADS | C_LGKM),
    ]
    S_BUFFER_LOAD_B32 [
        e("s_buffer_load_b32", Smem, 0x08, &[o(Sdst, SNoExec, B32), i(Sbase, S, B128)], ADDR, LOADS | C_LGKM),
    ]
    S_BUFFER_LOAD_B512 [
        e("s_buffer_load_b512", Smem, 0x0c, &[o(Sdst, S, B512), i(Sbase, S, B128)], ADDR, LOADS | C_LGKM),
    ]
    S_BUFFER_LOAD_B64 [
        e("s_buffer_load_b64", Smem, 0x09, &[o(Sdst, SNoExec, B64), i(Sbase, S, B128)], ADDR, LOADS | C_LGKM),
    ]
    S_CALL_B64 [
        e("s_call_b64", Sopk, 0x14, &[o(Sdst, S, B64), i(Simm, Branch, B16)], 0, BRANCH),
    ]
    S_CBRANCH_CDBGSYS [
        e("s_cbranch_cdbgsys", Sopp, 0x27, &[i(Simm, Branch, B16)], 0, BRANCH),
    ]
    S_CBRANCH_CDBGSYS_AND_USER [
        e("s_cbranch_cdbgsys_and_user", Sopp, 0x2a, &[i(Simm, Branch, B16)], 0, BRANCH),
    ]
    S_CBRANCH_CDBGSYS_OR_USER [
        e("s_cbranch_cdbgsys_or_user", Sopp, 0x29, &[i(Simm, Branch, B16)], 0, BRANCH),
    ]
    S_CBRANCH_CDBGUSER [
        e("s_cbranch_cdbguser", Sopp, 0x28, &[i(Simm, Branch, B16)], 0, BRANCH),
    ]
    S_CBRANCH_EXECNZ [
        e("s_cbranch_execnz", Sopp, 0x26, &[i(Simm, Branch, B16)], 0, R_EXEC | BRANCH),
    ]
    S_CBRANCH_EXECZ [
        e("s_cbranch_execz", Sopp, 0x25, &[i(Simm, Branch, B16)], 0, R_EXEC | BRANCH),
    ]
    S_CBRANCH_SCC0 [
        e("s_cbranch_scc0", Sopp, 0x21, &[i(Simm, Branch, B16)], 0, R_SCC | BRANCH),
    ]
    S_CBRANCH_SCC1 [
        e("s_cbranch_scc1", Sopp, 0x22, &[i(Simm, Branch, B16)], 0, R_SCC | BRANCH),
    ]
    S_CBRANCH_VCCNZ [
        e("s_cbranch_vccnz", Sopp, 0x24, &[i(Simm, Branch, B16)], 0, R_VCC | BRANCH),
    ]
    S_CBRANCH_VCCZ [
        e("s_cbranch_vccz", Sopp, 0x23, &[i(Simm, Branch, B16)], 0, R_VCC | BRANCH),
    ]
    S_CEIL_F16 [
        e("s_ceil_f16", Sop1, 0x6b, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], RDNA35, R_MODE),
    ]
    S_CEIL_F32 [
        e("s_ceil_f32", Sop1, 0x60, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], RDNA35, R_MODE),
    ]
    S_CLAUSE [
        e("s_clause", Sopp, 0x05, &[i(Simm, S16, B16)], 0, 0),
    ]
    S_CLS_I32 [
        e("s_cls_i32", Sop1, 0x0c, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, 0),
    ]
    S_CLS_I32_I64 [
        e("s_cls_i32_i64", Sop1, 0x0d, &[o(Sdst, S, B32), i(Src0, Ssrc, B64)], 0, 0),
    ]
    S_CLZ_I32_U32 [
        e("s_clz_i32_u32", Sop1, 0x0a, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, 0),
    ]
    S_CLZ_I32_U64 [
        e("s_clz_i32_u64", Sop1, 0x0b, &[o(Sdst, S, B32), i(Src0, Ssrc, B64)], 0, 0),
    ]
    S_CMOVK_I32 [
        e("s_cmovk_i32", Sopk, 0x02, &[x(Sdst, S, B32), i(Simm, S16, B16)], 0, R_SCC),
    ]
    S_CMOV_B32 [
        e("s_cmov_b32", Sop1, 0x02, &[x(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, R_SCC),
    ]
    S_CMOV_B64 [
        e("s_cmov_b64", Sop1, 0x03, &[x(Sdst, S, B64), i(Src0, Ssrc, B64)], 0, R_SCC),
    ]
    S_CMPK_EQ_I32 [
        e("s_cmpk_eq_i32", Sopk, 0x03, &[i(Sdst, S, B32), i(Simm, S16, B16)], 0, W_SCC),
    ]
    S_CMPK_EQ_U32 [
        e("s_cmpk_eq_u32", Sopk, 0x09, &[i(Sdst, S, B32), i(Simm, U16, B16)], 0, W_SCC),
    ]
    S_CMPK_GE_I32 [
        e("s_cmpk_ge_i32", Sopk, 0x06, &[i(Sdst, S, B32), i(Simm, S16, B16)], 0, W_SCC),
    ]
    S_CMPK_GE_U32 [
        e("s_cmpk_ge_u32", Sopk, 0x0c, &[i(Sdst, S, B32), i(Simm, U16, B16)], 0, W_SCC),
    ]
    S_CMPK_GT_I32 [
        e("s_cmpk_gt_i32", Sopk, 0x05, &[i(Sdst, S, B32), i(Simm, S16, B16)], 0, W_SCC),
    ]
    S_CMPK_GT_U32 [
        e("s_cmpk_gt_u32", Sopk, 0x0b, &[i(Sdst, S, B32), i(Simm, U16, B16)], 0, W_SCC),
    ]
    S_CMPK_LE_I32 [
        e("s_cmpk_le_i32", Sopk, 0x08, &[i(Sdst, S, B32), i(Simm, S16, B16)], 0, W_SCC),
    ]
    S_CMPK_LE_U32 [
        e("s_cmpk_le_u32", Sopk, 0x0e, &[i(Sdst, S, B32), i(Simm, U16, B16)], 0, W_SCC),
    ]
    S_CMPK_LG_I32 [
        e("s_cmpk_lg_i32", Sopk, 0x04, &[i(Sdst, S, B32), i(Simm, S16, B16)], 0, W_SCC),
    ]
    S_CMPK_LG_U32 [
        e("s_cmpk_lg_u32", Sopk, 0x0a, &[i(Sdst, S, B32), i(Simm, U16, B16)], 0, W_SCC),
    ]
    S_CMPK_LT_I32 [
        e("s_cmpk_lt_i32", Sopk, 0x07, &[i(Sdst, S, B32), i(Simm, S16, B16)], 0, W_SCC),
    ]
    S_CMPK_LT_U32 [
        e("s_cmpk_lt_u32", Sopk, 0x0d, &[i(Sdst, S, B32), i(Simm, U16, B16)], 0, W_SCC),
    ]
    S_CMP_EQ_F16 [
        e("s_cmp_eq_f16", Sopc, 0x52, &[i(Src0, Ssrc, B16), i(Src1, Ssrc, B16)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_EQ_F32 [
        e("s_cmp_eq_f32", Sopc, 0x42, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_EQ_I32 [
        e("s_cmp_eq_i32", Sopc, 0x00, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_CMP_EQ_U32 [
        e("s_cmp_eq_u32", Sopc, 0x06, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_CMP_EQ_U64 [
        e("s_cmp_eq_u64", Sopc, 0x10, &[i(Src0, Ssrc, B64), i(Src1, Ssrc, B64)], 0, W_SCC),
    ]
    S_CMP_GE_F16 [
        e("s_cmp_ge_f16", Sopc, 0x56, &[i(Src0, Ssrc, B16), i(Src1, Ssrc, B16)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_GE_F32 [
        e("s_cmp_ge_f32", Sopc, 0x46, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_GE_I32 [
        e("s_cmp_ge_i32", Sopc, 0x03, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_CMP_GE_U32 [
        e("s_cmp_ge_u32", Sopc, 0x09, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_CMP_GT_F16 [
        e("s_cmp_gt_f16", Sopc, 0x54, &[i(Src0, Ssrc, B16), i(Src1, Ssrc, B16)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_GT_F32 [
        e("s_cmp_gt_f32", Sopc, 0x44, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_GT_I32 [
        e("s_cmp_gt_i32", Sopc, 0x02, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_CMP_GT_U32 [
        e("s_cmp_gt_u32", Sopc, 0x08, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_CMP_LE_F16 [
        e("s_cmp_le_f16", Sopc, 0x53, &[i(Src0, Ssrc, B16), i(Src1, Ssrc, B16)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_LE_F32 [
        e("s_cmp_le_f32", Sopc, 0x43, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_LE_I32 [
        e("s_cmp_le_i32", Sopc, 0x05, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_CMP_LE_U32 [
        e("s_cmp_le_u32", Sopc, 0x0b, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_CMP_LG_F16 [
        e("s_cmp_lg_f16", Sopc, 0x55, &[i(Src0, Ssrc, B16), i(Src1, Ssrc, B16)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_LG_F32 [
        e("s_cmp_lg_f32", Sopc, 0x45, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_LG_I32 [
        e("s_cmp_lg_i32", Sopc, 0x01, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_CMP_LG_U32 [
        e("s_cmp_lg_u32", Sopc, 0x07, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_CMP_LG_U64 [
        e("s_cmp_lg_u64", Sopc, 0x11, &[i(Src0, Ssrc, B64), i(Src1, Ssrc, B64)], 0, W_SCC),
    ]
    S_CMP_LT_F16 [
        e("s_cmp_lt_f16", Sopc, 0x51, &[i(Src0, Ssrc, B16), i(Src1, Ssrc, B16)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_LT_F32 [
        e("s_cmp_lt_f32", Sopc, 0x41, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_LT_I32 [
        e("s_cmp_lt_i32", Sopc, 0x04, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_CMP_LT_U32 [
        e("s_cmp_lt_u32", Sopc, 0x0a, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_CMP_NEQ_F16 [
        e("s_cmp_neq_f16", Sopc, 0x5d, &[i(Src0, Ssrc, B16), i(Src1, Ssrc, B16)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_NEQ_F32 [
        e("s_cmp_neq_f32", Sopc, 0x4d, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_NGE_F16 [
        e("s_cmp_nge_f16", Sopc, 0x59, &[i(Src0, Ssrc, B16), i(Src1, Ssrc, B16)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_NGE_F32 [
        e("s_cmp_nge_f32", Sopc, 0x49, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_NGT_F16 [
        e("s_cmp_ngt_f16", Sopc, 0x5b, &[i(Src0, Ssrc, B16), i(Src1, Ssrc, B16)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_NGT_F32 [
        e("s_cmp_ngt_f32", Sopc, 0x4b, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_NLE_F16 [
        e("s_cmp_nle_f16", Sopc, 0x5c, &[i(Src0, Ssrc, B16), i(Src1, Ssrc, B16)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_NLE_F32 [
        e("s_cmp_nle_f32", Sopc, 0x4c, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_NLG_F16 [
        e("s_cmp_nlg_f16", Sopc, 0x5a, &[i(Src0, Ssrc, B16), i(Src1, Ssrc, B16)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_NLG_F32 [
        e("s_cmp_nlg_f32", Sopc, 0x4a, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_NLT_F16 [
        e("s_cmp_nlt_f16", Sopc, 0x5e, &[i(Src0, Ssrc, B16), i(Src1, Ssrc, B16)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_NLT_F32 [
        e("s_cmp_nlt_f32", Sopc, 0x4e, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_O_F16 [
        e("s_cmp_o_f16", Sopc, 0x57, &[i(Src0, Ssrc, B16), i(Src1, Ssrc, B16)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_O_F32 [
        e("s_cmp_o_f32", Sopc, 0x47, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_U_F16 [
        e("s_cmp_u_f16", Sopc, 0x58, &[i(Src0, Ssrc, B16), i(Src1, Ssrc, B16)], RDNA35, R_MODE | W_SCC),
    ]
    S_CMP_U_F32 [
        e("s_cmp_u_f32", Sopc, 0x48, &[i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], RDNA35, R_MODE | W_SCC),
    ]
    S_CODE_END [
        e("s_code_end", Sopp, 0x1f, &[], 0, 0),
    ]
    S_CSELECT_B32 [
        e("s_cselect_b32", Sop2, 0x30, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, R_SCC),
    ]
    S_CSELECT_B64 [
        e("s_cselect_b64", Sop2, 0x31, &[o(Sdst, S, B64), i(Src0, Ssrc, B64), i(Src1, Ssrc, B64)], 0, R_SCC),
    ]
    S_CTZ_I32_B32 [
        e("s_ctz_i32_b32", Sop1, 0x08, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, 0),
    ]
    S_CTZ_I32_B64 [
        e("s_ctz_i32_b64", Sop1, 0x09, &[o(Sdst, S, B32), i(Src0, Ssrc, B64)], 0, 0),
    ]
    S_CVT_F16_F32 [
        e("s_cvt_f16_f32", Sop1, 0x68, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], RDNA35, R_MODE),
    ]
    S_CVT_F32_F16 [
        e("s_cvt_f32_f16", Sop1, 0x69, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], RDNA35, R_MODE),
    ]
    S_CVT_F32_I32 [
        e("s_cvt_f32_i32", Sop1, 0x64, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], RDNA35, R_MODE),
    ]
    S_CVT_F32_U32 [
        e("s_cvt_f32_u32", Sop1, 0x65, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], RDNA35, R_MODE),
    ]
    S_CVT_HI_F32_F16 [
        e("s_cvt_hi_f32_f16", Sop1, 0x6a, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], RDNA35, R_MODE),
    ]
    S_CVT_I32_F32 [
        e("s_cvt_i32_f32", Sop1, 0x66, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], RDNA35, R_MODE),
    ]
    S_CVT_PK_RTZ_F16_F32 [
        e("s_cvt_pk_rtz_f16_f32", Sop2, 0x48, &[o(Sdst, S, B32), i(Src0, Ssrc, F32), i(Src1, Ssrc, F32)], RDNA35, R_MODE),
    ]
    S_CVT_U32_F32 [
        e("s_cvt_u32_f32", Sop1, 0x67, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], RDNA35, R_MODE),
    ]
    S_DCACHE_INV [
        e("s_dcache_inv", Smem, 0x21, &[], 0, C_LGKM),
    ]
    S_DECPERFLEVEL [
        e("s_decperflevel", Sopp, 0x39, &[i(Simm, Dec, B16)], 0, 0),
    ]
    S_DELAY_ALU [
        e("s_delay_alu", Sopp, 0x07, &[i(Simm, Delay, B16)], 0, 0),
    ]
    S_DENORM_MODE [
        e("s_denorm_mode", Sopp, 0x12, &[i(Simm, Dec, B16)], 0, R_MODE | W_MODE),
    ]
    S_ENDPGM [
        e("s_endpgm", Sopp, 0x30, &[i(Simm, Endpgm, B16)], 0, 0),
    ]
    S_ENDPGM_SAVED [
        e("s_endpgm_saved", Sopp, 0x31, &[], 0, 0),
    ]
    S_FLOOR_F16 [
        e("s_floor_f16", Sop1, 0x6c, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], RDNA35, R_MODE),
    ]
    S_FLOOR_F32 [
        e("s_floor_f32", Sop1, 0x61, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], RDNA35, R_MODE),
    ]
    S_FMAAK_F32 [
        e("s_fmaak_f32", Sop2, 0x45, &[o(Sdst, S, B32), i(Src0, Ssrc, F32), i(Src1, Ssrc, F32), i(Imm, K, F32)], RDNA35, R_MODE),
    ]
    S_FMAC_F16 [
        e("s_fmac_f16", Sop2, 0x4e, &[x(Sdst, S, B32), i(Src0, Ssrc, F16), i(Src1, Ssrc, F16)], RDNA35, R_MODE),
    ]
    S_FMAC_F32 [
        e("s_fmac_f32", Sop2, 0x47, &[x(Sdst, S, B32), i(Src0, Ssrc, F32), i(Src1, Ssrc, F32)], RDNA35, R_MODE),
    ]
    S_FMAMK_F32 [
        e("s_fmamk_f32", Sop2, 0x46, &[o(Sdst, S, B32), i(Src0, Ssrc, F32), i(Imm, K, F32), i(Src1, Ssrc, F32)], RDNA35, R_MODE),
    ]
    S_GETPC_B64 [
        e("s_getpc_b64", Sop1, 0x47, &[o(Sdst, S, B64)], 0, 0),
    ]
    S_GETREG_B32 [
        e("s_getreg_b32", Sopk, 0x11, &[o(Sdst, S, B32), i(Simm, Hwreg, B16)], 0, R_MODE),
    ]
    S_GL1_INV [
        e("s_gl1_inv", Smem, 0x20, &[], 0, C_LGKM),
    ]
    S_ICACHE_INV [
        e("s_icache_inv", Sopp, 0x3c, &[], 0, 0),
    ]
    S_INCPERFLEVEL [
        e("s_incperflevel", Sopp, 0x38, &[i(Simm, Dec, B16)], 0, 0),
    ]
    S_LOAD_B128 [
        e("s_load_b128", Smem, 0x02, &[o(Sdst, S, B128), i(Sbase, S, B64)], ADDR, LOADS | C_LGKM),
    ]
    S_LOAD_B256 [
        e("s_load_b256", Smem, 0x03, &[o(Sdst, S, B256), i(Sbase, S, B64)], ADDR, LOADS | C_LGKM),
    ]
    S_LOAD_B32 [
        e("s_load_b32", Smem, 0x00, &[o(Sdst, SNoExec, B32), i(Sbase, S, B64)], ADDR, LOADS | C_LGKM),
    ]
    S_LOAD_B512 [
        e("s_load_b512", Smem, 0x04, &[o(Sdst, S, B512), i(Sbase, S, B64)], ADDR, LOADS | C_LGKM),
    ]
    S_LOAD_B64 [
        e("s_load_b64", Smem, 0x01, &[o(Sdst, SNoExec, B64), i(Sbase, S, B64)], ADDR, LOADS | C_LGKM),
    ]
    S_LSHL1_ADD_U32 [
        e("s_lshl1_add_u32", Sop2, 0x0e, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_LSHL2_ADD_U32 [
        e("s_lshl2_add_u32", Sop2, 0x0f, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_LSHL3_ADD_U32 [
        e("s_lshl3_add_u32", Sop2, 0x10, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_LSHL4_ADD_U32 [
        e("s_lshl4_add_u32", Sop2, 0x11, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_LSHL_B32 [
        e("s_lshl_b32", Sop2, 0x08, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_LSHL_B64 [
        e("s_lshl_b64", Sop2, 0x09, &[o(Sdst, S, B64), i(Src0, Ssrc, B64), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_LSHR_B32 [
        e("s_lshr_b32", Sop2, 0x0a, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_LSHR_B64 [
        e("s_lshr_b64", Sop2, 0x0b, &[o(Sdst, S, B64), i(Src0, Ssrc, B64), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_MAX_F16 [
        e("s_max_f16", Sop2, 0x4c, &[o(Sdst, S, B32), i(Src0, Ssrc, F16), i(Src1, Ssrc, F16)], RDNA35, R_MODE),
    ]
    S_MAX_F32 [
        e("s_max_f32", Sop2, 0x43, &[o(Sdst, S, B32), i(Src0, Ssrc, F32), i(Src1, Ssrc, F32)], RDNA35, R_MODE),
    ]
    S_MAX_I32 [
        e("s_max_i32", Sop2, 0x14, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_MAX_U32 [
        e("s_max_u32", Sop2, 0x15, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_MIN_F16 [
        e("s_min_f16", Sop2, 0x4b, &[o(Sdst, S, B32), i(Src0, Ssrc, F16), i(Src1, Ssrc, F16)], RDNA35, R_MODE),
    ]
    S_MIN_F32 [
        e("s_min_f32", Sop2, 0x42, &[o(Sdst, S, B32), i(Src0, Ssrc, F32), i(Src1, Ssrc, F32)], RDNA35, R_MODE),
    ]
    S_MIN_I32 [
        e("s_min_i32", Sop2, 0x12, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_MIN_U32 [
        e("s_min_u32", Sop2, 0x13, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_MOVK_I32 [
        e("s_movk_i32", Sopk, 0x00, &[o(Sdst, S, B32), i(Simm, S16, B16)], 0, 0),
    ]
    S_MOVRELD_B32 [
        e("s_movreld_b32", Sop1, 0x42, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, R_M0),
    ]
    S_MOVRELD_B64 [
        e("s_movreld_b64", Sop1, 0x43, &[o(Sdst, S, B64), i(Src0, Ssrc, B64)], 0, R_M0),
    ]
    S_MOVRELSD_2_B32 [
        e("s_movrelsd_2_b32", Sop1, 0x44, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, R_M0),
    ]
    S_MOVRELS_B32 [
        e("s_movrels_b32", Sop1, 0x40, &[o(Sdst, S, B32), i(Src0, S, B32)], 0, R_M0),
    ]
    S_MOVRELS_B64 [
        e("s_movrels_b64", Sop1, 0x41, &[o(Sdst, S, B64), i(Src0, S, B64)], 0, R_M0),
    ]
    S_MOV_B32 [
        e("s_mov_b32", Sop1, 0x00, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, 0),
    ]
    S_MOV_B64 [
        e("s_mov_b64", Sop1, 0x01, &[o(Sdst, S, B64), i(Src0, Ssrc, B64)], 0, 0),
    ]
    S_MULK_I32 [
        e("s_mulk_i32", Sopk, 0x10, &[x(Sdst, S, B32), i(Simm, S16, B16)], 0, 0),
    ]
    S_MUL_F16 [
        e("s_mul_f16", Sop2, 0x4d, &[o(Sdst, S, B32), i(Src0, Ssrc, F16), i(Src1, Ssrc, F16)], RDNA35, R_MODE),
    ]
    S_MUL_F32 [
        e("s_mul_f32", Sop2, 0x44, &[o(Sdst, S, B32), i(Src0, Ssrc, F32), i(Src1, Ssrc, F32)], RDNA35, R_MODE),
    ]
    S_MUL_HI_I32 [
        e("s_mul_hi_i32", Sop2, 0x2e, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, 0),
    ]
    S_MUL_HI_U32 [
        e("s_mul_hi_u32", Sop2, 0x2d, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, 0),
    ]
    S_MUL_I32 [
        e("s_mul_i32", Sop2, 0x2c, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, 0),
    ]
    S_NAND_B32 [
        e("s_nand_b32", Sop2, 0x1c, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_NAND_B64 [
        e("s_nand_b64", Sop2, 0x1d, &[o(Sdst, S, B64), i(Src0, Ssrc, B64), i(Src1, Ssrc, B64)], 0, W_SCC),
    ]
    S_NAND_SAVEEXEC_B32 [
        e("s_nand_saveexec_b32", Sop1, 0x26, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_NAND_SAVEEXEC_B64 [
        e("s_nand_saveexec_b64", Sop1, 0x27, &[o(Sdst, S, B64), i(Src0, Ssrc, B64)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_NOP [
        e("s_nop", Sopp, 0x00, &[i(Simm, Dec, B16)], 0, 0),
    ]
    S_NOR_B32 [
        e("s_nor_b32", Sop2, 0x1e, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_NOR_B64 [
        e("s_nor_b64", Sop2, 0x1f, &[o(Sdst, S, B64), i(Src0, Ssrc, B64), i(Src1, Ssrc, B64)], 0, W_SCC),
    ]
    S_NOR_SAVEEXEC_B32 [
        e("s_nor_saveexec_b32", Sop1, 0x28, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_NOR_SAVEEXEC_B64 [
        e("s_nor_saveexec_b64", Sop1, 0x29, &[o(Sdst, S, B64), i(Src0, Ssrc, B64)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_NOT_B32 [
        e("s_not_b32", Sop1, 0x1e, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, W_SCC),
    ]
    S_NOT_B64 [
        e("s_not_b64", Sop1, 0x1f, &[o(Sdst, S, B64), i(Src0, Ssrc, B64)], 0, W_SCC),
    ]
    S_OR_B32 [
        e("s_or_b32", Sop2, 0x18, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_OR_B64 [
        e("s_or_b64", Sop2, 0x19, &[o(Sdst, S, B64), i(Src0, Ssrc, B64), i(Src1, Ssrc, B64)], 0, W_SCC),
    ]
    S_OR_NOT0_SAVEEXEC_B32 [
        e("s_or_not0_saveexec_b32", Sop1, 0x2e, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_OR_NOT0_SAVEEXEC_B64 [
        e("s_or_not0_saveexec_b64", Sop1, 0x2f, &[o(Sdst, S, B64), i(Src0, Ssrc, B64)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_OR_NOT1_B32 [
        e("s_or_not1_b32", Sop2, 0x24, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_OR_NOT1_B64 [
        e("s_or_not1_b64", Sop2, 0x25, &[o(Sdst, S, B64), i(Src0, Ssrc, B64), i(Src1, Ssrc, B64)], 0, W_SCC),
    ]
    S_OR_NOT1_SAVEEXEC_B32 [
        e("s_or_not1_saveexec_b32", Sop1, 0x32, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_OR_NOT1_SAVEEXEC_B64 [
        e("s_or_not1_saveexec_b64", Sop1, 0x33, &[o(Sdst, S, B64), i(Src0, Ssrc, B64)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_OR_SAVEEXEC_B32 [
        e("s_or_saveexec_b32", Sop1, 0x22, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_OR_SAVEEXEC_B64 [
        e("s_or_saveexec_b64", Sop1, 0x23, &[o(Sdst, S, B64), i(Src0, Ssrc, B64)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_PACK_HH_B32_B16 [
        e("s_pack_hh_b32_b16", Sop2, 0x34, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, 0),
    ]
    S_PACK_HL_B32_B16 [
        e("s_pack_hl_b32_b16", Sop2, 0x35, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, 0),
    ]
    S_PACK_LH_B32_B16 [
        e("s_pack_lh_b32_b16", Sop2, 0x33, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, 0),
    ]
    S_PACK_LL_B32_B16 [
        e("s_pack_ll_b32_b16", Sop2, 0x32, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, 0),
    ]
    S_QUADMASK_B32 [
        e("s_quadmask_b32", Sop1, 0x1a, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, W_SCC),
    ]
    S_QUADMASK_B64 [
        e("s_quadmask_b64", Sop1, 0x1b, &[o(Sdst, S, B64), i(Src0, Ssrc, B64)], 0, W_SCC),
    ]
    S_RFE_B64 [
        e("s_rfe_b64", Sop1, 0x4a, &[i(Src0, S, B64)], 0, BRANCH),
    ]
    S_RNDNE_F16 [
        e("s_rndne_f16", Sop1, 0x6e, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], RDNA35, R_MODE),
    ]
    S_RNDNE_F32 [
        e("s_rndne_f32", Sop1, 0x63, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], RDNA35, R_MODE),
    ]
    S_ROUND_MODE [
        e("s_round_mode", Sopp, 0x11, &[i(Simm, S16, B16)], 0, R_MODE | W_MODE),
    ]
    S_SENDMSG [
        e("s_sendmsg", Sopp, 0x36, &[i(Simm, Msg, B16)], 0, R_EXEC | R_M0 | C_LGKM | MESSAGE),
    ]
    S_SENDMSGHALT [
        e("s_sendmsghalt", Sopp, 0x37, &[i(Simm, Msg, B16)], 0, R_EXEC | R_M0 | C_LGKM | MESSAGE),
    ]
    S_SENDMSG_RTN_B32 [
        e("s_sendmsg_rtn_b32", Sop1, 0x4c, &[o(Sdst, S, B32), i(Src0, Msg, B32)], 0, C_LGKM | MESSAGE),
    ]
    S_SENDMSG_RTN_B64 [
        e("s_sendmsg_rtn_b64", Sop1, 0x4d, &[o(Sdst, S, B64), i(Src0, Msg, B32)], 0, C_LGKM | MESSAGE),
    ]
    S_SETHALT [
        e("s_sethalt", Sopp, 0x02, &[i(Simm, Dec, B16)], 0, 0),
    ]
    S_SETKILL [
        e("s_setkill", Sopp, 0x01, &[i(Simm, Dec, B16)], 0, 0),
    ]
    S_SETPC_B64 [
        e("s_setpc_b64", Sop1, 0x48, &[i(Src0, S, B64)], 0, BRANCH),
    ]
    S_SETPRIO [
        e("s_setprio", Sopp, 0x35, &[i(Simm, Dec, B16)], 0, 0),
    ]
    S_SETREG_B32 [
        e("s_setreg_b32", Sopk, 0x12, &[i(Simm, Hwreg, B16), i(Sdst, S, B32)], 0, R_MODE | W_MODE),
    ]
    S_SETREG_IMM32_B32 [
        e("s_setreg_imm32_b32", Sopk, 0x13, &[i(Simm, Hwreg, B16), i(Imm, K, B32)], 0, R_MODE | W_MODE),
    ]
    S_SET_INST_PREFETCH_DISTANCE [
        e("s_set_inst_prefetch_distance", Sopp, 0x04, &[i(Simm, S16, B16)], 0, 0),
    ]
    S_SEXT_I32_I16 [
        e("s_sext_i32_i16", Sop1, 0x0f, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, 0),
    ]
    S_SEXT_I32_I8 [
        e("s_sext_i32_i8", Sop1, 0x0e, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, 0),
    ]
    S_SINGLEUSE_VDST [
        e("s_singleuse_vdst", Sopp, 0x13, &[i(Simm, S16, B16)], RDNA35, 0),
    ]
    S_SLEEP [
        e("s_sleep", Sopp, 0x03, &[i(Simm, Dec, B16)], 0, 0),
    ]
    S_SUBB_U32 [
        e("s_subb_u32", Sop2, 0x05, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, R_SCC | W_SCC),
    ]
    S_SUBVECTOR_LOOP_BEGIN [
        e("s_subvector_loop_begin", Sopk, 0x16, &[o(Sdst, S, B32), i(Simm, Branch, B16)], 0, R_EXEC | W_EXEC | BRANCH),
    ]
    S_SUBVECTOR_LOOP_END [
        e("s_subvector_loop_end", Sopk, 0x17, &[x(Sdst, S, B32), i(Simm, Branch, B16)], 0, R_EXEC | W_EXEC | BRANCH),
    ]
    S_SUB_F16 [
        e("s_sub_f16", Sop2, 0x4a, &[o(Sdst, S, B32), i(Src0, Ssrc, F16), i(Src1, Ssrc, F16)], RDNA35, R_MODE),
    ]
    S_SUB_F32 [
        e("s_sub_f32", Sop2, 0x41, &[o(Sdst, S, B32), i(Src0, Ssrc, F32), i(Src1, Ssrc, F32)], RDNA35, R_MODE),
    ]
    S_SUB_I32 [
        e("s_sub_i32", Sop2, 0x03, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_SUB_U32 [
        e("s_sub_u32", Sop2, 0x01, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_SWAPPC_B64 [
        e("s_swappc_b64", Sop1, 0x49, &[o(Sdst, S, B64), i(Src0, Ssrc, B64)], 0, BRANCH),
    ]
    S_TRAP [
        e("s_trap", Sopp, 0x10, &[i(Simm, Dec, B16)], 0, 0),
    ]
    S_TRUNC_F16 [
        e("s_trunc_f16", Sop1, 0x6d, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], RDNA35, R_MODE),
    ]
    S_TRUNC_F32 [
        e("s_trunc_f32", Sop1, 0x62, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], RDNA35, R_MODE),
    ]
    S_TTRACEDATA [
        e("s_ttracedata", Sopp, 0x3a, &[], 0, R_M0),
    ]
    S_TTRACEDATA_IMM [
        e("s_ttracedata_imm", Sopp, 0x3b, &[i(Simm, S16, B16)], 0, 0),
    ]
    S_VERSION [
        e("s_version", Sopk, 0x01, &[i(Simm, Version, B16)], 0, 0),
    ]
    S_WAITCNT [
        e("s_waitcnt", Sopp, 0x09, &[i(Simm, Waitcnt, B16)], 0, 0),
    ]
    S_WAITCNT_DEPCTR [
        e("s_waitcnt_depctr", Sopp, 0x08, &[i(Simm, Depctr, B16)], 0, 0),
    ]
    S_WAITCNT_EXPCNT [
        e("s_waitcnt_expcnt", Sopk, 0x1a, &[i(Sdst, S, B32), i(Simm, S16, B16)], 0, 0),
    ]
    S_WAITCNT_LGKMCNT [
        e("s_waitcnt_lgkmcnt", Sopk, 0x1b, &[i(Sdst, S, B32), i(Simm, S16, B16)], 0, 0),
    ]
    S_WAITCNT_VMCNT [
        e("s_waitcnt_vmcnt", Sopk, 0x19, &[i(Sdst, S, B32), i(Simm, S16, B16)], 0, 0),
    ]
    S_WAITCNT_VSCNT [
        e("s_waitcnt_vscnt", Sopk, 0x18, &[i(Sdst, S, B32), i(Simm, S16, B16)], 0, 0),
    ]
    S_WAIT_EVENT [
        e("s_wait_event", Sopp, 0x0b, &[i(Simm, S16, B16)], 0, 0),
    ]
    S_WAIT_IDLE [
        e("s_wait_idle", Sopp, 0x0a, &[], 0, 0),
    ]
    S_WAKEUP [
        e("s_wakeup", Sopp, 0x34, &[], 0, 0),
    ]
    S_WQM_B32 [
        e("s_wqm_b32", Sop1, 0x1c, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, W_SCC),
    ]
    S_WQM_B64 [
        e("s_wqm_b64", Sop1, 0x1d, &[o(Sdst, S, B64), i(Src0, Ssrc, B64)], 0, W_SCC),
    ]
    S_XNOR_B32 [
        e("s_xnor_b32", Sop2, 0x20, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_XNOR_B64 [
        e("s_xnor_b64", Sop2, 0x21, &[o(Sdst, S, B64), i(Src0, Ssrc, B64), i(Src1, Ssrc, B64)], 0, W_SCC),
    ]
    S_XNOR_SAVEEXEC_B32 [
        e("s_xnor_saveexec_b32", Sop1, 0x2a, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_XNOR_SAVEEXEC_B64 [
        e("s_xnor_saveexec_b64", Sop1, 0x2b, &[o(Sdst, S, B64), i(Src0, Ssrc, B64)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_XOR_B32 [
        e("s_xor_b32", Sop2, 0x1a, &[o(Sdst, S, B32), i(Src0, Ssrc, B32), i(Src1, Ssrc, B32)], 0, W_SCC),
    ]
    S_XOR_B64 [
        e("s_xor_b64", Sop2, 0x1b, &[o(Sdst, S, B64), i(Src0, Ssrc, B64), i(Src1, Ssrc, B64)], 0, W_SCC),
    ]
    S_XOR_SAVEEXEC_B32 [
        e("s_xor_saveexec_b32", Sop1, 0x24, &[o(Sdst, S, B32), i(Src0, Ssrc, B32)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    S_XOR_SAVEEXEC_B64 [
        e("s_xor_saveexec_b64", Sop1, 0x25, &[o(Sdst, S, B64), i(Src0, Ssrc, B64)], 0, R_EXEC | W_EXEC | W_SCC),
    ]
    TBUFFER_LOAD_D16_FORMAT_X [
        e("tbuffer_load_d16_format_x", Mtbuf, 0x08, &[o(Vdata, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    TBUFFER_LOAD_D16_FORMAT_XY [
        e("tbuffer_load_d16_format_xy", Mtbuf, 0x09, &[o(Vdata, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    TBUFFER_LOAD_D16_FORMAT_XYZ [
        e("tbuffer_load_d16_format_xyz", Mtbuf, 0x0a, &[o(Vdata, V, B64)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    TBUFFER_LOAD_D16_FORMAT_XYZW [
        e("tbuffer_load_d16_format_xyzw", Mtbuf, 0x0b, &[o(Vdata, V, B64)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    TBUFFER_LOAD_FORMAT_X [
        e("tbuffer_load_format_x", Mtbuf, 0x00, &[o(Vdata, V, B32)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    TBUFFER_LOAD_FORMAT_XY [
        e("tbuffer_load_format_xy", Mtbuf, 0x01, &[o(Vdata, V, B64)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    TBUFFER_LOAD_FORMAT_XYZ [
        e("tbuffer_load_format_xyz", Mtbuf, 0x02, &[o(Vdata, V, B96)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    TBUFFER_LOAD_FORMAT_XYZW [
        e("tbuffer_load_format_xyzw", Mtbuf, 0x03, &[o(Vdata, V, B128)], ADDR, R_EXEC | LOADS | C_VM),
    ]
    TBUFFER_STORE_D16_FORMAT_X [
        e("tbuffer_store_d16_format_x", Mtbuf, 0x0c, &[i(Vdata, V, B32)], ADDR, R_EXEC | STORES | C_VS),
    ]
    TBUFFER_STORE_D16_FORMAT_XY [
        e("tbuffer_store_d16_format_xy", Mtbuf, 0x0d, &[i(Vdata, V, B32)], ADDR, R_EXEC | STORES | C_VS),
    ]
    TBUFFER_STORE_D16_FORMAT_XYZ [
        e("tbuffer_store_d16_format_xyz", Mtbuf, 0x0e, &[i(Vdata, V, B64)], ADDR, R_EXEC | STORES | C_VS),
    ]
    TBUFFER_STORE_D16_FORMAT_XYZW [
        e("tbuffer_store_d16_format_xyzw", Mtbuf, 0x0f, &[i(Vdata, V, B64)], ADDR, R_EXEC | STORES | C_VS),
    ]
    TBUFFER_STORE_FORMAT_X [
        e("tbuffer_store_format_x", Mtbuf, 0x04, &[i(Vdata, V, B32)], ADDR, R_EXEC | STORES | C_VS),
    ]
    TBUFFER_STORE_FORMAT_XY [
        e("tbuffer_store_format_xy", Mtbuf, 0x05, &[i(Vdata, V, B64)], ADDR, R_EXEC | STORES | C_VS),
    ]
    TBUFFER_STORE_FORMAT_XYZ [
        e("tbuffer_store_format_xyz", Mtbuf, 0x06, &[i(Vdata, V, B96)], ADDR, R_EXEC | STORES | C_VS),
    ]
    TBUFFER_STORE_FORMAT_XYZW [
        e("tbuffer_store_format_xyzw", Mtbuf, 0x07, &[i(Vdata, V, B128)], ADDR, R_EXEC | STORES | C_VS),
    ]
    V_ADD3_U32 [
        e("v_add3_u32", Vop3, 0x255, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_ADD_CO_CI_U32 [
        e("v_add_co_ci_u32", Vop2, 0x20, &[o(Vdst, V, B32), o(Vcc, S, Mask), i(Src0, Src, B32), i(Src1, V, B32), i(Vcc, S, Mask)], SUFFIX | DPP, R_VCC | R_EXEC | W_VCC),
        e("v_add_co_ci_u32", Vop3, 0x120, &[o(Vdst, V, B32), o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, S, Mask)], CLAMP | SUFFIX | DPP | SD, R_EXEC),
    ]
    V_ADD_CO_U32 [
        e("v_add_co_u32", Vop3, 0x300, &[o(Vdst, V, B32), o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32)], CLAMP | DPP | SD, R_EXEC),
    ]
    V_ADD_F16 [
        e("v_add_f16", Vop2, 0x32, &[o(Vdst, V, B16), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16 | REAL16, R_MODE | R_EXEC),
        e("v_add_f16", Vop3, 0x132, &[o(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | OMOD | SUFFIX | DPP | REAL16, R_MODE | R_EXEC),
    ]
    V_ADD_F32 [
        e("v_add_f32", Vop2, 0x03, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_add_f32", Vop3, 0x103, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_dual_add_f32", VopdX, 0x04, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
        e("v_dual_add_f32", VopdY, 0x04, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
    ]
    V_ADD_F64 [
        e("v_add_f64", Vop3, 0x327, &[o(Vdst, V, B64), i(Src0, Src, F64), i(Src1, Src, F64)], MOD0 | MOD1 | CLAMP | OMOD, R_MODE | R_EXEC),
    ]
    V_ADD_LSHL_U32 [
        e("v_add_lshl_u32", Vop3, 0x247, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_ADD_NC_I16 [
        e("v_add_nc_i16", Vop3, 0x30d, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16)], OPSEL | CLAMP | DPP | DSEXT0 | DSEXT1, R_EXEC),
    ]
    V_ADD_NC_I32 [
        e("v_add_nc_i32", Vop3, 0x326, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], CLAMP | DPP, R_EXEC),
    ]
    V_ADD_NC_U16 [
        e("v_add_nc_u16", Vop3, 0x303, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16)], OPSEL | CLAMP | DPP | DSEXT0 | DSEXT1, R_EXEC),
    ]
    V_ADD_NC_U32 [
        e("v_add_nc_u32", Vop2, 0x25, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC),
        e("v_add_nc_u32", Vop3, 0x125, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], CLAMP | SUFFIX | DPP, R_EXEC),
        e("v_dual_add_nc_u32", VopdY, 0x10, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], 0, R_EXEC),
    ]
    V_ALIGNBIT_B32 [
        e("v_alignbit_b32", Vop3, 0x216, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_ALIGNBYTE_B32 [
        e("v_alignbyte_b32", Vop3, 0x217, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_AND_B16 [
        e("v_and_b16", Vop3, 0x362, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16)], DPP, R_EXEC),
    ]
    V_AND_B32 [
        e("v_and_b32", Vop2, 0x1b, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC),
        e("v_and_b32", Vop3, 0x11b, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
        e("v_dual_and_b32", VopdY, 0x12, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], 0, R_EXEC),
    ]
    V_AND_OR_B32 [
        e("v_and_or_b32", Vop3, 0x257, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_ASHRREV_I16 [
        e("v_ashrrev_i16", Vop3, 0x33a, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16)], DPP, R_EXEC),
    ]
    V_ASHRREV_I32 [
        e("v_ashrrev_i32", Vop2, 0x1a, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC),
        e("v_ashrrev_i32", Vop3, 0x11a, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_ASHRREV_I64 [
        e("v_ashrrev_i64", Vop3, 0x33e, &[o(Vdst, V, B64), i(Src0, Src, B32), i(Src1, Src, B64)], 0, R_EXEC),
    ]
    V_BCNT_U32_B32 [
        e("v_bcnt_u32_b32", Vop3, 0x31e, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], DPP, R_EXEC),
    ]
    V_BFE_I32 [
        e("v_bfe_i32", Vop3, 0x211, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_BFE_U32 [
        e("v_bfe_u32", Vop3, 0x210, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_BFI_B32 [
        e("v_bfi_b32", Vop3, 0x212, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_BFM_B32 [
        e("v_bfm_b32", Vop3, 0x31d, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], DPP, R_EXEC),
    ]
    V_BFREV_B32 [
        e("v_bfrev_b32", Vop1, 0x38, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_EXEC),
        e("v_bfrev_b32", Vop3, 0x1b8, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_CEIL_F16 [
        e("v_ceil_f16", Vop1, 0x5c, &[o(Vdst, V, B16), i(Src0, Src, F16)], SUFFIX | DPP | T16 | REAL16, R_MODE | R_EXEC),
        e("v_ceil_f16", Vop3, 0x1dc, &[o(Vdst, V, B32), i(Src0, Src, F16)], MOD0 | CLAMP | OMOD | SUFFIX | DPP | REAL16, R_MODE | R_EXEC),
    ]
    V_CEIL_F32 [
        e("v_ceil_f32", Vop1, 0x22, &[o(Vdst, V, B32), i(Src0, Src, F32)], SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_ceil_f32", Vop3, 0x1a2, &[o(Vdst, V, B32), i(Src0, Src, F32)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CEIL_F64 [
        e("v_ceil_f64", Vop1, 0x18, &[o(Vdst, V, B64), i(Src0, Src, F64)], SUFFIX, R_MODE | R_EXEC),
        e("v_ceil_f64", Vop3, 0x198, &[o(Vdst, V, B64), i(Src0, Src, F64)], MOD0 | CLAMP | OMOD | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CLS_I32 [
        e("v_cls_i32", Vop1, 0x3b, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_EXEC),
        e("v_cls_i32", Vop3, 0x1bb, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_CLZ_I32_U32 [
        e("v_clz_i32_u32", Vop1, 0x39, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_EXEC),
        e("v_clz_i32_u32", Vop3, 0x1b9, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMPX_CLASS_F16 [
        e("v_cmpx_class_f16", Vopc, 0xfd, &[i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_EXEC),
        e("v_cmpx_class_f16", Vop3, 0xfd, &[i(Src0, Src, F16), i(Src1, Src, B32)], SUFFIX | MOD0 | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_CLASS_F32 [
        e("v_cmpx_class_f32", Vopc, 0xfe, &[i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
        e("v_cmpx_class_f32", Vop3, 0xfe, &[i(Src0, Src, F32), i(Src1, Src, B32)], SUFFIX | MOD0 | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_CLASS_F64 [
        e("v_cmpx_class_f64", Vopc, 0xff, &[i(Src0, Src, F64), i(Src1, V, B32)], SUFFIX, R_EXEC | W_EXEC),
        e("v_cmpx_class_f64", Vop3, 0xff, &[i(Src0, Src, F64), i(Src1, Src, B32)], SUFFIX | MOD0, R_EXEC | W_EXEC),
    ]
    V_CMPX_EQ_F16 [
        e("v_cmpx_eq_f16", Vopc, 0x82, &[i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_eq_f16", Vop3, 0x82, &[i(Src0, Src, F16), i(Src1, Src, F16)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_EQ_F32 [
        e("v_cmpx_eq_f32", Vopc, 0x92, &[i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_eq_f32", Vop3, 0x92, &[i(Src0, Src, F32), i(Src1, Src, F32)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_EQ_F64 [
        e("v_cmpx_eq_f64", Vopc, 0xa2, &[i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_eq_f64", Vop3, 0xa2, &[i(Src0, Src, F64), i(Src1, Src, F64)], SUFFIX | MOD0 | MOD1 | CLAMP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_EQ_I16 [
        e("v_cmpx_eq_i16", Vopc, 0xb2, &[i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_EXEC),
        e("v_cmpx_eq_i16", Vop3, 0xb2, &[i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_EQ_I32 [
        e("v_cmpx_eq_i32", Vopc, 0xc2, &[i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
        e("v_cmpx_eq_i32", Vop3, 0xc2, &[i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_EQ_I64 [
        e("v_cmpx_eq_i64", Vopc, 0xd2, &[i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_EXEC),
        e("v_cmpx_eq_i64", Vop3, 0xd2, &[i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC | W_EXEC),
    ]
    V_CMPX_EQ_U16 [
        e("v_cmpx_eq_u16", Vopc, 0xba, &[i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_EXEC),
        e("v_cmpx_eq_u16", Vop3, 0xba, &[i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_EQ_U32 [
        e("v_cmpx_eq_u32", Vopc, 0xca, &[i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
        e("v_cmpx_eq_u32", Vop3, 0xca, &[i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_EQ_U64 [
        e("v_cmpx_eq_u64", Vopc, 0xda, &[i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_EXEC),
        e("v_cmpx_eq_u64", Vop3, 0xda, &[i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC | W_EXEC),
    ]
    V_CMPX_F_F16 [
        e("v_cmpx_f_f16", Vopc, 0x80, &[i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_f_f16", Vop3, 0x80, &[i(Src0, Src, F16), i(Src1, Src, F16)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_F_F32 [
        e("v_cmpx_f_f32", Vopc, 0x90, &[i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_f_f32", Vop3, 0x90, &[i(Src0, Src, F32), i(Src1, Src, F32)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_F_F64 [
        e("v_cmpx_f_f64", Vopc, 0xa0, &[i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_f_f64", Vop3, 0xa0, &[i(Src0, Src, F64), i(Src1, Src, F64)], SUFFIX | MOD0 | MOD1 | CLAMP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_F_I32 [
        e("v_cmpx_f_i32", Vopc, 0xc0, &[i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
        e("v_cmpx_f_i32", Vop3, 0xc0, &[i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_F_I64 [
        e("v_cmpx_f_i64", Vopc, 0xd0, &[i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_EXEC),
        e("v_cmpx_f_i64", Vop3, 0xd0, &[i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC | W_EXEC),
    ]
    V_CMPX_F_U32 [
        e("v_cmpx_f_u32", Vopc, 0xc8, &[i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
        e("v_cmpx_f_u32", Vop3, 0xc8, &[i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_F_U64 [
        e("v_cmpx_f_u64", Vopc, 0xd8, &[i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_EXEC),
        e("v_cmpx_f_u64", Vop3, 0xd8, &[i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC | W_EXEC),
    ]
    V_CMPX_GE_F16 [
        e("v_cmpx_ge_f16", Vopc, 0x86, &[i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_ge_f16", Vop3, 0x86, &[i(Src0, Src, F16), i(Src1, Src, F16)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_GE_F32 [
        e("v_cmpx_ge_f32", Vopc, 0x96, &[i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_ge_f32", Vop3, 0x96, &[i(Src0, Src, F32), i(Src1, Src, F32)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_GE_F64 [
        e("v_cmpx_ge_f64", Vopc, 0xa6, &[i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_ge_f64", Vop3, 0xa6, &[i(Src0, Src, F64), i(Src1, Src, F64)], SUFFIX | MOD0 | MOD1 | CLAMP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_GE_I16 [
        e("v_cmpx_ge_i16", Vopc, 0xb6, &[i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_EXEC),
        e("v_cmpx_ge_i16", Vop3, 0xb6, &[i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_GE_I32 [
        e("v_cmpx_ge_i32", Vopc, 0xc6, &[i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
        e("v_cmpx_ge_i32", Vop3, 0xc6, &[i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_GE_I64 [
        e("v_cmpx_ge_i64", Vopc, 0xd6, &[i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_EXEC),
        e("v_cmpx_ge_i64", Vop3, 0xd6, &[i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC | W_EXEC),
    ]
    V_CMPX_GE_U16 [
        e("v_cmpx_ge_u16", Vopc, 0xbe, &[i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_EXEC),
        e("v_cmpx_ge_u16", Vop3, 0xbe, &[i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_GE_U32 [
        e("v_cmpx_ge_u32", Vopc, 0xce, &[i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
        e("v_cmpx_ge_u32", Vop3, 0xce, &[i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_GE_U64 [
        e("v_cmpx_ge_u64", Vopc, 0xde, &[i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_EXEC),
        e("v_cmpx_ge_u64", Vop3, 0xde, &[i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC | W_EXEC),
    ]
    V_CMPX_GT_F16 [
        e("v_cmpx_gt_f16", Vopc, 0x84, &[i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_gt_f16", Vop3, 0x84, &[i(Src0, Src, F16), i(Src1, Src, F16)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_GT_F32 [
        e("v_cmpx_gt_f32", Vopc, 0x94, &[i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_gt_f32", Vop3, 0x94, &[i(Src0, Src, F32), i(Src1, Src, F32)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_GT_F64 [
        e("v_cmpx_gt_f64", Vopc, 0xa4, &[i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_gt_f64", Vop3, 0xa4, &[i(Src0, Src, F64), i(Src1, Src, F64)], SUFFIX | MOD0 | MOD1 | CLAMP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_GT_I16 [
        e("v_cmpx_gt_i16", Vopc, 0xb4, &[i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_EXEC),
        e("v_cmpx_gt_i16", Vop3, 0xb4, &[i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_GT_I32 [
        e("v_cmpx_gt_i32", Vopc, 0xc4, &[i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
        e("v_cmpx_gt_i32", Vop3, 0xc4, &[i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_GT_I64 [
        e("v_cmpx_gt_i64", Vopc, 0xd4, &[i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_EXEC),
        e("v_cmpx_gt_i64", Vop3, 0xd4, &[i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC | W_EXEC),
    ]
    V_CMPX_GT_U16 [
        e("v_cmpx_gt_u16", Vopc, 0xbc, &[i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_EXEC),
        e("v_cmpx_gt_u16", Vop3, 0xbc, &[i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_GT_U32 [
        e("v_cmpx_gt_u32", Vopc, 0xcc, &[i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
        e("v_cmpx_gt_u32", Vop3, 0xcc, &[i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_GT_U64 [
        e("v_cmpx_gt_u64", Vopc, 0xdc, &[i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_EXEC),
        e("v_cmpx_gt_u64", Vop3, 0xdc, &[i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC | W_EXEC),
    ]
    V_CMPX_LE_F16 [
        e("v_cmpx_le_f16", Vopc, 0x83, &[i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_le_f16", Vop3, 0x83, &[i(Src0, Src, F16), i(Src1, Src, F16)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_LE_F32 [
        e("v_cmpx_le_f32", Vopc, 0x93, &[i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_le_f32", Vop3, 0x93, &[i(Src0, Src, F32), i(Src1, Src, F32)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_LE_F64 [
        e("v_cmpx_le_f64", Vopc, 0xa3, &[i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_le_f64", Vop3, 0xa3, &[i(Src0, Src, F64), i(Src1, Src, F64)], SUFFIX | MOD0 | MOD1 | CLAMP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_LE_I16 [
        e("v_cmpx_le_i16", Vopc, 0xb3, &[i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_EXEC),
        e("v_cmpx_le_i16", Vop3, 0xb3, &[i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_LE_I32 [
        e("v_cmpx_le_i32", Vopc, 0xc3, &[i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
        e("v_cmpx_le_i32", Vop3, 0xc3, &[i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_LE_I64 [
        e("v_cmpx_le_i64", Vopc, 0xd3, &[i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_EXEC),
        e("v_cmpx_le_i64", Vop3, 0xd3, &[i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC | W_EXEC),
    ]
    V_CMPX_LE_U16 [
        e("v_cmpx_le_u16", Vopc, 0xbb, &[i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_EXEC),
        e("v_cmpx_le_u16", Vop3, 0xbb, &[i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_LE_U32 [
        e("v_cmpx_le_u32", Vopc, 0xcb, &[i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
        e("v_cmpx_le_u32", Vop3, 0xcb, &[i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_LE_U64 [
        e("v_cmpx_le_u64", Vopc, 0xdb, &[i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_EXEC),
        e("v_cmpx_le_u64", Vop3, 0xdb, &[i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC | W_EXEC),
    ]
    V_CMPX_LG_F16 [
        e("v_cmpx_lg_f16", Vopc, 0x85, &[i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_lg_f16", Vop3, 0x85, &[i(Src0, Src, F16), i(Src1, Src, F16)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_LG_F32 [
        e("v_cmpx_lg_f32", Vopc, 0x95, &[i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_lg_f32", Vop3, 0x95, &[i(Src0, Src, F32), i(Src1, Src, F32)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_LG_F64 [
        e("v_cmpx_lg_f64", Vopc, 0xa5, &[i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_lg_f64", Vop3, 0xa5, &[i(Src0, Src, F64), i(Src1, Src, F64)], SUFFIX | MOD0 | MOD1 | CLAMP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_LT_F16 [
        e("v_cmpx_lt_f16", Vopc, 0x81, &[i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_lt_f16", Vop3, 0x81, &[i(Src0, Src, F16), i(Src1, Src, F16)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_LT_F32 [
        e("v_cmpx_lt_f32", Vopc, 0x91, &[i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_lt_f32", Vop3, 0x91, &[i(Src0, Src, F32), i(Src1, Src, F32)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_LT_F64 [
        e("v_cmpx_lt_f64", Vopc, 0xa1, &[i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_lt_f64", Vop3, 0xa1, &[i(Src0, Src, F64), i(Src1, Src, F64)], SUFFIX | MOD0 | MOD1 | CLAMP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_LT_I16 [
        e("v_cmpx_lt_i16", Vopc, 0xb1, &[i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_EXEC),
        e("v_cmpx_lt_i16", Vop3, 0xb1, &[i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_LT_I32 [
        e("v_cmpx_lt_i32", Vopc, 0xc1, &[i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
        e("v_cmpx_lt_i32", Vop3, 0xc1, &[i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_LT_I64 [
        e("v_cmpx_lt_i64", Vopc, 0xd1, &[i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_EXEC),
        e("v_cmpx_lt_i64", Vop3, 0xd1, &[i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC | W_EXEC),
    ]
    V_CMPX_LT_U16 [
        e("v_cmpx_lt_u16", Vopc, 0xb9, &[i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_EXEC),
        e("v_cmpx_lt_u16", Vop3, 0xb9, &[i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_LT_U32 [
        e("v_cmpx_lt_u32", Vopc, 0xc9, &[i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
        e("v_cmpx_lt_u32", Vop3, 0xc9, &[i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_LT_U64 [
        e("v_cmpx_lt_u64", Vopc, 0xd9, &[i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_EXEC),
        e("v_cmpx_lt_u64", Vop3, 0xd9, &[i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC | W_EXEC),
    ]
    V_CMPX_NEQ_F16 [
        e("v_cmpx_neq_f16", Vopc, 0x8d, &[i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_neq_f16", Vop3, 0x8d, &[i(Src0, Src, F16), i(Src1, Src, F16)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_NEQ_F32 [
        e("v_cmpx_neq_f32", Vopc, 0x9d, &[i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_neq_f32", Vop3, 0x9d, &[i(Src0, Src, F32), i(Src1, Src, F32)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_NEQ_F64 [
        e("v_cmpx_neq_f64", Vopc, 0xad, &[i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_neq_f64", Vop3, 0xad, &[i(Src0, Src, F64), i(Src1, Src, F64)], SUFFIX | MOD0 | MOD1 | CLAMP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_NE_I16 [
        e("v_cmpx_ne_i16", Vopc, 0xb5, &[i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_EXEC),
        e("v_cmpx_ne_i16", Vop3, 0xb5, &[i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_NE_I32 [
        e("v_cmpx_ne_i32", Vopc, 0xc5, &[i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
        e("v_cmpx_ne_i32", Vop3, 0xc5, &[i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_NE_I64 [
        e("v_cmpx_ne_i64", Vopc, 0xd5, &[i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_EXEC),
        e("v_cmpx_ne_i64", Vop3, 0xd5, &[i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC | W_EXEC),
    ]
    V_CMPX_NE_U16 [
        e("v_cmpx_ne_u16", Vopc, 0xbd, &[i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_EXEC),
        e("v_cmpx_ne_u16", Vop3, 0xbd, &[i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_NE_U32 [
        e("v_cmpx_ne_u32", Vopc, 0xcd, &[i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
        e("v_cmpx_ne_u32", Vop3, 0xcd, &[i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_NE_U64 [
        e("v_cmpx_ne_u64", Vopc, 0xdd, &[i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_EXEC),
        e("v_cmpx_ne_u64", Vop3, 0xdd, &[i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC | W_EXEC),
    ]
    V_CMPX_NGE_F16 [
        e("v_cmpx_nge_f16", Vopc, 0x89, &[i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_nge_f16", Vop3, 0x89, &[i(Src0, Src, F16), i(Src1, Src, F16)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_NGE_F32 [
        e("v_cmpx_nge_f32", Vopc, 0x99, &[i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_nge_f32", Vop3, 0x99, &[i(Src0, Src, F32), i(Src1, Src, F32)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_NGE_F64 [
        e("v_cmpx_nge_f64", Vopc, 0xa9, &[i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_nge_f64", Vop3, 0xa9, &[i(Src0, Src, F64), i(Src1, Src, F64)], SUFFIX | MOD0 | MOD1 | CLAMP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_NGT_F16 [
        e("v_cmpx_ngt_f16", Vopc, 0x8b, &[i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_ngt_f16", Vop3, 0x8b, &[i(Src0, Src, F16), i(Src1, Src, F16)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_NGT_F32 [
        e("v_cmpx_ngt_f32", Vopc, 0x9b, &[i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_ngt_f32", Vop3, 0x9b, &[i(Src0, Src, F32), i(Src1, Src, F32)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_NGT_F64 [
        e("v_cmpx_ngt_f64", Vopc, 0xab, &[i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_ngt_f64", Vop3, 0xab, &[i(Src0, Src, F64), i(Src1, Src, F64)], SUFFIX | MOD0 | MOD1 | CLAMP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_NLE_F16 [
        e("v_cmpx_nle_f16", Vopc, 0x8c, &[i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_nle_f16", Vop3, 0x8c, &[i(Src0, Src, F16), i(Src1, Src, F16)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_NLE_F32 [
        e("v_cmpx_nle_f32", Vopc, 0x9c, &[i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_nle_f32", Vop3, 0x9c, &[i(Src0, Src, F32), i(Src1, Src, F32)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_NLE_F64 [
        e("v_cmpx_nle_f64", Vopc, 0xac, &[i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_nle_f64", Vop3, 0xac, &[i(Src0, Src, F64), i(Src1, Src, F64)], SUFFIX | MOD0 | MOD1 | CLAMP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_NLG_F16 [
        e("v_cmpx_nlg_f16", Vopc, 0x8a, &[i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_nlg_f16", Vop3, 0x8a, &[i(Src0, Src, F16), i(Src1, Src, F16)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_NLG_F32 [
        e("v_cmpx_nlg_f32", Vopc, 0x9a, &[i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_nlg_f32", Vop3, 0x9a, &[i(Src0, Src, F32), i(Src1, Src, F32)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_NLG_F64 [
        e("v_cmpx_nlg_f64", Vopc, 0xaa, &[i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_nlg_f64", Vop3, 0xaa, &[i(Src0, Src, F64), i(Src1, Src, F64)], SUFFIX | MOD0 | MOD1 | CLAMP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_NLT_F16 [
        e("v_cmpx_nlt_f16", Vopc, 0x8e, &[i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_nlt_f16", Vop3, 0x8e, &[i(Src0, Src, F16), i(Src1, Src, F16)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_NLT_F32 [
        e("v_cmpx_nlt_f32", Vopc, 0x9e, &[i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_nlt_f32", Vop3, 0x9e, &[i(Src0, Src, F32), i(Src1, Src, F32)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_NLT_F64 [
        e("v_cmpx_nlt_f64", Vopc, 0xae, &[i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_nlt_f64", Vop3, 0xae, &[i(Src0, Src, F64), i(Src1, Src, F64)], SUFFIX | MOD0 | MOD1 | CLAMP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_O_F16 [
        e("v_cmpx_o_f16", Vopc, 0x87, &[i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_o_f16", Vop3, 0x87, &[i(Src0, Src, F16), i(Src1, Src, F16)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_O_F32 [
        e("v_cmpx_o_f32", Vopc, 0x97, &[i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_o_f32", Vop3, 0x97, &[i(Src0, Src, F32), i(Src1, Src, F32)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_O_F64 [
        e("v_cmpx_o_f64", Vopc, 0xa7, &[i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_o_f64", Vop3, 0xa7, &[i(Src0, Src, F64), i(Src1, Src, F64)], SUFFIX | MOD0 | MOD1 | CLAMP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_T_F16 [
        e("v_cmpx_t_f16", Vopc, 0x8f, &[i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_t_f16", Vop3, 0x8f, &[i(Src0, Src, F16), i(Src1, Src, F16)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_T_F32 [
        e("v_cmpx_t_f32", Vopc, 0x9f, &[i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_t_f32", Vop3, 0x9f, &[i(Src0, Src, F32), i(Src1, Src, F32)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_T_F64 [
        e("v_cmpx_t_f64", Vopc, 0xaf, &[i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_t_f64", Vop3, 0xaf, &[i(Src0, Src, F64), i(Src1, Src, F64)], SUFFIX | MOD0 | MOD1 | CLAMP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_T_I32 [
        e("v_cmpx_t_i32", Vopc, 0xc7, &[i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
        e("v_cmpx_t_i32", Vop3, 0xc7, &[i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_T_I64 [
        e("v_cmpx_t_i64", Vopc, 0xd7, &[i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_EXEC),
        e("v_cmpx_t_i64", Vop3, 0xd7, &[i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC | W_EXEC),
    ]
    V_CMPX_T_U32 [
        e("v_cmpx_t_u32", Vopc, 0xcf, &[i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
        e("v_cmpx_t_u32", Vop3, 0xcf, &[i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC | W_EXEC),
    ]
    V_CMPX_T_U64 [
        e("v_cmpx_t_u64", Vopc, 0xdf, &[i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_EXEC),
        e("v_cmpx_t_u64", Vop3, 0xdf, &[i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC | W_EXEC),
    ]
    V_CMPX_U_F16 [
        e("v_cmpx_u_f16", Vopc, 0x88, &[i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_u_f16", Vop3, 0x88, &[i(Src0, Src, F16), i(Src1, Src, F16)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_U_F32 [
        e("v_cmpx_u_f32", Vopc, 0x98, &[i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_u_f32", Vop3, 0x98, &[i(Src0, Src, F32), i(Src1, Src, F32)], SUFFIX | MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMPX_U_F64 [
        e("v_cmpx_u_f64", Vopc, 0xa8, &[i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_EXEC),
        e("v_cmpx_u_f64", Vop3, 0xa8, &[i(Src0, Src, F64), i(Src1, Src, F64)], SUFFIX | MOD0 | MOD1 | CLAMP, R_MODE | R_EXEC | W_EXEC),
    ]
    V_CMP_CLASS_F16 [
        e("v_cmp_class_f16", Vopc, 0x7d, &[o(Vcc, S, Mask), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_VCC),
        e("v_cmp_class_f16", Vop3, 0x7d, &[o(Sdst, S, Mask), i(Src0, Src, F16), i(Src1, Src, B32)], MOD0 | SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_CLASS_F32 [
        e("v_cmp_class_f32", Vopc, 0x7e, &[o(Vcc, S, Mask), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_VCC),
        e("v_cmp_class_f32", Vop3, 0x7e, &[o(Sdst, S, Mask), i(Src0, Src, F32), i(Src1, Src, B32)], MOD0 | SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_CLASS_F64 [
        e("v_cmp_class_f64", Vopc, 0x7f, &[o(Vcc, S, Mask), i(Src0, Src, F64), i(Src1, V, B32)], SUFFIX, R_EXEC | W_VCC),
        e("v_cmp_class_f64", Vop3, 0x7f, &[o(Sdst, S, Mask), i(Src0, Src, F64), i(Src1, Src, B32)], MOD0 | SUFFIX, R_EXEC),
    ]
    V_CMP_EQ_F16 [
        e("v_cmp_eq_f16", Vopc, 0x02, &[o(Vcc, S, Mask), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_eq_f16", Vop3, 0x02, &[o(Sdst, S, Mask), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_EQ_F32 [
        e("v_cmp_eq_f32", Vopc, 0x12, &[o(Vcc, S, Mask), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_eq_f32", Vop3, 0x12, &[o(Sdst, S, Mask), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_EQ_F64 [
        e("v_cmp_eq_f64", Vopc, 0x22, &[o(Vcc, S, Mask), i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_eq_f64", Vop3, 0x22, &[o(Sdst, S, Mask), i(Src0, Src, F64), i(Src1, Src, F64)], MOD0 | MOD1 | CLAMP | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CMP_EQ_I16 [
        e("v_cmp_eq_i16", Vopc, 0x32, &[o(Vcc, S, Mask), i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_VCC),
        e("v_cmp_eq_i16", Vop3, 0x32, &[o(Sdst, S, Mask), i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_EQ_I32 [
        e("v_cmp_eq_i32", Vopc, 0x42, &[o(Vcc, S, Mask), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_VCC),
        e("v_cmp_eq_i32", Vop3, 0x42, &[o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_EQ_I64 [
        e("v_cmp_eq_i64", Vopc, 0x52, &[o(Vcc, S, Mask), i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_VCC),
        e("v_cmp_eq_i64", Vop3, 0x52, &[o(Sdst, S, Mask), i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC),
    ]
    V_CMP_EQ_U16 [
        e("v_cmp_eq_u16", Vopc, 0x3a, &[o(Vcc, S, Mask), i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_VCC),
        e("v_cmp_eq_u16", Vop3, 0x3a, &[o(Sdst, S, Mask), i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_EQ_U32 [
        e("v_cmp_eq_u32", Vopc, 0x4a, &[o(Vcc, S, Mask), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_VCC),
        e("v_cmp_eq_u32", Vop3, 0x4a, &[o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_EQ_U64 [
        e("v_cmp_eq_u64", Vopc, 0x5a, &[o(Vcc, S, Mask), i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_VCC),
        e("v_cmp_eq_u64", Vop3, 0x5a, &[o(Sdst, S, Mask), i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC),
    ]
    V_CMP_F_F16 [
        e("v_cmp_f_f16", Vopc, 0x00, &[o(Vcc, S, Mask), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_f_f16", Vop3, 0x00, &[o(Sdst, S, Mask), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_F_F32 [
        e("v_cmp_f_f32", Vopc, 0x10, &[o(Vcc, S, Mask), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_f_f32", Vop3, 0x10, &[o(Sdst, S, Mask), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_F_F64 [
        e("v_cmp_f_f64", Vopc, 0x20, &[o(Vcc, S, Mask), i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_f_f64", Vop3, 0x20, &[o(Sdst, S, Mask), i(Src0, Src, F64), i(Src1, Src, F64)], MOD0 | MOD1 | CLAMP | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CMP_F_I32 [
        e("v_cmp_f_i32", Vopc, 0x40, &[o(Vcc, S, Mask), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_VCC),
        e("v_cmp_f_i32", Vop3, 0x40, &[o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_F_I64 [
        e("v_cmp_f_i64", Vopc, 0x50, &[o(Vcc, S, Mask), i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_VCC),
        e("v_cmp_f_i64", Vop3, 0x50, &[o(Sdst, S, Mask), i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC),
    ]
    V_CMP_F_U32 [
        e("v_cmp_f_u32", Vopc, 0x48, &[o(Vcc, S, Mask), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_VCC),
        e("v_cmp_f_u32", Vop3, 0x48, &[o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_F_U64 [
        e("v_cmp_f_u64", Vopc, 0x58, &[o(Vcc, S, Mask), i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_VCC),
        e("v_cmp_f_u64", Vop3, 0x58, &[o(Sdst, S, Mask), i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC),
    ]
    V_CMP_GE_F16 [
        e("v_cmp_ge_f16", Vopc, 0x06, &[o(Vcc, S, Mask), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_ge_f16", Vop3, 0x06, &[o(Sdst, S, Mask), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_GE_F32 [
        e("v_cmp_ge_f32", Vopc, 0x16, &[o(Vcc, S, Mask), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_ge_f32", Vop3, 0x16, &[o(Sdst, S, Mask), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_GE_F64 [
        e("v_cmp_ge_f64", Vopc, 0x26, &[o(Vcc, S, Mask), i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_ge_f64", Vop3, 0x26, &[o(Sdst, S, Mask), i(Src0, Src, F64), i(Src1, Src, F64)], MOD0 | MOD1 | CLAMP | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CMP_GE_I16 [
        e("v_cmp_ge_i16", Vopc, 0x36, &[o(Vcc, S, Mask), i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_VCC),
        e("v_cmp_ge_i16", Vop3, 0x36, &[o(Sdst, S, Mask), i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_GE_I32 [
        e("v_cmp_ge_i32", Vopc, 0x46, &[o(Vcc, S, Mask), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_VCC),
        e("v_cmp_ge_i32", Vop3, 0x46, &[o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_GE_I64 [
        e("v_cmp_ge_i64", Vopc, 0x56, &[o(Vcc, S, Mask), i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_VCC),
        e("v_cmp_ge_i64", Vop3, 0x56, &[o(Sdst, S, Mask), i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC),
    ]
    V_CMP_GE_U16 [
        e("v_cmp_ge_u16", Vopc, 0x3e, &[o(Vcc, S, Mask), i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_VCC),
        e("v_cmp_ge_u16", Vop3, 0x3e, &[o(Sdst, S, Mask), i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_GE_U32 [
        e("v_cmp_ge_u32", Vopc, 0x4e, &[o(Vcc, S, Mask), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_VCC),
        e("v_cmp_ge_u32", Vop3, 0x4e, &[o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_GE_U64 [
        e("v_cmp_ge_u64", Vopc, 0x5e, &[o(Vcc, S, Mask), i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_VCC),
        e("v_cmp_ge_u64", Vop3, 0x5e, &[o(Sdst, S, Mask), i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC),
    ]
    V_CMP_GT_F16 [
        e("v_cmp_gt_f16", Vopc, 0x04, &[o(Vcc, S, Mask), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_gt_f16", Vop3, 0x04, &[o(Sdst, S, Mask), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_GT_F32 [
        e("v_cmp_gt_f32", Vopc, 0x14, &[o(Vcc, S, Mask), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_gt_f32", Vop3, 0x14, &[o(Sdst, S, Mask), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_GT_F64 [
        e("v_cmp_gt_f64", Vopc, 0x24, &[o(Vcc, S, Mask), i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_gt_f64", Vop3, 0x24, &[o(Sdst, S, Mask), i(Src0, Src, F64), i(Src1, Src, F64)], MOD0 | MOD1 | CLAMP | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CMP_GT_I16 [
        e("v_cmp_gt_i16", Vopc, 0x34, &[o(Vcc, S, Mask), i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_VCC),
        e("v_cmp_gt_i16", Vop3, 0x34, &[o(Sdst, S, Mask), i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_GT_I32 [
        e("v_cmp_gt_i32", Vopc, 0x44, &[o(Vcc, S, Mask), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_VCC),
        e("v_cmp_gt_i32", Vop3, 0x44, &[o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_GT_I64 [
        e("v_cmp_gt_i64", Vopc, 0x54, &[o(Vcc, S, Mask), i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_VCC),
        e("v_cmp_gt_i64", Vop3, 0x54, &[o(Sdst, S, Mask), i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC),
    ]
    V_CMP_GT_U16 [
        e("v_cmp_gt_u16", Vopc, 0x3c, &[o(Vcc, S, Mask), i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_VCC),
        e("v_cmp_gt_u16", Vop3, 0x3c, &[o(Sdst, S, Mask), i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_GT_U32 [
        e("v_cmp_gt_u32", Vopc, 0x4c, &[o(Vcc, S, Mask), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_VCC),
        e("v_cmp_gt_u32", Vop3, 0x4c, &[o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_GT_U64 [
        e("v_cmp_gt_u64", Vopc, 0x5c, &[o(Vcc, S, Mask), i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_VCC),
        e("v_cmp_gt_u64", Vop3, 0x5c, &[o(Sdst, S, Mask), i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC),
    ]
    V_CMP_LE_F16 [
        e("v_cmp_le_f16", Vopc, 0x03, &[o(Vcc, S, Mask), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_le_f16", Vop3, 0x03, &[o(Sdst, S, Mask), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_LE_F32 [
        e("v_cmp_le_f32", Vopc, 0x13, &[o(Vcc, S, Mask), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_le_f32", Vop3, 0x13, &[o(Sdst, S, Mask), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_LE_F64 [
        e("v_cmp_le_f64", Vopc, 0x23, &[o(Vcc, S, Mask), i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_le_f64", Vop3, 0x23, &[o(Sdst, S, Mask), i(Src0, Src, F64), i(Src1, Src, F64)], MOD0 | MOD1 | CLAMP | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CMP_LE_I16 [
        e("v_cmp_le_i16", Vopc, 0x33, &[o(Vcc, S, Mask), i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_VCC),
        e("v_cmp_le_i16", Vop3, 0x33, &[o(Sdst, S, Mask), i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_LE_I32 [
        e("v_cmp_le_i32", Vopc, 0x43, &[o(Vcc, S, Mask), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_VCC),
        e("v_cmp_le_i32", Vop3, 0x43, &[o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_LE_I64 [
        e("v_cmp_le_i64", Vopc, 0x53, &[o(Vcc, S, Mask), i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_VCC),
        e("v_cmp_le_i64", Vop3, 0x53, &[o(Sdst, S, Mask), i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC),
    ]
    V_CMP_LE_U16 [
        e("v_cmp_le_u16", Vopc, 0x3b, &[o(Vcc, S, Mask), i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_VCC),
        e("v_cmp_le_u16", Vop3, 0x3b, &[o(Sdst, S, Mask), i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_LE_U32 [
        e("v_cmp_le_u32", Vopc, 0x4b, &[o(Vcc, S, Mask), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_VCC),
        e("v_cmp_le_u32", Vop3, 0x4b, &[o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_LE_U64 [
        e("v_cmp_le_u64", Vopc, 0x5b, &[o(Vcc, S, Mask), i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_VCC),
        e("v_cmp_le_u64", Vop3, 0x5b, &[o(Sdst, S, Mask), i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC),
    ]
    V_CMP_LG_F16 [
        e("v_cmp_lg_f16", Vopc, 0x05, &[o(Vcc, S, Mask), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_lg_f16", Vop3, 0x05, &[o(Sdst, S, Mask), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_LG_F32 [
        e("v_cmp_lg_f32", Vopc, 0x15, &[o(Vcc, S, Mask), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_lg_f32", Vop3, 0x15, &[o(Sdst, S, Mask), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_LG_F64 [
        e("v_cmp_lg_f64", Vopc, 0x25, &[o(Vcc, S, Mask), i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_lg_f64", Vop3, 0x25, &[o(Sdst, S, Mask), i(Src0, Src, F64), i(Src1, Src, F64)], MOD0 | MOD1 | CLAMP | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CMP_LT_F16 [
        e("v_cmp_lt_f16", Vopc, 0x01, &[o(Vcc, S, Mask), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_lt_f16", Vop3, 0x01, &[o(Sdst, S, Mask), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_LT_F32 [
        e("v_cmp_lt_f32", Vopc, 0x11, &[o(Vcc, S, Mask), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_lt_f32", Vop3, 0x11, &[o(Sdst, S, Mask), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_LT_F64 [
        e("v_cmp_lt_f64", Vopc, 0x21, &[o(Vcc, S, Mask), i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_lt_f64", Vop3, 0x21, &[o(Sdst, S, Mask), i(Src0, Src, F64), i(Src1, Src, F64)], MOD0 | MOD1 | CLAMP | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CMP_LT_I16 [
        e("v_cmp_lt_i16", Vopc, 0x31, &[o(Vcc, S, Mask), i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_VCC),
        e("v_cmp_lt_i16", Vop3, 0x31, &[o(Sdst, S, Mask), i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_LT_I32 [
        e("v_cmp_lt_i32", Vopc, 0x41, &[o(Vcc, S, Mask), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_VCC),
        e("v_cmp_lt_i32", Vop3, 0x41, &[o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_LT_I64 [
        e("v_cmp_lt_i64", Vopc, 0x51, &[o(Vcc, S, Mask), i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_VCC),
        e("v_cmp_lt_i64", Vop3, 0x51, &[o(Sdst, S, Mask), i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC),
    ]
    V_CMP_LT_U16 [
        e("v_cmp_lt_u16", Vopc, 0x39, &[o(Vcc, S, Mask), i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_VCC),
        e("v_cmp_lt_u16", Vop3, 0x39, &[o(Sdst, S, Mask), i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_LT_U32 [
        e("v_cmp_lt_u32", Vopc, 0x49, &[o(Vcc, S, Mask), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_VCC),
        e("v_cmp_lt_u32", Vop3, 0x49, &[o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_LT_U64 [
        e("v_cmp_lt_u64", Vopc, 0x59, &[o(Vcc, S, Mask), i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_VCC),
        e("v_cmp_lt_u64", Vop3, 0x59, &[o(Sdst, S, Mask), i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC),
    ]
    V_CMP_NEQ_F16 [
        e("v_cmp_neq_f16", Vopc, 0x0d, &[o(Vcc, S, Mask), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_neq_f16", Vop3, 0x0d, &[o(Sdst, S, Mask), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_NEQ_F32 [
        e("v_cmp_neq_f32", Vopc, 0x1d, &[o(Vcc, S, Mask), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_neq_f32", Vop3, 0x1d, &[o(Sdst, S, Mask), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_NEQ_F64 [
        e("v_cmp_neq_f64", Vopc, 0x2d, &[o(Vcc, S, Mask), i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_neq_f64", Vop3, 0x2d, &[o(Sdst, S, Mask), i(Src0, Src, F64), i(Src1, Src, F64)], MOD0 | MOD1 | CLAMP | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CMP_NE_I16 [
        e("v_cmp_ne_i16", Vopc, 0x35, &[o(Vcc, S, Mask), i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_VCC),
        e("v_cmp_ne_i16", Vop3, 0x35, &[o(Sdst, S, Mask), i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_NE_I32 [
        e("v_cmp_ne_i32", Vopc, 0x45, &[o(Vcc, S, Mask), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_VCC),
        e("v_cmp_ne_i32", Vop3, 0x45, &[o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_NE_I64 [
        e("v_cmp_ne_i64", Vopc, 0x55, &[o(Vcc, S, Mask), i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_VCC),
        e("v_cmp_ne_i64", Vop3, 0x55, &[o(Sdst, S, Mask), i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC),
    ]
    V_CMP_NE_U16 [
        e("v_cmp_ne_u16", Vopc, 0x3d, &[o(Vcc, S, Mask), i(Src0, Src, B16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_EXEC | W_VCC),
        e("v_cmp_ne_u16", Vop3, 0x3d, &[o(Sdst, S, Mask), i(Src0, Src, B16), i(Src1, Src, B16)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_NE_U32 [
        e("v_cmp_ne_u32", Vopc, 0x4d, &[o(Vcc, S, Mask), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_VCC),
        e("v_cmp_ne_u32", Vop3, 0x4d, &[o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_NE_U64 [
        e("v_cmp_ne_u64", Vopc, 0x5d, &[o(Vcc, S, Mask), i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_VCC),
        e("v_cmp_ne_u64", Vop3, 0x5d, &[o(Sdst, S, Mask), i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC),
    ]
    V_CMP_NGE_F16 [
        e("v_cmp_nge_f16", Vopc, 0x09, &[o(Vcc, S, Mask), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_nge_f16", Vop3, 0x09, &[o(Sdst, S, Mask), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_NGE_F32 [
        e("v_cmp_nge_f32", Vopc, 0x19, &[o(Vcc, S, Mask), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_nge_f32", Vop3, 0x19, &[o(Sdst, S, Mask), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_NGE_F64 [
        e("v_cmp_nge_f64", Vopc, 0x29, &[o(Vcc, S, Mask), i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_nge_f64", Vop3, 0x29, &[o(Sdst, S, Mask), i(Src0, Src, F64), i(Src1, Src, F64)], MOD0 | MOD1 | CLAMP | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CMP_NGT_F16 [
        e("v_cmp_ngt_f16", Vopc, 0x0b, &[o(Vcc, S, Mask), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_ngt_f16", Vop3, 0x0b, &[o(Sdst, S, Mask), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_NGT_F32 [
        e("v_cmp_ngt_f32", Vopc, 0x1b, &[o(Vcc, S, Mask), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_ngt_f32", Vop3, 0x1b, &[o(Sdst, S, Mask), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_NGT_F64 [
        e("v_cmp_ngt_f64", Vopc, 0x2b, &[o(Vcc, S, Mask), i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_ngt_f64", Vop3, 0x2b, &[o(Sdst, S, Mask), i(Src0, Src, F64), i(Src1, Src, F64)], MOD0 | MOD1 | CLAMP | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CMP_NLE_F16 [
        e("v_cmp_nle_f16", Vopc, 0x0c, &[o(Vcc, S, Mask), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_nle_f16", Vop3, 0x0c, &[o(Sdst, S, Mask), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_NLE_F32 [
        e("v_cmp_nle_f32", Vopc, 0x1c, &[o(Vcc, S, Mask), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_nle_f32", Vop3, 0x1c, &[o(Sdst, S, Mask), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_NLE_F64 [
        e("v_cmp_nle_f64", Vopc, 0x2c, &[o(Vcc, S, Mask), i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_nle_f64", Vop3, 0x2c, &[o(Sdst, S, Mask), i(Src0, Src, F64), i(Src1, Src, F64)], MOD0 | MOD1 | CLAMP | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CMP_NLG_F16 [
        e("v_cmp_nlg_f16", Vopc, 0x0a, &[o(Vcc, S, Mask), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_nlg_f16", Vop3, 0x0a, &[o(Sdst, S, Mask), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_NLG_F32 [
        e("v_cmp_nlg_f32", Vopc, 0x1a, &[o(Vcc, S, Mask), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_nlg_f32", Vop3, 0x1a, &[o(Sdst, S, Mask), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_NLG_F64 [
        e("v_cmp_nlg_f64", Vopc, 0x2a, &[o(Vcc, S, Mask), i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_nlg_f64", Vop3, 0x2a, &[o(Sdst, S, Mask), i(Src0, Src, F64), i(Src1, Src, F64)], MOD0 | MOD1 | CLAMP | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CMP_NLT_F16 [
        e("v_cmp_nlt_f16", Vopc, 0x0e, &[o(Vcc, S, Mask), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_nlt_f16", Vop3, 0x0e, &[o(Sdst, S, Mask), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_NLT_F32 [
        e("v_cmp_nlt_f32", Vopc, 0x1e, &[o(Vcc, S, Mask), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_nlt_f32", Vop3, 0x1e, &[o(Sdst, S, Mask), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_NLT_F64 [
        e("v_cmp_nlt_f64", Vopc, 0x2e, &[o(Vcc, S, Mask), i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_nlt_f64", Vop3, 0x2e, &[o(Sdst, S, Mask), i(Src0, Src, F64), i(Src1, Src, F64)], MOD0 | MOD1 | CLAMP | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CMP_O_F16 [
        e("v_cmp_o_f16", Vopc, 0x07, &[o(Vcc, S, Mask), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_o_f16", Vop3, 0x07, &[o(Sdst, S, Mask), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_O_F32 [
        e("v_cmp_o_f32", Vopc, 0x17, &[o(Vcc, S, Mask), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_o_f32", Vop3, 0x17, &[o(Sdst, S, Mask), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_O_F64 [
        e("v_cmp_o_f64", Vopc, 0x27, &[o(Vcc, S, Mask), i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_o_f64", Vop3, 0x27, &[o(Sdst, S, Mask), i(Src0, Src, F64), i(Src1, Src, F64)], MOD0 | MOD1 | CLAMP | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CMP_T_F16 [
        e("v_cmp_t_f16", Vopc, 0x0f, &[o(Vcc, S, Mask), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_t_f16", Vop3, 0x0f, &[o(Sdst, S, Mask), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_T_F32 [
        e("v_cmp_t_f32", Vopc, 0x1f, &[o(Vcc, S, Mask), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_t_f32", Vop3, 0x1f, &[o(Sdst, S, Mask), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_T_F64 [
        e("v_cmp_t_f64", Vopc, 0x2f, &[o(Vcc, S, Mask), i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_t_f64", Vop3, 0x2f, &[o(Sdst, S, Mask), i(Src0, Src, F64), i(Src1, Src, F64)], MOD0 | MOD1 | CLAMP | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CMP_T_I32 [
        e("v_cmp_t_i32", Vopc, 0x47, &[o(Vcc, S, Mask), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_VCC),
        e("v_cmp_t_i32", Vop3, 0x47, &[o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_T_I64 [
        e("v_cmp_t_i64", Vopc, 0x57, &[o(Vcc, S, Mask), i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_VCC),
        e("v_cmp_t_i64", Vop3, 0x57, &[o(Sdst, S, Mask), i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC),
    ]
    V_CMP_T_U32 [
        e("v_cmp_t_u32", Vopc, 0x4f, &[o(Vcc, S, Mask), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC | W_VCC),
        e("v_cmp_t_u32", Vop3, 0x4f, &[o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_CMP_T_U64 [
        e("v_cmp_t_u64", Vopc, 0x5f, &[o(Vcc, S, Mask), i(Src0, Src, B64), i(Src1, V, B64)], SUFFIX, R_EXEC | W_VCC),
        e("v_cmp_t_u64", Vop3, 0x5f, &[o(Sdst, S, Mask), i(Src0, Src, B64), i(Src1, Src, B64)], SUFFIX, R_EXEC),
    ]
    V_CMP_U_F16 [
        e("v_cmp_u_f16", Vopc, 0x08, &[o(Vcc, S, Mask), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_u_f16", Vop3, 0x08, &[o(Sdst, S, Mask), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_U_F32 [
        e("v_cmp_u_f32", Vopc, 0x18, &[o(Vcc, S, Mask), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_u_f32", Vop3, 0x18, &[o(Sdst, S, Mask), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CMP_U_F64 [
        e("v_cmp_u_f64", Vopc, 0x28, &[o(Vcc, S, Mask), i(Src0, Src, F64), i(Src1, V, B64)], SUFFIX, R_MODE | R_EXEC | W_VCC),
        e("v_cmp_u_f64", Vop3, 0x28, &[o(Sdst, S, Mask), i(Src0, Src, F64), i(Src1, Src, F64)], MOD0 | MOD1 | CLAMP | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CNDMASK_B16 [
        e("v_cndmask_b16", Vop3, 0x25d, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16), i(Src2, S, Mask)], MOD0 | MOD1 | DPP, R_EXEC),
    ]
    V_CNDMASK_B32 [
        e("v_cndmask_b32", Vop2, 0x01, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32), i(Vcc, S, Mask)], SUFFIX | DPP, R_VCC | R_EXEC),
        e("v_cndmask_b32", Vop3, 0x101, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, S, Mask)], MOD0 | MOD1 | SUFFIX | DPP, R_EXEC),
        e("v_dual_cndmask_b32", VopdX, 0x09, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], 0, R_VCC | R_EXEC),
        e("v_dual_cndmask_b32", VopdY, 0x09, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], 0, R_EXEC | R_VCC),
    ]
    V_COS_F16 [
        e("v_cos_f16", Vop1, 0x61, &[o(Vdst, V, B16), i(Src0, Src, F16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | TRANS),
        e("v_cos_f16", Vop3, 0x1e1, &[o(Vdst, V, B32), i(Src0, Src, F16)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC | TRANS),
    ]
    V_COS_F32 [
        e("v_cos_f32", Vop1, 0x36, &[o(Vdst, V, B32), i(Src0, Src, F32)], SUFFIX | DPP, R_MODE | R_EXEC | TRANS),
        e("v_cos_f32", Vop3, 0x1b6, &[o(Vdst, V, B32), i(Src0, Src, F32)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC | TRANS),
    ]
    V_CTZ_I32_B32 [
        e("v_ctz_i32_b32", Vop1, 0x3a, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_EXEC),
        e("v_ctz_i32_b32", Vop3, 0x1ba, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_CUBEID_F32 [
        e("v_cubeid_f32", Vop3, 0x20c, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32), i(Src2, Src, F32)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD | DPP, R_MODE | R_EXEC),
    ]
    V_CUBEMA_F32 [
        e("v_cubema_f32", Vop3, 0x20f, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32), i(Src2, Src, F32)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD | DPP, R_MODE | R_EXEC),
    ]
    V_CUBESC_F32 [
        e("v_cubesc_f32", Vop3, 0x20d, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32), i(Src2, Src, F32)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD | DPP, R_MODE | R_EXEC),
    ]
    V_CUBETC_F32 [
        e("v_cubetc_f32", Vop3, 0x20e, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32), i(Src2, Src, F32)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD | DPP, R_MODE | R_EXEC),
    ]
    V_CVT_F16_F32 [
        e("v_cvt_f16_f32", Vop1, 0x0a, &[o(Vdst, V, B16), i(Src0, Src, F32)], SUFFIX | DPP | T16, R_MODE | R_EXEC),
        e("v_cvt_f16_f32", Vop3, 0x18a, &[o(Vdst, V, B32), i(Src0, Src, F32)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CVT_F16_I16 [
        e("v_cvt_f16_i16", Vop1, 0x51, &[o(Vdst, V, B16), i(Src0, Src, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC),
        e("v_cvt_f16_i16", Vop3, 0x1d1, &[o(Vdst, V, B32), i(Src0, Src, B16)], CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CVT_F16_U16 [
        e("v_cvt_f16_u16", Vop1, 0x50, &[o(Vdst, V, B16), i(Src0, Src, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC),
        e("v_cvt_f16_u16", Vop3, 0x1d0, &[o(Vdst, V, B32), i(Src0, Src, B16)], CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CVT_F32_F16 [
        e("v_cvt_f32_f16", Vop1, 0x0b, &[o(Vdst, V, B32), i(Src0, Src, F16)], SUFFIX | DPP | T16, R_MODE | R_EXEC),
        e("v_cvt_f32_f16", Vop3, 0x18b, &[o(Vdst, V, B32), i(Src0, Src, F16)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CVT_F32_F64 [
        e("v_cvt_f32_f64", Vop1, 0x0f, &[o(Vdst, V, B32), i(Src0, Src, F64)], SUFFIX, R_MODE | R_EXEC),
        e("v_cvt_f32_f64", Vop3, 0x18f, &[o(Vdst, V, B32), i(Src0, Src, F64)], MOD0 | CLAMP | OMOD | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CVT_F32_I32 [
        e("v_cvt_f32_i32", Vop1, 0x05, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_cvt_f32_i32", Vop3, 0x185, &[o(Vdst, V, B32), i(Src0, Src, B32)], CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CVT_F32_U32 [
        e("v_cvt_f32_u32", Vop1, 0x06, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_cvt_f32_u32", Vop3, 0x186, &[o(Vdst, V, B32), i(Src0, Src, B32)], CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CVT_F32_UBYTE0 [
        e("v_cvt_f32_ubyte0", Vop1, 0x11, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_EXEC),
        e("v_cvt_f32_ubyte0", Vop3, 0x191, &[o(Vdst, V, B32), i(Src0, Src, B32)], CLAMP | OMOD | SUFFIX | DPP, R_EXEC),
    ]
    V_CVT_F32_UBYTE1 [
        e("v_cvt_f32_ubyte1", Vop1, 0x12, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_EXEC),
        e("v_cvt_f32_ubyte1", Vop3, 0x192, &[o(Vdst, V, B32), i(Src0, Src, B32)], CLAMP | OMOD | SUFFIX | DPP, R_EXEC),
    ]
    V_CVT_F32_UBYTE2 [
        e("v_cvt_f32_ubyte2", Vop1, 0x13, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_EXEC),
        e("v_cvt_f32_ubyte2", Vop3, 0x193, &[o(Vdst, V, B32), i(Src0, Src, B32)], CLAMP | OMOD | SUFFIX | DPP, R_EXEC),
    ]
    V_CVT_F32_UBYTE3 [
        e("v_cvt_f32_ubyte3", Vop1, 0x14, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_EXEC),
        e("v_cvt_f32_ubyte3", Vop3, 0x194, &[o(Vdst, V, B32), i(Src0, Src, B32)], CLAMP | OMOD | SUFFIX | DPP, R_EXEC),
    ]
    V_CVT_F64_F32 [
        e("v_cvt_f64_f32", Vop1, 0x10, &[o(Vdst, V, B64), i(Src0, Src, F32)], SUFFIX, R_MODE | R_EXEC),
        e("v_cvt_f64_f32", Vop3, 0x190, &[o(Vdst, V, B64), i(Src0, Src, F32)], MOD0 | CLAMP | OMOD | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CVT_F64_I32 [
        e("v_cvt_f64_i32", Vop1, 0x04, &[o(Vdst, V, B64), i(Src0, Src, B32)], SUFFIX, R_MODE | R_EXEC),
        e("v_cvt_f64_i32", Vop3, 0x184, &[o(Vdst, V, B64), i(Src0, Src, B32)], CLAMP | OMOD | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CVT_F64_U32 [
        e("v_cvt_f64_u32", Vop1, 0x16, &[o(Vdst, V, B64), i(Src0, Src, B32)], SUFFIX, R_MODE | R_EXEC),
        e("v_cvt_f64_u32", Vop3, 0x196, &[o(Vdst, V, B64), i(Src0, Src, B32)], CLAMP | OMOD | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CVT_FLOOR_I32_F32 [
        e("v_cvt_floor_i32_f32", Vop1, 0x0d, &[o(Vdst, V, B32), i(Src0, Src, F32)], SUFFIX | DPP, R_EXEC),
        e("v_cvt_floor_i32_f32", Vop3, 0x18d, &[o(Vdst, V, B32), i(Src0, Src, F32)], MOD0 | CLAMP | SUFFIX | DPP, R_EXEC),
    ]
    V_CVT_I16_F16 [
        e("v_cvt_i16_f16", Vop1, 0x53, &[o(Vdst, V, B16), i(Src0, Src, F16)], SUFFIX | DPP | T16, R_MODE | R_EXEC),
        e("v_cvt_i16_f16", Vop3, 0x1d3, &[o(Vdst, V, B32), i(Src0, Src, F16)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CVT_I32_F32 [
        e("v_cvt_i32_f32", Vop1, 0x08, &[o(Vdst, V, B32), i(Src0, Src, F32)], SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_cvt_i32_f32", Vop3, 0x188, &[o(Vdst, V, B32), i(Src0, Src, F32)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CVT_I32_F64 [
        e("v_cvt_i32_f64", Vop1, 0x03, &[o(Vdst, V, B32), i(Src0, Src, F64)], SUFFIX, R_MODE | R_EXEC),
        e("v_cvt_i32_f64", Vop3, 0x183, &[o(Vdst, V, B32), i(Src0, Src, F64)], MOD0 | CLAMP | OMOD | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CVT_I32_I16 [
        e("v_cvt_i32_i16", Vop1, 0x6a, &[o(Vdst, V, B32), i(Src0, Src, B16)], SUFFIX | DPP | T16, R_EXEC),
        e("v_cvt_i32_i16", Vop3, 0x1ea, &[o(Vdst, V, B32), i(Src0, Src, B16)], SUFFIX | DPP, R_EXEC),
    ]
    V_CVT_NEAREST_I32_F32 [
        e("v_cvt_nearest_i32_f32", Vop1, 0x0c, &[o(Vdst, V, B32), i(Src0, Src, F32)], SUFFIX | DPP, R_EXEC),
        e("v_cvt_nearest_i32_f32", Vop3, 0x18c, &[o(Vdst, V, B32), i(Src0, Src, F32)], MOD0 | CLAMP | SUFFIX | DPP, R_EXEC),
    ]
    V_CVT_NORM_I16_F16 [
        e("v_cvt_norm_i16_f16", Vop1, 0x63, &[o(Vdst, V, B16), i(Src0, Src, F16)], SUFFIX | DPP | T16, R_MODE | R_EXEC),
        e("v_cvt_norm_i16_f16", Vop3, 0x1e3, &[o(Vdst, V, B32), i(Src0, Src, F16)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CVT_NORM_U16_F16 [
        e("v_cvt_norm_u16_f16", Vop1, 0x64, &[o(Vdst, V, B16), i(Src0, Src, F16)], SUFFIX | DPP | T16, R_MODE | R_EXEC),
        e("v_cvt_norm_u16_f16", Vop3, 0x1e4, &[o(Vdst, V, B32), i(Src0, Src, F16)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CVT_OFF_F32_I4 [
        e("v_cvt_off_f32_i4", Vop1, 0x0e, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_EXEC),
        e("v_cvt_off_f32_i4", Vop3, 0x18e, &[o(Vdst, V, B32), i(Src0, Src, B32)], CLAMP | OMOD | SUFFIX | DPP, R_EXEC),
    ]
    V_CVT_PK_I16_F32 [
        e("v_cvt_pk_i16_f32", Vop3, 0x306, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC),
    ]
    V_CVT_PK_I16_I32 [
        e("v_cvt_pk_i16_i32", Vop3, 0x324, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], DPP, R_EXEC),
    ]
    V_CVT_PK_NORM_I16_F16 [
        e("v_cvt_pk_norm_i16_f16", Vop3, 0x312, &[o(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | OPSEL | CLAMP | DPP, R_MODE | R_EXEC),
    ]
    V_CVT_PK_NORM_I16_F32 [
        e("v_cvt_pk_norm_i16_f32", Vop3, 0x321, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | DPP, R_EXEC),
    ]
    V_CVT_PK_NORM_U16_F16 [
        e("v_cvt_pk_norm_u16_f16", Vop3, 0x313, &[o(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | OPSEL | CLAMP | DPP, R_MODE | R_EXEC),
    ]
    V_CVT_PK_NORM_U16_F32 [
        e("v_cvt_pk_norm_u16_f32", Vop3, 0x322, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | DPP, R_EXEC),
    ]
    V_CVT_PK_RTZ_F16_F32 [
        e("v_cvt_pk_rtz_f16_f32", Vop2, 0x2f, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_cvt_pk_rtz_f16_f32", Vop3, 0x12f, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CVT_PK_U16_F32 [
        e("v_cvt_pk_u16_f32", Vop3, 0x307, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | DPP, R_MODE | R_EXEC),
    ]
    V_CVT_PK_U16_U32 [
        e("v_cvt_pk_u16_u32", Vop3, 0x323, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], DPP, R_EXEC),
    ]
    V_CVT_PK_U8_F32 [
        e("v_cvt_pk_u8_f32", Vop3, 0x226, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, B32), i(Src2, Src, B32)], MOD0 | SEXT1 | SEXT2 | CLAMP | DPP | DSEXT1 | DSEXT2, R_MODE | R_EXEC),
    ]
    V_CVT_U16_F16 [
        e("v_cvt_u16_f16", Vop1, 0x52, &[o(Vdst, V, B16), i(Src0, Src, F16)], SUFFIX | DPP | T16, R_MODE | R_EXEC),
        e("v_cvt_u16_f16", Vop3, 0x1d2, &[o(Vdst, V, B32), i(Src0, Src, F16)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CVT_U32_F32 [
        e("v_cvt_u32_f32", Vop1, 0x07, &[o(Vdst, V, B32), i(Src0, Src, F32)], SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_cvt_u32_f32", Vop3, 0x187, &[o(Vdst, V, B32), i(Src0, Src, F32)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_CVT_U32_F64 [
        e("v_cvt_u32_f64", Vop1, 0x15, &[o(Vdst, V, B32), i(Src0, Src, F64)], SUFFIX, R_MODE | R_EXEC),
        e("v_cvt_u32_f64", Vop3, 0x195, &[o(Vdst, V, B32), i(Src0, Src, F64)], MOD0 | CLAMP | OMOD | SUFFIX, R_MODE | R_EXEC),
    ]
    V_CVT_U32_U16 [
        e("v_cvt_u32_u16", Vop1, 0x6b, &[o(Vdst, V, B32), i(Src0, Src, B16)], SUFFIX | DPP | T16, R_EXEC),
        e("v_cvt_u32_u16", Vop3, 0x1eb, &[o(Vdst, V, B32), i(Src0, Src, B16)], SUFFIX | DPP, R_EXEC),
    ]
    V_DIV_FIXUP_F16 [
        e("v_div_fixup_f16", Vop3, 0x254, &[o(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16), i(Src2, Src, F16)], MOD0 | MOD1 | MOD2 | OPSEL | CLAMP | OMOD | DPP, R_MODE | R_EXEC),
    ]
    V_DIV_FIXUP_F32 [
        e("v_div_fixup_f32", Vop3, 0x227, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32), i(Src2, Src, F32)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD, R_MODE | R_EXEC),
    ]
    V_DIV_FIXUP_F64 [
        e("v_div_fixup_f64", Vop3, 0x228, &[o(Vdst, V, B64), i(Src0, Src, F64), i(Src1, Src, F64), i(Src2, Src, F64)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD, R_MODE | R_EXEC),
    ]
    V_DIV_FMAS_F32 [
        e("v_div_fmas_f32", Vop3, 0x237, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32), i(Src2, Src, F32)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD, R_MODE | R_VCC | R_EXEC),
    ]
    V_DIV_FMAS_F64 [
        e("v_div_fmas_f64", Vop3, 0x238, &[o(Vdst, V, B64), i(Src0, Src, F64), i(Src1, Src, F64), i(Src2, Src, F64)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD, R_MODE | R_VCC | R_EXEC),
    ]
    V_DIV_SCALE_F32 [
        e("v_div_scale_f32", Vop3, 0x2fc, &[o(Vdst, V, B32), o(Sdst, S, Mask), i(Src0, Src, F32), i(Src1, Src, F32), i(Src2, Src, F32)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD | SD, R_MODE | R_EXEC),
    ]
    V_DIV_SCALE_F64 [
        e("v_div_scale_f64", Vop3, 0x2fd, &[o(Vdst, V, B64), o(Sdst, S, Mask), i(Src0, Src, F64), i(Src1, Src, F64), i(Src2, Src, F64)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD | SD, R_MODE | R_EXEC),
    ]
    V_DOT2ACC_F32_F16 [
        e("v_dot2acc_f32_f16", Vop2, 0x02, &[x(Vdst, V, B32), i(Src0, Src, V2F16), i(Src1, V, B32)], MOD0 | MOD1 | DPP, R_MODE | R_EXEC),
        e("v_dual_dot2acc_f32_f16", VopdX, 0x0c, &[x(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
        e("v_dual_dot2acc_f32_f16", VopdY, 0x0c, &[x(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
    ]
    V_DOT2_BF16_BF16 [
        e("v_dot2_bf16_bf16", Vop3, 0x267, &[o(Vdst, V, B32), i(Src0, Src, V2BF16), i(Src1, Src, V2BF16), i(Src2, Src, BF16)], MOD0 | MOD1 | MOD2 | OPSEL | DPP, R_MODE | R_EXEC),
    ]
    V_DOT2_F16_F16 [
        e("v_dot2_f16_f16", Vop3, 0x266, &[o(Vdst, V, B32), i(Src0, Src, V2F16), i(Src1, Src, V2F16), i(Src2, Src, F16)], MOD0 | MOD1 | MOD2 | OPSEL | DPP, R_MODE | R_EXEC),
    ]
    V_DOT2_F32_BF16 [
        e("v_dot2_f32_bf16", Vop3p, 0x1a, &[o(Vdst, V, B32), i(Src0, Src, V2BF16), i(Src1, Src, V2BF16), i(Src2, Src, F32)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_MODE | R_EXEC),
    ]
    V_DOT2_F32_F16 [
        e("v_dot2_f32_f16", Vop3p, 0x13, &[o(Vdst, V, B32), i(Src0, Src, V2F16), i(Src1, Src, V2F16), i(Src2, Src, F32)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP | DPP, R_MODE | R_EXEC),
    ]
    V_DOT4_I32_IU8 [
        e("v_dot4_i32_iu8", Vop3p, 0x16, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_EXEC),
    ]
    V_DOT4_U32_U8 [
        e("v_dot4_u32_u8", Vop3p, 0x17, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_EXEC),
    ]
    V_DOT8_I32_IU4 [
        e("v_dot8_i32_iu4", Vop3p, 0x18, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_EXEC),
    ]
    V_DOT8_U32_U4 [
        e("v_dot8_u32_u4", Vop3p, 0x19, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_EXEC),
    ]
    V_EXP_F16 [
        e("v_exp_f16", Vop1, 0x58, &[o(Vdst, V, B16), i(Src0, Src, F16)], SUFFIX | DPP | T16 | REAL16, R_MODE | R_EXEC | TRANS),
        e("v_exp_f16", Vop3, 0x1d8, &[o(Vdst, V, B32), i(Src0, Src, F16)], MOD0 | CLAMP | OMOD | SUFFIX | DPP | REAL16, R_MODE | R_EXEC | TRANS),
    ]
    V_EXP_F32 [
        e("v_exp_f32", Vop1, 0x25, &[o(Vdst, V, B32), i(Src0, Src, F32)], SUFFIX | DPP, R_MODE | R_EXEC | TRANS),
        e("v_exp_f32", Vop3, 0x1a5, &[o(Vdst, V, B32), i(Src0, Src, F32)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC | TRANS),
    ]
    V_FLOOR_F16 [
        e("v_floor_f16", Vop1, 0x5b, &[o(Vdst, V, B16), i(Src0, Src, F16)], SUFFIX | DPP | T16 | REAL16, R_MODE | R_EXEC),
        e("v_floor_f16", Vop3, 0x1db, &[o(Vdst, V, B32), i(Src0, Src, F16)], MOD0 | CLAMP | OMOD | SUFFIX | DPP | REAL16, R_MODE | R_EXEC),
    ]
    V_FLOOR_F32 [
        e("v_floor_f32", Vop1, 0x24, &[o(Vdst, V, B32), i(Src0, Src, F32)], SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_floor_f32", Vop3, 0x1a4, &[o(Vdst, V, B32), i(Src0, Src, F32)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_FLOOR_F64 [
        e("v_floor_f64", Vop1, 0x1a, &[o(Vdst, V, B64), i(Src0, Src, F64)], SUFFIX, R_MODE | R_EXEC),
        e("v_floor_f64", Vop3, 0x19a, &[o(Vdst, V, B64), i(Src0, Src, F64)], MOD0 | CLAMP | OMOD | SUFFIX, R_MODE | R_EXEC),
    ]
    V_FMAAK_F16 [
        e("v_fmaak_f16", Vop2, 0x38, &[o(Vdst, V, B16), i(Src0, Src, F16), i(Src1, V, B16), i(Imm, K, F16)], T16, R_MODE | R_EXEC),
    ]
    V_FMAAK_F32 [
        e("v_fmaak_f32", Vop2, 0x2d, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32), i(Imm, K, F32)], 0, R_MODE | R_EXEC),
        e("v_dual_fmaak_f32", VopdX, 0x01, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32), i(Imm, K, F32)], 0, R_MODE | R_EXEC),
        e("v_dual_fmaak_f32", VopdY, 0x01, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32), i(Imm, K, F32)], 0, R_MODE | R_EXEC),
    ]
    V_FMAC_DX9_ZERO_F32 [
        e("v_fmac_dx9_zero_f32", Vop2, 0x06, &[x(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX, R_MODE | R_EXEC),
        e("v_fmac_dx9_zero_f32", Vop3, 0x106, &[x(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | OMOD | SUFFIX, R_MODE | R_EXEC),
    ]
    V_FMAC_F16 [
        e("v_fmac_f16", Vop2, 0x36, &[x(Vdst, V, B16), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16, R_MODE | R_EXEC),
        e("v_fmac_f16", Vop3, 0x136, &[x(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | OPSEL | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_FMAC_F32 [
        e("v_fmac_f32", Vop2, 0x2b, &[x(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_fmac_f32", Vop3, 0x12b, &[x(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_dual_fmac_f32", VopdX, 0x00, &[x(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
        e("v_dual_fmac_f32", VopdY, 0x00, &[x(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
    ]
    V_FMAMK_F16 [
        e("v_fmamk_f16", Vop2, 0x37, &[o(Vdst, V, B16), i(Src0, Src, F16), i(Imm, K, F16), i(Src1, V, B16)], T16, R_MODE | R_EXEC),
    ]
    V_FMAMK_F32 [
        e("v_fmamk_f32", Vop2, 0x2c, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Imm, K, F32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
        e("v_dual_fmamk_f32", VopdX, 0x02, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Imm, K, F32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
        e("v_dual_fmamk_f32", VopdY, 0x02, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Imm, K, F32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
    ]
    V_FMA_DX9_ZERO_F32 [
        e("v_fma_dx9_zero_f32", Vop3, 0x209, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32), i(Src2, Src, F32)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD, R_MODE | R_EXEC),
    ]
    V_FMA_F16 [
        e("v_fma_f16", Vop3, 0x248, &[o(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16), i(Src2, Src, F16)], MOD0 | MOD1 | MOD2 | OPSEL | CLAMP | OMOD | DPP, R_MODE | R_EXEC),
    ]
    V_FMA_F32 [
        e("v_fma_f32", Vop3, 0x213, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32), i(Src2, Src, F32)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD | DPP, R_MODE | R_EXEC),
    ]
    V_FMA_F64 [
        e("v_fma_f64", Vop3, 0x214, &[o(Vdst, V, B64), i(Src0, Src, F64), i(Src1, Src, F64), i(Src2, Src, F64)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD, R_MODE | R_EXEC),
    ]
    V_FMA_MIXHI_F16 [
        e("v_fma_mixhi_f16", Vop3p, 0x22, &[x(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16), i(Src2, Src, F16)], MOD0 | MOD1 | MOD2 | OPSEL | OPSEL_HI | CLAMP | DPP, R_MODE | R_EXEC),
    ]
    V_FMA_MIXLO_F16 [
        e("v_fma_mixlo_f16", Vop3p, 0x21, &[x(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16), i(Src2, Src, F16)], MOD0 | MOD1 | MOD2 | OPSEL | OPSEL_HI | CLAMP | DPP, R_MODE | R_EXEC),
    ]
    V_FMA_MIX_F32 [
        e("v_fma_mix_f32", Vop3p, 0x20, &[o(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16), i(Src2, Src, F16)], MOD0 | MOD1 | MOD2 | OPSEL | OPSEL_HI | CLAMP | DPP, R_MODE | R_EXEC),
    ]
    V_FRACT_F16 [
        e("v_fract_f16", Vop1, 0x5f, &[o(Vdst, V, B16), i(Src0, Src, F16)], SUFFIX | DPP | T16, R_MODE | R_EXEC),
        e("v_fract_f16", Vop3, 0x1df, &[o(Vdst, V, B32), i(Src0, Src, F16)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_FRACT_F32 [
        e("v_fract_f32", Vop1, 0x20, &[o(Vdst, V, B32), i(Src0, Src, F32)], SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_fract_f32", Vop3, 0x1a0, &[o(Vdst, V, B32), i(Src0, Src, F32)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_FRACT_F64 [
        e("v_fract_f64", Vop1, 0x3e, &[o(Vdst, V, B64), i(Src0, Src, F64)], SUFFIX, R_MODE | R_EXEC),
        e("v_fract_f64", Vop3, 0x1be, &[o(Vdst, V, B64), i(Src0, Src, F64)], MOD0 | CLAMP | OMOD | SUFFIX, R_MODE | R_EXEC),
    ]
    V_FREXP_EXP_I16_F16 [
        e("v_frexp_exp_i16_f16", Vop1, 0x5a, &[o(Vdst, V, B16), i(Src0, Src, F16)], SUFFIX | DPP | T16, R_MODE | R_EXEC),
        e("v_frexp_exp_i16_f16", Vop3, 0x1da, &[o(Vdst, V, B32), i(Src0, Src, F16)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_FREXP_EXP_I32_F32 [
        e("v_frexp_exp_i32_f32", Vop1, 0x3f, &[o(Vdst, V, B32), i(Src0, Src, F32)], SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_frexp_exp_i32_f32", Vop3, 0x1bf, &[o(Vdst, V, B32), i(Src0, Src, F32)], MOD0 | CLAMP | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_FREXP_EXP_I32_F64 [
        e("v_frexp_exp_i32_f64", Vop1, 0x3c, &[o(Vdst, V, B32), i(Src0, Src, F64)], SUFFIX, R_MODE | R_EXEC),
        e("v_frexp_exp_i32_f64", Vop3, 0x1bc, &[o(Vdst, V, B32), i(Src0, Src, F64)], MOD0 | CLAMP | OMOD | SUFFIX, R_MODE | R_EXEC),
    ]
    V_FREXP_MANT_F16 [
        e("v_frexp_mant_f16", Vop1, 0x59, &[o(Vdst, V, B16), i(Src0, Src, F16)], SUFFIX | DPP | T16, R_MODE | R_EXEC),
        e("v_frexp_mant_f16", Vop3, 0x1d9, &[o(Vdst, V, B32), i(Src0, Src, F16)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_FREXP_MANT_F32 [
        e("v_frexp_mant_f32", Vop1, 0x40, &[o(Vdst, V, B32), i(Src0, Src, F32)], SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_frexp_mant_f32", Vop3, 0x1c0, &[o(Vdst, V, B32), i(Src0, Src, F32)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_FREXP_MANT_F64 [
        e("v_frexp_mant_f64", Vop1, 0x3d, &[o(Vdst, V, B64), i(Src0, Src, F64)], SUFFIX, R_MODE | R_EXEC),
        e("v_frexp_mant_f64", Vop3, 0x1bd, &[o(Vdst, V, B64), i(Src0, Src, F64)], MOD0 | CLAMP | OMOD | SUFFIX, R_MODE | R_EXEC),
    ]
    V_INTERP_P10_F16_F32 [
        e("v_interp_p10_f16_f32", Vinterp, 0x02, &[o(Vdst, V, B32), i(Src0, V, B32), i(Src1, V, B32), i(Src2, V, B32)], MOD0 | MOD1 | MOD2 | CLAMP | OPSEL, R_M0 | R_EXEC | R_MODE),
    ]
    V_INTERP_P10_F32 [
        e("v_interp_p10_f32", Vinterp, 0x00, &[o(Vdst, V, B32), i(Src0, V, B32), i(Src1, V, B32), i(Src2, V, B32)], MOD0 | MOD1 | MOD2 | CLAMP, R_M0 | R_EXEC | R_MODE),
    ]
    V_INTERP_P10_RTZ_F16_F32 [
        e("v_interp_p10_rtz_f16_f32", Vinterp, 0x04, &[o(Vdst, V, B32), i(Src0, V, B32), i(Src1, V, B32), i(Src2, V, B32)], MOD0 | MOD1 | MOD2 | CLAMP | OPSEL, R_M0 | R_EXEC),
    ]
    V_INTERP_P2_F16_F32 [
        e("v_interp_p2_f16_f32", Vinterp, 0x03, &[o(Vdst, V, B32), i(Src0, V, B32), i(Src1, V, B32), i(Src2, V, B32)], MOD0 | MOD1 | MOD2 | CLAMP | OPSEL, R_M0 | R_EXEC | R_MODE),
    ]
    V_INTERP_P2_F32 [
        e("v_interp_p2_f32", Vinterp, 0x01, &[o(Vdst, V, B32), i(Src0, V, B32), i(Src1, V, B32), i(Src2, V, B32)], MOD0 | MOD1 | MOD2 | CLAMP, R_M0 | R_EXEC | R_MODE),
    ]
    V_INTERP_P2_RTZ_F16_F32 [
        e("v_interp_p2_rtz_f16_f32", Vinterp, 0x05, &[o(Vdst, V, B32), i(Src0, V, B32), i(Src1, V, B32), i(Src2, V, B32)], MOD0 | MOD1 | MOD2 | CLAMP | OPSEL, R_M0 | R_EXEC),
    ]
    V_LDEXP_F16 [
        e("v_ldexp_f16", Vop2, 0x3b, &[o(Vdst, V, B16), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | DSEXT1 | T16, R_MODE | R_EXEC),
        e("v_ldexp_f16", Vop3, 0x13b, &[o(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_LDEXP_F32 [
        e("v_ldexp_f32", Vop3, 0x31c, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, B32)], MOD0 | SEXT1 | CLAMP | OMOD | DPP | DSEXT1, R_MODE | R_EXEC),
    ]
    V_LDEXP_F64 [
        e("v_ldexp_f64", Vop3, 0x32b, &[o(Vdst, V, B64), i(Src0, Src, F64), i(Src1, Src, B32)], MOD0 | SEXT1 | CLAMP | OMOD, R_MODE | R_EXEC),
    ]
    V_LERP_U8 [
        e("v_lerp_u8", Vop3, 0x215, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_LOG_F16 [
        e("v_log_f16", Vop1, 0x57, &[o(Vdst, V, B16), i(Src0, Src, F16)], SUFFIX | DPP | T16 | REAL16, R_MODE | R_EXEC | TRANS),
        e("v_log_f16", Vop3, 0x1d7, &[o(Vdst, V, B32), i(Src0, Src, F16)], MOD0 | CLAMP | OMOD | SUFFIX | DPP | REAL16, R_MODE | R_EXEC | TRANS),
    ]
    V_LOG_F32 [
        e("v_log_f32", Vop1, 0x27, &[o(Vdst, V, B32), i(Src0, Src, F32)], SUFFIX | DPP, R_MODE | R_EXEC | TRANS),
        e("v_log_f32", Vop3, 0x1a7, &[o(Vdst, V, B32), i(Src0, Src, F32)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC | TRANS),
    ]
    V_LSHLREV_B16 [
        e("v_lshlrev_b16", Vop3, 0x338, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16)], DPP, R_EXEC),
    ]
    V_LSHLREV_B32 [
        e("v_lshlrev_b32", Vop2, 0x18, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC),
        e("v_lshlrev_b32", Vop3, 0x118, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
        e("v_dual_lshlrev_b32", VopdY, 0x11, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], 0, R_EXEC),
    ]
    V_LSHLREV_B64 [
        e("v_lshlrev_b64", Vop3, 0x33c, &[o(Vdst, V, B64), i(Src0, Src, B32), i(Src1, Src, B64)], 0, R_EXEC),
    ]
    V_LSHL_ADD_U32 [
        e("v_lshl_add_u32", Vop3, 0x246, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_LSHL_OR_B32 [
        e("v_lshl_or_b32", Vop3, 0x256, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_LSHRREV_B16 [
        e("v_lshrrev_b16", Vop3, 0x339, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16)], DPP, R_EXEC),
    ]
    V_LSHRREV_B32 [
        e("v_lshrrev_b32", Vop2, 0x19, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC),
        e("v_lshrrev_b32", Vop3, 0x119, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_LSHRREV_B64 [
        e("v_lshrrev_b64", Vop3, 0x33d, &[o(Vdst, V, B64), i(Src0, Src, B32), i(Src1, Src, B64)], 0, R_EXEC),
    ]
    V_MAD_I16 [
        e("v_mad_i16", Vop3, 0x253, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16), i(Src2, Src, B16)], OPSEL | CLAMP | DPP | DSEXT0 | DSEXT1 | DSEXT2, R_EXEC),
    ]
    V_MAD_I32_I16 [
        e("v_mad_i32_i16", Vop3, 0x25a, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16), i(Src2, Src, B32)], OPSEL | CLAMP | DPP | DSEXT0 | DSEXT1 | DSEXT2, R_EXEC),
    ]
    V_MAD_I32_I24 [
        e("v_mad_i32_i24", Vop3, 0x20a, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], CLAMP | DPP, R_EXEC),
    ]
    V_MAD_I64_I32 [
        e("v_mad_i64_i32", Vop3, 0x2ff, &[o(Vdst, V, B64), o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B64)], CLAMP | SD, R_EXEC),
    ]
    V_MAD_U16 [
        e("v_mad_u16", Vop3, 0x241, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16), i(Src2, Src, B16)], OPSEL | CLAMP | DPP | DSEXT0 | DSEXT1 | DSEXT2, R_EXEC),
    ]
    V_MAD_U32_U16 [
        e("v_mad_u32_u16", Vop3, 0x259, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16), i(Src2, Src, B32)], OPSEL | CLAMP | DPP | DSEXT0 | DSEXT1 | DSEXT2, R_EXEC),
    ]
    V_MAD_U32_U24 [
        e("v_mad_u32_u24", Vop3, 0x20b, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], CLAMP | DPP, R_EXEC),
    ]
    V_MAD_U64_U32 [
        e("v_mad_u64_u32", Vop3, 0x2fe, &[o(Vdst, V, B64), o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B64)], CLAMP | SD, R_EXEC),
    ]
    V_MAX3_F16 [
        e("v_max3_f16", Vop3, 0x24c, &[o(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16), i(Src2, Src, F16)], MOD0 | MOD1 | MOD2 | OPSEL | CLAMP | OMOD | DPP, R_MODE | R_EXEC),
    ]
    V_MAX3_F32 [
        e("v_max3_f32", Vop3, 0x21c, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32), i(Src2, Src, F32)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD | DPP, R_MODE | R_EXEC),
    ]
    V_MAX3_I16 [
        e("v_max3_i16", Vop3, 0x24d, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16), i(Src2, Src, B16)], OPSEL | CLAMP | DPP | DSEXT0 | DSEXT1 | DSEXT2, R_EXEC),
    ]
    V_MAX3_I32 [
        e("v_max3_i32", Vop3, 0x21d, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_MAX3_U16 [
        e("v_max3_u16", Vop3, 0x24e, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16), i(Src2, Src, B16)], OPSEL | CLAMP | DPP | DSEXT0 | DSEXT1 | DSEXT2, R_EXEC),
    ]
    V_MAX3_U32 [
        e("v_max3_u32", Vop3, 0x21e, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_MAXMIN_F16 [
        e("v_maxmin_f16", Vop3, 0x260, &[o(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16), i(Src2, Src, F16)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD | DPP, R_MODE | R_EXEC),
    ]
    V_MAXMIN_F32 [
        e("v_maxmin_f32", Vop3, 0x25e, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32), i(Src2, Src, F32)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD | DPP, R_MODE | R_EXEC),
    ]
    V_MAXMIN_I32 [
        e("v_maxmin_i32", Vop3, 0x264, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_MAXMIN_U32 [
        e("v_maxmin_u32", Vop3, 0x262, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_MAX_F16 [
        e("v_max_f16", Vop2, 0x39, &[o(Vdst, V, B16), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16 | REAL16, R_MODE | R_EXEC),
        e("v_max_f16", Vop3, 0x139, &[o(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | OMOD | SUFFIX | DPP | REAL16, R_MODE | R_EXEC),
    ]
    V_MAX_F32 [
        e("v_max_f32", Vop2, 0x10, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_max_f32", Vop3, 0x110, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_dual_max_f32", VopdX, 0x0a, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
        e("v_dual_max_f32", VopdY, 0x0a, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
    ]
    V_MAX_F64 [
        e("v_max_f64", Vop3, 0x32a, &[o(Vdst, V, B64), i(Src0, Src, F64), i(Src1, Src, F64)], MOD0 | MOD1 | CLAMP | OMOD, R_MODE | R_EXEC),
    ]
    V_MAX_I16 [
        e("v_max_i16", Vop3, 0x30a, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16)], DPP, R_EXEC),
    ]
    V_MAX_I32 [
        e("v_max_i32", Vop2, 0x12, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC),
        e("v_max_i32", Vop3, 0x112, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_MAX_U16 [
        e("v_max_u16", Vop3, 0x309, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16)], DPP, R_EXEC),
    ]
    V_MAX_U32 [
        e("v_max_u32", Vop2, 0x14, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC),
        e("v_max_u32", Vop3, 0x114, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_MBCNT_HI_U32_B32 [
        e("v_mbcnt_hi_u32_b32", Vop3, 0x320, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], DPP, R_EXEC),
    ]
    V_MBCNT_LO_U32_B32 [
        e("v_mbcnt_lo_u32_b32", Vop3, 0x31f, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], DPP, R_EXEC),
    ]
    V_MED3_F16 [
        e("v_med3_f16", Vop3, 0x24f, &[o(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16), i(Src2, Src, F16)], MOD0 | MOD1 | MOD2 | OPSEL | CLAMP | OMOD | DPP, R_MODE | R_EXEC),
    ]
    V_MED3_F32 [
        e("v_med3_f32", Vop3, 0x21f, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32), i(Src2, Src, F32)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD | DPP, R_MODE | R_EXEC),
    ]
    V_MED3_I16 [
        e("v_med3_i16", Vop3, 0x250, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16), i(Src2, Src, B16)], OPSEL | CLAMP | DPP | DSEXT0 | DSEXT1 | DSEXT2, R_EXEC),
    ]
    V_MED3_I32 [
        e("v_med3_i32", Vop3, 0x220, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_MED3_U16 [
        e("v_med3_u16", Vop3, 0x251, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16), i(Src2, Src, B16)], OPSEL | CLAMP | DPP | DSEXT0 | DSEXT1 | DSEXT2, R_EXEC),
    ]
    V_MED3_U32 [
        e("v_med3_u32", Vop3, 0x221, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_MIN3_F16 [
        e("v_min3_f16", Vop3, 0x249, &[o(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16), i(Src2, Src, F16)], MOD0 | MOD1 | MOD2 | OPSEL | CLAMP | OMOD | DPP, R_MODE | R_EXEC),
    ]
    V_MIN3_F32 [
        e("v_min3_f32", Vop3, 0x219, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32), i(Src2, Src, F32)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD | DPP, R_MODE | R_EXEC),
    ]
    V_MIN3_I16 [
        e("v_min3_i16", Vop3, 0x24a, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16), i(Src2, Src, B16)], OPSEL | CLAMP | DPP | DSEXT0 | DSEXT1 | DSEXT2, R_EXEC),
    ]
    V_MIN3_I32 [
        e("v_min3_i32", Vop3, 0x21a, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_MIN3_U16 [
        e("v_min3_u16", Vop3, 0x24b, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16), i(Src2, Src, B16)], OPSEL | CLAMP | DPP | DSEXT0 | DSEXT1 | DSEXT2, R_EXEC),
    ]
    V_MIN3_U32 [
        e("v_min3_u32", Vop3, 0x21b, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_MINMAX_F16 [
        e("v_minmax_f16", Vop3, 0x261, &[o(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16), i(Src2, Src, F16)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD | DPP, R_MODE | R_EXEC),
    ]
    V_MINMAX_F32 [
        e("v_minmax_f32", Vop3, 0x25f, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32), i(Src2, Src, F32)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD | DPP, R_MODE | R_EXEC),
    ]
    V_MINMAX_I32 [
        e("v_minmax_i32", Vop3, 0x265, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_MINMAX_U32 [
        e("v_minmax_u32", Vop3, 0x263, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_MIN_F16 [
        e("v_min_f16", Vop2, 0x3a, &[o(Vdst, V, B16), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16 | REAL16, R_MODE | R_EXEC),
        e("v_min_f16", Vop3, 0x13a, &[o(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | OMOD | SUFFIX | DPP | REAL16, R_MODE | R_EXEC),
    ]
    V_MIN_F32 [
        e("v_min_f32", Vop2, 0x0f, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_min_f32", Vop3, 0x10f, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_dual_min_f32", VopdX, 0x0b, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
        e("v_dual_min_f32", VopdY, 0x0b, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
    ]
    V_MIN_F64 [
        e("v_min_f64", Vop3, 0x329, &[o(Vdst, V, B64), i(Src0, Src, F64), i(Src1, Src, F64)], MOD0 | MOD1 | CLAMP | OMOD, R_MODE | R_EXEC),
    ]
    V_MIN_I16 [
        e("v_min_i16", Vop3, 0x30c, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16)], DPP, R_EXEC),
    ]
    V_MIN_I32 [
        e("v_min_i32", Vop2, 0x11, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC),
        e("v_min_i32", Vop3, 0x111, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_MIN_U16 [
        e("v_min_u16", Vop3, 0x30b, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16)], DPP, R_EXEC),
    ]
    V_MIN_U32 [
        e("v_min_u32", Vop2, 0x13, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC),
        e("v_min_u32", Vop3, 0x113, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_MOVRELD_B32 [
        e("v_movreld_b32", Vop1, 0x42, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_M0 | R_EXEC),
        e("v_movreld_b32", Vop3, 0x1c2, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_M0 | R_EXEC),
    ]
    V_MOVRELSD_2_B32 [
        e("v_movrelsd_2_b32", Vop1, 0x48, &[o(Vdst, V, B32), i(Src0, V, B32)], SUFFIX | DPP, R_M0 | R_EXEC),
        e("v_movrelsd_2_b32", Vop3, 0x1c8, &[o(Vdst, V, B32), i(Src0, V, B32)], SUFFIX | DPP, R_M0 | R_EXEC),
    ]
    V_MOVRELSD_B32 [
        e("v_movrelsd_b32", Vop1, 0x44, &[o(Vdst, V, B32), i(Src0, V, B32)], SUFFIX | DPP, R_M0 | R_EXEC),
        e("v_movrelsd_b32", Vop3, 0x1c4, &[o(Vdst, V, B32), i(Src0, V, B32)], SUFFIX | DPP, R_M0 | R_EXEC),
    ]
    V_MOVRELS_B32 [
        e("v_movrels_b32", Vop1, 0x43, &[o(Vdst, V, B32), i(Src0, V, B32)], SUFFIX | DPP, R_M0 | R_EXEC),
        e("v_movrels_b32", Vop3, 0x1c3, &[o(Vdst, V, B32), i(Src0, V, B32)], SUFFIX | DPP, R_M0 | R_EXEC),
    ]
    V_MOV_B16 [
        e("v_mov_b16", Vop1, 0x1c, &[o(Vdst, V, B16), i(Src0, Src, B16)], SUFFIX | DPP | DSEXT0 | T16, R_EXEC),
        e("v_mov_b16", Vop3, 0x19c, &[o(Vdst, V, B16), i(Src0, Src, B16)], OPSEL | SUFFIX | DPP | DSEXT0 | REAL16, R_EXEC),
    ]
    V_MOV_B32 [
        e("v_mov_b32", Vop1, 0x01, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_EXEC),
        e("v_mov_b32", Vop3, 0x181, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_EXEC),
        e("v_dual_mov_b32", VopdX, 0x08, &[o(Vdst, V, B32), i(Src0, Src, B32)], 0, R_EXEC),
        e("v_dual_mov_b32", VopdY, 0x08, &[o(Vdst, V, B32), i(Src0, Src, B32)], 0, R_EXEC),
    ]
    V_MQSAD_PK_U16_U8 [
        e("v_mqsad_pk_u16_u8", Vop3, 0x23b, &[o(Vdst, V, B64), i(Src0, Src, B64), i(Src1, Src, B32), i(Src2, Src, B64)], CLAMP, R_EXEC),
    ]
    V_MQSAD_U32_U8 [
        e("v_mqsad_u32_u8", Vop3, 0x23d, &[o(Vdst, V, B128), i(Src0, Src, B64), i(Src1, Src, B32), i(Src2, V, B128)], CLAMP, R_EXEC),
    ]
    V_MSAD_U8 [
        e("v_msad_u8", Vop3, 0x239, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], CLAMP | DPP, R_EXEC),
    ]
    V_MULLIT_F32 [
        e("v_mullit_f32", Vop3, 0x218, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32), i(Src2, Src, F32)], MOD0 | MOD1 | MOD2 | CLAMP | OMOD | DPP, R_MODE | R_EXEC),
    ]
    V_MUL_DX9_ZERO_F32 [
        e("v_mul_dx9_zero_f32", Vop2, 0x07, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_mul_dx9_zero_f32", Vop3, 0x107, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_dual_mul_dx9_zero_f32", VopdX, 0x07, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
        e("v_dual_mul_dx9_zero_f32", VopdY, 0x07, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
    ]
    V_MUL_F16 [
        e("v_mul_f16", Vop2, 0x35, &[o(Vdst, V, B16), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16 | REAL16, R_MODE | R_EXEC),
        e("v_mul_f16", Vop3, 0x135, &[o(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | OMOD | SUFFIX | DPP | REAL16, R_MODE | R_EXEC),
    ]
    V_MUL_F32 [
        e("v_mul_f32", Vop2, 0x08, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_mul_f32", Vop3, 0x108, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_dual_mul_f32", VopdX, 0x03, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
        e("v_dual_mul_f32", VopdY, 0x03, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
    ]
    V_MUL_F64 [
        e("v_mul_f64", Vop3, 0x328, &[o(Vdst, V, B64), i(Src0, Src, F64), i(Src1, Src, F64)], MOD0 | MOD1 | CLAMP | OMOD, R_MODE | R_EXEC),
    ]
    V_MUL_HI_I32 [
        e("v_mul_hi_i32", Vop3, 0x32e, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], 0, R_EXEC),
    ]
    V_MUL_HI_I32_I24 [
        e("v_mul_hi_i32_i24", Vop2, 0x0a, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC),
        e("v_mul_hi_i32_i24", Vop3, 0x10a, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_MUL_HI_U32 [
        e("v_mul_hi_u32", Vop3, 0x32d, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], 0, R_EXEC),
    ]
    V_MUL_HI_U32_U24 [
        e("v_mul_hi_u32_u24", Vop2, 0x0c, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC),
        e("v_mul_hi_u32_u24", Vop3, 0x10c, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_MUL_I32_I24 [
        e("v_mul_i32_i24", Vop2, 0x09, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC),
        e("v_mul_i32_i24", Vop3, 0x109, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], CLAMP | SUFFIX | DPP, R_EXEC),
    ]
    V_MUL_LO_U16 [
        e("v_mul_lo_u16", Vop3, 0x305, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16)], DPP, R_EXEC),
    ]
    V_MUL_LO_U32 [
        e("v_mul_lo_u32", Vop3, 0x32c, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], 0, R_EXEC),
    ]
    V_MUL_U32_U24 [
        e("v_mul_u32_u24", Vop2, 0x0b, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC),
        e("v_mul_u32_u24", Vop3, 0x10b, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], CLAMP | SUFFIX | DPP, R_EXEC),
    ]
    V_NOP [
        e("v_nop", Vop1, 0x00, &[], 0, 0),
        e("v_nop", Vop3, 0x180, &[], 0, 0),
    ]
    V_NOT_B16 [
        e("v_not_b16", Vop1, 0x69, &[o(Vdst, V, B16), i(Src0, Src, B16)], SUFFIX | DPP | T16, R_EXEC),
        e("v_not_b16", Vop3, 0x1e9, &[o(Vdst, V, B32), i(Src0, Src, B16)], SUFFIX | DPP, R_EXEC),
    ]
    V_NOT_B32 [
        e("v_not_b32", Vop1, 0x37, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_EXEC),
        e("v_not_b32", Vop3, 0x1b7, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_OR3_B32 [
        e("v_or3_b32", Vop3, 0x258, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_OR_B16 [
        e("v_or_b16", Vop3, 0x363, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16)], DPP, R_EXEC),
    ]
    V_OR_B32 [
        e("v_or_b32", Vop2, 0x1c, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC),
        e("v_or_b32", Vop3, 0x11c, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_PACK_B32_F16 [
        e("v_pack_b32_f16", Vop3, 0x311, &[o(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | OPSEL | CLAMP | DPP, R_MODE | R_EXEC),
    ]
    V_PERMLANE16_B32 [
        e("v_permlane16_b32", Vop3, 0x25b, &[x(Vdst, V, B32), i(Src0, V, B32), i(Src1, Ssrc, B32), i(Src2, Ssrc, B32)], OPSEL, R_EXEC),
    ]
    V_PERMLANE64_B32 [
        e("v_permlane64_b32", Vop1, 0x67, &[o(Vdst, V, B32), i(Src0, V, B32)], 0, R_EXEC),
    ]
    V_PERMLANEX16_B32 [
        e("v_permlanex16_b32", Vop3, 0x25c, &[x(Vdst, V, B32), i(Src0, V, B32), i(Src1, Ssrc, B32), i(Src2, Ssrc, B32)], OPSEL, R_EXEC),
    ]
    V_PERM_B32 [
        e("v_perm_b32", Vop3, 0x244, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_PIPEFLUSH [
        e("v_pipeflush", Vop1, 0x1b, &[], 0, 0),
        e("v_pipeflush", Vop3, 0x19b, &[], 0, 0),
    ]
    V_PK_ADD_F16 [
        e("v_pk_add_f16", Vop3p, 0x0f, &[o(Vdst, V, B32), i(Src0, Src, V2F16), i(Src1, Src, V2F16)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_MODE | R_EXEC),
    ]
    V_PK_ADD_I16 [
        e("v_pk_add_i16", Vop3p, 0x02, &[o(Vdst, V, B32), i(Src0, Src, V2B16), i(Src1, Src, V2B16)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_EXEC),
    ]
    V_PK_ADD_U16 [
        e("v_pk_add_u16", Vop3p, 0x0a, &[o(Vdst, V, B32), i(Src0, Src, V2B16), i(Src1, Src, V2B16)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_EXEC),
    ]
    V_PK_ASHRREV_I16 [
        e("v_pk_ashrrev_i16", Vop3p, 0x06, &[o(Vdst, V, B32), i(Src0, Src, V2B16), i(Src1, Src, V2B16)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_EXEC),
    ]
    V_PK_FMAC_F16 [
        e("v_pk_fmac_f16", Vop2, 0x3c, &[x(Vdst, V, B32), i(Src0, Src, V2F16), i(Src1, V, B32)], MOD0 | MOD1 | DPP, R_MODE | R_EXEC),
    ]
    V_PK_FMA_F16 [
        e("v_pk_fma_f16", Vop3p, 0x0e, &[o(Vdst, V, B32), i(Src0, Src, V2F16), i(Src1, Src, V2F16), i(Src2, Src, V2F16)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_MODE | R_EXEC),
    ]
    V_PK_LSHLREV_B16 [
        e("v_pk_lshlrev_b16", Vop3p, 0x04, &[o(Vdst, V, B32), i(Src0, Src, V2B16), i(Src1, Src, V2B16)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_EXEC),
    ]
    V_PK_LSHRREV_B16 [
        e("v_pk_lshrrev_b16", Vop3p, 0x05, &[o(Vdst, V, B32), i(Src0, Src, V2B16), i(Src1, Src, V2B16)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_EXEC),
    ]
    V_PK_MAD_I16 [
        e("v_pk_mad_i16", Vop3p, 0x00, &[o(Vdst, V, B32), i(Src0, Src, V2B16), i(Src1, Src, V2B16), i(Src2, Src, V2B16)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_EXEC),
    ]
    V_PK_MAD_U16 [
        e("v_pk_mad_u16", Vop3p, 0x09, &[o(Vdst, V, B32), i(Src0, Src, V2B16), i(Src1, Src, V2B16), i(Src2, Src, V2B16)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_EXEC),
    ]
    V_PK_MAX_F16 [
        e("v_pk_max_f16", Vop3p, 0x12, &[o(Vdst, V, B32), i(Src0, Src, V2F16), i(Src1, Src, V2F16)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_MODE | R_EXEC),
    ]
    V_PK_MAX_I16 [
        e("v_pk_max_i16", Vop3p, 0x07, &[o(Vdst, V, B32), i(Src0, Src, V2B16), i(Src1, Src, V2B16)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_EXEC),
    ]
    V_PK_MAX_U16 [
        e("v_pk_max_u16", Vop3p, 0x0c, &[o(Vdst, V, B32), i(Src0, Src, V2B16), i(Src1, Src, V2B16)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_EXEC),
    ]
    V_PK_MIN_F16 [
        e("v_pk_min_f16", Vop3p, 0x11, &[o(Vdst, V, B32), i(Src0, Src, V2F16), i(Src1, Src, V2F16)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_MODE | R_EXEC),
    ]
    V_PK_MIN_I16 [
        e("v_pk_min_i16", Vop3p, 0x08, &[o(Vdst, V, B32), i(Src0, Src, V2B16), i(Src1, Src, V2B16)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_EXEC),
    ]
    V_PK_MIN_U16 [
        e("v_pk_min_u16", Vop3p, 0x0d, &[o(Vdst, V, B32), i(Src0, Src, V2B16), i(Src1, Src, V2B16)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_EXEC),
    ]
    V_PK_MUL_F16 [
        e("v_pk_mul_f16", Vop3p, 0x10, &[o(Vdst, V, B32), i(Src0, Src, V2F16), i(Src1, Src, V2F16)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_MODE | R_EXEC),
    ]
    V_PK_MUL_LO_U16 [
        e("v_pk_mul_lo_u16", Vop3p, 0x01, &[o(Vdst, V, B32), i(Src0, Src, V2B16), i(Src1, Src, V2B16)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_EXEC),
    ]
    V_PK_SUB_I16 [
        e("v_pk_sub_i16", Vop3p, 0x03, &[o(Vdst, V, B32), i(Src0, Src, V2B16), i(Src1, Src, V2B16)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_EXEC),
    ]
    V_PK_SUB_U16 [
        e("v_pk_sub_u16", Vop3p, 0x0b, &[o(Vdst, V, B32), i(Src0, Src, V2B16), i(Src1, Src, V2B16)], OPSEL | OPSEL_HI | NEG_LOHI | CLAMP, R_EXEC),
    ]
    V_QSAD_PK_U16_U8 [
        e("v_qsad_pk_u16_u8", Vop3, 0x23a, &[o(Vdst, V, B64), i(Src0, Src, B64), i(Src1, Src, B32), i(Src2, Src, B64)], CLAMP, R_EXEC),
    ]
    V_RCP_F16 [
        e("v_rcp_f16", Vop1, 0x54, &[o(Vdst, V, B16), i(Src0, Src, F16)], SUFFIX | DPP | T16 | REAL16, R_MODE | R_EXEC | TRANS),
        e("v_rcp_f16", Vop3, 0x1d4, &[o(Vdst, V, B32), i(Src0, Src, F16)], MOD0 | CLAMP | OMOD | SUFFIX | DPP | REAL16, R_MODE | R_EXEC | TRANS),
    ]
    V_RCP_F32 [
        e("v_rcp_f32", Vop1, 0x2a, &[o(Vdst, V, B32), i(Src0, Src, F32)], SUFFIX | DPP, R_MODE | R_EXEC | TRANS),
        e("v_rcp_f32", Vop3, 0x1aa, &[o(Vdst, V, B32), i(Src0, Src, F32)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC | TRANS),
    ]
    V_RCP_F64 [
        e("v_rcp_f64", Vop1, 0x2f, &[o(Vdst, V, B64), i(Src0, Src, F64)], SUFFIX, R_MODE | R_EXEC | TRANS),
        e("v_rcp_f64", Vop3, 0x1af, &[o(Vdst, V, B64), i(Src0, Src, F64)], MOD0 | CLAMP | OMOD | SUFFIX, R_MODE | R_EXEC | TRANS),
    ]
    V_RCP_IFLAG_F32 [
        e("v_rcp_iflag_f32", Vop1, 0x2b, &[o(Vdst, V, B32), i(Src0, Src, F32)], SUFFIX | DPP, R_MODE | R_EXEC | TRANS),
        e("v_rcp_iflag_f32", Vop3, 0x1ab, &[o(Vdst, V, B32), i(Src0, Src, F32)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC | TRANS),
    ]
    V_READFIRSTLANE_B32 [
        e("v_readfirstlane_b32", Vop1, 0x02, &[o(Vdst, S, B32), i(Src0, V, B32)], 0, R_EXEC),
    ]
    V_READLANE_B32 [
        e("v_readlane_b32", Vop3, 0x360, &[o(Vdst, S, B32), i(Src0, V, B32), i(Src1, Sconst, B32)], 0, 0),
    ]
    V_RNDNE_F16 [
        e("v_rndne_f16", Vop1, 0x5e, &[o(Vdst, V, B16), i(Src0, Src, F16)], SUFFIX | DPP | T16, R_MODE | R_EXEC),
        e("v_rndne_f16", Vop3, 0x1de, &[o(Vdst, V, B32), i(Src0, Src, F16)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_RNDNE_F32 [
        e("v_rndne_f32", Vop1, 0x23, &[o(Vdst, V, B32), i(Src0, Src, F32)], SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_rndne_f32", Vop3, 0x1a3, &[o(Vdst, V, B32), i(Src0, Src, F32)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_RNDNE_F64 [
        e("v_rndne_f64", Vop1, 0x19, &[o(Vdst, V, B64), i(Src0, Src, F64)], SUFFIX, R_MODE | R_EXEC),
        e("v_rndne_f64", Vop3, 0x199, &[o(Vdst, V, B64), i(Src0, Src, F64)], MOD0 | CLAMP | OMOD | SUFFIX, R_MODE | R_EXEC),
    ]
    V_RSQ_F16 [
        e("v_rsq_f16", Vop1, 0x56, &[o(Vdst, V, B16), i(Src0, Src, F16)], SUFFIX | DPP | T16 | REAL16, R_MODE | R_EXEC | TRANS),
        e("v_rsq_f16", Vop3, 0x1d6, &[o(Vdst, V, B32), i(Src0, Src, F16)], MOD0 | CLAMP | OMOD | SUFFIX | DPP | REAL16, R_MODE | R_EXEC | TRANS),
    ]
    V_RSQ_F32 [
        e("v_rsq_f32", Vop1, 0x2e, &[o(Vdst, V, B32), i(Src0, Src, F32)], SUFFIX | DPP, R_MODE | R_EXEC | TRANS),
        e("v_rsq_f32", Vop3, 0x1ae, &[o(Vdst, V, B32), i(Src0, Src, F32)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC | TRANS),
    ]
    V_RSQ_F64 [
        e("v_rsq_f64", Vop1, 0x31, &[o(Vdst, V, B64), i(Src0, Src, F64)], SUFFIX, R_MODE | R_EXEC | TRANS),
        e("v_rsq_f64", Vop3, 0x1b1, &[o(Vdst, V, B64), i(Src0, Src, F64)], MOD0 | CLAMP | OMOD | SUFFIX, R_MODE | R_EXEC | TRANS),
    ]
    V_SAD_HI_U8 [
        e("v_sad_hi_u8", Vop3, 0x223, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], CLAMP | DPP, R_EXEC),
    ]
    V_SAD_U16 [
        e("v_sad_u16", Vop3, 0x224, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], CLAMP | DPP, R_EXEC),
    ]
    V_SAD_U32 [
        e("v_sad_u32", Vop3, 0x225, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], CLAMP | DPP, R_EXEC),
    ]
    V_SAD_U8 [
        e("v_sad_u8", Vop3, 0x222, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], CLAMP | DPP, R_EXEC),
    ]
    V_SAT_PK_U8_I16 [
        e("v_sat_pk_u8_i16", Vop1, 0x62, &[o(Vdst, V, B16), i(Src0, Src, B32)], SUFFIX | DPP | T16, R_EXEC),
        e("v_sat_pk_u8_i16", Vop3, 0x1e2, &[o(Vdst, V, B32), i(Src0, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_SIN_F16 [
        e("v_sin_f16", Vop1, 0x60, &[o(Vdst, V, B16), i(Src0, Src, F16)], SUFFIX | DPP | T16, R_MODE | R_EXEC | TRANS),
        e("v_sin_f16", Vop3, 0x1e0, &[o(Vdst, V, B32), i(Src0, Src, F16)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC | TRANS),
    ]
    V_SIN_F32 [
        e("v_sin_f32", Vop1, 0x35, &[o(Vdst, V, B32), i(Src0, Src, F32)], SUFFIX | DPP, R_MODE | R_EXEC | TRANS),
        e("v_sin_f32", Vop3, 0x1b5, &[o(Vdst, V, B32), i(Src0, Src, F32)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC | TRANS),
    ]
    V_SQRT_F16 [
        e("v_sqrt_f16", Vop1, 0x55, &[o(Vdst, V, B16), i(Src0, Src, F16)], SUFFIX | DPP | T16 | REAL16, R_MODE | R_EXEC | TRANS),
        e("v_sqrt_f16", Vop3, 0x1d5, &[o(Vdst, V, B32), i(Src0, Src, F16)], MOD0 | CLAMP | OMOD | SUFFIX | DPP | REAL16, R_MODE | R_EXEC | TRANS),
    ]
    V_SQRT_F32 [
        e("v_sqrt_f32", Vop1, 0x33, &[o(Vdst, V, B32), i(Src0, Src, F32)], SUFFIX | DPP, R_MODE | R_EXEC | TRANS),
        e("v_sqrt_f32", Vop3, 0x1b3, &[o(Vdst, V, B32), i(Src0, Src, F32)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC | TRANS),
    ]
    V_SQRT_F64 [
        e("v_sqrt_f64", Vop1, 0x34, &[o(Vdst, V, B64), i(Src0, Src, F64)], SUFFIX, R_MODE | R_EXEC | TRANS),
        e("v_sqrt_f64", Vop3, 0x1b4, &[o(Vdst, V, B64), i(Src0, Src, F64)], MOD0 | CLAMP | OMOD | SUFFIX, R_MODE | R_EXEC | TRANS),
    ]
    V_SUBREV_CO_CI_U32 [
        e("v_subrev_co_ci_u32", Vop2, 0x22, &[o(Vdst, V, B32), o(Vcc, S, Mask), i(Src0, Src, B32), i(Src1, V, B32), i(Vcc, S, Mask)], SUFFIX | DPP, R_VCC | R_EXEC | W_VCC),
        e("v_subrev_co_ci_u32", Vop3, 0x122, &[o(Vdst, V, B32), o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, S, Mask)], CLAMP | SUFFIX | DPP | SD, R_EXEC),
    ]
    V_SUBREV_CO_U32 [
        e("v_subrev_co_u32", Vop3, 0x302, &[o(Vdst, V, B32), o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32)], CLAMP | DPP | SD, R_EXEC),
    ]
    V_SUBREV_F16 [
        e("v_subrev_f16", Vop2, 0x34, &[o(Vdst, V, B16), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16 | REAL16, R_MODE | R_EXEC),
        e("v_subrev_f16", Vop3, 0x134, &[o(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | OMOD | SUFFIX | DPP | REAL16, R_MODE | R_EXEC),
    ]
    V_SUBREV_F32 [
        e("v_subrev_f32", Vop2, 0x05, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_subrev_f32", Vop3, 0x105, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_dual_subrev_f32", VopdX, 0x06, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
        e("v_dual_subrev_f32", VopdY, 0x06, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
    ]
    V_SUBREV_NC_U32 [
        e("v_subrev_nc_u32", Vop2, 0x27, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC),
        e("v_subrev_nc_u32", Vop3, 0x127, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], CLAMP | SUFFIX | DPP, R_EXEC),
    ]
    V_SUB_CO_CI_U32 [
        e("v_sub_co_ci_u32", Vop2, 0x21, &[o(Vdst, V, B32), o(Vcc, S, Mask), i(Src0, Src, B32), i(Src1, V, B32), i(Vcc, S, Mask)], SUFFIX | DPP, R_VCC | R_EXEC | W_VCC),
        e("v_sub_co_ci_u32", Vop3, 0x121, &[o(Vdst, V, B32), o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, S, Mask)], CLAMP | SUFFIX | DPP | SD, R_EXEC),
    ]
    V_SUB_CO_U32 [
        e("v_sub_co_u32", Vop3, 0x301, &[o(Vdst, V, B32), o(Sdst, S, Mask), i(Src0, Src, B32), i(Src1, Src, B32)], CLAMP | DPP | SD, R_EXEC),
    ]
    V_SUB_F16 [
        e("v_sub_f16", Vop2, 0x33, &[o(Vdst, V, B16), i(Src0, Src, F16), i(Src1, V, B16)], SUFFIX | DPP | T16 | REAL16, R_MODE | R_EXEC),
        e("v_sub_f16", Vop3, 0x133, &[o(Vdst, V, B32), i(Src0, Src, F16), i(Src1, Src, F16)], MOD0 | MOD1 | CLAMP | OMOD | SUFFIX | DPP | REAL16, R_MODE | R_EXEC),
    ]
    V_SUB_F32 [
        e("v_sub_f32", Vop2, 0x04, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_sub_f32", Vop3, 0x104, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, Src, F32)], MOD0 | MOD1 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_dual_sub_f32", VopdX, 0x05, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
        e("v_dual_sub_f32", VopdY, 0x05, &[o(Vdst, V, B32), i(Src0, Src, F32), i(Src1, V, B32)], 0, R_MODE | R_EXEC),
    ]
    V_SUB_NC_I16 [
        e("v_sub_nc_i16", Vop3, 0x30e, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16)], OPSEL | CLAMP | DPP | DSEXT0 | DSEXT1, R_EXEC),
    ]
    V_SUB_NC_I32 [
        e("v_sub_nc_i32", Vop3, 0x325, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], CLAMP | DPP, R_EXEC),
    ]
    V_SUB_NC_U16 [
        e("v_sub_nc_u16", Vop3, 0x304, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16)], OPSEL | CLAMP | DPP | DSEXT0 | DSEXT1, R_EXEC),
    ]
    V_SUB_NC_U32 [
        e("v_sub_nc_u32", Vop2, 0x26, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC),
        e("v_sub_nc_u32", Vop3, 0x126, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], CLAMP | SUFFIX | DPP, R_EXEC),
    ]
    V_SWAPREL_B32 [
        e("v_swaprel_b32", Vop1, 0x68, &[x(Vdst, V, B32), x(Src0, V, B32)], 0, R_M0 | R_EXEC),
    ]
    V_SWAP_B32 [
        e("v_swap_b32", Vop1, 0x65, &[x(Vdst, V, B32), x(Src0, V, B32)], 0, R_EXEC),
    ]
    V_TRIG_PREOP_F64 [
        e("v_trig_preop_f64", Vop3, 0x32f, &[o(Vdst, V, B64), i(Src0, Src, F64), i(Src1, Src, B32)], MOD0 | SEXT1 | CLAMP | OMOD, R_MODE | R_EXEC),
    ]
    V_TRUNC_F16 [
        e("v_trunc_f16", Vop1, 0x5d, &[o(Vdst, V, B16), i(Src0, Src, F16)], SUFFIX | DPP | T16, R_MODE | R_EXEC),
        e("v_trunc_f16", Vop3, 0x1dd, &[o(Vdst, V, B32), i(Src0, Src, F16)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_TRUNC_F32 [
        e("v_trunc_f32", Vop1, 0x21, &[o(Vdst, V, B32), i(Src0, Src, F32)], SUFFIX | DPP, R_MODE | R_EXEC),
        e("v_trunc_f32", Vop3, 0x1a1, &[o(Vdst, V, B32), i(Src0, Src, F32)], MOD0 | CLAMP | OMOD | SUFFIX | DPP, R_MODE | R_EXEC),
    ]
    V_TRUNC_F64 [
        e("v_trunc_f64", Vop1, 0x17, &[o(Vdst, V, B64), i(Src0, Src, F64)], SUFFIX, R_MODE | R_EXEC),
        e("v_trunc_f64", Vop3, 0x197, &[o(Vdst, V, B64), i(Src0, Src, F64)], MOD0 | CLAMP | OMOD | SUFFIX, R_MODE | R_EXEC),
    ]
    V_WMMA_BF16_16X16X16_BF16 [
        e("v_wmma_bf16_16x16x16_bf16", Vop3p, 0x43, &[x(Vdst, V, Acc), i(Src0, V, B256), i(Src1, V, B256), i(Src2, Const, Acc)], OPSEL | OPSEL_HI | NEG_LOHI, R_EXEC),
    ]
    V_WMMA_F16_16X16X16_F16 [
        e("v_wmma_f16_16x16x16_f16", Vop3p, 0x42, &[x(Vdst, V, Acc), i(Src0, V, B256), i(Src1, V, B256), i(Src2, Const, Acc)], OPSEL | OPSEL_HI | NEG_LOHI, R_EXEC),
    ]
    V_WMMA_F32_16X16X16_BF16 [
        e("v_wmma_f32_16x16x16_bf16", Vop3p, 0x41, &[o(Vdst, V, Acc), i(Src0, V, B256), i(Src1, V, B256), i(Src2, Const, Acc)], NEG_LOHI, R_EXEC),
    ]
    V_WMMA_F32_16X16X16_F16 [
        e("v_wmma_f32_16x16x16_f16", Vop3p, 0x40, &[o(Vdst, V, Acc), i(Src0, V, B256), i(Src1, V, B256), i(Src2, Const, Acc)], NEG_LOHI, R_EXEC),
    ]
    V_WMMA_I32_16X16X16_IU4 [
        e("v_wmma_i32_16x16x16_iu4", Vop3p, 0x45, &[o(Vdst, V, Acc), i(Src0, V, B64), i(Src1, V, B64), i(Src2, Const, Acc)], NEG_LOHI | CLAMP, R_EXEC),
    ]
    V_WMMA_I32_16X16X16_IU8 [
        e("v_wmma_i32_16x16x16_iu8", Vop3p, 0x44, &[o(Vdst, V, Acc), i(Src0, V, B128), i(Src1, V, B128), i(Src2, Const, Acc)], NEG_LOHI | CLAMP, R_EXEC),
    ]
    V_WRITELANE_B32 [
        e("v_writelane_b32", Vop3, 0x361, &[x(Vdst, V, B32), i(Src0, Ssrc, B32), i(Src1, Sconst, B32)], 0, 0),
    ]
    V_XAD_U32 [
        e("v_xad_u32", Vop3, 0x245, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_XNOR_B32 [
        e("v_xnor_b32", Vop2, 0x1e, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC),
        e("v_xnor_b32", Vop3, 0x11e, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
    V_XOR3_B32 [
        e("v_xor3_b32", Vop3, 0x240, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32), i(Src2, Src, B32)], DPP, R_EXEC),
    ]
    V_XOR_B16 [
        e("v_xor_b16", Vop3, 0x364, &[o(Vdst, V, B32), i(Src0, Src, B16), i(Src1, Src, B16)], DPP, R_EXEC),
    ]
    V_XOR_B32 [
        e("v_xor_b32", Vop2, 0x1d, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, V, B32)], SUFFIX | DPP, R_EXEC),
        e("v_xor_b32", Vop3, 0x11d, &[o(Vdst, V, B32), i(Src0, Src, B32), i(Src1, Src, B32)], SUFFIX | DPP, R_EXEC),
    ]
}
