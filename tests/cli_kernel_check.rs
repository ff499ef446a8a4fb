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
    for name in ["argument 0 (a)", "argument 1 (b)", "argument 2 (dst)"] {
        let found = format!("4 bytes past the end of {name} of 400 bytes, at its offset 400");
        assert!(ran.out.contains(&found), "{found}\n{}", ran.out);
    }
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
    assert!(trace.lines().all(|l| l.starts_with("(0,0,0) w3 0x") || l.starts_with("    ")), "{trace}");
    assert!(trace.contains("v_add_f32_e32 v1, v1, v2") && trace.trim_end().ends_with("s_endpgm"), "{trace}");
    let ran = sparkle(&dir, &format!("{RUN}100 --profile -"));
    assert!(ran.out.starts_with("    count  share  lanes  address\n"), "{}", ran.out);
}

/// A folder with the objects that clang made and with 1,024 integers, a page of them.
fn compiled(test: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli_kernel_check_{test}"));
    _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    let objects = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/checks");
    for entry in fs::read_dir(objects).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "hsaco") {
            fs::copy(&path, dir.join(path.file_name().unwrap())).unwrap();
        }
    }
    let values: Vec<u8> = (0..1024).flat_map(|k: i32| (k * 7 % 50 + 1).to_le_bytes()).collect();
    fs::write(dir.join("in.bin"), values).unwrap();
    dir
}

#[test]
fn what_clang_makes_has_no_findings() {
    let dir = compiled("clean");
    const KERNELS: [&str; 10] = [
        "collatz",
        "masks",
        "private_array",
        "structures",
        "of_three",
        "narrow",
        "through_lds",
        "calls",
        "arithmetic",
        "atomics",
    ];
    for object in ["O0_w32", "O0_w64", "O1_w32", "O1_w64", "O3_w32", "O3_w64"] {
        for kernel in KERNELS {
            let line = format!(
                "run kernel clean_{object}.hsaco --kernel {kernel} --device emu --grid 2 --block 128 --check \
                 --arg buf:in.bin --arg out:u8:6144:y.npy --arg u32:250"
            );
            let ran = sparkle(&dir, &line);
            assert_eq!(ran.code, Some(0), "{object} {kernel}\n{}{}", ran.out, ran.err);
            assert!(ran.out.ends_with("\nno findings\n"), "{object} {kernel}\n{}", ran.out);
        }
    }
}

#[test]
fn each_fault_is_found_where_it_is() {
    let dir = compiled("faults");
    // The kernel, groups, its number, the findings, what they say, and whether the access faults.
    let faults: [(&str, u32, u32, &[&str], &str, bool); 11] = [
        ("past_the_end", 2, 1000, &["out-of-bounds"], "4 bytes past the end of argument 0", true),
        ("past_the_end", 2, 768, &[], "no findings", false),
        ("before_the_start", 2, 1, &["out-of-bounds"], "4 bytes before the start of argument 1", true),
        ("a_variable", 2, 20, &["uninit-scratch"], "scratch_load_b32", false),
        ("an_element", 2, 1, &["uninit-scratch"], "lane 6 (lanes 0x40404040)", false),
        ("a_condition", 2, 2, &["uninit-scratch"], "scratch_load_b32", false),
        ("an_index", 2, 2, &["uninit-scratch"], "in `global_load_b32", false),
        ("lds_not_written", 1, 100, &["uninit-lds"], "in `ds_load_b32", false),
        ("past_the_lds", 1, 100, &["lds-bounds"], "the group has 400 bytes of LDS", false),
        ("no_barrier", 1, 1, &["race-lds", "race-lds"], "no barrier between them", false),
        ("groups_meet", 2, 1, &["race-groups"], "groups of one dispatch run in any order", false),
    ];
    for (kernel, groups, n, codes, says, trap) in faults {
        let line = format!(
            "run kernel faults.hsaco --kernel {kernel} --device emu --grid {groups} --block 128 --check \
             --arg buf:in.bin --arg out:i32:1024:y.npy --arg u32:{n}"
        );
        let ran = sparkle(&dir, &line);
        let code = if codes.is_empty() { 0 } else { 8 };
        // The fault of the device comes after the findings, which are on standard error then.
        assert_eq!(ran.code, Some(if trap { 7 } else { code }), "{kernel} {n}\n{}{}", ran.out, ran.err);
        let text = if trap { &ran.err } else { &ran.out };
        let found: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("error[")?.split(']').next()).collect();
        assert_eq!(found, codes, "{kernel} {n}\n{text}");
        // Lines are wrapped.
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(says), "{kernel} {n}: {says}\n{text}");
        assert!(text.lines().all(|l| l.chars().count() <= 80), "{kernel} {n}\n{text}");
    }
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
