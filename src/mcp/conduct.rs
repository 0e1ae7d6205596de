//! A call under way and those who follow it: progress, log and questions go to the client while the work goes on, and a
//! clock that stands still while a person thinks ends it in time.

use std::{
    collections::VecDeque,
    pin::{Pin, pin},
    time::Duration,
};

use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    call::{JobEvent, LogLevel, Sent, Wants},
    progress::{Meter, ProgressRecord, ProgressUpdate},
    question::{Form, Question, Response},
};

/// A client that asked for progress hears at least this often that the call goes on.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Those who follow a call.
pub(crate) trait Audience: Send + Sync {
    /// What they want to hear.
    fn wants(&self) -> Wants;
    fn progress(&self, update: ProgressUpdate) -> Sent;
    fn log(&self, level: LogLevel, text: String) -> Sent;
    /// Brings a form to the person.
    fn ask(&self, form: Form) -> Asking<'_>;
}

/// A form on its way to the person and back.
pub(crate) type Asking<'a> = Pin<Box<dyn Future<Output = Response> + Send + 'a>>;

/// How long a call may take.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    /// Time for the work; what a person takes to answer does not count.
    pub(crate) deadline: Duration,
    /// Told when the time is over.
    pub(crate) stop: CancellationToken,
}

/// Why a question was not answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Unanswered {
    /// An answer would be a secret; names of its fields, if it has any.
    Secret(Vec<String>),
    Declined,
    Failed(String),
}

/// How the work ended, and the last question that nobody answered.
pub(crate) struct Conducted<T> {
    pub(crate) result: T,
    pub(crate) unanswered: Option<Unanswered>,
}

/// Follows some work to its end. All updates are on their way before it returns.
pub(crate) async fn conduct<T>(
    work: impl Future<Output = T>,
    mut events: mpsc::Receiver<JobEvent>,
    audience: &dyn Audience,
    clock: Clock,
) -> Conducted<T> {
    let mut work = pin!(work);
    let mut desk = Desk { audience, waiting: VecDeque::new(), asking: None, unanswered: None };
    let mut pulse = Pulse::new(audience.wants().progress);
    let mut left = clock.deadline;
    let mut since = Instant::now();
    loop {
        let asking = desk.asking.is_some();
        let next_update = pulse.due();
        tokio::select! {
            biased;
            result = &mut work => {
                last_words(&mut events, &mut pulse, audience).await;
                return Conducted { result, unanswered: desk.unanswered };
            }
            response = desk.response(), if asking => {
                desk.settle(response);
                since = Instant::now();
            }
            Some(event) = events.recv() => match event {
                JobEvent::Progress(record) => pulse.meter.record(record),
                JobEvent::Log(level, text) => audience.log(level, text).await,
                JobEvent::Question(question) => {
                    if !asking {
                        left = left.saturating_sub(since.elapsed());
                    }
                    desk.take(question);
                }
            },
            () = sleep_until(next_update) => {
                if let Some(update) = pulse.update() {
                    audience.progress(update).await;
                }
            }
            () = tokio::time::sleep_until(since + left), if !asking && !clock.stop.is_cancelled() => {
                clock.stop.cancel();
            }
        }
    }
}

/// What was said just before the end.
async fn last_words(events: &mut mpsc::Receiver<JobEvent>, pulse: &mut Pulse, audience: &dyn Audience) {
    while let Ok(event) = events.try_recv() {
        match event {
            JobEvent::Progress(record) => pulse.meter.record(record),
            JobEvent::Log(level, text) => audience.log(level, text).await,
            JobEvent::Question(_) => {}
        }
    }
    if let Some(update) = pulse.meter.update() {
        audience.progress(update).await;
    }
}

async fn sleep_until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// Questions for the person, one after the other.
struct Desk<'a> {
    audience: &'a dyn Audience,
    /// The first one is being asked.
    waiting: VecDeque<(Form, Question)>,
    asking: Option<Asking<'a>>,
    unanswered: Option<Unanswered>,
}

impl Desk<'_> {
    fn take(&mut self, question: Question) {
        if question.is_secret() {
            // Dropped, and so refused.
            self.unanswered = Some(Unanswered::Secret(question.fields));
            return;
        }
        self.waiting.push_back((question.form(), question));
        if self.asking.is_none() {
            self.ask_next();
        }
    }

    fn ask_next(&mut self) {
        self.asking = self.waiting.front().map(|(form, _)| self.audience.ask(form.clone()));
    }

    async fn response(&mut self) -> Response {
        match &mut self.asking {
            Some(asking) => asking.await,
            None => std::future::pending().await,
        }
    }

    fn settle(&mut self, response: Response) {
        if let Some((form, question)) = self.waiting.pop_front() {
            match response {
                Response::Accepted(content) => match form.read(&content) {
                    Ok(values) => (question.answer)(values),
                    Err(reason) => self.unanswered = Some(Unanswered::Failed(reason)),
                },
                Response::Declined => self.unanswered = Some(Unanswered::Declined),
                Response::Failed(reason) => self.unanswered = Some(Unanswered::Failed(reason)),
            }
        }
        self.ask_next();
    }
}

/// Progress of the script, and a sign of life where it has none to tell.
struct Pulse {
    meter: Meter,
    wanted: bool,
    begun: Instant,
    last: Instant,
    text: String,
}

impl Pulse {
    fn new(wanted: bool) -> Self {
        let now = Instant::now();
        Self { meter: Meter::new(), wanted, begun: now, last: now, text: String::new() }
    }

    fn due(&self) -> Option<Instant> {
        let heartbeat = self.last + HEARTBEAT;
        self.wanted.then(|| self.meter.due().map_or(heartbeat, |due| due.min(heartbeat)))
    }

    fn update(&mut self) -> Option<ProgressUpdate> {
        if self.meter.due().is_none() {
            let seconds = self.begun.elapsed().as_secs();
            let text = if self.text.is_empty() { "running" } else { &self.text };
            self.meter.record(ProgressRecord { percent: None, text: format!("{text} ({seconds} s)") });
        } else if let Some(record) = self.meter.waiting() {
            self.text.clone_from(&record.text);
        }
        self.last = Instant::now();
        self.meter.update()
    }
}
