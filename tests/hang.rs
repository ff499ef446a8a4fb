//! Work that the device gives up: what the library tells of it, its bundle, running that again, and going on afterwards.
#![cfg(feature = "capture")]
#![allow(unsafe_code, reason = "a node of its own has an unsafe function")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use isa::{asm, object};
use memmap2::MmapRaw;
use pm4::packet;
use pm4::packet::values::{WaitFunction, WaitSpace};
use sparkle_pm4::capture::{self, HangPlace, HangRecord};
use sparkle_pm4::kmd::fault::FaultyNode;
use sparkle_pm4::kmd::{Errno, Node, Protection, WaveActivity};
use sparkle_pm4::pm4::Stream;
use sparkle_pm4::soft::{Config, Recovery, SoftNode};
use sparkle_pm4::{Arg, Deadline, Device, Engine, Error, Fence, Hang, HangKind, Kernel, isa, ops, pm4, replay};

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(120))
}

/// A strict device whose watchdog is quick.
fn config() -> Config {
    Config { job_timeout: Duration::from_secs(1), ..Config::strict() }
}

/// A kernel of one pointer argument.
fn assemble(body: &str) -> Vec<u8> {
    let source = format!(
        r#"
    .amdgcn_target "amdgcn-amd-amdhsa--gfx1100"
    .text
    .globl k
    .p2align 8
    .type k,@function
k:
    s_load_b64 s[2:3], s[0:1], null
    s_waitcnt lgkmcnt(0)
{body}
    s_endpgm
.Lend:
    .size k, .Lend-k
    .section .rodata,"a",@progbits
    .p2align 6
    .amdhsa_kernel k
        .amdhsa_next_free_vgpr 4
        .amdhsa_next_free_sgpr 16
        .amdhsa_kernarg_size 8
        .amdhsa_user_sgpr_count 15
        .amdhsa_user_sgpr_kernarg_segment_ptr 1
    .end_amdhsa_kernel
    .amdgpu_metadata
amdhsa.version:
  - 1
  - 2
amdhsa.kernels:
  - .name: k
    .symbol: k.kd
    .args:
      - .size: 8
        .offset: 0
        .value_kind: global_buffer
        .address_space: global
    .kernarg_segment_size: 8
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 16
    .vgpr_count: 4
    .max_flat_workgroup_size: 32
    .end_amdgpu_metadata
"#
    );
    let assembled = asm::assemble(&source, "k.s", &asm::Options::default()).map_err(|e| e[0].to_string()).unwrap();
    object::link(&assembled.unit, &object::LinkOptions::default()).unwrap()
}

/// Runs as long as its argument points to 1.
fn spin() -> Vec<u8> {
    assemble(
        ".Lloop:
    s_load_b32 s4, s[2:3], null
    s_waitcnt lgkmcnt(0)
    s_cmp_eq_u32 s4, 1
    s_cbranch_scc1 .Lloop",
    )
}

/// Stores 7 where its argument points to, a dword a lane.
fn store() -> Vec<u8> {
    assemble(
        "    v_lshlrev_b32 v0, 2, v0
    v_mov_b32 v1, 7
    global_store_b32 v0, v1, s[2:3]",
    )
}

fn lost(fence: &Fence) -> Arc<Hang> {
    match fence.wait(soon()) {
        Err(Error::DeviceLost(hang)) => hang,
        other => panic!("expected a lost device, got {other:?}"),
    }
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sparkle-pm4-hang-{name}-{}", std::process::id()));
        _ = fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

/// Written and read.
fn recorded(hang: &Hang, folder: &Path) -> HangRecord {
    capture::write_hang(hang, folder, Some("a test")).unwrap();
    capture::read_hang(folder).unwrap()
}

fn again(record: &HangRecord) -> Option<Hang> {
    replay(&record.bundle.as_ref().unwrap().submission, config()).unwrap().hang
}

#[test]
fn a_fault_is_told_with_its_wave_and_found_again_at_the_same_instruction() {
    let device = Device::emulated_with(config()).unwrap();
    let kernel = Kernel::from_code_object(&device, &store(), "k").unwrap();
    let fence = {
        let queue = device.queue().unwrap();
        queue.launch(&kernel.over([3, 1, 1], [32, 1, 1]), [Arg::Null]).unwrap()
    };
    // The queue of this fence is gone: the reason is still there, and what was submitted is not.
    let hang = lost(&fence);
    assert_eq!((hang.kind(), hang.errno()), (HangKind::Faulted, Some(Errno::ENODATA)));
    assert!(hang.submission().is_none() && hang.reason().contains("0x0"), "{}", hang.reason());

    let queue = device.queue().unwrap();
    let hang = lost(&queue.launch(&kernel.over([3, 1, 1], [32, 1, 1]), [Arg::Null]).unwrap());
    let told = hang.explanation().unwrap();
    let wave = told.faulting().unwrap();
    let entry = kernel.prepared().spec().code_va;
    assert_eq!(wave.instruction.as_deref(), Some("global_store_b32 v0, v1, s[2:3]"));
    assert_eq!((wave.pc - entry, wave.activity, wave.dispatch), (0x14, WaveActivity::Faulted, 1));
    assert_eq!((wave.exec, wave.sgprs.len(), wave.sgprs[2]), (0xffff_ffff, 106, 0));
    let value = |name: &str| told.registers.iter().find(|(n, _)| n == name).map(|(_, v)| *v);
    assert_eq!(value("COMPUTE_NUM_THREAD_X"), Some(32));
    assert_eq!(value("COMPUTE_PGM_LO"), Some((entry >> 8) as u32));
    let gpu = hang.device().unwrap();
    assert_eq!(
        (gpu.engine, gpu.info.gfx_target.as_str(), gpu.driver.driver.as_str()),
        (Engine::Emu, "gfx1100", "amdgpu")
    );

    let folder = Folder::new("fault");
    let record = recorded(&hang, &folder.0);
    let place = HangPlace { dispatch: 1, workgroup: wave.workgroup, wave: 0, pc: entry + 0x14 };
    assert_eq!((record.kind, record.engine.as_deref(), record.wave), (HangKind::Faulted, Some("emu"), Some(place)));
    let now = again(&record).unwrap();
    assert_eq!(now.reason().split("; ").next(), hang.reason().split("; ").next());
    assert_eq!(record.is_same(&now), Some(true));

    // With the argument mended in the bundle it is no fault, and with another fault it is not the same.
    let mut mended = record.clone();
    let text = fs::read_to_string(folder.0.join("submission.json")).unwrap();
    let bundle = mended.bundle.as_mut().unwrap();
    let mut buffers = bundle.submission.buffers.buffers().to_vec();
    let commands = buffers.iter_mut().find(|b| b.name == "commands").unwrap();
    assert!(text.contains("\"name\": \"commands\"") && commands.content[..8] == [0; 8], "{text}");
    let va = commands.va;
    commands.content[..8].copy_from_slice(&(va + 0x800).to_le_bytes());
    commands.access.write = true;
    bundle.submission.buffers = pm4::submission::BufferMap::new(buffers.clone());
    assert_eq!(again(&mended), None);
    buffers.iter_mut().find(|b| b.name == "commands").unwrap().access.write = false;
    mended.bundle.as_mut().unwrap().submission.buffers = pm4::submission::BufferMap::new(buffers);
    let other = again(&mended).unwrap();
    assert!(other.reason().contains("store"), "{}", other.reason());
    // The same instruction of the same wave: what is compared is the place.
    assert_eq!(mended.is_same(&other), Some(true));
    mended.wave = Some(HangPlace { pc: entry, ..place });
    assert_eq!(mended.is_same(&other), Some(false));
}

#[test]
fn a_hang_that_depends_on_data_is_found_again_where_data_was_kept() {
    for keep in [false, true] {
        let device = Device::emulated_with(config()).unwrap();
        device.keep_data(keep);
        let kernel = Kernel::from_code_object(&device, &spin(), "k").unwrap();
        let queue = device.queue().unwrap();
        let flag = device.upload(&[1u32]).unwrap();
        let hang = lost(&queue.launch(&kernel.over([2, 1, 1], [32, 1, 1]), [Arg::In(&flag)]).unwrap());
        assert_eq!(hang.kind(), HangKind::Hung, "{}", hang.reason());
        let told = hang.explanation().unwrap();
        assert!(told.hung && told.faulting().is_none());
        assert_eq!(told.waves.len(), 2, "{told:?}");
        let entry = kernel.prepared().spec().code_va;
        assert!(told.waves.iter().all(|w| (entry + 0xc..entry + 0x30).contains(&w.pc)), "{told:?}");

        let folder = Folder::new(&format!("data-{keep}"));
        let record = recorded(&hang, &folder.0);
        let now = again(&record);
        assert_eq!(now.is_some(), keep);
        assert_eq!(now.map(|now| record.is_same(&now)), keep.then_some(Some(true)));
    }
}

#[test]
fn the_submission_that_hangs_is_told_and_not_one_behind_it() {
    let device = Device::emulated_with(config()).unwrap();
    let (good, bad) = (store(), spin());
    let good = Kernel::from_code_object(&device, &good, "k").unwrap();
    let bad = Kernel::from_code_object(&device, &bad, "k").unwrap();
    let queue = device.queue().unwrap();
    let mut y = device.zeros::<u32>(32).unwrap();
    let flag = device.upload(&[1u32]).unwrap();
    let first = queue.launch(&good.over([1; 3], [32, 1, 1]), [Arg::Out(&mut y)]).unwrap();
    let second = queue.launch(&bad.over([1; 3], [32, 1, 1]), [Arg::In(&flag)]).unwrap();
    let third = queue.launch(&good.over([1; 3], [32, 1, 1]), [Arg::Out(&mut y)]).unwrap();
    let fourth = queue.launch(&good.over([1; 3], [32, 1, 1]), [Arg::Out(&mut y)]).unwrap();
    first.wait(soon()).unwrap();
    let unfinished = second.hang().unwrap();
    // Either the watchdog was there already or it still runs: both name the second one.
    let hang = lost(&fourth);
    for hang in [unfinished.as_ref(), Some(&*hang)].into_iter().flatten() {
        let entry = hang.submission().unwrap().kernels[0].entry;
        assert_eq!(entry, bad.prepared().spec().code_va, "{}", hang.kind());
    }
    assert_eq!((hang.fence().unwrap().1, hang.behind()), (2, 2));
    assert_eq!(lost(&third), lost(&second));
    // A refused submission tells of the same.
    let refused = queue.launch(&good.over([1; 3], [32, 1, 1]), [Arg::Out(&mut y)]).unwrap_err();
    let Error::DeviceLost(refused) = refused else { panic!("{refused:?}") };
    assert_eq!(refused.fence(), hang.fence());
    assert_eq!(first.hang().unwrap(), None);
}

#[test]
fn work_that_still_runs_can_be_told_of_too() {
    let device = Device::emulated_with(Config { job_timeout: Duration::from_secs(3), ..Config::strict() }).unwrap();
    let kernel = Kernel::from_code_object(&device, &spin(), "k").unwrap();
    let queue = device.queue().unwrap();
    let flag = device.upload(&[1u32]).unwrap();
    let fence = queue.launch(&kernel.over([1; 3], [32, 1, 1]), [Arg::In(&flag)]).unwrap();
    assert!(matches!(fence.wait(Deadline::after(Duration::from_millis(20))), Err(Error::TimedOut)));
    let hang = fence.hang().unwrap().unwrap();
    assert_eq!(hang.kind(), HangKind::Unfinished);
    let folder = Folder::new("unfinished");
    let record = recorded(&hang, &folder.0);
    assert_eq!(record.kind, HangKind::Unfinished);
    assert!(record.bundle.unwrap().submission.ibs[0].words.len() > 8);
}

#[test]
fn a_bundle_says_nothing_of_the_machine() {
    let device = Device::emulated_with(config()).unwrap();
    let kernel = Kernel::from_code_object(&device, &store(), "k").unwrap();
    let queue = device.queue().unwrap();
    let secret = device.upload(b"correct horse battery staple....").unwrap();
    let stream_of = |_: &()| queue.launch(&kernel.over([1; 3], [32, 1, 1]), [Arg::Null]).unwrap();
    let recording = queue.record(&kernel.over([1; 3], [32, 1, 1]), [Arg::In(&secret)]).unwrap();
    drop(recording);
    let hang = lost(&stream_of(&()));
    let folder = Folder::new("secrets");
    capture::write_hang(&hang, &folder.0, None).unwrap();
    let mut files: Vec<_> = fs::read_dir(&folder.0).unwrap().map(|f| f.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["report.json", "report.txt", "submission.json"]);
    let mut private: Vec<String> = vec!["correct horse".into(), env!("CARGO_MANIFEST_DIR").into()];
    let long = |(name, value): (String, String)| (value.len() > 5 && !name.starts_with("CARGO_PKG")).then_some(value);
    private.extend(std::env::vars().filter_map(long));
    private.extend(fs::read_to_string("/etc/hostname").map(|h| h.trim().to_owned()).ok().filter(|h| h.len() > 3));
    private.extend(fs::read_to_string("/etc/machine-id").map(|h| h.trim().to_owned()).ok().filter(|h| h.len() > 3));
    for file in files {
        let text = fs::read_to_string(folder.0.join(&file)).unwrap();
        assert!(text.len() > 200);
        for secret in &private {
            assert!(!text.contains(secret.as_str()), "{file:?} has {secret:?}");
        }
    }
    // A second one doesn't fall onto the first.
    let error = capture::write_hang(&hang, &folder.0, None).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
}

#[test]
fn the_report_can_be_read_by_people() {
    let device = Device::emulated_with(config()).unwrap();
    let kernel = Kernel::from_code_object(&device, &store(), "k").unwrap();
    let queue = device.queue().unwrap();
    let hang = lost(&queue.launch(&kernel.over([1; 3], [32, 1, 1]), [Arg::Null]).unwrap());
    let folder = Folder::new("report");
    capture::write_hang(&hang, &folder.0, Some("kernel k")).unwrap();
    let text = fs::read_to_string(folder.0.join("report.txt")).unwrap();
    for part in [
        "The work did what is not allowed: kernel k\n",
        "compute0, sequence 1, ENODATA; 0 submissions behind it\n",
        "AMD Radeon RX 7900 XTX (emu), Navi31 gfx1100",
        "dispatch 1, workgroup (0, 0, 0), wave 0: faulted\n",
        "= code of k+4K+0x",
        ": global_store_b32 v0, v1, s[2:3]\n",
        "COMPUTE_NUM_THREAD_X                     0x00000020\n",
        "DISPATCH_DIRECT",
        "commands",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
}

#[test]
fn what_is_no_hang_bundle_is_refused_with_its_place() {
    let device = Device::emulated_with(config()).unwrap();
    let kernel = Kernel::from_code_object(&device, &store(), "k").unwrap();
    let queue = device.queue().unwrap();
    let hang = lost(&queue.launch(&kernel.over([1; 3], [32, 1, 1]), [Arg::Null]).unwrap());
    let folder = Folder::new("broken");
    assert_eq!(capture::read_hang(&folder.0).unwrap_err().code(), "hang-file");
    capture::write_hang(&hang, &folder.0, None).unwrap();
    let report = folder.0.join("report.json");
    let good = fs::read_to_string(&report).unwrap();
    for (from, to, code, says) in [
        ("sparkle-pm4/hang/1", "sparkle-pm4/hang/9", "bundle-schema", "\"sparkle-pm4/hang/1\" is read"),
        ("\"kind\": \"faulted\"", "\"kind\": \"fell\"", "bundle-member", "kind is \"fell\"; there are hung, faulted"),
        ("\"wave\": 0", "\"wave\": \"x\"", "bundle-member", "waves[0].wave"),
        ("\"kind\": ", "\"color\": 1, \"kind\": ", "bundle-member", "color is unknown here"),
        ("{\n", "{{\n", "bundle-json", "line 1"),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        fs::write(&report, text).unwrap();
        let error = capture::read_hang(&folder.0).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(says) && error.to_string().contains("report.json"), "{error}");
        assert!(!error.hint().is_empty());
    }
    fs::write(&report, &good).unwrap();
    fs::write(folder.0.join("submission.json"), "[]").unwrap();
    let error = capture::read_hang(&folder.0).unwrap_err().to_string();
    assert!(error.contains("submission.json"), "{error}");
    fs::remove_file(folder.0.join("submission.json")).unwrap();
    assert_eq!(capture::read_hang(&folder.0).unwrap().bundle, None);
}

#[test]
fn a_new_queue_goes_on_with_retained_work_after_a_hang() {
    let device = Device::emulated_with(config()).unwrap();
    let bad = Kernel::from_code_object(&device, &spin(), "k").unwrap();
    let queue = device.queue().unwrap();
    let (a, b) = (device.upload(&[1.0f32; 64]).unwrap(), device.upload(&[2.0f32; 64]).unwrap());
    let mut y = device.zeros::<f32>(64).unwrap();
    let mut sum = queue.retain(queue.record(&ops::VectorAdd, (&a, &b, &mut y)).unwrap()).unwrap();
    let flag = device.upload(&[1u32]).unwrap();
    let hang = lost(&queue.launch(&bad.over([1; 3], [32, 1, 1]), [Arg::In(&flag)]).unwrap());
    assert!(!hang.vram_lost());
    assert!(matches!(queue.submit_retained(&mut sum), Err(Error::DeviceLost(_))));
    let fresh = device.queue().unwrap();
    fresh.submit_retained(&mut sum).unwrap().wait(soon()).unwrap();
    assert_eq!(y.read().unwrap(), [3.0; 64]);
}

/// A wait that never ends, in the stream itself: the ring hangs.
fn stuck(va: u64) -> Stream {
    let mut stream = Stream::new();
    stream
        .push(packet::WaitRegMem {
            function: WaitFunction::EQUAL,
            mem_space: WaitSpace::MEMORY,
            poll_addr: va,
            reference: 0xdead_beef,
            mask: !0,
            ..Default::default()
        })
        .unwrap();
    stream
}

#[test]
fn a_device_is_made_again_after_video_memory_was_lost() {
    let device = Device::emulated_with(Config { recovery: Recovery::Card, ..config() }).unwrap();
    let queue = device.queue().unwrap();
    let shape = ops::Conv2dShape::new(1, 8, 10, 10, 8, 3, 3).pad(1);
    let conv = ops::Conv2d::new(shape).prepare(&device).unwrap();
    let (x, w) = (vec![1.0f32; shape.input_len()], vec![0.5f32; shape.weight_len()]);
    let (dx, dw) = (device.upload(&x).unwrap(), device.upload(&w).unwrap());
    let mut dy = device.zeros::<f32>(shape.output_len()).unwrap();
    let mut retained = queue.retain(queue.record(&conv, (&dx, &dw, &mut dy)).unwrap()).unwrap();
    queue.submit_retained(&mut retained).unwrap().wait(soon()).unwrap();
    let want = dy.read().unwrap();
    assert!(want.iter().any(|v| *v != 0.0));

    let flag = device.zeros::<u32>(1).unwrap();
    let hang = lost(&queue.submit(&stuck(flag.va().unwrap()), &[&flag]).unwrap());
    assert_eq!((hang.kind(), hang.errno()), (HangKind::Hung, Some(Errno::ECANCELED)), "{}", hang.reason());
    assert!(hang.vram_lost() && hang.explanation().unwrap().waves.is_empty());

    let fresh = device.recreate().unwrap();
    assert_eq!(fresh.engine(), Engine::Emu);
    let queue = fresh.queue().unwrap();
    let (fx, fw) = (fresh.upload(&x).unwrap(), fresh.upload(&w).unwrap());
    let fy = fresh.zeros::<f32>(shape.output_len()).unwrap();
    let mut moved = queue.adopt(&retained, &[(&dx, &fx), (&dw, &fw), (&dy, &fy)]).unwrap();
    for _ in 0..2 {
        queue.submit_retained(&mut moved).unwrap().wait(soon()).unwrap();
    }
    assert_eq!(fy.read().unwrap(), want);

    // What can't be moved says why.
    let missing = queue.adopt(&retained, &[(&dx, &fx)]).unwrap_err();
    assert!(missing.code() == "not-movable" && missing.to_string().contains("stands for"), "{missing}");
    let short = fresh.zeros::<f32>(3).unwrap();
    let error = queue.adopt(&retained, &[(&dx, &short), (&dw, &fw), (&dy, &fy)]).unwrap_err();
    assert!(matches!(error, Error::Length { got: 12, .. }), "{error}");
    let error = queue.adopt(&retained, &[(&dx, &dx), (&dw, &fw), (&dy, &fy)]).unwrap_err();
    assert_eq!(error.code(), "other-device");
    let own = queue.retain(queue.record_stream(&stuck(fy.va().unwrap()), &[&fy]).unwrap()).unwrap();
    assert_eq!(queue.adopt(&own, &[]).unwrap_err().code(), "not-movable");
}

#[test]
fn a_device_that_vanished_is_made_again_once_it_is_back() {
    let soft = Arc::new(SoftNode::new(config()).unwrap());
    let node = Arc::new(FaultyNode::new(soft).vanish_at(1));
    node.arm(false);
    let device = Device::from_node(node.clone(), Engine::Emu).unwrap();
    let queue = device.queue().unwrap();
    let (a, mut y) = (device.upload(&[1.0f32; 64]).unwrap(), device.zeros::<f32>(64).unwrap());
    let sum = queue.retain(queue.record(&ops::VectorAdd, (&a, &a, &mut y)).unwrap()).unwrap();
    node.arm(true);
    let error = queue.launch(&ops::VectorAdd, (&a, &a, &mut y)).unwrap_err();
    assert_eq!(error.code(), "kmd-ioctl", "{error}");
    let fresh = device.recreate().unwrap();
    let queue = fresh.queue().unwrap();
    let (fa, fy) = (fresh.upload(&[1.0f32; 64]).unwrap(), fresh.zeros::<f32>(64).unwrap());
    let mut sum = queue.adopt(&sum, &[(&a, &fa), (&y, &fy)]).unwrap();
    queue.submit_retained(&mut sum).unwrap().wait(soon()).unwrap();
    assert_eq!(fy.read().unwrap(), [2.0; 64]);
}

/// A card: it does what the software device does, and tells nothing but what a kernel's interface has.
#[derive(Debug)]
struct Silent(SoftNode);

impl Node for Silent {
    unsafe fn ioctl(&self, request: u32, arg: &mut [u8]) -> Result<i32, Errno> {
        // SAFETY: the caller's promise.
        unsafe { self.0.ioctl(request, arg) }
    }

    fn mmap(&self, offset: u64, len: usize, protection: Protection) -> io::Result<MmapRaw> {
        self.0.mmap(offset, len, protection)
    }

    fn poll(&self, timeout: Duration) -> io::Result<bool> {
        self.0.poll(timeout)
    }
}

#[test]
fn a_hang_of_a_card_is_looked_into_on_the_software_device() {
    let device = Device::from_node(Arc::new(Silent(SoftNode::new(config()).unwrap())), Engine::Gpu).unwrap();
    let kernel = Kernel::from_code_object(&device, &store(), "k").unwrap();
    let queue = device.queue().unwrap();
    let hang = lost(&queue.launch(&kernel.over([1; 3], [32, 1, 1]), [Arg::Null]).unwrap());
    assert_eq!((hang.kind(), hang.explanation()), (HangKind::Hung, None));
    assert!(hang.reason().contains("dmesg"), "{}", hang.reason());
    let gpu = hang.device().unwrap();
    assert_eq!((gpu.engine, gpu.page_fault.unwrap().addr), (Engine::Gpu, 0));
    assert_eq!(gpu.status.first().map(|(name, _)| *name), Some("GRBM_STATUS"));

    let folder = Folder::new("card");
    let record = recorded(&hang, &folder.0);
    assert_eq!((record.engine.as_deref(), record.wave), (Some("hw"), None));
    let now = again(&record).unwrap();
    assert_eq!(now.explanation().unwrap().faulting().unwrap().pc, kernel.prepared().spec().code_va + 0x14);
    assert_eq!(record.is_same(&now), None);
    assert!(matches!(device.recreate(), Err(Error::Reopen(e)) if e.kind() == io::ErrorKind::Unsupported));
}

#[test]
fn submissions_that_cannot_be_set_up_are_refused() {
    let device = Device::emulated_with(config()).unwrap();
    let queue = device.queue().unwrap();
    let (a, mut y) = (device.upload(&[1.0f32; 64]).unwrap(), device.zeros::<f32>(64).unwrap());
    let good = queue.record(&ops::VectorAdd, (&a, &a, &mut y)).unwrap().captured();
    assert!(replay(&good, config()).unwrap().hang.is_none());
    let with = |edit: &dyn Fn(&mut Vec<pm4::submission::BufferInfo>)| {
        let mut buffers = good.buffers.buffers().to_vec();
        edit(&mut buffers);
        let buffers = pm4::submission::BufferMap::new(buffers);
        replay(&pm4::submission::Submission { buffers, ..good.clone() }, config())
    };
    // Nothing of the arguments, nothing of the code.
    assert!(with(&|b| b.clear()).unwrap().hang.is_some());
    let error = with(&|b| b[0].bytes = u64::MAX).unwrap_err();
    assert!(error.code() == "replay" && error.to_string().contains("passes the last address"), "{error}");
    let error = with(&|b| b.last_mut().unwrap().va = 0xffff_8000_0000_0000).unwrap_err();
    assert_eq!(error.code(), "kmd-va-unavailable", "{error}");
    let error = with(&|b| b[0].bytes = 1 << 45).unwrap_err();
    assert_eq!(error.code(), "kmd-out-of-memory", "{error}");
    let foreign = pm4::submission::Submission { gfx: pm4::Gfx::Gfx1151, ..good.clone() };
    assert_eq!(replay(&foreign, config()).unwrap_err().code(), "unsupported-gfx");
}

/// Numbers that look random, the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end.max(1)
    }
}

#[test]
fn spoiled_reports_are_read_or_refused() {
    let device = Device::emulated_with(config()).unwrap();
    let kernel = Kernel::from_code_object(&device, &store(), "k").unwrap();
    let queue = device.queue().unwrap();
    let hang = lost(&queue.launch(&kernel.over([1; 3], [32, 1, 1]), [Arg::Null]).unwrap());
    let folder = Folder::new("spoiled");
    capture::write_hang(&hang, &folder.0, None).unwrap();
    let report = folder.0.join("report.json");
    let good = fs::read(&report).unwrap();
    let (mut random, mut read, mut refused) = (Numbers(7), 0, 0);
    for _ in 0..2000 {
        let mut bytes = good.clone();
        for _ in 0..1 + random.below(3) {
            let at = random.below(bytes.len());
            match random.below(4) {
                0 => bytes.truncate(at),
                1 => _ = bytes.remove(at),
                2 => bytes[at] = b"{}[]\",:0x9-e"[random.below(12)],
                _ => bytes[at] ^= 1 << random.below(8),
            }
            if bytes.is_empty() {
                break;
            }
        }
        fs::write(&report, &bytes).unwrap();
        match capture::read_hang(&folder.0) {
            Ok(_) => read += 1,
            Err(error) => {
                assert!(!error.to_string().is_empty() && !error.hint().is_empty());
                refused += 1;
            }
        }
    }
    assert!(read > 50 && refused > 50, "{read} read, {refused} refused");
}

#[test]
fn spoiled_submissions_end_in_one_way_or_another() {
    let device = Device::emulated_with(config()).unwrap();
    let queue = device.queue().unwrap();
    let (a, mut y) = (device.upload(&[1.0f32; 64]).unwrap(), device.zeros::<f32>(64).unwrap());
    let good = queue.record(&ops::VectorAdd, (&a, &a, &mut y)).unwrap().captured();
    let (mut random, mut done, mut lost, mut refused) = (Numbers(11), 0, 0, 0);
    let quick = || Config { job_timeout: Duration::from_millis(100), ..Config::strict() };
    for _ in 0..300 {
        let mut submission = good.clone();
        let mut buffers = submission.buffers.buffers().to_vec();
        let at = random.below(buffers.len());
        let buffer = &mut buffers[at];
        let words = &mut submission.ibs[0].words;
        match random.below(7) {
            0 => buffer.va = buffer.va.wrapping_add(1 << random.below(64)),
            1 => buffer.bytes = 1 << random.below(64),
            2 => buffer.content.truncate(random.below(64)),
            3 => buffer.access.read = !buffer.access.read,
            4 => buffer.access.execute = !buffer.access.execute,
            5 => submission.ibs[0].va = Some(1 << random.below(64)),
            _ => {
                let at = random.below(words.len());
                words[at] ^= 1 << random.below(32);
            }
        }
        submission.buffers = pm4::submission::BufferMap::new(buffers);
        match replay(&submission, quick()) {
            Ok(replayed) if replayed.hang.is_none() => done += 1,
            Ok(replayed) => {
                let hang = replayed.hang.unwrap();
                assert!(!hang.reason().contains("bug of its own"), "{}", hang.reason());
                lost += 1;
            }
            Err(error) => {
                assert!(!error.to_string().is_empty() && !error.hint().is_empty());
                refused += 1;
            }
        }
    }
    assert!(done > 20 && lost > 20 && refused > 20, "{done} done, {lost} lost, {refused} refused");
}
