//! Errors, warnings and the other streams, on the error stream as PowerShell would show them.

use runspaced::{Record, RecordData, Stream};

use super::error_view::error_text;
use super::progress::Bars;
use crate::cli::screen::{Palette, Tone, say};

/// Tells records as they come.
pub struct Teller {
    palette: Palette,
    bars: Bars,
    /// What was told, to find out at the end what was missed.
    told: Vec<Record>,
}

impl Teller {
    /// Nothing told yet.
    pub fn new(palette: Palette) -> Self {
        Self { palette, bars: Bars::new(), told: Vec::new() }
    }

    /// Tells one.
    pub fn tell(&mut self, record: Record) {
        if record.stream == Stream::Progress {
            self.bars.show(&record);
        } else {
            self.write(&record);
            self.told.push(record);
        }
    }

    /// Tells one that came as JSON.
    pub fn tell_json(&mut self, stream: Stream, json: &str) {
        let data = match stream {
            Stream::Error => serde_json::from_str(json).map(|error| RecordData::Error(Box::new(error))),
            Stream::Warning | Stream::Verbose | Stream::Debug => {
                serde_json::from_str(json).map(RecordData::Text)
            }
            _ => serde_json::from_str(json).map(RecordData::Value),
        };
        if let Ok(data) = data {
            self.tell(Record { stream, at: 0, data });
        }
    }

    /// Tells those of a result that did not come while it ran.
    pub fn tell_missed(&mut self, all: &[Record]) {
        let told = std::mem::take(&mut self.told);
        for record in missed(&told, all) {
            self.write(record);
        }
    }

    /// Takes the bars away while something else uses the terminal.
    pub async fn suspended<T>(&mut self, other: impl Future<Output = T>) -> T {
        self.bars.clear();
        other.await
    }

    /// Takes the bars away.
    pub fn finish(&mut self) {
        self.bars.clear();
    }

    fn write(&self, record: &Record) {
        if let Some(line) = text_of(record, self.palette) {
            self.bars.aside(|| say(line));
        }
    }
}

/// What is in `all` and not in `told`. Both are in the order of the script.
fn missed<'a>(told: &[Record], all: &'a [Record]) -> Vec<&'a Record> {
    let mut told = told.iter().peekable();
    all.iter()
        .filter(|record| record.stream != Stream::Progress)
        .filter(|record| told.next_if(|next| next == record).is_none())
        .collect()
}

fn text_of(record: &Record, palette: Palette) -> Option<String> {
    let plain = |label: &str| match &record.data {
        RecordData::Text(text) => Some(palette.paint(Tone::Notice, format!("{label}: {text}")).to_string()),
        _ => None,
    };
    match (record.stream, &record.data) {
        (Stream::Error, RecordData::Error(error)) => Some(error_text(error, palette)),
        (Stream::Warning, _) => plain("WARNING"),
        (Stream::Verbose, _) => plain("VERBOSE"),
        (Stream::Debug, _) => plain("DEBUG"),
        // Others were not meant for the screen: PowerShell shows them only where a preference says so.
        (Stream::Information, RecordData::Value(value)) if value["host"] == true => {
            value["message"].as_str().map(str::to_owned)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(text: &str) -> Record {
        Record { stream: Stream::Warning, at: 0, data: RecordData::Text(text.to_owned()) }
    }

    #[test]
    fn what_was_not_told_is_found() {
        let all = ["a", "b", "b", "c"].map(warning);
        let texts = |told: &[Record]| missed(told, &all).into_iter().cloned().collect::<Vec<_>>();
        assert_eq!(texts(&[]), all);
        assert_eq!(texts(&all), []);
        assert_eq!(texts(&[warning("a"), warning("b")]), [warning("b"), warning("c")]);
        assert_eq!(texts(&[warning("b"), warning("c")]), [warning("a"), warning("b")]);
    }

    #[test]
    fn only_what_is_meant_for_the_screen_is_shown() {
        let palette = Palette { colours: false };
        let information = |host: bool| Record {
            stream: Stream::Information,
            at: 0,
            data: RecordData::Value(serde_json::json!({ "message": "hi", "host": host })),
        };
        assert_eq!(text_of(&information(true), palette).as_deref(), Some("hi"));
        assert_eq!(text_of(&information(false), palette), None);
        assert_eq!(text_of(&warning("w"), palette).as_deref(), Some("WARNING: w"));
    }
}
