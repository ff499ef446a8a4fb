//! Decoder, encoder, disassembler and assembler against `data/vectors.tsv`: two instructions of nearly every encoding, text and
//! bytes as LLVM 19 has them (`tools/make_vectors.py`). Needs neither LLVM nor other data.
mod words;
use isa::{Arch, ROWS, Target, WaveSize, decode, disassemble, encode};
use std::collections::BTreeSet;

#[test]
fn llvms_words_and_text() {
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for line in include_str!("data/vectors.tsv").lines().filter(|l| !l.starts_with('#')) {
        let [arch, wave, text, hex] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("four columns: {line}") };
        let wave = if wave == "64" { WaveSize::W64 } else { WaveSize::W32 };
        let target = Target::new(Arch::from_name(arch).expect("a known part"), wave);
        let byte = |k: usize| u8::from_str_radix(&hex[k..k + 2], 16).expect("hexadecimal");
        let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
        let words: Vec<u32> = bytes.chunks(4).map(|c| u32::from_le_bytes(c.try_into().unwrap())).collect();
        let inst = match decode(&words, target) {
            Ok(i) if i.len_dw as usize == words.len() => i,
            other => panic!("{line}: {other:?}"),
        };
        seen.insert((inst.row().name, inst.format() as u8, inst.row().opcode));
        if let Some(y) = inst.y {
            seen.insert((y.row().name, y.row().format as u8, y.row().opcode));
        }
        assert_eq!(encode(&inst).as_deref(), Ok(&words[..]), "{line}");
        let own = words::ours::assemble(text, target);
        assert_eq!(own.as_deref(), Ok(&words[..]), "{line}");
        let got = disassemble(&inst, target);
        let own = words::ours::assemble(&got, target);
        assert_eq!(own.as_deref(), Ok(&words[..]), "{line} printed as {got}");
        if got.replace(',', ", ").split_whitespace().ne(text.replace(',', ", ").split_whitespace()) {
            wrong.push(format!("{line}\n   got {got}"));
        }
    }
    assert!(wrong.is_empty(), "{} texts differ:\n{}", wrong.len(), wrong.join("\n"));
    // LLVM prints the VOP3 forms of v_nop, v_pipeflush and v_mov_b16 as it prints others.
    assert!(seen.len() >= 1535, "vectors of {} encodings of {}", seen.len(), ROWS.len());
}
