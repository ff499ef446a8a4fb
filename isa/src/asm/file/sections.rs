//! Sections, and the directives of symbols.
use super::chunks::{Chunk, Gap, Sec};
use super::symbols::State;
use super::{Assembler, Loc, Severity};
use crate::asm::SyntaxError;
use crate::asm::expr;
use crate::object::{Binding, SymbolKind, Visibility, shf, sht};
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A section and subsection by number.
pub(super) type Spot = (u32, i64);

/// Sections that ELF's 16-bit numbers leave, less those of the file itself and of relocations.
const MAX_SECTIONS: u32 = 0x7000;

/// What tells sections apart: name, unique number and group.
pub(super) type Key = (Rc<str>, Option<u32>, Rc<str>);

/// What a `.section` line asks for.
#[derive(Default)]
struct Ask {
    flags: Option<u64>,
    kind: Option<u32>,
    entsize: u64,
    unique: Option<u32>,
    group: String,
}

/// Type and flags that LLVM gives a section by its name.
fn by_name(name: &str) -> (u32, u64) {
    let is = |prefix: &str| name == prefix || name.strip_prefix(prefix).is_some_and(|r| r.starts_with('.'));
    let wa = shf::WRITE | shf::ALLOC;
    let kind = match name {
        _ if is(".init_array") => sht::INIT_ARRAY,
        _ if is(".fini_array") => sht::FINI_ARRAY,
        _ if is(".preinit_array") => sht::PREINIT_ARRAY,
        _ if is(".bss") || is(".tbss") => sht::NOBITS,
        _ if name.starts_with(".note") => sht::NOTE,
        _ => sht::PROGBITS,
    };
    let flags = match name {
        _ if is(".text") || name == ".init" || name == ".fini" => shf::ALLOC | shf::EXECINSTR,
        _ if is(".rodata") || name == ".rodata1" => shf::ALLOC,
        _ if is(".data") || name == ".data1" || is(".bss") => wa,
        _ if is(".init_array") || is(".fini_array") || is(".preinit_array") => wa,
        _ if is(".tdata") || is(".tbss") => wa | shf::TLS,
        _ => 0,
    };
    (kind, flags)
}

impl Assembler<'_> {
    /// Makes `.text` and enters it.
    pub(super) fn start_sections(&mut self) {
        let flags = shf::ALLOC | shf::EXECINSTR;
        let text = self.make_section(".text", Ask { flags: Some(flags), kind: Some(sht::PROGBITS), ..Ask::default() });
        // LLVM's for code, whatever it holds.
        self.sections[text as usize].align = 4;
        self.stack.push(((text, 0), None));
        self.enter((text, 0));
    }

    fn make_section(&mut self, name: &str, ask: Ask) -> u32 {
        let n = self.sections.len() as u32;
        if n >= MAX_SECTIONS {
            self.fatal("more sections than an ELF file numbers");
            return 0;
        }
        let name: Rc<str> = name.into();
        let group: Rc<str> = ask.group.into();
        self.section_index.entry((name.clone(), ask.unique, group)).or_insert(n);
        let symbol = self.table.anonymous(State::Undefined);
        let sym = &mut self.table.syms[symbol as usize];
        sym.kind = SymbolKind::Section;
        sym.section = Some(n);
        self.table.list(symbol);
        self.sections.push(Sec {
            name,
            kind: ask.kind.unwrap_or(sht::PROGBITS),
            flags: ask.flags.unwrap_or(0),
            entsize: ask.entsize,
            align: 1,
            symbol,
            subsections: Vec::new(),
            chunks: Vec::new(),
        });
        n
    }

    /// Goes on in a subsection.
    fn enter(&mut self, (section, subsection): Spot) {
        let s = &mut self.sections[section as usize];
        let place = match s.subsections.binary_search_by_key(&subsection, |x| x.0) {
            Ok(n) => {
                self.chunk = s.subsections[n].1;
                return;
            }
            Err(place) => place,
        };
        let n = self.chunks.len() as u32;
        // Where anything but the first subsection starts is known at the end only.
        let base = (subsection == 0).then_some(0);
        self.chunks.push(Chunk {
            section,
            subsection,
            gap: Gap::Empty,
            gap_loc: self.loc,
            gap_bytes: Vec::new(),
            gap_len: 0,
            base,
            data: Vec::new(),
            len: 0,
        });
        s.subsections.insert(place, (subsection, n));
        s.chunks.push(n);
        self.chunk = n;
    }

    fn switch(&mut self, to: Spot) {
        if let Some((now, before)) = self.stack.last_mut() {
            *before = Some(*now);
            *now = to;
        }
        self.enter(to);
    }

    fn spot(&self) -> Spot {
        self.stack.last().map_or((0, 0), |s| s.0)
    }

    fn section_called(&mut self, name: &str) -> u32 {
        match self.section_index.get(&(name.into(), None, "".into())) {
            Some(&n) => n,
            None => {
                let (kind, flags) = by_name(name);
                self.make_section(name, Ask { kind: Some(kind), flags: Some(flags), ..Ask::default() })
            }
        }
    }

    /// Runs `f` in a section, then comes back.
    pub(super) fn within(&mut self, name: &str, kind: u32, flags: u64, entsize: u64, f: impl FnOnce(&mut Self)) {
        let back = self.spot();
        let found = self.section_index.get(&(name.into(), None, "".into())).copied();
        // A source may have made a section of that name and another kind: then this is one of its own.
        let fits = |n: &u32| self.sections[*n as usize].kind == kind && self.sections[*n as usize].flags == flags;
        let section = match found.filter(fits) {
            Some(n) => n,
            None => self.make_section(name, Ask { kind: Some(kind), flags: Some(flags), entsize, ..Ask::default() }),
        };
        self.enter((section, 0));
        f(self);
        self.enter(back);
    }

    /// Raises the alignment of the present section.
    pub(super) fn align_section(&mut self, align: u64) {
        let section = &mut self.sections[self.chunks[self.chunk as usize].section as usize];
        section.align = section.align.max(align);
    }

    fn subsection_number(&mut self, text: &str, at: usize) -> Result<i64, SyntaxError> {
        if expr::skip_blanks(text, at) >= text.len() {
            return Ok(0);
        }
        let (n, end) = self.number(text, at)?;
        self.end_of_statement(text, end)?;
        if !(0..=8192).contains(&n) {
            let at = expr::skip_blanks(text, at);
            return Err(SyntaxError::new(at, end - at, format!("subsection {n}")).expected("0 to 8192"));
        }
        Ok(n)
    }

    /// `.text`, `.data`, `.bss`, `.rodata` with a subsection.
    pub(super) fn known_section(&mut self, text: &str, name: &str, end: usize) -> Result<(), SyntaxError> {
        let subsection = self.subsection_number(text, end)?;
        let section = self.section_called(name);
        self.switch((section, subsection));
        Ok(())
    }

    /// `.subsection n`
    pub(super) fn subsection(&mut self, text: &str, end: usize) -> Result<(), SyntaxError> {
        let n = self.subsection_number(text, end)?;
        let (section, _) = self.spot();
        self.switch((section, n));
        Ok(())
    }

    /// `.previous`
    pub(super) fn previous(&mut self, at: usize, end: usize) -> Result<(), SyntaxError> {
        match self.stack.last().and_then(|s| s.1) {
            Some(to) => {
                self.switch(to);
                Ok(())
            }
            None => Err(SyntaxError::new(at, end - at, "no section before this one")),
        }
    }

    /// `.popsection`
    pub(super) fn pop_section(&mut self, at: usize, end: usize) -> Result<(), SyntaxError> {
        if self.stack.len() < 2 {
            return Err(SyntaxError::new(at, end - at, ".popsection without .pushsection"));
        }
        self.stack.pop();
        self.enter(self.spot());
        Ok(())
    }

    /// `.section` and `.pushsection`
    pub(super) fn section(&mut self, text: &str, at: usize, end: usize, push: bool) -> Result<(), SyntaxError> {
        let start = expr::skip_blanks(text, end);
        let bytes = text.as_bytes();
        // Names may hold dashes and the like.
        let (name, mut stop) = if bytes.get(start) == Some(&b'"') {
            let (name, stop) = super::data::string(text, start)?;
            (String::from_utf8_lossy(&name).into_owned(), stop)
        } else {
            let len = text[start..].find([',', ' ', '\t', '"']).unwrap_or(text.len() - start);
            (text[start..start + len].to_string(), start + len)
        };
        if name.is_empty() {
            return Err(expr::unexpected(text, start, "a section's name"));
        }
        let mut ask = Ask::default();
        let mut subsection = 0;
        if expr::skip_blanks(text, stop) < text.len() {
            let here = self.comma(text, stop)?;
            if push && bytes.get(here).is_some_and(u8::is_ascii_digit) {
                subsection = self.subsection_number(text, here)?;
            } else {
                stop = self.section_flags(text, here, &mut ask)?;
                self.end_of_statement(text, stop)?;
            }
        }
        let found = self.section_index.get(&(Rc::from(&*name), ask.unique, Rc::from(&*ask.group))).copied();
        let (kind, flags) = by_name(&name);
        let section = match found {
            Some(n) => {
                let s = &self.sections[n as usize];
                let error = |what: &str, now: String, was: String| {
                    let message = format!("{what} {now} for {name}, which has {was} since it was first named");
                    Err(SyntaxError::new(at, stop.max(end) - at, message))
                };
                match (ask.flags, ask.kind) {
                    (Some(f), _) if f != s.flags => {
                        return error("section flags", format!("{f:#x}"), format!("{:#x}", s.flags));
                    }
                    (_, Some(k)) if k != s.kind => return error("section type", format!("{k}"), format!("{}", s.kind)),
                    (Some(_), _) if ask.entsize != s.entsize => {
                        return error("entry size", format!("{}", ask.entsize), format!("{}", s.entsize));
                    }
                    _ => n,
                }
            }
            None => {
                let flags = ask.flags.map_or(flags, |f| if f == 0 { flags } else { f });
                ask.flags = Some(flags);
                ask.kind = ask.kind.or(Some(kind));
                self.make_section(&name, ask)
            }
        };
        if push {
            let spot = self.spot();
            self.stack.push((spot, self.stack.last().and_then(|s| s.1)));
        }
        self.switch((section, subsection));
        Ok(())
    }

    /// `"flags", @type, entsize, group, comdat, unique, n`
    fn section_flags(&mut self, text: &str, at: usize, ask: &mut Ask) -> Result<usize, SyntaxError> {
        let (letters, mut stop) = super::data::string(text, at)?;
        let (mut flags, mut group) = (0, false);
        for (n, letter) in letters.iter().enumerate() {
            flags |= match letter {
                b'a' => shf::ALLOC,
                b'e' => shf::EXCLUDE,
                b'w' => shf::WRITE,
                b'x' => shf::EXECINSTR,
                b'M' => shf::MERGE,
                b'S' => shf::STRINGS,
                b'T' => shf::TLS,
                b'R' => shf::RETAIN,
                b'G' => {
                    group = true;
                    0
                }
                _ => {
                    let message = format!("unknown section flag `{}`", char::from(*letter));
                    return Err(SyntaxError::new(at + 1 + n, 1, message).expected("a e w x M S T R G"));
                }
            };
        }
        ask.flags = Some(flags);
        let more = |stop: usize| expr::skip_blanks(text, stop) < text.len();
        let missing = |what: &str| Err(SyntaxError::new(text.len(), 0, format!("the {what} is missing")));
        if !more(stop) {
            return match () {
                () if flags & shf::MERGE != 0 => missing("entry size"),
                () if group => missing("group's name"),
                () => Ok(stop),
            };
        }
        let mut here = self.comma(text, stop)?;
        let bytes = text.as_bytes();
        let (mark, quoted) = (bytes.get(here).copied(), bytes.get(here) == Some(&b'"'));
        if matches!(mark, Some(b'@' | b'%')) || quoted {
            here += 1;
            let end = here + text[here..].bytes().position(|b| !expr::is_name(b)).unwrap_or(text.len() - here);
            let kind = match &text[here..end] {
                "progbits" => sht::PROGBITS,
                "nobits" => sht::NOBITS,
                "note" => sht::NOTE,
                "init_array" => sht::INIT_ARRAY,
                "fini_array" => sht::FINI_ARRAY,
                "preinit_array" => sht::PREINIT_ARRAY,
                other => match expr::integer(other, 0) {
                    Some(Ok((n, stop))) if stop == other.len() && n <= u64::from(u32::MAX) => n as u32,
                    _ => {
                        return Err(SyntaxError::new(here, end - here, format!("unknown section type `{other}`"))
                            .expected("progbits, nobits, note, init_array, fini_array, preinit_array or a number"));
                    }
                },
            };
            ask.kind = Some(kind);
            stop = end + usize::from(quoted);
        } else {
            return Err(expr::unexpected(text, here, "`@` and the section's type"));
        }
        if flags & shf::MERGE != 0 {
            if !more(stop) {
                return missing("entry size");
            }
            let at = self.comma(text, stop)?;
            let (size, end) = self.number(text, at)?;
            if size <= 0 {
                return Err(SyntaxError::new(at, end - at, format!("an entry size of {size}")).expected("1 or more"));
            }
            ask.entsize = size as u64;
            stop = end;
        }
        if group {
            if !more(stop) {
                return missing("group's name");
            }
            let at = self.comma(text, stop)?;
            let (name, _, end) = self.name(text, at)?;
            ask.group = name.into();
            stop = end;
        }
        while more(stop) {
            let at = self.comma(text, stop)?;
            let (word, w_at, end) = self.name(text, at)?;
            stop = end;
            match word {
                "comdat" if group => {}
                "unique" => {
                    let at = self.comma(text, stop)?;
                    let (n, end) = self.number(text, at)?;
                    ask.unique = Some(u32::try_from(n).map_err(|_| SyntaxError::new(at, end - at, format!("id {n}")))?);
                    stop = end;
                }
                _ => return Err(expr::unexpected(text, w_at, "`comdat` or `unique`")),
            }
        }
        Ok(stop)
    }

    /// Calls `f` for each of the symbols of `.globl` and its like.
    pub(super) fn each_name(
        &mut self,
        text: &str,
        end: usize,
        mut f: impl FnMut(&mut Self, u32, usize) -> Result<(), SyntaxError>,
    ) -> Result<(), SyntaxError> {
        let mut stop = end;
        if expr::skip_blanks(text, stop) >= text.len() {
            return Ok(());
        }
        loop {
            let (name, at, end) = self.name(text, stop)?;
            let n = self.table.intern(name);
            f(self, n, at)?;
            stop = expr::skip_blanks(text, end);
            if stop >= text.len() {
                return Ok(());
            }
            stop = self.comma(text, stop)?;
        }
    }

    /// `.globl`, `.weak`, `.local`
    pub(super) fn bind_names(&mut self, text: &str, end: usize, binding: Binding) -> Result<(), SyntaxError> {
        self.each_name(text, end, |a, n, at| {
            a.table.list(n);
            let sym = &mut a.table.syms[n as usize];
            let name = sym.name.clone();
            let change = sym.binding.filter(|&b| b != binding);
            match (change, binding) {
                (Some(_), Binding::Local | Binding::Global) => {
                    // As in LLVM a weak symbol stays weak, and no symbol becomes local again.
                    let message = format!("`{name}` has another binding already");
                    return Err(SyntaxError::new(at, name.len(), message));
                }
                (Some(_), Binding::Weak) => {
                    let loc = a.loc.plus(at);
                    a.say(Severity::Warning, loc, name.len(), format!("`{name}` becomes weak"), None);
                }
                (None, _) => {}
            }
            a.table.syms[n as usize].binding = Some(binding);
            Ok(())
        })
    }

    /// `.hidden`, `.protected`, `.internal`
    pub(super) fn show_names(&mut self, text: &str, end: usize, visibility: Visibility) -> Result<(), SyntaxError> {
        self.each_name(text, end, |a, n, _| {
            a.table.list(n);
            a.table.syms[n as usize].visibility = visibility;
            Ok(())
        })
    }

    /// `.type name, @kind`
    pub(super) fn symbol_type(&mut self, text: &str, end: usize) -> Result<(), SyntaxError> {
        let (name, _, stop) = self.name(text, end)?;
        let mut here = expr::skip_blanks(text, stop);
        if text.as_bytes().get(here) == Some(&b',') {
            here = expr::skip_blanks(text, here + 1);
        }
        let prefix = usize::from(matches!(text.as_bytes().get(here), Some(b'@' | b'%' | b'#')));
        let (kind, at, stop) = self.name(text, here + prefix)?;
        self.end_of_statement(text, stop)?;
        let kind = match kind {
            "function" | "STT_FUNC" => SymbolKind::Function,
            "object" | "STT_OBJECT" | "common" | "STT_COMMON" => SymbolKind::Object,
            "tls_object" | "STT_TLS" => SymbolKind::Tls,
            "notype" | "STT_NOTYPE" => SymbolKind::None,
            _ => {
                return Err(SyntaxError::new(at, stop - at, format!("unknown symbol type `{kind}`"))
                    .expected("function, object, tls_object, common or notype"));
            }
        };
        let n = self.table.intern(name);
        self.table.list(n);
        let sym = &mut self.table.syms[n as usize];
        if kind != SymbolKind::None {
            sym.kind = kind;
        }
        Ok(())
    }

    /// `.size name, value`
    pub(super) fn symbol_size(&mut self, text: &str, end: usize) -> Result<(), SyntaxError> {
        let (name, _, stop) = self.name(text, end)?;
        let here = self.comma(text, stop)?;
        let (value, stop) = expr::parse(text, here, &self.table)?;
        self.end_of_statement(text, stop)?;
        let loc = self.loc.plus(here);
        let place = self.chunks[self.chunk as usize].len;
        let value = self.bind_quietly(value, place);
        let sym = self.symbol_mut(name);
        sym.size = Some(Rc::new(value));
        if sym.mention == Loc::default() {
            sym.mention = loc;
        }
        Ok(())
    }

    /// `.comm name, size, align`; `.lcomm`; `.amdgpu_lds`.
    pub(super) fn common(&mut self, text: &str, word: &str, end: usize) -> Result<(), SyntaxError> {
        let (name, at, stop) = self.name(text, end)?;
        let here = self.comma(text, stop)?;
        let (size, mut stop) = self.number(text, here)?;
        let Ok(bytes) = u64::try_from(size) else {
            return Err(SyntaxError::new(here, stop - here, format!("a size of {size} bytes")));
        };
        let lds = word == ".amdgpu_lds";
        if lds && bytes > 65536 {
            return Err(SyntaxError::new(here, stop - here, format!("{size} bytes of LDS")).expected("at most 65536"));
        }
        let mut align = if lds { 4 } else { 1 };
        if expr::skip_blanks(text, stop) < text.len() {
            let here = self.comma(text, stop)?;
            let (value, end) = self.number(text, here)?;
            if word == ".lcomm" {
                return Err(SyntaxError::new(here, end - here, ".lcomm takes no alignment on this target"));
            }
            // .comm counts in powers of two on this target, .amdgpu_lds in bytes.
            align = match value {
                0..=30 if !lds => 1 << value,
                1..=0x4000_0000 if lds && (value as u64).is_power_of_two() => value as u64,
                _ => {
                    let expected = if lds { "a power of two" } else { "the exponent of a power of two, 0 to 30" };
                    return Err(
                        SyntaxError::new(here, end - here, format!("an alignment of {value}")).expected(expected)
                    );
                }
            };
            stop = end;
        }
        self.end_of_statement(text, stop)?;
        let n = self.table.intern(name);
        match self.table.syms[n as usize].state {
            State::Undefined => {}
            State::Common { size, align: a } if word == ".comm" && (size, a) == (bytes, align) => return Ok(()),
            State::Lds { size, align: a } if lds && (size, a) == (bytes, align) => return Ok(()),
            _ => return Err(SyntaxError::new(at, name.len(), format!("symbol `{name}` is already defined"))),
        }
        // LLVM lists an LDS symbol only where it is declared or used.
        if !lds {
            self.table.list(n);
        }
        let local = word == ".lcomm" || self.table.syms[n as usize].binding == Some(Binding::Local);
        let sym = &mut self.table.syms[n as usize];
        if lds {
            sym.state = State::Lds { size: bytes, align };
            sym.kind = SymbolKind::Object;
        } else if local {
            sym.binding = Some(Binding::Local);
            sym.kind = SymbolKind::Object;
            sym.size = Some(Rc::new(expr::Expr::Value(size)));
            self.within(".bss", sht::NOBITS, shf::WRITE | shf::ALLOC, 0, |a| {
                a.align_section(align);
                let pad = a.chunks[a.chunk as usize].len.wrapping_neg() & (align - 1);
                if a.count_bytes(pad.saturating_add(bytes)) {
                    a.chunks[a.chunk as usize].len += pad;
                    let state = a.here();
                    a.table.syms[n as usize].state = state;
                    a.chunks[a.chunk as usize].len += bytes;
                }
            });
        } else {
            sym.state = State::Common { size: bytes, align };
            sym.binding = sym.binding.or(Some(Binding::Global));
            sym.kind = SymbolKind::Object;
        }
        Ok(())
    }
}
