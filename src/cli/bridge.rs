//! Operations on Microsoft Sentinel for scripts: the functions of the module `SentinelManager`.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use directories::ProjectDirs;
use runspaced::EngineBuilder;
use runspaced::sentinel::bridge::{self, Connection};
use runspaced::sentinel::module;

use super::identity::Secrets;
use crate::config::Config;

/// Lets scripts call the functions of the module by their names. Who calls none pays nothing: the module is imported and the
/// connection made by the first call, which says what is missing if there is no identity.
pub fn with_sentinel(
    builder: EngineBuilder,
    config: &Config,
    secrets: &Secrets,
) -> (EngineBuilder, Arc<Connection>) {
    let (config, variables) = (config.clone(), secrets.clone().variables());
    let connection = Arc::new(Connection::new(move || {
        let connected = config.sentinel(&variables)?;
        for note in &connected.notes {
            tracing::warn!("{note}");
        }
        Ok(connected.sentinel)
    }));
    let builder = match folder() {
        Ok(folder) => builder.module_folder(folder),
        Err(error) => {
            tracing::warn!(%error, "the module SentinelManager cannot be unpacked, so it is not found by its name");
            builder
        }
    };
    (bridge::configure(builder, Arc::clone(&connection)), connection)
}

/// The module, unpacked: its own folder.
///
/// # Errors
/// What the system says.
pub fn module() -> io::Result<PathBuf> {
    folder().map(|folder| folder.join(module::NAME))
}

/// The folder in which the module is found by its name.
fn folder() -> io::Result<PathBuf> {
    let folders = ProjectDirs::from("", "", "runspaced")
        .ok_or_else(|| io::Error::other("this user has no cache folder"))?;
    module::unpack(&folders.cache_dir().join("modules"))
}
