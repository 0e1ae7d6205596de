//! Names: plain, bracketed, braced (`{parameter}` of workbooks), with wildcards.

use super::Parser;
use crate::kql::ast::{Name, NamePattern};
use crate::kql::error::{Result, Span};
use crate::kql::lexer::{Kind, keyword};

impl Parser<'_> {
    pub(super) fn is_word_at(&self, offset: usize) -> bool {
        matches!(self.peek(offset).kind, Kind::Identifier | Kind::Keyword)
    }

    pub(super) fn is_plain_name_at(&self, offset: usize) -> bool {
        let token = self.peek(offset);
        match token.kind {
            Kind::Identifier => true,
            Kind::Keyword => keyword::lookup(token.text).is_some_and(|word| word.soft),
            _ => false,
        }
    }

    fn is_extended_word_at(&self, offset: usize) -> bool {
        let token = self.peek(offset);
        token.kind == Kind::Keyword && keyword::lookup(token.text).is_some_and(|word| word.extended)
    }

    fn strings_at(&self, offset: usize) -> usize {
        (0..).take_while(|n| self.peek(offset + n).kind == Kind::String).count()
    }

    pub(super) fn bracketed_name_length(&self, offset: usize) -> Option<usize> {
        let strings = self.strings_at(offset + 1);
        (self.is_at(offset, "[") && strings > 0 && self.is_at(offset + 1 + strings, "]"))
            .then_some(strings + 2)
    }

    /// `{name}`, `{name[1]}`, nothing apart.
    pub(super) fn braced_name_length(&self, offset: usize) -> Option<usize> {
        let touches = |at: usize| !self.peek(at).apart;
        if !self.is_at(offset, "{") || !self.is_word_at(offset + 1) || !touches(offset + 1) {
            return None;
        }
        let mut at = offset + 2;
        if self.is_at(at, "[") && touches(at) {
            at += 1;
            if self.is_at(at, "-") && touches(at) {
                at += 1;
            }
            if self.peek(at).kind != Kind::Long
                || !touches(at)
                || !self.is_at(at + 1, "]")
                || !touches(at + 1)
            {
                return None;
            }
            at += 2;
        }
        (self.is_at(at, "}") && touches(at)).then_some(at + 1 - offset)
    }

    /// The tokens of the name at `offset`.
    pub(super) fn name_length(&self, offset: usize) -> Option<usize> {
        if self.is_at(offset, "[") {
            return self.bracketed_name_length(offset);
        }
        if self.is_at(offset, "{") {
            return (self.is_plain_name_at(offset + 1) && self.is_at(offset + 2, "}")).then_some(3);
        }
        self.is_plain_name_at(offset).then_some(1)
    }

    pub(super) fn extended_name_length(&self, offset: usize) -> Option<usize> {
        self.name_length(offset).or_else(|| self.is_extended_word_at(offset).then_some(1))
    }

    pub(super) fn name(&mut self) -> Option<Name> {
        let start = self.peek(0).span;
        if let Some(length) = self.bracketed_name_length(0) {
            let text = (1..length - 1).map(|at| super::literals::string_value(self.peek(at).text)).collect();
            self.at += length;
            return Some(Name { text, span: self.span_from(start) });
        }
        if let Some(length) = self.braced_name_length(0) {
            return Some(self.joined(length));
        }
        if self.is_plain_name_at(0) {
            return Some(self.joined(1));
        }
        None
    }

    pub(super) fn extended_name(&mut self) -> Option<Name> {
        match self.name() {
            None if self.is_extended_word_at(0) => Some(self.joined(1)),
            name => name,
        }
    }

    pub(super) fn expect_name(&mut self) -> Result<Name> {
        self.name().ok_or_else(|| self.unexpected("a name"))
    }

    fn joined(&mut self, length: usize) -> Name {
        let start = self.peek(0).span;
        let text = (0..length).map(|at| self.peek(at).text).collect();
        self.at += length;
        Name { text, span: self.span_from(start) }
    }

    pub(super) fn wildcard_length(&self, offset: usize) -> Option<usize> {
        let name = |at: usize| self.peek(at).kind == Kind::Identifier || self.is_extended_word_at(at);
        let star = |at: usize| self.is_at(at, "*");
        let mut at = offset;
        if star(at) {
            at += 1;
        } else if name(at) && star(at + 1) && !self.peek(at + 1).apart {
            at += 2;
        } else {
            return None;
        }
        while (name(at) || star(at) || self.peek(at).kind == Kind::Long) && !self.peek(at).apart {
            at += 1;
        }
        Some(at - offset)
    }

    pub(super) fn wildcard(&mut self) -> Option<Name> {
        let length = self.wildcard_length(0)?;
        Some(self.joined(length))
    }

    /// `[*pattern*]`
    pub(super) fn bracketed_wildcard(&mut self) -> Result<Option<Name>> {
        if !self.is("[") || self.wildcard_length(1).is_none() {
            return Ok(None);
        }
        self.next();
        let name = self.wildcard();
        self.expect("]")?;
        Ok(name)
    }

    /// A column or a pattern of columns.
    pub(super) fn name_pattern(&mut self) -> Option<NamePattern> {
        let pattern = |name: Name, wildcard| NamePattern {
            text: name.text,
            wildcard,
            descending: None,
            span: name.span,
        };
        if let Some(name) = self.wildcard() {
            return Some(pattern(name, true));
        }
        self.name().map(|name| pattern(name, false))
    }

    pub(super) fn here(&self) -> Span {
        self.peek(0).span
    }
}
