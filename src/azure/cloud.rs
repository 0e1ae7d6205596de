//! The clouds: where they sign in, where their services answer, and what their tokens are for.

use reqwest::Url;

use super::{Error, Result};

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Azure Resource Manager, Resource Graph among it.
    ResourceManager,
    /// Log Analytics queries.
    Logs,
    /// Logs ingestion.
    Ingestion,
}

/// A cloud by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloudName {
    /// The worldwide cloud.
    #[default]
    Public,
    /// The cloud of the United States government.
    UsGovernment,
    /// The cloud in China, operated by 21Vianet.
    China,
    /// Endpoints of one's own: a simulator, a cloud of one's own.
    Custom,
}

/// Endpoints of a custom cloud. Those of the services may be `http` on this machine; the authority must be `https`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomEndpoints {
    /// Where tokens come from.
    pub authority: String,
    /// Azure Resource Manager.
    pub resource_manager: String,
    /// Log Analytics queries, without `/v1`.
    pub logs: String,
    /// Logs ingestion.
    pub ingestion: String,
}

/// A cloud: endpoints and scopes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cloud {
    name: CloudName,
    authority: Url,
    resource_manager: Url,
    logs: Url,
    ingestion: Ingestion,
    scopes: [&'static str; 3],
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Ingestion {
    /// Every host below it.
    Domain(&'static str),
    /// This one place.
    Place(Url),
}

const PUBLIC_SCOPES: [&str; 3] = [
    "https://management.azure.com/.default",
    "https://api.loganalytics.io/.default",
    "https://monitor.azure.com/.default",
];

impl Cloud {
    /// One of the three clouds of Microsoft.
    ///
    /// # Errors
    /// For [`CloudName::Custom`], which needs endpoints: [`Cloud::custom`].
    pub fn named(name: CloudName) -> Result<Self> {
        let (authority, resource_manager, logs, ingestion, scopes) = match name {
            CloudName::Public => (
                "https://login.microsoftonline.com",
                "https://management.azure.com",
                "https://api.loganalytics.io",
                ".ingest.monitor.azure.com",
                PUBLIC_SCOPES,
            ),
            CloudName::UsGovernment => (
                "https://login.microsoftonline.us",
                "https://management.usgovcloudapi.net",
                "https://api.loganalytics.us",
                ".ingest.monitor.azure.us",
                [
                    "https://management.usgovcloudapi.net/.default",
                    "https://api.loganalytics.us/.default",
                    "https://monitor.azure.us/.default",
                ],
            ),
            CloudName::China => (
                "https://login.chinacloudapi.cn",
                "https://management.chinacloudapi.cn",
                "https://api.loganalytics.azure.cn",
                ".ingest.monitor.azure.cn",
                [
                    "https://management.chinacloudapi.cn/.default",
                    "https://api.loganalytics.azure.cn/.default",
                    "https://monitor.azure.cn/.default",
                ],
            ),
            CloudName::Custom => {
                return Err(Error::setting(
                    "the cloud is 'custom' and has no endpoints",
                    "Set azure.authority, azure.resource_manager, azure.logs and azure.ingestion.",
                ));
            }
        };
        Ok(Self {
            name,
            authority: parse(authority, "the authority")?,
            resource_manager: parse(resource_manager, "Resource Manager")?,
            logs: parse(logs, "Log Analytics")?,
            ingestion: Ingestion::Domain(ingestion),
            scopes,
        })
    }

    /// A cloud with endpoints of one's own. Its tokens have the audiences of the worldwide cloud.
    ///
    /// # Errors
    /// If an endpoint is no URL, the authority is not `https`, or a service is `http` on another machine.
    pub fn custom(endpoints: &CustomEndpoints) -> Result<Self> {
        let authority = parse(&endpoints.authority, "azure.authority")?;
        if authority.scheme() != "https" {
            return Err(Error::setting(
                format!("azure.authority is {authority}, and tokens are only asked for over https"),
                "Give an address that begins with https://; a certificate of your own is named with azure.ca_file.",
            ));
        }
        Ok(Self {
            name: CloudName::Custom,
            authority,
            resource_manager: service(&endpoints.resource_manager, "azure.resource_manager")?,
            logs: service(&endpoints.logs, "azure.logs")?,
            ingestion: Ingestion::Place(service(&endpoints.ingestion, "azure.ingestion")?),
            scopes: PUBLIC_SCOPES,
        })
    }

    /// Its name.
    pub fn name(&self) -> CloudName {
        self.name
    }

    /// Where tokens come from.
    pub fn authority(&self) -> &Url {
        &self.authority
    }

    /// Base address of Resource Manager.
    pub fn resource_manager(&self) -> &Url {
        &self.resource_manager
    }

    /// Base address of Log Analytics queries.
    pub fn logs(&self) -> &Url {
        &self.logs
    }

    /// The scope of a token for `audience`.
    pub fn scope(&self, audience: Audience) -> &'static str {
        match audience {
            Audience::ResourceManager => self.scopes[0],
            Audience::Logs => self.scopes[1],
            Audience::Ingestion => self.scopes[2],
        }
    }

    /// True if a token for `audience` may be sent there. Links that Azure sends are absolute; a token goes to no other
    /// host than the one it is for.
    pub fn trusts(&self, audience: Audience, url: &Url) -> bool {
        if !url.username().is_empty() || url.password().is_some() {
            return false;
        }
        match audience {
            Audience::ResourceManager => same_place(&self.resource_manager, url),
            Audience::Logs => same_place(&self.logs, url),
            Audience::Ingestion => match &self.ingestion {
                Ingestion::Place(place) => same_place(place, url),
                Ingestion::Domain(domain) => {
                    url.scheme() == "https"
                        && url.port_or_known_default() == Some(443)
                        && url.host_str().is_some_and(|host| host.ends_with(domain))
                }
            },
        }
    }

    /// True if every endpoint is on this machine: no proxy is asked then.
    pub fn is_local(&self) -> bool {
        self.name == CloudName::Custom
            && [&self.authority, &self.resource_manager, &self.logs].into_iter().all(is_loopback)
    }
}

fn same_place(ours: &Url, other: &Url) -> bool {
    ours.scheme() == other.scheme()
        && ours.host_str().map(str::to_ascii_lowercase) == other.host_str().map(str::to_ascii_lowercase)
        && ours.port_or_known_default() == other.port_or_known_default()
}

fn parse(text: &str, what: &str) -> Result<Url> {
    Url::parse(text).ok().filter(Url::has_host).ok_or_else(|| {
        Error::setting(
            format!("{what} is {text:?}, which is no address"),
            "Give one such as https://host:8443.",
        )
    })
}

fn service(text: &str, what: &str) -> Result<Url> {
    let url = parse(text, what)?;
    if url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url) {
        return Ok(url);
    }
    Err(Error::setting(
        format!("{what} is {text}, and a token would travel in the clear"),
        "Use https; http is for addresses of this machine only.",
    ))
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("is a URL")
    }

    #[test]
    fn tokens_go_to_the_host_they_are_for_and_to_no_other() {
        let cloud = Cloud::named(CloudName::Public).expect("is known");
        let arm = Audience::ResourceManager;
        assert!(cloud.trusts(arm, &url("https://management.azure.com/subscriptions?api-version=x")));
        assert!(cloud.trusts(arm, &url("https://MANAGEMENT.azure.com:443/x")));
        for other in [
            "https://management.azure.com.evil.example/x",
            "http://management.azure.com/x",
            "https://management.azure.com:8443/x",
            "https://management.azure.com@evil.example/x",
            "https://user@management.azure.com/x",
            "https://management.usgovcloudapi.net/x",
        ] {
            assert!(!cloud.trusts(arm, &url(other)), "{other}");
        }
        let ingest = Audience::Ingestion;
        assert!(cloud.trusts(ingest, &url("https://a-b1.westeurope-1.ingest.monitor.azure.com/x")));
        assert!(!cloud.trusts(ingest, &url("https://ingest.monitor.azure.com.evil.example/x")));
        assert!(!cloud.trusts(ingest, &url("https://evilingest.monitor.azure.com/x")));
    }

    #[test]
    fn sovereign_clouds_have_their_own_audiences() {
        for name in [CloudName::UsGovernment, CloudName::China] {
            let cloud = Cloud::named(name).expect("is known");
            for (index, audience) in
                [Audience::ResourceManager, Audience::Logs, Audience::Ingestion].into_iter().enumerate()
            {
                assert_ne!(cloud.scope(audience), PUBLIC_SCOPES[index]);
                assert!(cloud.scope(audience).ends_with("/.default"));
            }
        }
    }

    #[test]
    fn custom_endpoints_keep_tokens_out_of_the_clear() {
        let endpoints = |authority: &str, arm: &str| CustomEndpoints {
            authority: authority.to_owned(),
            resource_manager: arm.to_owned(),
            logs: "http://127.0.0.1:1".to_owned(),
            ingestion: "http://[::1]:1".to_owned(),
        };
        assert!(
            Cloud::custom(&endpoints("https://localhost:1", "http://127.0.0.1:1"))
                .is_ok_and(|c| c.is_local())
        );
        assert!(Cloud::custom(&endpoints("http://localhost:1", "http://127.0.0.1:1")).is_err());
        assert!(Cloud::custom(&endpoints("https://localhost:1", "http://10.0.0.1:1")).is_err());
        assert!(Cloud::custom(&endpoints("nonsense", "http://127.0.0.1:1")).is_err());
        assert!(Cloud::named(CloudName::Custom).is_err());
    }
}
