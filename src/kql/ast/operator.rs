//! What stands behind a `|`.

use super::{Call, Expr, FunctionParameter, Name, NamedType, Parameter, Statement};
use crate::kql::error::Span;
use crate::kql::value::Type;

/// An operator, its parameters and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    /// The word as written, such as `where`.
    pub word: &'static str,
    /// `kind=inner`, `hint.strategy=shuffle`.
    pub parameters: Vec<Parameter>,
    /// What it does.
    pub kind: OpKind,
    /// Its place.
    pub span: Span,
}

/// A column name, perhaps with asterisks.
#[derive(Clone, Debug, PartialEq)]
pub struct NamePattern {
    /// The pattern.
    pub text: String,
    /// It has asterisks.
    pub wildcard: bool,
    /// `asc`, `desc` (reorder only).
    pub descending: Option<bool>,
    /// Its place.
    pub span: Span,
}

/// `nulls first`, `nulls last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the language")]
pub enum NullsOrder {
    First,
    Last,
}

/// `x asc nulls last`
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    /// What to order by.
    pub expr: Expr,
    /// The default is descending.
    pub ascending: bool,
    /// Where nulls go, if said.
    pub nulls: Option<NullsOrder>,
}

/// What `join` compares.
#[derive(Clone, Debug, PartialEq)]
pub enum JoinCondition {
    /// `on a, $left.b == $right.c`
    On(Vec<Expr>),
    /// `where condition`
    Where(Expr),
}

/// A column of `mv-expand` and `mv-apply`.
#[derive(Clone, Debug, PartialEq)]
pub struct MvColumn {
    /// The array; `None` when only a type is given.
    pub expr: Option<Expr>,
    /// `to typeof(...)`
    pub ty: Option<Type>,
}

/// A part of the pattern of `parse`.
#[derive(Clone, Debug, PartialEq)]
pub enum ParsePart {
    /// `*`
    Skip,
    /// Text that must be there.
    Text(String),
    /// A column; string unless it has a type.
    Column(Name, Option<Type>),
}

/// `from a to b step c`, or `in range(a, b, c)`.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesRange {
    /// The first point.
    pub from: Option<Expr>,
    /// The end.
    pub to: Option<Expr>,
    /// The distance of points.
    pub step: Expr,
    /// Written with `in range`: the end belongs to the series.
    pub closed: bool,
}

/// `make-series`
#[derive(Clone, Debug, PartialEq)]
pub struct MakeSeries {
    /// Aggregates, each with its default.
    pub aggregates: Vec<(Expr, Option<Expr>)>,
    /// The axis.
    pub on: Expr,
    /// Its range.
    pub range: SeriesRange,
    /// The groups.
    pub by: Vec<Expr>,
}

/// One level of `top-nested`
#[derive(Clone, Debug, PartialEq)]
pub struct TopNested {
    /// How many; all when absent.
    pub count: Option<Expr>,
    /// Of what.
    pub of: Expr,
    /// `with others = ...`
    pub others: Option<Expr>,
    /// By which aggregate.
    pub by: SortKey,
}

/// `search`
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// The tables after `in`.
    pub sources: Vec<Expr>,
    /// What to look for.
    pub predicate: Expr,
}

/// `find`
#[derive(Clone, Debug, PartialEq)]
pub struct Find {
    /// The tables after `in`.
    pub sources: Vec<Expr>,
    /// What to look for.
    pub predicate: Expr,
    /// The columns after `project`.
    pub project: Vec<Expr>,
}

/// A step of `scan`
#[derive(Clone, Debug, PartialEq)]
pub struct ScanStep {
    /// Its name.
    pub name: Name,
    /// `optional`
    pub optional: bool,
    /// `output = all`
    pub output: Option<String>,
    /// When a row takes this step.
    pub condition: Expr,
    /// `=> a = b`
    pub assignments: Vec<(Name, Expr)>,
}

/// `scan`
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// `order by`
    pub order: Vec<SortKey>,
    /// `partition by`
    pub partition: Vec<Expr>,
    /// `declare (...)`
    pub declare: Vec<FunctionParameter>,
    /// The steps.
    pub steps: Vec<ScanStep>,
}

/// What `partition` runs for each value.
#[derive(Clone, Debug, PartialEq)]
pub enum PartitionBody {
    /// `( operators )`
    Subquery(Expr),
    /// `{ query }`
    Query(Expr),
}

/// `facet by ... with ...`
#[derive(Clone, Debug, PartialEq)]
pub struct Facet {
    /// The columns.
    pub by: Vec<Expr>,
    /// What runs over the rows as well.
    pub with: Option<Box<Expr>>,
}

/// An edge of a graph pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphEdge {
    /// `-->`, `<--`, `--` or the bracketed form's beginning.
    pub direction: &'static str,
    /// Its name.
    pub name: Option<Name>,
    /// `*low..high`
    pub range: Option<(Box<Expr>, Box<Expr>)>,
}

/// A part of a graph pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum GraphPattern {
    /// `(name)`
    Node(Option<Name>),
    /// `-[name]->`
    Edge(GraphEdge),
}

/// The operators.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names are those of the language; the fields follow its order")]
pub enum OpKind {
    Where(Expr),
    Extend(Vec<Expr>),
    Project(Vec<Expr>),
    ProjectAway(Vec<NamePattern>),
    ProjectKeep(Vec<NamePattern>),
    ProjectRename(Vec<Expr>),
    ProjectReorder(Vec<NamePattern>),
    ProjectByNames(Vec<Expr>),
    Summarize {
        aggregates: Vec<Expr>,
        by: Vec<Expr>,
        bin: Option<Expr>,
    },
    Distinct(Vec<Expr>),
    Take(Expr),
    Sample(Expr),
    SampleDistinct {
        count: Expr,
        of: Expr,
    },
    Count(Option<Name>),
    Sort(Vec<SortKey>),
    Top {
        count: Expr,
        by: SortKey,
    },
    TopNested(Vec<TopNested>),
    TopHitters {
        count: Expr,
        of: Expr,
        by: Option<Expr>,
    },
    Join {
        right: Expr,
        on: Option<JoinCondition>,
    },
    Lookup {
        right: Expr,
        on: JoinCondition,
    },
    Union(Vec<Expr>),
    MvExpand {
        columns: Vec<MvColumn>,
        limit: Option<Expr>,
    },
    MvApply {
        columns: Vec<MvColumn>,
        limit: Option<Expr>,
        id: Option<Expr>,
        body: Expr,
    },
    Parse {
        source: Expr,
        pattern: Vec<ParsePart>,
        only_matches: bool,
    },
    ParseKv {
        source: Expr,
        keys: Vec<NamedType>,
        properties: Vec<Parameter>,
    },
    MakeSeries(Box<MakeSeries>),
    Range {
        name: Name,
        from: Expr,
        to: Expr,
        step: Expr,
    },
    Print(Vec<Expr>),
    Render {
        chart: String,
        properties: Vec<Parameter>,
    },
    Evaluate {
        call: Call,
        schema: Option<Vec<NamedType>>,
    },
    Invoke(Expr),
    As(Name),
    Serialize(Vec<Expr>),
    GetSchema,
    Consume,
    Fork(Vec<(Option<Name>, Expr)>),
    Facet(Facet),
    Partition {
        by: Expr,
        scope: Option<Expr>,
        body: PartitionBody,
    },
    PartitionBy {
        by: Expr,
        id: Option<Expr>,
        body: Expr,
    },
    Reduce {
        by: Expr,
        properties: Vec<Parameter>,
    },
    Scan(Box<Scan>),
    Search(Box<Search>),
    Find(Box<Find>),
    MacroExpand {
        group: Expr,
        scope: Option<Name>,
        body: Vec<Statement>,
    },
    AssertSchema(Vec<NamedType>),
    ExecuteAndCache,
    MakeGraph {
        source: Expr,
        target: Expr,
        tables: Vec<(Expr, Expr)>,
        partition: Option<(Expr, Expr)>,
    },
    GraphMatch {
        patterns: Vec<Vec<GraphPattern>>,
        condition: Option<Expr>,
        project: Vec<Expr>,
    },
    GraphToTable(Vec<Parameter>),
    GraphMarkComponents,
    GraphWhere(Expr),
    InlineExternalTable,
    /// The rows that a surrounding operator hands in: `partition`'s and `mv-apply`'s own table.
    Context(Expr),
}
