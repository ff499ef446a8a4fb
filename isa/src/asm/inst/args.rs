//! Operands and modifiers of one statement, before it is known which encoding takes them.
use super::misfit::{Misfit, Why};
use super::value;
use crate::Target;
use crate::asm::expr::{self, Expr};
use crate::asm::{Symbols, SyntaxError};
use crate::decode::Dpp;
use crate::names::special_code;
use crate::row::{Format, Row};
use crate::rows::Op;

/// What stands in an operand's place.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Kind {
    /// VGPRs from `first`; `half` 1 is `.l`, 2 is `.h`.
    Vgpr { first: u16, n: u8, half: u8 },
    /// Scalar registers or a special source by code; `n` 0 fits every width.
    Scalar { code: u16, n: u8 },
    /// A number written without a point.
    Int(i64),
    /// A number written with one.
    Float(f64),
    /// A symbol's value, known later; [`Args::expr`] holds it.
    Expr,
    /// `off`
    Off,
}

/// One operand.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Arg {
    pub(super) at: u32,
    pub(super) end: u32,
    pub(super) kind: Kind,
    pub(super) neg: bool,
    pub(super) abs: bool,
    pub(super) sext: bool,
}

impl Arg {
    pub(super) fn misfit(&self, why: Why) -> Misfit {
        Misfit { at: self.at, len: self.end - self.at, why }
    }

    /// Has `-x`, `|x|` or `sext(x)`.
    pub(super) fn modified(&self) -> bool {
        self.neg || self.abs || self.sext
    }
}

/// Modifiers by name, in the order in which LLVM wants them.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub(super) enum Mod {
    Format,
    Idxen,
    Offen,
    Offset,
    Offset0,
    Offset1,
    Gds,
    Dmask,
    Dim,
    Unorm,
    Cpol,
    R128,
    A16,
    Tfe,
    Lwe,
    D16,
    OpSel,
    OpSelHi,
    NegLo,
    NegHi,
    Clamp,
    Omod,
    Dpp,
    RowMask,
    BankMask,
    BoundCtrl,
    Fi,
    WaitExp,
    WaitVdst,
    Done,
    RowEn,
}

impl Mod {
    pub(super) const fn bit(self) -> u32 {
        1 << self as u8
    }
}

/// A list of bits such as `op_sel:[0,1]`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Bits {
    pub(super) bits: u8,
    pub(super) n: u8,
}

/// Values of the modifiers that were given.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mods {
    /// [`Mod::bit`] of those given.
    pub(super) seen: u32,
    /// Where each stands.
    places: [(u16, u16); 31],
    pub(super) offset: i64,
    pub(super) offset1: i64,
    pub(super) format: u32,
    pub(super) dmask: i64,
    pub(super) dim: u32,
    pub(super) wait: i64,
    pub(super) flags: u32,
    /// Cache policies named, also with `no`.
    policies: u8,
    pub(super) glc: bool,
    pub(super) slc: bool,
    pub(super) dlc: bool,
    pub(super) op_sel: Bits,
    pub(super) op_sel_hi: Bits,
    pub(super) neg_lo: Bits,
    pub(super) neg_hi: Bits,
    pub(super) omod: u8,
    /// Control word of DPP16, or selectors of DPP8.
    pub(super) dpp: u32,
    pub(super) dpp8: bool,
    pub(super) row_mask: i64,
    pub(super) bank_mask: i64,
    pub(super) bound_ctrl: bool,
    pub(super) fi: bool,
}

impl Mods {
    /// Was it given.
    pub(super) fn has(&self, m: Mod) -> bool {
        self.seen & m.bit() != 0
    }

    /// Is this flag given, and not as `no…`.
    pub(super) fn on(&self, m: Mod) -> bool {
        self.flags & m.bit() != 0
    }

    /// An error at a modifier.
    pub(super) fn misfit(&self, m: Mod, why: Why) -> Misfit {
        let (at, len) = self.places[m as usize];
        Misfit { at: at as u32, len: len as u32, why }
    }

    /// The first modifier that isn't among `allowed`, and the first out of LLVM's order.
    pub(super) fn only(&self, allowed: u32) -> Result<(), Misfit> {
        if self.seen & !allowed != 0 {
            let k = (self.seen & !allowed).trailing_zeros() as usize;
            let (at, len) = self.places[k];
            return Err(Misfit { at: at as u32, len: len as u32, why: Why::Modifier });
        }
        Ok(())
    }

    /// Lane crossing that was asked for.
    pub(super) fn lanes(&self) -> Dpp {
        if !self.has(Mod::Dpp) {
            Dpp::None
        } else if self.dpp8 {
            Dpp::Dpp8 { sel: self.dpp, fi: self.fi }
        } else {
            let mask = |m: Mod, v: i64| if self.has(m) { v as u8 } else { 15 };
            Dpp::Dpp16 {
                ctrl: self.dpp as u16,
                row_mask: mask(Mod::RowMask, self.row_mask),
                bank_mask: mask(Mod::BankMask, self.bank_mask),
                bound_ctrl: self.bound_ctrl,
                fi: self.fi,
            }
        }
    }
}

/// Most operands of any instruction.
pub(super) const MAX_ARGS: usize = 10;

/// Everything behind the mnemonic.
pub(super) struct Args {
    list: [Arg; MAX_ARGS],
    n: usize,
    pub(super) mods: Mods,
    /// The one value that isn't known yet, with its place.
    pub(super) expr: Option<(Expr, u32, u32)>,
    /// Highest registers named, plus one.
    pub(super) vgprs: u16,
    pub(super) sgprs: u16,
}

impl Args {
    pub(super) fn new() -> Self {
        let none = Arg { at: 0, end: 0, kind: Kind::Off, neg: false, abs: false, sext: false };
        Args { list: [none; MAX_ARGS], n: 0, mods: Mods::default(), expr: None, vgprs: 0, sgprs: 0 }
    }

    pub(super) fn list(&self) -> &[Arg] {
        &self.list[..self.n]
    }

    pub(super) fn push(&mut self, arg: Arg) -> Result<(), SyntaxError> {
        match self.list.get_mut(self.n) {
            Some(slot) => {
                *slot = arg;
                self.n += 1;
                Ok(())
            }
            None => Err(SyntaxError::new(arg.at as usize, (arg.end - arg.at) as usize, "too many operands")),
        }
    }
}

/// A place in a statement.
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) symbols: &'a dyn Symbols,
    pub(super) target: Target,
    /// The first row of the mnemonic.
    pub(super) row: &'static Row,
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$')
}

impl<'a> Cursor<'a> {
    pub(super) fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    pub(super) fn blanks(&mut self) {
        self.at = expr::skip_blanks(self.text, self.at);
    }

    pub(super) fn done(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Takes `b` if it is next, after blanks.
    pub(super) fn eat(&mut self, b: u8) -> bool {
        self.blanks();
        let there = self.peek() == b && !self.done();
        self.at += there as usize;
        there
    }

    pub(super) fn expect(&mut self, b: u8, what: &str) -> Result<(), SyntaxError> {
        if self.eat(b) { Ok(()) } else { Err(expr::unexpected(self.text, self.at, what)) }
    }

    /// The word at the cursor, not taken.
    pub(super) fn word(&self) -> &'a str {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or(&[]);
        let n = rest.iter().position(|&b| !is_word(b)).unwrap_or(rest.len());
        self.text.get(self.at..self.at + n).unwrap_or("")
    }

    pub(super) fn error(&self, at: usize, message: &str) -> SyntaxError {
        SyntaxError::new(at, self.at.max(at + 1).min(self.text.len()).saturating_sub(at), message)
    }

    /// An absolute expression.
    pub(super) fn number(&mut self) -> Result<i64, SyntaxError> {
        self.blanks();
        let at = self.at;
        // Most are plain decimal numbers.
        let bytes = self.text.as_bytes();
        let mut end = at;
        let mut value = 0i64;
        while end < bytes.len() && end - at < 18 && bytes[end].is_ascii_digit() {
            value = value * 10 + (bytes[end] - b'0') as i64;
            end += 1;
        }
        let plain = end > at && (bytes[at] != b'0' || end == at + 1);
        if plain && matches!(bytes.get(end), None | Some(b',' | b']' | b' ')) && self.ends_operand(end) {
            self.at = end;
            return Ok(value);
        }
        let (e, end) = expr::parse(self.text, at, self.symbols)?;
        self.at = end;
        match e {
            Expr::Value(v) => Ok(v),
            _ => Err(self.error(at, "expected an absolute expression")),
        }
    }

    /// Does no operator follow that would continue an expression at `at`.
    fn ends_operand(&self, at: usize) -> bool {
        let at = expr::skip_blanks(self.text, at);
        match self.text.as_bytes().get(at) {
            None | Some(b',' | b']' | b')' | b':') => true,
            Some(b) => b.is_ascii_alphabetic() || *b == b'_',
        }
    }

    /// A register if one stands here, else nothing is taken.
    fn register(&mut self, modified: bool) -> Result<Option<Kind>, SyntaxError> {
        let at = self.at;
        if self.peek() == b'[' {
            return self.list_of_registers();
        }
        let word = self.word();
        let bytes = word.as_bytes();
        let file = match bytes.first() {
            Some(b'v') => b'v',
            Some(b's') => b's',
            Some(b't') if word.starts_with("ttmp") => b't',
            _ => 0,
        };
        if file != 0 {
            let digits = if file == b't' { &word[4..] } else { &word[1..] };
            if digits.is_empty() && self.text.as_bytes().get(at + word.len()) == Some(&b'[') {
                self.at = at + word.len() + 1;
                let first = self.number()?;
                let last = if self.eat(b':') { self.number()? } else { first };
                self.expect(b']', "a closing square bracket")?;
                return self.range(at, file, first, last).map(Some);
            }
            let (number, half) = match digits.strip_suffix(".l") {
                Some(d) => (d, 1),
                None => digits.strip_suffix(".h").map_or((digits, 0), |d| (d, 2)),
            };
            if !number.is_empty() && number.len() <= 9 && number.bytes().all(|b| b.is_ascii_digit()) {
                self.at = at + word.len();
                let n = number.bytes().fold(0, |n, b| n * 10 + (b - b'0') as i64);
                let mut kind = self.range(at, file, n, n)?;
                if half != 0 {
                    match &mut kind {
                        Kind::Vgpr { half: h, .. } => *h = half,
                        _ => return Err(self.error(at, "scalar registers have no halves")),
                    }
                }
                return Ok(Some(kind));
            }
        }
        // Numbers are more frequent than names.
        let named = bytes.first().is_some_and(u8::is_ascii_lowercase);
        let Some((code, n)) = named.then(|| special_code(word)).flatten() else { return Ok(None) };
        self.at = at + word.len();
        // LLVM takes vccz and execz where a modifier is around them, and only there.
        if matches!(code, 239 | 254) || matches!(code, 251 | 252) && !modified {
            return Err(self.error(at, "this register is not a source on this target"));
        }
        Ok(Some(Kind::Scalar { code, n }))
    }

    /// `v[first:last]` and its like.
    fn range(&self, at: usize, file: u8, first: i64, last: i64) -> Result<Kind, SyntaxError> {
        let limit = match file {
            b'v' => 256,
            b's' => 106,
            _ => 16,
        };
        if first < 0 || last < first {
            return Err(self.error(at, "the first register's number is above the last one's"));
        }
        if last >= limit {
            return Err(self.error(at, "no such register").expected(match file {
                b'v' => "v0 to v255",
                b's' => "s0 to s105",
                _ => "ttmp0 to ttmp15",
            }));
        }
        let n = (last - first + 1) as u8;
        if !matches!(last - first + 1, 1..=12 | 16 | 32) {
            return Err(self.error(at, "no operand takes this many registers"));
        }
        if file == b'v' {
            return Ok(Kind::Vgpr { first: first as u16, n, half: 0 });
        }
        // Pairs start at an even number, longer ranges at a multiple of four.
        let align = (n.next_power_of_two()).min(4) as i64;
        if first % align != 0 {
            return Err(self.error(at, "invalid register alignment").expected(if align == 2 {
                "an even first register"
            } else {
                "a first register that is a multiple of 4"
            }));
        }
        Ok(Kind::Scalar { code: first as u16 + if file == b't' { 108 } else { 0 }, n })
    }

    /// `[s4,s5,s6,s7]`: registers that follow one another.
    fn list_of_registers(&mut self) -> Result<Option<Kind>, SyntaxError> {
        let start = self.at;
        self.at += 1;
        self.blanks();
        let Some(mut whole) = self.register(false)? else {
            self.at = start;
            return Ok(None);
        };
        while self.eat(b',') {
            self.blanks();
            let at = self.at;
            let next = self.register(false)?;
            match (&mut whole, next) {
                (Kind::Vgpr { first, n, .. }, Some(Kind::Vgpr { first: f, n: 1, .. })) if f == *first + *n as u16 => {
                    *n = n.saturating_add(1)
                }
                (Kind::Scalar { code, n }, Some(Kind::Scalar { code: c, n: 1 }))
                    if *n > 0 && c == *code + *n as u16 && (*code < 106) == (c < 106) =>
                {
                    *n = n.saturating_add(1)
                }
                _ => return Err(self.error(at, "registers of a list must follow one another")),
            }
        }
        self.expect(b']', "a comma or a closing square bracket")?;
        Ok(Some(match whole {
            Kind::Vgpr { first, n, .. } => self.range(start, b'v', first as i64, (first + n as u16 - 1) as i64)?,
            Kind::Scalar { code, n } if n > 1 && code < 106 => {
                self.range(start, b's', code as i64, code as i64 + n as i64 - 1)?
            }
            Kind::Scalar { code, n } if n > 1 && (108..124).contains(&code) => {
                self.range(start, b't', code as i64 - 108, code as i64 - 108 + n as i64 - 1)?
            }
            k => k,
        }))
    }

    /// Is a register, or a register in bars or parentheses of a modifier, next.
    fn register_ahead(&mut self) -> bool {
        let at = self.at;
        let found = matches!(self.register(true), Ok(Some(_)) | Err(_)) && self.at > at;
        self.at = at;
        found
    }

    /// One operand with its input modifiers.
    pub(super) fn operand(&mut self, args: &mut Args) -> Result<Arg, SyntaxError> {
        self.blanks();
        let at = self.at;
        let mut arg = Arg { at: at as u32, end: 0, kind: Kind::Off, neg: false, abs: false, sext: false };
        let mut closing = [0u8; 3];
        let mut open = 0;
        // `-` belongs to a number unless a register, bars or `abs` follow.
        if self.peek() == b'-' {
            let mut k = expr::skip_blanks(self.text, self.at + 1);
            core::mem::swap(&mut self.at, &mut k);
            if self.peek() == b'-' {
                let e = self.error(self.at, "invalid syntax").expected("the modifier neg(…)");
                return Err(e);
            }
            if self.peek() == b'|' || self.word() == "abs" || self.word() != "neg" && self.register_ahead() {
                arg.neg = true;
            } else {
                self.at = k;
            }
        }
        loop {
            self.blanks();
            let word = self.word();
            let called = self.text.as_bytes().get(expr::skip_blanks(self.text, self.at + word.len())) == Some(&b'(');
            let flag = match word {
                "neg" if called && open == 0 && !arg.neg => &mut arg.neg,
                "abs" if called && !arg.abs && !arg.sext => &mut arg.abs,
                "sext" if called && open == 0 && !arg.neg => &mut arg.sext,
                "lit" if called => {
                    self.at += 3;
                    self.eat(b'(');
                    closing[open] = b')';
                    open += 1;
                    if open == closing.len() {
                        break;
                    }
                    continue;
                }
                _ if self.peek() == b'|' && !arg.abs && !arg.sext => {
                    self.at += 1;
                    arg.abs = true;
                    closing[open] = b'|';
                    open += 1;
                    break;
                }
                _ => break,
            };
            *flag = true;
            self.at += word.len();
            self.eat(b'(');
            closing[open] = b')';
            open += 1;
            if open == closing.len() {
                break;
            }
        }
        self.blanks();
        arg.kind = match self.register(arg.modified())? {
            Some(k) => {
                match k {
                    Kind::Vgpr { first, n, .. } => args.vgprs = args.vgprs.max(first + n as u16),
                    Kind::Scalar { code, n } if code < 106 => args.sgprs = args.sgprs.max(code + n as u16),
                    _ => {}
                }
                k
            }
            None if self.word() == "off" => {
                self.at += 3;
                Kind::Off
            }
            None => {
                let bars = closing[..open].contains(&b'|');
                self.constant(args, bars)?
            }
        };
        for &c in closing[..open].iter().rev() {
            self.expect(c, if c == b'|' { "a closing vertical bar" } else { "a closing parenthesis" })?;
        }
        arg.end = self.at as u32;
        Ok(arg)
    }

    /// A number or an expression; between bars it ends at the closing one.
    fn constant(&mut self, args: &mut Args, bars: bool) -> Result<Kind, SyntaxError> {
        let at = self.at;
        let minus = self.peek() == b'-';
        let digits = if minus { expr::skip_blanks(self.text, at + 1) } else { at };
        let b = self.text.as_bytes().get(digits).copied().unwrap_or(0);
        if !(b.is_ascii_digit() || is_word(b) || matches!(b, b'-' | b'+' | b'~' | b'!' | b'(' | b'\'' | b'"' | b'.')) {
            return Err(expr::unexpected(self.text, at, "an operand"));
        }
        if let Some(end) = expr::float_end(self.text, digits) {
            let text = self.text.get(digits..end).unwrap_or("");
            let Ok(v) = text.parse::<f64>() else {
                return Err(SyntaxError::new(digits, end - digits, "not a floating-point number"));
            };
            self.at = end;
            return Ok(Kind::Float(if minus { -v } else { v }));
        }
        let text = match self.text.as_bytes()[at..].iter().position(|&b| b == b'|') {
            Some(n) if bars => &self.text[..at + n],
            _ => self.text,
        };
        let (e, end) = expr::parse(text, at, self.symbols)?;
        self.at = end;
        match e {
            Expr::Value(v) => Ok(Kind::Int(v)),
            e => {
                if args.expr.is_some() {
                    return Err(self.error(at, "only one value of an instruction may be unknown yet"));
                }
                args.expr = Some((e, at as u32, end as u32));
                Ok(Kind::Expr)
            }
        }
    }

    /// `[a,b,…]`: at most `max` numbers below `limit`.
    fn array(&mut self, max: usize, limit: i64) -> Result<([u8; 8], usize), SyntaxError> {
        self.expect(b'[', "a square bracket")?;
        let mut out = [0; 8];
        for k in 0..max {
            self.blanks();
            let at = self.at;
            let v = self.number()?;
            if !(0..limit).contains(&v) {
                return Err(self.error(at, "number out of range").expected(match limit {
                    2 => "0 or 1",
                    4 => "0 to 3",
                    _ => "0 to 7",
                }));
            }
            out[k] = v as u8;
            if self.eat(b']') {
                return Ok((out, k + 1));
            }
            self.expect(b',', "a comma or a closing square bracket")?;
        }
        Err(expr::unexpected(self.text, self.at, "a closing square bracket"))
    }

    fn bits(&mut self) -> Result<Bits, SyntaxError> {
        let (v, n) = self.array(4, 2)?;
        let bits = v[..n].iter().enumerate().fold(0, |b, (k, v)| b | v << k);
        Ok(Bits { bits, n: n as u8 })
    }

    /// A number of a modifier within bounds.
    fn bounded(&mut self, low: i64, high: i64, what: &'static str) -> Result<i64, SyntaxError> {
        self.blanks();
        let at = self.at;
        let v = self.number()?;
        if (low..=high).contains(&v) {
            return Ok(v);
        }
        Err(self.error(at, "number out of range").expected(what))
    }

    /// A modifier if one stands here; `false` if not.
    pub(super) fn modifier(&mut self, args: &mut Args) -> Result<bool, SyntaxError> {
        self.blanks();
        let at = self.at;
        let word = self.word();
        let after = expr::skip_blanks(self.text, at + word.len());
        let valued =
            self.text.as_bytes().get(after) == Some(&b':') && self.text.as_bytes().get(after + 1) != Some(&b':');
        let count = args.list().len();
        let m = &mut args.mods;
        let flag = |word: &str| {
            Some(match word {
                "idxen" => Mod::Idxen,
                "offen" => Mod::Offen,
                "gds" => Mod::Gds,
                "unorm" => Mod::Unorm,
                "r128" => Mod::R128,
                "a16" => Mod::A16,
                "tfe" => Mod::Tfe,
                "lwe" => Mod::Lwe,
                "d16" => Mod::D16,
                "clamp" => Mod::Clamp,
                "done" => Mod::Done,
                "row_en" => Mod::RowEn,
                _ => return None,
            })
        };
        let which = if valued {
            let which = match word {
                "offset" => Mod::Offset,
                "offset0" => Mod::Offset0,
                "offset1" => Mod::Offset1,
                "format" => Mod::Format,
                "dmask" => Mod::Dmask,
                "dim" => Mod::Dim,
                "op_sel" => Mod::OpSel,
                "op_sel_hi" => Mod::OpSelHi,
                "neg_lo" => Mod::NegLo,
                "neg_hi" => Mod::NegHi,
                "mul" | "div" => Mod::Omod,
                "dpp8" | "quad_perm" | "row_shl" | "row_shr" | "row_ror" | "row_share" | "row_xmask" => Mod::Dpp,
                "row_mask" => Mod::RowMask,
                "bank_mask" => Mod::BankMask,
                "bound_ctrl" => Mod::BoundCtrl,
                "fi" => Mod::Fi,
                "wait_exp" => Mod::WaitExp,
                "wait_vdst" => Mod::WaitVdst,
                _ => return Ok(false),
            };
            self.at = after + 1;
            match which {
                Mod::Offset if self.row.op == Op::DS_SWIZZLE_B32 => {
                    let (v, end) = value::swizzle(self.text, self.at, self.symbols)?;
                    (m.offset, self.at) = (v as i64, end);
                }
                Mod::Offset | Mod::Offset0 => m.offset = self.number()?,
                Mod::Offset1 => m.offset1 = self.number()?,
                // In front of the scalar offset LLVM takes numbers only.
                Mod::Format if count <= self.row.operands.len() + 2 => {
                    (m.format, self.at) = value::buffer_format_number(self.text, self.at, self.symbols)?;
                }
                Mod::Format => {
                    (m.format, self.at) = value::buffer_format(self.text, self.at, self.symbols)?;
                }
                Mod::Dmask => m.dmask = self.bounded(0, 15, "a mask of four bits")?,
                Mod::Dim => (m.dim, self.at) = value::dim(self.text, self.at)?,
                Mod::OpSel => m.op_sel = self.bits()?,
                Mod::OpSelHi => m.op_sel_hi = self.bits()?,
                Mod::NegLo => m.neg_lo = self.bits()?,
                Mod::NegHi => m.neg_hi = self.bits()?,
                Mod::Omod if word == "mul" => {
                    let at = self.at;
                    m.omod = match self.number()? {
                        1 => 0,
                        2 => 1,
                        4 => 2,
                        _ => return Err(self.error(at, "invalid mul value").expected("1, 2 or 4")),
                    }
                }
                Mod::Omod => {
                    let at = self.at;
                    m.omod = match self.number()? {
                        1 => 0,
                        2 => 3,
                        _ => return Err(self.error(at, "invalid div value").expected("1 or 2")),
                    }
                }
                Mod::Dpp => {
                    m.dpp8 = word == "dpp8";
                    m.dpp = match word {
                        "dpp8" => {
                            let (v, n) = self.array(8, 8)?;
                            if n != 8 {
                                return Err(self.error(at, "dpp8 takes eight lane selectors"));
                            }
                            v.iter().enumerate().fold(0, |d, (k, &v)| d | (v as u32) << (3 * k))
                        }
                        "quad_perm" => {
                            let (v, n) = self.array(4, 4)?;
                            if n != 4 {
                                return Err(self.error(at, "quad_perm takes four lane selectors"));
                            }
                            v.iter().enumerate().fold(0, |d, (k, &v)| d | (v as u32) << (2 * k))
                        }
                        "row_share" => 0x150 + self.bounded(0, 15, "0 to 15")? as u32,
                        "row_xmask" => 0x160 + self.bounded(0, 15, "0 to 15")? as u32,
                        "row_shl" => 0x100 + self.bounded(1, 15, "1 to 15")? as u32,
                        "row_shr" => 0x110 + self.bounded(1, 15, "1 to 15")? as u32,
                        _ => 0x120 + self.bounded(1, 15, "1 to 15")? as u32,
                    };
                }
                Mod::RowMask => m.row_mask = self.bounded(0, 15, "a mask of four bits")?,
                Mod::BankMask => m.bank_mask = self.bounded(0, 15, "a mask of four bits")?,
                Mod::BoundCtrl => m.bound_ctrl = self.bounded(0, 1, "0 or 1")? != 0,
                Mod::Fi => m.fi = self.bounded(0, 1, "0 or 1")? != 0,
                _ => m.wait = self.number()?,
            }
            which
        } else if let Some(f) = flag(word) {
            m.flags |= f.bit();
            self.at += word.len();
            f
        } else if let Some(f) = word.strip_prefix("no").and_then(flag) {
            self.at += word.len();
            f
        } else {
            match word {
                "glc" | "slc" | "dlc" | "noglc" | "noslc" | "nodlc" => {
                    let (f, bit) = match word.as_bytes()[word.len() - 3] {
                        b'g' => (&mut m.glc, 1),
                        b's' => (&mut m.slc, 2),
                        _ => (&mut m.dlc, 4),
                    };
                    self.at += word.len();
                    if m.policies & bit != 0 {
                        return Err(self.error(at, "duplicate cache policy modifier"));
                    }
                    m.policies |= bit;
                    *f = !word.starts_with("no");
                    Mod::Cpol
                }
                "row_mirror" | "row_half_mirror" => {
                    m.dpp = if word == "row_mirror" { 0x140 } else { 0x141 };
                    self.at += word.len();
                    Mod::Dpp
                }
                _ => return Ok(false),
            }
        };
        // VINTERP alone has op_sel behind clamp.
        let interp = self.row.format == Format::Vinterp && which == Mod::OpSel && m.seen == Mod::Clamp.bit();
        if m.has(which) && which != Mod::Cpol {
            return Err(self.error(at, "this modifier is given twice"));
        }
        if m.seen >> which as u8 > 1 && !interp {
            return Err(self.error(at, "this modifier is out of order"));
        }
        m.seen |= which.bit();
        m.places[which as usize] = (at as u16, (self.at - at) as u16);
        Ok(true)
    }
}
