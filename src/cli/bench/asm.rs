//! `bench asm`: whole files to relocatable objects.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use serde_json::json;
use sparkle_pm4::isa::asm::{Options, assemble};
use sparkle_pm4::isa::object::write_relocatable;
use sparkle_pm4::isa::{Arch, Target, WaveSize};
use sparkle_pm4::kernels;

use super::super::disasm::{code::Object, source};
use super::super::pm4::read_input;
use super::{Failure, Folder, Output, Row, file_failure, llvm, mismatch, nanoseconds, table, time};

/// Instructions of every format: the kernels of the tree use a few of them only.
const FORMATS: &str = include_str!("formats.s");

/// Arguments of `bench asm`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Source for gfx1100 in wave32; by default one is made of the kernels that come with this toolkit.
    #[arg(long, value_name = "FILE", conflicts_with = "lines")]
    file: Option<PathBuf>,
    /// Lines of the source that is made.
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1000..=5_000_000))]
    lines: u32,
    /// Timed runs of each.
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=1000))]
    iters: u32,
    /// Write the source to this file as well.
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
}

/// Runs it.
pub fn run(args: Args, out: &Output) -> anyhow::Result<()> {
    let source = match &args.file {
        Some(file) => String::from_utf8(read_input(file)?.1).map_err(|error| {
            Failure::file("asm-not-text", format!("{} is no source", file.display()), error.to_string(), "give another")
        })?,
        None => made(args.lines as usize)?,
    };
    if let Some(keep) = &args.keep {
        std::fs::write(keep, &source).map_err(|error| file_failure(keep, error))?;
    }
    let folder = Folder::new()?;
    // What the source includes is looked for beside it, so a file that is given stays where it is.
    let path = match &args.file {
        Some(file) => file.clone(),
        None => folder.file("source.s", source.as_bytes())?,
    };
    let (object, reference) = (folder.0.join("ours.o"), folder.0.join("llvm.o"));
    let own = std::env::current_exe()?;
    let llvm = llvm("llvm-mc");
    let target = Target::new(Arch::Gfx1100, WaveSize::W32);
    let name = path.display().to_string();
    // Text to bytes in this process, as somebody who embeds the library has it.
    let within = || -> anyhow::Result<(u64, Vec<u8>)> {
        let near = path.parent().unwrap_or(&path);
        let load = |wanted: &str| std::fs::read(near.join(wanted)).map_err(|error| error.to_string());
        let start = Instant::now();
        let options = Options { target, loader: Some(&load), ..Options::default() };
        let assembled = assemble(&source, &name, &options).map_err(|diagnostics| {
            let first = diagnostics.first().map(ToString::to_string).unwrap_or_default();
            let first = first.lines().next().unwrap_or_default();
            Failure::file(
                "asm-error",
                format!("{name} cannot be assembled"),
                first,
                "`sparkle-pm4 asm` lists all errors",
            )
        })?;
        let bytes = write_relocatable(&assembled.unit).map_err(|error| {
            Failure::file(error.code(), "the object cannot be made", error.to_string(), "change it")
        })?;
        Ok((nanoseconds(start), bytes))
    };
    let mut ours = Command::new(&own);
    ours.args(["asm", "--emit", "obj"]).arg(&path).arg("-o").arg(&object);
    let mut theirs = llvm.as_ref().map(|tool| {
        let mut command = Command::new(tool);
        command.args(["-triple=amdgcn-amd-amdhsa", "-mcpu=gfx1100", "-filetype=obj"]).arg(&path).arg("-o");
        command.arg(&reference);
        command
    });
    let mut rows = vec![Row::new("library"), Row::new("sparkle-pm4 asm")];
    rows.extend(theirs.is_some().then(|| Row::new("llvm-mc-19")));
    let progress = out.progress("assembling once to compare the objects");
    // A first run of each, which counts for nothing: the files are in memory then, and the objects are compared.
    let read = |file: &PathBuf| std::fs::read(file).map_err(|error| file_failure(file, error));
    let (_, bytes) = within()?;
    time(&mut ours)?;
    compare(&bytes, &read(&object)?, "the library and `sparkle-pm4 asm`")?;
    if let Some(theirs) = &mut theirs {
        time(theirs)?;
        compare(&bytes, &read(&reference)?, "this toolkit and llvm-mc")?;
    }
    // In turns, so that a change of the machine's load hits all of them.
    for k in 0..args.iters {
        progress.say(format!("assembling, run {} of {}", k + 1, args.iters));
        rows[0].times.push(within()?.0);
        rows[1].times.push(time(&mut ours)?);
        if let Some(theirs) = &mut theirs {
            rows[2].times.push(time(theirs)?);
        }
    }
    drop(progress);
    let factor = rows.get(2).map(|llvm| llvm.median() as f64 / rows[1].median() as f64);
    let lines = source.lines().count();
    if out.json {
        let more = json!({ "lines": lines, "source_bytes": source.len(), "object_bytes": bytes.len() });
        let rows: Vec<_> = rows.iter().map(|row| row.document("asm", more.clone())).collect();
        let equal = factor.map(|_| true);
        let schema = "sparkle-pm4/bench/1";
        out.document(&json!({ "schema": schema, "rows": rows, "llvm_over_ours": factor, "equal": equal }))?;
        return Ok(());
    }
    out.line(format!("asm {lines} lines, object of {} bytes, {} runs", bytes.len(), args.iters))?;
    table(&rows, "lines/ms", lines as f64 / 1e3, out)?;
    match factor {
        Some(factor) => {
            out.line(format!("  sparkle-pm4 asm is {factor:.1} times as fast as llvm-mc; the objects are equal"))?;
        }
        None => out.note("no llvm-mc of LLVM 19 to compare with (Debian: llvm-19; or set SPARKLE_LLVM)"),
    }
    Ok(())
}

fn compare(a: &[u8], b: &[u8], whose: &str) -> Result<(), Failure> {
    if a == b {
        return Ok(());
    }
    let at = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let evidence = format!("they have {} and {} bytes, and differ from byte {at:#x} on", a.len(), b.len());
    Err(mismatch(&format!("the objects of {whose} differ"), evidence))
}

/// A source of so many lines: rounds of functions from the kernels of the tree, instructions of all formats, macros,
/// loops, conditions, data and kernel descriptors, with names of each round's own.
fn made(lines: usize) -> Result<String, Failure> {
    let mut functions = String::new();
    for kernel in kernels::KERNELS {
        functions += &source(&Object::parse(kernel.name, kernel.object.to_vec())?, Arch::Gfx1100);
    }
    let mut text = String::with_capacity(lines * 36);
    text += "\t.amdgcn_target \"amdgcn-amd-amdhsa--gfx1100\"\n\t.amdhsa_code_object_version 5\n";
    text += "\t.macro accumulate to, a, b, more\n\tv_fma_f32 \\to, \\a, \\b, \\to \\more\n\t.endm\n";
    let mut count = text.lines().count();
    for round in 0.. {
        let piece = piece(round, &functions);
        let more = piece.lines().count();
        if count + more > lines {
            break;
        }
        text += &piece;
        count += more;
    }
    text += "\t.text\n";
    for _ in count + 1..lines {
        text += "\ts_nop 0\n";
    }
    Ok(text)
}

/// One round.
fn piece(round: usize, functions: &str) -> String {
    let mut text = String::new();
    for line in functions.lines() {
        match line.strip_suffix(':').filter(|name| !name.starts_with('.')) {
            _ if line.starts_with(".amdgcn_target") => {}
            Some(name) => {
                let label = format!("{name}_{round}");
                // Formatting into a string does not fail.
                let _ = writeln!(text, "\t.globl {label}\n\t.p2align 8\n\t.type {label},@function\n{label}:");
            }
            None => {
                text += &line.replace(".L", &format!(".L{round}_"));
                text.push('\n');
            }
        }
    }
    let _ = write!(
        text,
        "
// The formats, after round {round} of the kernels.
	.globl formats_{round}
	.p2align 8
	.type formats_{round},@function
formats_{round}:
{FORMATS}	accumulate v0, v1, v2
	accumulate v3, |v4|, -v5, clamp
	.set STEP_{round}, {step} << 2
	s_add_u32 s0, s0, STEP_{round} + 4
	.if STEP_{round} > 8
	v_mov_b32_e32 v1, STEP_{round}
	.else
	v_mov_b32_e32 v1, 0
	.endif
	.rept 4
	v_add_f32_e32 v6, v7, v6
	.endr
	s_getpc_b64 s[4:5]
	s_add_u32 s4, s4, table_{round}@rel32@lo+4
	s_addc_u32 s5, s5, table_{round}@rel32@hi+12
	s_endpgm
.Lformats_end_{round}:
	.size formats_{round}, .Lformats_end_{round}-formats_{round}
	.p2alignl 7, 0xbf9f0000
	.fill 48, 4, 0xbf9f0000
	.section .rodata,\"a\",@progbits
	.p2align 6, 0x0
	.amdhsa_kernel formats_{round}
	.amdhsa_group_segment_fixed_size 1024
	.amdhsa_kernarg_size 32
	.amdhsa_user_sgpr_kernarg_segment_ptr 1
	.amdhsa_system_sgpr_workgroup_id_x 1
	.amdhsa_wavefront_size32 1
	.amdhsa_next_free_vgpr 256
	.amdhsa_next_free_sgpr 104
	.end_amdhsa_kernel
	.data
table_{round}:
	.long 1, 2, 0x3f800000, .Lformats_end_{round}-formats_{round}
	.quad formats_{round}
	.byte 1, 'a', 3
	.asciz \"round {round}\"
	.p2align 3
	.text
",
        step = round % 7,
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_has_the_lines_asked_for_and_assembles() {
        let source = made(5000).unwrap();
        assert_eq!(source.lines().count(), 5000);
        assert_eq!(source, made(5000).unwrap());
        let target = Target::new(Arch::Gfx1100, WaveSize::W32);
        let assembled = assemble(&source, "made", &Options { target, ..Options::default() });
        let assembled = assembled.unwrap_or_else(|d| panic!("{}", d[0]));
        assert!(assembled.text().len() > 20_000);
        assert!(write_relocatable(&assembled.unit).is_ok());
    }
}
