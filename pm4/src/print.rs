//! Streams as text: the raw dword, then the packet, then what it sets.

use crate::annotate::{self, Annotation, annotations};
use crate::decode::{Item, decode};
use crate::field::{Fields, Number};
use crate::packet::{FieldSpec, HeaderFlags, PacketDesc, Tail};
use crate::reg::{self, RegDesc, Space};
use crate::sdma;
use crate::submission::{BufferMap, KernelFacts, Ring};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::iter::Peekable;
use core::slice;

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

/// [`print()`] without a string of its own, and with what is known of addresses.
///
/// ```
/// use pm4::Listing;
/// use pm4::submission::{Access, BufferInfo, BufferMap, Residency};
///
/// let code = BufferInfo {
///     name: "code".into(),
///     va: 0x8_0000_0000,
///     bytes: 0x1000,
///     access: Access::RX,
///     residency: Residency::Listed,
///     content: vec![],
/// };
/// let buffers = BufferMap::new(vec![code]);
/// let text = Listing::new(&[0xc0027600, 0x20c, 0x0800_0001, 0], None).with_buffers(&buffers).to_string();
/// assert_eq!(text, "    0 c0027600 SET_SH_REG
///     1 0000020c   offset=0x20c
///     2 08000001   COMPUTE_PGM_LO <- 0x08000001
///     3 00000000   COMPUTE_PGM_HI <- 0x00000000
///                    0x800000100 = code+0x100 (listed, r-x)
/// ");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    words: &'a [u32],
    base_va: Option<u64>,
    buffers: Option<&'a BufferMap>,
    kernels: &'a [KernelFacts],
    ring: Ring,
}

impl<'a> Listing<'a> {
    /// A listing of `words`, whose first dword lies at `base_va`.
    #[must_use]
    pub fn new(words: &'a [u32], base_va: Option<u64>) -> Self {
        Self { words, base_va, buffers: None, kernels: &[], ring: Ring::Compute }
    }

    /// For this kind of ring instead of a compute ring: those of SDMA have packets of their own.
    #[must_use]
    pub fn with_ring(self, ring: Ring) -> Self {
        Self { ring, ..self }
    }

    /// With what lies at the stream's addresses, in a line below each; see [`annotations`](crate::annotations).
    #[must_use]
    pub fn with_buffers(self, buffers: &'a BufferMap) -> Self {
        Self { buffers: Some(buffers), ..self }
    }

    /// With the names of the kernels that the stream starts.
    #[must_use]
    pub fn with_kernels(self, kernels: &'a [KernelFacts]) -> Self {
        Self { kernels, ..self }
    }

    /// The lines of one packet, without what is known of its addresses. `item` is one of the stream's.
    #[must_use]
    pub fn packet(&self, item: &Item<'_>) -> String {
        struct One<'a>(&'a Listing<'a>, &'a Item<'a>);
        impl fmt::Display for One<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.item(f, self.1, &mut [].iter().peekable())
            }
        }
        match self.words.get(item.offset..item.offset + item.words.len()) {
            Some(_) => One(self, item).to_string(),
            None => String::new(),
        }
    }

    /// What is known of the stream's addresses.
    fn notes(&self) -> Vec<Annotation<'a>> {
        const NONE: &BufferMap = &BufferMap::EMPTY;
        annotations(self.ring, self.words, self.buffers.unwrap_or(NONE), self.kernels)
    }

    /// The first column: the dword's index or address.
    fn column(&self, index: usize) -> String {
        match self.base_va {
            Some(va) => format!("{:#018x}", va.wrapping_add(index as u64 * 4)),
            None => format!("{index:5}"),
        }
    }

    /// One line: column, dword, text; more lines where `parts` do not fit.
    fn line(&self, f: &mut fmt::Formatter<'_>, index: usize, head: &str, parts: &[String]) -> fmt::Result {
        let column = self.column(index);
        let prefix = format!("{column} {:08x} ", self.words[index]);
        wrap(f, format!("{prefix}{head}"), prefix.len() + 4, parts)
    }

    /// One line, and below it what is known of the addresses that it has.
    fn noted(
        &self,
        f: &mut fmt::Formatter<'_>,
        index: usize,
        parts: &[String],
        notes: &mut Notes<'_, '_>,
    ) -> fmt::Result {
        self.line(f, index, "  ", parts)?;
        let indent = self.column(index).chars().count() + 1 + 9 + 4;
        while let Some(note) = notes.next_if(|note| note.dword <= index) {
            wrap(f, format!("{:indent$}", ""), indent + 2, &annotate::parts(note))?;
        }
        Ok(())
    }

    fn sdma_item(&self, f: &mut fmt::Formatter<'_>, item: &sdma::Item<'_>, known: &mut Notes<'_, '_>) -> fmt::Result {
        let (head, mut parts, desc) = match &item.packet {
            Ok(packet) => {
                let desc = packet.desc();
                (desc.name, fixed(desc.name, desc.fields, item.words, 0), Some(desc))
            }
            Err(error) => ("ERROR", words_of(&error.to_string()), None),
        };
        if let Some(deviation) = &item.deviation {
            parts.push("WARNING".to_string());
            parts.extend(words_of(&deviation.to_string()));
        }
        self.line(f, item.offset, &format!("{head} "), &parts)?;
        for index in 1..item.words.len() {
            let desc = desc.filter(|d| index < d.dwords);
            let parts = desc.map_or(Vec::new(), |d| fixed(d.name, d.fields, item.words, index));
            self.noted(f, item.offset + index, &parts, known)?;
        }
        Ok(())
    }

    fn item(&self, f: &mut fmt::Formatter<'_>, item: &Item<'_>, known: &mut Notes<'_, '_>) -> fmt::Result {
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
                self.body(f, desc, item, known)
            }
        }
    }

    fn body(
        &self,
        f: &mut fmt::Formatter<'_>,
        desc: &PacketDesc,
        item: &Item<'_>,
        known: &mut Notes<'_, '_>,
    ) -> fmt::Result {
        let (at, body) = (item.offset + 1, &item.words[1..]);
        for (index, _) in body.iter().enumerate().take(desc.body_dwords) {
            let parts = fixed(desc.name, desc.fields, body, index);
            self.noted(f, at + index, &parts, known)?;
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
            self.noted(f, at + index, &parts, known)?;
        }
        Ok(())
    }
}

/// What is known of addresses, in order of dword.
type Notes<'n, 'a> = Peekable<slice::Iter<'n, Annotation<'a>>>;

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let notes = self.notes();
        let mut notes = notes.iter().peekable();
        match self.ring {
            Ring::Sdma => sdma::decode(self.words).try_for_each(|item| self.sdma_item(f, &item, &mut notes)),
            Ring::Gfx | Ring::Compute => decode(self.words).try_for_each(|item| self.item(f, &item, &mut notes)),
        }
    }
}

/// `parts` behind `line`, in more lines, indented, where they do not fit: further to the left where a
/// part needs that.
fn wrap(f: &mut fmt::Formatter<'_>, mut line: String, indent: usize, parts: &[String]) -> fmt::Result {
    for part in parts {
        let columns = part.chars().count();
        if !line.ends_with(' ') {
            line.push(' ');
        }
        if line.chars().count() + columns > COLUMNS {
            writeln!(f, "{}", line.trim_end())?;
            line = format!("{:1$}", "", indent.min(COLUMNS.saturating_sub(columns)));
        }
        line.push_str(part);
    }
    writeln!(f, "{}", line.trim_end())
}

fn words_of(text: &str) -> Vec<String> {
    text.split(' ').map(String::from).collect()
}

/// The fields that begin in the fixed part's dword `index`: those that are not zero, and whole dwords.
fn fixed(packet: &str, fields: &[FieldSpec], body: &[u32], index: usize) -> Vec<String> {
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
