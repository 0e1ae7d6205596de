//! A bundle (`.mcpb`): this program and a manifest in one archive, which clients install by opening it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value, json};
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::super::Exit;
use super::super::screen::say;
use super::Refusal;
use super::server::ServerCommand;

/// Version of the manifest's form.
const MANIFEST_VERSION: &str = "0.3";

/// Arguments of `runspaced client-config mcpb`.
#[derive(Debug, Args)]
pub struct BundleArguments {
    /// The file to write
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// Replace it if it is there
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    server: ServerCommand,
}

/// Writes the bundle.
pub(super) fn make(arguments: &BundleArguments) -> Result<Exit, Refusal> {
    let program = arguments.server.program().map_err(Refusal::Usage)?;
    let server_arguments = arguments.server.arguments().map_err(Refusal::Usage)?;
    let output = std::path::absolute(&arguments.output)
        .map_err(|error| Refusal::Usage(format!("{}: {error}", arguments.output.display())))?;
    if output.exists() && !arguments.force {
        return Err(Refusal::Usage(format!("{} is there already; --force replaces it", output.display())));
    }
    let manifest = manifest(&server_arguments);
    write(&output, &program, &manifest)
        .map_err(|error| Refusal::Failed(format!("{}: {error}", output.display())))?;
    let size = fs::metadata(&output).map_or(0, |found| found.len());
    say(format_args!("{} ({} MiB) is for {} only.", output.display(), size.div_ceil(1 << 20), platform()));
    if let Some(path) = server_arguments.iter().find(|argument| Path::new(argument).is_absolute()) {
        say(format_args!("It names {path}, which is a path of this machine."));
    }
    Ok(Exit::OK)
}

/// The archive is made beside its place, and put there when it is whole.
fn write(output: &Path, program: &Path, manifest: &Value) -> io::Result<()> {
    let folder = output.parent().unwrap_or(Path::new("."));
    let new = tempfile::Builder::new().prefix(".runspaced-").tempfile_in(folder)?;
    let mut archive = ZipWriter::new(new.as_file());
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    archive.start_file("manifest.json", options.unix_permissions(0o644))?;
    io::Write::write_all(&mut archive, format!("{manifest:#}\n").as_bytes())?;
    archive.start_file(entry_point(), options.unix_permissions(0o755).large_file(false))?;
    io::copy(&mut File::open(program)?, &mut archive)?;
    archive.finish()?;
    new.as_file().sync_all()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        new.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    new.persist(output).map_err(|error| error.error)?;
    Ok(())
}

fn entry_point() -> &'static str {
    if cfg!(windows) { "server/runspaced.exe" } else { "server/runspaced" }
}

fn platform() -> &'static str {
    match std::env::consts::OS {
        "windows" => "win32",
        "macos" => "darwin",
        _ => "linux",
    }
}

/// What the client asks its user, and the setting that gets the answer.
struct Question {
    key: &'static str,
    variable: &'static str,
    kind: &'static str,
    title: &'static str,
    description: &'static str,
    default: &'static str,
}

const QUESTIONS: &[Question] = &[
    Question {
        key: "mode",
        variable: "RUNSPACED_POLICY__MODE",
        kind: "string",
        title: "Mode",
        description: "plan: what writes only says what it would do. read-only: what writes is not offered. write: all of it runs.",
        default: "plan",
    },
    Question {
        key: "commands",
        variable: "RUNSPACED_MCP__COMMANDS",
        kind: "string",
        title: "Commands",
        description: "PowerShell commands to offer, by name or wildcard, separated by commas.",
        default: "",
    },
    Question {
        key: "modules",
        variable: "RUNSPACED_MCP__MODULES",
        kind: "string",
        title: "Modules",
        description: "PowerShell modules to offer, by name or path, separated by commas.",
        default: "",
    },
    Question {
        key: "reading",
        variable: "RUNSPACED_POLICY__READING",
        kind: "string",
        title: "Commands that only read",
        description: "Commands of other modules that change nothing, separated by commas, such as Inventory\\Get-*.",
        default: "",
    },
];

/// The manifest. What the arguments decide, the user is not asked for.
pub(super) fn manifest(arguments: &[String]) -> Value {
    let given = |flags: &[&str]| {
        arguments.iter().any(|argument| flags.contains(&argument.split('=').next().unwrap_or_default()))
    };
    let asked = QUESTIONS.iter().filter(|question| match question.key {
        "mode" => !given(&["--read-only", "--allow-writes"]),
        "commands" => !given(&["--command"]),
        "modules" => !given(&["--module"]),
        _ => true,
    });
    let mut environment = Map::new();
    let mut questions = Map::new();
    for question in asked {
        environment.insert(question.variable.to_owned(), json!(format!("${{user_config.{}}}", question.key)));
        questions.insert(
            question.key.to_owned(),
            json!({
                "type": question.kind, "title": question.title, "description": question.description,
                "required": false, "default": question.default,
            }),
        );
    }
    json!({
        "manifest_version": MANIFEST_VERSION,
        "name": "runspaced",
        "display_name": "runspaced: PowerShell",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "PowerShell commands as tools, hosted in one process",
        "long_description": "Makes tools of the PowerShell commands, modules and scripts you name, and runs them in pooled \
            runspaces of one process. Needs PowerShell 7.6 or later on this machine; without one it says what to install. \
            What writes answers with its plan unless you choose otherwise.",
        "author": {"name": "The runspaced contributors"},
        "license": env!("CARGO_PKG_LICENSE"),
        "keywords": ["powershell", "automation"],
        "server": {
            "type": "binary",
            "entry_point": entry_point(),
            "mcp_config": {
                "command": format!("${{__dirname}}/{}", entry_point()),
                "args": arguments,
                "env": environment,
            },
        },
        "tools_generated": true,
        "user_config": questions,
        "compatibility": {"platforms": [platform()]},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SETTINGS;

    #[test]
    fn answers_reach_settings_that_exist() {
        for question in QUESTIONS {
            let setting = SETTINGS.iter().find(|setting| setting.variable() == question.variable);
            let setting = setting.unwrap_or_else(|| panic!("{}", question.variable));
            if !question.default.is_empty() {
                assert!(setting.kind.parse(question.default).is_ok(), "{}", question.key);
            }
        }
    }

    #[test]
    fn what_the_arguments_decide_is_not_asked() {
        let manifest = manifest(&["mcp", "--read-only", "--command=Get-Date"].map(str::to_owned));
        let asked = |key: &str| manifest["user_config"].get(key).is_some();
        assert!(!asked("mode") && !asked("commands") && asked("modules"));
        assert!(manifest["server"]["mcp_config"]["env"].get("RUNSPACED_POLICY__MODE").is_none());
        assert_eq!(
            manifest["server"]["mcp_config"]["args"],
            json!(["mcp", "--read-only", "--command=Get-Date"])
        );
    }

    /// The rules of the published schema of version 0.3: members there may be, those there must be, their kinds.
    #[test]
    fn manifest_follows_the_schema() {
        const MEMBERS: &[&str] = &[
            "$schema",
            "manifest_version",
            "name",
            "display_name",
            "version",
            "description",
            "long_description",
            "author",
            "repository",
            "homepage",
            "documentation",
            "support",
            "icon",
            "icons",
            "screenshots",
            "localization",
            "server",
            "tools",
            "tools_generated",
            "prompts",
            "prompts_generated",
            "keywords",
            "license",
            "privacy_policies",
            "compatibility",
            "user_config",
            "_meta",
        ];
        let manifest = manifest(&["mcp".to_owned()]);
        let members: Vec<&str> =
            manifest.as_object().expect("an object").keys().map(String::as_str).collect();
        assert!(members.iter().all(|member| MEMBERS.contains(member)), "{members:?}");
        for needed in ["name", "version", "description", "author", "server"] {
            assert!(members.contains(&needed), "{needed}");
        }
        assert_eq!(manifest["manifest_version"], "0.3");
        assert!(manifest["author"]["name"].is_string());
        let server = manifest["server"].as_object().expect("an object");
        assert!(server.keys().eq(["type", "entry_point", "mcp_config"]));
        assert!(["python", "node", "binary"].contains(&server["type"].as_str().expect("a text")));
        let config = server["mcp_config"].as_object().expect("an object");
        assert!(
            config.keys().all(|key| ["command", "args", "env", "platform_overrides"].contains(&key.as_str()))
        );
        assert!(config["env"].as_object().expect("an object").values().all(Value::is_string));
        for (key, question) in manifest["user_config"].as_object().expect("an object") {
            let question = question.as_object().expect("an object");
            const PARTS: &[&str] = &[
                "type",
                "title",
                "description",
                "required",
                "default",
                "multiple",
                "sensitive",
                "min",
                "max",
            ];
            assert!(question.keys().all(|part| PARTS.contains(&part.as_str())), "{key}");
            let kind = question["type"].as_str().expect("a text");
            assert!(["string", "number", "boolean", "directory", "file"].contains(&kind), "{key}");
            assert!(question["title"].is_string() && question["description"].is_string(), "{key}");
        }
        let platforms = manifest["compatibility"]["platforms"].as_array().expect("a list");
        assert!(
            platforms
                .iter()
                .all(|name| ["darwin", "win32", "linux"].contains(&name.as_str().unwrap_or_default()))
        );
    }
}
