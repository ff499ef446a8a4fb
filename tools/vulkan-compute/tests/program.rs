//! The program as a whole: on Mesa's software device where that is installed, and its refusals.
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::{Command, Output};

use skip::skip;

/// Where Debian's mesa-vulkan-drivers says how to load lavapipe.
const LAVAPIPE: &str = "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json";

fn run(driver: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_vulkan-compute"))
        .args(arguments)
        .env("VK_ICD_FILENAMES", driver)
        .env("VK_DRIVER_FILES", driver)
        .output()
        .expect("the program can be started");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (status.code(), text(stdout), text(stderr))
}

/// Whether lavapipe and a loader are installed.
fn has_lavapipe() -> bool {
    if !Path::new(LAVAPIPE).exists() {
        skip!("no lavapipe ({LAVAPIPE})");
        return false;
    }
    let (code, _, stderr) = run(LAVAPIPE, &["--only", "saxpy"]);
    if code == Some(2) {
        skip!("lavapipe can't be used: {stderr}");
    }
    code != Some(2)
}

#[test]
fn every_answer_of_lavapipe_is_right() {
    if !has_lavapipe() {
        return;
    }
    // Builds of other programs may have the machine's cores meanwhile.
    let (code, stdout, stderr) = run(LAVAPIPE, &["--device", "LLVMPIPE", "--timeout-s", "60"]);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    let (_, list, _) = run(LAVAPIPE, &["--list"]);
    // Lavapipe of Debian's older suites has no copies of images by the host.
    let ran = |name: &str| {
        let skipped = name == "image-host" && stdout.contains("skipped image-host: no copies of images by the host");
        skipped || stdout.lines().any(|line| line.starts_with(&format!("ok {name} ")))
    };
    let missing: Vec<&str> = list.lines().filter_map(|line| line.split(' ').next()).filter(|name| !ran(name)).collect();
    assert!(list.lines().count() > 50 && missing.is_empty(), "without an answer: {missing:?}");
}

#[test]
fn a_device_that_is_not_there_is_refused_with_those_that_are() {
    if !has_lavapipe() {
        return;
    }
    let (code, stdout, stderr) = run(LAVAPIPE, &["--device", "no such card"]);
    assert_eq!(code, Some(2));
    assert!(stdout.is_empty(), "{stdout}");
    assert!(stderr.contains("\"no such card\"") && stderr.contains("llvmpipe"), "{stderr}");
}

#[test]
fn unknown_checks_and_options_are_refused() {
    for arguments in [["--only", "no-such-check"], ["--timeout-s", "never"]] {
        let (code, stdout, stderr) = run(LAVAPIPE, &arguments);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.contains(arguments[1]), "{stderr}");
    }
}

#[test]
fn without_a_driver_nothing_is_claimed() {
    let (code, stdout, stderr) = run("/nowhere/driver.json", &[]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.starts_with("error: "), "{stderr}");
}
