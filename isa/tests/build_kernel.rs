//! Whole kernels: labels, register counts, errors, and one that LLVM assembled.
use isa::Op::*;
use isa::build::*;
use isa::*;

#[path = "../examples/vadd_f32.rs"]
mod vadd;

/// The bytes of section `name` of an ELF file of 64 bits.
fn section<'a>(elf: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let u = |at: usize, n: usize| -> usize { elf[at..at + n].iter().rev().fold(0, |a, &b| a << 8 | b as usize) };
    let (headers, size, count, names) = (u(0x28, 8), u(0x3a, 2), u(0x3c, 2), u(0x3e, 2));
    let at = |k: usize| headers + k * size;
    let strings = u(at(names) + 0x18, 8);
    (0..count).map(at).find_map(|h| {
        let text = &elf[strings + u(h, 4)..];
        let found = text.starts_with(name.as_bytes()) && text[name.len()] == 0;
        found.then(|| &elf[u(h + 0x18, 8)..u(h + 0x18, 8) + u(h + 0x20, 8)])
    })
}

#[test]
fn vadd_is_the_checked_in_object() {
    let code = vadd::vadd_f32().unwrap();
    let object = include_bytes!("../../kernels/objects/vadd_f32.hsaco");
    let text = section(object, ".text").unwrap();
    assert_eq!(code.bytes(), text);
    // The descriptor reserves the same: s15, the workgroup's number, is the highest SGPR.
    assert_eq!((code.vgprs, code.sgprs, code.uses_vcc), (3, 16, false));
}

#[test]
fn labels_reach_both_ways() {
    let mut k = Kernel::new(WaveSize::W32);
    let (top, out) = (k.here(), k.label());
    k.op(S_CBRANCH_SCC1, out);
    k.op(S_ADD_U32, (s(0), s(0), 0x12345));
    k.op(S_BRANCH, top);
    k.bind(out);
    k.op(S_ENDPGM, ());
    let code = k.finish().unwrap();
    assert_eq!(code.words(), [0xbfa2_0003, 0x8000_ff00, 0x12345, 0xbfa0_fffc, 0xbfb0_0000]);
    assert_eq!((code.offset(top), code.offset(out)), (Some(0), Some(16)));
    let distances: Vec<i32> = code.instructions().map(|(_, i)| i.imm).collect();
    assert_eq!(distances, [3, 0, -4, 0]);
    assert_eq!(code.instructions().last().unwrap().0, 16);
}

#[test]
fn branches_end_at_32767_dwords() {
    for (gap, good) in [(32767, true), (32768, false)] {
        let mut k = Kernel::new(WaveSize::W32);
        let far = k.label();
        k.op(S_BRANCH, far);
        k.data(&vec![0xbf80_0000; gap]);
        k.bind(far);
        let done = k.finish();
        match done {
            Ok(c) => assert!(good && c.words()[0] == 0xbfa0_7fff),
            Err(e) => {
                assert!(!good);
                assert_eq!(e.0[0].error, BuildError::Distance { dwords: 32768 });
            }
        }
    }
}

fn why(target: impl Into<Target>, spec: Spec) -> (&'static str, String) {
    let mut k = Kernel::new(target);
    let e = k.try_emit(spec).expect_err("a rule is broken");
    assert!(!e.hint().is_empty());
    (e.code(), e.to_string())
}

#[test]
fn each_rule_says_what_is_wrong() {
    let w32 = WaveSize::W32;
    let says = |spec: Spec, code: &str, text: &str| assert_eq!(why(w32, spec), (code, text.to_string()));
    says(
        V_FMA_F32.on((v(0), s(1), s(2), s(3))),
        "isa-constant-bus",
        "more than 2 scalar values are read, src2 is too many",
    );
    says(
        V_LSHLREV_B64.on((vs::<2>(0), s(1), ss::<2>(2))),
        "isa-constant-bus",
        "more than 1 scalar value is read, src1 is too many",
    );
    says(
        V_FMA_F32.on((v(0), 0x1234, 0x5678, v(3))),
        "isa-literals",
        "0x1234 and 0x5678 are two literals, there is room for one",
    );
    says(S_LOAD_B64.on((ss::<2>(3), ss::<2>(0), 0)), "isa-sgpr-align", "sdst starts at s3, which is no multiple of 2");
    says(S_LOAD_B128.on((ss::<4>(6), ss::<2>(0), 0)), "isa-sgpr-align", "sdst starts at s6, which is no multiple of 4");
    says(
        S_LOAD_B32.on((M0, ss::<2>(0), 0)),
        "isa-operand-kind",
        "sdst takes a scalar register other than EXEC and M0 of 1 dwords, not m0",
    );
    says(S_LOAD_B64.on((s(2), ss::<2>(0), 0)), "isa-operand-width", "sdst takes 2 dwords, the range has 1");
    says(S_MOV_B32.on((s(106), 0)), "isa-no-register", "sdst: there is no s106");
    says(S_MOV_B64.on((ss::<2>(0), ss::<2>(105))), "isa-sgpr-align", "src0 starts at s105, which is no multiple of 2");
    says(
        V_ADD_F64.on((vs::<2>(0), vs::<2>(255), vs::<2>(0))),
        "isa-vgpr-end",
        "src0 takes 2 VGPRs, v255 is followed by 0 more",
    );
    says(
        V_ADD_F16.on((v(128), v(0), v(1))).e32(),
        "isa-half-vgpr",
        "vdst has 16 bits and reaches v0 to v127 in this encoding, not v128",
    );
    says(
        V_ADD_F32.on((v(0), v(1), 2.5)).dpp(Dpp16::row_shr(1)),
        "isa-literal-dpp",
        "src1 is a literal, and DPP takes the literal's place",
    );
    says(
        V_ADD_F32.on((v(0), s(1), v(2))).dpp(Dpp8::new([1, 0, 3, 2, 5, 4, 7, 6])),
        "isa-dpp-source",
        "src0 must be a VGPR in a DPP form",
    );
    says(V_MOV_B32.on((v(0), v(1))).dpp(Dpp16::row_shr(16)), "isa-dpp-control", "0x1ff is no DPP control");
    says(
        V_ADD_F64.on((vs::<2>(0), vs::<2>(2), vs::<2>(4))).dpp(Dpp16::row_mirror()),
        "isa-no-dpp",
        "v_add_f64 has no DPP form",
    );
    says(V_ADD_NC_U32.on((v(0), -v(1), v(2))), "isa-modifier", "src0 does not take neg");
    says(S_ADD_U32.on((s(0), s(1), s(2))).clamp(), "isa-modifier", "the instruction has no clamp");
    says(
        GLOBAL_LOAD_B32.on((v(0), v(1), ss::<2>(2))).offset(4096),
        "isa-range",
        "offset is 4096, not from -4096 to 4095",
    );
    says(S_BUFFER_LOAD_B32.on((s(0), ss::<4>(4), -4)), "isa-range", "offset is -4, not from 0 to 1048575");
    says(S_WAITCNT_VSCNT.on((s(0), 0)), "isa-null-only", "sdst must be null");
    says(V_ADD_F32.on((v(0), v(1))), "isa-operand-count", "2 operands, 3 are taken");
    says(V_ADD_F32.on((v(0), v(1), v(2), v(3), v(4), v(5))), "isa-operand-count", "6 operands, 3 are taken");
    says(V_LSHLREV_B64.on((vs::<2>(0), v(1), vs::<2>(2))).e32(), "isa-no-form", "there is no e32 encoding");
    says(S_MOV_B64.on((ss::<2>(0), 0.1)), "isa-number", "src0 has the type B64 and no form for this number");
    says(S_ADD_F32.on((s(0), s(1), s(2))), "isa-arch", "s_add_f32 exists on RDNA 3.5 only");
    says(
        IMAGE_LOAD.on((vs::<2>(0), v(4), ss::<8>(8))).dmask(1),
        "isa-operand-width",
        "vdata takes 1 dwords, the range has 2",
    );
}

#[test]
fn pairs_say_what_is_wrong() {
    let pair = |x: Spec, y: Spec, wave: WaveSize| {
        let e = Kernel::new(wave).try_dual(x, y).expect_err("a rule is broken");
        (e.code(), e.to_string())
    };
    let mul = |d: u8, a: u8, b: u8| V_MUL_F32.on((v(d), v(a), v(b)));
    let w32 = WaveSize::W32;
    assert_eq!(
        pair(mul(0, 1, 2), mul(1, 5, 3), w32),
        ("isa-vopd-bank", "both halves read bank 1 of 4 through src0: v1 and v5".into())
    );
    assert_eq!(
        pair(mul(0, 1, 2), mul(2, 0, 3), w32),
        ("isa-vopd-parity", "the halves write v0 and v2, one must be even and one odd".into())
    );
    assert_eq!(pair(V_MUL_F32.on((v(0), 0x1234, v(2))), V_MUL_F32.on((v(1), 0x5678, v(3))), w32).0, "isa-literals");
    assert_eq!(pair(mul(0, 1, 2), mul(1, 0, 3), WaveSize::W64).0, "isa-wave32-only");
    assert_eq!(
        pair(mul(0, 1, 2), V_SIN_F32.on((v(1), v(2))), w32),
        ("isa-no-form", "there is no v_dual Y encoding".into())
    );
}

#[test]
fn a_kernel_tells_all_of_its_faults_with_their_lines() {
    let mut k = Kernel::new(WaveSize::W32);
    let (never, twice) = (k.label(), k.here());
    k.op(V_FMA_F32, (v(0), s(1), s(2), s(3)));
    let first = line!() - 1;
    k.op(S_BRANCH, never);
    k.bind(twice);
    k.op(S_BRANCH, Kernel::new(WaveSize::W32).label());
    k.align(3, 0);
    let faults = k.finish().unwrap_err();
    let codes: Vec<&str> = faults.0.iter().map(|f| f.error.code()).collect();
    let want = ["isa-constant-bus", "isa-label-twice", "isa-label-foreign", "isa-alignment", "isa-label-unbound"];
    assert_eq!(codes, want);
    let f = &faults.0[0];
    assert_eq!((f.caller.file().ends_with("build_kernel.rs"), f.caller.line()), (true, first));
    assert!(f.to_string().ends_with(
        "v_fma_f32: more than 2 scalar values are read, src2 is too many (RDNA3 guide, 7.2.2.3 Source Operand Restrictions)"
    ));
    assert_eq!(faults.0[4].caller.line(), first + 2);
    assert_eq!(faults.to_string().lines().count(), 5);
}

#[test]
fn padding_is_s_code_end() {
    let mut k = Kernel::new(WaveSize::W32);
    k.op(S_ENDPGM, ());
    k.align(16, 0xbf80_0000);
    assert_eq!(k.len_bytes(), 16);
    k.code_end();
    let code = k.finish().unwrap();
    assert_eq!(code.words().len(), 32 + 48);
    assert_eq!(&code.words()[..4], [0xbfb0_0000, 0xbf80_0000, 0xbf80_0000, 0xbf80_0000]);
    assert_eq!(disassemble(&decode(&code.words()[4..], WaveSize::W32).unwrap(), WaveSize::W32), "s_code_end");
}

#[test]
fn registers_are_counted() {
    let count = |spec: Spec| {
        let mut k = Kernel::new(WaveSize::W32);
        k.emit(spec);
        let c = k.finish().unwrap();
        (c.vgprs, c.sgprs, c.uses_vcc)
    };
    assert_eq!(count(GLOBAL_LOAD_B128.on((vs::<4>(8), vs::<2>(30), Off))), (32, 0, false));
    assert_eq!(count(GLOBAL_ATOMIC_ADD_U32.on((v(2), v(3), ss::<2>(10)))), (4, 12, false));
    assert_eq!(count(GLOBAL_ATOMIC_ADD_U32.on((v(9), v(2), v(3), ss::<2>(10)))), (10, 12, false));
    assert_eq!(count(BUFFER_STORE_B64.on((vs::<2>(4), v(7), ss::<4>(8), s(20))).offen()), (8, 21, false));
    assert_eq!(count(V_CMP_EQ_U32.on((VCC, s(3), v(5)))), (6, 4, true));
    assert_eq!(count(V_READLANE_B32.on((s(40), v(5), 3))), (6, 41, false));
    assert_eq!(count(DS_STORE_B96.on((v(1), vs::<3>(20))).offset(12)), (23, 0, false));
    assert_eq!(
        count(IMAGE_SAMPLE.on((vs::<3>(0), nsa(&[v(50).arg(), v(60).arg()]), ss::<8>(8), ss::<4>(24))).dmask(7).dim(1)),
        (61, 28, false)
    );
    let wmma = V_WMMA_F32_16X16X16_F16.on((vs::<8>(0), vs::<8>(8), vs::<8>(16), vs::<8>(0)));
    assert_eq!(count(wmma), (24, 0, false));
    let mut k = Kernel::new(WaveSize::W32);
    k.dual(V_MUL_F32.on((v(0), s(9), v(2))), V_MOV_B32.on((v(77), 0)));
    let c = k.finish().unwrap();
    assert_eq!((c.vgprs, c.sgprs), (78, 10));
}

#[test]
fn a_permlane_waits_for_another_instruction_after_a_compare_into_exec() {
    let permlane = V_PERMLANE16_B32.on((v(0), v(1), s(2), s(3)));
    let mut k = Kernel::new(WaveSize::W32);
    k.op(V_CMPX_EQ_U32, (s(0), v(1)));
    k.op(S_NOP, 0);
    assert_eq!(k.try_emit(permlane), Err(BuildError::PermlaneAfterCmpx));
    k.op(V_NOP, ());
    assert_eq!(k.try_emit(permlane), Ok(()));
    assert_eq!(k.finish().unwrap().words().len(), 5);
}

#[test]
fn halves_of_registers() {
    let wave = WaveSize::W32;
    let t16 = Target { true16: true, ..Target::from(wave) };
    let words = |target: Target, spec: Spec| {
        let mut k = Kernel::new(target);
        k.try_emit(spec).map(|()| k.finish().unwrap().words().to_vec())
    };
    // llvm-mc 19 with +real-true16: v_ceil_f16_e32 v5.h, v1.l; v_ceil_f16_e64 v200.h, s1 op_sel:[0,1];
    // v_ceil_f16_e64_dpp v255.h, v1.h op_sel:[1,1] dpp8:[0,1,2,3,4,5,6,7].
    assert_eq!(words(t16, V_CEIL_F16.on((v(5).hi(), v(1).lo()))), Ok(vec![0x7f0a_b901]));
    let mut k = Kernel::new(t16);
    k.op(V_CEIL_F16, (v(5).hi(), v(9).hi()));
    assert_eq!(k.finish().unwrap().vgprs, 10);
    assert_eq!(words(t16, V_CEIL_F16.on((v(200).hi(), s(1)))), Ok(vec![0xd5dc_40c8, 0x0000_0001]));
    let dpp = V_CEIL_F16.on((v(255).hi(), v(1).hi())).dpp(Dpp8::new([0, 1, 2, 3, 4, 5, 6, 7]));
    assert_eq!(words(t16, dpp), Ok(vec![0xd5dc_48ff, 0x0000_00e9, 0xfac6_8801]));
    // v_mov_b16_e32 v0.h, v1.l has the spelling in every mode.
    assert_eq!(words(wave.into(), V_MOV_B16.on((v(0).hi(), v(1).lo()))), Ok(vec![0x7f00_3901]));
    // v_fma_f16 v0, v1, v2, v3 op_sel:[1,0,0,1].
    let fma = V_FMA_F16.on((v(0).hi(), v(1).hi(), v(2), v(3).lo()));
    assert_eq!(words(wave.into(), fma), Ok(vec![0xd648_4800, 0x040e_0501]));
    let e = words(wave.into(), V_ADD_F32.on((v(0), v(1).hi(), v(2)))).unwrap_err();
    assert_eq!(e.to_string(), "src0 takes a whole register");
    assert!(words(wave.into(), V_CEIL_F16.on((v(5).hi(), v(1)))).is_err());
}
