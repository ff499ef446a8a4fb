//! Bundle to text.

use std::fmt::Write as _;
use std::ops::Range;

use pm4::field::ValuesDesc;
use pm4::submission::{BufferInfo, CodeProblem, Completion, Effect, KernelFacts, Launch, Ring};
use serde_json::{Value, json};

use super::{Bundle, MAX_CONTENT_BYTES, MAX_NAME, SCHEMA};

/// Columns within which a list or an object stands on one line.
const COLUMNS: usize = 110;
/// Dwords of a line.
const LINE_DW: usize = 8;
/// Bytes of content of a line, and the shortest run that is written as one.
const LINE_BYTES: usize = 32;

/// The bundle as a document: a line a packet, a buffer and a kernel, so that two can be compared line by line.
///
/// Names are cut to 120 characters, and control characters in them become `?`; content beyond
/// [`MAX_CONTENT_BYTES`] in all is left out.
#[must_use]
pub fn write(bundle: &Bundle) -> String {
    let submission = &bundle.submission;
    let mut left = MAX_CONTENT_BYTES;
    let ibs: Vec<Value> = submission
        .ibs
        .iter()
        .map(|ib| json!({ "name": name(&ib.name), "va": ib.va.map(hex), "words": words(&ib.words, submission.ring) }))
        .collect();
    let buffers: Vec<Value> = submission.buffers.buffers().iter().map(|b| buffer(b, &mut left)).collect();
    let text = |text: &Option<String>| text.as_deref().map(name);
    let document = json!({
        "schema": SCHEMA,
        "tool": text(&bundle.tool),
        "engine": text(&bundle.engine),
        "title": text(&bundle.title),
        "gfx": submission.gfx.name(),
        "ring": submission.ring.name(),
        "shader_engines": submission.shader_engines,
        "ibs": ibs,
        "buffers": buffers,
        "kernels": submission.kernels.iter().map(kernel).collect::<Vec<_>>(),
        "plan": submission.plan.as_ref().map(|plan| plan.iter().map(effect).collect::<Vec<_>>()),
        "completion": completion(&submission.completion),
    });
    let mut out = String::new();
    print(&document, 0, &mut out);
    out.push('\n');
    out
}

fn name(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).take(MAX_NAME).collect()
}

fn hex(value: u64) -> String {
    format!("{value:#x}")
}

/// A line a packet, or several where it is long.
fn words(words: &[u32], ring: Ring) -> Vec<String> {
    match ring {
        Ring::Sdma => pm4::sdma::decode(words).flat_map(|i| lines(i.words)).collect(),
        Ring::Gfx | Ring::Compute => pm4::decode(words).flat_map(|i| lines(i.words)).collect(),
    }
}

fn lines(words: &[u32]) -> Vec<String> {
    let line = |words: &[u32]| words.iter().map(|w| format!("{w:08x}")).collect::<Vec<_>>().join(" ");
    words.chunks(LINE_DW).map(line).collect()
}

fn buffer(buffer: &BufferInfo, left: &mut usize) -> Value {
    let mut object = json!({
        "name": name(&buffer.name),
        "va": hex(buffer.va),
        "bytes": hex(buffer.bytes),
        "access": buffer.access.to_string(),
        "state": buffer.residency.name(),
    });
    let known = buffer.content.len().min(*left).min(usize::try_from(buffer.bytes).unwrap_or(usize::MAX));
    *left -= known;
    if known != 0 {
        object["content"] = content(&buffer.content[..known]).into();
    }
    object
}

/// Lines of bytes; a long run of one byte is a line of its own.
fn content(bytes: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while let Some(first) = rest.first() {
        let run = rest.iter().take_while(|b| *b == first).count();
        let taken = if run > LINE_BYTES { run } else { rest.len().min(LINE_BYTES) };
        let mut line = String::new();
        // Formatting into a string does not fail.
        if run > LINE_BYTES {
            _ = write!(line, "{first:02x}*{run}");
        } else {
            rest[..taken].iter().for_each(|b| _ = write!(line, "{b:02x}"));
        }
        lines.push(line);
        rest = &rest[taken..];
    }
    lines
}

fn kernel(kernel: &KernelFacts) -> Value {
    let pointers = kernel.pointers.iter();
    let pointers =
        pointers.map(|p| json!({ "name": name(&p.name), "offset": p.offset, "access": p.access.to_string() }));
    json!({
        "name": name(&kernel.name),
        "entry": hex(kernel.entry),
        "target": kernel.target.as_deref().map(name),
        "wave32": kernel.wave32,
        "vgprs": kernel.vgprs,
        "lds_bytes": kernel.lds_bytes,
        "scratch_bytes": kernel.scratch_bytes,
        "user_sgprs": kernel.user_sgprs,
        "kernarg_sgpr": kernel.kernarg_sgpr,
        "kernarg_bytes": kernel.kernarg_bytes,
        "pointers": pointers.collect::<Vec<_>>(),
        "max_threads": kernel.max_threads,
        "required_block": kernel.required_block,
        "problem": kernel.problem.as_ref().map(problem),
    })
}

fn problem(problem: &CodeProblem) -> Value {
    match problem {
        CodeProblem::ByteSwapped => json!({ "kind": "byte-swapped" }),
        CodeProblem::OldEndpgm { offset } => json!({ "kind": "old-endpgm", "offset": hex(*offset) }),
        CodeProblem::NotAnInstruction { offset, word } => {
            json!({ "kind": "not-an-instruction", "offset": hex(*offset), "word": hex(u64::from(*word)) })
        }
        CodeProblem::NoEnd => json!({ "kind": "no-end" }),
    }
}

fn range(range: &Range<u64>) -> Value {
    json!([hex(range.start), hex(range.end)])
}

fn completion(completion: &Completion) -> Value {
    match completion {
        Completion::KernelFence => json!({ "kind": "kernel-fence" }),
        Completion::Memory { va, value, reads } => json!({
            "kind": "memory", "va": hex(*va), "value": hex(*value), "reads": reads.iter().map(range).collect::<Vec<_>>(),
        }),
    }
}

fn named(value: u32, values: &ValuesDesc) -> Value {
    values.name_of(value.into()).map_or(json!(value), |name| json!(name))
}

fn effect(effect: &Effect) -> Value {
    match effect {
        Effect::Dispatch(launch) => dispatch(launch),
        Effect::Write { va, data } => json!({ "kind": "write", "va": hex(*va), "data": lines(data) }),
        Effect::Fill { va, value, bytes } => {
            json!({ "kind": "fill", "va": hex(*va), "value": hex(u64::from(*value)), "bytes": hex(*bytes) })
        }
        Effect::Copy { src, dst, bytes } => {
            json!({ "kind": "copy", "src": hex(*src), "dst": hex(*dst), "bytes": hex(*bytes) })
        }
        Effect::Atomic { va, op, operand, compare } => json!({
            "kind": "atomic", "va": hex(*va), "op": named(op.0, &pm4::packet::values::AtomicOp::DESC),
            "operand": hex(*operand), "compare": hex(*compare),
        }),
        Effect::Fence { va, value, bytes } => {
            json!({ "kind": "fence", "va": hex(*va), "value": hex(*value), "bytes": bytes })
        }
        Effect::Timestamp { va, end_of_pipe } => {
            json!({ "kind": "timestamp", "va": hex(*va), "end_of_pipe": end_of_pipe })
        }
        Effect::Wait { va, bytes, function, reference, mask } => json!({
            "kind": "wait", "va": hex(*va), "bytes": bytes,
            "function": named(function.0, &pm4::packet::values::WaitFunction::DESC),
            "reference": hex(*reference), "mask": hex(*mask),
        }),
    }
}

fn dispatch(launch: &Launch) -> Value {
    let uses = launch.uses.iter().map(|u| json!({ "range": range(&u.range), "access": u.access.to_string() }));
    json!({
        "kind": "dispatch",
        "entry": hex(launch.entry),
        "wave32": launch.wave32,
        "block": launch.block,
        "partial": launch.partial,
        "start": launch.start,
        "end": launch.end,
        "indirect": launch.indirect.map(hex),
        "user_data": launch.user_data.iter().map(|v| v.map(|v| hex(u64::from(v)))).collect::<Vec<_>>(),
        "workgroup_ids": launch.workgroup_ids,
        "group_size_sgpr": launch.group_size_sgpr,
        "local_ids": launch.local_ids,
        "mode": hex(u64::from(launch.mode)),
        "vgprs": launch.vgprs,
        "lds_bytes": launch.lds_bytes,
        "scratch_bytes": launch.scratch_bytes,
        "uses": uses.collect::<Vec<_>>(),
    })
}

/// What is short stands on one line; lists of words and content never do, so that a packet keeps its line.
pub fn print(value: &Value, depth: usize, out: &mut String) {
    let indent = 2 * depth;
    let begin = |out: &mut String, first: bool| {
        out.push_str(if first { "\n" } else { ",\n" });
        _ = write!(out, "{:1$}", "", indent + 2);
    };
    let end = |out: &mut String, bracket: char| {
        _ = write!(out, "\n{:1$}{bracket}", "", indent);
    };
    match value {
        Value::Object(map) if !fits(value, indent) => {
            out.push('{');
            for (i, (key, value)) in map.iter().enumerate() {
                begin(out, i == 0);
                _ = write!(out, "{}: ", Value::from(key.as_str()));
                print(value, depth + 1, out);
            }
            end(out, '}');
        }
        Value::Array(values) if !fits(value, indent) => {
            out.push('[');
            for (i, value) in values.iter().enumerate() {
                begin(out, i == 0);
                print(value, depth + 1, out);
            }
            end(out, ']');
        }
        other => spaced(other, out),
    }
}

fn fits(value: &Value, indent: usize) -> bool {
    let lines =
        |value: &Value| value.as_array().is_some_and(|a| a.iter().any(|v| v.as_str().is_some_and(|s| s.len() > 20)));
    let parts: Vec<&Value> = match value {
        Value::Object(map) => map.values().collect(),
        Value::Array(values) => values.iter().collect(),
        _ => return true,
    };
    if lines(value) || parts.iter().any(|p| !fits(p, 0)) || value.get("words").is_some() {
        return false;
    }
    let mut text = String::new();
    spaced(value, &mut text);
    indent + text.len() <= COLUMNS
}

/// On one line, with a space behind each comma and colon.
fn spaced(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (i, (key, value)) in map.iter().enumerate() {
                _ = write!(out, "{}{}: ", if i == 0 { "{ " } else { ", " }, Value::from(key.as_str()));
                spaced(value, out);
            }
            out.push_str(" }");
        }
        Value::Array(values) => {
            out.push('[');
            for (i, value) in values.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { ", " });
                spaced(value, out);
            }
            out.push(']');
        }
        other => _ = write!(out, "{other}"),
    }
}
