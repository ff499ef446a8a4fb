//! What [`isa::check`] accepts is what LLVM 19 assembles, and nothing else.
mod build_common;
use build_common::*;
use isa::row::*;
use isa::*;
use std::collections::BTreeMap;

/// Runs `per_row` random instructions of each row that `of` picks through both.
fn agree(target: impl Into<Target>, per_row: usize, wild: bool, of: impl Fn(&Row) -> bool) {
    let target = target.into();
    let seed = std::env::var("ISA_CHECK_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    let mut r = Rng(0x1234_5678_9abc_def1 ^ seed << 7 ^ target.wave.lanes() as u64);
    let mut all = Vec::new();
    // LLVM has no spelling for the long form of these.
    let nameless = |x: &Row| x.format == Format::Vop3 && x.operands.is_empty();
    for row in ROWS.iter().filter(|x| x.format != Format::VopdY && !nameless(x) && of(x)) {
        for _ in 0..per_row {
            all.push(random(&mut r, row, target, wild));
        }
    }
    let lines: Vec<String> = all.iter().map(|i| disassemble(i, target)).collect();
    let Some(answers) = llvm(&lines, target) else {
        skip::skip!("llvm-mc 19 is not installed");
        return;
    };
    let (mut accepted, mut rejected) = (0, 0);
    let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ((i, line), answer) in all.iter().zip(&lines).zip(&answers) {
        match (check(i, target), answer) {
            (Ok(()), Ok(want)) => {
                accepted += 1;
                match encode(i) {
                    Ok(w) if &bytes(&w) == want => {}
                    got => wrong
                        .entry(format!("bytes {:?}", i.format()))
                        .or_default()
                        .push(format!("{line}: {:x?}, LLVM {want:02x?}", got.map(|w| bytes(&w)))),
                }
            }
            // 1/(2*pi) as 16 bits of an integer beside DPP, which other forms take.
            (Ok(()), Err(_)) if line.contains("16_e64_dpp") && line.contains("0.15915494") => accepted += 1,
            (Err(_), Err(_)) => rejected += 1,
            (Ok(()), Err(e)) => {
                wrong.entry(format!("LLVM alone rejects {:?} {e}", i.format())).or_default().push(line.clone())
            }
            (Err(_), Ok(want)) if llvm_is_lax(line) || !encode(i).is_ok_and(|w| &bytes(&w) == want) => rejected += 1,
            (Err(e), Ok(_)) => wrong
                .entry(format!("LLVM accepts {:?} {}", i.format(), e.code()))
                .or_default()
                .push(format!("{line}: {e}")),
        }
    }
    eprintln!("{target:?}: {accepted} accepted, {rejected} rejected");
    for (k, v) in &wrong {
        eprintln!("== {k}: {}", v.len());
        for line in v.iter().take(std::env::var("SHOW").map_or(3, |s| s.parse().unwrap())) {
            eprintln!("   {line}");
        }
    }
    assert!(wrong.is_empty());
    assert!(accepted > 0 && (!wild || rejected > 0));
}

#[test]
fn valid_operands() {
    for wave in [WaveSize::W32, WaveSize::W64] {
        agree(wave, 16, false, |x| x.format != Format::VopdX || wave == WaveSize::W32);
    }
}

#[test]
fn wild_operands() {
    for wave in [WaveSize::W32, WaveSize::W64] {
        agree(wave, 24, true, |x| x.format != Format::VopdX || wave == WaveSize::W32);
    }
}

#[test]
fn rdna_3_5_reads_scalars_beside_dpp() {
    agree(Target::new(Arch::Gfx1150, WaveSize::W32), 6, true, |_| true);
}
