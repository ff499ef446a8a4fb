//! Clang's offload bundles: several code objects, for several targets, in one file.
//!
//! The format is that of LLVM's "Clang Offload Bundler", section Bundled Binary File Layout: a magic string, the
//! number of entries, and of each entry offset, size and name, `KIND-TRIPLE-TARGET`.

use super::{ObjectError, target};

/// The first bytes of a bundle.
pub const BUNDLE_MAGIC: &[u8; 24] = b"__CLANG_OFFLOAD_BUNDLE__";
/// The first bytes of a compressed one.
const COMPRESSED_MAGIC: &[u8; 4] = b"CCOB";
/// Entries at most: there are fewer targets than that.
const ENTRIES_MAX: u64 = 4096;
/// Bytes of an entry's name at most.
const NAME_MAX: u64 = 1024;

/// One entry: its name, such as `hipv4-amdgcn-amd-amdhsa--gfx1100`, and its bytes.
pub type BundleEntry<'a> = (&'a str, &'a [u8]);

fn bad(what: impl Into<String>) -> ObjectError {
    ObjectError::Bundle { what: what.into() }
}

/// Whether the bytes begin as a bundle does, compressed or not.
pub fn is_bundle(bytes: &[u8]) -> bool {
    bytes.starts_with(BUNDLE_MAGIC) || bytes.starts_with(COMPRESSED_MAGIC)
}

/// What of a bundle's table has not been read.
struct Table<'a>(&'a [u8]);

impl<'a> Table<'a> {
    fn word(&mut self, what: &str) -> Result<u64, ObjectError> {
        let Some((word, rest)) = self.0.split_first_chunk::<8>() else {
            return Err(bad(format!("it ends within its table, at {what}")));
        };
        self.0 = rest;
        Ok(u64::from_le_bytes(*word))
    }

    fn name(&mut self, entry: u64) -> Result<&'a str, ObjectError> {
        let length = self.word("the length of a name")?;
        if length > NAME_MAX || length > self.0.len() as u64 {
            return Err(bad(format!("the name of entry {entry} claims {length} bytes")));
        }
        let (name, rest) = self.0.split_at(length as usize);
        self.0 = rest;
        str::from_utf8(name).map_err(|_| bad(format!("the name of entry {entry} is not UTF-8")))
    }
}

/// The entries of a bundle, in its order.
///
/// # Errors
/// [`ObjectError::Bundle`] for a compressed or damaged one, [`ObjectError::OutOfBounds`] for an entry that lies
/// outside the file.
pub fn bundle_entries(bytes: &[u8]) -> Result<Vec<BundleEntry<'_>>, ObjectError> {
    if bytes.starts_with(COMPRESSED_MAGIC) {
        return Err(bad("it is compressed (CCOB)"));
    }
    let Some(table) = bytes.strip_prefix(BUNDLE_MAGIC) else {
        return Err(bad("it does not begin with __CLANG_OFFLOAD_BUNDLE__"));
    };
    let mut table = Table(table);
    let count = table.word("the number of entries")?;
    if count > ENTRIES_MAX {
        return Err(bad(format!("it claims {count} entries, and {ENTRIES_MAX} are the most that is believed")));
    }
    let mut entries = Vec::new();
    for entry in 0..count {
        let offset = table.word("an offset")?;
        let size = table.word("a size")?;
        let name = table.name(entry)?;
        let end = offset.checked_add(size).and_then(|end| usize::try_from(end).ok());
        let Some(content) = end.and_then(|end| bytes.get(offset as usize..end)) else {
            let limit = bytes.len() as u64;
            return Err(ObjectError::OutOfBounds { what: format!("the bundle's entry {name}"), offset, size, limit });
        };
        entries.push((name, content));
    }
    Ok(entries)
}

/// The code object for `gfx`: of a bundle the entry for this target, or else for its generic one; bytes that are no
/// bundle as they are.
///
/// # Errors
/// As [`bundle_entries`], and [`ObjectError::NotInBundle`], which lists the targets that there are.
pub fn unbundle<'a>(bytes: &'a [u8], gfx: &str) -> Result<&'a [u8], ObjectError> {
    if !is_bundle(bytes) {
        return Ok(bytes);
    }
    let entries = bundle_entries(bytes)?;
    // `hipv4-amdgcn-amd-amdhsa--gfx1100`, `openmp-amdgcn-amd-amdhsa--gfx90a:xnack+`, `host-x86_64-unknown-linux--`.
    let gpu = |name: &str| {
        let at = name.contains("-amdgcn-").then(|| name.rfind("-gfx"))??;
        Some(name[at + 1..].split(':').next().unwrap_or_default().to_owned())
    };
    let found = || entries.iter().filter_map(|(name, content)| Some((gpu(name)?, *content)));
    let exact = found().find(|(target, _)| target == gfx);
    match exact.or_else(|| found().find(|(target, _)| target::runs_on(target, gfx))) {
        Some((_, content)) => Ok(content),
        None => {
            let found = found().map(|(target, _)| target).collect();
            Err(ObjectError::NotInBundle { device: gfx.into(), found })
        }
    }
}
