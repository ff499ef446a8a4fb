//! `bench`: times of this toolkit's tools, beside those of others.

mod asm;
mod conv2d;
mod emu;
mod machine;
mod serve;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::json;
use sparkle_pm4::cpu::Aligned;
use sparkle_pm4::isa::{Arch, Section, Symbol, Target, WaveSize};
use sparkle_pm4::kernels;

pub(super) use conv2d::{Suite, unknown_shape};

use super::Failure;
use super::disasm::code::Object;
use super::{Output, exit};

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    serve: serve::Args,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Assemble a long source, also with llvm-mc 19 where it is found.
    Asm(asm::Args),
    /// Disassemble a large code object, also with llvm-objdump 19 where it is found.
    Disasm(Disasm),
    /// Run the convolutions of a published network on the CPU, beside its FMA peak and its roofline.
    Conv2d(conv2d::Args),
    /// Run kernels on the software device: interpreter and translator, on one host thread and more.
    Emu(emu::Args),
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
        None if args.serve.serve => serve::run(&args.serve, out),
        Some(_) if args.serve.serve => Err(Failure::usage(
            "--serve takes no subcommand",
            "it measures what standard input asks for",
            "leave one of them out",
        )
        .into()),
        None => Err(Failure::usage(
            "what to time is missing",
            "the command line ends before a subcommand",
            "try `sparkle-pm4 bench conv2d`; `sparkle-pm4 bench --help` lists them",
        )
        .into()),
        Some(What::Asm(args)) => asm::run(args, out),
        Some(What::Conv2d(args)) => conv2d::run(args, out),
        Some(What::Disasm(args)) => disasm(args, out),
        Some(What::Emu(args)) => emu::run(args, out),
    }
}

/// Values in [0, 1), multiples of 2^-24, from SplitMix64 (Steele, Lea, Flood 2014).
pub(super) fn random(len: usize, stream: u64) -> Result<Aligned, Failure> {
    let mut values = Aligned::zeroed(len).map_err(|e| Failure {
        exit: exit::FAILED,
        code: "out-of-memory".into(),
        what: "there is no memory for the tensors".into(),
        evidence: e.to_string(),
        next: "take a smaller shape".into(),
    })?;
    let mut state = stream.wrapping_mul(0xd1b5_4a32_d192_ed03);
    values.fill_with(|| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (z >> 40) as f32 / (1 << 24) as f32
    });
    Ok(values)
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

/// A program of LLVM 19, from `SPARKLE_LLVM` or where Debian puts it.
fn llvm(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("SPARKLE_LLVM").map_or_else(|| PathBuf::from("/usr/lib/llvm-19/bin"), PathBuf::from);
    let tool = folder.join(name);
    let version = Command::new(&tool).arg("--version").output().ok()?;
    String::from_utf8_lossy(&version.stdout).contains("LLVM version 19.").then_some(tool)
}

/// A folder for the files of one run; gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("sparkle-pm4-bench-{}", std::process::id()));
        fs::create_dir_all(&path).map_err(|error| file_failure(&path, error))?;
        Ok(Self(path))
    }

    /// The file of this name with these bytes.
    fn file(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Failure> {
        let path = self.0.join(name);
        fs::write(&path, bytes).map_err(|error| file_failure(&path, error))?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Files that cannot be removed spoil no measurement.
        _ = fs::remove_dir_all(&self.0);
    }
}

/// Nanoseconds from the start of a process, whose output nobody reads, to its end.
fn time(command: &mut Command) -> anyhow::Result<u64> {
    let start = Instant::now();
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let output = output.wait_with_output()?;
    let time = nanoseconds(start);
    if output.status.success() {
        return Ok(time);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let evidence = format!("{}\n{}", output.status, said.lines().take(4).collect::<Vec<_>>().join("\n"));
    let what = format!("{} failed", command.get_program().to_string_lossy());
    Err(Failure::file("bench-tool", what, evidence.trim_end(), "run it by hand on the same file").into())
}

pub(super) fn nanoseconds(start: Instant) -> u64 {
    start.elapsed().as_nanos() as u64
}

/// The times of one engine.
pub(super) struct Row {
    engine: &'static str,
    pub(super) times: Vec<u64>,
}

impl Row {
    pub(super) fn new(engine: &'static str) -> Self {
        Self { engine, times: Vec::new() }
    }

    pub(super) fn min(&self) -> u64 {
        self.times.iter().min().copied().unwrap_or(0)
    }

    /// The quartiles around the median.
    pub(super) fn quartiles(&self) -> [u64; 2] {
        let mut times = self.times.clone();
        times.sort_unstable();
        [1, 3].map(|quarter| times.get(quarter * times.len() / 4).copied().unwrap_or(0))
    }

    pub(super) fn median(&self) -> u64 {
        let mut times = self.times.clone();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or(0)
    }

    /// As the document's row, with the operation's own members, which may replace the common ones.
    pub(super) fn document(&self, op: &str, more: serde_json::Value) -> serde_json::Value {
        let mut row = json!({
            "op": op, "shape": null, "device": "cpu", "engine": self.engine, "threads": 1,
            "iters": self.times.len(), "median_ns": self.median(), "min_ns": self.min(),
        });
        if let (Some(row), serde_json::Value::Object(more)) = (row.as_object_mut(), more) {
            row.extend(more);
        }
        row
    }
}

/// Two tools that should have made the same did not.
fn mismatch(what: &str, evidence: String) -> Failure {
    Failure {
        exit: exit::MISMATCH,
        code: "bench-mismatch".into(),
        what: what.into(),
        evidence,
        next: "the times compare different work; report the difference with this toolkit's version".into(),
    }
}

fn file_failure(path: &Path, error: std::io::Error) -> Failure {
    Failure::file(
        "unwritable-file",
        format!("{} cannot be used", path.display()),
        error.to_string(),
        "check the folder for temporary files (TMPDIR)",
    )
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
    let folder = Folder::new()?;
    let path = folder.file("code.hsaco", &file)?;
    compare(&args, &path, &code, out)
}

fn compare(args: &Disasm, path: &Path, code: &[u8], out: &Output) -> anyhow::Result<()> {
    let own = std::env::current_exe()?;
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
        let time = nanoseconds(start);
        (time, listed.map_or(0, |l| l.instructions), bytes)
    };
    let llvm = llvm("llvm-objdump");
    let progress = out.progress("disassembling once to compare the texts");
    let mut rows = vec![Row::new("library"), Row::new("sparkle-pm4 disasm")];
    // A first run of each, which counts for nothing: the file is in memory then, and the texts are compared.
    let mut equal = None;
    if let Some(tool) = &llvm {
        rows.push(Row::new("llvm-objdump-19 -d"));
        let text = |command: &mut Command| command.arg(path).stdin(Stdio::null()).output().map(|o| o.stdout);
        let ours = text(Command::new(&own).arg("disasm"))?;
        let theirs = text(Command::new(tool).arg("-d"))?;
        if ours != theirs {
            let at = ours.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
            let line = 1 + ours[..at].iter().filter(|&&b| b == b'\n').count();
            return Err(
                mismatch("the texts differ", format!("{} from llvm-objdump's in line {line}", own.display())).into()
            );
        }
        equal = Some(true);
    }
    let (mut instructions, mut text) = (0, 0);
    // In turns, so that a change of the machine's load hits all of them.
    for k in 0..args.iters {
        progress.say(format!("disassembling, run {} of {}", k + 1, args.iters));
        let (time_ns, n, bytes) = within();
        rows[0].times.push(time_ns);
        (instructions, text) = (n, bytes);
        rows[1].times.push(time(Command::new(&own).arg("disasm").arg(path))?);
        if let Some(tool) = &llvm {
            rows[2].times.push(time(Command::new(tool).arg("-d").arg(path))?);
        }
    }
    drop(progress);
    let factor = rows.get(2).map(|llvm| llvm.median() as f64 / rows[1].median() as f64);
    if out.json {
        let more = json!({ "code_bytes": code.len(), "instructions": instructions, "text_bytes": text });
        let rows: Vec<_> = rows.iter().map(|row| row.document("disasm", more.clone())).collect();
        let schema = "sparkle-pm4/bench/1";
        out.document(&json!({ "schema": schema, "rows": rows, "llvm_over_ours": factor, "equal": equal }))?;
        return Ok(());
    }
    out.line(format!("disasm {} bytes of code, {instructions} instructions, {} runs", code.len(), args.iters))?;
    table(&rows, "MB of code/s", code.len() as f64 / 1e6, out)?;
    match factor {
        Some(factor) => {
            out.line(format!("  sparkle-pm4 disasm is {factor:.1} times as fast as llvm-objdump; the texts are equal"))?
        }
        None => out.note("no llvm-objdump of LLVM 19 to compare with (Debian: llvm-19; or set SPARKLE_LLVM)"),
    }
    Ok(())
}

/// Median, minimum and rate of each engine; `work` is what one run does, in millions or whatever `unit` says a second.
fn table(rows: &[Row], unit: &str, work: f64, out: &Output) -> std::io::Result<()> {
    out.line(format!("  {:<20} {:>10} {:>10} {unit:>14}", "", "median", "min"))?;
    for row in rows {
        let ms = |ns: u64| format!("{:.1} ms", ns as f64 / 1e6);
        let rate = work * 1e9 / row.median() as f64;
        out.line(format!("  {:<20} {:>10} {:>10} {rate:>14.1}", row.engine, ms(row.median()), ms(row.min())))?;
    }
    Ok(())
}
