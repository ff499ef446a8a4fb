//! Random words: decoded or refused with a stated error, never a panic; what decodes encodes to the same words, and what
//! keeps the machine's rules prints a text that this crate's assembler turns into the same words again.
//!
//! The words are the same but for bits that the text does not show. `words::ours` names what is left out: what breaks a
//! rule of `check`, what LLVM prints and does not take back, and constants and swizzles that have one spelling and
//! several codes, which come back with an equal one.
mod words;
use isa::{Arch, DecodeError, Dpp, Format, Inst, Target, WaveSize, decode, disassemble, encode};
use words::*;

/// `encode(decode(w)) == w` but for bits that no field has.
fn same_words(w: &[u32; 4], i: &Inst) {
    let n = i.len_dw as usize;
    let got = encode(i).unwrap_or_else(|e| panic!("{w:08x?} decodes to {i:?}, which does not encode: {e}"));
    let mut ignored = [0; 4];
    let [a, b, c] = reserved(i.row(), matches!(i.dpp, Dpp::Dpp16 { .. }));
    ignored[0] = a;
    ignored[1] = b;
    // The DPP word is the last one.
    ignored[n - 1] |= c;
    let same = got.len() == n && (0..n).all(|k| (got[k] ^ w[k]) & !ignored[k] == 0);
    assert!(same, "{:08x?} decodes to {i:?}, which encodes to {got:?}", &w[..n]);
}

fn one(w: &[u32; 4], target: Target, print: bool, counts: &mut Counts) {
    match decode(w, target) {
        Ok(i) => {
            let n = i.len_dw as usize;
            assert!((1..=3).contains(&n));
            counts.good += 1;
            same_words(w, &i);
            if print {
                // What is missing at the end is said, whatever the cut.
                for cut in 0..n {
                    let e = decode(&w[..cut], target).expect_err("shorter than the instruction");
                    match e {
                        DecodeError::Empty => assert_eq!(cut, 0),
                        DecodeError::Truncated { need, have } => assert!(have == cut && need > cut && need <= n),
                        e => panic!("{:08x?} cut to {cut}: {e}", w),
                    }
                }
                assert_eq!(decode(&w[..n], target), Ok(i), "what follows does not matter");
                assert!(disassemble(&i, target).starts_with(i.row().name));
                // No bit is called free that means something.
                let mut other = *w;
                let [a, b, c] = reserved(i.row(), matches!(i.dpp, Dpp::Dpp16 { .. }));
                (other[0], other[1]) = (other[0] ^ a, other[1] ^ b);
                other[n - 1] ^= c;
                assert_eq!(decode(&other, target), Ok(i), "bits that no field has");
            }
        }
        Err(DecodeError::Unknown { word }) => assert_eq!(word, w[0]),
        Err(DecodeError::WaveSize { word }) => assert!(word == w[0] && target.wave == WaveSize::W64),
        Err(e) => panic!("{w:08x?}: {e}"),
    }
    counts.all += 1;
}

#[derive(Default)]
struct Counts {
    all: u64,
    good: u64,
}

fn rounds() -> u64 {
    if std::env::var_os("SPARKLE_SOAK").is_some() { 1_000_000_000 } else { 10_000_000 }
}

/// A part and a wave size, each as likely as the next.
fn target(r: &mut Rng) -> Target {
    Target::new(r.pick(&Arch::ALL), if r.flag() { WaveSize::W32 } else { WaveSize::W64 })
}

#[test]
fn uniform_words() {
    let mut r = Rng::new(1);
    let mut c = Counts::default();
    for k in 0..rounds() / 2 {
        let w = [r.u32(), r.u32(), r.u32(), r.u32()];
        one(&w, target(&mut r), k % 32 == 0, &mut c);
    }
    assert!(c.good * 2 > c.all, "{} of {} decode", c.good, c.all);
}

#[test]
fn words_of_every_format() {
    let mut r = Rng::new(2);
    let rows = Rows::new();
    let mut c = Counts::default();
    let mut formats = std::collections::HashMap::<Format, u64>::new();
    for k in 0..rounds() / 2 {
        let row = rows.any(&mut r);
        let w = rows.words(row, &mut r);
        let good = c.good;
        one(&w, target(&mut r), k % 32 == 0, &mut c);
        if k % 1024 == 0 {
            *formats.entry(row.format).or_default() += c.good - good;
        }
    }
    assert!(c.good * 10 > c.all * 8, "{} of {} decode", c.good, c.all);
    assert_eq!(formats.values().filter(|&&n| n > 20).count(), FORMATS.len(), "{formats:?}");
}

/// Texts of random words, each format as likely as the next.
#[test]
fn printed_words_assemble_back() {
    let mut r = Rng::new(6);
    let rows = Rows::new();
    let (mut good, mut all) = (0u64, 0u64);
    let mut wrong = Vec::new();
    for k in 0..rounds() / 25 {
        let row = rows.any(&mut r);
        let w = if k % 2 == 0 { rows.words(row, &mut r) } else { rows.tame(row, &mut r) };
        let mut target = target(&mut r);
        target.true16 = r.below(4) == 0;
        let Ok(i) = decode(&w, target) else { continue };
        all += 1;
        match ours::comes_back(&w[..i.len_dw as usize], &i, target) {
            Ok(back) => good += back as u64,
            Err(e) => wrong.push(e),
        }
    }
    eprintln!("{good} of {all} came back");
    wrong.iter().take(20).for_each(|e| eprintln!("{e}"));
    assert!(wrong.is_empty(), "{} of {all} do not come back", wrong.len());
    assert!(good * 4 > all, "{good} of {all} came back, the words are too wild");
}
