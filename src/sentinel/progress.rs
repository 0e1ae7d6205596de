//! How many workspaces of a read are done.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt, stream};

use super::definition::Rows;
use super::listener::{Listener, Stage};

/// Counts workspaces. Clones count together.
#[derive(Clone)]
pub(crate) struct Progress {
    listener: Listener,
    done: Arc<AtomicUsize>,
    total: usize,
}

impl Progress {
    pub(crate) fn new(listener: Listener, total: usize) -> Self {
        Self { listener, done: Arc::default(), total }
    }

    /// The same rows; at their end their workspace is done.
    pub(crate) fn after(self, rows: Rows, name: String) -> Rows {
        let end = stream::once(async move { self.done(&name) }).filter_map(|()| async { None });
        rows.chain(end).boxed()
    }

    /// One more workspace is done.
    pub(crate) fn done(&self, name: &str) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.listener.tell(Stage::Workspace { name, done, total: self.total });
    }
}
