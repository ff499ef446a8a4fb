//! Buffer loads and stores through a format, and loads that go straight to LDS.
use super::LaneTrap;
use super::format::{Format, IDENTITY, scattered, selected};
use super::op::Half;
use super::place::{Bound, Buffer};
use super::plain::put;
use super::port::{Place, Port};
use crate::TrapKind;
use crate::program::Code;
use crate::wave::{M0, Wave};

/// Registers that `n` components take.
pub(super) fn registers(n: usize, d16: Option<Half>) -> usize {
    if d16.is_some() { n.div_ceil(2) } else { n }
}

/// Which register and which half of it a component takes.
pub(super) fn home(k: usize, d16: Option<Half>) -> (usize, Option<Half>) {
    match d16 {
        None => (k, None),
        Some(Half::High) => (0, Some(Half::High)),
        Some(Half::Low) => (k / 2, Some([Half::Low, Half::High][k % 2])),
    }
}

/// A component out of a register.
pub(super) fn fetch<const L: usize>(w: &Wave<L>, first: usize, k: usize, d16: Option<Half>, lane: usize) -> u32 {
    let (reg, half) = home(k, d16);
    let v = w.vgpr(first + reg)[lane];
    match half {
        None => v,
        Some(Half::Low) => v & 0xffff,
        Some(Half::High) => v >> 16,
    }
}

/// A buffer with the format and the selection that the instruction takes.
struct Typed {
    buffer: Buffer,
    /// None where the buffer is unbound.
    format: Option<Format>,
    select: [u8; 4],
}

/// The buffer of an instruction; None where nothing happens at all.
fn resource<const L: usize>(w: &Wave<L>, c: &Code) -> Result<Option<Typed>, LaneTrap> {
    let b = Buffer::new(w, c);
    let typed = c.inst.format() == isa::Format::Mtbuf;
    let number = if typed { c.inst.mem.format } else { b.format };
    let unbound = Typed { buffer: b, format: None, select: IDENTITY };
    match b.bound(typed) {
        Bound::Mismatch => return Ok(None),
        Bound::No => return Ok(Some(unbound)),
        Bound::Yes if number == 0 => return Ok(Some(unbound)),
        Bound::Yes => {}
    }
    let Some(format) = Format::new(number) else {
        let what = format!("{} of format {}", c.inst.row().name, super::format::name(number));
        return Err((TrapKind::NotImplemented { what }, None));
    };
    Ok(Some(Typed { buffer: b, format: Some(format), select: if typed { IDENTITY } else { b.select } }))
}

/// Loads or stores `n` components.
pub(super) fn run<const L: usize>(
    w: &mut Wave<L>,
    c: &Code,
    (n, store, d16): (usize, bool, Option<Half>),
    port: &mut Port<'_>,
) -> Result<(), LaneTrap> {
    let Some(Typed { buffer: b, format, select }) = resource(w, c)? else { return Ok(()) };
    let exec = w.exec();
    let first = c.inst.vdst as usize;
    let mut out = [[0u32; 4]; L];
    for lane in (0..L).filter(|lane| exec >> lane & 1 != 0) {
        let Some(format) = format else { continue };
        let size = format.bytes as usize;
        let p = b.place(w, c, lane, 0, size as u32);
        let l = Some(lane as u32);
        if store {
            let mut v = [0; 4];
            for (k, v) in v[..n].iter_mut().enumerate() {
                *v = fetch(w, first, k, d16, lane);
            }
            let v = scattered(select, v);
            let element = if d16.is_some() { format.store16(v) } else { format.store(v) };
            let Some(element) = element else {
                let what = format!("{} to a format that is only read", c.inst.row().name);
                return Err((TrapKind::NotImplemented { what }, l));
            };
            port.write(l, p, &element[..size])?;
        } else {
            let mut element = [0; 16];
            port.read(l, p, &mut element[..size])?;
            let (v, one) = if d16.is_some() {
                (format.load16(&element), format.one16())
            } else {
                (format.load(&element), format.one())
            };
            // Out of range every component is 0 before the selection.
            let v = if let Place::Out(..) = p { [0; 4] } else { v };
            out[lane] = selected(select, v, one);
        }
    }
    if !store {
        for k in 0..n {
            let (reg, half) = home(k, d16);
            for (lane, v) in out.iter().enumerate() {
                put(w, first + reg, lane, exec, v[k], half);
            }
        }
    }
    Ok(())
}

/// Loads a dword a lane into LDS at M0 plus the instruction's offset, the lanes side by side.
pub(super) fn to_lds<const L: usize>(
    w: &mut Wave<L>,
    c: &Code,
    (bytes, signed): (usize, bool),
    port: &mut Port<'_>,
) -> Result<(), LaneTrap> {
    let exec = w.exec();
    let Typed { buffer: b, format, select } = if bytes == 0 {
        let Some(x) = resource(w, c)? else { return Ok(()) };
        x
    } else {
        let buffer = Buffer::new(w, c);
        let format = match buffer.bound(false) {
            Bound::Mismatch => return Ok(()),
            Bound::No => None,
            // A plain value is one of 32_UINT whose upper bytes are not there.
            Bound::Yes => Format::new(20),
        };
        Typed { buffer, format, select: IDENTITY }
    };
    let base = (w.s[M0] & 0xffff).wrapping_add(c.inst.imm as u32);
    for lane in (0..L).filter(|lane| exec >> lane & 1 != 0) {
        let l = Some(lane as u32);
        let mut v = 0;
        if let Some(format) = format {
            let size = if bytes == 0 { format.bytes as usize } else { bytes };
            let p = b.place(w, c, lane, 0, size as u32);
            let mut element = [0; 16];
            port.read(l, p, &mut element[..size])?;
            let quad = if let Place::Out(..) = p { [0; 4] } else { format.load(&element) };
            v = selected(select, quad, format.one())[0];
        }
        if signed {
            let sh = 32 - 8 * bytes as u32;
            v = (((v << sh) as i32) >> sh) as u32;
        }
        port.write(l, Place::Lds(base.wrapping_add(4 * lane as u32)), &v.to_le_bytes())?;
    }
    Ok(())
}
