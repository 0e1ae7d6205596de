//! `runspaced man`.

use std::io::Write;

use super::Exit;

/// Arguments of `runspaced man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  runspaced man run > runspaced-run.1")]
pub struct ManArguments {
    /// The verb; absent: the program
    verb: Option<String>,
}

/// Writes the page.
pub fn run(arguments: &ManArguments, command: clap::Command) -> Exit {
    let page = match &arguments.verb {
        None => command,
        Some(verb) => match command.get_subcommands().find(|known| known.get_name() == verb) {
            Some(known) => {
                known.clone().name(format!("runspaced-{verb}")).bin_name(format!("runspaced {verb}"))
            }
            None => {
                let known: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
                super::screen::say(format_args!(
                    "runspaced: there is no verb {verb:?}; there are {}",
                    known.join(", ")
                ));
                return Exit::USAGE;
            }
        },
    };
    let mut text = Vec::new();
    let written =
        clap_mangen::Man::new(page).render(&mut text).and_then(|()| std::io::stdout().write_all(&text));
    if written.is_ok() { Exit::OK } else { Exit::BROKEN_PIPE }
}
