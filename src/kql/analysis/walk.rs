//! One walk over the tree, with the names that are bound at each point.

use std::collections::HashSet;

use super::{Reference, References, UsedOperator};
use crate::kql::ast::{
    Call, Expr, ExprKind, FunctionDeclaration, JoinCondition, LetValue, Literal, OpKind, Operator,
    PartitionBody, Query, Statement,
};
use crate::kql::error::Span;
use crate::kql::{aggregates, catalogue, functions};

/// Functions that lead to other places, and `table()`, which leads to a table.
const PLACES: [&str; 8] = ["workspace", "app", "cluster", "database", "resource", "adx", "arg", "table"];

pub fn references(query: &Query) -> References {
    let mut walk = Walk { bound: vec![HashSet::new()], found: References::default() };
    walk.statements(&query.statements);
    walk.found
}

struct Walk {
    bound: Vec<HashSet<String>>,
    found: References,
}

impl Walk {
    fn bind(&mut self, name: &str) {
        if let Some(names) = self.bound.last_mut() {
            names.insert(name.to_owned());
        }
    }

    fn is_bound(&self, name: &str) -> bool {
        self.bound.iter().any(|names| names.contains(name))
    }

    fn table(&mut self, name: &str, span: Span, place: Option<String>) {
        if (place.is_none() && self.is_bound(name)) || name.starts_with('$') {
            return;
        }
        let tables = &mut self.found.tables;
        if !tables.iter().any(|table| table.name == name && table.place == place) {
            tables.push(Reference { name: name.to_owned(), span, place });
        }
    }

    fn used(&mut self, word: &'static str, span: Span) {
        self.found.operators.push(UsedOperator { word, span });
    }

    fn statements(&mut self, statements: &[Statement]) {
        for statement in statements {
            match statement {
                Statement::Let(name, LetValue::Expr(expr)) => {
                    // A name alone: a table, unless the query declares it.
                    self.expr(expr, expr.as_name().is_some());
                    self.bind(&name.text);
                }
                Statement::Let(name, LetValue::Function(function)) => {
                    self.function(function);
                    self.bind(&name.text);
                }
                Statement::QueryParameters(parameters) => {
                    parameters.iter().for_each(|parameter| self.bind(&parameter.declared.name.text));
                }
                Statement::Pattern(name, _, cases) => {
                    cases.iter().for_each(|(_, _, body)| self.function(body));
                    self.bind(&name.text);
                }
                Statement::Expr(expr) => self.expr(expr, true),
                Statement::Restrict(tables) => tables.iter().for_each(|table| self.expr(table, true)),
                Statement::Set(..) | Statement::Alias(..) => {}
            }
        }
    }

    fn function(&mut self, function: &FunctionDeclaration) {
        self.bound
            .push(function.parameters.iter().map(|parameter| parameter.declared.name.text.clone()).collect());
        self.statements(&function.statements);
        if let Some(result) = &function.result {
            // A name alone may be a parameter, which is bound, or a table.
            self.expr(result, true);
        }
        self.bound.pop();
    }

    fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) {
        exprs.into_iter().for_each(|expr| self.expr(expr, false));
    }

    /// `tabular`: a name here is a table's.
    fn expr(&mut self, expr: &Expr, tabular: bool) {
        match &expr.kind {
            ExprKind::Name(name) | ExprKind::Wildcard(name) if tabular => self.table(name, expr.span, None),
            ExprKind::Path(base, member) if tabular || leads_elsewhere(base) => {
                self.path(base, member, expr.span)
            }
            ExprKind::Call(call) => self.call(call, tabular, None),
            ExprKind::Parenthesized(inner) | ExprKind::Named(_, _, inner) => self.expr(inner, tabular),
            ExprKind::ToScalar(inner) => {
                let is_value = matches!(inner.kind, ExprKind::Call(_));
                self.expr(inner, !is_value);
            }
            ExprKind::ToTable(inner) | ExprKind::Materialize(inner) => self.expr(inner, true),
            ExprKind::Pipe(source, operators) => {
                self.expr(source, true);
                operators.iter().for_each(|operator| self.operator(operator));
            }
            ExprKind::Source(operator) => self.operator(operator),
            ExprKind::ExternalData(_) => self.used("externaldata", expr.span),
            ExprKind::DataTable(_) => self.used("datatable", expr.span),
            ExprKind::Path(left, right) | ExprKind::Element(left, right) => self.exprs([&**left, &**right]),
            ExprKind::Binary(_, left, right) => self.exprs([&**left, &**right]),
            ExprKind::Unary(_, operand) => self.expr(operand, false),
            ExprKind::Logical(_, operands)
            | ExprKind::EntityGroup(operands)
            | ExprKind::ViewCombine(operands) => {
                self.exprs(operands);
            }
            ExprKind::Membership(_, needle, list) => {
                self.expr(needle, false);
                self.exprs(list);
            }
            ExprKind::Between(_, value, low, high) => self.exprs([&**value, &**low, &**high]),
            _ => {}
        }
    }

    fn path(&mut self, base: &Expr, member: &Expr, span: Span) {
        let mut place = None;
        let mut outer = base;
        loop {
            let (call, next) = match &outer.kind {
                ExprKind::Call(call) => (Some(call), None),
                ExprKind::Path(before, last) => match &last.kind {
                    ExprKind::Call(call) => (Some(call), Some(&**before)),
                    _ => (None, None),
                },
                _ => (None, None),
            };
            if let Some(call) = call {
                let written = format!("{}(\"{}\")", call.name.text, text_argument(call).unwrap_or("..."));
                place = Some(place.map_or_else(|| written.clone(), |inner| format!("{written}.{inner}")));
            }
            match next {
                Some(next) => outer = next,
                None => break,
            }
        }
        let Some(place) = place else {
            self.exprs([base, member]);
            return;
        };
        match &member.kind {
            ExprKind::Name(name) | ExprKind::Wildcard(name) => self.table(name, span, Some(place)),
            ExprKind::Call(call) if call.name.text == "table" => {
                self.table(text_argument(call).unwrap_or("*"), span, Some(place));
            }
            ExprKind::Call(call) => self.call(call, true, Some(place)),
            _ => {}
        }
    }

    fn call(&mut self, call: &Call, tabular: bool, place: Option<String>) {
        let name = call.name.text.as_str();
        if name == "table" {
            self.table(text_argument(call).unwrap_or("*"), call.name.span, None);
        } else if name == "_GetWatchlist"
            && let Some(alias) = text_argument(call)
            && !self.found.watchlists.iter().any(|known| known == alias)
        {
            self.found.watchlists.push(alias.to_owned());
        }
        // Arguments of a function of the query may be tables.
        let own = place.is_none() && self.is_bound(name);
        for argument in &call.arguments {
            self.expr(argument, false);
        }
        if own || PLACES.contains(&name) {
            return;
        }
        let known = crate::kql::evaluate::is_special(name)
            || functions::lookup(name).is_some()
            || aggregates::lookup(name).is_some()
            || catalogue::is_function(name);
        if known && !tabular {
            if !self.found.built_in.iter().any(|built_in| built_in == name) {
                self.found.built_in.push(name.to_owned());
            }
        } else if !self
            .found
            .functions
            .iter()
            .any(|function| function.name == name && function.place == place)
        {
            self.found.functions.push(Reference { name: name.to_owned(), span: call.name.span, place });
        }
    }

    fn operator(&mut self, operator: &Operator) {
        self.used(operator.word, operator.span);
        match &operator.kind {
            OpKind::Where(expr) | OpKind::Take(expr) | OpKind::Sample(expr) | OpKind::GraphWhere(expr) => {
                self.expr(expr, false)
            }
            OpKind::Extend(exprs)
            | OpKind::Project(exprs)
            | OpKind::Distinct(exprs)
            | OpKind::Print(exprs)
            | OpKind::Serialize(exprs) => self.exprs(exprs),
            OpKind::Summarize { aggregates, by, .. } => self.exprs(aggregates.iter().chain(by)),
            OpKind::SampleDistinct { count, of } => self.exprs([count, of]),
            OpKind::Sort(keys) => self.exprs(keys.iter().map(|key| &key.expr)),
            OpKind::Top { count, by } => self.exprs([count, &by.expr]),
            OpKind::TopNested(levels) => {
                levels.iter().for_each(|level| self.exprs([&level.of, &level.by.expr]))
            }
            OpKind::TopHitters { count, of, by } => self.exprs([count, of].into_iter().chain(by)),
            OpKind::Join { right, on } => {
                self.expr(right, true);
                match on {
                    Some(JoinCondition::On(exprs)) => self.exprs(exprs),
                    Some(JoinCondition::Where(expr)) => self.expr(expr, false),
                    None => {}
                }
            }
            OpKind::Lookup { right, .. } => self.expr(right, true),
            OpKind::Union(tables) => tables.iter().for_each(|table| self.expr(table, true)),
            OpKind::MvExpand { columns, .. } => {
                self.exprs(columns.iter().filter_map(|column| column.expr.as_ref()))
            }
            OpKind::MvApply { columns, body, .. } => {
                self.exprs(columns.iter().filter_map(|column| column.expr.as_ref()));
                self.expr(body, false);
            }
            OpKind::Parse { source, .. } | OpKind::ParseKv { source, .. } => self.expr(source, false),
            OpKind::MakeSeries(series) => {
                self.exprs(
                    series.aggregates.iter().map(|(expr, _)| expr).chain(&series.by).chain([&series.on]),
                );
            }
            OpKind::Range { from, to, step, .. } => self.exprs([from, to, step]),
            // The first argument of a lookup plugin is a table.
            OpKind::Evaluate { call, .. } => {
                let looks_up = call.name.text.ends_with("_lookup");
                for (at, argument) in call.arguments.iter().enumerate() {
                    self.expr(argument, looks_up && at == 0);
                }
            }
            OpKind::Invoke(call) => self.expr(call, true),
            OpKind::As(name) => self.bind(&name.text),
            OpKind::Fork(branches) => branches.iter().for_each(|(_, branch)| self.expr(branch, false)),
            OpKind::Facet(facet) => facet.with.iter().for_each(|with| self.expr(with, false)),
            OpKind::Partition { body: PartitionBody::Subquery(body), .. }
            | OpKind::PartitionBy { body, .. } => self.expr(body, false),
            OpKind::Partition { body: PartitionBody::Query(body), .. } => self.expr(body, true),
            OpKind::Scan(scan) => self.exprs(scan.steps.iter().map(|step| &step.condition)),
            OpKind::Search(search) => {
                let all = Expr { kind: ExprKind::Wildcard("*".to_owned()), span: operator.span };
                search.sources.iter().for_each(|table| self.expr(table, true));
                if search.sources.is_empty() {
                    self.expr(&all, true);
                }
                self.expr(&search.predicate, false);
            }
            OpKind::Find(find) => {
                find.sources.iter().for_each(|table| self.expr(table, true));
                self.expr(&find.predicate, false);
            }
            OpKind::MacroExpand { body, .. } => self.statements(body),
            OpKind::MakeGraph { tables, .. } => tables.iter().for_each(|(table, _)| self.expr(table, true)),
            OpKind::GraphMatch { condition, project, .. } => self.exprs(condition.iter().chain(project)),
            _ => {}
        }
    }
}

/// The expression is a place that tables are in, such as `workspace("name")`.
fn leads_elsewhere(base: &Expr) -> bool {
    match &base.kind {
        ExprKind::Call(call) => PLACES.contains(&call.name.text.as_str()) && call.name.text != "table",
        ExprKind::Path(_, last) => leads_elsewhere(last),
        _ => false,
    }
}

fn text_argument(call: &Call) -> Option<&str> {
    match &call.arguments.first()?.kind {
        ExprKind::Literal(Literal::String(text)) => Some(text),
        _ => None,
    }
}
