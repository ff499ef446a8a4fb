//! Kernels compiled by clang and Triton, expected values from numpy (SPARKLE_TEST_DATA/cases).
mod common;
use common::*;
use isa_exec::*;
use std::collections::HashMap;
use std::path::Path;

/// A JSON value; the cases need no more than this.
#[derive(Debug, Clone)]
enum Json {
    Num(f64),
    Str(String),
    List(Vec<Json>),
    Map(HashMap<String, Json>),
    Other,
}

impl Json {
    fn parse(s: &mut std::iter::Peekable<std::str::Chars>) -> Json {
        let skip = |s: &mut std::iter::Peekable<std::str::Chars>| {
            while s.next_if(|c| c.is_whitespace() || *c == ',' || *c == ':').is_some() {}
        };
        skip(s);
        match s.next().unwrap() {
            '{' => {
                let mut m = HashMap::new();
                loop {
                    skip(s);
                    if s.next_if_eq(&'}').is_some() {
                        return Json::Map(m);
                    }
                    let Json::Str(k) = Json::parse(s) else { panic!("a key") };
                    m.insert(k, Json::parse(s));
                }
            }
            '[' => {
                let mut v = Vec::new();
                loop {
                    skip(s);
                    if s.next_if_eq(&']').is_some() {
                        return Json::List(v);
                    }
                    v.push(Json::parse(s));
                }
            }
            '"' => {
                let mut t = String::new();
                while let Some(c) = s.next_if(|c| *c != '"') {
                    t.push(if c == '\\' { s.next().unwrap() } else { c });
                }
                s.next();
                Json::Str(t)
            }
            c => {
                let mut t = c.to_string();
                while let Some(c) = s.next_if(|c| c.is_alphanumeric() || "+-.".contains(*c)) {
                    t.push(c);
                }
                t.parse().map_or(Json::Other, Json::Num)
            }
        }
    }
    fn get(&self, k: &str) -> Option<&Json> {
        if let Json::Map(m) = self { m.get(k) } else { None }
    }
    fn num(&self, k: &str) -> u64 {
        if let Some(Json::Num(n)) = self.get(k) { *n as u64 } else { 0 }
    }
    fn f(&self, k: &str) -> f64 {
        if let Some(Json::Num(n)) = self.get(k) { *n } else { 0.0 }
    }
    fn str(&self, k: &str) -> &str {
        if let Some(Json::Str(s)) = self.get(k) { s } else { "" }
    }
    fn list(&self, k: &str) -> &[Json] {
        if let Some(Json::List(s)) = self.get(k) { s } else { &[] }
    }
    fn dims(&self, k: &str) -> [u32; 3] {
        std::array::from_fn(|n| if let Some(Json::Num(x)) = self.list(k).get(n) { *x as u32 } else { 1 })
    }
}

fn le(b: &[u8], at: usize, n: usize) -> u64 {
    (0..n).fold(0, |v, k| v | (b[at + k] as u64) << (8 * k))
}

const CODE: u64 = 0x10_0000;

/// Loads the segments at [`CODE`], relocated; returns the descriptor's address.
fn load(elf: &[u8], mem: &mut Flat, descriptor: &str) -> u64 {
    let (phoff, phnum) = (le(elf, 32, 8) as usize, le(elf, 56, 2) as usize);
    let mut image = vec![0u8; 0];
    for k in 0..phnum {
        let p = phoff + 56 * k;
        if le(elf, p, 4) == 1 {
            let (off, va, fsz, msz) = (
                le(elf, p + 8, 8) as usize,
                le(elf, p + 16, 8) as usize,
                le(elf, p + 32, 8) as usize,
                le(elf, p + 40, 8) as usize,
            );
            image.resize(image.len().max(va + msz), 0);
            image[va..va + fsz].copy_from_slice(&elf[off..off + fsz]);
        }
    }
    let (shoff, shnum) = (le(elf, 40, 8) as usize, le(elf, 60, 2) as usize);
    let section = |k: usize| {
        let s = shoff + 64 * k;
        (le(elf, s + 4, 4), le(elf, s + 24, 8) as usize, le(elf, s + 32, 8) as usize, le(elf, s + 40, 4) as usize)
    };
    let mut found = None;
    let mut dynsym = 0;
    for k in 0..shnum {
        let (ty, off, size, link) = section(k);
        if ty == 11 {
            dynsym = off;
            let strings = section(link).1;
            for s in (off..off + size).step_by(24) {
                let name = &elf[strings + le(elf, s, 4) as usize..];
                let name = &name[..name.iter().position(|&b| b == 0).unwrap()];
                if name == descriptor.as_bytes() {
                    found = Some(CODE + le(elf, s + 8, 8));
                }
            }
        }
    }
    for k in 0..shnum {
        let (ty, off, size, _) = section(k);
        if ty == 4 {
            for r in (off..off + size).step_by(24) {
                let (at, info, add) = (le(elf, r, 8) as usize, le(elf, r + 8, 8), le(elf, r + 16, 8));
                let v = match info & 0xffff_ffff {
                    3 => CODE + le(elf, dynsym + 24 * (info >> 32) as usize + 8, 8) + add,
                    13 => CODE + add,
                    t => panic!("relocation {t}"),
                };
                image[at..at + 8].copy_from_slice(&v.to_le_bytes());
            }
        }
    }
    image.resize(image.len() + 256, 0);
    mem.add(CODE, image, true, true);
    found.expect("the kernel descriptor")
}

fn values(b: &[u8], dtype: &str) -> Vec<f64> {
    match dtype {
        "float32" => b.chunks_exact(4).map(|c| f32::from_le_bytes(c.try_into().unwrap()) as f64).collect(),
        "float64" => b.chunks_exact(8).map(|c| f64::from_le_bytes(c.try_into().unwrap())).collect(),
        "float16" => b.chunks_exact(2).map(|c| half(u16::from_le_bytes(c.try_into().unwrap()))).collect(),
        t => panic!("dtype {t}"),
    }
}

fn half(h: u16) -> f64 {
    let (e, m) = ((h >> 10 & 31) as i32, (h & 1023) as f64);
    let v = match e {
        0 => m * 2f64.powi(-24),
        31 if m == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + m / 1024.0) * 2f64.powi(e - 15),
    };
    if h >> 15 != 0 { -v } else { v }
}

fn run_case(dir: &Path, name: &str, on: On) -> Result<u64, String> {
    let base = dir.join(name);
    let text = std::fs::read_to_string(base.join("case.json")).map_err(|e| e.to_string())?;
    let case = Json::parse(&mut text.chars().peekable());
    let elf = std::fs::read(dir.join(case.str("hsaco"))).map_err(|e| e.to_string())?;
    let mut mem = Flat::default();
    let kd = load(&elf, &mut mem, case.str("descriptor_symbol"));
    let d = mem.at(CODE)[(kd - CODE) as usize..][..64].to_vec();
    let entry = kd.wrapping_add(le(&d, 16, 8));
    let (rsrc1, rsrc2, props) = (le(&d, 48, 4) as u32, le(&d, 52, 4) as u32, le(&d, 56, 2) as u32);
    let (grid, block) = (case.dims("grid_workgroups"), case.dims("workgroup_size"));
    let mut kernarg = vec![0u8; case.num("kernarg_size") as usize + 256];
    let mut checks = Vec::new();
    for (k, a) in case.list("args").iter().enumerate() {
        let off = a.num("offset") as usize;
        if a.str("kind") == "buffer" {
            let va = 0x1000_0000 * (k as u64 + 2);
            mem.add(va, std::fs::read(base.join(a.str("init"))).map_err(|e| e.to_string())?, true, false);
            kernarg[off..off + 8].copy_from_slice(&va.to_le_bytes());
            if !a.str("expected").is_empty() {
                checks.push((va, a.clone()));
            }
        } else if let Some(h) = a.get("hex").map(|_| a.str("hex")) {
            for n in 0..h.len() / 2 {
                kernarg[off + n] = u8::from_str_radix(&h[2 * n..2 * n + 2], 16).unwrap();
            }
        } else {
            let v: u64 = match a.str("value_kind") {
                "hidden_block_count_x" => grid[0] as u64,
                "hidden_block_count_y" => grid[1] as u64,
                "hidden_block_count_z" => grid[2] as u64,
                "hidden_group_size_x" => block[0] as u64,
                "hidden_group_size_y" => block[1] as u64,
                "hidden_group_size_z" => block[2] as u64,
                _ => 0,
            };
            let n = a.num("size") as usize;
            kernarg[off..off + n].copy_from_slice(&v.to_le_bytes()[..n]);
        }
    }
    let kernargs = 0x0040_0000_0000;
    mem.add(kernargs, kernarg, false, false);
    let scratch = 0x0050_0000_0000;
    let private = le(&d, 4, 4) as u32;
    mem.add(scratch, vec![0; 4 << 20], true, false);
    let wave = if props >> 10 & 1 != 0 { WaveSize::W32 } else { WaveSize::W64 };
    let mut user = Vec::new();
    for (bit, n) in [(0, 4), (1, 2), (2, 2), (3, 2), (4, 2), (5, 2), (6, 1)] {
        if props >> bit & 1 != 0 {
            if bit == 3 {
                user.extend([kernargs as u32, (kernargs >> 32) as u32]);
            } else {
                user.extend(vec![0u32; n]);
            }
        }
    }
    user.resize((rsrc2 >> 1 & 31) as usize, 0);
    let mut program = Program::new(entry, wave);
    on.choose(&mut program);
    // SPARKLE_TEST_REPEAT runs the grid that often again, for its speed; what works in place then fails.
    let repeat = common::random::asked("SPARKLE_TEST_REPEAT", 0);
    let mut first = 0;
    let mut count = 0;
    let mut start = common::cpu_seconds();
    let groups = grid.iter().product::<u32>() as u64;
    for n in 0..(repeat + 1) * groups {
        if n == groups {
            (first, start) = (count, common::cpu_seconds());
        }
        let n = (n % groups) as u32;
        let (x, y, z) = (n % grid[0], n / grid[0] % grid[1], n / grid[0] / grid[1]);
        let mut s = user.clone();
        for (bit, v) in [(7, x), (8, y), (9, z)] {
            if rsrc2 >> bit & 1 != 0 {
                s.push(v);
            }
        }
        let granule = if wave == WaveSize::W32 { 8 } else { 4 };
        let setup = GroupSetup {
            wave_size: wave,
            block,
            tidig_comp_cnt: (rsrc2 >> 11 & 3) as u8,
            threads: block.iter().product(),
            sgpr_init: &s,
            tg_size_sgpr: None,
            vgprs: ((rsrc1 & 63) + 1) * granule,
            lds_bytes: le(&d, 0, 4) as u32 + case.num("dynamic_lds_bytes") as u32,
            float_mode: (rsrc1 >> 12) as u8,
            dx10_clamp: rsrc1 >> 21 & 1 != 0,
            ieee: rsrc1 >> 23 & 1 != 0,
            fp16_ovfl: rsrc1 >> 26 & 1 != 0,
            workgroup: [x, y, z],
            scratch_base: scratch,
            scratch_wave_bytes: private * wave.lanes(),
        };
        count += common::run(&setup, &mut program, &mut mem).map_err(|t| t.to_string())?.wave_instructions;
    }
    if repeat > 0 {
        let rate = (count - first) as f64 / (common::cpu_seconds() - start) / 1e6;
        eprintln!("{on:?} {name}: {rate:.1} M wave instructions/s, {:?} translated, refused", program.translated());
    }
    for (va, a) in checks {
        let want = std::fs::read(base.join(a.str("expected"))).map_err(|e| e.to_string())?;
        let got = mem.at(va);
        if got == want {
            continue;
        }
        let exact = a.str("compare") == "exact";
        if exact {
            let at = got.iter().zip(&want).position(|(g, w)| g != w).unwrap();
            let bad = got.chunks(4).zip(want.chunks(4)).filter(|(g, w)| g != w).count();
            let at = at & !3;
            return Err(format!(
                "byte {at} of argument {}: {:02x?}, not {:02x?}; {bad} of {} dwords differ",
                a.num("offset"),
                &got[at..at + 4],
                &want[at..at + 4],
                want.len() / 4
            ));
        }
        let (g, w) = (values(got, a.str("dtype")), values(&want, a.str("dtype")));
        let (rtol, atol) = (a.f("rtol"), a.f("atol"));
        let any = a.str("compare") == "exact_nan_any";
        let bad: Vec<usize> = (0..w.len())
            .filter(|&k| {
                let same = g[k].is_nan() && w[k].is_nan() || g[k] == w[k];
                !(same || !any && (g[k] - w[k]).abs() <= atol + rtol * w[k].abs())
            })
            .collect();
        if let Some(&k) = bad.first() {
            return Err(format!("element {k}: {} not {}; {} of {} differ", g[k], w[k], bad.len(), w.len()));
        }
    }
    Ok(count)
}

fn all(on: On) {
    let Some(dir) = std::env::var_os("SPARKLE_TEST_DATA") else {
        skip::skip!("SPARKLE_TEST_DATA is not set");
        return;
    };
    let dir = Path::new(&dir).join("cases");
    let Ok(list) = std::fs::read_dir(&dir) else {
        skip::skip!("{} cannot be read", dir.display());
        return;
    };
    let mut names: Vec<String> = list.filter_map(|e| e.ok()?.file_name().into_string().ok()).collect();
    names.retain(|n| dir.join(n).join("case.json").exists());
    let only = std::env::var("SPARKLE_TEST_ONLY").unwrap_or_default();
    names.retain(|n| n.contains(&only));
    names.sort();
    let mut wrong = Vec::new();
    for n in &names {
        let t = std::time::Instant::now();
        match run_case(&dir, n, on) {
            Ok(k) => eprintln!("{on:?} {n}: {k} wave instructions, {:?}", t.elapsed()),
            Err(e) => {
                eprintln!("{on:?} {n}: {e}");
                wrong.push(n);
            }
        }
    }
    assert!(!names.is_empty());
    assert!(wrong.is_empty(), "{} of {} cases are wrong: {wrong:?}", wrong.len(), names.len());
}

#[test]
fn compiled_kernels_give_numpys_results() {
    all(On::Interpreter);
}

#[test]
fn translated_they_give_the_same() {
    for host in host_codes() {
        all(On::Translated(host));
        all(On::Auto(host));
    }
}

#[test]
fn checked_they_show_no_fault() {
    let Some(dir) = std::env::var_os("SPARKLE_TEST_DATA") else {
        skip::skip!("SPARKLE_TEST_DATA is not set");
        return;
    };
    let dir = Path::new(&dir).join("cases");
    let Ok(list) = std::fs::read_dir(&dir) else {
        skip::skip!("{} cannot be read", dir.display());
        return;
    };
    let names = list.filter_map(|e| e.ok()?.file_name().into_string().ok());
    let mut seen = 0;
    let mut wrong = Vec::new();
    for n in names.filter(|n| dir.join(n).join("case.json").exists()) {
        let t = std::time::Instant::now();
        let config = check::Config { kinds: check::KindSet::all(), ..Default::default() };
        let all = check::Inspector::new(Some(check::Checker::new(config)), Some(check::Profile::new()), None);
        let (result, observed) = common::inspected(all, || run_case(&dir, &n, On::Interpreter));
        let count = result.expect("it gives numpy's results");
        assert_eq!(observed.profile.unwrap().instructions(), count, "{n}");
        let checker = observed.checker.unwrap();
        assert!(!checker.incomplete(), "{n}");
        eprintln!("{n}: {count} checked instructions, {:?}", t.elapsed());
        seen += 1;
        for f in checker.findings() {
            if f.severity() > check::Severity::Note {
                wrong.push(n.clone());
            }
            eprintln!("{n}: {f}");
        }
    }
    assert!(seen > 0);
    assert!(wrong.is_empty(), "findings in {wrong:?}");
}
