//! Whole files: statements, labels, directives, macros, and what they become.
use super::diag::{self, Diagnostic, Severity};
use super::expr::{self, Expr, Name};
use super::{Fixup, Options, SyntaxError, inst};
use crate::object::{CodeObjectVersion, Unit};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use chunks::{Bases, Chunk, Sec};
use symbols::{Evaluator, State, Table};

mod chunks;
mod cond;
mod data;
mod finish;
mod kernel;
mod macros;
mod scan;
mod sections;
mod symbols;

/// A place in one of the texts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) struct Loc {
    buffer: u32,
    at: u32,
}

impl Loc {
    fn plus(self, n: usize) -> Self {
        Self { at: self.at.saturating_add(n as u32), ..self }
    }
}

/// A text: the source, an included file, or an expansion.
struct Buffer {
    /// The file's name; for an expansion that of `origin` counts.
    name: Rc<str>,
    /// Where an expansion's text stands in the source: its lines are numbered from there.
    origin: Option<Loc>,
    /// After this many lines the source starts again: rounds of a loop one after another.
    lines: usize,
    text: Rc<str>,
    /// Where the expansion or the include stands, and what it is.
    parent: Option<(Loc, Rc<str>)>,
    /// How deep it is nested.
    depth: usize,
}

/// A text that is being read.
struct Frame {
    buffer: u32,
    text: Rc<str>,
    at: usize,
    /// Open conditionals when it was entered.
    conditions: usize,
    /// Rounds to go after this one.
    repeat: u64,
    /// A macro's expansion: what `.exitm` leaves.
    is_macro: bool,
}

/// A value to be filled in at the end.
struct Patch {
    chunk: u32,
    offset: u64,
    field: Field,
    expr: Expr,
    loc: Loc,
    len: u16,
}

/// What a [`Patch`] fills in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    /// So many bytes of a directive.
    Data(u8),
    /// 16 bits of a branch: words from the next one.
    Branch,
    /// A literal.
    Literal,
}

/// What a file becomes.
#[derive(Clone, Debug)]
pub struct Assembled {
    /// Sections, symbols and relocations, for [`crate::object`].
    pub unit: Unit,
    /// Warnings, and what `.print` says.
    pub warnings: Vec<Diagnostic>,
}

impl Assembled {
    /// The bytes of `.text`, for a raw binary. Fields that need a relocation are zero.
    pub fn text(&self) -> &[u8] {
        self.unit.sections.iter().find(|s| s.name == ".text").map_or(&[], |s| &s.bytes)
    }
}

/// The state of one run.
struct Assembler<'o> {
    options: &'o Options<'o>,
    buffers: Vec<Buffer>,
    frames: Vec<Frame>,
    diagnostics: Vec<Diagnostic>,
    errors: usize,
    /// Nothing more is read.
    stopped: bool,
    /// The statement being worked on.
    loc: Loc,
    statements: u64,
    expanded: u64,
    emitted: u64,
    table: Table,
    /// `n:`: the last one, and the one that `nf` waits for.
    locals: BTreeMap<u32, (Option<u32>, Option<u32>)>,
    sections: Vec<Sec>,
    /// Sections by name, unique number and group.
    section_index: BTreeMap<sections::Key, u32>,
    chunks: Vec<Chunk>,
    /// The chunk that grows.
    chunk: u32,
    /// Section and subsection now and, for `.previous`, before; below them those of `.pushsection`.
    stack: Vec<(sections::Spot, Option<sections::Spot>)>,
    patches: Vec<Patch>,
    conditions: Vec<cond::Condition>,
    macros: BTreeMap<Rc<str>, Rc<macros::Macro>>,
    macro_count: u64,
    kernel: Option<kernel::Block>,
    kernels: Vec<kernel::Block>,
    next_free_vgpr: u32,
    next_free_sgpr: u32,
    version: CodeObjectVersion,
    addrsig: Option<Vec<u32>>,
}

/// Assembles `source`.
pub(super) fn assemble(source: &str, name: &str, options: &Options<'_>) -> Result<Assembled, Vec<Diagnostic>> {
    let mut a = Assembler::new(options);
    a.push_buffer(name.into(), None, source.into(), None, 0, false);
    a.run();
    a.finish()
}

impl<'o> Assembler<'o> {
    fn new(options: &'o Options<'o>) -> Self {
        let mut a = Self {
            options,
            buffers: Vec::new(),
            frames: Vec::new(),
            diagnostics: Vec::new(),
            errors: 0,
            stopped: false,
            loc: Loc::default(),
            statements: 0,
            expanded: 0,
            emitted: 0,
            table: Table::default(),
            locals: BTreeMap::new(),
            sections: Vec::new(),
            section_index: BTreeMap::new(),
            chunks: Vec::new(),
            chunk: 0,
            stack: Vec::new(),
            patches: Vec::new(),
            conditions: Vec::new(),
            macros: BTreeMap::new(),
            macro_count: 0,
            kernel: None,
            kernels: Vec::new(),
            next_free_vgpr: 0,
            next_free_sgpr: 0,
            version: CodeObjectVersion::default(),
            addrsig: None,
        };
        let (major, minor, stepping) = options.target.arch.version();
        for (name, value) in [
            (".amdgcn.gfx_generation_number", major),
            (".amdgcn.gfx_generation_minor", minor),
            (".amdgcn.gfx_generation_stepping", stepping),
        ] {
            let n = a.table.intern(name);
            a.table.syms[n as usize].state = State::Number(i64::from(value));
        }
        for (name, value) in options.symbols {
            let n = a.table.intern(name);
            a.table.syms[n as usize].state = State::Number(*value);
            a.table.list(n);
        }
        a.next_free_vgpr = a.table.intern(".amdgcn.next_free_vgpr");
        a.next_free_sgpr = a.table.intern(".amdgcn.next_free_sgpr");
        for n in [a.next_free_vgpr, a.next_free_sgpr] {
            a.table.syms[n as usize].state = State::Number(0);
        }
        a.start_sections();
        a
    }

    fn run(&mut self) {
        while let Some(frame) = self.frames.last_mut() {
            if self.stopped {
                return;
            }
            let text = frame.text.clone();
            let buffer = frame.buffer;
            if frame.at >= text.len() {
                if frame.repeat > 0 {
                    frame.repeat -= 1;
                    frame.at = 0;
                    // An empty round takes part in the limit too.
                    self.count_statement();
                    continue;
                }
                let open = frame.conditions;
                self.end_frame(open);
                continue;
            }
            let s = scan::next(&text, frame.at);
            frame.at = s.next;
            self.loc = Loc { buffer, at: s.start as u32 };
            self.count_statement();
            if let Some(at) = s.open_comment {
                let loc = Loc { buffer, at: at as u32 };
                self.error_at(loc, 2, "a comment without its `*/`", None);
            }
            if s.dirty {
                let clean = scan::blank(&text[s.start..s.end]);
                self.statement(clean.trim_end());
            } else {
                self.statement(&text[s.start..s.end]);
            }
        }
    }

    fn count_statement(&mut self) {
        self.statements += 1;
        if self.statements > self.options.limits.statements {
            let message = format!("more than {} statements after expansion", self.options.limits.statements);
            self.fatal(&message);
        }
    }

    fn end_frame(&mut self, open: usize) {
        if self.conditions.len() > open {
            let loc = self.conditions[open].loc;
            self.error_at(loc, 1, "a conditional without its `.endif`", None);
            self.conditions.truncate(open);
        }
        self.frames.pop();
    }

    /// Starts to read a text; answers whether it may.
    fn push_buffer(
        &mut self,
        name: Rc<str>,
        origin: Option<Loc>,
        text: Rc<str>,
        parent: Option<(Loc, Rc<str>)>,
        repeat: u64,
        is_macro: bool,
    ) -> bool {
        let depth = parent.as_ref().map_or(0, |(loc, _)| self.buffers[loc.buffer as usize].depth + 1);
        let max = self.options.limits.depth;
        if depth > max {
            let message = format!("macros, loops and includes are nested more than {max} deep");
            self.fatal(&message);
            return false;
        }
        if parent.is_some() {
            self.expanded = self.expanded.saturating_add(text.len() as u64 + 64);
        }
        if self.expanded > self.options.limits.expansion_bytes || text.len() > (u32::MAX / 2) as usize {
            let message = format!(
                "expansions and sources of more than {} bytes",
                self.options.limits.expansion_bytes.min(u64::from(u32::MAX / 2))
            );
            self.fatal(&message);
            return false;
        }
        let buffer = self.buffers.len() as u32;
        self.buffers.push(Buffer { name, origin, lines: usize::MAX, text: text.clone(), parent, depth });
        self.frames.push(Frame { buffer, text, at: 0, conditions: self.conditions.len(), repeat, is_macro });
        true
    }

    /// One statement, less its comments.
    fn statement(&mut self, text: &str) {
        let mut at = expr::skip_blanks(text, 0);
        let bytes = text.as_bytes();
        if at >= bytes.len() {
            return;
        }
        if self.ignoring() {
            self.skipped(text, at);
            return;
        }
        loop {
            let Some(&first) = bytes.get(at) else { return };
            let (name, end) = match first {
                b'0'..=b'9' => match self.local_label(text, at) {
                    Some(end) => {
                        at = expr::skip_blanks(text, end);
                        continue;
                    }
                    None => return,
                },
                b'"' => match text[at + 1..].find('"') {
                    Some(n) => (&text[at + 1..at + 1 + n], at + n + 2),
                    None => {
                        self.error(SyntaxError::new(at, bytes.len() - at, "a string without its closing quote"));
                        return;
                    }
                },
                _ => {
                    let end = expr::name_end(text, at);
                    (&text[at..end], end)
                }
            };
            if name.is_empty() {
                self.error(expr::unexpected(text, at, "a label, a directive or an instruction"));
                return;
            }
            let after = expr::skip_blanks(text, end);
            match (bytes.get(after), bytes.get(after + 1)) {
                (Some(b':'), _) if name != "." => {
                    let n = self.table.intern(name);
                    if let Err(e) = self.define_label(n, at, end - at) {
                        self.error(e);
                    }
                    at = expr::skip_blanks(text, after + 1);
                }
                (Some(b'='), next) if next != Some(&b'=') => {
                    let result = self.assign(text, (name, at, end), after + 1, true);
                    self.report(result);
                    return;
                }
                _ => {
                    self.operation(text, at, name, end);
                    return;
                }
            }
        }
    }

    /// A macro, a directive or an instruction at `at`.
    fn operation(&mut self, text: &str, at: usize, name: &str, end: usize) {
        if !self.macros.is_empty()
            && let Some(m) = self.macros.get(name).cloned()
        {
            let result = self.invoke(text, at, end, &m);
            self.report(result);
            return;
        }
        if text.as_bytes()[at] == b'.' {
            let mut buffer = [0; 40];
            let word = scan::word(text, at, &mut buffer);
            let result = self.directive(text, at, word, end);
            self.report(result);
            return;
        }
        if self.kernel.is_some() {
            let result = Err(expr::unexpected(text, at, "an .amdhsa_ directive or .end_amdhsa_kernel"));
            self.report(result);
            return;
        }
        match inst::assemble(&text[at..], &self.options.target, &self.table) {
            Ok(encoded) => {
                self.count_registers(encoded.vgprs, encoded.sgprs);
                let words = &encoded.words[..usize::from(encoded.len_dw).min(encoded.words.len())];
                let mut bytes = [0u8; 32];
                for (out, word) in bytes.chunks_exact_mut(4).zip(words) {
                    out.copy_from_slice(&word.to_le_bytes());
                }
                let Some(offset) = self.emit_at(&bytes[..words.len() * 4]) else {
                    return;
                };
                if !self.sections[self.chunks[self.chunk as usize].section as usize].has_bytes() {
                    self.error(SyntaxError::new(at, end - at, "an instruction in a section without bytes"));
                } else if let Some(fixup) = encoded.fixup {
                    let result = self.fix(fixup, at, offset);
                    self.report(result);
                }
            }
            Err(mut e) => {
                e.at += at;
                self.error(e);
            }
        }
    }

    /// Keeps `.amdgcn.next_free_vgpr` and its sibling, which a source may set back.
    fn count_registers(&mut self, vgprs: u16, sgprs: u16) {
        for (n, count) in [(self.next_free_vgpr, vgprs), (self.next_free_sgpr, sgprs)] {
            if let State::Number(v) = &mut self.table.syms[n as usize].state {
                *v = (*v).max(i64::from(count));
            }
        }
    }

    fn fix(&mut self, fixup: Fixup, at: usize, offset: u64) -> Result<(), SyntaxError> {
        let at = at + usize::from(fixup.at);
        let loc = self.loc.plus(at);
        let expr = self.bind(fixup.expr, loc, offset)?;
        let field = match fixup.kind {
            super::FixupKind::Branch => Field::Branch,
            super::FixupKind::Literal => Field::Literal,
        };
        let offset = offset + u64::from(fixup.dw) * 4;
        self.patches.push(Patch { chunk: self.chunk, offset, field, expr, loc, len: fixup.len });
        Ok(())
    }

    /// Binds the names of an expression that outlives its statement; `.` is `here` in the chunk.
    fn bind(&mut self, expr: Expr, loc: Loc, here: u64) -> Result<Expr, SyntaxError> {
        self.bind_listing(expr, loc, here, true)
    }

    /// As [`Self::bind`]; a symbol that only the size of a gap mentions isn't listed in the object for it.
    fn bind_listing(&mut self, mut expr: Expr, loc: Loc, here: u64, list: bool) -> Result<Expr, SyntaxError> {
        let Self { table, locals, chunk, .. } = self;
        let at = loc.at.saturating_sub(self.loc.at) as usize;
        expr.each_symbol(&mut |name, _| {
            let n = match name {
                Name::Bound(_) => return Ok(()),
                Name::Text(text) => {
                    let n = table.intern(text);
                    let sym = &mut table.syms[n as usize];
                    sym.used = true;
                    if sym.mention == Loc::default() {
                        sym.mention = loc;
                    }
                    if list {
                        table.list(n);
                    }
                    n
                }
                Name::Here => table.anonymous(State::Label { chunk: *chunk, offset: here }),
                Name::Local { number, forward } => {
                    let entry = locals.entry(*number).or_default();
                    match (*forward, entry.0, entry.1) {
                        (false, Some(n), _) | (true, _, Some(n)) => n,
                        (false, None, _) => {
                            let message = format!("no label `{number}:` before this `{number}b`");
                            return Err(SyntaxError::new(at, 0, message));
                        }
                        (true, _, None) => {
                            let n = table.anonymous(State::Undefined);
                            table.syms[n as usize].mention = loc;
                            table.syms[n as usize].name = format!("{number}f").into();
                            entry.1 = Some(n);
                            n
                        }
                    }
                }
            };
            *name = Name::Bound(n);
            Ok(())
        })?;
        Ok(expr)
    }

    /// `n:` at `at`; answers where it ends.
    fn local_label(&mut self, text: &str, at: usize) -> Option<usize> {
        let (number, end) = match expr::integer(text, at) {
            Some(Ok(found)) => found,
            Some(Err(e)) => {
                self.error(e);
                return None;
            }
            None => return None,
        };
        let colon = expr::skip_blanks(text, end);
        if text.as_bytes().get(colon) != Some(&b':') {
            self.error(expr::unexpected(text, at, "a label, a directive or an instruction"));
            return None;
        }
        let Ok(number) = u32::try_from(number) else {
            self.error(SyntaxError::new(at, end - at, "a local label's number doesn't fit 32 bits"));
            return None;
        };
        let state = self.here();
        let entry = self.locals.entry(number).or_default();
        let n = match entry.1.take() {
            Some(n) => {
                self.table.syms[n as usize].state = state;
                n
            }
            None => self.table.anonymous(state),
        };
        entry.0 = Some(n);
        Some(colon + 1)
    }

    /// The place that the next byte takes.
    fn here(&self) -> State {
        State::Label { chunk: self.chunk, offset: self.chunks[self.chunk as usize].len }
    }

    fn define_label(&mut self, n: u32, at: usize, len: usize) -> Result<(), SyntaxError> {
        let state = self.here();
        let sym = &mut self.table.syms[n as usize];
        if !matches!(sym.state, State::Undefined) {
            return Err(SyntaxError::new(at, len, format!("symbol `{}` is already defined", sym.name)));
        }
        sym.state = state;
        self.table.list(n);
        Ok(())
    }

    /// `name = value`, `.set name, value` and their like. `again`: may it be set twice.
    fn assign(
        &mut self,
        text: &str,
        (name, at, end): (&str, usize, usize),
        value_at: usize,
        again: bool,
    ) -> Result<(), SyntaxError> {
        let (value, stop) = expr::parse(text, value_at, &self.table)?;
        self.end_of_statement(text, stop)?;
        if name == "." {
            return self.org(value, expr::skip_blanks(text, value_at), 0);
        }
        let n = self.table.intern(name);
        let error = |message: String| Err(SyntaxError::new(at, end - at, message));
        match &self.table.syms[n as usize].state {
            State::Undefined => {}
            State::Number(_) if again => {}
            State::Variable(_) if again && !self.table.syms[n as usize].used => {}
            State::Variable(_) if again => {
                return error(format!("invalid reassignment of `{name}`, which isn't a number and has been used"));
            }
            _ => return error(format!("redefinition of `{name}`")),
        }
        let loc = self.loc.plus(expr::skip_blanks(text, value_at));
        let here = self.chunks[self.chunk as usize].len;
        self.table.list(n);
        let value = self.bind(value, loc, here)?;
        let state = match value {
            Expr::Value(v) => State::Number(v),
            value => {
                if symbols::mentions(&self.table, &value, n, &mut 5000) {
                    return error(format!("`{name}` is defined through itself"));
                }
                let places = Bases(&self.chunks);
                match Evaluator::new(&self.table, &places).value(&value) {
                    // Distances that are known are numbers from here on, which keeps chains of variables short.
                    Ok(v) if v.add.is_none() && v.sub.is_none() => State::Variable(Rc::new(Expr::Value(v.number))),
                    Ok(v) if v.sub.is_none() => match v.add {
                        Some((base, variant)) => {
                            let base = Expr::Symbol { name: Name::Bound(base), variant };
                            let number = alloc::boxed::Box::new(Expr::Value(v.number));
                            State::Variable(Rc::new(match v.number {
                                0 => base,
                                _ => Expr::Binary { op: expr::Op2::Add, a: alloc::boxed::Box::new(base), b: number },
                            }))
                        }
                        None => State::Variable(Rc::new(value)),
                    },
                    _ => State::Variable(Rc::new(value)),
                }
            }
        };
        self.table.syms[n as usize].state = state;
        Ok(())
    }

    /// The number of an expression that must be known now.
    fn number(&mut self, text: &str, at: usize) -> Result<(i64, usize), SyntaxError> {
        let (value, end) = expr::parse(text, at, &self.table)?;
        Ok((self.known(value, expr::skip_blanks(text, at), end)?, end))
    }

    /// The number that `value`, from `at` to `end`, has now.
    fn known(&mut self, value: Expr, at: usize, end: usize) -> Result<i64, SyntaxError> {
        if let Expr::Value(v) = value {
            return Ok(v);
        }
        let here = self.chunks[self.chunk as usize].len;
        let value = self.bind_quietly(value, here);
        let places = Bases(&self.chunks);
        Evaluator::new(&self.table, &places)
            .absolute(&value)
            .map_err(|why| SyntaxError::new(at, end.saturating_sub(at), why).expected("a value that is known here"))
    }

    /// Binds for an evaluation at once: names nothing in the object's table.
    fn bind_quietly(&mut self, mut expr: Expr, here: u64) -> Expr {
        let Self { table, locals, chunk, .. } = self;
        let _ = expr.each_symbol::<()>(&mut |name, _| {
            let n = match name {
                Name::Bound(_) => return Ok(()),
                Name::Text(text) => table.intern(text),
                Name::Here => table.anonymous(State::Label { chunk: *chunk, offset: here }),
                Name::Local { number, forward } => {
                    let entry = locals.get(number).copied().unwrap_or_default();
                    match if *forward { entry.1 } else { entry.0 } {
                        Some(n) => n,
                        None => table.anonymous(State::Undefined),
                    }
                }
            };
            *name = Name::Bound(n);
            Ok(())
        });
        expr
    }

    fn end_of_statement(&self, text: &str, at: usize) -> Result<(), SyntaxError> {
        if expr::skip_blanks(text, at) >= text.len() {
            Ok(())
        } else {
            Err(expr::unexpected(text, at, "the end of the statement"))
        }
    }

    /// The place after a comma at or after `at`.
    fn comma(&self, text: &str, at: usize) -> Result<usize, SyntaxError> {
        let at = expr::skip_blanks(text, at);
        if text.as_bytes().get(at) == Some(&b',') {
            Ok(expr::skip_blanks(text, at + 1))
        } else {
            Err(expr::unexpected(text, at, "`,`"))
        }
    }

    /// A symbol's name at or after `at`, bare or quoted; also where it starts and ends.
    fn name<'t>(&self, text: &'t str, at: usize) -> Result<(&'t str, usize, usize), SyntaxError> {
        let at = expr::skip_blanks(text, at);
        if text.as_bytes().get(at) == Some(&b'"')
            && let Some(n) = text[at + 1..].find('"')
            && n > 0
        {
            return Ok((&text[at + 1..at + 1 + n], at, at + n + 2));
        }
        let end = expr::name_end(text, at);
        if end == at { Err(expr::unexpected(text, at, "a symbol")) } else { Ok((&text[at..end], at, end)) }
    }

    /// Appends bytes; answers their offset in the chunk.
    fn emit_at(&mut self, bytes: &[u8]) -> Option<u64> {
        if !self.count_bytes(bytes.len() as u64) {
            return None;
        }
        let chunk = &mut self.chunks[self.chunk as usize];
        let offset = chunk.len;
        chunk.len += bytes.len() as u64;
        if self.sections[chunk.section as usize].has_bytes() {
            chunk.data.extend_from_slice(bytes);
        } else if bytes.iter().any(|&b| b != 0) {
            let message = format!("bytes other than zero in {}", self.sections[chunk.section as usize].name);
            self.error(SyntaxError::new(0, 0, message).expected("a section that isn't @nobits"));
        }
        Some(offset)
    }

    fn count_bytes(&mut self, bytes: u64) -> bool {
        self.emitted = self.emitted.saturating_add(bytes);
        if self.emitted > self.options.limits.output_bytes {
            let message = format!("more than {} bytes of output", self.options.limits.output_bytes);
            self.fatal(&message);
            return false;
        }
        true
    }

    fn report(&mut self, result: Result<(), SyntaxError>) {
        if let Err(e) = result {
            self.error(e);
        }
    }

    /// An error of the statement.
    fn error(&mut self, e: SyntaxError) {
        let loc = self.loc.plus(e.at);
        self.say(Severity::Error, loc, e.len, e.message, e.expected);
    }

    fn error_at(&mut self, loc: Loc, len: usize, message: &str, expected: Option<&str>) {
        self.say(Severity::Error, loc, len, message.into(), expected.map(Into::into));
    }

    /// An error after which nothing more is read.
    fn fatal(&mut self, message: &str) {
        if !self.stopped {
            let loc = self.loc;
            self.error_at(loc, 0, message, None);
            self.stopped = true;
        }
    }

    fn say(&mut self, severity: Severity, loc: Loc, len: usize, message: String, expected: Option<String>) {
        let max = self.options.limits.errors;
        if self.diagnostics.len() >= max.saturating_mul(4) || severity == Severity::Error && self.errors >= max {
            self.stopped |= severity == Severity::Error;
            return;
        }
        let place = self.place(loc);
        let text = &self.buffers[loc.buffer as usize].text;
        let start = (loc.at as usize).min(text.len());
        let token = text.get(start..(start + len).min(text.len())).unwrap_or_default();
        let token = token.lines().next().unwrap_or_default().into();
        let mut backtrace = Vec::new();
        let mut at = loc;
        while let Some((parent, what)) = &self.buffers[at.buffer as usize].parent {
            backtrace.push((String::from(&**what), self.place(*parent)));
            at = *parent;
        }
        self.diagnostics.push(Diagnostic { severity, place, token, message, expected, backtrace });
        if severity == Severity::Error {
            self.errors += 1;
            self.stopped |= self.errors >= max;
        }
    }

    fn place(&self, loc: Loc) -> diag::Place {
        let b = &self.buffers[loc.buffer as usize];
        let mut place = diag::place(&b.name, 1, &b.text, loc.at as usize);
        place.line = (place.line - 1) % b.lines + 1;
        let mut origin = b.origin;
        while let Some(o) = origin {
            let b = &self.buffers[o.buffer as usize];
            let start = diag::place(&b.name, 1, &b.text, o.at as usize);
            place.line += (start.line - 1) % b.lines;
            place.file = start.file;
            origin = b.origin;
        }
        place
    }

    /// The symbol for `.size`, `.type` and the like.
    fn symbol_mut(&mut self, name: &str) -> &mut symbols::Sym {
        let n = self.table.intern(name);
        &mut self.table.syms[n as usize]
    }
}
