//! What a workspace has, object by object, as Azure sent it. Pages come when they are asked for.

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use serde_json::Value;
use serde_json::value::RawValue;

use super::ContentKind;
use crate::azure::{Request, ResourceId, Surface};
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

/// Objects as Azure sent them.
pub(crate) type Objects = BoxStream<'static, Result<Box<RawValue>>>;

/// Everything of a kind that belongs to the workspace.
pub(crate) fn objects(target: &Target, kind: ContentKind) -> Objects {
    let all = |id: ResourceId| paged(target, target.get(&id, kind.surface()));
    match kind {
        ContentKind::Tables => {
            all(target.workspace.id.child(&["tables"])).try_filter(|raw| kept(raw, is_own_table)).boxed()
        }
        ContentKind::SavedQueries => all(target.workspace.id.child(&["savedSearches"])),
        ContentKind::SummaryRules => all(target.workspace.id.child(&["summaryLogs"])),
        ContentKind::Watchlists => all(target.sentinel(&["watchlists"])),
        ContentKind::AnalyticsRules => all(target.sentinel(&["alertRules"])),
        ContentKind::AutomationRules => all(target.sentinel(&["automationRules"])),
        ContentKind::Settings => all(target.sentinel(&["settings"])),
        ContentKind::Workbooks => workbooks(target),
        ContentKind::DataCollectionRules => collection_rules(target),
        ContentKind::DataCollectionEndpoints => endpoints(target),
        ContentKind::Associations => associations(target),
    }
}

/// The items of a watchlist.
pub(crate) fn items(target: &Target, alias: &str) -> Objects {
    let id = target.sentinel(&["watchlists", alias, "watchlistItems"]);
    paged(target, target.get(&id, Surface::SecurityInsights))
}

fn paged(target: &Target, request: Request) -> Objects {
    target
        .client
        .pages(&target.scope, request)
        .map_err(Error::from)
        .map_ok(|page| stream::iter(page.map(Ok::<_, Error>)))
        .try_flatten()
        .boxed()
}

fn kept(raw: &RawValue, takes: impl Fn(&Object) -> bool) -> std::future::Ready<bool> {
    std::future::ready(Object::of(raw).is_ok_and(|object| takes(&object)))
}

/// Custom tables, and those of Microsoft that somebody set up: a plan, a retention, columns of their own. Results of
/// searches and restored logs are copies of data.
fn is_own_table(table: &Object) -> bool {
    let sets = |name: &str| table.flag(&format!("/properties/{name}AsDefault")) == Some(false);
    match table.text("/properties/schema/tableType").as_deref() {
        Some("CustomLog") => true,
        Some("Microsoft") => {
            table.text("/properties/plan").is_some_and(|plan| plan != "Analytics")
                || sets("retentionInDays")
                || sets("totalRetentionInDays")
                || table
                    .at("/properties/schema/columns")
                    .as_array()
                    .is_some_and(|columns| !columns.is_empty())
        }
        _ => false,
    }
}

/// Workbooks of the workspace, with their content: lists come without.
fn workbooks(target: &Target) -> Objects {
    let list = target.get(&target.insights(&["workbooks"]), Surface::Workbooks).query("category", "sentinel");
    let (own, target) = (target.workspace.id.clone(), target.clone());
    paged(&target, list)
        .try_filter(move |raw| {
            kept(raw, |workbook| {
                workbook.text("/properties/sourceId").map(ResourceId::new).as_ref() == Some(&own)
            })
        })
        .and_then(move |raw| {
            let target = target.clone();
            async move {
                let id = ResourceId::new(Object::of(&raw)?.id());
                target
                    .read_request(&target.get(&id, Surface::Workbooks).query("canFetchContent", "true"))
                    .await
            }
        })
        .boxed()
}

fn of_subscription(target: &Target, segment: &str) -> Objects {
    let place = ResourceId::new(format!("/subscriptions/{}", target.workspace.subscription_id)).child(&[
        "providers",
        "Microsoft.Insights",
        segment,
    ]);
    paged(target, target.get(&place, Surface::DataCollection))
}

/// Rules that send to the workspace, wherever in its subscription they lie.
fn collection_rules(target: &Target) -> Objects {
    let own = target.workspace.id.clone();
    of_subscription(target, "dataCollectionRules")
        .try_filter(move |raw| kept(raw, |rule| sends_to(rule, &own)))
        .boxed()
}

/// True if a data collection rule sends to a workspace.
pub(super) fn sends_to(rule: &Object, workspace: &ResourceId) -> bool {
    rule.at("/properties/destinations/logAnalytics")
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|destination| destination["workspaceResourceId"].as_str())
        .any(|id| ResourceId::new(id) == *workspace)
}

/// Endpoints that those rules use, and those that lie beside the workspace.
fn endpoints(target: &Target) -> Objects {
    let target = target.clone();
    let used = async move {
        let mut used: Vec<ResourceId> = Vec::new();
        let mut rules = collection_rules(&target);
        while let Some(rule) = rules.try_next().await? {
            used.extend(Object::of(&rule)?.text("/properties/dataCollectionEndpointId").map(ResourceId::new));
        }
        let group = target.workspace.id.resource_group().unwrap_or_default().to_owned();
        Ok::<_, Error>(of_subscription(&target, "dataCollectionEndpoints").try_filter(move |raw| {
            kept(raw, |endpoint| {
                let id = ResourceId::new(endpoint.id());
                used.contains(&id) || id.resource_group().is_some_and(|own| own.eq_ignore_ascii_case(&group))
            })
        }))
    };
    stream::once(used).try_flatten().boxed()
}

/// What the rules and endpoints are associated with. One of both is listed once.
fn associations(target: &Target) -> Objects {
    let owners = collection_rules(target).chain(endpoints(target));
    let target = target.clone();
    let mut seen: Vec<String> = Vec::new();
    owners
        .map_ok(move |raw| match Object::of(&raw) {
            Ok(owner) => {
                let list = ResourceId::new(owner.id()).child(&["associations"]);
                paged(&target, target.get(&list, Surface::DataCollection))
            }
            Err(error) => stream::iter([Err(error)]).boxed(),
        })
        .try_flatten()
        .try_filter(move |raw| {
            let id =
                Object::of(raw).map(|association| association.id().to_ascii_lowercase()).unwrap_or_default();
            let first = !seen.contains(&id);
            if first {
                seen.push(id);
            }
            std::future::ready(first)
        })
        .boxed()
}

/// A member of an object, also where older answers spell its name with a capital.
pub(super) fn property(object: &Value, name: &str) -> String {
    let capital = name[..1].to_ascii_uppercase() + &name[1..];
    let properties = &object["properties"];
    properties[name].as_str().or_else(|| properties[capital.as_str()].as_str()).unwrap_or_default().to_owned()
}
