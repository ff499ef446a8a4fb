//! Findings about registers: each kernel has one fault, its twin none.
mod check_common;
use check_common::*;

#[test]
fn a_vgpr_that_nothing_was_written_to() {
    let f = finds(
        &w32("
         v_lshlrev_b32 v1, 2, v0
        bad: v_add_nc_u32 v2, v1, v3
         global_store_b32 v1, v2, s[0:1]"),
        &[("uninit-vgpr", "bad")],
    );
    assert_eq!((f[0].register.as_deref(), f[0].lane, f[0].lanes), (Some("v3"), Some(0), 0xffff_ffff));
    assert_eq!(f[0].site.instruction, "v_add_nc_u32_e32 v2, v1, v3");
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
        bad: v_add_nc_u32 v2, 1, v1"),
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
         v_add_nc_u32 v2, 1, v1"));
}

#[test]
fn the_half_that_a_16_bit_result_leaves() {
    let f = finds(
        &w32("
         v_cvt_f16_f32 v1, 1.0
        bad: v_add_nc_u32 v2, 1, v1"),
        &[("uninit-vgpr", "bad")],
    );
    assert_eq!(f[0].detail.split(';').next(), Some("the upper half lacks"));
    clean(&w32("
         v_cvt_f16_f32 v1, 1.0
         v_cvt_f32_f16 v2, v1
         v_and_b32 v3, 0xffff, v1
         v_lshlrev_b32 v4, 16, v1
         v_pack_b32_f16 v5, v1, v1
         v_add_nc_u32 v6, v5, v3
         v_lshlrev_b32 v7, 2, v0
         global_store_b16 v7, v1, s[0:1]"));
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
         v_add_nc_u32 v9, v7, v5"));
    finds(&w32(" v_cvt_f16_f32 v1, 1.0\nbad: v_bfe_u32 v2, v1, 8, 16"), &[("uninit-vgpr", "bad")]);
    // The low result of a multiply-add does not see the addend's upper half; the high one is as good as that.
    clean(&w32(" v_mov_b32 v2, 0\n v_mad_u64_u32 v[4:5], null, v0, v0, v[2:3]\n v_not_b32 v6, v4"));
    finds(
        &w32(" v_mov_b32 v2, 0\n v_mad_u64_u32 v[4:5], null, v0, v0, v[2:3]\nbad: v_not_b32 v6, v5"),
        &[("uninit-vgpr", "bad")],
    );
}

#[test]
fn a_load_of_one_half() {
    finds(
        &w32("
         v_lshlrev_b32 v1, 2, v0
         global_load_d16_b16 v2, v1, s[0:1]
         s_waitcnt vmcnt(0)
        bad: v_not_b32 v3, v2"),
        &[("uninit-vgpr", "bad")],
    );
    clean(&w32("
         v_lshlrev_b32 v1, 2, v0
         global_load_d16_b16 v2, v1, s[0:1]
         global_load_d16_hi_b16 v2, v1, s[0:1]
         s_waitcnt vmcnt(0)
         v_not_b32 v3, v2"));
}

#[test]
fn moves_hand_on_what_is_not_written() {
    // Nothing is read but by the last instruction.
    let f = finds(
        &w32("
         v_mov_b32 v1, v9
         v_dual_mov_b32 v2, v1 :: v_dual_mov_b32 v3, v0
         v_swap_b32 v2, v4
        bad: v_not_b32 v5, v4"),
        &[("uninit-vgpr", "bad")],
    );
    assert_eq!(f[0].register.as_deref(), Some("v4"));
    clean(&w32("
         v_mov_b32 v9, v9
         v_xor_b32 v1, v1, v1
         v_sub_nc_u32 v2, v2, v2
         s_xor_b32 s9, s9, s9
         v_add_nc_u32 v3, v1, v2
         v_add_nc_u32 v4, s9, v0"));
}

#[test]
fn a_select_needs_what_it_takes() {
    let source = |limit: &str| {
        format!(
            "v_cmp_gt_u32 vcc_lo, {limit}, v0
             v_cndmask_b32 v1, v7, v0, vcc_lo
            bad: v_not_b32 v2, v1"
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
            bad: s_add_u32 s6, s5, 1"
        )
    };
    let f = finds(&w32(&source(4)), &[("uninit-sgpr", "bad")]);
    assert_eq!(f[0].register.as_deref(), Some("s5"));
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
            bad: v_add_nc_u32_dpp v2, v1, v0 row_shr:1 row_mask:0xf bank_mask:0xf bound_ctrl:1"
        )
    };
    let f = finds(&w32(&source("")), &[("uninit-vgpr", "bad")]);
    // Lanes 15 and 31 are nobody's source.
    assert_eq!(f[0].lanes, 0x7fff_7ff0);
    clean(&w32(&source("v_mov_b32 v1, 0")));
}

#[test]
fn wmma_reads_all_lanes() {
    let source = |init: &str| {
        let mut s = init.to_string();
        for k in 1..25 {
            s += &format!("v_mov_b32 v{k}, 0\n");
        }
        s + " s_mov_b32 exec_lo, -1\n bad: v_wmma_f32_16x16x16_f16 v[17:24], v[1:8], v[9:16], v[17:24]\n"
    };
    let f = finds(&w32(&source(" s_mov_b32 exec_lo, 0xffff\n")), &[("uninit-vgpr", "bad")]);
    assert_eq!(f[0].lanes, 0xffff_0000);
    clean(&w32(&source("")));
}

#[test]
fn scalar_registers_and_implicit_ones() {
    let f = finds(&w32("bad: s_add_u32 s6, s4, s5"), &[("uninit-sgpr", "bad")]);
    assert_eq!(f[0].register.as_deref(), Some("s5"));
    clean(&w32(" s_add_u32 s6, s4, s3"));
    let f = finds(&w32("bad: v_cndmask_b32 v1, v0, v0, vcc_lo"), &[("uninit-sgpr", "bad")]);
    assert_eq!(f[0].register.as_deref(), Some("vcc_lo"));
    clean(&w32(" v_cmp_eq_u32 vcc_lo, 1, v0\n v_cndmask_b32 v1, v0, v0, vcc_lo"));
    // In wave64 the upper half of the mask counts too.
    let f = finds(&w64(" s_mov_b32 vcc_lo, 0\nbad: v_cndmask_b32 v1, v0, v0, vcc"), &[("uninit-sgpr", "bad")]);
    assert_eq!(f[0].register.as_deref(), Some("vcc_hi"));
    let f = finds(&w32("bad: s_cselect_b32 s5, 1, 2"), &[("uninit-sgpr", "bad")]);
    assert_eq!(f[0].register.as_deref(), Some("scc"));
    clean(&w32(" s_cmp_eq_u32 s4, 0\n s_cselect_b32 s5, 1, 2"));
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
    finds(&w32(&source("", "bad: v_not_b32 v7, v6")), &[("uninit-vgpr", "bad")]);
    clean(&w32(&source("v_mov_b32 v5, 1", "v_not_b32 v7, v6")));
    // A callee may save a register of its caller that was never written.
    clean(&w32(&source("", "v_mov_b32 v7, v6")));
    // Scratch itself starts undefined.
    finds(
        &w32("
         scratch_load_b32 v6, off, off offset:8
         s_waitcnt vmcnt(0)
        bad: v_not_b32 v7, v6"),
        &[("uninit-vgpr", "bad")],
    );
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
        bad: v_not_b32 v1, v2
         s_sub_i32 s8, s8, 1
         s_cmp_lg_u32 s8, 0
         s_cbranch_scc1 again")
        .groups(2),
        &[("uninit-vgpr", "bad")],
    );
    assert_eq!((f[0].count, f[0].site.workgroup), (10, [0, 0, 0]));
}
