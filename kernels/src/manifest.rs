//! The kernels, one row each: code object, signature, resources, contract.

/// An array's element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Element {
    /// 32-bit float.
    F32,
    /// 32-bit unsigned integer, or any dword.
    U32,
}

/// What a kernel does with an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Reads only.
    Read,
    /// Writes only; every element of the array is written.
    Write,
    /// Reads and writes.
    ReadWrite,
}

/// What an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ArgKind {
    /// The 64-bit address of an array, 4-byte aligned unless the contract says more.
    Pointer {
        /// Its elements.
        element: Element,
        /// What the kernel does with it.
        access: Access,
    },
    /// A 32-bit integer.
    U32,
    /// A 32-bit float.
    F32,
    /// Two dwords: [`MagicDivisor`](crate::MagicDivisor) multiplier and shift.
    MagicDivisor,
}

impl ArgKind {
    /// Bytes among the kernel arguments; also the alignment.
    pub const fn size(self) -> u32 {
        match self {
            Self::Pointer { .. } | Self::MagicDivisor => 8,
            Self::U32 | Self::F32 => 4,
        }
    }
}

/// One argument of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Arg {
    /// Its name, as in the code object's metadata.
    pub name: &'static str,
    /// What it is.
    pub kind: ArgKind,
}

/// A kernel of this crate.
#[derive(Debug, PartialEq, Eq)]
pub struct Kernel {
    /// The name; the code object's file and kernel carry it too.
    pub name: &'static str,
    /// The code object, gfx1100.
    pub object: &'static [u8],
    /// The descriptor's symbol.
    pub symbol: &'static str,
    /// The arguments, in order; each lies at the next multiple of its size.
    pub args: &'static [Arg],
    /// Work-items of a workgroup in x, y, z.
    pub workgroup: [u32; 3],
    /// Lanes of a wave.
    pub wave: u32,
    /// VGPRs used.
    pub vgprs: u32,
    /// SGPRs used, VCC included.
    pub sgprs: u32,
    /// LDS a workgroup takes, in bytes.
    pub lds_bytes: u32,
    /// Scratch a lane takes, in bytes.
    pub scratch_bytes: u32,
    /// The operators that launch it.
    pub ops: &'static [&'static str],
    /// What holds for the numbers it produces.
    pub contract: &'static str,
}

impl Kernel {
    /// The offset of every argument, and after them the size of all.
    pub fn arg_offsets(&self) -> (Vec<u32>, u32) {
        let mut end = 0u32;
        let mut offsets = Vec::with_capacity(self.args.len());
        for arg in self.args {
            let offset = end.next_multiple_of(arg.kind.size());
            offsets.push(offset);
            end = offset + arg.kind.size();
        }
        (offsets, end)
    }
}

const fn read(name: &'static str, element: Element) -> Arg {
    Arg { name, kind: ArgKind::Pointer { element, access: Access::Read } }
}

const fn write(name: &'static str, element: Element) -> Arg {
    Arg { name, kind: ArgKind::Pointer { element, access: Access::Write } }
}

const fn read_write(name: &'static str, element: Element) -> Arg {
    Arg { name, kind: ArgKind::Pointer { element, access: Access::ReadWrite } }
}

const fn u32_arg(name: &'static str) -> Arg {
    Arg { name, kind: ArgKind::U32 }
}

const fn magic(name: &'static str) -> Arg {
    Arg { name, kind: ArgKind::MagicDivisor }
}

/// `dst[i] = a[i] + b[i]`.
pub static VADD_F32: Kernel = Kernel {
    name: "vadd_f32",
    object: include_bytes!("../objects/vadd_f32.hsaco"),
    symbol: "vadd_f32.kd",
    args: &[read("a", Element::F32), read("b", Element::F32), write("dst", Element::F32), u32_arg("count")],
    workgroup: [256, 1, 1],
    wave: 32,
    vgprs: 3,
    sgprs: 18,
    lds_bytes: 0,
    scratch_bytes: 0,
    ops: &["vadd"],
    contract: "one IEEE-754 f32 addition an element, round to nearest even, denormals kept",
};

/// `dst[i] = value`, dwords.
pub static FILL_U32: Kernel = Kernel {
    name: "fill_u32",
    object: include_bytes!("../objects/fill_u32.hsaco"),
    symbol: "fill_u32.kd",
    args: &[write("dst", Element::U32), u32_arg("count"), u32_arg("value")],
    workgroup: [256, 1, 1],
    wave: 32,
    vgprs: 2,
    sgprs: 18,
    lds_bytes: 0,
    scratch_bytes: 0,
    ops: &["fill"],
    contract: "bits are copied",
};

/// Lays weights and bias out for [`CONV2D_DIRECT_F32`].
pub static CONV2D_PACK_WEIGHTS_F32: Kernel = Kernel {
    name: "conv2d_pack_weights_f32",
    object: include_bytes!("../objects/conv2d_pack_weights_f32.hsaco"),
    symbol: "conv2d_pack_weights_f32.kd",
    args: &[
        read("w", Element::F32),
        read("bias", Element::F32),
        write("packed", Element::F32),
        u32_arg("has_bias"),
        u32_arg("k_per_group"),
        magic("c4_div"),
        u32_arg("c4"),
        u32_arg("c_per_group"),
        u32_arg("taps"),
        u32_arg("rows"),
        u32_arg("k_blocks"),
    ],
    workgroup: [64, 1, 1],
    wave: 32,
    vgprs: 10,
    sgprs: 34,
    lds_bytes: 0,
    scratch_bytes: 0,
    ops: &["conv2d"],
    contract: "bits are copied, missing channels are +0; bias is not read when has_bias is 0",
};

/// Direct convolution, any shape, eight output channels a thread.
pub static CONV2D_DIRECT_F32: Kernel = Kernel {
    name: "conv2d_direct_f32",
    object: include_bytes!("../objects/conv2d_direct_f32.hsaco"),
    symbol: "conv2d_direct_f32.kd",
    args: &[
        read("x", Element::F32),
        read("packed", Element::F32),
        write("out", Element::F32),
        u32_arg("pq"),
        u32_arg("q"),
        magic("q_div"),
        u32_arg("h"),
        u32_arg("w"),
        u32_arg("stride_h"),
        u32_arg("stride_w"),
        u32_arg("pad_h"),
        u32_arg("pad_w"),
        u32_arg("dil_h"),
        u32_arg("dil_w"),
        u32_arg("s"),
        u32_arg("c4"),
        u32_arg("trips"),
        u32_arg("plane"),
        u32_arg("slab"),
        u32_arg("k_per_group"),
        u32_arg("k_blocks"),
        u32_arg("groups"),
        magic("kb_div"),
    ],
    workgroup: [64, 1, 1],
    wave: 32,
    vgprs: 24,
    sgprs: 106,
    lds_bytes: 0,
    scratch_bytes: 0,
    ops: &["conv2d"],
    contract: "f32 fused multiply-adds from the bias up in the order r, s, c, round to nearest even, denormals kept; \
               padding and missing channels enter as +0 products, so an infinite weight under padding gives NaN",
};

/// Starts and ends.
pub static LADDER_END: Kernel = Kernel {
    name: "ladder_end",
    object: include_bytes!("../objects/ladder_end.hsaco"),
    symbol: "ladder_end.kd",
    args: &[],
    workgroup: [64, 1, 1],
    wave: 32,
    vgprs: 0,
    sgprs: 18,
    lds_bytes: 0,
    scratch_bytes: 0,
    ops: &["ladder"],
    contract: "no numbers",
};

/// `dst[i] = (src[i] ^ seed) + i + (f << 16)`, f the `i` of the wave's first lane.
pub static LADDER_STORE: Kernel = Kernel {
    name: "ladder_store",
    object: include_bytes!("../objects/ladder_store.hsaco"),
    symbol: "ladder_store.kd",
    args: &[read("src", Element::U32), write("dst", Element::U32), u32_arg("seed")],
    workgroup: [256, 1, 1],
    wave: 32,
    vgprs: 3,
    sgprs: 18,
    lds_bytes: 0,
    scratch_bytes: 0,
    ops: &["ladder"],
    contract: "32-bit integers that wrap around; the grid is the size",
};

/// `dst[256·g + t] = seed + 256·g + (255 − t)` in workgroup g, through LDS.
pub static LADDER_LDS: Kernel = Kernel {
    name: "ladder_lds",
    object: include_bytes!("../objects/ladder_lds.hsaco"),
    symbol: "ladder_lds.kd",
    args: &[write("dst", Element::U32), u32_arg("seed")],
    workgroup: [256, 1, 1],
    wave: 32,
    vgprs: 4,
    sgprs: 18,
    lds_bytes: 1024,
    scratch_bytes: 0,
    ops: &["ladder"],
    contract: "32-bit integers that wrap around; the grid is the size",
};

/// `tickets[i] = state[0]++`, `state[1 + i/32] |= 1 << i%32`.
pub static LADDER_ATOMICS: Kernel = Kernel {
    name: "ladder_atomics",
    object: include_bytes!("../objects/ladder_atomics.hsaco"),
    symbol: "ladder_atomics.kd",
    args: &[read_write("state", Element::U32), write("tickets", Element::U32)],
    workgroup: [256, 1, 1],
    wave: 32,
    vgprs: 5,
    sgprs: 18,
    lds_bytes: 0,
    scratch_bytes: 0,
    ops: &["ladder"],
    contract: "each ticket is given once, to which thread is not defined",
};

/// `dst[4·i + k] = seed + 4·i + (3 − k)`, k < 4, through scratch memory.
pub static LADDER_SCRATCH: Kernel = Kernel {
    name: "ladder_scratch",
    object: include_bytes!("../objects/ladder_scratch.hsaco"),
    symbol: "ladder_scratch.kd",
    args: &[write("dst", Element::U32), u32_arg("seed")],
    workgroup: [256, 1, 1],
    wave: 32,
    vgprs: 7,
    sgprs: 18,
    lds_bytes: 0,
    scratch_bytes: 16,
    ops: &["ladder"],
    contract: "32-bit integers that wrap around; the grid is the size",
};

/// The target that all kernels here are built for.
pub const TARGET: &str = "gfx1100";

/// All kernels, by name.
pub static KERNELS: &[&Kernel] = &[
    &CONV2D_DIRECT_F32,
    &CONV2D_PACK_WEIGHTS_F32,
    &FILL_U32,
    &LADDER_ATOMICS,
    &LADDER_END,
    &LADDER_LDS,
    &LADDER_SCRATCH,
    &LADDER_STORE,
    &VADD_F32,
];

/// The kernel of this name.
pub fn kernel(name: &str) -> Option<&'static Kernel> {
    KERNELS.iter().copied().find(|k| k.name == name)
}
