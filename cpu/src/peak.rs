//! What this machine can do at most, to set an operator's rate beside: multiply-adds out of registers, and bytes out of
//! memory.
//!
//! Both are measured on as many threads as the engine has, started for the measurement, and as the operating system
//! places them. They move with the machine's clock and its other work: compare only what was measured in one run.
#![allow(unsafe_code)]

use std::{
    hint::black_box,
    io, iter,
    sync::atomic::{AtomicU8, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{Engine, Isa};

/// Independent chains: a fused multiply-add takes 4 or 5 cycles, and two may start in each. Twelve, the two factors and
/// a temporary fit into the sixteen registers of AVX2 and of SSE2.
const CHAINS: usize = 12;
/// Links of each chain between two looks at the clock: some 80 µs.
const LINKS: usize = 32_768;

/// The rate of the engine's instruction set in its chains of multiply-adds, which touch no memory, over about `duration`:
/// 10⁹ floating-point operations a second, two a multiply-add, of all the engine's threads together.
///
/// The portable kernel's peak is that of multiplications and additions apart, where the build's target has no fused ones.
///
/// # Errors
///
/// What the operating system says where it starts no more threads.
pub fn fma_gflops(engine: &Engine, duration: Duration) -> io::Result<f64> {
    let isa = engine.isa();
    let work = |_| {
        // The clock of a core rises and falls with the width of its vectors.
        chains(isa);
        let start = Instant::now();
        let mut flops = 0.0;
        loop {
            flops += chains(isa);
            let end = Instant::now();
            if end - start >= duration {
                return (flops, start, end);
            }
        }
    };
    let parts = on_each_thread(engine, work)?;
    let flops: f64 = parts.iter().map(|part| part.0).sum();
    Ok(flops / seconds(parts.iter().map(|part| (part.1, part.2))) / 1e9)
}

/// The rate at which the engine's threads read `buffer` once, each its part from one end to the other: 10⁹ bytes a second.
///
/// What the buffer holds must have been written (an untouched page is one page of zeros to Linux, and never leaves the
/// cache), and it should be several times as large as the last cache. It is memory of the NUMA node of whoever wrote it.
///
/// # Errors
///
/// What the operating system says where it starts no more threads.
pub fn read_gb_per_s(engine: &Engine, buffer: &[u64]) -> io::Result<f64> {
    let isa = engine.isa();
    let part = buffer.len().div_ceil(engine.threads().get()).max(1);
    let work = |i: usize| {
        let words = buffer.chunks(part).nth(i).unwrap_or_default();
        let start = Instant::now();
        black_box(fold(isa, words));
        (start, Instant::now())
    };
    Ok(size_of_val(buffer) as f64 / seconds(on_each_thread(engine, work)?.into_iter()) / 1e9)
}

/// From the first start to the last end: where threads share a core, each has it for a part of that only.
fn seconds(parts: impl Iterator<Item = (Instant, Instant)>) -> f64 {
    let whole = parts.reduce(|(start, end), part| (start.min(part.0), end.max(part.1)));
    whole.map_or(0.0, |(start, end)| (end - start).as_secs_f64()).max(1e-9)
}

/// Calls `work` with 0, 1, … on as many threads as the engine has, all at once, the caller's among them.
fn on_each_thread<T: Send>(engine: &Engine, work: impl Fn(usize) -> T + Sync) -> io::Result<Vec<T>> {
    const WAIT: u8 = 0;
    const GO: u8 = 1;
    const GIVE_UP: u8 = 2;
    let gate = AtomicU8::new(WAIT);
    let (gate, work) = (&gate, &work);
    thread::scope(|scope| {
        let behind_the_gate = |i| {
            move || loop {
                match gate.load(Ordering::Acquire) {
                    WAIT => thread::yield_now(),
                    GO => return Some(work(i)),
                    _ => return None,
                }
            }
        };
        let others: Result<Vec<_>, _> = (1..engine.threads().get())
            .map(|i| thread::Builder::new().spawn_scoped(scope, behind_the_gate(i)))
            .collect();
        let others = others.inspect_err(|_| gate.store(GIVE_UP, Ordering::Release))?;
        gate.store(GO, Ordering::Release);
        let own = work(0);
        let others =
            others.into_iter().filter_map(|thread| thread.join().unwrap_or_else(|why| std::panic::resume_unwind(why)));
        Ok(iter::once(own).chain(others).collect())
    })
}

/// Runs the chains on this thread; gives the number of floating-point operations.
fn chains(isa: Isa) -> f64 {
    // Each chain starts elsewhere, else the compiler would see that they are the same, and goes towards 1.
    let start: [f32; CHAINS] = black_box(std::array::from_fn(|i| i as f32 / 16.0));
    let (factor, summand) = (black_box(0.5), black_box(0.5));
    let (sum, lanes) = match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 if is_x86_feature_detected!("avx512f") => {
            // SAFETY: the processor has AVX-512F.
            (unsafe { avx512(start, factor, summand) }, 16)
        }
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") => {
            // SAFETY: the processor has AVX2 and FMA.
            (unsafe { avx2(start, factor, summand) }, 8)
        }
        #[cfg(target_arch = "aarch64")]
        Isa::Neon if std::arch::is_aarch64_feature_detected!("neon") => {
            // SAFETY: the processor has NEON.
            (unsafe { neon(start, factor, summand) }, 8)
        }
        _ => (plain(start, factor, summand), 4),
    };
    black_box(sum);
    (2 * CHAINS * LINKS * lanes) as f64
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512(start: [f32; CHAINS], factor: f32, summand: f32) -> f32 {
    use std::arch::x86_64::*;
    let (factor, summand) = (_mm512_set1_ps(factor), _mm512_set1_ps(summand));
    let mut links = [_mm512_setzero_ps(); CHAINS];
    for (link, start) in links.iter_mut().zip(start) {
        *link = _mm512_set1_ps(start);
    }
    for _ in 0..LINKS {
        for link in &mut links {
            *link = _mm512_fmadd_ps(*link, factor, summand);
        }
    }
    let mut sum = 0.0;
    for link in links {
        sum += _mm512_reduce_add_ps(link);
    }
    sum
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(start: [f32; CHAINS], factor: f32, summand: f32) -> f32 {
    use std::arch::x86_64::*;
    let (factor, summand) = (_mm256_set1_ps(factor), _mm256_set1_ps(summand));
    let mut links = [_mm256_setzero_ps(); CHAINS];
    for (link, start) in links.iter_mut().zip(start) {
        *link = _mm256_set1_ps(start);
    }
    for _ in 0..LINKS {
        for link in &mut links {
            *link = _mm256_fmadd_ps(*link, factor, summand);
        }
    }
    // Every lane counts, so that none is left out.
    let mut all = links[0];
    for link in &links[1..] {
        all = _mm256_add_ps(all, *link);
    }
    let half = _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps::<1>(all));
    let pair = _mm_add_ps(half, _mm_movehl_ps(half, half));
    _mm_cvtss_f32(_mm_add_ss(pair, _mm_movehdup_ps(pair)))
}

/// Two registers a chain: four pipes of 4 cycles latency want sixteen of them, and there are 32. `FMLA` adds to its
/// destination, so that here it is the sum that makes the chain: the product would cost a move.
#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "neon")]
fn neon(start: [f32; CHAINS], factor: f32, summand: f32) -> f32 {
    use std::arch::aarch64::*;
    let (factor, summand) = (vdupq_n_f32(factor), vdupq_n_f32(summand));
    let mut links = [vdupq_n_f32(0.0); 2 * CHAINS];
    for (i, link) in links.iter_mut().enumerate() {
        *link = vdupq_n_f32(start[i / 2] + (i % 2) as f32);
    }
    for _ in 0..LINKS {
        for link in &mut links {
            *link = vfmaq_f32(*link, factor, summand);
        }
    }
    let mut sum = 0.0;
    for link in links {
        sum += vaddvq_f32(link);
    }
    sum
}

/// Four lanes a chain, as the compiler has them: SSE2's, NEON's.
#[inline(never)]
fn plain(start: [f32; CHAINS], factor: f32, summand: f32) -> f32 {
    // In one row, which the compiler cuts into vectors.
    let mut links: [f32; 4 * CHAINS] = black_box(std::array::from_fn(|i| start[i / 4]));
    for _ in 0..LINKS {
        for link in &mut links {
            *link = match cfg!(any(target_arch = "aarch64", target_feature = "fma")) {
                true => link.mul_add(factor, summand),
                // Without an FMA unit in the build's target mul_add is a library call.
                false => *link * factor + summand,
            };
        }
    }
    black_box(links).iter().sum()
}

/// Reads every word, with the instruction set's loads.
fn fold(isa: Isa, words: &[u64]) -> u64 {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 if is_x86_feature_detected!("avx512f") => {
            // SAFETY: the processor has AVX-512F.
            unsafe { fold_avx512(words) }
        }
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 if is_x86_feature_detected!("avx2") => {
            // SAFETY: the processor has AVX2.
            unsafe { fold_avx2(words) }
        }
        _ => exclusive_or(words),
    }
}

/// Of its own: the compiler would make gathers of [`exclusive_or`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn fold_avx512(words: &[u64]) -> u64 {
    use std::arch::x86_64::*;
    let (lines, rest) = words.as_chunks::<8>();
    let mut folded = _mm512_setzero_si512();
    for line in lines {
        // SAFETY: a line is 64 bytes, and the load wants no alignment.
        let line = unsafe { _mm512_loadu_si512(line.as_ptr().cast()) };
        folded = _mm512_xor_si512(folded, line);
    }
    let mut lanes = [0; 8];
    // SAFETY: the lanes are 64 bytes, and the store wants no alignment.
    unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), folded) };
    lanes.iter().chain(rest).fold(0, |all, word| all ^ word)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn fold_avx2(words: &[u64]) -> u64 {
    exclusive_or(words)
}

#[inline(always)]
fn exclusive_or(words: &[u64]) -> u64 {
    let (lines, rest) = words.as_chunks::<8>();
    let mut folded = [0; 8];
    for line in lines {
        for i in 0..8 {
            folded[i] ^= line[i];
        }
    }
    folded.iter().chain(rest).fold(0, |all, word| all ^ word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroUsize;

    #[test]
    fn the_chains_of_every_instruction_set_are_run_in_full() {
        for isa in super::super::available() {
            let lanes = match isa {
                Isa::Avx512 => 16,
                // Of NEON two vectors.
                Isa::Avx2 | Isa::Neon => 8,
                _ => 4,
            };
            assert_eq!(chains(isa), (2 * CHAINS * LINKS * lanes) as f64, "{isa}");
        }
    }

    /// A chain of halvings ends at 1 in each lane, which f32 holds exactly.
    #[test]
    fn the_chains_compute_what_their_links_say() {
        let start = std::array::from_fn(|i| i as f32 / 16.0);
        assert_eq!(plain(start, 0.5, 0.5), 4.0 * CHAINS as f32);
        #[cfg(target_arch = "x86_64")]
        if Isa::Avx2.is_available() {
            // SAFETY: just asked for.
            assert_eq!(unsafe { avx2(start, 0.5, 0.5) }, 8.0 * CHAINS as f32);
        }
        #[cfg(target_arch = "x86_64")]
        if Isa::Avx512.is_available() {
            // SAFETY: just asked for.
            assert_eq!(unsafe { avx512(start, 0.5, 0.5) }, 16.0 * CHAINS as f32);
        }
        #[cfg(target_arch = "aarch64")]
        if Isa::Neon.is_available() {
            // Each link adds a quarter; the first registers of the pairs start at sixteenths, the second ones 1 above.
            let (pairs, sixteenths) = (CHAINS as f32, (CHAINS * (CHAINS - 1) / 2) as f32 / 16.0);
            let lane = 2.0 * pairs * LINKS as f32 / 4.0 + 2.0 * sixteenths + pairs;
            // SAFETY: just asked for.
            assert_eq!(unsafe { neon(start, 0.5, 0.5) }, 4.0 * lane);
        }
    }

    #[test]
    fn a_stream_reads_every_word() {
        for len in [0, 1, 31, 32, 33, 1000] {
            let words: Vec<u64> = (0..len).map(|i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
            let expected = words.iter().fold(0, |all, word| all ^ word);
            for isa in super::super::available() {
                assert_eq!(fold(isa, &words), expected, "{isa}, {len} words");
            }
        }
    }

    #[test]
    fn rates_are_positive_on_any_number_of_threads() {
        let buffer = vec![1u64; 1000];
        for threads in [1, 2, 5] {
            let engine = Engine::new(NonZeroUsize::new(threads), None).unwrap();
            let fma = fma_gflops(&engine, Duration::from_micros(100)).unwrap();
            let read = read_gb_per_s(&engine, &buffer).unwrap();
            assert!(fma > 0.0 && fma.is_finite() && read > 0.0 && read.is_finite(), "{threads}: {fma} {read}");
            assert_eq!(on_each_thread(&engine, |i| i).unwrap(), (0..threads).collect::<Vec<_>>());
            assert!(read_gb_per_s(&engine, &[]).unwrap() == 0.0);
        }
    }
}
