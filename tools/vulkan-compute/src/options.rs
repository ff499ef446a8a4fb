//! The command line.

use std::time::Duration;

/// What `--help` prints.
pub const HELP: &str = "\
vulkan-compute: checks a Vulkan driver's compute against the CPU

Usage: vulkan-compute [--device SUBSTRING] [--only NAME]... [--queue compute|graphics] [--timeout-s SECONDS]
       vulkan-compute --list

  --device SUBSTRING  the first device with this in its name, in any case (default: the first device)
  --only NAME         this check only; can be given several times
  --queue KIND        where checks run that do not need a certain queue: on a queue that can do compute but not
                      graphics (compute, the default) or on one that can do both (graphics), if the device has such
  --timeout-s SECONDS how long any wait for the device may take (default: 10)
  --list              the names of the checks, and what they look at

Exit code: 0 nothing failed, 1 a check failed, 2 the checks could not be run.
";

/// How to run the checks.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// A part of the device's name.
    pub device: Option<String>,
    /// Names of checks; all when empty.
    pub only: Vec<String>,
    /// Whether the default queue is one for graphics.
    pub graphics: bool,
    /// How long a wait may take.
    pub timeout: Duration,
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// To run checks.
    Run(Options),
    /// To list them.
    List,
    /// To explain the options.
    Help,
}

/// Reads the arguments that follow the program's name.
pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Request, String> {
    let mut options = Options { device: None, only: Vec::new(), graphics: false, timeout: Duration::from_secs(10) };
    let mut list = false;
    let mut arguments = arguments.peekable();
    while let Some(argument) = arguments.next() {
        let (name, inline) = match argument.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
            _ => (argument.clone(), None),
        };
        let takes_value = matches!(name.as_str(), "--device" | "--only" | "--queue" | "--timeout-s");
        if inline.is_some() && !takes_value {
            return Err(format!("{argument:?} is not an option"));
        }
        let mut value = || inline.clone().or_else(|| arguments.next()).ok_or(format!("{name} needs a value"));
        match name.as_str() {
            "--device" => options.device = Some(value()?),
            "--only" => options.only.push(value()?),
            "--queue" => {
                options.graphics = match value()?.as_str() {
                    "compute" => false,
                    "graphics" => true,
                    other => return Err(format!("{other:?} is not a kind of queue: compute or graphics")),
                };
            }
            "--timeout-s" => {
                let text = value()?;
                let seconds = text.parse().ok().filter(|seconds| (1..=86_400).contains(seconds));
                let seconds = seconds.ok_or(format!("{text:?} is not a number of seconds from 1 to 86400"))?;
                options.timeout = Duration::from_secs(seconds);
            }
            "--list" => list = true,
            "--help" | "-h" => return Ok(Request::Help),
            _ => return Err(format!("{argument:?} is not an option")),
        }
    }
    Ok(if list { Request::List } else { Request::Run(options) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request, String> {
        parse(line.split_whitespace().map(String::from))
    }

    #[test]
    fn options_are_read_in_both_spellings() {
        let want = Options {
            device: Some("RADV".into()),
            only: vec!["saxpy".into(), "fill".into()],
            graphics: true,
            timeout: Duration::from_secs(60),
        };
        let line = "--device RADV --only saxpy --only=fill --queue graphics --timeout-s=60";
        assert_eq!(parsed(line), Ok(Request::Run(want)));
        assert_eq!(parsed("--list"), Ok(Request::List));
        assert_eq!(parsed("--only saxpy -h"), Ok(Request::Help));
    }

    #[test]
    fn nonsense_is_refused() {
        for line in ["--device", "--timeout-s 0", "--timeout-s x", "--queue video", "--list=1", "saxpy", "--verbose"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
