//! Hangs at the command line: bundles, `replay`, and `--on-hang`.
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

impl Ran {
    fn document(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}", self.out))
    }
}

/// A folder of this test's own, in which the program runs and where its cache is.
struct Place(PathBuf);

impl Place {
    fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli_hang_{test}"));
        _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn run(&self, line: &str) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sparkle-pm4"));
        for name in ["DEVICE", "DEVICE_HINT", "THREADS", "TIMEOUT_MS", "LINT"] {
            command.env_remove(format!("SPARKLE_{name}"));
        }
        command.env_remove("COLUMNS").env_remove("NO_COLOR").env("SPARKLE_CACHE_DIR", self.0.join("cache"));
        let output = command.stdin(Stdio::null()).current_dir(&self.0).args(line.split_whitespace()).output().unwrap();
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The bundles in a folder here.
    fn bundles(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.0.join(folder)) else { return Vec::new() };
        entries.map(|e| format!("{folder}/{}", e.unwrap().file_name().into_string().unwrap())).collect()
    }
}

/// A kernel that runs as long as its argument points to 1.
fn spin(place: &Place) {
    let source = "\
    .amdgcn_target \"amdgcn-amd-amdhsa--gfx1100\"
    .text
    .globl spin
    .p2align 8
    .type spin,@function
spin:
    s_load_b64 s[2:3], s[0:1], null
    s_waitcnt lgkmcnt(0)
.Lloop:
    s_load_b32 s4, s[2:3], null
    s_waitcnt lgkmcnt(0)
    s_cmp_eq_u32 s4, 1
    s_cbranch_scc1 .Lloop
    s_endpgm
.Lend:
    .size spin, .Lend-spin
    .section .rodata,\"a\",@progbits
    .p2align 6
    .amdhsa_kernel spin
        .amdhsa_next_free_vgpr 4
        .amdhsa_next_free_sgpr 16
        .amdhsa_kernarg_size 8
        .amdhsa_user_sgpr_count 15
        .amdhsa_user_sgpr_kernarg_segment_ptr 1
    .end_amdhsa_kernel
    .amdgpu_metadata
amdhsa.version:
  - 1
  - 2
amdhsa.kernels:
  - .name: spin
    .symbol: spin.kd
    .args:
      - .size: 8
        .offset: 0
        .value_kind: global_buffer
        .address_space: global
    .kernarg_segment_size: 8
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 16
    .vgpr_count: 4
    .max_flat_workgroup_size: 32
    .end_amdgpu_metadata
";
    fs::write(place.0.join("spin.s"), source).unwrap();
    let ran = place.run("asm spin.s --emit hsaco -o spin.hsaco");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    fs::write(place.0.join("one.bin"), [1, 0, 0, 0]).unwrap();
}

#[track_caller]
fn narrow(ran: &Ran) {
    for line in ran.out.lines().chain(ran.err.lines()) {
        // A path that is longer than a line stands alone.
        assert!(line.chars().count() <= 80 || line.trim().contains('/'), "{} columns: {line}", line.chars().count());
    }
}

const SPIN: &str = "run kernel spin.hsaco --device emu --grid 2 --block 32";

#[test]
fn a_kernel_that_hangs_leaves_a_bundle_that_hangs_again() {
    let place = Place::new("hang");
    spin(&place);
    let ran = place.run(&format!("{SPIN} --arg buf:one.bin --timeout-ms 1000 --hang-data"));
    assert_eq!(ran.code, Some(6), "{}", ran.err);
    narrow(&ran);
    let bundles = place.bundles("cache/hangs");
    assert_eq!(bundles.len(), 1, "{bundles:?}");
    assert!(ran.err.contains("a hang bundle was written") && ran.err.contains("sparkle-pm4 replay"), "{}", ran.err);

    let again = place.run(&format!("replay {} --timeout-ms 2000", bundles[0]));
    assert_eq!(again.code, Some(6), "{}{}", again.out, again.err);
    narrow(&again);
    for part in ["replay: kernel spin\n", "then    hung on emu", "now     hung on emu", "same    yes\n"] {
        assert!(again.out.contains(part), "{part}: {}", again.out);
    }
    assert!(again.err.contains("the submission hangs on the software device"), "{}", again.err);
    let again = place.run(&format!("replay {} --timeout-ms 2000 --json --trace t.txt --trace-lines 50", bundles[0]));
    let document = again.document();
    assert_eq!(again.code, Some(6));
    assert_eq!(
        (&document["schema"], &document["outcome"], &document["same"], &document["blank"]),
        (&"sparkle-pm4/replay/1".into(), &"hung".into(), &true.into(), &Value::Array(vec![]))
    );
    assert_eq!(document["recorded"]["kind"], "hung");
    assert!(document["where"].as_str().unwrap().contains("code of spin+4K+0x"), "{document:#}");
    assert_eq!(document["error"]["code"], "device-lost");
    let trace = fs::read_to_string(place.0.join("t.txt")).unwrap();
    assert!(trace.contains("s_cbranch_scc1") && trace.lines().count() > 40, "{trace}");

    // Without the data it runs to its end, and says why that may be.
    let ran = place.run(&format!("{SPIN} --arg buf:one.bin --timeout-ms 1000 --hang-dir here"));
    assert_eq!(ran.code, Some(6), "{}", ran.err);
    let again = place.run(&format!("replay {}", place.bundles("here")[0]));
    assert_eq!(again.code, Some(0), "{}{}", again.out, again.err);
    assert!(again.out.contains("done on emu") && again.out.contains("--hang-data"), "{}", again.out);
    assert_eq!(place.bundles("cache/hangs").len(), 1);
}

#[test]
fn a_fault_is_found_again_at_its_instruction() {
    let place = Place::new("fault");
    spin(&place);
    let ran = place.run(&format!("{SPIN} --arg null --hang-dir h"));
    assert_eq!(ran.code, Some(7), "{}", ran.err);
    let again = place.run(&format!("replay {}", place.bundles("h")[0]));
    assert_eq!(again.code, Some(7), "{}{}", again.out, again.err);
    for part in ["then    faulted on emu", "now     faulted on emu", "s_load_b32 s4, s[2:3], null\n", "same    yes\n"] {
        assert!(again.out.contains(part), "{part}: {}", again.out);
    }
    narrow(&again);
}

#[test]
fn retry_tries_once_more_and_cpu_takes_over() {
    let place = Place::new("then");
    spin(&place);
    let ran = place.run(&format!("{SPIN} --arg buf:one.bin --timeout-ms 1000 --hang-dir h --on-hang retry"));
    assert_eq!(ran.code, Some(6), "{}", ran.err);
    assert_eq!(place.bundles("h").len(), 2);
    assert!(ran.err.contains("a hang: once more"), "{}", ran.err);
    let ran = place.run(&format!("{SPIN} --arg buf:one.bin --on-hang cpu"));
    assert_eq!(ran.code, Some(2), "{}", ran.err);

    // More work than a millisecond has room for.
    let conv = "run conv2d --c 64 --h 56 --w 56 --k 64 --r 3 --pad 1 --device emu --threads 1 --timeout-ms 1";
    let ran = place.run(&format!("{conv} --hang-dir c"));
    assert_eq!((ran.code, ran.out.as_str()), (Some(6), ""), "{}", ran.err);
    let ran = place.run(&format!("{conv} --hang-dir c --on-hang retry"));
    assert_eq!(ran.code, Some(6), "{}", ran.err);
    assert_eq!(place.bundles("c").len(), 3);
    let ran = place.run(&format!("{conv} --hang-dir c --on-hang cpu --json --verify"));
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("a hang: the cpu engine does it"), "{}", ran.err);
    let run = &ran.document()["results"][0];
    assert_eq!((&run["device"], run["after_hang"].is_string()), (&"cpu".into(), true), "{run:#}");
    // A bundle of work that was only slow runs to its end.
    for bundle in place.bundles("c") {
        let again = place.run(&format!("replay {bundle} --timeout-ms 60000"));
        assert_eq!(again.code, Some(0), "{}{}", again.out, again.err);
        assert!(again.out.contains("then    unfinished on emu"), "{}", again.out);
    }
}

#[test]
fn a_dump_can_be_replayed_and_what_is_none_is_refused() {
    let place = Place::new("dump");
    let conv = "run conv2d --c 8 --h 16 --w 16 --k 8 --r 3 --pad 1 --device emu --dump-pm4 conv.json";
    let ran = place.run(conv);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let again = place.run("replay conv.json --json");
    assert_eq!(again.code, Some(0), "{}{}", again.out, again.err);
    let document = again.document();
    assert_eq!((&document["outcome"], &document["recorded"]), (&"done".into(), &Value::Null));
    assert!(!document["blank"].as_array().unwrap().is_empty());

    fs::write(place.0.join("no.json"), "{}").unwrap();
    fs::create_dir(place.0.join("folder")).unwrap();
    for (what, says) in [
        ("absent", "cannot be read"),
        ("no.json", "is no usable bundle"),
        ("folder", "is no usable hang bundle"),
        ("conv.json --strict perhaps", "on or off"),
        ("conv.json --timeout-ms 0", "timeout"),
    ] {
        let ran = place.run(&format!("replay {what}"));
        assert!(matches!(ran.code, Some(1 | 2)), "{what}: {:?} {}", ran.code, ran.err);
        assert!(ran.err.contains(says) && ran.err.contains("next: "), "{what}: {}", ran.err);
    }
}
