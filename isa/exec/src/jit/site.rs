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
    /// Questions in a row that gave nothing.
    pub misses: u32,
    /// Accesses to let pass before the next question.
    pub wait: u32,
}

/// Above every window's end. An empty site lies here: generated code subtracts spans and addresses below 2^63 from the end,
/// which never wraps.
const TOP: u64 = 1 << 62;

impl Default for Site {
    fn default() -> Self {
        Site { start: TOP, end: TOP, bias: 0, misses: 0, wait: 0 }
    }
}

/// Questions without an answer after which a site asks more and more seldom: each time half as often, at last one time in
/// `1 << SELDOM`.
const PATIENCE: u32 = 8;
const SELDOM: u32 = 12;
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
        if (self.start..self.end).contains(&va) {
            return;
        }
        if self.wait > 0 {
            self.wait -= 1;
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
                self.misses = 0;
            }
            _ => {
                self.misses = (self.misses + 1).min(PATIENCE + SELDOM);
                self.wait = (1 << self.misses.saturating_sub(PATIENCE)) - 1;
            }
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
        Format::Smem if c.load.is_some_and(|l| l.buffer) => {
            let at = imm.wrapping_add(w.sgpr(i.mem.soffset as usize) as u64) & !3;
            (w.sgpr64(i.mem.sbase as usize) & 0xffff_ffff_fffc).wrapping_add(at)
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemFault;

    /// Gives windows or not, and counts how often it was asked.
    struct Asked {
        page: [u8; 64],
        gives: bool,
        asked: u32,
    }

    #[allow(unsafe_code)]
    impl Memory for Asked {
        fn load(&mut self, _: u64, _: &mut [u8]) -> Result<(), MemFault> {
            Ok(())
        }
        fn store(&mut self, _: u64, _: &[u8]) -> Result<(), MemFault> {
            Ok(())
        }
        fn atomic_u32(&mut self, _: u64, _: &mut dyn FnMut(u32) -> u32) -> Result<u32, MemFault> {
            Ok(0)
        }
        fn atomic_u64(&mut self, _: u64, _: &mut dyn FnMut(u64) -> u64) -> Result<u64, MemFault> {
            Ok(0)
        }
        fn fetch(&mut self, _: u64, _: &mut [u32]) -> Result<usize, MemFault> {
            Ok(1)
        }
        fn window(&mut self, _: u64, _: Access) -> Option<Window> {
            self.asked += 1;
            // SAFETY: the page lives longer than the window, and nothing goes through it.
            self.gives.then(|| unsafe { Window::new(0x1000, 0x1040, self.page.as_mut_ptr()) })
        }
    }

    #[test]
    fn a_site_asks_less_and_less_but_does_not_give_up() {
        let mut m = Asked { page: [0; 64], gives: false, asked: 0 };
        let (mut site, mut windows) = (Site::default(), Vec::new());
        for _ in 0..100_000 {
            site.refill(0x1000, Access::Read, &mut m, &mut windows);
        }
        assert!((20..64).contains(&m.asked), "{} questions", m.asked);
        m.gives = true;
        let before = (1..).find(|_| {
            site.refill(0x1000, Access::Read, &mut m, &mut windows);
            site.start == 0x1000
        });
        assert!(before.is_some_and(|n| n <= 1 << SELDOM), "{before:?}");
        assert_eq!((site.end, site.misses, site.wait), (0x1040, 0, 0));
    }
}
