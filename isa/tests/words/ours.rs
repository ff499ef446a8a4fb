//! The crate's own assembler on what its disassembler prints.
use isa::asm::inst;
use isa::row::*;
use isa::{Dpp, Format, Inst, Op, Target, check, decode, disassemble};

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

/// A literal that is also an inline constant prints as the constant and comes back as one.
fn literal_comes_back_inline(i: &Inst) -> bool {
    i.src.contains(&255) || i.y.is_some_and(|y| y.src.contains(&255))
}

/// 16-bit integer operands print their inline floats in hexadecimal, which reads as a literal: of equal value, but one
/// instruction has no place for two.
pub fn inline_comes_back_literal(i: &Inst) -> bool {
    i.row().operands.iter().any(|o| {
        let code = match o.slot {
            Slot::Src0 => i.src[0],
            Slot::Src1 => i.src[1],
            Slot::Src2 => i.src[2],
            _ => return false,
        };
        o.ty == Ty::B16 && (240..=248).contains(&code)
    })
}

/// A swizzle has several offsets for one permutation of lanes, and its text is the permutation.
fn is_same_swizzle(a: &Inst, b: &Inst) -> bool {
    let lanes = |i: &Inst| {
        let (and, or, xor) = (i.imm & 31, i.imm >> 5 & 31, i.imm >> 10 & 31);
        (0..32).map(|lane| ((lane & and) | or) ^ xor).collect::<Vec<_>>()
    };
    let fields = |i: &Inst| (i.vdst, i.mem.addr);
    a.op == Op::DS_SWIZZLE_B32 && (a.imm | b.imm) & 0x8000 == 0 && lanes(a) == lanes(b) && fields(a) == fields(b)
}

/// The non-sequential form of an image instruction with one address comes back as the sequential one.
fn one_address(i: &Inst, text: &str) -> String {
    match text.split_once(", [").and_then(|(before, rest)| Some((before, rest.split_once("], ")?))) {
        Some((before, (address, after))) if i.format() == Format::Mimg && !address.contains(',') => {
            format!("{before}, {address}, {after}")
        }
        _ => text.into(),
    }
}

/// A literal of a 16-bit integer operand prints in hexadecimal and comes back as the inline constant that it may be.
fn small_half(i: &Inst, text: &str) -> String {
    let half = i.row().operands.iter().any(|o| o.ty == Ty::B16);
    let low = i.literal & 0xffff;
    if half && i.src.contains(&255) && low <= 64 {
        text.replace(&format!("0x{low:x}"), &low.to_string())
    } else {
        text.into()
    }
}

/// Asserts that the text of `words` assembles back: to the same words but for bits that the text does not show.
///
/// What breaks a rule of the machine ([`check`]) may be refused. True if it came back.
pub fn comes_back(words: &[u32], inst: &Inst, target: Target) -> Result<bool, String> {
    let text = disassemble(inst, target);
    let told = |what: &str| Err(format!("{:?} {target:?} {words:08x?}\n  {text}\n  {what}", inst.format()));
    if !has_text(inst, &text, target) {
        return Ok(false);
    }
    let made = match assemble(&text, target) {
        Ok(w) => w,
        Err(_) if check(inst, target).is_err() || inline_comes_back_literal(inst) => return Ok(false),
        Err(e) if has_other_widths(inst, &e) => return Ok(false),
        Err(e) => return told(&e),
    };
    let back = match decode(&made, target) {
        Ok(i) if i.len_dw as usize == made.len() => i,
        other => return told(&format!("assembles to {made:08x?}, which decodes to {other:?}")),
    };
    if is_same_swizzle(inst, &back) {
        return Ok(true);
    }
    let again = disassemble(&back, target);
    if again != text && again != one_address(inst, &text) && again != small_half(inst, &text) {
        return told(&format!("assembles to {made:08x?}, which prints\n  {again}"));
    }
    if back.op != inst.op || back.format() != inst.format() {
        return told("comes back as another row");
    }
    let mut hidden = unseen(words, &text, target);
    let sequential = again != text && again == one_address(inst, &text);
    // Its bit, and the word of the further addresses.
    hidden[0] |= sequential as u32;
    let as_long = made.len() == words.len() - sequential as usize;
    let same = as_long && (0..made.len()).all(|k| (made[k] ^ words[k]) & !hidden[k] == 0);
    if !same && !literal_comes_back_inline(inst) && !inline_comes_back_literal(inst) {
        return told(&format!("comes back as {made:08x?}, hidden {hidden:08x?}"));
    }
    Ok(true)
}

/// An image instruction whose widths LLVM has no instruction for (a multisampled image sampled, an atomic on three
/// components, a single address in the non-sequential form) prints with those of another, which do not fit it.
fn has_other_widths(i: &Inst, refused: &str) -> bool {
    let widths = ["image data size does not match", "image address size does not match"];
    i.format() == Format::Mimg && widths.iter().any(|w| refused.contains(w))
}

/// Has LLVM's printer a text for it that its parser takes: not for these.
fn has_text(i: &Inst, text: &str, target: Target) -> bool {
    let row = i.row();
    let short = matches!(row.format, Format::Vop1 | Format::Vop2 | Format::Vopc);
    // A comment says that an operand is none; without the comment the text is that of another instruction.
    let comment = text.contains("/*");
    // The long forms of v_nop and v_pipeflush have no spelling.
    let nameless = row.format == Format::Vop3 && row.operands.is_empty();
    // Signs in the DPP word of an operand that takes none, as integers do, are printed.
    let signs =
        |k: u8| (i.mods.neg | i.mods.abs) >> k & 1 != 0 && ![MOD0, SEXT0, DSEXT0].iter().any(|m| row.has(m << k));
    let signs = short && i.dpp != Dpp::None && (signs(0) || signs(1));
    // A half that always follows is printed with the bits above it.
    let constant = |o: &Operand| o.slot == Slot::Imm && o.ty == Ty::F16 && i.literal >> 16 != 0;
    let constant = row.operands.iter().any(constant);
    // Sources that are no registers (`src_scc`, apertures) where a register's number is wanted.
    let special = |o: &Operand| o.slot == Slot::Src0 && o.class == Class::S && i.src[0] > 127;
    let special = row.operands.iter().any(special);
    // op_sel of a source that the instruction does not have makes registers print without their halves.
    let used = [Slot::Src0, Slot::Src1, Slot::Src2].map(|s| row.operand(s).is_some());
    let unused = (0..3).any(|k| !used[k] && i.mods.opsel >> k & 1 != 0);
    // So does DPP, of every source but the first.
    let dpp = i.dpp != Dpp::None && (used[1] || used[2]);
    let whole = target.true16 && row.has(REAL16) && row.format == Format::Vop3 && (unused || dpp);
    // Signs beside a double's literal, which LLVM takes in decimal only.
    let double = i.src.contains(&255) && i.mods.neg | i.mods.abs != 0 && row.operands.iter().any(|o| o.ty == Ty::F64);
    let double = double && (text.contains("(0x") || text.contains("|0x"));
    !(double || comment || nameless || signs || constant || special || whole)
}
