//! What operators connect: names, calls, brackets, literals, inline tables.

use super::parameters::Reading;
use super::{List, Parser};
use crate::kql::ast::{Call, DataTable, Expr, ExprKind, ExternalData, Name, Parameter};
use crate::kql::error::{Result, Span};
use crate::kql::lexer::Kind;

impl Parser<'_> {
    pub(super) fn primary(&mut self) -> Result<Option<Expr>> {
        let token = self.peek(0);
        match token.kind {
            Kind::Long
            | Kind::Real
            | Kind::Bool
            | Kind::Int
            | Kind::Decimal
            | Kind::Timespan
            | Kind::DateTime
            | Kind::Guid
            | Kind::String => return self.literal(),
            Kind::Punctuation if token.text == "(" => {
                self.next();
                let inner = self.expect_expression()?;
                self.expect(")")?;
                let kind = ExprKind::Parenthesized(Box::new(inner));
                return Ok(Some(Expr { kind, span: self.span_from(token.span) }));
            }
            Kind::Keyword => match token.text {
                "dynamic" => return self.dynamic(),
                "datatable" => return self.data_table().map(Some),
                "__contextual_datatable" => return self.contextual_table().map(Some),
                "externaldata" | "external_data" => return self.external_data().map(Some),
                "materialized-view-combine" => return self.view_combine().map(Some),
                "toscalar" => {
                    self.next();
                    return self.bracketed_query(token.span, ExprKind::ToScalar).map(Some);
                }
                "typeof" if self.is_at(1, "(") => return self.type_of(),
                _ => {}
            },
            _ => {}
        }
        if let Some(call) = self.call()? {
            return Ok(Some(call));
        }
        if let Some(found) = self.entity_selector()? {
            self.data_scope()?;
            return Ok(Some(found));
        }
        if self.is_reserved_where_a_name_belongs() {
            return Err(self.unexpected("a name or an expression"));
        }
        Ok(None)
    }

    /// `toscalar kind=nooptimization (query)`
    pub(super) fn bracketed_query(&mut self, start: Span, make: fn(Box<Expr>) -> ExprKind) -> Result<Expr> {
        if self.is("kind") && self.is_at(1, "=") {
            self.next();
            self.next();
            if !self.eat("nooptimization") && self.name().is_none() && self.literal()?.is_none() {
                return Err(self.unexpected("'nooptimization'"));
            }
        }
        self.expect("(")?;
        let inner = self.expect_expression()?;
        self.expect(")")?;
        Ok(Expr { kind: make(Box::new(inner)), span: self.span_from(start) })
    }

    /// A word of the language before an operator or a closing bracket: meant as a name.
    fn is_reserved_where_a_name_belongs(&self) -> bool {
        const AFTER_A_NAME: [&str; 22] = [
            "and", "or", "==", "!=", "=~", "!~", ">", ">=", "<", "<=", "*", "/", "%", ")", "]", "}", ".",
            ",", ":", "|", "between", "!between",
        ];
        const WORDS_AFTER_A_NAME: [&str; 6] = ["in", "in~", "!in", "!in~", "has_any", "has_all"];
        self.peek(0).kind == Kind::Keyword
            && (self.is_any(1, &AFTER_A_NAME)
                || self.is_any(1, &WORDS_AFTER_A_NAME)
                || self.is_text_word_at(1))
    }

    fn is_text_word_at(&self, offset: usize) -> bool {
        let token = self.peek(offset);
        let word = token.text.trim_start_matches('!').trim_start_matches("not");
        let text = ["has", "like", "contains", "startswith", "endswith", "matches regex"];
        token.kind == Kind::Keyword && text.iter().any(|begin| word.starts_with(begin))
    }

    pub(super) fn is_call_at(&self, offset: usize) -> bool {
        self.name_length(offset).is_some_and(|length| self.is_at(offset + length, "("))
    }

    pub(super) fn call(&mut self) -> Result<Option<Expr>> {
        let start = self.here();
        if !self.is_call_at(0) {
            return Ok(None);
        }
        let call = self.expect_call()?;
        Ok(Some(Expr { kind: ExprKind::Call(call), span: self.span_from(start) }))
    }

    pub(super) fn expect_call(&mut self) -> Result<Call> {
        let Some(name) = self.name() else { return Err(self.unexpected("a function call")) };
        self.expect("(")?;
        let arguments = self.nested(|p| p.list(List::of("an argument"), Self::argument))?;
        self.expect(")")?;
        Ok(Call { name, arguments })
    }

    fn argument(&mut self) -> Result<Option<Expr>> {
        if self.is("*") && self.is_any(1, &[")", ","]) {
            return Ok(Some(Expr { kind: ExprKind::Star, span: self.next().span }));
        }
        self.named()
    }

    /// `name = expression`, `(a, b) = expression`, or an expression.
    pub(super) fn named(&mut self) -> Result<Option<Expr>> {
        let start = self.here();
        if let Some(length) = self.extended_name_length(0)
            && self.is_at(length, "=")
        {
            let Some(name) = self.extended_name() else { return Err(self.unexpected("a name")) };
            self.next();
            return self.named_value(vec![name], false, start);
        }
        if let Some(length) = self.dashed_length()
            && self.is_at(length, "=")
        {
            return Err(self.unexpected("a name").hint("a name with dashes is written ['a-b']"));
        }
        if let Some(length) = self.target_list_length()
            && self.is_at(length, "=")
        {
            self.next();
            let names = self.list(List::of("a name").required(), |p| Ok(p.extended_name()))?;
            self.expect(")")?;
            self.expect("=")?;
            return self.named_value(names, true, start);
        }
        self.unnamed()
    }

    fn named_value(&mut self, names: Vec<Name>, compound: bool, start: Span) -> Result<Option<Expr>> {
        let value = Box::new(self.expect_unnamed()?);
        Ok(Some(Expr { kind: ExprKind::Named(names, compound, value), span: self.span_from(start) }))
    }

    pub(super) fn expect_named(&mut self) -> Result<Expr> {
        match self.named()? {
            Some(expr) => Ok(expr),
            None => Err(self.unexpected("an expression")),
        }
    }

    fn dashed_length(&self) -> Option<usize> {
        if !self.is_word_at(0) {
            return None;
        }
        let part = |at: usize| (self.is_word_at(at) || self.is_at(at, "-")) && !self.peek(at).apart;
        Some(1 + (1..).take_while(|at| part(*at)).count())
    }

    fn target_list_length(&self) -> Option<usize> {
        if !self.is("(") {
            return None;
        }
        let mut at = 1;
        while !self.at_list_end(at) {
            at += self.extended_name_length(at)?;
            if !self.is_at(at, ",") {
                break;
            }
            at += 1;
        }
        Some(at + usize::from(self.is_at(at, ")")))
    }

    /// A name, `['name']`, `[pattern*]`, `[expression]`, `@`.
    pub(super) fn entity_selector(&mut self) -> Result<Option<Expr>> {
        let start = self.here();
        if self.is("[") {
            let kind = if let Some(name) = self.bracketed_wildcard()? {
                ExprKind::Wildcard(name.text)
            } else if let Some(name) = self.name() {
                ExprKind::Name(name.text)
            } else {
                return self.bracketed_expression().map(Some);
            };
            return Ok(Some(Expr { kind, span: self.span_from(start) }));
        }
        if self.eat("@") {
            return Ok(Some(Expr { kind: ExprKind::At, span: start }));
        }
        let name = if self.is_any(0, &["kind", "withsource", "with_source"]) {
            Some(Name { text: self.next().text.to_owned(), span: start })
        } else {
            self.name()
        };
        Ok(name.map(|name| Expr { kind: ExprKind::Name(name.text), span: name.span }))
    }

    /// What stands behind a `.`
    pub(super) fn member(&mut self) -> Result<Option<Expr>> {
        match self.call()? {
            Some(call) => Ok(Some(call)),
            None => self.entity_selector(),
        }
    }

    /// `datascope = all`; the rows here are the same in every scope.
    pub(super) fn data_scope(&mut self) -> Result<()> {
        if self.eat("datascope") {
            self.expect("=")?;
            if !self.eat_text("all") && !self.eat_text("hotcache") {
                return Err(self.unexpected("'all' or 'hotcache'"));
            }
        }
        Ok(())
    }

    fn data_table(&mut self) -> Result<Expr> {
        let start = self.next().span;
        self.parameters(Reading::always(&[]))?;
        let schema = self.row_schema()?;
        self.expect("[")?;
        self.eat(",");
        let values = self.nested(|p| p.list(List::of("a literal").trailing_comma(), Self::literal))?;
        self.expect("]")?;
        let kind = ExprKind::DataTable(DataTable { schema, values });
        Ok(Expr { kind, span: self.span_from(start) })
    }

    pub(super) fn contextual_table(&mut self) -> Result<Expr> {
        let start = self.next().span;
        let id = match self.literal()? {
            Some(id) => id,
            None => self.expect_unnamed()?,
        };
        let schema = self.row_schema()?;
        Ok(Expr { kind: ExprKind::ContextualDataTable(Box::new(id), schema), span: self.span_from(start) })
    }

    fn external_data(&mut self) -> Result<Expr> {
        let start = self.next().span;
        self.parameters(Reading::always(&[]))?;
        let schema = self.row_schema()?;
        self.expect("[")?;
        let list = List::of("an address").trailing_comma();
        let sources = self.nested(|p| p.list(list, |p| p.expression()))?;
        self.expect("]")?;
        let properties = self.with_properties()?;
        let kind = ExprKind::ExternalData(ExternalData { schema, sources, properties });
        Ok(Expr { kind, span: self.span_from(start) })
    }

    /// `with (name = value, ...)` with free names.
    pub(super) fn with_properties(&mut self) -> Result<Vec<Parameter>> {
        if !self.eat("with") {
            return Ok(Vec::new());
        }
        self.expect("(")?;
        let properties = self.nested(|p| {
            p.list(List::of("a property"), |p| {
                let Some(name) = p.extended_name() else { return Ok(None) };
                p.expect("=")?;
                let value = match p.peek(0).kind {
                    Kind::String | Kind::Long | Kind::Real | Kind::Bool | Kind::DateTime | Kind::Guid => {
                        p.literal()?
                    }
                    _ => p
                        .extended_name()
                        .map(|name| Expr { kind: ExprKind::Name(name.text), span: name.span }),
                };
                match value {
                    Some(value) => Ok(Some(Parameter { name, value: Some(value) })),
                    None => Err(p.unexpected("a value")),
                }
            })
        })?;
        self.expect(")")?;
        Ok(properties)
    }

    fn view_combine(&mut self) -> Result<Expr> {
        let start = self.next().span;
        let mut parts = vec![self.bracketed_part()?];
        for word in ["base", "delta", "aggregations"] {
            if !self.eat_text(word) {
                return Err(self.unexpected(&format!("'{word}'")));
            }
            parts.push(self.bracketed_part()?);
        }
        Ok(Expr { kind: ExprKind::ViewCombine(parts), span: self.span_from(start) })
    }

    fn bracketed_part(&mut self) -> Result<Expr> {
        self.expect("(")?;
        let part = self.expect_expression()?;
        self.expect(")")?;
        Ok(part)
    }
}
