//! What a kind of resource is: a description, and the rules that only this kind has. Everything they share is in
//! `resource`.

use jiff::Timestamp;
use serde_json::Value;

use super::path::Target;
use crate::simulator::exchange::{Object, Request};
use crate::simulator::faults::FaultRule;
use crate::simulator::identity::tokens::Claims;
use crate::simulator::lro::Work;
use crate::simulator::refusal::Refusal;
use crate::simulator::state::{Resource, State};
use crate::simulator::world::World;

/// A kind of resource.
pub(crate) struct Kind {
    /// As Azure writes it.
    pub resource_type: &'static str,
    pub home: Home,
    pub etag: Etag,
    pub verbs: Verbs,
    /// Lists come in pages.
    pub paged: bool,
    pub rules: &'static dyn Rules,
}

/// Where resources of a kind live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Home {
    /// In a resource group.
    Group,
    /// In a subscription or below anything: an extension.
    Anywhere,
    /// Below a workspace, as a part of it.
    Workspace,
    /// Below a workspace that is onboarded to Sentinel.
    Sentinel,
    /// Below a resource of the type that this type begins with.
    Parent,
}

/// How a kind uses etags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Etag {
    /// Quoted; a body that has another one is refused with 409.
    Quoted,
    /// The same, and an update without one is refused.
    Required,
    /// Shown without quotes, not checked.
    Plain,
    /// A time; an update needs it or `*`.
    Dated,
    /// None.
    None,
}

/// What can be done with a kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verbs {
    pub list: bool,
    pub get: bool,
    pub put: bool,
    pub patch: bool,
    pub delete: bool,
}

impl Verbs {
    pub const READ: Self = Self { list: true, get: true, put: false, patch: false, delete: false };
    pub const ALL: Self = Self { list: true, get: true, put: true, patch: true, delete: true };
    pub const NO_PATCH: Self = Self { list: true, get: true, put: true, patch: false, delete: true };
}

/// Everything around one request to a resource.
pub(crate) struct Scene<'a> {
    pub world: &'a World,
    pub state: &'a mut State,
    pub now: Timestamp,
    pub claims: &'a Claims,
    pub request: &'a Request,
    pub target: &'a Target,
    pub version: &'a str,
    pub fault: Option<&'a FaultRule>,
}

impl Scene<'_> {
    /// Whether the client uses a preview version.
    pub fn preview(&self) -> bool {
        self.version.ends_with("-preview")
    }

    /// The workspace that the path goes through.
    pub fn workspace(&self) -> Option<&Resource> {
        self.state.get(self.target.workspace()?)
    }

    /// The stored id of that workspace.
    pub fn workspace_id(&self) -> &str {
        self.workspace().map_or("", |workspace| workspace.id.as_str())
    }

    /// The caller as `createdBy` and the like show it.
    pub fn caller(&self) -> Value {
        serde_json::json!({
            "objectId": self.claims.oid,
            "email": null,
            "name": self.claims.app_displayname,
            "userPrincipalName": null,
        })
    }
}

/// A write to one resource.
pub(crate) struct Change<'a> {
    pub id: &'a str,
    pub existing: Option<&'a Resource>,
    pub sent: &'a Object,
}

impl Change<'_> {
    pub fn name(&self) -> &str {
        super::path::name_of(self.id)
    }

    /// A member of the existing resource's `properties`.
    pub fn before(&self, name: &str) -> Option<&Value> {
        self.existing?.property(name)
    }
}

/// How a list is narrowed and ordered, and how long its pages are.
#[derive(Debug, Default)]
pub(crate) struct Listing<'a> {
    pub keep: Vec<&'a Resource>,
    pub page_size: Option<usize>,
}

/// The rules of a kind. What is not overridden is what most kinds do.
pub(crate) trait Rules: Sync {
    /// The body to store for a PUT. By default what was sent, as far as it belongs to a resource.
    fn put(&self, _scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        Ok(plain_body(change.sent))
    }

    /// The body to store for a PATCH. By default only `tags` change.
    fn patch(&self, _scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let mut body = change.existing.map(|existing| existing.body.clone()).unwrap_or_default();
        if let Some(tags) = change.sent.get("tags") {
            body.insert("tags".to_owned(), tags.clone());
        }
        Ok(body)
    }

    /// Adds what is computed, takes away what is not shown.
    fn show(&self, _scene: &Scene<'_>, _resource: &Resource, _body: &mut Object) {}

    /// Whether it may be deleted.
    fn delete(&self, _scene: &mut Scene<'_>, _resource: &Resource) -> Result<(), Refusal> {
        Ok(())
    }

    /// Narrows and orders a list.
    fn list<'a>(&self, _scene: &'a Scene<'_>, found: Vec<&'a Resource>) -> Result<Listing<'a>, Refusal> {
        Ok(Listing { keep: found, page_size: None })
    }

    /// Whether a write goes on after its answer, and what it will have done.
    fn goes_on(&self, _scene: &mut Scene<'_>, _change: &Change<'_>, _stored: &mut Resource) -> Option<Begun> {
        None
    }

    /// Whether the removal goes on after its answer.
    fn removal_goes_on(&self) -> bool {
        false
    }
}

/// A long-running operation to begin.
pub(crate) struct Begun {
    pub work: Work,
    pub failure: Option<Value>,
    /// Status of the answer: 201 or 202.
    pub status: u16,
}

/// Rules of a kind that has none of its own.
pub(crate) struct Plain;

impl Rules for Plain {}

/// The members of a body that belong to a resource, without those the service owns.
pub(crate) fn plain_body(sent: &Object) -> Object {
    sent.iter()
        .filter(|(name, _)| !["id", "name", "type", "etag", "systemData"].contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
