//! `--batch`: one line out for each line in, whatever it holds.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use super::pm4::read_input;
use super::{Failure, Output};

/// Answers the lines of a file, or of standard input where there is none or it is `-`.
pub fn run(
    file: Option<&Path>,
    out: &Output,
    answer: impl FnMut(&[u8], &mut Vec<u8>) -> Result<(), String>,
) -> anyhow::Result<()> {
    if out.json {
        return Err(Failure::usage(
            "--batch has no JSON form",
            "it answers each line with a line",
            "leave out --json or --batch",
        )
        .into());
    }
    let stdout = BufWriter::new(io::stdout().lock());
    match file.filter(|file| *file != Path::new("-")) {
        None => Ok(batch(io::stdin().lock(), stdout, answer)?),
        Some(file) => Ok(batch(&*read_input(file)?.1, stdout, answer)?),
    }
}

/// Answers every line of `input`; what `answer` refuses becomes `error: …`.
///
/// `answer` appends to the bytes that it is given. It gets the line as it is, its end included.
pub fn batch(
    input: impl Read,
    mut output: impl Write,
    mut answer: impl FnMut(&[u8], &mut Vec<u8>) -> Result<(), String>,
) -> io::Result<()> {
    let mut input = BufReader::with_capacity(64 << 10, input);
    let mut line = Vec::new();
    let mut text = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return output.flush();
        }
        text.clear();
        if let Err(why) = answer(&line, &mut text) {
            text.clear();
            text.extend_from_slice(format!("error: {why}").as_bytes());
        }
        text.push(b'\n');
        output.write_all(&text)?;
        // Whoever waits for this answer before asking again must get it; a file goes through in large pieces.
        if !input.buffer().contains(&b'\n') {
            output.flush()?;
        }
    }
}
