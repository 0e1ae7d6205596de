//! Fetching the archive: with progress, taken up again where it broke off, never trusted before its digest is right.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{CONTENT_RANGE, ETAG, HeaderMap, IF_RANGE, LAST_MODIFIED, RANGE};
use reqwest::{Client, Response, StatusCode, Url};
use serde::{Deserialize, Serialize};

use super::archive::full_disk;
use super::progress::Progress;

/// Tries of one run; each goes on where the one before it broke off.
const TRIES: usize = 4;
/// Most bytes that are taken for an archive.
const MOST_BYTES: u64 = 1 << 30;
const CONNECT: Duration = Duration::from_secs(30);
/// Longest time without a byte.
const SILENCE: Duration = Duration::from_secs(60);

/// A download that may have been begun before.
#[derive(Debug)]
pub struct Download {
    url: Url,
    /// The same without user name and password.
    shown: String,
    /// What has arrived.
    part: PathBuf,
    /// Which content that is a part of.
    note: PathBuf,
}

/// Which content a part belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Origin {
    url: String,
    /// The server's mark of exactly that content: a strong `ETag`, or the time of its last change.
    mark: String,
}

/// How a try ended without the whole.
enum Broken {
    /// Another try may get further.
    Again(String),
    /// It will not.
    Final(String),
}

impl Download {
    /// Of an address, into a folder.
    ///
    /// # Errors
    /// If the address is none.
    pub fn new(url: &str, folder: &Path, digest: &str) -> Result<Self, String> {
        let url = Url::parse(url).map_err(|error| format!("--from is no address: {error}"))?;
        let mut shown = url.clone();
        // Neither can fail for http.
        let _ = shown.set_username("").and_then(|()| shown.set_password(None));
        let name = format!(".download-{}", digest.get(..16).unwrap_or(digest));
        Ok(Self {
            url,
            shown: shown.into(),
            part: folder.join(format!("{name}.part")),
            note: folder.join(format!("{name}.json")),
        })
    }

    /// Where it comes from, for people.
    pub fn address(&self) -> &str {
        &self.shown
    }

    /// Fetches the rest, and gives the path of the whole, which the caller checks.
    ///
    /// # Errors
    /// Why it could not be fetched, and what to do. What has arrived is kept for the next run.
    pub async fn fetch(&self, client: &Client, progress: &Progress) -> Result<PathBuf, String> {
        let mut reason = String::new();
        for attempt in 0..TRIES {
            if attempt > 0 {
                progress.say(&format!("{reason}; going on where it broke off"));
                tokio::time::sleep(Duration::from_millis(500) * u32::try_from(attempt).unwrap_or(1)).await;
            }
            match self.attempt(client, progress).await {
                Ok(()) => return Ok(self.part.clone()),
                Err(Broken::Again(why)) => reason = why,
                Err(Broken::Final(why)) => return Err(why),
            }
        }
        let kept = fs::metadata(&self.part).map_or(0, |part| part.len());
        Err(format!(
            "{reason}. Gave up after {TRIES} tries; {kept} bytes are kept, and the next run goes on from there. Without a way \
             to the network, fetch the archive elsewhere and give it with --from FILE"
        ))
    }

    /// Throws away what has arrived.
    pub fn forget(&self) {
        // What cannot be removed is found to be wrong again the next time.
        let _ = fs::remove_file(&self.part);
        let _ = fs::remove_file(&self.note);
    }

    async fn attempt(&self, client: &Client, progress: &Progress) -> Result<(), Broken> {
        let begun = self.begun();
        let mut request = client.get(self.url.clone());
        if let Some((origin, length)) = &begun {
            request = request.header(RANGE, format!("bytes={length}-")).header(IF_RANGE, &origin.mark);
        }
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let start = match (status, &begun) {
            (StatusCode::OK, _) => 0,
            (StatusCode::PARTIAL_CONTENT, Some((_, length))) if starts_at(response.headers(), *length) => {
                *length
            }
            // Another part than the one that was asked for, or none where the content has changed.
            (StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE, Some(_)) => {
                self.forget();
                return Err(Broken::Again("the server has another content than before".to_owned()));
            }
            _ => return Err(self.refused(status)),
        };
        let total = response.content_length().map(|rest| start + rest);
        if total.is_some_and(|total| total > MOST_BYTES) {
            return Err(Broken::Final(format!(
                "{} has {} bytes: that is no archive of PowerShell",
                self.shown,
                total.unwrap_or(0)
            )));
        }
        self.note(response.headers()).map_err(|error| self.unwritable(&error))?;
        self.receive(response, start, total, progress).await
    }

    async fn receive(
        &self,
        mut response: Response,
        start: u64,
        total: Option<u64>,
        progress: &Progress,
    ) -> Result<(), Broken> {
        let mut file = self.open(start).map_err(|error| self.unwritable(&error))?;
        progress.begin(start, total);
        let mut length = start;
        loop {
            match response.chunk().await {
                Ok(Some(bytes)) => {
                    file.write_all(&bytes).map_err(|error| self.unwritable(&error))?;
                    length += bytes.len() as u64;
                    if length > MOST_BYTES {
                        return Err(Broken::Final(format!("{} does not end", self.shown)));
                    }
                    progress.at(length);
                }
                Ok(None) => break,
                Err(error) => {
                    return Err(Broken::Again(format!(
                        "the connection broke off after {length} bytes ({})",
                        root(&error)
                    )));
                }
            }
        }
        file.sync_all().map_err(|error| self.unwritable(&error))?;
        match total {
            Some(total) if length < total => {
                Err(Broken::Again(format!("the connection ended after {length} of {total} bytes")))
            }
            _ => Ok(()),
        }
    }

    fn open(&self, start: u64) -> io::Result<File> {
        let mut options = OpenOptions::new();
        if start > 0 {
            options.append(true)
        } else {
            options.write(true).create(true).truncate(true)
        };
        options.open(&self.part)
    }

    /// What an earlier try left, if the server can tell whether it is still a part of the same content.
    fn begun(&self) -> Option<(Origin, u64)> {
        let origin: Origin = serde_json::from_slice(&fs::read(&self.note).ok()?).ok()?;
        let length = fs::metadata(&self.part).ok()?.len();
        (origin.url == self.shown && length > 0).then_some((origin, length))
    }

    fn note(&self, headers: &HeaderMap) -> io::Result<()> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        // A weak mark says that two contents mean the same, not that their bytes are.
        let mark = text(ETAG).filter(|mark| !mark.starts_with("W/")).or_else(|| text(LAST_MODIFIED));
        match mark {
            Some(mark) => {
                let origin = Origin { url: self.shown.clone(), mark: mark.to_owned() };
                fs::write(&self.note, serde_json::to_vec(&origin)?)
            }
            None => match fs::remove_file(&self.note) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        }
    }

    fn unreachable(&self, error: &reqwest::Error) -> Broken {
        let why = root(error);
        let text = if error.is_redirect() {
            return Broken::Final(format!("{}: {why}", self.shown));
        } else if error.is_connect() {
            format!(
                "{} cannot be reached ({why}). Is this machine online, or does it need a proxy (HTTPS_PROXY, or setup.proxy)?",
                self.url.host_str().unwrap_or_default()
            )
        } else if error.is_timeout() {
            format!("{} did not answer in time", self.shown)
        } else {
            format!("{}: {why}", self.shown)
        };
        Broken::Again(text)
    }

    fn refused(&self, status: StatusCode) -> Broken {
        let url = &self.shown;
        let text = match status {
            StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => format!(
                "{url}: the server, or a proxy before it, refuses the download ({status}). Fetch the archive where that is \
                 allowed and give it with --from FILE"
            ),
            StatusCode::NOT_FOUND | StatusCode::GONE => format!("{url}: there is no such file ({status})"),
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                format!(
                    "{url}: the proxy wants a user name and password ({status}); name them in HTTPS_PROXY"
                )
            }
            _ if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return Broken::Again(format!("{url}: the server answers {status}"));
            }
            _ => format!("{url}: the server answers {status}"),
        };
        Broken::Final(text)
    }

    fn unwritable(&self, error: &io::Error) -> Broken {
        Broken::Final(full_disk(&self.part, error))
    }
}

/// Whether a partial answer begins where the last one ended.
fn starts_at(headers: &HeaderMap, length: u64) -> bool {
    let range = headers.get(CONTENT_RANGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    range
        .strip_prefix("bytes ")
        .and_then(|range| range.split_once('-'))
        .is_some_and(|(start, _)| start.parse() == Ok(length))
}

/// The innermost reason, which says the most.
fn root(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// A client that trusts what this machine trusts.
///
/// # Errors
/// What is wrong with the proxy or with the machine's certificates.
pub fn client(proxy: Option<&str>) -> Result<Client, String> {
    use rustls_platform_verifier::BuilderVerifierExt as _;
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(|error| format!("the certificates that this machine trusts cannot be read: {error}"))?
        .with_no_client_auth();
    let only_better = reqwest::redirect::Policy::custom(|attempt| {
        let from_tls = attempt.previous().iter().any(|url| url.scheme() == "https");
        if from_tls && attempt.url().scheme() != "https" {
            attempt.error("it leads from https to an address that is not")
        } else if attempt.previous().len() > 10 {
            attempt.error("it leads round and round")
        } else {
            attempt.follow()
        }
    });
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("runspaced/", env!("CARGO_PKG_VERSION")))
        .redirect(only_better)
        // The bytes of the archive are wanted, not what they unpack to.
        .no_gzip()
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE);
    if let Some(proxy) = proxy {
        let wrong = |error: reqwest::Error| {
            format!("setup.proxy must be an address such as http://proxy:8080: {}", root(&error))
        };
        builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(wrong)?);
    }
    builder.build().map_err(|error| root(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_answers_must_begin_where_the_last_one_ended() {
        let headers = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_RANGE, reqwest::header::HeaderValue::from_static(text));
            headers
        };
        assert!(starts_at(&headers("bytes 10-19/20"), 10));
        for wrong in ["bytes 0-19/20", "bytes 100-19/20", "bytes */20", "10-19/20", ""] {
            assert!(!starts_at(&headers(wrong), 10), "{wrong}");
        }
    }

    #[test]
    fn part_counts_only_for_the_address_it_came_from() {
        let folder = tempfile::tempdir().expect("a folder");
        let of = |url: &str| Download::new(url, folder.path(), &"ab".repeat(32)).expect("an address");
        let download = of("https://example.com/a");
        let mut headers = HeaderMap::new();
        headers.insert(ETAG, reqwest::header::HeaderValue::from_static("\"x\""));
        download.note(&headers).expect("noted");
        assert!(download.begun().is_none(), "nothing has arrived");
        fs::write(&download.part, "12345").expect("written");
        assert_eq!(
            download.begun().map(|(origin, length)| (origin.mark, length)),
            Some(("\"x\"".to_owned(), 5))
        );
        assert!(of("https://example.com/b").begun().is_none());
        headers.insert(ETAG, reqwest::header::HeaderValue::from_static("W/\"x\""));
        download.note(&headers).expect("noted");
        assert!(download.begun().is_none(), "a weak mark proves nothing");
    }
}
