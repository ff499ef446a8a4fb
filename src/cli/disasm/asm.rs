//! Listings that assemble again to the same words: text, labels, and everything else in comments.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};
use sparkle_pm4::isa::analysis::{Flow, Occupancy, Regs, Resources, live, occupancy, waits};
use sparkle_pm4::isa::asm::inst;
use sparkle_pm4::isa::{Inst, Op, Unit, disassemble, encode};

use super::code::{Kernel, Part};
use super::{Bad, Show, View, words};

/// Column at which comments begin.
const COMMENT: usize = 43;

/// Lists every function; dwords that are no instructions stand as `.long`.
pub fn listing(view: &View, show: &[Show], summary: bool, out: &mut Vec<u8>) -> Bad {
    let mut bad = Bad::default();
    let mut text = String::new();
    if !view.object.target.is_empty() {
        let _ = writeln!(text, ".amdgcn_target \"amdgcn-amd-amdhsa--{}\"", view.object.target);
    }
    for code in &view.object.code {
        if !code.name.is_empty() {
            let _ = writeln!(text, ".section {},\"ax\"", code.name);
        }
        for part in code.parts() {
            function(view, &part, show, summary, &mut text, &mut bad);
        }
    }
    out.extend_from_slice(text.as_bytes());
    bad
}

fn function(view: &View, part: &Part, show: &[Show], summary: bool, text: &mut String, bad: &mut Bad) {
    let target = view.target(part.name);
    let flow = Flow::new(&words(part.bytes), part.address, target);
    let shows = |column| show.contains(&column);
    if let Some(name) = part.name {
        let _ = writeln!(text, "\n{name}:");
    }
    if summary {
        for line in summary_lines(view, part) {
            let _ = writeln!(text, "\t// {line}");
        }
    }
    let labels: BTreeSet<u64> =
        flow.steps.iter().filter_map(|s| Some(flow.steps[s.target? as usize].address)).collect();
    let label = |address: u64| format!(".L{}_{:x}", part.name.unwrap_or("code"), address - part.address);
    let alive = if shows(Show::Live) || shows(Show::Registers) { live(&flow) } else { Vec::new() };
    let mut notes: BTreeMap<u32, String> = BTreeMap::new();
    if shows(Show::Waits) {
        for wait in waits(&flow) {
            notes.insert(wait.step, wait_text(&flow, &wait.done));
        }
        for (k, step) in flow.steps.iter().enumerate() {
            if let Ok(inst) = &step.inst
                && inst.op == Op::S_DELAY_ALU
            {
                notes.insert(k as u32, delay_text(&flow, k, inst));
            }
        }
    }
    let mut at = 0;
    let all = words(part.bytes);
    for (k, step) in flow.steps.iter().enumerate() {
        if labels.contains(&step.address) {
            let _ = writeln!(text, "{}:", label(step.address));
        }
        bad.lines += 1;
        let len = step.inst.map_or(1, |inst| inst.len_dw as usize);
        let own = &all[at..at + len];
        at += len;
        let mut said = None;
        let line = match (&step.inst, step.target) {
            (Ok(inst), Some(to)) if inst.row().operands.len() == 1 => {
                format!("{} {}", inst.row().name, label(flow.steps[to as usize].address))
            }
            (Ok(inst), _) => {
                let line = disassemble(inst, target);
                // Text does not say everything: a literal that an inline constant could be, a reserved bit.
                match inst::assemble(&line, &target, &()) {
                    Ok(again) if again.words[..again.len_dw as usize] == *own => line,
                    _ => {
                        said = Some(line);
                        let dwords: Vec<String> = own.iter().map(|w| format!("{w:#010x}")).collect();
                        format!(".long {}", dwords.join(", "))
                    }
                }
            }
            (Err(why), _) => {
                bad.add(step.address, why);
                format!(".long {:#010x}", own[0])
            }
        };
        let mut columns: Vec<String> = said.into_iter().collect();
        if shows(Show::Addresses) {
            columns.push(format!("{:06x}", step.address));
        }
        if shows(Show::Bytes) {
            columns.push(own.iter().map(|w| format!("{w:08x}")).collect::<Vec<_>>().join(" "));
        }
        if shows(Show::Live) {
            columns.push(format!("v{} s{}", alive[k].vgprs(), alive[k].sgprs()));
        }
        if shows(Show::Registers) {
            columns.push(registers(&alive[k]));
        }
        match (&step.inst, notes.remove(&(k as u32))) {
            (Err(why), _) => columns.push(why.to_string()),
            (_, Some(note)) => columns.push(note),
            _ => {}
        }
        if columns.is_empty() {
            let _ = writeln!(text, "\t{line}");
        } else {
            let _ = writeln!(text, "\t{line:<COMMENT$} // {}", columns.join("  "));
        }
    }
}

fn addresses(flow: &Flow, steps: &[u32]) -> String {
    let list: Vec<String> = steps.iter().take(4).map(|&k| format!("{:x}", flow.steps[k as usize].address)).collect();
    let more = steps.len().saturating_sub(4);
    list.join(" ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
}

fn wait_text(flow: &Flow, done: &[u32]) -> String {
    if done.is_empty() {
        return "waits for nothing known here".into();
    }
    format!("waits for {}", addresses(flow, done))
}

/// The instructions that `s_delay_alu` speaks of: which one depends, and on which.
fn delay_text(flow: &Flow, at: usize, inst: &Inst) -> String {
    let v = inst.imm as u32;
    let skip = (v >> 4 & 7) as usize;
    let mut parts = Vec::new();
    // The first field is about the next instruction, the second about one as many further on as it says.
    for (id, next) in [(v & 15, at + 1), (v >> 7 & 15, at + 1 + skip)] {
        let Some(step) = flow.steps.get(next).filter(|_| id != 0) else { continue };
        let unit = |unit: Unit, back: u32| {
            let before = flow.steps[..next].iter().rev();
            let mut of_unit = before.filter(|s| s.inst.is_ok_and(|i| i.row().unit() == unit));
            of_unit.nth(back as usize - 1).map(|s| format!("on {:x}", s.address))
        };
        let on = match id {
            1..=4 => unit(Unit::Valu, id),
            5..=7 => unit(Unit::Trans, id - 4),
            8 => Some("on an accumulator, 1 cycle".into()),
            9..=11 => Some(format!("{} SALU cycles after", id - 8)),
            _ => None,
        };
        parts.push(format!("{:x} {}", step.address, on.unwrap_or_else(|| "on something before".into())));
    }
    if parts.is_empty() { "no delay".into() } else { parts.join(", ") }
}

/// Names of registers, neighbours as ranges.
fn registers(regs: &Regs) -> String {
    let mut out = String::new();
    let mut ranges = |prefix: &str, has: &dyn Fn(u32) -> bool, n: u32| {
        let mut k = 0;
        while k < n {
            let from = k;
            while k < n && has(k) {
                k += 1;
            }
            if k > from {
                let space = if out.is_empty() { "" } else { " " };
                let _ = match k - from {
                    1 => write!(out, "{space}{prefix}{from}"),
                    _ => write!(out, "{space}{prefix}[{from}:{}]", k - 1),
                };
            }
            k += 1;
        }
    };
    ranges("v", &|k| regs.has_vgpr(k as u8), 256);
    ranges("s", &|k| regs.has_scalar(k as u8), 106);
    for (name, bits) in [("vcc", 3u128 << 106), ("m0", 1 << 125), ("exec", 3 << 126)] {
        if regs.s & bits != 0 {
            out += if out.is_empty() { "" } else { " " };
            out += name;
        }
    }
    if regs.scc {
        out += if out.is_empty() { "scc" } else { " scc" };
    }
    out
}

/// What a function takes and holds.
struct Summary {
    vgprs: u32,
    sgprs: u32,
    lds_bytes: Option<u32>,
    scratch_bytes: Option<u32>,
    occupancy: Occupancy,
    code_bytes: usize,
    instructions: usize,
    mix: BTreeMap<Unit, usize>,
    most_live: (u32, u32),
    /// Instructions whose words another encoder would write otherwise: reserved or unused fields are set.
    unusual: usize,
}

fn summarise(view: &View, part: &Part) -> Summary {
    let target = view.target(part.name);
    let code = words(part.function());
    let flow = Flow::new(&code, part.address, target);
    let kernel: Option<&Kernel> = part.name.and_then(|name| view.object.kernel(name));
    let mut used = Regs::NONE;
    let mut mix = BTreeMap::new();
    let (mut instructions, mut unusual, mut at) = (0, 0, 0);
    for step in &flow.steps {
        used = used.union(&step.effects.reads).union(&step.effects.writes);
        let len = step.inst.map_or(1, |inst| inst.len_dw as usize);
        if let Ok(inst) = &step.inst {
            instructions += 1;
            *mix.entry(inst.row().unit()).or_default() += 1;
            unusual += usize::from(!encode(inst).is_ok_and(|words| words[..] == code[at..at + len]));
        }
        at += len;
    }
    let highest = |has: &dyn Fn(u32) -> bool, n: u32| (0..n).rev().find(|&k| has(k)).map_or(0, |k| k + 1);
    let vgprs = highest(&|k| used.has_vgpr(k as u8), 256);
    let descriptor = kernel.map(|kernel| &kernel.descriptor);
    let resources = Resources {
        // The descriptor's count is what a wave gets, whatever the code names.
        vgprs: descriptor.map_or(vgprs, |d| d.allocated_vgprs().max(vgprs)),
        lds_bytes: descriptor.map_or(0, |d| d.group_segment_fixed_size),
        group_waves: None,
        wgp_mode: descriptor.is_some_and(|d| d.wgp_mode()),
    };
    let alive = live(&flow);
    Summary {
        vgprs,
        sgprs: highest(&|k| used.has_scalar(k as u8), 106) + 2 * u32::from(used.s >> 106 & 3 != 0),
        lds_bytes: descriptor.map(|d| d.group_segment_fixed_size),
        scratch_bytes: descriptor.map(|d| d.private_segment_fixed_size),
        occupancy: occupancy(view.arch, target.wave, &resources),
        code_bytes: part.function().len(),
        instructions,
        mix,
        most_live: (alive.iter().map(Regs::vgprs).max().unwrap_or(0), alive.iter().map(Regs::sgprs).max().unwrap_or(0)),
        unusual,
    }
}

fn summary_lines(view: &View, part: &Part) -> Vec<String> {
    let s = summarise(view, part);
    let wave = view.target(part.name).wave.lanes();
    let mut lines = vec![format!(
        "{}, wave{wave}, {} VGPRs, {} SGPRs; at most {} and {} live",
        view.arch.name(),
        s.vgprs,
        s.sgprs,
        s.most_live.0,
        s.most_live.1
    )];
    if let (Some(lds), Some(scratch)) = (s.lds_bytes, s.scratch_bytes) {
        lines.push(format!("{lds} bytes of LDS, {scratch} bytes of scratch a lane"));
    }
    lines.push(format!(
        "{} waves a SIMD, limited by {} ({} VGPRs taken)",
        s.occupancy.waves,
        s.occupancy.limit.name(),
        s.occupancy.vgprs
    ));
    let mix: Vec<String> = s.mix.iter().map(|(unit, n)| format!("{n} {}", unit.name())).collect();
    lines.push(format!("{} instructions, {} bytes", s.instructions, s.code_bytes));
    let mut line = String::new();
    for (k, part) in mix.iter().enumerate() {
        let comma = if k > 0 { ", " } else { "" };
        if line.len() + comma.len() + part.len() > 64 {
            lines.push(std::mem::take(&mut line) + ",");
            line = part.clone();
        } else {
            line = line + comma + part;
        }
    }
    lines.push(line);
    if s.unusual > 0 {
        lines.push(format!("{} instructions assemble to other words: reserved or unused fields", s.unusual));
    }
    lines
}

/// The same as a document.
pub fn summary_document(view: &View, part: &Part) -> Value {
    let s = summarise(view, part);
    let mix: serde_json::Map<String, Value> = s.mix.iter().map(|(unit, n)| (unit.name().into(), json!(n))).collect();
    json!({
        "vgprs": s.vgprs,
        "sgprs": s.sgprs,
        "live_vgprs_max": s.most_live.0,
        "live_sgprs_max": s.most_live.1,
        "lds_bytes": s.lds_bytes,
        "scratch_bytes": s.scratch_bytes,
        "waves_per_simd": s.occupancy.waves,
        "limit": s.occupancy.limit.name(),
        "vgprs_taken": s.occupancy.vgprs,
        "code_bytes": s.code_bytes,
        "instructions": s.instructions,
        "mix": mix,
    })
}
