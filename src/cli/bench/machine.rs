//! The machine that a rate is set beside: its peak of multiply-adds, its rate of reading memory, its caches.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use sparkle_pm4::cpu::{Engine, peak};

use super::super::conv2d::problem::available_memory;
use super::{Failure, Output, exit};

/// Where Linux describes the processors and their caches (Documentation/ABI/testing/sysfs-devices-system-cpu).
const PROCESSORS: &str = "/sys/devices/system/cpu";
/// The buffer, where the caches are not known.
const BUFFER_BYTES: u64 = 256 << 20;
/// One look at the peak: short, so that some of them fall between the machine's interruptions.
const CHAINS_TIME: Duration = Duration::from_micros(500);
/// Looks in one measurement.
const LOOKS: usize = 32;

/// What the read stream goes over.
#[derive(Debug)]
pub struct Memory {
    /// All caches of the last level together, where the kernel tells.
    pub cache_bytes: Option<u64>,
    buffer: Vec<u64>,
}

impl Memory {
    /// A buffer of four times the caches of the last level, as far as half of the free memory allows; says on standard
    /// error where a part of its reads may be a cache's.
    pub fn new(out: &Output) -> Result<Self, Failure> {
        let cache_bytes = last_level(Path::new(PROCESSORS));
        let wanted = cache_bytes.map_or(BUFFER_BYTES, |bytes| bytes.saturating_mul(4).clamp(64 << 20, 4 << 30));
        let bytes = available_memory().map_or(wanted, |free| wanted.min(free / 2));
        let mib = |bytes: u64| format!("{} MiB", bytes >> 20);
        match cache_bytes {
            None => out.note(&format!(
                "{PROCESSORS} tells no size of a cache; memory is read in a buffer of {}, which should be several times the last one's",
                mib(bytes)
            )),
            Some(cache) if bytes < cache.saturating_mul(2) => out.note(&format!(
                "the caches hold {} and memory is read in a buffer of {}: its rate is partly theirs",
                mib(cache),
                mib(bytes)
            )),
            Some(_) => {}
        }
        let words = (bytes / 8) as usize;
        let mut buffer = Vec::new();
        buffer.try_reserve_exact(words).map_err(|e| Failure {
            exit: exit::FAILED,
            code: "out-of-memory".into(),
            what: "there is no memory for the buffer whose reads are timed".into(),
            evidence: format!("{}: {e}", mib(bytes)),
            next: "free some, or raise the limit".into(),
        })?;
        // Written, so that each page is memory of its own.
        buffer.resize(words, 1);
        Ok(Self { cache_bytes, buffer })
    }
}

/// What an engine's threads can do at most, measured several times over a run.
#[derive(Debug)]
pub struct Machine {
    /// The engine.
    pub engine: Engine,
    fma: Vec<f64>,
    read: Vec<f64>,
}

impl Machine {
    /// Nothing measured yet.
    pub fn new(engine: Engine) -> Self {
        Self { engine, fma: Vec::new(), read: Vec::new() }
    }

    /// One more measurement of both.
    pub fn measure(&mut self, memory: &Memory) -> Result<(), Failure> {
        let failed = |e: std::io::Error| {
            let threads = self.engine.threads();
            Failure::file(
                "cpu-threads",
                format!("{threads} threads cannot be started"),
                e.to_string(),
                "ask for fewer threads, or raise the limit (ulimit -u, the container's pids limit)",
            )
        };
        for _ in 0..LOOKS {
            self.fma.push(peak::fma_gflops(&self.engine, CHAINS_TIME).map_err(failed)?);
        }
        self.read.push(peak::read_gb_per_s(&self.engine, &memory.buffer).map_err(failed)?);
        Ok(())
    }

    /// The best so far of multiply-adds out of registers, in GFLOPS.
    pub fn fma_gflops(&self) -> f64 {
        self.fma.iter().copied().fold(0.0, f64::max)
    }

    /// The best so far of reading memory, in GB/s.
    pub fn read_gb_per_s(&self) -> f64 {
        self.read.iter().copied().fold(0.0, f64::max)
    }

    /// The rate that work of so many FLOPs a byte of memory can have, in GFLOPS.
    pub fn roof_gflops(&self, flops_per_byte: f64) -> f64 {
        self.fma_gflops().min(flops_per_byte * self.read_gb_per_s())
    }

    /// `avx512, 2 threads`.
    pub fn name(&self) -> String {
        let threads = self.engine.threads();
        format!("{}, {threads} thread{}", self.engine.isa(), if threads.get() == 1 { "" } else { "s" })
    }

    /// As a member of a document.
    pub fn document(&self, memory: &Memory) -> Value {
        json!({
            "threads": self.engine.threads(),
            "isa": self.engine.isa().to_string(),
            "fma_gflops": self.fma_gflops(),
            "read_bytes_per_s": self.read_gb_per_s() * 1e9,
            "read_buffer_bytes": size_of_val(&*memory.buffer),
            "last_level_cache_bytes": memory.cache_bytes,
        })
    }
}

/// The bytes of all caches of the highest level, each counted once however many processors share it.
fn last_level(processors: &Path) -> Option<u64> {
    let folders = |path: &Path, prefix: &str| -> Vec<_> {
        let numbered = |name: &str| {
            name.strip_prefix(prefix).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        };
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        entries.filter(|e| e.file_name().to_str().is_some_and(numbered)).map(|e| e.path()).collect()
    };
    let mut seen = HashSet::new();
    let mut best: Option<(u32, u64)> = None;
    for processor in folders(processors, "cpu") {
        for cache in folders(&processor.join("cache"), "index") {
            let text = |name: &str| fs::read_to_string(cache.join(name)).ok().map(|t| t.trim().to_owned());
            let Some(level) = text("level").and_then(|t| t.parse::<u32>().ok()) else { continue };
            let Some(bytes) = text("size").and_then(|t| bytes(&t)).filter(|&bytes| bytes > 0) else { continue };
            let data = text("type").is_none_or(|kind| kind != "Instruction");
            // Without a list of those that share it, a cache is its processor's own.
            let shared = text("shared_cpu_list").unwrap_or_else(|| processor.display().to_string());
            if !data || !seen.insert((level, shared)) {
                continue;
            }
            best = match best {
                Some((highest, sum)) if highest == level => Some((level, sum.saturating_add(bytes))),
                Some((highest, _)) if highest > level => best,
                _ => Some((level, bytes)),
            };
        }
    }
    best.map(|(_, bytes)| bytes)
}

/// `33792K` and the like.
fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = match text.strip_suffix(['K', 'M', 'G']) {
        Some(number) => (number, 1 << (10 * (1 + "KMG".find(&text[number.len()..])?))),
        None => (text, 1),
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(bytes("33792K"), Some(33792 << 10));
        assert_eq!(bytes("32M"), Some(32 << 20));
        assert_eq!(bytes("1G"), Some(1 << 30));
        assert_eq!(bytes("64"), Some(64));
        for wrong in ["", "K", "12T", "-1K", "99999999999999999999K", "99999999999999999G"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }

    /// Four processors of two complexes: each pair shares one cache of the last level.
    #[test]
    fn a_shared_cache_counts_once_and_every_complex_counts() {
        let root = std::env::temp_dir().join(format!("sparkle-pm4-caches-{}", std::process::id()));
        let write = |cpu: u32, index: u32, members: &[(&str, &str)]| {
            let folder = root.join(format!("cpu{cpu}/cache/index{index}"));
            fs::create_dir_all(&folder).unwrap();
            for (name, text) in members {
                fs::write(folder.join(name), format!("{text}\n")).unwrap();
            }
        };
        assert_eq!(last_level(&root), None, "there is no such folder");
        for cpu in 0..4 {
            let (own, shared) = (cpu.to_string(), ["0-1", "2-3"][cpu as usize / 2]);
            write(cpu, 0, &[("level", "1"), ("type", "Data"), ("size", "48K"), ("shared_cpu_list", &own)]);
            write(cpu, 1, &[("level", "3"), ("type", "Unified"), ("size", "32M"), ("shared_cpu_list", shared)]);
            write(cpu, 2, &[("level", "2"), ("type", "Unified"), ("size", "1M"), ("shared_cpu_list", &own)]);
            // As some virtual machines have it.
            write(cpu, 3, &[("level", "4"), ("type", "Unified"), ("size", "0K"), ("shared_cpu_list", "0-3")]);
            write(cpu, 4, &[("level", "no number"), ("size", "1G")]);
        }
        let found = last_level(&root);
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(found, Some(64 << 20));
    }
}
