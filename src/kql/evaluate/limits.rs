//! What a query may use, and the meter that watches it.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::kql::error::{Problem, ProblemKind, Result};

/// Bounds of one query.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Rows of any table on the way, the result included. Default: 500,000, as in the service.
    pub rows: usize,
    /// Bytes that all tables and texts on the way may take together, estimated. Default: 1 GiB.
    pub memory: usize,
    /// Time from the start. Default: 3 minutes.
    pub time: Duration,
    /// The query stops soon after this becomes true.
    pub cancelled: Option<Arc<AtomicBool>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rows: 500_000, memory: 1 << 30, time: Duration::from_secs(180), cancelled: None }
    }
}

/// Counts what a query uses.
pub struct Meter {
    limits: Limits,
    started: Instant,
    memory: Cell<usize>,
    work: Cell<u32>,
    depth: Cell<usize>,
}

/// What is nested within each other, in levels of an expression: it has to fit the stack of an ordinary thread (2 MiB).
const MAX_NESTED: usize = 160;

/// A subquery or a function call takes the stack of so many levels of an expression.
pub const SUBQUERY: usize = 6;

impl Meter {
    pub fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            started: Instant::now(),
            memory: Cell::new(0),
            work: Cell::new(0),
            depth: Cell::new(0),
        }
    }

    /// Called for every row that is worked on; looks at the clock now and then.
    pub fn tick(&self) -> Result<()> {
        self.work.set(self.work.get().wrapping_add(1));
        if self.work.get() % 256 == 1 { self.look() } else { Ok(()) }
    }

    fn look(&self) -> Result<()> {
        if self.limits.cancelled.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            return Err(Problem::new(ProblemKind::Cancelled, "CAN0001", "the query was cancelled"));
        }
        if self.started.elapsed() > self.limits.time {
            let message = format!("the query ran longer than {} s", self.limits.time.as_secs_f64());
            return Err(limit("LIM0003", message).hint("filter earlier, or look at a shorter time"));
        }
        Ok(())
    }

    /// A table of so many rows is made.
    pub fn rows(&self, rows: usize) -> Result<()> {
        if rows <= self.limits.rows {
            return Ok(());
        }
        let message = format!("more than {} rows", self.limits.rows);
        Err(limit("LIM0002", message).hint("filter, summarize or take fewer rows"))
    }

    /// So many more bytes are taken.
    pub fn bytes(&self, bytes: usize) -> Result<()> {
        let total = self.memory.get().saturating_add(bytes);
        self.memory.set(total);
        if total <= self.limits.memory {
            return Ok(());
        }
        let message = format!("the query takes more than {} MiB", self.limits.memory >> 20);
        Err(limit("LIM0004", message).hint("project fewer columns, or summarize earlier"))
    }

    /// A table of this size is made.
    pub fn table(&self, rows: usize, columns: usize) -> Result<()> {
        self.rows(rows)?;
        self.bytes(rows.saturating_mul(columns.saturating_mul(size_of::<super::Value>()) + 24))
    }

    /// Runs `body` so many levels deeper.
    pub fn nested<T>(&self, levels: usize, body: impl FnOnce() -> Result<T>) -> Result<T> {
        if self.depth.get() + levels > MAX_NESTED {
            let message = "subqueries, functions and expressions are nested too deep";
            return Err(limit("LIM0001", message.to_owned()).hint("split the query with let statements"));
        }
        self.depth.set(self.depth.get() + levels);
        let result = body();
        self.depth.set(self.depth.get() - levels);
        result
    }
}

fn limit(code: &'static str, message: String) -> Problem {
    Problem::new(ProblemKind::Limit, code, message)
}
