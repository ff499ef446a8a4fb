//! Fills, updates, copies and memory types.

use ash::vk::{MemoryPropertyFlags as Flags, WHOLE_SIZE};

use super::{Check, Outcome, groups, passed, spirv};
use crate::compare::{Random, ensure, same};
use crate::error::Result;
use crate::vk::{Place, Scope, Stage};

pub const CHECKS: &[Check] = &[
    Check { name: "fill", about: "vkCmdFillBuffer of parts and of the rest", run: fill },
    Check { name: "update", about: "vkCmdUpdateBuffer, up to 65536 bytes", run: update },
    Check { name: "copy", about: "vkCmdCopyBuffer of several regions at any byte", run: copy },
    Check { name: "copy-large", about: "16 MiB to the device's memory and back", run: copy_large },
    Check { name: "transfer-chain", about: "fill, copy, update and a shader in turns, with barriers", run: chain },
    Check { name: "memory-types", about: "round trips through every memory type", run: memory_types },
];

fn fill(scope: &Scope<'_>) -> Result<Outcome> {
    let mut want: Vec<u32> = Random::new(51).words(5000);
    for place in [Place::Host, Place::Device] {
        let to = if place == Place::Host { scope.host(&want)? } else { scope.device(&want)? };
        scope.run(|c| {
            c.fill(&to, 0, 4, 0x0102_0304);
            c.fill(&to, 16, 4 * 1000, 0xcafe_f00d);
            c.fill(&to, 4 * 1010, 4 * 3, 0);
            c.fill(&to, 4 * 3001, WHOLE_SIZE, 0xffff_fffe);
        })?;
        want[0] = 0x0102_0304;
        want[4..1004].fill(0xcafe_f00d);
        want[1010..1013].fill(0);
        want[3001..].fill(0xffff_fffe);
        let got = if place == Place::Host { to.read()? } else { scope.download(&to)? };
        same(&format!("words in {place:?} memory"), &got, &want)?;
    }
    passed("4 fills, host-visible and device memory")
}

fn update(scope: &Scope<'_>) -> Result<Outcome> {
    let mut random = Random::new(52);
    let mut want = vec![0u32; 20_000];
    let to = scope.device(&want)?;
    let parts = [(0usize, 1usize), (3, 2), (100, 255), (1001, 1024), (3500, 16_384)];
    scope.run(|c| {
        for (first, count) in parts {
            let words = random.words(count);
            c.update(&to, 4 * first as u64, &words);
            want[first..first + count].copy_from_slice(&words);
        }
    })?;
    same("words", &scope.download(&to)?, &want)?;
    passed("5 updates, 4 to 65536 bytes")
}

fn copy(scope: &Scope<'_>) -> Result<Outcome> {
    let from: Vec<u8> = Random::new(53).words(5000).iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut want = vec![0xeeu8; 20_000];
    let regions =
        [[0u64, 0, 4], [1, 6, 1], [3, 9, 2], [17, 33, 7], [64, 128, 1000], [1001, 2003, 4099], [8192, 8192, 4096]];
    let (a, b) = (scope.device(&from)?, scope.device(&want)?);
    scope.run(|c| c.copy_regions(&a, &b, &regions))?;
    for [src, dst, size] in regions.map(|region| region.map(|v| v as usize)) {
        want[dst..dst + size].copy_from_slice(&from[src..src + size]);
    }
    same("bytes", &scope.download::<u8>(&b)?, &want)?;
    // Within one buffer, without overlap.
    scope.run(|c| c.copy_regions(&a, &a, &[[0, 10_000, 5000]]))?;
    let mut want = from;
    want.copy_within(0..5000, 10_000);
    same("bytes of one buffer", &scope.download::<u8>(&a)?, &want)?;
    passed("8 regions, 1 to 5000 bytes")
}

fn copy_large(scope: &Scope<'_>) -> Result<Outcome> {
    let words = Random::new(54).words(4 << 20);
    let device = scope.device(&words)?;
    same("words", &scope.download(&device)?, &words)?;
    passed("16 MiB")
}

fn chain(scope: &Scope<'_>) -> Result<Outcome> {
    let n = 3000usize;
    let bytes = 4 * n as u64;
    let kernel = scope.kernel(spirv!("step"), 1, 12)?;
    let (a, b) = (scope.buffer(bytes, Place::Device)?, scope.buffer(bytes, Place::Device)?);
    let (set_a, set_b) = (scope.bind_buffers(&kernel, &[&a])?, scope.bind_buffers(&kernel, &[&b])?);
    let words = Random::new(55).words(100);
    scope.run(|c| {
        c.fill(&a, 0, bytes, 1000);
        c.barrier(Stage::Transfer, Stage::Compute);
        c.call(&kernel, &set_a, &[n as u32, 3, 7], groups(n, 64));
        c.barrier(Stage::Compute, Stage::Transfer);
        c.copy(&a, 0, &b, 0, bytes);
        c.barrier(Stage::Transfer, Stage::Transfer);
        c.update(&b, 400, &words);
        c.fill(&a, 0, bytes, 5);
        c.barrier(Stage::Transfer, Stage::Compute);
        c.call(&kernel, &set_b, &[n as u32, 11, 1], groups(n, 64));
        c.barrier(Stage::Compute, Stage::Compute);
        c.call(&kernel, &set_b, &[n as u32, 5, 2], groups(n, 64));
        c.barrier(Stage::Compute, Stage::Transfer);
        c.copy(&b, 0, &a, bytes / 2, bytes / 2);
    })?;
    let mut want_b = vec![1000u32 * 3 + 7; n];
    want_b[100..200].copy_from_slice(&words);
    for v in &mut want_b {
        *v = v.wrapping_mul(11).wrapping_add(1).wrapping_mul(5).wrapping_add(2);
    }
    let mut want_a = vec![5u32; n / 2];
    want_a.extend(&want_b[..n / 2]);
    same("second buffer", &scope.download(&b)?, &want_b)?;
    same("first buffer", &scope.download(&a)?, &want_a)?;
    passed("9 commands on 2 buffers")
}

fn memory_types(scope: &Scope<'_>) -> Result<Outcome> {
    let n = 10_000usize;
    let words = Random::new(56).words(n);
    let kernel = scope.kernel(spirv!("step"), 1, 12)?;
    let want: Vec<u32> = words.iter().map(|v| v.wrapping_mul(9).wrapping_add(4)).collect();
    let (mut seen, mut mapped) = (Vec::new(), 0);
    for kind in &scope.gpu.memory_types {
        // Of these, buffers of this kind either cannot be made or cannot be seen.
        if kind.flags.intersects(Flags::PROTECTED | Flags::LAZILY_ALLOCATED | Flags::DEVICE_COHERENT_AMD) {
            continue;
        }
        // A type that no buffer is allowed to have is not an error.
        let Ok(buffer) = scope.buffer(4 * n as u64, Place::Type(kind.index)) else { continue };
        let what = format!("words in memory type {} (flags {:#x})", kind.index, kind.flags.as_raw());
        if buffer.is_mapped() {
            mapped += 1;
            buffer.write(0, &words)?;
        } else {
            let staging = scope.host(&words)?;
            scope.run(|c| c.copy(&staging, 0, &buffer, 0, staging.bytes))?;
        }
        let set = scope.bind_buffers(&kernel, &[&buffer])?;
        scope.run(|c| {
            c.barrier(Stage::Transfer, Stage::Compute);
            c.call(&kernel, &set, &[n as u32, 9, 4], groups(n, 64));
        })?;
        let got = if buffer.is_mapped() { buffer.read()? } else { scope.download(&buffer)? };
        same(&what, &got, &want)?;
        seen.push(kind.index);
    }
    ensure(mapped > 0, || "no buffer can be mapped, in any memory type".into())?;
    passed(format!("types {seen:?}, {mapped} of them mapped"))
}
