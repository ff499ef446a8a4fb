//! The SH registers of a submission, as far as its packets tell.

/// What is known of a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// No packet wrote it: it holds what an earlier submission left.
    Unset,
    /// Written, with what memory or a condition decides.
    Unknown,
    /// Written.
    Known(u32),
}

impl Value {
    pub(super) const fn known(self) -> Option<u32> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }

    /// Whether no packet wrote it.
    pub(super) const fn is_unset(self) -> bool {
        matches!(self, Self::Unset)
    }
}

/// The first register of a dispatch, and how many there are.
const FIRST: u32 = 0xb800;
const COUNT: usize = 0x80;

/// The compute part of the SH space.
#[derive(Debug, Clone)]
pub(super) struct Registers {
    values: [Value; COUNT],
}

impl Default for Registers {
    fn default() -> Self {
        Self { values: [Value::Unset; COUNT] }
    }
}

impl Registers {
    /// Sets the register at a byte address; one outside the compute registers is of no interest.
    pub(super) fn set(&mut self, address: u32, value: Value) {
        let index = address.wrapping_sub(FIRST) / 4;
        if let Some(slot) = self.values.get_mut(index as usize) {
            *slot = value;
        }
    }

    pub(super) fn get(&self, address: u32) -> Value {
        let index = address.wrapping_sub(FIRST) / 4;
        self.values.get(index as usize).copied().unwrap_or(Value::Unset)
    }

    /// What is known where nobody can say whether the packets since `before` were executed.
    pub(super) fn merge(&mut self, before: &Self) {
        for (now, before) in self.values.iter_mut().zip(before.values) {
            if *now != before {
                *now = Value::Unknown;
            }
        }
    }

    /// Every register of the space is unknown from here on.
    pub(super) fn forget(&mut self) {
        self.values = [Value::Unknown; COUNT];
    }
}
