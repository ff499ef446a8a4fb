//! Image resources (T#, RDNA3 guide 10.5): their fields, the layout of linear images, and where a texel lies.
//!
//! A row of a linear image takes a multiple of 256 bytes, or the pitch that the resource of a 1D or 2D image names. The
//! mips of a slice lie one after the other, the smallest first; slices follow one another. Swizzled images are laid out
//! by [`layout`]. Compressed ones (DCC, and HTILE for depth) trap: what their metadata stand for is not known.
mod equation;
mod layout;

use super::LaneTrap;
use super::format::{self, Format};
use crate::TrapKind;
use crate::program::Code;
use crate::wave::Wave;
use isa::{Ext, Image as Fields};
use layout::{Layout, Surface};

/// Rows of linear images start at multiples of this many bytes.
const ROW: u64 = 256;

/// Dimensions that an instruction names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dim {
    D1,
    D2,
    D3,
    Cube,
    D1Array,
    D2Array,
    Msaa,
    MsaaArray,
}

impl Dim {
    fn new(code: u8) -> Dim {
        [Dim::D1, Dim::D2, Dim::D3, Dim::Cube, Dim::D1Array, Dim::D2Array, Dim::Msaa, Dim::MsaaArray][code as usize & 7]
    }

    /// Coordinates in address registers.
    pub(crate) fn coordinates(self) -> usize {
        match self {
            Dim::D1 => 1,
            Dim::D2 | Dim::D1Array => 2,
            Dim::D3 | Dim::Cube | Dim::D2Array | Dim::Msaa => 3,
            Dim::MsaaArray => 4,
        }
    }

    /// Are there rows?
    pub(crate) fn has_y(self) -> bool {
        !matches!(self, Dim::D1 | Dim::D1Array)
    }

    /// Is there a coordinate that counts slices?
    pub(crate) fn layered(self) -> bool {
        matches!(self, Dim::Cube | Dim::D1Array | Dim::D2Array | Dim::MsaaArray)
    }
}

/// A texel of an image, counted from its view.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Texel {
    pub x: u32,
    pub y: u32,
    /// Slice, face of a cube, or depth.
    pub z: u32,
    /// Fragment of a multisampled image.
    pub fragment: u32,
    /// Level below the view's largest.
    pub mip: u32,
}

/// An image resource, as an instruction sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Image {
    base: u64,
    pub dim: Dim,
    pub format: Format,
    pub select: [u8; 4],
    width: u32,
    height: u32,
    /// Depth less one of a 3D image, last slice of an array, pitch less one of the others.
    depth: u32,
    base_array: u32,
    /// A 3D image whose depth counts from `base_array` to `depth` in the mip that is named.
    layers: bool,
    /// The resource is 1D, 2D or 2D MSAA, so that `depth` is its pitch.
    pitched: bool,
    pub base_level: u32,
    pub last_level: u32,
    /// Mips of the whole resource.
    levels: u32,
    /// Fragments of a texel.
    samples: u32,
    /// None: linear.
    swizzled: Option<Layout>,
}

/// What a resource is good for.
pub(crate) enum Resource {
    Bound(Box<Image>),
    /// All zeros: loads return 0, stores vanish.
    Unbound,
    /// No image: the instruction does nothing.
    Mismatch,
}

/// MIMG fields of an instruction.
pub(super) fn fields(c: &Code) -> Fields {
    match c.inst.ext {
        Ext::Image(x) => x,
        _ => Fields::default(),
    }
}

impl Image {
    /// The resource that an instruction names, on a card with this GB_ADDR_CONFIG.
    pub(crate) fn resource<const L: usize>(w: &Wave<L>, c: &Code, addr_config: u32) -> Result<Resource, LaneTrap> {
        let x = fields(c);
        let sbase = c.inst.mem.sbase as usize;
        let n = if x.r128 { 4 } else { 8 };
        let d: [u32; 8] = std::array::from_fn(|k| if k < n { w.sgpr(sbase + k) } else { 0 });
        if d == [0; 8] {
            return Ok(Resource::Unbound);
        }
        let kind = d[3] >> 28;
        if kind < 8 {
            return Ok(Resource::Mismatch);
        }
        let no = |what: String| {
            let name = c.inst.row().name;
            Err((TrapKind::NotImplemented { what: format!("{name} of {what}") }, None))
        };
        let number = (d[1] >> 20) as u8;
        let Some(format) = Format::new(number) else {
            if number == 0 {
                return Ok(Resource::Unbound);
            }
            return no(format!("an image of format {}", format::name(number)));
        };
        if d[6] >> 21 & 1 != 0 {
            return no("an image with COMPRESSION_EN, whose metadata are not known".into());
        }
        let dim = Dim::new(x.dim);
        let msaa = matches!(kind, 14 | 15);
        let mode = d[3] >> 20 & 31;
        let max_mip = d[1] >> 16 & 15;
        let (levels, samples) = if msaa { (1, 1 << max_mip) } else { (max_mip + 1, 1) };
        let width = (d[1] >> 30 | (d[2] & 0xfff) << 2) + 1;
        let height = if dim.has_y() { (d[2] >> 14 & 0x3fff) + 1 } else { 1 };
        let swizzled = if mode == 0 {
            if samples > 1 {
                return no(format!("a linear image of {samples} samples"));
            }
            None
        } else {
            let bytes = u32::from(format.bytes);
            let surface = Surface { mode, volume: kind == 10, bytes, samples, width, height, levels };
            match Layout::new(surface, addr_config) {
                Ok(layout) => Some(layout),
                Err(what) => return no(format!("an image with {what}")),
            }
        };
        Ok(Resource::Bound(Box::new(Image {
            base: (d[0] as u64 | ((d[1] & 0xff) as u64) << 32) << 8,
            dim,
            format,
            select: std::array::from_fn(|k| (d[3] >> (3 * k) & 7) as u8),
            width,
            height,
            depth: d[4] & 0x3fff,
            base_array: d[4] >> 16 & 0x1fff,
            layers: kind == 10 && d[5] & 1 != 0,
            pitched: matches!(kind, 8 | 9 | 14),
            base_level: if msaa { 0 } else { d[3] >> 12 & 15 },
            last_level: if msaa { 0 } else { d[3] >> 16 & 15 },
            levels,
            samples,
            swizzled,
        })))
    }

    /// Width, height and depth of a level of the view; slices of an array, faces of a cube.
    pub(crate) fn extent(&self, mip: u32) -> [u32; 3] {
        let level = self.base_level + mip;
        let at = |n: u32| (n >> level.min(31)).max(1);
        let depth = match self.dim {
            Dim::D3 if self.layers => (self.depth & 0x1fff).saturating_sub(self.base_array) + 1,
            Dim::D3 => at((self.depth & 0x1fff) + 1),
            d if d.layered() && !self.pitched => (self.depth & 0x1fff).saturating_sub(self.base_array) + 1,
            _ => 1,
        };
        [at(self.width), at(self.height), depth]
    }

    /// Levels of the view.
    pub(crate) fn mips(&self) -> u32 {
        self.last_level.saturating_sub(self.base_level) + 1
    }

    /// Fragments of a texel.
    pub(crate) fn samples(&self) -> u32 {
        self.samples
    }

    /// Bytes of a row, and rows, of a level of the resource.
    fn level(&self, level: u32) -> (u64, u64) {
        let up = |n: u32| (n as u64).div_ceil(1 << level.min(31));
        let bytes = self.format.bytes as u64;
        let pitch = if self.pitched { self.depth as u64 + 1 } else { 0 };
        let row = if self.levels == 1 && pitch > self.width as u64 {
            pitch * bytes
        } else {
            (up(self.width) * bytes).next_multiple_of(ROW)
        };
        (row, up(self.height))
    }

    /// Where a texel lies; None outside the view.
    pub(crate) fn address(&self, t: Texel) -> Option<u64> {
        let [width, height, depth] = self.extent(t.mip);
        let level = self.base_level + t.mip;
        if t.x >= width || t.y >= height || t.z >= depth || t.fragment >= self.samples || level > self.last_level {
            return None;
        }
        let first = if self.dim == Dim::D3 && !self.layers { 0 } else { self.base_array };
        if let Some(layout) = &self.swizzled {
            return Some(layout.address(self.base, level, [t.x, t.y, first + t.z], t.fragment));
        }
        let (mut before, mut slice) = (0, 0);
        for k in 0..self.levels {
            let (row, rows) = self.level(k);
            slice += row * rows;
            if k > level {
                before += row * rows;
            }
        }
        let (row, _) = self.level(level);
        Some(
            self.base
                .wrapping_add(u64::from(first + t.z) * slice)
                .wrapping_add(before)
                .wrapping_add(t.y as u64 * row)
                .wrapping_add(t.x as u64 * self.format.bytes as u64),
        )
    }
}

/// The address registers of an instruction: in sequence or one by one, two components a register with A16.
#[derive(Clone, Copy)]
pub(crate) struct Registers {
    list: [u8; 5],
    nsa: bool,
    pub a16: bool,
}

impl Registers {
    pub(crate) fn new(c: &Code) -> Registers {
        let x = fields(c);
        let list = [c.inst.mem.addr, x.more[0], x.more[1], x.more[2], x.more[3]];
        Registers { list, nsa: x.nsa, a16: x.a16 }
    }

    /// Address dword `k` of a lane. The fifth register field takes all that follow.
    pub(crate) fn dword<const L: usize>(&self, w: &Wave<L>, k: usize, lane: usize) -> u32 {
        let reg = if self.nsa { self.list[k.min(4)] as usize + k.saturating_sub(4) } else { self.list[0] as usize + k };
        w.vgpr(reg)[lane]
    }

    /// Component `k` of those that start at dword `first`, in 16 or 32 bits.
    pub(crate) fn component<const L: usize>(&self, w: &Wave<L>, first: usize, k: usize, lane: usize) -> u32 {
        if self.a16 {
            self.dword(w, first + k / 2, lane) >> (16 * (k % 2)) & 0xffff
        } else {
            self.dword(w, first + k, lane)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(dim: Dim, width: u32, height: u32, levels: u32) -> Image {
        Image {
            base: 0x10_0000,
            dim,
            format: Format::new(42).expect("8_8_8_8_UNORM"),
            select: format::IDENTITY,
            width,
            height,
            depth: 0,
            base_array: 0,
            layers: false,
            pitched: false,
            base_level: 0,
            last_level: levels - 1,
            levels,
            samples: 1,
            swizzled: None,
        }
    }

    fn at(x: u32, y: u32, z: u32, mip: u32) -> Texel {
        Texel { x, y, z, fragment: 0, mip }
    }

    #[test]
    fn rows_take_whole_blocks_of_256_bytes() {
        let i = image(Dim::D2, 65, 3, 1);
        assert_eq!(i.address(at(64, 2, 0, 0)), Some(0x10_0000 + 2 * 512 + 256));
        assert_eq!(i.address(at(65, 0, 0, 0)), None);
        assert_eq!(i.address(at(0, 3, 0, 0)), None);
        let pitched = Image { pitched: true, depth: 99, ..i };
        assert_eq!(pitched.address(at(0, 1, 0, 0)), Some(0x10_0000 + 400));
    }

    #[test]
    fn the_smallest_mip_comes_first_and_slices_follow() {
        // Levels of 100x10, 50x5 and 25x3 texels (halved upward): rows of 512, 256 and 256 bytes.
        let i = Image { depth: 2, ..image(Dim::D2Array, 100, 10, 3) };
        assert_eq!(i.address(at(0, 0, 0, 2)), Some(0x10_0000));
        assert_eq!(i.address(at(0, 0, 0, 1)), Some(0x10_0000 + 3 * 256));
        assert_eq!(i.address(at(0, 0, 0, 0)), Some(0x10_0000 + 8 * 256));
        let slice = 8 * 256 + 10 * 512;
        assert_eq!(i.address(at(1, 1, 2, 0)), Some(0x10_0000 + 2 * slice + 8 * 256 + 512 + 4));
        assert_eq!(i.address(at(0, 0, 3, 0)), None);
        // Sizes are halved downward: the last level has 25 x 2 texels.
        assert_eq!(i.extent(2), [25, 2, 3]);
        assert_eq!(i.address(at(0, 2, 0, 2)), None);
        assert_eq!(i.address(at(0, 0, 0, 3)), None);
    }

    #[test]
    fn views_count_from_their_first_level_and_slice() {
        let i = Image { depth: 5, base_array: 2, base_level: 1, ..image(Dim::D2Array, 64, 64, 2) };
        assert_eq!(i.extent(0), [32, 32, 4]);
        let slice = 64 * 256 + 32 * 256;
        assert_eq!(i.address(at(0, 0, 1, 0)), Some(0x10_0000 + 3 * slice));
        assert_eq!(i.mips(), 1);
        let volume = Image { dim: Dim::D3, depth: 7, base_level: 0, ..i };
        assert_eq!(volume.extent(1), [32, 32, 4]);
    }
}
