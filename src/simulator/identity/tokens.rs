//! Access tokens: JSON Web Tokens that only this simulator reads. Clients take them as opaque, as Entra asks them to.

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::directory::App;
use crate::simulator::StartError;
use crate::simulator::clock::stamp;
use crate::simulator::refusal::Refusal;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub aud: String,
    pub iss: String,
    pub iat: i64,
    pub nbf: i64,
    pub exp: i64,
    /// Application.
    pub appid: String,
    /// Its service principal.
    pub oid: String,
    pub sub: String,
    /// Tenant.
    pub tid: String,
    pub ver: String,
    /// Name of the application, for messages.
    pub app_displayname: String,
}

/// The token of a federated identity, as a cluster hands it to a workload.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Federated {
    pub aud: String,
    pub iss: String,
    pub sub: String,
    pub exp: i64,
}

/// Signs and checks.
pub(crate) struct TokenKeys {
    signing: EncodingKey,
    checking: DecodingKey,
}

impl std::fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKeys")
    }
}

impl TokenKeys {
    pub fn new() -> Result<Self, StartError> {
        let secret = rcgen::KeyPair::generate()?.serialize_der();
        Ok(Self { signing: EncodingKey::from_secret(&secret), checking: DecodingKey::from_secret(&secret) })
    }

    /// A token of an application for an audience, valid from `now` for `seconds`.
    pub fn issue(&self, app: &App, audience: &str, now: Timestamp, seconds: i64) -> Option<String> {
        let now = now.as_second();
        let claims = Claims {
            aud: audience.to_owned(),
            iss: format!("https://sts.windows.net/{}/", app.tenant),
            iat: now,
            nbf: now,
            exp: now + seconds,
            appid: app.client_id.clone(),
            oid: app.object_id.clone(),
            sub: app.object_id.clone(),
            tid: app.tenant.clone(),
            ver: "1.0".to_owned(),
            app_displayname: app.name.clone(),
        };
        self.sign(&claims)
    }

    /// Signs any claims.
    pub fn sign(&self, claims: &impl Serialize) -> Option<String> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.signing).ok()
    }

    /// Reads claims that this simulator signed.
    pub fn read<T: serde::de::DeserializeOwned>(&self, token: &str) -> Option<T> {
        let mut validation = Validation::new(Algorithm::HS256);
        // The clock is the simulator's, and who may read it depends on the endpoint.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Some(jsonwebtoken::decode(token, &self.checking, &validation).ok()?.claims)
    }

    /// The claims of a token that is valid now for one of the audiences.
    pub fn check(
        &self,
        token: Option<&str>,
        audiences: &[String],
        now: Timestamp,
    ) -> Result<Claims, Refusal> {
        let token = token.ok_or_else(Refusal::no_token)?;
        let claims: Claims = self.read(token).ok_or_else(Refusal::invalid_token)?;
        if claims.exp <= now.as_second() {
            let expired = Timestamp::from_second(claims.exp).unwrap_or(now);
            return Err(Refusal::expired_token(&stamp(expired), &stamp(now)));
        }
        let given = claims.aud.trim_end_matches('/');
        if audiences.iter().any(|known| known.trim_end_matches('/').eq_ignore_ascii_case(given)) {
            Ok(claims)
        } else {
            Err(Refusal::wrong_audience(&claims.aud, audiences))
        }
    }
}
