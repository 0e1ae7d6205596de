//! Modes and policy on the real PowerShell: what is refused does not happen, what is planned changes nothing, and each
//! attack that is refused would have worked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use runspaced::parts::reviewed_commands;
use serde_json::{Value, json};

use crate::client::{Client, PROGRAM};
use crate::support::Context;
use crate::{names, text, tools, values};

/// What must never be in an answer: the value of a variable of the server's environment.
const CANARY: &str = "canary-6e1f";
const VARIABLE: &str = "RUNSPACED_CANARY";

/// A drive that leads to the environment under another name, made before any call; and a variable to be kept.
const PRELUDE: &str = "New-PSDrive -Name q -PSProvider Environment -Root '' -Scope Global | Out-Null
$global:RunspacedCanary = $env:RUNSPACED_CANARY
function Get-Shelf { param([string] $Name) \"shelf $Name\" }
function Set-Shelf { [CmdletBinding(SupportsShouldProcess)] param([string] $Name, [string] $File)
    if ($PSCmdlet.ShouldProcess($Name, 'paint')) { Set-Content $File painted } }
function Set-Liar { [CmdletBinding(SupportsShouldProcess)] param() 'did it' }
function Set-Plain { param([string] $File) Set-Content $File plain }";

const READING: &[&str] = &[
    "Get-Content",
    "Get-Item",
    "Get-ChildItem",
    "Get-ItemProperty",
    "Get-ItemPropertyValue",
    "Select-String",
    "Import-Csv",
    "Format-Hex",
    "Get-FileHash",
    "Resolve-Path",
    "Convert-Path",
    "Test-Path",
    "Get-Command",
    "Get-Help",
    "Get-Module",
    "Select-Object",
    "Get-Date",
    "Join-Path",
    "Split-Path",
    "ConvertTo-Html",
    "Show-Markdown",
    "Test-Json",
];

fn server(context: &Context, more: &[&str]) -> Client {
    let script = context.scratch().join("prelude.ps1");
    if !script.exists() {
        fs::write(&script, PRELUDE).expect("written");
    }
    let home = context.home().path.to_string_lossy().into_owned();
    let script = script.to_string_lossy().into_owned();
    let mut arguments: Vec<String> = ["mcp", "--no-sentinel", "--powershell", &home, "--script", &script]
        .iter()
        .map(|text| (*text).to_owned())
        .collect();
    for command in READING {
        arguments.extend(["--command".to_owned(), (*command).to_owned()]);
    }
    arguments.extend(more.iter().map(|text| (*text).to_owned()));
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .current_dir(context.scratch())
        .env(VARIABLE, CANARY)
        .env("RUNSPACED_MCP__CACHE", "false");
    let mut client = Client::spawn(command);
    client.initialize("2025-11-25");
    client
}

/// The folder's files and their contents.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(tree(&path));
            found.insert(name, Vec::new());
        } else {
            found.insert(name, fs::read(&path).unwrap_or_default());
        }
    }
    found
}

/// Calls that read what they must not: tool, arguments, and whether PowerShell itself would give the canary away.
fn attacks(folder: &Path) -> Vec<(&'static str, Value, bool)> {
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let core = format!("Microsoft.PowerShell.Core\\Environment::{VARIABLE}");
    let mut attacks = vec![
        ("get_content", json!({"Path": [format!("Env:{VARIABLE}")]}), true),
        ("get_content", json!({"Path": [format!("env:\\{VARIABLE}")]}), true),
        ("get_content", json!({"Path": [format!("Env:/{VARIABLE}")]}), true),
        ("get_content", json!({"Path": ["Env:RUNSPACED_CAN*"]}), true),
        ("get_content", json!({"Path": [path("plain.txt"), format!("Env:{VARIABLE}")]}), true),
        ("get_content", json!({"pspath": [format!("Env:{VARIABLE}")]}), true),
        ("get_content", json!({"LITERALPATH": [format!("Env:{VARIABLE}")]}), true),
        ("get_content", json!({"LiteralPath": [core]}), true),
        ("get_content", json!({"Path": [core]}), true),
        ("get_content", json!({"Path": [format!("Environment::{VARIABLE}")]}), true),
        ("get_content", json!({"Path": [format!("q:{VARIABLE}")]}), true),
        ("get_content", json!({"Path": ["Variable:RunspacedCanary"]}), true),
        ("get_content", json!({"Path": [format!("En`v:{VARIABLE}")]}), false),
        ("get_content", json!({"Path": [format!(" Env:{VARIABLE}")]}), false),
        ("get_content", json!({"Path": [format!("E*:{VARIABLE}")]}), false),
        ("get_content", json!({"Path": "\\\\localhost\\share\\x"}), false),
        ("get_content", json!({"Path": {"PSPath": format!("Env:{VARIABLE}")}}), false),
        ("get_content", json!({"Path": [path("plain.txt")], "Wait": true, "TotalCount": 1}), false),
        ("get_item", json!({"Path": [format!("Env:{VARIABLE}")]}), true),
        ("get_item", json!({"LiteralPath": [core]}), true),
        ("get_child_item", json!({"Path": ["Env:"]}), true),
        ("get_child_item", json!({"Path": ["Microsoft.PowerShell.Core\\Environment::"]}), true),
        ("get_child_item", json!({"Path": ["q:"]}), true),
        ("get_child_item", json!({"Path": ["Variable:RunspacedC*"]}), true),
        ("get_item_property", json!({"Path": [format!("Env:{VARIABLE}")]}), false),
        ("select_string", json!({"Pattern": ["canary"], "Path": [format!("Env:{VARIABLE}")]}), false),
        ("resolve_path", json!({"Path": ["Env:RUNSPACED_CAN*"]}), false),
        ("test_path", json!({"Path": [format!("Env:{VARIABLE}")]}), false),
    ];
    if cfg!(target_os = "linux") {
        // The same bytes, as a file of the system.
        attacks.extend([
            ("get_content", json!({"Path": ["/proc/self/environ"]}), true),
            ("get_content", json!({"LiteralPath": ["/proc/self/environ"]}), true),
            ("get_content", json!({"Path": ["\\proc\\self\\environ"]}), true),
            ("get_content", json!({"Path": ["/etc/../proc/self/environ"]}), true),
            ("get_content", json!({"Path": ["/proc/self/root/proc/self/environ"]}), true),
            ("get_content", json!({"Path": ["/proc/s*lf/environ"]}), true),
            ("get_content", json!({"Path": ["/pr[o]c/self/environ"]}), true),
            ("get_content", json!({"Path": [path("link")]}), true),
            ("get_content", json!({"Path": [path("li*")]}), true),
            ("get_content", json!({"Path": ["link"]}), true),
            ("select_string", json!({"Pattern": ["canary"], "Path": ["/proc/self/environ"]}), true),
            ("import_csv", json!({"Path": ["/proc/self/environ"], "Header": ["a"]}), false),
            ("format_hex", json!({"Path": ["/proc/self/environ"]}), false),
        ]);
    }
    attacks
}

fn prepare(context: &Context) {
    let folder = context.scratch();
    fs::write(folder.join("plain.txt"), "plain").expect("written");
    fs::create_dir(folder.join("sub")).expect("made");
    fs::write(folder.join("sub/plain.txt"), "plain").expect("written");
    #[cfg(unix)]
    std::os::unix::fs::symlink("/proc/self/environ", folder.join("link")).expect("linked");
}

pub fn refused_reads_would_have_worked(context: &Context) {
    prepare(context);
    for mode in [&[][..], &["--read-only"]] {
        let mut client = server(context, mode);
        for (tool, arguments, _) in attacks(context.scratch()) {
            let result = client.call(tool, arguments.clone());
            assert_eq!(result["isError"], true, "{tool} {arguments}: {result}");
            let refused = ["Nothing was run", "do not fit"].iter().any(|says| text(&result).contains(says));
            assert!(refused, "{tool} {arguments}: {result}");
            assert!(!result.to_string().contains(CANARY), "{tool} {arguments}: {result}");
        }
        // What is asked for in earnest runs.
        let plain = context.scratch().join("plain.txt");
        assert_eq!(values(&client.call("get_content", json!({"Path": [plain]}))), &json!(["plain"]));
        assert_eq!(values(&client.call("get_content", json!({"Path": ["sub/pl*.txt"]}))), &json!(["plain"]));
        assert_eq!(values(&client.call("test_path", json!({"Path": ["plain.txt"]}))), &json!([true]));
        client.finish();
    }
    // None of it is refused for nothing.
    let mut client = server(context, &["--allow-writes"]);
    for (tool, arguments, works) in attacks(context.scratch()) {
        if works {
            let result = client.call(tool, arguments.clone());
            assert!(result.to_string().contains(CANARY), "{tool} {arguments} gives nothing away: {result}");
        }
    }
    client.finish();
}

pub fn naming_a_module_by_its_path_does_not_run_it(context: &Context) {
    let module = context.scratch().join("evil.psm1");
    let trace = context.scratch().join("trace");
    let source = format!("Set-Content -LiteralPath '{}' ran\nfunction boo {{ 1 }}", trace.display());
    fs::write(&module, source).expect("written");
    let attacks = [
        ("get_command", json!({"Name": [format!("{}\\boo", module.display())]})),
        ("get_command", json!({"Module": [module]})),
        ("get_help", json!({"Name": format!("{}\\boo", module.display())})),
    ];
    let mut client = server(context, &[]);
    for (tool, arguments) in &attacks {
        let result = client.call(tool, arguments.clone());
        assert!(text(&result).contains("Nothing was run"), "{tool} {arguments}: {result}");
        assert!(!trace.exists(), "{tool} {arguments}");
    }
    assert_eq!(client.call("get_command", json!({"Name": ["Get-Item"]}))["isError"], false);
    client.finish();
    for (tool, arguments) in &attacks {
        let mut client = server(context, &["--allow-writes"]);
        client.call(tool, arguments.clone());
        assert!(trace.exists(), "{tool} {arguments} is refused for nothing");
        fs::remove_file(&trace).expect("removed");
        client.finish();
    }
}

pub fn code_in_arguments_is_refused(context: &Context) {
    let mut client = server(context, &[]);
    let trace = context.scratch().join("trace");
    let code = format!("Set-Content '{}' ran", trace.display());
    for (tool, arguments) in [
        ("select_object", json!({"Property": [{"Name": "a", "Expression": code}]})),
        ("select_object", json!({"Property": [{"n": "a", "e": {"$script": code}}]})),
        ("convert_to_html", json!({"Property": [{"Label": "a", "Expression": code}]})),
        ("get_content", json!({"Path": [format!("$({code})")]})),
        ("get_date", json!({"Format": format!("'; {code} #")})),
        ("get_date", json!({"Date": format!("$({code})")})),
        ("test_json", json!({"Json": "{}", "Schema": "{\"$ref\": \"http://127.0.0.1:9/x\"}"})),
        ("show_markdown", json!({"Path": ["plain.txt"], "UseBrowser": true})),
    ] {
        client.call(tool, arguments.clone());
        assert!(!trace.exists(), "{tool} {arguments}");
    }
    for (tool, arguments) in [
        ("select_object", json!({"Property": [{"Name": "a", "Expression": "x"}]})),
        ("test_json", json!({"Json": "{}", "Schema": "{}"})),
        ("show_markdown", json!({"Path": ["plain.txt"], "UseBrowser": true})),
    ] {
        let result = client.call(tool, arguments.clone());
        assert!(text(&result).contains("Nothing was run"), "{tool} {arguments}: {result}");
    }
    client.finish();
}

/// Every command that the tables say respects `-WhatIf`, with arguments with which it would do something.
fn writes(folder: &Path) -> Vec<(&'static str, Value)> {
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (file, other) = (path("keep.txt"), path("new.txt"));
    let mut writes = vec![
        ("Add-Content", json!({"Path": [file], "Value": ["x"]})),
        ("Clear-Content", json!({"Path": [file]})),
        ("Set-Content", json!({"Path": [file], "Value": ["x"]})),
        ("Copy-Item", json!({"Path": [file], "Destination": other})),
        ("Move-Item", json!({"Path": [file], "Destination": other})),
        ("Rename-Item", json!({"Path": file, "NewName": "new.txt"})),
        ("Remove-Item", json!({"Path": [file], "WhatIf": false})),
        ("Remove-Item", json!({"LiteralPath": [folder], "Recurse": true, "Force": true, "wi": false})),
        ("New-Item", json!({"Path": [other], "ItemType": "File", "Value": "x"})),
        ("New-Item", json!({"Path": [file], "Force": true})),
        ("Set-ItemProperty", json!({"Path": [file], "Name": "IsReadOnly", "Value": true})),
        ("New-PSDrive", json!({"Name": "w", "PSProvider": "FileSystem", "Root": folder})),
        ("Export-Alias", json!({"Path": other})),
        ("New-ModuleManifest", json!({"Path": path("x.psd1")})),
        ("Compress-Archive", json!({"Path": [file], "DestinationPath": path("x.zip")})),
        ("Expand-Archive", json!({"Path": path("old.zip"), "DestinationPath": path("out")})),
        ("New-TemporaryFile", json!({})),
        ("Set-Alias", json!({"Name": "runspaced-a", "Value": "Get-Date"})),
        ("New-Variable", json!({"Name": "runspacedv"})),
        ("Stop-Process", json!({"Id": [std::process::id()]})),
        ("Start-Transcript", json!({"Path": path("transcript.txt")})),
        ("Out-File", json!({"FilePath": other, "InputObject": "x"})),
        ("Export-Csv", json!({"Path": other, "InputObject": {"a": 1}})),
        ("Export-Clixml", json!({"Path": other, "InputObject": {"a": 1}})),
    ];
    if cfg!(unix) {
        let trace = path("started");
        writes.push(("Start-Process", json!({"FilePath": "touch", "ArgumentList": [trace]})));
        writes.push(("Invoke-Item", json!({"Path": [file]})));
        writes.push(("Set-Date", json!({"Date": "2020-01-01T00:00:00Z"})));
    }
    writes
}

pub fn plans_change_nothing_and_say_what_would_be_done(context: &Context) {
    let folder = context.scratch().join("work");
    fs::create_dir(&folder).expect("made");
    fs::write(folder.join("keep.txt"), "keep").expect("written");
    // An empty archive of its own kind.
    fs::write(folder.join("old.zip"), b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0").expect("written");
    let writes = writes(&folder);
    let commands: BTreeSet<&str> = writes.iter().map(|(command, _)| *command).collect();
    let mut arguments = Vec::new();
    for command in &commands {
        arguments.extend(["--command", command]);
    }
    let mut client = server(context, &arguments);
    let listed = tools(&mut client);
    let before = tree(&folder);
    let now = std::time::SystemTime::now();
    for (command, arguments) in &writes {
        let title = |tool: &&Value| tool["title"] == *command;
        // A parameter that takes live objects only cannot be given at all.
        let Some(tool) = listed.iter().find(title) else { continue };
        let name = tool["name"].as_str().expect("a name").to_owned();
        assert!(tool["description"].as_str().is_some_and(|text| text.contains("changes nothing")), "{tool}");
        assert_eq!(tool["annotations"]["readOnlyHint"], false, "{tool}");
        let properties = &tool["inputSchema"]["properties"];
        let mut given: serde_json::Map<String, Value> = arguments
            .as_object()
            .expect("an object")
            .iter()
            .filter(|(name, _)| properties.get(name.as_str()).is_some() || *name == "wi")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let required = tool["inputSchema"]["required"].as_array();
        if required.is_some_and(|required| required.iter().any(|name| name == "input")) {
            given.insert("input".to_owned(), json!(["a value of the pipeline"]));
        }
        let result = client.call(&name, Value::Object(given));
        assert_eq!(tree(&folder), before, "{command} {arguments}: {result}");
        let plan = &result["structuredContent"]["plan"];
        assert_eq!(plan["applied"], false, "{command}: {result}");
        if result["isError"] == false {
            assert!(text(&result).contains("What if:"), "{command}: {result}");
            assert!(text(&result).contains("--allow-writes"), "{command}: {result}");
        }
    }
    assert!(now.elapsed().is_ok(), "the clock was not set");
    client.finish();
    assert!(commands.len() >= 20);

    // With writes allowed the same call does it.
    let mut client = server(context, &["--allow-writes", "--command", "Remove-Item"]);
    let result = client.call("remove_item", json!({"Path": [folder.join("keep.txt")]}));
    assert_eq!(result["isError"], false, "{result}");
    assert!(result["structuredContent"].get("plan").is_none() && !folder.join("keep.txt").exists());
    client.finish();
}

pub fn own_commands_plan_or_are_refused_until_somebody_vouches(context: &Context) {
    let file = context.scratch().join("painted");
    let mut client = server(context, &[]);
    let listed = tools(&mut client);
    for tool in ["get_shelf", "set_shelf", "set_liar", "set_plain"] {
        assert!(names(&listed).contains(&tool), "{tool} is listed");
    }
    let result = client.call("get_shelf", json!({"Name": "a"}));
    assert!(
        text(&result).contains("whatever its name says") && text(&result).contains("policy.reading"),
        "{result}"
    );
    let result = client.call("set_shelf", json!({"Name": "a", "File": file}));
    assert!(text(&result).contains("\"paint\" on target \"a\""), "{result}");
    assert!(client.call("set_plain", json!({"File": file}))["isError"] == true && !file.exists());
    // A command that claims -WhatIf and acts cannot be told beforehand; that it said nothing is said.
    let result = client.call("set_liar", json!({}));
    assert!(text(&result).contains("did not say what it would do"), "{result}");
    client.finish();

    let mut client = Client::spawn({
        let home = context.home().path.to_string_lossy().into_owned();
        let script = context.scratch().join("prelude.ps1").to_string_lossy().into_owned();
        let mut command = Command::new(PROGRAM);
        command
            .args(["mcp", "--no-sentinel", "--powershell", &home, "--script", &script, "--read-only"])
            .current_dir(context.scratch())
            .env("RUNSPACED_POLICY__READING", "Get-Shelf")
            .env("RUNSPACED_MCP__CACHE", "false");
        command
    });
    client.initialize("2025-11-25");
    let listed = tools(&mut client);
    assert_eq!(names(&listed), ["get_shelf"]);
    assert_eq!(listed[0]["annotations"]["readOnlyHint"], true);
    assert_eq!(values(&client.call("get_shelf", json!({"Name": "a"}))), &json!(["shelf a"]));
    let result = client.call("set_plain", json!({"File": file}));
    assert!(text(&result).contains("not offered") && text(&result).contains("read-only"), "{result}");
    assert!(!file.exists());
    client.finish();
}

pub fn scripts_run_only_where_both_were_allowed(context: &Context) {
    let call = json!({"Script": "param($n) $n * 2; $env:RUNSPACED_CANARY", "Arguments": {"n": 21}});
    let mut client = server(context, &[]);
    assert!(!names(&tools(&mut client)).contains(&"run_script"));
    client.finish();
    let mut client = server(context, &["--run-script"]);
    let listed = tools(&mut client);
    let tool = listed.iter().find(|tool| tool["name"] == "run_script").expect("listed");
    assert_eq!(
        (&tool["annotations"]["destructiveHint"], &tool["annotations"]["openWorldHint"]),
        (&json!(true), &json!(true))
    );
    assert!(text(&client.call("run_script", call.clone())).contains("--allow-writes"));
    client.finish();
    let mut client = server(context, &["--run-script", "--allow-writes"]);
    assert_eq!(values(&client.call("run_script", call)), &json!([42, CANARY]));
    client.finish();
    let refused =
        Command::new(PROGRAM).args(["mcp", "--run-script", "--read-only"]).output().expect("it starts");
    assert_eq!(refused.status.code(), Some(2));
}

pub fn a_folder_does_not_widen_the_policy(context: &Context) {
    for (line, widens) in [
        ("mode = \"write\"", true),
        ("mode = \"plan\"", true),
        ("run_script = true", true),
        ("reading = [\"*\"]", true),
        // It would take the place of a longer list of the user's.
        ("deny = []", true),
        ("mode = \"read-only\"", false),
    ] {
        fs::write(context.scratch().join("runspaced.toml"), format!("[policy]\n{line}\n")).expect("written");
        let output = Command::new(PROGRAM)
            .args(["mcp", "--command", "Get-Date"])
            .current_dir(context.scratch())
            .stdin(std::process::Stdio::null())
            .output()
            .expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(if widens { 2 } else { 0 }), "{line}: {said}");
        assert_eq!(said.contains("not believed from a project's file"), widens, "{line}: {said}");
    }
}

/// Whatever this PowerShell has is in the tables, and they name no parameter that it does not have.
pub fn tables_are_those_of_this_powershell(context: &Context) {
    let script = "Get-ChildItem $PSHOME/Modules -Directory | ForEach-Object { Import-Module $_.Name -ErrorAction Ignore }
        $modules = @((Get-ChildItem $PSHOME/Modules -Directory).Name) + 'Microsoft.PowerShell.Core'
        $modules | ForEach-Object { Get-Command -Module $_ -CommandType Cmdlet, Function } | ForEach-Object {
            [pscustomobject]@{ module = $_.ModuleName; name = $_.Name; parameters = @($_.Parameters.Keys) } }";
    let home = context.home().path.to_string_lossy().into_owned();
    let output = Command::new(PROGRAM)
        .args(["run", script, "--json", "--powershell", &home])
        .output()
        .expect("it starts");
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(found.len() > 200, "{}", found.len());
    let tables = reviewed_commands();
    let mut missing = Vec::new();
    for command in &found {
        let text = |name: &str| command[name].as_str().unwrap_or_default();
        let Some(row) = tables.iter().find(|row| row.module == text("module") && row.name == text("name"))
        else {
            missing.push(format!("{}\\{}", text("module"), text("name")));
            continue;
        };
        let known: BTreeSet<&str> =
            command["parameters"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        // Newer versions have more; Join-Path's Extension and the like came after 7.6.
        for parameter in &row.parameters {
            assert!(
                known.contains(parameter) || LATER.contains(parameter),
                "{} has no {parameter}",
                row.name
            );
        }
        assert!(!row.plans || known.contains("WhatIf"), "{} has no -WhatIf", row.name);
    }
    assert!(missing.is_empty(), "not reviewed: {missing:?}");
}

/// Parameters of versions after 7.6.
const LATER: &[&str] = &["Extension"];

pub fn language_modes_and_visible_commands_are_profiles(context: &Context) {
    let home = context.home().path.to_string_lossy().into_owned();
    let start = |variable: &str, value: &str| {
        let mut command = Command::new(PROGRAM);
        command
            .args([
                "mcp",
                "--no-sentinel",
                "--powershell",
                &home,
                "--command",
                "Get-Date",
                "--command",
                "Get-Item",
            ])
            .args(["--run-script", "--allow-writes"])
            .current_dir(context.scratch())
            .env(variable, value)
            .env("RUNSPACED_MCP__CACHE", "false");
        let mut client = Client::spawn(command);
        client.initialize("2025-11-25");
        client
    };
    let script = |text: &str| json!({"Script": text});
    for (mode, refused) in [("constrained", "[IO.File]::Exists('x')"), ("none", "1")] {
        let mut client = start("RUNSPACED_POWERSHELL__LANGUAGE_MODE", mode);
        // Commands go on as before; only script text is held back.
        assert_eq!(client.call("get_item", json!({"Path": ["."]}))["isError"], false, "{mode}");
        assert_eq!(client.call("run_script", script(refused))["isError"], true, "{mode}");
        client.finish();
    }
    let mut client = start("RUNSPACED_POWERSHELL__VISIBLE_COMMANDS", "Get-Date,Get-Item");
    assert_eq!(client.call("get_date", json!({}))["isError"], false);
    assert_eq!(client.call("run_script", script("(Get-Date -Year 2000).Year"))["isError"], false);
    let result = client.call("run_script", script("Get-Process"));
    assert_eq!(result["isError"], true);
    assert!(text(&result).contains("Get-Process"), "{result}");
    client.finish();
}
