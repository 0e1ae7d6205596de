//! A workspace as a query sees it: its tables in a time span.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::cells::Row;
use super::feeds::{Feed, HISTORY, events};
use super::kusto::{Needed, column, row};
use super::{derived, schema};
use crate::kql::{self, Column, Row as Cells, StoredFunction, Table, Tables};
use crate::simulator::exchange::Object;
use crate::simulator::ids::Dice;
use crate::simulator::state::{Resource, State};

/// A workspace and a time span.
pub(crate) struct View<'a> {
    pub state: &'a State,
    pub workspace: &'a Resource,
    pub seed: u64,
    pub from: Timestamp,
    pub to: Timestamp,
    pub now: Timestamp,
    /// The columns whose cells matter; `None`: all.
    needed: Option<Arc<Needed>>,
}

impl<'a> View<'a> {
    /// All that is there: what comes from the feeds begins a fortnight ago.
    pub fn new(state: &'a State, workspace: &'a Resource, now: Timestamp) -> Self {
        let from = now.saturating_sub(HISTORY).unwrap_or(now);
        Self { state, workspace, seed: state.seed, from, to: now, now, needed: None }
    }

    /// Only what was generated in the span.
    pub fn within(mut self, span: Option<(Timestamp, Timestamp)>) -> Self {
        if let Some((from, to)) = span {
            (self.from, self.to) = (self.from.max(from), self.to.min(to));
        }
        self
    }

    /// Cells of other columns are empty: to make them all takes far longer than most queries.
    pub fn needing(mut self, needed: Option<Arc<Needed>>) -> Self {
        self.needed = needed;
        self
    }

    /// Which of the columns matter.
    fn matter(&self, columns: &[Column]) -> Vec<bool> {
        let needs = |column: &Column| self.needed.as_ref().is_none_or(|needed| needed.has(&column.name));
        columns.iter().map(needs).collect()
    }

    pub fn customer_id(&self) -> &'a str {
        self.workspace.text("customerId").unwrap_or_default()
    }

    /// What flows in.
    pub fn feeds(&self) -> impl Iterator<Item = (&'a str, &'a Feed)> + use<'a> {
        let feeds = self.state.feeds.get(self.customer_id());
        feeds.into_iter().flatten().map(|(table, feed)| (table.as_str(), feed))
    }

    /// Resources of the workspace.
    pub fn below(&self, resource_type: &str) -> impl Iterator<Item = &'a Resource> + use<'a> {
        self.state.below(&self.workspace.id, resource_type)
    }

    fn resource(&self, table: &str) -> Option<&'a Resource> {
        let found = self.state.get(&format!("{}/tables/{table}", self.workspace.id))?;
        // Paths ignore the case, queries do not.
        (found.name() == table).then_some(found)
    }

    /// The plan of a table.
    pub fn plan(&self, table: &str) -> &'a str {
        let plan = self.resource(table).and_then(|found| found.text("plan"));
        plan.unwrap_or("Analytics")
    }

    /// Whether the workspace has any data at all.
    pub fn is_placed(&self) -> bool {
        self.feeds().next().is_some() || self.state.ingested.contains_key(self.customer_id())
    }

    fn domain(&self) -> String {
        let name = self.workspace.name().trim_start_matches("law-");
        format!("{}.example", name.split('-').next().unwrap_or(name))
    }

    fn made_up(&self, table: &str, columns: &[Column]) -> Vec<Cells> {
        let Some((_, feed)) = self.feeds().find(|(name, _)| *name == table) else { return Vec::new() };
        let domain = self.domain();
        let place = (self.customer_id(), self.workspace.id.as_str(), domain.as_str());
        let label = format!("{}/{table}", self.customer_id());
        let matter = self.matter(columns);
        events(feed, self.from, self.to, self.now)
            .into_iter()
            .map(|(number, time)| {
                let mut made = Row::new(table, time, place, Dice::new(self.seed ^ number, &label));
                let cells: Vec<Value> = columns
                    .iter()
                    .zip(&matter)
                    .map(|(column, matters)| match matters {
                        true => made.cell(&column.name, column.ty.word()),
                        false => Value::Null,
                    })
                    .collect();
                row(cells.iter().map(Some), columns)
            })
            .collect()
    }

    fn laid_out<'o>(
        &self,
        table: &str,
        objects: impl IntoIterator<Item = &'o Object>,
        columns: &[Column],
    ) -> Vec<Cells> {
        let (tenant, own) = (json!(self.customer_id()), json!(table));
        let matter = self.matter(columns);
        let cell = |object: &'o Object, column: &Column| {
            object.get(&column.name).or(match column.name.as_str() {
                "TenantId" => Some(&tenant),
                "Type" => Some(&own),
                _ => None,
            })
        };
        objects
            .into_iter()
            .map(|object| {
                let cells = columns.iter().zip(&matter);
                row(cells.map(|(column, matters)| matters.then(|| cell(object, column)).flatten()), columns)
            })
            .collect()
    }

    /// Number of rows of a table, without making them.
    pub fn count(&self, table: &str) -> usize {
        let made_up = || match self.feeds().find(|(name, _)| *name == table) {
            Some((_, feed)) => events(feed, self.from, self.to, self.now).len(),
            None => 0,
        };
        let derived = derived::rows(self, table).map(|rows| if self.is_placed() { rows.len() } else { 0 });
        derived.unwrap_or_else(made_up) + self.came_in(table).len()
    }

    fn came_in(&self, table: &str) -> Vec<&'a Object> {
        let rows = self.state.ingested.get(self.customer_id()).and_then(|tables| tables.get(table));
        let inside = |row: &&Object| {
            let time = row
                .get("TimeGenerated")
                .and_then(Value::as_str)
                .and_then(|text| text.parse::<Timestamp>().ok());
            time.is_none_or(|time| {
                time >= self.from
                    && time <= self.to.saturating_add(SignedDuration::from_secs(1)).unwrap_or(self.to)
            })
        };
        rows.into_iter().flatten().filter(inside).collect()
    }
}

impl Tables for View<'_> {
    fn schema(&self, table: &str) -> Option<Vec<Column>> {
        let resource = self.resource(table)?;
        let mut columns: Vec<Column> = match schema::of_microsoft(table) {
            Some(known) => known.iter().map(|(name, kind)| column(name, kind)).collect(),
            None => ["TenantId", "Type", "_ResourceId"].map(|name| column(name, "string")).into(),
        };
        let own = resource.property("schema").and_then(|schema| schema.get("columns")?.as_array());
        for entry in own.into_iter().flatten() {
            let (name, kind) =
                (entry["name"].as_str().unwrap_or_default(), entry["type"].as_str().unwrap_or_default());
            if !columns.iter().any(|known| known.name == name) {
                columns.push(column(name, schema::query_type(kind)));
            }
        }
        Some(columns)
    }

    fn rows(&self, table: &str) -> kql::Result<Vec<Cells>> {
        let Some(columns) = self.schema(table) else { return Ok(Vec::new()) };
        let mut rows = match derived::rows(self, table) {
            Some(rows) if self.is_placed() => self.laid_out(table, &rows, &columns),
            Some(_) => Vec::new(),
            None => self.made_up(table, &columns),
        };
        rows.extend(self.laid_out(table, self.came_in(table), &columns));
        Ok(rows)
    }

    fn names(&self) -> Vec<String> {
        self.below("Microsoft.OperationalInsights/workspaces/tables")
            .map(|table| table.name().to_owned())
            .collect()
    }

    fn function(&self, name: &str) -> Option<StoredFunction> {
        let kind = "Microsoft.OperationalInsights/workspaces/savedSearches";
        let found = self.below(kind).find(|search| search.text("functionAlias") == Some(name))?;
        Some(StoredFunction {
            body: found.text("query")?.to_owned(),
            parameters: found.text("functionParameters").unwrap_or_default().to_owned(),
        })
    }

    fn call(&self, name: &str, arguments: &[kql::Value]) -> Option<kql::Result<Table>> {
        match name {
            "_GetWatchlist" => self.watchlist(arguments.first()?.as_str()?).map(Ok),
            _ => None,
        }
    }
}

impl View<'_> {
    /// The items of a watchlist.
    fn watchlist(&self, alias: &str) -> Option<Table> {
        let kind = "Microsoft.SecurityInsights/watchlists";
        let watchlist = self.below(kind).find(|found| found.name().eq_ignore_ascii_case(alias))?;
        let key = watchlist.text("itemsSearchKey").unwrap_or_default();
        let items: Vec<&Object> = self
            .state
            .collection(&format!("{}/watchlistItems", watchlist.id))
            .filter_map(|item| item.property("itemsKeyValue")?.as_object())
            .collect();
        let mut columns = vec![column("SearchKey", "string")];
        for name in items.iter().flat_map(|item| item.keys()) {
            if !columns.iter().any(|known| known.name == *name) {
                columns.push(column(name, "string"));
            }
        }
        let cells = |item: &&Object| {
            let values = columns.iter().skip(1).map(|column| item.get(&column.name));
            row(std::iter::once(item.get(key)).chain(values), &columns)
        };
        let rows = items.iter().map(cells).collect();
        Some(Table::new(columns, rows))
    }
}
