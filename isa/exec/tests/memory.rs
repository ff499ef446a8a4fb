//! Memory instructions: range checks, layouts of buffers, scratch and images, apertures, LDS rules, waves that wait for
//! one another. Expected values are worked out by hand from the RDNA3 guide.
// Lanes index several registers at a time here.
#![allow(clippy::needless_range_loop)]
mod common;
use common::*;
use isa_exec::*;

const CODE: u64 = 0x1000;
const OUT: u64 = 0x10_0000;
const DATA: u64 = 0x20_0000;
const SCRATCH: u64 = 0x30_0000;
const DATA_BYTES: usize = 65536;

struct Case {
    wave: WaveSize,
    threads: u32,
    sgprs: [u32; 64],
    lds_bytes: u32,
    scratch_wave_bytes: u32,
    float_mode: u8,
    /// Contents of the memory at DATA.
    data: Vec<u32>,
}

#[derive(PartialEq, Debug)]
struct Done {
    /// What the registers named held at the end, a dword a thread.
    regs: Vec<Vec<u32>>,
    data: Vec<u32>,
    scratch: Vec<u32>,
}

impl Case {
    fn new(wave: WaveSize) -> Case {
        let mut c = Case {
            wave,
            threads: wave.lanes(),
            sgprs: [0; 64],
            lds_bytes: 0,
            scratch_wave_bytes: 0,
            float_mode: 0xf0,
            data: (0..DATA_BYTES as u32 / 4).map(|k| 0x1000_0000 + k).collect(),
        };
        c.sgprs[4] = OUT as u32;
        c.sgprs[6] = DATA as u32;
        c
    }

    fn w32() -> Case {
        Case::new(WaveSize::W32)
    }

    /// Puts a buffer resource at s[8:11], based at DATA.
    fn buffer(mut self, word1: u32, records: u32, word3: u32) -> Case {
        self.sgprs[8..12].copy_from_slice(&[DATA as u32, word1 << 16, records, word3]);
        self
    }

    fn image(mut self, words: [u32; 8]) -> Case {
        self.sgprs[16..24].copy_from_slice(&words);
        self
    }

    /// Runs `source`, which finds the thread's number in v0, four times that in v1, and DATA in s[6:7]; on both engines,
    /// which agree.
    fn run(&self, source: &str, regs: &[u8]) -> Result<Done, Trap> {
        let interpreted = self.run_on(On::Interpreter, source, regs);
        for host in host_codes() {
            let translated = self.run_on(On::Translated(host), source, regs);
            assert_eq!(interpreted, translated, "interpreter and {host:?} on {source}");
        }
        interpreted
    }

    fn run_on(&self, on: On, source: &str, regs: &[u8]) -> Result<Done, Trap> {
        let mut text = String::from("v_lshlrev_b32 v1, 2, v0\nv_mov_b32 v63, v1\n");
        text += source;
        let bytes = 4 * self.threads as usize;
        for (k, r) in regs.iter().enumerate() {
            text += &format!("\nglobal_store_b32 v63, v{r}, s[4:5] offset:{}", k * bytes);
        }
        text += "\ns_endpgm\n";
        let target = isa::Target::from(self.wave);
        let options = isa::asm::Options { target, ..Default::default() };
        let assembled = isa::asm::assemble(&text, "test.s", &options).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        let mut m = Flat::default();
        let mut code = assembled.text().to_vec();
        code.extend([0; 64]);
        m.add(CODE, code, false, true);
        m.add(OUT, vec![0; (regs.len() * bytes).max(4)], true, false);
        m.add(DATA, self.data.iter().flat_map(|w| w.to_le_bytes()).collect(), true, false);
        m.add(SCRATCH, vec![0xee; 65536], true, false);
        let mut s = setup(self.wave, self.threads, &self.sgprs);
        s.lds_bytes = self.lds_bytes;
        s.float_mode = self.float_mode;
        s.scratch_base = SCRATCH;
        s.scratch_wave_bytes = self.scratch_wave_bytes;
        let mut program = Program::new(CODE, self.wave);
        on.choose(&mut program);
        run_group(&s, &mut program, &mut m, &control())?;
        Ok(Done {
            regs: m.u32s(OUT).chunks_exact(self.threads as usize).map(<[u32]>::to_vec).collect(),
            data: m.u32s(DATA),
            scratch: m.u32s(SCRATCH),
        })
    }

    fn regs(&self, source: &str, regs: &[u8]) -> Vec<Vec<u32>> {
        self.run(source, regs).unwrap_or_else(|t| panic!("{source}: {t}")).regs
    }

    /// What one register holds.
    fn reg(&self, source: &str, reg: u8) -> Vec<u32> {
        self.regs(source, &[reg]).remove(0)
    }
}

/// The dword at byte `at` of DATA.
fn dw(at: u32) -> u32 {
    0x1000_0000 + at / 4
}

/// Word 3 of a buffer resource: format 20 (32_UINT) and OOB_SELECT.
fn oob(select: u32) -> u32 {
    select << 28 | 20 << 12
}

/// DST_SEL of x, y, z, w in order.
const XYZW: u32 = 4 | 5 << 3 | 6 << 6 | 7 << 9;

#[test]
fn buffers_check_what_oob_select_says() {
    // Records of 16 bytes; the lane is the index, 8 the offset, so that 8 of 12 bytes fit the record.
    let source =
        "v_mov_b32 v2, v0\nv_mov_b32 v3, 8\nbuffer_load_b96 v[4:6], v[2:3], s[8:11], 0 idxen offen\ns_waitcnt vmcnt(0)";
    let at = |lane: u32| 16 * lane + 8;
    // 0: index below NUM_RECORDS and each dword within the stride.
    let r = Case::w32().buffer(16, 5, oob(0)).regs(source, &[4, 5, 6]);
    for lane in 0..32 {
        let inside = lane < 5;
        assert_eq!(r[0][lane as usize], if inside { dw(at(lane)) } else { 0 }, "x of lane {lane}");
        assert_eq!(r[1][lane as usize], if inside { dw(at(lane) + 4) } else { 0 }, "y of lane {lane}");
        assert_eq!(r[2][lane as usize], 0, "the third dword is beyond the stride");
    }
    // 1: the index alone.
    let r = Case::w32().buffer(16, 5, oob(1)).regs(source, &[4, 5, 6]);
    for lane in 0..32u32 {
        let want = if lane < 5 { dw(at(lane) + 8) } else { 0 };
        assert_eq!(r[2][lane as usize], want);
    }
    // 2: nothing but emptiness.
    let r = Case::w32().buffer(16, 1, oob(2)).regs(source, &[4, 5, 6]);
    assert_eq!(r[2], (0..32).map(|l| dw(at(l) + 8)).collect::<Vec<_>>());
    assert_eq!(Case::w32().buffer(16, 0, oob(2)).regs(source, &[4, 5, 6])[0], [0; 32]);
    // 3: bytes, each dword on its own, and the scalar offset takes from them.
    let source = "buffer_load_b128 v[4:7], v1, s[8:11], s30 offen\ns_waitcnt vmcnt(0)";
    let mut c = Case::w32().buffer(0, 64, oob(3));
    c.sgprs[30] = 20;
    let r = c.regs(source, &[4, 5, 6, 7]);
    for (k, r) in r.iter().enumerate() {
        for (lane, &got) in r.iter().enumerate() {
            let offset = 4 * (lane + k) as u32;
            assert_eq!(got, if offset + 4 <= 44 { dw(20 + offset) } else { 0 }, "dword {k} of lane {lane}");
        }
    }
}

#[test]
fn formats_and_atomics_are_in_range_as_a_whole_or_not() {
    // 30 bytes: the element of 8 bytes at 24 does not fit, though its first dword does.
    let source = "v_lshlrev_b32 v2, 3, v0\nbuffer_load_format_xy v[4:5], v2, s[8:11], 0 offen\n\
                  buffer_load_b64 v[6:7], v2, s[8:11], 0 offen\ns_waitcnt vmcnt(0)";
    let r = Case::w32().buffer(0, 30, 3 << 28 | 48 << 12 | XYZW).regs(source, &[4, 5, 6, 7]);
    assert_eq!(r[0][..5], [dw(0), dw(8), dw(16), 0, 0]);
    assert_eq!(r[1][..5], [dw(4), dw(12), dw(20), 0, 0]);
    assert_eq!(r[2][..5], [dw(0), dw(8), dw(16), dw(24), 0]);
    assert_eq!(r[3][..5], [dw(4), dw(12), dw(20), 0, 0]);
    let source = "v_lshlrev_b32 v2, 3, v0\nv_mov_b32 v4, 1\nv_mov_b32 v5, 0\n\
                  buffer_atomic_add_u64 v[4:5], v2, s[8:11], 0 offen glc\ns_waitcnt vmcnt(0)";
    let d = Case::w32().buffer(0, 30, oob(3)).run(source, &[4]).unwrap();
    assert_eq!(d.regs[0][..5], [dw(0), dw(8), dw(16), 0, 0]);
    assert_eq!(d.data[..8], [dw(0) + 1, dw(4), dw(8) + 1, dw(12), dw(16) + 1, dw(20), dw(24), dw(28)]);
}

#[test]
fn swizzled_buffers_keep_eight_indices_of_an_element_together() {
    // The guide's example: records X Y Z W U V, INDEX_STRIDE 8, elements of 4 bytes. Lane 9's Z is index 1 of the
    // second group of eight: 8 * 6 dwords of the first group, then Z's row of eight.
    let source = "v_mov_b32 v2, v0\nbuffer_load_b32 v3, v2, s[8:11], 0 idxen offset:8\n\
                  buffer_load_b64 v[4:5], v2, s[8:11], 0 idxen offset:16\ns_waitcnt vmcnt(0)";
    let c = Case::w32().buffer(24 | 1 << 14, 20, oob(0));
    let r = c.regs(source, &[3, 4, 5]);
    for lane in 0..32u32 {
        let row = |k: u32| dw(4 * (lane / 8 * 48 + k * 8 + lane % 8));
        let inside = lane < 20;
        let want = [row(2), row(4), row(5)].map(|v| if inside { v } else { 0 });
        assert_eq!([0, 1, 2].map(|k| r[k][lane as usize]), want, "lane {lane}");
    }
    // The lane's number as index.
    let source = "buffer_load_b32 v3, off, s[8:11], 0 offset:4\ns_waitcnt vmcnt(0)";
    let r = Case::w32().buffer(24, 40, oob(1) | 1 << 23).reg(source, 3);
    assert_eq!(r, (0..32).map(|l| dw(24 * l + 4)).collect::<Vec<_>>());
}

#[test]
fn swizzle_is_for_records_and_offsets_alone_stay_linear() {
    // A program's constants as Mesa's ACO reads them: base and, for stride and swizzle, sign of `s_getpc_b64`.
    let source =
        "buffer_load_b32 v3, v1, s[8:11], 0 offen\nbuffer_load_b64 v[4:5], v1, s[8:11], 0 offen\ns_waitcnt vmcnt(0)";
    let r = Case::w32().buffer(0xffff, 96, oob(3)).regs(source, &[3, 4, 5]);
    for lane in 0..32u32 {
        let row = |k: u32| if 4 * (lane + k) + 4 <= 96 { dw(4 * (lane + k)) } else { 0 };
        assert_eq!([0, 1, 2].map(|k| r[k][lane as usize]), [row(0), row(0), row(1)], "lane {lane}");
    }
}

#[test]
fn buffers_that_are_not_bound_read_zero_and_other_resources_do_nothing() {
    let source = "v_mov_b32 v3, 77\nbuffer_load_b32 v3, v1, s[8:11], 0 offen\nv_mov_b32 v4, 5\n\
                  buffer_store_b32 v4, v1, s[8:11], 0 offen\ns_waitcnt vmcnt(0)";
    let d = Case::w32().buffer(0, 4096, 3 << 28).run(source, &[3]).unwrap();
    assert_eq!((d.regs[0][0], d.data[0]), (0, dw(0)), "format INVALID");
    let d = Case::w32().buffer(0, 4096, oob(3) | 2 << 30).run(source, &[3]).unwrap();
    assert_eq!((d.regs[0][0], d.data[0]), (77, dw(0)), "TYPE of an image");
    let d = Case::w32().buffer(0, 4096, oob(3)).run(source, &[3]).unwrap();
    assert_eq!((d.regs[0][31], d.data[31]), (dw(124), 5));
}

#[test]
fn typed_loads_fill_up_with_zero_and_resources_with_what_they_select() {
    let mut c = Case::w32().buffer(0, 4, 3 << 28 | 42 << 12 | 6 | 5 << 3 | 4 << 6 | 1 << 9);
    c.data[0] = 0xff80_0033;
    // 8_8_8_8_UNORM as the instruction's format takes X, Y, Z, W as they lie; the resource's selects Z, Y, X, 1. Lane 1
    // is out of range: 0, and 1 where that is selected.
    let source = "tbuffer_load_format_xyzw v[4:7], v1, s[8:11], 0 format:[BUF_FMT_8_8_8_8_UINT] offen\n\
                  tbuffer_load_format_xyzw v[8:11], v1, s[8:11], 0 format:[BUF_FMT_8_8_UINT] offen\n\
                  buffer_load_format_xyzw v[12:15], v1, s[8:11], 0 offen\ns_waitcnt vmcnt(0)";
    let r = c.regs(source, &[4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    let of = |first: usize, lane: usize| [0, 1, 2, 3].map(|k| r[first + k][lane]);
    assert_eq!(of(0, 0), [0x33, 0, 0x80, 0xff]);
    assert_eq!(of(4, 0), [0x33, 0, 0, 0]);
    assert_eq!(of(8, 0), [(128f32 / 255.0).to_bits(), 0, (51f32 / 255.0).to_bits(), 1f32.to_bits()]);
    assert_eq!(of(8, 1), [0, 0, 0, 1f32.to_bits()]);
}

#[test]
fn sixteen_bit_components_share_registers() {
    let mut c = Case::w32().buffer(0, 4096, 3 << 28 | 55 << 12 | XYZW);
    c.data[0] = 0x2222_1111;
    c.data[1] = 0x4444_3333;
    let source = "v_mov_b32 v4, -1\nv_mov_b32 v5, -1\nv_mov_b32 v6, -1\nv_mov_b32 v2, 0\n\
                  buffer_load_d16_format_xyz v[4:5], v2, s[8:11], 0 offen\n\
                  buffer_load_d16_hi_format_x v6, v2, s[8:11], 0 offen\ns_waitcnt vmcnt(0)";
    let r = c.regs(source, &[4, 5, 6]);
    assert_eq!([r[0][0], r[1][0], r[2][0]], [0x2222_1111, 0xffff_3333, 0x1111_ffff]);
    let source = "v_mov_b32 v4, 0x12345678\nbuffer_store_d16_hi_format_x v4, v1, s[8:11], 0 offen\n\
                  global_load_d16_hi_u8 v4, v1, s[6:7] offset:256\nglobal_load_d16_i8 v5, v1, s[6:7] offset:256\n\
                  global_store_d16_hi_b8 v1, v4, s[6:7] offset:512\ns_waitcnt vmcnt(0)";
    let mut c = Case::w32().buffer(0, 4096, 3 << 28 | 11 << 12 | XYZW);
    c.data[64] = 0xab;
    let d = c.run(source, &[4, 5]).unwrap();
    assert_eq!(d.data[0], dw(0) & 0xffff_0000 | 0x1234);
    assert_eq!((d.regs[0][0], d.regs[1][0] & 0xffff), (0x00ab_5678, 0xffab));
    assert_eq!(d.data[128], dw(512) & !0xff | 0xab);
}

#[test]
fn scratch_interleaves_dwords_and_ends_where_the_lane_does() {
    for wave in [WaveSize::W32, WaveSize::W64] {
        let mut c = Case::new(wave);
        let lanes = wave.lanes() as usize;
        c.scratch_wave_bytes = 64 * lanes as u32;
        c.sgprs[20] = 16;
        // SVS form at 4 * 2 + 16 - 8, then bytes 6 to 9 of the lane: two halves of neighbouring dwords.
        let source = "v_add_nc_u32 v2, 100, v0\nv_mov_b32 v3, 8\nv_mov_b32 v4, 0x44332211\nv_mov_b32 v5, 6\n\
                      scratch_store_b32 v3, v2, s20 offset:-8\nscratch_store_b32 v5, v4, off\n\
                      scratch_load_b64 v[6:7], off, off offset:4\ns_waitcnt vmcnt(0)";
        let d = c.run(source, &[6, 7]).unwrap();
        for lane in 0..lanes {
            assert_eq!(d.scratch[4 * lanes + lane], 100 + lane as u32);
            assert_eq!(d.scratch[lanes + lane], 0x2211_eeee);
            assert_eq!(d.scratch[2 * lanes + lane], 0xeeee_4433);
            assert_eq!([d.regs[0][lane], d.regs[1][lane]], [0x2211_eeee, 0xeeee_4433]);
        }
        let t = c.run("scratch_load_b64 v[6:7], off, off offset:60", &[]).expect_err("beyond the lane's 64 bytes");
        assert!(matches!(t.kind, TrapKind::MemFault(f) if f.cause == FaultCause::OutsideScratch && f.va == 60), "{t}");
        c.scratch_wave_bytes = 0;
        let t = c.run("scratch_store_b32 off, v0, off", &[]).expect_err("no scratch");
        assert!(matches!(t.kind, TrapKind::MemFault(f) if f.cause == FaultCause::NoScratch), "{t}");
    }
}

#[test]
fn flat_addresses_fall_into_lds_scratch_and_memory() {
    let mut c = Case::w32();
    c.lds_bytes = 1024;
    c.scratch_wave_bytes = 64 * 32;
    // Lanes 0-9 memory, 10-19 LDS, 20-31 scratch: each at 4 * lane % 64 there.
    let source = "v_mov_b32 v2, 7\nv_add_nc_u32 v3, 0x500, v0\nds_store_b32 v1, v3\nv_and_b32 v10, 60, v1\n\
                  v_add_nc_u32 v4, 0x900, v0\nscratch_store_b32 v10, v4, off\n\
                  v_mov_b32 v6, s7\nv_add_nc_u32 v5, s6, v1\n\
                  v_mov_b32 v8, src_shared_base\nv_mov_b32 v7, v1\nv_mov_b32 v12, src_private_base\n\
                  v_cmp_lt_u32 vcc_lo, 9, v0\nv_cndmask_b32 v5, v5, v7, vcc_lo\nv_cndmask_b32 v6, v6, v8, vcc_lo\n\
                  v_cmp_lt_u32 vcc_lo, 19, v0\nv_cndmask_b32 v5, v5, v10, vcc_lo\nv_cndmask_b32 v6, v6, v12, vcc_lo\n\
                  s_waitcnt lgkmcnt(0)\nflat_load_b32 v9, v[5:6]\ns_waitcnt vmcnt(0) lgkmcnt(0)\n\
                  v_mov_b32 v11, 1\nflat_atomic_add_u32 v11, v[5:6], v11 glc\ns_waitcnt vmcnt(0) lgkmcnt(0)\n\
                  flat_load_b32 v13, v[5:6]\ns_waitcnt vmcnt(0) lgkmcnt(0)";
    let source =
        source.replace("v_mov_b32 v8, src_shared_base", "s_mov_b64 s[30:31], src_shared_base\nv_mov_b32 v8, s31");
    let source =
        source.replace("v_mov_b32 v12, src_private_base", "s_mov_b64 s[30:31], src_private_base\nv_mov_b32 v12, s31");
    let r = c.regs(&source, &[9, 11, 13]);
    for lane in 0..32u32 {
        let want = match lane {
            0..10 => dw(4 * lane),
            10..20 => 0x500 + lane,
            _ => 0x900 + lane,
        };
        assert_eq!([0, 1, 2].map(|k| r[k][lane as usize]), [want, want, want + 1], "lane {lane}");
    }
}

#[test]
fn lds_reads_zero_where_any_part_is_out_of_range() {
    let mut c = Case::w32();
    // 1,100 bytes take two blocks of 1,024.
    c.lds_bytes = 1100;
    let source = "v_add_nc_u32 v2, 1, v0\nv_mov_b32 v3, 0\nv_mov_b32 v4, 0x7f0\nds_store_b32 v4, v2 offset:12\n\
                  ds_load_b32 v5, v4 offset:12\nds_load_b64 v[6:7], v4 offset:12\n\
                  ds_store_b64 v4, v[2:3] offset:12\nds_load_b32 v8, v4 offset:12\n\
                  ds_load_2addr_b32 v[10:11], v4 offset0:3 offset1:4\n\
                  v_mov_b32 v9, -8\nds_load_b32 v12, v9 offset:2052\ns_waitcnt lgkmcnt(0)";
    let r = c.regs(source, &[5, 6, 7, 8, 10, 11, 12]);
    let last: Vec<u32> = r.iter().map(|r| r[3]).collect();
    // The highest lane stores last; an address below zero wraps before the check.
    assert_eq!(last, [32, 0, 0, 32, 0, 0, 32]);
}

#[test]
fn lds_is_read_at_any_byte_and_changed_at_whole_words() {
    let mut c = Case::w32();
    c.lds_bytes = 64;
    let source = "v_mov_b32 v2, 0x44332211\nv_mov_b32 v3, 0x88776655\nv_mov_b32 v4, 0\nds_store_b64 v4, v[2:3]\n\
                  ds_load_b32 v5, v4 offset:3\nds_load_i8 v6, v4 offset:7\nds_load_u16 v7, v4 offset:1\ns_waitcnt lgkmcnt(0)";
    let r = c.regs(source, &[5, 6, 7]);
    assert_eq!([r[0][0], r[1][0], r[2][0]], [0x7766_5544, 0xffff_ff88, 0x3322]);
    let t = c.run("v_mov_b32 v2, 2\nds_add_u32 v2, v2", &[]).expect_err("misaligned");
    assert!(matches!(t.kind, TrapKind::MemFault(f) if f.cause == FaultCause::Misaligned), "{t}");
    let t = c.run("v_mov_b32 v2, 4\nds_add_u64 v2, v[2:3]", &[]).expect_err("misaligned");
    assert!(matches!(t.kind, TrapKind::MemFault(f) if f.cause == FaultCause::Misaligned), "{t}");
}

#[test]
fn lds_pairs_counters_and_thread_offsets() {
    let mut c = Case::w32();
    c.lds_bytes = 65536;
    let source = "v_add_nc_u32 v2, 100, v0\nv_add_nc_u32 v3, 200, v0\n\
                  ds_store_2addr_stride64_b32 v1, v2, v3 offset0:1 offset1:2\n\
                  v_add_nc_u32 v4, 300, v0\nv_add_nc_u32 v5, 400, v0\n\
                  ds_storexchg_2addr_stride64_rtn_b32 v[6:7], v1, v4, v5 offset0:1 offset1:2\n\
                  s_movk_i32 m0, 0x100\nds_load_addtid_b32 v8\nds_load_addtid_b32 v9 offset:256\n\
                  s_mov_b32 exec_lo, 0x0000ff00\nv_mov_b32 v10, 0\nv_mov_b32 v11, 0\ns_mov_b32 m0, 0x400\n\
                  ds_append v10 offset:4\nds_append v11 offset:4\nds_consume v12 offset:4\ns_waitcnt lgkmcnt(0)\n\
                  v_mov_b32 v13, 0x404\nds_load_b32 v14, v13\ns_waitcnt lgkmcnt(0)\ns_mov_b32 exec_lo, -1";
    let r = c.regs(source, &[6, 7, 8, 9, 10, 11, 12, 14]);
    for lane in 0..32 {
        let l = lane as u32;
        assert_eq!([r[0][lane], r[1][lane], r[2][lane], r[3][lane]], [100 + l, 200 + l, 300 + l, 400 + l]);
    }
    assert_eq!([r[4][8], r[5][8], r[6][8], r[7][8]], [0, 8, 16, 8]);
}

#[test]
fn lanes_cross_within_halves_of_a_wave64() {
    let c = Case::new(WaveSize::W64);
    // Every lane names lane 33: bits above the five are ignored, so it reads lane 1 of its own half.
    let source = "v_mov_b32 v2, 132\nds_bpermute_b32 v3, v2, v0\nv_xor_b32 v4, 4, v1\nds_permute_b32 v5, v4, v0\n\
                  ds_swizzle_b32 v6, v0 offset:0xe000\nds_swizzle_b32 v7, v0 offset:0xc060\ns_waitcnt lgkmcnt(0)";
    let r = c.regs(source, &[3, 5, 6, 7]);
    for lane in 0..64u32 {
        let (half, low) = (lane & 32, lane & 31);
        let reversed = (0..5).fold(0, |v, k| v | (low >> k & 1) << (4 - k));
        let want = [half + 1, lane ^ 1, half + reversed, half + (low + 3) % 32];
        assert_eq!([0, 1, 2, 3].map(|k| r[k][lane as usize]), want, "lane {lane}");
    }
}

#[test]
fn waves_meet_at_a_global_barrier_or_are_told_that_they_cannot() {
    let mut c = Case::w32();
    c.threads = 128;
    c.lds_bytes = 1024;
    // Each wave stores, meets the other three, and reads its neighbour's dword; twice, so that the flag turns.
    let source = |waves: u32| {
        format!(
            "v_mov_b32 v2, {}\ns_mov_b32 m0, 0x30000\nv_cmp_eq_u32 vcc_lo, 0, v0\ns_cbranch_vccz wait\n\
             ds_gws_init v2 offset:5 gds\ns_waitcnt lgkmcnt(0)\nwait:\ns_barrier\n\
             ds_store_b32 v1, v0\ns_waitcnt lgkmcnt(0)\nds_gws_barrier v2 offset:5 gds\ns_waitcnt lgkmcnt(0)\n\
             v_xor_b32 v3, 0x100, v1\nds_load_b32 v4, v3\ns_waitcnt lgkmcnt(0)\nds_gws_barrier v2 offset:5 gds\n\
             s_waitcnt lgkmcnt(0)\nds_store_b32 v1, v4\ns_waitcnt lgkmcnt(0)\nds_gws_barrier v2 offset:5 gds\n\
             s_waitcnt lgkmcnt(0)\nds_load_b32 v5, v3\ns_waitcnt lgkmcnt(0)",
            waves - 1
        )
    };
    let r = c.regs(&source(4), &[4, 5]);
    assert_eq!(r[0], (0..128).map(|t| t ^ 64).collect::<Vec<u32>>());
    assert_eq!(r[1], (0..128).collect::<Vec<u32>>());
    let t = c.run(&source(5), &[]).expect_err("five waves never come");
    assert_eq!(t.kind, TrapKind::BarrierDeadlock);
}

#[test]
fn a_semaphore_lets_as_many_waves_pass_as_were_released() {
    let mut c = Case::w32();
    c.threads = 128;
    c.lds_bytes = 64;
    // Wave 3 releases three; the others count themselves after they passed.
    let source = "s_mov_b32 m0, 0\nv_mov_b32 v2, 3\nv_mov_b32 v3, 0\nv_mov_b32 v4, 1\nv_readfirstlane_b32 s30, v0\n\
                  s_cmp_eq_u32 s30, 96\ns_cbranch_scc1 release\nds_gws_sema_p gds\ns_waitcnt lgkmcnt(0)\n\
                  ds_add_u32 v3, v4\ns_branch end\nrelease:\nds_gws_sema_br v2 gds\nend:\ns_waitcnt lgkmcnt(0)\ns_barrier\n\
                  ds_load_b32 v5, v3\ns_waitcnt lgkmcnt(0)";
    assert_eq!(c.reg(source, 5)[0], 96);
    let t = c.run(&source.replace("v_mov_b32 v2, 3", "v_mov_b32 v2, 2"), &[]).expect_err("one waits for ever");
    assert_eq!(t.kind, TrapKind::BarrierDeadlock);
}

#[test]
fn floats_in_memory_follow_chapter_13() {
    let mut c = Case::w32();
    c.data[0] = 0x0000_0001;
    c.data[1] = 0x7fc0_0000;
    c.data[2] = 0x8000_0000;
    let source = "s_mov_b32 exec_lo, 1\nv_mov_b32 v2, 0\nv_mov_b32 v3, 2\nv_mov_b32 v4, 1.0\nv_mov_b32 v5, 0\nv_mov_b32 v6, 0x7fc00000\n\
                  global_atomic_add_f32 v7, v2, v3, s[6:7] glc\nglobal_atomic_max_f32 v8, v2, v4, s[6:7] offset:4 glc\n\
                  global_atomic_cmpswap_f32 v9, v2, v[4:5], s[6:7] offset:8 glc\ns_waitcnt vmcnt(0)";
    let d = c.run(source, &[7, 8, 9]).unwrap();
    // Denormals vanish in sums whatever MODE says; a quiet NaN loses; -0 equals +0.
    assert_eq!(d.data[..3], [0, 0x3f80_0000, 0x3f80_0000]);
    assert_eq!([d.regs[0][0], d.regs[1][0], d.regs[2][0]], [1, 0x7fc0_0000, 0x8000_0000]);
    let t = c.run("v_mov_b32 v2, 2\nglobal_atomic_add_u32 v2, v0, s[6:7]", &[]).expect_err("misaligned");
    assert!(matches!(t.kind, TrapKind::MemFault(f) if f.cause == FaultCause::Misaligned && f.va == DATA + 2), "{t}");
}

#[test]
fn buffers_load_straight_into_lds() {
    let mut c = Case::w32().buffer(0, 64, 3 << 28 | 5 << 12 | XYZW);
    c.lds_bytes = 1024;
    let source = "s_movk_i32 m0, 0x80\nbuffer_load_lds_b32 v1, s[8:11], 0 offen offset:4\n\
                  v_mov_b32 v2, v1\ns_waitcnt vmcnt(0)\nds_load_b32 v3, v1 offset:132\ns_waitcnt lgkmcnt(0)\n\
                  buffer_load_lds_format_x v1, s[8:11], 0 offen\ns_waitcnt vmcnt(0)\nds_load_b32 v4, v1 offset:128\n\
                  s_waitcnt lgkmcnt(0)";
    let r = c.regs(source, &[3, 4]);
    for lane in 0..32u32 {
        assert_eq!(r[0][lane as usize], if lane < 15 { dw(4 * lane + 4) } else { 0 }, "lane {lane}");
        assert_eq!(r[1][lane as usize], if lane < 16 { lane } else { 0 }, "lane {lane}");
    }
}

#[test]
fn destinations_beyond_the_allocation_make_nothing_happen() {
    // The tests' waves have 64 registers.
    let c = Case::w32();
    let source = "v_mov_b32 v62, 5\nglobal_load_b64 v[63:64], v1, s[6:7]\nglobal_load_b128 v[62:65], v1, s[6:7]\n\
                  v_mov_b32 v2, 1\nglobal_atomic_add_u32 v64, v1, v2, s[6:7] glc\ns_waitcnt vmcnt(0)";
    let d = c.run(source, &[62, 63]).unwrap();
    assert_eq!([d.regs[0][3], d.regs[1][3]], [5, 12]);
    assert_eq!(d.data[3], dw(12));
}

/// A linear 2D image at DATA of `width` x `height` texels.
fn image(format: u32, width: u32, height: u32, select: u32) -> [u32; 8] {
    let (w, h) = (width - 1, height - 1);
    [DATA as u32 >> 8, format << 20 | w << 30, w >> 2 | h << 14, select | 9 << 28, 0, 0, 0, 0]
}

#[test]
fn images_load_store_and_drop_what_lies_outside() {
    // 32_32_UINT, 5 x 4 texels: rows of 256 bytes. Lane = x + 8 * y.
    let c = Case::w32().image(image(48, 5, 4, XYZW));
    let source = "v_and_b32 v2, 7, v0\nv_lshrrev_b32 v3, 3, v0\nv_mov_b32 v9, -1\n\
                  image_load v[4:5], v[2:3], s[16:23] dmask:0x3 dim:SQ_RSRC_IMG_2D unorm\n\
                  image_load v8, v[2:3], s[16:23] dmask:0x2 dim:SQ_RSRC_IMG_2D unorm\n\
                  v_add_nc_u32 v6, 0x700, v0\nv_mov_b32 v7, 9\n\
                  image_store v[6:7], v[2:3], s[16:23] dmask:0x3 dim:SQ_RSRC_IMG_2D unorm\n\
                  v_mov_b32 v11, 0\nimage_get_resinfo v[12:15], v11, s[16:23] dmask:0xf dim:SQ_RSRC_IMG_2D\ns_waitcnt vmcnt(0)";
    let d = c.run(source, &[4, 5, 8, 12, 13, 14, 15]).unwrap();
    for lane in 0..32u32 {
        let (x, y) = (lane & 7, lane >> 3);
        let (inside, at) = (x < 5, 256 * y + 8 * x);
        let want = if inside { [dw(at), dw(at + 4), dw(at + 4)] } else { [0; 3] };
        assert_eq!([0, 1, 2].map(|k| d.regs[k][lane as usize]), want, "lane {lane}");
        let stored = [d.data[at as usize / 4], d.data[at as usize / 4 + 1]];
        assert_eq!(stored, if inside { [0x700 + lane, 9] } else { [dw(at), dw(at + 4)] });
    }
    assert_eq!([3, 4, 5, 6].map(|k| d.regs[k][0]), [5, 4, 1, 1]);
}

#[test]
fn image_addresses_come_in_halves_and_from_scattered_registers() {
    let c = Case::w32().image(image(20, 8, 4, XYZW));
    let source = "v_and_b32 v2, 7, v0\nv_lshrrev_b32 v7, 3, v0\nv_lshl_or_b32 v3, v7, 16, v2\n\
                  image_load v4, v3, s[16:23] dmask:0x1 dim:SQ_RSRC_IMG_2D unorm a16\n\
                  image_load v5, [v2, v7], s[16:23] dmask:0x1 dim:SQ_RSRC_IMG_2D unorm\n\
                  v_mov_b32 v8, 1\nimage_atomic_add v8, [v2, v7], s[16:23] dmask:0x1 dim:SQ_RSRC_IMG_2D unorm glc\ns_waitcnt vmcnt(0)";
    let d = c.run(source, &[4, 5, 8]).unwrap();
    for lane in 0..32u32 {
        let at = 256 * (lane >> 3) + 4 * (lane & 7);
        assert_eq!([0, 1, 2].map(|k| d.regs[k][lane as usize]), [dw(at); 3], "lane {lane}");
        assert_eq!(d.data[at as usize / 4], dw(at) + 1);
    }
}

/// `v` with bit k moved to where `to[k]` has its bit.
fn deposit(v: u32, to: &[u32]) -> u32 {
    to.iter().enumerate().filter(|(k, _)| v >> k & 1 != 0).map(|(_, bit)| bit).sum()
}

#[test]
fn swizzled_images_interleave_coordinates_in_blocks() {
    // 32_UINT, 4KB_D: 40 x 40 texels are two blocks of 32 x 32 in each direction. Lane = x - 4, y = 35.
    let mut words = image(20, 40, 40, XYZW);
    words[3] |= 6 << 20;
    let source = "v_add_nc_u32 v2, 4, v0\nv_mov_b32 v3, 35\n\
                  image_load v4, v[2:3], s[16:23] dmask:0x1 dim:SQ_RSRC_IMG_2D unorm\nv_add_nc_u32 v5, 0x700, v0\n\
                  image_store v5, v[2:3], s[16:23] dmask:0x1 dim:SQ_RSRC_IMG_2D unorm\ns_waitcnt vmcnt(0)";
    let d = Case::w32().image(words).run(source, &[4]).unwrap();
    for lane in 0..32 {
        let (x, y) = (lane + 4, 35);
        let inside = deposit(x % 32, &[4, 16, 64, 512, 2048]) + deposit(y % 32, &[8, 32, 128, 256, 1024]);
        let at = 4096 * (2 * (y / 32) + x / 32) + inside;
        assert_eq!(d.regs[0][lane as usize], dw(at), "lane {lane}");
        assert_eq!(d.data[at as usize / 4], 0x700 + lane, "lane {lane}");
    }
    // 64KB_R_X with 32 pipes: 16 x 16 texels lie in one block, whose pipe the base address turns by one.
    let mut words = image(20, 16, 16, XYZW);
    words[0] |= 1;
    words[3] |= 27 << 20;
    let source = "v_and_b32 v2, 15, v0\nv_lshrrev_b32 v3, 1, v0\n\
                  image_load v4, v[2:3], s[16:23] dmask:0x1 dim:SQ_RSRC_IMG_2D unorm\ns_waitcnt vmcnt(0)";
    let r = Case::w32().image(words).reg(source, 4);
    for lane in 0..32 {
        let inside = deposit(lane & 15, &[4, 16, 64, 0x2000]) + deposit(lane >> 1, &[8, 32, 128, 0x4000]);
        assert_eq!(r[lane as usize], dw(inside ^ 0x100), "lane {lane}");
    }
}

#[test]
fn fragments_of_a_texel_lie_side_by_side() {
    // 2D MSAA of four samples, 32_UINT, 64KB_R_X. Lane = x + 4 * fragment, y = 1; there is no fragment from 4 on.
    let mut words = image(20, 4, 4, XYZW);
    words[1] |= 2 << 16;
    words[3] = words[3] & 0x0fff_ffff | 14 << 28 | 27 << 20 | 2 << 16;
    let c = Case::w32().image(words);
    let source = "v_and_b32 v2, 3, v0\nv_mov_b32 v3, 1\nv_lshrrev_b32 v4, 2, v0\n\
                  image_load v5, v[2:4], s[16:23] dmask:0x1 dim:SQ_RSRC_IMG_2D_MSAA unorm\ns_waitcnt vmcnt(0)";
    let r = c.reg(source, 5);
    for lane in 0..32 {
        let at = deposit(lane & 3, &[16, 64]) + deposit(lane >> 2, &[4, 8]) + 32;
        assert_eq!(r[lane as usize], if lane < 16 { dw(at) } else { 0 }, "lane {lane}");
    }
    let source = "image_msaa_load v[5:8], v[2:4], s[16:23] dmask:0x1 dim:SQ_RSRC_IMG_2D_MSAA unorm";
    let t = c.run(source, &[]).expect_err("several fragments at once").to_string();
    assert!(t.contains("image_msaa_load of 4 fragments"), "{t}");
}

#[test]
fn images_that_are_not_known_say_what_they_are() {
    let load = "image_load v4, v[2:3], s[16:23] dmask:0x1 dim:SQ_RSRC_IMG_2D unorm";
    let fails = |words| Case::w32().image(words).run(load, &[]).expect_err("no such image").to_string();
    let with = |word: usize, bits: u32| {
        let mut words = image(20, 8, 4, XYZW);
        words[word] |= bits;
        words
    };
    let t = fails(with(3, 25 << 20));
    assert!(t.contains("swizzle mode 64KB_S_X for 2D images"), "{t}");
    let t = fails(with(6, 1 << 21));
    assert!(t.contains("COMPRESSION_EN"), "{t}");
    let t = fails(image(109, 8, 4, XYZW));
    assert!(t.contains("BC1"), "{t}");
    assert_eq!(Case::w32().image([0; 8]).reg(&format!("v_mov_b32 v4, 1\n{load}\ns_waitcnt vmcnt(0)"), 4), [0; 32]);
}

#[test]
fn samples_take_the_nearest_texel() {
    // 32_FLOAT, 8 x 4; the sampler repeats in x, has a white border in y, and point filters.
    let mut c = Case::w32().image(image(22, 8, 4, XYZW));
    for y in 0..4 {
        for x in 0..8 {
            c.data[64 * y + x] = (10.0 * y as f32 + x as f32).to_bits();
        }
    }
    c.sgprs[24..28].copy_from_slice(&[6 << 3, 0xfff << 12, 0, 2 << 30]);
    // u = (lane + 0.5) / 8 wraps every eight lanes; v = 0.4 lies in row 1, v = 1.1 outside.
    let source = "v_cvt_f32_u32 v2, v0\nv_add_f32 v2, 0.5, v2\nv_mul_f32 v2, 0x3e000000, v2\nv_mov_b32 v3, 0x3ecccccd\n\
                  image_sample v4, v[2:3], s[16:23], s[24:27] dmask:0x1 dim:SQ_RSRC_IMG_2D\n\
                  v_mov_b32 v3, 0x3f8ccccd\nimage_sample_lz v5, v[2:3], s[16:23], s[24:27] dmask:0x1 dim:SQ_RSRC_IMG_2D\n\
                  v_mov_b32 v3, 0.5\nimage_gather4_lz v[6:9], v[2:3], s[16:23], s[24:27] dmask:0x1 dim:SQ_RSRC_IMG_2D\ns_waitcnt vmcnt(0)";
    let r = c.regs(source, &[4, 5, 6, 7, 8, 9]);
    for lane in 0..32usize {
        let x = (lane % 8) as f32;
        assert_eq!(f32::from_bits(r[0][lane]), 10.0 + x, "lane {lane}");
        assert_eq!(f32::from_bits(r[1][lane]), 1.0);
        let next = ((lane + 1) % 8) as f32;
        let want = [20.0 + x, 20.0 + next, 10.0 + next, 10.0 + x];
        assert_eq!([2, 3, 4, 5].map(|k| f32::from_bits(r[k][lane])), want, "lane {lane}");
    }
    c.sgprs[26] = 1 << 20;
    let t = c.run(source, &[]).expect_err("a bilinear filter");
    assert!(t.to_string().contains("a filter other than point"), "{t}");
}

#[test]
fn scalar_buffers_check_each_dword() {
    let c = Case::w32().buffer(0, 20, oob(3));
    let source = "s_buffer_load_b128 s[32:35], s[8:11], 0x9\ns_load_b64 s[36:37], s[6:7], 0x12\ns_waitcnt lgkmcnt(0)\n\
                  v_mov_b32 v2, s32\nv_mov_b32 v3, s34\nv_mov_b32 v4, s35\nv_mov_b32 v5, s36";
    let r = c.regs(source, &[2, 3, 4, 5]);
    // Bits 1:0 of the offset are ignored; 8, 12 and 16 lie below 20.
    assert_eq!([0, 1, 2, 3].map(|k| r[k][0]), [dw(8), dw(16), 0, dw(16)]);
}

#[test]
fn every_texel_of_a_row_and_the_one_fragment() {
    let mut c = Case::w32().image(image(22, 8, 4, XYZW));
    for x in 0..8 {
        c.data[64 + x] = (x as f32 + 0.25).to_bits();
    }
    // Texel 6 of row 1, to the right around the edge.
    c.sgprs[24..28].copy_from_slice(&[0, 0xfff << 12, 0, 0]);
    let source = "v_mov_b32 v2, 0x3f480000\nv_mov_b32 v3, 0x3ecccccd\n\
                  image_gather4h v[4:7], v[2:3], s[16:23], s[24:27] dmask:0x1 dim:SQ_RSRC_IMG_2D\ns_waitcnt vmcnt(0)";
    let r = c.regs(source, &[4, 5, 6, 7]);
    assert_eq!([0, 1, 2, 3].map(|k| f32::from_bits(r[k][5])), [6.25, 7.25, 0.25, 1.25]);
    // 2D MSAA of one sample: fragment 0 of lanes below 16, fragment 1 of the others.
    let mut words = image(48, 16, 1, XYZW);
    words[3] = words[3] & 0x0fff_ffff | 14 << 28;
    let source = "v_and_b32 v2, 15, v0\nv_mov_b32 v3, 0\nv_lshrrev_b32 v4, 4, v0\n\
                  image_msaa_load v[5:8], v[2:4], s[16:23] dmask:0x2 dim:SQ_RSRC_IMG_2D_MSAA unorm\ns_waitcnt vmcnt(0)";
    let r = Case::w32().image(words).regs(source, &[5, 6]);
    for lane in 0..32u32 {
        assert_eq!(r[0][lane as usize], if lane < 16 { dw(8 * lane + 4) } else { 0 }, "lane {lane}");
        assert_eq!(r[1][lane as usize], 0, "there are no other fragments");
    }
}

#[test]
fn one_value_of_lds_goes_to_whole_quads() {
    let mut c = Case::w32();
    c.lds_bytes = 1024;
    // Bytes 0x83 at 5: unsigned byte, signed byte, signed half and dword at 4.
    let source = "v_mov_b32 v2, 0x7fff8301\nv_mov_b32 v3, 4\nds_store_b32 v3, v2\ns_waitcnt lgkmcnt(0)\n\
                  v_mov_b32 v4, 9\nv_mov_b32 v5, 9\ns_mov_b32 exec_lo, 0x20\n\
                  s_mov_b32 m0, 5\nlds_direct_load v4\ns_mov_b32 m0, 0x40005\nlds_direct_load v5\n\
                  s_mov_b32 m0, 0x50004\nlds_direct_load v6\ns_mov_b32 m0, 0x20004\nlds_direct_load v7\n\
                  s_mov_b32 exec_lo, -1";
    let r = c.regs(source, &[4, 5, 6, 7]);
    assert_eq!([0, 1, 2, 3].map(|k| r[k][5]), [0x83, 0xffff_ff83, 0xffff_8301, 0x7fff_8301]);
    assert_eq!(r[0][..9], [9, 9, 9, 9, 0x83, 0x83, 0x83, 0x83, 9]);
}

#[test]
fn counts_are_ordered_by_wave_and_streamout_counts_on() {
    let mut c = Case::w32();
    c.threads = 96;
    // Wave k adds 10 * (k + 1) from its first active lane: what it gets is the sum of those before, whichever came first.
    let source = "v_lshrrev_b32 v2, 5, v0\nv_add_nc_u32 v2, 1, v2\nv_mul_u32_u24 v2, 10, v2\nv_mov_b32 v3, -1\ns_mov_b32 m0, 0\n\
                  ds_ordered_count v3, v2 offset:0x310 gds\ns_waitcnt lgkmcnt(0)\ns_barrier\n\
                  v_readfirstlane_b32 s30, v0\nv_mov_b32 v4, 0\nv_mov_b32 v5, 0\nv_mov_b32 v6, 0\ns_cmp_lg_u32 s30, 0\ns_cbranch_scc1 end\n\
                  v_mov_b32 v7, 7\nds_sub_gs_reg_rtn v[4:5], v7 offset:32 gds\nds_add_gs_reg_rtn v[8:9], v7 offset:32 gds\n\
                  ds_add_gs_reg_rtn v[6:7], v7 offset:16 gds\nend:\ns_waitcnt lgkmcnt(0)";
    let r = c.regs(source, &[3, 6, 8, 9]);
    assert_eq!([r[0][0], r[0][32], r[0][64]], [0, 10, 30]);
    assert_eq!(r[0][1], u32::MAX, "one lane gets it");
    // Register 4 (offset 16) holds the 60 that were counted; register 8 has 64 bits, 0 - 7.
    assert_eq!(r[1][0], 60);
    assert_eq!([r[2][0], r[3][0]], [(-7i32) as u32, u32::MAX]);
}

#[test]
fn the_ray_stack_returns_what_was_pushed_last() {
    let mut c = Case::w32();
    c.lds_bytes = 8192;
    // Base 4 * lane, entries 128 bytes apart, eight of them. Children 11, 12 and 13 are pushed, 14 is next; then three
    // invalid nodes bring back 13, 12 and 11.
    let source = "v_lshlrev_b32 v2, 18, v0\nv_mov_b32 v3, -1\nv_mov_b32 v4, 11\nv_mov_b32 v5, 12\nv_mov_b32 v6, 13\nv_mov_b32 v7, 14\n\
                  ds_bvh_stack_rtn_b32 v10, v2, v3, v[4:7]\nv_mov_b32 v4, -1\nv_mov_b32 v5, -1\nv_mov_b32 v6, -1\nv_mov_b32 v7, -1\n\
                  ds_bvh_stack_rtn_b32 v11, v2, v3, v[4:7]\nds_bvh_stack_rtn_b32 v12, v2, v3, v[4:7]\n\
                  ds_bvh_stack_rtn_b32 v13, v2, v3, v[4:7]\nv_mov_b32 v3, 21\nv_mov_b32 v4, 20\nv_mov_b32 v5, 21\nv_mov_b32 v6, 22\n\
                  ds_bvh_stack_rtn_b32 v14, v2, v3, v[4:7]\ns_waitcnt lgkmcnt(0)";
    let r = c.regs(source, &[10, 11, 12, 13, 14, 2]);
    for lane in 0..32 {
        // The last node visited ends the list: 22 lies beyond it, 20 is popped again.
        let want = [14, 13, 12, 11, 20, (lane as u32) << 18];
        assert_eq!([0, 1, 2, 3, 4, 5].map(|k| r[k][lane]), want, "lane {lane}");
    }
}
