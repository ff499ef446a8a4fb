//! The software device as a driver: callers' pages, sparse pages, gangs, resets, priorities, work of the dead.

mod soft_support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::mman::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};
use soft_support::{ACQUIRE, Launch, S_ENDPGM, asm, halves, ioctl, packet, write_data};
use sparkle_pm4::kmd::{
    self, AllocFlags, Bo, Context, Errno, GpuMap, Node, Placement, Priority, ResetFlags, ResetStatus, VmFlags, ioctls,
    uapi,
};
use sparkle_pm4::soft::{Config, Kind, Name, NodeKind, PageFaults, Recovery, SoftNode};

const PAGE: u64 = 4096;
const GFX0: (u32, u32) = (uapi::HW_IP_GFX, 0);
const COMPUTE0: (u32, u32) = (uapi::HW_IP_COMPUTE, 0);
const COMPUTE1: (u32, u32) = (uapi::HW_IP_COMPUTE, 1);

struct Machine {
    node: Arc<SoftNode>,
    device: Arc<kmd::Device>,
}

fn machine(config: Config) -> Machine {
    let node = Arc::new(SoftNode::new(config).unwrap());
    let device = kmd::Device::open(Arc::clone(&node) as Arc<dyn Node>).unwrap();
    Machine { node, device }
}

fn impatient() -> Config {
    Config { job_timeout: Duration::from_millis(300), ..Config::default() }
}

fn chunk<T>(chunk_id: u32, data: &[T]) -> uapi::CsChunk {
    uapi::CsChunk { chunk_id, length_dw: size_of_val(data) as u32 / 4, chunk_data: data.as_ptr() as u64 }
}

impl Machine {
    fn memory(&self, words: &[u32]) -> (Bo, GpuMap) {
        let bo = self.device.alloc(4 * words.len().max(1) as u64, Placement::Gtt).unwrap();
        let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        bo.map_cpu().unwrap().write_at(0, &bytes).unwrap();
        let map = bo.map_gpu(VmFlags::RWX).unwrap();
        (bo, map)
    }

    fn context(&self) -> Context {
        Context::new(&self.device, Priority::Normal).unwrap()
    }

    fn raw_context(&self) -> u32 {
        let mut arg = uapi::CtxIn { op: uapi::CTX_OP_ALLOC_CTX, ..Default::default() };
        ioctl(&self.node, ioctls::CTX_ALLOC.code, &mut arg).unwrap();
        arg.op
    }

    /// Submits IBs, each on its ring, after what `gate` waits for.
    fn cs(&self, ctx_id: u32, ibs: &[((u32, u32), &GpuMap)], gate: Option<u32>) -> Result<u64, Errno> {
        let ibs: Vec<_> = ibs
            .iter()
            .map(|&((ip_type, ring), map)| uapi::CsChunkIb {
                va_start: map.va(),
                ib_bytes: 256,
                ip_type,
                ring,
                ..Default::default()
            })
            .collect();
        let gates = [uapi::CsChunkSem { handle: gate.unwrap_or(0) }];
        let mut chunks: Vec<_> = ibs.iter().map(|ib| chunk(uapi::CHUNK_ID_IB, std::slice::from_ref(ib))).collect();
        if gate.is_some() {
            chunks.push(chunk(uapi::CHUNK_ID_SYNCOBJ_IN, &gates));
        }
        let pointers: Vec<u64> = chunks.iter().map(|c| std::ptr::from_ref(c) as u64).collect();
        let mut cs = uapi::CsIn {
            ctx_id,
            num_chunks: chunks.len() as u32,
            chunks: pointers.as_ptr() as u64,
            ..Default::default()
        };
        ioctl(&self.node, ioctls::CS.code, &mut cs)?;
        Ok(u64::from(cs.ctx_id) | u64::from(cs.bo_list_handle) << 32)
    }

    /// A stream as an IB of 64 dwords.
    fn ib(&self, words: &[u32]) -> GpuMap {
        let mut words = words.to_vec();
        assert!(words.len() <= 64);
        words.resize(64, soft_support::NOP);
        self.memory(&words).1
    }

    fn wait(&self, ctx_id: u32, (ip_type, ring): (u32, u32), handle: u64) -> Result<bool, Errno> {
        let timeout = kmd::Deadline::after(Duration::from_secs(60)).as_ns();
        let mut wait = uapi::WaitCsIn { handle, timeout, ip_type, ip_instance: 0, ring, ctx_id };
        ioctl(&self.node, ioctls::WAIT_CS.code, &mut wait).map(|_| wait.handle == 0)
    }

    /// An object with a fence that nothing signals yet, and the job that would.
    fn gate(&self) -> (u32, GpuMap, Bo) {
        let (flag, map) = self.memory(&[0]);
        let ib = self.ib(&wait_mem(map.va(), 1));
        let ctx = self.raw_context();
        let handle = self.cs(ctx, &[(COMPUTE1, &ib)], None).unwrap();
        let (ip_type, ring) = COMPUTE1;
        let fence = uapi::Fence { ctx_id: ctx, ip_type, ip_instance: 0, ring, seq_no: handle };
        let mut arg = uapi::FenceToHandleIn { fence, what: uapi::FENCE_TO_HANDLE_GET_SYNCOBJ, pad: 0 };
        ioctl(&self.node, ioctls::FENCE_TO_HANDLE.code, &mut arg).unwrap();
        (arg.fence.ctx_id, ib, flag)
    }
}

/// WAIT_REG_MEM: memory equals a value.
fn wait_mem(va: u64, value: u32) -> Vec<u32> {
    packet(0x3c, &[0x13, va as u32, (va >> 32) as u32, value, !0, 4])
}

/// COPY_DATA of a dword from memory to memory, confirmed.
fn copy(from: u64, to: u64) -> Vec<u32> {
    let ([a, b], [c, d]) = (halves(from), halves(to));
    packet(0x40, &[0x0010_0501, a, b, c, d])
}

fn word(bo: &Bo, at: u64) -> u32 {
    bo.map_cpu().unwrap().load_u32(at).unwrap()
}

/// Pages of this process, for a test.
struct Pages {
    at: std::ptr::NonNull<libc::c_void>,
    len: usize,
}

impl Pages {
    fn new(pages: usize) -> Self {
        let len = pages * PAGE as usize;
        let size = len.try_into().unwrap();
        // SAFETY: new pages, where nothing is.
        let at =
            unsafe { mmap_anonymous(None, size, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_PRIVATE) };
        Self { at: at.unwrap(), len }
    }

    fn addr(&self) -> u64 {
        self.at.as_ptr().addr() as u64
    }

    fn write(&self, at: usize, value: u32) {
        assert!(at + 4 <= self.len);
        // SAFETY: inside our pages, of which there are no references.
        unsafe { self.at.as_ptr().byte_add(at).cast::<u32>().write_volatile(value) }
    }

    fn read(&self, at: usize) -> u32 {
        assert!(at + 4 <= self.len);
        // SAFETY: as above.
        unsafe { self.at.as_ptr().byte_add(at).cast::<u32>().read_volatile() }
    }

    /// What speaks for the caller does after the ioctl.
    fn replace(&self, node: &SoftNode, range: (u64, u64)) {
        assert_eq!(range.1 as usize, self.len);
        let (addr, len) = ((self.addr() as usize).try_into().unwrap(), self.len.try_into().unwrap());
        let flags = MapFlags::MAP_SHARED | MapFlags::MAP_FIXED;
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: over our own pages, of which there are no references.
        unsafe { mmap(Some(addr), len, protection, flags, node.memory(), range.0 as i64) }.unwrap();
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: our own pages, of which nothing is left.
        unsafe { munmap(self.at, self.len) }.unwrap();
    }
}

const ALL: u32 = uapi::GEM_USERPTR_ANONONLY | uapi::GEM_USERPTR_VALIDATE | uapi::GEM_USERPTR_REGISTER;

fn userptr(node: &SoftNode, addr: u64, size: u64, flags: u32) -> Result<u32, Errno> {
    let mut arg = uapi::GemUserptr { addr, size, flags, handle: 0 };
    ioctl(node, ioctls::GEM_USERPTR.code, &mut arg).map(|_| arg.handle)
}

fn close(node: &SoftNode, handle: u32) {
    ioctl(node, ioctls::GEM_CLOSE.code, &mut [handle, 0]).unwrap();
}

#[test]
fn pages_of_the_caller_are_memory_of_the_card() {
    let m = machine(Config::default());
    let pages = Pages::new(2);
    pages.write(8, 0x1234);
    let handle = userptr(&m.node, pages.addr(), 2 * PAGE, ALL).unwrap();
    let range = m.node.user_range(handle).unwrap();
    pages.replace(&m.node, range);
    assert_eq!(pages.read(8), 0x1234, "the content came along");
    let mut va = uapi::GemVa {
        handle,
        operation: uapi::VA_OP_MAP,
        flags: 0xe,
        va_address: 0x40_0000,
        map_size: 2 * PAGE,
        ..Default::default()
    };
    ioctl(&m.node, ioctls::GEM_VA.code, &mut va).unwrap();
    pages.write(16, 7);
    let ib = m.ib(&copy(0x40_0010, 0x40_1000));
    let ctx = m.raw_context();
    let handle_cs = m.cs(ctx, &[(COMPUTE0, &ib)], None).unwrap();
    assert_eq!(m.wait(ctx, COMPUTE0, handle_cs), Ok(true));
    assert_eq!(pages.read(PAGE as usize), 7, "both sides see both sides' writes");

    // A second buffer of the same pages is the same memory, of a part of them too.
    let again = userptr(&m.node, pages.addr() + PAGE, PAGE, ALL).unwrap();
    assert_eq!(m.node.user_range(again), Some((range.0 + PAGE, PAGE)));
    close(&m.node, again);
    close(&m.node, handle);
    assert_eq!(m.node.user_range(handle), None);
    assert_eq!((pages.read(8), pages.read(PAGE as usize)), (0x1234, 7), "the pages stay the caller's");
    let back = userptr(&m.node, pages.addr(), 2 * PAGE, ALL).unwrap();
    assert_eq!(m.node.user_range(back), Some(range));
    let mut map = uapi::GemMmapIn { handle: back, ..Default::default() };
    assert_eq!(ioctl(&m.node, ioctls::GEM_MMAP.code, &mut map), Err(Errno::EPERM));
    let mut op = uapi::GemOp { handle: back, op: uapi::GEM_OP_SET_PLACEMENT, value: 2 };
    assert_eq!(ioctl(&m.node, ioctls::GEM_OP.code, &mut op), Err(Errno::EPERM));
    assert_eq!(ioctl(&m.node, ioctls::PRIME_HANDLE_TO_FD.code, &mut [back, 0, 0]), Err(Errno::EPERM));
    close(&m.node, back);
    drop((pages, ib));
    assert_eq!(m.node.census().gtt_bytes, 0, "unmapped by the caller, they go");
}

#[test]
fn pages_that_no_buffer_can_be_made_of() {
    let m = machine(Config::default());
    let pages = Pages::new(4);
    let ask = |addr, size, flags| userptr(&m.node, addr, size, flags);
    let at = pages.addr();
    assert_eq!(ask(at + 8, PAGE, ALL), Err(Errno::EINVAL), "not on a page");
    assert_eq!(ask(at, PAGE + 8, ALL), Err(Errno::EINVAL), "not whole pages");
    assert_eq!(ask(at, 0, ALL), Err(Errno::EINVAL), "none");
    assert_eq!(ask(at, PAGE, ALL | 16), Err(Errno::EINVAL), "an unknown flag");
    assert_eq!(ask(at, PAGE, uapi::GEM_USERPTR_VALIDATE), Err(Errno::EACCES), "writing without following");
    assert_eq!(ask(PAGE, PAGE, ALL), Err(Errno::EFAULT), "nothing is there");
    assert_eq!(ask(u64::MAX - PAGE + 1, PAGE, ALL), Err(Errno::EFAULT));
    let code = (pages_that_no_buffer_can_be_made_of as *const () as u64) & !(PAGE - 1);
    assert_eq!(ask(code, PAGE, ALL), Err(Errno::EFAULT), "not writable");
    let read_only = uapi::GEM_USERPTR_READONLY;
    assert_eq!(ask(code, PAGE, read_only | uapi::GEM_USERPTR_ANONONLY), Err(Errno::EPERM), "of a file");
    assert!(ask(code, PAGE, read_only).is_ok());
    // A range in use can't become a part of a larger one.
    let inner = ask(at + PAGE, PAGE, ALL).unwrap();
    let range = m.node.user_range(inner).unwrap();
    let part = Pages { at: pages.at.map_addr(|a| a.checked_add(PAGE as usize).unwrap()), len: PAGE as usize };
    part.replace(&m.node, range);
    std::mem::forget(part);
    assert_eq!(ask(at, 2 * PAGE, ALL), Err(Errno::EFAULT));
    close(&m.node, inner);
    assert!(ask(at, 2 * PAGE, ALL).is_ok());
    // A mapping of a buffer is no memory of the caller's own.
    let bo = m.device.alloc(PAGE, Placement::Gtt).unwrap();
    let map = m.node.mmap(
        {
            let mut arg = uapi::GemMmapIn { handle: bo.handle(), ..Default::default() };
            ioctl(&m.node, ioctls::GEM_MMAP.code, &mut arg).unwrap();
            bytemuck::cast(arg)
        },
        PAGE as usize,
        kmd::Protection::ReadWrite,
    );
    assert_eq!(ask(map.unwrap().as_ptr().addr() as u64, PAGE, ALL), Err(Errno::EFAULT));
}

#[test]
fn sparse_pages_read_as_zero_and_forget() {
    let m = machine(Config::default());
    let (sparse, size) = (0x7000_0000u64, 1 << 30);
    let mut va = uapi::GemVa {
        operation: uapi::VA_OP_MAP,
        flags: uapi::VM_PAGE_PRT,
        va_address: sparse,
        map_size: size,
        ..Default::default()
    };
    let change = |va: &mut uapi::GemVa| ioctl(&m.node, ioctls::GEM_VA.code, va);
    let wrong = uapi::VM_PAGE_PRT | uapi::VM_PAGE_READABLE;
    assert_eq!(change(&mut uapi::GemVa { flags: wrong, ..va }), Err(Errno::EINVAL), "sparse pages have no permissions");
    assert_eq!(change(&mut va), Ok(0));
    let before = m.node.census();
    let (bo, map) = m.memory(&[5, 5, 5, 5]);
    let mut words = write_data(sparse + 64, &[9]);
    words.extend(copy(sparse + 64, map.va()));
    // s_load, global_load, global_store and an atomic of a wave.
    let code =
        asm("s_load_b32 s4, s[0:1], 0x40\n v_mov_b32 v0, 0\n v_mov_b32 v1, 3\n global_store_b32 v0, v1, s[0:1]\n
         global_atomic_add_u32 v2, v0, v1, s[0:1] glc\n global_load_b32 v3, v0, s[0:1]\n s_waitcnt vmcnt(0) lgkmcnt(0)\n
         v_mov_b32 v4, s4\n global_store_b96 v0, v[2:4], s[2:3] offset:4\n s_endpgm");
    let (_, code) = m.memory(&code);
    let user = [halves(sparse), halves(map.va())].concat();
    let mut stream = soft_support::preamble();
    stream.extend(ACQUIRE);
    let launch = Launch { block: [1, 1, 1], ..Launch::new(code.va(), &user) };
    stream.extend(launch.words());
    let (first, second) = (
        m.ib(&words),
        m.memory(&{
            stream.resize(64, soft_support::NOP);
            stream
        })
        .1,
    );
    let ctx = m.raw_context();
    let sequence = m.cs(ctx, &[(COMPUTE0, &first), (COMPUTE0, &second)], None).unwrap();
    assert_eq!(m.wait(ctx, COMPUTE0, sequence), Ok(true), "{:?}", m.node.explain(ctx));
    let got: Vec<u32> = (0..4).map(|i| word(&bo, 4 * i)).collect();
    assert_eq!(got, [0; 4]);

    // A buffer in their middle, and out again.
    let inside = m.device.alloc(PAGE, Placement::Gtt).unwrap();
    let real = uapi::GemVa {
        handle: inside.handle(),
        operation: uapi::VA_OP_REPLACE,
        flags: 6,
        va_address: sparse,
        map_size: PAGE,
        ..va
    };
    assert_eq!(change(&mut { real }), Ok(0));
    let ib = m.ib(&write_data(sparse, &[9]));
    let sequence = m.cs(ctx, &[(COMPUTE0, &ib)], None).unwrap();
    assert_eq!(m.wait(ctx, COMPUTE0, sequence), Ok(true));
    assert_eq!(word(&inside, 0), 9);
    let back = uapi::GemVa { operation: uapi::VA_OP_REPLACE, map_size: PAGE, ..va };
    assert_eq!(change(&mut { back }), Ok(0));
    let unmap = uapi::GemVa { operation: uapi::VA_OP_UNMAP, ..va };
    assert_eq!(change(&mut { unmap }), Ok(0));
    assert_eq!(change(&mut { unmap }), Err(Errno::ENOENT));
    drop((bo, map, code, first, second, ib, inside));
    let clear = uapi::GemVa { operation: uapi::VA_OP_CLEAR, flags: 0, ..va };
    assert_eq!(change(&mut { clear }), Ok(0));
    assert_eq!((m.node.census().mappings, before.gtt_bytes), (0, 0), "they take no memory");
}

#[test]
fn a_card_lets_faults_go_where_it_is_asked_to() {
    let (log, said) = std::sync::mpsc::channel();
    let m = machine(Config { page_faults: PageFaults::Drop, log: Some(log), ..Config::default() });
    let (bo, map) = m.memory(&[5; 4]);
    let nowhere = 0x1234_5000;
    let words = [write_data(nowhere, &[1]), copy(nowhere + 8, map.va()), write_data(map.va() + 4, &[6])].concat();
    let code = asm("v_mov_b32 v0, 0\n global_load_b32 v1, v0, s[0:1]\n s_waitcnt vmcnt(0)\n global_store_b32 v0, v1, s[2:3] offset:8\n
        global_store_b32 v0, v1, s[0:1] offset:4\n s_endpgm");
    let (_, code) = m.memory(&code);
    let mut stream = soft_support::preamble();
    stream.extend(ACQUIRE);
    stream.extend(Launch::new(code.va(), &[halves(nowhere + 0x40), halves(map.va())].concat()).words());
    let (first, second) = (m.ib(&words), m.ib(&stream));
    let ctx = m.raw_context();
    let sequence = m.cs(ctx, &[(COMPUTE0, &first), (COMPUTE0, &second)], None).unwrap();
    assert_eq!(m.wait(ctx, COMPUTE0, sequence), Ok(true), "{:?}", m.node.explain(ctx));
    let got: Vec<u32> = (0..4).map(|i| word(&bo, 4 * i)).collect();
    assert_eq!(got, [0, 6, 0, 5], "reads gave zero, writes went nowhere, and the rest was done");
    assert_eq!(m.device.last_fault().unwrap().map(|fault| fault.addr), Some((nowhere + 0x44) & !0xfff));
    // A line for the whole job: the packets' two, and two of each of the wave's lanes.
    let lines: Vec<String> = said.try_iter().collect();
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    let lanes = 32;
    let want = format!(
        "compute ring 0: {} dropped accesses, the first of them: memory fault: write at 0x12345000",
        2 + 2 * lanes
    );
    assert!(line.starts_with(&want), "{line}");
    // Where nothing goes wrong, nothing is said.
    let harmless = m.ib(&write_data(map.va(), &[6]));
    let sequence = m.cs(ctx, &[(COMPUTE0, &harmless)], None).unwrap();
    assert_eq!(m.wait(ctx, COMPUTE0, sequence), Ok(true));
    assert_eq!(said.try_iter().count(), 0);
}

#[test]
fn another_card_of_the_machine_works_on_an_imported_buffer() {
    let one = machine(Config::default());
    let node = Arc::new(one.node.beside(Config { pci_slot: "0000:04:00.0".into(), ..Config::default() }).unwrap());
    let device = kmd::Device::open(Arc::clone(&node) as Arc<dyn Node>).unwrap();
    let two = Machine { node, device };
    let (bo, here) = one.memory(&[5; 4]);
    let import = two.device.import(bo.export().unwrap()).unwrap();
    let there = import.map_gpu(VmFlags::RWX).unwrap();
    let code = asm("v_mov_b32 v0, 0\n v_mov_b32 v1, 7\n global_store_b32 v0, v1, s[0:1] offset:4\n s_endpgm");
    let (_, code) = two.memory(&code);
    let mut stream = soft_support::preamble();
    stream.extend(ACQUIRE);
    stream.extend(Launch::new(code.va(), &halves(there.va())).words());
    let (first, second) = (two.ib(&stream), two.ib(&write_data(there.va() + 8, &[8])));
    let ctx = two.raw_context();
    let sequence = two.cs(ctx, &[(COMPUTE0, &first), (COMPUTE0, &second)], None).unwrap();
    assert_eq!(two.wait(ctx, COMPUTE0, sequence), Ok(true), "{:?}", two.node.explain(ctx));
    assert_eq!((0..4).map(|i| word(&bo, 4 * i)).collect::<Vec<_>>(), [5, 7, 8, 5]);

    // One card waits for the other in memory, and by the buffer's own fences.
    let meet = two.ib(&wait_mem(there.va(), 6));
    let sequence = two.cs(ctx, &[(COMPUTE0, &meet)], None).unwrap();
    let answer = one.ib(&write_data(here.va(), &[6]));
    let other = one.raw_context();
    let written = one.cs(other, &[(COMPUTE0, &answer)], None).unwrap();
    assert_eq!(one.wait(other, COMPUTE0, written), Ok(true));
    assert_eq!(two.wait(ctx, COMPUTE0, sequence), Ok(true), "{:?}", two.node.explain(ctx));
}

#[test]
fn video_memory_that_is_full_is_followed_by_system_memory() {
    let m = machine(Config {
        vram_bytes: 64 << 20,
        visible_vram_bytes: Some(16 << 20),
        gtt_bytes: 256 << 20,
        ..Config::default()
    });
    let create = |bo_size: u64, domains: u64, domain_flags: u64| {
        let mut arg = uapi::GemCreateIn { bo_size, domains, domain_flags, ..Default::default() };
        ioctl(&m.node, ioctls::GEM_CREATE.code, &mut arg).map(|_| arg.bo_size as u32)
    };
    let told = |handle: u32| {
        let mut info = uapi::GemCreateIn::default();
        let value = &raw mut info as u64;
        ioctl(&m.node, ioctls::GEM_OP.code, &mut uapi::GemOp { handle, op: uapi::GEM_OP_GET_GEM_CREATE_INFO, value })
            .unwrap();
        (info.domains, info.domain_flags)
    };
    let used = || (m.node.census().vram_bytes >> 20, m.node.census().gtt_bytes >> 20);
    let (vram, gtt) = (uapi::GEM_DOMAIN_VRAM.into(), u64::from(uapi::GEM_DOMAIN_GTT));
    let cpu = uapi::GEM_CREATE_CPU_ACCESS_REQUIRED;
    let before = used();
    // Larger than all of video memory.
    let handle = create(100 << 20, vram, 0).unwrap();
    assert_eq!((used(), told(handle)), ((before.0, before.1 + 100), (vram | gtt, 0)));
    close(&m.node, handle);
    // Larger than what the CPU reaches of it: the wish for the CPU goes first.
    let handle = create(32 << 20, vram, cpu).unwrap();
    assert_eq!((used(), told(handle)), ((before.0 + 32, before.1), (vram, 0)));
    close(&m.node, handle);
    let handle = create(8 << 20, vram, cpu).unwrap();
    assert_eq!((used(), told(handle)), ((before.0 + 8, before.1), (vram, cpu)));
    close(&m.node, handle);
    // Many that fit one by one: the rest lies in system memory.
    let many: Vec<u32> = (0..8).map(|_| create(40 << 20, vram, 0).unwrap()).collect();
    assert_eq!(told(many[0]), (vram, 0));
    assert_eq!(told(many[7]), (vram | gtt, 0));
    many.into_iter().for_each(|handle| close(&m.node, handle));
    // What nothing can hold, and what asked for system memory alone.
    assert_eq!(create(300 << 20, vram, 0), Err(Errno::ENOMEM));
    assert_eq!(create(300 << 20, gtt, 0), Err(Errno::ENOMEM));
    assert_eq!(used(), before);
}

#[test]
fn a_gang_runs_on_its_rings_at_the_same_time() {
    let m = machine(Config::default());
    let (bo, map) = m.memory(&[0; 4]);
    let meet = |mine: u64, theirs: u64| {
        let mut words = write_data(map.va() + mine, &[1]);
        words.extend(wait_mem(map.va() + theirs, 1));
        words.extend(write_data(map.va() + mine + 8, &[2]));
        m.ib(&words)
    };
    let (one, two) = (meet(0, 4), meet(4, 0));
    let ctx = m.raw_context();
    // The last IB's ring speaks for the gang.
    let sequence = m.cs(ctx, &[(COMPUTE0, &one), (GFX0, &two)], None).unwrap();
    assert_eq!(m.wait(ctx, GFX0, sequence), Ok(true), "{:?}", m.node.explain(ctx));
    assert_eq!(m.wait(ctx, COMPUTE0, u64::MAX), Ok(true));
    let got: Vec<u32> = (0..4).map(|i| word(&bo, 4 * i)).collect();
    assert_eq!(got, [1, 1, 2, 2]);

    // Gangs of several contexts, in opposite orders: none waits for another's rings.
    std::thread::scope(|s| {
        for turn in 0..4 {
            let m = &m;
            s.spawn(move || {
                let ctx = m.raw_context();
                for _ in 0..8 {
                    let (_bo, map) = m.memory(&[0; 2]);
                    let part = |mine: u64, theirs: u64| {
                        m.ib(&[write_data(map.va() + mine, &[1]), wait_mem(map.va() + theirs, 1)].concat())
                    };
                    let (a, b) = (part(0, 4), part(4, 0));
                    let rings = if turn % 2 == 0 { [COMPUTE0, GFX0] } else { [GFX0, COMPUTE0] };
                    let sequence = m.cs(ctx, &[(rings[0], &a), (rings[1], &b)], None).unwrap();
                    assert_eq!(m.wait(ctx, rings[1], sequence), Ok(true), "{:?}", m.node.explain(ctx));
                    assert_eq!(m.wait(ctx, rings[0], u64::MAX), Ok(true));
                }
            });
        }
    });
    let ib = m.ib(&[]);
    let sdma = |ring| (uapi::HW_IP_DMA, ring);
    let five = [GFX0, COMPUTE0, COMPUTE1, sdma(0), sdma(1)].map(|ring| (ring, &ib));
    assert_eq!(m.cs(ctx, &five, None), Err(Errno::EINVAL), "a gang has four rings at most");
}

#[test]
fn waves_that_do_not_end_cost_their_context_and_a_ring_that_hangs_is_reset() {
    let m = machine(impatient());
    let (soft, hard, other) = (m.context(), m.context(), m.context());
    let (_, code) = m.memory(&[0xbfa0_ffff, S_ENDPGM]);
    let mut stream = soft_support::preamble();
    stream.extend(ACQUIRE);
    stream.extend(Launch::new(code.va(), &[]).words());
    let endless = m.ib(&stream);
    let sequence = m.cs(soft.id(), &[(COMPUTE0, &endless)], None).unwrap();
    assert_eq!(m.wait(soft.id(), COMPUTE0, sequence), Err(Errno::ENODATA));
    let fine = m.ib(&[]);
    assert_eq!(m.cs(soft.id(), &[(COMPUTE0, &fine)], None), Err(Errno::ENODATA), "recovered softly");
    let flags = soft.query_reset().unwrap().flags;
    assert_eq!(flags, ResetFlags::GUILTY, "nothing was reset");

    let (_, never) = m.memory(&[0]);
    let stuck = m.ib(&wait_mem(never.va(), 1));
    let sequence = m.cs(hard.id(), &[(COMPUTE0, &stuck)], None).unwrap();
    let behind = m.cs(hard.id(), &[(COMPUTE0, &fine)], None).unwrap();
    let theirs = m.cs(other.id(), &[(COMPUTE0, &fine)], None).unwrap();
    assert_eq!(m.wait(hard.id(), COMPUTE0, sequence), Err(Errno::ECANCELED));
    assert_eq!(m.wait(hard.id(), COMPUTE0, behind), Err(Errno::ECANCELED));
    assert_eq!(m.wait(other.id(), COMPUTE0, theirs), Ok(true), "others go on");
    assert_eq!(m.cs(hard.id(), &[(COMPUTE0, &fine)], None), Err(Errno::ECANCELED), "its ring was reset");
    assert_eq!(hard.query_reset().unwrap().flags, ResetFlags::GUILTY | ResetFlags::RESET);
    assert_eq!(other.query_reset().unwrap().flags, ResetFlags::RESET);
    assert_eq!(m.context().query_reset().unwrap().status, ResetStatus::Ok);
    assert_eq!(m.device.vram_lost_counter().unwrap(), 0);

    // The query without flags tells of what is new.
    let ctx = m.raw_context();
    let state = || {
        let mut arg = uapi::CtxIn { op: uapi::CTX_OP_QUERY_STATE, ctx_id: ctx, ..Default::default() };
        ioctl(&m.node, ioctls::CTX_STATE.code, &mut arg).map(|_| arg.priority as u32)
    };
    assert_eq!(state(), Ok(uapi::CTX_NO_RESET));
    let hangs = m.context();
    let sequence = m.cs(hangs.id(), &[(COMPUTE0, &stuck)], None).unwrap();
    assert_eq!(m.wait(hangs.id(), COMPUTE0, sequence), Err(Errno::ECANCELED));
    assert_eq!((state(), state()), (Ok(uapi::CTX_UNKNOWN_RESET), Ok(uapi::CTX_NO_RESET)));
}

#[test]
fn a_reset_of_the_card_loses_video_memory_and_cancels_the_innocent() {
    let m = machine(Config { recovery: Recovery::Card, ..impatient() });
    let (guilty, innocent) = (m.context(), m.context());
    let vram = m.device.alloc_with(PAGE, Placement::VramCpu, AllocFlags::empty()).unwrap();
    let gtt = m.device.alloc(PAGE, Placement::Gtt).unwrap();
    for bo in [&vram, &gtt] {
        bo.map_cpu().unwrap().store_u32(0, 77).unwrap();
    }
    let (_, never) = m.memory(&[0]);
    let stuck = m.ib(&wait_mem(never.va(), 1));
    let fine = m.ib(&[]);
    let sequence = m.cs(guilty.id(), &[(COMPUTE0, &stuck)], None).unwrap();
    let runs = m.cs(innocent.id(), &[(GFX0, &stuck)], None).unwrap();
    let waits = m.cs(innocent.id(), &[(GFX0, &fine)], None).unwrap();
    assert_eq!(m.wait(innocent.id(), GFX0, waits), Err(Errno::ECANCELED));
    // Both rings hang at about the same time: the first to be noticed is to blame, the other not.
    let blame = [m.wait(guilty.id(), COMPUTE0, sequence), m.wait(innocent.id(), GFX0, runs)];
    assert_eq!(blame, [Err(Errno::ECANCELED); 2]);
    let first = guilty.query_reset().unwrap().flags.contains(ResetFlags::GUILTY);
    let (lost, clean) = if first { (guilty, innocent) } else { (innocent, guilty) };
    assert_eq!(m.device.vram_lost_counter().unwrap(), 1);
    assert_eq!((word(&vram, 0), word(&gtt, 0)), (0, 77));
    let reset = ResetFlags::RESET | ResetFlags::VRAM_LOST;
    assert_eq!(lost.query_reset().unwrap().flags, reset | ResetFlags::GUILTY);
    let state = clean.query_reset().unwrap();
    assert_eq!((state.flags, state.status), (reset, ResetStatus::Innocent));
    assert_eq!(m.cs(lost.id(), &[(COMPUTE0, &fine)], None), Err(Errno::ECANCELED));
    assert_eq!(m.cs(clean.id(), &[(COMPUTE0, &fine)], None), Err(Errno::ECANCELED));
    let fresh = m.raw_context();
    let sequence = m.cs(fresh, &[(COMPUTE0, &fine)], None).unwrap();
    assert_eq!(m.wait(fresh, COMPUTE0, sequence), Ok(true));
}

#[test]
fn unmapping_is_behind_the_work_that_was_submitted_before() {
    let m = machine(Config::default());
    let (gate, _ib, flag) = m.gate();
    let (old, first) = (m.device.alloc(PAGE, Placement::Gtt).unwrap(), m.device.alloc(PAGE, Placement::Gtt).unwrap());
    let va = 0x6000_0000u64;
    let map = |bo: &Bo, operation| {
        let handle = bo.handle();
        let mut arg = uapi::GemVa { handle, operation, flags: 6, va_address: va, map_size: PAGE, ..Default::default() };
        ioctl(&m.node, ioctls::GEM_VA.code, &mut arg).unwrap();
    };
    map(&old, uapi::VA_OP_MAP);
    let ib = m.ib(&write_data(va, &[41]));
    let ctx = m.raw_context();
    let before = m.cs(ctx, &[(COMPUTE0, &ib)], Some(gate)).unwrap();
    // The address goes to another buffer while that job waits.
    map(&old, uapi::VA_OP_UNMAP);
    map(&first, uapi::VA_OP_MAP);
    let ib = m.ib(&write_data(va + 4, &[42]));
    let after = m.cs(ctx, &[(COMPUTE0, &ib)], None).unwrap();
    flag.map_cpu().unwrap().store_u32(0, 1).unwrap();
    assert_eq!((m.wait(ctx, COMPUTE0, before), m.wait(ctx, COMPUTE0, after)), (Ok(true), Ok(true)));
    assert_eq!([word(&old, 0), word(&old, 4)], [41, 0]);
    assert_eq!([word(&first, 0), word(&first, 4)], [0, 42]);
}

#[test]
fn work_of_a_client_that_was_killed_goes_with_it() {
    let m = machine(Config::default());
    let dead = Machine { node: Arc::new(m.node.reopen()), device: Arc::clone(&m.device) };
    let device = kmd::Device::open(Arc::clone(&dead.node) as Arc<dyn Node>).unwrap();
    let dead = Machine { device, ..dead };
    let (_, never) = dead.memory(&[0]);
    let (stuck, fine) = (dead.ib(&wait_mem(never.va(), 1)), dead.ib(&[]));
    let ctx = dead.raw_context();
    let runs = dead.cs(ctx, &[(COMPUTE0, &stuck)], None).unwrap();
    let waits = dead.cs(ctx, &[(COMPUTE0, &fine)], None).unwrap();
    let mine = m.raw_context();
    let ib = m.ib(&[]);
    let sequence = m.cs(mine, &[(COMPUTE0, &ib)], None).unwrap();
    let begun = Instant::now();
    dead.node.abandon();
    assert_eq!(dead.wait(ctx, COMPUTE0, runs), Err(Errno::ECANCELED));
    assert_eq!(dead.wait(ctx, COMPUTE0, waits), Err(Errno::ECANCELED));
    assert_eq!(m.wait(mine, COMPUTE0, sequence), Ok(true), "the ring is free");
    assert!(begun.elapsed() < Duration::from_secs(20), "long before the time limit");
    assert_eq!(m.context().query_reset().unwrap().flags, ResetFlags::empty(), "nobody hung");
}

#[test]
fn fences_have_handles_of_every_kind() {
    let m = machine(Config::default());
    let ctx = m.raw_context();
    let ib = m.ib(&[]);
    let sequence = m.cs(ctx, &[(COMPUTE0, &ib)], None).unwrap();
    let export = |ctx_id, seq_no, what| {
        let fence = uapi::Fence { ctx_id, ip_type: uapi::HW_IP_COMPUTE, ip_instance: 0, ring: 0, seq_no };
        let mut arg = uapi::FenceToHandleIn { fence, what, pad: 0 };
        ioctl(&m.node, ioctls::FENCE_TO_HANDLE.code, &mut arg).map(|_| arg.fence.ctx_id)
    };
    let handle = export(ctx, sequence, uapi::FENCE_TO_HANDLE_GET_SYNCOBJ).unwrap();
    let handles = [handle];
    let mut wait = [handles.as_ptr() as u64, i64::MAX as u64, 1, 0, 0];
    assert_eq!(ioctl(&m.node, ioctls::SYNCOBJ_WAIT.code, &mut wait), Ok(0));
    for (what, kind) in
        [(uapi::FENCE_TO_HANDLE_GET_SYNCOBJ_FD, Kind::Syncobj), (uapi::FENCE_TO_HANDLE_GET_SYNC_FILE_FD, Kind::Sync)]
    {
        use std::os::fd::{FromRawFd, OwnedFd};
        let number = export(ctx, sequence, what).unwrap();
        // SAFETY: the device just handed this number out, to us.
        let fd = unsafe { OwnedFd::from_raw_fd(number as i32) };
        assert_eq!(Name::of(&fd).map(|name| name.kind), Some(kind));
    }
    assert_eq!(export(ctx, sequence, 9), Err(Errno::EINVAL), "an unknown kind");
    assert_eq!(export(ctx, sequence + 1, 0), Err(Errno::EINVAL), "a fence of the future");
    assert_eq!(export(99, sequence, 0), Err(Errno::EINVAL), "no such context");
}

#[test]
fn vmids_priorities_and_what_is_on_the_chip() {
    let m = machine(Config { vram_bytes: 64 << 20, visible_vram_bytes: Some(16 << 20), ..Config::default() });
    let vm = |op| ioctl(&m.node, ioctls::VM.code, &mut uapi::VmIn { op, flags: 0 });
    assert_eq!((vm(uapi::VM_OP_RESERVE_VMID), vm(uapi::VM_OP_UNRESERVE_VMID)), (Ok(0), Ok(0)));
    assert_eq!(vm(3), Err(Errno::EINVAL));

    let primary = m.node.reopen_as(NodeKind::Primary);
    let name = Name::fresh(Kind::Drm);
    let (_ours, descriptor) = name.pair().unwrap();
    m.node.set_name(name.serial);
    let ctx_id = m.raw_context();
    let number = std::os::fd::AsRawFd::as_raw_fd(&descriptor) as u32;
    let sched = uapi::SchedIn {
        op: uapi::SCHED_OP_CONTEXT_PRIORITY_OVERRIDE,
        fd: number,
        priority: uapi::CTX_PRIORITY_HIGH,
        ctx_id,
    };
    let ask = |node: &SoftNode, sched: uapi::SchedIn| ioctl(node, ioctls::SCHED.code, &mut { sched });
    assert_eq!(ask(&primary, sched), Ok(0));
    assert_eq!(ask(&primary, uapi::SchedIn { op: uapi::SCHED_OP_PROCESS_PRIORITY_OVERRIDE, ..sched }), Ok(0));
    assert_eq!(ask(&m.node, sched), Err(Errno::EACCES), "a render node has no master");
    assert_eq!(ask(&m.node.reopen_as(NodeKind::Primary), sched), Err(Errno::EACCES), "another one is");
    for bad in [
        uapi::SchedIn { op: 9, ..sched },
        uapi::SchedIn { priority: 3, ..sched },
        uapi::SchedIn { ctx_id: 99, ..sched },
        uapi::SchedIn { fd: 0, ..sched },
    ] {
        assert_eq!(ask(&primary, bad), Err(Errno::EINVAL), "{bad:?}");
    }
    assert_eq!(ask(&primary, uapi::SchedIn { fd: u32::MAX, ..sched }), Err(Errno::EBADF));

    let create = |bo_size, domains: u32, domain_flags| {
        let mut arg = uapi::GemCreateIn { bo_size, domains: domains.into(), domain_flags, alignment: 0 };
        ioctl(&m.node, ioctls::GEM_CREATE.code, &mut arg)
    };
    assert_eq!(create(1024, uapi::GEM_DOMAIN_GDS, 0), Ok(0));
    assert_eq!((create(1, uapi::GEM_DOMAIN_GWS, 0), create(1, uapi::GEM_DOMAIN_OA, 0)), (Ok(0), Ok(0)));
    assert_eq!(create(8192, uapi::GEM_DOMAIN_GDS, 0), Err(Errno::ENOMEM), "more than there is");
    let always = uapi::GEM_CREATE_VM_ALWAYS_VALID;
    assert_eq!(create(1024, uapi::GEM_DOMAIN_GDS, always), Err(Errno::EINVAL));
    assert_eq!(create(1024, uapi::GEM_DOMAIN_GDS | uapi::GEM_DOMAIN_VRAM, 0), Err(Errno::EINVAL));

    // A small BAR: the CPU reaches the first 16 MiB.
    let memory = m.device.memory().unwrap();
    assert_eq!((memory.visible_vram.total, memory.vram.total), (16 << 20, 64 << 20));
    let needs = uapi::GEM_CREATE_CPU_ACCESS_REQUIRED;
    assert_eq!(create(32 << 20, uapi::GEM_DOMAIN_VRAM, uapi::GEM_CREATE_NO_CPU_ACCESS), Ok(0));
    assert_eq!(create(16 << 20, uapi::GEM_DOMAIN_VRAM, needs), Ok(0));
    assert_eq!(m.device.memory().unwrap().visible_vram.used, 16 << 20);
    assert_eq!(create(32 << 20, uapi::GEM_DOMAIN_VRAM | uapi::GEM_DOMAIN_GTT, needs), Ok(0), "system memory will do");
}

#[test]
fn more_memory_may_be_asked_for_than_there_is_but_not_used_at_once() {
    let m = machine(Config { vram_bytes: 8 << 20, gtt_bytes: 8 << 20, ..Config::default() });
    let allocate = |placement| m.device.alloc(6 << 20, placement).unwrap();
    let buffers = [Placement::VramCpu, Placement::VramCpu, Placement::Gtt].map(allocate);
    let heaps = m.device.memory().unwrap();
    assert_eq!((heaps.vram.used, heaps.vram.total), (8 << 20, 8 << 20), "a heap holds no more than it is");
    assert_eq!(
        m.device.alloc(9 << 20, Placement::Gtt).unwrap_err().code(),
        "kmd-out-of-memory",
        "a buffer beyond a heap"
    );
    let context = m.context();
    let nothing = m.ib(&[]);
    let submit = |listed: &[Bo]| {
        let ib = kmd::Submission::new().ib(nothing.va(), 256, kmd::Ring::COMPUTE0);
        listed.iter().fold(ib, kmd::Submission::bo).submit(&context)
    };
    assert!(submit(&buffers[..2]).is_ok());
    assert!(matches!(submit(&buffers), Err(kmd::KmdError::Ioctl { errno: Errno::ENOMEM, .. })));
}

#[test]
fn the_urgent_go_first() {
    let m = machine(Config::default());
    let (gate, _ib, flag) = m.gate();
    let (bo, map) = m.memory(&[0; 2]);
    let (low, high) = (m.context(), Context::new(&m.device, Priority::High));
    let Ok(high) = high else { return skip::skip!("no right to a high priority") };
    let (late, early) = (m.ib(&write_data(map.va(), &[1])), m.ib(&copy(map.va(), map.va() + 4)));
    let one = m.cs(low.id(), &[(COMPUTE0, &late)], Some(gate)).unwrap();
    let two = m.cs(high.id(), &[(COMPUTE0, &early)], Some(gate)).unwrap();
    flag.map_cpu().unwrap().store_u32(0, 1).unwrap();
    assert_eq!((m.wait(low.id(), COMPUTE0, one), m.wait(high.id(), COMPUTE0, two)), (Ok(true), Ok(true)));
    assert_eq!([word(&bo, 0), word(&bo, 4)], [1, 0], "the later, more urgent one read before the earlier one wrote");
}
