//! Random instruction words, evenly over the formats, from the manual's layouts.
#![allow(dead_code)]
pub mod llvm;
pub mod ours;

use isa::row::*;
use isa::{Format, ROWS, Row};

/// xorshift64*, seeded.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn u32(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32
    }

    pub fn below(&mut self, n: u32) -> u32 {
        ((self.u32() as u64 * n as u64) >> 32) as u32
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u32) as usize]
    }

    pub fn flag(&mut self) -> bool {
        self.u32() & 1 != 0
    }
}

/// Formats that start an instruction; the Y half of VOPD is chosen with the X half.
pub const FORMATS: [Format; 22] = [
    Format::Sop1,
    Format::Sop2,
    Format::Sopc,
    Format::Sopk,
    Format::Sopp,
    Format::Smem,
    Format::Vop1,
    Format::Vop2,
    Format::Vopc,
    Format::Vop3,
    Format::Vop3p,
    Format::VopdX,
    Format::Vinterp,
    Format::Ldsdir,
    Format::Ds,
    Format::Mubuf,
    Format::Mtbuf,
    Format::Flat,
    Format::Global,
    Format::Scratch,
    Format::Exp,
    Format::Mimg,
];

/// Encoding bits, the mask of encoding and opcode, and where the opcode starts: the first word of each format.
fn layout(f: Format) -> (u32, u32, u32) {
    match f {
        Format::Sop1 => (0xbe80_0000, 0xff80_ff00, 8),
        Format::Sop2 => (0x8000_0000, 0xff80_0000, 23),
        Format::Sopc => (0xbf00_0000, 0xffff_0000, 16),
        Format::Sopk => (0xb000_0000, 0xff80_0000, 23),
        Format::Sopp => (0xbf80_0000, 0xffff_0000, 16),
        Format::Smem => (0xf400_0000, 0xffff_0000 & !0x3_0000, 18),
        Format::Vop1 => (0x7e00_0000, 0xfe01_fe00, 9),
        Format::Vop2 => (0, 0xfe00_0000, 25),
        Format::Vopc => (0x7c00_0000, 0xfffe_0000, 17),
        Format::Vop3 => (0xd400_0000, 0xffff_0000, 16),
        Format::Vop3p => (0xcc00_0000, 0xffff_0000, 16),
        Format::VopdX => (0xc800_0000, 0xffc0_0000, 22),
        Format::VopdY => (0xc800_0000, 0xfc3e_0000, 17),
        Format::Vinterp => (0xcd00_0000, 0xff7f_0000, 16),
        Format::Ldsdir => (0xce00_0000, 0xff30_0000, 20),
        Format::Ds => (0xd800_0000, 0xfffc_0000, 18),
        Format::Mubuf => (0xe000_0000, 0xfffc_0000, 18),
        Format::Mtbuf => (0xe800_0000, 0xfc07_8000, 15),
        Format::Flat => (0xdc00_0000, 0xfdff_0000, 18),
        Format::Scratch => (0xdc01_0000, 0xfdff_0000, 18),
        Format::Global => (0xdc02_0000, 0xfdff_0000, 18),
        Format::Exp => (0xf800_0000, 0xfc00_0000, 0),
        Format::Mimg => (0xf000_0000, 0xfffc_0000, 18),
    }
}

/// Rows of each format, by [`FORMATS`]' order.
pub struct Rows {
    by_format: Vec<Vec<&'static Row>>,
    y: Vec<&'static Row>,
}

impl Rows {
    pub fn new() -> Rows {
        let of = |f: Format| ROWS.iter().filter(|r| r.format == f).collect::<Vec<_>>();
        Rows { by_format: FORMATS.iter().map(|&f| of(f)).collect(), y: of(Format::VopdY) }
    }

    /// A row, every format as likely as the next.
    pub fn any(&self, r: &mut Rng) -> &'static Row {
        let f = r.below(FORMATS.len() as u32) as usize;
        r.pick(&self.by_format[f])
    }

    /// Four words that start with an instruction of the row, all other bits random, sources often the special ones.
    pub fn words(&self, row: &Row, r: &mut Rng) -> [u32; 4] {
        let (encoding, mask, at) = layout(row.format);
        let mut w = [r.u32(), r.u32(), r.u32(), r.u32()];
        w[0] = w[0] & !mask | encoding | (row.opcode as u32) << at;
        if row.format == Format::VopdX {
            let (_, mask, at) = layout(Format::VopdY);
            w[0] = w[0] & !(mask & 0x03ff_ffff) | (r.pick(&self.y).opcode as u32) << at;
        }
        if r.below(4) == 0 {
            // A source that is followed by a word, or a scalar one.
            let s = r.pick(&[255, 255, 250, 250, 233, 234, 124, 125, 126, 106, 253, 128, 240, 256]);
            match row.format {
                Format::Vop1 | Format::Vop2 | Format::Vopc | Format::VopdX => set(&mut w[0], 0, 9, s),
                Format::Vop3 | Format::Vop3p => set(&mut w[1], 9 * r.below(3) * r.below(2), 9, s),
                Format::Sop1 | Format::Sop2 | Format::Sopc => set(&mut w[0], 0, 8, s & 255),
                _ => {}
            }
        }
        w
    }

    /// The same with operands that software writes: aligned scalar registers, vector tuples that end before v255,
    /// reserved bits zero.
    pub fn tame(&self, row: &Row, r: &mut Rng) -> [u32; 4] {
        let mut w = self.words(row, r);
        for (k, m) in reserved(row, false).into_iter().enumerate() {
            w[k] &= !m;
        }
        let src = |r: &mut Rng, vector: bool| match r.below(if vector { 8 } else { 4 }) {
            0 => 128 + r.below(81),
            1 => 240 + r.below(9),
            2 => r.pick(&[106, 124, 126, 255, 235, 253]),
            3 => 4 * r.below(24),
            _ => 256 + r.below(100),
        };
        let s: [u32; 3] = [src(r, true), src(r, true), src(r, true)];
        let scalar: [u32; 3] = [src(r, false), src(r, false), 4 * r.below(24)];
        match row.format {
            Format::Sop1 | Format::Sop2 | Format::Sopc => {
                set(&mut w[0], 0, 8, scalar[0]);
                if row.format != Format::Sop1 {
                    set(&mut w[0], 8, 8, if scalar[0] == 255 { 2 } else { scalar[1] });
                }
                if row.format != Format::Sopc {
                    set(&mut w[0], 16, 7, scalar[2]);
                }
            }
            Format::Sopk => set(&mut w[0], 16, 7, scalar[2]),
            Format::Global | Format::Scratch => {
                set(&mut w[1], 16, 7, if r.flag() { 124 } else { 2 * r.below(50) });
            }
            Format::Smem => {
                set(&mut w[0], 0, 6, scalar[2] >> 1);
                set(&mut w[0], 6, 7, 4 * r.below(20));
                set(&mut w[1], 25, 7, if r.flag() { 124 } else { r.below(100) });
            }
            Format::Vop1 | Format::Vop2 | Format::VopdX => {
                let dpp = r.below(4) == 0 && row.has(DPP);
                set(&mut w[0], 0, 9, if dpp { r.pick(&[233, 234, 250]) } else { s[0] });
            }
            Format::Vopc => {
                let dpp = r.below(4) == 0 && row.has(DPP);
                set(&mut w[0], 0, 9, if dpp { r.pick(&[233, 234, 250]) } else { s[0] });
            }
            Format::Vop3 | Format::Vop3p => {
                let dpp = r.below(4) == 0 && row.has(DPP);
                set(&mut w[1], 0, 9, if dpp { r.pick(&[233, 234, 250]) } else { s[0] });
                for k in 1..3 {
                    let slot = if k == 1 { Slot::Src1 } else { Slot::Src2 };
                    let used = row.operand(slot);
                    let scalar = used.is_some_and(|o| o.ty == Ty::Mask || o.class == Class::Ssrc);
                    set(
                        &mut w[1],
                        9 * k,
                        9,
                        if used.is_none() {
                            0
                        } else if scalar {
                            4 * r.below(24)
                        } else {
                            s[k as usize]
                        },
                    );
                }
            }
            _ => {}
        }
        w
    }
}

fn set(w: &mut u32, at: u32, bits: u32, value: u32) {
    let m = ((1u64 << bits) - 1) as u32;
    *w = *w & !(m << at) | (value & m) << at;
}

/// Bits that no field has, of the two words of a format and the DPP word; `dpp16` says whether the third word is one.
pub fn reserved(row: &Row, dpp16: bool) -> [u32; 3] {
    let (a, b) = match row.format {
        // Between GLC and the opcode, and between offset and soffset.
        Format::Smem => (0x3_8000, 0x01e0_0000),
        // The encoding is eight bits, the opcode seven; no output modifier.
        Format::Vinterp => (1 << 23, 3 << 27),
        // Above the two opcode bits.
        Format::Ldsdir => (3 << 22, 0),
        // Above the offsets; where data0 sits in the address field, its own field is free.
        Format::Ds => (1 << 16, if row.has(DATA0_AT_ADDR) { 0xff00 } else { 0 }),
        // Between GLC and the opcode.
        Format::Mubuf => (7 << 15, 0),
        // Above the opcode; FLAT offsets are unsigned and leave the sign bit of the other segments.
        Format::Flat => (1 << 25 | 1 << 12, 0),
        Format::Global | Format::Scratch => (1 << 25, 0),
        // Where earlier generations had COMPR and VM, and above ROW.
        Format::Exp => (1 << 10 | 1 << 12 | 0xfff << 14, 0),
        // Beside DIM, and around SSAMP.
        Format::Mimg => (1 << 1 | 3 << 5, 7 << 23 | 1 << 31),
        _ => (0, 0),
    };
    let c = match (dpp16, row.format) {
        (false, _) => 0,
        // Modifiers are in the instruction proper.
        (true, Format::Vop3 | Format::Vop3p) => 1 << 17 | 0xf << 20,
        (true, _) => 1 << 17,
    };
    [a, b, c]
}
