//! Where the list of tools comes from, what is in it, and what happens when that changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Client, HANG, PROGRAM, arguments, modern};
use super::support::Context;
use super::{names, text, tools, values};

/// Long enough to see that no answer comes, short enough to wait for.
const WHILE: Duration = Duration::from_millis(700);

/// A script that loads only once a gate is open: until then PowerShell is not up.
struct Gated {
    script: PathBuf,
    gate: PathBuf,
    cache: String,
    arguments: Vec<String>,
    folder: PathBuf,
}

impl Gated {
    fn new(context: &Context) -> Self {
        let folder = context.scratch().join("tools");
        fs::create_dir(&folder).expect("made");
        let script = folder.join("gated.ps1");
        let path = script.to_string_lossy().into_owned();
        let gated = Self {
            script,
            gate: folder.join("gate"),
            cache: context.scratch().join("cache").to_string_lossy().into_owned(),
            arguments: arguments(context.home(), &["--script", &path]),
            folder,
        };
        gated.write("function Get-First { param([int] $Number = 1) \"first $Number\" }");
        gated
    }

    fn write(&self, functions: &str) {
        let wait =
            "while (-not (Test-Path -LiteralPath \"$PSScriptRoot/gate\")) { Start-Sleep -Milliseconds 20 }";
        fs::write(&self.script, format!("{wait}\n{functions}\n")).expect("written");
    }

    fn open(&self) {
        fs::write(&self.gate, "open").expect("written");
    }

    fn close(&self) {
        fs::remove_file(&self.gate).expect("removed");
    }

    fn start(&self) -> Client {
        let mut client = Client::start_with(
            &self.arguments,
            &self.folder,
            &[("RUNSPACED_MCP__CACHE_FOLDER", &self.cache)],
        );
        let answer = client.initialize("2025-11-25");
        assert_eq!(answer["result"]["capabilities"]["tools"]["listChanged"], true);
        client
    }

    /// A first server fills the cache.
    fn fill(&self) {
        self.open();
        let mut client = self.start();
        assert_eq!(names(&tools(&mut client)), ["get_first"]);
        wait_for_lists(&self.cache, 1);
        client.finish();
        self.close();
        assert_eq!(kept(&self.cache, "catalog").len(), 1);
    }
}

/// Files of a kind in a cache.
fn kept(cache: &str, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(cache).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_whole =
        |path: &PathBuf| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("draft-"));
    entries.filter(|path| path.extension().is_some_and(|end| end == ending)).filter(is_whole).collect()
}

/// The list is kept after it was given.
fn wait_for_lists(cache: &str, count: usize) {
    let end = Instant::now() + HANG;
    while kept(cache, "tools").len() < count {
        assert!(Instant::now() < end, "no list was kept");
        sleep(Duration::from_millis(10));
    }
}

fn list(client: &mut Client) {
    client.send(json!({"id": "list", "method": "tools/list"}));
}

pub fn the_list_comes_from_the_cache_before_powershell_is_up(context: &Context) {
    let gated = Gated::new(context);
    gated.fill();
    let mut client = gated.start();
    let listed = tools(&mut client);
    assert_eq!(names(&listed), ["get_first"]);
    assert_eq!(listed[0]["inputSchema"]["properties"]["Number"]["default"], 1);
    // Mistakes are only answered from PowerShell's own word.
    client.post("mistaken", "get_first", json!({"Numbr": 1}));
    client.send(json!({"id": "early", "method": "tools/call",
        "params": {"name": "get_first", "arguments": {"Number": 7}, "_meta": {"progressToken": "p"}}}));
    let progress = client.receive();
    assert_eq!(progress["method"], "notifications/progress", "{progress}");
    assert_eq!(progress["params"]["message"], "PowerShell is starting");
    assert!(client.is_silent(WHILE), "the gate is closed: PowerShell cannot have answered");
    gated.open();
    let mut answers = [client.receive(), client.receive()];
    answers.sort_by_key(|answer| answer["id"].to_string());
    assert_eq!(values(&answers[0]["result"]), &json!(["first 7"]), "{answers:?}");
    assert!(text(&answers[1]["result"]).contains("the nearest is 'Number'"), "{answers:?}");
    // Nothing had changed, so nothing is announced.
    assert!(client.is_silent(WHILE));
    client.finish();
}

pub fn a_missing_stale_or_broken_cache_delays_the_list(context: &Context) {
    let gated = Gated::new(context);
    // None at all.
    let mut client = gated.start();
    list(&mut client);
    assert!(client.is_silent(WHILE));
    gated.open();
    assert_eq!(client.answer("list").0["result"]["tools"].as_array().map(Vec::len), Some(2));
    client.finish();
    gated.close();

    // Out of date.
    gated.write("function Get-First { 1 }\nfunction Get-Second { 2 }");
    let mut client = gated.start();
    list(&mut client);
    assert!(client.is_silent(WHILE), "a stale list must not be given");
    gated.open();
    let (answer, _) = client.answer("list");
    assert_eq!(names(answer["result"]["tools"].as_array().expect("tools")), ["get_first", "get_second"]);
    client.finish();
    gated.close();

    // The same, once that list is kept too.
    gated.open();
    let mut client = gated.start();
    assert_eq!(names(&tools(&mut client)), ["get_first", "get_second"]);
    wait_for_lists(&gated.cache, 1);
    client.finish();
    gated.close();
    gated.write("function Get-Third { 3 }");
    let mut client = gated.start();
    list(&mut client);
    assert!(client.is_silent(WHILE), "a stale list must not be given");
    gated.open();
    let (answer, _) = client.answer("list");
    assert_eq!(names(answer["result"]["tools"].as_array().expect("tools")), ["get_third"]);
    client.finish();
    gated.close();
    gated.write("function Get-First { 1 }\nfunction Get-Second { 2 }");
    gated.open();
    gated.start().finish();
    gated.close();

    // Damaged: ignored, and replaced.
    for entry in fs::read_dir(&gated.cache).expect("a folder") {
        let path = entry.expect("an entry").path();
        let whole = fs::read(&path).expect("read");
        fs::write(&path, &whole[..whole.len() - 10]).expect("written");
    }
    let mut client = gated.start();
    list(&mut client);
    assert!(client.is_silent(WHILE), "a damaged list must not be given");
    gated.open();
    assert_eq!(client.answer("list").0["result"]["tools"].as_array().map(Vec::len), Some(3));
    client.finish();
    gated.close();
    let mut client = gated.start();
    assert_eq!(names(&tools(&mut client)), ["get_first", "get_second"], "from the cache again");
    gated.open();
    client.finish();
}

pub fn the_first_list_is_the_same_as_that_of_the_catalogue(context: &Context) {
    let gated = Gated::new(context);
    let function = |number: u32| {
        format!(
            "function Get-Thing{number} {{ <#\n.SYNOPSIS\nThing \"tools\":[] {number}.\n#>\n[CmdletBinding(SupportsShouldProcess)]\n\
             param([Parameter(Mandatory)][string] $Näme, [ValidateRange(1, {})][int] $Count = 1) $Name }}\n",
            number + 1
        )
    };
    gated.write(&(0..230).map(function).collect::<String>());
    let variants: [&[&str]; 4] = [
        &[],
        &["--tool-search=never"],
        &["--tool-search=never", "--read-only"],
        &["--tool-search=never", "--toolset", "gated"],
    ];
    let mut seen = Vec::new();
    for (number, variant) in variants.into_iter().enumerate() {
        let words: Vec<String> =
            gated.arguments.iter().cloned().chain(variant.iter().map(|word| (*word).to_owned())).collect();
        let words: Vec<String> = match variant.contains(&"--read-only") {
            true => words.into_iter().filter(|word| word != "--allow-writes").collect(),
            false => words,
        };
        let start =
            || Client::start_with(&words, &gated.folder, &[("RUNSPACED_MCP__CACHE_FOLDER", &gated.cache)]);
        gated.open();
        let mut client = start();
        client.initialize("2025-11-25");
        tools(&mut client);
        wait_for_lists(&gated.cache, number + 1);
        client.finish();
        gated.close();
        // The lines as they are, of both eras: once from the kept list, once from the catalogue.
        let lines = || {
            let mut old = start();
            old.initialize("2025-11-25");
            list(&mut old);
            let mut new = start();
            new.send(modern(7, "tools/list", json!({})));
            let lines = [old.receive_text(), new.receive_text()];
            // What comes after the first page comes from the catalogue in any case.
            old.send(json!({"id": "rest", "method": "tools/list", "params": {"cursor": "1"}}));
            let rest = old.receive_text();
            gated.open();
            old.finish();
            new.finish();
            gated.close();
            (lines, rest)
        };
        let first = lines();
        let path = kept(&gated.cache, "tools")
            .into_iter()
            .max_by_key(|path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok());
        let path = path.expect("the list of this server");
        let bytes = fs::read(&path).expect("read");
        fs::write(&path, "no list").expect("written");
        assert_eq!(first, lines(), "{variant:?}");
        fs::write(&path, bytes).expect("written");
        seen.push(first);
    }
    assert!(seen[0].0[0].len() < 5_000 && seen[0].0[0].contains("search_tools"));
    assert!(seen[1].0[0].contains("\"nextCursor\":\"200\"") && seen[1].0[0].contains("Näme"));
    assert!(seen[2].0[0] != seen[1].0[0]);
}

pub fn without_powershell_the_first_list_is_the_same_again(context: &Context) {
    let cache = context.scratch().join("cache").to_string_lossy().into_owned();
    let list_line = || {
        let mut command = std::process::Command::new(PROGRAM);
        command
            .args(["mcp", "--read-only"])
            .env("RUNSPACED_MCP__CACHE_FOLDER", &cache)
            .current_dir(context.scratch());
        let mut client = Client::spawn(command);
        client.initialize("2025-11-25");
        list(&mut client);
        let line = client.receive_text();
        (client, line)
    };
    let (client, made) = list_line();
    wait_for_lists(&cache, 1);
    client.finish();
    let (mut client, kept) = list_line();
    assert_eq!(made, kept);
    assert!(made.contains("list_workspaces"));
    // A call finds its tool although nobody has made the tools for the list.
    let status = client.call("cache_status", json!({}));
    assert_eq!(status["isError"], false, "{status}");
    client.finish();
}

pub fn a_cache_folder_that_cannot_be_written_does_no_harm(context: &Context) {
    let mut gated = Gated::new(context);
    gated.open();
    let in_the_way = context.scratch().join("in the way");
    fs::write(&in_the_way, "x").expect("written");
    let sealed = context.scratch().join("sealed");
    fs::create_dir(&sealed).expect("made");
    let mut permissions = fs::metadata(&sealed).expect("there").permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&sealed, permissions).expect("set");
    for folder in [in_the_way, sealed] {
        gated.cache = folder.to_string_lossy().into_owned();
        let mut client = gated.start();
        assert_eq!(names(&tools(&mut client)), ["get_first"]);
        assert_eq!(values(&client.call("get_first", json!({}))), &json!(["first 1"]));
        client.finish();
    }
}

/// Waits for the announcement of a change.
fn expect_change(client: &Client) -> Value {
    let message = client.receive();
    assert_eq!(message["method"], "notifications/tools/list_changed", "{message}");
    message
}

fn script(context: &Context, source: &str) -> (PathBuf, Vec<String>) {
    let path = context.scratch().join("Toolbox.ps1");
    fs::write(&path, source).expect("written");
    let given = path.to_string_lossy().into_owned();
    (path, arguments(context.home(), &["--script", &given]))
}

pub fn a_changed_script_is_announced_and_run(context: &Context) {
    let (path, arguments) = script(context, "function Get-Version { 'old' }");
    let mut client = Client::start(&arguments, context.scratch());
    client.initialize("2025-06-18");
    assert_eq!(names(&tools(&mut client)), ["get_version"]);
    assert_eq!(values(&client.call("get_version", json!({}))), &json!(["old"]));

    fs::write(&path, "function Get-Version { param([int] $Digits) 'new' }\nfunction Get-Other { 'other' }")
        .expect("written");
    expect_change(&client);
    let listed = tools(&mut client);
    assert_eq!(names(&listed), ["get_other", "get_version"]);
    assert_eq!(listed[1]["inputSchema"]["properties"]["Digits"]["type"], "integer");
    assert_eq!(values(&client.call("get_version", json!({"Digits": 2}))), &json!(["new"]));
    assert_eq!(values(&client.call("get_other", json!({}))), &json!(["other"]));

    // The same tools with another body: nothing to announce, but what is called is new.
    fs::write(
        &path,
        "function Get-Version { param([int] $Digits) 'newest' }\nfunction Get-Other { 'other' }",
    )
    .expect("written");
    std::thread::sleep(Duration::from_millis(1_100));
    client.post("call", "get_version", json!({}));
    let (answer, before) = client.answer("call");
    assert_eq!(values(&answer["result"]), &json!(["newest"]));
    assert_eq!(before, Vec::<Value>::new());
    client.finish();
}

/// The commands are described by two runspaces where nothing is remembered.
pub fn one_runspace_is_enough_where_no_second_one_opens(context: &Context) {
    let source =
        "if (Test-Path once) { throw 'once is enough' }\n$null = New-Item once\nfunction Get-Once { 'once' }";
    let (_path, mut arguments) = script(context, source);
    // So many that the second runspace would be ready before the first one has described them.
    arguments.extend(["--command", "*", "--tool-search=never"].map(str::to_owned));
    let mut client = Client::start(&arguments, context.scratch());
    client.initialize("2025-06-18");
    let listed = tools(&mut client);
    assert!(listed.len() > 150, "{}", listed.len());
    assert!(names(&listed).contains(&"get_once"));
    assert_eq!(values(&client.call("get_once", json!({}))), &json!(["once"]));
    client.finish();
}

pub fn a_broken_script_is_reported_until_it_is_mended(context: &Context) {
    let (path, arguments) = script(context, "function Get-Thing { 'one' }");
    let mut client = Client::start(&arguments, context.scratch());
    client.initialize("2025-06-18");
    assert_eq!(names(&tools(&mut client)), ["get_thing"]);
    fs::write(&path, "function Get-Thing { 'one' ").expect("written");
    expect_change(&client);
    list(&mut client);
    let (answer, _) = client.answer("list");
    assert!(answer["error"]["message"].as_str().is_some_and(|text| text.contains("Toolbox.ps1")), "{answer}");
    fs::write(&path, "function Get-Thing { 'mended' }").expect("written");
    expect_change(&client);
    assert_eq!(values(&client.call("get_thing", json!({}))), &json!(["mended"]));
    client.finish();
}

pub fn subscribers_of_the_new_era_hear_of_changes(context: &Context) {
    let (path, arguments) = script(context, "function Get-Thing { 'one' }");
    let mut client = Client::start(&arguments, context.scratch());
    client.send(super::modern(1, "tools/list", json!({})));
    assert_eq!(client.receive()["result"]["tools"].as_array().map(Vec::len), Some(2));
    client.send(super::modern(
        2,
        "subscriptions/listen",
        json!({"notifications": {"toolsListChanged": true}}),
    ));
    let acknowledged = client.receive();
    assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged", "{acknowledged}");
    assert_eq!(acknowledged["params"]["notifications"]["toolsListChanged"], true, "{acknowledged}");
    fs::write(&path, "function Get-Thing { 'one' }\nfunction Get-Other { 'two' }").expect("written");
    let changed = expect_change(&client);
    assert_eq!(changed["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 2, "{changed}");
    client.send(super::modern(3, "tools/list", json!({})));
    assert_eq!(client.receive()["result"]["tools"].as_array().map(Vec::len), Some(3));
    client.finish();
}

/// A module of 1,500 functions, all with help and parameters.
fn large_module(folder: &Path) -> PathBuf {
    use std::fmt::Write as _;

    let nouns = ["Incident", "Workbook", "Watchlist", "Policy", "Connector"];
    let verbs = ["Get", "Set", "New", "Remove", "Test"];
    let mut source = String::new();
    for number in 0..1_500 {
        let (verb, noun) = (verbs[number % 5], nouns[number / 5 % 5]);
        let _ = write!(
            source,
            "function {verb}-{noun}{number:04} {{\n<#\n.SYNOPSIS\nHandles {noun} number {number} of the store\n\
             .PARAMETER Name\nWhich one\n#>\n[CmdletBinding()]\nparam([Parameter(Mandatory)] [string] $Name, [int] $Count = {number}, \
             [ValidateSet('Low', 'High')] [string] $Level, [switch] $Force)\n\"{number} $Name $Count\" }}\n"
        );
    }
    let path = folder.join("Store.psm1");
    fs::write(&path, source).expect("written");
    path
}

pub fn a_large_module_is_searched_described_and_invoked(context: &Context) {
    let module = large_module(context.scratch()).to_string_lossy().into_owned();
    let cache = context.scratch().join("cache").to_string_lossy().into_owned();
    let given = arguments(context.home(), &["--module", &module]);
    for _ in ["from PowerShell", "from the cache"] {
        let mut client =
            Client::start_with(&given, context.scratch(), &[("RUNSPACED_MCP__CACHE_FOLDER", &cache)]);
        client.initialize("2025-11-25");
        assert_eq!(names(&tools(&mut client)), ["describe_tool", "invoke_tool", "search_tools"]);
        let found = client.call("search_tools", json!({"query": "delete workbook 1008", "first": 3}));
        assert_eq!(values(&found)[0]["name"], "remove_workbook1008", "{found}");
        assert_eq!(values(&found).as_array().map(Vec::len), Some(3));
        assert!(
            text(&found).starts_with("remove_workbook1008: Handles Workbook number 1008 of the store."),
            "{found}"
        );
        let described = client.call("describe_tool", json!({"name": "remove_workbook1008"}));
        let schema = &values(&described)[0]["inputSchema"];
        assert_eq!(schema["required"], json!(["Name"]));
        assert_eq!(schema["properties"]["Count"]["default"], 1008);
        let invoke = json!({"name": "remove_workbook1008", "arguments": {"Name": "w"}});
        assert_eq!(values(&client.call("invoke_tool", invoke)), &json!(["1008 w 1008"]));
        let refused =
            client.call("invoke_tool", json!({"name": "remove_workbook1008", "arguments": {"Level": "Hgh"}}));
        assert_eq!(refused["isError"], true);
        for part in ["the nearest is \"High\"", "'Name' is missing", "{\"Name\":\"text\",\"Level\":\"High\"}"]
        {
            assert!(text(&refused).contains(part), "{refused}");
        }
        let refused = client.call("invoke_tool", json!({"name": "remove_workbok1008"}));
        assert!(refused["isError"] == true && text(&refused).contains("Unknown tool"), "{refused}");
        client.finish();
    }

    let given = arguments(context.home(), &["--module", &module, "--tool-search=never"]);
    let mut client =
        Client::start_with(&given, context.scratch(), &[("RUNSPACED_MCP__CACHE_FOLDER", &cache)]);
    client.initialize("2025-11-25");
    let (mut seen, mut cursor) = (0, Value::Null);
    loop {
        let params = if cursor.is_null() { json!({}) } else { json!({"cursor": cursor}) };
        client.send(json!({"id": "list", "method": "tools/list", "params": params}));
        let result = client.receive()["result"].clone();
        seen += result["tools"].as_array().map_or(0, Vec::len);
        cursor = result["nextCursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(seen, 1_501);
    client.finish();
}

const SHAPES: &str = r#"
function Get-Shape {
    <#
    .SYNOPSIS
    Shows what arrived.
    .PARAMETER Name
    From the help
    #>
    [CmdletBinding(DefaultParameterSetName = 'ByName')]
    [OutputType([string])]
    param(
        [Parameter(Mandatory, ParameterSetName = 'ByName', HelpMessage = 'From the attribute')] [string] $Name,
        [Parameter(Mandatory, ParameterSetName = 'ById')] [ValidateRange(1, 9)] [int] $Id,
        [Parameter(HelpMessage = 'How deep')] [int] $Depth = 3,
        [string[]] $Labels = @('a', 'b'),
        [DayOfWeek] $Day = 'Monday',
        [Nullable[int]] $Limit,
        [ValidatePattern('^[a-z]{2}-\d+$')] [string] $Code,
        [switch] $Exact,
        [switch] $Colour = $true,
        [switch] $Cached
    )
    $given = if ($PSBoundParameters.ContainsKey('Cached')) { "$Cached" } else { 'absent' }
    "$($PSCmdlet.ParameterSetName) $Name $Id $Depth $($Labels -join '+') $Day [$Limit] $Exact $Colour $given"
}
function plain($a, $b = 'two') { "$a $b" }
function Join-Plain { param($First, [int] $Second = -5) "$First $Second" }
"#;

pub fn parameters_become_schemas_and_arguments_reach_them(context: &Context) {
    let (_, arguments) = script(context, SHAPES);
    let mut client = Client::start(&arguments, context.scratch());
    client.initialize("2025-11-25");
    let listed = tools(&mut client);
    assert_eq!(names(&listed), ["get_shape", "join_plain", "plain"]);
    let description = listed[0]["description"].as_str().unwrap_or_default();
    assert!(
        description.starts_with("Shows what arrived. Gives System.String.\nUse one of:"),
        "{description}"
    );
    let properties = &listed[0]["inputSchema"]["properties"];
    assert_eq!(listed[0]["inputSchema"].get("required"), None, "no parameter is mandatory in every set");
    assert_eq!(properties["Name"]["description"], "From the help. Parameter set: ByName.");
    assert_eq!(
        properties["Id"],
        json!({"type": "integer", "minimum": 1, "maximum": 9, "description": "Parameter set: ById."})
    );
    assert_eq!(properties["Depth"], json!({"type": "integer", "default": 3, "description": "How deep."}));
    assert_eq!(properties["Labels"]["default"], json!(["a", "b"]));
    assert_eq!(properties["Day"]["default"], "Monday");
    assert_eq!(properties["Day"]["enum"].as_array().map(Vec::len), Some(7));
    assert_eq!(properties["Limit"]["type"], json!(["integer", "null"]));
    assert_eq!(properties["Code"]["pattern"], "^[a-z]{2}-\\d+$");
    assert_eq!(properties["Exact"]["type"], "boolean");
    assert_eq!(properties["Colour"]["enum"], json!(["on", "off"]), "off is not the same as nothing");
    assert_eq!(properties["Cached"]["enum"], json!(["on", "off"]), "the function asks whether it was given");
    let plain = &listed[2]["inputSchema"]["properties"];
    assert_eq!((&plain["a"], &plain["b"]), (&json!({}), &json!({"default": "two"})));
    assert_eq!(listed[1]["inputSchema"]["properties"]["Second"]["default"], -5);

    for (given, expected) in [
        (json!({"Name": "x"}), "ByName x 0 3 a+b Monday [] False True absent"),
        (
            json!({"Id": 4, "Labels": "c", "Day": "friday", "Limit": 7}),
            "ById  4 3 c Friday [7] False True absent",
        ),
        (
            json!({"Name": "x", "Exact": false, "Colour": "off", "Cached": false}),
            "ByName x 0 3 a+b Monday [] False False False",
        ),
        (
            json!({"Name": "x", "Limit": null, "Exact": true, "Cached": "on"}),
            "ByName x 0 3 a+b Monday [] True True True",
        ),
    ] {
        assert_eq!(values(&client.call("get_shape", given.clone())), &json!([expected]), "{given}");
    }
    assert_eq!(values(&client.call("plain", json!({"a": [1, 2]}))), &json!(["1 2 two"]));
    client.finish();
}

pub fn arguments_that_fit_no_parameter_set_are_explained(context: &Context) {
    let (_, arguments) = script(context, SHAPES);
    let mut client = Client::start(&arguments, context.scratch());
    client.initialize("2025-11-25");
    for (given, expected) in [
        (json!({"Name": "x", "Id": 4}), "'Name' (set ByName) and 'Id' (set ById) cannot be given together"),
        (json!({"Depth": 4}), "give Name, or Id"),
        (json!({"Id": 12}), "'Id' was given 12, it must be at least 1 and at most 9"),
        (json!({"Name": "x", "Code": "abc"}), "'Code' was given \"abc\", it must match"),
    ] {
        let result = client.call("get_shape", given);
        assert_eq!(result["isError"], true, "{result}");
        let text = text(&result);
        assert!(text.contains(expected), "{text}");
        // What is proposed works.
        let example =
            text.rsplit_once("Arguments that fit: ").map(|(_, example)| example).expect("an example");
        let result = client.call("get_shape", serde_json::from_str(example).expect("JSON"));
        assert_eq!(result["isError"], false, "{example}: {result}");
    }
    client.finish();
}

pub fn dry_run_changes_nothing_and_says_what_it_would_do(context: &Context) {
    let file = context.scratch().join("kept.txt");
    fs::write(&file, "x").expect("written");
    let mut client =
        Client::start(&arguments(context.home(), &["--command", "Remove-Item"]), context.scratch());
    client.initialize("2025-11-25");
    let listed = tools(&mut client);
    let properties = &listed[0]["inputSchema"]["properties"];
    assert_eq!(properties["dry_run"]["type"], "boolean");
    assert_eq!(properties.get("WhatIf"), None);
    let result = client.call("remove_item", json!({"Path": file, "dry_run": true}));
    assert_eq!(result["isError"], false, "{result}");
    assert!(text(&result).contains("What if:") && text(&result).contains("kept.txt"), "{result}");
    assert!(file.exists());
    client.call("remove_item", json!({"Path": file, "dry_run": false}));
    assert!(!file.exists());
    client.finish();
}

pub fn pipeline_input_reaches_the_process_block(context: &Context) {
    let source = r#"
function Set-Stock {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, ValueFromPipelineByPropertyName)] [string] $Id,
        [Parameter(ValueFromPipelineByPropertyName)] [int] $Count = 1,
        [string] $Place = 'shelf'
    )
    process { "$Id=$Count@$Place" }
}"#;
    let (_, mut arguments) = script(context, source);
    arguments.extend(["--command", "Sort-Object", "--command", "Measure-Object"].map(str::to_owned));
    let mut client = Client::start(&arguments, context.scratch());
    client.initialize("2025-11-25");
    let listed = tools(&mut client);
    let tool =
        |name: &str| listed.iter().find(|tool| tool["name"] == name).expect("there")["inputSchema"].clone();
    assert_eq!(tool("sort_object")["properties"]["input"]["type"], "array");
    assert_eq!(tool("sort_object")["properties"].get("InputObject"), None);
    let sorted = client.call("sort_object", json!({"input": [3, 1, 2], "Descending": true}));
    assert_eq!(values(&sorted), &json!([3, 2, 1]));
    let rows = json!([{"N": "b", "V": 1}, {"N": "a", "V": 5}]);
    let sorted = client.call("sort_object", json!({"input": rows, "Property": ["N"]}));
    assert_eq!(values(&sorted), &json!([{"N": "a", "V": 5}, {"N": "b", "V": 1}]));
    let stock = tool("set_stock");
    assert_eq!(stock.get("required"), None, "input may bring it");
    let result =
        client.call("set_stock", json!({"input": [{"Id": "a", "Count": 2}, {"Id": "b"}], "Place": "box"}));
    assert_eq!(values(&result), &json!(["a=2@box", "b=1@box"]));
    assert_eq!(values(&client.call("set_stock", json!({"Id": "c"}))), &json!(["c=1@shelf"]));
    client.finish();
}

pub fn configuration_renames_describes_and_groups_tools(context: &Context) {
    let (_, script) =
        script(context, "function Get-Stock { 1 }\nfunction Set-Stock { 2 }\nfunction Invoke-Query { 3 }");
    let config = context.scratch().join("tools.toml");
    let run = |text: &str, more: &[&str]| {
        fs::write(&config, text).expect("written");
        let mut arguments = script.clone();
        let at = arguments.iter().position(|argument| argument == "--config").expect("one is given");
        arguments[at + 1] = config.to_string_lossy().into_owned();
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        let mut client = Client::start(&arguments, context.scratch());
        client.initialize("2025-11-25");
        list(&mut client);
        let answer = client.answer("list").0;
        client.finish();
        answer
    };
    let text = "[mcp.toolsets]\nreading = [\"Get-*\", \"query\"]\n\n[mcp.tools.Invoke-Query]\nname = \"query\"\n\
                description = \"Asks the store.\"\nread_only = true\nopen_world = false\n";
    let answer = run(text, &["--toolset", "reading"]);
    let mut listed = answer["result"]["tools"].as_array().cloned().unwrap_or_else(|| panic!("{answer}"));
    listed.retain(|tool| tool["name"] != "get_result");
    assert_eq!(names(&listed), ["get_stock", "query"]);
    assert_eq!(listed[1]["description"], "Asks the store.");
    assert_eq!(
        listed[1]["annotations"],
        json!({"title": "Invoke-Query", "readOnlyHint": true, "destructiveHint": false, "idempotentHint": true,
               "openWorldHint": false})
    );
    let answer = run(text, &["--toolset", "toolbox"]);
    assert_eq!(
        answer["result"]["tools"].as_array().map(Vec::len),
        Some(4),
        "a script is a toolset: {answer}"
    );
    let answer = run(text, &["--toolset", "strangers"]);
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("no toolset 'strangers'; there are Toolbox, reading"), "{answer}");
    let answer = run("[mcp.tools.Get-Stock]\nname = \"set_stock\"\n", &[]);
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    for part in ["set_stock", "Get-Stock", "Set-Stock", "Toolbox.ps1", "[mcp.tools."] {
        assert!(message.contains(part), "{answer}");
    }
}
