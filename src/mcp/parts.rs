//! What answers, whichever way a client comes; and when the process should make room for a fresh one.

use std::{future::Future, pin::Pin, sync::Arc, time::Instant};

use super::{
    call::Executor,
    dispatch::{CallLimits, Dispatcher},
    service::{Extras, Service},
    shutdown::{Cause, Patience, Shutdown},
};
use crate::{Engine, Replacement, catalog::CatalogFeed, observe::Audit, policy::Policy};

/// What makes a fresh process necessary.
pub(crate) trait Health: Send + Sync {
    /// Why this process should be replaced, if it still should.
    fn replacement(&self) -> Option<Replacement>;
    /// Waits for a reason.
    fn replacement_wanted(&self) -> Pin<Box<dyn Future<Output = Replacement> + Send + '_>>;
}

impl Health for Engine {
    fn replacement(&self) -> Option<Replacement> {
        Engine::replacement(self)
    }

    fn replacement_wanted(&self) -> Pin<Box<dyn Future<Output = Replacement> + Send + '_>> {
        Box::pin(Engine::replacement_wanted(self))
    }
}

/// Of a process without PowerShell.
pub(super) struct NothingToReplace;

impl Health for NothingToReplace {
    fn replacement(&self) -> Option<Replacement> {
        None
    }

    fn replacement_wanted(&self) -> Pin<Box<dyn Future<Output = Replacement> + Send + '_>> {
        Box::pin(std::future::pending())
    }
}

/// What answers, whoever asks.
pub(crate) struct Core {
    pub(crate) executor: Arc<dyn Executor>,
    pub(crate) catalog: CatalogFeed,
    pub(crate) policy: Policy,
    pub(crate) limits: CallLimits,
    pub(crate) extras: Arc<Extras>,
    pub(crate) audit: Option<Arc<Audit>>,
}

/// What every way to a client shares.
pub(crate) struct Parts {
    pub(super) dispatcher: Arc<Dispatcher>,
    extras: Arc<Extras>,
    pub(super) shutdown: Shutdown,
    replaceable: Option<Instant>,
    health: Arc<dyn Health>,
}

impl Parts {
    pub(crate) fn new(core: Core, replaceable: Option<Instant>, health: Arc<dyn Health>) -> Self {
        let shutdown = Shutdown::default();
        let dispatcher = Dispatcher::new(
            core.executor,
            core.catalog,
            core.policy,
            core.limits,
            shutdown.clone(),
            core.audit,
            replaceable,
        );
        Self { dispatcher, extras: core.extras, shutdown, replaceable, health }
    }

    /// What answers on one connection.
    pub(super) fn service(&self) -> Service {
        Service::new(Arc::clone(&self.dispatcher), Arc::clone(&self.extras))
    }

    /// Makes what answers, for each connection anew.
    pub(super) fn services(&self) -> impl Fn() -> Service + Send + Sync + 'static {
        let (dispatcher, extras) = (Arc::clone(&self.dispatcher), Arc::clone(&self.extras));
        move || Service::new(Arc::clone(&dispatcher), Arc::clone(&extras))
    }

    /// Waits until the process should be replaced and may be. Does not return if it never may.
    pub(super) async fn replacement_due(&self) -> Replacement {
        let Some(from) = self.replaceable else { return std::future::pending().await };
        loop {
            let reason = self.health.replacement_wanted().await;
            if Instant::now() >= from {
                return reason;
            }
            tracing::warn!(%reason, "the process was replaced too often lately; it is replaced again later");
            tokio::time::sleep_until(from.into()).await;
            if let Some(reason) = self.health.replacement() {
                return reason;
            }
        }
    }

    /// Makes ready for a fresh process: nothing new begins, `settled` and running calls may end within the patience, the
    /// others are answered.
    pub(super) async fn drain(
        &self,
        reason: Replacement,
        patience: &Patience,
        settled: impl Future<Output = ()>,
    ) {
        tracing::warn!(%reason, "the process is to be replaced by a fresh one");
        self.shutdown.drain(reason);
        let quiet = async {
            settled.await;
            self.dispatcher.idle().await;
        };
        tokio::pin!(quiet);
        if tokio::time::timeout(patience.replace, &mut quiet).await.is_err() {
            self.shutdown.cancel_calls();
            let _ = tokio::time::timeout(patience.last_answers, quiet).await;
        }
        self.shutdown.begin(Cause::Replace(reason));
    }
}
