//! Input sections to output sections: names, merged elements, common symbols, order.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::super::elf::{RELA_BYTES, SHT_RELA, SHT_STRTAB, SHT_SYMTAB, SYM_BYTES};
use super::super::{ObjectError, Place, hash, shf, sht};
use super::scan::{Scan, is_discarded};
use super::tables::Tables;
use super::{Input, LinkOptions};

const SHT_HASH: u32 = 5;
const SHT_DYNAMIC: u32 = 6;
const SHT_DYNSYM: u32 = 11;
const SHT_GNU_HASH: u32 = 0x6fff_fff6;

/// What an output section is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// An input section.
    Input(usize),
    /// Merged elements, by index in [`Gathered::merged`].
    Merged(usize),
    /// A common symbol.
    Common(usize),
    /// What the linker makes itself.
    Own(Own),
}

/// Sections that the linker makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Own {
    Dynsym,
    GnuHash,
    Hash,
    Dynstr,
    RelaDyn,
    Dynamic,
    Got,
    RelroPadding,
    Symtab,
    Shstrtab,
    Strtab,
}

impl Own {
    const ALL: [Self; 11] = [
        Self::Dynsym,
        Self::GnuHash,
        Self::Hash,
        Self::Dynstr,
        Self::RelaDyn,
        Self::Dynamic,
        Self::Got,
        Self::RelroPadding,
        Self::Symtab,
        Self::Shstrtab,
        Self::Strtab,
    ];

    /// Whether an input section may not have this name.
    pub(super) fn is_name(name: &str) -> bool {
        Self::ALL.iter().any(|o| o.header().0 == name)
    }

    /// Name, type, alignment and element size.
    fn header(self) -> (&'static str, u32, u64, u64) {
        match self {
            Self::Dynsym => (".dynsym", SHT_DYNSYM, 8, SYM_BYTES as u64),
            Self::GnuHash => (".gnu.hash", SHT_GNU_HASH, 8, 0),
            Self::Hash => (".hash", SHT_HASH, 4, 4),
            Self::Dynstr => (".dynstr", SHT_STRTAB, 1, 0),
            Self::RelaDyn => (".rela.dyn", SHT_RELA, 8, RELA_BYTES as u64),
            Self::Dynamic => (".dynamic", SHT_DYNAMIC, 8, 16),
            Self::Got => (".got", sht::PROGBITS, 8, 0),
            Self::RelroPadding => (".relro_padding", sht::NOBITS, 1, 0),
            Self::Symtab => (".symtab", SHT_SYMTAB, 8, SYM_BYTES as u64),
            Self::Shstrtab => (".shstrtab", SHT_STRTAB, 1, 0),
            Self::Strtab => (".strtab", SHT_STRTAB, 1, 0),
        }
    }
}

/// A part and where it lies in its output section.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) part: Part,
    pub(super) align: u64,
    pub(super) size: u64,
    pub(super) offset: u64,
}

/// An output section.
#[derive(Clone, Debug, Default)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) kind: u32,
    pub(super) flags: u64,
    pub(super) align: u64,
    pub(super) entsize: u64,
    pub(super) size: u64,
    pub(super) pieces: Vec<Piece>,
    pub(super) relro: bool,
    rank: u32,
}

/// Equal elements of mergeable input sections, stored once.
#[derive(Default)]
pub(super) struct Merged {
    flags: u64,
    entsize: u64,
    align: u64,
    output: usize,
    inputs: Vec<usize>,
    /// The linker's `.comment` is one of the inputs.
    comment: bool,
    pub(super) bytes: Vec<u8>,
}

/// Where an input section went.
pub(super) enum Spot {
    Discarded,
    /// Output section and offset.
    At(usize, u64),
    /// Output section, offset of the merged part, and where each element starts in the input and in the merged part.
    Merged(usize, u64, Vec<(u64, u64)>),
}

pub(super) struct Gathered {
    /// Sorted.
    pub(super) outputs: Vec<Output>,
    pub(super) merged: Vec<Merged>,
    /// By input section.
    pub(super) spots: Vec<Spot>,
    /// Output section and offset of common symbols.
    pub(super) commons: BTreeMap<usize, (usize, u64)>,
}

impl Gathered {
    pub(super) fn find(&self, own: Own) -> Option<usize> {
        self.outputs.iter().position(|o| o.pieces.iter().any(|p| p.part == Part::Own(own)))
    }
}

/// The output section of an input section: variants such as `.text.cold` join their base.
fn output_name(name: &str) -> &str {
    const BASES: [&str; 14] = [
        ".text",
        ".data.rel.ro",
        ".data",
        ".rodata",
        ".bss.rel.ro",
        ".bss",
        ".ldata",
        ".lrodata",
        ".lbss",
        ".gcc_except_table",
        ".init_array",
        ".fini_array",
        ".ctors",
        ".dtors",
    ];
    let joins = |base: &&&str| name.strip_prefix(**base).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    BASES.iter().find(joins).copied().unwrap_or(name)
}

/// Order of constructors: `.init_array.N` by N, what has no number last.
fn priority(name: &str) -> u32 {
    let number = name.strip_prefix(".init_array.").or(name.strip_prefix(".fini_array."));
    number.and_then(|n| n.parse().ok()).unwrap_or(65536)
}

struct Builder<'a> {
    input: &'a Input<'a>,
    outputs: Vec<Output>,
    by_name: BTreeMap<String, usize>,
    merged: Vec<Merged>,
}

impl Builder<'_> {
    fn output(&mut self, name: &str) -> usize {
        if let Some(k) = self.by_name.get(name) {
            return *k;
        }
        self.outputs.push(Output { name: name.into(), ..Output::default() });
        self.by_name.insert(name.into(), self.outputs.len() - 1);
        self.outputs.len() - 1
    }

    /// Joins type, flags, alignment and element size into the output section.
    fn join(&mut self, k: usize, kind: u32, flags: u64, align: u64, entsize: u64) -> Result<(), ObjectError> {
        let o = &mut self.outputs[k];
        if o.pieces.is_empty() && o.kind == 0 {
            (o.kind, o.flags, o.align, o.entsize) = (kind, flags, align.max(1), entsize);
            return Ok(());
        }
        if o.kind != kind {
            let plain = |k| matches!(k, sht::PROGBITS | sht::NOTE | sht::NOBITS | 14..=16);
            if !plain(o.kind) || !plain(kind) {
                let what = format!("inputs of types {:#x} and {kind:#x} cannot be one section", o.kind);
                return Err(ObjectError::Section { name: o.name.clone(), what });
            }
            o.kind = sht::PROGBITS;
        }
        o.flags |= flags;
        o.align = o.align.max(align.max(1));
        if o.entsize != entsize {
            o.entsize = 0;
        }
        Ok(())
    }

    /// Adds a section that the linker makes; no input section has its name.
    fn own(&mut self, own: Own, flags: u64, size: u64) {
        let (name, kind, align, entsize) = own.header();
        let part = Part::Own(own);
        let pieces = vec![Piece { part, align, size, offset: 0 }];
        self.outputs.push(Output { name: name.into(), kind, flags, align, entsize, pieces, ..Output::default() });
    }

    /// The merged part that takes an input section, or the linker's comment.
    fn merge(&mut self, output: usize, input: Option<usize>, flags: u64, entsize: u64, align: u64) {
        let same = |m: &Merged| {
            let aligned = m.align == align || flags & shf::STRINGS == 0;
            m.output == output && m.flags == flags && m.entsize == entsize && aligned
        };
        let k = match self.merged.iter().position(same) {
            Some(k) => k,
            None => {
                self.merged.push(Merged { flags, entsize, align, output, ..Merged::default() });
                let part = Part::Merged(self.merged.len() - 1);
                self.outputs[output].pieces.push(Piece { part, align, size: 0, offset: 0 });
                self.merged.len() - 1
            }
        };
        let m = &mut self.merged[k];
        m.align = m.align.max(align);
        match input {
            Some(section) => m.inputs.push(section),
            None => m.comment = true,
        }
    }
}

/// The elements of a mergeable section: where each starts and ends.
fn elements(name: &str, bytes: &[u8], entsize: u64, strings: bool) -> Result<Vec<(usize, usize)>, ObjectError> {
    let size = usize::try_from(entsize).unwrap_or(usize::MAX);
    if !bytes.len().is_multiple_of(size) {
        let what = format!("its {:#x} bytes are not elements of {entsize:#x}", bytes.len());
        return Err(ObjectError::Section { name: name.into(), what });
    }
    let chunks = bytes.chunks_exact(size).enumerate();
    if !strings {
        return Ok(chunks.map(|(k, _)| (k * size, (k + 1) * size)).collect());
    }
    let mut found = Vec::new();
    let mut start = 0;
    for (k, chunk) in chunks {
        if chunk.iter().all(|b| *b == 0) {
            found.push((start, (k + 1) * size));
            start = (k + 1) * size;
        }
    }
    if start != bytes.len() {
        return Err(ObjectError::Section { name: name.into(), what: "its last string does not end in a zero".into() });
    }
    Ok(found)
}

/// lld spreads elements over this many tables by their hash, and writes one behind the other.
const SHARDS: usize = 32;

/// By input section: the starts of its elements in the input and in the merged part.
type Elements = Vec<Vec<(u64, u64)>>;

/// Fills a merged part.
fn fill(input: &Input<'_>, m: &mut Merged, comment: &[u8]) -> Result<Elements, ObjectError> {
    struct Shard<'a> {
        order: Vec<(&'a [u8], u64)>,
        offsets: BTreeMap<&'a [u8], u64>,
        size: u64,
    }
    let mut shards: Vec<Shard<'_>> =
        (0..SHARDS).map(|_| Shard { order: Vec::new(), offsets: BTreeMap::new(), size: 0 }).collect();
    let strings = m.flags & shf::STRINGS != 0;
    let mut found = Vec::new();
    let sections = m.inputs.iter().map(|k| {
        let s = &input.unit.sections[*k];
        (s.name.as_str(), s.bytes.as_slice())
    });
    let all = sections.chain(m.comment.then_some((".comment", comment)));
    for (name, bytes) in all {
        let mut of_input = Vec::new();
        for (start, end) in elements(name, bytes, m.entsize, strings)? {
            let element = &bytes[start..end];
            // A string is hashed without its terminator.
            let text = if strings { &element[..element.len() - m.entsize as usize] } else { element };
            let which = (hash::xxh3(text) as u32 >> 27) as usize;
            let shard = &mut shards[which];
            let at = *shard.offsets.entry(element).or_insert_with(|| {
                let at = shard.size.next_multiple_of(m.align);
                shard.order.push((element, at));
                shard.size = at + element.len() as u64;
                at
            });
            of_input.push((start as u64, which, at));
        }
        found.push(of_input);
    }
    let mut base = [0u64; SHARDS];
    let mut bytes = Vec::new();
    for (k, shard) in shards.iter().enumerate() {
        if shard.size > 0 {
            bytes.resize(bytes.len().next_multiple_of(m.align as usize), 0);
        }
        base[k] = bytes.len() as u64;
        for (element, at) in &shard.order {
            bytes.resize((base[k] + at) as usize, 0);
            bytes.extend_from_slice(element);
        }
    }
    let placed = found.iter().map(|e| e.iter().map(|(start, shard, at)| (*start, base[*shard] + at)).collect());
    let placed = placed.collect();
    m.bytes = bytes;
    Ok(placed)
}

/// Largest output section: 65,536 of them still have 64-bit addresses.
const MAX_OUTPUT: u64 = 1 << 46;

fn is_relro(o: &Output) -> bool {
    const NAMES: [&str; 9] =
        [".data.rel.ro", ".bss.rel.ro", ".ctors", ".dtors", ".jcr", ".dynamic", ".got", ".relro_padding", ".toc"];
    let arrays = matches!(o.kind, sht::INIT_ARRAY | sht::FINI_ARRAY | sht::PREINIT_ARRAY);
    let arrays = arrays || [".init_array", ".fini_array", ".preinit_array"].contains(&o.name.as_str());
    o.flags & shf::WRITE != 0 && o.flags & shf::ALLOC != 0 && (arrays || NAMES.contains(&o.name.as_str()))
}

/// lld's order: read-only, code, protected after loading, writable; zeros last in each; then what is not loaded.
fn rank(o: &Output, relro: bool) -> u32 {
    if o.flags & shf::ALLOC == 0 {
        return 1 << 26;
    }
    let write = o.flags & shf::WRITE != 0;
    let mut rank = match (write, o.flags & shf::EXECINSTR != 0) {
        (false, false) => u32::from(o.kind == sht::PROGBITS) << 11,
        (false, true) => 1 << 12,
        (true, true) => 1 << 13,
        (true, false) => 1 << 14 | u32::from(!relro) << 9,
    };
    rank |= u32::from(o.kind == sht::NOBITS) << 7;
    rank
}

pub(super) fn gather(
    input: &Input<'_>,
    options: &LinkOptions,
    scan: &Scan,
    tables: &Tables,
) -> Result<Gathered, ObjectError> {
    let mut b = Builder { input, outputs: Vec::new(), by_name: BTreeMap::new(), merged: Vec::new() };
    let sections = &input.unit.sections;
    for &g in input.globals.iter().filter(|g| input.symbol(**g).place == Place::Common) {
        let s = input.symbol(g);
        let bss = b.output(".bss");
        b.join(bss, sht::NOBITS, shf::WRITE | shf::ALLOC, s.value, 0)?;
        b.outputs[bss].pieces.push(Piece { part: Part::Common(g), align: s.value, size: s.size, offset: 0 });
    }
    let mut discarded = vec![false; sections.len()];
    for (k, s) in sections.iter().enumerate() {
        discarded[k] = is_discarded(input, options, k);
        if discarded[k] {
            continue;
        }
        let output = b.output(output_name(&s.name));
        let mergeable = s.flags & shf::MERGE != 0 && s.entsize != 0 && s.size() != 0;
        if mergeable && s.flags & shf::WRITE != 0 {
            return Err(ObjectError::Section { name: s.name.clone(), what: "it is mergeable and writable".into() });
        }
        // Elements with relocations are not compared, and lld forgets their size.
        let entsize = if mergeable && !s.relocs.is_empty() { 0 } else { s.entsize };
        b.join(output, s.kind, s.flags, s.align, entsize)?;
        if mergeable && s.relocs.is_empty() && s.kind != sht::NOBITS {
            b.merge(output, Some(k), s.flags, s.entsize, s.align.max(1));
        } else {
            let piece = Piece { part: Part::Input(k), align: s.align.max(1), size: s.size(), offset: 0 };
            b.outputs[output].pieces.push(piece);
        }
    }
    let mut comment = Vec::new();
    if let Some(text) = &options.comment {
        comment.extend_from_slice(text.as_bytes());
        comment.retain(|c| *c != 0);
        comment.push(0);
        let flags = shf::MERGE | shf::STRINGS;
        let k = b.output(".comment");
        b.join(k, sht::PROGBITS, flags, 1, 1)?;
        b.merge(k, None, flags, 1, 1);
    }
    synthetic(&mut b, options, scan, tables);

    let Builder { mut outputs, mut merged, .. } = b;
    let mut elements_of: Vec<Elements> = Vec::new();
    for m in &mut merged {
        elements_of.push(fill(input, m, &comment)?);
    }
    for o in &mut outputs {
        if o.kind == sht::INIT_ARRAY || o.kind == sht::FINI_ARRAY {
            o.pieces.sort_by_key(|p| match p.part {
                Part::Input(k) => priority(&sections[k].name),
                _ => 0,
            });
        }
        let mut at = 0u64;
        for p in &mut o.pieces {
            if let Part::Merged(k) = p.part {
                (p.size, p.align) = (merged[k].bytes.len() as u64, merged[k].align);
            }
            p.offset = at.next_multiple_of(p.align);
            at = p.offset + p.size;
            if at > MAX_OUTPUT {
                let what = format!("it would be larger than {MAX_OUTPUT:#x} bytes");
                return Err(ObjectError::Section { name: o.name.clone(), what });
            }
        }
        o.size = at;
        o.relro = options.relro && is_relro(o);
        o.rank = rank(o, o.relro);
    }
    outputs.sort_by_key(|o| o.rank);

    let mut spots: Vec<Spot> = sections.iter().map(|_| Spot::Discarded).collect();
    let mut commons = BTreeMap::new();
    for (k, o) in outputs.iter().enumerate() {
        for p in &o.pieces {
            match p.part {
                Part::Input(section) => spots[section] = Spot::At(k, p.offset),
                Part::Common(symbol) => {
                    commons.insert(symbol, (k, p.offset));
                }
                Part::Merged(m) => {
                    for (section, elements) in merged[m].inputs.iter().zip(&mut elements_of[m]) {
                        spots[*section] = Spot::Merged(k, p.offset, core::mem::take(elements));
                    }
                }
                Part::Own(_) => {}
            }
        }
    }
    Ok(Gathered { outputs, merged, spots, commons })
}

/// Adds the linker's own sections, in lld's order of creation.
fn synthetic(b: &mut Builder<'_>, options: &LinkOptions, scan: &Scan, tables: &Tables) {
    let (a, wa) = (shf::ALLOC, shf::ALLOC | shf::WRITE);
    let symbols = |n: usize| ((n + 1) * SYM_BYTES) as u64;
    b.own(Own::Dynsym, a, symbols(tables.dynsym.len()));
    if !tables.gnu_hash.is_empty() {
        b.own(Own::GnuHash, a, tables.gnu_hash.len() as u64);
    }
    if !tables.hash.is_empty() {
        b.own(Own::Hash, a, tables.hash.len() as u64);
    }
    b.own(Own::Dynstr, a, tables.dynstr.len() as u64);
    if !scan.dynamic.is_empty() {
        let size = (scan.dynamic.len() * RELA_BYTES) as u64;
        b.own(Own::RelaDyn, a, size);
    }
    let arrays = |b: &Builder<'_>, kind| usize::from(b.outputs.iter().any(|o| o.kind == kind));
    let relative = scan.dynamic.iter().any(|d| d.relative);
    let entries = 5
        + usize::from(!tables.gnu_hash.is_empty())
        + usize::from(!tables.hash.is_empty())
        + if scan.dynamic.is_empty() { 0 } else { 3 + usize::from(relative) }
        + 2 * [sht::PREINIT_ARRAY, sht::INIT_ARRAY, sht::FINI_ARRAY].map(|k| arrays(b, k)).iter().sum::<usize>()
        + ["_init", "_fini"].map(|n| usize::from(defined(b.input, n).is_some())).iter().sum::<usize>();
    b.own(Own::Dynamic, wa, entries as u64 * 16);
    if !scan.got.is_empty() {
        b.own(Own::Got, wa, scan.got.len() as u64 * 8);
    }
    if options.relro {
        b.own(Own::RelroPadding, wa, 0);
    }
    if options.symbol_table {
        b.own(Own::Symtab, 0, symbols(tables.symtab.len()));
    }
    b.own(Own::Shstrtab, 0, 0);
    if options.symbol_table {
        b.own(Own::Strtab, 0, tables.strtab.len() as u64);
    }
}

/// A global that the unit defines, by name.
pub(super) fn defined(input: &Input<'_>, name: &str) -> Option<usize> {
    let is = |g: &usize| input.symbol(*g).name == name && input.symbol(*g).place != Place::Undefined;
    input.globals.iter().copied().find(is)
}
