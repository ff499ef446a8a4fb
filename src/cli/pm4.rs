//! `pm4`: command streams as text.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use sparkle_pm4::pm4::field::FieldDesc;
use sparkle_pm4::pm4::reg::{self, Space};
use sparkle_pm4::pm4::{HeaderFlags, Item, Listing, PacketDesc, Tail, decode};

use super::failure::Reported;
use super::{Failure, Output, exit};

/// Name of the form of `pm4 decode --json`.
const SCHEMA: &str = "sparkle-pm4/pm4-decode/1";

/// Arguments of `pm4`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print a stream: raw dwords, packets, registers, fields.
    Decode(DecodeArgs),
}

/// Arguments of `pm4 decode`.
#[derive(Debug, clap::Args)]
struct DecodeArgs {
    /// Dwords in hexadecimal (whitespace between them, `#` starts a comment) or in binary, little-endian; `-` is
    /// standard input.
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// GPU address of the first dword; the listing then shows addresses instead of indices.
    #[arg(long, value_name = "VA", value_parser = address)]
    base: Option<u64>,
}

/// Runs it.
pub fn run(args: Args, out: &Output) -> anyhow::Result<()> {
    match args.command {
        Command::Decode(args) => decode_file(&args, out),
    }
}

fn decode_file(args: &DecodeArgs, out: &Output) -> anyhow::Result<()> {
    let (name, bytes) = read_input(&args.file)?;
    let words = dwords(&name, args.file.extension(), &bytes)?;
    let items: Vec<Item<'_>> = decode(&words).collect();
    let wrong = items.iter().filter(|item| item.packet.is_err()).count();
    let failure =
        items.iter().find_map(|item| Some((item.offset, item.packet.as_ref().err()?))).map(|(at, error)| Failure {
            exit: exit::FAILED,
            code: error.code().into(),
            what: format!("{name}: {wrong} of {} packets cannot be decoded", items.len()),
            evidence: format!("the first stands at dword {at}: {error}"),
            next: error.hint().into(),
        });
    if out.json {
        let mut document = object(json!({
            "schema": SCHEMA,
            "dwords": words.len(),
            "undecodable": wrong,
            "items": items.iter().map(|item| item_json(item, args.base)).collect::<Vec<_>>(),
        }));
        document.insert("error".into(), failure.as_ref().map_or(Value::Null, Failure::document));
        out.document(&Value::Object(document))?;
        return failure.map_or(Ok(()), |failure| Err(Reported(failure).into()));
    }
    if words.is_empty() {
        out.note(&format!("{name} holds no dwords"));
    }
    out.text(&Listing::new(&words, args.base).to_string())?;
    failure.map_or(Ok(()), |failure| Err(failure.into()))
}

/// Name for messages, and content.
pub fn read_input(file: &Path) -> Result<(String, Vec<u8>), Failure> {
    let stdin = file == Path::new("-");
    let name = if stdin { "standard input".to_owned() } else { file.display().to_string() };
    let bytes = if stdin {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(file)
    };
    match bytes {
        Ok(bytes) => Ok((name, bytes)),
        Err(error) => Err(Failure::file(
            "unreadable-file",
            format!("{name} cannot be read"),
            error.to_string(),
            "give the path of a readable file, or `-` for standard input",
        )),
    }
}

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

fn address(text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if !digits.starts_with('+') => u64::from_str_radix(digits, 16),
        _ => text.parse(),
    };
    match parsed {
        Ok(va) if va.is_multiple_of(4) => Ok(va),
        Ok(_) => Err("a dword's address is a multiple of 4".into()),
        Err(error) => Err(format!("{error}; write it as 0x800000000 or in decimal")),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn item_json(item: &Item<'_>, base: Option<u64>) -> Value {
    let mut map = object(json!({
        "offset_dw": item.offset,
        "address": base.map(|va| format!("{:#x}", va.wrapping_add(item.offset as u64 * 4))),
        "words": item.words.iter().map(|word| format!("{word:#010x}")).collect::<Vec<_>>(),
    }));
    match &item.packet {
        Err(error) => {
            map.insert(
                "error".into(),
                json!({ "code": error.code(), "message": error.to_string(), "hint": error.hint() }),
            );
        }
        Ok(packet) => {
            map.insert("packet".into(), json!(packet.name()));
            map.insert("opcode".into(), json!(format!("{:#04x}", packet.opcode())));
            if item.flags != HeaderFlags::NONE {
                map.insert("header_flags".into(), json!(format!("{:#x}", item.flags.bits())));
            }
            if let Some(deviation) = &item.deviation {
                map.insert("warning".into(), json!({ "code": deviation.code(), "message": deviation.to_string() }));
            }
            if let Some(desc) = packet.desc() {
                let body = &item.words[1..];
                map.insert("fields".into(), fields(desc, body));
                if let Some(registers) = registers(desc, body) {
                    map.insert("registers".into(), registers);
                }
            }
        }
    }
    Value::Object(map)
}

fn fields(desc: &PacketDesc, body: &[u32]) -> Value {
    let fields = desc.fields.iter().map(|field| {
        let value = field.place.get(body);
        let shown = match field.values.and_then(|values| values.name_of(value)) {
            Some(name) => json!(name),
            // Beyond 53 bits a JSON number is not exact for every reader.
            None if field.place.width > 32 => json!(format!("{value:#x}")),
            None if !field.layout.is_empty() => layout(field.layout, value as u32),
            None => json!(value),
        };
        (field.name.to_owned(), shown)
    });
    Value::Object(fields.collect())
}

fn layout(fields: &[FieldDesc], bits: u32) -> Value {
    let fields = fields.iter().map(|field| {
        let value = field.get(bits);
        let name = field.values.and_then(|values| values.name_of(value.into()));
        (field.name.to_owned(), name.map_or(json!(value), |name| json!(name)))
    });
    Value::Object(fields.collect())
}

/// The registers that a packet writes, in order; none for a packet that writes none.
fn registers(desc: &PacketDesc, body: &[u32]) -> Option<Value> {
    let tail = body.get(desc.body_dwords..)?;
    let writes: Vec<(Space, u32, u32)> = match desc.tail? {
        Tail::Regs(space) => {
            let offset = desc.fields.iter().find(|field| field.name == "offset")?.place.get(body) as u32;
            (offset..).zip(tail).map(|(offset, &value)| (space, offset, value)).collect()
        }
        Tail::Pairs(space) => tail
            .chunks(3)
            .flat_map(|triple| {
                let offsets = [triple[0] & 0xffff, triple[0] >> 16];
                offsets.into_iter().zip(&triple[1..]).map(move |(offset, &value)| (space, offset, value))
            })
            .collect(),
        Tail::OffsetValue(space) => tail.chunks_exact(2).map(|pair| (space, pair[0] & 0xffff, pair[1])).collect(),
        Tail::Ranges(_) | Tail::Words { .. } => return None,
    };
    Some(writes.into_iter().map(|(space, offset, value)| register(space, offset, value)).collect())
}

fn register(space: Space, offset: u32, value: u32) -> Value {
    let address = space.address(offset);
    let known = address.and_then(reg::by_address);
    json!({
        "name": known.map(|register| register.name),
        "address": address.map(|address| format!("{address:#x}")),
        "value": format!("{value:#010x}"),
        "fields": known.filter(|register| !register.fields.is_empty()).map(|register| layout(register.fields, value)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn the_document_names_packets_registers_and_fields() {
        let words = [0xc0017600, 0x212, 0x602c0002, 0x0, 0xc0004600, 0x407];
        let items: Vec<Value> = decode(&words).map(|item| item_json(&item, Some(0x1000))).collect();
        assert_eq!(items[0]["packet"], "SET_SH_REG");
        assert_eq!(items[0]["registers"][0]["name"], "COMPUTE_PGM_RSRC1");
        assert_eq!(items[0]["registers"][0]["fields"]["VGPRS"], 2);
        assert_eq!(items[1]["error"]["code"], "pm4-type0");
        assert_eq!(items[2]["fields"]["event_type"], "CS_PARTIAL_FLUSH");
        assert_eq!(items[2]["address"], "0x1010");
    }

    #[test]
    fn any_dwords_make_a_document() {
        let mut x = 0x9e37_79b9u32;
        for _ in 0..20_000 {
            let words: [u32; 6] = std::array::from_fn(|k| {
                x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if k == 0 { x >> 24 << 8 | (x >> 5 & 7) << 16 | 3 << 30 } else { x }
            });
            let seen: usize =
                decode(&words).map(|item| item_json(&item, None)["words"].as_array().map_or(0, Vec::len)).sum();
            assert_eq!(seen, words.len());
        }
    }

    #[test]
    fn addresses_are_read_in_both_bases() {
        assert_eq!(address("0x8_00").ok(), None);
        assert_eq!(address("0x800000000"), Ok(0x8_0000_0000));
        assert_eq!(address("4096"), Ok(4096));
        assert!(address("0x1001").is_err() && address("").is_err() && address("0x+4").is_err());
    }
}
