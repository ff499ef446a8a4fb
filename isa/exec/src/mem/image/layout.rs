//! Where the texels of a swizzled image lie: blocks, levels, the tail of small levels, slices.
//!
//! A level is a raster of blocks, a slice (with thick blocks a slab of as many slices as a block is deep) its levels from
//! the smallest up. Levels that fit half a block share the first one, the tail, each at a place of its own.
//! The rules are those of AMD's public address library for gfx11; `tests/data/addresses.tsv` has its answers.
use super::equation::{Equation, PIPES};

/// Levels that a resource may have.
const LEVELS: usize = 16;

/// The order of texels within 256 bytes and above.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Micro {
    Z,
    S,
    D,
    R,
}

/// A swizzle mode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mode {
    /// Bytes of a block, log2: 8, 12, 16 or 18.
    pub log2_block: u32,
    pub micro: Micro,
    /// Pipe bits take in what lies outside the block, and the base address' low bits.
    pub x: bool,
    /// Pipe bits take in what lies inside the block.
    pub t: bool,
}

impl Mode {
    /// The mode of a number; None where gfx11 has none.
    pub(super) fn new(number: u32) -> Option<Mode> {
        let micro = [Micro::Z, Micro::S, Micro::D, Micro::R][number as usize & 3];
        let (log2_block, x, t) = match number {
            2 => (8, false, false),
            5 | 6 => (12, false, false),
            9 | 10 => (16, false, false),
            17 | 18 => (16, false, true),
            21 | 22 => (12, true, false),
            24..=27 => (16, true, false),
            28..=31 => (18, true, false),
            _ => return None,
        };
        Some(Mode { log2_block, micro, x, t })
    }

    /// Are consecutive pipes consecutive in some direction?
    pub(super) fn spread(self) -> bool {
        self.x || self.t
    }

    /// Does gfx11 have such images?
    fn fits(self, volume: bool, samples: u32) -> bool {
        match self.micro {
            Micro::Z | Micro::R => samples == 1 || !volume && samples <= 8 && samples.is_power_of_two(),
            Micro::S => volume && samples == 1,
            Micro::D => samples == 1 && (!volume || self.log2_block == 16 && self.x),
        }
    }
}

/// The name of a swizzle mode.
pub(super) fn name(number: u32) -> String {
    let order = ["Z", "S", "D", "R"][number as usize & 3];
    match number {
        1..=3 => format!("256B_{order}"),
        4..=7 => format!("4KB_{order}"),
        8..=11 => format!("64KB_{order}"),
        16..=19 => format!("64KB_{order}_T"),
        20..=23 => format!("4KB_{order}_X"),
        24..=27 => format!("64KB_{order}_X"),
        28..=31 => format!("256KB_{order}_X"),
        m => format!("number {m}"),
    }
}

/// What of an image decides the shape of its blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shape {
    /// Blocks have depth.
    pub thick: bool,
    pub log2_bytes: u32,
    pub log2_samples: u32,
}

impl Shape {
    /// Width, height and depth of a block of `1 << log2_block` bytes, log2.
    pub(super) fn block(self, log2_block: u32) -> [u32; 3] {
        if self.thick {
            // Grown from 1 KiB, depth before height before width.
            let [w, h, d] = [[4, 3, 3], [3, 3, 3], [3, 3, 2], [3, 2, 2], [2, 2, 2]][self.log2_bytes as usize];
            let (each, rest) = ((log2_block - 10) / 3, (log2_block - 10) % 3);
            [w + each, h + each + rest / 2, d + each + rest.min(1)]
        } else {
            let texels = log2_block - self.log2_bytes - self.log2_samples;
            let w = if self.log2_samples.is_multiple_of(2) { texels.div_ceil(2) } else { texels / 2 };
            [w, texels - w, 0]
        }
    }

    /// Width and height of 256 bytes, log2.
    fn micro(self) -> [u32; 2] {
        let k = self.log2_bytes as usize;
        if self.thick {
            [[3, 2], [2, 2], [2, 2], [2, 1], [1, 1]][k]
        } else {
            [[4, 4], [4, 3], [3, 3], [3, 2], [2, 2]][k]
        }
    }
}

/// What a resource says of a swizzled image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surface {
    /// SW_MODE.
    pub mode: u32,
    /// A 3D image, whatever its view.
    pub volume: bool,
    /// Bytes of a texel.
    pub bytes: u32,
    /// Fragments of a texel.
    pub samples: u32,
    /// Texels of the first level.
    pub width: u32,
    pub height: u32,
    /// Levels, from 1 to 16.
    pub levels: u32,
}

/// One level of a slice or slab.
#[derive(Clone, Copy, Default, Debug)]
struct Level {
    /// Its first block.
    first: u64,
    /// Blocks of a row.
    columns: u64,
    /// The texel of the block at which it begins.
    origin: [u32; 2],
}

/// Where texels lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    equation: Equation,
    mode: Mode,
    /// Width, height and depth of a block, log2.
    block: [u32; 3],
    /// Blocks of a slice or slab.
    slab: u64,
    levels: [Level; LEVELS],
}

impl Layout {
    /// The layout of a surface on a card with this GB_ADDR_CONFIG; what is not known, in words.
    pub(crate) fn new(s: Surface, addr_config: u32) -> Result<Layout, String> {
        let Some(mode) = Mode::new(s.mode).filter(|m| m.fits(s.volume, s.samples)) else {
            let kind = if s.volume { "3D" } else { "2D" };
            return Err(format!("swizzle mode {} for {kind} images of {} samples", name(s.mode), s.samples));
        };
        if !s.bytes.is_power_of_two() || s.bytes > 16 {
            return Err(format!("swizzle mode {} with texels of {} bytes", name(s.mode), s.bytes));
        }
        // NUM_PIPES, PIPE_INTERLEAVE_SIZE (256 bytes) and NUM_PKRS.
        let (pipes, interleave, packers) = (addr_config & 7, addr_config >> 3 & 7, addr_config >> 8 & 7);
        let shape = Shape {
            thick: s.volume && matches!(mode.micro, Micro::S | Micro::D),
            log2_bytes: s.bytes.ilog2(),
            log2_samples: s.samples.ilog2(),
        };
        let known = PIPES.contains(&pipes) && packers == pipes && interleave == 0;
        let Some(equation) = Equation::new(mode, shape, pipes).filter(|_| known) else {
            return Err(format!("swizzle mode {} with GB_ADDR_CONFIG {addr_config:#x}", name(s.mode)));
        };
        let block = shape.block(mode.log2_block);
        let mut levels = [Level::default(); LEVELS];
        let slab = arrange(&mut levels[..s.levels.clamp(1, LEVELS as u32) as usize], mode, shape, [s.width, s.height]);
        Ok(Layout { equation, mode, block, slab, levels })
    }

    /// The address of a texel of a level, its coordinates within the image.
    pub(crate) fn address(&self, base: u64, level: u32, [x, y, z]: [u32; 3], fragment: u32) -> u64 {
        let Level { first, columns, origin } = self.levels[level as usize % LEVELS];
        let [w, h, d] = self.block;
        let block = u64::from(z >> d) * self.slab + first + u64::from(y >> h) * columns + u64::from(x >> w);
        let inside = self.equation.offset([x + origin[0], y + origin[1], z], fragment);
        let mask = (1 << self.mode.log2_block) - 1;
        let blocks = block << self.mode.log2_block;
        if self.mode.spread() {
            // The low bits say which pipe and bank the image begins with.
            (base & !mask).wrapping_add(blocks) + (inside ^ base & mask)
        } else {
            base.wrapping_add(blocks).wrapping_add(inside)
        }
    }
}

/// Places the levels of a slice or slab, and returns its blocks.
fn arrange(levels: &mut [Level], mode: Mode, shape: Shape, size: [u32; 2]) -> u64 {
    let [w, h, _] = shape.block(mode.log2_block);
    let extent = |level: usize| size.map(|n| n.div_ceil(1 << level));
    let count = levels.len();
    // One level alone has whole blocks, and blocks of 256 bytes have no tail.
    let (limit, most) = if count > 1 && mode.log2_block > 8 { tail(mode, shape) } else { ([0; 2], 0) };
    let fits = |k: &usize| extent(*k)[0] <= limit[0] && extent(*k)[1] <= limit[1] && count - k <= most;
    let first_in_tail = (0..count).find(fits).unwrap_or(count);
    let mut next = u64::from(first_in_tail < count);
    for k in (0..first_in_tail).rev() {
        let [columns, rows] = [extent(k)[0].div_ceil(1 << w), extent(k)[1].div_ceil(1 << h)].map(u64::from);
        levels[k] = Level { first: next, columns, origin: [0; 2] };
        next += columns * rows;
    }
    for (k, level) in levels.iter_mut().enumerate().skip(first_in_tail) {
        // The largest has the upper half of the block, the next one the upper half of the rest, down to 2 KiB; the last
        // seven have 256 bytes each.
        let from_end = most - 1 - (k - first_in_tail);
        let units = if from_end > 6 { 1 << (from_end - 4) } else { from_end as u32 };
        // Units of 256 bytes, by turns along y and x.
        let every_other = |v: u32| (0..6).fold(0, |n, bit| n | (v >> (2 * bit) & 1) << bit);
        let [x, y] = shape.micro();
        *level = Level { first: 0, columns: 1, origin: [every_other(units >> 1) << x, every_other(units) << y] };
    }
    next
}

/// The largest width and height of a level in the tail, and how many levels one has at most.
fn tail(mode: Mode, shape: Shape) -> ([u32; 2], usize) {
    let [mut w, mut h, _] = shape.block(mode.log2_block);
    let mut log2 = mode.log2_block as usize;
    if shape.thick {
        log2 -= (log2 - 8) / 3;
    }
    if shape.thick && mode.log2_block.is_multiple_of(3) {
        h -= 1;
    } else {
        w -= 1;
    }
    if mode.micro == Micro::Z && shape.log2_bytes <= 1 {
        // Depth of 16 bits, and stencil, go into the tail where depth of 32 bits would.
        w -= 1;
        h -= 1 - shape.log2_bytes;
    }
    ([1 << w, 1 << h], if log2 <= 11 { 1 + (1 << (log2 - 9)) } else { log2 - 4 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of `tools/clients/addresses.cpp`; `SPARKLE_ADDRESSES` names another file of them.
    fn answers() -> String {
        let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/addresses.tsv").into();
        let path = std::env::var_os("SPARKLE_ADDRESSES").unwrap_or(own);
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    #[test]
    fn texels_lie_where_the_address_library_puts_them() {
        let (mut lines, mut points, mut wrong) = (0, 0, Vec::new());
        let answers = answers();
        for line in answers.lines().filter(|l| !l.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let number = |k: usize| -> u32 { words[k].parse().expect("a number") };
            let hex = |s: &str| u64::from_str_radix(s.trim_start_matches("0x"), 16).expect("a hexadecimal number");
            let surface = Surface {
                volume: number(1) == 3,
                mode: number(2),
                bytes: number(3),
                samples: number(4),
                width: number(5),
                height: number(6),
                levels: number(8),
            };
            let layout = Layout::new(surface, hex(words[0]) as u32).expect("a layout");
            // An address in the high half, aligned for any block.
            let base = 0xffff_8123_4564_0000 | hex(words[9]);
            for point in &words[10..] {
                let (at, want) = point.split_once('=').expect("an offset");
                let at: Vec<u32> = at.split(',').map(|n| n.parse().expect("a number")).collect();
                let got = layout.address(base, at[4], [at[0], at[1], at[2]], at[3]);
                points += 1;
                if got - 0xffff_8123_4564_0000 != hex(want) {
                    wrong.push(format!("{point}, got {:x}: {line}", got - 0xffff_8123_4564_0000));
                }
            }
            lines += 1;
        }
        assert!(lines >= 700, "{lines} surfaces");
        assert!(wrong.is_empty(), "{} of {points}, the first: {:#?}", wrong.len(), &wrong[..wrong.len().min(5)]);
    }

    #[test]
    fn what_is_not_known_is_said() {
        let surface = Surface { mode: 27, volume: false, bytes: 4, samples: 1, width: 8, height: 8, levels: 1 };
        let no = |s: Surface, config| Layout::new(s, config).expect_err("no layout");
        assert!(Layout::new(surface, 0x545).is_ok());
        assert_eq!(no(surface, 0x544), "swizzle mode 64KB_R_X with GB_ADDR_CONFIG 0x544");
        assert_eq!(no(Surface { bytes: 12, ..surface }, 0x545), "swizzle mode 64KB_R_X with texels of 12 bytes");
        assert_eq!(no(Surface { mode: 25, ..surface }, 0x545), "swizzle mode 64KB_S_X for 2D images of 1 samples");
        assert_eq!(
            no(Surface { mode: 22, volume: true, ..surface }, 0x545),
            "swizzle mode 4KB_D_X for 3D images of 1 samples"
        );
        assert_eq!(
            no(Surface { mode: 26, samples: 4, ..surface }, 0x545),
            "swizzle mode 64KB_D_X for 2D images of 4 samples"
        );
        assert_eq!(no(Surface { mode: 13, ..surface }, 0x545), "swizzle mode number 13 for 2D images of 1 samples");
    }
}
