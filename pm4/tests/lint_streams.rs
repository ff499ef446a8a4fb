//! The linter on streams from outside: the mistakes that hand-written streams were seen to make, captures of RADV's
//! submissions, and noise.

mod lint_support;

use lint_support::*;
use pm4::lint::{Severity, kernel_call, lint};
use pm4::submission::{Access, *};
use pm4::*;
use proptest::prelude::*;

/// The good stream with one header made by another formula.
fn header_made_by(packet: u8, formula: impl Fn(u32, u32) -> u32) -> Submission {
    let mut submission = bare(good_words());
    let words = &mut submission.ibs[0].words;
    let at = decode(&words.clone()).find(|i| i.packet.as_ref().is_ok_and(|p| p.opcode() == packet)).unwrap().offset;
    words[at] = formula(u32::from(packet), words[at] >> 16 & 0x3fff);
    submission
}

#[test]
fn headers_that_were_put_together_wrongly() {
    // The opcode in bits 7:0.
    fires("PM4-004", &header_made_by(0x76, |opcode, count| 3 << 30 | count << 16 | opcode));
    fires("PM4-004", &header_made_by(0x15, |opcode, count| 3 << 30 | count << 16 | opcode));
    let report = lint(&header_made_by(0x76, |opcode, count| 3 << 30 | count << 16 | opcode));
    assert!(report.findings()[0].message.contains("SET_SH_REG, which belongs in bits 15:8"), "{report}");
    // The count in bits 7:0.
    fires("PM4-006", &header_made_by(0x15, |opcode, count| 3 << 30 | opcode << 8 | count));
    let report = lint(&header_made_by(0x15, |opcode, count| 3 << 30 | opcode << 8 | count));
    let found = report.findings().iter().find(|f| f.rule.id == "PM4-006").unwrap();
    assert!(found.message.contains("belongs in bits 29:16"), "{report}");
    // A count one short, for every packet: here or at what is left over.
    let good = bare(good_words());
    for item in decode(&good.ibs[0].words).filter(|i| i.words.len() > 1) {
        let mut short = good.clone();
        short.ibs[0].words[item.offset] -= 1 << 16;
        let report = lint(&short);
        let structural = report.findings().iter().any(|f| f.rule.id < "PM4-013");
        assert!(structural && report.has_errors(), "dword {}:\n{report}", item.offset);
    }
}

#[test]
fn opcodes_that_were_invented() {
    for (invented, meant, hint) in [
        (0x7d, 0x15, "DISPATCH_DIRECT is 0x15"),
        (0x2f, 0x76, "SET_SH_REG is 0x76"),
        (0x6a, 0x37, "WRITE_DATA is 0x37"),
        (0x82, 0x58, "ACQUIRE_MEM is 0x58"),
    ] {
        let submission = if meant == 0x37 {
            let mut submission = bare(Words::new().push(write(INPUT, &[1])));
            submission.ibs[0].words[0] ^= (0x37 ^ 0x6a) << 8;
            submission
        } else {
            header_made_by(meant, |_, count| 3 << 30 | count << 16 | invented << 8)
        };
        let report = lint(&submission);
        let hinted = report.findings().iter().filter(|f| f.rule.severity == Severity::Error);
        assert!(hinted.clone().any(|f| f.message.contains(hint)), "{invented:#x}:\n{report}");
    }
    // SET_CONTEXT_REG as 0x28, which is CONTEXT_CONTROL.
    for ring in [Ring::Gfx, Ring::Compute] {
        let report = lint(&Submission { ring, ..bare(Words::new().raw(&[0xc001_2800, 0x20e, 0x78])) });
        assert!(report.has_errors());
        assert!(report.findings().iter().any(|f| f.message.contains("SET_CONTEXT_REG is 0x69")), "{report}");
    }
}

#[test]
fn registers_at_other_offsets() {
    // PGM_LO and PGM_HI at 0x204, RSRC1 and RSRC2 at 0x206, NUM_THREAD at 0x20a.
    let words = preamble()
        .sh(0x204, &[(CODE >> 8) as u32, (CODE >> 40) as u32])
        .sh(0x206, &[0x602c_0002, 0x84])
        .sh(0x20a, &[64, 1, 1])
        .sh(0x240, &[ARGS as u32, (ARGS >> 32) as u32])
        .push(grid(16, 1, 1, START));
    let report = lint(&of(words));
    let found = ids(&report);
    assert!(found.contains(&"PM4-106") && !found.contains(&"PM4-202"), "{report}");
    // The right offsets with a start besides are right.
    clean(&of(registers(preamble()).sh(0x204, &[0x1000, 0, 0]).push(grid(16, 1, 1, START))));
    // RSRC bits shifted: PRIV set by accident, and the user SGPRs elsewhere.
    let shifted = registers(preamble()).sh(0x212, &[0x602c_0002 >> 1, 0x84 << 1]).push(grid(16, 1, 1, START));
    fires("PM4-220", &of(shifted.clone()));
    fires("PM4-208", &of(registers(preamble()).sh(0x212, &[0x603c_0002]).push(grid(16, 1, 1, START))));
    // CS_W32_EN never set.
    fires("PM4-209", &of(registers(preamble()).push(grid(16, 1, 1, START & !0x8000))));
}

#[test]
fn shader_bytes_and_memory() {
    let with = |problem| Submission { kernels: vec![KernelFacts { problem, ..kernel() }], ..of(dispatched()) };
    only("PM4-226", &with(Some(CodeProblem::ByteSwapped)));
    only("PM4-227", &with(Some(CodeProblem::OldEndpgm { offset: 64 })));
    // Scratch that was grown: the recorded stream names the memory that was freed.
    let mut all = buffers();
    all[3].residency = Residency::Freed;
    let words = registers(preamble())
        .sh(0x213, &[0x85])
        .sh(0x218, &[16 | 2 << 12])
        .sh(0x210, &[(OUTPUT >> 8) as u32, (OUTPUT >> 40) as u32])
        .push(grid(16, 1, 1, START));
    fires("PM4-302", &Submission { buffers: BufferMap::new(all), ..of(words) });
    // A wait that proved nothing.
    let found = kernel_call::wait(1_000_000_000, 86_400_000_000_000).unwrap();
    assert_eq!((found.rule.id, found.rule.severity), ("PM4-601", Severity::Error));
}

fn captures() -> Vec<(String, Vec<u32>)> {
    let Some(root) = std::env::var_os("SPARKLE_TEST_DATA") else {
        skip::skip!("SPARKLE_TEST_DATA is not set");
        return Vec::new();
    };
    let folder = std::path::PathBuf::from(root).join("clients").join("streams");
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("streams").map(|e| e.unwrap().path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "hex"));
    files.sort();
    let hex = |w: &str| u32::from_str_radix(w, 16).expect("hex dwords");
    let words = |p: &std::path::PathBuf| std::fs::read_to_string(p).unwrap().split_whitespace().map(hex).collect();
    files.iter().map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), words(p))).collect()
}

fn ring_of(name: &str) -> Ring {
    if name.contains("gfx") { Ring::Gfx } else { Ring::Compute }
}

/// A buffer of a capture, taken alone, lacks what its preamble has set: half of the program's address, the CU masks,
/// and user SGPRs that the program does not read.
#[test]
fn captures_of_radv_have_no_errors() {
    let files = captures();
    for (name, words) in &files {
        let report = lint(&Submission::of_words(Gfx::Gfx1100, ring_of(name), words.clone()));
        assert!(!report.has_errors(), "{name}\n{report}");
        for id in ids(&report) {
            assert!(["PM4-203", "PM4-218", "PM4-222"].contains(&id), "{name}: {id}\n{report}");
        }
    }
    // With their preambles, only the user SGPRs are left.
    for (first, second) in
        files.iter().filter(|f| f.0.contains(".0.compute")).zip(files.iter().filter(|f| f.0.contains(".1.compute")))
    {
        let mut submission = Submission::of_words(Gfx::Gfx1100, Ring::Compute, first.1.clone());
        submission.ibs.push(Ib { name: "IB 1".into(), va: None, words: second.1.clone() });
        let report = lint(&submission);
        assert!(ids(&report).iter().all(|id| *id == "PM4-222"), "{}\n{report}", second.0);
    }
    // The graphics ring's preamble calls the second buffer, and the third is the application's.
    let gfx: Vec<_> = files.iter().filter(|f| f.0.contains("gfx")).collect();
    if let [preamble, called, main] = gfx[..] {
        let target = decode(&preamble.1).find_map(|i| match i.packet {
            Ok(Packet::IndirectBuffer(p)) => Some(p.ib_base),
            _ => None,
        });
        assert!(target.is_some(), "the preamble calls");
        let ib = |va, words: &Vec<u32>| Ib { name: "IB".into(), va, words: words.clone() };
        let ibs = vec![ib(None, &preamble.1), ib(target, &called.1), ib(None, &main.1)];
        let submission = Submission { ibs, ..Submission::of_words(Gfx::Gfx1100, Ring::Gfx, vec![]) };
        let report = lint(&submission);
        assert!(ids(&report).iter().all(|id| *id == "PM4-222"), "{report}");
    }
}

/// Every buffer that a capture names, so that an address elsewhere would be found.
#[test]
fn a_capture_with_its_buffers_known_is_clean() {
    let files = captures();
    let Some((name, words)) = files.iter().find(|f| f.0 == "radv-25.0-compute-extended.1.compute.hex") else { return };
    let wide = |va| BufferInfo { bytes: 0x100_0000, ..buffer("heap", va, Access::RWX) };
    let mut submission = Submission::of_words(Gfx::Gfx1100, Ring::Compute, words.clone());
    submission.buffers = BufferMap::new(vec![wide(0xffff_8000_0000_0000), wide(0xffff_8001_0000_0000)]);
    let report = lint(&submission);
    assert!(!report.has_errors(), "{name}\n{report}");
}

fn any_packet() -> impl Strategy<Value = Vec<u32>> {
    // A header of a row, more or less, with any body.
    (any::<prop::sample::Index>(), prop::collection::vec(word(), 0..14), any::<u8>()).prop_map(|(row, body, noise)| {
        let row = row.get(PACKETS);
        let length = if noise < 200 { row.min_dwords() } else { body.len() };
        let count = (length as u32).wrapping_sub(1) & 0x3fff;
        let mut words = vec![3 << 30 | count << 16 | u32::from(row.opcode) << 8 | u32::from(noise & 3)];
        words.extend(body.iter().cycle().take(if body.is_empty() { 0 } else { length }));
        words
    })
}

/// Dwords of which many are addresses, offsets and small numbers.
fn word() -> impl Strategy<Value = u32> {
    let offsets = 0x200..0x280u32;
    prop_oneof![any::<u32>(), offsets, 0..16u32, Just(8), Just(0x10_0000), Just(0x50_0000), Just(0x8_0000), Just(START)]
}

fn any_submission() -> impl Strategy<Value = Submission> {
    let ib =
        prop::collection::vec(prop_oneof![4 => any_packet(), 1 => prop::collection::vec(any::<u32>(), 1..4)], 0..24);
    let sizes = prop::collection::vec((0..64u64, 0..0x2000u64, 0..4usize, any::<bool>()), 0..6);
    (prop::collection::vec(ib, 1..4), 0..3usize, sizes, any::<bool>(), any::<bool>()).prop_map(
        |(ibs, ring, sizes, planned, kernels)| {
            let base = good();
            let states = Residency::ALL;
            let mut all: Vec<BufferInfo> = sizes
                .into_iter()
                .map(|(page, bytes, state, content)| BufferInfo {
                    bytes,
                    residency: states[state],
                    content: if content { vec![0x76; bytes as usize] } else { Vec::new() },
                    ..buffer("any", CODE + page * 0x1_0000, Access::RW)
                })
                .collect();
            let stream: Vec<u8> = ibs.iter().flatten().flatten().flat_map(|w| w.to_le_bytes()).collect();
            all.push(BufferInfo { content: stream, ..buffer("stream", 0x8_0050_0000, Access::RWX) });
            let named = |(i, words): (usize, Vec<Vec<u32>>)| Ib {
                name: String::new(),
                va: (i != 1).then_some(0x8_0050_0000 + 0x1000 * i as u64),
                words: words.concat(),
            };
            Submission {
                ring: Ring::ALL[ring],
                ibs: ibs.into_iter().enumerate().map(named).collect(),
                buffers: BufferMap::new(all),
                plan: base.plan.clone().filter(|_| planned),
                kernels: if kernels { base.kernels.clone() } else { Vec::new() },
                ..base
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn noise_ends_in_findings(submission in any_submission()) {
        let start = std::time::Instant::now();
        let report = lint(&submission);
        prop_assert!(start.elapsed().as_millis() < 2000);
        for found in report.findings() {
            prop_assert!(found.ib.is_none_or(|i| i < submission.ibs.len()));
            prop_assert!(!found.message.is_empty());
        }
        prop_assert_eq!(lint(&submission), report);
    }

    #[test]
    fn any_dwords_end_in_findings(words in prop::collection::vec(any::<u32>(), 0..400), ring in 0..3usize) {
        let _ = lint(&Submission::of_words(Gfx::Gfx1100, Ring::ALL[ring], words));
    }

    /// A good stream with packets spoiled at random, everything known.
    #[test]
    fn a_spoiled_stream_ends_in_findings(at in any::<prop::sample::Index>(), bits in any::<u32>()) {
        let mut submission = good();
        let words = &mut submission.ibs[0].words;
        *at.get_mut(words) ^= bits;
        let _ = lint(&submission).to_string();
    }
}

/// What becomes of each named bit of a good stream of which everything is known: an alarm, or silence where waves and
/// memory see no difference.
#[test]
fn named_bits_that_matter_are_noticed_and_others_are_not() {
    // Fields that schedule, prefetch or cache, and change nothing that is computed.
    let silent = [
        "PRIORITY",
        "BULKY",
        "WGP_MODE",
        "MEM_ORDERED",
        "FWD_PROGRESS",
        "SGPRS",
        "TRAP_PRESENT",
        "EXCP_EN",
        "EXCP_EN_MSB",
        "ORDER_MODE",
        "TUNNEL_ENABLE",
        "SCALAR_L1_INV_VOL",
        "VECTOR_L1_INV_VOL",
        "DISABLE_DISP_PREMPT_EN",
        "NUM_THREAD_PARTIAL",
        "PARTIAL_TG_EN",
    ];
    let good = good();
    let alarm = |words: Vec<u32>| {
        let ibs = vec![Ib { words, ..good.ibs[0].clone() }];
        lint(&Submission { ibs, ..good.clone() }).findings().iter().any(|f| f.rule.severity > Severity::Note)
    };
    let words = &good.ibs[0].words;
    let mut seen = 0;
    for item in decode(words) {
        let Ok(packet) = &item.packet else { unreachable!() };
        let mut each = |dword: usize, name: &str, mask: u32| {
            for bit in (0..32).filter(|b| mask >> b & 1 != 0) {
                let mut words = words.clone();
                words[dword] ^= 1 << bit;
                assert_eq!(alarm(words), !silent.contains(&name), "{}: bit {bit} of {name}", packet.name());
                seen += 1;
            }
        };
        match packet {
            Packet::DispatchDirect(_) => {
                (1..4).for_each(|i| each(item.offset + i, "dim", u32::MAX));
                for field in reg::COMPUTE_DISPATCH_INITIATOR::FIELDS {
                    each(item.offset + 4, field.name, field.mask());
                }
            }
            Packet::SetShReg(p) => {
                // Of the masks, any one suffices.
                if p.offset != 0x216 && p.offset != 0x219 && p.offset != 0x22b {
                    each(item.offset + 1, "offset", 0x3ff);
                }
                for (i, address) in (0..p.values.len()).zip((0xb000 + 4 * p.offset..).step_by(4)) {
                    let row = reg::by_address(address).unwrap();
                    // One mask bit more or less starts the same waves, and more memory than is used changes nothing.
                    let masks = row.name.contains("STATIC_THREAD") || row.name.contains("DESTINATION_EN");
                    for field in row.fields.iter().filter(|f| !masks && !["VGPRS", "LDS_SIZE"].contains(&f.name)) {
                        each(item.offset + 2 + i, field.name, field.mask());
                    }
                    if row.fields.is_empty() && !masks {
                        each(item.offset + 2 + i, row.name, u32::MAX);
                    }
                }
            }
            _ => {}
        }
    }
    assert!(seen > 300, "{seen}");
}

/// Linting goes with every submission of the software device.
#[test]
fn a_hundred_dwords_take_no_time() {
    let mut words = Words::new();
    for _ in 0..100 {
        words = words.raw(&good_words().0);
    }
    let submission = bare(words);
    let dwords = submission.ibs[0].words.len();
    let best = (0..5)
        .map(|_| {
            let start = std::time::Instant::now();
            assert!(!lint(&submission).has_errors());
            start.elapsed()
        })
        .min()
        .unwrap();
    let per_hundred = best.as_secs_f64() * 1e6 * 100.0 / dwords as f64;
    eprintln!("{per_hundred:.1} us for 100 dwords");
    // Wide of what it is, for machines that are busy.
    assert!(per_hundred < 200.0, "{per_hundred} us for 100 dwords");
}

/// How long the linter takes for a stream whose buffer lies in memory too.
#[track_caller]
fn soon(name: &str, submission: &Submission) {
    let start = std::time::Instant::now();
    let report = lint(submission);
    let took = start.elapsed();
    assert!(!cfg!(not(debug_assertions)) || took.as_secs() < 2, "{name}: {took:?}");
    println!("{name}: {took:?}, {} findings", report.findings().len());
}

/// Dwords that are looked at again and again if nobody takes care.
#[test]
fn hostile_streams_end_soon() {
    const DWORDS: usize = 200_000;
    let repeated = |unit: &[u32]| unit.iter().copied().cycle().take(DWORDS / unit.len() * unit.len()).collect();
    let stream = |words: Vec<u32>| Submission { ring: Ring::Gfx, ..of(Words(words)) };
    // Packets of a wrong length, and words that are no headers.
    soon("counts", &stream(repeated(&[0xc001_1500, 0, 0])));
    soon("headers", &stream(repeated(&[1])));
    soon("mixed", &stream(repeated(&[1, 0xc001_1500, 0, 0])));
    // Each packet goes on a few dwords behind itself, with all that is left.
    for chain in [true, false] {
        let mut words = Vec::new();
        while words.len() + 4 <= DWORDS {
            let left = (DWORDS - words.len() - 4) as u32;
            let jump = IndirectBuffer {
                ib_base: IB + 4 * (words.len() as u64 + 4),
                ib_size: left,
                chain,
                valid: true,
                ..Default::default()
            };
            Packet::from(jump).encode(&mut words).unwrap();
        }
        let content = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        let mut all = buffers();
        all.retain(|b| b.va != IB && b.va != READ_ONLY);
        all.push(BufferInfo { bytes: 4 * DWORDS as u64, content, ..buffer("ib", IB, Access::RWX) });
        soon("chains", &Submission { buffers: BufferMap::new(all), ..stream(words) });
    }
    // Many buffers, each called and called again.
    let next = |i: usize| IB + 0x100 * i as u64;
    let called = |i: usize| Ib {
        name: String::new(),
        va: Some(next(i)),
        words: Words::new()
            .push(IndirectBuffer { ib_base: next(i + 1), ib_size: 8, chain: true, valid: true, ..Default::default() })
            .pad(),
    };
    let ibs = (0..DWORDS / 8).map(called).collect();
    soon("buffers", &Submission { ibs, buffers: BufferMap::EMPTY, ..stream(vec![]) });
    // Conditions in one another's range.
    let skip = CondExec { address: INPUT, exec_count: 0x3fff, ..Default::default() };
    soon("conditions", &stream(repeated(&Words::new().push(skip).0)));
    // Registers from memory, behind packets that write there or elsewhere.
    let load = |num_dwords| LoadShRegIndex { mem_addr: FENCE, num_dwords, offset: 0x240, ..Default::default() };
    for (va, num_dwords) in [(FENCE, 0x400), (FENCE, 2), (OUTPUT, 0x400)] {
        let mut words = (0..3000).fold(Words::new(), |words, _| words.push(write(va, &[1])));
        let one = Words::new().push(load(num_dwords)).0;
        while words.0.len() + one.len() <= DWORDS {
            words.0.extend(&one);
        }
        soon("loads", &stream(words.0));
    }
    // An address space of many buffers, live and freed, some over others.
    let many = |i: u64| BufferInfo {
        bytes: if i.is_multiple_of(3) { 0x1000_0000 } else { 0x800 },
        residency: if i.is_multiple_of(2) { Residency::Freed } else { Residency::Listed },
        ..buffer("many", CODE + 0x1000 * i, Access::RW)
    };
    let writes = repeated(&Words::new().push(write(FENCE, &[1])).0);
    soon("space", &Submission { buffers: BufferMap::new((0..50_000).map(many).collect()), ..stream(writes) });
}

/// The map against a search through all buffers.
#[test]
fn the_map_finds_what_a_search_finds() {
    let at = |va, bytes, residency| BufferInfo { bytes, residency, ..buffer("any", va, Access::RW) };
    let (live, freed) = (Residency::Listed, Residency::Freed);
    let map = BufferMap::new(vec![
        at(0x1000, 0x100, freed),
        at(0x1040, 0x20, live),
        at(0x1050, 0x100, freed),
        at(0x1200, 0x100, live),
        at(0x1210, 0x10, live),
        at(0x1218, 0x10, live),
        at(0x1240, 0x10, freed),
        at(0x1280, 0, live),
        at(0x1400, 0x400, freed),
        at(0x1480, 0x10, freed),
    ]);
    for va in 0xff0..0x1900 {
        let covering = map.buffers().iter().rev().filter(|b| b.range().contains(&va));
        let expected = match covering.min_by_key(|b| b.residency == freed) {
            Some(b) => Located::In(b, va - b.va),
            None => Located::Nowhere {
                below: map
                    .buffers()
                    .iter()
                    .filter(|b| b.range().end <= va && b.bytes > 0)
                    .max_by_key(|b| b.range().end),
                above: map.buffers().iter().find(|b| b.va > va),
            },
        };
        assert_eq!(map.locate(va), expected, "{va:#x}");
    }
    assert_eq!(BufferMap::EMPTY.locate(0), Located::Nowhere { below: None, above: None });
}
