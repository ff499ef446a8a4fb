//! Every step of the stream matters: with any one of them deleted, the software device refuses the work and says why.

use std::time::Duration;

use pm4::reg;
use pm4::{Packet, Stream, packet};
use sparkle_pm4::{Buffer, Deadline, Device, Error, Queue, Recording, ops};

const SHAPE: ops::Conv2dShape = ops::Conv2dShape::new(1, 8, 10, 10, 8, 3, 3).pad(1);

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

struct Bench {
    queue: Queue,
    conv: ops::PreparedConv2d,
    x: Buffer<f32>,
    w: Buffer<f32>,
    y: Buffer<f32>,
}

fn bench() -> Bench {
    let device = Device::emulated().unwrap();
    Bench {
        queue: device.queue().unwrap(),
        conv: ops::Conv2d::new(SHAPE).prepare(&device).unwrap(),
        x: device.upload(&vec![1.0f32; SHAPE.input_len()]).unwrap(),
        w: device.upload(&vec![0.5f32; SHAPE.weight_len()]).unwrap(),
        y: device.zeros(SHAPE.output_len()).unwrap(),
    }
}

impl Bench {
    fn record(&mut self) -> Recording {
        self.queue.record(&self.conv, (&self.x, &self.w, &mut self.y)).unwrap()
    }

    /// Runs the stream after `edit` had its way with each packet: kept, changed, or dropped.
    fn run(&mut self, mut edit: impl FnMut(Packet) -> Vec<Packet>) -> Result<(), Error> {
        let recording = self.record();
        let mut stream = Stream::new();
        for item in recording.stream().items() {
            let flags = item.flags;
            for packet in edit(item.packet.unwrap()) {
                stream.push_with(flags, packet).unwrap();
            }
        }
        let recording = recording.with_stream(stream).unwrap();
        self.queue.submit_recording(recording).unwrap().wait(soon())
    }
}

/// A SET_SH_REG without the registers in `addresses`: what is left of its run, as one packet a register.
fn without(packet: Packet, addresses: &[u32]) -> Vec<Packet> {
    let Packet::SetShReg(set) = packet else { return vec![packet] };
    let kept = set.values.iter().enumerate().filter_map(|(i, &value)| {
        let offset = set.offset + i as u32;
        (!addresses.contains(&(0xb000 + 4 * offset)))
            .then(|| packet::SetShReg { offset, values: vec![value], ..Default::default() }.into())
    });
    kept.collect()
}

fn reason(result: Result<(), Error>) -> String {
    match result {
        Err(Error::DeviceLost(hang)) => hang.reason().to_owned(),
        other => panic!("expected a lost device, got {other:?}"),
    }
}

#[test]
fn the_stream_as_it_is_computes_the_convolution() {
    let mut bench = bench();
    bench.run(|packet| vec![packet]).unwrap();
    // In the middle all 8·9 taps count, each 1.0·0.5.
    assert_eq!(bench.y.read().unwrap()[5 * 10 + 5], 36.0);
}

#[test]
fn every_register_that_a_dispatch_needs_is_missed_by_name() {
    let masks = [
        reg::COMPUTE_STATIC_THREAD_MGMT_SE0.address(),
        reg::COMPUTE_STATIC_THREAD_MGMT_SE1.address(),
        reg::COMPUTE_STATIC_THREAD_MGMT_SE2.address(),
        reg::COMPUTE_STATIC_THREAD_MGMT_SE3.address(),
        reg::COMPUTE_STATIC_THREAD_MGMT_SE4.address(),
        reg::COMPUTE_STATIC_THREAD_MGMT_SE5.address(),
    ];
    let cases: [(&str, &[u32]); 7] = [
        ("COMPUTE_PGM_LO", &[reg::COMPUTE_PGM_LO.address()]),
        ("COMPUTE_PGM_HI", &[reg::COMPUTE_PGM_HI.address()]),
        ("COMPUTE_PGM_RSRC1", &[reg::COMPUTE_PGM_RSRC1.address()]),
        ("COMPUTE_PGM_RSRC2", &[reg::COMPUTE_PGM_RSRC2.address()]),
        ("COMPUTE_NUM_THREAD_X", &[reg::COMPUTE_NUM_THREAD_X.address()]),
        ("COMPUTE_NUM_THREAD_Z", &[reg::COMPUTE_NUM_THREAD_Z.address()]),
        ("COMPUTE_STATIC_THREAD_MGMT", &masks),
    ];
    for (name, addresses) in cases {
        let reason = reason(bench().run(|packet| without(packet, addresses)));
        assert!(reason.contains(name) && reason.contains("written in this submission"), "{name}: {reason}");
    }
}

#[test]
fn masks_that_enable_no_cu_hang_with_that_reason() {
    let reason = reason(bench().run(|packet| match packet {
        Packet::SetShReg(mut set) => {
            for (i, value) in set.values.iter_mut().enumerate() {
                let address = 0xb000 + 4 * (set.offset + i as u32);
                let se0_to_3 = [0xb858, 0xb85c, 0xb864, 0xb868];
                if se0_to_3.contains(&address) || (0xb8ac..0xb8bc).contains(&address) {
                    *value = 0;
                }
            }
            vec![set.into()]
        }
        other => vec![other],
    }));
    assert!(reason.contains("enable no CU"), "{reason}");
}

#[test]
fn user_data_that_is_missing_is_named_where_it_faults() {
    let both = [reg::COMPUTE_USER_DATA_0.address(), reg::COMPUTE_USER_DATA_0.address() + 4];
    let reason = reason(bench().run(|packet| without(packet, &both)));
    assert!(reason.contains("memory fault") && reason.contains("s_load"), "{reason}");
    assert!(reason.contains("COMPUTE_USER_DATA_0 was not written"), "{reason}");
}

#[test]
fn a_wait_missing_between_two_dispatches_is_a_race() {
    let mut dispatches = 0;
    let result = bench().run(|packet| {
        if matches!(packet, Packet::DispatchDirect(_)) {
            dispatches += 1;
        }
        match packet {
            Packet::EventWrite(_) if dispatches == 1 => vec![],
            other => vec![other],
        }
    });
    assert_eq!(dispatches, 2);
    let reason = reason(result);
    assert!(reason.contains("race: dispatch 2 and dispatch 1") && reason.contains("CS_PARTIAL_FLUSH"), "{reason}");
}

#[test]
fn a_stream_without_its_dispatches_computes_nothing() {
    let mut bench = bench();
    bench.run(|packet| if matches!(packet, Packet::DispatchDirect(_)) { vec![] } else { vec![packet] }).unwrap();
    assert!(bench.y.read().unwrap().iter().all(|&v| v == 0.0));
}

#[test]
fn results_that_nobody_waited_for_cannot_be_read() {
    let device = Device::emulated().unwrap();
    let queue = device.queue().unwrap();
    // Large enough that the first look comes long before the end.
    let shape = ops::Conv2dShape::new(1, 64, 56, 56, 64, 3, 3).pad(1);
    let conv = ops::Conv2d::new(shape).prepare(&device).unwrap();
    let x = device.upload(&vec![1.0f32; shape.input_len()]).unwrap();
    let mut w = device.upload(&vec![1.0f32; shape.weight_len()]).unwrap();
    let mut y = device.zeros::<f32>(shape.output_len()).unwrap();
    let fence = queue.launch(&conv, (&x, &w, &mut y)).unwrap();
    assert!(matches!(y.read(), Err(Error::Busy { used: "written" })));
    assert!(matches!(w.write(&vec![0.0; shape.weight_len()]), Err(Error::Busy { used: "read" })));
    assert!(matches!(fence.wait(Deadline::PAST), Err(Error::TimedOut)));
    fence.wait(soon()).unwrap();
    assert_eq!(y.read().unwrap()[57], 576.0);
    w.write(&vec![0.0; shape.weight_len()]).unwrap();
}

#[test]
fn wrong_headers_and_privileged_waves_stop_with_a_reason() {
    // The opcode in bits 7:0.
    let mut b = bench();
    let recording = b.record();
    let mut words = recording.stream().dwords().to_vec();
    words[0] = 3 << 30 | 2 << 16 | 0x76;
    let fence = b.queue.submit_recording(recording.with_stream(Stream::from_dwords(words)).unwrap()).unwrap();
    let text = reason(fence.wait(soon()));
    assert!(text.contains("IB 0") && text.contains("dword 0"), "{text}");

    // An invented opcode for a dispatch, which is a packet of the kernel.
    let text = reason(bench().run(|packet| match packet {
        Packet::DispatchDirect(_) => vec![Packet::Unknown { opcode: 0x7d, body: vec![1, 1, 1, 5] }],
        other => vec![other],
    }));
    assert!(text.contains("SCRATCH_RAM_WRITE: with 4 body dwords it is a packet of the kernel"), "{text}");

    // PRIV set by accident.
    let text = reason(bench().run(|packet| match packet {
        Packet::SetShReg(mut set) if set.offset == 0x212 => {
            set.values[0] |= 1 << 20;
            vec![set.into()]
        }
        other => vec![other],
    }));
    assert!(text.contains("PRIV"), "{text}");
}

#[test]
fn a_lost_context_refuses_more_work_and_others_go_on() {
    let mut b = bench();
    assert!(b.run(|packet| without(packet, &[reg::COMPUTE_PGM_LO.address()])).is_err());
    let again = b.queue.launch(&b.conv, (&b.x, &b.w, &mut b.y));
    assert!(matches!(again, Err(Error::DeviceLost(_))), "{again:?}");
    let fresh = b.queue.device().queue().unwrap();
    fresh.launch(&b.conv, (&b.x, &b.w, &mut b.y)).unwrap().wait(soon()).unwrap();
    assert_eq!(b.y.read().unwrap()[55], 36.0);
}

mod damaged {
    use super::*;
    use proptest::prelude::*;
    use sparkle_pm4::soft::Config;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

        /// Whatever a bit flip makes of a good stream, the work ends, and the device is there for the next.
        #[test]
        fn streams_end_and_leave_the_device_usable(at in any::<prop::sample::Index>(), bit in 0u32..32, word: Option<u32>) {
            thread_local!(static DEVICE: Device = {
                let job_timeout = Duration::from_millis(200);
                Device::emulated_with(Config { job_timeout, ..Config::default() }).unwrap()
            });
            let device = DEVICE.with(Clone::clone);
            let queue = device.queue().unwrap();
            let a = device.upload(&[1.0f32; 300]).unwrap();
            let mut y = device.zeros::<f32>(300).unwrap();
            let recording = queue.record(&ops::VectorAdd, (&a, &a, &mut y)).unwrap();
            let mut words = recording.stream().dwords().to_vec();
            let at = at.index(words.len());
            words[at] = word.unwrap_or(words[at] ^ 1 << bit);
            let recording = recording.with_stream(Stream::from_dwords(words)).unwrap();
            match queue.submit_recording(recording).unwrap().wait(soon()) {
                Ok(()) => {}
                Err(Error::DeviceLost(hang)) => {
                    let reason = hang.reason();
                    prop_assert!(!reason.contains("bug of its own"), "{}", reason);
                }
                Err(other) => prop_assert!(false, "{other:?}"),
            }
            let mut y = device.zeros::<f32>(300).unwrap();
            let fresh = device.queue().unwrap();
            fresh.launch(&ops::VectorAdd, (&a, &a, &mut y)).unwrap().wait(soon()).unwrap();
            prop_assert_eq!(y.read().unwrap(), [2.0f32; 300]);
        }
    }
}
