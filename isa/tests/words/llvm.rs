//! LLVM's assembler and disassembler, run over many instructions at once.
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// llvm-mc of version 19.
pub struct Mc(PathBuf);

impl Mc {
    /// `$SPARKLE_LLVM/llvm-mc`, else Debian's.
    pub fn find() -> Option<Mc> {
        let folder = std::env::var_os("SPARKLE_LLVM").map_or_else(|| "/usr/lib/llvm-19/bin".into(), PathBuf::from);
        Some(Mc(folder.join("llvm-mc"))).filter(|m| m.0.exists())
    }

    fn run(&self, cpu: &str, wave64: bool, extra: &[&str], input: String) -> (String, String) {
        let wave = if wave64 { "-wavefrontsize32,+wavefrontsize64" } else { "+wavefrontsize32,-wavefrontsize64" };
        let mut child = Command::new(&self.0)
            .args(["-triple=amdgcn-amd-amdhsa", &format!("-mcpu={cpu}"), &format!("-mattr={wave}")])
            .args(extra)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("llvm-mc starts");
        let mut stdin = child.stdin.take().unwrap();
        let feeder = std::thread::spawn(move || {
            // llvm-mc may stop reading; its answer says so.
            let _ = stdin.write_all(input.as_bytes());
        });
        let out = child.wait_with_output().expect("llvm-mc ends");
        feeder.join().unwrap();
        let text = |b: Vec<u8>| String::from_utf8_lossy(&b).into_owned();
        (text(out.stdout), text(out.stderr))
    }

    /// What LLVM prints for each of these, or nothing where it refuses the words or takes them for several instructions.
    pub fn disassemble(&self, cpu: &str, wave64: bool, list: &[Vec<u32>]) -> Vec<Option<String>> {
        // `s_nop` with the line's number stands after each, so that refused ones are noticed.
        let mut input = String::new();
        for (k, words) in list.iter().enumerate() {
            let bytes: Vec<String> = words.iter().flat_map(|w| w.to_le_bytes()).map(|b| format!("0x{b:02x}")).collect();
            let mark = 0xbf80_0000 | k as u32 & 0xffff;
            let mark: Vec<String> = mark.to_le_bytes().iter().map(|b| format!("0x{b:02x}")).collect();
            input += &format!("[{}]\n[{}]\n", bytes.join(","), mark.join(","));
        }
        let (out, _) = self.run(cpu, wave64, &["--disassemble"], input);
        let mut result = Vec::new();
        let mut since = Vec::new();
        for line in out.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('.')) {
            let line = line.split(" ;").next().unwrap().split("//").next().unwrap().trim();
            let number = line.strip_prefix("s_nop ").map(|n| match n.strip_prefix("0x") {
                Some(n) => u32::from_str_radix(n, 16).unwrap(),
                None => n.parse().unwrap(),
            });
            // An `s_nop` under test comes first and its mark second.
            if number == Some(result.len() as u32 & 0xffff) {
                result.push(if since.len() == 1 { since.pop() } else { None });
                since.clear();
            } else {
                since.push(line.split_whitespace().collect::<Vec<_>>().join(" "));
            }
        }
        assert_eq!(result.len(), list.len(), "llvm-mc lost a line");
        result
    }

    /// The words LLVM assembles each of these to, or its complaint.
    pub fn assemble(&self, cpu: &str, wave64: bool, list: &[String]) -> Vec<Result<Vec<u32>, String>> {
        let (out, err) = self.run(cpu, wave64, &["--show-encoding"], list.join("\n") + "\n");
        let mut result: Vec<Option<Result<Vec<u32>, String>>> = vec![None; list.len()];
        for line in err.lines() {
            let Some((at, what)) = line.strip_prefix("<stdin>:").and_then(|l| l.split_once(": error: ")) else {
                continue;
            };
            let number: usize = at.split(':').next().unwrap().parse().unwrap();
            result[number - 1] = Some(Err(what.into()));
        }
        let mut encodings = out.lines().filter_map(|l| l.split_once("encoding: [")).map(|(_, e)| {
            let bytes: Vec<u8> = e
                .trim_end_matches(']')
                .split(',')
                .map(|b| u8::from_str_radix(b.trim().trim_start_matches("0x"), 16).expect("plain bytes"))
                .collect();
            bytes.chunks(4).map(|c| u32::from_le_bytes(c.try_into().unwrap())).collect::<Vec<_>>()
        });
        let done = result.into_iter().map(|r| r.unwrap_or_else(|| Ok(encodings.next().expect("one encoding a line"))));
        done.collect()
    }
}
