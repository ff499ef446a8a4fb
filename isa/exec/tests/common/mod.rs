//! A flat memory of a few regions, and what the tests share.
#![allow(dead_code, unreachable_pub)]
use isa_exec::*;

pub mod random;

/// What runs a program: the engine, and for translated code the host instructions it is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum On {
    Interpreter,
    Translated(HostCode),
    /// As usual, with such host instructions.
    Auto(HostCode),
}

impl On {
    pub fn choose(self, p: &mut Program) {
        let (engine, code) = match self {
            On::Interpreter => (Engine::Interpreter, None),
            On::Translated(c) => (Engine::Translator, Some(c)),
            On::Auto(c) => (Engine::Auto, Some(c)),
        };
        p.set_engine(engine);
        p.set_host_code(code);
    }
}

/// The kinds of host instructions that can be tested here; says which cannot.
pub fn host_codes() -> Vec<HostCode> {
    let (here, elsewhere): (Vec<_>, Vec<_>) =
        [HostCode::Avx2, HostCode::Avx512].into_iter().partition(|c| c.available());
    for c in elsewhere {
        eprintln!("skipped: translated code of {c:?}, which this host lacks or SPARKLE_EMU_SIMD excludes");
    }
    here
}

pub struct Region {
    pub base: u64,
    pub data: Vec<u8>,
    pub write: bool,
    pub exec: bool,
}

#[derive(Default)]
pub struct Flat {
    pub regions: Vec<Region>,
    /// Gives no windows.
    pub windowless: bool,
}

impl Flat {
    pub fn add(&mut self, base: u64, data: Vec<u8>, write: bool, exec: bool) -> u64 {
        self.regions.push(Region { base, data, write, exec });
        base
    }

    pub fn at(&self, base: u64) -> &[u8] {
        &self.regions.iter().find(|r| r.base == base).expect("a region of the test").data
    }

    pub fn u32s(&self, base: u64) -> Vec<u32> {
        self.at(base).chunks_exact(4).map(|c| u32::from_le_bytes(c.try_into().unwrap())).collect()
    }

    pub fn f32s(&self, base: u64) -> Vec<f32> {
        self.u32s(base).into_iter().map(f32::from_bits).collect()
    }

    fn find(&mut self, va: u64, n: usize, access: Access) -> Result<&mut [u8], MemFault> {
        let fault = |cause| MemFault { va, access, cause };
        for r in &mut self.regions {
            let Some(at) = va.checked_sub(r.base) else { continue };
            if at + n as u64 <= r.data.len() as u64 {
                if matches!(access, Access::Write | Access::Atomic) && !r.write {
                    return Err(fault(FaultCause::NotWritable));
                }
                if access == Access::Fetch && !r.exec {
                    return Err(fault(FaultCause::NotExecutable));
                }
                return Ok(&mut r.data[at as usize..at as usize + n]);
            }
        }
        Err(fault(FaultCause::Unmapped))
    }
}

impl Memory for Flat {
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
        let b = self.find(va, 4, Access::Atomic)?;
        let old = u32::from_le_bytes(b.try_into().unwrap());
        b.copy_from_slice(&f(old).to_le_bytes());
        Ok(old)
    }

    fn atomic_u64(&mut self, va: u64, f: &mut dyn FnMut(u64) -> u64) -> Result<u64, MemFault> {
        if !va.is_multiple_of(8) {
            return Err(MemFault { va, access: Access::Atomic, cause: FaultCause::Misaligned });
        }
        let b = self.find(va, 8, Access::Atomic)?;
        let old = u64::from_le_bytes(b.try_into().unwrap());
        b.copy_from_slice(&f(old).to_le_bytes());
        Ok(old)
    }

    fn fetch(&mut self, va: u64, out: &mut [u32]) -> Result<usize, MemFault> {
        let mut n = 0;
        for (k, o) in out.iter_mut().enumerate() {
            match self.find(va + 4 * k as u64, 4, Access::Fetch) {
                Ok(b) => *o = u32::from_le_bytes(b.try_into().unwrap()),
                Err(e) if k == 0 => return Err(e),
                Err(_) => break,
            }
            n += 1;
        }
        Ok(n)
    }

    fn window(&mut self, va: u64, access: Access) -> Option<Window> {
        let r = self.regions.iter_mut().find(|r| r.base <= va && va < r.base + r.data.len() as u64)?;
        if access == Access::Write && !r.write || self.windowless {
            return None;
        }
        // SAFETY: regions neither move nor shrink while a group runs: it holds the memory borrowed.
        Some(unsafe { Window::new(r.base, r.base + r.data.len() as u64, r.data.as_mut_ptr()) })
    }
}

/// A setup of one wave group with everything at its usual value.
pub fn setup(wave_size: WaveSize, threads: u32, sgpr_init: &[u32]) -> GroupSetup<'_> {
    GroupSetup {
        wave_size,
        block: [threads, 1, 1],
        tidig_comp_cnt: 2,
        threads,
        sgpr_init,
        tg_size_sgpr: None,
        vgprs: 64,
        lds_bytes: 0,
        float_mode: 0xf0,
        dx10_clamp: true,
        ieee: true,
        fp16_ovfl: false,
        workgroup: [0; 3],
        scratch_base: 0,
        scratch_wave_bytes: 0,
    }
}

pub fn control() -> Control<'static> {
    Control { stop: &|| false, max_instructions: Some(50_000_000) }
}

pub fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|w| w.to_le_bytes()).collect()
}

/// Assembles with llvm-mc 19; None where it is absent.
pub fn assemble(source: &str, wave: WaveSize) -> Option<Vec<u32>> {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mc = ["/usr/lib/llvm-19/bin/llvm-mc", "llvm-mc-19"].into_iter().find(|p| {
        Command::new(p).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
    });
    let Some(mc) = mc else {
        skip::skip!("llvm-mc 19 is not installed");
        return None;
    };
    let lanes = wave.lanes();
    let mut child = Command::new(mc)
        .args(["-triple=amdgcn", "-mcpu=gfx1100", "-show-encoding", &format!("-mattr=+wavefrontsize{lanes}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(source.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "llvm-mc rejects the test program");
    let mut all = Vec::new();
    // Branches are written as numbers in the tests, so that every encoding is complete.
    for line in String::from_utf8(out.stdout).unwrap().lines() {
        if let Some((_, e)) = line.split_once("encoding: [") {
            let e = e.split(']').next().unwrap();
            all.extend(
                e.split(',').map(|b| u8::from_str_radix(b.trim_start_matches("0x"), 16).expect("a complete encoding")),
            );
        }
    }
    Some(all.chunks_exact(4).map(|c| u32::from_le_bytes(c.try_into().unwrap())).collect())
}

thread_local! {
    static INSPECTOR: std::cell::RefCell<Option<check::Inspector>> = const { std::cell::RefCell::new(None) };
}

/// Runs `f`, its groups by [`run`] shown to `inspector`, which comes back.
pub fn inspected<T>(inspector: check::Inspector, f: impl FnOnce() -> T) -> (T, check::Inspector) {
    INSPECTOR.set(Some(inspector));
    let r = f();
    (r, INSPECTOR.take().expect("still there"))
}

/// [`run_group`], observed inside of [`inspected`].
pub fn run(setup: &GroupSetup<'_>, program: &mut Program, mem: &mut dyn Memory) -> Result<Stats, Trap> {
    INSPECTOR.with_borrow_mut(|i| match i {
        None => run_group(setup, program, mem, &control()),
        Some(i) => match Group::new(setup, program).run_observed(program, mem, &control(), u64::MAX, i)? {
            Progress::Ended(stats) => Ok(stats),
            Progress::Yielded => unreachable!("the budget has no end"),
        },
    })
}

/// Seconds this thread ran, so that a busy machine does not count; elapsed time where the system does not tell.
pub fn cpu_seconds() -> f64 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    let elapsed = START.get_or_init(std::time::Instant::now).elapsed().as_secs_f64();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    told.and_then(|s| s.split(' ').next()?.parse::<f64>().ok()).map_or(elapsed, |ns| ns / 1e9)
}
