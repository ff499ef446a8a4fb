//! Hang bundles: a folder with all that is known of work that the device gave up.
//!
//! | file | what |
//! |---|---|
//! | `report.txt` | for people: what happened, waves, registers, the streams as a listing |
//! | `report.json` | the same for programs, schema [`HANG_SCHEMA`] |
//! | `submission.json` | what was submitted, as a [`Bundle`]; absent where it is not known any more |

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pm4::submission::{Located, Submission};
use serde_json::{Value, json};

use super::bundle::{Bundle, CaptureError, MAX_FILE_BYTES, Member, parse, print, read, write};
use crate::exec::{Engine, Hang, HangKind};
use crate::kmd::{Heap, ResetFlags, WaveActivity, WaveReport};

/// The `schema` of `report.json`.
pub const HANG_SCHEMA: &str = "sparkle-pm4/hang/1";
/// The files of a hang bundle.
const REPORT: &str = "report.json";
const TEXT: &str = "report.txt";
const SUBMISSION: &str = "submission.json";
/// Columns of the report for people; listings have more.
const COLUMNS: usize = 100;
/// Waves of a report that are read at most.
const MAX_WAVES: usize = 1 << 12;

/// A hang bundle could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HangError {
    /// A file that can't be read.
    #[error("{}: {error}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file that is not what it should be.
    #[error("{}: {error}", path.display())]
    Capture {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        error: CaptureError,
    },
}

impl HangError {
    /// A stable name for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "hang-file",
            Self::Capture { error, .. } => error.code(),
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::File { .. } => "give a folder that `--on-hang` wrote, or a bundle of `pm4 dump` or `--dump-pm4`",
            Self::Capture { error, .. } => error.hint(),
        }
    }
}

/// A hang bundle, as far as running it again needs it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HangRecord {
    /// What became of the work.
    pub kind: HangKind,
    /// What the device said.
    pub reason: String,
    /// Which engine it was, by its label: `hw` or `emu`.
    pub engine: Option<String>,
    /// What was running, in a line.
    pub title: Option<String>,
    /// The wave that was to blame or, of a hang, the first one that was under way: dispatch, workgroup, wave, and the
    /// address that it stood at.
    pub wave: Option<HangPlace>,
    /// What was submitted, where it was known.
    pub bundle: Option<Bundle>,
}

/// Where a wave stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HangPlace {
    /// Which dispatch of the submission, from 1.
    pub dispatch: u32,
    /// Its workgroup.
    pub workgroup: [u32; 3],
    /// Which wave of the workgroup.
    pub wave: u32,
    /// Its program counter.
    pub pc: u64,
}

impl From<&WaveReport> for HangPlace {
    fn from(wave: &WaveReport) -> Self {
        Self { dispatch: wave.dispatch, workgroup: wave.workgroup, wave: wave.wave, pc: wave.pc }
    }
}

/// Writes a hang bundle into a new folder; its parents are made as needed. `title` says in a line what was running.
///
/// # Errors
/// A folder that exists already, or that can't be written.
pub fn write_hang(hang: &Hang, folder: &Path, title: Option<&str>) -> io::Result<()> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::create_dir(folder)?;
    let engine = hang.device().map(|device| device.engine.label().to_owned());
    if let Some(submission) = hang.submission() {
        let bundle = Bundle { engine, title: title.map(str::to_owned), ..Bundle::new(submission.clone()) };
        fs::write(folder.join(SUBMISSION), write(&bundle))?;
    }
    let mut report = String::new();
    print(&document(hang, title), 0, &mut report);
    report.push('\n');
    fs::write(folder.join(REPORT), report)?;
    fs::write(folder.join(TEXT), text(hang, title))
}

/// Reads a hang bundle.
///
/// # Errors
/// A file that is absent or can't be read, and what is wrong with its content.
pub fn read_hang(folder: &Path) -> Result<HangRecord, HangError> {
    let path = folder.join(REPORT);
    let bytes = load(&path)?;
    let mut record = parse(&bytes, HANG_SCHEMA)
        .and_then(|document| record(&Member::root(&document)))
        .map_err(|error| HangError::Capture { path, error })?;
    let path = folder.join(SUBMISSION);
    if path.exists() {
        let bytes = load(&path)?;
        record.bundle = Some(read(&bytes).map_err(|error| HangError::Capture { path, error })?);
    }
    Ok(record)
}

fn load(path: &Path) -> Result<Vec<u8>, HangError> {
    let refuse = |error| HangError::File { path: path.to_owned(), error };
    let length = fs::metadata(path).map_err(refuse)?.len();
    if length > MAX_FILE_BYTES as u64 {
        let error = CaptureError::FileTooLong { bytes: usize::try_from(length).unwrap_or(usize::MAX) };
        return Err(HangError::Capture { path: path.to_owned(), error });
    }
    fs::read(path).map_err(refuse)
}

fn record(root: &Member<'_>) -> Result<HangRecord, CaptureError> {
    let known = [
        "schema",
        "tool",
        "title",
        "kind",
        "reason",
        "engine",
        "fence",
        "errno",
        "context",
        "behind",
        "vram_lost",
        "driver",
        "device",
        "firmware",
        "memory",
        "page_fault",
        "status",
        "registers",
        "waves",
        "more_waves",
    ];
    let object = root.object(&known)?;
    let waves = object.option("waves", |m| m.list(MAX_WAVES)?.iter().map(place).collect::<Result<Vec<_>, _>>())?;
    Ok(HangRecord {
        kind: object.get("kind")?.one_of(&HangKind::ALL, HangKind::name)?,
        reason: object.get("reason")?.text()?.to_owned(),
        engine: object.option("engine", |m| m.name())?,
        title: object.option("title", |m| m.name())?,
        wave: waves.and_then(|waves| waves.into_iter().next()),
        bundle: None,
    })
}

fn place(member: &Member<'_>) -> Result<HangPlace, CaptureError> {
    let known = [
        "dispatch",
        "workgroup",
        "wave",
        "activity",
        "pc",
        "instruction",
        "where",
        "exec",
        "vcc",
        "m0",
        "scc",
        "mode",
        "sgprs",
    ];
    let object = member.object(&known)?;
    object.get("activity")?.one_of(&WaveActivity::ALL, WaveActivity::name)?;
    Ok(HangPlace {
        dispatch: object.get("dispatch")?.u32()?,
        workgroup: object.get("workgroup")?.array(Member::u32)?,
        wave: object.get("wave")?.u32()?,
        pc: object.get("pc")?.u64()?,
    })
}

fn hex(value: u64) -> String {
    format!("{value:#x}")
}

/// A place in a buffer: `code of saxpy+0x120`.
fn locate(submission: Option<&Submission>, va: u64) -> Option<String> {
    match submission?.buffers.locate(va) {
        Located::In(buffer, offset) => Some(format!("{}+{offset:#x}", buffer.name)),
        Located::Nowhere { .. } => None,
    }
}

fn flags(flags: ResetFlags) -> Vec<String> {
    flags.iter_names().map(|(name, _)| name.to_lowercase().replace('_', "-")).collect()
}

fn wave(wave: &WaveReport, submission: Option<&Submission>) -> Value {
    json!({
        "dispatch": wave.dispatch,
        "workgroup": wave.workgroup,
        "wave": wave.wave,
        "activity": wave.activity.name(),
        "pc": hex(wave.pc),
        "instruction": wave.instruction,
        "where": locate(submission, wave.pc),
        "exec": hex(wave.exec),
        "vcc": hex(wave.vcc),
        "m0": hex(wave.m0.into()),
        "scc": wave.scc,
        "mode": hex(wave.mode.into()),
        "sgprs": wave.sgprs.iter().map(|&s| hex(s.into())).collect::<Vec<_>>(),
    })
}

fn document(hang: &Hang, title: Option<&str>) -> Value {
    let device = hang.device();
    let told = hang.explanation();
    let heap = |heap: &Heap| json!({ "total_bytes": heap.total, "used_bytes": heap.used });
    json!({
        "schema": HANG_SCHEMA,
        "tool": concat!("sparkle-pm4 ", env!("CARGO_PKG_VERSION")),
        "title": title,
        "kind": hang.kind().name(),
        "reason": hang.reason(),
        "engine": device.map(|d| d.engine.label()),
        "fence": hang.fence().map(|(ring, seq)| json!({ "ring": ring.to_string(), "sequence": seq })),
        "errno": hang.errno().map(|errno| format!("{errno:?}")),
        "context": flags(hang.flags()),
        "behind": hang.behind(),
        "vram_lost": device.and_then(|d| d.vram_lost),
        "driver": device.map(|d| {
            let v = &d.driver;
            json!({ "name": v.driver, "version": format!("{}.{}.{}", v.major, v.minor, v.patch) })
        }),
        "device": device.map(|d| json!({
            "gfx": d.info.gfx_target,
            "chip": d.info.chip,
            "name": d.info.marketing_name,
            "pci_device": hex(d.info.device_id.into()),
            "pci_revision": hex(d.info.pci_revision.into()),
            "apu": d.info.is_apu,
            "shader_engines": d.info.shader_engines,
            "compute_units": d.info.active_cus,
        })),
        "firmware": device.map(|d| {
            let line = |f: &crate::kmd::Firmware| json!({ "name": f.name, "version": f.version, "feature": f.feature });
            d.firmware.iter().map(line).collect::<Vec<_>>()
        }),
        "memory": device.and_then(|d| d.memory.as_ref()).map(|m| json!({
            "vram": heap(&m.vram), "visible_vram": heap(&m.visible_vram), "gtt": heap(&m.gtt),
        })),
        "page_fault": device.and_then(|d| d.page_fault.as_ref()).map(|fault| json!({
            "va": hex(fault.addr), "status": hex(fault.status.into()), "vmhub": hex(fault.vmhub.into()),
            "where": locate(hang.submission(), fault.addr),
        })),
        "status": device.map(|d| d.status.iter().map(|(name, value)| json!([name, hex((*value).into())])).collect::<Vec<_>>()),
        "registers": told.map(|t| t.registers.iter().map(|(name, value)| json!([name, hex((*value).into())])).collect::<Vec<_>>()),
        "waves": told.map(|t| t.waves.iter().map(|w| wave(w, hang.submission())).collect::<Vec<_>>()),
        "more_waves": told.map(|t| t.more_waves),
    })
}

/// Clauses of a reason, a line each or, where they are long, several.
fn clauses(reason: &str) -> String {
    let mut out = String::new();
    for clause in reason.split_inclusive("; ") {
        let mut line = String::from(" ");
        for word in clause.split_whitespace() {
            if line.len() + word.len() + 1 > COLUMNS {
                out += &line;
                line = String::from("\n   ");
            }
            line.push(' ');
            line += word;
        }
        out += &line;
        out.push('\n');
    }
    out.trim_end().to_owned()
}

/// For people. Writing into a string does not fail.
fn text(hang: &Hang, title: Option<&str>) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    let what = match hang.kind() {
        HangKind::Hung => "The work hung",
        HangKind::Faulted => "The work did what is not allowed",
        HangKind::Cancelled => "Somebody else's reset cancelled the work",
        HangKind::Unfinished => "The work has not ended",
    };
    line(format!("{what}{}", title.map(|title| format!(": {title}")).unwrap_or_default()));
    line(clauses(hang.reason()));
    if let Some((ring, seq)) = hang.fence() {
        let errno = hang.errno().map(|errno| format!(", {errno:?}")).unwrap_or_default();
        line(format!("\nfence      {ring}, sequence {seq}{errno}; {} submissions behind it", hang.behind()));
    }
    let context = flags(hang.flags());
    line(format!("context    {}", if context.is_empty() { "no reset".to_owned() } else { context.join(", ") }));
    if let Some(device) = hang.device() {
        let (info, v) = (&device.info, &device.driver);
        line(format!(
            "device     {} ({}), {} {}, revision {:#x}, {} compute units",
            info.marketing_name,
            device.engine.label(),
            info.chip,
            info.gfx_target,
            info.pci_revision,
            info.active_cus
        ));
        line(format!("driver     {} {}.{}.{}", v.driver, v.major, v.minor, v.patch));
        line(format!("tool       sparkle-pm4 {}", env!("CARGO_PKG_VERSION")));
        let firmware: Vec<String> = device.firmware.iter().map(|f| format!("{} {:#x}", f.name, f.version)).collect();
        for (row, names) in firmware.chunks(5).enumerate() {
            line(format!("{:<10} {}", if row == 0 { "firmware" } else { "" }, names.join(", ")));
        }
        if let Some(fault) = &device.page_fault {
            let place = locate(hang.submission(), fault.addr).map(|at| format!(", {at}")).unwrap_or_default();
            line(format!("last fault {:#x}{place}, status {:#x} (of any process)", fault.addr, fault.status));
        }
        if !device.status.is_empty() {
            line("\nStatus registers when it was noticed".to_owned());
        }
        for (name, value) in &device.status {
            line(format!("  {name:<24} {value:#010x}"));
        }
    }
    if let Some(told) = hang.explanation() {
        if !told.waves.is_empty() {
            line("\nWaves".to_owned());
        }
        for w in &told.waves {
            let [x, y, z] = w.workgroup;
            let at = locate(hang.submission(), w.pc).map(|at| format!(" = {at}")).unwrap_or_default();
            let inst = w.instruction.as_deref().unwrap_or("no instruction");
            line(format!(
                "  dispatch {}, workgroup ({x}, {y}, {z}), wave {}: {}",
                w.dispatch,
                w.wave,
                w.activity.name()
            ));
            line(format!("    pc {:#x}{at}: {inst}", w.pc));
            let (exec, vcc, m0, scc) = (w.exec, w.vcc, w.m0, u8::from(w.scc));
            line(format!("    exec {exec:#x}, vcc {vcc:#x}, m0 {m0:#x}, scc {scc}, mode {:#x}", w.mode));
            for (row, sgprs) in w.sgprs.chunks(8).enumerate() {
                let values: Vec<String> = sgprs.iter().map(|s| format!("{s:08x}")).collect();
                line(format!("    s{:<3} {}", 8 * row, values.join(" ")));
            }
        }
        if told.more_waves != 0 {
            line(format!("  and {} more", told.more_waves));
        }
        if !told.registers.is_empty() {
            line("\nRegisters that the submission had written".to_owned());
        }
        for (name, value) in &told.registers {
            line(format!("  {name:<40} {value:#010x}"));
        }
    }
    match hang.submission() {
        None => line("\nThe submission is not known any more: its queue was dropped.".to_owned()),
        Some(submission) => streams(submission, &mut out),
    }
    out
}

/// The indirect buffers as listings, the buffers, and what is not there.
fn streams(submission: &Submission, out: &mut String) {
    for ib in &submission.ibs {
        let va = ib.va.map(|va| format!(" at {va:#x}")).unwrap_or_default();
        _ = writeln!(out, "\n{}{va}, {} dwords, {} ring", ib.name, ib.words.len(), submission.ring);
        let listing = pm4::Listing::new(&ib.words, ib.va);
        let listing = listing.with_ring(submission.ring).with_buffers(&submission.buffers);
        _ = write!(out, "{}", listing.with_kernels(&submission.kernels));
    }
    _ = writeln!(out, "\nBuffers: address, bytes, access, content in submission.json, name");
    for b in submission.buffers.buffers() {
        let known = b.content.len();
        _ = writeln!(out, "  {:#014x} {:>#12x} {} {known:>10} {}", b.va, b.bytes, b.access, b.name);
    }
}

impl HangRecord {
    /// Whether a run of it ended as the recorded one did: `None` where it can't be told, as of a card's, of which no
    /// waves are known.
    pub fn is_same(&self, now: &Hang) -> Option<bool> {
        let place = now.explanation().and_then(|told| told.waves.first()).map(HangPlace::from);
        match (self.kind, now.kind()) {
            (HangKind::Cancelled, _) => None,
            (HangKind::Unfinished, HangKind::Hung) => Some(true),
            (then, now) if self.engine.as_deref() == Some(Engine::Emu.label()) => {
                // Where a loop is stopped is chance; where a fault is, is not.
                let same_place = now != HangKind::Faulted
                    || match (self.wave, place) {
                        (Some(then), Some(now)) => then == now,
                        (None, None) => true,
                        _ => false,
                    };
                Some(then == now && same_place)
            }
            _ => None,
        }
    }
}
