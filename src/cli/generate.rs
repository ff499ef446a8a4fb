//! What is generated from the command tree: completions and the manual page.

use std::io;

use clap::Command;
use clap_complete::Shell;

use super::Output;

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
pub struct ManArgs {}

/// Prints a completion script.
pub fn completions(args: CompletionsArgs, tree: &mut Command, out: &Output) -> anyhow::Result<()> {
    // Into memory first: clap_complete panics where it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, tree, "sparkle-pm4", &mut script);
    Ok(out.bytes(&script)?)
}

/// Prints the manual page: the root's, followed by that of each subcommand.
pub fn man(_: ManArgs, tree: &Command, out: &Output) -> anyhow::Result<()> {
    let mut tree = tree.clone();
    tree.build();
    let mut page = Vec::new();
    render(&tree, &mut page)?;
    Ok(out.bytes(&page)?)
}

fn render(command: &Command, page: &mut Vec<u8>) -> io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(page)?;
    command.get_subcommands().filter(|c| c.get_name() != "help").try_for_each(|c| render(c, page))
}
