//! Atomics on buffers and on shared memory.

use std::fmt::{Debug, LowerHex};

use bytemuck::Pod;

use super::{Check, Outcome, groups, passed, skipped, spirv};
use crate::compare::{Random, ensure, same};
use crate::error::Result;
use crate::vk::Scope;

pub const CHECKS: &[Check] = &[
    Check { name: "atomics-32", about: "every 32-bit atomic on a buffer", run: atomics32 },
    Check { name: "atomics-64", about: "every 64-bit atomic on a buffer (shaderBufferInt64Atomics)", run: atomics64 },
    Check { name: "atomics-shared-32", about: "every 32-bit atomic on shared memory", run: shared32 },
    Check { name: "atomics-shared-64", about: "every 64-bit atomic on shared memory", run: shared64 },
];

/// The words that atomics work on; the CPU computes on 64 bits and truncates.
trait Word: Pod + Ord + LowerHex + Debug {
    const BITS: u32;
    fn from_bits(bits: u64) -> Self;
    fn bits(self) -> u64;

    /// The bits as a number with sign.
    fn signed(self) -> i64 {
        (self.bits() << (64 - Self::BITS)) as i64 >> (64 - Self::BITS)
    }
}

impl Word for u32 {
    const BITS: u32 = 32;
    fn from_bits(bits: u64) -> Self {
        bits as u32
    }
    fn bits(self) -> u64 {
        self.into()
    }
}

impl Word for u64 {
    const BITS: u32 = 64;
    fn from_bits(bits: u64) -> Self {
        bits
    }
    fn bits(self) -> u64 {
        self
    }
}

/// That `got` is `want` in some order.
fn permutation<T: Word>(what: &str, mut got: Vec<T>, mut want: Vec<T>) -> Result<()> {
    got.sort_unstable();
    want.sort_unstable();
    same(&format!("{what}, sorted,"), &got, &want)
}

fn fold<T: Word>(ins: &[T], first: u64, f: impl Fn(u64, u64) -> u64) -> T {
    T::from_bits(ins.iter().fold(first, |sum, v| f(sum, v.bits())))
}

fn on_buffer<T: Word>(scope: &Scope<'_>, spirv: &[u8]) -> Result<Outcome> {
    let count = 4096usize;
    let mut random = Random::new(41);
    let ins: Vec<T> = (0..count).map(|_| T::from_bits(random.bits() >> 1)).collect();
    let of = T::from_bits;
    let mut start = vec![of(0); 16];
    (start[2], start[4], start[6], start[8]) = (of(!0), of(!0), of(0x5555_5555), of(1));
    let cells = scope.host(&start)?;
    let signed_cells = scope.filled(of(0), 4)?;
    let out = scope.filled(of(0), 4 * count)?;
    let kernel = scope.kernel(spirv, 4, 4)?;
    let set = scope.bind_buffers(&kernel, &[&scope.host(&ins)?, &cells, &signed_cells, &out])?;
    scope.run(|c| c.call(&kernel, &set, &[count as u32], groups(count, 64)))?;

    let got: Vec<T> = cells.read()?;
    let last = got[7];
    let shared = |low: u64| {
        let of_cell: Vec<T> = ins.iter().copied().filter(|v| v.bits() & 3 == low).collect();
        fold::<T>(&of_cell, 0, |sum, v| sum.wrapping_add(v >> 3))
    };
    let mut want = vec![
        of(count as u64),
        fold(&ins, 0, u64::wrapping_add),
        fold(&ins, u64::MAX, u64::min),
        fold(&ins, 0, u64::max),
        fold(&ins, u64::MAX, |sum, v| sum & (v | v << 1 | v >> 1 | v << 2)),
        fold(&ins, 0, |sum, v| sum | (v & v << 1 & v >> 1 & v << 2 & v << 3)),
        fold(&ins, 0x5555_5555, |sum, v| sum ^ v),
        last,
        fold(&ins, 1, |product, v| product.wrapping_mul(v | 1)),
    ];
    want.extend((0..4).map(shared));
    want.resize(16, of(0));
    same("cells", &got, &want)?;
    let signed = ins.iter().map(|v| v.signed());
    let want = [signed.clone().fold(0, i64::min), signed.fold(0, i64::max), 0, 0].map(|v| of(v as u64));
    same("signed cells", &signed_cells.read()?, &want)?;

    let out: Vec<T> = out.read()?;
    let column = |k: usize| -> Vec<T> { out.iter().copied().skip(k).step_by(4).collect() };
    permutation("answers of atomicAdd", column(0), (0..count as u64).map(of).collect())?;
    // Every value put in comes out once, except the last one; the first one out was there before.
    let mut exchanged = column(2);
    exchanged.push(last);
    permutation("answers of atomicExchange", exchanged, (0..=count as u64).map(of).collect())?;
    // Each answer of the exclusive or, changed by its own value, is another one's answer or the end.
    let (first, answers) = (of(0x5555_5555), column(1));
    let mut after: Vec<T> = answers.iter().zip(&ins).map(|(old, v)| of(old.bits() ^ v.bits())).collect();
    after.push(first);
    let mut before = answers;
    before.push(got[6]);
    permutation("states of atomicXor", after, before)?;
    let mut after: Vec<T> =
        column(3).iter().zip(&ins).map(|(old, v)| of(old.bits().wrapping_mul(v.bits() | 1))).collect();
    after.push(of(1));
    let mut before = column(3);
    before.push(got[8]);
    permutation("states of atomicCompSwap", after, before)?;
    passed(format!("{count} invocations"))
}

fn on_shared<T: Word>(scope: &Scope<'_>, spirv: &[u8]) -> Result<Outcome> {
    let blocks = 24usize;
    let mut random = Random::new(42);
    let ins: Vec<T> = (0..256 * blocks).map(|_| T::from_bits(random.bits())).collect();
    let of = T::from_bits;
    let (cells, out) = (scope.filled(of(0), 12 * blocks)?, scope.filled(of(0), ins.len())?);
    let kernel = scope.kernel(spirv, 3, 0)?;
    let set = scope.bind_buffers(&kernel, &[&scope.host(&ins)?, &cells, &out])?;
    scope.run(|c| c.call::<u32>(&kernel, &set, &[], blocks as u32))?;
    let mut want = Vec::new();
    for block in ins.chunks(256) {
        let signed = block.iter().map(|v| v.signed());
        want.extend([
            of(256),
            fold(block, 0, u64::wrapping_add),
            fold(block, u64::MAX, u64::min),
            fold(block, 0, u64::max),
            fold(block, u64::MAX, |sum, v| sum & (v | v << 1 | v >> 1 | v << 2)),
            fold(block, 0, |sum, v| sum | (v & v << 1 & v >> 1 & v << 2)),
            fold(block, 0, |sum, v| sum ^ v),
            of(123),
            of(signed.clone().fold(0, i64::min) as u64),
            of(signed.fold(0, i64::max) as u64),
            block[77],
            of(0),
        ]);
    }
    same("cells (12 a workgroup)", &cells.read()?, &want)?;
    let out: Vec<T> = out.read()?;
    for (block, answers) in out.chunks(256).enumerate() {
        permutation(
            &format!("answers of atomicAdd in workgroup {block}"),
            answers.to_vec(),
            (0..256).map(of).collect(),
        )?;
    }
    ensure(out.len() == ins.len(), || format!("{} answers", out.len()))?;
    passed(format!("{blocks} workgroups of 256"))
}

fn atomics32(scope: &Scope<'_>) -> Result<Outcome> {
    on_buffer::<u32>(scope, spirv!("atomics32"))
}

fn atomics64(scope: &Scope<'_>) -> Result<Outcome> {
    if !scope.gpu.features.int64 || !scope.gpu.features.buffer_atomics64 {
        return skipped("no shaderInt64 or no shaderBufferInt64Atomics");
    }
    on_buffer::<u64>(scope, spirv!("atomics64"))
}

fn shared32(scope: &Scope<'_>) -> Result<Outcome> {
    on_shared::<u32>(scope, spirv!("shared_atomics32"))
}

fn shared64(scope: &Scope<'_>) -> Result<Outcome> {
    if !scope.gpu.features.int64 || !scope.gpu.features.shared_atomics64 {
        return skipped("no shaderInt64 or no shaderSharedInt64Atomics");
    }
    on_shared::<u64>(scope, spirv!("shared_atomics64"))
}
