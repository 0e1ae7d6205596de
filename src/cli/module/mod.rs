//! `runspaced module`: the PowerShell module SentinelManager for an ordinary pwsh.

mod content;
mod installed;
mod place;

use std::path::PathBuf;

use super::Exit;
use super::flags::GlobalFlags;
use super::screen::{Palette, complain, say};
use content::Content;
use installed::{Installed, State};

/// Arguments of `runspaced module`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  runspaced module install")]
pub struct ModuleArguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Write the module, its assembly and the C library to the user's module folder
    #[command(
        after_help = "Examples:\n  runspaced module install\n  runspaced module install --path ~/Modules --library ./librunspaced.so"
    )]
    Install {
        #[command(flatten)]
        at: At,
        /// The C library [default: the one beside this program, or in ../lib]
        #[arg(long, value_name = "FILE")]
        library: Option<PathBuf>,
        /// Overwrite files that were changed since they were installed
        #[arg(long)]
        force: bool,
    },
    /// Remove what install wrote
    #[command(after_help = "Example:\n  runspaced module uninstall")]
    Uninstall {
        #[command(flatten)]
        at: At,
        /// Remove files that were changed since they were installed, too
        #[arg(long)]
        force: bool,
    },
    /// Say where the module is, and whether it is as it was installed
    #[command(after_help = "Example:\n  runspaced module show")]
    Show {
        #[command(flatten)]
        at: At,
    },
}

#[derive(Debug, clap::Args)]
struct At {
    /// Folder of modules [default: the user's own, as PSModulePath names it]
    #[arg(long, value_name = "FOLDER")]
    path: Option<PathBuf>,
}

/// Does what the command line says.
pub fn run(arguments: ModuleArguments, global: &GlobalFlags) -> Exit {
    let palette = Palette { colours: global.color.applies_to(&std::io::stderr()) };
    let done = match arguments.verb {
        Verb::Install { at, library, force } => install(at, library, force),
        Verb::Uninstall { at, force } => uninstall(at, force),
        Verb::Show { at } => show(at),
    };
    match done {
        Ok(()) => Exit::OK,
        Err(problem) => {
            complain(palette, problem);
            Exit::FAILED
        }
    }
}

fn install(at: At, library: Option<PathBuf>, force: bool) -> Result<(), String> {
    let content = Content::of_this_program(library)?;
    let installed = Installed::at(place::folder(at.path)?, env!("CARGO_PKG_VERSION"));
    let changed = installed.changed()?;
    if !changed.is_empty() && !force {
        return Err(format!(
            "{} in {} changed since the module was installed; nothing was written. --force overwrites it",
            changed.join(", "),
            installed.folder().display()
        ));
    }
    installed.write(&content)?;
    say(format_args!("SentinelManager {} is in {}", env!("CARGO_PKG_VERSION"), installed.folder().display()));
    say("In pwsh: Get-SentinelWorkspaces");
    Ok(())
}

fn uninstall(at: At, force: bool) -> Result<(), String> {
    let all = Installed::all_below(&place::folder(at.path)?)?;
    if all.is_empty() {
        say("SentinelManager is not installed");
        return Ok(());
    }
    for installed in all {
        let kept = installed.remove(force)?;
        if kept.is_empty() {
            say(format_args!("removed {}", installed.folder().display()));
        } else {
            return Err(format!(
                "{} in {} changed since the module was installed, and stays. --force removes it",
                kept.join(", "),
                installed.folder().display()
            ));
        }
    }
    Ok(())
}

fn show(at: At) -> Result<(), String> {
    let folder = place::folder(at.path)?;
    let all = Installed::all_below(&folder)?;
    if all.is_empty() {
        return Err(format!("SentinelManager is not in {}: runspaced module install", folder.display()));
    }
    let mut damaged = false;
    for installed in all {
        say(installed.folder().display());
        for (name, state) in installed.files()? {
            damaged |= state != State::AsInstalled;
            say(format_args!("  {name:32} {state}"));
        }
    }
    if damaged {
        Err("it is not as it was installed: runspaced module install --force".to_owned())
    } else {
        Ok(())
    }
}
