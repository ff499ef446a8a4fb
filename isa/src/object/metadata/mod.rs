//! `.amdgpu_metadata` blocks: YAML to the MessagePack of an `NT_AMDGPU_METADATA` note.
//!
//! Keys and their types are those of LLVM "User Guide for AMDGPU Backend", Code Object V3 and later Metadata; what is
//! required and which words are known is what LLVM 19 checks. Keys that LLVM does not know are kept.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::MetadataError;

mod yaml;

use yaml::Node as Yaml;

/// A typed node and the line it starts in.
#[derive(Clone, Debug, PartialEq)]
struct Node {
    line: usize,
    value: Value,
}

/// The types of MessagePack that LLVM's document writer uses, in the order in which it sorts keys.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Int(i64),
    UInt(u64),
    /// Also every number with a fraction: LLVM reads those as floats, which its writer leaves out.
    Nil,
    Bool(bool),
    Str(String),
    Array(Vec<Node>),
    Map(Vec<(Value, Node)>),
}

impl Value {
    fn what(&self) -> String {
        match self {
            Value::Int(v) => format!("{v}"),
            Value::UInt(v) => format!("{v}"),
            Value::Nil => "a number with a fraction or nothing".into(),
            Value::Bool(v) => format!("the boolean {v}"),
            Value::Str(v) => format!("{v:?}"),
            Value::Array(_) => "a list".into(),
            Value::Map(_) => "a map".into(),
        }
    }

    /// The order of keys; collections are no keys.
    fn order(&self, other: &Value) -> core::cmp::Ordering {
        let rank = |v: &Value| match v {
            Value::Int(_) => 0,
            Value::UInt(_) => 1,
            Value::Nil => 2,
            Value::Bool(_) => 3,
            Value::Str(_) => 4,
            Value::Array(_) => 5,
            Value::Map(_) => 6,
        };
        match (self, other) {
            (Value::Int(a), Value::Int(b)) => a.cmp(b),
            (Value::UInt(a), Value::UInt(b)) => a.cmp(b),
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            (Value::Str(a), Value::Str(b)) => a.cmp(b),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

/// Digits in the radix that the prefix says, as C and LLVM read it.
fn unsigned(text: &str) -> Option<u64> {
    let radix = |prefix: &str, radix| text.strip_prefix(prefix).map(|digits| (digits, radix));
    let octal = || text.strip_prefix('0').filter(|d| d.starts_with(|c: char| c.is_ascii_digit())).map(|d| (d, 8));
    let prefixed = [("0x", 16), ("0X", 16), ("0b", 2), ("0B", 2), ("0o", 8)];
    let (digits, radix) = prefixed.iter().find_map(|(p, r)| radix(p, *r)).or_else(octal).unwrap_or((text, 10));
    // from_str_radix takes a sign, which LLVM doesn't.
    if digits.starts_with('+') { None } else { u64::from_str_radix(digits, radix).ok() }
}

fn signed(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        None => unsigned(text).and_then(|v| i64::try_from(v).ok()),
        Some(magnitude) => unsigned(magnitude).filter(|v| *v <= 1 << 63).map(|v| v.wrapping_neg().cast_signed()),
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// Whether C's strtod reads the whole text.
fn is_float(text: &str) -> bool {
    if text.is_empty() {
        return true;
    }
    let t = text.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let t = t.strip_prefix(['+', '-']).unwrap_or(t);
    let lower = t.to_ascii_lowercase();
    if matches!(lower.as_str(), "inf" | "infinity" | "nan") {
        return true;
    }
    if let Some(payload) = lower.strip_prefix("nan(").and_then(|p| p.strip_suffix(')')) {
        return payload.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_');
    }
    let (digits, exponent, is_digit): (&str, char, fn(u8) -> bool) = match lower.strip_prefix("0x") {
        Some(hex) => (hex, 'p', |c| c.is_ascii_hexdigit()),
        None => (&lower, 'e', |c| c.is_ascii_digit()),
    };
    let (mantissa, power) = match digits.split_once(exponent) {
        Some((m, p)) => (m, Some(p)),
        None => (digits, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = |s: &str| s.bytes().all(is_digit);
    let power_ok = power.is_none_or(|p| {
        let p = p.strip_prefix(['+', '-']).unwrap_or(p);
        !p.is_empty() && p.bytes().all(|c| c.is_ascii_digit())
    });
    all(whole) && all(fraction) && !(whole.is_empty() && fraction.is_empty()) && power_ok
}

/// What an untagged scalar is; LLVM tries unsigned, signed, boolean and floating-point before a string.
fn implicit(text: &str) -> Value {
    if let Some(v) = unsigned(text) {
        Value::UInt(v)
    } else if let Some(v) = signed(text) {
        Value::Int(v)
    } else if let Some(v) = boolean(text) {
        Value::Bool(v)
    } else if is_float(text) {
        Value::Nil
    } else {
        Value::Str(text.into())
    }
}

fn scalar(text: String, tag: &str, line: usize) -> Result<Value, MetadataError> {
    let bad = |what| Err(MetadataError { line, message: format!("{text:?} is not {what}") });
    match tag {
        "" | "!" | "!!str" => Ok(implicit(&text)),
        "!int" => match implicit(&text) {
            v @ (Value::UInt(_) | Value::Int(_)) => Ok(v),
            _ => bad("an integer"),
        },
        "!bool" => match boolean(&text) {
            Some(v) => Ok(Value::Bool(v)),
            None => bad("a boolean"),
        },
        "!float" if is_float(&text) => Ok(Value::Nil),
        "!float" => bad("a number"),
        "!nil" => Ok(Value::Nil),
        _ => Ok(Value::Str(text)),
    }
}

fn typed(node: Yaml) -> Result<Node, MetadataError> {
    let line = node.line;
    let value = match node.value {
        // LLVM reads a value that is not written as an empty list.
        yaml::Value::Null => Value::Array(Vec::new()),
        yaml::Value::Scalar { text, tag } => scalar(text, &tag, line)?,
        yaml::Value::Sequence(items) => Value::Array(items.into_iter().map(typed).collect::<Result<_, _>>()?),
        yaml::Value::Mapping(entries) => {
            let mut map = Vec::with_capacity(entries.len());
            for (key, _, value) in entries {
                map.push((implicit(&key), typed(value)?));
            }
            // Two texts may be one key (n and no): the last one counts.
            map.reverse();
            map.sort_by(|a: &(Value, Node), b| a.0.order(&b.0));
            map.dedup_by(|a, b| a.0 == b.0);
            Value::Map(map)
        }
    };
    Ok(Node { line, value })
}

/// What a key's value must be.
#[derive(Clone, Copy)]
enum Rule {
    Str,
    Int,
    Bool,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of this many integers.
    Ints(usize),
    Strs,
    /// A list of maps with these keys.
    Maps(&'static [Key]),
}

/// Name, whether it must be there, and what its value must be.
type Key = (&'static str, bool, Rule);

const ACCESS: Rule = Rule::Word(&["read_only", "write_only", "read_write"]);

static ARGUMENT: [Key; 13] = [
    (".name", false, Rule::Str),
    (".type_name", false, Rule::Str),
    (".size", true, Rule::Int),
    (".offset", true, Rule::Int),
    (".value_kind", true, Rule::Word(&VALUE_KINDS)),
    (".pointee_align", false, Rule::Int),
    (".address_space", false, Rule::Word(&["private", "global", "constant", "local", "generic", "region"])),
    (".access", false, ACCESS),
    (".actual_access", false, ACCESS),
    (".is_const", false, Rule::Bool),
    (".is_restrict", false, Rule::Bool),
    (".is_volatile", false, Rule::Bool),
    (".is_pipe", false, Rule::Bool),
];

static VALUE_KINDS: [&str; 31] = [
    "by_value",
    "global_buffer",
    "dynamic_shared_pointer",
    "sampler",
    "image",
    "pipe",
    "queue",
    "hidden_block_count_x",
    "hidden_block_count_y",
    "hidden_block_count_z",
    "hidden_group_size_x",
    "hidden_group_size_y",
    "hidden_group_size_z",
    "hidden_remainder_x",
    "hidden_remainder_y",
    "hidden_remainder_z",
    "hidden_global_offset_x",
    "hidden_global_offset_y",
    "hidden_global_offset_z",
    "hidden_grid_dims",
    "hidden_none",
    "hidden_printf_buffer",
    "hidden_hostcall_buffer",
    "hidden_heap_v1",
    "hidden_default_queue",
    "hidden_completion_action",
    "hidden_multigrid_sync_arg",
    "hidden_dynamic_lds_size",
    "hidden_private_base",
    "hidden_shared_base",
    "hidden_queue_ptr",
];

static KERNEL: [Key; 22] = [
    (".name", true, Rule::Str),
    (".symbol", true, Rule::Str),
    (".language", false, Rule::Word(&["OpenCL C", "OpenCL C++", "HCC", "HIP", "OpenMP", "Assembler"])),
    (".language_version", false, Rule::Ints(2)),
    (".args", false, Rule::Maps(&ARGUMENT)),
    (".reqd_workgroup_size", false, Rule::Ints(3)),
    (".workgroup_size_hint", false, Rule::Ints(3)),
    (".vec_type_hint", false, Rule::Str),
    (".device_enqueue_symbol", false, Rule::Str),
    (".kernarg_segment_size", true, Rule::Int),
    (".group_segment_fixed_size", true, Rule::Int),
    (".private_segment_fixed_size", true, Rule::Int),
    (".uses_dynamic_stack", false, Rule::Bool),
    (".workgroup_processor_mode", false, Rule::Int),
    (".kernarg_segment_align", true, Rule::Int),
    (".wavefront_size", true, Rule::Int),
    (".sgpr_count", true, Rule::Int),
    (".vgpr_count", true, Rule::Int),
    (".max_flat_workgroup_size", true, Rule::Int),
    (".sgpr_spill_count", false, Rule::Int),
    (".vgpr_spill_count", false, Rule::Int),
    (".uniform_work_group_size", false, Rule::Int),
];

static ROOT: [Key; 3] = [
    ("amdhsa.version", true, Rule::Ints(2)),
    ("amdhsa.printf", false, Rule::Strs),
    ("amdhsa.kernels", true, Rule::Maps(&KERNEL)),
];

/// A string that was tagged so may still be the number or boolean that a key wants.
fn coerce(node: &mut Node) {
    if let Value::Str(text) = &node.value {
        node.value = implicit(text);
    }
}

fn check(node: &mut Node, key: &str, rule: Rule) -> Result<(), MetadataError> {
    let line = node.line;
    let bad = |value: &Value, wanted: &str| {
        Err(MetadataError { line, message: format!("{key} is {}, not {wanted}", value.what()) })
    };
    match rule {
        Rule::Str | Rule::Word(_) if !matches!(node.value, Value::Str(_)) => match &node.value {
            // LLVM reads 5 and n as a number and a boolean even in quotes.
            Value::Int(_) | Value::UInt(_) | Value::Bool(_) | Value::Nil => {
                bad(&node.value, "a string: write !str in front of it")
            }
            other => bad(other, "a string"),
        },
        Rule::Str => Ok(()),
        Rule::Word(words) => match &node.value {
            Value::Str(word) if words.contains(&word.as_str()) => Ok(()),
            value if words.len() < 10 => bad(value, &format!("one of {}", words.join(", "))),
            value => bad(value, "a value kind such as by_value, global_buffer or hidden_block_count_x"),
        },
        Rule::Int => {
            coerce(node);
            if matches!(node.value, Value::Int(_) | Value::UInt(_)) { Ok(()) } else { bad(&node.value, "an integer") }
        }
        Rule::Bool => {
            coerce(node);
            if matches!(node.value, Value::Bool(_)) { Ok(()) } else { bad(&node.value, "true or false") }
        }
        Rule::Ints(count) => match &mut node.value {
            Value::Array(items) if items.len() == count => {
                items.iter_mut().try_for_each(|i| check(i, &format!("an element of {key}"), Rule::Int))
            }
            Value::Array(items) => {
                let message = format!("{key} has {} elements, not {count}", items.len());
                Err(MetadataError { line, message })
            }
            other => bad(other, &format!("a list of {count} integers")),
        },
        Rule::Strs => match &mut node.value {
            Value::Array(items) => {
                items.iter_mut().try_for_each(|i| check(i, &format!("an element of {key}"), Rule::Str))
            }
            other => bad(other, "a list of strings"),
        },
        Rule::Maps(keys) => match &mut node.value {
            Value::Array(items) => {
                items.iter_mut().try_for_each(|i| check_map(i, &format!("an element of {key}"), keys))
            }
            other => bad(other, "a list of maps"),
        },
    }
}

fn check_map(node: &mut Node, what: &str, keys: &'static [Key]) -> Result<(), MetadataError> {
    let line = node.line;
    let Value::Map(entries) = &mut node.value else {
        return Err(MetadataError { line, message: format!("{what} is {}, not a map", node.value.what()) });
    };
    for &(key, required, rule) in keys {
        let found = entries.iter_mut().find(|e| matches!(&e.0, Value::Str(s) if s == key));
        match found {
            Some((_, value)) => check(value, key, rule)?,
            None if required => {
                return Err(MetadataError { line, message: format!("{what} has no {key}, which is required") });
            }
            None => {}
        }
    }
    Ok(())
}

fn put_len(out: &mut Vec<u8>, len: usize, fix: (u8, usize), byte: Option<u8>, short: u8) {
    if len <= fix.1 {
        out.push(fix.0 | len as u8);
    } else if let (Some(byte), Ok(len)) = (byte, u8::try_from(len)) {
        out.extend_from_slice(&[byte, len]);
    } else if let Ok(len) = u16::try_from(len) {
        out.push(short);
        out.extend_from_slice(&len.to_be_bytes());
    } else {
        out.push(short + 1);
        out.extend_from_slice(&(len as u32).to_be_bytes());
    }
}

fn encode(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Nil => out.push(0xc0),
        Value::Bool(v) => out.push(0xc2 | u8::from(*v)),
        Value::Int(v) if *v >= 0 => encode(&Value::UInt(v.cast_unsigned()), out),
        Value::Int(v) => match (i8::try_from(*v), i16::try_from(*v), i32::try_from(*v)) {
            (Ok(v @ -32..), ..) => out.push(v.cast_unsigned()),
            (Ok(v), ..) => out.extend_from_slice(&[0xd0, v.cast_unsigned()]),
            (_, Ok(v), _) => {
                out.push(0xd1);
                out.extend_from_slice(&v.to_be_bytes());
            }
            (.., Ok(v)) => {
                out.push(0xd2);
                out.extend_from_slice(&v.to_be_bytes());
            }
            _ => {
                out.push(0xd3);
                out.extend_from_slice(&v.to_be_bytes());
            }
        },
        Value::UInt(v) => match (u8::try_from(*v), u16::try_from(*v), u32::try_from(*v)) {
            (Ok(v @ ..0x80), ..) => out.push(v),
            (Ok(v), ..) => out.extend_from_slice(&[0xcc, v]),
            (_, Ok(v), _) => {
                out.push(0xcd);
                out.extend_from_slice(&v.to_be_bytes());
            }
            (.., Ok(v)) => {
                out.push(0xce);
                out.extend_from_slice(&v.to_be_bytes());
            }
            _ => {
                out.push(0xcf);
                out.extend_from_slice(&v.to_be_bytes());
            }
        },
        Value::Str(s) => {
            put_len(out, s.len(), (0xa0, 31), Some(0xd9), 0xda);
            out.extend_from_slice(s.as_bytes());
        }
        Value::Array(items) => {
            put_len(out, items.len(), (0x90, 15), None, 0xdc);
            items.iter().for_each(|i| encode(&i.value, out));
        }
        Value::Map(entries) => {
            put_len(out, entries.len(), (0x80, 15), None, 0xde);
            for (key, value) in entries {
                encode(key, out);
                encode(&value.value, out);
            }
        }
    }
}

/// Encodes the text between `.amdgpu_metadata` and `.end_amdgpu_metadata` as LLVM 19 does: checked against the keys
/// that LLVM knows, keys sorted, every number in its shortest form.
///
/// The text is taken as it stands in the source; the assembler's `//` and `;` comments are removed here. Lines of
/// errors count from 1 in the text.
pub fn assemble(text: &str) -> Result<Vec<u8>, MetadataError> {
    let mut root = typed(yaml::parse(text)?)?;
    if !matches!(root.value, Value::Map(_)) {
        let message = "the block is not a map with amdhsa.version and amdhsa.kernels".to_string();
        return Err(MetadataError { line: root.line, message });
    }
    check_map(&mut root, "the block", &ROOT)?;
    let mut out = Vec::new();
    encode(&root.value, &mut out);
    Ok(out)
}
