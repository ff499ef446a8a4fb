//! Every SIMD level of the host leaves the same state behind, instruction by instruction: the interpreter runs in
//! processes of their own under `SPARKLE_EMU_SIMD`.
//!
//! `SPARKLE_TEST_INSTANCES` sets how many instructions, `SPARKLE_TEST_SEED` which.
mod common;
use common::On;
use common::random::*;
use isa::{Format, ROWS, Row};
use isa_exec::*;
use std::collections::BTreeMap;
use std::process::Command;

/// The same instruction with a random lane crossing in place of its first operand; None where the form has none.
fn crossing(r: &mut Rng, row: &Row, words: &[u32], wave: WaveSize) -> Option<Vec<u32>> {
    let mut w = words.to_vec();
    let at = match row.format {
        Format::Vop1 | Format::Vop2 | Format::Vopc => 0,
        Format::Vop3 | Format::Vop3p => 1,
        _ => return None,
    };
    w.truncate(at + 1);
    let src = 8 + r.below(12);
    let (code, dpp) = if r.one_in(4) {
        (233 + r.below(2), r.u32() & 0xffff_ff00 | src)
    } else {
        // Masks and bounds that compilers set, or any.
        let rest = if r.one_in(2) { 0xff00_0000 } else { r.u32() & 0xff0c_0000 };
        let ctrl = match r.below(8) {
            0..=2 => r.below(256),
            3..=5 => [0x100, 0x110, 0x120][r.below(3) as usize] + 1 + r.below(15),
            _ => [0x140, 0x141, 0x150 + r.below(16), 0x160 + r.below(16)][r.below(4) as usize],
        };
        (250, rest | ctrl << 8 | src)
    };
    w[at] = w[at] & !0x1ff | code;
    w.push(dpp);
    let i = isa::decode(&w, wave).ok()?;
    (i.op == row.op && i.dpp != isa::Dpp::None && i.len_dw as usize == w.len()).then_some(w)
}

/// FNV-1a over everything an instruction left behind.
fn digest(o: &Outcome) -> u64 {
    let mut h = 0xcbf2_9ce4_8422_2325u64;
    let mut add = |v: u64| h = (h ^ v).wrapping_mul(0x100_0000_01b3);
    add(o.end.is_ok() as u64);
    for w in &o.waves {
        [w.exec, w.vcc, w.m0 as u64, w.scc as u64, w.mode as u64].into_iter().for_each(&mut add);
        w.sgprs.iter().for_each(|s| add(*s as u64));
    }
    o.vgprs.iter().flatten().for_each(|v| add(*v as u64));
    h
}

/// Prints a digest for every vector instruction and wave size.
#[test]
#[ignore = "run by the test below"]
fn digests() {
    let count = asked("SPARKLE_TEST_INSTANCES", 20_000);
    let mut r = Rng::new(asked("SPARKLE_TEST_SEED", 1) ^ 0x7777);
    let vector = |f| {
        use Format::{Vop1, Vop2, Vop3, Vop3p, Vopc, VopdX};
        matches!(f, Vop1 | Vop2 | Vop3 | Vop3p | VopdX | Vopc)
    };
    let rows: Vec<&Row> = ROWS.iter().filter(|r| usable(r) && vector(r.format)).collect();
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    for n in 0..count {
        let row = rows[n as usize % rows.len()];
        let wave = if r.one_in(2) { WaveSize::W32 } else { WaveSize::W64 };
        let Some(mut code) = words(&mut r, row, wave) else { continue };
        let mut name = format!("{}/{wave:?}", row.name);
        if r.one_in(3)
            && let Some(w) = crossing(&mut r, row, &code, wave)
        {
            code = w;
            name += "/dpp";
        }
        code.push(0xbfb0_0000);
        let (o, _) = outcome(&code, r.next(), wave, wave.lanes(), On::Interpreter);
        let h = all.entry(name).or_default();
        *h = h.rotate_left(1) ^ digest(&o);
    }
    for (name, h) in all {
        println!("digest {name} {h:016x}");
    }
}

fn of(level: Option<&str>) -> BTreeMap<String, String> {
    let mut c = Command::new(std::env::current_exe().expect("the test's own path"));
    c.args(["--exact", "digests", "--ignored", "--nocapture"]).env_remove("SPARKLE_EMU_SIMD");
    if let Some(level) = level {
        c.env("SPARKLE_EMU_SIMD", level);
    }
    let out = c.output().expect("the test's own program");
    assert!(out.status.success(), "{level:?}: {}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).expect("text");
    let lines = text.lines().filter_map(|l| l.strip_prefix("digest ")?.split_once(' '));
    lines.map(|(name, h)| (name.to_string(), h.to_string())).collect()
}

#[test]
fn every_level_leaves_the_same_state() {
    let best = of(None);
    assert!(best.len() > 500, "{} kinds of instructions", best.len());
    for level in ["avx2", "portable"] {
        let other = of(Some(level));
        assert_eq!(best.len(), other.len());
        let wrong: Vec<&String> = best.iter().filter(|(k, h)| other.get(*k) != Some(h)).map(|(k, _)| k).collect();
        assert!(wrong.is_empty(), "{level}: {} differ: {wrong:?}", wrong.len());
    }
}
