//! `asm`: RDNA3 assembly to machine code and code objects.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sparkle_pm4::isa::asm::{self, Assembled, Diagnostic, Options, Severity, inst};
use sparkle_pm4::isa::object::{LinkOptions, link, write_relocatable};
use sparkle_pm4::isa::{Arch, Target, WaveSize};

use super::batch;
use super::disasm::{arch, wave};
use super::failure::Reported;
use super::pm4::read_input;
use super::{Failure, Output, exit};

/// Name of the form of `asm --json`.
const SCHEMA: &str = "sparkle-pm4/asm/1";

/// Arguments of `asm`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Source in LLVM's syntax; `-` is standard input, as is nothing under --batch.
    #[arg(value_name = "FILE|-", required_unless_present = "batch")]
    file: Option<PathBuf>,
    /// Target of the code.
    #[arg(long, value_name = "GFX", value_parser = arch, default_value = "gfx1100")]
    arch: Arch,
    /// Lanes of a wave: 32 or 64.
    #[arg(long, value_name = "LANES", value_parser = wave, default_value = "32")]
    wave: WaveSize,
    /// Spell halves of registers `v0.l` and `v0.h`.
    #[arg(long)]
    true16: bool,
    /// Take one instruction a line and print one line each: the bytes in memory order, or `error: …`.
    #[arg(long, conflicts_with_all = ["output", "emit", "strip", "include", "defsym"])]
    batch: bool,
    /// Where the result goes; without it the code is printed as hexadecimal text.
    #[arg(short, long, value_name = "FILE|-")]
    output: Option<PathBuf>,
    /// What is made: a code object for the loader, a relocatable object, the bytes of `.text`, or those as text.
    #[arg(long, value_enum)]
    emit: Option<Emit>,
    /// Leave out the symbol table and the names of tools, as for shipping.
    #[arg(long)]
    strip: bool,
    /// Where `.include` and `.incbin` look after the source's own folder.
    #[arg(short = 'I', long = "include", value_name = "DIR")]
    include: Vec<PathBuf>,
    /// Set a symbol before the first line: a number, decimal, 0x, 0b or 0.
    #[arg(long, value_name = "NAME=VALUE", value_parser = definition)]
    defsym: Vec<(String, i64)>,
}

/// `NAME=VALUE`.
fn definition(text: &str) -> Result<(String, i64), String> {
    let (name, value) = text.split_once('=').ok_or("there is no `=`")?;
    let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$');
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || name == "." || !name.chars().all(ok) {
        return Err(format!("{name:?} is no name of a symbol"));
    }
    let lower = value.to_ascii_lowercase();
    let (negative, digits) = lower.strip_prefix('-').map_or((false, lower.as_str()), |digits| (true, digits));
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x', ..] => (16, &digits[2..]),
        [b'0', b'b', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    // The standard library takes a sign here too.
    let number = if digits.starts_with(['+', '-']) { None } else { u64::from_str_radix(digits, radix).ok() };
    let number = number.ok_or_else(|| format!("{value:?} is no number"))?;
    // From 2^63 on they are their bits, as in the source.
    let number = number as i64;
    Ok((name.to_owned(), if negative { number.wrapping_neg() } else { number }))
}

/// Forms of the result.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum Emit {
    /// A linked code object (`.hsaco`).
    Hsaco,
    /// A relocatable object (`.o`).
    Obj,
    /// The bytes of `.text`, unresolved references being an error.
    Bin,
    /// The same as hexadecimal text, a dword at a time in memory order.
    Hex,
}

/// Runs it.
pub fn run(args: Args, out: &Output) -> anyhow::Result<()> {
    let target = Target { arch: args.arch, wave: args.wave, true16: args.true16 };
    let file = args.file.as_deref().unwrap_or(Path::new("-"));
    if args.batch {
        return batch::run(Some(file), out, |line, text| batch_line(line, &target, text));
    }
    let emit = args.emit.unwrap_or(if args.output.is_some() { Emit::Hsaco } else { Emit::Hex });
    let output = args.output.as_deref().filter(|file| *file != Path::new("-"));
    if out.json && output.is_none() && (args.output.is_some() || emit != Emit::Hex) {
        return Err(Failure::usage(
            "the result and the document cannot both go to standard output",
            "--json prints its document there",
            "give a file with --output",
        )
        .into());
    }
    let (name, bytes) = read_input(file)?;
    let source = String::from_utf8(bytes).map_err(|error| {
        Failure::file(
            "asm-not-text",
            format!("{name} is no assembly source"),
            format!("byte {} is no UTF-8", error.utf8_error().valid_up_to()),
            "give the source; `disasm` reads machine code",
        )
    })?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let load = |wanted: &str| load(wanted, folder, &args.include);
    let symbols: Vec<(&str, i64)> = args.defsym.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let options = Options { target, loader: Some(&load), symbols: &symbols, ..Options::default() };
    let result = asm::assemble(&source, &name, &options);
    let diagnostics = match &result {
        Ok(assembled) => &assembled.warnings,
        Err(diagnostics) => diagnostics,
    };
    if !out.json {
        // As they are: their carets stand below what they mean only while nothing is wrapped.
        let text: String = diagnostics.iter().map(|d| format!("{d}\n")).collect();
        out.error_text(&text);
    }
    let made = match &result {
        Ok(assembled) => make(assembled, emit, args.strip, &name).and_then(|bytes| {
            if let Some(output) = output {
                write(output, &bytes)?;
            }
            Ok(bytes)
        }),
        Err(diagnostics) => Err(refused(&name, diagnostics, options.limits.errors)),
    };
    if !out.json {
        let bytes = made?;
        return if output.is_none() { Ok(out.bytes(&bytes)?) } else { Ok(()) };
    }
    let sections = result.as_ref().map_or(&[][..], |assembled| &assembled.unit.sections);
    let sections = sections.iter().map(|s| json!({ "name": s.name, "size_bytes": s.size(), "align_bytes": s.align }));
    let code = made.as_ref().ok().filter(|_| emit == Emit::Hex).map(|bytes| String::from_utf8_lossy(bytes));
    out.document(&json!({
        "schema": SCHEMA,
        "target": args.arch.name(),
        "sections": sections.collect::<Vec<_>>(),
        "code": code,
        "diagnostics": diagnostics.iter().map(diagnostic).collect::<Vec<_>>(),
        "error": made.as_ref().err().map(Failure::document),
    }))?;
    Ok(made.map(drop).map_err(Reported)?)
}

/// The source has errors, which have been printed.
fn refused(name: &str, diagnostics: &[Diagnostic], most: usize) -> Failure {
    Failure {
        exit: exit::FAILED,
        code: "asm-error".into(),
        what: format!("{name} cannot be assembled"),
        evidence: match diagnostics.iter().filter(|d| d.severity == Severity::Error).count() {
            1 => "there is one error".into(),
            n if n >= most => format!("there are {n} errors in what was read; the rest was not"),
            n => format!("there are {n} errors"),
        },
        next: "each names its line and what would have been right there".into(),
    }
}

/// Writes the result; what could not be written whole does not stay.
fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(file, bytes).map_err(|error| {
        // A file that was only opened for reading has kept its content.
        if error.kind() != io::ErrorKind::PermissionDenied && file.is_file() {
            _ = fs::remove_file(file);
        }
        Failure::file(
            "asm-cannot-write",
            format!("{} cannot be written", file.display()),
            error.to_string(),
            "give a path in a folder that you may write to, on a disk with room",
        )
    })
}

fn diagnostic(d: &Diagnostic) -> Value {
    json!({
        "code": d.code(),
        "file": d.place.file,
        "line": d.place.line,
        "column": d.place.column,
        "token": d.token,
        "message": d.message,
        "expected": d.expected,
        "within": d.backtrace.iter().map(|(what, place)| {
            json!({ "what": what, "file": place.file, "line": place.line, "column": place.column })
        }).collect::<Vec<_>>(),
    })
}

/// The result in the form that is wanted.
fn make(assembled: &Assembled, emit: Emit, strip: bool, name: &str) -> Result<Vec<u8>, Failure> {
    let failed = |error: sparkle_pm4::isa::object::ObjectError| Failure {
        exit: exit::FAILED,
        code: error.code().into(),
        what: format!("{name}: the object cannot be made"),
        evidence: error.to_string(),
        next: error.hint().unwrap_or("change the source").into(),
    };
    match emit {
        Emit::Hsaco => {
            let options = if strip { LinkOptions::kernels() } else { LinkOptions::default() };
            link(&assembled.unit, &options).map_err(failed)
        }
        Emit::Obj => write_relocatable(&assembled.unit).map_err(failed),
        Emit::Bin | Emit::Hex => {
            let section = assembled.unit.sections.iter().find(|s| s.name == ".text");
            let open = section.map_or(0, |s| s.relocs.len());
            if open > 0 {
                return Err(Failure {
                    exit: exit::FAILED,
                    code: "asm-unresolved".into(),
                    what: format!("{name}: the code cannot stand alone"),
                    evidence: format!("{open} of its words are for the linker to fill in"),
                    next: "make a code object: --emit hsaco".into(),
                });
            }
            let text = assembled.text();
            Ok(if emit == Emit::Bin { text.to_vec() } else { hex_lines(text) })
        }
    }
}

/// A dword a line, in memory order.
fn hex_lines(code: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(code.len() / 4 * 9);
    for word in code.chunks(4) {
        push_hex(&mut out, word);
        out.push(b'\n');
    }
    out
}

fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for b in bytes {
        out.extend([DIGITS[(b >> 4) as usize], DIGITS[(b & 15) as usize]]);
    }
}

/// A file that the source asks for.
fn load(wanted: &str, folder: &Path, include: &[PathBuf]) -> Result<Vec<u8>, String> {
    let mut first = None;
    for dir in std::iter::once(folder).chain(include.iter().map(PathBuf::as_path)) {
        match fs::read(dir.join(wanted)) {
            Ok(bytes) => return Ok(bytes),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.map_or_else(|| "no folder to look in".into(), |error| error.to_string()))
}

/// Appends the bytes of one instruction's text in memory order.
fn batch_line(line: &[u8], target: &Target, out: &mut Vec<u8>) -> Result<(), String> {
    let text = std::str::from_utf8(line).map_err(|_| "the line is no text".to_owned())?;
    let text = inst::without_comments(text);
    let text = text.trim_end();
    let encoded = inst::assemble(text, target, &()).map_err(|error| {
        let column = text.get(..error.at).map_or(error.at, |t| t.chars().count()) + 1;
        format!("column {column}: {error}")
    })?;
    if let Some(fixup) = encoded.fixup {
        return Err(format!("column {}: a symbol has no value here, expected a number", fixup.at + 1));
    }
    for word in &encoded.words[..encoded.len_dw as usize] {
        push_hex(out, &word.to_le_bytes());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8], wave: WaveSize) -> Vec<String> {
        let mut output = Vec::new();
        batch::batch(input, &mut output, |line, out| batch_line(line, &wave.into(), out)).unwrap();
        String::from_utf8(output).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_batch_has_a_line_for_a_line() {
        let source = b"s_mov_b32 s0, s0\r\n\n  s_endpgm // the end\nv_nop ; so\nv_nop /* that */\n\xff\ns_mov_b32 s0, foo\ns_mov_b32 s0, s200\nv_nop";
        let got = lines(source, WaveSize::W32);
        assert_eq!(got.len(), 9, "{got:?}");
        assert_eq!([&got[0], &got[2], &got[3], &got[4]], ["000080be", "0000b0bf", "0000007e", "0000007e"]);
        for k in [1, 5, 6, 7] {
            assert!(got[k].starts_with("error: "), "{got:?}");
        }
        assert!(got[7].contains("column 15"), "{}", got[7]);
        assert_eq!(got[8], got[3], "a last line without its end counts");
    }

    #[test]
    fn definitions_are_numbers_as_in_the_source() {
        let value = |text: &str| definition(&format!("a={text}")).map(|(_, value)| value);
        assert_eq!(
            ["10", "0x1F", "-3", "010", "0b101", "0", "0xffffffffffffffff"].map(|t| value(t).unwrap()),
            [10, 31, -3, 8, 5, 0, -1]
        );
        for bad in ["", "0x", "--1", "0x-1", "+1", "1k", "08", "0x10000000000000000", "a"] {
            assert!(value(bad).is_err(), "{bad}");
        }
        for bad in ["a", "=1", "1a=1", ".=1", "a b=1"] {
            assert!(definition(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn masks_are_wide_in_wave64() {
        let text = b"v_cmp_lt_f32_e32 vcc, v0, v1\n";
        assert_eq!(lines(text, WaveSize::W64), ["0003227c"]);
        assert!(lines(text, WaveSize::W32)[0].starts_with("error: "));
    }
}
