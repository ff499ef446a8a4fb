//! Plans for direct convolution.

use crate::plan::within;
use crate::{CONV2D_DIRECT_F32, CONV2D_PACK_WEIGHTS_F32, Dispatch, MagicDivisor, PlanArg, PlanError, Role};

/// Output channels of a block, that is of a thread.
pub const BLOCK_K: usize = 8;
/// Input channels of a trip; a group's channels are rounded up to them, with zero weights.
pub const TRIP_C: usize = 4;
/// Bytes of a row of packed weights: [`TRIP_C`] × [`BLOCK_K`] floats.
pub const ROW_BYTES: u64 = (TRIP_C * BLOCK_K * 4) as u64;

/// Workgroups in y and in z: the limit that Vulkan drivers state for this GPU.
const GRID_YZ: u64 = 65_535;
/// Lanes outside an image or slab take offset 2^31, so that what is addressed stays below.
const SLAB: u64 = (1 << 31) - 1;

/// A 2-D convolution on NCHW tensors, as plain numbers.
///
/// Input `N×C×H×W`, weights `K×(C/G)×R×S`, output `N×K×P×Q`, optional bias `K`, all dense f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Dims {
    /// Batch.
    pub n: usize,
    /// Input channels.
    pub c: usize,
    /// Input height.
    pub h: usize,
    /// Input width.
    pub w: usize,
    /// Output channels.
    pub k: usize,
    /// Kernel height.
    pub r: usize,
    /// Kernel width.
    pub s: usize,
    /// Vertical and horizontal stride.
    pub stride: [usize; 2],
    /// Zero rows above and below, zero columns left and right.
    pub pad: [usize; 2],
    /// Vertical and horizontal dilation; 1 is dense.
    pub dilation: [usize; 2],
    /// Groups.
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

/// How a convolution runs: pack the weights once, then convolve as often as wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Output height.
    pub p: usize,
    /// Output width.
    pub q: usize,
    /// Bytes of [`Role::PackedWeights`], a multiple of 128. The buffer wants an alignment of 64 bytes.
    pub workspace_bytes: u64,
    /// Writes [`Role::PackedWeights`] from [`Role::Weights`] and [`Role::Bias`].
    pub pack: Dispatch,
    /// Writes [`Role::Output`] from [`Role::Input`] and [`Role::PackedWeights`]; it needs the pack's writes to be visible,
    /// in the scalar cache too.
    pub conv: Dispatch,
}

impl Plan {
    /// Plans a convolution.
    ///
    /// # Errors
    /// A shape that cannot be computed, or [`PlanError::Limit`] beyond: P·Q 2^29, 65,535 images, 65,535 blocks of 8
    /// output channels over all groups, N·K 2^32 − 1, and 2^31 − 1 bytes each for the input channels of one image and
    /// group, the weights of one group, and one packed block. Whole tensors may pass 4 GiB.
    pub fn new(dims: &Dims) -> Result<Self, PlanError> {
        let Dims { n, c, h, w, k, r, s, stride, pad, dilation, groups, bias } = *dims;
        let named = [("n", n), ("c", c), ("h", h), ("w", w), ("k", k), ("r", r), ("s", s), ("groups", groups)];
        let steps = [("stride", stride[0].min(stride[1])), ("dilation", dilation[0].min(dilation[1]))];
        if let Some(&(name, _)) = named.iter().chain(&steps).find(|d| d.1 == 0) {
            return Err(PlanError::Zero { name });
        }
        for (name, value) in [("c", c), ("k", k)] {
            if value % groups != 0 {
                return Err(PlanError::Groups { name, value, groups });
            }
        }
        let wide = |v: usize| v as u128;
        let mut out = [0u32; 2];
        for (i, (axis, input, kernel)) in [("height", h, r), ("width", w, s)].into_iter().enumerate() {
            let padded = within("a padded extent", wide(input) + 2 * wide(pad[i]), i32::MAX as u64)?;
            let extent =
                within("a dilated kernel's extent", wide(kernel - 1) * wide(dilation[i]) + 1, i32::MAX as u64)?;
            if extent > padded {
                return Err(PlanError::KernelExceedsInput { axis, extent: extent.into(), padded: padded.into() });
            }
            within("a stride", wide(stride[i]), i32::MAX as u64)?;
            // A single tap never steps, whatever its dilation.
            within("a dilation", wide(dilation[i]), u32::MAX.into())?;
            out[i] = (padded - extent) / stride[i] as u32 + 1;
        }
        let [p, q] = out;
        let pq = within("P·Q", u128::from(p) * u128::from(q), 1 << 29)?;
        let (cg, kg) = (c / groups, k / groups);
        let (c4, kb) = (cg.div_ceil(TRIP_C), kg.div_ceil(BLOCK_K));

        // h and w are below 2^31, so that their product with anything that is a usize fits a u128.
        let plane = within("an input channel's bytes", 4 * wide(h) * wide(w), SLAB)?;
        let slab = within("the bytes of an image's and group's input", u128::from(plane) * wide(cg), SLAB)?;
        // The four channel offsets of a trip are computed before they are limited to the slab.
        within("the same with channels rounded up to 4", u128::from(plane) * wide(TRIP_C) * wide(c4), u32::MAX.into())?;
        let taps = within("R·S", wide(r) * wide(s), SLAB)?;
        let weights = within("a group's weights, in elements", wide(kg) * wide(cg), SLAB)?;
        within("the bytes of a group's weights", 4 * u128::from(weights) * u128::from(taps), SLAB)?;
        let trips = within("R·S·ceil(C/G/4)", u128::from(taps) * wide(c4), SLAB)?;
        let block_bytes = (u128::from(trips) + 1) * u128::from(ROW_BYTES);
        within("a packed block's bytes", block_bytes, SLAB)?;
        let blocks = within("blocks of 8 output channels", wide(groups) * wide(kb), GRID_YZ)?;
        let images = within("the batch", wide(n), GRID_YZ)?;
        within("N·K", wide(n) * wide(k), u32::MAX.into())?;

        let (groups, kb, kg, cg, c4) = (groups as u32, kb as u32, kg as u32, cg as u32, c4 as u32);
        let rows = trips + 1;
        let magic = |what, d: u32| match MagicDivisor::new(d) {
            Some(m) => Ok(PlanArg::U64(m.to_u64())),
            None => Err(PlanError::Limit { what, value: d.into(), limit: SLAB }),
        };
        let pack = Dispatch {
            kernel: &CONV2D_PACK_WEIGHTS_F32,
            grid: [(rows * (ROW_BYTES / 4) as u32).div_ceil(CONV2D_PACK_WEIGHTS_F32.workgroup[0]), kb, groups],
            args: vec![
                PlanArg::Buffer(Role::Weights),
                if bias { PlanArg::Buffer(Role::Bias) } else { PlanArg::NullBuffer },
                PlanArg::Buffer(Role::PackedWeights),
                PlanArg::U32(bias.into()),
                PlanArg::U32(kg),
                magic("ceil(C/G/4)", c4)?,
                PlanArg::U32(c4),
                PlanArg::U32(cg),
                PlanArg::U32(taps),
                PlanArg::U32(rows),
                PlanArg::U32(kb),
            ],
        };
        let conv = Dispatch {
            kernel: &CONV2D_DIRECT_F32,
            grid: [pq.div_ceil(CONV2D_DIRECT_F32.workgroup[0]), blocks, images],
            args: vec![
                PlanArg::Buffer(Role::Input),
                PlanArg::Buffer(Role::PackedWeights),
                PlanArg::Buffer(Role::Output),
                PlanArg::U32(pq),
                PlanArg::U32(q),
                magic("Q", q)?,
                PlanArg::U32(h as u32),
                PlanArg::U32(w as u32),
                PlanArg::U32(stride[0] as u32),
                PlanArg::U32(stride[1] as u32),
                PlanArg::U32(pad[0] as u32),
                PlanArg::U32(pad[1] as u32),
                PlanArg::U32(dilation[0] as u32),
                PlanArg::U32(dilation[1] as u32),
                PlanArg::U32(s as u32),
                PlanArg::U32(c4),
                PlanArg::U32(trips),
                PlanArg::U32(plane),
                PlanArg::U32(slab),
                PlanArg::U32(kg),
                PlanArg::U32(kb),
                PlanArg::U32(groups),
                magic("blocks of a group", kb)?,
            ],
        };
        let workspace_bytes = u64::from(blocks) * u64::from(rows) * ROW_BYTES;
        Ok(Self { p: p as usize, q: q as usize, workspace_bytes, pack, conv })
    }
}
