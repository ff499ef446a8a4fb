//! A section's code laid out as `llvm-objdump -d` does.
use super::strict;
use super::text::{Text, put};
use crate::decode::{Inst, decode};
use crate::row::{Class, Format, Slot};
use crate::{Ext, Target, disassemble_into};
use alloc::vec::Vec;

/// A name for an address, as a symbol table gives it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Symbol<'a> {
    /// Virtual address.
    pub address: u64,
    /// The name.
    pub name: &'a str,
    /// Neither function nor object (`STT_NOTYPE`): LLVM prints such a name in place of a branch distance.
    pub label: bool,
}

/// What a listing held.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Listed {
    /// Lines with an instruction.
    pub instructions: u64,
    /// Dwords printed as `.long` that are instructions with reserved or unused fields set, which LLVM 19 refuses.
    pub refused: u64,
    /// Dwords printed as `.long` that are no instructions.
    pub unknown: u64,
}

/// A section with code.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    /// Its name, for what stands before the first symbol.
    pub name: &'a str,
    /// Virtual address of the first byte.
    pub address: u64,
    /// The code.
    pub bytes: &'a [u8],
    /// Symbols within it, by address and then by name.
    pub symbols: &'a [Symbol<'a>],
}

/// Column of the comment after the tab.
const COMMENT: usize = 59;
/// Text is handed on when there is this much of it.
const CHUNK: usize = 1 << 16;
const BLANK: &str = "                                                            ";

/// Upper-case hexadecimal digits of two-digit numbers.
static BYTES: [[u8; 2]; 256] = {
    let digits = b"0123456789ABCDEF";
    let mut t = [[0; 2]; 256];
    let mut k = 0;
    while k < 256 {
        t[k] = [digits[k >> 4], digits[k & 15]];
        k += 1;
    }
    t
};

fn word(out: &mut Text, w: u32) {
    let [a, b, c, d] = w.to_be_bytes().map(|b| BYTES[b as usize]);
    out.extend_from_slice(&[a[0], a[1], b[0], b[1], c[0], c[1], d[0], d[1]]);
}

/// `// 000000001600: `, after spaces up to the column where the text from `start` on leaves room.
fn comment(out: &mut Text, start: usize, address: u64) {
    let used = out.len() - start;
    if used < COMMENT {
        put(out, &BLANK[..COMMENT - used]);
    }
    put(out, "// ");
    let [_, _, a, b, rest @ ..] = address.to_be_bytes();
    out.extend_from_slice(&BYTES[a as usize]);
    out.extend_from_slice(&BYTES[b as usize]);
    word(out, u32::from_be_bytes(rest));
    put(out, ": ");
}

fn lower(out: &mut Text, v: u64, digits: u32) {
    for k in (0..digits).rev() {
        out.push(b"0123456789abcdef"[(v >> (4 * k) & 15) as usize]);
    }
}

/// The address that a branch goes to, where `inst` at `address` is one with a distance.
pub fn branch_target(inst: &Inst, address: u64) -> Option<u64> {
    if !matches!(inst.format(), Format::Sopp | Format::Sopk) {
        return None;
    }
    let o = inst.row().operands.iter().find(|o| o.class == Class::Branch)?;
    (o.slot == Slot::Simm).then(|| address.wrapping_add(4).wrapping_add_signed(inst.imm as i64 * 4))
}

impl Section<'_> {
    /// The last symbol at or before an address.
    fn before(&self, address: u64) -> Option<Symbol<'_>> {
        let n = self.symbols.partition_point(|s| s.address <= address);
        self.symbols.get(n.checked_sub(1)?).copied()
    }

    fn label_at(&self, address: u64) -> Option<&str> {
        let from = self.symbols.partition_point(|s| s.address < address);
        let here = self.symbols[from..].iter().take_while(|s| s.address == address);
        here.filter(|s| s.label).map(|s| s.name).next()
    }

    /// Prints the section as `llvm-objdump -d` of LLVM 19 does, from the line after `Disassembly of section` on.
    ///
    /// `target` gives target and wave size of the code from a symbol's address on. `write` is handed the text in
    /// pieces and empties it; its error ends the listing.
    ///
    /// # Errors
    /// Those of `write`.
    pub fn list<E>(
        &self,
        target: impl Fn(u64) -> Target,
        mut write: impl FnMut(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<Listed, E> {
        let mut listed = Listed::default();
        let mut out = Vec::with_capacity(CHUNK + 4096);
        let (dwords, tail) = self.bytes.as_chunks::<4>();
        let words: Vec<u32> = dwords.iter().map(|&b| u32::from_le_bytes(b)).collect();
        let end = self.address.wrapping_add(self.bytes.len() as u64);
        // Where symbols begin, and the name shown there: of several the last.
        let mut at = 0;
        let mut next = 0;
        while at < words.len() {
            let start = self.address + 4 * at as u64;
            let mut name = if at == 0 { Some(self.name) } else { None };
            while let Some(s) = self.symbols.get(next).filter(|s| s.address <= start) {
                name = Some(s.name);
                next += 1;
            }
            if let Some(name) = name {
                put(&mut out, "\n");
                lower(&mut out, start, 16);
                put(&mut out, " <");
                put(&mut out, name);
                put(&mut out, ">:\n");
            }
            // A symbol inside of a dword is shown at the dword after it.
            let until = self.symbols.get(next).map_or(end, |s| s.address.min(end));
            let stop = (((until - self.address) as usize).div_ceil(4)).min(words.len());
            let target = target(start);
            at = self.code(&words, at, stop, target, &mut out, &mut listed, &mut write)?;
        }
        if !tail.is_empty() {
            put(&mut out, "\t");
            let start = out.len();
            put(&mut out, ".byte ");
            for (k, b) in tail.iter().enumerate() {
                put(&mut out, if k > 0 { ", 0x" } else { "0x" });
                lower(&mut out, *b as u64, 2);
            }
            comment(&mut out, start, self.address + 4 * words.len() as u64);
            for (k, b) in tail.iter().enumerate() {
                put(&mut out, if k > 0 { " " } else { "" });
                out.extend_from_slice(&BYTES[*b as usize]);
            }
            put(&mut out, "\n");
        }
        write(&mut out)?;
        Ok(listed)
    }

    /// Lines from dword `at` until `stop`; the dword after the last.
    #[allow(clippy::too_many_arguments)]
    fn code<E>(
        &self,
        words: &[u32],
        mut at: usize,
        stop: usize,
        target: Target,
        out: &mut Text,
        listed: &mut Listed,
        write: &mut impl FnMut(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<usize, E> {
        while at < stop {
            let rest = &words[at..];
            // Two dwords of zeros or more are left out, up to the next symbol.
            if rest[0] == 0 && stop - at > 1 && rest[1] == 0 {
                at += rest[..stop - at].iter().take_while(|&&w| w == 0).count();
                put(out, "\t\t...\n");
                continue;
            }
            let address = self.address + 4 * at as u64;
            put(out, "\t");
            let start = out.len();
            let mut len = 1;
            let mut goal = None;
            match decode(rest, target) {
                _ if rest[0] == 0 => {
                    listed.instructions += 1;
                    put(out, "v_illegal");
                }
                Ok(i) if strict::accepted(&i, rest) => {
                    listed.instructions += 1;
                    len = i.len_dw as usize;
                    goal = branch_target(&i, address).filter(|_| i.row().operands.len() == 1);
                    match goal.and_then(|to| self.label_at(to)) {
                        Some(label) => {
                            goal = None;
                            put(out, i.row().name);
                            put(out, " ");
                            put(out, label);
                        }
                        None => disassemble_into(&i, target, out),
                    }
                    if i.format() == Format::Mimg && matches!(i.ext, Ext::Image(x) if x.nsa) && strict::wide_gap(&i) {
                        out.insert(start + i.row().name.len(), b' ');
                    }
                }
                other => {
                    *if other.is_ok() { &mut listed.refused } else { &mut listed.unknown } += 1;
                    put(out, ".long 0x");
                    lower(out, rest[0] as u64, 8);
                }
            }
            comment(out, start, address);
            for (k, &w) in rest[..len.min(rest.len())].iter().enumerate() {
                if k > 0 {
                    out.push(b' ');
                }
                word(out, w);
            }
            if let Some(to) = goal
                && let Some(s) = self.before(to).or_else(|| {
                    (to >= self.address).then_some(Symbol { address: self.address, name: self.name, label: false })
                })
            {
                put(out, " <");
                put(out, s.name);
                let distance = to - s.address;
                if distance > 0 {
                    put(out, "+0x");
                    lower(out, distance, (67 - distance.leading_zeros()) / 4);
                }
                put(out, ">");
            }
            put(out, "\n");
            at += len;
            if out.len() >= CHUNK {
                write(out)?;
                out.clear();
            }
        }
        Ok(at)
    }
}
