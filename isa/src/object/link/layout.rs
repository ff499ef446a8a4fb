//! Segments, addresses and file offsets.

use alloc::vec;
use alloc::vec::Vec;

use super::super::elf::{EHDR_BYTES, MAX_FILE, PHDR_BYTES, SHDR_BYTES, check_size};
use super::super::strtab::{Appended, tail_merged};
use super::super::{ObjectError, shf, sht};
use super::LinkOptions;
use super::gather::{Gathered, Output, Own, Part};

/// lld's page size for AMDGPU, both the largest and the common one.
const PAGE: u64 = 0x1000;

pub(super) const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_NOTE: u32 = 4;
const PT_PHDR: u32 = 6;
const PT_GNU_STACK: u32 = 0x6474_e551;
const PT_GNU_RELRO: u32 = 0x6474_e552;

const PF_X: u32 = 1;
const PF_W: u32 = 2;
const PF_R: u32 = 4;

/// A program header.
#[derive(Clone, Debug, Default)]
pub(super) struct Phdr {
    pub(super) kind: u32,
    pub(super) flags: u32,
    pub(super) offset: u64,
    pub(super) addr: u64,
    pub(super) file_size: u64,
    pub(super) mem_size: u64,
    pub(super) align: u64,
    /// First and last output section.
    sections: Option<(usize, usize)>,
    /// The segment starts with the file's headers.
    headers: bool,
}

impl Phdr {
    fn new(kind: u32, flags: u32, align: u64) -> Self {
        Self { kind, flags, align, ..Self::default() }
    }

    fn add(&mut self, k: usize, o: &Output) {
        self.sections = Some((self.sections.map_or(k, |s| s.0), k));
        self.align = self.align.max(o.align);
    }
}

pub(super) struct Layout {
    pub(super) phdrs: Vec<Phdr>,
    /// By output section.
    pub(super) addr: Vec<u64>,
    pub(super) offset: Vec<u64>,
    /// Offset of each section's name in `.shstrtab`.
    pub(super) names: Vec<u32>,
    pub(super) shstrtab: Vec<u8>,
    pub(super) shoff: u64,
    pub(super) file_size: u64,
}

fn flags_of(o: &Output) -> u32 {
    let write = if o.flags & shf::WRITE != 0 { PF_W } else { 0 };
    let exec = if o.flags & shf::EXECINSTR != 0 { PF_X } else { 0 };
    PF_R | write | exec
}

/// The program headers, without addresses.
fn segments(g: &Gathered) -> Vec<Phdr> {
    let outputs = &g.outputs;
    let mut phdrs = vec![Phdr::new(PT_PHDR, PF_R, 8), Phdr::new(PT_LOAD, PF_R, PAGE)];
    phdrs[1].headers = true;
    let alloc = || outputs.iter().enumerate().filter(|(_, o)| o.flags & shf::ALLOC != 0);
    let mut relro = Phdr::new(PT_GNU_RELRO, PF_R, 0);
    alloc().filter(|(_, o)| o.relro).for_each(|(k, o)| relro.add(k, o));
    relro.align = 1;
    let relro_end = relro.sections.map(|s| s.1 + 1);
    let mut load = 1;
    for (k, o) in alloc() {
        let flags = flags_of(o);
        let zeros_before = phdrs[load].sections.is_some_and(|s| outputs[s.1].kind == sht::NOBITS);
        if phdrs[load].flags != flags || relro_end == Some(k) || zeros_before && o.kind != sht::NOBITS {
            phdrs.push(Phdr::new(PT_LOAD, flags, PAGE));
            load = phdrs.len() - 1;
        }
        phdrs[load].add(k, o);
    }
    if let Some(k) = g.find(Own::Dynamic) {
        let mut p = Phdr::new(PT_DYNAMIC, flags_of(&outputs[k]), 0);
        p.add(k, &outputs[k]);
        phdrs.push(p);
    }
    if relro.sections.is_some() {
        phdrs.push(relro);
    }
    phdrs.push(Phdr::new(PT_GNU_STACK, PF_R | PF_W, 0));
    let mut note: Option<Phdr> = None;
    for (k, o) in outputs.iter().enumerate() {
        let is_note = o.kind == sht::NOTE && o.flags & shf::ALLOC != 0;
        let same = note.as_ref().and_then(|n| n.sections).is_some_and(|s| outputs[s.1].align == o.align);
        if !(is_note && same) {
            phdrs.extend(note.take());
        }
        if is_note {
            note.get_or_insert_with(|| Phdr::new(PT_NOTE, PF_R, 0)).add(k, o);
        }
    }
    phdrs.extend(note);
    phdrs
}

/// The smallest number from `at` on that is `residue` modulo `align`.
fn congruent(at: u64, align: u64, residue: u64) -> u64 {
    let residue = residue % align;
    let start = at - at % align + residue;
    if start < at { start + align } else { start }
}

pub(super) fn layout(g: &mut Gathered, options: &LinkOptions) -> Result<Layout, ObjectError> {
    let n = g.outputs.len();
    let mut phdrs = segments(g);
    let headers = (EHDR_BYTES + phdrs.len() * PHDR_BYTES) as u64;
    let mut load_of = vec![None; n];
    for (p, phdr) in phdrs.iter().enumerate().filter(|(_, p)| p.kind == PT_LOAD) {
        if let Some((first, last)) = phdr.sections {
            load_of[first..=last].fill(Some(p));
        }
    }
    // Sections without an address lie between none of them: they are sorted last.
    let starts = |load_of: &[Option<usize>], phdrs: &[Phdr], k: usize| {
        let p = load_of[k].map(|p| &phdrs[p]);
        p.is_some_and(|p| !p.headers && p.sections.is_some_and(|s| s.0 == k))
    };

    let padding = g.find(Own::RelroPadding);
    let mut addr = vec![0u64; n];
    let mut dot = headers;
    for k in 0..n {
        if g.outputs[k].flags & shf::ALLOC == 0 {
            continue;
        }
        if starts(&load_of, &phdrs, k) {
            // The next page, at the same place in it: the file needs no padding.
            let within = match padding {
                Some(p) if p + 1 == k => addr[p],
                _ => dot,
            };
            dot = dot.next_multiple_of(PAGE) + within % PAGE;
        }
        let o = &mut g.outputs[k];
        addr[k] = dot.next_multiple_of(o.align);
        if padding == Some(k) {
            o.size = addr[k].next_multiple_of(PAGE) - addr[k];
            if let Some(p) = o.pieces.iter_mut().find(|p| p.part == Part::Own(Own::RelroPadding)) {
                p.size = o.size;
            }
        }
        dot = addr[k] + o.size;
    }
    // A segment without bytes is dropped, its sections stay.
    let empty = |p: &Phdr| {
        let size = p.sections.map_or(0, |(first, last)| addr[last] + g.outputs[last].size - addr[first]);
        p.kind == PT_LOAD && !p.headers && size == 0
    };
    let empties: Vec<bool> = phdrs.iter().map(empty).collect();
    for load in load_of.iter_mut().filter(|l| l.is_some_and(|p| empties[p])) {
        *load = None;
    }

    let names = names(g, options);
    if let Some(k) = g.find(Own::Shstrtab) {
        g.outputs[k].size = names.1.len() as u64;
        if let Some(p) = g.outputs[k].pieces.last_mut() {
            p.size = names.1.len() as u64;
        }
    }
    let mut offset = vec![0u64; n];
    let mut off = headers;
    for (k, o) in g.outputs.iter().enumerate().filter(|(_, o)| o.flags & shf::ALLOC != 0) {
        let load = load_of[k].map(|p| &phdrs[p]);
        off = match load.and_then(|p| p.sections.map(|s| (p, s.0))) {
            Some((p, first)) if !p.headers && first == k => congruent(off, p.align, addr[k]),
            _ if o.kind == sht::NOBITS => off,
            None => off.next_multiple_of(o.align),
            Some((p, _)) if p.headers => addr[k],
            Some((_, first)) => offset[first] + (addr[k] - addr[first]),
        };
        offset[k] = off;
        if o.kind != sht::NOBITS {
            off += o.size;
        }
        if off > MAX_FILE {
            break;
        }
    }
    check_size(off)?;
    place(&mut phdrs, g, headers, &addr, &offset);
    let mut keep = empties.iter().map(|e| !e);
    phdrs.retain(|_| keep.next().unwrap_or(true));

    let mut outside: Vec<usize> = (0..n).filter(|k| g.outputs[*k].flags & shf::ALLOC == 0).collect();
    if options.comment.is_none() {
        // objcopy keeps sections where they are in a segment, moves segments together where a section without bytes
        // held them apart, and puts all other sections behind the last segment.
        let covering: Vec<Option<usize>> =
            (0..n).map(|k| covering(&phdrs, &g.outputs[k], addr[k], offset[k])).collect();
        let alone = |k: &usize| g.outputs[*k].flags & shf::ALLOC != 0 && covering[*k].is_none();
        outside.splice(0..0, (0..n).filter(alone).collect::<Vec<_>>());
        let moved = close_gaps(&mut phdrs);
        for (k, p) in covering.iter().enumerate() {
            if let Some(p) = p {
                offset[k] -= moved[*p];
            }
        }
        off = phdrs.iter().map(|p| p.offset + p.file_size).max().unwrap_or(0).max(headers);
    }
    for k in outside {
        let o = &g.outputs[k];
        off = off.next_multiple_of(o.align.max(1));
        offset[k] = off;
        if o.kind != sht::NOBITS {
            off += o.size;
        }
        check_size(off)?;
    }
    let shoff = off.next_multiple_of(8);
    let file_size = shoff + ((n + 1) * SHDR_BYTES) as u64;
    Ok(Layout { phdrs, addr, offset, names: names.0, shstrtab: names.1, shoff, file_size })
}

/// Gives the segments their sections' addresses and offsets.
fn place(phdrs: &mut [Phdr], g: &Gathered, headers: u64, addr: &[u64], offset: &[u64]) {
    for p in phdrs {
        if p.kind == PT_PHDR {
            (p.offset, p.addr) = (EHDR_BYTES as u64, EHDR_BYTES as u64);
            (p.file_size, p.mem_size) = (headers - p.offset, headers - p.offset);
        }
        if p.headers {
            (p.file_size, p.mem_size) = (headers, headers);
        }
        let Some((first, last)) = p.sections else { continue };
        if !p.headers {
            (p.offset, p.addr) = (offset[first], addr[first]);
        }
        let o = &g.outputs[last];
        p.file_size = offset[last] - p.offset + if o.kind == sht::NOBITS { 0 } else { o.size };
        p.mem_size = addr[last] + o.size - p.addr;
    }
}

/// Moves segments towards the start of the file as far as their addresses allow. Returns by how much each moved.
fn close_gaps(phdrs: &mut [Phdr]) -> Vec<u64> {
    let old: Vec<Phdr> = phdrs.to_vec();
    let mut end = 0;
    for p in phdrs.iter_mut().filter(|p| p.kind == PT_LOAD) {
        p.offset = congruent(end, p.align.max(1), p.addr);
        end = end.max(p.offset + p.file_size);
    }
    let inside = |p: &Phdr| {
        let holds = |l: &Phdr| l.kind == PT_LOAD && l.offset <= p.offset && l.offset + l.file_size > p.offset;
        old.iter().position(holds)
    };
    for (k, before) in old.iter().enumerate().filter(|(_, p)| p.kind != PT_LOAD) {
        if let Some(l) = inside(before) {
            phdrs[k].offset = phdrs[l].offset + (before.offset - old[l].offset);
        }
    }
    old.iter().zip(phdrs).map(|(before, p)| before.offset.saturating_sub(p.offset)).collect()
}

/// The first segment that covers the section; an empty section counts as if it had a byte.
fn covering(phdrs: &[Phdr], o: &Output, addr: u64, offset: u64) -> Option<usize> {
    let size = o.size.max(1);
    let covers = |p: &Phdr| {
        if o.kind == sht::NOBITS {
            p.addr <= addr && p.addr + p.mem_size >= addr + size
        } else {
            p.offset <= offset && p.offset + p.file_size >= offset + size
        }
    };
    let loaded = o.flags & shf::ALLOC != 0;
    phdrs.iter().position(|p| loaded && covers(p))
}

/// `.shstrtab`: lld's in section order, objcopy's tail-merged.
fn names(g: &Gathered, options: &LinkOptions) -> (Vec<u32>, Vec<u8>) {
    if options.comment.is_none() {
        let (table, at) = tail_merged(g.outputs.iter().map(|o| o.name.as_str()));
        return (g.outputs.iter().map(|o| at.get(o.name.as_str()).copied().unwrap_or(0)).collect(), table);
    }
    let mut table = Appended::new();
    let names = g.outputs.iter().map(|o| table.add_once(&o.name)).collect();
    (names, table.bytes)
}
