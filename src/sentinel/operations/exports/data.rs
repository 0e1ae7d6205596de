//! Rows of a table to a file, slice by slice.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Destination;
use crate::azure::{LogsQuery, Surface};
use crate::sentinel::content::watchlist::csv;
use crate::sentinel::definition::{Read, Rows};
use crate::sentinel::export::{ExportRow, Writer};
use crate::sentinel::folder::file_name;
use crate::sentinel::read::rows_of;
use crate::sentinel::target::{Object, Target};
use crate::sentinel::times::{moment, odata, seconds};
use crate::sentinel::{Error, Result};

/// The shortest slice, seconds: behind it a single second has more rows than an answer may.
const SHORTEST: i64 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
enum Format {
    #[default]
    Csv,
    Json,
    NdJson,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Export {
    #[serde(flatten)]
    place: Destination,
    /// The table
    table_name: Option<String>,
    /// A query in KQL, instead of a table
    query: Option<String>,
    /// The time it begins at: a time, a date, or how long ago
    from: Option<String>,
    /// The time it ends at; now if it is not given
    to: Option<String>,
    /// The time it covers, instead of From: 24h, 7d; 24h if nothing is given
    time_range: Option<String>,
    /// How rows are written
    #[serde(default)]
    format: Format,
    /// Rows at most
    #[serde(default = "hundred_thousand")]
    #[schemars(range(min = 1, max = 10_000_000))]
    max_rows: usize,
    /// Minutes that one query covers; halved where an answer would be too large
    #[schemars(range(min = 1, max = 44_640))]
    slice_minutes: Option<i64>,
}

fn hundred_thousand() -> usize {
    100_000
}

impl Read for Export {
    type Row = ExportRow;

    fn rows(self, target: Target) -> Rows {
        rows_of(async move {
            let (text, name) = match (&self.table_name, &self.query) {
                (Some(table), None) if table.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
                    (table.clone(), table.clone())
                }
                (None, Some(query)) => (query.clone(), "query".to_owned()),
                _ => {
                    return Err(Error::arguments(
                        target.operation,
                        "either TableName, a plain name, or Query is wanted",
                    ));
                }
            };
            let (from, to) = self.span(&target)?;
            let search = match &self.table_name {
                Some(table) => basic(&target, table).await?,
                None => false,
            };
            let mut items: Vec<Map<String, Value>> = Vec::new();
            let mut at = from;
            let mut slice = self
                .slice_minutes
                .map_or(to.duration_since(from).as_secs(), |minutes| minutes * 60)
                .max(SHORTEST);
            while at < to && items.len() < self.max_rows {
                let end = at.checked_add(SignedDuration::from_secs(slice)).map_or(to, |end| end.min(to));
                let mut query = LogsQuery::new(
                    &target.workspace.customer_id,
                    &text,
                    Some(format!("{}/{}", odata(at), odata(end))),
                );
                query.search = search;
                let answer = target.client.query_logs(&target.scope, &query).await?;
                match answer.partial {
                    // The answer is cut: the same time in two halves.
                    Some(_) if slice > SHORTEST => slice = (slice / 2).max(SHORTEST),
                    Some((reason, advice)) => {
                        return Err(crate::azure::Error::new(
                            crate::azure::Kind::ServiceFailed,
                            "a single second has more rows than an answer may have",
                        )
                        .because(reason)
                        .advised(advice)
                        .into());
                    }
                    None => {
                        let left = self.max_rows - items.len();
                        items.extend(answer.table.objects().take(left));
                        at = end;
                    }
                }
            }
            let mut writer =
                Writer::new(&target, &self.place.backup_path, self.place.timestamped, self.place.force)?;
            let (content, ending) = match self.format {
                Format::Csv => (csv(&items)?, "csv"),
                Format::Json => (serde_json::to_vec(&items).unwrap_or_default(), "json"),
                Format::NdJson => {
                    let lines: Vec<String> =
                        items.iter().map(|item| Value::from(item.clone()).to_string() + "\n").collect();
                    (lines.concat().into_bytes(), "ndjson")
                }
            };
            let stamp = |moment: Timestamp| moment.strftime("%Y%m%dT%H%M%SZ").to_string();
            let file = format!("{}_{}_{}.{ending}", file_name(&name), stamp(from), stamp(at.min(to)));
            writer.write(&file, &format!("{} rows of {name}", items.len()), "rows", &content)?;
            Ok(writer.rows())
        })
    }
}

impl Export {
    fn span(&self, target: &Target) -> Result<(Timestamp, Timestamp)> {
        let wrong = |problem: String| Error::arguments(target.operation, problem);
        if self.from.is_some() && self.time_range.is_some() {
            return Err(wrong("From and TimeRange exclude each other".to_owned()));
        }
        let to = self
            .to
            .as_deref()
            .map(|to| moment(to, target.now))
            .transpose()
            .map_err(wrong)?
            .unwrap_or(target.now);
        let from = match &self.from {
            Some(from) => moment(from, target.now).map_err(wrong)?,
            None => {
                let range = seconds(self.time_range.as_deref().unwrap_or("24h")).map_err(wrong)?;
                to.checked_sub(SignedDuration::from_secs(range)).map_err(|error| wrong(error.to_string()))?
            }
        };
        if from >= to {
            return Err(wrong("the time it begins at is not before the time it ends at".to_owned()));
        }
        Ok((from, to))
    }
}

/// True if the table is read with `search`.
async fn basic(target: &Target, table: &str) -> Result<bool> {
    let place = target.workspace.id.child(&["tables", table]);
    Ok(match target.find(&place, Surface::OperationalInsights).await? {
        Some(raw) => {
            matches!(Object::of(&raw)?.text("/properties/plan").as_deref(), Some("Basic" | "Auxiliary"))
        }
        None => false,
    })
}
