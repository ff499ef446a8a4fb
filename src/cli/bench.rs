//! `bench`: times of this toolkit's tools, beside those of others.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::json;
use sparkle_pm4::isa::{Arch, Section, Symbol, Target, WaveSize};
use sparkle_pm4::kernels;

use super::Failure;
use super::Output;
use super::disasm::code::Object;

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Disassemble a large code object, also with llvm-objdump 19 where it is found.
    Disasm(Disasm),
}

#[derive(Debug, clap::Args)]
struct Disasm {
    /// Code objects whose code is repeated; by default the kernels that come with this toolkit.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Bytes of code.
    #[arg(long, value_name = "N", default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(4096..=1 << 30))]
    bytes: u64,
    /// Timed runs of each.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    iters: u32,
}

/// Runs it.
pub fn run(args: Args, out: &Output) -> anyhow::Result<()> {
    match args.what {
        What::Disasm(args) => disasm(args, out),
    }
}

/// A minimal linked code object for gfx1100 with one function.
fn code_object(code: &[u8]) -> Vec<u8> {
    const CODE: u64 = 0x1000;
    let names = b"\0.text\0.symtab\0.strtab\0big\0";
    let name =
        |n: &str| names.windows(n.len() + 1).position(|w| w == [n.as_bytes(), b"\0"].concat()).unwrap_or(0) as u32;
    let symtab = (CODE + code.len() as u64).next_multiple_of(8);
    let strtab = symtab + 48;
    let headers = (strtab + names.len() as u64).next_multiple_of(8);
    let mut f = Vec::with_capacity(headers as usize + 256);
    // ELF64, little-endian, ELFOSABI_AMDGPU_HSA, code object version 5; ET_DYN, EM_AMDGPU, EF_AMDGPU_MACH gfx1100.
    f.extend_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1, 64, 3, 0, 0, 0, 0, 0, 0, 0]);
    f.extend_from_slice(&[3, 0, 224, 0, 1, 0, 0, 0]);
    for word in [0, 0, headers] {
        f.extend_from_slice(&u64::to_le_bytes(word));
    }
    f.extend_from_slice(&0x41u32.to_le_bytes());
    for half in [64u16, 0, 0, 64, 4, 3] {
        f.extend_from_slice(&half.to_le_bytes());
    }
    f.resize(CODE as usize, 0);
    f.extend_from_slice(code);
    f.resize(symtab as usize + 24, 0);
    f.extend_from_slice(&name("big").to_le_bytes());
    // STB_GLOBAL, STT_FUNC, section 1.
    f.extend_from_slice(&[0x12, 0, 1, 0]);
    f.extend_from_slice(&CODE.to_le_bytes());
    f.extend_from_slice(&(code.len() as u64).to_le_bytes());
    f.extend_from_slice(names);
    f.resize(headers as usize + 64, 0);
    let mut section = |title: &str, kind: u32, flags: u64, address, offset: u64, size: usize, link: u32, entry: u64| {
        f.extend_from_slice(&name(title).to_le_bytes());
        f.extend_from_slice(&kind.to_le_bytes());
        for word in [flags, address, offset, size as u64, u64::from(link) | u64::from(link > 0) << 32, 8, entry] {
            f.extend_from_slice(&word.to_le_bytes());
        }
    };
    section(".text", 1, 6, CODE, CODE, code.len(), 0, 0);
    section(".symtab", 2, 0, 0, symtab, 48, 3, 24);
    section(".strtab", 3, 0, 0, strtab, names.len(), 0, 0);
    f
}

/// llvm-objdump of LLVM 19, from `SPARKLE_LLVM` or where Debian puts it.
fn objdump() -> Option<PathBuf> {
    let folder = std::env::var_os("SPARKLE_LLVM").map_or_else(|| PathBuf::from("/usr/lib/llvm-19/bin"), PathBuf::from);
    let tool = folder.join("llvm-objdump");
    let version = Command::new(&tool).arg("--version").output().ok()?;
    String::from_utf8_lossy(&version.stdout).contains("LLVM version 19.").then_some(tool)
}

fn file_failure(path: &Path, error: std::io::Error) -> Failure {
    Failure::file(
        "unwritable-file",
        format!("{} cannot be used", path.display()),
        error.to_string(),
        "check the folder for temporary files (TMPDIR)",
    )
}

/// Median and least of times.
fn spread(times: &mut [u128]) -> (u128, u128) {
    times.sort_unstable();
    (times[times.len() / 2], times[0])
}

fn disasm(args: Disasm, out: &Output) -> anyhow::Result<()> {
    let mut code = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>| -> Result<(), Failure> {
        for part in &Object::parse(name, bytes)?.code {
            code.extend_from_slice(&part.bytes[..part.bytes.len() & !3]);
        }
        Ok(())
    };
    for file in &args.files {
        let (name, bytes) = super::pm4::read_input(file)?;
        add(&name, bytes)?;
    }
    if args.files.is_empty() {
        for kernel in kernels::KERNELS {
            add(kernel.name, kernel.object.to_vec())?;
        }
    }
    if code.is_empty() {
        return Err(Failure::usage("there is no code to repeat", "the files have none", "give others").into());
    }
    let size = args.bytes as usize & !3;
    let code: Vec<u8> = code.iter().copied().cycle().take(size).collect();
    let file = code_object(&code);
    let path = std::env::temp_dir().join(format!("sparkle-pm4-bench-{}.hsaco", std::process::id()));
    std::fs::write(&path, &file).map_err(|error| file_failure(&path, error))?;
    let result = compare(&args, &path, &code, out);
    // A file that cannot be removed spoils no measurement.
    _ = std::fs::remove_file(&path);
    result
}

fn compare(args: &Disasm, path: &Path, code: &[u8], out: &Output) -> anyhow::Result<()> {
    let own = std::env::current_exe()?;
    let time = |command: &mut Command| -> anyhow::Result<u128> {
        let start = Instant::now();
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        let time = start.elapsed().as_nanos();
        if status.success() {
            return Ok(time);
        }
        Err(Failure::file("bench-tool", "a measured program failed", format!("{status}"), "run it by hand").into())
    };
    // Within this process, without files, as somebody who embeds the library has it.
    let within = || {
        let symbols = [Symbol { address: 0x1000, name: "big", label: false }];
        let section = Section { name: ".text", address: 0x1000, bytes: code, symbols: &symbols };
        let target = Target::new(Arch::Gfx1100, WaveSize::W32);
        let start = Instant::now();
        let mut bytes = 0;
        let listed = section.list(
            |_| target,
            |text| {
                bytes += text.len();
                text.clear();
                Ok::<(), std::convert::Infallible>(())
            },
        );
        let time = start.elapsed().as_nanos();
        (time, listed.map_or(0, |l| l.instructions), bytes)
    };
    let llvm = objdump();
    let progress = out.progress("disassembling");
    let (mut ours, mut library, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    let (mut instructions, mut text) = (0, 0);
    // In turns, so that a change of the machine's load hits all of them.
    for k in 0..args.iters {
        progress.say(format!("disassembling, run {} of {}", k + 1, args.iters));
        ours.push(time(Command::new(&own).arg("disasm").arg(path))?);
        let (time_ns, n, bytes) = within();
        library.push(time_ns);
        (instructions, text) = (n, bytes);
        if let Some(tool) = &llvm {
            theirs.push(time(Command::new(tool).arg("-d").arg(path))?);
        }
    }
    drop(progress);
    let mut rows = vec![("library", spread(&mut library)), ("sparkle-pm4 disasm", spread(&mut ours))];
    if llvm.is_some() {
        rows.push(("llvm-objdump-19 -d", spread(&mut theirs)));
    }
    let factor = llvm.is_some().then(|| rows[2].1.0 as f64 / rows[1].1.0 as f64);
    if out.json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(engine, (median, min))| {
                json!({
                    "op": "disasm", "shape": null, "device": "cpu", "engine": engine, "threads": 1,
                    "iters": args.iters, "median_ns": *median as u64, "min_ns": *min as u64,
                    "code_bytes": code.len(), "instructions": instructions, "text_bytes": text,
                })
            })
            .collect();
        out.document(&json!({ "schema": "sparkle-pm4/bench/1", "rows": rows, "llvm_over_ours": factor }))?;
        return Ok(());
    }
    out.line(format!("disasm {} bytes of code, {instructions} instructions, {} runs", code.len(), args.iters))?;
    out.line(format!("  {:<20} {:>10} {:>10} {:>12}", "", "median", "min", "MB of code/s"))?;
    for (name, (median, min)) in &rows {
        let ms = |ns: u128| format!("{:.1} ms", ns as f64 / 1e6);
        let rate = code.len() as f64 * 1e3 / *median as f64;
        out.line(format!("  {name:<20} {:>10} {:>10} {rate:>12.1}", ms(*median), ms(*min)))?;
    }
    match factor {
        Some(factor) => out.line(format!("  sparkle-pm4 disasm is {factor:.1} times as fast as llvm-objdump"))?,
        None => out.note("no llvm-objdump of LLVM 19 to compare with (Debian: llvm-19; or set SPARKLE_LLVM)"),
    }
    Ok(())
}
