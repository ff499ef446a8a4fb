//! Generated pages: written, or compared with what is there.

use std::path::Path;

/// Writes `pages`, file names and texts, to a folder of the repository; with `check` only compares. `command` is what
/// writes them anew.
pub fn write(folder: &str, pages: Vec<(&str, String)>, check: bool, command: &str) -> Result<(), String> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let mut differ = Vec::new();
    for (file, text) in pages {
        let path = place.join(file);
        let same = std::fs::read_to_string(&path).is_ok_and(|old| old == text);
        println!("{folder}/{file:<12} {:>7} bytes  {}", text.len(), if same { "unchanged" } else { "differs" });
        if same {
            continue;
        }
        if check {
            differ.push(file);
            continue;
        }
        let written = std::fs::create_dir_all(&place).and_then(|()| std::fs::write(&path, &text));
        written.map_err(|e| format!("{}: {e}", path.display()))?;
    }
    match differ.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "not what the rows say: {}\nhint: cargo run --release -p xtask -- {command}",
            differ.join(", ")
        )),
    }
}
