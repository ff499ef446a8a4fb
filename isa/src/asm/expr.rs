//! Expressions of operands and directives, with the operators, precedence and folding of LLVM MC's GNU dialect.
//!
//! Precedence from loose to tight: `||`; `&&`; `== != <> < <= > >=`; `+ -`; `| ^ & !` (or-not); `* / % << >>`; unary
//! `- + ~ !`. All binary operators associate to the left, comparisons yield -1 or 0, `>>` is a logical shift, shift counts
//! are taken modulo 64. Numbers are 64 bits wide and wrap.
use super::{Symbols, SyntaxError};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Nesting of parentheses, unary operators and calls that [`parse`] follows.
pub const MAX_DEPTH: usize = 64;
/// Operators in one expression that [`parse`] accepts.
pub const MAX_OPERATORS: usize = 256;

/// What `symbol@variant` asks of the linker (AMDGPUUsage, "Relocation Records").
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Variant {
    /// A plain reference.
    None,
    /// `@rel32@lo`: low half of the distance from the field.
    Rel32Lo,
    /// `@rel32@hi`: high half of the distance from the field.
    Rel32Hi,
    /// `@rel64`: 64-bit distance from the field.
    Rel64,
    /// `@abs32@lo`: low half of the address.
    Abs32Lo,
    /// `@abs32@hi`: high half of the address.
    Abs32Hi,
    /// `@gotpcrel`: 32-bit distance from the field to the symbol's GOT entry.
    GotPcRel,
    /// `@gotpcrel32@lo`: low half of the distance to the GOT entry.
    GotPcRel32Lo,
    /// `@gotpcrel32@hi`: high half of the distance to the GOT entry.
    GotPcRel32Hi,
}

impl Variant {
    /// By its spelling after the `@`, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        const NAMES: [(&str, Variant); 8] = [
            ("rel32@lo", Variant::Rel32Lo),
            ("rel32@hi", Variant::Rel32Hi),
            ("rel64", Variant::Rel64),
            ("abs32@lo", Variant::Abs32Lo),
            ("abs32@hi", Variant::Abs32Hi),
            ("gotpcrel", Variant::GotPcRel),
            ("gotpcrel32@lo", Variant::GotPcRel32Lo),
            ("gotpcrel32@hi", Variant::GotPcRel32Hi),
        ];
        NAMES.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|&(_, v)| v)
    }
}

/// Who a symbol reference means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Name {
    /// A symbol by name, without quotes.
    Text(String),
    /// A numeric local label: `2f` is the next `2:`, `2b` the last one.
    Local {
        /// The label's number.
        number: u32,
        /// `f` rather than `b`.
        forward: bool,
    },
    /// `.`: the place of the statement.
    Here,
    /// A symbol that the file assembler has bound to its table; [`parse`] never yields it.
    Bound(u32),
}

/// Unary operators that survive folding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op1 {
    /// `-`
    Neg,
    /// `~`
    Not,
    /// `!`: 1 for zero, else 0.
    LogicalNot,
}

/// Binary operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op2 {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`, truncating
    Div,
    /// `%`
    Rem,
    /// `<<`
    Shl,
    /// `>>`, logical
    Shr,
    /// `|`
    Or,
    /// `!`: `a | ~b`
    OrNot,
    /// `^`
    Xor,
    /// `&`
    And,
    /// `==`
    Eq,
    /// `!=`, `<>`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `&&`
    LogicalAnd,
    /// `||`
    LogicalOr,
}

/// Functions that AMDGPU's assembler adds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    /// `max(a, …)`
    Max,
    /// `or(a, …)`
    Or,
    /// `alignto(value, alignment)`
    AlignTo,
    /// `totalnumvgprs(agprs, vgprs)`: the larger one, as gfx11 has no AGPRs.
    TotalNumVgprs,
    /// `extrasgprs(vcc, flat_scratch, xnack)`: 2 where VCC is used; the others cost nothing from gfx10 on.
    ExtraSgprs,
}

impl Call {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "max" => Call::Max,
            "or" => Call::Or,
            "alignto" => Call::AlignTo,
            "totalnumvgprs" => Call::TotalNumVgprs,
            "extrasgprs" => Call::ExtraSgprs,
            _ => return None,
        })
    }

    /// How many arguments it wants; `None`: one or more.
    fn arity(self) -> Option<usize> {
        match self {
            Call::Max | Call::Or => None,
            Call::AlignTo | Call::TotalNumVgprs => Some(2),
            Call::ExtraSgprs => Some(3),
        }
    }

    /// Its value; `None` where it has none (`alignto` to 0).
    pub fn value(self, args: &[i64]) -> Option<i64> {
        match (self, args) {
            (Call::Max | Call::TotalNumVgprs, _) => args.iter().copied().max(),
            (Call::Or, _) => args.iter().copied().reduce(|a, b| a | b),
            (Call::AlignTo, &[v, a]) => {
                let up = (v as u64).wrapping_add((a as u64).wrapping_sub(1));
                up.checked_div(a as u64).map(|n| n.wrapping_mul(a as u64) as i64)
            }
            (Call::ExtraSgprs, &[vcc, ..]) => Some(if vcc != 0 { 2 } else { 0 }),
            _ => None,
        }
    }
}

/// An expression; always [`Expr::Value`] where it is absolute and known when it is parsed.
#[derive(Clone, PartialEq, Debug)]
pub enum Expr {
    /// A number.
    Value(i64),
    /// A symbol that isn't a known absolute one.
    Symbol {
        /// Which.
        name: Name,
        /// `@variant`
        variant: Variant,
    },
    /// `op a`
    Unary {
        /// Operator.
        op: Op1,
        /// Operand.
        a: Box<Expr>,
    },
    /// `a op b`
    Binary {
        /// Operator.
        op: Op2,
        /// Left operand.
        a: Box<Expr>,
        /// Right operand.
        b: Box<Expr>,
    },
    /// `max(a, b)` and its like
    Call {
        /// Function.
        call: Call,
        /// Arguments.
        args: Vec<Expr>,
    },
}

impl Expr {
    /// The number, if it is one.
    pub fn value(&self) -> Option<i64> {
        match self {
            Expr::Value(v) => Some(*v),
            _ => None,
        }
    }

    /// Calls `f` for each symbol reference; stops at the first error.
    pub fn each_symbol<E>(&mut self, f: &mut dyn FnMut(&mut Name, &mut Variant) -> Result<(), E>) -> Result<(), E> {
        match self {
            Expr::Value(_) => Ok(()),
            Expr::Symbol { name, variant } => f(name, variant),
            Expr::Unary { a, .. } => a.each_symbol(f),
            Expr::Binary { a, b, .. } => {
                a.each_symbol(f)?;
                b.each_symbol(f)
            }
            Expr::Call { args, .. } => args.iter_mut().try_for_each(|e| e.each_symbol(f)),
        }
    }
}

/// The value of `op a`.
pub fn unary(op: Op1, a: i64) -> i64 {
    match op {
        Op1::Neg => a.wrapping_neg(),
        Op1::Not => !a,
        Op1::LogicalNot => i64::from(a == 0),
    }
}

/// The value of `a op b`; `None` for a division by zero.
pub fn binary(op: Op2, a: i64, b: i64) -> Option<i64> {
    let truth = |t: bool| if t { -1 } else { 0 };
    Some(match op {
        Op2::Add => a.wrapping_add(b),
        Op2::Sub => a.wrapping_sub(b),
        Op2::Mul => a.wrapping_mul(b),
        Op2::Div if b == 0 => return None,
        Op2::Div => a.wrapping_div(b),
        Op2::Rem if b == 0 => return None,
        Op2::Rem => a.wrapping_rem(b),
        Op2::Shl => a.wrapping_shl(b as u32),
        Op2::Shr => (a as u64).wrapping_shr(b as u32) as i64,
        Op2::Or => a | b,
        Op2::OrNot => a | !b,
        Op2::Xor => a ^ b,
        Op2::And => a & b,
        Op2::Eq => truth(a == b),
        Op2::Ne => truth(a != b),
        Op2::Lt => truth(a < b),
        Op2::Le => truth(a <= b),
        Op2::Gt => truth(a > b),
        Op2::Ge => truth(a >= b),
        Op2::LogicalAnd => i64::from(a != 0 && b != 0),
        Op2::LogicalOr => i64::from(a != 0 || b != 0),
    })
}

/// May `byte` start a symbol's name.
pub fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.' | b'$')
}

/// May `byte` stand inside a symbol's name. `@` starts a variant and isn't one.
pub fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$' | b'?')
}

/// End of the name that starts at `at`; `at` itself where none does.
pub fn name_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    match bytes.get(at) {
        Some(&b) if is_name_start(b) => {}
        _ => return at,
    }
    let mut end = at + 1;
    while bytes.get(end).is_some_and(|&b| is_name(b)) {
        end += 1;
    }
    end
}

/// First byte at or after `at` that isn't a blank.
pub fn skip_blanks(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c)) {
        at += 1;
    }
    at
}

/// End of the token that starts at byte `at`, for error messages: a name, a number, a string or one character.
pub fn token_end(text: &str, at: usize) -> usize {
    let Some(rest) = text.get(at..) else { return text.len() };
    let Some(first) = rest.chars().next() else { return text.len() };
    match first {
        '"' => at + 1 + rest[1..].find('"').map_or(rest.len() - 1, |n| n + 1),
        c if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$') => {
            at + rest.bytes().position(|b| !is_name(b)).unwrap_or(rest.len())
        }
        c => at + c.len_utf8(),
    }
}

/// An error over the token at `at`: `message` may hold `{}` for the token.
pub fn unexpected(text: &str, at: usize, expected: &str) -> SyntaxError {
    let at = skip_blanks(text, at);
    let end = token_end(text, at);
    match text.get(at..end) {
        Some(token) if !token.is_empty() => SyntaxError::new(at, end - at, format!("unexpected `{token}`")),
        _ => SyntaxError::new(text.len(), 0, "the statement ends too early"),
    }
    .expected(expected)
}

/// An integer's value and end: decimal, `0x`, `0b`, octal by a leading 0, with C's `u`/`l` suffixes; `None` where no digit
/// stands at `at`. A fraction or an exponent isn't looked for.
pub fn integer(text: &str, at: usize) -> Option<Result<(u64, usize), SyntaxError>> {
    let bytes = text.as_bytes();
    let &first = bytes.get(at)?;
    if !first.is_ascii_digit() {
        return None;
    }
    let second = bytes.get(at + 1).copied().unwrap_or(0);
    let third = bytes.get(at + 2).copied().unwrap_or(0);
    let (radix, mut end) = match (first, second) {
        (b'0', b'x' | b'X') if third.is_ascii_hexdigit() => (16u64, at + 2),
        (b'0', b'x' | b'X') => {
            return Some(Err(SyntaxError::new(at, 2, "invalid hexadecimal number").expected("a digit after `0x`")));
        }
        (b'0', b'b' | b'B') if matches!(third, b'0' | b'1') => (2, at + 2),
        (b'0', b'0'..=b'9') => (8, at + 1),
        _ => (10, at),
    };
    let mut value = 0u64;
    let mut fits = true;
    let mut octal = true;
    while let Some(&b) = bytes.get(end) {
        let digit = match b {
            b'0'..=b'9' => b - b'0',
            b'a'..=b'f' if radix == 16 => b - b'a' + 10,
            b'A'..=b'F' if radix == 16 => b - b'A' + 10,
            _ => break,
        };
        octal &= digit < 8;
        if radix == 2 && digit > 1 {
            break;
        }
        match value.checked_mul(radix).and_then(|v| v.checked_add(u64::from(digit))) {
            Some(v) => value = v,
            None => fits = false,
        }
        end += 1;
    }
    let len = end - at;
    if radix == 8 && !octal {
        return Some(
            Err(SyntaxError::new(at, len, "invalid octal number").expected("digits 0 to 7 after a leading 0")),
        );
    }
    if !fits {
        return Some(Err(SyntaxError::new(at, len, "the number doesn't fit 64 bits")));
    }
    let mut suffix = end;
    while matches!(bytes.get(suffix), Some(b'u' | b'U' | b'l' | b'L')) {
        suffix += 1;
    }
    if suffix - end <= 3 && !bytes.get(suffix).is_some_and(|&b| is_name(b)) {
        end = suffix;
    }
    Some(Ok((value, end)))
}

/// End of the float literal at `at` (digits with a fraction or an exponent), if one is there. As in LLVM the exponent may
/// lack its digits (`1e`), a sign may not follow a fraction at once (`1.0+1`), and after a leading 0 comes the point.
pub fn float_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = |mut i: usize| {
        while bytes.get(i).is_some_and(u8::is_ascii_digit) {
            i += 1;
        }
        i
    };
    let whole = digits(at);
    let point = bytes.get(whole) == Some(&b'.');
    if bytes.get(at) == Some(&b'0') && !(point && whole == at + 1) {
        return None;
    }
    let mut end = if point { digits(whole + 1) } else { whole };
    if end == at + usize::from(point && whole == at) {
        return None;
    }
    match bytes.get(end) {
        Some(b'e' | b'E') => {
            let sign = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            end = digits(sign);
        }
        Some(b'+' | b'-') => return None,
        _ if !point => return None,
        _ => {}
    }
    Some(end)
}

/// The value of the float literal `text`, as [`float_end`] bounds it; too large a number is infinite.
pub fn float_value(text: &str) -> Option<f64> {
    text.trim_end_matches(['e', 'E', '+', '-']).parse().ok()
}

/// Parses the expression that starts at byte `at` of `text` (blanks before it are skipped); also returns where it ends,
/// which is right after its last token. Folds whatever is known.
pub fn parse(text: &str, at: usize, symbols: &dyn Symbols) -> Result<(Expr, usize), SyntaxError> {
    let mut parser = Parser { text, at: skip_blanks(text, at), end: at, symbols, operators: 0 };
    let mut expr = parser.expression(0)?;
    if parser.peek() == Some(b'@') {
        let start = parser.at;
        let variant = parser.variant()?;
        let mut found = false;
        let _ = expr.each_symbol::<()>(&mut |_, v| {
            found = true;
            *v = variant;
            Ok(())
        });
        if !found {
            let len = parser.end - start;
            return Err(SyntaxError::new(start, len, format!("`{}` on a number", &text[start..parser.end]))
                .expected("a symbol before it"));
        }
    }
    Ok((expr, parser.end))
}

struct Parser<'a> {
    text: &'a str,
    /// Next token.
    at: usize,
    /// End of the last token.
    end: usize,
    symbols: &'a dyn Symbols,
    operators: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn advance(&mut self, end: usize) {
        self.end = end;
        self.at = skip_blanks(self.text, end);
    }

    fn operator(&self) -> Option<(Op2, u8, usize)> {
        let bytes = self.text.as_bytes();
        let next = bytes.get(self.at + 1).copied().unwrap_or(0);
        Some(match (bytes.get(self.at).copied()?, next) {
            (b'|', b'|') => (Op2::LogicalOr, 1, 2),
            (b'&', b'&') => (Op2::LogicalAnd, 2, 2),
            (b'=', b'=') => (Op2::Eq, 3, 2),
            (b'!', b'=') => (Op2::Ne, 3, 2),
            (b'<', b'>') => (Op2::Ne, 3, 2),
            (b'<', b'<') => (Op2::Shl, 6, 2),
            (b'>', b'>') => (Op2::Shr, 6, 2),
            (b'<', b'=') => (Op2::Le, 3, 2),
            (b'>', b'=') => (Op2::Ge, 3, 2),
            (b'<', _) => (Op2::Lt, 3, 1),
            (b'>', _) => (Op2::Gt, 3, 1),
            (b'+', _) => (Op2::Add, 4, 1),
            (b'-', _) => (Op2::Sub, 4, 1),
            (b'|', _) => (Op2::Or, 5, 1),
            (b'^', _) => (Op2::Xor, 5, 1),
            (b'&', _) => (Op2::And, 5, 1),
            (b'!', _) => (Op2::OrNot, 5, 1),
            (b'*', _) => (Op2::Mul, 6, 1),
            (b'/', _) => (Op2::Div, 6, 1),
            (b'%', _) => (Op2::Rem, 6, 1),
            _ => return None,
        })
    }

    fn expression(&mut self, depth: usize) -> Result<Expr, SyntaxError> {
        let first = self.primary(depth)?;
        self.rest(first, 1, depth)
    }

    /// Takes operators of at least precedence `least` after `left`.
    fn rest(&mut self, mut left: Expr, least: u8, depth: usize) -> Result<Expr, SyntaxError> {
        while let Some((op, precedence, len)) = self.operator() {
            if precedence < least {
                break;
            }
            self.operators += 1;
            if self.operators > MAX_OPERATORS {
                return Err(SyntaxError::new(
                    self.at,
                    len,
                    format!("more than {MAX_OPERATORS} operators in one expression"),
                ));
            }
            self.advance(self.at + len);
            let mut right = self.primary(depth)?;
            if self.operator().is_some_and(|(_, next, _)| next > precedence) {
                right = self.rest(right, precedence + 1, depth)?;
            }
            left = match (&left, &right) {
                (Expr::Value(a), Expr::Value(b)) => match binary(op, *a, *b) {
                    Some(v) => Expr::Value(v),
                    None => Expr::Binary { op, a: Box::new(left), b: Box::new(right) },
                },
                _ => Expr::Binary { op, a: Box::new(left), b: Box::new(right) },
            };
        }
        Ok(left)
    }

    fn primary(&mut self, depth: usize) -> Result<Expr, SyntaxError> {
        if depth > MAX_DEPTH {
            return Err(SyntaxError::new(self.at, 1, format!("an expression nested more than {MAX_DEPTH} deep")));
        }
        let at = self.at;
        let Some(first) = self.peek() else {
            return Err(unexpected(self.text, at, "an expression"));
        };
        match first {
            b'0'..=b'9' => self.number(),
            b'\'' => self.character(),
            b'"' => self.quoted(),
            b'(' | b'[' => {
                self.advance(at + 1);
                let inner = self.expression(depth + 1)?;
                let close = if first == b'(' { b')' } else { b']' };
                if self.peek() != Some(close) {
                    return Err(unexpected(self.text, self.at, if first == b'(' { "`)`" } else { "`]`" }));
                }
                self.advance(self.at + 1);
                Ok(inner)
            }
            b'+' => {
                self.advance(at + 1);
                self.no_call()?;
                self.primary(depth + 1)
            }
            b'-' | b'~' | b'!' => {
                self.advance(at + 1);
                let op = match first {
                    b'-' => Op1::Neg,
                    b'~' => Op1::Not,
                    _ => Op1::LogicalNot,
                };
                self.no_call()?;
                let a = self.primary(depth + 1)?;
                Ok(match a {
                    Expr::Value(v) => Expr::Value(unary(op, v)),
                    a => Expr::Unary { op, a: Box::new(a) },
                })
            }
            b'.' if self.text.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit) => self.number(),
            _ if is_name_start(first) => self.name(depth),
            _ => Err(unexpected(self.text, at, "an expression")),
        }
    }

    fn number(&mut self) -> Result<Expr, SyntaxError> {
        let at = self.at;
        let bytes = self.text.as_bytes();
        let (value, end) = match integer(self.text, at) {
            Some(result) => {
                let mark = result.as_ref().map_or(at, |r| r.1);
                // More digits than 64 bits hold may still begin a float.
                let plain = !matches!(bytes.get(mark), Some(b'.' | b'e' | b'E')) && result.is_ok();
                match (plain, if plain { None } else { float_end(self.text, at) }) {
                    (false, Some(end)) => return self.float(at, end),
                    _ => result?,
                }
            }
            None => match float_end(self.text, at) {
                Some(end) => return self.float(at, end),
                None => return Err(unexpected(self.text, at, "an expression")),
            },
        };
        if let Some(direction @ (b'b' | b'f')) = bytes.get(end)
            && !bytes.get(end + 1).is_some_and(|&b| is_name(b))
        {
            let Ok(number) = u32::try_from(value) else {
                return Err(SyntaxError::new(at, end + 1 - at, "a local label's number doesn't fit 32 bits"));
            };
            self.advance(end + 1);
            let name = Name::Local { number, forward: *direction == b'f' };
            let variant =
                if self.end == self.at && self.peek() == Some(b'@') { self.variant()? } else { Variant::None };
            return Ok(Expr::Symbol { name, variant });
        }
        self.advance(end);
        Ok(Expr::Value(value as i64))
    }

    /// A float is its binary64 bits, as in LLVM.
    fn float(&mut self, at: usize, end: usize) -> Result<Expr, SyntaxError> {
        let value = self.text.get(at..end).and_then(float_value);
        self.advance(end);
        match value {
            Some(v) => Ok(Expr::Value(v.to_bits() as i64)),
            None => Err(SyntaxError::new(at, end - at, "invalid floating-point number")),
        }
    }

    fn character(&mut self) -> Result<Expr, SyntaxError> {
        let at = self.at;
        let mut chars = self.text[at + 1..].char_indices();
        let value = match chars.next() {
            Some((_, '\\')) => match chars.next().map(|(_, c)| c) {
                Some('n') => Some('\n'),
                Some('t') => Some('\t'),
                Some('b') => Some('\u{8}'),
                Some('f') => Some('\u{c}'),
                Some('r') => Some('\r'),
                other => other,
            },
            Some((_, '\'')) | None => None,
            Some((_, c)) => Some(c),
        };
        match (value, chars.next()) {
            (Some(c), Some((close, '\''))) if c.is_ascii() => {
                self.advance(at + 1 + close + 1);
                Ok(Expr::Value(i64::from(c as u32)))
            }
            _ => {
                Err(SyntaxError::new(at, 1, "invalid character constant")
                    .expected("one ASCII character between quotes"))
            }
        }
    }

    fn quoted(&mut self) -> Result<Expr, SyntaxError> {
        let at = self.at;
        let Some(len) = self.text[at + 1..].find('"') else {
            return Err(SyntaxError::new(at, self.text.len() - at, "a string without its closing quote"));
        };
        let name = &self.text[at + 1..at + 1 + len];
        if name.is_empty() {
            return Err(SyntaxError::new(at, 2, "an empty symbol name"));
        }
        self.advance(at + len + 2);
        self.symbol(name, at)
    }

    fn name(&mut self, depth: usize) -> Result<Expr, SyntaxError> {
        let at = self.at;
        let text = self.text;
        let end = name_end(text, at);
        let name = &text[at..end];
        self.advance(end);
        if name == "." {
            return Ok(Expr::Symbol { name: Name::Here, variant: Variant::None });
        }
        if self.peek() == Some(b'(')
            && let Some(call) = Call::from_name(name)
        {
            return self.call(call, at, depth);
        }
        self.symbol(name, at)
    }

    /// The reference to `name`, whose token has been taken, with its variant.
    fn symbol(&mut self, name: &str, at: usize) -> Result<Expr, SyntaxError> {
        let variant = if self.end == self.at && self.peek() == Some(b'@') { self.variant()? } else { Variant::None };
        match (self.symbols.absolute(name), variant) {
            (Some(v), Variant::None) => Ok(Expr::Value(v)),
            (Some(_), _) => {
                Err(SyntaxError::new(at, self.end - at, format!("a variant on `{name}`, which is a number")))
            }
            (None, _) => Ok(Expr::Symbol { name: Name::Text(name.into()), variant }),
        }
    }

    /// `@name` or `@name@half`, whose `@` is next.
    fn variant(&mut self) -> Result<Variant, SyntaxError> {
        let start = skip_blanks(self.text, self.at + 1);
        let mut end = name_end(self.text, start);
        if end > start && self.text.as_bytes().get(end) == Some(&b'@') {
            end = name_end(self.text, end + 1).max(end);
        }
        let name = &self.text[start..end];
        let Some(variant) = Variant::from_name(name) else {
            let what = if name.is_empty() {
                String::from("`@` without a variant")
            } else {
                format!("invalid variant `{name}`")
            };
            return Err(SyntaxError::new(start.min(self.text.len()), end - start, what)
                .expected("rel32@lo, rel32@hi, rel64, abs32@lo, abs32@hi, gotpcrel, gotpcrel32@lo or gotpcrel32@hi"));
        };
        self.advance(end);
        Ok(variant)
    }

    /// LLVM knows no functions right after a unary operator: `-max(1, 2)` has to be `-(max(1, 2))`.
    fn no_call(&self) -> Result<(), SyntaxError> {
        let end = name_end(self.text, self.at);
        let name = self.text.get(self.at..end).unwrap_or("");
        if Call::from_name(name).is_some() && self.text.as_bytes().get(skip_blanks(self.text, end)) == Some(&b'(') {
            return Err(SyntaxError::new(self.at, name.len(), format!("`{name}` right after a unary operator"))
                .expected(format!("parentheses around {name}(…)")));
        }
        Ok(())
    }

    fn call(&mut self, call: Call, at: usize, depth: usize) -> Result<Expr, SyntaxError> {
        let name_end = self.end;
        self.advance(self.at + 1);
        let mut args = Vec::new();
        loop {
            if self.peek() == Some(b')') && args.is_empty() {
                break;
            }
            self.operators += 1;
            if self.operators > MAX_OPERATORS {
                return Err(SyntaxError::new(
                    self.at,
                    1,
                    format!("more than {MAX_OPERATORS} operators in one expression"),
                ));
            }
            args.push(self.expression(depth + 1)?);
            match self.peek() {
                Some(b',') => self.advance(self.at + 1),
                Some(b')') => break,
                _ => return Err(unexpected(self.text, self.at, "`,` or `)`")),
            }
        }
        self.advance(self.at + 1);
        if match call.arity() {
            Some(n) => n != args.len(),
            None => args.is_empty(),
        } {
            let name = &self.text[at..name_end];
            let want = call.arity().map_or(String::from("at least 1"), |n| format!("{n}"));
            return Err(
                SyntaxError::new(at, name_end - at, format!("`{name}` with {} arguments", args.len())).expected(want)
            );
        }
        let mut values = [0i64; 4];
        if args.len() <= 4 {
            for (value, arg) in values.iter_mut().zip(&args) {
                match arg {
                    Expr::Value(v) => *value = *v,
                    _ => return Ok(Expr::Call { call, args }),
                }
            }
            return Ok(call.value(&values[..args.len()]).map_or(Expr::Call { call, args }, Expr::Value));
        }
        let all: Option<Vec<i64>> = args.iter().map(Expr::value).collect();
        Ok(all.and_then(|v| call.value(&v)).map_or(Expr::Call { call, args }, Expr::Value))
    }
}
