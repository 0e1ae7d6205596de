//! Client assertions: signed by a certificate of the application, or by an identity provider it trusts.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::directory::App;
use super::login::Denial;
use super::tokens::Federated;
use crate::simulator::world::World;

/// Audience of a federated token.
pub(crate) const EXCHANGE: &str = "api://AzureADTokenExchange";

#[derive(Deserialize)]
struct Assertion {
    iss: String,
    sub: String,
    exp: i64,
}

/// Whether the assertion proves that the application sent it.
pub(crate) fn check(world: &World, app: &App, assertion: &str, now: Timestamp) -> Result<(), Denial> {
    if let Some(federated) = world.keys.read::<Federated>(assertion) {
        return check_federated(world, app, &federated, now);
    }
    let unreadable = || Denial::new(50027, "JWT token is invalid or malformed.");
    let header = jsonwebtoken::decode_header(assertion).map_err(|_| unreadable())?;
    if !matches!(header.alg, Algorithm::RS256 | Algorithm::PS256 | Algorithm::ES256) {
        return Err(unreadable());
    }
    let certificate = app
        .certificates
        .iter()
        .find(|der| match (&header.x5t_s256, &header.x5t) {
            (Some(hash), _) => *hash == URL_SAFE_NO_PAD.encode(Sha256::digest(der)),
            // SHA-1 thumbprints are what older clients send: any certificate may be the one, the signature tells.
            _ => true,
        })
        .ok_or_else(|| {
            Denial::new(700027, "The certificate with identifier used to sign the client assertion is not registered on application.")
        })?;
    let key = key_of(certificate, header.alg).ok_or_else(unreadable)?;
    let mut validation = Validation::new(header.alg);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claims = jsonwebtoken::decode::<Assertion>(assertion, &key, &validation)
        .map_err(|_| Denial::new(700027, "Client assertion failed signature validation."))?
        .claims;
    if claims.exp <= now.as_second() {
        return Err(out_of_time());
    }
    if [&claims.iss, &claims.sub].iter().any(|name| !name.eq_ignore_ascii_case(&app.client_id)) {
        return Err(Denial::new(
            700021,
            "Client assertion application identifier doesn't match 'client_id' parameter.",
        ));
    }
    Ok(())
}

fn check_federated(world: &World, app: &App, token: &Federated, now: Timestamp) -> Result<(), Denial> {
    if token.exp <= now.as_second() {
        return Err(out_of_time());
    }
    if token.aud != EXCHANGE {
        return Err(Denial::new(
            700212,
            &format!(
                "No matching federated identity record found for presented assertion audience '{}'.",
                token.aud
            ),
        ));
    }
    if token.iss != world.endpoints().federated_issuer() || token.sub != app.federated_subject {
        return Err(Denial::new(
            700213,
            &format!(
                "No matching federated identity record found for presented assertion subject '{}'.",
                token.sub
            ),
        ));
    }
    Ok(())
}

fn out_of_time() -> Denial {
    Denial::new(700024, "Client assertion is not within its valid time range.")
}

fn key_of(der: &[u8], algorithm: Algorithm) -> Option<DecodingKey> {
    let certificate = CertificateDer::from_slice(der);
    let info = ParsedCertificate::try_from(&certificate).ok()?.subject_public_key_info();
    let text = STANDARD.encode(info.as_ref());
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n");
    match algorithm {
        Algorithm::ES256 => DecodingKey::from_ec_pem(pem.as_bytes()).ok(),
        _ => DecodingKey::from_rsa_pem(pem.as_bytes()).ok(),
    }
}
