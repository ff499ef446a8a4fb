//! The library's surface: kernels and streams of the caller's own, several queues, and what it refuses.

use std::time::Duration;

use pm4::packet::WriteData;
use pm4::packet::values::WriteDataDst;
use sparkle_pm4::{Arg, Deadline, Device, Error, Kernel, ops};

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

#[test]
fn a_code_object_runs_with_its_arguments_checked() {
    let device = Device::emulated().unwrap();
    let queue = device.queue().unwrap();
    let kernel = Kernel::from_code_object(&device, kernels::VADD_F32.object, "vadd_f32").unwrap();
    assert_eq!(kernel.info().wave_size, 32);
    let (a, b) = (device.upload(&[1.0f32; 1000]).unwrap(), device.upload(&[2.5f32; 1000]).unwrap());
    let mut y = device.zeros::<f32>(1000).unwrap();
    let over = kernel.over([4, 1, 1], [256, 1, 1]);
    let fence = queue.launch(&over, [Arg::In(&a), Arg::In(&b), Arg::Out(&mut y), Arg::U32(1000)]).unwrap();
    fence.wait(soon()).unwrap();
    assert_eq!(y.read().unwrap(), [3.5f32; 1000]);

    // One too few, one of another size, a workgroup that the kernel isn't built for.
    let code = |error: Error| (error.code(), error.to_string());
    let few = queue.launch(&over, [Arg::In(&a), Arg::In(&b), Arg::Out(&mut y)]);
    assert_eq!(code(few.unwrap_err()).0, "object-argument-count");
    let wide = queue.launch(&over, [Arg::In(&a), Arg::In(&b), Arg::Out(&mut y), Arg::U64(1000)]);
    assert_eq!(code(wide.unwrap_err()).0, "object-argument");
    let huge = kernel.over([4, 1, 1], [512, 1, 1]);
    let huge = queue.launch(&huge, [Arg::In(&a), Arg::In(&b), Arg::Out(&mut y), Arg::U32(1000)]);
    let (kind, text) = code(huge.unwrap_err());
    assert_eq!(kind, "kernel");
    assert!(text.contains("512x1x1"), "{text}");
}

#[test]
fn code_objects_that_cannot_run_here_say_why() {
    let device = Device::emulated().unwrap();
    let text = |bytes: &[u8], name| Kernel::from_code_object(&device, bytes, name).unwrap_err().to_string();
    let good = kernels::VADD_F32.object;
    let unknown = text(good, "vsub_f32");
    assert!(unknown.contains("vsub_f32") && unknown.contains("vadd_f32"), "{unknown}");

    // e_flags is at offset 48 of an ELF64 header; 0x41 is gfx1100, 0x3f is gfx90a.
    let mut other = good.to_vec();
    assert_eq!(other[48], 0x41);
    other[48] = 0x3f;
    let other = text(&other, "vadd_f32");
    assert!(other.contains("gfx90a") && other.contains("gfx1100"), "{other}");

    assert!(text(b"no ELF at all", "x").contains("code object"));
    let cpu = Device::cpu().unwrap();
    let refused = Kernel::from_code_object(&cpu, good, "vadd_f32").unwrap_err();
    assert!(matches!(refused, Error::NeedsGpu { .. }));
}

#[test]
fn a_stream_of_ones_own_is_submitted_as_it_is() {
    let device = Device::emulated().unwrap();
    let queue = device.queue().unwrap();
    let buffer = device.zeros::<u32>(4).unwrap();
    let mut stream = pm4::Stream::new();
    let payload = vec![7, 8];
    let dst_addr = buffer.va().unwrap() + 4;
    stream
        .push(WriteData { dst_sel: WriteDataDst::MEM, wr_confirm: true, dst_addr, payload, ..Default::default() })
        .unwrap();
    queue.submit(&stream, &[&buffer]).unwrap().wait(soon()).unwrap();
    assert_eq!(buffer.read().unwrap(), [0, 7, 8, 0]);
    let cpu = Device::cpu().unwrap();
    assert!(matches!(cpu.queue().unwrap().submit(&stream, &[]), Err(Error::NeedsGpu { .. })));
}

#[test]
fn queues_that_share_a_buffer_run_in_order() {
    let device = Device::emulated().unwrap();
    let (first, second) = (device.queue().unwrap(), device.queue().unwrap());
    // Long enough that the second queue would overtake it.
    let shape = ops::Conv2dShape::new(1, 32, 28, 28, 32, 3, 3).pad(1);
    let conv = ops::Conv2d::new(shape).prepare(&device).unwrap();
    let x = device.upload(&vec![1.0f32; shape.input_len()]).unwrap();
    let w = device.upload(&vec![1.0f32; shape.weight_len()]).unwrap();
    let n = shape.output_len();
    let (mut y, mut twice) = (device.zeros::<f32>(n).unwrap(), device.zeros::<f32>(n).unwrap());
    for _ in 0..3 {
        let before = first.launch(&conv, (&x, &w, &mut y)).unwrap();
        let after = second.launch(&ops::VectorAdd, (&y, &y, &mut twice)).unwrap();
        after.wait(soon()).unwrap();
        before.wait(Deadline::PAST).unwrap();
    }
    assert_eq!(twice.read().unwrap()[shape.q() + 1], 2.0 * 288.0);
}

#[test]
fn many_launches_on_one_queue_keep_memory_bounded() {
    let device = Device::emulated().unwrap();
    let queue = device.queue().unwrap();
    let a = device.upload(&[1.0f32; 64]).unwrap();
    let mut y = device.zeros::<f32>(64).unwrap();
    let used = || device.kmd().unwrap().memory().unwrap().gtt.used;
    let mut most = 0;
    for _ in 0..500 {
        queue.launch(&ops::VectorAdd, (&a, &a, &mut y)).unwrap().wait(soon()).unwrap();
        most = most.max(used());
    }
    assert!(most <= 1 << 20, "{most} bytes of command memory");
}

#[test]
fn launches_with_wrong_buffers_are_refused() {
    let (device, other) = (Device::emulated().unwrap(), Device::emulated().unwrap());
    let shape = ops::Conv2dShape::new(1, 2, 5, 5, 3, 3, 3);
    let conv = ops::Conv2d::new(shape).prepare(&device).unwrap();
    let queue = device.queue().unwrap();
    let x = device.upload(&vec![0.0f32; shape.input_len()]).unwrap();
    let short = device.upload(&[0.0f32; 3]).unwrap();
    let foreign = other.upload(&vec![0.0f32; shape.weight_len()]).unwrap();
    let mut y = device.zeros::<f32>(shape.output_len()).unwrap();
    let result = queue.launch(&conv, (&x, &short, &mut y));
    assert!(matches!(result, Err(Error::Length { tensor: "w", want: 54, got: 3 })), "{result:?}");
    let result = queue.launch(&conv, (&x, &foreign, &mut y));
    assert!(matches!(result, Err(Error::OtherDevice { .. })), "{result:?}");
    let result = ops::Conv2d::new(shape.groups(7)).prepare(&device);
    assert_eq!(result.unwrap_err().code(), "shape-groups");
}

#[test]
fn empty_vectors_are_nothing_to_do() {
    for device in [Device::emulated().unwrap(), Device::cpu().unwrap()] {
        let queue = device.queue().unwrap();
        let a = device.upload::<f32>(&[]).unwrap();
        let mut y = device.zeros::<f32>(0).unwrap();
        queue.launch(&ops::VectorAdd, (&a, &a, &mut y)).unwrap().wait(soon()).unwrap();
        assert_eq!(y.read().unwrap(), Vec::<f32>::new());
    }
}
