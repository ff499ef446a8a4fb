//! Runs a vector: registers come from memory and go back to memory, by code around the instruction.
//!
//! The prologue and epilogue are the same for every vector of a wave size; they find the state by SGPRs from 80 on.
use crate::common::{Flat, On, setup};
use crate::vectors::*;
use isa::asm::{Options, assemble};
use isa_exec::*;

const CODE: u64 = 0x10_0000;
const STATE_IN: u64 = 0x2000_0000;
const STATE_OUT: u64 = 0x3000_0000;
/// Bytes of the lanes of four VGPRs.
const QUAD: usize = 1024;
const QUADS: usize = V_REGS / 4;
/// Where the SGPRs lie in the output: three VGPRs' worth, a lane each.
const OUT_S: usize = QUADS * QUAD;
const OUT_LDS: usize = OUT_S + QUAD;
const STATE_BYTES: usize = OUT_LDS + 0x1_0000;
const IN_LDS: usize = OUT_LDS;
/// SGPRs that the epilogue gives back after the test's own.
const SPECIAL: usize = 8;

/// What came out.
pub struct After {
    pub s: Vec<u32>,
    /// VGPR by VGPR, lane by lane.
    pub v: Vec<Vec<u32>>,
    pub vcc: u64,
    pub exec: u64,
    pub scc: u32,
    pub m0: u32,
    pub mode: u32,
    pub global: Vec<u8>,
    pub lds: Vec<u8>,
    pub scratch: Vec<u8>,
}

/// One wave size: its code, and a program that has seen it.
pub struct Machine {
    wave: WaveSize,
    program: Program,
    mem: Flat,
    at: Vec<u64>,
    epilogue: u64,
    on: On,
}

fn words(source: &str) -> Vec<u8> {
    let unit = assemble(source, "oracle", &Options::default()).unwrap_or_else(|e| panic!("{}", e[0]));
    unit.text().to_vec()
}

fn program(wave: WaveSize, on: On) -> Program {
    let mut p = Program::new(CODE, wave);
    on.choose(&mut p);
    p
}

fn prologue(wave: usize) -> String {
    let mut s = String::from("v_mov_b32 v60, v0\nv_lshlrev_b32 v63, 4, v0\n");
    for q in 0..QUADS {
        if q > 0 && q % 4 == 0 {
            s += "v_add_nc_u32 v63, 0x1000, v63\n";
        }
        s += &format!("global_load_b128 v[{}:{}], v63, s[80:81] offset:{}\n", 4 * q, 4 * q + 3, q % 4 * QUAD);
    }
    // LDS, a dword a lane and turn; s92 is its size, a multiple of 256.
    s += &format!(
        "s_waitcnt vmcnt(0)\ns_cmp_eq_u32 s92, 0\ns_cbranch_scc1 no_lds\ns_mov_b32 s93, 0\nv_lshlrev_b32 v62, 2, v60\nfill:\n\
         v_add_nc_u32 v61, {IN_LDS}, v62\nglobal_load_b32 v61, v61, s[80:81]\ns_waitcnt vmcnt(0)\nds_store_b32 v62, v61\n\
         v_add_nc_u32 v62, {step}, v62\ns_add_u32 s93, s93, {step}\ns_cmp_lt_u32 s93, s92\ns_cbranch_scc1 fill\n\
         s_waitcnt lgkmcnt(0)\nno_lds:\n",
        step = 4 * wave
    );
    s += "s_mov_b32 m0, s88\ns_mov_b32 vcc_lo, s84\ns_mov_b32 vcc_hi, s85\ns_cmp_eq_u32 s89, 1\ns_mov_b32 exec_lo, s86\n";
    if wave == 64 {
        s += "s_mov_b32 exec_hi, s87\n";
    }
    s + "s_setpc_b64 s[90:91]\n"
}

fn epilogue(wave: usize) -> String {
    let mut s = String::from(
        "s_cselect_b32 s98, 1, 0\ns_mov_b32 s99, exec_lo\ns_mov_b32 s100, exec_hi\ns_mov_b32 exec_lo, -1\n",
    );
    if wave == 64 {
        s += "s_mov_b32 exec_hi, -1\n";
    }
    s += "s_waitcnt vmcnt(0) lgkmcnt(0)\ns_getreg_b32 s101, hwreg(HW_REG_MODE)\nv_lshlrev_b32 v63, 4, v60\n";
    for q in 0..QUADS {
        if q > 0 && q % 4 == 0 {
            s += "v_add_nc_u32 v63, 0x1000, v63\n";
        }
        s += &format!("global_store_b128 v63, v[{}:{}], s[82:83] offset:{}\n", 4 * q, 4 * q + 3, q % 4 * QUAD);
    }
    for k in 0..S_REGS + SPECIAL {
        let name = match k.checked_sub(S_REGS) {
            None => format!("s{k}"),
            Some(n) => ["s98", "s99", "s100", "s101", "vcc_lo", "vcc_hi", "m0", "s80"][n].to_string(),
        };
        s += &format!("v_writelane_b32 v{}, {name}, {}\n", 56 + k / 32, k % 32);
    }
    s += &format!("v_lshlrev_b32 v62, 2, v60\nv_add_nc_u32 v62, {OUT_S}, v62\n");
    for k in 0..3 {
        s += &format!("global_store_b32 v62, v{}, s[82:83] offset:{}\n", 56 + k, k * 256);
    }
    s + &format!(
        "s_cmp_eq_u32 s92, 0\ns_cbranch_scc1 no_lds\ns_mov_b32 s93, 0\nv_lshlrev_b32 v62, 2, v60\ns_mov_b32 m0, -1\nfill:\n\
         ds_load_b32 v61, v62\ns_waitcnt lgkmcnt(0)\nv_add_nc_u32 v59, {OUT_LDS}, v62\n\
         global_store_b32 v59, v61, s[82:83]\nv_add_nc_u32 v62, {step}, v62\ns_add_u32 s93, s93, {step}\n\
         s_cmp_lt_u32 s93, s92\ns_cbranch_scc1 fill\nno_lds:\ns_endpgm\n",
        step = 4 * wave
    )
}

impl Machine {
    /// Lays the vectors of one wave size out in memory.
    pub fn new(wave: usize, on: On, vectors: &[&Vector]) -> Machine {
        let mut code = words(&prologue(wave));
        let epilogue = CODE + code.len() as u64;
        code.extend(words(&self::epilogue(wave)));
        let back = words("s_setpc_b64 s[96:97]\n");
        let mut at = Vec::with_capacity(vectors.len());
        for v in vectors {
            at.push(CODE + code.len() as u64);
            code.extend(v.code.iter().flat_map(|w| w.to_le_bytes()));
            code.extend(&back);
        }
        // What a fetch may look at behind the last one.
        code.extend([0; 256]);
        let mut mem = Flat::default();
        mem.add(CODE, code, false, true);
        mem.add(STATE_IN, vec![0; STATE_BYTES], false, false);
        mem.add(STATE_OUT, vec![0; STATE_BYTES], true, false);
        mem.add(GLOBAL, vec![0; GLOBAL_BYTES], true, false);
        let wave = if wave == 64 { WaveSize::W64 } else { WaveSize::W32 };
        Machine { wave, program: program(wave, on), mem, at, epilogue, on }
    }

    fn region(&mut self, base: u64) -> &mut Vec<u8> {
        &mut self.mem.regions.iter_mut().find(|r| r.base == base).expect("a region of the machine").data
    }

    /// Runs the vector that was `index`-th in [`Machine::new`].
    pub fn run(&mut self, index: usize, v: &Vector) -> Result<After, Trap> {
        let lanes = v.wave;
        let mut state = std::mem::take(self.region(STATE_IN));
        for r in 0..V_REGS {
            for (l, x) in v.before(r).into_iter().enumerate() {
                let at = r / 4 * QUAD + l * 16 + r % 4 * 4;
                state[at..at + 4].copy_from_slice(&x.to_le_bytes());
            }
        }
        let lds_bytes = v.lds.next_multiple_of(256);
        state[IN_LDS..IN_LDS + lds_bytes as usize].copy_from_slice(&v.memory(Space::Lds, lds_bytes as usize));
        *self.region(STATE_IN) = state;
        *self.region(GLOBAL) = v.memory(Space::Global, GLOBAL_BYTES);
        self.mem.regions.retain(|r| r.base != SCRATCH && Some(r.base) != v.pc);
        if v.scratch > 0 {
            self.mem.add(SCRATCH, v.memory(Space::Scratch, v.scratch as usize), true, false);
        }
        let mut entry = self.at[index];
        let mut own = None;
        if let Some(pc) = v.pc {
            // Code at an address of the test's choice; a program of its own, as others use the address too.
            let mut code: Vec<u8> = v.code.iter().flat_map(|w| w.to_le_bytes()).collect();
            code.extend(words("s_setpc_b64 s[96:97]\n"));
            code.extend([0; 256]);
            self.mem.add(pc, code, false, true);
            entry = pc;
            own = Some(program(self.wave, self.on));
        }
        let mut s = v.s.clone();
        s.resize(106, 0);
        let mut pair = |at: usize, x: u64| {
            s[at] = x as u32;
            s[at + 1] = (x >> 32) as u32;
        };
        pair(80, STATE_IN);
        pair(82, STATE_OUT);
        pair(84, v.vcc);
        pair(86, v.exec);
        pair(90, entry);
        pair(96, self.epilogue);
        s[88] = v.m0;
        s[89] = v.scc;
        s[92] = lds_bytes;
        let mut g = setup(self.wave, lanes as u32, &s);
        g.lds_bytes = lds_bytes;
        g.float_mode = v.mode as u8;
        g.dx10_clamp = v.mode >> 8 & 1 != 0;
        g.ieee = v.mode >> 9 & 1 != 0;
        g.fp16_ovfl = v.mode >> 23 & 1 != 0;
        if v.scratch > 0 {
            g.scratch_base = SCRATCH;
            g.scratch_wave_bytes = v.scratch;
        }
        let control = Control { stop: &|| false, max_instructions: Some(20_000) };
        let program = own.as_mut().unwrap_or(&mut self.program);
        run_group(&g, program, &mut self.mem, &control)?;
        let lds_end = OUT_LDS + lds_bytes as usize;
        let scratch = if v.scratch > 0 { std::mem::take(self.region(SCRATCH)) } else { Vec::new() };
        let global = std::mem::take(self.region(GLOBAL));
        let out = self.region(STATE_OUT);
        let dword = |at: usize| u32::from_le_bytes(out[at..at + 4].try_into().unwrap());
        let sgpr = |k: usize| dword(OUT_S + k / 32 * 256 + k % 32 * 4);
        let special = |k: usize| sgpr(S_REGS + k) as u64;
        Ok(After {
            s: (0..S_REGS).map(sgpr).collect(),
            v: (0..V_REGS).map(|r| (0..lanes).map(|l| dword(r / 4 * QUAD + l * 16 + r % 4 * 4)).collect()).collect(),
            scc: special(0) as u32,
            exec: special(1) | if lanes == 64 { special(2) << 32 } else { 0 },
            mode: special(3) as u32,
            vcc: special(4) | special(5) << 32,
            m0: special(6) as u32,
            global,
            lds: out[OUT_LDS..lds_end].to_vec(),
            scratch,
        })
    }
}
