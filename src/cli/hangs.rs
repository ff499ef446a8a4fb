//! What the command line does about work that a device gives up: a bundle, and what comes next.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::ValueEnum;
use sparkle_pm4::{Error, Fence, Hang, capture};

use super::{Output, environment};

/// What follows a hang.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum OnHang {
    /// The failure is reported.
    #[default]
    Fail,
    /// The device is opened again and does it once more; a second hang is reported.
    Retry,
    /// The cpu engine does it instead.
    Cpu,
}

/// Flags about hangs.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// When the device gives the work up or does not finish in time: report it, open the device again and retry once, or
    /// have the cpu engine do it.
    #[arg(long, value_enum, default_value_t, value_name = "fail|retry|cpu", help_heading = "Hangs")]
    pub on_hang: OnHang,
    /// Where a bundle of each hang goes, a folder each [default: hangs in SPARKLE_CACHE_DIR or ~/.cache/sparkle-pm4].
    #[arg(long, value_name = "DIR", help_heading = "Hangs")]
    hang_dir: Option<PathBuf>,
    /// Have bundles contain what buffers held before the work: it costs a read-back of each.
    #[arg(long, help_heading = "Hangs")]
    pub hang_data: bool,
}

impl Args {
    /// Whether an error is one that these flags are about.
    pub fn concerns(error: &anyhow::Error) -> bool {
        matches!(error.downcast_ref::<Error>(), Some(Error::DeviceLost(_) | Error::TimedOut))
    }

    /// Writes a bundle of an error that these flags are about, and says where it is.
    pub fn record(&self, error: &anyhow::Error, fence: &Fence, title: &str, out: &Output) {
        let late;
        let hang: &Hang = match error.downcast_ref::<Error>() {
            Some(Error::DeviceLost(hang)) => hang,
            Some(Error::TimedOut) => match fence.hang() {
                Ok(Some(hang)) => {
                    late = hang;
                    &late
                }
                // It ended meanwhile, or the device can't be asked any more.
                _ => return,
            },
            _ => return,
        };
        let Some(folder) =
            self.hang_dir.clone().or_else(|| environment::cache_folder().map(|cache| cache.join("hangs")))
        else {
            out.note("no hang bundle was written: there is no home folder; --hang-dir names one");
            return;
        };
        match write(hang, &folder, title) {
            Ok(path) => {
                let path = path.display();
                out.note(&format!("a hang bundle was written; `sparkle-pm4 replay {path}` runs it again"));
            }
            Err(error) => out.note(&format!("no hang bundle could be written into {}: {error}", folder.display())),
        }
    }
}

/// Into a folder of its own, named by the second and, of several in one second, by a number.
fn write(hang: &Hang, folder: &Path, title: &str) -> std::io::Result<PathBuf> {
    let second = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut number = 0;
    loop {
        let path = folder.join(match number {
            0 => format!("hang-{second}"),
            n => format!("hang-{second}-{n}"),
        });
        match capture::write_hang(hang, &path, Some(title)) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && number < 1000 => number += 1,
            done => return done.map(|()| path),
        }
    }
}
