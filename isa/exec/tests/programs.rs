//! Small programs with results computed here. Their words are checked in, so that they run without LLVM; where
//! llvm-mc 19 is installed the source must still assemble to them.
mod common;
use common::*;
use isa_exec::*;

const SAXPY_W32: &str = r"s_load_b128 s[4:7], s[0:1], 0x0
s_load_b64 s[8:9], s[0:1], 0x10
s_waitcnt lgkmcnt(0)
v_cmp_gt_u32_e32 vcc_lo, s8, v0
s_and_saveexec_b32 s10, vcc_lo
s_cbranch_execz 9
v_lshlrev_b32_e32 v1, 2, v0
global_load_b32 v2, v1, s[4:5]
global_load_b32 v3, v1, s[6:7]
s_waitcnt vmcnt(0)
v_fmac_f32_e32 v3, s9, v2
global_store_b32 v1, v3, s[6:7]
s_endpgm
";
const SAXPY_W32_HEX: &[u32] = &[
    0xf4080100, 0xf8000000, 0xf4040200, 0xf8000010, 0xbf89fc07, 0x7c980008, 0xbe8a206a, 0xbfa50009, 0x30020082,
    0xdc520000, 0x02040001, 0xdc520000, 0x03060001, 0xbf8903f7, 0x56060409, 0xdc6a0000, 0x00060301, 0xbfb00000,
];
const SAXPY_W64: &str = r"s_load_b128 s[4:7], s[0:1], 0x0
s_load_b64 s[8:9], s[0:1], 0x10
s_waitcnt lgkmcnt(0)
v_cmp_gt_u32_e32 vcc, s8, v0
s_and_saveexec_b64 s[10:11], vcc
s_cbranch_execz 9
v_lshlrev_b32_e32 v1, 2, v0
global_load_b32 v2, v1, s[4:5]
global_load_b32 v3, v1, s[6:7]
s_waitcnt vmcnt(0)
v_fmac_f32_e32 v3, s9, v2
global_store_b32 v1, v3, s[6:7]
s_endpgm
";
const SAXPY_W64_HEX: &[u32] = &[
    0xf4080100, 0xf8000000, 0xf4040200, 0xf8000010, 0xbf89fc07, 0x7c980008, 0xbe8a216a, 0xbfa50009, 0x30020082,
    0xdc520000, 0x02040001, 0xdc520000, 0x03060001, 0xbf8903f7, 0x56060409, 0xdc6a0000, 0x00060301, 0xbfb00000,
];
const REDUCE: &str = r"v_lshlrev_b32_e32 v1, 2, v0
global_load_b32 v2, v1, s[2:3]
s_waitcnt vmcnt(0)
ds_store_b32 v1, v2
s_movk_i32 s6, 0x40
s_waitcnt lgkmcnt(0)
s_barrier
v_cmp_gt_u32_e32 vcc_lo, s6, v0
s_and_saveexec_b32 s7, vcc_lo
s_cbranch_execz 11
s_lshl_b32 s8, s6, 2
v_add_nc_u32_e32 v3, s8, v1
ds_load_b32 v4, v3
ds_load_b32 v2, v1
s_waitcnt lgkmcnt(0)
v_add_nc_u32_e32 v2, v2, v4
ds_store_b32 v1, v2
s_waitcnt lgkmcnt(0)
s_mov_b32 exec_lo, s7
s_lshr_b32 s6, s6, 1
s_cmp_lg_u32 s6, 0
s_barrier
s_cbranch_scc1 65517
v_cmp_eq_u32_e32 vcc_lo, 0, v0
s_and_saveexec_b32 s7, vcc_lo
v_mov_b32_e32 v5, 0
ds_load_b32 v2, v5
s_waitcnt lgkmcnt(0)
global_store_b32 v5, v2, s[4:5]
s_endpgm
";
const REDUCE_HEX: &[u32] = &[
    0x30020082, 0xdc520000, 0x02020001, 0xbf8903f7, 0xd8340000, 0x00000201, 0xb0060040, 0xbf89fc07, 0xbfbd0000,
    0x7c980006, 0xbe87206a, 0xbfa5000b, 0x84088206, 0x4a060208, 0xd8d80000, 0x04000003, 0xd8d80000, 0x02000001,
    0xbf89fc07, 0x4a040902, 0xd8340000, 0x00000201, 0xbf89fc07, 0xbefe0007, 0x85068106, 0xbf078006, 0xbfbd0000,
    0xbfa2ffed, 0x7c940080, 0xbe87206a, 0x7e0a0280, 0xd8d80000, 0x02000005, 0xbf89fc07, 0xdc6a0000, 0x00040205,
    0xbfb00000,
];
const VOPD: &str = r"v_lshlrev_b32_e32 v1, 2, v0
v_add_nc_u32_e32 v2, 0x64, v0
v_add_nc_u32_e32 v3, 0x3e8, v0
v_dual_mov_b32 v2, v3 :: v_dual_mov_b32 v3, v2
global_store_b32 v1, v2, s[4:5]
global_store_b32 v1, v3, s[4:5] offset:128
s_endpgm
";
const VOPD_HEX: &[u32] = &[
    0x30020082, 0x4a0400ff, 0x00000064, 0x4a0600ff, 0x000003e8, 0xca100103, 0x02020102, 0xdc6a0000, 0x00040201,
    0xdc6a0080, 0x00040301, 0xbfb00000,
];
const BUFFER: &str = r"v_lshlrev_b32_e32 v1, 2, v0
buffer_load_b32 v2, v1, s[8:11], 0 offen
s_waitcnt vmcnt(0)
global_store_b32 v1, v2, s[4:5]
v_mov_b32_e32 v3, 0x55
buffer_store_b32 v3, v1, s[8:11], 0 offen
s_endpgm
";
const BUFFER_HEX: &[u32] = &[
    0x30020082, 0xe0500000, 0x80420201, 0xbf8903f7, 0xdc6a0000, 0x00040201, 0x7e0602ff, 0x00000055, 0xe0680000,
    0x80420301, 0xbfb00000,
];
const FAULT: &str = r"v_mov_b32_e32 v1, 0
v_lshlrev_b32_e32 v2, 2, v0
global_store_b32 v2, v1, s[4:5]
s_endpgm
";
const FAULT_HEX: &[u32] = &[0x7e020280, 0x30040082, 0xdc6a0000, 0x00040102, 0xbfb00000];
const LOOP: &str = r"s_branch 65535
s_endpgm
";
const LOOP_HEX: &[u32] = &[0xbfa0ffff, 0xbfb00000];

const CODE: u64 = 0x1000;
const X: u64 = 0x10_0000;
const Y: u64 = 0x20_0000;
const ARGS: u64 = 0x30_0000;

fn memory(code: &[u32]) -> Flat {
    let mut m = Flat::default();
    m.add(CODE, bytes(code), false, true);
    m
}

fn go(s: &GroupSetup<'_>, m: &mut Flat) -> Result<Stats, Trap> {
    run_group(s, &mut Program::new(CODE, s.wave_size), m, &control())
}

#[test]
fn words_are_what_llvm_assembles() {
    for (source, hex, wave) in [
        (SAXPY_W32, SAXPY_W32_HEX, WaveSize::W32),
        (SAXPY_W64, SAXPY_W64_HEX, WaveSize::W64),
        (REDUCE, REDUCE_HEX, WaveSize::W32),
        (VOPD, VOPD_HEX, WaveSize::W32),
        (BUFFER, BUFFER_HEX, WaveSize::W32),
        (FAULT, FAULT_HEX, WaveSize::W32),
        (LOOP, LOOP_HEX, WaveSize::W32),
    ] {
        let Some(w) = assemble(source, wave) else { return };
        assert_eq!(w, hex, "{source}");
    }
}

#[test]
fn saxpy_leaves_what_lies_beyond_n() {
    for (code, wave) in [(SAXPY_W32_HEX, WaveSize::W32), (SAXPY_W64_HEX, WaveSize::W64)] {
        let n = 100usize;
        let a = 1.1f32;
        let x: Vec<f32> = (0..128).map(|k| k as f32 * 0.37 - 5.0).collect();
        let y: Vec<f32> = (0..128).map(|k| 1.0 / (k as f32 + 1.0)).collect();
        let mut m = memory(code);
        m.add(X, x.iter().flat_map(|v| v.to_le_bytes()).collect(), false, false);
        m.add(Y, y.iter().flat_map(|v| v.to_le_bytes()).collect(), true, false);
        let mut args = [X.to_le_bytes(), Y.to_le_bytes()].concat();
        args.extend((n as u32).to_le_bytes());
        args.extend(a.to_le_bytes());
        m.add(ARGS, args, false, false);
        let sgprs = [ARGS as u32, (ARGS >> 32) as u32];
        let s = go(&setup(wave, 128, &sgprs), &mut m).unwrap();
        assert_eq!(s.waves, 128 / wave.lanes() as u64);
        for (k, got) in m.f32s(Y).into_iter().enumerate() {
            // The exact sum in f64 rounds once: what a fused multiply-add gives.
            let want = if k < n { (a as f64 * x[k] as f64 + y[k] as f64) as f32 } else { y[k] };
            assert_eq!(got, want, "{wave:?} element {k}");
        }
    }
}

#[test]
fn four_waves_reduce_through_lds() {
    let x: Vec<u32> = (0u32..128).map(|k| (k * k).wrapping_mul(2_654_435).wrapping_add(17)).collect();
    let mut m = memory(REDUCE_HEX);
    m.add(X, bytes(&x), false, false);
    m.add(Y, vec![0; 4], true, false);
    let sgprs = [0, 0, X as u32, 0, Y as u32, 0];
    let mut s = setup(WaveSize::W32, 128, &sgprs);
    s.lds_bytes = 512;
    let stats = go(&s, &mut m).unwrap();
    assert_eq!(stats.waves, 4);
    assert_eq!(m.u32s(Y), [x.iter().fold(0u32, |t, v| t.wrapping_add(*v))]);
}

#[test]
fn both_halves_of_a_pair_read_before_either_writes() {
    let mut m = memory(VOPD_HEX);
    m.add(Y, vec![0; 256], true, false);
    let sgprs = [0, 0, 0, 0, Y as u32, 0];
    go(&setup(WaveSize::W32, 32, &sgprs), &mut m).unwrap();
    let want: Vec<u32> = (0..32).map(|k| 1000 + k).chain((0..32).map(|k| 100 + k)).collect();
    assert_eq!(m.u32s(Y), want);
}

#[test]
fn buffer_accesses_out_of_range_read_zero_and_store_nothing() {
    let mut m = memory(BUFFER_HEX);
    m.add(X, bytes(&[7; 16]), true, false);
    m.add(Y, vec![0xee; 128], true, false);
    // 32 bytes of raw buffer, OOB_SELECT 3, 32_UINT: the memory goes on behind it.
    let sgprs = [0, 0, 0, 0, Y as u32, 0, 0, 0, X as u32, 0, 32, 0x3001_4000];
    go(&setup(WaveSize::W32, 32, &sgprs), &mut m).unwrap();
    let want: Vec<u32> = (0..32).map(|k| if k < 8 { 7 } else { 0 }).collect();
    assert_eq!(m.u32s(Y), want);
    let want: Vec<u32> = (0..16).map(|k| if k < 8 { 0x55 } else { 7 }).collect();
    assert_eq!(m.u32s(X), want);
}

#[test]
fn a_fault_names_address_wave_lane_and_instruction() {
    let mut m = memory(FAULT_HEX);
    m.add(Y, vec![0; 4 * 40], true, false);
    let sgprs = [0, 0, 0, 0, Y as u32, 0];
    let mut s = setup(WaveSize::W32, 64, &sgprs);
    s.workgroup = [3, 1, 0];
    let t = go(&s, &mut m).unwrap_err();
    assert_eq!(t.code(), "memory-fault");
    assert_eq!((t.wave, t.lane, t.pc), (1, Some(8), CODE + 8));
    assert_eq!(
        t.to_string(),
        "memory fault: write at 0x2000a0: nothing is mapped there; pc 0x1008, wave 1, workgroup (3, 1, 0), lane 8, in \
         `global_store_b32 v2, v1, s[4:5]`"
    );
}

#[test]
fn an_endless_loop_is_stopped() {
    let s = setup(WaveSize::W32, 32, &[]);
    let mut p = Program::new(CODE, WaveSize::W32);
    let c = Control { stop: &|| true, max_instructions: None };
    let t = run_group(&s, &mut p, &mut memory(LOOP_HEX), &c).unwrap_err();
    assert_eq!(t.kind, TrapKind::Killed);
    let c = Control { stop: &|| false, max_instructions: Some(10_000) };
    let t = run_group(&s, &mut p, &mut memory(LOOP_HEX), &c).unwrap_err();
    assert_eq!(t.kind, TrapKind::BudgetExceeded { limit: 10_000 });
}

#[test]
fn words_that_are_no_instruction_trap() {
    let t = go(&setup(WaveSize::W32, 32, &[]), &mut memory(&[0xbf80_0000, 0xffff_ffff])).unwrap_err();
    assert_eq!(t.pc, CODE + 4);
    assert!(matches!(t.kind, TrapKind::IllegalInstruction { ref words, .. } if words[0] == 0xffff_ffff), "{t}");
    let t = go(&setup(WaveSize::W32, 32, &[]), &mut memory(&[0xbf80_0000])).unwrap_err();
    assert!(matches!(t.kind, TrapKind::MemFault(MemFault { access: Access::Fetch, .. })), "{t}");
}

#[test]
fn a_group_runs_in_pieces_and_shows_its_waves() {
    let s = setup(WaveSize::W32, 64, &[5, 6]);
    let mut p = Program::new(CODE, WaveSize::W32);
    let mut g = Group::new(&s, &p);
    let mut m = memory(LOOP_HEX);
    for k in 1..4 {
        assert_eq!(g.run(&mut p, &mut m, &control(), 1000).unwrap(), Progress::Yielded);
        assert!(g.stats().wave_instructions >= 1000 * k);
    }
    let w = g.waves();
    assert_eq!(w.len(), 2);
    assert_eq!((w[1].wave, w[1].pc, w[1].exec, w[1].status), (1, CODE, 0xffff_ffff, WaveStatus::Running));
    assert_eq!(w[1].sgprs[..2], [5, 6]);
    assert_eq!(g.vgpr(1, 0)[..2], [32, 33]);
}

#[test]
fn changed_code_is_decoded_anew() {
    // s_nop 0; s_endpgm, then s_trap 3; s_endpgm at the same address.
    let s = setup(WaveSize::W32, 32, &[]);
    let mut p = Program::new(CODE, WaveSize::W32);
    let (mut a, mut b) = (memory(&[0xbf80_0000, 0xbfb0_0000]), memory(&[0xbf90_0003, 0xbfb0_0000]));
    assert_eq!(run_group(&s, &mut p, &mut a, &control()).unwrap().wave_instructions, 2);
    assert!(p.revalidate(&mut a));
    assert!(!p.revalidate(&mut b));
    assert_eq!(run_group(&s, &mut p, &mut b, &control()).unwrap_err().kind, TrapKind::Halted { id: 3 });
}
