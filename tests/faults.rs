//! Faults of the driver, injected: each request with each error that it documents, cards that vanish, older kernels, signals
//! everywhere, and random schedules under a convolution. Whatever happens is a typed error or the right result, within a
//! time limit, and leaves nothing behind.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use sparkle_pm4::kmd::fault::{FaultyNode, When};
use sparkle_pm4::kmd::ioctls::{self, COMMON_ERRORS, ERRORS};
use sparkle_pm4::kmd::{
    AllocFlags, Bo, BoList, Context, Counter, CsFence, Deadline, Device, Errno, Ip, KmdError, Metadata, Node,
    Placement, PowerState, Priority, Ring, Sensor, Submission, Syncobj, Update, UserQueue, UserQueueOptions, VmFlags,
    Wait, WaitFor,
};
use sparkle_pm4::soft::{Census, Config, Kind, Name, NodeKind, SoftNode};
use sparkle_pm4::{Engine, ops};

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(30))
}

/// Runs `work` on a thread of its own; a panic is passed on, and a hang is one.
fn in_time<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::spawn(move || drop(sender.send(work())));
    match receiver.recv_timeout(Duration::from_secs(120)) {
        Ok(value) => value,
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            std::panic::resume_unwind(thread.join().expect_err("a thread that sent nothing panicked"))
        }
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("{what}: no end within two minutes"),
    }
}

/// How a tour ended before its end.
#[derive(Debug)]
enum Stop {
    Error(KmdError),
    /// A wait said so, by its type.
    Wait(Wait),
}

impl From<KmdError> for Stop {
    fn from(error: KmdError) -> Self {
        Self::Error(error)
    }
}

fn done(wait: Wait) -> Result<(), Stop> {
    match wait {
        Wait::Signaled => Ok(()),
        other => Err(Stop::Wait(other)),
    }
}

/// An error that the tour asked for.
fn unless<T>(errno: Errno, answer: Result<T, KmdError>) -> Result<(), Stop> {
    match answer {
        Ok(_) => Ok(()),
        Err(KmdError::Ioctl { errno: got, .. }) if got == errno => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn eventfd() -> OwnedFd {
    use std::os::fd::FromRawFd;
    // SAFETY: a call without addresses; the descriptor is new, and ours.
    unsafe { OwnedFd::from_raw_fd(libc::eventfd(0, libc::EFD_CLOEXEC)) }
}

const NOPS: [u8; 32] = [
    0x00, 0x10, 0xff, 0xff, 0x00, 0x10, 0xff, 0xff, 0x00, 0x10, 0xff, 0xff, 0x00, 0x10, 0xff, 0xff, 0x00, 0x10, 0xff,
    0xff, 0x00, 0x10, 0xff, 0xff, 0x00, 0x10, 0xff, 0xff, 0x00, 0x10, 0xff, 0xff,
];

/// NOP and PROTECTED_FENCE_SIGNAL, each with a dword.
const FENCED_NOP: [u32; 4] = [0xc000_1000, 0, 0xc000_d000, 0];

/// Everything that the library asks of a render node.
fn tour(node: Arc<dyn Node>) -> Result<(), Stop> {
    let device = Device::open(node)?;
    device.memory()?;
    device.timestamp()?;
    device.vram_lost_counter()?;
    for sensor in Sensor::ALL {
        device.sensor(sensor)?;
    }
    device.counter(Counter::Evictions)?;
    device.is_working()?;
    device.video_caps(true)?;
    device.video_bios()?;
    device.gds()?;
    device.max_ibs()?;
    device.last_fault()?;
    device.ras_features()?;
    device.register(0x263e)?;
    let vmid = device.reserve_vmid()?;

    // Memory, and what is known of it.
    let code = device.alloc(4096, Placement::Gtt)?;
    code.map_cpu()?.write_at(0, &NOPS)?;
    let code_map = code.map_gpu(VmFlags::RX)?;
    let data = device.alloc_with(8192, Placement::VramCpu, AllocFlags::CLEARED)?;
    let data_map = data.map_gpu_parts(&[(0, VmFlags::R), (4096, VmFlags::RW)])?;
    data.created_as()?;
    data.set_domains(2)?;
    data.set_metadata(&Metadata { tiling: 1, data: vec![1, 2, 3] })?;
    assert_eq!(data.metadata()?.data, [1, 2, 3], "what was stored is what is read");
    let shared = data.export()?;
    let again = device.import(&shared)?;
    assert_eq!(again.handle(), data.handle(), "an import of one's own buffer is that buffer");
    let pages = device.alloc_user(8192, false)?;
    pages.map_cpu()?.store_u32(4096, 5)?;
    let pages_map = pages.map_gpu(VmFlags::RW)?;

    // Addresses with gaps.
    let sparse = device.reserve_sparse(1 << 20)?;
    let (gate, told) = (Syncobj::new_signaled(&device)?, Syncobj::new(&device)?);
    sparse.bind(4096, 4096, &data, 4096, VmFlags::RW, Update { delayed: true, ..Update::default() })?;
    sparse.bind(
        65536,
        4096,
        &data,
        0,
        VmFlags::R,
        Update { after: &[&gate], signal: Some((&told, 1)), delayed: false },
    )?;
    sparse.unbind(4096, 4096, Update::default())?;

    // Work, and what waits for it.
    let context = Context::new(&device, Priority::Normal)?;
    context.query_reset()?;
    context.reset_since_last_query()?;
    unless(Errno::EINVAL, context.power_state())?;
    unless(Errno::EINVAL, context.set_power_state(PowerState::Peak))?;
    let list = BoList::new(&device, &[code.clone(), data.clone()])?;
    let (binary, timeline) = (Syncobj::new(&device)?, Syncobj::new(&device)?);
    let ib = |ring| Submission::new().ib(code_map.va(), 32, ring);
    let submit = |submission: Submission| match submission.submit(&context) {
        Err(KmdError::ContextLost(lost)) => Err(Stop::Wait(Wait::DeviceLost(lost))),
        other => other.map_err(Stop::Error),
    };
    let first = submit(ib(Ring::COMPUTE0).bo_list(&list).syncobj_out(&binary))?;
    let fence_page = device.alloc(4096, Placement::Gtt)?;
    let second = ib(Ring { index: 1, ..Ring::COMPUTE0 }).mapping(&code_map).mapping(&data_map).mapping(&pages_map);
    let second = second.depends_on(&first).scheduled_after(&first).timeline_signal(&timeline, 3);
    let second = submit(second.timeline_wait(&binary, 0).user_fence(&fence_page, 8))?;
    done(second.wait(soon())?)?;
    done(first.wait(soon())?)?;
    for answer in [
        CsFence::wait_any(&[first.clone(), second.clone()], soon()).map(|first| first.is_some()),
        CsFence::wait_all(&[first.clone(), second.clone()], soon()),
    ] {
        match answer {
            Ok(true) => {}
            Ok(false) => return Err(Stop::Wait(Wait::TimedOut)),
            Err(KmdError::ContextLost(lost)) => return Err(Stop::Wait(Wait::DeviceLost(lost))),
            Err(error) => return Err(error.into()),
        }
    }
    done(data.wait_idle(soon())?)?;
    done(binary.wait(soon())?)?;
    done(timeline.wait_point(3, soon())?)?;
    assert_eq!(timeline.query_point()?, 3);
    timeline.signal_point(4)?;
    timeline.transfer(4, &binary, 0)?;
    binary.reset()?;
    binary.signal()?;
    timeline.notify(4, eventfd(), false)?;

    // A ring of one's own, where the kernel has such.
    let has = device.user_queue_engines()? >> Ip::Compute as u32 & 1 != 0;
    assert_eq!(has, device.version().minor >= 64, "the first kernel that tells of user-mode queues");
    match UserQueue::new(&device, Ip::Compute, UserQueueOptions::default()) {
        Err(KmdError::NoUserQueues { .. }) if !has => {}
        Err(error) => return Err(error.into()),
        Ok(queue) => {
            assert!(has);
            queue.push(&FENCED_NOP, std::slice::from_ref(&data_map))?;
            let passed = Syncobj::new(&device)?;
            queue.signal(&[&passed], &[&pages], &[&data])?;
            done(passed.wait(soon())?)?;
            let points = [(&timeline, 3), (&timeline, 4)];
            queue.wait(&WaitFor { syncobjs: &[&passed], points: &points, reads: &[&data], writes: &[&pages] })?;
            queue.push(&FENCED_NOP, &[])?;
            done(queue.wait_idle(soon())?)?;
        }
    }

    // Fences elsewhere.
    let object = binary.export()?;
    device.import_syncobj(&object)?;
    let file = binary.export_sync_file(0)?;
    told.import_sync_file(&file, 0)?;
    first.to_syncobj()?;
    first.export_syncobj()?;
    first.export_sync_file()?;
    drop(vmid);
    Ok(())
}

/// Everything that the library asks of a primary node only.
fn primary_tour(node: Arc<dyn Node>, file: &OwnedFd, context: u32) -> Result<(), Stop> {
    let device = Device::open(node)?;
    device.unique()?;
    device.client()?;
    let magic = device.magic()?;
    device.authenticate(magic)?;
    device.drop_master()?;
    device.set_master()?;
    unless(Errno::EOPNOTSUPP, device.set_client_cap(2, 1))?;
    device.override_priority(file, Some(context), Priority::Low)?;
    let buffer = device.alloc(4096, Placement::Gtt)?;
    let name = buffer.global_name()?;
    let opened: Bo = device.open_name(name)?;
    assert_eq!(opened.size(), 4096);
    Ok(())
}

/// A card, and what a tour of its primary node needs.
struct Stage {
    card: SoftNode,
    file: Arc<OwnedFd>,
    _other: std::os::unix::net::UnixStream,
    context: u32,
}

impl Stage {
    fn new() -> Self {
        let card = SoftNode::new(Config { user_queues: true, ..Config::default() }).unwrap();
        let name = Name::fresh(Kind::Drm);
        let (other, file) = name.pair().unwrap();
        card.set_name(name.serial);
        let mut alloc = sparkle_pm4::kmd::uapi::CtxIn { op: 1, ..Default::default() };
        // SAFETY: the structure holds no addresses.
        unsafe { card.ioctl(ioctls::CTX_ALLOC.code, bytemuck::bytes_of_mut(&mut alloc)) }.unwrap();
        Self { card, file: Arc::new(file), _other: other, context: alloc.op }
    }

    /// A tour of a freshly opened node with faults; how it ended, and the node.
    fn run(
        &self,
        kind: NodeKind,
        what: &str,
        faults: impl FnOnce(FaultyNode) -> FaultyNode,
    ) -> (Result<(), Stop>, Vec<u8>, u64) {
        let node = Arc::new(faults(FaultyNode::new(Arc::new(self.card.reopen_as(kind)))));
        let (theirs, file, context) = (Arc::clone(&node) as Arc<dyn Node>, Arc::clone(&self.file), self.context);
        let end = in_time(what, move || match kind {
            NodeKind::Render => tour(theirs),
            NodeKind::Primary => primary_tour(theirs, &file, context),
        });
        let (history, injected) = (node.history(), node.injected());
        let node = Arc::into_inner(node).expect("the tour has dropped all that it made");
        drop(node);
        assert_eq!(settled(&self.card), Census { contexts: 1, ..Census::default() }, "{what}: left behind");
        (end, history, injected)
    }
}

/// What is open once the work under way, which outlives its file, has ended.
fn settled(card: &SoftNode) -> Census {
    let deadline = soon();
    loop {
        let census = card.census();
        if census.vram_bytes + census.gtt_bytes == 0 || deadline.is_past() {
            return census;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Requests whose answer to some errors is to go on: what gives things back, which the file's end does as well, and what
/// asks for things that a kernel or a card may lack.
fn goes_on(number: u8, errno: Errno) -> bool {
    let gives_back = [
        ioctls::GEM_CLOSE.number(),
        ioctls::SYNCOBJ_DESTROY.number(),
        ioctls::BO_LIST.number(),
        ioctls::CTX_STATE.number(),
        ioctls::GEM_VA.number(),
        ioctls::VM.number(),
        ioctls::USERQ.number(),
    ];
    let asks = [ioctls::INFO.number(), ioctls::GET_CAP.number(), ioctls::SET_CLIENT_CAP.number()];
    let lacking = matches!(errno, Errno::EINVAL | Errno::EOPNOTSUPP | Errno::EFAULT);
    matches!(errno, Errno::EINTR | Errno::EAGAIN)
        || gives_back.contains(&number)
        || asks.contains(&number) && lacking
        // Submissions are looked at before the next one, and when their context goes.
        || number == ioctls::WAIT_CS.number()
}

/// Whether an error names the errno that was injected, or says what it means.
fn names(stop: &Stop, errno: Errno) -> bool {
    match stop {
        Stop::Error(KmdError::Ioctl { errno: got, .. }) => *got == errno,
        Stop::Error(KmdError::OutOfMemory { .. }) => errno == Errno::ENOMEM,
        Stop::Error(KmdError::MissingCapability { .. }) => true,
        // An engine that the kernel doesn't know has no rings.
        Stop::Error(KmdError::NoSuchRing { .. }) => errno == Errno::EINVAL,
        Stop::Error(_) => false,
        Stop::Wait(Wait::TimedOut) => errno == Errno::ETIME,
        Stop::Wait(Wait::DeviceLost(lost)) => lost.errno == Some(errno),
        Stop::Wait(Wait::Signaled) => false,
    }
}

#[test]
fn each_request_with_each_of_its_errors() {
    let stage = Stage::new();
    let mut errors: BTreeMap<u8, (&str, Vec<Errno>)> = BTreeMap::new();
    for (name, code, documented) in ERRORS {
        let entry = errors.entry(*code as u8).or_insert((name, COMMON_ERRORS.to_vec()));
        entry.1.extend(documented.iter().filter(|errno| !COMMON_ERRORS.contains(errno)));
    }
    let mut issued = Vec::new();
    let mut cases = 0;
    for kind in [NodeKind::Render, NodeKind::Primary] {
        let (end, history, _) = stage.run(kind, "no faults", |node| node);
        end.unwrap();
        for (&number, (name, errnos)) in &errors {
            let calls = history.iter().filter(|&&n| n == number).count() as u64;
            if calls == 0 || issued.contains(&number) {
                continue;
            }
            issued.push(number);
            // The first calls, one in the middle, and the last ones: the same request is made in different situations.
            let mut at: Vec<u64> = vec![1, 2, 3, calls / 2, calls - 1, calls];
            at.retain(|n| (1..=calls).contains(n));
            at.sort_unstable();
            at.dedup();
            for (&errno, &nth) in errnos.iter().flat_map(|errno| at.iter().map(move |nth| (errno, nth))) {
                let what = format!("{name}, call {nth} of {calls}: {errno:?}");
                let (end, _, injected) = stage.run(kind, &what, |node| node.fail(number, errno, When::Nth(nth)));
                assert_eq!(injected, 1, "{what}");
                match end {
                    Ok(()) => assert!(goes_on(number, errno), "{what}: nobody noticed"),
                    Err(stop) => assert!(names(&stop, errno), "{what}: {stop:?}"),
                }
                cases += 1;
            }
        }
    }
    let never: Vec<_> = errors.iter().filter(|(number, _)| !issued.contains(number)).map(|(_, e)| e.0).collect();
    assert!(never.is_empty(), "requests that no tour makes: {never:?}");
    eprintln!("{cases} faults, {} requests", issued.len());
}

#[test]
fn maps_that_fail_are_errors() {
    let stage = Stage::new();
    for errno in [Errno::ENOMEM, Errno::EINVAL, Errno::EACCES, Errno::ENODEV] {
        let (end, _, _) = stage.run(NodeKind::Render, "a map that fails", |node| node.fail_map(errno, When::Nth(1)));
        assert!(matches!(end, Err(Stop::Error(KmdError::Map { .. }))), "{end:?}");
    }
}

#[test]
fn a_card_that_vanishes_is_noticed_wherever_that_is() {
    let stage = Stage::new();
    let (end, history, _) = stage.run(NodeKind::Render, "no faults", |node| node);
    end.unwrap();
    let mut noticed = 0;
    for call in 1..=history.len() as u64 {
        let what = format!("gone at call {call}");
        let (end, _, _) = stage.run(NodeKind::Render, &what, |node| node.vanish_at(call));
        match end {
            // While everything was given back.
            Ok(()) => {}
            Err(Stop::Error(KmdError::Map { .. })) => noticed += 1,
            Err(stop) => {
                assert!(names(&stop, Errno::ENODEV), "{what}: {stop:?}");
                noticed += 1;
            }
        }
    }
    assert!(noticed > history.len() / 2, "{noticed} of {}", history.len());
}

#[test]
fn signals_everywhere_change_nothing_and_a_driver_that_says_nothing_else_is_given_up() {
    let stage = Stage::new();
    for kind in [NodeKind::Render, NodeKind::Primary] {
        for errno in [Errno::EINTR, Errno::EAGAIN] {
            let often = When::Random { per_mille: 600 };
            let (end, _, injected) = stage.run(kind, "interrupted often", |node| node.fail_any(errno, often).seed(3));
            end.unwrap();
            assert!(injected > 20, "{injected}");
        }
    }
    for errno in [Errno::EINTR, Errno::EAGAIN] {
        let (end, _, _) = stage.run(NodeKind::Render, "interrupted always", |node| node.fail_any(errno, When::Always));
        assert!(end.is_err_and(|stop| names(&stop, errno)));
        let from = When::From(40);
        let (end, _, _) = stage.run(NodeKind::Render, "interrupted from then on", |node| node.fail_any(errno, from));
        assert!(end.is_err_and(|stop| names(&stop, errno)));
    }
}

#[test]
fn older_kernels_answer_less_and_that_is_enough() {
    let stage = Stage::new();
    for minor in [40, 41, 44, 45, 47, 48, 49, 50, 52, 54, 55, 61, 64] {
        let (end, _, _) = stage.run(NodeKind::Render, &format!("DRM 3.{minor}"), |node| node.drm_minor(minor));
        end.unwrap_or_else(|stop| panic!("DRM 3.{minor}: {stop:?}"));
        let node = FaultyNode::new(Arc::new(stage.card.reopen())).drm_minor(minor);
        let device = Device::open(Arc::new(node)).unwrap();
        assert_eq!((device.version().minor, device.info().gfx_target.as_str()), (minor, "gfx1100"));
        assert_eq!(device.info().caches.l2 != 0, minor >= 52, "DRM 3.{minor}");
        assert_eq!(device.max_ibs().unwrap().is_some(), minor >= 50, "DRM 3.{minor}");
    }
    let node = FaultyNode::new(Arc::new(stage.card.reopen())).drm_minor(39);
    assert_eq!(Device::open(Arc::new(node)).unwrap_err().code(), "kmd-too-old");
}

/// A convolution whose answer is known: three launches, the last one's output read back.
fn pipeline(node: Arc<dyn Node>) -> Result<Vec<f32>, sparkle_pm4::Error> {
    let device = sparkle_pm4::Device::from_node(node, Engine::Emu)?;
    let queue = device.queue()?;
    let shape = ops::Conv2dShape::new(1, 2, 6, 6, 4, 3, 3).pad(1);
    let conv = ops::Conv2d::new(shape).prepare(&device)?;
    let input = |len: usize| -> Vec<f32> { (0..len).map(|i| (i % 7) as f32 - 3.0).collect() };
    let (x, w) = (device.upload(&input(shape.input_len()))?, device.upload(&input(shape.weight_len()))?);
    let mut y = device.zeros::<f32>(shape.output_len())?;
    let mut twice = device.zeros::<f32>(shape.output_len())?;
    for _ in 0..2 {
        let _behind = queue.launch(&conv, (&x, &w, &mut y))?;
        queue.launch(&ops::VectorAdd, (&y, &y, &mut twice))?.wait(soon())?;
    }
    twice.read()
}

#[test]
fn random_schedules_under_a_convolution_end_right_or_with_an_error() {
    let schedules = 1000;
    let card = SoftNode::new(Config { job_timeout: Duration::from_secs(10), ..Config::default() }).unwrap();
    let right = pipeline(Arc::new(card.reopen())).unwrap();
    assert!(right.iter().any(|&v| v != 0.0));
    let every: Vec<(u8, Errno)> =
        ERRORS.iter().flat_map(|(_, code, errnos)| errnos.iter().map(|&errno| (*code as u8, errno))).collect();
    let (mut good, mut failed, mut faults) = (0, BTreeMap::<&'static str, u32>::new(), 0);
    for seed in 0..schedules {
        // A few rules by the seed: of single requests, of all, of the mapping, of interruptions.
        let mut random: u64 = seed;
        let mut pick = |n: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % n
        };
        let mut node = FaultyNode::new(Arc::new(card.reopen())).seed(seed);
        for _ in 0..=pick(3) {
            let (number, errno) = every[pick(every.len() as u64) as usize];
            node = node.fail(number, errno, When::Nth(1 + pick(6)));
        }
        node = match pick(5) {
            0 => node.fail_any(COMMON_ERRORS[pick(3) as usize], When::Random { per_mille: 1 + pick(10) as u32 }),
            1 => node.vanish_at(1 + pick(120)),
            2 => node.fail_map(Errno::ENOMEM, When::Nth(1 + pick(8))),
            3 => node.fail(ioctls::WAIT_CS.number(), Errno::ENODATA, When::Nth(1 + pick(20))),
            _ => node,
        };
        let node = Arc::new(node.fail_any(Errno::EINTR, When::Random { per_mille: 30 }));
        let theirs = Arc::clone(&node) as Arc<dyn Node>;
        let result = in_time(&format!("schedule {seed}"), move || pipeline(theirs));
        faults += node.injected();
        match result {
            Ok(got) => {
                assert_eq!(got, right, "schedule {seed}: a wrong result");
                good += 1;
            }
            Err(error) => *failed.entry(error.code()).or_default() += 1,
        }
        drop(Arc::into_inner(node).expect("the pipeline has dropped all that it made"));
        assert_eq!(settled(&card), Census::default(), "schedule {seed}: left behind");
    }
    eprintln!("{schedules} schedules, {faults} faults: {good} right, {failed:?}");
    assert!(good > 0 && !failed.is_empty());
}
