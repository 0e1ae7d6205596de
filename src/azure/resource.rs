//! Ids of resources: their parts, and comparing them as Azure does, whatever the case.

use std::fmt;

/// The id of a resource, `/subscriptions/.../resourceGroups/.../providers/...`.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ResourceId(String);

impl ResourceId {
    /// From text; a slash at the end is dropped.
    pub fn new(text: impl Into<String>) -> Self {
        let mut text = text.into();
        while text.ends_with('/') {
            text.pop();
        }
        Self(text)
    }

    /// The text as Azure wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows a segment: `segment("subscriptions")` is the subscription's id.
    pub fn segment(&self, name: &str) -> Option<&str> {
        let mut parts = self.0.split('/');
        parts.find(|part| part.eq_ignore_ascii_case(name))?;
        parts.next().filter(|part| !part.is_empty())
    }

    /// The subscription.
    pub fn subscription(&self) -> Option<&str> {
        self.segment("subscriptions")
    }

    /// The resource group.
    pub fn resource_group(&self) -> Option<&str> {
        self.segment("resourceGroups")
    }

    /// The last part.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// A resource below this one. Segments are encoded, so that no name can leave its place.
    #[must_use]
    pub fn child(&self, path: &[&str]) -> Self {
        let mut text = self.0.clone();
        for part in path {
            text.push('/');
            text.push_str(&encode(part));
        }
        Self(text)
    }

    /// A resource of a provider in the same resource group.
    #[must_use]
    pub fn beside(&self, path: &[&str]) -> Self {
        let subscription = self.subscription().unwrap_or_default();
        let group = self.resource_group().unwrap_or_default();
        Self(format!("/subscriptions/{subscription}/resourceGroups/{group}/providers")).child(path)
    }
}

/// A segment of a path. What is no letter, digit or one of `-._~` is encoded. A URL's reader takes `%2E%2E` for `..`, so a
/// name of dots alone is encoded twice: no resource has such a name, and Azure says so.
fn encode(part: &str) -> String {
    use fmt::Write;
    if !part.is_empty() && part.chars().all(|c| c == '.') {
        return part.replace('.', "%252E");
    }
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

impl PartialEq for ResourceId {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for ResourceId {}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_whatever_the_case() {
        let id = ResourceId::new(
            "/subscriptions/S/resourcegroups/rg-soc/providers/microsoft.operationalinsights/workspaces/law/",
        );
        assert_eq!(id.subscription(), Some("S"));
        assert_eq!(id.resource_group(), Some("rg-soc"));
        assert_eq!(id.name(), "law");
        assert_eq!(id, ResourceId::new(id.as_str().to_uppercase()));
        assert_eq!(
            id.beside(&["Microsoft.Insights", "workbooks"]).as_str(),
            "/subscriptions/S/resourceGroups/rg-soc/providers/Microsoft.Insights/workbooks"
        );
    }

    #[test]
    fn a_name_cannot_leave_its_place() {
        let id = ResourceId::new("/subscriptions/S");
        for name in ["..", "../x", "a/b", "a?b", "a#b", "$( )", "%2e%2e"] {
            let child = id.child(&[name]);
            let url = reqwest::Url::parse(&format!("https://h{child}/end")).expect("is a URL");
            assert!(url.path().starts_with("/subscriptions/S/"), "{name}: {url}");
            assert_eq!(url.path().matches('/').count(), 4, "{name}: {url}");
            assert!(url.query().is_none() && url.fragment().is_none(), "{name}: {url}");
        }
    }
}
