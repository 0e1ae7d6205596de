//! How many calls there may be, and how long they may take.

use std::time::Duration;

/// Limits of calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallLimits {
    /// From the admission of a call to its answer, unless the client is told of its progress meanwhile.
    pub(crate) deadline: Duration,
    /// The same for calls whose client is told of progress, or has taken a task.
    pub(crate) long_deadline: Duration,
    /// A client that takes tasks gets one for a call that takes longer.
    pub(crate) task_after: Duration,
    /// Calls under way at once, waiting ones included.
    pub(crate) calls: usize,
    /// Calls of one client under way at once.
    pub(crate) calls_of_one: usize,
    /// Calls that are with the executor at once. The others wait in turn, client by client.
    pub(crate) executing: usize,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(55),
            long_deadline: Duration::from_secs(300),
            task_after: Duration::from_secs(2),
            calls: 512,
            calls_of_one: 256,
            executing: 128,
        }
    }
}
