//! `runspaced client-config`: the server in the files of clients, and as a bundle.

mod bundle;
mod client;
mod document;
mod registry;
mod server;
mod store;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use self::client::{Client, Folders, Scope};
use self::server::ServerCommand;
use self::store::Stored;
use super::Exit;
use super::flags::GlobalFlags;
use super::screen::{Palette, complain, say};

/// Arguments of `runspaced client-config`.
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:\n  \
        runspaced client-config vscode\n  \
        runspaced client-config claude-desktop --install --read-only -- --command Get-Process\n  \
        runspaced client-config cursor --remove\n  \
        runspaced client-config mcpb --output runspaced-mcp.mcpb -- --module ./Inventory.psm1"
)]
pub struct ClientConfigArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Claude Desktop
    #[command(
        after_help = "Example:\n  runspaced client-config claude-desktop --install -- --command Get-Process"
    )]
    ClaudeDesktop(EntryArguments),
    /// Claude Code
    #[command(
        after_help = "Example:\n  runspaced client-config claude-code --install --project -- --script tools.ps1"
    )]
    ClaudeCode(EntryArguments),
    /// Visual Studio Code
    #[command(
        after_help = "Example:\n  runspaced client-config vscode --install --read-only -- --module Az.Accounts"
    )]
    Vscode(EntryArguments),
    /// Cursor
    #[command(
        after_help = "Example:\n  runspaced client-config cursor --install --allow-writes -- --command 'Get-*Item*'"
    )]
    Cursor(EntryArguments),
    /// A bundle for this kind of machine, which clients install by opening it
    #[command(after_help = "Example:\n  runspaced client-config mcpb --output runspaced-mcp.mcpb")]
    Mcpb(bundle::BundleArguments),
    /// The description of a published bundle for the MCP registry
    #[command(
        after_help = "Example:\n  runspaced client-config server-json --name io.github.you/runspaced --bundle runspaced-mcp.mcpb \\\n    \
        --url https://github.com/you/runspaced/releases/download/v1.0.0/runspaced-mcp.mcpb > server.json"
    )]
    ServerJson(registry::RegistryArguments),
}

#[derive(Debug, Args)]
struct EntryArguments {
    /// Write it into the client's file, beside what is there; without this it is only shown
    #[arg(long, conflicts_with = "remove")]
    install: bool,
    /// Take it out of the client's file
    #[arg(long)]
    remove: bool,
    /// The file of the current folder instead of the user's
    #[arg(long, conflicts_with = "file")]
    project: bool,
    /// Another file than the client's usual one
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Name of the entry
    #[arg(long, value_name = "NAME", default_value = "runspaced", value_parser = entry_name)]
    name: String,
    /// Hand on this variable of the client's environment; its name is written, never its value
    #[arg(long = "env", value_name = "VARIABLE")]
    variables: Vec<String>,
    /// Replace or remove the entry even if it starts another program
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    server: ServerCommand,
}

/// Clients put the name before those of the tools, and the whole may have 60 characters.
fn entry_name(text: &str) -> Result<String, String> {
    const MOST: usize = 20;
    let fits = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
    if !text.is_empty() && text.len() <= MOST && text.chars().all(fits) {
        Ok(text.to_owned())
    } else {
        Err(format!("1 to {MOST} letters, digits, - and _ are possible"))
    }
}

/// Checked here and not while the command line is read: a mistake there repeats what was given.
fn variable_name(text: &str) -> Result<&str, String> {
    let fits = |char: char| char.is_ascii_alphanumeric() || char == '_';
    match text.split_once('=') {
        Some((name, _)) => Err(format!(
            "--env takes a name alone ({name}): values are not written into clients' files, where other programs read them"
        )),
        None if !text.is_empty() && text.chars().all(fits) => Ok(text),
        None => Err("--env takes a name of letters, digits and _".to_owned()),
    }
}

/// Does what was asked for.
pub fn run(arguments: &ClientConfigArguments, global: &GlobalFlags) -> Exit {
    let palette = Palette { colours: global.color.applies_to(&std::io::stderr()) };
    let done = match &arguments.what {
        What::ClaudeDesktop(arguments) => entry(Client::ClaudeDesktop, arguments),
        What::ClaudeCode(arguments) => entry(Client::ClaudeCode, arguments),
        What::Vscode(arguments) => entry(Client::VsCode, arguments),
        What::Cursor(arguments) => entry(Client::Cursor, arguments),
        What::Mcpb(arguments) => bundle::make(arguments),
        What::ServerJson(arguments) => registry::describe(arguments),
    };
    match done {
        Ok(done) => done,
        Err(Refusal::Usage(text)) => {
            complain(palette, text);
            Exit::USAGE
        }
        Err(Refusal::Failed(text)) => {
            complain(palette, text);
            Exit::FAILED
        }
    }
}

/// Why nothing was done.
#[derive(Debug)]
enum Refusal {
    /// What was asked for, or the file it is about, is wrong.
    Usage(String),
    /// The system would not.
    Failed(String),
}

fn print(json: &Value) -> Exit {
    match writeln!(std::io::stdout(), "{json:#}") {
        Ok(()) => Exit::OK,
        Err(_) => Exit::BROKEN_PIPE,
    }
}

fn entry(client: Client, arguments: &EntryArguments) -> Result<Exit, Refusal> {
    let scope = if arguments.project { Scope::Project } else { Scope::User };
    let file = || match &arguments.file {
        Some(file) => std::path::absolute(file).map_err(|error| format!("{}: {error}", file.display())),
        None => client.file(scope, &Folders::of_process()?),
    };
    if arguments.remove {
        return remove(client, &file().map_err(Refusal::Usage)?, arguments);
    }
    let content = content(client, arguments).map_err(Refusal::Usage)?;
    if arguments.install {
        return install(client, &file().map_err(Refusal::Usage)?, &content, arguments);
    }
    match file() {
        Ok(file) => say(format_args!("This belongs into {}; --install puts it there.", file.display())),
        Err(reason) => say(format_args!("This belongs into the file of {client}: {reason}.")),
    }
    let mut servers = Map::new();
    servers.insert(arguments.name.clone(), Value::Object(content));
    Ok(print(&json!({ client.servers(): servers })))
}

/// The entry.
fn content(client: Client, arguments: &EntryArguments) -> Result<Map<String, Value>, String> {
    let (program, server_arguments) = arguments.server.resolved()?;
    let mut entry = Map::new();
    if client.has_type() {
        entry.insert("type".to_owned(), json!("stdio"));
    }
    entry.insert("command".to_owned(), json!(program));
    entry.insert("args".to_owned(), json!(server_arguments));
    if !arguments.variables.is_empty() {
        let named = arguments.variables.iter().map(|name| {
            let name = variable_name(name)?;
            Ok((name.to_owned(), json!(client.variable(name)?)))
        });
        entry.insert("env".to_owned(), Value::Object(named.collect::<Result<_, String>>()?));
    }
    Ok(entry)
}

fn install(
    client: Client,
    file: &Path,
    content: &Map<String, Value>,
    arguments: &EntryArguments,
) -> Result<Exit, Refusal> {
    let stored = Stored::read(file).map_err(Refusal::Usage)?;
    let text =
        document::with_entry(stored.text(), client.servers(), &arguments.name, content, arguments.force)
            .map_err(|reason| Refusal::Usage(format!("{}: {reason}", file.display())))?;
    if stored.exists() && text == stored.text() {
        say(format_args!("{} has it already; nothing was changed.", file.display()));
        return Ok(Exit::OK);
    }
    if arguments.file.is_none()
        && !arguments.project
        && client.own_folder(file).is_some_and(|folder| !folder.exists())
    {
        say(format_args!(
            "{client} has no folder here yet; is it installed? The file is written all the same."
        ));
    }
    let backup = stored.replace(&text).map_err(Refusal::Failed)?;
    say(format_args!("{} has the entry {}.", file.display(), arguments.name));
    if let Some(backup) = backup {
        say(format_args!("What was there before is in {}.", backup.display()));
    }
    say(format_args!("{}.", client.next_step()));
    Ok(Exit::OK)
}

fn remove(client: Client, file: &Path, arguments: &EntryArguments) -> Result<Exit, Refusal> {
    let stored = Stored::read(file).map_err(Refusal::Usage)?;
    let text = document::without_entry(stored.text(), client.servers(), &arguments.name, arguments.force)
        .map_err(|reason| Refusal::Usage(format!("{}: {reason}", file.display())))?;
    let Some(text) = text else {
        say(format_args!("{} has no entry {}; nothing was changed.", file.display(), arguments.name));
        return Ok(Exit::OK);
    };
    let backup = stored.replace(&text).map_err(Refusal::Failed)?;
    say(format_args!("{} has the entry {} no more.", file.display(), arguments.name));
    if let Some(backup) = backup {
        say(format_args!("What was there before is in {}.", backup.display()));
    }
    Ok(Exit::OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_entries_leave_room_for_those_of_tools() {
        assert_eq!(entry_name("my-server_1").as_deref(), Ok("my-server_1"));
        for bad in ["", "a b", "a.b", "ä", "x".repeat(21).as_str()] {
            assert!(entry_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn values_of_variables_are_refused_and_not_repeated() {
        assert_eq!(variable_name("AZURE_TENANT_ID"), Ok("AZURE_TENANT_ID"));
        let error = variable_name("AZURE_CLIENT_SECRET=hunter2").expect_err("is refused");
        assert!(error.contains("AZURE_CLIENT_SECRET") && !error.contains("hunter2"), "{error}");
    }
}
