//! Random instructions, registers and memory, for comparing the engines.
use super::*;
use isa::{Format, ROWS, Row};

/// xorshift64*: the same numbers everywhere.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
    pub fn u32(&mut self) -> u32 {
        (self.next() >> 32) as u32
    }
    pub fn below(&mut self, n: u32) -> u32 {
        ((self.u32() as u64 * n as u64) >> 32) as u32
    }
    pub fn one_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }
    /// A register value: small, special in one of the float formats, or anything.
    pub fn value(&mut self) -> u32 {
        const SPECIAL: [u32; 28] = [
            0,
            0x8000_0000,
            0x3f80_0000,
            0xbf80_0000,
            0x7f80_0000,
            0xff80_0000,
            0x7fc0_0001,
            0xffc1_2345,
            0x7f80_0001,
            0xffbf_ffff,
            1,
            0x8000_0001,
            0x007f_ffff,
            0x0080_0000,
            0x8080_0000,
            0x7f7f_ffff,
            0x3f00_0000,
            0x4f00_0000,
            0xcf00_0000,
            0x4f80_0000,
            0x7c00_3c00,
            0xfc00_7e01,
            0x7c01_0001,
            0x03ff_0400,
            0x7ff0_0000,
            0x7ff8_0000,
            0x0010_0000,
            !0,
        ];
        match self.below(8) {
            0..=1 => SPECIAL[self.below(SPECIAL.len() as u32) as usize],
            2 => self.below(64),
            // Floats of common size.
            3..=4 => self.u32() & 0x81ff_ffff | 0x3e00_0000,
            5 => self.u32() & 0xbfff_bfff,
            _ => self.u32(),
        }
    }
}

pub const CODE: u64 = 0x1_0000;
pub const DATA: u64 = 0x7_0000_0000;
pub const DATA_BYTES: usize = 4096;
/// Readable only.
pub const CONST: u64 = 0x7_0010_0000;
pub const SCRATCH: u64 = 0x9_0000_0000;
pub const VGPRS: u32 = 24;
pub const LDS_BYTES: u32 = 1024;

/// Can the row stand in a program here.
pub fn usable(row: &Row) -> bool {
    !row.has(isa::row::RDNA35) && !matches!(row.format, Format::VopdY)
}

/// An instruction of the row with random fields; what it writes and reads keeps to a few registers, so that instructions
/// meet. Registers 0 to 7 are addresses and are not written.
pub fn words(r: &mut Rng, row: &Row, wave: WaveSize) -> Option<Vec<u32>> {
    let o = row.opcode as u32;
    let v = |r: &mut Rng| if r.one_in(40) { r.below(256) } else { 8 + r.below(12) };
    let sd = |r: &mut Rng| match r.below(24) {
        0 => 106,
        1 => 124,
        2 => 125,
        _ => 8 + 2 * r.below(12) + r.one_in(3) as u32,
    };
    let ssrc = |r: &mut Rng| match r.below(12) {
        0 => 106 + r.below(2),
        1 => 126 + r.below(2),
        2..=3 => 128 + r.below(81),
        4 => 240 + r.below(9),
        5 => [235, 236, 237, 238, 251, 252, 253, 124, 125, 254, 255, 255][r.below(12) as usize],
        _ => 8 + r.below(26),
    };
    let src = |r: &mut Rng| if r.one_in(3) { ssrc(r) } else { 256 + v(r) };
    let any = r.u32();
    let literal = r.value();
    let mut w = match row.format {
        Format::Sop1 => vec![0xbe80_0000 | o << 8 | sd(r) << 16 | ssrc(r), literal],
        Format::Sop2 => vec![0x8000_0000 | o << 23 | sd(r) << 16 | ssrc(r) << 8 | ssrc(r), literal],
        Format::Sopc => vec![0xbf00_0000 | o << 16 | ssrc(r) << 8 | ssrc(r), literal],
        Format::Sopk => {
            vec![0xb000_0000 | o << 23 | sd(r) << 16 | any & if r.one_in(2) { 0xffff } else { 31 }, literal]
        }
        Format::Sopp => vec![0xbf80_0000 | o << 16 | any & 0xf],
        Format::Smem => {
            let imm = if r.one_in(8) { any & 0x1f_ffff } else { any & 0xff };
            let so = if r.one_in(4) { ssrc(r) & 127 } else { 124 };
            vec![0xf400_0000 | o << 18 | sd(r) << 6 | r.below(4), so << 25 | imm]
        }
        Format::Vop1 => vec![0x7e00_0000 | o << 9 | v(r) << 17 | src(r), literal],
        Format::Vop2 => vec![o << 25 | v(r) << 17 | v(r) << 9 | src(r), literal],
        Format::Vopc => vec![0x7c00_0000 | o << 17 | v(r) << 9 | src(r), literal],
        Format::Vop3 | Format::Vop3p => {
            let head = if row.format == Format::Vop3 { 0xd400_0000 } else { 0xcc00_0000 };
            let scalar = row.has(isa::row::SD) || row.operands.iter().any(|o| o.slot == isa::row::Slot::Sdst);
            let mut d = v(r);
            if scalar && !row.has(isa::row::SD) {
                d = sd(r);
            }
            // Modifiers are often absent.
            let mods = if r.one_in(2) { 0 } else { any & 0xff00 };
            let mods = if scalar { mods & 0x8000 | sd(r) << 8 } else { mods };
            let hi = if r.one_in(2) { if row.format == Format::Vop3p { 0x1800_0000 } else { 0 } } else { any << 27 };
            vec![head | o << 16 | mods | d, hi | src(r) | src(r) << 9 | src(r) << 18, literal]
        }
        Format::VopdX => {
            if wave == WaveSize::W64 {
                return None;
            }
            let ys: Vec<_> = ROWS.iter().filter(|r| r.format == Format::VopdY).collect();
            let y = ys[r.below(ys.len() as u32) as usize];
            let dx = v(r) & 255;
            let dy = (v(r) & 254 | !dx & 1) >> 1;
            vec![
                0xc800_0000 | o << 22 | (y.opcode as u32) << 17 | v(r) << 9 | src(r),
                dx << 24 | dy << 17 | v(r) << 9 | src(r),
                literal,
            ]
        }
        Format::Vinterp => return None,
        Format::Ldsdir | Format::Exp => return None,
        Format::Ds => {
            let gds = r.one_in(40) as u32;
            let off = if r.one_in(6) { any & 0xffff } else { any & 0x3c };
            let off = if r.one_in(2) { off | (any >> 16 & 0x3c) << 8 } else { off };
            vec![0xd800_0000 | o << 18 | gds << 17 | off, v(r) << 24 | v(r) << 16 | v(r) << 8 | r.below(8)]
        }
        Format::Mubuf => vec![
            0xe000_0000 | o << 18 | any & 0x7fff,
            [0x80u32, 128 + 4, 124, 9][r.below(4) as usize] << 24
                | (any >> 8 & 0xc0_0000)
                | (if r.one_in(30) { 1 << 21 } else { 0 })
                | 1 << 16
                | v(r) << 8
                | r.below(8),
        ],
        Format::Mtbuf => vec![
            0xe800_0000 | o << 15 | (any >> 5 & 0x7f) << 19 | any & 0x7fff,
            0x80 << 24 | (any >> 8 & 0xc0_0000) | 1 << 16 | v(r) << 8 | r.below(8),
        ],
        Format::Flat | Format::Scratch | Format::Global => {
            let seg = [0, 1, 2][match row.format {
                Format::Flat => 0,
                Format::Scratch => 1,
                _ => 2,
            }];
            let imm = if r.one_in(6) { any & 0x1fff } else { any & 0xfc };
            let (sa, va) = match row.format {
                // v4:v5 and v6:v7 are addresses, v0 to v3 offsets.
                Format::Flat => (124, 4 + 2 * r.below(2)),
                Format::Scratch => (if r.one_in(2) { 124 } else { 9 }, r.below(8)),
                _ if r.one_in(3) => (124, 4 + 2 * r.below(2)),
                _ => (2 * r.below(3), r.below(4)),
            };
            let sve = if row.format == Format::Scratch { (any & 1) << 23 } else { 0 };
            let glc = (any >> 4 & 1) << 14;
            vec![0xdc00_0000 | seg << 16 | o << 18 | glc | imm, v(r) << 24 | sve | sa << 16 | v(r) << 8 | va]
        }
        Format::Mimg => vec![0xf000_0000 | o << 18 | any & 0x3_ff1c, v(r) << 8 | r.below(8)],
        Format::VopdY => return None,
    };
    // The word of the first source, and the one behind the instruction, with lanes of others as the first source.
    let place = match row.format {
        Format::Vop1 | Format::Vop2 | Format::Vopc => Some((0, 1)),
        Format::Vop3 => Some((1, 2)),
        _ => None,
    };
    if let Some((at, behind)) = place
        && r.one_in(5)
    {
        let v = v(r);
        let (code, word) = dpp(r, v);
        let plain = w.clone();
        w[at] = w[at] & !0x1ff | code;
        w[behind] = word;
        if !isa::decode(&w, wave).is_ok_and(|i| i.op == row.op) {
            w = plain;
        }
    }
    let i = isa::decode(&w, wave).ok()?;
    (i.op == row.op).then(|| w[..i.len_dw as usize].to_vec())
}

/// A first source's code that stands for other lanes, and the word that says which.
fn dpp(r: &mut Rng, v: u32) -> (u32, u32) {
    if r.one_in(4) {
        return (233 + r.below(2), v & 255 | r.u32() << 8);
    }
    let n = r.below(16);
    let ctrl = match r.below(8) {
        0 => r.below(256),
        1 => 0x100 + n.max(1),
        2 => 0x110 + n.max(1),
        3 => 0x120 + n.max(1),
        4 => 0x140 + r.below(2),
        5 => 0x150 + n,
        6 => 0x160 + n,
        _ => 0xb1,
    };
    let masks = if r.one_in(2) { 0xff } else { r.below(256) };
    // Bound control, fetch of inactive lanes, and modifiers.
    let (flags, modifiers) = (r.below(4), if r.one_in(3) { r.below(16) } else { 0 });
    (250, v & 255 | ctrl << 8 | flags << 18 | modifiers << 20 | masks << 24)
}

pub fn memory(r: &mut Rng, code: &[u32]) -> Flat {
    let mut m = Flat::default();
    m.add(CODE, bytes(code), false, true);
    let data: Vec<u32> = (0..DATA_BYTES / 4).map(|_| r.value()).collect();
    m.add(DATA, bytes(&data), true, false);
    m.add(CONST, bytes(&data[..256]), false, false);
    m.add(SCRATCH, bytes(&data), true, false);
    m
}

/// MODE: mostly what compilers set.
pub fn mode(r: &mut Rng) -> u32 {
    match r.below(6) {
        0 => r.u32() & 0x80_03ff,
        1 => 0x3c0,
        2 => 0x300,
        3 => 0xf0,
        _ => 0x3f0,
    }
}

pub fn exec(r: &mut Rng) -> u64 {
    match r.below(6) {
        0 => r.next(),
        1 => r.next() & r.next() & r.next(),
        2 if r.one_in(3) => 0,
        2 => !0 >> r.below(40),
        _ => !0,
    }
}

/// Random registers for every wave; `r` decides everything.
pub fn fill(g: &mut Group, r: &mut Rng, wave: WaveSize) {
    let lanes = wave.lanes();
    for w in 0..g.waves().len() {
        for k in (0..8).step_by(2) {
            let base =
                [DATA, DATA, CONST, DATA + 2048][r.below(4) as usize] + if r.one_in(6) { r.below(9) as u64 } else { 0 };
            g.set_sgpr(w, k, base as u32);
            g.set_sgpr(w, k + 1, (base >> 32) as u32);
        }
        // s4 to s7 may be a buffer resource.
        let stride = [0, 0, 4, 16][r.below(4) as usize] << 16;
        g.set_sgpr(w, 5, (DATA >> 32) as u32 | stride);
        g.set_sgpr(w, 6, [4096, 64, 256, 1000][r.below(4) as usize]);
        g.set_sgpr(w, 7, r.u32() & 0x3000_0000 | 0x0001_4fac);
        for k in (8..40).chain([106, 107, 125]) {
            let v = r.value();
            g.set_sgpr(w, k, v);
        }
        g.set_sgpr(w, 9, r.below(16) * 4);
        let e = exec(r);
        g.set_sgpr(w, 126, e as u32);
        g.set_sgpr(w, 127, if wave == WaveSize::W64 { (e >> 32) as u32 } else { 0 });
        g.set_status(w, r.one_in(2), mode(r));
        for k in 0..VGPRS as usize {
            let how = r.below(8);
            let first = r.below(16) * 4;
            let pair = [DATA, DATA + 1024, CONST, 0x2000_0000_0000_0000 + 64, 0x1000_0000_0000_0000][match r.below(12) {
                x @ 0..=4 => x as usize,
                _ => 0,
            }];
            let step = [4, 4, 4, 8, 16, 1, 0][r.below(7) as usize];
            for l in 0..lanes {
                let v = match (k, how) {
                    (0..=3, 0..=4) => first + step * l,
                    (0..=3, 5..=6) => r.below(200) * 4,
                    (0..=3, _) => r.below(1200),
                    (4 | 6, 0..=4) => pair as u32 + first + step * l,
                    (4 | 6, _) => pair as u32 + r.below(1000),
                    _ => r.value(),
                };
                g.vgpr_mut(w, k)[l as usize] = v;
            }
            if k == 5 || k == 7 {
                // The halves above belong to one region, mostly.
                let low = g.vgpr(w, k - 1)[0] as u64;
                let high = if (0x1000..0x1000_0000).contains(&low) || low >= 0x10_0000 { 7 } else { 0 };
                let high = if r.one_in(12) { (pair >> 32) as u32 } else { high.max(7) };
                g.vgpr_mut(w, k).fill(high);
            }
        }
        let lds: Vec<u8> = (0..LDS_BYTES).map(|_| r.u32() as u8).collect();
        g.lds_mut().copy_from_slice(&lds);
    }
}

pub fn shape(wave: WaveSize, threads: u32) -> GroupSetup<'static> {
    GroupSetup {
        vgprs: VGPRS,
        lds_bytes: LDS_BYTES,
        scratch_base: SCRATCH,
        scratch_wave_bytes: 16 * wave.lanes(),
        ..setup(wave, threads, &[])
    }
}

/// Everything a group left behind.
#[derive(PartialEq)]
pub struct Outcome {
    pub end: Result<Stats, Trap>,
    pub waves: Vec<WaveState>,
    pub vgprs: Vec<Vec<u32>>,
    pub lds: Vec<u8>,
    pub data: Vec<Vec<u8>>,
}

impl Outcome {
    /// What differs first.
    pub fn difference(&self, other: &Outcome) -> String {
        if self.end != other.end {
            return format!("{:?}\nnot\n{:?}", other.end, self.end);
        }
        for (a, b) in self.waves.iter().zip(&other.waves) {
            let scalars = |w: &WaveState| (w.status, w.pc, w.exec, w.vcc, w.m0, w.scc, w.mode);
            if scalars(a) != scalars(b) {
                return format!("{:x?}\nnot\n{:x?}", scalars(b), scalars(a));
            }
            if let Some(k) = (0..a.sgprs.len()).find(|&k| a.sgprs[k] != b.sgprs[k]) {
                return format!("s{k} is {:#x}, not {:#x}", b.sgprs[k], a.sgprs[k]);
            }
        }
        for (k, (a, b)) in self.vgprs.iter().zip(&other.vgprs).enumerate() {
            if let Some(l) = (0..a.len()).find(|&l| a[l] != b[l]) {
                let (w, v) = (k / VGPRS as usize, k % VGPRS as usize);
                return format!("wave {w} v{v} lane {l} is {:#x}, not {:#x}", b[l], a[l]);
            }
        }
        if let Some(k) = (0..self.lds.len()).find(|&k| self.lds[k] != other.lds[k]) {
            return format!("LDS byte {k}: {:#x} not {:#x}", other.lds[k], self.lds[k]);
        }
        for (n, (a, b)) in self.data.iter().zip(&other.data).enumerate() {
            if let Some(k) = (0..a.len()).find(|&k| a[k] != b[k]) {
                return format!("region {n} byte {k:#x}: {:#x} not {:#x}", b[k], a[k]);
            }
        }
        "nothing".into()
    }
}

/// Runs words from the state that `seed` gives.
pub fn outcome(code: &[u32], seed: u64, wave: WaveSize, threads: u32, on: On) -> (Outcome, Group) {
    let mut r = Rng::new(seed);
    let mut m = memory(&mut r, code);
    let mut p = Program::new(CODE, wave);
    on.choose(&mut p);
    let mut g = Group::new(&shape(wave, threads), &p);
    fill(&mut g, &mut r, wave);
    let control = Control { stop: &|| false, max_instructions: Some(100_000) };
    let end = g.run(&mut p, &mut m, &control, u64::MAX).map(|_| g.stats());
    assert_eq!(p.translated().1, 0, "the translator could not encode a block of\n{}", listing(code, wave));
    let vgprs = (0..g.waves().len()).flat_map(|w| (0..VGPRS as usize).map(move |v| (w, v)));
    let vgprs = vgprs.map(|(w, v)| g.vgpr(w, v).to_vec()).collect();
    let data = m.regions.into_iter().map(|r| r.data).collect();
    (Outcome { end, waves: g.waves(), vgprs, lds: g.lds().to_vec(), data }, g)
}

/// Text of a program.
pub fn listing(code: &[u32], wave: WaveSize) -> String {
    let mut at = 0;
    let mut text = String::new();
    while at < code.len() {
        match isa::decode(&code[at..], wave) {
            Ok(i) => {
                text += &format!("{at:4}: {}\n", isa::disassemble(&i, wave));
                at += i.len_dw as usize;
            }
            Err(e) => {
                text += &format!("{at:4}: {e}\n");
                at += 1;
            }
        }
    }
    text
}

/// A number from the environment.
pub fn asked(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}
