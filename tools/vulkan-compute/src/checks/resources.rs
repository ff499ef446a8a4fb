//! Descriptors, and buffers seen in other ways than as storage.

use ash::vk::{self, DescriptorType};

use super::{Check, Outcome, groups, passed, skipped, spirv};
use crate::compare::{Random, same};
use crate::error::Result;
use crate::vk::{Bind, Buffer, KernelInfo, Place, Scope, Stage};

pub const CHECKS: &[Check] = &[
    Check { name: "descriptor-sets", about: "4 sets of 4 storage buffers, bound in turns", run: descriptor_sets },
    Check { name: "uniform-buffer", about: "std140 layouts, parts of buffers, array lengths", run: uniform_buffer },
    Check {
        name: "dynamic-offsets",
        about: "buffers whose offsets are given when they are bound",
        run: dynamic_offsets,
    },
    Check { name: "texel-buffers", about: "r32ui and rgba8 texel buffers", run: texel_buffers },
    Check { name: "buffer-address", about: "a list walked by addresses (bufferDeviceAddress)", run: buffer_address },
];

fn descriptor_sets(scope: &Scope<'_>) -> Result<Outcome> {
    let limits = &scope.gpu.properties.limits;
    let most = limits.max_per_stage_descriptor_storage_buffers.min(limits.max_descriptor_set_storage_buffers);
    if most < 16 {
        return skipped(format!("{most} storage buffers in a shader, 16 needed"));
    }
    let n = 1000usize;
    let four = [DescriptorType::STORAGE_BUFFER; 4];
    let info =
        KernelInfo { spirv: spirv!("sets"), sets: &[&four, &four, &four, &four], push_bytes: 4, ..Default::default() };
    let kernel = scope.make_kernel(&info)?;
    let mut random = Random::new(61);
    let mut want: Vec<Vec<u32>> = (0..16).map(|_| random.words(n)).collect();
    let buffers = want.iter().map(|words| scope.host(words)).collect::<Result<Vec<Buffer<'_>>>>()?;
    let bind = |(number, part): (usize, &[Buffer<'_>])| {
        scope.bind(&kernel, number, &part.iter().map(Bind::Buffer).collect::<Vec<_>>())
    };
    let sets = buffers.chunks(4).enumerate().map(bind).collect::<Result<Vec<_>>>()?;
    // The second set's buffers in another order, for the second dispatch.
    let swapped: Vec<Bind<'_>> = [5usize, 4, 7, 6].iter().map(|at| Bind::Buffer(&buffers[*at])).collect();
    let swapped = scope.bind(&kernel, 1, &swapped)?;
    scope.run(|c| {
        c.kernel(&kernel);
        c.push(&kernel, 0, &[n as u32]);
        for (number, set) in (0..).zip(&sets) {
            c.set(&kernel, number, set, &[]);
        }
        c.dispatch(groups(n, 64), 1, 1);
        c.barrier(Stage::Compute, Stage::Compute);
        c.set(&kernel, 1, &swapped, &[]);
        c.dispatch(groups(n, 64), 1, 1);
    })?;
    for order in [[4usize, 5, 6, 7], [5, 4, 7, 6]] {
        let place = |at: usize| if (4..8).contains(&at) { order[at - 4] } else { at };
        let last = want[15].clone();
        for k in (1..16).rev() {
            want[place(k)] = want[place(k - 1)].iter().map(|v| v.wrapping_add(k as u32)).collect();
        }
        want[0] = last;
    }
    for (k, (buffer, want)) in buffers.iter().zip(&want).enumerate() {
        same(&format!("buffer {k}"), &buffer.read()?, want)?;
    }
    passed("16 buffers, 2 dispatches")
}

fn uniform_buffer(scope: &Scope<'_>) -> Result<Outcome> {
    let sets = [DescriptorType::UNIFORM_BUFFER, DescriptorType::STORAGE_BUFFER, DescriptorType::STORAGE_BUFFER];
    let info = KernelInfo { spirv: spirv!("uniforms"), sets: &[&sets], ..Default::default() };
    let kernel = scope.make_kernel(&info)?;
    let mut random = Random::new(62);
    // std140: a uvec3 and a word in it share 16 bytes; elements of arrays and columns of matrices begin every 16 bytes.
    let mut words = random.words(4 + 4 + 4 * 16 + 4 * 3);
    for word in &mut words[72..] {
        *word = *word & 0x3fff_ffff | 0x2000_0000;
    }
    let align = scope.gpu.properties.limits.min_storage_buffer_offset_alignment.clamp(4, 65_536);
    let part_words = 13usize;
    let part = random.words(align as usize / 4 + part_words + 50);
    let part_buffer = scope.host(&part)?;
    let (table, out) = (scope.host(&words)?, scope.filled(0u32, 64)?);
    let binds = [Bind::Buffer(&table), Bind::Part(&part_buffer, align, 4 * part_words as u64), Bind::Buffer(&out)];
    let set = scope.bind(&kernel, 0, &binds)?;
    scope.run(|c| c.call::<u32>(&kernel, &set, &[], 1))?;
    let mut want = vec![0u32; 64];
    for i in 0..16 {
        let from_part = part[align as usize / 4 + i % part_words];
        want[i] = words[8 + 4 * i].wrapping_mul(words[3]).wrapping_add(from_part);
    }
    want[16] = words[0] ^ words[1] ^ words[2] ^ words[4] ^ words[5];
    (want[17], want[18]) = (part_words as u32, 64);
    for i in 0..6 {
        want[20 + i] = words[72 + i / 2 * 4 + i % 2];
    }
    same("words", &out.read()?, &want)?;
    passed("std140, a part of a buffer, lengths")
}

fn dynamic_offsets(scope: &Scope<'_>) -> Result<Outcome> {
    let dynamic = DescriptorType::STORAGE_BUFFER_DYNAMIC;
    let sets = [DescriptorType::UNIFORM_BUFFER_DYNAMIC, dynamic, dynamic];
    let kernel = scope.make_kernel(&KernelInfo { spirv: spirv!("dynamic"), sets: &[&sets], ..Default::default() })?;
    let limits = &scope.gpu.properties.limits;
    let align = limits.min_storage_buffer_offset_alignment.max(limits.min_uniform_buffer_offset_alignment);
    let stride = align.clamp(256, 65_536);
    let words = stride as usize / 4;
    let ins = Random::new(63).words(words * 8);
    let (factors, from) = (scope.host(&ins)?, scope.host(&ins)?);
    let to = scope.filled(0u32, words * 8)?;
    let binds = [Bind::Part(&factors, 0, 16), Bind::Part(&from, 0, 256), Bind::Part(&to, 0, 256)];
    let set = scope.bind(&kernel, 0, &binds)?;
    let steps = [[0u32, 1, 2], [3, 0, 7], [6, 5, 0], [7, 7, 4]];
    scope.run(|c| {
        c.kernel(&kernel);
        for step in steps {
            c.set(&kernel, 0, &set, &step.map(|k| k * stride as u32));
            c.dispatch(1, 1, 1);
        }
    })?;
    let mut want = vec![0u32; words * 8];
    for [factor, from, to] in steps.map(|step| step.map(|k| k as usize * words)) {
        for i in 0..64 {
            want[to + i] = ins[from + i].wrapping_mul(ins[factor]).wrapping_add(i as u32);
        }
    }
    same("words", &to.read()?, &want)?;
    passed(format!("4 dispatches, offsets in steps of {stride}"))
}

fn texel_buffers(scope: &Scope<'_>) -> Result<Outcome> {
    let (words_format, colours_format) = (vk::Format::R32_UINT, vk::Format::R8G8B8A8_UNORM);
    let stores = vk::FormatFeatureFlags::STORAGE_TEXEL_BUFFER;
    // Both are formats that every device has for texel buffers.
    for format in [words_format, colours_format] {
        if !scope.gpu.format(format).buffer_features.contains(stores | vk::FormatFeatureFlags::UNIFORM_TEXEL_BUFFER) {
            return skipped(format!("format {} is not for texel buffers", format.as_raw()));
        }
    }
    let n = 5000usize;
    let (sampled, stored) = (DescriptorType::UNIFORM_TEXEL_BUFFER, DescriptorType::STORAGE_TEXEL_BUFFER);
    let sets = [sampled, sampled, stored, stored];
    let info = KernelInfo { spirv: spirv!("texels"), sets: &[&sets], push_bytes: 4, ..Default::default() };
    let kernel = scope.make_kernel(&info)?;
    let mut random = Random::new(64);
    let (words, colours) = (random.words(n), random.words(n));
    let from = [scope.host(&words)?, scope.host(&colours)?];
    let to = [scope.filled(0u32, n)?, scope.filled(0u32, n)?];
    let views = [
        from[0].texels(words_format)?,
        from[1].texels(colours_format)?,
        to[0].texels(words_format)?,
        to[1].texels(colours_format)?,
    ];
    let set = scope.bind(&kernel, 0, &views.each_ref().map(Bind::Texels))?;
    scope.run(|c| c.call(&kernel, &set, &[n as u32], groups(n, 64)))?;
    let want: Vec<u32> = (0..n).map(|i| words[n - 1 - i].wrapping_add(n as u32)).collect();
    same("words", &to[0].read()?, &want)?;
    // Eight bits there and back lose nothing: components in the order w z x y.
    let want: Vec<u32> = (0..n)
        .map(|i| colours[(i + 7) % n].to_le_bytes())
        .map(|[x, y, z, w]| u32::from_le_bytes([w, z, x, y]))
        .collect();
    same("colours", &to[1].read()?, &want)?;
    passed(format!("{n} texels of 2 formats"))
}

fn buffer_address(scope: &Scope<'_>) -> Result<Outcome> {
    if !scope.gpu.features.buffer_address || !scope.gpu.features.int64 {
        return skipped("no bufferDeviceAddress");
    }
    // A ring of 64 nodes in 4 buffers: 16 bytes each, the address of the next one, a value and a count of visits.
    let (nodes, n, steps) = (64usize, 256usize, 100usize);
    let buffers = (0..4).map(|_| scope.addressed_buffer(16 * 16, Place::Host)).collect::<Result<Vec<Buffer<'_>>>>()?;
    let bases = buffers.iter().map(Buffer::address).collect::<Result<Vec<u64>>>()?;
    // The node k is number k / 4 in buffer k % 4; the ring goes on in steps of 13.
    let address = |k: usize| bases[k % 4] + 16 * (k / 4) as u64;
    let next = |k: usize| (k + 13) % nodes;
    let values = Random::new(65).words(nodes);
    for (k, value) in values.iter().enumerate() {
        let [low, high] = [address(next(k)) as u32, (address(next(k)) >> 32) as u32];
        buffers[k % 4].write(16 * (k / 4) as u64, &[low, high, *value, 0])?;
    }
    let heads: Vec<u64> = (0..n).map(|i| address(i * 7 % nodes)).collect();
    let out = scope.filled(0u32, n)?;
    let kernel = scope.kernel(spirv!("address"), 2, 8)?;
    let set = scope.bind_buffers(&kernel, &[&scope.host(&heads)?, &out])?;
    scope.run(|c| c.call(&kernel, &set, &[n as u32, steps as u32], groups(n, 64)))?;
    let (mut want, mut visits) = (Vec::new(), vec![0u32; nodes]);
    for i in 0..n {
        let (mut at, mut sum) = (i * 7 % nodes, 0u32);
        for _ in 0..steps {
            sum = sum.wrapping_mul(3).wrapping_add(values[at]);
            visits[at] += 1;
            at = next(at);
        }
        want.push(sum);
    }
    same("sums", &out.read()?, &want)?;
    let read = buffers.iter().map(Buffer::read::<u32>).collect::<Result<Vec<_>>>()?;
    let got: Vec<u32> = (0..nodes).map(|k| read[k % 4][4 * (k / 4) + 3]).collect();
    same("visits", &got, &visits)?;
    passed(format!("{n} walks of {steps} steps"))
}
