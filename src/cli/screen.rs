//! What people see: whether there are colours, and how a message looks.

use std::fmt::{self, Display};
use std::io::{IsTerminal, Write};

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColourChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColourChoice {
    /// Whether a stream gets colours.
    pub fn applies_to(self, stream: &impl IsTerminal) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
                stream.is_terminal() && !set("NO_COLOR") && !dumb
            }
        }
    }
}

/// A colour, or rather a role that has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something failed.
    Bad,
    /// Something to look at.
    Notice,
    /// Something is fine.
    Good,
    /// Beside the point.
    Faint,
    /// A heading.
    Strong,
}

/// Text in a tone; without colours just the text.
#[derive(Debug, Clone, Copy)]
pub struct Toned<T> {
    text: T,
    tone: Option<Tone>,
}

/// Gives texts their tones, or not.
#[derive(Debug, Clone, Copy)]
pub struct Palette {
    /// Whether there are colours.
    pub colours: bool,
}

impl Palette {
    /// A text in a tone.
    pub fn paint<T: Display>(self, tone: Tone, text: T) -> Toned<T> {
        Toned { text, tone: self.colours.then_some(tone) }
    }
}

impl<T: Display> Display for Toned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = match self.tone {
            None => return self.text.fmt(f),
            Some(Tone::Bad) => "31;1",
            Some(Tone::Notice) => "33;1",
            Some(Tone::Good) => "32",
            Some(Tone::Faint) => "2",
            Some(Tone::Strong) => "1",
        };
        write!(f, "\x1b[{code}m{}\x1b[0m", self.text)
    }
}

/// Says something on the error stream. That nobody listens there is no reason to fail.
pub fn say(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Says what went wrong on the error stream.
pub fn complain(palette: Palette, text: impl Display) {
    say(format_args!("{} {text}", palette.paint(Tone::Bad, "runspaced:")));
}
