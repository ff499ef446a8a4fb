//! Windows that memory instructions keep for themselves: each instruction mostly goes to one buffer.
use crate::program::Code;
use crate::wave::{NULL, Wave};
use crate::{Access, Memory, Window};
use isa::Format;

/// A memory instruction's window; empty where it has none.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct Site {
    pub start: u64,
    pub end: u64,
    /// Host address minus GPU address.
    pub bias: u64,
    /// Questions that gave nothing.
    pub misses: u64,
}

/// Above every window's end. An empty site lies here: generated code subtracts spans and addresses below 2^63 from the end,
/// which never wraps.
const TOP: u64 = 1 << 62;

impl Default for Site {
    fn default() -> Self {
        Site { start: TOP, end: TOP, bias: 0, misses: 0 }
    }
}

/// Questions without an answer after which a site gives up.
const GIVE_UP: u64 = 8;
/// Windows remembered.
const WINDOWS: usize = 32;

impl Site {
    pub(super) fn refill(
        &mut self,
        va: u64,
        access: Access,
        mem: &mut dyn Memory,
        windows: &mut Vec<(Access, Window)>,
    ) {
        if (self.start..self.end).contains(&va) || self.misses >= GIVE_UP {
            return;
        }
        let known = windows.iter().find(|(a, w)| *a == access && (w.start()..w.end()).contains(&va));
        let window = match known {
            Some((_, w)) => Some(*w),
            None => {
                let w = mem.window(va, access);
                if let Some(w) = w {
                    if windows.len() == WINDOWS {
                        windows.clear();
                    }
                    windows.push((access, w));
                }
                w
            }
        };
        match window {
            // Addresses of one window differ by less than 2^63, so that differences keep their sign.
            Some(w) if w.start() < w.end() && w.end() < TOP => {
                self.start = w.start();
                self.end = w.end();
                self.bias = (w.host() as u64).wrapping_sub(w.start());
            }
            _ => self.misses += 1,
        }
    }
}

/// Address of the first active lane of a memory instruction, before it runs.
pub(super) fn address<const L: usize>(w: &Wave<L>, c: &Code) -> Option<(u64, Access)> {
    let i = &c.inst;
    let access = if i.row().name.contains("store") { Access::Write } else { Access::Read };
    let imm = i.imm as i64 as u64;
    let lane = match w.exec() {
        0 => 0,
        e => e.trailing_zeros() as usize,
    };
    let v = |k: usize| w.vgpr(k)[lane] as u64;
    let addr = i.mem.addr as usize;
    let va = match i.format() {
        Format::Smem => {
            w.sgpr64(i.mem.sbase as usize).wrapping_add(imm).wrapping_add(w.sgpr(i.mem.soffset as usize) as u64)
        }
        Format::Global if i.mem.sbase as usize != NULL => {
            w.sgpr64(i.mem.sbase as usize).wrapping_add(v(addr)).wrapping_add(imm)
        }
        Format::Global | Format::Flat => (v(addr) | v(addr + 1) << 32).wrapping_add(imm),
        Format::Scratch => w.scratch,
        Format::Mubuf => w.sgpr64(i.mem.sbase as usize) & 0xffff_ffff_ffff,
        _ => return None,
    };
    Some((va, access))
}
