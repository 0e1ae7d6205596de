//! Statements and whole queries.

use super::{Expr, Literal, Name, NamedType, ValueType};

/// The type of a parameter.
pub type ParameterType = ValueType;

/// A query: its statements. All tabular expressions among them give a result each.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The statements in order.
    pub statements: Vec<Statement>,
}

/// `name: type = default`
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionParameter {
    /// Name and type.
    pub declared: NamedType,
    /// What it is when the call leaves it out.
    pub default: Option<Expr>,
}

/// `(parameters) { statements; result }`
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionDeclaration {
    /// `view`: part of wildcards.
    pub view: bool,
    /// What goes in.
    pub parameters: Vec<FunctionParameter>,
    /// Its own statements.
    pub statements: Vec<Statement>,
    /// What comes out.
    pub result: Option<Expr>,
}

/// The right side of `let`.
#[derive(Clone, Debug, PartialEq)]
pub enum LetValue {
    /// A scalar or tabular expression.
    Expr(Expr),
    /// A function.
    Function(FunctionDeclaration),
}

/// The statements.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `let name = value`
    Let(Name, LetValue),
    /// `set option = value`
    Set(Name, Option<Expr>),
    /// `declare query_parameters (...)`
    QueryParameters(Vec<FunctionParameter>),
    /// `declare pattern name = ...`: the parameters, and for each case its values and its body.
    Pattern(Name, Vec<NamedType>, Vec<(Vec<Expr>, Option<Literal>, FunctionDeclaration)>),
    /// `alias database name = ...`
    Alias(Name, Expr),
    /// `restrict access to (...)`
    Restrict(Vec<Expr>),
    /// An expression: a result of the query.
    Expr(Expr),
}
