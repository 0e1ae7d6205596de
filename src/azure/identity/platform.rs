//! The identity endpoint that App Service, Functions and Container Apps give to an app.
//!
//! azure_identity reads its address and key from the environment of the process at every use. There they are not: scripts
//! would read them too.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue};
use serde::Deserialize;

use crate::azure::{Error, Kind, Reason, Result, Token, Transport};

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_on: serde_json::Value,
}

impl Drop for Answer {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.access_token);
    }
}

/// A token from the endpoint. `scope` ends with `/.default`.
pub(super) async fn token(
    transport: &Transport,
    endpoint: &str,
    header: &str,
    client: Option<&str>,
    scope: &str,
) -> Result<Token> {
    let mut url = reqwest::Url::parse(endpoint).map_err(|_| {
        Error::setting(
            format!("IDENTITY_ENDPOINT is {endpoint:?}, which is no address"),
            "Leave it as the platform sets it.",
        )
    })?;
    url.query_pairs_mut()
        .append_pair("api-version", "2019-08-01")
        .append_pair("resource", scope.trim_end_matches("/.default"));
    if let Some(client) = client {
        url.query_pairs_mut().append_pair("client_id", client);
    }
    let mut headers = HeaderMap::new();
    let mut key = HeaderValue::from_str(header)
        .map_err(|_| Error::setting("IDENTITY_HEADER cannot be sent", "Leave it as the platform sets it."))?;
    key.set_sensitive(true);
    headers.insert("x-identity-header", key);
    let answer = transport
        .send(reqwest::Method::GET, &url, headers, None, Duration::from_secs(10), 1 << 20)
        .await
        .map_err(|unanswered| unanswered.error)?;
    if answer.status != 200 {
        return Err(Error::new(
            Kind::SignIn,
            format!("the platform's identity endpoint answered {}", answer.status),
        )
        .status_of(answer.status)
        .because(Reason::read(&answer.body)));
    }
    let answer: Answer = serde_json::from_slice(&answer.body).map_err(|_| {
        Error::new(Kind::SignIn, "the answer of the platform's identity endpoint cannot be read")
    })?;
    let until = match &answer.expires_on {
        serde_json::Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    };
    let left = until.map_or(3_600, |until| until - jiff::Timestamp::now().as_second());
    Ok(Token::new(answer.access_token.as_str(), Duration::from_secs(u64::try_from(left).unwrap_or(0))))
}
