//! Integers, floating-point multiply-add, constants, control flow.

use super::{Check, Outcome, groups, passed, skipped, spirv};
use crate::compare::{Random, close, one_of, same};
use crate::error::Result;
use crate::vk::{KernelInfo, Scope};
use ash::vk::DescriptorType;

pub const CHECKS: &[Check] = &[
    Check { name: "saxpy", about: "a x + y, in host-visible and in device memory", run: saxpy },
    Check { name: "matmul", about: "f32 matrix product with tiles in shared memory, against f64", run: matmul },
    Check { name: "push-constants", about: "128 bytes of push constants, changed in parts", run: push_constants },
    Check {
        name: "specialization",
        about: "constants of each kind, workgroup size, array length",
        run: specialization,
    },
    Check { name: "int32", about: "32-bit integer and bit-field instructions", run: int32 },
    Check { name: "int64", about: "64-bit integer instructions (shaderInt64)", run: int64 },
    Check { name: "int16", about: "16-bit integers and storage", run: int16 },
    Check { name: "int8", about: "8-bit integers and storage", run: int8 },
    Check { name: "control-flow", about: "loops, switches and returns that diverge", run: control_flow },
    Check { name: "private-array", about: "an indexed array for each invocation", run: private_array },
];

fn saxpy(scope: &Scope<'_>) -> Result<Outcome> {
    let count = 65_536usize;
    let kernel = scope.kernel(spirv!("saxpy"), 2, 8)?;
    let mut random = Random::new(1);
    let (x, y) = (random.ranges(count, -8.0, 8.0), random.ranges(count, -8.0, 8.0));
    let a = 1.7f32;
    for (what, n, on_host) in [("y", count, true), ("y of 65521", 65_521, true), ("y in device memory", count, false)] {
        let (bx, by) =
            if on_host { (scope.host(&x)?, scope.host(&y)?) } else { (scope.device(&x)?, scope.device(&y)?) };
        let set = scope.bind_buffers(&kernel, &[&bx, &by])?;
        scope.run(|c| c.call(&kernel, &set, &[n as u32, a.to_bits()], groups(count, 64)))?;
        let got: Vec<u32> = if on_host { by.read()? } else { scope.download(&by)? };
        // The multiplication and the addition may be one operation or two.
        let want: Vec<[u32; 2]> = (0..count)
            .map(|i| if i < n { [a * x[i] + y[i], a.mul_add(x[i], y[i])] } else { [y[i]; 2] })
            .map(|both| both.map(f32::to_bits))
            .collect();
        one_of(what, &got, &want)?;
    }
    passed(format!("{count} elements"))
}

fn matmul(scope: &Scope<'_>) -> Result<Outcome> {
    let kernel = scope.kernel(spirv!("matmul"), 3, 12)?;
    let mut random = Random::new(2);
    for [m, n, k] in [[128usize, 128, 128], [67, 93, 131]] {
        let (a, b) = (random.ranges(m * k, -1.0, 1.0), random.ranges(k * n, -1.0, 1.0));
        let buffers = [scope.host(&a)?, scope.host(&b)?, scope.filled(f32::NAN, m * n)?];
        let set = scope.bind_buffers(&kernel, &[&buffers[0], &buffers[1], &buffers[2]])?;
        scope.run(|c| {
            c.kernel(&kernel);
            c.set(&kernel, 0, &set, &[]);
            c.push(&kernel, 0, &[m as u32, n as u32, k as u32]);
            c.dispatch(groups(n, 16), groups(m, 16), 1);
        })?;
        let (mut want, mut bounds) = (Vec::new(), Vec::new());
        // The error bound of a sum of k products in any order: k u / (1 - k u) times the sum of the magnitudes, with
        // u = 2^-24 (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1); one more rounding where the
        // multiplication is rounded by itself is in k + 1.
        let ku = (k as f64 + 1.0) * 2f64.powi(-24);
        for row in 0..m {
            for column in 0..n {
                let products = (0..k).map(|at| f64::from(a[row * k + at]) * f64::from(b[at * n + column]));
                let (sum, magnitude) = products.fold((0.0, 0.0), |(sum, size), p| (sum + p, size + p.abs()));
                want.push(sum);
                bounds.push(ku / (1.0 - ku) * magnitude);
            }
        }
        close(&format!("c of {m}x{n}x{k}"), &buffers[2].read::<f32>()?, &want, |index| bounds[index])?;
    }
    passed("128x128x128 and 67x93x131, error within k u / (1 - k u) sum |a b|")
}

fn push_constants(scope: &Scope<'_>) -> Result<Outcome> {
    let kernel = scope.kernel(spirv!("push"), 1, 128)?;
    let out = scope.filled(0u32, 4 * 32)?;
    let set = scope.bind_buffers(&kernel, &[&out])?;
    let mut words: Vec<u32> = Random::new(3).words(32);
    let mut want = Vec::new();
    // Each change: where it begins, in words, and how many.
    let changes = [(0usize, 32usize), (5, 3), (0, 1), (28, 4)];
    scope.run(|c| {
        c.kernel(&kernel);
        c.set(&kernel, 0, &set, &[]);
        let mut random = Random::new(4);
        for (slot, (first, count)) in (0u32..).zip(changes) {
            if slot > 0 {
                words[first..first + count].copy_from_slice(&random.words(count));
            }
            c.push(&kernel, 4 * first as u32, &words[first..first + count]);
            words[0] = slot;
            c.push(&kernel, 0, &words[..1]);
            want.extend_from_slice(&words);
            c.dispatch(1, 1, 1);
        }
    })?;
    same("words", &out.read()?, &want)?;
    passed("128 bytes, 4 changes")
}

fn specialization(scope: &Scope<'_>) -> Result<Outcome> {
    let set = [DescriptorType::STORAGE_BUFFER];
    let variants: [&[(u32, u32)]; 3] = [
        &[],
        &[(0, 1234), (1, (-5i32) as u32), (2, 2.25f32.to_bits()), (3, 1), (4, 64), (5, 100)],
        &[(5, 33), (3, 1), (4, 48)],
    ];
    for constants in variants {
        let sets: &[&[DescriptorType]] = &[&set];
        let info = KernelInfo { spirv: spirv!("specialize"), sets, constants, ..Default::default() };
        let kernel = scope.make_kernel(&info)?;
        let of = |id: u32, default: u32| constants.iter().find(|c| c.0 == id).map_or(default, |c| c.1);
        let (u, i, f, b) = (of(0, 7), of(1, (-3i32) as u32), of(2, 1.5f32.to_bits()), of(3, 0));
        let (size, n) = (of(4, 32), of(5, 16));
        let mut want = vec![u, i, f, b, size, n, u.wrapping_mul(2).wrapping_add(n), if b != 0 { u } else { n }];
        for at in 0..2 * size {
            let value = |k: u32| k.wrapping_mul(u).wrapping_add(i);
            let sum = (0..n).fold(0u32, |sum, k| sum.wrapping_mul(5).wrapping_add(value((at % size + k) % n)));
            want.push(sum);
        }
        let out = scope.filled(0u32, want.len())?;
        let bound = scope.bind_buffers(&kernel, &[&out])?;
        scope.run(|c| c.call::<u32>(&kernel, &bound, &[], 2))?;
        same(&format!("words with {} constants", constants.len()), &out.read()?, &want)?;
    }
    passed("3 pipelines of one shader")
}

fn int32(scope: &Scope<'_>) -> Result<Outcome> {
    let mut random = Random::new(5);
    let edges = [0u32, 1, 2, 3, 31, 32, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_ffff, 0xffff_fffe, 0x1_0000];
    let mut pairs: Vec<(u32, u32)> = edges.iter().flat_map(|a| edges.iter().map(move |b| (*a, *b))).collect();
    pairs.extend((0..4000).map(|_| (random.word() >> random.below(32), random.word() >> random.below(32))));
    let (a, b): (Vec<u32>, Vec<u32>) = pairs.iter().copied().unzip();
    let mut want = Vec::with_capacity(32 * pairs.len());
    for &(a, b) in &pairs {
        let (sa, sb, shift) = (a as i32, b as i32, b & 31);
        let divisor = if sb == 0 || sb == -1 { 3 } else { sb };
        let (first, bits) = (b & 15, (b >> 8) & 15);
        let mask = (1u32 << bits) - 1;
        let field = (a >> first) & mask;
        let signed_field = if bits == 0 { 0 } else { (field << (32 - bits)) as i32 >> (32 - bits) };
        let (product, signed) = (u64::from(a) * u64::from(b), i64::from(sa) * i64::from(sb));
        let (sum, carry) = a.overflowing_add(b);
        let (difference, borrow) = a.overflowing_sub(b);
        let most = |v: u32| if v == 0 { u32::MAX } else { 31 - v.leading_zeros() };
        want.extend([
            sum,
            difference,
            product as u32,
            a / (b | 1),
            a % (b | 1),
            sa.wrapping_div(divisor) as u32,
            a << shift,
            a >> shift,
            (sa >> shift) as u32,
            (product >> 32) as u32,
            product as u32,
            (signed >> 32) as u32,
            signed as u32,
            sum,
            carry.into(),
            difference,
            borrow.into(),
            a.min(b),
            a.max(b),
            sa.min(sb) as u32,
            sa.max(sb) as u32,
            sa.unsigned_abs(),
            sa.signum() as u32,
            field,
            signed_field as u32,
            (a & !(mask << first)) | ((b & mask) << first),
            a.reverse_bits(),
            a.count_ones(),
            if a == 0 { u32::MAX } else { a.trailing_zeros() },
            most(a),
            most(if sa < 0 { !a } else { a }),
            u32::from(a < b) | u32::from(sa < sb) << 1 | u32::from(a == b) << 2 | u32::from(a & !b >= a ^ b) << 3,
        ]);
    }
    let kernel = scope.kernel(spirv!("integers"), 3, 4)?;
    let out = scope.filled(0u32, want.len())?;
    let set = scope.bind_buffers(&kernel, &[&scope.host(&a)?, &scope.host(&b)?, &out])?;
    scope.run(|c| c.call(&kernel, &set, &[pairs.len() as u32], groups(pairs.len(), 64)))?;
    same("results (32 a pair)", &out.read()?, &want)?;
    passed(format!("{} pairs, 32 results each", pairs.len()))
}

fn int64(scope: &Scope<'_>) -> Result<Outcome> {
    if !scope.gpu.features.int64 {
        return skipped("no shaderInt64");
    }
    let mut random = Random::new(6);
    let top = 1u64 << 63;
    let edges = [0, 1, 2, 32, 63, 0xffff_ffff, 1 << 32, 1 << 33, top - 1, top, top + 1, u64::MAX - 1, u64::MAX];
    let mut pairs: Vec<(u64, u64)> = edges.iter().flat_map(|a| edges.iter().map(move |b| (*a, *b))).collect();
    pairs.extend((0..4000).map(|_| (random.bits() >> random.below(64), random.bits() >> random.below(64))));
    let (a, b): (Vec<u64>, Vec<u64>) = pairs.iter().copied().unzip();
    let mut want = Vec::with_capacity(24 * pairs.len());
    for &(a, b) in &pairs {
        let (sa, sb, shift) = (a as i64, b as i64, b & 63);
        let divisor = if sb == 0 || sb == -1 { 3 } else { sb };
        let (low_a, low_b) = (i64::from(a as i32), i64::from(b as i32));
        want.extend([
            a.wrapping_add(b),
            a.wrapping_sub(b),
            a.wrapping_mul(b),
            a / (b | 1),
            a % (b | 1),
            sa.wrapping_div(divisor) as u64,
            a << shift,
            a >> shift,
            (sa >> shift) as u64,
            a & b,
            a | b,
            a ^ b,
            !a,
            a.min(b),
            a.max(b),
            sa.min(sb) as u64,
            sa.max(sb) as u64,
            sa.unsigned_abs(),
            sa.signum() as u64,
            u64::from(a < b) | u64::from(sa < sb) << 1 | u64::from(a == b) << 2 | u64::from(sa >= sb) << 3,
            a & 0xffff_ffff,
            low_a as u64,
            ((a & 0xffff_ffff) * (b & 0xffff_ffff)).wrapping_add(a >> 32),
            (low_a * low_b).wrapping_sub(sb) as u64,
        ]);
    }
    let kernel = scope.kernel(spirv!("int64"), 3, 4)?;
    let out = scope.filled(0u64, want.len())?;
    let set = scope.bind_buffers(&kernel, &[&scope.host(&a)?, &scope.host(&b)?, &out])?;
    scope.run(|c| c.call(&kernel, &set, &[pairs.len() as u32], groups(pairs.len(), 64)))?;
    same("results (24 a pair)", &out.read()?, &want)?;
    passed(format!("{} pairs, 24 results each", pairs.len()))
}

fn int16(scope: &Scope<'_>) -> Result<Outcome> {
    if !scope.gpu.features.int16 || !scope.gpu.features.storage16 {
        return skipped("no shaderInt16 or no storageBuffer16BitAccess");
    }
    let mut random = Random::new(7);
    let edges = [0u16, 1, 2, 15, 0xff, 0x100, 0x7fff, 0x8000, 0x8001, 0xfffe, 0xffff];
    let mut pairs: Vec<(u16, u16)> = edges.iter().flat_map(|a| edges.iter().map(move |b| (*a, *b))).collect();
    pairs.extend((0..4000).map(|_| (random.word() as u16, random.word() as u16 >> random.below(16))));
    let (a, b): (Vec<u16>, Vec<u16>) = pairs.iter().copied().unzip();
    let mut want = Vec::with_capacity(16 * pairs.len());
    for &(a, b) in &pairs {
        let (sa, sb, shift) = (a as i16, b as i16, b & 15);
        let divisor = if sb == 0 || sb == -1 { 3 } else { sb };
        want.extend([
            a.wrapping_add(b),
            a.wrapping_sub(b),
            a.wrapping_mul(b),
            a / (b | 1),
            a % (b | 1),
            sa.wrapping_div(divisor) as u16,
            a << shift,
            a >> shift,
            (sa >> shift) as u16,
            a.min(b),
            sa.max(sb) as u16,
            sa.unsigned_abs(),
            ((u32::from(a) * u32::from(b)) >> 16) as u16,
            ((i32::from(sa) * i32::from(sb)) >> 16) as u16,
            a ^ !b,
            u16::from(a < b) | u16::from(sa < sb) << 1,
        ]);
    }
    let kernel = scope.kernel(spirv!("int16"), 3, 4)?;
    let out = scope.filled(0u16, want.len())?;
    let set = scope.bind_buffers(&kernel, &[&scope.host(&a)?, &scope.host(&b)?, &out])?;
    scope.run(|c| c.call(&kernel, &set, &[pairs.len() as u32], groups(pairs.len(), 64)))?;
    same("results (16 a pair)", &out.read()?, &want)?;
    passed(format!("{} pairs, 16 results each", pairs.len()))
}

fn int8(scope: &Scope<'_>) -> Result<Outcome> {
    if !scope.gpu.features.int8 || !scope.gpu.features.storage8 {
        return skipped("no shaderInt8 or no storageBuffer8BitAccess");
    }
    let pairs: Vec<(u8, u8)> = (0..=65_535u32).step_by(7).map(|k| (k as u8, (k >> 8) as u8)).collect();
    // Buffers are bound in whole words.
    let count = pairs.len() & !3;
    let (a, b): (Vec<u8>, Vec<u8>) = pairs[..count].iter().copied().unzip();
    let mut want = Vec::with_capacity(12 * count);
    for &(a, b) in &pairs[..count] {
        let (sa, sb) = (a as i8, b as i8);
        let divisor = if sb == 0 || sb == -1 { 3 } else { sb };
        want.extend([
            a.wrapping_add(b),
            a.wrapping_sub(b),
            a.wrapping_mul(b),
            a / (b | 1),
            a % (b | 1),
            sa.wrapping_div(divisor) as u8,
            a << (b & 7),
            (sa >> (b & 7)) as u8,
            a.max(b),
            sa.min(sb) as u8,
            ((i32::from(sa) * i32::from(sb)) >> 8) as u8,
            u8::from(a < b) | u8::from(sa < sb) << 1,
        ]);
    }
    let kernel = scope.kernel(spirv!("int8"), 3, 4)?;
    let out = scope.filled(0u8, want.len())?;
    let set = scope.bind_buffers(&kernel, &[&scope.host(&a)?, &scope.host(&b)?, &out])?;
    scope.run(|c| c.call(&kernel, &set, &[count as u32], groups(count, 64)))?;
    same("results (12 a pair)", &out.read()?, &want)?;
    passed(format!("{count} pairs, 12 results each"))
}

fn flow_on_cpu(v: u32) -> u32 {
    if v & 15 == 9 {
        return u32::MAX;
    }
    let (mut r, mut c) = (0u32, v & 0xffff);
    while c > 1 && r < 500 {
        c = if c & 1 == 0 { c >> 1 } else { c.wrapping_mul(3).wrapping_add(1) };
        r += 1;
    }
    for k in 0..v & 31 {
        if (v >> k) & 3 == 2 {
            continue;
        }
        if (v >> k) & 63 == 63 {
            break;
        }
        for j in (k..40).step_by(1 + (v >> 29) as usize) {
            r = r.wrapping_mul(3).wrapping_add(j);
        }
    }
    match (v >> 5) & 7 {
        0 => r.wrapping_add(11),
        1 => (r ^ v).rotate_left(3),
        2 => r.rotate_left(3),
        3 => r.wrapping_mul(r),
        6 => !r,
        _ => r.wrapping_sub(v),
    }
}

fn private_on_cpu(seed: u32) -> u32 {
    let mut state = seed;
    let mut cells: [u32; 96] = std::array::from_fn(|k| (k as u32).wrapping_mul(0x0100_0193) ^ seed);
    for k in 0..200 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (a, b) = ((state >> 16) as usize % 96, (state >> 8) as usize % 96);
        let held = cells[a];
        cells[a] = cells[b].wrapping_add(k);
        cells[b] = held ^ state;
    }
    cells.iter().fold(0, |sum: u32, cell| sum.wrapping_mul(31).wrapping_add(*cell))
}

fn word_function(scope: &Scope<'_>, spirv: &[u8], count: usize, function: fn(u32) -> u32) -> Result<Outcome> {
    let ins = Random::new(8).words(count);
    let kernel = scope.kernel(spirv, 2, 4)?;
    let out = scope.filled(0u32, count)?;
    let set = scope.bind_buffers(&kernel, &[&scope.host(&ins)?, &out])?;
    scope.run(|c| c.call(&kernel, &set, &[count as u32], groups(count, 64)))?;
    let want: Vec<u32> = ins.iter().map(|v| function(*v)).collect();
    same("words", &out.read()?, &want)?;
    passed(format!("{count} invocations"))
}

fn control_flow(scope: &Scope<'_>) -> Result<Outcome> {
    word_function(scope, spirv!("flow"), 10_000, flow_on_cpu)
}

fn private_array(scope: &Scope<'_>) -> Result<Outcome> {
    word_function(scope, spirv!("private"), 4000, private_on_cpu)
}
