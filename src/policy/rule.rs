//! What the value of a parameter may be where only reading is allowed.

use std::net::IpAddr;

use serde_json::Value;

use super::path::{self, Use};

/// Which values a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// All.
    Any,
    /// None.
    Nothing,
    /// Paths of the file system, of which names and properties are read.
    Path,
    /// Paths of the file system, of which the content is read.
    Content,
    /// Names of commands and modules, without a path: PowerShell imports, and so runs, a module that is named by its path.
    Name,
    /// Texts and numbers: an object would be a calculated property.
    Plain,
    /// An address on the web.
    Web,
    /// A request that fetches.
    Fetch,
}

impl Rule {
    /// The rule of this name in the tables.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "path" => Self::Path,
            "content" => Self::Content,
            "name" => Self::Name,
            "plain" => Self::Plain,
            "web" => Self::Web,
            "fetch" => Self::Fetch,
            _ => return None,
        })
    }

    /// Whether a value, or each element of a list, is one of those.
    ///
    /// # Errors
    /// Why it is not: ends the sentence "the parameter ...".
    pub(super) fn check(self, value: &Value) -> Result<(), String> {
        match value {
            _ if self == Self::Any => Ok(()),
            Value::Null | Value::Bool(_) => Ok(()),
            Value::Array(elements) => elements.iter().try_for_each(|element| self.check(element)),
            Value::Object(_) => Err(match self {
                Self::Plain => {
                    "was given an object: calculated properties are refused; name properties".to_owned()
                }
                _ => "was given an object, it takes texts here".to_owned(),
            }),
            Value::Number(number) => self.check_text(&number.to_string()),
            Value::String(text) => self.check_text(text),
        }
    }

    fn check_text(self, text: &str) -> Result<(), String> {
        match self {
            Self::Any | Self::Plain => Ok(()),
            Self::Nothing => Err("is refused".to_owned()),
            Self::Path => path::check(text, Use::Names),
            Self::Content => path::check(text, Use::Content),
            Self::Name if text.contains(['/', '\\', ':']) => Err(format!(
                "was given \"{text}\": only names without a path, as a module named by its path would be run"
            )),
            Self::Name => Ok(()),
            Self::Web => check_address(text),
            Self::Fetch if ["get", "head", "default"].contains(&text.to_ascii_lowercase().as_str()) => Ok(()),
            Self::Fetch => Err(format!("was given \"{text}\": only Get and Head read")),
        }
    }
}

fn check_address(text: &str) -> Result<(), String> {
    let refused = |why: &str| Err(format!("was given \"{text}\": {why}"));
    let url = match reqwest::Url::parse(text) {
        Ok(url) => url,
        // Invoke-WebRequest takes `example.com/x` for http.
        Err(_) => match reqwest::Url::parse(&format!("http://{text}")) {
            Ok(url) => url,
            Err(error) => return refused(&format!("this is no address: {error}")),
        },
    };
    if !matches!(url.scheme(), "http" | "https") {
        return refused("only http and https are read");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refused("an address with a user name or password in it is refused");
    }
    let Some(host) = url.host_str() else { return refused("it names no host") };
    let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    let own = match address {
        Some(IpAddr::V4(address)) => {
            address.is_loopback() || address.is_link_local() || address.is_unspecified()
        }
        Some(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(inner) => inner.is_loopback() || inner.is_link_local() || inner.is_unspecified(),
            None => {
                address.is_loopback()
                    || address.is_unspecified()
                    || address.is_unicast_link_local()
                    || address.is_unique_local()
            }
        },
        None => host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost"),
    };
    if own { refused("this machine and its identity services are refused") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_have_no_paths() {
        for good in ["Get-*", "Microsoft.PowerShell.Utility", "about_Scopes", "?"] {
            assert_eq!(Rule::Name.check(&json!(good)), Ok(()), "{good}");
        }
        for bad in ["/tmp/x.psm1\\f", "x\\f", "./x", "C:x", "..\\x"] {
            assert!(Rule::Name.check(&json!(["Get-Item", bad])).is_err(), "{bad}");
        }
    }

    #[test]
    fn plain_values_are_texts_and_numbers() {
        assert_eq!(Rule::Plain.check(&json!(["Name", 1, null])), Ok(()));
        for bad in [json!({"Expression": "x"}), json!(["a", {"n": "b", "e": "c"}]), json!([["a", [{}]]])] {
            assert!(Rule::Plain.check(&bad).is_err_and(|why| why.contains("calculated")), "{bad}");
        }
    }

    #[test]
    fn addresses_are_of_other_machines() {
        for good in ["https://example.com/x?y=1", "example.com", "http://93.184.216.34:8080/"] {
            assert_eq!(Rule::Web.check(&json!(good)), Ok(()), "{good}");
        }
        for bad in [
            "file:///etc/passwd",
            "ftp://example.com/",
            "http://169.254.169.254/metadata",
            "http://0xA9FEA9FE/",
            "http://2852039166/",
            "http://[::ffff:169.254.169.254]/",
            "http://127.1/",
            "http://localhost:8080/",
            "http://x.localhost/",
            "http://[::1]/",
            "http://[fd00:ec2::254]/",
            "https://user:secret@example.com/",
            "0.0.0.0",
        ] {
            assert!(Rule::Web.check(&json!(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn fetching_is_get_and_head() {
        assert_eq!(Rule::Fetch.check(&json!("GET")), Ok(()));
        assert!(Rule::Fetch.check(&json!("Post")).is_err());
    }
}
