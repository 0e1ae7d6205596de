//! The state file: read at the start, written now and then and at the end, whole or not at all.

use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::settings::StartError;
use super::state::State;
use super::world::World;

/// A change is in the file after this time.
const PAUSE: Duration = Duration::from_millis(500);

/// The state of the file, if there is a file.
pub(crate) fn load(world: &World) -> Result<Option<State>, StartError> {
    let Some(path) = &world.settings.state else { return Ok(None) };
    let wrong = |why: String| StartError::State { path: path.clone(), why };
    match std::fs::read(path) {
        Ok(bytes) => {
            let state: State = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
            Ok(Some(state.indexed()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// Writes the state, if it has a file and has changed.
pub(crate) fn save(world: &World) -> std::io::Result<()> {
    let Some(path) = &world.settings.state else { return Ok(()) };
    let _one_at_a_time = world.saving.lock();
    let (state, writes) = {
        let state = world.state.read();
        if state.writes() == world.saved.load(Ordering::Relaxed) && path.exists() {
            return Ok(());
        }
        (state.clone(), state.writes())
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    let mut writer = BufWriter::new(&mut file);
    serde_json::to_writer(&mut writer, &state)?;
    writer.flush()?;
    std::mem::drop(writer);
    file.as_file().sync_all()?;
    file.persist(path)?;
    world.saved.store(writes, Ordering::Relaxed);
    Ok(())
}

/// Writes the state whenever it has changed.
pub(crate) async fn keep(world: Arc<World>, stop: CancellationToken) {
    if world.settings.state.is_none() {
        return;
    }
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        let world = Arc::clone(&world);
        let saved = tokio::task::spawn_blocking(move || save(&world)).await;
        if let Ok(Err(error)) = saved {
            tracing::warn!(%error, "the simulator's state could not be written");
        }
    }
}
