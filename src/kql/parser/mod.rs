//! Tokens to the tree: recursive descent with the lookahead of the language, ending at the first error.

mod expressions;
mod literals;
mod names;
mod operators;
mod parameters;
mod primary;
mod statements;

use super::ast::{Expr, ExprKind, Query};
use super::error::{Problem, ProblemKind, Result, Span};
use super::lexer::{self, Kind, Token};
use super::nearest::did_you_mean;

/// How deep brackets and subqueries may be nested.
pub const MAX_DEPTH: usize = 100;

/// How long a chain such as `a + b + c` or `a.b.c` may be; `and` and `or` have no limit.
pub const MAX_CHAIN: usize = 100;

/// Parses one query.
pub fn parse(text: &str) -> Result<Query> {
    let mut parser = Parser::new(lexer::tokens(text)?);
    let query = parser.query()?;
    match parser.peek(0).kind {
        Kind::End => Ok(query),
        _ => Err(parser.unexpected("a ';' or the end of the query")),
    }
}

/// Parses a text of several queries: a complete query that an empty line follows may be followed by another one.
pub fn parse_script(text: &str) -> Result<Vec<(Span, Query)>> {
    let mut parser = Parser::new(lexer::tokens(text)?);
    parser.script = true;
    let mut queries = Vec::new();
    loop {
        let start = parser.peek(0).span.start;
        let query = parser.query()?;
        let end = parser.previous_end();
        if !query.statements.is_empty() {
            queries.push((Span::new(start, end), query));
        }
        let next = parser.peek(0);
        if next.kind == Kind::End {
            return Ok(queries);
        }
        if !next.after_blank_line || next.span.start == start {
            return Err(parser.unexpected("a ';', an empty line or the end of the text"));
        }
    }
}

pub(super) struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    depth: usize,
    /// An empty line may end a query.
    script: bool,
}

/// How a list with commas goes.
#[derive(Clone, Copy)]
struct List<'p> {
    /// Where it ends for certain; without it, it ends where no comma follows.
    ends: Option<fn(&Parser<'_>) -> bool>,
    /// What is missing where an element should be.
    element: &'p str,
    /// It must not be empty.
    required: bool,
    /// A comma may stand behind the last element.
    trailing_comma: bool,
}

impl<'p> List<'p> {
    /// Ends at a closing bracket, `|`, `;` or the end.
    const fn of(element: &'p str) -> Self {
        Self { ends: Some(|p| p.at_list_end(0)), element, required: false, trailing_comma: false }
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn trailing_comma(mut self) -> Self {
        self.trailing_comma = true;
        self
    }

    const fn until(mut self, ends: fn(&Parser<'_>) -> bool) -> Self {
        self.ends = Some(ends);
        self
    }

    const fn while_commas(mut self) -> Self {
        self.ends = None;
        self
    }
}

impl<'a> Parser<'a> {
    fn new(tokens: Vec<Token<'a>>) -> Self {
        Self { tokens, at: 0, depth: 0, script: false }
    }

    fn peek(&self, offset: usize) -> Token<'a> {
        self.tokens[(self.at + offset).min(self.tokens.len() - 1)]
    }

    fn next(&mut self) -> Token<'a> {
        let token = self.peek(0);
        if token.kind != Kind::End {
            self.at += 1;
        }
        token
    }

    fn previous_end(&self) -> usize {
        self.at.checked_sub(1).map_or(0, |at| self.tokens[at].span.end)
    }

    fn span_from(&self, start: Span) -> Span {
        Span::new(start.start, self.previous_end().max(start.start))
    }

    /// `expr.member`, from `start` to here.
    fn path(&self, start: Span, expr: Expr, member: Expr) -> Expr {
        Expr { kind: ExprKind::Path(Box::new(expr), Box::new(member)), span: self.span_from(start) }
    }

    /// `expr[index]`, from `start` to here.
    fn element(&self, start: Span, expr: Expr, index: Expr) -> Expr {
        Expr { kind: ExprKind::Element(Box::new(expr), Box::new(index)), span: self.span_from(start) }
    }

    /// The token at `offset` is this word or punctuation.
    fn is_at(&self, offset: usize, text: &str) -> bool {
        let token = self.peek(offset);
        matches!(token.kind, Kind::Keyword | Kind::Punctuation) && token.text == text
    }

    fn is(&self, text: &str) -> bool {
        self.is_at(0, text)
    }

    fn is_any(&self, offset: usize, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.is_at(offset, text))
    }

    fn eat(&mut self, text: &str) -> bool {
        let there = self.is(text);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, text: &str) -> Result<Span> {
        if self.is(text) {
            return Ok(self.next().span);
        }
        Err(self.unexpected(&format!("'{text}'")))
    }

    /// How many tokens, touching each other, make up `text`.
    fn matches_text(&self, offset: usize, text: &str) -> Option<usize> {
        let mut rest = text;
        for count in 0.. {
            let token = self.peek(offset + count);
            if token.kind == Kind::End || (count > 0 && token.apart) {
                return None;
            }
            rest = rest.strip_prefix(token.text)?;
            if rest.is_empty() {
                return Some(count + 1);
            }
        }
        None
    }

    fn eat_text(&mut self, text: &str) -> bool {
        let length = self.matches_text(0, text);
        self.at += length.unwrap_or(0);
        length.is_some()
    }

    fn at_list_end(&self, offset: usize) -> bool {
        self.peek(offset).kind == Kind::End || self.is_any(offset, &[")", "]", "}", "|", ";"])
    }

    fn unexpected(&self, expected: &str) -> Problem {
        let token = self.peek(0);
        let code = if token.kind == Kind::End { "SYN0001" } else { "SYN0002" };
        let mut problem =
            Problem::new(ProblemKind::Syntax, code, format!("{expected} is expected")).at(token.span);
        if token.kind == Kind::Keyword && expected.contains("name") {
            problem =
                problem.hint(format!("'{0}' is a word of the language; as a name write ['{0}']", token.text));
        }
        problem
    }

    fn unexpected_operator(&self) -> Problem {
        let problem = self.unexpected("a query operator");
        match did_you_mean(self.peek(0).text, operators::WORDS) {
            Some(hint) => problem.hint(hint),
            None => problem
                .hint("after a '|' comes an operator such as where, project, extend, summarize or join"),
        }
    }

    /// Runs `parse` one level deeper; bounds the use of the stack.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= MAX_DEPTH {
            let message = format!("the query is nested more than {MAX_DEPTH} levels deep");
            return Err(Problem::new(ProblemKind::Limit, "LIM0001", message)
                .at(self.peek(0).span)
                .hint("move inner parts into let statements"));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn check_chain(&self, length: usize) -> Result<()> {
        if length < MAX_CHAIN {
            return Ok(());
        }
        let message = format!("more than {MAX_CHAIN} operators in a row");
        Err(Problem::new(ProblemKind::Limit, "LIM0001", message)
            .at(self.peek(0).span)
            .hint("move parts into let statements"))
    }

    fn list<T>(
        &mut self,
        list: List<'_>,
        mut element: impl FnMut(&mut Self) -> Result<Option<T>>,
    ) -> Result<Vec<T>> {
        let ended = |parser: &Self| list.ends.is_some_and(|ends| ends(parser));
        let mut items = Vec::new();
        let mut item = if ended(self) { None } else { element(self)? };
        if item.is_none() && self.is(",") {
            return Err(self.unexpected(list.element));
        }
        while let Some(found) = item {
            items.push(found);
            if self.peek(0).kind == Kind::End || ended(self) || self.at_query_end() {
                break;
            }
            let before = self.peek(0);
            if self.eat(",") {
                item = if ended(self) { None } else { element(self)? };
                if item.is_none() && !list.trailing_comma {
                    return Err(self.unexpected(list.element));
                }
            } else if list.ends.is_some() {
                item = element(self)?;
                if item.is_some() {
                    let problem = Problem::new(ProblemKind::Syntax, "SYN0002", "',' is expected");
                    return Err(problem.at(before.span));
                }
            } else {
                break;
            }
        }
        if items.is_empty() && list.required {
            return Err(self.unexpected(list.element));
        }
        Ok(items)
    }

    /// In a script an empty line before something that no open bracket encloses may end the query.
    fn at_query_end(&self) -> bool {
        self.script && self.depth == 0 && self.peek(0).after_blank_line && !self.is(",")
    }
}
