//! Every instruction against results from outside: `isa/exec/oracle` has models written after AMD's RDNA3 guide, in
//! Python; their results are checked in as vectors. Set ORACLE_DIR to run other vectors (`make.py --random`), ORACLE_ONLY
//! to run those whose text or name contains a word, ORACLE_SHOW for more failures than 40.
mod common;
#[path = "oracle/machine.rs"]
mod machine;
#[path = "oracle/vectors.rs"]
mod vectors;

use common::{On, host_codes};
use isa::ROWS;
use isa_exec::{Trap, TrapKind};
use machine::{After, Machine};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use vectors::*;

/// Base mnemonics with a vector.
const FLOOR: usize = 1142;

/// Instructions whose vectors may fail, with the reason behind each.
const KNOWN: &str = include_str!("oracle/known.txt");

fn files() -> Vec<(String, String)> {
    let dir = std::env::var_os("ORACLE_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("oracle/vectors"), PathBuf::from);
    let mut out: Vec<_> = std::fs::read_dir(&dir)
        .unwrap_or_else(|e| panic!("{}: {e}", dir.display()))
        .map(|f| f.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "vec"))
        .map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&p).unwrap()))
        .collect();
    out.sort();
    out
}

/// Distance in units of the last place; numbers of either sign lie on one line.
fn apart(a: u64, b: u64, bits: u32) -> u64 {
    let line = |x: u64| {
        let mag = (x & ((1 << (bits - 1)) - 1)) as i64;
        if x >> (bits - 1) & 1 != 0 { -mag } else { mag }
    };
    line(a).abs_diff(line(b))
}

fn half(h: u32) -> f64 {
    let mag = h & 0x7fff;
    let x = match mag >> 10 {
        0 => mag as f64 / (1 << 24) as f64,
        0x1f => f64::INFINITY,
        e => (mag & 0x3ff | 0x400) as f64 * 2f64.powi(e as i32 - 25),
    };
    if h & 0x8000 != 0 { -x } else { x }
}

/// Are these results near enough to each other?
fn near((kind, ulp, abs): (Float, u32, Option<i32>), got: u64, want: u64) -> bool {
    let (bits, special) = match kind {
        Float::F16 => (16, 0x7c00),
        Float::F32 => (32, 0x7f80_0000),
        Float::F64 => (64, 0x7ff0_0000_0000_0000u64),
    };
    let finite = |x: u64| x & special != special;
    if got == want {
        return true;
    }
    if !finite(want) || !finite(got) {
        return false;
    }
    let value = |x: u64| match kind {
        Float::F16 => half(x as u32),
        Float::F32 => f32::from_bits(x as u32) as f64,
        Float::F64 => f64::from_bits(x),
    };
    let sign = |x: u64| x >> (bits - 1) & 1;
    (sign(got) == sign(want) && apart(got, want, bits) <= ulp as u64)
        || abs.is_some_and(|e| (value(got) - value(want)).abs() <= 2f64.powi(e))
}

/// The first difference, in words.
fn compare(v: &Vector, a: &After) -> Result<(), String> {
    let e = &v.expect;
    let (vgprs, sgprs) = if e.ended { (0, 0) } else { (V_REGS, S_REGS) };
    for r in 0..vgprs {
        let before = v.before(r);
        let want = e.v.iter().find(|(k, _)| *k == r).map(|(_, lanes)| lanes);
        for (l, &old) in before.iter().enumerate() {
            let (got, want) = match want.map_or(Lane::Same, |w| w[l]) {
                Lane::Any => continue,
                Lane::Same => (a.v[r][l], old),
                Lane::Is(x) => (a.v[r][l], x),
            };
            if got == want {
                continue;
            }
            if let Some(how) = v.ulp {
                let wide = |low: u32, high: u32| low as u64 | (high as u64) << 32;
                let lane = |k: usize| {
                    let (_, lanes) = e.v.iter().find(|(r, _)| *r == k)?;
                    Some(match lanes[l] {
                        Lane::Is(x) => x,
                        _ => v.before(k)[l],
                    })
                };
                // Which register of a pair this is follows from the first one the test names.
                let ok = match how.0 {
                    Float::F64 => {
                        let low = e.v[0].0;
                        lane(low).zip(lane(low + 1)).is_some_and(|(wl, wh)| {
                            (r == low || r == low + 1) && near(how, wide(a.v[low][l], a.v[low + 1][l]), wide(wl, wh))
                        })
                    }
                    Float::F16 => {
                        [0, 16].iter().all(|k| near(how, (got >> k & 0xffff) as u64, (want >> k & 0xffff) as u64))
                    }
                    Float::F32 => near(how, got as u64, want as u64),
                };
                if ok {
                    continue;
                }
            }
            let inputs: Vec<String> = v.v.iter().map(|(k, lanes)| format!("v{k}={:08x}", lanes[l])).collect();
            return Err(format!("v{r} lane {l} is {got:08x}, not {want:08x}; there {}", inputs.join(" ")));
        }
    }
    for r in 0..sgprs {
        let want = e.s.iter().find(|(k, _)| *k == r).map_or(v.s[r], |(_, x)| *x);
        if a.s[r] != want {
            return Err(format!("s{r} is {:08x}, not {want:08x}", a.s[r]));
        }
    }
    let specials = [
        ("vcc", a.vcc, e.vcc.unwrap_or(v.vcc)),
        ("exec", a.exec, e.exec.unwrap_or(v.exec)),
        ("scc", a.scc as u64, e.scc.unwrap_or(v.scc) as u64),
        ("m0", a.m0 as u64, e.m0.unwrap_or(v.m0) as u64),
        ("mode", a.mode as u64, e.mode.unwrap_or(v.mode) as u64),
    ];
    for (name, got, want) in specials {
        if got != want && !e.ended {
            return Err(format!("{name} is {got:x}, not {want:x}"));
        }
    }
    for (space, got) in [(Space::Global, &a.global), (Space::Lds, &a.lds), (Space::Scratch, &a.scratch)] {
        if e.ended && space == Space::Lds {
            continue;
        }
        let mut want = v.memory(space, got.len());
        for (_, at, data) in e.bytes.iter().filter(|(s, _, _)| *s == space) {
            want[*at..at + data.len()].copy_from_slice(data);
        }
        if let Some(k) = got.iter().zip(&want).position(|(g, w)| g != w) {
            return Err(format!("{space:?} byte {k:#x} is {:02x}, not {:02x}", got[k], want[k]));
        }
    }
    Ok(())
}

fn judge(v: &Vector, r: Result<After, Trap>) -> Result<(), String> {
    let variant = |k: &TrapKind| {
        let text = format!("{k:?}");
        text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_string()
    };
    match (r, &v.expect.trap) {
        (Err(t), Some(want)) if variant(&t.kind) == *want => Ok(()),
        (Err(t), _) => Err(format!("trap {:?}", t.kind)),
        (Ok(_), Some(want)) => Err(format!("ended, not in {want}")),
        (Ok(a), None) => compare(v, &a),
    }
}

#[test]
fn the_interpreter_does_what_the_guide_says() {
    run_all(On::Interpreter);
}

#[test]
fn the_translator_does_what_the_guide_says() {
    for host in host_codes() {
        run_all(On::Translated(host));
    }
}

fn run_all(on: On) {
    let only = std::env::var("ORACLE_ONLY").unwrap_or_default();
    let show: usize = std::env::var("ORACLE_SHOW").ok().and_then(|s| s.parse().ok()).unwrap_or(40);
    let start = std::time::Instant::now();
    let all: Vec<Vector> = files().iter().flat_map(|(name, text)| read(name, text)).collect();
    let chosen: Vec<&Vector> = all.iter().filter(|v| v.text.contains(&only) || v.names.contains(&only)).collect();
    let known: BTreeMap<&str, &str> =
        KNOWN.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).filter_map(|l| l.split_once(' ')).collect();
    let mut failed: BTreeMap<String, usize> = BTreeMap::new();
    let (mut shown, mut bad, mut excused) = (0, 0, 0);
    for wave in [32, 64] {
        let these: Vec<&Vector> = chosen.iter().copied().filter(|v| v.wave == wave).collect();
        let mut machine = Machine::new(wave, on, &these);
        for (k, v) in these.iter().enumerate() {
            if let Err(what) = judge(v, machine.run(k, v)) {
                let is_known = v.names.iter().any(|n| known.contains_key(n.as_str()));
                *(if is_known { &mut excused } else { &mut bad }) += 1;
                let n = failed.entry(v.names.join("+")).or_default();
                *n += 1;
                if *n <= 2 && shown < show && (!is_known || !only.is_empty()) {
                    shown += 1;
                    eprintln!("{on:?} {} `{}` wave{} mode {:x}: {what}", v.at, v.text, v.wave, v.mode);
                }
            }
        }
    }
    eprintln!("{on:?}: {} vectors in {:?}, {bad} wrong, {excused} known to be wrong", chosen.len(), start.elapsed());
    if !failed.is_empty() {
        let list: Vec<String> = failed.iter().map(|(n, k)| format!("{n} ({k})")).collect();
        eprintln!("{on:?}, wrong: {}", list.join(", "));
    }
    assert_eq!(bad, 0, "vectors differ");
}

#[test]
fn the_vectors_cover_the_instructions() {
    let have: BTreeSet<String> =
        files().iter().flat_map(|(name, text)| read(name, text)).flat_map(|v| v.names).collect();
    let names: BTreeSet<&str> = ROWS.iter().filter(|r| !r.has(isa::row::RDNA35)).map(|r| r.name).collect();
    let strange: Vec<&String> = have.iter().filter(|n| !names.contains(n.as_str())).collect();
    assert!(strange.is_empty(), "vectors of instructions that gfx1100 doesn't have: {strange:?}");
    let missing: Vec<&str> = names.iter().filter(|n| !have.contains(**n)).copied().collect();
    eprintln!("{} of {} mnemonics have a vector; these have none: {}", have.len(), names.len(), missing.join(" "));
    assert!(have.len() >= FLOOR, "{} mnemonics have a vector, {FLOOR} had", have.len());
}
