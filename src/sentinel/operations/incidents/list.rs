//! Listing incidents, a page at a time.

use futures_util::{StreamExt, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::azure::{Page, Request, Surface};
use crate::sentinel::cache::Family;
use crate::sentinel::definition::{Read, Rows};
use crate::sentinel::parameter::word;
use crate::sentinel::read::rows_of;
use crate::sentinel::target::{Object, Target};
use crate::sentinel::times::{moment, odata};
use crate::sentinel::{Error, Result};

use super::super::rules::Severity;

/// Most incidents of one page.
const PAGE: i64 = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum Status {
    New,
    Active,
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
pub(crate) enum OrderBy {
    #[default]
    CreatedTime,
    LastModified,
    Severity,
    Number,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct List {
    /// Only incidents of these states
    #[serde(default)]
    status: Vec<Status>,
    /// Only incidents of these severities
    #[serde(default)]
    severity: Vec<Severity>,
    /// Only incidents whose titles contain this text
    title: Option<String>,
    /// Only incidents of this owner: user principal name, or none
    owner: Option<String>,
    /// Only incidents with these numbers
    #[serde(default)]
    incident_number: Vec<i64>,
    /// Only incidents created after this: a time, a date, or how long ago (24h, 7d)
    created_after: Option<String>,
    /// Only incidents created before this
    created_before: Option<String>,
    /// Only incidents changed after this
    modified_after: Option<String>,
    /// Only incidents with one of these labels
    #[serde(default)]
    label: Vec<String>,
    /// How many at most, of each workspace; 0 for all
    #[serde(default = "fifty")]
    #[schemars(range(min = 0, max = 1_000_000))]
    top: i64,
    /// By what they are ordered
    #[serde(default)]
    order_by: OrderBy,
    /// The oldest, lowest or least first
    #[serde(default)]
    ascending: bool,
    /// A filter in OData, beside the others
    filter: Option<String>,
}

fn fifty() -> i64 {
    50
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct IncidentRow {
    /// Its number within the workspace
    pub(super) incident_number: Option<i64>,
    /// Its title
    pub(super) title: String,
    /// High, Medium, Low or Informational
    pub(super) severity: String,
    /// New, Active or Closed
    pub(super) status: String,
    /// Who works on it: user principal name, or what else is known
    pub(super) owner: Option<String>,
    /// When it was created
    pub(super) created_time_utc: Option<String>,
    /// When it was last changed
    pub(super) last_modified_time_utc: Option<String>,
    /// Its labels
    pub(super) labels: Vec<String>,
    /// Tactics of its alerts
    pub(super) tactics: Vec<String>,
    /// Number of its alerts
    pub(super) alerts_count: Option<i64>,
    /// Number of its comments
    pub(super) comments_count: Option<i64>,
    /// What it turned out to be, once closed
    pub(super) classification: Option<String>,
    /// Why
    pub(super) classification_reason: Option<String>,
    /// What made it: Azure Sentinel, Microsoft XDR
    pub(super) provider_name: Option<String>,
    /// Its page in the portal
    pub(super) incident_url: Option<String>,
    /// Its id within the workspace
    pub(super) incident_id: String,
    /// Etag of this state of it
    pub(super) etag: Option<String>,
    /// The resource id
    pub(super) id: String,
}

impl IncidentRow {
    pub(super) fn of(incident: &Object) -> Self {
        let text = |name: &str| incident.text(&format!("/properties/{name}"));
        let labels = incident.at("/properties/labels").as_array().into_iter().flatten();
        Self {
            incident_number: incident.number("/properties/incidentNumber"),
            title: text("title").unwrap_or_default(),
            severity: text("severity").unwrap_or_default(),
            status: text("status").unwrap_or_default(),
            owner: ["userPrincipalName", "email", "assignedTo", "objectId"]
                .into_iter()
                .find_map(|name| text(&format!("owner/{name}")).filter(|owner| !owner.is_empty())),
            created_time_utc: text("createdTimeUtc"),
            last_modified_time_utc: text("lastModifiedTimeUtc"),
            labels: labels.filter_map(|label| label["labelName"].as_str().map(str::to_owned)).collect(),
            tactics: incident.texts("/properties/additionalData/tactics"),
            alerts_count: incident.number("/properties/additionalData/alertsCount"),
            comments_count: incident.number("/properties/additionalData/commentsCount"),
            classification: text("classification"),
            classification_reason: text("classificationReason"),
            provider_name: text("providerName"),
            incident_url: text("incidentUrl"),
            incident_id: incident.name(),
            etag: incident.etag(),
            id: incident.id(),
        }
    }
}

impl Read for List {
    type Row = IncidentRow;

    fn rows(self, target: Target) -> Rows {
        let mut request = target.get(&target.sentinel(&["incidents"]), Surface::SecurityInsights);
        match self.odata(target.now) {
            Err(problem) => return stream::iter([Err(Error::arguments(target.operation, problem))]).boxed(),
            Ok(filter) if !filter.is_empty() => request = request.query("$filter", &filter),
            Ok(_) => {}
        }
        // What Azure cannot filter is filtered here, so its pages may hold less than asked for.
        let all = self.top == 0 || !self.label.is_empty();
        let page = if all { PAGE } else { self.top.min(PAGE) };
        request = request.query("$orderby", &self.order()).query("$top", &page.to_string());
        if !all && self.top <= PAGE {
            return rows_of(async move { self.held(&target, request).await });
        }
        let most = if self.top == 0 { usize::MAX } else { usize::try_from(self.top).unwrap_or(usize::MAX) };
        let pages = target.client.pages(&target.scope, request).boxed();
        let reading = (pages, Page::default(), 0_usize, self, target);
        stream::unfold(Some(reading), move |reading| async move {
            let (mut pages, mut ready, given, list, target) = reading?;
            loop {
                if given >= most {
                    return None;
                }
                if let Some(raw) = ready.next() {
                    match list.one(&target, &raw) {
                        Ok(None) => continue,
                        Ok(Some(row)) => {
                            return Some((Ok(row), Some((pages, ready, given + 1, list, target))));
                        }
                        Err(error) => return Some((Err(error), None)),
                    }
                }
                match pages.next().await? {
                    Ok(page) => ready = page,
                    Err(error) => return Some((Err(error.into()), None)),
                }
            }
        })
        .boxed()
    }
}

impl List {
    /// What fits on one page, from the cache if it is there.
    async fn held(self, target: &Target, request: Request) -> Result<Vec<Value>> {
        let most = usize::try_from(self.top).unwrap_or(usize::MAX);
        let fetch = || async {
            let mut pages = target.client.pages(&target.scope, request.clone()).boxed();
            let mut all = Vec::new();
            while all.len() < most
                && let Some(page) = pages.next().await
            {
                all.extend(page?);
            }
            all.truncate(most);
            Ok(all)
        };
        let held =
            target.cache.list(Family::Incidents, &target.workspace, &request, target.fresh, fetch).await?;
        held.iter().filter_map(|raw| self.one(target, raw).transpose()).collect()
    }

    fn one(&self, target: &Target, raw: &RawValue) -> Result<Option<Value>> {
        let incident = Object::of(raw)?;
        let row = IncidentRow::of(&incident);
        let labelled = self.label.is_empty()
            || self.label.iter().any(|wanted| row.labels.iter().any(|own| own.eq_ignore_ascii_case(wanted)));
        if labelled { target.row(row, raw).map(Some) } else { Ok(None) }
    }

    fn order(&self) -> String {
        let field = match self.order_by {
            OrderBy::CreatedTime => "createdTimeUtc",
            OrderBy::LastModified => "lastModifiedTimeUtc",
            OrderBy::Severity => "severity",
            OrderBy::Number => "incidentNumber",
        };
        format!("properties/{field} {}", if self.ascending { "asc" } else { "desc" })
    }

    fn odata(&self, now: jiff::Timestamp) -> Result<String, String> {
        let text = |value: &str| format!("'{}'", value.replace('\'', "''"));
        let any = |field: &str, values: Vec<String>| {
            let one: Vec<String> =
                values.iter().map(|value| format!("properties/{field} eq {value}")).collect();
            match one.len() {
                0 => None,
                1 => one.into_iter().next(),
                _ => Some(format!("({})", one.join(" or "))),
            }
        };
        let mut parts: Vec<String> = Vec::new();
        parts.extend(any("status", self.status.iter().map(|status| text(&word(status))).collect()));
        parts.extend(any("severity", self.severity.iter().map(|severity| text(&word(severity))).collect()));
        parts.extend(any("incidentNumber", self.incident_number.iter().map(ToString::to_string).collect()));
        if let Some(title) = &self.title {
            parts.push(format!("contains(toLower(properties/title), {})", text(&title.to_lowercase())));
        }
        match self.owner.as_deref() {
            Some(none) if none.eq_ignore_ascii_case("none") => {
                parts.push("properties/owner/userPrincipalName eq null".to_owned())
            }
            Some(owner) => parts.push(format!("properties/owner/userPrincipalName eq {}", text(owner))),
            None => {}
        }
        for (name, field, operator, value) in [
            ("CreatedAfter", "createdTimeUtc", "ge", &self.created_after),
            ("CreatedBefore", "createdTimeUtc", "le", &self.created_before),
            ("ModifiedAfter", "lastModifiedTimeUtc", "ge", &self.modified_after),
        ] {
            if let Some(value) = value {
                let moment = moment(value, now).map_err(|problem| format!("{name}: {problem}"))?;
                parts.push(format!("properties/{field} {operator} {}", odata(moment)));
            }
        }
        if let Some(filter) = self.filter.as_deref().filter(|filter| !filter.trim().is_empty()) {
            parts.push(if parts.is_empty() { filter.to_owned() } else { format!("({filter})") });
        }
        Ok(parts.join(" and "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_odata_and_quotes_stay_inside_of_texts() {
        let now = "2026-03-02T00:00:00Z".parse().expect("is a time");
        let filter =
            |arguments: Value| serde_json::from_value::<List>(arguments).expect("is read").odata(now);
        use serde_json::json;
        assert_eq!(filter(json!({})).as_deref(), Ok(""));
        assert_eq!(
            filter(json!({"status": ["New", "Active"], "severity": ["High"], "title": "O'Brien Mimikatz", "created_after": "24h"})).as_deref(),
            Ok("(properties/status eq 'New' or properties/status eq 'Active') and properties/severity eq 'High' and \
                contains(toLower(properties/title), 'o''brien mimikatz') and properties/createdTimeUtc ge 2026-03-01T00:00:00Z")
        );
        assert_eq!(
            filter(json!({"incident_number": [3177]})).as_deref(),
            Ok("properties/incidentNumber eq 3177")
        );
        assert!(filter(json!({"created_after": "soon"})).is_err());
    }
}
