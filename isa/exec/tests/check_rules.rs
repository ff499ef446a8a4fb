//! Hazards and encoding rules; statistics, profile, trace and single steps.
mod check_common;
use check_common::*;
use isa_exec::check::*;
use isa_exec::*;
use std::io::Write;
use std::sync::{Arc, Mutex};

#[test]
fn encodings_keep_their_rules() {
    // v_dual_mov_b32 v2, v3 :: v_dual_mov_b32 v3, v7: both read bank 3.
    let f = finds(
        &w32(" v_mov_b32 v3, 0\n v_mov_b32 v7, 0\nbad: .long 0xca100103, 0x02020107"),
        &[("encoding-rule", "bad")],
    );
    assert!(f[0].detail.contains("bank"), "{}", f[0].detail);
    clean(&w32(" v_mov_b32 v3, 0\n v_mov_b32 v7, 0\n v_dual_mov_b32 v2, v3 :: v_dual_mov_b32 v3, v6"));
}

#[test]
fn transcendental_results_come_late() {
    let source =
        |between: &str| format!(" v_mov_b32 v2, 1.0\n v_rcp_f32 v1, v2\n {between}\nbad: v_add_f32 v3, v1, v2");
    let f = finds(&w32(&source("")), &[("hazard-trans-use", "bad")]);
    assert_eq!(f[0].register.as_deref(), Some("v1"));
    assert_eq!(f[0].other.as_ref().unwrap().instruction, "v_rcp_f32_e32 v1, v2");
    clean(&w32(&source("s_waitcnt_depctr 0xfff")));
    finds(&w32(&source(&"v_mov_b32 v4, 0\n".repeat(5))), &[("hazard-trans-use", "bad")]);
    clean(&w32(&source(&"v_mov_b32 v4, 0\n".repeat(6))));
}

#[test]
fn values_from_before_and_after_a_change_of_exec() {
    let source = |wait: &str| {
        format!(
            " v_mov_b32 v1, 0
             v_mov_b32 v2, 0
             s_waitcnt_depctr 0xfff
             v_mov_b32 v1, 1
             s_mov_b64 exec, -1
             v_mov_b32 v2, 2
             {wait}
            bad: v_add_nc_u32 v3, v1, v2"
        )
    };
    finds(&w64(&source("")), &[("hazard-partial-forward", "bad")]);
    clean(&w64(&source("s_waitcnt_depctr 0xfff")));
    clean(&w64(&source("").replace("s_mov_b64 exec, -1", "s_nop 0")));
}

#[test]
fn masks_that_the_scalar_unit_writes() {
    let source = |between: &str, after: &str| {
        format!(
            " s_mov_b64 s[6:7], 0
             v_cmp_eq_u32 vcc, 1, v0
             v_cndmask_b32 v1, v0, v0, vcc
             {between}
             s_mov_b64 vcc, s[2:3]
             {after}
            bad: s_and_b64 s[8:9], vcc, exec"
        )
    };
    let found = |between: &str, after: &str| {
        finds(&w64(&source(between, after)), &[("hazard-mask-write", "bad")]);
    };
    found("", "");
    // What reads no scalar register or literal does not help, and neither does what comes after the write.
    found("v_mov_b32 v2, v0", "");
    found("v_add_nc_u32 v2, 1, v0", "");
    found("s_mov_b32 s10, s4", "");
    found("", "v_mov_b32 v2, s4");
    // Nor does another VALU instruction that reads the same mask.
    found("v_cndmask_b32 v2, v0, v0, vcc", "");
    // A VALU instruction that reads any other scalar register, another mask or a literal does, as does the wait.
    let mends = |between: &str| clean(&w64(&source(between, "")));
    mends("v_mov_b32 v2, s4");
    mends("v_mov_b32 v2, 0x12345");
    mends("v_cndmask_b32 v2, v0, v0, s[6:7]");
    mends("v_add_nc_u32 v2, vcc_lo, v0");
    clean(&w64(&source("", "s_waitcnt_depctr 0xfffe")));
    mends("s_waitcnt_depctr 0xfffe");
    // Wave32 has no such hazard.
    clean(&w32(" v_cmp_eq_u32 vcc_lo, 1, v0
         v_cndmask_b32 v1, v0, v0, vcc_lo
         s_mov_b32 vcc_lo, s2
         s_and_b32 s8, vcc_lo, exec_lo"));
}

#[test]
fn wmma_chains_and_permlane() {
    let source = |between: &str| {
        let init: String = (1..25).map(|k| format!(" v_mov_b32 v{k}, 0\n")).collect();
        format!(
            "{init}
             v_wmma_f32_16x16x16_f16 v[17:24], v[1:8], v[9:16], v[17:24]
             {between}
            bad: v_wmma_f32_16x16x16_f16 v[1:8], v[17:24], v[9:16], v[1:8]"
        )
    };
    finds(&w32(&source("")), &[("hazard-wmma", "bad")]);
    clean(&w32(&source("v_nop")));
    let source = |between: &str| {
        format!(
            " v_mov_b32 v1, 1
             v_cmpx_gt_u32 32, v0
             {between}
            bad: v_permlane16_b32 v1, v0, s4, s4"
        )
    };
    finds(&w32(&source("v_nop")), &[("hazard-cmpx-permlane", "bad")]);
    clean(&w32(&source("v_mov_b32 v1, v1")));
}

#[test]
fn kinds_by_name() {
    let set = KindSet::parse("race,uninit-lds").unwrap();
    assert!(set.has(Kind::RaceLds) && set.has(Kind::RaceGroups) && set.has(Kind::UninitLds));
    assert!(!set.has(Kind::UninitVgpr) && !set.has(Kind::WaitRead));
    assert!(KindSet::parse("bounds").unwrap().has(Kind::ObjectBounds));
    assert_eq!(KindSet::parse("default").unwrap(), KindSet::default());
    assert_eq!(KindSet::parse("race,nonsense"), Err("nonsense".to_string()));
    for k in Kind::ALL {
        assert!(KindSet::parse(k.code()).unwrap().has(*k));
    }
    // What is not asked for is not told.
    finds_among(&w32(" v_not_b32 v1, v2\n s_add_u32 s5, s6, s7"), KindSet::parse("wait").unwrap(), &[]);
}

#[test]
fn the_page_lists_every_kind() {
    let page = include_str!("../../../docs/checks.md");
    for k in Kind::ALL {
        let row = format!("| `{}` | {} |", k.code(), k.severity().name());
        assert!(page.contains(&row), "{row}");
    }
    assert_eq!(page.lines().filter(|l| l.starts_with("| `")).count(), Kind::ALL.len());
}

#[test]
fn findings_have_an_end() {
    let many: String = (0..20).map(|_| " global_store_b32 v0, v2, s[0:1]\n").collect();
    let config = Config { max_findings: 5, ..Config::default() };
    let mut all = Inspector::new(Some(Checker::new(config)), None, None);
    observe(&w32(&many), &mut all).0.unwrap();
    let c = all.checker.unwrap();
    assert_eq!((c.findings().len(), c.dropped()), (5, 15));
}

#[test]
fn a_finding_reads_like_a_diagnostic() {
    let f =
        finds(&w32(" v_add_f32 v1, v0, v2\nbad: global_store_b32 v0, v1, s[0:1] offset:16"), &[("uninit-vgpr", "bad")]);
    assert_eq!(
        f[0].to_string(),
        "error[uninit-vgpr]: a VGPR that nothing was written to decides
  in `global_store_b32 v0, v1, s[0:1] offset:16` at 0x10004, wave 0 of group (0,
    0, 0), lane 0 (lanes 0xffffffff)
  register v1
  v2 was never written, and taken in by the other instruction
  other: `v_add_f32_e32 v1, v0, v2` at 0x10000, wave 0 of group (0, 0, 0)
  hint: write the register in every lane that reads it; a write under a smaller
    EXEC leaves the other lanes as they were"
    );
}

#[test]
fn statistics_count_what_ran() {
    let l = w32("
         v_lshlrev_b32 v1, 2, v0
         s_mov_b32 s8, 3
        again:
         global_load_b32 v2, v1, s[2:3]
         s_waitcnt vmcnt(0)
         s_sub_i32 s8, s8, 1
         s_cmp_lg_u32 s8, 0
         s_cbranch_scc1 again
         v_cmp_gt_u32 vcc_lo, 8, v0
         s_and_saveexec_b32 s9, vcc_lo
         global_store_b64 v1, v[1:2], s[0:1]
         v_exp_f32 v3, v2")
    .groups(2);
    let mut all = Inspector::new(None, Some(Profile::new()), None);
    observe(&l, &mut all).0.unwrap();
    let p = all.profile.unwrap();
    // 2 + 3 * 5 + 4 and s_endpgm, twice.
    assert_eq!((p.instructions(), p.groups_and_waves()), (44, (2, 2)));
    assert_eq!(p.branches, [6, 4]);
    assert_eq!((p.global.read_bytes, p.global.written_bytes), (2 * 3 * 128, 2 * 8 * 8));
    assert_eq!(p.units().iter().find(|u| u.0.name() == "trans").map(|u| u.1), Some(2));
    let loads = p.mnemonics().into_iter().find(|m| m.0 == "global_load_b32");
    assert_eq!(loads, Some(("global_load_b32", 6)));
    // Of 7 vector instructions a group, two run with 8 lanes of 32.
    assert_eq!(p.lanes(), (2 * (5 * 32 + 2 * 8), 2 * 7 * 32));
    let text = p.annotated(0);
    let line = text.lines().find(|l| l.contains("global_load_b32")).unwrap();
    assert_eq!(line, "        6  13.6%   100%  0x00010008  global_load_b32 v2, v1, s[2:3]  ; 768 bytes");
    assert!(text.contains("s_cbranch_scc1 65530") && text.contains("; taken 4"), "{text}");
    assert!(p.summary().contains("instructions  44 by 2 waves in 2 workgroups"));
}

#[test]
fn bank_conflicts_by_stride() {
    let conflicts = |shift: u32, op: &str| {
        let source = format!(
            " v_lshlrev_b32 v1, {shift}, v0
             v_mov_b32 v2, 0
             v_mov_b32 v3, 0
             v_mov_b32 v4, 0
             v_mov_b32 v5, 0
             {op}"
        );
        let mut all = Inspector::new(None, Some(Profile::new()), None);
        observe(&Launch { lds: 8192, ..w32(&source) }, &mut all).0.unwrap();
        let p = all.profile.unwrap();
        (p.lds_cycles, p.lds_conflicts)
    };
    assert_eq!(conflicts(2, "ds_store_b32 v1, v0"), (1, 0));
    assert_eq!(conflicts(3, "ds_store_b32 v1, v0"), (1, 1));
    assert_eq!(conflicts(7, "ds_store_b32 v1, v0"), (1, 31));
    assert_eq!(conflicts(3, "ds_store_b64 v1, v[2:3]"), (2, 0));
    assert_eq!(conflicts(4, "ds_store_b64 v1, v[2:3]"), (2, 2));
    assert_eq!(conflicts(4, "ds_store_b128 v1, v[2:5]"), (4, 0));
    // Every lane loads one dword.
    assert_eq!(conflicts(2, "ds_load_b32 v1, v2"), (1, 0));
    assert_eq!(conflicts(2, "ds_add_u32 v2, v1"), (1, 31));
}

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, b: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(b)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn trace(l: &Launch<'_>, filter: Filter) -> String {
    let sink = Sink::default();
    let mut all = Inspector::new(None, None, Some(Tracer::new(filter, Box::new(sink.clone()))));
    let _ = observe(l, &mut all);
    all.tracer.unwrap().finish().unwrap();
    let bytes = sink.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

const TRACED: &str = "
         s_add_u32 s5, s4, 7
         v_add_nc_u32 v1, s5, v0
         v_mov_b32 v2, 0x10
         v_cmp_gt_u32 vcc_lo, 2, v0
         s_and_saveexec_b32 s8, vcc_lo
         s_cbranch_execz over
         global_store_b32 v2, v1, s[2:3]
        over:";

#[test]
fn a_trace_shows_what_changed() {
    let text = trace(&w32(TRACED), Filter::default());
    // What does not fit goes on in indented lines.
    assert!(text.lines().all(|l| l.len() <= 80), "{text}");
    let text = text.replace(&format!("\n{}", " ".repeat(24)), " ");
    let lines: Vec<String> = text.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        lines,
        [
            "(0,0,0) w0 0x00010000 s_add_u32 s5, s4, 7 s5=0x7",
            "(0,0,0) w0 0x00010004 v_add_nc_u32_e32 v1, s5, v0 v1={0:0x7 1:0x8 2:0x9 3:0xa ..}",
            "(0,0,0) w0 0x00010008 v_mov_b32_e32 v2, 16 v2=0x10",
            "(0,0,0) w0 0x0001000c v_cmp_gt_u32_e32 vcc_lo, 2, v0 vcc_lo=0x3",
            "(0,0,0) w0 0x00010010 s_and_saveexec_b32 s8, vcc_lo s8=0xffffffff exec_lo=0x3 scc=1",
            "(0,0,0) w0 0x00010014 s_cbranch_execz 2",
            "(0,0,0) w0 0x00010018 global_store_b32 v2, v1, s[2:3] store [0x200010,0x200014)",
            "(0,0,0) w0 0x00010020 s_endpgm",
        ]
    );
}

#[test]
fn a_trace_is_bounded_by_its_filter() {
    let l = w32(TRACED).threads(64).groups(3);
    let count = |filter: Filter| trace(&l, filter).lines().filter(|l| !l.starts_with(' ')).count();
    // Of the second wave no lane goes in, so that its branch is taken.
    assert_eq!(count(Filter::default()), 3 * (8 + 7));
    assert_eq!(count(Filter { wave: Some(1), ..Filter::default() }), 3 * 7);
    assert_eq!(count(Filter { workgroup: Some([2, 0, 0]), ..Filter::default() }), 15);
    assert_eq!(count(Filter { pcs: Some((CODE, CODE + 8)), ..Filter::default() }), 12);
    let text = trace(&l, Filter { max_lines: 4, ..Filter::default() });
    assert_eq!(text.lines().filter(|l| !l.starts_with(' ')).count(), 5);
    assert!(text.ends_with("its limit of lines is reached\n"));
    // A trap ends it.
    let text = trace(&w32(" s_mov_b32 s3, 1\n global_load_b32 v1, v0, s[2:3]"), Filter::default());
    assert!(text.contains("TRAP\ntrap: memory fault"), "{text}");
}

#[test]
fn single_steps() {
    let l = w32(" s_mov_b32 s5, 1\n s_barrier\n s_mov_b32 s5, 2").threads(64);
    let (bytes, _) = code(l.source, l.wave);
    let mut mem = pages(bytes);
    let mut program = Program::new(CODE, l.wave);
    let mut group = Group::new(&setup(&l, &[0; 5], 0), &program);
    let mut all = Inspector::new(None, Some(Profile::new()), None);
    let mut step = |wave| group.step(wave, &mut program, &mut mem, &mut all).unwrap();
    assert_eq!(step(0), WaveStatus::Running);
    assert_eq!(step(0), WaveStatus::Barrier);
    // It waits for the other one.
    assert_eq!(step(0), WaveStatus::Barrier);
    assert_eq!((step(1), step(1)), (WaveStatus::Running, WaveStatus::Running));
    assert_eq!((step(0), step(0)), (WaveStatus::Running, WaveStatus::Ended));
    assert_eq!(group.waves()[0].sgprs[5], 2);
    assert_eq!(group.waves()[1].sgprs[5], 1);
    assert_eq!(all.profile.unwrap().instructions(), 6);
}

#[test]
fn any_words_are_survived() {
    fn sendable<T: Send>(_: &T) {}
    // xorshift: the same words in every run.
    let mut x = 0x2545_f491_4f6c_dd1du64;
    let mut word = move || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 16) as u32
    };
    let mut ran = 0;
    for k in 0..20_000u32 {
        let wave = if k % 2 == 0 { WaveSize::W32 } else { WaveSize::W64 };
        // Formats of memory and vectors more often than chance has them.
        let words: Vec<u32> = (0..12)
            .map(|n| match (word() % 4, n % 2) {
                (0, 0) => {
                    word() & 0x03ff_ffff | [0xd800_0000, 0xdc00_0000, 0xe000_0000, 0xd400_0000][word() as usize % 4]
                }
                (1, 0) => word() & 0x7fff_ffff,
                _ => word(),
            })
            .collect();
        let mut mem = pages(words.iter().flat_map(|w| w.to_le_bytes()).collect());
        let mut program = Program::new(CODE, wave);
        let l = Launch { wave, threads: 100, ..w32("") };
        let mut group = Group::new(&setup(&l, &[X as u32, 0, Y as u32, 0, 1], 0), &program);
        let sink: Box<dyn Write + Send> = Box::new(std::io::sink());
        let checker = Checker::new(Config { kinds: KindSet::all(), ..Config::default() });
        let mut all = Inspector::new(Some(checker), Some(Profile::new()), Some(Tracer::new(Filter::default(), sink)));
        sendable(&all);
        let control = Control { stop: &|| false, max_instructions: Some(300) };
        let _ = group.run_observed(&mut program, &mut mem, &control, u64::MAX, &mut all);
        let p = all.profile.unwrap();
        ran += p.instructions();
        let _ = (p.summary(), p.annotated(0));
        for f in all.checker.unwrap().findings() {
            assert!(!f.to_string().is_empty());
        }
    }
    assert!(ran > 10_000, "{ran}");
}
