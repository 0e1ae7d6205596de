//! How PowerShell's values become JSON and text, on a real PowerShell: the documented forms, what differs from `ConvertTo-Json`
//! and why, text as pwsh prints it, budgets with marks. `docs/output.md` is the contract.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod support;

use std::env;
use std::process::{Command, ExitCode, Stdio};

use runspaced::{Engine, Format, Invocation, Limits, Output, Truncation, TruncationReason};
use serde_json::{Value, json};
use support::Context;
use support::engine::{clipped, engine, fails, invoke, run, still_works, values};

fn main() -> ExitCode {
    support::main(&[
        test!(every_type_has_its_documented_form).powershell().limit_s(120),
        test!(differences_from_convert_to_json_are_those_documented).powershell().limit_s(180),
        test!(numbers_without_a_json_form_are_listed).powershell(),
        test!(digits_are_kept).powershell(),
        test!(bytes_are_one_base64_value).powershell(),
        test!(values_are_elements_of_the_output).powershell(),
        test!(rich_objects_are_written_without_their_world).powershell(),
        test!(rows_are_read_into_types).powershell(),
        test!(text_is_what_pwsh_prints).powershell().limit_s(180),
        test!(text_has_the_width_that_was_asked_for).powershell(),
        test!(each_budget_leaves_a_mark_and_an_entry).powershell(),
        test!(budgets_out_of_range_are_refused).powershell(),
        test!(output_of_random_objects_always_parses).powershell().limit_s(300),
        test!(random_records_always_parse).powershell().limit_s(120),
        test!(the_common_types_on_this_layout).layouts(),
    ])
}

/// One value (an array stays one), as the JSON text that was written.
fn json_of(engine: &Engine, expression: &str) -> String {
    let output = run(engine, &format!("$value = {expression}; , $value"));
    let raw = output.raw_values().expect("valid JSON");
    assert_eq!(raw.len(), 1, "{expression}: {}", clipped(output.json()));
    raw[0].get().to_owned()
}

/// Where `ConvertTo-Json` stands.
enum Other {
    /// It writes the same.
    Same,
    /// It does not, and that is why.
    Differs(&'static str),
    /// It takes minutes or fails.
    NotAsked(&'static str),
}

use Other::{Differs, NotAsked, Same};

const NAME_NOT_NUMBER: &str = "a name means something without the type";
const ONE_TEXT: &str = "one value in a standard form instead of an object of its parts";
const BINARY: &str = "a third of the size, and one value";
const SECRET: &str = "nothing about a secret, not even its length";
const A_MARK: &str = "a mark and an entry instead of the object's text";
const EXACT: &str = "nothing is lost";

fn types() -> Vec<(&'static str, &'static str, Other)> {
    vec![
        ("$null", "null", Same),
        ("$true", "true", Same),
        ("[switch]$true", "true", Differs("it is a boolean")),
        ("[pscustomobject]@{ b = [byte]255 }", r#"{"b":255}"#, Same),
        ("[sbyte]-1", "-1", Same),
        ("[int16]-32768", "-32768", Same),
        ("[int]::MaxValue", "2147483647", Same),
        ("[long]::MinValue", "-9223372036854775808", Same),
        ("[ulong]::MaxValue", "18446744073709551615", Same),
        ("123456789012345678901234567890n", "123456789012345678901234567890", Same),
        ("[Int128]::MaxValue", "170141183460469231731687303715884105727", Differs(EXACT)),
        ("1.10d", "1.10", Same),
        (
            "[decimal]::MaxValue",
            "79228162514264337593543950335",
            NotAsked("the same digits with a point behind them"),
        ),
        ("0.1 + 0.2", "0.30000000000000004", Same),
        ("[single]0.1", "0.1", Same),
        ("[half]1.5", "1.5", Differs(EXACT)),
        (
            "1e300",
            "1E+300",
            NotAsked("both are the same number; the exponent is spelt in one way or another"),
        ),
        ("[double]::NaN", "\"NaN\"", Same),
        ("[double]::NegativeInfinity", "\"-Infinity\"", Same),
        ("'text'", "\"text\"", Same),
        ("[char]'x'", "\"x\"", Same),
        ("''", "\"\"", Same),
        ("[datetime]::new(2024, 2, 29, 12, 30, 0, [DateTimeKind]'Utc')", "\"2024-02-29T12:30:00Z\"", Same),
        (
            "[datetime]::new(2024, 2, 29, 12, 30, 0, [DateTimeKind]'Unspecified')",
            "\"2024-02-29T12:30:00\"",
            Same,
        ),
        (
            "[datetimeoffset]::new(2024, 2, 29, 12, 0, 0, [timespan]::FromHours(2))",
            "\"2024-02-29T12:00:00+02:00\"",
            Same,
        ),
        ("[dateonly]::new(2024, 2, 29)", "\"2024-02-29\"", Differs(ONE_TEXT)),
        ("[timeonly]::new(12, 30)", "\"12:30:00\"", Differs(ONE_TEXT)),
        ("[timespan]::new(1, 2, 0, 30)", "\"P1DT2H30S\"", Differs(ONE_TEXT)),
        ("[timespan]::Zero", "\"PT0S\"", Differs(ONE_TEXT)),
        ("[DayOfWeek]::Friday", "\"Friday\"", Differs(NAME_NOT_NUMBER)),
        ("[IO.FileAttributes]'ReadOnly, Hidden'", "\"ReadOnly, Hidden\"", Differs(NAME_NOT_NUMBER)),
        (
            "[Enum]::ToObject([DayOfWeek], 42)",
            "42|\"42\"",
            NotAsked("a value without a name is digits in both"),
        ),
        ("[guid]'6f9619ff-8b86-d011-b42d-00c04fc964ff'", "\"6f9619ff-8b86-d011-b42d-00c04fc964ff\"", Same),
        ("[uri]'https://example.org/a?b=c'", "\"https://example.org/a?b=c\"", Same),
        ("[version]'1.2.3'", "\"1.2.3\"", Differs(ONE_TEXT)),
        ("[semver]'1.2.3-rc.1'", "\"1.2.3-rc.1\"", Differs(ONE_TEXT)),
        ("[ipaddress]'192.0.2.1'", "\"192.0.2.1\"", Differs(ONE_TEXT)),
        ("[cultureinfo]'de-DE'", "\"de-DE\"", NotAsked("it follows the culture's parents for ever")),
        ("[Text.Encoding]::UTF8", "\"utf-8\"", Differs(ONE_TEXT)),
        ("[regex]'^a+$'", "\"^a+$\"", Differs(ONE_TEXT)),
        ("[int]", "\"System.Int32|int\"", NotAsked("it writes megabytes of reflection")),
        ("{ Get-Date }", "\" Get-Date \"", NotAsked("it writes the whole syntax tree")),
        ("[xml]'<a b=\"1\"/>'", "\"<a b=\\\"1\\\" />\"", Differs("the content instead of an empty skeleton")),
        ("[byte[]](1, 2, 3)", "\"AQID\"", Differs(BINARY)),
        ("[IO.MemoryStream]::new([byte[]](1, 2, 3))", "\"AQID\"", Differs(BINARY)),
        ("ConvertTo-SecureString 'x' -AsPlainText -Force", "\"***\"", Differs(SECRET)),
        (
            "[pscredential]::new('ada', (ConvertTo-SecureString 'x' -AsPlainText -Force))",
            r#"{"UserName":"ada","Password":"***"}"#,
            Differs(SECRET),
        ),
        ("@()", "[]", Same),
        ("@(1, 'a', $null)", "[1,\"a\",null]", Same),
        ("@(, @(1, 2))", "[[1,2]]", Same),
        ("[Collections.Generic.List[int]](1, 2)", "[1,2]", Same),
        ("@{}", "{}", Same),
        ("[ordered]@{ z = 1; a = @(2) }", r#"{"z":1,"a":[2]}"#, Same),
        (
            "@{ 1 = 'one' }",
            r#"{"1":"one"}"#,
            NotAsked("it fails for keys that are no strings, in some versions"),
        ),
        ("[pscustomobject]@{ b = 1; a = $null }", r#"{"b":1,"a":null}"#, Same),
        ("[pscustomobject]@{}", "{}", Same),
        (
            "$(class P { [int] $X = 1; hidden [int] $Y = 2 }; [P]::new())",
            r#"{"X":1}"#,
            Differs("what is hidden is not written"),
        ),
        ("[Collections.Generic.KeyValuePair[string, int]]::new('k', 1)", r#"{"Key":"k","Value":1}"#, Same),
        (
            "[Tuple[int, string]]::new(1, 'a')",
            r#"{"Item1":1,"Item2":"a"}|{"Item1":1,"Item2":"a","Length":2}"#,
            NotAsked("a hidden interface member more or less"),
        ),
        (
            "$(42 | Add-Member -PassThru n 1)",
            "42",
            Differs("the same type whether somebody added a property or not"),
        ),
        (
            "$(Add-Member -InputObject ([pscustomobject]@{ a = 1 }) ScriptProperty b { throw 'no' } -PassThru)",
            r#"{"a":1,"b":{"$error":"no"}}"#,
            Differs("an error is not an absence"),
        ),
        (
            "@{ a = @{ b = @{ c = @{ d = @{ e = @{ f = @{ g = 1 } } } } } } }",
            r#"{"a":{"b":{"c":{"d":{"e":{"f":{"$truncated":{"reason":"depth","omitted":1}}}}}}}}"#,
            Differs(A_MARK),
        ),
    ]
}

fn every_type_has_its_documented_form(context: &Context) {
    let engine = engine(context);
    let mut wrong = Vec::new();
    for (expression, expected, _) in types() {
        let found = json_of(&engine, expression);
        serde_json::from_str::<Value>(&found).expect("valid JSON");
        let variants = expected.strip_prefix('"').and_then(|text| text.strip_suffix('"')).map_or_else(
            || expected.split('|').map(str::to_owned).collect::<Vec<_>>(),
            |text| text.split('|').map(|part| format!("\"{part}\"")).collect(),
        );
        if !variants.contains(&found) && found != expected {
            wrong.push(format!("{expression}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn differences_from_convert_to_json_are_those_documented(context: &Context) {
    let engine = engine(context);
    let mut wrong = Vec::new();
    for (expression, _, other) in types() {
        let differs = match other {
            Same => None,
            Differs(reason) => Some(reason),
            NotAsked(reason) => {
                assert!(!reason.is_empty());
                continue;
            }
        };
        let ours = json_of(&engine, expression);
        let theirs = run(
            &engine,
            &format!(
                "$value = {expression}; ConvertTo-Json -Compress -Depth 6 -WarningAction Ignore -InputObject $value"
            ),
        );
        let theirs: Vec<String> = theirs.rows().expect("one text");
        let theirs = theirs.concat();
        match differs {
            None if ours != theirs => {
                wrong.push(format!("{expression}: {ours}, but ConvertTo-Json says {theirs}"))
            }
            Some(reason) if ours == theirs => {
                wrong.push(format!("{expression}: no longer differs ({reason}): {ours}"))
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn numbers_without_a_json_form_are_listed(context: &Context) {
    let engine = engine(context);
    let output = run(
        &engine,
        "1.5; [double]::NaN; @{ a = @(1, [single]::PositiveInfinity); 'b/~' = [double]::NegativeInfinity }",
    );
    let rows = output.values().expect("valid JSON");
    assert_eq!(rows[1], "NaN");
    assert_eq!(rows[2]["a"][1], "Infinity");
    assert_eq!(rows[2]["b/~"], "-Infinity");
    let mut places = output.non_finite().to_vec();
    places.sort();
    assert_eq!(places, ["/1", "/2/a/1", "/2/b~1~0"]);
    let document: Value = serde_json::from_str(output.json()).expect("valid JSON");
    for place in places {
        assert!(document.pointer(&place).is_some_and(Value::is_string), "{place}");
    }
    let output = run(&engine, "1..500 | % { [double]::NaN }");
    assert_eq!(output.non_finite().len(), 100, "the first hundred");
    assert_eq!(output.count(), 500);
}

fn digits_are_kept(context: &Context) {
    let engine = engine(context);
    for digits in ["79228162514264337593543950335", "0.0000000000000000000000000001", "1.000", "-0.10", "100"]
    {
        assert_eq!(
            json_of(&engine, &format!("[decimal]::Parse('{digits}', [cultureinfo]::InvariantCulture)")),
            digits
        );
    }
    let long = "9".repeat(400);
    assert_eq!(json_of(&engine, &format!("[bigint]::Parse('{long}')")), long);
    for number in ["0.1", "123456789.123", "4.9E-324", "1.7976931348623157E+308", "-0.5"] {
        let written =
            json_of(&engine, &format!("[double]::Parse('{number}', [cultureinfo]::InvariantCulture)"));
        let read: f64 = written.parse().expect("a number");
        assert_eq!(read.to_bits(), number.parse::<f64>().expect("a number").to_bits(), "{number}: {written}");
    }
}

fn bytes_are_one_base64_value(context: &Context) {
    use base64::{Engine as _, prelude::BASE64_STANDARD};

    let engine = engine(context);
    let everything: Vec<u8> = (0..=255).collect();
    let path = context.scratch().join("bytes");
    std::fs::write(&path, everything.repeat(20)).expect("is written");
    let decoded = |invocation: Invocation| {
        let rows: Vec<String> = invoke(&engine, invocation).rows().expect("texts");
        assert_eq!(rows.len(), 1, "one value");
        BASE64_STANDARD.decode(&rows[0]).expect("base64")
    };
    assert_eq!(decoded(Invocation::script(", [byte[]](0..255)")), everything);
    assert_eq!(decoded(Invocation::script("[byte[]](0..255)")), everything, "enumerated as well");
    let read = |parameter: &str| {
        Invocation::command("Get-Content").arg("Path", &path).switch("AsByteStream").switch(parameter)
    };
    assert_eq!(decoded(read("Raw")), everything.repeat(20));
    let call = Invocation::command("Get-Content").arg("Path", &path).switch("AsByteStream");
    assert_eq!(decoded(call), everything.repeat(20));
    assert_eq!(json_of(&engine, "[byte[]]::new(0)"), "\"\"");
    let output = run(&engine, "1; [byte]2; [byte]3; 'x'; @{ b = [byte[]](255) }");
    assert_eq!(output.json(), r#"[1,"AgM=","x",{"b":"/w=="}]"#);
}

fn values_are_elements_of_the_output(context: &Context) {
    let engine = engine(context);
    let cases = [
        ("", "[]"),
        ("$null", "[null]"),
        ("1, 2", "[1,2]"),
        (", @(1, 2)", "[[1,2]]"),
        ("@()", "[]"),
        (", @()", "[[]]"),
        ("@{ a = 1 }", r#"[{"a":1}]"#),
        ("1; $x = 2; [void]3; 4", "[1,4]"),
        ("if ($true) { 'yes' } else { 'no' }", r#"["yes"]"#),
        ("foreach ($i in 1..3) { $i * 2 }", "[2,4,6]"),
        ("return 5; 6", "[5]"),
        ("'a' | Out-Null; 'b' > $null; 'c'", r#"["c"]"#),
        ("Write-Host 'not output'; 'output'", r#"["output"]"#),
    ];
    for (script, expected) in cases {
        if script.is_empty() {
            let output = run(&engine, "$x = 1");
            assert_eq!((output.json(), output.count()), (expected, 0));
        } else {
            assert_eq!(run(&engine, script).json(), expected, "{script}");
        }
    }
    assert_eq!(run(&engine, "1..1234").count(), 1234);
}

fn rich_objects_are_written_without_their_world(context: &Context) {
    let engine = engine(context);
    let size = |script: &str| {
        let output = run(&engine, script);
        assert!(output.truncation().is_empty(), "{script}: {:?}", &output.truncation()[..1]);
        (output.values().expect("valid JSON").remove(0), output.json().len())
    };
    std::fs::write(context.scratch().join("file.txt"), "12345").expect("is written");
    let (file, bytes) = size(&format!("Get-Item '{}/file.txt'", context.scratch().display()));
    assert_eq!((file["Name"].as_str(), file["Length"].as_i64()), (Some("file.txt"), Some(5)));
    assert!(bytes < 4096, "{bytes} bytes: {file}");
    for absent in ["PSPath", "PSParentPath", "PSDrive", "PSProvider", "Directory", "VersionInfo"] {
        assert!(file.get(absent).is_none(), "{absent}: {file}");
    }
    let (process, bytes) = size("Get-Process -Id $PID");
    assert_eq!(process["Id"], std::process::id());
    assert!(bytes < 8192, "{bytes} bytes: {process}");
    for absent in ["Modules", "Threads", "MainModule", "StartInfo"] {
        assert!(process.get(absent).is_none(), "{absent}");
    }
    let (command, bytes) = size("Get-Command Get-ChildItem");
    assert_eq!(command["Name"], "Get-ChildItem");
    assert!(bytes < 16_384, "{bytes} bytes: {command}");
    let (module, bytes) =
        size("New-Module -Name Made { function Get-Made { 1 }; Export-ModuleMember -Function * }");
    assert_eq!(module["Name"], "Made");
    assert!(bytes < 65_536, "{bytes} bytes");
    // What was asked for by name is there.
    let (chosen, _) = size(&format!(
        "Get-Item '{}/file.txt' | Select-Object Name, PSIsContainer, PSChildName",
        context.scratch().display()
    ));
    assert_eq!(chosen, json!({ "Name": "file.txt", "PSIsContainer": false, "PSChildName": "file.txt" }));
    let (error, _) = size("try { Get-Item /no/such } catch { }; $e = Get-Item /no/such 2>&1; $e");
    assert_eq!(error["category"], "ObjectNotFound");
    assert_eq!(error["position"]["line"], 1);
}

fn rows_are_read_into_types(context: &Context) {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Row {
        name: String,
        size: Option<u64>,
        tags: Vec<String>,
    }
    let engine = engine(context);
    let output = run(
        &engine,
        "[pscustomobject]@{ Name = 'a'; Size = 1GB; Tags = @('x') }; [pscustomobject]@{ Name = 'b'; Size = $null; Tags = @() }",
    );
    let rows: Vec<Row> = output.rows().expect("fits");
    assert_eq!(rows[0], Row { name: "a".to_owned(), size: Some(1 << 30), tags: vec!["x".to_owned()] });
    assert_eq!(rows[1], Row { name: "b".to_owned(), size: None, tags: Vec::new() });
    let error = run(&engine, "'text'").rows::<Row>().expect_err("does not fit");
    assert_eq!(error.code(), "E305");
    let text = invoke(&engine, Invocation::script("'a'").format(Format::Text));
    assert_eq!(text.values().expect_err("is text").code(), "E305");
    assert_eq!(run(&engine, "'a'").text(), None);
}

// Text

/// Commands whose text is compared with what pwsh prints: tables, lists, wide lists, strings, nothing.
const PRINTED: [&str; 16] = [
    "'plain text'",
    "1..3",
    "[pscustomobject]@{ Name = 'a'; Value = 1 }, [pscustomobject]@{ Name = 'bb'; Value = 22 }",
    "[pscustomobject]@{ A = 1; B = 2; C = 3; D = 4; E = 5 }",
    "[ordered]@{ key = 'value'; list = 1, 2, 3 }",
    "Get-Item / | Format-List Name, Mode",
    "Get-ChildItem /etc/hosts, /etc/passwd | Format-Table Name, Length",
    // (Versions of built-in commands differ with the way they were loaded.)
    "Get-Command Get-Date, Get-Item | Format-Table CommandType, Name",
    "Get-Date -Year 2024 -Month 2 -Day 29 -Hour 1 -Minute 2 -Second 3",
    "[version]'1.2.3'",
    "1..20 | Format-Wide -Column 5",
    "Get-PSDrive Function | Select-Object Name, Root",
    "'x' * 300",
    "[pscustomobject]@{ Long = 'word ' * 60; Short = 'x' }",
    "$null; @(); ''",
    "Get-Culture",
];

fn text_is_what_pwsh_prints(context: &Context) {
    let engine = engine(context);
    let pwsh = context.home().path.join("pwsh");
    if !pwsh.exists() {
        eprintln!("this PowerShell has no pwsh program to compare with");
        return;
    }
    let printed = |script: &str| {
        let output = Command::new(&pwsh)
            .args(["-NoProfile", "-NonInteractive", "-Command", script])
            .env("LC_ALL", "en_US.UTF-8")
            .env("DOTNET_ROOT", &context.home().dotnet.root)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .output()
            .expect("pwsh starts");
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let width: u32 = printed("$Host.UI.RawUI.BufferSize.Width").trim().parse().expect("a number");
    // pwsh leaves the last column of its console free.
    let mut wrong = Vec::new();
    for script in PRINTED {
        let theirs = lines(&printed(script));
        let ours = invoke(&engine, Invocation::script(script).format(Format::Text).width(width - 1));
        let ours = lines(&ours.text().expect("text"));
        if ours != theirs {
            wrong.push(format!("{script}\n  ours:   {ours:?}\n  theirs: {theirs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Lines without blanks at their ends, and without empty lines at the end of the text.
fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(|line| line.trim_end().to_owned()).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

fn text_has_the_width_that_was_asked_for(context: &Context) {
    let engine = engine(context);
    let script = "[pscustomobject]@{ Long = 'word ' * 60; Short = 'x' }";
    for width in [40, 80, 200] {
        let output = invoke(&engine, Invocation::script(script).format(Format::Text).width(width));
        let text = output.text().expect("text");
        let longest = text.lines().map(|line| line.trim_end().chars().count()).max().unwrap_or_default();
        assert!(longest <= width as usize && longest > width as usize / 2, "{width}: {longest}");
        assert!(!text.contains('\u{1b}'), "no colours: {text:?}");
    }
    // Other streams stay records; the text is cut as everything is.
    let output =
        invoke(&engine, Invocation::script("'a'; Write-Warning w; Write-Error e; 'b'").format(Format::Text));
    assert_eq!(lines(&output.text().expect("text")), ["a", "b"]);
    assert_eq!(output.records().len(), 2);
    let mut limits = Limits::default();
    limits.output_bytes = 4096;
    let call = Invocation::script("while ($true) { 'gr\u{fc}n' * 20 }").format(Format::Text).limits(limits);
    let output = invoke(&engine, call);
    assert!(output.json().len() <= 4096 + 100, "{}", output.json().len());
    assert!(output.text().is_some_and(|text| !text.contains('\u{FFFD}') && text.len() > 1000));
    assert_eq!(output.truncation()[0].reason, TruncationReason::Bytes);
}

// Budgets

/// Everything that is said about cuts is true: the pointer leads to a mark, or to a string that was cut.
fn check_cuts(output: &Output, about: &str) {
    let document: Value = serde_json::from_str(output.json())
        .unwrap_or_else(|error| panic!("{about}: {error}: {}", clipped(output.json())));
    for Truncation { reason, pointer, .. } in output.truncation() {
        if pointer.contains('\u{2026}') {
            // A pointer gives the first 200 characters of a longer name.
            continue;
        }
        let place = document.pointer(pointer).unwrap_or_else(|| panic!("{about}: nothing at '{pointer}'"));
        let name = serde_json::to_value(reason).expect("a name");
        let marked = |value: &Value| value.get("$truncated").is_some_and(|mark| mark["reason"] == name);
        let fits = match place {
            Value::String(_) => matches!(reason, TruncationReason::String | TruncationReason::Bytes),
            Value::Array(items) => items.last().is_some_and(marked),
            other => marked(other),
        };
        assert!(fits, "{about}: {reason:?} at '{pointer}': {}", clipped(&place.to_string()));
    }
}

fn each_budget_leaves_a_mark_and_an_entry(context: &Context) {
    let engine = engine(context);
    let limited = |script: &str, set: &dyn Fn(&mut Limits)| {
        let mut limits = Limits::default();
        set(&mut limits);
        let output = invoke(&engine, Invocation::script(script).limits(limits));
        check_cuts(&output, script);
        output
    };
    let output = limited("@{ a = @{ b = @{ c = 1 } } }", &|limits| limits.depth = 2);
    assert_eq!(output.json(), r#"[{"a":{"b":{"$truncated":{"reason":"depth","omitted":1}}}}]"#);
    assert_eq!(output.truncation()[0].pointer, "/0/a/b");
    let output = limited("@{ a = 1..10 }; 'after'", &|limits| limits.items = 3);
    assert_eq!(output.json(), r#"[{"a":[1,2,3,{"$truncated":{"reason":"items","omitted":7}}]},"after"]"#);
    let output = limited("$h = [ordered]@{}; 1..5 | % { $h[\"k$_\"] = $_ }; $h", &|limits| limits.items = 2);
    assert_eq!(output.json(), r#"[{"k1":1,"k2":2,"$truncated":{"reason":"items","omitted":3}}]"#);
    let output = limited("'abcdef'; @{ s = 'ghijkl' }", &|limits| limits.string_chars = 3);
    assert_eq!(output.json(), r#"["abc",{"s":"ghi"}]"#);
    let cuts: Vec<_> = output.truncation().iter().map(|cut| (cut.pointer.as_str(), cut.omitted)).collect();
    assert_eq!(cuts, [("/0", Some(3)), ("/1/s", Some(3))]);
    let output = limited("1..3; 'x' * 5000; 'never'", &|limits| limits.output_bytes = 1024);
    let rows = output.values().expect("valid JSON");
    assert_eq!(rows[..3], [json!(1), json!(2), json!(3)]);
    assert!(!rows.contains(&json!("never")), "the pipeline was stopped");
    assert!(output.truncation().iter().any(|cut| cut.reason == TruncationReason::Bytes));
    let output = limited("1..1000 | % { @{ a = @(@(@(1)), @(2)) } }", &|limits| limits.depth = 2);
    assert_eq!(output.truncation().len(), 100, "the first hundred");
    // Nothing is cut that fits.
    let output = limited("@{ a = @{ b = 1..3 } }; 'abc'", &|limits| {
        (limits.depth, limits.items, limits.string_chars) = (3, 3, 3);
    });
    assert!(output.truncation().is_empty(), "{:?}", output.truncation());
    still_works(&engine);
}

fn budgets_out_of_range_are_refused(context: &Context) {
    let engine = engine(context);
    type Spoil = fn(&mut Limits);
    let wrong: [(&str, Spoil); 5] = [
        ("depth", |limits| limits.depth = 0),
        ("depth", |limits| limits.depth = 101),
        ("output_bytes", |limits| limits.output_bytes = 1000),
        ("output_bytes", |limits| limits.output_bytes = (64 << 20) + 1),
        ("items", |limits| limits.items = 0),
    ];
    for (name, set) in wrong {
        let mut limits = Limits::default();
        set(&mut limits);
        let error = fails(&engine, Invocation::script("1").limits(limits));
        assert_eq!(error.code(), "E301");
        assert!(error.to_string().contains(name), "{error}");
    }
    assert_eq!(values(&engine, "1"), [1]);
}

// Random objects

/// Builds a random graph: every kind of value, nesting, sharing, cycles, members that throw.
const GRAPH: &str = r#"param([int] $Seed, [int] $Depth)
$random = [Random]::new($Seed)
$made = [Collections.Generic.List[object]]::new()
function New-Text {
    $length = $random.Next(0, 12)
    if ($random.Next(20) -eq 0) { $length = $random.Next(0, 3000) }
    -join $(for ($i = 0; $i -lt $length; $i++) { [char]$(switch ($random.Next(6)) {
        0 { $random.Next(0, 32) } 1 { $random.Next(0xD800, 0xE000) } 2 { $random.Next(0, 0x10000) } 3 { 34, 92, 47, 0x2028 | Get-Random -SetSeed $random.Next() } default { $random.Next(32, 127) } }) })
}
function New-Value([int] $Level) {
    $kind = if ($Level -le 0) { $random.Next(0, 19) } else { $random.Next(0, 30) }
    $value = switch ($kind) {
        0 { $null } 1 { $random.Next(2) -eq 0 } 2 { $random.Next() } 3 { $random.NextInt64() } 4 { $random.NextDouble() * [Math]::Pow(10, $random.Next(-300, 300)) }
        5 { [double]::NaN, [double]::PositiveInfinity, [double]::NegativeInfinity, -0.0, [double]::Epsilon, [double]::MaxValue | Get-Random -SetSeed $random.Next() }
        6 { [decimal]::new($random.Next(), $random.Next(), $random.Next(), $random.Next(2) -eq 0, $random.Next(0, 29)) }
        7 { [bigint]::Pow($random.Next(), $random.Next(0, 30)) } 8 { New-Text } 9 { [char]$random.Next(0, 0x10000) }
        10 { [datetime]::new($random.NextInt64(0, [datetime]::MaxValue.Ticks), [DateTimeKind]$random.Next(3)) } 11 { [timespan]$random.NextInt64() }
        12 { [Enum]::ToObject([DayOfWeek], $random.Next(0, 9)) } 13 { [guid]::new($random.Next(), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) } 14 { $b = [byte[]]::new($random.Next(0, 500)); $random.NextBytes($b); , $b }
        15 { [int], [string], [Collections.Generic.Dictionary[string, int]] | Get-Random -SetSeed $random.Next() } 16 { { 'block' } } 17 { [version]::new(1, $random.Next(9)) } 18 { [Text.StringBuilder]::new((New-Text)) }
        { $_ -in 19..21 } { $a = [Collections.ArrayList]::new(); $made.Add($a); for ($i = $random.Next(0, 6); $i -gt 0; $i--) { [void]$a.Add((New-Value ($Level - 1))) }; , $a }
        { $_ -in 22..24 } { $h = if ($random.Next(2)) { @{} } else { [ordered]@{} }; $made.Add($h); for ($i = $random.Next(0, 6); $i -gt 0; $i--) { $h[(New-Text)] = New-Value ($Level - 1) }; $h }
        { $_ -in 25..26 } { $o = [pscustomobject]@{}; $made.Add($o); for ($i = $random.Next(0, 6); $i -gt 0; $i--) { Add-Member -InputObject $o -Force NoteProperty "p$($random.Next(20))" (New-Value ($Level - 1)) }; $o }
        27 { $o = [pscustomobject]@{ a = 1 }; Add-Member -InputObject $o ScriptProperty bad { throw "`0$([char]0xD800)" }; $o }
        28 { $made.Count -gt 0 ? $made[$random.Next($made.Count)] : 1 }
        29 { $random.Next() | Add-Member -PassThru note (New-Text) }
    }
    , $value
}
foreach ($i in 1..$random.Next(1, 6)) { New-Value $Depth }
if ($made.Count -gt 1) { $made[0] -is [Collections.IDictionary] ? ($made[0]['loop'] = $made[1]) : $null; $made[0] }"#;

fn output_of_random_objects_always_parses(context: &Context) {
    let engine = engine(context);
    let seeds: u32 = env::var("RUNSPACED_FUZZ_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(250);
    let (mut cut, mut values) = (0, 0);
    for seed in 0..seeds {
        let mut limits = Limits::default();
        // Roomy and narrow budgets by turns.
        if seed % 2 == 1 {
            limits.depth = 1 + seed % 5;
            limits.items = 1 + seed % 7;
            limits.string_chars = 1 + seed % 50;
            limits.output_bytes = 1024 + seed % 13 * 200;
        }
        let budget = limits.output_bytes as usize;
        let call = Invocation::script(GRAPH).arg("Seed", seed).arg("Depth", 1 + seed % 6).limits(limits);
        let output = match engine.blocking().invoke(call) {
            Ok(output) => output,
            Err(error) => panic!("seed {seed}: {} {error}", error.code()),
        };
        check_cuts(&output, &format!("seed {seed}"));
        let count = output.raw_values().expect("an array").len();
        assert!(
            output.json().len() <= budget + 100 * 101,
            "seed {seed}: {} bytes of {budget}",
            output.json().len()
        );
        assert!(output.errors().is_empty(), "seed {seed}: {}", clipped(output.records_json()));
        serde_json::from_str::<Value>(output.records_json()).expect("valid JSON");
        cut += usize::from(!output.truncation().is_empty());
        values += count;
    }
    assert!(values > seeds as usize, "{values} values");
    assert!(cut > seeds as usize / 10, "{cut} of {seeds} were cut");
    still_works(&engine);
}

fn random_records_always_parse(context: &Context) {
    let engine = engine(context);
    let script = "param([int] $Seed) $random = [Random]::new($Seed)
        function Text { -join $(for ($i = $random.Next(0, 40); $i -gt 0; $i--) { [char]$random.Next(0, 0x10000) }) }
        for ($n = 0; $n -lt 40; $n++) { switch ($random.Next(9)) {
            0 { Write-Warning (Text) } 1 { Write-Verbose (Text) -Verbose } 2 { Write-Debug (Text) -Debug } 3 { Write-Information (Text) -Tags (Text), (Text) }
            4 { Write-Host (Text) } 5 { Write-Error (Text) -ErrorId (Text) -TargetObject (Text) } 6 { Write-Progress -Activity \"a$(Text)\" -Status \"s$(Text)\" -PercentComplete $random.Next(0, 101) }
            7 { try { throw (Text) } catch { Write-Error $_ } } 8 { Text } } }";
    for seed in 0..60 {
        let mut limits = Limits::default();
        if seed % 2 == 1 {
            (limits.records, limits.record_bytes, limits.string_chars) =
                (1 + seed % 9, 256 + seed * 16, 1 + seed % 30);
        }
        let call = Invocation::script(script).arg("Seed", seed).limits(limits);
        let output = match engine.blocking().invoke(call) {
            Ok(output) => output,
            Err(error) => panic!("seed {seed}: {} {error}", error.code()),
        };
        let raw: Vec<Value> = serde_json::from_str(output.records_json())
            .unwrap_or_else(|error| panic!("seed {seed}: {error}: {}", clipped(output.records_json())));
        assert_eq!(raw.len(), output.records().len(), "seed {seed}: every record is understood");
        serde_json::from_str::<Value>(output.json()).expect("valid JSON");
    }
    still_works(&engine);
}

// Both layouts

fn the_common_types_on_this_layout(context: &Context) {
    let engine = engine(context);
    for (expression, expected, _) in types().into_iter().filter(|(_, expected, _)| !expected.contains('|')) {
        assert_eq!(json_of(&engine, expression), expected, "{expression}");
    }
    let text = invoke(&engine, Invocation::script("[pscustomobject]@{ a = 1 }").format(Format::Text));
    assert_eq!(lines(&text.text().expect("text")), ["", "a", "-", "1"]);
}
