//! Arrays of any element type in `.npy` files, as bytes.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use npyz::{DType, NpyFile, Order};

use super::value::DTYPES;
use crate::cli::Failure;
use crate::cli::conv2d::npy::{check_header, malformed, tuple};

/// An array in C order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Array {
    /// `'<f4'`.
    pub descr: String,
    /// Extents, the slowest first.
    pub dims: Vec<u64>,
    /// The elements' bytes.
    pub data: Vec<u8>,
}

/// A file that cannot be read.
pub fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::file(
        "file-unreadable",
        format!("{} cannot be read", path.display()),
        error.to_string(),
        "check the path and its permissions",
    )
}

/// Opens a file that can be read to its end: a regular one. Another may never end, or wait for a writer.
///
/// # Errors
/// One that cannot be opened, is none, or has more than `limit` bytes.
fn open(path: &Path, limit: u64) -> Result<(File, u64), Failure> {
    // It is looked at first: opening a FIFO waits.
    let meta = fs::metadata(path).map_err(|e| unreadable(path, &e))?;
    if !meta.is_file() {
        let kind = match meta.file_type() {
            t if t.is_dir() => "a folder",
            t if t.is_fifo() => "a pipe",
            t if t.is_char_device() || t.is_block_device() => "a device",
            _ => "a socket",
        };
        return Err(Failure::file(
            "file-not-regular",
            format!("{} cannot be read", path.display()),
            format!("it is {kind}, and only regular files are read, whose size is known beforehand"),
            "copy what it gives into a file, and name that",
        ));
    }
    if meta.len() > limit {
        return Err(Failure::file(
            "file-too-large",
            format!("{} is too large", path.display()),
            format!("it has {} bytes, and {limit} ({} MiB) are the most", meta.len(), limit >> 20),
            "take the entry for the device out of it: clang-offload-bundler --unbundle",
        ));
    }
    Ok((File::open(path).map_err(|e| unreadable(path, &e))?, meta.len()))
}

/// A regular file's bytes, at most `limit`.
pub fn whole(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let (file, len) = open(path, limit)?;
    let mut bytes = Vec::new();
    // What this machine cannot hold is an error, not the end of the process.
    let room = bytes.try_reserve_exact(len as usize).map_err(|_| io::ErrorKind::OutOfMemory.into());
    // One that grows meanwhile is read as far as it went.
    room.and_then(|()| file.take(len).read_to_end(&mut bytes)).map_err(|e| unreadable(path, &e))?;
    Ok(bytes)
}

/// Reads an array whose elements are numbers of 1 to 8 bytes, little-endian.
pub fn read(path: &Path) -> Result<Array, Failure> {
    let (file, len) = open(path, u64::MAX)?;
    let mut reader = BufReader::new(file);
    let data_at = check_header(path, &mut reader, len).map_err(|e| e.failure(path))?;
    reader.seek(SeekFrom::Start(0)).map_err(|e| unreadable(path, &e))?;
    let npy = NpyFile::new(&mut reader).map_err(|e| {
        // The parser draws where it stopped over several lines; the first says what it wanted.
        let text = e.to_string();
        let first = text.lines().next().unwrap_or_default().trim_end_matches(':');
        malformed(path, format!("its header cannot be parsed: {first}"))
    })?;
    let descr = match npy.dtype() {
        DType::Plain(t) => t.to_string(),
        other => other.descr(),
    };
    let known = DTYPES.iter().find(|t| t.descr == descr).map(|t| t.size);
    let Some(size) = known.or_else(|| (descr == "|b1").then_some(1)) else {
        return Err(Failure::file(
            "npy-dtype",
            format!("{} has an element type that no argument has", path.display()),
            format!("its dtype is '{descr}', and little-endian numbers of 1 to 8 bytes are wanted, such as '<f4'"),
            "convert it, or give the raw bytes with `buf:`",
        ));
    };
    let (dims, order) = (npy.shape().to_vec(), npy.order());
    let count = dims.iter().try_fold(1u64, |a, &d| a.checked_mul(d));
    let bytes = count.and_then(|c| c.checked_mul(size as u64));
    let held = len.saturating_sub(data_at);
    // A header may claim anything: nothing is allocated before the file is known to hold it.
    let Some(bytes) = bytes.filter(|&b| b <= held) else {
        let needs = bytes.map_or("more bytes than can be counted".into(), |b| format!("{b} bytes"));
        return Err(Failure::file(
            "npy-truncated",
            format!("{} is shorter than its header says", path.display()),
            format!("its shape {} of '{descr}' needs {needs} of data, and the file holds {held}", tuple(&dims)),
            "write or copy the file again",
        ));
    };
    let mut data = vec![0; bytes as usize];
    let read = reader.seek(SeekFrom::Start(data_at)).and_then(|_| reader.read_exact(&mut data));
    read.map_err(|e| malformed(path, format!("its data cannot be read: {e}")))?;
    if order == Order::Fortran && dims.len() > 1 && !data.is_empty() {
        data = from_fortran(&dims, size, &data);
    }
    Ok(Array { descr, dims, data })
}

/// Elements that lie first dimension fastest, put last dimension fastest.
fn from_fortran(dims: &[u64], size: usize, data: &[u8]) -> Vec<u8> {
    // The extents' product fits, and none of them is 0.
    let dims: Vec<usize> = dims.iter().map(|&d| d as usize).collect();
    let mut strides = Vec::with_capacity(dims.len());
    let mut stride = 1;
    for d in &dims {
        strides.push(stride);
        stride *= d;
    }
    let mut at = vec![0; dims.len()];
    let mut out = Vec::with_capacity(data.len());
    for _ in 0..data.len() / size {
        let from: usize = at.iter().zip(&strides).map(|(i, s)| i * s).sum();
        out.extend_from_slice(&data[size * from..size * (from + 1)]);
        for axis in (0..dims.len()).rev() {
            at[axis] += 1;
            if at[axis] < dims[axis] {
                break;
            }
            at[axis] = 0;
        }
    }
    out
}

/// What stands before the data: a header of version 1.0, padded to 64 as NumPy does.
pub fn header(descr: &str, dims: &[u64]) -> Vec<u8> {
    let dims = tuple(dims);
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {dims}, }}");
    let total = (10 + header.len() + 1).next_multiple_of(64);
    header += &" ".repeat(total - 10 - header.len() - 1);
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes
}
