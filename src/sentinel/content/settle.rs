//! Bringing a workspace to have objects: which are made, which are changed, which are as wanted, which cannot be had.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryStreamExt;
use serde_json::Value;
use serde_json::value::RawValue;

use super::listed::property;
use super::server::comparable;
use super::{ContentKind, Mode, Piece, Remap, objects};
use crate::azure::ResourceId;
use crate::sentinel::definition::Undo;
use crate::sentinel::plan::{Cannot, Change, Draft};
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

/// Names of objects that an error shows.
const SHOWN: usize = 8;

/// Objects of files against those of a workspace.
pub(crate) struct Settling {
    pub(super) target: Target,
    mode: Mode,
    pub(super) draft: Draft,
    /// Ids of where the objects come from, as those of here.
    pub(crate) remap: Remap,
    /// The region they come from; what lay in it comes to lie in the workspace's.
    pub(crate) region: Option<String>,
    /// Machines change over to the rules of this workspace.
    pub(crate) moves_associations: bool,
    /// Names of analytics rules where the objects come from, by id.
    pub(crate) rule_names: BTreeMap<String, String>,
    /// Analytics rules that automation rules mention and that are not here.
    pub(super) missing_rules: BTreeSet<String>,
    conflicts: Vec<String>,
    /// Objects that a file is about already, lower case.
    taken: BTreeSet<String>,
}

/// An object of the workspace.
pub(super) struct Present {
    pub(super) object: Object,
    pub(super) raw: Box<RawValue>,
}

/// What a file's object is in the workspace.
enum Found<'a> {
    Nothing(ResourceId),
    One(&'a Present),
    Cannot(String),
}

impl Settling {
    pub(crate) fn new(target: &Target, mode: Mode) -> Self {
        Self {
            target: target.clone(),
            mode,
            draft: Draft { independent: true, ..Draft::default() },
            remap: Remap::default(),
            region: None,
            moves_associations: false,
            rule_names: BTreeMap::new(),
            missing_rules: BTreeSet::new(),
            conflicts: Vec::new(),
            taken: BTreeSet::new(),
        }
    }

    /// Plans to have these objects of one kind. Kinds come in their order.
    pub(crate) async fn settle(&mut self, kind: ContentKind, pieces: Vec<Piece>) -> Result<()> {
        if pieces.is_empty() {
            return Ok(());
        }
        if kind == ContentKind::Associations {
            return self.associations(pieces).await;
        }
        let present = self.present(kind).await?;
        if kind == ContentKind::AutomationRules {
            self.find_rules(&pieces).await?;
        }
        // What one file names is not another file's of the same title.
        let mut claimed: BTreeSet<String> =
            pieces.iter().filter_map(|piece| Some(piece.name.as_ref()?.to_ascii_lowercase())).collect();
        for mut piece in pieces {
            if kind == ContentKind::AutomationRules
                && let Some(reason) = self.missing_rule(&piece)
            {
                self.cannot(&piece, reason);
                continue;
            }
            self.remap.value(&mut piece.body);
            self.move_region(&mut piece);
            let found = self.find(&piece, &present, &claimed).await?;
            let place = match &found {
                Found::Cannot(reason) => {
                    self.cannot(&piece, reason);
                    continue;
                }
                Found::Nothing(place) => place.clone(),
                Found::One(present) => ResourceId::new(present.object.id()),
            };
            if !self.taken.insert(place.as_str().to_ascii_lowercase()) {
                self.cannot(&piece, "another file is about the same object: leave one of them out");
                continue;
            }
            match found {
                Found::One(present) => {
                    claimed.insert(present.object.name().to_ascii_lowercase());
                    self.change(&piece, present).await?;
                }
                _ => self.create(&piece, place.clone())?,
            }
            if let Some(source) = &piece.source {
                self.remap.add(source.as_str(), place.as_str());
            }
        }
        Ok(())
    }

    /// Knows objects again that are left as they are: others mention them.
    pub(crate) async fn recognise(&mut self, kind: ContentKind, pieces: Vec<Piece>) -> Result<()> {
        if pieces.is_empty() {
            return Ok(());
        }
        let present = self.present(kind).await?;
        for piece in pieces {
            let (Some(source), Some(name)) = (piece.source, piece.name) else { continue };
            if let Some(known) = present.iter().find(|known| known.object.name().eq_ignore_ascii_case(&name))
            {
                self.remap.add(source.as_str(), &known.object.id());
            }
        }
        Ok(())
    }

    /// The plan's draft.
    ///
    /// # Errors
    /// [`Error::Declined`] if something is there already and that is to be an error.
    pub(crate) fn finish(self) -> Result<Draft> {
        if self.mode == Mode::Fail && !self.conflicts.is_empty() {
            let shown: Vec<&str> = self.conflicts.iter().take(SHOWN).map(String::as_str).collect();
            let more = self.conflicts.len() - shown.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            return Err(Error::declined(
                format!("there already and other than in the files: {}{more}", shown.join(", ")),
                "With Mode Update they become as in the files, with Skip they stay.",
            ));
        }
        Ok(self.draft)
    }

    pub(crate) fn notice(&mut self, text: impl Into<String>) {
        self.draft.notices.push(text.into());
    }

    pub(super) fn cannot(&mut self, piece: &Piece, reason: impl Into<String>) {
        self.draft.cannot.push(Cannot {
            kind: piece.kind.word().to_owned(),
            name: piece.title.clone(),
            reason: reason.into(),
        });
    }

    pub(super) async fn present(&self, kind: ContentKind) -> Result<Vec<Present>> {
        objects(&self.target, kind)
            .and_then(|raw| async move { Ok(Present { object: Object::of(&raw)?, raw }) })
            .try_collect()
            .await
    }

    /// What lay in the region of its workspace lies in the region of this one.
    fn move_region(&self, piece: &mut Piece) {
        if let (Some(region), Some(location)) = (&self.region, piece.body["location"].as_str())
            && location.eq_ignore_ascii_case(region)
        {
            piece.body["location"] = self.target.workspace.location.clone().into();
        }
    }

    async fn find<'a>(
        &self,
        piece: &Piece,
        present: &'a [Present],
        claimed: &BTreeSet<String>,
    ) -> Result<Found<'a>> {
        let same_name = |known: &&Present| {
            piece.name.as_ref().is_some_and(|name| known.object.name().eq_ignore_ascii_case(name))
        };
        if let Some(known) = present.iter().find(same_name) {
            return Ok(Found::One(known));
        }
        if let Some(key) = key(piece.kind, &piece.body) {
            let same: Vec<&Present> = present
                .iter()
                .filter(|known| !claimed.contains(&known.object.name().to_ascii_lowercase()))
                .filter(|known| self::key(piece.kind, &known.object.0).as_ref() == Some(&key))
                .collect();
            match same.as_slice() {
                [] => {}
                [only] => return Ok(Found::One(only)),
                many => {
                    let ids: Vec<String> = many.iter().map(|known| known.object.name()).collect();
                    return Ok(Found::Cannot(format!(
                        "{} of that name are there ({}): give the file the id of the one that is meant",
                        many.len(),
                        ids.join(", ")
                    )));
                }
            }
        }
        let fresh = || self.target.fresh_id(&[piece.kind.name(), &piece.title, &piece.body.to_string()]);
        let name = piece.name.clone().unwrap_or_else(fresh);
        let place = piece.kind.place(&self.target, &name);
        // These lie in the resource group, which other workspaces may share.
        let shared = [ContentKind::Workbooks, ContentKind::DataCollectionRules].contains(&piece.kind);
        if shared && self.target.find(&place, piece.kind.surface()).await?.is_some() {
            return Ok(match piece.kind {
                ContentKind::Workbooks => Found::Nothing(piece.kind.place(&self.target, &fresh())),
                _ => Found::Cannot(format!(
                    "a rule of that name is in the resource group {} and sends elsewhere",
                    self.target.workspace.resource_group
                )),
            });
        }
        Ok(Found::Nothing(place))
    }

    pub(super) fn create(&mut self, piece: &Piece, place: ResourceId) -> Result<()> {
        if piece.kind == ContentKind::Watchlists {
            return self.create_watchlist(piece, place);
        }
        let mut body = sendable(piece.kind, &piece.body);
        if piece.kind == ContentKind::AnalyticsRules && body["properties"]["enabled"].is_null() {
            body["properties"]["enabled"] = true.into();
        }
        let change = Change::create(place, piece.kind.surface(), piece.title.clone(), &body).titled(format!(
            "create {} '{}'",
            piece.kind.word(),
            piece.title
        ));
        self.push(piece.kind, change);
        Ok(())
    }

    pub(super) async fn change(&mut self, piece: &Piece, present: &Present) -> Result<()> {
        let before = &present.object.0;
        if piece.kind == ContentKind::AnalyticsRules && piece.body["kind"] != before["kind"] {
            let kinds = (before["kind"].as_str().unwrap_or("?"), piece.body["kind"].as_str().unwrap_or("?"));
            self.cannot(
                piece,
                format!(
                    "it is {} there and {} in the file, and Azure does not change kinds: remove it first",
                    kinds.0, kinds.1
                ),
            );
            return Ok(());
        }
        let mut after = if piece.whole {
            piece.body.clone()
        } else {
            let mut kept = super::server::own(piece.kind, before);
            overlay(&mut kept, &piece.body);
            kept
        };
        // What Azure failed at may read as wanted and still be no table to write to, no rule to send with.
        let failed = is_failed(before);
        let differs = failed || comparable(piece.kind, before) != comparable(piece.kind, &after);
        let named = format!("{} '{}'", piece.kind.word(), piece.title);
        let items = self.item_changes(piece, present).await?;
        if !differs && items.is_empty() {
            self.draft.unchanged.push(named);
            return Ok(());
        }
        match self.mode {
            Mode::Update => {}
            Mode::Skip => {
                self.notice(format!("{named} is there already and other than in the file: it stays"));
                return Ok(());
            }
            Mode::Fail => {
                self.conflicts.push(named);
                return Ok(());
            }
        }
        if failed {
            self.notice(format!("Azure failed at the last change of {named}: it is sent again"));
        }
        if differs {
            after = sendable(piece.kind, &after);
            if let (Some(etag), Some(fields)) = (present.object.etag(), after.as_object_mut()) {
                fields.insert("etag".to_owned(), etag.into());
            }
            let place = ResourceId::new(present.object.id());
            let change = Change::replace(
                place,
                piece.kind.surface(),
                piece.title.clone(),
                present.raw.clone(),
                &after,
            )
            .titled(format!("change {named}"));
            self.push(piece.kind, change);
        }
        for change in items {
            self.draft.changes.push(change.at_stage(stage(ContentKind::Watchlists) + 1));
        }
        Ok(())
    }

    /// Adds a change, with what its kind wants.
    pub(super) fn push(&mut self, kind: ContentKind, change: Change) {
        let change = match kind {
            // What arrived in a table goes with it, and its plan changes once a week.
            ContentKind::Tables => change.long().undoable(Undo::Compensating),
            // Revisions stay.
            ContentKind::Workbooks => {
                let source = self.target.workspace.id.as_str().to_ascii_lowercase();
                change.parameter("sourceId", &source).undoable(Undo::Compensating)
            }
            ContentKind::Watchlists => change.long(),
            // Made again, they have other ids and addresses.
            ContentKind::DataCollectionEndpoints | ContentKind::DataCollectionRules => {
                change.undoable(Undo::Compensating)
            }
            _ => change,
        };
        self.draft.changes.push(change.at_stage(stage(kind)));
    }
}

/// When changes of a kind are made. Items of watchlists have the stage after that of watchlists.
pub(super) fn stage(kind: ContentKind) -> u8 {
    ContentKind::ALL
        .iter()
        .position(|known| *known == kind)
        .and_then(|at| u8::try_from(at * 2).ok())
        .unwrap_or(0)
}

/// By what an object is known again where its name is another one.
fn key(kind: ContentKind, object: &Value) -> Option<Vec<String>> {
    let lower = |name: &str| property(object, name).to_lowercase();
    let key = match kind {
        ContentKind::AnalyticsRules | ContentKind::Workbooks => vec![lower("displayName")],
        ContentKind::AutomationRules => {
            let logic = &object["properties"]["triggeringLogic"];
            let on = |name: &str| logic[name].as_str().unwrap_or_default().to_owned();
            vec![lower("displayName"), on("triggersOn"), on("triggersWhen")]
        }
        ContentKind::SavedQueries if !lower("functionAlias").is_empty() => vec![lower("functionAlias")],
        ContentKind::SavedQueries => vec![String::new(), lower("category"), lower("displayName")],
        _ => return None,
    };
    (!key.iter().all(String::is_empty)).then_some(key)
}

/// True if Azure gave up on the last change of an object.
fn is_failed(object: &Value) -> bool {
    property(object, "provisioningState").eq_ignore_ascii_case("Failed")
}

/// What Azure takes of an object.
fn sendable(kind: ContentKind, body: &Value) -> Value {
    let mut body = body.clone();
    let schema = body.get_mut("properties").and_then(|properties| properties.get_mut("schema"));
    // A table of Microsoft's without columns of its own: an empty list would be taken for columns.
    if kind == ContentKind::Tables
        && let Some(Value::Object(schema)) = schema
        && schema.get("columns").and_then(Value::as_array).is_none_or(Vec::is_empty)
        && let Some(Value::Object(properties)) = body.get_mut("properties")
    {
        properties.shift_remove("schema");
    }
    body
}

/// Puts the members of one document over those of another.
fn overlay(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (name, value) in over {
                match under.get_mut(name) {
                    Some(known) if name == "properties" => overlay(known, value),
                    _ => {
                        under.insert(name.clone(), value.clone());
                    }
                }
            }
        }
        (under, over) => *under = over.clone(),
    }
}
