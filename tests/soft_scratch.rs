//! Scratch memory of the software device: where waves find theirs, and what a stream has to say for it.

mod soft_support;

use soft_support::*;
use sparkle_pm4::kmd::{Bo, GpuMap, uapi};

/// RSRC2 bits.
const SCRATCH_EN: u32 = 1;
const TGID_X_EN: u32 = 1 << 7;

/// Bytes of scratch of a lane, and of a wave32 in units of TMPRING_SIZE.WAVESIZE.
const LANE_BYTES: u32 = 128;
const WAVESIZE: u32 = LANE_BYTES * 32 / 256;

/// Workgroups of two waves. Each lane keeps its number and the complement in scratch over a barrier, reads the former
/// back by a flat address in the private aperture, and stores both to s[0:1].
const KEEP: &str = "
    s_lshl_b32 s3, s2, 6
    v_add_nc_u32_e32 v1, s3, v0
    v_not_b32_e32 v2, v1
    scratch_store_b32 off, v1, off offset:12
    scratch_store_b32 off, v2, off offset:124
    s_waitcnt_vscnt null, 0x0
    s_barrier
    s_mov_b64 s[4:5], src_private_base
    v_mov_b32_e32 v6, 12
    v_mov_b32_e32 v7, s5
    flat_load_b32 v3, v[6:7]
    scratch_load_b32 v4, off, off offset:124
    s_waitcnt vmcnt(0) lgkmcnt(0)
    v_lshlrev_b32_e32 v5, 3, v1
    global_store_b64 v5, v[3:4], s[0:1]
    s_endpgm
";

/// COMPUTE_DISPATCH_SCRATCH_BASE and COMPUTE_TMPRING_SIZE.
fn ring(base: u64, waves: u32, wavesize: u32) -> Vec<u32> {
    let mut words = set_sh(0x210, &halves(base >> 8));
    words.extend(set_sh(0x218, &[waves | wavesize << 12]));
    words
}

struct Setup {
    machine: Machine,
    code: GpuMap,
    out: (Bo, GpuMap),
    memory: (Bo, GpuMap),
}

const GROUPS: u32 = 40;

fn setup() -> Setup {
    let machine = strict();
    let (_, code) = machine.memory(&asm(KEEP));
    let out = machine.memory(&vec![0; 2 * 64 * GROUPS as usize]);
    // Two places in each of the six shader engines.
    let memory = machine.memory(&vec![0; 12 * WAVESIZE as usize * 64]);
    Setup { machine, code, out, memory }
}

impl Setup {
    fn launch(&self) -> Launch {
        let mut launch = Launch::new(self.code.va(), &halves(self.out.1.va()));
        launch.rsrc2 |= SCRATCH_EN | TGID_X_EN;
        launch.block = [64, 1, 1];
        launch.grid = [GROUPS, 1, 1];
        launch
    }

    fn stream(&self, ring: &[u32], launch: &Launch) -> Vec<u32> {
        let mut words = preamble();
        words.extend(ACQUIRE);
        words.extend(ring);
        words.extend(launch.words());
        words.extend(FLUSH);
        words
    }
}

#[test]
fn each_wave_has_a_place_of_its_own_in_the_ring() {
    let s = setup();
    s.machine.run(&s.stream(&ring(s.memory.1.va(), 2, WAVESIZE), &s.launch())).unwrap();
    for lane in 0..64 * GROUPS {
        assert_eq!(load(&s.out.0, u64::from(2 * lane)), lane, "lane {lane}");
        assert_eq!(load(&s.out.0, u64::from(2 * lane + 1)), !lane, "lane {lane}");
    }
    // Dword k of lane i is the 32k + i th of a wave's scratch; waves of a workgroup follow one another.
    let dwords = u64::from(WAVESIZE) * 64;
    let place = |wave: u64| load(&s.memory.0, wave * dwords + 3 * 32);
    let used: Vec<u64> = (0..12).filter(|&wave| load(&s.memory.0, wave * dwords + 31 * 32) != 0).collect();
    assert!(!used.is_empty() && used.len().is_multiple_of(2), "{used:?}");
    for &wave in &used {
        let first = place(wave);
        assert_eq!(u64::from(first) % 64, wave % 2 * 32, "wave {wave} holds {first}");
        for lane in 0..32 {
            assert_eq!(load(&s.memory.0, wave * dwords + 3 * 32 + lane), first + lane as u32);
            assert_eq!(load(&s.memory.0, wave * dwords + 31 * 32 + lane), !(first + lane as u32));
        }
    }
}

#[test]
fn dispatches_that_overlap_dont_race_for_scratch() {
    let s = setup();
    let (_, other) = s.machine.memory(&vec![0; 2 * 64 * GROUPS as usize]);
    let mut words = s.stream(&ring(s.memory.1.va(), 2, WAVESIZE), &s.launch());
    words.truncate(words.len() - FLUSH.len());
    words.extend(Launch { user: halves(other.va()).to_vec(), ..s.launch() }.words());
    words.extend(FLUSH);
    s.machine.run(&words).unwrap();
}

#[test]
fn scratch_that_is_not_set_up_is_refused() {
    let s = setup();
    let base = s.memory.1.va();
    let fail = |ring: &[u32]| s.machine.fail(&s.stream(ring, &s.launch()));
    says(&fail(&[]), &["SCRATCH_EN is set", "COMPUTE_DISPATCH_SCRATCH_BASE_LO was not written"]);
    says(&fail(&ring(base, 0, WAVESIZE)), &["SCRATCH_EN is set, and there is no scratch", "WAVES 0"]);
    says(&fail(&ring(base, 2, 0)), &["there is no scratch", "WAVESIZE 0"]);
    says(&fail(&ring(0, 2, WAVESIZE)), &["there is no scratch", "at 0x0"]);
    says(&fail(&ring(base, 1, WAVESIZE)), &["COMPUTE_TMPRING_SIZE.WAVES is 1", "a workgroup has 2 waves"]);
    says(
        &fail(&ring(0x7000_0000_0000, 2, WAVESIZE)),
        &["write at 0x700000000", "nothing is mapped", "scratch_store_b32"],
    );

    let mut launch = s.launch();
    launch.rsrc2 &= !SCRATCH_EN;
    let reason = s.machine.fail(&s.stream(&ring(base, 2, WAVESIZE), &launch));
    says(&reason, &["SCRATCH_EN is clear, so the wave has no scratch", "scratch_store_b32"]);
}

#[test]
fn apertures_lie_where_no_address_of_a_client_does() {
    let m = strict();
    let code = asm("
        s_mov_b64 s[4:5], src_shared_base
        s_mov_b64 s[6:7], src_private_base
        v_dual_mov_b32 v0, s4 :: v_dual_mov_b32 v1, s5
        v_dual_mov_b32 v2, s6 :: v_dual_mov_b32 v3, s7
        v_mov_b32_e32 v4, 0
        global_store_b128 v4, v[0:3], s[0:1]
        s_endpgm
    ");
    let (_, code) = m.memory(&code);
    let (bo, out) = m.memory(&[0; 4]);
    m.run(&Launch::new(code.va(), &halves(out.va())).stream()).unwrap();
    let info: uapi::InfoDevice = m.device.ask(uapi::INFO_DEV_INFO, [0; 4]).unwrap();
    for at in [0, 2] {
        let base = u64::from(load(&bo, at)) | u64::from(load(&bo, at + 1)) << 32;
        assert!(info.virtual_address_max <= base && base + (1 << 32) <= info.high_va_offset, "{base:#x}");
    }
    // Those of amdgpu's own address spaces (gmc_v11_0_early_init): hidden arguments have them, too.
    let halves = [0, 1, 2, 3].map(|at| load(&bo, at));
    assert_eq!(halves, [0, 0x2000_0000, 0, 0x1000_0000]);
    assert_eq!((halves[1], halves[3]), (sparkle_pm4::object::SHARED_BASE_HI, sparkle_pm4::object::PRIVATE_BASE_HI));
}
