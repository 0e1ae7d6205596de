//! Workspaces.

use serde_json::{Value, json};

use crate::simulator::arm::fields::Fields;
use crate::simulator::arm::kind::{Change, Rules, Scene};
use crate::simulator::clock::stamp_precise;
use crate::simulator::exchange::Object;
use crate::simulator::refusal::Refusal;
use crate::simulator::seed;

pub(super) struct Workspaces;

impl Rules for Workspaces {
    fn put(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let top = Fields::new(change.sent, "");
        let location = top.required_text("location")?;
        let empty = Object::new();
        let fields = Fields::new(
            change.sent.get("properties").and_then(Value::as_object).unwrap_or(&empty),
            "properties",
        );
        let sku = Fields::new(fields.object("sku")?.unwrap_or(&empty), "properties.sku");
        let sku = sku
            .one_of("name", &["PerGB2018", "CapacityReservation", "Free", "LACluster"])?
            .unwrap_or("PerGB2018");
        let retention = fields.integer("retentionInDays", 7, 730)?.unwrap_or(30);
        let id = scene.state.new_id();
        let made = properties(change, scene, &id, sku, retention, fields)?;
        let mut body = Object::new();
        body.insert("location".to_owned(), json!(location));
        body.insert("tags".to_owned(), top.get("tags").cloned().unwrap_or_else(|| json!({})));
        body.insert("properties".to_owned(), Value::Object(made));
        if change.existing.is_none() {
            seed::microsoft_tables(scene.state, change.id);
        }
        Ok(body)
    }

    fn patch(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let mut merged = change.existing.map(|existing| existing.body.clone()).unwrap_or_default();
        for (name, value) in
            change.sent.iter().filter(|(name, _)| ["tags", "location"].contains(&name.as_str()))
        {
            merged.insert(name.clone(), value.clone());
        }
        if let (Some(Value::Object(into)), Some(Value::Object(from))) =
            (merged.get_mut("properties"), change.sent.get("properties"))
        {
            into.extend(from.clone());
        }
        self.put(scene, &Change { id: change.id, existing: change.existing, sent: &merged })
    }
}

fn properties(
    change: &Change<'_>,
    scene: &Scene<'_>,
    id: &str,
    sku: &str,
    retention: i64,
    fields: Fields<'_>,
) -> Result<Object, Refusal> {
    let now = json!(stamp_precise(scene.now));
    let mut made = Object::new();
    made.insert("customerId".to_owned(), change.before("customerId").cloned().unwrap_or(json!(id)));
    made.insert("provisioningState".to_owned(), json!("Succeeded"));
    made.insert("sku".to_owned(), json!({"name": sku}));
    made.insert("retentionInDays".to_owned(), json!(retention));
    let features = json!({"enableLogAccessUsingOnlyResourcePermissions": true, "disableLocalAuth": false});
    made.insert("features".to_owned(), fields.get("features").cloned().unwrap_or(features));
    made.insert(
        "workspaceCapping".to_owned(),
        fields.get("workspaceCapping").cloned().unwrap_or_else(|| json!({"dailyQuotaGb": -1.0})),
    );
    for name in ["publicNetworkAccessForIngestion", "publicNetworkAccessForQuery"] {
        made.insert(
            name.to_owned(),
            json!(fields.one_of(name, &["Enabled", "Disabled", "SecuredByPerimeter"])?.unwrap_or("Enabled")),
        );
    }
    made.insert(
        "createdDate".to_owned(),
        change.before("createdDate").cloned().unwrap_or_else(|| now.clone()),
    );
    made.insert("modifiedDate".to_owned(), now);
    Ok(made)
}
