//! The report, for people and for programs.

use std::fmt::Write;

use runspaced::locate::{Candidate, Survey, Verdict};
use serde_json::json;

use super::check::{Check, State};
use super::measure::Start;
use crate::cli::Exit;
use crate::cli::screen::{Palette, Tone};

/// Everything that was found.
pub struct Report {
    /// Where PowerShell was looked for.
    pub survey: Survey,
    /// What was looked at.
    pub checks: Vec<Check>,
    /// What runs; absent if nothing does.
    pub start: Option<Start>,
}

impl Report {
    /// 0, 1 or 69.
    pub fn exit(&self) -> Exit {
        if self.survey.home().is_none() {
            Exit::NO_POWERSHELL
        } else if self.checks.iter().any(|check| check.state == State::Failed) {
            Exit::FAILED
        } else {
            Exit::OK
        }
    }

    /// For programs.
    pub fn json(&self) -> String {
        let platform = json!({ "system": std::env::consts::OS, "architecture": std::env::consts::ARCH });
        let document = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "host_abi": runspaced::border::ABI_VERSION,
            "platform": platform,
            "exit_code": self.exit().code(),
            "checks": self.checks,
            "search": self.survey,
            "start": self.start,
        });
        format!("{document:#}\n")
    }

    /// For people.
    pub fn text(&self, palette: Palette) -> String {
        let mut text = String::new();
        let heading = |text: &mut String, title: &str| {
            let _ = writeln!(
                text,
                "{}{}",
                if text.is_empty() { "" } else { "\n" },
                palette.paint(Tone::Strong, title)
            );
        };
        heading(&mut text, "Where PowerShell was looked for");
        for (index, candidate) in self.survey.candidates.iter().enumerate() {
            let _ = writeln!(text, "{}", self.place(index, candidate, palette));
        }
        if let Some(start) = &self.start {
            heading(&mut text, "What runs");
            let home = self.survey.home();
            let layout = home.map(|home| {
                format!(
                    "{} ({:?}, .NET {} in {})",
                    home.path.display(),
                    home.layout,
                    home.dotnet.version,
                    home.dotnet.root.display()
                )
            });
            for (name, value) in
                layout.map(|layout| ("installation", layout)).into_iter().chain(start.lines())
            {
                let _ = writeln!(text, "  {name:13} {value}");
            }
        }
        heading(&mut text, "What was checked");
        for check in &self.checks {
            let (mark, tone) = match check.state {
                State::Ok => ("ok", Tone::Good),
                State::Warning => ("note", Tone::Notice),
                State::Failed => ("WRONG", Tone::Bad),
            };
            let _ = writeln!(
                text,
                "  {} {:17} {}",
                palette.paint(tone, format_args!("{mark:5}")),
                check.id,
                check.evidence
            );
            if let Some(remedy) = &check.remedy {
                let _ = writeln!(text, "        {:17} {} {remedy}", "", palette.paint(Tone::Strong, "->"));
            }
        }
        let wrong = self.checks.iter().filter(|check| check.state == State::Failed).count();
        let _ = match (self.exit(), wrong) {
            (Exit::OK, _) => writeln!(text, "\n{}", palette.paint(Tone::Good, "PowerShell can be hosted.")),
            (Exit::NO_POWERSHELL, _) => {
                writeln!(text, "\n{}", palette.paint(Tone::Bad, "There is no PowerShell that can be hosted."))
            }
            (_, wrong) => writeln!(text, "\n{}", palette.paint(Tone::Bad, format_args!("{wrong} wrong."))),
        };
        text
    }

    fn place(&self, index: usize, candidate: &Candidate, palette: Palette) -> String {
        let origin = format!("{} ({})", candidate.origin.display(), candidate.place);
        match &candidate.verdict {
            Verdict::Suitable(home) => {
                let led = candidate.path.as_ref().filter(|path| **path != candidate.origin);
                let led = led.map(|path| format!(" -> {}", path.display())).unwrap_or_default();
                let chosen = self.survey.chosen == Some(index);
                let note = match self.survey.home() {
                    _ if chosen => "chosen",
                    Some(other) if other.path == home.path => "the same installation",
                    _ => "suitable, an earlier one was chosen",
                };
                let mark =
                    if chosen { palette.paint(Tone::Good, "=>") } else { palette.paint(Tone::Faint, "  ") };
                format!("  {mark} {origin}{led}: PowerShell {}, {note}", home.version)
            }
            Verdict::Unsuitable(reason) => {
                format!("  {} {origin}: {reason}. {}", palette.paint(Tone::Bad, "! "), reason.remedy())
            }
            _ => format!("     {}", palette.paint(Tone::Faint, format!("{origin}: nothing there"))),
        }
    }
}
