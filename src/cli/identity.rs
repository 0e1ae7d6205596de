//! Identity variables: kept from scripts.
//!
//! PowerShell runs in this process, so a script reads its whole environment, hands it to every child, and on Linux finds it
//! once more in the process's own environment file. Variables that carry an identity are therefore taken out before the
//! runtime starts, and because the environment file cannot be changed from inside, the program re-executes itself once with
//! a clean environment. The values travel in an inherited descriptor and are kept here, for the parts of the program that
//! sign in.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use runspaced::azure::Variables;
use zeroize::{Zeroize, Zeroizing};

use crate::config::Settings;

/// What is taken out, and what it is. A `*` at the end takes every name that begins so. Upper and lower case are the same.
pub const VARIABLES: &[(&str, &str)] = &[
    ("AZURE_CLIENT_ID", "application of the Azure SDKs"),
    ("AZURE_TENANT_ID", "its tenant"),
    ("AZURE_CLIENT_SECRET", "its secret"),
    ("AZURE_CLIENT_CERTIFICATE_PATH", "its certificate"),
    ("AZURE_CLIENT_CERTIFICATE_PASSWORD", "password of the certificate"),
    ("AZURE_USERNAME", "user of the Azure SDKs"),
    ("AZURE_PASSWORD", "the user's password"),
    ("AZURE_FEDERATED_TOKEN", "token of a workload identity"),
    ("AZURE_FEDERATED_TOKEN_FILE", "file of that token"),
    ("AZURE_ACCESS_TOKEN", "a token as it is"),
    ("ARM_*", "identity and keys of Terraform"),
    ("AAD_SERVICE_PRINCIPAL_*", "identity of kubelogin"),
    ("MSI_ENDPOINT", "managed identity, older"),
    ("MSI_SECRET", "managed identity, older"),
    ("IDENTITY_ENDPOINT", "managed identity"),
    ("IDENTITY_HEADER", "managed identity"),
    ("IDENTITY_SERVER_THUMBPRINT", "managed identity of Service Fabric"),
    ("IMDS_ENDPOINT", "managed identity of Azure Arc"),
    ("SERVICEPRINCIPALID", "Azure Pipelines"),
    ("SERVICEPRINCIPALKEY", "Azure Pipelines"),
    ("IDTOKEN", "Azure Pipelines"),
    ("SYSTEM_ACCESSTOKEN", "Azure Pipelines"),
    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "workload identity in GitHub Actions"),
    ("ACTIONS_ID_TOKEN_REQUEST_URL", "workload identity in GitHub Actions"),
    ("ACTIONS_RUNTIME_TOKEN", "GitHub Actions"),
    (super::mcp::http::TOKEN, "what clients of the MCP server over HTTP sign in with"),
];

/// Says which variables scripts may not see.
#[derive(Debug, Clone)]
pub struct Filter {
    remove: Vec<String>,
    keep: Vec<String>,
}

impl Filter {
    /// The built-in names, those of the configuration, and `more`.
    pub fn new(settings: &Settings, more: Vec<String>) -> Self {
        let mut remove: Vec<String> = VARIABLES.iter().map(|(name, _)| (*name).to_owned()).collect();
        remove.extend(settings.environment.remove.iter().cloned());
        remove.extend(settings.azure.customers.iter().map(|name| format!("AZURE_{name}_*")));
        // What a flag names as a secret is one, whatever the configuration keeps.
        let keep = settings.environment.keep.iter().filter(|name| !more.contains(name)).cloned().collect();
        remove.extend(more);
        Self { remove, keep }
    }

    /// True if scripts may not see the variable.
    pub fn takes(&self, name: &str) -> bool {
        matches(&self.remove, name) && !matches(&self.keep, name)
    }
}

fn matches(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => name.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start)),
        None => name.eq_ignore_ascii_case(pattern),
    })
}

/// The values that were taken out. They are erased when the last owner lets go.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<String, Zeroizing<String>>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Secrets {
    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&Zeroizing<String>> {
        self.0.get(name)
    }

    /// Names of the variables.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// All of them, for those that sign in.
    pub fn variables(self) -> Variables {
        self.0.into_iter().collect()
    }

    /// Adds a value; one that is there already stays.
    pub fn add(&mut self, name: String, value: Zeroizing<String>) {
        self.0.entry(name).or_insert(value);
    }

    /// Takes what the filter takes out of an environment, and gives back what is left.
    pub fn extract(
        &mut self,
        environment: Vec<(OsString, OsString)>,
        filter: &Filter,
    ) -> Vec<(OsString, OsString)> {
        let mut left = Vec::with_capacity(environment.len());
        for (name, value) in environment {
            match name.to_str() {
                Some(known) if filter.takes(known) => {
                    let mut bytes = value.into_encoded_bytes();
                    self.0.insert(
                        known.to_owned(),
                        Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()),
                    );
                    bytes.zeroize();
                }
                _ => left.push((name, value)),
            }
        }
        left
    }

    /// All of them for the process that replaces this one, with a note of this one's to it.
    #[cfg_attr(windows, allow(dead_code, reason = "only Unix can replace a process"))]
    pub fn pack(&self, note: &[u8]) -> Zeroizing<Vec<u8>> {
        let parts = self.0.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
        let size = parts.clone().map(|part| part.len() + 8).sum::<usize>() + note.len() + 8;
        let mut packed = Zeroizing::new(Vec::with_capacity(size));
        for part in std::iter::once(note).chain(parts) {
            packed.extend_from_slice(&(part.len() as u64).to_le_bytes());
            packed.extend_from_slice(part);
        }
        packed
    }

    /// The reverse of [`pack`](Self::pack): values and note. `None` if the bytes are not of that kind.
    #[cfg_attr(windows, allow(dead_code, reason = "only Unix can replace a process"))]
    pub fn unpack(mut packed: &[u8]) -> Option<(Self, Vec<u8>)> {
        let mut parts = Vec::new();
        while !packed.is_empty() {
            let (length, rest) = packed.split_first_chunk::<8>()?;
            let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
            let (part, rest) = rest.split_at_checked(length)?;
            parts.push(part);
            packed = rest;
        }
        let (note, parts) = parts.split_first()?;
        let mut secrets = Self::default();
        for pair in parts.chunks(2) {
            let [name, value] = pair else { return None };
            let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
            secrets.0.insert(text(name)?, Zeroizing::new(text(value)?));
        }
        Some((secrets, note.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(remove: &[&str], keep: &[&str], more: &[&str]) -> Filter {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let mut settings = Settings::default();
        settings.environment.remove = owned(remove);
        settings.environment.keep = owned(keep);
        Filter::new(&settings, owned(more))
    }

    #[test]
    fn built_in_names_patterns_and_configured_names_are_taken() {
        let filter = filter(&["MY_TOKEN", "VAULT_*"], &["AZURE_TENANT_ID"], &["DB_PASSWORD"]);
        for name in [
            "AZURE_CLIENT_SECRET",
            "ARM_CLIENT_SECRET",
            "arm_access_key",
            "MY_TOKEN",
            "VAULT_ADDR",
            "DB_PASSWORD",
        ] {
            assert!(filter.takes(name), "{name}");
        }
        for name in
            ["PATH", "HOME", "AZURE_TENANT_ID", "ARMOUR", "AR", "AZURE_CLIENT_SECRETS", "MY_TOKENS", "VAULT"]
        {
            assert!(!filter.takes(name), "{name}");
        }
    }

    #[test]
    fn what_a_flag_names_as_a_secret_cannot_be_kept() {
        assert!(filter(&[], &["DB_PASSWORD"], &["DB_PASSWORD"]).takes("DB_PASSWORD"));
    }

    #[test]
    fn extraction_splits_an_environment_and_survives_packing() {
        let environment = [("PATH", "/bin"), ("AZURE_CLIENT_SECRET", "hünter2"), ("ARM_CLIENT_ID", "")];
        let environment = environment.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let mut secrets = Secrets::default();
        let left = secrets.extract(environment, &filter(&[], &[], &[]));
        assert_eq!(left, [(OsString::from("PATH"), OsString::from("/bin"))]);
        let (unpacked, note) = Secrets::unpack(&secrets.pack(b"note")).expect("is whole");
        assert_eq!(note, b"note");
        assert_eq!(unpacked.get("AZURE_CLIENT_SECRET").map(|value| value.as_str()), Some("hünter2"));
        assert_eq!(unpacked.get("ARM_CLIENT_ID").map(|value| value.as_str()), Some(""));
        assert!(!format!("{unpacked:?}").contains("hünter2"));
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let mut secrets = Secrets::default();
        secrets.add("A".to_owned(), Zeroizing::new("b".to_owned()));
        let packed = secrets.pack(b"");
        for end in 1..packed.len() {
            // Cut at a boundary between parts, names and values no longer pair up, or nothing is lost.
            if let Some((unpacked, _)) = Secrets::unpack(&packed[..end]) {
                assert_eq!(unpacked.names().count(), 0);
            }
        }
        assert!(Secrets::unpack(&[0xff; 16]).is_none());
    }
}
