//! Random words: whatever LLVM 19 decodes prints the same here. Needs llvm-mc and llvm-objdump of LLVM 19.
use isa::row::Slot;
use isa::{Arch, Format, ROWS, Section, Target, WaveSize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

fn llvm() -> Option<PathBuf> {
    let folder = std::env::var_os("SPARKLE_LLVM").map_or_else(|| PathBuf::from("/usr/lib/llvm-19/bin"), PathBuf::from);
    let version = Command::new(folder.join("llvm-objdump")).arg("--version").output().ok()?;
    String::from_utf8_lossy(&version.stdout).contains("LLVM version 19.").then_some(folder)
}

/// Dwords from the start of one case to that of the next. The last three are `s_nop 0`: whatever the words before
/// them are taken for, the next case starts a line of its own.
const STRIDE: usize = 6;

/// Name, fixed bits (mask and value of the first dword) and place of the opcode (lowest bit, bits) of a format.
fn layout(format: Format) -> (&'static str, u32, u32, u32, u32) {
    match format {
        Format::Sop1 => ("SOP1", 0xff80_0000, 0xbe80_0000, 8, 8),
        Format::Sop2 => ("SOP2", 0xc000_0000, 0x8000_0000, 23, 7),
        Format::Sopc => ("SOPC", 0xff80_0000, 0xbf00_0000, 16, 7),
        Format::Sopk => ("SOPK", 0xf000_0000, 0xb000_0000, 23, 5),
        Format::Sopp => ("SOPP", 0xff80_0000, 0xbf80_0000, 16, 7),
        Format::Smem => ("SMEM", 0xfc00_0000, 0xf400_0000, 18, 8),
        Format::Vop1 => ("VOP1", 0xfe00_0000, 0x7e00_0000, 9, 8),
        Format::Vop2 => ("VOP2", 0x8000_0000, 0x0000_0000, 25, 6),
        Format::Vopc => ("VOPC", 0xfe00_0000, 0x7c00_0000, 17, 8),
        Format::Vop3 => ("VOP3", 0xfc00_0000, 0xd400_0000, 16, 10),
        Format::Vop3p => ("VOP3P", 0xff80_0000, 0xcc00_0000, 16, 7),
        Format::VopdX | Format::VopdY => ("VOPD", 0xfc00_0000, 0xc800_0000, 22, 4),
        Format::Vinterp => ("VINTERP", 0xff80_0000, 0xcd00_0000, 16, 7),
        Format::Ldsdir => ("LDSDIR", 0xffc0_0000, 0xce00_0000, 20, 2),
        Format::Ds => ("DS", 0xfc00_0000, 0xd800_0000, 18, 8),
        Format::Flat => ("FLAT", 0xfc03_0000, 0xdc00_0000, 18, 7),
        Format::Scratch => ("SCRATCH", 0xfc03_0000, 0xdc01_0000, 18, 7),
        Format::Global => ("GLOBAL", 0xfc03_0000, 0xdc02_0000, 18, 7),
        Format::Mubuf => ("MUBUF", 0xfc00_0000, 0xe000_0000, 18, 8),
        Format::Mtbuf => ("MTBUF", 0xfc00_0000, 0xe800_0000, 15, 4),
        Format::Mimg => ("MIMG", 0xfc00_0000, 0xf000_0000, 18, 8),
        Format::Exp => ("EXP", 0xfc00_0000, 0xf800_0000, 26, 0),
    }
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32
    }
}

/// Words of random rows, and some of random opcodes. Reserved and unused fields are often cleared: LLVM refuses others.
fn cases(n: usize, seed: u64) -> Vec<(&'static str, [u32; STRIDE])> {
    let mut r = Random(seed);
    let mut out = Vec::with_capacity(n);
    for _ in 0..n {
        let row = &ROWS[r.next() as usize % ROWS.len()];
        let (name, mask, value, at, bits) = layout(row.format);
        let mut w = [r.next(), r.next(), r.next()];
        let kind = r.next();
        let is = |bits: u32| kind & bits == bits;
        let has = |slot: Slot| row.operand(slot).is_some();
        if is(1) {
            w[1] &= r.next();
        }
        if is(2) {
            w[0] &= r.next();
        }
        if is(0xc) {
            // The lane-crossing forms and the literal, by their source code.
            let code = [233, 234, 250, 255][kind as usize >> 8 & 3];
            match row.format {
                Format::Vop3 | Format::Vop3p | Format::VopdX => w[1] = w[1] & !0x1ff | code,
                _ => w[0] = w[0] & !0x1ff | code,
            }
        }
        if !is(0x70) {
            match row.format {
                Format::Vop3 | Format::Vop3p | Format::Vinterp => {
                    w[1] &= if has(Slot::Src2) { u32::MAX } else { !0x07fc_0000 };
                    w[1] &= if has(Slot::Src1) { u32::MAX } else { !0x0003_fe00 };
                    w[1] &= if has(Slot::Src0) { u32::MAX } else { !0x1ff };
                    if is(0x80) {
                        w[1] &= 0x07ff_ffff;
                        w[0] &= !0xff00;
                    }
                    if is(0x400) {
                        w[0] &= !0x0f00 | kind >> 8;
                        w[0] &= !0x7800;
                    }
                }
                Format::Ds => {
                    w[1] &= if has(Slot::Vdst) { u32::MAX } else { 0x00ff_ffff };
                    w[1] &= if has(Slot::Data1) { u32::MAX } else { 0xff00_ffff };
                    w[1] &= if has(Slot::Data0) { u32::MAX } else { 0xffff_00ff };
                    w[1] &= if has(Slot::Addr) { u32::MAX } else { 0xffff_ff00 };
                }
                Format::Flat | Format::Global | Format::Scratch => {
                    let off = row.format == Format::Flat || is(0x80);
                    w[1] = if off { w[1] & !0x007f_0000 | 0x007c_0000 } else { w[1] };
                    w[1] &= if has(Slot::Vdst) { u32::MAX } else { 0x00ff_ffff };
                    w[1] &= if has(Slot::Vdata) { u32::MAX } else { 0xffff_00ff };
                    w[1] &= if row.format == Format::Scratch { u32::MAX } else { !0x0080_0000 };
                    w[0] &= if row.format == Format::Flat { !0x1000 } else { u32::MAX };
                }
                _ => {}
            }
        }
        w[0] = w[0] & !mask | value;
        if !is(0xf000) {
            let field = ((1u32 << bits) - 1) << at;
            w[0] = w[0] & !field | (row.opcode as u32) << at & field;
        }
        let nop = 0xbf80_0000;
        out.push((name, [w[0], w[1], w[2], nop, nop, nop]));
    }
    out
}

/// What llvm-objdump prints for the first instruction of each case, and how many dwords it takes.
fn listing(llvm: &Path, cases: &[(&str, [u32; STRIDE])], cpu: &str, mattr: &str) -> Vec<(String, usize)> {
    let dir = std::env::temp_dir().join(format!("isa-random-{}-{cpu}{mattr}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let (bin, obj) = (dir.join("words.bin"), dir.join("words.o"));
    let bytes: Vec<u8> = cases.iter().flat_map(|c| c.1).flat_map(u32::to_le_bytes).collect();
    std::fs::write(&bin, bytes).unwrap();
    std::fs::write(dir.join("words.s"), format!(".text\n.incbin \"{}\"\n", bin.display())).unwrap();
    let mc = Command::new(llvm.join("llvm-mc"))
        .args(["-triple=amdgcn-amd-amdhsa", "-filetype=obj"])
        .arg(format!("-mcpu={cpu}"))
        .arg("-o")
        .args([&obj, &dir.join("words.s")])
        .status()
        .unwrap();
    assert!(mc.success());
    let out =
        Command::new(llvm.join("llvm-objdump")).arg("-d").arg(format!("--mattr={mattr}")).arg(&obj).output().unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
    first_lines(&String::from_utf8_lossy(&out.stdout), cases.len())
}

/// Text and number of dwords of the first line of each case.
fn first_lines(listing: &str, cases: usize) -> Vec<(String, usize)> {
    let mut lines = vec![(String::new(), 0); cases];
    for line in listing.lines() {
        let Some((text, comment)) = line.strip_prefix('\t').and_then(|l| l.rsplit_once("// ")) else { continue };
        let Some((address, words)) = comment.split_once(": ") else { continue };
        let at = usize::from_str_radix(address, 16).unwrap();
        if at.is_multiple_of(4 * STRIDE) {
            let words = words.split([';', '<']).next().unwrap_or_default();
            lines[at / 4 / STRIDE] = (text.trim().to_string(), words.split_whitespace().count());
        }
    }
    lines
}

/// The same of our listing.
fn ours(cases: &[(&str, [u32; STRIDE])], target: Target) -> Vec<(String, usize)> {
    let bytes: Vec<u8> = cases.iter().flat_map(|c| c.1).flat_map(u32::to_le_bytes).collect();
    let section = Section { name: ".text", address: 0, bytes: &bytes, symbols: &[] };
    let mut text = Vec::new();
    let listed = section.list(
        |_| target,
        |piece| {
            text.append(piece);
            Ok::<(), std::convert::Infallible>(())
        },
    );
    assert!(listed.is_ok());
    first_lines(std::str::from_utf8(&text).unwrap(), cases.len())
}

#[test]
fn what_llvm_decodes_prints_the_same() {
    let Some(llvm) = llvm() else {
        skip::skip!("no llvm-objdump of LLVM 19 (Debian: apt install llvm-19; or set SPARKLE_LLVM)");
        return;
    };
    let n = if std::env::var_os("SPARKLE_SOAK").is_some() { 400_000 } else { 20_000 };
    let seed = std::env::var("SPARKLE_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(0x1234_5678_9abc_def1);
    let configurations = [
        (Arch::Gfx1100, WaveSize::W32, false, "gfx1100", ""),
        (Arch::Gfx1100, WaveSize::W64, false, "gfx1100", "-wavefrontsize32,+wavefrontsize64"),
        (Arch::Gfx1100, WaveSize::W32, true, "gfx1100", "+real-true16"),
        (Arch::Gfx1150, WaveSize::W32, false, "gfx1150", ""),
    ];
    let mut worst: f64 = 0.0;
    for (k, (arch, wave, true16, cpu, mattr)) in configurations.into_iter().enumerate() {
        let target = Target { true16, ..Target::new(arch, wave) };
        let cases = cases(n, seed ^ (k as u64) << 32);
        let theirs = listing(&llvm, &cases, cpu, mattr);
        let ours = ours(&cases, target);
        let (mut decoded, mut same) = (0, 0);
        // Format -> LLVM decodes, prints other text, refuses, refuses what is decoded here.
        let mut table: BTreeMap<&str, [u32; 4]> = BTreeMap::new();
        let mut shown: BTreeMap<String, u32> = BTreeMap::new();
        for (((name, w), theirs), ours) in cases.iter().zip(&theirs).zip(&ours) {
            let row = table.entry(name).or_default();
            let refusal = theirs.0.starts_with(".long");
            let k = 2 * refusal as usize;
            row[k] += 1;
            row[k + 1] += (ours != theirs) as u32;
            decoded += !refusal as usize;
            same += (!refusal && ours == theirs) as usize;
            let mnemonic = ours.0.split(' ').next().unwrap_or_default();
            let count = shown.entry(format!("{refusal} {name} {mnemonic}")).or_default();
            *count += (ours != theirs) as u32;
            if ours != theirs && *count == 1 {
                eprintln!("{name} {:08x} {:08x} {:08x}\n  LLVM {theirs:?}\n  ours {ours:?}", w[0], w[1], w[2]);
            }
        }
        for (name, [takes, differ, refuses, lenient]) in &table {
            eprintln!("{name:8} LLVM takes {takes:6} ({differ} differ), refuses {refuses:6} ({lenient} taken here)");
        }
        eprintln!(
            "{cpu} {wave:?} {mattr}: {same} of {decoded} the same ({:.3} %)",
            100.0 * same as f64 / decoded as f64
        );
        assert!(decoded > n / 8, "{decoded} of {n} cases are instructions");
        worst = worst.max((decoded - same) as f64 / decoded as f64);
    }
    assert!(worst <= 0.001, "{:.3} % of the texts differ", 100.0 * worst);
}
