//! Who signs in: read from variables, checked at the start, and made into a token broker.
//!
//! The chain is workload identity, managed identity, client secret, client certificate; the logins of `az` and `azd` only
//! when they are asked for. One identity serves all customers that delegate with Azure Lighthouse. A customer outside of it
//! has variables of its own, `AZURE_<NAME>_TENANT_ID` and so on.

mod certificate;
mod check;
mod fetch;
mod platform;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

pub use check::IdentityProblem;

/// Variables that carry identity. Their values are never shown.
#[derive(Clone, Default)]
pub struct Variables(BTreeMap<String, Zeroizing<String>>);

impl Variables {
    /// The value of a variable; an empty one counts as not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Adds a variable.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: Zeroizing<String>) -> Self {
        self.0.insert(name.into(), value);
        self
    }
}

impl<N: Into<String>> FromIterator<(N, Zeroizing<String>)> for Variables {
    fn from_iter<T: IntoIterator<Item = (N, Zeroizing<String>)>>(variables: T) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// How to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    /// What the variables allow, in the order of the chain.
    #[default]
    Auto,
    /// A token of the platform is exchanged (Kubernetes, GitHub).
    Workload,
    /// The identity of the machine or app.
    Managed,
    /// Application with a secret.
    Secret,
    /// Application with a certificate.
    Certificate,
    /// The login of `az` or `azd`.
    Developer,
}

/// Settings of identity.
#[derive(Debug, Clone, Default)]
pub struct IdentitySettings {
    /// How to sign in.
    pub kind: IdentityKind,
    /// Customers outside of Lighthouse: names that stand in their variables.
    pub customers: Vec<String>,
}

/// An identity that has been checked, not yet used.
#[derive(Debug, Clone)]
pub struct Identity {
    pub(crate) label: String,
    pub(crate) tenant: Option<String>,
    pub(crate) client: Option<String>,
    pub(crate) sources: Vec<Source>,
    pub(crate) notes: Vec<String>,
}

/// The identity for one customer outside of Lighthouse.
#[derive(Debug, Clone)]
pub struct CustomerIdentity {
    /// The name in `azure.customers`.
    pub name: String,
    /// The identity.
    pub identity: Identity,
}

/// One link of the chain.
#[derive(Clone)]
pub(crate) enum Source {
    /// A token of the platform, from a file that it renews.
    WorkloadFile { tenant: String, client: String, file: PathBuf },
    /// A token of the platform, given once.
    WorkloadToken { tenant: String, client: String, token: Zeroizing<String> },
    /// App Service, Functions, Container Apps: an endpoint on this machine.
    App { endpoint: String, header: Zeroizing<String>, client: Option<String> },
    /// A virtual machine's metadata service.
    Machine { client: Option<String> },
    /// A secret.
    Secret { tenant: String, client: String, secret: Zeroizing<String> },
    /// A certificate with its key.
    Certificate { tenant: String, client: String, file: PathBuf },
    /// `az`, then `azd`.
    Developer,
}

impl Source {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::WorkloadFile { .. } | Self::WorkloadToken { .. } => "workload identity",
            Self::App { .. } | Self::Machine { .. } => "managed identity",
            Self::Secret { .. } => "client secret",
            Self::Certificate { .. } => "client certificate",
            Self::Developer => "developer login",
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Identity {
    /// Reads the main identity and those of customers outside of Lighthouse.
    ///
    /// # Errors
    /// Everything that is missing or contradictory.
    pub fn read(
        settings: &IdentitySettings,
        variables: &Variables,
    ) -> Result<(Self, Vec<CustomerIdentity>), Vec<IdentityProblem>> {
        let mut problems = Vec::new();
        let main = check::identity("AZURE_", "main", settings.kind, variables)
            .map_err(|mut found| problems.append(&mut found));
        let mut customers = Vec::new();
        for name in &settings.customers {
            match check::customer(name, variables) {
                Ok(identity) => customers.push(CustomerIdentity { name: name.clone(), identity }),
                Err(mut found) => problems.append(&mut found),
            }
        }
        match main {
            Ok(main) if problems.is_empty() => Ok((main, customers)),
            _ => Err(problems),
        }
    }

    /// The tenant it signs in to, where that is known beforehand.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// The application, where it is known beforehand.
    pub fn client(&self) -> Option<&str> {
        self.client.as_deref()
    }

    /// What the chain is made of, in order.
    pub fn chain(&self) -> Vec<&'static str> {
        self.sources.iter().map(Source::name).collect()
    }

    /// What somebody should know although it works.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}
