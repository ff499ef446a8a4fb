//! `disasm`: RDNA3 machine code as LLVM prints it.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sparkle_pm4::isa::{Line, WaveSize, disassemble_all};
use sparkle_pm4::kernels;
use sparkle_pm4::object::{CodeObject, KernelInfo};

use super::failure::Reported;
use super::pm4::{is_text, read_input};
use super::{Failure, Output, exit};

/// Targets whose encodings the tables are: one instruction set (RDNA3).
const TARGETS: [&str; 5] = ["gfx1100", "gfx1101", "gfx1102", "gfx1103", "gfx11-generic"];

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
    /// Lanes of a wave: 32 (the default) or 64; a code object brings its own.
    #[arg(long, value_name = "LANES", value_parser = wave)]
    wave: Option<WaveSize>,
    /// Take one hexadecimal string a line and print one line each, `error: …` for what is no instruction.
    #[arg(long, conflicts_with = "kernel")]
    batch: bool,
    /// Print this kernel alone: of FILE, or of those that come with this toolkit.
    #[arg(long, value_name = "NAME")]
    kernel: Option<String>,
}

fn wave(text: &str) -> Result<WaveSize, String> {
    match text {
        "32" => Ok(WaveSize::W32),
        "64" => Ok(WaveSize::W64),
        _ => Err("a wave has 32 or 64 lanes".into()),
    }
}

/// Runs it.
pub fn run(args: Args, out: &Output) -> anyhow::Result<()> {
    if let Some(arch) = &args.arch {
        supported(arch, "--arch")?;
    }
    let given = args.file.as_deref();
    if args.batch {
        if out.json {
            return Err(Failure::usage(
                "--batch has no JSON form",
                "it answers each line with a line",
                "leave out --json or --batch",
            )
            .into());
        }
        let wave = args.wave.unwrap_or(WaveSize::W32);
        let stdout = BufWriter::new(io::stdout().lock());
        return match given.filter(|file| *file != Path::new("-")) {
            None => Ok(batch(io::stdin().lock(), stdout, wave)?),
            Some(file) => Ok(batch(&*read_input(file)?.1, stdout, wave)?),
        };
    }
    let (name, bytes) = match (given, &args.kernel) {
        (Some(file), _) => read_input(file)?,
        (None, Some(name)) => (format!("kernel {name}"), in_tree(name)?.object.to_vec()),
        (None, None) => {
            return Err(Failure::usage("nothing to disassemble", "neither FILE nor --kernel", "give one").into());
        }
    };
    let mut listing = Listing::default();
    if bytes.starts_with(ELF) {
        object(&mut listing, &name, &bytes, &args)?;
    } else if args.kernel.is_some() {
        return Err(Failure::file(
            "object-not-a-code-object",
            format!("{name} has no kernels to choose from"),
            "it is not an ELF file",
            "leave out --kernel, or give a .hsaco",
        )
        .into());
    } else {
        let code = machine_code(&name, bytes)?;
        listing.code(None, &code, 0, args.wave.unwrap_or(WaveSize::W32));
    }
    let failure = (listing.bad > 0).then(|| Failure {
        exit: exit::FAILED,
        code: "isa-undecodable".into(),
        what: format!("{name}: {} of {} lines are no instructions", listing.bad, listing.lines),
        evidence: listing.first_bad.clone(),
        next: "data among code looks like this; so does code of another target or wave size (--wave)".into(),
    });
    if out.json {
        let error = failure.as_ref().map(Failure::document);
        out.document(&json!({ "schema": SCHEMA, "kernels": listing.kernels, "error": error }))?;
        return failure.map_or(Ok(()), |failure| Err(Reported(failure).into()));
    }
    out.text(&listing.text)?;
    failure.map_or(Ok(()), |failure| Err(failure.into()))
}

fn supported(target: &str, whose: &str) -> Result<(), Failure> {
    if TARGETS.contains(&target) {
        return Ok(());
    }
    Err(Failure {
        exit: exit::USAGE,
        code: "unsupported-gfx".into(),
        what: format!("{target:?} cannot be disassembled"),
        evidence: format!("{whose} names it, and the instruction tables are those of {}", TARGETS.join(", ")),
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

/// One line out for each line in, whatever it holds.
fn batch(input: impl Read, mut output: impl Write, wave: WaveSize) -> io::Result<()> {
    let mut input = BufReader::with_capacity(64 << 10, input);
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return output.flush();
        }
        match batch_line(&line, wave) {
            Ok(text) => writeln!(output, "{text}")?,
            Err(why) => writeln!(output, "error: {why}")?,
        }
        // Whoever waits for this answer before asking again must get it; a file goes through in large pieces.
        if !input.buffer().contains(&b'\n') {
            output.flush()?;
        }
    }
}

fn batch_line(line: &[u8], wave: WaveSize) -> Result<String, String> {
    let text = std::str::from_utf8(line).map_err(|_| "the line is no text".to_owned())?;
    let bytes = unhex(text)?;
    if bytes.is_empty() || !bytes.len().is_multiple_of(4) {
        return Err(format!("{} bytes are no whole dwords", bytes.len()));
    }
    let mut texts = Vec::new();
    for Line { offset, text, .. } in disassemble_all(&words(&bytes), wave) {
        texts.push(text.map_err(|error| format!("byte {offset}: {error}"))?);
    }
    Ok(texts.join(" ; "))
}

/// Text of a listing, and how much of it is no code.
#[derive(Debug, Default)]
struct Listing {
    text: String,
    /// The same, for the document.
    kernels: Vec<Value>,
    lines: usize,
    bad: usize,
    first_bad: String,
}

impl Listing {
    /// `code` from address `base` on: address, bytes in memory order, text.
    fn code(&mut self, name: Option<&str>, code: &[u8], base: u64, wave: WaveSize) {
        let mut instructions = Vec::new();
        for line in disassemble_all(&words(code), wave) {
            let address = base + line.offset as u64;
            let mut bytes = String::new();
            for byte in line.words.iter().flat_map(|word| word.to_le_bytes()) {
                // Formatting into a string does not fail.
                let _ = write!(bytes, "{byte:02x}");
            }
            self.lines += 1;
            instructions.push(json!({
                "address": format!("{address:#x}"),
                "bytes": bytes,
                "text": line.text.as_ref().ok(),
                "error": line.text.as_ref().err().map(ToString::to_string),
            }));
            let text = line.text.unwrap_or_else(|error| {
                self.bad += 1;
                if self.bad == 1 {
                    self.first_bad = format!("the first is at {address:#x}: {error}");
                }
                format!(".long {:#010x} // {error}", line.words.first().copied().unwrap_or(0))
            });
            let _ = writeln!(self.text, "{address:06x}  {bytes:<24}  {text}");
        }
        self.kernels.push(json!({ "name": name, "wave_lanes": wave.lanes(), "instructions": instructions }));
    }
}

fn object(listing: &mut Listing, name: &str, bytes: &[u8], args: &Args) -> Result<(), Failure> {
    let failed = |error: sparkle_pm4::object::ObjectError| Failure {
        exit: exit::FAILED,
        code: error.code().into(),
        what: format!("{name} cannot be disassembled"),
        evidence: error.to_string(),
        next: error.hint().into(),
    };
    let object = CodeObject::parse(bytes).map_err(failed)?;
    supported(object.target(), name).map_err(|failure| Failure { exit: exit::FAILED, ..failure })?;
    let chosen: Vec<&KernelInfo> = match &args.kernel {
        Some(kernel) => vec![object.kernel(kernel).map_err(failed)?],
        None => object.kernels().iter().collect(),
    };
    for (index, kernel) in chosen.into_iter().enumerate() {
        let code = code_of(&object, kernel);
        let own = if kernel.wave_size == 64 { WaveSize::W64 } else { WaveSize::W32 };
        let separator = if index > 0 { "\n" } else { "" };
        let _ = writeln!(
            listing.text,
            "{separator}{}: // {}, wave{}, {} VGPRs, {} SGPRs, {} bytes of LDS, {} bytes of code",
            kernel.name,
            object.target(),
            kernel.wave_size,
            kernel.vgprs,
            kernel.sgprs,
            kernel.lds_bytes,
            code.len()
        );
        listing.code(Some(&kernel.name), code, kernel.entry_offset, args.wave.unwrap_or(own));
    }
    Ok(())
}

/// The kernel's bytes. Where no symbol tells their number, up to the next kernel or the end, without the zeros there.
fn code_of<'a>(object: &'a CodeObject, kernel: &KernelInfo) -> &'a [u8] {
    let image = object.image();
    let start = usize::try_from(kernel.entry_offset).unwrap_or(usize::MAX).min(image.len());
    let rest = &image[start..];
    let length = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX).min(rest.len()) & !3;
    match kernel.code_size {
        Some(size) => &rest[..length(size)],
        None => {
            let behind = object
                .kernels()
                .iter()
                .flat_map(|other| [other.entry_offset, other.descriptor_offset])
                .filter(|&at| at > kernel.entry_offset)
                .min();
            let code = &rest[..length(behind.map_or(u64::MAX, |at| at - kernel.entry_offset))];
            let used = code.iter().rposition(|&byte| byte != 0).map_or(0, |last| (last + 4) & !3);
            &code[..used.min(code.len())]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8], wave: WaveSize) -> Vec<String> {
        let mut output = Vec::new();
        batch(input, &mut output, wave).unwrap();
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
            let object = CodeObject::parse(kernel.object).unwrap();
            for info in object.kernels() {
                let with_symbol = code_of(&object, info);
                let mut without = info.clone();
                without.code_size = None;
                assert!(code_of(&object, &without).starts_with(with_symbol), "{}", kernel.name);
                let mut listing = Listing::default();
                listing.code(None, with_symbol, info.entry_offset, WaveSize::W32);
                assert_eq!(listing.bad, 0, "{}", listing.first_bad);
                assert!(listing.text.contains("s_endpgm"), "{}", kernel.name);
            }
        }
    }

    #[test]
    fn other_targets_are_refused_with_the_names_of_those_there_are() {
        assert!(supported("gfx1102", "--arch").is_ok());
        let failure = supported("gfx1030", "--arch").unwrap_err();
        assert_eq!(failure.exit, exit::USAGE);
        assert!(failure.evidence.contains("gfx1100"), "{}", failure.evidence);
    }
}
