//! Registers as types.
use core::ops::Neg;

/// `N` consecutive VGPRs; `Vgpr` alone is one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Vgpr<const N: usize = 1> {
    pub(super) first: u8,
}

/// `N` consecutive SGPRs; `Sgpr` alone is one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Sgpr<const N: usize = 1> {
    pub(super) first: u8,
}

/// `v{n}`.
pub const fn v(n: u8) -> Vgpr {
    Vgpr { first: n }
}

/// `v[n:n+N-1]`.
pub const fn vs<const N: usize>(n: u8) -> Vgpr<N> {
    Vgpr { first: n }
}

/// `s{n}`.
pub const fn s(n: u8) -> Sgpr {
    Sgpr { first: n }
}

/// `s[n:n+N-1]`; pairs start at an even register, wider ranges at a multiple of four.
pub const fn ss<const N: usize>(n: u8) -> Sgpr<N> {
    Sgpr { first: n }
}

macro_rules! ranges {
    ($($name:ident)*) => {$(
        impl<const N: usize> $name<N> {
            /// Number of the first register.
            pub const fn first(self) -> u8 {
                self.first
            }

            /// Register `I` of the range; one outside it does not compile.
            pub const fn at<const I: usize>(self) -> $name {
                const { assert!(I < N, "the range is shorter") };
                $name { first: self.first.wrapping_add(I as u8) }
            }

            /// `M` registers from register `I` on; a part outside the range does not compile.
            pub const fn part<const I: usize, const M: usize>(self) -> $name<M> {
                const { assert!(I + M <= N, "the range is shorter") };
                $name { first: self.first.wrapping_add(I as u8) }
            }

            /// Each register in turn.
            pub fn iter(self) -> impl ExactSizeIterator<Item = $name> {
                (0..N).map(move |k| $name { first: self.first.wrapping_add(k as u8) })
            }
        }
    )*};
}

ranges!(Vgpr Sgpr);

/// A scalar register or source with a name of its own. Where it comes in two widths, the operand decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Special {
    pub(super) code: u8,
    /// Dwords; 0 where the operand decides.
    pub(super) width: u8,
}

macro_rules! specials {
    ($($(#[$doc:meta])* $name:ident = $code:expr, $width:expr;)*) => {$(
        $(#[$doc])*
        pub const $name: Special = Special { code: $code, width: $width };
    )*};
}

specials! {
    /// The vector condition code: a pair, or its low half where one dword is wanted (lane masks of wave32).
    VCC = 106, 0;
    /// Low half of [`VCC`].
    VCC_LO = 106, 1;
    /// High half of [`VCC`].
    VCC_HI = 107, 1;
    /// Reads as 0, writes nothing.
    NULL = 124, 0;
    /// The miscellaneous register.
    M0 = 125, 1;
    /// The lane mask, as [`VCC`] in its widths.
    EXEC = 126, 0;
    /// Low half of [`EXEC`].
    EXEC_LO = 126, 1;
    /// High half of [`EXEC`].
    EXEC_HI = 127, 1;
    /// Start of the LDS aperture in flat addresses.
    SHARED_BASE = 235, 0;
    /// End of the LDS aperture.
    SHARED_LIMIT = 236, 0;
    /// Start of the scratch aperture in flat addresses.
    PRIVATE_BASE = 237, 0;
    /// End of the scratch aperture.
    PRIVATE_LIMIT = 238, 0;
    /// The scalar condition code as a source: 0 or 1.
    SCC = 253, 0;
}

/// `ttmp{n}`, readable by kernels and written by trap handlers only.
pub const fn ttmp(n: u8) -> Special {
    // 16 and above is no register; the code lands where the check finds it.
    Special { code: if n < 16 { 108 + n } else { 249 }, width: 1 }
}

/// `off`: no register in an address or an export.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Off;

/// A place in the code, for branches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Label {
    pub(super) kernel: u32,
    pub(super) number: u32,
}

/// An operand: a register, a number or a [`Label`], with its modifiers.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Arg {
    pub(super) what: What,
    pub(super) neg: bool,
    pub(super) abs: bool,
    pub(super) sext: bool,
    pub(super) half: Half,
}

/// Which half of a VGPR is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Half {
    Whole,
    Low,
    High,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum What {
    V { first: u8, width: u8 },
    S { first: u8, width: u8 },
    Special(Special),
    Int(i64),
    Float(f64),
    Label(Label),
    Off,
    Vgprs { regs: [u8; 5], widths: [u8; 5], n: u8 },
    Attr { attr: u8, chan: u8 },
}

impl Arg {
    pub(super) const fn new(what: What) -> Arg {
        Arg { what, neg: false, abs: false, sext: false, half: Half::Whole }
    }

    /// `|x|`.
    #[must_use]
    pub const fn abs(self) -> Arg {
        Arg { abs: true, ..self }
    }

    /// `sext(x)`: the sign of a narrow integer is extended.
    #[must_use]
    pub const fn sext(self) -> Arg {
        Arg { sext: true, ..self }
    }
}

impl Neg for Arg {
    type Output = Arg;

    fn neg(self) -> Arg {
        Arg { neg: !self.neg, ..self }
    }
}

/// What can be an operand.
pub trait IntoArg: Copy {
    /// As an operand without modifiers.
    fn arg(self) -> Arg;
}

impl IntoArg for Arg {
    fn arg(self) -> Arg {
        self
    }
}

macro_rules! into_arg {
    ($($t:ty, |$x:ident| $e:expr;)*) => {$(
        impl IntoArg for $t {
            fn arg(self) -> Arg {
                let $x = self;
                Arg::new($e)
            }
        }
    )*};
}

into_arg! {
    Special, |x| What::Special(x);
    Off, |_x| What::Off;
    Label, |x| What::Label(x);
    i32, |x| What::Int(x as i64);
    u32, |x| What::Int(x as i64);
    i64, |x| What::Int(x);
    u16, |x| What::Int(x as i64);
    f32, |x| What::Float(x as f64);
    f64, |x| What::Float(x);
}

macro_rules! register_args {
    ($($name:ident $variant:ident;)*) => {$(
        impl<const N: usize> IntoArg for $name<N> {
            fn arg(self) -> Arg {
                // No operand is as wide as 255; longer ranges are refused with it.
                Arg::new(What::$variant { first: self.first, width: if N < 255 { N as u8 } else { 255 } })
            }
        }

        impl<const N: usize> $name<N> {
            /// `|x|`.
            #[must_use]
            pub fn abs(self) -> Arg {
                self.arg().abs()
            }

            /// `sext(x)`: the sign of a narrow integer is extended.
            #[must_use]
            pub fn sext(self) -> Arg {
                self.arg().sext()
            }
        }

        impl<const N: usize> Neg for $name<N> {
            type Output = Arg;

            fn neg(self) -> Arg {
                -self.arg()
            }
        }
    )*};
}

register_args! { Vgpr V; Sgpr S; }

impl Vgpr {
    /// `v3.l`: the low half, where the operand has 16 bits.
    #[must_use]
    pub fn lo(self) -> Arg {
        Arg { half: Half::Low, ..self.arg() }
    }

    /// `v3.h`: the high half. Long encodings of packed-register operations have it as `op_sel`; the others where
    /// [`Target::true16`](crate::Target::true16) is set, in short encodings for v0 to v127.
    #[must_use]
    pub fn hi(self) -> Arg {
        Arg { half: Half::High, ..self.arg() }
    }
}

impl Special {
    /// `|x|`.
    #[must_use]
    pub fn abs(self) -> Arg {
        self.arg().abs()
    }
}

impl Neg for Special {
    type Output = Arg;

    fn neg(self) -> Arg {
        -self.arg()
    }
}

/// VGPRs of an image address that need not follow one another (`[v1, v5, v[8:10]]`); the first five count.
pub fn nsa(parts: &[Arg]) -> Arg {
    let (mut regs, mut widths, mut n) = ([0; 5], [0; 5], 0);
    for p in parts {
        let What::V { first, width } = p.what else { continue };
        if n < 5 {
            (regs[n], widths[n]) = (first, width);
            n += 1;
        }
    }
    // A part that is no VGPR, or a sixth, makes the count wrong, which is an error later.
    let n = if n == parts.len() { n as u8 } else { 255 };
    Arg::new(What::Vgprs { regs, widths, n })
}

/// Channel `chan` (0 to 3) of a pixel shader's attribute `attr` (0 to 32).
pub const fn attribute(attr: u8, chan: u8) -> Arg {
    Arg::new(What::Attr { attr, chan })
}

/// Most operands an instruction is written with.
pub(super) const MOST: usize = 6;

/// Operands in the order the assembler writes them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Args {
    pub(super) list: [Arg; MOST],
    pub(super) len: u8,
}

impl Args {
    const NONE: Args = Args { list: [Arg::new(What::Off); MOST], len: 0 };

    fn push(&mut self, a: Arg) {
        if let Some(slot) = self.list.get_mut(self.len as usize) {
            *slot = a;
        }
        self.len = self.len.saturating_add(1);
    }

    pub(super) fn as_slice(&self) -> &[Arg] {
        &self.list[..(self.len as usize).min(MOST)]
    }
}

/// One operand, a tuple of up to six, or a slice.
pub trait Operands {
    /// As a list.
    fn args(self) -> Args;
}

impl<T: IntoArg> Operands for T {
    fn args(self) -> Args {
        let mut a = Args::NONE;
        a.push(self.arg());
        a
    }
}

impl Operands for () {
    fn args(self) -> Args {
        Args::NONE
    }
}

impl Operands for &[Arg] {
    fn args(self) -> Args {
        let mut a = Args::NONE;
        for &x in self {
            a.push(x);
        }
        a
    }
}

macro_rules! tuples {
    ($(($($t:ident)+))*) => {$(
        impl<$($t: IntoArg),+> Operands for ($($t,)+) {
            fn args(self) -> Args {
                #[allow(non_snake_case)]
                let ($($t,)+) = self;
                let mut a = Args::NONE;
                $(a.push($t.arg());)+
                a
            }
        }
    )*};
}

tuples! { (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) }
