//! Affinity keys: what one leaves, another never meets, whatever the level and however few slots there are.

use runspaced::{Engine, Invocation, Isolation};

use crate::fixture::{Fixture, ask, canary, settled};
use crate::row::{Nature, Row};
use crate::rows;
use crate::support::Context;

/// Levels of pooled calls. A session is bound to its key by its name, see `sessions`.
const LEVELS: [Isolation; 4] = [Isolation::Scoped, Isolation::Reset, Isolation::Fresh, Isolation::Shared];

pub fn one_slot(context: &Context) {
    never_meet(context, 1);
}

pub fn two_slots(context: &Context) {
    never_meet(context, 2);
}

/// Leaves all kinds of state under key A, looks under key B and sees what is to be seen where nothing was left.
fn never_meet(context: &Context, max: usize) {
    let fixture = Fixture::new(context);
    let mut failures = Vec::new();
    let mut looks = 0;
    for level in LEVELS {
        for (group, rows) in rows::GROUPS {
            if *group == rows::THREAD_JOB && !rows::has_thread_job(&fixture) {
                continue;
            }
            let rows: Vec<&Row> = rows.iter().filter(|row| is_kept_apart(row, level)).collect();
            if rows.is_empty() {
                continue;
            }
            looks += rows.len();
            let engine = fixture.builder().pool(Fixture::pool(max)).build().expect("the settings are valid");
            let canary = canary();
            let pristine: Vec<_> =
                rows.iter().map(|row| call(&fixture, &engine, row.look, level, "P", &canary)).collect();
            let mut left = 0;
            for row in &rows {
                // One row may keep the next from working: under `shared` they pile up.
                left += usize::from(call(&fixture, &engine, row.leave, level, "A", &canary).is_ok());
            }
            assert!(
                left * 2 > rows.len(),
                "{group} / {level:?}: only {left} of {} rows left anything",
                rows.len()
            );
            for (row, pristine) in rows.iter().zip(&pristine) {
                let seen = call(&fixture, &engine, row.look, level, "B", &canary);
                if seen != *pristine {
                    failures.push(format!("{} / {level:?}: {pristine:?} became {seen:?}", row.name));
                }
            }
            let stats = settled(&engine);
            assert!(stats.idle <= max, "more slots than the pool may have: {stats:?}");
        }
    }
    eprintln!("{looks} looks under another key, {} saw something", failures.len());
    assert!(looks > 200, "only {looks} rows were looked at");
    assert!(failures.is_empty(), "{} of {looks}:\n{}", failures.len(), failures.join("\n"));
}

/// What belongs to the process has no key: it is put back after each call, but under `shared` nothing is.
fn is_kept_apart(row: &Row, level: Isolation) -> bool {
    match row.nature {
        Nature::Reported | Nature::Invisible => false,
        Nature::Process => level != Isolation::Shared,
        _ => true,
    }
}

fn call(
    fixture: &Fixture<'_>,
    engine: &Engine,
    text: &str,
    level: Isolation,
    key: &str,
    canary: &str,
) -> Result<String, String> {
    ask(engine, fixture.script(text, canary).isolation(level).affinity(key))
}

/// A slot that served one key is closed rather than given to another, and a call without a key is nobody's.
pub fn no_slot_serves_two_keys(context: &Context) {
    let fixture = Fixture::new(context);
    let engine = fixture.plain().pool(Fixture::pool(1)).build().expect("the settings are valid");
    let slot = "[runspace]::DefaultRunspace.InstanceId.ToString()";
    let mut seen = Vec::new();
    for key in [Some("A"), Some("B"), None, Some("A")] {
        let runspaces: Vec<String> = (0..3)
            .map(|_| {
                let call = Invocation::script(slot).isolation(Isolation::Shared);
                crate::fixture::tell(
                    &engine,
                    match key {
                        Some(key) => call.affinity(key),
                        None => call,
                    },
                )
            })
            .collect();
        assert!(
            runspaces.iter().all(|runspace| runspace == &runspaces[0]),
            "{key:?} changed slots: {runspaces:?}"
        );
        assert!(!seen.contains(&runspaces[0]), "{key:?} got the slot of another key");
        seen.push(runspaces[0].clone());
    }
    let stats = settled(&engine);
    assert_eq!((stats.opened, stats.idle), (4, 1), "{stats:?}");
}
