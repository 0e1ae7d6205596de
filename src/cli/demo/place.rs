//! Where the demo happens: a simulated Azure in this process, and operations that are signed in to it and to nothing else.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use runspaced::azure::{
    Client, Cloud, CustomEndpoints, Identity, IdentityKind, IdentitySettings, Transport, TransportSettings,
    Variables,
};
use runspaced::sentinel::{Account, Sentinel, SentinelSettings};
use runspaced::simulator::{Builder, Simulator, app};
use zeroize::Zeroizing;

/// Time that one operation may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A simulated Azure, and a folder for what the operations write. Both are gone when it is dropped.
pub struct Place {
    pub azure: Simulator,
    folder: Folder,
}

enum Folder {
    Temporary(tempfile::TempDir),
    /// The user's own; what is written stays.
    Kept(PathBuf),
}

/// Why there is no such place.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("the simulated Azure cannot start: {0}")]
    Simulator(#[from] runspaced::simulator::StartError),
    #[error("no folder for exports and the journal can be made in {}: {source}; --folder names another", place.display())]
    Folder { place: PathBuf, source: std::io::Error },
}

impl Place {
    /// Starts the simulated Azure. What is written goes to `folder`, or to a temporary one.
    pub async fn begin(builder: Builder, folder: Option<&Path>) -> Result<Self, Trouble> {
        let folder = match folder {
            Some(path) => {
                let made = std::fs::create_dir_all(path);
                made.map_err(|source| Trouble::Folder { place: path.to_owned(), source })?;
                Folder::Kept(path.to_owned())
            }
            None => Folder::Temporary(temporary()?),
        };
        Ok(Self { azure: builder.start().await?, folder })
    }

    pub fn folder(&self) -> &Path {
        match &self.folder {
            Folder::Temporary(folder) => folder.path(),
            Folder::Kept(path) => path,
        }
    }

    /// True if what was written is there after the end.
    pub fn is_kept(&self) -> bool {
        matches!(self.folder, Folder::Kept(_))
    }

    /// Operations that sign in as the application of the managing tenant. Neither the configuration nor the environment is
    /// looked at: nothing but the simulated Azure can be reached with them.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn connect(&self) -> Result<Sentinel, String> {
        let azure = &self.azure;
        let cloud = Cloud::custom(&CustomEndpoints {
            authority: azure.login_url.clone(),
            resource_manager: azure.arm_url.clone(),
            logs: azure.query_url.clone(),
            ingestion: azure.ingest_url.clone(),
        })
        .map_err(|error| error.to_string())?;
        let transport = Transport::new(&TransportSettings {
            ca_pem: Some(azure.ca_pem.clone()),
            no_proxy: true,
            ..TransportSettings::default()
        })
        .map_err(|error| error.to_string())?;
        let app = azure.app(app::CONTRIBUTOR).ok_or("the simulated Azure lacks its application")?;
        let variables: Variables = [
            ("AZURE_TENANT_ID", &app.tenant),
            ("AZURE_CLIENT_ID", &app.client_id),
            ("AZURE_CLIENT_SECRET", &app.secret),
        ]
        .into_iter()
        .map(|(name, value)| (name, Zeroizing::new(value.clone())))
        .collect();
        let settings = IdentitySettings { kind: IdentityKind::Secret, customers: Vec::new() };
        let (identity, _) = Identity::read(&settings, &variables)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
        let client = Client::new(cloud.clone(), transport.clone(), identity.broker(&cloud, &transport));
        let account =
            Account { label: "main".to_owned(), tenant: identity.tenant().map(str::to_owned), client };
        let tenant_names: HashMap<String, String> =
            azure.tenants().iter().map(|tenant| (tenant.id.clone(), tenant.name.clone())).collect();
        let settings = SentinelSettings {
            workspace: None,
            tenant_names,
            journal: self.folder().join("journal"),
            backups: self.folder().join("backups"),
            timeout: PATIENCE,
        };
        Ok(Sentinel::new(vec![account], settings))
    }
}

/// A folder where the system has such things, or else in the current folder.
fn temporary() -> Result<tempfile::TempDir, Trouble> {
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix("runspaced-demo-");
    builder
        .tempdir()
        .or_else(|_| builder.tempdir_in("."))
        .map_err(|source| Trouble::Folder { place: std::env::temp_dir(), source })
}
