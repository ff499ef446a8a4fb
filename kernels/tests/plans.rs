//! Plans against the signatures, the layers of ResNet-50, the limits, and the kernels' disassembly run on a model.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use kernels::conv2d::{Dims, Plan};
use kernels::{ArgKind, Dispatch, KERNELS, PlanArg, elementwise};

const BASE: Dims = Dims {
    n: 1,
    c: 1,
    h: 1,
    w: 1,
    k: 1,
    r: 1,
    s: 1,
    stride: [1, 1],
    pad: [0, 0],
    dilation: [1, 1],
    groups: 1,
    bias: true,
};

fn square(n: usize, c: usize, hw: usize, k: usize, rs: usize, stride: usize) -> Dims {
    Dims { n, c, h: hw, w: hw, k, r: rs, s: rs, stride: [stride; 2], pad: [rs / 2; 2], ..BASE }
}

fn dispatches_fit_their_signature(d: &Dispatch) {
    assert_eq!(d.args.len(), d.kernel.args.len(), "{}", d.kernel.name);
    for (given, arg) in d.args.iter().zip(d.kernel.args) {
        let fits = match given {
            PlanArg::Buffer(_) | PlanArg::NullBuffer => matches!(arg.kind, ArgKind::Pointer { .. }),
            PlanArg::U32(_) => arg.kind == ArgKind::U32,
            PlanArg::F32(_) => arg.kind == ArgKind::F32,
            PlanArg::U64(_) => arg.kind == ArgKind::MagicDivisor,
            _ => false,
        };
        assert!(fits, "{}: {given:?} for {arg:?}", d.kernel.name);
    }
    assert!(d.grid.iter().all(|&g| g >= 1));
}

/// The distinct convolutions of ResNet-50 at 224 × 224: c, input size, k, kernel, stride, output size.
const RESNET50: &[(usize, usize, usize, usize, usize, usize)] = &[
    (3, 224, 64, 7, 2, 112),
    (64, 56, 64, 1, 1, 56),
    (64, 56, 64, 3, 1, 56),
    (64, 56, 256, 1, 1, 56),
    (256, 56, 64, 1, 1, 56),
    (256, 56, 128, 1, 1, 56),
    (128, 56, 128, 3, 2, 28),
    (256, 56, 512, 1, 2, 28),
    (128, 28, 512, 1, 1, 28),
    (512, 28, 128, 1, 1, 28),
    (128, 28, 128, 3, 1, 28),
    (512, 28, 256, 1, 1, 28),
    (256, 28, 256, 3, 2, 14),
    (512, 28, 1024, 1, 2, 14),
    (256, 14, 1024, 1, 1, 14),
    (1024, 14, 256, 1, 1, 14),
    (256, 14, 256, 3, 1, 14),
    (1024, 14, 512, 1, 1, 14),
    (512, 14, 512, 3, 2, 7),
    (1024, 14, 2048, 1, 2, 7),
    (512, 7, 2048, 1, 1, 7),
    (2048, 7, 512, 1, 1, 7),
    (512, 7, 512, 3, 1, 7),
];

#[test]
fn every_layer_of_resnet50_can_be_planned() {
    for &(c, hw, k, rs, stride, out) in RESNET50 {
        for n in [1, 32] {
            let plan = Plan::new(&square(n, c, hw, k, rs, stride)).unwrap();
            assert_eq!((plan.p, plan.q), (out, out));
            assert_eq!(plan.conv.grid, [(out * out).div_ceil(64) as u32, k as u32 / 8, n as u32]);
            // A row of 8 biases and the weights, whose channels are rounded up to 4.
            let per_k = 4 + rs * rs * c.next_multiple_of(4);
            assert_eq!(plan.workspace_bytes, (4 * k * per_k) as u64);
            dispatches_fit_their_signature(&plan.pack);
            dispatches_fit_their_signature(&plan.conv);
        }
    }
}

#[test]
fn sizes_beyond_the_kernels_arithmetic_are_refused_by_name() {
    let limit = |d: Dims| match Plan::new(&d).unwrap_err() {
        e @ kernels::PlanError::Limit { what, .. } => {
            assert_eq!(e.code(), "plan-limit");
            what
        }
        e => panic!("{e}"),
    };
    assert_eq!(limit(Dims { n: 65_536, ..BASE }), "the batch");
    assert_eq!(limit(Dims { h: 32_768, w: 32_768, ..BASE }), "P·Q");
    assert_eq!(
        limit(Dims { c: 3, h: 16_384, w: 16_384, stride: [2, 2], ..BASE }),
        "the bytes of an image's and group's input"
    );
    assert_eq!(limit(Dims { k: 8 * 65_536, ..BASE }), "blocks of 8 output channels");
    assert_eq!(limit(Dims { k: 1 << 15, c: 1 << 15, ..BASE }), "the bytes of a group's weights");
    assert_eq!(limit(Dims { k: 1 << 18, n: 1 << 14, ..BASE }), "N·K");
    assert_eq!(limit(Dims { h: usize::MAX, ..BASE }), "a padded extent");
    assert_eq!(limit(Dims { pad: [usize::MAX, 0], ..BASE }), "a padded extent");
    assert_eq!(limit(Dims { r: usize::MAX, dilation: [usize::MAX, 1], ..BASE }), "a dilated kernel's extent");
    assert_eq!(limit(Dims { k: usize::MAX, c: 4, ..BASE }), "a group's weights, in elements");
    // A tensor may pass 4 GiB when its slabs don't.
    let plan = Plan::new(&square(4096, 64, 112, 64, 3, 1)).unwrap();
    assert_eq!(plan.conv.grid[2], 4096);
}

#[test]
fn impossible_shapes_are_refused() {
    let code = |d: Dims| Plan::new(&d).unwrap_err().code();
    assert_eq!(code(Dims { s: 0, ..BASE }), "plan-zero");
    assert_eq!(code(Dims { stride: [1, 0], ..BASE }), "plan-zero");
    assert_eq!(code(Dims { groups: 2, ..BASE }), "plan-groups");
    assert_eq!(code(Dims { r: 3, ..BASE }), "plan-kernel-exceeds-input");
    assert_eq!(elementwise::vadd_f32(0).unwrap_err().code(), "plan-zero");
    assert_eq!(elementwise::fill_u32(1 << 32, 0).unwrap_err().code(), "plan-limit");
}

#[test]
fn kernels_are_listed_once_and_found_by_name() {
    for k in KERNELS {
        assert!(std::ptr::eq(kernels::kernel(k.name).unwrap(), *k));
        assert_eq!(k.symbol, format!("{}.kd", k.name));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/asm/{}.s", k.name));
        assert!(source.is_file(), "{} is missing", source.display());
    }
    assert_eq!(kernels::kernel("nothing"), None);
}

/// LLVM 19's folder, where its objdump is; the objects' text form is that version's.
fn llvm() -> Option<String> {
    let dir = std::env::var("SPARKLE_LLVM").unwrap_or_else(|_| "/usr/lib/llvm-19/bin".into());
    Path::new(&dir).join("llvm-objdump").is_file().then_some(dir)
}

fn write_dispatch(out: &mut String, d: &Dispatch) {
    let (offsets, size) = d.kernel.arg_offsets();
    let mut bytes = vec![0u8; size as usize];
    let mut pointers = String::new();
    for (arg, &offset) in d.args.iter().zip(&offsets) {
        let value: Vec<u8> = match *arg {
            PlanArg::Buffer(role) => {
                write!(pointers, " {offset}:{role:?}").unwrap();
                continue;
            }
            PlanArg::U32(v) => v.to_le_bytes().into(),
            PlanArg::F32(v) => v.to_le_bytes().into(),
            PlanArg::U64(v) => v.to_le_bytes().into(),
            _ => continue,
        };
        bytes[offset as usize..offset as usize + value.len()].copy_from_slice(&value);
    }
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    let [x, y, z] = d.grid;
    writeln!(out, "dispatch {} {x} {y} {z} {} {hex}{pointers}", d.kernel.name, d.kernel.workgroup[0]).unwrap();
}

#[test]
fn planned_dispatches_compute_what_numpy_computes() {
    let Some(llvm) = llvm() else {
        skip::skip!("no LLVM 19 (SPARKLE_LLVM names its bin folder)");
        return;
    };
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let numpy = Command::new(&python).args(["-c", "import numpy"]).output();
    if !numpy.is_ok_and(|o| o.status.success()) {
        skip::skip!("{python} has no numpy (PYTHON names another interpreter)");
        return;
    }
    let shapes = [
        BASE,
        square(1, 4, 6, 8, 3, 1),
        square(1, 3, 9, 5, 3, 2),
        Dims { n: 2, c: 5, h: 8, w: 9, k: 11, r: 2, s: 3, stride: [1, 2], pad: [0, 2], dilation: [2, 1], ..BASE },
        Dims { c: 8, h: 10, w: 10, k: 16, r: 3, s: 3, dilation: [3, 2], pad: [3, 2], bias: false, ..BASE },
        Dims { groups: 6, ..square(1, 6, 7, 6, 3, 1) },
        Dims { groups: 3, ..square(2, 12, 5, 30, 1, 1) },
        Dims { c: 9, k: 17, ..BASE },
        Dims { c: 2, h: 12, w: 13, k: 3, r: 7, s: 5, stride: [3, 2], pad: [3, 2], ..BASE },
        Dims { n: 3, c: 4, h: 4, w: 4, k: 4, r: 4, s: 4, ..BASE },
        Dims { c: 7, h: 3, w: 40, k: 9, r: 1, s: 5, pad: [0, 4], stride: [1, 3], ..BASE },
        Dims { groups: 2, stride: [2, 1], dilation: [1, 3], pad: [2, 3], ..square(1, 10, 9, 20, 3, 1) },
        Dims { pad: [5, 5], ..square(1, 4, 3, 8, 3, 1) },
        square(1, 16, 8, 24, 3, 1),
    ];
    let mut text = String::new();
    for d in &shapes {
        let plan = Plan::new(d).unwrap();
        let Dims { n, c, h, w, k, r, s, stride, pad, dilation, groups, bias } = *d;
        let numbers = [n, c, h, w, k, r, s, stride[0], stride[1], pad[0], pad[1], dilation[0], dilation[1], groups];
        let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
        writeln!(text, "conv2d {} {} {}", numbers.join(" "), u8::from(bias), plan.workspace_bytes).unwrap();
        write_dispatch(&mut text, &plan.pack);
        write_dispatch(&mut text, &plan.conv);
    }
    for n in [1, 31, 256, 700] {
        writeln!(text, "elementwise {n}").unwrap();
        write_dispatch(&mut text, &elementwise::vadd_f32(n).unwrap());
        write_dispatch(&mut text, &elementwise::fill_u32(n, 0x1234_5678).unwrap());
    }
    let cases = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wave_model_cases.txt");
    std::fs::write(&cases, text).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(&python)
        .arg(root.join("tests/wave_model.py"))
        .arg(&llvm)
        .arg(root.join("objects"))
        .arg(&cases)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let agree = format!("{} cases agree\n", shapes.len() + 4);
    assert_eq!(String::from_utf8_lossy(&output.stdout), agree);
}
