//! The engine's verbs for threads that may wait.

use super::{
    handle::Engine,
    invocation::Invocation,
    output::{Output, Record},
    stream::OutputStream,
    waiting::wait,
};
use crate::error::Result;

/// [`Engine`]'s verbs, blocking the calling thread. Not for async code: there they would hold up its executor.
#[derive(Debug, Clone, Copy)]
pub struct Blocking<'a>(&'a Engine);

impl<'a> Blocking<'a> {
    pub(super) fn new(engine: &'a Engine) -> Self {
        Self(engine)
    }

    /// As [`Engine::invoke`].
    ///
    /// # Errors
    /// Those of [`Engine::invoke`].
    pub fn invoke(self, invocation: Invocation) -> Result<Output> {
        wait(self.0.invoke(invocation))
    }

    /// As [`Engine::stream`]: an iterator over the records.
    ///
    /// # Errors
    /// Those of [`Engine::stream`].
    pub fn stream(self, invocation: Invocation) -> Result<Records> {
        Ok(Records(self.0.stream(invocation)?))
    }

    /// As [`Engine::ready`].
    ///
    /// # Errors
    /// Those of [`Engine::ready`].
    pub fn ready(self) -> Result<()> {
        wait(self.0.ready())
    }
}

/// Records of a streaming call, one after the other. Dropping it cancels the call.
#[must_use = "dropping the iterator cancels its call"]
pub struct Records(OutputStream);

impl Records {
    /// As [`OutputStream::summary`].
    pub fn summary(&self) -> Option<&Output> {
        self.0.summary()
    }
}

impl Iterator for Records {
    type Item = Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        wait(self.0.next())
    }
}
