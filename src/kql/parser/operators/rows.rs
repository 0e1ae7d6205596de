//! Operators that look at rows and columns one by one.

use super::{List, Parsed, Parser, Reading, Value};
use crate::kql::ast::OpKind;
use crate::kql::error::Result;

impl Parser<'_> {
    pub(super) fn where_(&mut self) -> Parsed {
        Ok((self.own(&[])?, OpKind::Where(self.expect_named()?)))
    }

    pub(super) fn patterns(&mut self) -> Result<Vec<crate::kql::ast::NamePattern>> {
        self.list(List::of("a column or a pattern"), |p| Ok(p.name_pattern()))
    }

    pub(super) fn project_reorder(&mut self) -> Parsed {
        let patterns = self.list(List::of("a column or a pattern"), |p| {
            let Some(mut pattern) = p.name_pattern() else { return Ok(None) };
            for (word, descending) in
                [("asc", false), ("desc", true), ("granny-asc", false), ("granny-desc", true)]
            {
                if p.eat(word) {
                    pattern.descending = Some(descending);
                    break;
                }
            }
            Ok(Some(pattern))
        })?;
        Ok((Vec::new(), OpKind::ProjectReorder(patterns)))
    }

    pub(super) fn project_by_names(&mut self) -> Parsed {
        Ok((Vec::new(), OpKind::ProjectByNames(self.list(List::of("a name"), Self::unnamed)?)))
    }

    pub(super) fn serialize(&mut self) -> Parsed {
        Ok((self.own(&[])?, OpKind::Serialize(self.named_list(List::of("an expression"))?)))
    }

    pub(super) fn distinct(&mut self) -> Parsed {
        let parameters = self.own(&[])?;
        let columns = self.list(List::of("a column or '*'").required(), |p| {
            if p.is("*") {
                let span = p.next().span;
                let kind = crate::kql::ast::ExprKind::Star;
                return Ok(Some(super::Expr { kind, span }));
            }
            p.named()
        })?;
        Ok((parameters, OpKind::Distinct(columns)))
    }

    pub(super) fn take(&mut self) -> Parsed {
        Ok((self.own(&[])?, OpKind::Take(self.expect_named()?)))
    }

    pub(super) fn sample(&mut self) -> Parsed {
        Ok((self.own(&[])?, OpKind::Sample(self.expect_named()?)))
    }

    pub(super) fn sample_distinct(&mut self) -> Parsed {
        let parameters = self.own(&[])?;
        let count = self.expect_named()?;
        self.expect("of")?;
        Ok((parameters, OpKind::SampleDistinct { count, of: self.expect_named()? }))
    }

    pub(super) fn count(&mut self) -> Parsed {
        let mut name = None;
        if self.eat("as") {
            if self.peek(0).kind != super::super::Kind::Identifier {
                return Err(self.unexpected("a name"));
            }
            name = self.name();
        }
        Ok((Vec::new(), OpKind::Count(name)))
    }

    pub(super) fn sort(&mut self) -> Parsed {
        let parameters = self.parameters(Reading::always(&[]))?;
        self.expect("by")?;
        let keys = self.list(List::of("an expression").required(), Self::sort_key)?;
        Ok((parameters, OpKind::Sort(keys)))
    }

    pub(super) fn getschema(&mut self) -> Parsed {
        if self.is("kind") && self.is_at(1, "=") {
            self.next();
            self.next();
            self.parameter_value(Value::Scalar, Reading::own(&[]), None)?;
        }
        Ok((Vec::new(), OpKind::GetSchema))
    }

    pub(super) fn as_(&mut self) -> Parsed {
        Ok((self.own(&[])?, OpKind::As(self.expect_name()?)))
    }

    pub(super) fn range(&mut self) -> Parsed {
        let name = self.expect_name()?;
        self.expect("from")?;
        let from = self.expect_unnamed()?;
        self.expect("to")?;
        let to = self.expect_unnamed()?;
        self.expect("step")?;
        Ok((Vec::new(), OpKind::Range { name, from, to, step: self.expect_unnamed()? }))
    }
}
