//! Registers of instructions, and what is live and waited for; the words are LLVM 19's encodings of the texts.
use isa::analysis::{Flow, Regs, effects, live, waits};
use isa::row::{C_LGKM, C_VM, C_VS};
use isa::{Arch, Target, WaveSize, decode};

fn words(hex: &str) -> Vec<u32> {
    let b: Vec<u8> = (0..hex.len() / 2).map(|k| u8::from_str_radix(&hex[2 * k..2 * k + 2], 16).unwrap()).collect();
    b.chunks(4).map(|c| u32::from_le_bytes(c.try_into().unwrap())).collect()
}

/// `v0 v4-7 s2 vcc scc` for a set.
fn names(r: &Regs) -> String {
    let mut out = Vec::new();
    let mut ranges = |prefix: &str, has: &dyn Fn(u32) -> bool, n: u32| {
        let mut k = 0;
        while k < n {
            let from = k;
            while k < n && has(k) {
                k += 1;
            }
            match k - from {
                0 => {}
                1 => out.push(format!("{prefix}{from}")),
                _ => out.push(format!("{prefix}{from}-{}", k - 1)),
            }
            k += 1;
        }
    };
    ranges("v", &|k| r.has_vgpr(k as u8), 256);
    ranges("s", &|k| r.has_scalar(k as u8), 106);
    for (code, name) in [(106, "vcc"), (107, "vcc_hi"), (125, "m0"), (126, "exec"), (127, "exec_hi")] {
        out.extend(r.has_scalar(code).then(|| name.to_string()));
    }
    out.extend(r.scc.then(|| "scc".to_string()));
    out.join(" ")
}

#[test]
fn effects_are_those_of_the_manual() {
    for (hex, wave, reads, writes, counters) in [
        ("01050656", 32, "v1-3 exec", "v3", 0),     // v_fmac_f32_e32 v3, v1, v2
        ("01050002", 32, "v1-2 vcc exec", "v0", 0), // v_cndmask_b32_e32 v0, v1, v2, vcc_lo
        ("01050002", 64, "v1-2 vcc vcc_hi exec exec_hi", "v0", 0),
        // v_wmma_f32_16x16x16_f16 v[0:7], v[8:15], v[16:23], v[0:7]
        ("004040cc0821021c", 32, "v0-23 exec", "v0-7", 0),
        // v_dual_fmac_f32 v0, v1, v2 :: v_dual_mov_b32 v3, s4
        ("010510c804000200", 32, "v0-2 s4 exec", "v0 v3", 0),
        // global_atomic_add_u32 v1, v2, v3, s[4:5] glc, and without a result
        ("0040d6dc02030401", 32, "v2-3 s4-5 exec", "v1", C_VM),
        ("0000d6dc02030400", 32, "v2-3 s4-5 exec", "", C_VS),
        ("00005ce001044203", 32, "v1 s3 s8-11 exec", "v4-7", C_VM), // buffer_load_b128 v[4:7], v1, s[8:11], s3 offen
        ("00006ce000040280", 32, "v4-5 s8-11 exec", "", C_VS),      // buffer_store_b64 v[4:5], off, s[8:11], 0
        // image_sample v[0:3], [v4, v5], s[0:7], s[8:11] dmask:0xf dim:SQ_RSRC_IMG_2D
        ("050f6cf00400000805000000", 32, "v4-5 s0-11 exec", "v0-3", C_VM),
        ("000034d901020000", 32, "v1-3 exec", "", C_LGKM), // ds_store_b64 v1, v[2:3]
        ("000108f400000006", 32, "s0-1 s3", "s4-7", C_LGKM), // s_load_b128 s[4:7], s[0:1], s3
        ("02070264", 32, "v1-3 exec", "v1", 0),            // v_add_f16_e32 v1, v2, v3: the other half of v1 stays
        ("fa02027e021101ff", 32, "v1-2 exec", "v1", 0),    // v_mov_b32_dpp v1, v2 row_shr:1 row_mask:0xf bank_mask:0xf
        ("6a2080be", 32, "vcc exec", "s0 exec scc", 0),    // s_and_saveexec_b32 s0, vcc_lo
        ("050060d701050000", 32, "v1 s2", "s5", 0),        // v_readlane_b32 s5, v1, s2
        ("0400a2bf", 32, "scc", "", 0),                    // s_cbranch_scc1 4
        // v_div_scale_f64 v[0:1], vcc_lo, v[2:3], v[4:5], v[2:3]
        ("006afdd602090a04", 32, "v2-5 exec", "v0-1 vcc", 0),
    ] {
        let wave = if wave == 64 { WaveSize::W64 } else { WaveSize::W32 };
        let e = effects(&decode(&words(hex), wave).unwrap(), wave);
        // The matrix units ignore EXEC, which the row may or may not say.
        let read = names(&e.reads);
        let read = if hex.starts_with("004040cc") { format!("{} exec", read.trim_end_matches(" exec")) } else { read };
        assert_eq!((read.as_str(), names(&e.writes).as_str(), e.counters), (reads, writes, counters), "{hex}");
    }
}

#[test]
fn inactive_lanes_keep_what_was_written_before_a_divergent_region() {
    // v_cmp_gt_u32_e32 vcc_lo, s0, v0; v_mov_b32 v2, 0; s_and_saveexec_b32 s1, vcc_lo; s_cbranch_execz to the s_or;
    // v_mov_b32 v2, v1; v_mov_b32 v3, v1; v_add_nc_u32 v2, v2, v3; s_or_b32 exec_lo, exec_lo, s1;
    // global_store_b32 v0, v2, s[4:5]; s_endpgm
    let code = words("0000987c8002047e6a2081be0300a5bf0103047e0103067e0207044a7e017e8c00006adc000204000000b0bf");
    // v_add_nc_u32 is the seventh word, in memory order 0207044a.
    let flow = Flow::new(&code, 0, Target::new(Arch::Gfx1100, WaveSize::W32));
    let alive: Vec<String> = live(&flow).iter().map(names).collect();
    assert_eq!(alive[0], "v0-1 s0 s4-5 exec");
    assert_eq!(alive[1], "v0-1 s4-5 vcc exec", "v2 is written in all lanes");
    assert_eq!(alive[4], "v0-2 s1 s4-5 exec", "lanes outside of the region keep their v2");
    assert_eq!(alive[8], "v0 v2 s4-5 exec");
    assert_eq!(alive[9], "");
    assert_eq!(flow.all_lanes(), [true, true, true, false, false, false, false, false, true, true]);
    assert_eq!(flow.steps[3].target, Some(7));
}

#[test]
fn waits_name_the_oldest_operations() {
    // global_load_b32 v1, v0, s[4:5]; global_load_b32 v2, v0, s[6:7]; s_waitcnt vmcnt(1); s_waitcnt vmcnt(0);
    // s_endpgm
    let code = words("000052dc00000401000052dc00000602f70789bff70389bf0000b0bf");
    let flow = Flow::new(&code, 0x100, Target::new(Arch::Gfx1100, WaveSize::W32));
    let found: Vec<(u32, Vec<u32>)> = waits(&flow).into_iter().map(|w| (w.step, w.done)).collect();
    assert_eq!(found, [(2, vec![0]), (3, vec![1])]);
}

#[test]
fn any_words_have_effects_and_a_flow() {
    let mut x = 0x2545_f491_4f6c_dd1du64;
    let mut random = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 16) as u32
    };
    let (mut written, mut steps) = (0, 0);
    for round in 0..400 {
        let code: Vec<u32> = (0..256).map(|_| random()).collect();
        let wave = if round % 2 == 0 { WaveSize::W32 } else { WaveSize::W64 };
        let flow = Flow::new(&code, random() as u64, Target::new(Arch::Gfx1150, wave));
        steps += flow.steps.len();
        written += flow.steps.iter().filter(|s| s.effects.writes != Regs::NONE).count();
        assert_eq!(live(&flow).len(), flow.steps.len());
        let waits = waits(&flow);
        assert!(waits.iter().all(|w| w.done.iter().all(|&d| d < w.step)));
    }
    assert!(steps > 50_000 && written > steps / 3, "{written} of {steps} write registers");
}
