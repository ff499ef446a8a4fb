//! Data, gaps and alignment.
use super::chunks::{self, Bases, Chunk, Fill, Gap};
use super::symbols::Evaluator;
use super::{Assembler, Field, Patch};
use crate::asm::SyntaxError;
use crate::asm::expr::{self, Expr};
use alloc::format;
use alloc::rc::Rc;
use alloc::vec::Vec;

/// The bytes of the string literal at `at`, and where it ends.
pub(super) fn string(text: &str, at: usize) -> Result<(Vec<u8>, usize), SyntaxError> {
    let bytes = text.as_bytes();
    if bytes.get(at) != Some(&b'"') {
        return Err(expr::unexpected(text, at, "a string"));
    }
    let mut out = Vec::new();
    let mut here = at + 1;
    loop {
        let Some(&b) = bytes.get(here) else {
            return Err(SyntaxError::new(at, text.len() - at, "a string without its closing quote"));
        };
        here += 1;
        match b {
            b'"' => return Ok((out, here)),
            b'\\' => {
                let escape = bytes.get(here).copied().unwrap_or(b'"');
                let start = here - 1;
                here += 1;
                out.push(match escape {
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'"' | b'\\' => escape,
                    b'x' | b'X' => {
                        let mut value = 0u8;
                        let digits = here;
                        while let Some(d) = bytes.get(here).and_then(|&b| char::from(b).to_digit(16)) {
                            value = value << 4 | d as u8;
                            here += 1;
                        }
                        if here == digits {
                            return Err(SyntaxError::new(start, 2, "`\\x` without a hexadecimal digit"));
                        }
                        value
                    }
                    b'0'..=b'7' => {
                        let mut value = u32::from(escape - b'0');
                        for _ in 0..2 {
                            match bytes.get(here) {
                                Some(&d @ b'0'..=b'7') => value = value * 8 + u32::from(d - b'0'),
                                _ => break,
                            }
                            here += 1;
                        }
                        match u8::try_from(value) {
                            Ok(v) => v,
                            Err(_) => return Err(SyntaxError::new(start, here - start, "an octal escape above \\377")),
                        }
                    }
                    _ => {
                        let len = text.get(start + 1..).and_then(|t| t.chars().next()).map_or(0, char::len_utf8);
                        return Err(SyntaxError::new(start, 1 + len, "unknown escape")
                            .expected(r#"\b \f \n \r \t \" \\ \x or an octal number"#));
                    }
                });
            }
            b => out.push(b),
        }
    }
}

/// `0x1.8p3`, less its sign.
fn hex_float(text: &str) -> Option<f64> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    let (mantissa, exponent) = digits.split_once(['p', 'P'])?;
    let mut exponent: i32 = exponent.parse().ok().filter(|e: &i32| e.abs() < 5000)?;
    let (mut value, mut point, mut any) = (0u64, false, false);
    for c in mantissa.chars() {
        if c == '.' && !point {
            point = true;
            continue;
        }
        let digit = u64::from(c.to_digit(16)?);
        any = true;
        if value >> 60 != 0 {
            // More digits than any format holds: they only move the point.
            exponent += if point { 0 } else { 4 };
            continue;
        }
        value = value << 4 | digit;
        exponent -= if point { 4 } else { 0 };
    }
    let mut value = any.then_some(value as f64)?;
    while exponent > 0 && value.is_finite() && value != 0.0 {
        value *= 2.0;
        exponent -= 1;
    }
    while exponent < 0 && value != 0.0 {
        value *= 0.5;
        exponent += 1;
    }
    Some(value)
}

/// The bits of the number at `at`, as `.float` (`single`) or `.double` takes it, and where it ends.
fn float(text: &str, at: usize, single: bool) -> Result<(u64, usize), SyntaxError> {
    let bytes = text.as_bytes();
    let sign = matches!(bytes.get(at), Some(b'+' | b'-'));
    let start = if sign { expr::skip_blanks(text, at + 1) } else { at };
    let negative = bytes.get(at) == Some(&b'-');
    let is_hex = matches!(bytes.get(start..start + 2), Some(b"0x" | b"0X"));
    let mut end = start;
    while let Some(&b) = bytes.get(end) {
        let exponent = matches!(b, b'+' | b'-')
            && matches!((bytes[end - usize::from(end > start)], is_hex), (b'e' | b'E', false) | (b'p' | b'P', true));
        if !(expr::is_name(b) || exponent) {
            break;
        }
        end += 1;
    }
    let word = &text[start..end];
    let error = || Err(expr::unexpected(text, start, "a floating-point number"));
    let magnitude = if word.eq_ignore_ascii_case("inf") || word.eq_ignore_ascii_case("infinity") {
        if single { u64::from(f32::INFINITY.to_bits()) } else { f64::INFINITY.to_bits() }
    } else if word.eq_ignore_ascii_case("nan") {
        // LLVM's: every bit of the mantissa.
        if single { 0x7fff_ffff } else { 0x7fff_ffff_ffff_ffff }
    } else if is_hex {
        match hex_float(word) {
            Some(v) if single => u64::from((v as f32).to_bits()),
            Some(v) => v.to_bits(),
            None => return error(),
        }
    } else if !word.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return error();
    } else if single {
        match word.parse::<f32>() {
            Ok(v) => u64::from(v.to_bits()),
            Err(_) => return error(),
        }
    } else {
        match word.parse::<f64>() {
            Ok(v) => v.to_bits(),
            Err(_) => return error(),
        }
    };
    let sign = if negative { 1u64 << if single { 31 } else { 63 } } else { 0 };
    Ok((magnitude | sign, end))
}

/// Does `value` fit `bytes` bytes, with or without a sign.
pub(super) fn fits(value: i64, bytes: u8) -> bool {
    bytes >= 8 || {
        let bits = u32::from(bytes) * 8;
        value >= -(1i64 << (bits - 1)) && value < 1i64 << bits
    }
}

impl Assembler<'_> {
    /// Calls `f` for each of the operands that commas separate; there may be none.
    fn each(
        &mut self,
        text: &str,
        at: usize,
        mut f: impl FnMut(&mut Self, usize) -> Result<usize, SyntaxError>,
    ) -> Result<(), SyntaxError> {
        let mut here = expr::skip_blanks(text, at);
        if here >= text.len() {
            return Ok(());
        }
        loop {
            let end = f(self, here)?;
            here = expr::skip_blanks(text, end);
            match text.as_bytes().get(here) {
                None => return Ok(()),
                Some(b',') => here = expr::skip_blanks(text, here + 1),
                Some(_) => return Err(expr::unexpected(text, here, "`,` or the end of the statement")),
            }
        }
    }

    /// Emits an expression's value in `bytes` bytes, now or at the end.
    pub(super) fn emit_value(&mut self, value: Expr, at: usize, end: usize, bytes: u8) -> Result<(), SyntaxError> {
        if let Expr::Value(v) = value {
            if !fits(v, bytes) {
                return Err(SyntaxError::new(at, end - at, format!("{v} doesn't fit {} bits", u32::from(bytes) * 8)));
            }
            self.emit_at(&v.to_le_bytes()[..usize::from(bytes)]);
            return Ok(());
        }
        let loc = self.loc.plus(at);
        let here = self.chunks[self.chunk as usize].len;
        let expr = self.bind(value, loc, here)?;
        let Some(offset) = self.emit_at(&[0; 8][..usize::from(bytes)]) else { return Ok(()) };
        let len = u16::try_from(end - at).unwrap_or(u16::MAX);
        self.patches.push(Patch { chunk: self.chunk, offset, field: Field::Data(bytes), expr, loc, len });
        Ok(())
    }

    /// `.byte`, `.long`, …
    pub(super) fn integers(&mut self, text: &str, at: usize, bytes: u8) -> Result<(), SyntaxError> {
        self.each(text, at, |a, here| {
            let (value, end) = expr::parse(text, here, &a.table)?;
            a.emit_value(value, here, end, bytes)?;
            Ok(end)
        })
    }

    /// `.octa`
    pub(super) fn octas(&mut self, text: &str, at: usize) -> Result<(), SyntaxError> {
        self.each(text, at, |a, here| {
            let end = expr::token_end(text, here);
            let word = &text[here..end];
            let value = match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
                Some(hex) => u128::from_str_radix(hex, 16),
                None => word.parse::<u128>(),
            };
            match value {
                Ok(v) if word.starts_with(|c: char| c.is_ascii_digit()) => a.emit_at(&v.to_le_bytes()),
                _ => return Err(expr::unexpected(text, here, "a number of at most 128 bits")),
            };
            Ok(end)
        })
    }

    /// `.float`, `.double`
    pub(super) fn floats(&mut self, text: &str, at: usize, single: bool) -> Result<(), SyntaxError> {
        self.each(text, at, |a, here| {
            let (bits, end) = float(text, here, single)?;
            a.emit_at(&bits.to_le_bytes()[..if single { 4 } else { 8 }]);
            Ok(end)
        })
    }

    /// `.ascii`, `.asciz`: strings without a comma between them are one.
    pub(super) fn strings(&mut self, text: &str, at: usize, zero: bool) -> Result<(), SyntaxError> {
        self.each(text, at, |a, here| {
            let (mut bytes, mut end) = string(text, here)?;
            loop {
                let next = expr::skip_blanks(text, end);
                if text.as_bytes().get(next) != Some(&b'"') {
                    break;
                }
                let (more, stop) = string(text, next)?;
                bytes.extend_from_slice(&more);
                end = stop;
            }
            if zero {
                bytes.push(0);
            }
            a.emit_at(&bytes);
            Ok(end)
        })
    }

    /// `.uleb128`, `.sleb128`
    pub(super) fn lebs(&mut self, text: &str, at: usize, signed: bool) -> Result<(), SyntaxError> {
        self.each(text, at, |a, here| {
            let (value, end) = expr::parse(text, here, &a.table)?;
            if let Expr::Value(v) = value {
                a.emit_at(&chunks::leb(v, signed));
            } else {
                let loc = a.loc.plus(here);
                let place = a.chunks[a.chunk as usize].len;
                let value = Rc::new(a.bind_listing(value, loc, place, false)?);
                a.new_chunk(Gap::Leb { value, signed }, loc);
            }
            Ok(end)
        })
    }

    /// Starts a chunk behind the present one.
    pub(super) fn new_chunk(&mut self, gap: Gap, gap_loc: super::Loc) {
        let old = &self.chunks[self.chunk as usize];
        let (section, subsection) = (old.section, old.subsection);
        let n = self.chunks.len() as u32;
        self.chunks.push(Chunk {
            section,
            subsection,
            gap,
            gap_loc,
            gap_bytes: Vec::new(),
            gap_len: 0,
            base: None,
            data: Vec::new(),
            len: 0,
        });
        let section = &mut self.sections[section as usize];
        section.chunks.push(n);
        if let Ok(at) = section.subsections.binary_search_by_key(&subsection, |s| s.0) {
            section.subsections[at].1 = n;
        }
        self.chunk = n;
    }

    /// Appends `count` bytes of `fill` here.
    fn pad(&mut self, fill: &Fill, count: u64) {
        if !self.count_bytes(count) {
            return;
        }
        let chunk = &mut self.chunks[self.chunk as usize];
        let at = chunk.base.unwrap_or(0).wrapping_add(chunk.len);
        chunk.len += count;
        if self.sections[chunk.section as usize].has_bytes() {
            fill.fill(&mut chunk.data, at, count);
        } else if !matches!(fill, Fill::Nop | Fill::Bytes { value: 0, .. }) && count > 0 {
            self.error(SyntaxError::new(0, 0, "bytes other than zero in a @nobits section"));
        }
    }

    /// `.align`, `.p2align` and their like: `unit` bytes of fill at a time, the argument is an exponent if `power`.
    pub(super) fn align(&mut self, text: &str, at: usize, power: bool, unit: u8) -> Result<(), SyntaxError> {
        let start = expr::skip_blanks(text, at);
        let (value, end) = self.number(text, at)?;
        let error = |what: &str| Err(SyntaxError::new(start, end - start, format!("{what} {value}")));
        let align = match (power, value) {
            (true, 0..=31) => 1u64 << value,
            (false, 0) => 1,
            (false, 1..=0x8000_0000) if (value as u64).is_power_of_two() => value as u64,
            (true, _) => return error("an alignment of 2 to the power of").map_err(|e| e.expected("0 to 31")),
            (false, _) => return error("an alignment of").map_err(|e| e.expected("a power of two below 2^32")),
        };
        let (mut fill, mut max) = (None, u64::MAX);
        let mut stop = end;
        if expr::skip_blanks(text, stop) < text.len() {
            let mut here = self.comma(text, stop)?;
            stop = here;
            if text.as_bytes().get(here).is_some_and(|&b| b != b',') {
                let (value, f_end) = self.number(text, here)?;
                if !fits(value, unit) {
                    let what = format!("fill {value} doesn't fit {} bits", u32::from(unit) * 8);
                    return Err(SyntaxError::new(here, f_end - here, what));
                }
                fill = Some(value as u64);
                stop = f_end;
            }
            if expr::skip_blanks(text, stop) < text.len() {
                here = self.comma(text, stop)?;
                let (value, m_end) = self.number(text, here)?;
                max = u64::try_from(value).ok().filter(|&v| v > 0).ok_or_else(|| {
                    SyntaxError::new(here, m_end - here, format!("an alignment that may take {value} bytes"))
                })?;
                stop = m_end;
            }
            self.end_of_statement(text, stop)?;
        }
        let chunk = &self.chunks[self.chunk as usize];
        let section = &mut self.sections[chunk.section as usize];
        section.align = section.align.max(align);
        let fill = match fill {
            None | Some(0) if section.is_code() && unit == 1 => Fill::Nop,
            fill => Fill::Bytes { value: fill.unwrap_or(0), size: unit },
        };
        match chunk.base {
            Some(base) => {
                let count = chunks::align_len(base.wrapping_add(chunk.len), align, max);
                self.pad(&fill, count);
            }
            None => self.new_chunk(Gap::Align { align, max, fill }, self.loc),
        }
        Ok(())
    }

    /// `.fill count, size, value`; `.space count, value` with `bytes`.
    pub(super) fn fill(&mut self, text: &str, at: usize, bytes: Option<u8>) -> Result<(), SyntaxError> {
        let start = expr::skip_blanks(text, at);
        let (count, count_end) = expr::parse(text, at, &self.table)?;
        let (mut unit, mut value) = (bytes.unwrap_or(1), 0i64);
        let mut stop = count_end;
        if bytes.is_none() && expr::skip_blanks(text, stop) < text.len() {
            let here = self.comma(text, stop)?;
            let (size, end) = self.number(text, here)?;
            unit = match size {
                0..=8 => size as u8,
                9.. => 8,
                _ => return Err(SyntaxError::new(here, end - here, format!("a size of {size}")).expected("0 to 8")),
            };
            stop = end;
        }
        if expr::skip_blanks(text, stop) < text.len() {
            let here = self.comma(text, stop)?;
            (value, stop) = self.number(text, here)?;
        }
        self.end_of_statement(text, stop)?;
        // The pattern is 32 bits wide at most, as in LLVM and GNU as; .fill's further bytes are zero.
        let size = unit.min(4);
        let value = value as u64 & (u64::MAX >> (64 - 8 * u32::from(size.max(1))));
        let known = match &count {
            Expr::Value(v) => Some(*v),
            _ => {
                let here = self.chunks[self.chunk as usize].len;
                let bound = self.bind_quietly(count.clone(), here);
                let places = Bases(&self.chunks);
                Evaluator::new(&self.table, &places).absolute(&bound).ok()
            }
        };
        match known {
            Some(n) if n < 0 && bytes.is_none() => Ok(()),
            Some(n) if n < 0 => {
                Err(SyntaxError::new(start, count_end - start, format!("a count of {n}")).expected("0 or more"))
            }
            Some(n) => {
                let total = (n as u64).saturating_mul(u64::from(unit));
                self.pad(&Fill::Bytes { value, size: unit.max(1) }, total);
                Ok(())
            }
            None => {
                let loc = self.loc.plus(start);
                let here = self.chunks[self.chunk as usize].len;
                let count = Rc::new(self.bind_listing(count, loc, here, false)?);
                self.new_chunk(Gap::Repeat { count, value, size, unit }, loc);
                Ok(())
            }
        }
    }

    /// `.org`, with its operands at `at`.
    pub(super) fn org_directive(&mut self, text: &str, at: usize) -> Result<(), SyntaxError> {
        let start = expr::skip_blanks(text, at);
        let (target, mut stop) = expr::parse(text, at, &self.table)?;
        let mut fill = 0;
        if expr::skip_blanks(text, stop) < text.len() {
            let here = self.comma(text, stop)?;
            (fill, stop) = self.number(text, here)?;
        }
        self.end_of_statement(text, stop)?;
        self.org(target, start, fill as u8)
    }

    /// Moves on to offset `target` of the section.
    pub(super) fn org(&mut self, target: Expr, at: usize, value: u8) -> Result<(), SyntaxError> {
        let loc = self.loc.plus(at);
        let chunk = self.chunk;
        let here = self.chunks[chunk as usize].len;
        let target = self.bind_listing(target, loc, here, false)?;
        let c = &self.chunks[chunk as usize];
        let known = chunks::org(&target, c.section, &self.table, &Bases(&self.chunks));
        match (c.base, known) {
            (Some(base), Ok(to)) => match to.checked_sub(base.wrapping_add(c.len)) {
                Some(count) => {
                    self.pad(&Fill::Bytes { value: u64::from(value), size: 1 }, count);
                    Ok(())
                }
                None => {
                    let from = base.wrapping_add(c.len);
                    Err(SyntaxError::new(at, 0, format!(".org goes back from {from:#x} to {to:#x}")))
                }
            },
            _ => {
                self.new_chunk(Gap::Org { target: Rc::new(target), value }, loc);
                Ok(())
            }
        }
    }
}
