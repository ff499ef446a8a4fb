//! Global wave sync (GWS), ordered count and the registers of streamout, as far as one workgroup sees them.
//!
//! The hardware keeps them for the whole GPU; here every group has its own, zeroed when it starts. A barrier that asks
//! for more waves than the group has is therefore never met, and ends the group as a deadlock rather than hanging.
//! A wave that must wait stays at its instruction and asks again when its turn comes.
use super::Done;

/// One of the 64 resources.
#[derive(Clone, Default)]
struct Resource {
    counter: u32,
    /// Inverted when a barrier is met: tells waves that entered before from those that enter after.
    flag: bool,
    /// Waves that wait for the semaphore, first come first.
    queue: Vec<u32>,
}

/// State that the waves of a group share beside LDS.
#[derive(Clone, Default)]
pub(crate) struct Sync {
    resources: Vec<Resource>,
    /// Waves that wait at a barrier: wave, resource, the flag it entered with.
    waiting: Vec<(u32, usize, bool)>,
    /// Targets of ordered count and of `ds_add_gs_reg_rtn`: eight of 32 bits, then eight of 64.
    registers: [u64; 16],
    /// The wave whose ordered count is next.
    turn: u32,
}

/// What a GWS instruction does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Gws {
    Init,
    /// Semaphore: one more wave may pass.
    V,
    /// Semaphore: as many waves as the operand says may pass.
    Br,
    /// Semaphore: wait.
    P,
    /// Semaphore: all that wait may pass.
    ReleaseAll,
    Barrier,
}

/// Counters have 12 bits.
const COUNTER: u32 = 0xfff;

impl Sync {
    /// Runs `op` of `wave` on resource `id` with its operand.
    ///
    /// The operand of init and barrier is the number of waves less one: that is what the AMD device library passes, and
    /// the wave that finds 0 is the last one.
    pub(crate) fn gws(&mut self, op: Gws, wave: u32, id: u32, operand: u32) -> Done {
        let id = id as usize % 64;
        if self.resources.is_empty() {
            self.resources = vec![Resource::default(); 64];
        }
        let r = &mut self.resources[id];
        match op {
            Gws::Init => {
                r.counter = operand & COUNTER;
                r.flag = false;
            }
            Gws::V => r.counter = (r.counter + 1) & COUNTER,
            Gws::Br => r.counter = r.counter.wrapping_add(operand) & COUNTER,
            Gws::ReleaseAll => r.counter = r.counter.wrapping_add(r.queue.len() as u32) & COUNTER,
            Gws::P => {
                if !r.queue.contains(&wave) {
                    r.queue.push(wave);
                }
                if r.counter == 0 || r.queue[0] != wave {
                    return Done::Again;
                }
                r.queue.remove(0);
                r.counter -= 1;
            }
            Gws::Barrier => {
                if let Some(k) = self.waiting.iter().position(|x| x.0 == wave && x.1 == id) {
                    if r.flag == self.waiting[k].2 {
                        return Done::Again;
                    }
                    self.waiting.swap_remove(k);
                } else if r.counter == 0 {
                    r.flag = !r.flag;
                    r.counter = operand & COUNTER;
                } else {
                    r.counter -= 1;
                    self.waiting.push((wave, id, r.flag));
                    return Done::Again;
                }
            }
        }
        Done::Next
    }

    /// Replaces register `k` by `f` of it and returns what was there.
    pub(crate) fn register(&mut self, k: usize, f: impl FnOnce(u64) -> u64) -> u64 {
        let r = &mut self.registers[k & 15];
        let old = *r;
        let new = f(old);
        *r = if k & 8 == 0 { new & 0xffff_ffff } else { new };
        old
    }

    /// Is it this wave's turn in the order of creation? `release` lets the next one come.
    pub(crate) fn turn(&mut self, wave: u32, release: bool) -> bool {
        let mine = wave <= self.turn;
        if mine && release {
            self.turn = self.turn.max(wave + 1);
        }
        mine
    }
}
