//! Assertions signed with a certificate's key: how an application shows that it has it.

use std::fmt;
use std::path::Path;
use std::pin::Pin;

use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;
use base64::Engine;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// How long an assertion is good, seconds.
const LIFETIME: i64 = 600;

/// A certificate and its key.
pub(super) struct Signer {
    key: EncodingKey,
    thumbprint: String,
    chain: String,
}

impl Signer {
    /// Reads a PEM file with both.
    pub(super) fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file)
            .map(Zeroizing::new)
            .map_err(|error| format!("cannot be read: {error}"))?;
        Self::new(&text)
    }

    pub(super) fn new(pem: &str) -> Result<Self, String> {
        let encode = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        let certificate = CertificateDer::pem_slice_iter(pem.as_bytes())
            .next()
            .ok_or("it holds no certificate (-----BEGIN CERTIFICATE-----)")?
            .map_err(|error| format!("its certificate cannot be read: {error:?}"))?;
        let key = key_of(pem)?;
        let key = EncodingKey::from_rsa_pem(key.as_bytes())
            .map_err(|_| "its key is no RSA key, which Entra wants, or is damaged".to_owned())?;
        Ok(Self {
            key,
            thumbprint: encode(&Sha256::digest(&certificate)),
            chain: base64::engine::general_purpose::STANDARD.encode(&certificate),
        })
    }

    /// An assertion for one application at one token endpoint.
    pub(super) fn sign(&self, client: &str, endpoint: &str, now: jiff::Timestamp) -> Result<String, String> {
        let header = Header {
            x5t_s256: Some(self.thumbprint.clone()),
            x5c: Some(vec![self.chain.clone()]),
            ..Header::new(Algorithm::PS256)
        };
        let now = now.as_second();
        let claims = serde_json::json!({
            "aud": endpoint,
            "iss": client,
            "sub": client,
            "jti": uuid::Uuid::now_v7().to_string(),
            "nbf": now - 60,
            "iat": now,
            "exp": now + LIFETIME,
        });
        jsonwebtoken::encode(&header, &claims, &self.key).map_err(|_| "its key cannot sign".to_owned())
    }
}

/// The key's part of a PEM file.
fn key_of(pem: &str) -> Result<Zeroizing<String>, String> {
    for kind in ["PRIVATE KEY", "RSA PRIVATE KEY"] {
        let (begin, end) = (format!("-----BEGIN {kind}-----"), format!("-----END {kind}-----"));
        if let Some(from) = pem.find(&begin)
            && let Some(length) = pem[from..].find(&end)
        {
            return Ok(Zeroizing::new(pem[from..from + length + end.len()].to_owned()));
        }
    }
    Err(if pem.contains("ENCRYPTED") {
        "its key has a password: write it without one, into a file that only this user may read".to_owned()
    } else {
        "it holds no key (-----BEGIN PRIVATE KEY-----)".to_owned()
    })
}

/// What an assertion is made of.
pub(super) enum Assertion {
    /// Signed anew each time.
    Signed { signer: Signer, client: String, endpoint: String },
    /// Given by the platform.
    Given(Zeroizing<String>),
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signed { .. } => "Assertion::Signed",
            Self::Given(_) => "Assertion::Given",
        })
    }
}

impl ClientAssertion for Assertion {
    fn secret<'a, 'b, 'c>(
        &'a self,
        _options: Option<ClientMethodOptions<'b>>,
    ) -> Pin<Box<dyn Future<Output = azure_core::Result<String>> + Send + 'c>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        let assertion = match self {
            Self::Given(token) => Ok(token.to_string()),
            Self::Signed { signer, client, endpoint } => {
                signer.sign(client, endpoint, jiff::Timestamp::now()).map_err(|reason| {
                    azure_core::Error::with_message(
                        azure_core::error::ErrorKind::Credential,
                        format!("the certificate: {reason}"),
                    )
                })
            }
        };
        Box::pin(std::future::ready(assertion))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made for these tests and used nowhere else.
    const PEM: &str = include_str!("../tests/application.pem");

    #[test]
    fn an_assertion_is_signed_for_one_application_and_endpoint() {
        let signer = Signer::new(PEM).expect("is whole");
        let now = jiff::Timestamp::now();
        let token = signer.sign("app", "https://login/t/oauth2/v2.0/token", now).expect("signs");
        let certificate =
            CertificateDer::pem_slice_iter(PEM.as_bytes()).next().expect("one").expect("is whole");
        let header = jsonwebtoken::decode_header(&token).expect("has one");
        let expected = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate));
        assert_eq!(header.x5t_s256.as_deref(), Some(expected.as_str()));
        let public = include_str!("../tests/application.pub.pem");
        let key = jsonwebtoken::DecodingKey::from_rsa_pem(public.as_bytes()).expect("is one");
        let mut wanted = jsonwebtoken::Validation::new(Algorithm::PS256);
        wanted.set_audience(&["https://login/t/oauth2/v2.0/token"]);
        wanted.set_issuer(&["app"]);
        let claims =
            jsonwebtoken::decode::<serde_json::Value>(&token, &key, &wanted).expect("verifies").claims;
        assert_eq!(claims["sub"], "app");
        wanted.set_audience(&["https://elsewhere"]);
        assert!(jsonwebtoken::decode::<serde_json::Value>(&token, &key, &wanted).is_err());
    }

    #[test]
    fn files_that_do_not_do_say_why() {
        let reason = |pem: &str| Signer::new(pem).err().expect("is wrong");
        let certificate = &PEM[PEM.find("-----BEGIN CERTIFICATE").expect("is there")..];
        let certificate =
            &certificate[..certificate.find("-----END CERTIFICATE-----").expect("is there") + 25];
        assert!(reason("").contains("no certificate"));
        assert!(reason(certificate).contains("no key"));
        let locked = format!(
            "{certificate}\n-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"
        );
        assert!(reason(&locked).contains("password"));
        let damaged =
            format!("{certificate}\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
        assert!(reason(&damaged).contains("RSA"));
    }
}
