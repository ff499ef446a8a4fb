//! Statements: one a line, less its comments.
use alloc::string::String;

/// One statement of a source.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Statement {
    /// Where its text starts.
    pub start: usize,
    /// Where its text ends, less a comment at its end and blanks.
    pub end: usize,
    /// Where the next one starts; the source's length at its end.
    pub next: usize,
    /// A block comment stands inside and must be blanked.
    pub dirty: bool,
    /// A block comment without an end, at this place.
    pub open_comment: Option<usize>,
}

/// Bytes at which [`next`] has to look.
static SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut i = 0;
    let bytes = b"\n\"';/#";
    while i < bytes.len() {
        table[bytes[i] as usize] = true;
        i += 1;
    }
    table
};

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|&b| b == b'\n').map_or(bytes.len(), |n| at + n)
}

/// The statement that starts at `start`. `;` and `//` start a comment, so does `#` at the start of a line; `/* */` may
/// span lines and stands for a blank.
pub(super) fn next(text: &str, start: usize) -> Statement {
    let bytes = text.as_bytes();
    let mut at = start;
    let mut s = Statement { start, end: bytes.len(), next: bytes.len(), dirty: false, open_comment: None };
    loop {
        while at < bytes.len() && !SPECIAL[bytes[at] as usize] {
            at += 1;
        }
        let Some(&b) = bytes.get(at) else { break };
        let comment = match b {
            b'\n' => {
                s.end = at;
                s.next = at + 1;
                break;
            }
            b'"' => {
                at += 1;
                while let Some(&c) = bytes.get(at) {
                    match c {
                        b'"' => {
                            at += 1;
                            break;
                        }
                        b'\n' => break,
                        b'\\' if bytes.get(at + 1).is_some_and(|&n| n != b'\n') => at += 2,
                        _ => at += 1,
                    }
                }
                continue;
            }
            b'\'' => {
                let escape = usize::from(bytes.get(at + 1) == Some(&b'\\'));
                let quoted = bytes.get(at + 2 + escape) == Some(&b'\'') && bytes.get(at + 1 + escape) != Some(&b'\n');
                at += if quoted { 3 + escape } else { 1 };
                continue;
            }
            b';' => true,
            b'#' => bytes[start..at].iter().all(|b| matches!(b, b' ' | b'\t' | b'\r')),
            _ => match bytes.get(at + 1) {
                Some(b'/') => true,
                Some(b'*') => {
                    let close = bytes[at + 2..].windows(2).position(|w| w == b"*/");
                    match close {
                        Some(n) => at += n + 4,
                        None => {
                            s.open_comment = Some(at);
                            at = bytes.len();
                        }
                    }
                    s.dirty = true;
                    continue;
                }
                _ => false,
            },
        };
        if comment {
            s.end = at;
            s.next = (line_end(bytes, at) + 1).min(bytes.len());
            break;
        }
        at += 1;
    }
    while s.end > start && matches!(bytes[s.end - 1], b' ' | b'\t' | b'\r' | b'\n') {
        s.end -= 1;
    }
    s
}

/// The text with its block comments blanked, byte for byte.
pub(super) fn blank(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let len = if let Some(comment) = rest.strip_prefix("/*") {
            let len = comment.find("*/").map_or(rest.len(), |n| n + 4);
            out.extend(core::iter::repeat_n(' ', len));
            len
        } else if c == '"' {
            let mut end = 1;
            let bytes = rest.as_bytes();
            while end < bytes.len() && bytes[end] != b'"' {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
            }
            let mut end = (end + 1).min(rest.len());
            while !rest.is_char_boundary(end) {
                end += 1;
            }
            out.push_str(&rest[..end]);
            end
        } else {
            out.push(c);
            c.len_utf8()
        };
        at += len;
    }
    out
}

/// The first word of a statement, which starts at `at`, in lower case; empty where there is none or it is longer than any
/// directive.
pub(super) fn word<'b>(text: &str, at: usize, buffer: &'b mut [u8; 40]) -> &'b str {
    let end = crate::asm::expr::name_end(text, at);
    let bytes = &text.as_bytes()[at..end];
    match buffer.get_mut(..bytes.len()) {
        Some(out) => {
            for (o, b) in out.iter_mut().zip(bytes) {
                *o = b.to_ascii_lowercase();
            }
            core::str::from_utf8(out).unwrap_or("")
        }
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> alloc::vec::Vec<&str> {
        let (mut at, mut out) = (0, alloc::vec::Vec::new());
        while at < text.len() {
            let s = next(text, at);
            out.push(&text[s.start..s.end]);
            at = s.next;
        }
        out
    }

    #[test]
    fn comments_end_statements_and_strings_hide_them() {
        assert_eq!(
            split("a ; b\nc//d\n # e\nf \"x;y//\" ; g\n"),
            ["a", "c", " ", "f \"x;y//\""].map(|s| if s == " " { "" } else { s })
        );
        assert_eq!(split(".byte ';' ; x\n.byte '\\'';y"), [".byte ';'", ".byte '\\''"]);
        assert_eq!(split("a /* b\n c */ d\ne"), ["a /* b\n c */ d", "e"]);
        assert_eq!(blank("a /* b\n */ \"/*\" d"), "a          \"/*\" d");
        assert_eq!(next("x /* y", 0).open_comment, Some(2));
    }
}
