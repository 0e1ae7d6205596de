//! `runspaced mcp --http`: where clients connect, and what they sign in with.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use runspaced::mcp::http::{Access, HttpOptions, Listener, OAuth, TlsFiles};
use zeroize::Zeroizing;

use super::succession::Succession;
use crate::cli::identity::Secrets;
use crate::cli::screen::{Palette, Tone, say};
use crate::config::{Config, Http};

/// The variable that holds the token, where it is given.
pub const TOKEN: &str = "RUNSPACED_MCP_TOKEN";
/// Least length of a given token.
const TOKEN_CHARS: usize = 16;

/// A server over HTTP, ready to begin.
pub struct Site {
    pub listener: Listener,
    pub options: HttpOptions,
    /// A token that was made here: the next process needs it too.
    pub token: Option<Zeroizing<String>>,
}

impl Site {
    /// Binds the address, or takes it over from the process before, and says where the server is.
    ///
    /// # Errors
    /// What is wrong, and what would work.
    pub fn open(
        address: &str,
        no_token: bool,
        config: &Config,
        secrets: &Secrets,
        succession: &Succession,
        palette: Palette,
    ) -> Result<Self, String> {
        let http = &config.settings.http;
        let tls = tls(http)?;
        let listener = listener(address, http, succession)?;
        let url = http.public_url.clone().unwrap_or_else(|| listener.url(tls.is_some()));
        let (access, token) = match &config.settings.oauth.issuer {
            Some(issuer) => {
                let oauth = &config.settings.oauth;
                let audience = oauth.audience.clone().unwrap_or_else(|| url.clone());
                let mut authority = OAuth::new(issuer, audience, &url);
                authority.keys.clone_from(&oauth.keys_url);
                authority.rules.clone_from(&oauth.rules);
                (Access::OAuth(Box::new(authority)), None)
            }
            None => access(no_token, &listener, http, secrets, succession)?,
        };
        if !listener.is_local() && tls.is_none() {
            tracing::warn!(
                "tokens and data go over the network in the clear: set http.certificate and http.key"
            );
        }
        let mut options = HttpOptions::new(access);
        options.tls = tls;
        options.hosts.extend(http.hosts.iter().cloned());
        options
            .hosts
            .extend(host_of(address).into_iter().chain(http.public_url.as_deref().and_then(host_of_url)));
        options.origins.extend(http.origins.iter().cloned());
        options.limits.connections = http.connections;
        options.limits.body_bytes = http.body_bytes;
        options.limits.head_time = http.head_time;
        options.limits.body_time = http.body_time;
        options.limits.sessions = http.sessions;
        options.limits.session_idle = http.session_idle;
        options.limits.rate = http.rate;
        options.limits.burst = http.burst;
        if !succession.is_one() {
            let name = palette.paint(Tone::Notice, "runspaced:");
            say(format_args!("{name} serving MCP at {url}"));
            // The one place where it is said. Clients that know it from a file need no line of their own.
            if let (Some(token), None) = (&token, &http.token_file) {
                say(format_args!("{name} clients sign in with Authorization: Bearer {}", token.as_str()));
            }
        }
        Ok(Self { listener, options, token })
    }
}

fn listener(address: &str, http: &Http, succession: &Succession) -> Result<Listener, String> {
    #[cfg(unix)]
    if let Some(descriptor) = succession.listener().and_then(crate::stdio::adopt) {
        return Ok(Listener::from(descriptor));
    }
    #[cfg(not(unix))]
    let _ = succession;
    let mode = u32::from_str_radix(&http.socket_mode, 8).ok().filter(|mode| *mode <= 0o777);
    let mode = mode.ok_or_else(|| {
        format!(
            "http.socket_mode is {:?}; it must be three octal digits, such as 600 or 660",
            http.socket_mode
        )
    })?;
    Listener::bind(address, mode).map_err(|error| {
        format!(
            "{address} cannot be served: {error}; give ADDRESS:PORT, such as 127.0.0.1:8931, or unix:/path"
        )
    })
}

fn tls(http: &Http) -> Result<Option<TlsFiles>, String> {
    match (&http.certificate, &http.key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => {
            Ok(Some(TlsFiles { certificate: certificate.clone(), key: key.clone() }))
        }
        _ => Err("http.certificate and http.key belong together: give both or none".to_owned()),
    }
}

/// The token, and whether it was made here.
fn access(
    no_token: bool,
    listener: &Listener,
    http: &Http,
    secrets: &Secrets,
    succession: &Succession,
) -> Result<(Access, Option<Zeroizing<String>>), String> {
    if let Some(token) = secrets.get(TOKEN) {
        return Ok((Access::Token(long_enough(TOKEN, token.clone())?), None));
    }
    if no_token || (listener.is_file() && http.token_file.is_none()) {
        if !listener.is_local() {
            return Err(
                "without a token only this machine may be served: bind 127.0.0.1 or unix:/path".to_owned()
            );
        }
        return Ok((Access::Open, None));
    }
    let token = match (succession.token(), &http.token_file) {
        (Some(token), _) => token,
        (None, Some(path)) => token_in(path)?,
        (None, None) => random_token(),
    };
    Ok((Access::Token(token.clone()), Some(token)))
}

fn random_token() -> Zeroizing<String> {
    Zeroizing::new(format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple()))
}

/// The token in a file; one that is not there is made, for its owner only.
fn token_in(path: &Path) -> Result<Zeroizing<String>, String> {
    let wrong = |what: &dyn std::fmt::Display| format!("http.token_file {}: {what}", path.display());
    match fs::read_to_string(path) {
        Ok(text) => {
            let text = Zeroizing::new(text);
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                let mode = fs::metadata(path).map_err(|error| wrong(&error))?.permissions().mode();
                if mode & 0o077 != 0 {
                    return Err(wrong(&"others may read it; chmod 600 it"));
                }
            }
            long_enough(&path.display().to_string(), Zeroizing::new(text.trim().to_owned()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let token = random_token();
            let mut options = fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(path).map_err(|error| wrong(&error))?;
            writeln!(file, "{}", token.as_str()).map_err(|error| wrong(&error))?;
            Ok(token)
        }
        Err(error) => Err(wrong(&error)),
    }
}

fn long_enough(source: &str, token: Zeroizing<String>) -> Result<Zeroizing<String>, String> {
    if token.len() >= TOKEN_CHARS && token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(token);
    }
    Err(format!("the token of {source} is no good: at least {TOKEN_CHARS} visible ASCII characters"))
}

/// The name by which clients may reach an address that was bound; none for all addresses of the machine.
fn host_of(address: &str) -> Option<String> {
    let (host, _port) = address.strip_prefix("unix:").map_or_else(|| address.rsplit_once(':'), |_| None)?;
    let host = host.trim_matches(['[', ']']);
    (!["", "0.0.0.0", "::"].contains(&host)).then(|| host.to_owned())
}

fn host_of_url(url: &str) -> Option<String> {
    let (_scheme, rest) = url.split_once("://")?;
    let authority = rest.split('/').next().filter(|authority| !authority.is_empty())?;
    Some(authority.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_addresses_and_urls() {
        for (address, host) in [
            ("127.0.0.1:0", Some("127.0.0.1")),
            ("[::1]:80", Some("::1")),
            ("0.0.0.0:80", None),
            ("[::]:80", None),
            ("unix:/run/x:1", None),
        ] {
            assert_eq!(host_of(address).as_deref(), host, "{address}");
        }
        assert_eq!(host_of_url("https://mcp.example.com:8443/mcp").as_deref(), Some("mcp.example.com:8443"));
        assert_eq!(host_of_url("nonsense"), None);
    }

    #[test]
    fn a_token_file_is_made_once_and_kept_from_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        let token = token_in(&path).expect("made");
        assert!(token.len() >= 64);
        assert_eq!(token_in(&path).expect("read"), token);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
            assert!(token_in(&path).expect_err("others may read it").contains("chmod 600"));
        }
        let short = folder.path().join("short");
        fs::write(&short, "abc\n").expect("written");
        assert!(token_in(&short).is_err());
    }
}
