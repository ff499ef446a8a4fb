//! Tensors in `.npy` files, read without trusting a word of the header.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use npyz::{DType, Endianness, NpyFile, Order, TypeChar, WriterBuilder};
use sparkle_pm4::cpu::F16;

use super::Dtype;
use crate::cli::Failure;
use crate::cli::kernel::array::header;

/// Longest header that is read: numpy refuses headers beyond 10,000 characters too, for the parser's sake.
const HEADER_MAX: u64 = 10_000;
/// Deepest nesting of brackets; a shape in a dictionary has two.
const NESTING_MAX: usize = 8;

/// A tensor in C order.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Extents, the slowest first.
    pub dims: Vec<usize>,
    /// Elements, the last dimension fastest.
    pub data: Vec<f32>,
}

pub(in crate::cli) fn malformed(path: &Path, why: impl Into<String>) -> Failure {
    Failure::file(
        "npy-malformed",
        format!("{} is not a usable .npy file", path.display()),
        why,
        "write it again with numpy.save(FILE, array.astype('<f4'))",
    )
}

/// NumPy's names of an element type.
fn names(dtype: Dtype) -> (&'static str, &'static str) {
    match dtype {
        Dtype::F32 => ("<f4", "float32"),
        Dtype::F16 => ("<f2", "float16"),
    }
}

/// Reads a tensor of one of the ranks, whose elements are of one of `dtypes`, and widens it; `layout` names its dimensions for
/// messages, e.g. `NCHW`.
pub fn read(path: &Path, ranks: &[usize], layout: &str, dtypes: &[Dtype]) -> Result<Tensor, Failure> {
    let unreadable = |e: std::io::Error| {
        Failure::file(
            "file-unreadable",
            format!("{} cannot be read", path.display()),
            e.to_string(),
            "check the path and its permissions",
        )
    };
    let file = File::open(path).map_err(unreadable)?;
    let meta = file.metadata().map_err(unreadable)?;
    if !meta.is_file() {
        return Err(malformed(path, "it is no regular file, so that its size cannot be checked beforehand"));
    }
    let mut reader = BufReader::new(file);
    let data_at = check_header(path, &mut reader, meta.len()).map_err(|e| e.failure(path))?;
    reader.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let npy = NpyFile::new(&mut reader).map_err(|e| {
        // The parser draws where it stopped over several lines; the first says what it wanted.
        let text = e.to_string();
        let first = text.lines().next().unwrap_or_default().trim_end_matches(':');
        malformed(path, format!("its header cannot be parsed: {first}"))
    })?;

    let size = match npy.dtype() {
        DType::Plain(t) if t.type_char() == TypeChar::Float && t.endianness() == Endianness::Little => t.size_field(),
        _ => 0,
    };
    let Some(&dtype) = dtypes.iter().find(|dtype| dtype.bytes() as u64 == size) else {
        let (descr, name) = names(dtypes[0]);
        let other = match dtypes[0] {
            Dtype::F32 if size == 2 => ", or give `--dtype f16`",
            Dtype::F16 if size == 4 => ", or leave `--dtype f16` out",
            _ => "",
        };
        return Err(Failure::file(
            "npy-dtype",
            format!("{} has another element type than {name}", path.display()),
            format!("its dtype is {}, and '{descr}' (little-endian {name}) is wanted", npy.dtype().descr()),
            format!("convert it: numpy.save(FILE, array.astype('{descr}')){other}"),
        ));
    };
    let shape: Vec<u64> = npy.shape().to_vec();
    if !ranks.contains(&shape.len()) {
        let wanted = ranks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
        return Err(Failure::file(
            "npy-rank",
            format!("{} has the wrong rank", path.display()),
            format!("its shape is {}, and rank {wanted} ({layout}) is wanted", tuple(&shape)),
            format!("reshape it to {layout}"),
        ));
    }
    // A header may claim anything: nothing is allocated before the file is known to hold it.
    let count = shape.iter().try_fold(1u64, |a, &d| a.checked_mul(d));
    let bytes = count.and_then(|c| c.checked_mul(size));
    let held = meta.len().saturating_sub(data_at);
    if bytes.is_none_or(|b| b > held) {
        let needs = bytes.map_or("more bytes than can be counted".into(), |b| format!("{b} bytes"));
        return Err(Failure::file(
            "npy-truncated",
            format!("{} is shorter than its header says", path.display()),
            format!(
                "its shape {} of {} needs {needs} of data, and the file holds {held}",
                tuple(&shape),
                names(dtype).1
            ),
            "write or copy the file again",
        ));
    }
    let order = npy.order();
    let unread = |e: std::io::Error| malformed(path, format!("its data cannot be read: {e}"));
    let mut data = match dtype {
        Dtype::F32 => npy.into_vec::<f32>().map_err(unread)?,
        Dtype::F16 => {
            let mut bytes = vec![0; bytes.unwrap_or(0) as usize];
            let read = reader.seek(SeekFrom::Start(data_at)).and_then(|_| reader.read_exact(&mut bytes));
            read.map_err(unread)?;
            let (pairs, _) = bytes.as_chunks::<2>();
            pairs.iter().map(|bytes| F16::from_bits(u16::from_le_bytes(*bytes)).to_f32()).collect()
        }
    };
    // Each extent is at most the count, which fits: an extent beside a zero may not.
    let dims = shape.iter().map(|&d| usize::try_from(d)).collect::<Result<Vec<_>, _>>();
    let dims = dims.map_err(|_| malformed(path, format!("the shape {} is beyond this machine", tuple(&shape))))?;
    if order == Order::Fortran && dims.len() > 1 {
        data = from_fortran(&dims, &data);
    }
    Ok(Tensor { dims, data })
}

/// What is wrong with a header.
pub(in crate::cli) enum HeaderError {
    /// It could not be read.
    Io(std::io::Error),
    /// It is no header.
    Malformed(Failure),
}

impl HeaderError {
    /// As it is reported.
    pub(in crate::cli) fn failure(self, path: &Path) -> Failure {
        match self {
            Self::Io(e) => malformed(path, format!("it ends within its header ({e})")),
            Self::Malformed(f) => f,
        }
    }
}

impl From<std::io::Error> for HeaderError {
    fn from(e: std::io::Error) -> Self {
        Self::Io(e)
    }
}

/// Checks what the parser behind takes on trust: lengths, nesting and the product of the shape. Gives the data's offset.
pub(in crate::cli) fn check_header(path: &Path, reader: &mut impl Read, len: u64) -> Result<u64, HeaderError> {
    let bad = |why: String| HeaderError::Malformed(malformed(path, why));
    let mut start = [0; 8];
    let got = reader.take(8).read(&mut start)?;
    if got < 8 || &start[..6] != b"\x93NUMPY" {
        return Err(bad(format!("it begins with {:02x?}, and every .npy file with 93 4e 55 4d 50 59", &start[..got])));
    }
    let (text_at, text_len) = match start[6] {
        1 => {
            let mut n = [0; 2];
            reader.read_exact(&mut n)?;
            (10, u64::from(u16::from_le_bytes(n)))
        }
        2 | 3 => {
            let mut n = [0; 4];
            reader.read_exact(&mut n)?;
            (12, u64::from(u32::from_le_bytes(n)))
        }
        other => return Err(bad(format!("its format version is {other}.{}, and 1.0 to 3.0 are known", start[7]))),
    };
    if text_len > HEADER_MAX {
        return Err(bad(format!("its header claims {text_len} bytes, and an array's has {HEADER_MAX} at the most")));
    }
    if text_at + text_len > len {
        return Err(bad(format!("its header claims {text_len} bytes, and the file has {len} in all")));
    }
    let mut text = vec![0; text_len as usize];
    reader.read_exact(&mut text)?;
    let mut depth = 0usize;
    for b in &text {
        match b {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > NESTING_MAX {
            return Err(bad("its header nests brackets beyond any array's".into()));
        }
    }
    // The extents, found as text: their product must be countable before anything multiplies them.
    let text = String::from_utf8_lossy(&text);
    for after in text.split("'shape'").skip(1).chain(text.split("\"shape\"").skip(1)) {
        let tuple = after.split([')', ']']).next().unwrap_or_default();
        let extents = tuple.split(|c: char| !c.is_ascii_digit()).filter(|d| !d.is_empty());
        let mut product = Some(1u64);
        for digits in extents {
            product = product.zip(digits.parse::<u64>().ok()).and_then(|(p, d)| p.checked_mul(d.max(1)));
        }
        if product.and_then(|p| p.checked_mul(16)).is_none() {
            let tuple = tuple.trim_start_matches([':', ' ', '(', '[']);
            return Err(bad(format!("its shape ({tuple}) has more elements than can be counted")));
        }
    }
    Ok(text_at + text_len)
}

/// A shape as Python writes it.
pub(in crate::cli) fn tuple<T: ToString>(dims: &[T]) -> String {
    match dims {
        [one] => format!("({},)", one.to_string()),
        _ => format!("({})", dims.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// Elements that lie first dimension fastest, put last dimension fastest.
fn from_fortran(dims: &[usize], data: &[f32]) -> Vec<f32> {
    let mut strides = Vec::with_capacity(dims.len());
    let mut stride = 1;
    for d in dims {
        strides.push(stride);
        stride *= d;
    }
    let mut at = vec![0; dims.len()];
    let mut from = 0;
    let mut out = Vec::with_capacity(data.len());
    for _ in 0..data.len() {
        out.push(data[from]);
        for axis in (0..dims.len()).rev() {
            at[axis] += 1;
            from += strides[axis];
            if at[axis] < dims[axis] {
                break;
            }
            from -= strides[axis] * dims[axis];
            at[axis] = 0;
        }
    }
    out
}

/// Writes a tensor in C order.
pub fn write(path: &Path, dims: &[usize], data: &[f32], dtype: Dtype) -> std::io::Result<()> {
    let shape: Vec<u64> = dims.iter().map(|&d| d as u64).collect();
    let mut file = BufWriter::new(File::create(path)?);
    match dtype {
        Dtype::F32 => {
            let mut writer = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(&mut file).begin_nd()?;
            writer.extend(data.iter().copied())?;
            writer.finish()?;
        }
        Dtype::F16 => {
            file.write_all(&header(names(dtype).0, &shape))?;
            for v in data {
                file.write_all(&F16::from_f32(*v).to_bits().to_le_bytes())?;
            }
        }
    }
    file.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fortran_order_is_transposed() {
        // numpy.arange(24).reshape(2, 3, 4).ravel(order='F')
        let f: Vec<f32> = [0, 12, 4, 16, 8, 20, 1, 13, 5, 17, 9, 21, 2, 14, 6, 18, 10, 22, 3, 15, 7, 19, 11, 23]
            .map(|v| v as f32)
            .to_vec();
        let want: Vec<f32> = (0..24).map(|v| v as f32).collect();
        assert_eq!(from_fortran(&[2, 3, 4], &f), want);
    }
}
