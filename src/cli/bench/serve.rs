//! `bench --serve`: a worker on standard input and output, for measurements beside other programs' workers.
//!
//! One line each way; `docs/CLI.md` has the protocol. A line that cannot be served is answered by `err …`, and the next
//! one is read.

use std::io::{BufRead, Read as _};
use std::num::{IntErrorKind, NonZeroUsize};
use std::time::{Duration, Instant};

use sparkle_pm4::cpu::{Accuracy, Aligned, Conv2d, CpuError, Engine, Gemm, GemmShape, Packed, Tuning};
use sparkle_pm4::ops::Conv2dShape;

use super::super::conv2d::problem::available_memory;
use super::super::{conv2d, environment, tuning};
use super::{Failure, Output, random};

/// Bytes of a line; no request needs a tenth of it.
const LINE: u64 = 4096;
/// Floating-point operations of one run: a minute on a fast core.
const FLOPS: u64 = 10_000_000_000_000;
/// Timed runs behind one `run`.
const RUNS: usize = 4_000_000;
/// Milliseconds of one `run`: an hour.
const LONGEST_MS: f64 = 3_600_000.0;

/// Arguments of `bench --serve`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Measure what standard input asks for, line by line.
    #[arg(long, help_heading = "Worker")]
    pub serve: bool,
    /// Host threads [default: all cores].
    #[arg(long, value_name = "N", value_parser = conv2d::threads, requires = "serve", help_heading = "Worker")]
    threads: Option<NonZeroUsize>,
    /// Which algorithms may be chosen.
    #[arg(long, value_name = "exact|default|fast", value_parser = str::parse::<Accuracy>, default_value = "default",
        requires = "serve", help_heading = "Worker")]
    accuracy: Accuracy,
    #[command(flatten)]
    tuning: tuning::Args,
}

/// Runs it.
pub fn run(args: &Args, out: &Output) -> anyhow::Result<()> {
    if out.json {
        return Err(Failure::usage(
            "--serve answers line by line",
            "--json is for one document",
            "leave one of them out",
        )
        .into());
    }
    let threads = environment::flag_or(args.threads, environment::THREADS, conv2d::threads)?;
    let engine = Engine::new(threads, None).map_err(sparkle_pm4::Error::from)?;
    let mut worker = Worker { engine, accuracy: args.accuracy, tuning: args.tuning.load(out), prepared: None };
    let mut input = std::io::stdin().lock();
    while let Some(line) = read_line(&mut input)? {
        let answer = match line {
            Ok(line) if line.trim() == "quit" => return Ok(()),
            Ok(line) if line.trim().is_empty() => continue,
            Ok(line) => worker.answer(&line),
            Err(why) => Err(why.to_owned()),
        };
        let line = answer.unwrap_or_else(|why| format!("err {why}"));
        out.line(line.replace(['\n', '\r'], " "))?;
        out.flush()?;
    }
    Ok(())
}

/// The next line, or why it is none; `None` at the end.
fn read_line(input: &mut impl BufRead) -> std::io::Result<Option<Result<String, &'static str>>> {
    let mut line = Vec::new();
    input.take(LINE).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.len() as u64 == LINE && line.last() != Some(&b'\n') {
        input.skip_until(b'\n')?;
        return Ok(Some(Err("the line is longer than 4096 bytes")));
    }
    Ok(Some(String::from_utf8(line).map_err(|_| "the line is not UTF-8")))
}

/// A piece of a request, as an answer may repeat it.
fn quoted(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

struct Worker {
    engine: Engine,
    accuracy: Accuracy,
    tuning: Tuning,
    prepared: Option<Prepared>,
}

/// What `run` times, with buffers that stay the caller's.
enum Prepared {
    Conv { conv: Box<Conv2d>, weights: Packed, x: Aligned, y: Aligned },
    Gemm { gemm: Box<Gemm>, a: Aligned, b: Aligned, c: Aligned },
}

impl Prepared {
    fn run(&mut self, engine: &Engine) -> Result<(), String> {
        let result = match self {
            Self::Conv { conv, weights, x, y } => conv.run_packed(engine, x, weights, None, y),
            // Neither factor is prepared: to a product both are as new.
            Self::Gemm { gemm, a, b, c } => gemm.run(engine, 1.0, a, b, 0.0, c),
        };
        result.map_err(text)
    }

    /// The algorithm's name.
    fn algorithm(&self) -> &'static str {
        match self {
            Self::Conv { conv, .. } => conv.algorithm().name(),
            Self::Gemm { .. } => "gemm",
        }
    }
}

fn text(error: CpuError) -> String {
    error.to_string()
}

impl Worker {
    fn answer(&mut self, line: &str) -> Result<String, String> {
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("prep") => {
                // What was prepared is gone also where its successor cannot be had: a `run` would time another shape.
                self.prepared = None;
                let what = words.next().ok_or("prep: conv or gemm is missing")?;
                // The name is for the reader of the requests.
                if words.next().is_none() {
                    return Err(format!("prep {}: the name is missing", quoted(what)));
                }
                let numbers: Vec<&str> = words.collect();
                let mut prepared = match what {
                    "conv" => self.conv(&numbers)?,
                    "gemm" => self.gemm(&numbers)?,
                    other => return Err(format!("prep: {} is neither conv nor gemm", quoted(other))),
                };
                prepared.run(&self.engine)?;
                let note = format!("ok {} {}", prepared.algorithm(), self.engine.isa());
                self.prepared = Some(prepared);
                Ok(note)
            }
            Some("run") => {
                let ms = words.next().ok_or("run: the number of milliseconds is missing")?;
                if let Some(more) = words.next() {
                    return Err(format!("run: {} behind the number of milliseconds", quoted(more)));
                }
                let valid = |ms: &f64| (0.0..=LONGEST_MS).contains(ms);
                let ms = ms.parse().ok().filter(valid).ok_or_else(|| {
                    format!("run: {} is no number of milliseconds from 0 to {LONGEST_MS}", quoted(ms))
                })?;
                self.run(Duration::from_secs_f64(ms / 1e3))
            }
            Some(other) => Err(format!("{} is none of prep, run and quit", quoted(other))),
            None => Err("the line is empty".into()),
        }
    }

    /// `N C H W K R stride pad dil groups`.
    fn conv(&self, fields: &[&str]) -> Result<Prepared, String> {
        let names = ["N", "C", "H", "W", "K", "R", "stride", "pad", "dil", "groups"];
        let [n, c, h, w, k, r, stride, pad, dilation, groups] = numbers("conv", names, fields)?;
        let shape = Conv2dShape::new(n, c, h, w, k, r, r).stride(stride).pad(pad).dilation(dilation).groups(groups);
        shape.validate().map_err(|e| e.to_string())?;
        let [x, w, y] = [shape.input_len(), shape.weight_len(), shape.output_len()].map(|len| len as u128);
        // Winograd's weights are four times as large, and its scratch, for all images at once, as x and y.
        check_size(shape.flops(), 4 * (2 * x + 6 * w + 2 * y))?;
        let conv = Conv2d::tuned(&self.engine, shape, self.accuracy, &self.tuning).map_err(text)?;
        let weights = conv.pack(&self.engine, &tensor(shape.weight_len(), 2)?).map_err(text)?;
        // The output is written already, so that no timed run is the first to touch a page.
        let (x, y) = (tensor(shape.input_len(), 1)?, tensor(shape.output_len(), 3)?);
        Ok(Prepared::Conv { conv: conv.into(), weights, x, y })
    }

    /// `M N K`: C = A·B.
    fn gemm(&self, fields: &[&str]) -> Result<Prepared, String> {
        let names = ["M", "N", "K"];
        let all = numbers("gemm", names, fields)?;
        if let Some(zero) = all.iter().position(|&n| n == 0) {
            return Err(format!("{} is 0; M, N and K are at least 1", names[zero]));
        }
        let [m, n, k] = all;
        let shape = GemmShape::new(m, n, k);
        let [a, b, c] = [(m, k), (k, n), (m, n)].map(|(rows, columns)| (rows as u128).saturating_mul(columns as u128));
        // A once more: packed.
        check_size(shape.flops(), a.saturating_mul(2).saturating_add(b).saturating_add(c).saturating_mul(4))?;
        let gemm = Gemm::new(&self.engine, shape).map_err(text)?;
        Ok(Prepared::Gemm { gemm: gemm.into(), a: tensor(m * k, 1)?, b: tensor(k * n, 2)?, c: tensor(m * n, 3)? })
    }

    fn run(&mut self, duration: Duration) -> Result<String, String> {
        let prepared = self.prepared.as_mut().ok_or("run: nothing is prepared")?;
        prepared.run(&self.engine)?;
        let mut times = Vec::new();
        let start = Instant::now();
        while times.len() < 3 || (start.elapsed() < duration && times.len() < RUNS) {
            let start = Instant::now();
            prepared.run(&self.engine)?;
            times.push(start.elapsed());
        }
        times.sort_unstable();
        let seconds = |i: usize| times[i].as_secs_f64();
        Ok(format!("t {:.9} {:.9} {}", seconds(times.len() / 2), seconds(0), times.len()))
    }
}

/// Random numbers.
fn tensor(len: usize, stream: u64) -> Result<Aligned, String> {
    random(len, stream).map_err(|e| format!("{}: {}", e.what, e.evidence))
}

fn numbers<const N: usize>(what: &str, names: [&str; N], fields: &[&str]) -> Result<[usize; N], String> {
    if fields.len() != N {
        return Err(format!(
            "prep {what}: behind the name come {N} numbers, {}; here are {}",
            names.join(" "),
            fields.len()
        ));
    }
    let mut numbers = [0; N];
    for ((number, name), field) in numbers.iter_mut().zip(names).zip(fields) {
        *number = field.parse().map_err(|e: std::num::ParseIntError| match e.kind() {
            IntErrorKind::PosOverflow => format!("{name} = {} is too large", quoted(field)),
            _ => format!("{name} = {} is no whole number", quoted(field)),
        })?;
    }
    Ok(numbers)
}

/// Refuses what this machine cannot hold or would take minutes for.
fn check_size(flops: u64, bytes: u128) -> Result<(), String> {
    if flops > FLOPS {
        return Err(format!("{:.1e} operations in one run are more than {:.0e}", flops as f64, FLOPS as f64));
    }
    match available_memory() {
        Some(free) if bytes > u128::from(free) => {
            let gib = |bytes: f64| bytes / (1u64 << 30) as f64;
            Err(format!("about {:.1} GiB are needed, and {:.1} GiB are free", gib(bytes as f64), gib(free as f64)))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_none_are_skipped_to_their_end() {
        let long = vec![b'x'; 3 * LINE as usize];
        let input = [b"first\n".as_slice(), &long, b"\n\xff\nlast"].concat();
        let mut input = input.as_slice();
        assert_eq!(read_line(&mut input).unwrap(), Some(Ok("first\n".into())));
        assert!(matches!(read_line(&mut input).unwrap(), Some(Err(why)) if why.contains("longer")));
        assert!(matches!(read_line(&mut input).unwrap(), Some(Err(why)) if why.contains("UTF-8")));
        assert_eq!(read_line(&mut input).unwrap(), Some(Ok("last".into())));
        assert_eq!(read_line(&mut input).unwrap(), None);
        // A line of exactly the limit, with its end.
        let exact = [vec![b'y'; LINE as usize - 1], b"\nnext".to_vec()].concat();
        let mut exact = exact.as_slice();
        assert!(matches!(read_line(&mut exact).unwrap(), Some(Ok(line)) if line.len() as u64 == LINE));
        assert_eq!(read_line(&mut exact).unwrap(), Some(Ok("next".into())));
    }
}
