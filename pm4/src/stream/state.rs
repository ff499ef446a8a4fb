//! What a stream knows of the registers that it has set.

use crate::reg::{Space, quirks};
use alloc::collections::BTreeMap;

/// Byte address of the first tracked compute register, `COMPUTE_DISPATCH_INITIATOR`.
pub(crate) const COMPUTE_BASE: u32 = 0xb800;
/// Compute registers, to 0xba00.
pub(crate) const COMPUTE_REGS: usize = 128;

/// Index of a compute register in [`State`].
pub(crate) const fn compute_index(address: u32) -> Option<usize> {
    if address >= COMPUTE_BASE && address < COMPUTE_BASE + 4 * COMPUTE_REGS as u32 {
        Some(((address - COMPUTE_BASE) / 4) as usize)
    } else {
        None
    }
}

/// Compute registers whose value the stream cannot know, because something beside SET packets changes them or their
/// write does something: they are written whenever they are set.
///
/// Dispatches write initiator and dimensions (0xb800..0xb810), the packet address, the restart position, the dispatch
/// and workgroup ids and the relaunch state that a preempted wave is resumed with; the kernel owns VMID, thread trace
/// and wave restore; `COMPUTE_DISPATCH_END` and `COMPUTE_NOWHERE` are written for their effect alone.
const VOLATILE: u128 =
    bits(0, 4) | bits(14, 16) | bits(20, 21) | bits(27, 34) | bits(41, 42) | bits(48, 52) | bits(126, 128);

const fn bits(from: usize, to: usize) -> u128 {
    (u128::MAX >> (128 - (to - from))) << from
}

/// Values of registers: three kinds, untouched by this stream, known, and touched but unknown.
///
/// Compute registers lie in an array, for a dispatch compares some twenty of them. The rest of SH and the context
/// registers are few and lie in a map. UCONFIG registers are not tracked: they belong to the device, other queues
/// write them too, and many act when written. One of them selects the instances that the others' writes reach.
#[derive(Debug, Clone)]
pub(crate) struct State {
    values: [u32; COMPUTE_REGS],
    known: u128,
    touched: u128,
    /// Set to an address of a declared buffer, whose value may change: never `known` too.
    owned: u128,
    others: BTreeMap<u32, Option<u32>>,
    /// Registers outside `others` are touched too.
    all_others: bool,
}

impl Default for State {
    fn default() -> Self {
        Self { values: [0; COMPUTE_REGS], known: 0, touched: 0, owned: 0, others: BTreeMap::new(), all_others: false }
    }
}

impl State {
    /// Everything is unknown from here on.
    pub(crate) fn forget(&mut self) {
        (self.known, self.owned) = (0, 0);
        self.touched = u128::MAX;
        self.others.clear();
        self.all_others = true;
    }

    /// Bit n: compute register `first + n` does not hold `values[n]`, as far as is known. At most 31 of them.
    #[inline]
    pub(crate) fn changed(&self, first: usize, values: &[u32]) -> u32 {
        let held = &self.values[first..first + values.len()];
        let differ = held.iter().zip(values).enumerate().fold(0, |bits, (n, (a, b))| bits | u32::from(a != b) << n);
        differ | !((self.known >> first) as u32) & ((1 << values.len()) - 1)
    }

    /// [`changed`](Self::changed), and from then on they hold the values.
    #[inline]
    pub(crate) fn update<const N: usize>(&mut self, first: usize, values: &[u32; N]) -> u32 {
        let mask = mask(first, N);
        if self.known & mask == mask && self.values[first..].first_chunk::<N>() == Some(values) {
            return 0;
        }
        let changed = self.changed(first, values);
        self.learn(first, values);
        changed
    }

    /// The same for the first user SGPRs, at most sixteen.
    #[inline]
    pub(crate) fn update_user_data(&mut self, data: &[u32]) -> u32 {
        const FIRST: usize = 64;
        let mut changed = 0;
        for (n, (place, &value)) in self.values[FIRST..FIRST + 16].iter_mut().zip(data).enumerate() {
            changed |= u32::from(*place != value) << n;
            *place = value;
        }
        let bits = (1u64 << data.len().min(16)) - 1;
        changed |= !((self.known >> FIRST) as u32) & bits as u32;
        let mask = u128::from(bits) << FIRST;
        self.known |= mask;
        self.touched |= mask;
        self.owned &= !mask;
        changed
    }

    /// `N` values from a compute register on, known or not; zeros beyond the last one.
    #[inline]
    pub(crate) fn values_from<const N: usize>(&self, first: usize) -> [u32; N] {
        self.values.get(first..first + N).and_then(|v| v.try_into().ok()).unwrap_or([0; N])
    }

    #[inline]
    pub(crate) fn learn(&mut self, first: usize, values: &[u32]) {
        let mask = mask(first, values.len());
        self.touched |= mask;
        self.known |= mask & !VOLATILE;
        self.owned &= !mask;
        for (place, &value) in self.values[first..].iter_mut().zip(values) {
            *place = value;
        }
    }

    /// The values of these compute registers are unknown from here on.
    pub(crate) fn lose(&mut self, first: usize, count: usize) {
        let mask = mask(first, count);
        self.touched |= mask;
        self.known &= !mask;
        self.owned &= !mask;
    }

    /// The two compute registers hold an address that may change.
    pub(crate) fn own(&mut self, first: usize) {
        self.lose(first, 2);
        self.owned |= mask(first, 2);
    }

    /// Whether [`own`](Self::own) still holds.
    pub(crate) fn owns(&self, first: usize) -> bool {
        self.owned & mask(first, 2) == mask(first, 2)
    }

    /// The value of a register of any space, where known.
    pub(crate) fn get(&self, address: u32) -> Option<u32> {
        match compute_index(address) {
            Some(index) => (self.known >> index & 1 != 0).then(|| self.values[index]),
            None => self.others.get(&address).copied().flatten(),
        }
    }

    /// A packet has set the register; `None` where its value cannot be told.
    pub(crate) fn set(&mut self, address: u32, value: Option<u32>) {
        match (compute_index(address), value) {
            (Some(index), Some(value)) => self.learn(index, &[value]),
            (Some(index), None) => self.lose(index, 1),
            (None, value) if Space::of(address) != Some(Space::Uconfig) => {
                self.others.insert(address, value.filter(|_| !quirks::volatile(address)));
            }
            // What is set from here on reaches other instances than what was set before.
            _ if quirks::selects_instance(address) => self.forget(),
            _ => {}
        }
    }

    /// The effect of another stream's packets behind this one's; where they may be skipped, what they touch is unknown.
    pub(crate) fn then(&mut self, other: &Self, skipped: bool) {
        let known = if skipped { 0 } else { other.known };
        self.known = self.known & !other.touched | known;
        self.owned &= !other.touched;
        self.touched |= other.touched;
        for (index, value) in other.values.iter().enumerate().filter(|(i, _)| known >> i & 1 != 0) {
            self.values[index] = *value;
        }
        if other.all_others {
            self.others.clear();
            self.all_others = true;
        }
        for (&address, &value) in &other.others {
            self.others.insert(address, value.filter(|_| !skipped));
        }
    }
}

#[inline]
const fn mask(first: usize, count: usize) -> u128 {
    if count == 0 { 0 } else { (u128::MAX >> (128 - count)) << first }
}
