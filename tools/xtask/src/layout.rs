//! Bit layouts of the encoding formats, found by encoding: each field is filled with ones, and the bits that change are
//! where it lies.
use isa::row::{DPP, SD};
use isa::{Dpp, Export, Ext, Format, Image, Inst, ROWS, Row, WaveSize, decode, encode};
use std::fmt::Write;

/// A field, what it holds, and how to fill it with ones.
pub struct Field(pub &'static str, pub &'static str, fn(&mut Inst));

/// A format as the reference shows it.
pub struct Layout {
    /// The manual's name.
    pub name: &'static str,
    /// The rows that use it.
    pub takes: fn(&Row) -> bool,
    /// First word without opcode and fields.
    encoding: u32,
    /// Bits of the first word that say which format it is.
    encoding_mask: u32,
    /// Lowest bit and width of the opcode.
    opcode: (u32, u32),
    /// The word that `fields` starts at.
    from: usize,
    fields: &'static [Field],
}

const SRC0: Field =
    Field("src0", "source: scalar register, constant, 255 for a literal, or VGPR from 256", |x| x.src[0] = 511);
const SSRC0: Field = Field("ssrc0", "source: scalar register, constant, or 255 for a literal", |x| x.src[0] = 255);
const SSRC1: Field = Field("ssrc1", "source", |x| x.src[1] = 255);
const SRC1: Field = Field("src1", "source", |x| x.src[1] = 511);
const SRC2: Field = Field("src2", "source", |x| x.src[2] = 511);
const VSRC1: Field = Field("vsrc1", "VGPR", |x| x.src[1] = 511);
const SDST: Field = Field("sdst", "scalar destination, 124 for none", |x| x.sdst = 127);
const VDST: Field = Field("vdst", "destination VGPR", |x| x.vdst = 255);
/// Where a row writes a scalar register, it stands in the place of `vdst`.
const VSDST: Field = Field("vdst", "destination VGPR, or scalar register where the row has one", |x| {
    (x.vdst, x.sdst) = (255, 255);
});
const SIMM16: Field = Field("simm16", "constant, distance, message, counters, …", |x| x.imm = -1);
const NEG: Field = Field("neg", "negate each source", |x| x.mods.neg = 7);
const CLAMP: Field = Field("clamp", "clamp the result", |x| x.mods.clamp = true);
const OMOD: Field = Field("omod", "1 times 2, 2 times 4, 3 half", |x| x.mods.omod = 3);
const GLC: Field = Field("glc", "cache policy; an atomic returns the old value", |x| x.mem.glc = true);
const DLC: Field = Field("dlc", "cache policy", |x| x.mem.dlc = true);
const SLC: Field = Field("slc", "cache policy", |x| x.mem.slc = true);
const VADDR: Field = Field("vaddr", "address VGPR", |x| x.mem.addr = 255);
const VDATA: Field = Field("vdata", "data VGPR, source or destination", |x| x.mem.data0 = 255);
const DATA: Field = Field("data", "data VGPR", |x| x.mem.data0 = 255);
const SRSRC: Field = Field("srsrc", "resource: first of four or eight SGPRs, divided by four", |x| x.mem.sbase = 124);
const SOFFSET8: Field = Field("soffset", "scalar offset: register or inline constant", |x| x.mem.soffset = 255);
const TFE: Field = Field("tfe", "one more destination register takes the fault status", |x| x.mem.tfe = true);
const OFFSET12: Field = Field("offset", "unsigned byte offset", |x| x.imm = 0xfff);
const OFFEN: Field = Field("offen", "a VGPR holds an offset", |x| x.mem.offen = true);
const IDXEN: Field = Field("idxen", "a VGPR holds an index", |x| x.mem.idxen = true);

fn image(x: &mut Inst, f: fn(&mut Image)) {
    if let Ext::Image(i) = &mut x.ext {
        f(i);
    }
}

fn export(x: &mut Inst, f: fn(&mut Export)) {
    if let Ext::Export(e) = &mut x.ext {
        f(e);
    }
}

fn dpp16(x: &mut Inst, f: fn(&mut u16, &mut [u8; 2], &mut [bool; 2])) {
    if let Dpp::Dpp16 { ctrl, row_mask, bank_mask, bound_ctrl, fi } = &mut x.dpp {
        let (mut masks, mut flags) = ([*row_mask, *bank_mask], [*bound_ctrl, *fi]);
        f(ctrl, &mut masks, &mut flags);
        ([*row_mask, *bank_mask], [*bound_ctrl, *fi]) = (masks, flags);
    }
}

/// In the order of the reference.
pub static LAYOUTS: &[Layout] = &[
    Layout {
        name: "SOP1",
        takes: |r| r.format == Format::Sop1,
        encoding: 0x17d << 23,
        encoding_mask: 0x1ff << 23,
        opcode: (8, 8),
        from: 0,
        fields: &[SDST, SSRC0],
    },
    Layout {
        name: "SOP2",
        takes: |r| r.format == Format::Sop2,
        encoding: 2 << 30,
        encoding_mask: 3 << 30,
        opcode: (23, 7),
        from: 0,
        fields: &[SDST, SSRC1, SSRC0],
    },
    Layout {
        name: "SOPC",
        takes: |r| r.format == Format::Sopc,
        encoding: 0x17e << 23,
        encoding_mask: 0x1ff << 23,
        opcode: (16, 7),
        from: 0,
        fields: &[SSRC1, SSRC0],
    },
    Layout {
        name: "SOPK",
        takes: |r| r.format == Format::Sopk,
        encoding: 0xb << 28,
        encoding_mask: 0xf << 28,
        opcode: (23, 5),
        from: 0,
        fields: &[SDST, SIMM16],
    },
    Layout {
        name: "SOPP",
        takes: |r| r.format == Format::Sopp,
        encoding: 0x17f << 23,
        encoding_mask: 0x1ff << 23,
        opcode: (16, 7),
        from: 0,
        fields: &[SIMM16],
    },
    Layout {
        name: "SMEM",
        takes: |r| r.format == Format::Smem,
        encoding: 0x3d << 26,
        encoding_mask: 0x3f << 26,
        opcode: (18, 8),
        from: 0,
        fields: &[
            GLC,
            DLC,
            Field("sdata", "destination SGPR", |x| x.sdst = 127),
            Field("sbase", "address or resource: first SGPR, divided by two", |x| x.mem.sbase = 126),
            Field("soffset", "scalar offset, 124 for none", |x| x.mem.soffset = 127),
            Field("offset", "signed byte offset", |x| x.imm = -1),
        ],
    },
    Layout {
        name: "VOP1",
        takes: |r| r.format == Format::Vop1,
        encoding: 0x3f << 25,
        encoding_mask: 0x7f << 25,
        opcode: (9, 8),
        from: 0,
        fields: &[VDST, SRC0],
    },
    Layout {
        name: "VOP2",
        takes: |r| r.format == Format::Vop2,
        encoding: 0,
        encoding_mask: 1 << 31,
        opcode: (25, 6),
        from: 0,
        fields: &[VDST, VSRC1, SRC0],
    },
    Layout {
        name: "VOPC",
        takes: |r| r.format == Format::Vopc,
        encoding: 0x3e << 25,
        encoding_mask: 0x7f << 25,
        opcode: (17, 8),
        from: 0,
        fields: &[VSRC1, SRC0],
    },
    Layout {
        name: "VOP3",
        takes: |r| r.format == Format::Vop3 && !r.has(SD),
        encoding: 0x35 << 26,
        encoding_mask: 0x3f << 26,
        opcode: (16, 10),
        from: 0,
        fields: &[
            CLAMP,
            Field("op_sel", "half of each source, and of the destination in the top bit", |x| x.mods.opsel = 15),
            Field("abs", "absolute value of each source", |x| x.mods.abs = 7),
            VSDST,
            NEG,
            OMOD,
            SRC2,
            SRC1,
            SRC0,
        ],
    },
    Layout {
        name: "VOP3SD",
        takes: |r| r.format == Format::Vop3 && r.has(SD),
        encoding: 0x35 << 26,
        encoding_mask: 0x3f << 26,
        opcode: (16, 10),
        from: 0,
        fields: &[CLAMP, SDST, VDST, NEG, OMOD, SRC2, SRC1, SRC0],
    },
    Layout {
        name: "VOP3P",
        takes: |r| r.format == Format::Vop3p,
        encoding: 0x198 << 23,
        encoding_mask: 0x1ff << 23,
        opcode: (16, 7),
        from: 0,
        fields: &[
            CLAMP,
            Field("op_sel_hi", "half of each source for the high result; the third's bit is apart", |x| {
                x.mods.opsel_hi = 7
            }),
            Field("op_sel", "half of each source for the low result", |x| x.mods.opsel = 7),
            Field("neg_hi", "negate each source for the high result", |x| x.mods.abs = 7),
            VDST,
            Field("neg_lo", "negate each source for the low result", |x| x.mods.neg = 7),
            SRC2,
            SRC1,
            SRC0,
        ],
    },
    Layout {
        name: "VOPD, X half",
        takes: |r| r.format == Format::VopdX,
        encoding: 0x32 << 26,
        encoding_mask: 0x3f << 26,
        opcode: (22, 4),
        from: 0,
        fields: &[
            Field("vsrcx1", "VGPR", |x| x.src[1] = 511),
            Field("srcx0", "source", |x| x.src[0] = 511),
            Field("vdstx", "destination VGPR", |x| {
                x.vdst = 255;
                if let Some(y) = &mut x.y {
                    y.vdst = 0;
                }
            }),
            Field("vdsty", "destination VGPR of the Y half, divided by two; it is even where vdstx is odd", |x| {
                if let Some(y) = &mut x.y {
                    y.vdst = 255;
                }
            }),
            Field("vsrcy1", "VGPR", |x| {
                if let Some(y) = &mut x.y {
                    y.src[1] = 511;
                }
            }),
            Field("srcy0", "source", |x| {
                if let Some(y) = &mut x.y {
                    y.src[0] = 511;
                }
            }),
        ],
    },
    Layout {
        name: "VOPD, Y half",
        takes: |r| r.format == Format::VopdY,
        encoding: 0x32 << 26,
        encoding_mask: 0x3f << 26,
        opcode: (17, 5),
        from: 0,
        fields: &[],
    },
    Layout {
        name: "VINTERP",
        takes: |r| r.format == Format::Vinterp,
        encoding: 0xcd << 24,
        encoding_mask: 0xff << 24,
        opcode: (16, 7),
        from: 0,
        fields: &[
            CLAMP,
            Field("op_sel", "half of each source, and of the destination in the top bit", |x| x.mods.opsel = 15),
            Field("wait_exp", "waits until expcnt is this or less; 7 waits for nothing", |x| {
                x.ext = Ext::Interp { attr: 0, chan: 0, wait: 7 };
            }),
            VDST,
            NEG,
            SRC2,
            SRC1,
            SRC0,
        ],
    },
    Layout {
        name: "LDSDIR",
        takes: |r| r.format == Format::Ldsdir,
        encoding: 0xce << 24,
        encoding_mask: 0xff << 24,
        opcode: (20, 2),
        from: 0,
        fields: &[
            Field("wait_vdst", "waits until VALU writes in flight are this or fewer", |x| {
                x.ext = Ext::Interp { attr: 0, chan: 0, wait: 15 };
            }),
            Field("attr", "attribute", |x| x.ext = Ext::Interp { attr: 63, chan: 0, wait: 0 }),
            Field("attr_chan", "channel", |x| x.ext = Ext::Interp { attr: 0, chan: 3, wait: 0 }),
            VDST,
        ],
    },
    Layout {
        name: "DS",
        takes: |r| r.format == Format::Ds,
        encoding: 0x36 << 26,
        encoding_mask: 0x3f << 26,
        opcode: (18, 8),
        from: 0,
        fields: &[
            Field("gds", "GDS instead of LDS", |x| x.mem.gds = true),
            Field("offset", "one byte offset, or two of eight bits in units of the element", |x| x.imm = 0xffff),
            VDST,
            Field("data1", "second data VGPR", |x| x.mem.data1 = 255),
            Field("data0", "first data VGPR", |x| x.mem.data0 = 255),
            Field("addr", "address VGPR; of GWS instructions the data", |x| x.mem.addr = 255),
        ],
    },
    Layout {
        name: "MUBUF",
        takes: |r| r.format == Format::Mubuf,
        encoding: 0x38 << 26,
        encoding_mask: 0x3f << 26,
        opcode: (18, 8),
        from: 0,
        fields: &[GLC, DLC, SLC, OFFSET12, SOFFSET8, IDXEN, OFFEN, TFE, SRSRC, VDATA, VADDR],
    },
    Layout {
        name: "MTBUF",
        takes: |r| r.format == Format::Mtbuf,
        encoding: 0x3a << 26,
        encoding_mask: 0x3f << 26,
        opcode: (15, 4),
        from: 0,
        fields: &[
            Field("format", "data and number format", |x| x.mem.format = 127),
            GLC,
            DLC,
            SLC,
            OFFSET12,
            SOFFSET8,
            IDXEN,
            OFFEN,
            TFE,
            SRSRC,
            VDATA,
            VADDR,
        ],
    },
    Layout {
        name: "FLAT",
        takes: |r| r.format == Format::Flat,
        encoding: 0x37 << 26,
        encoding_mask: 0x3f << 26 | 3 << 16,
        opcode: (18, 7),
        from: 0,
        fields: FLAT,
    },
    Layout {
        name: "SCRATCH",
        takes: |r| r.format == Format::Scratch,
        encoding: 0x37 << 26 | 1 << 16,
        encoding_mask: 0x3f << 26 | 3 << 16,
        opcode: (18, 7),
        from: 0,
        fields: SEGMENT,
    },
    Layout {
        name: "GLOBAL",
        takes: |r| r.format == Format::Global,
        encoding: 0x37 << 26 | 2 << 16,
        encoding_mask: 0x3f << 26 | 3 << 16,
        opcode: (18, 7),
        from: 0,
        fields: SEGMENT,
    },
    Layout {
        name: "MIMG",
        takes: |r| r.format == Format::Mimg,
        encoding: 0x3c << 26,
        encoding_mask: 0x3f << 26,
        opcode: (18, 8),
        from: 0,
        fields: &[
            Field("d16", "16-bit data", |x| image(x, |i| i.d16 = true)),
            Field("a16", "16-bit addresses", |x| image(x, |i| i.a16 = true)),
            Field("r128", "resource of four SGPRs", |x| image(x, |i| i.r128 = true)),
            GLC,
            DLC,
            SLC,
            Field("dmask", "components", |x| image(x, |i| i.dmask = 15)),
            Field("unorm", "coordinates are not normalised", |x| image(x, |i| i.unorm = true)),
            Field("dim", "dimension", |x| image(x, |i| i.dim = 7)),
            // The words that are compared have it set.
            Field("nsa", "addresses need not follow one another; the third word names them", |x| {
                image(x, |i| i.nsa = false)
            }),
            Field("ssamp", "sampler: first of four SGPRs, divided by four", |x| image(x, |i| i.ssamp = 124)),
            Field("lwe", "one more destination register takes the level-of-detail warning", |x| {
                image(x, |i| i.lwe = true)
            }),
            TFE,
            SRSRC,
            VDATA,
            VADDR,
            Field("vaddr4", "fifth address VGPR", |x| image(x, |i| i.more[3] = 255)),
            Field("vaddr3", "fourth", |x| image(x, |i| i.more[2] = 255)),
            Field("vaddr2", "third", |x| image(x, |i| i.more[1] = 255)),
            Field("vaddr1", "second", |x| image(x, |i| i.more[0] = 255)),
        ],
    },
    Layout {
        name: "EXP",
        takes: |r| r.format == Format::Exp,
        encoding: 0x3e << 26,
        encoding_mask: 0x3f << 26,
        opcode: (0, 0),
        from: 0,
        fields: &[
            Field("row_en", "M0 holds the row", |x| export(x, |e| e.row = true)),
            Field("done", "last export of its kind", |x| export(x, |e| e.done = true)),
            Field("target", "0-7 mrt, 8 mrtz, 12-16 pos, 20 prim, 21-22 dual source blend", |x| {
                export(x, |e| e.target = 63)
            }),
            Field("en", "components exported", |x| export(x, |e| e.enable = 15)),
            Field("vsrc3", "VGPR", |x| export(x, |e| e.src[3] = 255)),
            Field("vsrc2", "VGPR", |x| export(x, |e| e.src[2] = 255)),
            Field("vsrc1", "VGPR", |x| export(x, |e| e.src[1] = 255)),
            Field("vsrc0", "VGPR", |x| export(x, |e| e.src[0] = 255)),
        ],
    },
    Layout {
        name: "DPP16 word",
        takes: |r| r.format == Format::Vop2 && r.has(DPP),
        encoding: 250,
        encoding_mask: 0,
        opcode: (0, 0),
        from: 1,
        fields: &[
            Field("row_mask", "rows of sixteen lanes that are written", |x| dpp16(x, |_, m, _| m[0] = 15)),
            Field("bank_mask", "banks of four lanes of each row that are written", |x| dpp16(x, |_, m, _| m[1] = 15)),
            Field("abs1, neg1, abs0, neg0", "source modifiers of VOP1, VOP2 and VOPC", |x| {
                (x.mods.neg, x.mods.abs) = (3, 3)
            }),
            Field("bound_ctrl", "invalid lanes read 0 instead of staying as they are", |x| {
                dpp16(x, |_, _, f| f[0] = true)
            }),
            Field("fi", "inactive lanes are fetched from", |x| dpp16(x, |_, _, f| f[1] = true)),
            Field("dpp_ctrl", "where each lane reads", |x| dpp16(x, |c, _, _| *c = 511)),
            Field("src0", "VGPR", |x| x.src[0] = 511),
        ],
    },
    Layout {
        name: "DPP8 word",
        takes: |r| r.format == Format::Vop2 && r.has(DPP),
        encoding: 233,
        encoding_mask: 0,
        opcode: (0, 0),
        from: 1,
        fields: &[
            Field("sel", "lane that each lane of eight reads, three bits each", |x| {
                x.dpp = Dpp::Dpp8 { sel: 0xff_ffff, fi: false };
            }),
            Field("src0", "VGPR", |x| x.src[0] = 511),
        ],
    },
];

const OFFSET13: Field = Field("offset", "signed byte offset", |x| x.imm = -1);
const SADDR: Field = Field("saddr", "SGPRs of the base, 124 for none", |x| x.mem.sbase = 127);
const SVE: Field = Field("sve", "the address VGPR is used", |x| x.mem.sve = true);
const FLAT: &[Field] =
    &[SLC, GLC, DLC, Field("offset", "unsigned byte offset", |x| x.imm = 0xfff), VDST, SVE, SADDR, DATA, VADDR];
const SEGMENT: &[Field] = &[SLC, GLC, DLC, OFFSET13, VDST, SVE, SADDR, DATA, VADDR];

/// A field's bits: name, meaning, mask of each word.
type Bits = (&'static str, String, [u32; 3]);

impl Layout {
    /// Bits of every field, encoding and opcode included, and how many words there are.
    fn bits(&self) -> (Vec<Bits>, usize) {
        let row = ROWS.iter().find(|r| (self.takes)(r)).expect("every format has rows");
        let opcode_mask = ((1u32 << self.opcode.1) - 1) << self.opcode.0;
        // A Y half is shown by its opcode alone: the rest is with the X half.
        let opcode = if self.fields.is_empty() { 0 } else { row.opcode as u32 };
        let dpp = self.from == 1;
        let first = if dpp { self.encoding | (opcode << 25) } else { self.encoding | opcode << self.opcode.0 };
        let nsa = (row.format == Format::Mimg) as u32;
        let base = decode(&[first | nsa, 0, 0, 0], WaveSize::W32).expect("a first word of the format");
        let zero = encode(&base).expect("what decodes encodes");
        let mut bits: Vec<Bits> = Vec::new();
        if !dpp {
            bits.push(("encoding", String::new(), [self.encoding_mask, 0, 0]));
            if opcode_mask != 0 {
                bits.push(("op", "opcode".into(), [opcode_mask, 0, 0]));
            }
            if row.format == Format::VopdX {
                bits.push(("opy", "opcode of the Y half".into(), [0x1f << 17, 0, 0]));
            }
        }
        for Field(name, meaning, fill) in self.fields {
            let mut x = base;
            fill(&mut x);
            let ones = encode(&x).expect("all ones fit");
            let mut mask = [0; 3];
            for (k, m) in mask.iter_mut().enumerate() {
                let at = |w: &[u32]| w.get(k + self.from).copied().unwrap_or(0);
                // Switching the third word off leaves only the switch to look at.
                *m = if ones.len() < zero.len() && k > 0 { 0 } else { at(&ones) ^ at(&zero) };
            }
            bits.push((name, (*meaning).into(), mask));
        }
        let words = if self.fields.is_empty() { 1 } else { zero.len() - self.from };
        (bits, words)
    }

    /// The layout as a table, highest bits first.
    pub fn table(&self) -> String {
        let (bits, words) = self.bits();
        let mut out = String::from("| bits | field | |\n|---|---|---|\n");
        for k in 0..words {
            let mut rows: Vec<(u32, u32, &str, String)> = Vec::new();
            let mut all = 0;
            for (name, meaning, mask) in &bits {
                assert_eq!(all & mask[k], 0, "{}: {name} lies over another field", self.name);
                all |= mask[k];
                for (high, low) in runs(mask[k]) {
                    let text = match *name {
                        "encoding" => format!(
                            "{:0n$b}",
                            self.encoding >> low & ones(high - low + 1),
                            n = (high - low + 1) as usize
                        ),
                        _ => meaning.clone(),
                    };
                    rows.push((high, low, name, text));
                }
            }
            if !self.fields.is_empty() {
                for (high, low) in runs(!all) {
                    rows.push((high, low, "–", "not used".into()));
                }
            }
            rows.sort_by_key(|r| std::cmp::Reverse(r.0));
            for (high, low, name, text) in rows {
                let (high, low) = (high + 32 * k as u32, low + 32 * k as u32);
                let place = if high == low { high.to_string() } else { format!("{high}:{low}") };
                let _ = writeln!(out, "| {place} | {name} | {text} |");
            }
        }
        out
    }

    /// The rows have their opcode where the layout says so.
    #[cfg(test)]
    pub fn check(&self) -> Result<(), String> {
        for row in ROWS.iter().filter(|r| (self.takes)(r) && self.from == 0 && !self.fields.is_empty()) {
            let w = self.encoding | (row.opcode as u32) << self.opcode.0;
            if row.opcode as u32 >> self.opcode.1 != 0 && self.opcode.1 != 0 {
                return Err(format!("{}: opcode of {}", self.name, row.name));
            }
            let target = isa::Target::new(isa::Arch::Gfx1150, WaveSize::W32);
            match decode(&[w, 0, 0, 0], target) {
                Ok(x) if x.op == row.op && x.format() == row.format => {}
                other => return Err(format!("{}: {} decodes to {other:?}", self.name, row.name)),
            }
        }
        Ok(())
    }
}

fn ones(n: u32) -> u32 {
    u32::MAX >> (32 - n)
}

/// Runs of ones, highest first.
fn runs(mask: u32) -> Vec<(u32, u32)> {
    let mut out = Vec::new();
    let mut high = 32;
    while high > 0 {
        high -= 1;
        if mask >> high & 1 != 0 {
            let mut low = high;
            while low > 0 && mask >> (low - 1) & 1 != 0 {
                low -= 1;
            }
            out.push((high, low));
            high = low;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_one_layout() {
        for row in ROWS {
            let n = LAYOUTS.iter().filter(|l| l.from == 0 && (l.takes)(row)).count();
            assert_eq!(n, 1, "{}", row.name);
        }
        for l in LAYOUTS {
            l.check().unwrap();
        }
    }

    #[test]
    fn known_fields_are_where_the_manual_has_them() {
        let table = |name: &str| LAYOUTS.iter().find(|l| l.name == name).unwrap().table();
        let vop3p = table("VOP3P");
        for row in
            ["| 31:23 | encoding | 110011000 |", "| 60:59 | op_sel_hi |", "| 14 | op_sel_hi |", "| 58:50 | src2 |"]
        {
            assert!(vop3p.contains(row), "{row}\n{vop3p}");
        }
        assert!(table("SMEM").contains("| 52:32 | offset |"));
        assert!(table("MIMG").contains("| 95:88 | vaddr4 |"));
        assert!(table("DPP16 word").contains("| 16:8 | dpp_ctrl |"));
    }
}
