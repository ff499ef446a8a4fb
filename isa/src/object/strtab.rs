//! String tables.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

/// The string table of MC and of objcopy: every string once, and a string that ends another lies inside it.
///
/// The order is by the reversed string, descending, so that a string's suffixes follow it.
pub(super) fn tail_merged<'a>(strings: impl IntoIterator<Item = &'a str>) -> (Vec<u8>, BTreeMap<&'a str, u32>) {
    let mut sorted: Vec<&str> = strings.into_iter().collect();
    sorted.sort_unstable_by(|a, b| b.bytes().rev().cmp(a.bytes().rev()));
    sorted.dedup();
    let mut table = vec![0u8];
    let mut offsets = BTreeMap::new();
    let mut previous = "";
    for s in sorted {
        let at = if previous.ends_with(s) {
            table.len() - s.len() - 1
        } else {
            let at = table.len();
            table.extend_from_slice(s.as_bytes());
            table.push(0);
            previous = s;
            at
        };
        offsets.insert(s, at as u32);
    }
    (table, offsets)
}

/// A string table in the order of addition, as lld makes it.
pub(super) struct Appended {
    pub(super) bytes: Vec<u8>,
    seen: BTreeMap<alloc::string::String, u32>,
}

impl Appended {
    pub(super) fn new() -> Self {
        Self { bytes: vec![0], seen: BTreeMap::new() }
    }

    /// Adds a string and returns its offset; an equal string that was added here before is found again.
    pub(super) fn add_once(&mut self, s: &str) -> u32 {
        if s.is_empty() {
            return 0;
        }
        if let Some(at) = self.seen.get(s) {
            return *at;
        }
        let at = self.add(s);
        self.seen.insert(s.into(), at);
        at
    }

    /// Adds a string, equal to an earlier one or not.
    pub(super) fn add(&mut self, s: &str) -> u32 {
        if s.is_empty() {
            return 0;
        }
        let at = self.bytes.len() as u32;
        self.bytes.extend_from_slice(s.as_bytes());
        self.bytes.push(0);
        at
    }
}
