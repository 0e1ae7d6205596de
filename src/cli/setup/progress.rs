//! How far a download is: a bar on a terminal, a line now and then elsewhere.

use std::cell::Cell;
use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

use super::super::screen::say;

/// Shown on the error stream.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    total: Cell<Option<u64>>,
    /// The quarter that was said last.
    said: Cell<u64>,
}

impl Progress {
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::no_length();
            // A template that does not parse is the library's default one.
            if let Ok(style) =
                ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left")
            {
                bar.set_style(style);
            }
            bar
        });
        Self { bar, total: Cell::new(None), said: Cell::new(0) }
    }

    /// A try begins with that many bytes there.
    pub fn begin(&self, start: u64, total: Option<u64>) {
        self.total.set(total);
        match &self.bar {
            Some(bar) => {
                if let Some(total) = total {
                    bar.set_length(total);
                }
                bar.set_position(start);
                bar.reset_eta();
            }
            None if start > 0 => say(format_args!("{} MiB were there already.", start >> 20)),
            None => {}
        }
    }

    /// That many bytes are there.
    pub fn at(&self, length: u64) {
        match (&self.bar, self.total.get()) {
            (Some(bar), _) => bar.set_position(length),
            (None, Some(total)) if total > 0 => {
                let quarter = length.saturating_mul(4) / total;
                if quarter > self.said.get() {
                    self.said.set(quarter);
                    say(format_args!("{} % of {} MiB", quarter * 25, total >> 20));
                }
            }
            (None, _) => {}
        }
    }

    /// Says something beside it.
    pub fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(text)),
            None => say(text),
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
