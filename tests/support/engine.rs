//! Engines for tests, and the calls that most of them make.

use std::time::{Duration, Instant};

use runspaced::locate::{LocateOptions, PowerShellHome};
use runspaced::{Engine, EngineBuilder, Error, Invocation, Output};
use serde_json::Value;

use super::Context;

/// A builder for the PowerShell of the test, with four slots.
pub fn builder(context: &Context) -> EngineBuilder {
    builder_at(context.home())
}

/// A builder for a certain PowerShell, with four slots.
pub fn builder_at(home: &PowerShellHome) -> EngineBuilder {
    let mut options = LocateOptions::from_environment().explicit(&home.path);
    options.dotnet_roots.insert(0, home.dotnet.root.clone());
    Engine::builder().locate(options).max_slots(4).timeout(Duration::from_secs(60))
}

/// An engine of the test's PowerShell that has answered its first call: what follows is not about its start.
pub fn engine(context: &Context) -> Engine {
    warm(builder(context))
}

/// Builds an engine and waits for its first answer.
pub fn warm(builder: EngineBuilder) -> Engine {
    let engine = builder.build().expect("the settings are fine");
    still_works(&engine);
    engine
}

/// Runs a script that must succeed.
pub fn run(engine: &Engine, script: &str) -> Output {
    invoke(engine, Invocation::script(script))
}

/// Runs an invocation that must succeed.
pub fn invoke(engine: &Engine, invocation: Invocation) -> Output {
    let text = format!("{invocation:?}");
    match engine.blocking().invoke(invocation) {
        Ok(output) => output,
        Err(error) => panic!("{text} failed: {} {error}", error.code()),
    }
}

/// The error of an invocation that must fail.
pub fn fails(engine: &Engine, invocation: Invocation) -> Error {
    let text = format!("{invocation:?}");
    match engine.blocking().invoke(invocation) {
        Ok(output) => panic!("{text} did not fail, it gave {}", clipped(output.json())),
        Err(error) => error,
    }
}

/// The values of a script.
pub fn values(engine: &Engine, script: &str) -> Vec<Value> {
    run(engine, script).values().expect("JSON output")
}

/// The values of an invocation.
pub fn values_of(engine: &Engine, invocation: Invocation) -> Vec<Value> {
    invoke(engine, invocation).values().expect("JSON output")
}

/// The next call works, and has nothing of the one before.
pub fn still_works(engine: &Engine) {
    let output = run(engine, "6 * 7");
    assert_eq!(output.json(), "[42]");
    assert_eq!(output.records_json(), "[]");
    assert!(!output.had_errors());
}

/// Waits until something is so; `what` is for the message if it never is.
pub fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < end, "not within 30 s: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The start of a long text.
pub fn clipped(text: &str) -> String {
    text.chars().take(500).collect()
}
