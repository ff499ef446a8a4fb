//! Decoder and disassembler against LLVM 19's text (SPARKLE_TEST_DATA/isa/vectors.tsv).
use isa::{Arch, Target, WaveSize, decode, disassemble};
use std::collections::BTreeMap;

fn words(hex: &str) -> Vec<u32> {
    let b: Vec<u8> = (0..hex.len() / 2).map(|k| u8::from_str_radix(&hex[2 * k..2 * k + 2], 16).unwrap()).collect();
    b.chunks(4).map(|c| u32::from_le_bytes(c.try_into().unwrap())).collect()
}

/// `0x05` and spacing do not matter; everything else is compared letter for letter.
fn norm(text: &str) -> String {
    text.replace(',', ", ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn text_is_llvms() {
    let Some(dir) = std::env::var_os("SPARKLE_TEST_DATA") else {
        skip::skip!("SPARKLE_TEST_DATA is not set");
        return;
    };
    let path = std::path::Path::new(&dir).join("isa/vectors.tsv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        skip::skip!("{} cannot be read", path.display());
        return;
    };
    // class -> (rows, agreeing), image instructions apart.
    let mut rate: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let c: Vec<&str> = line.split('\t').collect();
        // Image instructions decode, their text is only the mnemonic and words. `null` as the only scalar offset is one
        // encoding with 0x0, which LLVM prints by which of two records it decoded.
        if c[4] != "canon" || c[0] == "MIMG" || c[0] == "SMEM" && c[1].ends_with(", null") {
            continue;
        }
        let waves: &[WaveSize] = match c[3] {
            "32" => &[WaveSize::W32],
            "64" => &[WaveSize::W64],
            _ => &[WaveSize::W32, WaveSize::W64],
        };
        for &wave in waves {
            let w = words(c[2]);
            let got = decode(&w, wave).map_or_else(
                |e| e.to_string(),
                |i| {
                    if i.len_dw as usize == w.len() {
                        disassemble(&i, wave)
                    } else {
                        format!("length {} of {}", i.len_dw, w.len())
                    }
                },
            );
            let r = rate.entry(c[0].into()).or_default();
            r.0 += 1;
            if norm(&got) == norm(c[1]) {
                r.1 += 1;
            } else {
                wrong.push((c[0].to_string(), format!("{wave:?} {}\n   want {}\n   got  {got}", c[2], c[1])));
            }
        }
    }
    let (mut all, mut good) = (0, 0);
    for (class, (n, ok)) in &rate {
        eprintln!("{class:14} {ok:6} of {n:6}");
        all += n;
        good += ok;
    }
    eprintln!("all            {good:6} of {all:6} ({:.3} %)", 100.0 * good as f64 / all as f64);
    let mut shown: BTreeMap<&str, u32> = BTreeMap::new();
    for (class, line) in &wrong {
        let k = shown.entry(class).or_default();
        *k += 1;
        if *k <= 8 {
            eprintln!("{class} {line}");
        }
    }
    assert!(wrong.is_empty(), "{} of {all} texts differ", wrong.len());
}

/// Canonical rows of a table whose texts are those of one target: how many, and those that differ.
fn compare(table: &str, arch: Arch, true16: bool) -> Option<(usize, Vec<String>)> {
    let Some(dir) = std::env::var_os("SPARKLE_TEST_DATA") else {
        skip::skip!("SPARKLE_TEST_DATA is not set");
        return None;
    };
    let path = std::path::Path::new(&dir).join("isa").join(table);
    let Ok(text) = std::fs::read_to_string(&path) else {
        skip::skip!("{} cannot be read", path.display());
        return None;
    };
    let (mut rows, mut wrong) = (0, Vec::new());
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let c: Vec<&str> = line.split('\t').collect();
        if c.get(4).is_some_and(|&kind| kind != "canon") {
            continue;
        }
        let wave = if c[3] == "64" { WaveSize::W64 } else { WaveSize::W32 };
        let target = Target { true16, ..Target::new(arch, wave) };
        let got = decode(&words(c[2]), target).map_or_else(|e| e.to_string(), |i| disassemble(&i, target));
        rows += 1;
        // Texts that LLVM takes and prints longer: without masks or without the size.
        let long = |text: &str| norm(text).replace(" row_mask:0xf bank_mask:0xf", "").replace("_e64_dpp ", " ");
        if !true16 && long(&got) == long(c[1]) || norm(&got) == norm(&c[1].replace("0x0000", "0x0")) {
            continue;
        }
        if norm(&got) != norm(c[1]) {
            wrong.push(format!("{}: {got}, not {}", c[2], c[1]));
        }
    }
    Some((rows, wrong))
}

#[test]
fn halves_of_registers_are_spelled_as_in_llvms_true16() {
    let Some((rows, wrong)) = compare("vectors_true16.tsv", Arch::Gfx1100, true) else { return };
    assert!(rows > 400 && wrong.is_empty(), "{} of {rows} differ: {wrong:#?}", wrong.len());
}

#[test]
fn additions_of_rdna35_are_llvms() {
    let Some((rows, wrong)) = compare("vectors_gfx1150.tsv", Arch::Gfx1150, false) else { return };
    assert!(rows > 2000 && wrong.is_empty(), "{} of {rows} differ: {wrong:#?}", wrong.len());
}
