//! Progress bars, on a terminal only.

use std::collections::BTreeMap;
use std::io::IsTerminal;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use runspaced::{Record, RecordData};

/// The bars of a call, one an activity.
pub struct Bars {
    all: Option<MultiProgress>,
    bars: BTreeMap<i64, ProgressBar>,
}

impl Bars {
    /// No bars yet; there will be none if the error stream is not a terminal.
    pub fn new() -> Self {
        let all = std::io::stderr()
            .is_terminal()
            .then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)));
        Self { all, bars: BTreeMap::new() }
    }

    /// Shows a progress record.
    pub fn show(&mut self, record: &Record) {
        let (Some(all), RecordData::Value(value)) = (&self.all, &record.data) else { return };
        let id = value["activityId"].as_i64().unwrap_or_default();
        if value["completed"] == true {
            if let Some(bar) = self.bars.remove(&id) {
                bar.finish_and_clear();
                all.remove(&bar);
            }
            return;
        }
        let bar = self.bars.entry(id).or_insert_with(|| all.add(ProgressBar::new(100)));
        let percent = value["percent"].as_u64().filter(|percent| *percent <= 100);
        let template = match percent {
            Some(_) => "{prefix} [{bar:30}] {percent:>3}% {wide_msg}",
            None => "{prefix} {spinner} {wide_msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let detail: Vec<String> =
            [text("status"), text("currentOperation")].into_iter().filter(|text| !text.is_empty()).collect();
        bar.set_prefix(text("activity"));
        bar.set_message(detail.join(": "));
        match percent {
            Some(percent) => bar.set_position(percent),
            None => bar.tick(),
        }
    }

    /// Does something on the terminal beside the bars.
    pub fn aside(&self, something: impl FnOnce()) {
        match &self.all {
            Some(all) => all.suspend(something),
            None => something(),
        }
    }

    /// Takes all bars away.
    pub fn clear(&mut self) {
        for bar in std::mem::take(&mut self.bars).into_values() {
            bar.finish_and_clear();
        }
        if let Some(all) = &self.all {
            let _ = all.clear();
        }
    }
}
