//! `xtask isa-reference`: the pages that are checked in are what the rows say.

use std::process::Command;

#[test]
fn the_pages_are_what_the_rows_say() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).args(["isa-reference", "--check"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(lines.lines().count() == 5 && lines.lines().all(|l| l.ends_with("unchanged")), "{lines}");
}
