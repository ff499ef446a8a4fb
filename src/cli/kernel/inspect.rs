//! `run kernel`'s checks, statistics, profile and trace.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sparkle_pm4::soft::Inspection;
use sparkle_pm4::soft::check::{
    Checker, Config, Filter, Finding, Inspector, KindSet, Object, Profile, Severity, Tracer, Traffic,
};

use crate::cli::conv2d::is_stdout;
use crate::cli::failure::exit;
use crate::cli::{Failure, Output};

/// Flags for a look inside.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Look for faults that a card does not tell: all kinds, or those named (uninit, wait, race, bounds, misaligned,
    /// hazard, encoding, single codes, all with notes); exit code 8 if there are any.
    #[arg(long, value_name = "KIND,…", num_args = 0..=1, require_equals = true, default_missing_value = "default",
        value_parser = kinds, help_heading = "Look inside (emu)")]
    check: Option<KindSet>,
    /// Print what was executed: instructions by unit, memory traffic, bank conflicts, active lanes.
    #[arg(long, help_heading = "Look inside (emu)")]
    stats: bool,
    /// Write the disassembly with executions, their share and active lanes of each instruction; `-` is stdout.
    #[arg(long, value_name = "FILE", help_heading = "Look inside (emu)")]
    profile: Option<PathBuf>,
    /// Write a line for each instruction executed, with the registers that it changed.
    #[arg(long, value_name = "FILE", help_heading = "Look inside (emu)")]
    trace: Option<PathBuf>,
    /// Trace this workgroup only.
    #[arg(long, value_name = "X[,Y[,Z]]", value_parser = position, requires = "trace",
        help_heading = "Look inside (emu)")]
    trace_group: Option<[u32; 3]>,
    /// Trace this wave of each workgroup only.
    #[arg(long, value_name = "N", requires = "trace", help_heading = "Look inside (emu)")]
    trace_wave: Option<u32>,
    /// Trace addresses from A to below B only, as the disassembly has them.
    #[arg(long, value_name = "A..B", value_parser = range, requires = "trace", help_heading = "Look inside (emu)")]
    trace_pcs: Option<(u64, u64)>,
    /// Stop tracing after so many lines.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, requires = "trace", help_heading = "Look inside (emu)")]
    trace_lines: u64,
}

fn kinds(text: &str) -> Result<KindSet, String> {
    KindSet::parse(text)
        .map_err(|name| format!("`{name}` is none of {}, nor the code of a finding", KindSet::GROUPS.join(", ")))
}

/// `4`, `4,2` or `4,2,1`.
fn position(text: &str) -> Result<[u32; 3], String> {
    let mut at = [0; 3];
    let parts: Vec<&str> = text.split(',').collect();
    if parts.len() > 3 {
        return Err("three numbers at the most: X,Y,Z".into());
    }
    for (place, part) in at.iter_mut().zip(parts) {
        *place = part.trim().parse().map_err(|e| format!("`{part}`: {e}"))?;
    }
    Ok(at)
}

/// `0x1700..0x1780`.
fn range(text: &str) -> Result<(u64, u64), String> {
    let number = |text: &str| match text.trim().strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).map_err(|e| format!("`{text}`: {e}")),
        None => text.trim().parse().map_err(|e| format!("`{text}`: {e}")),
    };
    let (from, to) = text.split_once("..").ok_or("two addresses: A..B")?;
    match (number(from)?, number(to)?) {
        (from, to) if from >= to => Err("there is nothing from A to below B: A must be the lower address".into()),
        range => Ok(range),
    }
}

/// A look inside of a run.
pub struct Inside {
    inspection: Inspection,
    stats: bool,
    profile: Option<PathBuf>,
}

impl Args {
    /// Whether anything of it is asked for: only the software device can answer.
    pub fn wanted(&self) -> bool {
        self.check.is_some() || self.stats || self.profile.is_some() || self.trace.is_some()
    }

    /// Whether the profile takes standard output.
    pub fn to_stdout(&self) -> bool {
        self.profile.as_deref().is_some_and(is_stdout)
    }

    /// Refuses to trace what a launch of `grid` workgroups of `waves` waves each does not have.
    pub fn check_launch(&self, grid: [u32; 3], waves: u32) -> Result<(), Failure> {
        let [x, y, z] = grid;
        if let Some([a, b, c]) = self.trace_group.filter(|at| at.iter().zip(grid).any(|(&at, n)| at >= n)) {
            return Err(Failure::usage(
                format!("--trace-group {a},{b},{c} is outside the grid"),
                format!("it has {x}x{y}x{z} workgroups, which count from 0,0,0 to {},{},{}", x - 1, y - 1, z - 1),
                "name one of them",
            ));
        }
        if let Some(wave) = self.trace_wave.filter(|&wave| wave >= waves) {
            return Err(Failure::usage(
                format!("--trace-wave {wave} is outside a workgroup"),
                format!("it has {waves} wave{}, counted from 0", if waves == 1 { "" } else { "s" }),
                "name one of them",
            ));
        }
        Ok(())
    }

    /// Opens the files.
    pub fn open(&self) -> Result<Option<Inside>, Failure> {
        if !self.wanted() {
            return Ok(None);
        }
        let checker = self.check.map(|kinds| Checker::new(Config { kinds, ..Config::default() }));
        let profile = (self.stats || self.profile.is_some()).then(Profile::new);
        let tracer = match &self.trace {
            None => None,
            Some(path) => {
                let file = File::create(path).map_err(|e| unwritable(path, &e))?;
                let filter = Filter {
                    workgroup: self.trace_group,
                    wave: self.trace_wave,
                    pcs: self.trace_pcs,
                    max_lines: self.trace_lines,
                    ..Filter::default()
                };
                Some(Tracer::new(filter, Box::new(BufWriter::new(file))))
            }
        };
        let inspection = Inspection::new(Inspector::new(checker, profile, tracer));
        Ok(Some(Inside { inspection, stats: self.stats, profile: self.profile.clone() }))
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::file(
        "unwritable-file",
        format!("{} cannot be written", path.display()),
        error.to_string(),
        "check the folder, its permissions and the free space",
    )
}

/// What was seen.
pub struct Seen {
    /// Findings, with the file's addresses.
    findings: Vec<Finding>,
    checked: bool,
    dropped: u64,
    incomplete: bool,
    profile: Option<Profile>,
}

impl Inside {
    /// What the device is built with.
    pub fn inspection(&self) -> Inspection {
        self.inspection.clone()
    }

    /// The kernel is loaded, its file's address 0 at `base`, its groups ask for so much LDS, and its buffers lie at these
    /// addresses.
    pub fn place(&self, base: u64, lds_bytes: u32, buffers: impl Iterator<Item = (Object, String)>) {
        self.inspection.with(|i| {
            if let Some(t) = &mut i.tracer {
                t.set_filter(Filter { base, ..t.filter() });
            }
            if let Some(c) = &mut i.checker {
                c.set_lds_bytes(lds_bytes);
                buffers.for_each(|(object, name)| c.name_object(object, name));
            }
        });
    }

    /// Takes the results, and writes the files.
    pub fn finish(&self, base: u64, out: &Output) -> Result<Seen, Failure> {
        let (checker, profile, tracer) =
            self.inspection.with(|i| (i.checker.take(), i.profile.take(), i.tracer.take()));
        if let Some(mut tracer) = tracer {
            tracer.finish().map_err(|e| unwritable(Path::new("the trace"), &e))?;
        }
        if let (Some(path), Some(profile)) = (&self.profile, &profile) {
            let text = profile.annotated(base);
            let done = match is_stdout(path) {
                true => out.text(&text),
                false => File::create(path).and_then(|mut f| f.write_all(text.as_bytes())),
            };
            done.map_err(|e| unwritable(path, &e))?;
        }
        let findings = checker.iter().flat_map(|c| c.findings()).map(|f| f.based(base)).collect();
        Ok(Seen {
            findings,
            checked: checker.is_some(),
            dropped: checker.as_ref().map_or(0, Checker::dropped),
            incomplete: checker.as_ref().is_some_and(Checker::incomplete),
            profile: profile.filter(|_| self.stats),
        })
    }
}

impl Seen {
    /// For people, below the result.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if let Some(p) = &self.profile {
            text += &format!("\n{}", p.summary());
        }
        for f in &self.findings {
            text += &format!("\n{f}\n");
        }
        if self.dropped > 0 {
            text += &format!("\nand {} more, which were not kept\n", self.dropped);
        }
        if self.incomplete {
            text += "\nRecords of who touched memory reached their limit: there may be more races.\n";
        }
        if self.checked && self.findings.is_empty() {
            text += "\nno findings\n";
        }
        text
    }

    /// As members of the document.
    pub fn members(&self) -> Value {
        let findings: Option<Vec<Value>> = self.checked.then(|| self.findings.iter().map(finding).collect());
        json!({
            "findings": findings,
            "findings_dropped": self.dropped,
            "findings_incomplete": self.incomplete,
            "stats": self.profile.as_ref().map(stats),
        })
    }

    /// The failure that findings are, notes apart.
    pub fn failure(&self, file: &Path) -> Option<Failure> {
        let bad = self.findings.iter().filter(|f| f.severity() > Severity::Note);
        let first = bad.clone().next()?;
        let n = bad.count();
        Some(Failure {
            exit: exit::LINT,
            code: first.code().into(),
            what: format!("the check found {n} fault{}", if n == 1 { "" } else { "s" }),
            evidence: format!("{}, in {}", first.kind.says(), first.site),
            next: format!("{}; addresses are those of `sparkle-pm4 disasm {}`", first.hint(), file.display()),
        })
    }
}

fn finding(f: &Finding) -> Value {
    let site = |s: &sparkle_pm4::soft::check::Site| json!({ "pc": s.pc, "instruction": s.instruction, "workgroup": s.workgroup, "wave": s.wave });
    json!({
        "code": f.code(),
        "severity": f.severity().name(),
        "message": f.kind.says(),
        "site": site(&f.site),
        "lane": f.lane,
        "lanes": f.lane.map(|_| format!("{:#x}", f.lanes)),
        "register": f.register,
        "memory": f.memory.map(|m| json!({
            "space": format!("{:?}", m.space).to_lowercase(),
            "address": m.at,
            "bytes": m.len,
        })),
        "other": f.other.as_ref().map(site),
        "detail": f.detail,
        "count": f.count,
        "hint": f.hint(),
    })
}

fn stats(p: &Profile) -> Value {
    let traffic = |t: &Traffic| {
        json!({
            "read_bytes": t.read_bytes,
            "written_bytes": t.written_bytes,
            "atomic_bytes": t.atomic_bytes,
            "accesses": t.accesses,
        })
    };
    let (groups, waves) = p.groups_and_waves();
    let (active, lanes) = p.lanes();
    let units: serde_json::Map<String, Value> =
        p.units().into_iter().map(|(u, n)| (u.name().to_lowercase(), n.into())).collect();
    let mnemonics: serde_json::Map<String, Value> =
        p.mnemonics().into_iter().map(|(m, n)| (m.to_owned(), n.into())).collect();
    json!({
        "instructions": p.instructions(),
        "groups": groups,
        "waves": waves,
        "units": units,
        "mnemonics": mnemonics,
        "active_lanes": active,
        "lanes": lanes,
        "branches": p.branches[0],
        "branches_taken": p.branches[1],
        "barriers": p.barriers,
        "vector": traffic(&p.global),
        "vector_lines": p.vector_lines,
        "scalar": traffic(&p.scalar),
        "lds": traffic(&p.lds),
        "scratch": traffic(&p.scratch),
        "lds_instructions": p.lds_instructions,
        "lds_cycles": p.lds_cycles,
        "lds_conflict_cycles": p.lds_conflicts,
    })
}

#[cfg(test)]
mod tests {
    use super::{kinds, position, range};

    #[test]
    fn what_flags_say() {
        assert_eq!(position("4"), Ok([4, 0, 0]));
        assert!(position("1,2,3,4").is_err());
        assert_eq!(range("0x10..0x20"), Ok((16, 32)));
        assert!(range("16").is_err());
        assert!(range("5..1").is_err() && range("0x10..16").is_err());
        assert!(kinds("race,uninit").is_ok());
        assert!(kinds("races").is_err_and(|e| e.starts_with("`races` is none of all, default")));
    }
}
