//! The software device as a driver and as hardware: errno values, faults, hangs, and nothing left behind.

use std::sync::Arc;
use std::time::Duration;

use pm4::packet::values::{DataSel, WaitFunction, WaitSpace, WriteDataDst};
use pm4::packet::{CopyData, IndirectBuffer, ReleaseMem, WaitRegMem, WriteData};
use pm4::reg::{COMPUTE_PGM_RSRC1, COMPUTE_PGM_RSRC2, COMPUTE_PGM_RSRC3};
use pm4::{Stream, dispatch};
use sparkle_pm4::kmd::{
    self, Bo, Context, CsFence, Deadline, Errno, GpuMap, Node, Placement, Priority, ResetStatus, Ring, Submission,
    Syncobj, VmFlags, Wait, ioctls, uapi,
};
use sparkle_pm4::soft::{Config, SoftNode};

const RING: Ring = Ring::COMPUTE0;

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

/// A card with one open file, and a context on it.
struct Machine {
    node: Arc<SoftNode>,
    device: Arc<kmd::Device>,
    context: Context,
}

fn machine(config: Config) -> Machine {
    let node = Arc::new(SoftNode::new(config).unwrap());
    let device = kmd::Device::open(Arc::clone(&node) as Arc<dyn Node>).unwrap();
    let context = Context::new(&device, Priority::Normal).unwrap();
    Machine { node, device, context }
}

fn impatient() -> Config {
    Config { job_timeout: Duration::from_millis(300), ..Config::default() }
}

impl Machine {
    /// Memory with these dwords, which the GPU may use in every way.
    fn memory(&self, words: &[u32]) -> (Bo, GpuMap) {
        let bo = self.device.alloc(4 * words.len().max(1) as u64, Placement::Gtt).unwrap();
        let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        bo.map_cpu().unwrap().write_at(0, &bytes).unwrap();
        let map = bo.map_gpu(VmFlags::RWX).unwrap();
        (bo, map)
    }

    fn submit(&self, stream: &Stream, maps: &[&GpuMap]) -> CsFence {
        let (_, ib) = self.memory(stream.dwords());
        let mut submission = Submission::new().ib(ib.va(), 4 * stream.len_dw() as u32, RING).mapping(&ib);
        for map in maps {
            submission = submission.mapping(map);
        }
        submission.submit(&self.context).unwrap()
    }

    /// Runs a stream that is to fail; what the device says about it.
    fn fail(&self, stream: &Stream, maps: &[&GpuMap]) -> String {
        let wait = self.submit(stream, maps).wait(soon()).unwrap();
        assert!(matches!(wait, Wait::DeviceLost(_)), "{wait:?}");
        self.node.explain(self.context.id()).unwrap().reason
    }

    /// One workgroup of one wave32 over this code, s[0:1] as given.
    fn shader(&self, code: &[u32], user_data: u64) -> (Stream, GpuMap) {
        let (_, map) = self.memory(code);
        let mut stream = Stream::new();
        dispatch::preamble(&mut stream, 6).unwrap();
        let rsrc2 = COMPUTE_PGM_RSRC2::new().with(COMPUTE_PGM_RSRC2::USER_SGPR, 2u32).unwrap();
        let launch = dispatch::Dispatch {
            code_va: map.va(),
            rsrc1: COMPUTE_PGM_RSRC1::new(),
            rsrc2,
            rsrc3: COMPUTE_PGM_RSRC3::new(),
            user_data: &[user_data as u32, (user_data >> 32) as u32],
            block: [32, 1, 1],
            grid: [1, 1, 1],
            wave32: true,
        };
        dispatch::dispatch(&mut stream, &launch).unwrap();
        (stream, map)
    }

    /// Whether work still runs, on a fresh context.
    fn is_healthy(&self) -> bool {
        let (bo, map) = self.memory(&[0]);
        let mut stream = Stream::new();
        let data =
            WriteData { dst_sel: WriteDataDst::MEM, dst_addr: map.va(), payload: vec![42], ..Default::default() };
        stream.push(data).unwrap();
        let (_, ib) = self.memory(stream.dwords());
        let context = Context::new(&self.device, Priority::Normal).unwrap();
        let submission = Submission::new().ib(ib.va(), 4 * stream.len_dw() as u32, RING).mapping(&ib).mapping(&map);
        let done = submission.submit(&context).unwrap().wait(soon()).unwrap();
        done == Wait::Signaled && bo.map_cpu().unwrap().load_u32(0).unwrap() == 42
    }
}

// Words of gfx1100, as llvm-mc 19 encodes them.
const S_ENDPGM: u32 = 0xbfb0_0000;
const S_BRANCH_TO_ITSELF: u32 = 0xbfa0_ffff;
/// v_mov_b32_e32 v1, 0
const V_MOV_V1_0: u32 = 0x7e02_0280;
/// global_store_b32 v1, v1, s[0:1]
const GLOBAL_STORE: [u32; 2] = [0xdc6a_0000, 0x0000_0101];
/// s_setpc_b64 s[0:1]
const S_SETPC_S0: u32 = 0xbe80_4800;

#[test]
fn an_endless_kernel_is_a_hang_with_its_place_and_the_device_goes_on() {
    let m = machine(impatient());
    let (stream, code) = m.shader(&[S_BRANCH_TO_ITSELF, S_ENDPGM], 0);
    let text = m.fail(&stream, &[&code]);
    assert!(text.contains("hang") && text.contains(&format!("{:#x}", code.va())), "{text}");
    assert!(text.contains("s_branch"), "{text}");
    assert_eq!(m.context.query_reset().unwrap().status, ResetStatus::Guilty);
    assert!(m.is_healthy());
}

#[test]
fn a_wait_that_nothing_meets_is_a_hang_that_names_it() {
    let m = machine(impatient());
    let (_, map) = m.memory(&[7]);
    let mut stream = Stream::new();
    let wait = WaitRegMem {
        function: WaitFunction::EQUAL,
        mem_space: WaitSpace::MEMORY,
        poll_addr: map.va(),
        reference: 9,
        mask: u32::MAX,
        ..Default::default()
    };
    stream.push(wait).unwrap();
    let text = m.fail(&stream, &[&map]);
    assert!(text.contains("WAIT_REG_MEM") && text.contains("holds 0x7"), "{text}");
    assert!(m.is_healthy());
}

#[test]
fn buffers_that_chain_in_a_circle_end_at_the_time_limit() {
    let m = machine(impatient());
    let (bo, map) = m.memory(&[0; 8]);
    let mut stream = Stream::new();
    stream.push(IndirectBuffer { ib_base: map.va(), ib_size: 8, chain: true, ..Default::default() }).unwrap();
    stream.pad_to(8).unwrap();
    let bytes: Vec<u8> = stream.dwords().iter().flat_map(|w| w.to_le_bytes()).collect();
    bo.map_cpu().unwrap().write_at(0, &bytes).unwrap();
    assert!(m.fail(&stream, &[&map]).contains("hang"));
    assert!(m.is_healthy());
}

#[test]
fn a_store_to_nowhere_names_address_wave_and_instruction() {
    let m = machine(Config::default());
    let (stream, code) = m.shader(&[V_MOV_V1_0, GLOBAL_STORE[0], GLOBAL_STORE[1], S_ENDPGM], 0x1234_5678_9000);
    let text = m.fail(&stream, &[&code]);
    for part in ["write at 0x123456789000", "nothing is mapped", "wave 0", "global_store_b32", "mapped below it"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let fault: uapi::InfoGpuvmFault = m.device.ask(uapi::INFO_GPUVM_FAULT, [0; 4]).unwrap();
    assert_eq!(fault.addr, 0x1234_5678_9000);
    assert!(m.is_healthy());
}

#[test]
fn permissions_of_a_mapping_hold_for_waves() {
    let m = machine(Config::default());
    let bo = m.device.alloc(4096, Placement::Gtt).unwrap();
    let read_only = bo.map_gpu(VmFlags::R).unwrap();
    let (stream, code) = m.shader(&[V_MOV_V1_0, GLOBAL_STORE[0], GLOBAL_STORE[1], S_ENDPGM], read_only.va());
    assert!(m.fail(&stream, &[&code, &read_only]).contains("the page is not writable"));

    // Code in memory that may not be executed.
    let m = machine(Config::default());
    let bo = m.device.alloc(4096, Placement::Gtt).unwrap();
    bo.map_cpu().unwrap().store_u32(0, S_ENDPGM).unwrap();
    let data = bo.map_gpu(VmFlags::RW).unwrap();
    let (stream, code) = m.shader(&[S_SETPC_S0], data.va());
    assert!(m.fail(&stream, &[&code, &data]).contains("the page is not executable"));
    assert!(m.is_healthy());
}

#[test]
fn words_that_are_no_instruction_and_jumps_to_nowhere_are_faults() {
    let m = machine(Config::default());
    let (stream, code) = m.shader(&[0xffff_ffff, 0xffff_ffff], 0);
    let text = m.fail(&stream, &[&code]);
    assert!(text.contains("illegal instruction") && text.contains("0xffffffff"), "{text}");

    let m = machine(Config::default());
    let (stream, code) = m.shader(&[S_SETPC_S0], 0xdead_0000);
    let text = m.fail(&stream, &[&code]);
    assert!(text.contains("instruction fetch at 0xdead0000"), "{text}");
    assert!(m.is_healthy());
}

#[test]
fn an_indirect_buffer_that_is_not_mapped_is_a_fault() {
    let m = machine(Config::default());
    let submission = Submission::new().ib(0x7000_0000, 64, RING);
    let wait = submission.submit(&m.context).unwrap().wait(soon()).unwrap();
    assert!(matches!(wait, Wait::DeviceLost(_)), "{wait:?}");
    let text = m.node.explain(m.context.id()).unwrap().reason;
    assert!(text.contains("IB 0") && text.contains("0x70000000"), "{text}");
}

#[test]
fn packets_of_the_command_processor_move_data() {
    let m = machine(Config::default());
    let (bo, map) = m.memory(&[1, 2, 3, 4, 0, 0, 0, 0, 0, 0]);
    let host = bo.map_cpu().unwrap();
    let mut stream = Stream::new();
    let copy = pm4::packet::values::CopyDataSrc::MEM;
    let to = pm4::packet::values::CopyDataDst::MEM;
    let qword = pm4::packet::values::CountSel::QWORD;
    stream
        .push(CopyData {
            src_sel: copy,
            dst_sel: to,
            count_sel: qword,
            src: map.va(),
            dst: map.va() + 16,
            ..Default::default()
        })
        .unwrap();
    stream
        .push(ReleaseMem {
            data_sel: DataSel::VALUE_64BIT,
            address: map.va() + 24,
            data: 0x11_2233_4455,
            ..Default::default()
        })
        .unwrap();
    stream.push(ReleaseMem { data_sel: DataSel::TIMESTAMP, address: map.va() + 32, ..Default::default() }).unwrap();
    let before = m.device.timestamp().unwrap();
    assert_eq!(m.submit(&stream, &[&map]).wait(soon()).unwrap(), Wait::Signaled);
    let after = m.device.timestamp().unwrap();
    let got: Vec<u32> = (0..8).map(|i| host.load_u32(4 * i).unwrap()).collect();
    assert_eq!(got, [1, 2, 3, 4, 1, 2, 0x2233_4455, 0x11]);
    let stamp = host.load_u64(32).unwrap();
    assert!(before <= stamp && stamp <= after, "{before} {stamp} {after}");
}

#[test]
fn sync_objects_order_work_across_contexts() {
    let m = machine(Config::default());
    let second = Context::new(&m.device, Priority::Normal).unwrap();
    let (bo, map) = m.memory(&[0]);
    let write = |value: u32| {
        let mut stream = Stream::new();
        stream
            .push(WriteData {
                dst_sel: WriteDataDst::MEM,
                dst_addr: map.va(),
                payload: vec![value],
                ..Default::default()
            })
            .unwrap();
        m.memory(stream.dwords()).1
    };
    let (one, two) = (write(1), write(2));
    let gate = Syncobj::new(&m.device).unwrap();
    let passed = Syncobj::new(&m.device).unwrap();
    let host = Syncobj::new_signaled(&m.device).unwrap();
    let first =
        Submission::new().ib(one.va(), 20, RING).mapping(&one).mapping(&map).syncobj_in(&host).syncobj_out(&gate);
    let last = Submission::new().ib(two.va(), 20, Ring { index: 1, ..RING }).mapping(&two).mapping(&map);
    let first = first.submit(&m.context).unwrap();
    let last = last.syncobj_in(&gate).timeline_signal(&passed, 5).submit(&second).unwrap();
    assert_eq!(last.wait(soon()).unwrap(), Wait::Signaled);
    assert_eq!(first.wait(Deadline::PAST).unwrap(), Wait::Signaled);
    assert_eq!(passed.wait_point(5, soon()).unwrap(), Wait::Signaled);
    assert_eq!(passed.query_point().unwrap(), 5);
    assert_eq!(bo.map_cpu().unwrap().load_u32(0).unwrap(), 2);
}

/// One request as a program would send it.
fn ioctl(node: &SoftNode, code: u32, arg: &mut impl bytemuck::Pod) -> Result<i32, Errno> {
    // SAFETY: the software device checks every address inside the structures; those here are of live locals.
    unsafe { node.ioctl(code, bytemuck::bytes_of_mut(arg)) }
}

#[test]
fn the_drivers_errno_values() {
    let m = machine(Config { vram_bytes: 1 << 30, gtt_bytes: 1 << 30, ..Config::default() });
    let create = |size: u64, domains: u64, flags: u64| {
        let mut arg = uapi::GemCreateIn { bo_size: size, alignment: 0, domains, domain_flags: flags };
        ioctl(&m.node, ioctls::GEM_CREATE.code, &mut arg)
    };
    assert_eq!(create(4096, 4, 1 << 40), Err(Errno::EINVAL), "an unknown flag");
    assert_eq!(create(4096, 1 << 20, 0), Err(Errno::EINVAL), "an unknown domain");
    assert_eq!(create(0, 4, 0), Err(Errno::EINVAL), "no size");
    assert_eq!(create(1 << 40, 4, 0), Err(Errno::ENOMEM), "a terabyte");
    assert_eq!(create(u64::MAX, 4, 0), Err(Errno::ENOMEM), "more than there are addresses");

    let mut map = uapi::GemMmapIn { handle: 999, ..Default::default() };
    assert_eq!(ioctl(&m.node, ioctls::GEM_MMAP.code, &mut map), Err(Errno::ENOENT));
    let hidden = m.device.alloc(4096, Placement::Vram).unwrap();
    let mut map = uapi::GemMmapIn { handle: hidden.handle(), ..Default::default() };
    assert_eq!(ioctl(&m.node, ioctls::GEM_MMAP.code, &mut map), Err(Errno::EPERM));

    let va = |va_address: u64, map_size: u64, flags: u32, operation: u32| {
        let handle = hidden.handle();
        let mut arg = uapi::GemVa { handle, operation, flags, va_address, map_size, ..Default::default() };
        ioctl(&m.node, ioctls::GEM_VA.code, &mut arg)
    };
    let (map, unmap) = (uapi::VA_OP_MAP, uapi::VA_OP_UNMAP);
    assert_eq!(va(0x40_0800, 4096, 2, map), Err(Errno::EINVAL), "not on a page");
    assert_eq!(va(0x40_0000, 8192, 2, map), Err(Errno::EINVAL), "beyond the buffer");
    assert_eq!(va(0x40_0000, 4096, 1 << 30, map), Err(Errno::EINVAL), "an unknown flag");
    assert_eq!(va(0x40_0000, 4096, 2, 77), Err(Errno::EINVAL), "an unknown operation");
    assert_eq!(va(0x40_0000, 4096, 2, unmap), Err(Errno::ENOENT), "nothing mapped");
    assert_eq!(va(0x8000_0000_0000, 4096, 2, map), Err(Errno::EINVAL), "the hole");
    assert_eq!(va(0x40_0000, 4096, 2, map), Ok(0));
    assert_eq!(va(0x40_0000, 4096, 2, map), Err(Errno::EINVAL), "mapped already");
    assert_eq!(va(0x40_0000, 4096, 2, unmap), Ok(0));

    let mut ctx = uapi::CtxIn { op: uapi::CTX_OP_FREE_CTX, ctx_id: 99, ..Default::default() };
    assert_eq!(ioctl(&m.node, ioctls::CTX_STATE.code, &mut ctx), Err(Errno::EINVAL));
    let mut wait = uapi::WaitCsIn { handle: 1, ctx_id: m.context.id(), ip_type: 1, ..Default::default() };
    assert_eq!(ioctl(&m.node, ioctls::WAIT_CS.code, &mut wait), Err(Errno::EINVAL), "a fence of the future");
    wait.ip_type = uapi::HW_IP_VCN_DEC;
    assert_eq!(ioctl(&m.node, ioctls::WAIT_CS.code, &mut wait), Err(Errno::EINVAL), "a ring that isn't there");
    // A type other than 'd', and a number that no driver has.
    assert_eq!(ioctl(&m.node, 0xc008_4100, &mut 0u64), Err(Errno::ENOTTY));
    assert_eq!(ioctl(&m.node, 0xc008_64ff, &mut 0u64), Err(Errno::EINVAL));
}

#[test]
fn submissions_that_the_driver_refuses() {
    let m = machine(Config::default());
    let (bo, ib) = m.memory(&[0xffff_1000; 8]);
    let chunk_ib = |ring: u32| uapi::CsChunkIb {
        va_start: ib.va(),
        ib_bytes: 32,
        ip_type: uapi::HW_IP_COMPUTE,
        ring,
        ..Default::default()
    };
    let entry = [uapi::BoListEntry { bo_handle: bo.handle(), bo_priority: 0 }];
    let list = uapi::BoListIn {
        operation: !0,
        list_handle: !0,
        bo_number: 1,
        bo_info_size: 8,
        bo_info_ptr: entry.as_ptr() as u64,
    };
    fn chunk<T>(chunk_id: u32, data: &T) -> uapi::CsChunk {
        uapi::CsChunk { chunk_id, length_dw: size_of::<T>() as u32 / 4, chunk_data: std::ptr::from_ref(data) as u64 }
    }
    let submit = |ctx_id: u32, bo_list_handle: u32, chunks: &[uapi::CsChunk], as_pointers: bool| {
        let pointers: Vec<u64> = chunks.iter().map(|c| std::ptr::from_ref(c) as u64).collect();
        let address = if as_pointers { pointers.as_ptr() as u64 } else { chunks.as_ptr() as u64 };
        let num_chunks = chunks.len() as u32;
        let mut cs = uapi::CsIn { ctx_id, bo_list_handle, num_chunks, flags: 0, chunks: address };
        ioctl(&m.node, ioctls::CS.code, &mut cs)
    };
    let ctx = m.context.id();
    let (good, bad_ring) = (chunk_ib(0), chunk_ib(9));
    let ib_chunk = chunk(uapi::CHUNK_ID_IB, &good);
    let bos = chunk(uapi::CHUNK_ID_BO_HANDLES, &list);
    assert_eq!(submit(ctx, 0, &[ib_chunk, bos], true), Ok(0));
    assert_eq!(submit(ctx, 0, &[bos, ib_chunk], true), Ok(0), "in any order");
    assert_eq!(submit(ctx, 0, &[], true), Err(Errno::EINVAL), "no chunks");
    assert_eq!(submit(99, 0, &[ib_chunk], true), Err(Errno::EINVAL), "no such context");
    assert_eq!(submit(ctx, 0, &[bos], true), Err(Errno::EINVAL), "no IB");
    assert_eq!(submit(ctx, 0, &[chunk(uapi::CHUNK_ID_IB, &bad_ring)], true), Err(Errno::EINVAL), "no such ring");
    assert_eq!(submit(ctx, 0, &[chunk(0x77, &good)], true), Err(Errno::EINVAL), "an unknown chunk");
    let short = uapi::CsChunk { length_dw: 3, ..ib_chunk };
    assert_eq!(submit(ctx, 0, &[short], true), Err(Errno::EINVAL), "a chunk too short");
    let wild = uapi::CsChunk { chunk_data: 0x10, ..ib_chunk };
    assert_eq!(submit(ctx, 0, &[wild], true), Err(Errno::EFAULT), "a wild address");
    // The array holds addresses of chunks, not chunks.
    assert!(submit(ctx, 0, &[ib_chunk], false).is_err());

    let mut create = uapi::BoListIn { operation: uapi::BO_LIST_OP_CREATE, list_handle: 0, ..list };
    assert_eq!(ioctl(&m.node, ioctls::BO_LIST.code, &mut create), Ok(0));
    let handle = create.operation;
    assert_eq!(submit(ctx, handle, &[ib_chunk], true), Ok(0));
    assert_eq!(submit(ctx, handle, &[ib_chunk, bos], true), Err(Errno::EINVAL), "two lists");
    // Entries of a future kernel: the first two words of four.
    let wide = [[bo.handle(), 0, 7, 7]; 2];
    let mut larger = uapi::BoListIn { bo_number: 2, bo_info_size: 16, bo_info_ptr: wide.as_ptr() as u64, ..list };
    larger.operation = uapi::BO_LIST_OP_UPDATE;
    larger.list_handle = handle;
    assert_eq!(ioctl(&m.node, ioctls::BO_LIST.code, &mut { larger }), Ok(0));
    larger.bo_info_size = 0;
    assert_eq!(ioctl(&m.node, ioctls::BO_LIST.code, &mut larger), Err(Errno::EINVAL), "entries of no size");
    let signal = Syncobj::new(&m.device).unwrap();
    let (sem, point) = (
        uapi::CsChunkSem { handle: signal.handle() },
        uapi::CsChunkSyncobj { handle: signal.handle(), flags: 0, point: 1 },
    );
    let (out, timeline) =
        (chunk(uapi::CHUNK_ID_SYNCOBJ_OUT, &sem), chunk(uapi::CHUNK_ID_SYNCOBJ_TIMELINE_SIGNAL, &point));
    assert_eq!(submit(ctx, 0, &[ib_chunk, out], true), Ok(0));
    assert_eq!(submit(ctx, 0, &[ib_chunk, timeline], true), Ok(0));
    assert_eq!(submit(ctx, 0, &[ib_chunk, out, timeline], true), Err(Errno::EINVAL), "signals in two chunks");

    let mut destroy = uapi::BoListIn { operation: uapi::BO_LIST_OP_DESTROY, list_handle: handle, ..Default::default() };
    assert_eq!(ioctl(&m.node, ioctls::BO_LIST.code, &mut destroy), Ok(0));
    assert_eq!(submit(ctx, handle, &[ib_chunk], true), Err(Errno::ENOENT), "a list that is gone");
}

#[test]
fn a_relative_timeout_waits_for_nothing_and_says_busy() {
    let m = machine(impatient());
    let (stream, code) = m.shader(&[S_BRANCH_TO_ITSELF], 0);
    let fence = m.submit(&stream, &[&code]);
    let mut wait = uapi::WaitCsIn {
        handle: fence.seq(),
        timeout: 1_000_000_000,
        ip_type: uapi::HW_IP_COMPUTE,
        ctx_id: m.context.id(),
        ..Default::default()
    };
    // One second, counted from boot: the ioctl succeeds at once, and the status is 1, busy.
    assert_eq!(ioctl(&m.node, ioctls::WAIT_CS.code, &mut wait), Ok(0));
    assert_eq!(wait.handle, 1);
    assert!(matches!(fence.wait(soon()).unwrap(), Wait::DeviceLost(_)));
}

mod any_request {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        /// Any number with any structure is answered: with success or an errno. Words stay small, so that addresses
        /// among them are bad ones and timeouts lie in the past.
        #[test]
        fn is_answered(number in 0u32..256, words in prop::collection::vec(0u32..4096, 0..24)) {
            thread_local!(static MACHINE: Machine = machine(impatient()));
            MACHINE.with(|m| {
                let mut arg: Vec<u8> = words.iter().flat_map(|w| u64::from(*w).to_ne_bytes()).collect();
                let code = 3 << 30 | (arg.len() as u32) << 16 | u32::from(b'd') << 8 | number;
                // SAFETY: the software device checks every address, and those here are in the first page.
                let _ = unsafe { m.node.ioctl(code, &mut arg) };
                // Packed pairs of words reach the 32-bit fields.
                let mut arg: Vec<u8> = words.iter().flat_map(|w| w.to_ne_bytes()).collect();
                // SAFETY: as above; two such words make an address below 2^44, where Linux maps nothing by itself.
                let _ = unsafe { m.node.ioctl(code, &mut arg) };
            });
        }
    }

    #[test]
    fn and_the_device_works_afterwards() {
        assert!(machine(Config::default()).is_healthy());
    }
}
