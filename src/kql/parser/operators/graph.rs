//! Graphs. They are read and analysed, not run.

use super::{Expr, List, Parsed, Parser, Reading, Value};
use crate::kql::ast::{ExprKind, GraphEdge, GraphPattern, Name, OpKind, Parameter};
use crate::kql::error::Result;

fn reference(name: Name) -> Expr {
    Expr { kind: ExprKind::Name(name.text), span: name.span }
}

impl Parser<'_> {
    pub(super) fn make_graph(&mut self) -> Parsed {
        let mut parameters = self.own(&[])?;
        let source = reference(self.expect_name()?);
        if !self.eat_text("-->") && !self.eat_text("--") {
            return Err(self.unexpected("'-->' or '--'"));
        }
        let target = reference(self.expect_name()?);
        let mut tables = Vec::new();
        if self.is("with_node_id") {
            let name = Name { text: self.peek(0).text.to_owned(), span: self.next().span };
            self.expect("=")?;
            parameters.push(Parameter { name, value: Some(reference(self.expect_name()?)) });
        } else if self.eat("with") {
            let list = List::of("a table").required().until(|p| p.at_list_end(0) || p.is("partitioned-by"));
            tables = self.list(list, |p| {
                let Some(table) = p.signed()? else { return Ok(None) };
                p.expect("on")?;
                Ok(Some((table, reference(p.expect_name()?))))
            })?;
        }
        let mut partition = None;
        if self.eat("partitioned-by") {
            let by = self.expect_simple_path()?;
            self.expect("(")?;
            let body = self.contextual_subquery()?;
            self.expect(")")?;
            partition = Some((by, body));
        }
        Ok((parameters, OpKind::MakeGraph { source, target, tables, partition }))
    }

    pub(super) fn graph_match(&mut self) -> Parsed {
        let parameters = self.own(&[("cycles", Value::Scalar), ("output", Value::Scalar)])?;
        let patterns = self.list(List::of("a pattern").required().while_commas(), |p| {
            let mut parts = Vec::new();
            while let Some(part) = p.graph_part()? {
                parts.push(part);
            }
            if parts.is_empty() {
                Err(p.unexpected("a pattern such as (a)-[b]->(c)"))
            } else {
                Ok(Some(parts))
            }
        })?;
        let condition = if self.eat("where") { Some(self.expect_expression()?) } else { None };
        let mut project = Vec::new();
        if self.eat("project") {
            project = self.named_list(List::of("an expression").required())?;
        }
        Ok((parameters, OpKind::GraphMatch { patterns, condition, project }))
    }

    fn graph_part(&mut self) -> Result<Option<GraphPattern>> {
        if self.eat("(") {
            let name = self.name();
            self.expect(")")?;
            return Ok(Some(GraphPattern::Node(name)));
        }
        for direction in ["-->", "<--", "--"] {
            if self.eat_text(direction) {
                return Ok(Some(GraphPattern::Edge(GraphEdge { direction, name: None, range: None })));
            }
        }
        let Some(direction) = ["-[", "<-["].into_iter().find(|text| self.eat_text(text)) else {
            return Ok(None);
        };
        let name = self.name();
        let mut range = None;
        if self.eat("*") {
            let low = self.signed()?.ok_or_else(|| self.unexpected("a number"))?;
            self.expect("..")?;
            let high = self.signed()?.ok_or_else(|| self.unexpected("a number"))?;
            range = Some((Box::new(low), Box::new(high)));
        }
        if !self.eat_text("]->") && !self.eat_text("]-") {
            return Err(self.unexpected("']->' or ']-'"));
        }
        Ok(Some(GraphPattern::Edge(GraphEdge { direction, name, range })))
    }

    pub(super) fn graph_to_table(&mut self) -> Parsed {
        let mut all = Vec::new();
        let list = List::of("'nodes' or 'edges'").required().while_commas();
        let outputs = self.list(list, |p| {
            let span = p.here();
            let word = ["nodes", "edges"].into_iter().find(|word| p.eat(word));
            let Some(word) = word else { return Ok(None) };
            let value = if p.eat("as") { Some(reference(p.expect_name()?)) } else { None };
            all.extend(p.parameters(Reading::own(&[
                ("with_source_id", Value::Name),
                ("with_target_id", Value::Name),
                ("with_node_id", Value::Name),
            ]))?);
            Ok(Some(Parameter { name: Name { text: word.to_owned(), span }, value }))
        })?;
        Ok((all, OpKind::GraphToTable(outputs)))
    }

    pub(super) fn graph_mark_components(&mut self) -> Parsed {
        Ok((self.own(&[("with_component_id", Value::Name)])?, OpKind::GraphMarkComponents))
    }
}
