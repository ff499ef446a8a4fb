//! Pages for generated code: writable while code is added, executable otherwise, never both.
use memmap2::{Mmap, MmapMut};

/// Bytes of one piece.
const PIECE: usize = 1 << 20;

/// Pieces of one cache: a guest makes as many blocks as it likes.
const MOST: usize = 64;

#[derive(Default)]
pub(super) struct Pages {
    pieces: Vec<Mmap>,
    used: usize,
    /// The host refused to change a piece, which is gone with the code in it.
    lost: bool,
}

impl Pages {
    /// Is code that was added still there. Where it is not nothing of it may run.
    pub(super) fn are_whole(&self) -> bool {
        !self.lost
    }

    /// Is there room for more.
    pub(super) fn have_room(&self) -> bool {
        self.pieces.len() <= MOST
    }

    /// Adds code and returns its address, which stays; None where the host gives no pages.
    pub(super) fn add(&mut self, code: &[u8]) -> Option<*const u8> {
        if code.len() > PIECE {
            return None;
        }
        let added = self.put(code);
        self.lost |= added.is_none();
        added
    }

    fn put(&mut self, code: &[u8]) -> Option<*const u8> {
        let (mut map, at) = match self.pieces.pop() {
            Some(m) if self.used + code.len() <= PIECE => (m.make_mut().ok()?, self.used),
            last => {
                self.pieces.extend(last);
                (MmapMut::map_anon(PIECE).ok()?, 0)
            }
        };
        map[at..at + code.len()].copy_from_slice(code);
        // Blocks start on a cache line.
        self.used = (at + code.len()).next_multiple_of(64);
        let map = map.make_exec().ok()?;
        let p = map.as_ptr();
        self.pieces.push(map);
        Some(p.wrapping_add(at))
    }
}
