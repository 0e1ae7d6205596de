//! KQL: real content, the language service as judge of the syntax, duckdb-kql as judge of the results.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it counted"
)]

mod content;
mod coverage;
mod differences;
mod executed;
mod judged;
mod mutation;
mod queries;
#[path = "../support/mod.rs"]
mod support;

use std::process::ExitCode;

fn main() -> ExitCode {
    support::main(&[
        test!(coverage::every_file_of_queries_parses).when(content::present),
        test!(coverage::every_rule_and_hunting_query_parses).when(content::present),
        test!(coverage::nearly_all_content_runs_over_empty_tables).when(content::present),
        test!(judged::the_judge_agrees_on_the_content).when(judged::present).limit_s(300),
        test!(judged::the_judge_agrees_on_mutations).when(judged::present).limit_s(600),
        test!(executed::results_agree_with_duckdb_kql).when(executed::present).limit_s(600),
    ])
}
