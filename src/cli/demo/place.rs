//! Where the demo happens: a simulated Azure in this process, and a folder for what the operations write.

use std::path::{Path, PathBuf};
use std::time::Duration;

use runspaced::sentinel::Sentinel;
use runspaced::simulator::{Builder, Simulator};

use crate::loopback::Loopback;

/// Time that one operation may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A simulated Azure, and a folder. Both are gone when it is dropped, unless the folder is the user's.
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

    /// Operations that reach nothing but the simulated Azure.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn connect(&self) -> Result<Sentinel, String> {
        let door = Loopback::of(&self.azure).ok_or("the simulated Azure lacks its application")?;
        door.sentinel(self.folder(), PATIENCE)
    }
}

/// A folder where the system has such things, or else in the current folder.
fn temporary() -> Result<tempfile::TempDir, Trouble> {
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix("runspaced-demo-");
    let made = builder.tempdir().or_else(|_| builder.tempdir_in("."));
    made.map_err(|source| Trouble::Folder { place: std::env::temp_dir(), source })
}
