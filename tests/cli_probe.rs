//! The commands `probe` and its ladder, `pm4 decode` and `disasm`, run as a user runs them.
#![cfg(feature = "cli")]

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use sparkle_pm4::{Device, Select, kernels};

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sparkle-pm4"));
    command.args(args);
    for variable in ["SPARKLE_DEVICE", "SPARKLE_DEVICE_HINT", "COLUMNS"] {
        command.env_remove(variable);
    }
    command
}

fn run(args: &[&str]) -> Output {
    command(args).stdin(Stdio::null()).output().unwrap()
}

/// With `input` on standard input.
fn fed(args: &[&str], input: &[u8]) -> Output {
    let mut child = command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A program that ends early closes its end, which is its right.
    let writer = std::thread::spawn(move || _ = stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn document(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", out(output)))
}

fn stream_file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("pm4/tests/data/dispatch.hex")
}

fn scratch(name: &str, content: &[u8]) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn under_emulate_every_command_calls_the_card_emu() {
    let here = env!("CARGO_BIN_EXE_sparkle-pm4");
    let inside = |args: &[&str]| {
        let all: Vec<&str> = ["emulate", "--devices", "2", "--", here].iter().chain(args).copied().collect();
        let output = run(&all);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", err(&output));
        output
    };
    let probed = document(&inside(&["probe", "--json"]));
    assert_eq!(probed["auto"]["engine"], "emu");
    assert_eq!(probed["auto"]["node"], "/dev/dri/renderD128");
    assert_eq!(probed["engines"]["gpu"]["available"], false);
    for node in &probed["nodes"].as_array().unwrap()[..2] {
        assert_eq!((&node["emulated"], &node["usable"]), (&true.into(), &true.into()), "{node}");
    }
    let text = out(&inside(&["probe"]));
    assert!(text.contains("  gpu   no: ") && text.contains("> emu   yes: "), "{text}");
    let conv = ["run", "conv2d", "--shape", "resnet50-conv2", "--h", "6", "--w", "6", "--json", "--device"];
    for device in ["auto", "gpu"] {
        let ran = document(&inside(&[&conv[..], &[device]].concat()));
        assert_eq!(ran["results"][0]["engine"], "emu", "--device {device}: {ran}");
    }
}

#[test]
fn probe_succeeds_on_every_machine_and_keeps_to_the_terminal() {
    let output = run(&["probe"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let text = out(&output);
    assert!(text.lines().count() <= 24 && text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(text.contains("auto takes "), "{text}");
    assert_eq!(run(&["probe", "--full"]).status.code(), Some(0));
}

#[test]
fn probe_names_the_engine_that_auto_takes() {
    let chosen = Device::open(Select::auto()).unwrap().engine();
    let output = run(&["probe", "--get", "auto.engine"]);
    assert_eq!(out(&output).trim_end(), chosen.name());
    let document = document(&run(&["probe", "--json"]));
    assert_eq!(document["schema"], "sparkle-pm4/probe/1");
    assert_eq!(document["auto"]["engine"], chosen.name());
}

#[test]
fn probe_shows_the_software_device() {
    let target = run(&["probe", "--device", "emu", "--get", "nodes.0.gfx_target"]);
    assert_eq!(out(&target), "gfx1100\n");
    let bytes = run(&["probe", "--device", "emu", "--json", "--get", "nodes.0.vram.total_bytes"]);
    assert_eq!(document(&bytes), 24u64 << 30);
    assert!(out(&run(&["probe", "--device", "emu"])).contains("Navi31, gfx1100"));
}

#[test]
fn the_ladder_is_climbed_on_the_software_device() {
    let output = run(&["probe", "--ladder", "--device", "emu"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let text = out(&output);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let rungs = ["NOP", "WRITE_DATA", "RELEASE_MEM", "COPY/DMA_DATA", "s_endpgm", "store", "LDS + barrier", "atomics"];
    for rung in rungs.into_iter().chain(["scratch", "conv2d"]) {
        assert!(
            text.lines().any(|line| line.trim_start().starts_with(rung) && line.contains("held")),
            "{rung}: {text}"
        );
    }
    assert!(text.contains("every rung holds") && text.contains("not a card's"), "{text}");

    let climbed = document(&run(&["probe", "--ladder", "--device", "emu", "--ring", "2", "--json"]));
    assert_eq!(climbed["schema"], "sparkle-pm4/ladder/1");
    assert_eq!((&climbed["engine"], &climbed["ring"]), (&"emu".into(), &"compute2".into()));
    assert_eq!((&climbed["reached_top"], &climbed["error"]), (&true.into(), &serde_json::Value::Null));
    assert_eq!(climbed["rungs"].as_array().unwrap().len(), 11);
    assert_eq!(climbed["rungs"][2]["rung"], "write-data");
    assert!(climbed["rungs"][10]["duration_ns"].as_u64().unwrap() > 0);
}

#[test]
fn a_rung_that_fails_ends_the_ladder_with_its_causes() {
    let output = run(&["probe", "--ladder", "--device", "emu", "--ring", "9"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains("FAILED") && out(&output).contains("conv2d         not run"), "{}", out(&output));
    let error = err(&output);
    assert!(error.starts_with("error: the rung node could not be done") && error.contains("next: "), "{error}");
    assert!(error.contains("[no-ring]") && error.lines().all(|line| line.chars().count() <= 80), "{error}");

    let output = run(&["probe", "--ladder", "--device", "emu", "--ring", "9", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let failed = document(&output);
    assert_eq!(failed["error"]["code"], "ladder-node-refused");
    assert_eq!(failed["rungs"][0]["failure"]["causes"][0]["code"], "no-ring");
    assert_eq!(failed["rungs"][1]["state"], "not-run");
    assert!(failed["rungs"][1]["duration_ns"].is_null());
}

#[test]
fn the_ladder_takes_the_card_and_no_other_engine() {
    let dri = std::path::Path::new("/dev/dri");
    if dri.exists() {
        skip::skip!("this machine has /dev/dri: what stands there decides");
    } else {
        for device in [&["--device", "gpu"][..], &[]] {
            let output = run(&[&["probe", "--ladder"], device].concat());
            assert_eq!(output.status.code(), Some(3), "{}", err(&output));
            assert!(err(&output).contains("next: ") && out(&output).is_empty(), "{}", err(&output));
        }
        let error = document(&run(&["probe", "--ladder", "--json"]));
        assert_eq!((&error["schema"], &error["code"]), (&"sparkle-pm4/error/1".into(), &"no-device".into()));
    }
    assert_eq!(run(&["probe", "--device", "gpu"]).status.code(), Some(2));
    assert_eq!(run(&["probe", "--ladder", "--get", "nodes"]).status.code(), Some(2));
    assert_eq!(run(&["probe", "--ring", "1"]).status.code(), Some(2));
    let cpu = command(&["probe", "--ladder"]).env("SPARKLE_DEVICE", "cpu").output().unwrap();
    assert_eq!(cpu.status.code(), Some(2), "{}", err(&cpu));
    assert!(err(&cpu).contains("SPARKLE_DEVICE=cpu"), "{}", err(&cpu));
}

#[test]
fn an_emulated_render_node_is_climbed_as_a_cards() {
    let ladder = [env!("CARGO_BIN_EXE_sparkle-pm4"), "probe", "--ladder", "--device", "gpu", "--json"];
    let emulated = |arch: &str| run(&[&["emulate", "--arch", arch, "--faults", "drop", "--"][..], &ladder].concat());
    let output = emulated("gfx1100");
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(document(&output)["reached_top"], true);
    // Packets work on every part; the kernels here are for one.
    let output = emulated("gfx1102");
    assert_eq!(output.status.code(), Some(3), "{}", err(&output));
    let failed = document(&output);
    assert_eq!(failed["error"]["code"], "ladder-s-endpgm-refused");
    assert_eq!(failed["rungs"][5]["failure"]["causes"][0]["code"], "other-target");
}

#[test]
fn an_unknown_key_is_a_usage_error_with_near_ones() {
    let output = run(&["probe", "--device", "emu", "--get", "nodes.0.gfx_targt"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(out(&output).is_empty() && err(&output).contains("nodes.0.gfx_target"), "{}", err(&output));
    let output = run(&["probe", "--json", "--get", "nope"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(document(&output)["schema"], "sparkle-pm4/error/1");
}

#[test]
fn decode_prints_what_the_library_prints() {
    let path = stream_file();
    let path = path.to_str().unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let words: Vec<u32> = text
        .lines()
        .flat_map(|line| line.split('#').next().unwrap().split_whitespace())
        .map(|token| u32::from_str_radix(token.trim_start_matches("0x"), 16).unwrap())
        .collect();
    let listing = sparkle_pm4::pm4::print(&words, None);
    assert_eq!(out(&run(&["pm4", "decode", path])), listing);
    assert_eq!(out(&fed(&["pm4", "decode", "-"], text.as_bytes())), listing);
    // The same stream in binary, which the content and the name both tell.
    let binary: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    assert_eq!(out(&fed(&["pm4", "decode", "-"], &binary)), listing);
    assert_eq!(out(&run(&["pm4", "decode", &scratch("stream.bin", &binary)])), listing);
    let based = out(&run(&["pm4", "decode", path, "--base", "0x800000000"]));
    assert_eq!(based, sparkle_pm4::pm4::print(&words, Some(0x8_0000_0000)));
    let document = document(&run(&["pm4", "decode", path, "--json"]));
    assert_eq!(document["dwords"], words.len());
    assert!(document["items"].as_array().unwrap().iter().any(|item| item["packet"] == "DISPATCH_DIRECT"));
}

#[test]
fn decode_names_file_line_and_token() {
    let path = scratch("broken.hex", b"c0017600 212\nc000zzzz 407\n");
    let output = run(&["pm4", "decode", &path]);
    assert_eq!(output.status.code(), Some(1));
    let words = err(&output).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("broken.hex, line 2: \"c000zzzz\""), "{words}");
    let output = run(&["pm4", "decode", "/nonexistent/file"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("/nonexistent/file"), "{}", err(&output));
    assert_eq!(run(&["pm4", "decode", &path, "--base", "0x3"]).status.code(), Some(2));
}

#[test]
fn decode_prints_everything_before_it_fails() {
    // A type-0 header between two packets.
    let stream = b"c0017600 212 602c0002 00000000 c0004600 407";
    let output = fed(&["pm4", "decode", "-"], stream);
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains("ERROR") && out(&output).contains("EVENT_WRITE"), "{}", out(&output));
    assert!(err(&output).contains("1 of 3 packets"), "{}", err(&output));
    let output = fed(&["pm4", "decode", "--json", "-"], stream);
    assert_eq!(output.status.code(), Some(1));
    let document = document(&output);
    assert_eq!(document["undecodable"], 1);
    assert_eq!(document["error"]["code"], "pm4-type0");
}

#[test]
fn a_batch_is_answered_line_by_line() {
    let output = fed(&["disasm", "--batch", "-"], b"000080be\nxyz\n000080BE0000b0bf\nffffffff\n\n000080be");
    assert_eq!(output.status.code(), Some(0));
    let text = out(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6, "{lines:?}");
    assert_eq!((lines[0], lines[2]), ("s_mov_b32 s0, s0", "s_mov_b32 s0, s0 ; s_endpgm"));
    for bad in [lines[1], lines[3], lines[4]] {
        assert!(bad.starts_with("error: "), "{bad}");
    }
    let wide = fed(&["disasm", "--arch", "gfx1100", "--wave", "64", "--batch", "-"], b"0003227c\n");
    assert_eq!(out(&wide), "v_cmp_lt_f32_e32 vcc, v0, v1\n");
}

#[test]
fn a_batch_answers_before_it_is_asked_again() {
    let mut child = command(&["disasm", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..3 {
        stdin.write_all(b"000080be\n").unwrap();
        assert_eq!(answers.next().unwrap().unwrap(), "s_mov_b32 s0, s0");
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn code_objects_are_listed_kernel_by_kernel() {
    for kernel in kernels::KERNELS {
        let path = scratch(&format!("{}.hsaco", kernel.name), kernel.object);
        let output = run(&["disasm", &path]);
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        let text = out(&output);
        assert!(text.starts_with(&format!("\n{path}:\tfile format elf64-amdgpu\n")), "{text}");
        assert!(text.contains(&format!(" <{}>:\n", kernel.name)) && text.contains("\ts_endpgm  "), "{text}");
        let alone = out(&run(&["disasm", "--kernel", kernel.name, "--summary"]));
        assert!(alone.contains(&format!("\n{}:\n\t// gfx1100, wave{}, ", kernel.name, kernel.wave)), "{alone}");
        assert_eq!(out(&run(&["disasm", &path, "--kernel", kernel.name, "--summary"])), alone);
        assert!(alone.lines().all(|line| line.len() <= 80), "{alone}");
        assert_eq!(run(&["disasm", &path, "--kernel", "other"]).status.code(), Some(1));
        // Cut and damaged files are errors, never panics.
        for cut in [5, 64, kernel.object.len() / 2, kernel.object.len() - 1] {
            let output = fed(&["disasm", "-"], &kernel.object[..cut]);
            assert!(matches!(output.status.code(), Some(0 | 1)), "cut to {cut}: {}", err(&output));
        }
    }
}

#[test]
fn damaged_objects_are_stated_errors() {
    let object = kernels::KERNELS[0].object;
    // The section header table's place, its number of entries, and each section's offset and size.
    let at = |k: usize| u64::from_le_bytes(object[k..k + 8].try_into().unwrap());
    let table = at(40) as usize;
    let mut damaged = vec![(40, u64::MAX), (40, object.len() as u64 - 1), (60, 0xffff)];
    for section in 0..usize::from(object[60]) {
        damaged.extend([(table + 64 * section + 24, 1 << 60), (table + 64 * section + 32, u64::MAX)]);
    }
    let mut refused = 0;
    for (place, value) in damaged {
        let mut bytes = object.to_vec();
        bytes[place..place + 8].copy_from_slice(&value.to_le_bytes());
        let output = fed(&["disasm", "-"], &bytes);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{place:#x}: {}", err(&output));
        if output.status.code() == Some(1) {
            refused += 1;
            assert!(err(&output).starts_with("error: ") && err(&output).contains("next: "), "{}", err(&output));
            let output = fed(&["disasm", "--json", "-"], &bytes);
            assert_eq!(document(&output)["code"], "object-not-a-code-object");
        }
    }
    assert!(refused >= 5, "{refused} of the damaged objects are refused");
    assert_eq!(run(&["disasm", "--format", "llvm", "--show", "live", "--kernel", "vadd_f32"]).status.code(), Some(2));
}

#[test]
fn a_listing_has_a_document_too() {
    let listing = document(&run(&["disasm", "--json", "--kernel", "vadd_f32"]));
    assert_eq!(listing["schema"], "sparkle-pm4/disasm/1");
    let kernel = &listing["kernels"][0];
    assert_eq!((&kernel["name"], &kernel["wave_lanes"]), (&"vadd_f32".into(), &32.into()));
    let instructions = kernel["instructions"].as_array().unwrap();
    assert!(instructions.iter().any(|instruction| instruction["text"] == "s_endpgm"));
    let output = fed(&["disasm", "--json", "-"], b"ffffffff");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(document(&output)["error"]["code"], "isa-undecodable");
    assert_eq!(fed(&["disasm", "--json", "--batch"], b"").status.code(), Some(2));
}

#[test]
fn disasm_refuses_what_it_cannot_do() {
    let output = run(&["disasm", "--arch", "gfx1030", "--kernel", "vadd_f32"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("gfx1030") && err(&output).contains("gfx1100"), "{}", err(&output));
    assert_eq!(run(&["disasm"]).status.code(), Some(2));
    assert_eq!(run(&["disasm", "--kernel", "nope"]).status.code(), Some(2));
    assert_eq!(run(&["disasm", "--wave", "16", "--kernel", "vadd_f32"]).status.code(), Some(2));
    let output = fed(&["disasm", "-"], b"000080be ffffffff 0000b0bf");
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains(".long 0xffffffff") && out(&output).contains("s_endpgm"), "{}", out(&output));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut child = command(&["disasm", "--kernel", "conv2d_direct_f32"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
}
