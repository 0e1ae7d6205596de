//! Operators that take values apart.

use super::{List, Parsed, Parser, Reading, Value};
use crate::kql::ast::{ExprKind, MvColumn, OpKind, ParsePart, TypeOf};
use crate::kql::error::Result;
use crate::kql::value::Type;

impl Parser<'_> {
    pub(super) fn mv_expand(&mut self) -> Parsed {
        let parameters = self.own(&[])?;
        let list = List::of("an expression").required().until(|p| p.at_list_end(0) || p.is("limit"));
        let columns = self.list(list, Self::mv_column)?;
        let limit = if self.eat("limit") { Some(self.expect_unnamed()?) } else { None };
        Ok((parameters, OpKind::MvExpand { columns, limit }))
    }

    pub(super) fn mv_apply(&mut self) -> Parsed {
        let parameters = self.own(&[])?;
        let list = List::of("an expression").required().until(|p| {
            p.at_list_end(0) || (p.is_any(0, &["limit", "id", "on"]) && !p.is_any(1, &[",", "to", "="]))
        });
        let columns = if self.is("to") {
            vec![MvColumn { expr: None, ty: self.target_type()? }]
        } else {
            self.list(list, Self::mv_column)?
        };
        let limit = if self.eat("limit") { Some(self.expect_unnamed()?) } else { None };
        let id = if self.eat("id") { Some(self.expect_unnamed()?) } else { None };
        self.expect("on")?;
        self.expect("(")?;
        let body = self.contextual_subquery()?;
        self.expect(")")?;
        Ok((parameters, OpKind::MvApply { columns, limit, id, body }))
    }

    fn mv_column(&mut self) -> Result<Option<MvColumn>> {
        if self.is("to") {
            return Err(self.unexpected("an expression before 'to'"));
        }
        let Some(expr) = self.named()? else { return Ok(None) };
        Ok(Some(MvColumn { expr: Some(expr), ty: self.target_type()? }))
    }

    /// `to typeof(type)`
    fn target_type(&mut self) -> Result<Option<Type>> {
        if !self.eat("to") {
            return Ok(None);
        }
        match self.type_of()?.map(|found| found.kind) {
            Some(ExprKind::TypeOf(TypeOf::Scalar(word))) => Ok(Type::from_word(&word)),
            Some(_) => Ok(None),
            None => Err(self.unexpected("'typeof(...)'")),
        }
    }

    pub(super) fn parse_pattern(&mut self, only_matches: bool) -> Parsed {
        const KINDS: Value = Value::Word(&["simple", "regex", "relaxed"]);
        let parameters = self.own(&[("kind", KINDS), ("flags", Value::Scalar)])?;
        let source = self.expect_unnamed()?;
        self.expect("with")?;
        let mut pattern = Vec::new();
        while let Some(part) = self.parse_part()? {
            pattern.push(part);
        }
        Ok((parameters, OpKind::Parse { source, pattern, only_matches }))
    }

    fn parse_part(&mut self) -> Result<Option<ParsePart>> {
        if self.eat("*") {
            return Ok(Some(ParsePart::Skip));
        }
        if let Some(text) = self.compound_string() {
            return Ok(Some(ParsePart::Text(text)));
        }
        if self.at_query_end() {
            return Ok(None);
        }
        if self.is(":") {
            return Err(self.unexpected("a column name"));
        }
        let Some(name) = self.extended_name() else { return Ok(None) };
        let ty = if self.eat(":") { Some(self.scalar_type()?) } else { None };
        Ok(Some(ParsePart::Column(name, ty)))
    }

    pub(super) fn parse_kv(&mut self) -> Parsed {
        let source = self.expect_unnamed()?;
        self.expect("as")?;
        let keys = self.row_schema()?;
        let mut properties = Vec::new();
        if self.eat("with") {
            self.expect("(")?;
            properties = self.parameter_list(Reading::only(&[
                ("pair_delimiter", Value::Scalar),
                ("kv_delimiter", Value::Scalar),
                ("regex", Value::Scalar),
                ("quote", Value::Scalar),
                ("escape", Value::Scalar),
                ("greedy", Value::Scalar),
            ]))?;
            self.expect(")")?;
        }
        Ok((Vec::new(), OpKind::ParseKv { source, keys, properties }))
    }
}
