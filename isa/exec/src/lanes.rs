//! Lanes reading other lanes.
use crate::fast::{chunks, chunks_mut};
use crate::host::Host;
use crate::ops::{Chunk, apart};
use crate::wave::Wave;
use isa::Dpp;

/// What a DPP control means, worked out once: which lane each lane reads, and which lanes may be written. No control
/// leaves the row of sixteen lanes, and all rows do the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct DppMap {
    /// Lane of the row that each lane reads.
    from: Chunk,
    /// All ones where there is one, else 0.
    inside: Chunk,
    /// The same, a bit each for the whole wave.
    valid: u64,
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
        let mut map = DppMap { from: [0; 16], inside: [0; 16], valid: 0, write: !0, zero: true, inactive: false };
        let mut from = [None; 16];
        match dpp {
            Dpp::None => return None,
            Dpp::Dpp8 { sel, fi } => {
                map.inactive = fi;
                for (k, f) in from.iter_mut().enumerate() {
                    *f = Some((k & !7) + (sel >> (3 * (k & 7)) & 7) as usize);
                }
            }
            Dpp::Dpp16 { ctrl, row_mask, bank_mask, bound_ctrl, fi } => {
                (map.inactive, map.zero) = (fi, bound_ctrl);
                for i in 0..lanes {
                    if row_mask >> ((i / 16) & 3) & 1 == 0 || bank_mask >> ((i / 4) & 3) & 1 == 0 {
                        map.write &= !(1 << i);
                    }
                }
                let n = (ctrl & 15) as usize;
                for (k, f) in from.iter_mut().enumerate() {
                    *f = match ctrl >> 4 {
                        0..=15 => Some((k & !3) + (ctrl >> (2 * (k & 3)) & 3) as usize),
                        16 => (k + n < 16).then_some(k + n),
                        17 => k.checked_sub(n),
                        18 => Some((k + 16 - n) % 16),
                        20 if n == 0 => Some(15 - k),
                        20 => Some((k & !7) + 7 - (k & 7)),
                        21 => Some(n),
                        22 => Some(k ^ n),
                        _ => None,
                    };
                }
            }
        }
        for i in 0..lanes {
            if let Some(f) = from[i % 16] {
                map.from[i % 16] = f as u32;
                map.inside[i % 16] = !0;
                map.valid |= 1 << i;
            }
        }
        Some(map)
    }

    /// Lanes to write where `exec` are active.
    #[inline(always)]
    pub(crate) fn write<H: Host, const L: usize>(&self, h: H, exec: u64) -> u64 {
        if self.zero {
            return exec & self.write;
        }
        if self.inactive || exec == Wave::<L>::ALL {
            return exec & self.write & self.valid;
        }
        let mut read = 0;
        for row in 0..L / 16 {
            read |= (h.signs(&h.shuffle(&spread(exec >> (16 * row)), &self.from)) as u64) << (16 * row);
        }
        exec & self.write & self.valid & read
    }

    /// The lane that each lane reads, None where it reads 0; beyond the wave nothing.
    pub(crate) fn sources(&self, exec: u64) -> [Option<usize>; 64] {
        std::array::from_fn(|i| {
            let from = (i & !15) + self.from[i & 15] as usize;
            (self.valid >> i & 1 != 0 && (self.inactive || exec >> from & 1 != 0)).then_some(from)
        })
    }

    /// What each lane reads of `x`: 0 from nowhere and from inactive lanes, unless those are asked for.
    #[inline(always)]
    pub(crate) fn read<H: Host, const L: usize>(&self, h: H, exec: u64, x: &[u32; L], o: &mut [u32; L]) {
        let all = self.inactive || exec == Wave::<L>::ALL;
        for (row, (x, o)) in chunks(x).iter().zip(chunks_mut(o)).enumerate() {
            let mut v = h.shuffle(x, &self.from);
            if !all {
                let live = h.shuffle(&spread(exec >> (16 * row)), &self.from);
                for i in 0..16 {
                    v[i] &= live[i];
                }
            }
            for i in 0..16 {
                o[i] = v[i] & self.inside[i];
            }
            apart();
        }
    }
}

/// All ones in the lanes whose bit is set among the lowest sixteen.
#[inline(always)]
pub(crate) fn spread(mask: u64) -> Chunk {
    let m = mask as u32;
    let mut o = [0; 16];
    for (i, o) in o.iter_mut().enumerate() {
        *o = 0u32.wrapping_sub(m >> i & 1);
    }
    o
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
