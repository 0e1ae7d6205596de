//! The demo on a terminal: what is under way, and what came of it.

use std::io::{self, IsTerminal as _, Write};
use std::time::Duration;

use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};

use super::record::{CallRecord, Record, StepRecord, cell};
use crate::cli::screen::{Palette, Tone};

/// Rows of a table that are shown.
const ROWS: usize = 8;
/// Characters of a cell.
const CELL: usize = 44;
/// Characters of a call's arguments.
const ARGUMENTS: usize = 100;

/// What is under way, on the error stream if that is a terminal.
pub struct Progress(Option<ProgressBar>);

impl Progress {
    pub fn new(steps: usize) -> Self {
        Self(io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(steps as u64);
            // A template that does not parse is the library's default one.
            if let Ok(style) = ProgressStyle::with_template("{spinner} {pos}/{len} {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        }))
    }

    pub fn tell(&self, text: &str) {
        if let Some(bar) = &self.0 {
            bar.set_message(text.to_owned());
        }
    }

    /// A step is over. What is written meanwhile does not mix with the bar.
    pub fn step(&self, write: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        match &self.0 {
            Some(bar) => {
                bar.inc(1);
                bar.suspend(write)
            }
            None => write(),
        }
    }

    pub fn end(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// What comes before the steps.
pub fn heading(out: &mut impl Write, record: &Record, palette: Palette) -> io::Result<()> {
    let title = format!("runspaced {}: a morning in a simulated Azure", record.version);
    writeln!(out, "{}", palette.paint(Tone::Strong, title))?;
    let about = format!(
        "{} tools over MCP {}, ready after {:.0} ms. No account, no network: everything happens in this process.",
        record.server.tools, record.server.protocol, record.ready_ms
    );
    writeln!(out, "{}", palette.paint(Tone::Faint, about))
}

/// A step with its calls.
pub fn step(out: &mut impl Write, number: usize, step: &StepRecord, palette: Palette) -> io::Result<()> {
    let (mark, tone) = if step.ok { ("ok", Tone::Good) } else { ("FAILED", Tone::Bad) };
    let heading = palette.paint(Tone::Strong, format!("{number}. {}", step.question));
    writeln!(out, "\n{heading}  {}", palette.paint(tone, mark))?;
    for call in &step.calls {
        writeln!(out, "   {}", palette.paint(Tone::Faint, asked(call)))?;
    }
    writeln!(out, "   {}", step.said)?;
    if step.rows.is_empty() {
        return Ok(());
    }
    for line in table(step).lines() {
        writeln!(out, "   {}", line.trim_end())?;
    }
    match step.rows.len().saturating_sub(ROWS) {
        0 => Ok(()),
        more => writeln!(out, "   {}", palette.paint(Tone::Faint, format!("... and {more} more"))),
    }
}

/// What comes after the steps.
pub fn closing(out: &mut impl Write, record: &Record, palette: Palette) -> io::Result<()> {
    let text = format!(
        "{} steps, {} calls of tools, {} requests to Azure, {:.1} s.",
        record.steps.len(),
        record.calls(),
        record.azure_requests,
        record.total_ms / 1_000.0
    );
    writeln!(out, "\n{text}")?;
    match record.failed {
        0 => Ok(()),
        1 => writeln!(out, "{}", palette.paint(Tone::Bad, "1 step failed.")),
        some => writeln!(out, "{}", palette.paint(Tone::Bad, format!("{some} steps failed."))),
    }
}

/// A call in one line.
fn asked(call: &CallRecord) -> String {
    let outcome = if call.failed { ", refused" } else { "" };
    format!(
        "{} {}  {:.0} ms{outcome}",
        call.tool,
        short(&call.arguments.to_string(), ARGUMENTS),
        call.took_ms
    )
}

fn table(step: &StepRecord) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(&step.columns);
    for row in step.rows.iter().take(ROWS) {
        table.add_row(step.columns.iter().map(|column| short(&cell(&row[*column]), CELL)));
    }
    table.to_string()
}

fn short(text: &str, most: usize) -> String {
    let line = text.replace('\n', " ");
    if line.chars().count() <= most {
        return line;
    }
    let kept: String = line.chars().take(most.saturating_sub(3)).collect();
    format!("{}...", kept.trim_end())
}
