//! Dump bundles: what is written is read again, what is malformed is refused by name, and programs tell their needs.
#![cfg(feature = "capture")]

use std::path::PathBuf;
use std::process::Command;

use pm4::Gfx;
use pm4::packet::values::{AtomicOp, WaitFunction};
use pm4::submission::{
    Access, BufferInfo, BufferMap, CodeProblem, Completion, Effect, Ib, KernelFacts, Launch, PointerArg, Residency,
    Ring, Submission, Use,
};
use proptest::collection::vec;
use proptest::prelude::*;
use sparkle_pm4::capture::{self, Bundle, CaptureError, facts};
use sparkle_pm4::object::CodeObject;

/// A bundle with every kind of member.
fn full() -> Bundle {
    let buffer = |name: &str, va, bytes, access, residency, content: &[u8]| BufferInfo {
        name: name.into(),
        va,
        bytes,
        access,
        residency,
        content: content.to_vec(),
    };
    let mut code = vec![0u8; 300];
    code[0] = 7;
    let kernel = KernelFacts {
        name: "k".into(),
        entry: 0x8_0000_1000,
        target: Some("gfx1100".into()),
        wave32: Some(true),
        vgprs: Some(17),
        lds_bytes: Some(0),
        scratch_bytes: Some(0),
        user_sgprs: Some(2),
        kernarg_sgpr: Some(0),
        kernarg_bytes: 24,
        pointers: vec![PointerArg { name: "x".into(), offset: 8, access: Access::R }],
        max_threads: Some(256),
        required_block: Some([64, 1, 1]),
        problem: Some(CodeProblem::NotAnInstruction { offset: 8, word: 0xdead_beef }),
    };
    let launch = Launch {
        entry: 0x8_0000_1000,
        wave32: true,
        block: [64, 1, 1],
        partial: [64, 1, 1],
        end: [4, 1, 1],
        indirect: Some(0x9000),
        user_data: vec![Some(0x2000), None],
        workgroup_ids: [true, false, false],
        local_ids: 2,
        mode: 0xc0_0000,
        uses: vec![Use { range: 0x1000..0x2000, access: Access::RW }],
        ..Launch::default()
    };
    let submission = Submission {
        gfx: Gfx::Gfx1101,
        ring: Ring::Gfx,
        shader_engines: Some(3),
        ibs: vec![
            Ib {
                name: "main".into(),
                va: Some(0xffff_8000_0000_0000),
                words: vec![0xc002_7600, 0x212, 1, 2, 0xffff_1000],
            },
            Ib { name: "second".into(), va: None, words: vec![] },
        ],
        buffers: BufferMap::new(vec![
            buffer("code", 0x8_0000_1000, 0x1000, Access::RX, Residency::Listed, &code),
            buffer("old", 0x8_0000_1800, 0x1000, Access::R, Residency::Freed, &[]),
            buffer("data", 0x8_0000_2000, 0x10, Access::RW, Residency::AlwaysValid, &[1; 16]),
        ]),
        kernels: vec![kernel, KernelFacts { name: "bare".into(), ..KernelFacts::default() }],
        plan: Some(vec![
            Effect::Dispatch(launch),
            Effect::Write { va: 0x1000, data: vec![1, 2, 3] },
            Effect::Fill { va: 0x1000, value: 7, bytes: 1 << 40 },
            Effect::Copy { src: 1, dst: 2, bytes: 3 },
            Effect::Atomic { va: 8, op: AtomicOp::ADD_64, operand: 1, compare: 2 },
            Effect::Fence { va: 8, value: u64::MAX, bytes: 8 },
            Effect::Timestamp { va: 16, end_of_pipe: true },
            Effect::Wait { va: 8, bytes: 4, function: WaitFunction(99), reference: 1, mask: 0xff },
        ]),
        completion: Completion::Memory { va: 8, value: 1, reads: vec![0..16, 0x100..0x200] },
    };
    Bundle { engine: Some("emu".into()), title: Some("all of it".into()), ..Bundle::new(submission) }
}

#[test]
fn what_is_written_is_read_again() {
    let bundle = full();
    let text = capture::write(&bundle);
    assert_eq!(capture::read(text.as_bytes()).unwrap(), bundle);
    assert_eq!(capture::write(&capture::read(text.as_bytes()).unwrap()), text);
    assert!(capture::is_bundle(text.as_bytes()) && !capture::is_bundle(b"c0017600 { 212"));
    // A line a packet, a run of bytes in a line.
    for line in ["\"c0027600 00000212 00000001 00000002\",\n", "\"ffff1000\"\n", "\"00*268\"\n", "\"01010101"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert_eq!(text.matches("c0027600").count(), 1);
}

#[test]
fn one_changed_packet_changes_one_line() {
    let (a, mut b) = (full(), full());
    b.submission.ibs[0].words[3] = 3;
    let (a, b) = (capture::write(&a), capture::write(&b));
    assert_eq!(a.lines().count(), b.lines().count());
    assert_eq!(a.lines().zip(b.lines()).filter(|(a, b)| a != b).count(), 1);
}

fn optional<T: std::fmt::Debug + Clone + 'static>(s: impl Strategy<Value = T> + 'static) -> BoxedStrategy<Option<T>> {
    proptest::option::of(s).boxed()
}

fn access() -> impl Strategy<Value = Access> {
    any::<[bool; 3]>().prop_map(|[read, write, execute]| Access { read, write, execute })
}

prop_compose! {
    fn buffers()(parts in vec((1u64..0x10000, 0u64..0x1000, access(), 0usize..4, vec(any::<u8>(), 0..80), 0usize..90), 0..6))
        -> BufferMap {
        let mut va = 0x1000;
        let buffers = parts.into_iter().enumerate().map(|(i, (bytes, gap, access, state, mut content, run))| {
            content.extend(vec![0u8; run]);
            content.truncate(bytes as usize);
            let info = BufferInfo {
                name: format!("b{i}é"), va, bytes, access, residency: Residency::ALL[state], content,
            };
            va += bytes + gap;
            info
        });
        BufferMap::new(buffers.collect())
    }
}

prop_compose! {
    fn submission()(
        words in vec(any::<u32>(), 0..80),
        (gfx, ring) in (0usize..6, 0usize..3),
        engines in optional(any::<u32>()),
        va in optional((0u64..1 << 60).prop_map(|n| 4 * n)),
        buffers in buffers(),
        (wave32, vgprs, block) in (optional(any::<bool>()), optional(any::<u32>()), optional(any::<[u32; 3]>())),
        (entry, op, operand) in (any::<u64>(), any::<u32>(), any::<u64>()),
        planned in any::<bool>(),
    ) -> Submission {
        let kernel = KernelFacts { name: "k \"q\" \\".into(), entry, wave32, vgprs, required_block: block, ..Default::default() };
        Submission {
            gfx: Gfx::ALL[gfx],
            ring: Ring::ALL[ring],
            shader_engines: engines,
            ibs: vec![Ib { name: String::new(), va, words: words.clone() }],
            buffers,
            kernels: vec![kernel],
            plan: planned.then(|| vec![
                Effect::Atomic { va: entry, op: AtomicOp(op), operand, compare: 0 },
                Effect::Write { va: entry, data: words },
            ]),
            completion: Completion::KernelFence,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_submission_survives(submission in submission()) {
        let bundle = Bundle::new(submission);
        let text = capture::write(&bundle);
        prop_assert_eq!(capture::read(text.as_bytes()).unwrap(), bundle);
    }

    #[test]
    fn any_damage_is_an_error_or_another_bundle(
        edits in vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..6),
    ) {
        let mut bytes = capture::write(&full()).into_bytes();
        for (index, byte, kind) in edits {
            let at = index.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => drop(bytes.drain(at..(at + usize::from(byte)).min(bytes.len()))),
                _ => bytes.insert(at, byte),
            }
            if bytes.is_empty() {
                bytes.push(b' ');
            }
        }
        match capture::read(&bytes) {
            Ok(bundle) => prop_assert_eq!(&capture::read(capture::write(&bundle).as_bytes()).unwrap(), &bundle),
            Err(error) => prop_assert!(!error.to_string().is_empty() && !error.hint().is_empty()),
        }
    }
}

/// Replaces the value of a member, wherever it stands: damage that is still JSON.
fn edited(pointer: &str, value: serde_json::Value) -> Vec<u8> {
    let mut document: serde_json::Value = serde_json::from_str(&capture::write(&full())).unwrap();
    match document.pointer_mut(pointer) {
        Some(slot) => *slot = value,
        None => {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            document.pointer_mut(parent).unwrap()[key] = value;
        }
    }
    document.to_string().into_bytes()
}

#[test]
fn a_malformed_member_is_named_with_the_rule_that_it_breaks() {
    use serde_json::json;
    for (pointer, value, path, rule) in [
        ("/gfx", json!("gfx1030"), "gfx", "is \"gfx1030\"; there are gfx1100"),
        ("/ring", json!(3), "ring", "a string is wanted"),
        ("/ibs", json!(null), "ibs", "an array is wanted"),
        ("/ibs/0/words/0", json!("c001"), "ibs[0].words[0]", "eight hexadecimal digits"),
        ("/ibs/0/words/0", json!(7), "ibs[0].words[0]", "a string is wanted"),
        ("/ibs/0/va", json!("0x1002"), "ibs[0].va", "multiple of 4"),
        ("/ibs/0/va", json!(-4), "ibs[0].va", "a number"),
        ("/ibs/0/name", json!("a\nb"), "ibs[0].name", "control characters"),
        ("/ibs/0/name", json!("x".repeat(121)), "ibs[0].name", "longer than 120"),
        ("/buffers/0/va", json!("0x800000000000"), "buffers[0].va", "repeat bit 47"),
        ("/buffers/0/bytes", json!("0x2000"), "buffers[2]", "within \"code\""),
        ("/buffers/0/bytes", json!(0), "buffers[0].bytes", "not empty"),
        ("/buffers/0/bytes", json!(1.5), "buffers[0].bytes", "a number"),
        ("/buffers/0/bytes", json!("0x11112222333344445"), "buffers[0].bytes", "at most 16 digits"),
        ("/buffers/0/access", json!("rwq"), "buffers[0].access", "rwx"),
        ("/buffers/0/access", json!("rw"), "buffers[0].access", "rwx"),
        ("/buffers/0/state", json!("gone"), "buffers[0].state", "listed, always-valid"),
        ("/buffers/2/content/0", json!("00*17"), "buffers[2].content[0]", "passes the buffer's 0x10 bytes"),
        ("/buffers/2/content/0", json!("00*99999999999999999999"), "buffers[2].content[0]", "hexadecimal bytes"),
        ("/buffers/2/content/0", json!("0"), "buffers[2].content[0]", "hexadecimal bytes"),
        ("/buffers/2/colour", json!(1), "buffers[2].colour", "is unknown here"),
        ("/kernels/0/vgprs", json!(1u64 << 32), "kernels[0].vgprs", "more than 32 bits"),
        ("/kernels/0/required_block", json!([1, 2]), "kernels[0].required_block", "3 are wanted"),
        ("/kernels/0/problem/kind", json!("sad"), "kernels[0].problem.kind", "byte-swapped"),
        ("/plan/0/kind", json!("think"), "plan[0]", "there are dispatch"),
        ("/plan/0", json!([]), "plan[0]", "no kind"),
        ("/plan/4/op", json!("ADD_128"), "plan[4].op", "no AtomicOp"),
        ("/plan/5/bytes", json!(5), "plan[5].bytes", "4 or 8"),
        ("/plan/0/user_data/1", json!("x"), "plan[0].user_data[1]", "a number"),
        ("/completion/reads/0", json!([2, 1]), "completion.reads[0]", "before its start"),
        ("/surprise", json!(1), "surprise", "is unknown here"),
    ] {
        match capture::read(&edited(pointer, value.clone())) {
            Err(CaptureError::Member { path: at, rule: why }) => {
                assert_eq!(at, path, "{pointer} {value}: {why}");
                assert!(why.contains(rule), "{pointer} {value}: {why}");
            }
            other => panic!("{pointer} {value}: {other:?}"),
        }
    }
    assert!(capture::read(&edited("/x-note", json!({ "any": ["thing"] }))).is_ok());
    assert!(capture::read(&edited("/tool", json!(null))).is_ok());
    for (bytes, code) in [
        (&b""[..], "bundle-json"),
        (b"{", "bundle-json"),
        (b"\xff\xfe", "bundle-json"),
        (b"[1]", "bundle-schema"),
        (b"{}", "bundle-schema"),
        (b"{\"schema\": \"sparkle-pm4/bundle/2\"}", "bundle-schema"),
        (b"{\"schema\": \"sparkle-pm4/bundle/1\"}", "bundle-member"),
    ] {
        assert_eq!(capture::read(bytes).unwrap_err().code(), code, "{}", String::from_utf8_lossy(bytes));
    }
    let deep = "[".repeat(100_000);
    assert_eq!(capture::read(deep.as_bytes()).unwrap_err().code(), "bundle-json");
}

/// A kernel of the tree: its image from the entry on, and its facts.
fn loaded(kernel: &kernels::Kernel, va: u64) -> (Vec<u8>, KernelFacts) {
    let object = CodeObject::parse(kernel.object).unwrap();
    let facts = facts::of_object(&object, kernel.name, va).unwrap();
    (object.image_at(va).unwrap()[(facts.entry - va) as usize..].to_vec(), facts)
}

#[test]
fn a_kernels_facts_are_those_of_the_manifest() {
    for kernel in kernels::KERNELS {
        let (_, facts) = loaded(kernel, 0x8_0000_0000);
        assert_eq!(facts.problem, None, "{}", kernel.name);
        assert_eq!(facts.vgprs, Some(kernel.vgprs), "{}", kernel.name);
        assert_eq!((facts.wave32, facts.lds_bytes), (Some(kernel.wave == 32), Some(kernel.lds_bytes)));
        assert_eq!(facts.target.as_deref(), Some("gfx1100"));
        assert_eq!(facts.kernarg_sgpr, Some(0));
        let pointers = kernel.args.iter().filter(|a| matches!(a.kind, kernels::ArgKind::Pointer { .. })).count();
        assert_eq!(facts.pointers.len(), pointers);
    }
}

#[test]
fn bare_code_tells_what_its_object_tells() {
    for kernel in kernels::KERNELS {
        let (code, known) = loaded(kernel, 0x8_0000_0000);
        let facts = facts::of_code(&code, known.entry, Gfx::Gfx1100, true);
        assert_eq!((facts.problem, facts.vgprs), (None, known.vgprs), "{}", kernel.name);
        assert_eq!(facts.wave32, None, "words do not tell it");
    }
}

#[test]
fn damaged_code_is_told_by_its_damage() {
    for kernel in kernels::KERNELS {
        let (code, known) = loaded(kernel, 0x8_0000_0000);
        let of = |code: &[u8], whole| facts::of_code(code, known.entry, Gfx::Gfx1100, whole).problem;
        let swapped: Vec<u8> = code.chunks_exact(4).flat_map(|w| [w[3], w[2], w[1], w[0]]).collect();
        assert_eq!(of(&swapped, true), Some(CodeProblem::ByteSwapped), "{}", kernel.name);

        let end = code.chunks_exact(4).rposition(|w| w == 0xbfb0_0000u32.to_le_bytes()).unwrap() * 4;
        assert_eq!(of(&code[..end], true), Some(CodeProblem::NoEnd));
        assert_eq!(of(&code[..end], false), None, "more may follow");
        let mut old = code.clone();
        old[end..end + 4].copy_from_slice(&0xbf81_0000u32.to_le_bytes());
        assert_eq!(of(&old, true), Some(CodeProblem::OldEndpgm { offset: end as u64 }));
        let mut junk = code.clone();
        junk[..4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(of(&junk, true), Some(CodeProblem::NotAnInstruction { offset: 0, word: u32::MAX }));
        assert_eq!(of(&[], true), Some(CodeProblem::NoEnd));
    }
}

#[test]
fn any_bytes_are_some_code() {
    let mut x = 1u64;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (x >> 56) as u8
    })
    .take(1 << 16)
    .collect();
    for start in (0..bytes.len()).step_by(97) {
        let end = (start + 512).min(bytes.len());
        let facts = facts::of_code(&bytes[start..end], 0x1000, Gfx::Gfx1151, true);
        assert!(facts.vgprs.is_none_or(|n| n <= 256));
    }
}

#[test]
fn code_of_gfx10_is_told_by_its_end() {
    let llvm = std::env::var_os("SPARKLE_LLVM").map_or_else(|| PathBuf::from("/usr/lib/llvm-19/bin"), PathBuf::from);
    let (mc, objcopy) = (llvm.join("llvm-mc"), llvm.join("llvm-objcopy"));
    if !mc.exists() || !objcopy.exists() {
        skip::skip!("{} has no llvm-mc and llvm-objcopy", llvm.display());
        return;
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("facts_gfx10");
    std::fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name);
    let source = "s_load_dwordx2 s[2:3], s[0:1], null\nv_lshlrev_b32 v0, 2, v0\ns_waitcnt lgkmcnt(0)\n\
                  global_load_dword v1, v0, s[2:3]\ns_waitcnt vmcnt(0)\nv_add_f32 v1, v1, v1\n\
                  global_store_dword v0, v1, s[2:3]\ns_endpgm\n";
    std::fs::write(path("a.s"), source).unwrap();
    let run = |program: &PathBuf, args: &[&str]| {
        let done = Command::new(program).args(args).current_dir(&folder).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    run(&mc, &["-triple=amdgcn-amd-amdhsa", "-mcpu=gfx1030", "-filetype=obj", "a.s", "-o", "a.o"]);
    run(&objcopy, &["-O", "binary", "--only-section=.text", "a.o", "a.bin"]);
    let code = std::fs::read(path("a.bin")).unwrap();
    let offset = code.len() as u64 - 4;
    let facts = facts::of_code(&code, 0x1000, Gfx::Gfx1100, true);
    assert_eq!(facts.problem, Some(CodeProblem::OldEndpgm { offset }));
}

#[test]
fn facts_are_found_at_the_programs_that_a_submission_starts() {
    let (code, known) = loaded(&kernels::VADD_F32, 0x8_0000_0000);
    let va = known.entry;
    let mut submission = Submission::of_words(
        Gfx::Gfx1100,
        Ring::Compute,
        [0xc002_7600, 0x20c, (va >> 8) as u32, (va >> 40) as u32, 0xc003_1502, 1, 1, 1, 0x8045],
    );
    assert_eq!(facts::entries(&submission), [va]);
    facts::complete(&mut submission);
    assert_eq!(submission.kernels, [], "no buffer, no facts");
    let name = "code".into();
    let bytes = code.len() as u64;
    let info = BufferInfo { name, va, bytes, access: Access::RX, residency: Residency::Listed, content: code.clone() };
    submission.buffers = BufferMap::new(vec![info]);
    facts::complete(&mut submission);
    assert_eq!(submission.kernels.len(), 1);
    assert_eq!((submission.kernels[0].entry, submission.kernels[0].vgprs), (va, known.vgprs));
    facts::complete(&mut submission);
    assert_eq!(submission.kernels.len(), 1, "what is known is not added again");
}
