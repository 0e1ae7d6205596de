//! Questions about a kept result: which rows, in which order, in which groups. A closed language: nothing in it runs.

use std::cmp::Ordering;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    condition::{Condition, compare, folded, number},
    fields::{self, FieldPath},
    fields_of,
};

/// Most groups of an answer.
const MAX_GROUPS: usize = 1_000;

/// A question.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Query {
    /// All of them must hold.
    #[serde(rename = "where")]
    pub(crate) conditions: Vec<Condition>,
    /// Rows become groups of equal values of these fields.
    pub(crate) group_by: Names,
    /// What is said of each group beside its size.
    pub(crate) measure: Vec<Measure>,
    /// Fields; a minus sign in front turns the order round.
    pub(crate) sort_by: Names,
    pub(crate) fields: Names,
    pub(crate) skip: usize,
    pub(crate) first: Option<usize>,
}

/// One name or several.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(untagged)]
pub(crate) enum Names {
    #[default]
    None,
    One(String),
    Several(Vec<String>),
}

impl Names {
    fn all(&self) -> &[String] {
        match self {
            Self::None => &[],
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }

    fn paths(&self) -> Vec<FieldPath> {
        self.all().iter().map(FieldPath::new).collect()
    }
}

/// Something about the rows of a group.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Measure {
    of: String,
    take: Taking,
}

/// What is taken of a field in a group.
#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Taking {
    Sum,
    Average,
    Min,
    Max,
    Distinct,
}

/// What is wrong with a question, and what would work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueryError(pub(crate) String);

/// The rows that answer a question, from the first one asked for on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Selected {
    pub(crate) rows: Vec<Value>,
    /// Rows that fit the question, all pages together.
    pub(crate) total: usize,
}

impl Query {
    /// From the arguments of a call.
    ///
    /// # Errors
    /// What was given and what is taken.
    pub(crate) fn parse(arguments: Map<String, Value>) -> Result<Self, QueryError> {
        // A list is what is meant where one condition is given.
        let mut arguments = arguments;
        for name in ["where", "measure"] {
            if let Some(one @ Value::Object(_)) = arguments.get_mut(name) {
                *one = json!([one.take()]);
            }
        }
        arguments.retain(|_, value| !value.is_null());
        serde_json::from_value(Value::Object(arguments)).map_err(|error| {
            QueryError(format!(
                "The question is not understood: {error}. An example: {}",
                json!({"where": [{"field": "Severity", "is": "in", "value": ["High", "Medium"]}],
                       "sort_by": ["-CreatedTime"], "fields": ["Title", "Owner.Name"], "first": 20})
            ))
        })
    }

    /// Answers it.
    ///
    /// # Errors
    /// Fields that no row has, values that cannot be compared.
    pub(crate) fn select(&self, rows: Vec<Value>) -> Result<Selected, QueryError> {
        self.check(&rows)?;
        let conditions: Vec<(FieldPath, &Condition)> =
            self.conditions.iter().map(|condition| (FieldPath::new(&condition.field), condition)).collect();
        let mut rows: Vec<Value> = rows
            .into_iter()
            .filter(|row| conditions.iter().all(|(field, condition)| condition.holds(field.of(row))))
            .collect();
        if !self.group_by.all().is_empty() {
            rows = self.groups(&rows)?;
        }
        sort(&mut rows, self.sort_by.all());
        let total = rows.len();
        let fields = self.fields.paths();
        let rows = rows.into_iter().skip(self.skip).take(self.first.unwrap_or(usize::MAX));
        let rows = rows.map(|row| if fields.is_empty() { row } else { fields::select(&row, &fields) });
        Ok(Selected { rows: rows.collect(), total })
    }

    fn check(&self, rows: &[Value]) -> Result<(), QueryError> {
        let mut asked: Vec<FieldPath> =
            self.conditions.iter().map(|condition| FieldPath::new(&condition.field)).collect();
        asked.extend(self.group_by.paths());
        asked.extend(self.measure.iter().map(|measure| FieldPath::new(&measure.of)));
        if self.group_by.all().is_empty() {
            asked.extend(self.fields.paths());
            asked.extend(self.sort_by.all().iter().map(|name| FieldPath::new(plain(name))));
            if !self.measure.is_empty() {
                return Err(QueryError(
                    "'measure' says something of groups; name their fields in 'group_by'".to_owned(),
                ));
            }
        }
        if let Some((unknown, known)) = fields_of(&asked, rows) {
            return Err(QueryError(format!("No row has {unknown}. There are: {known}")));
        }
        for condition in &self.conditions {
            condition.check()?;
        }
        Ok(())
    }

    fn groups(&self, rows: &[Value]) -> Result<Vec<Value>, QueryError> {
        let by = self.group_by.paths();
        let mut groups: indexmap::IndexMap<String, Vec<&Value>> = indexmap::IndexMap::new();
        for row in rows {
            let key: Vec<String> =
                by.iter().map(|field| field.of(row).map(folded).unwrap_or_default()).collect();
            groups.entry(key.join("\u{0}")).or_default().push(row);
        }
        if groups.len() > MAX_GROUPS {
            return Err(QueryError(format!(
                "There would be {} groups, and at most {MAX_GROUPS} are made; group by a field with fewer values, or add a condition",
                groups.len()
            )));
        }
        let mut groups: Vec<Value> = groups.into_values().map(|rows| self.group(&by, &rows)).collect();
        // The biggest first, unless another order is asked for.
        groups.sort_by(|a, b| compare(&b["count"], &a["count"]));
        Ok(groups)
    }

    fn group(&self, by: &[FieldPath], rows: &[&Value]) -> Value {
        let mut group: Map<String, Value> = by
            .iter()
            .map(|field| (field.name().to_owned(), field.of(rows[0]).cloned().unwrap_or(Value::Null)))
            .collect();
        group.insert("count".to_owned(), json!(rows.len()));
        for measure in &self.measure {
            let field = FieldPath::new(&measure.of);
            let values: Vec<&Value> =
                rows.iter().filter_map(|row| field.of(row)).filter(|value| !value.is_null()).collect();
            group.insert(format!("{} {}", measure.take.name(), measure.of), measure.take.of(&values));
        }
        Value::Object(group)
    }
}

impl Taking {
    fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Average => "average",
            Self::Min => "min",
            Self::Max => "max",
            Self::Distinct => "distinct",
        }
    }

    fn of(self, values: &[&Value]) -> Value {
        let numbers = || values.iter().filter_map(|value| number(value));
        match self {
            Self::Sum => json!(numbers().sum::<f64>()),
            Self::Average => match numbers().count() {
                0 => Value::Null,
                count => json!(numbers().sum::<f64>() / count as f64),
            },
            Self::Min => {
                values.iter().min_by(|a, b| compare(a, b)).map_or(Value::Null, |value| (*value).clone())
            }
            Self::Max => {
                values.iter().max_by(|a, b| compare(a, b)).map_or(Value::Null, |value| (*value).clone())
            }
            Self::Distinct => json!(
                values.iter().map(|value| folded(value)).collect::<std::collections::HashSet<_>>().len()
            ),
        }
    }
}

fn plain(name: &str) -> &str {
    name.strip_prefix('-').unwrap_or(name)
}

/// Rows without the field come last, whatever the order.
fn sort(rows: &mut [Value], by: &[String]) {
    let by: Vec<(FieldPath, bool)> =
        by.iter().map(|name| (FieldPath::new(plain(name)), name.starts_with('-'))).collect();
    rows.sort_by(|a, b| {
        by.iter()
            .map(|(field, descending)| match (field.of(a), field.of(b)) {
                (None | Some(Value::Null), None | Some(Value::Null)) => Ordering::Equal,
                (None | Some(Value::Null), _) => Ordering::Greater,
                (_, None | Some(Value::Null)) => Ordering::Less,
                (Some(a), Some(b)) if *descending => compare(b, a),
                (Some(a), Some(b)) => compare(a, b),
            })
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Value> {
        let row = |id: u64, severity: &str, owner: Value, at: &str| json!({"Id": id, "Severity": severity, "Owner": {"Name": owner}, "At": at, "Tags": [severity, "all"]});
        vec![
            row(1, "High", json!("ann"), "2026-11-01T10:00:00Z"),
            row(2, "low", json!("bob"), "2026-11-01T12:30:00+02:00"),
            row(10, "High", Value::Null, "2026-11-02T10:00:00Z"),
            row(3, "Medium", json!("Ann"), "2026-10-31T10:00:00Z"),
        ]
    }

    fn ask(query: Value) -> Result<Selected, QueryError> {
        let Value::Object(query) = query else { panic!("not an object") };
        Query::parse(query)?.select(rows())
    }

    fn ids(query: Value) -> Vec<u64> {
        ask(query).expect("an answer").rows.iter().filter_map(|row| row["Id"].as_u64()).collect()
    }

    #[test]
    fn conditions_compare_as_powershell_does() {
        let with = |is: &str, field: &str, value: Value| {
            ids(json!({"where": [{"field": field, "is": is, "value": value}]}))
        };
        assert_eq!(with("equal", "severity", json!("high")), [1, 10]);
        assert_eq!(with("not_equal", "Severity", json!("High")), [2, 3]);
        assert_eq!(with("in", "Severity", json!(["LOW", "medium"])), [2, 3]);
        assert_eq!(with("contains", "Tags", json!("hig")), [1, 10]);
        assert_eq!(with("starts_with", "Owner.Name", json!("AN")), [1, 3]);
        assert_eq!(with("greater", "Id", json!(2)), [10, 3], "numbers, not texts");
        assert_eq!(with("at_least", "Id", json!("10")), [10]);
        assert_eq!(with("at_most", "At", json!("2026-11-01T10:30:00Z")), [1, 2, 3], "instants, not texts");
        assert_eq!(with("empty", "Owner.Name", Value::Null), [10]);
        assert_eq!(ids(json!({"where": {"field": "Severity", "value": "High"}})), [1, 10]);
    }

    #[test]
    fn rows_are_sorted_paged_and_narrowed() {
        assert_eq!(ids(json!({"sort_by": ["-Id"]})), [10, 3, 2, 1]);
        assert_eq!(ids(json!({"sort_by": ["Owner.Name", "-At"]})), [1, 3, 2, 10], "without a value: last");
        let page = ask(json!({"sort_by": "Id", "skip": 1, "first": 2, "fields": ["id", "Owner.Name"]}))
            .expect("an answer");
        assert_eq!((page.total, page.rows.len()), (4, 2));
        assert_eq!(page.rows[0], json!({"id": 2, "Owner.Name": "bob"}));
    }

    #[test]
    fn groups_are_counted_and_measured() {
        let query = json!({"group_by": "Severity", "measure": [{"of": "Id", "take": "sum"}, {"of": "Owner.Name", "take": "distinct"}]});
        let groups = ask(query).expect("groups").rows;
        assert_eq!(
            groups[0],
            json!({"Severity": "High", "count": 2, "sum Id": 11.0, "distinct Owner.Name": 1})
        );
        assert_eq!(groups.len(), 3);
        let sorted =
            ask(json!({"group_by": ["Severity"], "sort_by": ["Severity"], "first": 1})).expect("groups");
        assert_eq!(sorted.rows[0]["Severity"], "High");
    }

    #[test]
    fn what_would_work_is_said() {
        let error = |query: Value| ask(query).expect_err("a mistake").0;
        let unknown = error(json!({"where": [{"field": "Sevrity", "value": 1}]}));
        assert_eq!(unknown, "No row has Sevrity. There are: Id, Severity, Owner.Name, At, Tags");
        assert!(error(json!({"where": [{"field": "Id", "is": "like"}]})).contains("starts_with"));
        assert!(error(json!({"filter": 1})).contains("An example: {\"where\""));
        assert!(error(json!({"where": [{"field": "Id", "is": "in", "value": 1}]})).contains("a list"));
        assert!(error(json!({"measure": [{"of": "Id", "take": "sum"}]})).contains("group_by"));
    }
}
