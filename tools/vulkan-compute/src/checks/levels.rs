//! Images of several levels, layers and slices, with texels of every size.

use ash::vk::{self, DescriptorType, ImageLayout, ImageTiling, ImageUsageFlags as Usage, ImageViewType};

use super::{Check, Outcome, groups, passed, skipped, spirv};
use crate::compare::{Random, same};
use crate::error::Result;
use crate::vk::{Bind, Image, ImageInfo, KernelInfo, Scope, Stage};

pub const CHECKS: &[Check] = &[
    Check { name: "image-formats", about: "texels of 1 to 16 bytes", run: image_formats },
    Check { name: "image-levels", about: "levels of images and of arrays of them", run: image_levels },
    Check { name: "image-volumes", about: "3D images and their levels", run: image_volumes },
    Check { name: "image-host", about: "images that the host writes and reads by itself", run: image_host },
];

/// Formats of unsigned integers, with the bytes of a component and their number.
const FORMATS: [(vk::Format, usize, usize); 5] = [
    (vk::Format::R8_UINT, 1, 1),
    (vk::Format::R16_UINT, 2, 1),
    (vk::Format::R32_UINT, 4, 1),
    (vk::Format::R32G32_UINT, 4, 2),
    (vk::Format::R32G32B32A32_UINT, 4, 4),
];

/// Who copies texels into an image, and out of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Device,
    Host,
}

/// Bytes at which levels begin, and of all of them.
fn places(info: &ImageInfo, bytes: usize) -> (Vec<usize>, usize) {
    let mut end = 0usize;
    let mut next = |level| {
        let start = end;
        // What every texel's size divides.
        end = (start + info.texels(level) * bytes).next_multiple_of(16);
        start
    };
    ((0..info.levels).map(&mut next).collect(), end)
}

/// What a shader reads in every texel of every level.
fn fetched(scope: &Scope<'_>, image: &Image<'_>) -> Result<Vec<u32>> {
    let info = &image.info;
    let spirv = if info.view == ImageViewType::TYPE_3D { spirv!("image_volume") } else { spirv!("image_layers") };
    let sets = [DescriptorType::COMBINED_IMAGE_SAMPLER, DescriptorType::STORAGE_BUFFER];
    let kernel = scope.make_kernel(&KernelInfo { spirv, sets: &[&sets], push_bytes: 8, ..Default::default() })?;
    let sampler = scope.sampler(vk::SamplerAddressMode::CLAMP_TO_EDGE)?;
    let total: usize = (0..info.levels).map(|level| info.texels(level)).sum();
    let out = scope.filled(0u32, 4 * total)?;
    let set = scope.bind(&kernel, 0, &[Bind::Sampled(image, &sampler), Bind::Buffer(&out)])?;
    let layouts = [ImageLayout::GENERAL, ImageLayout::SHADER_READ_ONLY_OPTIMAL];
    scope.run(|c| {
        c.image_barrier(image, Stage::Transfer, Stage::Compute, layouts);
        let mut first = 0;
        for level in 0..info.levels {
            c.call(&kernel, &set, &[level, first as u32], groups(info.texels(level), 64));
            first += info.texels(level);
        }
        c.image_barrier(image, Stage::Compute, Stage::Transfer, [layouts[1], layouts[0]]);
    })?;
    out.read()
}

/// Fills an image, all levels and layers before any is read, and reads it by a shader and by a copy.
fn there_and_back(
    scope: &Scope<'_>,
    mut info: ImageInfo,
    (format, width, components): (vk::Format, usize, usize),
    [into, out_of]: [By; 2],
) -> Result<()> {
    info.format = format;
    let bytes = width * components;
    let (offsets, total) = places(&info, bytes);
    let content: Vec<u8> = Random::new(81).words(total / 4).into_iter().flat_map(u32::to_le_bytes).collect();
    let image = scope.make_image(&info)?;
    if into == By::Host {
        image.write_by_host(&content, &offsets)?;
    } else {
        let from = scope.host(&content)?;
        scope.run(|c| {
            c.image_barrier(&image, Stage::Transfer, Stage::Transfer, [ImageLayout::UNDEFINED, ImageLayout::GENERAL]);
            c.copy_levels(&image, &from, true, &offsets);
        })?;
    }
    // The components of a level's texels, in the buffer and as a shader sees them.
    let parts = |content: &[u8], level: u32| -> Vec<u32> {
        let part = &content[offsets[level as usize]..][..info.texels(level) * bytes];
        let value = |part: &[u8]| part.iter().rev().fold(0, |v, byte| v << 8 | u32::from(*byte));
        part.chunks_exact(width).map(value).collect()
    };
    let seen = fetched(scope, &image)?;
    let mut back = vec![0u8; total];
    if out_of == By::Host {
        image.read_by_host(&mut back, &offsets)?;
    } else {
        let to = scope.filled(0u8, total)?;
        scope.run(|c| c.copy_levels(&image, &to, false, &offsets))?;
        back = to.read()?;
    }
    let mut first = 0;
    for level in 0..info.levels {
        let what = |who: &str| {
            let [w, h, d] = info.extent(level);
            format!("{who}, texels of {bytes} bytes, level {level} of {w} x {h} x {d}, {} layers", info.layers)
        };
        let wanted = parts(&content, level);
        let mut want = Vec::with_capacity(4 * info.texels(level));
        for texel in wanted.chunks_exact(components) {
            // What a texel lacks is 0, and 1 in the last place.
            let mut all = [0, 0, 0, 1];
            all[..components].copy_from_slice(texel);
            want.extend(all);
        }
        same(&what("fetched"), &seen[first..][..want.len()], &want)?;
        first += want.len();
        same(&what("copied"), &parts(&back, level), &wanted)?;
    }
    Ok(())
}

const COPIED: Usage =
    Usage::from_raw(Usage::TRANSFER_SRC.as_raw() | Usage::TRANSFER_DST.as_raw() | Usage::SAMPLED.as_raw());

/// An array of images.
fn array([width, height]: [u32; 2], layers: u32, levels: u32) -> ImageInfo {
    ImageInfo {
        format: vk::Format::UNDEFINED,
        view: ImageViewType::TYPE_2D_ARRAY,
        size: [width, height, 1],
        levels,
        layers,
        tiling: ImageTiling::OPTIMAL,
        usage: COPIED,
    }
}

/// A 3D image.
fn volume(size: [u32; 3], levels: u32) -> ImageInfo {
    ImageInfo { view: ImageViewType::TYPE_3D, size, ..array([1, 1], 1, levels) }
}

const BY_DEVICE: [By; 2] = [By::Device; 2];

fn image_formats(scope: &Scope<'_>) -> Result<Outcome> {
    for format in FORMATS {
        there_and_back(scope, array([75, 53], 1, 1), format, BY_DEVICE)?;
    }
    passed("75 x 53, texels of 1, 2, 4, 8 and 16 bytes")
}

fn image_levels(scope: &Scope<'_>) -> Result<Outcome> {
    for format in FORMATS {
        there_and_back(scope, array([150, 97], 1, 8), format, BY_DEVICE)?;
    }
    for format in [FORMATS[2], FORMATS[4]] {
        there_and_back(scope, array([70, 130], 5, 8), format, BY_DEVICE)?;
        there_and_back(scope, array([33, 20], 7, 1), format, BY_DEVICE)?;
    }
    passed("150 x 97: 8 levels; 70 x 130 of 5 layers: 8 levels; 33 x 20 of 7 layers")
}

fn image_volumes(scope: &Scope<'_>) -> Result<Outcome> {
    for format in FORMATS {
        there_and_back(scope, volume([45, 39, 21], 6), format, BY_DEVICE)?;
    }
    there_and_back(scope, volume([20, 5, 70], 1), FORMATS[2], BY_DEVICE)?;
    passed("45 x 39 x 21: 6 levels; 20 x 5 x 70")
}

fn image_host(scope: &Scope<'_>) -> Result<Outcome> {
    if !scope.gpu.features.host_image_copies {
        return skipped("no copies of images by the host");
    }
    let by_host = |info: ImageInfo| ImageInfo { usage: info.usage | Usage::HOST_TRANSFER_EXT, ..info };
    let shapes = [array([150, 97], 1, 8), array([40, 20], 5, 6), volume([45, 39, 21], 6), volume([20, 5, 70], 1)];
    for info in shapes.map(by_host) {
        for format in FORMATS {
            // The driver's own arithmetic on one side, the device's on the other.
            there_and_back(scope, info, format, [By::Host, By::Device])?;
            there_and_back(scope, info, format, [By::Device, By::Host])?;
        }
    }
    passed("images, layers, levels and volumes, in and out, texels of 1 to 16 bytes")
}
