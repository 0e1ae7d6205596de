//! What `client-config` writes starts a server where clients start one: with next to no environment, in any folder.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::client::{Client, PROGRAM};
use crate::sdk;
use crate::support::Context;
use crate::{names, tools, values};

fn configured(folder: &Path, arguments: &[&str]) -> Value {
    let output = Command::new(PROGRAM)
        .arg("client-config")
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}

/// Starts what an entry says as the strictest client does: no variable at all, no home, the root as current folder.
fn start(entry: &Value) -> Client {
    let mut command = Command::new(entry["command"].as_str().expect("a text"));
    command.args(entry["args"].as_array().expect("a list").iter().filter_map(Value::as_str));
    command.env_clear().current_dir("/");
    if let Some(variables) = entry["env"].as_object() {
        command.envs(variables.iter().filter_map(|(name, value)| Some((name, value.as_str()?))));
    }
    // Windows starts nothing without it.
    if let Some(root) = std::env::var_os("SystemRoot") {
        command.env("SystemRoot", root);
    }
    let mut client = Client::spawn(command);
    client.initialize("2025-06-18");
    client
}

pub fn entry_starts_a_server_in_a_bare_environment(context: &Context) {
    fs::write(context.scratch().join("tools.ps1"), "function Get-Shelf { 'shelf' }").expect("written");
    let home = context.home();
    let powershell = home.path.to_string_lossy().into_owned();
    // The script is named as somebody in that folder would.
    let shown = configured(
        context.scratch(),
        &[
            "cursor",
            "--allow-writes",
            "--",
            "--no-sentinel",
            "--powershell",
            &powershell,
            "--script",
            "tools.ps1",
            "--command",
            "Get-Date",
        ],
    );
    let mut entry = shown["mcpServers"]["runspaced"].clone();
    if home.dotnet.root != home.path {
        entry["env"] = json!({"DOTNET_ROOT": home.dotnet.root});
    }
    let mut client = start(&entry);
    assert_eq!(names(&tools(&mut client)), ["get_date", "get_shelf"]);
    assert_eq!(values(&client.call("get_shelf", json!({}))), &json!(["shelf"]));
    client.finish();
}

pub fn bare_environment_without_powershell_is_told_what_is_missing(context: &Context) {
    let nowhere = context.scratch().to_string_lossy().into_owned();
    let shown = configured(
        context.scratch(),
        &["vscode", "--", "--no-sentinel", "--powershell", &nowhere, "--command", "Get-Date"],
    );
    let mut client = start(&shown["servers"]["runspaced"]);
    client.send(json!({"id": 1, "method": "tools/list"}));
    let error = client.receive()["error"].clone();
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.contains("no usable PowerShell") && message.contains("pwsh"), "{error}");
    client.finish();
}

pub fn bundle_is_one_to_its_packer_and_starts(context: &Context) {
    let bundle = context.scratch().join("runspaced-mcp.mcpb");
    let name = bundle.to_string_lossy().into_owned();
    let home = context.home();
    let powershell = home.path.to_string_lossy().into_owned();
    configured(
        context.scratch(),
        &["mcpb", "--output", &name, "--", "--no-sentinel", "--powershell", &powershell],
    );
    let folder = context.scratch().join("unpacked");
    zip::ZipArchive::new(fs::File::open(&bundle).expect("there"))
        .expect("a zip")
        .extract(&folder)
        .expect("unpacked");
    let manifest = folder.join("manifest.json");
    sdk::validate_manifest(&manifest).unwrap_or_else(|said| panic!("{said}"));

    // As a client does it: the folder and the user's answers are put in.
    let text =
        fs::read_to_string(&manifest).expect("read").replace("${__dirname}", &folder.to_string_lossy());
    let text =
        text.replace("${user_config.commands}", "Get-Date").replace("${user_config.mode}", "read-only");
    let manifest: Value = serde_json::from_str(
        &text.replace("${user_config.modules}", "").replace("${user_config.reading}", ""),
    )
    .expect("JSON");
    let mut entry = manifest["server"]["mcp_config"].clone();
    assert!(!entry.to_string().contains("${"), "{entry}");
    if home.dotnet.root != home.path {
        entry["env"]["DOTNET_ROOT"] = json!(home.dotnet.root);
    }
    let mut client = start(&entry);
    assert_eq!(names(&tools(&mut client)), ["get_date"]);
    assert_eq!(client.call("get_date", json!({}))["isError"], false);
    client.finish();
}
