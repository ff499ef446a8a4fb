//! Measured choices of the cpu engine's algorithms: where they are kept, and the flags for it.

use std::path::{Path, PathBuf};

use sparkle_pm4::cpu::{CpuError, Tuning};

use super::{Failure, Output, environment};

/// Flags of commands that use what `tune` has remembered.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    #[command(flatten)]
    memory: Memory,
    /// Choose algorithms by the cost model alone: `--tuning off`.
    #[arg(long, conflicts_with = "tuning", help_heading = "Tuning")]
    no_tune: bool,
}

/// Where choices are kept.
#[derive(Debug, Clone, clap::Args)]
pub struct Memory {
    /// Where `tune` keeps measured choices, or `off` [default: tuning in SPARKLE_CACHE_DIR or ~/.cache/sparkle-pm4].
    #[arg(long, value_name = "FILE|off", help_heading = "Tuning")]
    tuning: Option<PathBuf>,
}

impl Memory {
    /// The file; `None` where it is switched off, or where there is no folder for it.
    pub fn path(&self) -> Option<PathBuf> {
        let variable = || std::env::var_os(environment::TUNING).filter(|v| !v.is_empty()).map(PathBuf::from);
        match self.tuning.clone().or_else(variable) {
            Some(path) if path == Path::new("off") => None,
            Some(path) => Some(path),
            None => Some(environment::cache_folder()?.join("tuning")),
        }
    }
}

impl Args {
    /// The choices for this machine; without those that cannot be read, which a note says.
    pub fn load(&self, out: &Output) -> Tuning {
        let Some(path) = self.memory.path().filter(|_| !self.no_tune) else { return Tuning::default() };
        Tuning::load(&path).unwrap_or_else(|error| {
            let what = described(&path, &error);
            out.note(&format!(
                "{what}; the cost model chooses (--no-tune says nothing, `tune conv2d --forget` removes it)"
            ));
            Tuning::default()
        })
    }
}

/// An error with the file's name, each once.
fn described(path: &Path, error: &CpuError) -> String {
    match error {
        CpuError::TuningFile { .. } => error.to_string(),
        _ => format!("{}: {error}", path.display()),
    }
}

/// A file that cannot be used, where that is what the command is for.
pub fn failure(path: &Path, error: &CpuError) -> Failure {
    Failure::file(
        error.code(),
        "the choices cannot be remembered",
        described(path, error),
        format!("{}; `--tuning FILE` names another, `--tuning off` none, `--forget` removes it", error.hint()),
    )
}
