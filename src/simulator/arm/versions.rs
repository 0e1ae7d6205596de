//! The api-versions that exist, by type.

use crate::simulator::exchange::Request;
use crate::simulator::refusal::Refusal;

const SECURITY_INSIGHTS: &[&str] = &[
    "2023-02-01",
    "2023-11-01",
    "2024-03-01",
    "2024-09-01",
    "2025-03-01",
    "2025-06-01",
    "2025-09-01",
    "2023-12-01-preview",
    "2024-01-01-preview",
    "2024-04-01-preview",
    "2024-10-01-preview",
    "2025-01-01-preview",
    "2025-04-01-preview",
    "2025-07-01-preview",
    "2025-10-01-preview",
];
const PREVIEW_ONLY: &[&str] = &[
    "2023-12-01-preview",
    "2024-01-01-preview",
    "2024-04-01-preview",
    "2024-10-01-preview",
    "2025-01-01-preview",
    "2025-04-01-preview",
    "2025-07-01-preview",
    "2025-10-01-preview",
];

/// The versions of a type. `None` for a type nobody knows.
pub(crate) fn of(full_type: &str) -> Option<&'static [&'static str]> {
    let lower = full_type.to_ascii_lowercase();
    let (namespace, rest) = lower.split_once('/')?;
    let first = rest.split('/').next().unwrap_or_default();
    Some(match (namespace, first) {
        (
            "microsoft.securityinsights",
            "settings"
            | "dataconnectordefinitions"
            | "contentpackages"
            | "contentproductpackages"
            | "contenttemplates"
            | "metadata",
        ) => SECURITY_INSIGHTS,
        ("microsoft.securityinsights", "recommendations") => PREVIEW_ONLY,
        ("microsoft.securityinsights", _) => SECURITY_INSIGHTS,
        ("microsoft.operationalinsights", "workspaces") => &[
            "2020-08-01",
            "2021-06-01",
            "2021-12-01-preview",
            "2022-10-01",
            "2023-01-01-preview",
            "2023-09-01",
            "2025-02-01",
            "2025-07-01",
        ],
        ("microsoft.operationalinsights", _) => {
            &["2020-08-01", "2022-10-01", "2023-09-01", "2025-02-01", "2025-07-01"]
        }
        ("microsoft.insights", "workbooks") => &["2021-03-08", "2021-08-01", "2022-04-01", "2023-06-01"],
        (
            "microsoft.insights",
            "datacollectionrules" | "datacollectionendpoints" | "datacollectionruleassociations",
        ) => &["2021-04-01", "2021-09-01-preview", "2022-06-01", "2023-03-11", "2024-03-11"],
        ("microsoft.insights", "diagnosticsettings") => &["2017-05-01-preview", "2021-05-01-preview"],
        ("microsoft.resourcegraph", "resources") => &["2019-04-01", "2021-03-01", "2022-10-01", "2024-04-01"],
        ("microsoft.managedservices", _) => {
            &["2019-09-01", "2020-02-01-preview", "2022-01-01-preview", "2022-10-01"]
        }
        ("microsoft.operationsmanagement", _) => &["2015-11-01-preview"],
        ("microsoft.authorization", "permissions") => &["2015-07-01", "2018-07-01", "2022-04-01"],
        ("microsoft.authorization", "locks") => &["2016-09-01", "2017-04-01", "2020-05-01"],
        ("microsoft.authorization", "roleassignments" | "roledefinitions") => {
            &["2015-07-01", "2018-07-01", "2020-04-01-preview", "2022-04-01"]
        }
        ("microsoft.authorization", "policyassignments") => {
            &["2021-06-01", "2022-06-01", "2023-04-01", "2024-04-01"]
        }
        ("microsoft.logic", "workflows") => &["2016-06-01", "2019-05-01"],
        ("microsoft.compute", "virtualmachines") => &["2023-03-01", "2024-03-01", "2024-07-01"],
        ("microsoft.resources", _) => &[
            "2016-06-01",
            "2019-10-01",
            "2020-01-01",
            "2021-01-01",
            "2021-04-01",
            "2022-09-01",
            "2022-12-01",
            "2024-03-01",
            "2024-11-01",
        ],
        _ => return None,
    })
}

/// The version a request asks for, if there is one of that name for the type.
pub(crate) fn check<'a>(request: &'a Request, full_type: &str) -> Result<&'a str, Refusal> {
    let given = request
        .parameter("api-version")
        .filter(|given| !given.is_empty())
        .ok_or_else(Refusal::missing_api_version)?;
    let date = given.get(..10).is_some_and(|date| {
        date.bytes()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() })
    });
    if !date || !matches!(given.get(10..), Some("" | "-preview" | "-privatepreview" | "-beta")) {
        return Err(Refusal::invalid_api_version(given));
    }
    let (namespace, kind) = full_type.split_once('/').unwrap_or((full_type, ""));
    let known = of(full_type).ok_or_else(|| Refusal::invalid_resource_type(namespace, kind, given))?;
    if known.contains(&given) {
        Ok(given)
    } else {
        Err(Refusal::no_registered_provider(full_type, given, "westeurope", known))
    }
}
