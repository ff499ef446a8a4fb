//! Names of numbers: what the disassembler prints as words and the assembler reads.

/// Hardware registers by number (`s_getreg_b32`).
pub(crate) const HWREG: [&str; 32] = [
    "",
    "HW_REG_MODE",
    "HW_REG_STATUS",
    "HW_REG_TRAPSTS",
    "",
    "HW_REG_GPR_ALLOC",
    "HW_REG_LDS_ALLOC",
    "HW_REG_IB_STS",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "HW_REG_SH_MEM_BASES",
    "",
    "",
    "HW_REG_PERF_SNAPSHOT_PC_LO",
    "HW_REG_PERF_SNAPSHOT_PC_HI",
    "HW_REG_FLAT_SCR_LO",
    "HW_REG_FLAT_SCR_HI",
    "",
    "HW_REG_HW_ID1",
    "HW_REG_HW_ID2",
    "",
    "",
    "HW_REG_PERF_SNAPSHOT_DATA",
    "",
    "HW_REG_SHADER_CYCLES",
    "",
    "",
];

/// Hardware registers that other generations have and gfx11 hasn't: known names, but never symbols.
pub(crate) const HWREG_ELSEWHERE: [&str; 24] = [
    "HW_REG_HW_ID",
    "HW_REG_TBA_LO",
    "HW_REG_TBA_HI",
    "HW_REG_TMA_LO",
    "HW_REG_TMA_HI",
    "HW_REG_XNACK_MASK",
    "HW_REG_POPS_PACKER",
    "HW_REG_SHADER_CYCLES_LO",
    "HW_REG_SHADER_CYCLES_HI",
    "HW_REG_DVGPR_ALLOC_LO",
    "HW_REG_DVGPR_ALLOC_HI",
    "HW_REG_STATE_PRIV",
    "HW_REG_PERF_SNAPSHOT_DATA1",
    "HW_REG_PERF_SNAPSHOT_DATA2",
    "HW_REG_EXCP_FLAG_PRIV",
    "HW_REG_EXCP_FLAG_USER",
    "HW_REG_TRAP_CTRL",
    "HW_REG_SCRATCH_BASE_LO",
    "HW_REG_SCRATCH_BASE_HI",
    "HW_REG_XCC_ID",
    "HW_REG_SQ_PERF_SNAPSHOT_DATA",
    "HW_REG_SQ_PERF_SNAPSHOT_DATA1",
    "HW_REG_SQ_PERF_SNAPSHOT_PC_LO",
    "HW_REG_SQ_PERF_SNAPSHOT_PC_HI",
];

/// Messages of `s_sendmsg` and `s_sendmsg_rtn_b32` by number.
pub(crate) const MESSAGES: [(u32, &str); 13] = [
    (1, "MSG_INTERRUPT"),
    (2, "MSG_HS_TESSFACTOR"),
    (3, "MSG_DEALLOC_VGPRS"),
    (5, "MSG_STALL_WAVE_GEN"),
    (6, "MSG_HALT_WAVES"),
    (9, "MSG_GS_ALLOC_REQ"),
    (0x80, "MSG_RTN_GET_DOORBELL"),
    (0x81, "MSG_RTN_GET_DDID"),
    (0x82, "MSG_RTN_GET_TMA"),
    (0x83, "MSG_RTN_GET_REALTIME"),
    (0x84, "MSG_RTN_SAVE_WAVE"),
    (0x85, "MSG_RTN_GET_TBA"),
    (0x86, "MSG_RTN_GET_TBA_TO_PC"),
];

/// The message that carries an operation; LLVM prints it as a number.
pub(crate) const MSG_SYSMSG: (u32, &str) = (15, "MSG_SYSMSG");

/// Messages of other generations.
pub(crate) const MESSAGES_ELSEWHERE: [&str; 8] = [
    "MSG_GS",
    "MSG_GS_DONE",
    "MSG_SAVEWAVE",
    "MSG_ORDERED_PS_DONE",
    "MSG_EARLY_PRIM_DEALLOC",
    "MSG_GET_DOORBELL",
    "MSG_GET_DDID",
    "MSG_RTN_GET_SE_AID_ID",
];

/// Operations of [`MSG_SYSMSG`] by number; the third is for parts before gfx9.
pub(crate) const SYSMSG_OPS: [&str; 5] =
    ["", "SYSMSG_OP_ECC_ERR_INTERRUPT", "SYSMSG_OP_REG_RD", "SYSMSG_OP_HOST_TRAP_ACK", "SYSMSG_OP_TTRACE_PC"];

/// Operations of the geometry messages by number.
pub(crate) const GS_OPS: [&str; 4] = ["GS_OP_NOP", "GS_OP_CUT", "GS_OP_EMIT", "GS_OP_EMIT_CUT"];

/// Message of `s_sendmsg` by number.
pub(crate) fn message(id: u32) -> Option<&'static str> {
    MESSAGES.iter().find(|m| m.0 == id).map(|m| m.1)
}

/// Codes and bits of `s_version`. They are symbols, known everywhere an expression may stand.
pub(crate) const UC_VERSIONS: [(&str, u32); 7] = [
    ("UC_VERSION_GFX7", 0),
    ("UC_VERSION_GFX10", 4),
    ("UC_VERSION_GFX11", 6),
    ("UC_VERSION_GFX12", 9),
    ("UC_VERSION_W64_BIT", 0x2000),
    ("UC_VERSION_W32_BIT", 0x4000),
    ("UC_VERSION_MDP_BIT", 0x8000),
];

/// Fields of `s_waitcnt`: name, lowest bit, mask.
pub(crate) const WAITCNT: [(&str, u32, u32); 3] = [("vmcnt", 10, 63), ("expcnt", 0, 7), ("lgkmcnt", 4, 63)];

/// Fields of `s_waitcnt_depctr`: name, lowest bit, mask.
pub(crate) const DEPCTR: [(&str, u32, u32); 7] = [
    ("depctr_hold_cnt", 7, 1),
    ("depctr_sa_sdst", 0, 1),
    ("depctr_va_vdst", 12, 15),
    ("depctr_va_sdst", 9, 7),
    ("depctr_va_ssrc", 8, 1),
    ("depctr_va_vcc", 1, 1),
    ("depctr_vm_vsrc", 2, 7),
];

/// `INSTID` of `s_delay_alu`.
pub(crate) const DELAY_ID: [&str; 12] = [
    "NO_DEP",
    "VALU_DEP_1",
    "VALU_DEP_2",
    "VALU_DEP_3",
    "VALU_DEP_4",
    "TRANS32_DEP_1",
    "TRANS32_DEP_2",
    "TRANS32_DEP_3",
    "FMA_ACCUM_CYCLE_1",
    "SALU_CYCLE_1",
    "SALU_CYCLE_2",
    "SALU_CYCLE_3",
];

/// `INSTSKIP` of `s_delay_alu`.
pub(crate) const DELAY_SKIP: [&str; 6] = ["SAME", "NEXT", "SKIP_1", "SKIP_2", "SKIP_3", "SKIP_4"];

/// Combined buffer formats of MTBUF.
pub(crate) const BUF_FMT: [&str; 64] = [
    "INVALID",
    "8_UNORM",
    "8_SNORM",
    "8_USCALED",
    "8_SSCALED",
    "8_UINT",
    "8_SINT",
    "16_UNORM",
    "16_SNORM",
    "16_USCALED",
    "16_SSCALED",
    "16_UINT",
    "16_SINT",
    "16_FLOAT",
    "8_8_UNORM",
    "8_8_SNORM",
    "8_8_USCALED",
    "8_8_SSCALED",
    "8_8_UINT",
    "8_8_SINT",
    "32_UINT",
    "32_SINT",
    "32_FLOAT",
    "16_16_UNORM",
    "16_16_SNORM",
    "16_16_USCALED",
    "16_16_SSCALED",
    "16_16_UINT",
    "16_16_SINT",
    "16_16_FLOAT",
    "10_11_11_FLOAT",
    "11_11_10_FLOAT",
    "10_10_10_2_UNORM",
    "10_10_10_2_SNORM",
    "10_10_10_2_UINT",
    "10_10_10_2_SINT",
    "2_10_10_10_UNORM",
    "2_10_10_10_SNORM",
    "2_10_10_10_USCALED",
    "2_10_10_10_SSCALED",
    "2_10_10_10_UINT",
    "2_10_10_10_SINT",
    "8_8_8_8_UNORM",
    "8_8_8_8_SNORM",
    "8_8_8_8_USCALED",
    "8_8_8_8_SSCALED",
    "8_8_8_8_UINT",
    "8_8_8_8_SINT",
    "32_32_UINT",
    "32_32_SINT",
    "32_32_FLOAT",
    "16_16_16_16_UNORM",
    "16_16_16_16_SNORM",
    "16_16_16_16_USCALED",
    "16_16_16_16_SSCALED",
    "16_16_16_16_UINT",
    "16_16_16_16_SINT",
    "16_16_16_16_FLOAT",
    "32_32_32_UINT",
    "32_32_32_SINT",
    "32_32_32_FLOAT",
    "32_32_32_32_UINT",
    "32_32_32_32_SINT",
    "32_32_32_32_FLOAT",
];

/// `BUF_DATA_FORMAT_` names.
pub(crate) const BUF_DATA_FORMAT: [&str; 16] = [
    "INVALID",
    "8",
    "16",
    "8_8",
    "32",
    "16_16",
    "10_11_11",
    "11_11_10",
    "10_10_10_2",
    "2_10_10_10",
    "8_8_8_8",
    "32_32",
    "16_16_16_16",
    "32_32_32",
    "32_32_32_32",
    "RESERVED_15",
];

/// `BUF_NUM_FORMAT_` names.
pub(crate) const BUF_NUM_FORMAT: [&str; 8] =
    ["UNORM", "SNORM", "USCALED", "SSCALED", "UINT", "SINT", "RESERVED_6", "FLOAT"];

/// Scalar registers and sources without a number: name, code, dwords (0: as many as the operand takes). The parser takes
/// those of `src_…` without that too.
const SPECIALS: [(&str, u16, u8); 17] = [
    ("vcc_lo", 106, 1),
    ("vcc", 106, 2),
    ("vcc_hi", 107, 1),
    ("null", 124, 0),
    ("m0", 125, 1),
    ("exec_lo", 126, 1),
    ("exec", 126, 2),
    ("exec_hi", 127, 1),
    ("src_shared_base", 235, 0),
    ("src_shared_limit", 236, 0),
    ("src_private_base", 237, 0),
    ("src_private_limit", 238, 0),
    ("src_pops_exiting_wave_id", 239, 0),
    ("src_vccz", 251, 0),
    ("src_execz", 252, 0),
    ("src_scc", 253, 0),
    ("src_lds_direct", 254, 0),
];

/// Name of a scalar register or source without a number, in an operand of `dwords`.
pub(crate) fn special(code: u16, dwords: u8) -> Option<&'static str> {
    let mut named = SPECIALS.iter().filter(|s| s.1 == code);
    let narrow = named.next()?;
    Some(if dwords == 1 { narrow.0 } else { named.next().unwrap_or(narrow).0 })
}

/// Code and dwords of a scalar register or source without a number.
pub(crate) fn special_code(name: &str) -> Option<(u16, u8)> {
    let found = SPECIALS.iter().find(|s| s.0 == name || s.0.strip_prefix("src_") == Some(name))?;
    Some((found.1, found.2))
}
