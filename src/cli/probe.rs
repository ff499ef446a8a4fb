//! `probe`: what this machine has, and what it is good for here.

mod json;
mod ladder;
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
    /// This machine's nodes; with --ladder, the card.
    Auto,
    /// The card; only with --ladder.
    Gpu,
    /// The software device.
    Emu,
}

impl Target {
    /// Of a variable's text.
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "gpu" => Ok(Self::Gpu),
            "emu" => Ok(Self::Emu),
            _ => Err("the ladder takes auto, gpu or emu: neither a list nor the CPU has rungs".into()),
        }
    }
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
    /// Bring-up in steps on the card, or on `--device emu`: NOP, WRITE_DATA, … conv2d, each checked by data read back.
    #[arg(long, conflicts_with_all = ["full", "get"])]
    ladder: bool,
    /// Probe this machine's nodes (auto), or the software device (emu); for --ladder the card (gpu, auto), or emu.
    #[arg(long, value_enum)]
    device: Option<Target>,
    /// With --ladder: which of several cards, by node path, PCI address or gfx target.
    #[arg(long, value_name = "HINT", requires = "ladder")]
    device_hint: Option<String>,
    /// With --ladder: which compute ring; the first one by default.
    #[arg(long, value_name = "N", requires = "ladder")]
    ring: Option<u32>,
    /// With --ladder: how long each wait for a fence may take, in ms.
    #[arg(long, value_name = "MS", requires = "ladder", value_parser = super::conv2d::timeout)]
    timeout_ms: Option<u64>,
}

/// Runs it. Exits with 0 whatever is found: a machine without a GPU is an answer.
pub fn run(args: Args, out: &Output) -> anyhow::Result<()> {
    if args.ladder {
        return ladder::run(&args, out);
    }
    let report =
        Report::collect(&Sources { system: &RealSystem::new(), open: &open, software: &software, cpu: &native });
    let report = match args.device.unwrap_or(Target::Auto) {
        Target::Auto => report,
        Target::Gpu => {
            return Err(Failure::usage(
                "`--device gpu` goes with --ladder",
                "probe shows every node of this machine, and demands none",
                "leave it out, or add --ladder",
            )
            .into());
        }
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
