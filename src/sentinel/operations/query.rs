//! KQL over workspaces.

use futures_util::{StreamExt, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::azure::{LogsQuery, Surface};
use crate::sentinel::cache::Family;
use crate::sentinel::definition::{Example, Operation, Read, Rows};
use crate::sentinel::target::{Object, Target};
use crate::sentinel::times::{iso_duration, moment, odata};
use crate::sentinel::{Error, Result};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::read::<Query>(
            "Invoke-SentinelQuery",
            "invoke_sentinel_query",
            "query",
            "Runs a KQL query in one or more workspaces; each row says which workspace it is of.",
        )
        .details("Queries of an identity run five at once, 200 in 30 seconds. Tables of plan Basic and Auxiliary are read with Search.")
        .needs(&["Microsoft.OperationalInsights/workspaces/query/read"])
        .examples(&[
            Example {
                about: "Failed sign-ins by customer",
                power_shell: "Invoke-SentinelQuery -WorkspaceName law-* -Query 'SigninLogs | where ResultType != 0 | summarize count()' -TimeRange 24h",
            },
            Example {
                about: "A hunting query by its name",
                power_shell: "Invoke-SentinelQuery -WorkspaceName law-contoso -HuntingQuery 'Rare processes'",
            },
        ]),
    ]
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Query {
    /// The query, in KQL
    query: Option<String>,
    /// Name of a saved or hunting query of the workspace, instead of Query
    #[schemars(extend("x-aliases" = ["SavedQuery"]))]
    hunting_query: Option<String>,
    /// The time it covers: 24h, 7d, PT1H; 24h unless From says otherwise
    #[schemars(extend("x-aliases" = ["TimeSpan"]))]
    time_range: Option<String>,
    /// The time it begins at: a time, a date, or how long ago
    from: Option<String>,
    /// The time it ends at; now if it is not given
    to: Option<String>,
    /// Rows of each workspace at most; the rest is left out
    #[schemars(range(min = 1, max = 500_000))]
    max_rows: Option<usize>,
    /// Reads a table of plan Basic or Auxiliary
    search: bool,
}

/// Rows are what the query makes of them.
#[derive(Debug, Serialize, JsonSchema)]
struct QueryRow {}

impl Read for Query {
    type Row = QueryRow;

    fn rows(self, target: Target) -> Rows {
        stream::once(async move { self.answer(&target).await })
            .flat_map(|answer| {
                let rows = match answer {
                    Ok((rows, partial)) => rows
                        .into_iter()
                        .map(Ok)
                        .chain(partial.map(|error| Err(error.into())))
                        .collect::<Vec<_>>(),
                    Err(error) => vec![Err(error)],
                };
                stream::iter(rows)
            })
            .boxed()
    }
}

impl Query {
    /// The rows, and what went wrong although there are some.
    async fn answer(&self, target: &Target) -> Result<(Vec<Value>, Option<crate::azure::Error>)> {
        let text = match (&self.query, &self.hunting_query) {
            (Some(text), None) if !text.trim().is_empty() => text.clone(),
            (None, Some(name)) => saved(target, name).await?,
            _ => return Err(Error::arguments(target.operation, "either Query or HuntingQuery is wanted")),
        };
        let mut query = LogsQuery::new(&target.workspace.customer_id, text, Some(self.timespan(target)?));
        query.search = self.search;
        let answer = target.client.query_logs(&target.scope, &query).await?;
        let most = self.max_rows.unwrap_or(usize::MAX);
        let rows = answer.table.objects().take(most).map(Value::Object).collect();
        let partial = answer.partial.map(|(reason, advice)| {
            crate::azure::Error::new(
                crate::azure::Kind::ServiceFailed,
                "the rows are not all: Log Analytics reported an error beside them",
            )
            .because(reason)
            .advised(advice)
        });
        Ok((rows, partial))
    }

    fn timespan(&self, target: &Target) -> Result<String> {
        let wrong = |name: &str| {
            let name = name.to_owned();
            move |problem: String| Error::arguments(target.operation, format!("{name}: {problem}"))
        };
        match (&self.from, &self.to, &self.time_range) {
            (Some(_), _, Some(_)) => {
                Err(Error::arguments(target.operation, "From and TimeRange exclude each other"))
            }
            (Some(from), to, None) => {
                let from = moment(from, target.now).map_err(wrong("From"))?;
                let to = to
                    .as_deref()
                    .map(|to| moment(to, target.now))
                    .transpose()
                    .map_err(wrong("To"))?
                    .unwrap_or(target.now);
                if from >= to {
                    return Err(Error::arguments(target.operation, "From is not before To"));
                }
                Ok(format!("{}/{}", odata(from), odata(to)))
            }
            (None, Some(_), _) => Err(Error::arguments(target.operation, "To goes with From")),
            (None, None, range) => {
                iso_duration(range.as_deref().unwrap_or("24h")).map_err(wrong("TimeRange"))
            }
        }
    }
}

/// The text of a saved query.
async fn saved(target: &Target, name: &str) -> Result<String> {
    let request = target.get(&target.workspace.id.child(&["savedSearches"]), Surface::OperationalInsights);
    let listed = target.list(Family::SavedSearches, request).await?;
    let mut names = Vec::new();
    for raw in listed.iter() {
        let object = Object::of(raw)?;
        let own = object.property("displayName").unwrap_or_default();
        if own.eq_ignore_ascii_case(name) {
            return Ok(object.property("query").unwrap_or_default());
        }
        names.push(own);
    }
    Err(Error::Object {
        what: format!("there is no saved query {name:?} in {}", target.workspace.name),
        candidates: crate::nearest::nearest(name, names.iter().map(String::as_str))
            .map(str::to_owned)
            .into_iter()
            .collect(),
    })
}
