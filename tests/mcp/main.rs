//! The MCP server on a real PowerShell, as clients see it: the built program, its pipes, its end.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../support/azure.rs"]
mod azure;
mod bench;
mod catalog;
mod client;
mod conformance;
mod fitting;
mod following;
mod http;
mod inspector;
mod mapping;
mod oauth;
mod operations;
mod policy;
#[cfg(unix)]
mod replacement;
mod sdk;
#[allow(dead_code, reason = "shared with the tests of operations")]
#[path = "../sentinel_mcp/server.rs"]
mod setting;
#[path = "../support/mod.rs"]
mod support;

mod web;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::thread::sleep;
use std::time::{Duration, Instant};

use client::{Client, PROGRAM, SCRIPT, arguments, modern};
use sdk::Checks;
use serde_json::{Value, json};
use support::Context;

fn main() -> ExitCode {
    let mut tests = TESTS.to_vec();
    #[cfg(unix)]
    tests.extend(UNIX_TESTS);
    support::main(&tests)
}

const TESTS: &[support::Test] = &[
    test!(without_anything_to_expose_it_says_what_to_name),
    test!(without_powershell_the_client_is_told_what_to_do),
    test!(commands_become_tools_with_schemas_and_hints).layouts(),
    test!(the_new_era_needs_no_handshake).powershell(),
    test!(functions_of_a_script_become_tools).powershell(),
    test!(a_module_becomes_tools).powershell(),
    test!(a_pattern_that_finds_nothing_is_named).powershell(),
    test!(errors_and_output_come_together).powershell(),
    test!(what_a_model_did_wrong_is_told_to_it).powershell(),
    test!(a_question_is_refused_and_nothing_hangs).powershell(),
    test!(a_cancelled_call_is_stopped_and_never_answered).powershell(),
    test!(a_deadline_is_answered).powershell(),
    test!(progress_rises_to_its_end).powershell(),
    test!(two_hundred_calls_at_once_each_get_their_own_answer).powershell().limit_s(120),
    test!(nothing_of_one_call_is_seen_by_the_next).powershell(),
    test!(console_output_and_cat_do_not_touch_the_protocol).powershell(),
    test!(broken_input_is_answered_and_the_server_goes_on).powershell(),
    test!(end_of_input_ends_a_busy_server).powershell(),
    test!(a_client_that_closed_its_output_ends_the_server).powershell(),
    test!(sigterm_lets_a_call_end_and_exits_with_zero).powershell(),
    test!(catalog::the_list_comes_from_the_cache_before_powershell_is_up).powershell(),
    test!(catalog::a_missing_stale_or_broken_cache_delays_the_list).powershell().limit_s(120),
    test!(catalog::the_first_list_is_the_same_as_that_of_the_catalogue).powershell().limit_s(180),
    test!(catalog::without_powershell_the_first_list_is_the_same_again),
    test!(catalog::a_cache_folder_that_cannot_be_written_does_no_harm).powershell(),
    test!(catalog::a_changed_script_is_announced_and_run).powershell().limit_s(120),
    test!(catalog::one_runspace_is_enough_where_no_second_one_opens).powershell(),
    test!(catalog::a_broken_script_is_reported_until_it_is_mended).powershell().limit_s(120),
    test!(catalog::subscribers_of_the_new_era_hear_of_changes).powershell(),
    test!(catalog::a_large_module_is_searched_described_and_invoked).powershell().limit_s(180),
    test!(catalog::parameters_become_schemas_and_arguments_reach_them).powershell(),
    test!(catalog::arguments_that_fit_no_parameter_set_are_explained).powershell(),
    test!(catalog::dry_run_changes_nothing_and_says_what_it_would_do).powershell(),
    test!(catalog::pipeline_input_reaches_the_process_block).powershell(),
    test!(catalog::configuration_renames_describes_and_groups_tools).powershell(),
    test!(mapping::all_commands_are_mapped_or_it_is_said_why).powershell(),
    test!(mapping::one_tool_is_shown_with_its_schema).powershell(),
    test!(following::a_person_is_asked_in_the_old_era).powershell(),
    test!(following::a_person_is_asked_in_the_new_era).powershell(),
    test!(following::what_if_and_confirmation).powershell(),
    test!(following::log_lines_of_the_level_that_was_set).powershell(),
    test!(following::a_silent_call_shows_that_it_lives).powershell(),
    test!(following::a_long_result_is_paged_by_its_handle).powershell(),
    test!(following::a_long_call_becomes_a_task).powershell(),
    test!(following::prompts_resources_and_completions).powershell(),
    test!(following::every_call_is_recorded_and_nothing_of_its_content).powershell(),
    test!(following::every_log_line_of_a_call_has_its_id).powershell(),
    test!(policy::refused_reads_would_have_worked).powershell().limit_s(240),
    test!(policy::naming_a_module_by_its_path_does_not_run_it).powershell().limit_s(240),
    test!(policy::code_in_arguments_is_refused).powershell().limit_s(120),
    test!(policy::plans_change_nothing_and_say_what_would_be_done).powershell().limit_s(240),
    test!(policy::own_commands_plan_or_are_refused_until_somebody_vouches).powershell().limit_s(120),
    test!(policy::scripts_run_only_where_both_were_allowed).powershell().limit_s(240),
    test!(policy::language_modes_and_visible_commands_are_profiles).powershell().limit_s(240),
    test!(fitting::entry_starts_a_server_in_a_bare_environment).layouts().limit_s(120),
    test!(fitting::bare_environment_without_powershell_is_told_what_is_missing),
    test!(fitting::bundle_is_one_to_its_packer_and_starts).powershell().when(sdk::packer).limit_s(300),
    test!(policy::a_folder_does_not_widen_the_policy).powershell().limit_s(120),
    test!(policy::tables_are_those_of_this_powershell).powershell().limit_s(120),
    test!(python_sdk_drives_it).powershell().when(sdk::python).limit_s(300),
    test!(operations::python_sdk_drives_them).when(sdk::python).limit_s(300),
    test!(operations::python_sdk_drives_them_over_http).when(sdk::python).limit_s(300),
    test!(operations::typescript_sdks_drive_them).when(sdk::node).limit_s(300),
    test!(operations::typescript_sdks_drive_them_over_http).when(sdk::node).limit_s(300),
    test!(typescript_sdk_of_the_old_era_drives_it).powershell().when(sdk::node).limit_s(300),
    test!(typescript_sdk_of_the_new_era_drives_it).powershell().when(sdk::node).limit_s(300),
    test!(http::both_eras_are_served_over_http).powershell(),
    test!(http::only_the_holder_of_the_token_may_call).powershell(),
    test!(http::pages_of_other_hosts_cannot_call).powershell(),
    test!(http::bad_requests_are_answered_and_slow_ones_end).powershell(),
    test!(http::a_cancelled_call_of_a_session_is_never_answered).powershell(),
    test!(http::a_client_that_goes_away_stops_its_call).powershell().limit_s(120),
    test!(http::two_hundred_calls_at_once_over_http).powershell().limit_s(180),
    test!(http::too_many_requests_and_sessions_are_told_to_wait).powershell().limit_s(120),
    test!(http::addresses_that_cannot_be_served_are_refused),
    test!(http::tls_by_certificate_files).powershell(),
    test!(http::python_sdk_drives_it_over_http).powershell().when(sdk::python).limit_s(300),
    test!(http::typescript_sdks_drive_it_over_http).powershell().when(sdk::node).limit_s(300),
    test!(bench::any_server_is_measured_and_what_it_lacks_is_said).powershell().limit_s(120),
    test!(bench::a_server_that_is_none_is_named),
    test!(inspector::it_drives_the_server_over_standard_streams)
        .powershell()
        .when(inspector::present)
        .limit_s(240),
    test!(inspector::it_drives_the_server_over_http).powershell().when(inspector::present).limit_s(240),
    test!(oauth::tokens_of_the_authority_are_checked_in_full).powershell(),
    test!(oauth::scopes_allow_tools).powershell(),
    test!(conformance::requirements_of_2025_11_25).powershell().when(conformance::reachable).limit_s(300),
    test!(conformance::requirements_of_2026_07_28).powershell().when(conformance::reachable).limit_s(300),
];

/// What needs Unix: sockets with a mode, and processes that replace themselves.
#[cfg(unix)]
const UNIX_TESTS: &[support::Test] = &[
    test!(http::a_unix_socket_is_its_owners).powershell(),
    test!(http::a_fresh_process_goes_on_over_http).powershell().limit_s(120),
    test!(replacement::a_script_that_ends_the_process_does_not_end_the_conversation)
        .powershell()
        .limit_s(120),
    test!(replacement::a_degraded_engine_is_replaced_in_both_eras).powershell().limit_s(240),
    test!(replacement::an_upgrade_of_powershell_is_taken_up).self_contained().limit_s(120),
    test!(replacement::a_process_is_not_replaced_without_end).powershell().limit_s(180),
    test!(replacement::the_streams_stay_blocking_for_everybody_else).powershell(),
];

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_default()
}

fn values(result: &Value) -> &Value {
    &result["structuredContent"]["values"]
}

/// The tools made of commands; the server's own one is always there.
fn tools(client: &mut Client) -> Vec<Value> {
    client.send(json!({"id": "list", "method": "tools/list"}));
    let answer = client.receive();
    let mut tools = answer["result"]["tools"].as_array().cloned().unwrap_or_else(|| panic!("{answer}"));
    tools.retain(|tool| tool["name"] != "get_result");
    tools
}

fn names(tools: &[Value]) -> Vec<&str> {
    // The server's own tool is always there.
    tools.iter().filter_map(|tool| tool["name"].as_str()).filter(|name| *name != "get_result").collect()
}

fn without_anything_to_expose_it_says_what_to_name(_: &Context) {
    let output = Command::new(PROGRAM).args(["mcp", "--no-sentinel"]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("--command"), "{text}");
}

fn without_powershell_the_client_is_told_what_to_do(context: &Context) {
    let nowhere = context.scratch().join("nowhere").to_string_lossy().into_owned();
    let arguments =
        ["mcp", "--no-sentinel", "--powershell", &nowhere, "--command", "Get-Date"].map(str::to_owned);
    let mut client = Client::start(&arguments, context.scratch());
    client.initialize("2025-06-18");
    client.send(json!({"id": 1, "method": "tools/list"}));
    let error = client.receive()["error"].clone();
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.contains("no usable PowerShell") && message.contains("nowhere"), "{error}");
    client.finish();
}

fn commands_become_tools_with_schemas_and_hints(context: &Context) {
    let commands = ["--command", "Get-Process", "--command", "Get-ChildItem", "--command", "gci"];
    let mut client = Client::start(&arguments(context.home(), &commands), context.scratch());
    let answer = client.initialize("2024-11-05");
    assert_eq!(answer["result"]["protocolVersion"], "2024-11-05");
    let tools = tools(&mut client);
    assert_eq!(names(&tools), ["get_child_item", "get_process"], "an alias is the command it stands for");
    let schema = &tools[0]["inputSchema"];
    assert_eq!(schema["properties"]["Recurse"]["type"], "boolean");
    assert_eq!(schema["properties"]["Path"]["items"]["type"], "string");
    assert_eq!(schema["properties"]["Depth"]["type"], "integer");
    assert_eq!(schema["additionalProperties"], false);
    assert!(schema["properties"].get("Verbose").is_none(), "common parameters are not offered");
    assert!(
        tools[1]["inputSchema"]["properties"].get("InputObject").is_none(),
        "live objects are not offered"
    );
    for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
        assert!(tools[0]["annotations"][hint].is_boolean(), "{hint}");
    }

    std::fs::write(context.scratch().join("a.txt"), "x").expect("written");
    let result = client.call("get_child_item", json!({"Path": context.scratch(), "Name": true}));
    assert_eq!(values(&result), &json!(["a.txt"]));
    assert_eq!(text(&result), "a.txt");
    let id = client.process_id();
    let result = client.call("get_process", json!({"Id": [id]}));
    assert_eq!(values(&result)[0]["Id"], id);
    assert!(result["_meta"]["runspaced/timings"]["total_us"].as_u64().is_some_and(|total| total > 0));
    client.finish();
}

fn the_new_era_needs_no_handshake(context: &Context) {
    let mut client = Client::start(&arguments(context.home(), &["--script", SCRIPT]), context.scratch());
    client.send(modern(1, "server/discover", json!({})));
    assert!(
        client.receive()["result"]["supportedVersions"]
            .as_array()
            .is_some_and(|v| v.contains(&json!("2026-07-28")))
    );
    client.send(modern(2, "tools/call", json!({"name": "get_echo", "arguments": {"Text": "x"}})));
    let result = client.receive()["result"].clone();
    assert_eq!(values(&result), &json!([{"Text": "x", "Times": 1}]));
    assert_eq!(result["resultType"], "complete");
    client.send(modern(3, "tools/call", json!({"name": "wait_long"})));
    sleep(Duration::from_millis(300));
    let mut cancel = modern(0, "notifications/cancelled", json!({"requestId": 3}));
    cancel.as_object_mut().expect("an object").remove("id");
    client.send(cancel);
    assert!(client.is_silent(Duration::from_millis(500)));
    client.finish();
}

fn functions_of_a_script_become_tools(context: &Context) {
    let mut client = Client::of_script(context.home(), context.scratch());
    let tools = tools(&mut client);
    assert!(
        names(&tools).contains(&"get_echo") && names(&tools).contains(&"write_noise"),
        "{:?}",
        names(&tools)
    );
    assert!(names(&tools).is_sorted());
    let echo = tools.iter().find(|tool| tool["name"] == "get_echo").expect("there");
    assert_eq!(echo["description"], "Gives back what it is given.");
    assert_eq!(echo["inputSchema"]["required"], json!(["Text"]));
    assert_eq!(echo["inputSchema"]["properties"]["Times"]["maximum"], 100);
    let result = client.call("get_echo", json!({"Text": "'; exit 9 #", "Times": 3}));
    assert_eq!(values(&result), &json!([{"Text": "'; exit 9 #", "Times": 3}]));
    client.finish();
}

fn a_module_becomes_tools(context: &Context) {
    let module = context.scratch().join("Inventory.psm1");
    let source = "function Get-Shelf { param([ValidateSet('Low','High')] [string] $Level) \"shelf $Level\" }
        function hidden { 1 }
        Export-ModuleMember -Function Get-Shelf";
    std::fs::write(&module, source).expect("written");
    let module = module.to_string_lossy().into_owned();
    let mut client = Client::start(&arguments(context.home(), &["--module", &module]), context.scratch());
    client.initialize("2025-11-25");
    let tools = tools(&mut client);
    assert_eq!(names(&tools), ["get_shelf"]);
    assert_eq!(tools[0]["inputSchema"]["properties"]["Level"]["enum"], json!(["Low", "High"]));
    assert_eq!(values(&client.call("get_shelf", json!({"Level": "high"}))), &json!(["shelf High"]));
    client.finish();
}

fn a_pattern_that_finds_nothing_is_named(context: &Context) {
    let mut client =
        Client::start(&arguments(context.home(), &["--command", "Get-NoSuchThing"]), context.scratch());
    client.initialize("2025-11-25");
    client.send(json!({"id": 1, "method": "tools/list"}));
    let error = client.receive()["error"].clone();
    assert!(error["message"].as_str().is_some_and(|text| text.contains("Get-NoSuchThing")), "{error}");
    client.finish();
}

fn errors_and_output_come_together(context: &Context) {
    let mut client = Client::of_script(context.home(), context.scratch());
    let result = client.call("get_half", json!({}));
    assert_eq!(values(&result), &json!(["before", "after"]));
    assert_eq!(result["structuredContent"]["errors"][0]["message"], "boom");
    assert_eq!(result["structuredContent"]["warnings"], json!(["careful"]));
    assert_eq!(result["isError"], false);
    assert!(text(&result).contains("before\nafter") && text(&result).contains("boom"), "{result}");

    let result = client.call("stop_early", json!({}));
    assert_eq!(values(&result), &json!(["before"]));
    assert_eq!(result["isError"], true);
    assert_eq!(result["structuredContent"]["error"]["code"], "E401");
    assert!(text(&result).contains("enough of it"));

    let result = client.call("exit_early", json!({}));
    assert_eq!((&result["isError"], &result["structuredContent"]["exitCode"]), (&json!(true), &json!(5)));
    assert_eq!(client.call("get_echo", json!({"Text": "on"}))["isError"], false);
    client.finish();
}

fn what_a_model_did_wrong_is_told_to_it(context: &Context) {
    let mut client = Client::of_script(context.home(), context.scratch());
    let result = client.call("get_echo", json!({"Txt": "x", "Times": 101}));
    assert_eq!(result["isError"], true);
    assert!(
        text(&result).contains("'Txt' is not a parameter; the nearest is 'Text'. There are Text, Times"),
        "{result}"
    );
    assert!(
        text(&result).contains("'Times' was given 101, it must be at least 1 and at most 100"),
        "{result}"
    );
    assert!(text(&result).contains("'Text' is missing"), "{result}");
    client.post(1, "get_eco", json!({}));
    let error = client.receive()["error"].clone();
    assert_eq!(error["code"], -32602);
    assert!(error["message"].as_str().is_some_and(|text| text.contains("get_echo")));
    client.finish();
}

fn a_question_is_refused_and_nothing_hangs(context: &Context) {
    let mut client = Client::of_script(context.home(), context.scratch());
    let result = client.call("read_answer", json!({}));
    assert_eq!(result["isError"], true);
    assert_eq!(result["structuredContent"]["error"]["code"], "E402", "{result}");
    assert_eq!(client.call("get_echo", json!({"Text": "on"}))["isError"], false);
    client.finish();
}

fn a_cancelled_call_is_stopped_and_never_answered(context: &Context) {
    let mut client = Client::of_script(context.home(), context.scratch());
    client.call("get_echo", json!({"Text": "warm"}));
    for tool in ["wait_long", "wait_busy"] {
        client.post(tool, tool, json!({}));
        sleep(Duration::from_millis(300));
        client.send(json!({"method": "notifications/cancelled", "params": {"requestId": tool}}));
        assert!(client.is_silent(Duration::from_millis(500)), "{tool}");
        let result = client.call("get_echo", json!({"Text": tool}));
        assert_eq!(values(&result)[0]["Text"], tool);
    }
    client.finish();
}

fn a_deadline_is_answered(context: &Context) {
    let arguments = arguments(context.home(), &["--script", SCRIPT, "--timeout", "1s"]);
    let mut client = Client::start(&arguments, context.scratch());
    client.initialize("2025-11-25");
    tools(&mut client);
    let result = client.call("wait_busy", json!({}));
    assert_eq!(result["isError"], true);
    assert_eq!(result["structuredContent"]["error"]["code"], "E501", "{result}");
    client.finish();
}

fn progress_rises_to_its_end(context: &Context) {
    let mut client = Client::of_script(context.home(), context.scratch());
    client.call("get_echo", json!({"Text": "warm"}));
    client.send(json!({"id": 1, "method": "tools/call",
        "params": {"name": "write_steps", "arguments": {}, "_meta": {"progressToken": 77}}}));
    let mut progress = Vec::new();
    let result = loop {
        let message = client.receive();
        if message["id"] == 1 {
            break message["result"].clone();
        }
        assert_eq!(message["method"], "notifications/progress");
        assert_eq!(message["params"]["progressToken"], 77);
        assert!(
            message["params"]["message"].as_str().is_some_and(|text| text.starts_with("Steps")),
            "{message}"
        );
        progress.push(message["params"]["progress"].as_f64().expect("a number"));
    };
    assert_eq!(values(&result), &json!(["done"]));
    assert!(progress.len() >= 2, "{progress:?}");
    assert!(progress.windows(2).all(|pair| pair[0] < pair[1]), "{progress:?}");
    // Nobody who did not ask hears of it.
    assert_eq!(values(&client.call("write_steps", json!({}))), &json!(["done"]));
    client.finish();
}

fn two_hundred_calls_at_once_each_get_their_own_answer(context: &Context) {
    let mut client = Client::of_script(context.home(), context.scratch());
    for id in 0..200 {
        client.post(id, "get_echo", json!({"Text": format!("call {id}")}));
    }
    let mut answered = BTreeSet::new();
    for _ in 0..200 {
        let answer = client.receive();
        let id = answer["id"].as_u64().expect("an id");
        assert_eq!(values(&answer["result"])[0]["Text"], format!("call {id}"), "{answer}");
        assert!(answered.insert(id), "{id} was answered twice");
    }
    client.finish();
}

fn nothing_of_one_call_is_seen_by_the_next(context: &Context) {
    let mut client = Client::of_script(context.home(), context.scratch());
    for value in ["first", "second"] {
        assert_eq!(values(&client.call("set_leak", json!({"Value": value}))), &json!(["set"]));
        for _ in 0..4 {
            assert_eq!(values(&client.call("get_leak", json!({}))), &json!(["|"]));
        }
    }
    client.finish();
}

fn console_output_and_cat_do_not_touch_the_protocol(context: &Context) {
    let mut client = Client::of_script(context.home(), context.scratch());
    // Several at once, with further requests behind them for `cat` to eat.
    for id in 0..10u64 {
        client.post(
            id,
            if id.is_multiple_of(2) { "write_noise" } else { "get_echo" },
            json!({"Text": format!("t{id}")}),
        );
    }
    let mut answered = BTreeSet::new();
    for _ in 0..10 {
        let answer = client.receive();
        let id = answer["id"].as_u64().unwrap_or_else(|| panic!("{answer}"));
        let values = values(&answer["result"]).as_array().cloned().unwrap_or_else(|| panic!("{answer}"));
        if id.is_multiple_of(2) {
            assert_eq!(values.last(), Some(&json!(format!("t{id}"))), "{answer}");
            if cfg!(unix) {
                assert!(values.contains(&json!("read:")), "the child read something: {answer}");
            }
        }
        answered.insert(id);
    }
    assert_eq!(answered.len(), 10);
    client.close_input();
    assert_eq!(client.rest(), Vec::<String>::new());
    assert_eq!(client.wait().code(), Some(0));
}

fn broken_input_is_answered_and_the_server_goes_on(context: &Context) {
    let mut client = Client::of_script(context.home(), context.scratch());
    client.send_text("{\"jsonrpc\": \"2.0\", oops");
    assert_eq!(client.receive()["error"]["code"], -32700);
    let long = json!({"jsonrpc": "2.0", "method": "tools/call", "id": "long",
        "params": {"name": "get_echo", "arguments": {"Text": "x".repeat(17 << 20)}}});
    client.send_text(&long.to_string());
    let answer = client.receive();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!("long"), &json!(-32600)));
    client.post(1, "wait_long", json!({"Seconds": 2}));
    client.post(1, "get_echo", json!({"Text": "x"}));
    assert_eq!(client.receive()["error"]["code"], -32600);
    assert_eq!(values(&client.receive()["result"]), &json!(["waited"]));
    client.finish();
}

fn end_of_input_ends_a_busy_server(context: &Context) {
    let mut client = Client::of_script(context.home(), context.scratch());
    client.call("get_echo", json!({"Text": "warm"}));
    client.post(1, "wait_long", json!({}));
    client.post(2, "wait_busy", json!({}));
    sleep(Duration::from_millis(300));
    let files = dotnet_files(client.process_id());
    if cfg!(target_os = "linux") {
        assert_eq!(files.len(), 3, "{files:?}");
    }
    let begin = Instant::now();
    client.finish();
    // Far less than the calls would take; the promise of 0.2 s is measured elsewhere.
    assert!(begin.elapsed() < Duration::from_secs(20));
    assert_eq!(files.iter().filter(|file| file.exists()).count(), 0, "{files:?}");
}

/// What .NET has put into the temporary folder for a process.
fn dotnet_files(process: u32) -> Vec<PathBuf> {
    let begins = ["dotnet-diagnostic", "clr-debug-pipe"].map(|name| format!("{name}-{process}-"));
    let entries = std::fs::read_dir(std::env::temp_dir()).expect("readable").flatten();
    let of_it = |name: &OsStr| begins.iter().any(|begin| name.to_string_lossy().starts_with(begin));
    entries.filter(|entry| of_it(&entry.file_name())).map(|entry| entry.path()).collect()
}

fn a_client_that_closed_its_output_ends_the_server(context: &Context) {
    let mut client = Client::of_script(context.home(), context.scratch());
    client.call("get_echo", json!({"Text": "warm"}));
    client.post(0, "wait_long", json!({}));
    client.close_output();
    // The input stays open: only the failing answers can tell the server.
    client.post(1, "get_echo", json!({"Text": "x"}));
    client.post(2, "get_echo", json!({"Text": "x"}));
    sleep(Duration::from_millis(500));
    client.send_text_if_open("{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"ping\"}");
    assert_eq!(client.wait().code(), Some(0));
}

fn sigterm_lets_a_call_end_and_exits_with_zero(context: &Context) {
    if cfg!(not(unix)) {
        return; // There is no such signal.
    }
    let mut client = Client::of_script(context.home(), context.scratch());
    client.call("get_echo", json!({"Text": "warm"}));
    client.post(1, "wait_long", json!({"Seconds": 1}));
    client.post(2, "wait_long", json!({"Seconds": 60}));
    // The first has most of its second behind it, so that it ends in time on a busy machine too.
    sleep(Duration::from_millis(900));
    client.terminate();
    let mut answers = [client.receive(), client.receive()];
    answers.sort_by_key(|answer| answer["id"].as_u64());
    assert_eq!(values(&answers[0]["result"]), &json!(["waited"]), "{answers:?}");
    assert_eq!(answers[1]["result"]["isError"], true, "{answers:?}");
    assert_eq!(client.wait().code(), Some(0));
}

/// A server of the tests' script and a prompt.
fn with_prompt(context: &Context) -> Vec<String> {
    let prompts = context.scratch().join("prompts");
    std::fs::create_dir_all(&prompts).expect("made");
    let text = "+++\n[[arguments]]\nname = \"kind\"\nvalues_of = \"Get-Fruit.Kind\"\n+++\nPick {{kind}}.\n";
    std::fs::write(prompts.join("harvest.md"), text).expect("written");
    arguments(context.home(), &["--script", SCRIPT, "--prompts", &prompts.to_string_lossy()])
}

fn python_sdk_drives_it(context: &Context) {
    sdk::drive_with_python(Checks::Commands, &with_prompt(context), context.scratch(), &[]);
}

fn typescript_sdk_of_the_old_era_drives_it(context: &Context) {
    sdk::drive_with_node(sdk::OLD_ERA, Checks::Commands, &with_prompt(context), context.scratch(), &[]);
}

fn typescript_sdk_of_the_new_era_drives_it(context: &Context) {
    sdk::drive_with_node(sdk::NEW_ERA, Checks::Commands, &with_prompt(context), context.scratch(), &[]);
}
