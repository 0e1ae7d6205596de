//! The pool against a scripted host: who runs where, who waits, who is answered what.

use std::{
    sync::{Arc, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use zeroize::Zeroizing;

use super::{
    CallSpec, CallState, FunctionCall, Functions, LiveEvent, Outcome, Pool, PoolConfig, StopReason, opening,
};
use crate::{
    engine::Isolation,
    error::Error,
    host::{FunctionMessage, Trim, fake::FakeHost, message::SlotConfig},
};

fn config() -> PoolConfig {
    PoolConfig { max: 4, stop_grace: Duration::from_secs(1), max_uses: 0, ..PoolConfig::default() }
}

fn pool_with(config: PoolConfig) -> (Pool, Arc<FakeHost>) {
    let pool = Pool::new(config, &SlotConfig::default(), None).expect("a pool");
    let host = FakeHost::new(pool.events(), Duration::from_millis(5));
    pool.started(Arc::clone(&host) as _, Box::new(|| Ok(())));
    (pool, host)
}

fn pool() -> (Pool, Arc<FakeHost>) {
    pool_with(config())
}

fn spec() -> CallSpec {
    CallSpec {
        isolation: Isolation::Scoped,
        affinity: None,
        session: None,
        exclusive: false,
        deadline: Duration::from_secs(20),
        modules: Vec::new(),
        stream: false,
        correlation_id: None,
    }
}

fn keyed(key: &str) -> CallSpec {
    CallSpec { affinity: Some(key.into()), ..spec() }
}

type Submitted = (Arc<CallState>, oneshot::Receiver<Outcome>);

fn submit(pool: &Pool, spec: CallSpec, text: &str) -> Submitted {
    let request = Zeroizing::new(serde_json::json!({ "text": text }).to_string().into_bytes());
    pool.submit(spec, request, None)
}

fn outcome(receiver: oneshot::Receiver<Outcome>) -> Outcome {
    receiver.blocking_recv().expect("every call is answered")
}

fn error(receiver: oneshot::Receiver<Outcome>) -> Error {
    match outcome(receiver) {
        Outcome::Failed(error) => error,
        other => panic!("expected an error, got {other:?}"),
    }
}

fn eventually(what: &str, condition: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < end, "never came true: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn calls_made_while_the_host_starts_wait_for_it() {
    let pool = Pool::new(config(), &SlotConfig::default(), None).expect("a pool");
    let (_, early) = submit(&pool, spec(), "ok");
    assert_eq!(pool.stats().queued, 1);
    let host = FakeHost::new(pool.events(), Duration::ZERO);
    pool.started(host, Box::new(|| Ok(())));
    assert!(matches!(outcome(early), Outcome::Answered { .. }));
}

#[test]
fn answered_calls_leave_no_alarm_behind() {
    let (pool, _) = pool_with(PoolConfig { max: 1, ..config() });
    let calls: Vec<_> = (0..20).map(|_| submit(&pool, spec(), "sleep:1")).collect();
    for (_, receiver) in calls {
        assert!(matches!(outcome(receiver), Outcome::Answered { .. }));
    }
    eventually("no alarm of an answered call is left", || pool.0.timer.of_calls() == 0);
}

#[test]
fn start_that_fails_answers_waiting_and_later_calls() {
    let pool = Pool::new(config(), &SlotConfig::default(), None).expect("a pool");
    let (_, early) = submit(&pool, spec(), "ok");
    pool.failed(Error::PowerShellNotFound { reason: "none".into(), remedy: "install it".into() });
    assert_eq!(error(early).code(), "E101");
    assert_eq!(error(submit(&pool, spec(), "ok").1).code(), "E101");
}

#[test]
fn closed_loop_stays_on_one_slot() {
    let (pool, host) = pool();
    for _ in 0..200 {
        assert!(matches!(outcome(submit(&pool, spec(), "ok").1), Outcome::Answered { .. }));
    }
    assert_eq!(pool.stats().opened, 1, "a settling slot is worth waiting for");
    assert_eq!(host.history.lock().len(), 200);
}

#[test]
fn pool_grows_on_demand_and_not_beyond_its_maximum() {
    let (pool, host) = pool();
    let calls: Vec<_> = (0..12).map(|_| submit(&pool, spec(), "sleep:50").1).collect();
    for call in calls {
        assert!(matches!(outcome(call), Outcome::Answered { .. }));
    }
    assert_eq!(pool.stats().opened, 4);
    assert_eq!(host.most_running.load(Ordering::SeqCst), 4);
}

#[test]
fn slots_open_a_few_at_a_time_and_a_slow_one_holds_up_nobody() {
    const SLOW: Duration = Duration::from_millis(450);
    let pool = Pool::new(PoolConfig { max: 64, ..config() }, &SlotConfig::default(), None).expect("a pool");
    let host = FakeHost::new(pool.events(), SLOW);
    pool.started(Arc::clone(&host) as _, Box::new(|| Ok(())));
    assert!(matches!(outcome(submit(&pool, spec(), "ok").1), Outcome::Answered { .. }));
    let count = opening::at_once() * 2 + 1;
    let calls: Vec<_> = (0..count).map(|_| submit(&pool, spec(), "sleep:2000").1).collect();
    assert!(pool.stats().opening <= opening::at_once());
    // None has opened yet: their turn is over.
    eventually("more are opening", || pool.stats().opening > opening::at_once());
    assert_eq!(pool.stats().opened, 1);
    for call in calls {
        assert!(matches!(outcome(call), Outcome::Answered { .. }));
    }
    assert_eq!(pool.stats().opened, count as u64);
}

#[test]
fn waiting_calls_start_in_their_order() {
    let (pool, host) = pool_with(PoolConfig { max: 1, ..config() });
    let calls: Vec<_> = (0..20).map(|n| submit(&pool, spec(), &format!("sleep:2 n{n}")).1).collect();
    calls.into_iter().for_each(|call| drop(outcome(call)));
    let order: Vec<u64> = host.history.lock().iter().map(|(_, call, _)| call.0).collect();
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn full_queue_is_answered_at_once() {
    let (pool, _host) = pool_with(PoolConfig { max: 1, queue: 2, ..config() });
    let first = submit(&pool, spec(), "sleep:30000");
    eventually("the first call runs", || pool.stats().running == 1);
    let waiting = [submit(&pool, spec(), "ok"), submit(&pool, spec(), "ok")];
    let refused = error(submit(&pool, spec(), "ok").1);
    assert_eq!(refused.code(), "E201");
    assert!(refused.to_string().contains("1 calls run, 2 wait (limit 2)"), "{refused}");
    pool.stop(&first.0, StopReason::Cancelled);
    drop(outcome(first.1));
    waiting.into_iter().for_each(|(_, call)| drop(outcome(call)));
}

#[test]
fn call_that_waits_too_long_is_told_so() {
    let (pool, _host) =
        pool_with(PoolConfig { max: 1, acquire_timeout: Duration::from_millis(500), ..config() });
    let first = submit(&pool, spec(), "sleep:3000");
    eventually("the first call runs", || pool.stats().running == 1);
    assert_eq!(error(submit(&pool, spec(), "ok").1).code(), "E202");
    drop(outcome(first.1));
}

#[test]
fn deadline_stops_a_call_and_the_slot_is_used_again() {
    let (pool, host) = pool();
    let call = submit(&pool, CallSpec { deadline: Duration::from_millis(400), ..spec() }, "sleep:10000");
    assert!(matches!(outcome(call.1), Outcome::Answered { stop: Some(StopReason::Deadline), .. }));
    drop(outcome(submit(&pool, spec(), "ok").1));
    assert_eq!(pool.stats().opened, 1);
    assert!(!host.ended_descendants.lock().is_empty(), "a stopped call's child processes are ended");
}

#[test]
fn call_that_does_not_stop_is_given_up_and_replaced() {
    let (pool, host) = pool();
    let call = submit(&pool, CallSpec { deadline: Duration::from_millis(400), ..spec() }, "stuck:3000");
    assert!(matches!(outcome(call.1), Outcome::Abandoned(StopReason::Deadline)));
    assert_eq!(pool.stats().abandoned, 1);
    drop(outcome(submit(&pool, spec(), "ok").1));
    eventually("its thread comes back and is no longer counted", || pool.stats().abandoned == 0);
    assert_eq!(pool.stats().abandoned_total, 1);
    let slots: Vec<_> = host.history.lock().iter().map(|(slot, ..)| *slot).collect();
    assert_ne!(slots[0], slots[1]);
}

#[test]
fn too_many_given_up_slots_refuse_new_work() {
    let (pool, _host) = pool_with(PoolConfig { abandon_budget: 2, ..config() });
    let calls: Vec<_> = (0..2)
        .map(|_| submit(&pool, CallSpec { deadline: Duration::from_millis(400), ..spec() }, "stuck:6000").1)
        .collect();
    calls.into_iter().for_each(|call| assert!(matches!(outcome(call), Outcome::Abandoned(_))));
    assert!(pool.stats().degraded);
    assert_eq!(error(submit(&pool, spec(), "ok").1).code(), "E203");
}

#[test]
fn cancel_before_during_after_and_twice_gives_one_answer() {
    let (pool, _host) = pool_with(PoolConfig { max: 1, ..config() });
    let running = submit(&pool, spec(), "sleep:5000");
    let waiting = submit(&pool, spec(), "ok");
    eventually("the first call runs", || pool.stats().running == 1);
    pool.stop(&waiting.0, StopReason::Cancelled);
    assert!(matches!(outcome(waiting.1), Outcome::NeverRan(StopReason::Cancelled)));
    pool.stop(&running.0, StopReason::Cancelled);
    pool.stop(&running.0, StopReason::Deadline);
    assert!(matches!(outcome(running.1), Outcome::Answered { stop: Some(StopReason::Cancelled), .. }));
    pool.stop(&running.0, StopReason::Cancelled);
    assert_eq!(pool.stats().late_answers, 0);
}

#[test]
fn slot_never_serves_a_second_key() {
    let (pool, host) = pool_with(PoolConfig { max: 2, ..config() });
    let keys = ["a", "b", "c"];
    for round in 0..30 {
        let key = keys[round % 3];
        drop(outcome(submit(&pool, keyed(key), key).1));
    }
    drop(outcome(submit(&pool, spec(), "nobody").1));
    let mut served = std::collections::BTreeMap::new();
    for (slot, _, key) in host.history.lock().iter() {
        assert_eq!(served.entry(*slot).or_insert_with(|| key.clone()), key, "slot {slot:?}");
    }
    assert!(host.open_slots() <= 2);
}

#[test]
fn slot_that_opens_for_one_key_does_not_cost_another_its_slot() {
    let (pool, host) = pool_with(PoolConfig { max: 2, ..config() });
    for round in 0..40 {
        let key = ["a", "b"][round % 2];
        drop(outcome(submit(&pool, keyed(key), key).1));
    }
    assert_eq!(pool.stats().opened, 2, "{:?}", host.history.lock());
}

#[test]
fn call_that_waits_for_room_is_not_overtaken_for_ever() {
    let (pool, _host) = pool_with(PoolConfig { max: 1, ..config() });
    let (_, first) = submit(&pool, keyed("a"), "sleep:20");
    let (_, other) = submit(&pool, keyed("b"), "b");
    let crowd: Vec<_> = (0..20).map(|_| submit(&pool, keyed("a"), "sleep:500").1).collect();
    drop(outcome(first));
    // In its turn, not after ten seconds of calls that came later.
    assert!(matches!(outcome(other), Outcome::Answered { .. }));
    assert!(pool.stats().queued > 10, "{:?}", pool.stats());
    drop(crowd);
}

#[test]
fn call_prefers_the_slot_that_has_its_modules() {
    let (pool, host) = pool();
    // Two slots of one key, of which the older one was told to have the module.
    let both = [submit(&pool, spec(), "sleep:60"), submit(&pool, spec(), "sleep:30")];
    both.into_iter().for_each(|(_, call)| drop(outcome(call)));
    eventually("both slots are idle", || pool.stats().idle >= 2);
    let slots: Vec<_> = host.history.lock().iter().map(|(slot, ..)| *slot).collect();
    pool.0.decide(|state, _| {
        state.set_modules(slots[0], &["/modules/Az.Accounts/Az.Accounts.psd1".to_owned()])
    });
    for _ in 0..5 {
        drop(outcome(submit(&pool, CallSpec { modules: vec!["az.accounts".into()], ..spec() }, "with").1));
        eventually("idle again", || pool.stats().idle >= 2);
    }
    assert!(
        host.history.lock().iter().filter(|(.., text)| text == "with").all(|(slot, ..)| *slot == slots[0])
    );
}

#[test]
fn fresh_calls_never_share_a_slot() {
    let (pool, host) = pool();
    for _ in 0..6 {
        let call = submit(&pool, CallSpec { isolation: Isolation::Fresh, ..spec() }, "retire").1;
        drop(outcome(call));
    }
    let slots: std::collections::BTreeSet<_> = host.history.lock().iter().map(|(slot, ..)| *slot).collect();
    assert_eq!(slots.len(), 6);
    eventually("spares stand ready", || pool.stats().idle >= 2);
}

#[test]
fn exclusive_call_runs_alone() {
    let (pool, host) = pool();
    let before: Vec<_> = (0..3).map(|_| submit(&pool, spec(), "sleep:60").1).collect();
    eventually("they run", || pool.stats().running == 3);
    host.most_running.store(0, Ordering::SeqCst);
    let alone = submit(&pool, CallSpec { exclusive: true, ..spec() }, "sleep:40 alone");
    let after: Vec<_> = (0..3).map(|_| submit(&pool, spec(), "ok after").1).collect();
    before.into_iter().for_each(|call| drop(outcome(call)));
    drop(outcome(alone.1));
    let started: Vec<String> = host.history.lock().iter().map(|(.., text)| text.clone()).collect();
    let position = started.iter().position(|text| text.contains("alone")).expect("ran");
    assert!(started[position + 1..].iter().all(|text| text.contains("after")), "{started:?}");
    assert_eq!(position, 3, "nothing overtook it: {started:?}");
    after.into_iter().for_each(|call| drop(outcome(call)));
}

#[test]
fn dirty_environment_lets_running_calls_end_before_the_next_starts() {
    let (pool, host) = pool();
    let slow = submit(&pool, spec(), "sleep:30000 slow");
    eventually("it runs", || pool.stats().running == 1);
    drop(outcome(submit(&pool, spec(), "overlap").1));
    eventually("the overlap is counted", || pool.stats().environment_overlaps == 1);
    let next = submit(&pool, spec(), "next");
    thread::sleep(Duration::from_millis(40));
    assert!(!host.history.lock().iter().any(|(.., text)| text == "next"), "it started beside the slow call");
    pool.stop(&slow.0, StopReason::Cancelled);
    drop(outcome(slow.1));
    assert!(matches!(outcome(next.1), Outcome::Answered { .. }));
}

#[test]
fn slot_that_is_to_be_retired_is_closed_and_replaced() {
    let (pool, host) = pool();
    drop(outcome(submit(&pool, spec(), "retire").1));
    drop(outcome(submit(&pool, spec(), "ok").1));
    let history = host.history.lock().clone();
    assert_ne!(history[0].0, history[1].0);
    assert_eq!(pool.stats().retired, 1);
}

#[test]
fn worn_out_slots_are_recycled() {
    let (pool, host) = pool_with(PoolConfig { max_uses: 10, ..config() });
    for _ in 0..40 {
        drop(outcome(submit(&pool, spec(), "ok").1));
    }
    let slots: std::collections::BTreeSet<_> = host.history.lock().iter().map(|(slot, ..)| *slot).collect();
    assert!((3..=6).contains(&slots.len()), "40 uses at 8 to 12 a slot took {} slots", slots.len());
}

#[test]
fn renewed_slots_serve_no_further_call() {
    let (pool, host) = pool_with(PoolConfig { min: 2, ..config() });
    eventually("two slots stand ready", || pool.stats().idle == 2);
    let (call, running) = submit(&pool, spec(), "sleep:30000");
    eventually("it runs", || pool.stats().running == 1);
    pool.renew();
    pool.stop(&call, StopReason::Cancelled);
    drop(outcome(running));
    for _ in 0..4 {
        drop(outcome(submit(&pool, spec(), "ok").1));
    }
    let history = host.history.lock().clone();
    let (old, new) = history.split_at(1);
    assert!(new.iter().all(|(slot, ..)| *slot != old[0].0), "{history:?}");
    assert_eq!(pool.stats().recycled, 2);
}

#[test]
fn slot_that_is_renewed_while_it_opens_is_closed_again() {
    let pool = Pool::new(config(), &SlotConfig::default(), None).expect("a pool");
    let host = FakeHost::new(pool.events(), Duration::from_millis(100));
    pool.started(Arc::clone(&host) as _, Box::new(|| Ok(())));
    pool.renew();
    drop(outcome(submit(&pool, spec(), "ok").1));
    assert_eq!(pool.stats().recycled, 1);
}

#[test]
fn slot_that_never_settles_is_given_up() {
    let (pool, _host) = pool_with(PoolConfig { settle_timeout: Duration::from_millis(50), ..config() });
    assert!(matches!(outcome(submit(&pool, spec(), "unsettled").1), Outcome::Answered { .. }));
    eventually("it is given up", || pool.stats().abandoned == 1);
    drop(outcome(submit(&pool, spec(), "ok").1));
}

#[test]
fn environment_exit_answers_its_caller_and_the_pool_lives() {
    let (pool, _host) = pool();
    match error(submit(&pool, spec(), "exit:7").1) {
        Error::ExitCalled { code } => assert_eq!(code, 7),
        other => panic!("{other}"),
    }
    assert!(pool.stats().restart_wanted);
    drop(outcome(submit(&pool, spec(), "ok").1));
}

#[test]
fn slot_that_closes_under_a_call_answers_it() {
    let (pool, _host) = pool();
    assert_eq!(error(submit(&pool, spec(), "close").1).code(), "E602");
    drop(outcome(submit(&pool, spec(), "ok").1));
}

#[test]
fn slot_that_does_not_open_names_the_module() {
    let pool = Pool::new(config(), &SlotConfig::default(), None).expect("a pool");
    let host = FakeHost::new(pool.events(), Duration::ZERO);
    host.fail_opens.store(1, Ordering::SeqCst);
    let (_, early) = submit(&pool, spec(), "ok");
    pool.started(Arc::clone(&host) as _, Box::new(|| Ok(())));
    let failure = error(early);
    assert_eq!(failure.code(), "E104");
    assert!(failure.to_string().contains("module Broken"), "{failure}");
    assert!(matches!(outcome(submit(&pool, spec(), "ok").1), Outcome::Answered { .. }), "the next try opens");
}

#[test]
fn upgraded_powershell_stops_new_slots() {
    let pool = Pool::new(config(), &SlotConfig::default(), None).expect("a pool");
    let host = FakeHost::new(pool.events(), Duration::ZERO);
    pool.started(
        host,
        Box::new(|| {
            Err(Error::PowerShellChanged { home: "/ps".into(), change: "7.6.5 is now 7.6.6".into() })
        }),
    );
    assert_eq!(error(submit(&pool, spec(), "ok").1).code(), "E105");
}

#[test]
fn session_keeps_its_slot_and_belongs_to_its_key() {
    let (pool, host) = pool();
    let mine = CallSpec { session: Some("s".into()), isolation: Isolation::Session, ..keyed("me") };
    assert_eq!(error(submit(&pool, mine.clone(), "ok").1).code(), "E303");
    pool.open_session("s".into(), Some("me".into()), None).expect("opens");
    for _ in 0..3 {
        drop(outcome(submit(&pool, mine.clone(), "session").1));
        drop(outcome(submit(&pool, keyed("me"), "other").1));
    }
    let history = host.history.lock().clone();
    let of = |wanted: &str| -> std::collections::BTreeSet<_> {
        history.iter().filter(|(.., text)| text == wanted).map(|(slot, ..)| *slot).collect()
    };
    assert_eq!(of("session").len(), 1);
    assert!(of("session").is_disjoint(&of("other")));
    let stranger = CallSpec { affinity: Some("you".into()), ..mine.clone() };
    assert_eq!(error(submit(&pool, stranger, "ok").1).code(), "E303");
    assert!(!pool.close_session(&"s".into(), Some("you")));
    assert!(pool.close_session(&"s".into(), Some("me")));
    assert_eq!(error(submit(&pool, mine, "ok").1).code(), "E303");
}

#[test]
fn unused_session_ends_by_itself() {
    let (pool, _host) = pool();
    pool.open_session("s".into(), None, Some(Duration::from_millis(1))).expect("opens");
    eventually("it ends", || pool.stats().sessions == 0);
}

#[test]
fn session_does_not_end_while_it_is_used_or_awaited() {
    let pool = Pool::new(config(), &SlotConfig::default(), None).expect("a pool");
    pool.open_session("s".into(), None, Some(Duration::from_millis(1))).expect("opens");
    let call = CallSpec { session: Some("s".into()), isolation: Isolation::Session, ..spec() };
    let (_, waiting) = submit(&pool, call.clone(), "ok");
    // Longer than the pool looks for sessions that nobody uses.
    thread::sleep(super::HOUSEKEEPING * 2);
    pool.started(FakeHost::new(pool.events(), Duration::ZERO), Box::new(|| Ok(())));
    assert!(matches!(outcome(waiting), Outcome::Answered { .. }));
    eventually("it ends", || pool.stats().sessions == 0);

    pool.open_session("s".into(), None, Some(Duration::from_millis(1_500))).expect("opens");
    drop(outcome(submit(&pool, call.clone(), "sleep:2500").1));
    assert!(
        matches!(outcome(submit(&pool, call, "ok").1), Outcome::Answered { .. }),
        "its time begins with the end"
    );
}

#[test]
fn consumer_that_is_slow_slows_a_stream_and_loses_nothing() {
    let (pool, _host) = pool();
    let (sender, mut receiver) = mpsc::channel(4);
    let request = Zeroizing::new(br#"{"text":"records:500"}"#.to_vec());
    let (call, answer) = pool.submit(CallSpec { stream: true, ..spec() }, request, Some(sender));
    let mut seen = 0;
    while let Some(event) = receiver.blocking_recv() {
        pool.resume(&call);
        assert!(matches!(event, LiveEvent::Record(_)));
        seen += 1;
        if seen % 100 == 0 {
            thread::sleep(Duration::from_millis(2));
        }
    }
    assert_eq!(seen, 500);
    assert!(matches!(outcome(answer), Outcome::Answered { .. }));
}

#[test]
fn stream_nobody_reads_can_be_cancelled() {
    let (pool, _host) = pool();
    let (sender, receiver) = mpsc::channel(2);
    let request = Zeroizing::new(br#"{"text":"records:100"}"#.to_vec());
    let (call, answer) = pool.submit(CallSpec { stream: true, ..spec() }, request, Some(sender));
    eventually("it waits", || call.starved.load(Ordering::SeqCst));
    pool.stop(&call, StopReason::Cancelled);
    assert!(matches!(outcome(answer), Outcome::Answered { stop: Some(StopReason::Cancelled), .. }));
    drop(receiver);
}

#[test]
fn shut_down_waits_stops_and_refuses() {
    let (pool, host) = pool();
    let quick = submit(&pool, spec(), "sleep:700");
    let slow = submit(&pool, spec(), "sleep:60000");
    let stuck = submit(&pool, spec(), "stuck:60000");
    eventually("they run", || pool.stats().running == 3);
    let stopped = pool.shut_down(Duration::from_secs(2));
    assert_eq!(stopped, 2);
    assert!(matches!(outcome(quick.1), Outcome::Answered { stop: None, .. }));
    assert!(matches!(outcome(slow.1), Outcome::Answered { stop: Some(StopReason::ShutDown), .. }));
    assert!(matches!(outcome(stuck.1), Outcome::Abandoned(StopReason::ShutDown)));
    assert_eq!(error(submit(&pool, spec(), "ok").1).code(), "E601");
    eventually("slots are closed", || host.open_slots() == 0);
}

#[test]
fn idle_slots_beyond_the_minimum_are_closed() {
    let (pool, host) = pool_with(PoolConfig { idle_timeout: Duration::from_millis(10), ..config() });
    let calls: Vec<_> = (0..4).map(|_| submit(&pool, spec(), "sleep:40").1).collect();
    calls.into_iter().for_each(|call| drop(outcome(call)));
    eventually("one is left", || host.open_slots() == 1);
}

#[test]
fn racing_cancels_and_ends_answer_every_call_once() {
    let (pool, _host) = pool_with(PoolConfig { queue: 4096, max: 8, ..config() });
    let threads: Vec<_> = (0..4)
        .map(|seed| {
            let pool = pool.clone();
            thread::spawn(move || {
                for n in 0..150u64 {
                    let text = ["ok", "sleep:1", "sleep:3", "dirty", "retire"][((n + seed) % 5) as usize];
                    let (call, answer) = submit(&pool, spec(), text);
                    if (n + seed) % 3 == 0 {
                        if n % 2 == 0 {
                            thread::sleep(Duration::from_micros(n * 17 % 1500));
                        }
                        pool.stop(&call, StopReason::Cancelled);
                    }
                    answer.blocking_recv().expect("one answer");
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
    eventually("nothing is left running", || {
        let stats = pool.stats();
        stats.running == 0 && stats.settling == 0 && stats.queued == 0
    });
}

/// Keeps calls of functions until a test ends them.
#[derive(Default)]
struct Pending(Mutex<Vec<FunctionCall>>);

impl Functions for Pending {
    fn call(&self, call: FunctionCall) {
        self.0.lock().push(call);
    }
}

fn pool_with_functions(config: PoolConfig) -> (Pool, Arc<FakeHost>, Arc<Pending>) {
    let pending = Arc::new(Pending::default());
    let pool = Pool::new(config, &SlotConfig::default(), Some(Arc::clone(&pending) as _)).expect("a pool");
    let host = FakeHost::new(pool.events(), Duration::from_millis(5));
    pool.started(Arc::clone(&host) as _, Box::new(|| Ok(())));
    (pool, host, pending)
}

#[test]
fn slot_that_waits_for_a_function_leaves_its_place_to_others() {
    let (pool, host, pending) = pool_with_functions(PoolConfig { max: 1, max_waiting: 1, ..config() });
    let (_, slow) = submit(&pool, spec(), "function:1");
    eventually("it waits", || pool.stats().waiting == 1 && !pending.0.lock().is_empty());
    assert!(
        matches!(outcome(submit(&pool, spec(), "ok").1), Outcome::Answered { .. }),
        "there is one slot at most"
    );

    let call = pending.0.lock().pop().expect("a call");
    assert_eq!((call.name.as_str(), call.arguments.get()), ("f", r#"{"a":1}"#));
    call.caller.end(FunctionMessage::Finished, b"null");
    assert!(matches!(outcome(slow), Outcome::Answered { .. }));
    drop(call);
    assert_eq!(*host.function_replies.lock(), ["Finished null"], "only the first end counts");
    eventually("the pool is back at its size", || {
        let stats = pool.stats();
        stats.idle + stats.running + stats.settling + stats.opening <= 1
    });
}

#[test]
fn function_whose_caller_goes_away_is_cancelled() {
    let (pool, _host, pending) = pool_with_functions(config());
    let (call, receiver) = submit(&pool, spec(), "function:1");
    eventually("it waits", || pool.stats().waiting == 1 && !pending.0.lock().is_empty());
    let function = pending.0.lock().pop().expect("a call");
    pool.stop(&call, StopReason::Cancelled);
    assert!(matches!(outcome(receiver), Outcome::Answered { stop: Some(StopReason::Cancelled), .. }));
    eventually("it is cancelled", || function.caller.cancelled().is_cancelled());
    assert_eq!(pool.stats().host_functions, 0);
}

#[test]
fn function_that_ends_without_an_answer_fails_its_caller() {
    let (pool, host, pending) = pool_with_functions(config());
    let (_, receiver) = submit(&pool, spec(), "function:1");
    eventually("it waits", || pool.stats().waiting == 1 && !pending.0.lock().is_empty());
    pending.0.lock().clear();
    assert!(matches!(outcome(receiver), Outcome::Answered { .. }));
    let replies = host.function_replies.lock();
    assert!(replies[0].starts_with("Failed") && replies[0].contains("without an answer"), "{replies:?}");
}

#[test]
fn memory_is_given_back_once_nothing_runs() {
    let (pool, host) = pool();
    let (call, running) = submit(&pool, spec(), "sleep:30000");
    eventually("it runs", || pool.stats().running == 1);
    thread::sleep(Duration::from_millis(2_300));
    assert_eq!(*host.trims.lock(), [], "a call runs");
    pool.stop(&call, StopReason::Cancelled);
    outcome(running);
    let given_back = || host.trims.lock().iter().filter(|depth| **depth == Trim::GiveBack).count();
    eventually("idle memory is given back", || given_back() == 1);
    thread::sleep(Duration::from_millis(2_200));
    assert_eq!(given_back(), 1, "nothing has happened since");
    outcome(submit(&pool, spec(), "1").1);
    eventually("it is given back again after a call", || given_back() == 2);
}
