use proptest::prelude::*;

use super::super::{ProblemKind, parse, parse_script};

fn refused(text: &str) -> String {
    parse(text).map(|_| ()).unwrap_err().render(text)
}

#[test]
fn a_problem_shows_the_line_the_place_and_a_way_out() {
    assert_eq!(
        refused("Events\n  | wher Level == 1"),
        "SYN0002: Query could not be parsed at 'wher' on line [2,5]: a query operator is expected\n  | wher Level == 1\n    ^^^^\n\
         did you mean 'where'?"
    );
    assert_eq!(
        refused("Events | where (Level == 1"),
        "SYN0001: Query could not be parsed at the end of the query on line [1,27]: ')' is expected\nEvents | where (Level == 1\n\
         \u{20}                         ^"
    );
}

#[test]
fn queries_and_results_can_go_to_other_threads() {
    const fn shared<T: Send + Sync>() {}
    shared::<crate::kql::ast::Query>();
    shared::<crate::kql::Output>();
    shared::<crate::kql::Problem>();
    shared::<crate::kql::Options>();
}

#[test]
fn an_open_string_is_named_as_such() {
    let text = refused("Events | where Computer == \"web");
    assert!(text.starts_with("SYN0001: Query could not be parsed at '\"web' on line [1,28]"), "{text}");
    assert!(text.contains("no closing \""), "{text}");
}

#[test]
fn reserved_words_need_brackets_to_be_names() {
    assert!(refused("let find = 1; print 1").contains("['find']"));
    assert!(parse("T | extend ['where'] = 1").is_ok());
    assert!(parse("T | extend count = 1, range = 2").is_ok());
}

#[test]
fn an_empty_line_ends_a_query_of_a_script_only_where_it_is_complete() {
    let text = "let a = 1;\n\nT\n| where x == a\n\n| take 5\n\n// another one\nU | count\n";
    assert_eq!(parse_script(text).unwrap().len(), 2);
    assert!(parse(text).is_err());
    let (span, _) = &parse_script(text).unwrap()[1];
    assert_eq!(&text[span.start..span.end], "U | count");
}

#[test]
fn nesting_is_bounded_and_logic_is_not() {
    let deep = format!("print {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(parse(&deep).unwrap_err().kind, ProblemKind::Limit);
    let arrays = format!("print dynamic({}1{})", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(parse(&arrays).unwrap_err().kind, ProblemKind::Limit);
    let long = format!("T | where {}", vec!["a == 1"; 20_000].join(" or "));
    assert!(parse(&long).is_ok());
    let chain = format!("print {}", vec!["1"; 20_000].join(" + "));
    assert_eq!(parse(&chain).unwrap_err().kind, ProblemKind::Limit);
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        let _ = parse(&text);
        let _ = parse_script(&text);
    }

    #[test]
    fn no_pieces_of_queries_make_the_parser_panic(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "T", "|", "where", "(", ")", "[", "]", "{", "}", "=", "==", "let", "f", ";", ",", "\"a", "'b'", "dynamic", "1", "5m",
                "..", ".", "*", "by", "summarize", "mv-expand", "to", "typeof", "union", "in", "!in", "between", "datatable", ":", "-",
                "join", "kind", "on", "make-series", "step", "h@\"", "é", "\\", "//", "\n", "\n\n", "datetime(", "real(", "~~~", "#",
            ]),
            0..40,
        ),
        blanks in any::<bool>(),
    ) {
        let text = pieces.join(if blanks { " " } else { "" });
        let _ = parse(&text);
        let _ = parse_script(&text);
    }

    #[test]
    fn positions_lie_within_the_text(text in "[a-z |=\"'(){}\\n\u{e9}]{0,60}") {
        if let Err(problem) = parse(&text) {
            let (line, column) = problem.position(&text).unwrap();
            prop_assert!(line >= 1 && line <= text.split('\n').count());
            prop_assert!(column >= 1);
            prop_assert!(problem.render(&text).contains(problem.code));
        }
    }
}
