//! The bytes of the file, when everything has its address.

use alloc::vec;
use alloc::vec::Vec;

use super::super::elf::{ET_DYN, Ehdr, SHN_ABS, Shdr, Sym, put32, put64, st_info, st_other};
use super::super::relocatable::Against;
use super::super::{Binding, ObjectError, Place, Reloc, RelocKind, SymbolKind, Visibility, sht};
use super::Input;
use super::gather::{Gathered, Own, Part, Spot, defined};
use super::layout::Layout;
use super::scan::{Scan, Site};
use super::tables::{Entry, Tables};

const R_AMDGPU_ABS64: u32 = 3;
const R_AMDGPU_RELATIVE64: u32 = 13;

struct Writer<'a> {
    input: &'a Input<'a>,
    g: &'a Gathered,
    layout: &'a Layout,
}

impl Writer<'_> {
    /// Output section, and the address of `offset` in an input section.
    fn spot(&self, section: usize, offset: u64) -> Option<(usize, u64)> {
        match &self.g.spots[section] {
            Spot::Discarded => None,
            Spot::At(output, at) => Some((*output, self.layout.addr[*output].wrapping_add(*at).wrapping_add(offset))),
            Spot::Merged(output, at, elements) => {
                if offset >= self.input.unit.sections[section].size() {
                    return None;
                }
                let k = elements.partition_point(|e| e.0 <= offset).checked_sub(1)?;
                let (start, merged) = elements[k];
                Some((*output, self.layout.addr[*output].wrapping_add(at + merged + (offset - start))))
            }
        }
    }

    /// The address of a symbol, and of the addend behind it.
    fn address(&self, against: Against, addend: i64) -> Option<u64> {
        let added = addend.cast_unsigned();
        Some(match against {
            Against::Section(k) => self.spot(k, added)?.1,
            Against::Symbol(k) => {
                let s = self.input.symbol(k);
                let base = match s.place {
                    Place::Undefined | Place::Lds => 0,
                    Place::Absolute => s.value,
                    Place::Common => {
                        let (output, at) = self.g.commons.get(&k)?;
                        self.layout.addr[*output] + at
                    }
                    Place::Section(section) => self.spot(section, s.value)?.1,
                };
                base.wrapping_add(added)
            }
        })
    }

    fn located(&self, against: Against, addend: i64, section: usize, r: &Reloc) -> Result<u64, ObjectError> {
        self.address(against, addend).ok_or_else(|| ObjectError::Relocation {
            kind: r.kind.name(),
            symbol: self.input.name(against),
            section: self.input.unit.sections[section].name.clone(),
            offset: r.offset,
            what: "it refers outside of what the linker keeps".into(),
        })
    }

    fn record(&self, e: &Entry, dynamic: usize) -> Result<Sym, ObjectError> {
        let Some(k) = e.symbol else {
            let other = st_other(Visibility::Hidden);
            let (section, value) = (dynamic as u16 + 1, self.layout.addr[dynamic]);
            return Ok(Sym { name: e.name, info: 0, other, section, value, size: 0 });
        };
        let s = self.input.symbol(k);
        let local = self.input.is_local(k);
        let binding = match (local, s.binding) {
            (true, _) => Binding::Local,
            (false, Binding::Local) => Binding::Global,
            (false, binding) => binding,
        };
        let (section, value) = match s.place {
            Place::Undefined if s.kind == SymbolKind::File => (SHN_ABS, 0),
            Place::Undefined | Place::Lds => (0, 0),
            Place::Absolute => (SHN_ABS, s.value),
            Place::Common => {
                let (output, at) = self.g.commons.get(&k).copied().unwrap_or_default();
                (output as u16 + 1, self.layout.addr[output] + at)
            }
            Place::Section(section) => match self.spot(section, s.value) {
                Some((output, address)) => (output as u16 + 1, address),
                None => {
                    let what = "it lies outside of what the linker keeps of its section".into();
                    return Err(ObjectError::Symbol { name: s.name.clone(), what });
                }
            },
        };
        let kind = if s.place == Place::Common { SymbolKind::Object } else { s.kind };
        let size = if s.place == Place::Undefined { 0 } else { s.size };
        Ok(Sym { name: e.name, info: st_info(binding, kind), other: st_other(s.visibility), section, value, size })
    }

    fn symbols(&self, entries: &[Entry], dynamic: usize) -> Result<Vec<u8>, ObjectError> {
        let mut out = Vec::new();
        Sym::default().write(&mut out);
        for e in entries {
            self.record(e, dynamic)?.write(&mut out);
        }
        Ok(out)
    }

    /// `.rela.dyn`: relative ones by address, then by symbol and address.
    fn rela_dyn(&self, scan: &Scan, tables: &Tables, got: Option<usize>) -> Result<Vec<u8>, ObjectError> {
        let mut index = vec![0u32; self.input.unit.symbols.len()];
        for (k, e) in tables.dynsym.iter().enumerate() {
            if let Some(s) = e.symbol {
                index[s] = k as u32 + 1;
            }
        }
        let mut records = Vec::with_capacity(scan.dynamic.len());
        for d in &scan.dynamic {
            let (at, section, offset) = match d.site {
                Site::Got(slot) => (got.map_or(0, |g| self.layout.addr[g] + slot as u64 * 8), 0, 0),
                Site::Section(section, offset) => (self.spot(section, offset).map_or(0, |s| s.1), section, offset),
            };
            let symbol = match d.against {
                Against::Symbol(k) if !d.relative => index[k],
                _ => 0,
            };
            let r = Reloc { offset, kind: RelocKind::Abs64, symbol: 0, addend: d.addend };
            let addend =
                if d.relative { self.located(d.against, d.addend, section, &r)? } else { d.addend.cast_unsigned() };
            records.push((!d.relative, symbol, at, addend));
        }
        records.sort_unstable();
        let mut out = Vec::new();
        for (named, symbol, at, addend) in records {
            put64(&mut out, at);
            put32(&mut out, if named { R_AMDGPU_ABS64 } else { R_AMDGPU_RELATIVE64 });
            put32(&mut out, symbol);
            put64(&mut out, addend);
        }
        Ok(out)
    }

    /// `.dynamic`, in lld's order.
    fn dynamic(&self, scan: &Scan) -> Vec<u8> {
        let addr = |own| self.g.find(own).map(|k| (self.layout.addr[k], self.g.outputs[k].size));
        let mut entries: Vec<(u64, u64)> = Vec::new();
        if let Some((at, size)) = addr(Own::RelaDyn) {
            entries.extend([(7, at), (8, size), (9, 24)]);
            let relative = scan.dynamic.iter().filter(|d| d.relative).count() as u64;
            if relative > 0 {
                entries.push((0x6fff_fff9, relative));
            }
        }
        entries.extend(addr(Own::Dynsym).map(|d| (6, d.0)));
        entries.push((11, 24));
        entries.extend(addr(Own::Dynstr).iter().flat_map(|d| [(5, d.0), (10, d.1)]));
        entries.extend(addr(Own::GnuHash).map(|d| (0x6fff_fef5, d.0)));
        entries.extend(addr(Own::Hash).map(|d| (4, d.0)));
        for (kind, tag, size) in [(sht::PREINIT_ARRAY, 32, 33), (sht::INIT_ARRAY, 25, 27), (sht::FINI_ARRAY, 26, 28)] {
            let found = self.g.outputs.iter().position(|o| o.kind == kind);
            entries.extend(found.iter().flat_map(|k| [(tag, self.layout.addr[*k]), (size, self.g.outputs[*k].size)]));
        }
        for (name, tag) in [("_init", 12), ("_fini", 13)] {
            let at = defined(self.input, name).and_then(|s| self.address(Against::Symbol(s), 0));
            entries.extend(at.map(|at| (tag, at)));
        }
        entries.push((0, 0));
        let mut out = Vec::new();
        for (tag, value) in entries {
            put64(&mut out, tag);
            put64(&mut out, value);
        }
        out
    }

    /// Writes the fields of a section that are known now.
    fn relocate(&self, scan: &Scan, section: usize, got: Option<usize>, bytes: &mut [u8]) -> Result<(), ObjectError> {
        let s = &self.input.unit.sections[section];
        for (k, (r, &(against, addend))) in s.relocs.iter().zip(&self.input.targets[section]).enumerate() {
            if !scan.applied[section][k] {
                continue;
            }
            let here = self.spot(section, r.offset).map_or(0, |p| p.1);
            let target = match r.kind {
                RelocKind::GotPcRel | RelocKind::GotPcRel32Lo | RelocKind::GotPcRel32Hi => {
                    let slot = scan.slot_of.get(&against).copied().unwrap_or(0) as u64;
                    let base = got.map_or(0, |g| self.layout.addr[g]);
                    (base + slot * 8).wrapping_add(addend.cast_unsigned())
                }
                _ => self.located(against, addend, section, r)?,
            };
            let distance = target.wrapping_sub(here);
            let at = r.offset as usize;
            match r.kind {
                RelocKind::Abs64 => bytes[at..at + 8].copy_from_slice(&target.to_le_bytes()),
                RelocKind::Rel64 => bytes[at..at + 8].copy_from_slice(&distance.to_le_bytes()),
                RelocKind::Rel16 => {
                    // Dwords from the end of the branch.
                    let dwords = distance.wrapping_sub(4).cast_signed() / 4;
                    let Ok(field) = i16::try_from(dwords) else {
                        return Err(ObjectError::Relocation {
                            kind: r.kind.name(),
                            symbol: self.input.name(against),
                            section: s.name.clone(),
                            offset: r.offset,
                            what: alloc::format!("{dwords} dwords are too far for a branch"),
                        });
                    };
                    bytes[at..at + 2].copy_from_slice(&field.to_le_bytes());
                }
                kind => {
                    let value = match kind {
                        RelocKind::Abs32 | RelocKind::Abs32Lo => target as u32,
                        RelocKind::Abs32Hi => (target >> 32) as u32,
                        RelocKind::GotPcRel32Hi | RelocKind::Rel32Hi => (distance >> 32) as u32,
                        _ => distance as u32,
                    };
                    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
                }
            }
        }
        Ok(())
    }
}

pub(super) fn write(
    input: &Input<'_>,
    scan: &Scan,
    tables: Tables,
    g: &Gathered,
    layout: &Layout,
) -> Result<Vec<u8>, ObjectError> {
    let w = Writer { input, g, layout };
    let (got, dynamic) = (g.find(Own::Got), g.find(Own::Dynamic).unwrap_or(0));
    let mut out = vec![0u8; layout.file_size as usize];
    let put =
        |out: &mut [u8], at: u64, bytes: &[u8]| out[at as usize..at as usize + bytes.len()].copy_from_slice(bytes);

    let mut head = Vec::new();
    Ehdr {
        kind: ET_DYN,
        version: input.unit.version,
        target: input.unit.target,
        phnum: layout.phdrs.len(),
        shoff: layout.shoff,
        shnum: g.outputs.len() + 1,
        shstrndx: g.find(Own::Shstrtab).map_or(0, |k| k + 1),
    }
    .write(&mut head);
    for p in &layout.phdrs {
        put32(&mut head, p.kind);
        put32(&mut head, p.flags);
        for word in [p.offset, p.addr, p.addr, p.file_size, p.mem_size, p.align] {
            put64(&mut head, word);
        }
    }
    put(&mut out, 0, &head);

    for (k, o) in g.outputs.iter().enumerate().filter(|(_, o)| o.kind != sht::NOBITS) {
        for p in &o.pieces {
            let at = layout.offset[k] + p.offset;
            match p.part {
                Part::Input(section) => {
                    let s = &input.unit.sections[section];
                    put(&mut out, at, &s.bytes);
                    let field = &mut out[at as usize..at as usize + s.bytes.len()];
                    w.relocate(scan, section, got, field)?;
                }
                Part::Merged(m) => put(&mut out, at, &g.merged[m].bytes),
                Part::Common(_) => {}
                Part::Own(own) => {
                    let bytes = match own {
                        Own::Dynsym => w.symbols(&tables.dynsym, dynamic)?,
                        Own::GnuHash => tables.gnu_hash.clone(),
                        Own::Hash => tables.hash.clone(),
                        Own::Dynstr => tables.dynstr.clone(),
                        Own::RelaDyn => w.rela_dyn(scan, &tables, got)?,
                        Own::Dynamic => w.dynamic(scan),
                        // Slots that the loader doesn't fill hold numbers.
                        Own::Got => {
                            let mut filled = vec![false; scan.got.len()];
                            for d in &scan.dynamic {
                                if let Site::Got(slot) = d.site {
                                    filled[slot] = true;
                                }
                            }
                            let mut bytes = Vec::new();
                            for (against, filled) in scan.got.iter().zip(filled) {
                                let number = if filled { None } else { w.address(*against, 0) };
                                put64(&mut bytes, number.unwrap_or(0));
                            }
                            bytes
                        }
                        Own::RelroPadding => Vec::new(),
                        Own::Symtab => w.symbols(&tables.symtab, dynamic)?,
                        Own::Shstrtab => layout.shstrtab.clone(),
                        Own::Strtab => tables.strtab.clone(),
                    };
                    put(&mut out, at, &bytes);
                }
            }
        }
    }

    let index = |own| g.find(own).map_or(0, |k| k as u32 + 1);
    let mut headers = Vec::new();
    Shdr::default().write(&mut headers);
    for (k, o) in g.outputs.iter().enumerate() {
        let own = o.pieces.iter().find_map(|p| if let Part::Own(own) = p.part { Some(own) } else { None });
        let (link, info) = match own {
            Some(Own::Dynsym) => (index(Own::Dynstr), 1),
            Some(Own::GnuHash | Own::Hash | Own::RelaDyn) => (index(Own::Dynsym), 0),
            Some(Own::Dynamic) => (index(Own::Dynstr), 0),
            Some(Own::Symtab) => (index(Own::Strtab), tables.locals as u32 + 1),
            _ => (0, 0),
        };
        Shdr {
            name: layout.names[k],
            kind: o.kind,
            flags: o.flags,
            addr: layout.addr[k],
            offset: layout.offset[k],
            size: o.size,
            link,
            info,
            align: o.align,
            entsize: o.entsize,
        }
        .write(&mut headers);
    }
    put(&mut out, layout.shoff, &headers);
    Ok(out)
}
