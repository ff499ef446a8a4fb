//! What a submission sends, how its fence ends, and what it keeps alive.

use std::sync::Arc;
use std::time::Duration;

use super::super::uapi::*;
use super::super::*;
use super::mock::{FenceState, Mock};

struct Setup {
    mock: Arc<Mock>,
    device: Arc<Device>,
    context: Context,
    bo: Bo,
    map: GpuMap,
}

fn setup() -> Setup {
    let mock = Mock::new();
    let device = mock.open();
    let context = Context::new(&device, Priority::Normal).unwrap();
    let bo = device.alloc(4096, Placement::Gtt).unwrap();
    let map = bo.map_gpu(VmFlags::RWX).unwrap();
    Setup { mock, device, context, bo, map }
}

impl Setup {
    fn ib(&self) -> Submission {
        Submission::new().ib(self.map.va(), 64, Ring::COMPUTE0).mapping(&self.map)
    }

    fn last(&self) -> super::mock::Seen {
        self.mock.state().submissions.last().cloned().unwrap()
    }

    fn set(&self, fence: &CsFence, state: FenceState) {
        self.mock.state().fences.insert((fence.context_id(), fence.seq()), state);
    }
}

#[test]
fn chunks_go_as_an_array_of_their_addresses() {
    let s = setup();
    let other = s.device.alloc(4096, Placement::Gtt).unwrap();
    let (go, done) = (Syncobj::new(&s.device).unwrap(), Syncobj::new(&s.device).unwrap());
    let first = s.ib().submit(&s.context).unwrap();
    let second = s
        .ib()
        .ib_with_flags(s.map.va() + 64, 32, Ring::COMPUTE0, IB_FLAG_EMIT_MEM_SYNC)
        .bo(&other)
        .bo(&other)
        .depends_on(&first)
        .syncobj_in(&go)
        .syncobj_out(&done)
        .user_fence(&other, 16)
        .submit(&s.context)
        .unwrap();
    assert_eq!((first.seq(), second.seq()), (1, 2));
    let seen = s.last();
    assert_eq!((seen.ctx_id, seen.bo_list), (s.context.id(), 0));
    assert_eq!(seen.ibs.len(), 2);
    assert_eq!((seen.ibs[0].va_start, seen.ibs[0].ib_bytes, seen.ibs[0].ip_type), (s.map.va(), 64, HW_IP_COMPUTE));
    assert_eq!((seen.ibs[1].va_start, seen.ibs[1].flags), (s.map.va() + 64, IB_FLAG_EMIT_MEM_SYNC));
    assert_eq!(seen.handles, [s.bo.handle(), other.handle()], "each buffer once");
    let dep = CsChunkDep { ip_type: 1, ip_instance: 0, ring: 0, ctx_id: s.context.id(), handle: 1 };
    assert_eq!(seen.deps, [dep]);
    assert_eq!(seen.sems, [(CHUNK_ID_SYNCOBJ_IN, go.handle()), (CHUNK_ID_SYNCOBJ_OUT, done.handle())]);
    assert_eq!(seen.fence, Some(CsChunkFence { handle: other.handle(), offset: 16 }));
    assert_eq!(s.mock.state().breaches, Vec::<String>::new());
}

#[test]
fn with_one_timeline_point_binary_objects_travel_as_point_zero() {
    let s = setup();
    let (binary, timeline) = (Syncobj::new(&s.device).unwrap(), Syncobj::new(&s.device).unwrap());
    let submission = s.ib().syncobj_in(&binary).timeline_wait(&timeline, 4).timeline_signal(&timeline, 5);
    let _ = submission.syncobj_out(&binary).submit(&s.context).unwrap();
    let point = |handle, point| CsChunkSyncobj { handle, flags: 0, point };
    let (b, t) = (binary.handle(), timeline.handle());
    let (wait, signal) = (CHUNK_ID_SYNCOBJ_TIMELINE_WAIT, CHUNK_ID_SYNCOBJ_TIMELINE_SIGNAL);
    assert_eq!(
        s.last().points,
        [(wait, point(b, 0)), (wait, point(t, 4)), (signal, point(t, 5)), (signal, point(b, 0))]
    );
    assert_eq!(s.last().sems, []);

    let mock = Mock::new();
    mock.state().timeline = false;
    let device = mock.open();
    let context = Context::new(&device, Priority::Normal).unwrap();
    let syncobj = Syncobj::new(&device).unwrap();
    let refused = Submission::new().ib(0x20_0000, 32, Ring::COMPUTE0).timeline_wait(&syncobj, 1).submit(&context);
    assert!(matches!(refused, Err(KmdError::MissingCapability { .. })));
}

#[test]
fn what_the_kernel_would_refuse_is_refused_with_its_reason() {
    let s = setup();
    let va = s.map.va();
    let list = BoList::new(&s.device, std::slice::from_ref(&s.bo)).unwrap();
    let submit = |submission: Submission| submission.submit(&s.context).unwrap_err();
    let ib = |va, bytes, ip, index| submit(Submission::new().ib(va, bytes, Ring { ip, index }));
    assert!(matches!(submit(s.ib().bo_list(&list)), KmdError::BoListAndBos));
    let page = Submission::new().ib(va, 64, Ring::COMPUTE0).bo_list(&list).user_fence(&s.bo, 0);
    assert!(matches!(submit(page), KmdError::BoListAndBos));
    assert!(matches!(submit(Submission::new()), KmdError::NoIb));
    assert!(matches!(ib(va, 0, Ip::Compute, 0), KmdError::BadSize { .. }));
    assert!(matches!(ib(va, 6, Ip::Compute, 0), KmdError::Misaligned { value: 6, alignment: 4, .. }));
    assert!(matches!(ib(va + 16, 64, Ip::Compute, 0), KmdError::Misaligned { alignment: 32, .. }));
    for (ip, index) in [(Ip::Compute, 1), (Ip::Compute, 32), (Ip::Gfx, 1), (Ip::Sdma, 0)] {
        assert!(matches!(ib(va, 64, ip, index), KmdError::NoSuchRing { .. }), "{ip}{index}");
    }
    // A gang has four rings at most.
    let mixed = (0..4).fold(s.ib(), |gang, index| gang.ib(va, 64, Ring { ip: Ip::Gfx, index }));
    assert_eq!(submit(mixed).code(), "kmd-mixed-rings");
    let large = s.device.alloc(8192, Placement::Gtt).unwrap();
    assert!(matches!(submit(s.ib().user_fence(&large, 0)), KmdError::UserFenceSize { size: 8192, .. }));
    assert!(matches!(submit(s.ib().user_fence(&s.bo, 4)), KmdError::Misaligned { .. }));
    assert!(matches!(submit(s.ib().user_fence(&s.bo, 4096)), KmdError::OutOfRange { .. }));
    let elsewhere = setup();
    assert!(matches!(submit(s.ib().bo(&elsewhere.bo)), KmdError::OtherDevice { .. }));
    assert!(matches!(BoList::new(&s.device, std::slice::from_ref(&elsewhere.bo)), Err(KmdError::OtherDevice { .. })));
    assert_eq!(s.mock.count(ioctls::CS.number()), 0, "none of them reached the kernel");

    let _ = Submission::new().ib(va, 64, Ring::COMPUTE0).bo_list(&list).submit(&s.context).unwrap();
    assert_eq!((s.last().bo_list, s.last().ids), (list.handle(), vec![CHUNK_ID_IB]));
}

#[test]
fn waits_are_absolute_and_read_the_status() {
    let s = setup();
    s.mock.state().new_fence = Some(FenceState::Busy);
    let fence = s.ib().submit(&s.context).unwrap();
    let before = Deadline::after(Duration::from_secs(3));
    // The mock's ioctl returns 0 with status 1, as the kernel's does for a wait that timed out.
    assert_eq!(fence.wait(Deadline::after(Duration::from_secs(3))).unwrap(), Wait::TimedOut);
    let after = Deadline::after(Duration::from_secs(3));
    let sent = *s.mock.state().waits.last().unwrap();
    assert!(before.as_ns() <= sent.timeout && sent.timeout <= after.as_ns(), "{sent:?}");
    assert_eq!((sent.handle, sent.ctx_id, sent.ip_type), (fence.seq(), s.context.id(), HW_IP_COMPUTE));
    assert!(!fence.is_signaled().unwrap());
    assert_eq!(s.mock.state().waits.last().unwrap().timeout, 0);
    s.set(&fence, FenceState::Done);
    assert!(fence.is_signaled().unwrap());
    assert_eq!(fence.wait(Deadline::PAST).unwrap(), Wait::Signaled);
}

#[test]
fn fence_errors_are_a_lost_device_and_other_errors_are_errors() {
    let s = setup();
    let lost = |errno, flags| {
        s.mock.state().reset_flags = flags;
        let fence = s.ib().submit(&s.context).unwrap();
        s.set(&fence, FenceState::Failed(errno));
        match fence.wait(Deadline::PAST).unwrap() {
            Wait::DeviceLost(lost) => lost,
            other => panic!("{other:?}"),
        }
    };
    let guilty = CTX_QUERY2_FLAGS_RESET | CTX_QUERY2_FLAGS_GUILTY;
    assert_eq!(lost(Errno::ENODATA, guilty).reason, LostReason::GuiltySoft);
    assert_eq!(lost(Errno::ETIME, guilty).reason, LostReason::GuiltyHard);
    assert_eq!(lost(Errno::ECANCELED, guilty).reason, LostReason::Guilty);
    let innocent = lost(Errno::ECANCELED, CTX_QUERY2_FLAGS_RESET | CTX_QUERY2_FLAGS_VRAMLOST);
    assert_eq!((innocent.reason, innocent.errno), (LostReason::Innocent, Some(Errno::ECANCELED)));
    assert!(innocent.to_string().contains("video memory lost"), "{innocent}");
    let fence = s.ib().submit(&s.context).unwrap();
    s.set(&fence, FenceState::Failed(Errno::ENODEV));
    assert!(matches!(fence.wait(Deadline::PAST), Err(KmdError::Ioctl { errno: Errno::ENODEV, .. })));
}

#[test]
fn a_guilty_context_is_lost_although_its_fence_is_only_late() {
    let s = setup();
    s.mock.state().new_fence = Some(FenceState::Busy);
    let fence = s.ib().submit(&s.context).unwrap();
    s.mock.state().reset_flags = CTX_QUERY2_FLAGS_RESET;
    assert_eq!(fence.wait(Deadline::PAST).unwrap(), Wait::TimedOut, "others caused it, and the work may still end");
    assert_eq!(s.context.query_reset().unwrap().status, ResetStatus::Innocent);
    s.mock.state().reset_flags = CTX_QUERY2_FLAGS_RESET | CTX_QUERY2_FLAGS_GUILTY;
    assert!(matches!(
        fence.wait(Deadline::PAST).unwrap(),
        Wait::DeviceLost(Lost { reason: LostReason::Guilty, errno: None, .. })
    ));
    for (flags, status) in [
        (0, ResetStatus::Ok),
        (CTX_QUERY2_FLAGS_RAS_CE, ResetStatus::Ok),
        (CTX_QUERY2_FLAGS_RAS_UE, ResetStatus::Unknown),
        (1 << 40, ResetStatus::Unknown),
    ] {
        s.mock.state().reset_flags = flags;
        assert_eq!(s.context.query_reset().unwrap().status, status, "{flags:#x}");
    }
}

#[test]
fn a_lost_context_takes_no_more_work() {
    let s = setup();
    s.mock.fail(ioctls::CS.number(), &[Errno::ECANCELED, Errno::ENOENT]);
    let error = s.ib().submit(&s.context).unwrap_err();
    assert!(matches!(error, KmdError::ContextLost(Lost { reason: LostReason::Innocent, .. })), "{error}");
    let error = s.ib().submit(&s.context).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("AMDGPU_CS failed with ENOENT") && text.contains(&format!("{:#x}", s.map.va())), "{text}");
    assert_eq!(s.context.in_flight(), 0);
}

#[test]
fn work_in_flight_keeps_what_it_uses_until_it_is_done() {
    let Setup { mock, device, context, bo, map } = setup();
    mock.state().new_fence = Some(FenceState::Busy);
    let submit =
        |map: &GpuMap| Submission::new().ib(map.va(), 64, Ring::COMPUTE0).mapping(map).submit(&context).unwrap();
    let (first, second) = (submit(&map), submit(&map));
    drop((bo, map));
    assert_eq!((mock.bos(), mock.vas(), context.in_flight()), (1, 1, 2));
    context.reap();
    assert_eq!(context.in_flight(), 2, "still busy");
    mock.state().fences.insert((context.id(), first.seq()), FenceState::Done);
    context.reap();
    assert_eq!((mock.bos(), context.in_flight()), (1, 1));
    mock.state().fences.insert((context.id(), second.seq()), FenceState::Done);
    // A wait for the last one says the same of all before it.
    assert_eq!(second.wait(Deadline::PAST).unwrap(), Wait::Signaled);
    assert_eq!((mock.bos(), mock.vas(), context.in_flight()), (0, 0, 0));
    assert_eq!(device.va_in_use(), 0);
    drop((first, second, context, device));
    mock.assert_clean();
}

#[test]
fn work_that_failed_is_given_back_too() {
    let Setup { mock, device, context, bo, map } = setup();
    mock.state().new_fence = Some(FenceState::Failed(Errno::ETIME));
    let _ = Submission::new().ib(map.va(), 64, Ring::COMPUTE0).mapping(&map).submit(&context).unwrap();
    drop((bo, map));
    context.reap();
    assert_eq!((mock.bos(), context.in_flight()), (0, 0));
    drop((context, device));
    mock.assert_clean();
}

#[test]
fn dropping_a_context_waits_for_all_its_work_with_one_deadline() {
    let Setup { mock, device, context, bo, map } = setup();
    mock.state().new_fence = Some(FenceState::Busy);
    for _ in 0..3 {
        let _ = Submission::new().ib(map.va(), 64, Ring::COMPUTE0).mapping(&map).submit(&context).unwrap();
    }
    drop((bo, map));
    mock.state().waits.clear();
    drop(context);
    let deadlines: Vec<_> = mock.state().waits.iter().map(|wait| wait.timeout).collect();
    assert_eq!(deadlines.len(), 3);
    assert!(deadlines.iter().all(|ns| *ns == deadlines[0]));
    let left = Deadline::at_ns(deadlines[0]).remaining();
    assert!(left <= Duration::from_secs(2) && left > Duration::from_secs(1), "{left:?}");
    drop(device);
    mock.assert_clean();
}
