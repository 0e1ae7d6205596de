//! Named sessions: state on purpose, for one owner, for a while.

use std::time::Duration;

use runspaced::{Error, Invocation};

use crate::fixture::{Fixture, settled, tell, until};
use crate::support::Context;

pub fn state_is_kept_within(context: &Context) {
    let fixture = Fixture::new(context);
    let engine = fixture.builder().pool(Fixture::pool(1)).build().expect("the settings are valid");
    engine.open_session("work", None, None).expect("the name is free");
    let within = |text: &str| tell(&engine, Invocation::script(text).session("work"));

    within(
        "$count = 1; function Step { $script:count++; $count }; Set-Location /; $ErrorActionPreference = 'Stop'",
    );
    within("$null = Register-EngineEvent -SourceIdentifier Mine -Action { }; Set-CanaryState mine");
    assert_eq!(within("Step"), "2");
    assert_eq!(within("Step; (Get-Location).Path; \"$ErrorActionPreference\""), r#"3,"/","Stop""#);
    assert_eq!(within("(Get-EventSubscriber).SourceIdentifier; Get-CanaryState"), r#""Mine","mine""#);

    // Calls without the session's name see none of it.
    let outside =
        tell(&engine, Invocation::script("[bool](Get-Command Step -ErrorAction Ignore); Get-CanaryState"));
    assert_eq!(outside, r#"false,"untouched""#);
    let stats = settled(&engine);
    assert_eq!((stats.sessions, stats.retired), (1, 0), "{stats:?}");
}

pub fn another_key_does_not_reach_it(context: &Context) {
    let fixture = Fixture::new(context);
    let engine = fixture.plain().pool(Fixture::pool(1)).build().expect("the settings are valid");
    engine.open_session("work", Some("A"), None).expect("the name is free");
    let call = || Invocation::script("$mine = 'A'").session("work");
    tell(&engine, call().affinity("A"));

    for stranger in [call().affinity("B"), call()] {
        let error = engine.blocking().invoke(stranger).expect_err("it is not theirs");
        let unknown =
            engine.blocking().invoke(Invocation::script("1").session("nowhere")).expect_err("there is none");
        assert_eq!((error.code(), unknown.code()), ("E303", "E303"));
        // Not even that it exists is told.
        assert_eq!(error.to_string().replace("work", ""), unknown.to_string().replace("nowhere", ""));
    }
    assert!(!engine.close_session("work", Some("B")), "another key closed it");
    assert!(!engine.close_session("work", None), "no key closed it");
    assert_eq!(tell(&engine, Invocation::script("$mine").session("work").affinity("A")), r#""A""#);
    assert!(engine.close_session("work", Some("A")));
    assert!(matches!(engine.blocking().invoke(call().affinity("A")), Err(Error::NoSession { .. })));

    // The name is free again, and what comes under it starts from nothing.
    engine.open_session("work", Some("B"), None).expect("the name is free again");
    assert_eq!(tell(&engine, Invocation::script("[string]$mine").session("work").affinity("B")), r#""""#);
}

pub fn an_unused_one_ends(context: &Context) {
    let fixture = Fixture::new(context);
    let engine = fixture.plain().pool(Fixture::pool(1)).build().expect("the settings are valid");
    engine.open_session("short", None, Some(Duration::from_millis(50))).expect("the name is free");
    engine.open_session("long", None, Some(Duration::from_secs(3600))).expect("the name is free");
    // A call that outlasts the time to live does not lose its session.
    let during = tell(
        &engine,
        Invocation::script("Start-Sleep -Milliseconds 2500; $kept = 1; 'ran'").session("short"),
    );
    assert_eq!(during, r#""ran""#);
    tell(&engine, Invocation::script("$kept = 1").session("long"));

    until("the session ends", || engine.stats().sessions == 1);
    let error =
        engine.blocking().invoke(Invocation::script("$kept").session("short")).expect_err("its time is over");
    assert_eq!(error.code(), "E303");
    assert_eq!(tell(&engine, Invocation::script("$kept").session("long")), "1");
    until("its runspace is closed", || engine.stats().closed == 1);
}

pub fn one_that_exits_goes_on(context: &Context) {
    let fixture = Fixture::new(context);
    let engine = fixture.plain().pool(Fixture::pool(1)).build().expect("the settings are valid");
    engine.open_session("work", None, None).expect("the name is free");
    let output = engine
        .blocking()
        .invoke(Invocation::script("$mine = 5; exit 3").session("work"))
        .expect("exit is no error");
    assert_eq!(output.exit_code(), Some(3));
    assert_eq!(tell(&engine, Invocation::script("$mine").session("work")), "5");
}
