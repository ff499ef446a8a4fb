//! The sizes of a core's caches, from which blocks get theirs.

use std::path::Path;
use std::sync::OnceLock;

/// Bytes of a core's second-level cache, as Linux tells them, else 512 KiB: what every core with vectors has had since 2017.
pub(super) fn second_level() -> usize {
    static BYTES: OnceLock<usize> = OnceLock::new();
    *BYTES.get_or_init(|| level(Path::new("/sys/devices/system/cpu/cpu0/cache"), "2").unwrap_or(512 << 10))
}

/// Floats of half of a core's second-level cache: of what is to stay there while something else passes.
pub(super) fn near_floats() -> usize {
    second_level() / size_of::<f32>() / 2
}

/// Bytes of the data cache of a level that a folder of sysfs tells of (the kernel's ABI/testing/sysfs-devices-system-cpu).
fn level(folder: &Path, level: &str) -> Option<usize> {
    (0..8).find_map(|i| {
        let read = |name: &str| std::fs::read_to_string(folder.join(format!("index{i}/{name}"))).ok();
        let (found, kind, size) = (read("level")?, read("type")?, read("size")?);
        if found.trim() != level || kind.trim() == "Instruction" {
            return None;
        }
        // As sysfs writes it: kibibytes.
        let bytes = size.trim().strip_suffix('K')?.parse::<usize>().ok()?.checked_mul(1 << 10)?;
        // What no core has is not believed.
        (64 << 10..=64 << 20).contains(&bytes).then_some(bytes)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_read_and_nonsense_is_not_believed() {
        let folder = std::env::temp_dir().join(format!("sparkle-caches-{}", std::process::id()));
        let write = |index: usize, level: &str, kind: &str, size: &str| {
            let folder = folder.join(format!("index{index}"));
            std::fs::create_dir_all(&folder).unwrap();
            for (name, text) in [("level", level), ("type", kind), ("size", size)] {
                std::fs::write(folder.join(name), format!("{text}\n")).unwrap();
            }
        };
        assert_eq!(level(&folder, "2"), None);
        write(0, "1", "Data", "48K");
        write(1, "2", "Instruction", "4096K");
        write(2, "2", "Unified", "2048K");
        assert_eq!(level(&folder, "2"), Some(2 << 20));
        for nonsense in ["0K", "2048", "99999999999999999999K", "-1K", ""] {
            write(2, "2", "Unified", nonsense);
            assert_eq!(level(&folder, "2"), None, "{nonsense}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
