//! The shapes of output, and writing them.

use std::fs::File;
use std::io::{self, IsTerminal, Write};

use runspaced::Output;

use super::csv;
use crate::cli::Exit;
use crate::cli::screen::{Palette, complain};

/// What is written to the standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// An array of the output values.
    Json,
    /// The whole result.
    Full,
    /// One value a line, as they come.
    Lines,
    /// What PowerShell would print.
    Text,
    /// Comma-separated values.
    Csv,
}

/// An array of values: one line for programs, a value a line for people.
pub fn json(output: &Output, file: &File) -> String {
    match output.raw_values() {
        Ok(values) if file.is_terminal() && !values.is_empty() => {
            let values: Vec<&str> = values.iter().map(|value| value.get()).collect();
            format!("[\n  {}\n]\n", values.join(",\n  "))
        }
        _ => format!("{}\n", output.json()),
    }
}

/// What PowerShell would print, its last line ended.
pub fn text(output: &Output) -> String {
    let mut text = output.text().unwrap_or_default();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// A heading and a row a value.
pub fn rows(output: &Output) -> Result<String, String> {
    output.values().map_err(|error| error.to_string()).and_then(|values| csv::write(&values))
}

/// Writes everything or says why not.
pub fn write(file: &File, text: &str, palette: Palette) -> Result<(), Exit> {
    write_all(file, text).map_err(|error| unwritten(palette, &error))
}

/// Writes everything.
///
/// # Errors
/// What the system says.
pub fn write_all(mut file: &File, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.flush()
}

/// Writes one value, which has no line breaks in it.
pub fn write_line(file: &File, value: &str) -> io::Result<()> {
    write_all(file, &format!("{value}\n"))
}

/// A reader that has gone knows that it has; anything else is said.
pub fn unwritten(palette: Palette, error: &io::Error) -> Exit {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Exit::BROKEN_PIPE;
    }
    complain(palette, format_args!("the output cannot be written: {error}"));
    Exit::FAILED
}
