//! How many calls there may be, and whose turn it is. Clients take turns: one that asks for a hundred things at once delays
//! another by no more than the calls that run already.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::dispatch::CallLimits;

/// Lets calls in. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Admission(Arc<Inner>);

struct Inner {
    limits: CallLimits,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    under_way: usize,
    executing: usize,
    clients: HashMap<Arc<str>, Client>,
    /// Clients with waiting calls, the next one first.
    turns: VecDeque<Arc<str>>,
}

#[derive(Default)]
struct Client {
    under_way: usize,
    waiting: VecDeque<oneshot::Sender<Turn>>,
}

/// Why a call is not let in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Busy {
    /// There are this many calls of all clients.
    All(usize),
    /// There are this many calls of this client.
    One(usize),
}

impl std::fmt::Display for Busy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (calls, whose) = match self {
            Self::All(calls) => (calls, ""),
            Self::One(calls) => (calls, " of this client"),
        };
        write!(
            f,
            "Busy: {calls} calls{whose} are under way, which is the limit. Try again when some are answered."
        )
    }
}

/// A call that was let in; until dropped.
pub(crate) struct Place {
    admission: Admission,
    client: Arc<str>,
}

/// A call whose turn it is; until dropped.
pub(crate) struct Turn(Option<Admission>);

impl Admission {
    pub(crate) fn new(limits: CallLimits) -> Self {
        Self(Arc::new(Inner { limits, book: Mutex::default() }))
    }

    /// Lets a call of a client in.
    pub(crate) fn enter(&self, client: &Arc<str>) -> Result<Place, Busy> {
        let limits = &self.0.limits;
        let mut book = self.0.book.lock();
        if book.under_way >= limits.calls {
            return Err(Busy::All(limits.calls));
        }
        let of_one = book.clients.entry(Arc::clone(client)).or_default();
        if of_one.under_way >= limits.calls_of_one {
            return Err(Busy::One(limits.calls_of_one));
        }
        of_one.under_way += 1;
        book.under_way += 1;
        Ok(Place { admission: self.clone(), client: Arc::clone(client) })
    }

    /// Calls that were let in and are not over.
    pub(crate) fn under_way(&self) -> usize {
        self.0.book.lock().under_way
    }

    /// Gives the place of a call that is over to the next one that waits.
    fn pass_on(&self) {
        loop {
            let mut book = self.0.book.lock();
            let Some(waiter) = book.next() else {
                book.executing -= 1;
                return;
            };
            drop(book);
            match waiter.send(Turn(Some(self.clone()))) {
                Ok(()) => return,
                // It does not wait any more: the place is still to be given.
                Err(mut turn) => turn.0 = None,
            }
        }
    }
}

impl Book {
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        let client = self.turns.pop_front()?;
        let of_one = self.clients.get_mut(&client)?;
        let waiter = of_one.waiting.pop_front();
        if !of_one.waiting.is_empty() {
            self.turns.push_back(client);
        } else if of_one.under_way == 0 {
            self.clients.remove(&client);
        }
        waiter
    }
}

impl Place {
    /// Waits until it is this call's turn.
    pub(crate) async fn turn(&self) -> Turn {
        let admission = &self.admission;
        let waits = {
            let mut book = admission.0.book.lock();
            if book.executing < admission.0.limits.executing {
                book.executing += 1;
                return Turn(Some(admission.clone()));
            }
            let (sender, waits) = oneshot::channel();
            let client = book.clients.entry(Arc::clone(&self.client)).or_default();
            let first = client.waiting.is_empty();
            client.waiting.push_back(sender);
            if first {
                book.turns.push_back(Arc::clone(&self.client));
            }
            waits
        };
        match waits.await {
            Ok(turn) => turn,
            // The admission lives as long as this entry, and never drops a waiter that waits.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut book = self.admission.0.book.lock();
        book.under_way -= 1;
        if let Some(client) = book.clients.get_mut(&self.client) {
            client.under_way -= 1;
            // Waiters of calls that were dropped stay until their turn; the client with them.
            if client.under_way == 0 && client.waiting.is_empty() {
                book.clients.remove(&self.client);
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(admission) = self.0.take() {
            admission.pass_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn admission(calls: usize, calls_of_one: usize, executing: usize) -> Admission {
        Admission::new(CallLimits { calls, calls_of_one, executing, ..CallLimits::default() })
    }

    #[test]
    fn admission_is_bounded_in_all_and_for_each_client() {
        let admission = admission(3, 2, 1);
        let (a, b): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
        let first = admission.enter(&a);
        let _second = admission.enter(&a);
        assert_eq!(admission.enter(&a).err(), Some(Busy::One(2)));
        let _third = admission.enter(&b);
        assert_eq!(admission.enter(&b).err(), Some(Busy::All(3)));
        drop(first);
        assert!(admission.enter(&a).is_ok());
    }

    #[tokio::test]
    async fn clients_take_turns_whoever_asked_more() {
        let admission = admission(1000, 1000, 1);
        let running = admission.enter(&"x".into()).expect("let in");
        let turn = running.turn().await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for (client, calls) in [("greedy", 5), ("modest", 2), ("other", 1)] {
            for _ in 0..calls {
                let entry = admission.enter(&client.into()).expect("let in");
                let order = Arc::clone(&order);
                let mut waits = Box::pin(async move {
                    let _turn = entry.turn().await;
                    order.lock().push(client);
                });
                assert!(futures_util::poll!(&mut waits).is_pending());
                tasks.push(tokio::spawn(waits));
            }
        }
        drop(turn);
        for task in tasks {
            task.await.expect("no panic");
        }
        assert_eq!(
            *order.lock(),
            ["greedy", "modest", "other", "greedy", "modest", "greedy", "greedy", "greedy"]
        );
        drop(running);
        assert_eq!(admission.under_way(), 0);
        assert!(admission.0.book.lock().clients.is_empty());
    }

    #[tokio::test]
    async fn a_call_that_gave_up_waiting_loses_no_place() {
        let admission = admission(10, 10, 1);
        let client: Arc<str> = "a".into();
        let (running, gone, late) =
            (admission.enter(&client).ok(), admission.enter(&client).ok(), admission.enter(&client).ok());
        let (running, gone, late) = (running.expect("in"), gone.expect("in"), late.expect("in"));
        let turn = running.turn().await;
        {
            let mut waits = Box::pin(gone.turn());
            assert!(futures_util::poll!(&mut waits).is_pending());
        }
        {
            // Given its turn, but dropped before it took it.
            let mut waits = Box::pin(gone.turn());
            assert!(futures_util::poll!(&mut waits).is_pending());
            drop(turn);
        }
        tokio::time::timeout(Duration::from_secs(5), late.turn()).await.expect("its turn");
        assert_eq!(admission.0.book.lock().executing, 0);
    }
}
