//! Child processes.

use std::fs;

use crate::support::Context;
use crate::support::engine::{engine, eventually, still_works};
use runspaced::{Engine, Error, Invocation};

/// Processes whose command line contains a text.
fn processes_with(text: &str) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("Linux").flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if id != std::process::id() && line.windows(text.len()).any(|part| part == text.as_bytes()) {
            found.push(id);
        }
    }
    found
}

/// A number of seconds that no other process of this machine sleeps.
pub fn own_number(offset: u32) -> String {
    (std::process::id() * 10 + 10_000_000 + offset).to_string()
}

pub fn stops_with_its_children(engine: &Engine, script: &str, number: &str) {
    let call = engine.start(Invocation::script(script)).expect("starts");
    eventually("the child runs", || !processes_with(number).is_empty());
    call.cancel_handle().cancel();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let error = runtime.block_on(call).expect_err("is cancelled");
    assert!(matches!(error, Error::Cancelled { abandoned: false, .. }), "{script}: {} {error}", error.code());
    eventually("nothing of it is left", || processes_with(number).is_empty());
    still_works(engine);
}

pub fn a_native_child_ends_with_its_call(context: &Context) {
    let engine = engine(context);
    let number = own_number(1);
    for script in [
        format!("sleep {number}"),
        format!("$x = sleep {number}"),
        format!("sleep {number} | cat"),
        format!("Start-Process sleep {number} -Wait"),
    ] {
        stops_with_its_children(&engine, &script, &number);
    }
}

pub fn grandchildren_end_with_their_call(context: &Context) {
    let engine = engine(context);
    let number = own_number(2);
    for script in [
        format!("sh -c 'sleep {number} & wait'"),
        format!("sh -c 'sh -c \"sleep {number}; true\" & sleep {number}; true'"),
        format!("sh -c 'sleep {number} & wait' | cat"),
    ] {
        stops_with_its_children(&engine, &script, &number);
    }
}

pub fn children_of_other_calls_are_left_alone(context: &Context) {
    let engine = engine(context);
    let number = own_number(3);
    let other = engine.start(Invocation::script("sleep 5; 'whole'")).expect("starts");
    eventually("it runs", || engine.stats().running == 1);
    stops_with_its_children(&engine, &format!("sh -c 'sleep {number} & wait'"), &number);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    assert_eq!(runtime.block_on(other).expect("was left alone").json(), r#"["whole"]"#);
}
