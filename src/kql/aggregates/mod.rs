//! Aggregates: what `summarize` computes over the rows of a group. All are exact, also those that the service estimates.

mod collect;
mod statistics;

use super::error::Result;
use super::value::{Type, Value, compare};

/// An aggregate on its way through a group.
pub trait Accumulator {
    /// Takes the arguments of a row.
    fn add(&mut self, arguments: &[Value]) -> Result<()>;
    /// The value of the group.
    fn finish(self: Box<Self>) -> Value;
}

/// How the type of an aggregate follows from its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// Always this one.
    Type(Type),
    /// That of the first argument.
    First,
    /// Long stays long, real stays real; timespans stay.
    Sum,
    /// Real, or timespan for timespans, or datetime for datetimes.
    Mean,
}

/// An aggregate.
pub struct Aggregate {
    pub name: &'static str,
    /// Least and most arguments, the condition of an `...if` included.
    pub arity: (usize, usize),
    pub gives: Gives,
    /// Which argument is the condition, for those that have one.
    pub condition: Option<usize>,
    pub start: fn() -> Box<dyn Accumulator>,
}

const fn aggregate(
    name: &'static str,
    arity: (usize, usize),
    gives: Gives,
    condition: Option<usize>,
    start: fn() -> Box<dyn Accumulator>,
) -> Aggregate {
    Aggregate { name, arity, gives, condition, start }
}

static AGGREGATES: [Aggregate; 46] = [
    // The service takes an argument, and counts all rows whatever it is.
    aggregate("count", (0, 1), Gives::Type(Type::Long), None, || Box::<statistics::Count>::default()),
    aggregate("countif", (1, 1), Gives::Type(Type::Long), Some(0), || Box::<statistics::Count>::default()),
    aggregate("cnt", (0, 0), Gives::Type(Type::Long), None, || Box::<statistics::Count>::default()),
    aggregate("sum", (1, 1), Gives::Sum, None, || Box::<statistics::Sum>::default()),
    aggregate("sumif", (2, 2), Gives::Sum, Some(1), || Box::<statistics::Sum>::default()),
    aggregate("avg", (1, 1), Gives::Mean, None, || Box::<statistics::Mean>::default()),
    aggregate("avgif", (2, 2), Gives::Mean, Some(1), || Box::<statistics::Mean>::default()),
    aggregate("min", (1, 1), Gives::First, None, || {
        Box::new(statistics::Extreme::new(std::cmp::Ordering::is_lt))
    }),
    aggregate("minif", (2, 2), Gives::First, Some(1), || {
        Box::new(statistics::Extreme::new(std::cmp::Ordering::is_lt))
    }),
    aggregate("max", (1, 1), Gives::First, None, || {
        Box::new(statistics::Extreme::new(std::cmp::Ordering::is_gt))
    }),
    aggregate("maxif", (2, 2), Gives::First, Some(1), || {
        Box::new(statistics::Extreme::new(std::cmp::Ordering::is_gt))
    }),
    aggregate("dcount", (1, 2), Gives::Type(Type::Long), None, || Box::<collect::DistinctCount>::default()),
    aggregate("dcountif", (2, 3), Gives::Type(Type::Long), Some(1), || {
        Box::<collect::DistinctCount>::default()
    }),
    aggregate("count_distinct", (1, 1), Gives::Type(Type::Long), None, || {
        Box::<collect::DistinctCount>::default()
    }),
    aggregate("count_distinctif", (2, 2), Gives::Type(Type::Long), Some(1), || {
        Box::<collect::DistinctCount>::default()
    }),
    aggregate("stdev", (1, 1), Gives::Type(Type::Real), None, || {
        Box::new(statistics::Spread::new(true, true))
    }),
    aggregate("stdevif", (2, 2), Gives::Type(Type::Real), Some(1), || {
        Box::new(statistics::Spread::new(true, true))
    }),
    aggregate("stdevp", (1, 1), Gives::Type(Type::Real), None, || {
        Box::new(statistics::Spread::new(true, false))
    }),
    aggregate("variance", (1, 1), Gives::Type(Type::Real), None, || {
        Box::new(statistics::Spread::new(false, true))
    }),
    aggregate("varianceif", (2, 2), Gives::Type(Type::Real), Some(1), || {
        Box::new(statistics::Spread::new(false, true))
    }),
    aggregate("variancep", (1, 1), Gives::Type(Type::Real), None, || {
        Box::new(statistics::Spread::new(false, false))
    }),
    aggregate("make_list", (1, 2), Gives::Type(Type::Dynamic), None, || {
        Box::new(collect::List::new(false, false))
    }),
    aggregate("makelist", (1, 2), Gives::Type(Type::Dynamic), None, || {
        Box::new(collect::List::new(false, false))
    }),
    aggregate("make_list_with_nulls", (1, 2), Gives::Type(Type::Dynamic), None, || {
        Box::new(collect::List::new(false, true))
    }),
    aggregate("make_list_if", (2, 3), Gives::Type(Type::Dynamic), Some(1), || {
        Box::new(collect::List::new(false, false))
    }),
    aggregate("make_set", (1, 2), Gives::Type(Type::Dynamic), None, || {
        Box::new(collect::List::new(true, false))
    }),
    aggregate("makeset", (1, 2), Gives::Type(Type::Dynamic), None, || {
        Box::new(collect::List::new(true, false))
    }),
    aggregate("make_set_if", (2, 3), Gives::Type(Type::Dynamic), Some(1), || {
        Box::new(collect::List::new(true, false))
    }),
    aggregate("make_bag", (1, 2), Gives::Type(Type::Dynamic), None, || Box::<collect::Merged>::default()),
    aggregate("make_bag_if", (2, 3), Gives::Type(Type::Dynamic), Some(1), || {
        Box::<collect::Merged>::default()
    }),
    aggregate("make_dictionary", (1, 2), Gives::Type(Type::Dynamic), None, || {
        Box::<collect::Merged>::default()
    }),
    aggregate("take_any", (1, super::functions::MANY), Gives::First, None, || Box::<collect::Any>::default()),
    aggregate("any", (1, super::functions::MANY), Gives::First, None, || Box::<collect::Any>::default()),
    aggregate("take_anyif", (2, 2), Gives::First, Some(1), || Box::<collect::Any>::default()),
    aggregate("anyif", (2, 2), Gives::First, Some(1), || Box::<collect::Any>::default()),
    aggregate("arg_max", (1, super::functions::MANY), Gives::First, None, || {
        Box::new(collect::Row::new(std::cmp::Ordering::is_gt))
    }),
    aggregate("arg_min", (1, super::functions::MANY), Gives::First, None, || {
        Box::new(collect::Row::new(std::cmp::Ordering::is_lt))
    }),
    aggregate("argmax", (1, super::functions::MANY), Gives::First, None, || {
        Box::new(collect::Row::new(std::cmp::Ordering::is_gt))
    }),
    aggregate("argmin", (1, super::functions::MANY), Gives::First, None, || {
        Box::new(collect::Row::new(std::cmp::Ordering::is_lt))
    }),
    aggregate("percentile", (2, 2), Gives::First, None, || Box::<statistics::Percentiles>::default()),
    aggregate("percentiles", (2, super::functions::MANY), Gives::First, None, || {
        Box::<statistics::Percentiles>::default()
    }),
    aggregate("percentiles_array", (2, super::functions::MANY), Gives::Type(Type::Dynamic), None, || {
        Box::<statistics::Percentiles>::default()
    }),
    aggregate("binary_all_and", (1, 1), Gives::Type(Type::Long), None, || {
        Box::new(statistics::Bits::new(|a, b| a & b))
    }),
    aggregate("binary_all_or", (1, 1), Gives::Type(Type::Long), None, || {
        Box::new(statistics::Bits::new(|a, b| a | b))
    }),
    aggregate("binary_all_xor", (1, 1), Gives::Type(Type::Long), None, || {
        Box::new(statistics::Bits::new(|a, b| a ^ b))
    }),
    aggregate("covariance", (2, 2), Gives::Type(Type::Real), None, || {
        Box::<statistics::Covariance>::default()
    }),
];

/// The aggregate of this name.
pub fn lookup(name: &str) -> Option<&'static Aggregate> {
    AGGREGATES.iter().find(|aggregate| aggregate.name == name)
}

/// The names of all aggregates here.
pub fn names() -> impl Iterator<Item = &'static str> {
    AGGREGATES.iter().map(|aggregate| aggregate.name)
}

impl Aggregate {
    /// The type of the value for arguments of these types.
    pub fn type_for(&self, arguments: &[Type]) -> Type {
        let first = arguments.first().copied().unwrap_or(Type::Long);
        match self.gives {
            Gives::Type(ty) => ty,
            Gives::First => first,
            Gives::Sum => match first {
                Type::Int => Type::Long,
                Type::Dynamic | Type::String | Type::Bool => Type::Real,
                other => other,
            },
            Gives::Mean => match first {
                Type::Timespan | Type::DateTime | Type::Decimal => first,
                _ => Type::Real,
            },
        }
    }
}

fn better(candidate: &Value, best: &Value, test: fn(std::cmp::Ordering) -> bool) -> bool {
    !candidate.is_null() && (best.is_null() || compare::order(candidate, best).is_some_and(test))
}
