//! Any operands of any row: what is encoded decodes to itself; what is printed assembles to the same words, with this
//! crate's assembler and with LLVM's, and where one of the two refuses a text the other does too.
//!
//! "The same words" leaves out the bits that a text does not show (fields that an instruction does not use) and
//! constants that have two codes and one spelling; `words::ours` names what LLVM prints and does not take back.
mod words;
use isa::row::*;
use isa::{Arch, Dpp, Export, Ext, Format, Half, Image, Inst, ROWS, Target, WaveSize, decode, disassemble, encode};
use words::*;

/// An instruction of the row whose fields, all that the format has, are random.
fn random(row: &Row, rows: &Rows, r: &mut Rng) -> Inst {
    // The row's number and the Y half are known to the decoder alone; every other field is set below.
    let target = Target::new(if row.has(RDNA35) { Arch::Gfx1150 } else { Arch::Gfx1100 }, WaveSize::W32);
    let mut w = rows.words(row, r);
    // Neither literal nor DPP.
    match row.format {
        Format::Sop1 | Format::Sop2 | Format::Sopc => {
            w[0] &= !0xffff | if row.format == Format::Sop1 { 0xff00 } else { 0 }
        }
        Format::Vop1 | Format::Vop2 | Format::Vopc => w[0] &= !0x1ff,
        Format::Vop3 | Format::Vop3p => w[1] &= !0x07ff_ffff,
        _ => {}
    }
    let mut x = decode(&w, target).unwrap_or_else(|e| panic!("{}: {e}", row.name));
    assert_eq!(x.op, row.op, "{}", row.name);
    let vgpr = |r: &mut Rng| 256 + r.below(256) as u16;
    // Any nine-bit source but those that announce DPP.
    let source = |r: &mut Rng| loop {
        let s = if r.below(4) == 0 { 255 } else { r.below(512) as u16 };
        if !matches!(s, 233 | 234 | 250) {
            break s;
        }
    };
    let byte = |r: &mut Rng| r.u32() as u8;
    match row.format {
        Format::Sop1 | Format::Sop2 | Format::Sopc => {
            let n = if row.format == Format::Sop1 { 1 } else { 2 };
            for s in &mut x.src[..n] {
                *s = source(r) & 255;
            }
            if row.format != Format::Sopc {
                x.sdst = byte(r) & 127;
            }
        }
        Format::Sopk => (x.sdst, x.imm) = (byte(r) & 127, r.u32() as i16 as i32),
        Format::Sopp => x.imm = r.u32() as i16 as i32,
        Format::Vop1 | Format::Vop2 | Format::Vopc => {
            x.src[0] = source(r);
            if row.format != Format::Vop1 {
                x.src[1] = vgpr(r);
            }
            if row.format != Format::Vopc {
                x.vdst = byte(r);
            }
        }
        Format::Vop3 | Format::Vop3p | Format::Vinterp => {
            x.src = [source(r), source(r), source(r)];
            x.vdst = byte(r);
            // Where the second result has no field of its own, the one destination field is both.
            x.sdst = if row.has(SD) { byte(r) & 127 } else { x.vdst };
            x.mods.clamp = r.flag();
            x.mods.neg = byte(r) & 7;
            match row.format {
                Format::Vop3 => {
                    x.mods.omod = byte(r) & 3;
                    if !row.has(SD) {
                        (x.mods.abs, x.mods.opsel) = (byte(r) & 7, byte(r) & 15);
                    }
                }
                Format::Vop3p => {
                    (x.mods.abs, x.mods.opsel, x.mods.opsel_hi) = (byte(r) & 7, byte(r) & 7, byte(r) & 7);
                }
                _ => {
                    x.mods.opsel = byte(r) & 15;
                    x.ext = Ext::Interp { attr: 0, chan: 0, wait: byte(r) & 7 };
                }
            }
        }
        Format::VopdX | Format::VopdY => {
            x.vdst = byte(r);
            (x.src[0], x.src[1]) = (source(r), vgpr(r));
            let y: &mut Half = x.y.as_mut().expect("a pair");
            y.vdst = byte(r) & !1 | !x.vdst & 1;
            y.src = [source(r), vgpr(r)];
        }
        Format::Smem => {
            x.sdst = byte(r) & 127;
            (x.mem.sbase, x.mem.soffset) = (byte(r) & 126, byte(r) & 127);
            (x.mem.glc, x.mem.dlc) = (r.flag(), r.flag());
            x.imm = ((r.u32() << 11) as i32) >> 11;
        }
        Format::Ldsdir => {
            x.vdst = byte(r);
            x.ext = Ext::Interp { attr: byte(r) & 63, chan: byte(r) & 3, wait: byte(r) & 15 };
        }
        Format::Ds => {
            x.imm = (r.u32() & 0xffff) as i32;
            x.mem.gds = r.flag();
            (x.mem.addr, x.mem.data0, x.mem.data1, x.vdst) = (byte(r), byte(r), byte(r), byte(r));
            if row.has(DATA0_AT_ADDR) {
                x.mem.addr = x.mem.data0;
            }
        }
        Format::Mubuf | Format::Mtbuf => {
            x.imm = (r.u32() & 0xfff) as i32;
            (x.mem.addr, x.mem.data0, x.mem.soffset) = (byte(r), byte(r), byte(r));
            x.vdst = x.mem.data0;
            x.mem.sbase = byte(r) & 124;
            (x.mem.glc, x.mem.slc, x.mem.dlc, x.mem.tfe) = (r.flag(), r.flag(), r.flag(), r.flag());
            (x.mem.offen, x.mem.idxen) = (r.flag(), r.flag());
            if row.format == Format::Mtbuf {
                x.mem.format = byte(r) & 127;
            }
        }
        Format::Flat | Format::Global | Format::Scratch => {
            let signed = ((r.u32() << 19) as i32) >> 19;
            x.imm = if row.format == Format::Flat { signed & 0xfff } else { signed };
            (x.mem.addr, x.mem.data0, x.vdst, x.mem.sbase) = (byte(r), byte(r), byte(r), byte(r) & 127);
            (x.mem.glc, x.mem.slc, x.mem.dlc, x.mem.sve) = (r.flag(), r.flag(), r.flag(), r.flag());
        }
        Format::Exp => {
            x.ext = Ext::Export(Export {
                target: byte(r) & 63,
                enable: byte(r) & 15,
                done: r.flag(),
                row: r.flag(),
                src: r.u32().to_le_bytes(),
            });
        }
        Format::Mimg => {
            (x.mem.addr, x.mem.data0, x.mem.sbase) = (byte(r), byte(r), byte(r) & 124);
            x.vdst = x.mem.data0;
            (x.mem.glc, x.mem.slc, x.mem.dlc, x.mem.tfe) = (r.flag(), r.flag(), r.flag(), r.flag());
            let nsa = r.flag();
            x.ext = Ext::Image(Image {
                dmask: byte(r) & 15,
                dim: byte(r) & 7,
                unorm: r.flag(),
                r128: r.flag(),
                a16: r.flag(),
                d16: r.flag(),
                lwe: r.flag(),
                nsa,
                more: if nsa { r.u32().to_le_bytes() } else { [0; 4] },
                ssamp: byte(r) & 124,
            });
        }
    }
    if row.has(DPP) && r.below(3) == 0 {
        x.src[0] = vgpr(r);
        x.dpp = if r.flag() {
            Dpp::Dpp8 { sel: r.u32() >> 8, fi: r.flag() }
        } else {
            Dpp::Dpp16 {
                ctrl: (r.u32() & 511) as u16,
                row_mask: byte(r) & 15,
                bank_mask: byte(r) & 15,
                bound_ctrl: r.flag(),
                fi: r.flag(),
            }
        };
        if matches!((x.dpp, row.format), (Dpp::Dpp16 { .. }, Format::Vop1 | Format::Vop2 | Format::Vopc)) {
            (x.mods.neg, x.mods.abs) = (byte(r) & 3, byte(r) & 3);
        }
    }
    // The literal is there where the words have one.
    x.literal = 0;
    let words = encode(&x).unwrap_or_else(|e| panic!("{x:?}: {e}"));
    x.len_dw = words.len() as u8;
    let nsa = matches!(x.ext, Ext::Image(Image { nsa: true, .. }));
    let two = !matches!(
        row.format,
        Format::Sop1
            | Format::Sop2
            | Format::Sopc
            | Format::Sopk
            | Format::Sopp
            | Format::Vop1
            | Format::Vop2
            | Format::Vopc
            | Format::Ldsdir
    );
    if words.len() > 1 + two as usize + nsa as usize && x.dpp == Dpp::None {
        x.literal = r.u32();
    }
    x
}

#[test]
fn what_is_encoded_decodes_to_itself() {
    let rows = Rows::new();
    let mut r = Rng::new(3);
    let mut with_literal = 0;
    let mut with_dpp = 0;
    let rounds = if std::env::var_os("SPARKLE_SOAK").is_some() { 20_000 } else { 500 };
    for row in ROWS.iter().filter(|r| r.format != Format::VopdY) {
        for _ in 0..rounds {
            let x = random(row, &rows, &mut r);
            let w = encode(&x).unwrap_or_else(|e| panic!("{x:?}: {e}"));
            let target = Target::new(if row.has(RDNA35) { Arch::Gfx1151 } else { Arch::Gfx11Generic }, WaveSize::W32);
            let back = decode(&w, target).unwrap_or_else(|e| panic!("{x:?} is {w:?}: {e}"));
            assert_eq!(back, x, "{w:?}");
            with_literal += (x.literal != 0) as u32;
            with_dpp += (x.dpp != Dpp::None) as u32;
        }
    }
    assert!(with_literal > 50_000 && with_dpp > 50_000, "{with_literal} literals, {with_dpp} DPP");
}

#[test]
fn what_is_printed_assembles_to_itself() {
    let rows = Rows::new();
    let mut r = Rng::new(5);
    let rounds = if std::env::var_os("SPARKLE_SOAK").is_some() { 2000 } else { 60 };
    let (mut all, mut good, mut wrong, mut never) = (0, 0, Wrong::default(), Vec::new());
    for row in ROWS.iter().filter(|r| r.format != Format::VopdY) {
        let arch = if row.has(RDNA35) { Arch::Gfx1151 } else { Arch::Gfx1100 };
        let mut came = 0;
        for k in 0..rounds {
            // Fields of any value, and those that software writes.
            let mut x = if k % 2 == 0 {
                random(row, &rows, &mut r)
            } else {
                let w = rows.tame(row, &mut r);
                let Ok(x) = decode(&w, Target::new(arch, WaveSize::W32)) else { continue };
                x
            };
            // These wait for a counter and take no register but null.
            if row.name.starts_with("s_waitcnt_") && k % 4 == 0 {
                x.sdst = 124;
            }
            // A half that always follows, without bits above it.
            if row.operands.iter().any(|o| o.slot == Slot::Imm && o.ty == Ty::F16) && k % 4 < 2 {
                x.literal &= 0xffff;
            }
            let w = encode(&x).unwrap_or_else(|e| panic!("{x:?}: {e}"));
            for wave in [WaveSize::W32, WaveSize::W64] {
                if wave == WaveSize::W64 && x.y.is_some() {
                    continue;
                }
                for true16 in [false, row.has(REAL16)] {
                    all += 1;
                    match ours::comes_back(&w, &x, Target { true16, ..Target::new(arch, wave) }) {
                        Ok(back) => came += back as u32,
                        Err(e) => wrong.add(e),
                    }
                }
            }
        }
        good += came;
        if came == 0 && !(row.format == Format::Vop3 && row.operands.is_empty()) {
            never.push(format!("{} {:?}", row.name, row.format));
        }
    }
    eprintln!("{good} of {all} came back");
    wrong.none();
    assert!(never.is_empty(), "nothing came back of {never:?}");
    assert!(good * 3 > all, "{good} of {all} came back, the operands are too wild");
}

/// Complaints, a few of each format shown.
#[derive(Default)]
struct Wrong(std::collections::BTreeMap<String, Vec<String>>);

impl Wrong {
    fn add(&mut self, line: String) {
        self.0.entry(line.split(' ').next().unwrap().into()).or_default().push(line);
    }

    fn none(&self) {
        for lines in self.0.values() {
            lines.iter().take(6).for_each(|l| eprintln!("{l}"));
        }
        let counts: Vec<_> = self.0.iter().map(|(k, v)| (k, v.len())).collect();
        assert!(counts.is_empty(), "{counts:?}");
    }
}

#[test]
fn a_value_too_wide_for_its_field_is_refused() {
    let w = |words: &[u32]| decode(words, WaveSize::W32).unwrap();
    // s_load_b32 s4, s[2:3], 0x10 and others, one field after the other beyond its width.
    let refused = |x: &Inst, what: &str| {
        let e = encode(x).expect_err(what).to_string();
        assert!(e.contains(what), "{what}: {e}");
    };
    let mut x = w(&[0xf400_0101, 0xf800_0010]);
    x.imm = 1 << 20;
    refused(&x, "offset");
    x.imm = -(1 << 20) - 1;
    refused(&x, "offset");
    x.imm = 0;
    x.sdst = 128;
    refused(&x, "sdata");
    // A base that is no pair, a descriptor and a sampler that are no quads.
    let mut x = w(&[0xf400_0101, 0xf800_0010]);
    x.mem.sbase = 3;
    refused(&x, "3 in sbase is no multiple of 2");
    let mut x = w(&[0xe050_0000, 0x8001_0100]);
    x.mem.sbase = 6;
    refused(&x, "6 in srsrc is no multiple of 4");
    let mut x = w(&[0xf06c_0104, 0x0801_0100]);
    x.mem.sbase = 2;
    refused(&x, "2 in srsrc is no multiple of 4");
    x.mem.sbase = 4;
    if let Ext::Image(image) = &mut x.ext {
        image.ssamp = 9;
    }
    refused(&x, "9 in ssamp is no multiple of 4");
    let mut x = w(&[0x7e00_0100]);
    x.src[0] = 512;
    refused(&x, "src0");
    let mut x = w(&[0x0600_0100]);
    x.src[1] = 5;
    refused(&x, "vsrc1");
    let mut x = w(&[0xbf80_0000]);
    x.imm = 0x8000;
    refused(&x, "simm16");
    let mut x = w(&[0xd503_0000, 0x0402_0100]);
    x.mods.neg = 8;
    refused(&x, "neg");
    x.mods.neg = 0;
    x.mods.omod = 4;
    refused(&x, "omod");
    let mut x = w(&[0xd800_0000, 0]);
    x.imm = 0x1_0000;
    refused(&x, "offset");
    let mut x = w(&[0xdc52_0fff, 0x007c_0000]);
    x.imm = 4096;
    refused(&x, "offset");
    let mut x = w(&[0xca50_0100, 0x0100_0100]);
    x.y.as_mut().unwrap().vdst = x.vdst;
    refused(&x, "even");
}

/// Texts that LLVM takes and this crate's assembler refuses on purpose: sources that are no registers (`src_scc`, the
/// apertures) where an instruction reads a register by its number, as `s_movrels_b32` does.
fn llvm_alone(text: &str, refused: &str) -> bool {
    text.contains("src_") && refused.contains("scalar register")
}

#[test]
fn llvm_assembles_what_is_printed() {
    let Some(mc) = llvm::Mc::find() else {
        skip::skip!("there is no llvm-mc 19");
        return;
    };
    let rows = Rows::new();
    let mut r = Rng::new(4);
    let rounds = if std::env::var_os("SPARKLE_SOAK").is_some() { 200 } else { 6 };
    let (mut all, mut same, mut wrong) = (0, 0, Vec::new());
    let (mut taken, mut refused, mut differ) = (0, 0, Wrong::default());
    for (arch, wave) in [(Arch::Gfx1100, WaveSize::W32), (Arch::Gfx1100, WaveSize::W64), (Arch::Gfx1150, WaveSize::W32)]
    {
        let target = Target::new(arch, wave);
        let mut list = Vec::new();
        for row in ROWS.iter().filter(|r| r.format != Format::VopdY) {
            for _ in 0..rounds {
                let w = rows.tame(row, &mut r);
                if let Ok(i) = decode(&w, target) {
                    list.push(w[..i.len_dw as usize].to_vec());
                }
            }
        }
        let theirs = mc.disassemble(arch.name(), wave.is64(), &list);
        // Only what LLVM takes back when it has printed it itself: registers that the field can name and the instruction
        // cannot use, exports to nowhere and the like print and do not assemble.
        let kept: Vec<_> = list.into_iter().zip(theirs).filter_map(|(w, t)| Some((w, t?))).collect();
        let texts: Vec<_> = kept.iter().map(|(_, t)| t.clone()).collect();
        let normal = mc.assemble(arch.name(), wave.is64(), &texts);
        let ours: Vec<_> = kept.iter().map(|(w, _)| disassemble(&decode(w, target).unwrap(), target)).collect();
        let back = mc.assemble(arch.name(), wave.is64(), &ours);
        let again: Vec<_> = back.iter().map(|b| b.clone().unwrap_or_default()).collect();
        let again = mc.disassemble(arch.name(), wave.is64(), &again);
        for (k, (w, theirs)) in kept.iter().enumerate() {
            let (normal, ours, back) = (&normal[k], &ours[k], &back[k]);
            // The crate's own assembler decides as LLVM's.
            match (ours::assemble(ours, target), back) {
                (Ok(a), Ok(b)) if a == *b => taken += 1,
                (Err(_), Err(_)) => refused += 1,
                (Err(e), Ok(_)) if llvm_alone(ours, &e) => {}
                (a, b) => {
                    let format = decode(w, target).unwrap().format();
                    differ.add(format!("{format:?} {target:?}\n  {ours}\n  ours {a:08x?}\n  LLVM {b:08x?}"));
                }
            }
            let Ok(normal) = normal else { continue };
            if theirs.contains("/*") {
                continue;
            }
            all += 1;
            same += (back.as_ref() == Ok(w)) as u32;
            // Fields that the instruction does not use are zero in LLVM's own form of the words.
            if back.as_ref() != Ok(w) && back.as_ref() != Ok(normal) && again[k].as_ref() != Some(theirs) {
                let format = decode(w, target).unwrap().format();
                wrong.push(format!(
                    "{format:?} {arch:?} {wave:?} {w:08x?}\n  ours   {ours}\n  theirs {theirs}\n  back   {back:08x?}"
                ));
            }
        }
    }
    eprintln!("{all} that LLVM knows, {same} assemble to the very words");
    let mut shown = std::collections::BTreeMap::<_, u32>::new();
    for line in &wrong {
        let n = shown.entry(line.split(' ').next()).or_default();
        *n += 1;
        if *n <= 6 {
            eprintln!("{line}");
        }
    }
    eprintln!("{shown:?}");
    assert!(wrong.is_empty(), "{} of {all} differ", wrong.len());
    eprintln!("{taken} taken by both assemblers, {refused} refused by both");
    differ.none();
    assert!(taken > 10_000 && refused > 100, "{taken} taken by both assemblers, {refused} refused by both");
    assert!(all > 10_000 && same * 2 > all, "{all} that LLVM knows, {same} assemble to the very words");
}
