//! Streams as text: the raw dword, then the packet, then what it sets.

use crate::decode::{Item, decode};
use crate::field::{Fields, Number};
use crate::packet::{FieldSpec, HeaderFlags, PacketDesc, Tail};
use crate::reg::{self, RegDesc, Space};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// The columns that a line keeps to, where its parts allow it.
const COLUMNS: usize = 80;

/// `words` as text, a line a dword. The first column is the dword's index, or its address where
/// `base_va` gives that of the first.
///
/// ```
/// let text = pm4::print(&[0xc0017600, 0x212, 0x602c0002, 0xc0004600, 0x407], None);
/// assert_eq!(text, "    0 c0017600 SET_SH_REG
///     1 00000212   offset=0x212
///     2 602c0002   COMPUTE_PGM_RSRC1 <- 0x602c0002 {VGPRS=2,
///                    FLOAT_MODE=FP_16_64_DENORMS, DX10_CLAMP=1, WGP_MODE=1,
///                    MEM_ORDERED=1}
///     3 c0004600 EVENT_WRITE
///     4 00000407   event_type=CS_PARTIAL_FLUSH, event_index=PARTIAL_FLUSH
/// ");
/// ```
#[must_use]
pub fn print(words: &[u32], base_va: Option<u64>) -> String {
    Listing::new(words, base_va).to_string()
}

/// [`print()`] without a string of its own.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    words: &'a [u32],
    base_va: Option<u64>,
}

impl<'a> Listing<'a> {
    /// A listing of `words`, whose first dword lies at `base_va`.
    #[must_use]
    pub fn new(words: &'a [u32], base_va: Option<u64>) -> Self {
        Self { words, base_va }
    }

    /// One line: column, dword, text; more lines where `parts` do not fit.
    pub(crate) fn line(&self, f: &mut fmt::Formatter<'_>, index: usize, head: &str, parts: &[String]) -> fmt::Result {
        let column = match self.base_va {
            Some(va) => format!("{:#018x}", va.wrapping_add(index as u64 * 4)),
            None => format!("{index:5}"),
        };
        let prefix = format!("{column} {:08x} ", self.words[index]);
        let mut line = format!("{prefix}{head}");
        for part in parts {
            if line.len() + part.len() + 1 > COLUMNS {
                writeln!(f, "{}", line.trim_end())?;
                line = format!("{:1$}", "", prefix.len() + 4);
            } else if !line.ends_with(' ') {
                line.push(' ');
            }
            line.push_str(part);
        }
        writeln!(f, "{}", line.trim_end())
    }

    fn item(&self, f: &mut fmt::Formatter<'_>, item: &Item<'_>) -> fmt::Result {
        let at = item.offset;
        match &item.packet {
            Err(error) => {
                self.line(f, at, "ERROR", &words_of(&error.to_string()))?;
                (1..item.words.len()).try_for_each(|i| self.line(f, at + i, "", &[]))
            }
            Ok(packet) => {
                let Some(desc) = packet.desc() else {
                    self.line(f, at, &format!("UNKNOWN opcode {:#04x}", packet.opcode()), &[])?;
                    return (1..item.words.len()).try_for_each(|i| self.line(f, at + i, "", &[]));
                };
                let mut notes = Vec::new();
                if item.flags != desc.flags || item.flags != HeaderFlags::NONE {
                    notes.push(format!("[{:?}]", item.flags));
                }
                if let Some(deviation) = &item.deviation {
                    notes.push("WARNING".to_string());
                    notes.extend(words_of(&deviation.to_string()));
                }
                self.line(f, at, desc.name, &notes)?;
                self.body(f, desc, item)
            }
        }
    }

    fn body(&self, f: &mut fmt::Formatter<'_>, desc: &PacketDesc, item: &Item<'_>) -> fmt::Result {
        let (at, body) = (item.offset + 1, &item.words[1..]);
        for (index, _) in body.iter().enumerate().take(desc.body_dwords) {
            let parts = fixed(desc.name, desc.fields, body, index);
            self.line(f, at + index, "  ", &parts)?;
        }
        let field = |name| desc.fields.iter().find(|f| f.name == name).map_or(0, |f| f.place.get(body) as u32);
        let first = field("offset");
        for (k, index) in (desc.body_dwords..body.len()).enumerate() {
            let parts = match desc.tail {
                Some(Tail::Regs(space)) => register(space, first.saturating_add(k as u32), body[index]),
                Some(Tail::Pairs(space)) => match k % 3 {
                    0 => words_of(&format!("offsets={:#x}, {:#x}", body[index] & 0xffff, body[index] >> 16)),
                    1 => register(space, body[index - 1] & 0xffff, body[index]),
                    _ => register(space, body[index - 2] >> 16, body[index]),
                },
                Some(Tail::OffsetValue(space)) => match k % 2 {
                    0 => words_of(&format!("offset={:#x}", body[index] & 0xffff)),
                    _ => register(space, body[index - 1] & 0xffff, body[index]),
                },
                Some(Tail::Ranges(space)) => match k % 2 {
                    0 => words_of(&format!("{} offset={:#x}", named(space, body[index]), body[index])),
                    _ => words_of(&format!("registers={:#x}", body[index])),
                },
                Some(Tail::Words { .. }) | None => Vec::new(),
            };
            self.line(f, at + index, "  ", &parts)?;
        }
        Ok(())
    }
}

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decode(self.words).try_for_each(|item| self.item(f, &item))
    }
}

pub(crate) fn words_of(text: &str) -> Vec<String> {
    text.split(' ').map(String::from).collect()
}

/// The fields that begin in the fixed part's dword `index`: those that are not zero, and whole dwords.
pub(crate) fn fixed(packet: &str, fields: &[FieldSpec], body: &[u32], index: usize) -> Vec<String> {
    let mut parts = Vec::new();
    for field in fields.iter().filter(|f| usize::from(f.place.dword) == index) {
        let value = field.place.get(body);
        if value == 0 && field.place.width < 30 {
            continue;
        }
        let number = match field.place.width {
            0..33 => Number(value, field.values).to_string(),
            _ => format!("{value:#x}"),
        };
        let mut text = format!("{}={number}", field.name);
        let space = match packet {
            "LOAD_SH_REG_INDEX" => Some(Space::Sh),
            "LOAD_CONTEXT_REG_INDEX" => Some(Space::Context),
            "LOAD_UCONFIG_REG_INDEX" => Some(Space::Uconfig),
            _ => None,
        };
        if field.name == "offset"
            && let Some(reg) = space.and_then(|s| lookup(s, value as u32))
        {
            text = format!("{text} ({})", reg.name);
        }
        if field.layout.is_empty() {
            parts.push(text);
        } else {
            parts.push(format!("{}={value:#x}", field.name));
            parts.extend(braces(Fields(field.layout, value as u32)));
        }
    }
    let last = parts.len().saturating_sub(1);
    parts.iter_mut().take(last).filter(|p| !p.ends_with([',', '}']) && !p.contains("={")).for_each(|p| p.push(','));
    tidy(parts)
}

/// A layout's fields are a list of their own: no comma between it and the value before.
fn tidy(mut parts: Vec<String>) -> Vec<String> {
    for i in 1..parts.len() {
        if parts[i].starts_with('{') && parts[i - 1].ends_with(',') {
            parts[i - 1].pop();
        }
    }
    parts
}

/// `NAME <- value {fields}`.
fn register(space: Space, offset: u32, value: u32) -> Vec<String> {
    match lookup(space, offset) {
        Some(reg) => {
            let mut parts = alloc::vec![format!("{} <- {value:#010x}", reg.name)];
            parts.extend(braces(Fields(reg.fields, value)));
            parts
        }
        None => alloc::vec![format!("{} register {offset:#x} <- {value:#010x}", space.name())],
    }
}

/// The name of a register, or its space's.
fn named(space: Space, offset: u32) -> &'static str {
    lookup(space, offset).map_or(space.name(), |r| r.name)
}

fn lookup(space: Space, offset: u32) -> Option<&'static RegDesc> {
    reg::by_address(space.address(offset)?)
}

/// The parts of `{A=1, B=2}`, each with its comma or brace; nothing where no field is set.
fn braces(fields: Fields<'_>) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    // Formatting into a string does not fail.
    let _ = fields.parts(|part| {
        parts.push(format!("{part},"));
        Ok(())
    });
    if let Some(first) = parts.first_mut() {
        first.insert(0, '{');
    }
    if let Some(last) = parts.last_mut() {
        last.pop();
        last.push('}');
    }
    parts
}
