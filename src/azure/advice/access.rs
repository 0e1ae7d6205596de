//! Who may do what: roles, tenants, tokens, policies, locks, signing in.

use super::{Advice, Mover, Situation, between};
use crate::azure::Reason;
use crate::azure::cloud::Audience;
use crate::azure::roles::smallest_role;

pub(super) fn advise(situation: &Situation<'_>, reason: &Reason) -> Option<Advice> {
    if reason.code.starts_with("AADSTS") || reason.has("invalid_client") || reason.says("AADSTS") {
        return sign_in(reason);
    }
    if reason.has("LinkedAuthorizationFailed") {
        let linked = between(&reason.message, "linked scope(s) '", "'");
        // The action on the linked resource is named behind the one that was asked for.
        let action = between(&reason.message, "perform action(s) '", "'");
        let role = action.and_then(smallest_role);
        let command = role.map(|role| {
            role.command(
                between(&reason.message, "object id '", "'"),
                linked.or(Some("<LINKED-RESOURCE-ID>")),
            )
        });
        return Advice::new(
            2,
            Mover::Administrator,
            format!(
                "The object refers to another resource that this identity may not use: {}. It needs {} there, not only here.",
                linked.unwrap_or("the message names it"),
                role.map_or_else(|| "the role".to_owned(), |role| format!("the role '{}'", role.name))
            ),
        )?
        .with_command(command);
    }
    if reason.has("AuthorizationFailed") {
        return missing_role(&reason.message);
    }
    if reason.has("InvalidAuthenticationTokenTenant") {
        let tenants: Vec<&str> = reason
            .message
            .split("sts.windows.net/")
            .skip(1)
            .filter_map(|rest| rest.split(['/', '\'']).next())
            .collect();
        let text = match tenants.as_slice() {
            [ours, theirs, ..] => format!(
                "You are signed in to tenant {ours}; the subscription belongs to {theirs} and is not delegated to it. Delegate it with \
                 Azure Lighthouse, or name the customer in azure.customers with an identity of its own; check AZURE_TENANT_ID."
            ),
            _ => "You are signed in to another tenant than the subscription's, and it is not delegated. Check AZURE_TENANT_ID.".to_owned(),
        };
        return Advice::new(3, Mover::Operator, text);
    }
    if reason.has("InvalidAuthenticationTokenAudience") {
        return Advice::new(
            22,
            Mover::Operator,
            format!(
                "The token is for another service or another cloud; sent was one for {}. Check azure.cloud.",
                situation.scope
            ),
        );
    }
    if reason.has("ExpiredAuthenticationToken") || reason.has("InvalidAuthenticationToken") {
        return Advice::new(
            4,
            Mover::Operator,
            "A new token was fetched and refused as well. Most often the clock of this machine is wrong: compare it with the Date header of any answer.",
        );
    }
    if reason.has("RequestDisallowedByPolicy") {
        let policy = reason
            .policies
            .first()
            .map(|name| format!("'{name}'"))
            .unwrap_or_else(|| "the message names it".to_owned());
        return Advice::new(
            35,
            Mover::Administrator,
            format!(
                "A policy of the organisation forbids it: {policy}. Its owner can exempt the scope, or the object has to be made as the policy wants it."
            ),
        );
    }
    if reason.has("ScopeLocked") {
        let command = between(&reason.message, "scope(s) are locked: '", "'")
            .map(|scope| format!("az lock list --resource \"{scope}\""));
        return Advice::new(
            34,
            Mover::Administrator,
            "A lock keeps it from being changed. It is not ours to remove: ask its owner.",
        )
        .map(|advice| Advice { command, ..advice });
    }
    if situation.audience == Audience::Ingestion && situation.status == 403 {
        let rule = between(&reason.message, "immutable Id '", "'").unwrap_or("<DCR>");
        return Advice::new(
            29,
            Mover::Administrator,
            format!(
                "This identity may not send to the data collection rule {rule}: it needs the role 'Monitoring Metrics Publisher' on the rule \
                 itself, and the role takes up to 30 minutes to work. Check also that the endpoint is of the rule's region."
            ),
        )
        .map(|advice| Advice {
            command: smallest_role("Microsoft.Insights/Telemetry/Write").map(|role| role.command(None, Some("<DCR-RESOURCE-ID>"))),
            ..advice
        });
    }
    if reason.has("InsufficientAccessError")
        || situation.audience == Audience::Logs && situation.status == 403
    {
        return Advice::new(
            21,
            Mover::Administrator,
            "This identity may not query the workspace: it needs 'Log Analytics Reader' on it. If it has, the workspace may be set to \
             resource permissions only.",
        )
        .map(|advice| Advice {
            command: smallest_role("Microsoft.OperationalInsights/workspaces/query/read")
                .map(|role| role.command(None, Some("<WORKSPACE-RESOURCE-ID>"))),
            ..advice
        });
    }
    if reason.says("necessary permissions on all the workspaces in your query") {
        let workspace =
            between(&reason.messages.join(" "), "specifically on '", "'").unwrap_or("one of them").to_owned();
        return Advice::new(
            16,
            Mover::Administrator,
            format!(
                "The query reads other workspaces. Whoever saves the rule needs 'Microsoft Sentinel Reader' on them too: {workspace}."
            ),
        )?
        .with_command(
            smallest_role("Microsoft.SecurityInsights/alertRules/read")
                .map(|role| role.command(None, Some("<RESOURCE-ID-OF-THAT-WORKSPACE>"))),
        );
    }
    None
}

fn missing_role(message: &str) -> Option<Advice> {
    let principal = between(message, "object id '", "'");
    let action = between(message, "perform action '", "'").unwrap_or_default();
    let scope = between(message, "over scope '", "'");
    let role = smallest_role(action);
    let text = match role {
        Some(role) => format!(
            "This identity needs the role '{}' for {action}. A new role takes some minutes to work.",
            role.name
        ),
        None => {
            format!("This identity needs a role that allows {action}. A new role takes some minutes to work.")
        }
    };
    Advice::new(1, Mover::Administrator, text)
        .map(|advice| Advice { command: role.map(|role| role.command(principal, scope)), ..advice })
}

fn sign_in(reason: &Reason) -> Option<Advice> {
    let says =
        |number: &str| reason.has(&format!("AADSTS{number}")) || reason.says(&format!("AADSTS{number}"));
    let (mover, text) = if says("7000215") {
        (Mover::Operator, "The client secret is wrong: give its value, not its id (AZURE_CLIENT_SECRET).")
    } else if says("7000222") {
        (
            Mover::Administrator,
            "The client secret has expired: make a new one in the application's registration.",
        )
    } else if says("700016") {
        (
            Mover::Operator,
            "The tenant does not know the application: check AZURE_CLIENT_ID and AZURE_TENANT_ID, or consent to the application there.",
        )
    } else if says("90002") {
        (Mover::Operator, "There is no such tenant in this cloud: check AZURE_TENANT_ID and azure.cloud.")
    } else if says("53003") {
        (
            Mover::Administrator,
            "Conditional access forbids it: the policy's owner can exempt the application.",
        )
    } else if says("700027") || says("700024") {
        (
            Mover::Operator,
            "The application does not know the certificate, or its assertion is out of time: upload the certificate, check the clock.",
        )
    } else {
        (Mover::Operator, "Entra refused to sign in; its message says why.")
    };
    let command = ["7000215", "7000222"]
        .iter()
        .any(|number| says(number))
        .then(|| "az ad app credential reset --id <CLIENT-ID> --append".to_owned());
    Advice::new(36, mover, text)?.with_command(command)
}
