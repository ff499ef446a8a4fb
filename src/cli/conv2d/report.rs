//! What a run and a plan look like: for people, and as a document.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use sparkle_pm4::ops::Conv2dShape;
use sparkle_pm4::{Device, Engine, cpu};

use super::execute::{self, Checked, Run};
use super::plan::Plan;
use super::problem::Problem;
use super::{Args, Dtype, Settings, TOLERANCE, describe, index, indices};
use crate::cli::{Failure, Output, Style, wrap};

/// What a time of this engine is.
pub(in crate::cli) fn meaning(engine: Engine) -> &'static str {
    match engine {
        Engine::Gpu => "card: from submission to fence, seen by the host",
        Engine::Emu => "host time of the emulator, not a card's",
        Engine::Cpu => "host time",
    }
}

fn by(dims: &[usize]) -> String {
    dims.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}

fn each(v: [usize; 2]) -> String {
    if v[0] == v[1] { v[0].to_string() } else { format!("{},{}", v[0], v[1]) }
}

/// A shape on one line: `1x64x56x56 K64 3x3 s1 p1 d1 g1`, what is 1 (pad: 0) left out.
pub fn short(s: &Conv2dShape) -> String {
    let mut text = format!("{:<15} K {:<5} {}x{}", by(&[s.n, s.c, s.h, s.w]), s.k, s.r, s.s);
    for (name, value, usual) in [("stride", s.stride, [1, 1]), ("pad", s.pad, [0, 0]), ("dilation", s.dilation, [1, 1])]
    {
        if value != usual {
            text += &format!(" {name} {}", each(value));
        }
    }
    if s.groups != 1 {
        text += &format!(" groups {}", s.groups);
    }
    text
}

fn head(problem: &Problem, settings: &Settings, out: &Output) -> String {
    let s = &problem.shape;
    let what = match (problem.name, problem.filter) {
        (Some(name), _) => format!("conv2d {name}"),
        (_, Some(filter)) => format!("conv2d filter {}", filter.name),
        _ => "conv2d".to_owned(),
    };
    let mut text = out.paint(Style::Head, &what) + "\n";
    let tensors = format!(
        "  x {}, w {}, y {}, {}",
        by(&[s.n, s.c, s.h, s.w]),
        by(&[s.k, s.c / s.groups, s.r, s.s]),
        by(&[s.n, s.k, s.p(), s.q()]),
        count(s.flops() as f64, "FLOP")
    );
    text += &wrap(&tensors, out.width, "  ");
    let bias = if problem.bias.is_some() { ", bias" } else { "" };
    let activation = match settings.activation {
        cpu::Activation::IDENTITY => String::new(),
        activation => format!(", {activation}"),
    };
    let dtype = if problem.dtype == Dtype::F16 { ", f16" } else { "" };
    text += &wrap(
        &format!(
            "  stride {}, pad {}, dilation {}, groups {}{bias}{activation}{dtype}",
            each(s.stride),
            each(s.pad),
            each(s.dilation),
            s.groups
        ),
        out.width,
        "  ",
    );
    text
}

pub(in crate::cli) fn device_line(device: &Device, out: &Output) -> String {
    // Names of cards come from their vendor and may be of any length.
    let name: String = device.name().chars().take(out.width.saturating_sub(6)).collect();
    format!("{} {name}\n", out.paint(Style::Head, &format!("{}:", device.engine())))
}

/// `name`, then the text, wrapped behind it.
pub(in crate::cli) fn row(name: &str, text: &str, width: usize) -> String {
    // The column between them is a space that must not be broken or joined: wrap the text alone.
    let wrapped = wrap(text, width.saturating_sub(10), "");
    let mut lines = wrapped.lines();
    let mut out = format!("  {name:<8}{}\n", lines.next().unwrap_or_default());
    for line in lines {
        out += &format!("{:10}{line}\n", "");
    }
    out
}

/// The results, for people.
pub fn text(problem: &Problem, settings: &Settings, runs: &[Run], output: Option<&Path>, out: &Output) -> String {
    let mut text = head(problem, settings, out);
    for run in runs {
        let engine = run.device.engine();
        let label = engine.label();
        text += &device_line(&run.device, out);
        if run.after_hang.is_some() {
            text += &row("after", "a hang: this is the second attempt", out.width);
        }
        text += &row("kernel", &run.kernel, out.width);
        let median = run.median();
        text += &row("time", &format!("{} {label} ({})", time(median), meaning(engine)), out.width);
        if let (Some(min), Some(max), 2..) = (run.times.first(), run.times.last(), run.times.len()) {
            let spread = format!("median of {}, min {}, max {}", run.times.len(), time(*min), time(*max));
            text += &row("", &spread, out.width);
        }
        text += &row("rate", &format!("{} GFLOPS ({label})", significant(gflops(problem, median))), out.width);
        if let Some(checked @ Checked { agreement, against, good, .. }) = &run.agreement {
            let good = *good;
            let word = if good { "ok" } else { "MISMATCH" };
            let at = index(&problem.shape, agreement.worst_index);
            let verdict = match agreement.mismatches {
                0 => format!(
                    "{word}: {:.1e} of max|y| (allowed {}), {:.1e} at {at}, against {against}{}",
                    agreement.relative,
                    problem.dtype.allowed(run.tolerance),
                    agreement.max_abs_error,
                    stated(run, checked),
                ),
                _ => format!("{word}: {}, first at {at}, against {against}", describe(agreement)),
            };
            let painted = out.paint(if good { Style::Good } else { Style::Bad }, word);
            text += &row("verify", &verdict, out.width).replacen(word, &painted, 1);
        }
    }
    if let Some(path) = output {
        text += &row("output", &path.display().to_string(), out.width);
    }
    text
}

/// `1e-5`, `3.1e-6`.
pub fn bound(v: f64) -> String {
    let text = format!("{v:.1e}");
    text.replace(".0e", "e")
}

/// Which bound the algorithm states, and whether an error against the reference is within it.
fn stated(run: &Run, checked: &Checked) -> String {
    match run.bound {
        Some((algorithm, stated)) if checked.against.ends_with("reference") => {
            let within = if checked.agreement.relative <= stated { "within" } else { "beyond" };
            format!("; {within} the {} that {algorithm} states", bound(stated))
        }
        _ => String::new(),
    }
}

/// The plans, for people.
pub fn plan_text(problem: &Problem, settings: &Settings, plans: &[Plan], out: &Output) -> String {
    let s = &problem.shape;
    let mut text = head(problem, settings, out);
    let bytes = |n: usize| bytes((problem.dtype.bytes() * n) as u64);
    text += &row(
        "memory",
        &format!("x {}, w {}, y {}", bytes(s.input_len()), bytes(s.weight_len()), bytes(s.output_len())),
        out.width,
    );
    for plan in plans {
        text += &device_line(&plan.device, out);
        if plan.dispatches.is_empty() {
            text += &row("kernel", &plan.kernel, out.width);
        }
        for d in &plan.dispatches {
            text += &row("kernel", d.kernel, out.width);
            let [x, y, z] = d.grid;
            let [bx, by, bz] = d.block;
            let mut line = format!("grid {x}x{y}x{z} of {bx}x{by}x{bz}, wave{}, {} VGPRs", d.wave, d.vgprs);
            if d.lds_bytes > 0 {
                line += &format!(", {} of LDS", self::bytes(d.lds_bytes.into()));
            }
            text += &row("", &line, out.width);
        }
        if let Some(workspace) = plan.workspace_bytes {
            text +=
                &row("memory", &format!("{} of packed weights beside the tensors", self::bytes(workspace)), out.width);
        }
        if let Some(stream) = &plan.stream {
            let n = stream.len_dw();
            text += &row("pm4", &format!("{n} dwords, {} bytes", 4 * n), out.width);
        }
    }
    text += "  nothing was executed\n";
    text
}

fn gflops(problem: &Problem, time: Duration) -> f64 {
    let ns = time.as_nanos().max(1) as f64;
    problem.shape.flops() as f64 / ns
}

/// Three significant digits.
fn significant(v: f64) -> String {
    match v {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v if v >= 1.0 => format!("{v:.2}"),
        v if v >= 0.01 || v == 0.0 => format!("{v:.3}"),
        v => format!("{v:.1e}"),
    }
}

pub(in crate::cli) fn time(t: Duration) -> String {
    let ns = t.as_nanos() as f64;
    let (scale, unit) = match ns {
        n if n >= 1e9 => (1e9, "s"),
        n if n >= 1e6 => (1e6, "ms"),
        n if n >= 1e3 => (1e3, "µs"),
        _ => (1.0, "ns"),
    };
    format!("{} {unit}", significant(ns / scale))
}

fn count(v: f64, unit: &str) -> String {
    let (scale, prefix) = match v {
        v if v >= 1e12 => (1e12, "T"),
        v if v >= 1e9 => (1e9, "G"),
        v if v >= 1e6 => (1e6, "M"),
        v if v >= 1e3 => (1e3, "k"),
        _ => return format!("{v} {unit}"),
    };
    format!("{} {prefix}{unit}", significant(v / scale))
}

pub(in crate::cli) fn bytes(n: u64) -> String {
    let v = n as f64;
    match n {
        0..1024 => format!("{n} B"),
        1024..1_048_576 => format!("{} KiB", significant(v / 1024.0)),
        1_048_576..1_073_741_824 => format!("{} MiB", significant(v / 1_048_576.0)),
        _ => format!("{} GiB", significant(v / 1_073_741_824.0)),
    }
}

/// A shape's members; valid shapes only.
pub fn shape_members(s: &Conv2dShape, name: Option<&str>, dtype: Dtype) -> Value {
    json!({
        "name": name,
        "n": s.n, "c": s.c, "h": s.h, "w": s.w, "k": s.k, "r": s.r, "s": s.s,
        "stride": s.stride, "pad": s.pad, "dilation": s.dilation, "groups": s.groups,
        "p": s.p(), "q": s.q(),
        "flops": s.flops(),
        "input_bytes": dtype.bytes() * s.input_len(),
        "weight_bytes": dtype.bytes() * s.weight_len(),
        "output_bytes": dtype.bytes() * s.output_len(),
    })
}

/// A number that may be beyond JSON: infinities and NaN are null.
fn finite(v: f64) -> Value {
    serde_json::Number::from_f64(v).map_or(Value::Null, Value::Number)
}

pub(in crate::cli) fn ns(t: Option<&Duration>) -> Value {
    t.map_or(Value::Null, |t| json!(u64::try_from(t.as_nanos()).unwrap_or(u64::MAX)))
}

/// The results as a document.
pub fn document(problem: &Problem, args: &Args, settings: &Settings, runs: &[Run], failure: Option<&Failure>) -> Value {
    let results: Vec<Value> = runs
        .iter()
        .map(|run| {
            let engine = run.device.engine();
            let median = run.median();
            let a = run.agreement.as_ref().map(|checked| &checked.agreement);
            json!({
                "device": engine.name(),
                "device_name": run.device.name(),
                "engine": engine.label(),
                "fallback": run.device.fallback(),
                "after_hang": run.after_hang,
                "kernel": run.kernel,
                "warmup_iters": run.warmup,
                "iters": run.times.len(),
                "median_ns": ns(Some(&median)),
                "min_ns": ns(run.times.first()),
                "max_ns": ns(run.times.last()),
                "time_meaning": meaning(engine),
                "flops": problem.shape.flops(),
                "gflops": finite(gflops(problem, median)),
                "compared_with": run.agreement.as_ref().map(|checked| &checked.against),
                "max_abs_error": a.map_or(Value::Null, |a| finite(a.max_abs_error)),
                "relative_error": a.map_or(Value::Null, |a| finite(a.relative)),
                "worst_index": a.map(|a| indices(&problem.shape, a.worst_index)),
                "non_finite_mismatches": a.map(|a| a.mismatches),
                "verified": run.agreement.as_ref().map(|checked| checked.good),
                "tolerance": run.agreement.as_ref().map_or(run.tolerance, |checked| checked.tolerance),
                "algorithm": run.bound.map(|(algorithm, _)| algorithm.name()),
                "error_bound": run.bound.map(|(_, bound)| bound),
            })
        })
        .collect();
    json!({
        "schema": "sparkle-pm4/run-conv2d/1",
        "dry_run": false,
        "shape": shape_members(&problem.shape, problem.name, problem.dtype),
        "filter": problem.filter.map(|f| f.name),
        "bias": problem.bias.is_some(),
        "activation": settings.activation.to_string(),
        "dtype": problem.dtype.name(),
        "seed": args.seed,
        "tolerance": problem.dtype.tolerance(TOLERANCE, 0.0, 1.0),
        "timeout_ms": u64::try_from(settings.timeout.as_millis()).unwrap_or(u64::MAX),
        "output": args.output.as_ref().map(|p| p.to_string_lossy()),
        "results": results,
        "error": failure.map(Failure::document),
    })
}

/// The plans as a document.
pub fn plan_document(problem: &Problem, settings: &Settings, plans: &[Plan]) -> Value {
    let plans: Vec<Value> = plans
        .iter()
        .map(|plan| {
            let dispatches: Vec<Value> = plan
                .dispatches
                .iter()
                .map(|d| {
                    json!({
                        "kernel": d.kernel,
                        "grid": d.grid,
                        "block": d.block,
                        "wave_lanes": d.wave,
                        "vgprs": d.vgprs,
                        "lds_bytes": d.lds_bytes,
                    })
                })
                .collect();
            let dwords = plan.stream.as_ref().map(execute::Recorded::len_dw);
            json!({
                "device": plan.device.engine().name(),
                "device_name": plan.device.name(),
                "engine": plan.device.engine().label(),
                "fallback": plan.device.fallback(),
                "kernel": plan.kernel,
                "dispatches": dispatches,
                "workspace_bytes": plan.workspace_bytes,
                "pm4_dwords": dwords,
                "pm4_bytes": dwords.map(|n| 4 * n),
            })
        })
        .collect();
    json!({
        "schema": "sparkle-pm4/run-conv2d/1",
        "dry_run": true,
        "shape": shape_members(&problem.shape, problem.name, problem.dtype),
        "filter": problem.filter.map(|f| f.name),
        "bias": problem.bias.is_some(),
        "activation": settings.activation.to_string(),
        "dtype": problem.dtype.name(),
        "plans": plans,
        "results": [],
        "error": null,
    })
}
