//! Which workspaces there are, and what is the matter with each.

use crate::simulator::identity::directory::{CONTOSO, FABRIKAM, MANAGING, TAILWIND, tenant_id};
use crate::simulator::ids::id_of;

/// A workspace to be.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    /// Domain of its tenant.
    pub domain: String,
    pub subscription: String,
    pub group: String,
    pub workspace: String,
    pub location: &'static str,
    pub retention: u32,
    pub state: Condition,
}

/// What is the matter with a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// All is well.
    Healthy,
    /// Not onboarded to Sentinel.
    NotOnboarded,
    /// Onboarded to Defender; some rows come late, a connector is off.
    Late,
    /// Onboarded and empty.
    Empty,
    /// A silent connector, a failing rule, a rule on a table that is not there, a watchlist that hangs, a Basic table.
    Ailing,
    /// One of many.
    Fleet,
}

impl Place {
    pub fn tenant(&self) -> String {
        tenant_id(&self.domain)
    }

    pub fn subscription_id(&self) -> String {
        // Not from the seed: a configuration that names it stays right.
        format!("/subscriptions/{}", id_of(0, &format!("subscription/{}", self.subscription)))
    }

    pub fn group_id(&self) -> String {
        format!("{}/resourceGroups/{}", self.subscription_id(), self.group)
    }

    pub fn workspace_id(&self) -> String {
        format!("{}/providers/Microsoft.OperationalInsights/workspaces/{}", self.group_id(), self.workspace)
    }

    pub fn sentinel(&self) -> String {
        format!("{}/providers/Microsoft.SecurityInsights", self.workspace_id())
    }
}

/// Workspaces that the managing tenant sees without a fleet.
const SEEN: usize = 6;
/// Subscriptions that hold them.
const SEEN_SUBSCRIPTIONS: usize = 4;

/// The eight standard workspaces, and as many more as are asked for.
pub(super) fn all(seen: usize) -> Vec<Place> {
    let place = |domain: &str, subscription: &str, group: &str, workspace: &str, state| Place {
        domain: domain.to_owned(),
        subscription: subscription.to_owned(),
        group: group.to_owned(),
        workspace: workspace.to_owned(),
        location: if workspace.contains("plant") { "germanywestcentral" } else { "westeurope" },
        retention: if state == Condition::Empty { 30 } else { 90 },
        state,
    };
    let mut places = vec![
        place(MANAGING, "northwind-soc", "rg-soc", "law-soc-hub", Condition::Healthy),
        place(MANAGING, "northwind-soc", "rg-lab", "law-sandbox", Condition::NotOnboarded),
        place(CONTOSO, "contoso-prod", "rg-soc", "law-contoso", Condition::Healthy),
        place(CONTOSO, "contoso-prod", "rg-soc-eu", "law-contoso-eu", Condition::Late),
        // The same name as the sandbox of the managing tenant: names are not unique.
        place(CONTOSO, "contoso-test", "rg-test", "law-sandbox", Condition::Empty),
        place(FABRIKAM, "fabrikam-it", "rg-security", "law-fabrikam", Condition::Ailing),
        place(FABRIKAM, "fabrikam-it", "rg-plant", "law-fabrikam-plant", Condition::Healthy),
        place(TAILWIND, "tailwind-prod", "rg-soc", "law-tailwind", Condition::Healthy),
    ];
    let more = seen.saturating_sub(SEEN);
    let subscriptions = (seen / 5).saturating_sub(SEEN_SUBSCRIPTIONS).max(1);
    places.extend((0..more).map(|number| {
        let subscription = format!("contoso-fleet-{:02}", number % subscriptions + 1);
        let name = format!("law-fleet-{:03}", number + 1);
        place(CONTOSO, &subscription, "rg-soc", &name, Condition::Fleet)
    }));
    places
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_hundred_workspaces_are_seen_in_twenty_subscriptions() {
        assert_eq!(all(0).len(), 8);
        let seen: Vec<Place> = all(100)
            .into_iter()
            .filter(|place| !place.workspace.contains("plant") && place.domain != TAILWIND)
            .collect();
        assert_eq!(seen.len(), 100);
        assert_eq!(seen.iter().map(|place| &place.subscription).collect::<BTreeSet<_>>().len(), 20);
    }
}
