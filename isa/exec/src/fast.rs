//! The host's SIMD level, and vector instructions compiled once for each.
use crate::ops::Chunk;
use crate::program::Code;
use crate::valu;
use crate::wave::Wave;

/// SIMD level of the host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Level {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// The best level this host has; `SPARKLE_EMU_SIMD` may ask for `portable` or `avx2`.
    pub(crate) fn detect() -> Level {
        #[cfg(target_arch = "x86_64")]
        {
            let asked = std::env::var("SPARKLE_EMU_SIMD").unwrap_or_default();
            if asked == "portable" {
                return Level::Portable;
            }
            let avx2 =
                is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw");
            if avx2 && avx512 && asked != "avx2" {
                return Level::Avx512;
            }
            if avx2 {
                return Level::Avx2;
            }
        }
        Level::Portable
    }
}

/// Runs a vector instruction on a wave: all operands, modifiers, lanes and the write. The wave is a [`Wave`] of the lanes
/// the instruction was decoded for; the calling convention is C's, so that translated code can call it.
///
/// # Safety
/// The pointer must be to a `Wave<L>` nobody else borrows, with the L of [`Code::new`], and the host must have the level
/// of [`crate::group::level`].
pub(crate) type Run = unsafe extern "C" fn(*mut (), &Code);

/// A function on a wave for both wave sizes, compiled for one level at most: what needs no vectors.
macro_rules! plain_run {
    ($name:path, $lanes:expr) => {{
        unsafe extern "C" fn run<const L: usize>(w: *mut (), c: &Code) {
            // SAFETY: the caller of a `Run` gives a wave of these lanes, borrowed by nobody else.
            $name(unsafe { &mut *w.cast::<Wave<L>>() }, c);
        }
        if $lanes == 64 { run::<64> as $crate::fast::Run } else { run::<32> }
    }};
}
pub(crate) use plain_run;

/// The same compiled for each level, which `$name` is told by its first argument; it must be `inline(always)`.
macro_rules! level_run {
    ($(#[$doc:meta])* $vis:vis fn $new:ident = $name:path;) => {
        $(#[$doc])*
        #[allow(unsafe_code)]
        $vis fn $new(level: Level, lanes: u32) -> Run {
            unsafe extern "C" fn portable<const L: usize>(w: *mut (), c: &Code) {
                // SAFETY: the caller of a `Run` gives a wave of these lanes, borrowed by nobody else.
                $name($crate::host::Portable, unsafe { &mut *w.cast::<Wave<L>>() }, c);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,f16c")]
            unsafe extern "C" fn avx2<const L: usize>(w: *mut (), c: &Code) {
                // SAFETY: as above.
                $name($crate::host::Avx2, unsafe { &mut *w.cast::<Wave<L>>() }, c);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c")]
            unsafe extern "C" fn avx512<const L: usize>(w: *mut (), c: &Code) {
                // SAFETY: as above.
                $name($crate::host::Avx512, unsafe { &mut *w.cast::<Wave<L>>() }, c);
            }
            match (level, lanes) {
                (Level::Portable, 32) => portable::<32>,
                (Level::Portable, _) => portable::<64>,
                #[cfg(target_arch = "x86_64")]
                (Level::Avx2, 32) => avx2::<32>,
                #[cfg(target_arch = "x86_64")]
                (Level::Avx2, _) => avx2::<64>,
                #[cfg(target_arch = "x86_64")]
                (Level::Avx512, 32) => avx512::<32>,
                #[cfg(target_arch = "x86_64")]
                (Level::Avx512, _) => avx512::<64>,
            }
        }
    };
}

pub(crate) use level_run;

level_run! {
    /// 32-bit lanes without modifiers, while MODE has its usual value.
    pub(crate) fn simple = valu::simple;
}
level_run! {
    /// The same with a result in the low half of the register.
    pub(crate) fn simple_half = valu::simple_half;
}
level_run! {
    /// 64-bit lanes without modifiers, while MODE has its usual value.
    pub(crate) fn simple_wide = valu::simple_wide;
}
level_run! {
    /// 32-bit lanes with everything.
    pub(crate) fn full = valu::full;
}
level_run! {
    /// 64-bit lanes with everything.
    pub(crate) fn full_wide = valu::full_wide;
}
level_run! {
    /// 32-bit compares without modifiers.
    pub(crate) fn compare = crate::compare::simple;
}
level_run! {
    /// Compares with everything.
    pub(crate) fn compare_full = crate::compare::full;
}
level_run! {
    /// Selection by a lane mask.
    pub(crate) fn select = valu::select;
}
level_run! {
    /// VOPD pairs.
    pub(crate) fn pair = valu::pair;
}
/// A register as chunks of sixteen lanes.
#[inline(always)]
pub(crate) fn chunks<const L: usize>(x: &[u32; L]) -> &[Chunk] {
    x.as_chunks().0
}

/// The same for writing.
#[inline(always)]
pub(crate) fn chunks_mut<const L: usize>(x: &mut [u32; L]) -> &mut [Chunk] {
    x.as_chunks_mut().0
}
