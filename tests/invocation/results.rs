//! Streams, error records, exit codes.

use crate::record_of;
use crate::support::Context;
use crate::support::engine::{engine, fails, run, still_works};
use runspaced::{Invocation, RecordData, Stream};
use serde_json::json;

pub fn streams_keep_their_order(context: &Context) {
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

pub fn error_records_are_whole(context: &Context) {
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

pub fn exit_codes_of_scripts_and_programs(context: &Context) {
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
