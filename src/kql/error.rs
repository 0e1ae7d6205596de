//! Positions and problems.

use std::fmt;

/// A part of a query text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// From `start` up to, not including, `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The least span that contains both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// What kind of move a problem asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The text is no KQL (`SYN0001`, `SYN0002`).
    Syntax,
    /// The text is KQL, but names or types do not fit (`SEM...`).
    Semantic,
    /// The query is KQL that this evaluator does not run (`UNS0001`).
    Unsupported,
    /// A row could not be computed (`RUN0001`).
    Runtime,
    /// A limit was met (`LIM...`): rows, memory, time, depth.
    Limit,
    /// The caller asked to stop (`CAN0001`).
    Cancelled,
}

/// Why a query was refused, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// What kind of problem it is.
    pub kind: ProblemKind,
    /// A stable code in the manner of the service: `SYN0002`, `SEM0100`.
    pub code: &'static str,
    /// One sentence: what is wrong, what was found.
    pub message: String,
    /// What would work, if that is known.
    pub hint: Option<String>,
    /// Where, if it has a place.
    pub span: Option<Span>,
}

/// The result of the stages of this module.
pub type Result<T> = std::result::Result<T, Problem>;

impl Problem {
    pub(super) fn new(kind: ProblemKind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into(), hint: None, span: None }
    }

    pub(super) fn semantic(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ProblemKind::Semantic, code, message)
    }

    pub(super) fn unsupported(what: impl fmt::Display) -> Self {
        Self::new(ProblemKind::Unsupported, "UNS0001", format!("{what} is KQL, but is not supported here"))
            .hint("docs/kql.md lists the operators and functions that are")
    }

    pub(super) fn runtime(message: impl Into<String>) -> Self {
        Self::new(ProblemKind::Runtime, "RUN0001", message)
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Gives the problem its place, unless a more precise one is known already.
    pub(super) fn at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    /// Line and column of the problem, both from 1; columns count characters.
    pub fn position(&self, query: &str) -> Option<(usize, usize)> {
        let start = self.span?.start;
        let before = query.get(..start)?;
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Some((before.matches('\n').count() + 1, before[line_start..].chars().count() + 1))
    }

    /// The problem as text of several lines: message, the line of the query with a caret below, the hint.
    ///
    /// ```text
    /// SYN0002: Query could not be parsed at 'wher' on line [2,3]: a query operator is expected
    ///   | wher x == 1
    ///     ^^^^
    /// did you mean 'where'?
    /// ```
    pub fn render(&self, query: &str) -> String {
        let mut text = self.headline(query);
        if let (Some(span), Some((line, column))) = (self.span, self.position(query)) {
            let shown = query.split('\n').nth(line - 1).unwrap_or_default().trim_end_matches('\r');
            let width = query
                .get(span.start..span.end)
                .map_or(1, |part| part.split('\n').next().unwrap_or_default().chars().count().max(1));
            let indent: String =
                shown.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            text.push_str(&format!("\n{shown}\n{indent}{}", "^".repeat(width)));
        }
        if let Some(hint) = &self.hint {
            text.push('\n');
            text.push_str(hint);
        }
        text
    }

    /// Code and message in one line, with the position the way the service writes it.
    pub fn headline(&self, query: &str) -> String {
        match (self.kind, self.position(query)) {
            (ProblemKind::Syntax, Some((line, column))) => {
                let found = self.found(query);
                format!(
                    "{}: Query could not be parsed at {found} on line [{line},{column}]: {}",
                    self.code, self.message
                )
            }
            (_, Some((line, column))) => {
                format!("{}: {} (line {line}, column {column})", self.code, self.message)
            }
            (_, None) => format!("{}: {}", self.code, self.message),
        }
    }

    /// The offending text in quotes, or `the end of the query`.
    pub fn found(&self, query: &str) -> String {
        match self.span.and_then(|span| query.get(span.start..span.end)).filter(|text| !text.is_empty()) {
            Some(text) => {
                let short: String = text.chars().take(40).collect();
                format!("'{short}'")
            }
            None => "the end of the query".to_owned(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}
