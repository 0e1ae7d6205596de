//! Signing in, over TLS, in every way of the chain.

use std::time::Duration;

use runspaced::azure::{
    Audience, Identity, IdentityKind, IdentitySettings, Kind, Scope, Transport, TransportSettings,
};
use runspaced::sentinel::{Account, Call, Error, operation};
use runspaced::simulator::{Simulator, app};
use serde_json::json;

use super::setting::{Setting, account, account_of, cloud, map, secret_of, sentinel, transport, variables};

pub async fn workspaces(account: Account) -> Result<usize, Error> {
    let folder = tempfile::tempdir().expect("a folder");
    let operation = operation("list_workspaces").expect("is there");
    let reading = sentinel(vec![account], &folder).read(operation, map(json!({})), &Call::default()).await?;
    Ok(reading.collect_all().await?.0.len())
}

fn logins(azure: &Simulator) -> usize {
    azure.journal().iter().filter(|entry| entry.path.ends_with("/oauth2/v2.0/token")).count()
}

pub async fn one_token_serves_all_lighthouse_customers() {
    let setting = Setting::start().await;
    let rows = setting.rows("list_workspaces", json!({})).await;
    let tenants: std::collections::BTreeSet<_> = rows.iter().map(|row| row["TenantId"].to_string()).collect();
    assert!(tenants.len() >= 3, "{tenants:?}");
    setting.rows("Get-AnalyticsRules", json!({"workspace_name": "*"})).await;
    assert_eq!(logins(&setting.azure), 1);
}

pub async fn a_certificate_signs_in() {
    let pem = include_str!("../../src/azure/tests/application.pem");
    let azure = Simulator::builder().certificate(app::CONTRIBUTOR, pem).start().await.expect("starts");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("application.pem");
    std::fs::write(&file, pem).expect("is written");
    let own = azure.app(app::CONTRIBUTOR).expect("is there");
    let given = variables(&[
        ("AZURE_TENANT_ID", &own.tenant),
        ("AZURE_CLIENT_ID", &own.client_id),
        ("AZURE_CLIENT_CERTIFICATE_PATH", file.to_str().expect("text")),
    ]);
    assert!(workspaces(account(&azure, IdentityKind::Auto, &given)).await.expect("signs in") > 3);
    // The same certificate for an application that does not know it.
    let other = azure.app(app::READER).expect("is there");
    let given = variables(&[
        ("AZURE_TENANT_ID", &other.tenant),
        ("AZURE_CLIENT_ID", &other.client_id),
        ("AZURE_CLIENT_CERTIFICATE_PATH", file.to_str().expect("text")),
    ]);
    let error = workspaces(account(&azure, IdentityKind::Auto, &given)).await.expect_err("is refused");
    assert_eq!(error.code(), "E702", "{error}");
}

pub async fn workload_identity_signs_in_with_the_platform_s_token() {
    let azure = Simulator::builder().start().await.expect("starts");
    let own = azure.app(app::CONTRIBUTOR).expect("is there");
    let token = azure.federated_token(app::CONTRIBUTOR).expect("is there");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    std::fs::write(&file, &token).expect("is written");
    let ids = [("AZURE_TENANT_ID", own.tenant.as_str()), ("AZURE_CLIENT_ID", own.client_id.as_str())];
    for more in [
        ("AZURE_FEDERATED_TOKEN_FILE", file.to_str().expect("text")),
        ("AZURE_FEDERATED_TOKEN", token.as_str()),
    ] {
        let given = variables(&[ids[0], ids[1], more]);
        assert!(
            workspaces(account(&azure, IdentityKind::Workload, &given)).await.expect("signs in") > 3,
            "{}",
            more.0
        );
    }
}

pub async fn the_managed_identity_of_an_app_signs_in() {
    let azure = Simulator::builder().start().await.expect("starts");
    let endpoint = format!("{}/msi/token", azure.identity_url);
    let given = variables(&[("IDENTITY_ENDPOINT", &endpoint), ("IDENTITY_HEADER", azure.identity_header())]);
    let signed_in = account(&azure, IdentityKind::Managed, &given);
    signed_in.client.list(&Scope::new(), subscriptions(&signed_in)).await.expect("signs in");
    let given = variables(&[("IDENTITY_ENDPOINT", &endpoint), ("IDENTITY_HEADER", "wrong")]);
    let refused = account(&azure, IdentityKind::Managed, &given);
    let error = refused.client.list(&Scope::new(), subscriptions(&refused)).await.expect_err("is refused");
    assert_eq!(error.kind(), Kind::SignIn, "{error}");
}

fn subscriptions(account: &Account) -> runspaced::azure::Request {
    let id = runspaced::azure::ResourceId::new("/subscriptions");
    account.client.request(runspaced::azure::Method::Get, &id, runspaced::azure::Surface::Subscriptions)
}

pub async fn short_tokens_are_renewed_while_calls_go_on() {
    let setting =
        Setting::of(Simulator::builder().token_lifetime(Duration::from_secs(5)), app::CONTRIBUTOR).await;
    let end = tokio::time::Instant::now() + Duration::from_millis(6_500);
    while tokio::time::Instant::now() < end {
        setting.rows("Get-AnalyticsRules", json!({"workspace_name": "law-contoso", "no_cache": true})).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let refused = setting.azure.journal().iter().filter(|entry| entry.status == Some(401)).count();
    assert_eq!(refused, 0, "a token was used beyond its end");
    assert!((2..=5).contains(&logins(&setting.azure)), "{} logins", logins(&setting.azure));
}

pub async fn a_certificate_that_is_not_trusted_ends_it_at_once() {
    let azure = Simulator::builder().start().await.expect("starts");
    let other = include_str!("../../src/azure/tests/application.pem").to_owned();
    let strict = Transport::new(&TransportSettings {
        ca_pem: Some(other),
        no_proxy: true,
        ..TransportSettings::default()
    })
    .expect("is made");
    let settings = IdentitySettings { kind: IdentityKind::Secret, customers: Vec::new() };
    let (identity, _) = Identity::read(&settings, &secret_of(&azure, app::CONTRIBUTOR)).expect("is whole");
    let error = identity
        .broker(&cloud(&azure), &strict)
        .token(cloud(&azure).scope(Audience::ResourceManager))
        .await
        .expect_err("is not trusted");
    assert_eq!(error.kind(), Kind::Unreachable);
    assert!(error.to_string().contains("not trusted"), "{error}");
    assert!(error.attempts() <= 1, "it was tried {} times", error.attempts());
    drop(transport(&azure));
}

pub async fn a_customer_outside_of_lighthouse_has_an_identity_of_its_own() {
    let azure = Simulator::builder().start().await.expect("starts");
    let (main, other) =
        (azure.app(app::CONTRIBUTOR).expect("is there"), azure.app(app::CUSTOMER).expect("is there"));
    let given = variables(&[
        ("AZURE_TENANT_ID", &main.tenant),
        ("AZURE_CLIENT_ID", &main.client_id),
        ("AZURE_CLIENT_SECRET", &main.secret),
        ("AZURE_TAILWIND_TENANT_ID", &other.tenant),
        ("AZURE_TAILWIND_CLIENT_ID", &other.client_id),
        ("AZURE_TAILWIND_CLIENT_SECRET", &other.secret),
    ]);
    let settings = IdentitySettings { kind: IdentityKind::Auto, customers: vec!["TAILWIND".to_owned()] };
    let (identity, customers) = Identity::read(&settings, &given).expect("is whole");
    let mut accounts = vec![account_of(&azure, "main", &identity)];
    accounts.extend(customers.iter().map(|customer| account_of(&azure, &customer.name, &customer.identity)));
    let folder = tempfile::tempdir().expect("a folder");
    let sentinel = sentinel(accounts, &folder);
    let rules = operation("Get-AnalyticsRules").expect("is there");
    for workspace in ["law-contoso", "law-tailwind"] {
        let reading = sentinel
            .read(rules, map(json!({"workspace_name": workspace})), &Call::default())
            .await
            .expect("is found");
        let (rows, _) = reading.collect_all().await.expect("is read");
        assert!(rows.iter().all(|row| row["WorkspaceName"] == workspace) && !rows.is_empty());
    }
}
