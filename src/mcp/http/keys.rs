//! The keys with which an authority signs: fetched, kept for a while, fetched again for a key that is new.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jsonwebtoken::jwk::{Jwk, JwkSet};
use reqwest::{Client, Url, redirect};
use rustls_platform_verifier::BuilderVerifierExt as _;
use serde::Deserialize;
use tokio::sync::Mutex;

/// Keys this old are fetched again.
const FRESH: Duration = Duration::from_secs(3600);
/// Least time between two fetches, whatever tokens name.
const PAUSE: Duration = Duration::from_secs(60);
/// Keys this old are not used, should the authority not be reached.
const STALE: Duration = Duration::from_secs(24 * 3600);
/// Longest fetch.
const PATIENCE: Duration = Duration::from_secs(5);
/// Largest document that is read, bytes.
const MAX_BYTES: usize = 512 << 10;

/// The keys of one authority.
pub(super) struct Keys {
    issuer: String,
    /// Where they are; `None`: the issuer's metadata says it.
    location: Option<Url>,
    client: Client,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    keys: Option<(Arc<JwkSet>, Instant)>,
    tried: Option<Instant>,
    failure: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

impl Keys {
    /// # Errors
    /// What is wrong with the addresses.
    pub(super) fn new(issuer: &str, location: Option<&str>) -> Result<Self, String> {
        let location = location.map(address).transpose()?;
        address(issuer)?;
        Ok(Self { issuer: issuer.to_owned(), location, client: client()?, known: Mutex::default() })
    }

    /// The key of that id, or the only key where tokens name none.
    ///
    /// # Errors
    /// `Ok(None)`: there is no such key. Why the keys cannot be had.
    pub(super) async fn key(&self, id: Option<&str>) -> Result<Option<Jwk>, String> {
        let mut known = self.known.lock().await;
        let now = Instant::now();
        let current = known.keys.as_ref().filter(|(_, fetched)| now - *fetched < STALE);
        let found = current.and_then(|(keys, _)| pick(keys, id).cloned());
        let fresh = current.is_some_and(|(_, fetched)| now - *fetched < FRESH);
        if found.is_some() && fresh {
            return Ok(found);
        }
        if known.tried.is_none_or(|tried| now - tried >= PAUSE) {
            known.tried = Some(now);
            match self.fetch().await {
                Ok(keys) => {
                    let found = pick(&keys, id).cloned();
                    known.keys = Some((Arc::new(keys), now));
                    known.failure = None;
                    return Ok(found);
                }
                Err(reason) => {
                    tracing::warn!(issuer = self.issuer, reason, "the authority's keys cannot be had");
                    known.failure = Some(reason);
                }
            }
        }
        match (&known.keys, &known.failure) {
            // Better an old key than none.
            _ if found.is_some() => Ok(found),
            (Some(_), None) => Ok(None),
            (_, failure) => Err(failure.clone().unwrap_or_else(|| "they were not fetched yet".to_owned())),
        }
    }

    async fn fetch(&self) -> Result<JwkSet, String> {
        let location = match &self.location {
            Some(location) => location.clone(),
            None => self.discover().await?,
        };
        let text = self.get(location.clone()).await?;
        serde_json::from_slice(&text).map_err(|error| format!("{location}: not a set of keys: {error}"))
    }

    /// Asks the issuer where its keys are: as OpenID Connect does, then as RFC 8414 does.
    async fn discover(&self) -> Result<Url, String> {
        let issuer = address(&self.issuer)?;
        let path = issuer.path().trim_end_matches('/').to_owned();
        let mut reasons = Vec::new();
        for place in [
            format!("{path}/.well-known/openid-configuration"),
            format!("/.well-known/oauth-authorization-server{path}"),
        ] {
            let mut location = issuer.clone();
            location.set_path(&place);
            let metadata = match self.get(location.clone()).await {
                Ok(text) => text,
                Err(reason) => {
                    reasons.push(reason);
                    continue;
                }
            };
            let metadata: Metadata = serde_json::from_slice(&metadata)
                .map_err(|error| format!("{location}: not the metadata of an authority: {error}"))?;
            if metadata.issuer.trim_end_matches('/') != self.issuer.trim_end_matches('/') {
                return Err(format!(
                    "{location} is the metadata of {}, not of {}",
                    metadata.issuer, self.issuer
                ));
            }
            return address(&metadata.jwks_uri);
        }
        Err(reasons.join("; "))
    }

    async fn get(&self, location: Url) -> Result<Vec<u8>, String> {
        let failed = |reason: &dyn std::fmt::Display| format!("{location}: {reason}");
        let mut response =
            self.client.get(location.clone()).send().await.map_err(|error| failed(&error.without_url()))?;
        if !response.status().is_success() {
            return Err(failed(&response.status()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error.without_url()))? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_BYTES {
                return Err(failed(&format_args!("more than {MAX_BYTES} bytes")));
            }
        }
        Ok(body)
    }
}

fn pick<'a>(keys: &'a JwkSet, id: Option<&str>) -> Option<&'a Jwk> {
    match id {
        Some(id) => keys.find(id),
        None if keys.keys.len() == 1 => keys.keys.first(),
        None => None,
    }
}

/// An address that is fetched: `https`, or `http` on this machine.
fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{text:?} is no URL: {error}"))?;
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match url.scheme() {
        "https" => Ok(url),
        "http" if here => Ok(url),
        _ => Err(format!("{text:?}: tokens of an authority are trusted over https only")),
    }
}

fn client() -> Result<Client, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(|error| format!("the system's root certificates: {error}"))?
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(redirect::Policy::none())
        .timeout(PATIENCE)
        .build()
        .map_err(|error| error.to_string())
}
