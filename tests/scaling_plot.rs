//! `tools/plot_scaling.py`: the picture of documents with rates that are known.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// A document of two layers on 1, 2 and 4 threads. The first one's rate is `rate` a thread, the other's a quarter of it.
fn document(library: Option<&str>, suite: &str, rate: f64) -> Value {
    let row = |shape: &str, threads: u32, gflops: f64| {
        json!({
            "op": "conv2d", "engine": "cpu", "shape": shape, "threads": threads, "isa": "avx512", "times": 1,
            "flops": 1e9, "median_ns": 1e9 / gflops,
        })
    };
    let counts = [1, 2, 4];
    let rows = counts.iter().flat_map(|&n| {
        let gflops = rate * f64::from(n);
        [row("net-wide", n, gflops), row("net-deep", n, gflops / 4.0)]
    });
    let mut document = json!({
        "schema": "sparkle-pm4/bench/1", "suite": suite, "batch": 1, "machine": "a machine <of> tests",
        "machines": counts.map(|n| json!({ "threads": n, "isa": "avx512", "fma_gflops": 128 * n })),
        "rows": rows.collect::<Vec<_>>(),
    });
    if let Some(library) = library {
        document["library"] = library.into();
    }
    document
}

/// Runs the script on the documents: its exit code, its picture and what it says. `None` where there is no Python.
fn plot(test: &str, documents: &[Value]) -> Option<(Option<i32>, String, String)> {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("scaling_plot_{test}"));
    _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    if !Command::new(&python).arg("--version").stdout(Stdio::null()).status().is_ok_and(|s| s.success()) {
        skip::skip!("there is no python3");
        return None;
    }
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/plot_scaling.py")).current_dir(&dir);
    for (i, document) in documents.iter().enumerate() {
        let path = PathBuf::from(format!("{i}.json"));
        fs::write(dir.join(&path), document.to_string()).unwrap();
        command.arg(path);
    }
    let output = command.args(["--out", "picture.svg", "--table"]).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let picture = fs::read_to_string(dir.join("picture.svg")).unwrap_or_default();
    Some((output.status.code(), picture, text(output.stdout) + &text(output.stderr)))
}

/// The points of the lines of this width, in order.
fn lines(svg: &str, width: &str) -> Vec<Vec<(f64, f64)>> {
    let style = format!("stroke-width=\"{width}\"");
    let lines = svg.lines().filter(|l| l.starts_with("<polyline") && l.contains(&style));
    let pair = |p: &str| p.split_once(',').map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).unwrap();
    lines.map(|l| l.split('"').nth(1).unwrap().split(' ').map(pair).collect()).collect()
}

#[test]
fn rates_lie_where_their_logarithms_are() {
    let documents =
        [document(None, "s", 64.0), document(Some("Other 1.2+build"), "s", 32.0), document(None, "s", 64.0)];
    let Some((code, svg, said)) = plot("rates", &documents) else { return };
    assert_eq!(code, Some(0), "{said}");
    // Two programs' means in the first two parts, one quotient in the third.
    let thick = lines(&svg, "5");
    assert_eq!(thick.len(), 2 + 2 + 1);
    // Mean rates of 32, 64 and 128 are octaves apart, the other's one below; from left to right.
    let octave = thick[0][0].1 - thick[0][1].1;
    assert!(octave > 10.0 && (thick[0][1].1 - thick[0][2].1 - octave).abs() < 0.2, "{thick:?}");
    assert!(thick[0].iter().zip(&thick[1]).all(|(a, b)| a.0 == b.0 && (b.1 - a.1 - octave).abs() < 0.2), "{thick:?}");
    // Both speed up alike, and the quotient is 2 for all counts.
    assert_eq!(thick[2], thick[3]);
    assert!(thick[4].iter().all(|p| p.1 == thick[4][0].1), "{thick:?}");
    // The layers and the peak, the layers and what would be ideal, the layers.
    assert_eq!(lines(&svg, "1.5").len(), 3 + 3 + 2);
    for words in ["FMA peak", "threads", "GFLOPS", "Other 1.2<", "engine cpu, avx512, a machine &lt;of&gt; tests"] {
        assert!(svg.contains(words), "{words}");
    }
    assert!(said.contains("| wide | 64.0 | 32.0 | 128.0 | 64.0 | 256.0 | 128.0 |"), "{said}");
    assert!(said.contains("| geometric mean | 32.0 | 16.0 | 64.0 | 32.0 | 128.0 | 64.0 |"), "{said}");
}

#[test]
fn alone_it_has_two_parts() {
    let Some((code, svg, said)) = plot("alone", &[document(None, "s", 64.0)]) else { return };
    assert_eq!((code, lines(&svg, "5").len()), (Some(0), 2), "{said}");
}

#[test]
fn documents_that_do_not_belong_together_are_refused() {
    let ours = document(None, "s", 64.0);
    let mut emulated = ours.clone();
    emulated["rows"][0]["engine"] = "emu".into();
    let cases = [
        ("suites", vec![ours.clone(), document(Some("Other"), "another", 1.0)], "different suites"),
        ("theirs", vec![document(Some("Other"), "s", 1.0)], "it takes sparkle-pm4's"),
        ("engine", vec![emulated], "is emu, not cpu"),
        ("schema", vec![json!({})], "is no document of the schema"),
        ("rows", vec![json!({ "schema": "sparkle-pm4/bench/1", "rows": [] })], "two numbers of threads"),
    ];
    for (name, documents, says) in cases {
        let Some((code, svg, said)) = plot(name, &documents) else { return };
        assert_eq!((code, svg.as_str()), (Some(1), ""), "{name}");
        assert!(said.contains(says), "{name}: {said}");
        assert!(!said.contains("Traceback"), "{name}: {said}");
    }
}
