//! Counts, sums, means, extremes, spreads, percentiles.

use super::{Accumulator, better};
use crate::kql::ast::BinaryOp;
use crate::kql::error::Result;
use crate::kql::functions::operator;
use crate::kql::value::{Value, compare, number};

#[derive(Default)]
pub struct Count(i64);

impl Accumulator for Count {
    fn add(&mut self, _: &[Value]) -> Result<()> {
        self.0 += 1;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Value {
        Value::Long(self.0)
    }
}

#[derive(Default)]
pub struct Sum(Value);

impl Accumulator for Sum {
    fn add(&mut self, arguments: &[Value]) -> Result<()> {
        let term = match &arguments[0] {
            Value::Int(n) => Value::Long(i64::from(*n)),
            Value::Bool(flag) => Value::Long(i64::from(*flag)),
            other => other.clone(),
        };
        if !term.is_null() {
            self.0 = if self.0.is_null() { term } else { operator::binary(BinaryOp::Add, &self.0, &term)? };
        }
        Ok(())
    }

    /// Nothing at all sums up to 0.
    fn finish(self: Box<Self>) -> Value {
        if self.0.is_null() { Value::Long(0) } else { self.0 }
    }
}

#[derive(Default)]
pub struct Mean {
    count: i64,
    sum: f64,
    /// A timespan or datetime, which the result becomes too.
    like: Value,
}

impl Accumulator for Mean {
    fn add(&mut self, arguments: &[Value]) -> Result<()> {
        let term = match &arguments[0] {
            Value::Timespan(ticks) | Value::DateTime(ticks) => {
                self.like = arguments[0].clone();
                #[expect(clippy::cast_precision_loss, reason = "a mean is asked for")]
                Some(*ticks as f64)
            }
            other => crate::kql::value::convert::to_real(other),
        };
        if let Some(term) = term {
            self.count += 1;
            self.sum += term;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Value {
        // The mean of nothing is not a number, as in the service.
        #[expect(clippy::cast_precision_loss, reason = "a mean is asked for")]
        let mean = self.sum / self.count as f64;
        match self.like {
            Value::Timespan(_) => number::truncated(mean).map_or(Value::Null, Value::Timespan),
            Value::DateTime(_) => number::truncated(mean).map_or(Value::Null, Value::DateTime),
            _ => Value::Real(mean),
        }
    }
}

pub struct Extreme {
    best: Value,
    test: fn(std::cmp::Ordering) -> bool,
}

impl Extreme {
    pub fn new(test: fn(std::cmp::Ordering) -> bool) -> Self {
        Self { best: Value::Null, test }
    }
}

impl Accumulator for Extreme {
    fn add(&mut self, arguments: &[Value]) -> Result<()> {
        if better(&arguments[0], &self.best, self.test) {
            self.best = arguments[0].clone();
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Value {
        self.best
    }
}

/// Welford's way.
pub struct Spread {
    root: bool,
    sample: bool,
    count: f64,
    mean: f64,
    squares: f64,
}

impl Spread {
    pub fn new(root: bool, sample: bool) -> Self {
        Self { root, sample, count: 0.0, mean: 0.0, squares: 0.0 }
    }
}

impl Accumulator for Spread {
    fn add(&mut self, arguments: &[Value]) -> Result<()> {
        if let Some(x) = crate::kql::value::convert::to_real(&arguments[0]) {
            self.count += 1.0;
            let distance = x - self.mean;
            self.mean += distance / self.count;
            self.squares += distance * (x - self.mean);
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Value {
        if self.count == 0.0 {
            return Value::Null;
        }
        let degrees = if self.sample { self.count - 1.0 } else { self.count };
        let variance = if degrees > 0.0 { self.squares / degrees } else { 0.0 };
        Value::Real(if self.root { variance.sqrt() } else { variance })
    }
}

#[derive(Default)]
pub struct Covariance(Vec<(f64, f64)>);

impl Accumulator for Covariance {
    fn add(&mut self, arguments: &[Value]) -> Result<()> {
        self.0.extend(arguments[0].as_real().zip(arguments[1].as_real()));
        Ok(())
    }

    fn finish(self: Box<Self>) -> Value {
        #[expect(clippy::cast_precision_loss, reason = "a mean is asked for")]
        let count = self.0.len() as f64;
        let mean_x = self.0.iter().map(|(x, _)| x).sum::<f64>() / count;
        let mean_y = self.0.iter().map(|(_, y)| y).sum::<f64>() / count;
        let sum: f64 = self.0.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
        (count > 1.0).then(|| sum / (count - 1.0)).into()
    }
}

/// Nearest rank: always a value that is there.
#[derive(Default)]
pub struct Percentiles {
    values: Vec<Value>,
    wanted: Vec<Value>,
}

impl Accumulator for Percentiles {
    fn add(&mut self, arguments: &[Value]) -> Result<()> {
        if self.wanted.is_empty() {
            let flat = arguments[1..]
                .iter()
                .flat_map(|v| v.as_array().map_or_else(|| vec![v.clone()], <[_]>::to_vec));
            self.wanted = flat.collect();
        }
        if !arguments[0].is_null() {
            self.values.push(arguments[0].clone());
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Value {
        self.values.sort_by(compare::total);
        let pick = |percent: &Value| {
            let share = percent.as_real().unwrap_or(0.0).clamp(0.0, 100.0) / 100.0;
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a rank"
            )]
            let rank = (share * self.values.len() as f64).ceil() as usize;
            self.values.get(rank.saturating_sub(1)).cloned().unwrap_or_default()
        };
        Value::array(self.wanted.iter().map(pick).collect())
    }
}

pub struct Bits {
    value: Option<i64>,
    combine: fn(i64, i64) -> i64,
}

impl Bits {
    pub fn new(combine: fn(i64, i64) -> i64) -> Self {
        Self { value: None, combine }
    }
}

impl Accumulator for Bits {
    fn add(&mut self, arguments: &[Value]) -> Result<()> {
        if let Some(number) = arguments[0].as_long() {
            self.value = Some(self.value.map_or(number, |value| (self.combine)(value, number)));
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Value {
        self.value.into()
    }
}
