//! Buffers that move, and recorded streams that take new values.

use pm4::dispatch::*;
use pm4::packet::values::*;
use pm4::reg::*;
use pm4::submission::{Access, Effect, Use};
use pm4::*;
use proptest::prelude::*;

fn spec(code_va: u64) -> KernelSpec {
    let rsrc2 = reg_value!(COMPUTE_PGM_RSRC2 { USER_SGPR: 6u32, TGID_X_EN: true }).unwrap();
    let spec = KernelSpec::new(Gfx::Gfx1100, code_va, COMPUTE_PGM_RSRC1::new(), rsrc2, COMPUTE_PGM_RSRC3::new(), true);
    KernelSpec { pointers: 1, ..spec }
}

/// Addresses of three buffers: code, arguments, results.
type Places = [u64; 3];
const OLD: Places = [0xffff_8000_0000_0000, 0xffff_8001_0004_0000, 0x8_0001_7000];

/// Two kernels in one buffer, three dispatches, writes, a fence and a wait; with the buffers declared, or not.
fn record(places: Places, n: u32, declared: bool, audited: bool) -> (Stream, Vec<BufferRef>) {
    let [code, arguments, results] = places;
    let mut s = Stream::new();
    s.audited(audited);
    let mut refs = Vec::new();
    if declared {
        for (name, va) in ["code", "arguments", "results"].into_iter().zip(places) {
            refs.push(s.buffer(name, va, 0x4000).unwrap());
        }
    }
    preamble(&mut s, 6).unwrap();
    let kernels = [code, code + 0x1f00].map(|va| Kernel::prepare(spec(va)).unwrap());
    for (i, kernel) in [&kernels[0], &kernels[1], &kernels[0]].into_iter().enumerate() {
        let va = arguments + 0x100 * i as u64;
        let uses = [Use { range: results..results + 0x40, access: Access::W }];
        let user_data = [va as u32, (va >> 32) as u32, n, 0, 5, 6];
        s.dispatch(kernel, &Work { uses: &uses, ..Work::groups([n, 1, 1], [64, 1, 1], &user_data) }).unwrap();
        s.barrier(Agent::Shader, Agent::Shader).unwrap();
    }
    s.copy(results, arguments + 8, 16).unwrap();
    s.write(results + 4, &[n, 2]).unwrap();
    s.fence(results + 0x3ff8, u64::from(n) << 32).unwrap();
    s.wait_until(results, WaitFunction::EQUAL, n, u32::MAX).unwrap();
    (s, refs)
}

#[test]
fn moved_buffers_are_what_would_have_been_recorded_there() {
    let new = [0x0000_7000_1234_0000, 0x2_0000_0000, 0xffff_9000_0000_0000];
    let (mut s, refs) = record(OLD, 3, true, true);
    for (&buffer, va) in refs.iter().zip(new) {
        s.rebase(buffer, va).unwrap();
    }
    let (expected, _) = record(new, 3, true, true);
    assert_eq!(s.dwords(), expected.dwords());
    assert_eq!(s.plan(), expected.plan());
    assert_eq!(s.buffer_info(refs[1]), Some(("arguments", 0x2_0000_0000, 0x4000)));
}

#[test]
fn a_move_that_cannot_be_encoded_changes_nothing() {
    let (mut s, refs) = record(OLD, 3, true, true);
    let before = s.clone();
    let mut refused = |buffer: usize, va| {
        let code = s.rebase(refs[buffer], va).unwrap_err().code();
        assert_eq!(s.dwords(), before.dwords());
        assert_eq!(s.plan(), before.plan());
        code
    };
    // Code by 256 bytes; COPY_DATA and the fence by 8; not canonical; on top of another buffer.
    assert_eq!(refused(0, 0x1_0000_0080), "pm4-misaligned");
    assert_eq!(refused(2, 0x1_0000_0004), "pm4-misaligned");
    assert_eq!(refused(2, 0x0000_7fff_ffff_e000), "pm4-invalid");
    assert_eq!(refused(2, 0x0001_0000_0000_0000), "pm4-invalid");
    assert_eq!(refused(2, OLD[1] + 0x1000), "pm4-invalid");
    assert!(s.buffer("twice", OLD[0] + 0x100, 1).is_err());
    let mut other = Stream::new();
    assert!(other.rebase(refs[0], 0x1000).is_err());
}

/// A number that happens to look like the address of a register's last value is no address, and an address of a
/// buffer is not left out because a number was the same.
#[test]
fn numbers_and_addresses_are_told_apart() {
    let kernel = Kernel::prepare(spec(0x1000)).unwrap();
    let number = Kernel::prepare(KernelSpec { pointers: 0, ..spec(0x1000) }).unwrap();
    let mut s = Stream::new();
    let buffer = s.buffer("arguments", 0x8_0000_0000, 0x1000).unwrap();
    let data = [0, 8];
    let sites = |s: &Stream| s.uses().count();
    s.dispatch(&number, &Work::groups([1; 3], [64, 1, 1], &data)).unwrap();
    assert_eq!(sites(&s), 0);
    s.dispatch(&kernel, &Work::groups([1; 3], [64, 1, 1], &data)).unwrap();
    assert_eq!(sites(&s), 1);
    let len = s.len_dw();
    s.dispatch(&kernel, &Work::groups([1; 3], [64, 1, 1], &data)).unwrap();
    assert_eq!((sites(&s), s.len_dw()), (1, len + 5), "the same place of the same buffer is still set");
    s.dispatch(&number, &Work::groups([1; 3], [64, 1, 1], &data)).unwrap();
    assert_eq!(s.len_dw(), len + 5 + 9, "the number is written, for the address may change");
    s.rebase(buffer, 0x9_0000_0000).unwrap();
    let his: Vec<u32> = s
        .items()
        .flat_map(|i| i.packet.unwrap().register_writes().collect::<Vec<_>>())
        .filter(|w| w.0 == 0xb904)
        .map(|w| w.1)
        .collect();
    assert_eq!(his, [8, 9, 8]);
}

#[test]
fn uses_list_what_the_buffers_are_needed_for() {
    let (s, refs) = record(OLD, 3, true, false);
    let of = |buffer| s.uses().filter(|u| u.buffer == refs[buffer]).collect::<Vec<_>>();
    let code = of(0);
    assert!(code.iter().all(|u| u.access == Access::RX && u.dwords.len() == 2));
    assert_eq!(code.iter().map(|u| u.offset).collect::<Vec<_>>(), [0, 0x1f00, 0]);
    assert!(of(1).iter().any(|u| u.access == Access::W && u.offset == 8 && u.bytes == 16));
    // Three dispatches were stated to write 64 bytes; no dword says so.
    assert_eq!(of(2).iter().filter(|u| u.dwords.is_empty() && u.bytes == 0x40).count(), 3);
    let fence = of(2).into_iter().find(|u| u.offset == 0x3ff8).unwrap();
    assert_eq!(s.dwords()[fence.dwords.start], 0x0001_aff8);
    // An appended stream brings its buffers and sites along.
    let mut whole = Stream::new();
    whole.push(PfpSyncMe::default()).unwrap();
    whole.append(&s);
    assert_eq!(whole.uses().count(), s.uses().count());
    let moved = whole.uses().find(|u| u.offset == 0x3ff8).unwrap();
    assert_eq!(whole.dwords()[moved.dwords.start], 0x0001_aff8);
}

#[test]
fn slots_change_what_a_new_recording_would_hold() {
    let kernel = Kernel::prepare(spec(0x1000)).unwrap();
    let record = |slots: bool, arguments: u64, n: u32, groups: [u32; 3], data: [u32; 2], fence: u64| {
        let mut s = Stream::new();
        s.audited(true);
        preamble(&mut s, 6).unwrap();
        if slots {
            s.slot("arguments", SlotField::Pointer(0));
            s.slot("n", SlotField::UserData(3));
            s.slot("groups", SlotField::Groups);
            s.slot("data", SlotField::Data);
            s.slot("fence", SlotField::FenceValue);
            s.slot("expected", SlotField::WaitReference);
        }
        let user_data = [arguments as u32, (arguments >> 32) as u32, 9, n, 7];
        s.dispatch(&kernel, &Work::groups(groups, [64, 1, 1], &user_data)).unwrap();
        s.write(0x4000, &data).unwrap();
        s.wait_until64(0x6000, WaitFunction::EQUAL, fence, u64::MAX).unwrap();
        s.fence(0x5000, fence).unwrap();
        s
    };
    let mut retained = record(true, 0x1000, 0, [1; 3], [0, 0], 0).retain().unwrap();
    let mut ib = retained.dwords().to_vec();
    assert_eq!(retained.store_into(&mut ib[..]), 0);
    let slot = |r: &Retained, name| r.slot(name).unwrap();
    let (arguments, n, groups) = (slot(&retained, "arguments"), slot(&retained, "n"), slot(&retained, "groups"));
    let (data, fence, expected) = (slot(&retained, "data"), slot(&retained, "fence"), slot(&retained, "expected"));
    retained.set(arguments, 0x8_0000_2000).unwrap();
    retained.set(n, 5).unwrap();
    retained.set_groups(groups, [4, 1, 2]).unwrap();
    retained.set_data(data, &[8, 0]).unwrap();
    retained.set(fence, 0x1_0000_0003).unwrap();
    retained.set(expected, 0x1_0000_0003).unwrap();
    let want = record(false, 0x8_0000_2000, 5, [4, 1, 2], [8, 0], 0x1_0000_0003);
    assert_eq!(retained.plan(), want.plan());
    let want = want.finish().unwrap();
    assert_eq!(retained.dwords(), want);
    // Two halves each of the address, the fence and the wait; one SGPR; two of three dimensions; one of two dwords.
    let mut stores = Vec::new();
    let stored = retained.clone().store_into(&mut |dword: usize, value: u32| stores.push((dword, value)));
    assert_eq!((stored, stores.len()), (10, 10));
    assert_eq!(retained.store_into(&mut ib[..]), 10);
    assert_eq!(ib, want);
    // The same value again is no store; and however often a slot is set, what is stored is what it holds.
    retained.set(n, 5).unwrap();
    assert_eq!(retained.store_into(&mut ib[..]), 0);
    for i in 0..1000 {
        retained.set(n, i).unwrap();
    }
    assert!(retained.store_into(&mut ib[..]) <= ib.len());
    assert_eq!(ib, retained.dwords());

    let before = retained.dwords().to_vec();
    assert_eq!(retained.set(n, 1 << 32).unwrap_err().code(), "pm4-field-overflow");
    assert_eq!(retained.set(groups, 1).unwrap_err().code(), "pm4-invalid");
    assert_eq!(retained.set_groups(n, [1; 3]).unwrap_err().code(), "pm4-invalid");
    assert_eq!(retained.set_groups(groups, [1, 0, 1]).unwrap_err().code(), "pm4-invalid");
    assert_eq!(retained.set_data(data, &[1]).unwrap_err().code(), "pm4-invalid");
    assert_eq!(retained.set_data(fence, &[1, 2]).unwrap_err().code(), "pm4-invalid");
    assert_eq!(retained.dwords(), before);
    assert_eq!(retained.slot("none"), None);
}

/// What a slot changes is written by the next dispatch too, and what no call has used is refused.
#[test]
fn slots_are_written_and_not_relied_upon() {
    let kernel = Kernel::prepare(spec(0x1000)).unwrap();
    let work = Work::groups([1; 3], [64, 1, 1], &[1, 2, 3]);
    let mut s = Stream::new();
    s.dispatch(&kernel, &work).unwrap();
    let n = s.slot("n", SlotField::UserData(2));
    s.dispatch(&kernel, &work).unwrap();
    s.dispatch(&kernel, &work).unwrap();
    let mut retained = s.retain().unwrap();
    retained.set(n, 77).unwrap();
    let stream = Stream::from_dwords(retained.dwords());
    let writes = stream.items().flat_map(|i| i.packet.unwrap().register_writes().collect::<Vec<_>>());
    assert_eq!(writes.filter(|w| w.0 == 0xb908).map(|w| w.1).collect::<Vec<_>>(), [3, 77, 3]);

    let mut s = Stream::new();
    s.slot("never", SlotField::FenceValue);
    assert_eq!(s.retain().unwrap_err().code(), "pm4-invalid");
    let mut s = Stream::new();
    s.slot("groups", SlotField::Groups);
    let partial = Work { grid: Grid::Threads([65, 1, 1]), ..work };
    assert!(s.dispatch(&kernel, &partial).is_err());
}

#[test]
fn a_retained_stream_follows_its_buffers() {
    let new = 0x7_0000_0000;
    let (mut s, refs) = record(OLD, 3, true, true);
    let slot = s.slot("arguments", SlotField::Base(refs[1]));
    let mut retained = s.retain().unwrap();
    let mut ib = retained.dwords().to_vec();
    assert_eq!(retained.set(slot, OLD[0]).unwrap_err().code(), "pm4-invalid");
    retained.set(slot, new).unwrap();
    let stored = retained.store_into(&mut ib[..]);
    let expected = record([OLD[0], new, OLD[2]], 3, true, true).0;
    assert_eq!(retained.plan(), expected.plan());
    let expected = expected.finish().unwrap();
    assert_eq!(ib, expected);
    // Three dispatches and a copy, two halves each; the low halves differ too.
    assert_eq!(stored, 8);
}

/// A dispatch through each of the builder's paths: put together aside, stated in a plan, and with buffers known.
fn with(prepare: impl Fn(&mut Stream), dispatches: &[(usize, u32, [u32; 3], Vec<u32>)]) -> Stream {
    let kernels = [0x1000, 0x8_0000_2000].map(|va| Kernel::prepare(KernelSpec { pointers: 0, ..spec(va) }).unwrap());
    let mut s = Stream::new();
    prepare(&mut s);
    for (kernel, groups, block, user_data) in dispatches {
        s.dispatch(&kernels[*kernel], &Work::groups([*groups, 1, 1], *block, user_data)).unwrap();
    }
    s
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_paths_of_a_dispatch_write_the_same(
        dispatches in prop::collection::vec(
            (0usize..2, 1u32..4, [1u32..4, 1u32..4, 1u32..4], prop::collection::vec(0u32..3, 0..7)), 0..12),
    ) {
        let plain = with(|_| {}, &dispatches);
        let audited = with(|s| _ = s.audited(true), &dispatches);
        let known = with(|s| _ = s.buffer("elsewhere", 0x77_0000_0000, 0x1000).unwrap(), &dispatches);
        prop_assert_eq!(plain.dwords(), audited.dwords());
        prop_assert_eq!(plain.dwords(), known.dwords());
        // The plan of the packets alone agrees with that of the arguments.
        let mut pushed = Stream::new();
        pushed.audited(true);
        for item in plain.items() {
            pushed.push_with(item.flags, item.packet.unwrap()).unwrap();
        }
        prop_assert_eq!(pushed.plan(), audited.plan());
        let dispatched = |e: &Effect| matches!(e, Effect::Dispatch(_));
        prop_assert_eq!(audited.plan().unwrap().iter().filter(|e| dispatched(e)).count(), dispatches.len());
    }
}

/// The measured work does what it says, whatever it costs here.
#[test]
fn the_measured_work_is_real() {
    let mut ticks = 0;
    let costs = pm4::cost::measure(
        &mut || {
            ticks += 1000;
            ticks
        },
        3,
        100,
    )
    .unwrap();
    assert_eq!(costs.resubmit.ns, 10.0);
    assert!(costs.same_kernel.dwords > 5.0 && costs.other_kernel.dwords > costs.same_kernel.dwords);
    let mut resubmitting = pm4::cost::Resubmitting::new().unwrap();
    for _ in 0..5 {
        assert!(resubmitting.resubmit().unwrap() >= 4);
        assert!(resubmitting.is_current());
    }
}

/// Slots that were bound while nothing was audited, or under a plan that is gone, have no part of the plan.
#[test]
fn slots_change_no_plan_but_their_own() {
    let mut s = Stream::new();
    let slot = s.slot("data", SlotField::Data);
    s.write(0x1000, &[1, 2]).unwrap();
    s.audited(true).write(0x2000, &[1]).unwrap();
    let mut retained = s.retain().unwrap();
    retained.set_data(slot, &[3, 4]).unwrap();
    assert_eq!(retained.plan(), Some(&[Effect::Write { va: 0x2000, data: vec![1] }][..]));

    let mut s = Stream::new();
    s.audited(true);
    let slot = s.slot("data", SlotField::Data);
    s.write(0x1000, &[1, 2]).unwrap();
    s.audited(false).audited(true).write(0x2000, &[7, 8]).unwrap();
    let mut retained = s.retain().unwrap();
    retained.set_data(slot, &[3, 4]).unwrap();
    assert_eq!(retained.plan(), Some(&[Effect::Write { va: 0x2000, data: vec![7, 8] }][..]));
}

fn user_data_of(plan: &[Effect]) -> Vec<&[Option<u32>]> {
    let mut all = Vec::new();
    for effect in plan {
        if let Effect::Dispatch(launch) = effect {
            all.push(&launch.user_data[..2]);
        }
    }
    all
}

#[test]
fn the_plan_of_an_appended_stream_moves_too() {
    let kernel = Kernel::prepare(spec(0x1000)).unwrap();
    let recorded = || {
        let mut s = Stream::new();
        s.audited(true);
        let buffer = s.buffer("arguments", 0x2_0000, 0x1000).unwrap();
        s.dispatch(&kernel, &Work::groups([1; 3], [64, 1, 1], &[0x2_0100, 0])).unwrap();
        (s, buffer)
    };
    let ((mut s, buffer), (other, _)) = (recorded(), recorded());
    s.write(0x10, &[1]).unwrap().append(&other).rebase(buffer, 0x5_0004_0000).unwrap();
    assert_eq!(user_data_of(s.plan().unwrap()), [[Some(0x4_0100), Some(5)]; 2]);
}

/// What a slot holds is no address, wherever its value lies.
#[test]
fn a_slot_in_a_pointers_place_does_not_move() {
    let kernel = Kernel::prepare(spec(0x1000)).unwrap();
    let mut s = Stream::new();
    s.audited(true);
    let buffer = s.buffer("arguments", 0x2_0000, 0x1000).unwrap();
    let slot = s.slot("pointer", SlotField::Pointer(0));
    s.dispatch(&kernel, &Work::groups([1; 3], [64, 1, 1], &[0x2_0100, 0])).unwrap();
    s.rebase(buffer, 0x5_0004_0000).unwrap();
    assert_eq!(user_data_of(s.plan().unwrap()), [[Some(0x2_0100), Some(0)]]);
    let mut retained = s.retain().unwrap();
    retained.set(slot, 9).unwrap();
    assert_eq!(user_data_of(retained.plan().unwrap()), [[Some(9), Some(0)]]);
}
