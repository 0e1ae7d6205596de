//! Waiting for an answer on a thread: watching for a moment, then sleeping.
//!
//! A short call is over sooner than a sleeping thread is woken, and waking one costs the slot's thread a system call on the
//! call's own way. So a thread that waits looks for the answer a little while first, if the machine has room for that: with
//! more watchers than cores to spare they would take the time from the slots they wait for.

use std::{
    future::Future,
    hint,
    num::NonZero,
    pin::pin,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

/// How long a thread watches.
const WATCH: Duration = Duration::from_millis(1);
/// Looks between two offers of the core to somebody else.
const LOOKS: u32 = 50;
/// An offer that takes longer was accepted: the machine is busy.
const CONTENDED: Duration = Duration::from_micros(50);
/// How long a call counts as one that keeps a core busy. A longer one may as well wait for something, and a call beside it would
/// never be watched for; if it does compute, the caution finds out.
const SHORT: Duration = Duration::from_millis(10);

/// Threads that wait for an answer, none of them for longer than [`SHORT`]. Each stands for a slot that runs.
static WAITING: AtomicUsize = AtomicUsize::new(0);
/// Those of them that watch.
static WATCHING: AtomicUsize = AtomicUsize::new(0);
static CORES: LazyLock<usize> = LazyLock::new(|| thread::available_parallelism().map_or(1, NonZero::get));

/// What watching has cost lately.
static CAUTION: Caution = Caution { waits: AtomicU32::new(0), next: AtomicU32::new(0) };

/// Leaves watching out for a while after it was in vain. A core that is offered to somebody else may be away for a whole time slice,
/// which is dozens of short calls: on a busy machine watching is worse than sleeping, and only trying it shows whether it still is.
struct Caution {
    /// Waits that are still to sleep at once.
    waits: AtomicU32,
    /// How many it will be the next time.
    next: AtomicU32,
}

impl Caution {
    const FEWEST: u32 = 8;
    const MOST: u32 = 4_096;

    fn allows(&self) -> bool {
        self.waits.load(Ordering::Relaxed) == 0
            || self
                .waits
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waits| waits.checked_sub(1))
                .is_err()
    }

    fn lost_the_core(&self) {
        let waits = self.next.load(Ordering::Relaxed).clamp(Self::FEWEST, Self::MOST);
        self.waits.store(waits, Ordering::Relaxed);
        self.next.store(waits.saturating_mul(2), Ordering::Relaxed);
    }

    fn was_worth_it(&self) {
        let next = self.next.load(Ordering::Relaxed);
        if next > 0 {
            self.next.store(next / 2, Ordering::Relaxed);
        }
    }
}

/// A thread that is counted for as long as this lives.
struct Counted(&'static AtomicUsize);

impl Counted {
    fn among(count: &'static AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Bell {
    rung: AtomicBool,
    sleeper: Thread,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        // Costs next to nothing while the other side watches.
        self.sleeper.unpark();
    }
}

/// Waits for a future that is woken from another thread. Needs no runtime.
pub(super) fn wait<F: Future>(future: F) -> F::Output {
    let bell = Arc::new(Bell { rung: AtomicBool::new(false), sleeper: thread::current() });
    let waker = Waker::from(Arc::clone(&bell));
    let mut context = Context::from_waker(&waker);
    // A task of tokio may only look so often before it has to give way; on a thread inside one this would never have done so.
    let mut future = pin!(tokio::task::unconstrained(future));
    let mut waiting = Some(Counted::among(&WAITING));
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => {
                watch(&bell.rung);
                sleep(&bell.rung, &mut waiting);
            }
        }
    }
}

/// Sleeps until the bell rings.
fn sleep(rung: &AtomicBool, waiting: &mut Option<Counted>) {
    while !rung.swap(false, Ordering::Acquire) {
        if waiting.is_none() {
            thread::park();
            continue;
        }
        let asleep = Instant::now();
        thread::park_timeout(SHORT);
        if asleep.elapsed() >= SHORT {
            *waiting = None;
        }
    }
}

/// The same in a task, on a thread that has little else to do: while it watches, the thread's other tasks go on, and its
/// runtime looks for input without sleeping.
pub(crate) async fn wait_in_task<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waiting = Counted::among(&WAITING);
    if let Some(watch) = Watch::begin() {
        loop {
            // Nobody has to wake who watches.
            let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            if let Poll::Ready(output) = polled {
                watch.was_worth_it();
                return output;
            }
            if !has_room() || !watch.goes_on() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    if let Ok(output) = tokio::time::timeout(SHORT, future.as_mut()).await {
        return output;
    }
    drop(waiting);
    future.await
}

/// Returns when the bell has rung, or watching is no use any more.
fn watch(rung: &AtomicBool) {
    let Some(watch) = Watch::begin() else { return };
    while has_room() {
        if look(rung) {
            watch.was_worth_it();
            return;
        }
        if !watch.goes_on() {
            return;
        }
    }
}

/// A thread watches.
struct Watch {
    start: Instant,
    _watching: Counted,
}

impl Watch {
    /// `None`: it has lately been in vain.
    fn begin() -> Option<Self> {
        CAUTION.allows().then(|| Self { start: Instant::now(), _watching: Counted::among(&WATCHING) })
    }

    /// Offers the core to somebody else. False if watching is no use any more.
    fn goes_on(&self) -> bool {
        let offered = Instant::now();
        if offered - self.start > WATCH {
            return false;
        }
        thread::yield_now();
        let kept = offered.elapsed() <= CONTENDED;
        if !kept {
            CAUTION.lost_the_core();
        }
        kept
    }

    fn was_worth_it(&self) {
        CAUTION.was_worth_it();
    }
}

/// A core for each slot that works for a waiting thread, and one for each thread that watches.
fn has_room() -> bool {
    WAITING.load(Ordering::Relaxed) + WATCHING.load(Ordering::Relaxed) <= *CORES
}

fn look(rung: &AtomicBool) -> bool {
    (0..LOOKS).any(|_| {
        hint::spin_loop();
        rung.load(Ordering::Relaxed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_arrives_whether_it_comes_at_once_while_watching_or_while_asleep() {
        assert_eq!(wait(std::future::ready(1)), 1);
        for pause in [Duration::ZERO, WATCH / 4, WATCH * 5] {
            let (sender, receiver) = tokio::sync::oneshot::channel();
            let other = thread::spawn(move || {
                thread::sleep(pause);
                sender.send(pause)
            });
            assert_eq!(wait(receiver), Ok(pause));
            assert!(other.join().is_ok_and(|sent| sent.is_ok()));
        }
    }

    #[tokio::test]
    async fn a_task_that_waits_is_answered_and_lets_others_run() {
        assert_eq!(wait_in_task(std::future::ready(1)).await, 1);
        for pause in [Duration::ZERO, WATCH / 4, WATCH * 5] {
            let (sender, receiver) = tokio::sync::oneshot::channel();
            let waiting = tokio::spawn(wait_in_task(receiver));
            // On this thread, which watches meanwhile.
            tokio::time::sleep(pause).await;
            sender.send(pause).expect("somebody waits");
            assert_eq!(waiting.await.expect("no panic"), Ok(pause));
        }
    }

    #[tokio::test]
    async fn a_thread_that_waits_inside_a_task_is_answered_however_often() {
        for number in 0..1_000 {
            let (sender, receiver) = tokio::sync::oneshot::channel();
            sender.send(number).expect("somebody waits");
            assert_eq!(wait(receiver), Ok(number));
        }
    }

    #[test]
    fn a_lost_core_lets_the_next_waits_sleep_ever_more_of_them_until_watching_pays_again() {
        let caution = Caution { waits: AtomicU32::new(0), next: AtomicU32::new(0) };
        let slept = || (0..10_000).take_while(|_| !caution.allows()).count();
        assert_eq!(slept(), 0);
        for expected in [8, 16, 32] {
            caution.lost_the_core();
            assert_eq!(slept(), expected);
        }
        (0..3).for_each(|_| caution.was_worth_it());
        caution.lost_the_core();
        assert_eq!(slept(), 8);
        (0..20).for_each(|_| caution.lost_the_core());
        assert_eq!(slept(), Caution::MOST as usize);
    }

    #[test]
    fn more_waiters_than_watchers_are_all_answered() {
        let threads: Vec<_> = (0..32)
            .map(|n| {
                thread::spawn(move || {
                    let (sender, receiver) = tokio::sync::oneshot::channel();
                    let other = thread::spawn(move || sender.send(n));
                    let answer = wait(receiver);
                    let _ = other.join();
                    answer
                })
            })
            .collect();
        for (n, thread) in threads.into_iter().enumerate() {
            assert_eq!(thread.join().expect("it waits, no more"), Ok(n));
        }
    }
}
