//! What can be run and how, on a real PowerShell: arguments, input, files, secrets, stops, streams, questions.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io;
use std::process::{Command, ExitCode};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use runspaced::{
    Call, Engine, Error, ErrorRecord, Format, Invocation, Isolation, Live, Output, PoolConfig, Prompt,
    Record, RecordData, Stream,
};
use serde_json::{Value, json};
use support::Context;
use support::engine::{
    builder, clipped, engine, eventually, fails, invoke, run, still_works, values, values_of, warm,
};

fn main() -> ExitCode {
    support::main(&[
        // Arguments
        test!(a_command_takes_parameters_of_every_kind).powershell(),
        test!(a_script_takes_parameters_of_every_kind).powershell(),
        test!(null_is_bound_where_it_may_be).powershell(),
        test!(arguments_of_json_keep_their_digits).powershell(),
        test!(positional_arguments_reach_their_places).powershell(),
        test!(hostile_text_stays_text).powershell().limit_s(300),
        test!(script_blocks_cannot_come_from_arguments).powershell(),
        test!(mistakes_name_what_would_work).powershell(),
        // Files
        test!(a_script_file_knows_where_it_is).powershell(),
        test!(requirements_of_a_script_file_are_checked).powershell(),
        test!(a_script_file_uses_modules_beside_it).powershell(),
        test!(validation_of_a_script_file_names_the_parameter).powershell(),
        // Input
        test!(pipeline_input_reaches_process_blocks_and_input).powershell(),
        test!(pipeline_input_binds_by_property_name).powershell(),
        test!(empty_input_is_not_no_input).powershell(),
        // Secrets
        test!(secrets_reach_secure_parameters_only).powershell(),
        test!(secrets_appear_nowhere).powershell(),
        // Results
        test!(streams_keep_their_order).powershell(),
        test!(error_records_are_whole).powershell(),
        test!(exit_codes_of_scripts_and_programs).powershell(),
        // Ends
        test!(every_call_has_one_answer_whatever_ends_it).powershell().limit_s(180),
        test!(a_dropped_future_stops_its_call).powershell(),
        test!(shut_down_answers_everybody).powershell(),
        test!(a_session_keeps_its_state).powershell(),
        // While it runs
        test!(live_records_come_while_the_call_runs).powershell(),
        test!(progress_is_throttled_and_ends).powershell(),
        test!(a_stream_gives_values_as_they_come).powershell(),
        test!(a_slow_reader_slows_the_script).powershell(),
        test!(a_stream_that_is_dropped_stops_its_script).powershell(),
        test!(a_failing_stream_ends_with_the_error).powershell(),
        test!(questions_are_answered).powershell(),
        test!(questions_that_are_refused_end_the_call).powershell(),
        // Surroundings
        test!(profiles_are_loaded_on_demand_only).powershell(),
        test!(the_working_directory_is_that_of_the_call).powershell(),
        test!(the_correlation_id_is_visible_to_the_script).powershell(),
        test!(the_culture_is_a_setting_not_the_machines).powershell(),
        test!(native_output_is_utf8_by_setting).powershell(),
        test!(the_main_verbs_on_this_layout).layouts(),
    ])
}

const SECOND: Duration = Duration::from_secs(1);

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

fn record_of(error: &Error) -> &ErrorRecord {
    error.record().unwrap_or_else(|| panic!("{} has no record: {error}", error.code()))
}

/// Runs the test once more in a process with other variables; true in that process.
fn again_with(variables: &[(&str, &str)]) -> bool {
    const AGAIN: &str = "RUNSPACED_TEST_AGAIN";
    if env::var_os(AGAIN).is_some() {
        return true;
    }
    let output = Command::new(env::current_exe().expect("this program"))
        .envs(variables.iter().copied())
        .env(AGAIN, "1")
        .output()
        .expect("starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    false
}

// Arguments

fn a_command_takes_parameters_of_every_kind(context: &Context) {
    let engine = engine(context);
    fs::write(context.scratch().join("a.txt"), "one\ntwo\nthree\n").expect("is written");
    let file = context.scratch().join("a.txt");

    // string, int, switch, enum
    let call = Invocation::command("Get-Content").arg("Path", &file).arg("TotalCount", 2);
    assert_eq!(values_of(&engine, call), ["one", "two"]);
    let call = Invocation::command("Get-Content").arg("Path", &file).switch("Raw").arg("Encoding", "utf8");
    assert_eq!(values_of(&engine, call), ["one\ntwo\nthree\n"]);
    // a switch turned off
    let call = Invocation::command("Get-Content").arg("Path", &file).arg("Raw", false);
    assert_eq!(values_of(&engine, call).len(), 3);
    // array into string[], one value into string[]
    let call = Invocation::command("Join-String").arg("Separator", "+").input(["a", "b"]);
    assert_eq!(values_of(&engine, call), ["a+b"]);
    let call = Invocation::command("Split-Path").arg("Path", ["/a/b", "/c/d"]).switch("Leaf");
    assert_eq!(values_of(&engine, call), ["b", "d"]);
    let call = Invocation::command("Split-Path").arg("Path", "/a/b").switch("Leaf");
    assert_eq!(values_of(&engine, call), ["b"]);
    // enum and its array
    let call =
        Invocation::command("Get-Command").arg("Name", "Get-Date").arg("CommandType", ["Cmdlet", "Function"]);
    assert_eq!(values_of(&engine, call)[0]["Name"], "Get-Date");
    // dates
    let call = Invocation::command("Get-Date")
        .arg("Date", "2024-02-29T12:30:00Z")
        .arg("Format", "yyyy-MM-dd")
        .switch("AsUTC");
    assert_eq!(values_of(&engine, call), ["2024-02-29"]);
    let call =
        Invocation::command("Get-Date").arg("Year", 2024).arg("Month", 2).arg("Day", 29).arg("Format", "o");
    assert!(values_of(&engine, call)[0].as_str().is_some_and(|date| date.starts_with("2024-02-29T")));
    // hashtable, ordered as given
    let call = Invocation::command("New-Object")
        .arg("TypeName", "System.UriBuilder")
        .arg("Property", json!({ "Host": "example.org", "Port": 8080, "Path": "x" }));
    assert_eq!(values_of(&engine, call)[0]["Port"], 8080);
    // an object
    let call = Invocation::command("Write-Output")
        .arg("InputObject", json!({ "z": 1, "a": { "b": [1, { "c": null }] } }));
    assert_eq!(invoke(&engine, call).json(), r#"[{"z":1,"a":{"b":[1,{"c":null}]}}]"#);
    // names are matched as PowerShell does: any case, aliases, unambiguous starts
    let call = Invocation::command("get-content").arg("pspath", &file).arg("head", 1);
    assert_eq!(values_of(&engine, call), ["one"]);
    // functions, aliases, programs
    assert_eq!(
        values_of(&engine, Invocation::command("gci").arg("Path", context.scratch()).switch("Name")),
        ["a.txt"]
    );
    assert_eq!(
        values_of(
            &engine,
            Invocation::command("printf").positional("%s-%s").positional("a b").positional("c")
        ),
        ["a b-c"]
    );
}

fn a_script_takes_parameters_of_every_kind(context: &Context) {
    let engine = engine(context);
    let kind = |declared: &str, value: Value| {
        let script = format!(
            "param({declared} $v) [pscustomobject]@{{ type = if ($null -eq $v) {{ 'null' }} else {{ $v.GetType().Name }}; value = $v }}"
        );
        let row = values_of(&engine, Invocation::script(script).arg("v", value)).remove(0);
        (row["type"].as_str().unwrap_or_default().to_owned(), row["value"].clone())
    };
    let cases = [
        ("", json!("text"), "String", json!("text")),
        ("", json!(1), "Int32", json!(1)),
        ("", json!(5_000_000_000_i64), "Int64", json!(5_000_000_000_i64)),
        ("", json!(1.5), "Decimal|Double", json!(1.5)),
        ("", json!(1e300), "Double", json!(1e300)),
        ("", json!(true), "Boolean", json!(true)),
        ("", json!([1, "a", null]), "Object[]", json!([1, "a", null])),
        ("", json!([]), "Object[]", json!([])),
        ("", json!({ "a": 1 }), "PSCustomObject", json!({ "a": 1 })),
        ("", json!(null), "null", json!(null)),
        ("[int]", json!("42"), "Int32", json!(42)),
        ("[string]", json!(42), "String", json!("42")),
        ("[double]", json!(1), "Double", json!(1.0)),
        ("[int[]]", json!([1, 2]), "Int32[]", json!([1, 2])),
        ("[int[]]", json!(1), "Int32[]", json!([1])),
        ("[string[]]", json!(["a", "b"]), "String[]", json!(["a", "b"])),
        ("[switch]", json!(true), "SwitchParameter", json!({ "IsPresent": true })),
        ("[switch]", json!(false), "SwitchParameter", json!({ "IsPresent": false })),
        ("[bool]", json!(false), "Boolean", json!(false)),
        ("[hashtable]", json!({ "a": { "b": 1 } }), "Hashtable", json!({ "a": { "b": 1 } })),
        (
            "[Collections.IDictionary]",
            json!({ "z": 1, "a": 2 }),
            "Hashtable|OrderedDictionary",
            json!({ "z": 1, "a": 2 }),
        ),
        ("[pscustomobject]", json!({ "a": 1 }), "PSCustomObject", json!({ "a": 1 })),
        ("[DayOfWeek]", json!("Tuesday"), "DayOfWeek", json!("Tuesday")),
        ("[datetime]", json!("2024-02-29T12:00:00"), "DateTime", json!("2024-02-29T12:00:00")),
        (
            "[datetimeoffset]",
            json!("2024-02-29T12:00:00+02:00"),
            "DateTimeOffset",
            json!("2024-02-29T12:00:00+02:00"),
        ),
        ("[timespan]", json!("01:30:00"), "TimeSpan", json!("PT1H30M")),
        (
            "[guid]",
            json!("6f9619ff-8b86-d011-b42d-00c04fc964ff"),
            "Guid",
            json!("6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        ),
        ("[version]", json!("1.2.3"), "Version", json!("1.2.3")),
        ("[uri]", json!("https://example.org/a?b"), "Uri", json!("https://example.org/a?b")),
        ("[regex]", json!("^a+$"), "Regex", json!("^a+$")),
        ("[char]", json!("x"), "Char", json!("x")),
        ("[decimal]", json!("0.10"), "Decimal", json!(0.10)),
        ("[nullable[int]]", json!(null), "null", json!(null)),
    ];
    for (declared, given, expected_type, expected) in cases {
        let (found_type, found) = kind(declared, given.clone());
        assert!(
            expected_type.split('|').any(|name| name == found_type),
            "{declared} {given} arrived as {found_type}, not {expected_type}"
        );
        let same = match (found.as_f64(), expected.as_f64()) {
            (Some(found), Some(expected)) => (found - expected).abs() < f64::EPSILON || found == expected,
            _ => found == expected || (found_type == "SwitchParameter" && found == expected["IsPresent"]),
        };
        assert!(same, "{declared} {given} came back as {found}");
    }
}

fn null_is_bound_where_it_may_be(context: &Context) {
    let engine = engine(context);
    let bound = |script: &str| values_of(&engine, Invocation::script(script).arg("v", Value::Null)).remove(0);
    assert_eq!(bound("param($v) $PSBoundParameters.ContainsKey('v')"), true);
    assert_eq!(bound("param([int] $v = 7) $v"), 7, "left out: the default counts");
    assert_eq!(bound("param([nullable[int]] $v = 7) \"<$v>\""), "<>");
    assert_eq!(bound("param([AllowNull()][object] $v = 7) \"<$v>\""), "<>");
    let call =
        Invocation::command("Get-Date").arg("Year", 2024).arg("Month", Value::Null).arg("Format", "yyyy");
    assert_eq!(values_of(&engine, call), ["2024"]);
}

fn arguments_of_json_keep_their_digits(context: &Context) {
    let engine = engine(context);
    let script = "param($big, $long, $dec, $neg) $big; $big.GetType().Name; $long; $dec; $neg";
    let output = invoke(
        &engine,
        Invocation::script(script).args_json(
            r#"{"big":123456789012345678901234567890,"long":9223372036854775807,"dec":0.1234567890123456789,"neg":-0.5}"#,
        ),
    );
    let raw: Vec<&str> = output.raw_values().expect("JSON").iter().map(|value| value.get()).collect();
    assert_eq!(raw[0], "123456789012345678901234567890");
    assert_eq!(raw[1], r#""BigInteger""#);
    assert_eq!(raw[2], "9223372036854775807");
    assert_eq!(raw[3], "0.1234567890123456789");
    assert_eq!(raw[4], "-0.5");
    for (json, expected) in [("[1]", "must be a JSON object"), ("{", "not JSON"), ("", "not JSON")] {
        let error = fails(&engine, Invocation::script("1").args_json(json));
        assert_eq!(error.code(), "E301");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

fn positional_arguments_reach_their_places(context: &Context) {
    let engine = engine(context);
    let call =
        Invocation::script("param($a, $b, [Parameter(ValueFromRemainingArguments)] $rest) \"$a|$b|$rest\"")
            .positional(1)
            .positional("two words")
            .positional(3)
            .positional(4);
    assert_eq!(values_of(&engine, call), ["1|two words|3 4"]);
    let call = Invocation::script("$args.Count; $args[1]").positional("-Name").positional("--x y");
    assert_eq!(values_of(&engine, call), [json!(2), json!("--x y")]);
    let call = Invocation::command("Join-Path").positional("/a").positional("b");
    assert_eq!(values_of(&engine, call), ["/a/b"]);
    // Text that looks like a parameter is a value all the same.
    let call = Invocation::command("Write-Output").positional("-NoEnumerate");
    assert_eq!(values_of(&engine, call), ["-NoEnumerate"]);
    let call = Invocation::script("param($a, $b) \"$a|$b\"").arg("b", "named").positional("first");
    assert_eq!(values_of(&engine, call), ["first|named"]);
}

/// Text that would do something if any of it were taken for script.
fn hostile() -> Vec<String> {
    let mut texts: Vec<String> = [
        "'",
        "''",
        "'''",
        "\"",
        "\"\"",
        "`",
        "``",
        "`\"",
        "$",
        "$$",
        "$?",
        "$^",
        "$_",
        "$args",
        "$null",
        "$true",
        "$(exit 3)",
        "$([Environment]::Exit(3))",
        "${env:PATH}",
        "@(1)",
        "@{a=1}",
        "@'",
        "'@",
        "\n'@\n; exit 3",
        "@\"",
        "\n\"@\nexit 3\n",
        "'; exit 3; '",
        "\"; exit 3; \"",
        "; exit 3",
        "| exit 3",
        "&& exit 3",
        "|| exit 3",
        "& { exit 3 }",
        ". { exit 3 }",
        "{ exit 3 }",
        "} exit 3 {",
        ") exit 3 (",
        "1; throw 'x'",
        "# comment",
        "<# block",
        "#> exit 3",
        "--%",
        "--",
        "-",
        "-Verbose",
        "-InputObject:x",
        "/?",
        "-?",
        "\n",
        "\r\n",
        "\r",
        "\t",
        " ",
        "",
        "  two  ",
        "\0",
        "a\0b",
        "\u{1b}[31mred",
        "\u{7}",
        "\u{8}",
        "\u{2018}; exit 3 \u{2019}",
        "\u{201C}$(exit 3)\u{201D}",
        "\u{201A}",
        "\u{201E}",
        "\u{2013}Verbose",
        "\u{2014}x",
        "\u{2015}x",
        "\u{2028}exit 3",
        "\u{2029}",
        "\u{85}exit 3",
        "\u{FEFF}",
        "\u{200B}",
        "\u{202E}x",
        "\u{1F600}",
        "e\u{301}",
        "$ExecutionContext.InvokeCommand.InvokeScript('exit 3')",
        "%PATH%",
        "~",
        "*",
        "?",
        "[a-z]",
        "[",
        "..\\..",
        "C:\\x",
        "\\\\server\\x",
        "true",
        "1e3",
        "0x10",
        "1kb",
        "1..3",
        "[int]",
        "[datetime]::Now",
        "{\"$secret\":\"x\"}",
        "null",
        "\u{FFFF}",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.push("'".repeat(10_000));
    texts.push("$(".repeat(1_000));
    texts
}

fn hostile_text_stays_text(context: &Context) {
    let engine = engine(context);
    let texts = hostile();
    assert!(texts.len() >= 40);
    let file = context.scratch().join("echo.ps1");
    fs::write(&file, "param($Text, [string[]] $Many) $Text; $Many").expect("is written");
    run(&engine, "1");
    for (number, text) in texts.iter().enumerate() {
        let many = [text, "x", text];
        let echoes: Vec<(&str, Invocation, Value)> = vec![
            ("command", Invocation::command("Write-Output").arg("InputObject", text), json!([text])),
            (
                "script",
                Invocation::script("param([string] $Text, [string[]] $Many) $Text; $Many")
                    .arg("Text", text)
                    .arg("Many", many),
                json!([text, text, "x", text]),
            ),
            (
                "file",
                Invocation::file(&file).arg("Text", text).arg("Many", many),
                json!([text, text, "x", text]),
            ),
            ("positional", Invocation::script("$args").positional(text), json!([text])),
            ("input", Invocation::script("process { $_ }").input([text]), json!([text])),
            (
                "key",
                Invocation::script("param($o) $o.PSObject.Properties.Value").arg("o", json!({ "k": text })),
                json!([text]),
            ),
        ];
        for (way, invocation, expected) in echoes {
            let output = match engine.blocking().invoke(invocation) {
                Ok(output) => output,
                Err(error) => panic!("{way} {:?}: {} {error}", clipped(text), error.code()),
            };
            assert_eq!(Value::from(output.values().expect("JSON")), expected, "{way}");
            assert_eq!((output.exit_code(), output.had_errors()), (None, false), "{way} {:?}", clipped(text));
        }
        // An unknown command or parameter of that name is refused, and nothing of it runs.
        if !text.trim().is_empty() {
            let name = format!("{text} zz");
            // (The nearest name is looked for among all commands: a fifth of the texts will do.)
            if number % 5 == 0 {
                let error = fails(&engine, Invocation::command(&name));
                assert_eq!(error.code(), "E302", "command {:?}: {error}", clipped(&name));
            }
            let error = fails(&engine, Invocation::command("Get-Date").arg(&name, 1));
            assert_eq!(error.code(), "E302", "parameter {:?}: {error}", clipped(&name));
            let error = fails(&engine, Invocation::script("param($a) $a").arg(&name, 1));
            assert_eq!(error.code(), "E302", "parameter {:?}: {error}", clipped(&name));
        }
    }
    // Through a program: what one can be given at all arrives as it was, and nothing is expanded (`*`, `~`).
    for text in texts.iter().filter(|text| !text.contains('\0')) {
        let call =
            || Invocation::command("printf").positional("<%s>").positional(text).positional([text, "x"]);
        if text == "--%" {
            // PowerShell's own mark; it does not reach a program however it is given.
            let error = fails(&engine, call());
            assert_eq!(error.code(), "E302", "{error}");
            continue;
        }
        let output = invoke(&engine, call());
        let printed: Vec<String> = output.rows().expect("strings");
        let lines = |text: &str| {
            text.replace("\r\n", "\n").split(['\n', '\r']).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(
            printed.iter().flat_map(|row| lines(row)).collect::<Vec<_>>(),
            lines(&format!("<{text}><{text}><x>"))
        );
    }
    assert!(!engine.stats().restart_wanted, "nobody called Exit");
    still_works(&engine);
}

fn script_blocks_cannot_come_from_arguments(context: &Context) {
    let engine = engine(context);
    let marker = context.scratch().join("ran");
    let block = format!("[IO.File]::WriteAllText('{}', 'x')", marker.display());
    let calls = [
        Invocation::command("Invoke-Command").arg("ScriptBlock", &block),
        Invocation::command("ForEach-Object").arg("Process", &block).input([1]),
        Invocation::command("ForEach-Object").arg("Process", [&block]).input([1]),
        Invocation::command("ForEach-Object").positional(&block).input([1]),
        Invocation::command("Where-Object").arg("FilterScript", &block).input([1]),
        Invocation::command("Sort-Object").arg("Property", json!([{ "Expression": &block }])).input([2, 1]),
        Invocation::command("Start-Job").arg("ScriptBlock", &block),
        Invocation::command("Measure-Command").arg("Expression", &block),
        Invocation::script("param([scriptblock] $b) & $b").arg("b", &block),
        Invocation::script("param([scriptblock[]] $b) $b | % { & $_ }").arg("b", [&block]),
        Invocation::script("param([Nullable[int]] $n, [ScriptBlock] $b) & $b")
            .positional(1)
            .positional(&block),
    ];
    for call in calls {
        let text = format!("{call:?}");
        // Where a parameter takes other things as well the text is just one of those.
        match engine.blocking().invoke(call) {
            Err(error) => {
                assert!(["E302", "E401"].contains(&error.code()), "{text}: {} {error}", error.code())
            }
            Ok(output) => assert!(!text.contains("ScriptBlock\""), "{text}: {}", output.json()),
        }
        assert!(!marker.exists(), "{text} ran the text");
    }
    let error = fails(&engine, Invocation::command("Invoke-Command").arg("ScriptBlock", "1"));
    assert_eq!(error.code(), "E302");
    assert!(error.to_string().contains("ScriptBlock"), "{error}");
    still_works(&engine);
}

fn mistakes_name_what_would_work(context: &Context) {
    let engine = engine(context);
    let typed = "param([ValidateSet('red', 'green')] $Colour, [ValidateRange(1, 9)][int] $Number, [Parameter(Mandatory)][string] $Name) 'ran'";
    let cases: Vec<(Invocation, &[&str])> = vec![
        (Invocation::command("Get-Prosess"), &["Get-Prosess", "Get-Process"]),
        (Invocation::command("Get-Process").arg("Naem", "x"), &["Naem", "Name"]),
        (Invocation::command("Get-Date").arg("Year", "soon"), &["Year", "soon", "Int32"]),
        (Invocation::command("Get-Date").arg("Year", json!({ "a": 1 })), &["Year", "Int32"]),
        (Invocation::command("Get-Date").arg("Year", 10_000_000_000_i64), &["Year"]),
        (Invocation::command("Get-ChildItem").arg("Recurse", "perhaps"), &["Recurse"]),
        (Invocation::command("Get-Command").arg("CommandType", "Cmdlett"), &["CommandType", "Cmdlett"]),
        (Invocation::script(typed).arg("Name", "n").arg("Color", "red"), &["Color", "Colour"]),
        (
            Invocation::script(typed).arg("Name", "n").arg("Colour", "blue"),
            &["Colour", "blue", "red", "green"],
        ),
        (Invocation::script(typed).arg("Name", "n").arg("Number", 10), &["Number", "10", "9"]),
    ];
    for (invocation, words) in cases {
        let text = format!("{invocation:?}");
        let error = fails(&engine, invocation);
        assert_eq!(error.code(), "E302", "{text}: {error}");
        let message = error.to_string();
        for word in words {
            assert!(message.contains(word), "{text}: '{message}' does not name {word}");
        }
        assert_eq!(error.output().map(Output::count), Some(0), "{text}: nothing ran");
        assert_eq!(record_of(&error).message, message);
        still_works(&engine);
    }
    // A mandatory parameter that is missing is asked for; nobody can answer.
    for (call, missing) in [
        (Invocation::command("Rename-Item").arg("Path", "x"), "NewName"),
        (Invocation::script(typed).arg("Colour", "red"), "Name"),
    ] {
        let error = fails(&engine, call);
        assert!(matches!(&error, Error::PromptBlocked { fields, .. } if fields == &[missing]), "{error:?}");
    }
    // A parse error is the script's, with its place.
    let error = fails(&engine, Invocation::script("'fine'\n1 + + * 2"));
    assert!(["E302", "E401"].contains(&error.code()), "{error}");
    assert_eq!(record_of(&error).position.as_ref().map(|place| place.line), Some(2), "{error}");
    // An error inside the script is not a refusal of the call.
    let output = run(&engine, "'ran'; Get-Date -Year soon; 'went on'");
    assert_eq!(output.json(), r#"["ran","went on"]"#);
    assert!(output.errors()[0].message.contains("Year"), "{}", output.records_json());
    let error = fails(
        &engine,
        Invocation::script("$ErrorActionPreference = 'Stop'; 'ran'; Get-Date -Year soon; 'never'"),
    );
    assert_eq!(error.code(), "E401", "{error}");
    assert_eq!(error.output().map(Output::json), Some(r#"["ran"]"#));
}

// Files

fn a_script_file_knows_where_it_is(context: &Context) {
    let engine = engine(context);
    let folder = context.scratch().join("with space [and] 'quotes'");
    fs::create_dir(&folder).expect("is made");
    let file = folder.join("where am I.ps1");
    fs::write(
        &file,
        "param($x)\n$PSScriptRoot; $PSCommandPath; $MyInvocation.MyCommand.Name; $x\nthrow 'at the end'",
    )
    .expect("is written");
    let error = fails(&engine, Invocation::file(&file).arg("x", "\u{fc}"));
    assert_eq!(error.code(), "E401");
    let (folder, file) = (folder.display().to_string(), file.display().to_string());
    let values: Value = serde_json::from_str(error.output().expect("has some").json()).expect("JSON");
    assert_eq!(values, json!([folder, file, "where am I.ps1", "\u{fc}"]));
    let place = record_of(&error).position.clone().expect("has a place");
    assert_eq!((place.file.as_deref(), place.line), (Some(file.as_str()), 3));
    let error = fails(&engine, Invocation::file(context.scratch().join("missing.ps1")));
    assert_eq!(error.code(), "E302", "{error}");
    assert!(error.to_string().contains("missing.ps1"), "{error}");
    // Another text under the same name is another script.
    fs::write(&file, "'second text'").expect("is written");
    assert_eq!(values_of(&engine, Invocation::file(&file)), ["second text"]);
    // A file without the extension would be a program's; it is a script here or refused, never handed to the system.
    let plain = context.scratch().join("plain.txt");
    fs::write(&plain, "'x'").expect("is written");
    match engine.blocking().invoke(Invocation::file(&plain)) {
        Ok(output) => assert_eq!(output.json(), r#"["x"]"#),
        Err(error) => assert_eq!(error.code(), "E302", "{error}"),
    }
    still_works(&engine);
}

fn requirements_of_a_script_file_are_checked(context: &Context) {
    let engine = engine(context);
    let file = context.scratch().join("needs.ps1");
    let cases = [
        ("#Requires -Version 99.0\n'ran'", "99.0"),
        ("#Requires -Modules NoSuchModule\n'ran'", "NoSuchModule"),
        ("#Requires -PSEdition Desktop\n'ran'", "Desktop"),
        ("using module ./nothing-here.psm1\n'ran'", "nothing-here"),
    ];
    for (text, named) in cases {
        fs::write(&file, text).expect("is written");
        let error = fails(&engine, Invocation::file(&file));
        assert!(["E302", "E401"].contains(&error.code()), "{text}: {} {error}", error.code());
        assert!(error.to_string().contains(named), "{text}: {error}");
        assert_eq!(error.output().map(Output::count), Some(0), "{text}");
        still_works(&engine);
    }
    fs::write(&file, "#Requires -Version 7.0\n#Requires -Modules Microsoft.PowerShell.Utility\n'ran'")
        .expect("is written");
    assert_eq!(values_of(&engine, Invocation::file(&file)), ["ran"]);
}

fn a_script_file_uses_modules_beside_it(context: &Context) {
    let engine = engine(context);
    let folder = context.scratch();
    fs::write(folder.join("Shapes.psm1"), "class Square { [int] $Side; [int] Area() { return $this.Side * $this.Side } }\nfunction Get-Unit { 'cm' }")
        .expect("is written");
    fs::write(folder.join("helper.ps1"), "$helper = 'dot-sourced'").expect("is written");
    let file = folder.join("uses.ps1");
    fs::write(&file, "using module ./Shapes.psm1\n. $PSScriptRoot/helper.ps1\n$s = [Square]@{ Side = 3 }; $s.Area(); Get-Unit; $helper").expect("is written");
    for _ in 0..3 {
        assert_eq!(
            values_of(&engine, Invocation::file(&file)),
            [json!(9), json!("cm"), json!("dot-sourced")]
        );
    }
    still_works(&engine);
}

fn validation_of_a_script_file_names_the_parameter(context: &Context) {
    let engine = engine(context);
    let file = context.scratch().join("validates.ps1");
    fs::write(
        &file,
        "[CmdletBinding()] param([ValidateSet('a', 'b')][string] $Letter = 'a', [ValidateRange(1, 3)][int] $Count = 1, \
         [ValidateScript({ $_ -gt 0 })][double] $Size = 1, [ValidatePattern('^x')][string] $Code = 'x', [switch] $Quiet)\n\
         \"$Letter $Count $Size $Code $Quiet\"",
    )
    .expect("is written");
    assert_eq!(values_of(&engine, Invocation::file(&file)), ["a 1 1 x False"]);
    let call = Invocation::file(&file).arg("Letter", "b").arg("Count", 3).arg("Size", 0.5).switch("Quiet");
    assert_eq!(values_of(&engine, call), ["b 3 0.5 x True"]);
    for (name, value) in [
        ("Letter", json!("c")),
        ("Count", json!(4)),
        ("Size", json!(-1)),
        ("Code", json!("y")),
        ("Nothing", json!(1)),
    ] {
        let error = fails(&engine, Invocation::file(&file).arg(name, value));
        assert_eq!(error.code(), "E302", "{name}: {error}");
        assert!(error.to_string().contains(name), "{name}: {error}");
    }
    still_works(&engine);
}

// Input

fn pipeline_input_reaches_process_blocks_and_input(context: &Context) {
    let engine = engine(context);
    let script = "begin { $n = 0 } process { $n += $_ } end { $n }";
    assert_eq!(values_of(&engine, Invocation::script(script).input([1, 2, 3])), [6]);
    assert_eq!(values_of(&engine, Invocation::script("@($input).Count").input([1, 2, 3])), [3]);
    let call = Invocation::script("param($by) process { $_ * $by }").arg("by", 10).input([1, 2]);
    assert_eq!(values_of(&engine, call), [10, 20]);
    let call = Invocation::command("Sort-Object").switch("Descending").input([2, 3, 1]);
    assert_eq!(values_of(&engine, call), [3, 2, 1]);
    let call = Invocation::command("Where-Object")
        .arg("Property", "n")
        .arg("Value", 1)
        .switch("GT")
        .input([json!({ "n": 1 }), json!({ "n": 2 })]);
    assert_eq!(values_of(&engine, call), [json!({ "n": 2 })]);
    let call = Invocation::command("cat").input(["one", "zw\u{f6}lf"]);
    assert_eq!(values_of(&engine, call), ["one", "zw\u{f6}lf"], "a program reads it line by line");
    let many: Vec<u32> = (0..20_000).collect();
    let call = Invocation::command("Measure-Object").switch("Sum").input(&many);
    assert_eq!(values_of(&engine, call)[0]["Count"], 20_000);
    let call = Invocation::script("process { $_.a.b[1] }").input_json(r#"[{"a":{"b":[1,[2,3]]}}]"#);
    assert_eq!(values_of(&engine, call), [2, 3], "arrays inside an element stay together");
    let call = Invocation::script("process { if ($null -eq $_) { 'null' } else { $_ } }")
        .input([Value::Null, json!(1)]);
    assert_eq!(values_of(&engine, call), [json!("null"), json!(1)]);
}

fn pipeline_input_binds_by_property_name(context: &Context) {
    let engine = engine(context);
    let file = context.scratch().join("by-name.ps1");
    fs::write(
        &file,
        "param([Parameter(ValueFromPipelineByPropertyName)][string] $Name, [Parameter(ValueFromPipelineByPropertyName)][Alias('Age')][int] $Years)\n\
         process { \"$Name is $Years\" }",
    )
    .expect("is written");
    let input = json!([{ "Name": "Ada", "Age": 36 }, { "name": "Grace", "Years": "85", "other": true }]);
    assert_eq!(values_of(&engine, Invocation::file(&file).input(&input)), ["Ada is 36", "Grace is 85"]);
    let call = Invocation::command("Join-Path")
        .arg("ChildPath", "x")
        .input(json!([{ "Path": "/a" }, { "Path": "/b" }]));
    assert_eq!(values_of(&engine, call), ["/a/x", "/b/x"]);
}

fn empty_input_is_not_no_input(context: &Context) {
    let engine = engine(context);
    let script = "begin { 'begin' } process { \"<$_>\" } end { 'end' }";
    assert_eq!(values_of(&engine, Invocation::script(script)), ["begin", "<>", "end"]);
    let none: [i32; 0] = [];
    assert_eq!(values_of(&engine, Invocation::script(script).input(none)), ["begin", "end"]);
    assert_eq!(values_of(&engine, Invocation::command("cat").input(none)), [] as [Value; 0]);
}

// Secrets

const SECRET: &str = "correct-horse-battery-staple";

fn given() -> Result<String, String> {
    Ok(SECRET.to_owned())
}

fn secrets_reach_secure_parameters_only(context: &Context) {
    let engine = engine(context);
    let plain = "param([securestring] $Password) $Password.GetType().Name; ConvertFrom-SecureString $Password -AsPlainText; $Password.Length";
    let call = Invocation::script(plain).secret("Password", given);
    assert_eq!(values_of(&engine, call), [json!("SecureString"), json!(SECRET), json!(SECRET.len())]);
    let call = Invocation::script(
        "param([pscredential] $Login) $Login.UserName; $Login.GetNetworkCredential().Password",
    )
    .credential("Login", "ada", given);
    assert_eq!(values_of(&engine, call), ["ada", SECRET]);
    let call = Invocation::script("param([securestring] $p) ConvertFrom-SecureString $p -AsPlainText")
        .named_secret("vault", given)
        .args_json(r#"{"p":{"$secret":"vault"}}"#);
    assert_eq!(values_of(&engine, call), [SECRET]);
    let call = Invocation::script("param([securestring] $p) $p.Length").secret("p", || Ok(String::new()));
    assert_eq!(values_of(&engine, call), [0]);

    for declared in ["[string]", "", "[object]", "[int]", "[hashtable]", "[string[]]", "[psobject]"] {
        let call = Invocation::script(format!("param({declared} $Password) 'ran'")).secret("Password", given);
        let error = fails(&engine, call);
        assert_eq!(error.code(), "E302", "{declared}: {error}");
        assert!(error.to_string().contains("Password"), "{declared}: {error}");
        assert!(!error.to_string().contains(SECRET) && !format!("{error:?}").contains(SECRET), "{declared}");
    }
    // Not in an array, an object, an argument without a type, or the input, and none that was not given.
    let elsewhere = [
        Invocation::script("param($v) $v").named_secret("s", given).arg("v", json!([{ "$secret": "s" }])),
        Invocation::script("param($v) $v")
            .named_secret("s", given)
            .arg("v", json!({ "a": { "$secret": "s" } })),
        Invocation::script("$args").named_secret("s", given).positional(json!({ "$secret": "s" })),
        Invocation::script("param([securestring] $v) $v").arg("v", json!({ "$secret": "unknown" })),
    ];
    for call in elsewhere {
        let text = format!("{call:?}");
        match engine.blocking().invoke(call) {
            Ok(output) => assert!(!output.json().contains(SECRET), "{text}: {}", output.json()),
            Err(error) => assert_eq!(error.code(), "E302", "{text}: {error}"),
        }
    }
    // Plain text does not become a secure string by itself.
    let error = fails(&engine, Invocation::script("param([securestring] $p) 'ran'").arg("p", "plain"));
    assert_eq!(error.code(), "E302", "{error}");
    let error = fails(&engine, Invocation::script("1").secret("p", || Err("the vault is locked".to_owned())));
    assert_eq!(error.code(), "E304");
    still_works(&engine);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn secrets_appear_nowhere(context: &Context) {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let engine = engine(context);
    let script = "param([securestring] $Password, [pscredential] $Login) \
        $Password; $Login; $PSBoundParameters; \"$Password $Login\"; $Password.ToString(); $Login | Out-String; \
        Write-Warning \"$Password\"; Write-Host $Login; Write-Verbose \"$($PSBoundParameters.Values)\" -Verbose; Write-Error -Message 'x' -TargetObject $Login; \
        Get-Variable | Out-String; $Error; $MyInvocation; throw $Login";
    let call = || Invocation::script(script).secret("Password", given).credential("Login", "ada", given);
    let error = fails(&engine, call());
    assert_eq!(error.code(), "E401", "{error}");
    let output = error.output().expect("has some");
    for text in [output.json(), output.records_json(), &error.to_string(), &format!("{error:?} {output:?}")] {
        assert!(!text.contains(SECRET), "{}", clipped(text));
    }
    assert!(output.json().contains(r#""***""#), "{}", clipped(output.json()));
    // A refusal while binding, with everything it leaves.
    let error = fails(&engine, call().arg("Unknown", 1));
    assert_eq!(error.code(), "E302");
    assert!(!format!("{error:?} {error}").contains(SECRET));
    let left = run(
        &engine,
        "$Error | Out-String; Get-Variable -Scope Global | Out-String; Get-History | Out-String",
    );
    assert!(!left.json().contains(SECRET));
    // Nor in a text answer, a session or a log of everything.
    let text = engine.blocking().invoke(call().format(Format::Text));
    assert!(!format!("{text:?}").contains(SECRET));
    assert!(
        !text
            .err()
            .and_then(|error| error.output().map(|output| output.json().contains(SECRET)))
            .unwrap_or_default()
    );
    let written = String::from_utf8_lossy(&log.0.lock().expect("no panic")).into_owned();
    assert!(!written.contains(SECRET), "in the log");
    still_works(&engine);
}

// Results

fn streams_keep_their_order(context: &Context) {
    let engine = engine(context);
    let output = run(&engine, "1; Write-Error boom; 2");
    assert_eq!(output.json(), "[1,2]");
    let records = output.records();
    assert_eq!(records.len(), 1);
    assert_eq!((records[0].stream, records[0].at), (Stream::Error, 1), "after one value");
    assert_eq!(output.errors()[0].message, "boom");
    assert!(output.had_errors());

    let script = "Write-Warning w; 1; Write-Verbose v -Verbose; Write-Information i; 2; Write-Host h; Write-Debug d -Debug; \
                  Write-Error e; 3; Write-Progress p -Status s -PercentComplete 50";
    let output = run(&engine, script);
    let order: Vec<_> = output.records().iter().map(|record| (record.stream, record.at)).collect();
    assert_eq!(
        order,
        [
            (Stream::Warning, 0),
            (Stream::Verbose, 1),
            (Stream::Information, 1),
            (Stream::Information, 2),
            (Stream::Debug, 2),
            (Stream::Error, 2),
            (Stream::Progress, 3),
        ]
    );
    assert_eq!(output.messages(Stream::Warning), ["w"]);
    assert_eq!(output.messages(Stream::Information), ["i", "h"]);
    let host: Vec<_> = output
        .records()
        .into_iter()
        .filter_map(|record| match record.data {
            RecordData::Value(value) if record.stream == Stream::Information => Some(value["host"].clone()),
            _ => None,
        })
        .collect();
    assert_eq!(host, [json!(false), json!(true)], "what Write-Host wrote is known");
    // Streams that nobody asked for stay silent, as in pwsh.
    let output = run(&engine, "Write-Verbose v; Write-Debug d; 1");
    assert_eq!(output.records_json(), "[]");
    // A terminating error keeps what came before it.
    let error = fails(&engine, Invocation::script("1; Write-Warning w; throw 'stop'; 2"));
    let output = error.output().expect("has some");
    assert_eq!(
        (output.json(), output.messages(Stream::Warning).as_slice()),
        ("[1]", ["w".to_owned()].as_slice())
    );
    assert_eq!(error.to_string(), "stop");
}

fn error_records_are_whole(context: &Context) {
    let engine = engine(context);
    let output = run(&engine, "\nGet-Item /no/such/place");
    let error = &output.errors()[0];
    assert!(error.message.contains("/no/such/place"));
    assert_eq!(error.category, "ObjectNotFound");
    assert_eq!(error.fully_qualified_error_id, "PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand");
    assert_eq!(error.target.as_deref(), Some("/no/such/place"));
    assert_eq!(error.exception_type, "System.Management.Automation.ItemNotFoundException");
    assert_eq!(error.command_name.as_deref(), Some("Get-Item"));
    let place = error.position.as_ref().expect("has a place");
    assert_eq!((place.line, place.column), (2, 1));
    assert_eq!(place.text.trim(), "Get-Item /no/such/place");
    assert!(error.script_stack_trace.as_deref().is_some_and(|trace| trace.contains("line 2")));

    let script = "function Fail { throw [InvalidOperationException]::new('outer', [ArgumentException]::new('inner', [IO.IOException]::new('innermost'))) }\nFail";
    let error = fails(&engine, Invocation::script(script));
    let record = record_of(&error);
    assert_eq!(
        (record.message.as_str(), record.exception_type.as_str()),
        ("outer", "System.InvalidOperationException")
    );
    let inner: Vec<_> =
        record.inner.iter().map(|inner| (inner.exception_type.as_str(), inner.message.as_str())).collect();
    assert_eq!(inner, [("System.ArgumentException", "inner"), ("System.IO.IOException", "innermost")]);
    assert!(
        record.script_stack_trace.as_deref().is_some_and(|trace| trace.starts_with("at Fail")),
        "{record:?}"
    );
    // One error is not reported twice, and one that was caught not at all.
    let output = run(&engine, "try { Get-Item /no/such -ErrorAction Stop } catch { 'caught' }");
    assert_eq!((output.json(), output.records_json()), (r#"["caught"]"#, "[]"));
    let error =
        fails(&engine, Invocation::script("$ErrorActionPreference = 'Stop'; Get-Item /no/such; 'never'"));
    assert_eq!(record_of(&error).category, "ObjectNotFound");
    assert!(error.output().expect("has some").errors().is_empty());
    // An action that is recommended arrives.
    let output =
        run(&engine, "Write-Error 'x' -RecommendedAction 'try y' -ErrorId Own.Id -Category ResourceBusy");
    let error = &output.errors()[0];
    assert_eq!(error.recommended_action.as_deref(), Some("try y"));
    assert!(
        error.fully_qualified_error_id.starts_with("Own.Id") && error.category == "ResourceBusy",
        "{error:?}"
    );
    still_works(&engine);
}

fn exit_codes_of_scripts_and_programs(context: &Context) {
    let engine = engine(context);
    let cases = [
        ("1", None, None),
        ("exit 3", Some(3), None),
        ("exit -1", Some(-1), None),
        ("sh -c 'exit 7'", None, Some(7)),
        ("sh -c 'exit 7'; sh -c 'exit 0'", None, Some(0)),
        ("sh -c 'exit 7'; exit $LASTEXITCODE", Some(7), Some(7)),
        ("sh -c 'kill -9 $$'", None, Some(137)),
    ];
    for (script, exit, native) in cases {
        let output = run(&engine, script);
        assert_eq!((output.exit_code(), output.native_exit_code()), (exit, native), "{script}");
    }
    // It is this call's, not the last one's.
    assert_eq!(run(&engine, "1").native_exit_code(), None);
    assert_eq!(run(&engine, "sh -c 'exit 0'").native_exit_code(), Some(0));
    assert_eq!(run(&engine, "sh -c 'exit 0'").native_exit_code(), Some(0));
    let output = run(&engine, "no-such-program-here; 'after'");
    assert_eq!(output.json(), r#"["after"]"#);
    assert!(output.errors()[0].message.contains("no-such-program-here"));
    still_works(&engine);
}

// Ends

/// Deadlines, cancels, drops and ends race with one another; whatever wins, each call is answered once and the pool is whole.
fn every_call_has_one_answer_whatever_ends_it(context: &Context) {
    let engine = engine(context);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let kinds = runtime.block_on(async {
        let mut calls = tokio::task::JoinSet::new();
        for number in 0..150_u64 {
            let pause = number % 7 * 10;
            let script = match number % 5 {
                0 => "param($p) Start-Sleep -Milliseconds $p; 'slept'",
                1 => "param($p) while ($true) {}",
                2 => "param($p) 1..1000000 | Where-Object { $_ -lt 0 }",
                3 => "param($p) sleep 60",
                _ => "param($p) throw \"after $p\"",
            };
            let call = Invocation::script(script)
                .arg("p", pause)
                .timeout(Duration::from_millis(100 + number % 11 * 30));
            let engine = engine.clone();
            calls.spawn(async move {
                let call = engine.start(call).expect("is valid");
                let handle = call.cancel_handle();
                if number % 3 == 0 {
                    tokio::spawn(async move {
                        tokio::time::sleep(Duration::from_millis(number % 13 * 15)).await;
                        handle.cancel();
                    });
                }
                match call.await {
                    Ok(_) => "ok",
                    Err(error) => error.code(),
                }
            });
        }
        let mut kinds = Vec::new();
        while let Some(kind) = calls.join_next().await {
            kinds.push(kind.expect("no panic"));
        }
        kinds
    });
    assert_eq!(kinds.len(), 150);
    let found: BTreeSet<_> = kinds.iter().copied().collect();
    let expected = BTreeSet::from(["ok", "E202", "E401", "E501", "E502"]);
    assert!(found.is_subset(&expected), "{found:?}");
    assert!(found.contains("E501") && found.contains("E502"), "{found:?}");
    eventually("the pool is quiet", || {
        let stats = engine.stats();
        stats.running == 0 && stats.queued == 0 && stats.settling == 0
    });
    assert_eq!(engine.stats().abandoned_total, 0, "all of these can be stopped");
    for _ in 0..8 {
        still_works(&engine);
    }
}

fn a_dropped_future_stops_its_call(context: &Context) {
    let engine = engine(context);
    let mark = context.scratch().join("mark");
    let script = "param($mark) try { while ($true) { Start-Sleep -Milliseconds 20 } } finally { [IO.File]::WriteAllText($mark, 'stopped') }";
    block_on(async {
        let call = engine.invoke(Invocation::script(script).arg("mark", &mark));
        let outcome = tokio::time::timeout(SECOND, call).await;
        assert!(outcome.is_err(), "it was dropped before it ended");
    });
    eventually("its finally block ran", || mark.exists());
    eventually("the slot is free", || engine.stats().running == 0);
    // A call that is dropped while it waits never runs.
    let engine = warm(builder(context).max_slots(1));
    let busy = engine.start(Invocation::script("Start-Sleep 2")).expect("starts");
    eventually("it runs", || engine.stats().running == 1);
    let late = context.scratch().join("late");
    let waiting = engine
        .start(Invocation::script("param($f) [IO.File]::WriteAllText($f, 'ran')").arg("f", &late))
        .expect("waits");
    assert_eq!(engine.stats().queued, 1);
    drop(waiting);
    assert_eq!(engine.stats().queued, 0);
    block_on(busy).expect("ends");
    still_works(&engine);
    assert!(!late.exists());
}

fn shut_down_answers_everybody(context: &Context) {
    let mut pool = PoolConfig::default();
    pool.max = 2;
    pool.stop_grace = Duration::from_millis(500);
    let engine = warm(builder(context).pool(pool));
    let quick = engine.start(Invocation::script("Start-Sleep -Milliseconds 300; 'quick'")).expect("starts");
    let endless = engine.start(Invocation::script("while ($true) {}")).expect("starts");
    let waiting = engine.start(Invocation::script("Start-Sleep 60")).expect("waits");
    eventually("two run", || engine.stats().running == 2);
    let closing = engine.clone();
    let closer = std::thread::spawn(move || closing.shut_down(2 * SECOND));
    assert_eq!(block_on(quick).expect("may end").json(), r#"["quick"]"#);
    for call in [endless, waiting] {
        let error = block_on(call).expect_err("is stopped");
        assert_eq!(error.code(), "E601", "{error}");
    }
    assert_eq!(closer.join().expect("no panic"), 2);
    assert_eq!(fails(&engine, Invocation::script("1")).code(), "E601");
    // Another engine of the same process lives on.
    still_works(&self::engine(context));
}

fn a_session_keeps_its_state(context: &Context) {
    let engine = engine(context);
    engine.open_session("work", None, None).expect("opens");
    let call = |script: &str| Invocation::script(script).session("work");
    invoke(&engine, call("$n = 1; function Add-One { $script:n + 1 }; Set-Location /"));
    assert_eq!(values_of(&engine, call("$n; Add-One; $PWD.Path")), [json!(1), json!(2), json!("/")]);
    assert_eq!(values(&engine, "\"<$n>\""), ["<>"], "nobody else sees it");
    let error = fails(&engine, call("Start-Sleep 60").timeout(SECOND));
    assert_eq!(error.code(), "E501");
    assert_eq!(values_of(&engine, call("$n")), [1], "it outlives a call that was stopped");
    let error = engine.open_session("work", None, None).expect_err("is taken");
    assert_eq!(error.code(), "E303");
    let error = fails(&engine, Invocation::script("$n").session("work").affinity("another"));
    assert_eq!(error.code(), "E303", "{error}");
    assert!(engine.close_session("work", None));
    assert_eq!(fails(&engine, call("$n")).code(), "E303");
    engine.open_session("work", None, None).expect("opens again");
    assert_eq!(values_of(&engine, call("\"<$n>\"")), ["<>"]);
}

// While it runs

fn live_records_come_while_the_call_runs(context: &Context) {
    let engine = engine(context);
    let script = "Write-Warning 'first'; Start-Sleep 3; Write-Host 'second'; 'value'";
    block_on(async {
        let mut call = engine.start(Invocation::script(script).live()).expect("starts");
        let began = Instant::now();
        let first = call.next_live().await.expect("comes");
        assert!(began.elapsed() < 2500 * Duration::from_millis(1), "it comes before the end");
        assert!(matches!(&first, Live::Record(Record { stream: Stream::Warning, .. })), "{first:?}");
        let second = call.next_live().await.expect("comes");
        assert!(matches!(&second, Live::Record(Record { stream: Stream::Information, .. })), "{second:?}");
        assert!(call.next_live().await.is_none(), "values are not among them");
        let output = call.await.expect("ends well");
        assert_eq!(output.json(), r#"["value"]"#);
        assert_eq!(output.records().len(), 2, "they are in the answer too");
    });
}

fn progress_is_throttled_and_ends(context: &Context) {
    let engine = engine(context);
    let script = "1..300 | % { Write-Progress -Id 1 -Activity work -Status \"step $_\" -PercentComplete ($_ / 3); Start-Sleep -Milliseconds 2 }; \
                  Write-Progress -Id 1 -Activity work -Completed; 'done'";
    block_on(async {
        let mut call = engine.start(Invocation::script(script).live()).expect("starts");
        let mut seen: Vec<Value> = Vec::new();
        while let Some(live) = call.next_live().await {
            if let Live::Record(Record { stream: Stream::Progress, data: RecordData::Value(value), .. }) =
                live
            {
                seen.push(value);
            }
        }
        let output = call.await.expect("ends well");
        assert_eq!(output.json(), r#"["done"]"#);
        assert!(seen.len() >= 3 && seen.len() < 150, "{} of 300", seen.len());
        assert_eq!(seen[0]["status"], "step 1", "the first one always");
        assert_eq!(seen.last().expect("some")["completed"], true, "and the last one");
        let percents: Vec<i64> =
            seen.iter().filter_map(|value| value["percent"].as_i64()).filter(|p| *p >= 0).collect();
        assert!(percents.is_sorted(), "{percents:?}");
    });
}

fn a_stream_gives_values_as_they_come(context: &Context) {
    let engine = engine(context);
    let script = "1; Write-Warning w; @{ a = 2 }; Start-Sleep 3; 'last'; sh -c 'exit 4'";
    block_on(async {
        let mut stream = engine.stream(Invocation::script(script)).expect("starts");
        let began = Instant::now();
        let mut seen = Vec::new();
        while let Some(record) = stream.next().await {
            let record = record.expect("goes well");
            if seen.len() == 2 {
                assert!(began.elapsed() < 2500 * Duration::from_millis(1), "before the end of the script");
            }
            seen.push((record.stream, record.at, serde_json::to_value(record.data).expect("JSON")));
        }
        assert_eq!(
            seen,
            [
                (Stream::Output, 0, json!(1)),
                (Stream::Warning, 1, json!("w")),
                (Stream::Output, 1, json!({ "a": 2 })),
                (Stream::Output, 2, json!("last")),
            ]
        );
        let summary = stream.summary().expect("ended well");
        assert_eq!((summary.json(), summary.count(), summary.native_exit_code()), ("[]", 3, Some(4)));
    });
    // Nothing is lost or doubled on the way, whatever the pace.
    let numbers: Vec<i64> = engine
        .blocking()
        .stream(Invocation::script("1..20000"))
        .expect("starts")
        .map(|record| match record.expect("goes well").data {
            RecordData::Value(value) => value.as_i64().expect("a number"),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(numbers, (1..=20_000).collect::<Vec<_>>());
}

fn a_slow_reader_slows_the_script(context: &Context) {
    let engine = engine(context);
    let counter = context.scratch().join("counter");
    let script = "param($counter) for ($i = 1; $i -le 100000; $i++) { if ($i % 50 -eq 0) { [IO.File]::WriteAllText($counter, \"$i\") }; 'x' * 10000 }";
    let written = || fs::read_to_string(&counter).ok().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    block_on(async {
        let mut stream = engine.stream(Invocation::script(script).arg("counter", &counter)).expect("starts");
        for _ in 0..10 {
            stream.next().await.expect("more").expect("goes well");
        }
        tokio::time::sleep(2 * SECOND).await;
        let produced = written();
        assert!(produced < 500, "the script waits for its reader, but made {produced} values");
        for _ in 0..500 {
            stream.next().await.expect("more").expect("goes well");
        }
        eventually("it goes on when there is room", || written() >= 500);
        stream.cancel_handle().cancel();
        let mut end = None;
        while let Some(record) = stream.next().await {
            end = record.err();
        }
        assert_eq!(end.expect("the last item is the error").code(), "E502");
    });
    still_works(&engine);
}

fn a_stream_that_is_dropped_stops_its_script(context: &Context) {
    let engine = engine(context);
    let mark = context.scratch().join("mark");
    let script = "param($mark) try { while ($true) { 'x' * 1000 } } finally { [IO.File]::WriteAllText($mark, 'stopped') }";
    block_on(async {
        let mut stream = engine.stream(Invocation::script(script).arg("mark", &mark)).expect("starts");
        for _ in 0..100 {
            stream.next().await.expect("more").expect("goes well");
        }
    });
    eventually("its finally block ran", || mark.exists());
    eventually("the slot is free", || engine.stats().running == 0);
    // A deadline ends a stream that nobody reads.
    block_on(async {
        let mut stream =
            engine.stream(Invocation::script("while ($true) { 1 }").timeout(SECOND)).expect("starts");
        tokio::time::sleep(2 * SECOND).await;
        let mut last = None;
        while let Some(record) = stream.next().await {
            last = Some(record);
        }
        assert_eq!(last.expect("some").expect_err("the deadline").code(), "E501");
    });
    still_works(&engine);
}

fn a_failing_stream_ends_with_the_error(context: &Context) {
    let engine = engine(context);
    block_on(async {
        let mut stream =
            engine.stream(Invocation::script("1; Write-Error soft; 2; throw 'hard'; 3")).expect("starts");
        let mut seen = Vec::new();
        while let Some(record) = stream.next().await {
            seen.push(record);
        }
        assert_eq!(seen.len(), 4, "{seen:?}");
        let last = seen.pop().expect("some").expect_err("the error is the last item");
        assert_eq!((last.code(), last.to_string().as_str()), ("E401", "hard"));
        assert!(stream.summary().is_none());
        let streams: Vec<_> = seen.into_iter().map(|record| record.expect("goes well").stream).collect();
        assert_eq!(streams, [Stream::Output, Stream::Error, Stream::Output]);
    });
    assert_eq!(
        engine.stream(Invocation::script("1").format(Format::Text)).err().map(|error| error.code()),
        Some("E301")
    );
    still_works(&engine);
}

// Questions

/// Runs a call whose questions are answered by `answer`; `None` refuses.
fn converse(
    engine: &Engine,
    script: &str,
    answer: impl Fn(&Prompt) -> Option<Vec<String>>,
) -> runspaced::Result<(Output, Vec<String>)> {
    block_on(async {
        let mut call: Call = engine.start(Invocation::script(script).interactive().timeout(20 * SECOND))?;
        let mut kinds = Vec::new();
        while let Some(live) = call.next_live().await {
            if let Live::Prompt(prompt) = live {
                kinds.push(prompt.kind.clone());
                if let Some(values) = answer(&prompt) {
                    prompt.answer(values);
                }
            }
        }
        Ok((call.await?, kinds))
    })
}

fn questions_are_answered(context: &Context) {
    let engine = engine(context);
    let one = |text: &str| {
        let text = text.to_owned();
        move |_: &Prompt| Some(vec![text.clone()])
    };
    let cases = [
        ("Read-Host 'Your name'", "Ada", json!(["Ada"])),
        ("Read-Host", "x y", json!(["x y"])),
        ("$Host.UI.ReadLine()", "line", json!(["line"])),
        ("ConvertFrom-SecureString (Read-Host -AsSecureString 'PIN') -AsPlainText", "1234", json!(["1234"])),
        ("function f { param([Parameter(Mandatory)][int] $Number) $Number + 1 }; f", "41", json!([42])),
        (
            "$Host.UI.PromptForChoice('c', 'm', [Management.Automation.Host.ChoiceDescription[]]('&Yes', '&No', '&Later'), 1)",
            "2",
            json!([2]),
        ),
    ];
    for (script, answer, expected) in cases {
        let (output, kinds) =
            converse(&engine, script, one(answer)).unwrap_or_else(|error| panic!("{script}: {error}"));
        assert_eq!(Value::from(output.values().expect("JSON")), expected, "{script}");
        assert_eq!(kinds.len(), 1, "{script}: {kinds:?}");
        still_works(&engine);
    }
    let script = "$c = Get-Credential -Message 'Sign in'; $c.UserName; $c.GetNetworkCredential().Password";
    let (output, kinds) = converse(&engine, script, |prompt| {
        assert_eq!(prompt.message, "Sign in");
        Some(vec!["ada".to_owned(), "lovelace".to_owned()])
    })
    .expect("is answered");
    assert_eq!(
        (output.json(), kinds.as_slice()),
        (r#"["ada","lovelace"]"#, ["credential".to_owned()].as_slice())
    );
    // Fields are named; one question after the other.
    let script = "function f { param([Parameter(Mandatory)] $First, [Parameter(Mandatory)] $Second) \"$First-$Second\" }; f; Read-Host 'third'";
    let (output, _) = converse(&engine, script, |prompt| {
        Some(prompt.fields.iter().map(|field| format!("<{field}>")).collect())
    })
    .expect("is answered");
    assert_eq!(output.values().expect("JSON")[0], "<First>-<Second>");
    // A confirmation, with its default.
    let target = context.scratch().join("target");
    fs::write(&target, "x").expect("is written");
    let script = format!("Remove-Item '{}' -Confirm", target.display());
    converse(&engine, &script, |prompt| {
        assert_eq!(prompt.kind, "choice");
        assert!(prompt.default_choice.is_some() && prompt.fields.len() >= 4, "{prompt:?}");
        Some(vec!["0".to_owned()])
    })
    .expect("is answered");
    assert!(!target.exists());
    still_works(&engine);
}

fn questions_that_are_refused_end_the_call(context: &Context) {
    let engine = engine(context);
    let error =
        converse(&engine, "'before'; Read-Host 'Your name'; 'after'", |_| None).expect_err("is refused");
    assert_eq!(error.code(), "E402", "{error}");
    assert_eq!(error.output().map(Output::json), Some(r#"["before"]"#));
    // A question that waits ends with the call.
    block_on(async {
        let mut call = engine
            .start(Invocation::script("Read-Host 'Your name'").interactive().timeout(SECOND))
            .expect("starts");
        let live = call.next_live().await.expect("a question");
        assert!(matches!(live, Live::Prompt(_)), "{live:?}");
        let Live::Prompt(prompt) = live else { return };
        let error = call.await.expect_err("its deadline");
        assert_eq!(error.code(), "E501", "{error}");
        // Too late, and harmless.
        prompt.answer(vec!["late".to_owned()]);
    });
    still_works(&engine);
}

// Surroundings

fn profiles_are_loaded_on_demand_only(context: &Context) {
    let configuration = context.scratch().join("config");
    let folder = configuration.join("powershell");
    fs::create_dir_all(&folder).expect("is made");
    fs::write(
        folder.join("profile.ps1"),
        "$global:FromProfile = 'loaded'; function Get-FromProfile { 'function' }",
    )
    .expect("is written");
    if !again_with(&[("XDG_CONFIG_HOME", &configuration.display().to_string())]) {
        return;
    }
    assert_eq!(values(&engine(context), "\"<$FromProfile>\""), ["<>"]);
    let asked = warm(builder(context).load_profile(true));
    for isolation in [Isolation::Scoped, Isolation::Fresh] {
        let call = Invocation::script("\"<$FromProfile>\"; Get-FromProfile").isolation(isolation);
        assert_eq!(values_of(&asked, call), ["<loaded>", "function"], "{isolation:?}");
    }
}

fn the_working_directory_is_that_of_the_call(context: &Context) {
    let engine = engine(context);
    let folder = context.scratch().join("a [b] 'c'");
    fs::create_dir(&folder).expect("is made");
    fs::write(folder.join("here.txt"), "found").expect("is written");
    let before = env::current_dir().expect("has one");
    let call = Invocation::script("$PWD.Path; Get-Content ./here.txt; cat here.txt; sh -c pwd")
        .working_directory(&folder);
    let path = folder.display().to_string();
    assert_eq!(values_of(&engine, call), [path.as_str(), "found", "found", path.as_str()]);
    assert_eq!(values(&engine, "$PWD.Path"), [before.display().to_string()], "only that call's");
    assert_eq!(env::current_dir().expect("has one"), before, "the process stays where it is");
    let error = fails(&engine, Invocation::script("1").working_directory("/no/such/folder"));
    assert_eq!(error.code(), "E302", "{error}");
    assert!(error.to_string().contains("/no/such/folder"), "{error}");
    // Two at once, each its own.
    let script = "Start-Sleep -Milliseconds 300; $PWD.Path";
    let calls: Vec<_> = ["/", "/tmp"]
        .map(|folder| {
            (folder, engine.start(Invocation::script(script).working_directory(folder)).expect("starts"))
        })
        .into();
    for (folder, call) in calls {
        assert_eq!(block_on(call).expect("ends").values().expect("JSON"), [folder]);
    }
    let own = warm(builder(context).working_directory(&folder));
    assert_eq!(values(&own, "$PWD.Path"), [path]);
}

fn the_correlation_id_is_visible_to_the_script(context: &Context) {
    let engine = engine(context);
    let call = Invocation::script("$RunspacedCallId").correlation_id("request-'17'");
    assert_eq!(values_of(&engine, call), ["request-'17'"]);
    assert_eq!(values(&engine, "\"<$RunspacedCallId>\""), ["<>"], "not the one before");
}

fn the_culture_is_a_setting_not_the_machines(context: &Context) {
    if !again_with(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "de_DE.UTF-8")]) {
        return;
    }
    let engine = engine(context);
    let script = "(Get-Culture).Name; (Get-UICulture).Name; '{0:N2}' -f 1234.5; [string]::Format('{0:d}', [datetime]::new(2024, 2, 29)); (1.5).ToString(); \
                  [double]'1.5'; [Threading.Tasks.Task]::Run([Func[string]]{ 'x' }).GetType().Name";
    let rows = values(&engine, script);
    assert_eq!(
        rows[..6],
        [json!("en-US"), json!("en-US"), json!("1,234.50"), json!("2/29/2024"), json!("1.5"), json!(1.5)]
    );
    let call = Invocation::script("1 | ForEach-Object -Parallel { '{0:N2}' -f 1234.5 }");
    assert_eq!(values_of(&engine, call), ["1,234.50"], "in threads of the script too");
    let own = warm(builder(context).culture("de-DE"));
    let rows = values(&own, "(Get-Culture).Name; '{0:N2}' -f 1234.5; 1.5");
    assert_eq!(rows[0], "de-DE");
    assert_eq!(rows[2], 1.5, "JSON numbers know no culture");
    if own.powershell().is_some_and(|powershell| !powershell.invariant_globalization) {
        assert_eq!(rows[1], "1.234,50");
    }
}

fn native_output_is_utf8_by_setting(context: &Context) {
    if !again_with(&[("LANG", "C"), ("LC_ALL", "C")]) {
        return;
    }
    let engine = engine(context);
    assert_eq!(values(&engine, "printf 'gr\u{fc}\u{df}e \u{1F600}\\n'"), ["gr\u{fc}\u{df}e \u{1F600}"]);
    assert_eq!(
        values(&engine, "printf 'a\\377b\\303\\n'"),
        ["a\u{FFFD}b\u{FFFD}"],
        "what is not UTF-8 is marked"
    );
    assert_eq!(values(&engine, "'\u{fc}' | od -An -tx1 | % Trim"), ["c3 bc 0a"], "and what goes in is UTF-8");
    let call = Invocation::command("printf").positional("%s").positional("\u{fc}");
    assert_eq!(values_of(&engine, call), ["\u{fc}"]);
    let output = run(&engine, "sh -c 'printf \"\u{fc}\\n\" >&2'");
    assert_eq!(output.errors()[0].message, "\u{fc}");
}

// Both layouts

fn the_main_verbs_on_this_layout(context: &Context) {
    let engine = engine(context);
    let file = context.scratch().join("sum.ps1");
    fs::write(&file, "param([int[]] $Numbers) $sum = 0; $Numbers | % { $sum += $_ }; $sum; $PSScriptRoot")
        .expect("is written");
    let folder = context.scratch().display().to_string();
    assert_eq!(
        values_of(&engine, Invocation::file(&file).arg("Numbers", [1, 2, 3])),
        [json!(6), json!(folder)]
    );
    assert_eq!(values_of(&engine, Invocation::command("Sort-Object").input([3, 1, 2])), [1, 2, 3]);
    assert_eq!(values(&engine, "ConvertTo-Json @{ a = 1 } -Compress"), [r#"{"a":1}"#]);
    assert_eq!(
        values(&engine, "Add-Type 'public static class Two { public static int Value = 2; }'; [Two]::Value"),
        [2]
    );
    assert_eq!(values(&engine, "(Get-Command Get-Date).Source"), ["Microsoft.PowerShell.Utility"]);
    let home = context.home().path.canonicalize().expect("exists");
    let reported = values(&engine, "$PSHOME").remove(0);
    assert_eq!(std::path::Path::new(reported.as_str().expect("text")).canonicalize().expect("exists"), home);
    let secret = Invocation::script("param([securestring] $p) $p.Length").secret("p", given);
    assert_eq!(values_of(&engine, secret), [SECRET.len()]);
    let error = fails(&engine, Invocation::script("Start-Sleep 60").timeout(SECOND));
    assert_eq!(error.code(), "E501");
    still_works(&engine);
}
