//! The builder against LLVM 19, and against a kernel that LLVM assembled.
mod build_common;
#[path = "build_common/specs.rs"]
mod specs;
use build_common::*;
use isa::Op::*;
use isa::build::*;
use isa::row::*;
use isa::*;

fn words(spec: Spec, target: Target) -> Result<Vec<u8>, String> {
    let mut k = Kernel::new(target);
    k.try_emit(spec).map_err(|e| e.to_string())?;
    Ok(k.finish().unwrap().bytes())
}

/// Random instructions of every row, as the disassembler writes them: the builder and LLVM make the same of them, with
/// the size of the encoding named and without.
fn agree(wave: WaveSize, wild: bool, per_row: usize) {
    let target = Target::from(wave);
    let mut r = Rng(77 + wave.lanes() as u64 + wild as u64);
    let (mut lines, mut built) = (Vec::new(), Vec::new());
    for row in ROWS {
        let pair = matches!(row.format, Format::VopdX | Format::VopdY);
        // LLVM 19 has the long v_mov_b16 in true16 mode only.
        let half = row.op == V_MOV_B16 && row.format == Format::Vop3;
        if pair || half || row.has(RDNA35) || row.format == Format::Vop3 && row.operands.is_empty() {
            continue;
        }
        let mut good = 0;
        for _ in 0..60 {
            let i = random(&mut r, row, target, wild);
            let valid = check(&i, target);
            // Ranges print from an aligned register on, whatever the field says, those in VGPRs' places as well.
            let elsewhere = |e: &Violation| e.code() == "isa-sgpr-align" || disassemble(&i, target).contains("]/*");
            let elsewhere = valid.as_ref().is_err_and(elsewhere);
            if ours::inline_comes_back_literal(&i) || elsewhere || !wild && valid.is_err() {
                continue;
            }
            let Some(spec) = specs::spec(&i, target) else { continue };
            let text = disassemble(&i, target);
            let name = text.split(' ').next().unwrap();
            let long = matches!(row.format, Format::Vop3 | Format::Vop3p) && row.has(SUFFIX);
            let short = name.ends_with("_e32") || name.ends_with("_dpp") && !name.ends_with("_e64_dpp");
            lines.push(text.clone());
            built.push(words(
                if long {
                    spec.e64()
                } else if short {
                    spec.e32()
                } else {
                    spec
                },
                target,
            ));
            // The same without the size.
            if row.has(SUFFIX) && i.dpp == Dpp::None {
                lines.push(text.replacen(name, row.name, 1));
                built.push(words(spec, target));
            }
            good += 1;
            if good == per_row {
                break;
            }
        }
        assert!(good > 0, "no instruction of {} {:?} was valid", row.name, row.format);
    }
    compare(&lines, &built, target, if wild { 1000 } else { 0 });
}

#[test]
fn every_row_is_llvms() {
    agree(WaveSize::W32, false, 5);
    agree(WaveSize::W64, false, 5);
}

#[test]
fn what_breaks_a_rule_is_refused_as_llvm_does() {
    agree(WaveSize::W32, true, 8);
    agree(WaveSize::W64, true, 8);
}

/// A number's text, and the same number for the builder.
fn numbers() -> Vec<(String, Arg)> {
    let mut all = Vec::new();
    let mut r = Rng(5);
    let integers = [
        -17i64, -16, -1, 0, 1, 64, 65, 100, -100, -32768, 32767, 32768, 65535, 65536, 0x3f00, 0x3f80, 0x3c00, 0x3e22,
        0x3e23,
    ];
    let more =
        [0x3118, 0xb800, 0x3f80_0000, 0xbf00_0000, 0x3e22_f983, 0x3800_3800, 0x3c00_0000, -0x8000_0000, 0xffff_ffff];
    for x in integers.into_iter().chain(more).chain((0..20).map(|_| r.below(1 << 32) as i64)) {
        all.push((x.to_string(), x.arg()));
    }
    for x in [0.0, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 4.0, -4.0, 1.5, -1.5, 0.1, 3.0, 65504.0, 0.333251953125] {
        all.push((format!("{x:?}"), x.arg()));
    }
    all.push(("0.15915494309189532".into(), 0.15915494309189532.arg()));
    all
}

#[test]
fn numbers_become_what_llvm_makes_of_them() {
    let target = Target::from(WaveSize::W32);
    let mut lines = Vec::new();
    let mut built = Vec::new();
    for (text, x) in numbers() {
        let mut put = |before: &str, after: &str, spec: Spec| {
            lines.push(format!("{before}{text}{after}"));
            built.push(words(spec, target));
        };
        put("v_add_f32 v1, ", ", v2", V_ADD_F32.on((v(1), x, v(2))));
        put("v_add_f16 v1, ", ", v2", V_ADD_F16.on((v(1), x, v(2))));
        put("v_add_nc_u32 v1, ", ", v2", V_ADD_NC_U32.on((v(1), x, v(2))));
        put("s_add_u32 s1, ", ", s2", S_ADD_U32.on((s(1), x, s(2))));
        put("s_mov_b64 s[2:3], ", "", S_MOV_B64.on((ss::<2>(2), x)));
        put("v_pk_add_f16 v1, ", ", v2", V_PK_ADD_F16.on((v(1), x, v(2))));
        put("v_dot2_f32_bf16 v1, v2, ", ", v3", V_DOT2_F32_BF16.on((v(1), v(2), x, v(3))));
        put("v_dot2_f32_f16 v1, v2, v3, ", "", V_DOT2_F32_F16.on((v(1), v(2), v(3), x)));
        put("v_dot2_bf16_bf16 v1, v2, v3, ", "", V_DOT2_BF16_BF16.on((v(1), v(2), v(3), x)));
        put("v_fmaak_f32 v1, v2, v3, ", "", V_FMAAK_F32.on((v(1), v(2), v(3), x)));
        put("v_fmaak_f16 v1, v2, v3, ", "", V_FMAAK_F16.on((v(1), v(2), v(3), x)));
        put("v_fma_mix_f32 v1, v2, v3, ", "", V_FMA_MIX_F32.on((v(1), v(2), v(3), x)));
        // Fields that LLVM reads 0.0 into as well, and that take integers here.
        if let Ok(n) = text.parse::<i64>() {
            put("s_movk_i32 s1, ", "", S_MOVK_I32.on((s(1), x)));
            put("s_cmpk_lt_u32 s1, ", "", S_CMPK_LT_U32.on((s(1), x)));
            let offset = n.try_into().unwrap_or(i32::MAX);
            put(
                "global_load_b32 v1, v2, s[2:3] offset:",
                "",
                GLOBAL_LOAD_B32.on((v(1), v(2), ss::<2>(2))).offset(offset),
            );
            put("ds_load_b32 v1, v2 offset:", "", DS_LOAD_B32.on((v(1), v(2))).offset(offset));
            put("s_load_b32 s1, s[2:3], ", "", S_LOAD_B32.on((s(1), ss::<2>(2), x)));
            put("s_buffer_load_b32 s1, s[4:7], ", "", S_BUFFER_LOAD_B32.on((s(1), ss::<4>(4), x)));
            put("scratch_load_b32 v1, off, s2 offset:", "", SCRATCH_LOAD_B32.on((v(1), Off, s(2))).offset(offset));
        }
    }
    // Doubles keep their low dword only as 0.
    for x in [0.5, 1.0, -4.0, 0.15915494309189532, 1.5, -3.0] {
        lines.push(format!("v_add_f64 v[0:1], {x:?}, v[2:3]"));
        built.push(words(V_ADD_F64.on((vs::<2>(0), x, vs::<2>(2))), target));
    }
    for (text, x) in [("0x3ff00000", 0x3ff0_0000), ("0x3ff80000", 0x3ff8_0000), ("-1", -1), ("-100", -100), ("64", 64)]
    {
        lines.push(format!("v_add_f64 v[0:1], {text}, v[2:3]"));
        built.push(words(V_ADD_F64.on((vs::<2>(0), x, vs::<2>(2))), target));
    }
    let Some(answers) = llvm(&lines, target) else {
        skip::skip!("llvm-mc 19 is not installed");
        return;
    };
    let mut wrong = 0;
    for ((line, got), want) in lines.iter().zip(&built).zip(&answers) {
        if got.as_ref().ok() != want.as_ref().ok() {
            eprintln!("{line}\n   built {got:02x?}\n   LLVM  {want:02x?}");
            wrong += 1;
        }
    }
    assert_eq!(wrong, 0);
    // What a double would lose is refused, LLVM cuts it off.
    assert!(words(V_ADD_F64.on((vs::<2>(0), 0.1, vs::<2>(2))), target).is_err());
}

/// Thousands of choices of operands: what the builder takes LLVM takes, with the same bytes, and the other way round.
#[test]
fn constant_bus_and_literals_are_llvms() {
    let ops: [(Op, &str, u8, bool); 9] = [
        (V_ADD_F32, "v_add_f32", 1, false),
        (V_FMA_F32, "v_fma_f32", 1, true),
        (V_ADD3_U32, "v_add3_u32", 1, true),
        (V_LSHLREV_B64, "v_lshlrev_b64", 2, false),
        (V_CNDMASK_B32, "v_cndmask_b32", 1, false),
        (V_DIV_FMAS_F32, "v_div_fmas_f32", 1, true),
        (V_PERMLANE16_B32, "v_permlane16_b32", 1, true),
        (V_WRITELANE_B32, "v_writelane_b32", 1, false),
        (V_FMAAK_F32, "v_fmaak_f32", 1, false),
    ];
    let target = Target::from(WaveSize::W32);
    let mut r = Rng(99);
    let (mut lines, mut built) = (Vec::new(), Vec::new());
    for _ in 0..1500 {
        for (op, name, width, three) in ops {
            let mut pick = |n: u8| -> (String, Arg) {
                match r.below(9) {
                    0 | 1 if n == 2 => ("v[4:5]".into(), vs::<2>(4).arg()),
                    0 | 1 => ("v4".into(), v(4).arg()),
                    2..5 => {
                        let k = 2 * r.below(3) as u8;
                        if n == 2 {
                            (format!("s[{k}:{}]", k + 1), ss::<2>(k).arg())
                        } else {
                            (format!("s{k}"), s(k).arg())
                        }
                    }
                    5 if n == 2 => ("vcc".into(), VCC.arg()),
                    5 => ("vcc_lo".into(), VCC_LO.arg()),
                    6 => ("null".into(), NULL.arg()),
                    7 => ("1".into(), 1.arg()),
                    _ => {
                        let k = 0x1000 + r.below(2) as i32;
                        (k.to_string(), k.arg())
                    }
                }
            };
            let (a, b, c) = (pick(1), pick(width), pick(1));
            let dst = if width == 2 { vs::<2>(0).arg() } else { v(0).arg() };
            let d = if width == 2 { "v[0:1]" } else { "v0" };
            let mask = ["vcc_lo", "s6", "s2"][r.below(3) as usize];
            let mask_arg = match mask {
                "s6" => s(6).arg(),
                "s2" => s(2).arg(),
                _ => VCC.arg(),
            };
            let (line, spec) = match op {
                V_CNDMASK_B32 => (format!("{name} {d}, {}, {}, {mask}", a.0, b.0), op.on((dst, a.1, b.1, mask_arg))),
                V_FMAAK_F32 => (format!("{name} {d}, {}, {}, 0x1001", a.0, b.0), op.on((dst, a.1, b.1, 0x1001))),
                _ if three => (format!("{name} {d}, {}, {}, {}", a.0, b.0, c.0), op.on((dst, a.1, b.1, c.1))),
                _ => (format!("{name} {d}, {}, {}", a.0, b.0), op.on((dst, a.1, b.1))),
            };
            lines.push(line);
            built.push(words(spec, target));
        }
    }
    compare(&lines, &built, target, 500);
}

fn compare(lines: &[String], built: &[Result<Vec<u8>, String>], target: Target, refused: usize) {
    let Some(answers) = llvm(lines, target) else {
        skip::skip!("llvm-mc 19 is not installed");
        return;
    };
    let (mut wrong, mut good, mut bad) = (0, 0, 0);
    for ((line, got), want) in lines.iter().zip(built).zip(&answers) {
        match (got, want) {
            (Ok(a), Ok(b)) if a == b => good += 1,
            (Err(_), Err(_)) => bad += 1,
            (Err(_), Ok(_)) if llvm_is_lax(line) => bad += 1,
            (Ok(_), Err(e)) if llvm_is_strict(line) || has_other_widths(line, e, target) => good += 1,
            // LLVM turns -1/(2*pi) into a literal and cuts off half of the double; here it keeps its modifier.
            (Ok(a), Ok(b)) if line.contains("_f64") && line.contains("(0.15915494309189532)") && a.len() == b.len() => {
                good += 1
            }
            _ => {
                wrong += 1;
                if wrong < 30 {
                    eprintln!("{line}\n   built {got:02x?}\n   LLVM  {want:02x?}");
                }
            }
        }
    }
    eprintln!("{good} assembled, {bad} refused by both");
    assert_eq!(wrong, 0, "of {}", lines.len());
    assert!(good > 500 && bad >= refused);
}

#[test]
fn pairs_are_llvms() {
    let target = Target::from(WaveSize::W32);
    let of = |f: Format| -> Vec<&Row> { ROWS.iter().filter(|x| x.format == f).collect() };
    let (xs, ys) = (of(Format::VopdX), of(Format::VopdY));
    let mut r = Rng(4242);
    let (mut lines, mut built) = (Vec::new(), Vec::new());
    for _ in 0..12_000 {
        let mut half = |rows: &[&'static Row]| {
            let row = r.pick(rows);
            let (mut text, mut args) = (String::from(row.name), Vec::new());
            for (k, o) in row.operands.iter().enumerate() {
                // Few registers and literals, so that rules are broken often.
                let (t, a) = match o.slot {
                    Slot::Src0 => match r.below(8) {
                        0..5 => {
                            let n = r.below(12) as u8;
                            (format!("v{n}"), v(n).arg())
                        }
                        5 => {
                            let n = r.below(3) as u8;
                            (format!("s{n}"), s(n).arg())
                        }
                        6 => ("vcc_lo".into(), VCC_LO.arg()),
                        _ => {
                            let n = r.pick(&[1, 0x1000, 0x1001]);
                            (n.to_string(), n.arg())
                        }
                    },
                    Slot::Imm => {
                        let n = r.pick(&[0x1000, 0x1001]);
                        (n.to_string(), n.arg())
                    }
                    _ => {
                        let n = r.below(12) as u8;
                        (format!("v{n}"), v(n).arg())
                    }
                };
                text += if k == 0 { " " } else { ", " };
                text += &t;
                args.push(a);
            }
            (text, row.op.on(&args[..]))
        };
        let ((tx, x), (ty, y)) = (half(&xs), half(&ys));
        lines.push(format!("{tx} :: {ty}"));
        let mut k = Kernel::new(target);
        built.push(k.try_dual(x, y).map_err(|e| e.to_string()).map(|()| k.finish().unwrap().bytes()));
    }
    compare(&lines, &built, target, 500);
}
