//! What an identity may do at a scope, as Azure itself adds its roles up.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::roles::fits;
use super::{Audience, Client, Method, ResourceId, Result, Scope, Surface};

/// The permissions at one scope: what one of them gives and does not take away again may be done.
#[derive(Debug, Clone, Default)]
pub struct Permissions(Vec<Permission>);

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Permission {
    actions: Vec<String>,
    not_actions: Vec<String>,
    data_actions: Vec<String>,
    not_data_actions: Vec<String>,
}

impl Permissions {
    /// True if the action may be done. Case makes no difference, `*` in a permission stands for anything.
    pub fn allow(&self, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        let any =
            |patterns: &[String]| patterns.iter().any(|pattern| fits(&pattern.to_ascii_lowercase(), &action));
        self.0.iter().any(|one| match is_of_data(&action) {
            true => any(&one.data_actions) && !any(&one.not_data_actions),
            false => any(&one.actions) && !any(&one.not_actions),
        })
    }
}

/// Whether an action is one on data, which roles list apart. Of those that this program needs, it is one.
pub fn is_of_data(action: &str) -> bool {
    action.eq_ignore_ascii_case("Microsoft.Insights/Telemetry/Write")
}

impl Client {
    /// What this identity may do at a resource or a resource group.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub async fn permissions(&self, scope: &Scope, id: &ResourceId) -> Result<Permissions> {
        let place = id.child(&["providers", "Microsoft.Authorization", "permissions"]);
        let request = self.request(Method::Get, &place, Surface::Permissions);
        let listed = self.list(scope, request).await?;
        Ok(Permissions(listed.iter().filter_map(|raw| serde_json::from_str(raw.get()).ok()).collect()))
    }

    /// The object id of this identity, by which roles are given to it; `None` if its token does not tell. It is for commands
    /// that are shown, and proves nothing.
    pub async fn principal(&self) -> Option<String> {
        let token = self.tokens().token(self.cloud().scope(Audience::ResourceManager)).await.ok()?;
        let payload = URL_SAFE_NO_PAD.decode(token.expose().split('.').nth(1)?).ok()?;
        let claims: serde_json::Value = serde_json::from_slice(&payload).ok()?;
        let id = claims["oid"].as_str()?;
        uuid::Uuid::try_parse(id).ok().map(|id| id.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permissions(value: serde_json::Value) -> Permissions {
        Permissions(serde_json::from_value(value).expect("are some"))
    }

    #[test]
    fn what_one_gives_another_does_not_take_away() {
        let contributor =
            serde_json::json!({"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]});
        let one = permissions(serde_json::json!([contributor]));
        assert!(one.allow("Microsoft.SecurityInsights/alertRules/write"));
        assert!(!one.allow("microsoft.authorization/roleAssignments/write"));
        let both = permissions(
            serde_json::json!([contributor, {"actions": ["Microsoft.Authorization/roleAssignments/*"]}]),
        );
        assert!(both.allow("Microsoft.Authorization/roleAssignments/write"));
        assert!(!permissions(serde_json::json!([])).allow("Microsoft.SecurityInsights/alertRules/read"));
    }

    #[test]
    fn wildcards_stand_anywhere_and_actions_on_data_are_apart() {
        let all = permissions(serde_json::json!([
            {"actions": ["Microsoft.SecurityInsights/*/read", "Microsoft.OperationalInsights/workspaces/*/tables/*/read", "*"],
             "notActions": ["Microsoft.SecurityInsights/incidents/*", "Microsoft.Insights/*/write"]}
        ]));
        for (action, may) in [
            ("Microsoft.SecurityInsights/alertRules/read", true),
            ("Microsoft.SecurityInsights/incidents/read", false),
            ("Microsoft.Insights/workbooks/write", false),
            ("Microsoft.Insights/workbooks/delete", true),
            ("Microsoft.Insights/Telemetry/Write", false),
        ] {
            assert_eq!(all.allow(action), may, "{action}");
        }
        let publisher =
            permissions(serde_json::json!([{"dataActions": ["Microsoft.Insights/Telemetry/Write"]}]));
        assert!(publisher.allow("Microsoft.Insights/telemetry/write"));
        assert!(!publisher.allow("Microsoft.Insights/workbooks/read"));
    }
}
