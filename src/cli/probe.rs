//! `probe`: what this machine has, and what it is good for here.

mod json;
mod report;
#[cfg(test)]
mod tests;
mod text;

use std::path::Path;
use std::sync::Arc;

use sparkle_pm4::kmd::discover::RealSystem;
use sparkle_pm4::kmd::{self, RenderNode};
use sparkle_pm4::{Device, cpu};

use self::report::{Card, Cpu, Refusal, Report, Sources};
use super::{Failure, Output, exit};

/// What is probed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Target {
    /// This machine's nodes.
    Auto,
    /// The software device.
    Emu,
}

/// Arguments of `probe`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print everything: caches, address ranges, firmware, heaps, the host.
    #[arg(long)]
    full: bool,
    /// Print one value of the JSON document by its dotted path, such as `auto.engine` or `nodes.0.gfx_target`.
    #[arg(long, value_name = "KEY")]
    get: Option<String>,
    /// Probe this machine's nodes (auto), or the software device (emu).
    #[arg(long, value_enum, default_value = "auto")]
    device: Target,
}

/// Runs it. Exits with 0 whatever is found: a machine without a GPU is an answer.
pub fn run(args: Args, out: &Output) -> anyhow::Result<()> {
    let report =
        Report::collect(&Sources { system: &RealSystem::new(), open: &open, software: &software, cpu: &native });
    let report = match args.device {
        Target::Auto => report,
        Target::Emu => report.of_software().map_err(|refusal| Failure {
            exit: exit::FAILED,
            code: refusal.code.into(),
            what: "the software device cannot be probed".into(),
            evidence: refusal.what,
            next: refusal.next.unwrap_or_else(|| "`sparkle-pm4 probe` shows the other engines".into()),
        })?,
    };
    if let Some(key) = &args.get {
        let document = json::document(&report);
        let value = json::get(&document, key).map_err(|missing| {
            Failure::usage(
                format!("there is no key {key:?}"),
                missing,
                "`sparkle-pm4 probe --json` prints the document with all keys",
            )
        })?;
        if out.json {
            out.document(value)?;
        } else {
            out.line(json::plain(value))?;
        }
        return Ok(());
    }
    if out.json {
        return Ok(out.document(&json::document(&report))?);
    }
    let text = if args.full { text::full(&report) } else { text::brief(&report) };
    Ok(out.text(&text)?)
}

fn open(path: &Path) -> Result<Card, Refusal> {
    let node = RenderNode::open(path)?;
    let emulated = node.is_emulated();
    Ok(Card::of(&*kmd::Device::open(Arc::new(node))?, emulated))
}

/// The software device, through the path that a card takes.
fn software() -> Result<Card, Refusal> {
    let device = Device::emulated()?;
    let kmd = device.kmd().ok_or_else(|| Refusal {
        code: "soft-setup",
        what: "the software device has no kernel interface".into(),
        next: None,
    })?;
    Ok(Card::of(kmd, true))
}

fn native() -> Result<Cpu, Refusal> {
    let engine = cpu::Engine::new(None, None).map_err(sparkle_pm4::Error::from)?;
    Ok(Cpu { isa: engine.isa().to_string(), threads: engine.threads().get() })
}
