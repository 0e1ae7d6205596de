//! Entities that alerts carry, and the identifiers that each kind has.

use serde_json::Value;

use super::Report;
use super::query::Gives;

const MOST: usize = 10;
const MOST_FIELDS: usize = 3;

/// Kinds of entities with their identifiers.
const ENTITIES: [(&str, &str); 18] = [
    (
        "Account",
        "Name FullName NTDomain DnsDomain UPNSuffix Sid AadTenantId AadUserId PUID IsDomainJoined DisplayName ObjectGuid CloudAppAccountId",
    ),
    (
        "Host",
        "DnsDomain NTDomain HostName FullName NetBiosName AzureID OMSAgentID OSFamily OSVersion IsDomainJoined",
    ),
    ("IP", "Address AddressScope"),
    ("Malware", "Name Category"),
    ("File", "Directory Name"),
    ("Process", "ProcessId CommandLine ElevationToken CreationTimeUtc"),
    ("CloudApplication", "AppId Name InstanceName InstanceId"),
    ("DNS", "DomainName"),
    ("AzureResource", "ResourceId"),
    ("FileHash", "Algorithm Value"),
    ("RegistryKey", "Hive Key"),
    ("RegistryValue", "Name Value ValueType"),
    ("SecurityGroup", "DistinguishedName SID ObjectGuid"),
    ("URL", "Url"),
    ("Mailbox", "MailboxPrimaryAddress DisplayName Upn ExternalDirectoryObjectId RiskLevel AadId"),
    (
        "MailCluster",
        "NetworkMessageIds CountByDeliveryStatus CountByThreatType CountByProtectionStatus Threats Query QueryTime MailCount IsVolumeAnomaly Source ClusterSourceIdentifier ClusterSourceType ClusterQueryStartTime ClusterQueryEndTime ClusterGroup",
    ),
    (
        "MailMessage",
        "Recipient Urls Threats Sender P1Sender P1SenderDisplayName P1SenderDomain SenderIP P2Sender P2SenderDisplayName P2SenderDomain ReceivedDate NetworkMessageId InternetMessageId Subject AntispamDirection DeliveryAction DeliveryLocation Language ThreatDetectionMethods",
    ),
    (
        "SubmissionMail",
        "SubmissionId SubmissionDate Submitter NetworkMessageId Timestamp Recipient Sender SenderIp Subject ReportType",
    ),
];

/// Checks entity mappings: kinds, identifiers, and that the query gives the columns.
pub(super) fn mappings(report: &mut Report, place: &str, given: &Value, gives: Option<&Gives>) {
    let Some(mappings) = given.as_array() else {
        if !given.is_null() {
            report.error(
                place,
                "it is no list",
                "Write a list of objects with entityType and fieldMappings.",
            );
        }
        return;
    };
    if mappings.len() > MOST {
        report.error(
            place,
            format!("there are {} mappings, {MOST} at most", mappings.len()),
            "Leave some out.",
        );
    }
    for (index, mapping) in mappings.iter().enumerate() {
        let place = format!("{place}[{index}]");
        let kind = mapping["entityType"].as_str().unwrap_or_default();
        let known = ENTITIES.iter().find(|(name, _)| *name == kind);
        if known.is_none() {
            let near = crate::nearest::nearest(kind, ENTITIES.iter().map(|(name, _)| *name));
            let names = || ENTITIES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            report.error(
                &format!("{place}.entityType"),
                format!("'{kind}' is no kind of entity"),
                near.map_or_else(
                    || format!("They are {}.", names()),
                    |near| format!("Did you mean '{near}'?"),
                ),
            );
        }
        let fields = mapping["fieldMappings"].as_array().map(Vec::as_slice).unwrap_or_default();
        if fields.is_empty() || fields.len() > MOST_FIELDS {
            report.error(
                &format!("{place}.fieldMappings"),
                format!("there are {} fields", fields.len()),
                format!("An entity takes one to {MOST_FIELDS}, each with identifier and columnName."),
            );
        }
        for field in fields {
            let identifier = field["identifier"].as_str().unwrap_or_default();
            if let Some((_, identifiers)) = known
                && !identifiers.split(' ').any(|own| own == identifier)
            {
                report.warning(
                    &format!("{place}.fieldMappings"),
                    format!("'{identifier}' is no identifier of {kind} that is known here"),
                    format!("They are {}.", identifiers.replace(' ', ", ")),
                );
            }
            column(
                report,
                &format!("{place}.fieldMappings"),
                field["columnName"].as_str().unwrap_or_default(),
                gives,
            );
        }
    }
}

/// Checks that the query gives a column.
pub(super) fn column(report: &mut Report, place: &str, name: &str, gives: Option<&Gives>) {
    if name.is_empty() {
        return report.error(place, "a column is not named", "Name a column that the query gives.");
    }
    let Some(gives) = gives.filter(|gives| !gives.open) else { return };
    if gives.columns.iter().any(|column| column.name == name) {
        return;
    }
    let names = || gives.columns.iter().map(|column| column.name.as_str());
    let near = crate::nearest::nearest(name, names());
    report.error(
        place,
        format!("the query gives no column '{name}'"),
        near.map_or_else(
            || format!("It gives {}.", names().take(12).collect::<Vec<_>>().join(", ")),
            |near| format!("Did you mean '{near}'?"),
        ),
    );
}
