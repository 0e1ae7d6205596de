//! Where rows come from: tables, variables, functions, inline data, pipes.

use std::rc::Rc;

use super::bind::{Binder, unresolved};
use super::limits::SUBQUERY;
use super::scope::{Binding, Closure, Scope};
use super::{Datum, Engine, operators, statements};
use crate::kql::ast::{
    Call, DataTable, Expr, ExprKind, ExternalData, FunctionDeclaration, NamedType, OpKind, ValueType,
};
use crate::kql::error::{Problem, Result};
use crate::kql::table::{Column, Row, Table, Tables};
use crate::kql::value::{Type, Value, convert};

/// The functions that lead to the tables of another place.
const PLACES: [&str; 7] = ["workspace", "app", "cluster", "database", "resource", "adx", "arg"];

/// The expression gives a table.
pub fn is_tabular(binder: &Binder<'_>, expr: &Expr) -> bool {
    let tabular = |expr: &Expr| is_tabular(binder, expr);
    match &expr.kind {
        ExprKind::Pipe(..)
        | ExprKind::Source(_)
        | ExprKind::DataTable(_)
        | ExprKind::ExternalData(_)
        | ExprKind::ToTable(_)
        | ExprKind::Wildcard(_)
        | ExprKind::ContextualDataTable(..)
        | ExprKind::InlineExternalTable => true,
        ExprKind::Parenthesized(inner) | ExprKind::Named(_, _, inner) | ExprKind::Materialize(inner) => {
            tabular(inner)
        }
        ExprKind::Name(name) => {
            let is_column = binder.columns.iter().chain(binder.input).any(|column| column.name == *name);
            !is_column
                && match binder.scope.get(name) {
                    Some(binding) => matches!(binding, Binding::Table(_)),
                    None => is_stored(binder.engine, name),
                }
        }
        ExprKind::Call(call) => call_is_tabular(binder, call),
        ExprKind::Path(base, _) => place(base).is_some(),
        _ => false,
    }
}

fn is_stored(engine: &Engine<'_>, name: &str) -> bool {
    engine.tables.schema(name).is_some() || engine.tables.function(name).is_some()
}

fn call_is_tabular(binder: &Binder<'_>, call: &Call) -> bool {
    let name = call.name.text.as_str();
    match binder.scope.get(name) {
        Some(Binding::Function(closure)) => gives_table(binder, &closure),
        Some(_) => false,
        None if name == "table" => true,
        None if crate::kql::functions::lookup(name).is_some()
            || crate::kql::aggregates::lookup(name).is_some() =>
        {
            false
        }
        None => match statements::stored(binder.engine, name) {
            Ok(Some(closure)) => gives_table(binder, &closure),
            _ => binder.engine.tables.call(name, &[]).is_some() || name.starts_with('_'),
        },
    }
}

/// The function's result is a table, as far as its declaration tells.
fn gives_table(binder: &Binder<'_>, closure: &Rc<Closure>) -> bool {
    let Some(result) = &closure.declaration.result else { return false };
    let scope = Rc::new(Scope::inside(&closure.scope));
    declare(&closure.declaration, &scope, binder);
    let inner = Binder { scope: &scope, columns: &[], input: &[], slots: None, ..*binder };
    is_tabular(&inner, result)
}

/// Gives the function's own names bindings of the right kind; their content does not matter.
fn declare(declaration: &FunctionDeclaration, scope: &Rc<Scope>, binder: &Binder<'_>) {
    use crate::kql::ast::{LetValue, Statement};
    let kind = |tabular: bool| {
        if tabular { Binding::Table(Rc::default()) } else { Binding::Scalar(Value::Null, Type::Dynamic) }
    };
    for parameter in &declaration.parameters {
        let tabular = matches!(parameter.declared.ty, ValueType::Table(_));
        scope.set(&parameter.declared.name.text, kind(tabular));
    }
    for statement in &declaration.statements {
        match statement {
            Statement::Let(name, LetValue::Expr(expr)) => {
                let inner = Binder { scope, columns: &[], input: &[], slots: None, ..*binder };
                let tabular = is_tabular(&inner, expr);
                scope.set(&name.text, kind(tabular));
            }
            Statement::Let(name, LetValue::Function(function)) => {
                let closure = Closure { declaration: function.clone(), scope: scope.snapshot() };
                scope.set(&name.text, Binding::Function(Rc::new(closure)));
            }
            _ => {}
        }
    }
}

/// The table of an expression inside another one.
pub fn table_of(binder: &Binder<'_>, expr: &Expr) -> Result<Rc<Table>> {
    tabular(binder.engine, binder.scope, expr)
}

/// The value of `toscalar(...)`: the first cell of a table, or the value itself.
pub fn scalar_of(binder: &Binder<'_>, expr: &Expr) -> Result<(Value, Type)> {
    if !is_tabular(binder, expr) {
        let bound = binder.constant_value(expr)?;
        return Ok(bound);
    }
    let table = table_of(binder, expr)?;
    let ty = table.columns.first().map_or(Type::Dynamic, |column| column.ty);
    let cell = table.rows.first().and_then(|row| row.first()).cloned();
    Ok((cell.unwrap_or_else(|| ty.nothing()), ty))
}

/// A value or a table.
pub fn datum(engine: &Engine<'_>, scope: &Rc<Scope>, expr: &Expr) -> Result<Datum> {
    let binder = Binder::constant(engine, scope);
    if is_tabular(&binder, expr) {
        return Ok(Datum::Table(tabular(engine, scope, expr)?));
    }
    let (value, ty) = binder.constant_value(expr)?;
    Ok(Datum::Scalar(value, ty))
}

/// The rows of a tabular expression.
pub fn tabular(engine: &Engine<'_>, scope: &Rc<Scope>, expr: &Expr) -> Result<Rc<Table>> {
    engine.meter.nested(SUBQUERY, || evaluate(engine, scope, expr)).map_err(|problem| problem.at(expr.span))
}

fn evaluate(engine: &Engine<'_>, scope: &Rc<Scope>, expr: &Expr) -> Result<Rc<Table>> {
    engine.meter.tick()?;
    match &expr.kind {
        ExprKind::Name(name) => named(engine, scope, name),
        ExprKind::Parenthesized(inner)
        | ExprKind::ToTable(inner)
        | ExprKind::Materialize(inner)
        | ExprKind::Named(_, _, inner) => tabular(engine, scope, inner),
        ExprKind::Pipe(source, operators) => {
            let table = match &source.kind {
                ExprKind::Source(_) | ExprKind::Parenthesized(_) => tabular(engine, scope, source),
                _ if is_tabular(&Binder::constant(engine, scope), source) => tabular(engine, scope, source),
                ExprKind::Name(name) => named(engine, scope, name).map_err(|problem| problem.at(source.span)),
                ExprKind::Call(call) => called(engine, scope, call),
                _ => Err(Problem::semantic("SEM0003", "a table is expected before '|'")),
            };
            let mut table = table.map_err(|problem| match operators.first() {
                Some(first) => operators::naming(first.word, problem),
                None => problem,
            })?;
            for operator in operators {
                if let OpKind::As(name) = &operator.kind {
                    scope.set(&name.text, Binding::Table(Rc::clone(&table)));
                    continue;
                }
                let input = Rc::try_unwrap(table).unwrap_or_else(|shared| (*shared).clone());
                table = Rc::new(operators::apply(engine, scope, Some(input), operator)?);
                engine.meter.table(table.rows.len(), table.columns.len())?;
            }
            Ok(table)
        }
        ExprKind::Source(operator) => {
            let input = scope.input().map(|input| (*input).clone());
            Ok(Rc::new(operators::apply(engine, scope, input, operator)?))
        }
        ExprKind::DataTable(data) => data_table(engine, scope, data).map(Rc::new),
        ExprKind::ExternalData(data) => external(engine, scope, data).map(Rc::new),
        ExprKind::Wildcard(_) => {
            operators::union_of(engine, scope, std::slice::from_ref(expr), &[]).map(Rc::new)
        }
        ExprKind::Call(call) => called(engine, scope, call),
        ExprKind::Path(base, member) => elsewhere(engine, scope, base, member),
        ExprKind::ContextualDataTable(..) | ExprKind::InlineExternalTable | ExprKind::ViewCombine(_) => {
            Err(Problem::unsupported("this source of rows"))
        }
        _ => Err(Problem::semantic("SEM0003", "the query must give a table")
            .hint("begin with print to show a value")),
    }
}

fn named(engine: &Engine<'_>, scope: &Rc<Scope>, name: &str) -> Result<Rc<Table>> {
    match scope.get(name) {
        Some(Binding::Table(table)) => return Ok(table),
        Some(Binding::Function(closure))
            if closure.declaration.parameters.iter().all(|p| p.default.is_some()) =>
        {
            return function(engine, scope, name, &closure, &[], None);
        }
        Some(_) => {
            return Err(Problem::semantic(
                "SEM0003",
                format!("'{name}' is a value, the query must give a table"),
            )
            .hint(format!("print {name} shows it")));
        }
        None => {}
    }
    if engine.tables.schema(name).is_some() {
        return load(engine, engine.tables, name).map(Rc::new);
    }
    if let Some(closure) = statements::stored(engine, name)? {
        return function(engine, scope, name, &closure, &[], None);
    }
    let names = engine.tables.names().into_iter().chain(scope.names());
    Err(unresolved(name, names))
}

/// A stored table with its rows.
pub fn load(engine: &Engine<'_>, tables: &dyn Tables, name: &str) -> Result<Table> {
    let columns = tables.schema(name).ok_or_else(|| unresolved(name, tables.names().into_iter()))?;
    let rows = if engine.checking { Vec::new() } else { tables.rows(name)? };
    engine.meter.table(rows.len(), columns.len())?;
    Ok(Table { open: tables.is_open(name), ..Table::new(columns, rows) })
}

/// A call that gives a table.
pub fn called(engine: &Engine<'_>, scope: &Rc<Scope>, call: &Call) -> Result<Rc<Table>> {
    let name = call.name.text.as_str();
    if let Some(Binding::Function(closure)) = scope.get(name) {
        return function(engine, scope, name, &closure, &call.arguments, None);
    }
    let binder = Binder::constant(engine, scope);
    if name == "table"
        && let Some(argument) = call.arguments.first()
    {
        let (table, _) = binder.constant_value(argument)?;
        return named(engine, scope, &table.to_text());
    }
    if let Some(closure) = statements::stored(engine, name)? {
        return function(engine, scope, name, &closure, &call.arguments, None);
    }
    let mut arguments = Vec::new();
    for argument in &call.arguments {
        arguments.push(binder.constant_value(argument)?.0);
    }
    match engine.tables.call(name, &arguments) {
        Some(table) => {
            let mut table = table?;
            if engine.checking {
                table.rows.clear();
            }
            Ok(Rc::new(table))
        }
        None if name == "_GetWatchlist" => {
            let alias = arguments.first().map(Value::to_text).unwrap_or_default();
            Err(Problem::semantic("SEM0100", format!("there is no watchlist with the alias '{alias}'"))
                .at(call.name.span))
        }
        None => Err(Problem::semantic("SEM0260", format!("Unknown function: '{name}'")).at(call.name.span)),
    }
}

/// Runs a function that gives a table; `input` is the table that `invoke` puts first.
pub fn function(
    engine: &Engine<'_>,
    scope: &Rc<Scope>,
    name: &str,
    closure: &Rc<Closure>,
    arguments: &[Expr],
    input: Option<Rc<Table>>,
) -> Result<Rc<Table>> {
    engine.meter.nested(SUBQUERY, || {
        let inner = Rc::new(Scope::inside(&closure.scope));
        let mut parameters = closure.declaration.parameters.as_slice();
        if let (Some(table), Some((first, rest))) = (input, parameters.split_first()) {
            inner.set(&first.declared.name.text, Binding::Table(table));
            parameters = rest;
        }
        super::bind_parameters(name, parameters, arguments, &inner, |parameter, given| {
            match &parameter.declared.ty {
                ValueType::Table(_) => Ok(Binding::Table(tabular(engine, scope, given)?)),
                ValueType::Scalar(ty) => {
                    let (value, _) = Binder::constant(engine, scope).constant_value(given)?;
                    Ok(Binding::Scalar(convert::store(value, *ty), *ty))
                }
            }
        })?;
        for statement in &closure.declaration.statements {
            statements::statement(engine, &inner, statement)?;
        }
        match &closure.declaration.result {
            Some(result) => tabular(engine, &inner, result),
            None => Err(Problem::semantic("SEM0003", format!("the function '{name}' has no result"))),
        }
    })
}

fn place(base: &Expr) -> Option<&Call> {
    match &base.kind {
        ExprKind::Call(call) if PLACES.contains(&call.name.text.as_str()) => Some(call),
        ExprKind::Path(outer, inner) if place(outer).is_some() => place(inner),
        _ => None,
    }
}

fn elsewhere(engine: &Engine<'_>, scope: &Rc<Scope>, base: &Expr, member: &Expr) -> Result<Rc<Table>> {
    let Some(call) = place(base) else {
        return Err(Problem::semantic("SEM0003", "a table is expected here"));
    };
    let binder = Binder::constant(engine, scope);
    let name = match call.arguments.first() {
        Some(argument) => binder.constant_value(argument)?.0.to_text(),
        None => "".into(),
    };
    let kind = call.name.text.as_str();
    let Some(tables) = engine.tables.elsewhere(kind, &name) else {
        return Err(Problem::semantic("SEM0100", format!("Failed to resolve {kind} '{name}'")).at(base.span));
    };
    let table = match &member.kind {
        ExprKind::Name(table) => table.clone(),
        ExprKind::Call(call) if call.name.text == "table" && call.arguments.len() == 1 => {
            binder.constant_value(&call.arguments[0])?.0.to_text().to_string()
        }
        _ => return Err(Problem::unsupported("anything but a table of another place").at(member.span)),
    };
    load(engine, tables, &table).map(Rc::new)
}

/// Columns of a declared schema.
pub fn columns_of(schema: &[NamedType]) -> Result<Vec<Column>> {
    let column = |declared: &NamedType| match declared.ty {
        ValueType::Scalar(ty) => Ok(Column::new(&declared.name.text, ty)),
        ValueType::Table(_) => {
            Err(Problem::semantic("SEM0020", "a column cannot hold a table").at(declared.name.span))
        }
    };
    schema.iter().map(column).collect()
}

fn data_table(engine: &Engine<'_>, scope: &Rc<Scope>, data: &DataTable) -> Result<Table> {
    let columns = columns_of(&data.schema)?;
    if columns.is_empty() || !data.values.len().is_multiple_of(columns.len()) {
        let message = format!("{} values do not fill rows of {} columns", data.values.len(), columns.len());
        return Err(Problem::semantic("SEM0108", message));
    }
    let binder = Binder::constant(engine, scope);
    let mut rows: Vec<Row> = Vec::new();
    for cells in data.values.chunks(columns.len()) {
        let cell =
            |(expr, column): (&Expr, &Column)| Ok(convert::store(binder.constant_value(expr)?.0, column.ty));
        rows.push(cells.iter().zip(&columns).map(cell).collect::<Result<_>>()?);
    }
    engine.meter.table(rows.len(), columns.len())?;
    Ok(Table::new(columns, rows))
}

fn external(engine: &Engine<'_>, scope: &Rc<Scope>, data: &ExternalData) -> Result<Table> {
    let columns = columns_of(&data.schema)?;
    let binder = Binder::constant(engine, scope);
    let property = |wanted: &str| {
        let found =
            data.properties.iter().find(|property| property.name.text.eq_ignore_ascii_case(wanted))?;
        match &found.value.as_ref()?.kind {
            ExprKind::Name(word) => Some(word.clone()),
            ExprKind::Literal(_) => binder
                .constant_value(found.value.as_ref()?)
                .ok()
                .map(|(value, _)| value.to_text().to_string()),
            _ => None,
        }
    };
    let format = property("format").unwrap_or_else(|| "csv".to_owned()).to_ascii_lowercase();
    let skip = property("ignoreFirstRecord").is_some_and(|value| value == "true");
    let mut rows = Vec::new();
    for source in &data.sources {
        let (address, _) = binder.constant_value(source)?;
        if engine.checking {
            continue;
        }
        if let Some(content) = engine.tables.external(&address.to_text()) {
            operators::read_external(&content?, &format, skip, &columns, &mut rows)?;
        }
    }
    Ok(Table::new(columns, rows))
}
