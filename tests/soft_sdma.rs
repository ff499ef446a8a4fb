//! The software device's copy engines: every packet of a client's, with data read back, and what is refused.

mod soft_support;

use pm4::packet::values::AtomicOp;
use pm4::sdma::{self, Packet};
use soft_support::*;
use sparkle_pm4::kmd::{Bo, GpuMap, Ip, Ring, uapi};
use sparkle_pm4::soft::Config;

const SDMA: Ring = Ring { ip: Ip::Sdma, index: 0 };
const SECOND: Ring = Ring { ip: Ip::Sdma, index: 1 };

fn words(packets: &[Packet]) -> Vec<u32> {
    let mut words = Vec::new();
    packets.iter().for_each(|p| p.encode(&mut words).unwrap());
    words
}

/// A machine with one buffer of dwords 0, 1, 2 …
struct Bench {
    machine: Machine,
    bo: Bo,
    map: GpuMap,
}

fn bench() -> Bench {
    let machine = strict();
    let (bo, map) = machine.memory(&(0..4096).collect::<Vec<u32>>());
    Bench { machine, bo, map }
}

impl Bench {
    fn va(&self, dword: u64) -> u64 {
        self.map.va() + 4 * dword
    }

    #[track_caller]
    fn run(&self, packets: &[Packet]) {
        self.machine.run_exactly(SDMA, &[&words(packets)]).unwrap();
    }

    #[track_caller]
    fn fail(&self, packets: &[Packet]) -> String {
        self.machine.run_exactly(SDMA, &[&words(packets)]).expect_err("the stream is accepted")
    }

    #[track_caller]
    fn holds(&self, dword: u64, expected: &[u32]) {
        let got: Vec<u32> = (dword..dword + expected.len() as u64).map(|i| load(&self.bo, i)).collect();
        assert_eq!(got, expected, "from dword {dword}");
    }
}

#[test]
fn the_kernel_tells_of_two_engines_of_version_6() {
    let b = bench();
    let ip: uapi::InfoHwIp = b.machine.device.ask(uapi::INFO_HW_IP_INFO, [uapi::HW_IP_DMA, 0, 0, 0]).unwrap();
    assert_eq!((ip.hw_ip_version_major, ip.available_rings, ip.ip_discovery_version), (6, 0b11, 0x06_0000));
    let count: u32 = b.machine.device.ask(uapi::INFO_HW_IP_COUNT, [uapi::HW_IP_DMA, 0, 0, 0]).unwrap();
    assert_eq!(count, 1);
    let firmware: uapi::InfoFirmware =
        b.machine.device.ask(uapi::INFO_FW_VERSION, [uapi::INFO_FW_SDMA, 0, 1, 0]).unwrap();
    assert_ne!(firmware.ver, 0);
    assert!(b.machine.device.ask::<uapi::InfoFirmware>(uapi::INFO_FW_VERSION, [uapi::INFO_FW_SDMA, 0, 2, 0]).is_err());
    assert_eq!(b.machine.device.rings(Ip::Sdma).count(), 2);
}

#[test]
fn copies_fills_and_writes_arrive() {
    let b = bench();
    b.run(&[
        sdma::copy(b.va(8), b.va(1000), 32).unwrap(),
        sdma::fill(b.va(1100), 0xdead_beef, 12).unwrap(),
        sdma::write(b.va(1200), [7, 8, 9]),
        sdma::fence(b.va(1300), 42),
        sdma::Nop { payload: vec![1, 2, 3] }.into(),
        sdma::Trap::default().into(),
        sdma::GcrReq::default().into(),
    ]);
    b.holds(999, &[999, 8, 9, 10, 11, 12, 13, 14, 15, 1008]);
    b.holds(1099, &[1099, 0xdead_beef, 0xdead_beef, 0xdead_beef, 1103]);
    b.holds(1199, &[1199, 7, 8, 9, 1203]);
    b.holds(1300, &[42, 1301]);
}

#[test]
fn bytes_and_words_fill_too_and_copies_need_no_alignment() {
    let b = bench();
    let fill = |fillsize, dst_addr, src_data, bytes: u32| {
        Packet::from(sdma::ConstFill { fillsize, dst_addr, src_data, count: bytes - 1, ..Default::default() })
    };
    b.run(&[
        sdma::fill(b.va(16), 0, 16).unwrap(),
        fill(sdma::FillSize::BYTE, b.va(16) + 1, 0x1234_56ab, 3),
        fill(sdma::FillSize::WORD, b.va(17), 0xffff_1234, 6),
        sdma::write(b.va(20), [0x4433_2211, 0]),
        sdma::copy(b.va(20), b.va(20) + 5, 3).unwrap(),
    ]);
    b.holds(16, &[0xabab_ab00, 0x1234_1234, 0x1234, 0]);
    b.holds(20, &[0x4433_2211, 0x3322_1100]);
}

#[test]
fn copies_of_overlapping_ranges_go_the_way_they_are_told() {
    let b = bench();
    // More than the pieces in which the device copies.
    let bytes = 3000 * 4;
    let back = sdma::CopyLinear {
        backwards: true,
        count: bytes - 1,
        src_addr: b.va(0),
        dst_addr: b.va(100),
        ..Default::default()
    };
    b.run(&[back.into()]);
    for i in (0..3000).step_by(499) {
        b.holds(100 + u64::from(i), &[i]);
    }
    let broadcast = sdma::CopyLinearBroadcast {
        count: 7,
        src_addr: b.va(200),
        dst1_addr: b.va(3200),
        dst2_addr: b.va(3300),
        ..Default::default()
    };
    b.run(&[broadcast.into()]);
    b.holds(3199, &[3199, 100, 101, 3202]);
    b.holds(3299, &[3299, 100, 101, 3302]);
}

#[test]
fn windows_of_linear_images_are_copied_line_by_line() {
    let b = bench();
    // Lines of 16 elements and slices of 8 lines against lines of 5 and slices of 4; 2 x 3 x 2 elements of 8 bytes.
    let window = sdma::CopyLinearSubWind {
        element_size: sdma::ElementSize::BYTES_8,
        src_addr: b.va(0),
        src_x: 3,
        src_y: 2,
        src_z: 1,
        src_pitch: 15,
        src_slice_pitch: 127,
        dst_addr: b.va(2000),
        dst_x: 1,
        dst_y: 1,
        dst_z: 0,
        dst_pitch: 4,
        dst_slice_pitch: 19,
        rect_x: 1,
        rect_y: 2,
        rect_z: 1,
        ..Default::default()
    };
    b.run(&[window.into()]);
    let mut expected: Vec<u32> = (2000..2100).collect();
    for z in 0..2 {
        for y in 0..3 {
            for x in 0..2 {
                let (from, to) = ((1 + z) * 128 + (2 + y) * 16 + 3 + x, z * 20 + (1 + y) * 5 + 1 + x);
                for half in 0..2 {
                    expected[2 * to + half] = (2 * from + half) as u32;
                }
            }
        }
    }
    b.holds(2000, &expected);
}

#[test]
fn atomics_semaphores_and_time_stamps() {
    let b = bench();
    let atomic = |atomic_op, dword, src_data, cmp_data, looping| {
        Packet::from(sdma::Atomic { atomic_op, addr: b.va(dword), src_data, cmp_data, looping, ..Default::default() })
    };
    let before = b.machine.device.timestamp().unwrap();
    b.run(&[
        atomic(AtomicOp::ADD_32, 10, 5, 0, false),
        atomic(AtomicOp::CMPSWAP_RTN_32, 11, 77, 11, true),
        atomic(AtomicOp::SMAX_64, 12, u64::MAX, 0, false),
        atomic(AtomicOp::SUB_64, 14, 1, 0, false),
        sdma::write(b.va(20), [1, 0]),
        sdma::Sem { addr: b.va(20), ..Default::default() }.into(),
        sdma::Sem { signal: true, addr: b.va(22), ..Default::default() }.into(),
        sdma::Sem { signal: true, write_one: true, addr: b.va(24), ..Default::default() }.into(),
        sdma::TimestampGet { write_addr: b.va(30), ..Default::default() }.into(),
        sdma::TimestampGetGlobal { write_addr: b.va(32), ..Default::default() }.into(),
    ]);
    let after = b.machine.device.timestamp().unwrap();
    b.holds(10, &[15, 77, 12, 13, 13, 15]);
    b.holds(20, &[0, 0, 23, 23, 1, 0]);
    let stamp = |dword| u64::from(load(&b.bo, dword)) | u64::from(load(&b.bo, dword + 1)) << 32;
    assert!(before <= stamp(30) && stamp(30) <= stamp(32) && stamp(32) <= after);
}

#[test]
fn conditions_skip_and_polls_wait_for_another_ring() {
    let b = bench();
    let cond = |dword, reference, exec_count| {
        Packet::from(sdma::CondExe { addr: b.va(dword), reference, exec_count, ..Default::default() })
    };
    b.run(&[
        cond(5, 5, 5),
        sdma::write(b.va(50), [1, 2]).clone(),
        cond(5, 6, 6),
        sdma::write(b.va(60), [1, 2]),
        sdma::PreExe { dev_sel: 1, exec_count: 5 }.into(),
        sdma::write(b.va(70), [1]),
        sdma::PreExe { dev_sel: 2, exec_count: 5 }.into(),
        sdma::write(b.va(80), [1]),
        sdma::write(b.va(90), [1]),
    ]);
    b.holds(50, &[1, 2]);
    b.holds(60, &[60, 61]);
    b.holds(70, &[1]);
    b.holds(80, &[80]);
    b.holds(90, &[1]);

    // One engine waits for what the other writes, and then copies it.
    let poll = sdma::PollRegmem {
        func: sdma::PollFunction::EQUAL,
        mem_poll: true,
        addr: b.va(100),
        value: 0x23,
        mask: 0xff,
        retry_count: 0xfff,
        ..Default::default()
    };
    let waiting = words(&[poll.into(), sdma::copy(b.va(100), b.va(101), 4).unwrap()]);
    let writing = words(&[sdma::write(b.va(100), [0xab23])]);
    let (first, second) = (b.machine.context(), b.machine.context());
    let waiting = b.machine.submit(&first, SDMA, &[&waiting]);
    std::thread::sleep(std::time::Duration::from_millis(20));
    let writing = b.machine.submit(&second, SECOND, &[&writing]);
    assert_eq!(writing.wait(soon()).unwrap(), sparkle_pm4::kmd::Wait::Signaled);
    assert_eq!(waiting.wait(soon()).unwrap(), sparkle_pm4::kmd::Wait::Signaled);
    b.holds(100, &[0xab23, 0xab23]);
}

#[test]
fn waits_that_nothing_meets_are_hangs_that_say_what_memory_holds() {
    let b = bench();
    let poll = |retry_count| {
        let (func, mask) = (sdma::PollFunction::GREATER, u32::MAX);
        let addr = b.va(9);
        sdma::PollRegmem { func, mem_poll: true, addr, value: 100, mask, retry_count, ..Default::default() }
    };
    let text = b.fail(&[poll(0xfff).into()]);
    says(&text, &["hang", "IB 0", "dword 0", "POLL_REGMEM", "holds 0x9 and not GREATER 0x64"]);
    says(&b.fail(&[poll(3).into()]), &["POLL_REGMEM gave up after 4 looks", "holds 0x9"]);
    let semaphore = sdma::Sem { addr: b.va(0), ..Default::default() };
    b.run(&[sdma::write(b.va(0), [0, 0])]);
    says(&b.fail(&[semaphore.into()]), &["SEM", "holds 0x0 and not a count above 0"]);
    b.run(&[sdma::fence(b.va(1), 3)]);
    b.holds(1, &[3]);
}

#[test]
fn accesses_that_fault_name_packet_and_address() {
    let b = bench();
    let text = b.fail(&[sdma::copy(b.va(0), 0x7000_0000, 64).unwrap()]);
    says(&text, &["IB 0", "dword 0", "write at 0x70000000", "nothing is mapped", "GEM handle"]);
    let fault: uapi::InfoGpuvmFault = b.machine.device.ask(uapi::INFO_GPUVM_FAULT, [0; 4]).unwrap();
    assert_eq!(fault.addr, 0x7000_0000);
    // A page far from everything, and no more.
    let page = 0x5000_0000;
    let _bo = b.machine.place(page, 4096, &[]);
    let text = b.fail(&[sdma::fill(page + 4000, 1, 100).unwrap()]);
    says(&text, &["write at 0x50001000", "mapped below it 0x50000000..0x50001000"]);
    b.run(&[sdma::fence(b.va(1), 3)]);
    b.holds(1, &[3]);
}

#[test]
fn what_an_engine_would_hang_on_is_refused() {
    let b = bench();
    let raw = |words: &[u32]| b.machine.run_exactly(SDMA, &[words]).expect_err("the stream is accepted");
    says(&raw(&[0x0000_0063]), &["dword 0"]);
    says(&raw(&[0x8000_000b, 0, 0]), &["dword 0"]);
    let [lo, hi] = halves(b.va(0));
    says(&raw(&[0x0000_0005 | 1 << 29, lo, hi, 1]), &["FENCE", "reserved bits 0x20000000"]);
    says(&raw(&[0x0000_0005, lo + 2, hi, 1]), &["FENCE", "multiple of 4"]);
    says(&raw(&[0xc000_000b, lo, hi, 1, 3]), &["CONST_FILL", "fillsize is 0x3"]);
    says(&raw(&[0x8000_000b, lo, hi, 1, 4]), &["CONST_FILL", "5 bytes are no whole number of dwords"]);
    says(&b.fail(&[sdma::TimestampSet::default().into()]), &["TIMESTAMP_SET", "kernel's page tables"]);
    says(&b.fail(&[sdma::SrbmWrite::default().into()]), &["SRBM_WRITE", "kernel's page tables"]);
    says(&b.fail(&[sdma::Indirect { ib_base: b.va(0), ib_size: 8, ..Default::default() }.into()]), &["INDIRECT"]);
    says(&b.fail(&[sdma::CopyLinear { tmz: true, ..Default::default() }.into()]), &["no protected memory"]);
    says(&b.fail(&[sdma::CopyTiled::default().into()]), &["COPY_TILED", "swizzled order"]);
    says(&b.fail(&[sdma::MemIncr { addr: b.va(0), ..Default::default() }.into()]), &["MEM_INCR", "isn't published"]);
    let beyond = sdma::CondExe { addr: b.va(1), reference: 0, exec_count: 9, ..Default::default() };
    says(&b.fail(&[beyond.into()]), &["COND_EXE", "skips 9 dwords, beyond the end"]);
}

#[test]
fn a_lenient_engine_calls_buffers_once() {
    let machine = machine(Config::default());
    let (bo, map) = machine.memory(&[0; 8]);
    let inner = words(&[sdma::fence(map.va(), 5)]);
    let (_, ib) = machine.memory(&inner);
    let call = sdma::Indirect { ib_base: ib.va(), ib_size: inner.len() as u32, ..Default::default() };
    machine.run_exactly(SDMA, &[&words(&[call.into(), sdma::fence(map.va() + 4, 6)])]).unwrap();
    assert_eq!((load(&bo, 0), load(&bo, 1)), (5, 6));
}
