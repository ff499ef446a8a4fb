//! Image filters: fixed depthwise kernels, and how their result is seen as a picture.

use sparkle_pm4::ops::Conv2dShape;

/// How the numbers of a filter's result become the brightness of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// As they are.
    Plain,
    /// Their absolute value: edges are bright, whichever way they run.
    Absolute,
    /// Half brightness is zero.
    Centred,
    /// The length of the vector of each channel's two results.
    Magnitude,
}

/// A filter: `taps.len() / (size·size)` kernels for every channel.
#[derive(Debug)]
pub struct Filter {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Height and width of a kernel.
    size: usize,
    /// Kernel after kernel, row after row.
    taps: &'static [f32],
    /// What each tap is divided by.
    divisor: f32,
    /// How its result is seen.
    pub view: View,
}

/// Every filter.
pub static FILTERS: &[Filter] = &[
    Filter {
        name: "sobel",
        about: "edges: length of the horizontal and vertical derivative",
        size: 3,
        taps: &[
            -1.0, 0.0, 1.0, -2.0, 0.0, 2.0, -1.0, 0.0, 1.0, // d/dx
            -1.0, -2.0, -1.0, 0.0, 0.0, 0.0, 1.0, 2.0, 1.0, // d/dy
        ],
        divisor: 4.0,
        view: View::Magnitude,
    },
    Filter {
        name: "sobel-x",
        about: "horizontal derivative, zero is grey",
        size: 3,
        taps: &[-1.0, 0.0, 1.0, -2.0, 0.0, 2.0, -1.0, 0.0, 1.0],
        divisor: 8.0,
        view: View::Centred,
    },
    Filter {
        name: "sobel-y",
        about: "vertical derivative, zero is grey",
        size: 3,
        taps: &[-1.0, -2.0, -1.0, 0.0, 0.0, 0.0, 1.0, 2.0, 1.0],
        divisor: 8.0,
        view: View::Centred,
    },
    Filter {
        name: "gaussian",
        about: "5x5 binomial blur",
        size: 5,
        taps: &[
            1.0, 4.0, 6.0, 4.0, 1.0, 4.0, 16.0, 24.0, 16.0, 4.0, 6.0, 24.0, 36.0, 24.0, 6.0, 4.0, 16.0, 24.0, 16.0,
            4.0, 1.0, 4.0, 6.0, 4.0, 1.0,
        ],
        divisor: 256.0,
        view: View::Plain,
    },
    Filter { name: "box", about: "5x5 mean", size: 5, taps: &[1.0; 25], divisor: 25.0, view: View::Plain },
    Filter {
        name: "sharpen",
        about: "the image plus its Laplacian",
        size: 3,
        taps: &[0.0, -1.0, 0.0, -1.0, 5.0, -1.0, 0.0, -1.0, 0.0],
        divisor: 1.0,
        view: View::Plain,
    },
    Filter {
        name: "laplacian",
        about: "second derivative, absolute value",
        size: 3,
        taps: &[-1.0, -1.0, -1.0, -1.0, 8.0, -1.0, -1.0, -1.0, -1.0],
        divisor: 2.0,
        view: View::Absolute,
    },
    Filter {
        name: "emboss",
        about: "relief lit from the top left, zero is grey",
        size: 3,
        taps: &[-2.0, -1.0, 0.0, -1.0, 0.0, 1.0, 0.0, 1.0, 2.0],
        divisor: 2.0,
        view: View::Centred,
    },
    Filter { name: "identity", about: "the image itself", size: 1, taps: &[1.0], divisor: 1.0, view: View::Plain },
];

impl Filter {
    /// The filter of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        FILTERS.iter().find(|f| f.name == name)
    }

    fn kernels(&self) -> usize {
        self.taps.len() / (self.size * self.size)
    }

    /// Its convolution over `n` images of `c` channels, as large as the input.
    pub fn shape(&self, [n, c, h, w]: [usize; 4]) -> Conv2dShape {
        Conv2dShape::new(n, c, h, w, c.saturating_mul(self.kernels()), self.size, self.size)
            .pad(self.size / 2)
            .groups(c)
    }

    /// The weights K×1×R×S: the kernels again for each of `c` channels.
    pub fn weights(&self, c: usize) -> Vec<f32> {
        let taps: Vec<f32> = self.taps.iter().map(|t| t / self.divisor).collect();
        taps.repeat(c)
    }

    /// The result's planes as planes of brightness, one for each channel of the input.
    pub fn picture(&self, y: &[f32], plane: usize) -> Vec<f32> {
        match self.view {
            View::Plain => y.to_vec(),
            View::Absolute => y.iter().map(|v| v.abs()).collect(),
            View::Centred => y.iter().map(|v| v + 0.5).collect(),
            View::Magnitude => y
                .chunks_exact(2 * plane)
                .flat_map(|pair| {
                    let (x, y) = pair.split_at(plane);
                    x.iter().zip(y).map(|(x, y)| x.hypot(*y))
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_have_whole_kernels_and_blurs_keep_the_brightness() {
        for f in FILTERS {
            assert_eq!(f.taps.len() % (f.size * f.size), 0, "{}", f.name);
            assert_eq!(f.size % 2, 1, "{}", f.name);
            let shape = f.shape([1, 3, 8, 9]);
            shape.validate().unwrap();
            assert_eq!((shape.p(), shape.q()), (8, 9));
            assert_eq!(f.weights(3).len(), shape.weight_len());
            let sum: f32 = f.weights(1).iter().sum();
            let want = match f.name {
                "sobel" | "sobel-x" | "sobel-y" | "laplacian" | "emboss" => 0.0,
                _ => 1.0,
            };
            assert!((sum - want).abs() < 1e-6, "{}: {sum}", f.name);
        }
    }

    #[test]
    fn the_magnitude_joins_two_planes() {
        let sobel = Filter::find("sobel").unwrap();
        assert_eq!(sobel.picture(&[3.0, 0.0, 4.0, 1.0], 2), [5.0, 1.0]);
    }
}
