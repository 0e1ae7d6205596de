//! Names to columns: from the tree of an expression to one that can be evaluated row by row.

mod call;
mod infix;
mod literal;
mod special;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::node::{Node, RowContext, Typed};
use super::scope::{Binding, Scope};
use super::{Engine, sources};
use crate::kql::aggregates::Aggregate;
use crate::kql::ast::{Expr, ExprKind, UnaryOp};
use crate::kql::error::{Problem, Result, Span};
use crate::kql::nearest::did_you_mean;
use crate::kql::table::{Column, Table};
use crate::kql::value::{Type, Value};

pub(in crate::kql) use call::bind_parameters;
use literal::dynamic_value;
pub(in crate::kql) use special::is_special;

/// An aggregate inside an expression of `summarize`: its value is a column of the rows that the expression sees.
pub struct Slot {
    pub aggregate: &'static Aggregate,
    pub arguments: Vec<Typed>,
    pub condition: Option<Typed>,
}

/// What an expression can see.
#[derive(Clone, Copy)]
pub struct Binder<'b> {
    pub engine: &'b Engine<'b>,
    pub scope: &'b Rc<Scope>,
    pub columns: &'b [Column],
    /// Unknown names may be columns that only data tells.
    pub open: bool,
    /// Where aggregates go; without it they are not allowed.
    pub slots: Option<&'b RefCell<Vec<Slot>>>,
    /// The columns that the arguments of aggregates see.
    pub input: &'b [Column],
    /// The rows have an order that window functions may use.
    pub ordered: bool,
}

impl<'b> Binder<'b> {
    /// For expressions over the rows of a table.
    pub fn over(engine: &'b Engine<'b>, scope: &'b Rc<Scope>, table: &'b Table) -> Self {
        Self {
            engine,
            scope,
            columns: &table.columns,
            open: table.open,
            slots: None,
            input: &[],
            ordered: table.ordered,
        }
    }

    /// For expressions without rows.
    pub fn constant(engine: &'b Engine<'b>, scope: &'b Rc<Scope>) -> Self {
        Self { engine, scope, columns: &[], open: false, slots: None, input: &[], ordered: false }
    }

    /// For aggregate expressions over the rows of a table.
    pub fn aggregating(
        engine: &'b Engine<'b>,
        scope: &'b Rc<Scope>,
        table: &'b Table,
        slots: &'b RefCell<Vec<Slot>>,
    ) -> Self {
        let over = Self::over(engine, scope, table);
        Self { columns: &[], slots: Some(slots), input: &table.columns, ..over }
    }

    pub fn bind(&self, expr: &Expr) -> Result<Typed> {
        let bound =
            self.engine.meter.nested(1, || self.kind(expr)).map_err(|problem| problem.at(expr.span))?;
        Ok(Typed { span: expr.span, ..bound })
    }

    /// The value of an expression that needs no row.
    pub fn constant_value(&self, expr: &Expr) -> Result<(Value, Type)> {
        let bound = self.bind(expr)?;
        let value = bound.value(RowContext { engine: self.engine, row: &[], rows: &[], index: 0 })?;
        Ok((value, bound.ty))
    }

    fn kind(&self, expr: &Expr) -> Result<Typed> {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Literal(literal) => literal::literal(literal, span),
            ExprKind::Dynamic(value) => Ok(Typed::constant(dynamic_value(value)?, Type::Dynamic, span)),
            ExprKind::TypeOf(types) => Ok(Typed::constant(literal::type_word(types), Type::String, span)),
            ExprKind::Name(name) => self.name(name, span),
            ExprKind::Parenthesized(inner) | ExprKind::Named(_, _, inner)
                if !sources::is_tabular(self, inner) =>
            {
                self.bind(inner)
            }
            ExprKind::Path(base, member) => self.path(base, member, span),
            ExprKind::Element(base, index) => {
                let (base, index) = (self.bind(base)?, self.bind(index)?);
                Ok(self.folded(Node::Index(Box::new(base), Box::new(index)), Type::Dynamic, span))
            }
            ExprKind::Unary(UnaryOp::Plus, operand) => self.bind(operand),
            ExprKind::Unary(UnaryOp::Minus, operand) => {
                let operand = self.bind(operand)?;
                let ty = operand.ty;
                Ok(self.folded(Node::Negate(Box::new(operand)), ty, span))
            }
            ExprKind::Binary(op, left, right) => self.binary(*op, left, right, span),
            ExprKind::Logical(op, operands) => {
                let operands = operands.iter().map(|operand| self.bind(operand)).collect::<Result<_>>()?;
                Ok(self.folded(Node::Logical(*op, operands), Type::Bool, span))
            }
            ExprKind::Membership(op, needle, list) => self.membership(*op, needle, list, span),
            ExprKind::Between(negated, value, low, high) => {
                let [value, low, high] = [self.bind(value)?, self.bind(low)?, self.bind(high)?].map(Box::new);
                Ok(self.folded(Node::Between { negated: *negated, value, low, high }, Type::Bool, span))
            }
            ExprKind::ToScalar(query) => {
                let (value, ty) = sources::scalar_of(self, query)?;
                Ok(Typed::constant(value, ty, span))
            }
            ExprKind::Call(call) => self.call(call, span),
            ExprKind::Star | ExprKind::Wildcard(_) => {
                Err(Problem::semantic("SEM0025", "'*' cannot stand for a single value here"))
            }
            ExprKind::At | ExprKind::EntityGroup(_) => Err(Problem::unsupported("this expression")),
            _ => Err(Problem::semantic("SEM0021", "a table stands where a single value is expected")
                .hint("toscalar(...) makes a value of a table's first cell")),
        }
    }

    fn name(&self, name: &str, span: Span) -> Result<Typed> {
        if let Some(at) = self.columns.iter().position(|column| column.name == name) {
            return Ok(Typed { node: Node::Column(at), ty: self.columns[at].ty, span });
        }
        match self.scope.get(name) {
            Some(Binding::Scalar(value, ty)) => return Ok(Typed::constant(value, ty, span)),
            Some(Binding::Inline(typed)) => return Ok((*typed).clone()),
            Some(Binding::Table(_)) => {
                return Err(Problem::semantic("SEM0021", format!("'{name}' is a table, not a value"))
                    .hint(format!("toscalar({name} | project ...) makes a value of it")));
            }
            Some(Binding::Function(_)) => {
                return Err(Problem::semantic(
                    "SEM0021",
                    format!("'{name}' is a function; call it as {name}(...)"),
                ));
            }
            None => {}
        }
        if self.open {
            return Ok(Typed::constant(Value::Null, Type::Dynamic, span));
        }
        let known = self.columns.iter().map(|column| column.name.clone()).chain(self.scope.names());
        Err(unresolved_column(name, known))
    }

    /// `a.b`: a property of a dynamic value.
    fn path(&self, base: &Expr, member: &Expr, span: Span) -> Result<Typed> {
        if let (Some("$left" | "$right"), Some(name)) = (base.as_name(), member.as_name()) {
            return self.name(name, span);
        }
        let name: Arc<str> = match &member.kind {
            ExprKind::Name(name) => Arc::from(name.as_str()),
            ExprKind::Call(_) => {
                return Err(
                    Problem::semantic("SEM0029", "a property's name is expected after '.'").at(member.span)
                );
            }
            // `a.[0]` is `a[0]`.
            _ => {
                let (base, index) = (self.bind(base)?, self.bind(member)?);
                return Ok(self.folded(Node::Index(Box::new(base), Box::new(index)), Type::Dynamic, span));
            }
        };
        let base = self.bind(base)?;
        if !matches!(base.ty, Type::Dynamic | Type::String) {
            let message = format!("a value of type {} has no properties", base.ty);
            return Err(Problem::semantic("SEM0029", message));
        }
        Ok(self.folded(Node::Member(Box::new(base), name), Type::Dynamic, span))
    }

    /// The node, or its value if all that it needs is known.
    fn folded(&self, node: Node, ty: Type, span: Span) -> Typed {
        let typed = Typed { node, ty, span };
        if !typed.node.is_settled() {
            return typed;
        }
        // What fails now fails again when rows come, with its place.
        match typed.value(RowContext { engine: self.engine, row: &[], rows: &[], index: 0 }) {
            Ok(value) => Typed::constant(value, ty, span),
            Err(_) => typed,
        }
    }
}

/// A table that is not there.
pub fn unresolved(name: &str, known: impl Iterator<Item = String>) -> Problem {
    missing("table or column expression", name, known)
}

/// A name in an expression that is neither a column nor anything else.
pub fn unresolved_column(name: &str, known: impl Iterator<Item = String>) -> Problem {
    missing("scalar expression", name, known)
}

/// A name that stands for nothing, in the words of the service.
fn missing(what: &str, name: &str, known: impl Iterator<Item = String>) -> Problem {
    let known: Vec<String> = known.collect();
    let problem = Problem::semantic("SEM0100", format!("Failed to resolve {what} named '{name}'"));
    match did_you_mean(name, known.iter().map(String::as_str)) {
        Some(hint) => problem.hint(hint),
        None if known.is_empty() => problem,
        None => {
            let some: Vec<&str> = known.iter().take(12).map(String::as_str).collect();
            problem.hint(format!("there are: {}", some.join(", ")))
        }
    }
}

impl Node {
    /// Its value does not depend on a row, nor on chance.
    fn is_settled(&self) -> bool {
        let constant = |typed: &Typed| matches!(typed.node, Self::Const(_));
        match self {
            Self::Const(_) => true,
            Self::Binary(_, left, right) | Self::Text(_, left, right) | Self::Index(left, right) => {
                constant(left) && constant(right)
            }
            Self::Logical(_, operands) => operands.iter().all(constant),
            Self::Negate(operand) | Self::Member(operand, _) | Self::Cast(operand, _) => constant(operand),
            Self::In { needle, list, .. } => constant(needle) && list.iter().all(constant),
            Self::HasTerms { haystack, terms, .. } => constant(haystack) && terms.iter().all(constant),
            Self::Between { value, low, high, .. } => constant(value) && constant(low) && constant(high),
            Self::Call(function, arguments) => {
                !matches!(function.name, "rand" | "new_guid") && arguments.iter().all(constant)
            }
            Self::Case(branches, otherwise) => {
                branches.iter().all(|(condition, value)| constant(condition) && constant(value))
                    && constant(otherwise)
            }
            Self::Column(_) | Self::PackAll(_) | Self::Neighbour(..) | Self::Window(..) => false,
        }
    }
}
