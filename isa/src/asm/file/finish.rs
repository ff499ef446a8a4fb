//! The end of a file: places, descriptors, fields, and the unit that comes of it.
use super::chunks::{Bases, Gap, lay_out};
use super::symbols::{Evaluator, State, Value};
use super::{Assembled, Assembler, Field, Loc, Patch, Severity};
use crate::asm::expr::{Expr, Op2, Variant};
use crate::object::{Binding, Place, Reloc, RelocKind, Section, Symbol, SymbolKind, Unit};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Diagnostic;

/// What a patch puts into the file.
enum Done {
    /// The field's bytes.
    Bytes(u64),
    /// A relocation against a symbol, and the field's bytes.
    Reloc { kind: RelocKind, symbol: u32, addend: i64, bytes: u64 },
}

/// As in LLVM a literal counts from its field if it is an address, unless the variant asks for the address itself.
fn counts_from_field(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) => false,
        Expr::Symbol { variant, .. } => !matches!(variant, Variant::Abs32Lo | Variant::Abs32Hi),
        Expr::Unary { a, .. } => counts_from_field(a),
        Expr::Binary { op: Op2::Sub, .. } => false,
        Expr::Binary { a, b, .. } => counts_from_field(a) || counts_from_field(b),
        Expr::Call { args, .. } => args.iter().any(counts_from_field),
    }
}

fn variant_kind(variant: Variant) -> Option<RelocKind> {
    Some(match variant {
        Variant::None => return None,
        Variant::Rel32Lo => RelocKind::Rel32Lo,
        Variant::Rel32Hi => RelocKind::Rel32Hi,
        Variant::Rel64 => RelocKind::Rel64,
        Variant::Abs32Lo => RelocKind::Abs32Lo,
        Variant::Abs32Hi => RelocKind::Abs32Hi,
        Variant::GotPcRel => RelocKind::GotPcRel,
        Variant::GotPcRel32Lo => RelocKind::GotPcRel32Lo,
        Variant::GotPcRel32Hi => RelocKind::GotPcRel32Hi,
    })
}

impl Assembler<'_> {
    /// Ends the run.
    pub(super) fn finish(mut self) -> Result<Assembled, Vec<Diagnostic>> {
        if let (Some(block), false) = (&self.kernel, self.stopped) {
            let loc = block.loc;
            self.error_at(loc, 14, "an .amdhsa_kernel block without its .end_amdhsa_kernel", None);
        }
        // Places and values are looked at only when all of the text is understood: a label that is missing because its
        // line has an error is no error of its own.
        if self.errors == 0 {
            self.undefined_locals();
        }
        if self.errors == 0 {
            let limit = self.options.limits.output_bytes;
            if let Err((loc, why)) = lay_out(&self.sections, &mut self.chunks, &self.table, limit) {
                self.say(Severity::Error, loc, 0, why, None);
            }
        }
        if self.errors == 0 {
            self.count_gaps();
        }
        let mut unit = Unit::default();
        if self.errors == 0 {
            self.finish_kernels();
            unit = self.unit();
        }
        if self.errors > 0 { Err(self.diagnostics) } else { Ok(Assembled { unit, warnings: self.diagnostics }) }
    }

    fn undefined_locals(&mut self) {
        let pending: Vec<u32> = self.locals.values().filter_map(|l| l.1).collect();
        for n in pending {
            let sym = &self.table.syms[n as usize];
            let (loc, name) = (sym.mention, sym.name.clone());
            let message = format!("no label `{}:` after this `{name}`", name.trim_end_matches('f'));
            self.say(Severity::Error, loc, name.len(), message, None);
        }
    }

    fn count_gaps(&mut self) {
        let gaps = self.chunks.iter().fold(0u64, |sum, c| sum.saturating_add(c.gap_len));
        self.count_bytes(gaps);
    }

    /// Sections, relocations and symbols.
    fn unit(&mut self) -> Unit {
        let mut relocs: Vec<Vec<Reloc>> = self.sections.iter().map(|_| Vec::new()).collect();
        // Index in the unit's symbols of each that is listed.
        let (symbols, index) = self.symbols();
        for patch in core::mem::take(&mut self.patches) {
            match self.resolve(&patch) {
                Ok(done) => {
                    let (bytes, width) = match (&done, patch.field) {
                        (Done::Bytes(b) | Done::Reloc { bytes: b, .. }, Field::Data(n)) => (*b, usize::from(n)),
                        (Done::Bytes(b) | Done::Reloc { bytes: b, .. }, Field::Branch) => (*b, 2),
                        (Done::Bytes(b) | Done::Reloc { bytes: b, .. }, Field::Literal) => (*b, 4),
                    };
                    let chunk = &mut self.chunks[patch.chunk as usize];
                    let at = patch.offset as usize;
                    if let Some(out) = chunk.data.get_mut(at..at + width) {
                        out.copy_from_slice(&bytes.to_le_bytes()[..width]);
                    } else if bytes != 0 || matches!(done, Done::Reloc { .. }) {
                        self.say(Severity::Error, patch.loc, 0, "a value in a @nobits section".into(), None);
                        continue;
                    }
                    if let Done::Reloc { kind, symbol, addend, .. } = done {
                        let section = chunk.section as usize;
                        let offset = chunk.base.unwrap_or(0) + patch.offset;
                        let (symbol, addend) = self.reloc_symbol(symbol, addend, &index);
                        relocs[section].push(Reloc { offset, kind, symbol, addend });
                    }
                }
                Err(why) => self.say(Severity::Error, patch.loc, usize::from(patch.len), why, None),
            }
        }
        let mut sections = Vec::with_capacity(self.sections.len());
        for (section, mut relocs) in self.sections.iter().zip(relocs) {
            relocs.sort_by_key(|r| r.offset);
            let mut out = Section {
                name: section.name.to_string(),
                kind: section.kind,
                flags: section.flags,
                align: section.align,
                entsize: section.entsize,
                relocs,
                ..Section::default()
            };
            let mut order = section.chunks.clone();
            order.sort_by_key(|&c| self.chunks[c as usize].subsection);
            for n in order {
                let c = &mut self.chunks[n as usize];
                if !section.has_bytes() {
                    out.zeros = out.zeros.max(c.base.unwrap_or(0) + c.len);
                    continue;
                }
                let at = out.bytes.len() as u64;
                match &c.gap {
                    Gap::Empty => {}
                    Gap::Align { fill, .. } => fill.fill(&mut out.bytes, at, c.gap_len),
                    Gap::Repeat { value, size, unit, .. } => {
                        for _ in 0..c.gap_len / u64::from((*unit).max(1)) {
                            out.bytes.extend_from_slice(&value.to_le_bytes()[..usize::from(*size)]);
                            out.bytes.resize(out.bytes.len() + usize::from(unit - size), 0);
                        }
                    }
                    Gap::Org { value, .. } => out.bytes.resize((at + c.gap_len) as usize, *value),
                    Gap::Leb { .. } => out.bytes.extend_from_slice(&c.gap_bytes),
                }
                if out.bytes.is_empty() {
                    out.bytes = core::mem::take(&mut c.data);
                } else {
                    out.bytes.extend_from_slice(&c.data);
                }
            }
            sections.push(out);
        }
        let address_significant = self
            .addrsig
            .as_ref()
            .map(|list| list.iter().map(|&n| index[n as usize]).filter(|&n| n != usize::MAX).collect());
        Unit { target: self.options.target.arch, version: self.version, sections, symbols, address_significant }
    }

    /// The unit's symbols, and for each of ours its index there or `usize::MAX`.
    fn symbols(&mut self) -> (Vec<Symbol>, Vec<usize>) {
        let mut out = Vec::with_capacity(self.table.order.len());
        let mut index = alloc::vec![usize::MAX; self.table.syms.len()];
        let mut errors: Vec<(Loc, String)> = Vec::new();
        for &n in &self.table.order {
            let sym = &self.table.syms[n as usize];
            let places = Bases(&self.chunks);
            let mut evaluator = Evaluator::new(&self.table, &places);
            let at = |chunk: u32, offset: u64| {
                let c = &self.chunks[chunk as usize];
                (Place::Section(c.section as usize), c.base.unwrap_or(0).wrapping_add(offset))
            };
            let (mut kind, mut size) = (sym.kind, sym.size.clone());
            let mut bytes = 0;
            let (place, value) = match &sym.state {
                _ if sym.section.is_some() => (Place::Section(sym.section.unwrap_or(0) as usize), 0),
                State::Undefined => (Place::Undefined, 0),
                State::Label { chunk, offset } => at(*chunk, *offset),
                State::Number(v) => (Place::Absolute, *v as u64),
                State::Common { size, align } => {
                    bytes = *size;
                    (Place::Common, *align)
                }
                // LLVM lists it only where it is declared or used.
                State::Lds { .. } if sym.binding.is_none() && !sym.used => continue,
                State::Lds { size, align } => {
                    bytes = *size;
                    (Place::Lds, *align)
                }
                State::Variable(expr) => match evaluator.value(expr) {
                    Ok(Value { add: None, sub: None, number }) => (Place::Absolute, number as u64),
                    Ok(Value { add: Some((base, _)), sub: None, number }) => {
                        let base = &self.table.syms[base as usize];
                        let State::Label { chunk, offset } = base.state else { continue };
                        if kind == SymbolKind::None {
                            kind = base.kind;
                        }
                        size = size.or_else(|| base.size.clone());
                        at(chunk, offset.wrapping_add(number as u64))
                    }
                    Ok(_) => {
                        errors.push((sym.mention, format!("`{}` is a distance that isn't known", sym.name)));
                        continue;
                    }
                    Err(why) => {
                        errors.push((sym.mention, format!("`{}`: {why}", sym.name)));
                        continue;
                    }
                },
            };
            if let Some(size) = size {
                match evaluator.absolute(&size) {
                    Ok(v) => bytes = v as u64,
                    Err(why) => errors.push((sym.mention, format!("the size of `{}`: {why}", sym.name))),
                }
            }
            if kind == SymbolKind::Section || !sym.anonymous {
                index[n as usize] = out.len();
                out.push(Symbol {
                    name: if kind == SymbolKind::Section { String::new() } else { sym.name.to_string() },
                    place,
                    value,
                    size: bytes,
                    binding: sym.binding.unwrap_or(Binding::Local),
                    visibility: sym.visibility,
                    kind,
                    temporary: kind != SymbolKind::Section && sym.is_temporary(),
                });
            }
        }
        for (loc, why) in errors {
            self.say(Severity::Error, loc, 0, why, None);
        }
        (out, index)
    }

    /// The unit's symbol for a relocation: one without a name is its section's with an addend.
    fn reloc_symbol(&self, symbol: u32, addend: i64, index: &[usize]) -> (usize, i64) {
        let known = index[symbol as usize];
        if let (usize::MAX, State::Label { chunk, offset }) = (known, &self.table.syms[symbol as usize].state) {
            let c = &self.chunks[*chunk as usize];
            let section = self.sections[c.section as usize].symbol;
            let at = c.base.unwrap_or(0).wrapping_add(*offset) as i64;
            return (index[section as usize], addend.wrapping_add(at));
        }
        (known, addend)
    }

    fn resolve(&self, patch: &Patch) -> Result<Done, String> {
        let places = Bases(&self.chunks);
        let mut evaluator = Evaluator::new(&self.table, &places);
        evaluator.keep_aliases = true;
        let value = evaluator.value(&patch.expr)?;
        let chunk = &self.chunks[patch.chunk as usize];
        let field_at = chunk.base.unwrap_or(0).wrapping_add(patch.offset) as i64;
        // Offset in the field's section of a label there.
        let at = Evaluator::new(&self.table, &places);
        let local = |n: u32| match at.position(n) {
            Some((c, offset)) if self.chunks[c as usize].section == chunk.section => {
                Some(self.chunks[c as usize].base.unwrap_or(0).wrapping_add(offset) as i64)
            }
            _ => None,
        };
        let name = |n: u32| {
            let sym = &self.table.syms[n as usize];
            if sym.anonymous { String::from("that place") } else { format!("`{}`", sym.name) }
        };
        let undefined = |n: u32| matches!(self.table.syms[n as usize].state, State::Undefined);
        let bytes = match patch.field {
            Field::Data(n) => n,
            Field::Literal => 4,
            Field::Branch => return self.branch(value, field_at, &local, &name),
        };
        let (symbol, variant) = match (value.add, value.sub) {
            (None, None) => {
                return match super::data::fits(value.number, bytes) {
                    true => Ok(Done::Bytes(value.number as u64)),
                    false => Err(format!("{} doesn't fit {} bits", value.number, u32::from(bytes) * 8)),
                };
            }
            (None, Some(n)) => return Err(format!("the negative of the address of {}", name(n))),
            (Some(add), _) => add,
        };
        let mut addend = value.number;
        let mut from_field = patch.field == Field::Literal && counts_from_field(&patch.expr);
        if let Some(sub) = value.sub {
            match local(sub) {
                Some(at) => addend = addend.wrapping_add(field_at.wrapping_sub(at)),
                None if undefined(sub) => return Err(format!("{} is subtracted, but it isn't defined", name(sub))),
                None => return Err(format!("a distance from {}, which is in another section", name(sub))),
            }
            from_field = true;
        }
        let kind = match (variant_kind(variant), bytes, from_field) {
            (Some(kind), 4 | 8, _) => kind,
            (None, 4, true) => match local(symbol) {
                // A local label's distance is known; a symbol that others see may be replaced when linking.
                Some(at) if self.is_local(symbol) => {
                    return Ok(Done::Bytes(at.wrapping_add(addend).wrapping_sub(field_at) as u32 as u64));
                }
                _ => RelocKind::Rel32,
            },
            (None, 8, true) => RelocKind::Rel64,
            (None, 4, false) => RelocKind::Abs32,
            (None, 8, false) => RelocKind::Abs64,
            _ => {
                let bits = u32::from(bytes) * 8;
                return Err(format!("the address of {} in {bits} bits, which no relocation does", name(symbol)));
            }
        };
        Ok(Done::Reloc { kind, symbol, addend, bytes: 0 })
    }

    fn is_local(&self, n: u32) -> bool {
        matches!(self.table.syms[n as usize].binding, None | Some(Binding::Local))
    }

    fn branch(
        &self,
        value: Value,
        field_at: i64,
        local: &dyn Fn(u32) -> Option<i64>,
        name: &dyn Fn(u32) -> String,
    ) -> Result<Done, String> {
        let (symbol, addend) = match value {
            Value { add: None, sub: None, number } if super::data::fits(number, 2) => {
                return Ok(Done::Bytes(number as u64));
            }
            Value { add: None, sub: None, number } => return Err(format!("{number} doesn't fit 16 bits")),
            Value { add: Some((n, Variant::None)), sub: None, number } => (n, number),
            _ => return Err("a branch to something that isn't a label".into()),
        };
        if matches!(self.table.syms[symbol as usize].state, State::Undefined) {
            return Err(format!("undefined label {}", name(symbol)));
        }
        match local(symbol) {
            Some(at) if self.is_local(symbol) => {
                let distance = at.wrapping_add(addend).wrapping_sub(field_at + 4);
                let words = distance / 4;
                if distance % 4 != 0 {
                    return Err(format!("{} is {distance} bytes away, which isn't a multiple of 4", name(symbol)));
                }
                match i16::try_from(words) {
                    Ok(words) => Ok(Done::Bytes(words as u16 as u64)),
                    Err(_) => Err(format!("{} is {words} words away, a branch reaches -32768 to 32767", name(symbol))),
                }
            }
            // Left to the linker; the field holds what LLVM leaves there.
            _ => Ok(Done::Reloc { kind: RelocKind::Rel16, symbol, addend, bytes: ((addend - 4) / 4) as u16 as u64 }),
        }
    }
}
