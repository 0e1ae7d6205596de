//! Incidents.

mod change;
mod comments;
mod list;
mod show;

use serde_json::value::RawValue;

use crate::azure::Surface;
use crate::sentinel::definition::{Example, Kind, Operation, Undo};
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

pub(super) fn operations() -> Vec<Operation> {
    const READ: &[&str] = &["Microsoft.SecurityInsights/incidents/read"];
    const WRITE: &[&str] =
        &["Microsoft.SecurityInsights/incidents/read", "Microsoft.SecurityInsights/incidents/write"];
    vec![
        Operation::read::<list::List>(
            "Get-SentinelIncidents",
            "get_sentinel_incidents",
            "incidents",
            "Lists incidents, the newest first.",
        )
        .alias(&["get_sentinelincidents"])
        .needs(READ)
        .view(&["WorkspaceName", "IncidentNumber", "Title", "Severity", "Status", "Owner", "CreatedTimeUtc"])
        .examples(&[
            Example { about: "New incidents of high severity, anywhere", power_shell: "Get-SentinelIncidents -WorkspaceName * -Status New -Severity High" },
            Example {
                about: "Close the harmless ones",
                power_shell: "Get-SentinelIncidents -WorkspaceName law-contoso -Status New -Title 'test' | Close-SentinelIncident -Classification BenignPositive -WhatIf",
            },
        ]),
        Operation::read::<show::Show>(
            "Show-IncidentDetails",
            "show_incident_details",
            "incidents",
            "Shows an incident with its alerts, entities, comments, bookmarks and tasks.",
        )
        .alias(&["show_incidentdetails"])
        .needs(READ)
        .view(&["IncidentNumber", "Title", "Severity", "Status", "Owner", "Alerts", "Entities", "Comments"])
        .examples(&[Example { about: "By number", power_shell: "Show-IncidentDetails -WorkspaceName law-contoso -IncidentNumber 3177" }]),
        Operation::write::<change::Close>(
            "Close-SentinelIncident",
            "close_sentinel_incident",
            "incidents",
            "Closes incidents with a classification.",
            Kind::Write,
            Undo::Exact,
        )
        .alias(&["close_sentinelincident"])
        .needs(WRITE)
        .examples(&[Example {
            about: "A false alarm",
            power_shell: "Close-SentinelIncident -WorkspaceName law-contoso -IncidentNumber 3177 -Classification FalsePositive -ClassificationReason IncorrectAlertLogic -Comment 'known scanner'",
        }]),
        Operation::write::<change::Assign>(
            "Assign-IncidentOwner",
            "assign_incident_owner",
            "incidents",
            "Gives incidents an owner, or takes it away.",
            Kind::Idempotent,
            Undo::Exact,
        )
        .alias(&["Set-IncidentOwner", "assign_incidentowner"])
        .needs(WRITE)
        .examples(&[Example {
            about: "Take an incident",
            power_shell: "Assign-IncidentOwner -WorkspaceName law-contoso -IncidentNumber 3177 -OwnerUpn anna@contoso.com -SetActive",
        }]),
        Operation::write::<comments::Add>(
            "Add-IncidentComment",
            "add_incident_comment",
            "incidents",
            "Adds a comment to an incident.",
            Kind::Write,
            Undo::Exact,
        )
        .alias(&["add_incidentcomment"])
        .needs(&["Microsoft.SecurityInsights/incidents/read", "Microsoft.SecurityInsights/incidents/comments/write"])
        .examples(&[Example {
            about: "A comment",
            power_shell: "Add-IncidentComment -WorkspaceName law-contoso -IncidentNumber 3177 -Message 'Checked, known scanner'",
        }]),
        Operation::read::<comments::List>(
            "Get-IncidentComments",
            "get_incident_comments",
            "incidents",
            "Lists the comments of an incident.",
        )
        .alias(&["get_incidentcomments"])
        .needs(&["Microsoft.SecurityInsights/incidents/read", "Microsoft.SecurityInsights/incidents/comments/read"])
        .view(&["CreatedTimeUtc", "Author", "Message"])
        .examples(&[Example { about: "All of them", power_shell: "Get-IncidentComments -WorkspaceName law-contoso -IncidentNumber 3177" }]),
    ]
}

/// The incidents that ids and numbers name, each once.
async fn named(target: &Target, ids: &[String], numbers: &[i64]) -> Result<Vec<Box<RawValue>>> {
    if ids.is_empty() && numbers.is_empty() {
        return Err(Error::arguments(
            target.operation,
            "name the incidents with IncidentId or IncidentNumber",
        ));
    }
    let mut found: Vec<(String, Box<RawValue>)> = Vec::new();
    for id in ids {
        // A full id is taken as well, as rows carry it.
        let short = id.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let raw = target.read(&target.sentinel(&["incidents", short]), Surface::SecurityInsights).await?;
        found.push((Object::of(&raw)?.name(), raw));
    }
    for number in numbers {
        let request = target
            .get(&target.sentinel(&["incidents"]), Surface::SecurityInsights)
            .query("$filter", &format!("properties/incidentNumber eq {number}"))
            .query("$top", "2");
        let mut listed = target.client.list(&target.scope, request).await?;
        listed.retain(|raw| {
            Object::of(raw)
                .is_ok_and(|incident| incident.number("/properties/incidentNumber") == Some(*number))
        });
        match listed.len() {
            1 => {
                let raw = listed.remove(0);
                found.push((Object::of(&raw)?.name(), raw));
            }
            _ => {
                return Err(Error::Object {
                    what: format!("there is no incident {number} in {}", target.workspace.name),
                    candidates: Vec::new(),
                });
            }
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|(name, _)| seen.insert(name.to_ascii_lowercase()));
    Ok(found.into_iter().map(|(_, raw)| raw).collect())
}

/// The one incident that an id or a number names.
async fn one(target: &Target, id: Option<&String>, number: Option<i64>) -> Result<Box<RawValue>> {
    let ids: Vec<String> = id.cloned().into_iter().collect();
    let numbers: Vec<i64> = number.into_iter().collect();
    let mut found = named(target, &ids, &numbers).await?;
    if found.len() > 1 {
        return Err(Error::arguments(target.operation, "IncidentId and IncidentNumber name two incidents"));
    }
    Ok(found.remove(0))
}
