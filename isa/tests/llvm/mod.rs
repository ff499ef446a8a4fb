//! LLVM 19's tools, for comparison.
#![allow(dead_code)]
use isa::asm::expr::{self, Expr};
use isa::asm::{Encoded, Fixup, FixupKind, Symbols, SyntaxError, Target};
use std::cell::RefCell;
use std::collections::HashMap;
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

fn is_local(word: &str) -> bool {
    let digits = word.trim_end_matches(['f', 'b']);
    word.len() == digits.len() + 1 && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Instructions as llvm-mc encodes them, one by one: so that a file is judged apart from the instructions in it.
#[derive(Default)]
pub struct Instructions {
    known: RefCell<HashMap<String, Option<Encoded>>>,
    asked: RefCell<Vec<String>>,
}

impl Instructions {
    /// For [`isa::asm::assemble_with`]. What isn't known yet is taken for `s_nop 0` and asked for.
    pub fn encode(&self, text: &str, _: &Target, symbols: &dyn Symbols) -> Result<Encoded, SyntaxError> {
        let mut words = [0; 8];
        words[0] = 0xbf80_0000;
        match self.known.borrow().get(text) {
            Some(Some(e)) => {
                let mut e = e.clone();
                if let Some(f) = &mut e.fixup
                    && let Expr::Symbol { name: expr::Name::Text(name), .. } = &f.expr
                    && let Some(v) = symbols.absolute(name)
                {
                    if f.kind == FixupKind::Branch {
                        e.words[0] |= v as u16 as u32;
                    } else {
                        e.words[f.dw as usize] = v as u32;
                    }
                    e.fixup = None;
                }
                Ok(e)
            }
            Some(None) => Err(SyntaxError::new(0, text.len().min(4), "llvm-mc refuses it")),
            None => {
                self.asked.borrow_mut().push(text.to_string());
                Ok(Encoded { words, len_dw: 1, fixup: None, vgprs: 0, sgprs: 0 })
            }
        }
    }

    /// Asks llvm-mc for what has been asked of this; answers whether that was anything.
    pub fn learn(&self) -> bool {
        let mut asked = std::mem::take(&mut *self.asked.borrow_mut());
        asked.sort();
        asked.dedup();
        // A local label must exist: it gets a name for this.
        let rename = |text: &String| {
            let text = text.replace('\n', " ");
            match text.rsplit_once([' ', '\t']) {
                Some((rest, last)) if is_local(last) => format!("{rest} zz_{last}\n"),
                _ => text + "\n",
            }
        };
        let source = asked.iter().map(rename).collect::<String>();
        let (_, out, errors) = run("llvm-mc", &[MC[0], MC[1], "-show-encoding"], source.as_bytes());
        let bad: Vec<usize> =
            errors.lines().filter_map(|l| l.strip_prefix("<stdin>:")?.split(':').next()?.parse().ok()).collect();
        let out = String::from_utf8_lossy(&out);
        let mut found: Vec<Encoded> = Vec::new();
        for line in out.lines() {
            if let Some((text, encoding)) = line.split_once("encoding: [") {
                let bytes: Vec<u8> = encoding
                    .trim_end_matches(']')
                    .split(',')
                    .map(|b| u8::from_str_radix(b.trim_start_matches("0x"), 16).unwrap_or(0))
                    // A fixup is printed as a letter in its place.
                    .zip(encoding.split(','))
                    .map(|(b, t)| if t.starts_with("0x") { b } else { 0 })
                    .collect();
                let mut words = [0; 8];
                for (w, b) in words.iter_mut().zip(bytes.chunks(4)) {
                    *w = b.iter().rev().fold(0, |v, &b| v << 8 | u32::from(b));
                }
                let count = |kind: char| {
                    let mut most = 0;
                    for (n, _) in text.match_indices(kind) {
                        let before = text[..n].chars().last().unwrap_or(' ');
                        let rest = text[n + 1..].trim_start_matches('[');
                        let ranged = text[n + 1..].starts_with('[');
                        if before.is_alphanumeric() || before == '_' {
                            continue;
                        }
                        let number = |t: &str| t.split(|c: char| !c.is_ascii_digit()).next().unwrap_or("").parse().ok();
                        let first: Option<u16> = number(rest);
                        let last = rest.split_once(':').filter(|_| ranged).and_then(|(_, t)| number(t));
                        most = most.max(last.or(first).map_or(0, |v| v + 1));
                    }
                    most
                };
                let (vgprs, sgprs) = (count('v'), count('s'));
                found.push(Encoded { words, len_dw: (bytes.len() / 4) as u8, fixup: None, vgprs, sgprs });
            } else if let Some((_, rest)) = line.split_once("offset: ") {
                let (offset, rest) = rest.split_once(", value: ").expect("LLVM prints a value");
                let (value, kind) = rest.split_once(", kind: ").expect("LLVM prints a kind");
                let (expr, _) = expr::parse(&value.replace("zz_", ""), 0, &()).expect("LLVM prints an expression");
                let kind = if kind == "fixup_si_sopp_br" { FixupKind::Branch } else { FixupKind::Literal };
                let dw = offset.parse::<u8>().expect("LLVM prints a number") / 4;
                let last = found.last_mut().expect("a fixup follows an encoding");
                last.fixup = Some(Fixup { kind, dw, expr, at: 0, len: 0 });
            }
        }
        let mut found = found.into_iter();
        let mut known = self.known.borrow_mut();
        let any = !asked.is_empty();
        for (n, text) in asked.into_iter().enumerate() {
            let encoded = if bad.contains(&(n + 1)) { None } else { found.next() };
            known.insert(text, encoded);
        }
        any
    }
}
