//! The dispatch of directives, and AMDGPU's own.
use super::symbols::State;
use super::{Assembler, Field, Loc, Patch, Severity};
use crate::WaveSize;
use crate::asm::SyntaxError;
use crate::asm::expr::{self, Expr, Name, Op2, Variant};
use crate::object::{
    Binding, CodeObjectVersion, DESCRIPTOR_BYTES, Descriptor, ENTRY_OFFSET, Section, SymbolKind, Visibility, metadata,
    shf, sht,
};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// An `.amdhsa_kernel` block.
pub(super) struct Block {
    pub name: String,
    pub loc: Loc,
    /// Directives with their values.
    pub values: Vec<(String, Expr, Loc, usize)>,
    /// Where the descriptor goes.
    pub chunk: u32,
    pub offset: u64,
    /// Something that doesn't belong into the block has been reported.
    stray: bool,
}

impl Assembler<'_> {
    /// The directive `word` (in lower case), which stands from `at` to `end`.
    pub(super) fn directive(&mut self, text: &str, at: usize, word: &str, end: usize) -> Result<(), SyntaxError> {
        if self.kernel.is_some() {
            return self.in_block(text, at, word, end);
        }
        match word {
            ".long" | ".int" | ".4byte" | ".dc.l" => self.integers(text, end, 4),
            ".byte" | ".dc.b" => self.integers(text, end, 1),
            ".short" | ".2byte" | ".value" | ".dc.w" | ".hword" => self.integers(text, end, 2),
            ".quad" | ".8byte" => self.integers(text, end, 8),
            ".octa" => self.octas(text, end),
            ".float" | ".single" | ".dc.s" => self.floats(text, end, true),
            ".double" | ".dc.d" => self.floats(text, end, false),
            ".ascii" => self.strings(text, end, false),
            ".asciz" | ".string" => self.strings(text, end, true),
            ".uleb128" => self.lebs(text, end, false),
            ".sleb128" => self.lebs(text, end, true),
            ".zero" | ".space" | ".skip" | ".ds.b" | ".dcb.b" => self.fill(text, end, Some(1)),
            ".ds.w" | ".dcb.w" => self.fill(text, end, Some(2)),
            ".ds.l" | ".dcb.l" => self.fill(text, end, Some(4)),
            ".fill" => self.fill(text, end, None),
            ".org" => self.org_directive(text, end),
            ".align" | ".balign" => self.align(text, end, false, 1),
            ".balignw" => self.align(text, end, false, 2),
            ".balignl" => self.align(text, end, false, 4),
            ".p2align" => self.align(text, end, true, 1),
            ".p2alignw" => self.align(text, end, true, 2),
            ".p2alignl" => self.align(text, end, true, 4),
            ".globl" | ".global" => self.bind_names(text, end, Binding::Global),
            ".weak" => self.bind_names(text, end, Binding::Weak),
            ".local" => self.bind_names(text, end, Binding::Local),
            ".hidden" => self.show_names(text, end, Visibility::Hidden),
            ".protected" => self.show_names(text, end, Visibility::Protected),
            ".internal" => self.show_names(text, end, Visibility::Internal),
            ".type" => self.symbol_type(text, end),
            ".size" => self.symbol_size(text, end),
            ".comm" | ".common" | ".lcomm" | ".amdgpu_lds" => self.common(text, word, end),
            ".text" | ".data" | ".bss" | ".rodata" | ".tdata" | ".tbss" => self.known_section(text, word, end),
            ".section" => self.section(text, at, end, false),
            ".pushsection" => self.section(text, at, end, true),
            ".popsection" => self.pop_section(at, end),
            ".previous" => self.previous(at, end),
            ".subsection" => self.subsection(text, end),
            ".set" | ".equ" | ".equiv" => {
                let (name, n_at, n_end) = self.name(text, end)?;
                let here = self.comma(text, n_end)?;
                self.assign(text, (name, n_at, n_end), here, word != ".equiv")
            }
            ".macro" => self.define_macro(text, at, end),
            ".purgem" => self.purge_macro(text, end),
            ".rept" | ".rep" | ".irp" | ".irpc" => self.repeat(text, at, word, end),
            ".exitm" => self.exit_macro(at, end),
            ".endm" | ".endmacro" | ".endr" => {
                Err(SyntaxError::new(at, end - at, format!("{word} without the directive that it ends")))
            }
            ".include" => self.include(text, end),
            ".incbin" => self.incbin(text, end),
            ".ident" => self.ident(text, end),
            ".addrsig" => {
                self.addrsig.get_or_insert_default();
                self.end_of_statement(text, end)
            }
            ".addrsig_sym" => {
                let (name, _, stop) = self.name(text, end)?;
                let n = self.table.intern(name);
                self.addrsig.get_or_insert_default().push(n);
                self.end_of_statement(text, stop)
            }
            // Source files, line tables and call frames: this assembler writes no debug information of its own.
            ".file" | ".loc" | ".line" | ".cv_loc" | ".cv_file" => Ok(()),
            _ if word.starts_with(".cfi_") => Ok(()),
            ".nops" | ".bundle_align_mode" | ".bundle_lock" | ".bundle_unlock" | ".no_dead_strip" => {
                if word == ".no_dead_strip" { Ok(()) } else { self.refuse(text, at, end) }
            }
            ".print" | ".warning" | ".error" => self.message(text, at, word, end),
            ".err" => Err(SyntaxError::new(at, end - at, ".err encountered")),
            ".abort" => {
                self.fatal(".abort encountered");
                Ok(())
            }
            ".end" => {
                self.conditions.clear();
                self.frames.clear();
                Ok(())
            }
            ".amdgcn_target" => self.target(text, end),
            ".amdhsa_code_object_version" => {
                let (n, stop) = self.number(text, end)?;
                self.end_of_statement(text, stop)?;
                let start = expr::skip_blanks(text, end);
                self.version = CodeObjectVersion::from_number(n)
                    .map_err(|e| SyntaxError::new(start, stop - start, format!("{e}")))?;
                Ok(())
            }
            ".amdhsa_kernel" => {
                let (name, _, stop) = self.name(text, end)?;
                self.end_of_statement(text, stop)?;
                self.kernel = Some(Block {
                    name: name.into(),
                    loc: self.loc.plus(at),
                    values: Vec::new(),
                    chunk: 0,
                    offset: 0,
                    stray: false,
                });
                Ok(())
            }
            ".amdgpu_metadata" => self.metadata(at, end),
            ".end_amdhsa_kernel" | ".end_amdgpu_metadata" => {
                Err(SyntaxError::new(at, end - at, format!("{word} without the directive that it ends")))
            }
            _ => match self.conditional(text, at, word, end) {
                Some(result) => result,
                None if Descriptor::is_directive(word) => {
                    Err(SyntaxError::new(at, end - at, format!("{word} outside of an .amdhsa_kernel block")))
                }
                None => self.refuse(text, at, end),
            },
        }
    }

    /// A directive that isn't there, with the reason where there is one.
    fn refuse(&self, text: &str, at: usize, end: usize) -> Result<(), SyntaxError> {
        let name = &text[at..end.max(expr::token_end(text, at))];
        let why = match name.to_ascii_lowercase().as_str() {
            ".altmacro" | ".noaltmacro" => "alternate macro syntax isn't supported",
            ".amd_kernel_code_t"
            | ".end_amd_kernel_code_t"
            | ".amd_amdgpu_isa"
            | ".hsa_code_object_version"
            | ".hsa_code_object_isa"
            | ".amdgpu_hsa_kernel"
            | ".amdgpu_hsa_module_global"
            | ".amdgpu_hsa_program_global"
            | ".amd_amdgpu_hsa_metadata"
            | ".amd_amdgpu_pal_metadata"
            | ".amdgpu_pal_metadata" => "it belongs to code objects older than version 4 or to another system",
            ".reloc"
            | ".symver"
            | ".weakref"
            | ".version"
            | ".nops"
            | ".bundle_align_mode"
            | ".bundle_lock"
            | ".bundle_unlock"
            | ".lto_discard"
            | ".lto_set_conditional"
            | ".pseudo_probe"
            | ".stabs"
            | ".rva" => "this assembler doesn't have it",
            _ => "",
        };
        let message = match why {
            "" => format!("unknown directive `{name}`"),
            why => format!("directive `{name}` is refused: {why}"),
        };
        Err(SyntaxError::new(at, name.len(), message))
    }

    fn in_block(&mut self, text: &str, at: usize, word: &str, end: usize) -> Result<(), SyntaxError> {
        match word {
            ".end_amdhsa_kernel" => {
                let Some(block) = self.kernel.take() else { return Ok(()) };
                self.emit_descriptor(block);
                return self.end_of_statement(text, end);
            }
            ".macro" => return self.define_macro(text, at, end),
            ".rept" | ".rep" | ".irp" | ".irpc" => return self.repeat(text, at, word, end),
            ".exitm" => return self.exit_macro(at, end),
            ".set" | ".equ" | ".equiv" => {
                let (name, n_at, n_end) = self.name(text, end)?;
                let here = self.comma(text, n_end)?;
                return self.assign(text, (name, n_at, n_end), here, word != ".equiv");
            }
            _ => {}
        }
        if let Some(result) = self.conditional(text, at, word, end) {
            return result;
        }
        if !Descriptor::is_directive(word) {
            let Some(block) = &mut self.kernel else { return Ok(()) };
            let unknown = word.starts_with(".amdhsa_") && word != ".amdhsa_kernel";
            // A block without its end would otherwise complain about the rest of the file.
            if block.stray && !unknown {
                return Ok(());
            }
            block.stray |= !unknown;
            let message = match unknown {
                true => format!("unknown directive {} in an .amdhsa_kernel block", &text[at..end]),
                false => format!("{} inside of an .amdhsa_kernel block", &text[at..end]),
            };
            return Err(SyntaxError::new(at, end - at, message).expected(".amdhsa_… or .end_amdhsa_kernel"));
        }
        let (value, stop) = expr::parse(text, end, &self.table)?;
        self.end_of_statement(text, stop)?;
        let start = expr::skip_blanks(text, end);
        let loc = self.loc.plus(start);
        let here = self.chunks[self.chunk as usize].len;
        let value = self.bind_listing(value, loc, here, false)?;
        if let Some(block) = &mut self.kernel {
            block.values.push((word.into(), value, loc, stop - start));
        }
        Ok(())
    }

    /// Makes room for the descriptor and defines its symbol.
    fn emit_descriptor(&mut self, mut block: Block) {
        let code = self.table.intern(&block.name);
        let descriptor = self.table.intern(&format!("{}.kd", block.name));
        if self.table.syms[code as usize].mention == Loc::default() {
            self.table.syms[code as usize].mention = block.loc;
        }
        self.table.syms[code as usize].used = true;
        if let Err(e) = self.define_label(descriptor, 0, 0) {
            self.say(Severity::Error, block.loc, 14, e.message, None);
            return;
        }
        self.table.list(code);
        for (_, value, ..) in &mut block.values {
            let _ = value.each_symbol::<()>(&mut |name, _| {
                if let Name::Bound(n) = name {
                    self.table.list(*n);
                }
                Ok(())
            });
        }
        // The descriptor has the kernel's binding and visibility so far; then the kernel may no longer be replaced, so
        // that the distance to it is fixed.
        let kernel = &self.table.syms[code as usize];
        let visibility = kernel.visibility;
        // One that is defined only behind its descriptor counts as global here, as in LLVM.
        let unknown = matches!(kernel.state, State::Undefined).then_some(Binding::Global);
        let binding = kernel.binding.or(unknown);
        let sym = &mut self.table.syms[descriptor as usize];
        sym.binding = binding;
        sym.visibility = visibility;
        sym.kind = SymbolKind::Object;
        sym.size = Some(alloc::rc::Rc::new(Expr::Value(DESCRIPTOR_BYTES as i64)));
        if visibility == Visibility::Default {
            self.table.syms[code as usize].visibility = Visibility::Protected;
        }
        let Some(offset) = self.emit_at(&[0; DESCRIPTOR_BYTES]) else { return };
        let expr = Expr::Binary {
            op: Op2::Sub,
            a: Box::new(Expr::Symbol { name: Name::Bound(code), variant: Variant::Rel64 }),
            b: Box::new(Expr::Symbol { name: Name::Bound(descriptor), variant: Variant::None }),
        };
        self.patches.push(Patch {
            chunk: self.chunk,
            offset: offset + ENTRY_OFFSET as u64,
            field: Field::Data(8),
            expr,
            loc: block.loc,
            len: 14,
        });
        block.chunk = self.chunk;
        block.offset = offset;
        self.kernels.push(block);
    }

    /// The descriptors' bytes, when every symbol is known.
    pub(super) fn finish_kernels(&mut self) {
        for block in core::mem::take(&mut self.kernels) {
            let mut d = Descriptor::new();
            let mut wave = false;
            let mut good = true;
            for (name, expr, loc, len) in &block.values {
                wave |= name == ".amdhsa_wavefront_size32";
                let places = super::Bases(&self.chunks);
                let value = super::Evaluator::new(&self.table, &places).absolute(expr);
                let result = value.and_then(|v| d.set(name, v).map_err(|e| format!("{e}")));
                if let Err(why) = result {
                    self.say(Severity::Error, *loc, *len, why, None);
                    good = false;
                }
            }
            if !wave && self.options.target.wave == WaveSize::W64 {
                // The default follows the assembler's wave size; 0 always fits.
                let _ = d.set(".amdhsa_wavefront_size32", 0);
            }
            match d.finish() {
                Ok(bytes) => {
                    let at = block.offset as usize;
                    if let Some(out) = self.chunks[block.chunk as usize].data.get_mut(at..at + DESCRIPTOR_BYTES) {
                        out.copy_from_slice(&bytes);
                    }
                }
                // What is missing may be what has just been reported.
                Err(e) if good => {
                    let loc = block.values.iter().find(|v| v.0 == e.name()).map_or(block.loc, |v| v.2);
                    self.say(Severity::Error, loc, 14, format!("kernel `{}`: {e}", block.name), None);
                }
                Err(_) => {}
            }
        }
    }

    /// `.amdgcn_target "amdgcn-amd-amdhsa--gfx1100"`
    fn target(&mut self, text: &str, end: usize) -> Result<(), SyntaxError> {
        let at = expr::skip_blanks(text, end);
        let (name, stop) = super::data::string(text, at)?;
        self.end_of_statement(text, stop)?;
        let want = self.options.target.arch.target_id();
        if name == want.as_bytes() {
            return Ok(());
        }
        let name = String::from_utf8_lossy(&name);
        Err(SyntaxError::new(at, stop - at, format!("the source is for {name}, the assembler is set to {want}"))
            .expected(want))
    }

    /// `.amdgpu_metadata` … `.end_amdgpu_metadata`
    fn metadata(&mut self, at: usize, end: usize) -> Result<(), SyntaxError> {
        const END: &str = ".end_amdgpu_metadata";
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        let text = frame.text.clone();
        let (start, mut next) = (frame.at, frame.at);
        let buffer = frame.buffer;
        loop {
            if next >= text.len() {
                frame.at = text.len();
                return Err(SyntaxError::new(at, end - at, format!("no {END} for it")));
            }
            let stop = text[next..].find('\n').map_or(text.len(), |n| next + n + 1);
            if text[next..stop].trim_start().starts_with(END) {
                frame.at = stop;
                break;
            }
            next = stop;
        }
        let block = &text[start..next];
        match metadata::assemble(block) {
            Ok(bytes) => {
                let note = Section::metadata_note(&bytes).bytes;
                self.within(".note", sht::NOTE, shf::ALLOC, 0, |a| {
                    a.align_section(4);
                    a.emit_at(&note);
                });
            }
            Err(e) => {
                let mut offset = 0;
                for _ in 1..e.line {
                    offset += block[offset..].find('\n').map_or(0, |n| n + 1);
                }
                let line = block[offset..].lines().next().unwrap_or("");
                let blanks = line.len() - line.trim_start().len();
                let loc = match e.line {
                    0 => self.loc.plus(at),
                    _ => Loc { buffer, at: (start + offset + blanks) as u32 },
                };
                self.say(Severity::Error, loc, line.trim().len(), e.message, None);
            }
        }
        Ok(())
    }

    /// `.ident "text"`
    fn ident(&mut self, text: &str, end: usize) -> Result<(), SyntaxError> {
        let (mut bytes, stop) = super::data::string(text, expr::skip_blanks(text, end))?;
        self.end_of_statement(text, stop)?;
        bytes.push(0);
        self.within(".comment", sht::PROGBITS, shf::MERGE | shf::STRINGS, 1, |a| {
            // An empty string comes first.
            if a.chunks[a.chunk as usize].len == 0 {
                a.emit_at(&[0]);
            }
            a.emit_at(&bytes);
        });
        Ok(())
    }

    /// `.incbin "file", skip, count`
    fn incbin(&mut self, text: &str, end: usize) -> Result<(), SyntaxError> {
        let (_, bytes) = self.load(text, end)?;
        let (_, mut stop) = super::data::string(text, expr::skip_blanks(text, end))?;
        let (mut skip, mut count) = (0usize, usize::MAX);
        for field in [&mut skip, &mut count] {
            if expr::skip_blanks(text, stop) >= text.len() {
                break;
            }
            let here = self.comma(text, stop)?;
            if text.as_bytes().get(here) == Some(&b',') {
                stop = here;
                continue;
            }
            let (value, v_end) = self.number(text, here)?;
            *field = usize::try_from(value)
                .map_err(|_| SyntaxError::new(here, v_end - here, format!("{value} bytes")).expected("0 or more"))?;
            stop = v_end;
        }
        self.end_of_statement(text, stop)?;
        let from = skip.min(bytes.len());
        let to = from.saturating_add(count).min(bytes.len());
        self.emit_at(&bytes[from..to]);
        Ok(())
    }

    /// `.print`, `.warning`, `.error`
    fn message(&mut self, text: &str, at: usize, word: &str, end: usize) -> Result<(), SyntaxError> {
        let start = expr::skip_blanks(text, end);
        let message = if start >= text.len() && word != ".print" {
            format!("{word} encountered")
        } else {
            let (bytes, stop) = super::data::string(text, start)?;
            self.end_of_statement(text, stop)?;
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let severity = match word {
            ".print" => Severity::Message,
            ".warning" => Severity::Warning,
            _ => Severity::Error,
        };
        let loc = self.loc.plus(at);
        self.say(severity, loc, end - at, message, None);
        Ok(())
    }
}
