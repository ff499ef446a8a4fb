//! From flags and files to a shape and tensors.

use std::fs;
use std::path::Path;

use sparkle_pm4::cpu::F16;
use sparkle_pm4::ops::{Conv2dShape, named_shape};

use super::filters::Filter;
use super::picture::{self, Picture};
use super::{Args, Choice, Dtype, npy};
use crate::cli::Failure;

/// A convolution with its data.
#[derive(Debug)]
pub struct Problem {
    /// The named shape, where nothing overrides it.
    pub name: Option<&'static str>,
    /// The shape; to be validated.
    pub shape: Conv2dShape,
    /// N×C×H×W; empty before [`Problem::fill`] where no file gives it.
    pub x: Vec<f32>,
    /// K×C/G×R×S; likewise.
    pub w: Vec<f32>,
    /// K.
    pub bias: Option<Vec<f32>>,
    /// What x, w and y are stored as. The values of x and w are such, [`fill`](Problem::fill) sees to it.
    pub dtype: Dtype,
    /// The filter, where the weights are one.
    pub filter: Option<&'static Filter>,
    /// The image, without its planes, where the input is one.
    picture: Option<Picture>,
}

/// What a file is by its extension.
fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case(extension))
}

fn unknown_extension(flag: &str, path: &Path, known: &str) -> Failure {
    Failure::usage(
        format!("{flag} {}: the kind of file is not known", path.display()),
        format!("its extension decides, and {known} are understood"),
        "rename or convert the file",
    )
}

/// A file that cannot be written.
pub fn unwritable(path: &Path, e: &std::io::Error) -> Failure {
    Failure::file(
        "file-unwritable",
        format!("{} cannot be written", path.display()),
        e.to_string(),
        "check the folder, its permissions and the free space",
    )
}

/// Where a dimension may come from: a flag, the named shape, a file, a default.
struct Dimensions {
    missing: Vec<&'static str>,
}

impl Dimensions {
    fn pick(
        &mut self,
        name: &'static str,
        said: Option<usize>,
        file: Option<(&Path, usize)>,
        default: Option<usize>,
    ) -> Result<usize, Failure> {
        match (said, file) {
            (Some(said), Some((path, held))) if said != held => Err(Failure::usage(
                format!("--{name} and {} contradict each other", path.display()),
                format!("{name} is {said} by the flags or the named shape, and {held} in the file"),
                format!("leave --{name} (and --shape) out, or give the file that belongs to it"),
            )),
            (Some(v), _) | (None, Some((_, v))) => Ok(v),
            (None, None) => Ok(default.unwrap_or_else(|| {
                self.missing.push(name);
                1
            })),
        }
    }
}

impl Problem {
    /// Reads the files and puts the shape together.
    pub fn new(args: &Args) -> Result<Self, Failure> {
        let named = match &args.shape {
            Some(name) => Some(named_shape(name).ok_or_else(|| {
                Failure::usage(
                    format!("no shape has the name `{name}`"),
                    "names are spelt in full, as in resnet50-conv2",
                    "`sparkle-pm4 run conv2d --list-shapes` lists them",
                )
            })?),
            None => None,
        };
        let mut picture = None;
        let mut input = None;
        if let Some(path) = &args.input {
            let (dims, data) = if has_extension(path, "png") {
                let mut image = picture::read(path)?;
                let planes = std::mem::take(&mut image.planes);
                let dims = [1, image.channels, image.h, image.w];
                picture = Some(image);
                (dims, planes)
            } else if has_extension(path, "npy") {
                let tensor = npy::read(path, &[4, 3], "NCHW, or CHW for one image", &[args.dtype])?;
                let dims = match tensor.dims[..] {
                    [n, c, h, w] => [n, c, h, w],
                    [c, h, w] => [1, c, h, w],
                    _ => [0; 4],
                };
                (dims, tensor.data)
            } else {
                return Err(unknown_extension("--input", path, ".npy and .png"));
            };
            input = Some((path.as_path(), dims, data));
        }

        if let (Some(name), Some((_, dims, data))) = (&args.filter, &input) {
            let filter = Filter::find(name).ok_or_else(|| {
                Failure::usage(format!("no filter has the name `{name}`"), "", "`--help` lists the filters")
            })?;
            let shape = filter.shape(*dims);
            let (x, w) = (data.clone(), filter.weights(dims[1]));
            return Ok(Self { name: None, shape, x, w, bias: None, dtype: args.dtype, filter: Some(filter), picture });
        }

        let weight = match &args.weight {
            Some(path) => {
                let tensor = npy::read(path, &[4], "KCRS", &[args.dtype])?;
                let [k, c, r, s] = tensor.dims[..] else { return Err(wrong_rank(path)) };
                Some((path.as_path(), [k, c, r, s], tensor.data))
            }
            None => None,
        };
        // It is added to sums, which are float32.
        let bias_types: &[Dtype] = match args.dtype {
            Dtype::F32 => &[Dtype::F32],
            Dtype::F16 => &[Dtype::F16, Dtype::F32],
        };
        let bias = match &args.bias {
            Some(path) => Some((path.as_path(), npy::read(path, &[1], "K", bias_types)?)),
            None => None,
        };
        let from_named = |f: fn(&Conv2dShape) -> usize| named.map(|s| f(&s.shape));
        let from_input = |i: usize| input.as_ref().map(|(path, dims, _)| (*path, dims[i]));
        let from_weight = |i: usize| weight.as_ref().map(|(path, dims, _)| (*path, dims[i]));
        let mut dims = Dimensions { missing: Vec::new() };
        let groups = args.groups.or(from_named(|s| s.groups)).unwrap_or(1);
        let c_by_weight = weight.as_ref().map(|(path, d, _)| (*path, d[1].saturating_mul(groups)));
        let c = dims.pick("c", args.c.or(from_named(|s| s.c)), from_input(1).or(c_by_weight), None)?;
        if let Some((path, by_weight)) = c_by_weight.filter(|(_, by_weight)| *by_weight != c) {
            return Err(Failure::usage(
                format!("the weights in {} do not fit the input's channels", path.display()),
                format!("their C/G times {groups} groups is {by_weight}, and the input has {c} channels"),
                "give the --groups that belong to the weights, or other weights",
            ));
        }
        let k_by_bias = bias.as_ref().map(|(path, b)| (*path, b.data.len()));
        let r = dims.pick("r", args.r.or(from_named(|s| s.r)), from_weight(2), None)?;
        let s_default = args.r.is_some().then_some(r);
        let shape = Conv2dShape {
            n: dims.pick("n", args.n.or(from_named(|s| s.n)), from_input(0), Some(1))?,
            c,
            h: dims.pick("h", args.h.or(from_named(|s| s.h)), from_input(2), None)?,
            w: dims.pick("w", args.w.or(from_named(|s| s.w)), from_input(3), None)?,
            k: dims.pick("k", args.k.or(from_named(|s| s.k)), from_weight(0).or(k_by_bias), None)?,
            r,
            s: dims.pick("s", args.s.or(from_named(|s| s.s)), from_weight(3), s_default)?,
            stride: args.stride.or(named.map(|s| s.shape.stride)).unwrap_or([1, 1]),
            pad: args.pad.or(named.map(|s| s.shape.pad)).unwrap_or([0, 0]),
            dilation: args.dilation.or(named.map(|s| s.shape.dilation)).unwrap_or([1, 1]),
            groups,
        };
        if !dims.missing.is_empty() {
            dims.missing.sort_by_key(|m| "nchwkrs".find(*m));
            let missing: Vec<String> = dims.missing.iter().map(|m| format!("--{m}")).collect();
            return Err(Failure::usage(
                "the shape is incomplete",
                format!("missing: {}", missing.join(" ")),
                "give them, or a named shape such as `--shape resnet50-conv2` (`--list-shapes` has all)",
            ));
        }
        if let Some((path, held)) = k_by_bias.filter(|(_, held)| *held != shape.k) {
            return Err(Failure::usage(
                format!("the bias in {} does not fit", path.display()),
                format!("it has {held} values, and there are {} output channels", shape.k),
                "give one value for each output channel",
            ));
        }
        Ok(Self {
            name: named.filter(|s| s.shape == shape).map(|s| s.name),
            shape,
            x: input.map(|(_, _, data)| data).unwrap_or_default(),
            w: weight.map(|(_, _, data)| data).unwrap_or_default(),
            bias: bias.map(|(_, tensor)| tensor.data),
            dtype: args.dtype,
            filter: None,
            picture,
        })
    }

    /// Refuses a shape that this machine's free memory cannot hold, before anything is allocated for it.
    pub fn check_memory(&self, devices: &[Choice], verify: bool) -> Result<(), Failure> {
        let s = &self.shape;
        let tensors = 4 * (s.input_len() as u128 + s.weight_len() as u128 + s.output_len() as u128);
        // The host's copies and one device's at a time, a result for each device, and the reference in f64. Tensors of 16 bits
        // are widened both here and by the engine.
        let results = 4 * s.output_len() as u128 * devices.len() as u128;
        let reference = if verify || devices.len() > 1 { 8 * s.output_len() as u128 } else { 0 };
        let halves = if self.dtype == Dtype::F16 { tensors } else { 0 };
        let needed = 2 * tensors + halves + results + reference;
        match available_memory() {
            Some(available) if needed > u128::from(available) => Err(Failure {
                exit: crate::cli::exit::FAILED,
                code: "out-of-memory".into(),
                what: "this shape is too large for this machine".into(),
                evidence: format!(
                    "it needs about {:.1} GiB, and {:.1} GiB are free",
                    needed as f64 / (1u64 << 30) as f64,
                    available as f64 / (1u64 << 30) as f64
                ),
                next: "take a smaller batch or fewer channels, or split the work over several runs".into(),
            }),
            _ => Ok(()),
        }
    }

    /// Fills the tensors that no file gave with values in [-1, 1) that depend on the seed alone, and rounds to what they are
    /// stored as.
    pub fn fill(&mut self, seed: u64) -> Result<(), Failure> {
        for (tensor, len, stream) in
            [(&mut self.x, self.shape.input_len(), 1u64), (&mut self.w, self.shape.weight_len(), 2)]
        {
            if tensor.is_empty() {
                *tensor = random(len, seed, stream)?;
            }
            if self.dtype == Dtype::F16 {
                tensor.iter_mut().for_each(|v| *v = F16::from_f32(*v).to_f32());
            }
        }
        Ok(())
    }

    /// Refuses a `--output` that could not be written in the end, before the work.
    pub fn check_output(&self, path: Option<&Path>) -> Result<(), Failure> {
        let Some(path) = path else { return Ok(()) };
        if has_extension(path, "png") {
            let (n, channels) = (self.shape.n, self.picture_channels());
            if n != 1 || !matches!(channels, 1 | 3) {
                return Err(Failure::usage(
                    format!("--output {}: the result is no picture", path.display()),
                    format!("it has {n} images of {channels} channels, and a .png has one of 1 or 3"),
                    "write a .npy instead",
                ));
            }
        } else if !has_extension(path, "npy") {
            return Err(unknown_extension("--output", path, ".npy and .png"));
        }
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match fs::metadata(folder) {
            Ok(meta) if meta.is_dir() && !path.is_dir() => Ok(()),
            Ok(_) if path.is_dir() => Err(unwritable(path, &std::io::ErrorKind::IsADirectory.into())),
            Ok(_) => Err(unwritable(path, &std::io::ErrorKind::NotADirectory.into())),
            Err(e) => Err(unwritable(path, &e)),
        }
    }

    fn picture_channels(&self) -> usize {
        match self.filter {
            Some(_) => self.shape.c,
            None => self.shape.k,
        }
    }

    /// Writes the result: the tensor as it is into a `.npy`, as a picture into a `.png`.
    pub fn write(&self, path: &Path, y: &[f32]) -> Result<(), Failure> {
        let s = &self.shape;
        if !has_extension(path, "png") {
            return npy::write(path, &[s.n, s.k, s.p(), s.q()], y, self.dtype).map_err(|e| unwritable(path, &e));
        }
        let planes = match self.filter {
            Some(filter) => filter.picture(y, s.p() * s.q()),
            None => y.to_vec(),
        };
        let same_size = (s.p(), s.q()) == (s.h, s.w);
        let alpha = self.picture.as_ref().and_then(|p| p.alpha.clone()).filter(|_| same_size);
        let deep = self.picture.as_ref().is_some_and(|p| p.deep);
        Picture { h: s.p(), w: s.q(), channels: self.picture_channels(), planes, alpha, deep }.write(path)
    }
}

/// A rank that the reader has excluded already.
fn wrong_rank(path: &Path) -> Failure {
    Failure::file("npy-rank", format!("{} has the wrong rank", path.display()), "KCRS is wanted", "reshape it to KCRS")
}

/// Bytes that can be allocated: the least of what the machine has free (`MemAvailable`, proc(5)), what the control
/// group may still take (`memory.max`, cgroup v2), and what is left of the limit on the address space (`ulimit -v`).
pub fn available_memory() -> Option<u64> {
    let read = |path: &str| fs::read_to_string(path).ok();
    let number = |text: String| text.trim().parse::<u64>().ok();
    let machine = read("/proc/meminfo").and_then(|text| {
        let line = text.lines().find_map(|l| l.strip_prefix("MemAvailable:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
    });
    // `max` is no number: no limit.
    let group = read("/sys/fs/cgroup/memory.max").and_then(number).map(|max| {
        let used = read("/sys/fs/cgroup/memory.current").and_then(number).unwrap_or(0);
        max.saturating_sub(used)
    });
    let space = read("/proc/self/limits").and_then(|text| {
        let line = text.lines().find_map(|l| l.strip_prefix("Max address space"))?;
        let max = line.split_whitespace().next()?.parse::<u64>().ok()?;
        let status = read("/proc/self/status")?;
        let used = status.lines().find_map(|l| l.strip_prefix("VmSize:"))?;
        let used = used.split_whitespace().next()?.parse::<u64>().ok()?.saturating_mul(1024);
        Some(max.saturating_sub(used))
    });
    [machine, group, space].into_iter().flatten().min()
}

/// Values in [-1, 1), multiples of 2^-23, from SplitMix64 (Steele, Lea, Flood 2014).
fn random(len: usize, seed: u64, stream: u64) -> Result<Vec<f32>, Failure> {
    let mut values = Vec::new();
    values.try_reserve_exact(len).map_err(|e| Failure {
        exit: crate::cli::exit::FAILED,
        code: "out-of-memory".into(),
        what: "there is no memory for the tensors".into(),
        evidence: e.to_string(),
        next: "take a smaller shape".into(),
    })?;
    let mut state = seed ^ stream.wrapping_mul(0xd1b5_4a32_d192_ed03);
    values.extend((0..len).map(|_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (z >> 40) as f32 / (1 << 23) as f32 - 1.0
    }));
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::random;

    #[test]
    fn random_tensors_depend_on_seed_and_stream_and_are_spread_evenly() {
        let a = random(10_000, 1, 1).unwrap();
        assert_eq!(a, random(10_000, 1, 1).unwrap());
        assert_ne!(a, random(10_000, 1, 2).unwrap());
        assert_ne!(a, random(10_000, 2, 1).unwrap());
        assert!(a.iter().all(|v| (-1.0..1.0).contains(v)));
        let mean = a.iter().sum::<f32>() / 1e4;
        assert!(mean.abs() < 0.03, "{mean}");
    }
}
