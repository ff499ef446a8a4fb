//! Assembling the kernels.

use std::fs;
use std::path::{Path, PathBuf};

use isa::asm::Options;
use isa::object::{LinkOptions, link};

use crate::llvm::Llvm;

/// Makes the code object of one source with the assembler of this repository: no symbol table but the dynamic one, no
/// tool versions, so that the same source gives the same bytes wherever it lies.
fn assemble(source: &Path) -> Result<Vec<u8>, String> {
    let name = source.display().to_string();
    let text = fs::read_to_string(source).map_err(|e| format!("{name}: {e}"))?;
    let assembled = isa::asm::assemble(&text, &name, &Options::default())
        .map_err(|all| all.iter().map(|d| format!("\n{d}")).collect::<String>())?;
    link(&assembled.unit, &LinkOptions::kernels()).map_err(|e| format!("{name}: {e}"))
}

/// The same from LLVM, which must agree byte for byte.
fn assemble_with(llvm: &Llvm, source: &Path, work: &Path) -> Result<Vec<u8>, String> {
    let text = |p: &Path| p.to_str().map(str::to_string).ok_or_else(|| format!("{} is not UTF-8", p.display()));
    let relocatable = text(&work.with_extension("o"))?;
    let object = text(&work.with_extension("hsaco"))?;
    let source = text(source)?;
    llvm.run("llvm-mc", &["-triple=amdgcn-amd-amdhsa", "-mcpu=gfx1100", "-filetype=obj", "-o", &relocatable, &source])?;
    let flags = ["-shared", "--strip-all", "--no-undefined", "--build-id=none", "--hash-style=sysv", "-z", "norelro"];
    llvm.run("ld.lld", &[&flags[..], &["-o", &object, &relocatable]].concat())?;
    llvm.run("llvm-objcopy", &["--remove-section=.comment", &object])?;
    fs::read(&object).map_err(|e| format!("{object}: {e}"))
}

/// The files with this extension in a folder, by name.
fn files(dir: &Path, extension: &str) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let mut found: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    found.retain(|p| p.extension().is_some_and(|e| e == extension));
    found.sort();
    Ok(found)
}

/// `kernels [--check]`.
pub(crate) fn run(check: bool) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../kernels");
    let (sources, objects) = (root.join("src/asm"), root.join("objects"));
    let work = std::env::temp_dir().join(format!("sparkle-xtask-{}", std::process::id()));
    fs::create_dir_all(&work).map_err(|e| format!("{}: {e}", work.display()))?;
    let result = all(check, &sources, &objects, &work);
    // Scratch: what cannot be removed is in the system's temporary folder.
    let _ = fs::remove_dir_all(&work);
    result
}

fn all(check: bool, sources: &Path, objects: &Path, work: &Path) -> Result<(), String> {
    let llvm = match Llvm::find() {
        Ok(llvm) => Some(llvm),
        Err(why) => {
            println!("skipped: the comparison with LLVM's objects, {why}");
            None
        }
    };
    let mut differ = Vec::new();
    let sources = files(sources, "s")?;
    for source in &sources {
        let stem = source.file_stem().unwrap_or_default();
        let object = objects.join(stem).with_extension("hsaco");
        let bytes = assemble(source)?;
        let old = fs::read(&object).ok();
        let state = match &old {
            Some(old) if *old == bytes => "unchanged",
            Some(_) => "differs",
            None => "new",
        };
        let agrees = match &llvm {
            None => "",
            Some(llvm) if assemble_with(llvm, source, &work.join(stem))? == bytes => ", LLVM agrees",
            Some(llvm) => {
                differ.push(format!("{} (LLVM {} makes another)", object.display(), llvm.version));
                ", LLVM DIFFERS"
            }
        };
        println!("{:<36} {:>6} bytes  {state}{agrees}", stem.to_string_lossy(), bytes.len());
        if old.as_deref() == Some(&bytes) {
            continue;
        }
        if check {
            differ.push(object.display().to_string());
        } else {
            fs::write(&object, &bytes).map_err(|e| format!("{}: {e}", object.display()))?;
        }
    }
    let has_source = |o: &Path| sources.iter().any(|s| s.file_stem() == o.file_stem());
    let stray = files(objects, "hsaco")?.into_iter().filter(|o| !has_source(o));
    differ.extend(stray.map(|o| format!("{} (no source)", o.display())));
    if differ.is_empty() {
        return Ok(());
    }
    Err(format!(
        "not what the sources assemble to: {}\nhint: run `cargo run --release -p xtask -- kernels`",
        differ.join(", ")
    ))
}
