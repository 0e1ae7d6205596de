//! `kind=inner`, `hint.strategy=shuffle` and the like, behind the word of an operator.

use super::{List, Parser};
use crate::kql::ast::{Expr, ExprKind, Name, Parameter};
use crate::kql::error::Result;
use crate::kql::lexer::Kind;

/// What the value of a parameter looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// Anything, even nothing.
    Any,
    /// A literal or a word.
    Scalar,
    /// A word that may be reserved elsewhere.
    Word(&'static [&'static str]),
    /// A number; always real.
    Real,
    /// An expression that gives a string.
    Text,
    /// A name.
    Name,
    /// Names with commas.
    Columns,
}

/// A parameter's name and value.
pub(super) type Spec = (&'static str, Value);

/// Parameters that every operator reads, whether or not it has a use for them.
const KNOWN: [Spec; 32] = [
    ("bagexpansion", Value::Scalar),
    ("bin_legacy", Value::Any),
    ("__crossCluster", Value::Any),
    ("__crossDB", Value::Any),
    ("decodeblocks", Value::Scalar),
    ("expandoutput", Value::Any),
    ("hint.concurrency", Value::Scalar),
    ("hint.distribution", Value::Scalar),
    ("hint.materialized", Value::Scalar),
    ("hint.num_partitions", Value::Scalar),
    ("hint.pass_filters", Value::Any),
    ("hint.pass_filters_column", Value::Name),
    ("hint.progressive_top", Value::Scalar),
    ("hint.remote", Value::Scalar),
    ("hint.shufflekey", Value::Name),
    ("hint.spread", Value::Scalar),
    ("hint.strategy", Value::Scalar),
    ("__id", Value::Any),
    ("isfuzzy", Value::Scalar),
    ("__isFuzzy", Value::Scalar),
    ("kind", Value::Scalar),
    ("__noWithSource", Value::Any),
    ("__packedColumn", Value::Name),
    ("__sourceColumnIndex", Value::Any),
    ("cycles", Value::Scalar),
    ("with_match_id", Value::Name),
    ("with_itemindex", Value::Name),
    ("withsource", Value::Name),
    ("with_source", Value::Name),
    ("with_step_name", Value::Name),
    ("force_remote", Value::Scalar),
    ("best_effort", Value::Scalar),
];

/// Which names count, and whether an `=` must follow for a name to count.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    /// The operator's own.
    pub own: &'static [Spec],
    /// Only those.
    pub only_own: bool,
    /// Without `=` it is something else, such as a column of that name.
    pub needs_equals: bool,
}

impl Reading {
    /// The operator's own and the known ones; a name without `=` is something else.
    pub(super) const fn own(own: &'static [Spec]) -> Self {
        Self { own, only_own: false, needs_equals: true }
    }

    /// As [`Self::own`], but a parameter's name is one in any case.
    pub(super) const fn always(own: &'static [Spec]) -> Self {
        Self { own, only_own: false, needs_equals: false }
    }

    /// In `with (...)`: nothing but the operator's own.
    pub(super) const fn only(own: &'static [Spec]) -> Self {
        Self { own, only_own: true, needs_equals: false }
    }
}

impl Parser<'_> {
    /// Parameters as long as there are some.
    pub(super) fn parameters(&mut self, reading: Reading) -> Result<Vec<Parameter>> {
        let mut parameters = Vec::new();
        while let Some(parameter) = self.parameter(reading)? {
            parameters.push(parameter);
        }
        Ok(parameters)
    }

    /// `(name = value, ...)` without the brackets.
    pub(super) fn parameter_list(&mut self, reading: Reading) -> Result<Vec<Parameter>> {
        self.list(List::of("a property"), |p| p.parameter(reading))
    }

    fn parameter(&mut self, reading: Reading) -> Result<Option<Parameter>> {
        let Some((length, value)) = self.parameter_at(0, reading) else { return Ok(None) };
        let start = self.here();
        let text = (0..length).map(|at| self.peek(at).text).collect();
        self.at += length;
        let name = Name { text, span: self.span_from(start) };
        self.expect("=")?;
        Ok(Some(Parameter { name, value: self.parameter_value(value, reading, None)? }))
    }

    fn parameter_at(&self, offset: usize, reading: Reading) -> Option<(usize, Value)> {
        let known = KNOWN.iter().filter(|_| !reading.only_own);
        let found = reading.own.iter().chain(known).find_map(|(name, value)| {
            let length = if name.contains('.') {
                self.matches_text(offset, name)?
            } else {
                (self.is_word_at(offset) && self.peek(offset).text == *name).then_some(1)?
            };
            // A longer one of the same beginning, such as hint.pass_filters_column, is another parameter.
            Some((length, *value))
        })?;
        (!reading.needs_equals || self.is_at(offset + found.0, "=")).then_some(found)
    }

    /// The value; `columns_end` says where a list of columns ends, unless it is the next parameter.
    pub(super) fn parameter_value(
        &mut self,
        value: Value,
        reading: Reading,
        columns_end: Option<fn(&Parser<'_>) -> bool>,
    ) -> Result<Option<Expr>> {
        let start = self.here();
        if let Value::Word(words) = value
            && self.peek(0).kind == Kind::Keyword
            && words.contains(&self.peek(0).text)
        {
            let text = self.next().text.to_owned();
            return Ok(Some(Expr { kind: ExprKind::Name(text), span: start }));
        }
        let found = match value {
            Value::Any => return self.any_value(),
            Value::Text => self.postfix()?,
            Value::Columns => return self.columns(reading, columns_end).map(Some),
            Value::Scalar | Value::Word(_) | Value::Real | Value::Name => self.any_value()?,
        };
        match found {
            Some(found) => Ok(Some(found)),
            None => Err(self.unexpected("a value")),
        }
    }

    fn any_value(&mut self) -> Result<Option<Expr>> {
        if let Some(literal) = self.literal()? {
            return Ok(Some(literal));
        }
        Ok(self.name().map(|name| Expr { kind: ExprKind::Name(name.text), span: name.span }))
    }

    fn columns(&mut self, reading: Reading, ends: Option<fn(&Parser<'_>) -> bool>) -> Result<Expr> {
        let start = self.here();
        let mut names = Vec::new();
        let ended = |p: &Self| match ends {
            Some(ends) => ends(p),
            None if p.is(",") => p.parameter_follows(1, reading, false) || p.at_list_end(1),
            None => p.parameter_follows(0, reading, true) || p.at_list_end(0),
        };
        while !ended(self) {
            let own = Reading { only_own: true, needs_equals: true, ..reading };
            let name = if self.parameter_at(0, own).is_some() { None } else { self.extended_name() };
            let Some(name) = name else {
                return Err(self.unexpected("a column name"));
            };
            names.push(Expr { kind: ExprKind::Name(name.text), span: name.span });
            if ended(self) || self.peek(0).kind == Kind::End {
                break;
            }
            if !self.eat(",") {
                return if self.extended_name_length(0).is_some() {
                    Err(self.unexpected("','"))
                } else {
                    break;
                };
            }
        }
        if names.is_empty() {
            return Err(self.unexpected("a column name"));
        }
        let kind = match names.len() {
            1 => return Ok(names.remove(0)),
            _ => ExprKind::EntityGroup(names),
        };
        Ok(Expr { kind, span: self.span_from(start) })
    }

    pub(super) fn parameter_follows(&self, offset: usize, reading: Reading, needs_equals: bool) -> bool {
        self.parameter_at(offset, Reading { only_own: false, needs_equals, ..reading }).is_some()
    }
}
