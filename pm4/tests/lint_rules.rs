//! Each rule of structure, registers and programs: a submission that violates it alone, and one that nearly does.

mod lint_support;

use lint_support::*;
use pm4::lint::{RULES, lint, reference};
use pm4::packet::values::*;
use pm4::submission::*;
use pm4::*;

#[test]
fn ids_ascend_and_texts_say_something() {
    assert!(RULES.is_sorted_by(|a, b| a.id < b.id));
    let text = reference();
    for rule in RULES {
        assert!(rule.id.len() == 7 && rule.id.starts_with("PM4-"), "{}", rule.id);
        for part in [rule.title, rule.explanation, rule.fix] {
            assert!((4..400).contains(&part.len()), "{}: {part}", rule.id);
            assert!(text.contains(part), "{}: the reference has every text", rule.id);
        }
        assert!(rule.explanation.ends_with('.') && rule.fix.ends_with('.'), "{}", rule.id);
        assert!(!rule.title.ends_with('.'), "{}", rule.id);
    }
    assert_eq!(text.matches("\n### PM4-").count(), RULES.len());
}

#[test]
fn a_good_submission_is_clean() {
    clean(&good());
    clean(&of(good_words()));
    clean(&bare(good_words()));
}

fn header(words: &[u32]) -> Submission {
    bare(Words::new().raw(words))
}

#[test]
fn structure() {
    let nop = header(&[0xffff_1000]);
    pair("PM4-001", &header(&[0x8a]), &nop);
    pair("PM4-002", &header(&[0x4000_0000]), &nop);
    pair("PM4-003", &header(&[0x8000_0000]), &nop);
    pair("PM4-004", &header(&[0xc000_4608]), &header(&[0xc000_4600, 0x407]));
    pair("PM4-005", &header(&[0xc010_1000]), &header(&[0xc006_1000]));
    pair("PM4-006", &header(&[0xc001_4600, 0x407, 0]), &header(&[0xc000_4600, 0x407]));
    pair("PM4-007", &header(&[0xc000_8200, 0]), &nop);
    pair("PM4-008", &header(&[0xc000_4300, 0]), &nop);
    pair("PM4-009", &header(&[0xc000_4600, 0x0010_0407]), &header(&[0xc000_4600, 0x8000_0407]));
    let event = |event_type| bare(Words::new().push(EventWrite { event_type, ..Default::default() }));
    pair("PM4-010", &event(EventType(9)), &event(EventType::PIPELINESTAT_START));
    let context = SetContextReg { offset: 0x20c, values: vec![1], ..Default::default() };
    let on = |ring| Submission { ring, ..bare(Words::new().push(context.clone())) };
    pair("PM4-011", &on(Ring::Compute), &on(Ring::Gfx));
    let pairs = |count| header(&[0xc003_bb00, count, 0x0240_0241, 1, 2]);
    pair("PM4-012", &pairs(4), &pairs(2));
    let gfx = |flags: HeaderFlags| {
        let mut words = registers(preamble());
        Packet::from(grid(1, 1, 1, START)).encode_with(flags, &mut words.0).unwrap();
        Submission { ring: Ring::Gfx, ..bare(words) }
    };
    pair("PM4-013", &gfx(HeaderFlags::NONE), &gfx(HeaderFlags::SHADER_TYPE));
    let write = WriteData { engine_sel: EngineSel::PFP, ..write(INPUT, &[1]) };
    let on = |ring| Submission { ring, ..bare(Words::new().push(write.clone())) };
    pair("PM4-014", &on(Ring::Compute), &on(Ring::Gfx));
    let atomic = |atomic| bare(Words::new().push(AtomicMem { atomic, address: 64, ..Default::default() }));
    pair("PM4-015", &atomic(AtomicOp::ADD_32), &atomic(AtomicOp::ADD_RTN_32));
    pair("PM4-016", &bare(Words::new().push(acquire(0x4_c3b1))), &bare(Words::new().push(acquire(0xc3b1))));
}

#[test]
fn one_finding_each_time_that_the_reader_is_lost() {
    let report = lint(&header(&[1, 2, 3, 4, 5, 0xffff_1000, 6, 7]));
    assert_eq!(ids(&report), ["PM4-001"]);
    let at: Vec<_> = report.findings().iter().map(|f| f.offset).collect();
    assert_eq!(at, [Some(0), Some(6)]);
    assert!(report.findings()[0].message.contains("5 dwords on"), "{report}");
}

#[test]
fn registers_of_every_space() {
    let sh = |offset, values: &[u32]| bare(Words::new().sh(offset, values));
    let known = sh(0x212, &[0]);
    pair("PM4-101", &sh(0x2ff, &[0]), &known);
    // COMPUTE_PGM_RSRC1 as an absolute dword offset, and as one of another space.
    pair("PM4-102", &sh(0x2e12, &[0]), &known);
    let uconfig =
        |offset, value| bare(Words::new().push(SetUconfigReg { offset, values: vec![value], ..Default::default() }));
    fires("PM4-102", &uconfig(0x213, 0x84));
    // libdrm's dispatch test writes COMPUTE_SHADER_CHKSUM's offset so, with no harm.
    pair("PM4-107", &uconfig(0x22a, 0), &uconfig(0x380, 0));
    pair("PM4-103", &sh(0x27d, &[0; 0x400]), &sh(0x27d, &[0; 3]));
    pair("PM4-104", &sh(0x20d, &[0x180]), &sh(0x20d, &[0x80]));
    pair("PM4-105", &sh(0x214, &[0]), &known);
    let register = |dst_addr| {
        let packet = WriteData { dst_addr, payload: vec![0], ..Default::default() };
        bare(Words::new().push(packet))
    };
    pair("PM4-105", &register(0x2000), &register(0x2e12));
    pair("PM4-101", &register(0x2eff), &register(0x2e12));
    let index =
        |index| bare(Words::new().push(SetShRegIndex { offset: 0x216, index, values: vec![1], ..Default::default() }));
    pair("PM4-105", &index(ShRegIndex::INSERT_VMID), &index(ShRegIndex::APPLY_KMD_CU_AND_MASK));
}

/// The good registers with some of them written again, and the dispatch.
fn with(offset: u32, values: &[u32], initiator: u32) -> Submission {
    of(registers(preamble()).sh(offset, values).push(grid(16, 1, 1, initiator)))
}

/// The good stream without one packet.
fn without(first_register: u32) -> Submission {
    let words = dispatched();
    let mut kept = Words::new();
    for item in decode(&words.0) {
        let dropped = item
            .packet
            .as_ref()
            .is_ok_and(|p| matches!(p, Packet::SetShReg(_)) && p.field("offset") == Some(first_register.into()));
        if !dropped {
            kept = kept.raw(item.words);
        }
    }
    of(kept)
}

#[test]
fn dispatches() {
    let good = of(dispatched());
    pair("PM4-201", &with(0x240, &[ARGS as u32], START & !1), &good);
    pair("PM4-202", &without(0x20c), &good);
    // The same, and what could be an address in COMPUTE_START_X.
    let mut shifted = without(0x20c);
    shifted.ibs[0].words.splice(0..0, Words::new().sh(0x204, &[(CODE >> 8) as u32, 0, 0]).pad());
    pair("PM4-106", &shifted, &with(0x204, &[(CODE >> 8) as u32], START));
    let lone = preamble()
        .sh(0x20c, &[(CODE >> 8) as u32])
        .sh(0x212, &[0x602c_0002, 0x80])
        .sh(0x207, &[64, 1, 1])
        .push(grid(1, 1, 1, START));
    only("PM4-203", &bare(lone));
    pair("PM4-204", &without(0x212), &good);
    pair("PM4-205", &without(0x207), &good);
    pair("PM4-205", &with(0x208, &[0], START), &with(0x208, &[1], START));
    let empty = |x| of(registers(preamble()).push(grid(x, 1, 1, START)));
    pair("PM4-206", &empty(0), &empty(1));
    let behind = |x| of(registers(preamble()).sh(0x204, &[x, 0, 0]).push(grid(16, 1, 1, START & !4)));
    pair("PM4-206", &behind(16), &behind(15));
    let big = |y| Submission { kernels: vec![], ..with(0x208, &[y], START) };
    pair("PM4-207", &big(17), &big(16));
    pair("PM4-208", &with(0x212, &[0x603c_0002], START), &good);
    pair("PM4-230", &of(registers(preamble()).push(grid(16, 1, 1, START & !4))), &behind(0));
    let partial = |last: u32| with(0x207, &[64 | last << 16], START | 2);
    pair("PM4-231", &partial(65), &partial(64));
    clean(&partial(0));
    clean(&with(0x207, &[64 | 65 << 16], START));
    for bit in [3, 4, 12, 14, 16] {
        only("PM4-225", &with(0x212, &[0x602c_0002], START | 1 << bit));
    }
    // Bits that hold for the scheduling of waves only.
    for bit in [6, 10, 11, 13, 17] {
        clean(&with(0x212, &[0x602c_0002], START ^ 1 << bit));
    }
}

#[test]
fn masks() {
    let words = |masks: Option<[u32; 2]>| {
        let words = Words::new().push(acquire(0xc3b1));
        let words = match masks {
            Some([low, high]) => words.sh(0x216, &[low; 2]).sh(0x219, &[low; 2]).sh(0x22b, &[high; 2]),
            None => words,
        };
        of(registers(words).push(grid(1, 1, 1, START)))
    };
    only("PM4-218", &words(None));
    pair("PM4-219", &words(Some([0, 0])), &words(Some([0, 1])));
    // Bits 15:8 are no CUs of a Navi31.
    only("PM4-219", &words(Some([0xff00, 0])));
    // One shader engine forgotten.
    let five = Words::new().push(acquire(0xc3b1)).sh(0x216, &[1; 2]).sh(0x219, &[1; 2]).sh(0x22b, &[1]);
    only("PM4-218", &of(registers(five).push(grid(1, 1, 1, START))));
    // Shader engines that do not exist do not count.
    let high = registers(Words::new().push(acquire(0xc3b1)).sh(0x22d, &[u32::MAX; 2])).push(grid(1, 1, 1, START));
    only("PM4-218", &of(high));
}

#[test]
fn programs() {
    let good = of(dispatched());
    let kernel_with = |change: fn(&mut KernelFacts)| {
        let mut kernel = kernel();
        change(&mut kernel);
        Submission { kernels: vec![kernel], ..of(dispatched()) }
    };
    pair("PM4-209", &with(0x240, &[ARGS as u32], START & !0x8000 | 0x2000), &good);
    only(
        "PM4-209",
        &kernel_with(|k| {
            k.wave32 = Some(false);
        }),
    );
    pair("PM4-210", &with(0x20c, &[(CODE >> 8) as u32 + 1], START), &good);
    pair("PM4-211", &with(0x20c, &[CODE as u32, (CODE >> 32) as u32], START), &good);
    // 0x602c_0002: three granules of eight VGPRs.
    pair("PM4-212", &kernel_with(|k| k.vgprs = Some(25)), &kernel_with(|k| k.vgprs = Some(24)));
    let lds = |granules: u32| Submission { kernels: vec![], ..with(0x213, &[0x84 | granules << 15], START) };
    pair("PM4-213", &lds(129), &lds(128));
    pair("PM4-214", &kernel_with(|k| k.lds_bytes = Some(1)), &kernel_with(|k| k.lds_bytes = Some(0)));
    pair("PM4-215", &kernel_with(|k| k.scratch_bytes = Some(4)), &good);
    let scratch = |base: bool, ring: u32| {
        let words = registers(preamble()).sh(0x213, &[0x85]).sh(0x218, &[ring]);
        let words = if base { words.sh(0x210, &[(OUTPUT >> 8) as u32, (OUTPUT >> 40) as u32]) } else { words };
        let mut kernel = kernel();
        kernel.scratch_bytes = Some(16);
        Submission { kernels: vec![kernel], ..of(words.push(grid(16, 1, 1, START))) }
    };
    // 16 waves of 2 times 256 bytes: 16 bytes a lane.
    let enough = scratch(true, 16 | 2 << 12);
    pair("PM4-216", &scratch(false, 16 | 2 << 12), &enough);
    pair("PM4-217", &scratch(true, 16 | 1 << 12), &enough);
    only("PM4-304", &scratch(true, 0x200 | 2 << 12));
    pair("PM4-220", &kernel_with(|k| k.user_sgprs = Some(3)), &good);
    let sgprs = |count: u32| {
        let words = registers(preamble()).sh(0x240, &[0; 16]).sh(0x213, &[0x80 | count << 1]);
        Submission { kernels: vec![], ..of(words.push(grid(16, 1, 1, START))) }
    };
    pair("PM4-221", &sgprs(17), &sgprs(16));
    let unset = |count: u32| Submission { kernels: vec![], ..with(0x213, &[0x80 | count << 1], START) };
    pair("PM4-222", &unset(3), &unset(2));
    let no_args = registers(preamble()).sh(0x213, &[0x80]).push(grid(1, 1, 1, START));
    clean(&Submission { kernels: vec![], ..of(no_args) });
    fires("PM4-223", &without(0x240));
    pair("PM4-224", &with(0x240, &[0, 0x9], START), &good);
    only("PM4-224", &with(0x240, &[(ARGS + SIZE - 8) as u32], START));
    clean(&with(0x240, &[(ARGS + SIZE - 16) as u32], START));
    only("PM4-226", &kernel_with(|k| k.problem = Some(CodeProblem::ByteSwapped)));
    only("PM4-227", &kernel_with(|k| k.problem = Some(CodeProblem::OldEndpgm { offset: 8 })));
    only("PM4-228", &kernel_with(|k| k.problem = Some(CodeProblem::NotAnInstruction { offset: 4, word: 0 })));
    only("PM4-228", &kernel_with(|k| k.problem = Some(CodeProblem::NoEnd)));
    pair("PM4-229", &kernel_with(|k| k.target = Some("gfx1030".into())), &good);
    clean(&kernel_with(|k| k.target = Some("amdgcn-amd-amdhsa--gfx1100:xnack-".into())));
    pair("PM4-232", &kernel_with(|k| k.max_threads = Some(32)), &kernel_with(|k| k.max_threads = Some(64)));
    only("PM4-232", &kernel_with(|k| k.required_block = Some([32, 2, 1])));
    clean(&kernel_with(|k| k.required_block = Some([64, 1, 1])));
}
