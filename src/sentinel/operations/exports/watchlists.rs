//! Watchlists to files: what each is, and its items.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Destination;
use crate::azure::Surface;
use crate::sentinel::content::ContentKind;
use crate::sentinel::content::server::own;
use crate::sentinel::content::watchlist::csv;
use crate::sentinel::definition::{Read, Rows};
use crate::sentinel::export::{ExportRow, Writer};
use crate::sentinel::folder::file_name;
use crate::sentinel::read::rows_of;
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
enum Format {
    #[default]
    Csv,
    Json,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Export {
    #[serde(flatten)]
    place: Destination,
    /// Only watchlists with these aliases
    #[serde(default)]
    alias: Vec<String>,
    /// How items are written
    #[serde(default)]
    format: Format,
}

impl Read for Export {
    type Row = ExportRow;

    fn rows(self, target: Target) -> Rows {
        rows_of(async move {
            let request = target.get(&target.sentinel(&["watchlists"]), Surface::SecurityInsights);
            let mut writer =
                Writer::new(&target, &self.place.backup_path, self.place.timestamped, self.place.force)?;
            let mut names = Vec::new();
            for raw in target.client.list(&target.scope, request).await? {
                let watchlist = Object::of(&raw)?;
                let alias = watchlist.text("/properties/watchlistAlias").unwrap_or_else(|| watchlist.name());
                names.push(alias.clone());
                if self.alias.is_empty()
                    || self.alias.iter().any(|wanted| wanted.eq_ignore_ascii_case(&alias))
                {
                    self.one(&target, &mut writer, &watchlist, &alias).await?;
                }
            }
            for wanted in &self.alias {
                if !names.iter().any(|name| name.eq_ignore_ascii_case(wanted)) {
                    return Err(Error::Object {
                        what: format!("there is no watchlist {wanted:?} in {}", target.workspace.name),
                        candidates: crate::nearest::nearest(wanted, names.iter().map(String::as_str))
                            .map(str::to_owned)
                            .into_iter()
                            .collect(),
                    });
                }
            }
            writer.manifest("watchlists")?;
            Ok(writer.rows())
        })
    }
}

impl Export {
    async fn one(&self, target: &Target, writer: &mut Writer, watchlist: &Object, alias: &str) -> Result<()> {
        let request = target.get(
            &target.sentinel(&["watchlists", &watchlist.name(), "watchlistItems"]),
            Surface::SecurityInsights,
        );
        let mut items: Vec<Map<String, Value>> = Vec::new();
        for raw in target.client.list(&target.scope, request).await? {
            if let Value::Object(values) = Object::of(&raw)?.at("/properties/itemsKeyValue") {
                items.push(values.clone());
            }
        }
        let folder = file_name(alias);
        let about = json!({ "name": watchlist.name(), "itemCount": items.len(), "properties": own(ContentKind::Watchlists, &watchlist.0)["properties"] });
        writer.write(
            &format!("{folder}/watchlist.json"),
            alias,
            "watchlist",
            format!("{about:#}\n").as_bytes(),
        )?;
        match self.format {
            Format::Json => writer.write(
                &format!("{folder}/data.json"),
                alias,
                "watchlist items",
                format!("{:#}\n", json!(items)).as_bytes(),
            ),
            Format::Csv => {
                writer.write(&format!("{folder}/data.csv"), alias, "watchlist items", &csv(&items)?)
            }
        }
    }
}
