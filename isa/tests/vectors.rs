//! Decoder and disassembler against LLVM 19's text (SPARKLE_TEST_DATA/isa/vectors.tsv).
use isa::{WaveSize, decode, disassemble};
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

#[test]
fn any_words_decode_without_panic() {
    let mut x = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 16) as u32
    };
    let mut good = 0;
    for _ in 0..2_000_000 {
        let w = [next(), next(), next(), next()];
        for wave in [WaveSize::W32, WaveSize::W64] {
            for n in 0..=4 {
                if let Ok(i) = decode(&w[..n], wave) {
                    assert!((1..=n).contains(&(i.len_dw as usize)));
                    if n == 4 {
                        good += !disassemble(&i, wave).is_empty() as u32;
                    }
                }
            }
        }
    }
    assert!(good > 1_000_000, "random words decode often: {good}");
}
