//! `xtask kernels`: what is checked in is what the sources assemble to, and the exit codes.

use std::process::Command;

fn xtask() -> Command {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
}

#[test]
fn objects_are_what_their_sources_assemble_to() {
    let output = xtask().args(["kernels", "--check"]).output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(3) {
        skip::skip!("{err}");
        return;
    }
    if err.contains("warning: LLVM") {
        skip::skip!("{err}");
        return;
    }
    assert_eq!(output.status.code(), Some(0), "{err}");
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(lines.lines().count() >= 4 && lines.lines().all(|l| l.ends_with("unchanged")), "{lines}");
}

#[test]
fn a_missing_llvm_is_exit_code_3_and_says_so() {
    let output = xtask().args(["kernels"]).env("SPARKLE_LLVM", "/nonexistent").output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no LLVM 19"));
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for args in [&["bench"][..], &[], &["kernels", "--force"]] {
        let output = xtask().args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
    }
}
