//! `sparkle-pm4 asm` as scripts and people use it: forms of input and output, errors, files; and its code run.
#![cfg(feature = "cli")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use sparkle_pm4::isa::{asm, object};
use sparkle_pm4::object::CodeObject;
use sparkle_pm4::{Arg, Deadline, Device, Kernel};

/// A kernel of the tree, as source.
const VADD: &str = include_str!("../kernels/src/asm/vadd_f32.s");

struct Ran {
    code: Option<i32>,
    bytes: Vec<u8>,
    err: String,
}

impl Ran {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    fn document(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }
}

/// `sparkle-pm4 asm …` in `folder`, with `input` on standard input.
fn asm_in(folder: &Path, line: &str, input: &[u8]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sparkle-pm4"));
    for name in ["COLUMNS", "NO_COLOR"] {
        command.env_remove(name);
    }
    command.arg("asm").args(line.split_whitespace()).current_dir(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Inputs are small enough for a pipe; one that is never read breaks it, which is no concern of this side.
    _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(!err.contains("panicked"), "{err}");
    Ran { code: output.status.code(), bytes: output.stdout, err }
}

/// A folder of this test's own, with these files.
fn folder(test: &str, files: &[(&str, &str)]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli_asm_{test}"));
    _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    for (name, text) in files {
        fs::create_dir_all(path.join(name).parent().unwrap()).unwrap();
        fs::write(path.join(name), text).unwrap();
    }
    path
}

/// The source `text` is refused with exit code 1, and standard error contains `says`; as a document too.
#[track_caller]
fn refused(test: &str, text: &str, flags: &str, says: &str) -> Ran {
    let folder = folder(test, &[("a.s", text)]);
    let ran = asm_in(&folder, &format!("a.s {flags}"), b"");
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains(says), "{}", ran.err);
    assert!(ran.bytes.is_empty(), "nothing on standard output beside an error");
    assert!(ran.err.contains("\nnext: "), "{}", ran.err);
    for line in ran.err.lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
    ran
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

/// Runs a vadd on the software device and checks every sum.
fn sums(code: &[u8]) {
    let device = Device::emulated().unwrap();
    let kernel = Kernel::from_code_object(&device, code, "vadd_f32").unwrap();
    let a: Vec<f32> = (0..1000).map(|i| i as f32).collect();
    let b: Vec<f32> = (0..1000).map(|i| 0.5 - 2.0 * i as f32).collect();
    let want: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
    let (a, b) = (device.upload(&a).unwrap(), device.upload(&b).unwrap());
    let mut y = device.zeros::<f32>(1000).unwrap();
    let over = kernel.over([4, 1, 1], [256, 1, 1]);
    let args = [Arg::In(&a), Arg::In(&b), Arg::Out(&mut y), Arg::U32(1000)];
    device.queue().unwrap().launch(&over, args).unwrap().wait(soon()).unwrap();
    assert_eq!(y.read().unwrap(), want);
}

#[test]
fn a_source_assembled_at_run_time_runs() {
    let assembled = asm::assemble(VADD, "vadd_f32.s", &asm::Options::default()).unwrap_or_else(|d| panic!("{}", d[0]));
    sums(&object::link(&assembled.unit, &object::LinkOptions::default()).unwrap());
}

#[test]
fn every_form_of_the_result_holds_the_same_code() {
    let folder = folder("forms", &[("vadd.s", VADD)]);
    let file = |flags: &str, name: &str| {
        let ran = asm_in(&folder, &format!("vadd.s -o {name} {flags}"), b"");
        assert_eq!((ran.code, ran.text(), &*ran.err), (Some(0), "", ""), "{flags}");
        fs::read(folder.join(name)).unwrap()
    };
    let hsaco = file("", "a.hsaco");
    assert_eq!(hsaco, file("--emit hsaco", "b.hsaco"), "what -o makes, and the same each time");
    let stripped = file("--strip", "c.hsaco");
    assert!(stripped.len() < hsaco.len());
    for object in [&hsaco, &stripped] {
        let parsed = CodeObject::parse(object).unwrap();
        assert_eq!(parsed.kernels().iter().map(|k| k.name.as_str()).collect::<Vec<_>>(), ["vadd_f32"]);
        sums(object);
    }
    // e_type: 1 is ET_REL.
    let relocatable = file("--emit obj", "a.o");
    assert_eq!(relocatable[16], 1);
    let text = file("--emit bin", "a.bin");
    let has = |object: &[u8]| object.windows(text.len()).any(|w| w == text);
    assert!(text.len() > 300 && has(&hsaco) && has(&stripped) && has(&relocatable));

    let hex = String::from_utf8(file("--emit hex", "a.hex")).unwrap();
    let bytes: Vec<u8> = hex
        .lines()
        .flat_map(|line| {
            assert_eq!(line.len(), 8, "a dword a line");
            (0..4).map(move |k| u8::from_str_radix(&line[2 * k..2 * k + 2], 16).unwrap())
        })
        .collect();
    assert_eq!(bytes, text);

    // Standard input and output.
    assert_eq!(asm_in(&folder, "-", VADD.as_bytes()).text(), hex);
    assert_eq!(asm_in(&folder, "vadd.s -o -", b"").bytes, hsaco);
    assert_eq!(asm_in(&folder, "vadd.s --emit bin", b"").bytes, text);
    assert_eq!(asm_in(&folder, "- -o - --emit obj", VADD.as_bytes()).bytes, relocatable);
}

#[test]
fn a_batch_answers_each_line_with_a_line() {
    let here = folder("batch", &[("lines", "s_nop 0\nv_nop")]);
    // Encodings from llvm-mc 19.
    let cases = [
        ("", "s_mov_b32 s0, s0", "000080be"),
        ("", "v_cmp_lt_f32_e32 vcc_lo, v0, v1", "0003227c"),
        ("--wave 64", "v_cmp_lt_f32_e32 vcc, v0, v1", "0003227c"),
        ("--arch gfx1150", "s_add_f32 s5, s1, s2", "010205a0"),
        ("--true16", "v_mov_b16_e32 v0.l, v1.h", "8139007e"),
    ];
    for (flags, text, want) in cases {
        let ran = asm_in(
            &here,
            &format!("--batch - {flags}"),
            &[b"what is this\n", text.as_bytes(), b"\n\xff\n\n", text.as_bytes()].concat(),
        );
        assert_eq!((ran.code, &*ran.err), (Some(0), ""));
        let lines: Vec<&str> = ran.text().lines().collect();
        assert_eq!(lines.len(), 5, "{lines:?}");
        assert_eq!([lines[1], lines[4]], [want; 2], "{flags} {text}");
        for bad in [0, 2, 3] {
            assert!(lines[bad].starts_with("error: "), "{lines:?}");
        }
    }
    let bad = asm_in(&here, "--batch", b"s_add_f32 s5, s1, s2\nv_cmp_lt_f32_e32 vcc, v0, v1\ns_nop 0\n");
    let lines: Vec<&str> = bad.text().lines().collect();
    assert!(lines[0].starts_with("error: ") && lines[1].starts_with("error: "), "{lines:?}");
    assert_eq!(lines[2], "000080bf");
    assert_eq!(asm_in(&here, "--batch lines", b"").text(), "000080bf\n0000007e\n");
    for flags in ["--batch --json", "--batch -o x", "--batch --emit bin", "", "a.s --wave 16", "a.s --defsym A"] {
        assert_eq!(asm_in(&here, flags, b"").code, Some(2), "{flags}");
    }
}

#[test]
fn all_errors_are_told_in_one_run_with_their_places() {
    let text = "\tv_mov_b32 v0, v256\n\ts_nop 0\nfoo: v_add_f32 v0, v1\n\t.bogus 1\n\ts_endpgm\n";
    let ran = refused("places", text, "", "a.s:1:16: error: ");
    assert!(ran.err.contains("\n\tv_mov_b32 v0, v256\n\t              ^~~~\n"), "the caret's line:\n{}", ran.err);
    assert!(ran.err.contains("a.s:3:") && ran.err.contains("a.s:4:2: error: "), "{}", ran.err);
    assert!(ran.err.contains("there are 3 errors"), "{}", ran.err);

    let folder = folder("places_json", &[("a.s", text)]);
    let ran = asm_in(&folder, "a.s --json", b"");
    let document = ran.document();
    assert_eq!((ran.code, &document["schema"]), (Some(1), &Value::from("sparkle-pm4/asm/1")));
    assert_eq!(document["diagnostics"].as_array().unwrap().len(), 3);
    let first = &document["diagnostics"][0];
    assert_eq!((&first["line"], &first["column"], &first["token"]), (&1.into(), &16.into(), &"v256".into()));
    assert_eq!((&first["file"], &first["code"]), (&"a.s".into(), &"asm-error".into()));
    assert_eq!(document["error"]["code"], "asm-error");

    // A line of a macro's, and the way there.
    let text = ".macro twice r\n\tv_mov_b32 \\r, v256\n.endm\ntwice v1\n";
    let ran = refused("macro", text, "", "a.s:2:16: error: ");
    assert!(ran.err.contains("a.s:4:1: note: while in macro `twice`\ntwice v1\n^\n"), "{}", ran.err);

    let many = "bogus\n".repeat(1000);
    refused("many", &many, "", "the rest was not");
}

#[test]
fn a_document_is_all_that_json_prints() {
    let folder = folder("json", &[("a.s", ".warning \"careful\"\ns_nop 0\ns_endpgm\n")]);
    let ran = asm_in(&folder, "a.s --json", b"");
    let document = ran.document();
    assert_eq!((ran.code, &*ran.err), (Some(0), ""));
    assert_eq!(document["code"], "000080bf\n0000b0bf\n");
    assert_eq!(document["error"], Value::Null);
    assert_eq!(document["diagnostics"][0]["code"], "asm-warning");
    assert_eq!(document["sections"][0]["name"], ".text");
    assert_eq!(document["sections"][0]["size_bytes"], 8);
    let ran = asm_in(&folder, "a.s --json -o a.hsaco", b"");
    assert_eq!((ran.code, &ran.document()["error"]), (Some(0), &Value::Null));
    assert!(folder.join("a.hsaco").exists());
    for flags in ["a.s --json -o -", "a.s --json --emit obj"] {
        let ran = asm_in(&folder, flags, b"");
        assert_eq!((ran.code, &ran.document()["code"]), (Some(2), &Value::from("usage")), "{flags}");
    }
    // Without it the warning stands on standard error, and the result is made.
    let ran = asm_in(&folder, "a.s", b"");
    assert_eq!((ran.code, ran.text()), (Some(0), "000080bf\n0000b0bf\n"));
    assert!(ran.err.starts_with("a.s:1:1: warning: careful\n"), "{}", ran.err);
}

#[test]
fn files_that_cannot_be_used_say_so() {
    let here = folder("files", &[("good.s", "s_endpgm\n"), ("kept.o", "kept"), ("bad.s", "bogus\n")]);
    fs::write(here.join("latin.s"), b"// \xe9t\xe9\ns_endpgm\n").unwrap();
    let cases = [
        ("latin.s", "byte 3 is no UTF-8"),
        ("none.s", "none.s cannot be read"),
        (".", "cannot be read"),
        ("good.s -o none/there.o", "none/there.o cannot be written"),
        ("good.s -o .", ". cannot be written"),
        ("bad.s -o kept.o", "bad.s cannot be assembled"),
    ];
    for (line, says) in cases {
        let ran = asm_in(&here, line, b"");
        assert_eq!(ran.code, Some(1), "{line}: {}", ran.err);
        assert!(ran.err.contains(says) && ran.err.contains("\nnext: "), "{line}: {}", ran.err);
        let document = asm_in(&here, &format!("{line} --json"), b"").document();
        // A failure before there is a result is a document of its own.
        assert!(document["code"].is_string() || document["error"]["code"].is_string(), "{line}: {document}");
    }
    assert_eq!(fs::read(here.join("kept.o")).unwrap(), b"kept", "a source with errors touches no result");
    if Path::new("/dev/full").exists() {
        let ran = asm_in(&here, "good.s -o /dev/full", b"");
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        assert!(Path::new("/dev/full").exists());
    }
}

#[test]
fn includes_are_found_beside_the_source_and_in_the_folders_given() {
    let files = [
        ("src/a.s", ".include \"near.inc\"\n.include \"far.inc\"\n.incbin \"raw\", 1, 4\n"),
        ("src/near.inc", "s_nop 1\n"),
        ("inc/near.inc", "s_nop 9\n"),
        ("inc/far.inc", "s_nop 2\n"),
        ("inc/raw", "xabcdy"),
        ("cycle.s", ".include \"cycle.s\"\n"),
    ];
    let here = folder("includes", &files);
    let ran = asm_in(&here, "src/a.s -I inc", b"");
    assert_eq!((ran.code, ran.text()), (Some(0), "010080bf\n020080bf\n61626364\n"), "{}", ran.err);
    let ran = asm_in(&here, "src/a.s", b"");
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("src/a.s:2:10: error: ") && ran.err.contains("far.inc"), "{}", ran.err);
    let ran = asm_in(&here, "cycle.s", b"");
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("cycle.s:1:1: error: ") && ran.err.contains("nested"), "{}", ran.err);
    assert!(ran.err.lines().count() < 250, "{} lines", ran.err.lines().count());
}

#[test]
fn sources_without_an_end_come_to_one() {
    let start = Instant::now();
    refused("rept", ".rept 1000000000000\nv_nop\n.endr\n", "", "statements");
    refused("empty_rept", ".rept 1000000000000\n.rept 2\n.endr\n.endr\n", "", "statements");
    refused("macro_self", ".macro m\nm\nm\n.endm\nm\n", "", "nested");
    refused("fill", ".fill 1000000000000, 8, 1\n", "", "a.s:1:");
    // Seconds, with room for an unoptimised build on a busy machine.
    assert!(start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
}

#[test]
fn what_only_a_linker_knows_is_refused_in_raw_code() {
    let text = "s_getpc_b64 s[0:1]\ns_add_u32 s0, s0, far@rel32@lo+4\ns_endpgm\n";
    for emit in ["bin", "hex"] {
        let ran = refused("open", text, &format!("--emit {emit}"), "cannot stand alone");
        assert!(ran.err.contains("--emit hsaco") || ran.err.contains("--emit obj"), "{}", ran.err);
    }
    let here = folder("open_obj", &[("a.s", text)]);
    assert_eq!(asm_in(&here, "a.s --emit obj -o a.o", b"").code, Some(0));
    refused("open_hsaco", text, "--emit hsaco", "far");
}

#[test]
fn symbols_are_set_beforehand_as_llvm_does() {
    let text = ".if N > 2\ns_mov_b32 s0, N\n.endif\ns_mov_b32 s1, M\n";
    let here = folder("defsym", &[("a.s", text)]);
    let flags = "--defsym N=0x10 --defsym M=-1";
    let ran = asm_in(&here, &format!("a.s {flags}"), b"");
    assert_eq!((ran.code, ran.text()), (Some(0), "900080be\nc10081be\n"), "{}", ran.err);
    let tools = std::env::var_os("SPARKLE_LLVM").map_or_else(|| PathBuf::from("/usr/lib/llvm-19/bin"), PathBuf::from);
    let mut llvm = Command::new(tools.join("llvm-mc"));
    llvm.args("-triple=amdgcn-amd-amdhsa -mcpu=gfx1100 -filetype=obj a.s -o llvm.o".split(' '));
    llvm.args(flags.split(' ')).current_dir(&here);
    match llvm.output() {
        Ok(output) if output.status.success() => {
            assert_eq!(asm_in(&here, &format!("a.s {flags} --emit obj -o ours.o"), b"").code, Some(0));
            assert_eq!(fs::read(here.join("ours.o")).unwrap(), fs::read(here.join("llvm.o")).unwrap());
        }
        _ => skip::skip!("no LLVM 19 assembler"),
    }
}
