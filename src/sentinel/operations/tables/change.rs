//! Plans, retention, removal.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::TablePlan;
use crate::azure::Surface;
use crate::sentinel::definition::{Undo, Write};
use crate::sentinel::operations::rules;
use crate::sentinel::parameter::word;
use crate::sentinel::plan::{Change, Draft};
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Remove {
    /// The table's name
    #[schemars(extend("x-aliases" = ["Name"]))]
    table_name: String,
    /// Removes it although rules read it
    #[serde(default)]
    force: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    /// Names of tables, or patterns
    #[schemars(extend("x-aliases" = ["Name"]))]
    table_name: Vec<String>,
    /// The plan they shall have
    plan: TablePlan,
    /// Changes it although rules read the table
    #[serde(default)]
    force: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retention {
    /// Names of tables, or patterns
    #[schemars(extend("x-aliases" = ["Name"]))]
    table_name: Vec<String>,
    /// Days that data can be queried, 4 to 730; -1 for the workspace's default
    #[schemars(range(min = -1, max = 730))]
    retention_in_days: Option<i64>,
    /// Days that data is kept in all, 4 to 4383; -1 for the same as it can be queried
    #[schemars(range(min = -1, max = 4383))]
    total_retention_in_days: Option<i64>,
}

/// -1, or a number of days from 4 on.
pub(super) fn check_days(field: &str, days: i64) -> Result<(), String> {
    if days == -1 || days >= 4 { Ok(()) } else { Err(format!("{field} is {days}: -1, or at least 4")) }
}

fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(5).map(|name| format!("'{name}'")).collect();
    let more = if names.len() > 5 { format!(" and {} more", names.len() - 5) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

impl Write for Remove {
    async fn plan(self, target: Target) -> Result<Draft> {
        let before = super::read(&target, &self.table_name).await?;
        let table = Object::of(&before)?;
        let (name, kind) = (table.name(), super::list::table_type(&table));
        if kind == "Microsoft" {
            return Err(Error::declined(
                format!(
                    "{name} is a table of Microsoft: only custom tables, search results and restored logs can be removed"
                ),
                "Shorten its retention instead: Update-TableRetention.",
            ));
        }
        let readers = rules::that_read(&target, &name).await?;
        if !readers.is_empty() && !self.force {
            return Err(Error::declined(
                format!("{} rules read {name} and would fail: {}", readers.len(), listed(&readers)),
                "Remove or change those rules first, or say Force.",
            ));
        }
        let place = target.workspace.id.child(&["tables", &name]);
        let change = Change::delete(place, Surface::OperationalInsights, name.clone(), before, Undo::None)
            .titled(format!("remove table {name} and its data"))
            .long();
        let mut draft = Draft::of(change);
        if !readers.is_empty() {
            draft.notices.push(format!(
                "{} rules read it and will fail: {}",
                readers.len(),
                listed(&readers)
            ));
        }
        Ok(draft)
    }
}

impl Write for Plan {
    async fn plan(self, target: Target) -> Result<Draft> {
        let mut draft = Draft::default();
        for name in super::named(&target, &self.table_name).await? {
            let before = super::read(&target, &name).await?;
            let table = Object::of(&before)?;
            let (name, old) = (table.name(), table.text("/properties/plan").unwrap_or_default());
            let new = word(&self.plan);
            if old == new {
                draft.unchanged.push(format!("table {name}"));
                continue;
            }
            if self.plan != TablePlan::Analytics {
                let readers = rules::that_read(&target, &name).await?;
                if !readers.is_empty() && !self.force {
                    return Err(Error::declined(
                        format!(
                            "rules cannot read tables of plan {new}, and {} read {name}: {}",
                            readers.len(),
                            listed(&readers)
                        ),
                        "Change those rules first, or say Force.",
                    ));
                }
                if !readers.is_empty() {
                    draft.notices.push(format!(
                        "{} rules read {name} and will stop working: {}",
                        readers.len(),
                        listed(&readers)
                    ));
                }
            }
            if let Some(changed) = table.text("/properties/lastPlanModifiedDate") {
                draft.notices.push(format!(
                    "the plan of {name} was changed at {changed}; it changes once a week at most"
                ));
            }
            let place = target.workspace.id.child(&["tables", &name]);
            let fields = json!({ "properties": { "plan": new } });
            let back = json!({ "properties": { "plan": old } });
            draft.changes.push(
                Change::patch(place, Surface::OperationalInsights, name.clone(), before, &fields, &back)
                    .titled(format!("change table {name} from plan {old} to {new}"))
                    .undoable(Undo::Compensating)
                    .long(),
            );
        }
        Ok(draft)
    }
}

impl Write for Retention {
    async fn plan(self, target: Target) -> Result<Draft> {
        let wrong = |problem: String| Error::arguments(target.operation, problem);
        if self.retention_in_days.is_none() && self.total_retention_in_days.is_none() {
            return Err(wrong("RetentionInDays or TotalRetentionInDays is missing".to_owned()));
        }
        let mut draft = Draft::default();
        for name in super::named(&target, &self.table_name).await? {
            let before = super::read(&target, &name).await?;
            let table = Object::of(&before)?;
            let name = table.name();
            let (mut fields, mut back) = (Map::new(), Map::new());
            for (field, days) in [
                ("retentionInDays", self.retention_in_days),
                ("totalRetentionInDays", self.total_retention_in_days),
            ] {
                let Some(days) = days else { continue };
                check_days(field, days).map_err(wrong)?;
                let old = table.number(&format!("/properties/{field}"));
                let default = table.flag(&format!("/properties/{field}AsDefault")).unwrap_or(false);
                if old == Some(days) && !default || days == -1 && default {
                    continue;
                }
                if field == "totalRetentionInDays" && old.is_some_and(|old| days != -1 && days < old) {
                    draft.notices.push(format!(
                        "{name}: data older than {days} days is deleted after 30 days; until then a longer retention brings it back"
                    ));
                }
                fields.insert(field.to_owned(), days.into());
                back.insert(
                    field.to_owned(),
                    if default { Value::from(-1) } else { old.map_or(Value::Null, Value::from) },
                );
            }
            if fields.is_empty() {
                draft.unchanged.push(format!("table {name}"));
                continue;
            }
            let shown: Vec<String> = fields.iter().map(|(field, days)| format!("{field} {days}")).collect();
            let place = target.workspace.id.child(&["tables", &name]);
            draft.changes.push(
                Change::patch(
                    place,
                    Surface::OperationalInsights,
                    name.clone(),
                    before,
                    &json!({ "properties": fields }),
                    &json!({ "properties": back }),
                )
                .titled(format!("set {} of table {name}", shown.join(", ")))
                .undoable(Undo::Compensating)
                .long(),
            );
        }
        Ok(draft)
    }
}
