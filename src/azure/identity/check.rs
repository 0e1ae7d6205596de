//! What is missing, what contradicts what, said before the first request.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{Identity, IdentityKind, Source, Variables};

/// Something wrong with the variables of an identity. It names variables and never a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProblem(pub String);

impl std::fmt::Display for IdentityProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the variables of one identity say. Their names begin with `prefix`.
struct Given<'a> {
    prefix: &'a str,
    variables: &'a Variables,
}

impl<'a> Given<'a> {
    fn name(&self, rest: &str) -> String {
        format!("{}{rest}", self.prefix)
    }

    fn get(&self, rest: &str) -> Option<&'a str> {
        self.variables.get(&self.name(rest))
    }

    /// Tenant and application, or what is missing of them.
    fn application(&self, because: &str, problems: &mut Vec<IdentityProblem>) -> Option<(String, String)> {
        let tenant = self.get("TENANT_ID");
        let client = self.get("CLIENT_ID");
        for (rest, value) in [("TENANT_ID", tenant), ("CLIENT_ID", client)] {
            if value.is_none() {
                problems.push(IdentityProblem(format!(
                    "{} is set and {} is not: set it to the id of the {}",
                    self.name(because),
                    self.name(rest),
                    if rest == "TENANT_ID" { "tenant" } else { "application" }
                )));
            }
        }
        if let Some(tenant) = tenant
            && !tenant.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
        {
            problems.push(IdentityProblem(format!(
                "{} is {tenant:?}: it must be the tenant's id or one of its domains",
                self.name("TENANT_ID")
            )));
            return None;
        }
        if let Some(client) = client
            && uuid::Uuid::try_parse(client).is_err()
        {
            problems.push(IdentityProblem(format!(
                "{} is {client:?}: it must be the application's id, a GUID",
                self.name("CLIENT_ID")
            )));
            return None;
        }
        Some((tenant?.to_owned(), client?.to_owned()))
    }

    fn file(&self, rest: &str, problems: &mut Vec<IdentityProblem>) -> Option<PathBuf> {
        let path = Path::new(self.get(rest)?);
        if path.is_file() {
            return Some(path.to_owned());
        }
        problems.push(IdentityProblem(format!(
            "{} is {}: there is no such file",
            self.name(rest),
            path.display()
        )));
        None
    }

    fn workload(&self, problems: &mut Vec<IdentityProblem>) -> Option<Source> {
        if self.get("FEDERATED_TOKEN_FILE").is_some() {
            let file = self.file("FEDERATED_TOKEN_FILE", problems);
            let (tenant, client) = self.application("FEDERATED_TOKEN_FILE", problems)?;
            return Some(Source::WorkloadFile { tenant, client, file: file? });
        }
        let token = Zeroizing::new(self.get("FEDERATED_TOKEN")?.to_owned());
        let (tenant, client) = self.application("FEDERATED_TOKEN", problems)?;
        Some(Source::WorkloadToken { tenant, client, token })
    }

    fn app(&self) -> Option<Source> {
        let get = |name| self.variables.get(name);
        // Service Fabric and Arc have other protocols.
        if self.prefix != "AZURE_" || get("IDENTITY_SERVER_THUMBPRINT").is_some() {
            return None;
        }
        Some(Source::App {
            endpoint: get("IDENTITY_ENDPOINT")?.to_owned(),
            header: Zeroizing::new(get("IDENTITY_HEADER")?.to_owned()),
            client: self.get("CLIENT_ID").map(str::to_owned),
        })
    }

    fn secret(&self, problems: &mut Vec<IdentityProblem>) -> Option<Source> {
        let secret = Zeroizing::new(self.get("CLIENT_SECRET")?.to_owned());
        let (tenant, client) = self.application("CLIENT_SECRET", problems)?;
        Some(Source::Secret { tenant, client, secret })
    }

    fn certificate(&self, problems: &mut Vec<IdentityProblem>) -> Option<Source> {
        self.get("CLIENT_CERTIFICATE_PATH")?;
        if self.get("CLIENT_CERTIFICATE_PASSWORD").is_some() {
            problems.push(IdentityProblem(format!(
                "{} is set: keys with a password are not read. Write certificate and key into a PEM file that only this user may \
                 read (openssl pkcs12 -in in.pfx -out out.pem -nodes)",
                self.name("CLIENT_CERTIFICATE_PASSWORD")
            )));
        }
        let file = self.file("CLIENT_CERTIFICATE_PATH", problems);
        let (tenant, client) = self.application("CLIENT_CERTIFICATE_PATH", problems)?;
        let file = file?;
        if let Err(reason) = super::certificate::Signer::read(&file) {
            problems.push(IdentityProblem(format!(
                "{} {}: {reason}",
                self.name("CLIENT_CERTIFICATE_PATH"),
                file.display()
            )));
            return None;
        }
        Some(Source::Certificate { tenant, client, file })
    }
}

/// The identity whose variables begin with `prefix`.
pub(super) fn identity(
    prefix: &str,
    label: &str,
    kind: IdentityKind,
    variables: &Variables,
) -> Result<Identity, Vec<IdentityProblem>> {
    let given = Given { prefix, variables };
    let mut problems = Vec::new();
    let mut notes = Vec::new();
    let client = given.get("CLIENT_ID").map(str::to_owned);
    let machine = || Source::Machine { client: client.clone() };
    let missing = |name: &str| {
        IdentityProblem(format!("azure.identity asks for it, and {} is not set", given.name(name)))
    };
    let mut sources = Vec::new();
    match kind {
        IdentityKind::Auto => {
            if given.get("CLIENT_SECRET").is_some() && given.get("CLIENT_CERTIFICATE_PATH").is_some() {
                problems.push(IdentityProblem(format!(
                    "{} and {} are both set: unset one, or choose with azure.identity = \"secret\" or \"certificate\"",
                    given.name("CLIENT_SECRET"),
                    given.name("CLIENT_CERTIFICATE_PATH")
                )));
            }
            sources.extend(given.workload(&mut problems));
            sources.extend(given.app());
            sources.extend(given.secret(&mut problems));
            sources.extend(given.certificate(&mut problems));
            if sources.is_empty() && problems.is_empty() {
                notes.push(
                    "no identity is configured, so the machine's managed identity is tried; otherwise set AZURE_TENANT_ID, \
                     AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or azure.identity = \"developer\" to use the login of az"
                        .to_owned(),
                );
                sources.push(machine());
            }
        }
        IdentityKind::Workload => match given.workload(&mut problems) {
            Some(source) => sources.push(source),
            None if problems.is_empty() => problems.push(missing("FEDERATED_TOKEN_FILE")),
            None => {}
        },
        IdentityKind::Managed => sources.push(given.app().unwrap_or_else(machine)),
        IdentityKind::Secret => match given.secret(&mut problems) {
            Some(source) => sources.push(source),
            None if problems.is_empty() => problems.push(missing("CLIENT_SECRET")),
            None => {}
        },
        IdentityKind::Certificate => match given.certificate(&mut problems) {
            Some(source) => sources.push(source),
            None if problems.is_empty() => problems.push(missing("CLIENT_CERTIFICATE_PATH")),
            None => {}
        },
        IdentityKind::Developer => sources.push(Source::Developer),
    }
    if given.get("CLIENT_SECRET").is_some_and(|secret| uuid::Uuid::try_parse(secret).is_ok()) {
        notes.push(format!(
            "{} looks like the id of a secret: its value is wanted, which is shown once when it is made",
            given.name("CLIENT_SECRET")
        ));
    }
    if problems.is_empty() {
        let tenant = given.get("TENANT_ID").map(str::to_owned);
        Ok(Identity { label: label.to_owned(), tenant, client, sources, notes })
    } else {
        Err(problems)
    }
}

/// The identity of a customer outside of Lighthouse.
pub(super) fn customer(name: &str, variables: &Variables) -> Result<Identity, Vec<IdentityProblem>> {
    let usable = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !usable {
        return Err(vec![IdentityProblem(format!(
            "azure.customers has {name:?}: a name of letters, digits and _ is wanted, as it stands in AZURE_<NAME>_TENANT_ID"
        ))]);
    }
    let prefix = format!("AZURE_{}_", name.to_ascii_uppercase());
    let identity = identity(&prefix, name, IdentityKind::Auto, variables)?;
    match identity.sources.as_slice() {
        [Source::Machine { .. }] => Err(vec![IdentityProblem(format!(
            "azure.customers has {name}, and neither {prefix}CLIENT_SECRET nor {prefix}CLIENT_CERTIFICATE_PATH is set"
        ))]),
        _ => Ok(identity),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "8a1ec2ce-0fd2-4d0f-9a77-2d5fdbb0b0a1";

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        pairs.iter().map(|(name, value)| (*name, Zeroizing::new((*value).to_owned()))).collect()
    }

    fn problems(kind: IdentityKind, pairs: &[(&str, &str)]) -> String {
        let found = identity("AZURE_", "main", kind, &variables(pairs)).expect_err("is wrong");
        let text = found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(!text.contains("hunter2"), "{text}");
        text
    }

    #[test]
    fn what_is_missing_and_what_contradicts_is_said() {
        use IdentityKind::{Auto, Certificate, Secret, Workload};
        let secret = ("AZURE_CLIENT_SECRET", "hunter2");
        let (tenant, client) = (("AZURE_TENANT_ID", ID), ("AZURE_CLIENT_ID", ID));
        let text = problems(Auto, &[secret]);
        assert!(text.contains("AZURE_TENANT_ID is not") && text.contains("AZURE_CLIENT_ID is not"), "{text}");
        assert!(problems(Auto, &[secret, tenant, ("AZURE_CLIENT_ID", "")]).contains("AZURE_CLIENT_ID"));
        assert!(
            problems(Auto, &[secret, ("AZURE_TENANT_ID", "a/../b"), client]).contains("one of its domains")
        );
        assert!(problems(Auto, &[secret, tenant, ("AZURE_CLIENT_ID", "app")]).contains("a GUID"));
        let both = problems(Auto, &[secret, tenant, client, ("AZURE_CLIENT_CERTIFICATE_PATH", "/none.pem")]);
        assert!(both.contains("both set") && both.contains("no such file"), "{both}");
        assert!(problems(Secret, &[tenant, client]).contains("AZURE_CLIENT_SECRET is not set"));
        assert!(problems(Certificate, &[tenant, client]).contains("AZURE_CLIENT_CERTIFICATE_PATH"));
        assert!(problems(Workload, &[tenant, client]).contains("AZURE_FEDERATED_TOKEN_FILE"));
    }

    #[test]
    fn the_chain_is_what_the_variables_allow_in_its_order() {
        let all = variables(&[
            ("AZURE_TENANT_ID", ID),
            ("AZURE_CLIENT_ID", ID),
            ("AZURE_CLIENT_SECRET", "hunter2"),
            ("AZURE_FEDERATED_TOKEN", "t"),
            ("IDENTITY_ENDPOINT", "http://127.0.0.1/token"),
            ("IDENTITY_HEADER", "h"),
        ]);
        let chain = |kind, variables: &Variables| {
            identity("AZURE_", "main", kind, variables).expect("is fine").chain()
        };
        assert_eq!(
            chain(IdentityKind::Auto, &all),
            ["workload identity", "managed identity", "client secret"]
        );
        assert_eq!(chain(IdentityKind::Secret, &all), ["client secret"]);
        assert_eq!(chain(IdentityKind::Auto, &variables(&[])), ["managed identity"]);
        assert_eq!(chain(IdentityKind::Developer, &all), ["developer login"]);
        let shown = format!("{all:?} {:?}", identity("AZURE_", "main", IdentityKind::Auto, &all));
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_customer_has_variables_of_its_own() {
        let given = variables(&[
            ("AZURE_CONTOSO_TENANT_ID", ID),
            ("AZURE_CONTOSO_CLIENT_ID", ID),
            ("AZURE_CONTOSO_CLIENT_SECRET", "hunter2"),
            ("IDENTITY_ENDPOINT", "http://127.0.0.1/token"),
            ("IDENTITY_HEADER", "h"),
        ]);
        assert_eq!(customer("contoso", &given).expect("is fine").chain(), ["client secret"]);
        let missing = customer("fabrikam", &given).expect_err("has none");
        assert!(missing[0].0.contains("AZURE_FABRIKAM_CLIENT_SECRET"), "{missing:?}");
        assert!(customer("a b", &given).is_err());
    }
}
