//! The software device and descriptors: who the client is, PRIME, global names, sync files, eventfds, metadata.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use bytemuck::{Pod, Zeroable};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use sparkle_pm4::kmd::{Errno, Node, Protection, ioctls, uapi};
use sparkle_pm4::soft::{Client, Config, Kind, Name, NodeKind, Shared, SoftNode};

fn node() -> SoftNode {
    SoftNode::new(Config::default()).unwrap()
}

/// One request as a program would send it.
fn ioctl(node: &SoftNode, code: u32, arg: &mut impl Pod) -> Result<i32, Errno> {
    // SAFETY: the software device checks every address inside the structures; those here are of live locals.
    unsafe { node.ioctl(code, bytemuck::bytes_of_mut(arg)) }
}

const fn core(number: u32, size: u32) -> u32 {
    3 << 30 | size << 16 | (b'd' as u32) << 8 | number
}

fn descriptor(number: i32) -> OwnedFd {
    // SAFETY: the device just handed this number out, to us.
    unsafe { OwnedFd::from_raw_fd(number) }
}

fn readable(fd: impl AsFd) -> bool {
    poll(&mut [PollFd::new(fd.as_fd(), PollFlags::POLLIN)], PollTimeout::ZERO).unwrap() == 1
}

fn buffer(node: &SoftNode, flags: u64) -> u32 {
    let mut arg = uapi::GemCreateIn { bo_size: 8192, domains: 2, domain_flags: flags, ..Default::default() };
    ioctl(node, ioctls::GEM_CREATE.code, &mut arg).unwrap();
    arg.bo_size as u32
}

fn close(node: &SoftNode, handle: u32) -> Result<i32, Errno> {
    ioctl(node, ioctls::GEM_CLOSE.code, &mut [handle, 0])
}

#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
#[repr(C)]
struct Prime {
    handle: u32,
    flags: u32,
    fd: i32,
}

fn export(node: &SoftNode, handle: u32) -> Result<OwnedFd, Errno> {
    let mut arg = Prime { handle, flags: libc::O_CLOEXEC as u32, fd: -1 };
    ioctl(node, ioctls::PRIME_HANDLE_TO_FD.code, &mut arg).map(|_| descriptor(arg.fd))
}

fn import(node: &SoftNode, fd: i32) -> Result<u32, Errno> {
    let mut arg = Prime { fd, ..Default::default() };
    ioctl(node, ioctls::PRIME_FD_TO_HANDLE.code, &mut arg).map(|_| arg.handle)
}

#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
#[repr(C)]
struct SyncHandle {
    handle: u32,
    flags: u32,
    fd: i32,
    pad: u32,
    point: u64,
}

fn syncobj(node: &SoftNode, signaled: bool) -> u32 {
    let mut arg = [0, u32::from(signaled)];
    ioctl(node, ioctls::SYNCOBJ_CREATE.code, &mut arg).unwrap();
    arg[0]
}

fn signal(node: &SoftNode, handle: u32, point: u64) {
    let (handles, points) = ([handle], [point]);
    let mut arg = [handles.as_ptr() as u64, points.as_ptr() as u64, 1];
    ioctl(node, ioctls::SYNCOBJ_TIMELINE_SIGNAL.code, &mut arg).unwrap();
}

/// Looks at one object, without waiting.
fn is_signaled(node: &SoftNode, handle: u32) -> Result<i32, Errno> {
    let handles = [handle];
    let mut arg = [handles.as_ptr() as u64, 0, 1, 0, 0];
    ioctl(node, ioctls::SYNCOBJ_WAIT.code, &mut arg)
}

fn to_fd(node: &SoftNode, mut arg: SyncHandle) -> Result<OwnedFd, Errno> {
    ioctl(node, ioctls::SYNCOBJ_HANDLE_TO_FD.code, &mut arg).map(|_| descriptor(arg.fd))
}

fn from_fd(node: &SoftNode, mut arg: SyncHandle) -> Result<u32, Errno> {
    ioctl(node, ioctls::SYNCOBJ_FD_TO_HANDLE.code, &mut arg).map(|_| arg.handle)
}

fn transfer(node: &SoftNode, from: (u32, u64), to: (u32, u64), flags: u32) -> Result<i32, Errno> {
    let mut arg = [u64::from(from.0) | u64::from(to.0) << 32, from.1, to.1, flags.into()];
    ioctl(node, ioctls::SYNCOBJ_TRANSFER.code, &mut arg)
}

#[test]
fn a_primary_node_knows_its_clients_and_a_render_node_none() {
    let render = node();
    let primary = render.reopen_as(NodeKind::Primary);
    let mut client = [0u64; 5];
    let get_client = core(0x05, 40);
    assert_eq!(ioctl(&primary, get_client, &mut client), Ok(0));
    // Index 0 is the caller, which is authenticated.
    assert_eq!((client[0], client[1]), (1 << 32, u64::from(std::process::id())));
    assert_eq!(ioctl(&primary, get_client, &mut [1u64, 0, 0, 0, 0]), Err(Errno::EINVAL), "there is one client only");
    assert_eq!(ioctl(&render, get_client, &mut client), Err(Errno::EACCES));

    let mut name = [0u8; 32];
    let mut unique = [0, name.as_mut_ptr() as u64];
    let get_unique = core(0x01, 16);
    assert_eq!(ioctl(&primary, get_unique, &mut unique), Ok(0));
    assert_eq!((unique[0], name[0]), (16, 0), "asked for the length only");
    assert_eq!(ioctl(&primary, get_unique, &mut unique), Ok(0));
    assert_eq!(&name[..16], b"pci:0000:03:00.0");
    assert_eq!(ioctl(&primary, get_unique, &mut [16u64, 8]), Err(Errno::EFAULT));
    assert_eq!(ioctl(&render, get_unique, &mut unique), Err(Errno::EACCES));

    let (get_magic, auth_magic, set_master, drop_master) = (core(2, 4), core(0x11, 4), core(0x1e, 0), core(0x1f, 0));
    let second = render.reopen_as(NodeKind::Primary);
    let mut magic = 0u32;
    assert_eq!(ioctl(&second, get_magic, &mut magic), Ok(0));
    assert_ne!(magic, 0);
    assert_eq!(ioctl(&second, auth_magic, &mut magic), Err(Errno::EACCES), "not the master");
    assert_eq!(ioctl(&primary, auth_magic, &mut magic), Ok(0));
    assert_eq!(ioctl(&primary, auth_magic, &mut 0u32), Err(Errno::EINVAL), "nobody's");
    assert_eq!(ioctl(&second, set_master, &mut 0u32), Err(Errno::EBUSY));
    assert_eq!(ioctl(&second, drop_master, &mut 0u32), Err(Errno::EINVAL));
    assert_eq!(ioctl(&primary, drop_master, &mut 0u32), Ok(0));
    assert_eq!(ioctl(&second, set_master, &mut 0u32), Ok(0));
    drop(second);
    assert_eq!(ioctl(&primary, set_master, &mut 0u32), Ok(0), "a master that left makes room");
    assert_eq!(ioctl(&render, set_master, &mut 0u32), Err(Errno::EACCES));

    // There is no display to set up: no framebuffers, CRTCs, connectors, encoders.
    let mut resources = [u64::MAX; 8];
    assert_eq!(ioctl(&primary, core(0xa0, 64), &mut resources), Ok(0));
    assert_eq!(resources[4..6], [0, 0]);
    assert_eq!(ioctl(&primary, core(0xa1, 104), &mut [0u64; 13]), Err(Errno::EOPNOTSUPP));
    assert_eq!(ioctl(&render, core(0xa0, 64), &mut [0u64; 8]), Err(Errno::EACCES));
    assert_eq!(ioctl(&primary, core(0x0d, 16), &mut [2u64, 1]), Err(Errno::EOPNOTSUPP));
    let cap = |number: u64| {
        let mut arg = [number, 9];
        ioctl(&render, ioctls::GET_CAP.code, &mut arg).map(|_| arg[1])
    };
    assert_eq!((cap(0x5), cap(0x13), cap(0x14)), (Ok(3), Ok(1), Ok(1)));
    assert_eq!((cap(0x1), cap(0x77)), (Err(Errno::EOPNOTSUPP), Err(Errno::EINVAL)));
}

#[test]
fn a_dma_buf_is_the_same_memory_in_another_file() {
    let (one, handle);
    {
        one = node();
        handle = buffer(&one, 0);
    }
    let two = one.reopen();
    let shared = export(&one, handle).unwrap();
    let name = Name::of(&shared).unwrap();
    assert_eq!((name.kind, name.server), (Kind::DmaBuf, std::process::id()));
    let Some(Shared::Dmabuf { offset, len }) = one.shared(name.serial) else { panic!("{name}") };
    assert_eq!(len, 8192);
    assert_eq!(import(&one, shared.as_raw_fd()), Ok(handle), "what a file knows keeps its handle");
    let other = import(&two, shared.as_raw_fd()).unwrap();
    assert_eq!(import(&two, shared.as_raw_fd()), Ok(other));
    let mut map = uapi::GemMmapIn { handle: other, ..Default::default() };
    ioctl(&two, ioctls::GEM_MMAP.code, &mut map).unwrap();
    let fake = bytemuck::cast(map);
    assert_eq!(two.locate(fake, len), Ok(offset), "one range of memory");

    // The descriptor alone keeps the memory.
    assert_eq!((close(&one, handle), close(&two, other)), (Ok(0), Ok(0)));
    assert_eq!(close(&one, handle), Err(Errno::EINVAL));
    assert_eq!((one.census().gtt_bytes, one.census().shared), (8192, 1));
    let copy = shared.try_clone().unwrap();
    drop(shared);
    let again = import(&one, copy.as_raw_fd()).unwrap();
    drop(copy);
    assert_eq!((one.census().shared, one.shared(name.serial)), (0, None));
    close(&one, again).unwrap();
    assert_eq!(one.census().gtt_bytes, 0);
}

#[test]
fn what_one_card_of_a_machine_exports_the_others_import() {
    let one = node();
    let slot = |n: u32| Config { pci_slot: format!("0000:0{n}:00.0"), ..Config::default() };
    let (two, stranger) = (one.beside(slot(4)).unwrap(), SoftNode::new(slot(5)).unwrap());
    let mut arg = uapi::GemCreateIn { bo_size: 8192, domains: 4, domain_flags: 1, ..Default::default() };
    ioctl(&one, ioctls::GEM_CREATE.code, &mut arg).unwrap();
    let handle = arg.bo_size as u32;
    let shared = export(&one, handle).unwrap();
    let serial = Name::of(&shared).unwrap().serial;
    let Some(Shared::Dmabuf { offset, .. }) = one.shared(serial) else { panic!() };
    assert_eq!(two.shared(serial), None, "it lies in the other card's memory");
    assert_eq!(import(&stranger, shared.as_raw_fd()), Err(Errno::EINVAL), "another machine");

    let foreign = import(&two, shared.as_raw_fd()).unwrap();
    assert_eq!(import(&two, shared.as_raw_fd()), Ok(foreign), "an import keeps its handle");
    assert_eq!((two.census().buffers, two.census().vram_bytes, two.census().gtt_bytes), (1, 0, 0));
    // It is system memory there, of which the driver keeps no wish for the CPU.
    let mut info = uapi::GemCreateIn::default();
    let mut op = uapi::GemOp { handle: foreign, op: uapi::GEM_OP_GET_GEM_CREATE_INFO, value: &raw mut info as u64 };
    ioctl(&two, ioctls::GEM_OP.code, &mut op).unwrap();
    assert_eq!((info.bo_size, info.domains, info.domain_flags), (8192, 2, 0));
    let mut map = uapi::GemMmapIn { handle: foreign, ..Default::default() };
    ioctl(&two, ioctls::GEM_MMAP.code, &mut map).unwrap();
    let fake: u64 = bytemuck::cast(map);
    let end = std::fs::File::from(two.memory().try_clone_to_owned().unwrap()).metadata().unwrap().len();
    assert_eq!(two.locate(fake, 8192), Ok(end + offset), "behind the end: the CPU maps the dma-buf");
    assert_eq!(two.mmap(fake, 8192, Protection::Read).unwrap_err().raw_os_error(), Some(libc::EPERM));
    // From there it goes as what it is, also back to where it came from.
    let again = export(&two, foreign).unwrap();
    assert!(one.shared(Name::of(&again).unwrap().serial).is_some());
    assert_eq!(import(&one, again.as_raw_fd()), Ok(handle));

    // Synchronisation objects, by either kind of descriptor.
    let mine = syncobj(&one, false);
    let object = to_fd(&one, SyncHandle { handle: mine, ..Default::default() }).unwrap();
    let theirs = from_fd(&two, SyncHandle { fd: object.as_raw_fd(), ..Default::default() }).unwrap();
    assert!(is_signaled(&two, theirs).is_err());
    signal(&one, mine, 0);
    assert_eq!(is_signaled(&two, theirs), Ok(0));
    let file = to_fd(&one, SyncHandle { handle: mine, flags: 1, ..Default::default() }).unwrap();
    let theirs = syncobj(&two, false);
    from_fd(&two, SyncHandle { handle: theirs, fd: file.as_raw_fd(), flags: 1, ..Default::default() }).unwrap();
    assert_eq!(is_signaled(&two, theirs), Ok(0));

    // The import alone keeps the memory.
    close(&one, handle).unwrap();
    drop((shared, again, object, file));
    assert_eq!((one.census().shared, one.census().vram_bytes), (0, 8192));
    close(&two, foreign).unwrap();
    assert_eq!(one.census().vram_bytes, 0);
}

#[test]
fn what_prime_refuses() {
    let node = node();
    let handle = buffer(&node, 0);
    assert_eq!(export(&node, 99).unwrap_err(), Errno::ENOENT);
    let mut bad = Prime { handle, flags: 1, fd: -1 };
    assert_eq!(ioctl(&node, ioctls::PRIME_HANDLE_TO_FD.code, &mut bad), Err(Errno::EINVAL), "an unknown flag");
    let private = buffer(&node, uapi::GEM_CREATE_VM_ALWAYS_VALID);
    assert_eq!(export(&node, private).unwrap_err(), Errno::EPERM, "it belongs to one address space");
    assert_eq!(import(&node, -1), Err(Errno::EBADF));
    let null = File::open("/dev/null").unwrap();
    assert_eq!(import(&node, null.as_raw_fd()), Err(Errno::EINVAL), "no dma-buf");
    let sync = to_fd(&node, SyncHandle { handle: syncobj(&node, true), ..Default::default() }).unwrap();
    assert_eq!(import(&node, sync.as_raw_fd()), Err(Errno::EINVAL), "no dma-buf either");
}

#[test]
fn global_names_last_as_long_as_handles() {
    let one = node().reopen_as(NodeKind::Primary);
    let two = one.reopen_as(NodeKind::Primary);
    let handle = buffer(&one, 0);
    let (flink, open) = (core(0x0a, 8), core(0x0b, 16));
    let mut arg = [handle, 0];
    assert_eq!(ioctl(&one, flink, &mut arg), Ok(0));
    let name = arg[1];
    assert_ne!(name, 0);
    let mut again = [handle, 0];
    ioctl(&one, flink, &mut again).unwrap();
    assert_eq!(again[1], name, "a buffer has one name");
    let mut opened = [u64::from(name), 0];
    assert_eq!(ioctl(&two, open, &mut opened), Ok(0));
    let other = (opened[0] >> 32) as u32;
    assert_eq!(opened[1], 8192);
    assert_eq!(ioctl(&two, open, &mut [77u64, 0]), Err(Errno::ENOENT));
    assert_eq!(ioctl(&one, flink, &mut [99u32, 0]), Err(Errno::ENOENT));
    close(&one, handle).unwrap();
    assert_eq!(ioctl(&one, open, &mut [u64::from(name), 0]), Ok(0), "the other file has it still");
    close(&one, 1).unwrap();
    close(&two, other).unwrap();
    assert_eq!(ioctl(&one, open, &mut [u64::from(name), 0]), Err(Errno::ENOENT));
    let render = one.reopen();
    let handle = buffer(&render, 0);
    assert_eq!(ioctl(&render, flink, &mut [handle, 0]), Err(Errno::EACCES), "names are the primary node's");
    assert_eq!(ioctl(&render, open, &mut [1u64, 0]), Err(Errno::EACCES));
    // Always valid in one address space: no other may have it.
    let private = buffer(&one, uapi::GEM_CREATE_VM_ALWAYS_VALID);
    let mut arg = [private, 0];
    ioctl(&one, flink, &mut arg).unwrap();
    assert_eq!(ioctl(&two, open, &mut [u64::from(arg[1]), 0]), Err(Errno::EPERM));
}

#[test]
fn metadata_travels_with_the_buffer() {
    let one = node();
    let two = one.reopen();
    let handle = buffer(&one, 0);
    let metadata = |node: &SoftNode, arg: &mut uapi::GemMetadata| ioctl(node, ioctls::GEM_METADATA.code, arg);
    let mut data = [0; 64];
    data[..3].copy_from_slice(&[7, 8, 9]);
    let set = uapi::GemMetadata {
        handle,
        op: uapi::GEM_METADATA_OP_SET_METADATA,
        tiling_info: 0x1234,
        data_size_bytes: 8,
        data,
        ..Default::default()
    };
    assert_eq!(metadata(&one, &mut { set }), Ok(0));
    let imported = import(&two, export(&one, handle).unwrap().as_raw_fd()).unwrap();
    let mut got = uapi::GemMetadata { handle: imported, op: uapi::GEM_METADATA_OP_GET_METADATA, ..Default::default() };
    assert_eq!(metadata(&two, &mut got), Ok(0));
    assert_eq!((got.tiling_info, got.data_size_bytes, &got.data[..3]), (0x1234, 8, &[7, 8, 0][..]));
    assert_eq!(metadata(&one, &mut uapi::GemMetadata { data_size_bytes: 257, ..set }), Err(Errno::EINVAL));
    assert_eq!(metadata(&one, &mut uapi::GemMetadata { op: 9, ..set }), Err(Errno::EINVAL));
    assert_eq!(metadata(&one, &mut uapi::GemMetadata { handle: 99, ..set }), Err(Errno::ENOENT));
}

#[test]
fn a_sync_object_is_one_object_under_every_handle() {
    let one = node();
    let two = one.reopen();
    let handle = syncobj(&one, false);
    let fd = to_fd(&one, SyncHandle { handle, ..Default::default() }).unwrap();
    assert_eq!(Name::of(&fd).map(|n| n.kind), Some(Kind::Syncobj));
    let other = from_fd(&two, SyncHandle { fd: fd.as_raw_fd(), ..Default::default() }).unwrap();
    assert_eq!(is_signaled(&two, other), Err(Errno::EINVAL), "nothing submitted");
    signal(&one, handle, 0);
    assert_eq!(is_signaled(&two, other), Ok(0));
    assert_eq!(to_fd(&one, SyncHandle { handle: 99, ..Default::default() }).unwrap_err(), Errno::EINVAL);
    assert_eq!(to_fd(&one, SyncHandle { handle, flags: 8, ..Default::default() }).unwrap_err(), Errno::EINVAL);
    assert_eq!(to_fd(&one, SyncHandle { handle, pad: 1, ..Default::default() }).unwrap_err(), Errno::EINVAL);
    assert_eq!(from_fd(&one, SyncHandle { fd: -1, ..Default::default() }), Err(Errno::EINVAL));
    let wrong = export(&one, buffer(&one, 0)).unwrap();
    assert_eq!(from_fd(&one, SyncHandle { fd: wrong.as_raw_fd(), ..Default::default() }), Err(Errno::EINVAL));
}

#[test]
fn a_sync_file_carries_a_fence() {
    const SYNC_FILE: u32 = 1;
    const TIMELINE: u32 = 2;
    let node = node();
    let handle = syncobj(&node, false);
    let file = |handle, flags, point| to_fd(&node, SyncHandle { handle, flags, point, ..Default::default() });
    assert_eq!(file(handle, SYNC_FILE, 0).unwrap_err(), Errno::EINVAL, "there is no fence yet");
    assert_eq!(file(99, SYNC_FILE, 0).unwrap_err(), Errno::ENOENT);
    signal(&node, handle, 5);
    assert_eq!(file(handle, SYNC_FILE | TIMELINE, 9).unwrap_err(), Errno::EINVAL, "a point of the future");
    let fd = file(handle, SYNC_FILE | TIMELINE, 5).unwrap();
    assert!(readable(&fd));
    let name = Name::of(&fd).unwrap();
    assert_eq!((name.kind, node.shared(name.serial)), (Kind::Sync, Some(Shared::Sync { status: 1 })));
    let target = syncobj(&node, false);
    let put = |handle, flags, point| from_fd(&node, SyncHandle { handle, flags, fd: fd.as_raw_fd(), point, pad: 0 });
    assert_eq!(put(target, SYNC_FILE, 0), Ok(target));
    assert_eq!(is_signaled(&node, target), Ok(0));
    assert_eq!(put(99, SYNC_FILE, 0), Err(Errno::ENOENT));
    assert_eq!(put(0, 0, 0), Err(Errno::EINVAL), "it is no sync object");
    let timeline = syncobj(&node, false);
    assert_eq!(put(timeline, SYNC_FILE | TIMELINE, 7), Ok(timeline));
    let (handles, mut points) = ([timeline], [0u64]);
    let mut query = [handles.as_ptr() as u64, points.as_mut_ptr() as u64, 1];
    ioctl(&node, ioctls::SYNCOBJ_QUERY.code, &mut query).unwrap();
    assert_eq!(std::hint::black_box(points)[0], 7);
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Merge {
    name: [u8; 32],
    other: i32,
    merged: i32,
    flags: u32,
    pad: u32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct FileInfo {
    name: [u8; 32],
    status: i32,
    flags: u32,
    fences: u32,
    pad: u32,
    address: u64,
}

#[test]
fn sync_files_merge_and_tell_of_themselves() {
    const MERGE: u32 = 3 << 30 | 48 << 16 | 0x3e03;
    const FILE_INFO: u32 = 3 << 30 | 56 << 16 | 0x3e04;
    let node = node();
    let client = Client::default();
    let file = |handle| to_fd(&node, SyncHandle { handle, flags: 1, ..Default::default() }).unwrap();
    let (one, two) = (syncobj(&node, true), syncobj(&node, true));
    let (one, two) = (file(one), file(two));
    let serial = |fd: &OwnedFd| Name::of(fd).unwrap().serial;
    let mut merge = Merge { other: two.as_raw_fd(), ..Merge::zeroed() };
    merge.name[..4].copy_from_slice(b"both");
    let asked = node.sync_ioctl(serial(&one), &client, MERGE, bytemuck::bytes_of_mut(&mut merge));
    assert_eq!(asked, Ok(0));
    let both = descriptor(merge.merged);
    assert!(readable(&both));

    let mut info = FileInfo::zeroed();
    let ask = |info: &mut FileInfo| node.sync_ioctl(serial(&both), &client, FILE_INFO, bytemuck::bytes_of_mut(info));
    assert_eq!(ask(&mut info), Ok(0));
    assert_eq!((info.status, info.fences, &info.name[..5]), (1, 2, &b"both\0"[..]));
    let mut fences = [[0u8; 80]; 2];
    info.address = fences.as_mut_ptr() as u64;
    assert_eq!(ask(&mut info), Ok(0));
    assert_eq!(&std::hint::black_box(fences)[1][32..38], b"amdgpu");
    assert_eq!(ask(&mut FileInfo { fences: 1, ..info }), Err(Errno::EINVAL), "room for one of two");
    assert_eq!(ask(&mut FileInfo { address: 8, ..info }), Err(Errno::EFAULT));
    assert_eq!(ask(&mut FileInfo { flags: 1, ..info }), Err(Errno::EINVAL));

    let again = |mut merge: Merge| node.sync_ioctl(serial(&one), &client, MERGE, bytemuck::bytes_of_mut(&mut merge));
    assert_eq!(again(Merge { other: -1, ..merge }), Err(Errno::ENOENT));
    assert_eq!(again(Merge { pad: 1, ..merge }), Err(Errno::EINVAL));
    assert_eq!(node.sync_ioctl(serial(&one), &client, 0x3e09, &mut []), Err(Errno::ENOTTY));
    assert_eq!(node.sync_ioctl(u64::MAX, &client, MERGE, &mut []), Err(Errno::EBADF));
}

#[test]
fn fences_are_copied_between_sync_objects() {
    let node = node();
    let (from, to) = (syncobj(&node, false), syncobj(&node, false));
    assert_eq!(transfer(&node, (from, 0), (to, 0), 0), Err(Errno::EINVAL), "nothing to copy");
    assert_eq!(transfer(&node, (99, 0), (to, 0), 0), Err(Errno::ENOENT));
    assert_eq!(transfer(&node, (from, 0), (99, 0), 0), Err(Errno::ENOENT));
    signal(&node, from, 0);
    assert_eq!(transfer(&node, (from, 0), (to, 0), 0), Ok(0));
    assert_eq!(is_signaled(&node, to), Ok(0));
    assert_eq!(transfer(&node, (from, 0), (to, 3), 0), Ok(0), "to a point of a timeline");
    // Waiting for what is submitted meanwhile.
    let (late, done) = (syncobj(&node, false), syncobj(&node, false));
    std::thread::scope(|s| {
        let waits = s.spawn(|| transfer(&node, (late, 2), (done, 0), 2));
        std::thread::sleep(std::time::Duration::from_millis(20));
        signal(&node, late, 2);
        assert_eq!(waits.join().unwrap(), Ok(0));
    });
    assert_eq!(is_signaled(&node, done), Ok(0));
}

#[test]
fn an_eventfd_is_told_of_a_point() {
    let node = node();
    let event = nix_eventfd();
    let sync = syncobj(&node, false);
    let watch = |handle: u32, flags: u32, point: u64, fd: i32| {
        let mut arg = [u64::from(handle) | u64::from(flags) << 32, point, u64::from(fd as u32)];
        ioctl(&node, core(0xcf, 24), &mut arg)
    };
    assert_eq!(watch(sync, 0, 4, event.as_raw_fd()), Ok(0), "nobody submitted it yet");
    assert_eq!(watch(sync, 4, 4, event.as_raw_fd()), Ok(0));
    assert!(!readable(&event));
    signal(&node, sync, 3);
    assert!(!readable(&event), "not that point");
    signal(&node, sync, 4);
    assert!(readable(&event));
    let mut count = [0; 8];
    File::from(event.try_clone().unwrap()).read_exact(&mut count).unwrap();
    assert_eq!(u64::from_ne_bytes(count), 2, "submitted, and signalled");
    assert_eq!(watch(sync, 0, 1, event.as_raw_fd()), Ok(0));
    assert!(readable(&event), "passed already");
    assert_eq!(watch(99, 0, 1, event.as_raw_fd()), Err(Errno::ENOENT));
    assert_eq!(watch(sync, 2, 1, event.as_raw_fd()), Err(Errno::EINVAL));
    assert_eq!(watch(sync, 0, 1, -1), Err(Errno::EBADF));
    let null = File::open("/dev/null").unwrap();
    assert_eq!(watch(sync, 0, 1, null.as_raw_fd()), Err(Errno::EINVAL));
}

fn nix_eventfd() -> OwnedFd {
    // SAFETY: a call without addresses.
    let number = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
    assert!(number >= 0);
    descriptor(number)
}

#[test]
fn address_spaces_change_after_their_fences_and_tell_of_it() {
    let node = node();
    let handle = buffer(&node, 0);
    let (gate, told) = (syncobj(&node, false), syncobj(&node, false));
    let gates = [gate];
    let map = uapi::GemVaTimeline {
        handle,
        operation: uapi::VA_OP_MAP,
        flags: uapi::VM_PAGE_READABLE,
        va_address: 0x40_0000,
        map_size: 4096,
        vm_timeline_point: 6,
        vm_timeline_syncobj_out: told,
        num_syncobj_handles: 1,
        input_fence_syncobj_handles: gates.as_ptr() as u64,
        ..Default::default()
    };
    let code = core(0x48, 64);
    assert_eq!(ioctl(&node, code, &mut { map }), Err(Errno::EINVAL), "a gate without a fence");
    signal(&node, gate, 0);
    assert_eq!(ioctl(&node, code, &mut { map }), Ok(0));
    assert_eq!(node.census().mappings, 1);
    let (handles, mut points) = ([told], [0u64]);
    let mut query = [handles.as_ptr() as u64, points.as_mut_ptr() as u64, 1];
    ioctl(&node, ioctls::SYNCOBJ_QUERY.code, &mut query).unwrap();
    assert_eq!(std::hint::black_box(points)[0], 6);
    assert_eq!(ioctl(&node, code, &mut { map }), Err(Errno::EINVAL), "mapped already");
    let wrong = uapi::GemVaTimeline { vm_timeline_syncobj_out: 99, ..map };
    assert_eq!(ioctl(&node, code, &mut { wrong }), Err(Errno::ENOENT));
}

#[test]
fn queries_of_sensors_codecs_and_the_rest() {
    let node = node();
    fn ask<const N: usize>(node: &SoftNode, query: u32, args: [u32; 4]) -> Result<[u32; N], Errno> {
        let mut out = [0; N];
        let info = uapi::Info { return_pointer: out.as_mut_ptr() as u64, return_size: 4 * N as u32, query, args };
        ioctl(node, ioctls::INFO.code, &mut { info })?;
        Ok(std::hint::black_box(out))
    }
    let sensor = |kind| ask::<1>(&node, uapi::INFO_SENSOR, [kind, 0, 0, 0]).map(|v| v[0]);
    assert_eq!(sensor(uapi::INFO_SENSOR_PEAK_PSTATE_GFX_SCLK), Ok(2500));
    assert_eq!(sensor(uapi::INFO_SENSOR_GFX_SCLK), Ok(2500));
    assert_eq!(sensor(uapi::INFO_SENSOR_GPU_LOAD), Ok(0));
    assert_eq!(sensor(uapi::INFO_SENSOR_VDDNB), Err(Errno::EINVAL), "a card has no north bridge");
    assert_eq!(sensor(0x99), Err(Errno::EINVAL));
    assert_eq!(ask::<48>(&node, uapi::INFO_VIDEO_CAPS, [1, 0, 0, 0]), Ok([0; 48]));
    assert_eq!(ask::<48>(&node, uapi::INFO_VIDEO_CAPS, [2, 0, 0, 0]), Err(Errno::EINVAL));
    assert!(ask::<8>(&node, uapi::INFO_GDS_CONFIG, [0; 4]).is_ok_and(|gds| gds[2] == 4096));
    assert!(ask::<2>(&node, uapi::INFO_FW_VERSION, [uapi::INFO_FW_VCE, 0, 0, 0]).is_ok());
    assert!(ask::<50>(&node, uapi::INFO_VBIOS, [uapi::INFO_VBIOS_INFO, 0, 0, 0]).is_ok_and(|v| v[0] != 0));
    assert_eq!(ask::<1>(&node, uapi::INFO_VBIOS, [9, 0, 0, 0]), Err(Errno::EINVAL));
    assert_eq!(ask::<1>(&node, uapi::INFO_CRTC_FROM_ID, [0; 4]), Err(Errno::EINVAL), "no display");

    // A context may hold the clocks, one at a time.
    let ctx = |op, ctx_id, flags| {
        let mut arg = uapi::CtxIn { op, flags, ctx_id, priority: 0 };
        ioctl(&node, ioctls::CTX_STATE.code, &mut arg).map(|_| arg.op)
    };
    let (one, two) = (ctx(uapi::CTX_OP_ALLOC_CTX, 0, 0).unwrap(), ctx(uapi::CTX_OP_ALLOC_CTX, 0, 0).unwrap());
    let (get, set) = (uapi::CTX_OP_GET_STABLE_PSTATE, uapi::CTX_OP_SET_STABLE_PSTATE);
    assert_eq!(ctx(get, one, 0), Ok(uapi::CTX_STABLE_PSTATE_NONE));
    assert_eq!(ctx(set, one, uapi::CTX_STABLE_PSTATE_MIN_SCLK), Ok(uapi::CTX_STABLE_PSTATE_MIN_SCLK));
    assert_eq!(ctx(get, two, 0), Ok(uapi::CTX_STABLE_PSTATE_MIN_SCLK));
    assert_eq!(sensor(uapi::INFO_SENSOR_GFX_SCLK), Ok(500));
    assert_eq!(ctx(set, two, uapi::CTX_STABLE_PSTATE_PEAK), Err(Errno::EBUSY));
    assert_eq!(ctx(set, one, 5), Err(Errno::EINVAL));
    assert_eq!(ctx(get, one, 1), Err(Errno::EINVAL));
    assert_eq!(ctx(get, 99, 0), Err(Errno::EINVAL));
    ctx(uapi::CTX_OP_FREE_CTX, one, 0).unwrap();
    assert_eq!(ctx(set, two, uapi::CTX_STABLE_PSTATE_PEAK), Ok(uapi::CTX_STABLE_PSTATE_PEAK));
}
