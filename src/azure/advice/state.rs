//! What is there, what is not, and what is in the way.

use super::{Advice, Mover, Situation, between};
use crate::azure::{Reason, ResourceId, Surface};

pub(super) fn advise(situation: &Situation<'_>, reason: &Reason) -> Option<Advice> {
    if reason.says("not onboarded to Microsoft Sentinel") {
        return Advice::new(
            7,
            Mover::Administrator,
            "Sentinel is not switched on in this workspace. Switching it on costs money; the portal does it as well as this command.",
        )?
        .with_command(Some(switch_on(situation.path)));
    }
    if reason.says("should provide ETag") || reason.says("provide an ETag") {
        return Advice::new(
            10,
            Mover::Caller,
            "The object has to be read first: its etag goes with the change.",
        );
    }
    if situation.path_has("/watchlists/") && (reason.says("in progress") || reason.says("is being deleted")) {
        return Advice::new(
            33,
            Mover::Time,
            "The watchlist is still being deleted or filled. Wait; after 24 hours make it under another alias.",
        );
    }
    if situation.path_has("/savedSearches/") && situation.status == 409 {
        return Advice::new(
            9,
            Mover::Caller,
            "The saved search is there already, or somebody changed it meanwhile; nothing was saved. Plan again: the new plan shows what is there now.",
        );
    }
    if situation.path_has("/tables/")
        && situation.status == 400
        && (reason.says("plan") || reason.says("retention"))
    {
        return Advice::new(
            32,
            Mover::Caller,
            "The plan of a table changes once a week at most, and Basic tables have a fixed interactive retention. LastPlanModifiedDate of \
             the table says when it changed; total retention can be set in any plan.",
        );
    }
    if reason.has("InvalidPayload") || reason.says("Data collection rule is invalid") {
        let tables = reason.says("InvalidOutputTable");
        return Advice::new(
            28,
            Mover::Caller,
            format!(
                "The details name each fault and its place in the rule.{}",
                if tables {
                    " The table has to be in the workspace first: create it, or connect the data."
                } else {
                    ""
                }
            ),
        );
    }
    if reason.has("MissingSubscriptionRegistration") {
        let provider =
            between(&reason.message, "namespace '", "'").unwrap_or("Microsoft.Insights").to_owned();
        return Advice::new(
            13,
            Mover::Administrator,
            format!("The subscription has not registered {provider}. Registering takes some minutes."),
        )?
        .with_command(Some(match ResourceId::new(situation.path).subscription() {
            Some(subscription) => {
                format!("az provider register --namespace {provider} --subscription {subscription}")
            }
            None => format!("az provider register --namespace {provider}"),
        }));
    }
    if reason.has("SubscriptionNotFound") {
        return Advice::new(
            5,
            Mover::Administrator,
            "The subscription's id is wrong, or this identity has no role at all in it: Azure hides those. 'list_workspaces' shows what is visible.",
        )?
        .with_command(Some("az account list --all --output table".to_owned()));
    }
    if reason.has("ResourceGroupNotFound") || reason.has("ResourceNotFound") {
        return Advice::new(
            6,
            Mover::Caller,
            "There is no such resource. Names are shown by 'list_workspaces' and the Get functions; if it was made a moment ago, refresh the inventory.",
        );
    }
    if [
        "MissingApiVersionParameter",
        "InvalidApiVersionParameter",
        "NoRegisteredProviderFound",
        "InvalidApiVersion",
    ]
    .iter()
    .any(|code| reason.has(code))
    {
        return Advice::new(
            12,
            Mover::Operator,
            "This cloud or region does not know the version of the interface; sovereign clouds get them later. Name one that the message offers in azure.api_versions.",
        );
    }
    if situation.status == 405 || reason.has("UnsupportedApiVersion") {
        return Advice::new(
            11,
            Mover::Program,
            format!(
                "The path is not one that can be written to: {} {}. Please report it.",
                situation.method, situation.path
            ),
        );
    }
    if matches!(situation.status, 409 | 412) && !reason.has("AnotherOperationInProgress") {
        return Advice::new(
            8,
            Mover::Caller,
            "Somebody changed the object meanwhile; nothing was saved. Plan again: the new plan shows what is there now.",
        );
    }
    None
}

/// The command that switches Sentinel on in the workspace that a path is about.
fn switch_on(path: &str) -> String {
    let end = path.to_ascii_lowercase().find("/providers/microsoft.securityinsights").unwrap_or(path.len());
    format!(
        "az rest --method PUT --url \"{}/providers/Microsoft.SecurityInsights/onboardingStates/default?api-version={}\" --body \"{{}}\"",
        &path[..end],
        Surface::SecurityInsights.pinned()
    )
}

/// Azure accepted a request and failed at it later.
pub(crate) fn operation_failed(reason: &Reason) -> Option<Advice> {
    let inner = reason.details.first().cloned().unwrap_or_else(|| reason.message.clone());
    Advice::new(
        37,
        Mover::Caller,
        format!(
            "Azure had accepted the request and failed at carrying it out: {inner}. Look at the object before trying again."
        ),
    )
}
