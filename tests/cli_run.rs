//! `sparkle-pm4 run conv2d` as scripts and people use it: exit codes, documents, files, streams.
#![cfg(feature = "cli")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use sparkle_pm4::{ops, pm4};

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

/// The binary without this environment's own settings.
fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sparkle-pm4"));
    for name in ["SPARKLE_DEVICE", "SPARKLE_DEVICE_HINT", "SPARKLE_THREADS", "SPARKLE_TIMEOUT_MS", "SPARKLE_CPU_ISA"] {
        command.env_remove(name);
    }
    for name in ["COLUMNS", "NO_COLOR"] {
        command.env_remove(name);
    }
    // An unoptimised build emulates slowly; what a test says with the flag goes first.
    command.env("SPARKLE_TIMEOUT_MS", "600000").env("SPARKLE_TUNING", "off");
    command.stdin(Stdio::null()).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"));
    command
}

fn finish(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn sparkle(line: &str) -> Ran {
    finish(binary().args(line.split_whitespace()))
}

fn conv2d(line: &str) -> Ran {
    sparkle(&format!("run conv2d {line}"))
}

fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}", ran.out))
}

/// A folder of this test's own.
fn folder(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli_run_{test}"));
    _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// `line` fails with `code`, in three parts whose text contains `says`; and as a document with the same exit code.
#[track_caller]
fn fails(line: &str, code: i32, says: &str) {
    let ran = conv2d(line);
    assert_eq!(ran.code, Some(code), "{line}: {}{}", ran.out, ran.err);
    let text = ran.err.split_once("error: ").unwrap_or_else(|| panic!("{line}: {}", ran.err)).1;
    let (what, next) = text.split_once("\nnext: ").unwrap_or_else(|| panic!("{line}: {}", ran.err));
    assert!(what.contains("\n  ") && !next.trim().is_empty(), "{line}: three parts, not {}", ran.err);
    assert!(what.split_whitespace().collect::<Vec<_>>().join(" ").contains(says), "{line}: {}", ran.err);
    assert!(!ran.err.contains("panicked"), "{line}: {}", ran.err);
    narrow(&ran);
    let ran = conv2d(&format!("{line} --json"));
    assert_eq!(ran.code, Some(code), "{line} --json");
    let document = document(&ran);
    if code == 5 {
        assert_eq!(document["error"]["code"], "verification-mismatch");
        return;
    }
    assert_eq!(document["schema"], "sparkle-pm4/error/1", "{line}");
    for key in ["code", "message", "hint"] {
        assert!(document[key].as_str().is_some_and(|s| !s.is_empty()), "{line}: {key}");
    }
}

#[track_caller]
fn narrow(ran: &Ran) {
    for line in ran.out.lines().chain(ran.err.lines()) {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
        assert!(!line.contains('\x1b'), "colour without a terminal: {line:?}");
    }
}

/// Engines that every machine has.
const BOTH: &str = "--device emu,cpu --verify";

#[test]
fn both_engines_agree_with_the_reference_on_every_kind_of_convolution() {
    let cases = [
        "--shape resnet50-conv2",
        "--shape resnet50-conv1",
        "--c 16 --h 20 --w 20 --k 24 --r 3 --stride 2 --pad 1",
        "--c 5 --h 13 --w 11 --k 7 --r 2 --s 4 --stride 2,1 --pad 0,2 --dilation 1,2",
        "--c 8 --h 21 --w 17 --k 8 --r 3 --dilation 3 --pad 3",
        "--c 32 --h 14 --w 14 --k 32 --r 3 --groups 4 --pad 1",
        "--c 24 --h 19 --w 19 --k 24 --r 3 --groups 24 --pad 1",
        "--c 48 --h 14 --w 14 --k 20 --r 1",
        "--n 4 --c 16 --h 12 --w 12 --k 16 --r 3 --pad 1",
        "--shape mobilenetv2-dw7",
        "--shape resnet50-conv5_down --n 2 --h 8 --w 8",
        "--input x.npy --weight w.npy --bias b.npy",
    ];
    for case in cases {
        let ran = conv2d(&format!("{case} {BOTH} --json"));
        assert_eq!(ran.code, Some(0), "{case}: {}", ran.err);
        let document = document(&ran);
        let results = document["results"].as_array().unwrap();
        assert_eq!(results.len(), 2, "{case}");
        for result in results {
            assert_eq!(result["verified"], true, "{case}");
            assert!(result["relative_error"].as_f64().unwrap() <= 1e-5, "{case}");
        }
    }
}

#[test]
fn a_run_reads_well_and_labels_its_times() {
    let ran = conv2d("--shape resnet50-conv2 --device emu,cpu --verify --iters 3");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    narrow(&ran);
    for part in [
        "conv2d resnet50-conv2\n",
        "x 1x64x56x56, w 64x64x3x3, y 1x64x56x56, 231 MFLOP",
        "emu: software Navi31 (gfx1100)",
        "kernel  conv2d_direct_f32",
        " emu (host time of the emulator, not a card's)",
        " cpu (host time)",
        "median of 3, min ",
        " GFLOPS (emu)",
        " GFLOPS (cpu)",
        "verify  ok: ",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    assert_eq!(ran.err, "");
}

#[test]
fn the_document_has_every_field_with_its_unit() {
    let ran = conv2d("--shape resnet50-conv2 --device emu,cpu --verify --iters 2 --json");
    let document = document(&ran);
    assert_eq!(document["schema"], "sparkle-pm4/run-conv2d/1");
    let shape = &document["shape"];
    assert_eq!(shape["name"], "resnet50-conv2");
    for (key, value) in
        [("n", 1), ("c", 64), ("h", 56), ("w", 56), ("k", 64), ("r", 3), ("s", 3), ("p", 56), ("q", 56), ("groups", 1)]
    {
        assert_eq!(shape[key], value, "{key}");
    }
    assert_eq!(shape["pad"], serde_json::json!([1, 1]));
    assert_eq!(shape["flops"], 231_211_008);
    assert_eq!(document["error"], Value::Null);
    let results = document["results"].as_array().unwrap();
    for (result, (device, engine, kernel)) in
        results.iter().zip([("emu", "emu", "conv2d_direct_f32"), ("cpu", "cpu", "conv2d_winograd4_")])
    {
        assert_eq!((&result["device"], &result["engine"]), (&device.into(), &engine.into()));
        assert!(result["kernel"].as_str().unwrap().starts_with(kernel));
        assert_eq!((&result["iters"], &result["warmup_iters"]), (&2.into(), &1.into()));
        let ns = |key: &str| result[key].as_u64().unwrap();
        assert!(0 < ns("min_ns") && ns("min_ns") <= ns("median_ns") && ns("median_ns") <= ns("max_ns"));
        let gflops = ns("flops") as f64 / ns("median_ns") as f64;
        assert!((result["gflops"].as_f64().unwrap() / gflops - 1.0).abs() < 1e-6);
        assert!(result["max_abs_error"].is_f64() && result["worst_index"].as_array().unwrap().len() == 4);
    }
}

#[test]
fn without_a_reference_the_engines_are_compared_with_each_other() {
    let ran = conv2d("--c 8 --h 9 --w 9 --k 8 --r 3 --device cpu,emu --json");
    let document = document(&ran);
    assert_eq!(document["results"][0]["verified"], Value::Null);
    assert_eq!(document["results"][1]["verified"], true);
    assert_eq!(document["results"][1]["compared_with"], "the cpu engine");
}

/// Whatever algorithm the cpu engine takes; relu6 has outputs at both of its bounds.
#[test]
fn activations_are_fused_on_the_cpu_engine_and_refused_elsewhere() {
    let shapes = [
        ("--c 32 --h 24 --w 24 --k 32 --r 3 --pad 1 --seed 3", "conv2d_winograd4_"),
        ("--c 64 --h 14 --w 14 --k 48 --r 1", "conv2d_gemm_"),
        ("--c 24 --h 19 --w 19 --k 24 --r 3 --groups 24 --pad 1", "conv2d_depthwise_"),
    ];
    let folder = folder("activations");
    for (shape, kernel) in shapes {
        let mut results = Vec::new();
        for (i, activation) in ["none", "relu", "relu6"].into_iter().enumerate() {
            let file = folder.join(format!("{i}.npy"));
            let run = format!("{shape} --activation {activation} --device cpu --verify --output {}", file.display());
            let ran = conv2d(&format!("{run} --json"));
            assert_eq!(ran.code, Some(0), "{shape}: {}", ran.err);
            let document = document(&ran);
            assert_eq!(document["activation"], activation);
            assert!(document["results"][0]["kernel"].as_str().unwrap().starts_with(kernel), "{document}");
            let ran = conv2d(&run);
            assert_eq!(ran.out.contains(&format!(", {activation}\n")), i > 0, "{}", ran.out);
            let bytes = fs::read(&file).unwrap();
            let floats = bytes[128..].as_chunks().0.iter().map(|b| f32::from_le_bytes(*b));
            results.push(floats.collect::<Vec<_>>());
        }
        let [none, relu, relu6] = &results[..] else { unreachable!() };
        assert!(none.iter().any(|v| *v < 0.0), "{shape}");
        assert!(relu.iter().zip(none).all(|(r, v)| *r == v.max(0.0)), "{shape}");
        assert!(relu6.iter().zip(none).all(|(r, v)| *r == v.clamp(0.0, 6.0)), "{shape}");
    }
    let shape = "--c 4 --h 8 --w 8 --k 4 --r 3";
    for device in ["emu", "gpu", "cpu,emu"] {
        fails(
            &format!("{shape} --activation relu --device {device}"),
            2,
            "an activation of conv2d needs the cpu engine",
        );
        fails(&format!("{shape} --dtype f16 --device {device}"), 2, "the GPU's kernel loads and stores f32");
    }
    fails(&format!("{shape} --activation relu --device cpu --dump-pm4 x.txt"), 2, "no PM4 stream");
    fails(&format!("{shape} --activation gelu"), 2, "known are none, relu and relu6");
    let ran = conv2d(&format!("{shape} --activation relu6 --device cpu --dry-run"));
    assert!(ran.code == Some(0) && ran.out.contains("groups 1, relu6\n"), "{}{}", ran.out, ran.err);
}

/// The `.npy` of an array of one element type: header, data.
fn npy(path: &Path) -> (String, Vec<u8>) {
    let bytes = fs::read(path).unwrap();
    let data = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    (String::from_utf8(bytes[10..data].to_vec()).unwrap(), bytes[data..].to_vec())
}

#[test]
fn tensors_of_16_bits_go_in_and_out_as_such() {
    let folder = folder("f16");
    for (shape, kernel) in [
        ("--c 32 --h 24 --w 24 --k 32 --r 3 --pad 1", "conv2d_winograd4_"),
        ("--c 64 --h 14 --w 14 --k 48 --r 1 --activation relu6", "conv2d_gemm_"),
        ("--c 24 --h 19 --w 19 --k 24 --r 3 --groups 24 --pad 1 --n 2", "conv2d_depthwise_"),
    ] {
        let ran = conv2d(&format!("{shape} --dtype f16 --device cpu --verify --json"));
        assert_eq!(ran.code, Some(0), "{shape}: {}", ran.err);
        let document = document(&ran);
        assert_eq!(document["dtype"], "f16");
        let result = &document["results"][0];
        assert!(result["kernel"].as_str().unwrap().starts_with(kernel), "{document}");
        assert_eq!(result["verified"], true);
        // Rounding to 11 bits shows, and is all that does.
        let (error, tolerance) = (result["relative_error"].as_f64().unwrap(), document["tolerance"].as_f64().unwrap());
        assert!((1e-5..=tolerance).contains(&error) && (4.9e-4..5e-4).contains(&tolerance), "{error:e} {tolerance:e}");
        let shape = &document["shape"];
        let elements = shape["c"].as_u64().unwrap() * shape["h"].as_u64().unwrap() * shape["w"].as_u64().unwrap();
        assert_eq!(shape["input_bytes"].as_u64().unwrap(), 2 * elements * shape["n"].as_u64().unwrap());
    }
    // By the bits: 1·2 + 0.5·3 + 2048 = 2051.5, to which 2052 is nearest.
    let write = |name: &str, descr: &str, dims: &str, data: &[u8]| {
        let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {dims}, }}");
        header += &" ".repeat(117 - header.len());
        let path = folder.join(name);
        fs::write(&path, [b"\x93NUMPY\x01\x00v\x00".as_slice(), header.as_bytes(), b"\n", data].concat()).unwrap();
        path.display().to_string()
    };
    let x = write("x.npy", "<f2", "(1, 2, 1, 1)", &[0x00, 0x40, 0x00, 0x42]);
    let w = write("w.npy", "<f2", "(1, 2, 1, 1)", &[0x00, 0x3c, 0x00, 0x38]);
    let wide = write("wide.npy", "<f4", "(1, 2, 1, 1)", &[0, 0, 0, 0, 0, 0, 0, 0]);
    let y = folder.join("y.npy").display().to_string();
    for (descr, bias) in [("<f2", vec![0x00, 0x68]), ("<f4", 2048f32.to_le_bytes().to_vec())] {
        let bias = write("bias.npy", descr, "(1,)", &bias);
        let ran =
            conv2d(&format!("--input {x} --weight {w} --bias {bias} --dtype f16 --device cpu --verify --output {y}"));
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert!(ran.out.contains("groups 1, bias, f16\n"), "{}", ran.out);
        assert!(ran.out.contains("(allowed 5e-4: 1e-5 of the sums"), "{}", ran.out);
        let (header, data) = npy(Path::new(&y));
        assert!(header.contains("'descr': '<f2'") && header.contains("(1, 1, 1, 1)"), "{header}");
        assert_eq!(data, [0x02, 0x68], "{descr}");
    }
    // Beyond 65504 there is infinity, in the reference as well.
    let large = write("large.npy", "<f2", "(1, 2, 1, 1)", &[0xff, 0x7b, 0xff, 0x7b]);
    let ran = conv2d(&format!("--input {large} --weight {w} --dtype f16 --device cpu --verify --output {y}"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(npy(Path::new(&y)).1, [0x00, 0x7c]);
    // Nothing is converted behind the user's back.
    fails(
        &format!("--input {wide} --weight {w} --dtype f16 --device cpu"),
        1,
        "'<f2' (little-endian float16) is wanted",
    );
    fails(&format!("--input {x} --weight {w} --device cpu"), 1, "'<f4' (little-endian float32) is wanted");
    let short = write("short.npy", "<f2", "(1, 2, 1, 1)", &[0; 3]);
    fails(&format!("--input {short} --weight {w} --dtype f16 --device cpu"), 1, "needs 4 bytes of data");
}

#[test]
fn numpy_reads_and_writes_the_16_bit_tensors() {
    let folder = folder("f16_numpy");
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let numpy = |script: &str| Command::new(&python).current_dir(&folder).args(["-c", script]).output();
    let write = "import numpy as n; r = n.random.default_rng(5); \
        n.save('x.npy', n.asfortranarray(r.standard_normal((2, 3, 9, 8)).astype('<f2'))); \
        n.save('w.npy', r.standard_normal((5, 3, 1, 1)).astype('<f2'))";
    if !numpy(write).is_ok_and(|output| output.status.success()) {
        return skip::skip!("there is no python3 with NumPy");
    }
    let at = |name: &str| folder.join(name).display().to_string();
    let files = format!("--input {} --weight {} --output {}", at("x.npy"), at("w.npy"), at("y.npy"));
    let ran = conv2d(&format!("{files} --dtype f16 --device cpu --verify"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let judge = "import numpy as n; x, w, y = (n.load(f + '.npy') for f in 'xwy'); \
        want = n.einsum('nchw,kc->nkhw', x.astype(float), w[:, :, 0, 0].astype(float)); \
        assert y.dtype == n.float16 and y.shape == want.shape, (y.dtype, y.shape); \
        error = abs(y.astype(float) - want).max() / abs(want).max(); assert 1e-5 < error < 5e-4, error";
    let output = numpy(judge).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn impossible_shapes_and_arguments_are_usage_errors() {
    let base = "--c 4 --h 8 --w 8 --k 4 --r 3 --device cpu";
    for (more, says) in [
        ("--dilation 5", "the height extent of the kernel, 11"),
        ("--groups 3", "does not divide into 3 groups"),
        ("--stride 0", "stride is 0"),
        ("--n 0", "n is 0"),
        ("--n 4611686018427387904", "overflows"),
        ("--pad 18446744073709551615", "overflows"),
        ("--n 99999999999999999999", "number too large"),
        ("--n -3", "unexpected argument"),
        ("--stride 1,2,3", "one number, or two"),
        ("--stride x", "invalid digit"),
        ("--device tpu", "tpu"),
        ("--device emu,", "a value is required"),
        ("--iters 0", "0 is not in"),
        ("--threads 0", "--threads"),
        ("--threads 99999", "1024 threads"),
        ("--timeout-ms 0", "at least 1 ms"),
        ("--timeout-ms soon", "invalid digit"),
        ("--async 4", "unexpected argument '--async'"),
        ("--dtype f64", "f64"),
        ("--dtype f16 --dump-pm4 x.txt", "no PM4 stream"),
        ("--output y.jpg", "kind of file is not known"),
        ("--output y.png", "is no picture"),
        ("--dump-pm4 x.txt --dry-run", "no PM4 stream"),
    ] {
        // clap takes a flag given twice for an error of its own.
        let name = more.split_whitespace().next().unwrap();
        let base: Vec<&str> = match base.split_once(&format!("{name} ")) {
            Some((before, after)) => vec![before, after.split_once(' ').map_or("", |a| a.1)],
            None => vec![base],
        };
        fails(&format!("{} {more}", base.join(" ")), 2, says);
    }
    fails("--c 4 --h 8", 2, "missing: --w --k --r --s");
    fails("--shape resnet51", 2, "no shape has the name `resnet51`");
    fails("--filter sobel", 2, "--input <X.npy|X.png>");
    fails("--input x.npy --filter sobl", 2, "sobl");
    fails("--input x.npy --filter box --groups 2", 2, "cannot be used with");
    // Beyond the kernel's limits: 2^29 output pixels.
    fails("--c 1 --h 30000 --w 30000 --k 1 --r 1 --dry-run --device emu", 2, "beyond the GPU kernel's limits");
    for line in ["", "--bogus", "run", "run conv3d", "completions", "completions tcsh"] {
        let ran = sparkle(line);
        assert_eq!(ran.code, Some(2), "{line}: {}", ran.err);
        assert!(ran.err.starts_with("error: ") && ran.err.contains("\nnext: "), "{line}: {}", ran.err);
        let ran = sparkle(&format!("--json {line}"));
        assert_eq!((ran.code, &document(&ran)["code"]), (Some(2), &"usage".into()), "{line}");
    }
}

#[test]
fn bad_files_are_refused_with_what_was_found_and_what_was_wanted() {
    for (file, says) in [
        ("truncated_data.npy", "needs 480 bytes of data, and the file holds 473"),
        ("truncated_header.npy", "the file has 40 in all"),
        ("empty.npy", "every .npy file with 93 4e"),
        ("garbage.npy", "it begins with [00, 01"),
        ("header_garbage.npy", "cannot be parsed"),
        ("header_no_dict.npy", "dict"),
        ("header_no_shape.npy", "missing key 'shape'"),
        ("header_negative.npy", "cannot be negative"),
        ("header_nested.npy", "nests brackets"),
        ("header_length.npy", "claims 4294967280 bytes"),
        ("version9.npy", "format version is 9.0"),
        ("claims_huge.npy", "needs 281474976710656 bytes of data, and the file holds 16"),
        ("claims_overflow.npy", "more elements than can be counted"),
        ("claims_zero.npy", "more elements than can be counted"),
        ("structured.npy", "its dtype is '|V4', and '<f4' (little-endian float32) is wanted"),
        ("dtype_f8.npy", "its dtype is '<f8', and '<f4'"),
        ("dtype_f2.npy", "its dtype is '<f2'"),
        ("dtype_i4.npy", "its dtype is '<i4'"),
        ("dtype_u1.npy", "its dtype is '|u1'"),
        ("dtype_f4_big_endian.npy", "its dtype is '>f4'"),
        ("rank2.npy", "its shape is (6, 5), and rank 4 or 3"),
        ("rank5.npy", "its shape is (1, 1, 4, 6, 5)"),
        ("nothere.npy", "No such file"),
        ("nothere.png", "No such file"),
        ("truncated.png", "not a usable .png image"),
        ("no_png.png", "signature"),
        ("claims_huge.png", "not a usable .png image"),
    ] {
        fails(&format!("--input {file} --k 1 --r 1 --device cpu"), 1, says);
    }
    fails("--input ../data --k 1 --r 1", 2, "kind of file is not known");
    fails("--input empty_dimension.npy --k 1 --r 1 --device cpu", 2, "c is 0");
    fails("--input x.npy --weight rank2.npy --device cpu", 1, "rank 4 (KCRS) is wanted");
    fails("--input x.npy --weight w.npy --bias x.npy --device cpu", 1, "rank 1 (K) is wanted");
    fails("--input x.npy --weight w.npy --bias bias_of_5.npy --device cpu", 2, "it has 5 values");
    fails("--input x.npy --weight w.npy --h 7 --device cpu", 2, "h is 7 by the flags or the named shape, and 6");
    fails("--input x.npy --weight w.npy --groups 2 --device cpu", 2, "2 groups is 8, and the input has 4");
    fails("--input x.npy --shape resnet50-conv1 --device cpu", 2, "c is 3 by the flags or the named shape, and 4");
    fails("--input x.npy --weight w.npy --device cpu --output /nowhere/y.npy", 1, "No such file");
    fails("--input x.npy --weight w.npy --device emu --dump-pm4 /nowhere/s.txt", 1, "No such file");
    // Directories that are named like files.
    let folder = folder("directories");
    for name in ["d.npy", "d.png"] {
        let path = folder.join(name);
        fs::create_dir(&path).unwrap();
        fails(&format!("--input {} --k 1 --r 1", path.display()), 1, &path.display().to_string());
        fails(
            &format!("--input x.npy --weight w.npy --device cpu --k 6 --output {}", path.display()),
            if name == "d.npy" { 1 } else { 2 },
            "",
        );
    }
}

#[test]
fn a_shape_beyond_the_machines_memory_is_refused_before_anything_is_allocated() {
    fails("--shape resnet50-conv2 --n 100000000 --device cpu", 1, "GiB are free");
}

#[test]
fn a_limit_on_the_address_space_counts_as_memory() {
    let command = format!(
        "ulimit -v 4000000 && exec {} run conv2d --shape vgg16-conv1_2 --n 100 --device cpu",
        env!("CARGO_BIN_EXE_sparkle-pm4")
    );
    let output = Command::new("sh").args(["-c", &command]).output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    if err.contains("ulimit") && !err.contains("error: ") {
        skip::skip!("this shell cannot limit the address space");
        return;
    }
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("too large for this machine"), "{err}");
}

#[test]
fn a_full_disk_is_a_failure() {
    let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else {
        skip::skip!("there is no /dev/full");
        return;
    };
    let output =
        binary().args(["run", "conv2d", "--list-shapes"]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.starts_with("error: the result could not be written") && err.contains("\nnext: "), "{err}");
}

#[test]
fn a_mismatch_ends_with_5_and_is_in_the_document() {
    // 3e38 + 3e38 - 3e38 fits float32 and its partial sum doesn't.
    fails("--input huge_x.npy --weight ones_w.npy --device cpu --verify", 5, "disagrees with the f64 reference");
    let ran = conv2d("--input huge_x.npy --weight ones_w.npy --device emu --verify --json");
    let document = document(&ran);
    assert_eq!((ran.code, &document["results"][0]["verified"]), (Some(5), &Value::Bool(false)));
    assert_eq!(document["results"][0]["non_finite_mismatches"], 1);
}

#[test]
fn a_gpu_that_is_not_there_is_exit_3_and_auto_says_why_it_took_the_cpu() {
    let gpu = "--c 4 --h 8 --w 8 --k 4 --r 3 --device-hint 0000:ff:1f.7";
    let ran = conv2d(&format!("{gpu} --device gpu"));
    if ran.code == Some(4) {
        skip::skip!("this machine's GPU may not be opened, so that none can be said to be absent");
        return;
    }
    fails(&format!("{gpu} --device gpu"), 3, "");
    let ran = conv2d(&format!("{gpu} --verify"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.starts_with("note: no usable GPU, so the CPU runs this: "), "{}", ran.err);
    assert!((1..=3).contains(&ran.err.lines().count()), "{}", ran.err);
    assert!(ran.out.contains("\ncpu: "), "{}", ran.out);
    narrow(&ran);
    let ran = conv2d(&format!("{gpu} --json"));
    let document = document(&ran);
    assert_eq!(document["results"][0]["device"], "cpu");
    assert!(document["results"][0]["fallback"].as_str().is_some_and(|s| !s.is_empty()));
}

#[test]
fn work_beyond_its_time_ends_with_6() {
    let start = Instant::now();
    fails("--shape vgg16-conv3_2 --device emu --timeout-ms 50", 6, "did not finish in time");
    // Two runs, each with the context's bounded wait at its end.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn an_interrupt_ends_with_130_after_a_bounded_wait() {
    let mut child = binary()
        .args("run conv2d --shape vgg16-conv3_2 --device emu --iters 1000 --json".split(' '))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    let start = Instant::now();
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    if !kill.is_ok_and(|s| s.success()) {
        _ = child.kill();
        _ = child.wait();
        skip::skip!("there is no kill(1) to send SIGINT with");
        return;
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["code"], "interrupted");
}

#[test]
fn the_environment_counts_where_the_flag_is_absent() {
    let shape = "run conv2d --c 4 --h 8 --w 8 --k 4 --r 3";
    let run = |variable: &str, value: &str, more: &str| {
        finish(binary().args(format!("{shape} {more}").split_whitespace()).env(variable, value))
    };
    assert!(run("SPARKLE_DEVICE", "emu,cpu", "").out.contains("\nemu: "));
    assert!(!run("SPARKLE_DEVICE", "emu", "--device cpu").out.contains("\nemu: "), "the flag goes first");
    assert!(run("SPARKLE_THREADS", "1", "--device cpu").out.contains(", 1 thread"));
    assert_eq!(run("SPARKLE_TIMEOUT_MS", "", "--device cpu").code, Some(0), "empty counts as unset");
    for (variable, value) in [("SPARKLE_DEVICE", "tpu"), ("SPARKLE_THREADS", "many"), ("SPARKLE_TIMEOUT_MS", "-1")] {
        let ran = run(variable, value, "");
        assert_eq!(ran.code, Some(2), "{variable}");
        assert!(ran.err.contains(&format!("{variable}={value}")), "{}", ran.err);
    }
}

#[test]
fn tensors_go_through_npy_files() {
    let folder = folder("npy");
    let want = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/y.npy")).unwrap();
    // Sums of small integers: exact, whatever the order.
    let data = |file: &[u8]| file[file.len() - 4 * 6 * 4 * 3..].to_vec();
    for (i, files) in [
        "--input x.npy --weight w.npy",
        "--input x_fortran.npy --weight w_fortran.npy",
        "--input x_chw.npy --weight w.npy",
    ]
    .iter()
    .enumerate()
    {
        for device in ["cpu", "emu"] {
            let y = folder.join(format!("y{i}{device}.npy"));
            let ran = conv2d(&format!("{files} --bias b.npy --device {device} --verify --output {}", y.display()));
            assert_eq!(ran.code, Some(0), "{}", ran.err);
            let got = fs::read(&y).unwrap();
            assert_eq!(data(&got), data(&want), "{files} on {device}");
            let header = String::from_utf8_lossy(&got[..got.len() - 288]).into_owned();
            assert!(header.contains("'<f4'") && header.contains("(1, 6, 4, 3"), "{header}");
            // What was written is read again.
            let again = conv2d(&format!("--input {} --k 2 --r 1 --device cpu --verify", y.display()));
            assert_eq!(again.code, Some(0), "{}", again.err);
        }
    }
}

#[test]
fn the_identity_filter_gives_the_image_back_bit_for_bit() {
    let folder = folder("identity");
    for name in ["grey.png", "grey_alpha.png", "rgb.png", "rgba.png", "rgb16.png"] {
        let path = folder.join(name);
        let line = format!("--input {name} --filter identity --device cpu --verify --output {}", path.display());
        let ran = conv2d(&line);
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.err);
        let source = image::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap();
        let result = image::open(&path).unwrap();
        assert_eq!(source.color(), result.color(), "{name}: channels and depth stay");
        assert_eq!(source, result, "{name}");
    }
}

#[test]
fn filters_compute_what_their_names_say() {
    let folder = folder("filters");
    let source = image::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/grey_alpha.png")).unwrap();
    let source = source.into_luma_alpha8();
    let (w, h) = source.dimensions();
    let at = |x: i64, y: i64| {
        let inside = (0..i64::from(w)).contains(&x) && (0..i64::from(h)).contains(&y);
        if inside { f64::from(source.get_pixel(x as u32, y as u32).0[0]) } else { 0.0 }
    };
    let sum = |taps: &[[f64; 3]; 3], x: i64, y: i64| -> f64 {
        (0..3)
            .flat_map(|r| (0..3).map(move |s| (r, s)))
            .map(|(r, s)| taps[r][s] * at(x + s as i64 - 1, y + r as i64 - 1))
            .sum()
    };
    let dx = [[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]];
    let dy = [[-1.0, -2.0, -1.0], [0.0, 0.0, 0.0], [1.0, 2.0, 1.0]];
    let sharpen = [[0.0, -1.0, 0.0], [-1.0, 5.0, -1.0], [0.0, -1.0, 0.0]];
    for device in ["cpu", "emu"] {
        for filter in ["sobel", "sharpen"] {
            let path = folder.join(format!("{filter}-{device}.png"));
            let ran = conv2d(&format!(
                "--input grey_alpha.png --filter {filter} --device {device} --output {}",
                path.display()
            ));
            assert_eq!(ran.code, Some(0), "{}", ran.err);
            let result = image::open(&path).unwrap().into_luma_alpha8();
            for (x, y, pixel) in result.enumerate_pixels() {
                let (x, y) = (i64::from(x), i64::from(y));
                let want = match filter {
                    "sobel" => sum(&dx, x, y).hypot(sum(&dy, x, y)) / 4.0,
                    _ => sum(&sharpen, x, y),
                };
                let want = want.clamp(0.0, 255.0);
                assert!((f64::from(pixel.0[0]) - want).abs() <= 0.51, "{filter} {device} at {x},{y}: {pixel:?} {want}");
                assert_eq!(pixel.0[1], source.get_pixel(x as u32, y as u32).0[1], "alpha stays");
            }
        }
    }
}

#[test]
fn every_filter_runs_on_both_engines() {
    for filter in ["sobel", "sobel-x", "sobel-y", "gaussian", "box", "sharpen", "laplacian", "emboss", "identity"] {
        let ran = conv2d(&format!("--input rgb.png --filter {filter} {BOTH}"));
        assert_eq!(ran.code, Some(0), "{filter}: {}", ran.err);
        assert!(ran.out.starts_with(&format!("conv2d filter {filter}\n")), "{}", ran.out);
        narrow(&ran);
    }
}

#[test]
fn the_dumped_stream_is_exact_and_fully_named() {
    let folder = folder("dump");
    let shape = "--c 8 --h 9 --w 9 --k 16 --r 3 --pad 1 --device emu";
    let path = |extension: &str| folder.join(format!("stream.{extension}"));
    for extension in ["txt", "bin", "hex"] {
        let ran = conv2d(&format!("{shape} --verify --dump-pm4 {}", path(extension).display()));
        assert_eq!(ran.code, Some(0), "{}", ran.err);
    }
    let bin = fs::read(path("bin")).unwrap();
    let dwords: Vec<u32> = bin.chunks_exact(4).map(|b| u32::from_le_bytes(b.try_into().unwrap())).collect();
    assert!(dwords.len() > 32 && dwords.len().is_multiple_of(8), "{} dwords", dwords.len());
    let hex = fs::read_to_string(path("hex")).unwrap();
    assert_eq!(hex.lines().map(|l| u32::from_str_radix(l, 16).unwrap()).collect::<Vec<_>>(), dwords);

    // The listing: an address and a dword a line, continuation lines apart.
    let text = fs::read_to_string(path("txt")).unwrap();
    let mut listed = Vec::new();
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
        if let Some(rest) = line.strip_prefix("0x") {
            let (_, rest) = rest.split_once(' ').unwrap();
            listed.push(u32::from_str_radix(&rest[..8], 16).unwrap());
            if let Some((register, _)) = rest[8..].split_once(" <- ") {
                let register = register.trim();
                let named = register.starts_with("COMPUTE_")
                    && register.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
                assert!(named, "a register without a name: {line}");
            }
        }
        assert!(!line.contains("unknown") && !line.contains("??"), "{line}");
    }
    assert_eq!(listed, dwords);
    for item in pm4::decode(&dwords) {
        assert!(item.packet.is_ok() && item.deviation.is_none(), "{item:?}");
    }
    for register in ["COMPUTE_PGM_LO", "COMPUTE_PGM_RSRC1", "COMPUTE_USER_DATA_0", "COMPUTE_NUM_THREAD_X"] {
        assert!(text.contains(register), "{register}");
    }
    assert_eq!(text.matches(" DISPATCH_DIRECT").count(), 2);

    // `-` is standard output, and then nothing else is there.
    let ran = conv2d(&format!("{shape} --dump-pm4 -"));
    assert!(ran.out.lines().all(|l| l.starts_with("0x") || l.starts_with("    ")), "{}", ran.out);
    assert!(ran.err.contains("GFLOPS (emu)"));
    assert_eq!(conv2d(&format!("{shape} --dump-pm4 - --json")).code, Some(2));
}

#[test]
fn a_dry_run_plans_and_executes_nothing() {
    let ran = conv2d("--shape resnet50-conv2 --dry-run --device emu,cpu");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    narrow(&ran);
    for part in ["conv2d_pack_weights_f32", "conv2d_direct_f32", "wave32", "dwords", "nothing was executed", "784 KiB"]
    {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    assert!(!ran.out.contains("GFLOPS"));
    let document = document(&conv2d("--shape resnet50-conv2 --dry-run --device emu --json"));
    assert_eq!((&document["dry_run"], &document["results"]), (&true.into(), &serde_json::json!([])));
    let plan = &document["plans"][0];
    assert_eq!(plan["pm4_bytes"].as_u64().unwrap(), 4 * plan["pm4_dwords"].as_u64().unwrap());
    let dispatches = plan["dispatches"].as_array().unwrap();
    assert_eq!(dispatches.len(), 2);
    assert_eq!(dispatches[1]["block"], serde_json::json!([64, 1, 1]));
    // A shape that would take the emulator minutes is planned at once.
    let start = Instant::now();
    assert_eq!(conv2d("--shape vgg16-conv1_2 --n 8 --dry-run --device emu").code, Some(0));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn every_named_shape_is_listed_and_planned() {
    let ran = conv2d("--list-shapes");
    assert_eq!(ran.code, Some(0));
    narrow(&ran);
    let document = document(&conv2d("--list-shapes --json"));
    let listed = document["shapes"].as_array().unwrap();
    assert_eq!(listed.len(), ops::NAMED_SHAPES.len());
    for shape in ops::NAMED_SHAPES {
        assert!(ran.out.contains(&format!("\n  {} ", shape.name)), "{}", shape.name);
    }
    let named = conv2d("--shape resnet50-conv2 --h 28 --w 28 --dry-run --device cpu --json");
    let document: Value = serde_json::from_str(&named.out).unwrap();
    assert_eq!((&document["shape"]["h"], &document["shape"]["c"]), (&28.into(), &64.into()));
    assert_eq!(document["shape"]["name"], Value::Null, "an overridden shape is no longer the named one");
}

#[test]
fn the_seed_decides_the_numbers() {
    let error = |seed: u32| {
        let ran = conv2d(&format!("--shape resnet50-conv5_1x1a --device cpu --verify --json --seed {seed}"));
        document(&ran)["results"][0]["max_abs_error"].as_f64().unwrap()
    };
    assert_eq!(error(1).to_bits(), error(1).to_bits());
    assert_ne!(error(1).to_bits(), error(2).to_bits());
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let lines = [
        "run conv2d --shape resnet50-conv3 --device cpu",
        "run conv2d --list-shapes",
        "completions bash",
        "man",
        "run conv2d --shape resnet50-conv3 --device cpu --json",
        "--help",
        "run conv2d --bogus --json",
    ];
    for line in lines {
        let mut child = binary().args(line.split(' ')).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let want = if line.contains("bogus") { 2 } else { 0 };
        assert_eq!(output.status.code(), Some(want), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn colour_is_for_terminals_and_never_under_no_color() {
    let line =
        format!("{} run conv2d --c 4 --h 8 --w 8 --k 4 --r 3 --device cpu --verify", env!("CARGO_BIN_EXE_sparkle-pm4"));
    let on_terminal = |no_color: Option<&str>| {
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm").env_remove("NO_COLOR").stdin(Stdio::null());
        if let Some(value) = no_color {
            command.env("NO_COLOR", value);
        }
        command.output().ok().filter(|o| o.status.success()).map(|o| String::from_utf8_lossy(&o.stdout).into_owned())
    };
    let (Some(plain), Some(coloured)) = (on_terminal(Some("1")), on_terminal(None)) else {
        skip::skip!("there is no script(1) to give the program a terminal");
        return;
    };
    assert!(coloured.contains("\x1b[1m") && coloured.contains("\x1b[32mok\x1b[0m"), "{coloured:?}");
    assert!(plain.contains("verify  ok") && !plain.contains('\x1b'), "{plain:?}");
}

#[test]
fn completions_and_the_manual_page_name_the_flags() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = sparkle(&format!("completions {shell}"));
        assert_eq!(ran.code, Some(0), "{shell}");
        assert!(ran.out.contains("dump-pm4") && ran.out.contains("sparkle-pm4"), "{shell}");
    }
    let ran = sparkle("man");
    assert_eq!(ran.code, Some(0));
    assert!(ran.out.contains(".TH sparkle-pm4 1") && ran.out.contains("\\-\\-dump\\-pm4"));
}

#[test]
fn help_fits_a_terminal() {
    for line in ["--help", "run --help", "run conv2d --help", "run conv2d -h", "completions --help"] {
        let ran = sparkle(line);
        assert_eq!((ran.code, &*ran.err), (Some(0), ""), "{line}");
        narrow(&ran);
    }
}
