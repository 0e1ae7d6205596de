//! Tokens and tenants.

use std::time::Duration;

use base64::Engine as _;
use jiff::SignedDuration;
use runspaced::simulator::{Simulator, app};
use serde_json::{Value, json};

use crate::azure::{Azure, Got, LOGS, STABLE, block, got};
use crate::support::Context;

const ARM: &str = "https://management.azure.com";

async fn ask(azure: &Azure, tenant: &str, fields: &[(&str, &str)]) -> Got {
    let url = format!("{}/{tenant}/oauth2/v2.0/token", azure.simulator.login_url);
    let body: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", value.replace('+', "%2B").replace('&', "%26")))
        .collect();
    let request = azure
        .client
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.join("&"));
    got(request.send().await.expect("an answer")).await
}

fn code(got: &Got) -> i64 {
    let text = got.body["error_description"].as_str().expect("a description");
    let code = got.body["error_codes"][0].as_i64().expect("a code");
    assert!(text.starts_with(&format!("AADSTS{code}: ")), "{text}");
    code
}

pub fn a_secret_gets_a_token_that_is_good_for_its_time(_: &Context) {
    block(async {
        let azure =
            Azure::start(Simulator::builder().incidents(5).token_lifetime(Duration::from_secs(5))).await;
        let app = azure.simulator.app(app::CONTRIBUTOR).expect("is there").clone();
        let scope = format!("{ARM}/.default");
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", app.client_id.as_str()),
            ("client_secret", app.secret.as_str()),
            ("scope", scope.as_str()),
        ];
        let token = ask(&azure, &app.tenant, &fields).await.with(200);
        assert_eq!(token["expires_in"], 5);
        let bearer = token["access_token"].as_str().expect("a token").to_owned();
        let list = |bearer: String| {
            let request = azure
                .client
                .get(format!("{}/subscriptions?api-version=2022-12-01", azure.simulator.arm_url))
                .bearer_auth(bearer);
            async { got(request.send().await.expect("an answer")).await }
        };
        list(bearer.clone()).await.with(200);
        azure.simulator.set_clock_offset(SignedDuration::from_secs(6));
        list(bearer).await.refused(401, "ExpiredAuthenticationToken");
        list("nonsense".to_owned()).await.refused(401, "InvalidAuthenticationToken");
        let domain = ask(&azure, "northwind.example", &fields).await;
        assert_eq!(domain.status, 200, "a tenant has a name too");
    });
}

pub fn each_denial_has_its_number(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let app = azure.simulator.app(app::CONTRIBUTOR).expect("is there").clone();
        let expired = azure.simulator.app(app::EXPIRED).expect("is there").clone();
        let blocked = azure.simulator.app(app::BLOCKED).expect("is there").clone();
        let elsewhere = azure.simulator.app(app::WRONG_TENANT).expect("is there").clone();
        let scope = format!("{ARM}/.default");
        let fields = |client: &str, secret: &str, scope: &str| {
            vec![
                ("grant_type", "client_credentials".to_owned()),
                ("client_id", client.to_owned()),
                ("client_secret", secret.to_owned()),
                ("scope", scope.to_owned()),
            ]
        };
        for (tenant, fields, number) in [
            (&app.tenant, fields(&app.client_id, "wrong", &scope), 7_000_215),
            (&app.tenant, fields(&expired.client_id, &expired.secret, &scope), 7_000_222),
            (&app.tenant, fields(&elsewhere.client_id, &elsewhere.secret, &scope), 700_016),
            (&app.tenant, fields(&blocked.client_id, &blocked.secret, &scope), 53_003),
            (&"nobody.example".to_owned(), fields(&app.client_id, &app.secret, &scope), 90_002),
            (&app.tenant, fields(&app.client_id, &app.secret, "openid"), 70_011),
            (&app.tenant, fields(&app.client_id, &app.secret, "https://else.example/.default"), 500_011),
        ] {
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let denied = ask(&azure, tenant, &fields).await;
            assert!((400..=401).contains(&denied.status));
            assert_eq!(code(&denied), number);
            assert!(!denied.body.to_string().contains(&app.secret));
        }
        let other = ask(&azure, &app.tenant, &[("grant_type", "password")]).await;
        assert_eq!(code(&other), 70_003);
    });
}

pub fn a_certificate_signs_in(_: &Context) {
    block(async {
        let key = rcgen::KeyPair::generate().expect("a key");
        let certificate = rcgen::CertificateParams::new(vec!["app".to_owned()])
            .expect("parameters")
            .self_signed(&key)
            .expect("a certificate");
        let azure =
            Azure::start(Simulator::builder().incidents(5).certificate(app::READER, certificate.pem())).await;
        let app = azure.simulator.app(app::READER).expect("is there").clone();
        let now = jiff::Timestamp::now().as_second();
        let sign = |claims: &Value| {
            let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::ES256);
            header.x5t_s256 = Some(thumbprint(certificate.der()));
            let key = jsonwebtoken::EncodingKey::from_ec_pem(key.serialize_pem().as_bytes()).expect("a key");
            jsonwebtoken::encode(&header, claims, &key).expect("a token")
        };
        let scope = format!("{ARM}/.default");
        let ask_with = async |assertion: &str| {
            let fields = [
                ("grant_type", "client_credentials"),
                ("client_id", app.client_id.as_str()),
                ("scope", scope.as_str()),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", assertion),
            ];
            ask(&azure, &app.tenant, &fields).await
        };
        let good = sign(&json!({"iss": app.client_id, "sub": app.client_id, "aud": "x", "exp": now + 300}));
        ask_with(&good).await.with(200);
        let late = sign(&json!({"iss": app.client_id, "sub": app.client_id, "aud": "x", "exp": now - 300}));
        assert_eq!(code(&ask_with(&late).await), 700_024);
        let somebody = sign(&json!({"iss": "somebody", "sub": app.client_id, "aud": "x", "exp": now + 300}));
        assert_eq!(code(&ask_with(&somebody).await), 700_021);
        let (head, _) = good.rsplit_once('.').expect("three parts");
        assert_eq!(code(&ask_with(&format!("{head}.{}", "A".repeat(86))).await), 700_027);
        // A workload identity shows the token of its cluster.
        let federated = azure.simulator.federated_token(app::READER).expect("a token");
        ask_with(&federated).await.with(200);
        let foreign = azure.simulator.federated_token(app::RESPONDER).expect("a token");
        assert_eq!(code(&ask_with(&foreign).await), 700_213);
    });
}

fn thumbprint(der: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(der))
}

pub fn the_machine_has_an_identity(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let url = format!(
            "{}/metadata/identity/oauth2/token?api-version=2018-02-01&resource={ARM}/",
            azure.simulator.identity_url
        );
        assert_eq!(
            got(azure.client.get(&url).send().await.expect("an answer")).await.status,
            400,
            "without its header"
        );
        let token = got(azure.client.get(&url).header("metadata", "true").send().await.expect("an answer"))
            .await
            .with(200);
        let bearer = token["access_token"].as_str().expect("a token");
        let path = format!("{}/subscriptions?api-version=2022-12-01", azure.simulator.arm_url);
        got(azure.client.get(path).bearer_auth(bearer).send().await.expect("an answer")).await.with(200);
        let service =
            format!("{}/msi/token?api-version=2019-08-01&resource={ARM}", azure.simulator.identity_url);
        let request =
            azure.client.get(service).header("x-identity-header", azure.simulator.identity_header());
        got(request.send().await.expect("an answer")).await.with(200);
    });
}

pub fn discovery_leads_to_the_token_endpoint(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let login = &azure.simulator.login_url;
        let tenant = &azure.simulator.tenants()[0].id;
        let get = async |url: String| got(azure.client.get(url).send().await.expect("an answer")).await;
        let configuration =
            get(format!("{login}/{tenant}/v2.0/.well-known/openid-configuration")).await.with(200);
        assert_eq!(configuration["token_endpoint"], format!("{login}/{tenant}/oauth2/v2.0/token"));
        let instance =
            get(format!("{login}/common/discovery/instance?api-version=1.1&authorization_endpoint=x"))
                .await
                .with(200);
        assert!(instance["tenant_discovery_endpoint"].as_str().is_some_and(|url| url.starts_with(login)));
    });
}

pub fn tenants_and_roles_decide(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let sentinel = azure.sentinel("law-contoso");
        let rules = format!("{sentinel}/alertRules?api-version={STABLE}");
        let tailwind = format!("{}/alertRules?api-version={STABLE}", azure.sentinel("law-tailwind"));
        let plant = format!("{}?api-version={LOGS}", azure.workspace("law-fabrikam-plant"));
        let message = azure.get(&tailwind).await.refused(401, "InvalidAuthenticationTokenTenant");
        assert!(message.contains("https://sts.windows.net/"), "{message}");
        azure.get(&plant).await.refused(403, "AuthorizationFailed");
        let query =
            azure.query(&azure.customer_id("law-fabrikam-plant"), &json!({"query": "Usage | take 1"})).await;
        query.refused(403, "InsufficientAccessError");
        let wrong = azure
            .send(
                "GET".parse().expect("a method"),
                &format!("{}{rules}", azure.simulator.arm_url),
                "https://api.loganalytics.io",
                None,
            )
            .await;
        wrong.refused(403, "InvalidAuthenticationTokenAudience");
        let body = json!({"kind": "MicrosoftSecurityIncidentCreation", "properties": {"displayName": "x", "enabled": true, "productFilter": "Azure Security Center"}});
        let rule = format!("{sentinel}/alertRules/x?api-version={STABLE}");

        let azure = azure.acting_as(app::READER);
        azure.get(&rules).await.with(200);
        let message = azure.put(&rule, &body).await.refused(403, "AuthorizationFailed");
        assert!(message.contains("Microsoft.SecurityInsights/alertRules/write"), "{message}");
        let azure = azure.acting_as(app::RESPONDER);
        azure.put(&rule, &body).await.refused(403, "AuthorizationFailed");
        let incident = azure.all(&format!("{sentinel}/incidents?api-version={STABLE}")).await.remove(0);
        let comment = format!("{}/comments/c1?api-version={STABLE}", incident["id"].as_str().expect("an id"));
        azure.put(&comment, &json!({"properties": {"message": "hello"}})).await.with(201);
        let azure = azure.acting_as(app::NO_ACCESS);
        azure.get(&rules).await.refused(403, "AuthorizationFailed");
        assert_eq!(azure.get("/subscriptions?api-version=2022-12-01").await.with(200)["value"], json!([]));
        let subscription = sentinel.split("/resourceGroups/").next().expect("a subscription").to_owned();
        azure
            .get(&format!("{subscription}?api-version=2022-12-01"))
            .await
            .refused(404, "SubscriptionNotFound");
        let azure = azure.acting_as(app::WRONG_TENANT);
        azure.get(&rules).await.refused(401, "InvalidAuthenticationTokenTenant");
        let azure = azure.acting_as(app::CUSTOMER);
        azure.get(&tailwind).await.with(200);
        azure.get(&rules).await.refused(401, "InvalidAuthenticationTokenTenant");
    });
}

pub fn a_delegation_that_ends_ends_access(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let group = azure.workspace("law-fabrikam").split("/providers/").next().expect("a group").to_owned();
        let version = "api-version=2022-10-01";
        let all = azure.all(&format!("{group}/providers/Microsoft.ManagedServices/registrationAssignments?{version}&$expandRegistrationDefinition=true")).await;
        assert_eq!(all.len(), 1);
        assert!(
            all[0]["properties"]["registrationDefinition"]["properties"]["managedByTenantId"]
                .as_str()
                .is_some()
        );
        let permissions = azure
            .get(&format!(
                "{}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01",
                azure.workspace("law-fabrikam")
            ))
            .await
            .with(200);
        assert!(permissions["value"].as_array().is_some_and(|all| all.len() >= 5));
    });
}
