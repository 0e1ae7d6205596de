//! Rows and outcomes on the standard output.

use std::fmt::Write as _;
use std::io::Write;

use comfy_table::{ContentArrangement, Table, presets};
use futures_util::StreamExt;
use runspaced::sentinel::{Applied, Item, Operation, Reading};
use serde_json::Value;

use crate::cli::Exit;
use crate::cli::screen::{Palette, complain, say};

/// How rows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// The columns that matter most, for people.
    #[default]
    Table,
    /// One array of objects.
    Json,
    /// All columns.
    Csv,
}

/// Writes to the standard output.
pub fn write(text: &str) -> Exit {
    let mut output = std::io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Ok(()) => Exit::OK,
        Err(_) => Exit::BROKEN_PIPE,
    }
}

/// Shows rows as they come.
pub struct Printer {
    form: Form,
    view: Vec<String>,
    columns: Vec<String>,
    table: Table,
    shown: usize,
}

impl Printer {
    /// Shows the rows of an operation.
    pub fn new(form: Form, operation: &Operation) -> Self {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        let columns = operation.columns().into_iter().map(|column| column.name).collect();
        Self {
            form,
            view: operation.view.iter().map(|name| (*name).to_owned()).collect(),
            columns,
            table,
            shown: 0,
        }
    }

    /// Shows them all, and what went wrong beside them.
    pub async fn print(mut self, mut reading: Reading, palette: Palette) -> Exit {
        let mut failures = 0;
        while let Some(item) = reading.next().await {
            match item {
                Item::Row(row) => {
                    let text = self.row(&row);
                    if write(&text) != Exit::OK {
                        return Exit::BROKEN_PIPE;
                    }
                }
                Item::Failure(failure) => {
                    failures += 1;
                    complain(
                        palette,
                        format_args!(
                            "{} ({}): {} [{}]",
                            failure.workspace_name,
                            failure.tenant_name,
                            failure.error,
                            failure.error.code()
                        ),
                    );
                }
            }
        }
        let end = match self.form {
            Form::Json if self.shown == 0 => "[]\n".to_owned(),
            Form::Json => "\n]\n".to_owned(),
            Form::Csv => String::new(),
            Form::Table if self.shown == 0 => {
                say("no rows");
                String::new()
            }
            Form::Table => format!("{}\n", self.table),
        };
        match write(&end) {
            Exit::OK if failures > 0 => Exit::FAILED,
            exit => exit,
        }
    }

    fn row(&mut self, row: &Value) -> String {
        self.shown += 1;
        match self.form {
            Form::Json => format!("{}{row}", if self.shown == 1 { "[\n" } else { ",\n" }),
            Form::Csv => {
                // Rows of a query have the columns that the query made.
                if self.shown == 1
                    && let Some(own) = row.as_object()
                    && own.keys().any(|name| !self.columns.contains(name))
                {
                    self.columns = own.keys().cloned().collect();
                }
                let heading = (self.shown == 1).then(|| line(self.columns.iter().map(String::as_str)));
                let cells: Vec<String> = self.columns.iter().map(|column| cell(&row[column])).collect();
                heading.unwrap_or_default() + &line(cells.iter().map(String::as_str))
            }
            Form::Table => {
                if self.shown == 1 {
                    if self.view.is_empty() || self.view.iter().all(|column| row.get(column).is_none()) {
                        self.view =
                            row.as_object().map(|own| own.keys().cloned().collect()).unwrap_or_default();
                    }
                    self.table.set_header(&self.view);
                }
                self.table.add_row(self.view.iter().map(|column| cell(&row[column])));
                String::new()
            }
        }
    }
}

fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    // Writing into memory does not fail.
    let _ = writer.write_record(cells);
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// What became of a plan, as text.
pub fn applied(applied: &Applied) -> String {
    let mut text = String::new();
    for outcome in &applied.outcomes {
        let state =
            serde_json::to_value(outcome.state).ok().and_then(|value| value.as_str().map(str::to_owned));
        let _ = writeln!(text, "{}: {}", outcome.action, state.unwrap_or_default().replace('_', " "));
        if let Some(message) = outcome.error["message"].as_str() {
            let _ = writeln!(text, "  {message}");
        }
    }
    for notice in &applied.notices {
        let _ = writeln!(text, "note: {notice}");
    }
    if let Some(journal) = &applied.journal {
        let _ = writeln!(text, "journal {journal}; take it back with: runspaced sentinel undo {journal}");
    }
    text
}
