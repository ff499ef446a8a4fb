//! The shape of a 2-D convolution, checked once.

/// A shape that cannot be computed, with the rule that it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// A dimension that must be at least one is zero.
    #[error("{name} is 0; every dimension, stride, dilation and the number of groups is at least 1")]
    Zero {
        /// The dimension's name.
        name: &'static str,
    },
    /// The channels don't divide into the groups.
    #[error("{name} = {value} does not divide into {groups} groups")]
    Groups {
        /// `c` or `k`.
        name: &'static str,
        /// The number of channels.
        value: usize,
        /// The number of groups.
        groups: usize,
    },
    /// The dilated kernel is larger than the padded input.
    #[error(
        "the {axis} extent of the kernel, {extent} (= dilation·(size−1)+1), exceeds that of the padded input, {padded}"
    )]
    KernelExceedsInput {
        /// `height` or `width`.
        axis: &'static str,
        /// The dilated kernel's extent.
        extent: usize,
        /// The padded input's extent.
        padded: usize,
    },
    /// A tensor's size or an extent does not fit.
    #[error("{what} overflows: {rule}")]
    Overflow {
        /// What overflows.
        what: &'static str,
        /// The limit.
        rule: &'static str,
    },
}

impl ShapeError {
    /// A stable name for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Zero { .. } => "shape-zero",
            Self::Groups { .. } => "shape-groups",
            Self::KernelExceedsInput { .. } => "shape-kernel-exceeds-input",
            Self::Overflow { .. } => "shape-overflow",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Zero { .. } => "give a positive value",
            Self::Groups { .. } => "choose groups that divide both --c and --k",
            Self::KernelExceedsInput { .. } => "increase --pad, or reduce --r/--s or --dilation",
            Self::Overflow { .. } => "split the batch or the channels over several calls",
        }
    }
}

/// Shape of a 2-D convolution (cross-correlation, as in every deep-learning framework) on NCHW tensors.
///
/// `y[n,k,p,q] = bias[k] + Σ_{c,r,s} x[n, g·C/G + c, p·stride_h − pad_h + r·dilation_h, q·stride_w − pad_w + s·dilation_w] · w[k,c,r,s]`
/// with `g = k / (K/G)`, `c < C/G`, and zero outside the input. The input is `N×C×H×W`, the weights are
/// `K×(C/G)×R×S`, the output is `N×K×P×Q`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Conv2dShape {
    /// Batch size N.
    pub n: usize,
    /// Input channels C.
    pub c: usize,
    /// Input height H.
    pub h: usize,
    /// Input width W.
    pub w: usize,
    /// Output channels K.
    pub k: usize,
    /// Kernel height R.
    pub r: usize,
    /// Kernel width S.
    pub s: usize,
    /// Vertical and horizontal stride.
    pub stride: [usize; 2],
    /// Zero rows above and below, zero columns left and right.
    pub pad: [usize; 2],
    /// Vertical and horizontal dilation; 1 is dense.
    pub dilation: [usize; 2],
    /// Groups G; C for a depthwise convolution.
    pub groups: usize,
}

impl Conv2dShape {
    /// A dense, unpadded, stride-1 convolution.
    pub const fn new(n: usize, c: usize, h: usize, w: usize, k: usize, r: usize, s: usize) -> Self {
        Self { n, c, h, w, k, r, s, stride: [1, 1], pad: [0, 0], dilation: [1, 1], groups: 1 }
    }

    /// The same shape with another stride in both directions.
    pub const fn stride(self, stride: usize) -> Self {
        Self { stride: [stride, stride], ..self }
    }

    /// The same shape with another padding on all four sides.
    pub const fn pad(self, pad: usize) -> Self {
        Self { pad: [pad, pad], ..self }
    }

    /// The same shape with another dilation in both directions.
    pub const fn dilation(self, dilation: usize) -> Self {
        Self { dilation: [dilation, dilation], ..self }
    }

    /// The same shape in groups.
    pub const fn groups(self, groups: usize) -> Self {
        Self { groups, ..self }
    }

    /// Checks every rule; the other methods may be called only on a shape that passed.
    pub fn validate(&self) -> Result<(), ShapeError> {
        let dims = [
            ("n", self.n),
            ("c", self.c),
            ("h", self.h),
            ("w", self.w),
            ("k", self.k),
            ("r", self.r),
            ("s", self.s),
            ("stride", self.stride[0].min(self.stride[1])),
            ("dilation", self.dilation[0].min(self.dilation[1])),
            ("groups", self.groups),
        ];
        if let Some(&(name, _)) = dims.iter().find(|d| d.1 == 0) {
            return Err(ShapeError::Zero { name });
        }
        for (name, value) in [("c", self.c), ("k", self.k)] {
            if value % self.groups != 0 {
                return Err(ShapeError::Groups { name, value, groups: self.groups });
            }
        }
        let axes = [("height", self.h, self.r, 0), ("width", self.w, self.s, 1)];
        for (axis, input, kernel, i) in axes {
            let too_large = ShapeError::Overflow { what: "an extent", rule: "padded extents stay below 2^31" };
            let extent = (kernel - 1).checked_mul(self.dilation[i]).and_then(|e| e.checked_add(1));
            let padded = self.pad[i].checked_mul(2).and_then(|p| p.checked_add(input));
            let (Some(extent), Some(padded)) = (extent, padded) else { return Err(too_large) };
            if extent > padded {
                return Err(ShapeError::KernelExceedsInput { axis, extent, padded });
            }
            if padded > i32::MAX as usize || self.stride[i] > i32::MAX as usize {
                return Err(too_large);
            }
        }
        let product = |dims: &[usize]| dims.iter().try_fold(1usize, |a, &b| a.checked_mul(b));
        let bytes = |what, dims: &[usize]| match product(dims).and_then(|n| n.checked_mul(4)) {
            Some(b) if b <= isize::MAX as usize => Ok(()),
            _ => Err(ShapeError::Overflow { what, rule: "a tensor stays below 2^63 bytes" }),
        };
        bytes("the input", &[self.n, self.c, self.h, self.w])?;
        bytes("the weights", &[self.k, self.c / self.groups, self.r, self.s])?;
        bytes("the output", &[self.n, self.k, self.p(), self.q()])?;
        match product(&[self.n, self.k, self.p(), self.q(), self.c / self.groups, self.r])
            .and_then(|f| f.checked_mul(2 * self.s))
        {
            Some(f) if f <= i64::MAX as usize => Ok(()),
            _ => Err(ShapeError::Overflow { what: "the work", rule: "an operation count stays below 2^63" }),
        }
    }

    /// Output height P.
    pub const fn p(&self) -> usize {
        (self.h + 2 * self.pad[0] - self.dilation[0] * (self.r - 1) - 1) / self.stride[0] + 1
    }

    /// Output width Q.
    pub const fn q(&self) -> usize {
        (self.w + 2 * self.pad[1] - self.dilation[1] * (self.s - 1) - 1) / self.stride[1] + 1
    }

    /// Elements of the input.
    pub const fn input_len(&self) -> usize {
        self.n * self.c * self.h * self.w
    }

    /// Elements of the weights.
    pub const fn weight_len(&self) -> usize {
        self.k * (self.c / self.groups) * self.r * self.s
    }

    /// Elements of the output.
    pub const fn output_len(&self) -> usize {
        self.n * self.k * self.p() * self.q()
    }

    /// Floating-point operations, counted as 2·N·K·P·Q·(C/G)·R·S whatever the algorithm.
    pub const fn flops(&self) -> u64 {
        2 * (self.output_len() * (self.c / self.groups) * self.r * self.s) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classic_layer_has_the_published_size() {
        let s = Conv2dShape::new(1, 64, 56, 56, 64, 3, 3).pad(1);
        s.validate().unwrap();
        assert_eq!((s.p(), s.q(), s.output_len()), (56, 56, 200_704));
        assert_eq!(s.flops(), 231_211_008);
    }

    #[test]
    fn impossible_shapes_name_the_rule() {
        let ok = Conv2dShape::new(1, 4, 8, 8, 4, 3, 3);
        let code = |s: Conv2dShape| s.validate().unwrap_err().code();
        assert_eq!(code(Conv2dShape { k: 0, ..ok }), "shape-zero");
        assert_eq!(code(ok.stride(0)), "shape-zero");
        assert_eq!(code(ok.groups(3)), "shape-groups");
        assert_eq!(code(ok.dilation(4)), "shape-kernel-exceeds-input");
        assert_eq!(code(Conv2dShape { n: usize::MAX / 2, ..ok }), "shape-overflow");
        assert_eq!(code(ok.pad(usize::MAX)), "shape-overflow");
        assert_eq!(code(Conv2dShape { r: 3, ..ok }.dilation(usize::MAX)), "shape-overflow");
    }
}
