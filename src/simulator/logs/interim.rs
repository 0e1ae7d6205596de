//! Runs the simplest queries only: `Table`, `where` with one comparison, `project`, `take`, `count`, `print`. It stands in
//! for the query engine until that is there, and says so for everything else.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::engine::{Column, Fault, QueryEngine, QueryError, Table, Tables};

pub(super) struct Interim;

fn error(fault: Fault, code: &str, message: String) -> QueryError {
    QueryError { fault, code: code.to_owned(), message, place: None }
}

fn unsupported(what: &str) -> QueryError {
    error(Fault::Unsupported, "SIM0001", format!("the simulator does not support '{what}'"))
}

impl QueryEngine for Interim {
    fn run(&self, query: &str, tables: &dyn Tables, now: Timestamp) -> Result<Table, QueryError> {
        let text: String = query
            .lines()
            .map(|line| line.split("//").next().unwrap_or_default())
            .collect::<Vec<_>>()
            .join(" ");
        if !balanced(&text) {
            let message = "Query could not be parsed: a bracket is missing.".to_owned();
            return Err(error(Fault::Syntax, "SYN0002", message));
        }
        let mut stages = text.split('|').map(str::trim);
        let source = stages.next().unwrap_or_default();
        let mut table = open(source, tables)?;
        for stage in stages {
            table = apply(table, stage, now)?;
        }
        Ok(table)
    }

    fn check(&self, query: &str, tables: &dyn Tables, now: Timestamp) -> Result<(), QueryError> {
        let first = query
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty() && !line.starts_with("//"))
            .unwrap_or_default();
        let source = first.split('|').next().unwrap_or_default().trim();
        if !is_name(source) || tables.function(source).is_some() {
            return Ok(());
        }
        open(source, tables)?;
        match self.run(query, tables, now) {
            Err(error) if error.fault == Fault::UnknownColumn => Err(error),
            _ => Ok(()),
        }
    }
}

/// Whether every bracket outside of texts has its counterpart.
fn balanced(text: &str) -> bool {
    let (mut depth, mut quote) = (0_i32, None);
    for letter in text.chars() {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            _ => {}
        }
    }
    depth == 0 && quote.is_none()
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn open(source: &str, tables: &dyn Tables) -> Result<Table, QueryError> {
    if let Some(expression) = source.strip_prefix("print ") {
        let (name, value) = expression.split_once('=').unwrap_or(("print_0", expression));
        let value = literal(value.trim(), Timestamp::UNIX_EPOCH).ok_or_else(|| unsupported(expression))?;
        let kind = if value.is_i64() { "long" } else { "string" };
        let column = Column { name: name.trim().to_owned(), kind: kind.to_owned() };
        return Ok(Table { columns: vec![column], rows: vec![vec![value]] });
    }
    if let Some(alias) = source.strip_prefix("_GetWatchlist(").and_then(|rest| rest.strip_suffix(')')) {
        let alias = literal(alias.trim(), Timestamp::UNIX_EPOCH).ok_or_else(|| unsupported(source))?;
        let alias = alias.as_str().unwrap_or_default();
        return tables.watchlist(alias).ok_or_else(|| {
            error(Fault::Semantic, "SEM0100", format!("there is no watchlist with the alias '{alias}'"))
        });
    }
    if source.is_empty() {
        return Err(error(Fault::Syntax, "SYN0002", "A recognition error occurred in the query.".to_owned()));
    }
    if !is_name(source) {
        return Err(unsupported(source));
    }
    let columns = tables.columns(source).ok_or_else(|| {
        let message =
            format!("'{source}' operator: Failed to resolve table or column expression named '{source}'");
        error(Fault::UnknownTable, "SEM0100", message)
    })?;
    Ok(Table { columns, rows: tables.rows(source) })
}

fn apply(table: Table, stage: &str, now: Timestamp) -> Result<Table, QueryError> {
    let (operator, rest) = stage.split_once(char::is_whitespace).unwrap_or((stage, ""));
    let rest = rest.trim();
    match operator {
        "count" if rest.is_empty() => {
            let rows = vec![vec![json!(table.rows.len())]];
            Ok(Table { columns: vec![Column { name: "Count".to_owned(), kind: "long".to_owned() }], rows })
        }
        "take" | "limit" => {
            let most: usize = rest.parse().map_err(|_| unsupported(stage))?;
            Ok(Table { rows: table.rows.into_iter().take(most).collect(), ..table })
        }
        "project" => {
            let places =
                rest.split(',').map(|name| place(&table, name.trim())).collect::<Result<Vec<_>, _>>()?;
            let columns = places.iter().map(|at| table.columns[*at].clone()).collect();
            let rows =
                table.rows.iter().map(|row| places.iter().map(|at| row[*at].clone()).collect()).collect();
            Ok(Table { columns, rows })
        }
        "where" => {
            let words: Vec<&str> = rest.splitn(3, char::is_whitespace).collect();
            let [column, comparison, value] = words.as_slice() else { return Err(unsupported(stage)) };
            let at = place(&table, column)?;
            let value = literal(value.trim(), now).ok_or_else(|| unsupported(stage))?;
            let rows = table
                .rows
                .into_iter()
                .filter(|row| holds(&row[at], comparison, &value).unwrap_or(false))
                .collect();
            if holds(&value, comparison, &value).is_none() {
                return Err(unsupported(stage));
            }
            Ok(Table { columns: table.columns, rows })
        }
        _ => Err(unsupported(operator)),
    }
}

fn place(table: &Table, name: &str) -> Result<usize, QueryError> {
    if !is_name(name) {
        return Err(unsupported(name));
    }
    table.columns.iter().position(|column| column.name == name).ok_or_else(|| {
        error(Fault::UnknownColumn, "SEM0100", format!("Failed to resolve scalar expression named '{name}'"))
    })
}

fn literal(text: &str, now: Timestamp) -> Option<Value> {
    let quoted = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    if let Some(text) = quoted('\'').or_else(|| quoted('"')) {
        return Some(json!(text));
    }
    if let Some(span) = text.strip_prefix("ago(").and_then(|rest| rest.strip_suffix(')')) {
        let (number, unit) = span.split_at(span.len().checked_sub(1)?);
        let seconds = match unit {
            "d" => 86_400,
            "h" => 3_600,
            "m" => 60,
            _ => return None,
        };
        let ago = SignedDuration::from_secs(number.parse::<i64>().ok()?.checked_mul(seconds)?);
        return Some(json!(now.checked_sub(ago).ok()?.to_string()));
    }
    text.parse::<i64>().ok().map(Value::from)
}

fn holds(left: &Value, comparison: &str, right: &Value) -> Option<bool> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let order = match (left, right) {
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (left, right) => left.as_f64()?.partial_cmp(&right.as_f64()?)?,
    };
    Some(match comparison {
        "==" => order == Equal,
        "!=" => order != Equal,
        ">" => order == Greater,
        ">=" => order != Less,
        "<" => order == Less,
        "<=" => order != Greater,
        _ => return None,
    })
}
