//! The token endpoint and what clients read before they use it.

use serde_json::json;

use super::assertion;
use super::directory::{App, Tenant};
use crate::simulator::clock::stamp;
use crate::simulator::exchange::{Answer, Request};
use crate::simulator::world::World;

/// The only kind of client assertion.
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Why there is no token: an AADSTS error.
pub(crate) struct Denial {
    number: u32,
    message: String,
}

impl Denial {
    pub fn new(number: u32, message: &str) -> Self {
        Self { number, message: message.to_owned() }
    }

    fn into_answer(self, world: &World) -> Answer {
        let (status, error) = match self.number {
            7_000_215 | 7_000_222 | 700_027 | 700_024 | 50_027 => (401, "invalid_client"),
            700_212 | 700_213 | 700_021 => (401, "invalid_client"),
            700_016 => (400, "unauthorized_client"),
            53_003 => (400, "access_denied"),
            70_011 => (400, "invalid_scope"),
            70_003 => (400, "unsupported_grant_type"),
            500_011 => (400, "invalid_resource"),
            _ => (400, "invalid_request"),
        };
        let (trace, correlation) = (world.fresh_id(), world.fresh_id());
        let now = world.clock.now().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let mut body = json!({
            "error": error,
            "error_description": format!("AADSTS{}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now}", self.number, self.message),
            "error_codes": [self.number],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": correlation,
        });
        if self.number == 53_003 {
            body["suberror"] = json!("message_only");
        }
        Answer::json(status, body)
    }
}

/// Answers a request to the login host.
pub(crate) fn answer(world: &World, request: &Request) -> Answer {
    let segments = request.segments();
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let post = request.method == axum::http::Method::POST;
    match parts.as_slice() {
        [tenant, "oauth2", "v2.0", "token"] if post => {
            token(world, request, tenant, false).unwrap_or_else(|denial| denial.into_answer(world))
        }
        [tenant, "oauth2", "token"] if post => {
            token(world, request, tenant, true).unwrap_or_else(|denial| denial.into_answer(world))
        }
        ["common", "discovery", "instance"] => discovery(world),
        [_, "discovery", "v2.0", "keys"] => Answer::ok(json!({"keys": []})),
        [tenant, "v2.0", ".well-known", "openid-configuration"]
        | [tenant, ".well-known", "openid-configuration"] => match find_tenant(world, tenant) {
            Ok(tenant) => Answer::ok(configuration(world, &tenant.id)),
            Err(denial) => denial.into_answer(world),
        },
        _ => Answer::empty(404),
    }
}

fn find_tenant<'a>(world: &'a World, name: &str) -> Result<&'a Tenant, Denial> {
    world.directory.tenant(name).ok_or_else(|| {
        Denial::new(90002, &format!("Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."))
    })
}

fn discovery(world: &World) -> Answer {
    let login = &world.endpoints().login;
    let host = login.trim_start_matches("https://");
    Answer::ok(json!({
        "tenant_discovery_endpoint": format!("{login}/common/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }))
}

fn configuration(world: &World, tenant: &str) -> serde_json::Value {
    let login = &world.endpoints().login;
    json!({
        "token_endpoint": format!("{login}/{tenant}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "jwks_uri": format!("{login}/{tenant}/discovery/v2.0/keys"),
        "issuer": format!("{login}/{tenant}/v2.0"),
        "authorization_endpoint": format!("{login}/{tenant}/oauth2/v2.0/authorize"),
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
    })
}

fn token(world: &World, request: &Request, tenant: &str, first_version: bool) -> Result<Answer, Denial> {
    let form = request.form();
    let field = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let tenant = find_tenant(world, tenant)?;
    let grant = field("grant_type").unwrap_or_default();
    if grant != "client_credentials" {
        return Err(Denial::new(70003, &format!("The app requested an unsupported grant type '{grant}'.")));
    }
    let client = field("client_id").ok_or_else(|| {
        Denial::new(900_144, "The request body must contain the following parameter: 'client_id'.")
    })?;
    let app = world.directory.apps.iter().find(|app| app.client_id.eq_ignore_ascii_case(client));
    let app = app.filter(|app| app.tenant == tenant.id).ok_or_else(|| {
        Denial::new(700_016, &format!("Application with identifier '{client}' was not found in the directory '{}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.", tenant.name))
    })?;
    prove(world, app, &field)?;
    if app.blocked {
        return Err(Denial::new(
            53003,
            "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
        ));
    }
    let audience = if first_version {
        field("resource").unwrap_or_default().to_owned()
    } else {
        let scope = field("scope").unwrap_or_default();
        audience_of(scope).ok_or_else(|| {
            Denial::new(70011, &format!("The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid."))
        })?
    };
    let seconds = i64::try_from(world.settings.token_lifetime.as_secs()).unwrap_or(3599);
    let unknown = || {
        Denial::new(
            500_011,
            &format!(
                "The resource principal named {audience} was not found in the tenant named {}.",
                tenant.name
            ),
        )
    };
    if !world.knows_audience(&audience) {
        return Err(unknown());
    }
    let token = world.keys.issue(app, &audience, world.clock.now(), seconds).ok_or_else(unknown)?;
    Ok(Answer::ok(json!({"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}))
        .with("cache-control", "no-store"))
}

/// The resource of `{resource}/.default`. Where the resource ends in a slash there are two.
fn audience_of(scope: &str) -> Option<String> {
    let resource = scope.split(' ').find_map(|scope| scope.strip_suffix("/.default"))?;
    (!resource.is_empty()).then(|| resource.to_owned())
}

fn prove<'a>(world: &World, app: &App, field: &impl Fn(&str) -> Option<&'a str>) -> Result<(), Denial> {
    let now = world.clock.now();
    if let Some(assertion) = field("client_assertion") {
        if field("client_assertion_type") != Some(ASSERTION) {
            return Err(Denial::new(50027, "The client_assertion_type is not supported."));
        }
        return assertion::check(world, app, assertion, now);
    }
    let Some(secret) = field("client_secret") else {
        return Err(Denial::new(
            7_000_216,
            "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
        ));
    };
    if secret != app.secret {
        return Err(Denial::new(
            7_000_215,
            &format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{}'.",
                app.client_id
            ),
        ));
    }
    if app.secret_expires <= now {
        return Err(Denial::new(
            7_000_222,
            &format!(
                "The provided client secret keys for app '{}' are expired since {}. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.",
                app.client_id,
                stamp(app.secret_expires)
            ),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::audience_of;

    #[test]
    fn a_scope_names_its_resource() {
        assert_eq!(
            audience_of("https://management.azure.com/.default").as_deref(),
            Some("https://management.azure.com")
        );
        assert_eq!(audience_of("openid https://x//.default").as_deref(), Some("https://x/"));
        assert_eq!(audience_of("https://management.azure.com/user_impersonation"), None);
    }
}
