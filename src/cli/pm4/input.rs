//! What the `pm4` commands read: streams as text or binary, bundles, buffer maps, code objects.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use sparkle_pm4::capture::{self, Bundle, facts};
use sparkle_pm4::object::CodeObject;
use sparkle_pm4::pm4::submission::{
    Access, BufferInfo, BufferMap, Ib, KernelFacts, Residency, Ring, Submission, canonical,
};
use sparkle_pm4::pm4::{Gfx, UnknownGfx, UnknownRing};

use crate::cli::Failure;

/// A stream, and what is known of its surroundings.
#[derive(Debug, clap::Args)]
pub struct Source {
    /// Dwords in hexadecimal (whitespace between them, `#` starts a comment) or in binary, little-endian, or a bundle
    /// of `pm4 dump`; `-` is standard input.
    #[arg(value_name = "FILE|-")]
    pub file: Option<PathBuf>,
    /// A stream that the same submission executes before this one, as a preamble; may be repeated.
    #[arg(long, value_name = "FILE")]
    before: Vec<PathBuf>,
    /// The ring that executes the stream [default: compute].
    #[arg(long, value_name = "RING", value_parser = rings())]
    ring: Option<Ring>,
    /// The device's target [default: gfx1100].
    #[arg(long, value_name = "GFX", value_parser = targets())]
    gfx: Option<Gfx>,
    /// GPU address of the first dword.
    #[arg(long, value_name = "VA", value_parser = dword_address)]
    base: Option<u64>,
    /// Buffers, a line each: `VA BYTES ACCESS STATE NAME`, as in
    /// `0x800000000 0x1000 rw- listed results`; `#` starts a comment line.
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// A code object, and the address that its image is loaded at: `k.hsaco@0x800000000`.
    #[arg(long, value_name = "FILE.hsaco@VA", value_parser = placed)]
    kernel: Vec<Placed>,
}

/// A code object's place.
#[derive(Debug, Clone)]
struct Placed {
    file: PathBuf,
    va: u64,
}

/// What was read.
#[derive(Debug)]
pub struct Input {
    /// What messages call it.
    pub name: String,
    /// The bundle that it came from; none for dwords alone.
    pub bundle: Option<Bundle>,
    /// The submission; for dwords alone one indirect buffer.
    pub submission: Submission,
}

fn rings() -> impl TypedValueParser<Value = Ring> {
    PossibleValuesParser::new(Ring::ALL.map(Ring::name))
        .try_map(|name| name.parse::<Ring>().map_err(|e: UnknownRing| e))
}

fn targets() -> impl TypedValueParser<Value = Gfx> {
    PossibleValuesParser::new(Gfx::ALL.map(Gfx::name)).try_map(|name| name.parse::<Gfx>().map_err(|e: UnknownGfx| e))
}

fn placed(text: &str) -> Result<Placed, String> {
    let (file, va) = text.rsplit_once('@').ok_or("the address is missing; write k.hsaco@0x800000000")?;
    if file.is_empty() {
        return Err("the file is missing; write k.hsaco@0x800000000".into());
    }
    Ok(Placed { file: file.into(), va: address(va)? })
}

impl Source {
    /// Reads everything that the arguments name.
    pub fn read(&self) -> Result<Input, Failure> {
        let Some(file) = &self.file else {
            return Err(Failure::usage(
                "the stream is missing",
                "the command line names no FILE",
                "give the path of a stream or a bundle, or `-` for standard input",
            ));
        };
        let (name, bytes) = read_input(file)?;
        let binary = file.extension().is_some_and(|e| e.eq_ignore_ascii_case("bin"));
        let mut input = if !binary && capture::is_bundle(&bytes) {
            self.bundle(name, &bytes)?
        } else {
            let words = dwords(&name, file.extension(), &bytes)?;
            let ring = self.ring.unwrap_or(Ring::Compute);
            let mut submission = Submission::of_words(self.gfx.unwrap_or(Gfx::Gfx1100), ring, words);
            submission.ibs[0].va = self.base;
            for (number, file) in self.before.iter().enumerate() {
                let (name, bytes) = read_input(file)?;
                let words = dwords(&name, file.extension(), &bytes)?;
                submission.ibs.insert(number, Ib { name: shorten(&name).into_owned(), va: None, words });
            }
            if !self.before.is_empty()
                && let Some(last) = submission.ibs.last_mut()
            {
                last.name = shorten(&name).into_owned();
            }
            if let Some(map) = &self.map {
                submission.buffers = buffer_map(map)?;
            }
            Input { name, bundle: None, submission }
        };
        for placed in &self.kernel {
            input.submission.kernels.extend(kernels(placed)?);
        }
        facts::complete(&mut input.submission);
        Ok(input)
    }

    fn bundle(&self, name: String, bytes: &[u8]) -> Result<Input, Failure> {
        let given = [
            (self.ring.is_some(), "--ring"),
            (self.gfx.is_some(), "--gfx"),
            (self.base.is_some(), "--base"),
            (self.map.is_some(), "--map"),
            (!self.before.is_empty(), "--before"),
        ];
        if let Some((_, flag)) = given.iter().find(|(given, _)| *given) {
            return Err(Failure::usage(
                format!("{flag} cannot be given with a bundle"),
                format!("{name} is one, and says it itself"),
                format!("leave {flag} out, or change the bundle, which is text"),
            ));
        }
        let bundle = super::bundle(&name, bytes)?;
        Ok(Input { name, submission: bundle.submission.clone(), bundle: Some(bundle) })
    }
}

/// The kernels of a code object.
fn kernels(placed: &Placed) -> Result<Vec<KernelFacts>, Failure> {
    let (name, bytes) = read_input(&placed.file)?;
    let refuse = |error: sparkle_pm4::object::ObjectError| Failure {
        exit: crate::cli::exit::FAILED,
        code: error.code().into(),
        what: format!("{name} cannot be used"),
        evidence: error.to_string(),
        next: error.hint().to_string(),
    };
    let object = CodeObject::parse(&bytes).map_err(refuse)?;
    object.kernels().iter().map(|k| facts::of_object(&object, &k.name, placed.va).map_err(refuse)).collect()
}

/// Most lines of a buffer map.
const MAP_LINES: usize = 1 << 16;

fn buffer_map(file: &Path) -> Result<BufferMap, Failure> {
    let (name, bytes) = read_input(file)?;
    let bad = |line: usize, why: String| {
        Failure::file(
            "pm4-bad-map",
            format!("{name}, line {line}: {why}"),
            "a line is VA BYTES ACCESS STATE NAME".to_owned(),
            "write it as 0x800000000 0x1000 rw- listed results; `#` starts a comment line",
        )
    };
    let text = std::str::from_utf8(&bytes).map_err(|_| bad(1, "the file is no text".into()))?;
    let mut buffers: Vec<(usize, BufferInfo)> = Vec::new();
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let buffer = map_line(line).map_err(|why| bad(number + 1, why))?;
        if buffers.len() == MAP_LINES {
            return Err(bad(number + 1, format!("there are more than {MAP_LINES} buffers")));
        }
        buffers.push((number + 1, buffer));
    }
    let mut live: Vec<_> = buffers.iter().filter(|(_, b)| b.residency != Residency::Freed).collect();
    live.sort_by_key(|(_, b)| b.va);
    if let Some([(_, below), (line, above)]) = live.windows(2).find(|w| w[0].1.range().end > w[1].1.va) {
        return Err(bad(*line, format!("{:#x} lies within {:?}", above.va, shorten(&below.name))));
    }
    Ok(BufferMap::new(buffers.into_iter().map(|(_, b)| b).collect()))
}

fn map_line(line: &str) -> Result<BufferInfo, String> {
    let mut rest = line;
    let mut word = |what: &str| {
        let (word, more) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        rest = more.trim_start();
        if word.is_empty() { Err(format!("{what} is missing")) } else { Ok(word) }
    };
    let (va, bytes, access, state) = (word("VA")?, word("BYTES")?, word("ACCESS")?, word("STATE")?);
    let number = |what, text| address(text).map_err(|why| format!("{what} {:?}: {why}", shorten(text)));
    let (va, bytes) = (number("VA", va)?, number("BYTES", bytes)?);
    if canonical(va) != va {
        return Err(format!("VA {va:#x}: bits 63:48 of an address repeat bit 47"));
    }
    if bytes == 0 || va.checked_add(bytes).is_none() {
        return Err(format!("BYTES {bytes:#x}: a buffer is not empty and ends below 2^64"));
    }
    let refuse = || format!("ACCESS {:?}: r, w and x, each or `-`, as in rw-", shorten(access));
    let [r, w, x] = <[u8; 3]>::try_from(access.as_bytes()).map_err(|_| refuse())?;
    let bit = |given, letter| match given {
        b'-' => Ok(false),
        given if given == letter => Ok(true),
        _ => Err(refuse()),
    };
    let access = Access { read: bit(r, b'r')?, write: bit(w, b'w')?, execute: bit(x, b'x')? };
    let states = Residency::ALL.map(Residency::name).join(", ");
    let residency = Residency::ALL.into_iter().find(|r| r.name() == state);
    let residency = residency.ok_or_else(|| format!("STATE {:?}: there are {states}", shorten(state)))?;
    if rest.is_empty() {
        return Err("NAME is missing".into());
    }
    let name = rest.chars().map(|c| if c.is_control() { '?' } else { c }).take(120).collect();
    Ok(BufferInfo { name, va, bytes, access, residency, content: Vec::new() })
}

/// Name for messages, and content.
pub fn read_input(file: &Path) -> Result<(String, Vec<u8>), Failure> {
    let stdin = file == Path::new("-");
    let name = if stdin { "standard input".to_owned() } else { file.display().to_string() };
    let read = |from: &mut dyn Read| {
        let mut bytes = Vec::new();
        from.take(INPUT_MAX + 1).read_to_end(&mut bytes).map(|_| bytes)
    };
    let bytes = match stdin {
        true => read(&mut io::stdin().lock()),
        false => fs::File::open(file).and_then(|mut file| read(&mut file)),
    };
    match bytes {
        Ok(bytes) if bytes.len() as u64 > INPUT_MAX => Err(Failure::file(
            "file-too-large",
            format!("{name} is too large"),
            format!("it has more than {} MiB", INPUT_MAX >> 20),
            "give a file of this size at the most",
        )),
        Ok(bytes) => Ok((name, bytes)),
        Err(error) => Err(Failure::file(
            "unreadable-file",
            format!("{name} cannot be read"),
            error.to_string(),
            "give the path of a readable file, or `-` for standard input",
        )),
    }
}

/// Bytes of a file at most.
const INPUT_MAX: u64 = 256 << 20;

/// The stream's dwords: binary where the name ends in `.bin` or the content is no text.
fn dwords(name: &str, extension: Option<&OsStr>, bytes: &[u8]) -> Result<Vec<u32>, Failure> {
    let binary = extension.is_some_and(|extension| extension.eq_ignore_ascii_case("bin"));
    match std::str::from_utf8(bytes) {
        Ok(text) if !binary && is_text(text) => hex_dwords(name, text),
        _ if !bytes.len().is_multiple_of(4) => Err(Failure::file(
            "pm4-odd-length",
            format!("{name} is no stream of whole dwords"),
            format!("it is binary and has {} bytes, which is not a multiple of 4", bytes.len()),
            "give the whole stream, or hexadecimal text",
        )),
        _ => Ok(bytes.as_chunks::<4>().0.iter().map(|&word| u32::from_le_bytes(word)).collect()),
    }
}

/// Whether there is nothing in it that only binary files have.
pub fn is_text(text: &str) -> bool {
    text.chars().all(|c| !c.is_control() || c.is_whitespace())
}

fn hex_dwords(name: &str, text: &str) -> Result<Vec<u32>, Failure> {
    let mut words = Vec::new();
    // A byte-order mark is what some editors begin a text with.
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let code = line.split_once('#').map_or(line, |(code, _)| code);
        for token in code.split_whitespace() {
            let digits = token.strip_prefix("0x").or_else(|| token.strip_prefix("0X")).unwrap_or(token);
            // `from_str_radix` takes a sign, which a dword has not.
            let word = if digits.starts_with(['+', '-']) { None } else { u32::from_str_radix(digits, 16).ok() };
            words.push(word.ok_or_else(|| {
                let many = digits.len() > 8 && digits.chars().all(|c| c.is_ascii_hexdigit());
                let why = if many { "is longer than 8 digits" } else { "is no hexadecimal dword" };
                Failure::file(
                    "pm4-bad-token",
                    format!("{name}, line {}: {:?} {why}", number + 1, shorten(token)),
                    format!("the line reads {:?}", shorten(line.trim())),
                    "write dwords as c0001000 or 0xc0001000 with whitespace between them; `#` starts a comment",
                )
            })?);
        }
    }
    Ok(words)
}

/// Enough of a text to recognise it.
pub fn shorten(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

pub fn address(text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if !digits.starts_with('+') => u64::from_str_radix(digits, 16),
        _ => text.parse(),
    };
    match parsed {
        Ok(va) => Ok(va),
        Err(error) => Err(format!("{error}; write it as 0x800000000 or in decimal")),
    }
}

/// The address of a dword.
pub fn dword_address(text: &str) -> Result<u64, String> {
    match address(text)? {
        va if va.is_multiple_of(4) => Ok(va),
        _ => Err("a dword's address is a multiple of 4".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit;

    fn words(text: &str) -> Result<Vec<u32>, Failure> {
        dwords("s.hex", None, text.as_bytes())
    }

    #[test]
    fn hexadecimal_text_is_taken_in_every_usual_form() {
        let text = "# a stream\nc0017600 0x212\n  0X602C0002 # RSRC1\n\nc0004600\t407\r\n";
        assert_eq!(words(text).unwrap(), [0xc0017600, 0x212, 0x602c0002, 0xc0004600, 0x407]);
        assert_eq!(words("").unwrap(), [] as [u32; 0]);
        assert_eq!(words("\u{feff}ffff1000").unwrap(), [0xffff1000]);
    }

    #[test]
    fn a_bad_token_is_named_with_its_file_and_line() {
        for (text, line, token) in [
            ("c0017600\n212 zebra", 2, "zebra"),
            ("0x", 1, "0x"),
            ("123456789", 1, "123456789"),
            ("\n\n-1", 3, "-1"),
            ("+1", 1, "+1"),
            ("c0017600,", 1, "c0017600,"),
            ("ä", 1, "ä"),
        ] {
            let failure = words(text).unwrap_err();
            assert_eq!(failure.exit, exit::FAILED);
            assert!(failure.what.contains(&format!("s.hex, line {line}: {token:?}")), "{}", failure.what);
        }
    }

    #[test]
    fn binary_is_little_endian_and_whole_dwords() {
        let bytes = [0x00, 0x76, 0x01, 0xc0, 0x12, 0x02, 0x00, 0x00];
        assert_eq!(dwords("s", None, &bytes).unwrap(), [0xc0017600, 0x212]);
        assert!(dwords("s", None, &bytes[..7]).unwrap_err().evidence.contains("7 bytes"));
        // The name decides where the content could be either.
        assert_eq!(dwords("s.bin", Some(OsStr::new("bin")), b"c000").unwrap(), [u32::from_le_bytes(*b"c000")]);
    }

    #[test]
    fn addresses_are_read_in_both_bases() {
        assert_eq!(address("0x8_00").ok(), None);
        assert_eq!(address("0x800000000"), Ok(0x8_0000_0000));
        assert_eq!(address("4096"), Ok(4096));
        assert!(dword_address("0x1001").is_err() && address("").is_err() && address("0x+4").is_err());
    }

    #[test]
    fn a_map_line_has_five_parts() {
        let buffer = map_line("0x800000000  4096\trw- listed the  results").unwrap();
        assert_eq!((buffer.va, buffer.bytes, buffer.access), (0x8_0000_0000, 4096, Access::RW));
        assert_eq!(buffer.name, "the  results");
        for (line, says) in [
            ("0x1000", "BYTES is missing"),
            ("0x1000 16 rw- listed", "NAME is missing"),
            ("zebra 16 rw- listed x", "VA \"zebra\""),
            ("0x800000000000 16 rw- listed x", "repeat bit 47"),
            ("0x1000 0 rw- listed x", "not empty"),
            ("0xffffffffffffff00 0x101 rw- listed x", "ends below 2^64"),
            ("0x1000 16 rw listed x", "as in rw-"),
            ("0x1000 16 wr- listed x", "as in rw-"),
            ("0x1000 16 rw- gone x", "listed, always-valid"),
        ] {
            let why = map_line(line).unwrap_err();
            assert!(why.contains(says), "{line}: {why}");
        }
    }
}
