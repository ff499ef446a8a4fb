//! Finding the assembler and linker.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The first LLVM whose gfx11 assembler these sources are written for, and whose output is checked in.
const REFERENCE: u32 = 19;

/// The tools of one LLVM.
pub(crate) struct Llvm {
    dir: PathBuf,
    /// Debian's PATH has `llvm-mc-19` where a folder of its own has `llvm-mc`.
    suffix: String,
    /// The major version.
    pub(crate) version: u32,
}

impl Llvm {
    /// Looks in `$SPARKLE_LLVM`, then in Debian's folders, then on PATH.
    pub(crate) fn find() -> Result<Self, String> {
        let mut seen = Vec::new();
        let plain = |dir: PathBuf| (dir, String::new());
        let candidates: Vec<(PathBuf, String)> = match std::env::var_os("SPARKLE_LLVM") {
            Some(dir) => vec![plain(dir.into())],
            None => {
                let versions = REFERENCE..REFERENCE + 10;
                let own = versions.clone().map(|v| plain(format!("/usr/lib/llvm-{v}/bin").into()));
                let path = std::env::var_os("PATH").unwrap_or_default();
                let path: Vec<PathBuf> = std::env::split_paths(&path).collect();
                let suffixed = versions.flat_map(|v| path.iter().map(move |d| (d.clone(), format!("-{v}"))));
                own.chain(suffixed).chain(path.iter().cloned().map(plain)).collect()
            }
        };
        for (dir, suffix) in candidates {
            let mut llvm = Self { dir, suffix, version: 0 };
            let Some(version) = version(&llvm.tool("llvm-mc")) else { continue };
            if version < REFERENCE {
                seen.push(format!("{} is version {version}", llvm.tool("llvm-mc").display()));
            } else if let Some(absent) = ["ld.lld", "llvm-objcopy"].iter().find(|t| !llvm.tool(t).is_file()) {
                seen.push(format!("{} has no {absent}", llvm.dir.display()));
            } else {
                llvm.version = version;
                if version != REFERENCE {
                    eprintln!("warning: LLVM {version} found; the objects checked in are LLVM {REFERENCE}'s");
                }
                return Ok(llvm);
            }
        }
        let seen = if seen.is_empty() { String::new() } else { format!(" ({})", seen.join("; ")) };
        Err(format!("no LLVM {REFERENCE} or later{seen}"))
    }

    /// The path of a tool.
    pub(crate) fn tool(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}{}", self.suffix))
    }

    /// Runs a tool; its messages are the error.
    pub(crate) fn run(&self, name: &str, args: &[&str]) -> Result<(), String> {
        let tool = self.tool(name);
        let output = Command::new(&tool).args(args).output().map_err(|e| format!("{}: {e}", tool.display()))?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!("{} failed:\n{}", tool.display(), String::from_utf8_lossy(&output.stderr)))
    }
}

/// The major version that `TOOL --version` states, or `None` when there is no such tool.
fn version(tool: &Path) -> Option<u32> {
    let output = Command::new(tool).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let at = text.find("LLVM version ")? + "LLVM version ".len();
    text[at..].split('.').next()?.trim().parse().ok()
}
