use super::{problem, rows, sample};
use crate::kql::{Options, ProblemKind, StoredFunction, Table, check, parse, run};

#[test]
fn rows_are_filtered_grouped_and_sorted() {
    assert_eq!(
        rows(
            "Events | where TimeGenerated > ago(1d) | summarize N = count(), Top = max(Level) by Computer | sort by Computer asc"
        ),
        r#"[["web-1",1,3],["web-2",1,1]]"#
    );
    assert_eq!(rows("Events | top 1 by Level asc | project Computer, Level"), r#"[["web-2",1]]"#);
}

#[test]
fn dynamic_values_are_reached_by_path_and_expanded() {
    assert_eq!(
        rows(
            "Events | extend User = tostring(Details.user.name) | where User != '' | project User | sort by User asc"
        ),
        r#"[["ann"],["bob"]]"#
    );
    assert_eq!(
        rows(
            "Events | mv-expand Ip = Details.ips to typeof(string) | where ipv4_is_private(Ip) | project Computer, Ip"
        ),
        r#"[["web-1","10.0.0.1"]]"#
    );
}

#[test]
fn functions_of_the_query_take_columns_and_tables() {
    assert_eq!(
        rows("let twice = (x: long) { let y = x * 2; y }; Events | summarize sum(twice(Level))"),
        "[[12]]"
    );
    assert_eq!(
        rows(
            "let f = (T: (Level: long), least: long = 2) { T | where Level >= least | count }; Events | invoke f()"
        ),
        "[[2]]"
    );
}

#[test]
fn stored_functions_and_watchlists_are_found() {
    let tables = sample()
        .with_function(
            "Severe",
            StoredFunction {
                parameters: "least: long = 2".into(),
                body: "Events | where Level >= least // why".into(),
            },
        )
        .with_watchlist(
            "hosts",
            Table::new(vec![super::Column::new("Host", super::Type::String)], vec![vec!["web-2".into()]]),
        );
    let rows =
        |text: &str| run(&parse(text).unwrap(), &tables, &Options::default()).unwrap().tables[0].json_rows();
    assert_eq!(rows("Severe | count"), [serde_json::json!([2])]);
    assert_eq!(rows("Severe(3) | count"), [serde_json::json!([1])]);
    assert_eq!(
        rows(
            "let hosts = _GetWatchlist('hosts') | project Host; Events | where Computer in (hosts) | project Level"
        ),
        [serde_json::json!([1])]
    );
}

#[test]
fn windows_follow_the_order_of_rows() {
    assert_eq!(
        rows(
            "Events | sort by TimeGenerated asc | project Gap = TimeGenerated - prev(TimeGenerated), N = row_number(), S = row_cumsum(Level)"
        ),
        r#"[[null,1,2],["23:30:00",2,5],["00:30:00",3,6]]"#
    );
    assert_eq!(problem("Events | extend row_number()").code, "SEM0227");
}

#[test]
fn every_statement_with_rows_is_a_result() {
    let output =
        run(&parse("print 1; Events | count | render table").unwrap(), &sample(), &Options::default())
            .unwrap();
    assert_eq!(output.tables.len(), 2);
    assert_eq!(output.chart.as_deref(), Some("table"));
}

#[test]
fn names_that_are_none_are_corrected() {
    let wrong = problem("Evnts | take 1");
    assert_eq!((wrong.code, wrong.hint.as_deref()), ("SEM0100", Some("did you mean 'Events'?")));
    let wrong = problem("Events | where Computr == 'x'");
    assert_eq!(wrong.message, "'where' operator: Failed to resolve scalar expression named 'Computr'");
    assert_eq!(wrong.hint.as_deref(), Some("did you mean 'Computer'?"));
    let wrong = problem("Events | extend tostrng(Level)");
    assert_eq!((wrong.code, wrong.hint.as_deref()), ("SEM0260", Some("did you mean 'tostring'?")));
    assert_eq!(problem("Events | where TimeGenerated > '2024'").code, "SEM0064");
    assert_eq!(problem("let x = 5; x").code, "SEM0003");
    assert_eq!(problem("Events | where Computer matches regex '('").code, "SEM0420");
}

#[test]
fn what_is_not_supported_says_so() {
    let unsupported = problem("Events | reduce by Computer");
    assert_eq!((unsupported.kind, unsupported.code), (ProblemKind::Unsupported, "UNS0001"));
    assert_eq!(problem("Events | extend series_decompose(Details)").code, "UNS0001");
}

#[test]
fn checking_gives_columns_without_rows() {
    let columns = |text: &str| {
        let output = check(&parse(text).unwrap(), &sample(), &Options::default()).unwrap();
        let table = &output.tables[0];
        assert!(table.rows.is_empty() || text.contains("count()"), "{text}");
        (
            table.columns.iter().map(|c| format!("{}:{}", c.name, c.ty)).collect::<Vec<_>>().join(" "),
            table.open,
        )
    };
    assert_eq!(columns("Events | project Computer, Level").0, "Computer:string Level:long");
    assert_eq!(
        columns("Events | summarize count(), dcount(Computer), arg_max(TimeGenerated, *) by bin(TimeGenerated, 1d), tostring(Details.user)").0,
        "TimeGenerated:datetime Details_user:string count_:long dcount_Computer:long TimeGenerated1:datetime Computer:string \
         Level:long Details:dynamic"
    );
    assert_eq!(
        columns("Events | evaluate bag_unpack(Details) | extend z = unpacked"),
        ("TimeGenerated:datetime Computer:string Level:long z:dynamic".to_owned(), true)
    );
}

#[test]
fn external_data_comes_from_the_tables() {
    struct Files(crate::kql::MemoryTables);
    impl crate::kql::Tables for Files {
        fn schema(&self, table: &str) -> Option<Vec<crate::kql::Column>> {
            self.0.schema(table)
        }
        fn rows(&self, table: &str) -> crate::kql::Result<Vec<crate::kql::Row>> {
            self.0.rows(table)
        }
        fn names(&self) -> Vec<String> {
            self.0.names()
        }
        fn external(&self, address: &str) -> Option<crate::kql::Result<String>> {
            (address == "https://example.net/a.csv").then(|| Ok("host,n\nweb-1,\"1\"\nweb-9,2\n".to_owned()))
        }
    }
    let text = "externaldata (host: string, n: long) [\"https://example.net/a.csv\"] with (format='csv', ignoreFirstRecord=true)";
    let output = run(&parse(text).unwrap(), &Files(sample()), &Options::default()).unwrap();
    assert_eq!(
        output.tables[0].json_rows(),
        [serde_json::json!(["web-1", 1]), serde_json::json!(["web-9", 2])]
    );
}

#[test]
fn text_with_formats_of_the_service() {
    assert_eq!(
        rows(
            "print 1h + 30s, datetime(2024-01-02 03:04:05.6), 1e20, 0.1 + 0.2, toguid('74BE27DE-1E4E-49D9-B579-FE0B331D3642')"
        ),
        r#"[["01:00:30","2024-01-02T03:04:05.6000000Z",1e+20,0.30000000000000004,"74be27de-1e4e-49d9-b579-fe0b331d3642"]]"#
    );
    assert_eq!(
        rows("print tostring(1e20), tostring(1.0), tostring(dynamic({\"a\":[1,2.5]}))"),
        r#"[["1E+20","1","{\"a\":[1,2.5]}"]]"#
    );
    assert_eq!(rows("print decimal(1.10) + 2, todecimal('0.1') * 3"), r#"[["3.1","0.3"]]"#);
}

#[test]
fn search_and_union_see_all_tables() {
    assert_eq!(rows("search 'bob' | project $table, Computer"), r#"[["Events","web-2"]]"#);
    assert_eq!(rows("union withsource=Origin Ev* | summarize count() by Origin"), r#"[["Events",3]]"#);
    assert_eq!(rows("union isfuzzy=true Missing, Events | count"), "[[3]]");
    assert_eq!(problem("union Missing, Events | count").code, "SEM0100");
}
