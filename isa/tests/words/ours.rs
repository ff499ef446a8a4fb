//! The crate's own assembler on what its disassembler prints.
use isa::asm::inst;
use isa::row::*;
use isa::{Format, Inst, Target, check, decode, disassemble};

/// The words of one printed instruction, or the assembler's complaint. Comments count as blanks, as for any file.
pub fn assemble(text: &str, target: Target) -> Result<Vec<u32>, String> {
    let made = inst::assemble(&inst::without_comments(text), &target, &()).map_err(|e| e.to_string())?;
    if made.fixup.is_some() {
        return Err("a symbol".into());
    }
    Ok(made.words[..made.len_dw as usize].to_vec())
}

/// Bits of `words` that `text`, which is what they print as, does not show: those that change nothing when they alone
/// are changed.
fn unseen(words: &[u32], text: &str, target: Target) -> Vec<u32> {
    let same = |k: usize, bit: u32| {
        let mut other = [0; 4];
        other[..words.len()].copy_from_slice(words);
        other[k] ^= 1 << bit;
        decode(&other, target).is_ok_and(|i| i.len_dw as usize == words.len() && disassemble(&i, target) == text)
    };
    let mask = |k: usize| (0..32).filter(|&b| same(k, b)).fold(0, |m, b| m | 1 << b);
    (0..words.len()).map(mask).collect()
}

/// A constant that prints as another encoding of the same value: a literal that is also an inline constant prints as
/// the constant, and 16-bit operands print their inline floats in hexadecimal, which reads as a literal. Both are
/// LLVM's spellings, and both come back as another, equal operand.
fn constant_has_two_codes(i: &Inst) -> bool {
    let y = i.y.map_or([0; 2], |y| y.src);
    let half = |o: &&Operand| o.ty == Ty::B16;
    i.src.contains(&255)
        || y.contains(&255)
        || i.src.iter().any(|s| (240..=248).contains(s)) && i.row().operands.iter().any(|o| half(&o))
}

/// Asserts that the text of `words` assembles back: to the same words but for bits that the text does not show.
///
/// What breaks a rule of the machine ([`check`]) may be refused. True if it came back.
pub fn comes_back(words: &[u32], inst: &Inst, target: Target) -> Result<bool, String> {
    let text = disassemble(inst, target);
    let told = |what: &str| Err(format!("{:?} {target:?} {words:08x?}\n  {text}\n  {what}", inst.format()));
    if !has_text(inst, &text) {
        return Ok(false);
    }
    let made = match assemble(&text, target) {
        Ok(w) => w,
        Err(_) if check(inst, target).is_err() => return Ok(false),
        Err(e) => return told(&e),
    };
    let back = match decode(&made, target) {
        Ok(i) if i.len_dw as usize == made.len() => i,
        other => return told(&format!("assembles to {made:08x?}, which decodes to {other:?}")),
    };
    let again = disassemble(&back, target);
    if again != text {
        return told(&format!("assembles to {made:08x?}, which prints\n  {again}"));
    }
    if back.op != inst.op || back.format() != inst.format() {
        return told("comes back as another row");
    }
    let hidden = unseen(words, &text, target);
    let same = made.len() == words.len() && (0..made.len()).all(|k| (made[k] ^ words[k]) & !hidden[k] == 0);
    if !same && !constant_has_two_codes(inst) {
        return told(&format!("comes back as {made:08x?}, hidden {hidden:08x?}"));
    }
    Ok(true)
}

/// Has LLVM's printer a text for it that its parser could take: not for these.
fn has_text(i: &Inst, text: &str) -> bool {
    let row = i.row();
    // A comment says that an operand is none; without the comment the text is that of another instruction.
    !text.contains("/*")
        // LLVM has no spelling for the long form of what has no operands, v_nop and v_pipeflush.
        && !(row.format == Format::Vop3 && row.operands.is_empty())
}
