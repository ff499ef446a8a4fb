//! `xtask kernels`: what is checked in is what the sources assemble to, and the exit codes.

use std::process::Command;

fn xtask() -> Command {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
}

/// What `kernels --check` printed, which must have succeeded.
fn check(command: &mut Command) -> String {
    let output = command.args(["kernels", "--check"]).output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{err}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn objects_are_what_their_sources_assemble_to() {
    let lines = check(xtask().env("SPARKLE_LLVM", "/nonexistent"));
    assert!(lines.lines().next().is_some_and(|l| l.starts_with("skipped: the comparison with LLVM")), "{lines}");
    let kernels: Vec<&str> = lines.lines().skip(1).collect();
    assert!(kernels.len() >= 4 && kernels.iter().all(|l| l.ends_with("unchanged")), "{lines}");
}

#[test]
fn llvm_makes_the_same_objects() {
    let lines = check(&mut xtask());
    if lines.starts_with("skipped") {
        skip::skip!("{lines}");
        return;
    }
    assert!(lines.lines().count() >= 4 && lines.lines().all(|l| l.ends_with("unchanged, LLVM agrees")), "{lines}");
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for args in [&["bench"][..], &[], &["kernels", "--force"]] {
        let output = xtask().args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
    }
}
