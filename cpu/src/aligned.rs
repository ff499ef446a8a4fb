//! Floats that begin with a cache line.

use std::collections::TryReserveError;
use std::fmt;
use std::ops::{Deref, DerefMut};

/// 64 bytes: the cache line, and the widest vector, which then never straddles two lines.
#[derive(Debug, Clone, Copy, Default, bytemuck::Zeroable, bytemuck::Pod)]
#[repr(C, align(64))]
pub(super) struct CacheLine(pub(super) [f32; 16]);

/// Floats whose first is at a multiple of 64 bytes. Tensors may lie anywhere, but vectors of one that lies here do not straddle
/// two cache lines, where its rows are multiples of 16 floats.
///
/// ```
/// let mut x = sparkle_cpu::Aligned::zeroed(100)?;
/// x[99] = 1.0;
/// assert_eq!((x.len(), x.as_ptr() as usize % 64), (100, 0));
/// # Ok::<(), std::collections::TryReserveError>(())
/// ```
#[derive(Clone, Default)]
pub struct Aligned {
    lines: Vec<CacheLine>,
    len: usize,
}

impl Aligned {
    /// `len` zeros.
    ///
    /// # Errors
    ///
    /// [`TryReserveError`] where there is no memory for them.
    pub fn zeroed(len: usize) -> Result<Self, TryReserveError> {
        let count = len.div_ceil(16);
        let mut lines = Vec::new();
        lines.try_reserve_exact(count)?;
        lines.resize(count, CacheLine::default());
        Ok(Self { lines, len })
    }
}

impl Deref for Aligned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &bytemuck::cast_slice(&self.lines)[..self.len]
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.len]
    }
}

impl fmt::Debug for Aligned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}
