//! Environment variables: a flag goes first, and an empty variable counts as unset.

use std::path::PathBuf;

use super::{Failure, exit};

/// `auto`, `gpu`, `emu`, `cpu`, or a list of them.
pub const DEVICE: &str = "SPARKLE_DEVICE";
/// Which of several cards.
pub const DEVICE_HINT: &str = "SPARKLE_DEVICE_HINT";
/// Host threads of the cpu and emu engines.
pub const THREADS: &str = "SPARKLE_THREADS";
/// How long to wait for a fence.
pub const TIMEOUT_MS: &str = "SPARKLE_TIMEOUT_MS";
/// Whether streams are linted before they are submitted.
pub const LINT: &str = "SPARKLE_LINT";

/// Where this toolkit keeps what it remembers.
pub const CACHE_DIR: &str = "SPARKLE_CACHE_DIR";
/// The file of measured choices, or `off`.
pub const TUNING: &str = "SPARKLE_TUNING";

/// Where this toolkit keeps what it remembers: as the XDG base directories have it, unless `SPARKLE_CACHE_DIR` says otherwise.
pub fn cache_folder() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    variable(CACHE_DIR).or_else(|| {
        let base = variable("XDG_CACHE_HOME").filter(|path| path.is_absolute());
        Some(base.or_else(|| Some(variable("HOME")?.join(".cache")))?.join("sparkle-pm4"))
    })
}

/// The flag's value, else the variable's, parsed by `parse`.
pub fn flag_or<T>(
    flag: Option<T>,
    variable: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, Failure> {
    if flag.is_some() {
        return Ok(flag);
    }
    let Some(value) = std::env::var_os(variable).filter(|v| !v.is_empty()) else { return Ok(None) };
    let text = value.to_string_lossy();
    match parse(&text) {
        Ok(value) => Ok(Some(value)),
        Err(why) => Err(Failure {
            exit: exit::USAGE,
            code: "usage".into(),
            what: format!("the environment variable {variable} has a value that does not fit"),
            evidence: format!("{variable}={text}: {why}"),
            next: format!("correct or unset {variable}, or give the flag, which goes first"),
        }),
    }
}
