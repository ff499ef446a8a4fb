//! The uapi structures, constants and request codes against what a C compiler makes of the headers.

use std::collections::HashMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sparkle_pm4::kmd::ioctls::REQUESTS;
use sparkle_pm4::kmd::uapi::{CONSTANTS, LAYOUTS};

const SYSTEM: &str = "/usr/include/libdrm";

/// What C says: `kind name` to value.
type Facts = HashMap<String, i64>;

/// Whether `word` stands in `text` with no identifier character on either side.
fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| !text[..at].ends_with(part) && !text[at + word.len()..].starts_with(part))
}

/// The body of `struct x { … }` or `union x { … }` in a header, for `c_type` or for the union that a `__typeof__` of
/// ours names.
fn body<'a>(header: &'a str, c_type: &str) -> Option<&'a str> {
    let kind = if c_type.contains("union ") { "union" } else { "struct" };
    let name = c_type.split(kind).nth(1)?.trim().split([' ', ')', '*']).next()?;
    let head = format!("{kind} {name}");
    let (at, _) =
        header.match_indices(&head).find(|(at, _)| header[at + head.len()..].trim_start().starts_with('{'))?;
    let rest = &header[at..];
    // Nested blocks are indented; the closing line of the type is not.
    rest.find("\n};").map(|end| &rest[..end])
}

/// Compiles and runs a program that prints the layouts of the header, and returns them with the skipped items.
/// `Err` says why it could not run.
fn ask_c(directory: &Path, tag: &str) -> Result<(Facts, Vec<String>), String> {
    let header_path = directory.join("amdgpu_drm.h");
    let header = fs::read_to_string(&header_path).map_err(|e| format!("{}: {e}", header_path.display()))?;
    let core_path = Path::new(SYSTEM).join("drm.h");
    let core = fs::read_to_string(&core_path).map_err(|e| format!("{}: {e}", core_path.display()))?;

    let mut skipped = Vec::new();
    let mut c = String::from("#include <stdio.h>\n#include <stddef.h>\n#include \"drm.h\"\n");
    let _ = writeln!(c, "#include \"{}\"", header_path.display());
    c.push_str("int main(void) {\n");
    for layout in LAYOUTS {
        let Some(body) = body(&header, layout.c_type) else {
            skipped.push(format!("{}: this header has no {}", layout.name, layout.c_type));
            continue;
        };
        // It was shorter in headers from before the kernel's release with it.
        if layout.name == "UserqWait" && !has_word(body, "waitq_id") {
            skipped.push("UserqWait: newer than this header".to_owned());
            continue;
        }
        let mut whole = true;
        for (field, _) in layout.fields.iter().filter(|(field, _)| !field.is_empty()) {
            // A nested field (`data.flags`) is found by its last part.
            if !has_word(body, field.rsplit('.').next().unwrap_or(field)) {
                skipped.push(format!("{}.{field}: newer than this header", layout.name));
                whole = false;
                continue;
            }
            let _ = writeln!(
                c,
                "printf(\"offset {name}.{field} %ld\\n\", (long)offsetof({c_type}, {field}));",
                name = layout.name,
                c_type = layout.c_type
            );
        }
        // The first form of GEM_VA is a prefix of what newer headers declare.
        if layout.name == "GemVa" && has_word(body, "vm_timeline_point") {
            skipped.push("GemVa: the size, since this header has the longer form only".to_owned());
        } else if whole {
            let _ = writeln!(c, "printf(\"size {} %ld\\n\", (long)sizeof({}));", layout.name, layout.c_type);
        }
    }
    for (name, _) in CONSTANTS {
        // The sum of all domains and the count of engines grow with their members.
        let newest = match *name {
            "GEM_DOMAIN_MASK" => "AMDGPU_GEM_DOMAIN_DOORBELL",
            "HW_IP_NUM" => "AMDGPU_HW_IP_VPE",
            _ => "__AMDGPU_DRM_H__",
        };
        if !has_word(&header, newest) {
            skipped.push(format!("{name}: this header has no {newest}"));
            continue;
        }
        let _ = writeln!(
            c,
            "#ifdef AMDGPU_{name}\nprintf(\"constant {name} %lld\\n\", (long long)(AMDGPU_{name}));\n#endif"
        );
    }
    for (name, _) in REQUESTS {
        // Structures of the DRM core that grew; the request code has the size in it.
        let grown = match *name {
            "SYNCOBJ_WAIT" => Some(("struct drm_syncobj_wait", "deadline_nsec")),
            "SYNCOBJ_TIMELINE_WAIT" => Some(("struct drm_syncobj_timeline_wait", "deadline_nsec")),
            "SYNCOBJ_HANDLE_TO_FD" | "SYNCOBJ_FD_TO_HANDLE" => Some(("struct drm_syncobj_handle", "point")),
            _ => None,
        };
        if let Some((c_type, field)) = grown
            && !body(&core, c_type).is_some_and(|body| has_word(body, field))
        {
            skipped.push(format!("{name}: {c_type} of this drm.h has no {field}"));
        } else if *name == "AMDGPU_USERQ_WAIT" && !has_word(&header, "waitq_id") {
            skipped.push(format!("{name}: its structure is newer than this header"));
        } else if *name == "AMDGPU_GEM_VA" && header.contains("vm_timeline_point") {
            skipped.push(format!("{name}: this header has the longer form only"));
        } else {
            let _ = writeln!(
                c,
                "#ifdef DRM_IOCTL_{name}\nprintf(\"request {name} %lld\\n\", (long long)DRM_IOCTL_{name});\n#endif"
            );
        }
    }
    c.push_str("return 0; }\n");

    let scratch = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("uapi-layout-{tag}-{}", std::process::id()));
    fs::create_dir_all(&scratch).map_err(|e| format!("{}: {e}", scratch.display()))?;
    let (source, binary) = (scratch.join("layout.c"), scratch.join("layout"));
    fs::write(&source, c).map_err(|e| format!("{}: {e}", source.display()))?;
    let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
    let compiled = Command::new(&compiler)
        .arg("-I")
        .arg(SYSTEM)
        .arg("-o")
        .args([&binary, &source])
        .output()
        .map_err(|e| format!("no C compiler ({}): {e}", compiler.display()))?;
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let ran = Command::new(&binary).output().map_err(|e| format!("{}: {e}", binary.display()))?;
    let _ = fs::remove_dir_all(&scratch);

    let mut facts = Facts::new();
    for line in String::from_utf8_lossy(&ran.stdout).lines() {
        let (key, value) = line.rsplit_once(' ').expect("a line of the program has a value");
        facts.insert(key.to_owned(), value.parse().expect("the program prints numbers"));
    }
    Ok((facts, skipped))
}

fn compare(directory: &Path, tag: &str, at_least: usize) {
    let (facts, skipped) = match ask_c(directory, tag) {
        Ok(answer) => answer,
        Err(why) => return skip::skip!("{why}"),
    };
    for why in &skipped {
        skip::skip!("{why}");
    }

    let mut compared = 0;
    let mut wrong = Vec::new();
    let mut check = |key: String, ours: i64| {
        if let Some(&theirs) = facts.get(&key) {
            compared += 1;
            if ours != theirs {
                wrong.push(format!("{key}: {ours:#x} here, {theirs:#x} in C"));
            }
        }
    };
    for layout in LAYOUTS {
        check(format!("size {}", layout.name), layout.size as i64);
        for (field, offset) in layout.fields.iter().filter(|(field, _)| !field.is_empty()) {
            check(format!("offset {}.{field}", layout.name), *offset as i64);
        }
    }
    for (name, value) in CONSTANTS {
        check(format!("constant {name}"), *value);
    }
    for (name, code) in REQUESTS {
        check(format!("request {name}"), i64::from(*code));
    }
    assert!(wrong.is_empty(), "{}:\n{}", directory.display(), wrong.join("\n"));
    assert!(compared >= at_least, "only {compared} facts were compared with {}", directory.display());
    eprintln!("{compared} sizes, offsets, constants and request codes agree with {}", directory.display());
}

#[test]
fn layouts_agree_with_the_systems_header() {
    compare(Path::new(SYSTEM), "system", 300);
}

#[test]
fn layouts_agree_with_a_newer_header() {
    match env::var_os("SPARKLE_TEST_DATA") {
        Some(data) => compare(&Path::new(&data).join("pm4"), "newer", 450),
        None => skip::skip!("SPARKLE_TEST_DATA is not set"),
    }
}

#[test]
fn request_codes_are_those_on_record() {
    // Seen on the wire from unmodified clients.
    let code = |name: &str| REQUESTS.iter().find(|(known, _)| *known == name).map(|(_, code)| *code);
    assert_eq!(code("AMDGPU_GEM_VA"), Some(0x4028_6448));
    assert_eq!(code("AMDGPU_CS"), Some(0xc018_6444));
    assert_eq!(code("AMDGPU_WAIT_CS"), Some(0xc020_6449));
    assert_eq!(code("AMDGPU_INFO"), Some(0x4020_6445));
    assert_eq!(code("GEM_CLOSE"), Some(0x4008_6409));
}
