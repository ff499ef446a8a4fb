//! `sparkle-pm4 tune`: what it prints, what it remembers, and that others use it.
#![cfg(feature = "cli")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use sparkle_pm4::cpu;

/// A folder of one test, with a cache in it; gone when dropped.
struct Folder(PathBuf);

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    /// Both streams, as one line.
    fn said(&self) -> String {
        format!("{} {}", self.out, self.err).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn document(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}{}", self.out, self.err))
    }
}

impl Folder {
    fn new(test: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("cli_tune_{test}"));
        _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("cache/tuning")
    }

    fn run_with(&self, line: &str, set: &[(&str, &str)], input: &str) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sparkle-pm4"));
        for name in ["SPARKLE_THREADS", "SPARKLE_CPU_ISA", "SPARKLE_DEVICE", "SPARKLE_TUNING", "COLUMNS", "NO_COLOR"] {
            command.env_remove(name);
        }
        command.env("SPARKLE_CACHE_DIR", self.0.join("cache")).envs(set.iter().copied());
        command.args(line.split_whitespace()).current_dir(&self.0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that doesn't read closes the pipe, which is no concern of the test.
        _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn run(&self, line: &str) -> Ran {
        self.run_with(line, &[], "")
    }

    /// Writes the memory with this algorithm for the small shape on one thread.
    fn forge(&self, algorithm: &str) {
        let line = [
            env!("CARGO_PKG_VERSION"),
            &cpu::processor(),
            &cpu::detect().to_string(),
            "1",
            "default",
            "1 16 12 12 16 3 3 1 1 1 1 1 1 1",
            algorithm,
            "1000",
        ];
        fs::create_dir_all(self.file().parent().unwrap()).unwrap();
        fs::write(self.file(), format!("sparkle-pm4 tuning 1\n{}\n", line.join("\t"))).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

const SMALL: &str = "--c 16 --h 12 --w 12 --k 16 --r 3 --pad 1 --threads 1";
/// What `run conv2d` says of it; its threads and its shape are the same.
const RUN: &str = "run conv2d --device cpu --json";

fn kernel(ran: &Ran) -> String {
    ran.document()["results"][0]["kernel"].as_str().unwrap().to_owned()
}

#[test]
fn every_candidate_is_timed_and_the_fastest_remembered() {
    let folder = Folder::new("remembers");
    let ran = folder.run(&format!("tune conv2d {SMALL} --rounds 2 --ms 1 --json"));
    assert_eq!(ran.code, Some(0), "{}", ran.said());
    let document = ran.document();
    assert_eq!(document["schema"], "sparkle-pm4/tune/1");
    assert_eq!(document["file"], folder.file().display().to_string());
    let rows = document["rows"].as_array().unwrap();
    let mut names: Vec<_> = rows.iter().map(|r| r["algorithm"].as_str().unwrap()).collect();
    let chosen: Vec<_> = rows.iter().filter(|r| r["chosen"] == true).collect();
    let [chosen] = chosen[..] else { panic!("{rows:?}") };
    for row in rows {
        assert!(row["median_ns"].as_u64().unwrap() >= chosen["median_ns"].as_u64().unwrap());
        assert!(row["predicted_ns"].as_f64().unwrap() > 0.0 && row["error_bound"].as_f64().unwrap() <= 1e-5);
        assert_eq!((&row["threads"], &row["dimensions"]["h"]), (&1.into(), &12.into()));
        assert_eq!(row["work"].as_array().unwrap().len(), 6);
    }
    names.sort_unstable();
    assert_eq!(names, ["direct", "gemm", "winograd2", "winograd4"]);
    // The memory has that line, and `run conv2d` does as it says.
    let text = fs::read_to_string(folder.file()).unwrap();
    let line =
        text.lines().find(|l| l.contains("\t1 16 12 12 16 3 3 1 1 1 1 1 1 1\t")).unwrap_or_else(|| panic!("{text}"));
    assert!(line.contains(chosen["algorithm"].as_str().unwrap()), "{line}");
    let ran = folder.run(&format!("{RUN} {SMALL}"));
    assert!(kernel(&ran).contains(chosen["algorithm"].as_str().unwrap()), "{}", kernel(&ran));

    // Under `exact` there is no Winograd, and its choice stands beside the other.
    let ran = folder.run(&format!("tune conv2d {SMALL} --rounds 1 --ms 0 --accuracy exact --json"));
    assert!(!ran.out.contains("winograd"), "{}", ran.out);
    assert_eq!(fs::read_to_string(folder.file()).unwrap().lines().count(), 3);
    let ran = folder.run(&format!("tune conv2d {SMALL} --forget"));
    assert!(ran.said().contains("1 choice forgotten"), "{}", ran.said());
    assert_eq!(fs::read_to_string(folder.file()).unwrap().lines().count(), 2);
    let ran = folder.run("tune conv2d --forget --json");
    assert_eq!((ran.code, &ran.document()["forgotten"]), (Some(0), &1.into()));
    assert!(!folder.file().exists());
}

#[test]
fn the_table_keeps_to_its_width() {
    let folder = Folder::new("table");
    let ran = folder.run("tune conv2d --shape resnet50-conv5,mobilenetv2-dw7 --rounds 1 --ms 0 --threads 2");
    assert_eq!(ran.code, Some(0), "{}", ran.said());
    for line in ran.out.lines().filter(|line| !line.contains("cli_tune_table")) {
        assert!(line.chars().count() <= 80 && !line.contains('\x1b'), "{line:?}");
    }
    for word in
        ["predicted us", "measured us", "resnet50-conv5: 1x512x7x7 K 512 3x3", "winograd2", "depthwise", "2 choices"]
    {
        assert!(ran.out.contains(word), "{word}: {}", ran.out);
    }
    assert_eq!(ran.out.matches("chosen").count(), 2, "{}", ran.out);
}

#[test]
fn what_is_remembered_is_used_unless_told_otherwise() {
    let folder = Folder::new("used");
    let serve = "prep conv small 1 16 12 12 16 3 1 1 1 1\n";
    let widest = cpu::detect().to_string();
    for algorithm in ["direct", "gemm"] {
        folder.forge(algorithm);
        let ran = folder.run(&format!("{RUN} {SMALL}"));
        assert_eq!(kernel(&ran), format!("conv2d_{algorithm}_{widest}"), "{}", ran.err);
        let ran = folder.run_with("bench --serve --threads 1", &[], serve);
        assert_eq!(ran.out, format!("ok {algorithm} {widest}\n"), "{}", ran.err);
        // Without it, on another number of threads, or for another accuracy, the model chooses.
        let model = kernel(&folder.run(&format!("{RUN} {SMALL} --no-tune")));
        assert_eq!(kernel(&folder.run(&format!("{RUN} {SMALL} --tuning off"))), model);
        assert_eq!(kernel(&folder.run(&format!("{RUN} {SMALL} --tuning {}", "none"))), model);
        assert_eq!(kernel(&folder.run_with(&format!("{RUN} {SMALL}"), &[("SPARKLE_TUNING", "off")], "")), model);
        assert_eq!(kernel(&folder.run(&format!("{RUN} {SMALL} --threads 2").replacen("--threads 1 ", "", 1))), model);
        assert_eq!(kernel(&folder.run(&format!("{RUN} {SMALL} --accuracy fast"))), model);
        let ran = folder.run_with("bench --serve --threads 1 --no-tune", &[], serve);
        assert!(model.contains(ran.out.split(' ').nth(1).unwrap()), "{model}: {}", ran.out);
        // Under another name it is the same file.
        let other = folder.0.join("other");
        fs::rename(folder.file(), &other).unwrap();
        let ran = folder.run(&format!("{RUN} {SMALL} --tuning {}", other.display()));
        assert_eq!(kernel(&ran), format!("conv2d_{algorithm}_{widest}"));
    }
    // A file can't make a result less accurate than asked for.
    folder.forge("winograd4");
    let text = fs::read_to_string(folder.file()).unwrap();
    fs::write(folder.file(), text.replace("\tdefault\t", "\texact\t")).unwrap();
    assert!(!kernel(&folder.run(&format!("{RUN} {SMALL} --accuracy exact"))).contains("winograd"));
}

#[test]
fn files_that_are_not_understood_are_noted_once_and_left_alone() {
    let folder = Folder::new("corrupt");
    folder.forge("direct");
    let good = fs::read_to_string(folder.file()).unwrap();
    let cases = [
        ("what is this\n".to_owned(), "does not begin as a file of measured choices does"),
        (String::new(), "does not begin"),
        (good.replace("tuning 1", "tuning 2"), "the format of these choices is 2, and 1 is known here"),
        (good.replace("direct", "dirct"), "line 2 is no choice: the algorithm cannot be read"),
        (good[..good.len() - 9].to_owned(), "line 2 is no choice: the number of fields cannot be read"),
    ];
    for (text, says) in cases {
        fs::write(folder.file(), &text).unwrap();
        let ran = folder.run(&format!("{RUN} {SMALL}"));
        assert_eq!(ran.code, Some(0), "{}", ran.said());
        assert_eq!(ran.said().matches(says).count(), 1, "{}", ran.said());
        let quiet = folder.run(&format!("{RUN} {SMALL} --no-tune"));
        assert!(!quiet.said().contains(says) && kernel(&quiet) == kernel(&ran), "{}", quiet.said());
        // `tune` would lose what is in there.
        let ran = folder.run(&format!("tune conv2d {SMALL} --rounds 1 --ms 0"));
        assert!(ran.code == Some(1) && ran.said().contains(says) && ran.said().contains("--forget"), "{}", ran.said());
        assert_eq!(fs::read_to_string(folder.file()).unwrap(), text);
        let ran = folder.run(&format!("tune conv2d {SMALL} --rounds 1 --ms 0 --tuning off"));
        assert!(ran.code == Some(0) && ran.said().contains("nothing is remembered"), "{}", ran.said());
    }
    assert_eq!(folder.run("tune conv2d --forget").code, Some(0));
    assert_eq!(folder.run(&format!("tune conv2d {SMALL} --rounds 1 --ms 0")).code, Some(0));
}

#[test]
fn what_cannot_be_is_an_error_before_the_work() {
    let folder = Folder::new("refused");
    let locked = folder.0.join("locked");
    fs::create_dir_all(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o500)).unwrap();
    let cases = [
        (format!("tune conv2d {SMALL} --device emu"), 2, "the emulator's time is no measure"),
        (format!("tune conv2d {SMALL} --device gpu"), 2, "knows the cpu engine only"),
        ("tune conv2d".to_owned(), 2, "what to tune is missing"),
        ("tune conv2d --shape resnet50-conv99".to_owned(), 2, "no shape has the name"),
        ("tune conv2d --c 4".to_owned(), 2, "--h"),
        ("tune conv2d --c 4 --h 8 --k 4 --r 9".to_owned(), 2, "exceeds that of the padded input"),
        (format!("tune conv2d {SMALL} --shape resnet50-conv5"), 2, "--shape"),
        ("tune conv2d --suite vgg16 --batch 65536".to_owned(), 1, "too large for this machine"),
        (format!("tune conv2d {SMALL} --tuning /dev/null/tuning"), 1, "cannot be remembered"),
        (format!("tune conv2d {SMALL} --tuning {}", folder.0.display()), 1, "cannot be remembered"),
        ("tune conv2d --forget --tuning off".to_owned(), 2, "nothing to forget"),
        (format!("{RUN} {SMALL} --tuning x --no-tune"), 2, "--no-tune"),
    ];
    for (line, code, says) in cases {
        let ran = folder.run(&line);
        assert_eq!(ran.code, Some(code), "{line}: {}", ran.said());
        assert!(ran.said().contains(says) && !ran.said().contains("panicked"), "{line}: {}", ran.said());
    }
    let line = format!("tune conv2d {SMALL} --rounds 1 --ms 0 --tuning {}/tuning", locked.display());
    if fs::write(locked.join("probe"), "").is_ok() {
        skip::skip!("this user writes into folders without permission");
    } else {
        let ran = folder.run(&line);
        assert!(ran.code == Some(1) && ran.said().contains("Permission denied"), "{}", ran.said());
    }
    fs::set_permissions(Path::new(&locked), fs::Permissions::from_mode(0o700)).unwrap();
}
