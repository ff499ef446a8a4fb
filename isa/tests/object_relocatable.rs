//! `.o` files against llvm-mc's, byte for byte.
mod object_support;

use isa::object::write_relocatable;
use object_support::{assemble, difference, llvm, read, scratch, sources};

#[test]
fn the_relocatable_file_is_llvm_mcs() {
    let Some(llvm) = llvm() else { return };
    let dir = scratch("relocatable");
    let sources = sources(&llvm, &dir);
    assert!(sources.len() > 12, "only {} sources", sources.len());
    let mut differ = Vec::new();
    for (name, source) in &sources {
        let theirs = assemble(&llvm, &dir, "gfx1100", source).unwrap_or_else(|e| panic!("{name}: {e}"));
        let ours = write_relocatable(&read(&theirs)).unwrap_or_else(|e| panic!("{name}: {e}"));
        differ.extend(difference(&ours, &theirs).map(|d| format!("{name}: {d}")));
    }
    std::fs::remove_dir_all(&dir).unwrap();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
