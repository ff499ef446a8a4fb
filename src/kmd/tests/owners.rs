//! Opening, allocating, mapping; and giving it all back in any order.

use std::any::Any;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::uapi::*;
use super::super::*;
use super::mock::{FenceState, Mock};

#[test]
fn a_device_tells_what_it_is() {
    let mock = Mock::new();
    let device = mock.open();
    let info = device.info();
    assert_eq!((info.gfx_target.as_str(), info.chip), ("gfx1100", "Navi31"));
    assert_eq!(info.marketing_name, "AMD Radeon RX 7900 XTX");
    assert!(!info.is_apu);
    assert_eq!((info.timestamp_hz, info.max_shader_hz), (100_000_000, 2_500_000_000));
    assert_eq!(info.vram_type_name(), "GDDR6");
    assert_eq!((info.cu_mask(5, 1), info.cu_mask(8, 0), info.cu_mask(0, 9)), (Some(0xff), None, None));
    assert_eq!(info.caches.mall, 96 << 20);
    // The kernel gives a mask, and this one has a hole.
    let rings: Vec<_> = device.rings(Ip::Compute).map(|ring| ring.index).collect();
    assert_eq!(rings, [0, 2, 3]);
    assert_eq!(device.rings(Ip::Sdma).count(), 0, "an engine that the kernel does not know");
    assert_eq!(device.firmware(), [Firmware { name: "MEC", version: 494, feature: 29 }]);
    assert_eq!(device.timestamp().unwrap(), 0x1_0000_0002);
    assert_eq!(device.vram_lost_counter().unwrap(), 3);
    assert_eq!(device.memory().unwrap().vram.total, 24 << 30);
    assert!(device.require_gfx("gfx1100").is_ok());
    let error = device.require_gfx("gfx1030").unwrap_err().to_string();
    assert!(error.contains("gfx1030") && error.contains("gfx1100"), "{error}");
}

#[test]
fn chips_are_told_apart_without_ip_discovery() {
    for (family, external, apu, target) in [
        (FAMILY_GC_11_0_0, 0x01, false, "gfx1100"),
        (FAMILY_GC_11_0_0, 0x10, false, "gfx1102"),
        (FAMILY_GC_11_0_0, 0x20, false, "gfx1101"),
        (FAMILY_GC_11_0_1, 0x01, true, "gfx1103"),
        (FAMILY_NV, 0x28, false, "gfx1030"),
    ] {
        let mock = Mock::new();
        {
            let mut state = mock.state();
            state.discovery = 0;
            (state.device.family, state.device.external_rev) = (family, external);
            state.device.ids_flags = if apu { IDS_FLAGS_FUSION } else { 0 };
        }
        let device = mock.open();
        assert_eq!((device.info().gfx_target.as_str(), device.info().is_apu), (target, apu));
    }
    let mock = Mock::new();
    mock.state().discovery = 0x63_0102;
    assert!(mock.open().info().gfx_target.starts_with("unknown (GC 99.1.2"));
}

#[test]
fn what_is_no_new_amdgpu_is_refused_by_name() {
    let open = |change: fn(&mut super::mock::State)| {
        let mock = Mock::new();
        change(&mut mock.state());
        Device::open(mock).unwrap_err()
    };
    assert!(matches!(open(|s| s.driver = "i915".into()), KmdError::NotAmdgpu { driver } if driver == "i915"));
    assert!(matches!(open(|s| s.version = (3, 39)), KmdError::TooOld { major: 3, minor: 39 }));
    assert!(matches!(open(|s| s.syncobj = false), KmdError::MissingCapability { .. }));
}

#[test]
fn an_interrupted_request_is_sent_again_unchanged() {
    let mock = Mock::new();
    let device = mock.open();
    mock.fail(ioctls::GEM_CREATE.number(), &[Errno::EINTR, Errno::EAGAIN, Errno::EINTR]);
    let bo = device.alloc(5000, Placement::GttWc).unwrap();
    assert_eq!(bo.size(), 8192);
    {
        let state = mock.state();
        assert_eq!(state.calls.len(), 4);
        assert!(state.calls.iter().all(|call| *call == state.calls[0]));
        let sent = state.bos[&bo.handle()];
        assert_eq!((sent.bo_size, sent.domains), (8192, u64::from(GEM_DOMAIN_GTT)));
        assert_eq!(sent.domain_flags, GEM_CREATE_CPU_GTT_USWC);
    }
    drop((bo, device));
    mock.assert_clean();
}

#[test]
fn errors_name_the_request_and_its_arguments() {
    let mock = Mock::new();
    let device = mock.open();
    mock.fail(ioctls::GEM_CREATE.number(), &[Errno::ENOMEM, Errno::EINVAL, Errno::ENODEV]);
    let error = device.alloc(1 << 40, Placement::Vram).unwrap_err();
    assert!(matches!(error, KmdError::OutOfMemory { size: 0x100_0000_0000, .. }), "{error}");
    let error = device.alloc(0x3000, Placement::VramCpu).unwrap_err();
    assert_eq!(error.code(), "kmd-ioctl");
    let text = error.to_string();
    for part in ["AMDGPU_GEM_CREATE", "EINVAL", "0x3000", "domains 0x4", "flags 0x1"] {
        assert!(text.contains(part), "{text:?} lacks {part:?}");
    }
    let error = device.alloc(1, Placement::Gtt).unwrap_err();
    assert!(error.hint().unwrap().contains("unplugged"));
    for size in [0, u64::MAX] {
        assert!(matches!(device.alloc(size, Placement::Gtt), Err(KmdError::BadSize { .. })));
    }
    let unknown = device.read_info(0x7777, [1, 2, 3, 4], &mut [0; 4]).unwrap_err().to_string();
    assert!(unknown.contains("query 0x7777") && !unknown.contains('\n'), "{unknown}");
    drop(device);
    mock.assert_clean();
}

#[test]
fn a_failure_half_way_leaves_nothing_behind() {
    let mock = Mock::new();
    let device = mock.open();
    let bo = device.alloc(4 << 20, Placement::Gtt).unwrap();
    mock.fail(ioctls::GEM_VA.number(), &[Errno::EINVAL, Errno::ENOMEM]);
    assert!(bo.map_gpu(VmFlags::RW).is_err());
    assert!(bo.map_gpu_at(0x4000_0000, VmFlags::RW).is_err());
    assert_eq!((device.va_in_use(), mock.count(ioctls::GEM_VA.number())), (0, 2), "no unmap of what was not mapped");
    // The same addresses are free again.
    assert_eq!(bo.map_gpu_at(0x4000_0000, VmFlags::RW).unwrap().va(), 0x4000_0000);

    mock.fail(ioctls::GEM_MMAP.number(), &[Errno::EPERM]);
    assert!(matches!(bo.map_cpu(), Err(KmdError::Ioctl { errno: Errno::EPERM, .. })));
    mock.state().refuse_mmap = true;
    assert!(matches!(bo.map_cpu(), Err(KmdError::Map { .. })));

    mock.fail(ioctls::CTX_STATE.number(), &[Errno::EACCES]);
    assert!(Context::new(&device, Priority::High).unwrap_err().hint().unwrap().contains("CAP_SYS_NICE"));
    mock.fail(ioctls::SYNCOBJ_CREATE.number(), &[Errno::ENOMEM]);
    assert!(Syncobj::new(&device).is_err());
    mock.fail(ioctls::BO_LIST.number(), &[Errno::ENOENT]);
    assert!(BoList::new(&device, std::slice::from_ref(&bo)).is_err());
    drop((bo, device));
    mock.assert_clean();
}

#[test]
fn addresses_that_the_kernel_keeps_are_not_given_out_again() {
    let mock = Mock::new();
    let device = mock.open();
    let bo = device.alloc(4096, Placement::Gtt).unwrap();
    let map = bo.map_gpu(VmFlags::R).unwrap();
    let va = map.va();
    mock.fail(ioctls::GEM_VA.number(), &[Errno::ENOMEM]);
    drop(map);
    assert_eq!(device.va_in_use(), 4096);
    assert_ne!(bo.map_gpu(VmFlags::R).unwrap().va(), va);
    assert!(matches!(bo.map_gpu_at(va, VmFlags::R), Err(KmdError::VaUnavailable { .. })));
}

#[test]
fn gpu_mappings_carry_their_flags_and_alignment() {
    let mock = Mock::new();
    let device = mock.open();
    let small = device.alloc(1, Placement::Gtt).unwrap();
    let large = device.alloc(2 << 20, Placement::Vram).unwrap();
    let a = small.map_gpu(VmFlags::RX.with_mtype(Mtype::Uncached)).unwrap();
    let b = large.map_gpu(VmFlags::RWX).unwrap();
    assert_eq!(b.va() % HUGE_PAGE, 0);
    assert!(a.va() >= device.info().va_range.0 && b.va() + b.size() <= device.info().va_range.1);
    let flags: Vec<_> = mock
        .state()
        .calls
        .iter()
        .filter(|(number, _)| *number == ioctls::GEM_VA.number())
        .map(|(_, bytes)| bytemuck::pod_read_unaligned::<GemVa>(bytes).flags)
        .collect();
    // As RADV sends them.
    assert_eq!(flags, [0x8a, 0x0e]);
    assert!(matches!(small.map_gpu_at(0x1234, VmFlags::R), Err(KmdError::Misaligned { .. })));
    assert!(matches!(small.map_gpu_at(b.va() + 0x1000, VmFlags::R), Err(KmdError::VaUnavailable { .. })));
    assert!(matches!(small.map_gpu_at(0, VmFlags::R), Err(KmdError::VaUnavailable { .. })));
}

#[test]
fn the_cpu_sees_only_what_it_may() {
    let mock = Mock::new();
    let device = mock.open();
    let vram = device.alloc(4096, Placement::Vram).unwrap();
    assert!(matches!(vram.map_cpu(), Err(KmdError::NotCpuVisible { .. })));
    let bo = device.alloc(4096, Placement::Gtt).unwrap();
    let map = bo.map_cpu().unwrap();
    map.store_u32(4, 0x1234_5678).unwrap();
    assert_eq!(map.load_u64(0).unwrap(), 0x1234_5678_0000_0000u64.to_le());
    map.store_u64(4088, 5).unwrap();
    assert_eq!(map.load_u32(4088).unwrap(), 5);
    assert!(matches!(map.load_u32(4096), Err(KmdError::OutOfRange { offset: 4096, len: 4, size: 4096 })));
    assert!(matches!(map.load_u32(u64::MAX - 3), Err(KmdError::OutOfRange { .. })));
    assert!(matches!(map.store_u32(2, 0), Err(KmdError::Misaligned { .. })));
    assert!(matches!(map.load_u64(4), Err(KmdError::Misaligned { .. })));
    assert!(matches!(map.read_at(4095, &mut [0; 2]), Err(KmdError::OutOfRange { .. })));
    assert!(map.read_at(4096, &mut []).is_ok());
    assert!(matches!(map.fill_at(1, 4096, 0), Err(KmdError::OutOfRange { .. })));
    let read_only = bo.map_cpu_read().unwrap();
    assert!(matches!(read_only.write_at(0, &[1]), Err(KmdError::ReadOnly { .. })));
    assert!(matches!(read_only.store_u32(0, 1), Err(KmdError::ReadOnly { .. })));
    assert!(matches!(read_only.fill_at(0, 1, 1), Err(KmdError::ReadOnly { .. })));
}

proptest! {
    #[test]
    fn copies_reach_exactly_their_bytes(offset in 0usize..200, bytes in proptest::collection::vec(any::<u8>(), 0..100),
                                       skew in 0usize..9) {
        let mock = Mock::new();
        let device = mock.open();
        let map = device.alloc(1, Placement::Gtt).unwrap().map_cpu().unwrap();
        map.fill_at(0, 4096, 0xaa).unwrap();
        map.write_at(offset as u64, &bytes).unwrap();
        let mut expected = vec![0xaa; 320];
        expected[offset..offset + bytes.len()].copy_from_slice(&bytes);
        let mut got = vec![0; 320 - skew];
        map.read_at(skew as u64, &mut got).unwrap();
        prop_assert_eq!(&got, &expected[skew..]);
    }

    #[test]
    fn any_order_of_drops_gives_everything_back_once(
        order in Just((0..12usize).collect::<Vec<_>>()).prop_shuffle(),
        busy in any::<bool>(),
    ) {
        let mock = Mock::new();
        {
            let device = mock.open();
            if busy {
                mock.state().new_fence = Some(FenceState::Busy);
            }
            let bo = device.alloc(4096, Placement::Gtt).unwrap();
            let other = device.alloc(3 << 20, Placement::VramCpu).unwrap();
            let gpu = bo.map_gpu(VmFlags::RWX).unwrap();
            let gpu_other = other.map_gpu(VmFlags::RW).unwrap();
            let again = bo.map_gpu(VmFlags::R).unwrap();
            let cpu = bo.map_cpu().unwrap();
            let context = Context::new(&device, Priority::Normal).unwrap();
            let list = BoList::new(&device, &[bo.clone(), other.clone()]).unwrap();
            let done = Syncobj::new(&device).unwrap();
            let first = Submission::new().ib(gpu.va(), 64, Ring::COMPUTE0).mapping(&gpu).mapping(&gpu_other)
                .syncobj_out(&done).submit(&context).unwrap();
            let second = Submission::new().ib(gpu.va(), 64, Ring::COMPUTE0).bo_list(&list).depends_on(&first)
                .keep(Arc::new(again.clone())).submit(&context).unwrap();
            let mut owners: Vec<Option<Box<dyn Any>>> = vec![
                Some(Box::new(device)), Some(Box::new(bo)), Some(Box::new(other)), Some(Box::new(gpu)),
                Some(Box::new(gpu_other)), Some(Box::new(again)), Some(Box::new(cpu)), Some(Box::new(context)),
                Some(Box::new(list)), Some(Box::new(done)), Some(Box::new(first)), Some(Box::new(second)),
            ];
            for which in order {
                owners[which] = None;
            }
        }
        mock.assert_clean();
    }
}

#[test]
fn ten_thousand_rounds_end_where_they_began() {
    let mock = Mock::new();
    let device = mock.open();
    let context = Context::new(&device, Priority::Normal).unwrap();
    for _ in 0..10_000 {
        let bo = device.alloc(8192, Placement::Gtt).unwrap();
        let map = bo.map_gpu(VmFlags::RWX).unwrap();
        let _ = Submission::new().ib(map.va(), 32, Ring::COMPUTE0).mapping(&map).submit(&context).unwrap();
        mock.state().calls.clear();
    }
    context.reap();
    assert_eq!((context.in_flight(), device.va_in_use()), (0, 0));
    drop((context, device));
    mock.assert_clean();
}

#[test]
fn sync_objects_wait_signal_and_count() {
    let mock = Mock::new();
    let device = mock.open();
    let syncobj = Syncobj::new(&device).unwrap();
    assert_eq!(syncobj.wait(Deadline::PAST).unwrap(), Wait::TimedOut);
    syncobj.signal().unwrap();
    assert_eq!(syncobj.wait(Deadline::PAST).unwrap(), Wait::Signaled);
    syncobj.reset().unwrap();
    assert_eq!(syncobj.wait(Deadline::PAST).unwrap(), Wait::TimedOut);
    assert_eq!(Syncobj::new_signaled(&device).unwrap().wait(Deadline::PAST).unwrap(), Wait::Signaled);
    syncobj.signal_point(7).unwrap();
    assert_eq!(syncobj.query_point().unwrap(), 7);
    drop((syncobj, device));
    mock.assert_clean();

    let mock = Mock::new();
    mock.state().timeline = false;
    let syncobj = Syncobj::new(&mock.open()).unwrap();
    assert!(matches!(syncobj.query_point(), Err(KmdError::MissingCapability { .. })));
}
