//! The server as a resource server of OAuth 2.1: which tokens it takes, and what it says about itself (RFC 9728).

use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    jwk::{Jwk, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{access::principal, keys::Keys};
use crate::mcp::client::{Client, Grant, Grants};

/// Signatures that are accepted. None that a holder of the public key could make.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// How far clocks may be apart, seconds.
const LEEWAY: u64 = 60;

/// Whose tokens are taken, and what they allow.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OAuth {
    /// The authority, as tokens name it in `iss`.
    pub issuer: String,
    /// What tokens must name in `aud`: this server.
    pub audience: String,
    /// The server's own URL, as its metadata names it.
    pub resource: String,
    /// Where the authority's keys are. `None`: its metadata says it.
    pub keys: Option<String>,
    /// What scopes allow, each `SCOPE: TOOL... [in WORKSPACE...]`. Empty: a valid token allows everything.
    pub rules: Vec<String>,
}

impl OAuth {
    /// Tokens of this authority for this server.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>, resource: impl Into<String>) -> Self {
        let (issuer, audience, resource) = (issuer.into(), audience.into(), resource.into());
        Self { issuer, audience, resource, keys: None, rules: Vec::new() }
    }
}

/// Checks tokens.
pub(super) struct Authority {
    settings: OAuth,
    grants: Vec<Grant>,
    keys: Keys,
}

/// Why a token does not let its holder in.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It is not one of ours.
    Token(String),
    /// It cannot be checked.
    Authority(String),
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: Option<String>,
    oid: Option<String>,
    azp: Option<String>,
    appid: Option<String>,
    client_id: Option<String>,
    scope: Option<String>,
    scp: Option<Value>,
    roles: Option<Vec<String>>,
}

impl Authority {
    pub(super) fn new(settings: OAuth) -> std::io::Result<Self> {
        let wrong = |text| std::io::Error::new(std::io::ErrorKind::InvalidInput, text);
        let grants =
            settings.rules.iter().map(|rule| Grant::parse(rule)).collect::<Result<_, _>>().map_err(wrong)?;
        let keys = Keys::new(&settings.issuer, settings.keys.as_deref()).map_err(wrong)?;
        Ok(Self { settings, grants, keys })
    }

    /// The holder of a token.
    pub(super) async fn caller(&self, token: &str) -> Result<Client, Refusal> {
        let refuse = |reason: &dyn std::fmt::Display| Refusal::Token(reason.to_string());
        let header = decode_header(token).map_err(|error| refuse(&error))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(refuse(&format_args!("signatures of kind {:?} are not accepted", header.alg)));
        }
        let key = self.keys.key(header.kid.as_deref()).await.map_err(Refusal::Authority)?;
        let key = key.ok_or_else(|| refuse(&"it is signed with a key that the authority does not have"))?;
        if !fits(&key, header.alg) {
            return Err(refuse(&"its signature is of another kind than its key"));
        }
        let decoding = DecodingKey::from_jwk(&key).map_err(|error| refuse(&error))?;
        let claims = decode::<Claims>(token, &decoding, &self.validation(header.alg))
            .map_err(|error| refuse(&error))?
            .claims;
        self.admit(claims)
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&[&self.settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY;
        validation
    }

    fn admit(&self, claims: Claims) -> Result<Client, Refusal> {
        let scopes = claims.scopes();
        let subject = claims.oid.or(claims.sub).or(claims.azp).or(claims.appid).or(claims.client_id);
        let subject = subject.ok_or_else(|| Refusal::Token("it names no subject".to_owned()))?;
        let grants = if self.grants.is_empty() {
            Grants::All
        } else {
            Grants::Some(
                self.grants
                    .iter()
                    .filter(|grant| scopes.iter().any(|scope| **scope == *grant.scope))
                    .cloned()
                    .collect(),
            )
        };
        Ok(Client::of(principal(&claims.iss, &subject), grants))
    }

    /// The value of `WWW-Authenticate`.
    pub(super) fn challenge(&self, error: Option<&str>, scopes: Option<&str>) -> String {
        let mut challenge = format!("Bearer resource_metadata=\"{}\"", self.metadata_url());
        for (name, value) in [("error", error), ("scope", scopes)] {
            if let Some(value) = value {
                challenge.push_str(&format!(", {name}=\"{value}\""));
            }
        }
        challenge
    }

    /// The scopes of the rules that would allow a tool, as a challenge names them.
    pub(super) fn scopes_for(&self, tool: &str) -> String {
        let fitting = self.grants.iter().filter(|grant| Grants::Some([(*grant).clone()].into()).shows(tool));
        let mut scopes: Vec<&str> = fitting.map(|grant| &*grant.scope).collect();
        scopes.dedup();
        scopes.join(" ")
    }

    /// What the server says about itself (RFC 9728).
    pub(super) fn metadata(&self) -> Value {
        let mut scopes: Vec<&str> = self.grants.iter().map(|grant| &*grant.scope).collect();
        scopes.dedup();
        json!({
            "resource": self.settings.resource,
            "authorization_servers": [self.settings.issuer],
            "scopes_supported": scopes,
            "bearer_methods_supported": ["header"],
            "resource_name": "runspaced",
        })
    }

    /// Where it says so: below the root, before the resource's own path.
    fn metadata_url(&self) -> String {
        let resource = &self.settings.resource;
        let root = resource.find("://").map_or(0, |at| at + 3);
        let path = resource[root..].find('/').map_or(resource.len(), |at| root + at);
        format!("{}/.well-known/oauth-protected-resource{}", &resource[..path], &resource[path..])
    }
}

impl Claims {
    /// What the token allows: OAuth's `scope`, Entra's `scp` and `roles`.
    fn scopes(&self) -> Vec<String> {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let mut scopes = self.scope.as_deref().map(words).unwrap_or_default();
        match &self.scp {
            Some(Value::String(text)) => scopes.append(&mut words(text)),
            Some(Value::Array(items)) => {
                scopes.extend(items.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            _ => {}
        }
        scopes.extend(self.roles.iter().flatten().cloned());
        scopes
    }
}

/// True if signatures of this kind are made with such a key, and the key is for signatures.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let use_fits = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let named = key.common.key_algorithm.and_then(|named| named.to_string().parse::<Algorithm>().ok());
    let kind_fits = DecodingKey::from_jwk(key).is_ok_and(|key| key.family() == algorithm.family());
    use_fits && kind_fits && named.is_none_or(|named| named == algorithm)
}
