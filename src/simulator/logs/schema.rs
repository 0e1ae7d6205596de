//! The columns of Microsoft's tables, and the names of types in tables, streams and queries.

use std::collections::BTreeMap;
use std::sync::LazyLock;

type Columns = Vec<(&'static str, &'static str)>;

struct Known {
    name: &'static str,
    solution: &'static str,
    columns: Columns,
}

/// By name in lower case.
static KNOWN: LazyLock<BTreeMap<String, Known>> = LazyLock::new(|| {
    include_str!("tables.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let (head, columns) = line.split_once(": ")?;
            let (name, solution) = head.split_once(' ')?;
            let mut columns: Columns = columns
                .split(' ')
                .map(|column| column.split_once(':').unwrap_or((column, "string")))
                .collect();
            // Every table has these.
            for (name, kind) in [
                ("TenantId", "string"),
                ("SourceSystem", "string"),
                ("Type", "string"),
                ("_ResourceId", "string"),
            ] {
                if !columns.iter().any(|(known, _)| *known == name) {
                    columns.push((name, kind));
                }
            }
            Some((name.to_ascii_lowercase(), Known { name, solution, columns }))
        })
        .collect()
});

/// The columns of a Microsoft table, with types as queries know them.
pub(crate) fn of_microsoft(table: &str) -> Option<&'static [(&'static str, &'static str)]> {
    Some(&KNOWN.get(&table.to_ascii_lowercase())?.columns)
}

/// Names of Microsoft's tables.
pub(crate) fn microsoft_tables() -> impl Iterator<Item = &'static str> {
    KNOWN.values().map(|known| known.name)
}

/// The solution a table belongs to.
pub(crate) fn solution_of(table: &str) -> &'static str {
    KNOWN.get(&table.to_ascii_lowercase()).map_or("LogManagement", |known| known.solution)
}

/// A type of queries as tables write it.
pub(crate) fn table_type(kind: &str) -> &str {
    match kind {
        "datetime" => "dateTime",
        "bool" => "boolean",
        other => other,
    }
}

/// A type of tables or streams as queries write it.
pub(crate) fn query_type(kind: &str) -> &str {
    match kind {
        "dateTime" => "datetime",
        "boolean" => "bool",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_a_time_and_no_column_twice() {
        assert!(microsoft_tables().count() >= 45);
        for table in microsoft_tables() {
            let columns = of_microsoft(table).expect("is known");
            assert!(columns.contains(&("TimeGenerated", "datetime")), "{table}");
            for (index, (name, kind)) in columns.iter().enumerate() {
                assert!(!columns[..index].iter().any(|(known, _)| known == name), "{table}.{name}");
                assert!(
                    ["string", "datetime", "dynamic", "bool", "int", "long", "real"].contains(kind),
                    "{table}.{name}: {kind}"
                );
            }
        }
    }

    #[test]
    fn names_of_types_are_mapped_both_ways() {
        for kind in ["string", "int", "long", "real", "bool", "datetime", "dynamic", "guid"] {
            assert_eq!(query_type(table_type(kind)), kind);
        }
    }
}
