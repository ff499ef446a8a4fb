//! Reductions and exchanges within workgroups.

use ash::vk::{DescriptorType, SubgroupFeatureFlags as Operations};

use super::{Check, Outcome, groups, passed, skipped, spirv};
use crate::compare::{Random, close, same};
use crate::error::Result;
use crate::vk::{KernelInfo, Scope};

pub const CHECKS: &[Check] = &[
    Check { name: "reduction-lds", about: "sums of words and numbers by trees in shared memory", run: reduction_lds },
    Check { name: "reduction-subgroup", about: "a sum by subgroup, shared memory and atomic", run: reduction_subgroup },
    Check { name: "scan-lds", about: "running sums in shared memory", run: scan_lds },
    Check { name: "transpose-lds", about: "a transposed matrix by tiles in shared memory", run: transpose_lds },
    Check { name: "shared-memory", about: "the most shared memory in the largest workgroups", run: shared_memory },
    Check { name: "histogram-lds", about: "atomics in shared memory, then in the buffer", run: histogram_lds },
];

fn reduction_lds(scope: &Scope<'_>) -> Result<Outcome> {
    let count = 100_003usize;
    let ins = Random::new(21).words(count);
    let blocks = count.div_ceil(512);
    let (words, numbers) = (scope.filled(0u32, blocks)?, scope.filled(0f32, blocks)?);
    let kernel = scope.kernel(spirv!("reduce_lds"), 3, 4)?;
    let set = scope.bind_buffers(&kernel, &[&scope.host(&ins)?, &words, &numbers])?;
    scope.run(|c| c.call(&kernel, &set, &[count as u32], blocks as u32))?;
    let sums: Vec<u64> = ins.chunks(512).map(|block| block.iter().map(|v| u64::from(*v)).sum()).collect();
    let want: Vec<u32> = sums.iter().map(|sum| *sum as u32).collect();
    same("word sums", &words.read()?, &want)?;
    // Ten roundings on the way from a word to the sum of 512, each of at most 2^-24 of the sum.
    let want: Vec<f64> = sums.iter().map(|sum| *sum as f64).collect();
    close("number sums", &numbers.read::<f32>()?, &want, |index| want[index] * 11.0 * 2f64.powi(-24))?;
    passed(format!("{count} words in {blocks} workgroups"))
}

fn reduction_subgroup(scope: &Scope<'_>) -> Result<Outcome> {
    if !scope.gpu.subgroup.subgroup_supported_operations.contains(Operations::ARITHMETIC) {
        return skipped("no arithmetic on subgroups");
    }
    let count = 100_003usize;
    let ins = Random::new(22).words(count);
    let sum = scope.filled(0u32, 2)?;
    let kernel = scope.kernel(spirv!("reduce_subgroup"), 2, 4)?;
    let set = scope.bind_buffers(&kernel, &[&scope.host(&ins)?, &sum])?;
    scope.run(|c| c.call(&kernel, &set, &[count as u32], groups(count, 256)))?;
    let want = ins.iter().fold([0u32; 2], |[sum, most], v| [sum.wrapping_add(*v), most.max(*v)]);
    same("sum and maximum", &sum.read()?, &want)?;
    passed(format!("{count} words"))
}

fn scan_lds(scope: &Scope<'_>) -> Result<Outcome> {
    let count = 64 * 256usize;
    let ins = Random::new(23).words(count);
    let out = scope.filled(0u32, count)?;
    let kernel = scope.kernel(spirv!("scan_lds"), 2, 0)?;
    let set = scope.bind_buffers(&kernel, &[&scope.host(&ins)?, &out])?;
    scope.run(|c| c.call::<u32>(&kernel, &set, &[], groups(count, 256)))?;
    let scan = |block: &[u32]| -> Vec<u32> {
        let add = |sum: &mut u32, v: &u32| {
            *sum = sum.wrapping_add(*v);
            Some(*sum)
        };
        block.iter().scan(0u32, add).collect()
    };
    let want: Vec<u32> = ins.chunks(256).flat_map(scan).collect();
    same("sums", &out.read()?, &want)?;
    passed(format!("{count} words"))
}

fn transpose_lds(scope: &Scope<'_>) -> Result<Outcome> {
    let (width, height) = (203usize, 129usize);
    let ins = Random::new(24).words(width * height);
    let out = scope.filled(0u32, width * height)?;
    let kernel = scope.kernel(spirv!("transpose_lds"), 2, 8)?;
    let set = scope.bind_buffers(&kernel, &[&scope.host(&ins)?, &out])?;
    scope.run(|c| {
        c.kernel(&kernel);
        c.set(&kernel, 0, &set, &[]);
        c.push(&kernel, 0, &[width as u32, height as u32]);
        c.dispatch(groups(width, 32), groups(height, 32), 1);
    })?;
    let want: Vec<u32> = (0..width * height).map(|at| ins[at % height * width + at / height]).collect();
    same("words", &out.read()?, &want)?;
    passed(format!("{width} x {height}"))
}

fn shared_memory(scope: &Scope<'_>) -> Result<Outcome> {
    let limits = &scope.gpu.properties.limits;
    let size = limits.max_compute_work_group_invocations.min(limits.max_compute_work_group_size[0]).min(1024);
    let n = (limits.max_compute_shared_memory_size / 4).min(16_384);
    let set = [DescriptorType::STORAGE_BUFFER];
    let constants = [(0, size), (1, n)];
    let sets: &[&[DescriptorType]] = &[&set];
    let info = KernelInfo { spirv: spirv!("shared_memory"), sets, constants: &constants, ..Default::default() };
    let kernel = scope.make_kernel(&info)?;
    let blocks = 12u32;
    let out = scope.filled(0u32, (blocks * n) as usize)?;
    let bound = scope.bind_buffers(&kernel, &[&out])?;
    scope.run(|c| c.call::<u32>(&kernel, &bound, &[], blocks))?;
    let cell = |block: u32, k: u32| (k + 1).wrapping_mul(0x9e37_79b1) ^ block;
    let word = |block: u32, k: u32| cell(block, (k * 61 + 17) % n).wrapping_add(cell(block, n - 1 - k));
    let want: Vec<u32> = (0..blocks).flat_map(|block| (0..n).map(move |k| word(block, k))).collect();
    same("words", &out.read()?, &want)?;
    passed(format!("{blocks} workgroups of {size} with {} bytes each", 4 * n))
}

fn histogram_lds(scope: &Scope<'_>) -> Result<Outcome> {
    let count = 50_000usize;
    // Two thirds of the bytes in eight cells, so that neighbours meet.
    let mut random = Random::new(25);
    let ins: Vec<u32> = (0..count).map(|at| random.word() & if at % 3 == 0 { !0 } else { 0x0707_0707 }).collect();
    let counts = scope.filled(0u32, 256)?;
    let kernel = scope.kernel(spirv!("histogram_lds"), 2, 4)?;
    let set = scope.bind_buffers(&kernel, &[&scope.host(&ins)?, &counts])?;
    scope.run(|c| c.call(&kernel, &set, &[count as u32], groups(count, 256)))?;
    let mut want = [0u32; 256];
    for byte in ins.iter().flat_map(|v| v.to_le_bytes()) {
        want[usize::from(byte)] += 1;
    }
    same("counts", &counts.read()?, &want)?;
    passed(format!("{} bytes", 4 * count))
}
