//! Who may call: the holder of the server's token, or of one that an authority issued for this server.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::oauth::{Authority, OAuth, Refusal};
use crate::mcp::client::{Client, Grants};

/// Who may call.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Access {
    /// Everybody who can connect. For Unix sockets, whose file decides that, and for tests.
    #[default]
    Open,
    /// Whoever has this token.
    Token(Zeroizing<String>),
    /// Whoever has a token that an authority issued for this server.
    OAuth(Box<OAuth>),
}

/// Checks requests.
pub(super) enum Guard {
    Open,
    /// The digest of the token: comparing digests takes the same time whatever they are, and however long the token is.
    Token([u8; 32]),
    OAuth(Box<Authority>),
}

/// Why a request is not let in, as it is answered.
#[derive(Debug)]
pub(super) struct Denied {
    pub(super) status: StatusCode,
    pub(super) challenge: Option<String>,
    pub(super) text: String,
}

impl Guard {
    /// # Errors
    /// What is wrong with the settings.
    pub(super) fn new(access: Access) -> std::io::Result<Self> {
        Ok(match access {
            Access::Open => Self::Open,
            Access::Token(token) => Self::Token(digest(&token)),
            Access::OAuth(settings) => Self::OAuth(Box::new(Authority::new(*settings)?)),
        })
    }

    /// The authority whose tokens are taken.
    pub(super) fn authority(&self) -> Option<&Authority> {
        match self {
            Self::OAuth(authority) => Some(authority),
            _ => None,
        }
    }

    /// Who makes a request.
    pub(super) async fn caller(&self, headers: &HeaderMap) -> Result<Client, Denied> {
        match self {
            Self::Open => Ok(local("open")),
            Self::Token(expected) => match bearer(headers) {
                Some(given) if bool::from(digest(given).ct_eq(expected)) => Ok(local("token")),
                given => Err(Denied {
                    status: StatusCode::UNAUTHORIZED,
                    challenge: Some(match given {
                        Some(_) => r#"Bearer realm="runspaced", error="invalid_token""#.to_owned(),
                        None => r#"Bearer realm="runspaced""#.to_owned(),
                    }),
                    text: "the request needs the header Authorization: Bearer TOKEN with the token that the server \
                           said at its start or was given"
                        .to_owned(),
                }),
            },
            Self::OAuth(authority) => match bearer(headers) {
                Some(token) => authority.caller(token).await.map_err(|refusal| match refusal {
                    Refusal::Token(reason) => Denied {
                        status: StatusCode::UNAUTHORIZED,
                        challenge: Some(authority.challenge(Some("invalid_token"), None)),
                        text: format!("the token is not accepted: {reason}"),
                    },
                    Refusal::Authority(reason) => Denied {
                        status: StatusCode::SERVICE_UNAVAILABLE,
                        challenge: None,
                        text: format!("tokens cannot be checked now: {reason}"),
                    },
                }),
                None => Err(Denied {
                    status: StatusCode::UNAUTHORIZED,
                    challenge: Some(authority.challenge(None, None)),
                    text: "the request needs a token of the authority that the resource metadata names".to_owned(),
                }),
            },
        }
    }
}

fn local(principal: &str) -> Client {
    Client::of(principal.into(), Grants::All)
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A principal as others see it: not who it is, but whether it is the same.
pub(super) fn principal(authority: &str, subject: &str) -> Arc<str> {
    format!("{authority}#{subject}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(authorization: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, authorization.parse().expect("a header"))])
    }

    #[tokio::test]
    async fn only_the_holder_of_the_token_is_let_in() {
        let guard = Guard::new(Access::Token(Zeroizing::new("s3cret".to_owned()))).expect("a guard");
        for good in ["Bearer s3cret", "bearer s3cret", "Bearer  s3cret"] {
            let caller = guard.caller(&headers(good)).await.expect("let in");
            assert_eq!(caller.affinity.as_deref(), Some("token"));
        }
        for bad in ["Bearer s3cre", "Bearer s3cret2", "Bearer ", "Basic s3cret", "s3cret"] {
            let denied = guard.caller(&headers(bad)).await.expect_err(bad);
            assert_eq!(denied.status, StatusCode::UNAUTHORIZED, "{bad}");
            assert!(denied.challenge.is_some_and(|challenge| challenge.starts_with("Bearer ")));
            assert!(!denied.text.contains("s3cret"));
        }
        assert!(guard.caller(&HeaderMap::new()).await.is_err());
    }
}
