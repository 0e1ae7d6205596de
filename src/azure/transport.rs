//! The HTTP client: TLS by rustls, no redirects, bounded answers, and whether a request's bytes went out.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use reqwest::header::HeaderMap;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::{Error, Happened, Kind, Result};

/// How the HTTP client is made.
#[derive(Debug, Clone)]
pub struct TransportSettings {
    /// PEM file of certificates that are trusted beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// PEM text of certificates that are trusted beside those of the system.
    pub ca_pem: Option<String>,
    /// Time to connect.
    pub connect_timeout: Duration,
    /// Time for one try of a request, answer included.
    pub try_timeout: Duration,
    /// Ask no proxy.
    pub no_proxy: bool,
}

impl Default for TransportSettings {
    fn default() -> Self {
        Self {
            ca_file: None,
            ca_pem: None,
            connect_timeout: Duration::from_secs(10),
            try_timeout: Duration::from_secs(100),
            no_proxy: false,
        }
    }
}

/// The HTTP client. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Transport {
    client: reqwest::Client,
    try_timeout: Duration,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct RawAnswer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) struct Unanswered {
    pub(crate) error: Error,
    /// True if trying again may help.
    pub(crate) passing: bool,
}

/// Bytes that are set aside at once for an answer that announces its length.
const ANNOUNCED: usize = 16 << 20;

impl Transport {
    /// Makes the client.
    ///
    /// # Errors
    /// If certificates cannot be read, or there are none at all to trust.
    pub fn new(settings: &TransportSettings) -> Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(
            extra_roots(settings)?,
            provider.clone(),
        )
        .map_err(|error| {
            Error::setting(
                format!("no certificate authorities can be trusted: {error}"),
                "Install the system's certificates, or name a PEM file in azure.ca_file.",
            )
        })?;
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::new(Kind::NotConfigured, format!("TLS cannot be set up: {error}")))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(settings.connect_timeout)
            .pool_idle_timeout(Duration::from_secs(60))
            .tcp_nodelay(true)
            .user_agent(concat!("runspaced/", env!("CARGO_PKG_VERSION")));
        if settings.no_proxy {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| {
            Error::new(Kind::NotConfigured, format!("the HTTP client cannot be made: {error}"))
        })?;
        Ok(Self { client, try_timeout: settings.try_timeout })
    }

    /// The client, as the transport of another library.
    pub(crate) fn client(&self) -> reqwest::Client {
        self.client.clone()
    }

    /// Sends a request once. `within` bounds it beside the own limit; `most` bounds the answer's size in bytes.
    pub(crate) async fn send(
        &self,
        method: reqwest::Method,
        url: &reqwest::Url,
        headers: HeaderMap,
        body: Option<Bytes>,
        within: Duration,
        most: usize,
    ) -> Result<RawAnswer, Unanswered> {
        let begun = Arc::new(AtomicBool::new(false));
        let mut request = self.client.request(method, url.clone()).headers(headers);
        let has_body = body.is_some();
        if let Some(body) = body {
            request = request.body(reqwest::Body::wrap(Watched { body: Some(body), begun: begun.clone() }));
        }
        let exchange = async {
            let mut response = request.send().await?;
            let status = response.status().as_u16();
            let headers = std::mem::take(response.headers_mut());
            let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
            // Once as much as is needed, not twice as it grows; an announcement costs nothing, so it gets no more than this.
            let mut received = Vec::with_capacity(announced.unwrap_or(0).min(most).min(ANNOUNCED));
            while let Some(part) = response.chunk().await? {
                if received.len() + part.len() > most {
                    return Ok(Err(status));
                }
                received.extend_from_slice(&part);
            }
            Ok::<_, reqwest::Error>(Ok(RawAnswer { status, headers, body: Bytes::from(received) }))
        };
        let host = url.host_str().unwrap_or_default();
        // Without a body it cannot be seen whether the head went out, so it may have.
        let sent = |begun: &AtomicBool| {
            if has_body && !begun.load(Ordering::Acquire) { Happened::No } else { Happened::Perhaps }
        };
        match tokio::time::timeout(self.try_timeout.min(within), exchange).await {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(status))) => Err(Unanswered {
                error: Error::new(
                    Kind::ServiceFailed,
                    format!("the answer of {host} is larger than {most} bytes"),
                )
                .status_of(status)
                .remedy("Ask for less: a filter, a shorter time span, fewer columns.")
                .perhaps(Happened::Perhaps),
                passing: false,
            }),
            Ok(Err(error)) => {
                Err(classify(&error, host, if error.is_connect() { Happened::No } else { sent(&begun) }))
            }
            Err(_) => Err(Unanswered {
                error: Error::new(Kind::TooLate, format!("{host} did not answer in time"))
                    .perhaps(sent(&begun)),
                passing: true,
            }),
        }
    }
}

/// Certificates beside those of the system.
fn extra_roots(settings: &TransportSettings) -> Result<Vec<CertificateDer<'static>>> {
    let mut roots = Vec::new();
    if let Some(path) = &settings.ca_file {
        let text = std::fs::read(path).map_err(|error| {
            Error::setting(
                format!("azure.ca_file {} cannot be read: {error}", path.display()),
                "Name a PEM file that this user may read.",
            )
        })?;
        roots.extend(certificates(&text, &path.display().to_string())?);
    }
    if let Some(text) = &settings.ca_pem {
        roots.extend(certificates(text.as_bytes(), "the given text")?);
    }
    Ok(roots)
}

fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem).filter_map(std::result::Result::ok).collect();
    if found.is_empty() {
        return Err(Error::setting(
            format!("{what} holds no certificate"),
            "It must be PEM: -----BEGIN CERTIFICATE-----.",
        ));
    }
    Ok(found)
}

/// Why a request got no answer: names, connections, TLS, proxies are told apart.
pub(crate) fn classify(error: &reqwest::Error, host: &str, happened: Happened) -> Unanswered {
    let mut causes = Vec::new();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    let cause = causes.last().cloned().unwrap_or_else(|| "no reason given".to_owned());
    let text = causes.join(": ");
    // An io::Error hides what it wraps from those who walk the causes; its text is that of rustls.
    let certificate = text.contains("invalid peer certificate");
    let (what, remedy, passing) = if certificate {
        (
            format!("the certificate of {host} is not trusted: {cause}"),
            "If a proxy of yours opens TLS, name its certificate authority in azure.ca_file. Check the clock.",
            false,
        )
    } else if text.contains("dns error") {
        (
            format!("the name {host} cannot be resolved: {cause}"),
            "Check the name server, and azure.cloud.",
            true,
        )
    } else if text.contains("proxy") || text.contains("tunnel") {
        (format!("the proxy did not let {host} through: {cause}"), "Check HTTPS_PROXY and NO_PROXY.", false)
    } else if error.is_connect() {
        (
            format!("{host} cannot be reached: {cause}"),
            "Check the network, the proxy (HTTPS_PROXY), the firewall.",
            true,
        )
    } else {
        (format!("the connection to {host} broke: {cause}"), "Try again.", true)
    };
    Unanswered { error: Error::new(Kind::Unreachable, what).remedy(remedy).perhaps(happened), passing }
}

/// A body that knows whether anybody has begun to read it: until then not a byte of the request is on its way.
struct Watched {
    body: Option<Bytes>,
    begun: Arc<AtomicBool>,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.begun.store(true, Ordering::Release);
        Poll::Ready(self.body.take().map(|body| Ok(Frame::data(body))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.body.as_ref().map_or(0, |body| body.len() as u64))
    }
}
