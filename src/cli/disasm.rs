//! `disasm`: RDNA3 machine code as LLVM prints it.

mod asm;
pub mod code;

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::{Value, json};
use sparkle_pm4::isa::{Arch, Line, Section, Target, WaveSize, disassemble_all};
use sparkle_pm4::kernels;

use code::{Kernel, Object};

use super::batch;
use super::failure::Reported;
use super::pm4::{is_text, read_input};
use super::{Failure, Output, exit};

/// Name of the form of `disasm --json`.
const SCHEMA: &str = "sparkle-pm4/disasm/1";

/// What an ELF file begins with.
const ELF: &[u8] = b"\x7fELF";

/// Arguments of `disasm`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A code object, raw machine code, or machine code as hexadecimal text in memory order; `-` is standard input.
    #[arg(value_name = "FILE|-", required_unless_present_any = ["batch", "kernel"])]
    file: Option<PathBuf>,
    /// Target of the code; a code object brings its own.
    #[arg(long, value_name = "GFX")]
    arch: Option<String>,
    /// Lanes of a wave: 32 or 64. By default what the kernel's descriptor says, else 32.
    #[arg(long, value_name = "LANES", value_parser = wave)]
    wave: Option<WaveSize>,
    /// Spell the halves of registers, `v0.l` and `v0.h`, as LLVM 19 does with `real-true16`.
    #[arg(long)]
    true16: bool,
    /// Take one hexadecimal string a line and print one line each, `error: …` for what is no instruction.
    #[arg(long, conflicts_with = "kernel")]
    batch: bool,
    /// Print this kernel alone: of FILE, or of those that come with this toolkit.
    #[arg(long, value_name = "NAME")]
    kernel: Option<String>,
    /// How the listing looks.
    #[arg(long, value_name = "FORMAT", conflicts_with = "batch")]
    format: Option<Format>,
    /// What stands beside each instruction of the `asm` format.
    #[arg(long, value_name = "LIST", value_delimiter = ',', conflicts_with = "batch")]
    show: Vec<Show>,
    /// Begin each kernel with its registers, LDS, scratch, occupancy and instruction mix; of the `asm` format.
    #[arg(long, conflicts_with = "batch")]
    summary: bool,
}

/// A form of listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// What `llvm-objdump -d` of LLVM 19 prints; the default of code objects.
    Llvm,
    /// Source that assembles again: branches have labels, everything else stands in comments.
    Asm,
}

/// A column of the `asm` format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Show {
    /// Address.
    Addresses,
    /// Bytes, as dwords.
    Bytes,
    /// Live VGPRs and SGPRs before the instruction, as numbers.
    Live,
    /// The live registers themselves.
    Registers,
    /// The memory operations that a wait is for, and what `s_delay_alu` speaks of.
    Waits,
}

/// The part of its name.
pub(super) fn arch(text: &str) -> Result<Arch, String> {
    Arch::from_name(text).ok_or_else(|| format!("one of {}", Arch::ALL.map(Arch::name).join(", ")))
}

/// Lanes of a wave.
pub(super) fn wave(text: &str) -> Result<WaveSize, String> {
    match text {
        "32" => Ok(WaveSize::W32),
        "64" => Ok(WaveSize::W64),
        _ => Err("a wave has 32 or 64 lanes".into()),
    }
}

/// Runs it.
pub fn run(args: Args, out: &Output) -> anyhow::Result<()> {
    let arch = args.arch.as_deref().map(|arch| supported(arch, "--arch", exit::USAGE)).transpose()?;
    let given = args.file.as_deref();
    if args.batch {
        let wave = args.wave.unwrap_or(WaveSize::W32);
        let target = Target { true16: args.true16, ..Target::new(arch.unwrap_or_default(), wave) };
        return batch::run(given, out, |line, text| batch_line(line, target, text));
    }
    let asked = !args.show.is_empty() || args.summary;
    if asked && args.format == Some(Format::Llvm) {
        return Err(Failure::usage(
            "--format llvm has no further columns",
            "--show and --summary belong to the asm format",
            "leave out --format, or give --format asm",
        )
        .into());
    }
    let (name, bytes) = match (given, &args.kernel) {
        (Some(file), _) => read_input(file)?,
        (None, Some(name)) => (format!("kernel {name}"), in_tree(name)?.object.to_vec()),
        (None, None) => {
            return Err(Failure::usage("nothing to disassemble", "neither FILE nor --kernel", "give one").into());
        }
    };
    let elf = bytes.starts_with(ELF);
    let mut object = if elf {
        Object::parse(&name, bytes)?
    } else if args.kernel.is_some() {
        return Err(Failure::file(
            "object-not-a-code-object",
            format!("{name} has no kernels to choose from"),
            "it is not an ELF file",
            "leave out --kernel, or give a .hsaco",
        )
        .into());
    } else {
        Object::raw(machine_code(&name, bytes)?)
    };
    let arch = match arch {
        Some(arch) => arch,
        None if elf => supported(&object.target, &name, exit::FAILED)?,
        None => Arch::default(),
    };
    if let Some(kernel) = &args.kernel {
        object.keep(&name, kernel)?;
    }
    let view = View { object: &object, arch, wave: args.wave, true16: args.true16 };
    let llvm = args.format.map_or(elf && !asked, |format| format == Format::Llvm);
    if out.json {
        return document(&view, &name, out);
    }
    if llvm {
        return llvm_listing(&view, &name, out);
    }
    let show = if asked || elf { args.show } else { vec![Show::Addresses, Show::Bytes] };
    let mut text = Vec::new();
    let bad = asm::listing(&view, &show, args.summary, &mut text);
    out.bytes(&text)?;
    match bad.failure(&name) {
        Some(failure) => Err(failure.into()),
        None => Ok(()),
    }
}

/// An object's code as source, without the lines of `s_code_end` that pad it.
pub fn source(object: &Object, arch: Arch) -> String {
    let view = View { object, arch, wave: None, true16: false };
    let mut text = Vec::new();
    asm::listing(&view, &[], false, &mut text);
    let text = String::from_utf8_lossy(&text);
    text.lines().filter(|line| line.trim() != "s_code_end").flat_map(|line| [line, "\n"]).collect()
}

/// An object, and how its words are to be read.
struct View<'a> {
    object: &'a Object,
    arch: Arch,
    wave: Option<WaveSize>,
    true16: bool,
}

impl View<'_> {
    /// How the code of a function is to be read.
    fn target(&self, function: Option<&str>) -> Target {
        let kernel = function.and_then(|name| self.object.kernel(name));
        let wave = self.wave.unwrap_or_else(|| kernel.map_or_else(|| self.object.common_wave(), Kernel::wave));
        Target { true16: self.true16, ..Target::new(self.arch, wave) }
    }
}

/// Dwords that are no instructions.
#[derive(Debug, Default)]
struct Bad {
    lines: u64,
    bad: u64,
    first: String,
}

impl Bad {
    fn add(&mut self, address: u64, why: &dyn std::fmt::Display) {
        self.bad += 1;
        if self.bad == 1 {
            self.first = format!("the first is at {address:#x}: {why}");
        }
    }

    fn failure(&self, name: &str) -> Option<Failure> {
        (self.bad > 0).then(|| Failure {
            exit: exit::FAILED,
            code: "isa-undecodable".into(),
            what: format!("{name}: {} of {} lines are no instructions", self.bad, self.lines),
            evidence: self.first.clone(),
            next: "data among code looks like this; so does code of another target or wave size (--wave)".into(),
        })
    }
}

/// What `llvm-objdump -d` prints, and a note where LLVM refuses what is an instruction.
fn llvm_listing(view: &View, name: &str, out: &Output) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    write!(stdout, "\n{name}:\tfile format elf64-amdgpu\n")?;
    let (mut refused, mut unknown) = (0, 0);
    for code in &view.object.code {
        write!(stdout, "\nDisassembly of section {}:\n", code.name)?;
        let symbols = code.symbols();
        let section = Section { name: &code.name, address: code.address, bytes: &code.bytes, symbols: &symbols };
        let target = |address: u64| {
            let here = symbols.partition_point(|s| s.address <= address);
            let same = symbols[..here].iter().rev().take_while(|s| s.address == symbols[here - 1].address);
            let function = same.map(|s| s.name).find(|name| view.object.kernel(name).is_some());
            view.target(function.or_else(|| symbols[..here].last().map(|s| s.name)))
        };
        let listed = section.list(target, |text| {
            let result = stdout.write_all(text);
            text.clear();
            result
        })?;
        refused += listed.refused;
        unknown += listed.unknown;
    }
    stdout.flush()?;
    if refused > 0 {
        out.note(&format!(
            "{refused} dwords stand as .long because LLVM 19 refuses fields that the hardware ignores; --format asm \
             reads them"
        ));
    }
    if unknown > 0 {
        out.note(&format!("{unknown} dwords are no instructions"));
    }
    Ok(())
}

/// The listing as a document: functions, and the instructions of each.
fn document(view: &View, name: &str, out: &Output) -> anyhow::Result<()> {
    let mut bad = Bad::default();
    let mut functions = Vec::new();
    for code in &view.object.code {
        for part in code.parts() {
            if view.object.kernels.iter().len() > 0 && part.name.is_none_or(|name| view.object.kernel(name).is_none()) {
                continue;
            }
            let target = view.target(part.name);
            let mut instructions = Vec::new();
            for Line { offset, words, text } in disassemble_all(&words(part.function()), target) {
                let address = part.address + offset as u64;
                let mut bytes = String::new();
                for byte in words.iter().flat_map(|word| word.to_le_bytes()) {
                    // Formatting into a string does not fail.
                    let _ = write!(bytes, "{byte:02x}");
                }
                bad.lines += 1;
                if let Err(why) = &text {
                    bad.add(address, why);
                }
                instructions.push(json!({
                    "address": format!("{address:#x}"),
                    "bytes": bytes,
                    "text": text.as_ref().ok(),
                    "error": text.as_ref().err().map(ToString::to_string),
                }));
            }
            let mut function: Value = json!({
                "name": part.name, "wave_lanes": target.wave.lanes(), "instructions": instructions,
            });
            function["summary"] = asm::summary_document(view, &part);
            functions.push(function);
        }
    }
    let failure = bad.failure(name);
    let error = failure.as_ref().map(Failure::document);
    out.document(&json!({ "schema": SCHEMA, "kernels": functions, "error": error }))?;
    failure.map_or(Ok(()), |failure| Err(Reported(failure).into()))
}

fn supported(target: &str, whose: &str, exit: u8) -> Result<Arch, Failure> {
    Arch::from_name(target).ok_or_else(|| Failure {
        exit,
        code: "unsupported-gfx".into(),
        what: format!("{target:?} cannot be disassembled"),
        evidence: format!(
            "{whose} names it, and the instruction tables are those of {}",
            Arch::ALL.map(Arch::name).join(", ")
        ),
        next: format!("give code for one of those, or use `llvm-objdump -d --mcpu={target}`"),
    })
}

fn in_tree(name: &str) -> Result<&'static kernels::Kernel, Failure> {
    kernels::kernel(name).ok_or_else(|| {
        let names: Vec<_> = kernels::KERNELS.iter().map(|kernel| kernel.name).collect();
        Failure::usage(
            format!("there is no kernel {name:?}"),
            format!("there are {}", names.join(", ")),
            "give one of those names, or the FILE that has the kernel",
        )
    })
}

/// Hexadecimal text as the bytes that it stands for, everything else as it is.
fn machine_code(name: &str, bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let bytes = match std::str::from_utf8(&bytes) {
        Ok(text) if is_text(text) => {
            let digits: String = text.lines().map(|line| line.split('#').next().unwrap_or_default()).collect();
            unhex(&digits).map_err(|why| {
                Failure::file(
                    "isa-bad-hex",
                    format!("{name} is no machine code"),
                    format!("it is text, and {why}"),
                    "write the bytes in memory order, two digits each: 000080be is s_mov_b32 s0, s0",
                )
            })?
        }
        _ => bytes,
    };
    if !bytes.len().is_multiple_of(4) {
        return Err(Failure::file(
            "isa-odd-length",
            format!("{name} is no machine code"),
            format!("it has {} bytes, which is not a multiple of 4", bytes.len()),
            "give whole instructions",
        ));
    }
    Ok(bytes)
}

/// Digits to bytes; whitespace is skipped.
fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let mut nibbles = Vec::with_capacity(text.len());
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        nibbles.push(c.to_digit(16).ok_or_else(|| format!("{c:?} is no hexadecimal digit"))? as u8);
    }
    let (pairs, []) = nibbles.as_chunks::<2>() else {
        return Err(format!("{} digits are no whole bytes", nibbles.len()));
    };
    Ok(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

fn words(code: &[u8]) -> Vec<u32> {
    code.as_chunks::<4>().0.iter().map(|&word| u32::from_le_bytes(word)).collect()
}

/// Appends the text of the instructions whose bytes `line` spells.
fn batch_line(line: &[u8], target: Target, out: &mut Vec<u8>) -> Result<(), String> {
    let text = std::str::from_utf8(line).map_err(|_| "the line is no text".to_owned())?;
    let bytes = unhex(text)?;
    if bytes.is_empty() || !bytes.len().is_multiple_of(4) {
        return Err(format!("{} bytes are no whole dwords", bytes.len()));
    }
    for (k, Line { offset, text, .. }) in disassemble_all(&words(&bytes), target).into_iter().enumerate() {
        let text = text.map_err(|error| format!("byte {offset}: {error}"))?;
        if k > 0 {
            out.extend_from_slice(b" ; ");
        }
        out.extend_from_slice(text.as_bytes());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8], wave: WaveSize) -> Vec<String> {
        let mut output = Vec::new();
        batch::batch(input, &mut output, |line, out| batch_line(line, wave.into(), out)).unwrap();
        String::from_utf8(output).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_batch_has_a_line_for_a_line() {
        let got = lines(b"000080be\n000080BE00 00b0bf\r\n\nzz\n000\n0000\n\xff\xfe\nffffffff\n000080be", WaveSize::W32);
        assert_eq!(got[0], "s_mov_b32 s0, s0");
        assert_eq!(got[1], "s_mov_b32 s0, s0 ; s_endpgm");
        assert_eq!(got.len(), 9);
        assert!(got[2..8].iter().all(|line| line.starts_with("error: ")), "{got:?}");
        assert_eq!(got[8], got[0], "a last line without its end counts");
    }

    #[test]
    fn wave64_has_wide_masks() {
        // v_cmp_lt_f32_e32 vcc, v0, v1
        let line = b"0003227c\n";
        assert_eq!(lines(line, WaveSize::W32), ["v_cmp_lt_f32_e32 vcc_lo, v0, v1"]);
        assert_eq!(lines(line, WaveSize::W64), ["v_cmp_lt_f32_e32 vcc, v0, v1"]);
    }

    #[test]
    fn text_and_raw_bytes_are_told_apart() {
        let raw = [0x00, 0x00, 0x80, 0xbe];
        assert_eq!(machine_code("f", raw.to_vec()).unwrap(), raw);
        assert_eq!(machine_code("f", b"0000 # low half\n80BE\n".to_vec()).unwrap(), raw);
        assert_eq!(machine_code("f", raw[..3].to_vec()).unwrap_err().code, "isa-odd-length");
        assert_eq!(machine_code("f", b"hello".to_vec()).unwrap_err().code, "isa-bad-hex");
    }

    #[test]
    fn every_kernel_of_the_tree_is_listed_to_its_end() {
        for kernel in kernels::KERNELS {
            let object = Object::parse(kernel.name, kernel.object.to_vec()).unwrap();
            let view = View { object: &object, arch: Arch::Gfx1100, wave: None, true16: false };
            let mut text = Vec::new();
            assert_eq!(asm::listing(&view, &[], false, &mut text).bad, 0, "{}", kernel.name);
            let text = String::from_utf8(text).unwrap();
            assert!(text.contains(&format!("{}:", kernel.name)) && text.contains("s_endpgm"), "{text}");
        }
    }

    #[test]
    fn other_targets_are_refused_with_the_names_of_those_there_are() {
        assert_eq!(supported("gfx1151", "--arch", exit::USAGE).unwrap(), Arch::Gfx1151);
        let failure = supported("gfx1030", "--arch", exit::USAGE).unwrap_err();
        assert_eq!(failure.exit, exit::USAGE);
        assert!(failure.evidence.contains("gfx1100"), "{}", failure.evidence);
    }
}
