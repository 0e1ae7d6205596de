//! Fetching a token: each link of the chain in turn, through azure_identity.
//!
//! A credential object is made for every fetch. azure_identity keeps a token until 300 s before its end, so an object that
//! is kept would answer a renewal at half life with the token that is to be renewed.

use std::sync::Arc;
use std::time::Duration;

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::error::ErrorKind;
use azure_core::http::{ClientOptions, RetryOptions, Transport as AzureTransport};
use azure_identity::{
    ClientAssertionCredential, ClientAssertionCredentialOptions, ClientSecretCredential,
    ClientSecretCredentialOptions, DeveloperToolsCredential, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};

use super::certificate::{Assertion, Signer};
use super::{Identity, Source, platform};
use crate::azure::advice::{Situation, advise};
use crate::azure::transport::classify;
use crate::azure::{
    Audience, Cloud, Error, Happened, Kind, Reason, Result, RetryPolicy, Token, TokenBroker, Transport,
};

/// Time that a machine's metadata service gets to answer: where there is none, nothing does.
const MACHINE: Duration = Duration::from_secs(3);

impl Identity {
    /// The broker that signs in with this identity.
    pub fn broker(&self, cloud: &Cloud, transport: &Transport) -> TokenBroker {
        let chain =
            Arc::new(Chain { identity: self.clone(), cloud: cloud.clone(), transport: transport.clone() });
        TokenBroker::new(Box::new(move |scope| {
            let chain = chain.clone();
            Box::pin(async move { chain.token(scope).await })
        }))
    }
}

struct Chain {
    identity: Identity,
    cloud: Cloud,
    transport: Transport,
}

impl Chain {
    async fn token(&self, scope: &'static str) -> Result<Token> {
        let mut failures: Vec<(&'static str, Error)> = Vec::new();
        for source in &self.identity.sources {
            match self.patiently(source, scope).await {
                Ok(token) => {
                    tracing::debug!(identity = %self.identity.label, source = source.name(), scope, "signed in");
                    return Ok(token);
                }
                // Entra knows the identity and refuses it: another link would only hide that.
                Err(error) if error.reason().is_some_and(|reason| reason.says("AADSTS")) => {
                    return Err(error);
                }
                Err(error) => failures.push((source.name(), error)),
            }
        }
        let only_machine = matches!(self.identity.sources.as_slice(), [Source::Machine { .. }]);
        if only_machine && failures.iter().all(|(_, error)| error.status().is_none()) {
            return Err(Error::setting(
                "no identity: none is configured, and this machine has no managed identity",
                "Set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET (or AZURE_CLIENT_CERTIFICATE_PATH), or \
                 azure.identity = \"developer\" to use the login of az.",
            ));
        }
        match failures.len() {
            1 => Err(failures.remove(0).1),
            _ => {
                let all: Vec<String> =
                    failures.iter().map(|(name, error)| format!("{name}: {}", error.what())).collect();
                Err(Error::new(Kind::SignIn, format!("no link of the chain signed in ({})", all.join("; ")))
                    .remedy("azure.identity chooses one of them."))
            }
        }
    }

    /// Asking for a token changes nothing, so it is asked again where that may help.
    async fn patiently(&self, source: &Source, scope: &'static str) -> Result<Token> {
        let mut pauses = RetryPolicy { first: Duration::from_millis(400), ..RetryPolicy::default() }.pauses();
        let mut tries = 0;
        loop {
            tries += 1;
            match self.once(source, scope).await {
                Err(error) if tries < 3 && passing(&error) => {
                    tokio::time::sleep(pauses.next(error.retry_after())).await
                }
                Err(error) => return Err(error.tried(tries)),
                token => return token,
            }
        }
    }

    async fn once(&self, source: &Source, scope: &'static str) -> Result<Token> {
        if let Source::App { endpoint, header, client } = source {
            return platform::token(&self.transport, endpoint, header, client.as_deref(), scope).await;
        }
        let credential = self.credential(source).map_err(|error| self.explain(&error, scope))?;
        let scopes = [scope];
        let fetching = credential.get_token(&scopes, None);
        let token = match source {
            Source::Machine { .. } => tokio::time::timeout(MACHINE, fetching).await.map_err(|_| {
                Error::new(Kind::SignIn, "this machine has no managed identity: nothing answered")
            })?,
            _ => fetching.await,
        }
        .map_err(|error| self.explain(&error, scope))?;
        let left = token.expires_on - azure_core::time::OffsetDateTime::now_utc();
        let lifetime = Duration::try_from(left).unwrap_or(Duration::ZERO);
        Ok(Token::new(token.token.secret(), lifetime))
    }

    fn credential(&self, source: &Source) -> azure_core::Result<Arc<dyn TokenCredential>> {
        let assertion_options = || ClientAssertionCredentialOptions { client_options: self.options() };
        Ok(match source {
            Source::WorkloadFile { tenant, client, file } => {
                WorkloadIdentityCredential::new(Some(WorkloadIdentityCredentialOptions {
                    credential_options: assertion_options(),
                    client_id: Some(client.clone()),
                    tenant_id: Some(tenant.clone()),
                    token_file_path: Some(file.clone()),
                }))?
            }
            Source::WorkloadToken { tenant, client, token } => ClientAssertionCredential::new(
                tenant.clone(),
                client.clone(),
                Assertion::Given(token.clone()),
                Some(assertion_options()),
            )?,
            Source::Machine { client } | Source::App { client, .. } => {
                ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
                    user_assigned_id: client.clone().map(UserAssignedId::ClientId),
                    client_options: self.options(),
                }))?
            }
            Source::Secret { tenant, client, secret } => ClientSecretCredential::new(
                tenant,
                client.clone(),
                Secret::new(secret.to_string()),
                Some(ClientSecretCredentialOptions { client_options: self.options() }),
            )?,
            Source::Certificate { tenant, client, file } => {
                // Read anew each time: certificates are renewed under a running server.
                let signer = Signer::read(file).map_err(|reason| {
                    azure_core::Error::with_message(
                        ErrorKind::Credential,
                        format!("{}: {reason}", file.display()),
                    )
                })?;
                let endpoint = format!("{}{tenant}/oauth2/v2.0/token", self.cloud.authority());
                let assertion = Assertion::Signed { signer, client: client.clone(), endpoint };
                ClientAssertionCredential::new(
                    tenant.clone(),
                    client.clone(),
                    assertion,
                    Some(assertion_options()),
                )?
            }
            Source::Developer => DeveloperToolsCredential::new(None)?,
        })
    }

    fn options(&self) -> ClientOptions {
        let mut custom = CustomConfiguration::default();
        custom.authority_host = self.cloud.authority().to_string();
        ClientOptions {
            retry: RetryOptions::none(),
            transport: Some(AzureTransport::new(Arc::new(self.transport.client()))),
            cloud: Some(Arc::new(CloudConfiguration::Custom(custom))),
            ..ClientOptions::default()
        }
    }

    fn explain(&self, error: &azure_core::Error, scope: &'static str) -> Error {
        let host = self.cloud.authority().host_str().unwrap_or_default();
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
        let mut last = String::new();
        while let Some(current) = cause {
            if let Some(http) = current.downcast_ref::<reqwest::Error>() {
                return classify(http, host, Happened::No).error;
            }
            if let Some(own) = current.downcast_ref::<azure_core::Error>()
                && let ErrorKind::HttpResponse { status, raw_response, .. } = own.kind()
            {
                let status = u16::from(*status);
                let reason =
                    raw_response.as_ref().map(|raw| Reason::read(raw.body().as_ref())).unwrap_or_default();
                let situation = Situation {
                    status,
                    method: "POST",
                    path: "/oauth2/v2.0/token",
                    audience: Audience::ResourceManager,
                    scope,
                    retry_after: None,
                    attempts: 1,
                };
                let advice = advise(&situation, &reason);
                return Error::new(Kind::SignIn, format!("signing in at {host} failed"))
                    .status_of(status)
                    .because(reason)
                    .advised(advice);
            }
            last = current.to_string();
            cause = current.source();
        }
        let line = last.lines().next().unwrap_or_default().to_owned();
        Error::new(Kind::SignIn, format!("signing in failed: {line}"))
            .remedy("'runspaced sentinel check' shows what identity is used.")
    }
}

fn passing(error: &Error) -> bool {
    match error.status() {
        Some(status) => status == 429 || status >= 500,
        None => error.kind() == Kind::Unreachable && !error.what().contains("certificate"),
    }
}
