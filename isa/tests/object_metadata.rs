//! Metadata blocks against llvm-mc's notes, and the errors of bad ones.
mod object_support;

use isa::object::{Section, metadata};
use object_support::{assemble, llvm, scratch, section, sources};

const BASE: &str = "amdhsa.version: [1, 2]\namdhsa.kernels: []\n";

/// A kernel with these further lines.
fn kernel(extra: &str) -> String {
    let required = ".name: k, .symbol: k.kd, .kernarg_segment_size: 8, .group_segment_fixed_size: 0, \
        .private_segment_fixed_size: 0, .kernarg_segment_align: 8, .wavefront_size: 32, .sgpr_count: 4, \
        .vgpr_count: 4, .max_flat_workgroup_size: 256";
    format!("amdhsa.version: [1, 2]\namdhsa.kernels:\n- {{{required}{extra}}}\n")
}

/// A kernel with one argument, which has these further keys.
fn argument(extra: &str) -> String {
    kernel(&format!(", .args: [{{.size: 4, .offset: 0, .value_kind: by_value{extra}}}]"))
}

#[test]
fn notes_of_sources_are_llvm_mcs() {
    let Some(llvm) = llvm() else { return };
    let dir = scratch("metadata-sources");
    let mut compared = 0;
    for (name, source) in sources(&llvm, &dir) {
        let Some((_, rest)) = source.split_once("\t.amdgpu_metadata\n").or(source.split_once(" .amdgpu_metadata\n"))
        else {
            continue;
        };
        let text = &rest[..rest.find(".end_amdgpu_metadata").unwrap()];
        let object = assemble(&llvm, &dir, "gfx1100", &source).unwrap();
        let ours = Section::metadata_note(&metadata::assemble(text).unwrap_or_else(|e| panic!("{name}: {e}")));
        assert_eq!(Some(&ours.bytes[..]), section(&object, ".note"), "{name}");
        compared += 1;
    }
    std::fs::remove_dir_all(&dir).unwrap();
    assert!(compared >= 10, "only {compared} sources have metadata");
}

/// Values behind `x: `, whole entries, and whole documents; what LLVM refuses must be refused.
#[test]
fn blocks_are_read_as_llvm_reads_them() {
    let Some(llvm) = llvm() else { return };
    let dir = scratch("metadata-blocks");
    let long = "s".repeat(300);
    let values = [
        "1",
        "\"1\"",
        "-1",
        "+1",
        "-0",
        "0x10",
        "0b11",
        "0o17",
        "017",
        "08",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "1.5",
        "1e400",
        ".5",
        "5.",
        "0x1p3",
        "inf",
        "nan",
        "-inf",
        "infinity",
        "NAN(12)",
        "true",
        "True",
        "tRue",
        "n",
        "y",
        "on",
        "off",
        "no",
        "\"n\"",
        "!str n",
        "!str 5",
        "!!str 5",
        "!int 5",
        "!int abc",
        "!bool yes",
        "!bool 5",
        "!float 3",
        "!float x",
        "!nil foo",
        "!foo bar",
        "! 5",
        "",
        "~",
        "null",
        "\"\"",
        "\"5 \"",
        "a b  c",
        "a # comment",
        "a#b",
        "[1, 2, a b]",
        "{a: 1, b: [x, y]}",
        "{a, b}",
        "[a: 1, b]",
        "[]",
        "{}",
        "\"\\n\\t\\x41\\u00e9\\U0001F600\\e\\0\"",
        "\"a\\qb\"",
        "|\n  foo\n  bar",
        "|-\n  foo",
        "|+\n  a\n\ny: 1",
        ">\n  foo\n  bar\n\n  baz",
        "|2\n   a",
        "a\n  b",
        "a\n\n  b",
        "\"a\n  b\"",
        "\"a\\\n  b\"",
        "&a 5",
        "*a",
        "- ",
        "- 1\n   - 2",
        "a: b",
        "a:b",
        "http://a/b",
        "@a",
        "`a",
        "%a",
        "-a",
        "?a",
        ":a",
        ",a",
        "a, b",
        "[a,b]",
        "[a,b,]",
        "{a: 1,}",
        "a;b",
        "\"a;b\"",
        "a // c",
        "\"a // c\"",
        "/* c */ a",
        "\u{e9}",
        "a\t",
        "[",
        "1_000",
        "0x",
        "0xg",
        "-0x10",
        "00",
        "1 2",
        "--- ",
        "a\n---\nx: b",
        "a\n...\nx: b",
        "!!int 5",
        "!!map {}",
        "[1, [2, [3]]]",
        "[a: b]",
        "{a: {b: c}}",
        "{\"a\": 1}",
        "{a:1}",
        "{a: }",
        "!str",
        "!str \"\"",
        "!int \"\"",
        "1\nx: 2",
        "\n- 1\n- 2",
        "\n  - 1\n  -   - 2\n      - 3",
        "\n  - a: 1\n    b: 2\n  -\n    c: 1",
        "\n  5",
        "\n    !str\n    5",
        "[a,\n b]",
        "{a: 1,\n  b: 2}",
        "[a,\n\n   b c\n  d]",
        "\n  y:\n    z: 1\n  w: 2",
        "\n   y: 1\n  w: 2",
        "\n  y: 1\n   w: 2",
        "1\n y: 2",
        "# c\n  - 1 # d\n  # e\n\n  - 2",
        "\n\t- 1",
        "1\n\n\n\ny: 2",
        "!str [1]",
        "&q [1]",
        "]",
        "}",
        "1\n[x]: 1",
        "1\n{x: 1}: 1",
        "[a: 1, b: 2]",
        "{a: b: c}",
        "[a b: c d]",
        "a\\b",
        "\"#\"",
        "a \"b\" c",
        "!str\n  - 1",
        "\n  - b:\n    - 1\n    c: 2",
        "127",
        "128",
        "255",
        "256",
        "65535",
        "65536",
        "4294967295",
        "4294967296",
        "-32",
        "-33",
        "-128",
        "-129",
        "-32768",
        "-32769",
        "-2147483648",
        "-2147483649",
        "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]",
        "abcdefghijklmnopqrstuvwxyz012345",
        "abcdefghijklmnopqrstuvwxyz01234",
        &long,
        "1\nzz: 1\nyy: 2\n-1: 3\n3: 4\n10000000000: 1\n-5: 0\ntrue: 1\n\"a\": 4",
    ];
    let mut blocks: Vec<String> = values.iter().map(|v| format!("{BASE}x: {v}")).collect();
    blocks.extend([
        format!("---\n{BASE}...\n"),
        format!("# c\n\n--- # d\n{BASE}"),
        format!("{BASE}x : 5"),
        format!("{BASE}x:\t5"),
    ]);
    blocks.extend(["", "5", "[1]", "amdhsa.version: [1, 2]", "amdhsa.kernels: []"].map(String::from));
    for version in ["1", "[1]", "[9, 9]", "[\"1\", \"2\"]", "[a, b]", "[!str 1, 2]"] {
        blocks.push(format!("amdhsa.version: {version}\namdhsa.kernels: []"));
    }
    for kernels in ["{}", "", "[5]", "5", "[[]]"] {
        blocks.push(format!("amdhsa.version: [1, 2]\namdhsa.kernels: {kernels}"));
    }
    for entry in ["amdhsa.printf: [a, b]", "amdhsa.printf: [1]", "amdhsa.printf: a", "amdhsa.target: 5"] {
        blocks.push(format!("{BASE}{entry}"));
    }
    for (key, values) in [
        (".language", &["C", "OpenCL C", "\"OpenCL C++\"", "HCC", "HIP", "OpenMP", "Assembler", "5"][..]),
        (".language_version", &["[2, 0]", "[2]", "[a, b]", "[2,0,1]", "2"]),
        (".args", &["[]", "{}", "5", "[{.offset: 0, .value_kind: by_value}]", "[{.size: 0, .offset: 0}]", "[5]"]),
        (".reqd_workgroup_size", &["[1,2,3]", "[1,2]", "5", "[a,b,c]", "[-1,-2,-3]"]),
        (".workgroup_size_hint", &["[1,2,3]", "[1,2]"]),
        (".vec_type_hint", &["int", "5", "[a]"]),
        (".device_enqueue_symbol", &["a", "5"]),
        (".uses_dynamic_stack", &["true", "!str true", "1", "abc"]),
        (".workgroup_processor_mode", &["1", "!str 1", "true", "abc"]),
        (".sgpr_spill_count", &["1", "a"]),
        (".vgpr_spill_count", &["1", "a"]),
        (".uniform_work_group_size", &["1", "true", "a"]),
        (".agpr_count", &["1", "a"]),
        (".kind", &["normal", "abc"]),
    ] {
        blocks.extend(values.iter().map(|v| kernel(&format!(", {key}: {v}"))));
    }
    for (key, values) in [
        (".name", &["a", "5", "n", "!str n", "[a]"][..]),
        (".type_name", &["a", "5", "\"float*\""]),
        (".value_type", &["f32", "bogus", "5"]),
        (".pointee_align", &["4", "a"]),
        (".address_space", &["private", "global", "constant", "local", "generic", "region", "flat"]),
        (".access", &["read_only", "write_only", "read_write", "rw"]),
        (".actual_access", &["read_only", "write_only", "read_write", "rw"]),
        (".is_const", &["true", "1", "a"]),
        (".is_restrict", &["true", "1"]),
        (".is_volatile", &["true", "1"]),
        (".is_pipe", &["true", "1"]),
    ] {
        blocks.extend(values.iter().map(|v| argument(&format!(", {key}: {v}"))));
    }
    for kind in ["by_value", "hidden_none", "hidden_queue_ptr", "hidden_printf", "pipe", "n", "5"] {
        blocks.push(kernel(&format!(", .args: [{{.size: 4, .offset: 0, .value_kind: {kind}}}]")));
    }
    let complete = kernel("");
    for key in [
        ".name",
        ".symbol",
        ".kernarg_segment_size",
        ".group_segment_fixed_size",
        ".private_segment_fixed_size",
        ".kernarg_segment_align",
        ".wavefront_size",
        ".sgpr_count",
        ".vgpr_count",
        ".max_flat_workgroup_size",
    ] {
        assert!(complete.contains(&format!("{key}:")));
        blocks.push(complete.replace(&format!("{key}:"), ".other:"));
        blocks.push(complete.replace(&format!("{key}:"), &format!("{key}: [5], .other:")));
        blocks.push(complete.replace(&format!("{key}:"), &format!("{key}: abc, .other:")));
        blocks.push(complete.replace(&format!("{key}:"), &format!("{key}: -5, .other:")));
    }
    let mut differ = Vec::new();
    for block in &blocks {
        let source = format!(".amdgpu_metadata\n{block}\n.end_amdgpu_metadata\n");
        let theirs = assemble(&llvm, &dir, "gfx1100", &source).map(|o| section(&o, ".note").unwrap().to_vec());
        let ours = metadata::assemble(block).map(|m| Section::metadata_note(&m).bytes);
        let agree = match (&ours, &theirs) {
            (Ok(a), Ok(b)) => a == b,
            (Err(_), Err(_)) => true,
            _ => false,
        };
        if !agree {
            differ.push(format!("{block:?}\n  ours {ours:02x?}\n  theirs {theirs:02x?}"));
        }
    }
    std::fs::remove_dir_all(&dir).unwrap();
    assert!(differ.is_empty(), "{} of {}:\n{}", differ.len(), blocks.len(), differ.join("\n"));
}

/// Single quotes of more than one character do not pass llvm-mc's lexer; they are read as YAML has them.
#[test]
fn single_quotes_are_yamls() {
    let plain = metadata::assemble(&format!("{BASE}x: it's; y\n")).unwrap();
    assert_eq!(metadata::assemble(&format!("{BASE}x: 'it''s'\n")).unwrap(), plain);
    let folded = metadata::assemble(&format!("{BASE}x: 'a\n  b;c'\n")).unwrap();
    assert_eq!(metadata::assemble(&format!("{BASE}x: \"a b;c\"\n")).unwrap(), folded);
}

#[test]
fn errors_name_the_line_and_the_rule() {
    let deep = format!("{BASE}x: {}", "[".repeat(10_000));
    let steep: String = (0..10_000).map(|k| format!("{}-\n", " ".repeat(k % 200))).collect();
    for (block, message) in [
        (String::new(), "metadata line 1: the block is not a map with amdhsa.version and amdhsa.kernels"),
        ("a: 1".into(), "metadata line 1: the block has no amdhsa.version, which is required"),
        ("amdhsa.version:\n  - 1\n".into(), "metadata line 2: amdhsa.version has 1 elements, not 2"),
        (kernel(", .args: 5"), "metadata line 3: .args is 5, not a list of maps"),
        (
            argument(", .name: n"),
            "metadata line 3: .name is the boolean false, not a string: write !str in front of it",
        ),
        (argument(", .access: rw"), "metadata line 3: .access is \"rw\", not one of read_only, write_only, read_write"),
        (kernel(", .uses_dynamic_stack: 1"), "metadata line 3: .uses_dynamic_stack is 1, not true or false"),
        (kernel(", .args: [{.size: 4}]"), "metadata line 3: an element of .args has no .offset, which is required"),
        (format!("{BASE}a: 1\nb: 2\na: 3"), "metadata line 5: duplicate key \"a\""),
        (format!("{BASE}a: \"x"), "metadata line 3: the \" is not closed"),
        (format!("{BASE}a: [x"), "metadata line 3: the [ is not closed"),
        (
            format!("{BASE}a: b: c"),
            "metadata line 3: a key cannot stand here: nested maps start on a line of their own",
        ),
        (format!("{BASE}a: *b"), "metadata line 3: aliases are not supported"),
        (format!("{BASE}a: !int b"), "metadata line 3: \"b\" is not an integer"),
        (format!("{BASE}a:\n    b: 1\n  c: 2"), "metadata line 5: wrong indentation in a map"),
        (deep, "metadata line 3: nested deeper than 64 levels"),
    ] {
        assert_eq!(metadata::assemble(&block).unwrap_err().to_string(), message, "{}", &block[..block.len().min(200)]);
    }
    assert!(metadata::assemble(&steep).is_err());
}

/// Damaged blocks are read or refused, never a panic.
#[test]
fn damaged_blocks_are_refused() {
    let source = include_str!("../../kernels/src/asm/fill_u32.s");
    let text = source.split_once(".amdgpu_metadata\n").unwrap().1.split_once(".end_amdgpu_metadata").unwrap().0;
    assert!(metadata::assemble(text).is_ok());
    let mut state = 1u64;
    let mut refused = 0;
    for _ in 0..20_000 {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..3 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let at = (state >> 33) as usize % bytes.len();
            let with = b"-:[]{}\"'|>!&*?#,\n \t\\x0\xc3%@"[(state >> 20) as usize % 25];
            match state >> 60 & 3 {
                0 => bytes[at] = with,
                1 => bytes.insert(at, with),
                2 => drop(bytes.remove(at)),
                _ => bytes.truncate(at.max(8)),
            }
        }
        refused += u32::from(metadata::assemble(&String::from_utf8_lossy(&bytes)).is_err());
    }
    assert!(refused > 1000, "only {refused}");
}
