//! What settlements report: the engine tells its log.

use std::fmt::Debug;
use std::sync::OnceLock;

use parking_lot::Mutex;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// The changes that were reported since the last look.
pub struct Reports(&'static Mutex<Vec<String>>);

impl Reports {
    /// Listens from now on. Once a process.
    pub fn listen() -> Self {
        static SEEN: OnceLock<Mutex<Vec<String>>> = OnceLock::new();
        let seen = SEEN.get_or_init(Mutex::default);
        let subscriber = tracing_subscriber::registry().with(Listener(seen));
        tracing::subscriber::set_global_default(subscriber).expect("nobody else listens in a test's process");
        Self(seen)
    }

    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock())
    }
}

struct Listener(&'static Mutex<Vec<String>>);

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target().starts_with("runspaced::pool") {
            event.record(&mut Changes(self.0));
        }
    }
}

struct Changes(&'static Mutex<Vec<String>>);

impl Visit for Changes {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "changes" {
            self.0.lock().push(format!("{value:?}"));
        }
    }
}
