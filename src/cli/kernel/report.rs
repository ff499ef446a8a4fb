//! What a run and a list of kernels look like: for people, and as a document.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use sparkle_pm4::Device;
use sparkle_pm4::object::{CodeObject, KernelInfo, ValueKind};

use super::args::Target;
use super::{Extent, Settings};
use crate::cli::conv2d::report::{bytes, device_line, meaning, ns, row, time};
use crate::cli::{Output, Style, wrap};

/// A finished run.
pub struct Ran<'a> {
    /// Where it ran.
    pub device: &'a Device,
    /// Why `auto` took the software device.
    pub fallback: Option<&'a str>,
    /// The object.
    pub object: &'a CodeObject,
    /// The kernel.
    pub kernel: &'a KernelInfo,
    /// What it covered.
    pub extent: Extent,
    /// LDS beyond the kernel's own, in bytes.
    pub dynamic_lds: u32,
    /// Scratch memory of a lane, its stack included, in bytes.
    pub lane_scratch: u32,
    /// From launch to fence, sorted.
    pub times: Vec<Duration>,
    /// Runs before the timed ones.
    pub warmup: u32,
    /// Wave instructions of a timed run, where the device counts them.
    pub instructions: Option<u64>,
    /// The files that were written: of which argument, where, how many bytes.
    pub outputs: Vec<(usize, Target, usize)>,
}

impl Ran<'_> {
    fn waves(&self) -> u64 {
        self.extent.waves(self.kernel.wave_size)
    }

    /// Wave instructions a second, at the median.
    fn rate(&self) -> Option<f64> {
        let seconds = self.median().as_secs_f64();
        self.instructions.filter(|_| seconds > 0.0).map(|n| n as f64 / seconds)
    }

    fn median(&self) -> Duration {
        let (n, t) = (self.times.len(), &self.times);
        match n {
            0 => Duration::ZERO,
            _ if n % 2 == 1 => t[n / 2],
            _ => (t[n / 2 - 1] + t[n / 2]) / 2,
        }
    }
}

fn by(v: [u32; 3]) -> String {
    let [x, y, z] = v;
    format!("{x}x{y}x{z}")
}

/// How many of something.
fn count(n: u64, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// What a kernel takes of a device.
fn resources(kernel: &KernelInfo) -> String {
    let mut text = format!("wave{}, {} VGPRs, {} SGPRs", kernel.wave_size, kernel.vgprs, kernel.sgprs);
    text += &match kernel.lds_bytes {
        0 => ", no LDS".to_owned(),
        n => format!(", {} of LDS", bytes(n.into())),
    };
    text += &match (kernel.scratch_bytes, kernel.uses_dynamic_stack) {
        (0, false) => ", no scratch".to_owned(),
        (n, false) => format!(", {n} B of scratch a lane"),
        (n, true) => format!(", {n} B of scratch a lane and a stack of unknown size"),
    };
    if kernel.vgpr_spills + kernel.sgpr_spills > 0 {
        text += &format!(", {} VGPRs and {} SGPRs spilled", kernel.vgpr_spills, kernel.sgpr_spills);
    }
    text
}

/// The result, for people.
pub fn text(file: &Path, ran: &Ran<'_>, out: &Output) -> String {
    let kernel = ran.kernel;
    let mut text = out.paint(Style::Head, &format!("kernel {}", kernel.name)) + "\n";
    let (target, version) = (ran.object.target(), ran.object.version());
    text += &wrap(&format!("  {}, {target}, code object version {version}", file.display()), out.width, "  ");
    let Extent { grid, items, block } = ran.extent;
    let what = match items {
        Some(items) => format!("{} work-items in workgroups", by(items)),
        None => format!("grid {}", by(grid)),
    };
    text += &wrap(
        &format!(
            "  {what} of {}: {}, {} of {} lanes",
            by(block),
            count(ran.extent.workgroups(), "workgroup"),
            count(ran.waves(), "wave"),
            kernel.wave_size
        ),
        out.width,
        "  ",
    );
    text += &wrap(&format!("  {}", resources(kernel)), out.width, "  ");
    if ran.dynamic_lds > 0 {
        text += &format!("  {} of dynamic LDS\n", bytes(ran.dynamic_lds.into()));
    }
    if ran.lane_scratch > kernel.scratch_bytes.max(4) {
        text += &format!("  {} B of scratch a lane with its stack\n", ran.lane_scratch);
    }
    text += &device_line(ran.device, out);
    let engine = ran.device.engine();
    text += &row("time", &format!("{} {} ({})", time(ran.median()), engine.label(), meaning(engine)), out.width);
    if let (Some(min), Some(max), 2..) = (ran.times.first(), ran.times.last(), ran.times.len()) {
        let spread = format!("median of {}, min {}, max {}", ran.times.len(), time(*min), time(*max));
        text += &row("", &spread, out.width);
        if let (Some(n), Some(rate)) = (ran.instructions, ran.rate()) {
            let rate = format!("{n} wave instructions a run, {:.1} M/s ({})", rate / 1e6, engine.label());
            text += &row("rate", &rate, out.width);
        }
    }
    for (index, target, size) in &ran.outputs {
        text += &row("output", &format!("argument {index}: {size} bytes in {}", target.path.display()), out.width);
    }
    text
}

/// The result as a document.
pub fn document(file: &Path, ran: &Ran<'_>, settings: &Settings) -> Value {
    let engine = ran.device.engine();
    let outputs: Vec<Value> = ran
        .outputs
        .iter()
        .map(|(index, target, size)| {
            json!({
                "argument": index,
                "file": target.path.to_string_lossy(),
                "bytes": size,
                "dtype": target.npy.as_ref().map(|(descr, _)| descr),
                "shape": target.npy.as_ref().map(|(_, dims)| dims),
            })
        })
        .collect();
    json!({
        "schema": "sparkle-pm4/run-kernel/1",
        "file": file.to_string_lossy(),
        "target": ran.object.target(),
        "code_object_version": ran.object.version(),
        "kernel": kernel_members(ran.kernel),
        "grid": ran.extent.grid,
        "items": ran.extent.items,
        "block": ran.extent.block,
        "workgroups": ran.extent.workgroups(),
        "waves": ran.waves(),
        "dynamic_lds_bytes": ran.dynamic_lds,
        "scratch_lane_bytes": ran.lane_scratch,
        "device": engine.name(),
        "device_name": ran.device.name(),
        "engine": engine.label(),
        "fallback": ran.fallback,
        "warmup_iters": ran.warmup,
        "iters": ran.times.len(),
        "median_ns": ns(Some(&ran.median())),
        "min_ns": ns(ran.times.first()),
        "max_ns": ns(ran.times.last()),
        "time_meaning": meaning(engine),
        "wave_instructions": ran.instructions,
        "wave_instructions_per_s": ran.rate(),
        "timeout_ms": u64::try_from(settings.timeout.as_millis()).unwrap_or(u64::MAX),
        "outputs": outputs,
        "error": null,
    })
}

/// A kernel's members.
fn kernel_members(kernel: &KernelInfo) -> Value {
    let arg = |arg: &sparkle_pm4::object::Arg| {
        json!({
            "name": arg.name,
            "value_kind": arg.kind.as_str(),
            "offset": arg.offset,
            "size_bytes": arg.size,
            "type": arg.type_name,
            "access": arg.access,
        })
    };
    let hidden = kernel.args.iter().filter(|a| matches!(a.kind, ValueKind::Hidden(_)));
    json!({
        "name": kernel.name,
        "wave_lanes": kernel.wave_size,
        "vgprs": kernel.vgprs,
        "sgprs": kernel.sgprs,
        "vgpr_spills": kernel.vgpr_spills,
        "sgpr_spills": kernel.sgpr_spills,
        "lds_bytes": kernel.lds_bytes,
        "scratch_bytes": kernel.scratch_bytes,
        "dynamic_stack": kernel.uses_dynamic_stack,
        "max_threads": kernel.max_workgroup_size,
        "required_block": kernel.required_workgroup_size,
        "kernarg_bytes": kernel.kernarg_size,
        "args": kernel.explicit_args().map(arg).collect::<Vec<_>>(),
        "hidden_args": hidden.map(arg).collect::<Vec<_>>(),
    })
}

/// The kernels and variables of an object, for people.
pub fn list_text(file: &Path, object: &CodeObject, out: &Output) -> String {
    let kernels = object.kernels();
    let mut text = wrap(
        &format!(
            "{}: {}, code object version {}, {}",
            file.display(),
            object.target(),
            object.version(),
            count(kernels.len() as u64, "kernel")
        ),
        out.width,
        "  ",
    );
    for kernel in kernels {
        text += &format!("\n{}\n", out.paint(Style::Head, &kernel.name));
        text += &wrap(&format!("  {}", resources(kernel)), out.width, "  ");
        text += &match kernel.required_workgroup_size {
            Some(size) => format!("  workgroups of {}\n", by(size)),
            None => format!("  workgroups of up to {} work-items\n", kernel.max_workgroup_size),
        };
        let widest = kernel.explicit_args().map(|arg| arg.kind.as_str().len()).max().unwrap_or(0).min(32);
        for (i, arg) in kernel.explicit_args().enumerate() {
            let mut line = format!("  {i:>3}  {:<widest$} {:>4} B", arg.kind.as_str(), arg.size);
            for word in [&arg.type_name, &arg.name, &arg.access].into_iter().flatten() {
                line += &format!("  {word}");
            }
            // Columns are kept where they fit.
            text += &match line.chars().count() > out.width {
                true => wrap(&line, out.width, "       "),
                false => line + "\n",
            };
        }
        let hidden: Vec<&str> = kernel.args.iter().filter_map(|a| a.kind.as_str().strip_prefix("hidden_")).collect();
        if !hidden.is_empty() {
            text += &wrap(&format!("  hidden: {}", hidden.join(", ")), out.width, "    ");
        }
    }
    if !object.globals().is_empty() {
        text += &format!("\n{}\n", out.paint(Style::Head, "variables"));
        for global in object.globals() {
            let access = if global.write { "" } else { ", read only" };
            text += &wrap(&format!("  {}: {} B{access}", global.name, global.size), out.width, "    ");
        }
    }
    text
}

/// The same as a document.
pub fn list_document(file: &Path, object: &CodeObject) -> Value {
    let globals = object.globals().iter().map(|g| json!({ "name": g.name, "bytes": g.size, "writable": g.write }));
    json!({
        "schema": "sparkle-pm4/kernels/1",
        "file": file.to_string_lossy(),
        "target": object.target(),
        "code_object_version": object.version(),
        "kernels": object.kernels().iter().map(kernel_members).collect::<Vec<_>>(),
        "variables": globals.collect::<Vec<_>>(),
    })
}
