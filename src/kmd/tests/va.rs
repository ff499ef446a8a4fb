//! The address-space allocator, the deadline, and the real node on files that are no cards.

use std::time::Duration;

use proptest::prelude::*;

use super::super::{Deadline, Device, Errno, GPU_PAGE, HUGE_PAGE, KmdError, Node, Protection, RenderNode, VaSpace};

#[derive(Debug, Clone)]
enum Step {
    Alloc(u64),
    AllocAt(u64, u64),
    Free(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1u64..0x4000).prop_map(Step::Alloc),
        (1u64..0x60_0000).prop_map(Step::Alloc),
        (0u64..0x2000, 1u64..0x8000).prop_map(|(page, size)| Step::AllocAt(page * GPU_PAGE, size)),
        any::<usize>().prop_map(Step::Free),
    ]
}

proptest! {
    #[test]
    fn ranges_never_overlap_and_all_come_back(steps in proptest::collection::vec(step(), 1..80)) {
        let (start, end) = (0x1000, 0x200_0000);
        let mut space = VaSpace::new(0, end, 4096);
        prop_assert_eq!((space.start(), space.end()), (start, end));
        let mut live: Vec<(u64, u64)> = Vec::new();
        for step in steps {
            match step {
                Step::Alloc(size) => if let Some(va) = space.alloc(size) {
                    prop_assert!(size < HUGE_PAGE || va % HUGE_PAGE == 0);
                    live.push((va, size));
                },
                Step::AllocAt(va, size) => {
                    let rounded = size.next_multiple_of(GPU_PAGE);
                    let free = va >= start && va + rounded <= end
                        && live.iter().all(|&(v, s)| va + rounded <= v || v + s.next_multiple_of(GPU_PAGE) <= va);
                    prop_assert_eq!(space.alloc_at(va, size), free);
                    if free {
                        live.push((va, size));
                    }
                }
                Step::Free(which) if !live.is_empty() => {
                    let (va, size) = live.swap_remove(which % live.len());
                    prop_assert!(space.free(va, size));
                    prop_assert!(!space.free(va, size), "freed twice");
                }
                Step::Free(_) => {}
            }
            let mut sorted = live.clone();
            sorted.sort_unstable();
            for &(va, size) in &sorted {
                prop_assert!(va != 0 && va >= start && va + size <= end && va % GPU_PAGE == 0);
            }
            for pair in sorted.windows(2) {
                prop_assert!(pair[0].0 + pair[0].1.next_multiple_of(GPU_PAGE) <= pair[1].0);
            }
            let held: u64 = live.iter().map(|(_, size)| size.next_multiple_of(GPU_PAGE)).sum();
            prop_assert_eq!(space.in_use(), held);
        }
        for (va, size) in live {
            prop_assert!(space.free(va, size));
        }
        prop_assert_eq!((space.in_use(), space.fragments()), (0, 1));
    }
}

#[test]
fn a_gap_keeps_ranges_apart_as_long_as_there_is_room() {
    let mut space = VaSpace::new(0x20_0000, 0x20_8000, 4096);
    space.set_gap(0x2000);
    let given: Vec<u64> = (0..3).map(|_| space.alloc(0x1000).unwrap()).collect();
    assert_eq!(given, [0x20_0000, 0x20_3000, 0x20_6000]);
    // The next one takes what is left between them.
    assert_eq!(space.alloc(0x1000), Some(0x20_1000));
    assert!(space.free(0x20_1000, 0x1000) && space.free(0x20_3000, 0x1000));
    assert_eq!(space.alloc(0x1000), Some(0x20_3000));
    assert_eq!(space.in_use(), 0x3000);
}

#[test]
fn a_full_space_says_so_and_odd_spaces_are_empty() {
    let mut space = VaSpace::new(0x20_0000, 0x20_4000, 4096);
    assert_eq!(space.alloc(0), None);
    assert_eq!(space.alloc(u64::MAX), None);
    assert_eq!(space.alloc(0x5000), None);
    assert_eq!(space.alloc(0x4000), Some(0x20_0000));
    assert_eq!(space.alloc(1), None);
    assert!(!space.alloc_at(u64::MAX - 0xfff, 0x1000));
    assert!(!space.free(0x20_4000, 0x1000), "outside");
    for (start, end) in [(0, 0), (5, 3), (u64::MAX, u64::MAX), (0x1000, 0x1fff)] {
        assert_eq!(VaSpace::new(start, end, 0).alloc(1), None, "{start:#x}..{end:#x}");
    }
}

#[test]
fn deadlines_are_absolute_and_never_the_drivers_forever() {
    let soon = Deadline::after(Duration::from_secs(5));
    assert!(soon.remaining() <= Duration::from_secs(5) && soon.remaining() > Duration::from_secs(4));
    assert!(!soon.is_past() && Deadline::PAST.is_past());
    assert_eq!(Deadline::PAST.remaining(), Duration::ZERO);
    // Bit 63 means "forever" to the driver.
    assert_eq!(Deadline::after(Duration::MAX).as_ns(), i64::MAX as u64);
    assert_eq!(Deadline::at_ns(u64::MAX).as_ns(), i64::MAX as u64);
}

#[test]
fn a_missing_node_and_a_node_of_another_kind_are_told_apart() {
    let missing = RenderNode::open("/nonexistent/renderD128").unwrap_err();
    assert!(matches!(missing, KmdError::NotFound { .. }) && missing.hint().is_some(), "{missing}");
    let null = RenderNode::open("/dev/null").unwrap();
    assert!(null.poll(Duration::ZERO).unwrap(), "/dev/null is always readable");
    let error = Device::open(std::sync::Arc::new(null)).unwrap_err();
    assert!(matches!(error, KmdError::Ioctl { name: "VERSION", errno: Errno::ENOTTY, .. }), "{error}");
}

#[test]
fn a_forbidden_node_is_not_a_missing_one() {
    use std::os::unix::fs::PermissionsExt;
    if nix::unistd::geteuid().is_root() {
        return skip::skip!("root may open everything");
    }
    let path = std::env::temp_dir().join(format!("sparkle-forbidden-{}", std::process::id()));
    std::fs::write(&path, []).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    let error = RenderNode::open(&path).unwrap_err();
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(error, KmdError::PermissionDenied { errno: Errno::EACCES, .. }), "{error}");
}

#[test]
fn the_real_node_maps_and_refuses_short_arguments() {
    let path = std::env::temp_dir().join(format!("sparkle-node-{}", std::process::id()));
    std::fs::write(&path, [7u8; 8192]).unwrap();
    let node = RenderNode::open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    for protection in [Protection::Read, Protection::ReadWrite] {
        let map = node.mmap(4096, 4096, protection).unwrap();
        assert_eq!(map.len(), 4096);
        // SAFETY: the mapping is live and has 4096 bytes.
        assert_eq!(unsafe { map.as_ptr().add(4095).read_volatile() }, 7);
    }
    // SAFETY: the request is refused before the kernel sees it.
    let short = unsafe { node.ioctl(super::super::ioctls::CS.code, &mut [0; 23]) };
    assert_eq!(short, Err(Errno::EINVAL));
}
