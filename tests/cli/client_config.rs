//! Clients' files: what is shown, written, kept and refused; the bundle and its description.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::program::{Finished, finish, program};
use crate::support::Context;

const CLIENTS: &[(&str, &str, &str)] = &[
    ("claude-desktop", "config/Claude/claude_desktop_config.json", "mcpServers"),
    ("claude-code", ".claude.json", "mcpServers"),
    ("vscode", "config/Code/User/mcp.json", "servers"),
    ("cursor", ".cursor/mcp.json", "mcpServers"),
];

fn configure(context: &Context, arguments: &[&str]) -> Finished {
    let arguments: Vec<&str> = std::iter::once("client-config").chain(arguments.iter().copied()).collect();
    let mut command = program(context, &arguments);
    command.env_remove("CLAUDE_CONFIG_DIR");
    finish(command)
}

fn home(context: &Context) -> PathBuf {
    context.scratch().join("home")
}

fn json_of(file: &Path) -> Value {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn beside(file: &Path) -> usize {
    fs::read_dir(file.parent().expect("a folder")).expect("a folder").count() - 1
}

pub fn entry_is_shown_and_nothing_written(context: &Context) {
    for (client, file, servers) in CLIENTS {
        let shown = configure(context, &[client, "--read-only", "--", "--command", "Get-Date"]);
        assert!(shown.err.contains(file) || shown.err.contains("belongs into"), "{}", shown.err);
        let json = shown.json();
        let entry = &json[servers]["runspaced"];
        assert_eq!(entry["args"], json!(["mcp", "--read-only", "--command", "Get-Date"]));
        assert_eq!(entry["command"], env!("CARGO_BIN_EXE_runspaced"));
        assert_eq!(entry["type"], if *client == "claude-desktop" { Value::Null } else { json!("stdio") });
        #[cfg(target_os = "linux")]
        assert!(!home(context).join(file).exists());
    }
}

/// Where the files are differs from system to system; the unit tests know.
#[cfg(target_os = "linux")]
pub fn entry_is_installed_once_and_removed(context: &Context) {
    for (client, file, servers) in CLIENTS {
        let file = home(context).join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        let before = format!(
            "{{\n  // mine\n  \"other\": [1,  2],\n  \"{servers}\": {{\n    \"x\": {{\"command\": \"y\"}}\n  }}\n}}\n"
        );
        fs::write(&file, &before).expect("written");
        let others = beside(&file);
        let install = [*client, "--install", "--", "--command", "Get-Date"];
        let said = configure(context, &install);
        assert_eq!((said.code, said.out.as_str()), (0, ""), "{}", said.err);
        let text = fs::read_to_string(&file).expect("read");
        assert!(
            text.contains("// mine") && text.contains("[1,  2]") && text.contains("\"command\": \"y\""),
            "{text}"
        );
        assert!(text.contains("\"runspaced\""), "{text}");
        assert_eq!(beside(&file), others + 1, "the old content is kept");

        let again = configure(context, &install);
        assert_eq!(again.code, 0);
        assert!(again.err.contains("already"), "{}", again.err);
        assert_eq!(fs::read_to_string(&file).expect("read"), text);
        assert_eq!(beside(&file), others + 1);

        assert_eq!(configure(context, &[client, "--remove"]).code, 0);
        assert_eq!(fs::read_to_string(&file).expect("read"), before);
        assert_eq!(configure(context, &[client, "--remove"]).code, 0, "nothing to remove is no mistake");
        fs::remove_file(&file).expect("removed");
    }
    // A project's file.
    assert_eq!(configure(context, &["vscode", "--install", "--project", "--", "--command", "x"]).code, 0);
    assert_eq!(
        json_of(&context.scratch().join(".vscode/mcp.json"))["servers"]["runspaced"]["args"][0],
        "mcp"
    );
    configure(context, &["claude-desktop", "--install", "--project"]).failed(2, &["leave --project away"]);
}

pub fn broken_and_foreign_files_are_left_alone(context: &Context) {
    let file = context.scratch().join("file.json");
    let name = file.to_string_lossy().into_owned();
    let install = ["cursor", "--file", &name, "--install", "--", "--command", "x"];
    for (text, says) in [
        ("{\"mcpServers\": {", "line 1"),
        ("[]", "no JSON object"),
        ("{\"mcpServers\": 7}", "not an object"),
        ("{\"mcpServers\": {\"runspaced\": {\"command\": \"npx\"}}}", "npx"),
    ] {
        fs::write(&file, text).expect("written");
        configure(context, &install).failed(2, &[&name, says]);
        assert_eq!(fs::read_to_string(&file).expect("read"), text);
    }
    let mut forced = install.to_vec();
    forced.insert(1, "--force");
    assert_eq!(configure(context, &forced).code, 0);
    assert_eq!(json_of(&file)["mcpServers"]["runspaced"]["command"], env!("CARGO_BIN_EXE_runspaced"));
}

pub fn secrets_are_named_and_never_written(context: &Context) {
    let refused = configure(context, &["vscode", "--env", "AZURE_CLIENT_SECRET=hunter2"]);
    assert!(!refused.err.contains("hunter2"), "{}", refused.err);
    refused.failed(2, &["AZURE_CLIENT_SECRET", "values are not written"]);
    for (client, says) in [
        ("vscode", "${env:AZURE_CLIENT_SECRET}"),
        ("cursor", "${env:AZURE_CLIENT_SECRET}"),
        ("claude-code", "${AZURE_CLIENT_SECRET}"),
    ] {
        let mut command = program(context, &["client-config", client, "--env", "AZURE_CLIENT_SECRET"]);
        command.env("AZURE_CLIENT_SECRET", "hunter2");
        let shown = finish(command);
        assert!(shown.out.contains(says) && !shown.out.contains("hunter2"), "{}", shown.out);
    }
    configure(context, &["claude-desktop", "--env", "AZURE_CLIENT_SECRET"])
        .failed(2, &["Claude Desktop", ".env"]);
}

pub fn arguments_that_the_server_would_not_take_are_refused(context: &Context) {
    configure(context, &["cursor", "--", "--comand", "x"]).failed(2, &["--comand"]);
    configure(context, &["cursor", "--", "--script", "not-there.ps1"]).failed(2, &["not-there.ps1"]);
    configure(context, &["cursor", "--read-only", "--allow-writes"]).failed(2, &["--allow-writes"]);
}

pub fn bundle_holds_the_program_and_a_manifest(context: &Context) {
    let output = context.scratch().join("runspaced-mcp.mcpb");
    let name = output.to_string_lossy().into_owned();
    // A small program stands for this one: what is packed is what is named.
    let binary = context.scratch().join("runspaced");
    fs::write(&binary, "the program").expect("written");
    let binary = binary.to_string_lossy().into_owned();
    let make = ["mcpb", "--output", &name, "--binary", &binary, "--read-only", "--", "--command", "Get-Date"];
    assert_eq!(configure(context, &make).code, 0);
    configure(context, &make).failed(2, &["--force"]);

    let mut archive = zip::ZipArchive::new(fs::File::open(&output).expect("there")).expect("a zip");
    let mut text = String::new();
    archive.by_name("manifest.json").expect("in it").read_to_string(&mut text).expect("a text");
    let manifest: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        manifest["server"]["mcp_config"]["args"],
        json!(["mcp", "--read-only", "--command", "Get-Date"])
    );
    let entry = manifest["server"]["entry_point"].as_str().expect("a text").to_owned();
    assert_eq!(manifest["server"]["mcp_config"]["command"], format!("${{__dirname}}/{entry}"));
    let mut packed = archive.by_name(&entry).expect("in it");
    assert_eq!(packed.unix_mode().map(|mode| mode & 0o777), Some(0o755));
    let mut content = String::new();
    packed.read_to_string(&mut content).expect("read");
    assert_eq!(content, "the program");
    drop(packed);
    assert_eq!(archive.len(), 2);

    let url = "https://github.com/you/runspaced/releases/download/v1/runspaced-mcp.mcpb";
    let described = configure(
        context,
        &["server-json", "--name", "io.github.you/runspaced", "--bundle", &name, "--url", url],
    )
    .json();
    use sha2::Digest as _;
    let digest = format!("{:x}", sha2::Sha256::digest(fs::read(&output).expect("read")));
    assert_eq!(described["packages"][0]["fileSha256"], digest);
    assert_eq!(described["name"], "io.github.you/runspaced");
    configure(context, &["server-json", "--name", "runspaced", "--bundle", &name, "--url", url])
        .failed(2, &["io.github.you/runspaced"]);
}
