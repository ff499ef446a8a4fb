//! Decoded code of one entry point.
use crate::fast::{self, Run};
use crate::mem::MemOp;
use crate::valu::{Alu, Half, Kernel, Part};
use crate::{Memory, TrapKind};
use isa::row::{Slot, TIED, Ty};
use isa::{Format, Inst, WaveSize};
use std::collections::HashMap;

/// A source, resolved as far as the code alone tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Src {
    /// VGPR.
    V(u8),
    /// Scalar register by code (0-127).
    S(u8),
    /// Constant.
    K(u64),
    /// Source that is not a register: VCCZ, EXECZ, SCC, apertures.
    X(u16),
}

/// Which part of the machine runs it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    Salu,
    Smem,
    Valu,
    Mem,
    Other,
}

/// Number format of modifiers and denormals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Float {
    None,
    F16,
    F32,
    F64,
    /// Two f16.
    Pair,
    Bf,
    /// Two bf16.
    BfPair,
}

/// Condition of a compare, from its mnemonic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Cmp {
    /// Bit 0 less, bit 1 equal, bit 2 greater, bit 3 unordered.
    pub truth: u8,
    pub kind: CmpKind,
    pub to_exec: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CmpKind {
    F(u8),
    I(u8),
    U(u8),
    Class(u8),
}

/// One instruction, ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub inst: Inst,
    pub unit: Unit,
    pub s: [Src; 3],
    pub y: [Src; 2],
    /// Runs a vector ALU instruction, pairs included, on a wave of the lanes it was decoded for; None for other units.
    pub run: Option<Run>,
    /// What `run` calls when MODE is not as usual.
    pub slow: Option<Run>,
    pub alu: Alu,
    pub pair: Option<[Half; 2]>,
    pub cmp: Option<Cmp>,
    pub mem: Option<MemOp>,
    pub load: Option<ScalarLoad>,
}

/// A scalar load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScalarLoad {
    /// Through a V#, with its range check.
    pub buffer: bool,
    pub dwords: u8,
}

/// The inline constants 240 to 248 in single precision.
pub(crate) const INLINE32: [u32; 9] =
    [0x3f000000, 0xbf000000, 0x3f800000, 0xbf800000, 0x40000000, 0xc0000000, 0x40800000, 0xc0800000, 0x3e22f983];
const INLINE16: [u16; 9] = [0x3800, 0xb800, 0x3c00, 0xbc00, 0x4000, 0xc000, 0x4400, 0xc400, 0x3118];
const INLINE64: [u64; 9] = [
    0x3fe0000000000000,
    0xbfe0000000000000,
    0x3ff0000000000000,
    0xbff0000000000000,
    0x4000000000000000,
    0xc000000000000000,
    0x4010000000000000,
    0xc010000000000000,
    0x3fc45f306dc9c882,
];

fn source(code: u16, ty: Ty, literal: u32, signed: bool) -> Src {
    let n = (code as usize).wrapping_sub(240);
    match code {
        256.. => Src::V((code - 256) as u8),
        128..=192 => Src::K(code as u64 - 128),
        193..=208 => Src::K((192 - code as i64) as u64),
        240..=248 => Src::K(match ty {
            Ty::F64 | Ty::B64 => INLINE64[n],
            Ty::F16 | Ty::B16 | Ty::V2F16 => INLINE16[n] as u64,
            Ty::BF16 | Ty::V2BF16 => (INLINE32[n] >> 16) as u64,
            _ => INLINE32[n] as u64,
        }),
        255 => Src::K(match ty {
            Ty::F64 => (literal as u64) << 32,
            Ty::B64 if signed => literal as i32 as i64 as u64,
            _ => literal as u64,
        }),
        0..=127 => Src::S(code as u8),
        _ => Src::X(code),
    }
}

fn compare(name: &str) -> Option<Cmp> {
    let (rest, to_exec) = match name.strip_prefix("v_cmpx_") {
        Some(r) => (r, true),
        None => (name.strip_prefix("v_cmp_")?, false),
    };
    let (cond, ty) = rest.rsplit_once('_')?;
    let bytes = ty[1..].parse::<u8>().ok()? / 8;
    if cond == "class" {
        return Some(Cmp { truth: 0, kind: CmpKind::Class(bytes), to_exec });
    }
    let kind = match &ty[..1] {
        "f" => CmpKind::F(bytes),
        "i" => CmpKind::I(bytes),
        _ => CmpKind::U(bytes),
    };
    const L: u8 = 1;
    const E: u8 = 2;
    const G: u8 = 4;
    const N: u8 = 8;
    let truth = match cond {
        "f" => 0,
        "lt" => L,
        "eq" => E,
        "le" => L | E,
        "gt" => G,
        "lg" => L | G,
        "ne" => L | G,
        "ge" => G | E,
        "o" => L | E | G,
        "u" => N,
        "nge" => L | N,
        "nlg" => E | N,
        "ngt" => L | E | N,
        "nle" => G | N,
        "neq" => L | G | N,
        "nlt" => G | E | N,
        "t" => L | E | G | N,
        _ => return None,
    };
    Some(Cmp { truth, kind, to_exec })
}

impl Code {
    /// Resolves an instruction for waves of a size on this host.
    pub(crate) fn new(inst: Inst, wave: WaveSize) -> Code {
        let row = inst.row();
        let signed = row.name.ends_with("_i64");
        let mix = matches!(inst.op, isa::Op::V_FMA_MIX_F32 | isa::Op::V_FMA_MIXLO_F16 | isa::Op::V_FMA_MIXHI_F16);
        let resolve = |row: &isa::Row, slot: Slot, code: u16| match row.operand(slot) {
            // Mixed FMA: each source is f16 or f32 by its OP_SEL_HI, constants too.
            Some(_) if mix && inst.mods.opsel_hi >> (slot as usize - Slot::Src0 as usize) & 1 == 0 => {
                source(code, Ty::F32, inst.literal, signed)
            }
            Some(o) => match source(code, o.ty, inst.literal, signed) {
                // VOP2 has no OP_SEL_HI: from gfx11 on an inline constant stands for both halves.
                Src::K(k) if inst.op == isa::Op::V_PK_FMAC_F16 && code != 255 => {
                    Src::K(k & 0xffff | (k & 0xffff) << 16)
                }
                s => s,
            },
            None => Src::K(0),
        };
        let mut s = [
            resolve(row, Slot::Src0, inst.src[0]),
            resolve(row, Slot::Src1, inst.src[1]),
            resolve(row, Slot::Src2, inst.src[2]),
        ];
        // FMAMK multiplies by the constant and adds src1; FMAAK adds the constant.
        let k = |row: &isa::Row| row.operand(Slot::Imm).is_some();
        if k(row) && row.format != Format::Sopk {
            s[2] = Src::K(inst.literal as u64);
        }
        let y = inst.y.map_or([Src::K(0); 2], |h| {
            [resolve(h.row(), Slot::Src0, h.src[0]), resolve(h.row(), Slot::Src1, h.src[1])]
        });
        let cmp = compare(row.name);
        let mem = MemOp::new(&inst);
        let buffer = row.name.starts_with("s_buffer_load");
        let load = (buffer || row.name.starts_with("s_load"))
            .then(|| ScalarLoad { buffer, dwords: row.operand(Slot::Sdst).map_or(1, |o| o.ty.dwords(false)) });
        let level = crate::group::level();
        let lanes = wave.lanes();
        let alu = Alu::new(&inst, level, lanes);
        if row.has(TIED) && row.operand(Slot::Src2).is_none() && row.operand(Slot::Vdst).is_some() {
            s[2] = Src::V(inst.vdst);
        }
        // Bit 7 of a 16-bit VGPR operand in the short formats is its half.
        if matches!(row.format, Format::Vop1 | Format::Vop2 | Format::Vopc) {
            for (s, o) in s.iter_mut().zip(&alu.src) {
                if let Src::V(v) = s
                    && o.part == Part::High
                {
                    *v &= 127;
                }
            }
        }
        let pair = inst.y.and_then(|y| Some([Half::new(inst.op, level)?, Half::new(y.op, level)?]));
        let slow = match (cmp, &alu.kernel) {
            (Some(_), _) => Some(fast::compare_full(level, lanes)),
            (None, Kernel::Lanes(..)) => Some(fast::full(level, lanes)),
            (None, Kernel::Wide(..)) => Some(fast::full_wide(level, lanes)),
            (None, Kernel::None) => None,
        };
        let run = match row.format {
            Format::VopdX | Format::VopdY => pair.map(|_| fast::pair(level, lanes)),
            Format::Vop1 | Format::Vop2 | Format::Vop3 | Format::Vopc | Format::Vop3p | Format::Vinterp => {
                vector(&inst, &alu, cmp, level, lanes)
            }
            _ => None,
        };
        let unit = match row.format {
            Format::Sop1 | Format::Sop2 | Format::Sopc | Format::Sopk | Format::Sopp => Unit::Salu,
            Format::Smem => Unit::Smem,
            _ if run.is_some() => Unit::Valu,
            Format::Ds | Format::Mubuf | Format::Mtbuf | Format::Mimg | Format::Ldsdir => Unit::Mem,
            Format::Flat | Format::Global | Format::Scratch => Unit::Mem,
            _ => Unit::Other,
        };
        Code { inst, unit, s, y, run, slow, alu, pair, cmp, mem, load }
    }

    /// What the vector ALU knows of it.
    #[inline(always)]
    pub(crate) fn alu(&self) -> &Alu {
        &self.alu
    }
}

/// The function that runs a vector instruction on a wave; None where the op has no semantics.
fn vector(inst: &Inst, alu: &Alu, cmp: Option<Cmp>, level: fast::Level, lanes: u32) -> Option<Run> {
    if let Some(cmp) = cmp {
        let narrow = matches!(cmp.kind, CmpKind::F(4) | CmpKind::I(4) | CmpKind::U(4));
        let f = if alu.simple && narrow { fast::compare } else { fast::compare_full };
        return Some(f(level, lanes));
    }
    if let Some(run) = crate::special::find(inst.op, level, lanes) {
        return Some(run);
    }
    if alu.simple
        && !(inst.mods.clamp && crate::ops::saturating(inst.op, level).is_some())
        && let Some(run) = crate::ops::fused(inst.op, level, lanes)
    {
        return Some(run);
    }
    let f = match (&alu.kernel, alu.simple) {
        (Kernel::None, _) => return None,
        (Kernel::Lanes(..), true) if alu.half == Part::Whole => fast::simple,
        (Kernel::Lanes(..), true) => fast::simple_half,
        (Kernel::Lanes(..), false) => fast::full,
        (Kernel::Wide(..), true) => fast::simple_wide,
        (Kernel::Wide(..), false) => fast::full_wide,
    };
    Some(f(level, lanes))
}

/// Largest distance from the entry that is looked up in a table rather than a map.
const TABLE_DW: u64 = 1 << 18;

/// Which engine runs the waves of a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Engine {
    /// Code that ran often enough is translated, the rest interpreted. Where the host lacks what the translator needs, or
    /// `SPARKLE_EMU_SIMD` asks for `portable`, everything is interpreted.
    #[default]
    Auto,
    /// The portable interpreter.
    Interpreter,
    /// Everything is translated before it first runs, where the host can.
    Translator,
}

/// Host instructions that translated code is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HostCode {
    /// AVX2 and FMA, with BMI1 and BMI2.
    Avx2,
    /// AVX-512 F, VL, DQ and BW besides.
    Avx512,
}

impl HostCode {
    /// Can this host run it, and does `SPARKLE_EMU_SIMD` allow it.
    pub fn available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return crate::jit::able(crate::group::level(), self);
        #[cfg(not(target_arch = "x86_64"))]
        false
    }
}

/// Decoded code of one entry point: filled on demand through [`Memory::fetch`], reused across workgroups.
#[derive(Clone, Debug)]
pub struct Program {
    entry: u64,
    wave: WaveSize,
    table: Vec<u32>,
    far: HashMap<u64, u32>,
    /// Words that were decoded, in runs of consecutive addresses.
    runs: Vec<(u64, Vec<u32>)>,
    engine: Engine,
    host_code: Option<HostCode>,
    pub(crate) code: Vec<Code>,
    #[cfg(target_arch = "x86_64")]
    pub(crate) jit: crate::jit::Holder,
}

impl Program {
    /// Nothing is fetched before the first wave runs.
    pub fn new(entry_va: u64, wave: WaveSize) -> Program {
        Program {
            entry: entry_va,
            wave,
            table: Vec::new(),
            far: HashMap::new(),
            runs: Vec::new(),
            engine: Engine::Auto,
            host_code: None,
            code: Vec::new(),
            #[cfg(target_arch = "x86_64")]
            jit: Default::default(),
        }
    }

    /// Which engine runs it; [`Engine::Auto`] until then.
    pub fn set_engine(&mut self, engine: Engine) {
        self.engine = engine;
    }

    /// Which host instructions to translate to; None, as at first, for the widest there are. Where the host lacks them
    /// everything is interpreted.
    pub fn set_host_code(&mut self, code: Option<HostCode>) {
        self.host_code = code;
    }

    /// Which host instructions were asked for.
    pub fn host_code(&self) -> Option<HostCode> {
        self.host_code
    }

    /// Which engine runs it.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Blocks of host code there are, and blocks left to the interpreter because the translator could not encode them.
    pub fn translated(&self) -> (usize, usize) {
        #[cfg(target_arch = "x86_64")]
        return self.jit.count();
        #[cfg(not(target_arch = "x86_64"))]
        (0, 0)
    }

    /// Compares what was decoded with memory. Where it still stands there the answer is true; otherwise everything decoded
    /// and translated is dropped, so that the next run fetches anew.
    pub fn revalidate(&mut self, mem: &mut dyn Memory) -> bool {
        let mut buffer = [0u32; 256];
        let same = self.runs.iter().all(|(start, words)| {
            let mut at = 0;
            while at < words.len() {
                let want = (words.len() - at).min(buffer.len());
                match mem.fetch(start + 4 * at as u64, &mut buffer[..want]) {
                    Ok(n) if (1..=want).contains(&n) && buffer[..n] == words[at..at + n] => at += n,
                    _ => return false,
                }
            }
            true
        });
        if !same {
            self.table.clear();
            self.far.clear();
            self.runs.clear();
            self.code.clear();
            #[cfg(target_arch = "x86_64")]
            self.jit.clear();
        }
        same
    }

    /// Address of the first instruction.
    pub fn entry(&self) -> u64 {
        self.entry
    }

    /// Lanes of its waves.
    pub fn wave_size(&self) -> WaveSize {
        self.wave
    }

    /// Index of the instruction at `pc`, decoded now if it is new.
    #[inline(always)]
    pub(crate) fn at(&mut self, pc: u64, mem: &mut dyn Memory) -> Result<usize, TrapKind> {
        let off = pc.wrapping_sub(self.entry) / 4;
        if let Some(&k) = self.table.get(off as usize)
            && k != 0
        {
            return Ok(k as usize - 1);
        }
        self.fill(pc, off, mem)
    }

    #[cold]
    fn fill(&mut self, pc: u64, off: u64, mem: &mut dyn Memory) -> Result<usize, TrapKind> {
        if off >= TABLE_DW
            && let Some(&k) = self.far.get(&pc)
        {
            return Ok(k as usize);
        }
        let mut words = [0u32; 8];
        let mut have = mem.fetch(pc, &mut words)?.clamp(1, 8);
        let inst = loop {
            match isa::decode(&words[..have], self.wave) {
                Ok(i) => break i,
                Err(isa::DecodeError::Truncated { need, .. }) if need <= 8 => {
                    // The rest lies on the next page.
                    let n = mem.fetch(pc + 4 * have as u64, &mut words[have..])?;
                    have = (have + n.max(1)).min(8);
                }
                Err(why) => {
                    return Err(TrapKind::IllegalInstruction { words: words[..have.min(3)].to_vec(), why });
                }
            }
        };
        let k = self.code.len();
        let new = &words[..inst.len_dw as usize];
        match self.runs.last_mut() {
            Some((start, run)) if *start + 4 * run.len() as u64 == pc => run.extend_from_slice(new),
            _ => self.runs.push((pc, new.to_vec())),
        }
        self.code.push(Code::new(inst, self.wave));
        if off < TABLE_DW {
            if self.table.len() <= off as usize {
                self.table.resize(off as usize + 64, 0);
            }
            self.table[off as usize] = k as u32 + 1;
        } else {
            self.far.insert(pc, k as u32);
        }
        Ok(k)
    }

    /// Text of the instruction at `pc`, where it was decoded.
    pub(crate) fn text(&self, pc: u64) -> Option<String> {
        let off = pc.wrapping_sub(self.entry) / 4;
        let k = match self.table.get(off as usize) {
            Some(&k) if k != 0 => k as usize - 1,
            _ => *self.far.get(&pc)? as usize,
        };
        Some(isa::disassemble(&self.code[k].inst, self.wave))
    }
}
