//! Watchlists with their items: made by one upload, changed item by item.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryStreamExt;
use serde_json::{Map, Value, json};

use super::settle::{Present, Settling, stage};
use super::{ContentKind, Piece, items};
use crate::azure::{ResourceId, Surface};
use crate::sentinel::plan::Change;
use crate::sentinel::target::Object;
use crate::sentinel::{Error, Result};

/// What one upload may have, bytes.
const LARGEST: usize = 3_800_000;
/// What a line of it may have, characters.
const LONGEST: usize = 10_240;
/// Items that are sent one by one.
const ONE_BY_ONE: usize = 2_000;

impl Settling {
    /// Plans a watchlist that is not there: with its items, in one upload if CSV can say what they are.
    pub(super) fn create_watchlist(&mut self, piece: &Piece, place: ResourceId) -> Result<()> {
        let rows = piece.items.as_deref().unwrap_or_default();
        let mut body = piece.body.clone();
        let mut single = Vec::new();
        if !rows.is_empty() {
            match upload(rows)? {
                Some(content) if content.len() > LARGEST => {
                    self.cannot(piece, format!("its items have {} bytes, and Azure takes {LARGEST} in one upload: give it to Azure from a storage account", content.len()));
                    return Ok(());
                }
                Some(content) => {
                    body["properties"]["rawContent"] = content.into();
                    body["properties"]["contentType"] = "text/csv".into();
                    body["properties"]["numberOfLinesToSkip"] = 0.into();
                }
                None if rows.len() > ONE_BY_ONE => {
                    self.cannot(piece, format!("its {} items are no table of texts, so they would be sent one by one, and {ONE_BY_ONE} at most are", rows.len()));
                    return Ok(());
                }
                None => {
                    let mut taken = BTreeSet::new();
                    for row in rows {
                        let id = self.item_id(&place, row, &mut taken);
                        single.push(self.item(piece, &place, &id, row));
                    }
                }
            }
        }
        let title = format!("create watchlist '{}' with {} items", piece.title, rows.len());
        let change =
            Change::create(place, Surface::SecurityInsights, piece.title.clone(), &body).titled(title);
        self.push(ContentKind::Watchlists, change);
        self.draft.changes.extend(single);
        Ok(())
    }

    /// The id of a new item. The same row has the same one in every plan, so that it is there once even if it was on its way
    /// already; rows that are alike have one each.
    fn item_id(
        &self,
        watchlist: &ResourceId,
        row: &Map<String, Value>,
        taken: &mut BTreeSet<String>,
    ) -> String {
        let mut number = 0;
        loop {
            let id = self.target.fresh_id(&[watchlist.as_str(), &number.to_string(), &content(row)]);
            if taken.insert(id.clone()) {
                return id;
            }
            number += 1;
        }
    }

    fn item(&self, piece: &Piece, watchlist: &ResourceId, id: &str, row: &Map<String, Value>) -> Change {
        let place = watchlist.child(&["watchlistItems", id]);
        let body = json!({ "properties": { "itemsKeyValue": row } });
        let key = piece.body["properties"]["itemsSearchKey"].as_str().unwrap_or_default();
        let shown = row.get(key).and_then(Value::as_str).unwrap_or(id);
        Change::create(place, Surface::SecurityInsights, shown, &body)
            .titled(format!("add item '{shown}' to watchlist '{}'", piece.title))
            .at_stage(stage(ContentKind::Watchlists) + 1)
    }

    /// Changes that bring the items of a watchlist that is there to those of the file. Items that the file does not have
    /// stay.
    pub(super) async fn item_changes(&mut self, piece: &Piece, present: &Present) -> Result<Vec<Change>> {
        let Some(rows) = &piece.items else { return Ok(Vec::new()) };
        let place = ResourceId::new(present.object.id());
        let key = piece.body["properties"]["itemsSearchKey"].as_str().unwrap_or_default().to_owned();
        // Items by content; what is left over at the end is not in the file.
        let mut here: BTreeMap<String, Vec<(Object, Box<serde_json::value::RawValue>)>> = BTreeMap::new();
        let mut taken = BTreeSet::new();
        let mut found = items(&self.target, place.name());
        while let Some(raw) = found.try_next().await? {
            let item = Object::of(&raw)?;
            taken.insert(item.name().to_ascii_lowercase());
            here.entry(content(
                &item.at("/properties/itemsKeyValue").as_object().cloned().unwrap_or_default(),
            ))
            .or_default()
            .push((item, raw));
        }
        let missing: Vec<&Map<String, Value>> =
            rows.iter().filter(|row| here.get_mut(&content(row)).and_then(Vec::pop).is_none()).collect();
        if missing.len() > ONE_BY_ONE {
            self.cannot(piece, format!("{} of its items differ, and {ONE_BY_ONE} at most are sent one by one: remove the watchlist first", missing.len()));
            return Ok(Vec::new());
        }
        let mut left: Vec<(Object, Box<serde_json::value::RawValue>)> =
            here.into_values().flatten().collect();
        let mut changes = Vec::new();
        for row in missing {
            let same_key = left.iter().position(|(item, _)| {
                row.get(&key).is_some() && item.at("/properties/itemsKeyValue").get(&key) == row.get(&key)
            });
            match same_key {
                Some(at) => {
                    let (item, raw) = left.swap_remove(at);
                    let shown = row.get(&key).and_then(Value::as_str).unwrap_or_default().to_owned();
                    let mut after = json!({ "properties": { "itemsKeyValue": row } });
                    if let Some(etag) = item.etag() {
                        after["etag"] = etag.into();
                    }
                    changes.push(
                        Change::replace(
                            ResourceId::new(item.id()),
                            Surface::SecurityInsights,
                            shown.clone(),
                            raw,
                            &after,
                        )
                        .titled(format!("change item '{shown}' of watchlist '{}'", piece.title)),
                    );
                }
                None => {
                    let id = self.item_id(&place, row, &mut taken);
                    changes.push(self.item(piece, &place, &id, row));
                }
            }
        }
        if !left.is_empty() {
            self.notice(format!(
                "watchlist '{}' has {} items that the file does not have: they stay",
                piece.title,
                left.len()
            ));
        }
        Ok(changes)
    }
}

/// The content of an item, whatever the order of its columns.
fn content(row: &Map<String, Value>) -> String {
    let mut row = row.clone();
    row.sort_keys();
    Value::Object(row).to_string()
}

/// Items as CSV; `None` if it cannot say what they are: other values than texts, other columns from item to item.
fn upload(rows: &[Map<String, Value>]) -> Result<Option<String>> {
    let Some(first) = rows.first() else { return Ok(None) };
    let same = rows.iter().all(|row| {
        row.len() == first.len()
            && first.keys().all(|name| row.get(name).is_some_and(Value::is_string))
            && row.values().filter_map(Value::as_str).all(|text| !text.contains(['\r', '\n']))
    });
    if !same || first.is_empty() {
        return Ok(None);
    }
    let bytes = csv(rows)?;
    let text =
        String::from_utf8(bytes).map_err(|error| Error::File(format!("the items are no text: {error}")))?;
    Ok(text.lines().all(|line| line.chars().count() <= LONGEST).then_some(text))
}

/// Items as CSV: the columns are all keys, in the order of first appearance.
///
/// # Errors
/// If they cannot be written so.
pub(crate) fn csv(items: &[Map<String, Value>]) -> Result<Vec<u8>> {
    let mut columns: Vec<&str> = Vec::new();
    for name in items.iter().flat_map(|item| item.keys()) {
        if !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    let failed =
        |error: &dyn std::fmt::Display| Error::File(format!("the items cannot be written as CSV: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&columns).map_err(|error| failed(&error))?;
    for item in items {
        let cells = columns.iter().map(|column| match item.get(*column) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        });
        writer.write_record(cells).map_err(|error| failed(&error))?;
    }
    writer.into_inner().map_err(|error| failed(&error))
}

/// Rows of CSV or of a list of objects, as items.
///
/// # Errors
/// What is wrong with the content.
pub(crate) fn rows(content: &str, json: bool) -> Result<Vec<Map<String, Value>>, String> {
    if json {
        return serde_json::from_str(content).map_err(|error| error.to_string());
    }
    let mut reader = csv::Reader::from_reader(content.trim_start_matches('\u{feff}').as_bytes());
    let heading = reader.headers().map_err(|error| error.to_string())?.clone();
    reader
        .records()
        .map(|record| {
            let record = record.map_err(|error| error.to_string())?;
            Ok(heading
                .iter()
                .zip(record.iter())
                .map(|(name, value)| (name.to_owned(), value.into()))
                .collect())
        })
        .collect()
}
