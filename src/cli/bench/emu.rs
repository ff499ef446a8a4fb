//! `bench emu`: how fast the software device runs waves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use sparkle_pm4::isa::asm::{Options, assemble};
use sparkle_pm4::isa::object::{LinkOptions, link};
use sparkle_pm4::isa::{Arch, Target, WaveSize};
use sparkle_pm4::soft::{Config, SoftNode, WaveEngine};
use sparkle_pm4::{Arg, Buffer, Deadline, Device, Engine, Kernel, Queue};

use super::{Failure, Output, Row, mismatch, nanoseconds};

/// Arguments of `bench emu`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Host threads to compare: each count is measured.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [1, 2], value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Vec<u16>,
    /// Timed runs of each.
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=1000))]
    iters: u32,
    /// Only this workload.
    #[arg(long, value_name = "NAME")]
    only: Option<Name>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Name {
    /// Chains of v_fma_f32.
    Fma,
    /// A product of two 256 x 256 matrices of f32, compiled by clang.
    Matmul,
}

const FMA: &str = include_str!("emu/fma.s");
const MATMUL: &[u8] = include_bytes!("emu/matmul.hsaco");
/// Rows and columns of the matrices.
const N: usize = 256;
/// Rounds of 128 multiply-adds of the chains.
const ROUNDS: u32 = 256;
/// Workgroups of the chains, of 256 work-items.
const GROUPS: u32 = 32;

/// A kernel with its buffers on one device.
struct Bench {
    name: Name,
    threads: u16,
    node: Arc<SoftNode>,
    kernel: Kernel,
    queue: Queue,
    inputs: Vec<Buffer<f32>>,
    output: Buffer<f32>,
    expected: Vec<f32>,
    instructions: u64,
    row: Row,
}

/// Small whole numbers, whose products and sums f32 holds exactly.
fn matrix(seed: u32) -> Vec<f32> {
    let mut x = seed;
    let next = || {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (x >> 28) as f32 - 8.0
    };
    std::iter::repeat_with(next).take(N * N).collect()
}

fn product(a: &[f32], b: &[f32]) -> Vec<f32> {
    let at = |i: usize| (0..N).map(|k| f64::from(a[i / N * N + k]) * f64::from(b[k * N + i % N])).sum::<f64>() as f32;
    (0..N * N).map(at).collect()
}

fn fma_object() -> Result<Vec<u8>, Failure> {
    let broken = |why: String| Failure::file("asm-error", "the workload fma cannot be assembled", why, "report this");
    let target = Target::new(Arch::Gfx1100, WaveSize::W32);
    let source = assemble(FMA, "fma.s", &Options { target, ..Options::default() })
        .map_err(|all| broken(all.first().map(ToString::to_string).unwrap_or_default()))?;
    link(&source.unit, &LinkOptions::kernels()).map_err(|error| broken(error.to_string()))
}

impl Bench {
    fn new(name: Name, engine: &'static str, threads: u16) -> anyhow::Result<Self> {
        let run = if engine == "interpreter" { WaveEngine::Interpreter } else { WaveEngine::Auto };
        let config = Config { engine: run, threads: Some(threads.into()), ..Config::strict() };
        let node = Arc::new(SoftNode::new(config)?);
        let device = Device::from_node(Arc::<SoftNode>::clone(&node), Engine::Emu)?;
        let (kernel, inputs, expected) = match name {
            Name::Fma => {
                let result = (32 * 4 * ROUNDS) as f32;
                (
                    Kernel::from_code_object(&device, &fma_object()?, "fma")?,
                    Vec::new(),
                    vec![result; 256 * GROUPS as usize],
                )
            }
            Name::Matmul => {
                let (a, b) = (matrix(1), matrix(2));
                let inputs = vec![device.upload(&a)?, device.upload(&b)?];
                (Kernel::from_code_object(&device, MATMUL, "matmul")?, inputs, product(&a, &b))
            }
        };
        let output = device.zeros(expected.len())?;
        let (queue, row) = (device.queue()?, Row::new(engine));
        Ok(Self { name, threads, node, kernel, queue, inputs, output, expected, instructions: 0, row })
    }

    /// One launch, waited for.
    fn run(&mut self) -> anyhow::Result<u64> {
        let start = Instant::now();
        let fence = match self.name {
            Name::Fma => self.queue.launch(
                &self.kernel.over([GROUPS, 1, 1], [256, 1, 1]),
                [Arg::Out(&mut self.output), Arg::U32(ROUNDS)],
            )?,
            Name::Matmul => {
                let tiles = (N / 64) as u32;
                let [a, b] = &self.inputs[..] else { return Err(anyhow::anyhow!("two matrices")) };
                let args = [Arg::In(a), Arg::In(b), Arg::Out(&mut self.output), Arg::U32(N as u32)];
                self.queue.launch(&self.kernel.over([tiles, tiles, 1], [16, 16, 1]), args)?
            }
        };
        fence.wait(Deadline::after(Duration::from_secs(120)))?;
        Ok(nanoseconds(start))
    }

    /// The first run: what it computes and how many instructions it takes.
    fn check(&mut self) -> anyhow::Result<()> {
        let before = self.node.work().wave_instructions;
        self.run()?;
        self.instructions = self.node.work().wave_instructions - before;
        let got = self.output.read()?;
        if let Some(at) = got.iter().zip(&self.expected).position(|(got, want)| got != want) {
            let evidence = format!("element {at} is {} and should be {}", got[at], self.expected[at]);
            return Err(mismatch(
                &format!("{} computes something else on the {}", self.shape(), self.row.engine),
                evidence,
            )
            .into());
        }
        Ok(())
    }

    fn shape(&self) -> &'static str {
        match self.name {
            Name::Fma => "fma",
            Name::Matmul => "matmul-256",
        }
    }

    /// Wave instructions a second, at the median.
    fn rate(&self) -> f64 {
        self.instructions as f64 * 1e9 / self.row.median().max(1) as f64
    }
}

/// Runs it.
pub fn run(args: Args, out: &Output) -> anyhow::Result<()> {
    let mut all = Vec::new();
    for name in [Name::Fma, Name::Matmul].into_iter().filter(|&name| args.only.is_none_or(|only| only == name)) {
        for engine in ["interpreter", "translator"] {
            for &threads in &args.threads {
                all.push(Bench::new(name, engine, threads)?);
            }
        }
    }
    let progress = out.progress("running each once to check its results");
    for bench in &mut all {
        bench.check()?;
        // Blocks are translated when they have run a few times.
        bench.run()?;
    }
    // In turns, so that a change of the machine's load hits all of them.
    for k in 0..args.iters {
        progress.say(format!("run {} of {}", k + 1, args.iters));
        for bench in &mut all {
            let time = bench.run()?;
            bench.row.times.push(time);
        }
    }
    drop(progress);
    if out.json {
        let row = |b: &Bench| {
            let more = json!({
                "shape": b.shape(), "device": "emu", "threads": b.threads,
                "wave_instructions": b.instructions, "wave_instructions_per_s": b.rate(),
            });
            b.row.document("emu", more)
        };
        let rows: Vec<_> = all.iter().map(row).collect();
        out.document(&json!({ "schema": "sparkle-pm4/bench/1", "rows": rows }))?;
        return Ok(());
    }
    out.line(format!("emu, {} runs after two; host time of the emulator, not a card's", args.iters))?;
    out.line(format!(
        "  {:<11} {:<12} {:>7} {:>13} {:>10} {:>10} {:>9}",
        "", "", "threads", "instructions", "median", "min", "M/s"
    ))?;
    for b in &all {
        let ms = |ns: u64| format!("{:.2} ms", ns as f64 / 1e6);
        let rate = b.rate() / 1e6;
        out.line(format!(
            "  {:<11} {:<12} {:>7} {:>13} {:>10} {:>10} {rate:>9.1}",
            b.shape(),
            b.row.engine,
            b.threads,
            b.instructions,
            ms(b.row.median()),
            ms(b.row.min())
        ))?;
    }
    Ok(())
}
