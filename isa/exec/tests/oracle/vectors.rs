//! Reads `.vec` files; `isa/exec/oracle/FORMAT.md` says what the lines mean.
use std::collections::HashMap;
use std::sync::OnceLock;

pub const V_REGS: usize = 56;
pub const S_REGS: usize = 80;
pub const GLOBAL: u64 = 0x1_0000_0000;
pub const GLOBAL_BYTES: usize = 0x1_0000;
pub const SCRATCH: u64 = 0x2_0000_0000;

/// How a result VGPR is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Float {
    F16,
    F32,
    F64,
}

/// One lane of an expected VGPR.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lane {
    Same,
    Any,
    Is(u32),
}

/// Memory a test names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Space {
    Global,
    Lds,
    Scratch,
}

/// A test.
#[derive(Clone, Debug)]
pub struct Vector {
    /// File and line.
    pub at: String,
    pub names: Vec<String>,
    pub code: Vec<u32>,
    pub text: String,
    pub wave: usize,
    pub mode: u32,
    pub exec: u64,
    pub vcc: u64,
    pub scc: u32,
    pub m0: u32,
    pub pc: Option<u64>,
    pub lds: u32,
    pub scratch: u32,
    pub ulp: Option<(Float, u32, Option<i32>)>,
    pub s: Vec<u32>,
    /// VGPRs that don't have the background.
    pub v: Vec<(usize, Vec<u32>)>,
    pub bytes: Vec<(Space, usize, Vec<u8>)>,
    pub expect: Expect,
}

/// What must be after it; everything else as before.
#[derive(Clone, Default, Debug)]
pub struct Expect {
    pub trap: Option<String>,
    /// The wave ends in the code: of its registers and LDS nothing is left to compare.
    pub ended: bool,
    pub s: Vec<(usize, u32)>,
    pub v: Vec<(usize, Vec<Lane>)>,
    pub vcc: Option<u64>,
    pub exec: Option<u64>,
    pub scc: Option<u32>,
    pub m0: Option<u32>,
    pub mode: Option<u32>,
    pub bytes: Vec<(Space, usize, Vec<u8>)>,
}

pub fn background_s(i: usize) -> u32 {
    0x5e00_0000 + 0x1_0101 * i as u32
}

pub fn background_v(r: usize, lane: usize) -> u32 {
    0x7600_0000 + 0x1_0000 * r as u32 + lane as u32
}

pub fn background_byte(space: Space, at: usize) -> u8 {
    (at * 7 + (at >> 8) * 13 + if space == Space::Global { 3 } else { 91 }) as u8
}

struct Pool {
    width: usize,
    values: Vec<u128>,
}

fn hex(s: &str) -> u64 {
    u64::from_str_radix(s, 16).unwrap_or_else(|e| panic!("{s}: {e}"))
}

fn dec(s: &str) -> usize {
    s.parse().unwrap_or_else(|e| panic!("{s}: {e}"))
}

fn hex_bytes(s: &str) -> Vec<u8> {
    (0..s.len() / 2).map(|k| hex(&s[2 * k..2 * k + 2]) as u8).collect()
}

fn space(key: &str) -> Option<(Space, usize)> {
    let (kind, at) = key.split_once('+')?;
    let space = match kind {
        "g" => Space::Global,
        "l" => Space::Lds,
        "p" => Space::Scratch,
        _ => return None,
    };
    Some((space, hex(at) as usize))
}

/// The number of `v12` or `s12`.
fn register(key: &str, kind: char) -> Option<usize> {
    key.strip_prefix(kind)?.parse().ok()
}

/// Reads a file.
pub fn read(name: &str, text: &str) -> Vec<Vector> {
    let mut pools: HashMap<String, Pool> = HashMap::new();
    let mut out: Vec<Vector> = Vec::new();
    for (k, line) in text.lines().enumerate() {
        let at = format!("{name}:{}", k + 1);
        let mut words = line.split(' ');
        match words.next() {
            Some("pool") => {
                let name = words.next().expect("a pool's name").to_string();
                let width = dec(words.next().expect("its width"));
                let values = words.map(|w| u128::from_str_radix(w, 16).expect("an element")).collect();
                pools.insert(name, Pool { width, values });
            }
            Some("t") => {
                let (head, text) = line.split_once(" ; ").unwrap_or((line, ""));
                out.push(head_line(at, head, text, &pools));
            }
            Some("=") => {
                let v = out.last_mut().expect("a test before the result");
                for w in words.filter(|w| !w.is_empty()) {
                    result(v, w);
                }
            }
            _ => assert!(line.is_empty() || line.starts_with('#'), "{at}: {line}"),
        }
    }
    out
}

fn head_line(at: String, head: &str, text: &str, pools: &HashMap<String, Pool>) -> Vector {
    let mut words = head.split(' ').skip(1);
    let names = words.next().expect("names").split('+').map(str::to_string).collect();
    let code = words.next().expect("code").split('.').map(|w| hex(w) as u32).collect();
    let mut v = Vector {
        at,
        names,
        code,
        text: text.to_string(),
        wave: 32,
        mode: 0x3f0,
        exec: 0,
        vcc: 0x5a5a_5a5a_a5a5_a5a5,
        scc: 0,
        m0: 0,
        pc: None,
        lds: 0,
        scratch: 0,
        ulp: None,
        s: (0..S_REGS).map(background_s).collect(),
        v: Vec::new(),
        bytes: Vec::new(),
        expect: Expect::default(),
    };
    let mut exec = None;
    for w in words.filter(|w| !w.is_empty()) {
        let (key, value) = w.split_once('=').unwrap_or_else(|| panic!("{}: {w}", v.at));
        match key {
            "w" => v.wave = dec(value),
            "m" => v.mode = hex(value) as u32,
            "x" => exec = Some(hex(value)),
            "vcc" => v.vcc = hex(value),
            "scc" => v.scc = hex(value) as u32,
            "m0" => v.m0 = hex(value) as u32,
            "pc" => v.pc = Some(hex(value)),
            "lds" => v.lds = dec(value) as u32,
            "scratch" => v.scratch = dec(value) as u32,
            "u" => {
                let mut p = value.split(':');
                let kind = match p.next() {
                    Some("f16") => Float::F16,
                    Some("f32") => Float::F32,
                    Some("f64") => Float::F64,
                    k => panic!("{}: {k:?}", v.at),
                };
                let ulp = dec(p.next().expect("units")) as u32;
                v.ulp = Some((kind, ulp, p.next().map(|e| e.parse().expect("an exponent"))));
            }
            _ => {
                if let Some((space, at)) = space(key) {
                    let data = if value.contains(':') {
                        let p: Vec<&str> = value.split(':').collect();
                        let pool = &pools[p[0]];
                        let (off, step, count) = (dec(p[1]), dec(p[2]), dec(p[3]));
                        let element = |k: usize| pool.values[(off + step * k) % pool.values.len()];
                        (0..count).flat_map(|k| element(k).to_le_bytes()[..4 * pool.width].to_vec()).collect()
                    } else {
                        hex_bytes(value)
                    };
                    if space == Space::Lds {
                        v.lds = v.lds.max(4096);
                    }
                    v.bytes.push((space, at, data));
                } else if let Some(r) = register(key, 's') {
                    for (k, x) in value.split(',').enumerate() {
                        v.s[r + k] = hex(x) as u32;
                    }
                } else if let Some(r) = register(key, 'v') {
                    let p: Vec<&str> = value.split(':').collect();
                    if let [x] = p[..] {
                        v.v.push((r, vec![hex(x) as u32; v.wave]));
                    } else {
                        let pool = &pools[p[0]];
                        let (off, step, div) = (dec(p[1]), dec(p[2]), p.get(3).map_or(1, |d| dec(d)));
                        for d in 0..pool.width {
                            let lane = |l: usize| {
                                (pool.values[(off + step * (l / div)) % pool.values.len()] >> (32 * d)) as u32
                            };
                            v.v.push((r + d, (0..v.wave).map(lane).collect()));
                        }
                    }
                } else {
                    panic!("{}: {w}", v.at);
                }
            }
        }
    }
    v.exec = exec.unwrap_or(if v.wave == 64 { !0 } else { 0xffff_ffff });
    v
}

fn result(v: &mut Vector, word: &str) {
    let (key, value) = word.split_once('=').unwrap_or_else(|| panic!("{}: {word}", v.at));
    match key {
        "trap" => v.expect.trap = Some(value.to_string()),
        "end" => v.expect.ended = true,
        "vcc" => v.expect.vcc = Some(hex(value)),
        "exec" => v.expect.exec = Some(hex(value)),
        "scc" => v.expect.scc = Some(hex(value) as u32),
        "m0" => v.expect.m0 = Some(hex(value) as u32),
        "mode" => v.expect.mode = Some(hex(value) as u32),
        _ => {
            if let Some((space, at)) = space(key) {
                v.expect.bytes.push((space, at, hex_bytes(value)));
            } else if let Some(r) = register(key, 's') {
                v.expect.s.extend(value.split(',').enumerate().map(|(k, x)| (r + k, hex(x) as u32)));
            } else if let Some(r) = register(key, 'v') {
                let lanes = tokens(v, r, value);
                v.expect.v.push((r, lanes));
            } else {
                panic!("{}: {word}", v.at);
            }
        }
    }
}

fn tokens(v: &Vector, r: usize, mut text: &str) -> Vec<Lane> {
    let before = v.before(r);
    let mut lanes: Vec<Lane> = Vec::with_capacity(v.wave);
    let mut last = 0;
    while !text.is_empty() {
        let old = before[lanes.len()];
        let (lane, used) = match text.as_bytes()[0] {
            b'.' => (Lane::Same, 1),
            b'?' => (Lane::Any, 1),
            b'z' => (Lane::Is(0), 1),
            b'o' => (Lane::Is(!0), 1),
            b'r' => (Lane::Is(last), 1),
            b'l' => (Lane::Is(old & 0xffff_0000 | hex(&text[1..5]) as u32), 5),
            b'h' => (Lane::Is(old & 0xffff | (hex(&text[1..5]) as u32) << 16), 5),
            _ => (Lane::Is(hex(&text[..8]) as u32), 8),
        };
        if let Lane::Is(x) = lane {
            last = x;
        }
        lanes.push(lane);
        text = &text[used..];
    }
    assert_eq!(lanes.len(), v.wave, "{}: lanes of v{r}", v.at);
    lanes
}

impl Vector {
    /// The lanes of a VGPR before.
    pub fn before(&self, r: usize) -> Vec<u32> {
        match self.v.iter().rev().find(|(k, _)| *k == r) {
            Some((_, lanes)) => lanes.clone(),
            None => (0..self.wave).map(|l| background_v(r, l)).collect(),
        }
    }

    /// Memory before.
    pub fn memory(&self, space: Space, len: usize) -> Vec<u8> {
        static PLAIN: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
        let plain = PLAIN.get_or_init(|| {
            [Space::Global, Space::Lds].map(|s| (0..GLOBAL_BYTES).map(|at| background_byte(s, at)).collect())
        });
        let mut out = plain[(space != Space::Global) as usize][..len].to_vec();
        for (s, at, data) in self.bytes.iter().filter(|(s, _, _)| *s == space) {
            assert!(at + data.len() <= len, "{}: {s:?} memory is smaller", self.at);
            out[*at..at + data.len()].copy_from_slice(data);
        }
        out
    }
}
