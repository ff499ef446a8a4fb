//! Compiled kernels through the library: what they find of their launch, their memory, and what is refused.
//!
//! The objects and their sources lie in `tests/data/objects`; expected values are computed here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sparkle_pm4::object::{CodeObject, ObjectError};
use sparkle_pm4::{Arg, Deadline, Device, Error, Kernel, Module};

fn data(name: &str) -> Vec<u8> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/objects").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn device() -> Device {
    Device::emulated().unwrap()
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(120))
}

const LAUNCHES: [&str; 5] =
    ["launch_v4.hsaco", "launch_v5.hsaco", "launch_v6.hsaco", "launch_v5_w64.hsaco", "launch_generic.hsaco"];
const STACKS: [&str; 2] = ["stack_v5.hsaco", "stack_v5_w64.hsaco"];

fn pack(v: [u32; 3]) -> u32 {
    v[0] | v[1] << 10 | v[2] << 20
}

/// What each work-item of the grid should write.
fn where_expected(items: [u32; 3], block: [u32; 3]) -> Vec<u32> {
    let mut want = Vec::new();
    for z in 0..items[2] {
        for y in 0..items[1] {
            for x in 0..items[0] {
                let id = [x, y, z];
                let local = [0, 1, 2].map(|i| id[i] % block[i]);
                want.extend([pack(id), pack(block), pack(items), pack(local)]);
            }
        }
    }
    want
}

#[test]
fn every_version_knows_its_launch_in_three_dimensions() {
    let device = device();
    let queue = device.queue().unwrap();
    for file in LAUNCHES {
        let kernel = Kernel::from_code_object(&device, &data(file), "where").unwrap();
        for (grid, block) in [([3, 2, 2], [8, 4, 2]), ([1, 1, 1], [1, 1, 1]), ([5, 1, 3], [33, 2, 1])] {
            let items: [u32; 3] = [0, 1, 2].map(|i| grid[i] * block[i]);
            let mut out = device.zeros::<u32>(4 * items.iter().product::<u32>() as usize).unwrap();
            let fence = queue.launch(&kernel.over(grid, block), [Arg::Out(&mut out)]).unwrap();
            fence.wait(soon()).unwrap();
            assert!(out.read().unwrap() == where_expected(items, block), "{file}: {grid:?} of {block:?}");
        }
        // Grids that no whole number of workgroups fills.
        for (items, block) in [([19, 3, 5], [8, 2, 3]), ([7, 7, 1], [16, 4, 1]), ([65, 1, 1], [64, 1, 1])] {
            let mut out = device.zeros::<u32>(4 * items.iter().product::<u32>() as usize).unwrap();
            let fence = queue.launch(&kernel.over_items(items, block), [Arg::Out(&mut out)]).unwrap();
            fence.wait(soon()).unwrap();
            let got = out.read().unwrap();
            // The size of a complete workgroup, which the builtins give for a partial one, too.
            assert!(got == where_expected(items, block), "{file}: {items:?} of {block:?}");
        }
    }
}

#[test]
fn hidden_arguments_are_where_the_abi_has_them() {
    let device = device();
    let queue = device.queue().unwrap();
    let (items, block, offset) = ([19u32, 3, 5], [8u32, 2, 3], [100u64, 1 << 33, 7]);
    for file in LAUNCHES {
        let version = CodeObject::parse(&data(file)).unwrap().version();
        let kernel = Kernel::from_code_object(&device, &data(file), "hidden").unwrap();
        let count = if version == 4 { 14 } else { 64 };
        let mut out = device.zeros::<u32>(count).unwrap();
        let launch = kernel.over_items(items, block).global_offset(offset).dynamic_lds(640);
        let fence = queue.launch(&launch, [Arg::Out(&mut out), Arg::U32(count as u32)]).unwrap();
        fence.wait(soon()).unwrap();
        let got = out.read().unwrap();
        let quad = |at: usize| u64::from(got[at / 4]) | u64::from(got[at / 4 + 1]) << 32;
        let half = |at: usize| got[at / 4] >> (8 * (at % 4)) & 0xffff;
        if version == 4 {
            assert_eq!([quad(0), quad(8), quad(16)], offset, "{file}");
            assert_eq!(got[6..], [0; 8], "{file}");
            continue;
        }
        // Offsets from LLVM's "User Guide for AMDGPU Backend", Code Object V5 Metadata.
        assert_eq!(got[..3], [2, 1, 1], "{file}: complete workgroups");
        assert_eq!([half(12), half(14), half(16)], [8, 2, 3], "{file}: group size");
        assert_eq!([half(18), half(20), half(22)], [3, 1, 2], "{file}: remainder");
        assert_eq!([quad(40), quad(48), quad(56)], offset, "{file}");
        assert_eq!(half(64), 3, "{file}: dimensions");
        for at in (72..120).step_by(8) {
            assert_eq!(quad(at), 0, "{file}: nothing replaces the runtime at {at}");
        }
    }
}

#[test]
fn values_of_every_size_arrive() {
    let device = device();
    for file in LAUNCHES {
        let kernel = Kernel::from_code_object(&device, &data(file), "values").unwrap();
        let mut out = device.zeros::<u64>(8).unwrap();
        let quad: Vec<u8> = [1u32, 2, 4, 0xf0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let args = [
            Arg::Out(&mut out),
            Arg::U8(0x85),
            Arg::U16(0xfedc),
            Arg::I32(-3),
            Arg::U16(0x3c00),
            Arg::F32(-1.5),
            Arg::F64(1e300),
            Arg::I64(-9),
            Arg::Bytes(&quad),
        ];
        let fence = device.queue().unwrap().launch(&kernel.over([1; 3], [1; 3]), args).unwrap();
        fence.wait(soon()).unwrap();
        let want = [
            i64::from(0x85u8 as i8) as u64,
            0xfedc,
            -3i64 as u64,
            0x3c00,
            u64::from((-1.5f32).to_bits()),
            1e300f64.to_bits(),
            -9i64 as u64,
            0xf7,
        ];
        assert_eq!(out.read().unwrap(), want, "{file}");
    }
}

#[test]
fn lds_may_come_with_the_launch() {
    let device = device();
    let queue = device.queue().unwrap();
    let before: Vec<u32> = (0..256).map(|i| i * 3 + 1).collect();
    for file in LAUNCHES {
        let kernel = Kernel::from_code_object(&device, &data(file), "reverse").unwrap();
        let mut buffer = device.upload(&before).unwrap();
        let over = kernel.over([2, 1, 1], [128, 1, 1]);
        let fence = queue.launch(&over.dynamic_lds(512), [Arg::Out(&mut buffer), Arg::U32(0)]).unwrap();
        fence.wait(soon()).unwrap();
        let want: Vec<u32> = before.chunks(128).flat_map(|c| c.iter().rev().copied()).collect();
        assert_eq!(buffer.read().unwrap(), want, "{file}");
        let over = over.dynamic_lds(65537);
        let error = queue.launch(&over, [Arg::Out(&mut buffer), Arg::U32(0)]).unwrap_err().to_string();
        assert!(error.contains("65537 bytes of LDS exceed"), "{error}");
    }
    // Behind 64 bytes that the kernel has itself.
    let kernel = Kernel::from_code_object(&device, &data("globals_v5.hsaco"), "rotate").unwrap();
    assert_eq!(kernel.info().lds_bytes, 64);
    let mut buffer = device.upload(&before).unwrap();
    let over = kernel.over([4, 1, 1], [64, 1, 1]).dynamic_lds(256);
    queue.launch(&over, [Arg::Out(&mut buffer), Arg::U32(5)]).unwrap().wait(soon()).unwrap();
    let want = |i: u32| before[(i / 64 * 64 + (i + 5) % 64) as usize] + i % 16 * 100;
    assert_eq!(buffer.read().unwrap(), (0..256).map(want).collect::<Vec<_>>());
}

#[test]
fn private_arrays_and_spilled_registers_live_in_scratch() {
    let device = device();
    let queue = device.queue().unwrap();
    let array = |i: u32, stride: u32| {
        let mut a = [0u32; 64];
        for k in 0..64u32 {
            a[((k * stride + i) & 63) as usize] = k * k + i;
        }
        a.iter().fold(0u32, |h, &v| h.wrapping_mul(31).wrapping_add(v))
    };
    let input: Vec<u32> = (0..48).map(|k| k * 7919 + 13).collect();
    let spill =
        |i: u32| (0..48).rev().fold(0u32, |h, k| (h ^ input[k as usize].wrapping_mul(i + k)).wrapping_mul(16_777_619));
    for file in STACKS {
        let module = Module::load(&device, &data(file)).unwrap();
        let kernel = module.kernel("array").unwrap();
        assert!(kernel.info().scratch_bytes >= 256);
        // More workgroups than have scratch at a time.
        let n = 128 * 70;
        let mut out = device.zeros::<u32>(n).unwrap();
        let over = kernel.over([70, 1, 1], [128, 1, 1]);
        queue.launch(&over, [Arg::Out(&mut out), Arg::U32(7)]).unwrap().wait(soon()).unwrap();
        assert!(out.read().unwrap() == (0..n as u32).map(|i| array(i, 7)).collect::<Vec<_>>(), "{file}: array");

        let kernel = module.kernel("spill").unwrap();
        assert!(kernel.info().vgpr_spills > 0 && kernel.info().scratch_bytes > 0, "{file}");
        let (x, mut out) = (device.upload(&input).unwrap(), device.zeros::<u32>(320).unwrap());
        let over = kernel.over([5, 1, 1], [64, 1, 1]);
        queue.launch(&over, [Arg::Out(&mut out), Arg::In(&x)]).unwrap().wait(soon()).unwrap();
        assert_eq!(out.read().unwrap(), (0..320).map(spill).collect::<Vec<_>>(), "{file}: spill");
    }
}

#[test]
fn recursion_and_calls_through_pointers_have_a_stack() {
    let device = device();
    let queue = device.queue().unwrap();
    let indirect = |i: u32, b: u32| match (i % 3, i * 5 + 1) {
        (0, a) => a.wrapping_add(b),
        (1, a) => a.wrapping_sub(b),
        (_, a) => a.wrapping_mul(b),
    };
    for file in STACKS {
        let module = Module::load(&device, &data(file)).unwrap();
        let kernel = module.kernel("recursion").unwrap();
        assert!(kernel.info().uses_dynamic_stack);
        let mut out = device.zeros::<u32>(128).unwrap();
        queue.launch(&kernel.over([2, 1, 1], [64, 1, 1]), [Arg::Out(&mut out)]).unwrap().wait(soon()).unwrap();
        // A(2, n) = 2n + 3
        assert_eq!(out.read().unwrap(), (0..128).map(|i| 2 * (i & 7) + 3).collect::<Vec<u32>>(), "{file}");

        let kernel = module.kernel("indirect").unwrap();
        let args = [Arg::Out(&mut out), Arg::U32(1000)];
        queue.launch(&kernel.over([2, 1, 1], [64, 1, 1]), args).unwrap().wait(soon()).unwrap();
        assert_eq!(out.read().unwrap(), (0..128).map(|i| indirect(i, 1000)).collect::<Vec<u32>>(), "{file}");
    }
}

#[test]
fn a_stack_that_a_wave_cannot_have_is_refused() {
    let device = device();
    let kernel = Kernel::from_code_object(&device, &data("stack_v5.hsaco"), "recursion").unwrap();
    let mut out = device.zeros::<u32>(32).unwrap();
    let over = kernel.over([1; 3], [32, 1, 1]).stack(1 << 20);
    let queue = device.queue().unwrap();
    let error = queue.launch(&over, [Arg::Out(&mut out)]).unwrap_err().to_string();
    assert!(error.contains("recursion") && error.contains("8 MiB"), "{error}");
    // As much as it can have takes a lot of memory, and runs.
    let over = over.stack(200 << 10);
    queue.launch(&over, [Arg::Out(&mut out)]).unwrap().wait(soon()).unwrap();
    assert_eq!(out.read().unwrap(), (0..32).map(|i| 2 * (i & 7) + 3).collect::<Vec<u32>>());
}

#[test]
fn kernels_of_a_module_share_its_variables() {
    let device = device();
    let queue = device.queue().unwrap();
    for file in ["globals_v5.hsaco", "globals.bundle"] {
        let module = Module::load(&device, &data(file)).unwrap();
        let word = |name: &str| u32::from_le_bytes(module.read_global(name).unwrap()[..4].try_into().unwrap());
        assert_eq!((word("counter"), word("zeros")), (7, 0), "{file}");
        let (count, look) = (module.kernel("count").unwrap(), module.kernel("look").unwrap());
        let none: [Arg<'_>; 0] = [];
        queue.launch(&count.over([2, 1, 1], [32, 1, 1]), none).unwrap().wait(soon()).unwrap();
        assert_eq!(word("counter"), 7 + 64);
        let zeros = module.read_global("zeros").unwrap();
        assert_eq!(zeros.len(), 12000);
        assert_eq!(zeros[12000 - 4 * 32..][..4], 32u32.to_le_bytes());

        module.write_global("counter", &500u32.to_le_bytes()).unwrap();
        let mut out = device.zeros::<u32>(16).unwrap();
        queue.launch(&look.over([1; 3], [16, 1, 1]), [Arg::Out(&mut out)]).unwrap().wait(soon()).unwrap();
        let want = [20, 60, 150, 280, 2000, 6000, 15000, 28000, 6000, 12000, 0, 0, 500, 500, 500, 500];
        assert_eq!(out.read().unwrap(), want, "{file}");

        // Another load has variables of its own.
        let other = Module::load(&device, &data(file)).unwrap();
        assert_eq!(other.read_global("counter").unwrap(), 7u32.to_le_bytes());
        assert_ne!(other.global_va("counter").unwrap(), module.global_va("counter").unwrap());

        let error = module.write_global("counter", &[0; 3]).unwrap_err();
        assert_eq!(error.code(), "wrong-length");
        let error = module.read_global("count").unwrap_err().to_string();
        assert!(error.contains("no global variable \"count\"") && error.contains("counter, "), "{error}");
    }
}

#[test]
fn segments_have_their_permissions() {
    let object = CodeObject::parse(&data("globals_v5.hsaco")).unwrap();
    let flags: Vec<_> = object.segments().iter().map(|s| (s.write, s.execute)).collect();
    // Read-only data, code, what only the loader writes, data and .bss.
    assert_eq!(flags, [(false, false), (false, true), (false, false), (true, false)]);
    let global = object.global("zeros").unwrap();
    assert!(global.write && global.size == 12000 && object.image().len() as u64 >= global.offset + global.size);
    let device = device();
    let module = Module::load(&device, &data("globals_v5.hsaco")).unwrap();
    // A kernel that stores to its own code ends with a reason.
    let code = module.global_va("counter").unwrap() - object.global("counter").unwrap().offset
        + object.kernel("count").unwrap().entry_offset;
    let kernel = Kernel::from_code_object(&device, &data("faults.hsaco"), "poke").unwrap();
    let fence = device.queue().unwrap().launch(&kernel.over([1; 3], [1; 3]), [Arg::U64(code)]).unwrap();
    let error = fence.wait(soon()).unwrap_err().to_string();
    assert!(error.contains("not writable") && error.contains(&format!("{code:#x}")), "{error}");
}

#[test]
fn what_is_for_another_target_or_not_linked_is_refused() {
    let device = device();
    let error = |file: &str| match Module::load(&device, &data(file)) {
        Err(Error::Object(error)) => error,
        other => panic!("{file}: {other:?}"),
    };
    assert_eq!(
        error("launch_gfx1030.hsaco"),
        ObjectError::Target { object: "gfx1030".into(), device: "gfx1100".into() }
    );
    assert_eq!(error("relocatable.o"), ObjectError::NotLinked);
    let found = vec!["gfx1030".into(), "gfx90a".into()];
    assert_eq!(error("foreign.bundle"), ObjectError::NotInBundle { device: "gfx1100".into(), found });

    // A generic object of a version that is not known: bits 31:24 of e_flags.
    let mut later = data("launch_generic.hsaco");
    assert_eq!(later[51], 1);
    later[51] = 2;
    let error = Module::load(&device, &later).unwrap_err().to_string();
    assert_eq!(error, "the code object is for version 2 of gfx11-generic, the device is gfx1100");
}

#[test]
fn launches_that_do_not_fit_the_kernel_say_why() {
    let device = device();
    let queue = device.queue().unwrap();
    let kernel = Kernel::from_code_object(&device, &data("launch_v5.hsaco"), "required").unwrap();
    let mut out = device.zeros::<u32>(64).unwrap();
    let mut error =
        |launch: &sparkle_pm4::Launched<'_>| queue.launch(launch, [Arg::Out(&mut out)]).unwrap_err().to_string();
    let text = error(&kernel.over([2, 1, 1], [32, 1, 1]));
    assert!(text.contains("requires workgroups of 8x4x1, not 32x1x1"), "{text}");
    let text = error(&kernel.over_items([12, 4, 1], [8, 4, 1]));
    assert!(text.contains("complete workgroups only"), "{text}");
    let text = error(&kernel.over([0, 1, 1], [8, 4, 1]));
    assert!(text.contains("has no work"), "{text}");
    queue.launch(&kernel.over([2, 1, 1], [8, 4, 1]), [Arg::Out(&mut out)]).unwrap().wait(soon()).unwrap();
    assert_eq!(out.read().unwrap(), (0..64).map(|i| i % 32).collect::<Vec<u32>>());
    // A list of arguments whose length is known when the program runs.
    let fence = queue.launch(&kernel.over([1; 3], [8, 4, 1]), vec![Arg::Null]).unwrap();
    assert!(matches!(fence.wait(soon()), Err(Error::DeviceLost(_))));
}

/// Numbers that look random, the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// Damaged objects are loaded and their kernels recorded, or refused: no panic, no hang, and all memory comes back.
#[test]
fn damaged_objects_load_or_say_why() {
    let device = device();
    let queue = device.queue().unwrap();
    let files = ["launch_v4.hsaco", "launch_v6.hsaco", "stack_v5.hsaco", "globals_v5.hsaco", "globals.bundle"];
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let (mut loaded, mut refused) = (0, 0);
    for round in 0..1500 {
        let mut bytes = data(files[round % files.len()]);
        // Tables stand at the beginning and at the end: most of the damage goes there.
        let reach = if round % 3 == 0 { bytes.len() } else { 0x1000 };
        for _ in 0..=numbers.below(4) {
            let at = numbers.below(reach);
            bytes[at] =
                if numbers.below(2) == 0 { numbers.below(256) as u8 } else { bytes[at] ^ 1 << numbers.below(8) };
        }
        let module = match Module::load(&device, &bytes) {
            Ok(module) => module,
            Err(error) => {
                assert!(!error.to_string().is_empty() && !error.hint().is_empty() && !error.code().is_empty());
                refused += 1;
                continue;
            }
        };
        loaded += 1;
        for info in module.object().kernels() {
            let Ok(kernel) = module.kernel(&info.name) else { continue };
            let sizes: Vec<Vec<u8>> = info.explicit_args().map(|arg| vec![0; arg.size as usize]).collect();
            let args = info.explicit_args().zip(&sizes).map(|(arg, bytes)| match arg.kind.as_str() {
                "global_buffer" => Arg::Null,
                _ => Arg::Bytes(bytes),
            });
            let block = info.required_workgroup_size.unwrap_or([32, 1, 1]);
            // Recorded, or an error with a reason; what damaged code does is another test's business.
            if let Err(error) = queue.record(&kernel.over_items([70, 1, 1], block), args.collect::<Vec<_>>()) {
                assert!(!error.to_string().is_empty());
            }
        }
        for global in module.object().globals() {
            assert_eq!(module.read_global(&global.name).unwrap().len() as u64, global.size);
        }
    }
    assert!(loaded > 200 && refused > 200, "{loaded} loaded, {refused} refused");
}
