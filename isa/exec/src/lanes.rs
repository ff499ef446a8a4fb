//! Lanes reading other lanes.
use isa::Dpp;

/// A lane outside the row or the wave.
const NOWHERE: u8 = 255;

/// What a DPP control means, worked out once: which lane each lane reads, and which lanes may be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct DppMap {
    from: [u8; 64],
    /// Lanes that row and bank masks leave.
    write: u64,
    /// Lanes that read nowhere get 0 instead of keeping their result.
    zero: bool,
    /// Inactive lanes are read too.
    inactive: bool,
}

impl DppMap {
    /// None without DPP.
    pub(crate) fn new(dpp: Dpp, lanes: usize) -> Option<DppMap> {
        let mut map = DppMap { from: [NOWHERE; 64], write: !0, zero: true, inactive: false };
        match dpp {
            Dpp::None => return None,
            Dpp::Dpp8 { sel, fi } => {
                map.inactive = fi;
                for (i, f) in map.from[..lanes].iter_mut().enumerate() {
                    *f = (i & !7) as u8 + (sel >> (3 * (i & 7)) & 7) as u8;
                }
            }
            Dpp::Dpp16 { ctrl, row_mask, bank_mask, bound_ctrl, fi } => {
                (map.inactive, map.zero) = (fi, bound_ctrl);
                for i in 0..lanes {
                    if row_mask >> ((i / 16) & 3) & 1 == 0 || bank_mask >> ((i / 4) & 3) & 1 == 0 {
                        map.write &= !(1 << i);
                    }
                    let (row, k, n) = (i & !15, i & 15, (ctrl & 15) as usize);
                    let from = match ctrl >> 4 {
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
                    map.from[i] = from.map_or(NOWHERE, |f| f as u8);
                }
            }
        }
        Some(map)
    }

    /// Lanes to write where `exec` are active.
    pub(crate) fn write<const L: usize>(&self, exec: u64) -> u64 {
        if self.zero {
            return exec & self.write;
        }
        let mut valid = 0u64;
        for (i, &f) in self.from[..L].iter().enumerate() {
            valid |= ((f != NOWHERE && (self.inactive || exec >> (f & 63) & 1 != 0)) as u64) << i;
        }
        exec & self.write & valid
    }

    /// The lane that each lane reads, None where it reads 0; beyond the wave nothing.
    pub(crate) fn sources(&self, exec: u64) -> [Option<usize>; 64] {
        self.from.map(|f| (f != NOWHERE && (self.inactive || exec >> f & 1 != 0)).then_some(f as usize))
    }

    /// What each lane reads of `x`: 0 from nowhere and from inactive lanes, unless those are asked for.
    pub(crate) fn read<const L: usize>(&self, exec: u64, x: &[u32; L]) -> [u32; L] {
        let mut masked = *x;
        if !self.inactive {
            for (i, v) in masked.iter_mut().enumerate() {
                *v = if exec >> i & 1 != 0 { *v } else { 0 };
            }
        }
        std::array::from_fn(|i| masked.get(self.from[i & 63] as usize).copied().unwrap_or(0))
    }
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
