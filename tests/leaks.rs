//! A test binary of its own: it counts what the whole process holds.

use std::sync::Arc;
use std::time::Duration;

use sparkle_pm4::kmd::{Deadline, Node};
use sparkle_pm4::soft::{Census, Config, SoftNode};
use sparkle_pm4::{Device, Engine, ops};

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

/// Mappings of the software card's memory in this process.
fn mappings() -> usize {
    std::fs::read_to_string("/proc/self/maps").unwrap().lines().filter(|l| l.contains("software-navi31")).count()
}

#[test]
fn ten_thousand_rounds_leave_nothing_behind() {
    let node = Arc::new(SoftNode::new(Config::default()).unwrap());
    let device = Device::from_node(Arc::clone(&node) as Arc<dyn Node>, Engine::Emu).unwrap();
    let before = mappings();
    let in_use = || device.kmd().unwrap().va_in_use();
    let mut settled = None;
    for round in 0..10_000u32 {
        // What stays between rounds is the loaded kernel, from the first one on.
        if round == 1 {
            settled = Some(in_use());
        }
        let queue = device.queue().unwrap();
        let (a, b) = (device.upload(&[round as f32; 40]).unwrap(), device.upload(&[0.5f32; 40]).unwrap());
        let mut y = device.zeros::<f32>(40).unwrap();
        let fence = queue.launch(&ops::VectorAdd, (&a, &b, &mut y)).unwrap();
        // Drops in changing order, before and after the wait.
        match round % 4 {
            0 => drop((a, b)),
            1 => drop(queue),
            _ => {}
        }
        if round % 4 != 3 {
            fence.wait(soon()).unwrap();
            assert_eq!(y.read().unwrap(), [round as f32 + 0.5; 40]);
        }
    }
    assert_eq!(Some(in_use()), settled, "GPU addresses are still taken");
    drop(device);
    assert_eq!(node.census(), Census::default());
    assert_eq!(mappings(), before, "mappings of buffers are left in this process");
}
