//! Requests that are not answered yet. An id is free again when its answer is on its way, or when it was cancelled
//! and its handler has ended: until then an answer of the old request could be taken for one of the new.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use rmcp::model::RequestId;
use tokio::sync::Notify;

use crate::catalog::{Listing, Opening};

/// Requests of one client that may be open at once, tool calls or not.
const MAX_OPEN: usize = 1024;
/// Bytes of requests that are kept for the case that another process has to answer them.
const MAX_KEPT_BYTES: usize = 16 << 20;

/// The open requests of one client. Cheap to clone.
#[derive(Clone, Default)]
pub(in crate::mcp) struct Ledger(Arc<Inner>);

#[derive(Default)]
struct Inner {
    book: Mutex<Book>,
    changed: Notify,
    takes_text: bool,
}

#[derive(Default)]
struct Book {
    open: HashMap<RequestId, Open>,
    admitted: u64,
    kept_bytes: usize,
}

struct Open {
    number: u64,
    /// Stays open until the client ends it.
    standing: bool,
    cancelled: bool,
    handled: bool,
    deferred: bool,
    line: Option<Vec<u8>>,
    tools: Option<Tools>,
}

/// The tools of an answer that was made without them.
pub(in crate::mcp) struct Tools {
    pub(in crate::mcp) listing: Arc<Listing>,
    /// Ends when the client has them.
    pub(in crate::mcp) opening: Opening,
}

/// Why a request is not let in.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::mcp) enum Refused {
    /// Its id belongs to an open request.
    Duplicate,
    /// There are too many.
    Full,
}

impl Refused {
    /// What the client is told.
    pub(in crate::mcp) fn text(&self) -> &'static str {
        match self {
            Self::Duplicate => "the id belongs to a request that is not answered yet",
            Self::Full => "too many requests are open; wait for answers",
        }
    }
}

/// Goes with a request through the server; when the last copy is dropped, its handler has ended.
#[derive(Clone)]
pub(in crate::mcp) struct Handling {
    mark: Arc<Mark>,
}

struct Mark {
    ledger: Ledger,
    id: RequestId,
}

impl Ledger {
    /// Of a transport that completes answers with what [`Handling::give`] left for them.
    pub(super) fn taking_text() -> Self {
        Self(Arc::new(Inner { takes_text: true, ..Inner::default() }))
    }

    /// Lets a request in. A `standing` one is open until the client ends it. `line` is kept, if there is room, for
    /// [`Handling::defer`].
    pub(in crate::mcp) fn admit(
        &self,
        id: &RequestId,
        standing: bool,
        line: Option<Vec<u8>>,
    ) -> Result<Handling, Refused> {
        let mut book = self.0.book.lock();
        if book.open.contains_key(id) {
            return Err(Refused::Duplicate);
        }
        if book.open.len() >= MAX_OPEN {
            return Err(Refused::Full);
        }
        let line = line.filter(|line| book.kept_bytes + line.len() <= MAX_KEPT_BYTES);
        book.kept_bytes += line.as_ref().map_or(0, Vec::len);
        book.admitted += 1;
        let number = book.admitted;
        let open =
            Open { number, standing, cancelled: false, handled: false, deferred: false, line, tools: None };
        book.open.insert(id.clone(), open);
        Ok(Handling { mark: Arc::new(Mark { ledger: self.clone(), id: id.clone() }) })
    }

    /// Its answer is on its way. Returns the tools that belong into it.
    pub(in crate::mcp) fn answered(&self, id: &RequestId) -> Option<Tools> {
        let tools = self.0.book.lock().remove(id);
        self.0.changed.notify_waiters();
        tools
    }

    /// The client does not want its answer any more. Without effect if it is not open.
    pub(in crate::mcp) fn cancelled(&self, id: &RequestId) {
        self.update(id, |open| open.cancelled = true);
    }

    /// True if a request of that id is open.
    pub(in crate::mcp) fn is_open(&self, id: &RequestId) -> bool {
        self.0.book.lock().open.contains_key(id)
    }

    /// The ids of all open requests.
    pub(in crate::mcp) fn open(&self) -> Vec<RequestId> {
        self.0.book.lock().open.keys().cloned().collect()
    }

    /// Waits until only standing and deferred requests are open.
    pub(in crate::mcp) async fn settled(&self) {
        loop {
            let changed = self.0.changed.notified();
            if self.0.book.lock().open.values().all(|open| open.standing || open.deferred) {
                return;
            }
            changed.await;
        }
    }

    /// The lines of the deferred requests, in the order in which they came.
    pub(super) fn take_deferred(&self) -> Vec<Vec<u8>> {
        let mut book = self.0.book.lock();
        let mut deferred: Vec<(u64, Vec<u8>)> = book
            .open
            .values_mut()
            .filter(|open| open.deferred && !open.cancelled)
            .filter_map(|open| Some((open.number, open.line.take()?)))
            .collect();
        deferred.sort_unstable_by_key(|(number, _)| *number);
        deferred.into_iter().map(|(_, line)| line).collect()
    }

    fn update(&self, id: &RequestId, change: impl FnOnce(&mut Open)) {
        let mut book = self.0.book.lock();
        if let Some(open) = book.open.get_mut(id) {
            change(open);
            if open.cancelled && open.handled {
                book.remove(id);
            }
        }
        drop(book);
        self.0.changed.notify_waiters();
    }
}

impl Book {
    fn remove(&mut self, id: &RequestId) -> Option<Tools> {
        let open = self.open.remove(id)?;
        self.kept_bytes -= open.line.map_or(0, |line| line.len());
        open.tools
    }
}

impl Handling {
    /// True if [`give`](Self::give) has an effect.
    pub(in crate::mcp) fn takes_text(&self) -> bool {
        self.mark.ledger.0.takes_text
    }

    /// The answer, which has an empty list of tools, is to be sent with these.
    pub(in crate::mcp) fn give(&self, tools: Tools) {
        self.mark.ledger.update(&self.mark.id, |open| open.tools = Some(tools));
    }

    /// Leaves the request to the process that takes this one's place. False if it cannot be handed over: it is to be
    /// answered here.
    pub(in crate::mcp) fn defer(&self) -> bool {
        let mut deferred = false;
        self.mark.ledger.update(&self.mark.id, |open| {
            open.deferred = open.line.is_some() && !open.cancelled;
            deferred = open.deferred;
        });
        deferred
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.ledger.update(&self.id, |open| open.handled = true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> RequestId {
        RequestId::String(text.into())
    }

    #[test]
    fn ledger_frees_an_id_with_its_answer() {
        let ledger = Ledger::default();
        let handling = ledger.admit(&id("a"), false, None).ok();
        assert_eq!(ledger.admit(&id("a"), false, None).err(), Some(Refused::Duplicate));
        drop(handling);
        assert_eq!(
            ledger.admit(&id("a"), false, None).err(),
            Some(Refused::Duplicate),
            "handled, not answered"
        );
        ledger.answered(&id("a"));
        assert!(ledger.admit(&id("a"), false, None).is_ok());
    }

    #[test]
    fn ledger_keeps_a_cancelled_id_until_its_handler_ends() {
        let ledger = Ledger::default();
        let handling = ledger.admit(&id("a"), false, None).ok();
        let copy = handling.clone();
        ledger.cancelled(&id("a"));
        drop(handling);
        assert_eq!(ledger.admit(&id("a"), false, None).err(), Some(Refused::Duplicate));
        drop(copy);
        assert!(ledger.admit(&id("a"), false, None).is_ok());
    }

    #[test]
    fn ledger_frees_an_id_that_is_cancelled_after_its_handler_ended() {
        let ledger = Ledger::default();
        drop(ledger.admit(&id("a"), false, None));
        ledger.cancelled(&id("a"));
        ledger.cancelled(&id("unknown"));
        assert!(ledger.admit(&id("a"), false, None).is_ok());
    }

    #[test]
    fn ledger_tells_number_and_text_apart_and_is_bounded() {
        let ledger = Ledger::default();
        let _one = ledger.admit(&RequestId::Number(1), false, None).ok();
        assert!(ledger.admit(&id("1"), false, None).is_ok());
        for n in 2..MAX_OPEN {
            assert!(ledger.admit(&RequestId::Number(n as i64), false, None).is_ok());
        }
        assert_eq!(ledger.admit(&id("more"), false, None).err(), Some(Refused::Full));
    }

    #[test]
    fn ledger_keeps_lines_of_deferred_requests_in_order() {
        let ledger = Ledger::default();
        let admit = |name: &str| {
            ledger
                .admit(&id(name), false, Some(name.as_bytes().to_vec()))
                .unwrap_or_else(|_| panic!("{name}"))
        };
        let (second, first, third) = (admit("b"), admit("a"), admit("c"));
        let without = ledger.admit(&id("d"), false, None).ok();
        assert!(third.defer() && second.defer() && first.defer());
        assert!(!without.is_some_and(|handling| handling.defer()), "nothing of it is kept");
        ledger.cancelled(&id("c"));
        assert_eq!(ledger.take_deferred(), [b"b".to_vec(), b"a".to_vec()]);
    }

    #[tokio::test]
    async fn ledger_is_settled_when_only_standing_and_deferred_requests_are_open() {
        let ledger = Ledger::default();
        ledger.settled().await;
        let _listen = ledger.admit(&id("listen"), true, None).ok();
        let call = ledger.admit(&id("call"), false, Some(b"x".to_vec())).ok();
        ledger.admit(&id("ping"), false, None).ok();
        let settled = tokio::spawn({
            let ledger = ledger.clone();
            async move { ledger.settled().await }
        });
        tokio::task::yield_now().await;
        assert!(!settled.is_finished());
        ledger.answered(&id("ping"));
        assert!(call.is_some_and(|call| call.defer()));
        settled.await.expect("settled");
    }

    #[test]
    fn ledger_keeps_no_more_lines_than_there_is_room_for() {
        let ledger = Ledger::default();
        let big = || Some(vec![b'x'; MAX_KEPT_BYTES / 2 + 1]);
        let first = ledger.admit(&id("a"), false, big()).ok();
        let second = ledger.admit(&id("b"), false, big()).ok();
        assert!(!second.is_some_and(|handling| handling.defer()));
        assert!(first.is_some_and(|handling| handling.defer()));
        ledger.answered(&id("a"));
        assert!(ledger.admit(&id("c"), false, big()).is_ok_and(|handling| handling.defer()));
    }
}
