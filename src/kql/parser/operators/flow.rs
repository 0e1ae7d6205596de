//! Operators that run other operators, plugins, and how results are shown.

use super::{Expr, List, Parsed, Parser, Reading, Spec, Value};
use crate::kql::ast::{ExprKind, Facet, Name, OpKind, Operator, Parameter, PartitionBody, Scan, ScanStep};
use crate::kql::error::Result;
use crate::kql::lexer::{Kind, Token};

const CHARTS: [&str; 21] = [
    "table",
    "list",
    "barchart",
    "piechart",
    "ladderchart",
    "timechart",
    "linechart",
    "anomalychart",
    "pivotchart",
    "areachart",
    "stackedareachart",
    "scatterchart",
    "timepivot",
    "columnchart",
    "timeline",
    "3Dchart",
    "card",
    "treemap",
    "plotly",
    "graph",
    "sankey",
];

const RENDER: [Spec; 17] = [
    ("kind", Value::Scalar),
    ("title", Value::Text),
    ("accumulate", Value::Scalar),
    ("xcolumn", Value::Name),
    ("ycolumns", Value::Columns),
    ("anomalycolumns", Value::Columns),
    ("series", Value::Columns),
    ("xtitle", Value::Text),
    ("ytitle", Value::Text),
    ("xaxis", Value::Scalar),
    ("yaxis", Value::Scalar),
    ("legend", Value::Scalar),
    ("ysplit", Value::Scalar),
    ("ymin", Value::Real),
    ("ymax", Value::Real),
    ("xmin", Value::Scalar),
    ("xmax", Value::Scalar),
];

pub(super) fn is_chart(token: Token<'_>) -> bool {
    CHARTS.contains(&token.text)
}

impl Parser<'_> {
    pub(super) fn render(&mut self) -> Parsed {
        let token = self.peek(0);
        if !is_chart(token) && token.kind != Kind::Identifier {
            return Err(self.unexpected("a chart such as table, timechart, barchart or piechart"));
        }
        let chart = self.next().text.to_owned();
        let mut properties = Vec::new();
        while let Some(property) = self.bare_render_property()? {
            properties.push(property);
        }
        if self.eat("with") {
            self.expect("(")?;
            self.eat(",");
            properties.extend(self.parameter_list(Reading::only(&RENDER))?);
            self.expect(")")?;
        }
        Ok((Vec::new(), OpKind::Render { chart, properties }))
    }

    /// The old way without brackets: `render timechart title="x" by a, b`.
    fn bare_render_property(&mut self) -> Result<Option<Parameter>> {
        let token = self.peek(0);
        let assigned = self.is_at(1, "=");
        let value = match token.text {
            "kind" | "accumulate" if assigned => Value::Scalar,
            "title" if assigned => Value::Text,
            "with" if self.is("with") && !self.is_at(1, "(") => Value::Scalar,
            "by" if self.is("by") => Value::Columns,
            _ => return Ok(None),
        };
        let name = Name { text: self.next().text.to_owned(), span: token.span };
        if matches!(token.text, "kind" | "accumulate" | "title") {
            self.next();
        }
        let ends: fn(&Parser<'_>) -> bool = |p| {
            ["kind", "title", "accumulate", "with", "by"].contains(&p.peek(0).text)
                || p.peek(0).kind == Kind::End
        };
        let value = self.parameter_value(value, Reading::only(&RENDER), Some(ends))?;
        Ok(Some(Parameter { name, value }))
    }

    pub(super) fn evaluate(&mut self) -> Parsed {
        let parameters = self.parameters(Reading::always(&[]))?;
        let call = self.expect_call()?;
        let mut schema = None;
        if self.eat(":") {
            self.expect("(")?;
            self.eat(",");
            self.eat("*");
            self.eat(",");
            let list = List::of("a column with its type").trailing_comma();
            schema = Some(self.list(list, Self::named_type)?);
            self.expect(")")?;
        }
        Ok((parameters, OpKind::Evaluate { call, schema }))
    }

    pub(super) fn invoke(&mut self) -> Parsed {
        let start = self.here();
        let Some(mut expr) = self.call()? else { return Err(self.unexpected("a function call")) };
        while self.is(".") && self.is_call_at(1) {
            self.next();
            let Some(call) = self.call()? else { break };
            let kind = ExprKind::Path(Box::new(expr), Box::new(call));
            expr = Expr { kind, span: self.span_from(start) };
        }
        Ok((Vec::new(), OpKind::Invoke(expr)))
    }

    /// Operators over the rows at hand, or else a whole query.
    fn branch(&mut self) -> Result<Expr> {
        let start = self.here();
        self.nested(|p| {
            let operator = match p.operator()? {
                Some(operator) => Some(operator),
                None => p.source_operator()?,
            };
            match operator {
                Some(operator) => {
                    let span = operator.span;
                    p.pipes(Expr { kind: ExprKind::Source(Box::new(operator)), span }, start)
                }
                None => p.expect_expression(),
            }
        })
    }

    pub(super) fn fork(&mut self) -> Parsed {
        let mut branches = Vec::new();
        loop {
            let named = self.name_length(0).is_some_and(|length| self.is_at(length, "="));
            if !named && !self.is("(") {
                break;
            }
            let name = if named { self.name() } else { None };
            if named {
                self.expect("=")?;
            }
            self.expect("(")?;
            let branch = self.branch()?;
            self.expect(")")?;
            branches.push((name, branch));
        }
        if branches.is_empty() {
            return Err(self.unexpected("'('"));
        }
        Ok((Vec::new(), OpKind::Fork(branches)))
    }

    pub(super) fn facet(&mut self) -> Parsed {
        self.expect("by")?;
        let list = List::of("a column").required().until(|p| p.is("with") || p.at_list_end(0));
        let by = self.list(list, Self::simple_path)?;
        let mut with = None;
        if self.eat("with") {
            with = Some(Box::new(if self.eat("(") {
                let start = self.here();
                let first = self.lone_operator()?;
                let branch = self.pipes(first, start)?;
                self.expect(")")?;
                branch
            } else {
                self.lone_operator()?
            }));
        }
        Ok((Vec::new(), OpKind::Facet(Facet { by, with })))
    }

    fn lone_operator(&mut self) -> Result<Expr> {
        let operator = self.nested(Self::expect_operator)?;
        let span = operator.span;
        Ok(Expr { kind: ExprKind::Source(Box::new(operator)), span })
    }

    pub(super) fn partition(&mut self) -> Parsed {
        let parameters = self.parameters(Reading::always(&[]))?;
        self.expect("by")?;
        let by = self.expect_simple_path()?;
        let mut scope = None;
        if self.eat("in") {
            scope = match self.call()? {
                Some(call) => Some(call),
                None => self.dynamic()?,
            };
            if scope.is_none() {
                return Err(self.unexpected("a function call or dynamic([...])"));
            }
        }
        let body = if self.eat("{") {
            let query = self.expect_expression()?;
            self.expect("}")?;
            PartitionBody::Query(query)
        } else {
            self.expect("(")?;
            let query = self.subquery()?;
            self.expect(")")?;
            PartitionBody::Subquery(query)
        };
        Ok((parameters, OpKind::Partition { by, scope, body }))
    }

    pub(super) fn partition_by(&mut self) -> Parsed {
        let parameters = self.parameters(Reading::always(&[]))?;
        let by = self.expect_simple_path()?;
        let mut id = None;
        if self.eat("id") {
            id = self.literal()?;
            if id.is_none() {
                return Err(self.unexpected("a literal"));
            }
        }
        self.expect("(")?;
        let body = self.contextual_subquery()?;
        self.expect(")")?;
        Ok((parameters, OpKind::PartitionBy { by, id, body }))
    }

    pub(super) fn reduce(&mut self) -> Parsed {
        const OWN: [Spec; 2] = [("threshold", Value::Scalar), ("characters", Value::Scalar)];
        let parameters = self.parameters(Reading::always(&OWN))?;
        self.expect("by")?;
        let by = self.expect_named()?;
        let properties =
            if self.eat("with") { self.parameter_list(Reading::always(&OWN))? } else { Vec::new() };
        Ok((parameters, OpKind::Reduce { by, properties }))
    }

    pub(super) fn scan(&mut self) -> Parsed {
        let parameters = self.parameters(Reading::always(&[]))?;
        let ends: fn(&Parser<'_>) -> bool =
            |p| p.at_list_end(0) || p.is_any(0, &["partition", "order", "by", "declare", "with"]);
        let mut scan =
            Scan { order: Vec::new(), partition: Vec::new(), declare: Vec::new(), steps: Vec::new() };
        if self.eat("order") {
            self.expect("by")?;
            scan.order = self.list(List::of("an expression").required().until(ends), Self::sort_key)?;
        }
        if self.eat("partition") {
            self.expect("by")?;
            scan.partition = self.list(List::of("an expression").required().until(ends), Self::unnamed)?;
        }
        if self.eat("declare") {
            self.expect("(")?;
            scan.declare = self.list(List::of("a variable with its type"), Self::function_parameter)?;
            self.expect(")")?;
        }
        self.expect("with")?;
        self.expect("(")?;
        while self.is("step") {
            scan.steps.push(self.scan_step()?);
        }
        self.expect(")")?;
        Ok((parameters, OpKind::Scan(Box::new(scan))))
    }

    fn scan_step(&mut self) -> Result<ScanStep> {
        self.expect("step")?;
        let Some(name) = self.extended_name() else { return Err(self.unexpected("a name")) };
        let optional = self.eat("optional");
        let mut output = None;
        if self.eat("output") {
            self.expect("=")?;
            let word = ["all", "last", "none"].into_iter().find(|word| self.peek(0).text == *word);
            output = Some(word.ok_or_else(|| self.unexpected("'all', 'last' or 'none'"))?.to_owned());
            self.next();
        }
        self.expect(":")?;
        let condition = self.expect_unnamed()?;
        let mut assignments = Vec::new();
        if self.eat("=>") {
            assignments = self.list(List::of("name = expression").required(), |p| {
                let Some(name) = p.extended_name() else { return Ok(None) };
                p.expect("=")?;
                Ok(Some((name, p.expect_unnamed()?)))
            })?;
        }
        self.expect(";")?;
        Ok(ScanStep { name, optional, output, condition, assignments })
    }

    pub(super) fn macro_expand(&mut self) -> Parsed {
        let parameters = self.own(&[])?;
        let group = if self.is("entity_group") {
            self.entity_group()?
        } else if matches!(self.peek(0).text, "database" | "cluster") && self.is_at(1, "(") {
            self.entity()?.ok_or_else(|| self.unexpected("an entity group"))?
        } else {
            let name = self.name().ok_or_else(|| self.unexpected("an entity group"))?;
            Expr { kind: ExprKind::Name(name.text), span: name.span }
        };
        let scope = if self.eat("as") { Some(self.expect_name()?) } else { None };
        self.expect("(")?;
        let body = self.nested(Self::statements)?;
        self.expect(")")?;
        Ok((parameters, OpKind::MacroExpand { group, scope, body }))
    }

    /// Read over, not analysed: `inline_external_table (schema) kind=storage ... (addresses)`.
    pub(super) fn inline_external_table(&mut self) -> Result<Option<Operator>> {
        if !self.is_any(1, &["(", "kind"]) {
            return Ok(None);
        }
        let start = self.next().span;
        let mut depth = 0_usize;
        while self.peek(0).kind != Kind::End {
            match self.peek(0).text {
                "(" => depth += 1,
                ")" if depth == 0 => break,
                ")" => depth -= 1,
                "|" | ";" if depth == 0 => break,
                _ => {}
            }
            self.next();
        }
        let span = self.span_from(start);
        Ok(Some(Operator {
            word: "inline_external_table",
            parameters: Vec::new(),
            kind: OpKind::InlineExternalTable,
            span,
        }))
    }
}
