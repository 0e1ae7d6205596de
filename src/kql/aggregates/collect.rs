//! Aggregates that keep values: lists, sets, bags, whole rows.

use std::collections::HashSet;

use super::{Accumulator, better};
use crate::kql::error::Result;
use crate::kql::functions::is_empty;
use crate::kql::value::compare::Key;
use crate::kql::value::{Bag, Value, count, json};

#[derive(Default)]
pub struct DistinctCount(HashSet<Key>);

impl Accumulator for DistinctCount {
    fn add(&mut self, arguments: &[Value]) -> Result<()> {
        if !arguments[0].is_null() {
            self.0.insert(Key(arguments[0].clone()));
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Value {
        count(self.0.len())
    }
}

/// The most items that a list keeps, as in the service.
const MOST: usize = 1 << 20;

pub struct List {
    seen: Option<HashSet<Key>>,
    with_nulls: bool,
    items: Vec<Value>,
}

impl List {
    pub fn new(distinct: bool, with_nulls: bool) -> Self {
        Self { seen: distinct.then(HashSet::new), with_nulls, items: Vec::new() }
    }

    fn push(&mut self, item: &Value) {
        if self.seen.as_mut().is_none_or(|seen| seen.insert(Key(item.clone()))) {
            self.items.push(item.clone());
        }
    }
}

impl Accumulator for List {
    /// A set takes the items of an array one by one; a list keeps the array.
    fn add(&mut self, arguments: &[Value]) -> Result<()> {
        let most = arguments
            .get(1)
            .and_then(Value::as_long)
            .and_then(|most| usize::try_from(most).ok())
            .unwrap_or(MOST);
        if self.items.len() >= most {
            return Ok(());
        }
        match &arguments[0] {
            Value::Array(items) if self.seen.is_some() => items.iter().for_each(|item| self.push(item)),
            Value::Null if !self.with_nulls => {}
            item => self.push(item),
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Value {
        Value::array(self.items)
    }
}

#[derive(Default)]
pub struct Merged(Bag);

impl Accumulator for Merged {
    fn add(&mut self, arguments: &[Value]) -> Result<()> {
        if let Some(bag) = arguments[0].as_bag() {
            json::merge(&mut self.0, bag);
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Value {
        Value::bag(self.0)
    }
}

/// The first row that has something in its first argument, else the first row; all arguments as an array.
#[derive(Default)]
pub struct Any(Option<Vec<Value>>);

impl Accumulator for Any {
    fn add(&mut self, arguments: &[Value]) -> Result<()> {
        let waiting = self.0.as_ref().is_none_or(|kept| kept.first().is_none_or(is_empty));
        if waiting && (self.0.is_none() || arguments.first().is_some_and(|value| !is_empty(value))) {
            self.0 = Some(arguments.to_vec());
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Value {
        Value::array(self.0.unwrap_or_default())
    }
}

/// The row of the greatest or least value; all arguments as an array.
pub struct Row {
    best: Vec<Value>,
    test: fn(std::cmp::Ordering) -> bool,
}

impl Row {
    pub fn new(test: fn(std::cmp::Ordering) -> bool) -> Self {
        Self { best: Vec::new(), test }
    }
}

impl Accumulator for Row {
    fn add(&mut self, arguments: &[Value]) -> Result<()> {
        let best = self.best.first().unwrap_or(&Value::Null);
        if self.best.is_empty() || better(&arguments[0], best, self.test) {
            self.best = arguments.to_vec();
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Value {
        Value::array(self.best)
    }
}
