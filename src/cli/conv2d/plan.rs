//! `--dry-run`: what would run.

use sparkle_pm4::kernels::conv2d::{Dims, Plan as GpuPlan};
use sparkle_pm4::{Device, Engine, Error};

use super::problem::Problem;
use super::{Choice, Settings, execute};
use crate::cli::Output;

/// One dispatch of a plan.
#[derive(Debug)]
pub struct Dispatch {
    /// The kernel's name.
    pub kernel: &'static str,
    /// Workgroups.
    pub grid: [u32; 3],
    /// Work-items of a workgroup.
    pub block: [u32; 3],
    /// Work-items of a wave.
    pub wave: u32,
    /// Vector registers of a work-item.
    pub vgprs: u32,
    /// LDS of a workgroup.
    pub lds_bytes: u32,
}

/// What one device would do.
#[derive(Debug)]
pub struct Plan {
    /// The device.
    pub device: Device,
    /// The kernel that does the work.
    pub kernel: String,
    /// Its dispatches; none on the cpu engine.
    pub dispatches: Vec<Dispatch>,
    /// Memory beside the tensors, where it is known.
    pub workspace_bytes: Option<u64>,
    /// The stream that would be submitted.
    pub stream: Option<execute::Recorded>,
}

/// Plans for every device; where `auto` falls back to the CPU, for the emu engine too, since the CPU has no packets.
pub fn make(problem: &Problem, settings: &Settings, out: &Output) -> anyhow::Result<Vec<Plan>> {
    let mut plans = Vec::new();
    for choice in &settings.devices {
        let device = execute::open(*choice, settings, out)?;
        let fallback = device.fallback().is_some();
        plans.push(plan(device, problem, settings)?);
        if fallback && !settings.devices.contains(&Choice::Emu) && settings.needs_cpu().is_none() {
            plans.push(plan(execute::open(Choice::Emu, settings, out)?, problem, settings)?);
        }
    }
    Ok(plans)
}

fn plan(device: Device, problem: &Problem, settings: &Settings) -> anyhow::Result<Plan> {
    let conv = settings.operator(problem).prepare_tuned(&device, &settings.tuning)?;
    let s = &problem.shape;
    let workspace_bytes = match device.engine() {
        Engine::Cpu => None,
        _ => Some(
            GpuPlan::new(&Dims {
                n: s.n,
                c: s.c,
                h: s.h,
                w: s.w,
                k: s.k,
                r: s.r,
                s: s.s,
                stride: s.stride,
                pad: s.pad,
                dilation: s.dilation,
                groups: s.groups,
                bias: problem.bias.is_some(),
            })
            .map_err(Error::from)?
            .workspace_bytes,
        ),
    };
    let dispatches = conv
        .dispatches()
        .into_iter()
        .map(|d| Dispatch {
            kernel: d.kernel.name,
            grid: d.grid,
            block: d.kernel.workgroup,
            wave: d.kernel.wave,
            vgprs: d.kernel.vgprs,
            lds_bytes: d.kernel.lds_bytes,
        })
        .collect();
    let stream = execute::record(&device, &conv, problem)?;
    Ok(Plan { kernel: conv.kernel(), device, dispatches, workspace_bytes, stream })
}
