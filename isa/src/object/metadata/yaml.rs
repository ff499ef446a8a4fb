//! The YAML that metadata blocks are written in.
//!
//! Block and flow collections, plain, quoted and block scalars, tags, comments, one document. Anchors are read over;
//! aliases, explicit keys (`?`) and keys that are collections are refused.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::MetadataError;

/// A node and the line it starts in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) value: Value,
}

/// What a node is, before types.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Nothing is written.
    Null,
    /// Text and its tag (`!str`), quoted or not: LLVM types both alike.
    Scalar {
        text: String,
        tag: String,
    },
    Sequence(Vec<Node>),
    /// Keys with their lines.
    Mapping(Vec<(String, usize, Node)>),
}

/// Nesting that a block may have; real ones have 5.
const MAX_DEPTH: usize = 64;

/// Removes the assembler's comments, which its lexer takes out of a metadata block: `//` and `;` outside of quotes.
fn without_comments(text: &str) -> Cow<'_, str> {
    if !text.contains("//") && !text.contains(';') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut quote = None;
    for line in text.split_inclusive('\n') {
        let bytes = line.as_bytes();
        let mut cut = None;
        let mut k = 0;
        while k < bytes.len() {
            match (quote, bytes[k]) {
                (Some(b'"'), b'\\') => k += 1,
                (Some(q), c) if q == c => quote = None,
                (None, c @ (b'"' | b'\'')) => {
                    // A quote inside a plain scalar quotes nothing.
                    let before = bytes[..k].trim_ascii_end().last().copied();
                    let adjacent = k > 0 && !bytes[k - 1].is_ascii_whitespace();
                    if !adjacent || matches!(before, Some(b'[' | b'{' | b',' | b':')) {
                        quote = Some(c);
                    }
                }
                (None, b'#') if k == 0 || bytes[k - 1].is_ascii_whitespace() => break,
                (None, b';') => cut = Some(k),
                (None, b'/') if bytes.get(k + 1) == Some(&b'/') => cut = Some(k),
                _ => {}
            }
            if cut.is_some() {
                break;
            }
            k += 1;
        }
        match cut {
            Some(at) => {
                out.push_str(&line[..at]);
                out.push('\n');
            }
            None => out.push_str(line),
        }
    }
    Cow::Owned(out)
}

/// Parses the first document of a text.
pub(super) fn parse(text: &str) -> Result<Node, MetadataError> {
    let text = without_comments(text);
    let mut p = Parser { s: text.as_bytes(), text: &text, at: 0, line: 1, line_start: 0, depth: 0 };
    p.start_of_document()?;
    let node = p.block_node(-1)?;
    p.skip_space()?;
    if p.at < p.s.len() && !p.at_marker() {
        return Err(p.error("the document goes on after its end: check the indentation"));
    }
    Ok(node)
}

struct Parser<'a> {
    s: &'a [u8],
    text: &'a str,
    at: usize,
    line: usize,
    line_start: usize,
    depth: usize,
}

impl Parser<'_> {
    fn error(&self, message: impl Into<String>) -> MetadataError {
        MetadataError { line: self.line, message: message.into() }
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.s.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn ended(&self) -> bool {
        self.at >= self.s.len()
    }

    /// Whitespace, a line's end or the text's end stands at `ahead`.
    fn blank(&self, ahead: usize) -> bool {
        self.s.get(self.at + ahead).is_none_or(|c| matches!(c, b' ' | b'\t' | b'\n' | b'\r'))
    }

    fn column(&self) -> i64 {
        (self.at - self.line_start) as i64
    }

    fn newline(&mut self) {
        self.at += 1;
        self.line += 1;
        self.line_start = self.at;
    }

    /// `---` or `...` in column 0.
    fn at_marker(&self) -> bool {
        let rest = &self.s[self.at..];
        self.at == self.line_start && (rest.starts_with(b"---") || rest.starts_with(b"...")) && self.blank(3)
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(0), b' ' | b'\t' | b'\r') {
            self.at += 1;
        }
    }

    fn skip_comment(&mut self) {
        if self.peek(0) == b'#' && (self.at == self.line_start || matches!(self.s[self.at - 1], b' ' | b'\t')) {
            while !self.ended() && self.peek(0) != b'\n' {
                self.at += 1;
            }
        }
    }

    /// Skips blanks, comments and line ends.
    fn skip_space(&mut self) -> Result<(), MetadataError> {
        loop {
            self.skip_blanks();
            self.skip_comment();
            if self.peek(0) != b'\n' || self.ended() {
                return Ok(());
            }
            self.newline();
        }
    }

    fn start_of_document(&mut self) -> Result<(), MetadataError> {
        loop {
            self.skip_space()?;
            if self.peek(0) == b'%' && self.at == self.line_start {
                while !self.ended() && self.peek(0) != b'\n' {
                    self.at += 1;
                }
            } else if self.at_marker() && self.peek(0) == b'-' {
                self.at += 3;
                return Ok(());
            } else {
                return Ok(());
            }
        }
    }

    /// Tag and anchor; the tag is what is written, without the anchor.
    fn properties(&mut self) -> Result<String, MetadataError> {
        let mut tag = String::new();
        loop {
            let first = self.peek(0);
            if first != b'!' && first != b'&' {
                return Ok(tag);
            }
            let start = self.at;
            while !self.blank(0) && !matches!(self.peek(0), b',' | b'[' | b']' | b'{' | b'}') {
                self.at += 1;
            }
            let word = &self.text[start..self.at];
            if word.starts_with("!<") {
                return Err(self.error(format!("tag {word}: write tags as !str, !int, !bool, !float or !nil")));
            }
            if first == b'!' {
                tag = word.into();
            }
            self.skip_blanks();
        }
    }

    fn enter(&mut self) -> Result<(), MetadataError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(())
    }

    /// The node that belongs to a collection in column `parent`, -1 for the document.
    fn block_node(&mut self, parent: i64) -> Result<Node, MetadataError> {
        let line = self.line;
        self.skip_space()?;
        if self.ended() || self.at_marker() || self.column() <= parent {
            return Ok(Node { line, value: Value::Null });
        }
        self.enter()?;
        let node = self.block_node_here(parent, true)?;
        self.depth -= 1;
        Ok(node)
    }

    /// The node at the cursor. `mapping`: a key may stand here, which needs a line or a `- ` of its own.
    fn block_node_here(&mut self, parent: i64, mapping: bool) -> Result<Node, MetadataError> {
        let (line, column) = (self.line, self.column());
        let tag = self.properties()?;
        if matches!(self.peek(0), b'\n' | b'#') && !self.ended() || self.ended() {
            let node = self.block_node(parent)?;
            return Ok(tagged(node, tag));
        }
        let line_of_key = self.line;
        let value = match self.peek(0) {
            b'-' if self.blank(1) => self.block_sequence(column)?,
            b'?' if self.blank(1) => return Err(self.error("explicit keys (`? key`) are not supported")),
            b'*' => return Err(self.error("aliases are not supported")),
            b'|' | b'>' => self.block_scalar(parent, tag)?,
            b'[' | b'{' => {
                let value = self.flow_collection()?;
                self.skip_blanks();
                if self.peek(0) == b':' {
                    return Err(self.error("a key must be a scalar"));
                }
                self.end_of_line()?;
                value
            }
            _ => {
                let text = self.scalar(parent, false)?;
                self.skip_blanks();
                if self.peek(0) == b':' && self.blank(1) {
                    if !mapping || self.line != line_of_key {
                        return Err(self.error("a key cannot stand here: nested maps start on a line of their own"));
                    }
                    self.at += 1;
                    self.block_mapping(column, text, line)?
                } else {
                    self.end_of_line()?;
                    Value::Scalar { text, tag }
                }
            }
        };
        Ok(Node { line, value })
    }

    /// Nothing but a comment may follow in this line.
    fn end_of_line(&mut self) -> Result<(), MetadataError> {
        self.skip_blanks();
        self.skip_comment();
        if self.ended() || self.peek(0) == b'\n' {
            return Ok(());
        }
        let rest = self.text[self.at..].lines().next().unwrap_or("");
        Err(self.error(format!("unexpected {rest:?} behind the value")))
    }

    fn block_sequence(&mut self, column: i64) -> Result<Value, MetadataError> {
        let mut items = Vec::new();
        loop {
            self.at += 1;
            self.skip_blanks();
            self.skip_comment();
            items.push(self.block_node(column)?);
            self.skip_space()?;
            if self.ended() || self.at_marker() || self.column() < column {
                return Ok(Value::Sequence(items));
            }
            if self.column() != column {
                return Err(self.error("wrong indentation in a list"));
            }
            if self.peek(0) != b'-' || !self.blank(1) {
                // A map's key may stand in the column of the list that is its predecessor's value.
                return Ok(Value::Sequence(items));
            }
        }
    }

    fn block_mapping(&mut self, column: i64, mut key: String, mut line: usize) -> Result<Value, MetadataError> {
        let mut entries: Vec<(String, usize, Node)> = Vec::new();
        loop {
            let value = self.mapping_value(column)?;
            entries.push((key, line, value));
            self.skip_space()?;
            if self.ended() || self.at_marker() || self.column() < column {
                return distinct(entries);
            }
            if self.column() != column {
                return Err(self.error("wrong indentation in a map"));
            }
            line = self.line;
            if matches!(self.peek(0), b'[' | b'{') {
                return Err(self.error("a key must be a scalar"));
            }
            if matches!(self.peek(0), b'-' | b'?') && self.blank(1) {
                return Err(self.error("expected a key"));
            }
            self.properties()?;
            key = self.scalar(column, false)?;
            self.skip_blanks();
            if self.peek(0) != b':' || !self.blank(1) || self.line != line {
                return Err(MetadataError { line, message: format!("expected `:` behind the key {key:?}") });
            }
            self.at += 1;
        }
    }

    /// What follows `key:` of a map in this column.
    fn mapping_value(&mut self, column: i64) -> Result<Node, MetadataError> {
        let line = self.line;
        self.skip_blanks();
        self.skip_comment();
        if !self.ended() && self.peek(0) != b'\n' {
            self.enter()?;
            let node = self.block_node_here(column, false)?;
            self.depth -= 1;
            return Ok(node);
        }
        self.skip_space()?;
        // A list may stand in the column of its key.
        let list = self.peek(0) == b'-' && self.blank(1) && !self.at_marker();
        if self.ended() || self.at_marker() || !(self.column() > column || self.column() == column && list) {
            return Ok(Node { line, value: Value::Null });
        }
        self.enter()?;
        let node = self.block_node_here(column, true)?;
        self.depth -= 1;
        Ok(node)
    }

    /// A plain or quoted scalar. Plain ones go on in lines that are indented deeper than `parent`.
    fn scalar(&mut self, parent: i64, flow: bool) -> Result<String, MetadataError> {
        match self.peek(0) {
            b'"' => self.double_quoted(),
            b'\'' => self.single_quoted(),
            _ => self.plain(parent, flow),
        }
    }

    fn plain(&mut self, parent: i64, flow: bool) -> Result<String, MetadataError> {
        let first = self.peek(0);
        let indicator = matches!(first, b'-' | b'?' | b':') && self.blank(1);
        if indicator || matches!(first, b'@' | b'`' | b'%' | b',' | b'[' | b']' | b'{' | b'}' | b'*' | b'|' | b'>') {
            return Err(self.error(format!("a value cannot start with {:?}", char::from(first))));
        }
        let mut out = String::new();
        loop {
            let start = self.at;
            while !self.ended() {
                let c = self.peek(0);
                let ends = c == b'\n'
                    || c == b'#' && self.at > start && matches!(self.s[self.at - 1], b' ' | b'\t')
                    || c == b':' && (self.blank(1) || flow && matches!(self.peek(1), b',' | b'[' | b']' | b'{' | b'}'))
                    || flow && matches!(c, b',' | b'[' | b']' | b'{' | b'}');
                if ends {
                    break;
                }
                self.at += 1;
            }
            out.push_str(self.text[start..self.at].trim_end_matches([' ', '\t', '\r']));
            if self.ended() || self.peek(0) != b'\n' {
                return Ok(out);
            }
            // A further line, or what belongs to somebody else.
            let back = (self.at, self.line, self.line_start);
            let mut breaks = 0;
            while !self.ended() && self.peek(0) == b'\n' {
                self.newline();
                self.skip_blanks();
                breaks += 1;
            }
            let mine = flow || self.column() > parent;
            let other = matches!(self.peek(0), b'#') || flow && matches!(self.peek(0), b',' | b']' | b'}' | b':');
            if self.ended() || !mine || self.at_marker() || other || parent < 0 && !flow {
                (self.at, self.line, self.line_start) = back;
                return Ok(out);
            }
            fold(&mut out, breaks);
        }
    }

    fn single_quoted(&mut self) -> Result<String, MetadataError> {
        let line = self.line;
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while !self.ended() && !matches!(self.peek(0), b'\'' | b'\n') {
                self.at += 1;
            }
            out.push_str(&self.text[start..self.at]);
            match self.peek(0) {
                _ if self.ended() => return Err(MetadataError { line, message: "the ' is not closed".into() }),
                b'\n' => self.fold_lines(&mut out),
                _ if self.peek(1) == b'\'' => {
                    out.push('\'');
                    self.at += 2;
                }
                _ => {
                    self.at += 1;
                    return Ok(out);
                }
            }
        }
    }

    /// Inside quotes: a line's end and what surrounds it become a space, empty lines become line ends.
    fn fold_lines(&mut self, out: &mut String) {
        out.truncate(out.trim_end_matches([' ', '\t', '\r']).len());
        let mut breaks = 0;
        while !self.ended() && self.peek(0) == b'\n' {
            self.newline();
            self.skip_blanks();
            breaks += 1;
        }
        fold(out, breaks);
    }

    fn double_quoted(&mut self) -> Result<String, MetadataError> {
        let line = self.line;
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while !self.ended() && !matches!(self.peek(0), b'"' | b'\n' | b'\\') {
                self.at += 1;
            }
            out.push_str(&self.text[start..self.at]);
            if self.ended() {
                return Err(MetadataError { line, message: "the \" is not closed".into() });
            }
            match self.peek(0) {
                b'"' => {
                    self.at += 1;
                    return Ok(out);
                }
                b'\n' => self.fold_lines(&mut out),
                _ => self.escape(&mut out)?,
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), MetadataError> {
        let c = self.peek(1);
        let plain = match c {
            b'0' => '\0',
            b'a' => '\x07',
            b'b' => '\x08',
            b't' | b'\t' => '\t',
            b'n' => '\n',
            b'v' => '\x0b',
            b'f' => '\x0c',
            b'r' => '\r',
            b'e' => '\x1b',
            b' ' => ' ',
            b'"' => '"',
            b'/' => '/',
            b'\\' => '\\',
            b'N' => '\u{85}',
            b'_' => '\u{a0}',
            b'L' => '\u{2028}',
            b'P' => '\u{2029}',
            b'x' => return self.hex_escape(2, out),
            b'u' => return self.hex_escape(4, out),
            b'U' => return self.hex_escape(8, out),
            b'\n' => {
                self.at += 1;
                self.newline();
                self.skip_blanks();
                return Ok(());
            }
            _ => return Err(self.error("unknown escape in a quoted string")),
        };
        out.push(plain);
        self.at += 2;
        Ok(())
    }

    fn hex_escape(&mut self, digits: usize, out: &mut String) -> Result<(), MetadataError> {
        let start = self.at + 2;
        let hex = self.text.get(start..start + digits).filter(|h| h.bytes().all(|c| c.is_ascii_hexdigit()));
        let c = hex.and_then(|h| u32::from_str_radix(h, 16).ok()).and_then(char::from_u32);
        let Some(c) = c else {
            return Err(self.error(format!("the escape wants {digits} hexadecimal digits of a character")));
        };
        out.push(c);
        self.at = start + digits;
        Ok(())
    }

    /// `|` or `>` and the lines below, indented deeper than `parent`.
    fn block_scalar(&mut self, parent: i64, tag: String) -> Result<Value, MetadataError> {
        let folded = self.peek(0) == b'>';
        self.at += 1;
        let (mut chomp, mut indent) = (b' ', None);
        loop {
            match self.peek(0) {
                c @ (b'+' | b'-') => chomp = c,
                c @ b'1'..=b'9' => indent = Some(parent.max(0) + i64::from(c - b'0')),
                _ => break,
            }
            self.at += 1;
        }
        self.end_of_line()?;
        let mut out = String::new();
        let mut empty = 0;
        let mut previous_deeper = true;
        while !self.ended() {
            let back = (self.at, self.line, self.line_start);
            self.newline();
            while self.peek(0) == b' ' && indent.is_none_or(|i| self.column() < i) {
                self.at += 1;
            }
            let here = self.column();
            if matches!(self.peek(0), b'\n' | b'\r') || self.ended() {
                self.skip_blanks();
                if self.ended() {
                    break;
                }
                empty += 1;
                continue;
            }
            if here <= parent || indent.is_some_and(|i| here < i) || self.at_marker() {
                (self.at, self.line, self.line_start) = back;
                break;
            }
            indent = Some(here);
            let start = self.at;
            while !self.ended() && self.peek(0) != b'\n' {
                self.at += 1;
            }
            let text = self.text[start..self.at].trim_end_matches('\r');
            let deeper = text.starts_with([' ', '\t']);
            if folded && !deeper && !previous_deeper && empty == 0 {
                // The break before this line is a space.
                out.truncate(out.trim_end_matches('\n').len());
                out.push(' ');
            }
            let breaks = if folded && !deeper && !previous_deeper && empty > 0 { empty - 1 } else { empty };
            out.extend(core::iter::repeat_n('\n', breaks));
            out.push_str(text);
            out.push('\n');
            (empty, previous_deeper) = (0, deeper);
        }
        match chomp {
            b'-' => out.truncate(out.trim_end_matches('\n').len()),
            b'+' => out.extend(core::iter::repeat_n('\n', empty)),
            _ => {}
        }
        Ok(Value::Scalar { text: out, tag })
    }

    /// `[…]` or `{…}`.
    fn flow_collection(&mut self) -> Result<Value, MetadataError> {
        self.enter()?;
        let line = self.line;
        let sequence = self.peek(0) == b'[';
        let close = if sequence { b']' } else { b'}' };
        self.at += 1;
        let mut items = Vec::new();
        let mut entries: Vec<(String, usize, Node)> = Vec::new();
        loop {
            self.skip_space()?;
            if self.ended() {
                let message = format!("the {} is not closed", if sequence { '[' } else { '{' });
                return Err(MetadataError { line, message });
            }
            if self.peek(0) == close {
                self.at += 1;
                break;
            }
            let node = self.flow_node()?;
            self.skip_space()?;
            let pair = self.peek(0) == b':';
            if pair || !sequence {
                let Value::Scalar { text: key, .. } = node.value else {
                    return Err(self.error("a key must be a scalar"));
                };
                let mut value = Node { line: self.line, value: Value::Null };
                if pair {
                    self.at += 1;
                    self.skip_space()?;
                    if !matches!(self.peek(0), b',' | b']' | b'}') {
                        value = self.flow_node()?;
                    }
                }
                let entry = (key, node.line, value);
                if sequence {
                    items.push(Node { line: node.line, value: Value::Mapping([entry].into()) });
                } else {
                    entries.push(entry);
                }
            } else {
                items.push(node);
            }
            self.skip_space()?;
            match self.peek(0) {
                b',' => self.at += 1,
                c if c == close || self.ended() => {}
                _ => return Err(self.error(format!("expected `,` or `{}`", char::from(close)))),
            }
        }
        self.depth -= 1;
        if sequence { Ok(Value::Sequence(items)) } else { distinct(entries) }
    }

    fn flow_node(&mut self) -> Result<Node, MetadataError> {
        let line = self.line;
        let tag = self.properties()?;
        self.skip_space()?;
        let value = match self.peek(0) {
            b'[' | b'{' => self.flow_collection()?,
            b'*' => return Err(self.error("aliases are not supported")),
            b',' | b']' | b'}' if !tag.is_empty() => Value::Null,
            _ => Value::Scalar { text: self.scalar(-1, true)?, tag },
        };
        Ok(Node { line, value })
    }
}

/// A map, unless two of its keys are the same text.
fn distinct(entries: Vec<(String, usize, Node)>) -> Result<Value, MetadataError> {
    let mut keys: Vec<(&str, usize)> = entries.iter().map(|e| (e.0.as_str(), e.1)).collect();
    keys.sort_unstable();
    match keys.windows(2).find(|w| w[0].0 == w[1].0) {
        Some(w) => Err(MetadataError { line: w[1].1, message: format!("duplicate key {:?}", w[1].0) }),
        None => Ok(Value::Mapping(entries)),
    }
}

/// The line breaks between two lines of a scalar.
fn fold(out: &mut String, breaks: usize) {
    if breaks == 1 {
        out.push(' ');
    } else {
        out.extend(core::iter::repeat_n('\n', breaks.saturating_sub(1)));
    }
}

/// Gives a tag that stood on the line before to a scalar.
fn tagged(mut node: Node, outer: String) -> Node {
    if let Value::Scalar { tag, .. } = &mut node.value
        && tag.is_empty()
    {
        *tag = outer;
    }
    node
}
