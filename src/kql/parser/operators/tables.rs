//! Operators over several tables.

use super::{List, Parsed, Parser, Reading, Value};
use crate::kql::ast::{Expr, ExprKind, Find, JoinCondition, OpKind, Operator, Search};
use crate::kql::error::Result;

impl Parser<'_> {
    pub(super) fn join(&mut self) -> Parsed {
        let parameters = self.own(&[])?;
        let right = self.expect_unnamed()?;
        let on = match self.join_on()? {
            Some(on) => Some(on),
            None if self.eat("where") => Some(JoinCondition::Where(self.expect_unnamed()?)),
            None => None,
        };
        Ok((parameters, OpKind::Join { right, on }))
    }

    fn join_on(&mut self) -> Result<Option<JoinCondition>> {
        if !self.eat("on") {
            return Ok(None);
        }
        let list = List::of("a column or a condition").required().while_commas();
        Ok(Some(JoinCondition::On(self.list(list, Self::unnamed)?)))
    }

    pub(super) fn lookup(&mut self) -> Parsed {
        let parameters = self.own(&[])?;
        let right = self.expect_unnamed()?;
        match self.join_on()? {
            Some(on) => Ok((parameters, OpKind::Lookup { right, on })),
            None => Err(self.unexpected("'on'")),
        }
    }

    pub(super) fn union(&mut self) -> Parsed {
        let parameters = self.own(&[])?;
        let sources =
            self.list(List::of("a table").required(), |p| if p.is("(") { p.primary() } else { p.entity() })?;
        Ok((parameters, OpKind::Union(sources)))
    }

    pub(super) fn search(&mut self) -> Parsed {
        let parameters = self.own(&[])?;
        self.data_scope()?;
        let sources = self.in_tables()?.unwrap_or_default();
        let predicate = match self.unnamed()? {
            Some(predicate) => predicate,
            None if self.is("*") => {
                let star = Expr { kind: ExprKind::Star, span: self.next().span };
                if !self.eat("and") {
                    star
                } else {
                    let rest = self.expect_unnamed()?;
                    let span = star.span.to(rest.span);
                    Expr { kind: ExprKind::Logical(crate::kql::ast::LogicalOp::And, vec![star, rest]), span }
                }
            }
            None => return Err(self.unexpected("what to look for")),
        };
        Ok((parameters, OpKind::Search(Box::new(Search { sources, predicate }))))
    }

    /// `in (table, pattern*, ...)`
    fn in_tables(&mut self) -> Result<Option<Vec<Expr>>> {
        if !self.eat("in") {
            return Ok(None);
        }
        self.expect("(")?;
        let sources = self.nested(|p| p.list(List::of("a table").required(), Self::find_operand))?;
        self.expect(")")?;
        Ok(Some(sources))
    }

    /// A table, perhaps with `| as name`.
    fn find_operand(&mut self) -> Result<Option<Expr>> {
        let Some(table) = self.entity()? else { return Ok(None) };
        if !matches!(table.kind, ExprKind::Name(_) | ExprKind::Wildcard(_)) || !self.is("|") {
            return Ok(Some(table));
        }
        self.next();
        let start = self.here();
        self.expect("as")?;
        let (parameters, kind) = self.as_()?;
        let operator = Operator { word: "as", parameters, kind, span: self.span_from(start) };
        let span = table.span.to(operator.span);
        Ok(Some(Expr { kind: ExprKind::Pipe(Box::new(table), vec![operator]), span }))
    }

    pub(super) fn find(&mut self) -> Parsed {
        self.data_scope()?;
        let parameters = self.parameters(Reading::always(&[("withsource", Value::Name)]))?;
        let sources = self.in_tables()?;
        if !self.eat("where") && (sources.is_some() || !parameters.is_empty()) {
            return Err(self.unexpected("'where'"));
        }
        let predicate = self.expect_unnamed()?;
        let mut project = Vec::new();
        if self.eat("project") {
            project = self.list(List::of("a column").required().while_commas(), Self::find_column)?;
        } else {
            self.eat("project-smart");
        }
        if self.eat("__projectAway") {
            self.list(List::of("a column").required().while_commas(), Self::find_column)?;
        }
        let sources = sources.unwrap_or_default();
        Ok((parameters, OpKind::Find(Box::new(Find { sources, predicate, project }))))
    }

    /// `column`, `column: type`, `*`, `pack(*)`
    fn find_column(&mut self) -> Result<Option<Expr>> {
        let start = self.here();
        if self.eat("pack") {
            self.expect("(")?;
            self.expect("*")?;
            self.expect(")")?;
            return Ok(Some(Expr { kind: ExprKind::Star, span: self.span_from(start) }));
        }
        if self.eat("*") {
            return Ok(Some(Expr { kind: ExprKind::Star, span: start }));
        }
        let Some(name) = self.name() else { return Ok(None) };
        if self.eat(":") {
            match crate::kql::value::Type::from_word(self.peek(0).text) {
                Some(_) => self.next(),
                None => return Err(self.unexpected("a type")),
            };
        }
        Ok(Some(Expr { kind: ExprKind::Name(name.text), span: name.span }))
    }
}
