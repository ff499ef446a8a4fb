//! Small kernels as text, run under the checker.
#![allow(dead_code, unreachable_pub)]
use isa::asm::{Options, assemble};
use isa_exec::check::*;
use isa_exec::*;

pub const CODE: u64 = 0x1_0000;
/// 4 KiB that are mapped; the buffer is the first [`ASKED`] bytes. Its address is in s[0:1].
pub const X: u64 = 0x10_0000;
/// Another 4 KiB, all of them asked for; its address is in s[2:3].
pub const Y: u64 = 0x20_0000;
/// Scratch of all waves.
pub const SCRATCH: u64 = 0x30_0000;
pub const ASKED: u64 = 1000;

/// Memory that knows what was asked for.
pub struct Pages {
    pub code: Vec<u8>,
    pub x: Vec<u8>,
    pub y: Vec<u8>,
    pub scratch: Vec<u8>,
}

impl Pages {
    fn find(&mut self, va: u64, n: usize, access: Access) -> Result<&mut [u8], MemFault> {
        let fault = MemFault { va, access, cause: FaultCause::Unmapped };
        for (base, bytes) in [(CODE, &mut self.code), (X, &mut self.x), (Y, &mut self.y), (SCRATCH, &mut self.scratch)]
        {
            if let Some(at) = va.checked_sub(base)
                && at < bytes.len() as u64
            {
                return bytes.get_mut(at as usize..at as usize + n).ok_or(fault);
            }
        }
        Err(fault)
    }
}

impl Memory for Pages {
    fn load(&mut self, va: u64, out: &mut [u8]) -> Result<(), MemFault> {
        out.copy_from_slice(self.find(va, out.len(), Access::Read)?);
        Ok(())
    }

    fn store(&mut self, va: u64, data: &[u8]) -> Result<(), MemFault> {
        self.find(va, data.len(), Access::Write)?.copy_from_slice(data);
        Ok(())
    }

    fn atomic_u32(&mut self, va: u64, f: &mut dyn FnMut(u32) -> u32) -> Result<u32, MemFault> {
        if !va.is_multiple_of(4) {
            return Err(MemFault { va, access: Access::Atomic, cause: FaultCause::Misaligned });
        }
        let old = self.load_u32(va)?;
        self.store_u32(va, f(old))?;
        Ok(old)
    }

    fn atomic_u64(&mut self, va: u64, f: &mut dyn FnMut(u64) -> u64) -> Result<u64, MemFault> {
        let mut b = [0; 8];
        self.load(va, &mut b)?;
        let old = u64::from_le_bytes(b);
        self.store(va, &f(old).to_le_bytes())?;
        Ok(old)
    }

    fn fetch(&mut self, va: u64, out: &mut [u32]) -> Result<usize, MemFault> {
        for (k, o) in out.iter_mut().enumerate() {
            match self.find(va + 4 * k as u64, 4, Access::Fetch) {
                Ok(b) => *o = u32::from_le_bytes(b.try_into().unwrap()),
                Err(e) if k == 0 => return Err(e),
                Err(_) => return Ok(k),
            }
        }
        Ok(out.len())
    }

    fn object_at(&mut self, va: u64) -> Option<Object> {
        match va {
            X..0x10_1000 => Some(Object { va: X, bytes: ASKED }),
            Y..0x20_1000 => Some(Object { va: Y, bytes: 0x1000 }),
            _ => None,
        }
    }
}

/// A kernel and how it is launched. s[0:1] is X, s[2:3] is Y, s4 the group's number; v0 the work-item.
#[derive(Clone, Copy)]
pub struct Launch<'a> {
    pub wave: WaveSize,
    /// Work-items of a group.
    pub threads: u32,
    pub groups: u32,
    pub lds: u32,
    pub source: &'a str,
}

pub fn w32(source: &str) -> Launch<'_> {
    Launch { wave: WaveSize::W32, threads: 32, groups: 1, lds: 1024, source }
}

pub fn w64(source: &str) -> Launch<'_> {
    Launch { wave: WaveSize::W64, threads: 64, ..w32(source) }
}

impl<'a> Launch<'a> {
    pub fn threads(self, threads: u32) -> Launch<'a> {
        Launch { threads, ..self }
    }

    pub fn groups(self, groups: u32) -> Launch<'a> {
        Launch { groups, ..self }
    }
}

/// The code, and the name of the label `bad` for its address.
pub fn code(source: &str, wave: WaveSize) -> (Vec<u8>, impl Fn(u64) -> String + use<>) {
    let options = Options { target: wave.into(), ..Options::default() };
    let text = format!("{source}\n s_endpgm\n");
    let done = assemble(&text, "kernel.s", &options).unwrap_or_else(|e| panic!("{source}\n{}", e[0]));
    let labels: Vec<(String, u64)> = done.unit.symbols.iter().map(|s| (s.name.clone(), s.value)).collect();
    let name = move |pc: u64| {
        let here = |n: &str| labels.iter().any(|(name, at)| name == n && CODE + at == pc);
        if here("bad") { "bad".to_string() } else { format!("{pc:#x}") }
    };
    (done.text().to_vec(), name)
}

pub fn pages(code: Vec<u8>) -> Pages {
    let mut code = code;
    code.resize(code.len() + 64, 0);
    Pages { code, x: vec![0; 4096], y: vec![0; 4096], scratch: vec![0; 1 << 16] }
}

pub fn setup(l: &Launch<'_>, sgprs: &[u32], group: u32) -> GroupSetup<'static> {
    // Tests are short-lived.
    let sgpr_init: &'static [u32] = Box::leak(sgprs.to_vec().into_boxed_slice());
    GroupSetup {
        wave_size: l.wave,
        block: [l.threads, 1, 1],
        tidig_comp_cnt: 0,
        threads: l.threads,
        sgpr_init,
        tg_size_sgpr: None,
        vgprs: 32,
        lds_bytes: l.lds,
        float_mode: 0xf0,
        dx10_clamp: true,
        ieee: true,
        fp16_ovfl: false,
        workgroup: [group, 0, 0],
        scratch_base: SCRATCH,
        scratch_wave_bytes: 1024,
    }
}

/// Runs all groups, one after the other.
pub fn observe(l: &Launch<'_>, inspector: &mut Inspector) -> (Result<(), Trap>, Pages) {
    let (bytes, _) = code(l.source, l.wave);
    let mut mem = pages(bytes);
    let mut program = Program::new(CODE, l.wave);
    let control = Control { stop: &|| false, max_instructions: Some(100_000) };
    for g in 0..l.groups {
        let s = setup(l, &[X as u32, 0, Y as u32, 0, g], g);
        let mut group = Group::new(&s, &program);
        match group.run_observed(&mut program, &mut mem, &control, u64::MAX, inspector) {
            Ok(Progress::Ended(_)) => {}
            Ok(Progress::Yielded) => panic!("the budget has no end"),
            Err(t) => return (Err(t), mem),
        }
    }
    (Ok(()), mem)
}

/// Findings of a run, and its trap.
pub fn findings(l: &Launch<'_>, kinds: KindSet) -> (Vec<Finding>, Option<Trap>) {
    let mut all = Inspector::new(Some(Checker::new(Config { kinds, ..Config::default() })), None, None);
    let (r, _) = observe(l, &mut all);
    (all.checker.unwrap().findings().to_vec(), r.err())
}

/// The run has exactly these findings: code and label, in order.
#[track_caller]
pub fn finds(l: &Launch<'_>, want: &[(&str, &str)]) -> Vec<Finding> {
    finds_among(l, KindSet::default(), want)
}

#[track_caller]
pub fn finds_among(l: &Launch<'_>, kinds: KindSet, want: &[(&str, &str)]) -> Vec<Finding> {
    let (_, name) = code(l.source, l.wave);
    let (found, trap) = findings(l, kinds);
    let got: Vec<(String, String)> = found.iter().map(|f| (f.code().to_string(), name(f.site.pc))).collect();
    let want: Vec<(String, String)> = want.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
    let text: Vec<String> = found.iter().map(Finding::to_string).collect();
    assert_eq!(got, want, "{}\n{}\n{trap:?}", l.source, text.join("\n"));
    found
}

/// The run ends and has none.
#[track_caller]
pub fn clean(l: &Launch<'_>) {
    finds(l, &[]);
    let (_, trap) = findings(l, KindSet::default());
    assert!(trap.is_none(), "{trap:?}");
}
