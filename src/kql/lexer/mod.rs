//! Text to tokens.
//!
//! A token knows whether something (blank, line break, comment) precedes it: wildcards, signed numbers and compound words
//! such as `hint.strategy` are only what they are when their parts touch.

pub mod keyword;
mod literal;

use super::error::{Problem, ProblemKind, Result, Span};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name.
    Identifier,
    /// A word of the language; its text says which.
    Keyword,
    /// Operators and brackets; the text says which.
    Punctuation,
    /// A string with its quotes and prefix.
    String,
    /// `true`, `bool(...)`.
    Bool,
    /// `1`, `0x1f`, `long(...)`.
    Long,
    /// `int(...)`.
    Int,
    /// `1.5`, `1e3`, `real(...)`.
    Real,
    /// `decimal(...)`.
    Decimal,
    /// `datetime(...)`.
    DateTime,
    /// `5m`, `timespan(...)`.
    Timespan,
    /// `guid(...)`.
    Guid,
    /// `#directive` up to the end of the line.
    Directive,
    /// The end of the text.
    End,
}

/// One token.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its text.
    pub text: &'a str,
    /// Its place.
    pub span: Span,
    /// Something stands between it and the token before.
    pub apart: bool,
    /// An empty line stands between it and the token before.
    pub after_blank_line: bool,
}

/// The characters that separate tokens.
pub fn is_space(c: char) -> bool {
    matches!(
        c,
        '\t' | ' ' | '\r' | '\n' | '\u{c}' | '\u{a0}' | '\u{1680}' | '\u{180e}' | '\u{2000}'
            ..='\u{200b}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}'
    )
}

pub(super) fn is_name_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || c == '$'
}

pub(super) fn is_name_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// All tokens of `text`, the last of them [`Kind::End`].
pub fn tokens(text: &str) -> Result<Vec<Token<'_>>> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::with_capacity(text.len() / 4 + 1);
    loop {
        let token = lexer.next()?;
        let done = token.kind == Kind::End;
        tokens.push(token);
        if done {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn next(&mut self) -> Result<Token<'a>> {
        let before = self.at;
        self.skip_space();
        let start = self.at;
        let (kind, length) = self.scan()?;
        self.at += length;
        let between = &self.text[before..start];
        Ok(Token {
            kind,
            text: &self.text[start..self.at],
            span: Span::new(start, self.at),
            apart: before != start,
            after_blank_line: before > 0 && has_blank_line(between),
        })
    }

    fn skip_space(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(is_space);
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with("//") {
                return;
            }
            self.at += trimmed
                .find(['\n', '\u{2028}', '\u{2029}'])
                .map_or(trimmed.len(), |end| end + trimmed[end..].chars().next().map_or(1, char::len_utf8));
        }
    }

    fn scan(&self) -> Result<(Kind, usize)> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok((Kind::End, 0)) };
        if !first.is_ascii_alphanumeric() {
            if let Some(length) = punctuation(rest) {
                return Ok((Kind::Punctuation, length));
            }
            if matches!(first, '\'' | '"' | '`' | '~' | '@')
                && let Some(length) = self.string()?
            {
                return Ok((Kind::String, length));
            }
            if first == '#' {
                return Ok((Kind::Directive, rest.find(['\n', '\r']).unwrap_or(rest.len())));
            }
        }
        if let Some(found) = self.word(rest)? {
            return Ok(found);
        }
        if is_name_start(first) {
            return self.name(rest, first);
        }
        if first.is_ascii_digit()
            && let Some(found) = self.number(rest)?
        {
            return Ok(found);
        }
        Err(self.bad(first.len_utf8(), format!("the character '{first}' has no meaning here")))
    }

    fn word(&self, rest: &'a str) -> Result<Option<(Kind, usize)>> {
        let Some(word) = keyword::longest(rest) else { return Ok(None) };
        let after = &rest[word.len()..];
        if after.starts_with('(')
            && let Some(kind) = literal::kind_of_constructor(word)
        {
            let line = &after[..after.find(['\r', '\n', '\u{2028}', '\u{2029}']).unwrap_or(after.len())];
            let Some(end) = line.find(')') else {
                return Err(
                    self.bad(word.len() + line.len(), format!("'{word}(' has no closing ')' on its line"))
                );
            };
            return Ok(Some((kind, word.len() + end + 1)));
        }
        let whole = !after.starts_with(is_name_part);
        Ok(whole.then_some((Kind::Keyword, word.len())))
    }

    fn name(&self, rest: &'a str, first: char) -> Result<(Kind, usize)> {
        for value in ["true", "True", "TRUE", "false", "False", "FALSE"] {
            if rest.strip_prefix(value).is_some_and(|after| !after.starts_with(is_name_part)) {
                return Ok((Kind::Bool, value.len()));
            }
        }
        self.refuse_bare_guid(rest)?;
        let length = 1 + rest[1..].find(|c| !is_name_part(c)).unwrap_or(rest.len() - 1);
        if length == 1
            && matches!(first, 'h' | 'H')
            && let Some(length) = self.string()?
        {
            return Ok((Kind::String, length));
        }
        Ok((Kind::Identifier, length))
    }

    fn number(&self, rest: &'a str) -> Result<Option<(Kind, usize)>> {
        self.refuse_bare_guid(rest)?;
        let found = literal::real(rest)
            .map(|length| (Kind::Real, length))
            .or_else(|| literal::timespan(rest).map(|length| (Kind::Timespan, length)))
            .or_else(|| literal::long(rest).map(|length| (Kind::Long, length)))
            .or_else(|| literal::digits_then_name(rest).map(|length| (Kind::Identifier, length)));
        Ok(found)
    }

    fn refuse_bare_guid(&self, rest: &str) -> Result<()> {
        if !literal::is_guid(rest) {
            return Ok(());
        }
        let problem = self.bad(36, "a guid stands without its type".to_owned());
        Err(problem.hint(format!("write guid({}) or quote it", &rest[..36])))
    }

    fn string(&self) -> Result<Option<usize>> {
        match literal::string(self.rest()) {
            literal::Scanned::Complete(length) => Ok(Some(length)),
            literal::Scanned::Nothing => Ok(None),
            literal::Scanned::Open { length, quote } => Err(self
                .bad(length, format!("the string that begins here has no closing {quote}"))
                .hint("a string ends on its line; write a backslash as \\\\, or begin the string with @")),
        }
    }

    fn bad(&self, length: usize, message: String) -> Problem {
        let end = (self.at + length).min(self.text.len());
        Problem::new(ProblemKind::Syntax, "SYN0001", message).at(Span::new(self.at, end))
    }
}

fn punctuation(rest: &str) -> Option<usize> {
    const LONG: [&str; 10] = ["..", "<=", "<|", "<>", ">=", "==", "=>", "=~", "!=", "!~"];
    if LONG.iter().any(|long| rest.starts_with(long)) {
        return Some(2);
    }
    match rest.as_bytes()[0] {
        b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'|' | b'.' | b'+' | b'-' | b'*' | b'/' | b'%' | b'<'
        | b'>' | b'=' | b':' | b';' | b',' | b'?' => Some(1),
        b'@' if !rest[1..].starts_with(['\'', '"', '`', '~']) => Some(1),
        _ => None,
    }
}

fn has_blank_line(between: &str) -> bool {
    let mut lines = between.split('\n');
    lines.next();
    let mut inner: Vec<_> = lines.collect();
    inner.pop();
    inner.iter().any(|line| line.trim().is_empty())
}

/// The bytes of the escape that `text` begins with; 0 if it is none.
pub fn escape_length(text: &str) -> usize {
    literal::escape(text.as_bytes())
}

/// The ticks of a timespan literal such as `1.5h`.
pub fn timespan_ticks(text: &str) -> Option<i64> {
    literal::timespan_ticks(text)
}
