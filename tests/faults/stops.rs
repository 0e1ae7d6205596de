//! Loops, sleeps and threads that cannot be stopped.

use std::time::{Duration, Instant};

use crate::support::Context;
use crate::support::engine::{engine, eventually, fails, still_works, values};
use crate::{SECOND, assert_timeout, impatient};
use runspaced::{Error, Invocation};

pub fn an_endless_loop_ends_at_its_deadline(context: &Context) {
    let engine = engine(context);
    let spinning = engine.start(Invocation::script("while ($true) {}").timeout(SECOND)).expect("starts");
    still_works(&engine);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    assert_timeout(&runtime.block_on(spinning).expect_err("is stopped"), false);
    still_works(&engine);
    eventually("the slot serves again", || engine.stats().idle >= 1 && engine.stats().running == 0);
    assert_eq!(engine.stats().abandoned, 0);
}

pub fn a_sleep_ends_when_cancelled(context: &Context) {
    let engine = engine(context);
    let mark = context.scratch().join("mark");
    let script = "param($mark) 1; [IO.File]::WriteAllText($mark, ''); Start-Sleep 3600";
    let call = engine.start(Invocation::script(script).arg("mark", &mark)).expect("starts");
    let handle = call.cancel_handle();
    eventually("it runs", || mark.exists());
    std::thread::spawn(move || {
        handle.cancel();
        handle.cancel();
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let error = runtime.block_on(call).expect_err("is cancelled");
    assert!(matches!(error, Error::Cancelled { abandoned: false, .. }), "{error}");
    assert_eq!(error.output().map(runspaced::Output::json), Some("[1]"), "what came before is there");
    still_works(&engine);
}

pub fn a_thread_that_cannot_be_stopped_is_given_up_and_replaced(context: &Context) {
    let engine = impatient(context, 4);
    let before = Instant::now();
    let error = fails(&engine, Invocation::script("[Threading.Thread]::Sleep(-1)").timeout(2 * SECOND));
    assert_timeout(&error, true);
    assert!(before.elapsed() >= 2 * SECOND, "not before its deadline");
    assert!(before.elapsed() < 20 * SECOND, "deadline and grace are 2.5 s together");
    let stats = engine.stats();
    assert_eq!((stats.abandoned, stats.abandoned_total), (1, 1));
    assert!(!stats.degraded);
    still_works(&engine);

    // One that returns after all is no longer counted.
    let error = fails(
        &engine,
        Invocation::script("[Threading.Thread]::Sleep(6000); 'x' | Set-Content $args[0]")
            .positional(context.scratch().join("late"))
            .timeout(2 * SECOND),
    );
    assert_timeout(&error, true);
    assert_eq!(engine.stats().abandoned_total, 2);
    eventually("the second one has come back", || engine.stats().abandoned == 1);
    assert!(!context.scratch().join("late").exists(), "a stopped pipeline does not go on");
    still_works(&engine);
}

pub fn too_many_given_up_slots_degrade_the_engine(context: &Context) {
    let engine = impatient(context, 2);
    for round in 1..=2 {
        let call = Invocation::script("[Threading.Thread]::Sleep(-1)").timeout(2 * SECOND);
        assert_timeout(&fails(&engine, call), true);
        assert_eq!(engine.stats().abandoned, round);
    }
    let error = fails(&engine, Invocation::script("1"));
    assert_eq!(error.code(), "E203", "{error}");
    assert!(matches!(error, Error::Degraded { abandoned: 2, budget: 2 }), "{error:?}");
    assert!(engine.stats().degraded);
    // It says so from now on, and its end does not hang on the stuck threads.
    assert_eq!(fails(&engine, Invocation::script("1")).code(), "E203");
    engine.shut_down(Duration::ZERO);
}

pub fn finally_blocks_run_when_a_call_is_cancelled(context: &Context) {
    let engine = engine(context);
    let script = "param($file) try { Start-Sleep 3600 } finally { Start-Sleep 1; [IO.File]::WriteAllText($file, 'done') }";
    let file = context.scratch().join("finally");
    let error = fails(&engine, Invocation::script(script).arg("file", &file).timeout(SECOND));
    assert_timeout(&error, false);
    eventually("the finally block ran to its end", || file.exists());
    still_works(&engine);
}

/// PowerShell's own stop throws where the pipeline ends at that moment; on a thread of PowerShell's that would end the process.
pub fn cancels_that_meet_the_end_of_their_call_harm_nobody(context: &Context) {
    let engine = engine(context);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let script = "foreach ($n in 1..300) { $null = $n | Write-Output }; 'end'";
    (0..50).for_each(|_| assert_eq!(values(&engine, script), ["end"]));
    let start = Instant::now();
    values(&engine, script);
    let usual = start.elapsed();
    let (mut cancelled, mut ended) = (0, 0);
    for round in 0..1_500_u32 {
        let running = engine.start(Invocation::script(script)).expect("starts");
        let handle = running.cancel_handle();
        let canceller = std::thread::spawn(move || {
            // From the first half of a call to a little after its end.
            std::thread::sleep(usual / 2 + usual * (round % 100) / 120);
            handle.cancel();
        });
        match runtime.block_on(running) {
            Ok(_) => ended += 1,
            Err(Error::Cancelled { abandoned: false, .. }) => cancelled += 1,
            Err(error) => panic!("{} {error}", error.code()),
        }
        canceller.join().expect("a cancel never fails");
    }
    println!("{cancelled} of {} were cancelled", cancelled + ended);
    assert!(cancelled > 0, "no cancel came before the end of its call");
    still_works(&engine);
}
