//! Literals, dynamic literals and types.

use super::{List, Parser};
use crate::kql::ast::{DynamicLiteral, Expr, ExprKind, Literal, NamedType, TypeOf, ValueType};
use crate::kql::error::Result;
use crate::kql::lexer::Kind;
use crate::kql::value::Type;

/// The content of a string token: without prefix and quotes, escapes resolved.
pub fn string_value(token: &str) -> String {
    let text = token.trim_start_matches(['h', 'H']);
    let (verbatim, text) = text.strip_prefix('@').map_or((false, text), |rest| (true, rest));
    if let Some(rest) = text.strip_prefix("```").or_else(|| text.strip_prefix("~~~")) {
        return rest[..rest.len() - 3].to_owned();
    }
    let quote = &text[..1];
    let inner = &text[1..text.len() - 1];
    if verbatim { inner.replace(&quote.repeat(2), quote) } else { unescape(inner) }
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = crate::kql::lexer::escape_length(rest);
        let (escape, after) = rest.split_at(length.max(1));
        out.extend(character_of(escape));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn character_of(escape: &str) -> Option<char> {
    let digits =
        |from: usize, radix| u32::from_str_radix(&escape[from..], radix).ok().and_then(char::from_u32);
    match escape.as_bytes().get(1)? {
        b'a' => Some('\u{7}'),
        b'b' => Some('\u{8}'),
        b'f' => Some('\u{c}'),
        b'n' => Some('\n'),
        b'r' => Some('\r'),
        b't' => Some('\t'),
        b'v' => Some('\u{b}'),
        b'u' | b'U' | b'x' => digits(2, 16).or(Some('\u{fffd}')),
        b'0'..=b'7' => digits(1, 8),
        other => Some(char::from(*other)),
    }
}

/// What stands between the brackets of `type(...)`, or the text itself.
fn inner(text: &str) -> &str {
    match text.split_once('(') {
        Some((_, rest)) => rest.strip_suffix(')').unwrap_or(rest).trim(),
        None => text,
    }
}

impl Parser<'_> {
    fn typed(&mut self) -> Option<Literal> {
        let token = self.peek(0);
        let ty = match token.kind {
            Kind::Bool => Type::Bool,
            Kind::Long => Type::Long,
            Kind::Int => Type::Int,
            Kind::Real => Type::Real,
            Kind::Decimal => Type::Decimal,
            Kind::DateTime => Type::DateTime,
            Kind::Timespan => Type::Timespan,
            Kind::Guid => Type::Guid,
            _ => return None,
        };
        self.next();
        Some(Literal::Typed(ty, inner(token.text).to_owned()))
    }

    pub(super) fn compound_string(&mut self) -> Option<String> {
        let mut text = None;
        while self.peek(0).kind == Kind::String {
            text.get_or_insert_with(String::new).push_str(&string_value(self.next().text));
        }
        text
    }

    /// A literal of any kind, with its sign.
    pub(super) fn literal(&mut self) -> Result<Option<Expr>> {
        let start = self.here();
        let kind = if let Some(text) = self.compound_string() {
            ExprKind::Literal(Literal::String(text))
        } else if let Some(literal) = self.typed() {
            ExprKind::Literal(literal)
        } else if self.is("dynamic") {
            return self.dynamic();
        } else if self.is("+") || self.is("-") {
            let number = self.peek(1);
            if number.apart
                || !matches!(number.kind, Kind::Long | Kind::Real | Kind::Timespan)
                || !number.text.starts_with(|c: char| c.is_ascii_digit())
            {
                return Ok(None);
            }
            let negative = self.next().text == "-";
            match self.typed() {
                Some(Literal::Typed(ty, text)) if negative => {
                    ExprKind::Literal(Literal::Typed(ty, format!("-{text}")))
                }
                Some(literal) => ExprKind::Literal(literal),
                None => return Ok(None),
            }
        } else if self.is("typeof") {
            return self.type_of();
        } else if self.braced_name_length(0).is_some() {
            match self.name() {
                Some(name) => ExprKind::Name(name.text),
                None => return Ok(None),
            }
        } else {
            return Ok(None);
        };
        Ok(Some(Expr { kind, span: self.span_from(start) }))
    }

    pub(super) fn dynamic(&mut self) -> Result<Option<Expr>> {
        let start = self.here();
        if !self.is("dynamic") || !self.is_at(1, "(") {
            return Ok(None);
        }
        self.next();
        self.next();
        let value = self.expect_dynamic_value()?;
        self.expect(")")?;
        Ok(Some(Expr { kind: ExprKind::Dynamic(value), span: self.span_from(start) }))
    }

    fn expect_dynamic_value(&mut self) -> Result<DynamicLiteral> {
        match self.nested(Self::dynamic_value)? {
            Some(value) => Ok(value),
            None => Err(self.unexpected("a JSON value: a string, number, true, false, null, [...] or {...}")),
        }
    }

    fn dynamic_value(&mut self) -> Result<Option<DynamicLiteral>> {
        if self.is("-") && matches!(self.peek(1).kind, Kind::Long | Kind::Real) {
            self.next();
            return Ok(self.typed().map(|literal| DynamicLiteral::Scalar(true, literal)));
        }
        if self.eat("null") {
            return Ok(Some(DynamicLiteral::Scalar(false, Literal::Null)));
        }
        if self.eat("[") {
            let items = self.list(List::of("a JSON value"), |p| p.nested(Self::dynamic_value))?;
            self.expect("]")?;
            return Ok(Some(DynamicLiteral::Array(items)));
        }
        if self.is("{") && self.braced_name_length(0).is_none() {
            self.next();
            let pairs = self.list(List::of("a pair \"name\": value"), Self::pair)?;
            self.expect("}")?;
            return Ok(Some(DynamicLiteral::Bag(pairs)));
        }
        if matches!(self.peek(0).kind, Kind::Int | Kind::End)
            || self.is("+")
            || self.is("-")
            || self.is("typeof")
        {
            return Ok(None);
        }
        Ok(self.literal()?.and_then(|literal| match literal.kind {
            ExprKind::Literal(literal) => Some(DynamicLiteral::Scalar(false, literal)),
            ExprKind::Dynamic(value) => Some(value),
            ExprKind::Name(name) => Some(DynamicLiteral::Scalar(false, Literal::String(name))),
            _ => None,
        }))
    }

    fn pair(&mut self) -> Result<Option<(String, DynamicLiteral)>> {
        if self.peek(0).kind != Kind::String {
            return match self.at_list_end(0) || self.is(",") {
                true => Ok(None),
                false => Err(self.unexpected("a quoted property name")),
            };
        }
        let name = string_value(self.next().text);
        self.expect(":")?;
        Ok(Some((name, self.expect_dynamic_value()?)))
    }

    /// `typeof(type)`, `typeof(name: type, ...)`, `typeof(*)`
    pub(super) fn type_of(&mut self) -> Result<Option<Expr>> {
        let start = self.here();
        if !self.is("typeof") || !self.is_at(1, "(") {
            return Ok(None);
        }
        self.next();
        self.next();
        let token = self.peek(0);
        let alone = (token.kind == Kind::Keyword && Type::from_word(token.text).is_some())
            || (token.kind == Kind::Identifier && self.is_at(1, ")"));
        let types = if alone {
            self.next();
            TypeOf::Scalar(token.text.to_owned())
        } else {
            TypeOf::Columns(self.list(List::of("a column with its type"), |p| {
                if p.eat("*") { Ok(Some(None)) } else { p.named_type().map(|found| found.map(Some)) }
            })?)
        };
        self.expect(")")?;
        Ok(Some(Expr { kind: ExprKind::TypeOf(types), span: self.span_from(start) }))
    }

    /// The types that declarations allow.
    pub(super) fn scalar_type(&mut self) -> Result<Type> {
        const DECLARABLE: [&str; 17] = [
            "bool", "boolean", "date", "datetime", "decimal", "double", "dynamic", "guid", "int", "int64",
            "int8", "long", "real", "string", "time", "timespan", "uniqueid",
        ];
        let token = self.peek(0);
        match Type::from_word(token.text) {
            Some(ty) if token.kind == Kind::Keyword && DECLARABLE.contains(&token.text) => {
                self.next();
                Ok(ty)
            }
            _ => Err(self.unexpected("a type such as string, long, datetime or dynamic")),
        }
    }

    pub(super) fn named_type(&mut self) -> Result<Option<NamedType>> {
        let Some(name) = self.extended_name() else {
            return if self.is(":") { Err(self.unexpected("a name")) } else { Ok(None) };
        };
        self.expect(":")?;
        let ty = if self.is("(") {
            ValueType::Table(self.table_type()?)
        } else {
            ValueType::Scalar(self.scalar_type()?)
        };
        Ok(Some(NamedType { name, ty }))
    }

    fn table_type(&mut self) -> Result<Option<Vec<NamedType>>> {
        self.expect("(")?;
        let columns = if self.eat("*") {
            None
        } else {
            let list = List::of("a column with its type").trailing_comma();
            Some(self.list(list, |p| p.nested(Self::named_type))?)
        };
        self.expect(")")?;
        Ok(columns)
    }

    /// `(name: type, ...)`
    pub(super) fn row_schema(&mut self) -> Result<Vec<NamedType>> {
        self.expect("(")?;
        self.eat(",");
        let columns = self.list(List::of("a column with its type").trailing_comma(), Self::named_type)?;
        self.expect(")")?;
        Ok(columns)
    }
}
