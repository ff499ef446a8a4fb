//! Members of a JSON document, read with their place.

use pm4::field::ValuesDesc;
use serde_json::{Map, Value};

use super::{CaptureError, EXTENSION, MAX_NAME};

/// A value, and where it stands.
#[derive(Debug, Clone)]
pub struct Member<'a> {
    value: &'a Value,
    path: String,
}

/// An object whose members are all known.
#[derive(Debug, Clone)]
pub struct Object<'a> {
    map: &'a Map<String, Value>,
    path: String,
}

type Read<T> = Result<T, CaptureError>;

impl<'a> Member<'a> {
    /// The document itself.
    pub fn root(value: &'a Value) -> Self {
        Self { value, path: String::new() }
    }

    /// An error about it.
    pub fn refuse<T>(&self, rule: impl Into<String>) -> Read<T> {
        let path = if self.path.is_empty() { "the document".to_owned() } else { self.path.clone() };
        Err(CaptureError::Member { path, rule: rule.into() })
    }

    fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "another number",
            Value::String(_) => "another string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        }
    }

    fn wants<T>(&self, what: &str) -> Read<T> {
        self.refuse(format!("is {}; {what} is wanted", self.kind()))
    }

    /// The members, all of which have to be among `known`.
    pub fn object(&self, known: &[&str]) -> Read<Object<'a>> {
        let Value::Object(map) = self.value else { return self.wants("an object") };
        let object = Object { map, path: self.path.clone() };
        match map.keys().find(|key| !known.contains(&key.as_str()) && !key.starts_with(EXTENSION)) {
            Some(key) => object.at(&shorten(key), &Value::Null).refuse("is unknown here"),
            None => Ok(object),
        }
    }

    /// The elements, at most `max`.
    pub fn list(&self, max: usize) -> Read<Vec<Member<'a>>> {
        let Value::Array(values) = self.value else { return self.wants("an array") };
        if values.len() > max {
            return self.refuse(format!("has {} elements; at most {max} are read", values.len()));
        }
        let element = |(i, value)| Member { value, path: format!("{}[{i}]", self.path) };
        Ok(values.iter().enumerate().map(element).collect())
    }

    /// As many elements as the array has.
    pub fn array<const N: usize, T: Copy + Default>(&self, read: impl Fn(&Member<'a>) -> Read<T>) -> Read<[T; N]> {
        let elements = self.list(N)?;
        if elements.len() != N {
            return self.refuse(format!("has {} elements; {N} are wanted", elements.len()));
        }
        let mut out = [T::default(); N];
        for (slot, element) in out.iter_mut().zip(&elements) {
            *slot = read(element)?;
        }
        Ok(out)
    }

    /// Any text.
    pub fn text(&self) -> Read<&'a str> {
        match self.value {
            Value::String(text) => Ok(text),
            _ => self.wants("a string"),
        }
    }

    /// A text that can be shown in a line.
    pub fn name(&self) -> Read<String> {
        let text = self.text()?;
        if text.chars().count() > MAX_NAME {
            return self.refuse(format!("is longer than {MAX_NAME} characters"));
        }
        if text.chars().any(char::is_control) {
            return self.refuse("has control characters");
        }
        Ok(text.to_owned())
    }

    /// `true` or `false`.
    pub fn flag(&self) -> Read<bool> {
        match self.value {
            Value::Bool(flag) => Ok(*flag),
            _ => self.wants("true or false"),
        }
    }

    /// A number below 2^64: `"0x…"`, or a JSON number.
    pub fn u64(&self) -> Read<u64> {
        let parsed = match self.value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.strip_prefix("0x").and_then(hex),
            _ => None,
        };
        match parsed {
            Some(value) => Ok(value),
            None => self.wants("a number, or \"0x…\" of at most 16 digits,"),
        }
    }

    /// A number of at most 32 bits.
    pub fn u32(&self) -> Read<u32> {
        let value = self.u64()?;
        u32::try_from(value).or_else(|_| self.refuse(format!("is {value:#x}, which has more than 32 bits")))
    }

    /// A value of an enumeration, by name or number.
    pub fn value_of(&self, values: &ValuesDesc) -> Read<u32> {
        match self.value {
            Value::String(text) if !text.starts_with("0x") => {
                match values.entries.iter().find(|(name, _)| name == text) {
                    Some((_, number)) => Ok(*number),
                    None => self.refuse(format!("is {:?}, which is no {}", shorten(text), values.name)),
                }
            }
            _ => self.u32(),
        }
    }

    /// One of several words.
    pub fn one_of<T: Copy>(&self, all: &[T], name: impl Fn(T) -> &'static str) -> Read<T> {
        let text = self.text()?;
        all.iter().copied().find(|&t| name(t) == text).map_or_else(
            || {
                let names: Vec<_> = all.iter().map(|&t| name(t)).collect();
                self.refuse(format!("is {:?}; there are {}", shorten(text), names.join(", ")))
            },
            Ok,
        )
    }

    /// The text of a member of this object, before its other members are known.
    pub fn tag(&self, key: &str) -> Option<&'a str> {
        self.value.get(key)?.as_str()
    }

    /// `null` is nothing.
    pub fn present(self) -> Option<Self> {
        (!self.value.is_null()).then_some(self)
    }
}

impl<'a> Object<'a> {
    fn at(&self, key: &str, value: &'a Value) -> Member<'a> {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Member { value, path }
    }

    /// A member that has to be there.
    pub fn get(&self, key: &str) -> Read<Member<'a>> {
        match self.map.get(key) {
            Some(value) => Ok(self.at(key, value)),
            None => self.at(key, &Value::Null).refuse("is missing"),
        }
    }

    /// A member that may be missing, or null.
    pub fn maybe(&self, key: &str) -> Option<Member<'a>> {
        self.at(key, self.map.get(key)?).present()
    }

    /// A member that may be missing or null, read.
    pub fn option<T>(&self, key: &str, read: impl FnOnce(Member<'a>) -> Read<T>) -> Read<Option<T>> {
        self.maybe(key).map(read).transpose()
    }
}

/// Up to sixteen hexadecimal digits.
pub fn hex(digits: &str) -> Option<u64> {
    let plain = (1..=16).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    plain.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

/// Enough of a text to recognise it, without what a terminal would act upon.
pub fn shorten(text: &str) -> String {
    let mut short: String = text.chars().map(|c| if c.is_control() { '?' } else { c }).take(40).collect();
    if text.chars().nth(40).is_some() {
        short.push('…');
    }
    short
}
