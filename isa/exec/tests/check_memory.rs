//! Findings about memory: LDS values, races, alignment and bounds. Each kernel has one fault, its twin none.
mod check_common;
use check_common::*;
use isa_exec::check::{Checker, Finding, Inspector, KindSet, Object, Space};

/// The waves of a group part: wave 0 runs the first text, wave 1 the second; `both` is before that.
fn waves(both: &str, first: &str, second: &str) -> String {
    format!(
        " v_lshlrev_b32 v1, 2, v0
         v_and_b32 v2, 0x7f, v1
         v_readfirstlane_b32 s5, v0
         {both}
         s_cmp_lg_u32 s5, 0
         s_cbranch_scc1 second
         {first}
         s_endpgm
        second:
         {second}"
    )
}

/// The groups part likewise.
fn groups(first: &str, second: &str) -> String {
    format!(
        " v_lshlrev_b32 v1, 2, v0
         v_add_nc_u32 v3, s4, v0
         s_cmp_lg_u32 s4, 0
         s_cbranch_scc1 second
         {first}
         s_endpgm
        second:
         {second}"
    )
}

const TWO: u32 = 64;

#[test]
fn lds_starts_undefined() {
    let source = |store: &str, op: &str| {
        format!(
            " v_lshlrev_b32 v1, 2, v0
             {store}
            bad: {op} offset:64
             s_waitcnt lgkmcnt(0)
             v_cvt_f32_u32 v3, v2
             global_store_b32 v1, v3, s[0:1]"
        )
    };
    let load = "ds_load_b32 v2, v1";
    let f = finds(&w32(&source("", load)), &[("uninit-lds", "bad")]);
    let m = f[0].memory.unwrap();
    assert_eq!((m.space, m.at, f[0].lane, f[0].lanes), (Space::Lds, 64, Some(0), 0xffff_ffff));
    assert_eq!(f[0].other.as_ref().unwrap().instruction, "global_store_b32 v1, v3, s[0:1]");
    clean(&w32(&source("ds_store_b32 v1, v0 offset:64", load)));
    // Byte by byte.
    let bytes = "ds_store_b16 v1, v0 offset:64\n ds_store_b8 v1, v0 offset:66";
    let f = finds(&w32(&source(bytes, load)), &[("uninit-lds", "bad")]);
    assert_eq!(f[0].memory.unwrap().at, 67);
    clean(&w32(&source(bytes, "ds_load_u16 v2, v1")));
    // What is loaded and not used, as the fourth of three, is nobody's business.
    clean(&w32(" v_lshlrev_b32 v1, 2, v0\n ds_load_b32 v2, v1\n s_waitcnt lgkmcnt(0)"));
    // An atomic reads, too, and what it leaves is as good as that.
    let add = "ds_add_rtn_u32 v2, v1, v0";
    finds(&w32(&source("", add)), &[("uninit-lds", "bad")]);
    clean(&w32(&source("ds_store_b32 v1, v0 offset:64", add)));
    let counted = |init: &str| {
        format!(
            " v_lshlrev_b32 v1, 2, v0
             {init}
            bad: ds_add_u32 v1, v0
             ds_load_b32 v2, v1
             s_waitcnt lgkmcnt(0)
             global_store_b32 v1, v2, s[0:1]"
        )
    };
    finds(&w32(&counted("")), &[("uninit-lds", "bad")]);
    clean(&w32(&counted("ds_store_b32 v1, v0")));
    // A register that was never written stays that through LDS.
    finds(
        &w32(&source("ds_store_b32 v1, v9 offset:64", load)
            .replace("bad:", "")
            .replace("global_store", "bad: global_store")),
        &[("uninit-vgpr", "bad")],
    );
    // The second of a pair.
    let pair = |second: &str| {
        format!(
            " v_lshlrev_b32 v1, 2, v0
             ds_store_b32 v1, v0
             {second}
            bad: ds_load_2addr_b32 v[2:3], v1 offset1:32
             s_waitcnt lgkmcnt(0)
             global_store_b64 v1, v[2:3], s[0:1]"
        )
    };
    let f = finds(&w32(&pair("")), &[("uninit-lds", "bad")]);
    assert_eq!((f[0].register.as_deref(), f[0].memory.unwrap().at), (Some("v3"), 128));
    clean(&w32(&pair("ds_store_b32 v1, v0 offset:128")));
}

#[test]
fn lds_read_directly() {
    let source = |store: &str| {
        format!(
            " v_lshlrev_b32 v1, 2, v0
             {store}
             s_waitcnt lgkmcnt(0)
             s_mov_b32 m0, 0x20040
            bad: lds_direct_load v2
             s_waitcnt_expcnt null, 0
             global_store_b32 v1, v2, s[0:1]"
        )
    };
    finds(&w32(&source("")), &[("uninit-lds", "bad")]);
    clean(&w32(&source("ds_store_b32 v1, v0")));
    let f = finds(&w32(&source("ds_store_b32 v1, v0").replace("0x20040", "0x20400")), &[("lds-bounds", "bad")]);
    assert_eq!(f[0].memory.unwrap().at, 1024);
    finds(&w32(&source("ds_store_b32 v1, v0").replace("s_mov_b32 m0, 0x20040", "")), &[("uninit-sgpr", "bad")]);
}

#[test]
fn a_wave_that_ends_before_a_barrier() {
    let source = "
         v_cmp_gt_u32 vcc_lo, 32, v0
         s_cbranch_vccz 2
        bad: s_barrier
         v_nop";
    finds(&w32(source).threads(TWO), &[]);
    let f = finds_among(&w32(source).threads(TWO), KindSet::all(), &[("barrier-ended", "bad")]);
    assert_eq!((f[0].site.wave, f[0].other.as_ref().unwrap().wave), (0, 1));
    finds_among(&w32(" s_barrier").threads(TWO), KindSet::all(), &[]);
}

#[test]
fn waves_race_through_lds_without_a_barrier() {
    let store = "ds_store_b32 v2, v0\n s_waitcnt lgkmcnt(0)";
    let load = "bad: ds_load_b32 v3, v2\n s_waitcnt lgkmcnt(0)";
    let source = waves("", &format!("st: {store}"), load);
    let f = finds(&w32(&source).threads(TWO), &[("race-lds", "bad")]);
    assert_eq!((f[0].site.wave, f[0].memory.unwrap().space), (1, Space::Lds));
    let other = f[0].other.as_ref().unwrap();
    assert_eq!((other.instruction.as_str(), other.wave), ("ds_store_b32 v2, v0", 0));
    assert!(f[0].detail.contains("no barrier") && f[0].hint().contains("barrier"));
    clean(&w32(&waves("", &format!("{store}\n s_barrier"), &format!("s_barrier\n {load}"))).threads(TWO));
    // Two loads are no race; neither are two atomics.
    let init = " ds_store_b32 v1, v0\n s_waitcnt lgkmcnt(0)\n s_barrier\n";
    clean(&w32(&waves(init, load, load.trim_start_matches("bad:"))).threads(TWO));
    let add = "ds_add_u32 v2, v0\n s_waitcnt lgkmcnt(0)";
    clean(&w32(&waves(init, add, add)).threads(TWO));
    // An atomic and a plain store are one.
    finds(&w32(&waves(init, add, "bad: ds_store_b32 v2, v0")).threads(TWO), &[("race-lds", "bad")]);
}

#[test]
fn a_write_after_another_waves_read() {
    let init = " ds_store_b32 v1, v0\n s_waitcnt lgkmcnt(0)\n s_barrier\n";
    let load = "ds_load_b32 v3, v2\n s_waitcnt lgkmcnt(0)";
    finds(&w32(&waves(init, load, "bad: ds_store_b32 v2, v0")).threads(TWO), &[("race-lds", "bad")]);
    let source = waves(init, &format!("{load}\n s_barrier"), "s_barrier\n ds_store_b32 v2, v0");
    clean(&w32(&source).threads(TWO));
}

#[test]
fn the_same_value_from_two_waves_is_a_note() {
    let source = waves("v_mov_b32 v4, 7", "ds_store_b32 v2, v4", "bad: ds_store_b32 v2, v4");
    clean(&w32(&source).threads(TWO));
    finds_among(&w32(&source).threads(TWO), KindSet::all(), &[("race-lds-same", "bad")]);
    let source = waves("", "ds_store_b32 v2, v0", "bad: ds_store_b32 v2, v0");
    finds(&w32(&source).threads(TWO), &[("race-lds", "bad")]);
}

#[test]
fn a_barrier_without_a_wait() {
    let source = |wait: &str| {
        waves("", &format!("ds_store_b32 v2, v0\n {wait}\n s_barrier"), "s_barrier\nbad: ds_load_b32 v3, v2\n")
    };
    finds_among(&w32(&source("")).threads(TWO), KindSet::all(), &[("race-lds-unwaited", "bad")]);
    finds_among(&w32(&source("s_waitcnt lgkmcnt(0)")).threads(TWO), KindSet::all(), &[]);
    // In memory nothing but the wait makes an order.
    let source = |wait: &str| {
        waves(
            "",
            &format!("global_store_b32 v2, v0, s[2:3]\n {wait}\n s_barrier"),
            "s_barrier\nbad: global_load_b32 v3, v2, s[2:3]",
        )
    };
    let f = finds(&w32(&source("s_waitcnt vmcnt(0)")).threads(TWO), &[("race-waves", "bad")]);
    assert!(f[0].detail.contains("not waited for"));
    clean(&w32(&source("s_waitcnt_vscnt null, 0x0")).threads(TWO));
}

#[test]
fn waves_race_through_memory() {
    let source = waves("", "global_store_b32 v2, v0, s[2:3]", "bad: global_load_b32 v3, v2, s[2:3]");
    let f = finds(&w32(&source).threads(TWO), &[("race-waves", "bad")]);
    assert_eq!(f[0].memory.unwrap().at, Y);
    // The same bytes only: neighbours within a dword are apart.
    let half = waves("", "global_store_b16 v2, v0, s[2:3]", "global_store_b16 v2, v0, s[2:3] offset:2");
    clean(&w32(&half).threads(TWO));
    let half = waves("", "global_store_b16 v2, v0, s[2:3]", "bad: global_store_b16 v2, v0, s[2:3] offset:1");
    finds(&w32(&half).threads(TWO), &[("race-waves", "bad")]);
}

#[test]
fn groups_race_through_memory() {
    let source = groups("global_store_b32 v1, v3, s[2:3]", "bad: global_store_b32 v1, v3, s[2:3]");
    let f = finds(&w32(&source).groups(2), &[("race-groups", "bad")]);
    let other = f[0].other.as_ref().unwrap();
    assert_eq!((f[0].site.workgroup, other.workgroup), ([1, 0, 0], [0, 0, 0]));
    assert_eq!(f[0].count, 32);
    // A range of its own for each.
    clean(&w32(&groups("global_store_b32 v1, v3, s[2:3]", "global_store_b32 v1, v3, s[2:3] offset:128")).groups(2));
    let source = groups("global_store_b32 v1, v3, s[2:3]", "bad: s_load_b32 s8, s[2:3], 0x0");
    finds(&w32(&source).groups(2), &[("race-groups", "bad")]);
    // The same value is a note.
    let source = groups("global_store_b32 v1, v0, s[2:3]", "bad: global_store_b32 v1, v0, s[2:3]");
    clean(&w32(&source).groups(2));
    finds_among(&w32(&source).groups(2), KindSet::all(), &[("race-same", "bad")]);
    let add = "global_atomic_add_u32 v1, v0, s[2:3]";
    clean(&w32(&groups(add, add)).groups(2));
    let source = groups("global_store_b32 v1, v3, s[2:3]", &format!("bad: {add}"));
    finds(&w32(&source).groups(2), &[("race-atomic", "bad")]);
}

#[test]
fn atomics_order_what_was_waited_for() {
    // Lane 0 publishes at Y what all lanes stored at Y + 256.
    let source = |wait: &str, publish: &str, read: &str| {
        groups(
            &format!(
                "global_store_b32 v1, v3, s[2:3] offset:256
                 {wait}
                 v_mov_b32 v5, 1
                 s_mov_b32 exec_lo, 1
                 {publish}"
            ),
            &format!(
                "v_mov_b32 v5, 0
                 {read}
                 s_waitcnt vmcnt(0)
                bad: global_load_b32 v7, v1, s[2:3] offset:256"
            ),
        )
    };
    let wait = "s_waitcnt_vscnt null, 0x0";
    let (swap, poll) = ("global_atomic_swap_b32 v1, v5, s[2:3]", "global_atomic_or_b32 v6, v1, v5, s[2:3] glc");
    clean(&w32(&source(wait, swap, poll)).groups(2));
    finds(&w32(&source("", swap, poll)).groups(2), &[("race-groups", "bad")]);
    // A plain store as flag, polled with GLC.
    let (store, load) = ("global_store_b32 v1, v5, s[2:3]", "global_load_b32 v6, v1, s[2:3] glc");
    clean(&w32(&source(wait, store, load)).groups(2));
    // An atomic that returns nothing learns nothing.
    finds(&w32(&source(wait, swap, "global_atomic_or_b32 v1, v5, s[2:3]")).groups(2), &[("race-groups", "bad")]);
}

#[test]
fn one_wave_publishes_for_its_group() {
    // All waves store, pass a barrier, and wave 0 counts the group in; the second group's wave 0 looks, and after its barrier
    // all waves load.
    let source = |barrier: &str| {
        let wave0 = |text: &str| {
            format!(
                "s_cmp_lg_u32 s5, 0
                 s_cbranch_scc1 1f
                 {text}
                1:"
            )
        };
        let first = format!(
            "global_store_b32 v1, v3, s[2:3] offset:256
             s_waitcnt_vscnt null, 0x0
             {barrier}
             {}",
            wave0("global_atomic_add_u32 v8, v9, s[2:3]")
        );
        let second = format!(
            "{}
             s_barrier
            bad: global_load_b32 v7, v1, s[2:3] offset:256",
            wave0("global_atomic_or_b32 v6, v8, v8, s[2:3] glc\n s_waitcnt vmcnt(0)")
                .replace("1f", "2f")
                .replace("1:", "2:")
        );
        format!(" v_readfirstlane_b32 s5, v0\n v_mov_b32 v8, 0\n v_mov_b32 v9, 1\n{}", groups(&first, &second))
    };
    clean(&w32(&source("s_barrier")).threads(TWO).groups(2));
    finds(&w32(&source("")).threads(TWO).groups(2), &[("race-groups", "bad")]);
}

#[test]
fn addresses_must_be_aligned() {
    let source = |op: &str, offset: u32| {
        format!(
            " v_lshlrev_b32 v1, 2, v0
             ds_store_b32 v1, v0
             ds_store_b32 v1, v0 offset:128
            bad: {op} offset:{offset}
             s_waitcnt vmcnt(0) lgkmcnt(0)"
        )
    };
    let add = "global_atomic_add_u32 v1, v0, s[2:3]";
    let f = finds(&w32(&source(add, 2)), &[("misaligned-atomic", "bad")]);
    assert_eq!(f[0].memory.unwrap().at, Y + 2);
    clean(&w32(&source(add, 4)));
    let load = "ds_load_b32 v2, v1";
    finds(&w32(&source(load, 1)), &[("misaligned-lds", "bad")]);
    clean(&w32(&source(load, 4)));
    clean(&w32(&source("ds_load_u8 v2, v1", 1)));
    let load = "global_load_b32 v2, v1, s[2:3]";
    clean(&w32(&source(load, 1)));
    finds_among(&w32(&source(load, 1)), KindSet::all(), &[("misaligned-split", "bad")]);
    finds(&w32("bad: s_load_b32 s8, s[0:1], 0x2\n s_waitcnt lgkmcnt(0)"), &[("misaligned-scalar", "bad")]);
    clean(&w32(" s_load_b32 s8, s[0:1], 0x4\n s_waitcnt lgkmcnt(0)"));
}

#[test]
fn bounds_of_lds_and_of_buffers() {
    let lds = |offset: u32| format!(" v_lshlrev_b32 v1, 2, v0\nbad: ds_store_b32 v1, v0 offset:{offset}");
    let f = finds(&w32(&lds(1024 - 124)), &[("lds-bounds", "bad")]);
    assert_eq!((f[0].lane, f[0].memory.unwrap().at), (Some(31), 1024));
    clean(&w32(&lds(1024 - 128)));
    // The buffer has 1,000 bytes of a page of 4,096.
    let load = |offset: u64| format!(" v_lshlrev_b32 v1, 2, v0\nbad: global_load_b32 v2, v1, s[0:1] offset:{offset}");
    let f = finds(&w32(&load(ASKED - 120)), &[("out-of-bounds", "bad")]);
    assert_eq!((f[0].lane, f[0].memory.unwrap().at, f[0].count), (Some(30), X + ASKED, 2));
    assert_eq!(f[0].detail, "4 bytes past the end of the buffer at 0x100000 of 1000 bytes, at its offset 1000");
    clean(&w32(&load(ASKED - 128)));
}

/// Findings of a kernel whose buffers have names and whose LDS is declared.
fn told(source: &str, lds: u32) -> Vec<Finding> {
    let mut checker = Checker::default();
    checker.set_lds_bytes(lds);
    checker.name_object(Object { va: X, bytes: 4096 }, "argument 0 (x)".into());
    checker.name_object(Object { va: Y, bytes: 4096 }, "argument 1 (y)".into());
    let mut all = Inspector::new(Some(checker), None, None);
    let _ = observe(&w32(source), &mut all);
    all.checker.unwrap().findings().to_vec()
}

#[test]
fn accesses_beside_a_buffer_name_it() {
    let load = |op: &str, offset: &str| format!(" v_lshlrev_b32 v1, 2, v0\n {op} offset:{offset}\n s_waitcnt vmcnt(0)");
    let detail = |source: &str| {
        let f = told(source, 1024);
        assert_eq!(f.iter().map(Finding::code).collect::<Vec<_>>(), ["out-of-bounds"], "{source}");
        (f[0].lane.unwrap(), f[0].detail.clone())
    };
    // Nothing is mapped beside them: the access faults, and is found all the same.
    let past = detail(&load("global_load_b32 v2, v1, s[2:3]", "3972"));
    assert_eq!(past, (31, "4 bytes past the end of argument 1 (y) of 4096 bytes, at its offset 4096".into()));
    let before = detail(&load("global_store_b32 v1, v0, s[0:1]", "-4"));
    assert_eq!(before, (0, "4 bytes before the start of argument 0 (x) of 4096 bytes".into()));
    let wide = detail(&load("global_load_b64 v[2:3], v1, s[0:1]", "3968"));
    assert_eq!(wide, (31, "4 bytes past the end of argument 0 (x) of 4096 bytes, at its offset 4092".into()));
    assert!(told(&load("global_load_b32 v2, v1, s[0:1]", "3968"), 1024).is_empty());
}

#[test]
fn lds_ends_where_the_kernel_says() {
    let source = " v_lshlrev_b32 v1, 2, v0\n ds_store_b32 v1, v0 offset:4";
    let f = told(source, 128);
    assert_eq!((f.len(), f[0].code(), f[0].lane), (1, "lds-bounds", Some(31)));
    assert_eq!(f[0].detail, "the group has 128 bytes of LDS");
    assert!(told(source, 132).is_empty());
}
