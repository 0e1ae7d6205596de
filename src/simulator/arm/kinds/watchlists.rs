//! Watchlists: their content comes as CSV and becomes items a while later.

use serde_json::{Value, json};

use crate::simulator::arm::fields::Fields;
use crate::simulator::arm::kind::{Begun, Change, Rules, Scene};
use crate::simulator::clock::stamp;
use crate::simulator::exchange::Object;
use crate::simulator::lro::Work;
use crate::simulator::refusal::Refusal;
use crate::simulator::state::Resource;

/// Type of a watchlist's item.
pub(crate) const ITEM: &str = "Microsoft.SecurityInsights/watchlists/watchlistItems";
/// Largest content of a local upload.
const LARGEST: usize = 3_800_000;
/// Longest line.
const LONGEST_LINE: usize = 10_240;

pub(super) struct Watchlists;

impl Rules for Watchlists {
    fn put(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let fields = Fields::properties(change.sent)?;
        let alias = change.name();
        if !(3..=64).contains(&alias.len()) {
            return Err(Refusal::bad_request("The watchlist alias must have between 3 and 64 characters."));
        }
        let key = fields.required_text("itemsSearchKey")?;
        if let Some(before) = change.before("itemsSearchKey").and_then(Value::as_str)
            && before != key
        {
            return Err(Refusal::bad_request("The 'itemsSearchKey' of a watchlist cannot be changed."));
        }
        let (name, provider) = (fields.required_text("displayName")?, fields.required_text("provider")?);
        if let Some(content) = fields.text("rawContent")? {
            check_content(content)?;
        }
        let now = json!(stamp(scene.now));
        let kept = |name: &str, fallback: Value| change.before(name).cloned().unwrap_or(fallback);
        let mut made = Object::new();
        made.insert("watchlistId".to_owned(), kept("watchlistId", json!(scene.state.new_id())));
        made.insert("displayName".to_owned(), json!(name));
        made.insert("provider".to_owned(), json!(provider));
        made.insert("source".to_owned(), json!(fields.text("source")?.unwrap_or("Local file")));
        made.insert(
            "sourceType".to_owned(),
            json!(fields.one_of("sourceType", &["Local", "AzureStorage"])?.unwrap_or("Local")),
        );
        made.insert("itemsSearchKey".to_owned(), json!(key));
        made.insert("description".to_owned(), json!(fields.text("description")?.unwrap_or_default()));
        made.insert("watchlistType".to_owned(), json!(fields.text("watchlistType")?.unwrap_or("watchlist")));
        made.insert("watchlistAlias".to_owned(), json!(alias));
        made.insert("isDeleted".to_owned(), json!(false));
        made.insert("labels".to_owned(), json!(fields.list("labels")?.unwrap_or_default()));
        made.insert(
            "defaultDuration".to_owned(),
            fields.get("defaultDuration").cloned().unwrap_or(json!("P1279DT12H30M5S")),
        );
        made.insert(
            "tenantId".to_owned(),
            json!(scene.workspace().and_then(|workspace| {
                let subscription = crate::simulator::identity::access::subscription_of(&workspace.id)?;
                crate::simulator::identity::access::tenant_of(scene.state, subscription)
            })),
        );
        made.insert("uploadStatus".to_owned(), json!("Complete"));
        made.insert("provisioningState".to_owned(), json!("Succeeded"));
        made.insert("created".to_owned(), kept("created", now.clone()));
        made.insert("updated".to_owned(), now);
        made.insert("createdBy".to_owned(), kept("createdBy", scene.caller()));
        made.insert("updatedBy".to_owned(), scene.caller());
        let mut body = Object::new();
        body.insert("properties".to_owned(), Value::Object(made));
        Ok(body)
    }

    fn goes_on(&self, scene: &mut Scene<'_>, change: &Change<'_>, stored: &mut Resource) -> Option<Begun> {
        let fields = Fields::properties(change.sent).ok()?;
        let content = fields.text("rawContent").ok()??;
        let skip =
            usize::try_from(fields.integer("numberOfLinesToSkip", 0, 10_000).ok()?.unwrap_or(0)).ok()?;
        let tabs =
            fields.text("contentType").ok()?.is_some_and(|kind| kind.to_ascii_lowercase().contains("tsv"));
        let key = stored.text("itemsSearchKey").unwrap_or_default().to_owned();
        stored.properties_mut().insert("provisioningState".to_owned(), json!("InProgress"));
        stored.properties_mut().insert("uploadStatus".to_owned(), json!("InProgress"));
        let mut settled = Object::new();
        settled.insert("provisioningState".to_owned(), json!("Succeeded"));
        settled.insert("uploadStatus".to_owned(), json!("Complete"));
        let rows = read(content, skip, if tabs { b'\t' } else { b',' });
        let (work, failure) = match rows {
            Ok(rows) if rows.iter().all(|row| row.contains_key(&key)) => {
                let items = rows.into_iter().map(|row| item(scene, &stored.id, row)).collect();
                (Work::Fill(settled, items), None)
            }
            Ok(_) => (
                Work::Settle(settled),
                Some(failed(&format!("The search key column '{key}' was not found in the content."))),
            ),
            Err(error) => (Work::Settle(settled), Some(failed(&error))),
        };
        let status = if change.existing.is_none() { 201 } else { 200 };
        Some(Begun { work, failure, status })
    }

    fn removal_goes_on(&self) -> bool {
        true
    }
}

fn failed(message: &str) -> Value {
    json!({"code": "WatchlistUploadFailed", "message": message})
}

fn check_content(content: &str) -> Result<(), Refusal> {
    if content.len() > LARGEST {
        return Err(Refusal::new(
            413,
            "RequestEntityTooLarge",
            "The content of a watchlist must not exceed 3.8 MB; use a storage account.",
        ));
    }
    if let Some(number) = content.lines().position(|line| line.chars().count() > LONGEST_LINE) {
        return Err(Refusal::bad_request(format!(
            "Line {} of the content has more than {LONGEST_LINE} characters.",
            number + 1
        )));
    }
    Ok(())
}

/// Reads rows of CSV or TSV with a heading.
pub(crate) fn read(content: &str, skip: usize, separator: u8) -> Result<Vec<Object>, String> {
    let content = content.trim_start_matches('\u{feff}');
    let start = content.split_inclusive('\n').take(skip).map(str::len).sum();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .from_reader(content.as_bytes().get(start..).unwrap_or_default());
    let heading = reader.headers().map_err(|error| error.to_string())?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        rows.push(
            heading.iter().zip(record.iter()).map(|(name, value)| (name.to_owned(), json!(value))).collect(),
        );
    }
    Ok(rows)
}

fn item(scene: &mut Scene<'_>, watchlist: &str, row: Object) -> Resource {
    let name = scene.state.new_id();
    let mut made = Object::new();
    made.insert("itemsKeyValue".to_owned(), Value::Object(row));
    let caller = scene.caller();
    let now = json!(stamp(scene.now));
    item_body(&name, &mut made, &now, &now, &caller, &caller);
    let mut body = Object::new();
    body.insert("properties".to_owned(), Value::Object(made));
    Resource {
        id: format!("{watchlist}/watchlistItems/{name}"),
        resource_type: ITEM.to_owned(),
        etag: scene.state.new_etag(scene.now),
        body,
    }
}

/// The members of an item beside its values.
pub(crate) fn item_body(
    name: &str,
    made: &mut Object,
    created: &Value,
    updated: &Value,
    creator: &Value,
    updater: &Value,
) {
    made.insert("watchlistItemType".to_owned(), json!("watchlist-item"));
    made.insert("watchlistItemId".to_owned(), json!(name));
    made.insert("isDeleted".to_owned(), json!(false));
    made.entry("entityMapping").or_insert_with(|| json!({}));
    made.insert("created".to_owned(), created.clone());
    made.insert("updated".to_owned(), updated.clone());
    made.insert("createdBy".to_owned(), creator.clone());
    made.insert("updatedBy".to_owned(), updater.clone());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_read_with_quotes_and_skipped_lines() {
        let rows = read("# a\n# b\nHost,Note\nDC01,\"a, b\"\nDC02,\n", 2, b',').expect("is right");
        assert_eq!(
            rows,
            [json!({"Host": "DC01", "Note": "a, b"}), json!({"Host": "DC02", "Note": ""})]
                .map(|row| row.as_object().cloned().expect("is one"))
        );
        assert!(read("a,b\n1\n", 0, b',').is_err());
        assert_eq!(read("a\tb\n1\t2\n", 0, b'\t').expect("is right")[0]["b"], "2");
    }
}
