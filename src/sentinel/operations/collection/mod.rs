//! Data collection rules and endpoints.

mod create;
mod list;
mod remove;
mod sources;
mod test_ingestion;
mod transform;

use serde_json::value::RawValue;

use crate::azure::{ResourceId, Surface};
use crate::sentinel::cache::Family;
use crate::sentinel::definition::{Example, Kind, Operation, Undo};
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

pub(super) fn operations() -> Vec<Operation> {
    const READ: &[&str] = &["Microsoft.Insights/dataCollectionRules/read"];
    const WRITE: &[&str] =
        &["Microsoft.Insights/dataCollectionRules/read", "Microsoft.Insights/dataCollectionRules/write"];
    vec![
        Operation::read::<list::Rules>(
            "Get-DataCollectionRules",
            "get_data_collection_rules",
            "collection",
            "Lists the data collection rules that send to a workspace.",
        )
        .alias(&["get_datacollectionrules"])
        .needs(READ)
        .view(&["WorkspaceName", "DcrName", "Kind", "OutputStreams", "Location", "ImmutableId"])
        .examples(&[Example { about: "All of them", power_shell: "Get-DataCollectionRules -WorkspaceName law-contoso" }]),
        Operation::read::<list::Endpoints>(
            "Get-DataCollectionEndpoints",
            "get_data_collection_endpoints",
            "collection",
            "Lists the data collection endpoints of a workspace's subscription.",
        )
        .alias(&["get_datacollectionendpoints"])
        .needs(&["Microsoft.Insights/dataCollectionEndpoints/read"])
        .view(&["DceName", "Location", "LogsIngestion", "PublicNetworkAccess"])
        .examples(&[Example { about: "All of them", power_shell: "Get-DataCollectionEndpoints -WorkspaceName law-contoso" }]),
        Operation::write::<create::ForTable>(
            "New-DCRForTable",
            "new_dcr_for_table",
            "collection",
            "Creates a data collection rule that brings records into a table.",
            Kind::Write,
            Undo::Exact,
        )
        .alias(&["new_dcrfortable"])
        .needs(&[
            "Microsoft.Insights/dataCollectionRules/write",
            "Microsoft.Insights/dataCollectionEndpoints/read",
            "Microsoft.OperationalInsights/workspaces/tables/read",
        ])
        .examples(&[Example { about: "Without an endpoint of its own", power_shell: "New-DCRForTable -WorkspaceName law-contoso -TableName Firewall_CL" }]),
        Operation::write::<create::Standalone>(
            "New-StandaloneDCR",
            "new_standalone_dcr",
            "collection",
            "Creates a data collection rule from a definition or for one kind of source.",
            Kind::Write,
            Undo::Exact,
        )
        .alias(&["new_standalonedcr"])
        .needs(WRITE)
        .examples(&[Example {
            about: "Security events of Windows",
            power_shell: "New-StandaloneDCR -WorkspaceName law-contoso -DcrName dcr-windows -Kind Windows -DataSourceType WindowsEventLogs -XPathQueries 'Security!*'",
        }]),
        Operation::write::<create::Endpoint>(
            "New-StandaloneDCE",
            "new_standalone_dce",
            "collection",
            "Creates a data collection endpoint.",
            Kind::Write,
            Undo::Exact,
        )
        .alias(&["new_standalonedce"])
        .needs(&["Microsoft.Insights/dataCollectionEndpoints/read", "Microsoft.Insights/dataCollectionEndpoints/write"])
        .examples(&[Example { about: "One for the SOC", power_shell: "New-StandaloneDCE -WorkspaceName law-contoso -DceName dce-soc" }]),
        Operation::write::<remove::Rule>(
            "Remove-DataCollectionRule",
            "remove_data_collection_rule",
            "collection",
            "Removes a data collection rule.",
            Kind::Destructive,
            Undo::Compensating,
        )
        .alias(&["remove_datacollectionrule"])
        .details("Undoing makes the rule again under a new immutable id, which senders have to be told; associations do not come back.")
        .needs(&["Microsoft.Insights/dataCollectionRules/read", "Microsoft.Insights/dataCollectionRules/delete"])
        .examples(&[Example { about: "By name", power_shell: "Remove-DataCollectionRule -WorkspaceName law-contoso -DcrName dcr-firewall -WhatIf" }]),
        Operation::write::<remove::Endpoint>(
            "Remove-DataCollectionEndpoint",
            "remove_data_collection_endpoint",
            "collection",
            "Removes a data collection endpoint that no rule uses.",
            Kind::Destructive,
            Undo::Compensating,
        )
        .alias(&["remove_datacollectionendpoint"])
        .details("Undoing makes it again with other addresses.")
        .needs(&["Microsoft.Insights/dataCollectionEndpoints/read", "Microsoft.Insights/dataCollectionEndpoints/delete"])
        .examples(&[Example { about: "By name", power_shell: "Remove-DataCollectionEndpoint -WorkspaceName law-contoso -DceName dce-soc -WhatIf" }]),
        Operation::write::<transform::Update>(
            "Update-DCRTransformation",
            "update_dcr_transformation",
            "collection",
            "Changes the transformation of a data collection rule.",
            Kind::Idempotent,
            Undo::Exact,
        )
        .alias(&["update_dcrtransformation"])
        .costly()
        .details("Records that a transformation drops are lost. With TestQuery it is tried on rows of the table first.")
        .needs(WRITE)
        .examples(&[Example {
            about: "Drop what is allowed",
            power_shell: "Update-DCRTransformation -WorkspaceName law-contoso -DcrName dcr-firewall -TransformKql \"source | where Action != 'allow'\" -TestQuery",
        }]),
        Operation::write::<sources::Add>(
            "Add-DCRDataSource",
            "add_dcr_data_source",
            "collection",
            "Adds a source and its flow to a data collection rule.",
            Kind::Write,
            Undo::Exact,
        )
        .alias(&["add_dcrdatasource"])
        .needs(WRITE)
        .examples(&[Example {
            about: "Syslog of logins",
            power_shell: "Add-DCRDataSource -WorkspaceName law-contoso -DcrName dcr-linux -DataSourceType Syslog -FacilityNames auth,authpriv -LogLevels Warning,Error",
        }]),
        Operation::write::<test_ingestion::Test>(
            "Test-DCRIngestion",
            "test_dcr_ingestion",
            "collection",
            "Sends a record to a data collection rule and, if wanted, waits until it can be queried.",
            Kind::Write,
            Undo::None,
        )
        .alias(&["test_dcringestion"])
        .costly()
        .details("The record stays in the table. Its plan checks the stream and shows the record without sending it. Accepted does not mean arrived: a transformation may drop it.")
        .needs(&["Microsoft.Insights/dataCollectionRules/read", "Microsoft.Insights/Telemetry/Write"])
        .examples(&[Example { about: "To the end", power_shell: "Test-DCRIngestion -WorkspaceName law-contoso -DcrName dcr-firewall -WaitForData" }]),
    ]
}

/// What a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Rules,
    Endpoints,
}

impl What {
    fn segment(self) -> &'static str {
        match self {
            Self::Rules => "dataCollectionRules",
            Self::Endpoints => "dataCollectionEndpoints",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Rules => "data collection rule",
            Self::Endpoints => "data collection endpoint",
        }
    }
}

/// All of the workspace's subscription.
async fn listed(target: &Target, what: What) -> Result<Vec<(Object, Box<RawValue>)>> {
    let place = ResourceId::new(format!("/subscriptions/{}", target.workspace.subscription_id)).child(&[
        "providers",
        "Microsoft.Insights",
        what.segment(),
    ]);
    let request = target.get(&place, Surface::DataCollection);
    let mut found = Vec::new();
    for raw in target.list(Family::Collection, request).await?.iter() {
        found.push((Object::of(raw)?, raw.clone()));
    }
    Ok(found)
}

/// True if the rule sends to this workspace.
fn sends_here(target: &Target, rule: &Object) -> bool {
    destinations(rule).any(|(_, id)| ResourceId::new(id) == target.workspace.id)
}

/// Names and workspaces that a rule sends to.
fn destinations(rule: &Object) -> impl Iterator<Item = (&str, &str)> {
    rule.at("/properties/destinations/logAnalytics").as_array().into_iter().flatten().filter_map(
        |destination| Some((destination["name"].as_str()?, destination["workspaceResourceId"].as_str()?)),
    )
}

/// The one of that name, as it is now: in the workspace's resource group, or elsewhere in the subscription.
async fn one(target: &Target, what: What, name: &str) -> Result<Box<RawValue>> {
    let near = target.insights(&[what.segment(), name]);
    if let Some(raw) = target.find(&near, Surface::DataCollection).await? {
        return Ok(raw);
    }
    let all = listed(target, what).await?;
    let same: Vec<&Object> = all
        .iter()
        .map(|(object, _)| object)
        .filter(|object| object.name().eq_ignore_ascii_case(name))
        .collect();
    match same.as_slice() {
        [only] => target.read(&ResourceId::new(only.id()), Surface::DataCollection).await,
        [] => {
            let names: Vec<String> = all.iter().map(|(object, _)| object.name()).collect();
            let nearest = crate::nearest::nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
            Err(Error::Object {
                what: format!(
                    "there is no {} {name:?} in the subscription of {}",
                    what.word(),
                    target.workspace.name
                ),
                candidates: nearest.into_iter().collect(),
            })
        }
        many => Err(Error::Object {
            what: format!("{} in the subscription are called {name:?}", many.len()),
            candidates: many.iter().map(|object| object.id()).collect(),
        }),
    }
}
