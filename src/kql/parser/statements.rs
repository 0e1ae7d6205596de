//! Statements, functions, pipes.

use super::{List, Parser};
use crate::kql::ast::{
    Expr, ExprKind, FunctionDeclaration, FunctionParameter, LetValue, Name, NamedType, Operator, Query,
    Statement,
};
use crate::kql::error::Result;
use crate::kql::lexer::Kind;

impl Parser<'_> {
    pub(super) fn query(&mut self) -> Result<Query> {
        while self.peek(0).kind == Kind::Directive {
            self.next();
        }
        Ok(Query { statements: self.statements()? })
    }

    pub(super) fn statements(&mut self) -> Result<Vec<Statement>> {
        let mut statements = Vec::new();
        while let Some(statement) = self.statement()? {
            statements.push(statement);
            if self.eat(";") {
                continue;
            }
            if self.at_query_end() {
                break;
            }
            let token = self.peek(0);
            if self.statement()?.is_some() {
                self.at = self.tokens.iter().position(|t| t.span == token.span).unwrap_or(self.at);
                return Err(self.unexpected("';' or '|'"));
            }
            break;
        }
        Ok(statements)
    }

    fn statement(&mut self) -> Result<Option<Statement>> {
        if self.is("alias") && self.is_at(1, "database") {
            return self.alias().map(Some);
        }
        if self.is("let") && self.name_length(1).is_some() {
            return self.let_statement();
        }
        if self.is("let") && self.is_word_at(1) && self.is_at(2, "=") {
            self.next();
            return Err(self.unexpected("a name"));
        }
        if self.is("set") {
            self.next();
            let name = self.expect_name()?;
            let value = if self.eat("=") { Some(self.expect_unnamed()?) } else { None };
            return Ok(Some(Statement::Set(name, value)));
        }
        if self.is("declare") && self.is_at(1, "pattern") {
            return self.pattern().map(Some);
        }
        if self.is("declare") && self.is_at(1, "query_parameters") {
            return self.query_parameters();
        }
        if self.is("restrict") && self.is_at(1, "access") {
            return self.restrict().map(Some);
        }
        Ok(self.expression()?.map(Statement::Expr))
    }

    fn alias(&mut self) -> Result<Statement> {
        self.next();
        self.next();
        let name = self.expect_name()?;
        self.expect("=")?;
        Ok(Statement::Alias(name, self.expect_unnamed()?))
    }

    fn restrict(&mut self) -> Result<Statement> {
        self.next();
        self.next();
        self.expect("to")?;
        self.expect("(")?;
        let sources = self.list(List::of("a table").required(), Self::entity)?;
        self.expect(")")?;
        self.with_properties()?;
        Ok(Statement::Restrict(sources))
    }

    fn query_parameters(&mut self) -> Result<Option<Statement>> {
        if !self.eat("declare") {
            return Ok(None);
        }
        self.expect("query_parameters")?;
        self.expect("(")?;
        let parameters = self.list(List::of("a parameter").required(), Self::function_parameter)?;
        self.expect(")")?;
        Ok(Some(Statement::QueryParameters(parameters)))
    }

    fn pattern(&mut self) -> Result<Statement> {
        self.next();
        self.next();
        let name = self.expect_name()?;
        if !self.eat("=") {
            return Ok(Statement::Pattern(name, Vec::new(), Vec::new()));
        }
        self.expect("(")?;
        let parameters: Vec<NamedType> = self.list(List::of("a parameter"), Self::named_type)?;
        self.expect(")")?;
        if self.eat("[") {
            if self.named_type()?.is_none() {
                return Err(self.unexpected("a parameter"));
            }
            self.expect("]")?;
        }
        self.expect("{")?;
        let mut cases = Vec::new();
        while self.is("(") {
            cases.push(self.pattern_case()?);
        }
        if cases.is_empty() {
            return Err(self.unexpected("a case of the pattern"));
        }
        self.expect("}")?;
        Ok(Statement::Pattern(name, parameters, cases))
    }

    fn pattern_case(&mut self) -> Result<(Vec<Expr>, Option<crate::kql::ast::Literal>, FunctionDeclaration)> {
        self.expect("(")?;
        let values = self.list(List::of("a value").required(), Self::unnamed)?;
        self.expect(")")?;
        let mut path = None;
        if self.eat(".") {
            self.expect("[")?;
            match self.literal()?.map(|literal| literal.kind) {
                Some(ExprKind::Literal(literal)) => path = Some(literal),
                Some(_) => {}
                None => return Err(self.unexpected("a string")),
            }
            self.expect("]")?;
        }
        self.expect("=")?;
        let body = self.function_body(Vec::new(), false)?;
        self.expect(";")?;
        Ok((values, path, body))
    }

    fn let_statement(&mut self) -> Result<Option<Statement>> {
        if !self.eat("let") {
            return Ok(None);
        }
        let name = self.expect_name()?;
        self.expect("=")?;
        let start = self.here();
        let value = if self.eat("materialize") {
            LetValue::Expr(self.bracketed_query(start, ExprKind::Materialize)?)
        } else if self.is("entity_group") {
            LetValue::Expr(self.entity_group()?)
        } else if self.is_function_ahead() {
            LetValue::Function(self.function()?)
        } else {
            LetValue::Expr(self.expect_expression()?)
        };
        Ok(Some(Statement::Let(name, value)))
    }

    pub(super) fn entity_group(&mut self) -> Result<Expr> {
        if let Some(call) = self.call()? {
            return Ok(call);
        }
        let start = self.next().span;
        self.expect("[")?;
        let members = self.nested(|p| p.list(List::of("a database").required(), Self::unnamed))?;
        self.expect("]")?;
        Ok(Expr { kind: ExprKind::EntityGroup(members), span: self.span_from(start) })
    }

    fn is_function_ahead(&self) -> bool {
        let open = usize::from(self.is("view"));
        if !self.is_at(open, "(") {
            return false;
        }
        self.is_any(open + 1, &[")", "*"])
            || self.extended_name_length(open + 1).is_some_and(|length| self.is_at(open + 1 + length, ":"))
    }

    fn function(&mut self) -> Result<FunctionDeclaration> {
        let view = self.eat("view");
        self.expect("(")?;
        let parameters = self.nested(|p| p.list(List::of("a parameter"), Self::function_parameter))?;
        self.expect(")")?;
        self.function_body(parameters, view)
    }

    pub(super) fn function_parameter(&mut self) -> Result<Option<FunctionParameter>> {
        let Some(declared) = self.named_type()? else { return Ok(None) };
        let mut default = None;
        if self.eat("=") {
            default = match self.literal()? {
                Some(literal) => Some(literal),
                None => self.name().map(|name| Expr { kind: ExprKind::Name(name.text), span: name.span }),
            };
            if default.is_none() {
                return Err(self.unexpected("a literal"));
            }
        }
        Ok(Some(FunctionParameter { declared, default }))
    }

    fn function_body(
        &mut self,
        parameters: Vec<FunctionParameter>,
        view: bool,
    ) -> Result<FunctionDeclaration> {
        self.expect("{")?;
        let (statements, result) = self.nested(|p| {
            let mut statements = Vec::new();
            while !p.at_list_end(0) {
                let statement = match p.let_statement()? {
                    Some(statement) => Some(statement),
                    None => p.query_parameters()?,
                };
                let Some(statement) = statement else { break };
                statements.push(statement);
                p.expect(";")?;
            }
            let result = p.expression()?;
            p.eat(";");
            Ok((statements, result))
        })?;
        self.expect("}")?;
        Ok(FunctionDeclaration { view, parameters, statements, result })
    }

    /// An expression with its pipes.
    pub(super) fn expression(&mut self) -> Result<Option<Expr>> {
        let start = self.here();
        let first = if self.is_query_operator_ahead() {
            match self.source_or_operator()? {
                Some(operator) => Some(operator),
                None => self.unnamed()?,
            }
        } else {
            match self.unnamed()? {
                Some(expr) => Some(expr),
                None => self.source_or_operator()?,
            }
        };
        match first {
            Some(first) => self.pipes(first, start).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn expect_expression(&mut self) -> Result<Expr> {
        match self.nested(Self::expression)? {
            Some(expr) => Ok(expr),
            None => Err(self.unexpected("an expression")),
        }
    }

    fn source_or_operator(&mut self) -> Result<Option<Expr>> {
        let operator = self.nested(|p| match p.source_operator()? {
            Some(operator) => Ok(Some(operator)),
            None => p.operator(),
        })?;
        Ok(operator.map(source))
    }

    /// `| operator | operator`
    pub(super) fn pipes(&mut self, first: Expr, start: super::Span) -> Result<Expr> {
        let mut operators: Vec<Operator> = Vec::new();
        while self.eat("|") {
            operators.push(self.expect_operator()?);
        }
        if operators.is_empty() {
            return Ok(first);
        }
        Ok(Expr { kind: ExprKind::Pipe(Box::new(first), operators), span: self.span_from(start) })
    }

    pub(super) fn expect_operator(&mut self) -> Result<Operator> {
        let found = match self.operator()? {
            Some(operator) => Some(operator),
            None => self.source_operator()?,
        };
        found.ok_or_else(|| self.unexpected_operator())
    }

    /// Operators over the rows that the surrounding operator hands in.
    pub(super) fn subquery(&mut self) -> Result<Expr> {
        let start = self.here();
        self.nested(|p| {
            let first = source(p.expect_operator()?);
            p.pipes(first, start)
        })
    }

    /// As [`Self::subquery`], or beginning with a table of its own.
    pub(super) fn contextual_subquery(&mut self) -> Result<Expr> {
        let start = self.here();
        if !self.is("__contextual_datatable") {
            return self.subquery();
        }
        let first = self.contextual_table()?;
        self.pipes(first, start)
    }

    /// A table by name, path, function or pattern.
    pub(super) fn entity(&mut self) -> Result<Option<Expr>> {
        let start = self.here();
        let wildcard = |name: Name| Expr { kind: ExprKind::Wildcard(name.text), span: name.span };
        if let Some(name) = self.wildcard() {
            return Ok(Some(wildcard(name)));
        }
        let Some(mut expr) = self.member()? else { return Ok(None) };
        for length in 0.. {
            self.check_chain(length)?;
            if self.eat(".") {
                let pattern = self.wildcard().map(wildcard);
                let last = pattern.is_some();
                let member = match pattern {
                    Some(pattern) => Some(pattern),
                    None => self.member()?,
                };
                let Some(member) = member else { return Err(self.unexpected("a name after '.'")) };
                expr = self.path(start, expr, member);
                if last {
                    break;
                }
            } else if self.is("[") {
                let Some(index) = self.entity_selector()? else { break };
                expr = self.element(start, expr, index);
            } else {
                break;
            }
        }
        Ok(Some(expr))
    }

    /// `a.b[c]` without calls.
    pub(super) fn simple_path(&mut self) -> Result<Option<Expr>> {
        let start = self.here();
        let Some(mut expr) = self.entity_selector()? else { return Ok(None) };
        for length in 0.. {
            self.check_chain(length)?;
            if self.eat(".") {
                let Some(member) = self.entity_selector()? else {
                    return Err(self.unexpected("a name after '.'"));
                };
                expr = self.path(start, expr, member);
            } else if self.is("[") {
                let Some(index) = self.entity_selector()? else { break };
                expr = self.element(start, expr, index);
            } else {
                break;
            }
        }
        Ok(Some(expr))
    }

    pub(super) fn expect_simple_path(&mut self) -> Result<Expr> {
        match self.simple_path()? {
            Some(path) => Ok(path),
            None => Err(self.unexpected("a column name")),
        }
    }
}

fn source(operator: Operator) -> Expr {
    let span = operator.span;
    Expr { kind: ExprKind::Source(Box::new(operator)), span }
}
