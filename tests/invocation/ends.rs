//! What ends a call: one answer each.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::Context;
use crate::support::engine::{
    builder, engine, eventually, fails, invoke, still_works, values, values_of, warm,
};
use crate::{SECOND, block_on};
use runspaced::{Invocation, PoolConfig};
use serde_json::json;

/// Deadlines, cancels, drops and ends race with one another; whatever wins, each call is answered once and the pool is whole.
pub fn every_call_has_one_answer_whatever_ends_it(context: &Context) {
    let engine = engine(context);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let kinds = runtime.block_on(async {
        let mut calls = tokio::task::JoinSet::new();
        for number in 0..150_u64 {
            let pause = number % 7 * 10;
            let script = match number % 5 {
                0 => "param($p) Start-Sleep -Milliseconds $p; 'slept'",
                1 => "param($p) while ($true) {}",
                2 => "param($p) 1..1000000 | Where-Object { $_ -lt 0 }",
                3 => "param($p) sleep 60",
                _ => "param($p) throw \"after $p\"",
            };
            let call = Invocation::script(script)
                .arg("p", pause)
                .timeout(Duration::from_millis(100 + number % 11 * 30));
            let engine = engine.clone();
            calls.spawn(async move {
                let call = engine.start(call).expect("is valid");
                let handle = call.cancel_handle();
                if number % 3 == 0 {
                    tokio::spawn(async move {
                        tokio::time::sleep(Duration::from_millis(number % 13 * 15)).await;
                        handle.cancel();
                    });
                }
                match call.await {
                    Ok(_) => "ok",
                    Err(error) => error.code(),
                }
            });
        }
        let mut kinds = Vec::new();
        while let Some(kind) = calls.join_next().await {
            kinds.push(kind.expect("no panic"));
        }
        kinds
    });
    assert_eq!(kinds.len(), 150);
    let found: BTreeSet<_> = kinds.iter().copied().collect();
    let expected = BTreeSet::from(["ok", "E202", "E401", "E501", "E502"]);
    assert!(found.is_subset(&expected), "{found:?}");
    assert!(found.contains("E501") && found.contains("E502"), "{found:?}");
    eventually("the pool is quiet", || {
        let stats = engine.stats();
        stats.running == 0 && stats.queued == 0 && stats.settling == 0
    });
    assert_eq!(engine.stats().abandoned_total, 0, "all of these can be stopped");
    for _ in 0..8 {
        still_works(&engine);
    }
}

pub fn a_dropped_future_stops_its_call(context: &Context) {
    let engine = engine(context);
    let mark = context.scratch().join("mark");
    let script = "param($mark) try { while ($true) { Start-Sleep -Milliseconds 20 } } finally { [IO.File]::WriteAllText($mark, 'stopped') }";
    block_on(async {
        let call = engine.invoke(Invocation::script(script).arg("mark", &mark));
        let outcome = tokio::time::timeout(SECOND, call).await;
        assert!(outcome.is_err(), "it was dropped before it ended");
    });
    eventually("its finally block ran", || mark.exists());
    eventually("the slot is free", || engine.stats().running == 0);
    // A call that is dropped while it waits never runs.
    let engine = warm(builder(context).max_slots(1));
    let busy = engine.start(Invocation::script("Start-Sleep 2")).expect("starts");
    eventually("it runs", || engine.stats().running == 1);
    let late = context.scratch().join("late");
    let waiting = engine
        .start(Invocation::script("param($f) [IO.File]::WriteAllText($f, 'ran')").arg("f", &late))
        .expect("waits");
    assert_eq!(engine.stats().queued, 1);
    drop(waiting);
    assert_eq!(engine.stats().queued, 0);
    block_on(busy).expect("ends");
    still_works(&engine);
    assert!(!late.exists());
}

pub fn shut_down_answers_everybody(context: &Context) {
    let mut pool = PoolConfig::default();
    pool.max = 2;
    pool.stop_grace = Duration::from_millis(500);
    let engine = warm(builder(context).pool(pool));
    let quick = engine.start(Invocation::script("Start-Sleep -Milliseconds 300; 'quick'")).expect("starts");
    let endless = engine.start(Invocation::script("while ($true) {}")).expect("starts");
    let waiting = engine.start(Invocation::script("Start-Sleep 60")).expect("waits");
    eventually("two run", || engine.stats().running == 2);
    let closing = engine.clone();
    let closer = std::thread::spawn(move || closing.shut_down(2 * SECOND));
    assert_eq!(block_on(quick).expect("may end").json(), r#"["quick"]"#);
    for call in [endless, waiting] {
        let error = block_on(call).expect_err("is stopped");
        assert_eq!(error.code(), "E601", "{error}");
    }
    assert_eq!(closer.join().expect("no panic"), 2);
    assert_eq!(fails(&engine, Invocation::script("1")).code(), "E601");
    // Another engine of the same process lives on.
    still_works(&self::engine(context));
}

pub fn a_session_keeps_its_state(context: &Context) {
    let engine = engine(context);
    engine.open_session("work", None, None).expect("opens");
    let call = |script: &str| Invocation::script(script).session("work");
    invoke(&engine, call("$n = 1; function Add-One { $script:n + 1 }; Set-Location /"));
    assert_eq!(values_of(&engine, call("$n; Add-One; $PWD.Path")), [json!(1), json!(2), json!("/")]);
    assert_eq!(values(&engine, "\"<$n>\""), ["<>"], "nobody else sees it");
    let error = fails(&engine, call("Start-Sleep 60").timeout(SECOND));
    assert_eq!(error.code(), "E501");
    assert_eq!(values_of(&engine, call("$n")), [1], "it outlives a call that was stopped");
    let error = engine.open_session("work", None, None).expect_err("is taken");
    assert_eq!(error.code(), "E303");
    let error = fails(&engine, Invocation::script("$n").session("work").affinity("another"));
    assert_eq!(error.code(), "E303", "{error}");
    assert!(engine.close_session("work", None));
    assert_eq!(fails(&engine, call("$n")).code(), "E303");
    engine.open_session("work", None, None).expect("opens again");
    assert_eq!(values_of(&engine, call("\"<$n>\"")), ["<>"]);
}
