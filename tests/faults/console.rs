//! Questions and the console.

use crate::SECOND;
use crate::process_end::Death;
use crate::support::Context;
use crate::support::engine::{engine, fails, run, still_works, values};
use runspaced::{Error, Invocation};
use serde_json::Value;

pub fn questions_nobody_can_answer_end_the_call(context: &Context) {
    let engine = engine(context);
    let cases = [
        ("'before'; Read-Host 'Your name'; 'after'", "Your name"),
        ("'before'; Read-Host; 'after'", ""),
        ("'before'; Read-Host -AsSecureString 'Your PIN'", "PIN"),
        ("'before'; Get-Credential", "credential"),
        ("'before'; Get-Credential -UserName me -Message 'Sign in'", "Sign in"),
        (
            "'before'; $Host.UI.PromptForChoice('Delete', 'Really?', [Management.Automation.Host.ChoiceDescription[]]('&Yes', '&No'), 1)",
            "Really?",
        ),
        ("'before'; New-Item -Path Temp: -Name x -WhatIf:$false -Confirm", "sure"),
        ("'before'; function f { param([Parameter(Mandatory)] $Target) $Target }; f", "Target"),
        ("'before'; Remove-Item", "Path"),
        ("'before'; $Host.UI.ReadLine()", ""),
        ("'before'; Write-Error x -ErrorAction Inquire", "x"),
    ];
    for (script, named) in cases {
        let error = fails(&engine, Invocation::script(script).timeout(20 * SECOND));
        let Error::PromptBlocked { kind, caption, message, fields, output } = &error else {
            panic!("{script}: {} {error}", error.code());
        };
        assert_eq!(error.code(), "E402");
        let all = format!("{kind} {caption} {message} {fields:?}");
        assert!(all.contains(named), "{script}: the question is named: {all}");
        assert_eq!(output.json(), r#"["before"]"#, "{script}");
        still_works(&engine);
    }
}

pub fn reading_the_console_does_not_hang(context: &Context) {
    let engine = engine(context);
    assert_eq!(values(&engine, "[Console]::ReadLine()"), [Value::Null]);
    assert_eq!(values(&engine, "[Console]::In.ReadToEnd()"), [""]);
    assert_eq!(values(&engine, "cat; 'after'"), ["after"]);
    assert_eq!(values(&engine, "sh -c 'read line; echo got:$line'"), ["got:"]);
    let rows = values(&engine, "try { [Console]::ReadKey() } catch { 'no key' }");
    assert_eq!(rows, ["no key"]);
    still_works(&engine);
}

/// The library leaves the descriptors of its process alone. A script that reads from an input that never ends waits, but not
/// longer than its deadline.
pub fn reading_an_open_pipe_at_stdin_ends_at_the_deadline(context: &Context) {
    for script in ["cat", "sh -c 'cat; cat'", "[Console]::In.ReadToEnd()"] {
        let death = Death::with_stdin(context, script, true);
        assert!(death.status.success(), "{script}: {}{}", death.stdout, death.stderr);
        assert!(death.stdout.contains("answer: "), "{script}: {}", death.stdout);
        assert!(death.stdout.ends_with("next\n"), "{script}: {}", death.stdout);
    }
}

pub fn text_on_the_console_is_not_in_the_output(context: &Context) {
    let engine = engine(context);
    let script =
        "[Console]::WriteLine('loose'); [Console]::Error.WriteLine('loose'); [Console]::Out.Flush(); 'value'";
    let output = run(&engine, script);
    assert_eq!(output.json(), r#"["value"]"#);
    assert_eq!(output.records_json(), "[]");
    // What a native command prints is its output, and its errors are records.
    let output = run(&engine, "sh -c 'echo out; echo err >&2; exit 3'");
    assert_eq!(output.json(), r#"["out"]"#);
    assert_eq!(output.native_exit_code(), Some(3));
    assert!(output.errors().iter().any(|error| error.message.contains("err")), "{}", output.records_json());
}
