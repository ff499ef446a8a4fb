//! One dispatch: a kernel, how much work, and its arguments; and what the kernel finds in its first SGPRs.

use std::sync::Arc;

use pm4::Stream;
use pm4::dispatch::{self, LDS_MAX, SCRATCH_GRANULE, Scratch, Work};
use pm4::reg::COMPUTE_USER_DATA_COUNT;
use pm4::submission::{Access, Use};

use super::gpu::{GpuMemory, Usage};
use super::module::LoadedKernel;
use crate::error::Error;
use crate::kmd::GpuMap;
use crate::object::{ArgValue, CodeProperties, KernelInfo, Launch, PRIVATE_BASE_HI, SHARED_BASE_HI};

/// Bytes of an AQL kernel dispatch packet (HSA Platform System Architecture, 2.9.6).
const AQL_PACKET_BYTES: u64 = 64;
/// Bytes of what stands for a queue: as much as an `amd_queue_t` has.
pub(super) const QUEUE_BLOCK_BYTES: u64 = 256;
/// Scratch memory that is taken at the most to let more than one workgroup a shader engine run at a time.
const SCRATCH_BUDGET: u64 = 256 << 20;
/// Stack of a lane, for kernels that don't know theirs: what LLVM assumes of a call into the unknown
/// (`amdgpu-assume-external-call-stack-size`).
pub(super) const STACK_BYTES: u32 = 16 << 10;
/// Scratch of a wave at most: COMPUTE_TMPRING_SIZE.WAVESIZE has 15 bits.
const SCRATCH_WAVE_MAX: u64 = 0x7fff * SCRATCH_GRANULE as u64;

/// Scratch memory of a lane in bytes; 0 for a kernel that needs none. A dynamic stack comes on top of what the kernel
/// declares; a kernel that declares all that it needs has more where more is asked for.
pub(super) fn lane_scratch(info: &KernelInfo, stack: Option<u32>) -> u32 {
    match (info.needs_scratch(), info.uses_dynamic_stack) {
        (false, _) => 0,
        (true, false) => info.scratch_bytes.max(stack.unwrap_or(0)).max(4),
        (true, true) => info.scratch_bytes.saturating_add(stack.unwrap_or(STACK_BYTES).max(4)),
    }
}

/// One argument of a step.
#[derive(Debug, Clone)]
pub enum StepArg {
    /// An address, and what is done there.
    Buffer(Arc<super::RawBuffer>, Usage),
    /// Memory that only the steps of this stream use, and what this one does there.
    Workspace(GpuMap, Usage),
    /// No address.
    Null,
    /// By value: a number.
    Value(ArgValue<'static>),
    /// By value: the bytes of anything.
    Bytes(Vec<u8>),
}

/// How much work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grid {
    /// Workgroups in x, y and z.
    Groups([u32; 3]),
    /// Work-items in x, y and z: the last workgroup of an axis may be smaller.
    Items([u32; 3]),
}

/// One dispatch.
#[derive(Debug, Clone)]
pub struct Step {
    pub(crate) kernel: Arc<LoadedKernel>,
    pub(super) grid: Grid,
    /// Work-items of a workgroup.
    pub(super) block: [u32; 3],
    pub(crate) args: Vec<StepArg>,
    /// LDS beyond what the kernel declares, in bytes.
    pub(crate) dynamic_lds: u32,
    /// Stack of a lane in bytes, where it was asked for.
    pub(crate) stack_bytes: Option<u32>,
    /// What global ids begin with.
    pub(crate) offset: [u64; 3],
    /// Address of the block that stands for a queue; 0 where no kernel asks for one.
    pub(super) queue_va: u64,
}

/// Where in the command memory things go.
#[derive(Debug, Default)]
pub(super) struct Layout(u64);

impl Layout {
    /// The next bytes. An s_load may fetch whole cache lines, so that neighbours are kept apart.
    pub(super) fn take(&mut self, bytes: u64) -> u64 {
        let at = self.0.next_multiple_of(256);
        self.0 = at + bytes;
        at
    }
}

/// A step's places in the command memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Kernel arguments.
    pub(super) args: u64,
    /// The dispatch packet, for a kernel that reads it.
    pub(super) packet: Option<u64>,
}

/// A block that stands for a queue: of `amd_queue_t`, the fields that code for gfx11 may load from it, the upper
/// halves of the apertures.
pub(super) fn queue_block() -> [u8; QUEUE_BLOCK_BYTES as usize] {
    let mut block = [0; QUEUE_BLOCK_BYTES as usize];
    block[0x40..0x44].copy_from_slice(&SHARED_BASE_HI.to_le_bytes());
    block[0x44..0x48].copy_from_slice(&PRIVATE_BASE_HI.to_le_bytes());
    block
}

impl Step {
    /// A dispatch without dynamic LDS, with the default stack and global ids from 0.
    pub(crate) fn new(kernel: Arc<LoadedKernel>, grid: Grid, block: [u32; 3], args: Vec<StepArg>) -> Self {
        Self { kernel, grid, block, args, dynamic_lds: 0, stack_bytes: None, offset: [0; 3], queue_va: 0 }
    }

    fn refuse(&self, what: String) -> Error {
        Error::Kernel { kernel: self.kernel.info.name.clone(), what }
    }

    fn asks_for(&self, property: CodeProperties) -> bool {
        self.kernel.info.descriptor.properties.contains(property)
    }

    /// Whether the kernel wants the address of a queue, in SGPRs or as a hidden argument.
    pub(super) fn needs_queue(&self) -> bool {
        let hidden = || self.kernel.info.args.iter().any(|arg| arg.kind.as_str() == "hidden_queue_ptr");
        self.asks_for(CodeProperties::SGPR_QUEUE_PTR) || hidden()
    }

    pub(super) fn place(&self, layout: &mut Layout) -> Place {
        let args = layout.take(self.kernel.info.kernarg_size.into());
        let packet = self.asks_for(CodeProperties::SGPR_DISPATCH_PTR).then(|| layout.take(AQL_PACKET_BYTES));
        Place { args, packet }
    }

    /// The launch that hidden arguments describe.
    fn launch(&self) -> Launch {
        let half = |v: u32| u16::try_from(v).unwrap_or(u16::MAX);
        let (blocks, remainder) = match self.grid {
            Grid::Groups(groups) => (groups, [0; 3]),
            // A block of 0 is refused where the dispatch is written.
            Grid::Items(items) => {
                let block = self.block.map(|b| b.max(1));
                ([0, 1, 2].map(|i| items[i] / block[i]), [0, 1, 2].map(|i| half(items[i] % block[i])))
            }
        };
        Launch {
            blocks,
            block_size: self.block.map(half),
            remainder,
            offset: self.offset,
            dynamic_lds: self.dynamic_lds,
            queue_va: self.queue_va,
        }
    }

    pub(super) fn pack(&self) -> Result<Vec<u8>, Error> {
        let values: Vec<ArgValue<'_>> = self
            .args
            .iter()
            .map(|arg| match arg {
                StepArg::Buffer(buffer, _) => ArgValue::Pointer(buffer.gpu().map_or(0, GpuMemory::va)),
                StepArg::Workspace(map, _) => ArgValue::Pointer(map.va()),
                StepArg::Null => ArgValue::Pointer(0),
                StepArg::Value(v) => *v,
                StepArg::Bytes(v) => ArgValue::Bytes(v),
            })
            .collect();
        Ok(self.kernel.info.pack_args(&values, &self.launch())?)
    }

    /// The packet by which an HSA queue would have launched it; code of version 4 reads sizes there.
    pub(super) fn aql_packet(&self, kernarg_va: u64) -> Result<[u8; AQL_PACKET_BYTES as usize], Error> {
        /// `type` KERNEL_DISPATCH.
        const HEADER: u16 = 2;
        let launch = self.launch();
        let mut packet = [0; AQL_PACKET_BYTES as usize];
        let mut put = |at: usize, bytes: &[u8]| packet[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &HEADER.to_le_bytes());
        put(2, &launch.grid_dims().to_le_bytes());
        for (axis, (size, items)) in launch.block_size.iter().zip(launch.items()).enumerate() {
            put(4 + 2 * axis, &size.to_le_bytes());
            let items = u32::try_from(items).map_err(|_| {
                self.refuse(format!("it reads the grid's size, of 32 bits an axis, and {items} exceeds them"))
            })?;
            put(12 + 4 * axis, &items.to_le_bytes());
        }
        put(24, &self.lane_scratch().to_le_bytes());
        put(28, &self.kernel.info.lds_bytes.saturating_add(self.dynamic_lds).to_le_bytes());
        put(32, &self.kernel.descriptor_va().to_le_bytes());
        put(40, &kernarg_va.to_le_bytes());
        Ok(packet)
    }

    /// Memory that the waves use beside code and arguments.
    pub(super) fn uses(&self) -> Vec<Use> {
        let given = self.kernel.info.explicit_args().zip(&self.args);
        let uses = given.filter_map(|(arg, value)| {
            let (map, usage) = match value {
                StepArg::Buffer(buffer, usage) => (buffer.gpu()?.map(), *usage),
                StepArg::Workspace(map, usage) => (map, *usage),
                _ => return None,
            };
            let access = match usage {
                Usage::Read => Access::R,
                Usage::Write if arg.access.as_deref() == Some("write_only") => Access::W,
                Usage::Write => Access::RW,
            };
            Some(Use { range: map.va()..map.va() + map.size(), access })
        });
        uses.collect()
    }

    /// Scratch memory of a lane in bytes; 0 for a kernel that needs none.
    fn lane_scratch(&self) -> u32 {
        lane_scratch(&self.kernel.info, self.stack_bytes)
    }

    /// Scratch memory that lets one workgroup a shader engine run, and more as long as it doesn't cost much.
    pub(super) fn scratch_bytes(&self, device: &dispatch::Device) -> Option<u64> {
        let wave32 = self.kernel.info.wave_size == 32;
        let all = match self.lane_scratch() {
            0 => return None,
            lane => device.scratch_bytes(lane, wave32),
        };
        // 32 waves are the greatest workgroup.
        let least = all / u64::from(device.scratch_waves()) * 32;
        Some(all.min(SCRATCH_BUDGET.max(least)))
    }

    /// What the user SGPRs hold.
    fn user_data(&self, kernarg_va: u64, packet_va: Option<u64>) -> Result<Vec<u32>, Error> {
        let info = &self.kernel.info;
        let properties = info.descriptor.properties;
        let mut data = [0; COMPUTE_USER_DATA_COUNT as usize];
        let sgprs = (info.descriptor.user_sgprs() as usize).min(data.len());
        let values = [
            (CodeProperties::SGPR_DISPATCH_PTR, packet_va.unwrap_or(0), 2),
            (CodeProperties::SGPR_QUEUE_PTR, self.queue_va, 2),
            (CodeProperties::SGPR_KERNARG_SEGMENT_PTR, kernarg_va, 2),
            (CodeProperties::SGPR_DISPATCH_ID, 0, 2),
            (CodeProperties::SGPR_PRIVATE_SEGMENT_SIZE, self.lane_scratch().into(), 1),
        ];
        for (property, value, words) in values {
            let Some(at) = properties.sgpr(property) else { continue };
            let halves = [value as u32, (value >> 32) as u32];
            match data[..sgprs].get_mut(at as usize..at as usize + words) {
                Some(place) => place.copy_from_slice(&halves[..words]),
                None => return Err(self.refuse("its descriptor gives its inputs too few user SGPRs".into())),
            }
        }
        Ok(data[..sgprs].to_vec())
    }

    /// Whether the kernel can be launched like this: before any memory is taken for it.
    pub(super) fn check(&self) -> Result<(), Error> {
        let info = &self.kernel.info;
        let [x, y, z] = self.block;
        let threads = self.block.iter().try_fold(1u32, |a, &b| a.checked_mul(b)).unwrap_or(u32::MAX);
        if threads == 0 || threads > info.max_workgroup_size {
            return Err(self
                .refuse(format!("a workgroup of {x}x{y}x{z} is outside 1..={} work-items", info.max_workgroup_size)));
        }
        if let Some([a, b, c]) = info.required_workgroup_size.filter(|&required| required != self.block) {
            return Err(self.refuse(format!("it requires workgroups of {a}x{b}x{c}, not {x}x{y}x{z}")));
        }
        let (Grid::Groups(extent) | Grid::Items(extent)) = self.grid;
        if extent.contains(&0) {
            return Err(self.refuse(format!("a grid of {}x{}x{} has no work", extent[0], extent[1], extent[2])));
        }
        let launch = self.launch();
        if launch.remainder != [0; 3] && (info.uniform_workgroups || info.required_workgroup_size.is_some()) {
            let [rx, ry, rz] = launch.remainder;
            return Err(self.refuse(format!(
                "it was compiled for complete workgroups only, and {rx}, {ry} and {rz} work-items remain in x, y and z"
            )));
        }
        let lds = info.lds_bytes.saturating_add(self.dynamic_lds);
        if lds > LDS_MAX {
            return Err(self.refuse(format!("{lds} bytes of LDS exceed a workgroup's {LDS_MAX}")));
        }
        let (lane, lanes) = (self.lane_scratch(), info.wave_size);
        if u64::from(lane) * u64::from(lanes) > SCRATCH_WAVE_MAX {
            let most = SCRATCH_WAVE_MAX / u64::from(lanes.max(1));
            return Err(self.refuse(format!(
                "{lane} bytes of scratch a lane exceed {most}, the share of a lane in the 8 MiB that a wave can have"
            )));
        }
        Ok(())
    }

    /// Writes the dispatch; [`Step::check`] was passed.
    pub(super) fn emit(
        &self,
        stream: &mut Stream,
        kernarg_va: u64,
        packet_va: Option<u64>,
        device: &dispatch::Device,
        scratch: Option<&GpuMap>,
    ) -> Result<(), Error> {
        let info = &self.kernel.info;
        let user_data = self.user_data(kernarg_va, packet_va)?;
        let scratch = match (self.scratch_bytes(device), scratch) {
            (Some(bytes), Some(map)) => {
                let (lane, wave32) = (self.lane_scratch(), info.wave_size == 32);
                Some(Scratch::new(device, map.va(), bytes.min(map.size()), lane, wave32)?)
            }
            _ => None,
        };
        let grid = match self.grid {
            Grid::Groups(groups) => dispatch::Grid::Groups(groups),
            Grid::Items(items) => dispatch::Grid::Threads(items),
        };
        let work = Work {
            grid,
            dynamic_lds: self.dynamic_lds,
            scratch: scratch.as_ref(),
            ..Work::groups([1; 3], self.block, &user_data)
        };
        stream.dispatch(self.kernel.prepared(), &work)?;
        Ok(())
    }
}
