//! `sparkle-pm4 run kernel` as scripts and people use it: arguments, files, lists, exit codes.
#![cfg(feature = "cli")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

/// `run kernel` in the folder of the compiled objects, without this environment's own settings.
fn kernel(line: &str) -> Ran {
    kernel_with(line, &[])
}

fn kernel_with(line: &str, environment: &[(&str, &str)]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sparkle-pm4"));
    for name in ["DEVICE", "DEVICE_HINT", "THREADS", "TIMEOUT_MS", "LINT"] {
        command.env_remove(format!("SPARKLE_{name}"));
    }
    command.env_remove("COLUMNS").env_remove("NO_COLOR").envs(environment.iter().copied());
    command.stdin(Stdio::null()).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/objects"));
    let output = command.args(["run", "kernel"]).args(line.split_whitespace()).output().unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder of this test's own.
fn folder(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli_kernel_{test}"));
    _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

#[track_caller]
fn narrow(ran: &Ran) {
    for line in ran.out.lines().chain(ran.err.lines()) {
        // A word that is longer than a line, such as a path, stands alone.
        assert!(line.chars().count() <= 80 || line.trim().contains('/'), "{} columns: {line}", line.chars().count());
        assert!(!line.contains('\x1b'), "colour without a terminal: {line:?}");
    }
}

/// It fails with `code`, in three parts whose text contains `says`; and as a document with the same exit code.
#[track_caller]
fn fails(line: &str, code: i32, says: &str) {
    let ran = kernel(line);
    assert_eq!(ran.code, Some(code), "{line}: {}{}", ran.out, ran.err);
    let text = ran.err.split_once("error: ").unwrap_or_else(|| panic!("{line}: {}", ran.err)).1;
    let (what, next) = text.split_once("\nnext: ").unwrap_or_else(|| panic!("{line}: {}", ran.err));
    assert!(what.contains("\n  ") && !next.trim().is_empty(), "{line}: three parts, not {}", ran.err);
    assert!(what.split_whitespace().collect::<Vec<_>>().join(" ").contains(says), "{line}: {}", ran.err);
    narrow(&ran);
    let ran = kernel(&format!("{line} --json"));
    assert_eq!(ran.code, Some(code), "{line} --json");
    let document: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{line}: {e}: {}", ran.out));
    assert_eq!(document["schema"], "sparkle-pm4/error/1", "{line}");
    for key in ["code", "message", "hint"] {
        assert!(document[key].as_str().is_some_and(|s| !s.is_empty()), "{line}: {key}");
    }
}

/// Header and data of a `.npy` file.
fn npy(path: &Path) -> (String, Vec<u8>) {
    let bytes = fs::read(path).unwrap();
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert_eq!(end % 64, 0);
    (String::from_utf8(bytes[10..end].to_vec()).unwrap(), bytes[end..].to_vec())
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks::<4>().0.iter().map(|w| u32::from_le_bytes(*w)).collect()
}

/// A `.npy` as NumPy writes it.
fn write_npy(path: &Path, descr: &str, shape: &str, fortran: bool, data: &[u8]) {
    let order = if fortran { "True" } else { "False" };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    fs::write(path, bytes).unwrap();
}

#[test]
fn buffers_come_from_files_and_go_to_files() {
    let dir = folder("files");
    let d = dir.display();
    let input: Vec<u32> = (0..48).map(|k| k * 7919 + 13).collect();
    let bytes: Vec<u8> = input.iter().flat_map(|v| v.to_le_bytes()).collect();
    let spill =
        |i: u32| (0..48).rev().fold(0u32, |h, k| (h ^ input[k as usize].wrapping_mul(i + k)).wrapping_mul(16_777_619));
    let want: Vec<u32> = (0..64).map(spill).collect();
    write_npy(&dir.join("x.npy"), "<u4", "(48,)", false, &bytes);
    fs::write(dir.join("x.bin"), &bytes).unwrap();
    for input in ["in:DIR/x.npy", "buf:DIR/x.bin", "inout:DIR/x.npy:DIR/same.npy", "buf:DIR/x.bin:DIR/same.bin"] {
        let line = format!(
            "stack_v5.hsaco --kernel spill --grid 2 --block 32 --device emu --arg out:u32:8x8:DIR/y.npy --arg {input}"
        );
        let ran = kernel(&line.replace("DIR", &d.to_string()));
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let (header, data) = npy(&dir.join("y.npy"));
        assert!(header.contains("'descr': '<u4'") && header.contains("'shape': (8, 8)"), "{header}");
        assert_eq!(words(&data), want, "{input}");
        fs::remove_file(dir.join("y.npy")).unwrap();
    }
    assert_eq!(npy(&dir.join("same.npy")).1, bytes);
    assert_eq!(fs::read(dir.join("same.bin")).unwrap(), bytes);

    // Fortran order is put right: two columns of 24 rows.
    let columns: Vec<u8> = (0..48).map(|at| input[at % 24 * 2 + at / 24]).flat_map(|v: u32| v.to_le_bytes()).collect();
    write_npy(&dir.join("f.npy"), "<u4", "(24, 2)", true, &columns);
    let ran = kernel(&format!(
        "stack_v5.hsaco --kernel spill --grid 2 --block 32 --device emu --arg out:u32:64:{d}/y.npy --arg in:{d}/f.npy"
    ));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(words(&npy(&dir.join("y.npy")).1), want);
}

#[test]
fn values_of_every_kind_arrive() {
    let dir = folder("values");
    for file in ["launch_v4.hsaco", "launch_v5.hsaco", "launch_v6.hsaco", "launch_generic.hsaco"] {
        let out = dir.join("y.npy");
        let line = format!(
            "{file} --kernel values --grid 1 --block 1 --device emu --arg out:u64:8:{} --arg i8:-2 --arg u16:0xfedc \
             --arg i32:-3 --arg f16:0.1 --arg f32:-1.5 --arg f64:1e300 --arg u64:18446744073709551615 \
             --arg hex:010000000200000004000000_f0000000",
            out.display()
        );
        let ran = kernel(&line);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let (header, data) = npy(&out);
        assert!(header.contains("'<u8'") && header.contains("(8,)"), "{header}");
        let got: Vec<u64> = data.as_chunks::<8>().0.iter().map(|q| u64::from_le_bytes(*q)).collect();
        let want = [
            -2i64 as u64,
            0xfedc,
            -3i64 as u64,
            0x2e66,
            u64::from((-1.5f32).to_bits()),
            1e300f64.to_bits(),
            u64::MAX,
            0xf7,
        ];
        assert_eq!(got, want, "{file}");
    }
}

#[test]
fn lds_grows_by_the_flag_or_by_the_argument() {
    let dir = folder("lds");
    let before: Vec<u8> = (0..128u32).flat_map(|i| (i * 3).to_le_bytes()).collect();
    fs::write(dir.join("x.bin"), &before).unwrap();
    let d = dir.display();
    for lds in ["--arg lds:256", "--arg u32:0 --lds 256"] {
        let ran = kernel(&format!(
            "launch_v5.hsaco --kernel reverse --grid 2,1 --block 64,1,1 --device emu --arg buf:{d}/x.bin:{d}/y.bin {lds}"
        ));
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let want: Vec<u32> = words(&before).chunks(64).flat_map(|c| c.iter().rev().copied()).collect();
        assert_eq!(words(&fs::read(dir.join("y.bin")).unwrap()), want, "{lds}");
    }
    // Without it the access lies outside the workgroup's LDS, which reads 0 there.
    let line =
        format!("globals_v5.hsaco --kernel rotate --grid 2 --block 64 --arg buf:{d}/x.bin:{d}/y.bin --arg u32:5");
    let ran = kernel(&format!("{line} --device emu --lds 256"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let x = words(&before);
    let want = |i: u32| x[(i / 64 * 64 + (i + 5) % 64) as usize] + i % 16 * 100;
    assert_eq!(words(&fs::read(dir.join("y.bin")).unwrap()), (0..128).map(want).collect::<Vec<_>>());
    fails(&format!("{line} --device emu --lds 65473"), 2, "65537 bytes of LDS exceed a workgroup's 65536");
    // An LDS pointer takes no buffer, nor nothing.
    let reverse = "launch_v5.hsaco --kernel reverse --grid 1 --block 64 --device emu --arg null";
    for arg in ["null", "in:x.npy", "u64:0"] {
        let line = format!("{reverse} --arg {arg}");
        fails(&line, 2, "argument 1 is a pointer into the workgroup's LDS");
        assert!(kernel(&line).err.contains("next: give `lds:BYTES`"), "{arg}");
    }
}

/// A kernel in LLVM's syntax as an object, and the folder that it is in.
fn assembled(test: &str, name: &str, code: &str) -> (PathBuf, PathBuf) {
    let dir = folder(test);
    let (source, object) = (dir.join("k.s"), dir.join("k.hsaco"));
    let text = format!(
        ".amdgcn_target \"amdgcn-amd-amdhsa--gfx1100\"\n.text\n.globl {name}\n.p2align 8\n.type {name},@function\n\
         {name}:\n{code}\n s_endpgm\n.rodata\n.p2align 6\n.amdhsa_kernel {name}\n.amdhsa_next_free_vgpr 8\n\
         .amdhsa_next_free_sgpr 16\n.amdhsa_wavefront_size32 1\n.end_amdhsa_kernel\n.amdgpu_metadata\n---\n\
         amdhsa.kernels:\n  - .name: {name}\n    .symbol: {name}.kd\n    .args: []\n    .kernarg_segment_size: 0\n    \
         .group_segment_fixed_size: 0\n    .private_segment_fixed_size: 0\n    .kernarg_segment_align: 8\n    \
         .wavefront_size: 32\n    .sgpr_count: 16\n    .vgpr_count: 8\n    .max_flat_workgroup_size: 1024\n\
         amdhsa.target: amdgcn-amd-amdhsa--gfx1100\namdhsa.version: [1, 2]\n...\n.end_amdgpu_metadata\n"
    );
    fs::write(&source, text).unwrap();
    let program = env!("CARGO_BIN_EXE_sparkle-pm4");
    let output = Command::new(program).arg("asm").arg(&source).arg("-o").arg(&object).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (dir, object)
}

#[test]
fn work_items_may_leave_workgroups_incomplete() {
    let dir = folder("items");
    let d = dir.display();
    let line = format!("launch_v5.hsaco --kernel where --device emu --arg out:u32:6x10x4:{d}/y.npy");
    let ran = kernel(&format!("{line} --items 10,6 --block 8,4"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    narrow(&ran);
    let says = "  10x6x1 work-items in workgroups of 8x4x1: 4 workgroups, 4 waves of 32 lanes\n";
    assert!(ran.out.contains(says), "{}", ran.out);
    // For each work-item its global id, the size of a complete workgroup, the grid's size and its local id.
    let pack = |x: u32, y: u32| x | y << 10 | 1 << 20;
    let items = (0..60).map(|i| (i % 10, i / 10));
    let item = |(x, y): (u32, u32)| [x | y << 10, pack(8, 4), pack(10, 6), (x % 8) | (y % 4) << 10];
    assert_eq!(words(&npy(&dir.join("y.npy")).1), items.flat_map(item).collect::<Vec<_>>());
    let ran = kernel(&format!("{line} --items 10,6 --block 8,4 --json"));
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["items"], serde_json::json!([10, 6, 1]));
    assert_eq!(document["grid"], serde_json::json!([2, 2, 1]));
    // Hidden arguments: complete workgroups, their size, and what remains, in 16 bits each.
    let hidden = format!("launch_v5.hsaco --kernel hidden --device emu --arg out:u32:6:{d}/h.npy --arg u32:6");
    assert_eq!(kernel(&format!("{hidden} --items 10,6 --block 8,4")).code, Some(0));
    assert_eq!(words(&npy(&dir.join("h.npy")).1), [1, 1, 1, 8 | 4 << 16, 1 | 2 << 16, 2]);
    fails(&format!("{line} --items 10 --grid 2 --block 8"), 2, "cannot be used with");
    fails(&format!("{line} --items 0 --block 8"), 2, "at least 1 in each direction");
    let required = "launch_v5.hsaco --kernel required --items 10,4 --device emu --arg null";
    fails(required, 2, "it was compiled for complete workgroups only, and 2, 0 and 0 work-items remain");
}

#[test]
fn the_stack_is_what_was_asked_for_up_to_the_limit() {
    let dir = folder("stack");
    let line = |kernel: &str| {
        let d = dir.display();
        format!("stack_v5.hsaco --kernel {kernel} --grid 1 --block 32 --device emu --arg out:u32:32:{d}/y.npy")
    };
    let scratch = |line: &str| {
        let ran = kernel(&format!("{line} --json"));
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        serde_json::from_str::<Value>(&ran.out).unwrap()["scratch_lane_bytes"].as_u64().unwrap()
    };
    // The array's kernel declares 272 bytes, all that it needs; the recursion 16 and a stack that nobody knows.
    let array = line("array") + " --arg i32:1";
    let sizes = ["", " --stack 100", " --stack 1000"].map(|stack| scratch(&format!("{array}{stack}")));
    assert_eq!(sizes, [272, 272, 1000]);
    let recursion = line("recursion");
    let sizes = ["", " --stack 4096"].map(|stack| scratch(&format!("{recursion}{stack}")));
    assert_eq!(sizes, [16 + 16384, 16 + 4096]);
    assert_eq!(words(&npy(&dir.join("y.npy")).1), (0..32).map(|i| 2 * (i & 7) + 3).collect::<Vec<_>>());
    let ran = kernel(&format!("{array} --stack 1000"));
    assert!(ran.out.contains("\n  1000 B of scratch a lane with its stack\n"), "{}", ran.out);
    for line in [array, recursion] {
        fails(&format!("{line} --stack 10000000"), 2, "bytes of scratch a lane exceed 262136");
    }
    let ran = kernel("launch_v5.hsaco --kernel required --grid 1 --device emu --arg buf:launch.cl --stack 64");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("kernel required uses no scratch"), "{}", ran.err);
}

#[test]
fn timed_runs_tell_how_fast_the_emulator_is() {
    let line = "launch_v5.hsaco --kernel required --grid 3 --device emu --arg buf:launch.cl";
    let ran = kernel(&format!("{line} --iters 2"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    narrow(&ran);
    let rate = ran.out.lines().find(|l| l.starts_with("  rate ")).unwrap();
    let words: Vec<&str> = rate.split_whitespace().collect();
    assert_eq!(words[2..6], ["wave", "instructions", "a", "run,"], "{rate}");
    assert!(rate.ends_with(" M/s (emu)"), "{rate}");
    let document = |flags: &str| serde_json::from_str::<Value>(&kernel(&format!("{line} {flags} --json")).out).unwrap();
    // Each run takes as many, however many there are.
    let (once, thrice) = (document(""), document("--iters 3"));
    let n = once["wave_instructions"].as_u64().unwrap();
    assert_eq!((words[1], n % 3), (n.to_string().as_str(), 0));
    assert_eq!(thrice["wave_instructions"], n);
    assert!(thrice["wave_instructions_per_s"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_run_reads_well_and_so_does_its_document() {
    let dir = folder("reads");
    let line = format!(
        "globals.bundle --kernel look --grid 1 --block 16 --device emu --arg out:u32:16:{}/y.npy",
        dir.display()
    );
    let ran = kernel(&line);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    narrow(&ran);
    for part in [
        "kernel look\n",
        "  globals.bundle, gfx1100, code object version 5\n",
        "  grid 1x1x1 of 16x1x1: 1 workgroup, 1 wave of 32 lanes\n",
        "emu: software Navi31 (gfx1100)\n",
        " emu (host time of the emulator, not a card's)\n",
        "  output  argument 0: 64 bytes in",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    let ran = kernel(&format!("{line} --json --iters 2"));
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["schema"], "sparkle-pm4/run-kernel/1");
    for (key, want) in [("target", "gfx1100"), ("device", "emu"), ("engine", "emu")] {
        assert_eq!(document[key], want, "{key}");
    }
    assert_eq!((&document["waves"], &document["iters"], &document["warmup_iters"]), (&1.into(), &2.into(), &1.into()));
    assert!(document["median_ns"].as_u64().unwrap() >= document["min_ns"].as_u64().unwrap());
    assert_eq!(document["kernel"]["name"], "look");
    assert_eq!(document["kernel"]["args"][0]["value_kind"], "global_buffer");
    assert_eq!(document["outputs"][0]["bytes"], 64);
    assert_eq!(document["outputs"][0]["shape"], serde_json::json!([16]));
    // Each of several runs begins with the buffers as given; variables are the load's.
    let want = [20, 60, 150, 280, 2000, 6000, 15000, 28000, 6000, 12000, 0, 0, 7, 7, 7, 7];
    assert_eq!(words(&npy(&dir.join("y.npy")).1), want);
}

#[test]
fn a_list_shows_what_each_kernel_takes() {
    let ran = kernel("launch_v5.hsaco --list");
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    narrow(&ran);
    for part in [
        "launch_v5.hsaco: gfx1100, code object version 5, 5 kernels\n",
        "\nrequired\n  wave32, ",
        "  workgroups of 8x4x1\n",
        "  workgroups of up to 256 work-items\n",
        "    0  global_buffer             8 B  u32*\n    1  dynamic_shared_pointer    4 B  u32*\n",
        "    8  by_value        16 B  uint4\n",
        "  hidden: block_count_x, ",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    let ran = kernel("globals.bundle --list --json");
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["schema"], "sparkle-pm4/kernels/1");
    assert_eq!(document["kernels"].as_array().unwrap().len(), 3);
    let zeros = document["variables"].as_array().unwrap().iter().find(|v| v["name"] == "zeros").unwrap();
    assert_eq!((&zeros["bytes"], &zeros["writable"]), (&12000.into(), &true.into()));
    // Objects for other targets are listed, too.
    let ran = kernel("launch_gfx1030.hsaco --list");
    assert!(ran.out.starts_with("launch_gfx1030.hsaco: gfx1030, "), "{}", ran.out);
}

#[test]
fn the_only_kernel_needs_no_name_and_its_size_no_block() {
    let dir = folder("only");
    let d = dir.display();
    let object = Path::new(env!("CARGO_MANIFEST_DIR")).join("kernels/objects/fill_u32.hsaco");
    let line =
        format!("{} --grid 1 --device emu --arg out:u32:64:{d}/y.npy --arg u32:64 --arg u32:9", object.display());
    let ran = kernel(&line);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(words(&npy(&dir.join("y.npy")).1), [9; 64]);
    // `auto` finds no card, says so, and takes the software device; SPARKLE_DEVICE decides where the flag is absent.
    let line = line.replace(" --device emu", "");
    let ran = kernel(&format!("{line} --json"));
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    if document["device"] == "emu" {
        assert!(ran.err.contains("software device runs this") && document["fallback"].is_string(), "{}", ran.err);
    }
    let ran = kernel_with(&line, &[("SPARKLE_DEVICE", "cpu")]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.err.contains("a code object cannot run on the cpu engine"), "{}", ran.err);
    let ran = kernel_with(&line, &[("SPARKLE_DEVICE", "emu,cpu")]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.err.contains("a kernel runs on one device"), "{}", ran.err);
}

#[test]
fn mistakes_on_the_command_line_are_usage() {
    let dir = folder("usage");
    let d = dir.display();
    let array = "stack_v5.hsaco --kernel array --grid 1 --block 32 --device emu";
    fails("stack_v5.hsaco --grid 1 --device emu", 2, "several kernels, and none was chosen array, spill, recursion");
    fails("stack_v5.hsaco --kernel nope --grid 1 --device emu", 2, "has no kernel `nope` array, spill, recursion");
    fails("stack_v5.hsaco --kernel array --grid 1 --device emu", 2, "the size of a workgroup is missing");
    fails("stack_v5.hsaco --kernel array --block 32", 2, "--grid");
    fails(array, 2, "takes 2 arguments, and 0 are given argument 0: global_buffer, 8 bytes");
    fails(&format!("{array} --arg f32:1 --arg i32:1"), 2, "argument 0 is a pointer, and this is a value");
    fails(&format!("{array} --arg null --arg f64:1"), 2, "argument 1 has 4 bytes, and this value 8");
    fails(&format!("{array} --arg null --arg out:u32:1:{d}/x"), 2, "argument 1 is by_value of 4 bytes, and no buffer");
    fails(&format!("{array} --arg null --arg i8:200"), 2, "200 is outside -128..=127");
    fails(&format!("{array} --arg null --arg what:1"), 2, "wanted is a value");
    fails(&format!("{array} --arg null --arg i32:1 --device cpu"), 2, "");
    fails(&array.replace("emu", "cpu"), 2, "a code object cannot run on the cpu engine");
    let big = array.replace("--block 32", "--block 32,32,2");
    fails(&format!("{big} --arg null --arg i32:1"), 2, "a workgroup of 32x32x2 is outside 1..=1024");
    fails(&array.replace("--grid 1", "--grid 0"), 2, "at least 1 in each direction");
    let other = "launch_v5.hsaco --kernel required --grid 1 --block 32 --device emu --arg null";
    fails(other, 2, "requires workgroups of 8x4x1, not 32x1x1");
}

#[test]
fn values_of_another_type_than_declared_are_refused() {
    let values = "launch_v5.hsaco --kernel values --grid 1 --block 1 --device emu --arg buf:launch.cl --arg i8:-2 \
                  --arg u16:1 --arg i32:-3 --arg f16:0.1 --arg f32:-1.5 --arg f64:1e300 --arg u64:1 \
                  --arg hex:01000000020000000400000000000000";
    assert_eq!(kernel(values).code, Some(0));
    for (good, bad, says) in [
        ("i32:-3", "f32:3", "argument 3 is declared as int, and this value is f32"),
        ("f16:0.1", "bf16:1", "argument 4 is declared as half, and this value is bf16"),
        ("f32:-1.5", "i32:1", "argument 5 is declared as float, and this value is i32"),
        ("f64:1e300", "u64:1", "argument 6 is declared as double, and this value is u64"),
    ] {
        fails(&values.replace(good, bad), 2, says);
    }
    // The same bits under either sign, and bytes as they are.
    for (one, other) in [("i32:-3", "u32:4294967293"), ("u64:1", "i64:-1"), ("f32:-1.5", "hex:0000c0bf")] {
        let ran = kernel(&values.replace(one, other));
        assert_eq!(ran.code, Some(0), "{other}: {}", ran.err);
    }
    // HIP's objects do not tell types.
    assert_eq!(
        kernel("stack_v5.hsaco --kernel array --grid 1 --block 1 --device emu --arg buf:launch.cl --arg f32:1").code,
        Some(0)
    );
}

#[test]
fn each_output_has_a_file_of_its_own() {
    let dir = folder("outputs");
    let d = dir.display();
    write_npy(&dir.join("x.npy"), "<u4", "(48,)", false, &[7; 192]);
    let line = |first: &str, second: &str| {
        format!(
            "stack_v5.hsaco --kernel spill --grid 1 --block 32 --device emu --arg out:u32:32:{first} \
             --arg inout:{d}/x.npy:{second}"
        )
    };
    let same = format!("{d}/same.npy");
    fails(&line(&same, &same), 2, "arguments 0 and 1: the second would replace the first");
    fails(&line(&same, &format!("{d}/../cli_kernel_outputs/same.npy")), 2, "arguments 0 and 1");
    std::os::unix::fs::symlink(dir.join("x.npy"), dir.join("link.npy")).unwrap();
    fails(&line(&format!("{d}/link.npy"), &format!("{d}/x.npy")), 2, "arguments 0 and 1");
    for (first, second) in [(format!("{d}/a.npy"), format!("{d}/x.npy")), ("/dev/null".into(), "/dev/null".into())] {
        let ran = kernel(&line(&first, &second));
        assert_eq!(ran.code, Some(0), "{}", ran.err);
    }
}

#[test]
fn what_cannot_be_traced_is_refused() {
    let dir = folder("trace");
    let d = dir.display();
    let line = format!(
        "launch_v5.hsaco --kernel where --grid 2 --block 64 --device emu --arg out:u32:512:{d}/y.npy --trace {d}/t"
    );
    fails(&format!("{line} --trace-pcs 5..1"), 2, "A must be the lower address");
    fails(&format!("{line} --trace-group 2"), 2, "2x1x1 workgroups, which count from 0,0,0 to 1,0,0");
    fails(&format!("{line} --trace-group 1,1"), 2, "--trace-group 1,1,0 is outside the grid");
    fails(&format!("{line} --trace-wave 2"), 2, "it has 2 waves, counted from 0");
    let ran = kernel(&format!("{line} --trace-group 1 --trace-wave 1"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(fs::metadata(dir.join("t")).unwrap().len() > 0);
    let line = format!("launch_v5.hsaco --kernel where --grid 1 --block 32 --device emu --arg out:u32:128:{d}/y.npy");
    for flag in ["--profile", "--dump-pm4"] {
        let ran = kernel(&format!("{line} {flag} - --json"));
        assert_eq!(ran.code, Some(2));
        assert!(ran.out.contains(&format!("{flag} - and --json both want standard output")), "{}", ran.out);
    }
}

#[test]
fn only_regular_files_of_a_size_are_read() {
    let dir = folder("irregular");
    let d = dir.display();
    let pipe = dir.join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    let array = "stack_v5.hsaco --kernel array --grid 1 --block 32 --device emu --arg i32:1";
    let with = |arg: &str| array.replace("--arg i32:1", &format!("--arg {arg} --arg i32:1"));
    fails("/dev/zero --list", 1, "/dev/zero cannot be read it is a device, and only regular files are read");
    fails(&format!("{d} --grid 1"), 1, "it is a folder, and only regular files are read");
    fails(&with("buf:/dev/zero"), 1, "/dev/zero cannot be read it is a device");
    fails(&with("in:/dev/zero"), 1, "/dev/zero cannot be read it is a device");
    if made.is_ok_and(|status| status.success()) {
        // Nobody writes to it: opening it would wait for ever.
        for line in [format!("{d}/pipe --list"), with(&format!("buf:{d}/pipe")), with(&format!("in:{d}/pipe"))] {
            fails(&line, 1, "it is a pipe, and only regular files are read");
        }
    } else {
        skip::skip!("there is no mkfifo");
    }
    let big = dir.join("big");
    fs::File::create(&big).unwrap().set_len((1 << 30) + 1).unwrap();
    fails(&format!("{d}/big --list"), 1, "it has 1073741825 bytes, and 1073741824 (1024 MiB) are the most");
    let start = Instant::now();
    fails(&with(&format!("out:f32:200000000000:{d}/y.npy")), 1, "they need 745.1 GiB, argument 0 most of all");
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert!(!dir.join("y.npy").exists());
}

#[test]
fn files_that_cannot_be_used_say_why() {
    let dir = folder("unusable");
    let d = dir.display();
    let run = |file: &str| format!("{file} --kernel where --grid 1 --block 32 --device emu --arg null");
    fails(&run("absent.hsaco"), 1, "absent.hsaco cannot be read");
    fails(&run("launch.cl"), 1, "not an AMDGPU code object");
    fails(&run("launch_gfx1030.hsaco"), 1, "the code object is for gfx1030, the device is gfx1100");
    fails(&run("foreign.bundle"), 1, "the bundle has nothing for gfx1100; it has gfx1030, gfx90a");
    fails(&run("relocatable.o"), 1, "a relocatable object (ET_REL)");
    fails("relocatable.o --list", 1, "a relocatable object (ET_REL)");
    let array = "stack_v5.hsaco --kernel array --grid 1 --block 32 --device emu --arg i32:1";
    let with = |arg: &str| array.replace("--arg i32:1", &format!("--arg {arg} --arg i32:1"));
    fails(&with("in:absent.npy"), 1, "absent.npy cannot be read");
    fails(&with("in:launch.cl"), 1, "launch.cl is not a usable .npy file");
    fails(&with("buf:absent.bin"), 1, "absent.bin cannot be read");
    fails(&with(&format!("out:u32:32:{d}/no/such/y.npy")), 1, "cannot be written");
    fails(&with(&format!("out:u32:32:{d}")), 1, "cannot be written");
    write_npy(&dir.join("big.npy"), ">u4", "(1,)", false, &[0; 4]);
    fails(&with(&format!("in:{d}/big.npy")), 1, "has an element type that no argument has");
    write_npy(&dir.join("short.npy"), "<u4", "(100,)", false, &[0; 4]);
    fails(&with(&format!("in:{d}/short.npy")), 1, "is shorter than its header says");
}

#[test]
fn faults_and_hangs_end_with_what_and_where() {
    let dir = folder("faults");
    let line = |kernel: &str| {
        format!(
            "faults.hsaco --kernel {kernel} --grid 1 --block 32 --device emu --arg out:u32:64:{}/y.npy",
            dir.display()
        )
    };
    fails(&line("outside"), 7, "on emu: memory fault: write at 0x");
    let ran = kernel(&line("outside"));
    for part in ["kernel outside on emu", "wave 0", "global_store_b32", "`sparkle-pm4 disasm faults.hsaco`"] {
        let err = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(err.contains(part), "{part}: {}", ran.err);
    }
    // What happened is said, and nothing of a hang; the place as the disassembly has it.
    assert!(!ran.err.contains("hung") && !ran.err.contains("ENODATA"), "{}", ran.err);
    let place = ran.err.split_once("next: see 0x").unwrap().1.split_once(' ').unwrap().0;
    let program = env!("CARGO_BIN_EXE_sparkle-pm4");
    let objects = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/objects");
    let listing = Command::new(program).arg("disasm").arg(objects.join("faults.hsaco")).output().unwrap();
    let listing = String::from_utf8(listing.stdout).unwrap();
    let address = format!("{:012X}:", u64::from_str_radix(place, 16).unwrap());
    let found = listing.lines().find(|l| l.contains(&address)).unwrap_or_else(|| panic!("{address} in {listing}"));
    assert!(found.contains("global_store_b32"), "{found}");
    assert!(!dir.join("y.npy").exists());
    let start = Instant::now();
    fails(
        &format!("{} --timeout-ms 300", line("endless")),
        6,
        "hung: the job was stopped after its time limit of 300 ms",
    );
    let ran = kernel(&format!("{} --timeout-ms 300", line("endless")));
    let err = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in
        ["had started 1 of 1 workgroup; 1 wave in 1 workgroup was under way:", "larger `--timeout-ms` (it was 300)"]
    {
        assert!(err.contains(part), "{part}: {err}");
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    fails("faults.hsaco --kernel poke --grid 1 --block 1 --device emu --arg u64:0x1000", 7, "write at 0x1000");
    let (_, object) = assembled("trapped", "trapped", "s_trap 3");
    fails(
        &format!("{} --grid 1 --block 32 --device emu", object.display()),
        7,
        "kernel trapped on emu: s_trap 3 pc 0x",
    );
    let (_, object) = assembled("illegal", "illegal", ".long 0xbe00ff00");
    let line = format!("{} --grid 1 --block 32 --device emu", object.display());
    fails(&line, 7, "kernel illegal on emu: illegal instruction");
    assert!(!kernel(&line).err.contains("hung"));
}

#[test]
fn the_stream_is_dumped_and_linted() {
    let dir = folder("dump");
    let d = dir.display();
    let line = "stack_v5.hsaco --kernel array --grid 1 --block 32 --device emu --arg null --arg i32:1 --lint on";
    // Nothing is at address 0, so that the run fails; the stream was dumped before.
    for name in ["s.txt", "s.bin", "s.json"] {
        let ran = kernel(&format!("{line} --dump-pm4 {d}/{name}"));
        assert_eq!(ran.code, Some(7), "{}", ran.err);
        assert!(fs::metadata(dir.join(name)).unwrap().len() > 100);
    }
    let text = fs::read_to_string(dir.join("s.txt")).unwrap();
    for part in
        ["DISPATCH_DIRECT", "COMPUTE_TMPRING_SIZE", "COMPUTE_DISPATCH_SCRATCH_BASE_LO", "scratch+0x0", "kernel array"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let lint =
        Command::new(env!("CARGO_BIN_EXE_sparkle-pm4")).args(["pm4", "lint"]).arg(dir.join("s.json")).output().unwrap();
    let text = String::from_utf8(lint.stdout).unwrap();
    assert_eq!(lint.status.code(), Some(0), "{text}");
}

/// The compiled kernels whose results NumPy computed, through the command line.
#[test]
fn compiled_kernels_have_numpys_results() {
    let Some(data) = std::env::var_os("SPARKLE_TEST_DATA") else {
        skip::skip!("SPARKLE_TEST_DATA is not set");
        return;
    };
    let script = Path::new(&data).join("cases/run.py");
    let output =
        Command::new("python3").arg(&script).args(["--jobs", "2", "--bin", env!("CARGO_BIN_EXE_sparkle-pm4")]).output();
    let Ok(output) = output else {
        skip::skip!("there is no python3");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("42 passed, 0 failed"), "{text}");
}
