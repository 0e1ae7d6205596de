//! Where duckdb-kql and we differ, and why. Each entry is a part of a query's text.

const DIFFERENCES: [(&str, &str); 5] = [
    ("endofday(", "DuckDB's times end at microseconds, ours at ticks of 100 ns"),
    ("endofweek(", "DuckDB's times end at microseconds, ours at ticks of 100 ns"),
    ("endofmonth(", "DuckDB's times end at microseconds, ours at ticks of 100 ns"),
    ("endofyear(", "DuckDB's times end at microseconds, ours at ticks of 100 ns"),
    ("datetime_diff('week'", "weeks begin on Sunday here, as in startofweek; DuckDB counts from Monday"),
];

/// Why results of this query differ, if that is known.
pub fn reason_for(query: &str) -> Option<&'static str> {
    DIFFERENCES.iter().find(|(part, _)| query.contains(part)).map(|(_, reason)| *reason)
}
