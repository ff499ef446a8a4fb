//! The checked-in SPIR-V is what the sources beside it compile to.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use skip::skip;

/// The glslang that made the checked-in files; another one writes at least another generator number.
const GLSLANG: &str = "Glslang Version: 11:12.0.0";

fn shaders() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders")
}

fn names(extension: &str) -> BTreeSet<String> {
    let files = std::fs::read_dir(shaders()).expect("the folder of shaders");
    let paths = files.map(|file| file.expect("an entry").path());
    paths
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect()
}

#[test]
fn every_shader_has_its_spirv_and_no_other_spirv_is_there() {
    assert_eq!(names("comp"), names("spv"));
}

#[test]
fn the_spirv_is_what_the_sources_compile_to() {
    let version = match Command::new("glslangValidator").arg("--version").output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        Err(error) => return skip!("glslangValidator: {error}"),
    };
    let version = version.lines().next().unwrap_or_default();
    if version != GLSLANG {
        return skip!("the shaders are compiled by {GLSLANG:?}, here is {version:?}");
    }
    let folder = std::env::temp_dir().join(format!("vulkan-compute-shaders-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the compiled shaders");
    let status = Command::new(shaders().join("compile.sh")).arg(&folder).status().expect("compile.sh");
    let compiled = |name: &str| std::fs::read(folder.join(name).with_extension("spv")).ok();
    let checked_in = |name: &str| std::fs::read(shaders().join(name).with_extension("spv")).ok();
    let stale: Vec<String> = names("comp").into_iter().filter(|name| compiled(name) != checked_in(name)).collect();
    let removed = std::fs::remove_dir_all(&folder);
    assert!(status.success(), "compile.sh: {status}");
    assert!(stale.is_empty(), "run shaders/compile.sh: {stale:?}");
    removed.expect("the folder of compiled shaders can be removed");
}
