//! `runspaced audit`: whether an audit file is whole.

use std::io::Write as _;
use std::path::PathBuf;

use runspaced::observe::verify;

use super::Exit;
use super::flags::GlobalFlags;
use super::screen::{Palette, complain};

/// Arguments of `runspaced audit`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  runspaced audit /var/log/runspaced/audit.jsonl\n\n\
        Exit codes:\n  0 every record follows from the one before; 1 the chain is broken, and where")]
pub struct AuditArguments {
    /// The file that `runspaced mcp --audit` writes
    file: PathBuf,
}

/// Follows the chain of records to its end.
pub fn run(arguments: &AuditArguments, global: &GlobalFlags) -> Exit {
    let palette = Palette { colours: global.color.applies_to(&std::io::stderr()) };
    match verify(&arguments.file) {
        Ok(verified) => {
            let torn = match verified.torn {
                0 => String::new(),
                count => format!(", and {count} lines that were never finished"),
            };
            let text = format!(
                "{}: {} records, the chain is whole{torn}\n",
                arguments.file.display(),
                verified.records
            );
            match std::io::stdout().write_all(text.as_bytes()) {
                Ok(()) => Exit::OK,
                Err(_) => Exit::BROKEN_PIPE,
            }
        }
        Err(error) => {
            complain(palette, format_args!("{}: {error}", arguments.file.display()));
            Exit::FAILED
        }
    }
}
