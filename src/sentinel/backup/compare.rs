//! Two backups, object by object: what differs beside what Azure sets and where the workspaces lie.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Backup;
use crate::sentinel::Result;
use crate::sentinel::content::{ContentKind, Remap, server};

/// How an object of one backup is in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compared {
    pub(crate) kind: ContentKind,
    pub(crate) title: String,
    /// `same`, `differs`, `only here`, `only there`.
    pub(crate) state: &'static str,
    /// The first place that differs, here and there.
    pub(crate) detail: String,
}

/// Compares the objects of two backups.
///
/// # Errors
/// If a file of them cannot be read.
pub(crate) fn compare(here: &Backup, there: &Backup) -> Result<Vec<Compared>> {
    let (ours, mut theirs) = (contents(here)?, contents(there)?);
    let mut rows = Vec::new();
    for ((kind, name), (title, text)) in ours {
        let (state, detail) = match theirs.remove(&(kind, name)) {
            Some((_, other)) if other == text => ("same", String::new()),
            Some((_, other)) => ("differs", first_difference(&text, &other)),
            None => ("only here", String::new()),
        };
        rows.push(Compared { kind, title, state, detail });
    }
    rows.extend(theirs.into_iter().map(|((kind, _), (title, _))| Compared {
        kind,
        title,
        state: "only there",
        detail: String::new(),
    }));
    Ok(rows)
}

type Contents = BTreeMap<(ContentKind, String), (String, String)>;

/// Objects by kind and name: what is content of them, as text.
fn contents(backup: &Backup) -> Result<Contents> {
    let origin = &backup.manifest.workspace;
    let mut places = Remap::default();
    places.add(origin.id.as_str(), "{workspace}");
    places.add(&origin.customer_id, "{customer}");
    for kind in [ContentKind::DataCollectionEndpoints, ContentKind::DataCollectionRules] {
        for entry in backup.manifest.objects(kind) {
            places.add(&entry.id, &format!("{{{}/{}}}", kind.folder(), entry.name));
        }
    }
    let mut found = Contents::new();
    for kind in ContentKind::ALL {
        for entry in backup.manifest.objects(kind) {
            let mut object = server::own(kind, &backup.object(entry)?);
            places.value(&mut object);
            if object["location"].as_str().is_some_and(|region| region.eq_ignore_ascii_case(&origin.location))
            {
                object["location"] = "{region}".into();
            }
            let mut text = plain(object);
            for items in backup.manifest.files.iter().filter(|file| {
                file.kind == kind && file.items.is_some() && file.name.eq_ignore_ascii_case(&entry.name)
            }) {
                // An upload gives its items in any order.
                let mut lines = Vec::new();
                backup.each_item(items, |item| lines.push(plain(server::own(kind, &item))))?;
                lines.sort_unstable();
                text.push('\n');
                text.push_str(&lines.join("\n"));
            }
            // Associations of different machines may have one name.
            let name = if kind == ContentKind::Associations { &entry.id } else { &entry.name };
            found.insert((kind, name.to_ascii_lowercase()), (entry.title.clone(), text));
        }
    }
    Ok(found)
}

/// The text of a document; the order of members does not count.
fn plain(mut value: Value) -> String {
    value.sort_all_objects();
    value.to_string()
}

fn first_difference(here: &str, there: &str) -> String {
    let at = here.chars().zip(there.chars()).take_while(|(a, b)| a == b).count();
    let part = |text: &str| -> String { text.chars().skip(at.saturating_sub(40)).take(120).collect() };
    format!("{} | {}", part(here), part(there))
}
