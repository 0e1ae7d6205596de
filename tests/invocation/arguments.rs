//! Arguments of commands and scripts: kinds, digits, hostile text, mistakes.

use std::fs;

use crate::record_of;
use crate::support::Context;
use crate::support::engine::{clipped, engine, fails, invoke, run, still_works, values_of};
use runspaced::{Error, Invocation, Output};
use serde_json::{Value, json};

pub fn a_command_takes_parameters_of_every_kind(context: &Context) {
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

pub fn a_script_takes_parameters_of_every_kind(context: &Context) {
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

pub fn null_is_bound_where_it_may_be(context: &Context) {
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

pub fn arguments_of_json_keep_their_digits(context: &Context) {
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

pub fn positional_arguments_reach_their_places(context: &Context) {
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

pub fn hostile_text_stays_text(context: &Context) {
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

pub fn script_blocks_cannot_come_from_arguments(context: &Context) {
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

pub fn mistakes_name_what_would_work(context: &Context) {
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
