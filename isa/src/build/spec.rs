//! One instruction as it is written: mnemonic, operands, modifiers.
use super::control::Omod;
use super::reg::{Args, Operands};
use crate::Op;
use crate::decode::Dpp;

/// Which encoding is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Size {
    #[default]
    Shortest,
    Short,
    Long,
}

/// Modifiers that stand after the operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct After {
    pub clamp: bool,
    pub omod: u8,
    pub op_sel: Option<u8>,
    pub op_sel_hi: Option<u8>,
    pub neg_lo: u8,
    pub neg_hi: u8,
    pub dpp: Dpp,
    pub offset: i32,
    pub glc: bool,
    pub slc: bool,
    pub dlc: bool,
    pub offen: bool,
    pub idxen: bool,
    pub tfe: bool,
    pub gds: bool,
    pub format: u8,
    pub wait: u8,
    pub dmask: u8,
    pub dim: u8,
    pub unorm: bool,
    pub r128: bool,
    pub a16: bool,
    pub d16: bool,
    pub lwe: bool,
    pub done: bool,
    pub row_en: bool,
}

/// An instruction that is not yet encoded: from [`Op::on`], with modifiers added, to [`super::Kernel::emit`].
#[derive(Clone, Copy, PartialEq, Debug)]
#[must_use = "an instruction takes effect where it is emitted"]
pub struct Spec {
    pub(super) op: Op,
    pub(super) args: Args,
    pub(super) size: Size,
    pub(super) m: After,
}

impl Op {
    /// This instruction on `operands`, in the order in which the assembler writes them.
    pub fn on(self, operands: impl Operands) -> Spec {
        // What a tbuffer instruction reads where nothing is said.
        let m = After { format: 1, ..After::default() };
        Spec { op: self, args: operands.args(), size: Size::Shortest, m }
    }
}

macro_rules! switches {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        pub const fn $name(mut self) -> Spec {
            self.m.$name = true;
            self
        }
    )*};
}

impl Spec {
    /// In the VOP3 encoding, though a shorter one would hold it.
    pub const fn e64(mut self) -> Spec {
        self.size = Size::Long;
        self
    }

    /// In the VOP1, VOP2 or VOPC encoding, or not at all.
    pub const fn e32(mut self) -> Spec {
        self.size = Size::Short;
        self
    }

    switches! {
        /// The result is clamped: floats to 0 to 1, integers to their range.
        clamp;
        /// Cache policy GLC (an atomic returns the old value where it is written with a destination, without this).
        glc;
        /// Cache policy SLC.
        slc;
        /// Cache policy DLC.
        dlc;
        /// Buffers: the address VGPR holds an offset.
        offen;
        /// Buffers: the address VGPR holds an index.
        idxen;
        /// One more register gets the status.
        tfe;
        /// DS: the global data share.
        gds;
        /// Images: coordinates are not normalised.
        unorm;
        /// Images: the resource takes four SGPRs.
        r128;
        /// Images: addresses of 16 bits.
        a16;
        /// Images: data of 16 bits.
        d16;
        /// Images: a warning where the level of detail is clamped.
        lwe;
        /// Exports: the last of its kind.
        done;
        /// Exports: M0 names the row.
        row_en;
    }

    /// The result is multiplied.
    pub const fn omod(mut self, by: Omod) -> Spec {
        self.m.omod = by as u8;
        self
    }

    /// Halves of registers, one bit a source, the destination's last; true is the high half.
    pub fn op_sel(mut self, high: &[bool]) -> Spec {
        self.m.op_sel = Some(bits(high));
        self
    }

    /// Halves that make the high result of packed math.
    pub fn op_sel_hi(mut self, high: &[bool]) -> Spec {
        self.m.op_sel_hi = Some(bits(high));
        self
    }

    /// Negates the low halves of packed sources.
    pub fn neg_lo(mut self, of: &[bool]) -> Spec {
        self.m.neg_lo = bits(of);
        self
    }

    /// Negates the high halves of packed sources.
    pub fn neg_hi(mut self, of: &[bool]) -> Spec {
        self.m.neg_hi = bits(of);
        self
    }

    /// `src0` comes from another lane.
    pub fn dpp(mut self, control: impl Into<Dpp>) -> Spec {
        self.m.dpp = control.into();
        self
    }

    /// Added to the address, in bytes.
    pub const fn offset(mut self, bytes: i32) -> Spec {
        self.m.offset = bytes;
        self
    }

    /// DS with two addresses: offsets in elements.
    pub const fn offsets(mut self, first: u8, second: u8) -> Spec {
        self.m.offset = first as i32 | (second as i32) << 8;
        self
    }

    /// Typed buffers: the format's number.
    pub const fn format(mut self, number: u8) -> Spec {
        self.m.format = number;
        self
    }

    /// `wait_vdst` (0 to 15) of parameter loads, `wait_exp` (0 to 7) of interpolation.
    pub const fn wait(mut self, n: u8) -> Spec {
        self.m.wait = n;
        self
    }

    /// Images: components read or written, lowest bit first.
    pub const fn dmask(mut self, mask: u8) -> Spec {
        self.m.dmask = mask;
        self
    }

    /// Images: the dimension's number (0 1D, 1 2D, 2 3D, 3 cube, 4 and 5 arrays, 6 and 7 multisampled).
    pub const fn dim(mut self, dim: u8) -> Spec {
        self.m.dim = dim;
        self
    }
}

fn bits(of: &[bool]) -> u8 {
    // Beyond eight nothing has a bit; the eighth is refused by every field.
    of.iter().enumerate().fold(0, |a, (k, &b)| if b { a | 1u8.checked_shl(k as u32).unwrap_or(128) } else { a })
}
