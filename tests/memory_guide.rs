//! The kernels of `docs/memory-guide.md`: each computes what the host does, without findings of the checks, and the tables
//! of the guide are what the software device counts and, in the last column, what LLVM's model has for the first wave.
#![cfg(feature = "cli")]

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// A pattern: its folder with the assembled kernels and the inputs, and the text of each instruction by its address.
struct Pattern {
    dir: PathBuf,
    text: HashMap<u64, String>,
}

/// What one kernel did.
struct Ran {
    y: Vec<f32>,
    stats: Value,
    /// The most loads from memory that the first wave had under way.
    most_loads: usize,
    /// VALU instructions between a load and the wait for it, on average over that wave's loads.
    behind: f64,
    /// Cycles of that wave alone by llvm-mca, where it is found.
    model: Option<u64>,
}

fn sparkle(dir: &Path, args: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sparkle-pm4"));
    for name in ["DEVICE", "DEVICE_HINT", "THREADS", "TIMEOUT_MS", "LINT"] {
        command.env_remove(format!("SPARKLE_{name}"));
    }
    let output = command.args(args.split_whitespace()).stdin(Stdio::null()).current_dir(dir).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    assert!(output.status.success(), "{args}\n{}{}", text(output.stdout), text(output.stderr));
    text(output.stdout)
}

impl Pattern {
    /// Assembles `docs/memory-guide/NAME.s`, and writes the inputs.
    fn new(name: &str, inputs: &[(&str, &[u8])]) -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("memory_guide_{name}"));
        _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/memory-guide").join(format!("{name}.s"));
        sparkle(&dir, &format!("asm {} -o k.hsaco", source.display()));
        for (file, bytes) in inputs {
            fs::write(dir.join(file), bytes).unwrap();
        }
        let listing: Value = serde_json::from_str(&sparkle(&dir, "--json disasm k.hsaco")).unwrap();
        let kernels = listing["kernels"].as_array().unwrap().iter();
        let instructions = kernels.flat_map(|kernel| kernel["instructions"].as_array().unwrap());
        let text = instructions
            .map(|i| (address(i["address"].as_str().unwrap()), i["text"].as_str().unwrap_or_default().to_owned()))
            .collect();
        Self { dir, text }
    }

    /// Runs a kernel that leaves `len` floats in `y.npy`.
    fn run(&self, kernel: &str, grid: &str, args: &[&str], len: usize) -> Ran {
        let args: String = args.iter().map(|arg| format!(" --arg {arg}")).collect();
        let printed = sparkle(
            &self.dir,
            &format!(
                "--json run kernel k.hsaco --kernel {kernel} --device emu --grid {grid}{args} --stats --check=all \
                 --trace k.trace --trace-group 0,0,0 --trace-wave 0"
            ),
        );
        let document: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(document["engine"], "emu");
        assert_eq!(document["inside"]["findings"], Value::Array(Vec::new()), "{kernel}");
        let y = fs::read(self.dir.join("y.npy")).unwrap();
        let y = y[y.len() - 4 * len..].as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        // What the wave ran. What passes a line goes on in those that begin with blanks.
        let trace = fs::read_to_string(self.dir.join("k.trace")).unwrap();
        let lines = trace.lines().filter(|line| !line.starts_with(' '));
        let ran: Vec<&str> =
            lines.map(|line| self.text[&address(line.split_whitespace().nth(2).unwrap())].as_str()).collect();
        let (most_loads, behind) = loads(&ran);
        Ran { y, stats: document["inside"]["stats"].clone(), most_loads, behind, model: model(&ran) }
    }
}

fn address(text: &str) -> u64 {
    u64::from_str_radix(text.strip_prefix("0x").unwrap(), 16).unwrap()
}

/// The cycles that LLVM's scheduling model has for a wave's instructions in the order in which they ran.
fn model(ran: &[&str]) -> Option<u64> {
    let folder = std::env::var_os("SPARKLE_LLVM").map_or_else(|| PathBuf::from("/usr/lib/llvm-19/bin"), PathBuf::from);
    let mut command = Command::new(folder.join("llvm-mca"));
    command.args(["-mtriple=amdgcn", "-mcpu=gfx1100", "-iterations=1"]);
    let version = Command::new(folder.join("llvm-mca")).arg("--version").output().ok()?;
    // Other versions have other models.
    if !String::from_utf8_lossy(&version.stdout).contains("LLVM version 19.") {
        return None;
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
    let mut input = child.stdin.take().unwrap();
    let text = ran.join("\n") + "\n";
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let cycles = printed.lines().find_map(|line| line.strip_prefix("Total Cycles:")).unwrap();
    Some(cycles.trim().parse().unwrap())
}

/// Follows a wave's loads to the `s_waitcnt vmcnt` that waits for them.
fn loads(ran: &[&str]) -> (usize, f64) {
    // What the VALU had done when each of them was issued: they end in this order.
    let mut flying = VecDeque::new();
    let (mut valu, mut most, mut between, mut ended) = (0u64, 0, 0, 0u64);
    for instruction in ran {
        if instruction.starts_with("global_load") {
            flying.push_back(valu);
            most = most.max(flying.len());
        } else if instruction.starts_with("v_") {
            valu += 1;
        } else if let Some((_, count)) = instruction.split_once("vmcnt(") {
            let left: usize = count.split_once(')').unwrap().0.parse().unwrap();
            while flying.len() > left {
                between += valu - flying.pop_front().unwrap();
                ended += 1;
            }
        }
    }
    assert!(flying.is_empty() && ended > 0, "{} of {ended} loads were not waited for", flying.len());
    (most, between as f64 / ended as f64)
}

/// Reproducible values in [-1, 1).
fn values(n: usize, seed: u32) -> Vec<f32> {
    (0..n as u32)
        .map(|k| (k.wrapping_add(seed).wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 23) as f32 - 1.0)
        .collect()
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// Each float within `tolerance` of what it should be.
#[track_caller]
fn assert_near(kernel: &str, got: &[f32], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len(), "{kernel}");
    for (i, (&got, &want)) in got.iter().zip(want).enumerate() {
        assert!((f64::from(got) - want).abs() <= tolerance, "{kernel}: {got} at {i}, not {want}");
    }
}

/// A sum over the members of `stats` with these names, `a/b` being member b of a.
fn stat(ran: &Ran, names: &[&str]) -> u64 {
    let one = |name: &&str| ran.stats.pointer(&format!("/{name}")).map_or(0, |v| v.as_u64().unwrap());
    names.iter().map(one).sum()
}

/// The guide has these rows, one behind the other.
#[track_caller]
fn assert_in_guide(rows: &[String]) {
    let guide = guide();
    let lines: Vec<&str> = guide.lines().collect();
    let found = lines.windows(rows.len()).any(|lines| lines.iter().zip(rows).all(|(l, row)| l.starts_with(row)));
    assert!(found, "docs/memory-guide.md lacks these rows:\n{}", rows.join("\n"));
}

/// The row with the model's cycles as its last cell. Where there is no model the guide's are not compared.
fn with_cycles(row: String, model: Option<u64>) -> String {
    match model {
        Some(cycles) => format!("{row} {cycles} |"),
        None => {
            skip::skip!("a cell of docs/memory-guide.md: no llvm-mca of LLVM 19 (Debian: apt install llvm-19)");
            row
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn guide() -> String {
    fs::read_to_string(root().join("docs/memory-guide.md")).unwrap()
}

/// What the guide shows of a source stands in one of them, indentation apart. `…` is anything.
#[test]
fn what_the_guide_shows_is_in_the_sources() {
    let trimmed = |text: &str| text.lines().map(|line| format!("{}\n", line.trim())).collect::<String>();
    let sources: Vec<String> = ["docs/memory-guide", "cpu/examples/memory_guide", "cpu/src", "kernels/src/asm"]
        .iter()
        .flat_map(|folder| fs::read_dir(root().join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "rs" || e == "s"))
        .map(|path| trimmed(&fs::read_to_string(path).unwrap()))
        .collect();
    let guide = guide();
    let mut shown = 0;
    for (at, _) in guide.match_indices("\n```").step_by(2) {
        let (language, block) = guide[at + 4..].split_once('\n').unwrap();
        let block = block.split_once("\n```").unwrap().0;
        if language != "rust" && language != "asm" {
            continue;
        }
        for part in trimmed(block).split("…\n").filter(|part| !part.is_empty()) {
            assert!(sources.iter().any(|source| source.contains(part)), "no source has:\n{part}");
            shown += 1;
        }
    }
    assert!(shown >= 8, "{shown} parts of sources");
}

#[test]
fn a_tile_in_lds_is_read_from_memory_once() {
    const N: usize = 96;
    let (a, b) = (values(N * N, 1), values(N * N, 2));
    let want: Vec<f64> = (0..N * N)
        .map(|at| (0..N).map(|k| f64::from(a[at / N * N + k]) * f64::from(b[k * N + at % N])).sum())
        .collect();
    let pattern = Pattern::new("tiling", &[("a.bin", &bytes(&a)), ("b.bin", &bytes(&b))]);
    let rows: Vec<String> = [("matmul_direct", "3,12"), ("matmul_tile", "3,3"), ("matmul_ahead", "3,3")]
        .iter()
        .map(|(kernel, grid)| {
            let args = ["buf:a.bin", "buf:b.bin", "out:f32:9216:y.npy", "u32:96"];
            let ran = pattern.run(kernel, grid, &args, N * N);
            assert_near(kernel, &ran.y, &want, 1e-5);
            let row = format!(
                "| `{kernel}` | {} | {} | {} | {} | {} | {:.0} |",
                stat(&ran, &["instructions"]),
                stat(&ran, &["vector/read_bytes"]),
                stat(&ran, &["vector_lines"]),
                stat(&ran, &["lds/read_bytes"]),
                stat(&ran, &["barriers"]),
                ran.behind
            );
            with_cycles(row, ran.model)
        })
        .collect();
    assert_in_guide(&rows);
}

#[test]
fn neighbours_of_lanes_lie_in_few_lines() {
    const N: usize = 4096;
    let particles = values(8 * N, 3);
    let member = |k: usize| -> Vec<f32> { particles.chunks_exact(8).map(|p| p[k]).collect() };
    let [x, y, z, m] = [3, 4, 5, 6].map(member);
    let want: Vec<f64> = (0..N)
        .map(|i| {
            let [x, y, z, m] = [&x, &y, &z, &m].map(|v| f64::from(v[i]));
            0.5 * m * (x * x + y * y + z * z)
        })
        .collect();
    let files = [&particles, &x, &y, &z, &m].map(|v| bytes(v));
    let names = ["p.bin", "x.bin", "y.bin", "z.bin", "m.bin"];
    let inputs: Vec<(&str, &[u8])> = names.into_iter().zip(files.iter().map(Vec::as_slice)).collect();
    let pattern = Pattern::new("access", &inputs);
    let structures = &["buf:p.bin"][..];
    let arrays = &["buf:x.bin", "buf:y.bin", "buf:z.bin", "buf:m.bin"][..];
    let rows: Vec<String> = [
        ("energy_structures", "16", structures),
        ("energy_structures_b128", "16", structures),
        ("energy_arrays", "16", arrays),
        ("energy_arrays_b128", "4", arrays),
    ]
    .iter()
    .map(|(kernel, grid, inputs)| {
        let ran = pattern.run(kernel, grid, &[*inputs, &["out:f32:4096:y.npy"]].concat(), N);
        assert_near(kernel, &ran.y, &want, 1e-6);
        format!(
            "| `{kernel}` | {} | {} | {} | {} |",
            stat(&ran, &["instructions"]),
            stat(&ran, &["units/vmem"]),
            stat(&ran, &["vector/read_bytes"]),
            stat(&ran, &["vector_lines"])
        )
    })
    .collect();
    assert_in_guide(&rows);
}

#[test]
fn rows_are_asked_for_eight_ahead() {
    const TABLE: usize = 1000;
    let table = values(32 * TABLE, 4);
    // The last trip, the one before it and others.
    for count in [8, 16, 64] {
        let index: Vec<u32> = (0..4 * count as u32).map(|k| k.wrapping_mul(2_654_435_761) % TABLE as u32).collect();
        let index_bytes: Vec<u8> = index.iter().flat_map(|i| i.to_le_bytes()).collect();
        let want: Vec<f64> = (0..4 * 32)
            .map(|at| {
                let rows = &index[at / 32 * count..][..count];
                rows.iter().map(|&row| f64::from(table[row as usize * 32 + at % 32])).sum()
            })
            .collect();
        let pattern = Pattern::new("prefetch", &[("t.bin", &bytes(&table)), ("i.bin", &index_bytes)]);
        let rows: Vec<String> = ["gather_wait", "gather_ahead"]
            .iter()
            .map(|kernel| {
                let args = ["buf:t.bin", "buf:i.bin", "out:f32:128:y.npy", &format!("u32:{count}")];
                let ran = pattern.run(kernel, "4", &args, 128);
                assert_near(kernel, &ran.y, &want, 1e-4);
                let row = format!(
                    "| `{kernel}` | {} | {} | {} | {:.1} |",
                    stat(&ran, &["instructions"]),
                    stat(&ran, &["vector_lines"]),
                    ran.most_loads,
                    ran.behind
                );
                with_cycles(row, ran.model)
            })
            .collect();
        if count == 64 {
            assert_in_guide(&rows);
        }
    }
}

#[test]
fn eight_sums_take_half_the_instructions_of_one() {
    const N: usize = 4 * 16 * 256;
    let (x, y) = (values(N, 5), values(N, 6));
    let pattern = Pattern::new("overlap", &[("x.bin", &bytes(&x)), ("y.bin", &bytes(&y))]);
    let rows: Vec<String> = ["dot_one", "dot_eight", "dot_ahead"]
        .iter()
        .map(|kernel| {
            let args = ["buf:x.bin", "buf:y.bin", "out:f32:128:y.npy", "u32:16"];
            let ran = pattern.run(kernel, "4", &args, 128);
            // A lane has eight neighbouring quads, of every trip.
            let want: Vec<f64> = (0..128)
                .map(|at| {
                    let elements = (0..32).flat_map(|quad| (0..4).map(move |i| (quad * 128) + i));
                    let first = at / 32 * 4096 + at % 32 * 4;
                    elements.map(|e| f64::from(x[first + e]) * f64::from(y[first + e])).sum()
                })
                .collect();
            assert_near(kernel, &ran.y, &want, 1e-5);
            let names = ["v_fmac_f32", "v_dual_fmac_f32"].map(|name| format!("mnemonics/{name}"));
            let [single, dual] = names.each_ref().map(|name| stat(&ran, &[name]));
            let row = format!(
                "| `{kernel}` | {} | {} | {} | {} | {:.0} |",
                stat(&ran, &["instructions"]),
                single + dual,
                single + dual / 2,
                ran.most_loads,
                ran.behind
            );
            with_cycles(row, ran.model)
        })
        .collect();
    assert_in_guide(&rows);
}

#[test]
fn a_column_of_lds_is_all_banks() {
    const N: usize = 96;
    let from = values(N * N, 7);
    let want: Vec<f64> = (0..N * N).map(|at| f64::from(from[at % N * N + at / N])).collect();
    let pattern = Pattern::new("pitch", &[("a.bin", &bytes(&from))]);
    let rows: Vec<String> = ["transpose_direct", "transpose_32", "transpose_33"]
        .iter()
        .map(|kernel| {
            let ran = pattern.run(kernel, "3,3", &["buf:a.bin", "out:f32:9216:y.npy", "u32:96"], N * N);
            assert_near(kernel, &ran.y, &want, 0.0);
            format!(
                "| `{kernel}` | {} | {} | {} | {} |",
                stat(&ran, &["instructions"]),
                stat(&ran, &["vector_lines"]),
                stat(&ran, &["lds_cycles"]),
                stat(&ran, &["lds_conflict_cycles"])
            )
        })
        .collect();
    assert_in_guide(&rows);
}
