//! Sampling and gathering without filters.
//!
//! A sampler (S#, RDNA3 guide 10.6) with point filters reads one texel: the coordinate times the size, rounded down,
//! then wrapped or clamped. The level is the view's first wherever the view has one level, the sampler disables mips or
//! the instruction says so; else it is the coordinate of the `_l` forms, rounded to nearest. Bilinear, anisotropic and
//! minimum or maximum filters, levels that follow from derivatives, and border colours from a register trap.
use super::LaneTrap;
use super::format::{Format, selected};
use super::image::{Dim, Image, Registers, Texel, fields};
use super::op::{Extras, ImageOp};
use super::port::{Place, Port, Space};
use super::texels::{deliver, image, packed};
use crate::TrapKind;
use crate::fp::{flush32, h2f};
use crate::program::Code;
use crate::wave::Wave;

/// Addressing beyond the edge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wrap {
    Repeat,
    Mirror,
    Last,
    MirrorLast,
    Border,
    MirrorBorder,
}

impl Wrap {
    fn new(code: u32) -> Wrap {
        match code & 7 {
            0 => Wrap::Repeat,
            1 => Wrap::Mirror,
            // Half a texel of border is seen by filters only.
            2 | 4 => Wrap::Last,
            3 | 5 => Wrap::MirrorLast,
            6 => Wrap::Border,
            _ => Wrap::MirrorBorder,
        }
    }

    /// The texel that stands for `i` of `n`; None for the border.
    fn apply(self, i: i64, n: u32) -> Option<u32> {
        let n = n as i64;
        let mirrored = if i < 0 { -1 - i } else { i };
        let k = match self {
            Wrap::Repeat => i.rem_euclid(n),
            Wrap::Mirror => {
                let m = i.rem_euclid(2 * n);
                m.min(2 * n - 1 - m)
            }
            Wrap::Last => i.clamp(0, n - 1),
            Wrap::MirrorLast => mirrored.min(n - 1),
            Wrap::Border => i,
            Wrap::MirrorBorder => mirrored,
        };
        (0..n).contains(&k).then_some(k as u32)
    }
}

/// A sampler.
struct Sampler {
    wrap: [Wrap; 3],
    compare: u32,
    unnormalized: bool,
    skip_degamma: bool,
    /// Some filter reads more than one texel.
    filters: bool,
    mips: bool,
    min_lod: f32,
    max_lod: f32,
    bias: bool,
    border: u32,
}

impl Sampler {
    fn new<const L: usize>(w: &Wave<L>, c: &Code) -> Sampler {
        let x = fields(c);
        let d: [u32; 4] = std::array::from_fn(|k| w.sgpr(x.ssamp as usize + k));
        let fixed = |v: u32| (v & 0xfff) as f32 / 256.0;
        Sampler {
            wrap: [Wrap::new(d[0]), Wrap::new(d[0] >> 3), Wrap::new(d[0] >> 6)],
            compare: d[0] >> 12 & 7,
            unnormalized: x.unorm || d[0] >> 15 & 1 != 0,
            skip_degamma: d[0] >> 31 != 0,
            filters: d[2] >> 20 & 15 != 0 || d[2] >> 24 & 3 == 2 || d[2] >> 26 & 3 == 2 || d[0] >> 29 & 3 != 0,
            mips: d[2] >> 26 & 3 != 0,
            min_lod: fixed(d[1]),
            max_lod: fixed(d[1] >> 12),
            bias: d[2] & 0xf_ffff != 0,
            border: d[3] >> 30,
        }
    }
}

/// `reference OP texel` of the depth compare function.
fn passes(function: u32, reference: f32, texel: f32) -> bool {
    match function {
        0 => false,
        1 => reference < texel,
        2 => reference == texel,
        3 => reference <= texel,
        4 => reference > texel,
        5 => reference != texel,
        6 => reference >= texel,
        _ => true,
    }
}

/// What one lane passes.
#[derive(Clone, Copy, Default)]
struct Input {
    offset: [i64; 3],
    reference: f32,
    coordinates: [f32; 4],
    lod: f32,
}

/// Beyond any image, whatever is added.
const FAR: i64 = 1 << 40;

/// Dwords of gradients.
fn gradients(dim: Dim, g16: bool) -> usize {
    let each = match dim {
        Dim::D1 | Dim::D1Array => 1,
        Dim::D3 => 3usize,
        _ => 2,
    };
    2 * if g16 { each.div_ceil(2) } else { each }
}

fn input<const L: usize>(w: &Wave<L>, regs: Registers, dim: Dim, x: Extras, lane: usize) -> Input {
    let mut at = 0;
    let mut next = || {
        at += 1;
        regs.dword(w, at - 1, lane)
    };
    let mut i = Input::default();
    if x.offset {
        let v = next();
        i.offset = [0, 8, 16].map(|sh| ((v << (26 - sh)) as i32 >> 26) as i64);
    }
    if x.bias {
        next();
    }
    if x.compare {
        i.reference = f32::from_bits(next());
    }
    let first = at + if x.gradients { gradients(dim, x.g16) } else { 0 };
    let body = |k| {
        let v = regs.component(w, first, k, lane);
        if regs.a16 { h2f(v & 0xffff) } else { f32::from_bits(v) }
    };
    let n = dim.coordinates();
    for (k, c) in i.coordinates[..n].iter_mut().enumerate() {
        *c = body(k);
    }
    if x.lod {
        i.lod = body(n);
    }
    i
}

/// A texel's place along each axis before wrapping, and its slice.
fn position(image: &Image, s: &Sampler, i: &Input, mip: u32, shift: f32) -> ([i64; 3], u32) {
    let size = image.extent(mip);
    let layers = size[2];
    let c = i.coordinates;
    let scaled = |k: usize| {
        let v = if image.dim == Dim::Cube { c[k] - 1.0 } else { c[k] };
        let v = if s.unnormalized { v } else { v * size[k] as f32 };
        // NaN counts as 0; what lies far outside stays there.
        ((v - shift).floor() as i64).clamp(-FAR, FAR) + i.offset[k]
    };
    let slice = |v: f32| (v.round_ties_even().max(0.0) as u32).min(layers.saturating_sub(1));
    match image.dim {
        Dim::D1 => ([scaled(0), 0, 0], 0),
        Dim::D1Array => ([scaled(0), 0, 0], slice(c[1])),
        Dim::D3 => ([scaled(0), scaled(1), scaled(2)], 0),
        Dim::Cube => {
            // With a sampler a cube has eight numbers, of which six are faces.
            let id = c[2].round_ties_even().max(0.0) as u32;
            ([scaled(0), scaled(1), 0], (id / 8 * 6 + (id % 8).min(5)).min(layers.saturating_sub(1)))
        }
        Dim::D2Array => ([scaled(0), scaled(1), 0], slice(c[2])),
        _ => ([scaled(0), scaled(1), 0], 0),
    }
}

/// Everything that lanes share.
struct Pass<'a> {
    image: &'a Image,
    sampler: &'a Sampler,
    format: Format,
    compare: bool,
}

impl Pass<'_> {
    /// The components of one texel, selected.
    fn texel(
        &self,
        port: &mut Port<'_>,
        lane: usize,
        at: [i64; 3],
        slice: u32,
        mip: u32,
        reference: f32,
    ) -> Result<[u32; 4], LaneTrap> {
        let size = self.image.extent(mip);
        let cube = self.image.dim == Dim::Cube;
        let axis = |k: usize| if cube { Wrap::Last } else { self.sampler.wrap[k] }.apply(at[k], size[k]);
        let place = match (axis(0), axis(1), self.image.dim) {
            (Some(x), Some(y), Dim::D3) => axis(2).map(|z| Texel { x, y, z, fragment: 0, mip }),
            (Some(x), Some(y), _) => Some(Texel { x, y, z: slice, fragment: 0, mip }),
            _ => None,
        };
        let one = self.format.one();
        let l = Some(lane as u32);
        let mut quad = match place {
            None => {
                port.note(l, Space::Global, 0, self.format.bytes as usize, crate::Access::Read, false);
                match self.sampler.border {
                    0 => [0; 4],
                    1 => [0, 0, 0, one],
                    2 => [one; 4],
                    _ => {
                        let what = "a border colour from a register".into();
                        return Err((TrapKind::NotImplemented { what }, l));
                    }
                }
            }
            Some(t) => {
                let p = match self.image.address(t) {
                    Some(va) => Place::Va(va),
                    None => Place::Out(Space::Global, 0),
                };
                let mut element = [0; 16];
                port.read(l, p, &mut element[..self.format.bytes as usize])?;
                self.format.load(&element)
            }
        };
        if !self.format.integer() {
            quad = quad.map(flush32);
        }
        if self.compare {
            let pass = passes(self.sampler.compare, reference, f32::from_bits(quad[0]));
            quad = [if pass { one } else { 0 }, 0, 0, one];
        }
        Ok(selected(self.image.select, quad, one))
    }
}

pub(super) fn run<const L: usize>(w: &mut Wave<L>, c: &Code, op: ImageOp, port: &mut Port<'_>) -> Result<(), LaneTrap> {
    let exec = w.exec();
    let x = fields(c);
    let no = |what: &str| {
        let what = format!("{} with {what}", c.inst.row().name);
        Err((TrapKind::NotImplemented { what }, None))
    };
    let (extras, gather) = match op {
        ImageOp::Sample(x) => (x, None),
        ImageOp::Gather { row, extras } => (extras, Some(row)),
        _ => return no("a level from derivatives"),
    };
    let Some(image) = image(w, c, op, port.mem.addr_config())? else { return Ok(()) };
    let sampler = Sampler::new(w, c);
    // Gathering reads the texels of a bilinear filter and does not filter them.
    if sampler.filters && gather.is_none() {
        return no("a filter other than point");
    }
    if matches!(image.dim, Dim::Msaa | Dim::MsaaArray) {
        return no("a multisampled image");
    }
    let one_level = image.mips() == 1 || !sampler.mips || extras.level_zero;
    if !one_level && (!extras.lod || sampler.bias) {
        return no("a level from derivatives");
    }
    let format = if sampler.skip_degamma { image.format.linear() } else { image.format };
    let pass = Pass { image: &image, sampler: &sampler, format, compare: extras.compare };
    let regs = Registers::new(c);
    let mut out = [[0u32; 4]; L];
    for lane in (0..L).filter(|lane| exec >> lane & 1 != 0) {
        let i = input(w, regs, image.dim, extras, lane);
        let mip = if one_level {
            0
        } else {
            let lod = i.lod.max(sampler.min_lod).min(sampler.max_lod);
            ((lod + 0.5).floor().max(0.0) as u32).min(image.mips() - 1)
        };
        let shift = if gather == Some(false) { 0.5 } else { 0.0 };
        let (at, slice) = position(&image, &sampler, &i, mip, shift);
        let mut get =
            |dx: i64, dy: i64| pass.texel(port, lane, [at[0] + dx, at[1] + dy, at[2]], slice, mip, i.reference);
        let k = x.dmask.trailing_zeros().min(3) as usize;
        out[lane] = match gather {
            None => get(0, 0)?,
            Some(false) => [get(0, 1)?[k], get(1, 1)?[k], get(1, 0)?[k], get(0, 0)?[k]],
            Some(true) => [get(0, 0)?[k], get(1, 0)?[k], get(2, 0)?[k], get(3, 0)?[k]],
        };
        if x.d16 {
            out[lane] = format.shorten(out[lane]);
        }
    }
    let dmask = if gather.is_some() { 15 } else { x.dmask };
    deliver(w, c, exec, packed(x.d16), dmask, &out);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Wrap;

    #[test]
    fn edges_wrap_mirror_clamp_and_meet_the_border() {
        let row = |w: Wrap| (-5..8).map(|i| w.apply(i, 3)).collect::<Vec<_>>();
        let all = |v: [u32; 13]| v.map(Some).to_vec();
        assert_eq!(row(Wrap::Repeat), all([1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1]));
        assert_eq!(row(Wrap::Mirror), all([1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1]));
        assert_eq!(row(Wrap::Last), all([0, 0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2]));
        assert_eq!(row(Wrap::MirrorLast), all([2, 2, 2, 1, 0, 0, 1, 2, 2, 2, 2, 2, 2]));
        assert_eq!(Wrap::Border.apply(-1, 3), None);
        assert_eq!(Wrap::MirrorBorder.apply(-3, 3), Some(2));
        assert_eq!(Wrap::MirrorBorder.apply(-4, 3), None);
    }
}
