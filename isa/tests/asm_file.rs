//! Whole files, against the objects that llvm-mc 19 and clang 19 make of them, byte for byte.
mod llvm;

use isa::asm::{Assembled, Diagnostic, Options, Symbols, Target, assemble_with};
use isa::object::write_relocatable;
use llvm::Instructions;

fn assemble(source: &str, name: &str, instructions: &Instructions) -> Result<Assembled, Vec<Diagnostic>> {
    let encode = |text: &str, target: &Target, symbols: &dyn Symbols| instructions.encode(text, target, symbols);
    loop {
        let result = assemble_with(source, name, &Options::default(), &encode);
        if !instructions.learn() {
            return result;
        }
    }
}

fn readelf(object: &[u8], name: &str) -> String {
    let path = std::env::temp_dir().join(format!("isa-asm-{}-{name}.o", std::process::id()));
    std::fs::write(&path, object).expect("the temporary folder takes files");
    let path_text = path.to_str().expect("a plain path");
    let (_, out, _) =
        llvm::run("llvm-readelf", &["-h", "-S", "-s", "-r", "-x", ".text", "-x", ".data", "--addrsig", path_text], b"");
    let _ = std::fs::remove_file(&path);
    String::from_utf8_lossy(&out).into_owned()
}

/// Asserts that our object of `source` is llvm-mc's.
fn same(source: &str, name: &str, instructions: &Instructions) {
    let want = llvm::object(source).unwrap_or_else(|e| panic!("{name}: llvm-mc refuses it:\n{e}"));
    let got = match assemble(source, name, instructions) {
        Ok(a) => write_relocatable(&a.unit).unwrap_or_else(|e| panic!("{name}: {e}")),
        Err(all) => panic!("{name}:\n{}", all.iter().map(|d| format!("{d}\n")).collect::<String>()),
    };
    if got != want {
        let (a, b) = (readelf(&want, "llvm"), readelf(&got, "ours"));
        let differ: String = a
            .lines()
            .zip(b.lines())
            .filter(|(a, b)| a != b)
            .take(12)
            .map(|(a, b)| format!("llvm: {a}\nours: {b}\n"))
            .collect();
        panic!("{name}: the objects differ ({} and {} bytes)\n{differ}", want.len(), got.len());
    }
}

fn without_llvm(test: &str) -> bool {
    let missing = llvm::tool("llvm-mc").is_none() || llvm::tool("clang").is_none();
    if missing {
        skip::skip!("{test}: LLVM 19 isn't installed");
    }
    missing
}

/// Every directive, in files under tests/asm.
#[test]
fn objects_equal_llvm_mc() {
    if without_llvm("objects_equal_llvm_mc") {
        return;
    }
    let instructions = Instructions::default();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/asm");
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("the folder is checked in").flatten().collect();
    files.sort_by_key(|f| f.path());
    let only = std::env::var("ONLY").unwrap_or_default();
    let mut failed = String::new();
    let mut count = 0;
    for file in files {
        let name = file.file_name().into_string().expect("a plain name");
        let text = std::fs::read_to_string(file.path()).expect("a readable file");
        // A line `//---` separates the sources of a file.
        for (n, source) in text.split("//---\n").enumerate() {
            let name = format!("{name}:{n}");
            if !name.contains(&only) {
                continue;
            }
            count += 1;
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| same(source, &name, &instructions)));
            if let Err(e) = result {
                failed += e.downcast_ref::<String>().map_or("a panic", |s| s);
                failed += &format!("\n{source}\n");
            }
        }
    }
    assert!(failed.is_empty(), "{failed}");
    assert!(count > 30 || !only.is_empty(), "{count} sources");
}
