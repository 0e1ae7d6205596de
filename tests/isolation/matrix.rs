//! Every kind of state at every level: it leaks where nothing is done about it, and does what it should elsewhere.

use runspaced::{Engine, Invocation, Isolation};

use crate::fixture::{Fixture, ask, at, baseline, canary, settled};
use crate::reports::Reports;
use crate::row::{Fate, LEVELS, Nature, Row, Verdict};
use crate::support::Context;

/// Runs the rows and fails with a list of all that did not hold.
pub fn check(context: &Context, rows: &[Row]) {
    let fixture = Fixture::new(context);
    let reports = Reports::listen();
    let mut failures = Vec::new();
    for row in rows {
        for level in LEVELS {
            if let Err(failure) = check_level(&fixture, &reports, row, level) {
                failures.push(format!("{} / {level:?}: {failure}", row.name));
            }
        }
    }
    let levels = rows.len() * LEVELS.len();
    eprintln!("{} of {levels} cells of the matrix hold", levels - failures.len());
    assert!(failures.is_empty(), "{} of {levels}:\n{}", failures.len(), failures.join("\n"));
}

fn check_level(fixture: &Fixture<'_>, reports: &Reports, row: &Row, level: Isolation) -> Result<(), String> {
    let engine = fixture.builder().pool(Fixture::pool(1)).build().map_err(|error| error.to_string())?;
    if level == Isolation::Session {
        engine.open_session("matrix", None, None).map_err(|error| error.to_string())?;
    }
    let canary = canary();
    let whole = baseline(&engine, level).map_err(|error| format!("baseline before: {error}"))?;
    let before = look(fixture, &engine, row, level, &canary)?;
    let counted = settled(&engine);
    reports.take();

    ask(&engine, at(level, fixture.script(row.leave, &canary))).map_err(|error| format!("leave: {error}"))?;
    let now = settled(&engine);
    let reported = reports.take();
    let after = look(fixture, &engine, row, level, &canary)?;

    match row.nature.fate(level) {
        Fate::Stays if after == before => {
            return Err(format!("is not to be seen: {before} before and after"));
        }
        Fate::Gone if after != before => {
            return Err(format!("leaks: {before} before, {after} after; reported {reported:?}"));
        }
        _ => {}
    }
    if level == Isolation::Scoped {
        let verdict = match (now.retired - counted.retired, now.restored - counted.restored) {
            (0, 0) => Verdict::Clean,
            (0, _) => Verdict::Restored,
            _ => Verdict::Retired,
        };
        if verdict != row.nature.verdict() {
            return Err(format!("is {verdict:?}, not {:?}; reported {reported:?}", row.nature.verdict()));
        }
        if row.nature.is_reported() && reported.is_empty() {
            return Err("is not reported".to_owned());
        }
    }
    if level == Isolation::Shared {
        // Nothing was put back, and the process is that of the next row too.
        ask(&engine, Invocation::script("1").isolation(Isolation::Scoped))?;
        settled(&engine);
    }
    // Whatever a call leaves, the next one finds the slot as it was opened.
    let tidied = matches!(level, Isolation::Scoped | Isolation::Reset | Isolation::Fresh);
    if tidied && row.nature != Nature::Kept {
        let still = baseline(&engine, level).map_err(|error| format!("baseline after: {error}"))?;
        if still != whole {
            return Err(format!("the slot is not as it was opened:\n  {whole}\n  {still}"));
        }
    }
    Ok(())
}

fn look(
    fixture: &Fixture<'_>,
    engine: &Engine,
    row: &Row,
    level: Isolation,
    canary: &str,
) -> Result<String, String> {
    ask(engine, at(level, fixture.script(row.look, canary))).map_err(|error| format!("look: {error}"))
}
