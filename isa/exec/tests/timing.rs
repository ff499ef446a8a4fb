//! Speed of the interpreter on inner loops; `cargo test --release -p isa-exec --test timing -- --ignored --nocapture`.
mod common;
use common::*;
use isa_exec::*;

fn time(name: &str, on: On, wave: WaveSize, body: &[u32]) {
    // s_sub_u32 s0, s0, 1; s_cmp_lg_u32 s0, 0; s_cbranch_scc1 back; s_endpgm
    let mut w = body.to_vec();
    let back = (-(body.len() as i32) - 3) as u16 as u32;
    w.extend([0x8080_8100 | 0x0080_0000, 0xbf07_8000, 0xbfa2_0000 | back, 0xbfb0_0000]);
    let mut mem = Flat::default();
    mem.add(0x1000, bytes(&w), false, true);
    let loops = if on == On::Interpreter || name.contains("f16") { 20_000 } else { 1_000_000 };
    let sgprs = [loops, 0, 0x3f80_0000, 0];
    let mut p = Program::new(0x1000, wave);
    on.choose(&mut p);
    let t = cpu_seconds();
    let s = run_group(&setup(wave, wave.lanes(), &sgprs), &mut p, &mut mem, &control()).unwrap();
    let sec = cpu_seconds() - t;
    println!(
        "engine emu, {on:?}, {name} {wave:?}: {} wave instructions, {:.1} M/s",
        s.wave_instructions,
        s.wave_instructions as f64 / sec / 1e6
    );
}

#[test]
#[ignore = "timing"]
fn wave_instructions_per_second() {
    let engines: Vec<On> = [On::Interpreter].into_iter().chain(host_codes().into_iter().map(On::Translated)).collect();
    for (wave, e) in [WaveSize::W32, WaveSize::W64].into_iter().flat_map(|w| engines.iter().map(move |e| (w, *e))) {
        // v_fmac_f32 vK, s2, v1
        let fmac: Vec<u32> = (2..34).map(|k| 0x2b << 25 | k << 17 | 1 << 9 | 2).collect();
        time("v_fmac_f32", e, wave, &fmac);
        // v_fma_f32 vK, s2, v1, vK
        let fma: Vec<u32> = (2..34).flat_map(|k| [0xd613_0000 | k, 2 | 257 << 9 | (256 + k) << 18]).collect();
        time("v_fma_f32", e, wave, &fma);
        // v_add_nc_u32 vK, s2, v1
        let add: Vec<u32> = (2..34).map(|k| 0x25 << 25 | k << 17 | 1 << 9 | 2).collect();
        time("v_add_nc_u32", e, wave, &add);
        // v_cmp_lt_f32 vcc, v1, v2
        let cmp: Vec<u32> = (2..34).map(|k| 0x7c22_0101 | k << 9).collect();
        time("v_cmp_lt_f32", e, wave, &cmp);
        // v_pk_fma_f16 vK, v1, v2, vK
        let pk: Vec<u32> =
            (2..34).flat_map(|k| [0xcc0e_4000 | k, 257 | 258 << 9 | (256 + k) << 18 | 3 << 27]).collect();
        time("v_pk_fma_f16", e, wave, &pk);
    }
}

#[test]
#[ignore = "timing"]
fn memory_instructions_per_second() {
    // Lanes side by side: v1 is four times the lane, v2 sixteen times; s[4:5] memory, s[8:11] a buffer there.
    let sources = [
        "global_load_b32 v3, v1, s[4:5]",
        "global_load_b128 v[4:7], v2, s[4:5]",
        "global_store_b32 v1, v3, s[4:5]",
        "global_store_b128 v2, v[4:7], s[4:5]",
        "buffer_load_b32 v3, v1, s[8:11], 0 offen",
        "buffer_load_b128 v[4:7], v2, s[8:11], 0 offen",
        "buffer_load_format_xyzw v[4:7], v1, s[8:11], 0 offen",
        "scratch_load_b64 v[4:5], off, off",
        "ds_load_b32 v3, v1",
        "ds_load_b128 v[4:7], v2",
        "ds_load_2addr_b32 v[4:5], v1 offset0:1 offset1:2",
        "ds_store_b128 v2, v[4:7]",
        "ds_add_u32 v1, v3",
        "global_atomic_add_u32 v1, v3, s[4:5]",
        "s_load_b128 s[20:23], s[4:5], 0x0",
    ];
    let engines: Vec<On> = [On::Interpreter].into_iter().chain(host_codes().into_iter().map(On::Translated)).collect();
    for (wave, on) in [WaveSize::W32, WaveSize::W64].into_iter().flat_map(|w| engines.iter().map(move |e| (w, *e))) {
        for source in sources {
            let text = format!(
                "v_lshlrev_b32 v1, 2, v0\nv_lshlrev_b32 v2, 4, v0\nv_mov_b32 v3, 0\nback:\n{}s_sub_u32 s0, s0, 1\n\
                 s_cmp_lg_u32 s0, 0\ns_cbranch_scc1 back\ns_endpgm\n",
                format!("{source}\n").repeat(32)
            );
            let options = isa::asm::Options { target: wave.into(), ..Default::default() };
            let code = isa::asm::assemble(&text, "timing.s", &options).expect("the source").text().to_vec();
            let mut mem = Flat::default();
            mem.add(0x1000, [code, vec![0; 64]].concat(), false, true);
            mem.add(0x10_0000, vec![0; 4096], true, false);
            let mut sgprs = [0; 16];
            (sgprs[0], sgprs[4]) = (if on == On::Interpreter { 3_000 } else { 100_000 }, 0x10_0000);
            sgprs[8..12].copy_from_slice(&[0x10_0000, 0, 4096, 3 << 28 | 42 << 12 | 0xfac]);
            let mut s = setup(wave, wave.lanes(), &sgprs);
            (s.lds_bytes, s.scratch_base, s.scratch_wave_bytes) = (4096, 0x10_0000, 1024);
            let mut p = Program::new(0x1000, wave);
            on.choose(&mut p);
            let t = cpu_seconds();
            let stats = run_group(&s, &mut p, &mut mem, &control()).expect("a run without faults");
            let rate = stats.wave_instructions as f64 / (cpu_seconds() - t) / 1e6;
            println!("engine emu, {on:?}, {source} {wave:?}: {rate:.1} M/s");
        }
    }
}

/// Registers of the kinds below: numbers of common size as f16 pairs, as f32 and as the high half of f64.
fn prologue(wave: WaveSize) -> Option<Vec<u32>> {
    let line = |k: u32| format!("v_add_nc_u32_e32 v{k}, {:#x}, v0\n", 0x3c01_4100 + 0x13_0107 * (k % 16));
    assemble(&(1..56).map(line).collect::<String>(), wave)
}

/// The best of three runs of some 50 ms, in wave instructions per second.
fn rate(on: On, wave: WaveSize, before: &[u32], body: &[u32]) -> f64 {
    let back = (-(body.len() as i32) - 3) as u16 as u32;
    let code = [before, body, &[0x8080_8100 | 0x0080_0000, 0xbf07_8000, 0xbfa2_0000 | back, 0xbfb0_0000]].concat();
    let once = |loops: u32| {
        let mut mem = Flat::default();
        mem.add(0x1000, bytes(&code), false, true);
        let mut p = Program::new(0x1000, wave);
        on.choose(&mut p);
        let t = cpu_seconds();
        let s = run_group(&setup(wave, wave.lanes(), &[loops, 0, 0x3f80_0000, 0]), &mut p, &mut mem, &control());
        (s.expect("a run without faults").wave_instructions as f64, cpu_seconds() - t)
    };
    // The clock may tick in steps of some milliseconds.
    let mut loops = 500;
    while once(loops).1 < 0.02 && loops < 500_000 {
        loops *= 2;
    }
    let rates = (0..3).map(|_| once(2 * loops)).map(|(n, t)| n / t.max(1e-3));
    rates.fold(0.0, f64::max)
}

/// One instruction of each kind, with modifiers too, on both engines; needs llvm-mc. `TIMING_ONLY` chooses those whose
/// text contains a word.
#[test]
#[ignore = "timing"]
fn every_kind_of_instruction() {
    let only = std::env::var("TIMING_ONLY").unwrap_or_default();
    for wave in [WaveSize::W32, WaveSize::W64] {
        let Some(before) = prologue(wave) else { return };
        for text in KINDS.iter().filter(|t| t.contains(&only)) {
            let text = if wave == WaveSize::W64 { text.replace("vcc_lo", "vcc") } else { text.to_string() };
            let text = if wave == WaveSize::W64 { text.replace("v[30:37]", "v[30:33]") } else { text };
            let text = if wave == WaveSize::W64 { text.replace("s6,", "s[6:7],") } else { text };
            if wave == WaveSize::W64 && text.contains("v_dual") {
                continue;
            }
            let Some(one) = assemble(&text, wave) else { return };
            let body = one.repeat(32);
            let best = host_codes().pop().map(On::Translated);
            let [i, t] =
                [On::Interpreter, best.unwrap_or(On::Interpreter)].map(|e| rate(e, wave, &before, &body) / 1e6);
            println!("engine emu, {wave:?} {text}: interpreted {i:.1} M/s, translated {t:.1} M/s");
        }
    }
}

const KINDS: &[&str] = &[
    "v_fma_f32 v5, v1, v2, v3",
    "v_fma_f32 v5, -v1, |v2|, v5",
    "v_fma_f32 v5, v1, v2, v3 clamp",
    "v_add_f32_dpp v5, v1, v2 row_shr:1 row_mask:0xf bank_mask:0xf",
    "v_add_f32_dpp v5, v1, v2 row_ror:8 row_mask:0xf bank_mask:0xf bound_ctrl:1",
    "v_mov_b32_dpp v5, v1 quad_perm:[1,0,3,2] row_mask:0xf bank_mask:0xf",
    "v_mov_b32_dpp v5, v1 dpp8:[7,6,5,4,3,2,1,0]",
    "v_permlane16_b32 v5, v1, s4, s5",
    "v_permlanex16_b32 v5, v1, s4, s5",
    "v_mbcnt_lo_u32_b32 v5, -1, v1",
    "v_add_co_u32 v5, vcc_lo, v1, v2",
    "v_cndmask_b32_e32 v5, v1, v2, vcc_lo",
    "v_cmp_gt_u32_e32 vcc_lo, v1, v2",
    "v_cmp_lt_f32_e64 s6, |v1|, v2",
    "v_cmp_lt_f16_e32 vcc_lo, v1, v2",
    "v_cmp_class_f32_e32 vcc_lo, v1, v2",
    "v_mul_lo_u32 v5, v1, v2",
    "v_perm_b32 v5, v1, v2, v3",
    "v_mad_u64_u32 v[6:7], null, v1, v2, v[4:5]",
    "v_mad_i64_i32 v[6:7], null, v1, v2, v[4:5]",
    "v_lshlrev_b64 v[6:7], 3, v[2:3]",
    "v_readlane_b32 s4, v1, 3",
    "v_readfirstlane_b32 s4, v1",
    "v_add_f16_e32 v5, v1, v2",
    "v_fma_f16 v5, v1, v2, v3",
    "v_fma_f16 v5, -v1, v2, v3 op_sel:[0,1,0,0]",
    "v_max_f16_e32 v5, v1, v2",
    "v_pk_add_f16 v5, v1, v2",
    "v_pk_mul_f16 v5, v1, v2",
    "v_pk_fma_f16 v5, v1, v2, v3",
    "v_pk_fma_f16 v5, v1, v2, v3 op_sel_hi:[0,1,1]",
    "v_pk_max_f16 v5, v1, v2",
    "v_pk_add_u16 v5, v1, v2",
    "v_fma_mix_f32 v5, v1, v2, v3 op_sel_hi:[1,1,0]",
    "v_fma_mixlo_f16 v5, v1, v2, v3 op_sel_hi:[1,1,0]",
    "v_cvt_f16_f32_e32 v5, v1",
    "v_cvt_f32_f16_e32 v5, v1",
    "v_cvt_pk_rtz_f16_f32_e32 v5, v1, v2",
    "v_rcp_f16_e32 v5, v1",
    "v_exp_f16_e32 v5, v1",
    "v_sqrt_f16_e32 v5, v1",
    "v_dot2_f32_f16 v5, v1, v2, v3",
    "v_dot2_f32_bf16 v5, v1, v2, v3",
    "v_dot2_f16_f16 v5, v1, v2, v3",
    "v_dot4_i32_iu8 v5, v1, v2, v3 neg_lo:[1,1,0]",
    "v_dot8_i32_iu4 v5, v1, v2, v3",
    "v_rcp_f32_e32 v5, v1",
    "v_rsq_f32_e32 v5, v1",
    "v_sqrt_f32_e32 v5, v1",
    "v_exp_f32_e32 v5, v1",
    "v_log_f32_e32 v5, v1",
    "v_sin_f32_e32 v5, v1",
    "v_cos_f32_e32 v5, v1",
    "v_fract_f32_e32 v5, v1",
    "v_ldexp_f32 v5, v1, 3",
    "v_frexp_mant_f32_e32 v5, v1",
    "v_frexp_exp_i32_f32_e32 v5, v1",
    "v_div_scale_f32 v5, vcc_lo, v1, v2, v1",
    "v_div_fmas_f32 v5, v1, v2, v3",
    "v_div_fixup_f32 v5, v1, v2, v3",
    "v_add_f64 v[6:7], v[2:3], v[4:5]",
    "v_mul_f64 v[6:7], v[2:3], v[4:5]",
    "v_fma_f64 v[6:7], v[2:3], v[4:5], v[6:7]",
    "v_fma_f64 v[6:7], -v[2:3], v[4:5], v[6:7]",
    "v_max_f64 v[6:7], v[2:3], v[4:5]",
    "v_ldexp_f64 v[6:7], v[2:3], 3",
    "v_cvt_f64_f32_e32 v[6:7], v1",
    "v_cvt_f32_f64_e32 v6, v[2:3]",
    "v_rcp_f64_e32 v[6:7], v[2:3]",
    "v_cmp_lt_f64_e32 vcc_lo, v[2:3], v[4:5]",
    "v_div_scale_f64 v[6:7], vcc_lo, v[2:3], v[4:5], v[2:3]",
    "v_div_fmas_f64 v[6:7], v[2:3], v[4:5], v[8:9]",
    "v_div_fixup_f64 v[6:7], v[2:3], v[4:5], v[8:9]",
    "v_interp_p10_f32 v5, v1, v2, v3",
    "v_wmma_f32_16x16x16_f16 v[30:37], v[10:17], v[20:27], v[30:37]",
    "v_wmma_f32_16x16x16_bf16 v[30:37], v[10:17], v[20:27], v[30:37]",
    "v_wmma_f16_16x16x16_f16 v[30:37], v[10:17], v[20:27], v[30:37]",
    "v_wmma_i32_16x16x16_iu8 v[30:37], v[10:13], v[20:23], v[30:37]",
    "v_wmma_i32_16x16x16_iu4 v[30:37], v[10:11], v[20:21], v[30:37]",
    "v_dual_fmac_f32 v4, v1, v2 :: v_dual_fmac_f32 v5, v3, v7",
];
