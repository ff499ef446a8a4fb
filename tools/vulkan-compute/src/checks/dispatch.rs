//! Ways to start workgroups.

use ash::vk::DescriptorType;

use super::{Check, Outcome, groups, passed, spirv};
use crate::compare::same;
use crate::error::Result;
use crate::vk::{KernelInfo, Place, Scope, Stage};

pub const CHECKS: &[Check] = &[
    Check { name: "builtins", about: "workgroup, local and global ids in three dimensions", run: builtins },
    Check { name: "dispatch-base", about: "vkCmdDispatchBase", run: dispatch_base },
    Check { name: "dispatch-indirect", about: "arguments from a buffer that a shader wrote", run: dispatch_indirect },
    Check { name: "dispatch-zero", about: "dispatches of no workgroups do nothing", run: dispatch_zero },
    Check { name: "dispatch-large", about: "16384 workgroups of 256", run: dispatch_large },
    Check { name: "dispatch-many", about: "500 dependent dispatches in one command buffer", run: dispatch_many },
];

/// What the shader `builtins` writes for these workgroups of 4 x 3 x 5; 16 words an invocation.
fn places(base: [u32; 3], count: [u32; 3]) -> Vec<u32> {
    let size = [4u32, 3, 5];
    let each = |[x, y, z]: [u32; 3]| (0..z).flat_map(move |c| (0..y).flat_map(move |b| (0..x).map(move |a| [a, b, c])));
    let mut words = Vec::new();
    for group in each(count) {
        let group: [u32; 3] = std::array::from_fn(|k| base[k] + group[k]);
        for (index, local) in (0u32..).zip(each(size)) {
            let global: [u32; 3] = std::array::from_fn(|k| group[k] * size[k] + local[k]);
            words.extend([group, local, global, count, size].concat());
            words.push(index);
        }
    }
    words
}

fn run_places(scope: &Scope<'_>, base: [u32; 3], count: [u32; 3], dispatch_base: bool) -> Result<usize> {
    let sets: &[&[DescriptorType]] = &[&[DescriptorType::STORAGE_BUFFER]];
    let info = KernelInfo { spirv: spirv!("builtins"), sets, push_bytes: 28, dispatch_base, ..Default::default() };
    let kernel = scope.make_kernel(&info)?;
    let want = places(base, count);
    let out = scope.filled(u32::MAX, want.len())?;
    let set = scope.bind_buffers(&kernel, &[&out])?;
    scope.run(|c| {
        c.kernel(&kernel);
        c.set(&kernel, 0, &set, &[]);
        c.push(&kernel, 0, &[base[0], base[1], base[2], 0, count[0], count[1], count[2]]);
        if dispatch_base {
            c.dispatch_base(base, count);
        } else {
            c.dispatch(count[0], count[1], count[2]);
        }
    })?;
    let what = format!("ids of {count:?} workgroups from {base:?} (16 an invocation)");
    same(&what, &out.read()?, &want)?;
    Ok(want.len() / 16)
}

fn builtins(scope: &Scope<'_>) -> Result<Outcome> {
    let count = run_places(scope, [0; 3], [7, 5, 6], false)? + run_places(scope, [0; 3], [1, 1, 33], false)?;
    passed(format!("{count} invocations"))
}

fn dispatch_base(scope: &Scope<'_>) -> Result<Outcome> {
    let count = run_places(scope, [3, 1, 2], [4, 5, 3], true)? + run_places(scope, [0; 3], [3, 2, 1], true)?;
    passed(format!("{count} invocations"))
}

fn dispatch_indirect(scope: &Scope<'_>) -> Result<Outcome> {
    let base = [3u32, 2, 4];
    let kernel = scope.kernel(spirv!("arguments"), 1, 12)?;
    let count = scope.kernel(spirv!("count"), 1, 0)?;
    let arguments = scope.buffer(4 * 16, Place::Device)?;
    let cells = (0..4).map(|_| scope.filled(0u32, 1 + 256)).collect::<Result<Vec<_>>>()?;
    let set = scope.bind_buffers(&kernel, &[&arguments])?;
    let sets = cells.iter().map(|cells| scope.bind_buffers(&count, &[cells])).collect::<Result<Vec<_>>>()?;
    scope.run(|c| {
        c.call(&kernel, &set, &base, 4);
        c.barrier(Stage::Compute, Stage::Indirect);
        c.kernel(&count);
        for (k, set) in (0u64..).zip(&sets) {
            c.set(&count, 0, set, &[]);
            c.dispatch_indirect(&arguments, 16 * k);
        }
    })?;
    for (k, cells) in (0u32..).zip(&cells) {
        let total: u32 = if k == 1 { 0 } else { base.iter().map(|n| n + k).product() };
        let mut want = vec![total * 64];
        want.extend((1..=256).map(|at| if at <= total { at } else { 0 }));
        same(&format!("counts of dispatch {k}"), &cells.read()?, &want)?;
    }
    // Arguments that the host wrote, at an offset.
    let arguments = scope.host(&[9u32, 9, 9, 9, 9, 5, 2, 3, 9])?;
    let cells = scope.filled(0u32, 1 + 256)?;
    let set = scope.bind_buffers(&count, &[&cells])?;
    scope.run(|c| {
        c.kernel(&count);
        c.set(&count, 0, &set, &[]);
        c.dispatch_indirect(&arguments, 20);
    })?;
    let mut want = vec![30 * 64];
    want.extend((1..=256).map(|at| if at <= 30 { at } else { 0 }));
    same("counts with the host's arguments", &cells.read()?, &want)?;
    passed("5 dispatches, one of them empty")
}

fn dispatch_zero(scope: &Scope<'_>) -> Result<Outcome> {
    let kernel = scope.kernel(spirv!("count"), 1, 0)?;
    let cells = scope.filled(7u32, 64)?;
    let set = scope.bind_buffers(&kernel, &[&cells])?;
    scope.run(|c| {
        c.kernel(&kernel);
        c.set(&kernel, 0, &set, &[]);
        for [x, y, z] in [[0, 1, 1], [1, 0, 1], [1, 1, 0], [0, 0, 0]] {
            c.dispatch(x, y, z);
        }
        c.dispatch(1, 1, 1);
    })?;
    let mut want = vec![7u32; 64];
    (want[0], want[1]) = (7 + 64, 7 + 1);
    same("cells", &cells.read()?, &want)?;
    passed("4 empty dispatches and one that is not")
}

fn hash(index: u32, seed: u32) -> u32 {
    let h = index ^ seed;
    let h = (h ^ (h >> 16)).wrapping_mul(0x7feb_352d);
    let h = (h ^ (h >> 15)).wrapping_mul(0x846c_a68b);
    h ^ (h >> 16)
}

fn dispatch_large(scope: &Scope<'_>) -> Result<Outcome> {
    let count = 16_384 * 256 - 100usize;
    let kernel = scope.kernel(spirv!("hash"), 1, 8)?;
    let out = scope.buffer(4 * (count as u64 + 100), Place::Device)?;
    let set = scope.bind_buffers(&kernel, &[&out])?;
    scope.run(|c| {
        c.fill(&out, 0, out.bytes, 0);
        c.barrier(Stage::Transfer, Stage::Compute);
        c.call(&kernel, &set, &[count as u32, 77], groups(count, 256));
    })?;
    let mut want: Vec<u32> = (0..count as u32).map(|index| hash(index, 77)).collect();
    want.resize(count + 100, 0);
    same("hashes", &scope.download(&out)?, &want)?;
    passed(format!("{count} invocations"))
}

fn dispatch_many(scope: &Scope<'_>) -> Result<Outcome> {
    let kernel = scope.kernel(spirv!("poke"), 1, 8)?;
    let cells = scope.filled(0u32, 8)?;
    let set = scope.bind_buffers(&kernel, &[&cells])?;
    let mut want = [0u32; 8];
    scope.run(|c| {
        c.kernel(&kernel);
        c.set(&kernel, 0, &set, &[]);
        for k in 0..500u32 {
            c.push(&kernel, 0, &[k % 8, k + 1]);
            c.dispatch(1, 1, 1);
            want[k as usize % 8] += k + 1;
            // Each cell is written once between two barriers.
            if k % 8 == 7 {
                c.barrier(Stage::Compute, Stage::Compute);
            }
        }
    })?;
    same("cells", &cells.read()?, &want)?;
    passed("500 dispatches")
}
