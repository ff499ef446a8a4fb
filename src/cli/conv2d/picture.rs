//! `.png` images as tensors, and back.

use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Write};
use std::path::Path;

use image::{DynamicImage, ImageBuffer, ImageFormat, ImageReader, Luma, LumaA, Rgb, Rgba};

use crate::cli::Failure;

/// An image: planes of colour in [0, 1], and what is kept beside them.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Height in pixels.
    pub h: usize,
    /// Width in pixels.
    pub w: usize,
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// channels×h×w values in [0, 1].
    pub planes: Vec<f32>,
    /// Opacity of each pixel, 0 to 65535, where the image has it.
    pub alpha: Option<Vec<u16>>,
    /// 16 bits a sample, not 8.
    pub deep: bool,
}

/// Reads an image: grey or RGB, with or without alpha, 8 or 16 bits (palettes and fewer bits are widened to 8).
pub fn read(path: &Path) -> Result<Picture, Failure> {
    let unreadable = |e: std::io::Error| {
        Failure::file(
            "file-unreadable",
            format!("{} cannot be read", path.display()),
            e.to_string(),
            "check the path and its permissions",
        )
    };
    let file = File::open(path).map_err(unreadable)?;
    let decoded = ImageReader::with_format(BufReader::new(file), ImageFormat::Png).decode();
    let image = decoded.map_err(|e| {
        if let image::ImageError::IoError(io) = &e
            && io.kind() == ErrorKind::IsADirectory
        {
            return unreadable(std::io::Error::from(ErrorKind::IsADirectory));
        }
        Failure::file(
            "png-malformed",
            format!("{} is not a usable .png image", path.display()),
            e.to_string(),
            "open it in an image viewer and save it as PNG again",
        )
    })?;
    let (w, h) = (image.width() as usize, image.height() as usize);
    let deep = matches!(
        image,
        DynamicImage::ImageLuma16(_)
            | DynamicImage::ImageLumaA16(_)
            | DynamicImage::ImageRgb16(_)
            | DynamicImage::ImageRgba16(_)
    );
    let colour = image.color();
    let (channels, has_alpha) = (if colour.has_color() { 3 } else { 1 }, colour.has_alpha());
    // Widening 8 bits to 16 multiplies by 257, so that full scale stays full scale, and v/255 == 257·v/65535.
    let samples: Vec<u16> = match (channels, has_alpha) {
        (1, false) => image.into_luma16().into_raw(),
        (1, true) => image.into_luma_alpha16().into_raw(),
        (_, false) => image.into_rgb16().into_raw(),
        (_, true) => image.into_rgba16().into_raw(),
    };
    let step = channels + usize::from(has_alpha);
    let plane = |c: usize| samples.iter().skip(c).step_by(step);
    let planes = (0..channels).flat_map(|c| plane(c).map(|&v| f32::from(v) / 65535.0)).collect();
    let alpha = has_alpha.then(|| plane(channels).copied().collect());
    Ok(Picture { h, w, channels, planes, alpha, deep })
}

impl Picture {
    /// Writes it; values outside [0, 1] are clamped, and NaN is black.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let failed = |why: String| {
            Failure::file(
                "file-unwritable",
                format!("{} cannot be written", path.display()),
                why,
                "check the folder, its permissions and the free space",
            )
        };
        let pixels = self.h * self.w;
        let has_alpha = self.alpha.is_some();
        let mut samples: Vec<u16> = Vec::with_capacity(pixels * (self.channels + usize::from(has_alpha)));
        for i in 0..pixels {
            samples.extend((0..self.channels).map(|c| sample(self.planes[c * pixels + i], self.deep)));
            samples.extend(self.alpha.as_ref().map(|a| a[i]));
        }
        let (w, h) = (self.w as u32, self.h as u32);
        let image = match (self.channels, has_alpha) {
            (1, false) => ImageBuffer::<Luma<u16>, _>::from_raw(w, h, samples).map(DynamicImage::from),
            (1, true) => ImageBuffer::<LumaA<u16>, _>::from_raw(w, h, samples).map(DynamicImage::from),
            (_, false) => ImageBuffer::<Rgb<u16>, _>::from_raw(w, h, samples).map(DynamicImage::from),
            (_, true) => ImageBuffer::<Rgba<u16>, _>::from_raw(w, h, samples).map(DynamicImage::from),
        };
        let image = image.ok_or_else(|| failed("the samples do not fill the image".into()))?;
        let image = match (self.deep, self.channels, has_alpha) {
            (true, ..) => image,
            (false, 1, false) => image.into_luma8().into(),
            (false, 1, true) => image.into_luma_alpha8().into(),
            (false, _, false) => image.into_rgb8().into(),
            (false, _, true) => image.into_rgba8().into(),
        };
        let mut file = BufWriter::new(File::create(path).map_err(|e| failed(e.to_string()))?);
        image.write_to(&mut file, ImageFormat::Png).map_err(|e| failed(e.to_string()))?;
        file.flush().map_err(|e| failed(e.to_string()))
    }
}

/// A value as a 16-bit sample; for an 8-bit image one of the 256 that 8 bits widen to, so that narrowing rounds once.
fn sample(v: f32, deep: bool) -> u16 {
    let v = if v.is_nan() { 0.0 } else { v.clamp(0.0, 1.0) };
    if deep { (v * 65535.0).round() as u16 } else { (v * 255.0).round() as u16 * 257 }
}
