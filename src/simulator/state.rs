//! What exists: one ordered store of resources, and what goes with it. Everything the simulator answers is rendered from
//! here.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::exchange::Object;
use super::ids::Dice;
use super::logs::feeds::Feed;
use super::lro::Operation;

/// A resource as stored: what a PUT made of it, without what is computed when it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Resource {
    /// The id in the case in which it was created.
    pub id: String,
    /// The type in the case in which Azure writes it, e.g. `Microsoft.SecurityInsights/alertRules`.
    pub resource_type: String,
    pub etag: String,
    /// `kind`, `location`, `tags`, `properties` and the like.
    pub body: Object,
}

impl Resource {
    pub fn name(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or_default()
    }

    pub fn is(&self, resource_type: &str) -> bool {
        self.resource_type.eq_ignore_ascii_case(resource_type)
    }

    /// A member of `properties`.
    pub fn property(&self, name: &str) -> Option<&Value> {
        self.body.get("properties")?.get(name)
    }

    /// A text of `properties`.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.property(name)?.as_str()
    }

    /// `properties`, to change them.
    pub fn properties_mut(&mut self) -> &mut Object {
        let properties = self.body.entry("properties").or_insert_with(|| Value::Object(Object::new()));
        if !properties.is_object() {
            *properties = Value::Object(Object::new());
        }
        match properties {
            Value::Object(object) => object,
            _ => unreachable!("it was made an object"),
        }
    }
}

/// Rows that came in through the ingestion endpoint, by workspace (`customerId`) and table.
pub(crate) type Ingested = BTreeMap<String, BTreeMap<String, Vec<Object>>>;

/// Everything that lives in the file of `--state`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct State {
    /// The seed it was made from; rows are computed with it.
    pub seed: u64,
    /// When it was made; seeded times are relative to it.
    pub born: Timestamp,
    /// By id in lower case.
    resources: BTreeMap<String, Resource>,
    /// Their keys by type in lower case.
    #[serde(skip)]
    types: BTreeMap<String, BTreeSet<String>>,
    /// Long-running operations by their id.
    pub operations: BTreeMap<String, Operation>,
    pub ingested: Ingested,
    /// What flows in, by workspace (`customerId`) and table.
    pub feeds: BTreeMap<String, BTreeMap<String, Feed>>,
    /// Number of writes so far: etags and ids are made from it.
    writes: u64,
}

impl State {
    pub fn new(seed: u64, born: Timestamp) -> Self {
        Self { seed, born, ..Self::default() }
    }

    /// A state as read from its file, which does not have the index.
    pub fn indexed(mut self) -> Self {
        for (key, resource) in &self.resources {
            self.types.entry(resource.resource_type.to_ascii_lowercase()).or_default().insert(key.clone());
        }
        self
    }

    pub fn get(&self, id: &str) -> Option<&Resource> {
        self.resources.get(&id.to_ascii_lowercase())
    }

    pub fn get_mut(&mut self, id: &str) -> Option<&mut Resource> {
        self.writes += 1;
        self.resources.get_mut(&id.to_ascii_lowercase())
    }

    pub fn put(&mut self, resource: Resource) {
        self.writes += 1;
        let key = resource.id.to_ascii_lowercase();
        self.types.entry(resource.resource_type.to_ascii_lowercase()).or_default().insert(key.clone());
        self.resources.insert(key, resource);
    }

    /// Removes a resource and everything below it.
    pub fn remove(&mut self, id: &str) -> Option<Resource> {
        self.writes += 1;
        let key = id.to_ascii_lowercase();
        let below: Vec<String> = self.range(&format!("{key}/")).map(|(key, _)| key.clone()).collect();
        for key in below {
            self.take(&key);
        }
        self.take(&key)
    }

    fn take(&mut self, key: &str) -> Option<Resource> {
        let resource = self.resources.remove(key)?;
        if let Some(keys) = self.types.get_mut(&resource.resource_type.to_ascii_lowercase()) {
            keys.remove(key);
        }
        Some(resource)
    }

    fn range<'a>(&'a self, prefix: &str) -> impl Iterator<Item = (&'a String, &'a Resource)> + use<'a> {
        let prefix = prefix.to_owned();
        self.resources
            .range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded))
            .take_while(move |(key, _)| key.starts_with(&prefix))
    }

    /// The resources of one collection, `{parent}/{collection}/{name}`, ordered by name.
    pub fn collection<'a>(&'a self, path: &str) -> impl Iterator<Item = &'a Resource> + use<'a> {
        let prefix = format!("{}/", path.to_ascii_lowercase());
        let length = prefix.len();
        self.range(&prefix).filter(move |(key, _)| !key[length..].contains('/')).map(|(_, resource)| resource)
    }

    /// Resources of a type below a scope, however deep.
    pub fn below<'a>(
        &'a self,
        scope: &str,
        resource_type: &str,
    ) -> impl Iterator<Item = &'a Resource> + use<'a> {
        let prefix = format!("{}/", scope.trim_end_matches('/').to_ascii_lowercase());
        let keys = self.types.get(&resource_type.to_ascii_lowercase());
        let from = prefix.clone();
        keys.into_iter()
            .flat_map(move |keys| keys.range::<str, _>((Bound::Included(from.as_str()), Bound::Unbounded)))
            .take_while(move |key| key.starts_with(&prefix))
            .filter_map(|key| self.resources.get(key))
    }

    /// Everything below a prefix.
    pub fn all<'a>(&'a self, prefix: &str) -> impl Iterator<Item = &'a Resource> + use<'a> {
        self.range(&prefix.to_ascii_lowercase()).map(|(_, resource)| resource)
    }

    /// The workspace with that `customerId`.
    pub fn workspace_of(&self, customer_id: &str) -> Option<&Resource> {
        self.below("/subscriptions", WORKSPACE).find(|workspace| {
            workspace.text("customerId").is_some_and(|known| known.eq_ignore_ascii_case(customer_id))
        })
    }

    /// Adds rows to a table.
    pub fn came_in(&mut self, customer_id: &str, table: &str, rows: Vec<Object>) {
        self.writes += 1;
        let tables = self.ingested.entry(customer_id.to_owned()).or_default();
        tables.entry(table.to_owned()).or_default().extend(rows);
    }

    /// Changes whenever something is written.
    pub fn writes(&self) -> u64 {
        self.writes
    }

    /// A fresh id.
    pub fn new_id(&mut self) -> String {
        self.writes += 1;
        Dice::new(self.seed ^ self.writes, "id").uuid().to_string()
    }

    /// A fresh etag, without quotes: it looks like a GUID that ends in a time.
    pub fn new_etag(&mut self, now: Timestamp) -> String {
        self.writes += 1;
        let mixed = Dice::new(self.seed ^ self.writes, "etag").roll();
        format!("{:08x}-0000-0d00-0000-{:08x}0000", mixed >> 32, now.as_second() & 0xffff_ffff)
    }
}

/// The type of a workspace.
pub(crate) const WORKSPACE: &str = "Microsoft.OperationalInsights/workspaces";
/// The type of a subscription.
pub(crate) const SUBSCRIPTION: &str = "Microsoft.Resources/subscriptions";
/// The type of a resource group.
pub(crate) const GROUP: &str = "Microsoft.Resources/resourceGroups";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resource(id: &str, resource_type: &str) -> Resource {
        Resource {
            id: id.to_owned(),
            resource_type: resource_type.to_owned(),
            etag: String::new(),
            body: Object::new(),
        }
    }

    #[test]
    fn a_collection_is_one_level_and_a_removal_takes_all_below() {
        let mut state = State::new(1, Timestamp::UNIX_EPOCH);
        state.put(resource("/S/A/x", "t"));
        state.put(resource("/S/A/x/B/y", "u"));
        state.put(resource("/S/A/xy", "t"));
        state.put(resource("/S/AB/z", "t"));
        let names = |state: &State| -> Vec<String> {
            state.collection("/s/a").map(|found| found.name().to_owned()).collect()
        };
        assert_eq!(names(&state), ["x", "xy"]);
        assert!(state.get("/s/a/X/b/Y").is_some());
        assert_eq!(state.remove("/S/a/X").map(|gone| gone.id), Some("/S/A/x".to_owned()));
        assert_eq!(names(&state), ["xy"]);
        assert!(state.get("/s/a/x/b/y").is_none());
    }

    #[test]
    fn etags_and_ids_never_repeat() {
        let mut state = State::new(1, Timestamp::UNIX_EPOCH);
        let (one, two) = (state.new_etag(Timestamp::UNIX_EPOCH), state.new_etag(Timestamp::UNIX_EPOCH));
        assert_ne!(one, two);
        assert_ne!(state.new_id(), state.new_id());
        assert_eq!(json!(one).as_str().map(str::len), Some(36));
    }
}
