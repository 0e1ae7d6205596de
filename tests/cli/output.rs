//! What is written to the standard output, in which shape.

use std::io::{BufRead, BufReader, Read};

use serde_json::{Value, json};

use crate::program::{finish, hosting, run};
use crate::support::Context;

const OBJECTS: &str =
    "[pscustomobject]@{ Name = 'a,b'; Count = 1 }, [pscustomobject]@{ Name = 'c'; Count = 2 }";

pub fn each_shape_is_as_documented(context: &Context) {
    let values = json!([{ "Name": "a,b", "Count": 1 }, { "Name": "c", "Count": 2 }]);
    // Piped, JSON is the default.
    assert_eq!(run(context, &[OBJECTS]).json(), values);
    assert_eq!(run(context, &[OBJECTS, "--json"]).ok().lines().count(), 1);
    assert_eq!(run(context, &[OBJECTS, "--csv"]).ok(), "Name,Count\n\"a,b\",1\nc,2\n");
    let lines = run(context, &[OBJECTS, "--ndjson"]).ok();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("is JSON")).collect();
    assert_eq!(Value::from(lines), values);
    let text = run(context, &[OBJECTS, "--text"]).ok();
    let rows: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(rows, ["Name Count", "---- -----", "a,b      1", "c        2"]);
    assert!(!text.contains('\u{1b}'), "no colours where there is no terminal: {text:?}");

    let script = "Write-Warning w; Write-Error e; Write-Output 5; exit 3";
    let full = run(context, &[script, "--full"]);
    assert_eq!(full.code, 3);
    let full: Value = serde_json::from_str(&full.out).expect("is JSON");
    assert_eq!(full["output"], json!([5]));
    assert_eq!(
        (&full["completed"], &full["exit_code"], &full["error"]),
        (&true.into(), &3.into(), &Value::Null)
    );
    let streams: Vec<&Value> =
        full["records"].as_array().expect("a list").iter().map(|record| &record["stream"]).collect();
    assert_eq!(streams, ["warning", "error"]);
    assert!(full["timings"]["total_us"].as_u64().is_some_and(|us| us > 0));
    // Nothing is an empty array, no rows, no text.
    assert_eq!(run(context, &["$null = 1"]).ok(), "[]\n");
    assert_eq!(run(context, &["$null = 1", "--csv"]).ok(), "");
    assert_eq!(run(context, &["$null = 1", "--text"]).ok(), "");
}

pub fn numbers_keep_their_digits_in_every_json(context: &Context) {
    let big = "123456789012345678901234567890";
    let script = format!("[bigint]::Parse('{big}'), 0.1");
    assert_eq!(run(context, &[&script]).ok(), format!("[{big},0.1]\n"));
    assert_eq!(run(context, &[&script, "--ndjson"]).ok(), format!("{big}\n0.1\n"));
    assert!(run(context, &[&script, "--full"]).ok().contains(&format!("\"output\":[{big},0.1]")));
    let echoed = run(context, &["param($n) $n", "--arg", &format!("n:={big}")]).ok();
    assert_eq!(echoed, format!("[{big}]\n"));
}

pub fn json_of_a_failed_script_is_absent_not_half(context: &Context) {
    for shape in ["--json", "--csv"] {
        run(context, &["1; throw 'boom'", shape]).failed(1, &["boom"]);
        // Output beyond the budget stops the script: a part is not shown as the whole.
        let finished = {
            let mut command = hosting(context, &["run", "while ($true) { 'x' * 100 }", shape]);
            command.env("RUNSPACED_LIMITS__OUTPUT_BYTES", "64KiB");
            finish(command)
        };
        finished.failed(1, &["limits.output_bytes", "--ndjson"]);
    }
    // People read what came before the error.
    let text = run(context, &["'first'; throw 'boom'", "--text"]);
    assert_eq!((text.code, text.out.as_str()), (1, "first\n"));
    let full = run(context, &["1; throw 'boom'", "--full"]);
    assert_eq!(full.code, 1);
    let full: Value = serde_json::from_str(&full.out).expect("is JSON");
    assert_eq!((&full["output"], &full["error"]["record"]["message"]), (&json!([1]), &"boom".into()));
}

pub fn values_stream_before_the_script_ends(context: &Context) {
    let gate = context.scratch().join("gate");
    let script = "param($gate) 'first'; while (-not (Test-Path -LiteralPath $gate)) { Start-Sleep -Milliseconds 20 }; 'last'";
    let gate_argument = format!("gate={}", gate.display());
    let mut child =
        hosting(context, &["run", script, "--ndjson", "--arg", &gate_argument]).spawn().expect("starts");
    let mut out = BufReader::new(child.stdout.take().expect("is a pipe"));
    let mut first = String::new();
    out.read_line(&mut first).expect("is readable");
    assert_eq!(first, "\"first\"\n");
    std::fs::write(&gate, "").expect("is written");
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("is readable");
    assert_eq!(rest, "\"last\"\n");
    assert!(child.wait().expect("ends").success());
}

pub fn reader_that_goes_away_ends_the_script_quietly(context: &Context) {
    let mut child =
        hosting(context, &["run", "$i = 0; while ($true) { ($i++) }", "--ndjson"]).spawn().expect("starts");
    let mut out = BufReader::new(child.stdout.take().expect("is a pipe"));
    let mut first = String::new();
    out.read_line(&mut first).expect("is readable");
    assert_eq!(first, "0\n");
    drop(out);
    let finished = child.wait_with_output().expect("ends");
    assert_eq!(finished.status.code(), Some(141));
    assert_eq!(String::from_utf8_lossy(&finished.stderr), "");
}

pub fn errors_look_as_in_powershell(context: &Context) {
    let missing = run(context, &["Get-Item ./nothing-there; 'on'"]);
    assert_eq!(missing.out, "[\"on\"]\n");
    assert!(missing.err.starts_with("Get-Item: Cannot find path '"), "{}", missing.err);
    let streams = run(
        context,
        &[
            "Write-Warning w; Write-Host h; Write-Verbose v -Verbose; Write-Debug d -Debug; Write-Information i",
        ],
    );
    assert_eq!(streams.err, "WARNING: w\nh\nVERBOSE: v\nDEBUG: d\n");
    if cfg!(unix) {
        assert_eq!(run(context, &["sh -c 'echo of a native command >&2'"]).err, "of a native command\n");
    }
    let file = context.scratch().join("bad.ps1");
    std::fs::write(&file, "'fine'\n  throw 'boom'\n").expect("is written");
    let thrown = run(context, &["bad.ps1"]);
    assert_eq!(
        thrown.err,
        format!("Exception: {}:2\nLine |\n   2 |  throw 'boom'\n     |  ^\n     | boom\n", file.display())
    );
    let parser = run(context, &["if (1) {"]);
    assert_eq!(parser.code, 1);
    assert!(parser.err.contains("Missing closing '}'"), "{}", parser.err);
    // Colours only where they are asked for.
    let coloured = run(context, &["Write-Warning w", "--color", "always"]);
    assert!(coloured.err.contains("\u{1b}[33;1mWARNING: w"), "{:?}", coloured.err);
}
