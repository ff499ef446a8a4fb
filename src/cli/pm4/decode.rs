//! `pm4 decode`.

use serde_json::{Map, Value, json};
use sparkle_pm4::capture::Bundle;
use sparkle_pm4::pm4::field::FieldDesc;
use sparkle_pm4::pm4::reg::{self, Space};
use sparkle_pm4::pm4::submission::{Access, BufferInfo, Ib, KernelFacts, Located, Ring, Submission};
use sparkle_pm4::pm4::{
    Annotation, DecodeError, FieldSpec, HeaderFlags, Item, Listing, PacketDesc, Tail, annotations, decode, sdma,
};

use super::hanging;
use super::input::{Input, Source};
use crate::cli::failure::Reported;
use crate::cli::{Failure, Output, Style, exit, wrap};

/// Name of the form of `pm4 decode --json`.
const SCHEMA: &str = "sparkle-pm4/pm4-decode/1";

/// Arguments of `pm4 decode`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
}

/// Runs it.
pub fn run(args: &Args, out: &Output) -> anyhow::Result<()> {
    let input = args.source.read()?;
    let submission = &input.submission;
    let failure = failure(&input);
    if out.json {
        out.document(&document(submission, failure.as_ref()))?;
        return failure.map_or(Ok(()), |failure| Err(Reported(failure).into()));
    }
    if submission.ibs.iter().all(|ib| ib.words.is_empty()) {
        out.note(&format!("{} holds no dwords", input.name));
    }
    match &input.bundle {
        None if submission.ibs.len() == 1 => out.text(&listing(&submission.ibs[0], submission).to_string())?,
        None => ibs(submission, out)?,
        Some(bundle) => text(bundle, submission, out)?,
    }
    failure.map_or(Ok(()), |failure| Err(failure.into()))
}

fn listing<'a>(ib: &'a Ib, submission: &'a Submission) -> Listing<'a> {
    Listing::new(&ib.words, ib.va)
        .with_ring(submission.ring)
        .with_buffers(&submission.buffers)
        .with_kernels(&submission.kernels)
}

/// What to say where dwords are no packets.
fn failure(input: &Input) -> Option<Failure> {
    let ibs = &input.submission.ibs;
    let mut packets = 0;
    let mut wrong = Vec::new();
    for (number, ib) in ibs.iter().enumerate() {
        let mut look = |offset, error: Option<DecodeError>| {
            packets += 1;
            wrong.extend(error.map(|error| (number, offset, error)));
        };
        match input.submission.ring {
            Ring::Sdma => sdma::decode(&ib.words).for_each(|item| look(item.offset, item.packet.err())),
            _ => decode(&ib.words).for_each(|item| look(item.offset, item.packet.err())),
        }
    }
    let (ib, at, error) = wrong.first()?;
    let within = if ibs.len() > 1 { format!(" of IB {ib}") } else { String::new() };
    Some(Failure {
        exit: exit::FAILED,
        code: error.code().into(),
        what: format!("{}: {} of {packets} packets cannot be decoded", input.name, wrong.len()),
        evidence: format!("the first stands at dword {at}{within}: {error}"),
        next: error.hint().into(),
    })
}

/// The indirect buffers, each under its name.
fn ibs(submission: &Submission, out: &Output) -> anyhow::Result<()> {
    for (number, ib) in submission.ibs.iter().enumerate() {
        let name = if ib.name == format!("IB {number}") { String::new() } else { format!(" {:?}", ib.name) };
        let va = ib.va.map(|va| format!(" at {va:#x}")).unwrap_or_default();
        let head = format!("IB {number}{name}{va}, {} dwords", ib.words.len());
        out.text(&format!("\n{}\n", out.paint(Style::Head, wrap(&head, out.width, "  ").trim_end())))?;
        out.text(&listing(ib, submission).to_string())?;
    }
    Ok(())
}

/// A bundle: what it is, its indirect buffers, its buffers and kernels.
fn text(bundle: &Bundle, submission: &Submission, out: &Output) -> anyhow::Result<()> {
    let tool = bundle.tool.as_deref().unwrap_or("an unknown tool");
    let engine = bundle.engine.as_ref().map(|engine| format!(", {engine}")).unwrap_or_default();
    let title = bundle.title.as_ref().map(|title| format!(": {title}")).unwrap_or_default();
    let engines = submission.shader_engines.map(|n| format!(", {n} shader engines")).unwrap_or_default();
    out.text(&wrap(&format!("{tool}{engine}{title}"), out.width, "  "))?;
    out.line(format!("{} ring of a {}{engines}", submission.ring, submission.gfx))?;
    ibs(submission, out)?;
    if !submission.buffers.is_empty() {
        out.line(format!("\n{}", out.paint(Style::Head, "buffers")))?;
        out.line(format!("  {:<18} {:>10} {:<6} {:<12} name", "VA", "bytes", "access", "state"))?;
        for b in submission.buffers.buffers() {
            let (access, state) = (b.access.to_string(), b.residency.name());
            let columns = format!("  {:#018x} {:>#10x} {access:<6} {state:<12} ", b.va, b.bytes);
            out.text(&hanging(&columns, &b.name, out.width))?;
        }
    }
    if !submission.kernels.is_empty() {
        out.line(format!("\n{}", out.paint(Style::Head, "kernels")))?;
        for kernel in &submission.kernels {
            out.text(&hanging(&format!("  {:#018x} ", kernel.entry), &facts_line(kernel), out.width))?;
        }
    }
    Ok(())
}

/// What is known of a kernel, in a line.
fn facts_line(kernel: &KernelFacts) -> String {
    let mut parts = vec![kernel.name.clone()];
    parts.extend(kernel.target.clone());
    parts.extend(kernel.wave32.map(|wave32| if wave32 { "wave32".into() } else { "wave64".into() }));
    parts.extend(kernel.vgprs.map(|n| format!("{n} VGPRs")));
    parts.extend(kernel.lds_bytes.filter(|&n| n > 0).map(|n| format!("{n:#x} bytes of LDS")));
    parts.extend(kernel.scratch_bytes.filter(|&n| n > 0).map(|n| format!("{n:#x} bytes of scratch a lane")));
    parts.extend(kernel.user_sgprs.map(|n| format!("{n} user SGPRs")));
    if kernel.kernarg_bytes > 0 {
        parts.push(format!("{:#x} bytes of arguments", kernel.kernarg_bytes));
    }
    parts.extend(kernel.required_block.map(|[x, y, z]| format!("workgroups of {x}x{y}x{z}")));
    parts.extend(kernel.problem.as_ref().map(|problem| format!("{problem:?}")));
    parts.join(", ")
}

fn hex(value: u64) -> String {
    format!("{value:#x}")
}

fn document(submission: &Submission, failure: Option<&Failure>) -> Value {
    let mut items = Vec::new();
    let mut wrong = 0;
    let ibs: Vec<Value> = submission
        .ibs
        .iter()
        .enumerate()
        .map(|(number, ib)| {
            let found = annotations(submission.ring, &ib.words, &submission.buffers, &submission.kernels);
            let mut found = found.iter().peekable();
            let mut add = |end: usize, bad: bool, mut item: Map<String, Value>| {
                let mut notes = Vec::new();
                while let Some(note) = found.next_if(|note| note.dword < end) {
                    notes.push(annotation(note));
                }
                if !notes.is_empty() {
                    item.insert("addresses".into(), notes.into());
                }
                wrong += usize::from(bad);
                items.push(Value::Object(item));
            };
            match submission.ring {
                Ring::Sdma => sdma::decode(&ib.words).for_each(|item| {
                    add(item.offset + item.words.len(), item.packet.is_err(), sdma_json(&item, number, ib.va));
                }),
                _ => decode(&ib.words).for_each(|item| {
                    add(item.offset + item.words.len(), item.packet.is_err(), item_json(&item, number, ib.va));
                }),
            }
            json!({ "name": ib.name, "va": ib.va.map(hex), "dwords": ib.words.len() })
        })
        .collect();
    let buffer = |b: &BufferInfo| {
        json!({
            "name": b.name, "va": hex(b.va), "bytes": b.bytes, "access": b.access.to_string(),
            "state": b.residency.name(),
        })
    };
    json!({
        "schema": SCHEMA,
        "ring": submission.ring.name(),
        "gfx": submission.gfx.name(),
        "dwords": submission.ibs.iter().map(|ib| ib.words.len()).sum::<usize>(),
        "undecodable": wrong,
        "ibs": ibs,
        "buffers": submission.buffers.buffers().iter().map(buffer).collect::<Vec<_>>(),
        "items": items,
        "error": failure.map_or(Value::Null, Failure::document),
    })
}

fn annotation(note: &Annotation<'_>) -> Value {
    let place = match note.located {
        Located::In(buffer, offset) => Some((buffer, offset)),
        Located::Nowhere { .. } => None,
    };
    json!({
        "field": note.field,
        "dword": note.dword,
        "va": hex(note.va),
        "bytes": (note.bytes != 0).then_some(note.bytes),
        "access": (note.access != Access::default()).then(|| note.access.to_string()),
        "buffer": place.map(|(buffer, _)| buffer.name.as_str()),
        "offset": place.map(|(_, offset)| offset),
        "state": note.state().name(),
        "kernel": note.kernel,
    })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Where an item stands, and its dwords.
fn place(offset: usize, words: &[u32], ib: usize, base: Option<u64>) -> Map<String, Value> {
    object(json!({
        "ib": ib,
        "offset_dw": offset,
        "address": base.map(|va| hex(va.wrapping_add(offset as u64 * 4))),
        "words": words.iter().map(|word| format!("{word:#010x}")).collect::<Vec<_>>(),
    }))
}

fn error_json(error: &DecodeError) -> Value {
    json!({ "code": error.code(), "message": error.to_string(), "hint": error.hint() })
}

fn sdma_json(item: &sdma::Item<'_>, ib: usize, base: Option<u64>) -> Map<String, Value> {
    let mut map = place(item.offset, item.words, ib, base);
    match &item.packet {
        Err(error) => {
            map.insert("error".into(), error_json(error));
        }
        Ok(packet) => {
            let desc = packet.desc();
            map.insert("packet".into(), json!(desc.name));
            map.insert("opcode".into(), json!(format!("{:#04x}", desc.op)));
            map.insert("sub_opcode".into(), json!(format!("{:#04x}", desc.sub_op)));
            if let Some(deviation) = &item.deviation {
                map.insert("warning".into(), json!({ "code": deviation.code(), "message": deviation.to_string() }));
            }
            map.insert("fields".into(), fields(desc.fields, item.words));
        }
    }
    map
}

fn item_json(item: &Item<'_>, ib: usize, base: Option<u64>) -> Map<String, Value> {
    let mut map = place(item.offset, item.words, ib, base);
    match &item.packet {
        Err(error) => {
            map.insert("error".into(), error_json(error));
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
                map.insert("fields".into(), fields(desc.fields, body));
                if let Some(registers) = registers(desc, body) {
                    map.insert("registers".into(), registers);
                }
            }
        }
    }
    map
}

fn fields(fields: &[FieldSpec], body: &[u32]) -> Value {
    let fields = fields.iter().map(|field| {
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

    #[test]
    fn the_document_names_packets_registers_and_fields() {
        let words = [0xc0017600, 0x212, 0x602c0002, 0x0, 0xc0004600, 0x407];
        let items: Vec<Value> = decode(&words).map(|item| item_json(&item, 0, Some(0x1000)).into()).collect();
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
                decode(&words).map(|item| item_json(&item, 0, None)["words"].as_array().map_or(0, Vec::len)).sum();
            assert_eq!(seen, words.len());
        }
    }
}
