//! Image loads, stores, atomics and queries: instructions without a sampler.
use super::LaneTrap;
use super::atomic::{Flush, Rmw, apply};
use super::format::{scattered, selected};
use super::image::{Dim, Image, Registers, Resource, Texel, fields};
use super::op::{Half, ImageOp};
use super::plain::put;
use super::port::{Place, Port, Space};
use super::typed::{fetch, home, registers};
use crate::TrapKind;
use crate::program::Code;
use crate::wave::Wave;
use isa::row::I_LOD;

/// Components that DMASK names, at least one.
fn components(dmask: u8) -> usize {
    (dmask & 15).count_ones().max(1) as usize
}

/// 16-bit data starts in the low half.
pub(super) fn packed(d16: bool) -> Option<Half> {
    d16.then_some(Half::Low)
}

/// Registers that an image instruction writes.
pub(super) fn results(c: &Code, op: ImageOp) -> usize {
    let x = fields(c);
    let n = components(x.dmask);
    match op {
        ImageOp::Store | ImageOp::StoreRaw => 0,
        ImageOp::Rmw { .. } if !c.inst.mem.glc => 0,
        ImageOp::Rmw { op } => n / if op == Rmw::CmpSwap { 2 } else { 1 },
        ImageOp::LoadFragments | ImageOp::Gather { .. } => registers(4, packed(x.d16)),
        ImageOp::LoadRaw { .. } | ImageOp::Size => n,
        _ => registers(n, packed(x.d16)),
    }
}

/// The image of an instruction; None where there is none, which is done with then: loads returned 0.
pub(super) fn image<const L: usize>(
    w: &mut Wave<L>,
    c: &Code,
    op: ImageOp,
    addr_config: u32,
) -> Result<Option<Image>, LaneTrap> {
    match Image::resource(w, c, addr_config)? {
        Resource::Bound(image) => return Ok(Some(*image)),
        Resource::Mismatch => {}
        Resource::Unbound => {
            let exec = w.exec();
            for k in 0..results(c, op) {
                w.write32(c.inst.vdst as usize + k, &[0; L], exec);
            }
        }
    }
    Ok(None)
}

/// Writes components that DMASK names into consecutive registers or halves.
pub(super) fn deliver<const L: usize>(
    w: &mut Wave<L>,
    c: &Code,
    exec: u64,
    d16: Option<Half>,
    dmask: u8,
    out: &[[u32; 4]; L],
) {
    let first = c.inst.vdst as usize;
    // Without any component one register is written, with 0.
    let list: Vec<Option<usize>> =
        if dmask & 15 == 0 { vec![None] } else { (0..4).filter(|k| dmask >> k & 1 != 0).map(Some).collect() };
    for (n, k) in list.into_iter().enumerate() {
        let (reg, half) = home(n, d16);
        for (lane, v) in out.iter().enumerate() {
            put(w, first + reg, lane, exec, k.map_or(0, |k| v[k]), half);
        }
    }
}

fn texel<const L: usize>(w: &Wave<L>, c: &Code, regs: Registers, dim: Dim, lane: usize) -> Texel {
    let v = |k| regs.component(w, 0, k, lane);
    let n = dim.coordinates();
    let mut t = Texel { x: v(0), ..Texel::default() };
    match dim {
        Dim::D1 => {}
        Dim::D1Array => t.z = v(1),
        Dim::D2 => t.y = v(1),
        Dim::D3 | Dim::Cube | Dim::D2Array => (t.y, t.z) = (v(1), v(2)),
        Dim::Msaa => (t.y, t.fragment) = (v(1), v(2)),
        Dim::MsaaArray => (t.y, t.z, t.fragment) = (v(1), v(2), v(3)),
    }
    if c.inst.row().has(I_LOD) {
        t.mip = v(n).min(255);
    }
    t
}

fn place(image: &Image, t: Texel) -> Place {
    match image.address(t) {
        Some(va) => Place::Va(va),
        None => Place::Out(Space::Global, 0),
    }
}

pub(super) fn run<const L: usize>(w: &mut Wave<L>, c: &Code, op: ImageOp, port: &mut Port<'_>) -> Result<(), LaneTrap> {
    let x = fields(c);
    let exec = w.exec();
    let d16 = packed(x.d16);
    let Some(image) = image(w, c, op, port.mem.addr_config())? else { return Ok(()) };
    match op {
        ImageOp::Store => return store(w, c, &image, d16, port),
        ImageOp::StoreRaw => return store_raw(w, c, &image, port),
        ImageOp::Rmw { op } => return atomic(w, c, &image, op, port),
        ImageOp::LoadFragments if image.samples() > 1 => {
            let what = format!("{} of {} fragments", c.inst.row().name, image.samples());
            return Err((TrapKind::NotImplemented { what }, None));
        }
        _ => {}
    }
    let regs = Registers::new(c);
    let size = image.format.bytes as usize;
    let mut out = [[0u32; 4]; L];
    for lane in (0..L).filter(|lane| exec >> lane & 1 != 0) {
        if op == ImageOp::Size {
            out[lane] = sizes(&image, regs.component(w, 0, 0, lane));
            continue;
        }
        let p = place(&image, texel(w, c, regs, image.dim, lane));
        let mut element = [0; 16];
        port.read(Some(lane as u32), p, &mut element[..size])?;
        out[lane] = match op {
            ImageOp::LoadRaw { sign } => raw(&element, size, sign),
            _ => {
                let f = &image.format;
                let (v, one) = if x.d16 { (f.load16(&element), f.one16()) } else { (f.load(&element), f.one()) };
                selected(image.select, if let Place::Out(..) = p { [0; 4] } else { v }, one)
            }
        };
        if op == ImageOp::LoadFragments {
            let k = x.dmask.trailing_zeros().min(3) as usize;
            out[lane] = [out[lane][k], 0, 0, 0];
        }
    }
    let dmask = if op == ImageOp::LoadFragments { 15 } else { x.dmask };
    let d16 = if matches!(op, ImageOp::LoadRaw { .. } | ImageOp::Size) { None } else { d16 };
    deliver(w, c, exec, d16, dmask, &out);
    Ok(())
}

/// Width, height, depth and levels; a level that the view has not is empty.
fn sizes(image: &Image, mip: u32) -> [u32; 4] {
    let mips = image.mips();
    let [width, height, depth] = if mip < mips { image.extent(mip) } else { [0; 3] };
    [width, height, depth, mips]
}

/// Memory as it is, a dword a component.
fn raw(element: &[u8; 16], size: usize, sign: bool) -> [u32; 4] {
    let mut v: [u32; 4] = std::array::from_fn(|k| {
        u32::from_le_bytes([element[4 * k], element[4 * k + 1], element[4 * k + 2], element[4 * k + 3]])
    });
    if sign && size < 4 {
        let sh = 32 - 8 * size as u32;
        v[0] = (((v[0] << sh) as i32) >> sh) as u32;
    }
    v
}

/// The registers of a store, each in the component that DMASK names; the others are 0.
fn sources<const L: usize>(w: &Wave<L>, c: &Code, dmask: u8, d16: Option<Half>, lane: usize) -> [u32; 4] {
    let mut v = [0; 4];
    for (n, k) in (0..4).filter(|k| dmask >> k & 1 != 0).enumerate() {
        v[k] = fetch(w, c.inst.vdst as usize, n, d16, lane);
    }
    v
}

fn store<const L: usize>(
    w: &Wave<L>,
    c: &Code,
    image: &Image,
    d16: Option<Half>,
    port: &mut Port<'_>,
) -> Result<(), LaneTrap> {
    let (x, regs, exec) = (fields(c), Registers::new(c), w.exec());
    for lane in (0..L).filter(|lane| exec >> lane & 1 != 0) {
        let v = scattered(image.select, sources(w, c, x.dmask, d16, lane));
        let element = if d16.is_some() { image.format.store16(v) } else { image.format.store(v) };
        let l = Some(lane as u32);
        let Some(element) = element else {
            let what = format!("{} to a format that is only read", c.inst.row().name);
            return Err((TrapKind::NotImplemented { what }, l));
        };
        let p = place(image, texel(w, c, regs, image.dim, lane));
        port.write(l, p, &element[..image.format.bytes as usize])?;
    }
    Ok(())
}

fn store_raw<const L: usize>(w: &Wave<L>, c: &Code, image: &Image, port: &mut Port<'_>) -> Result<(), LaneTrap> {
    let (x, regs, exec) = (fields(c), Registers::new(c), w.exec());
    for lane in (0..L).filter(|lane| exec >> lane & 1 != 0) {
        let mut element = [0; 16];
        for (b, v) in element.chunks_exact_mut(4).zip(sources(w, c, x.dmask, None, lane)) {
            b.copy_from_slice(&v.to_le_bytes());
        }
        let p = place(image, texel(w, c, regs, image.dim, lane));
        port.write(Some(lane as u32), p, &element[..image.format.bytes as usize])?;
    }
    Ok(())
}

/// The size of the operation follows from DMASK, which counts data registers; it must be that of the format, else
/// nothing happens.
fn atomic<const L: usize>(
    w: &mut Wave<L>,
    c: &Code,
    image: &Image,
    op: Rmw,
    port: &mut Port<'_>,
) -> Result<(), LaneTrap> {
    let (x, regs, exec) = (fields(c), Registers::new(c), w.exec());
    let n = components(x.dmask) / if op == Rmw::CmpSwap { 2 } else { 1 };
    let wide = n == 2;
    let first = c.inst.vdst as usize;
    let flush = Flush::new(w.mode, op, wide, false);
    let mut olds = [0u64; L];
    for lane in (0..L).filter(|lane| exec >> lane & 1 != 0) {
        let value = |reg: usize| {
            let lo = w.vgpr(reg)[lane] as u64;
            if wide { lo | (w.vgpr(reg + 1)[lane] as u64) << 32 } else { lo }
        };
        let (a, b) = (value(first), value(first + n));
        let mut p = place(image, texel(w, c, regs, image.dim, lane));
        if image.format.bytes as usize != 4 * n {
            p = Place::Out(Space::Global, 0);
        }
        olds[lane] = port.update(Some(lane as u32), p, wide, &mut |old| apply(op, wide, flush, old, a, b))?;
    }
    if c.inst.mem.glc {
        w.write64(first, &olds, n as u8, exec);
    }
    Ok(())
}
