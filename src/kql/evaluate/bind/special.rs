//! Functions that do not evaluate all their arguments, or look at names and at other rows.

use std::sync::Arc;

use super::super::node::{Node, Typed, Window};
use super::call::{check_arity, common};
use super::{Binder, sources};
use crate::kql::ast::{Call, ExprKind, Literal};
use crate::kql::error::{Problem, Result, Span};
use crate::kql::value::{Type, Value};

/// Functions that [`Binder::special`] knows.
const SPECIAL: [&str; 15] = [
    "iff",
    "iif",
    "case",
    "column_ifexists",
    "columnifexists",
    "pack_all",
    "ingestion_time",
    "prev",
    "next",
    "row_number",
    "row_cumsum",
    "row_rank_dense",
    "row_rank_min",
    "row_window_session",
    "toscalar",
];

/// The function is one of those that are bound in a way of their own.
pub fn is_special(name: &str) -> bool {
    SPECIAL.contains(&name)
}

impl Binder<'_> {
    /// The bound call, if it is one of the special ones.
    pub(super) fn special(&self, call: &Call, span: Span) -> Result<Option<Typed>> {
        let arguments = &call.arguments;
        let name = call.name.text.as_str();
        let bound = match name {
            "iff" | "iif" => {
                check_arity(name, arguments.len(), (3, 3))?;
                self.cases(call, span)?
            }
            "case" => {
                if arguments.len() < 3 || arguments.len().is_multiple_of(2) {
                    return Err(Problem::semantic(
                        "SEM0219",
                        "case() expects pairs of condition and value, and a last value",
                    ));
                }
                self.cases(call, span)?
            }
            "column_ifexists" | "columnifexists" => {
                check_arity(name, arguments.len(), (2, 2))?;
                let (column, _) = self.constant_value(&arguments[0])?;
                match self.columns.iter().position(|candidate| candidate.name == *column.to_text()) {
                    Some(at) => Typed { node: Node::Column(at), ty: self.columns[at].ty, span },
                    None => self.bind(&arguments[1])?,
                }
            }
            "pack_all" => {
                let columns = self.columns.iter().enumerate();
                let columns = columns.map(|(at, column)| (Arc::from(column.name.as_str()), at)).collect();
                Typed { node: Node::PackAll(columns), ty: Type::Dynamic, span }
            }
            "ingestion_time" => match self.columns.iter().position(|column| column.name == "TimeGenerated") {
                Some(at) => Typed { node: Node::Column(at), ty: Type::DateTime, span },
                None => Typed::constant(Value::Null, Type::DateTime, span),
            },
            "prev" | "next" => self.neighbour(call, span)?,
            "row_number" => self.window(Window::Number, call, (0, 2), Type::Long, span)?,
            "row_cumsum" => {
                let ty = arguments.first().map_or(Ok(Type::Long), |argument| Ok(self.bind(argument)?.ty))?;
                self.window(Window::CumulatedSum, call, (1, 2), ty, span)?
            }
            "row_rank_dense" => self.window(Window::RankDense, call, (1, 2), Type::Long, span)?,
            "row_rank_min" => self.window(Window::RankMin, call, (1, 2), Type::Long, span)?,
            "row_window_session" => self.window(Window::Session, call, (3, 4), Type::DateTime, span)?,
            "toscalar" => {
                check_arity(name, arguments.len(), (1, 1))?;
                let (value, ty) = sources::scalar_of(self, &arguments[0])?;
                Typed::constant(value, ty, span)
            }
            "estimate_data_size" if matches!(arguments.as_slice(), [star] if matches!(star.kind, ExprKind::Star)) =>
            {
                let Some(function) = crate::kql::functions::lookup(name) else { return Ok(None) };
                let columns = self.columns.iter().enumerate();
                let all = columns
                    .map(|(at, column)| Typed { node: Node::Column(at), ty: column.ty, span })
                    .collect();
                Typed { node: Node::Call(function, all), ty: Type::Long, span }
            }
            "extract" => {
                if let Some(ExprKind::Literal(Literal::String(pattern))) =
                    arguments.first().map(|argument| &argument.kind)
                {
                    self.engine.regex(pattern).map_err(|problem| problem.at(arguments[0].span))?;
                }
                return Ok(None);
            }
            _ => return Ok(None),
        };
        Ok(Some(bound))
    }

    fn cases(&self, call: &Call, span: Span) -> Result<Typed> {
        let mut bound: Vec<Typed> =
            call.arguments.iter().map(|argument| self.bind(argument)).collect::<Result<_>>()?;
        let Some(otherwise) = bound.pop() else {
            return Err(Problem::semantic("SEM0219", "a last value is missing"));
        };
        let mut branches = Vec::new();
        let mut pairs = bound.into_iter();
        while let (Some(condition), Some(value)) = (pairs.next(), pairs.next()) {
            if !matches!(condition.ty, Type::Bool | Type::Dynamic) && !condition.ty.is_number() {
                let message =
                    format!("a condition of type bool is expected, this one is of type {}", condition.ty);
                return Err(Problem::semantic("SEM0024", message).at(condition.span));
            }
            branches.push((condition, value));
        }
        // A bare null takes the type of the others.
        let types = branches.iter().map(|(_, value)| value).chain([&otherwise]);
        let ty = common(
            types
                .filter(|value| !matches!(value.node, Node::Const(Value::Null)) || value.ty != Type::Dynamic)
                .map(|value| value.ty),
        );
        Ok(self.folded(Node::Case(branches, Box::new(otherwise)), ty, span))
    }

    fn neighbour(&self, call: &Call, span: Span) -> Result<Typed> {
        let name = call.name.text.as_str();
        check_arity(name, call.arguments.len(), (1, 3))?;
        self.needs_order(name)?;
        let expr = self.bind(&call.arguments[0])?;
        let ty = expr.ty;
        let distance = match call.arguments.get(1) {
            Some(distance) => self.bind(distance)?,
            None => Typed::constant(Value::Long(1), Type::Long, span),
        };
        let otherwise = match call.arguments.get(2) {
            Some(otherwise) => self.bind(otherwise)?,
            None => Typed::constant(ty.nothing(), ty, span),
        };
        let node = Node::Neighbour(Box::new(expr), Box::new(distance), name == "prev", Box::new(otherwise));
        Ok(Typed { node, ty, span })
    }

    fn window(
        &self,
        kind: Window,
        call: &Call,
        arity: (usize, usize),
        ty: Type,
        span: Span,
    ) -> Result<Typed> {
        check_arity(&call.name.text, call.arguments.len(), arity)?;
        self.needs_order(&call.name.text)?;
        let arguments = call.arguments.iter().map(|argument| self.bind(argument)).collect::<Result<_>>()?;
        Ok(Typed { node: Node::Window(kind, arguments, std::cell::RefCell::default()), ty, span })
    }

    fn needs_order(&self, function: &str) -> Result<()> {
        if self.ordered {
            return Ok(());
        }
        let message = format!("the function '{function}' needs rows in an order");
        Err(Problem::semantic("SEM0227", message).hint("put 'sort by' or 'serialize' before it"))
    }
}
