//! Lines that fit a terminal.

/// Columns of a line.
pub(super) const WIDTH: usize = 80;

/// The text with line breaks at spaces where it would pass [`WIDTH`], what follows indented. A word that is too long for
/// a line stays whole.
pub(super) fn wrap(text: &str, indent: usize) -> String {
    let mut out = String::new();
    let start = text.len() - text.trim_start().len();
    let mut column = start;
    out.push_str(&text[..start]);
    for (k, word) in text[start..].split(' ').enumerate() {
        let n = word.chars().count();
        if k > 0 && column + 1 + n > WIDTH && column > indent {
            out.truncate(out.trim_end().len());
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else if k > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += n;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("  short", 4), "  short");
        let long = format!("  {}", "word ".repeat(40));
        let wrapped = wrap(long.trim_end(), 4);
        assert!(wrapped.lines().all(|l| l.len() <= 80 && !l.ends_with(' ')), "{wrapped}");
        assert!(wrapped.lines().skip(1).all(|l| l.starts_with("    word")));
        assert_eq!(wrapped.split_whitespace().count(), 40);
        let whole = "x".repeat(100);
        assert_eq!(wrap(&whole, 2), whole);
    }
}
