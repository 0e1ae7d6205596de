use crate::kql::{aggregates, functions};

const PAGE: &str = include_str!("../../../docs/kql.md");

#[test]
fn the_page_names_every_function_and_aggregate() {
    let missing: Vec<&str> = functions::names()
        .chain(aggregates::names())
        .filter(|name| !PAGE.contains(&format!("`{name}`")))
        .collect();
    assert!(missing.is_empty(), "docs/kql.md does not name {missing:?}");
}
