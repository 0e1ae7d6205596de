//! How a run ended: what is written, and the exit code.

use std::fs::File;

use runspaced::{Dropped, Error, ErrorRecord, Output, Timings, Truncation, TruncationReason};
use serde::Serialize;
use serde_json::value::RawValue;

use super::error_view::{error_text, is_native};
use super::shape::{self, Shape};
use crate::cli::Exit;
use crate::cli::screen::{Palette, Tone, complain, say};
use crate::signals::Wish;

/// How a run ended.
pub struct Outcome {
    /// The call's answer.
    pub result: runspaced::Result<Output>,
    /// What somebody outside wanted meanwhile.
    pub wish: Option<Wish>,
}

/// The document of `--full`.
#[derive(Serialize)]
struct Whole<'a> {
    completed: bool,
    output: &'a RawValue,
    records: &'a RawValue,
    error: Option<Failure<'a>>,
    exit_code: Option<i32>,
    native_exit_code: Option<i32>,
    succeeded: Option<bool>,
    had_errors: bool,
    count: u64,
    truncated: &'a [Truncation],
    dropped: Dropped,
    non_finite: &'a [String],
    timings: Timings,
}

#[derive(Serialize)]
struct Failure<'a> {
    code: &'static str,
    message: String,
    record: Option<&'a ErrorRecord>,
}

impl Outcome {
    /// What the call put out, as far as it came.
    pub fn output(&self) -> Option<&Output> {
        match &self.result {
            Ok(output) => Some(output),
            Err(error) => error.output(),
        }
    }

    /// Writes the output and what else is to be said, and gives the exit code.
    pub fn write(&self, shape: Shape, palette: Palette, file: &File) -> Exit {
        if let Err(exit) = self.write_output(shape, palette, file) {
            return exit;
        }
        if let Err(error) = &self.result {
            match (error, error.record()) {
                (Error::Script(_), Some(record)) => say(error_text(record, palette)),
                // Whoever pressed Ctrl-C knows.
                (Error::Cancelled { abandoned: false, .. } | Error::ShutDown, _) if self.wish.is_some() => {}
                _ => complain(palette, format_args!("{error} [{}]", error.code())),
            }
        }
        if let Some(output) = self.output() {
            self.note_losses(output, palette);
        }
        self.exit()
    }

    fn write_output(&self, shape: Shape, palette: Palette, file: &File) -> Result<(), Exit> {
        let text = match shape {
            Shape::Full => self.whole().map_err(|error| {
                complain(palette, format_args!("the result cannot be written: {error}"));
                Exit::FAILED
            })?,
            // As on a PowerShell prompt: what came before an error is worth reading.
            Shape::Text => self.output().map(shape::text).unwrap_or_default(),
            Shape::Lines => return Ok(()),
            // A program that reads values must not take a part for the whole.
            Shape::Json | Shape::Csv => match &self.result {
                Ok(output) if cut_short(output) => String::new(),
                Ok(output) if shape == Shape::Json => shape::json(output, file),
                Ok(output) => shape::rows(output).map_err(|error| {
                    complain(palette, error);
                    Exit::FAILED
                })?,
                Err(_) => String::new(),
            },
        };
        shape::write(file, &text, palette)
    }

    fn whole(&self) -> serde_json::Result<String> {
        let nothing = Output::default();
        let output = self.output().unwrap_or(&nothing);
        let document = Whole {
            completed: self.result.is_ok() && !cut_short(output),
            output: serde_json::from_str(output.json())?,
            records: serde_json::from_str(output.records_json())?,
            error: self.result.as_ref().err().map(|error| Failure {
                code: error.code(),
                message: error.to_string(),
                record: error.record(),
            }),
            exit_code: output.exit_code(),
            native_exit_code: output.native_exit_code(),
            succeeded: output.succeeded(),
            had_errors: output.had_errors(),
            count: output.count(),
            truncated: output.truncation(),
            dropped: output.dropped(),
            non_finite: output.non_finite(),
            timings: output.timings(),
        };
        serde_json::to_string(&document).map(|text| text + "\n")
    }

    fn note_losses(&self, output: &Output, palette: Palette) {
        if cut_short(output) {
            complain(
                palette,
                "the output is larger than limits.output_bytes, so the script was stopped. Select less, raise the limit \
                 (at most 64MiB), or use --ndjson, which has none",
            );
        } else if let Some(first) = output.truncation().first() {
            let note = format!(
                "note: {} values are cut, the first at {:?} ({}); --full lists them, section [limits] of the configuration \
                 allows more",
                output.truncation().len(),
                first.pointer,
                serde_json::to_value(first.reason).unwrap_or_default().as_str().unwrap_or_default(),
            );
            say(palette.paint(Tone::Faint, note));
        }
        let dropped = output.dropped().total();
        if dropped > 0 {
            say(palette
                .paint(Tone::Faint, format!("note: {dropped} records more were not kept (limits.records)")));
        }
    }

    fn exit(&self) -> Exit {
        match (&self.result, self.wish) {
            (Err(Error::Cancelled { .. } | Error::ShutDown), Some(wish)) => wish.exit(),
            (Err(error), _) => Exit::from(error),
            (Ok(output), _) if cut_short(output) => Exit::FAILED,
            (Ok(output), _) => of_script(output),
        }
    }
}

/// True if the script was stopped because its output used up the budget.
fn cut_short(output: &Output) -> bool {
    output.truncation().iter().any(|cut| cut.reason == TruncationReason::Bytes)
}

/// What `exit` was given; else, as with `pwsh -Command`, whether the last statement succeeded. Where that was a native
/// command, its own exit code says more than a 1.
fn of_script(output: &Output) -> Exit {
    match (output.exit_code(), output.succeeded(), output.native_exit_code()) {
        (Some(code), _, _) => Exit::of_script(code),
        (None, Some(false), Some(code)) if code != 0 && output.errors().iter().all(is_native) => {
            Exit::of_script(code)
        }
        (None, Some(false), _) => Exit::FAILED,
        _ => Exit::OK,
    }
}
