//! A software card and streams of raw dwords: headers, offsets and bits are written out here, not taken from `pm4`.
#![allow(dead_code, reason = "each test file uses its part")]

use std::sync::Arc;
use std::time::Duration;

use sparkle_pm4::kmd::{
    self, Bo, Context, CsFence, Deadline, Errno, GpuMap, Ip, Node, Placement, Priority, Ring, Submission, VmFlags,
    Wait, ioctls, uapi,
};
use sparkle_pm4::soft::{Config, Event, SoftNode, Trace};

pub const COMPUTE: Ring = Ring::COMPUTE0;
pub const GFX: Ring = Ring { ip: Ip::Gfx, index: 0 };

/// The NOP of one dword.
pub const NOP: u32 = 0xffff_1000;
/// gfx11's s_endpgm, as llvm-mc 19 encodes it.
pub const S_ENDPGM: u32 = 0xbfb0_0000;
/// `CS_PARTIAL_FLUSH`, index 4.
pub const FLUSH: [u32; 2] = [0xc000_4600, 0x0407];
/// Every cache over the whole address space, as RADV's captured preamble has it.
pub const ACQUIRE: [u32; 8] = [0xc006_5800, 0, 0xffff_ffff, 0x00ff_ffff, 0, 0, 0xa, 0xc3b1];

pub fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

/// A type-3 packet.
pub fn packet(opcode: u32, body: &[u32]) -> Vec<u32> {
    let header = 3 << 30 | (body.len() as u32 - 1) << 16 | opcode << 8;
    [&[header], body].concat()
}

/// SET_SH_REG.
pub fn set_sh(offset: u32, values: &[u32]) -> Vec<u32> {
    packet(0x76, &[&[offset], values].concat())
}

/// ACQUIRE_MEM with this GCR_CNTL, over everything.
pub fn acquire(gcr: u32) -> Vec<u32> {
    let mut words = ACQUIRE.to_vec();
    words[7] = gcr;
    words
}

/// WRITE_DATA to memory, confirmed.
pub fn write_data(va: u64, words: &[u32]) -> Vec<u32> {
    packet(0x37, &[&[0x0010_0500, va as u32, (va >> 32) as u32], words].concat())
}

/// CU masks, workgroup (0, 0, 0) first, no scratch: what a dispatch needs beside its program.
pub fn preamble() -> Vec<u32> {
    let mut words = set_sh(0x216, &[!0, !0]);
    words.extend(set_sh(0x219, &[!0, !0]));
    words.extend(set_sh(0x22b, &[!0, !0, 0, 0]));
    words.extend(set_sh(0x204, &[0, 0, 0]));
    words.extend(set_sh(0x215, &[0]));
    words.extend(set_sh(0x218, &[0]));
    words
}

/// One workgroup of 32 threads in wave32 with these registers, and s0 on from `user`.
#[derive(Debug, Clone)]
pub struct Launch {
    pub code: u64,
    pub rsrc1: u32,
    pub rsrc2: u32,
    pub block: [u32; 3],
    pub grid: [u32; 3],
    pub user: Vec<u32>,
    pub initiator: u32,
}

impl Launch {
    pub fn new(code: u64, user: &[u32]) -> Self {
        Self {
            code,
            // One granule of 8 VGPRs; FLOAT_MODE, DX10_CLAMP, MEM_ORDERED as RADV has them.
            rsrc1: 0x402c_0000,
            rsrc2: (user.len() as u32) << 1,
            block: [32, 1, 1],
            grid: [1, 1, 1],
            user: user.to_vec(),
            // COMPUTE_SHADER_EN, FORCE_START_AT_000, ORDER_MODE, CS_W32_EN.
            initiator: 0x8045,
        }
    }

    /// Program, resources, size, user data.
    pub fn registers(&self) -> Vec<u32> {
        let pgm = self.code >> 8;
        let mut words = set_sh(0x20c, &[pgm as u32, (pgm >> 32) as u32 & 0xff]);
        words.extend(set_sh(0x212, &[self.rsrc1, self.rsrc2]));
        words.extend(set_sh(0x228, &[0]));
        words.extend(set_sh(0x207, &self.block));
        if !self.user.is_empty() {
            words.extend(set_sh(0x240, &self.user));
        }
        words
    }

    pub fn words(&self) -> Vec<u32> {
        let mut words = self.registers();
        let [x, y, z] = self.grid;
        words.extend([0xc003_1502, x, y, z, self.initiator]);
        words
    }

    /// Preamble, invalidation, dispatch, wait.
    pub fn stream(&self) -> Vec<u32> {
        let mut words = preamble();
        words.extend(ACQUIRE);
        words.extend(self.words());
        words.extend(FLUSH);
        words
    }
}

/// Assembles a kernel: LLVM's syntax for gfx1100.
pub fn asm(text: &str) -> Vec<u32> {
    let assembled = isa::asm::assemble(text, "kernel.s", &isa::asm::Options::default()).unwrap();
    assembled.text().chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

/// Low and high dword.
pub fn halves(va: u64) -> [u32; 2] {
    [va as u32, (va >> 32) as u32]
}

/// A card with one open file.
pub struct Machine {
    pub node: Arc<SoftNode>,
    pub device: Arc<kmd::Device>,
    pub trace: Arc<Trace>,
}

/// A card as configured, with a trace and little patience.
pub fn machine(config: Config) -> Machine {
    machine_with(Config { job_timeout: Duration::from_millis(300), ..config })
}

/// A card as configured, with a trace.
pub fn machine_with(config: Config) -> Machine {
    let trace = Trace::new();
    let node = Arc::new(SoftNode::new(Config { trace: Some(Arc::clone(&trace)), ..config }).unwrap());
    let device = kmd::Device::open(Arc::clone(&node) as Arc<dyn Node>).unwrap();
    Machine { node, device, trace }
}

pub fn strict() -> Machine {
    machine(Config::strict())
}

impl Machine {
    /// Memory with these dwords, which the GPU may use in every way.
    pub fn memory(&self, words: &[u32]) -> (Bo, GpuMap) {
        let bo = self.device.alloc(4 * words.len().max(1) as u64, Placement::Gtt).unwrap();
        fill(&bo, words);
        let map = bo.map_gpu(VmFlags::RWX).unwrap();
        (bo, map)
    }

    /// The same at an address of the caller's choice.
    pub fn place(&self, va_address: u64, map_size: u64, words: &[u32]) -> Bo {
        let bo = self.device.alloc(map_size, Placement::Gtt).unwrap();
        fill(&bo, words);
        let mut arg = uapi::GemVa {
            handle: bo.handle(),
            operation: uapi::VA_OP_MAP,
            flags: 0xe,
            va_address,
            map_size,
            ..Default::default()
        };
        ioctl(&self.node, ioctls::GEM_VA.code, &mut arg).unwrap();
        bo
    }

    pub fn context(&self) -> Context {
        Context::new(&self.device, Priority::Normal).unwrap()
    }

    pub fn submit(&self, context: &Context, ring: Ring, streams: &[&[u32]]) -> CsFence {
        let mut submission = Submission::new();
        for words in streams {
            let (_, ib) = self.memory(words);
            submission = submission.ib(ib.va(), 4 * words.len() as u32, ring).mapping(&ib);
        }
        submission.submit(context).unwrap()
    }

    /// Runs streams as the IBs of one submission, as they are; the reason where they fail.
    pub fn run_exactly(&self, ring: Ring, streams: &[&[u32]]) -> Result<(), String> {
        let context = self.context();
        match self.submit(&context, ring, streams).wait(soon()).unwrap() {
            Wait::Signaled => Ok(()),
            Wait::DeviceLost(_) => Err(self.node.explain(context.id()).unwrap().reason),
            Wait::TimedOut => panic!("the job neither ends nor times out"),
        }
    }

    /// Runs a stream, padded to the compute ring's granule.
    pub fn run(&self, words: &[u32]) -> Result<(), String> {
        let mut words = words.to_vec();
        words.resize(words.len().next_multiple_of(8), NOP);
        self.run_exactly(COMPUTE, &[&words])
    }

    /// The reason for which a stream fails.
    #[track_caller]
    pub fn fail(&self, words: &[u32]) -> String {
        self.run(words).expect_err("the stream is accepted")
    }

    /// What a stream that is accepted executes.
    #[track_caller]
    pub fn events(&self, words: &[u32]) -> Vec<Event> {
        self.trace.take();
        self.run(words).unwrap();
        self.trace.take()
    }
}

pub fn fill(bo: &Bo, words: &[u32]) {
    let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
    bo.map_cpu().unwrap().write_at(0, &bytes).unwrap();
}

pub fn load(bo: &Bo, dword: u64) -> u32 {
    bo.map_cpu().unwrap().load_u32(4 * dword).unwrap()
}

/// One request as a program would send it.
pub fn ioctl(node: &SoftNode, code: u32, arg: &mut impl bytemuck::Pod) -> Result<i32, Errno> {
    // SAFETY: the software device checks every address inside the structures.
    unsafe { node.ioctl(code, bytemuck::bytes_of_mut(arg)) }
}

/// All of the parts are in the reason.
#[track_caller]
pub fn says(reason: &str, parts: &[&str]) {
    for part in parts {
        assert!(reason.contains(part), "`{part}` is missing: {reason}");
    }
}
