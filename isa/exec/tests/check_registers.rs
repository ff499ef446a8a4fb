//! Findings about registers: each kernel has one fault, its twin none.
mod check_common;
use check_common::*;
use isa_exec::check::KindSet;

/// Stores a register: what is undefined in it is found there.
fn shown(source: &str, register: &str) -> String {
    format!("{source}\nbad: global_store_b32 v0, {register}, s[0:1]")
}

#[test]
fn a_vgpr_that_nothing_was_written_to() {
    let f = finds(
        &w32("
         v_lshlrev_b32 v1, 2, v0
         v_add_nc_u32 v2, v1, v3
        bad: global_store_b32 v1, v2, s[0:1]"),
        &[("uninit-vgpr", "bad")],
    );
    assert_eq!((f[0].register.as_deref(), f[0].lane, f[0].lanes), (Some("v2"), Some(0), 0xffff_ffff));
    assert_eq!(f[0].detail, "v3 was never written, and taken in by the other instruction");
    assert_eq!(f[0].other.as_ref().unwrap().instruction, "v_add_nc_u32_e32 v2, v1, v3");
    // An address decides as well.
    let f = finds(&w32("bad: global_load_b32 v2, v3, s[0:1]\n s_waitcnt vmcnt(0)"), &[("uninit-vgpr", "bad")]);
    assert_eq!((f[0].register.as_deref(), f[0].detail.as_str()), (Some("v3"), "v3 was never written"));
    clean(&w32("
         v_lshlrev_b32 v1, 2, v0
         v_mov_b32 v3, 7
         v_add_nc_u32 v2, v1, v3
         global_store_b32 v1, v2, s[0:1]"));
}

#[test]
fn lanes_that_a_write_left_out() {
    let f = finds(
        &w32("
         v_cmp_gt_u32 vcc_lo, 4, v0
         s_and_saveexec_b32 s8, vcc_lo
        w: v_mov_b32 v1, 5
         s_mov_b32 exec_lo, s8
         v_add_nc_u32 v2, 1, v1
        bad: global_store_b32 v0, v2, s[0:1]"),
        &[("uninit-vgpr", "bad")],
    );
    assert_eq!((f[0].lane, f[0].lanes), (Some(4), 0xffff_fff0));
    assert_eq!(f[0].other.as_ref().unwrap().instruction, "v_mov_b32_e32 v1, 5");
    // Reading in the same lanes is fine, and so is a write by the others.
    clean(&w32("
         v_cmp_gt_u32 vcc_lo, 4, v0
         s_and_saveexec_b32 s8, vcc_lo
         v_mov_b32 v1, 5
         v_add_nc_u32 v2, 1, v1
         s_xor_b32 exec_lo, exec_lo, s8
         v_mov_b32 v1, 6
         s_mov_b32 exec_lo, s8
         v_add_nc_u32 v2, 1, v1
         global_store_b32 v0, v2, s[0:1]"));
}

#[test]
fn the_half_that_a_16_bit_result_leaves() {
    let f = finds(
        &w32("
         v_cvt_f16_f32 v1, 1.0
         v_add_nc_u32 v2, 1, v1
        bad: global_store_b32 v0, v2, s[0:1]"),
        &[("uninit-vgpr", "bad")],
    );
    assert_eq!(f[0].detail, "the last write to v1 left it out; of its upper half");
    clean(&w32("
         v_cvt_f16_f32 v1, 1.0
         v_cvt_f32_f16 v2, v1
         v_and_b32 v3, 0xffff, v1
         v_lshlrev_b32 v4, 16, v1
         v_pack_b32_f16 v5, v1, v1
         v_add3_u32 v6, v5, v3, v4
         v_lshlrev_b32 v7, 2, v0
         global_store_b16 v7, v1, s[0:1]
         global_store_b64 v7, v[2:3], s[0:1]
         global_store_b32 v7, v6, s[0:1]"));
    // The lower half alone says nothing of the upper one, and the other way round.
    clean(&w32("
         v_cvt_f16_f32 v1, 1.0
         v_pk_add_f16 v2, v1, v1
         global_store_b16 v0, v2, s[0:1]"));
}

#[test]
fn bits_that_a_constant_leaves_out() {
    clean(&w32("
         v_cvt_f16_f32 v1, 1.0
         v_bfe_u32 v2, v1, 0, 16
         v_lshl_or_b32 v3, v1, 16, v2
         v_and_or_b32 v4, v1, 0xff, v3
         v_alignbit_b32 v5, v1, v4, 16
         v_perm_b32 v6, v1, v1, 0x05040100
         v_bfi_b32 v7, 0xffff, v1, v6
         v_cvt_f32_ubyte1 v8, v1
         v_add_nc_u32 v9, v7, v5
         global_store_b64 v0, v[8:9], s[0:1]"));
    finds(&w32(&shown(" v_cvt_f16_f32 v1, 1.0\n v_bfe_u32 v2, v1, 8, 16", "v2")), &[("uninit-vgpr", "bad")]);
    // The low result of a multiply-add does not see the addend's upper half; the high one is as good as that.
    let mad = " v_mov_b32 v2, 0\n v_mad_u64_u32 v[4:5], null, v0, v0, v[2:3]";
    clean(&w32(&shown(mad, "v4")));
    finds(&w32(&shown(mad, "v5")), &[("uninit-vgpr", "bad")]);
    // So do shifts of 64 bits, and comparisons that the defined bits decide.
    let shift = " v_mov_b32 v2, 1\n v_lshlrev_b64 v[4:5], 32, v[2:3]";
    clean(&w32(&shown(shift, "v5")));
    let compare = |k: u32| {
        format!(
            " v_cvt_f16_f32 v1, 1.0
             v_cmp_eq_u32 vcc_lo, {k}, v1
             v_cndmask_b32 v2, 0, 1, vcc_lo"
        )
    };
    clean(&w32(&shown(&compare(7), "v2")));
    finds(&w32(&shown(&compare(0x3c00), "v2")), &[("uninit-vgpr", "bad")]);
}

#[test]
fn masks_of_lanes_are_undefined_bit_by_bit() {
    // As compilers merge conditions over a loop: bits of inactive lanes are anything until EXEC takes them out.
    clean(&w32("
         v_cmp_gt_u32 vcc_lo, 4, v0
         s_and_not1_b32 s8, s9, exec_lo
         s_and_b32 s10, vcc_lo, exec_lo
         s_or_b32 s8, s8, s10
         s_and_saveexec_b32 s11, s8
         v_mov_b32 v1, 1
         global_store_b32 v0, v1, s[0:1]"));
    let f = finds(
        &w32("
         s_or_b32 s8, s9, 1
        bad: s_and_saveexec_b32 s11, s8"),
        &[("uninit-sgpr", "bad")],
    );
    assert_eq!((f[0].register.as_deref(), f[0].lanes), (Some("s8"), 0xffff_fffe));
    // A branch is decided by the bits that are defined.
    clean(&w32(" s_or_b32 vcc_lo, s9, 1\n s_cbranch_vccnz 0"));
    finds(&w32(" s_and_b32 vcc_lo, s9, 1\nbad: s_cbranch_vccnz 0"), &[("uninit-sgpr", "bad")]);
    clean(&w32(" s_or_b32 s8, s9, 1\n s_cbranch_scc1 0"));
    finds(&w32(" s_and_b32 s8, s9, 1\nbad: s_cbranch_scc1 0"), &[("uninit-sgpr", "bad")]);
    finds(&w32("bad: v_cmpx_eq_u32 1, v9"), &[("uninit-vgpr", "bad")]);
}

#[test]
fn registers_that_m0_names() {
    let source = |n: u32| {
        format!(
            " v_mov_b32 v5, 1
             s_mov_b32 m0, {n}
             v_movrels_b32 v2, v3"
        )
    };
    clean(&w32(&shown(&source(2), "v2")));
    finds(&w32(&shown(&source(3), "v2")), &[("uninit-vgpr", "bad")]);
    finds(&w32(" v_mov_b32 v3, 1\nbad: v_movrels_b32 v2, v3"), &[("uninit-sgpr", "bad")]);
    let write = |n: u32| format!(" s_mov_b32 m0, {n}\n v_movreld_b32 v2, v0");
    clean(&w32(&shown(&write(4), "v6")));
    finds(&w32(&shown(&write(5), "v6")), &[("uninit-vgpr", "bad")]);
    finds(&w32(" s_mov_b32 m0, 40\nbad: v_movrels_b32 v2, v0"), &[("vgpr-range", "bad")]);
    let scalar = |n: u32| {
        format!(
            " s_mov_b32 s9, 1
             s_mov_b32 m0, {n}
             s_movrels_b32 s10, s8
             v_mov_b32 v2, s10"
        )
    };
    clean(&w32(&shown(&scalar(1), "v2")));
    finds(&w32(&shown(&scalar(3), "v2")), &[("uninit-sgpr", "bad")]);
    // A load on its way into the register that is named.
    finds(
        &w32("
         s_mov_b32 m0, 2
         global_load_b32 v5, v0, s[0:1]
        bad: v_movrels_b32 v2, v3
         s_waitcnt vmcnt(0)"),
        &[("wait-read", "bad")],
    );
}

#[test]
fn padding_is_a_note() {
    // A vector of three, stored as four.
    let three = " v_mov_b32 v4, 1\n v_mov_b32 v5, 1\n v_mov_b32 v6, 1\nbad: global_store_b128 v0, v[4:7], s[0:1]";
    finds(&w32(three), &[]);
    let f = finds_among(&w32(three), KindSet::parse("uninit").unwrap(), &[("uninit-padding", "bad")]);
    assert_eq!(f[0].register.as_deref(), Some("v7"));
    // One that lacks in the middle is none.
    finds(&w32(&three.replace("v_mov_b32 v5", "v_mov_b32 v7")), &[("uninit-vgpr", "bad")]);
    // A structure copied from scratch with bytes between its members.
    let copied = |end: &str| {
        format!(
            " v_mov_b32 v4, 1
             scratch_store_b8 off, v4, off
             scratch_store_b32 off, v4, off offset:4
             {end}
             scratch_load_b64 v[2:3], off, off
             s_waitcnt vmcnt(0)
            bad: global_store_b64 v0, v[2:3], s[0:1]"
        )
    };
    finds(&w32(&copied("")), &[]);
    finds_among(&w32(&copied("")), KindSet::parse("uninit").unwrap(), &[("uninit-padding", "bad")]);
    clean(&w32(&copied("scratch_store_b32 off, v4, off")));
}

#[test]
fn a_load_of_one_half() {
    finds(
        &w32("
         v_lshlrev_b32 v1, 2, v0
         global_load_d16_b16 v2, v1, s[0:1]
         s_waitcnt vmcnt(0)
         v_not_b32 v3, v2
        bad: global_store_b32 v0, v3, s[0:1]"),
        &[("uninit-vgpr", "bad")],
    );
    clean(&w32("
         v_lshlrev_b32 v1, 2, v0
         global_load_d16_b16 v2, v1, s[0:1]
         global_load_d16_hi_b16 v2, v1, s[0:1]
         s_waitcnt vmcnt(0)
         v_not_b32 v3, v2
         global_store_b32 v0, v3, s[0:1]"));
}

#[test]
fn moves_hand_on_what_is_not_written() {
    // Nothing decides but the last instruction.
    let f = finds(
        &w32("
         v_mov_b32 v1, v9
         v_dual_mov_b32 v2, v1 :: v_dual_mov_b32 v3, v0
         v_swap_b32 v2, v4
        bad: global_store_b32 v0, v4, s[0:1]"),
        &[("uninit-vgpr", "bad")],
    );
    assert_eq!(f[0].register.as_deref(), Some("v4"));
    assert_eq!(f[0].detail, "v9 was never written");
    clean(&w32("
         v_mov_b32 v9, v9
         v_xor_b32 v1, v1, v1
         v_sub_nc_u32 v2, v2, v2
         s_xor_b32 s9, s9, s9
         v_add_nc_u32 v3, v1, v2
         v_add_nc_u32 v4, s9, v0
         global_store_b64 v0, v[3:4], s[0:1]"));
}

#[test]
fn a_select_needs_what_it_takes() {
    let source = |limit: &str| {
        format!(
            "v_cmp_gt_u32 vcc_lo, {limit}, v0
             v_cndmask_b32 v1, v7, v0, vcc_lo
             v_not_b32 v2, v1
            bad: global_store_b32 v0, v2, s[0:1]"
        )
    };
    let f = finds(&w32(&source("8")), &[("uninit-vgpr", "bad")]);
    assert_eq!(f[0].lanes, 0xffff_ff00);
    clean(&w32(&source("32")));
}

#[test]
fn lanes_read_and_written_by_number() {
    let source = |lane: u32| {
        format!(
            "v_writelane_b32 v1, 7, 3
             v_readlane_b32 s5, v1, {lane}
             s_add_u32 s6, s5, 1
             s_cmp_eq_u32 s6, 0
            bad: s_cbranch_scc1 0"
        )
    };
    let f = finds(&w32(&source(4)), &[("uninit-vgpr", "bad")]);
    assert_eq!((f[0].register.as_deref(), f[0].detail.as_str()), (Some("scc"), "the last write to v1 left it out"));
    clean(&w32(&source(3)));
}

#[test]
fn other_lanes_through_dpp() {
    let source = |init: &str| {
        format!(
            "{init}
             v_cmp_gt_u32 vcc_lo, 4, v0
             s_and_saveexec_b32 s8, vcc_lo
             v_mov_b32 v1, 5
             s_mov_b32 exec_lo, s8
             v_add_nc_u32_dpp v2, v1, v0 row_shr:1 row_mask:0xf bank_mask:0xf bound_ctrl:1
            bad: global_store_b32 v0, v2, s[0:1]"
        )
    };
    let f = finds(&w32(&source("")), &[("uninit-vgpr", "bad")]);
    // Lanes 0 and 16 have no source.
    assert_eq!(f[0].lanes, 0xfffe_ffe0);
    clean(&w32(&source("v_mov_b32 v1, 0")));
}

#[test]
fn wmma_reads_all_lanes() {
    let source = |init: &str| {
        let mut s = init.to_string();
        for k in 1..25 {
            s += &format!("v_mov_b32 v{k}, 0\n");
        }
        s + " s_mov_b32 exec_lo, -1
             v_wmma_f32_16x16x16_f16 v[17:24], v[1:8], v[9:16], v[17:24]
            bad: global_store_b32 v0, v17, s[0:1]\n"
    };
    let f = finds(&w32(&source(" s_mov_b32 exec_lo, 0xffff\n")), &[("uninit-vgpr", "bad")]);
    assert_eq!(f[0].lanes, 0xffff_ffff);
    clean(&w32(&source("")));
}

#[test]
fn scalar_registers_and_implicit_ones() {
    let load = |k: u32| format!(" s_add_u32 s6, s4, s{k}\nbad: s_load_b32 s8, s[0:1], s6\n s_waitcnt lgkmcnt(0)");
    let f = finds(&w32(&load(5)), &[("uninit-sgpr", "bad")]);
    assert_eq!(f[0].register.as_deref(), Some("s6"));
    assert_eq!(f[0].other.as_ref().unwrap().instruction, "s_add_u32 s6, s4, s5");
    clean(&w32(&load(4)));
    let select = "v_cndmask_b32 v1, 7, v0, vcc";
    let f = finds(&w32(&shown(&format!("{select}_lo"), "v1")), &[("uninit-sgpr", "bad")]);
    assert_eq!(f[0].detail, "vcc_lo was never written, and taken in by the other instruction");
    clean(&w32(&shown(&format!(" v_cmp_eq_u32 vcc_lo, 1, v0\n {select}_lo"), "v1")));
    // In wave64 the upper half of the mask counts too.
    let f = finds(&w64(&shown(&format!(" s_mov_b32 vcc_lo, 0\n {select}"), "v1")), &[("uninit-sgpr", "bad")]);
    assert_eq!((f[0].lanes, f[0].detail.split(' ').next()), (!0 << 32, Some("vcc_hi")));
    let choice = "s_cselect_b32 s5, 1, 2\n v_mov_b32 v1, s5";
    let f = finds(&w32(&shown(choice, "v1")), &[("uninit-sgpr", "bad")]);
    assert_eq!(f[0].detail.split(' ').next(), Some("scc"));
    clean(&w32(&shown(&format!(" s_cmp_eq_u32 s4, 0\n {choice}"), "v1")));
    let f = finds(&w32("bad: s_mov_b32 exec_lo, s9"), &[("uninit-sgpr", "bad")]);
    assert_eq!(f[0].register.as_deref(), Some("s9"));
}

#[test]
fn spills_are_as_good_as_what_was_spilled() {
    let source = |init: &str, last: &str| {
        format!(
            "{init}
             scratch_store_b32 off, v5, off offset:4
             scratch_load_b32 v6, off, off offset:4
             s_waitcnt vmcnt(0)
             {last}"
        )
    };
    finds(&w32(&source("", "v_not_b32 v7, v6\nbad: global_store_b32 v0, v7, s[0:1]")), &[("uninit-vgpr", "bad")]);
    clean(&w32(&source("v_mov_b32 v5, 1", "global_store_b32 v0, v6, s[0:1]")));
    // A callee may save a register of its caller that was never written.
    clean(&w32(&source("", "v_mov_b32 v7, v6")));
    // Scratch itself starts undefined.
    let f = finds(
        &w32("
         scratch_load_b32 v6, off, off offset:8
         s_waitcnt vmcnt(0)
         v_not_b32 v7, v6
        bad: global_store_b32 v0, v7, s[0:1]"),
        &[("uninit-scratch", "bad")],
    );
    assert_eq!(f[0].other.as_ref().unwrap().instruction, "scratch_load_b32 v6, off, off offset:8");
    // Less than a dword goes byte by byte.
    let byte = |offset: u32, op: &str| {
        format!(
            " v_mov_b32 v5, 1
             scratch_store_b8 off, v5, off
             scratch_load_{op} v6, off, off offset:{offset}
             s_waitcnt vmcnt(0)"
        )
    };
    clean(&w32(&shown(&byte(0, "i8"), "v6")));
    finds(&w32(&shown(&byte(1, "i8"), "v6")), &[("uninit-scratch", "bad")]);
    finds(&w32(&shown(&byte(0, "b32"), "v6")), &[]);
    clean(&w32(&shown(&(byte(0, "b32") + "\n v_and_b32 v6, 0xff, v6"), "v6")));
}

#[test]
fn registers_beyond_the_allocation() {
    let f = finds(&w32("bad: v_mov_b32 v40, v0"), &[("vgpr-range", "bad")]);
    assert_eq!((f[0].register.as_deref(), f[0].detail.as_str()), (Some("v40"), "the wave has 32 VGPRs"));
    clean(&w32(" v_mov_b32 v31, v0"));
}

#[test]
fn a_load_that_was_not_waited_for() {
    let source = |wait: &str| {
        format!(
            "v_lshlrev_b32 v1, 2, v0
            load: global_load_b32 v2, v1, s[0:1]
             {wait}
            bad: v_add_nc_u32 v3, 1, v2"
        )
    };
    let f = finds(&w32(&source("")), &[("wait-read", "bad")]);
    assert_eq!((f[0].register.as_deref(), f[0].detail.as_str()), (Some("v2"), "vmcnt was not waited for"));
    assert_eq!(f[0].other.as_ref().unwrap().instruction, "global_load_b32 v2, v1, s[0:1]");
    // It is told once, and all registers at once.
    let twice = "global_load_b32 v4, v1, s[0:1]\n v_nop\nbad: v_add_nc_u32 v3, v4, v2\n v_add_nc_u32 v3, v4, v2\n";
    let f = finds(&w32(&source(twice).replace("bad: v_add_nc_u32 v3, 1, v2", "")), &[("wait-read", "bad")]);
    assert_eq!(f[0].register.as_deref(), Some("v2, v4"));
    // The wrong counter, and a wait that lets one go on.
    finds(&w32(&source("s_waitcnt lgkmcnt(0)")), &[("wait-read", "bad")]);
    finds(&w32(&source("s_waitcnt vmcnt(1)")), &[("wait-read", "bad")]);
    clean(&w32(&source("s_waitcnt vmcnt(0)")));
    clean(&w32(&source("s_waitcnt_vmcnt null, 0x0")));
}

#[test]
fn loads_keep_their_order() {
    let source = |n: u32| {
        format!(
            "v_lshlrev_b32 v1, 2, v0
             global_load_b32 v2, v1, s[0:1]
             global_load_b32 v3, v1, s[0:1] offset:64
             s_waitcnt vmcnt({n})
            bad: v_not_b32 v4, v2
             s_waitcnt vmcnt(0)
             v_not_b32 v4, v3"
        )
    };
    finds(&w32(&source(2)), &[("wait-read", "bad")]);
    clean(&w32(&source(1)));
    let lds = |n: u32, more: &str| {
        format!(
            "v_lshlrev_b32 v1, 2, v0
             ds_store_b32 v1, v0
             ds_load_b32 v2, v1
             {more}
             s_waitcnt lgkmcnt({n})
            bad: v_not_b32 v4, v2
             s_waitcnt lgkmcnt(0)"
        )
    };
    clean(&w32(&lds(1, "ds_load_b32 v3, v1")));
    // A scalar load may come back first: then the wait is for it.
    finds(&w32(&lds(1, "s_load_b32 s8, s[0:1], 0x0")), &[("wait-read", "bad")]);
    clean(&w32(&lds(0, "s_load_b32 s8, s[0:1], 0x0")));
}

#[test]
fn scalar_loads_keep_none() {
    let source = |n: u32| {
        format!(
            "s_load_b32 s8, s[0:1], 0x0
             s_load_b32 s9, s[0:1], 0x4
             s_waitcnt lgkmcnt({n})
            bad: s_add_u32 s10, s8, 1
             s_waitcnt lgkmcnt(0)"
        )
    };
    finds(&w32(&source(1)), &[("wait-read", "bad")]);
    clean(&w32(&source(0)));
}

#[test]
fn overwritten_before_the_load_is_back() {
    let source = |wait: &str, what: &str| {
        format!(
            "v_lshlrev_b32 v1, 2, v0
             global_load_b32 v2, v1, s[0:1]
             {wait}
            bad: {what}
             s_waitcnt vmcnt(0) lgkmcnt(0)"
        )
    };
    finds(&w32(&source("", "v_mov_b32 v2, 0")), &[("wait-write", "bad")]);
    clean(&w32(&source("s_waitcnt vmcnt(0)", "v_mov_b32 v2, 0")));
    // Loads of one kind write in order; LDS is another kind.
    clean(&w32(&source("", "global_load_b32 v2, v1, s[2:3]")));
    finds(&w32(&source("ds_store_b32 v1, v0", "ds_load_b32 v2, v1")), &[("wait-write", "bad")]);
    // Stores have read their data when they issue.
    clean(&w32("
         v_lshlrev_b32 v1, 2, v0
         v_mov_b32 v2, 1
         global_store_b32 v1, v2, s[0:1]
         v_mov_b32 v2, 2"));
}

#[test]
fn lanes_that_a_load_leaves_out_are_free() {
    clean(&w32("
         v_lshlrev_b32 v1, 2, v0
         v_cmp_gt_u32 vcc_lo, 4, v0
         s_and_saveexec_b32 s8, vcc_lo
         global_load_b32 v2, v1, s[0:1]
         s_xor_b32 exec_lo, exec_lo, s8
         v_mov_b32 v2, 6
         v_not_b32 v3, v2
         s_mov_b32 exec_lo, s8
         s_waitcnt vmcnt(0)
         v_not_b32 v3, v2"));
}

#[test]
fn flat_loads_count_twice() {
    let source = |wait: &str| {
        format!(
            "v_mov_b32 v1, s0
             v_mov_b32 v2, 0
             flat_load_b32 v3, v[1:2]
             s_waitcnt {wait}
            bad: v_not_b32 v4, v3
             s_waitcnt vmcnt(0) lgkmcnt(0)"
        )
    };
    finds(&w32(&source("vmcnt(0)")), &[("wait-read", "bad")]);
    finds(&w32(&source("lgkmcnt(0)")), &[("wait-read", "bad")]);
    clean(&w32(&source("vmcnt(0) lgkmcnt(0)")));
}

#[test]
fn findings_are_counted_once_per_instruction() {
    let f = finds(
        &w32("
         s_mov_b32 s8, 5
        again:
        bad: global_store_b32 v0, v2, s[0:1]
         s_sub_i32 s8, s8, 1
         s_cmp_lg_u32 s8, 0
         s_cbranch_scc1 again"),
        &[("uninit-vgpr", "bad")],
    );
    assert_eq!((f[0].count, f[0].site.workgroup), (5, [0, 0, 0]));
}
