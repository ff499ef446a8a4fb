//! Text to bundle.

use std::ops::Range;

use pm4::Gfx;
use pm4::packet::values::{AtomicOp, WaitFunction};
use pm4::submission::{
    Access, BufferInfo, BufferMap, CodeProblem, Completion, Effect, Ib, KernelFacts, Launch, PointerArg, Residency,
    Ring, Submission, Use, canonical,
};
use serde_json::Value;

use super::member::{Member, Object, hex, shorten};
use super::{Bundle, CaptureError, MAX_CONTENT_BYTES, MAX_DWORDS, MAX_ENTRIES, MAX_FILE_BYTES, SCHEMA};

type Read<T> = Result<T, CaptureError>;

/// Whether bytes look like a JSON document, and so like a bundle rather than dwords.
#[must_use]
pub fn is_bundle(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{')
}

/// Reads a bundle.
///
/// # Errors
/// Everything of [`CaptureError`]; a member that breaks a rule is named by its path.
pub fn read(bytes: &[u8]) -> Result<Bundle, CaptureError> {
    let document = parse(bytes, SCHEMA)?;
    bundle(&Member::root(&document))
}

/// A document of that schema.
pub fn parse(bytes: &[u8], schema: &'static str) -> Read<Value> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(CaptureError::FileTooLong { bytes: bytes.len() });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let document: Value = serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        // The place is told apart.
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or_default().to_owned();
        CaptureError::Json { line, column, what }
    })?;
    match document.get("schema") {
        Some(Value::String(found)) if found == schema => Ok(document),
        Some(Value::String(found)) => Err(CaptureError::Schema { found: shorten(found), wanted: schema }),
        _ => Err(CaptureError::Schema { found: "none".into(), wanted: schema }),
    }
}

fn bundle(root: &Member<'_>) -> Read<Bundle> {
    let object = root.object(&[
        "schema",
        "tool",
        "engine",
        "title",
        "gfx",
        "ring",
        "shader_engines",
        "ibs",
        "buffers",
        "kernels",
        "plan",
        "completion",
    ])?;
    let name = |m: Member<'_>| m.name();
    let mut dwords = MAX_DWORDS;
    let mut ibs = Vec::new();
    for (i, member) in object.get("ibs")?.list(MAX_ENTRIES)?.into_iter().enumerate() {
        ibs.push(ib(&member, i, &mut dwords)?);
    }
    let submission = Submission {
        gfx: object.get("gfx")?.one_of(&Gfx::ALL, Gfx::name)?,
        ring: object.get("ring")?.one_of(&Ring::ALL, Ring::name)?,
        shader_engines: object.option("shader_engines", |m| m.u32())?,
        ibs,
        buffers: object.option("buffers", |m| buffers(&m))?.unwrap_or_default(),
        kernels: object.option("kernels", |m| m.list(MAX_ENTRIES)?.iter().map(kernel).collect())?.unwrap_or_default(),
        plan: object.option("plan", |m| m.list(MAX_ENTRIES)?.iter().map(|m| effect(m, &mut dwords)).collect())?,
        completion: object.option("completion", |m| completion(&m))?.unwrap_or_default(),
    };
    Ok(Bundle {
        tool: object.option("tool", name)?,
        engine: object.option("engine", name)?,
        title: object.option("title", name)?,
        submission,
    })
}

fn ib(member: &Member<'_>, index: usize, dwords: &mut usize) -> Read<Ib> {
    let object = member.object(&["name", "va", "words"])?;
    let va = object.option("va", |m| match m.u64()? {
        va if va % 4 != 0 => m.refuse(format!("is {va:#x}, and a dword's address is a multiple of 4")),
        va => Ok(va),
    })?;
    let name = object.option("name", |m| m.name())?.unwrap_or_else(|| format!("IB {index}"));
    Ok(Ib { name, va, words: words(&object.get("words")?, dwords)? })
}

/// Dwords in lines of hexadecimal text; `left` is how many more there may be.
fn words(member: &Member<'_>, left: &mut usize) -> Read<Vec<u32>> {
    let mut words = Vec::new();
    for line in member.list(MAX_DWORDS)? {
        for token in line.text()?.split_ascii_whitespace() {
            let word = Some(token).filter(|t| t.len() == 8).and_then(hex);
            let Some(word) = word else {
                return line.refuse(format!("has {:?}; a dword is eight hexadecimal digits", shorten(token)));
            };
            *left = match left.checked_sub(1) {
                Some(left) => left,
                None => return line.refuse(format!("passes the {MAX_DWORDS} dwords that a bundle may have")),
            };
            words.push(word as u32);
        }
    }
    Ok(words)
}

fn buffers(member: &Member<'_>) -> Read<BufferMap> {
    let mut buffers: Vec<(BufferInfo, Member<'_>)> = Vec::new();
    let mut left = MAX_CONTENT_BYTES;
    for member in member.list(MAX_ENTRIES)? {
        buffers.push((buffer(&member, &mut left)?, member));
    }
    // What is mapped lies apart; freed buffers may have lain anywhere.
    let mut live: Vec<_> = buffers.iter().filter(|(b, _)| b.residency != Residency::Freed).collect();
    live.sort_by_key(|(b, _)| b.va);
    if let Some([(below, _), (above, at)]) = live.windows(2).find(|w| w[0].0.range().end > w[1].0.va) {
        return at.refuse(format!("begins at {:#x}, within {:?}", above.va, below.name));
    }
    Ok(BufferMap::new(buffers.into_iter().map(|(b, _)| b).collect()))
}

fn buffer(member: &Member<'_>, left: &mut usize) -> Read<BufferInfo> {
    let object = member.object(&["name", "va", "bytes", "access", "state", "content"])?;
    let va = object.get("va")?;
    let start = va.u64()?;
    if canonical(start) != start {
        return va.refuse(format!("is {start:#x}, and bits 63:48 of an address repeat bit 47"));
    }
    let bytes = object.get("bytes")?;
    let length = bytes.u64()?;
    if length == 0 || start.checked_add(length).is_none() {
        return bytes.refuse(format!("is {length:#x}; a buffer is not empty and ends below 2^64"));
    }
    let residency = object.option("state", |m| m.one_of(&Residency::ALL, Residency::name))?.unwrap_or_default();
    let content = match object.maybe("content") {
        Some(member) => content(&member, length, left)?,
        None => Vec::new(),
    };
    let access = access(&object.get("access")?)?;
    Ok(BufferInfo { name: object.get("name")?.name()?, va: start, bytes: length, access, residency, content })
}

fn access(member: &Member<'_>) -> Read<Access> {
    let text = member.text()?;
    let bits = match text.as_bytes() {
        [r, w, x] => [(*r, b'r'), (*w, b'w'), (*x, b'x')],
        _ => [(b'?', b'r'); 3],
    };
    if bits.iter().any(|(bit, letter)| bit != letter && *bit != b'-') {
        return member.refuse(format!("is {:?}; access is rwx with - for what is not allowed", shorten(text)));
    }
    let [read, write, execute] = bits.map(|(bit, letter)| bit == letter);
    Ok(Access { read, write, execute })
}

/// Lines of hexadecimal bytes, or `bb*N` for a byte N times.
fn content(member: &Member<'_>, length: u64, left: &mut usize) -> Read<Vec<u8>> {
    let mut content = Vec::new();
    for line in member.list(MAX_CONTENT_BYTES)? {
        let text = line.text()?;
        let (digits, times) = match text.split_once('*') {
            Some((digits, times)) => (digits, times.parse::<usize>().ok().filter(|_| digits.len() == 2)),
            None => (text, Some(1)),
        };
        let plain = digits.len() % 2 == 0 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let (Some(times), true) = (times, plain) else {
            return line.refuse(format!("is {:?}; content is hexadecimal bytes, or 00*16 for a run", shorten(text)));
        };
        let bytes = (digits.len() / 2).saturating_mul(times);
        if bytes as u64 > length - content.len() as u64 {
            return line.refuse(format!("passes the buffer's {length:#x} bytes"));
        }
        *left = match left.checked_sub(bytes) {
            Some(left) => left,
            None => {
                return line.refuse(format!("passes the {MAX_CONTENT_BYTES} bytes of content that a bundle may have"));
            }
        };
        let nibble = |b: u8| char::from(b).to_digit(16).unwrap_or(0) as u8;
        let pairs = digits.as_bytes().as_chunks::<2>().0;
        if times == 1 {
            content.extend(pairs.iter().map(|&[high, low]| nibble(high) << 4 | nibble(low)));
        } else if let Some(&[high, low]) = pairs.first() {
            content.resize(content.len() + times, nibble(high) << 4 | nibble(low));
        }
    }
    Ok(content)
}

fn kernel(member: &Member<'_>) -> Read<KernelFacts> {
    let object = member.object(&[
        "name",
        "entry",
        "target",
        "wave32",
        "vgprs",
        "lds_bytes",
        "scratch_bytes",
        "user_sgprs",
        "kernarg_sgpr",
        "kernarg_bytes",
        "pointers",
        "max_threads",
        "required_block",
        "problem",
    ])?;
    let number = |key| object.option(key, |m| m.u32());
    let pointer = |member: &Member<'_>| {
        let object = member.object(&["name", "offset", "access"])?;
        let access = access(&object.get("access")?)?;
        Ok(PointerArg { name: object.get("name")?.name()?, offset: object.get("offset")?.u32()?, access })
    };
    Ok(KernelFacts {
        name: object.get("name")?.name()?,
        entry: object.get("entry")?.u64()?,
        target: object.option("target", |m| m.name())?,
        wave32: object.option("wave32", |m| m.flag())?,
        vgprs: number("vgprs")?,
        lds_bytes: number("lds_bytes")?,
        scratch_bytes: number("scratch_bytes")?,
        user_sgprs: number("user_sgprs")?,
        kernarg_sgpr: number("kernarg_sgpr")?,
        kernarg_bytes: number("kernarg_bytes")?.unwrap_or_default(),
        pointers: object
            .option("pointers", |m| m.list(MAX_ENTRIES)?.iter().map(pointer).collect())?
            .unwrap_or_default(),
        max_threads: number("max_threads")?,
        required_block: object.option("required_block", |m| m.array(|m| m.u32()))?,
        problem: object.option("problem", |m| problem(&m))?,
    })
}

fn problem(member: &Member<'_>) -> Read<CodeProblem> {
    let object = member.object(&["kind", "offset", "word"])?;
    let offset = || object.get("offset")?.u64();
    let kinds = ["byte-swapped", "old-endpgm", "not-an-instruction", "no-end"];
    Ok(match object.get("kind")?.one_of(&kinds, |k| k)? {
        "byte-swapped" => CodeProblem::ByteSwapped,
        "old-endpgm" => CodeProblem::OldEndpgm { offset: offset()? },
        "not-an-instruction" => CodeProblem::NotAnInstruction { offset: offset()?, word: object.get("word")?.u32()? },
        _ => CodeProblem::NoEnd,
    })
}

fn range(member: &Member<'_>) -> Read<Range<u64>> {
    let [start, end] = member.array(|m| m.u64())?;
    if start > end {
        return member.refuse(format!("ends at {end:#x}, before its start {start:#x}"));
    }
    Ok(start..end)
}

fn completion(member: &Member<'_>) -> Read<Completion> {
    let object = member.object(&["kind", "va", "value", "reads"])?;
    Ok(match object.get("kind")?.one_of(&["kernel-fence", "memory"], |k| k)? {
        "kernel-fence" => Completion::KernelFence,
        _ => Completion::Memory {
            va: object.get("va")?.u64()?,
            value: object.get("value")?.u64()?,
            reads: object.option("reads", |m| m.list(MAX_ENTRIES)?.iter().map(range).collect())?.unwrap_or_default(),
        },
    })
}

fn effect(member: &Member<'_>, dwords: &mut usize) -> Read<Effect> {
    let kinds = ["dispatch", "write", "fill", "copy", "atomic", "fence", "timestamp", "wait"];
    let Some(kind) = member.tag("kind") else { return member.refuse("has no kind, or is no object") };
    let members: &[&str] = match kind {
        "dispatch" => &LAUNCH,
        "write" => &["kind", "va", "data"],
        "fill" => &["kind", "va", "value", "bytes"],
        "copy" => &["kind", "src", "dst", "bytes"],
        "atomic" => &["kind", "va", "op", "operand", "compare"],
        "fence" => &["kind", "va", "value", "bytes"],
        "timestamp" => &["kind", "va", "end_of_pipe"],
        "wait" => &["kind", "va", "bytes", "function", "reference", "mask"],
        other => return member.refuse(format!("has the kind {:?}; there are {}", shorten(other), kinds.join(", "))),
    };
    let object = member.object(members)?;
    let number = |key| object.get(key)?.u64();
    let width = || {
        let member = object.get("bytes")?;
        match member.u64()? {
            4 => Ok(4),
            8 => Ok(8),
            other => member.refuse(format!("is {other}; 4 or 8 is wanted")),
        }
    };
    Ok(match kind {
        "dispatch" => Effect::Dispatch(launch(&object)?),
        "write" => Effect::Write { va: number("va")?, data: words(&object.get("data")?, dwords)? },
        "fill" => Effect::Fill { va: number("va")?, value: object.get("value")?.u32()?, bytes: number("bytes")? },
        "copy" => Effect::Copy { src: number("src")?, dst: number("dst")?, bytes: number("bytes")? },
        "atomic" => Effect::Atomic {
            va: number("va")?,
            op: AtomicOp(object.get("op")?.value_of(&AtomicOp::DESC)?),
            operand: number("operand")?,
            compare: number("compare")?,
        },
        "fence" => Effect::Fence { va: number("va")?, value: number("value")?, bytes: width()? },
        "timestamp" => Effect::Timestamp { va: number("va")?, end_of_pipe: object.get("end_of_pipe")?.flag()? },
        _ => Effect::Wait {
            va: number("va")?,
            bytes: width()?,
            function: WaitFunction(object.get("function")?.value_of(&WaitFunction::DESC)?),
            reference: number("reference")?,
            mask: number("mask")?,
        },
    })
}

const LAUNCH: [&str; 17] = [
    "kind",
    "entry",
    "wave32",
    "block",
    "partial",
    "start",
    "end",
    "indirect",
    "user_data",
    "workgroup_ids",
    "group_size_sgpr",
    "local_ids",
    "mode",
    "vgprs",
    "lds_bytes",
    "scratch_bytes",
    "uses",
];

fn launch(object: &Object<'_>) -> Read<Launch> {
    let number = |key| object.get(key)?.u32();
    let three = |key| object.get(key)?.array::<3, u32>(|m| m.u32());
    let memory = |member: &Member<'_>| {
        let object = member.object(&["range", "access"])?;
        Ok(Use { range: range(&object.get("range")?)?, access: access(&object.get("access")?)? })
    };
    let value = |member: Member<'_>| member.present().map(|m| m.u32()).transpose();
    Ok(Launch {
        entry: object.get("entry")?.u64()?,
        wave32: object.get("wave32")?.flag()?,
        block: three("block")?,
        partial: three("partial")?,
        start: three("start")?,
        end: three("end")?,
        indirect: object.option("indirect", |m| m.u64())?,
        user_data: object.get("user_data")?.list(64)?.into_iter().map(value).collect::<Read<_>>()?,
        workgroup_ids: object.get("workgroup_ids")?.array(|m| m.flag())?,
        group_size_sgpr: object.get("group_size_sgpr")?.flag()?,
        local_ids: number("local_ids")?,
        mode: number("mode")?,
        vgprs: number("vgprs")?,
        lds_bytes: number("lds_bytes")?,
        scratch_bytes: number("scratch_bytes")?,
        uses: object.option("uses", |m| m.list(MAX_ENTRIES)?.iter().map(memory).collect())?.unwrap_or_default(),
    })
}
