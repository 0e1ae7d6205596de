//! Threads of a script.

use crate::SECOND;
use crate::support::Context;
use crate::support::engine::{engine, fails, run, still_works, values};
use runspaced::{Error, Invocation};
use serde_json::json;

pub fn a_storm_of_threads_passes(context: &Context) {
    let engine = engine(context);
    let script = "1..200 | ForEach-Object -Parallel { Start-Sleep -Milliseconds 20; $_ } -ThrottleLimit 100 | Measure-Object -Sum | % Sum";
    assert_eq!(values(&engine, script), [json!(20100)]);
    let script = "1..30 | ForEach-Object -Parallel { if ($_ -eq 7) { throw 'seven' }; $_ } -ThrottleLimit 30 | Measure-Object | % Count";
    let output = run(&engine, script);
    assert_eq!(output.values().expect("JSON"), [29]);
    assert!(output.errors().iter().any(|error| error.message.contains("seven")), "{}", output.records_json());
    still_works(&engine);
}

pub fn a_storm_of_threads_is_stopped(context: &Context) {
    let engine = engine(context);
    let script = "1..1000 | ForEach-Object -Parallel { while ($true) { Start-Sleep -Milliseconds 100 } } -ThrottleLimit 50";
    let error = fails(&engine, Invocation::script(script).timeout(3 * SECOND));
    assert!(matches!(error, Error::Timeout { .. }), "{} {error}", error.code());
    still_works(&engine);
}

pub fn what_a_thread_of_a_script_throws_ends_that_thread_only(context: &Context) {
    let engine = engine(context);
    // A script block on a thread without a runspace throws at once.
    let thread =
        "$t = [Threading.Thread]::new([Threading.ThreadStart] { 1 }); $t.Start(); $t.Join(); 'after'";
    assert_eq!(values(&engine, thread), ["after"]);
    let timer = "$t = [Threading.Timer]::new([Threading.TimerCallback] { 1 }, $null, 1, -1); Start-Sleep -Milliseconds 300; 'after'";
    assert_eq!(values(&engine, timer), ["after"]);
    still_works(&engine);
}
