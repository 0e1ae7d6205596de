//! The tree of a query. Every node that a message can point at has its place in the text.

mod expression;
mod operator;
mod statement;

pub use expression::{
    BinaryOp, Call, DataTable, DynamicLiteral, Expr, ExprKind, ExternalData, Literal, LogicalOp, Membership,
    Name, NamedType, Parameter, TypeOf, UnaryOp, ValueType,
};
pub use operator::{
    Facet, Find, GraphEdge, GraphPattern, JoinCondition, MakeSeries, MvColumn, NamePattern, NullsOrder,
    OpKind, Operator, ParsePart, PartitionBody, Scan, ScanStep, Search, SeriesRange, SortKey, TopNested,
};
pub use statement::{FunctionDeclaration, FunctionParameter, LetValue, ParameterType, Query, Statement};
