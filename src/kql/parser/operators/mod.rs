//! The operators behind a `|`: which word leads where.

mod flow;
mod graph;
mod groups;
mod rows;
mod shape;
mod tables;

use super::parameters::{Reading, Spec, Value};
use super::{List, Parser};
use crate::kql::ast::{Expr, OpKind, Operator, Parameter, SortKey};
use crate::kql::error::{Result, Span};

/// An operator without its word: parameters and what it does.
type Parsed = Result<(Vec<Parameter>, OpKind)>;

/// Every word that leads to an operator.
pub(super) const WORDS: [&str; 60] = [
    "as",
    "assert-schema",
    "consume",
    "count",
    "distinct",
    "evaluate",
    "__executeAndCache",
    "extend",
    "facet",
    "filter",
    "find",
    "fork",
    "getschema",
    "graph-mark-components",
    "graph-match",
    "graph-shortest-paths",
    "graph-to-table",
    "graph-where-edges",
    "graph-where-nodes",
    "inline_external_table",
    "invoke",
    "join",
    "limit",
    "lookup",
    "macro-expand",
    "make-graph",
    "make-series",
    "mv-apply",
    "mv-expand",
    "mvapply",
    "mvexpand",
    "order",
    "parse",
    "parse-kv",
    "parse-where",
    "partition",
    "__partitionby",
    "print",
    "project",
    "project-away",
    "project-by-names",
    "project-keep",
    "project-rename",
    "project-reorder",
    "range",
    "reduce",
    "render",
    "sample",
    "sample-distinct",
    "scan",
    "search",
    "serialize",
    "sort",
    "summarize",
    "take",
    "top",
    "top-hitters",
    "top-nested",
    "union",
    "where",
];

/// Those that cannot be taken for a name when they begin an expression.
const UNMISTAKABLE: [&str; 29] = [
    "as",
    "assert-schema",
    "__executeAndCache",
    "find",
    "graph-match",
    "graph-to-table",
    "invoke",
    "macro-expand",
    "make-graph",
    "graph-mark-components",
    "make-series",
    "mv-apply",
    "mv-expand",
    "parse-where",
    "parse-kv",
    "print",
    "project",
    "project-away",
    "project-keep",
    "project-rename",
    "project-by-names",
    "project-reorder",
    "sample",
    "sample-distinct",
    "search",
    "top-hitters",
    "top-nested",
    "union",
    "where",
];

impl Parser<'_> {
    /// What follows begins with an operator, and is not a name of the same spelling.
    pub(super) fn is_query_operator_ahead(&self) -> bool {
        let token = self.peek(0);
        if token.kind != super::Kind::Keyword {
            return false;
        }
        match token.text {
            "evaluate" => self.name_length(1).is_some() || self.is_known_parameter(1),
            "facet" => self.is_at(1, "by"),
            "partition" | "reduce" => self.is_at(1, "by") || self.is_known_parameter(1),
            "range" => self.name_length(1).is_some_and(|length| self.is_at(1 + length, "from")),
            "inline_external_table" => self.is_any(1, &["(", "kind"]),
            "render" => flow::is_chart(self.peek(1)) || self.is_plain_name_at(1),
            text => UNMISTAKABLE.contains(&text),
        }
    }

    fn is_known_parameter(&self, offset: usize) -> bool {
        self.parameter_follows(offset, Reading::always(&[]), false)
    }

    /// The operators that may begin a query.
    pub(super) fn source_operator(&mut self) -> Result<Option<Operator>> {
        match self.peek(0).text {
            "evaluate" | "find" | "print" | "search" | "union"
                if self.peek(0).kind == super::Kind::Keyword =>
            {
                self.operator()
            }
            "macro-expand" => self.headed("macro-expand", Self::macro_expand).map(Some),
            _ => Ok(None),
        }
    }

    /// The operator that begins here, if one does.
    pub(super) fn operator(&mut self) -> Result<Option<Operator>> {
        let token = self.peek(0);
        if token.kind != super::Kind::Keyword {
            return Ok(None);
        }
        let Some(word) = WORDS.iter().copied().find(|word| *word == token.text) else { return Ok(None) };
        let parse: fn(&mut Self) -> Parsed = match word {
            "where" | "filter" => Self::where_,
            "extend" => {
                |p| Ok((Vec::new(), OpKind::Extend(p.named_list(List::of("an expression").required())?)))
            }
            "project" => |p| Ok((Vec::new(), OpKind::Project(p.named_list(List::of("a column"))?))),
            "project-rename" => {
                |p| Ok((Vec::new(), OpKind::ProjectRename(p.named_list(List::of("new = old"))?)))
            }
            "project-away" => |p| Ok((Vec::new(), OpKind::ProjectAway(p.patterns()?))),
            "project-keep" => |p| Ok((Vec::new(), OpKind::ProjectKeep(p.patterns()?))),
            "project-reorder" => Self::project_reorder,
            "project-by-names" => Self::project_by_names,
            "print" => {
                |p| Ok((Vec::new(), OpKind::Print(p.named_list(List::of("an expression").required())?)))
            }
            "serialize" => Self::serialize,
            "distinct" => Self::distinct,
            "take" | "limit" => Self::take,
            "sample" => Self::sample,
            "sample-distinct" => Self::sample_distinct,
            "count" if self.is_at(1, "(") => return Ok(None),
            "count" => Self::count,
            "sort" | "order" => Self::sort,
            "getschema" => Self::getschema,
            "consume" => |p| Ok((p.parameters(Reading::always(&[]))?, OpKind::Consume)),
            "__executeAndCache" => |_| Ok((Vec::new(), OpKind::ExecuteAndCache)),
            "as" => Self::as_,
            "summarize" => Self::summarize,
            "top" => Self::top,
            "top-nested" => Self::top_nested,
            "top-hitters" => Self::top_hitters,
            "make-series" => Self::make_series,
            "mv-expand" | "mvexpand" => Self::mv_expand,
            "mv-apply" | "mvapply" => Self::mv_apply,
            "parse" => |p| p.parse_pattern(false),
            "parse-where" => |p| p.parse_pattern(true),
            "parse-kv" => Self::parse_kv,
            "join" => Self::join,
            "lookup" => Self::lookup,
            "union" => Self::union,
            "search" => Self::search,
            "find" => Self::find,
            "range" if self.is_at(1, "(") => return Ok(None),
            "range" => Self::range,
            "inline_external_table" => return self.inline_external_table(),
            "evaluate" => Self::evaluate,
            "invoke" => Self::invoke,
            "render" => Self::render,
            "fork" => Self::fork,
            "facet" => Self::facet,
            "partition" => Self::partition,
            "__partitionby" => Self::partition_by,
            "reduce" => Self::reduce,
            "scan" => Self::scan,
            "assert-schema" => |p| Ok((Vec::new(), OpKind::AssertSchema(p.row_schema()?))),
            "make-graph" => Self::make_graph,
            "graph-match" | "graph-shortest-paths" => Self::graph_match,
            "graph-to-table" => Self::graph_to_table,
            "graph-mark-components" => Self::graph_mark_components,
            "graph-where-nodes" | "graph-where-edges" => {
                |p| Ok((Vec::new(), OpKind::GraphWhere(p.expect_unnamed()?)))
            }
            _ => return Ok(None),
        };
        self.headed(word, parse).map(Some)
    }

    fn headed(&mut self, word: &'static str, parse: impl FnOnce(&mut Self) -> Parsed) -> Result<Operator> {
        let start: Span = self.next().span;
        let (parameters, kind) = parse(self)?;
        Ok(Operator { word, parameters, kind, span: self.span_from(start) })
    }

    pub(super) fn named_list(&mut self, list: List<'_>) -> Result<Vec<Expr>> {
        self.list(list, Self::named)
    }

    fn own(&mut self, own: &'static [Spec]) -> Result<Vec<Parameter>> {
        self.parameters(Reading::own(own))
    }

    /// `expression asc nulls first`
    fn sort_key(&mut self) -> Result<Option<SortKey>> {
        use crate::kql::ast::NullsOrder;
        let Some(expr) = self.named()? else { return Ok(None) };
        let mut ascending = false;
        for (word, value) in [("asc", true), ("desc", false), ("granny-asc", true), ("granny-desc", false)] {
            if self.eat(word) {
                ascending = value;
                break;
            }
        }
        let mut nulls = None;
        if self.eat("nulls") {
            nulls = Some(match (self.eat("first"), self.is("last")) {
                (true, _) => NullsOrder::First,
                (false, true) => {
                    self.next();
                    NullsOrder::Last
                }
                _ => return Err(self.unexpected("'first' or 'last'")),
            });
        }
        Ok(Some(SortKey { expr, ascending, nulls }))
    }

    fn expect_sort_key(&mut self) -> Result<SortKey> {
        match self.sort_key()? {
            Some(key) => Ok(key),
            None => Err(self.unexpected("an expression")),
        }
    }
}
