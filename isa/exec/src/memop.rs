//! What a memory instruction does, read off its mnemonic.
use isa::{Format, Inst};

/// Read-modify-write operations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rmw {
    Swap,
    CmpSwap,
    Add,
    Sub,
    Rsub,
    ClampSub,
    SMin,
    UMin,
    SMax,
    UMax,
    And,
    Or,
    Xor,
    MaskOr,
    Inc,
    Dec,
    FAdd,
    FMin,
    FMax,
}

/// Kind of access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MemOp {
    /// `dwords` registers, or one value of `bytes` below four.
    Load {
        bytes: u8,
        signed: bool,
        d16: Option<bool>,
    },
    /// The same outward; `hi` takes the upper half of the register.
    Store {
        bytes: u8,
        hi: bool,
    },
    /// Two values of `bytes` at two offsets of `scale` bytes (DS).
    Load2 {
        bytes: u8,
        scale: u16,
    },
    Store2 {
        bytes: u8,
        scale: u16,
    },
    Rmw {
        op: Rmw,
        wide: bool,
        ret: bool,
    },
    Bpermute,
    Permute,
    Swizzle,
    /// Cache control: nothing to do.
    Nothing,
}

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
        ("add", true) if !wide => Rmw::FAdd,
        ("min", true) => Rmw::FMin,
        ("max", true) => Rmw::FMax,
        _ => return None,
    };
    Some((op, wide))
}

impl MemOp {
    pub(crate) fn new(i: &Inst) -> Option<MemOp> {
        let name = i.row().name;
        let rest = match i.format() {
            Format::Ds => name.strip_prefix("ds_")?,
            Format::Mubuf => name.strip_prefix("buffer_")?,
            Format::Flat => name.strip_prefix("flat_")?,
            Format::Global => name.strip_prefix("global_")?,
            Format::Scratch => name.strip_prefix("scratch_")?,
            _ => return None,
        };
        if rest.contains("addtid") || rest.contains("format") || rest.contains("lds_") {
            return None;
        }
        match rest {
            "bpermute_b32" => return Some(MemOp::Bpermute),
            "permute_b32" => return Some(MemOp::Permute),
            "swizzle_b32" => return Some(MemOp::Swizzle),
            "gl0_inv" | "gl1_inv" | "nop" => return Some(MemOp::Nothing),
            _ => {}
        }
        if let Some(r) = rest.strip_prefix("load_2addr_") {
            let (t, s) = r.strip_prefix("stride64_").map_or((r, 1), |t| (t, 64));
            let (bytes, _) = sized(t)?;
            return Some(MemOp::Load2 { bytes, scale: bytes as u16 * s });
        }
        if let Some(r) = rest.strip_prefix("store_2addr_") {
            let (t, s) = r.strip_prefix("stride64_").map_or((r, 1), |t| (t, 64));
            let (bytes, _) = sized(t)?;
            return Some(MemOp::Store2 { bytes, scale: bytes as u16 * s });
        }
        if let Some(r) = rest.strip_prefix("load_") {
            let (t, d16) = if let Some(t) = r.strip_prefix("d16_hi_") {
                (t, Some(true))
            } else if let Some(t) = r.strip_prefix("d16_") {
                (t, Some(false))
            } else if let Some(t) = r.strip_suffix("_d16_hi") {
                (t, Some(true))
            } else if let Some(t) = r.strip_suffix("_d16") {
                (t, Some(false))
            } else {
                (r, None)
            };
            let (bytes, signed) = sized(t)?;
            return Some(MemOp::Load { bytes, signed, d16 });
        }
        if let Some(r) = rest.strip_prefix("store_") {
            let (t, hi) = if let Some(t) = r.strip_prefix("d16_hi_") {
                (t, true)
            } else if let Some(t) = r.strip_suffix("_d16_hi") {
                (t, true)
            } else {
                (r, false)
            };
            return Some(MemOp::Store { bytes: sized(t)?.0, hi });
        }
        let (body, ret) = if i.format() == Format::Ds {
            match rest.split_once("_rtn") {
                Some((a, b)) => (format!("{a}{b}"), true),
                None => (rest.to_string(), false),
            }
        } else {
            (rest.strip_prefix("atomic_")?.to_string(), i.mem.glc)
        };
        let (op, wide) = rmw(&body)?;
        Some(MemOp::Rmw { op, wide, ret })
    }
}

/// The new value of an atomic; `cmp` is the comparand of a compare-and-swap (the mask of mask-or).
pub(crate) fn apply(op: Rmw, wide: bool, old: u64, x: u64, cmp: u64) -> u64 {
    let sx = |v: u64| if wide { v as i64 } else { v as u32 as i32 as i64 };
    let r = match op {
        Rmw::Swap => x,
        Rmw::CmpSwap => {
            if old == cmp {
                x
            } else {
                old
            }
        }
        Rmw::Add => old.wrapping_add(x),
        Rmw::Sub => old.wrapping_sub(x),
        Rmw::Rsub => x.wrapping_sub(old),
        Rmw::ClampSub => old.saturating_sub(x),
        Rmw::SMin => sx(old).min(sx(x)) as u64,
        Rmw::UMin => old.min(x),
        Rmw::SMax => sx(old).max(sx(x)) as u64,
        Rmw::UMax => old.max(x),
        Rmw::And => old & x,
        Rmw::Or => old | x,
        Rmw::Xor => old ^ x,
        Rmw::MaskOr => (old & !cmp) | x,
        Rmw::Inc => {
            if old >= x {
                0
            } else {
                old + 1
            }
        }
        Rmw::Dec => {
            if old == 0 || old > x {
                x
            } else {
                old - 1
            }
        }
        Rmw::FAdd => (f32::from_bits(old as u32) + f32::from_bits(x as u32)).to_bits() as u64,
        Rmw::FMin if wide => crate::fp::min64(old, x),
        Rmw::FMax if wide => crate::fp::max64(old, x),
        Rmw::FMin => crate::fp::min32(old as u32, x as u32) as u64,
        Rmw::FMax => crate::fp::max32(old as u32, x as u32) as u64,
    };
    if wide { r } else { r & 0xffff_ffff }
}
