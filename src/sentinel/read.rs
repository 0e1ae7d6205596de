//! Reads over many workspaces: side by side, streamed, and a workspace that fails leaves the others alone.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};
use serde_json::{Value, json};

use super::definition::{Items, Rows};
use super::target::Target;
use super::{Error, Result};

/// Workspaces that are read at once.
pub(crate) const AT_ONCE: usize = 16;

/// What a read brings, in the order in which it comes.
#[derive(Debug, Clone)]
pub enum Item {
    /// A row; it says which workspace it is of.
    Row(Value),
    /// A workspace that could not be read, or not to the end.
    Failure(WorkspaceFailure),
}

/// A workspace that could not be read, or an identity whose workspaces could not be asked for.
#[derive(Debug, Clone)]
pub struct WorkspaceFailure {
    /// The tenant's name; the identity's label, if it is about an identity.
    pub tenant_name: String,
    /// The workspace's name; empty, if it is about an identity.
    pub workspace_name: String,
    /// Why.
    pub error: Error,
}

impl WorkspaceFailure {
    /// Which workspace, in words.
    pub(crate) fn place(&self) -> String {
        match (self.workspace_name.as_str(), self.tenant_name.as_str()) {
            ("", identity) => format!("workspaces of identity {identity}"),
            (workspace, tenant) => format!("{workspace} ({tenant})"),
        }
    }

    /// As a JSON object.
    pub fn json(&self) -> Value {
        json!({ "TenantName": self.tenant_name, "WorkspaceName": self.workspace_name, "Error": self.error.json() })
    }
}

/// The rows of a read. Dropping it ends the requests that run.
pub struct Reading(BoxStream<'static, Item>);

impl Stream for Reading {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Item>> {
        self.0.poll_next_unpin(context)
    }
}

impl Reading {
    /// Everything at once. For results that are known to be small.
    ///
    /// # Errors
    /// The first failure, if not one workspace brought a row.
    pub async fn collect_all(self) -> Result<(Vec<Value>, Vec<WorkspaceFailure>)> {
        let (mut rows, mut failures) = (Vec::new(), Vec::new());
        let mut items = self.0;
        while let Some(item) = items.next().await {
            match item {
                Item::Row(row) => rows.push(row),
                Item::Failure(failure) => failures.push(failure),
            }
        }
        match failures.first() {
            Some(failure) if rows.is_empty() => Err(failure.error.clone()),
            _ => Ok((rows, failures)),
        }
    }

    pub(crate) fn of_rows(rows: Vec<Value>) -> Self {
        Self(stream::iter(rows.into_iter().map(Item::Row)).boxed())
    }

    /// What was read together; `missing` is known to have failed already.
    pub(crate) fn together(items: Items, missing: Vec<WorkspaceFailure>) -> Self {
        Self(stream::iter(missing.into_iter().map(Item::Failure)).chain(items).boxed())
    }

    /// Reads all targets. `open` gives the rows of one; `missing` is known to have failed already.
    pub(crate) fn over(
        targets: Vec<Target>,
        missing: Vec<WorkspaceFailure>,
        open: impl Fn(Target) -> Result<Rows> + Send + 'static,
    ) -> Self {
        let readings = stream::iter(targets).map(move |target| {
            let failure = |target: &Target, error| {
                Item::Failure(WorkspaceFailure {
                    tenant_name: target.workspace.tenant_name.clone(),
                    workspace_name: target.workspace.name.clone(),
                    error,
                })
            };
            match open(target.clone()) {
                Ok(rows) => rows
                    .map(move |row| match row {
                        Ok(row) => Item::Row(target.stamp(row)),
                        Err(error) => failure(&target, error),
                    })
                    .boxed(),
                Err(error) => stream::iter([failure(&target, error)]).boxed(),
            }
        });
        let missing = stream::iter(missing.into_iter().map(Item::Failure));
        Self(missing.chain(readings.flatten_unordered(AT_ONCE)).boxed())
    }
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reading")
    }
}

/// Rows that one piece of work brings all at once.
pub(crate) fn rows_of<F>(work: F) -> Rows
where
    F: Future<Output = Result<Vec<Value>>> + Send + 'static,
{
    stream::once(work)
        .flat_map(|answer| match answer {
            Ok(rows) => stream::iter(rows.into_iter().map(Ok).collect::<Vec<_>>()),
            Err(error) => stream::iter(vec![Err(error)]),
        })
        .boxed()
}
