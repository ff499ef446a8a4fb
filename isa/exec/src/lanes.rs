//! Lanes reading other lanes.
use isa::Dpp;

/// For every lane the lane it reads (None reads 0), and the mask of lanes written.
pub(crate) fn dpp<const L: usize>(dpp: Dpp, exec: u64) -> ([Option<usize>; L], u64) {
    let mut from = [None; L];
    let mut write = exec;
    for (i, f) in from.iter_mut().enumerate() {
        let (src, fi, bc) = match dpp {
            Dpp::None => (Some(i), true, true),
            Dpp::Dpp8 { sel, fi } => (Some((i & !7) + (sel >> (3 * (i & 7)) & 7) as usize), fi, true),
            Dpp::Dpp16 { ctrl, row_mask, bank_mask, bound_ctrl, fi } => {
                if row_mask >> ((i / 16) & 3) & 1 == 0 || bank_mask >> ((i / 4) & 3) & 1 == 0 {
                    write &= !(1 << i);
                }
                let (row, k, n) = (i & !15, i & 15, (ctrl & 15) as usize);
                let s = match ctrl >> 4 {
                    0..=15 => Some((i & !3) + (ctrl >> (2 * (i & 3)) & 3) as usize),
                    16 => (k + n < 16).then_some(row + k + n),
                    17 => k.checked_sub(n).map(|x| row + x),
                    18 => Some(row + (k + 16 - n) % 16),
                    20 if n == 0 => Some(row + 15 - k),
                    20 => Some((i & !7) + 7 - (i & 7)),
                    21 => Some(row + n),
                    22 => Some(row + (k ^ n)),
                    _ => None,
                };
                (s, fi, bound_ctrl)
            }
        };
        let valid = src.filter(|&s| s < L && (fi || exec >> s & 1 != 0));
        *f = valid;
        // A lane that exists but is inactive reads 0 under BOUND_CTRL like one outside the row.
        if valid.is_none() && !bc {
            write &= !(1 << i);
        }
    }
    (from, write)
}

/// Source lane of `ds_swizzle_b32`.
pub(crate) fn swizzle(offset: u32, lane: usize) -> usize {
    if offset & 0x8000 != 0 {
        if offset & 0x4000 != 0 {
            // Rotate within 32 lanes; masked bits stay.
            let (dir, n, mask) = (offset >> 10 & 1, offset >> 5 & 31, offset & 31);
            let j = (lane & 31) as u32;
            let r = if dir == 0 { j + n } else { j + 32 - n } & 31;
            return (lane & !31) | ((j & mask) | (r & !mask & 31)) as usize;
        }
        return (lane & !3) + (offset >> (2 * (lane & 3)) & 3) as usize;
    }
    let (and, or, xor) = (offset & 31, offset >> 5 & 31, offset >> 10 & 31);
    (lane & !31) + ((((lane as u32 & 31) & and) | or) ^ xor) as usize
}
