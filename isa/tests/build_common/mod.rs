//! What the builder's tests share: random numbers, random instructions, and LLVM as the judge.
#![allow(dead_code)]
#[path = "../words/ours.rs"]
pub mod ours;
use isa::row::*;
use isa::*;
use std::io::Write;
use std::process::{Command, Stdio};

/// xorshift64: the tests are the same in every run.
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

const MC: &str = "/usr/lib/llvm-19/bin/llvm-mc";

/// What LLVM says to each line: the bytes, or the error. None where LLVM 19 is not installed.
pub fn llvm(lines: &[String], target: Target) -> Option<Vec<Result<Vec<u8>, String>>> {
    let wave = if target.wave.is64() { "+wavefrontsize64" } else { "+wavefrontsize32" };
    let mut child = Command::new(MC)
        .args(["-triple=amdgcn-amd-amdhsa", "-show-encoding"])
        .arg(format!("-mcpu={}", target.arch.name()))
        .arg(format!("-mattr={wave}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let text = lines.join("\n") + "\n";
    let mut stdin = child.stdin.take().unwrap();
    let feed = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let out = child.wait_with_output().unwrap();
    feed.join().unwrap().unwrap();
    let mut answers: Vec<Option<Result<Vec<u8>, String>>> = vec![None; lines.len()];
    for line in String::from_utf8_lossy(&out.stderr).lines() {
        if let Some(rest) = line.strip_prefix("<stdin>:")
            && let Some((n, rest)) = rest.split_once(':')
            && let Some((_, message)) = rest.split_once("error: ")
        {
            answers[n.parse::<usize>().unwrap() - 1].get_or_insert(Err(message.into()));
        }
    }
    let stdout = String::from_utf8_lossy(&out.stdout).into_owned();
    let mut good = stdout.lines().filter_map(|l| l.split_once("encoding: [")).map(|(_, bytes)| {
        bytes
            .trim_end_matches(']')
            .split(',')
            .map(|b| u8::from_str_radix(b.trim_start_matches("0x"), 16).unwrap_or(0))
            .collect::<Vec<u8>>()
    });
    Some(answers.into_iter().map(|a| a.unwrap_or_else(|| good.next().ok_or("no answer".into()))).collect())
}

/// What LLVM 19 takes though it cannot mean anything.
pub fn llvm_is_lax(line: &str) -> bool {
    // Sources that gfx11 does not have, where a modifier or VOPD is around.
    ["src_vccz", "src_execz", "src_lds_direct"].iter().any(|s| line.contains(s))
        // A literal and a DPP word, which share one place.
        || line.starts_with("v_fma_mix") && line.contains("_dpp")
        // A matrix in a memory aperture or in no register.
        || line.starts_with("v_wmma") && (line.contains("src_") || line.contains("null"))
}

/// What LLVM 19 refuses though it has an encoding.
pub fn llvm_is_strict(line: &str) -> bool {
    // A double's literal in hexadecimal under a modifier, which LLVM takes in decimal only.
    line.contains("_f64") && (line.contains("(0x") || line.contains("|0x"))
        // 1/(2*pi) as 16 bits of an integer beside DPP, which other forms take.
        || line.contains("16_e64_dpp") && line.contains("0.15915494")
}

/// Was the text of an image instruction printed with widths that are not its own: where LLVM has no instruction of
/// these (a multisampled image sampled, an atomic on three components), it prints those of another and refuses them,
/// and so does this crate.
pub fn has_other_widths(line: &str, refused: &str, target: Target) -> bool {
    let of_widths =
        |e: &str| e.contains("image address size does not match") || e.contains("image data size does not match");
    of_widths(refused) && asm::inst::assemble(line, &target, &()).is_err_and(|e| of_widths(&e.message))
}

pub fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|w| w.to_le_bytes()).collect()
}

/// A source code, mostly one that the class takes.
pub fn source(r: &mut Rng, o: &Operand, wave64: bool, wild: bool) -> u16 {
    let n = o.ty.dwords(wave64) as u64;
    let v = |r: &mut Rng| 256 + if wild && r.one_in(12) { r.below(256) } else { r.below(128 - n + 1) } as u16;
    let s = |r: &mut Rng| scalar(r, n, wild);
    let c = |r: &mut Rng| r.pick(&[128u64, 129, 160, 192, 193, 208, 240, 242, 247, 248]) as u16;
    let any = |r: &mut Rng| match r.below(6) {
        0 => v(r),
        1 | 2 => s(r),
        3 => c(r),
        4 => 255,
        _ => r.pick(&[235, 236, 237, 238, 253, 251, 254]),
    };
    if wild && r.one_in(8) {
        return any(r);
    }
    match o.class {
        Class::V => v(r),
        Class::Src => match r.below(8) {
            0..3 => v(r),
            3..6 => s(r),
            6 => c(r),
            _ => 255,
        },
        Class::Const => match r.below(3) {
            0 => v(r),
            1 if n <= 2 => s(r),
            _ => c(r),
        },
        Class::Ssrc => match r.below(3) {
            0 => c(r),
            1 => 255,
            _ => s(r),
        },
        Class::Sconst => match r.below(2) {
            0 => c(r),
            _ => s(r),
        },
        _ => s(r),
    }
}

/// A scalar register of `n` dwords, mostly an aligned one.
pub fn scalar(r: &mut Rng, n: u64, wild: bool) -> u16 {
    let align = match n {
        1 => 1,
        2 => 2,
        _ => 4,
    };
    match r.below(if wild { 9 } else { 7 }) {
        // Few registers, so that some come twice.
        0..5 => (r.below(5) * align) as u16,
        5 => (r.below((106 - n) / align + 1) * align).min(105) as u16,
        6 if n <= 2 => 106,
        6 => 0,
        7 => r.below(128) as u16,
        _ => r.pick(&[106, 107, 108, 110, 112, 120, 124, 125, 126, 127, 100, 102, 104]),
    }
}

/// A random instruction of the row; `wild` ones break rules often.
pub fn random(r: &mut Rng, row: &'static Row, target: Target, wild: bool) -> Inst {
    let wave64 = target.wave.is64();
    let mut i = Inst::blank(row);
    // A number that no inline constant has, in 16 bits either.
    i.literal = 0x1234 + r.below(0x1000) as u32;
    let vg = |r: &mut Rng, n: u8| {
        if wild && r.one_in(10) { (256 - r.below(n as u64 + 1)).min(255) as u8 } else { r.below(128 - n as u64) as u8 }
    };
    for o in row.operands {
        let n = o.ty.dwords(wave64);
        match o.slot {
            Slot::Vdst if o.class == Class::S => i.vdst = scalar(r, n as u64, wild) as u8,
            Slot::Vdst => i.vdst = vg(r, n),
            Slot::Sdst if o.class == Class::Num => i.sdst = r.below(65) as u8,
            Slot::Sdst if row.name.starts_with("s_waitcnt") && !r.one_in(4) => i.sdst = 124,
            Slot::Sdst => i.sdst = scalar(r, n as u64, wild) as u8,
            Slot::Src0 if o.class == Class::Msg => i.src[0] = r.pick(&[128, 129, 130, 131, 132, 133, 134]),
            Slot::Src0 => i.src[0] = source(r, o, wave64, wild),
            Slot::Src1 => i.src[1] = source(r, o, wave64, wild),
            Slot::Src2 => i.src[2] = source(r, o, wave64, wild),
            Slot::Sbase => i.mem.sbase = scalar(r, n as u64, wild) as u8,
            Slot::Addr => i.mem.addr = vg(r, n),
            Slot::Data0 => i.mem.data0 = vg(r, n),
            Slot::Data1 => i.mem.data1 = vg(r, n),
            Slot::Vdata => i.mem.data0 = vg(r, n),
            Slot::Simm => {
                i.imm = match o.class {
                    Class::Hwreg => {
                        (r.below(32) << 11 | r.below(32) << 6 | r.pick(&[1u64, 2, 3, 5, 29])) as u16 as i16 as i32
                    }
                    Class::Msg => r.pick(&[1, 2, 3, 5, 6, 9]),
                    Class::Delay => (r.below(12) | r.below(6) << 4 | r.below(12) << 7) as i32,
                    Class::Waitcnt => (r.below(8) | r.below(64) << 4 | r.below(64) << 10) as u16 as i16 as i32,
                    Class::Depctr => 0xffff_u16 as i16 as i32 & !0x60 & !(r.below(8) << 9) as i32,
                    Class::Version => 6 | 0x4000,
                    _ => r.below(0x10000) as u16 as i16 as i32,
                }
            }
            Slot::Imm | Slot::Vcc | Slot::Ssamp => {}
        }
    }
    if row.operands.iter().any(|o| o.slot == Slot::Imm && o.ty == Ty::F16) {
        i.literal &= 0xffff;
    }
    match row.format {
        Format::Vop1 | Format::Vop2 | Format::Vopc | Format::Vop3 | Format::Vop3p => vector(r, row, &mut i, wild),
        Format::Vinterp => {
            i.ext = Ext::Interp { attr: 0, chan: 0, wait: r.below(8) as u8 };
            vector(r, row, &mut i, wild);
        }
        Format::VopdX => {
            let rows: Vec<_> = ROWS.iter().filter(|x| x.format == Format::VopdY).collect();
            let y = r.pick(&rows);
            let mut half = Inst::blank(y);
            for o in y.operands {
                match o.slot {
                    Slot::Vdst => half.vdst = r.below(128) as u8,
                    Slot::Src0 => half.src[0] = source(r, o, false, wild),
                    Slot::Src1 => half.src[1] = source(r, o, false, wild),
                    _ => {}
                }
            }
            if !wild || !r.one_in(8) {
                half.vdst = half.vdst & !1 | !i.vdst & 1;
            }
            i.y = Some(Half::new(y, half.vdst, [half.src[0], half.src[1]]));
        }
        Format::Smem if row.has(ADDR) => {
            i.mem.soffset = if r.one_in(2) { 124 } else { scalar(r, 1, wild) as u8 };
            i.imm = if r.one_in(2) { r.below(0x2000) as i32 } else { r.below(1 << 21) as i32 - (1 << 20) };
            if !row.has(NOCPOL) {
                i.mem.glc = r.one_in(3);
                i.mem.dlc = r.one_in(3);
            }
        }
        Format::Ldsdir => {
            i.ext = Ext::Interp {
                attr: if row.op == Op::LDS_PARAM_LOAD { r.below(34) as u8 } else { 0 },
                chan: if row.op == Op::LDS_PARAM_LOAD { r.below(4) as u8 } else { 0 },
                wait: r.below(16) as u8,
            };
        }
        Format::Ds => {
            i.imm = match row.op {
                // Several offsets mean one swizzle; of these each means its own.
                Op::DS_SWIZZLE_B32 => 0x8000 | r.below(256) as i32,
                _ if row.has(NOOFFSET) => 0,
                _ => r.below(0x10000) as i32,
            };
            i.mem.gds = row.has(GDS) || !row.has(NOGDS) && r.one_in(4);
        }
        Format::Mubuf | Format::Mtbuf if row.has(ADDR) => {
            i.mem.sbase = scalar(r, 4, wild) as u8;
            i.mem.soffset = if r.one_in(2) { scalar(r, 1, wild) as u8 } else { r.pick(&[128, 129, 193, 240, 124]) };
            i.mem.offen = r.one_in(2);
            i.mem.idxen = r.one_in(2);
            i.mem.addr = if i.mem.offen || i.mem.idxen { vg(r, i.mem.offen as u8 + i.mem.idxen as u8) } else { 0 };
            i.imm = r.below(4096) as i32;
            (i.mem.glc, i.mem.slc, i.mem.dlc) = (r.one_in(3), r.one_in(3), r.one_in(3));
            i.mem.tfe = r.one_in(6);
            i.mem.format = if row.format == Format::Mtbuf { 1 + r.below(63) as u8 } else { 0 };
        }
        Format::Flat | Format::Global | Format::Scratch => {
            i.mem.sbase = if row.format == Format::Flat || r.one_in(2) {
                124
            } else {
                scalar(r, if row.format == Format::Global { 2 } else { 1 }, wild) as u8
            };
            if row.has(ADDR) {
                i.mem.sve = row.format == Format::Scratch && r.one_in(2);
                i.mem.addr = if row.format == Format::Scratch && !i.mem.sve { 0 } else { vg(r, 2) };
            }
            i.imm = if row.format == Format::Flat { r.below(4096) as i32 } else { r.below(8192) as i32 - 4096 };
            (i.mem.glc, i.mem.slc, i.mem.dlc) = (r.one_in(3), r.one_in(3), r.one_in(3));
            if row.operand(Slot::Vdst).is_some() && row.operand(Slot::Vdata).is_some() {
                if !i.mem.glc {
                    i.vdst = 0;
                }
            } else if row.operands.is_empty() {
                i.mem.glc = false;
            }
        }
        Format::Exp => {
            let enable = r.below(16) as u8;
            let mut src = [0; 4];
            for (k, s) in src.iter_mut().enumerate() {
                if enable >> k & 1 != 0 {
                    *s = r.below(256) as u8;
                }
            }
            let target = r.pick(&[0, 1, 7, 8, 12, 15, 16, 20, 21, 22, 9, 30]);
            i.ext = Ext::Export(Export { target, enable, done: r.one_in(2), row: r.one_in(2), src });
        }
        Format::Mimg => {
            let bvh = row.has(I_BVH);
            let mut x = Image {
                dmask: if bvh { 15 } else { r.below(16) as u8 },
                dim: if bvh {
                    0
                } else if row.has(I_MSAA) && !r.one_in(4) {
                    6 + r.below(2) as u8
                } else {
                    r.below(8) as u8
                },
                unorm: bvh || r.one_in(4),
                r128: bvh || r.one_in(8),
                a16: r.one_in(4),
                d16: !bvh && r.one_in(4),
                lwe: !bvh && r.one_in(6),
                nsa: r.one_in(2),
                more: [0; 4].map(|_: u8| r.below(200) as u8),
                ssamp: if row.operand(Slot::Ssamp).is_some() { scalar(r, 4, wild) as u8 } else { 0 },
            };
            (i.mem.glc, i.mem.slc, i.mem.dlc) =
                if bvh { (false, false, false) } else { (r.one_in(3), r.one_in(3), r.one_in(3)) };
            i.mem.tfe = !bvh && r.one_in(6);
            // What the text does not show is 0, and one address alone is never non-sequential.
            let mut end = x;
            end.more = [251, 252, 253, 254];
            end.nsa = true;
            i.ext = Ext::Image(end);
            let text = disassemble(&i, target);
            let shown = (0..4)
                .filter(|k| text.contains(&format!("v{}", 251 + k)) || text.contains(&format!("v[{}:", 251 + k)))
                .count();
            x.more.iter_mut().skip(shown).for_each(|v| *v = 0);
            x.nsa &= shown > 0;
            if !x.nsa {
                x.more = [0; 4];
            }
            i.ext = Ext::Image(x);
        }
        _ => {}
    }
    i
}

fn vector(r: &mut Rng, row: &'static Row, i: &mut Inst, wild: bool) {
    let sources: Vec<usize> = row
        .operands
        .iter()
        .filter_map(|o| match o.slot {
            Slot::Src0 => Some(0),
            Slot::Src1 => Some(1),
            Slot::Src2 => Some(2),
            _ => None,
        })
        .collect();
    let three = matches!(row.format, Format::Vop3 | Format::Vop3p | Format::Vinterp);
    let bits = |r: &mut Rng, n: u32| if r.one_in(2) { 0 } else { r.below(1 << n) as u8 };
    if row.format == Format::Vop3p && row.has(OPSEL_HI) {
        // What the text leaves out is 1, for mixed fma 0.
        let all = ((1u32 << sources.len()) - 1) as u8;
        let mix = row.name.starts_with("v_fma_mix");
        i.mods.opsel_hi = if r.one_in(2) {
            bits(r, 3) & all
        } else if mix {
            0
        } else {
            all
        };
        if !mix {
            i.mods.opsel_hi |= 7 & !all;
        }
    }
    if three {
        i.mods.clamp = row.has(CLAMP) && r.one_in(4);
        i.mods.omod = if row.has(OMOD) { bits(r, 2) } else { 0 };
        for &k in &sources {
            if row.has(MOD0 << k) || row.has(NEG_LOHI) {
                i.mods.neg |= (r.one_in(4) as u8) << k;
                if !row.has(SD) && row.format != Format::Vinterp {
                    i.mods.abs |= (r.one_in(4) as u8) << k;
                }
            }
            if row.has(SEXT0 << k) {
                i.mods.neg |= (r.one_in(4) as u8) << k;
            }
        }
    }
    if row.has(DPP) && r.one_in(3) {
        for &k in &sources {
            let n = row.operands.iter().find(|o| o.slot == [Slot::Src0, Slot::Src1, Slot::Src2][k]).unwrap().class;
            if (k < 2 && n != Class::Num) && !(wild && r.one_in(10)) {
                i.src[k] = 256 + (i.src[k] & 127);
            }
        }
        i.src[0] = 256 + (i.src[0] & 127);
        if r.one_in(2) {
            i.dpp = Dpp::Dpp8 { sel: r.below(1 << 24) as u32, fi: r.one_in(2) };
        } else {
            let ctrl =
                r.pick(&[0x00, 0x1b, 0xe4, 0x101, 0x10f, 0x111, 0x121, 0x140, 0x141, 0x150, 0x15f, 0x160, 0x16f]);
            i.dpp = Dpp::Dpp16 {
                ctrl,
                row_mask: r.below(16) as u8,
                bank_mask: r.below(16) as u8,
                bound_ctrl: r.one_in(2),
                fi: r.one_in(2),
            };
        }
    }
}
