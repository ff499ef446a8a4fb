//! `sparkle-pm4 run kernel --check`, `--stats`, `--profile` and `--trace`.
#![cfg(feature = "cli")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn sparkle(dir: &Path, args: &str) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sparkle-pm4"));
    for name in ["DEVICE", "DEVICE_HINT", "THREADS", "TIMEOUT_MS", "LINT"] {
        command.env_remove(format!("SPARKLE_{name}"));
    }
    command.env_remove("COLUMNS").env("NO_COLOR", "1").stdin(Stdio::null()).current_dir(dir);
    let output = command.args(args.split_whitespace()).output().unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder with `k.hsaco`: the vector addition of this toolkit with something replaced, and two inputs of 100 floats.
fn folder(test: &str, what: &str, by: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli_kernel_check_{test}"));
    _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("kernels/src/asm/vadd_f32.s");
    let source = fs::read_to_string(source).unwrap();
    assert!(source.contains(what), "{what}");
    fs::write(dir.join("k.s"), source.replace(what, by)).unwrap();
    let made = sparkle(&dir, "asm k.s -o k.hsaco");
    assert_eq!(made.code, Some(0), "{}", made.err);
    for (name, scale) in [("a.bin", 1.0), ("b.bin", 0.5)] {
        let values: Vec<u8> = (0..100).flat_map(|k| (k as f32 * scale).to_le_bytes()).collect();
        fs::write(dir.join(name), values).unwrap();
    }
    dir
}

const RUN: &str =
    "run kernel k.hsaco --device emu --grid 1 --arg buf:a.bin --arg buf:b.bin --arg out:f32:100:y.npy --arg u32:";

#[test]
fn a_right_kernel_has_no_findings() {
    let dir = folder("right", "vadd_f32", "vadd_f32");
    let ran = sparkle(&dir, &format!("{RUN}100 --check=all"));
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.ends_with("\nno findings\n"), "{}", ran.out);
    let y = fs::read(dir.join("y.npy")).unwrap();
    let last = f32::from_le_bytes(y[y.len() - 4..].try_into().unwrap());
    assert_eq!(last, 99.0 * 1.5);
}

#[test]
fn a_missing_wait_is_found_at_its_address() {
    let dir = folder("wait", "s_waitcnt vmcnt(0)", "s_nop 0");
    let ran = sparkle(&dir, &format!("{RUN}100 --check"));
    assert_eq!(ran.code, Some(8), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("error[wait-read]"), "{}", ran.out);
    assert!(ran.err.contains("error: the check found ") && ran.err.contains("next: "), "{}", ran.err);
    let ran = sparkle(&dir, &format!("{RUN}100 --check=wait --stats --json"));
    assert_eq!(ran.code, Some(8));
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["error"]["code"], "wait-read");
    let found = &document["inside"]["findings"][0];
    assert_eq!(found["code"], "wait-read");
    assert!(found["register"].as_str().is_some_and(|r| r.starts_with("v1")));
    assert_eq!(found["site"]["instruction"], "v_add_f32_e32 v1, v1, v2");
    // Addresses are those of the disassembly.
    let listing = sparkle(&dir, "disasm k.hsaco --show addresses");
    let line = listing.out.lines().find(|l| l.contains("v_add_f32_e32 v1, v1, v2")).unwrap();
    let pc = found["site"]["pc"].as_u64().unwrap();
    assert!(line.to_lowercase().contains(&format!("{pc:x}")), "{pc:#x}: {line}");
    assert_eq!(document["inside"]["stats"]["waves"], 8);
    // What is not asked for is not told.
    assert_eq!(sparkle(&dir, &format!("{RUN}100 --check=race")).code, Some(0));
}

#[test]
fn a_buffer_that_is_too_small_is_found_though_its_page_goes_on() {
    let dir = folder("bounds", "vadd_f32", "vadd_f32");
    let ran = sparkle(&dir, &format!("{RUN}101 --check"));
    assert_eq!(ran.code, Some(8), "{}{}", ran.out, ran.err);
    assert_eq!(ran.out.matches("error[out-of-bounds]").count(), 3, "{}", ran.out);
    assert!(
        ran.out.contains("the buffer has 400 bytes at 0x") && ran.out.contains("4 bytes lie behind it"),
        "{}",
        ran.out
    );
    // Without the check nobody notices.
    assert_eq!(sparkle(&dir, &format!("{RUN}101")).code, Some(0));
}

#[test]
fn statistics_profile_and_trace() {
    let dir = folder("files", "vadd_f32", "vadd_f32");
    let line = format!("{RUN}100 --stats --profile k.txt --trace k.trace --trace-wave 3");
    let ran = sparkle(&dir, &line);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("by 8 waves in 1 workgroup"), "{}", ran.out);
    let profile = fs::read_to_string(dir.join("k.txt")).unwrap();
    let add = profile.lines().find(|l| l.contains("v_add_f32_e32")).unwrap();
    // Four waves have an element; the last of them has four.
    let columns: Vec<&str> = add.split_whitespace().collect();
    assert_eq!((columns[0], columns[2]), ("4", "78%"), "{add}");
    let trace = fs::read_to_string(dir.join("k.trace")).unwrap();
    assert!(trace.lines().all(|l| l.starts_with("(0,0,0) w3 0x")), "{trace}");
    assert!(trace.contains("v_add_f32_e32 v1, v1, v2") && trace.trim_end().ends_with("s_endpgm"), "{trace}");
    let ran = sparkle(&dir, &format!("{RUN}100 --profile -"));
    assert!(ran.out.starts_with("       count  share  lanes  address\n"), "{}", ran.out);
}

#[test]
fn what_cannot_be_is_refused() {
    let dir = folder("usage", "vadd_f32", "vadd_f32");
    for flags in ["--check=nonsense", "--check --iters 3", "--trace-wave 1", "--trace x --trace-pcs 5"] {
        let ran = sparkle(&dir, &format!("{RUN}100 {flags}"));
        assert_eq!(ran.code, Some(2), "{flags}: {}{}", ran.out, ran.err);
    }
    let ran = sparkle(&dir, &RUN.replace("emu", "gpu").replace("u32:", "u32:100 --check"));
    assert_eq!(ran.code, Some(2), "{}", ran.err);
}
