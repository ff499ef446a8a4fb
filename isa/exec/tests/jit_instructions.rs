//! Interpreter and translator leave the same state behind: instruction by instruction, and random programs. Translated
//! code is tested in all forms that the host can run.
//!
//! `SPARKLE_TEST_INSTANCES` and `SPARKLE_TEST_PROGRAMS` set how many, `SPARKLE_TEST_SEED` which.
mod common;
use common::random::*;
use common::{On, host_codes};
use isa::{Format, ROWS, Row};
use isa_exec::*;
use std::collections::BTreeMap;

fn both(code: &[u32], seed: u64, wave: WaveSize, threads: u32) -> Result<bool, String> {
    let (a, _) = outcome(code, seed, wave, threads, On::Interpreter);
    for host in codes() {
        let (b, _) = outcome(code, seed, wave, threads, On::Translated(*host));
        if a != b {
            return Err(format!("{host:?}: {}", a.difference(&b)));
        }
    }
    Ok(a.end.is_ok())
}

/// Found out once.
fn codes() -> &'static [HostCode] {
    static CODES: std::sync::OnceLock<Vec<HostCode>> = std::sync::OnceLock::new();
    CODES.get_or_init(host_codes)
}

#[test]
fn one_instruction_leaves_the_same_state() {
    let count = asked("SPARKLE_TEST_INSTANCES", 20_000);
    let only = std::env::var("SPARKLE_TEST_ONLY").unwrap_or_default();
    let mut r = Rng::new(asked("SPARKLE_TEST_SEED", 1));
    let rows: Vec<&Row> = ROWS.iter().filter(|r| usable(r) && r.name.starts_with(&only)).collect();
    let mut wrong: BTreeMap<&str, (u32, String)> = BTreeMap::new();
    let mut done = 0;
    for n in 0..count {
        let row = rows[n as usize % rows.len()];
        let wave = if r.one_in(2) { WaveSize::W32 } else { WaveSize::W64 };
        let Some(mut code) = words(&mut r, row, wave) else { continue };
        if matches!(row.format, Format::Smem | Format::Flat | Format::Global | Format::Scratch | Format::Mubuf) {
            // Three times: the first finds the window, the others use it. s_mov_b32 s50, 3; …; s_sub_u32 s50, s50, 1;
            // s_cmp_lg_u32 s50, 0; s_cbranch_scc1 back.
            let back = (-(code.len() as i32) - 3) as u16 as u32;
            code.insert(0, 0xbeb2_0083);
            code.extend([0x80b2_8132, 0xbf07_8032, 0xbfa2_0000 | back]);
        }
        code.push(0xbfb0_0000);
        let seed = r.next();
        done += 1;
        if let Err(e) = both(&code, seed, wave, wave.lanes()) {
            let w = wrong.entry(row.name).or_default();
            w.0 += 1;
            if w.1.is_empty() {
                w.1 = format!("{wave:?} seed {seed:#x} {code:#x?}\n{}{e}", listing(&code, wave));
            }
        }
    }
    eprintln!("{done} instances of {} rows", rows.len());
    for (name, (n, e)) in wrong.iter().take(20) {
        eprintln!("{name}: {n} times; {e}");
    }
    assert!(done > 0);
    assert!(wrong.is_empty(), "{} rows differ: {:?}", wrong.len(), wrong.keys());
}

/// Words of any of the rows.
fn any(r: &mut Rng, rows: &[&Row], wave: WaveSize) -> Option<Vec<u32>> {
    let row = rows[r.below(rows.len() as u32) as usize];
    words(r, row, wave)
}

/// A program of random instructions: straight, or with forward branches and loops that end.
fn program(r: &mut Rng, rows: &[&Row], wave: WaveSize) -> Vec<u32> {
    let mut code = Vec::new();
    let blocks = 1 + r.below(5);
    for _ in 0..blocks {
        let start = code.len();
        // s_mov_b32 s50, 2..5: the loop's counter.
        code.push(0xbeb2_0080 + 2 + r.below(4));
        let top = code.len();
        for _ in 0..r.below(24) {
            let row = rows[r.below(rows.len() as u32) as usize];
            if let Some(w) = words(r, row, wave) {
                code.extend(w);
            }
        }
        match r.below(4) {
            // s_sub_u32 s50, s50, 1; s_cmp_lg_u32 s50, 0; s_cbranch_scc1 top.
            0 | 1 => {
                code.extend([0x80b2_8132, 0xbf07_8032]);
                let back = (top as i64 - code.len() as i64 - 1) as u16 as u32;
                code.push(0xbfa2_0000 | back);
            }
            // A conditional branch over a few instructions.
            2 => {
                let skip: Vec<u32> = (0..4).filter_map(|_| any(r, rows, wave)).flatten().collect();
                code.push((0xbfa1_0000 + (r.below(6) << 16)) | skip.len() as u32);
                code.extend(skip);
            }
            // EXEC from a compare: s_and_saveexec, work, s_mov exec.
            _ => {
                let (save, restore) = match wave {
                    WaveSize::W32 => (0xbeb4_206a, 0xbefe_0034),
                    WaveSize::W64 => (0xbeb4_216a, 0xbefe_0134),
                };
                let skip: Vec<u32> = (0..6).filter_map(|_| any(r, rows, wave)).flatten().collect();
                code.extend([save, 0xbfa5_0000 | skip.len() as u32]);
                code.extend(skip);
                code.push(restore);
            }
        }
        let _ = start;
    }
    code.push(0xbfb0_0000);
    code
}

#[test]
fn random_programs_leave_the_same_state() {
    let count = asked("SPARKLE_TEST_PROGRAMS", 1_000);
    let mut r = Rng::new(asked("SPARKLE_TEST_SEED", 1) ^ 0x5555);
    // No control flow of their own.
    let rows: Vec<&Row> = ROWS
        .iter()
        .filter(|r| {
            usable(r)
                && r.implicit & isa::row::BRANCH == 0
                && (r.format != Format::Sopp || r.name == "s_nop")
                && !r.name.contains("wrexec")
                && !r.name.contains("saveexec")
        })
        .collect();
    let mut good = [Vec::new(), Vec::new()];
    // Those that do not trap by themselves.
    for row in &rows {
        for (k, wave) in [WaveSize::W32, WaveSize::W64].into_iter().enumerate() {
            let mut fine = 0;
            for seed in 0..4 {
                let Some(mut code) = words(&mut r, row, wave) else { continue };
                code.push(0xbfb0_0000);
                fine += outcome(&code, seed, wave, wave.lanes(), On::Interpreter).0.end.is_ok() as u32;
            }
            if fine == 4 {
                good[k].push(*row);
            }
        }
    }
    let (mut ended, mut wrong) = (0, 0);
    for _ in 0..count {
        let k = r.below(2) as usize;
        let wave = [WaveSize::W32, WaveSize::W64][k];
        // A few rows a program, so that registers are reused by the same kind of instruction.
        let some: Vec<&Row> = (0..12).map(|_| good[k][r.below(good[k].len() as u32) as usize]).collect();
        let rows = if r.one_in(2) { &some } else { &good[k] };
        let code = program(&mut r, rows, wave);
        let seed = r.next();
        match both(&code, seed, wave, wave.lanes()) {
            Ok(end) => ended += end as u32,
            Err(e) => {
                wrong += 1;
                if wrong < 4 {
                    eprintln!("{wave:?} seed {seed:#x} {code:#x?}\n{}{e}", listing(&code, wave));
                }
            }
        }
    }
    eprintln!("{count} programs, {ended} to their end, the others to the same trap");
    assert_eq!(wrong, 0, "programs differ");
    assert!(ended as u64 > count / 4, "too few of {count} programs come to their end: {ended}");
}

#[test]
fn random_words_do_not_crash() {
    let until = std::time::Instant::now() + std::time::Duration::from_millis(asked("SPARKLE_TEST_FUZZ_MS", 1_500));
    let mut r = Rng::new(asked("SPARKLE_TEST_SEED", 1) ^ 0xaaaa);
    let rows: Vec<&Row> = ROWS.iter().filter(|r| usable(r)).collect();
    let mut runs = 0;
    while runs == 0 || std::time::Instant::now() < until {
        let wave = if r.one_in(2) { WaveSize::W32 } else { WaveSize::W64 };
        let mut code = Vec::new();
        for _ in 0..r.below(40) {
            match r.below(5) {
                // Anything.
                0 => code.push(r.u32()),
                // An instruction with bits flipped.
                1 => {
                    if let Some(mut w) = any(&mut r, &rows, wave) {
                        let k = r.below(w.len() as u32) as usize;
                        w[k] ^= 1 << r.below(32);
                        code.extend(w);
                    }
                }
                _ => code.extend(any(&mut r, &rows, wave).into_iter().flatten()),
            }
        }
        code.push(0xbfb0_0000);
        let threads = wave.lanes() * (1 + r.below(2));
        let seed = r.next();
        runs += 1;
        for host in codes() {
            let (o, _) = outcome(&code, seed, wave, threads, On::Translated(*host));
            if let Err(t) = o.end {
                assert!(!t.to_string().is_empty());
            }
        }
    }
    eprintln!("{runs} programs of random words");
}

/// A program of one wave.
fn source(text: &str, wave: WaveSize) -> Vec<u32> {
    let options = isa::asm::Options { target: wave.into(), ..Default::default() };
    let bytes = isa::asm::assemble(text, "test.s", &options).expect("the source").text().to_vec();
    bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

#[test]
fn addresses_at_the_end_of_the_positive_ones_fault_alike() {
    for access in
        ["load_b32 v2, v1", "load_b64 v[2:3], v1", "load_b128 v[4:7], v1", "store_b32 v1, v2", "store_b128 v1, v[4:7]"]
    {
        for low in 0..17u32 {
            let low = 0u32.wrapping_sub(low);
            let text = format!(
                "s_mov_b32 exec_lo, -1\ns_mov_b32 s2, {low:#x}\ns_mov_b32 s3, 0x7fffffff\nv_mov_b32 v1, 0\n\
                 v_mbcnt_lo_u32_b32 v1, -1, 0\nv_lshlrev_b32 v1, 3, v1\nglobal_{access}, s[2:3]\ns_endpgm\n"
            );
            let r = both(&source(&text, WaveSize::W32), 7, WaveSize::W32, 32);
            assert_eq!(r, Ok(false), "global_{access} at {low:#x}");
        }
    }
}

#[test]
fn stored_registers_beyond_the_last_are_v0() {
    let text = "s_mov_b32 exec_lo, -1\nv_mov_b32 v0, 5\nv_mov_b32 v1, 7\nv_mov_b32 v2, 9\nv_mov_b32 v4, 0\n\
                ds_store_b128 v4, v[252:255]\nds_load_b128 v[8:11], v4\ns_endpgm\n";
    let mut code = source(text, WaveSize::W32);
    // DATA0 of the store is bits 15:8 of its second word: v254 is the first of four.
    let at = code.iter().position(|w| w >> 26 == 0b11_0110).expect("a DS instruction");
    code[at + 1] |= 0x200;
    assert_eq!(both(&code, 7, WaveSize::W32, 32), Ok(true));
}

#[test]
fn indirect_jumps_go_where_they_are_told() {
    // Two functions, called in turn from three places of a loop: by s_swappc, by s_call, and with fewer lanes; the functions'
    // returns go to all of them.
    let text = "s_mov_b32 s50, 40\nv_mov_b32 v1, 1\n\
         s_getpc_b64 s[20:21]\nbase:\ns_add_u32 s22, s20, first-base\ns_addc_u32 s23, s21, 0\n\
         s_add_u32 s24, s20, second-base\ns_addc_u32 s25, s21, 0\nloop:\n\
         s_swappc_b64 s[30:31], s[22:23]\ns_swappc_b64 s[30:31], s[24:25]\ns_call_b64 s[30:31], first\n\
         s_and_b32 s51, s50, 1\ns_cselect_b32 s26, s22, s24\ns_cselect_b32 s27, s23, s25\n\
         s_mov_b32 exec_lo, 0x0f0f3\ns_swappc_b64 s[30:31], s[26:27]\ns_mov_b32 exec_lo, -1\n\
         s_sub_u32 s50, s50, 1\ns_cmp_lg_u32 s50, 0\ns_cbranch_scc1 loop\ns_endpgm\n\
         first:\nv_lshl_add_u32 v1, v1, 1, 3\ns_setpc_b64 s[30:31]\n\
         second:\nv_xor_b32 v1, v1, v0\nv_cmp_gt_u32 vcc_lo, v1, v2\nv_cndmask_b32 v3, v3, v1, vcc_lo\n\
         s_setpc_b64 s[30:31]\n";
    for seed in 0..8 {
        let code = source(text, WaveSize::W32);
        assert_eq!(both(&code, seed, WaveSize::W32, 64), Ok(true));
    }
}

#[test]
fn scalar_buffer_loads_end_where_the_buffer_does() {
    // A resource in s[4:7] over code, which is read only; of 0 to 100 bytes, or elements of 12 bytes.
    for (records, stride) in (0..100).map(|n| (n, 0)).chain((0..9).map(|n| (n, 12u32))) {
        for n in ["b32 s8", "b64 s[8:9]", "b128 s[8:11]", "b256 s[8:15]", "b512 s[8:23]"] {
            let text = format!(
                "s_mov_b32 s50, 3\ns_getpc_b64 s[4:5]\ns_or_b32 s5, s5, {:#x}\ns_mov_b32 s6, {records}\n\
                 s_mov_b32 s7, 0\ns_mov_b32 s3, 10\nloop:\ns_buffer_load_{n}, s[4:7], 0x10\n\
                 s_buffer_load_b32 s24, s[4:7], s3 offset:0x2\n\
                 s_sub_u32 s50, s50, 1\ns_cmp_lg_u32 s50, 0\ns_cbranch_scc1 loop\ns_endpgm\n",
                stride << 16
            );
            let mut code = source(&text, WaveSize::W32);
            code.extend([0; 64]);
            assert_eq!(both(&code, 3, WaveSize::W32, 32), Ok(true), "{n} of {records}");
        }
    }
}
