//! Storage images and sampled images.

use ash::vk::{self, DescriptorType, FormatFeatureFlags as Can, ImageLayout, ImageTiling, ImageUsageFlags as Usage};

use super::{Check, Outcome, groups, passed, skipped, spirv};
use crate::compare::{Random, close, same};
use crate::error::Result;
use crate::vk::{Bind, Commands, Image, Kernel, KernelInfo, Scope, Set, Stage};

pub const CHECKS: &[Check] = &[
    Check { name: "image-r32ui", about: "storage images of words, optimal tiling", run: image_words },
    Check { name: "image-rgba8", about: "storage images of colours, optimal tiling", run: image_colours },
    Check { name: "image-linear", about: "storage images of words, linear tiling", run: image_linear },
    Check { name: "image-atomics", about: "atomics on texels", run: image_atomics },
    Check { name: "image-copies", about: "clears, parts, image to image", run: image_copies },
    Check { name: "image-sampled", about: "samplers with nearest filtering, texel fetches", run: image_sampled },
];

const WORDS: vk::Format = vk::Format::R32_UINT;
const COLOURS: vk::Format = vk::Format::R8G8B8A8_UNORM;
const FLOATS: vk::Format = vk::Format::R32_SFLOAT;
const MOVE: Usage = Usage::from_raw(Usage::TRANSFER_SRC.as_raw() | Usage::TRANSFER_DST.as_raw());
const STORE: Usage = Usage::from_raw(MOVE.as_raw() | Usage::STORAGE.as_raw());
const TO_GENERAL: [ImageLayout; 2] = [ImageLayout::UNDEFINED, ImageLayout::GENERAL];
const IN_GENERAL: [ImageLayout; 2] = [ImageLayout::GENERAL; 2];
const TO_READ: [ImageLayout; 2] = [ImageLayout::GENERAL, ImageLayout::SHADER_READ_ONLY_OPTIMAL];

fn dispatch(c: &Commands<'_>, kernel: &Kernel, set: &Set, image: &Image<'_>) {
    c.kernel(kernel);
    c.set(kernel, 0, set, &[]);
    c.dispatch(image.width.div_ceil(8), image.height.div_ceil(8), 1);
}

/// Fills an image from `texels`, runs a shader from it to a second one, and returns the second one's texels.
fn through_shader(
    scope: &Scope<'_>,
    spirv: &[u8],
    format: vk::Format,
    tiling: ImageTiling,
    size: [u32; 2],
    texels: &[u32],
) -> Result<Vec<u32>> {
    let sets = [DescriptorType::STORAGE_IMAGE; 2];
    let kernel = scope.make_kernel(&KernelInfo { spirv, sets: &[&sets], ..Default::default() })?;
    let from = scope.image(format, size, tiling, STORE)?;
    let to = scope.image(format, size, tiling, STORE)?;
    let (buffer, out) = (scope.host(texels)?, scope.filled(0u32, texels.len())?);
    let set = scope.bind(&kernel, 0, &[Bind::Image(&from), Bind::Image(&to)])?;
    scope.run(|c| {
        c.image_barrier(&from, Stage::Transfer, Stage::Transfer, TO_GENERAL);
        c.image_barrier(&to, Stage::Compute, Stage::Compute, TO_GENERAL);
        c.copy_image(&from, &buffer, true);
        c.image_barrier(&from, Stage::Transfer, Stage::Compute, IN_GENERAL);
        dispatch(c, &kernel, &set, &to);
        c.image_barrier(&to, Stage::Compute, Stage::Transfer, IN_GENERAL);
        c.copy_image(&to, &out, false);
    })?;
    out.read()
}

fn words_through(scope: &Scope<'_>, tiling: ImageTiling, size: [u32; 2]) -> Result<()> {
    let [width, height] = size.map(|v| v as usize);
    let texels = Random::new(71).words(width * height);
    let got = through_shader(scope, spirv!("image_words"), WORDS, tiling, size, &texels)?;
    let want: Vec<u32> = (0..width * height)
        .map(|at| {
            let (x, y) = (at % width, at / width);
            let v = texels[(y + height - 1) % height * width + (x + 1) % width];
            v.wrapping_mul(3).wrapping_add(x as u32).wrapping_add(1000 * y as u32)
        })
        .collect();
    same(&format!("texels of {width} x {height}"), &got, &want)
}

fn image_words(scope: &Scope<'_>) -> Result<Outcome> {
    for size in [[128, 128], [37, 61], [1, 1], [300, 7]] {
        words_through(scope, ImageTiling::OPTIMAL, size)?;
    }
    passed("128 x 128, 37 x 61, 1 x 1, 300 x 7")
}

fn image_linear(scope: &Scope<'_>) -> Result<Outcome> {
    let needed = Can::STORAGE_IMAGE | Can::TRANSFER_SRC | Can::TRANSFER_DST;
    if !scope.gpu.format(WORDS).linear_tiling_features.contains(needed) {
        return skipped("no storage images of r32ui with linear tiling");
    }
    for size in [[128, 128], [37, 61]] {
        words_through(scope, ImageTiling::LINEAR, size)?;
    }
    passed("128 x 128, 37 x 61")
}

fn image_colours(scope: &Scope<'_>) -> Result<Outcome> {
    for size in [[64u32, 64], [45, 23]] {
        let [width, height] = size.map(|v| v as usize);
        let texels = Random::new(72).words(width * height);
        let got = through_shader(scope, spirv!("image_colours"), COLOURS, ImageTiling::OPTIMAL, size, &texels)?;
        // Eight bits there and back lose nothing, not even as 1 - v.
        let swap = |texel: &u32| {
            let [x, y, z, w] = texel.to_le_bytes();
            u32::from_le_bytes([y, x, 255 - w, z])
        };
        let want: Vec<u32> = texels.iter().rev().map(swap).collect();
        same(&format!("texels of {width} x {height}"), &got, &want)?;
    }
    passed("64 x 64, 45 x 23")
}

fn image_atomics(scope: &Scope<'_>) -> Result<Outcome> {
    if !scope.gpu.format(WORDS).optimal_tiling_features.contains(Can::STORAGE_IMAGE_ATOMIC) {
        return skipped("no atomics on r32ui images");
    }
    let count = 5000usize;
    let ins = Random::new(73).words(count);
    let sets = [DescriptorType::STORAGE_IMAGE, DescriptorType::STORAGE_BUFFER];
    let info = KernelInfo { spirv: spirv!("image_atomics"), sets: &[&sets], push_bytes: 4, ..Default::default() };
    let kernel = scope.make_kernel(&info)?;
    let image = scope.image(WORDS, [16, 16], ImageTiling::OPTIMAL, STORE)?;
    let (buffer, out) = (scope.host(&ins)?, scope.filled(0u32, 256)?);
    let set = scope.bind(&kernel, 0, &[Bind::Image(&image), Bind::Buffer(&buffer)])?;
    scope.run(|c| {
        c.image_barrier(&image, Stage::Transfer, Stage::Transfer, TO_GENERAL);
        c.clear(&image, [5, 0, 0, 0]);
        c.image_barrier(&image, Stage::Transfer, Stage::Compute, IN_GENERAL);
        c.call(&kernel, &set, &[count as u32], groups(count, 64));
        c.image_barrier(&image, Stage::Compute, Stage::Transfer, IN_GENERAL);
        c.copy_image(&image, &out, false);
    })?;
    let mut want = vec![5u32; 256];
    for v in ins {
        let at = (v & 127) as usize;
        want[at] = want[at].wrapping_add(v);
        want[at + 128] = want[at + 128].max(v);
    }
    same("texels", &out.read()?, &want)?;
    passed(format!("{count} invocations"))
}

fn image_copies(scope: &Scope<'_>) -> Result<Outcome> {
    let (width, height) = (70usize, 50usize);
    let (a, b) = (
        scope.image(WORDS, [70, 50], ImageTiling::OPTIMAL, STORE)?,
        scope.image(WORDS, [70, 50], ImageTiling::OPTIMAL, STORE)?,
    );
    // A rectangle of 33 x 21 at (5, 9), from rows of 40 words.
    let words = Random::new(74).words(40 * 21);
    let (part, all) = (scope.host(&words)?, scope.filled(0u32, width * height)?);
    let corner = scope.filled(0u32, 20 * 10)?;
    scope.run(|c| {
        c.image_barrier(&a, Stage::Transfer, Stage::Transfer, TO_GENERAL);
        c.image_barrier(&b, Stage::Transfer, Stage::Transfer, TO_GENERAL);
        c.clear(&a, [0xabcd_0123, 0, 0, 0]);
        c.barrier(Stage::Transfer, Stage::Transfer);
        c.copy_image_part(&a, &part, true, [5, 9], [33, 21], 40);
        c.barrier(Stage::Transfer, Stage::Transfer);
        c.copy_images(&a, &b);
        c.barrier(Stage::Transfer, Stage::Transfer);
        c.copy_image(&b, &all, false);
        c.copy_image_part(&a, &corner, false, [30, 25], [17, 10], 20);
    })?;
    let mut want = vec![0xabcd_0123u32; width * height];
    for y in 0..21 {
        want[(9 + y) * width + 5..][..33].copy_from_slice(&words[40 * y..][..33]);
    }
    same("texels of the second image", &all.read()?, &want)?;
    let mut rows = vec![0u32; 20 * 10];
    for y in 0..10 {
        rows[20 * y..][..17].copy_from_slice(&want[(25 + y) * width + 30..][..17]);
    }
    same("texels of a part", &corner.read()?, &rows)?;
    passed("70 x 50: clear, 33 x 21 in, whole image across, 17 x 10 out")
}

fn image_sampled(scope: &Scope<'_>) -> Result<Outcome> {
    let (width, height) = (33usize, 20usize);
    let mut random = Random::new(75);
    let colours = random.words(width * height);
    let words = random.words(width * height);
    let floats = random.ranges(width * height, -100.0, 100.0);
    let usage = MOVE | Usage::SAMPLED;
    let image = |format: vk::Format| scope.image(format, [33, 20], ImageTiling::OPTIMAL, usage);
    let images = [image(COLOURS)?, image(FLOATS)?, image(WORDS)?];
    let buffers = [scope.host(&colours)?, scope.host(&floats)?, scope.host(&words)?];
    let sampled = DescriptorType::COMBINED_IMAGE_SAMPLER;
    let sets = [sampled, sampled, sampled, DescriptorType::STORAGE_BUFFER, DescriptorType::STORAGE_BUFFER];
    let info = KernelInfo { spirv: spirv!("sampled"), sets: &[&sets], push_bytes: 4, ..Default::default() };
    let kernel = scope.make_kernel(&info)?;
    scope.run(|c| {
        for (image, buffer) in images.iter().zip(&buffers) {
            c.image_barrier(image, Stage::Transfer, Stage::Transfer, TO_GENERAL);
            c.copy_image(image, buffer, true);
            c.image_barrier(image, Stage::Transfer, Stage::Compute, TO_READ);
        }
    })?;
    // Coordinates inside texels, away from their edges, where the choice of the nearest one is not open; one image's
    // width and height to each side of it as well.
    let n = 3000usize;
    let place = |random: &mut Random, size: usize| {
        let texel = random.below(3 * size as u32) as i32 - size as i32;
        (texel, (texel as f32 + random.range(0.1, 0.9)) / size as f32)
    };
    let places: Vec<_> = (0..n).map(|_| (place(&mut random, width), place(&mut random, height))).collect();
    let at: Vec<[f32; 2]> = places.iter().map(|place| [place.0.1, place.1.1]).collect();
    let at = scope.host(&at)?;
    let repeat = |texel: i32, size: usize| Some(texel.rem_euclid(size as i32) as usize);
    let clamp = |texel: i32, size: usize| Some(texel.clamp(0, size as i32 - 1) as usize);
    let mirror = |texel: i32, size: usize| {
        let (size, texel) = (size as i32, texel.rem_euclid(2 * size as i32));
        Some(if texel < size { texel } else { 2 * size - 1 - texel } as usize)
    };
    let border = |texel: i32, size: usize| usize::try_from(texel).ok().filter(|texel| *texel < size);
    type Wrap<'a> = &'a dyn Fn(i32, usize) -> Option<usize>;
    let modes: [(&str, vk::SamplerAddressMode, Wrap<'_>); 4] = [
        ("repeat", vk::SamplerAddressMode::REPEAT, &repeat),
        ("clamp to edge", vk::SamplerAddressMode::CLAMP_TO_EDGE, &clamp),
        ("mirrored repeat", vk::SamplerAddressMode::MIRRORED_REPEAT, &mirror),
        ("clamp to border", vk::SamplerAddressMode::CLAMP_TO_BORDER, &border),
    ];
    let colour = |at: usize| colours[at].to_le_bytes().map(|v| f64::from(v) / 255.0);
    for (name, mode, wrap) in modes {
        let sampler = scope.sampler(mode)?;
        let out = scope.filled(0f32, 16 * n)?;
        let [a, b, c] = images.each_ref().map(|image| Bind::Sampled(image, &sampler));
        let set = scope.bind(&kernel, 0, &[a, b, c, Bind::Buffer(&at), Bind::Buffer(&out)])?;
        scope.run(|c| c.call(&kernel, &set, &[n as u32], groups(n, 64)))?;
        let mut want = Vec::with_capacity(16 * n);
        for (i, ((x, _), (y, _))) in places.iter().enumerate() {
            let texel = wrap(*x, width).zip(wrap(*y, height)).map(|(x, y)| y * width + x);
            want.extend(texel.map_or([1.0; 4], colour));
            want.extend([texel.map_or(1.0, |at| f64::from(floats[at])), width as f64, height as f64, 0.0]);
            let at = i % (width * height);
            want.extend([
                f64::from(f32::from_bits(words[at] & 0x3fff_ffff | 0x2000_0000)),
                f64::from(floats[at]),
                0.0,
                0.0,
            ]);
            want.extend(colour(at));
        }
        // Colours of eight bits become numbers by a division that may be off by a last place; all else is exact.
        let bound = |index: usize| if matches!(index % 16 / 4, 0 | 3) { 2f64.powi(-23) } else { 0.0 };
        close(&format!("{name}: numbers (16 a sample)"), &out.read::<f32>()?, &want, bound)?;
    }
    passed(format!("{n} samples of 33 x 20, 4 address modes"))
}
