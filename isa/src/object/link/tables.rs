//! The symbol tables and their hash tables, as far as they don't need addresses.

use alloc::vec;
use alloc::vec::Vec;

use super::super::strtab::{Appended, tail_merged};
use super::super::{ObjectError, Place, shf};
use super::super::{elf, hash};
use super::scan::is_discarded;
use super::{HashStyle, Input, LinkOptions};

/// A symbol of a table, and its name's offset.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// Index in the unit, `None` for `_DYNAMIC`.
    pub(super) symbol: Option<usize>,
    pub(super) name: u32,
}

pub(super) struct Tables {
    /// Without the null symbol.
    pub(super) dynsym: Vec<Entry>,
    pub(super) dynstr: Vec<u8>,
    pub(super) gnu_hash: Vec<u8>,
    pub(super) hash: Vec<u8>,
    /// Without the null symbol; locals first.
    pub(super) symtab: Vec<Entry>,
    /// Number of locals in `symtab`.
    pub(super) locals: usize,
    pub(super) strtab: Vec<u8>,
}

/// Writes `.gnu.hash` and puts the symbols into its order.
fn gnu_hash(input: &Input<'_>, dynsym: &mut Vec<Entry>) -> Vec<u8> {
    const SHIFT: u32 = 26;
    let name = |e: &Entry| e.symbol.map_or("", |s| input.symbol(s).name.as_str());
    let defined = |e: &Entry| e.symbol.is_none_or(|s| input.symbol(s).place != Place::Undefined);
    let (mut hashed, mut order): (Vec<Entry>, Vec<Entry>) = dynsym.iter().partition(|e| defined(e));
    let buckets = (hashed.len() / 4).max(1) as u32;
    hashed.sort_by_cached_key(|e| (hash::gnu(name(e)) % buckets, e.name));
    let first = order.len() as u32 + 1;
    let words = if hashed.is_empty() { 1 } else { (hashed.len() * 12 / 64 + 1).next_power_of_two() };
    let mut bloom = vec![0u64; words];
    let mut heads = vec![0u32; buckets as usize];
    let mut values = Vec::with_capacity(hashed.len());
    for (k, e) in hashed.iter().enumerate() {
        let h = hash::gnu(name(e));
        bloom[(h as usize / 64) & (words - 1)] |= 1 << (h % 64) | 1 << ((h >> SHIFT) % 64);
        let head = &mut heads[(h % buckets) as usize];
        if *head == 0 {
            *head = first + k as u32;
        }
        let last = hashed.get(k + 1).is_none_or(|n| hash::gnu(name(n)) % buckets != h % buckets);
        values.push(h & !1 | u32::from(last));
    }
    let mut out = Vec::new();
    for word in [buckets, first, words as u32, SHIFT] {
        elf::put32(&mut out, word);
    }
    bloom.iter().for_each(|w| elf::put64(&mut out, *w));
    heads.iter().chain(&values).for_each(|w| elf::put32(&mut out, *w));
    order.append(&mut hashed);
    *dynsym = order;
    out
}

fn sysv_hash(input: &Input<'_>, dynsym: &[Entry]) -> Vec<u8> {
    let count = dynsym.len() + 1;
    let (mut buckets, mut chains) = (vec![0u32; count], vec![0u32; count]);
    for (k, e) in dynsym.iter().enumerate() {
        let name = e.symbol.map_or("", |s| input.symbol(s).name.as_str());
        let bucket = hash::sysv(name) as usize % count;
        chains[k + 1] = buckets[bucket];
        buckets[bucket] = k as u32 + 1;
    }
    let mut out = Vec::new();
    for word in [count as u32; 2].iter().chain(&buckets).chain(&chains) {
        elf::put32(&mut out, *word);
    }
    out
}

pub(super) fn tables(input: &Input<'_>, options: &LinkOptions) -> Result<Tables, ObjectError> {
    let mut names = Appended::new();
    let mut dynsym: Vec<Entry> = Vec::new();
    for &g in input.globals.iter().filter(|g| !input.is_local(**g)) {
        dynsym.push(Entry { symbol: Some(g), name: names.add_once(&input.symbol(g).name) });
    }
    let both = options.hash_style == HashStyle::Both;
    let with_gnu = both || options.hash_style == HashStyle::Gnu;
    let with_sysv = both || options.hash_style == HashStyle::Sysv;
    let gnu_hash = if with_gnu { gnu_hash(input, &mut dynsym) } else { Vec::new() };
    let hash = if with_sysv { sysv_hash(input, &dynsym) } else { Vec::new() };

    let mut symtab: Vec<Entry> = Vec::new();
    let mut strings = Appended::new();
    let mut add = |table: &mut Vec<Entry>, symbol: Option<usize>| {
        let name = symbol.map_or("_DYNAMIC", |s| input.symbol(s).name.as_str());
        table.push(Entry { symbol, name: strings.add(name) });
    };
    let mut globals = Vec::new();
    if options.symbol_table {
        for &(k, _) in input.locals.iter().filter(|l| !l.1) {
            let s = input.symbol(k);
            let Place::Section(section) = s.place else {
                add(&mut symtab, Some(k));
                continue;
            };
            // MC leaves such labels in the file only for the relocations of mergeable sections.
            let label = s.name.starts_with(".L") && input.unit.sections[section].flags & shf::MERGE != 0;
            if !label && !is_discarded(input, options, section) {
                add(&mut symtab, Some(k));
            }
        }
        for &g in &input.globals {
            add(if input.is_local(g) { &mut symtab } else { &mut globals }, Some(g));
        }
        add(&mut symtab, None);
    }
    let locals = symtab.len();
    symtab.append(&mut globals);
    let mut strtab = strings.bytes;
    if options.comment.is_none() && options.symbol_table {
        // objcopy makes the table anew.
        let name = |e: &Entry| e.symbol.map_or("_DYNAMIC", |s| input.symbol(s).name.as_str());
        let (table, at) = tail_merged(symtab.iter().map(name));
        for e in &mut symtab {
            e.name = at.get(name(e)).copied().unwrap_or(0);
        }
        strtab = table;
    }
    Ok(Tables { dynsym, dynstr: names.bytes, gnu_hash, hash, symtab, locals, strtab })
}
