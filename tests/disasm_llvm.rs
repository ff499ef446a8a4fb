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

/// Disassembles every kernel of an object and assembles the text again; `same` compares the encoding of an
/// instruction with LLVM's. The number of instructions.
fn check(tool: &Path, name: &str, object: &[u8], same: fn(&[u8], &[u8]) -> bool) -> usize {
    let object = CodeObject::parse(object).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut instructions = 0;
    for info in object.kernels() {
        let wave = if info.wave_size == 64 { WaveSize::W64 } else { WaveSize::W32 };
        let size = info.code_size.unwrap_or_else(|| panic!("{}: no function symbol", info.name));
        let code = &object.image()[info.entry_offset as usize..][..size as usize];
        let words: Vec<u32> = code.as_chunks::<4>().0.iter().map(|&word| u32::from_le_bytes(word)).collect();
        assert_eq!(words.len() * 4, code.len(), "{}", info.name);

        let lines = disassemble_all(&words, wave);
        let mut source = String::new();
        for line in &lines {
            let text = line.text.as_ref().unwrap_or_else(|e| panic!("{} at {:#x}: {e}", info.name, line.offset));
            writeln!(source, "{text}").unwrap();
        }
        let encodings = assemble(tool, &source, wave);
        assert_eq!(encodings.len(), lines.len(), "{}: instructions in and out", info.name);
        let mut at = 0;
        for (line, llvm) in lines.iter().zip(&encodings) {
            let ours = &code[line.offset..][..line.words.len() * 4];
            let text = line.text.as_deref().unwrap_or_default();
            assert!(same(ours, llvm), "{} at {:#x}: {text}: {ours:02x?}, LLVM has {llvm:02x?}", info.name, line.offset);
            at += ours.len();
        }
        assert_eq!(at, code.len(), "{}: all bytes are compared", info.name);
        instructions += lines.len();
    }
    eprintln!("{name}: {instructions} instructions agree");
    instructions
}

/// The same, or one of the two ways in which compilers write what an assembler cannot know of from text.
fn same_instruction(ours: &[u8], llvm: &[u8]) -> bool {
    ours == llvm || unread_source(ours, llvm) || small_literal(ours, llvm)
}

/// The third source of a VOP3 that reads two: newer compilers write the inline constant 0 (code 128, at bits 58:50)
/// there, LLVM 19 the code 0.
fn unread_source(ours: &[u8], llvm: &[u8]) -> bool {
    let vop3 = ours.len() >= 8 && ours.len() == llvm.len() && ours[3] >> 2 == 0b11_0101;
    vop3 && ours[..7] == llvm[..7] && ours[7] == llvm[7] | 2 && ours[8..] == llvm[8..]
}

/// A literal that a linker has filled in with a number for which there is an inline constant: 128 to 192 are 0 to 64,
/// 193 to 208 are -1 to -16, 255 announces a literal.
fn small_literal(ours: &[u8], llvm: &[u8]) -> bool {
    let (Some((ours, literal)), [_, _, _, _]) = (ours.split_last_chunk::<4>(), llvm) else { return false };
    let literal = i32::from_le_bytes(*literal);
    let inline = |code: u8, escape: u8| {
        let value = if code <= 192 { i32::from(code) - 128 } else { 192 - i32::from(code) };
        escape == 255 && (128..=208).contains(&code) && value == literal
    };
    let differing: Vec<_> = ours.iter().zip(llvm).filter(|(a, b)| a != b).collect();
    matches!(differing[..], [(&escape, &code)] if ours.len() == 4 && inline(code, escape))
}

const NO_LLVM: &str = "no llvm-mc of LLVM 19 (Debian: apt install llvm-19; or set SPARKLE_LLVM)";

/// What `sparkle-pm4 disasm` prints for a file.
#[cfg(feature = "cli")]
fn disasm(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_sparkle-pm4")).arg("disasm").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The code objects of the tree, and those of the test data where there are any.
#[cfg(feature = "cli")]
fn objects() -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("kernels/objects")];
    match std::env::var_os("SPARKLE_TEST_DATA") {
        Some(data) => folders.push(PathBuf::from(data).join("cases")),
        None => skip::skip!("SPARKLE_TEST_DATA is not set: the tree's kernels alone"),
    }
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten());
    let mut files: Vec<_> = files.map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "hsaco"));
    files.sort();
    files
}

#[cfg(feature = "cli")]
#[test]
fn the_listing_is_llvm_objdumps_byte_for_byte() {
    let Some(tool) = llvm_mc() else { return skip::skip!("{NO_LLVM}") };
    let objects = objects();
    assert!(objects.len() >= kernels::KERNELS.len());
    for path in objects {
        let path = path.to_str().unwrap();
        let bytes = std::fs::read(path).unwrap();
        // LLVM takes code for wave32 unless it is told; the descriptors say better.
        let wave64 = CodeObject::parse(&bytes).unwrap().kernels().iter().all(|kernel| kernel.wave_size == 64);
        let mut objdump = Command::new(tool.with_file_name("llvm-objdump"));
        if wave64 {
            objdump.arg("--mattr=-wavefrontsize32,+wavefrontsize64");
        }
        let llvm = objdump.args(["-d", path]).output().unwrap().stdout;
        let ours = disasm(&[path]);
        assert!(ours == llvm, "{path}: {} bytes, llvm-objdump prints {}", ours.len(), llvm.len());
    }
}

#[cfg(feature = "cli")]
#[test]
fn the_listing_with_labels_assembles_to_the_same_code() {
    let Some(tool) = llvm_mc() else { return skip::skip!("{NO_LLVM}") };
    for kernel in kernels::KERNELS {
        let folder = std::env::temp_dir().join(format!("sparkle-asm-{}-{}", std::process::id(), kernel.name));
        std::fs::create_dir_all(&folder).unwrap();
        let (source, object) = (folder.join("k.s"), folder.join("k.o"));
        std::fs::write(&source, disasm(&["--kernel", kernel.name, "--show", "addresses,bytes,live,waits"])).unwrap();
        let mut assembler = Command::new(&tool);
        assembler.args(["-triple=amdgcn-amd-amdhsa", "-mcpu=gfx1100", "-filetype=obj", "-o"]).args([&object, &source]);
        if kernel.wave == 64 {
            assembler.arg("-mattr=-wavefrontsize32,+wavefrontsize64");
        }
        assert!(assembler.status().unwrap().success(), "{}", kernel.name);
        let text = |listing: Vec<u8>| {
            let listing = String::from_utf8(listing).unwrap();
            let words =
                |line: &str| Some(line.rsplit_once("// ")?.1.split_once(": ")?.1.split(" <").next()?.to_owned());
            listing.lines().filter_map(words).collect::<Vec<_>>()
        };
        let again = text(disasm(&["--format", "llvm", object.to_str().unwrap()]));
        let once = text(disasm(&["--format", "llvm", "--kernel", kernel.name]));
        assert!(!once.is_empty() && again == once, "{}", kernel.name);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

#[test]
fn llvm_assembles_the_disassembly_of_every_kernel_to_its_bytes() {
    let Some(tool) = llvm_mc() else { return skip::skip!("{NO_LLVM}") };
    for kernel in kernels::KERNELS {
        assert!(check(&tool, kernel.name, kernel.object, |ours, llvm| ours == llvm) > 0, "{} is empty", kernel.name);
    }
}

#[test]
fn llvm_assembles_the_disassembly_of_compiled_objects_to_their_bytes() {
    let Some(tool) = llvm_mc() else { return skip::skip!("{NO_LLVM}") };
    let Some(data) = std::env::var_os("SPARKLE_TEST_DATA") else {
        return skip::skip!("SPARKLE_TEST_DATA is not set");
    };
    let mut folders = vec![PathBuf::from(data).join("cases")];
    let mut objects = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "hsaco") {
                objects.push(path);
            }
        }
    }
    if objects.is_empty() {
        return skip::skip!("no .hsaco files under SPARKLE_TEST_DATA/cases");
    }
    for path in objects {
        let object = std::fs::read(&path).unwrap();
        check(&tool, &path.display().to_string(), &object, same_instruction);
    }
}
