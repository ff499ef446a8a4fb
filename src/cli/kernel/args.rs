//! `--arg`: what it says, and whether the kernel takes it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sparkle_pm4::Buffer;
use sparkle_pm4::object::{Arg, KernelInfo, ValueKind};

use super::array::{self, Array};
use super::value::{self, DTYPES, Dtype};
use crate::cli::conv2d::problem::{available_memory, unwritable};
use crate::cli::{Failure, signals};

/// What a `--arg` says; files are not looked at yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    text: String,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// Of a type, or just bytes.
    Value(Option<Dtype>, Vec<u8>),
    Null,
    Lds(u32),
    In(PathBuf),
    Out(Dtype, Vec<u64>, PathBuf),
    InOut(PathBuf, PathBuf),
    Raw(PathBuf, Option<PathBuf>),
}

/// Elements and extents of an `out:` are believed up to this many bytes.
const OUT_MAX: u64 = 1 << 40;

fn forms() -> String {
    let types: Vec<&str> = DTYPES.iter().map(|t| t.name).collect();
    format!(
        "a value `TYPE:VALUE` (TYPE is {}) or `hex:BYTES`, a buffer `in:FILE.npy`, `out:TYPE:COUNT:FILE.npy`, \
         `inout:FILE.npy:OUT.npy` or `buf:FILE[:OUT]`, `null`, or `lds:BYTES`",
        types.join(", ")
    )
}

fn path(text: &str, what: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err(format!("{what} is missing")) } else { Ok(text.into()) }
}

/// `64`, or `8x8`: elements, and the array's extents.
fn extents(text: &str, size: usize) -> Result<Vec<u64>, String> {
    let dims: Result<Vec<u64>, _> = text.split('x').map(str::parse::<u64>).collect();
    let dims = dims.map_err(|_| format!("`{text}` is no number of elements, such as 64 or 8x8"))?;
    let bytes = dims.iter().try_fold(size as u64, |a, &d| a.checked_mul(d));
    match bytes {
        Some(bytes) if bytes <= OUT_MAX => Ok(dims),
        _ => Err(format!("{text} elements of {size} bytes are beyond any device's memory")),
    }
}

/// Parses a `--arg`.
pub fn parse(text: &str) -> Result<Spec, String> {
    let spec = |what| Ok(Spec { text: text.to_owned(), what });
    if text == "null" {
        return spec(What::Null);
    }
    let Some((kind, rest)) = text.split_once(':') else { return Err(format!("wanted is {}", forms())) };
    if let Some(dtype) = Dtype::parse(kind) {
        return spec(What::Value(Some(dtype), dtype.encode(rest)?));
    }
    match kind {
        "hex" => {
            let digits: String = rest.chars().filter(|c| *c != '_').collect();
            let digits = digits.as_bytes();
            if digits.is_empty() || !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
                return Err("wanted is an even number of hexadecimal digits, bytes in memory order".into());
            }
            let digit = |b: u8| (b as char).to_digit(16).unwrap_or(0) as u8;
            spec(What::Value(None, digits.chunks_exact(2).map(|d| digit(d[0]) << 4 | digit(d[1])).collect()))
        }
        "lds" => match rest.parse::<u32>() {
            Ok(bytes) if bytes <= 64 << 10 => spec(What::Lds(bytes)),
            _ => Err(format!("`{rest}` is no number of bytes up to 65536, which a workgroup's LDS has")),
        },
        "in" => spec(What::In(path(rest, "the file")?)),
        "inout" => match rest.split_once(':') {
            Some((from, to)) => spec(What::InOut(path(from, "the first file")?, path(to, "the second file")?)),
            None => Err("wanted are two files: inout:FILE.npy:OUT.npy".into()),
        },
        "buf" => match rest.split_once(':') {
            Some((from, to)) => spec(What::Raw(path(from, "the file")?, Some(path(to, "the second file")?))),
            None => spec(What::Raw(path(rest, "the file")?, None)),
        },
        "out" => match rest.splitn(3, ':').collect::<Vec<_>>()[..] {
            [dtype, count, file] => {
                let known = Dtype::parse(dtype);
                let dtype = known.ok_or_else(|| format!("`{dtype}` is no element type: wanted is {}", forms()))?;
                spec(What::Out(dtype, extents(count, dtype.size)?, path(file, "the file")?))
            }
            _ => Err("wanted is out:TYPE:COUNT:FILE.npy, such as out:f32:1024:y.npy".into()),
        },
        _ => Err(format!("wanted is {}", forms())),
    }
}

/// An argument with its data.
#[derive(Debug)]
pub enum Given {
    /// By value.
    Value(Vec<u8>),
    /// No address.
    Null,
    /// A buffer with this content.
    Buffer {
        /// Before the run.
        content: Content,
        /// Where it goes after it.
        output: Option<Target>,
        /// Whether the kernel is taken to write it.
        writes: bool,
    },
}

/// What a buffer begins with.
#[derive(Debug)]
pub enum Content {
    /// A file's.
    Bytes(Vec<u8>),
    /// So many zeros, which nobody has to copy.
    Zeros(usize),
}

/// A file for a buffer's content.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where.
    pub path: PathBuf,
    /// Element type and extents of a `.npy`; none of raw bytes.
    pub npy: Option<(String, Vec<u64>)>,
}

impl Target {
    /// Writes what the buffer holds, by pieces: it may be larger than memory has room for once more. A piece is small,
    /// because the software device's time limit is one for copies, too.
    pub fn write(&self, buffer: &Buffer<u8>) -> anyhow::Result<()> {
        const PIECE: usize = 1 << 20;
        let header = self.npy.as_ref().map(|(descr, dims)| array::header(descr, dims)).unwrap_or_default();
        let failed = |e: io::Error| unwritable(&self.path, &e);
        let mut file = File::create(&self.path).map_err(failed)?;
        file.write_all(&header).map_err(failed)?;
        let mut piece = vec![0; PIECE.min(buffer.len())];
        for start in (0..buffer.len()).step_by(PIECE) {
            signals::check()?;
            let piece = &mut piece[..PIECE.min(buffer.len() - start)];
            buffer.read_at(start, piece)?;
            file.write_all(piece).map_err(failed)?;
        }
        Ok(())
    }

    /// Fails early where it surely can't be written.
    fn check(&self) -> Result<(), Failure> {
        let folder = self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match fs::metadata(folder) {
            Ok(meta) if meta.is_dir() && !self.path.is_dir() => Ok(()),
            Ok(meta) if meta.is_dir() => Err(unwritable(&self.path, &std::io::ErrorKind::IsADirectory.into())),
            Ok(_) => Err(unwritable(&self.path, &std::io::ErrorKind::NotADirectory.into())),
            Err(e) => Err(unwritable(&self.path, &e)),
        }
    }
}

/// An argument in words: `argument 1 (n)`.
pub fn named(index: usize, arg: &Arg) -> String {
    match &arg.name {
        Some(name) => format!("argument {index} ({name})"),
        None => format!("argument {index}"),
    }
}

/// The kernel's explicit arguments, a line each.
pub fn wanted(kernel: &KernelInfo) -> String {
    let lines = kernel.explicit_args().enumerate().map(|(i, arg)| {
        let ty = arg.type_name.as_ref().map(|t| format!(", {t}")).unwrap_or_default();
        format!("{}: {}, {} bytes{ty}", named(i, arg), arg.kind.as_str(), arg.size)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Checks the arguments against the kernel's and reads their files. Gives them with the dynamic LDS that `lds:`
/// arguments add.
pub fn load(specs: &[Spec], kernel: &KernelInfo) -> Result<(Vec<Given>, u32), Failure> {
    let expected = kernel.explicit_args().count();
    if specs.len() != expected {
        let many = |n: usize| if n == 1 { "1 argument".to_owned() } else { format!("{n} arguments") };
        return Err(Failure::usage(
            format!(
                "kernel {} takes {}, and {} given",
                kernel.name,
                many(expected),
                match specs.len() {
                    1 => "1 is".to_owned(),
                    n => format!("{n} are"),
                }
            ),
            if expected == 0 { "its metadata has no explicit argument".to_owned() } else { wanted(kernel) },
            "give one `--arg` for each, in this order; hidden arguments are filled in",
        ));
    }
    check_outputs(specs)?;
    check_memory(specs)?;
    let mut lds = 0u32;
    let mut given = Vec::new();
    for (index, (spec, arg)) in specs.iter().zip(kernel.explicit_args()).enumerate() {
        let refuse = |why: String, next: &str| {
            Failure::usage(format!("kernel {} does not take `--arg {}`", kernel.name, spec.text), why, next)
        };
        let name = named(index, arg);
        let value = match (&arg.kind, &spec.what) {
            (ValueKind::GlobalBuffer, What::Value(_, bytes)) if bytes.len() == 8 && bytes.iter().all(|&b| b == 0) => {
                Given::Null
            }
            (ValueKind::GlobalBuffer, What::Value(..) | What::Lds(_)) => {
                return Err(refuse(
                    format!("{name} is a pointer, and this is a value"),
                    "give a buffer: `in:`, `out:`, `inout:` or `buf:`, or `null`",
                ));
            }
            (ValueKind::GlobalBuffer, what) => buffer(what)?,
            (ValueKind::DynamicSharedPointer, What::Lds(bytes)) => {
                // 16 bytes suit every type that LDS instructions take.
                let at = kernel.lds_bytes.saturating_add(lds).next_multiple_of(16);
                lds = (at - kernel.lds_bytes).saturating_add(*bytes);
                Given::Value(at.to_le_bytes().to_vec())
            }
            (ValueKind::DynamicSharedPointer, what) if !matches!(what, What::Value(_, b) if b.len() == 4) => {
                return Err(refuse(
                    format!("{name} is a pointer into the workgroup's LDS: it takes an amount of that"),
                    "give `lds:BYTES`; or its offset there as `u32:`, and the size with --lds",
                ));
            }
            (_, What::Value(_, bytes)) if bytes.len() != arg.size as usize => {
                return Err(refuse(
                    format!("{name} has {} bytes, and this value {}", arg.size, bytes.len()),
                    "give a value of that size, or its bytes with `hex:`",
                ));
            }
            (_, What::Value(Some(dtype), _)) if value::declared(arg).is_some_and(|want| !dtype.stands_for(&want)) => {
                let ty = arg.type_name.as_ref().or(arg.value_type.as_ref()).map_or("another type", String::as_str);
                let want = value::declared(arg).map_or("its type", |want| want.name);
                return Err(refuse(
                    format!("{name} is declared as {ty}, and this value is {dtype}"),
                    &format!("give it as `{want}:`, or its bytes as they are with `hex:`"),
                ));
            }
            (_, What::Value(_, bytes)) => Given::Value(bytes.clone()),
            (kind, _) => {
                return Err(refuse(
                    format!("{name} is {} of {} bytes, and no buffer", kind.as_str(), arg.size),
                    "give a value, such as `i32:7`, or its bytes with `hex:`",
                ));
            }
        };
        given.push(value);
    }
    Ok((given, lds))
}

/// The file that an argument goes to.
fn output(what: &What) -> Option<&Path> {
    match what {
        What::Out(.., to) | What::InOut(_, to) | What::Raw(_, Some(to)) => Some(to),
        _ => None,
    }
}

/// Refuses two outputs in one file, of which the second would replace the first. Devices take any number.
fn check_outputs(specs: &[Spec]) -> Result<(), Failure> {
    let file = |path: &Path| match fs::canonicalize(path) {
        Ok(file) => file.is_file().then_some(file),
        Err(_) => {
            let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            Some(fs::canonicalize(folder).ok()?.join(path.file_name()?))
        }
    };
    let mut seen: Vec<(usize, PathBuf)> = Vec::new();
    for (index, spec) in specs.iter().enumerate() {
        let Some(path) = output(&spec.what) else { continue };
        let Some(file) = file(path) else { continue };
        if let Some((first, _)) = seen.iter().find(|(_, other)| *other == file) {
            return Err(Failure::usage(
                format!("two arguments are written to {}", path.display()),
                format!("arguments {first} and {index}: the second would replace the first"),
                "give each a file of its own",
            ));
        }
        seen.push((index, file));
    }
    Ok(())
}

/// Refuses buffers that this machine's free memory cannot hold, before anything is allocated for them.
fn check_memory(specs: &[Spec]) -> Result<(), Failure> {
    let of_file = |path: &Path| fs::metadata(path).map_or(0, |meta| meta.len());
    // A file's content lies on the device and on the host.
    let bytes = |what: &What| match what {
        What::Out(dtype, dims, _) => dims.iter().product::<u64>() * dtype.size as u64,
        What::In(from) | What::InOut(from, _) | What::Raw(from, _) => of_file(from).saturating_mul(2),
        _ => 0,
    };
    let needed = specs.iter().fold(0u64, |sum, spec| sum.saturating_add(bytes(&spec.what)));
    let (index, most) = specs.iter().map(|s| bytes(&s.what)).enumerate().max_by_key(|(_, b)| *b).unwrap_or_default();
    let gib = |bytes: u64| bytes as f64 / (1u64 << 30) as f64;
    match available_memory() {
        Some(free) if needed > free => Err(Failure::file(
            "out-of-memory",
            "the buffers are too large for this machine",
            format!(
                "they need {:.1} GiB, argument {index} most of all ({:.1}), and {:.1} GiB are free",
                gib(needed),
                gib(most),
                gib(free)
            ),
            "give a smaller COUNT or smaller files, or split the work over several runs",
        )),
        _ => Ok(()),
    }
}

fn buffer(what: &What) -> Result<Given, Failure> {
    let (content, output, writes) = match what {
        What::In(from) => (Content::Bytes(array::read(from)?.data), None, false),
        What::InOut(from, to) => {
            let Array { descr, dims, data } = array::read(from)?;
            (Content::Bytes(data), Some(Target { path: to.clone(), npy: Some((descr, dims)) }), true)
        }
        What::Out(dtype, dims, to) => {
            let bytes = dims.iter().product::<u64>() * dtype.size as u64;
            let npy = Some((dtype.descr.to_owned(), dims.clone()));
            (Content::Zeros(bytes as usize), Some(Target { path: to.clone(), npy }), true)
        }
        What::Raw(from, to) => {
            (Content::Bytes(array::whole(from, u64::MAX)?), to.clone().map(|path| Target { path, npy: None }), true)
        }
        _ => return Ok(Given::Null),
    };
    if let Some(target) = &output {
        target.check()?;
    }
    Ok(Given::Buffer { content, output, writes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_told_apart() {
        let what = |text: &str| parse(text).unwrap().what;
        assert_eq!(what("f32:1.5"), What::Value(Dtype::parse("f32"), 1.5f32.to_le_bytes().to_vec()));
        assert_eq!(what("hex:00002040"), What::Value(None, vec![0, 0, 0x20, 0x40]));
        assert_eq!(what("in:a.npy"), What::In("a.npy".into()));
        assert_eq!(what("buf:a"), What::Raw("a".into(), None));
        assert_eq!(what("buf:a:b"), What::Raw("a".into(), Some("b".into())));
        assert_eq!(what("inout:a.npy:b.npy"), What::InOut("a.npy".into(), "b.npy".into()));
        assert_eq!(what("lds:256"), What::Lds(256));
        let What::Out(dtype, dims, file) = what("out:float32:4x5:y.npy") else { panic!("no out") };
        assert_eq!((dtype.name, dims, file), ("f32", vec![4, 5], PathBuf::from("y.npy")));
        for bad in [
            "",
            "7",
            "f32",
            "f32:",
            "hex:",
            "hex:0",
            "hex:0g",
            "in:",
            "buf:",
            "inout:a",
            "out:f32:4",
            "out:f9:4:y",
            "out:f32:x:y",
            "out:f64:99999999999999999999:y",
            "out:f64:9999999999999x9999999:y",
            "lds:70000",
            "ptr:0",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
