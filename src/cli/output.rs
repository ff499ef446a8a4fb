//! Where results and remarks go.

use std::env;
use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

/// Where results go, and how they look.
#[derive(Debug, Clone)]
pub struct Output {
    /// One JSON document on standard output, and no other text there.
    pub json: bool,
    /// Standard output takes colour.
    pub colour: bool,
    /// Columns to keep to: `COLUMNS` where it is set, else 80.
    pub width: usize,
    colour_err: bool,
    progress: bool,
}

/// What a piece of text means; see [`Output::paint`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A heading.
    Head,
    /// Something as it should be.
    Good,
    /// Something that is wrong.
    Bad,
    /// A remark.
    Faint,
}

impl Output {
    /// Colour and progress only on terminals, and never under a non-empty `NO_COLOR`.
    pub fn new(json: bool) -> Self {
        let plain = env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|v| v == "dumb");
        let terminal = |is: bool| is && !plain && !dumb;
        let columns = env::var("COLUMNS").ok().and_then(|c| c.parse::<usize>().ok());
        Self {
            json,
            colour: terminal(io::stdout().is_terminal()) && !json,
            width: columns.map_or(80, |c| c.clamp(40, 200)),
            colour_err: terminal(io::stderr().is_terminal()),
            progress: terminal(io::stderr().is_terminal()),
        }
    }

    /// A line of the result.
    pub fn line(&self, text: impl AsRef<str>) -> io::Result<()> {
        writeln!(io::stdout().lock(), "{}", text.as_ref())
    }

    /// Text of the result, with its own line ends.
    pub fn text(&self, text: &str) -> io::Result<()> {
        io::stdout().lock().write_all(text.as_bytes())
    }

    /// Bytes of the result.
    pub fn bytes(&self, bytes: &[u8]) -> io::Result<()> {
        io::stdout().lock().write_all(bytes)
    }

    /// The document of a `--json` run.
    pub fn document(&self, document: &serde_json::Value) -> io::Result<()> {
        writeln!(io::stdout().lock(), "{document:#}")
    }

    /// Writes out what is buffered; an error here is the last chance to hear of a full disk.
    pub fn flush(&self) -> io::Result<()> {
        io::stdout().lock().flush()
    }

    /// A remark on standard error, wrapped and cut after three lines.
    pub fn note(&self, text: &str) {
        let wrapped = wrap(&format!("note: {text}"), self.width, "  ");
        let mut lines: Vec<String> = wrapped.lines().map(str::to_owned).collect();
        if lines.len() > 3 {
            lines.truncate(3);
            let room = self.width.saturating_sub(2);
            lines[2] = lines[2].chars().take(room).collect::<String>().trim_end().to_owned() + " …";
        }
        self.error_text(&(lines.join("\n") + "\n").replacen("note:", &self.paint_err(Style::Faint, "note:"), 1));
    }

    /// Text on standard error, as it is. A standard error that is closed has nobody to complain to.
    pub fn error_text(&self, text: &str) {
        _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// A spinner on standard error, which is nothing where that is no terminal.
    pub fn progress(&self, text: impl Into<String>) -> Progress {
        if !self.progress {
            return Progress(None);
        }
        let bar = ProgressBar::new_spinner().with_message(text.into());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(std::time::Duration::from_millis(120));
        Progress(Some(bar))
    }

    /// `text` in the style's colour, where standard output takes colour.
    pub fn paint(&self, style: Style, text: &str) -> String {
        paint(self.colour, style, text)
    }

    /// `text` in the style's colour, where standard error takes colour.
    pub fn paint_err(&self, style: Style, text: &str) -> String {
        paint(self.colour_err, style, text)
    }
}

fn paint(colour: bool, style: Style, text: &str) -> String {
    let code = match style {
        _ if !colour => return text.to_owned(),
        Style::Head => "1",
        Style::Good => "32",
        Style::Bad => "1;31",
        Style::Faint => "2",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// A spinner; gone when dropped.
#[derive(Debug)]
pub struct Progress(Option<ProgressBar>);

impl Progress {
    /// Says something else.
    pub fn say(&self, text: impl Into<String>) {
        if let Some(bar) = &self.0 {
            bar.set_message(text.into());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// `text` broken at spaces into lines of at most `width` columns, each but the first behind `indent`; ends with a line
/// end. A word longer than a line stands alone, unbroken: a path stays one piece.
pub fn wrap(text: &str, width: usize, indent: &str) -> String {
    let mut out = String::new();
    let lead: String = text.chars().take_while(|c| *c == ' ').collect();
    let mut line = lead.clone();
    let mut empty = true;
    for word in text.split_whitespace() {
        let columns = |s: &str| s.chars().count();
        if !empty && columns(&line) + 1 + columns(word) > width {
            out += &line;
            out.push('\n');
            line = indent.to_owned();
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line += word;
        empty = false;
    }
    out += &line;
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn text_wraps_at_spaces_and_keeps_long_words() {
        assert_eq!(wrap("error: one two three", 12, "  "), "error: one\n  two three\n");
        assert_eq!(wrap("  a /very/long/path b", 8, "  "), "  a\n  /very/long/path\n  b\n");
        assert_eq!(wrap("", 80, ""), "\n");
    }
}
