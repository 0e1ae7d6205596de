use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::{options, sample};
use crate::kql::{Limits, Options, Problem, ProblemKind, parse, run};

fn limited(text: &str, limits: Limits) -> Problem {
    run(&parse(text).unwrap(), &sample(), &Options { limits, ..options() }).unwrap_err()
}

#[test]
fn rows_memory_time_and_cancelling_end_a_query() {
    let endless = "range x from 1 to 1000000000 step 1 | count";
    assert_eq!(limited(endless, Limits { memory: 1 << 20, ..Limits::default() }).code, "LIM0004");
    assert_eq!(
        limited("range x from 1 to 100 step 1", Limits { rows: 10, ..Limits::default() }).code,
        "LIM0002"
    );
    assert_eq!(limited(endless, Limits { time: Duration::ZERO, ..Limits::default() }).code, "LIM0003");
    let cancelled = Some(Arc::new(AtomicBool::new(true)));
    assert_eq!(limited(endless, Limits { cancelled, ..Limits::default() }).kind, ProblemKind::Cancelled);
}

#[test]
fn a_join_that_explodes_is_stopped() {
    let text = "let a = range x from 1 to 2000 step 1 | extend k = 1; a | join kind=inner a on k | count";
    assert_eq!(limited(text, Limits { rows: 100_000, ..Limits::default() }).code, "LIM0002");
}

#[test]
fn text_that_doubles_is_stopped() {
    let mut text = String::from("let x0 = strrep('abcdefgh', 1000);\n");
    for n in 1..40 {
        text.push_str(&format!("let x{n} = strcat(x{0}, x{0});\n", n - 1));
    }
    text.push_str("print strlen(x39)");
    let problem = run(&parse(&text).unwrap(), &sample(), &options()).unwrap_err();
    assert!(matches!(problem.kind, ProblemKind::Runtime | ProblemKind::Limit), "{problem}");
}

#[test]
fn the_deepest_query_that_is_read_can_be_run() {
    let depth = crate::kql::MAX_DEPTH / 2 - 5;
    let text = format!("print {}1{}", "(".repeat(depth), " + 1)".repeat(depth));
    assert_eq!(super::rows(&text), format!("[[{}]]", depth + 1));
    let text = format!("print {}", vec!["1"; crate::kql::MAX_CHAIN - 5].join(" + "));
    assert_eq!(super::rows(&text), format!("[[{}]]", crate::kql::MAX_CHAIN - 5));
    let text = format!("Events | where {} | count", vec!["Level == 1"; 5_000].join(" or "));
    assert_eq!(super::rows(&text), "[[1]]");
}

#[test]
fn subqueries_within_each_other_are_bounded() {
    let nested = |depth: usize, before: &str, after: &str| {
        format!("{}Events{}", before.repeat(depth), after.repeat(depth))
    };
    for (before, after) in [
        ("union (", ")"),
        ("Events | join kind=leftsemi (", ") on Computer"),
        ("print x = toscalar(", " | count)"),
    ] {
        let result =
            |depth| parse(&nested(depth, before, after)).and_then(|query| run(&query, &sample(), &options()));
        assert!(result(8).is_ok(), "{before}");
        for depth in [20, 40, 90, 1000] {
            if let Err(problem) = result(depth) {
                assert_eq!(problem.code, "LIM0001", "{before}: {problem}");
            }
        }
        assert!(result(1000).is_err(), "{before}");
    }
}

#[test]
fn functions_that_call_each_other_without_end_cannot_be_written() {
    // A function sees only what is declared before it.
    let problem = run(&parse("let f = () { f() }; print f()").unwrap(), &sample(), &options()).unwrap_err();
    assert_eq!(problem.code, "SEM0260");
}
