//! A simulator with its own client: what every test of it begins with.

use std::time::Duration;

use reqwest::Method;
use runspaced::simulator::{Builder, Simulator, app};
use serde_json::Value;

pub use crate::support::block;

/// Stable version of Sentinel.
pub const STABLE: &str = "2025-09-01";
/// Preview version of Sentinel.
pub const PREVIEW: &str = "2025-10-01-preview";
/// Version of Log Analytics.
pub const LOGS: &str = "2025-07-01";
/// Version of data collection.
pub const COLLECTION: &str = "2024-03-11";

/// A running simulator and a client that trusts it.
pub struct Azure {
    pub simulator: Simulator,
    pub client: reqwest::Client,
    app: &'static str,
}

/// An answer.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Got {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, if the status is as expected.
    #[track_caller]
    pub fn with(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// It is an error of that status and code; gives its message.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> String {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.body["error"]["code"], code, "{}", self.body);
        self.body["error"]["message"].as_str().unwrap_or_default().to_owned()
    }
}

/// A client that trusts the simulator.
pub fn client(simulator: &Simulator) -> reqwest::Client {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    let pem = rustls::pki_types::pem::PemObject::from_pem_slice(simulator.ca_pem.as_bytes())
        .expect("a certificate");
    roots.add(pem).expect("a root");
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .timeout(Duration::from_secs(60))
        .build()
        .expect("a client")
}

impl Azure {
    pub async fn start(builder: Builder) -> Self {
        let simulator = builder.start().await.expect("it starts");
        let client = client(&simulator);
        Self { simulator, client, app: app::CONTRIBUTOR }
    }

    /// A small one: few incidents.
    pub async fn small() -> Self {
        Self::start(Simulator::builder().incidents(30)).await
    }

    /// The same simulator, asked by another application.
    pub fn acting_as(mut self, app: &'static str) -> Self {
        self.app = app;
        self
    }

    pub fn token(&self, audience: &str) -> String {
        self.simulator.token(self.app, audience).expect("a token")
    }

    /// A request to an absolute address.
    pub async fn send(&self, method: Method, url: &str, audience: &str, body: Option<&Value>) -> Got {
        let mut request = self.client.request(method, url).bearer_auth(self.token(audience));
        if let Some(body) = body {
            request = request.json(body);
        }
        got(request.send().await.expect("an answer")).await
    }

    /// A request to Resource Manager; `path` has its query.
    pub async fn arm(&self, method: &str, path: &str, body: Option<&Value>) -> Got {
        let url = if path.starts_with("https") {
            path.to_owned()
        } else {
            format!("{}{path}", self.simulator.arm_url)
        };
        self.send(method.parse().expect("a method"), &url, "https://management.azure.com", body).await
    }

    pub async fn get(&self, path: &str) -> Got {
        self.arm("GET", path, None).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Got {
        self.arm("PUT", path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Got {
        self.arm("DELETE", path, None).await
    }

    /// A log query.
    pub async fn query(&self, customer_id: &str, body: &Value) -> Got {
        let url = format!("{}/v1/workspaces/{customer_id}/query", self.simulator.query_url);
        self.send(Method::POST, &url, "https://api.loganalytics.io", Some(body)).await
    }

    /// All entries of a list, page by page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let (mut entries, mut next) = (Vec::new(), path.to_owned());
        loop {
            let page = self.get(&next).await.with(200);
            entries.extend(page["value"].as_array().expect("a list").iter().cloned());
            match page["nextLink"].as_str() {
                Some(link) => {
                    assert!(link.starts_with(&self.simulator.arm_url), "{link}");
                    next = link.to_owned();
                }
                None => return entries,
            }
        }
    }

    /// Id of a workspace by name; the first of that name.
    pub fn workspace(&self, name: &str) -> String {
        let all = self.simulator.resources("/subscriptions");
        let found = all.iter().find(|found| {
            found["type"] == "Microsoft.OperationalInsights/workspaces"
                && found["id"].as_str().is_some_and(|id| id.ends_with(&format!("/{name}")))
        });
        found.expect("the workspace")["id"].as_str().expect("an id").to_owned()
    }

    pub fn sentinel(&self, workspace: &str) -> String {
        format!("{}/providers/Microsoft.SecurityInsights", self.workspace(workspace))
    }

    pub fn customer_id(&self, workspace: &str) -> String {
        let id = self.workspace(workspace);
        let found = self.simulator.resources(&id).into_iter().find(|found| found["id"] == id.as_str());
        found.expect("the workspace")["properties"]["customerId"].as_str().expect("an id").to_owned()
    }
}

/// Reads an answer.
pub async fn got(response: reqwest::Response) -> Got {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await.expect("a body");
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
    Got { status, headers, body }
}
