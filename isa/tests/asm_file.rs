//! Whole files, against the objects that llvm-mc 19 and clang 19 make of them, byte for byte.
mod llvm;

use isa::asm::{Options, assemble};
use isa::object::write_relocatable;

fn readelf(object: &[u8], name: &str) -> String {
    let path = std::env::temp_dir().join(format!("isa-asm-{}-{name}.o", std::process::id()));
    std::fs::write(&path, object).expect("the temporary folder takes files");
    let path_text = path.to_str().expect("a plain path");
    let (_, out, _) =
        llvm::run("llvm-readelf", &["-h", "-S", "-s", "-r", "-x", ".text", "-x", ".data", "--addrsig", path_text], b"");
    let _ = std::fs::remove_file(&path);
    String::from_utf8_lossy(&out).into_owned()
}

/// How our object of `source` differs from llvm-mc's.
fn difference(source: &str, name: &str) -> Option<String> {
    let want = match llvm::object(source) {
        Ok(object) => object,
        Err(e) => return Some(format!("{name}: llvm-mc refuses it:\n{e}")),
    };
    let got = match assemble(source, name, &Options::default()) {
        Ok(a) => match write_relocatable(&a.unit) {
            Ok(object) => object,
            Err(e) => return Some(format!("{name}: {e}")),
        },
        Err(all) => return Some(all.iter().map(|d| format!("{d}\n")).collect()),
    };
    if got == want {
        return None;
    }
    let (a, b) = (readelf(&want, "llvm"), readelf(&got, "ours"));
    let (mut a, mut b): (Vec<_>, Vec<_>) = (a.lines().collect(), b.lines().collect());
    a.resize(a.len().max(b.len()), "");
    b.resize(a.len(), "");
    let differ = a.iter().zip(&b).filter(|(a, b)| a != b).take(30);
    let differ: String = differ.map(|(a, b)| format!("llvm: {a}\nours: {b}\n")).collect();
    Some(format!("{name}: the objects differ ({} and {} bytes)\n{differ}", want.len(), got.len()))
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
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/asm");
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("the folder is checked in").flatten().collect();
    files.sort_by_key(|f| f.path());
    let mut failed = String::new();
    let mut count = 0;
    for file in files {
        let name = file.file_name().into_string().expect("a plain name");
        let text = std::fs::read_to_string(file.path()).expect("a readable file");
        // A line `//---` separates the sources of a file.
        for (n, source) in text.split("//---\n").enumerate() {
            let name = format!("{name}:{n}");
            count += 1;
            if let Some(why) = difference(source, &name) {
                failed += &format!("{why}\n");
            }
        }
    }
    assert!(failed.is_empty(), "{failed}");
    assert!(count > 20, "{count} sources");
}

/// What clang 19 writes for the C and OpenCL sources under tests/c, at several levels.
#[test]
fn clang_output_assembles_to_the_same_objects() {
    if without_llvm("clang_output_assembles_to_the_same_objects") {
        return;
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c");
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("the folder is checked in").flatten().collect();
    files.sort_by_key(|f| f.path());
    let mut failed = String::new();
    let mut count = 0;
    for file in files {
        let name = file.file_name().into_string().expect("a plain name");
        let text = std::fs::read(file.path()).expect("a readable file");
        for level in ["-O0", "-O1", "-O2", "-Os"] {
            let mut args =
                vec!["-target", "amdgcn-amd-amdhsa", "-mcpu=gfx1100", "-nogpulib", "-w", level, "-S", "-o", "-", "-x"];
            match name.ends_with(".cl") {
                true => args.extend(["cl", "-cl-std=CL2.0", "-Xclang", "-finclude-default-header", "-"]),
                false => args.extend(["c", "-"]),
            }
            let (ok, out, errors) = llvm::run("clang", &args, &text);
            assert!(ok, "{name} {level}: clang refuses it\n{errors}");
            let source = String::from_utf8(out).expect("clang writes text");
            if let Some(why) = difference(&source, &format!("{name} {level}")) {
                failed += &format!("{why}\n");
            }
            count += 1;
        }
    }
    assert!(failed.is_empty(), "{failed}");
    assert!(count >= 80, "{count} sources");
}
