//! `sparkle-pm4 bench conv2d` and `bench --serve` as scripts and people use them: requests and answers, documents, tables,
//! pictures.
#![cfg(feature = "cli")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;
use sparkle_pm4::cpu;

/// The binary without this environment's own settings.
fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sparkle-pm4"));
    for name in ["SPARKLE_THREADS", "SPARKLE_CPU_ISA", "COLUMNS", "NO_COLOR"] {
        command.env_remove(name);
    }
    command.env("SPARKLE_TUNING", "off").stdin(Stdio::null());
    command
}

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn finish(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn bench(line: &str) -> Ran {
    finish(binary().arg("bench").args(line.split_whitespace()))
}

fn document(line: &str) -> Value {
    let ran = bench(&format!("{line} --json"));
    assert_eq!(ran.code, Some(0), "{line}: {}{}", ran.out, ran.err);
    serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}", ran.out))
}

/// A worker under test.
struct Worker {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Worker {
    fn start(command: &mut Command, arguments: &str) -> Self {
        command.args(["bench", "--serve"]).args(arguments.split_whitespace());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (requests, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, requests, answers }
    }

    /// One line there, one line back.
    fn ask(&mut self, request: impl AsRef<[u8]>) -> String {
        let request = request.as_ref();
        self.requests.write_all(&[request, b"\n"].concat()).unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        let shown = String::from_utf8_lossy(&request[..request.len().min(80)]).into_owned();
        answer.strip_suffix('\n').unwrap_or_else(|| panic!("{shown}: no answer")).to_owned()
    }

    /// Its exit code and standard error, after the last answer.
    fn end(self) -> (Option<i32>, String) {
        drop(self.requests);
        let rest = self.answers.lines().map(Result::unwrap).collect::<Vec<_>>();
        assert!(rest.is_empty(), "answers nobody asked for: {rest:?}");
        let output = self.child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

/// `t MEDIAN MIN ITERS`.
#[track_caller]
fn times(answer: &str) -> (f64, f64, u64) {
    let fields: Vec<&str> = answer.split(' ').collect();
    let ["t", median, min, iters] = fields[..] else { panic!("{answer}") };
    (median.parse().unwrap(), min.parse().unwrap(), iters.parse().unwrap())
}

#[test]
fn a_worker_prepares_runs_and_says_how() {
    let mut worker = Worker::start(&mut binary(), "--threads 2");
    let widest = cpu::detect().to_string();
    for request in [
        "prep conv classic.64x56.3x3.n1 1 64 56 56 64 3 1 1 1 1",
        "prep conv rn50.c1.n1 1 3 224 224 64 7 2 3 1 1",
        "prep conv rn50.sc 2 64 14 14 128 1 2 0 1 1",
        "prep conv mbv2.dw 1 32 28 28 32 3 1 1 1 32",
        "prep conv deeplab 1 32 33 33 16 3 1 12 12 1",
        "  prep\tconv resnext   1 128 14 14 128 3 1 1 1 32 ",
        "prep gemm sgemm.96 96 96 96",
        "prep gemm sgemm.odd 64 49 147",
        "prep gemm sgemm.least 1 1 1",
    ] {
        let answer = worker.ask(request);
        let note = answer.strip_prefix("ok ").unwrap_or_else(|| panic!("{request}: {answer}"));
        assert!(note.split(' ').count() >= 2 && note.contains(&widest), "algorithm and instruction set: {note}");
        let (median, min, iters) = times(&worker.ask("run 2"));
        assert!(min > 0.0 && min <= median && iters >= 3, "{request}: {median} {min} {iters}");
    }
    // Three runs at the least, and as many as the time allows.
    assert_eq!(times(&worker.ask("run 0")).2, 3);
    assert!(times(&worker.ask("run 100.5")).2 > 3);
    worker.requests.write_all(b"quit\nrun 1\n").unwrap();
    assert_eq!(worker.end(), (Some(0), String::new()));
}

#[test]
fn a_worker_keeps_to_accuracy_and_instruction_set() {
    for isa in cpu::available() {
        let mut worker =
            Worker::start(binary().env("SPARKLE_CPU_ISA", isa.to_string()), "--threads 1 --accuracy exact");
        let answer = worker.ask("prep conv classic 1 64 14 14 64 3 1 1 1 1");
        assert!(answer.starts_with("ok ") && answer.contains(&isa.to_string()), "{answer}");
        assert!(!answer.contains("winograd"), "{answer}");
        // The end of the requests is the end of the worker.
        assert_eq!(worker.end(), (Some(0), String::new()));
    }
}

#[test]
fn bad_requests_are_answered_and_the_worker_goes_on() {
    let mut worker = Worker::start(&mut binary(), "--threads 1");
    let huge = "9".repeat(30);
    let cases: [(&[u8], &str); 38] = [
        (b"foo", "\"foo\" is none of prep, run and quit"),
        (b"run 5", "nothing is prepared"),
        (b"run", "milliseconds is missing"),
        (b"run x", "\"x\" is no number"),
        (b"run -1", "\"-1\" is no number"),
        (b"run NaN", "\"NaN\" is no number"),
        (b"run inf", "\"inf\" is no number"),
        (b"run 1e300", "\"1e300\" is no number"),
        (b"run 5 5", "\"5\" behind"),
        (b"prep", "conv or gemm is missing"),
        (b"prep pool x 1", "\"pool\" is neither conv nor gemm"),
        (b"prep conv", "the name is missing"),
        (b"prep conv x", "N C H W K R stride pad dil groups; here are 0"),
        (b"prep conv x 1 64 56 56 64 3 1 1 1", "here are 9"),
        (b"prep conv x 1 64 56 56 64 3 1 1 1 1 1", "here are 11"),
        (b"prep conv 1 64 56 56 64 3 1 1 1 1", "here are 9"),
        (b"prep conv x one 64 56 56 64 3 1 1 1 1", "N = \"one\" is no whole number"),
        (b"prep conv x 1 -64 56 56 64 3 1 1 1 1", "C = \"-64\" is no whole number"),
        (b"prep conv x 1 64 56.5 56 64 3 1 1 1 1", "H = \"56.5\" is no whole number"),
        (b"prep conv x 0 64 56 56 64 3 1 1 1 1", "n is 0"),
        (b"prep conv x 1 64 56 56 64 0 1 1 1 1", "r is 0"),
        (b"prep conv x 1 64 56 56 64 3 0 1 1 1", "stride is 0"),
        (b"prep conv x 1 64 56 56 64 3 1 1 0 1", "dilation is 0"),
        (b"prep conv x 1 64 56 56 64 3 1 1 1 0", "groups is 0"),
        (b"prep conv x 1 64 56 56 64 3 1 1 1 3", "does not divide into 3 groups"),
        (b"prep conv x 1 64 5 5 64 7 1 0 1 1", "exceeds"),
        (b"prep conv x 1 64 56 56 64 3 1 1 99999999999 1", "exceeds"),
        (b"prep conv x 1 18446744073709551615 56 56 64 3 1 1 1 1", "overflows"),
        (b"prep conv x 1 1 56 56 1 3 1 9223372036854775807 1 1", "overflows"),
        (b"prep conv x 4000000000 4000000000 1 1 4000000000 1 1 0 1 1", "overflows"),
        // 400 TB of one's input, and months of the other's work.
        (b"prep conv x 1 100000000 1000 1000 1 1 1 0 1 1", "operations in one run"),
        (b"prep conv x 1 1 1000000 1000000 1 1 1000000 0 1 1", "GiB are needed"),
        (b"prep gemm x", "M N K; here are 0"),
        (b"prep gemm x 5 0 5", "N is 0"),
        (b"prep gemm x 18446744073709551615 18446744073709551615 1", "operations in one run"),
        (b"prep gemm x 4000000 4000000 1", "operations in one run"),
        (b"prep conv \xff\xfe 1 64 56 56 64 3 1 1 1 1", "not UTF-8"),
        (b"\0", "is none of prep"),
    ];
    for (request, says) in cases {
        let answer = worker.ask(request);
        let shown = String::from_utf8_lossy(request);
        assert!(answer.starts_with("err ") && answer.contains(says), "{shown}: {answer}");
    }
    let answer = worker.ask(format!("prep conv x 1 {huge} 56 56 64 3 1 1 1 1"));
    assert!(answer.starts_with("err C = ") && answer.contains("too large"), "{answer}");
    let answer = worker.ask(format!("run {}", huge.repeat(1000)));
    assert!(answer.starts_with("err ") && answer.contains("longer than 4096 bytes"), "{answer}");
    let answer = worker.ask(format!("run {}", huge.repeat(100)));
    assert!(answer.starts_with("err ") && answer.len() < 200, "a long word is not repeated whole: {answer}");
    // Empty lines have no answer, and what failed to be prepared leaves nothing of what was before.
    assert!(worker.ask("\n  \nprep conv x 1 8 8 8 8 3 1 1 1 1").starts_with("ok "));
    times(&worker.ask("run 0"));
    assert!(worker.ask("prep conv x 1 8 8 8 8 3 1 1 1 3").starts_with("err "));
    assert!(worker.ask("run 0").starts_with("err run: nothing is prepared"));
    assert!(worker.ask("prep gemm x 8 8 8").starts_with("ok "));
    assert_eq!(worker.end(), (Some(0), String::new()));
}

/// Layers, and multiply-adds in millions, of torchvision's models without their fully connected layers.
#[test]
fn suites_are_the_published_networks_and_their_documents_are_complete() {
    let suites = [
        ("resnet50", 53, 4_089_184_256 - 2_048_000),
        ("vgg16", 13, 15_470_264_320 - 123_633_664),
        ("mobilenetv2", 52, 300_774_272 - 1_280_000),
    ];
    for (suite, layers, multiply_adds) in suites {
        let document = document(&format!("conv2d --suite {suite} --threads 1 --rounds 1 --ms 0"));
        assert_eq!(document["schema"], "sparkle-pm4/bench/1");
        assert_eq!((&document["suite"], &document["batch"]), (&suite.into(), &1.into()));
        let rows = document["rows"].as_array().unwrap();
        let sum =
            |f: &dyn Fn(&Value) -> u64| rows.iter().map(|row| f(row) * row["times"].as_u64().unwrap()).sum::<u64>();
        assert_eq!(sum(&|_| 1), layers, "{suite}");
        assert_eq!(sum(&|row| row["flops"].as_u64().unwrap()), 2 * multiply_adds, "{suite}");
        let total = &document["totals"][0];
        assert_eq!((total["convolutions"].as_u64(), total["flops"].as_u64()), (Some(layers), Some(2 * multiply_adds)));
        assert_eq!(total["time_ns"].as_u64(), Some(sum(&|row| row["median_ns"].as_u64().unwrap())));
        check_rows(&document);
    }
}

/// Every member is there, and those that follow from others do.
fn check_rows(document: &Value) {
    for row in document["rows"].as_array().unwrap() {
        let number = |key: &str| row[key].as_f64().unwrap_or_else(|| panic!("{key}: {row}"));
        let machines = document["machines"].as_array().unwrap();
        let machine = machines.iter().find(|m| m["threads"] == row["threads"]).unwrap();
        let [fma, read] = ["fma_gflops", "read_bytes_per_s"].map(|key| machine[key].as_f64().unwrap());
        assert!(fma > 0.0 && read > 0.0 && machine["read_buffer_bytes"].as_u64() > Some(0), "{machine}");
        assert_eq!((&row["op"], &row["device"], &row["engine"]), (&"conv2d".into(), &"cpu".into(), &"cpu".into()));
        assert_eq!(row["isa"], machine["isa"]);
        let kernel = format!("conv2d_{}_{}", row["algorithm"].as_str().unwrap(), row["isa"].as_str().unwrap());
        assert_eq!(row["kernel"], kernel.as_str());
        assert!(number("iters") >= 1.0 && number("min_ns") > 0.0 && number("min_ns") <= number("median_ns"), "{row}");
        let close = |got: f64, want: f64| assert!((got - want).abs() <= 1e-6 * want.abs(), "{got}, not {want}: {row}");
        let shape = &row["dimensions"];
        assert_eq!(shape["name"], row["shape"]);
        let bytes: f64 =
            ["input_bytes", "weight_bytes", "output_bytes"].iter().map(|k| shape[k].as_f64().unwrap()).sum();
        close(number("gflops"), number("flops") / number("median_ns"));
        close(number("flops_per_byte"), number("flops") / bytes);
        close(number("peak_share"), number("gflops") / fma);
        close(number("roofline_gflops"), fma.min(number("flops_per_byte") * read / 1e9));
        close(number("roofline_share"), number("gflops") / number("roofline_gflops"));
        for quartile in row["quartiles_ns"].as_array().unwrap() {
            assert!(quartile.as_f64().unwrap() >= number("min_ns"), "{row}");
        }
    }
}

#[test]
fn threads_batch_and_accuracy_are_kept_to() {
    let shapes = "--shape resnet50-conv5,mobilenetv2-dw7";
    let document = document(&format!(
        "conv2d {shapes} --batch 3 --threads 1,2 --accuracy exact --rounds 2 --ms 0 --activation relu"
    ));
    check_rows(&document);
    assert_eq!(
        (&document["suite"], &document["batch"], &document["accuracy"], &document["activation"]),
        (&Value::Null, &3.into(), &"exact".into(), &"relu".into())
    );
    let rows = document["rows"].as_array().unwrap();
    let all: Vec<_> = rows.iter().map(|r| (r["shape"].as_str().unwrap(), r["threads"].as_u64().unwrap())).collect();
    assert_eq!(all, [("resnet50-conv5", 1), ("mobilenetv2-dw7", 1), ("resnet50-conv5", 2), ("mobilenetv2-dw7", 2)]);
    for row in rows {
        assert_eq!((row["dimensions"]["n"].as_u64(), row["iters"].as_u64()), (Some(3), Some(2)));
        assert!(!row["algorithm"].as_str().unwrap().contains("winograd"));
    }
    let ran = finish(
        binary()
            .args("bench conv2d --shape mobilenetv2-dw7 --rounds 1 --ms 0 --json".split(' '))
            .env("SPARKLE_THREADS", "3"),
    );
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["rows"][0]["threads"], 3);
}

#[test]
fn the_table_keeps_to_its_width_and_the_picture_is_well_formed() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cli_bench");
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let svg = folder.join("roofline.svg");
    for (columns, suite) in [("80", "resnet50"), ("60", "mobilenetv2"), ("40", "mobilenetv2")] {
        let mut command = binary();
        command
            .args("bench conv2d --threads 1,2 --rounds 1 --ms 0 --suite".split(' '))
            .arg(suite)
            .arg("--svg")
            .arg(&svg);
        let ran = finish(command.env("COLUMNS", columns));
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        for line in ran.out.lines().chain(ran.err.lines()) {
            assert!(line.chars().count() <= columns.parse().unwrap(), "{columns}: {line}");
            assert!(!line.contains('\x1b'), "colour without a terminal: {line:?}");
        }
        // Two tables, each with its sum and its picture.
        assert_eq!(ran.out.lines().filter(|l| l.trim_start().starts_with("total ")).count(), 2, "{}", ran.out);
        assert_eq!(ran.out.lines().filter(|l| l.starts_with("GFLOPS |")).count(), 2, "{}", ran.out);
        if columns == "80" {
            for word in ["GFLOPS", "peak", "roof", "algorithm", "conv5_3x3s2", "512x14x14 512 3x3/2", "Winograd"] {
                assert!(ran.out.contains(word), "{word}: {}", ran.out);
            }
        }
    }
    let text = fs::read_to_string(&svg).unwrap();
    for word in ["FMA peak", "memory read", "FLOP per byte", "GFLOPS", "pw320_1280", "2 threads"] {
        assert!(text.contains(word), "{word} is missing");
    }
    let parse = "import sys, xml.etree.ElementTree as e; print(len(e.parse(sys.argv[1]).getroot().findall('.//{*}circle/{*}title')))";
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    match Command::new(python).args(["-c", parse]).arg(&svg).output() {
        // 30 distinct layers, twice.
        Ok(output) => assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "60", "{output:?}"),
        Err(_) => skip::skip!("there is no python3 to parse the picture with"),
    }
}

#[test]
fn what_cannot_be_is_an_error_before_the_work() {
    let cases = [
        ("", 2, "what to time is missing"),
        ("--serve emu", 2, "--serve takes no subcommand"),
        ("--serve --json", 2, "--json is for one document"),
        ("--threads 2", 2, "--serve"),
        ("--serve --threads 0", 2, "--threads"),
        ("--serve --accuracy wrong", 2, "wrong"),
        ("conv2d --suite alexnet", 2, "alexnet"),
        ("conv2d --shape resnet50-conv99", 2, "no shape has the name"),
        ("conv2d --suite vgg16 --shape resnet50-conv2", 2, "--shape"),
        ("conv2d --threads 1,0", 2, "--threads"),
        ("conv2d --threads 5000", 2, "--threads"),
        ("conv2d --rounds 0", 2, "--rounds"),
        ("conv2d --batch 0", 2, "--batch"),
        ("conv2d --activation tanh", 2, "no activation"),
        ("conv2d --suite vgg16 --batch 65536", 1, "too large for this machine"),
        ("conv2d --svg /nowhere/at/all.svg", 1, "cannot be written"),
        ("conv2d --svg /", 1, "cannot be written"),
        ("conv2d --svg /dev/null/x.svg", 1, "cannot be written"),
    ];
    for (line, code, says) in cases {
        let ran = bench(line);
        let said = format!("{}{}", ran.out, ran.err);
        assert_eq!(ran.code, Some(code), "{line}: {said}");
        assert!(said.split_whitespace().collect::<Vec<_>>().join(" ").contains(says), "{line}: {said}");
        assert!(!said.contains("panicked"), "{line}: {said}");
    }
}
