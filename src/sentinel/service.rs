//! Operations, ready to be called: read, planned, applied, undone.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio_util::task::TaskTracker;

use super::account::Account;
use super::apply::{Applied, apply};
use super::arguments::{Bound, bind};
use super::cache::{Cache, CacheStatus};
use super::definition::{Operation, Run};
use super::inventory::{Inventories, Inventory};
use super::journal::Journal;
use super::listener::{Listener, Stage};
use super::parameter::Common;
use super::plan::Plan;
use super::progress::Progress;
use super::read::{Reading, WorkspaceFailure};
use super::target::Target;
use super::undo::plan_undo;
use super::workspace::{Selection, Workspace};
use super::{Error, Result};
use crate::azure::Scope;

/// Time for operations that have many requests by their nature.
const PATIENCE: Duration = Duration::from_secs(3_600);
/// How often somebody who waits for the last write looks.
const POLL: Duration = Duration::from_millis(5);

/// Operations on the workspaces that some identities see. Clones share everything.
#[derive(Clone)]
pub struct Sentinel(Arc<Inner>);

pub(crate) struct Inner {
    accounts: Arc<Vec<Account>>,
    pub(crate) inventories: Inventories,
    pub(crate) cache: Cache,
    journal: Journal,
    /// Writes that have begun.
    writes: TaskTracker,
    settings: SentinelSettings,
}

/// Settings of operations.
#[derive(Debug, Clone)]
pub struct SentinelSettings {
    /// The workspace that is meant where none is named.
    pub workspace: Option<String>,
    /// Names of tenants, by id.
    pub tenant_names: HashMap<String, String>,
    /// Where writes are recorded.
    pub journal: PathBuf,
    /// Below it, exports and backups are written, and nowhere else.
    pub backups: PathBuf,
    /// Time that an operation may take.
    pub timeout: Duration,
}

/// What a call is, beside its arguments.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// Id that travels to Azure with every request; a new one if there is none.
    pub correlation_id: Option<String>,
    /// Time that it may take; the setting's if there is none.
    pub timeout: Option<Duration>,
    /// Hears how far it is.
    pub listener: Listener,
}

impl Inner {
    /// The folder of exports and backups.
    pub(crate) fn backups(&self) -> PathBuf {
        self.settings.backups.clone()
    }
}

impl Sentinel {
    /// Operations through these identities, the main one first.
    pub fn new(accounts: Vec<Account>, settings: SentinelSettings) -> Self {
        let accounts = Arc::new(accounts);
        Self(Arc::new(Inner {
            inventories: Inventories::new(accounts.clone(), settings.tenant_names.clone()),
            accounts,
            cache: Cache::default(),
            journal: Journal::new(&settings.journal),
            writes: TaskTracker::new(),
            settings,
        }))
    }

    /// Reads. The rows come as Azure gives them.
    ///
    /// # Errors
    /// Wrong arguments, no such workspace, no inventory. What goes wrong in a single workspace comes among the rows.
    pub async fn read(
        &self,
        operation: &'static Operation,
        arguments: Map<String, Value>,
        call: &Call,
    ) -> Result<Reading> {
        let bound = bind(operation, arguments)?;
        match operation.run {
            Run::Fleet(rows) => Ok(Reading::of_rows(rows(self.0.clone(), bound.own).await?)),
            Run::Read(rows) => {
                let (targets, missing) =
                    self.targets(operation.name, &bound.common, call, operation.patient).await?;
                let progress = Progress::new(call.listener.clone(), targets.len());
                Ok(Reading::over(targets, missing, move |target| {
                    let name = target.workspace.name.clone();
                    match rows(target, bound.own.clone()) {
                        Ok(rows) => Ok(progress.clone().after(rows, name)),
                        Err(error) => {
                            progress.done(&name);
                            Err(error)
                        }
                    }
                }))
            }
            Run::Together(items) => {
                let mut common = bound.common;
                if common.workspace_name.is_empty() && common.tenant_filter.is_none() {
                    common.workspace_name.push("*".to_owned());
                }
                let (targets, missing) =
                    self.targets(operation.name, &common, call, operation.patient).await?;
                Ok(Reading::together(items(targets, bound.own)?, missing))
            }
            Run::Write(_) => Err(Error::declined(
                format!("{} changes something, so it is planned first", operation.name),
                "Plan it, look at the plan, and apply it with the plan's digest.",
            )),
        }
    }

    /// Plans a write. Nothing is changed.
    ///
    /// # Errors
    /// Those of [`read`](Self::read), and whatever speaks against the change.
    pub async fn plan(
        &self,
        operation: &'static Operation,
        arguments: Map<String, Value>,
        call: &Call,
    ) -> Result<Plan> {
        let bound = bind(operation, arguments)?;
        let target = self.one_target(operation, &bound, call).await?;
        self.plan_in(&target, operation, &bound).await
    }

    async fn plan_in(&self, target: &Target, operation: &'static Operation, bound: &Bound) -> Result<Plan> {
        let Run::Write(plan) = operation.run else {
            return Err(Error::declined(format!("{} only reads", operation.name), "Read it."));
        };
        let draft = plan(target.clone(), bound.own.clone()).await?;
        Ok(draft.into_plan(target, bound.all.clone(), None))
    }

    /// Plans a write anew and carries it out if it is still the plan with this digest.
    ///
    /// # Errors
    /// [`Error::Stale`] if it is another one, [`Error::NotConfirmed`] if it cannot be undone and `confirm` does not name
    /// what it ends, [`Error::Journal`] if it cannot be recorded. Nothing was done then. What became of a write that was
    /// begun is in the answer.
    pub async fn apply(
        &self,
        operation: &'static Operation,
        arguments: Map<String, Value>,
        digest: &str,
        confirm: Option<&str>,
        call: &Call,
    ) -> Result<Applied> {
        let bound = bind(operation, arguments)?;
        let target = self.one_target(operation, &bound, call).await?;
        let plan = self.plan_in(&target, operation, &bound).await?;
        if plan.digest != digest {
            return Err(Error::Stale {
                given: digest.to_owned(),
                now: plan.digest.clone(),
                plan: Box::new(plan),
            });
        }
        self.carry_out(target, plan, confirm, call).await
    }

    /// Plans a write and carries it out at once: for callers who have asked already.
    ///
    /// # Errors
    /// Those of [`apply`](Self::apply).
    pub async fn run(
        &self,
        operation: &'static Operation,
        arguments: Map<String, Value>,
        confirm: Option<&str>,
        call: &Call,
    ) -> Result<Applied> {
        let bound = bind(operation, arguments)?;
        let target = self.one_target(operation, &bound, call).await?;
        let plan = self.plan_in(&target, operation, &bound).await?;
        self.carry_out(target, plan, confirm, call).await
    }

    async fn carry_out(
        &self,
        target: Target,
        plan: Plan,
        confirm: Option<&str>,
        call: &Call,
    ) -> Result<Applied> {
        if let Some(name) = &plan.confirm
            && confirm != Some(name.as_str())
        {
            return Err(Error::NotConfirmed { name: name.clone() });
        }
        call.listener.tell(Stage::Writing);
        apply(&self.0.writes, target, self.0.journal.clone(), plan).await
    }

    /// Waits until no write is under way. What has begun goes on even if nobody waits for it, but not beyond the end of its
    /// process.
    pub async fn writes_ended(&self) {
        while !self.0.writes.is_empty() {
            tokio::time::sleep(POLL).await;
        }
    }

    /// Plans to take back what an entry of the journal did.
    ///
    /// # Errors
    /// [`Error::Undo`] if that is not possible.
    pub async fn plan_undo(&self, entry: &str, call: &Call) -> Result<Plan> {
        let (target, entry) = self.undo_target(entry, call).await?;
        plan_undo(&target, &entry).await
    }

    /// Takes back what an entry of the journal did.
    ///
    /// # Errors
    /// Those of [`apply`](Self::apply) and [`plan_undo`](Self::plan_undo).
    pub async fn undo(&self, entry: &str, digest: &str, call: &Call) -> Result<Applied> {
        let (target, entry) = self.undo_target(entry, call).await?;
        let plan = plan_undo(&target, &entry).await?;
        if plan.digest != digest {
            return Err(Error::Stale {
                given: digest.to_owned(),
                now: plan.digest.clone(),
                plan: Box::new(plan),
            });
        }
        let confirm = plan.confirm.clone();
        self.carry_out(target, plan, confirm.as_deref(), call).await
    }

    async fn undo_target(&self, entry: &str, call: &Call) -> Result<(Target, super::journal::Entry)> {
        let entry = self.0.journal.read(entry)?;
        let common = Common { workspace_name: vec![entry.workspace_id.to_string()], ..Common::default() };
        let name = super::operation(&entry.operation).map_or("Undo", |operation| operation.name);
        let (mut targets, _) = self.targets(name, &common, call, true).await?;
        Ok((targets.remove(0), entry))
    }

    /// The journal.
    pub fn journal(&self) -> &Journal {
        &self.0.journal
    }

    /// The inventory.
    ///
    /// # Errors
    /// If no identity could be asked.
    pub async fn inventory(&self, fresh: bool) -> Result<Arc<Inventory>> {
        self.0.inventories.get(&Scope::within(self.0.settings.timeout), fresh).await
    }

    /// How the cache does, kind by kind.
    pub async fn cache_status(&self) -> Vec<CacheStatus> {
        let mut all = vec![self.0.inventories.status().await];
        all.extend(self.0.cache.status().await);
        all
    }

    /// Forgets everything that was read.
    pub async fn clear_cache(&self) {
        self.0.cache.clear();
        self.0.inventories.clear().await;
    }

    async fn one_target(&self, operation: &'static Operation, bound: &Bound, call: &Call) -> Result<Target> {
        let (mut targets, _) = self.targets(operation.name, &bound.common, call, operation.patient).await?;
        if targets.len() > 1 {
            return Err(Error::Workspace {
                what: format!(
                    "{} changes something, so it takes one workspace, and {} were named",
                    operation.name,
                    targets.len()
                ),
                candidates: targets.iter().map(|target| target.workspace.name.clone()).take(12).collect(),
            });
        }
        Ok(targets.remove(0))
    }

    /// The workspaces that are meant; and, where a pattern or filter means whatever there is, the identities whose workspaces
    /// could not be asked for.
    async fn targets(
        &self,
        operation: &'static str,
        common: &Common,
        call: &Call,
        patient: bool,
    ) -> Result<(Vec<Target>, Vec<WorkspaceFailure>)> {
        let inner = &self.0;
        let usual = if patient { inner.settings.timeout.max(PATIENCE) } else { inner.settings.timeout };
        let time = call.timeout.unwrap_or(usual);
        let id = call.correlation_id.clone().unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
        let scope = Scope::with_correlation(&id, time);
        let selection = Selection {
            workspaces: common.workspace_name.clone(),
            resource_group: common.resource_group_name.clone(),
            subscription: common.subscription_id.clone(),
            tenant: common.tenant_id.clone(),
            tenant_filter: common.tenant_filter.clone(),
        };
        let default = inner.settings.workspace.as_deref();
        let inventory = inner.inventories.get(&scope, common.no_cache).await?;
        let (inventory, chosen) = match selection.choose(&inventory.workspaces, default) {
            // It may have been made a moment ago.
            Err(Error::Workspace { .. }) if !common.no_cache && !common.workspace_name.is_empty() => {
                let inventory = inner.inventories.get(&scope, true).await?;
                let chosen = selection.choose(&inventory.workspaces, default)?;
                (inventory, chosen)
            }
            chosen => (inventory, chosen?),
        };
        let missing = inventory.failures.iter().filter(|_| selection.is_open()).map(|(account, error)| {
            WorkspaceFailure {
                tenant_name: account.clone(),
                workspace_name: String::new(),
                error: error.clone(),
            }
        });
        let targets =
            chosen.into_iter().map(|workspace| self.target(operation, workspace, &scope, common, &inventory));
        Ok((targets.collect(), missing.collect()))
    }

    fn target(
        &self,
        operation: &'static str,
        workspace: Arc<Workspace>,
        scope: &Scope,
        common: &Common,
        inventory: &Arc<Inventory>,
    ) -> Target {
        let inner = &self.0;
        Target {
            operation,
            client: inner.accounts[workspace.account].client.clone(),
            workspace,
            scope: scope.clone(),
            cache: inner.cache.clone(),
            raw: common.raw,
            fresh: common.no_cache,
            now: jiff::Timestamp::now(),
            backups: inner.settings.backups.clone(),
            inventory: Arc::clone(inventory),
            accounts: Arc::clone(&inner.accounts),
        }
    }
}

impl std::fmt::Debug for Sentinel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sentinel").field("accounts", &self.0.accounts).finish_non_exhaustive()
    }
}
