//! Closing incidents, and giving them owners.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::azure::Surface;
use crate::sentinel::definition::Write;
use crate::sentinel::parameter::word;
use crate::sentinel::plan::{Change, Draft, edited};
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
enum Classification {
    Undetermined,
    TruePositive,
    BenignPositive,
    FalsePositive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
enum Reason {
    SuspiciousActivity,
    SuspiciousButExpected,
    IncorrectAlertLogic,
    InaccurateData,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Close {
    /// Ids of incidents
    #[serde(default)]
    #[schemars(extend("x-aliases" = ["Id"]))]
    incident_id: Vec<String>,
    /// Numbers of incidents
    #[serde(default)]
    #[schemars(extend("x-aliases" = ["Number"]))]
    incident_number: Vec<i64>,
    /// What it turned out to be
    classification: Classification,
    /// Why; it follows from the classification unless it is a false positive
    classification_reason: Option<Reason>,
    /// A comment on the classification
    comment: Option<String>,
    /// Closes incidents that are closed already anew
    #[serde(default)]
    force: bool,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Assign {
    /// Ids of incidents
    #[schemars(extend("x-aliases" = ["Id"]))]
    incident_id: Vec<String>,
    /// Numbers of incidents
    #[schemars(extend("x-aliases" = ["Number"]))]
    incident_number: Vec<i64>,
    /// The owner's user principal name
    owner_upn: Option<String>,
    /// The owner's object id
    owner_object_id: Option<String>,
    /// The owner's mail address
    owner_email: Option<String>,
    /// The owner's name, as it is shown
    assigned_to: Option<String>,
    /// Takes the owner away
    unassign: bool,
    /// Makes new incidents active
    set_active: bool,
}

impl Close {
    fn reason(&self) -> Result<Option<Reason>, String> {
        use Classification::{BenignPositive, FalsePositive, TruePositive, Undetermined};
        use Reason::{InaccurateData, IncorrectAlertLogic, SuspiciousActivity, SuspiciousButExpected};
        let allowed: &[Reason] = match self.classification {
            Undetermined => &[],
            TruePositive => &[SuspiciousActivity],
            BenignPositive => &[SuspiciousButExpected],
            FalsePositive => &[IncorrectAlertLogic, InaccurateData],
        };
        match self.classification_reason {
            None => Ok(allowed.first().copied()),
            Some(reason) if allowed.contains(&reason) => Ok(Some(reason)),
            Some(reason) => Err(format!(
                "ClassificationReason {} does not go with {}: it takes {}",
                word(&reason),
                word(&self.classification),
                if allowed.is_empty() {
                    "none".to_owned()
                } else {
                    allowed.iter().map(word).collect::<Vec<_>>().join(" or ")
                }
            )),
        }
    }
}

impl Write for Close {
    async fn plan(self, target: Target) -> Result<Draft> {
        let reason = self.reason().map_err(|problem| Error::arguments(target.operation, problem))?;
        let mut draft = Draft::default();
        for before in super::named(&target, &self.incident_id, &self.incident_number).await? {
            let incident = Object::of(&before)?;
            let name = label(&incident);
            if incident.text("/properties/status").as_deref() == Some("Closed") && !self.force {
                draft.unchanged.push(name);
                continue;
            }
            let after = edited(&before, |properties| {
                writable(properties);
                properties.insert("status".to_owned(), "Closed".into());
                properties.insert("classification".to_owned(), word(&self.classification).into());
                properties.remove("classificationReason");
                if let Some(reason) = &reason {
                    properties.insert("classificationReason".to_owned(), word(reason).into());
                }
                if let Some(comment) = &self.comment {
                    properties.insert("classificationComment".to_owned(), comment.as_str().into());
                }
            })?;
            let title = format!("close {name} as {}", word(&self.classification));
            draft.changes.push(change(&target, &incident, name, before, &after).titled(title));
        }
        Ok(draft)
    }
}

impl Write for Assign {
    async fn plan(self, target: Target) -> Result<Draft> {
        let owner: Map<String, Value> = [
            ("objectId", &self.owner_object_id),
            ("email", &self.owner_email),
            ("userPrincipalName", &self.owner_upn),
            ("assignedTo", &self.assigned_to),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.clone().map_or(Value::Null, Value::String)))
        .collect();
        let named = owner.values().any(|value| !value.is_null());
        if named == self.unassign {
            let problem = if named {
                "Unassign goes without an owner"
            } else {
                "OwnerUpn, OwnerObjectId, OwnerEmail or Unassign is missing"
            };
            return Err(Error::arguments(target.operation, problem));
        }
        let mut draft = Draft::default();
        for before in super::named(&target, &self.incident_id, &self.incident_number).await? {
            let incident = Object::of(&before)?;
            let name = label(&incident);
            let activate = self.set_active && incident.text("/properties/status").as_deref() == Some("New");
            let same = owner.iter().all(|(field, value)| {
                // What is not given is not compared: Azure fills it in.
                let own = incident.at(&format!("/properties/owner/{field}"));
                own == value || value.is_null() && !self.unassign
            });
            if same && !activate {
                draft.unchanged.push(name);
                continue;
            }
            let after = edited(&before, |properties| {
                writable(properties);
                if !same {
                    properties.insert("owner".to_owned(), Value::Object(owner.clone()));
                }
                if activate {
                    properties.insert("status".to_owned(), "Active".into());
                }
            })?;
            let who = self
                .owner_upn
                .as_ref()
                .or(self.owner_email.as_ref())
                .or(self.assigned_to.as_ref())
                .or(self.owner_object_id.as_ref());
            let title = match who {
                Some(who) => format!("assign {name} to {who}"),
                None => format!("take the owner of {name} away"),
            };
            draft.changes.push(change(&target, &incident, name, before, &after).titled(title));
        }
        Ok(draft)
    }
}

/// How people know an incident.
pub(super) fn label(incident: &Object) -> String {
    format!(
        "incident {} '{}'",
        incident.number("/properties/incidentNumber").unwrap_or_default(),
        incident.text("/properties/title").unwrap_or_default()
    )
}

fn change(
    target: &Target,
    incident: &Object,
    name: String,
    before: Box<serde_json::value::RawValue>,
    after: &Value,
) -> Change {
    let place = target.sentinel(&["incidents", &incident.name()]);
    Change::replace(place, Surface::SecurityInsights, name, before, after)
}

/// Takes out what only Azure sets. Everything else goes back with the change: what is left out is lost.
fn writable(properties: &mut Map<String, Value>) {
    for name in [
        "incidentNumber",
        "incidentUrl",
        "providerName",
        "providerIncidentId",
        "relatedAnalyticRuleIds",
        "additionalData",
    ] {
        properties.remove(name);
    }
    if properties.get("owner").is_some_and(|owner| *owner == json!({})) {
        properties.remove("owner");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_go_with_their_classification() {
        let reason = |arguments: Value| serde_json::from_value::<Close>(arguments).expect("is read").reason();
        assert_eq!(reason(json!({"classification": "TruePositive"})), Ok(Some(Reason::SuspiciousActivity)));
        assert_eq!(reason(json!({"classification": "Undetermined"})), Ok(None));
        let data = json!({"classification": "FalsePositive", "classification_reason": "InaccurateData"});
        assert_eq!(reason(data), Ok(Some(Reason::InaccurateData)));
        let wrong = json!({"classification": "TruePositive", "classification_reason": "InaccurateData"});
        assert!(reason(wrong).is_err_and(|problem| problem.contains("SuspiciousActivity")));
    }
}
