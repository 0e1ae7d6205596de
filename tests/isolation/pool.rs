//! The pool on real slots: growth, two keys at its limit, wear.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use runspaced::{Engine, Invocation, Isolation};

use crate::fixture::{Fixture, PATIENCE, settled, tell, until};
use crate::support::Context;

const SLOT: &str = "[runspace]::DefaultRunspace.InstanceId.ToString()";

/// A call that ends when so many of its kind run.
fn meeting(fixture: &Fixture<'_>, round: &str, index: usize, count: usize) -> Invocation {
    let text = format!(
        r"
        param($Round, $Name, $Scratch)
        $folder = [IO.Directory]::CreateDirectory((Join-Path $Scratch $Round)).FullName
        [IO.File]::WriteAllText((Join-Path $folder $Name), '')
        $end = [datetime]::Now.AddSeconds({})
        while ([IO.Directory]::GetFiles($folder).Length -lt {count} -and [datetime]::Now -lt $end) {{ [Threading.Thread]::Sleep(2) }}
        [IO.Directory]::GetFiles($folder).Length
        ",
        PATIENCE.as_secs()
    );
    Invocation::script(text)
        .arg("Round", round)
        .arg("Name", index.to_string())
        .arg("Scratch", fixture.scratch().display().to_string())
}

fn meet(fixture: &Fixture<'_>, engine: &Engine, round: &str, count: usize) {
    thread::scope(|scope| {
        let calls: Vec<_> = (0..count)
            .map(|index| {
                let call = meeting(fixture, round, index, count);
                scope.spawn(move || tell(engine, call))
            })
            .collect();
        for call in calls {
            assert_eq!(call.join().expect("it answers"), count.to_string(), "they did not all run at once");
        }
    });
}

pub fn it_grows_on_demand_and_shrinks_when_idle(context: &Context) {
    let fixture = Fixture::new(context);
    let mut pool = Fixture::pool(4);
    pool.idle_timeout = Duration::from_millis(200);
    let engine = fixture.plain().pool(pool).build().expect("the settings are valid");
    tell(&engine, Invocation::script("1"));
    assert_eq!(settled(&engine).opened, 1, "one call needs one slot");

    meet(&fixture, &engine, "grown", 4);
    let stats = settled(&engine);
    assert_eq!(stats.opened, 4, "{stats:?}");

    until("idle slots are closed down to the minimum", || {
        let stats = engine.stats();
        stats.idle == 1 && stats.closed == 3
    });
    meet(&fixture, &engine, "again", 4);
    assert_eq!(settled(&engine).opened, 7, "it grows again");
}

pub fn two_keys_share_a_full_pool(context: &Context) {
    let fixture = Fixture::new(context);
    let engine = fixture.plain().pool(Fixture::pool(2)).build().expect("the settings are valid");
    let mut slots: [BTreeSet<String>; 2] = Default::default();
    for _ in 0..10 {
        for (key, slots) in ["A", "B"].iter().zip(&mut slots) {
            slots.insert(tell(&engine, Invocation::script(SLOT).affinity(*key)));
            settled(&engine);
        }
    }
    let stats = settled(&engine);
    assert_eq!((slots[0].len(), slots[1].len(), stats.opened), (1, 1, 2), "{slots:?} {stats:?}");
    assert!(slots[0].is_disjoint(&slots[1]));

    // A third key gets the room of the one that was not used for longest; nobody is turned away.
    let third = tell(&engine, Invocation::script(SLOT).affinity("C"));
    assert!(!slots.iter().any(|slots| slots.contains(&third)), "C got a slot of another key");
    let mine = tell(&engine, Invocation::script(SLOT).affinity("B"));
    assert!(slots[1].contains(&mine), "B lost its slot although A's was older");
    let stats = settled(&engine);
    assert_eq!((stats.opened, stats.closed), (3, 1), "{stats:?}");
}

/// Calls of two keys at once, more than there are slots: each is answered and none meets the other's slot.
pub fn two_keys_take_turns_in_one_slot(context: &Context) {
    let fixture = Fixture::new(context);
    let engine = fixture.plain().pool(Fixture::pool(1)).build().expect("the settings are valid");
    let seen: Vec<(usize, String)> = thread::scope(|scope| {
        let calls: Vec<_> = (0..8)
            .map(|index| {
                let call = Invocation::script(format!("$global:Owner += 'k{}'; $Owner", index % 2))
                    .isolation(Isolation::Shared)
                    .affinity(format!("k{}", index % 2));
                let engine = &engine;
                scope.spawn(move || (index % 2, tell(engine, call)))
            })
            .collect();
        calls.into_iter().map(|call| call.join().expect("it answers")).collect()
    });
    assert_eq!(seen.len(), 8);
    for (key, owner) in seen {
        let other = format!("k{}", 1 - key);
        assert!(!owner.contains(&other), "k{key} saw {owner}");
    }
}

pub fn slots_wear_out_by_use(context: &Context) {
    let fixture = Fixture::new(context);
    let mut pool = Fixture::pool(1);
    pool.max_uses = 10;
    let engine = fixture.plain().pool(pool).build().expect("the settings are valid");
    let slots: Vec<String> = (0..48).map(|_| tell(&engine, Invocation::script(SLOT))).collect();
    let mut runs: Vec<usize> = slots.chunk_by(|a, b| a == b).map(<[String]>::len).collect();
    let distinct = slots.iter().collect::<BTreeSet<_>>().len();
    assert_eq!(distinct, runs.len(), "a slot came back after it was replaced");
    runs.pop();
    assert!(runs.len() >= 4, "48 calls wore out only {} slots of about 10 uses each", runs.len());
    assert!(runs.iter().all(|uses| (8..=12).contains(uses)), "10 uses, give or take 20 %: {runs:?}");
    let stats = settled(&engine);
    // The last slot may have come to its end with the last call.
    let recycled = usize::try_from(stats.recycled).expect("a handful");
    assert!((runs.len()..=runs.len() + 1).contains(&recycled), "{runs:?} {stats:?}");
    assert_eq!(stats.opened, stats.recycled + 1, "{stats:?}");
    assert_eq!(stats.retired, 0, "{stats:?}");
}

pub fn slots_wear_out_by_age(context: &Context) {
    let fixture = Fixture::new(context);
    let mut pool = Fixture::pool(1);
    pool.max_age = Duration::from_millis(1);
    let engine = fixture.plain().pool(pool).build().expect("the settings are valid");
    let first = tell(&engine, Invocation::script(SLOT));
    until("the slot is replaced", || engine.stats().recycled >= 1);
    let second = tell(&engine, Invocation::script(SLOT));
    assert_ne!(first, second);
    assert_eq!(engine.stats().retired, 0);
}

/// A fresh call has a runspace of its own, from a spare if there is one.
pub fn fresh_calls_share_no_slot(context: &Context) {
    let fixture = Fixture::new(context);
    let mut pool = Fixture::pool(4);
    pool.spares = 2;
    let engine = fixture.plain().pool(pool).build().expect("the settings are valid");
    let slots: Vec<String> =
        (0..8).map(|_| tell(&engine, Invocation::script(SLOT).isolation(Isolation::Fresh))).collect();
    assert_eq!(slots.iter().collect::<BTreeSet<_>>().len(), 8, "{slots:?}");
    until("spares are ready", || engine.stats().idle >= 2);
    let before = engine.stats().opened;
    let spare = tell(&engine, Invocation::script(SLOT).isolation(Isolation::Fresh));
    assert!(!slots.contains(&spare));
    until("spares are ready again", || engine.stats().idle >= 2 && engine.stats().opened > before);
}
