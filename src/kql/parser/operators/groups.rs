//! Operators that put rows together.

use super::{List, Parsed, Parser, Value};
use crate::kql::ast::{Expr, ExprKind, MakeSeries, Name, OpKind, SeriesRange, TopNested};
use crate::kql::error::Result;

impl Parser<'_> {
    pub(super) fn summarize(&mut self) -> Parsed {
        let parameters = self.own(&[])?;
        let list = List::of("an aggregate").until(|p| p.is("by") || p.at_list_end(0));
        let aggregates = self.named_list(list)?;
        let (mut by, mut bin) = (Vec::new(), None);
        if self.eat("by") {
            let list = List::of("an expression to group by")
                .required()
                .until(|p| p.at_list_end(0) || (p.is("bin") && p.is_at(1, "=") && p.is_literal_at(2)));
            by = self.named_list(list)?;
            if self.is("bin") && self.is_at(1, "=") {
                let name = Name { text: "bin".to_owned(), span: self.next().span };
                self.next();
                let value = self.expect_unnamed()?;
                let span = self.span_from(name.span);
                bin = Some(Expr { kind: ExprKind::Named(vec![name], false, Box::new(value)), span });
            }
        }
        Ok((parameters, OpKind::Summarize { aggregates, by, bin }))
    }

    fn is_literal_at(&self, offset: usize) -> bool {
        use super::super::Kind;
        !matches!(
            self.peek(offset).kind,
            Kind::Identifier | Kind::Keyword | Kind::Punctuation | Kind::Directive | Kind::End
        )
    }

    pub(super) fn top(&mut self) -> Parsed {
        let parameters = self.own(&[])?;
        let count = self.expect_named()?;
        self.expect("by")?;
        Ok((parameters, OpKind::Top { count, by: self.expect_sort_key()? }))
    }

    pub(super) fn top_hitters(&mut self) -> Parsed {
        let count = self.expect_named()?;
        self.expect("of")?;
        let of = self.expect_named()?;
        let by = if self.eat("by") { Some(self.expect_named()?) } else { None };
        Ok((Vec::new(), OpKind::TopHitters { count, of, by }))
    }

    pub(super) fn top_nested(&mut self) -> Parsed {
        let mut first = true;
        let levels = self.list(List::of("'top-nested'").required(), |p| {
            // The first word led here and is read already.
            if !std::mem::take(&mut first) && !p.eat("top-nested") {
                return Ok(None);
            }
            let count = p.named()?;
            p.expect("of")?;
            let of = p.expect_named()?;
            let mut others = None;
            if p.eat("with") {
                p.expect("others")?;
                p.expect("=")?;
                others = match p.literal()? {
                    Some(literal) => Some(literal),
                    None => Some(p.expect_unnamed()?),
                };
            }
            p.expect("by")?;
            Ok(Some(TopNested { count, of, others, by: p.expect_sort_key()? }))
        })?;
        Ok((Vec::new(), OpKind::TopNested(levels)))
    }

    pub(super) fn make_series(&mut self) -> Parsed {
        let parameters = self.own(&[("kind", Value::Scalar)])?;
        let list = List::of("an aggregate")
            .required()
            .until(|p| p.at_list_end(0) || p.is_any(0, &["on", "from", "in"]));
        let aggregates = self.list(list, |p| {
            let Some(expr) = p.named()? else { return Ok(None) };
            let mut default = None;
            if p.eat("default") {
                p.expect("=")?;
                default = Some(p.expect_named()?);
            }
            Ok(Some((expr, default)))
        })?;
        self.expect("on")?;
        let on = self.expect_named()?;
        let range = self.series_range()?;
        let mut by = Vec::new();
        if self.eat("by") {
            by = self.named_list(List::of("an expression to group by").required().while_commas())?;
        }
        Ok((parameters, OpKind::MakeSeries(Box::new(MakeSeries { aggregates, on, range, by }))))
    }

    fn series_range(&mut self) -> Result<SeriesRange> {
        if !self.is_any(0, &["from", "to", "step"]) {
            if !self.is("in") {
                return Err(self.unexpected("'from', 'to', 'step' or 'in range(...)'"));
            }
            self.next();
            self.expect("range")?;
            self.expect("(")?;
            let mut bounds = self.nested(|p| p.named_list(List::of("start, stop, step")))?;
            self.expect(")")?;
            let step = bounds.pop().ok_or_else(|| self.unexpected("start, stop, step"))?;
            let to = bounds.pop();
            return Ok(SeriesRange { from: bounds.pop(), to, step, closed: true });
        }
        let from = if self.eat("from") { Some(self.expect_unnamed()?) } else { None };
        let to = if self.eat("to") { Some(self.expect_unnamed()?) } else { None };
        self.expect("step")?;
        Ok(SeriesRange { from, to, step: self.expect_unnamed()?, closed: false })
    }
}
