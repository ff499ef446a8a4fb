//! What a memory instruction does, read off its mnemonic.
use super::atomic::Rmw;
use super::sync::Gws;
use isa::{Format, Inst, Op};

/// Which half of a register 16-bit data takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Half {
    Low,
    High,
}

/// What a sampling instruction takes beside the coordinates, from the parts of its mnemonic.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Extras {
    pub offset: bool,
    pub bias: bool,
    pub compare: bool,
    pub gradients: bool,
    /// Gradients of 16 bits.
    pub g16: bool,
    /// The level is a coordinate.
    pub lod: bool,
    /// The view's first level.
    pub level_zero: bool,
    /// An upper limit of the level is a coordinate.
    pub clamp: bool,
}

impl Extras {
    fn new(suffix: &str) -> Option<Extras> {
        let mut x = Extras::default();
        for part in suffix.split('_').filter(|p| !p.is_empty()) {
            match part {
                "o" => x.offset = true,
                "b" => x.bias = true,
                "c" => x.compare = true,
                "d" => x.gradients = true,
                "g16" => x.g16 = true,
                "l" => x.lod = true,
                "lz" => x.level_zero = true,
                "cl" => x.clamp = true,
                _ => return None,
            }
        }
        Some(x)
    }
}

/// Loads and stores of images.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ImageOp {
    Load,
    Store,
    /// Texels as they lie in memory; `sign` extends those below 32 bits.
    LoadRaw {
        sign: bool,
    },
    StoreRaw,
    /// Up to four fragments of one component.
    LoadFragments,
    Size,
    Rmw {
        op: Rmw,
    },
    Sample(Extras),
    /// Four texels of one component, of a square or (`row`) side by side.
    Gather {
        row: bool,
        extras: Extras,
    },
    Lod,
}

/// Kind of access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MemOp {
    /// `bytes / 4` registers, or one value of `bytes` below four.
    Load {
        bytes: u8,
        signed: bool,
        d16: Option<Half>,
    },
    /// The same outward; the upper half of the register where `hi`.
    Store {
        bytes: u8,
        hi: bool,
    },
    /// Two values of `bytes` at two offsets in units of `scale` bytes (DS).
    Load2 {
        bytes: u8,
        scale: u16,
    },
    Store2 {
        bytes: u8,
        scale: u16,
    },
    Swap2 {
        bytes: u8,
        scale: u16,
    },
    Rmw {
        op: Rmw,
        wide: bool,
        ret: bool,
    },
    /// A dword a lane at a scalar address.
    AddTid {
        store: bool,
    },
    /// Adds the number of active lanes to a counter of the wave's, or subtracts it.
    Count {
        consume: bool,
    },
    Bpermute,
    Permute,
    Swizzle,
    BvhStack,
    StreamOut {
        sub: bool,
    },
    OrderedCount,
    Gws(Gws),
    /// `n` components through a format; `d16` packs two to a register, from the half named on.
    Typed {
        n: u8,
        store: bool,
        d16: Option<Half>,
    },
    /// Straight to LDS: `bytes` of memory as a dword, through the format where 0.
    ToLds {
        bytes: u8,
        signed: bool,
    },
    /// One dword of LDS to all lanes.
    LdsDirect,
    Image(ImageOp),
    /// Cache control: nothing to do.
    Nothing,
}

/// Bytes of `b32`, `u8`, …, and whether it is signed.
fn sized(t: &str) -> Option<(u8, bool)> {
    let bits: u32 = t.get(1..)?.parse().ok()?;
    Some(((bits / 8) as u8, t.starts_with('i')))
}

fn rmw(name: &str) -> Option<(Rmw, bool)> {
    let (what, ty) = name.rsplit_once('_')?;
    let wide = ty.ends_with("64");
    let float = ty.starts_with('f');
    let op = match (what, float) {
        ("swap" | "storexchg", false) => Rmw::Swap,
        ("cmpswap" | "cmpstore", false) => Rmw::CmpSwap,
        ("cmpswap" | "cmpstore", true) => Rmw::FCmpSwap,
        ("add", false) => Rmw::Add,
        ("sub", false) => Rmw::Sub,
        ("rsub", false) => Rmw::Rsub,
        ("csub", false) => Rmw::ClampSub,
        ("min", false) if ty.starts_with('i') => Rmw::SMin,
        ("min", false) => Rmw::UMin,
        ("max", false) if ty.starts_with('i') => Rmw::SMax,
        ("max", false) => Rmw::UMax,
        ("and", false) => Rmw::And,
        ("or", false) => Rmw::Or,
        ("xor", false) => Rmw::Xor,
        ("mskor", false) => Rmw::MaskOr,
        ("inc", false) => Rmw::Inc,
        ("dec", false) => Rmw::Dec,
        ("wrap", false) => Rmw::Wrap,
        ("condxchg32", false) => Rmw::CondSwap,
        ("add", true) if !wide => Rmw::FAdd,
        ("min", true) => Rmw::FMin,
        ("max", true) => Rmw::FMax,
        _ => return None,
    };
    Some((op, wide))
}

/// Without the mark of a 16-bit half: `d16_hi_u8` and `u8_d16_hi` both name `u8` in the upper one.
fn halved(name: &str) -> (&str, Option<Half>) {
    let pre = |p| name.strip_prefix(p);
    let post = |p| name.strip_suffix(p);
    if let Some(t) = pre("d16_hi_").or(post("_d16_hi")) {
        (t, Some(Half::High))
    } else if let Some(t) = pre("d16_").or(post("_d16")) {
        (t, Some(Half::Low))
    } else {
        (name, None)
    }
}

impl MemOp {
    pub(crate) fn new(i: &Inst) -> Option<MemOp> {
        let name = i.row().name;
        match i.format() {
            Format::Ds => ds(name.strip_prefix("ds_")?),
            Format::Mubuf => plain(name.strip_prefix("buffer_")?, i.mem.glc),
            Format::Mtbuf => plain(name.strip_prefix("tbuffer_")?, false),
            Format::Flat => plain(name.strip_prefix("flat_")?, i.mem.glc),
            Format::Global => plain(name.strip_prefix("global_")?, i.mem.glc),
            Format::Scratch => plain(name.strip_prefix("scratch_")?, i.mem.glc),
            Format::Mimg => image(name.strip_prefix("image_")?).map(MemOp::Image),
            Format::Ldsdir if i.op == Op::LDS_DIRECT_LOAD => Some(MemOp::LdsDirect),
            _ => None,
        }
    }
}

fn transfer(rest: &str) -> Option<MemOp> {
    let (store, r) = match rest.strip_prefix("load_") {
        Some(r) => (false, r),
        None => (true, rest.strip_prefix("store_")?),
    };
    if let Some(t) = r.strip_prefix("lds_") {
        let (bytes, signed) = if t == "format_x" { (0, false) } else { sized(t)? };
        return Some(MemOp::ToLds { bytes, signed });
    }
    if r == "addtid_b32" {
        return Some(MemOp::AddTid { store });
    }
    let (t, d16) = halved(r);
    if let Some(components) = t.strip_prefix("format_") {
        return Some(MemOp::Typed { n: components.len() as u8, store, d16 });
    }
    let (bytes, signed) = sized(t)?;
    Some(if store { MemOp::Store { bytes, hi: d16 == Some(Half::High) } } else { MemOp::Load { bytes, signed, d16 } })
}

/// Everything but DS and images.
fn plain(rest: &str, ret: bool) -> Option<MemOp> {
    if matches!(rest, "gl0_inv" | "gl1_inv") {
        return Some(MemOp::Nothing);
    }
    if let Some(body) = rest.strip_prefix("atomic_") {
        let (op, wide) = rmw(body)?;
        return Some(MemOp::Rmw { op, wide, ret });
    }
    transfer(rest)
}

fn ds(rest: &str) -> Option<MemOp> {
    Some(match rest {
        "bpermute_b32" => MemOp::Bpermute,
        "permute_b32" => MemOp::Permute,
        "swizzle_b32" => MemOp::Swizzle,
        "nop" => MemOp::Nothing,
        "append" => MemOp::Count { consume: false },
        "consume" => MemOp::Count { consume: true },
        "bvh_stack_rtn_b32" => MemOp::BvhStack,
        "add_gs_reg_rtn" => MemOp::StreamOut { sub: false },
        "sub_gs_reg_rtn" => MemOp::StreamOut { sub: true },
        "ordered_count" => MemOp::OrderedCount,
        "gws_init" => MemOp::Gws(Gws::Init),
        "gws_sema_v" => MemOp::Gws(Gws::V),
        "gws_sema_br" => MemOp::Gws(Gws::Br),
        "gws_sema_p" => MemOp::Gws(Gws::P),
        "gws_sema_release_all" => MemOp::Gws(Gws::ReleaseAll),
        "gws_barrier" => MemOp::Gws(Gws::Barrier),
        _ => {
            if let Some((what, t)) = rest.split_once("_2addr_") {
                let t = t.strip_prefix("rtn_").unwrap_or(t);
                let (t, far) = t.strip_prefix("stride64_").map_or((t, 1), |t| (t, 64));
                let (bytes, _) = sized(t.strip_prefix("rtn_").unwrap_or(t))?;
                let scale = bytes as u16 * far;
                return match what {
                    "load" => Some(MemOp::Load2 { bytes, scale }),
                    "store" => Some(MemOp::Store2 { bytes, scale }),
                    "storexchg" => Some(MemOp::Swap2 { bytes, scale }),
                    _ => None,
                };
            }
            if let Some(op) = transfer(rest) {
                return Some(op);
            }
            let (body, ret) = match rest.split_once("_rtn") {
                Some((a, b)) => (format!("{a}{b}"), true),
                None => (rest.to_string(), false),
            };
            let (op, wide) = rmw(&body)?;
            MemOp::Rmw { op, wide, ret }
        }
    })
}

fn image(rest: &str) -> Option<ImageOp> {
    Some(match rest {
        "load" | "load_mip" => ImageOp::Load,
        "store" | "store_mip" => ImageOp::Store,
        "load_pck" | "load_mip_pck" => ImageOp::LoadRaw { sign: false },
        "load_pck_sgn" | "load_mip_pck_sgn" => ImageOp::LoadRaw { sign: true },
        "store_pck" | "store_mip_pck" => ImageOp::StoreRaw,
        "msaa_load" => ImageOp::LoadFragments,
        "get_resinfo" => ImageOp::Size,
        "get_lod" => ImageOp::Lod,
        "gather4h" => ImageOp::Gather { row: true, extras: Extras::default() },
        _ if rest.starts_with("sample") => ImageOp::Sample(Extras::new(&rest["sample".len()..])?),
        _ if rest.starts_with("gather4") => {
            ImageOp::Gather { row: false, extras: Extras::new(&rest["gather4".len()..])? }
        }
        _ => ImageOp::Rmw {
            op: match rest.strip_prefix("atomic_")? {
                "swap" => Rmw::Swap,
                "cmpswap" => Rmw::CmpSwap,
                "add" => Rmw::Add,
                "sub" => Rmw::Sub,
                "smin" => Rmw::SMin,
                "umin" => Rmw::UMin,
                "smax" => Rmw::SMax,
                "umax" => Rmw::UMax,
                "and" => Rmw::And,
                "or" => Rmw::Or,
                "xor" => Rmw::Xor,
                "inc" => Rmw::Inc,
                "dec" => Rmw::Dec,
                _ => return None,
            },
        },
    })
}
