//! `tools/check_rows.py` agrees with the rows, and says what is wrong with rows that are not LLVM's.
use std::path::Path;
use std::process::Command;

const RECORDS: &str = "isa/llvm_gfx11_instructions.json";

/// Exit status and output of the checker for these rows.
fn check(records: &Path, rows: &str, name: &str) -> Option<(bool, String)> {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("rows_{name}.rs"));
    std::fs::write(&path, rows).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/check_rows.py");
    let out = Command::new(python).arg(script).arg(records).arg(&path).output().ok()?;
    Some((
        out.status.success(),
        String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr),
    ))
}

#[test]
fn every_kind_of_mistake_is_named() {
    let Some(dir) = std::env::var_os("SPARKLE_TEST_DATA") else {
        skip::skip!("SPARKLE_TEST_DATA is not set");
        return;
    };
    let records = Path::new(&dir).join(RECORDS);
    let rows = include_str!("../src/rows.rs");
    let Some((ok, said)) = check(&records, rows, "same") else {
        skip::skip!("there is no Python");
        return;
    };
    assert!(ok, "{said}");
    let entry = "    V_MINMAX_F32 [\n        e(\"v_minmax_f32\", Vop3, ";
    let (before, rest) = rows.split_once(entry).expect("the entry is there");
    let (_, after) = rest.split_once("    ]\n").unwrap();
    let removed = format!("{before}{after}");
    let line = rest.split_once('\n').unwrap().0;
    let edit = |from: &str, to: &str| {
        assert!(line.contains(from), "{line}");
        format!("{before}{entry}{}{}", line.replacen(from, to, 1), &rest[line.len()..])
    };
    let opcode = line.split_once(',').unwrap().0;
    let columns = edit("o(Vdst", "x(Vdst").replacen("\"v_minmax_f32\"", "\"v_minimax_f32\"", 1).replacen(
        "MOD2 | CLAMP | OMOD | DPP, R_MODE | R_EXEC),\n    ]\n    V_MINMAX_I32",
        "MOD2 | OMOD | DPP, R_EXEC),\n    ]\n    V_MINMAX_I32",
        1,
    );
    let garbage = rows.replacen("    V_MINMAX_F32 [\n", "    V_MINMAX_F32 [\n        f(1),\n", 1);
    let columns_said =
        ["v_minmax_f32: mnemonic", "v_minmax_f32: operands", "v_minmax_f32: modifiers", "v_minmax_f32: effects"];
    for (name, mutated, words) in [
        ("removed", removed, &["missing: Vop3 0x25f v_minmax_f32"][..]),
        ("opcode", edit(opcode, "0x3ff"), &["missing: Vop3 0x25f v_minmax_f32", "extra: Vop3 0x3ff v_minmax_f32"]),
        ("columns", columns, &columns_said),
        ("garbage", garbage, &["cannot read"]),
    ] {
        let (ok, said) = check(&records, &mutated, name).unwrap();
        for word in words {
            assert!(!ok && said.contains(word), "{name}: {said}");
        }
    }
}
