//! Requests that are not answered yet. An id is free again when its answer is on its way, or when it was cancelled
//! and its handler has ended: until then an answer of the old request could be taken for one of the new.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use rmcp::model::RequestId;

/// Requests of one client that may be open at once, tool calls or not.
const MAX_OPEN: usize = 1024;

/// The open requests of one client. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<Mutex<HashMap<RequestId, Open>>>);

#[derive(Default)]
struct Open {
    cancelled: bool,
    handled: bool,
}

/// Why a request is not let in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Its id belongs to an open request.
    Duplicate,
    /// There are too many.
    Full,
}

/// Goes with a request through the server; when the last copy is dropped, its handler has ended.
#[derive(Clone)]
pub(super) struct Handling {
    _mark: Arc<Mark>,
}

struct Mark {
    ledger: Ledger,
    id: RequestId,
}

impl Ledger {
    /// Lets a request in.
    pub(super) fn admit(&self, id: &RequestId) -> Result<Handling, Refused> {
        let mut open = self.0.lock();
        if open.contains_key(id) {
            return Err(Refused::Duplicate);
        }
        if open.len() >= MAX_OPEN {
            return Err(Refused::Full);
        }
        open.insert(id.clone(), Open::default());
        Ok(Handling { _mark: Arc::new(Mark { ledger: self.clone(), id: id.clone() }) })
    }

    /// Its answer is on its way.
    pub(super) fn answered(&self, id: &RequestId) {
        self.0.lock().remove(id);
    }

    /// The client does not want its answer any more. Without effect if it is not open.
    pub(super) fn cancelled(&self, id: &RequestId) {
        self.update(id, |open| open.cancelled = true);
    }

    fn update(&self, id: &RequestId, change: impl FnOnce(&mut Open)) {
        let mut requests = self.0.lock();
        if let Some(open) = requests.get_mut(id) {
            change(open);
            if open.cancelled && open.handled {
                requests.remove(id);
            }
        }
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
        let handling = ledger.admit(&id("a")).ok();
        assert_eq!(ledger.admit(&id("a")).err(), Some(Refused::Duplicate));
        drop(handling);
        assert_eq!(ledger.admit(&id("a")).err(), Some(Refused::Duplicate), "handled, not answered");
        ledger.answered(&id("a"));
        assert!(ledger.admit(&id("a")).is_ok());
    }

    #[test]
    fn ledger_keeps_a_cancelled_id_until_its_handler_ends() {
        let ledger = Ledger::default();
        let handling = ledger.admit(&id("a")).ok();
        let copy = handling.clone();
        ledger.cancelled(&id("a"));
        drop(handling);
        assert_eq!(ledger.admit(&id("a")).err(), Some(Refused::Duplicate));
        drop(copy);
        assert!(ledger.admit(&id("a")).is_ok());
    }

    #[test]
    fn ledger_frees_an_id_that_is_cancelled_after_its_handler_ended() {
        let ledger = Ledger::default();
        drop(ledger.admit(&id("a")));
        ledger.cancelled(&id("a"));
        ledger.cancelled(&id("unknown"));
        assert!(ledger.admit(&id("a")).is_ok());
    }

    #[test]
    fn ledger_tells_number_and_text_apart_and_is_bounded() {
        let ledger = Ledger::default();
        let _one = ledger.admit(&RequestId::Number(1)).ok();
        assert!(ledger.admit(&id("1")).is_ok());
        for n in 2..MAX_OPEN {
            assert!(ledger.admit(&RequestId::Number(n as i64)).is_ok());
        }
        assert_eq!(ledger.admit(&id("more")).err(), Some(Refused::Full));
    }
}
