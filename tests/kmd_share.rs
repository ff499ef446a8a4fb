//! The library's owners on the software device: what leaves its file, pages of the process, gaps in the address space.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use pm4::Stream;
use pm4::packet::values::{CopyDataDst, CopyDataSrc, WaitFunction, WaitSpace, WriteDataDst};
use pm4::packet::{CopyData, WaitRegMem, WriteData};
use sparkle_pm4::kmd::{
    self, Bo, Context, CsFence, Deadline, GpuMap, Ip, Node, Placement, PowerState, Priority, Ring, Sensor, Submission,
    Syncobj, Update, VmFlags, Wait, uapi,
};
use sparkle_pm4::soft::{Client, Config, Name, NodeKind, SoftNode};

const RING: Ring = Ring::COMPUTE0;
const PAGE: u64 = 4096;

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

fn open(node: SoftNode) -> (Arc<SoftNode>, Arc<kmd::Device>, Context) {
    let node = Arc::new(node);
    let device = kmd::Device::open(Arc::clone(&node) as Arc<dyn Node>).unwrap();
    let context = Context::new(&device, Priority::Normal).unwrap();
    (node, device, context)
}

fn write(va: u64, value: u32) -> Stream {
    let mut stream = Stream::new();
    let packet = WriteData {
        dst_sel: WriteDataDst::MEM,
        dst_addr: va,
        payload: vec![value],
        wr_confirm: true,
        ..Default::default()
    };
    stream.push(packet).unwrap();
    stream
}

fn ib(device: &Arc<kmd::Device>, stream: &Stream) -> (GpuMap, u32) {
    let bo = device.alloc(4 * stream.dwords().len() as u64, Placement::Gtt).unwrap();
    let bytes: Vec<u8> = stream.dwords().iter().flat_map(|w| w.to_le_bytes()).collect();
    bo.map_cpu().unwrap().write_at(0, &bytes).unwrap();
    (bo.map_gpu(VmFlags::RX).unwrap(), bytes.len() as u32)
}

fn submission(device: &Arc<kmd::Device>, stream: &Stream) -> Submission {
    let (map, len) = ib(device, stream);
    Submission::new().ib(map.va(), len, RING).mapping(&map)
}

fn run(context: &Context, stream: &Stream) -> CsFence {
    submission(context.device(), stream).submit(context).unwrap()
}

fn wait_mem(va: u64, reference: u32) -> Stream {
    let mut stream = Stream::new();
    let packet = WaitRegMem {
        function: WaitFunction::EQUAL,
        mem_space: WaitSpace::MEMORY,
        poll_addr: va,
        reference,
        mask: u32::MAX,
        ..Default::default()
    };
    stream.push(packet).unwrap();
    stream
}

fn word(bo: &Bo, at: u64) -> u32 {
    bo.map_cpu().unwrap().load_u32(at).unwrap()
}

fn readable(fd: &OwnedFd) -> bool {
    poll(&mut [PollFd::new(fd.as_fd(), PollFlags::POLLIN)], PollTimeout::ZERO).unwrap() == 1
}

#[test]
fn a_buffer_of_one_device_is_written_by_another() {
    let (node, first, _) = open(SoftNode::new(Config::default()).unwrap());
    let (_, second, context) = open(node.reopen());
    let mine = first.alloc(2 * PAGE, Placement::GttWc).unwrap();
    let shared = mine.export().unwrap();
    let theirs = second.import(&shared).unwrap();
    assert_eq!((theirs.size(), theirs.placement()), (2 * PAGE, Placement::GttWc));
    // Importing again is sharing, and the handle is closed once.
    let again = second.import(&shared).unwrap();
    assert_eq!(again.handle(), theirs.handle());
    drop(again);
    let map = theirs.map_gpu(VmFlags::RW).unwrap();
    assert_eq!(run(&context, &write(map.va() + 8, 77)).wait(soon()).unwrap(), Wait::Signaled);
    assert_eq!(word(&mine, 8), 77);
    drop((shared, mine));
    assert_eq!(word(&theirs, 8), 77, "it lives on where it was imported");
}

#[test]
fn jobs_of_two_files_take_turns_on_a_shared_buffer() {
    let (node, first, one) = open(SoftNode::new(Config::default()).unwrap());
    let (_, second, two) = open(node.reopen());
    let mine = first.alloc(PAGE, Placement::Gtt).unwrap();
    let shared = mine.export().unwrap();
    let theirs = second.import(&shared).unwrap();
    let (here, there) = (mine.map_gpu(VmFlags::RW).unwrap(), theirs.map_gpu(VmFlags::RW).unwrap());
    let flag = first.alloc(PAGE, Placement::Gtt).unwrap();
    let flag_map = flag.map_gpu(VmFlags::RW).unwrap();
    let mut slow = wait_mem(flag_map.va(), 1);
    let write_one = WriteData {
        dst_sel: WriteDataDst::MEM,
        dst_addr: here.va(),
        payload: vec![1],
        wr_confirm: true,
        ..Default::default()
    };
    slow.push(write_one).unwrap();
    let slow = submission(&first, &slow).mapping(&here).mapping(&flag_map).submit(&one).unwrap();
    // Nobody said so: the buffer itself orders them. Another ring, so that it isn't that.
    let (map, len) = ib(&second, &write(there.va(), 2));
    let other = Ring { index: 1, ..RING };
    let after = Submission::new().ib(map.va(), len, other).mapping(&map).mapping(&there).submit(&two).unwrap();
    assert_eq!(after.wait(Deadline::after(Duration::from_millis(50))).unwrap(), Wait::TimedOut);
    assert_eq!(theirs.wait_idle(Deadline::PAST).unwrap(), Wait::TimedOut);
    // The dma-buf tells of both.
    let serial = Name::of(&shared).unwrap().serial;
    let mut file = [1u32, 0];
    const EXPORT_SYNC_FILE: u32 = 0xc008_6202;
    let ask =
        |arg: &mut [u32; 2]| node.sync_ioctl(serial, &Client::default(), EXPORT_SYNC_FILE, bytemuck::bytes_of_mut(arg));
    assert_eq!(ask(&mut file), Ok(0));
    use std::os::fd::FromRawFd;
    // SAFETY: the device just handed this number out, to us.
    let file = unsafe { OwnedFd::from_raw_fd(file[1] as i32) };
    assert!(!readable(&file));
    assert_eq!(ask(&mut [0, 0]), Err(kmd::Errno::EINVAL), "neither reading nor writing");
    flag.map_cpu().unwrap().store_u32(0, 1).unwrap();
    assert!(CsFence::wait_all(&[slow], soon()).unwrap());
    assert_eq!(after.wait(soon()).unwrap(), Wait::Signaled);
    assert_eq!((word(&mine, 0), theirs.wait_idle(soon()).unwrap()), (2, Wait::Signaled));
    assert!(readable(&file));
}

#[test]
fn pages_of_the_process_are_the_buffer() {
    let (node, device, context) = open(SoftNode::new(Config::default()).unwrap());
    let pages = device.alloc_user(3 * PAGE, false).unwrap();
    let cpu = pages.map_cpu().unwrap();
    cpu.store_u32(PAGE, 9).unwrap();
    let map = pages.map_gpu(VmFlags::RW).unwrap();
    let mut stream = Stream::new();
    let copy = CopyData {
        src_sel: CopyDataSrc::MEM,
        dst_sel: CopyDataDst::MEM,
        src: map.va() + PAGE,
        dst: map.va() + 2 * PAGE,
        wr_confirm: true,
        ..Default::default()
    };
    stream.push(copy).unwrap();
    assert_eq!(run(&context, &stream).wait(soon()).unwrap(), Wait::Signaled);
    assert_eq!(cpu.load_u32(2 * PAGE).unwrap(), 9);
    assert_eq!(pages.export().unwrap_err().code(), "kmd-ioctl");
    drop((pages, map));
    assert_eq!(cpu.load_u32(2 * PAGE).unwrap(), 9, "a mapping keeps the pages");
    drop(cpu);
    assert_eq!(device.alloc_user(0, false).unwrap_err().code(), "kmd-bad-size");
    drop((context, device));
    assert_eq!(node.census(), Default::default());
}

#[test]
fn a_sparse_range_has_memory_where_it_is_bound() {
    let (node, device, context) = open(SoftNode::new(Config::default()).unwrap());
    let range = device.reserve_sparse(1 << 30).unwrap();
    let (one, two) = (device.alloc(4 * PAGE, Placement::Gtt).unwrap(), device.alloc(PAGE, Placement::Gtt).unwrap());
    range.bind(PAGE, 4 * PAGE, &one, 0, VmFlags::RW, Update::default()).unwrap();
    // In the middle of that, and behind a fence.
    let (gate, done) = (Syncobj::new(&device).unwrap(), Syncobj::new(&device).unwrap());
    gate.signal().unwrap();
    let update = Update { after: &[&gate], signal: Some((&done, 4)), delayed: false };
    range.bind(2 * PAGE, PAGE, &two, 0, VmFlags::RW, update).unwrap();
    assert_eq!(done.wait_point(4, soon()).unwrap(), Wait::Signaled);
    for (at, value) in [(0, 1), (PAGE, 2), (2 * PAGE, 3), (3 * PAGE, 4)] {
        assert_eq!(run(&context, &write(range.va() + at, value)).wait(soon()).unwrap(), Wait::Signaled);
    }
    assert_eq!([word(&one, 0), word(&one, PAGE), word(&one, 2 * PAGE), word(&two, 0)], [2, 0, 4, 3]);
    range.unbind(PAGE, 2 * PAGE, Update::default()).unwrap();
    assert_eq!(run(&context, &write(range.va() + 2 * PAGE, 5)).wait(soon()).unwrap(), Wait::Signaled);
    assert_eq!(word(&two, 0), 3, "written to nowhere");
    for (at, size, code) in [(1, PAGE, "kmd-misaligned"), (0, 0, "kmd-bad-size"), (1 << 30, PAGE, "kmd-out-of-range")] {
        assert_eq!(range.unbind(at, size, Update::default()).unwrap_err().code(), code);
    }
    let in_use = device.va_in_use();
    drop((range, one, two));
    assert!(device.va_in_use() < in_use);
    drop((gate, done, context, device));
    assert_eq!(node.census(), Default::default());
}

#[test]
fn a_fence_is_a_sync_object_and_a_file() {
    let (_, device, context) = open(SoftNode::new(Config::default()).unwrap());
    let flag = device.alloc(PAGE, Placement::Gtt).unwrap();
    let map = flag.map_gpu(VmFlags::RW).unwrap();
    let slow = submission(&device, &wait_mem(map.va(), 1)).mapping(&map).submit(&context).unwrap();
    let file = slow.export_sync_file().unwrap();
    let object = slow.to_syncobj().unwrap();
    let imported = device.import_syncobj(slow.export_syncobj().unwrap()).unwrap();
    let copy = Syncobj::new(&device).unwrap();
    copy.import_sync_file(&file, 0).unwrap();
    assert!(!readable(&file));
    for sync in [&object, &imported, &copy] {
        assert_eq!(sync.wait(Deadline::PAST).unwrap(), Wait::TimedOut);
    }
    assert_eq!(CsFence::wait_any(std::slice::from_ref(&slow), Deadline::PAST).unwrap(), None);
    // A gang's parts see each other: the flag's writer and its reader start together.
    let (writer, len) = ib(&device, &write(map.va(), 1));
    let (reader, reader_len) = ib(&device, &wait_mem(map.va(), 1));
    let gfx = Ring { ip: Ip::Gfx, index: 0 };
    let second = Ring { index: 1, ..RING };
    let gang = Submission::new().ib(writer.va(), len, gfx).ib(reader.va(), reader_len, second);
    let gang = gang.mapping(&writer).mapping(&reader).mapping(&map).submit(&context).unwrap();
    assert_eq!(gang.ring(), second);
    assert_eq!(gang.wait(soon()).unwrap(), Wait::Signaled);
    assert!(CsFence::wait_any(&[slow.clone(), gang], soon()).unwrap().is_some());
    assert_eq!(slow.wait(soon()).unwrap(), Wait::Signaled);
    assert!(readable(&file));
    for sync in [&object, &imported, &copy] {
        assert_eq!(sync.wait(Deadline::PAST).unwrap(), Wait::Signaled);
    }
}

#[test]
fn what_a_device_tells_and_who_asks() {
    let (node, device, context) = open(SoftNode::new(Config::default()).unwrap());
    assert_eq!(device.sensor(Sensor::PeakShaderClock).unwrap(), Some(2500));
    assert_eq!(device.sensor(Sensor::NorthBridgeVoltage).unwrap(), None);
    assert_eq!(device.register(0x263e).unwrap(), Some(0x545));
    assert_eq!(device.register(0x1).unwrap(), None);
    assert_eq!(device.user_queue_engines().unwrap(), 0);
    assert_eq!(device.last_fault().unwrap(), None);
    assert_eq!(device.max_ibs().unwrap().unwrap()[uapi::HW_IP_DMA as usize], 49);
    context.set_power_state(PowerState::LowestShader).unwrap();
    assert_eq!(context.power_state().unwrap(), Some(PowerState::LowestShader));
    assert_eq!(device.sensor(Sensor::ShaderClock).unwrap(), Some(500));
    assert!(!context.reset_since_last_query().unwrap());
    assert_eq!(device.unique().unwrap_err().code(), "kmd-ioctl");

    let (_, primary, _) = open(node.reopen_as(NodeKind::Primary));
    assert_eq!(primary.unique().unwrap(), "pci:0000:03:00.0");
    assert!(primary.client().unwrap().authenticated);
    assert_eq!(primary.client().unwrap().pid, u64::from(std::process::id()));
    let buffer = primary.alloc(PAGE, Placement::VramCpu).unwrap();
    let (_, other, _) = open(node.reopen_as(NodeKind::Primary));
    let opened = other.open_name(buffer.global_name().unwrap()).unwrap();
    buffer.map_cpu().unwrap().store_u32(4, 6).unwrap();
    assert_eq!((word(&opened, 4), opened.placement()), (6, Placement::VramCpu));
    primary.authenticate(other.magic().unwrap()).unwrap();
    assert!(other.authenticate(1).is_err(), "not the master");
}
