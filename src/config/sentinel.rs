//! From the configuration to operations on Microsoft Sentinel.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::azure::{
    ApiVersions, Client, Cloud, CloudName, CustomEndpoints, Identity, IdentitySettings, Transport,
    TransportSettings, Variables,
};
use crate::sentinel::{Account, Keep, Sentinel, SentinelSettings};

use super::Config;

/// Operations, and what should be known about how they sign in.
pub struct Connected {
    /// The operations.
    pub sentinel: Sentinel,
    /// The cloud.
    pub cloud: CloudName,
    /// Each identity: its label, and what its chain is made of.
    pub identities: Vec<(String, Vec<&'static str>)>,
    /// What should be known although it works.
    pub notes: Vec<String>,
}

impl Config {
    /// Operations with these settings and identities. Nothing is asked of Azure yet.
    ///
    /// # Errors
    /// Everything that is missing or contradictory, each with what would work.
    pub fn sentinel(&self, variables: &Variables) -> Result<Connected, Vec<String>> {
        let settings = &self.settings.azure;
        let mut problems = Vec::new();
        let mut keep = |problem: String| problems.push(problem);
        let cloud = self.cloud().map_err(|error| keep(error.to_string())).ok();
        let cloud = cloud.and_then(|cloud| match self.led_astray(&cloud) {
            None => Some(cloud),
            Some(problem) => {
                keep(problem);
                None
            }
        });
        let versions = ApiVersions::overridden(settings.api_versions.iter().map(String::as_str))
            .map_err(|problem| keep(format!("azure.api_versions: {problem}")))
            .ok();
        let names = self.tenant_names().map_err(&mut keep).ok();
        let identity_settings =
            IdentitySettings { kind: settings.identity, customers: settings.customers.clone() };
        let identities = Identity::read(&identity_settings, variables)
            .map_err(|found| found.into_iter().for_each(|problem| keep(problem.to_string())))
            .ok();
        let transport = cloud.as_ref().and_then(|cloud| {
            let transport = TransportSettings {
                ca_file: settings.ca_file.clone(),
                no_proxy: cloud.is_local(),
                ..TransportSettings::default()
            };
            Transport::new(&transport).map_err(|error| keep(error.to_string())).ok()
        });
        let folders = self.data_folders().map_err(&mut keep).ok();
        let (
            Some(cloud),
            Some(versions),
            Some(tenant_names),
            Some((main, customers)),
            Some(transport),
            Some((journal, backups)),
        ) = (cloud, versions, names, identities, transport, folders)
        else {
            return Err(problems);
        };
        let all = std::iter::once(("main".to_owned(), main))
            .chain(customers.into_iter().map(|customer| (customer.name, customer.identity)));
        let (mut accounts, mut identities, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        for (label, identity) in all {
            let client = Client::new(cloud.clone(), transport.clone(), identity.broker(&cloud, &transport))
                .versions(versions.clone());
            accounts.push(Account {
                label: label.clone(),
                tenant: identity.tenant().map(str::to_owned),
                client,
            });
            notes.extend(identity.notes().iter().cloned());
            identities.push((label, identity.chain()));
        }
        let sentinel = &self.settings.sentinel;
        let settings = SentinelSettings {
            workspace: sentinel.workspace.clone(),
            tenant_names,
            journal,
            backups,
            timeout: sentinel.timeout,
        };
        let sentinel = Sentinel::new(accounts, settings);
        let keep = self.journal_keep();
        if keep != Keep::default()
            && let Err(error) = sentinel.journal().prune(&keep, jiff::Timestamp::now())
        {
            notes.push(error.to_string());
        }
        Ok(Connected { cloud: cloud.name(), sentinel, identities, notes })
    }

    /// How much of the journal is kept.
    pub fn journal_keep(&self) -> Keep {
        let settings = &self.settings.sentinel;
        Keep {
            age: Some(settings.journal_age).filter(|age| !age.is_zero()),
            bytes: Some(settings.journal_bytes).filter(|bytes| *bytes > 0),
        }
    }

    fn cloud(&self) -> crate::azure::Result<Cloud> {
        let azure = &self.settings.azure;
        match (azure.cloud, &azure.authority, &azure.resource_manager, &azure.logs, &azure.ingestion) {
            (CloudName::Custom, Some(authority), Some(resource_manager), Some(logs), Some(ingestion)) => {
                Cloud::custom(&CustomEndpoints {
                    authority: authority.clone(),
                    resource_manager: resource_manager.clone(),
                    logs: logs.clone(),
                    ingestion: ingestion.clone(),
                })
            }
            // A custom cloud that lacks an address is refused there.
            (name, ..) => Cloud::named(name),
        }
    }

    /// A folder that somebody else filled must not decide where this user's secrets are sent: its file and `.env` may name
    /// addresses of this machine only, such as those of the simulator.
    fn led_astray(&self, cloud: &Cloud) -> Option<String> {
        const DECIDING: [&str; 6] = [
            "azure.cloud",
            "azure.authority",
            "azure.resource_manager",
            "azure.logs",
            "azure.ingestion",
            "azure.ca_file",
        ];
        if cloud.is_local() {
            return None;
        }
        let (key, file) = DECIDING.iter().find_map(|key| Some((key, self.project_file_of(key)?)))?;
        Some(format!(
            "{}: {key} is not believed from a project's file or .env, unless all addresses are of this machine. Put it into your \
             own runspaced.toml, a file named with --config, or a variable",
            file.display()
        ))
    }

    fn tenant_names(&self) -> Result<HashMap<String, String>, String> {
        self.settings
            .sentinel
            .tenant_names
            .iter()
            .map(|pair| match pair.split_once('=') {
                Some((id, name)) if !id.trim().is_empty() && !name.trim().is_empty() => {
                    Ok((id.trim().to_owned(), name.trim().to_owned()))
                }
                _ => Err(format!("sentinel.tenant_names has {pair:?}: ID=NAME is wanted")),
            })
            .collect()
    }

    /// Folders of the journal and of backups.
    fn data_folders(&self) -> Result<(PathBuf, PathBuf), String> {
        let own = directories::ProjectDirs::from("", "", "runspaced")
            .map(|folders| folders.data_local_dir().to_owned());
        let folder = |given: &Option<PathBuf>, name: &str, setting: &str| match (given, &own) {
            (Some(given), _) => Ok(given.clone()),
            (None, Some(own)) => Ok(own.join(name)),
            (None, None) => Err(format!("this user has no data folder: set {setting}")),
        };
        let sentinel = &self.settings.sentinel;
        Ok((
            folder(&sentinel.journal, "journal", "sentinel.journal")?,
            folder(&sentinel.backups, "backups", "sentinel.backups")?,
        ))
    }
}
