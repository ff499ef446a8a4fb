//! A submission that is right, and the means to spoil it.
#![allow(dead_code, reason = "each test file uses a part")]

use pm4::lint::{Report, lint};
use pm4::packet::values::*;
use pm4::submission::{Access, *};
use pm4::*;

pub const CODE: u64 = 0x8_0000_0000;
pub const ARGS: u64 = 0x8_0010_0000;
pub const INPUT: u64 = 0x8_0020_0000;
pub const OUTPUT: u64 = 0x8_0030_0000;
pub const FENCE: u64 = 0x8_0040_0000;
pub const IB: u64 = 0x8_0050_0000;
pub const READ_ONLY: u64 = 0x8_0060_0000;
pub const NOWHERE: u64 = 0x9_0000_0000;
pub const SIZE: u64 = 0x1_0000;
/// CS_PARTIAL_FLUSH.
pub const FLUSH: EventWrite = EventWrite {
    event_type: EventType::CS_PARTIAL_FLUSH,
    event_index: EventIndex::PARTIAL_FLUSH,
    samp_plst_cntr_mode: 0,
    offload_enable: false,
};

/// Dwords under construction.
#[derive(Debug, Clone, Default)]
pub struct Words(pub Vec<u32>);

impl Words {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn push(mut self, packet: impl Into<Packet>) -> Self {
        packet.into().encode(&mut self.0).expect("a packet that can be written");
        self
    }

    pub fn raw(mut self, words: &[u32]) -> Self {
        self.0.extend_from_slice(words);
        self
    }

    /// SH registers from an offset on.
    pub fn sh(self, offset: u32, values: &[u32]) -> Self {
        self.push(SetShReg { offset, values: values.to_vec(), ..Default::default() })
    }

    pub fn pad(mut self) -> Vec<u32> {
        while !self.0.len().is_multiple_of(8) || self.0.is_empty() {
            self.0.push(0xffff_1000);
        }
        self.0
    }
}

pub fn acquire(gcr: u32) -> AcquireMem {
    AcquireMem { coher_size: (1 << 56) - 1, gcr_cntl: GcrCntl::from_bits(gcr), poll_interval: 10, ..Default::default() }
}

pub fn release(va: u64, value: u64) -> ReleaseMem {
    ReleaseMem {
        event_type: EventType::CACHE_FLUSH_AND_INV_TS_EVENT,
        event_index: EventIndex::END_OF_PIPE,
        gl2_wb: true,
        int_sel: InterruptSel::DATA_AFTER_WRITE_CONFIRM,
        data_sel: DataSel::VALUE_64BIT,
        address: va,
        data: value,
        ..Default::default()
    }
}

pub fn write(va: u64, payload: &[u32]) -> WriteData {
    WriteData {
        dst_sel: WriteDataDst::MEM,
        wr_confirm: true,
        dst_addr: va,
        payload: payload.to_vec(),
        ..Default::default()
    }
}

pub fn wait(va: u64, function: WaitFunction, reference: u32) -> WaitRegMem {
    let mem_space = WaitSpace::MEMORY;
    WaitRegMem { function, mem_space, poll_addr: va, reference, mask: u32::MAX, poll_interval: 4, ..Default::default() }
}

pub fn grid(x: u32, y: u32, z: u32, initiator: u32) -> DispatchDirect {
    let dispatch_initiator = reg::COMPUTE_DISPATCH_INITIATOR::from_bits(initiator);
    DispatchDirect { dim_x: x, dim_y: y, dim_z: z, dispatch_initiator }
}

/// COMPUTE_SHADER_EN, FORCE_START_AT_000, ORDER_MODE, CS_W32_EN.
pub const START: u32 = 0x8045;

/// Masks and caches.
pub fn preamble() -> Words {
    Words::new()
        .sh(0x216, &[u32::MAX; 2])
        .sh(0x219, &[u32::MAX; 2])
        .sh(0x22b, &[u32::MAX, u32::MAX, 0, 0])
        .push(acquire(0xc3b1))
}

/// Everything of a dispatch but its packet: two user SGPRs with the argument block, x of the workgroup id, 64 threads.
pub fn registers(words: Words) -> Words {
    words
        .sh(0x20c, &[(CODE >> 8) as u32, (CODE >> 40) as u32])
        .sh(0x212, &[0x602c_0002, 0x84])
        .sh(0x207, &[64, 1, 1])
        .sh(0x240, &[ARGS as u32, (ARGS >> 32) as u32])
}

pub fn dispatched() -> Words {
    registers(preamble()).push(grid(16, 1, 1, START))
}

/// The whole of a good stream.
pub fn good_words() -> Words {
    dispatched().push(FLUSH).push(release(FENCE, 7))
}

pub fn buffer(name: &str, va: u64, access: Access) -> BufferInfo {
    let (name, residency) = (name.to_string(), Residency::Listed);
    BufferInfo { name, va, bytes: SIZE, access, residency, content: Vec::new() }
}

pub fn buffers() -> Vec<BufferInfo> {
    let mut args = buffer("args", ARGS, Access::RW);
    args.content = [INPUT, OUTPUT].iter().flat_map(|v| v.to_le_bytes()).collect();
    args.content.resize(SIZE as usize, 0);
    let mut fence = buffer("fence", FENCE, Access::RW);
    fence.content = vec![0; SIZE as usize];
    vec![
        buffer("code", CODE, Access::RX),
        args,
        buffer("input", INPUT, Access::RW),
        buffer("output", OUTPUT, Access::RW),
        fence,
        buffer("ib", IB, Access::RX),
        buffer("constant", READ_ONLY, Access::R),
    ]
}

pub fn kernel() -> KernelFacts {
    let pointer = |name: &str, offset, access| PointerArg { name: name.to_string(), offset, access };
    KernelFacts {
        name: "scale".into(),
        entry: CODE,
        target: Some("gfx1100".into()),
        wave32: Some(true),
        vgprs: Some(20),
        lds_bytes: Some(0),
        scratch_bytes: Some(0),
        user_sgprs: Some(2),
        kernarg_sgpr: Some(0),
        kernarg_bytes: 16,
        pointers: vec![pointer("x", 0, Access::R), pointer("y", 8, Access::W)],
        max_threads: Some(256),
        required_block: None,
        problem: None,
    }
}

pub fn launch() -> Launch {
    let range = |va: u64| va..va + 0x1000;
    Launch {
        entry: CODE,
        wave32: true,
        block: [64, 1, 1],
        partial: [64, 1, 1],
        start: [0; 3],
        end: [16, 1, 1],
        indirect: None,
        user_data: vec![Some(ARGS as u32), Some((ARGS >> 32) as u32)],
        workgroup_ids: [true, false, false],
        group_size_sgpr: false,
        local_ids: 0,
        mode: 0x602c_0002 & (0xff << 12 | 1 << 21 | 1 << 23 | 1 << 26),
        vgprs: 20,
        lds_bytes: 0,
        scratch_bytes: 0,
        uses: vec![Use { range: range(INPUT), access: Access::R }, Use { range: range(OUTPUT), access: Access::W }],
    }
}

/// A submission of these words with everything known but the plan.
pub fn of(words: Words) -> Submission {
    Submission {
        gfx: Gfx::Gfx1100,
        ring: Ring::Compute,
        shader_engines: Some(6),
        ibs: vec![Ib { name: "IB 0".into(), va: Some(IB), words: words.pad() }],
        buffers: BufferMap::new(buffers()),
        kernels: vec![kernel()],
        plan: None,
        completion: Completion::KernelFence,
    }
}

/// A submission of which nothing but the words is known.
pub fn bare(words: Words) -> Submission {
    Submission::of_words(Gfx::Gfx1100, Ring::Compute, words.pad())
}

/// The good stream with everything known.
pub fn good() -> Submission {
    let host = INPUT + 0x8000;
    Submission {
        plan: Some(vec![Effect::Dispatch(launch()), Effect::Fence { va: FENCE, value: 7, bytes: 8 }]),
        completion: Completion::Memory { va: FENCE, value: 7, reads: vec![OUTPUT..OUTPUT + 0x1000, host..host + 4] },
        ..of(good_words())
    }
}

pub fn ids(report: &Report) -> Vec<&'static str> {
    let mut ids: Vec<_> = report.findings().iter().map(|f| f.rule.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Exactly this rule fires on the first, and nothing at all on the second.
#[track_caller]
pub fn pair(id: &str, bad: &Submission, near: &Submission) {
    only(id, bad);
    clean(near);
}

#[track_caller]
pub fn only(id: &str, bad: &Submission) {
    let report = lint(bad);
    assert_eq!(ids(&report), [id], "{report}");
}

#[track_caller]
pub fn clean(near: &Submission) {
    let report = lint(near);
    assert!(report.is_empty(), "{report}");
}

/// The rule fires, whatever else does.
#[track_caller]
pub fn fires(id: &str, bad: &Submission) {
    let report = lint(bad);
    assert!(ids(&report).contains(&id), "{id} is not among:\n{report}");
}
