//! Scalar functions: values in, a value out. Those that need rows, names or laziness are in `evaluate::bind`.

mod array;
mod bag;
mod condition;
mod conversion;
mod datetime;
mod datetime_format;
mod encoding;
mod math;
mod network;
pub(super) mod operator;
mod pattern;
mod series;
mod string;

pub(super) use condition::is_empty;
pub(super) use math::bin;
pub(super) use series::steps;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::error::{Problem, Result};
use super::evaluate::Engine;
use super::value::{Type, Value};

/// What a function computes.
pub type Body = fn(&[Value], &Engine<'_>) -> Result<Value>;

/// The type of a function's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returns {
    /// Always this one.
    Type(Type),
    /// That of an argument.
    Argument(usize),
    /// The widest number among all arguments.
    Widest,
    /// The one type of all arguments from here on, dynamic if they differ.
    Common(usize),
    /// The type named by the argument there (a `typeof`), else a string.
    Named(usize),
}

/// A function.
#[derive(Debug)]
pub struct Function {
    pub name: &'static str,
    /// Least and most arguments.
    pub arity: (usize, usize),
    pub returns: Returns,
    pub body: Body,
}

/// For [`Function::arity`]: as many as one likes.
pub const MANY: usize = 64;

const fn function(name: &'static str, arity: (usize, usize), returns: Returns, body: Body) -> Function {
    Function { name, arity, returns, body }
}

const fn of_type(name: &'static str, arity: (usize, usize), ty: Type, body: Body) -> Function {
    function(name, arity, Returns::Type(ty), body)
}

static FUNCTIONS: LazyLock<HashMap<&'static str, Function>> = LazyLock::new(|| {
    let all = [
        array::functions(),
        bag::functions(),
        condition::functions(),
        conversion::functions(),
        datetime::functions(),
        encoding::functions(),
        math::functions(),
        network::functions(),
        pattern::functions(),
        series::functions(),
        string::functions(),
    ];
    all.into_iter().flatten().map(|function| (function.name, function)).collect()
});

/// The function of this name.
pub fn lookup(name: &str) -> Option<&'static Function> {
    FUNCTIONS.get(name)
}

/// The names of all functions here.
pub fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.keys().copied()
}

/// The argument as text; a missing one is empty.
fn text(arguments: &[Value], at: usize) -> std::sync::Arc<str> {
    arguments.get(at).map_or_else(|| "".into(), Value::to_text)
}

fn argument(arguments: &[Value], at: usize) -> &Value {
    arguments.get(at).unwrap_or(&Value::Null)
}

fn long(arguments: &[Value], at: usize) -> Option<i64> {
    super::value::convert::to_long(argument(arguments, at))
}

fn real(arguments: &[Value], at: usize) -> Option<f64> {
    super::value::convert::to_real(argument(arguments, at))
}

fn checked_length(length: usize) -> Result<()> {
    const MOST: usize = 64 << 20;
    if length <= MOST {
        return Ok(());
    }
    Err(Problem::runtime("a text or an array grows beyond 64 Mi characters or items"))
}
