//! Compiles the library that `sparkle-pm4 emulate` loads into programs, so that the executable can carry it.
//!
//! The library has no dependencies: one call of the compiler that builds this crate is enough.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=tools/preload/src");
    println!("cargo::rerun-if-changed=src/emulate/protocol.rs");
    if env::var_os("CARGO_FEATURE_EMULATE").is_none() {
        return;
    }
    let wanted = |name: &str| env::var_os(name).unwrap_or_else(|| panic!("cargo sets {name} for build scripts"));
    let out = PathBuf::from(wanted("OUT_DIR")).join("libsparkle_pm4_preload.so");
    let mut rustc = Command::new(wanted("RUSTC"));
    rustc.args(["--edition", "2024", "--crate-type", "cdylib", "--crate-name", "sparkle_pm4_preload"]);
    rustc.args(["-C", "opt-level=2", "-C", "panic=abort", "-C", "strip=symbols", "--target"]);
    rustc.arg(wanted("TARGET"));
    if let Some(linker) = env::var_os("RUSTC_LINKER") {
        let mut flag = std::ffi::OsString::from("linker=");
        flag.push(linker);
        rustc.arg("-C").arg(flag);
    }
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    rustc.args(flags.split('\x1f').filter(|f| !f.is_empty()));
    rustc.arg("-o").arg(&out).arg("tools/preload/src/lib.rs");
    let status = rustc.status().expect("the compiler that cargo names starts");
    assert!(status.success(), "the preload library doesn't compile: {rustc:?}");
    println!("cargo::rustc-env=SPARKLE_PM4_PRELOAD={}", out.display());
}
