//! `.macro`, `.rept`, `.irp`, `.irpc`, `.include`.
use super::{Assembler, Loc, scan};
use crate::asm::SyntaxError;
use crate::asm::expr;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;

/// A parameter of a macro.
struct Parameter {
    name: Rc<str>,
    default: Option<String>,
    required: bool,
    vararg: bool,
}

/// A macro.
pub(super) struct Macro {
    name: Rc<str>,
    parameters: Vec<Parameter>,
    body: Rc<str>,
    /// Where the body starts.
    origin: Loc,
    /// How often it has been expanded: `\+`.
    count: core::cell::Cell<u64>,
}

/// Bytes of a parameter's name after a backslash.
fn is_parameter(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'.')
}

/// Puts arguments into a body: `\name`, `\@` (expansions so far), `\+` (rounds so far), `\()` (nothing).
fn expand(body: &str, value: &dyn Fn(&str) -> Option<Rc<str>>, serial: Option<u64>, round: u64, out: &mut String) {
    let mut rest = body;
    while let Some(n) = rest.find('\\') {
        out.push_str(&rest[..n]);
        rest = &rest[n + 1..];
        let bytes = rest.as_bytes();
        match (bytes.first(), serial) {
            (Some(b'@'), Some(serial)) => {
                let _ = write!(out, "{serial}");
                rest = &rest[1..];
            }
            (Some(b'+'), _) => {
                let _ = write!(out, "{round}");
                rest = &rest[1..];
            }
            (Some(b'('), _) if bytes.get(1) == Some(&b')') => rest = &rest[2..],
            _ => {
                let len = bytes.iter().position(|&b| !is_parameter(b)).unwrap_or(bytes.len());
                match value(&rest[..len]) {
                    Some(v) if len > 0 => out.push_str(&v),
                    _ => {
                        out.push('\\');
                        out.push_str(&rest[..len]);
                    }
                }
                rest = &rest[len..];
            }
        }
    }
    out.push_str(rest);
}

impl Assembler<'_> {
    /// The text from the next statement to the directive of `close` that ends it, which is taken too.
    fn body(&mut self, at: usize, len: usize, open: &[&str], close: &[&str]) -> Result<(Rc<str>, Loc), SyntaxError> {
        let Some(frame) = self.frames.last_mut() else {
            return Err(SyntaxError::new(at, len, "no text to take a body from"));
        };
        let text = frame.text.clone();
        let start = frame.at;
        let mut next = start;
        let mut depth = 0usize;
        while next < text.len() {
            let s = scan::next(&text, next);
            next = s.next;
            let blanked;
            let mut statement = &text[s.start..s.end];
            if s.dirty {
                blanked = scan::blank(statement);
                statement = &blanked;
            }
            let first = expr::skip_blanks(statement, 0);
            if statement.as_bytes().get(first) != Some(&b'.') {
                continue;
            }
            let mut buffer = [0; 40];
            let word = scan::word(statement, first, &mut buffer);
            if open.contains(&word) {
                depth += 1;
            } else if close.contains(&word) {
                if depth == 0 {
                    frame.at = s.next;
                    let origin = Loc { buffer: frame.buffer, at: start as u32 };
                    return Ok((text[start..s.start].into(), origin));
                }
                depth -= 1;
            }
        }
        frame.at = text.len();
        Err(SyntaxError::new(at, len, format!("no {} for it", close[0])))
    }

    /// `.macro name parameters`
    pub(super) fn define_macro(&mut self, text: &str, at: usize, end: usize) -> Result<(), SyntaxError> {
        // The body first: an error in the head must not let it be assembled.
        let (body, origin) = self.body(at, end - at, &[".macro"], &[".endm", ".endmacro"])?;
        let (name, name_at, mut stop) = self.name(text, end)?;
        let mut parameters: Vec<Parameter> = Vec::new();
        loop {
            let mut here = expr::skip_blanks(text, stop);
            if text.as_bytes().get(here) == Some(&b',') {
                here = expr::skip_blanks(text, here + 1);
            }
            if here >= text.len() {
                break;
            }
            let (parameter, p_at, p_end) = self.name(text, here)?;
            let error = |message: String| Err(SyntaxError::new(p_at, p_end - p_at, message));
            if parameters.iter().any(|p| &*p.name == parameter) {
                return error(format!("macro `{name}` has two parameters `{parameter}`"));
            }
            if parameters.last().is_some_and(|p| p.vararg) {
                return error(format!("parameter `{parameter}` after a vararg one, which must be the last"));
            }
            let mut p = Parameter { name: parameter.into(), default: None, required: false, vararg: false };
            stop = p_end;
            if text.as_bytes().get(stop) == Some(&b':') {
                let (kind, k_at, k_end) = self.name(text, stop + 1)?;
                match kind {
                    "req" => p.required = true,
                    "vararg" => p.vararg = true,
                    _ => {
                        let message = format!("`{kind}` isn't a kind of parameter");
                        return Err(SyntaxError::new(k_at, k_end - k_at, message).expected("`req` or `vararg`"));
                    }
                }
                stop = k_end;
            }
            let equals = expr::skip_blanks(text, stop);
            if text.as_bytes().get(equals) == Some(&b'=') {
                let (value, v_end) = argument(text, expr::skip_blanks(text, equals + 1), p.vararg)?;
                p.default = Some(value);
                stop = v_end;
            }
            parameters.push(p);
        }
        if self.macros.contains_key(name) {
            return Err(SyntaxError::new(name_at, name.len(), format!("macro `{name}` is already defined"))
                .expected("`.purgem` before it"));
        }
        let name: Rc<str> = name.into();
        let m = Macro { name: name.clone(), parameters, body, origin, count: core::cell::Cell::new(0) };
        self.macros.insert(name, Rc::new(m));
        Ok(())
    }

    /// `.purgem name`
    pub(super) fn purge_macro(&mut self, text: &str, end: usize) -> Result<(), SyntaxError> {
        let (name, at, stop) = self.name(text, end)?;
        self.end_of_statement(text, stop)?;
        match self.macros.remove(name) {
            Some(_) => Ok(()),
            None => Err(SyntaxError::new(at, stop - at, format!("macro `{name}` is not defined"))),
        }
    }

    /// Expands `m`, whose name stands from `at` to `end`.
    pub(super) fn invoke(&mut self, text: &str, at: usize, end: usize, m: &Rc<Macro>) -> Result<(), SyntaxError> {
        let mut values: Vec<Option<Rc<str>>> = m.parameters.iter().map(|_| None).collect();
        let mut stop = expr::skip_blanks(text, end);
        let mut index = 0;
        let mut named = false;
        while stop < text.len() {
            let name_end = expr::name_end(text, stop);
            let equals = expr::skip_blanks(text, name_end);
            let bytes = text.as_bytes();
            let mut target = index;
            let here = stop;
            if name_end > stop && bytes.get(equals) == Some(&b'=') && bytes.get(equals + 1) != Some(&b'=') {
                let name = &text[stop..name_end];
                target = match m.parameters.iter().position(|p| &*p.name == name) {
                    Some(n) => n,
                    None => {
                        let message = format!("macro `{}` has no parameter `{name}`", m.name);
                        return Err(SyntaxError::new(stop, name_end - stop, message));
                    }
                };
                named = true;
                stop = expr::skip_blanks(text, equals + 1);
            } else if named {
                return Err(SyntaxError::new(stop, 0, "a positional argument after one with a name"));
            }
            let Some(parameter) = m.parameters.get(target) else {
                let message = format!("too many arguments for macro `{}`", m.name);
                return Err(SyntaxError::new(stop, expr::token_end(text, stop) - stop, message)
                    .expected(format!("at most {}", m.parameters.len())));
            };
            let (value, v_end) = argument(text, stop, parameter.vararg)?;
            if !value.is_empty() {
                values[target] = Some(value.into());
            }
            stop = expr::skip_blanks(text, v_end);
            if text.as_bytes().get(stop) == Some(&b',') {
                stop = expr::skip_blanks(text, stop + 1);
            }
            index += 1;
            if stop == here {
                return Err(expr::unexpected(text, stop, "an argument"));
            }
        }
        for (value, p) in values.iter_mut().zip(&m.parameters) {
            if value.is_none() {
                if p.required && p.default.is_none() {
                    let message = format!("missing value for required parameter `{}` of macro `{}`", p.name, m.name);
                    return Err(SyntaxError::new(at, end - at, message));
                }
                *value = Some(p.default.as_deref().unwrap_or("").into());
            }
        }
        let mut out = String::with_capacity(m.body.len() + 64);
        let lookup = |name: &str| -> Option<Rc<str>> {
            let n = m.parameters.iter().position(|p| &*p.name == name)?;
            values[n].clone()
        };
        expand(&m.body, &lookup, Some(self.macro_count), m.count.get(), &mut out);
        self.macro_count += 1;
        m.count.set(m.count.get() + 1);
        let what = format!("macro `{}`", m.name);
        let loc = self.loc.plus(at);
        self.push_buffer("".into(), Some(m.origin), out.into(), Some((loc, what.into())), 0, true);
        Ok(())
    }

    /// `.rept`, `.irp`, `.irpc`
    pub(super) fn repeat(&mut self, text: &str, at: usize, word: &str, end: usize) -> Result<(), SyntaxError> {
        const OPEN: [&str; 4] = [".rept", ".rep", ".irp", ".irpc"];
        let (body, origin) = self.body(at, end - at, &OPEN, &[".endr"])?;
        let parent = Some((self.loc.plus(at), Rc::from(word)));
        let limit = self.options.limits.expansion_bytes;
        let mut out = String::new();
        if matches!(word, ".rept" | ".rep") {
            let (count, stop) = self.number(text, end)?;
            self.end_of_statement(text, stop)?;
            let Ok(count) = u64::try_from(count) else {
                let at = expr::skip_blanks(text, end);
                return Err(SyntaxError::new(at, stop - at, format!("a count of {count}")).expected("0 or more"));
            };
            if count == 0 || body.trim().is_empty() {
                return Ok(());
            }
            if !body.contains("\\+") {
                self.push_buffer("".into(), Some(origin), body, parent, count - 1, true);
                return Ok(());
            }
            for round in 0..count {
                expand(&body, &|_| None, None, round, &mut out);
                if out.len() as u64 > limit {
                    break;
                }
            }
        } else {
            let (name, _, stop) = self.name(text, end)?;
            let mut stop = self.comma(text, stop)?;
            let mut values: Vec<Rc<str>> = Vec::new();
            while stop < text.len() {
                let here = stop;
                let (value, v_end) = argument(text, stop, false)?;
                values.push(value.into());
                stop = expr::skip_blanks(text, v_end);
                if text.as_bytes().get(stop) == Some(&b',') {
                    stop = expr::skip_blanks(text, stop + 1);
                }
                if stop == here {
                    return Err(expr::unexpected(text, stop, "a value"));
                }
            }
            if word == ".irpc" {
                let [one] = &values[..] else {
                    return Err(SyntaxError::new(end, 0, "one run of characters makes the values of .irpc"));
                };
                values = one.chars().map(|c| Rc::from(c.to_string())).collect();
            }
            for (round, value) in values.iter().enumerate() {
                let lookup = |n: &str| (n == name).then(|| value.clone());
                expand(&body, &lookup, Some(self.macro_count), round as u64, &mut out);
                if out.len() as u64 > limit {
                    break;
                }
            }
        }
        if self.push_buffer("".into(), Some(origin), out.into(), parent, 0, true)
            && let Some(b) = self.buffers.last_mut()
        {
            b.lines = body.lines().count().max(1);
        }
        Ok(())
    }

    /// `.exitm`
    pub(super) fn exit_macro(&mut self, at: usize, end: usize) -> Result<(), SyntaxError> {
        match self.frames.last() {
            Some(frame) if frame.is_macro => {
                self.conditions.truncate(frame.conditions);
                self.frames.pop();
                Ok(())
            }
            _ => Err(SyntaxError::new(at, end - at, ".exitm outside of a macro")),
        }
    }

    /// `.include "file"`
    pub(super) fn include(&mut self, text: &str, end: usize) -> Result<(), SyntaxError> {
        let (name, bytes) = self.load(text, end)?;
        let at = expr::skip_blanks(text, end);
        let Ok(source) = String::from_utf8(bytes) else {
            return Err(SyntaxError::new(at, name.len() + 2, format!("`{name}` isn't UTF-8")));
        };
        let parent = Some((self.loc.plus(at), Rc::from("an included file")));
        self.push_buffer(name.into(), None, source.into(), parent, 0, false);
        Ok(())
    }

    /// The file that a directive names, by the caller's loader.
    pub(super) fn load(&mut self, text: &str, end: usize) -> Result<(String, Vec<u8>), SyntaxError> {
        let at = expr::skip_blanks(text, end);
        let (name, stop) = super::data::string(text, at)?;
        let name = String::from_utf8_lossy(&name).into_owned();
        let Some(loader) = self.options.loader else {
            return Err(SyntaxError::new(
                at,
                stop - at,
                format!("`{name}` can't be read: this assembler reads no files"),
            ));
        };
        match loader(&name) {
            Ok(bytes) => Ok((name, bytes)),
            Err(why) => Err(SyntaxError::new(at, stop - at, format!("`{name}` can't be read: {why}"))),
        }
    }
}

/// One argument of a macro from `at` on, and where it ends: up to a comma, or to a blank that no operator follows, outside
/// of parentheses. Strings lose their quotes. A vararg takes the rest of the statement as it is.
fn argument(text: &str, at: usize, vararg: bool) -> Result<(String, usize), SyntaxError> {
    if vararg {
        return Ok((text[at..].trim().into(), text.len()));
    }
    let bytes = text.as_bytes();
    let operator = |n: usize| match bytes.get(n) {
        Some(b'+' | b'-' | b'~' | b'/' | b'*' | b'|' | b'^' | b'&' | b'!' | b'<' | b'>') => true,
        Some(b'=') => bytes.get(n + 1) == Some(&b'=') || n > at && bytes[n - 1] == b'=',
        _ => false,
    };
    let mut out = String::new();
    let mut here = at;
    let mut depth = 0usize;
    while let Some(c) = text[here..].chars().next() {
        if depth == 0 {
            if c == ',' {
                break;
            }
            let blank = matches!(c, ' ' | '\t' | '\r' | '\n');
            let next = if blank { expr::skip_blanks(text, here) } else { here };
            if operator(next) {
                out.push(char::from(bytes[next]));
                here = expr::skip_blanks(text, next + 1);
                continue;
            }
            if blank {
                here = next;
                break;
            }
            if c == '=' {
                return Err(SyntaxError::new(here, 1, "`=` in a macro's argument").expected("a name before it"));
            }
        }
        match c {
            '"' => {
                let (_, end) = super::data::string(text, here)?;
                out.push_str(&text[here + 1..end - 1]);
                here = end;
                continue;
            }
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        out.push(c);
        here += c.len_utf8();
    }
    if depth > 0 {
        return Err(SyntaxError::new(here, 0, "a macro's argument ends inside parentheses").expected("`)`"));
    }
    Ok((out, here))
}
