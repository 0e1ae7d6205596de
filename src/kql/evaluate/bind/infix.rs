//! Operators between two values, and membership.

use super::super::node::{Node, Typed};
use super::super::sources;
use super::Binder;
use crate::kql::ast::{BinaryOp, Expr, ExprKind, LogicalOp, Membership};
use crate::kql::error::{Problem, Result, Span};
use crate::kql::functions::operator::TextOp;
use crate::kql::value::compare::Key;
use crate::kql::value::{Type, Value};

impl Binder<'_> {
    pub(super) fn binary(&self, op: BinaryOp, left: &Expr, right: &Expr, span: Span) -> Result<Typed> {
        if matches!(left.kind, ExprKind::Star) {
            return self.any_column(op, right, span);
        }
        let (left, right) = (self.bind(left)?, self.bind(right)?);
        self.combined(op, left, right, span)
    }

    fn combined(&self, op: BinaryOp, left: Typed, right: Typed, span: Span) -> Result<Typed> {
        if let BinaryOp::String(word) = op {
            let Some(text) = TextOp::from_word(word) else {
                return Err(Problem::unsupported(format!("the operator '{word}'")));
            };
            if let (Node::Const(pattern), "matches regex") = (&right.node, word) {
                self.engine.regex(&pattern.to_text())?;
            }
            return Ok(self.folded(Node::Text(text, Box::new(left), Box::new(right)), Type::Bool, span));
        }
        let ty = result_type(op, left.ty, right.ty)?;
        // Numbers and times of dynamic values are what the other side makes of them.
        let node = Node::Binary(op, Box::new(left), Box::new(right));
        Ok(self.folded(node, ty, span))
    }

    /// `* has "x"`: any of the columns.
    fn any_column(&self, op: BinaryOp, right: &Expr, span: Span) -> Result<Typed> {
        let right = self.bind(right)?;
        let columns = self.columns.iter().enumerate();
        let each = columns.map(|(at, column)| {
            let left = Typed { node: Node::Column(at), ty: column.ty, span };
            // Whatever the column's type is, its text is compared.
            let text = Typed { node: Node::Cast(Box::new(left), Type::String), ty: Type::String, span };
            self.combined(op, text, right.clone(), span)
        });
        Ok(Typed { node: Node::Logical(LogicalOp::Or, each.collect::<Result<_>>()?), ty: Type::Bool, span })
    }

    pub(super) fn membership(
        &self,
        op: Membership,
        needle: &Expr,
        list: &[Expr],
        span: Span,
    ) -> Result<Typed> {
        let list = match list {
            [table] if sources::is_tabular(self, table) => {
                let table = sources::table_of(self, table)?;
                let first = table.rows.iter().filter_map(|row| row.first().cloned());
                let ty = table.columns.first().map_or(Type::Dynamic, |column| column.ty);
                vec![Typed::constant(Value::array(first.collect()), ty, span)]
            }
            list => list.iter().map(|item| self.bind(item)).collect::<Result<_>>()?,
        };
        if matches!(needle.kind, ExprKind::Star) {
            let columns = self.columns.iter().enumerate();
            let each = columns.map(|(at, column)| {
                let needle = Typed { node: Node::Column(at), ty: column.ty, span };
                Typed { node: member_node(op, needle, list.clone()), ty: Type::Bool, span }
            });
            return Ok(Typed { node: Node::Logical(LogicalOp::Or, each.collect()), ty: Type::Bool, span });
        }
        let node = member_node(op, self.bind(needle)?, list);
        Ok(self.folded(node, Type::Bool, span))
    }
}

fn member_node(op: Membership, needle: Typed, list: Vec<Typed>) -> Node {
    match op {
        Membership::In { ignore_case, negated } => {
            let known = known_keys(&needle, &list);
            Node::In { ignore_case, negated, needle: Box::new(needle), list, known }
        }
        Membership::HasAny | Membership::HasAll => {
            Node::HasTerms { all: op == Membership::HasAll, haystack: Box::new(needle), terms: list }
        }
    }
}

/// The constants of a list as keys, when looking up is the same as comparing: the needle has their type.
fn known_keys(needle: &Typed, list: &[Typed]) -> Option<std::collections::HashSet<Key>> {
    let mut keys = std::collections::HashSet::new();
    for item in list {
        let value = item.as_constant()?;
        let single = [value.clone()];
        for value in value.as_array().unwrap_or(&single) {
            let ty = value.type_of()?;
            if ty != needle.ty && !(ty.is_number() && needle.ty.is_number()) {
                return None;
            }
            keys.insert(Key(value.clone()));
        }
    }
    Some(keys)
}

/// The type of the result; an error if the operator has no meaning for these types.
fn result_type(op: BinaryOp, left: Type, right: Type) -> Result<Type> {
    use BinaryOp::{Add, Divide, Equal, Modulo, Multiply, NotEqual, Subtract};
    let undefined = || {
        let word = symbol(op);
        Problem::semantic(
            "SEM0064",
            format!("the operator '{word}' is not defined for the types {left} and {right}"),
        )
        .hint("cast one side: tostring(), tolong(), todatetime(), totimespan() ...")
    };
    let dynamic = left == Type::Dynamic || right == Type::Dynamic;
    match op {
        Equal | NotEqual => {
            let comparable = left == right
                || dynamic
                || left.is_number() && right.is_number()
                || left == Type::String
                || right == Type::String
                || left == Type::Bool && right.is_number()
                || right == Type::Bool && left.is_number();
            if comparable { Ok(Type::Bool) } else { Err(undefined()) }
        }
        Add | Subtract | Multiply | Divide | Modulo => arithmetic_type(op, left, right).ok_or_else(undefined),
        BinaryOp::EqualIgnoringCase | BinaryOp::NotEqualIgnoringCase | BinaryOp::String(_) => Ok(Type::Bool),
        _ => {
            let ordered = left == right || dynamic || left.is_number() && right.is_number();
            if ordered { Ok(Type::Bool) } else { Err(undefined()) }
        }
    }
}

fn arithmetic_type(op: BinaryOp, left: Type, right: Type) -> Option<Type> {
    use BinaryOp::{Add, Divide, Modulo, Multiply, Subtract};
    match (left, right) {
        (Type::DateTime, Type::DateTime) if op == Subtract => Some(Type::Timespan),
        (Type::DateTime, Type::Timespan) if matches!(op, Add | Subtract) => Some(Type::DateTime),
        (Type::DateTime, Type::Timespan) if op == Modulo => Some(Type::Timespan),
        (Type::Timespan, Type::DateTime) if op == Add => Some(Type::DateTime),
        (Type::Timespan, Type::Timespan) => match op {
            Divide => Some(Type::Real),
            Multiply => None,
            _ => Some(Type::Timespan),
        },
        (Type::Timespan, number) if number.is_number() && matches!(op, Multiply | Divide) => {
            Some(Type::Timespan)
        }
        (number, Type::Timespan) if number.is_number() && op == Multiply => Some(Type::Timespan),
        (Type::Dynamic, Type::Dynamic) => Some(Type::Dynamic),
        (Type::Dynamic, other) | (other, Type::Dynamic) => match other {
            Type::DateTime if op == Subtract => Some(Type::Timespan),
            Type::String | Type::Guid => None,
            Type::Bool => Some(Type::Long),
            other => Some(other),
        },
        (left, right) if left.is_number() && right.is_number() => Some(wider(left, right)),
        (Type::Bool, number) | (number, Type::Bool) if number.is_number() => Some(wider(Type::Long, number)),
        _ => None,
    }
}

/// The type that holds numbers of both.
pub fn wider(left: Type, right: Type) -> Type {
    let rank = |ty| match ty {
        Type::Int => 0,
        Type::Long => 1,
        Type::Decimal => 2,
        _ => 3,
    };
    if rank(left) >= rank(right) { left } else { right }
}

fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Modulo => "%",
        BinaryOp::Less => "<",
        BinaryOp::LessOrEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterOrEqual => ">=",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::EqualIgnoringCase => "=~",
        BinaryOp::NotEqualIgnoringCase => "!~",
        BinaryOp::String(word) => word,
    }
}
