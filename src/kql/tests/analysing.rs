use crate::kql::analysis::{basic_plan_problems, references};
use crate::kql::parse;

fn tables(text: &str) -> Vec<String> {
    let found = references(&parse(text).unwrap());
    found
        .tables
        .iter()
        .map(|t| t.place.as_ref().map_or_else(|| t.name.clone(), |place| format!("{place}.{}", t.name)))
        .collect()
}

#[test]
fn tables_are_found_through_lets_unions_and_joins() {
    assert_eq!(
        tables(
            "let recent = SigninLogs | where TimeGenerated > ago(1d); let risky = () { AADRiskyUsers | project Id }; \
             let whole = AuditLogs; union recent, whole, Device* | join kind=inner (risky() | as R) on Id \
             | where Id in ((Watched | project Id)) | lookup Names on Id | extend n = toscalar(Counts | count)"
        ),
        ["SigninLogs", "AADRiskyUsers", "AuditLogs", "Device*", "Watched", "Names", "Counts"]
    );
    assert_eq!(
        tables("workspace('w1').Heartbeat | union table('Usage')"),
        ["workspace(\"w1\").Heartbeat", "Usage"]
    );
    assert_eq!(
        tables("let other = workspace('w1').Heartbeat; other | count"),
        ["workspace(\"w1\").Heartbeat"]
    );
    assert_eq!(tables("search 'x'"), ["*"]);
}

#[test]
fn functions_watchlists_and_operators_are_found() {
    let found = references(
        &parse("MyParser(1) | where tostring(x) in (_GetWatchlist('vips')) | summarize count() by y | render piechart").unwrap(),
    );
    let names: Vec<&str> = found.functions.iter().map(|function| function.name.as_str()).collect();
    assert_eq!(names, ["MyParser", "_GetWatchlist"]);
    assert_eq!(found.watchlists, ["vips"]);
    assert_eq!(
        found.operators.iter().map(|operator| operator.word).collect::<Vec<_>>(),
        ["where", "summarize", "render"]
    );
    assert_eq!(found.built_in, ["tostring", "count"]);
}

#[test]
fn basic_tables_allow_no_join_and_no_second_one() {
    let basic = |name: &str| name.starts_with("Basic");
    let problems = |text: &str| basic_plan_problems(&parse(text).unwrap(), basic).len();
    assert_eq!(problems("BasicLogs | where x == 1 | summarize count() by y | lookup Names on y"), 0);
    assert_eq!(problems("Events | join Other on x"), 0);
    assert_eq!(problems("BasicLogs | join Other on x"), 1);
    assert_eq!(problems("union BasicLogs, BasicMore"), 1);
    assert_eq!(problems("let f = () { BasicLogs }; f() | union workspace('b').Events"), 2);
}
