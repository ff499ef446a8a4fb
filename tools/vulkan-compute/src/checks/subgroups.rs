//! Subgroup operations: the invocations say which subgroup and lane they are, the CPU does the rest.

use std::collections::BTreeMap;

use ash::vk::{DescriptorType, ShaderStageFlags, SubgroupFeatureFlags as Operations};

use super::{Check, Outcome, passed, skipped, spirv};
use crate::compare::{Random, ensure};
use crate::error::{Error, Result};
use crate::vk::{KernelInfo, Scope};

pub const CHECKS: &[Check] = &[
    Check { name: "subgroup-arithmetic", about: "reductions and scans over subgroups", run: subgroup_arithmetic },
    Check { name: "subgroup-ballot", about: "ballot, broadcast, vote, elect and the masks", run: subgroup_ballot },
    Check { name: "subgroup-shuffle", about: "shuffle and shuffle-xor", run: subgroup_shuffle },
    Check { name: "subgroup-relative", about: "shuffle-up and shuffle-down", run: subgroup_relative },
    Check { name: "subgroup-quad", about: "broadcast and swaps in quads", run: subgroup_quad },
    Check { name: "subgroup-sizes", about: "every subgroup size that a pipeline can ask for", run: subgroup_sizes },
];

const GROUPS: u32 = 40;

/// A lane and its data.
type Lane = (u32, u32);

/// What one invocation must have written: `None` where the result is undefined.
type Model = fn(lanes: &[Lane], me: Lane, size: u32) -> Vec<Option<u32>>;

struct Case<'a> {
    spirv: &'a [u8],
    results: usize,
    model: Model,
    subgroup_size: Option<u32>,
}

/// Runs a shader with whole and broken workgroups, with all invocations and with some, and returns the subgroup size.
fn run_case(scope: &Scope<'_>, case: &Case<'_>, sizes: &[u32], masks: &[u32]) -> Result<u32> {
    let mut size = 0;
    for &local_size in sizes {
        let set = [DescriptorType::STORAGE_BUFFER; 3];
        let info = KernelInfo {
            spirv: case.spirv,
            sets: &[&set],
            push_bytes: 4,
            constants: &[(0, local_size)],
            subgroup_size: case.subgroup_size,
            ..Default::default()
        };
        let kernel = scope.make_kernel(&info)?;
        let count = (local_size * GROUPS) as usize;
        let ins = Random::new(31).words(count);
        let buffer = scope.host(&ins)?;
        for &mask in masks {
            let (ids, out) = (scope.filled(u32::MAX, 4 * count)?, scope.filled(0xdead_beefu32, case.results * count)?);
            let set = scope.bind_buffers(&kernel, &[&buffer, &ids, &out])?;
            scope.run(|c| c.call(&kernel, &set, &[mask], GROUPS))?;
            let what = format!("local size {local_size}, mask {mask}");
            size = check_results(case, &what, local_size, mask, [&ins, &ids.read()?, &out.read()?])?;
        }
    }
    Ok(size)
}

fn check_results(case: &Case<'_>, what: &str, local_size: u32, mask: u32, [ins, ids, out]: [&[u32]; 3]) -> Result<u32> {
    let size = ids[0];
    ensure(size.is_power_of_two() && size <= 128, || format!("{what}: gl_SubgroupSize {size}"))?;
    ensure(case.subgroup_size.is_none_or(|asked| asked == size), || {
        format!("{what}: gl_SubgroupSize {size}, but the pipeline asked for {:?}", case.subgroup_size)
    })?;
    // The lanes of each subgroup of each workgroup.
    let mut subgroups: BTreeMap<(usize, u32), Vec<(u32, usize)>> = BTreeMap::new();
    for (at, id) in ids.chunks_exact(4).enumerate() {
        let &[lanes, subgroup, lane, count] = id else { continue };
        // Lavapipe 22.3 forgets the last subgroup in gl_NumSubgroups when that one is not full.
        let whole = local_size.is_multiple_of(size);
        let sane = lanes == size && lane < size && subgroup < local_size && (subgroup < count || !whole);
        ensure(sane, || format!("{what}: invocation {at}: size {lanes}, subgroup {subgroup} of {count}, lane {lane}"))?;
        subgroups.entry((at / local_size as usize, subgroup)).or_default().push((lane, at));
    }
    for ((group, subgroup), mut members) in subgroups {
        members.sort_unstable();
        let twice = members.windows(2).any(|pair| pair[0].0 == pair[1].0);
        ensure(!twice, || format!("{what}: workgroup {group}, subgroup {subgroup}: two invocations share a lane"))?;
        let active: Vec<(u32, usize)> = members.iter().copied().filter(|(_, at)| ins[*at] & mask == mask).collect();
        let lanes: Vec<Lane> = active.iter().map(|(lane, at)| (*lane, ins[*at])).collect();
        for (lane, at) in active {
            let want = (case.model)(&lanes, (lane, ins[at]), size);
            for (result, want) in want.into_iter().enumerate() {
                let got = out[at * case.results + result];
                if let Some(want) = want.filter(|want| *want != got) {
                    return Err(Error::Wrong(format!(
                        "{what}: result {result} of invocation {at} (workgroup {group}, subgroup {subgroup}, lane {lane} \
                         of {size}, {} active): got {got:#x}, want {want:#x}",
                        lanes.len()
                    )));
                }
            }
        }
    }
    let idle = (0..ins.len()).filter(|at| ins[*at] & mask != mask);
    let mut touched = idle.filter(|at| out[at * case.results..][..case.results].iter().any(|v| *v != 0xdead_beef));
    match touched.next() {
        Some(at) => Err(Error::Wrong(format!("{what}: invocation {at} wrote although its branch was not taken"))),
        None => Ok(size),
    }
}

/// Why a kind of operation can't be checked, if so.
fn lacks(scope: &Scope<'_>, operations: Operations) -> Option<&'static str> {
    let have = &scope.gpu.subgroup;
    if !have.subgroup_supported_stages.contains(ShaderStageFlags::COMPUTE) {
        return Some("no subgroups in compute shaders");
    }
    (!have.subgroup_supported_operations.contains(operations)).then_some("not among subgroupSupportedOperations")
}

fn arithmetic_model(lanes: &[Lane], (lane, _): Lane, _size: u32) -> Vec<Option<u32>> {
    let all = || lanes.iter().map(|l| l.1);
    let before = || lanes.iter().filter(move |l| l.0 < lane).map(|l| l.1);
    let upto = || lanes.iter().filter(move |l| l.0 <= lane).map(|l| l.1);
    let number = |v: u32| (v & 0xfff) as f32;
    let signed = || all().map(|v| v as i32);
    let wanted = [
        all().fold(0, u32::wrapping_add),
        all().fold(1, |product, v| product.wrapping_mul(v | 1)),
        all().fold(u32::MAX, u32::min),
        all().fold(0, u32::max),
        signed().fold(i32::MAX, i32::min) as u32,
        signed().fold(i32::MIN, i32::max) as u32,
        all().fold(u32::MAX, |sum, v| sum & (v | 0xff)),
        all().fold(0, |sum, v| sum | (v & 0x1111_1111)),
        all().fold(0, |sum, v| sum ^ v),
        upto().fold(0, u32::wrapping_add),
        before().fold(0, u32::wrapping_add),
        upto().fold(0, u32::max),
        before().fold(u32::MAX, u32::min),
        before().fold(0, |sum, v| sum ^ v),
        // Whole numbers below 2^24 add up exactly in any order.
        all().map(number).sum::<f32>().to_bits(),
        upto().map(number).fold(0.0, f32::max).to_bits(),
    ];
    wanted.map(Some).to_vec()
}

fn ballot_model(lanes: &[Lane], (lane, v): Lane, size: u32) -> Vec<Option<u32>> {
    let bits = |yes: &dyn Fn(&Lane) -> bool| lanes.iter().filter(|l| yes(l)).fold(0u128, |sum, l| sum | 1 << l.0);
    let low = |mask: u128, word: u32| (mask >> (32 * word)) as u32;
    let (ballot, here) = (bits(&|l| l.1 & 4 != 0), bits(&|_| true));
    let below = (1u128 << lane) - 1;
    let (me, all) = (1u128 << lane, if size == 128 { u128::MAX } else { (1 << size) - 1 });
    let first = here.trailing_zeros();
    let of_lane = |wanted: u32| lanes.iter().find(|l| l.0 == wanted).map(|l| l.1);
    let yes = |flag: bool| Some(u32::from(flag));
    vec![
        Some(low(ballot, 0)),
        Some(low(ballot, 1)),
        Some(low(ballot, 2) | low(ballot, 3)),
        Some(ballot.count_ones()),
        Some((ballot & (below | me)).count_ones()),
        Some((ballot & below).count_ones()),
        Some(first),
        Some(127 - here.leading_zeros()),
        yes(v & 4 != 0),
        yes(ballot >> ((v >> 8) & (size - 1)) & 1 == 1),
        yes(lane == first),
        of_lane(first),
        of_lane(3),
        yes(ballot == here),
        yes(ballot != 0),
        yes(lanes.iter().all(|l| (l.1 ^ v) >> 31 == 0)),
        Some(low(me, 0)),
        Some(low(me, 1)),
        Some(low(below, 0)),
        Some(low(below, 1)),
        Some(low(below | me, 0)),
        Some(low(below | me, 1)),
        Some(low(all & !(below | me), 0)),
        Some(low(all & !below, 0)),
    ]
}

fn lane_data(lanes: &[Lane], lane: Option<u32>) -> Option<u32> {
    lanes.iter().find(|l| Some(l.0) == lane).map(|l| l.1)
}

fn shuffle_model(lanes: &[Lane], (lane, v): Lane, size: u32) -> Vec<Option<u32>> {
    let of = |lane: u32| lane_data(lanes, Some(lane));
    vec![
        of((v >> 8) & (size - 1)),
        of(lane ^ 1),
        of(lane ^ (size >> 1)),
        of(size - 1 - lane).map(|v| v & 0x3fff_ffff | 0x2000_0000),
    ]
}

fn relative_model(lanes: &[Lane], (lane, _): Lane, _size: u32) -> Vec<Option<u32>> {
    let of = |lane: Option<u32>| lane_data(lanes, lane);
    vec![of(lane.checked_sub(1)), of(lane.checked_sub(3)), of(Some(lane + 1)), of(Some(lane + 2))]
}

fn quad_model(lanes: &[Lane], (lane, _): Lane, _size: u32) -> Vec<Option<u32>> {
    let of = |lane: u32| lane_data(lanes, Some(lane));
    let quad = lane & !3;
    // Without a full quad there is nothing to say.
    if (0..4).any(|k| of(quad + k).is_none()) {
        return vec![None; 5];
    }
    vec![of(quad), of(quad + 3), of(lane ^ 1), of(lane ^ 2), of(lane ^ 3)]
}

fn check(scope: &Scope<'_>, operations: Operations, case: &Case<'_>, masks: &[u32]) -> Result<Outcome> {
    if let Some(why) = lacks(scope, operations) {
        return skipped(why);
    }
    let size = run_case(scope, case, &[128, 100], masks)?;
    passed(format!("{} results an invocation, subgroups of {size}", case.results))
}

fn subgroup_arithmetic(scope: &Scope<'_>) -> Result<Outcome> {
    let spirv = spirv!("subgroup_arithmetic");
    let case = Case { spirv, results: 16, model: arithmetic_model, subgroup_size: None };
    check(scope, Operations::ARITHMETIC, &case, &[0, 1, 3])
}

fn subgroup_ballot(scope: &Scope<'_>) -> Result<Outcome> {
    let spirv = spirv!("subgroup_ballot");
    let case = Case { spirv, results: 24, model: ballot_model, subgroup_size: None };
    check(scope, Operations::BALLOT | Operations::VOTE, &case, &[0, 1, 3])
}

fn subgroup_shuffle(scope: &Scope<'_>) -> Result<Outcome> {
    let spirv = spirv!("subgroup_shuffle");
    check(scope, Operations::SHUFFLE, &Case { spirv, results: 4, model: shuffle_model, subgroup_size: None }, &[0, 1])
}

fn subgroup_relative(scope: &Scope<'_>) -> Result<Outcome> {
    let spirv = spirv!("subgroup_relative");
    let case = Case { spirv, results: 4, model: relative_model, subgroup_size: None };
    check(scope, Operations::SHUFFLE_RELATIVE, &case, &[0, 1])
}

fn subgroup_quad(scope: &Scope<'_>) -> Result<Outcome> {
    let spirv = spirv!("subgroup_quad");
    check(scope, Operations::QUAD, &Case { spirv, results: 5, model: quad_model, subgroup_size: None }, &[0])
}

fn subgroup_sizes(scope: &Scope<'_>) -> Result<Outcome> {
    if !scope.gpu.features.subgroup_size_control {
        return skipped("no VK_EXT_subgroup_size_control for compute shaders");
    }
    let needed = Operations::ARITHMETIC | Operations::BALLOT | Operations::VOTE | Operations::SHUFFLE;
    if let Some(why) = lacks(scope, needed) {
        return skipped(why);
    }
    let sizes: Vec<u32> = (0..8).map(|log| 1 << log).filter(|size| scope.gpu.subgroup_sizes.contains(size)).collect();
    for &size in &sizes {
        let cases: [(&[u8], usize, Model); 3] = [
            (spirv!("subgroup_arithmetic"), 16, arithmetic_model),
            (spirv!("subgroup_ballot"), 24, ballot_model),
            (spirv!("subgroup_shuffle"), 4, shuffle_model),
        ];
        for (spirv, results, model) in cases {
            run_case(scope, &Case { spirv, results, model, subgroup_size: Some(size) }, &[128, 100], &[0, 1])?;
        }
    }
    passed(format!("{sizes:?}"))
}
