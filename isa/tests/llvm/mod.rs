//! LLVM 19's tools, for comparison.
#![allow(dead_code)]
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A tool of LLVM 19; `None` where it isn't installed.
pub fn tool(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("SPARKLE_LLVM").map_or_else(|| PathBuf::from("/usr/lib/llvm-19/bin"), PathBuf::from);
    let path = folder.join(name);
    path.exists().then_some(path)
}

/// Runs a tool of LLVM 19 with `input` on its standard input: success, output, errors.
pub fn run(name: &str, args: &[&str], input: &[u8]) -> (bool, Vec<u8>, String) {
    let mut child = Command::new(tool(name).expect("checked by the caller"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("LLVM's tool starts");
    let mut stdin = child.stdin.take().expect("it was asked for");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let out = child.wait_with_output().expect("LLVM's tool ends");
    writer.join().expect("the writer ends");
    (out.status.success(), out.stdout, String::from_utf8_lossy(&out.stderr).into_owned())
}

const MC: [&str; 2] = ["-triple=amdgcn-amd-amdhsa", "-mcpu=gfx1100"];

/// The object that llvm-mc makes of a source, or its errors.
pub fn object(source: &str) -> Result<Vec<u8>, String> {
    let (ok, out, errors) = run("llvm-mc", &[MC[0], MC[1], "-filetype=obj"], source.as_bytes());
    if ok { Ok(out) } else { Err(errors) }
}
