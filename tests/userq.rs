//! User-mode queues on the software device: work through a ring of one's own, fences between queues and the kernel, the
//! driver's refusals, hangs, and nothing left behind.

mod soft_support;

use std::sync::{Arc, mpsc};
use std::time::Duration;

use soft_support::*;
use sparkle_pm4::kmd::fault::{FaultyNode, When};
use sparkle_pm4::kmd::{
    Deadline, Device, Errno, FenceInfo, GpuMap, Ip, KmdError, Node, Placement, QueuePriority, Submission, Syncobj,
    UserQueue, UserQueueOptions, VmFlags, Wait, WaitFor, ioctls, uapi,
};
use sparkle_pm4::soft::{Census, Config, SoftNode};

/// PROTECTED_FENCE_SIGNAL with its dword of zero, as IGT's `amd_PM4.h` has it.
const SIGNAL: [u32; 2] = [0xc000_d000, 0];

fn config() -> Config {
    Config { user_queues: true, ..Config::default() }
}

fn queue(m: &Machine, engine: Ip) -> UserQueue {
    UserQueue::new(&m.device, engine, UserQueueOptions::default()).unwrap()
}

/// Packets, and what makes a fence of them.
fn push(queue: &UserQueue, packets: &[u32], uses: &[GpuMap]) {
    queue.push(&[packets, &SIGNAL].concat(), uses).unwrap();
}

#[track_caller]
fn idle(queue: &UserQueue) {
    assert_eq!(queue.wait_idle(soon()).unwrap(), Wait::Signaled);
}

/// WAIT_REG_MEM64 until memory is at least a value.
fn wait_for(fence: FenceInfo) -> Vec<u32> {
    let ([va, va_high], [value, value_high]) = (halves(fence.va), halves(fence.value));
    packet(0x93, &[0x15, va, va_high, value, value_high, !0, !0, 4])
}

/// INDIRECT_BUFFER of the compute engine, VALID.
fn call(ib: &GpuMap, dwords: u32) -> Vec<u32> {
    let [low, high] = halves(ib.va());
    packet(0x3f, &[low, high, dwords | 1 << 23])
}

/// Until everything of a file is given back.
fn settled(node: &SoftNode) -> Census {
    let deadline = soon();
    loop {
        let census = node.census();
        if census.vram_bytes + census.gtt_bytes == 0 || deadline.is_past() {
            return census;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn packets_in_a_ring_are_executed_and_the_pointers_move() {
    let m = machine(config());
    assert_eq!(m.device.user_queue_engines().unwrap(), 0b11, "graphics and compute");
    assert_eq!(m.device.version().minor, 64, "the first kernel that tells of them");
    for engine in [Ip::Compute, Ip::Gfx] {
        let queue = queue(&m, engine);
        let (bo, map) = m.memory(&[0; 4]);
        push(&queue, &write_data(map.va() + 4, &[7, 8]), &[map]);
        idle(&queue);
        assert_eq!((load(&bo, 0), load(&bo, 1), load(&bo, 2)), (0, 7, 8), "{engine}");
        assert_eq!((queue.written(), queue.read_pointer().unwrap()), (8, 8), "{engine}: WRITE_DATA has 6 dwords");
    }
}

#[test]
fn registers_keep_their_values_from_one_dispatch_to_the_next() {
    let m = machine(config());
    let code = asm("v_lshlrev_b32 v1, 2, v0\nv_add_nc_u32 v0, s2, v0\nglobal_store_b32 v1, v0, s[0:1]\ns_endpgm\n");
    let (_, code) = m.memory(&code);
    let (bo, out) = m.memory(&[0; 32]);
    let [low, high] = halves(out.va());
    let queue = queue(&m, Ip::Compute);
    let launch = Launch::new(code.va(), &[low, high, 100]);
    push(&queue, &launch.stream(), &[code.clone(), out.clone()]);
    idle(&queue);
    assert_eq!((load(&bo, 0), load(&bo, 31)), (100, 131));
    // Another value of s2; program, sizes and the address are those of before.
    let again = [set_sh(0x242, &[500]), vec![0xc003_1502, 1, 1, 1, launch.initiator], FLUSH.to_vec()].concat();
    push(&queue, &again, &[]);
    idle(&queue);
    assert_eq!((load(&bo, 0), load(&bo, 31)), (500, 531));
}

#[test]
fn a_strict_card_looks_at_rings_too() {
    let m = machine(Config { check_caches: true, strict: true, ..config() });
    let code = asm("v_lshlrev_b32 v1, 2, v0\nglobal_store_b32 v1, v0, s[0:1]\ns_endpgm\n");
    let (_, code) = m.memory(&code);
    let (bo, out) = m.memory(&[0; 32]);
    let launch = Launch::new(code.va(), &halves(out.va()));
    let queue = queue(&m, Ip::Compute);
    push(&queue, &launch.stream(), &[code.clone(), out.clone()]);
    idle(&queue);
    assert_eq!((load(&bo, 0), load(&bo, 31)), (0, 31));
    let (log, lines) = mpsc::channel();
    let m = machine(Config { strict: true, log: Some(log), ..config() });
    let second = self::queue(&m, Ip::Compute);
    // A graphics packet.
    push(&second, &packet(0x69, &[0, 0]), &[]);
    says(&lines.recv_timeout(Duration::from_secs(30)).unwrap(), &["user queue dword 0", "SET_CONTEXT_REG"]);
}

#[test]
fn a_ring_goes_on_at_its_start_and_is_full_until_its_work_ended() {
    let m = machine(config());
    let queue =
        UserQueue::new(&m.device, Ip::Compute, UserQueueOptions { ring_bytes: 4096, ..Default::default() }).unwrap();
    let (bo, map) = m.memory(&[0; 64]);
    for i in 0..64u32 {
        // 69 dwords: neither a divisor of the ring's 1024 nor the same place each time.
        let words: Vec<u32> = (0..61).map(|j| i + j).collect();
        push(&queue, &[write_data(map.va(), &words), vec![NOP; 2]].concat(), &[]);
        if i % 13 == 12 {
            idle(&queue);
            assert_eq!((load(&bo, 0), load(&bo, 60)), (i, i + 60));
        }
    }
    idle(&queue);
    assert_eq!(load(&bo, 0), 63);
    queue.push(&vec![NOP; 1000], &[]).unwrap();
    match queue.push(&[NOP; 25], &[]) {
        Err(KmdError::RingFull { wanted: 25, free: 24, size: 1024, .. }) => {}
        other => panic!("{other:?}"),
    }
    push(&queue, &[], &[]);
    idle(&queue);
    queue.push(&vec![NOP; 1024], &[]).unwrap();
}

#[test]
fn indirect_buffers_are_called_from_a_ring() {
    let m = machine(config());
    let (bo, map) = m.memory(&[0]);
    let mut words = write_data(map.va(), &[77]);
    words.resize(8, NOP);
    let (_, ib) = m.memory(&words);
    let queue = queue(&m, Ip::Compute);
    push(&queue, &call(&ib, 8), &[ib.clone(), map]);
    idle(&queue);
    assert_eq!(load(&bo, 0), 77);
}

/// As radeonsi does it: FENCE_WAIT_MULTI, HDP_FLUSH, the buffer, RELEASE_MEM to a fence of its own, PROTECTED_FENCE_SIGNAL.
#[test]
fn mesas_sequence_of_packets() {
    let m = machine_with(config());
    let (first, second) = (queue(&m, Ip::Compute), queue(&m, Ip::Compute));
    let (bo, map) = m.memory(&[0; 16]);
    let va = map.va();
    let passed = Syncobj::new(&m.device).unwrap();
    push(
        &first,
        &[wait_for(FenceInfo { va, value: 1 }), write_data(va + 16, &[21])].concat(),
        std::slice::from_ref(&map),
    );
    first.signal(&[&passed], &[], &[]).unwrap();
    let mut body = vec![0x0004_0003];
    for fence in second.wait(&WaitFor { syncobjs: &[&passed], ..WaitFor::default() }).unwrap() {
        body.extend(halves(fence.va));
        body.extend(halves(fence.value));
    }
    // And one that is passed already.
    body.extend([halves(va + 8), [0, 0]].concat());
    assert_eq!(body.len(), 9);
    let mut ib = packet(0x40, &[[0x0010_0101].as_slice(), &halves(va + 16), &halves(va + 20)].concat());
    ib.resize(8, NOP);
    let (_, ib) = m.memory(&ib);
    let [low, high] = halves(ib.va());
    let [fence, fence_high] = halves(va + 32);
    let words = [
        packet(0xd1, &body),
        packet(0x95, &[0]),
        packet(0x3f, &[low, high, 8 | 1 << 23 | 1 << 30]),
        packet(0x49, &[0x0660_3514, 2 << 29, fence, fence_high, 77, 0, 0]),
    ];
    push(&second, &words.concat(), &[ib, map.clone()]);
    assert_eq!(second.wait_idle(Deadline::after(Duration::from_millis(50))).unwrap(), Wait::TimedOut);
    assert_eq!((load(&bo, 5), load(&bo, 8)), (0, 0), "the first queue has not passed");
    bo.map_cpu().unwrap().store_u64(0, 1).unwrap();
    idle(&second);
    assert_eq!((load(&bo, 4), load(&bo, 5), load(&bo, 8)), (21, 21, 77));
}

#[test]
fn queues_wait_for_each_others_fences() {
    let m = machine_with(config());
    let (first, second) = (queue(&m, Ip::Compute), queue(&m, Ip::Compute));
    assert_ne!(first.id(), second.id());
    let (bo, map) = m.memory(&[0; 4]);
    // The first queue is held by a flag that the host sets later.
    let gate = FenceInfo { va: map.va(), value: 1 };
    let passed = Syncobj::new(&m.device).unwrap();
    push(&first, &[wait_for(gate), write_data(map.va() + 8, &[41])].concat(), std::slice::from_ref(&map));
    first.signal(&[&passed], &[], &[&bo]).unwrap();
    let waits = second.wait(&WaitFor { syncobjs: &[&passed], ..WaitFor::default() }).unwrap();
    assert_eq!(waits.len(), 1);
    assert_eq!(waits[0].value, first.written(), "the write pointer when the fence was made");
    let by_buffer = second.wait(&WaitFor { reads: &[&bo], ..WaitFor::default() }).unwrap();
    assert_eq!(by_buffer, waits, "the buffer has the same fence");
    let copy = packet(0x40, &[[0x0010_0101].as_slice(), &halves(map.va() + 8), &halves(map.va() + 12)].concat());
    push(&second, &[wait_for(waits[0]), copy].concat(), std::slice::from_ref(&map));
    assert_eq!(second.wait_idle(Deadline::after(Duration::from_millis(50))).unwrap(), Wait::TimedOut);
    assert_eq!((load(&bo, 2), load(&bo, 3)), (0, 0));
    bo.map_cpu().unwrap().store_u64(0, 1).unwrap();
    idle(&second);
    assert_eq!((load(&bo, 2), load(&bo, 3)), (41, 41));
    assert_eq!(passed.wait(soon()).unwrap(), Wait::Signaled);
    assert_eq!(bo.wait_idle(soon()).unwrap(), Wait::Signaled);
}

#[test]
fn queues_and_submissions_wait_for_each_other() {
    let m = machine_with(config());
    let queue = queue(&m, Ip::Compute);
    let (bo, map) = m.memory(&[0; 4]);
    let (passed, ended) = (Syncobj::new(&m.device).unwrap(), Syncobj::new(&m.device).unwrap());
    push(
        &queue,
        &[wait_for(FenceInfo { va: map.va(), value: 1 }), write_data(map.va() + 8, &[5])].concat(),
        std::slice::from_ref(&map),
    );
    queue.signal(&[&passed], &[], &[]).unwrap();
    let mut words = packet(0x40, &[[0x0010_0101].as_slice(), &halves(map.va() + 8), &halves(map.va() + 12)].concat());
    words.resize(8, NOP);
    let (_, ib) = m.memory(&words);
    let job = Submission::new().ib(ib.va(), 32, COMPUTE).mapping(&ib).mapping(&map);
    let context = m.context();
    let job = job.syncobj_in(&passed).timeline_signal(&ended, 9).submit(&context).unwrap();
    assert_eq!(job.wait(Deadline::after(Duration::from_millis(50))).unwrap(), Wait::TimedOut);
    bo.map_cpu().unwrap().store_u64(0, 1).unwrap();
    // The kernel waits itself for what is no queue's.
    let waits = queue.wait(&WaitFor { points: &[(&ended, 9)], ..WaitFor::default() }).unwrap();
    assert_eq!(waits, []);
    assert_eq!((job.wait(soon()).unwrap(), load(&bo, 3)), (Wait::Signaled, 5));
    let late = queue.wait(&WaitFor { points: &[(&ended, 1 << 32)], ..WaitFor::default() }).unwrap_err();
    assert_eq!(late.code(), "kmd-bad-size", "kernels read 32 bits of a point");
}

#[test]
fn a_card_without_them_says_so() {
    let m = machine(Config::default());
    assert_eq!(m.device.user_queue_engines().unwrap(), 0);
    for engine in Ip::ALL {
        let error = UserQueue::new(&m.device, engine, UserQueueOptions::default()).unwrap_err();
        assert!(matches!(error, KmdError::NoUserQueues { mask: 0, .. }), "{error:?}");
        assert_eq!((error.code(), error.hint().is_some()), ("kmd-no-user-queues", true));
    }
    let mut create = uapi::UserqIn { op: uapi::USERQ_OP_CREATE, ..Default::default() };
    assert_eq!(ioctl(&m.node, ioctls::USERQ.code, &mut create), Err(Errno::EINVAL));
    assert_eq!(ioctl(&m.node, ioctls::USERQ_SIGNAL.code, &mut uapi::UserqSignal::default()), Err(Errno::EINVAL));
    assert_eq!(ioctl(&m.node, ioctls::USERQ_WAIT.code, &mut uapi::UserqWait::default()), Err(Errno::EINVAL));
    let error = m.device.alloc(4096, Placement::Doorbell).unwrap_err();
    assert!(matches!(error, KmdError::Ioctl { errno: Errno::EINVAL, .. }), "no doorbells either: {error:?}");
    // The copy engine has none on a card that has others.
    let error = UserQueue::new(&machine(config()).device, Ip::Sdma, UserQueueOptions::default()).unwrap_err();
    assert!(matches!(error, KmdError::NoUserQueues { engine: Ip::Sdma, mask: 0b11 }), "{error:?}");
}

#[test]
fn what_cannot_be_is_refused_before_the_kernel_is_asked() {
    let m = machine(config());
    for ring_bytes in [0, 2048, 5000, 1 << 31] {
        let options = UserQueueOptions { ring_bytes, ..Default::default() };
        let error = UserQueue::new(&m.device, Ip::Compute, options).unwrap_err();
        assert!(matches!(error, KmdError::BadSize { value, .. } if value == ring_bytes), "{error:?}");
    }
    let options = UserQueueOptions { doorbell: 512, ..Default::default() };
    assert_eq!(UserQueue::new(&m.device, Ip::Compute, options).unwrap_err().code(), "kmd-bad-size");
    let other = machine(config());
    let (theirs, map) = other.memory(&[0]);
    let queue = queue(&m, Ip::Compute);
    for error in [
        queue.push(&[NOP], &[map]).unwrap_err(),
        queue.signal(&[], &[&theirs], &[]).unwrap_err(),
        queue.signal(&[&Syncobj::new(&other.device).unwrap()], &[], &[]).unwrap_err(),
        queue.wait(&WaitFor { writes: &[&theirs], ..WaitFor::default() }).unwrap_err(),
    ] {
        assert_eq!(error.code(), "kmd-other-device");
    }
    assert_eq!(queue.written(), 0);
}

#[test]
fn the_drivers_refusals() {
    let m = machine(config());
    let page = |placement| m.device.alloc(4096, placement).unwrap();
    let map = |bo: &sparkle_pm4::kmd::Bo| bo.map_gpu(VmFlags::RW).unwrap();
    let (ring, wptr, rptr, eop) = (
        map(&m.device.alloc(65536, Placement::Gtt).unwrap()),
        map(&page(Placement::Gtt)),
        map(&page(Placement::Gtt)),
        map(&page(Placement::Vram)),
    );
    let large = map(&m.device.alloc(8192, Placement::Gtt).unwrap());
    let (bell, plain) = (page(Placement::Doorbell), page(Placement::Gtt));
    let mqd = uapi::UserqMqdComputeGfx11 { eop_va: eop.va() };
    let nowhere = uapi::UserqMqdComputeGfx11 { eop_va: 0x1234_5000 };
    let at = |mqd: &uapi::UserqMqdComputeGfx11| std::ptr::from_ref(mqd).expose_provenance() as u64;
    let good = uapi::UserqIn {
        op: uapi::USERQ_OP_CREATE,
        queue_id: 0,
        ip_type: uapi::HW_IP_COMPUTE,
        doorbell_handle: bell.handle(),
        doorbell_offset: 511,
        flags: uapi::USERQ_CREATE_FLAGS_QUEUE_PRIORITY_NORMAL_HIGH,
        queue_va: ring.va(),
        queue_size: 65536,
        rptr_va: rptr.va(),
        wptr_va: wptr.va(),
        mqd: at(&mqd),
        mqd_size: 8,
    };
    let create = |asked: uapi::UserqIn| {
        let mut asked = asked;
        ioctl(&m.node, ioctls::USERQ.code, &mut asked).map(|_| asked.op)
    };
    type Change<'a> = &'a dyn Fn(&mut uapi::UserqIn);
    let cases: &[(&str, Errno, Change<'_>)] = &[
        ("an operation", Errno::EINVAL, &|q| q.op = 3),
        ("a flag", Errno::EINVAL, &|q| q.flags = 8),
        ("protected content", Errno::EINVAL, &|q| q.flags = uapi::USERQ_CREATE_FLAGS_QUEUE_SECURE),
        ("an engine", Errno::EINVAL, &|q| q.ip_type = uapi::HW_IP_VCN_DEC),
        ("no ring", Errno::EINVAL, &|q| q.queue_va = 0),
        ("a ring of three pages", Errno::EINVAL, &|q| q.queue_size = 3 * 4096),
        ("a small ring", Errno::EINVAL, &|q| q.queue_size = 2048),
        ("a ring beyond its mapping", Errno::EINVAL, &|q| q.queue_size = 131072),
        ("a ring where nothing is mapped", Errno::EINVAL, &|q| q.queue_va = 0x1234_5000),
        ("no write pointer", Errno::EINVAL, &|q| q.wptr_va = 0),
        ("a read pointer where nothing is mapped", Errno::EINVAL, &|q| q.rptr_va = 0x1234_5000),
        ("a write pointer in a larger buffer", Errno::EINVAL, &|q| q.wptr_va = large.va()),
        ("no doorbell", Errno::EINVAL, &|q| q.doorbell_handle = 999),
        ("memory for a doorbell", Errno::EINVAL, &|q| q.doorbell_handle = plain.handle()),
        ("a doorbell behind its page", Errno::EINVAL, &|q| q.doorbell_offset = 512),
        ("no descriptor", Errno::EINVAL, &|q| q.mqd = 0),
        ("another engine's descriptor", Errno::EINVAL, &|q| q.mqd_size = 16),
        ("a descriptor that can't be read", Errno::ENOMEM, &|q| q.mqd = 8),
        ("an end-of-pipe buffer where nothing is mapped", Errno::EINVAL, &|q| q.mqd = at(&nowhere)),
    ];
    for (what, errno, change) in cases {
        let mut asked = good;
        change(&mut asked);
        assert_eq!(create(asked), Err(*errno), "{what}");
    }
    let high =
        create(uapi::UserqIn { flags: uapi::USERQ_CREATE_FLAGS_QUEUE_PRIORITY_HIGH, doorbell_offset: 1, ..good });
    if nix::unistd::geteuid().is_root() {
        let id = high.unwrap();
        assert_eq!(
            create(uapi::UserqIn { op: uapi::USERQ_OP_FREE, queue_id: id, ..Default::default() }).map(|_| ()),
            Ok(())
        );
    } else {
        assert_eq!(high, Err(Errno::EACCES), "before all others");
    }
    let id = create(good).unwrap();
    assert_eq!(create(good), Err(Errno::EBUSY), "the doorbell is taken");
    let free = uapi::UserqIn { op: uapi::USERQ_OP_FREE, queue_id: id, ..Default::default() };
    assert_eq!(create(uapi::UserqIn { queue_size: 4096, ..free }), Err(Errno::EINVAL), "more than a number to free");
    assert_eq!(create(uapi::UserqIn { queue_id: id + 1, ..free }), Err(Errno::ENOENT));

    // Fences.
    let handles = [bell.handle(), 999];
    let list = handles.as_ptr().expose_provenance() as u64;
    let signal = |change: &dyn Fn(&mut uapi::UserqSignal)| {
        let mut asked = uapi::UserqSignal { queue_id: id, ..Default::default() };
        change(&mut asked);
        ioctl(&m.node, ioctls::USERQ_SIGNAL.code, &mut asked).map(|_| ())
    };
    assert_eq!(signal(&|_| {}), Ok(()));
    assert_eq!(signal(&|s| s.queue_id = id + 1), Err(Errno::ENOENT), "no such queue");
    assert_eq!(
        signal(&|s| (s.syncobj_handles, s.num_syncobj_handles) = (list, 1)),
        Err(Errno::ENOENT),
        "no sync object"
    );
    assert_eq!(signal(&|s| (s.bo_read_handles, s.num_bo_read_handles) = (list, 2)), Err(Errno::ENOENT), "no buffer");
    assert_eq!(signal(&|s| (s.bo_write_handles, s.num_bo_write_handles) = (8, 1)), Err(Errno::EFAULT));
    assert_eq!(signal(&|s| (s.bo_write_handles, s.num_bo_write_handles) = (list, 1)), Ok(()));
    let passed = Syncobj::new_signaled(&m.device).unwrap();
    let known = [passed.handle()];
    let known = known.as_ptr().expose_provenance() as u64;
    let wait = |change: &dyn Fn(&mut uapi::UserqWait)| {
        let mut asked =
            uapi::UserqWait { waitq_id: id, syncobj_handles: known, num_syncobj_handles: 1, ..Default::default() };
        change(&mut asked);
        ioctl(&m.node, ioctls::USERQ_WAIT.code, &mut asked).map(|_| asked.num_fences)
    };
    assert_eq!(wait(&|_| {}), Ok(1), "counted");
    assert_eq!(wait(&|w| w.num_fences = 1), Ok(0), "signalled, and no queue's");
    assert_eq!(wait(&|w| w.syncobj_handles = list), Err(Errno::ENOENT));
    assert_eq!(wait(&|w| (w.bo_read_handles, w.num_bo_read_handles) = (list, 2)), Err(Errno::ENOENT));
    assert_eq!(wait(&|w| (w.num_fences, w.waitq_id) = (1, id + 1)), Err(Errno::EINVAL), "no queue that waits");
    let twice = [passed.handle(), passed.handle()];
    let twice = twice.as_ptr().expose_provenance() as u64;
    let two = |w: &mut uapi::UserqWait| (w.num_fences, w.syncobj_handles, w.num_syncobj_handles) = (1, twice, 2);
    assert_eq!(wait(&two), Err(Errno::EINVAL), "more fences than room");
    drop(wptr);
    assert_eq!(signal(&|_| {}), Err(Errno::EINVAL), "the write pointer is mapped no more");
    assert_eq!(create(free).map(|_| ()), Ok(()));
}

#[test]
fn a_queue_that_hangs_is_given_up_with_its_fences() {
    let cases: [(&str, Vec<u32>, &str); 3] = [
        (
            "a wait for ever",
            [wait_for(FenceInfo { va: 0, value: 1 }), SIGNAL.to_vec()].concat(),
            "user queue dword 0: WAIT_REG_MEM",
        ),
        ("no packet that moves the fence", vec![NOP; 4], "no PROTECTED_FENCE_SIGNAL beyond dword 0"),
        ("an opcode without a name", vec![0xc000_0200, 0], "user queue dword 0"),
    ];
    for (what, mut words, reason) in cases {
        let (log, lines) = mpsc::channel();
        let m = machine(Config { log: Some(log), ..config() });
        let (_bo, map) = m.memory(&[0; 4]);
        if words[0] == 0xc007_9300 {
            words[2..4].copy_from_slice(&halves(map.va()));
        }
        let first = queue(&m, Ip::Compute);
        let passed = Syncobj::new(&m.device).unwrap();
        first.push(&words, &[map]).unwrap();
        first.signal(&[&passed], &[], &[]).unwrap();
        // A sync object doesn't tell a fence's error; the log does.
        assert_eq!(passed.wait(soon()).unwrap(), Wait::Signaled, "{what}");
        let line = lines.recv_timeout(Duration::from_secs(30)).unwrap();
        says(&line, &[reason]);
        // Later fences of it end too, and other queues go on.
        push(&first, &[], &[]);
        idle(&first);
        let second = queue(&m, Ip::Compute);
        let (bo, map) = m.memory(&[0]);
        push(&second, &write_data(map.va(), &[3]), &[map]);
        idle(&second);
        assert_eq!(load(&bo, 0), 3, "{what}");
    }
}

#[test]
fn a_fence_packet_outside_a_queues_ring_is_refused() {
    let m = machine(config());
    says(&m.fail(&SIGNAL), &["PROTECTED_FENCE_SIGNAL", "only the ring of a user-mode queue"]);
}

#[test]
fn what_a_queue_reaches_that_could_not_be_freed_stays_until_the_file_is_closed() {
    let card = SoftNode::new(config()).unwrap();
    for (errno, stays) in [(Errno::EINVAL, true), (Errno::ENOMEM, true), (Errno::ENOENT, false)] {
        let node = Arc::new(FaultyNode::new(Arc::new(card.reopen())).fail(ioctls::USERQ.number(), errno, When::Nth(2)));
        let device = Device::open(Arc::clone(&node) as Arc<dyn Node>).unwrap();
        let before = device.va_in_use();
        let queue = UserQueue::new(&device, Ip::Compute, UserQueueOptions::default()).unwrap();
        let held = device.va_in_use() - before;
        drop(queue);
        assert_eq!(device.va_in_use() - before, if stays { held } else { 0 }, "{errno:?}");
        drop(device);
        drop(Arc::into_inner(node).expect("nobody has the file any more"));
        assert_eq!(settled(&card), Census::default(), "{errno:?}");
    }
}

#[test]
fn memory_lives_as_long_as_the_queue_and_nothing_is_left_behind() {
    let card = SoftNode::new(config()).unwrap();
    for _ in 0..3 {
        let device = Device::open(Arc::new(card.reopen())).unwrap();
        let options = UserQueueOptions { priority: QueuePriority::Low, doorbell: 5, ..Default::default() };
        let queue = UserQueue::new(&device, Ip::Gfx, options).unwrap();
        let bo = device.alloc(4096, Placement::Gtt).unwrap();
        let cpu = bo.map_cpu().unwrap();
        let map = bo.map_gpu(VmFlags::RW).unwrap();
        let va = map.va();
        // The caller's owners go at once; the queue keeps the mapping.
        queue
            .push(&[wait_for(FenceInfo { va, value: 1 }), write_data(va + 8, &[9]), SIGNAL.to_vec()].concat(), &[map])
            .unwrap();
        drop(bo);
        cpu.store_u64(0, 1).unwrap();
        idle(&queue);
        assert_eq!(cpu.load_u32(8).unwrap(), 9);
        drop((queue, cpu, device));
        assert_eq!(settled(&card), Census::default());
    }
    // A file that is closed with a queue at work.
    let device = Device::open(Arc::new(card.reopen())).unwrap();
    let queue = UserQueue::new(&device, Ip::Compute, UserQueueOptions::default()).unwrap();
    let map = device.alloc(4096, Placement::Gtt).unwrap().map_gpu(VmFlags::RW).unwrap();
    queue.push(&wait_for(FenceInfo { va: map.va(), value: 1 }), &[map]).unwrap();
    drop((queue, device));
    assert_eq!(settled(&card), Census::default());
}
