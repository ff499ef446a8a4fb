//! Operands that are neither registers nor plain sources: messages, hardware registers, counters, delays, constants,
//! swizzles, buffer formats and image dimensions, as LLVM 19's assembler reads them for gfx11.
use crate::Target;
use crate::asm::expr::{self, Expr, float_end, name_end, skip_blanks, token_end, unexpected};
use crate::asm::{Symbols, SyntaxError};
use crate::image::DIMS;
use crate::names;
use crate::row::Class;
use alloc::format;
use alloc::string::String;

const U16: &str = "a number of 16 bits, 0 to 65535";
const S16: &str = "a number of 16 bits, -32768 to 65535";

/// The operand of `class` that starts at byte `at` of `text`: the number for its field and where it ends. The number has
/// 16 bits (7 for [`Class::Num`]); `s_sendmsg_rtn_b32` keeps the low 8 of its own.
///
/// No class takes the symbols of relocations: `s_nop label` isn't an operand, `Branch` is read elsewhere.
pub(crate) fn value(
    class: Class,
    text: &str,
    at: usize,
    symbols: &dyn Symbols,
    _target: Target,
) -> Result<(u32, usize), SyntaxError> {
    let symbols = Predefined(symbols);
    let mut c = Cursor::new(text, at, &symbols);
    let v = match class {
        Class::Msg => c.message()?,
        Class::Hwreg => c.hwreg()?,
        Class::Delay => c.delay()?,
        Class::Waitcnt => c.waitcnt()?,
        Class::Depctr => c.depctr()?,
        // LLVM cuts what these take to the width of the field, without a word.
        Class::Dec => c.immediate("a number")?.0 as u32 & 0xffff,
        Class::Num => c.immediate("a number")?.0 as u32 & 0x7f,
        Class::Endpgm => c.within(0, 0xffff, U16)?,
        Class::U16 => {
            let (v, span) = c.immediate(U16)?;
            c.fits(v, span, 0, 0xffff, U16)?
        }
        Class::S16 | Class::Version => {
            let (v, span) = c.immediate(S16)?;
            c.fits(v, span, -0x8000, 0xffff, S16)? & 0xffff
        }
        _ => return Err(c.unexpected("another operand")),
    };
    Ok((v, c.end))
}

/// What follows `offset:` of `ds_swizzle_b32`: `swizzle(mode, …)` or the number itself.
pub(crate) fn swizzle(text: &str, at: usize, symbols: &dyn Symbols) -> Result<(u32, usize), SyntaxError> {
    let symbols = Predefined(symbols);
    let mut c = Cursor::new(text, at, &symbols);
    let v = c.swizzle()?;
    Ok((v, c.end))
}

/// What follows `format:` of a typed buffer instruction, after its `soffset`: a number or a name in brackets.
pub(crate) fn buffer_format(text: &str, at: usize, symbols: &dyn Symbols) -> Result<(u32, usize), SyntaxError> {
    let symbols = Predefined(symbols);
    let mut c = Cursor::new(text, at, &symbols);
    let v = if c.eat(b'[') { c.format_name()? } else { c.format_number()? };
    Ok((v, c.end))
}

/// What follows `format:` where it stands before `soffset`, an older order that takes numbers alone.
pub(crate) fn buffer_format_number(text: &str, at: usize, symbols: &dyn Symbols) -> Result<(u32, usize), SyntaxError> {
    let symbols = Predefined(symbols);
    let mut c = Cursor::new(text, at, &symbols);
    let v = c.format_number()?;
    Ok((v, c.end))
}

/// What follows `dim:` of an image instruction: `SQ_RSRC_IMG_2D` or `2D`, the short name in any case.
pub(crate) fn dim(text: &str, at: usize) -> Result<(u32, usize), SyntaxError> {
    const PREFIX: &str = "SQ_RSRC_IMG_";
    let at = skip_blanks(text, at);
    let end = token_end(text, at);
    let name = text.get(at..end).unwrap_or("");
    let short = name.strip_prefix(PREFIX).unwrap_or(name);
    let found = DIMS.iter().position(|d| d.strip_prefix(PREFIX).is_some_and(|d| d.eq_ignore_ascii_case(short)));
    match found {
        Some(k) => Ok((k as u32, end)),
        None if name.is_empty() => Err(unexpected(text, at, "an image dimension")),
        None => Err(SyntaxError::new(at, end - at, format!("invalid image dimension `{name}`"))
            .expected("1D, 2D, 3D, CUBE, 1D_ARRAY, 2D_ARRAY, 2D_MSAA or 2D_MSAA_ARRAY")),
    }
}

/// The symbols of a file with those that the assembler itself defines, `UC_VERSION_GFX11` and its like.
struct Predefined<'a>(&'a dyn Symbols);

impl Symbols for Predefined<'_> {
    fn absolute(&self, name: &str) -> Option<i64> {
        self.0.absolute(name).or_else(|| predefined(name))
    }
}

/// Value of a symbol that the assembler defines before the file begins.
pub(crate) fn predefined(name: &str) -> Option<i64> {
    if !name.starts_with("UC_VERSION_") {
        return None;
    }
    names::UC_VERSIONS.iter().find(|u| u.0 == name).map(|u| i64::from(u.1))
}

/// A name's number.
enum Named {
    /// It has one.
    Known(u32),
    /// Other generations know the name.
    Elsewhere,
    /// Not a name of this kind.
    Unknown,
}

fn hwreg_id(name: &str) -> Named {
    if !name.starts_with("HW_REG_") {
        return Named::Unknown;
    }
    match names::HWREG.iter().position(|&n| n == name) {
        Some(k) => Named::Known(k as u32),
        None if names::HWREG_ELSEWHERE.contains(&name) => Named::Elsewhere,
        None => Named::Unknown,
    }
}

fn message_id(name: &str) -> Named {
    if !name.starts_with("MSG_") {
        return Named::Unknown;
    }
    match names::MESSAGES.iter().chain([&names::MSG_SYSMSG]).find(|m| m.1 == name) {
        Some(m) => Named::Known(m.0),
        None if names::MESSAGES_ELSEWHERE.contains(&name) => Named::Elsewhere,
        None => Named::Unknown,
    }
}

/// Operation of a message; those of the geometry messages go with every message but `MSG_SYSMSG`.
fn message_op(message: i64, name: &str) -> Named {
    let sys = message == i64::from(names::MSG_SYSMSG.0);
    let table: &[&str] = if sys { &names::SYSMSG_OPS } else { &names::GS_OPS };
    match table.iter().position(|&n| n == name && !name.is_empty()) {
        Some(3) if sys => Named::Elsewhere,
        Some(k) => Named::Known(k as u32),
        None => Named::Unknown,
    }
}

/// Where a token was: its first byte and length.
type Span = (usize, usize);

struct Cursor<'a> {
    text: &'a str,
    /// Next token.
    at: usize,
    /// End of the last token.
    end: usize,
    symbols: &'a dyn Symbols,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str, at: usize, symbols: &'a dyn Symbols) -> Self {
        let at = skip_blanks(text, at);
        Self { text, at, end: at, symbols }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn advance(&mut self, end: usize) {
        self.end = end;
        self.at = skip_blanks(self.text, end);
    }

    /// Is the statement over.
    fn done(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Takes a character, if it is next.
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.advance(self.at + 1);
        }
        found
    }

    fn want(&mut self, byte: u8, what: &str) -> Result<(), SyntaxError> {
        if self.eat(byte) { Ok(()) } else { Err(self.unexpected(what)) }
    }

    fn unexpected(&self, what: &str) -> SyntaxError {
        unexpected(self.text, self.at, what)
    }

    /// The name that is next, empty where none is; it isn't taken.
    fn name(&self) -> &'a str {
        self.text.get(self.at..name_end(self.text, self.at)).unwrap_or("")
    }

    /// Takes a name.
    fn take_name(&mut self, what: &str) -> Result<(&'a str, Span), SyntaxError> {
        let name = self.name();
        if name.is_empty() {
            return Err(self.unexpected(what));
        }
        let span = (self.at, name.len());
        self.advance(self.at + name.len());
        Ok((name, span))
    }

    /// Is a name with an open parenthesis next.
    fn is_call(&self) -> bool {
        let len = self.name().len();
        len > 0 && self.text.as_bytes().get(skip_blanks(self.text, self.at + len)) == Some(&b'(')
    }

    /// Takes `name(`, if that is next.
    fn eat_call(&mut self, name: &str) -> bool {
        let found = self.name() == name && self.is_call();
        if found {
            self.advance(self.at + name.len());
            self.advance(self.at + 1);
        }
        found
    }

    /// An expression that is known now.
    fn number(&mut self, what: &str) -> Result<(i64, Span), SyntaxError> {
        let at = self.at;
        let (e, end) = expr::parse(self.text, at, self.symbols)?;
        self.advance(end);
        match e {
            Expr::Value(v) => Ok((v, (at, end - at))),
            _ => {
                let token = self.text.get(at..end).unwrap_or("");
                Err(SyntaxError::new(at, end - at, format!("`{token}` isn't a number that is known here"))
                    .expected(what))
            }
        }
    }

    /// A number where a source operand might stand: an expression, one float literal with its sign (worth its binary64
    /// bits), or either in `lit(…)`.
    fn immediate(&mut self, what: &str) -> Result<(i64, Span), SyntaxError> {
        if self.name() != "lit" {
            return self.plain_immediate(what);
        }
        self.advance(self.at + "lit".len());
        self.want(b'(', "`(`")?;
        let v = self.plain_immediate(what)?;
        self.want(b')', "`)`")?;
        Ok(v)
    }

    fn plain_immediate(&mut self, what: &str) -> Result<(i64, Span), SyntaxError> {
        let at = self.at;
        let negative = self.peek() == Some(b'-');
        let start = if negative { skip_blanks(self.text, at + 1) } else { at };
        let Some(end) = float_end(self.text, start) else {
            return self.number(what);
        };
        let Some(v) = self.text.get(start..end).and_then(expr::float_value) else {
            return Err(SyntaxError::new(at, end - at, "invalid floating-point number").expected(what));
        };
        self.advance(end);
        let v = if negative { -v } else { v };
        Ok((v.to_bits() as i64, (at, end - at)))
    }

    /// A number from `low` to `high`.
    fn within(&mut self, low: i64, high: i64, what: &str) -> Result<u32, SyntaxError> {
        let (v, span) = self.number(what)?;
        self.fits(v, span, low, high, what)
    }

    fn fits(&self, v: i64, span: Span, low: i64, high: i64, what: &str) -> Result<u32, SyntaxError> {
        if v < low || v > high {
            return Err(self.out_of_range(v, span, what));
        }
        Ok(v as u32)
    }

    fn out_of_range(&self, v: i64, span: Span, what: &str) -> SyntaxError {
        SyntaxError::new(span.0, span.1, format!("{v} is out of range")).expected(what)
    }

    fn message(&mut self) -> Result<u32, SyntaxError> {
        if !self.eat_call("sendmsg") {
            return self.within(0, 0xffff, "sendmsg(…) or a number from 0 to 65535");
        }
        let at = self.at;
        let name = self.name();
        let symbolic = match message_id(name) {
            Named::Known(id) => Some(i64::from(id)),
            Named::Elsewhere => {
                return Err(SyntaxError::new(at, name.len(), format!("gfx11 has no message `{name}`")));
            }
            Named::Unknown => None,
        };
        let id = match symbolic {
            Some(id) => {
                self.advance(at + name.len());
                id
            }
            None => i64::from(self.within(0, 0xff, "a message's name or number, 0 to 255")?),
        };
        let mut op = None;
        let mut stream = None;
        if self.eat(b',') {
            let (at, name) = (self.at, self.name());
            op = Some(match message_op(id, name) {
                Named::Known(v) => {
                    self.advance(at + name.len());
                    (i64::from(v), (at, name.len()))
                }
                Named::Elsewhere => {
                    return Err(SyntaxError::new(at, name.len(), format!("gfx11 has no operation `{name}`")));
                }
                Named::Unknown => self.number("an operation's name or number")?,
            });
            if self.eat(b',') {
                stream = Some(self.number("a stream, 0 to 3")?);
            }
        }
        self.want(b')', "`)`")?;
        let operated = id == i64::from(names::MSG_SYSMSG.0);
        if symbolic.is_some() {
            // A message by name has to go with its operation; a number goes with anything that fits the bits.
            match op {
                None if operated => {
                    return Err(SyntaxError::new(at, name.len(), format!("`{name}` without its operation"))
                        .expected("sendmsg(MSG_SYSMSG, operation)"));
                }
                Some((_, span)) if !operated => {
                    return Err(SyntaxError::new(span.0, span.1, format!("`{name}` takes no operation"))
                        .expected(format!("sendmsg({name})")));
                }
                Some((v, span)) if !matches!(v, 1 | 2 | 4) => {
                    return Err(self.out_of_range(v, span, "operation 1, 2 or 4"));
                }
                _ => {}
            }
            if let Some((_, span)) = stream {
                return Err(SyntaxError::new(span.0, span.1, format!("`{name}` takes no stream")).expected("`)`"));
            }
        }
        let mut v = id as u32;
        for (field, high, shift, what) in
            [(op, 7, 4, "an operation from 0 to 7"), (stream, 3, 8, "a stream from 0 to 3")]
        {
            if let Some((x, span)) = field {
                if !(0..=high).contains(&x) {
                    return Err(self.out_of_range(x, span, what));
                }
                v |= (x as u32) << shift;
            }
        }
        Ok(v)
    }

    fn hwreg(&mut self) -> Result<u32, SyntaxError> {
        const WHAT: [&str; 3] =
            ["a hardware register's number, 0 to 63", "a bit offset, 0 to 31", "a bitfield width, 1 to 32"];
        let mut fields: [Option<(i64, Span)>; 3] = [None; 3];
        if self.eat(b'{') {
            let mut first = true;
            while !self.eat(b'}') {
                if !first {
                    self.want(b',', "`,` or `}`")?;
                }
                first = false;
                let (name, span) = self.take_name("id, offset or size")?;
                self.want(b':', "`:`")?;
                let Some(k) = ["id", "offset", "size"].iter().position(|&f| f == name) else {
                    return Err(SyntaxError::new(span.0, span.1, format!("unknown field `{name}`"))
                        .expected("id, offset or size"));
                };
                if fields[k].is_some() {
                    return Err(SyntaxError::new(span.0, span.1, format!("field `{name}` given twice")));
                }
                fields[k] = Some(self.number(WHAT[k])?);
            }
        } else if self.eat_call("hwreg") {
            let (at, name) = (self.at, self.name());
            fields[0] = Some(match hwreg_id(name) {
                Named::Known(id) => {
                    self.advance(at + name.len());
                    (i64::from(id), (at, name.len()))
                }
                Named::Elsewhere => {
                    return Err(SyntaxError::new(at, name.len(), format!("gfx11 has no hardware register `{name}`")));
                }
                Named::Unknown => self.number("a hardware register's name or number")?,
            });
            if !self.eat(b')') {
                self.want(b',', "`,` or `)`")?;
                fields[1] = Some(self.number(WHAT[1])?);
                self.want(b',', "`,`")?;
                fields[2] = Some(self.number(WHAT[2])?);
                self.want(b')', "`)`")?;
            }
        } else {
            return self.within(0, 0xffff, "hwreg(…), {id: …} or a number from 0 to 65535");
        }
        let field = |k: usize, low: i64, high: i64, default: i64| match fields[k] {
            Some((v, span)) if v < low || v > high => Err(self.out_of_range(v, span, WHAT[k])),
            Some((v, _)) => Ok(v as u32),
            None => Ok(default as u32),
        };
        let id = field(0, 0, 63, 0)?;
        let offset = field(1, 0, 31, 0)?;
        let size = field(2, 1, 32, 32)?;
        Ok(id | offset << 6 | (size - 1) << 11)
    }

    fn delay(&mut self) -> Result<u32, SyntaxError> {
        if !self.is_call() {
            return Ok(self.number("instid0(…) or a number")?.0 as u32 & 0xffff);
        }
        let mut all = 0;
        loop {
            let (field, span) = self.take_name("instid0, instskip or instid1")?;
            self.want(b'(', "`(`")?;
            let (table, shift): (&[&str], u32) = match field {
                "instid0" => (&names::DELAY_ID, 0),
                "instskip" => (&names::DELAY_SKIP, 4),
                "instid1" => (&names::DELAY_ID, 7),
                _ => {
                    return Err(SyntaxError::new(span.0, span.1, format!("unknown field `{field}`"))
                        .expected("instid0, instskip or instid1"));
                }
            };
            let (name, span) = self.take_name("the name of a dependency")?;
            let Some(k) = table.iter().position(|&n| n == name) else {
                let mut expected = String::new();
                for (k, n) in table.iter().enumerate() {
                    if k > 0 {
                        expected.push_str(", ");
                    }
                    expected.push_str(n);
                }
                return Err(
                    SyntaxError::new(span.0, span.1, format!("`{name}` isn't a value of {field}")).expected(expected)
                );
            };
            self.want(b')', "`)`")?;
            // A field that is given twice is the union of both, as in LLVM.
            all |= (k as u32) << shift;
            if !self.eat(b'|') {
                return Ok(all);
            }
        }
    }

    /// Takes `name(number)` and the separator behind it.
    fn counter(&mut self) -> Result<(&'a str, Span, i64, Span), SyntaxError> {
        let (name, span) = self.take_name("a counter")?;
        self.want(b'(', "`(`")?;
        let (v, at) = self.number("a number")?;
        Ok((name, span, v, at))
    }

    fn counter_end(&mut self) -> Result<(), SyntaxError> {
        self.want(b')', "`)`")?;
        if (self.eat(b'&') || self.eat(b',')) && self.done() {
            return Err(self.unexpected("a counter"));
        }
        Ok(())
    }

    fn waitcnt(&mut self) -> Result<u32, SyntaxError> {
        if !self.is_call() {
            return Ok(self.number("a counter such as vmcnt(0), or a number")?.0 as u32 & 0xffff);
        }
        let mut all = names::WAITCNT.iter().fold(0, |v, &(_, shift, mask)| v | mask << shift);
        while !self.done() {
            let (name, span, v, at) = self.counter()?;
            let plain = name.strip_suffix("_sat");
            let wanted = plain.unwrap_or(name);
            let Some(&(_, shift, mask)) = names::WAITCNT.iter().find(|f| f.0 == wanted) else {
                return Err(SyntaxError::new(span.0, span.1, format!("unknown counter `{name}`"))
                    .expected("vmcnt, expcnt or lgkmcnt"));
            };
            let v = match v {
                0.. if v <= i64::from(mask) => v as u32,
                _ if plain.is_some() => mask,
                _ => {
                    return Err(self.out_of_range(v, at, &format!("0 to {mask}, or {name}_sat({v}) for the largest")));
                }
            };
            all = all & !(mask << shift) | v << shift;
            self.counter_end()?;
        }
        Ok(all)
    }

    fn depctr(&mut self) -> Result<u32, SyntaxError> {
        if !self.is_call() {
            return Ok(self.within(-0x8000, 0xffff, S16)? & 0xffff);
        }
        // Bits 5 and 6 belong to no counter and stay 0.
        let mut all = names::DEPCTR.iter().fold(0, |v, &(_, shift, mask)| v | mask << shift);
        let mut seen = 0u32;
        while !self.done() {
            let (name, span, v, at) = self.counter()?;
            let Some(k) = names::DEPCTR.iter().position(|f| f.0 == name) else {
                return Err(SyntaxError::new(span.0, span.1, format!("unknown counter `{name}`")).expected(
                    "depctr_hold_cnt, depctr_sa_sdst, depctr_va_vdst, depctr_va_sdst, depctr_va_ssrc, \
                     depctr_va_vcc or depctr_vm_vsrc",
                ));
            };
            if seen >> k & 1 != 0 {
                return Err(SyntaxError::new(span.0, span.1, format!("counter `{name}` given twice")));
            }
            seen |= 1 << k;
            let (_, shift, mask) = names::DEPCTR[k];
            if !(0..=i64::from(mask)).contains(&v) {
                return Err(self.out_of_range(v, at, &format!("0 to {mask}")));
            }
            all = all & !(mask << shift) | (v as u32) << shift;
            self.counter_end()?;
        }
        Ok(all)
    }

    fn swizzle(&mut self) -> Result<u32, SyntaxError> {
        if self.name() != "swizzle" {
            return self.within(0, 0xffff, "swizzle(…) or an offset from 0 to 65535");
        }
        self.advance(self.at + "swizzle".len());
        self.want(b'(', "`(`")?;
        const MODES: &str = "QUAD_PERM, BITMASK_PERM, BROADCAST, SWAP or REVERSE";
        let (mode, span) = self.take_name(MODES)?;
        let masks = |and: u32, or: u32, xor: u32| and | or << 5 | xor << 10;
        let v = match mode {
            "QUAD_PERM" => {
                let mut v = 0x8000;
                for k in 0..4 {
                    v |= self.item(0, 3, "a lane of the quad, 0 to 3")? << (2 * k);
                }
                v
            }
            "BITMASK_PERM" => {
                let (and, or, xor) = self.bitmask()?;
                masks(and, or, xor)
            }
            "BROADCAST" => {
                let size = self.group(2, 32, "a group size: 2, 4, 8, 16 or 32")?;
                let lane = self.item(0, i64::from(size) - 1, "a lane of the group")?;
                masks(32 - size, lane, 0)
            }
            "SWAP" => masks(31, 0, self.group(1, 16, "a group size: 1, 2, 4, 8 or 16")?),
            "REVERSE" => masks(31, 0, self.group(2, 32, "a group size: 2, 4, 8, 16 or 32")? - 1),
            _ => {
                return Err(SyntaxError::new(span.0, span.1, format!("unknown swizzle mode `{mode}`")).expected(MODES));
            }
        };
        self.want(b')', "`)`")?;
        Ok(v)
    }

    /// A comma and a number.
    fn item(&mut self, low: i64, high: i64, what: &str) -> Result<u32, SyntaxError> {
        self.want(b',', "`,`")?;
        self.within(low, high, what)
    }

    /// A comma and a power of two.
    fn group(&mut self, low: i64, high: i64, what: &str) -> Result<u32, SyntaxError> {
        self.want(b',', "`,`")?;
        let (v, span) = self.number(what)?;
        if v < low || v > high || !(v as u32).is_power_of_two() {
            return Err(self.out_of_range(v, span, what));
        }
        Ok(v as u32)
    }

    /// A comma and five characters: what becomes of each bit of the lane's number, highest first.
    fn bitmask(&mut self) -> Result<(u32, u32, u32), SyntaxError> {
        const WHAT: &str = "five of 0, 1, p and i between quotes";
        self.want(b',', "`,`")?;
        let at = self.at;
        let rest = self.text.get(at + 1..).unwrap_or("");
        let len = match (self.peek(), rest.find('"')) {
            (Some(b'"'), Some(len)) => len,
            _ => return Err(self.unexpected(WHAT)),
        };
        let (mut and, mut or, mut xor) = (0, 0, 0);
        let mask = &rest[..len];
        for c in mask.bytes() {
            (and, or, xor) = (and << 1, or << 1, xor << 1);
            match c {
                b'0' => {}
                b'1' => or |= 1,
                b'p' => and |= 1,
                b'i' => (and, xor) = (and | 1, xor | 1),
                _ => {
                    return Err(SyntaxError::new(at, len + 2, format!("invalid mask \"{mask}\"")).expected(WHAT));
                }
            }
        }
        if len != 5 {
            return Err(SyntaxError::new(at, len + 2, format!("a mask of {len} characters, \"{mask}\"")).expected(WHAT));
        }
        self.advance(at + len + 2);
        Ok((and, or, xor))
    }

    fn format_number(&mut self) -> Result<u32, SyntaxError> {
        self.within(0, 127, "a format's number, 0 to 127, or [BUF_FMT_…]")
    }

    /// The name and the closing bracket.
    fn format_name(&mut self) -> Result<u32, SyntaxError> {
        const WHAT: &str = "BUF_FMT_…, or BUF_DATA_FORMAT_… and BUF_NUM_FORMAT_…";
        let (name, span) = self.take_name(WHAT)?;
        let unified = name.strip_prefix("BUF_FMT_").and_then(|n| names::BUF_FMT.iter().position(|&f| f == n));
        if let Some(v) = unified {
            self.want(b']', "`]`")?;
            return Ok(v as u32);
        }
        let (mut data, mut num) = (None, None);
        let first = (name, span);
        let second = if self.eat(b',') { Some(self.take_name(WHAT)?) } else { None };
        for (name, span) in [Some(first), second].into_iter().flatten() {
            let d =
                name.strip_prefix("BUF_DATA_FORMAT_").and_then(|n| names::BUF_DATA_FORMAT.iter().find(|&&f| f == n));
            let n = name.strip_prefix("BUF_NUM_FORMAT_").and_then(|n| names::BUF_NUM_FORMAT.iter().find(|&&f| f == n));
            let slot = match (d, n) {
                (Some(_), _) => &mut data,
                (_, Some(_)) => &mut num,
                _ => {
                    return Err(SyntaxError::new(span.0, span.1, format!("unknown format `{name}`")).expected(WHAT));
                }
            };
            if slot.is_some() {
                return Err(SyntaxError::new(span.0, span.1, format!("a second format of one kind, `{name}`"))
                    .expected("one BUF_DATA_FORMAT_… and one BUF_NUM_FORMAT_…"));
            }
            *slot = d.or(n).copied();
        }
        // What is left out is the 8-bit format and UNORM.
        let (data, num) = (data.unwrap_or("8"), num.unwrap_or("UNORM"));
        let both = names::BUF_FMT.iter().position(|f| match f.strip_prefix(data) {
            Some(rest) => rest.strip_prefix('_') == Some(num) || rest.is_empty() && num == "UNORM",
            None => false,
        });
        let Some(v) = both else {
            return Err(SyntaxError::new(
                first.1.0,
                self.end - first.1.0,
                format!("gfx11 has no buffer format {data} {num}"),
            )
            .expected("a pair that BUF_FMT_… names"));
        };
        self.want(b']', "`]`")?;
        Ok(v as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WaveSize;

    struct Seven;

    impl Symbols for Seven {
        fn absolute(&self, name: &str) -> Option<i64> {
            (name == "seven").then_some(7)
        }
    }

    /// The field's bits and what is left of the text.
    fn read(class: Class, text: &str) -> Result<(u32, &str), SyntaxError> {
        let (v, end) = value(class, text, 0, &Seven, Target::from(WaveSize::W32))?;
        Ok((v, &text[end..]))
    }

    /// Values are the low halves of the words that llvm-mc 19 makes for gfx1100; `None`: it refuses the text.
    fn table(class: Class, cases: &[(&str, Option<u32>)]) {
        for &(text, want) in cases {
            match want {
                Some(v) => assert_eq!(read(class, text), Ok((v, "")), "{class:?} {text}"),
                None => assert!(!matches!(read(class, text), Ok((_, ""))), "{class:?} {text} is refused"),
            }
        }
    }

    #[test]
    fn messages() {
        table(
            Class::Msg,
            &[
                ("sendmsg(MSG_INTERRUPT)", Some(1)),
                ("sendmsg (MSG_RTN_GET_TBA_TO_PC )", Some(0x86)),
                ("sendmsg(MSG_SYSMSG, SYSMSG_OP_ECC_ERR_INTERRUPT)", Some(0x1f)),
                ("sendmsg(MSG_SYSMSG,2)", Some(0x2f)),
                ("sendmsg(15, 3)", Some(0x3f)),
                ("sendmsg(12, 3, 1)", Some(0x13c)),
                ("sendmsg(3, GS_OP_EMIT_CUT)", Some(0x33)),
                ("sendmsg(seven)", Some(7)),
                ("65535", Some(0xffff)),
                ("65536", None),
                ("-1", None),
                ("sendmsg(MSG_SYSMSG)", None),
                ("sendmsg(MSG_SYSMSG, 3)", None),
                ("sendmsg(MSG_SYSMSG, SYSMSG_OP_HOST_TRAP_ACK)", None),
                ("sendmsg(MSG_SYSMSG, 1, 0)", None),
                ("sendmsg(MSG_INTERRUPT, 0)", None),
                ("sendmsg(MSG_GS)", None),
                ("sendmsg(MSG_INTERRUPT+1)", None),
                ("sendmsg(256)", None),
                ("sendmsg(12, 8)", None),
                ("sendmsg(12, 7, 4)", None),
                ("sendmsg(1,)", None),
                ("sendmsg(1", None),
                ("sendmsg", None),
                ("MSG_INTERRUPT", None),
            ],
        );
    }

    #[test]
    fn hardware_registers() {
        table(
            Class::Hwreg,
            &[
                ("hwreg(HW_REG_MODE)", Some(0xf801)),
                ("hwreg(52, 8, 3)", Some(0x1234)),
                ("hwreg(1, 31, 32)", Some(0xffc1)),
                ("{id: 51, offset: 1, size: 31}", Some(0xf073)),
                ("{size: 32, id: 51}", Some(0xf833)),
                ("{}", Some(0xf800)),
                ("0xc1d1", Some(0xc1d1)),
                ("hwreg(HW_REG_HW_ID)", None),
                ("hwreg(1, 31)", None),
                ("hwreg(64)", None),
                ("hwreg(1, 0, 0)", None),
                ("hwreg(1, 0, 33)", None),
                ("hwreg(1, 32, 1)", None),
                ("{id: HW_REG_MODE}", None),
                ("{id: 1, id: 1}", None),
                ("{id: 1,}", None),
                ("{width: 1}", None),
                ("hwreg", None),
                ("65536", None),
            ],
        );
    }

    #[test]
    fn delays() {
        table(
            Class::Delay,
            &[
                ("instid0(VALU_DEP_1) | instskip(NEXT) | instid1(VALU_DEP_1)", Some(0x91)),
                ("instid0 (TRANS32_DEP_2)|instskip( SKIP_4 )|instid1(TRANS32_DEP_2)", Some(0x356)),
                ("instid1(SALU_CYCLE_2)", Some(0x500)),
                ("instid0(NO_DEP) | instskip(SAME)", Some(0)),
                ("instid0(VALU_DEP_1) | instid0(VALU_DEP_2)", Some(3)),
                ("0x12345678", Some(0x5678)),
                ("instid0(VALU_DEP_9)", None),
                ("instid0(NEXT)", None),
                ("instid0(1)", None),
                ("instid2(VALU_DEP_1)", None),
                ("instid0(VALU_DEP_1) |", None),
                ("instid0(VALU_DEP_1) instid1(VALU_DEP_1)", None),
            ],
        );
    }

    #[test]
    fn counters() {
        table(
            Class::Waitcnt,
            &[
                ("vmcnt(0)", Some(0x03f7)),
                ("vmcnt(0) & expcnt(1) , lgkmcnt(3)", Some(0x0031)),
                ("vmcnt(0)expcnt(0)", Some(0x03f0)),
                ("vmcnt(0) vmcnt(1)", Some(0x07f7)),
                ("vmcnt_sat(100) lgkmcnt(seven)", Some(0xfc77)),
                ("vmcnt_sat(-1)", Some(0xfff7)),
                ("0x12345", Some(0x2345)),
                ("vmcnt(64)", None),
                ("vmcnt(0x100000001)", None),
                ("expcnt(8)", None),
                ("vmcnt(-1)", None),
                ("vmcnt(0) &", None),
                ("vmcnt(0) | expcnt(0)", None),
                ("vscnt(0)", None),
                ("vmcnt", None),
                ("", None),
            ],
        );
        table(
            Class::Depctr,
            &[
                ("depctr_hold_cnt(0) depctr_va_vdst(8) depctr_va_sdst(0) depctr_vm_vsrc(4)", Some(0x8113)),
                ("depctr_sa_sdst(1) & depctr_va_vdst(1), depctr_vm_vsrc(1)", Some(0x1f87)),
                ("depctr_va_vcc(0)", Some(0xff9d)),
                ("-1", Some(0xffff)),
                ("65536", None),
                ("depctr_hold_cnt(0) depctr_hold_cnt(0)", None),
                ("depctr_vm_vsrc(8)", None),
                ("depctr_hold_cnt(0),", None),
                ("depctr_vdst(0)", None),
            ],
        );
    }

    #[test]
    fn constants() {
        table(
            Class::Version,
            &[
                ("UC_VERSION_GFX11|UC_VERSION_W32_BIT", Some(0x4006)),
                ("UC_VERSION_GFX12 | UC_VERSION_MDP_BIT", Some(0x8009)),
                ("-1", Some(0xffff)),
                ("UC_VERSION_GFX9", None),
            ],
        );
        table(
            Class::S16,
            &[
                ("-32768", Some(0x8000)),
                ("65535", Some(0xffff)),
                ("lit(5)", Some(5)),
                ("0.0", Some(0)),
                ("-0.0", None),
                ("1.0", None),
                ("-32769", None),
                ("65536", None),
            ],
        );
        table(Class::U16, &[("65535", Some(0xffff)), ("seven*2", Some(14)), ("-1", None), ("65536", None)]);
        table(
            Class::Dec,
            &[
                ("0x10000", Some(0)),
                ("-32769", Some(0x7fff)),
                ("-0.1", Some(0x999a)),
                ("0.1e", Some(0x999a)),
                ("1.0+1", None),
                ("00.5", None),
                ("-max(1, 2)", None),
                ("label", None),
                ("lit(5", None),
            ],
        );
        table(Class::Num, &[("128", Some(0)), ("300", Some(44)), ("-1", Some(127)), ("label", None)]);
        table(Class::Endpgm, &[("1+2", Some(3)), ("65536", None), ("-1", None), ("lit(5)", None)]);
    }

    #[test]
    fn swizzles() {
        for (text, want) in [
            ("swizzle(QUAD_PERM,0,1,2,3)", Some(0x80e4)),
            ("swizzle (BITMASK_PERM, \"01pip\")", Some(0x0907)),
            ("swizzle(BROADCAST,32,31)", Some(0x03e0)),
            ("swizzle(SWAP,16)", Some(0x401f)),
            ("swizzle(REVERSE,seven+1)", Some(0x1c1f)),
            ("65535", Some(0xffff)),
            ("65536", None),
            ("swizzle(QUAD_PERM,0,1,2)", None),
            ("swizzle(QUAD_PERM,0,1,2,4)", None),
            ("swizzle(BITMASK_PERM,\"01pi\")", None),
            ("swizzle(BITMASK_PERM,\"01piP\")", None),
            ("swizzle(BITMASK_PERM,\"01pip", None),
            ("swizzle(BROADCAST,2,2)", None),
            ("swizzle(SWAP,32)", None),
            ("swizzle(REVERSE,24)", None),
            ("swizzle(FFT,0)", None),
            ("swizzle", None),
        ] {
            let got = swizzle(text, 0, &Seven);
            assert_eq!(got.clone().ok(), want.map(|v| (v, text.len())), "{text}: {got:?}");
        }
    }

    #[test]
    fn buffer_formats() {
        for (text, want) in [
            ("[BUF_FMT_32_FLOAT]", Some(22)),
            ("[ BUF_DATA_FORMAT_16_16 , BUF_NUM_FORMAT_USCALED ]", Some(25)),
            ("[BUF_NUM_FORMAT_FLOAT,BUF_DATA_FORMAT_11_11_10]", Some(31)),
            ("[BUF_DATA_FORMAT_16]", Some(7)),
            ("[BUF_NUM_FORMAT_UINT]", Some(5)),
            ("[BUF_DATA_FORMAT_INVALID]", Some(0)),
            ("1+2", Some(3)),
            ("127", Some(127)),
            ("128", None),
            ("-1", None),
            ("[1]", None),
            ("[BUF_DATA_FORMAT_32]", None),
            ("[BUF_DATA_FORMAT_INVALID,BUF_NUM_FORMAT_UINT]", None),
            ("[BUF_DATA_FORMAT_32,BUF_DATA_FORMAT_32]", None),
            ("[BUF_FMT_32_FLOAT,BUF_FMT_32_FLOAT]", None),
            ("[BUF_FMT_11_11_10_UINT]", None),
            ("[BUF_FMT_32_FLOAT", None),
            ("[]", None),
        ] {
            let got = buffer_format(text, 0, &Seven);
            assert_eq!(got.clone().ok(), want.map(|v| (v, text.len())), "{text}: {got:?}");
        }
        assert_eq!(buffer_format_number("[22], s3", 0, &Seven), Ok((22, 4)));
        assert!(buffer_format_number("[BUF_FMT_32_FLOAT], s3", 0, &Seven).is_err());
    }

    #[test]
    fn dimensions() {
        for (text, want) in [
            ("1D", Some(0)),
            ("2d_array", Some(5)),
            ("SQ_RSRC_IMG_2D_MSAA_ARRAY", Some(7)),
            ("SQ_RSRC_IMG_cube", Some(3)),
            ("sq_rsrc_img_CUBE", None),
            ("SQ_RSRC_IMG_SQ_RSRC_IMG_1D", None),
            ("1", None),
            ("4D", None),
            ("", None),
        ] {
            assert_eq!(dim(text, 0).ok(), want.map(|v| (v, text.len())), "{text}");
        }
    }

    #[test]
    fn errors_name_the_token() {
        let e = read(Class::Waitcnt, "vmcnt(64) expcnt(0)").unwrap_err();
        assert_eq!((e.at, e.len, e.message.as_str()), (6, 2, "64 is out of range"));
        assert_eq!(e.expected.as_deref(), Some("0 to 63, or vmcnt_sat(64) for the largest"));
        let e = read(Class::Msg, "sendmsg(MSG_GS)").unwrap_err();
        assert_eq!((e.at, e.len, e.message.as_str()), (8, 6, "gfx11 has no message `MSG_GS`"));
        let e = read(Class::Delay, "instid0(VALU_DEP_9)").unwrap_err();
        assert_eq!((e.at, e.len), (8, 10));
        assert!(e.expected.is_some_and(|x| x.starts_with("NO_DEP, VALU_DEP_1, ")));
        let e = read(Class::Hwreg, "hwreg(1, 2").unwrap_err();
        assert_eq!((e.at, e.message.as_str()), (10, "the statement ends too early"));
    }

    /// Every prefix of every shape, and every shape with a character of two bytes in it, ends in a value or an error.
    #[test]
    fn no_text_panics() {
        let texts = [
            "sendmsg(MSG_SYSMSG, 1, 0)",
            "{id: 51, offset: 1, size: 31}",
            "hwreg(HW_REG_MODE, 31, 1)",
            "instid0(VALU_DEP_1) | instskip(NEXT)",
            "vmcnt_sat(0) & depctr_va_vdst(1)",
            "swizzle(BITMASK_PERM,\"01pip\")",
            "[BUF_NUM_FORMAT_FLOAT,BUF_DATA_FORMAT_32]",
            "SQ_RSRC_IMG_2D_ARRAY",
            "lit(-0.5)",
        ];
        let classes = [Class::Msg, Class::Hwreg, Class::Delay, Class::Waitcnt, Class::Depctr, Class::Dec, Class::S16];
        let mut read = 0;
        for text in texts {
            for k in 0..=text.len() {
                let (head, tail) = text.split_at(k);
                for t in [String::from(head), format!("{head}ü{tail}"), format!("{head}\"{tail}")] {
                    for class in classes {
                        let r = value(class, &t, 0, &(), Target::from(WaveSize::W64));
                        read += usize::from(r.is_ok_and(|r| r.1 <= t.len()));
                    }
                    for r in [swizzle(&t, 0, &()), buffer_format(&t, 0, &()), dim(&t, 0)] {
                        read += usize::from(r.is_ok_and(|r| r.1 <= t.len()));
                    }
                }
            }
        }
        assert!(read > 0);
    }
}
