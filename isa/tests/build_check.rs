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
            let i = random(&mut r, row, target, wild);
            if !ours::inline_comes_back_literal(&i) {
                all.push(i);
            }
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
        // The assembler decides as LLVM does, and makes the same bytes.
        let own = asm::inst::assemble(&asm::inst::without_comments(line), &target, &());
        let own = own.map(|e| bytes(&e.words[..e.len_dw as usize]));
        // Sources that are no registers, in the place of registers.
        let special = |e: &asm::SyntaxError| line.contains(" src_") && e.to_string().contains("scalar register");
        if own.as_ref().ok() != answer.as_ref().ok() && !own.as_ref().is_err_and(special) && !llvm_is_lax(line) {
            let key = format!("assembler {:?}", i.format());
            wrong.entry(key).or_default().push(format!("{line}: {own:02x?}, LLVM {answer:02x?}"));
        }
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
            (Ok(()), Err(e)) if llvm_is_strict(line) || has_other_widths(line, e, target) => accepted += 1,
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

/// LLVM's own test lines and random ones keep every rule.
#[test]
fn vectors_keep_the_rules() {
    let Some(dir) = std::env::var_os("SPARKLE_TEST_DATA") else {
        skip::skip!("SPARKLE_TEST_DATA is not set");
        return;
    };
    let mut wrong = Vec::new();
    let mut all = 0;
    let files = [
        ("vectors.tsv", Arch::Gfx1100, false),
        ("vectors_gfx1150.tsv", Arch::Gfx1150, false),
        ("vectors_true16.tsv", Arch::Gfx1100, true),
    ];
    for (file, arch, true16) in files {
        let path = std::path::Path::new(&dir).join("isa").join(file);
        let Ok(text) = std::fs::read_to_string(&path) else {
            skip::skip!("{} cannot be read", path.display());
            return;
        };
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            let c: Vec<&str> = line.split('\t').collect();
            let hex = c[2].as_bytes();
            let b: Vec<u8> =
                hex.chunks(2).map(|h| u8::from_str_radix(std::str::from_utf8(h).unwrap(), 16).unwrap()).collect();
            let w: Vec<u32> = b.chunks(4).map(|c| u32::from_le_bytes(c.try_into().unwrap())).collect();
            let wave = if c[3] == "64" { WaveSize::W64 } else { WaveSize::W32 };
            let target = Target { true16, ..Target::new(arch, wave) };
            let Ok(i) = decode(&w, target) else { continue };
            all += 1;
            // Sources that gfx11 does not have.
            if let Err(e) = check(&i, target)
                && !["vccz", "execz", "src_lds_direct"].iter().any(|s| c[1].contains(s))
            {
                wrong.push(format!("{} {file} {} {}: {e}", e.code(), c[3], c[1]));
            }
        }
    }
    wrong.sort();
    for w in &wrong {
        eprintln!("{w}");
    }
    assert!(wrong.is_empty(), "{} of {all}", wrong.len());
    assert!(all > 10_000);
}
