//! Function calls: built-in, aggregate, declared in the query, stored beside the tables.

use std::rc::Rc;

use super::super::limits::SUBQUERY;
use super::super::node::{Node, Typed};
use super::super::scope::{Binding, Closure, Scope};
use super::super::{sources, statements};
use super::{Binder, Slot, infix};
use crate::kql::aggregates;
use crate::kql::ast::{Call, Expr, ExprKind, FunctionParameter, ValueType};
use crate::kql::error::{Problem, Result, Span};
use crate::kql::functions::{self, Function, Returns};
use crate::kql::nearest::did_you_mean;
use crate::kql::value::{Type, Value, convert};

impl Binder<'_> {
    pub(super) fn call(&self, call: &Call, span: Span) -> Result<Typed> {
        let name = call.name.text.as_str();
        if let Some(Binding::Function(closure)) = self.scope.get(name) {
            return self.inlined(&closure, call);
        }
        if self.slots.is_some()
            && let Some(aggregate) = aggregates::lookup(name)
        {
            return self.aggregate(aggregate, call, span);
        }
        if let Some(special) = self.special(call, span)? {
            return Ok(special);
        }
        if let Some(function) = functions::lookup(name) {
            return self.built_in(function, call, span);
        }
        if let Some(closure) = statements::stored(self.engine, name)? {
            return self.inlined(&closure, call);
        }
        if aggregates::lookup(name).is_some() {
            let message = format!("the aggregate '{name}' is not allowed here");
            return Err(
                Problem::semantic("SEM0261", message).hint("use it in summarize, top-nested or make-series")
            );
        }
        Err(unknown(call))
    }

    fn built_in(&self, function: &'static Function, call: &Call, span: Span) -> Result<Typed> {
        check_arity(&call.name.text, call.arguments.len(), function.arity)?;
        let arguments: Vec<Typed> = call.arguments.iter().map(|arg| self.bind(arg)).collect::<Result<_>>()?;
        let ty = returned(function, &arguments);
        let makes_text = function.returns == Returns::Type(Type::String) && function.name != "gettype";
        let text = |argument: Typed| {
            if argument.ty == Type::Bool { self.cast_to(argument, Type::String) } else { argument }
        };
        let arguments = if makes_text { arguments.into_iter().map(text).collect() } else { arguments };
        Ok(self.folded(Node::Call(function, arguments), ty, span))
    }

    fn aggregate(&self, aggregate: &'static aggregates::Aggregate, call: &Call, span: Span) -> Result<Typed> {
        let Some(slots) = self.slots else { return Err(unknown(call)) };
        let (slot, ty) = self.slot(aggregate, call)?;
        let at = slots.borrow().len();
        slots.borrow_mut().push(slot);
        let column = Typed { node: Node::Column(at), ty, span };
        // These come as an array, one item for each output column.
        if matches!(
            aggregate.name,
            "percentile"
                | "percentiles"
                | "take_any"
                | "any"
                | "take_anyif"
                | "anyif"
                | "arg_max"
                | "arg_min"
        ) {
            let first = Typed::constant(Value::Long(0), Type::Long, span);
            return Ok(Typed { node: Node::Index(Box::new(column), Box::new(first)), ty, span });
        }
        Ok(column)
    }

    /// The aggregate with its arguments bound to the rows of the group.
    pub fn slot(&self, aggregate: &'static aggregates::Aggregate, call: &Call) -> Result<(Slot, Type)> {
        check_arity(aggregate.name, call.arguments.len(), aggregate.arity)?;
        let rows = Self { slots: None, columns: self.input, input: &[], ..*self };
        let mut arguments = Vec::new();
        let mut condition = None;
        for (at, argument) in call.arguments.iter().enumerate() {
            let bound = rows.bind(argument)?;
            if aggregate.condition == Some(at) {
                condition = Some(bound);
            } else {
                arguments.push(bound);
            }
        }
        let types: Vec<Type> = arguments.iter().map(|argument| argument.ty).collect();
        let ty = aggregate.type_for(&types);
        Ok((Slot { aggregate, arguments, condition }, ty))
    }

    /// A function of the query: its body with the arguments put in.
    fn inlined(&self, closure: &Rc<Closure>, call: &Call) -> Result<Typed> {
        self.engine.meter.nested(SUBQUERY, || {
            let scope = Rc::new(Scope::inside(&closure.scope));
            bind_parameters(
                &call.name.text,
                &closure.declaration.parameters,
                &call.arguments,
                &scope,
                |parameter, given| match &parameter.declared.ty {
                    ValueType::Table(_) => Ok(Binding::Table(sources::table_of(self, given)?)),
                    ValueType::Scalar(ty) => {
                        let bound = self.bind(given)?;
                        Ok(match bound.as_constant() {
                            Some(value) => Binding::Scalar(convert::store(value.clone(), *ty), *ty),
                            None => Binding::Inline(Rc::new(self.cast_to(bound, *ty))),
                        })
                    }
                },
            )?;
            let inner = Binder { scope: &scope, columns: &[], open: false, slots: None, input: &[], ..*self };
            for statement in &closure.declaration.statements {
                statements::inlined_let(&inner, statement)?;
            }
            match &closure.declaration.result {
                Some(result) if sources::is_tabular(&inner, result) => Err(Problem::semantic(
                    "SEM0021",
                    format!("'{}' gives a table where a single value is expected", call.name.text),
                )),
                Some(result) => inner.bind(result),
                None => Err(Problem::semantic("SEM0021", format!("'{}' has no result", call.name.text))),
            }
        })
    }

    fn cast_to(&self, bound: Typed, ty: Type) -> Typed {
        if bound.ty == ty || ty == Type::Dynamic {
            return bound;
        }
        let span = bound.span;
        self.folded(Node::Cast(Box::new(bound), ty), ty, span)
    }
}

/// Puts arguments, by place or by name, and defaults into the scope of a function.
pub fn bind_parameters(
    function: &str,
    parameters: &[FunctionParameter],
    arguments: &[Expr],
    scope: &Scope,
    mut bind: impl FnMut(&FunctionParameter, &Expr) -> Result<Binding>,
) -> Result<()> {
    if arguments.len() > parameters.len() {
        return Err(arity_problem(function, arguments.len(), (0, parameters.len())));
    }
    for (at, parameter) in parameters.iter().enumerate() {
        let name = &parameter.declared.name.text;
        let named = arguments.iter().find_map(|argument| match &argument.kind {
            ExprKind::Named(names, false, value)
                if names.first().is_some_and(|given| given.text == *name) =>
            {
                Some(&**value)
            }
            _ => None,
        });
        let placed = arguments.get(at).filter(|argument| !matches!(argument.kind, ExprKind::Named(..)));
        let Some(given) = named.or(placed).or(parameter.default.as_ref()) else {
            let message = format!("the function '{function}' expects a value for '{name}'");
            return Err(Problem::semantic("SEM0219", message));
        };
        scope.set(name, bind(parameter, given)?);
    }
    Ok(())
}

pub fn check_arity(name: &str, given: usize, (least, most): (usize, usize)) -> Result<()> {
    if (least..=most).contains(&given) || (most == functions::MANY && given >= least) {
        return Ok(());
    }
    Err(arity_problem(name, given, (least, most)))
}

fn arity_problem(name: &str, given: usize, (least, most): (usize, usize)) -> Problem {
    let expected = if least == most { least.to_string() } else { format!("{least} to {most}") };
    let noun = if expected == "1" { "argument" } else { "arguments" };
    Problem::semantic("SEM0219", format!("the function '{name}' expects {expected} {noun}, {given} given"))
}

fn returned(function: &Function, arguments: &[Typed]) -> Type {
    let argument = |at: usize| arguments.get(at).map_or(Type::Dynamic, |argument| argument.ty);
    match function.returns {
        Returns::Type(ty) => ty,
        Returns::Argument(at) => match argument(at) {
            // The number of a dynamic value is known only with the row.
            Type::Dynamic if function.name != "abs" => Type::Real,
            ty => ty,
        },
        Returns::Widest => arguments
            .iter()
            .map(|a| a.ty)
            .reduce(|a, b| if a == b { a } else { infix::wider(a, b) })
            .unwrap_or(Type::Dynamic),
        Returns::Common(from) => common(arguments.iter().skip(from).map(|argument| argument.ty)),
        Returns::Named(at) => match arguments.get(at).and_then(Typed::as_constant) {
            Some(word) => Type::from_word(&word.to_text()).unwrap_or(Type::String),
            None => Type::String,
        },
    }
}

/// The one type of all, the widest number, or else dynamic.
pub fn common(types: impl Iterator<Item = Type>) -> Type {
    types
        .reduce(|a, b| match (a, b) {
            _ if a == b => a,
            _ if a.is_number() && b.is_number() => infix::wider(a, b),
            _ => Type::Dynamic,
        })
        .unwrap_or(Type::Dynamic)
}

/// A function that nobody knows, or that is known and not here.
fn unknown(call: &Call) -> Problem {
    let name = call.name.text.as_str();
    if crate::kql::catalogue::is_function(name) {
        return Problem::unsupported(format!("the function '{name}'")).at(call.name.span);
    }
    let known: Vec<&str> = functions::names().chain(aggregates::names()).collect();
    let problem = Problem::semantic("SEM0260", format!("Unknown function: '{name}'")).at(call.name.span);
    match did_you_mean(name, known) {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}
