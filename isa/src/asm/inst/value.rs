//! Operands that are neither registers nor plain sources: messages, hardware registers, counters, delays, constants,
//! swizzles, buffer formats and image dimensions, as LLVM 19's assembler reads them for gfx11.
use crate::Target;
use crate::asm::expr::{self, Expr, name_end, skip_blanks, token_end, unexpected};
use crate::asm::{Symbols, SyntaxError};
use crate::image::DIMS;
use crate::names;
use crate::row::Class;
use alloc::format;
use alloc::string::String;

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
        Class::Dec => c.number("a number")?.0 as u32 & 0xffff,
        Class::Num => c.number("a number")?.0 as u32 & 0x7f,
        Class::Endpgm | Class::U16 => c.within(0, 0xffff, "a number of 16 bits, 0 to 65535")?,
        Class::S16 | Class::Version => c.signed()?,
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
    match table.iter().position(|&n| n == name) {
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

    /// A number from `low` to `high`.
    fn within(&mut self, low: i64, high: i64, what: &str) -> Result<u32, SyntaxError> {
        let (v, span) = self.number(what)?;
        if v < low || v > high {
            return Err(self.out_of_range(v, span, what));
        }
        Ok(v as u32)
    }

    fn out_of_range(&self, v: i64, span: Span, what: &str) -> SyntaxError {
        SyntaxError::new(span.0, span.1, format!("{v} is out of range")).expected(what)
    }

    /// A number that 16 bits hold, signed or unsigned.
    fn signed(&mut self) -> Result<u32, SyntaxError> {
        Ok(self.within(-0x8000, 0xffff, "a number of 16 bits, -32768 to 65535")? & 0xffff)
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
            return self.signed();
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
