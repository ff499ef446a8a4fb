//! The commands `pm4 decode`, `pm4 lint` and `pm4 dump`, run as a user runs them.
#![cfg(feature = "cli")]

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use sparkle_pm4::{capture, kernels};

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sparkle-pm4"));
    command.args(args);
    for variable in ["SPARKLE_DEVICE", "SPARKLE_DEVICE_HINT", "COLUMNS"] {
        command.env_remove(variable);
    }
    command
}

/// With `input` on standard input.
fn fed(args: &[&str], input: &[u8]) -> Ran {
    let mut child = command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A program that ends early closes its end, which is its right.
    let writer = std::thread::spawn(move || _ = stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn run(args: &[&str]) -> Ran {
    fed(args, b"")
}

/// Text keeps to the terminal's columns and carries no colour into a pipe.
#[track_caller]
fn narrow(ran: &Ran) {
    for line in ran.out.lines().chain(ran.err.lines()) {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
        assert!(!line.contains('\x1b'), "{line:?}");
    }
}

#[track_caller]
fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.out))
}

fn path(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cli_pm4");
    fs::create_dir_all(&folder).unwrap();
    folder.join(name).to_str().unwrap().to_owned()
}

fn scratch(name: &str, content: impl AsRef<[u8]>) -> String {
    let path = path(name);
    fs::write(&path, content).unwrap();
    path
}

/// A failure in three parts on standard error, and as a document.
#[track_caller]
fn fails(args: &[&str], code: i32, says: &str) {
    let ran = run(args);
    let words = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(ran.code, Some(code), "{args:?}: {words}");
    assert!(words.starts_with("error: ") && words.contains(" next: ") && words.contains(says), "{args:?}: {words}");
    let json: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
    let ran = run(&json);
    assert_eq!((ran.code, ran.err.as_str()), (Some(code), ""), "{args:?}");
    let document = document(&ran);
    let error = if document["schema"] == "sparkle-pm4/error/1" { &document } else { &document["error"] };
    for key in ["code", "message", "hint"] {
        assert!(error[key].as_str().is_some_and(|s| !s.is_empty()), "{args:?}: {key}: {document}");
    }
}

const MAP: &str = "# what the driver mapped
0x800000000 0x1000 r-- listed kernargs
0x800001000 4096 r-x listed code

0x800002000 0x1000 rw- unlisted x
0x800003000 0x1000 rw- always-valid y
0x800005000 0x1000 rw- freed old results
";

/// Program, user data, and WRITE_DATA to: y, beyond y's end, x, the freed one, the read-only one, nothing.
const STREAM: &str = "
c0027600 0000020c 08000011 00000000
c0027600 00000240 00000040 00000008
c0033700 00100500 00003000 00000008 1  # WRITE_DATA
c0043700 00100500 00003ffc 00000008 00000001 00000002
c0033700 00100500 00002000 00000008 00000003
c0033700 00100500 00005010 00000008 00000003
c0033700 00100500 00000000 00000008 00000003
c0033700 00100500 00007000 00000008 00000003
";

/// The lines of [`STREAM`] that tell about addresses.
const TOLD: [&str; 8] = [
    "                   CODE",
    "                   0x800000040 = kernargs+0x40 (listed, r--)",
    "                   0x800003000 = y+0x0 (always-valid, rw-)",
    "                   0x800003ffc = y+0xffc (always-valid, rw-), 0x8 bytes go 0x4",
    "                   0x800002000 = x+0x0 (not in the BO list, rw-)",
    "                   0x800005010 = old results+0x10 (freed, rw-)",
    "                   0x800000000 = kernargs+0x0 (listed, r--), used -w-",
    "                   0x800007000 = unmapped (0x1000 above old results)",
];

/// The entry of `vadd_f32` in its image.
fn vadd() -> (String, u64) {
    let file = scratch("vadd.hsaco", kernels::VADD_F32.object);
    let object = sparkle_pm4::object::CodeObject::parse(kernels::VADD_F32.object).unwrap();
    (file, object.kernel("vadd_f32").unwrap().entry_offset)
}

#[test]
fn addresses_are_told_from_a_map() {
    let (object, entry) = vadd();
    let entry = 0x8_0000_0000 + entry;
    let program = format!("{:08x}", entry >> 8);
    let (stream, map) = (scratch("told.hex", STREAM.replace("08000011", &program)), scratch("told.map", MAP));
    let kernel = format!("{object}@0x800000000");
    let ran = run(&["pm4", "decode", &stream, "--map", &map, "--kernel", &kernel]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    narrow(&ran);
    let told: Vec<&str> = ran.out.lines().filter(|line| line.contains(" = ")).collect();
    let code = format!("{entry:#x} = code+{:#x} (listed, r-x), kernel vadd_f32", entry - 0x8_0000_1000);
    let want: Vec<String> = TOLD.iter().map(|line| line.replace("CODE", &code)).collect();
    assert_eq!(told, want, "{}", ran.out);
    assert!(ran.out.contains("\n                     beyond the end of y\n"), "{}", ran.out);

    let document = document(&run(&["pm4", "decode", &stream, "--map", &map, "--json"]));
    let addresses: Vec<&Value> = document["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|item| item.get("addresses"))
        .flat_map(|addresses| addresses.as_array().unwrap())
        .collect();
    let states: Vec<&str> = addresses.iter().map(|a| a["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["listed", "listed", "always-valid", "beyond-end", "unlisted", "freed", "listed", "unmapped"]);
    assert_eq!(addresses[1]["field"], "COMPUTE_USER_DATA_0");
    assert_eq!((&addresses[3]["buffer"], &addresses[3]["offset"]), (&"y".into(), &0xffc.into()));
    assert_eq!((&addresses[3]["bytes"], &addresses[3]["access"]), (&8.into(), &"-w-".into()));
    assert_eq!(addresses[7]["buffer"], Value::Null);
    assert_eq!(document["buffers"].as_array().unwrap().len(), 5);
}

#[test]
fn bad_maps_and_arguments_are_refused() {
    let stream = scratch("args.hex", STREAM);
    let map = |text: &str| scratch(&format!("bad{}.map", text.len()), text);
    let twice = map("0x1000 0x1000 rw- listed a\n0x1800 0x1000 rw- listed b\n");
    fails(&["pm4", "decode", &stream, "--map", &twice], 1, "line 2: 0x1800 lies within \"a\"");
    fails(&["pm4", "decode", &stream, "--map", &map("0x1000 0x1000 rw-\n")], 1, "line 1: STATE is missing");
    fails(&["pm4", "decode", &stream, "--map", &map("\n\nx 1 rw- listed a")], 1, "line 3: VA \"x\"");
    fails(&["pm4", "decode", &stream, "--map", "/nonexistent/map"], 1, "/nonexistent/map");
    fails(&["pm4", "decode", &stream, "--ring", "copy"], 2, "copy");
    fails(&["pm4", "decode", &stream, "--gfx", "gfx1030"], 2, "gfx1030");
    fails(&["pm4", "decode", &stream, "--base", "0x3"], 2, "multiple of 4");
    fails(&["pm4", "lint", &stream, "--kernel", "k.hsaco"], 2, "the address is missing");
    fails(&["pm4", "lint", &stream, "--kernel", &format!("{stream}@0x1000")], 1, "cannot be used");
    fails(&["pm4", "lint", "/nonexistent/stream"], 1, "/nonexistent/stream");
    fails(&["pm4", "lint", &scratch("odd.bin", [1, 2, 3])], 1, "not a multiple of 4");
    fails(&["pm4", "lint", "--explain", "PM4-999"], 2, "no rule \"PM4-999\"");
    fails(&["pm4", "dump", &stream, "-o", "/nonexistent/bundle.json"], 1, "/nonexistent/bundle.json");
    fails(&["pm4", "dump", "--title", "x"], 2, "names no FILE");
    let bundle = scratch("half.json", "{ \"schema\": \"sparkle-pm4/bundle/1\", \"ibs\": [");
    fails(&["pm4", "lint", &bundle], 1, "line 1, column");
    let other = scratch("other.json", "{ \"schema\": \"sparkle-pm4/run-conv2d/1\" }");
    fails(&["pm4", "decode", &other], 1, "sparkle-pm4/run-conv2d/1");
}

/// A bundle as `run conv2d` writes it.
fn conv2d_bundle(name: &str) -> String {
    let file = path(name);
    let shape = ["--c", "8", "--h", "9", "--w", "9", "--k", "16", "--r", "3", "--pad", "1", "--device", "emu"];
    let args: Vec<&str> = ["run", "conv2d", "--dry-run", "--dump-pm4", &file].into_iter().chain(shape).collect();
    let ran = run(&args);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    file
}

#[test]
fn a_run_becomes_a_bundle_that_lints_clean_and_survives_the_commands() {
    let file = conv2d_bundle("conv2d.json");
    let text = fs::read_to_string(&file).unwrap();
    let bundle = capture::read(text.as_bytes()).unwrap();
    assert_eq!(bundle.engine.as_deref(), Some("emu"));
    assert!(bundle.submission.kernels.len() == 2 && bundle.submission.buffers.buffers().len() > 4, "{text}");

    let ran = run(&["pm4", "lint", &file]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    narrow(&ran);
    assert!(ran.out.lines().last().unwrap_or_default().starts_with("0 errors, "), "{}", ran.out);

    let ran = run(&["pm4", "decode", &file]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    narrow(&ran);
    for part in [
        "sparkle-pm4 0.1.0, emu: conv2d 1x8x9x9",
        "compute ring of a gfx1100, 6 shader engines\n",
        "\nIB 0 at 0x",
        ", kernel conv2d_direct_f32\n",
        " = commands+0x",
        "\nbuffers\n",
        "\nkernels\n",
        "conv2d_pack_weights_f32, gfx1100, wave32, ",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }

    assert_eq!(run(&["pm4", "dump", &file]).out, text);
    assert_eq!(fed(&["pm4", "dump", "-"], text.as_bytes()).out, text);
    let copy = path("copy.json");
    let made = document(&run(&["pm4", "dump", &file, "-o", &copy, "--json"]));
    assert_eq!((&made["kernels"], &made["ibs"]), (&2.into(), &1.into()));
    assert_eq!(fs::read_to_string(&copy).unwrap(), text);
    fails(&["pm4", "decode", &file, "--ring", "gfx"], 2, "--ring cannot be given with a bundle");
}

#[test]
fn a_stream_its_map_and_its_kernels_become_one_file() {
    let (stream, map) = (scratch("joined.hex", STREAM), scratch("joined.map", MAP));
    let (object, entry) = vadd();
    let kernel = format!("{object}@0x800100000");
    let args = ["pm4", "dump", &stream, "--map", &map, "--kernel", &kernel, "--ring", "gfx", "--base", "0x800020000"];
    let ran = run(&[&args[..], &["--title", "joined"]].concat());
    let bundle = capture::read(ran.out.as_bytes()).unwrap();
    let submission = &bundle.submission;
    assert_eq!(bundle.title.as_deref(), Some("joined"));
    assert_eq!((submission.ring.name(), submission.ibs[0].va), ("gfx", Some(0x8_0002_0000)));
    assert_eq!(submission.buffers.buffers().len(), 5);
    assert_eq!(submission.kernels[0].entry, 0x8_0010_0000 + entry);
    // Standard input and a pipe between the commands.
    let piped = fed(&["pm4", "decode", "-"], ran.out.as_bytes());
    assert_eq!(piped.code, Some(0));
    assert!(piped.out.contains("old results+0x10 (freed, rw-)"), "{}", piped.out);
}

/// SET_SH_REG with a count one short: the value left over is read as a header.
const SHORT_COUNT: &str = "c0017600 212 602c0002 8a c0004600 407 ffff1000 ffff1000";

#[test]
fn a_bad_stream_is_told_with_rule_place_reason_and_fix() {
    let file = scratch("short.hex", SHORT_COUNT);
    for ran in [run(&["pm4", "lint", &file]), fed(&["pm4", "lint", "-"], SHORT_COUNT.as_bytes())] {
        assert_eq!(ran.code, Some(8), "{}", ran.out);
        narrow(&ran);
        assert!(ran.out.starts_with("error PM4-001 IB 0 dword 3: "), "{}", ran.out);
        for part in ["\n      3 0000008a ERROR 0x0000008a is a type-0 header", "\n  why: ", "\n  fix: Derive the count"]
        {
            assert!(ran.out.contains(part), "{part}: {}", ran.out);
        }
        let summary = ran.out.lines().last().unwrap();
        assert!(
            summary.starts_with("1 error") && summary.ends_with(" in 8 dwords, 1 IB (compute, gfx1100)"),
            "{summary}"
        );
        assert!(ran.err.contains("the linter found 1 error") && ran.err.contains("--explain PM4-001"), "{}", ran.err);
    }
    let ran = run(&["pm4", "lint", &file, "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(8), ""));
    let document = document(&ran);
    assert_eq!(document["schema"], "sparkle-pm4/pm4-lint/1");
    let finding = &document["findings"][0];
    assert_eq!((&finding["id"], &finding["ib"], &finding["dword"]), (&"PM4-001".into(), &0.into(), &3.into()));
    for key in ["severity", "message", "title", "explanation", "fix"] {
        assert!(finding[key].as_str().is_some_and(|s| !s.is_empty()), "{key}");
    }
    assert_eq!(document["counts"]["error"], 1);
    assert_eq!(document["error"]["code"], "pm4-lint");
    fails(&["pm4", "lint", &file], 8, "PM4-001");
}

#[test]
fn rules_are_listed_and_explained() {
    let ran = run(&["pm4", "lint", "--rules"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    narrow(&ran);
    let rules = document(&run(&["pm4", "lint", "--rules", "--json"]))["rules"].as_array().unwrap().clone();
    assert!(rules.len() > 20, "{} rules", rules.len());
    for rule in &rules {
        let id = rule["id"].as_str().unwrap();
        assert_eq!(ran.out.matches(&format!("{id} ")).count(), 1, "{id}");
        let told = run(&["pm4", "lint", "--explain", &id.to_lowercase()]);
        assert_eq!(told.code, Some(0), "{id}");
        narrow(&told);
        let words = told.out.split_whitespace().collect::<Vec<_>>().join(" ");
        for key in ["title", "explanation", "fix"] {
            let text = rule[key].as_str().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains(&text), "{id}: {text}: {words}");
        }
    }
}

#[test]
fn warnings_can_be_denied() {
    // Some in-tree streams warn, others don't: a stream that warns and has no error is what is looked for.
    let file = scratch("warn.hex", "c0017600 00000212 602c0002\nffff1000 ffff1000 ffff1000 ffff1000 ffff1000\n");
    let counts = document(&run(&["pm4", "lint", &file, "--json"]))["counts"].clone();
    assert_eq!(counts["error"], 0, "{counts}");
    let denied = run(&["pm4", "lint", &file, "--deny", "warnings"]);
    let want = if counts["warning"].as_u64() == Some(0) { 0 } else { 8 };
    assert_eq!(denied.code, Some(want), "{}{}", denied.out, denied.err);
    assert_eq!(run(&["pm4", "lint", &file]).code, Some(0));
    assert_eq!(run(&["pm4", "lint", &file, "--deny", "everything"]).code, Some(2));
}

#[test]
fn noise_is_found_out_and_never_a_panic() {
    let mut x = 7u32;
    for round in 0..12 {
        let words: Vec<u8> = (0..400)
            .flat_map(|_| {
                x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (if round % 2 == 0 { x } else { x & 0x3f_ffff | 0xc000_0000 }).to_le_bytes()
            })
            .collect();
        let file = scratch(&format!("noise{round}.bin"), &words);
        let ran = run(&["pm4", "lint", &file, "--ring", ["gfx", "compute", "compute"][round % 3]]);
        assert!(matches!(ran.code, Some(0 | 8)), "{:?}: {}", ran.code, ran.err);
        narrow(&ran);
        let ran = run(&["pm4", "decode", &file]);
        assert!(matches!(ran.code, Some(0 | 1)), "{:?}: {}", ran.code, ran.err);
        narrow(&ran);
    }
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let file = conv2d_bundle("pipe.json");
    for line in ["decode", "lint", "dump"] {
        let command = format!("{} pm4 {line} {file} | head -n 1", env!("CARGO_BIN_EXE_sparkle-pm4"));
        let output = Command::new("bash").args(["-c", &format!("set -o pipefail; {command}")]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{line}");
    }
}

/// A command buffer by itself relies on its preamble; with it nothing is missing.
#[test]
fn a_stream_is_linted_behind_its_preamble() {
    let preamble = "c0017600 20d 0  c0057600 215 0 ffffffff ffffffff 0 ffffffff  c0017600 21a ffffffff \
                    c0047600 22b ffffffff ffffffff ffffffff ffffffff \
                    c0065800 0 ffffffff ffffff 0 0 a c3b1  ffff1000 ffff1000 ffff1000 ffff1000 ffff1000";
    let commands = "c0017600 20c 2000  c0027600 212 602c0002 84  c0027600 240 3000 0  c0037600 207 40 1 1 \
                    c0031502 10 1 1 8045  c0021000 0 0 0 ffff1000 ffff1000 ffff1000 ffff1000 ffff1000 ffff1000 ffff1000";
    let (preamble, commands) = (scratch("preamble.hex", preamble), scratch("commands.hex", commands));
    let alone = run(&["pm4", "lint", "--deny", "warnings", &commands]);
    assert_eq!(alone.code, Some(8), "{}", alone.out);
    assert!(alone.out.contains("PM4-203") && alone.out.contains("PM4-218"), "{}", alone.out);
    let both = run(&["pm4", "lint", "--deny", "warnings", "--before", &preamble, &commands]);
    assert_eq!(both.code, Some(0), "{}{}", both.out, both.err);
    assert!(both.out.contains("0 errors, 0 warnings, 0 notes") && both.out.contains("2 IBs"), "{}", both.out);
    let listed = run(&["pm4", "decode", "--before", &preamble, &commands]);
    assert_eq!(listed.code, Some(0), "{}", listed.err);
    assert!(listed.out.contains("IB 0") && listed.out.contains("IB 1"), "{}", listed.out);
    narrow(&listed);
}
