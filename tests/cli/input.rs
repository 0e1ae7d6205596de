//! Scripts, arguments, secrets and pipeline input.

use serde_json::json;

use crate::program::{finish, hosting, run, run_with_input};
use crate::support::Context;

pub fn every_format_reaches_the_pipeline(context: &Context) {
    let script = "$input | ForEach-Object { \"$($_.GetType().Name):$_\" }";
    let lines = run_with_input(context, &[script, "--input", "lines"], "b\r\nä\n\n".as_bytes()).json();
    assert_eq!(lines, json!(["String:b", "String:ä", "String:"]));
    let values = run_with_input(context, &[script, "--input", "json"], b"[1, \"x\", 2.5]").json();
    assert_eq!(values, json!(["Int32:1", "String:x", "Decimal:2.5"]));
    let rows = run_with_input(
        context,
        &["$input | ForEach-Object n", "--input", "ndjson"],
        b"{\"n\":1}\n\n{\"n\":2}\n",
    )
    .json();
    assert_eq!(rows, json!([1, 2]));
    std::fs::write(context.scratch().join("one.json"), "{\"n\":3}").expect("is written");
    assert_eq!(run(context, &["$input | ForEach-Object n", "--input", "json=one.json"]).json(), json!([3]));
    let sorted = run_with_input(context, &["--command", "Sort-Object", "--input", "lines"], b"b\na\n").json();
    assert_eq!(sorted, json!(["a", "b"]));
    // Nothing is no input, not an error.
    assert_eq!(run_with_input(context, &["@($input).Count", "--input", "ndjson"], b"").json(), json!([0]));
}

pub fn arguments_are_values_never_script(context: &Context) {
    let hostile = "'; throw 'injected' #$(throw 'injected')`\"";
    let echoed = run(
        context,
        &[
            "param($text, [switch] $on) $text; $on.IsPresent",
            "--arg",
            &format!("text={hostile}"),
            "--arg",
            "on:=true",
        ],
    );
    assert_eq!(echoed.json(), json!([hostile, true]));
    assert_eq!(
        run(context, &["param($a, $b) \"$b-$a\"", "--", "-x", hostile]).json(),
        json!([format!("{hostile}--x")])
    );
    let date =
        run(context, &["--command", "Get-Date", "--arg", "Date=2020-02-29", "--arg", "Format=yyyyMMdd"]);
    assert_eq!(date.json(), json!(["20200229"]));
    let unknown = run(context, &["--command", "Get-Date", "--arg", "Date=2020-02-29", "--arg", "Formt=x"]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.err.contains("Format"), "{}", unknown.err);
}

pub fn script_comes_from_text_file_and_standard_input(context: &Context) {
    let file = context.scratch().join("where.ps1");
    std::fs::write(&file, "param([int] $n) $PSScriptRoot; $n + 1").expect("is written");
    let folder = context.scratch().canonicalize().expect("exists");
    let expected = json!([folder.to_string_lossy(), 3]);
    assert_eq!(run(context, &["where.ps1", "--arg", "n:=2"]).json(), expected);
    assert_eq!(run(context, &["./where.ps1", "--", "2"]).json(), expected);
    assert_eq!(run_with_input(context, &["-", "--arg", "n:=2"], b"param($n)\n$n * 2\n").json(), json!([4]));
    // Relative paths in a script are those of the shell that called.
    std::fs::create_dir(context.scratch().join("there")).expect("is made");
    let location = run(context, &["(Get-Location).Path", "--working-directory", "there"]).json();
    assert_eq!(location, json!([folder.join("there").to_string_lossy()]));
    assert_eq!(run(context, &["(Get-Location).Path"]).json(), json!([folder.to_string_lossy()]));
}

pub fn secrets_become_secure_strings(context: &Context) {
    std::fs::write(context.scratch().join("secret"), "hunter2\n").expect("is written");
    let script = "param([securestring] $p) $p.GetType().Name; [Net.NetworkCredential]::new('', $p).Password.Length; $p";
    let from_file = run(context, &[script, "--secret", "p=file:secret"]);
    assert_eq!(from_file.json(), json!(["SecureString", 7, "***"]));
    let mut command = hosting(context, &["run", script, "--secret", "p=env:MY_SECRET"]);
    command.env("MY_SECRET", "hunter22");
    assert_eq!(finish(command).json(), json!(["SecureString", 8, "***"]));
    // Anything else than a secure string does not get it.
    let plain = run(context, &["param([string] $p) $p", "--secret", "p=file:secret"]);
    assert_ne!(plain.code, 0);
    assert!(!plain.out.contains("hunter2") && !plain.err.contains("hunter2"), "{}{}", plain.out, plain.err);
}
