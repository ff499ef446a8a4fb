//! The disassembler's text of every kernel in the tree, assembled by LLVM 19, is the kernel again, byte for byte.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sparkle_pm4::isa::{WaveSize, disassemble_all};
use sparkle_pm4::kernels;
use sparkle_pm4::object::CodeObject;

/// The folder of an LLVM whose assembler is the reference: `SPARKLE_LLVM`, or where Debian puts it.
fn llvm_mc() -> Option<PathBuf> {
    let folder = std::env::var_os("SPARKLE_LLVM").map_or_else(|| PathBuf::from("/usr/lib/llvm-19/bin"), PathBuf::from);
    let tool = folder.join("llvm-mc");
    let version = Command::new(&tool).arg("--version").output().ok()?;
    String::from_utf8_lossy(&version.stdout).contains("LLVM version 19.").then_some(tool)
}

/// Assembles `text` and gives the encoding of each instruction, in order.
fn assemble(tool: &Path, text: &str, wave: WaveSize) -> Vec<Vec<u8>> {
    let mut command = Command::new(tool);
    command.args(["-triple=amdgcn-amd-amdhsa", "-mcpu=gfx1100", "-show-encoding"]);
    // Wave32 is what the target has without being told.
    if wave.is64() {
        command.arg("-mattr=-wavefrontsize32,+wavefrontsize64");
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The input is read whole before anything is written, so this cannot block on the output.
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "llvm-mc refuses the text:\n{errors}");
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| Some(line.split_once("encoding: [")?.1.split_once(']')?.0.to_owned()))
        .map(|bytes| {
            let bytes = bytes.split(',').map(|byte| u8::from_str_radix(byte.trim().trim_start_matches("0x"), 16));
            bytes.collect::<Result<_, _>>().unwrap_or_else(|_| panic!("a fixup in an encoding"))
        })
        .collect()
}

#[test]
fn llvm_assembles_the_disassembly_of_every_kernel_to_its_bytes() {
    let Some(tool) = llvm_mc() else {
        eprintln!("skipped: no llvm-mc of LLVM 19 (Debian: apt install llvm-19; or set SPARKLE_LLVM)");
        return;
    };
    for kernel in kernels::KERNELS {
        let object = CodeObject::parse(kernel.object).unwrap();
        for info in object.kernels() {
            let wave = if info.wave_size == 64 { WaveSize::W64 } else { WaveSize::W32 };
            let size = info.code_size.expect("the kernels of the tree have function symbols");
            let code = &object.image()[info.entry_offset as usize..][..size as usize];
            let words: Vec<u32> = code.as_chunks::<4>().0.iter().map(|&word| u32::from_le_bytes(word)).collect();
            assert_eq!(words.len() * 4, code.len(), "{}", info.name);

            let lines = disassemble_all(&words, wave);
            let mut text = String::new();
            for line in &lines {
                let instruction =
                    line.text.as_ref().unwrap_or_else(|e| panic!("{} at {:#x}: {e}", info.name, line.offset));
                writeln!(text, "{instruction}").unwrap();
            }
            let encodings = assemble(&tool, &text, wave);
            assert_eq!(encodings.len(), lines.len(), "{}: instructions in and out", info.name);
            for (line, bytes) in lines.iter().zip(&encodings) {
                let want: Vec<u8> = line.words.iter().flat_map(|word| word.to_le_bytes()).collect();
                let instruction = line.text.as_deref().unwrap_or_default();
                assert_eq!(*bytes, want, "{} at {:#x}: {instruction}", info.name, line.offset);
            }
            assert_eq!(encodings.concat(), code, "{}", info.name);
            eprintln!("{}: {} instructions, {size} bytes agree", info.name, lines.len());
        }
    }
}
