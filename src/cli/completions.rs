//! `runspaced completions`.

use std::io::Write;

use super::Exit;

/// Arguments of `runspaced completions`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  runspaced completions bash > ~/.local/share/bash-completion/completions/runspaced"
)]
pub struct CompletionsArguments {
    /// The shell
    shell: clap_complete::Shell,
}

/// Writes the completions.
pub fn run(arguments: &CompletionsArguments, command: &mut clap::Command) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, command, "runspaced", &mut script);
    match std::io::stdout().write_all(&script) {
        Ok(()) => Exit::OK,
        Err(_) => Exit::BROKEN_PIPE,
    }
}
