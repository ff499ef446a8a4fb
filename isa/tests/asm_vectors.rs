//! The instruction parser against LLVM 19's vectors, and against texts that LLVM 19 rejects.
use isa::asm::inst::{assemble, without_comments};
use isa::{Arch, Target, WaveSize};
use std::path::PathBuf;

/// A file of the larger test data.
fn data(name: &str) -> Option<String> {
    let Some(dir) = std::env::var_os("SPARKLE_TEST_DATA") else {
        skip::skip!("SPARKLE_TEST_DATA is not set, {name} is not at hand");
        return None;
    };
    Some(std::fs::read_to_string(PathBuf::from(dir).join("isa").join(name)).expect(name))
}

/// The bytes in memory order as hexadecimal text, or why not.
fn bytes(text: &str, target: Target) -> Result<String, String> {
    let text = without_comments(text);
    let encoded = assemble(text.trim_end(), &target, &()).map_err(|e| e.to_string())?;
    if encoded.fixup.is_some() {
        return Err("a symbol".into());
    }
    let words = &encoded.words[..encoded.len_dw as usize];
    Ok(words.iter().flat_map(|w| w.to_le_bytes()).map(|b| format!("{b:02x}")).collect())
}

/// Every row of a vector file assembles to LLVM's bytes.
fn agree(name: &str, arch: Arch, true16: bool) {
    let Some(text) = data(name) else { return };
    let mut n = 0;
    let mut wrong = Vec::new();
    for line in text.lines().filter(|l| !l.starts_with('#') && !l.is_empty()) {
        let mut columns = line.split('\t').skip(1);
        let (Some(source), Some(want), Some(wave)) = (columns.next(), columns.next(), columns.next()) else {
            panic!("{name}: {line}");
        };
        for wave in match wave {
            "32" => &[WaveSize::W32][..],
            "64" => &[WaveSize::W64],
            _ => &[WaveSize::W32, WaveSize::W64],
        } {
            n += 1;
            let got = bytes(source, Target { arch, wave: *wave, true16 });
            if got.as_deref() != Ok(want) {
                wrong.push(format!("{source}: want {want}, got {got:?}"));
            }
        }
    }
    assert!(n > 600, "{name} has {n} rows");
    assert!(wrong.is_empty(), "{name}: {} of {n} differ\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

#[test]
fn gfx1100() {
    agree("vectors.tsv", Arch::Gfx1100, false);
}

#[test]
fn the_rest_of_rdna3_has_the_same_instructions() {
    for arch in [Arch::Gfx1101, Arch::Gfx1102, Arch::Gfx1103, Arch::Gfx11Generic] {
        agree("vectors.tsv", arch, false);
    }
}

#[test]
fn gfx1150() {
    for arch in [Arch::Gfx1150, Arch::Gfx1151, Arch::Gfx1152] {
        agree("vectors_gfx1150.tsv", arch, false);
    }
}

#[test]
fn true16_spellings() {
    agree("vectors_true16.tsv", Arch::Gfx1100, true);
}

#[test]
fn what_llvm_rejects() {
    let Some(text) = data("reject.tsv") else { return };
    let mut n = 0;
    let mut wrong = Vec::new();
    for source in text.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split('\t').next()) {
        n += 1;
        if let Ok(bytes) = bytes(source, WaveSize::W32.into()) {
            wrong.push(format!("{source}: {bytes}"));
        }
    }
    assert!(n > 7000, "reject.tsv has {n} rows");
    assert!(wrong.is_empty(), "{} of {n} are accepted\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

/// Places and expectations of errors, as a user reads them.
#[test]
fn errors_name_the_token_and_the_rule() {
    let cases: &[(&str, usize, &str)] = &[
        ("v_ad_f32 v0, v1, v2", 0, "`v_ad_f32` is no instruction of gfx1100"),
        ("v_add_f32 v0, v1", 16, "wrong number of operands, expected 3 operands"),
        ("v_add_f32 v0, v1, v2, v3", 22, "wrong number of operands, expected 3 operands"),
        ("v_add_f32 v0, v256, v2", 14, "no such register, expected v0 to v255"),
        ("v_add_f32 v0, s106, v2", 14, "no such register, expected s0 to s105"),
        ("s_mov_b64 s[1:2], 0", 10, "invalid register alignment, expected an even first register"),
        (
            "s_load_b128 s[2:5], s[0:1], 0",
            12,
            "invalid register alignment, expected a first register that is a multiple of 4",
        ),
        ("v_fma_f32 v0, s0, s1, s2", 22, "more than 2 scalar values are read, src2 is too many"),
        ("v_fma_f32 v0, 0x1234, v1, 0x12345", 26, "only one unique literal operand is allowed"),
        ("ds_load_b32 v0, v1 offset:65536", 19, "`offset:65536` is out of range, expected 0 to 65535"),
        ("global_load_b32 v0, v[1:2], off offset:4096", 32, "`offset:4096` is out of range, expected -4096 to 4095"),
        ("global_load_b32 v0, v[1:2], off gds", 32, "`gds` is no modifier of this instruction"),
        ("s_mov_b32 s0, 0x100000000", 14, "`0x100000000` can't be encoded as a constant of this operand"),
        (
            "v_add_f16_e32 v0, v1, v200",
            22,
            "`v200` is out of reach of a 16-bit operand in this encoding, expected v0 to v127",
        ),
        ("v_mov_b32 v0, -v1", 14, "the operand of `-v1` takes no such modifier"),
        ("v_add_f32 v0, |v1, v2", 17, "unexpected `,`, expected a closing vertical bar"),
        ("v_add_f32 v0, v1, v2 quad_perm:[0,1,2]", 21, "quad_perm takes four lane selectors"),
        ("v_dual_mov_b32 v0, v1 :: v_dual_mov_b32 v2, v3", 25, "one dst register must be even and the other odd"),
        ("v_dual_mov_b32 v0, v1 :: v_dual_mov_b32 v1, v5", 0, "both halves read bank 1 of 4 through src0: v1 and v5"),
        ("s_add_f32 s0, s1, s2", 0, "`s_add_f32` is an instruction of RDNA 3.5, not of gfx1100"),
        ("image_load v0, v1, s[0:7] dmask:0x1", 35, "dim modifier is required on this target"),
        ("image_load v0, v1, s[0:7] dmask:0x1 dim:2D", 15, "image address size does not match dim and a16"),
        ("v_add_f32_e32 v0, v1, s0", 22, "invalid operand `s0`, expected one VGPR"),
    ];
    for &(text, at, want) in cases {
        let error = assemble(text, &WaveSize::W32.into(), &()).expect_err(text);
        assert_eq!((error.at, error.to_string().as_str()), (at, want), "{text}");
    }
}

/// What goes to no address has no cache policy.
#[test]
fn invalidations_have_no_policy() {
    for text in ["s_dcache_inv", "s_gl1_inv"] {
        assert!(bytes(text, WaveSize::W32.into()).is_ok(), "{text}");
        for policy in [" glc", " dlc"] {
            assert!(bytes(&format!("{text}{policy}"), WaveSize::W32.into()).is_err(), "{text}{policy}");
        }
    }
}

/// The word 0 has a name in LLVM and no operands.
#[test]
fn the_word_zero() {
    let own = |text: &str| bytes(text, WaveSize::W32.into());
    for text in ["v_illegal", "v_illegal_e32", "V_ILLEGAL // stop"] {
        assert_eq!(own(text).as_deref(), Ok("00000000"), "{text}");
    }
    for text in ["v_illegal v0", "v_illegal_e64", "v_illegal clamp", "v_illegals"] {
        assert!(own(text).is_err(), "{text}");
    }
}

/// Any text ends in an encoding or a stated error, with a place inside the text.
#[test]
fn any_text() {
    let seeds = [
        "v_add_f32_e64_dpp v5, -|v1|, s2 mul:2 row_share:3 row_mask:0xf bank_mask:0x1 fi:1",
        "image_sample_d_cl v[0:3], [v1, v2, v3, v4, v[5:9]], s[0:7], s[12:15] dmask:0xf dim:SQ_RSRC_IMG_2D a16 glc",
        "v_dual_fmaak_f32 v0, s1, v2, 0x1234 :: v_dual_mov_b32 v1, lit(5)",
        "tbuffer_load_format_xyzw v[4:7], v[0:1], s[8:11], m0 format:[BUF_FMT_32_FLOAT] idxen offen offset:16",
        "s_waitcnt vmcnt(3) & lgkmcnt(2) expcnt(1)",
        "s_delay_alu instid0(VALU_DEP_1) | instskip(NEXT) | instid1(TRANS32_DEP_2)",
        "ds_swizzle_b32 v8, v2 offset:swizzle(BITMASK_PERM, \"01pi0\")",
        "exp mrt0 v0, off, v2, off done row_en",
        "s_load_b64 [s2,s3], s[(4+2)*1:7], null offset:-0x10",
    ];
    let alphabet: Vec<char> = "vs[]:,.-|()0159xabefno_ @\"\\/*;é\t\u{0}+<>".chars().collect();
    let mut x = 0x2545_f491_4f6c_dd1du64;
    let mut next = move |n: usize| {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 33) as usize % n
    };
    let (mut good, mut bad) = (0, 0);
    let rounds = if std::env::var_os("SPARKLE_SOAK").is_some() { 20_000_000 } else { 200_000 };
    for _ in 0..rounds {
        let mut text: Vec<char> = seeds[next(seeds.len())].chars().collect();
        for _ in 0..next(4) {
            let at = next(text.len());
            match next(4) {
                0 => text[at] = alphabet[next(alphabet.len())],
                1 => text.insert(at, alphabet[next(alphabet.len())]),
                2 if text.len() > 1 => drop(text.remove(at)),
                _ => {
                    let other: Vec<char> = seeds[next(seeds.len())].chars().collect();
                    let from = next(other.len());
                    let piece: Vec<char> = other[from..(from + 1 + next(12)).min(other.len())].to_vec();
                    text.splice(at..at, piece);
                }
            }
        }
        let text: String = text.into_iter().collect();
        let text = without_comments(&text);
        match assemble(&text, &WaveSize::W32.into(), &()) {
            Ok(_) => good += 1,
            Err(e) => {
                bad += 1;
                assert!(e.at <= text.len() && !e.message.is_empty(), "{text:?}: {e:?}");
            }
        }
    }
    assert!(good > rounds / 10 && bad > rounds / 10, "{good} good, {bad} bad: the texts are too good or too bad");
}
