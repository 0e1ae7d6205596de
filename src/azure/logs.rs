//! Queries of Log Analytics.

use serde::Deserialize;
use serde_json::{Value, json};

use super::advice::{Advice, Situation, advise};
use super::{Audience, Client, Error, Kind, Reason, Result, Scope, Traffic};

/// Longest time that Log Analytics works at a query, seconds.
const WAIT: u64 = 600;

/// A query of one workspace, or of several at once.
#[derive(Debug, Clone)]
pub struct LogsQuery {
    /// The workspace's customer id, a GUID.
    pub workspace: String,
    /// KQL.
    pub text: String,
    /// Time span, as `PT24H` or `from/to` in ISO 8601. Tables of plan Basic and Auxiliary need one.
    pub timespan: Option<String>,
    /// Further workspaces: names, ids or customer ids, 100 in all at most.
    pub more_workspaces: Vec<String>,
    /// Reads a table of plan Basic or Auxiliary.
    pub search: bool,
    /// Seconds that Azure may work at it, 600 at most.
    pub wait: Option<u64>,
}

impl LogsQuery {
    /// A query over a time span.
    pub fn new(workspace: impl Into<String>, text: impl Into<String>, timespan: Option<String>) -> Self {
        Self {
            workspace: workspace.into(),
            text: text.into(),
            timespan,
            more_workspaces: Vec::new(),
            search: false,
            wait: None,
        }
    }
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// `string`, `datetime`, `long`, `real`, `bool`, `dynamic`, ...
    #[serde(rename = "type")]
    pub kind: String,
}

/// A table of an answer.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct LogsTable {
    /// Its columns.
    #[serde(default)]
    pub columns: Vec<Column>,
    /// Its rows, cells in the order of the columns.
    #[serde(default)]
    pub rows: Vec<Vec<Value>>,
}

impl LogsTable {
    /// The rows as objects. Cells of type `dynamic` come as text and are read.
    pub fn objects(self) -> impl Iterator<Item = serde_json::Map<String, Value>> {
        let columns = self.columns;
        self.rows.into_iter().map(move |row| {
            columns.iter().zip(row).map(|(column, cell)| (column.name.clone(), value(column, cell))).collect()
        })
    }
}

fn value(column: &Column, cell: Value) -> Value {
    match cell {
        Value::String(text) if column.kind == "dynamic" => {
            // What does not read as JSON is a plain text in a dynamic column.
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        }
        cell => cell,
    }
}

/// The answer to a query.
#[derive(Debug)]
pub struct LogsAnswer {
    /// The rows.
    pub table: LogsTable,
    /// What went wrong although there are rows: they are not all.
    pub partial: Option<(Reason, Option<Advice>)>,
    /// True if it was sent to `search` because it reads a Basic or Auxiliary table.
    pub searched: bool,
    /// Statistics, if Azure gave them.
    pub statistics: Option<Value>,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    tables: Vec<LogsTable>,
    #[serde(default)]
    error: Option<Value>,
    #[serde(default)]
    statistics: Option<Value>,
}

impl Client {
    /// Runs a query. One that reads a Basic or Auxiliary table and has a time span is sent to `search` by itself.
    ///
    /// # Errors
    /// Those of [`send`](Self::send). Rows that are not all of them are no error: [`LogsAnswer::partial`].
    pub async fn query_logs(&self, scope: &Scope, query: &LogsQuery) -> Result<LogsAnswer> {
        match self.query_once(scope, query, query.search).await {
            Err(error)
                if !query.search
                    && query.timespan.is_some()
                    && error.advice().is_some_and(|advice| advice.row == 19) =>
            {
                self.query_once(scope, query, true).await
            }
            answer => answer,
        }
    }

    async fn query_once(&self, scope: &Scope, query: &LogsQuery, search: bool) -> Result<LogsAnswer> {
        let valid = uuid::Uuid::try_parse(&query.workspace).is_ok();
        if !valid {
            return Err(Error::new(
                Kind::Refused,
                format!("{:?} is no customer id: queries name a workspace by that GUID", query.workspace),
            )
            .remedy("Name the workspace and let the inventory find its customer id."));
        }
        let mut url = self.cloud().logs().clone();
        let base = url.path().trim_end_matches('/').to_owned();
        let verb = if search { "search" } else { "query" };
        url.set_path(&format!("{base}/v1/workspaces/{}/{verb}", query.workspace));
        let mut body = json!({ "query": query.text });
        if let Some(timespan) = &query.timespan {
            body["timespan"] = timespan.as_str().into();
        }
        if !query.more_workspaces.is_empty() {
            body["workspaces"] = query.more_workspaces.clone().into();
        }
        let wait = query.wait.unwrap_or(WAIT).min(WAIT).min(scope.remaining().as_secs().max(1));
        let mut request = self
            .data_request(Audience::Logs, Traffic::Query, url, "")
            .body(body.to_string())
            .header("prefer", &format!("wait={wait},include-statistics=true"));
        request.repeatable = true;
        let answer = self.send(scope, &request).await?;
        if answer.status == 204 {
            return Ok(LogsAnswer {
                table: LogsTable::default(),
                partial: None,
                searched: search,
                statistics: None,
            });
        }
        if answer.body.is_empty() {
            return Err(Error::new(Kind::ServiceFailed, "Log Analytics answered with nothing")
                .during(request.line(), scope.correlation_id()));
        }
        let document: Document = answer.read()?;
        let partial = document.error.as_ref().map(|error| {
            let reason = Reason::of(error);
            let situation = Situation {
                status: answer.status,
                method: "POST",
                path: request.url.path(),
                audience: Audience::Logs,
                scope: self.cloud().scope(Audience::Logs),
                retry_after: None,
                attempts: 1,
            };
            let advice = advise(&situation, &reason);
            (reason, advice)
        });
        let table = document.tables.into_iter().next().unwrap_or_default();
        Ok(LogsAnswer { table, partial, searched: search, statistics: document.statistics })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dynamic_cells_are_read_and_texts_stay_texts() {
        let table: LogsTable = serde_json::from_value(json!({
            "columns": [{"name": "a", "type": "dynamic"}, {"name": "b", "type": "string"}, {"name": "c", "type": "dynamic"}, {"name": "d", "type": "dynamic"}],
            "rows": [["{\"x\":[1]}", "{\"x\":1}", "plain", null]],
        }))
        .expect("is one");
        let rows: Vec<_> = table.objects().collect();
        assert_eq!(
            Value::from(rows[0].clone()),
            json!({"a": {"x": [1]}, "b": "{\"x\":1}", "c": "plain", "d": null})
        );
    }
}
