//! Scalar expressions by precedence.

use super::{List, Parser};
use crate::kql::ast::{BinaryOp, Expr, ExprKind, LogicalOp, Membership, UnaryOp};
use crate::kql::error::Result;

/// Precedence, loosest first. The last three kinds do not chain: `a == b == c` is an error.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Equality,
    Relational,
    Additive,
    Multiplicative,
    Text,
}

impl Level {
    fn tighter(self) -> Option<Self> {
        match self {
            Self::Equality => Some(Self::Relational),
            Self::Relational => Some(Self::Additive),
            Self::Additive => Some(Self::Multiplicative),
            Self::Multiplicative => Some(Self::Text),
            Self::Text => None,
        }
    }

    fn chains(self) -> bool {
        matches!(self, Self::Additive | Self::Multiplicative)
    }
}

const STRING_OPERATORS: [&str; 35] = [
    "has",
    "!has",
    "has_cs",
    "!has_cs",
    "hasprefix",
    "!hasprefix",
    "hasprefix_cs",
    "!hasprefix_cs",
    "hassuffix",
    "!hassuffix",
    "hassuffix_cs",
    "!hassuffix_cs",
    "like",
    "notlike",
    "likecs",
    "notlikecs",
    "contains",
    "notcontains",
    "!contains",
    "containscs",
    "contains_cs",
    "notcontainscs",
    "!contains_cs",
    "startswith",
    "!startswith",
    "startswith_cs",
    "!startswith_cs",
    "endswith",
    "!endswith",
    "endswith_cs",
    "!endswith_cs",
    "matches regex",
    ":",
    "=~",
    "!~",
];

enum Infix {
    Binary(BinaryOp),
    Membership(Membership),
    Between(bool),
}

/// Reads an operand of a tighter operator.
type Operand<'a> = fn(&mut Parser<'a>) -> Result<Option<Expr>>;

impl<'a> Parser<'a> {
    fn infix(&self) -> Option<(Level, Infix)> {
        let token = self.peek(0);
        if !matches!(token.kind, super::Kind::Keyword | super::Kind::Punctuation) {
            return None;
        }
        let binary = |level, op| Some((level, Infix::Binary(op)));
        let member = |ignore_case, negated| {
            Some((Level::Equality, Infix::Membership(Membership::In { ignore_case, negated })))
        };
        match token.text {
            "*" => binary(Level::Multiplicative, BinaryOp::Multiply),
            "/" => binary(Level::Multiplicative, BinaryOp::Divide),
            "%" => binary(Level::Multiplicative, BinaryOp::Modulo),
            "+" => binary(Level::Additive, BinaryOp::Add),
            "-" => binary(Level::Additive, BinaryOp::Subtract),
            "<" => binary(Level::Relational, BinaryOp::Less),
            "<=" => binary(Level::Relational, BinaryOp::LessOrEqual),
            ">" => binary(Level::Relational, BinaryOp::Greater),
            ">=" => binary(Level::Relational, BinaryOp::GreaterOrEqual),
            "==" => binary(Level::Equality, BinaryOp::Equal),
            "!=" | "<>" => binary(Level::Equality, BinaryOp::NotEqual),
            "=~" => binary(Level::Text, BinaryOp::EqualIgnoringCase),
            "!~" => binary(Level::Text, BinaryOp::NotEqualIgnoringCase),
            "in" if self.is_at(1, "range") => None,
            "in" => member(false, false),
            "in~" => member(true, false),
            "!in" => member(false, true),
            "!in~" => member(true, true),
            "has_any" => Some((Level::Equality, Infix::Membership(Membership::HasAny))),
            "has_all" => Some((Level::Equality, Infix::Membership(Membership::HasAll))),
            "between" => Some((Level::Equality, Infix::Between(false))),
            "!between" => Some((Level::Equality, Infix::Between(true))),
            text => {
                let word = STRING_OPERATORS.iter().find(|word| **word == text)?;
                binary(Level::Text, BinaryOp::String(word))
            }
        }
    }

    fn is_string_operator(&self, offset: usize) -> bool {
        self.is_any(offset, &STRING_OPERATORS)
    }

    /// An expression without a name and without pipes.
    pub(super) fn unnamed(&mut self) -> Result<Option<Expr>> {
        self.nested(|p| p.logical(LogicalOp::Or))
    }

    pub(super) fn expect_unnamed(&mut self) -> Result<Expr> {
        match self.unnamed()? {
            Some(expr) => Ok(expr),
            None => Err(self.unexpected("an expression")),
        }
    }

    fn logical(&mut self, op: LogicalOp) -> Result<Option<Expr>> {
        let (word, tighter): (_, Operand<'a>) = match op {
            LogicalOp::Or => ("or", |p| p.logical(LogicalOp::And)),
            LogicalOp::And => ("and", |p| p.chain(Level::Equality)),
        };
        let start = self.here();
        let Some(first) = tighter(self)? else { return Ok(None) };
        if !self.is(word) {
            return Ok(Some(first));
        }
        let mut operands = vec![first];
        while self.eat(word) {
            match tighter(self)? {
                Some(operand) => operands.push(operand),
                None => return Err(self.unexpected(&format!("an expression after '{word}'"))),
            }
        }
        Ok(Some(Expr { kind: ExprKind::Logical(op, operands), span: self.span_from(start) }))
    }

    /// Operators of `level` and tighter.
    fn chain(&mut self, level: Level) -> Result<Option<Expr>> {
        let start = self.here();
        let star =
            self.is("*") && (self.is_string_operator(1) || (level == Level::Equality && self.is_at(1, "==")));
        let mut left = if star {
            Expr { kind: ExprKind::Star, span: self.next().span }
        } else {
            match self.signed()? {
                Some(expr) => expr,
                None => return Ok(None),
            }
        };
        let mut loosest_seen: Option<Level> = None;
        let mut length = 0;
        while let Some((found, infix)) = self.infix() {
            if found < level
                || loosest_seen.is_some_and(|seen| found > seen || (found == seen && !found.chains()))
            {
                break;
            }
            length += 1;
            self.check_chain(length)?;
            self.next();
            left = self.infix_rest(left, found, infix, start)?;
            loosest_seen = Some(found);
            if star && found == Level::Equality {
                break;
            }
        }
        Ok(Some(left))
    }

    fn infix_rest(&mut self, left: Expr, level: Level, infix: Infix, start: super::Span) -> Result<Expr> {
        let left = Box::new(left);
        let kind = match infix {
            Infix::Binary(op) => {
                let right = match level.tighter() {
                    Some(tighter) => self.chain(tighter)?,
                    None => self.signed()?,
                };
                let Some(right) = right else {
                    return Err(self.unexpected("an expression after the operator"));
                };
                ExprKind::Binary(op, left, Box::new(right))
            }
            Infix::Membership(op) => ExprKind::Membership(op, left, self.membership_list()?),
            Infix::Between(negated) => {
                self.expect("(")?;
                let low = self.expect_unnamed()?;
                self.expect("..")?;
                let high = self.expect_unnamed()?;
                self.expect(")")?;
                ExprKind::Between(negated, left, Box::new(low), Box::new(high))
            }
        };
        Ok(Expr { kind, span: self.span_from(start) })
    }

    fn membership_list(&mut self) -> Result<Vec<Expr>> {
        self.expect("(")?;
        let items = if self.is_query_operator_ahead() || self.is_pipe_ahead() {
            vec![self.expect_expression()?]
        } else {
            self.nested(|p| p.list(List::of("an expression").required(), Self::unnamed))?
        };
        self.expect(")")?;
        Ok(items)
    }

    /// A `|` comes before the expression ends.
    fn is_pipe_ahead(&self) -> bool {
        let mut depth = 0_usize;
        for token in &self.tokens[self.at..] {
            if token.kind != super::Kind::Punctuation {
                continue;
            }
            match token.text {
                ";" => return false,
                "," if depth == 0 => return false,
                ")" if depth == 0 => return false,
                ")" => depth -= 1,
                "(" => depth += 1,
                "|" if depth == 0 => return true,
                _ => {}
            }
        }
        false
    }

    pub(super) fn signed(&mut self) -> Result<Option<Expr>> {
        let start = self.here();
        let op = match self.peek(0).text {
            "-" if self.is("-") => UnaryOp::Minus,
            "+" if self.is("+") => UnaryOp::Plus,
            _ => return self.postfix(),
        };
        self.next();
        match self.postfix()? {
            Some(operand) => {
                Ok(Some(Expr { kind: ExprKind::Unary(op, Box::new(operand)), span: self.span_from(start) }))
            }
            None => Err(self.unexpected("an expression after the sign")),
        }
    }

    /// `a.b`, `a[0]`, `f(x).y`
    pub(super) fn postfix(&mut self) -> Result<Option<Expr>> {
        let start = self.here();
        if self.eat("totable") {
            return self.bracketed_query(start, ExprKind::ToTable).map(Some);
        }
        let Some(mut expr) = self.primary()? else { return Ok(None) };
        for length in 0.. {
            self.check_chain(length)?;
            if self.eat(".") {
                let Some(member) = self.member()? else { return Err(self.unexpected("a name after '.'")) };
                expr = self.path(start, expr, member);
            } else if self.is("[") {
                let index = self.bracketed_expression()?;
                expr = self.element(start, expr, index);
            } else {
                break;
            }
        }
        Ok(Some(expr))
    }

    pub(super) fn bracketed_expression(&mut self) -> Result<Expr> {
        self.expect("[")?;
        let Some(index) = self.unnamed()? else {
            return Err(self.unexpected("a name, an index or a property"));
        };
        self.expect("]")?;
        Ok(index)
    }
}
