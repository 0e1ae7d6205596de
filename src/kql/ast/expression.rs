//! Scalar and tabular expressions.

use super::Operator;
use crate::kql::error::Span;
use crate::kql::value::Type;

/// A name as written, without brackets and quotes.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// An expression and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its place.
    pub span: Span,
}

/// A literal; numbers and times keep their text, because what they mean is checked when they are used.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `"text"`, with escapes resolved and neighbours joined.
    String(String),
    /// A literal of another type: its type, and what stands in `type(...)` or in the text itself.
    Typed(Type, String),
    /// `null` in a dynamic literal.
    Null,
}

/// What stands in `dynamic(...)`.
#[derive(Clone, Debug, PartialEq)]
pub enum DynamicLiteral {
    /// A single value; `true` in front stands for a minus sign.
    Scalar(bool, Literal),
    /// `[...]`
    Array(Vec<DynamicLiteral>),
    /// `{...}`
    Bag(Vec<(String, DynamicLiteral)>),
}

/// Operators with two operands that are evaluated both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the language")]
pub enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    /// `=~`
    EqualIgnoringCase,
    /// `!~`
    NotEqualIgnoringCase,
    /// `has`, `contains_cs`, `matches regex` and the others: the word as written.
    String(&'static str),
}

/// `and`, `or`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the language")]
pub enum LogicalOp {
    And,
    Or,
}

/// `+x`, `-x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the language")]
pub enum UnaryOp {
    Plus,
    Minus,
}

/// Operators with a list on their right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// `in`, `!in`, `in~`, `!in~`
    In {
        /// With `~`.
        ignore_case: bool,
        /// With `!`.
        negated: bool,
    },
    /// `has_any`
    HasAny,
    /// `has_all`
    HasAll,
}

/// `name(arguments)`
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The function.
    pub name: Name,
    /// Its arguments, some of them perhaps named.
    pub arguments: Vec<Expr>,
}

/// `name = value` behind the word of an operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The name, such as `hint.strategy`.
    pub name: Name,
    /// Its value; a bare word is a name.
    pub value: Option<Expr>,
}

/// `name: type`
#[derive(Clone, Debug, PartialEq)]
pub struct NamedType {
    /// The column or parameter.
    pub name: Name,
    /// Its type.
    pub ty: ValueType,
}

/// The type of a column or of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueType {
    /// A scalar.
    Scalar(Type),
    /// `(*)` or `(column: type, ...)`; `None` stands for the asterisk.
    Table(Option<Vec<NamedType>>),
}

/// What stands in `typeof(...)`.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeOf {
    /// One type, by its word.
    Scalar(String),
    /// Columns with types; `None` stands for `*`.
    Columns(Vec<Option<NamedType>>),
}

/// `datatable (schema) [values]`
#[derive(Clone, Debug, PartialEq)]
pub struct DataTable {
    /// The columns.
    pub schema: Vec<NamedType>,
    /// The cells, row by row.
    pub values: Vec<Expr>,
}

/// `externaldata (schema) [sources] with (properties)`
#[derive(Clone, Debug, PartialEq)]
pub struct ExternalData {
    /// The columns.
    pub schema: Vec<NamedType>,
    /// The addresses.
    pub sources: Vec<Expr>,
    /// What stands in `with`.
    pub properties: Vec<Parameter>,
}

/// The kinds of expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A literal.
    Literal(Literal),
    /// `dynamic(...)`
    Dynamic(DynamicLiteral),
    /// `typeof(...)`
    TypeOf(TypeOf),
    /// A name: column, table, variable.
    Name(String),
    /// A name with asterisks.
    Wildcard(String),
    /// `*`
    Star,
    /// `@`
    At,
    /// A function call.
    Call(Call),
    /// `base.member`; the member is a name or a call.
    Path(Box<Expr>, Box<Expr>),
    /// `base[index]`
    Element(Box<Expr>, Box<Expr>),
    /// `+x`, `-x`
    Unary(UnaryOp, Box<Expr>),
    /// Two operands.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `a and b and c`
    Logical(LogicalOp, Vec<Expr>),
    /// `x in (...)`; the list may be one tabular expression.
    Membership(Membership, Box<Expr>, Vec<Expr>),
    /// `x between (low .. high)`; `true` for `!between`
    Between(bool, Box<Expr>, Box<Expr>, Box<Expr>),
    /// `(x)`
    Parenthesized(Box<Expr>),
    /// `name = x`, or `(a, b) = x` when the flag is set.
    Named(Vec<Name>, bool, Box<Expr>),
    /// `toscalar(x)`
    ToScalar(Box<Expr>),
    /// `totable(x)`
    ToTable(Box<Expr>),
    /// `materialize(x)`
    Materialize(Box<Expr>),
    /// `datatable`
    DataTable(DataTable),
    /// `externaldata`
    ExternalData(ExternalData),
    /// `materialized-view-combine`: the parts in brackets.
    ViewCombine(Vec<Expr>),
    /// `__contextual_datatable`: the id and the columns.
    ContextualDataTable(Box<Expr>, Vec<NamedType>),
    /// `inline_external_table`; recognised, not analysed.
    InlineExternalTable,
    /// `entity_group [...]`
    EntityGroup(Vec<Expr>),
    /// An operator that begins a query: `print`, `range`, `union`, `search`, `find`, `evaluate`.
    Source(Box<Operator>),
    /// `source | operator | operator`
    Pipe(Box<Expr>, Vec<Operator>),
}

impl Expr {
    /// The expression without brackets around it.
    pub fn bare(&self) -> &Self {
        let mut expr = self;
        while let ExprKind::Parenthesized(inner) = &expr.kind {
            expr = inner;
        }
        expr
    }

    /// The name, if the expression is nothing but one.
    pub fn as_name(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Name(name) => Some(name),
            _ => None,
        }
    }
}
