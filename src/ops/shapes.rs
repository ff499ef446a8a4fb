//! Convolutions that the field measures with, by name.

use super::Conv2dShape;

/// ResNet-50 with the stride in the 3x3 convolution of a bottleneck ("v1.5"), as torchvision, MLPerf and vendors run it.
const RESNET50: &str = "ResNet-50 v1.5: He et al., arXiv:1512.03385, table 1; torchvision resnet50";
/// Configuration D.
const VGG16: &str = "VGG-16: Simonyan and Zisserman, arXiv:1409.1556, table 1, column D";
/// Width 1.0 at 224x224.
const MOBILENETV2: &str = "MobileNetV2 1.0: Sandler et al., arXiv:1801.04381, table 2";

/// A convolution of a published network, with a batch of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamedShape {
    /// Its name: the network, then the layer.
    pub name: &'static str,
    /// The shape, N = 1.
    pub shape: Conv2dShape,
    /// How often one forward pass of the network runs it.
    pub times: u32,
    /// Where it is published.
    pub source: &'static str,
}

/// A square convolution: C channels of `size`×`size` to K, an R×R kernel.
const fn square(c: usize, size: usize, k: usize, r: usize) -> Conv2dShape {
    Conv2dShape::new(1, c, size, size, k, r, r)
}

const fn pointwise(c: usize, size: usize, k: usize) -> Conv2dShape {
    square(c, size, k, 1)
}

const fn same(c: usize, size: usize, k: usize) -> Conv2dShape {
    square(c, size, k, 3).pad(1)
}

const fn depthwise(c: usize, size: usize) -> Conv2dShape {
    same(c, size, c).groups(c)
}

const fn resnet(name: &'static str, times: u32, shape: Conv2dShape) -> NamedShape {
    NamedShape { name, shape, times, source: RESNET50 }
}

const fn vgg(name: &'static str, times: u32, shape: Conv2dShape) -> NamedShape {
    NamedShape { name, shape, times, source: VGG16 }
}

const fn mobilenet(name: &'static str, times: u32, shape: Conv2dShape) -> NamedShape {
    NamedShape { name, shape, times, source: MOBILENETV2 }
}

/// Every named shape: all distinct convolutions of ResNet-50, VGG-16 and MobileNetV2.
///
/// In a stage of ResNet-50, `_1x1a` enters the first block, `_1x1b` leaves every block, `_1x1c` enters the later blocks,
/// `_3x3s2` is the first block's strided convolution, `_down` the projection beside it. The bare stage is its 3x3
/// convolution. In MobileNetV2 `dw` are the depthwise layers, numbered by their width, `pw` the pointwise ones, with
/// their channels.
pub static NAMED_SHAPES: &[NamedShape] = &[
    resnet("resnet50-conv1", 1, square(3, 224, 64, 7).stride(2).pad(3)),
    resnet("resnet50-conv2", 3, same(64, 56, 64)),
    resnet("resnet50-conv2_1x1a", 1, pointwise(64, 56, 64)),
    // The projection of the first block has this shape too: there is no stride in this stage.
    resnet("resnet50-conv2_1x1b", 4, pointwise(64, 56, 256)),
    resnet("resnet50-conv2_1x1c", 2, pointwise(256, 56, 64)),
    resnet("resnet50-conv3", 3, same(128, 28, 128)),
    resnet("resnet50-conv3_1x1a", 1, pointwise(256, 56, 128)),
    resnet("resnet50-conv3_1x1b", 4, pointwise(128, 28, 512)),
    resnet("resnet50-conv3_1x1c", 3, pointwise(512, 28, 128)),
    resnet("resnet50-conv3_3x3s2", 1, same(128, 56, 128).stride(2)),
    resnet("resnet50-conv3_down", 1, pointwise(256, 56, 512).stride(2)),
    resnet("resnet50-conv4", 5, same(256, 14, 256)),
    resnet("resnet50-conv4_1x1a", 1, pointwise(512, 28, 256)),
    resnet("resnet50-conv4_1x1b", 6, pointwise(256, 14, 1024)),
    resnet("resnet50-conv4_1x1c", 5, pointwise(1024, 14, 256)),
    resnet("resnet50-conv4_3x3s2", 1, same(256, 28, 256).stride(2)),
    resnet("resnet50-conv4_down", 1, pointwise(512, 28, 1024).stride(2)),
    resnet("resnet50-conv5", 2, same(512, 7, 512)),
    resnet("resnet50-conv5_1x1a", 1, pointwise(1024, 14, 512)),
    resnet("resnet50-conv5_1x1b", 3, pointwise(512, 7, 2048)),
    resnet("resnet50-conv5_1x1c", 2, pointwise(2048, 7, 512)),
    resnet("resnet50-conv5_3x3s2", 1, same(512, 14, 512).stride(2)),
    resnet("resnet50-conv5_down", 1, pointwise(1024, 14, 2048).stride(2)),
    vgg("vgg16-conv1_1", 1, same(3, 224, 64)),
    vgg("vgg16-conv1_2", 1, same(64, 224, 64)),
    vgg("vgg16-conv2_1", 1, same(64, 112, 128)),
    vgg("vgg16-conv2_2", 1, same(128, 112, 128)),
    vgg("vgg16-conv3_1", 1, same(128, 56, 256)),
    vgg("vgg16-conv3_2", 2, same(256, 56, 256)),
    vgg("vgg16-conv4_1", 1, same(256, 28, 512)),
    vgg("vgg16-conv4_2", 2, same(512, 28, 512)),
    vgg("vgg16-conv5", 3, same(512, 14, 512)),
    mobilenet("mobilenetv2-conv1", 1, square(3, 224, 32, 3).stride(2).pad(1)),
    mobilenet("mobilenetv2-dw1", 1, depthwise(32, 112)),
    mobilenet("mobilenetv2-pw32_16", 1, pointwise(32, 112, 16)),
    mobilenet("mobilenetv2-pw16_96", 1, pointwise(16, 112, 96)),
    mobilenet("mobilenetv2-dw2s2", 1, depthwise(96, 112).stride(2)),
    mobilenet("mobilenetv2-pw96_24", 1, pointwise(96, 56, 24)),
    mobilenet("mobilenetv2-pw24_144", 2, pointwise(24, 56, 144)),
    mobilenet("mobilenetv2-dw3", 1, depthwise(144, 56)),
    mobilenet("mobilenetv2-pw144_24", 1, pointwise(144, 56, 24)),
    mobilenet("mobilenetv2-dw3s2", 1, depthwise(144, 56).stride(2)),
    mobilenet("mobilenetv2-pw144_32", 1, pointwise(144, 28, 32)),
    mobilenet("mobilenetv2-pw32_192", 3, pointwise(32, 28, 192)),
    mobilenet("mobilenetv2-dw4", 2, depthwise(192, 28)),
    mobilenet("mobilenetv2-pw192_32", 2, pointwise(192, 28, 32)),
    mobilenet("mobilenetv2-dw4s2", 1, depthwise(192, 28).stride(2)),
    mobilenet("mobilenetv2-pw192_64", 1, pointwise(192, 14, 64)),
    mobilenet("mobilenetv2-pw64_384", 4, pointwise(64, 14, 384)),
    mobilenet("mobilenetv2-dw5", 4, depthwise(384, 14)),
    mobilenet("mobilenetv2-pw384_64", 3, pointwise(384, 14, 64)),
    mobilenet("mobilenetv2-pw384_96", 1, pointwise(384, 14, 96)),
    mobilenet("mobilenetv2-pw96_576", 3, pointwise(96, 14, 576)),
    mobilenet("mobilenetv2-dw6", 2, depthwise(576, 14)),
    mobilenet("mobilenetv2-pw576_96", 2, pointwise(576, 14, 96)),
    mobilenet("mobilenetv2-dw6s2", 1, depthwise(576, 14).stride(2)),
    mobilenet("mobilenetv2-pw576_160", 1, pointwise(576, 7, 160)),
    mobilenet("mobilenetv2-pw160_960", 3, pointwise(160, 7, 960)),
    mobilenet("mobilenetv2-dw7", 3, depthwise(960, 7)),
    mobilenet("mobilenetv2-pw960_160", 2, pointwise(960, 7, 160)),
    mobilenet("mobilenetv2-pw960_320", 1, pointwise(960, 7, 320)),
    mobilenet("mobilenetv2-pw320_1280", 1, pointwise(320, 7, 1280)),
];

/// The shape of this name.
///
/// ```
/// let conv = sparkle_pm4::ops::named_shape("resnet50-conv2").unwrap();
/// assert_eq!((conv.shape.c, conv.shape.h, conv.shape.k, conv.shape.r), (64, 56, 64, 3));
/// ```
pub fn named_shape(name: &str) -> Option<&'static NamedShape> {
    NAMED_SHAPES.iter().find(|s| s.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_shape_is_valid_and_named_once() {
        let mut names = HashSet::new();
        for s in NAMED_SHAPES {
            s.shape.validate().unwrap_or_else(|e| panic!("{}: {e}", s.name));
            assert!(names.insert(s.name), "{} stands twice", s.name);
            assert_eq!(named_shape(s.name).map(|n| n.shape), Some(s.shape));
        }
        assert_eq!(named_shape("resnet50"), None);
    }

    /// Convolutions, weights, output channels, and multiply-adds of one network's forward pass.
    fn total(source: &str) -> [u64; 4] {
        let layers = NAMED_SHAPES.iter().filter(|s| s.source == source);
        layers.fold([0; 4], |sum, NamedShape { shape, times, .. }| {
            let own = [1, shape.weight_len() as u64, shape.k as u64, shape.flops() / 2];
            std::array::from_fn(|i| sum[i] + own[i] * u64::from(*times))
        })
    }

    /// torchvision's resnet50 has 25,557,032 parameters, of which 2,049,000 are the classifier's and two a channel the
    /// batch normalisations', and 4,089,184,256 multiply-adds at 224x224, of which 2,048,000 are the classifier's.
    #[test]
    fn resnet50_adds_up_to_the_published_network() {
        let [layers, weights, channels, multiply_adds] = total(RESNET50);
        assert_eq!(layers, 53);
        assert_eq!(weights + 2 * channels + 2_049_000, 25_557_032);
        assert_eq!(multiply_adds, 4_089_184_256 - 2_048_000);
    }

    /// torchvision's vgg16 has 138,357,544 parameters, one bias a channel among them, and 15.470 G multiply-adds; its
    /// three fully connected layers have 123,633,664 weights and 9,192 biases.
    #[test]
    fn vgg16_adds_up_to_the_published_network() {
        let [layers, weights, channels, multiply_adds] = total(VGG16);
        assert_eq!(layers, 13);
        assert_eq!(weights + channels + 123_633_664 + 9_192, 138_357_544);
        assert_eq!((multiply_adds + 123_633_664 + 500_000) / 1_000_000, 15_470);
    }

    /// torchvision's mobilenet_v2 has 3,504,872 parameters, of which 1,281,000 are the classifier's and two a channel the
    /// batch normalisations', and 0.301 G multiply-adds, of which 1,280,000 are the classifier's.
    #[test]
    fn mobilenetv2_adds_up_to_the_published_network() {
        let [layers, weights, channels, multiply_adds] = total(MOBILENETV2);
        assert_eq!(layers, 52);
        assert_eq!(weights + 2 * channels + 1_281_000, 3_504_872);
        assert_eq!((multiply_adds + 1_280_000 + 500_000) / 1_000_000, 301);
    }

    /// What runs twice is one row that says so.
    #[test]
    fn no_shape_of_a_network_stands_twice() {
        let mut shapes = HashSet::new();
        assert!(NAMED_SHAPES.iter().all(|s| shapes.insert((s.source, s.shape))));
    }

    #[test]
    fn depthwise_layers_have_one_channel_a_group() {
        let dw = NAMED_SHAPES.iter().filter(|s| s.name.starts_with("mobilenetv2-dw"));
        assert!(dw.clone().count() >= 5 && dw.clone().all(|s| s.shape.groups == s.shape.c && s.shape.k == s.shape.c));
    }
}
