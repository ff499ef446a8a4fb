//! Sections while they grow: chunks of bytes, and between them gaps whose size may depend on symbols defined later.
use super::symbols::{Evaluator, Places, Table};
use super::{Loc, symbols::State};
use crate::asm::expr::Expr;
use crate::object::{shf, sht};
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

/// What fills a gap.
#[derive(Clone, Debug)]
pub(super) enum Fill {
    /// `count` bytes of a repeated pattern.
    Bytes { value: u64, size: u8 },
    /// `s_nop 0`, after zeros up to a multiple of 4.
    Nop,
}

/// `s_nop 0`, what LLVM pads code with.
const S_NOP: [u8; 4] = [0, 0, 0x80, 0xbf];

impl Fill {
    /// Appends `count` bytes to `out`, which is at `offset` of its section.
    pub fn fill(&self, out: &mut Vec<u8>, offset: u64, count: u64) {
        let count = count as usize;
        let end = out.len() + count;
        match *self {
            Fill::Bytes { value: 0, .. } => out.resize(end, 0),
            Fill::Bytes { value, size } => {
                let pattern = value.to_le_bytes();
                let size = usize::from(size.clamp(1, 8));
                // A rest smaller than the pattern is zero, at the front.
                out.resize(out.len() + count % size, 0);
                while out.len() < end {
                    out.extend_from_slice(&pattern[..size]);
                }
            }
            Fill::Nop => {
                let zeros = ((4 - offset % 4) % 4).min(count as u64) as usize;
                out.resize(out.len() + zeros, 0);
                while out.len() + 4 <= end {
                    out.extend_from_slice(&S_NOP);
                }
                out.resize(end, 0);
            }
        }
    }
}

/// The gap before a chunk.
#[derive(Clone, Debug)]
pub(super) enum Gap {
    /// None.
    Empty,
    /// Up to a multiple of `align`, unless that takes more than `max` bytes.
    Align { align: u64, max: u64, fill: Fill },
    /// `count` times a pattern of `size` bytes.
    Repeat { count: Rc<Expr>, value: u64, size: u8, unit: u8 },
    /// Up to an offset in the section.
    Org { target: Rc<Expr>, value: u8 },
    /// A LEB128 number.
    Leb { value: Rc<Expr>, signed: bool },
}

/// A run of bytes whose offsets among one another are fixed.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    pub section: u32,
    pub subsection: i64,
    pub gap: Gap,
    pub gap_loc: Loc,
    pub gap_bytes: Vec<u8>,
    pub gap_len: u64,
    /// Offset of the first byte after the gap, in the section.
    pub base: Option<u64>,
    pub data: Vec<u8>,
    /// Bytes; `data` has as many, or none in a section without bytes.
    pub len: u64,
}

/// A section.
#[derive(Clone, Debug)]
pub(super) struct Sec {
    pub name: Rc<str>,
    pub kind: u32,
    pub flags: u64,
    pub entsize: u64,
    pub align: u64,
    /// Its section symbol.
    pub symbol: u32,
    /// Subsections and the chunk that each ends with, in order of number.
    pub subsections: Vec<(i64, u32)>,
    /// Its chunks in the order in which the source makes them.
    pub chunks: Vec<u32>,
}

impl Sec {
    pub fn has_bytes(&self) -> bool {
        self.kind != sht::NOBITS
    }

    pub fn is_code(&self) -> bool {
        self.flags & shf::EXECINSTR != 0
    }
}

/// The bases of all chunks.
pub(super) struct Bases<'a>(pub &'a [Chunk]);

impl Places for Bases<'_> {
    fn chunk(&self, chunk: u32) -> (u32, Option<u64>) {
        let c = &self.0[chunk as usize];
        (c.section, c.base)
    }
}

/// A LEB128 number.
pub(super) fn leb(mut value: i64, signed: bool) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value = if signed { value >> 7 } else { ((value as u64) >> 7) as i64 };
        let done = if signed { value == 0 && byte & 0x40 == 0 || value == -1 && byte & 0x40 != 0 } else { value == 0 };
        out.push(if done { byte } else { byte | 0x80 });
        if done {
            return out;
        }
    }
}

/// Bytes that an alignment costs at `offset`.
pub(super) fn align_len(offset: u64, align: u64, max: u64) -> u64 {
    let pad = offset.wrapping_neg() & (align - 1);
    if pad > max { 0 } else { pad }
}

/// Gives every chunk its place. Gaps may depend on labels behind them, so this repeats until nothing moves.
pub(super) fn lay_out(sections: &[Sec], chunks: &mut [Chunk], table: &Table, limit: u64) -> Result<(), (Loc, String)> {
    const ROUNDS: usize = 32;
    if chunks.iter().all(|c| c.base.is_some()) {
        return Ok(());
    }
    let mut orders: Vec<Vec<u32>> = Vec::with_capacity(sections.len());
    for section in sections {
        let mut order = section.chunks.clone();
        order.sort_by_key(|&c| chunks[c as usize].subsection);
        orders.push(order);
    }
    for round in 0..ROUNDS {
        let last = round + 1 == ROUNDS;
        let mut moved = None;
        // Lengths from the places of the round before; then places.
        let mut lens = Vec::new();
        if round > 0 {
            let places = Bases(chunks);
            for (n, c) in chunks.iter().enumerate() {
                let mut evaluator = Evaluator::new(table, &places);
                let expr = match &c.gap {
                    Gap::Repeat { count, .. } => count,
                    Gap::Leb { value, .. } => value,
                    _ => continue,
                };
                let value = evaluator.absolute(expr).map_err(|e| (c.gap_loc, e))?;
                lens.push((n, value));
            }
        }
        let mut bytes = Vec::new();
        for (n, value) in lens {
            let c = &mut chunks[n];
            let len = match c.gap {
                Gap::Repeat { unit, .. } => {
                    let count = u64::try_from(value).map_err(|_| (c.gap_loc, format!("a count of {value}")))?;
                    count.checked_mul(u64::from(unit)).filter(|&n| n <= limit).ok_or_else(|| {
                        (c.gap_loc, format!("a gap of {count} times {unit} bytes is above the limit of {limit} bytes"))
                    })?
                }
                _ => {
                    bytes = leb(value, matches!(c.gap, Gap::Leb { signed: true, .. }));
                    // It never shrinks, or two of them could chase one another for ever; LLVM pads likewise.
                    let signed = matches!(c.gap, Gap::Leb { signed: true, .. });
                    while (bytes.len() as u64) < c.gap_len {
                        let end = bytes.len() - 1;
                        bytes[end] |= 0x80;
                        bytes.push(if signed && value < 0 { 0x7f } else { 0 });
                    }
                    bytes.len() as u64
                }
            };
            if len != c.gap_len {
                moved = Some(c.gap_loc);
                c.gap_len = len;
            }
            c.gap_bytes = core::mem::take(&mut bytes);
        }
        for order in &orders {
            let mut at = 0u64;
            for &n in order {
                let n = n as usize;
                let len = match &chunks[n].gap {
                    Gap::Align { align, max, .. } => align_len(at, *align, *max),
                    Gap::Org { target, .. } if round > 0 => {
                        let target = target.clone();
                        let loc = chunks[n].gap_loc;
                        let places = Bases(chunks);
                        let to = org(&target, chunks[n].section, table, &places).map_err(|e| (loc, e))?;
                        match to.checked_sub(at) {
                            Some(len) if len <= limit => len,
                            Some(len) => {
                                return Err((loc, format!("a gap of {len} bytes is above the limit of {limit} bytes")));
                            }
                            None if last => return Err((loc, format!(".org goes back from {at:#x} to {to:#x}"))),
                            None => 0,
                        }
                    }
                    _ => chunks[n].gap_len,
                };
                let c = &mut chunks[n];
                let base = at.saturating_add(len);
                if c.gap_len != len || c.base != Some(base) {
                    moved = Some(c.gap_loc);
                    c.gap_len = len;
                    c.base = Some(base);
                }
                at = base.saturating_add(c.len);
            }
        }
        match moved {
            None if round > 0 => return backwards(&orders, chunks, table),
            Some(loc) if last => {
                return Err((loc, "the sizes of gaps depend on one another without end".into()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Finds an `.org` that goes back, which [`lay_out`] leaves at length 0 while it looks for a solution.
fn backwards(orders: &[Vec<u32>], chunks: &[Chunk], table: &Table) -> Result<(), (Loc, String)> {
    for &n in orders.iter().flatten() {
        let c = &chunks[n as usize];
        if let Gap::Org { target, .. } = &c.gap {
            let to = org(target, c.section, table, &Bases(chunks)).map_err(|e| (c.gap_loc, e))?;
            if c.base != Some(to) {
                return Err((c.gap_loc, format!(".org goes back from {:#x} to {to:#x}", c.base.unwrap_or(0))));
            }
        }
    }
    Ok(())
}

/// The offset that an `.org` names: a number or a label of the same section.
pub(super) fn org(target: &Expr, section: u32, table: &Table, places: &dyn Places) -> Result<u64, String> {
    let value = Evaluator::new(table, places).value(target)?;
    let base = match (value.add, value.sub) {
        (None, None) => 0,
        (Some((n, _)), None) => match table.syms[n as usize].state {
            State::Label { chunk, offset } => match places.chunk(chunk) {
                (s, Some(base)) if s == section => base.wrapping_add(offset),
                (s, None) if s == section => return Err("a place that isn't known here".into()),
                _ => return Err("a place in another section".into()),
            },
            _ => return Err(format!("`{}` isn't defined", table.syms[n as usize].name)),
        },
        _ => return Err("a distance that isn't known".into()),
    };
    let to = base.wrapping_add(value.number as u64);
    if to > i64::MAX as u64 { Err(format!("offset {} is negative", to as i64)) } else { Ok(to) }
}
