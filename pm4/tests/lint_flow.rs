//! Each rule of memory, synchronisation, buffers, plans and kernel calls: a submission that violates it alone, and one
//! that nearly does.

mod lint_support;

use lint_support::*;
use pm4::lint::{kernel_call, lint};
use pm4::packet::values::*;
use pm4::submission::*;
use pm4::*;

fn residency(va: u64, residency: Residency) -> Vec<BufferInfo> {
    buffers().into_iter().map(|b| if b.va == va { BufferInfo { residency, ..b } } else { b }).collect()
}

#[test]
fn addresses() {
    let to = |va| of(Words::new().push(write(va, &[1, 2])));
    pair("PM4-301", &to(NOWHERE), &to(INPUT));
    let in_state = |state| Submission { buffers: BufferMap::new(residency(INPUT, state)), ..to(INPUT) };
    pair("PM4-302", &in_state(Residency::Freed), &in_state(Residency::AlwaysValid));
    pair("PM4-303", &in_state(Residency::Unlisted), &in_state(Residency::Listed));
    pair("PM4-304", &to(INPUT + SIZE - 4), &to(INPUT + SIZE - 8));
    let from =
        |src| of(Words::new().push(DmaData { src, dst: OUTPUT, byte_count: 4, cp_sync: true, ..Default::default() }));
    pair("PM4-305", &to(READ_ONLY), &from(READ_ONLY));
    let data = |va: u64| {
        let words = registers(preamble()).sh(0x20c, &[(va >> 8) as u32]).push(grid(1, 1, 1, START));
        Submission { kernels: vec![], ..of(words) }
    };
    pair("PM4-306", &data(INPUT), &data(CODE + 256));
    let word = |low: u32| bare(Words::new().raw(&[0xc003_3700, 0x0010_0500, low, 8, 1]));
    pair("PM4-307", &word(0x1002), &word(0x1004));
    pair("PM4-308", &to(INPUT | 1 << 60), &to(INPUT));
    let prefetch = |va| {
        let (src_sel, dst_sel) = (DmaSrc::SRC_ADDR_TC_L2, DmaDst::NOWHERE);
        of(Words::new().push(DmaData { src_sel, dst_sel, src: va, dst: va, byte_count: 128, ..Default::default() }))
    };
    pair("PM4-318", &prefetch(NOWHERE), &prefetch(CODE));
}

/// A dispatch that writes OUTPUT, `between`, and one that reads it.
fn two(between: Words) -> Submission {
    let swapped = [OUTPUT, INPUT].iter().flat_map(|v| v.to_le_bytes());
    let mut all = buffers();
    all[1].content.splice(0x100..0x110, swapped);
    let words = dispatched().raw(&between.0).sh(0x240, &[ARGS as u32 + 0x100]).push(grid(16, 1, 1, START));
    Submission { buffers: BufferMap::new(all), ..of(words) }
}

#[test]
fn races_and_caches() {
    // GLK, GLV and GL1.
    let good = two(Words::new().push(FLUSH).push(acquire(0x380)));
    pair("PM4-309", &two(Words::new().push(acquire(0x380))), &good);
    pair("PM4-310", &two(Words::new().push(FLUSH)), &good);
    only("PM4-310", &two(Words::new().push(FLUSH).push(acquire(0x280))));
    only("PM4-310", &two(Words::new().push(FLUSH).push(acquire(0x180))));
    pair("PM4-311", &two(Words::new().push(FLUSH).push(acquire(0x300))), &good);
    pair("PM4-312", &two(Words::new().push(acquire(0x380)).push(FLUSH)), &good);
    let range = |start: u64| AcquireMem { coher_base: start >> 8, coher_size: 0x100, ..acquire(0x380 | 2 << 2) };
    let ranged = |start| two(Words::new().push(FLUSH).push(range(start)));
    pair("PM4-316", &ranged(INPUT), &ranged(OUTPUT));
    // A fence that is waited for does what a flush does; one that is not, does not.
    let fence = ReleaseMem { glk_inv: true, glv_inv: true, gl1_inv: true, ..release(FENCE, 1) };
    let awaited = two(Words::new().push(fence.clone()).push(wait(FENCE, WaitFunction::EQUAL, 1)));
    pair("PM4-309", &two(Words::new().push(fence)), &awaited);
    // Two that only read the same, and two that use different memory.
    let again = |words: Words| of(words.sh(0x240, &[ARGS as u32 + 0x100]).push(grid(16, 1, 1, START)));
    clean(&again(dispatched()));
    only("PM4-309", &of(dispatched().push(grid(16, 1, 1, START))));
    only("PM4-309", &of(dispatched().push(write(INPUT, &[1]))));
    only(
        "PM4-309",
        &of(dispatched().push(CopyData {
            src_sel: CopyDataSrc::MEM,
            dst_sel: CopyDataDst::MEM,
            src: OUTPUT,
            dst: FENCE,
            ..Default::default()
        })),
    );
    // A copy runs beside what follows, unless it is told to end first.
    let copy = |cp_sync| {
        let fill = DmaData { src_sel: DmaSrc::DATA, src: 3, dst: INPUT, byte_count: 64, cp_sync, ..Default::default() };
        of(registers(Words::new().push(fill).raw(&preamble().0)).push(grid(16, 1, 1, START)))
    };
    pair("PM4-309", &copy(false), &copy(true));
    pair("PM4-310", &of(registers(preamble()).push(write(INPUT, &[1])).push(grid(1, 1, 1, START))), &copy(true));
}

/// Packets that a condition of unknown value may skip.
fn perhaps(packets: Words) -> Words {
    let exec_count = packets.0.len() as u32;
    Words::new().push(CondExec { address: INPUT + 0x4000, exec_count, ..Default::default() }).raw(&packets.0)
}

#[test]
fn what_may_be_skipped_synchronises_nothing() {
    let acquire = Words::new().push(acquire(0x380));
    let flush = Words::new().push(FLUSH);
    only("PM4-309", &two(perhaps(flush.clone()).raw(&acquire.0)));
    only("PM4-310", &two(flush.clone().raw(&perhaps(acquire.clone()).0)));
    only("PM4-309", &two(perhaps(flush.clone().raw(&acquire.0))));
    let fence = ReleaseMem { glk_inv: true, glv_inv: true, gl1_inv: true, ..release(FENCE, 1) };
    let awaited = Words::new().push(wait(FENCE, WaitFunction::EQUAL, 1));
    only("PM4-309", &two(Words::new().push(fence.clone()).raw(&perhaps(awaited.clone()).0)));
    let skipped = two(flush.clone().raw(&perhaps(Words::new().push(fence)).0));
    fires("PM4-310", &skipped);
    // What is skipped together with the dispatches that it stands between.
    let again = Words::new().sh(0x240, &[ARGS as u32 + 0x100]).push(grid(16, 1, 1, START));
    let group = |between: &Words| {
        let first = Words::new().push(grid(16, 1, 1, START)).raw(&between.0).raw(&again.0);
        Submission { buffers: two(Words::new()).buffers, ..of(registers(preamble()).raw(&perhaps(first).0)) }
    };
    clean(&group(&flush.clone().raw(&acquire.0)));
    only("PM4-309", &group(&acquire));
    only("PM4-309", &group(&perhaps(flush).raw(&acquire.0)));
    // Caches that the first dispatch may find as they were.
    let masks = || Words::new().sh(0x216, &[u32::MAX; 2]).sh(0x219, &[u32::MAX; 2]).sh(0x22b, &[u32::MAX; 2]);
    let first = Words::new().push(lint_support::acquire(0xc3b1));
    only("PM4-313", &of(registers(masks().raw(&perhaps(first.clone()).0)).push(grid(16, 1, 1, START))));
    clean(&of(registers(masks().raw(&first.0)).push(grid(16, 1, 1, START))));
}

/// The greatest range is all memory, however many smaller ones follow.
#[test]
fn the_greatest_range_is_everything() {
    let ranged = 0xc3b1 | 2 << 2 | 2 << 11;
    let masks = Words::new().sh(0x216, &[u32::MAX; 2]).sh(0x219, &[u32::MAX; 2]).sh(0x22b, &[u32::MAX; 2]);
    let after = |first: AcquireMem| {
        let small = AcquireMem { coher_base: FENCE >> 8, coher_size: 1, ..acquire(ranged) };
        let words = (0..300).fold(masks.clone().push(first), |words, _| words.push(small.clone()));
        of(registers(words).push(grid(16, 1, 1, START)))
    };
    let short = AcquireMem { coher_size: (1 << 56) - 2, ..acquire(ranged) };
    pair("PM4-313", &after(short), &after(acquire(ranged)));
}

#[test]
fn the_first_dispatch_finds_clean_caches() {
    let first = |gcr: u32| {
        let masks = Words::new().sh(0x216, &[u32::MAX; 2]).sh(0x219, &[u32::MAX; 2]).sh(0x22b, &[u32::MAX; 2]);
        let masks = masks.push(acquire(gcr));
        of(registers(masks).push(grid(16, 1, 1, START)))
    };
    for bit in [0, 7, 8, 9, 14] {
        only("PM4-313", &first(0xc3b1 & !(1 << bit)));
    }
    // The metadata cache, and writing back.
    for bit in [4, 5, 15] {
        clean(&first(0xc3b1 & !(1 << bit)));
    }
    // Ranges that are everything.
    clean(&first(0xc3b1 | 2 << 2 | 2 << 11));
    // Without knowledge of what is read, nothing is said.
    clean(&bare(registers(Words::new().sh(0x216, &[u32::MAX; 2])).push(grid(16, 1, 1, START))));
}

#[test]
fn cache_operations_that_do_harm() {
    let gcr = |gcr| bare(Words::new().push(acquire(gcr)));
    pair("PM4-315", &gcr(0xc3b1 | 1 << 13), &gcr(0xc3b1));
    let pws = |pws_ena, pws_ena2, pws_count| {
        let packet = AcquireMem { pws_ena, pws_ena2, pws_count, ..acquire(0xc3b1) };
        Submission { ring: Ring::Gfx, ..bare(Words::new().push(packet)) }
    };
    pair("PM4-317", &pws(true, false, 0), &pws(true, true, 1));
    pair("PM4-317", &pws(false, false, 1), &pws(false, false, 0));
}

#[test]
fn the_end_is_seen_by_who_waits_for_it() {
    let with = |tail: Words| Submission { ibs: of(dispatched().raw(&tail.0)).ibs, plan: None, ..good() };
    let fence =
        |gl2_wb, data_sel, data| Words::new().push(FLUSH).push(ReleaseMem { gl2_wb, data_sel, ..release(FENCE, data) });
    let full = with(fence(true, DataSel::VALUE_64BIT, 7));
    pair("PM4-314", &with(fence(false, DataSel::VALUE_64BIT, 7)), &full);
    let acquired = Words::new().push(FLUSH).push(acquire(0x8000)).push(write(FENCE, &[7, 0]));
    clean(&with(acquired));
    only("PM4-314", &with(Words::new().push(acquire(0x8000)).push(FLUSH).push(write(FENCE, &[7, 0]))));
    pair("PM4-401", &with(fence(true, DataSel::VALUE_64BIT, 8)), &full);
    pair("PM4-401", &with(Words::new().push(FLUSH)), &full);
    let wide = |data_sel| {
        let value = 1 << 32 | 7;
        let completion = Completion::Memory { va: FENCE, value, reads: vec![] };
        Submission { completion, ..with(fence(true, data_sel, value)) }
    };
    pair("PM4-403", &wide(DataSel::VALUE_32BIT), &wide(DataSel::VALUE_64BIT));
    clean(&with(fence(true, DataSel::VALUE_32BIT, 7)));
    let count = Words::new().push(release(FENCE, 7)).0.len() as u32;
    // The condition's dword: of unknown content, known to be 1, and known to be 0.
    let conditional = |address: u64, value: Option<u32>| {
        let set = value.map_or(Words::new(), |v| Words::new().push(write(address, &[v])));
        let skip = CondExec { address, exec_count: count, ..Default::default() };
        with(set.push(FLUSH).push(skip).push(release(FENCE, 7)))
    };
    pair("PM4-402", &conditional(INPUT + 0x4000, None), &conditional(FENCE + 64, Some(1)));
    only("PM4-401", &conditional(FENCE + 64, Some(0)));
    // Writing back is skipped, and the value comes nevertheless.
    let back = Words::new().push(FLUSH).raw(&perhaps(Words::new().push(release(FENCE + 64, 7))).0);
    only("PM4-314", &with(back.push(write(FENCE, &[7, 0]))));
    // A condition inside another one's range that reaches beyond it.
    let nested = |inner: Option<u32>| {
        let address = FENCE + 64;
        let set = inner.map_or(Words::new(), |v| Words::new().push(write(address, &[v])));
        let address = if inner.is_some() { address } else { INPUT + 0x4000 };
        let skip = Words::new().push(CondExec { address, exec_count: count, ..Default::default() });
        let outer = perhaps(skip);
        with(set.push(FLUSH).raw(&outer.0).push(release(FENCE, 7)))
    };
    pair("PM4-402", &nested(None), &nested(Some(1)));
    only("PM4-402", &nested(Some(0)));
    let stuck = |value| {
        with(
            Words::new()
                .push(FLUSH)
                .push(write(FENCE + 64, &[value]))
                .push(wait(FENCE + 64, WaitFunction::EQUAL, 1))
                .push(release(FENCE, 7)),
        )
    };
    fires("PM4-410", &stuck(2));
    clean(&stuck(1));
}

#[test]
fn waits() {
    let on = |packet: WaitRegMem| of(Words::new().push(packet));
    let masked = |function, reference, mask| on(WaitRegMem { mask, ..wait(INPUT, function, reference) });
    pair("PM4-404", &masked(WaitFunction::EQUAL, 0x10, 0xf), &masked(WaitFunction::EQUAL, 0x1, 0xf));
    pair("PM4-404", &masked(WaitFunction::GREATER, 0xf, 0xf), &masked(WaitFunction::GREATER_OR_EQUAL, 0xf, 0xf));
    pair("PM4-404", &masked(WaitFunction::LESS, 0, 0xf), &masked(WaitFunction::LESS_OR_EQUAL, 0, 0xf));
    let one = wait(FENCE, WaitFunction::EQUAL, 1);
    let before = of(Words::new().push(write(FENCE, &[1])).push(one.clone()));
    pair("PM4-405", &of(Words::new().push(one.clone()).push(write(FENCE, &[1]))), &before);
    pair("PM4-406", &on(one.clone()), &on(wait(FENCE, WaitFunction::NOT_EQUAL, 1)));
    // Nothing is known of this memory.
    clean(&on(wait(INPUT, WaitFunction::EQUAL, 1)));
    let sixty_four = |reference| {
        let packet = WaitRegMem64 {
            function: WaitFunction::EQUAL,
            mem_space: WaitSpace::MEMORY,
            poll_addr: FENCE,
            reference,
            mask: u64::MAX,
            ..Default::default()
        };
        of(Words::new().push(release(FENCE, 1 << 40 | 5)).push(packet))
    };
    pair("PM4-406", &sixty_four(1 << 41 | 5), &sixty_four(1 << 40 | 5));
}

#[test]
fn events_and_selectors() {
    let event = |event_type, event_index| Submission {
        ring: Ring::Gfx,
        ..bare(Words::new().push(EventWrite { event_type, event_index, ..Default::default() }))
    };
    let flush = EventType::CS_PARTIAL_FLUSH;
    pair("PM4-407", &event(flush, EventIndex::OTHER), &event(flush, EventIndex::PARTIAL_FLUSH));
    only("PM4-407", &event(EventType::CS_DONE, EventIndex::SHADER_DONE));
    let end =
        |event_type, event_index| bare(Words::new().push(ReleaseMem { event_type, event_index, ..release(FENCE, 1) }));
    pair(
        "PM4-407",
        &end(EventType::CS_DONE, EventIndex::END_OF_PIPE),
        &end(EventType::CS_DONE, EventIndex::SHADER_DONE),
    );
    only("PM4-407", &end(flush, EventIndex::PARTIAL_FLUSH));
    let dst = |dst_sel| bare(Words::new().push(ReleaseMem { dst_sel, ..release(FENCE, 1) }));
    pair("PM4-408", &dst(ReleaseDst::QUEUE_WRITE_POINTER), &dst(ReleaseDst::TC_L2));
    let vgt = |ring| Submission { ring, ..event(EventType::VGT_FLUSH, EventIndex::OTHER) };
    pair("PM4-409", &vgt(Ring::Compute), &vgt(Ring::Gfx));
}

/// A graphics ring that is given several buffers.
fn buffers_of(ibs: Vec<(u64, Vec<u32>)>) -> Submission {
    let name = |i: usize| format!("IB {i}");
    let ibs = ibs.into_iter().enumerate().map(|(i, (va, words))| Ib { name: name(i), va: Some(va), words }).collect();
    Submission { ring: Ring::Gfx, ibs, ..of(Words::new()) }
}

fn jump(va: u64, dwords: u32, chain: bool) -> IndirectBuffer {
    IndirectBuffer { ib_base: va, ib_size: dwords, chain, valid: true, ..Default::default() }
}

#[test]
fn indirect_buffers() {
    let words = |n: usize| Submission { ..Submission::of_words(Gfx::Gfx1100, Ring::Compute, vec![0xffff_1000; n]) };
    pair("PM4-501", &words(12), &words(16));
    pair("PM4-504", &words(0), &words(8));
    let at = |va| Submission { ibs: vec![Ib { va: Some(va), ..of(Words::new()).ibs[0].clone() }], ..of(Words::new()) };
    pair("PM4-502", &at(IB + 16), &at(IB + 32));
    pair("PM4-503", &words(0x10_0000), &words(0xf_fff8));
    let call = |packet: IndirectBuffer| Words::new().push(packet).pad();
    let leaf = Words::new().pad();
    let two = |packet| buffers_of(vec![(IB, call(packet)), (IB + 0x100, leaf.clone())]);
    clean(&two(jump(IB + 0x100, 8, true)));
    clean(&two(jump(IB + 0x100, 8, false)));
    let trailing = |chain| {
        let first = Words::new().push(jump(IB + 0x100, 8, chain)).push(FLUSH).pad();
        buffers_of(vec![(IB, first), (IB + 0x100, leaf.clone())])
    };
    pair("PM4-505", &trailing(true), &trailing(false));
    pair("PM4-506", &two(jump(IB + 0x100, 16, true)), &two(jump(IB + 0x100, 8, true)));
    fires("PM4-506", &buffers_of(vec![(IB, call(jump(NOWHERE, 8, true)))]));
    only("PM4-507", &buffers_of(vec![(IB, call(jump(IB, 8, true)))]));
    fires("PM4-507", &buffers_of(vec![(IB, call(jump(IB + 0x100, 8, true))), (IB + 0x100, call(jump(IB, 8, true)))]));
    let nested = |depth: u64| {
        let next = |i: u64| IB + 0x100 * i;
        let mut ibs: Vec<_> = (0..depth).map(|i| (next(i), call(jump(next(i + 1), 8, false)))).collect();
        ibs.push((next(depth), leaf.clone()));
        buffers_of(ibs)
    };
    pair("PM4-508", &nested(3), &nested(2));
    let compute = |chain| Submission { ring: Ring::Compute, ..two(jump(IB + 0x100, 8, chain)) };
    pair("PM4-509", &compute(false), &compute(true));
    let skip = |exec_count| {
        let packet = CondExec { address: FENCE, exec_count, ..Default::default() };
        of(Words::new().push(packet).push(FLUSH).push(FLUSH))
    };
    pair("PM4-511", &skip(3), &skip(4));
    let valid = |valid, vmid| Submission {
        ring: Ring::Compute,
        ..two(IndirectBuffer { valid, vmid, ..jump(IB + 0x100, 8, true) })
    };
    pair("PM4-512", &valid(false, 0), &valid(true, 0));
    only("PM4-512", &valid(true, 1));
}

#[test]
fn what_is_called_is_executed_there() {
    // A dispatch whose registers another buffer sets, in memory only.
    let state = registers(preamble()).pad();
    let mut all = buffers();
    all[5].content = vec![0; 0x1000];
    all[5].content.extend(state.iter().flat_map(|w| w.to_le_bytes()));
    let words = Words::new().push(jump(IB + 0x1000, state.len() as u32, false));
    let mut words = words;
    Packet::from(grid(16, 1, 1, START)).encode(&mut words.0).unwrap();
    let submission = Submission { ring: Ring::Gfx, buffers: BufferMap::new(all), ..of(words) };
    clean(&submission);
    // What is wrong in there is told at the call.
    let mut spoiled = submission.buffers.buffers().to_vec();
    let ib = spoiled.iter_mut().find(|b| b.va == IB).unwrap();
    ib.content[0x1000..0x1004].fill(0);
    let report = lint(&Submission { buffers: BufferMap::new(spoiled), ..submission });
    let first = &report.findings()[0];
    assert_eq!((first.rule.id, first.ib, first.offset), ("PM4-001", Some(0), Some(0)), "{report}");
    assert!(first.message.contains("0x800501000, dword 0"), "{report}");
}

#[test]
fn a_stream_of_calls_ends() {
    // Each buffer calls the next one hundred times.
    let many = |va| {
        let mut words = Words::new();
        for _ in 0..1000 {
            words = words.push(jump(va, 4000, false));
        }
        words.pad()
    };
    let ibs = vec![(IB, many(IB + 0x4000)), (IB + 0x4000, many(IB + 0x8000)), (IB + 0x8000, vec![0xffff_1000; 4000])];
    let start = std::time::Instant::now();
    fires("PM4-510", &buffers_of(ibs));
    assert!(start.elapsed().as_secs() < 5);
}

#[test]
fn plans() {
    let planned = |change: fn(&mut Vec<Effect>)| {
        let mut submission = good();
        change(submission.plan.as_mut().unwrap());
        submission
    };
    pair("PM4-701", &planned(|p| p.reverse()), &good());
    pair("PM4-703", &planned(|p| p[1] = Effect::Fence { va: FENCE, value: 7, bytes: 4 }), &good());
    pair("PM4-704", &planned(|p| p.push(Effect::Timestamp { va: FENCE + 8, end_of_pipe: true })), &good());
    pair("PM4-705", &planned(|p| drop(p.pop())), &good());
    let launched = |change: fn(&mut Launch)| {
        let mut launch = launch();
        change(&mut launch);
        let mut submission = good();
        submission.plan.as_mut().unwrap()[0] = Effect::Dispatch(launch);
        submission
    };
    let differences: [fn(&mut Launch); 14] = [
        |l| l.entry += 256,
        |l| l.wave32 = false,
        |l| l.block[1] = 2,
        |l| l.partial[0] = 63,
        |l| l.start[2] = 1,
        |l| l.end[0] = 17,
        |l| l.indirect = Some(INPUT),
        |l| l.user_data[1] = None,
        |l| l.user_data.push(None),
        |l| l.workgroup_ids[2] = true,
        |l| l.group_size_sgpr = true,
        |l| l.local_ids = 1,
        |l| l.mode ^= 1 << 23,
        |l| l.vgprs = 25,
    ];
    for change in differences {
        only("PM4-702", &launched(change));
    }
    // Fewer registers than there are do.
    clean(&launched(|l| l.vgprs = 16));
}

#[test]
fn kernel_calls() {
    let id = |found: Option<pm4::lint::Finding>| found.map(|f| f.rule.id);
    let hour = 3_600_000_000_000;
    assert_eq!(id(kernel_call::wait(1_000_000_000, hour)), Some("PM4-601"));
    assert_eq!(id(kernel_call::wait(hour + 1, hour)), None);
    assert_eq!(id(kernel_call::wait(u64::MAX, hour)), None);
    assert_eq!(id(kernel_call::wait_answer(0, 1, true)), Some("PM4-602"));
    assert_eq!(id(kernel_call::wait_answer(0, 0, true)), None);
    assert_eq!(id(kernel_call::wait_answer(0, 1, false)), None);
    // id 1 and 8 dwords, then the address of the data.
    assert_eq!(id(kernel_call::chunks(&[8 << 32 | 1, 0x7f00_0000_1000])), Some("PM4-603"));
    assert_eq!(id(kernel_call::chunks(&[0x7f00_0000_1000, 0x7f00_0000_1010])), None);
    assert_eq!(id(kernel_call::buffer_lists(3, 1)), Some("PM4-604"));
    assert_eq!(id(kernel_call::buffer_lists(0, 1)), None);
    assert_eq!(id(kernel_call::buffer_lists(3, 0)), None);
    assert_eq!(id(kernel_call::rings(0xf, 0xf)), Some("PM4-605"));
    assert_eq!(id(kernel_call::rings(0xf, 4)), None);
    let map = |va, bytes| kernel_call::mapping(&kernel_call::Mapping { va, bytes, offset: 0 });
    assert_eq!(map(0x1000, 0x280).first().map(|f| f.rule.id), Some("PM4-606"));
    assert!(map(0x1000, 0x1000).is_empty());
    assert_eq!(id(kernel_call::free_context(0, 5)), Some("PM4-607"));
    assert_eq!(id(kernel_call::free_context(5, 0)), None);
    assert_eq!(id(kernel_call::node("/dev/dri/card0")), Some("PM4-608"));
    assert_eq!(id(kernel_call::node("/dev/dri/renderD128")), None);
}
