//! Which bits of a texel's coordinates make up the offset inside a swizzled block.
//!
//! Each bit of the offset is the parity of some bits of x, y, z and the fragment. The lowest 256 bytes interleave the
//! coordinates; above, modes without X and T go on so, and X spreads the next bits, as many as choose the pipe, by adding
//! bits that come later. Modes Z and R choose the pipe by a rule of their own, and what remains by `equations.txt`.
//! The facts are those of AMD's public address library; `tests/data/addresses.tsv` has its answers.
use super::layout::{Micro, Mode, Shape};
use std::sync::LazyLock;

/// Most bits of an offset: blocks have 256 KiB.
const BITS: usize = 18;
/// Fewest and most pipes, log2, that `equations.txt` knows: as many packers as pipes, in all gfx11 parts.
pub(super) const PIPES: std::ops::RangeInclusive<u32> = 2..=5;

/// Bits of coordinates: 16 each of x, y, z, and the fragment's above.
type Terms = u64;

/// Bit `bit` of axis `axis`: 0 for x, 1 for y, 2 for z, 3 for the fragment.
const fn term(axis: u32, bit: u32) -> Terms {
    1 << (16 * axis + bit)
}

/// For each bit of the offset, whose parity it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Equation {
    bits: [Terms; BITS],
}

/// Terms as text: `x4y10` and so on.
fn terms(text: &str) -> impl Iterator<Item = Terms> {
    text.match_indices(char::is_alphabetic).filter_map(move |(at, axis)| {
        let digits = text[at + 1..].split(char::is_alphabetic).next()?;
        Some(term("xyzs".find(axis)? as u32, digits.parse().ok()?))
    })
}

/// The coordinate bits of a plain interleave, upward: the lowest 256 bytes first, then the axes in turn.
fn interleave(shape: Shape) -> impl Iterator<Item = Terms> {
    let start: String = match (shape.thick, shape.log2_samples) {
        (true, _) => ["x0x1z0y0y1z1x2z2", "x0z0y0x1z1y1z2", "x0y0x1z0y1z1", "x0y0z0x1z1", "x0z0y0z1"]
            [shape.log2_bytes as usize]
            .into(),
        (false, 0) => ["x0x1y0x2y1y2x3y3", "x0y0x1y1x2y2x3", "x0y0x1y1x2y2", "x0y0x1x2y1", "x0y0x1y1"]
            [shape.log2_bytes as usize]
            .into(),
        (false, samples) => {
            let pixels = "x0y0x1y1x2y2x3";
            "s0s1s2"[..2 * samples as usize].to_string() + &pixels[..2 * (8 - shape.log2_bytes - samples) as usize]
        }
    };
    let start: Vec<Terms> = terms(&start).collect();
    let used = |axis: u32| start.iter().filter(|t| t.trailing_zeros() / 16 == axis).count() as u32;
    let mut next = [used(0), used(1), used(2)];
    let turn: &'static [usize] = if shape.thick { &[1, 0, 2] } else { &[1, 0] };
    let rest = turn.iter().cycle().map(move |&axis| {
        next[axis] += 1;
        term(axis as u32, next[axis] - 1)
    });
    start.into_iter().chain(rest)
}

/// The pipe bits of modes Z and R from bit 8 up; the last one is the block's highest bit instead.
fn pipe_bits(pipes: u32, block: u32) -> [Terms; BITS] {
    let mut bits = [0; BITS];
    bits[8] = term(1, 4) | term(0, 4 + pipes) | term(1, 4 + pipes);
    bits[9] = term(0, 4) | term(1, 4);
    for k in 0..pipes - 1 {
        let (near, far) = (5 + k / 2, 3 + pipes - k / 2);
        let pair = if k % 2 == 0 { [term(1, near), term(0, far)] } else { [term(0, near), term(1, far)] };
        bits[if k == pipes - 2 { block as usize - 1 } else { 10 + k as usize }] = pair[0] | pair[1];
    }
    bits
}

/// A line of `equations.txt`.
struct Row {
    key: (bool, u32, u32, u32, u32),
    bits: [Terms; BITS],
}

/// What `equations.txt` says, sorted.
static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let mut rows: Vec<Row> = include_str!("equations.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [block, samples, pipes, bytes, rest @ ..] = &words[..] else { return None };
            let log2 = if *block == "256K" { 18 } else { 16 };
            let mut bits = [0; BITS];
            for (bit, word) in bits[8..].iter_mut().zip(rest) {
                *bit = terms(word).sum();
            }
            let samples: u32 = samples.parse().ok()?;
            let key = (*block == "thick", log2, samples.ilog2(), pipes.parse().ok()?, bytes.parse().ok()?);
            Some(Row { key, bits })
        })
        .collect();
    rows.sort_by_key(|row| row.key);
    rows
});

impl Equation {
    /// The equation of a mode; None where gfx11 has none for such images.
    pub(super) fn new(mode: Mode, shape: Shape, pipes: u32) -> Option<Equation> {
        let (block, bytes) = (mode.log2_block as usize, shape.log2_bytes as usize);
        let mut bits = [0; BITS];
        let plain = interleave(shape);
        let by_table = matches!(mode.micro, Micro::Z | Micro::R) || mode.micro == Micro::D && shape.thick;
        if by_table {
            let key = (shape.thick, mode.log2_block, shape.log2_samples, pipes, shape.log2_bytes);
            let row = ROWS.binary_search_by_key(&key, |row| row.key).ok()?;
            for (bit, t) in bits[bytes..8].iter_mut().zip(plain) {
                *bit = t;
            }
            let added = &ROWS[row].bits;
            for ((bit, pipe), added) in
                bits[8..block].iter_mut().zip(&pipe_bits(pipes, mode.log2_block)[8..]).zip(&added[8..])
            {
                *bit = pipe ^ added;
            }
            return Some(Equation { bits });
        }
        let axes = if shape.thick { 2 } else { 1 };
        let n = if mode.spread() { (pipes as usize).min(block - 8) } else { 0 };
        let plain: Vec<Terms> = plain.take(8 - bytes + n + axes * n + block).collect();
        bits[bytes..block].copy_from_slice(&plain[..block - bytes]);
        // From the highest pipe bit down, each takes what comes next in the interleave.
        let upper = &plain[8 - bytes..];
        for (k, bit) in bits[8..8 + n].iter_mut().enumerate() {
            for (at, t) in upper.iter().enumerate().skip(n + axes * (n - 1 - k)).take(axes) {
                // Blocks of T modes can be mapped one by one: nothing outside enters.
                if mode.x || at < block - 8 {
                    *bit ^= t;
                }
            }
            if mode.x && !shape.thick {
                *bit ^= term(2, (n - 1 - k) as u32);
            }
        }
        Some(Equation { bits })
    }

    /// The offset of a texel in its block. Coordinates count from the image's origin.
    pub(super) fn offset(&self, [x, y, z]: [u32; 3], fragment: u32) -> u64 {
        let low = |v: u32| u64::from(v & 0xffff);
        let at = low(x) | low(y) << 16 | low(z) << 32 | low(fragment) << 48;
        self.bits.iter().rev().fold(0, |offset, bit| offset << 1 | u64::from((at & bit).count_ones() & 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_is_filled_without_overlap() {
        for (number, thick, samples) in [(2, false, 0), (6, false, 0), (22, false, 0), (26, false, 0), (30, false, 0)]
            .into_iter()
            .chain((0..4).flat_map(|s| [(24, false, s), (27, false, s), (31, false, s)]))
            .chain([5, 9, 17, 21, 25, 26, 29].map(|m| (m, true, 0)))
        {
            for (log2_bytes, pipes) in (0..5).flat_map(|b| PIPES.map(move |p| (b, p))) {
                let mode = Mode::new(number).expect("a mode");
                let shape = Shape { thick, log2_bytes, log2_samples: samples };
                let equation = Equation::new(mode, shape, pipes).expect("an equation");
                let dims = shape.block(mode.log2_block);
                // Linear and of full rank over the block's own bits, so that it maps them one to one.
                let mut columns: Vec<u64> = Vec::new();
                for axis in 0..3 {
                    for bit in 0..dims[axis] {
                        let mut at = [0; 3];
                        at[axis] = 1 << bit;
                        columns.push(equation.offset(at, 0));
                    }
                }
                columns.extend((0..samples).map(|bit| equation.offset([0; 3], 1 << bit)));
                assert_eq!(columns.len() as u32 + log2_bytes, mode.log2_block);
                let mut rank = 0;
                for bit in 0..BITS {
                    let Some(at) = (rank..columns.len()).find(|&k| columns[k] >> bit & 1 != 0) else { continue };
                    columns.swap(rank, at);
                    let pivot = columns[rank];
                    for (k, c) in columns.iter_mut().enumerate() {
                        if k != rank && *c >> bit & 1 != 0 {
                            *c ^= pivot;
                        }
                    }
                    rank += 1;
                }
                assert_eq!(rank, columns.len(), "mode {number}, {shape:?}, {pipes} pipe bits");
            }
        }
    }

    #[test]
    fn the_table_has_every_kind_of_element() {
        // Two sizes of block with four sample counts, and thick blocks; four pipe counts, five sizes of element.
        assert_eq!(ROWS.len(), (2 * 4 + 1) * 4 * 5);
        assert!(ROWS.windows(2).all(|pair| pair[0].key < pair[1].key));
    }
}
