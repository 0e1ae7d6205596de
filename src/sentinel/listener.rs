//! Telling those who wait for a call how far it is.

use std::fmt;
use std::sync::Arc;

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage<'a> {
    /// A workspace has been read, or has failed.
    Workspace {
        /// Its name.
        name: &'a str,
        /// Workspaces that are done, this one included.
        done: usize,
        /// Workspaces of the call.
        total: usize,
    },
    /// A plan is about to be carried out. From here on it is, whether or not anybody waits.
    Writing,
}

type Hear = dyn Fn(Stage<'_>) + Send + Sync;

/// Hears how far a call is. It must not block. The default hears nothing.
#[derive(Clone, Default)]
pub struct Listener(Option<Arc<Hear>>);

impl Listener {
    /// One that does this at every stage.
    pub fn new(hear: impl Fn(Stage<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hear)))
    }

    /// One that does this too.
    #[must_use]
    pub fn and(self, hear: impl Fn(Stage<'_>) + Send + Sync + 'static) -> Self {
        Self::new(move |stage| {
            self.tell(stage);
            hear(stage);
        })
    }

    pub(crate) fn tell(&self, stage: Stage<'_>) {
        if let Some(hear) = &self.0 {
            hear(stage);
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Listener" } else { "Listener(nobody)" })
    }
}
