//! What names stand for outside of columns: `let`, parameters, `as`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::node::Typed;
use crate::kql::ast::FunctionDeclaration;
use crate::kql::table::Table;
use crate::kql::value::{Type, Value};

/// What a name stands for.
#[derive(Clone)]
pub enum Binding {
    /// A constant.
    Scalar(Value, Type),
    /// A table.
    Table(Rc<Table>),
    /// A function, with the scope of its declaration.
    Function(Rc<Closure>),
    /// A parameter of an inlined function: an expression over the row at hand.
    Inline(Rc<Typed>),
}

/// A function and what it can see.
pub struct Closure {
    pub declaration: FunctionDeclaration,
    pub scope: Rc<Scope>,
}

/// Names, and the names outside.
pub struct Scope {
    names: RefCell<HashMap<String, Binding>>,
    /// The rows that operators without a source of their own work on (`mv-apply`, `partition`, `fork`).
    pub input: Option<Rc<Table>>,
    outer: Option<Rc<Self>>,
}

impl Scope {
    pub fn root() -> Self {
        Self { names: RefCell::default(), input: None, outer: None }
    }

    pub fn inside(outer: &Rc<Self>) -> Self {
        Self { names: RefCell::default(), input: None, outer: Some(Rc::clone(outer)) }
    }

    pub fn with_input(outer: &Rc<Self>, input: Table) -> Rc<Self> {
        Rc::new(Self {
            names: RefCell::default(),
            input: Some(Rc::new(input)),
            outer: Some(Rc::clone(outer)),
        })
    }

    /// What can be seen now. Later names are not added, so that a function neither sees nor owns itself.
    pub fn snapshot(&self) -> Rc<Self> {
        let names = RefCell::new(self.names.borrow().clone());
        Rc::new(Self { names, input: self.input.clone(), outer: self.outer.clone() })
    }

    pub fn set(&self, name: &str, binding: Binding) {
        self.names.borrow_mut().insert(name.to_owned(), binding);
    }

    pub fn get(&self, name: &str) -> Option<Binding> {
        let found = self.names.borrow().get(name).cloned();
        found.or_else(|| self.outer.as_ref()?.get(name))
    }

    /// The rows handed in by the nearest operator that does.
    pub fn input(&self) -> Option<Rc<Table>> {
        self.input.clone().or_else(|| self.outer.as_ref()?.input())
    }

    /// All names, for what was probably meant and for wildcards.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.names.borrow().keys().cloned().collect();
        names.extend(self.outer.iter().flat_map(|outer| outer.names()));
        names
    }
}
