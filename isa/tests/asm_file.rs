//! Whole files, against the objects that llvm-mc, ld.lld and clang 19 make of them, byte for byte.
mod object_support;

use isa::asm::{Options, assemble};
use isa::object::{LinkOptions, link, write_relocatable};
use isa::{Arch, Target, WaveSize};
use object_support as llvm;
use std::path::{Path, PathBuf};
use std::process::Command;

/// LLVM's tools and a folder for their files.
struct Judge {
    bin: PathBuf,
    dir: PathBuf,
    /// What lld writes into `.comment`.
    comment: String,
}

impl Judge {
    fn new(test: &str) -> Option<Judge> {
        let bin = llvm::llvm()?;
        let dir = llvm::scratch(test);
        let probe = llvm::assemble(&bin, &dir, "gfx1100", "s_endpgm\n").expect("llvm-mc works");
        let probe = llvm::lld(&bin, &dir, &probe, &["-shared"]).expect("lld works");
        let comment = llvm::section(&probe, ".comment").expect("lld signs its files").to_vec();
        let comment = String::from_utf8(comment).expect("lld writes text").trim_matches('\0').to_string();
        Some(Judge { bin, dir, comment })
    }

    /// llvm-mc's object of a source.
    fn object(&self, source: &str, target: Target) -> Result<Vec<u8>, String> {
        let (s, o) = (self.dir.join("unit.s"), self.dir.join("unit.o"));
        std::fs::write(&s, source).map_err(|e| e.to_string())?;
        let mut command = Command::new(self.bin.join("llvm-mc"));
        command.args(["-triple=amdgcn-amd-amdhsa", "-filetype=obj"]).arg(format!("-mcpu={}", target.arch));
        command.arg(format!("-mattr=+wavefrontsize{}", target.wave.lanes())).arg("-o").arg(&o).arg(&s);
        let out = command.output().map_err(|e| e.to_string())?;
        if !out.status.success() {
            return Err(String::from_utf8_lossy(&out.stderr).into_owned());
        }
        std::fs::read(&o).map_err(|e| e.to_string())
    }

    /// What clang writes for a C or OpenCL source.
    fn compile(&self, source: &Path, level: &str, target: Target) -> String {
        let mut command = Command::new(self.bin.join("clang"));
        command.args(["-target", "amdgcn-amd-amdhsa", "-nogpulib", "-w", level, "-S", "-o", "-"]);
        command.arg(format!("-mcpu={}", target.arch));
        if target.wave == WaveSize::W64 {
            command.arg("-mwavefrontsize64");
        }
        if source.extension().is_some_and(|e| e == "cl") {
            command.args(["-cl-std=CL2.0", "-Xclang", "-finclude-default-header", "-include"]);
            command.arg(source.with_file_name("include").join("ids.h"));
        }
        let out = command.arg(source).output().expect("clang starts");
        assert!(out.status.success(), "{}: {}", source.display(), String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).expect("clang writes text")
    }

    /// How our objects of `source`, relocatable and linked, differ from LLVM's; how many linked.
    fn compare(&self, source: &str, name: &str, target: Target) -> Result<usize, String> {
        let want = self.object(source, target).map_err(|e| format!("{name}: llvm-mc refuses it:\n{e}"))?;
        let options = Options { target, ..Options::default() };
        let ours =
            assemble(source, name, &options).map_err(|all| all.iter().map(|d| format!("{d}\n")).collect::<String>())?;
        let got = write_relocatable(&ours.unit).map_err(|e| format!("{name}: {e}"))?;
        if let Some(at) = llvm::difference(&got, &want) {
            return Err(format!("{name}: the objects differ {at}"));
        }
        let options = LinkOptions { comment: Some(self.comment.clone()), ..LinkOptions::default() };
        let linked = link(&ours.unit, &options);
        match (llvm::lld(&self.bin, &self.dir, &want, &["--no-undefined", "-shared"]), linked) {
            (Ok(want), Ok(got)) => match llvm::difference(&got, &want) {
                None => Ok(1),
                Some(at) => Err(format!("{name}: the linked objects differ {at}")),
            },
            (Err(e), Err(_)) => {
                eprintln!("{name}: not linked, {}", e.lines().next().unwrap_or_default());
                Ok(0)
            }
            // Thread-local storage and symbols in LDS are refused, and that is stated.
            (Ok(_), Err(e)) if ["thread-local", "in LDS"].iter().any(|w| e.to_string().contains(w)) => Ok(0),
            (Ok(_), Err(e)) => Err(format!("{name}: lld links it, we do not: {e}")),
            // We check fewer flags of unusual sections than lld; what it refuses is its own to say.
            (Err(_), Ok(_)) => Ok(0),
        }
    }
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the folder is checked in").flatten().map(|f| f.path()).collect();
    files.retain(|f| f.is_file());
    files.sort();
    files
}

/// Every directive, in files under tests/asm.
#[test]
fn objects_equal_llvm_mc() {
    let Some(judge) = Judge::new("asm-directives") else { return };
    let mut failed = String::new();
    let mut count = 0;
    for file in files("tests/asm") {
        let text = std::fs::read_to_string(&file).expect("a readable file");
        // A line `//---` separates the sources of a file.
        for (n, source) in text.split("//---\n").enumerate() {
            let name = format!("{}:{n}", file.display());
            count += 1;
            if let Err(why) = judge.compare(source, &name, Target::default()) {
                failed += &format!("{why}\n");
            }
        }
    }
    assert!(failed.is_empty(), "{failed}");
    assert!(count > 20, "{count} sources");
}

/// The kernels of this repository.
#[test]
fn kernels_equal_llvms() {
    let Some(judge) = Judge::new("asm-kernels") else { return };
    let sources = files("../kernels/src/asm");
    for file in &sources {
        let text = std::fs::read_to_string(file).expect("a readable file");
        let linked = judge.compare(&text, &file.display().to_string(), Target::default());
        assert_eq!(linked, Ok(1));
    }
    assert!(sources.len() >= 4);
}

/// What clang 19 writes for the C and OpenCL sources under tests/c, at several levels, in both wave sizes and for a
/// part of RDNA 3.5.
#[test]
fn clang_output_assembles_to_the_same_objects() {
    let Some(judge) = Judge::new("asm-clang") else { return };
    let mut failed = String::new();
    let (mut count, mut linked) = (0, 0);
    let w32 = |arch| Target::new(arch, WaveSize::W32);
    let w64 = Target::new(Arch::Gfx1100, WaveSize::W64);
    for file in files("tests/c") {
        for (level, target) in [
            ("-O0", w32(Arch::Gfx1100)),
            ("-O1", w32(Arch::Gfx1102)),
            ("-O2", w32(Arch::Gfx1100)),
            ("-Os", w64),
            ("-O2", w64),
            ("-O2", w32(Arch::Gfx1151)),
        ] {
            let source = judge.compile(&file, level, target);
            let name = format!("{} {level} {target:?}", file.display());
            match judge.compare(&source, &name, target) {
                Ok(n) => linked += n,
                Err(why) => failed += &format!("{why}\n"),
            }
            count += 1;
        }
    }
    assert!(failed.is_empty(), "{failed}");
    assert!(count >= 120 && linked >= 100, "{count} sources, {linked} linked");
}
