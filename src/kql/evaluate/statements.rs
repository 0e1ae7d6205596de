//! Statements: what `let` binds, and the results.

use std::rc::Rc;

use super::bind::Binder;
use super::scope::{Binding, Closure, Scope};
use super::sources::{datum, is_tabular, tabular};
use super::{Datum, Engine};
use crate::kql::ast::{FunctionDeclaration, LetValue, Statement};
use crate::kql::error::{Problem, Result};
use crate::kql::parser;
use crate::kql::table::Table;
use crate::kql::value::convert;

/// Runs statements in order; the tables of the expressions among them are the results.
pub fn execute(engine: &Engine<'_>, statements: &[Statement], scope: &Rc<Scope>) -> Result<Vec<Table>> {
    let mut results = Vec::new();
    for statement_ in statements {
        match statement_ {
            Statement::Expr(expr) => {
                let table = tabular(engine, scope, expr)?;
                results.push(Rc::try_unwrap(table).unwrap_or_else(|shared| (*shared).clone()));
            }
            other => statement(engine, scope, other)?,
        }
    }
    Ok(results)
}

/// Binds what a statement declares.
pub fn statement(engine: &Engine<'_>, scope: &Rc<Scope>, statement: &Statement) -> Result<()> {
    match statement {
        Statement::Let(name, LetValue::Function(declaration)) => {
            bind_function(scope, &name.text, declaration)
        }
        Statement::Let(name, LetValue::Expr(expr)) => {
            let binding = match datum(engine, scope, expr)? {
                Datum::Scalar(value, ty) => Binding::Scalar(value, ty),
                Datum::Table(table) => Binding::Table(table),
            };
            scope.set(&name.text, binding);
        }
        Statement::QueryParameters(parameters) => {
            for parameter in parameters {
                let crate::kql::ast::ValueType::Scalar(ty) = parameter.declared.ty else { continue };
                let value = match &parameter.default {
                    Some(default) => Binder::constant(engine, scope).constant_value(default)?.0,
                    None => ty.nothing(),
                };
                scope.set(&parameter.declared.name.text, Binding::Scalar(convert::store(value, ty), ty));
            }
        }
        // Options do not change what rows there are; restrictions only take tables away.
        Statement::Set(..) | Statement::Restrict(_) | Statement::Expr(_) => {}
        Statement::Pattern(..) | Statement::Alias(..) => return Err(Problem::unsupported("this statement")),
    }
    Ok(())
}

/// As [`statement`], inside a function that is put into an expression over rows.
pub fn inlined_let(binder: &Binder<'_>, statement_: &Statement) -> Result<()> {
    match statement_ {
        Statement::Let(name, LetValue::Expr(expr)) if !is_tabular(binder, expr) => {
            let bound = binder.bind(expr)?;
            let binding = match bound.as_constant() {
                Some(value) => Binding::Scalar(value.clone(), bound.ty),
                None => Binding::Inline(Rc::new(bound)),
            };
            binder.scope.set(&name.text, binding);
            Ok(())
        }
        other => statement(binder.engine, binder.scope, other),
    }
}

fn bind_function(scope: &Rc<Scope>, name: &str, declaration: &FunctionDeclaration) {
    let closure = Closure { declaration: declaration.clone(), scope: scope.snapshot() };
    scope.set(name, Binding::Function(Rc::new(closure)));
}

/// A function stored beside the tables; it sees nothing of the query that calls it.
pub fn stored(engine: &Engine<'_>, name: &str) -> Result<Option<Rc<Closure>>> {
    let Some(function) = engine.tables.function(name) else { return Ok(None) };
    let text = format!("let f = ({}) {{\n{}\n}};", function.parameters, function.body);
    let query = parser::parse(&text).map_err(|problem| {
        let message = format!("the stored function '{name}' cannot be read: {}", problem.headline(&text));
        Problem::semantic("SEM0261", message)
    })?;
    let declaration = query.statements.into_iter().find_map(|statement| match statement {
        Statement::Let(_, LetValue::Function(declaration)) => Some(declaration),
        _ => None,
    });
    Ok(declaration.map(|declaration| Rc::new(Closure { declaration, scope: Rc::new(Scope::root()) })))
}
