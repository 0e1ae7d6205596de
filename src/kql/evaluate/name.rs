//! The names of columns that have none: `count_`, `max_x`, `Column1`, `a_b`.

use crate::kql::ast::{Call, Expr, ExprKind};

/// Functions whose column is named after their first argument.
const AFTER_ARGUMENT: &str = "split tostring tohex todynamic toobject tolong toint toreal todouble todatetime totimespan totime \
tobool toboolean todecimal toguid parse_csv parsejson parse_json parse_xml format_datetime format_timespan startofday bin floor \
bin_at binary_and binary_or binary_xor binary_not binary_shift_right binary_shift_left bitset_count_ones series_fir \
series_outliers series_iir series_fill_backward series_fill_forward series_fill_const series_fill_linear round ceiling pow sqrt \
log log2 log10 exp exp2 exp10 cos sin tan acos asin atan atan2 abs rand gamma loggamma erf erfc format_bytes make_datetime \
make_timespan take_anyif passthrough binary_all_or binary_all_and binary_all_xor";

/// The name that an expression suggests for its column.
pub fn suggested(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Named(names, false, _) => names.first().map(|name| name.text.clone()),
        ExprKind::Name(name) => Some(name.clone()),
        ExprKind::Path(base, member) => match (suggested(base), suggested(member)) {
            (Some(base), Some(member)) if base == "$left" || base == "$right" => Some(member),
            (Some(base), Some(member)) => Some(format!("{base}_{member}")),
            _ => None,
        },
        ExprKind::Element(base, index) => {
            let index = match &index.kind {
                ExprKind::Literal(crate::kql::ast::Literal::String(text)) => text.clone(),
                ExprKind::Literal(crate::kql::ast::Literal::Typed(_, text)) => text.clone(),
                _ => return None,
            };
            Some(format!("{}_{index}", suggested(base)?))
        }
        ExprKind::Parenthesized(inner) => suggested(inner),
        ExprKind::Call(call) => of_call(call),
        _ => None,
    }
}

fn of_call(call: &Call) -> Option<String> {
    let name = call.name.text.as_str();
    let argument = || call.arguments.first().and_then(suggested);
    if AFTER_ARGUMENT.split(' ').any(|known| known == name) {
        return argument();
    }
    let prefix = match name {
        "make_list" | "make_list_if" | "makelist" | "make_list_with_nulls" => "list",
        "make_set" | "make_set_if" | "makeset" => "set",
        "make_bag" | "make_bag_if" => "bag",
        "make_dictionary" => "dictionary",
        "gettype" => "type",
        "count" | "countif" | "sum" | "sumif" | "dcount" | "dcountif" | "avg" | "avgif" | "min" | "minif"
        | "max" | "maxif" | "stdev" | "stdevif" | "stdevp" | "variance" | "varianceif" | "variancep"
        | "count_distinct" | "count_distinctif" | "hll" | "tdigest" | "any" | "percentile"
        | "percentiles" | "percentiles_array" => name,
        "take_any" | "arg_max" | "arg_min" => return argument(),
        "strlen" | "string_size" => return argument().map(|argument| format!("{name}_{argument}")),
        "array_sort_asc" | "array_sort_desc" => {
            return argument().map(|argument| format!("{argument}_sorted"));
        }
        "column_ifexists" | "columnifexists" => return column_of(call),
        _ => return None,
    };
    let suffix = argument().unwrap_or_default();
    match (name, call.arguments.get(1).map(|arg| &arg.kind)) {
        ("percentile", Some(ExprKind::Literal(crate::kql::ast::Literal::Typed(_, number)))) => {
            Some(format!("percentile_{suffix}_{}", number.replace('.', "_")))
        }
        _ => Some(format!("{prefix}_{suffix}")),
    }
}

fn column_of(call: &Call) -> Option<String> {
    match &call.arguments.first()?.kind {
        ExprKind::Literal(crate::kql::ast::Literal::String(name)) => Some(name.clone()),
        _ => None,
    }
}

/// `name`, or the first of `name1`, `name2` that is not taken.
pub fn unique(name: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(name) {
        return name.to_owned();
    }
    (1_u64..).map(|n| format!("{name}{n}")).find(|candidate| !taken(candidate)).unwrap_or_default()
}

/// The name of a column that suggests none: the first of `Column1`, `Column2` that is not taken.
pub fn unnamed(taken: impl Fn(&str) -> bool) -> String {
    (1_u64..).map(|n| format!("Column{n}")).find(|candidate| !taken(candidate)).unwrap_or_default()
}
