//! What single queries give, refuse and mention.

mod analysing;
mod documented;
mod limits;
mod reading;
mod running;

use super::{Column, MemoryTables, Options, Problem, Table, Type, Value, parse, run};

fn options() -> Options {
    Options { now: "2024-05-06T07:08:09Z".parse().unwrap(), ..Options::default() }
}

fn sample() -> MemoryTables {
    let events = Table::new(
        vec![
            Column::new("TimeGenerated", Type::DateTime),
            Column::new("Computer", Type::String),
            Column::new("Level", Type::Long),
            Column::new("Details", Type::Dynamic),
        ],
        [
            ("2024-05-06T06:00:00Z", "web-1", 3, r#"{"user":{"name":"ann"},"ips":["10.0.0.1","8.8.8.8"]}"#),
            ("2024-05-06T06:30:00Z", "web-2", 1, r#"{"user":{"name":"bob"},"ips":[]}"#),
            ("2024-05-05T06:30:00Z", "web-1", 2, ""),
        ]
        .into_iter()
        .map(|(time, computer, level, details)| {
            let text = format!("print todatetime('{time}'), todynamic('{details}')");
            let cells = run(&parse(&text).unwrap(), &MemoryTables::new(), &options())
                .unwrap()
                .tables
                .remove(0)
                .rows
                .remove(0);
            vec![cells[0].clone(), Value::from(computer), Value::from(level), cells[1].clone()]
        })
        .collect(),
    );
    MemoryTables::new().with("Events", events)
}

fn try_rows(text: &str) -> Result<Vec<serde_json::Value>, Problem> {
    Ok(run(&parse(text)?, &sample(), &options())?.tables.remove(0).json_rows())
}

/// The rows of a query over [`sample`], as JSON text.
fn rows(text: &str) -> String {
    match try_rows(text) {
        Ok(rows) => serde_json::Value::Array(rows).to_string(),
        Err(problem) => panic!("{}", problem.render(text)),
    }
}

/// The problem with a query over [`sample`].
fn problem(text: &str) -> Problem {
    match try_rows(text) {
        Ok(rows) => panic!("{text} gives {rows:?}"),
        Err(problem) => problem,
    }
}
