//! Results, against duckdb-kql: generated tables, a list of queries and some hundreds of generated ones.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use runspaced::kql::{self, Column, MemoryTables, Options, Table, Type, Value};
use serde_json::{Value as Json, json};

use super::differences::reason_for;
use super::mutation::Random;
use super::queries;
use super::support::{Context, packages};

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kql/duckdb");

/// duckdb-kql is there.
pub fn present() -> Result<(), String> {
    packages::installed(
        "kql-duckdb",
        Path::new(SOURCE),
        &["requirements.txt", "run.py"],
        packages::pip_install,
    )
    .map(drop)
}

/// The columns of the table `T`, and of `U` to join it with.
const T: [(&str, Type); 8] = [
    ("id", Type::Long),
    ("name", Type::String),
    ("grp", Type::String),
    ("val", Type::Real),
    ("at", Type::DateTime),
    ("flag", Type::Bool),
    ("tags", Type::Dynamic),
    ("props", Type::Dynamic),
];
const U: [(&str, Type); 3] = [("grp", Type::String), ("weight", Type::Long), ("name", Type::String)];

/// Rows as JSON cells.
fn rows_of_t(random: &mut Random) -> Vec<Vec<Json>> {
    let names = ["alpha", "Beta", "gamma-1", "the quick fox", "", "ALPHA", "x.y.z", "10.1.2.3"];
    let groups = ["a", "b", "c", ""];
    (0..60)
        .map(|id| {
            let val = match random.below(5) {
                0 => Json::Null,
                _ => json!(f64::from(u32::try_from(random.below(2000)).unwrap()) / 8.0 - 100.0),
            };
            let (day, hour, minute) = (1 + random.below(20), random.below(24), random.below(60));
            let tags: Vec<&str> =
                (0..random.below(4)).map(|_| *random.pick(&["red", "green", "blue"])).collect();
            let props =
                json!({"n": random.below(9), "s": *random.pick(&names), "in": {"k": random.below(3)}});
            vec![
                json!(id % 40),
                json!(*random.pick(&names)),
                json!(*random.pick(&groups)),
                val,
                json!(format!("2024-03-{day:02}T{hour:02}:{minute:02}:00.0000000Z")),
                json!(random.below(2) == 0),
                json!(serde_json::to_string(&tags).unwrap()),
                json!(props.to_string()),
            ]
        })
        .collect()
}

fn rows_of_u() -> Vec<Vec<Json>> {
    vec![
        vec![json!("a"), json!(1), json!("first")],
        vec![json!("b"), json!(2), json!("second")],
        vec![json!("b"), json!(3), json!("third")],
        vec![json!("z"), json!(9), json!("none")],
    ]
}

fn table(columns: &[(&str, Type)], rows: &[Vec<Json>]) -> Table {
    let cell = |(cell, (_, ty)): (&Json, &(&str, Type))| match (cell, ty) {
        (Json::Null, _) => Value::Null,
        (Json::String(text), Type::DateTime | Type::Dynamic) => {
            let cast = if *ty == Type::DateTime { "todatetime" } else { "parse_json" };
            let query = kql::parse(&format!("print {cast}(@'{text}')")).unwrap();
            kql::run(&query, &MemoryTables::new(), &Options::default()).unwrap().tables[0].rows[0][0].clone()
        }
        (Json::String(text), _) => Value::from(text.as_str()),
        (Json::Bool(flag), _) => Value::from(*flag),
        (number, Type::Long) => Value::from(number.as_i64().unwrap()),
        (number, _) => Value::from(number.as_f64().unwrap()),
    };
    Table::new(
        columns.iter().map(|(name, ty)| Column::new(*name, *ty)).collect(),
        rows.iter().map(|row| row.iter().zip(columns).map(cell).collect()).collect(),
    )
}

/// What duckdb-kql says to each query.
fn answers(t: &[Vec<Json>], u: &[Vec<Json>], queries: &[String]) -> Vec<Json> {
    let columns = |columns: &[(&str, Type)]| {
        columns.iter().map(|(name, ty)| json!([name, ty.word()])).collect::<Vec<_>>()
    };
    let naive = |rows: &[Vec<Json>]| -> Vec<Vec<Json>> {
        let cell = |cell: &Json| match cell.as_str().and_then(|text| text.strip_suffix(".0000000Z")) {
            Some(time) => json!(time),
            None => cell.clone(),
        };
        rows.iter().map(|row| row.iter().map(cell).collect()).collect()
    };
    let work = json!({
        "tables": {
            "T": {"columns": columns(&T), "rows": naive(t)},
            "U": {"columns": columns(&U), "rows": u},
        },
        "queries": queries,
    });
    let folder = packages::folder_of("kql-duckdb");
    let mut child = Command::new(packages::python_of(&folder))
        .arg(folder.join("run.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    child.stdin.take().unwrap().write_all(work.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "run.py ended with {}", output.status);
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A cell in a form that both sides share: numbers rounded, JSON parsed, null and the empty text apart.
fn normal(cell: &Json) -> String {
    match cell {
        Json::Number(number) => {
            let value = number.as_f64().unwrap();
            if value == 0.0 { "0".to_owned() } else { format!("{value:.9e}") }
        }
        Json::Object(tagged) if tagged.contains_key("json") => normal_json(&tagged["json"]),
        Json::Object(tagged) if tagged.contains_key("ticks") => format!("ticks {}", tagged["ticks"]),
        Json::String(text) if text == "nan" => "NaN".to_owned(),
        Json::String(text) if text.is_empty() => "null".to_owned(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn normal_json(value: &Json) -> String {
    match value {
        Json::Array(items) => format!("[{}]", items.iter().map(normal_json).collect::<Vec<_>>().join(",")),
        Json::Object(members) => {
            let mut members: Vec<String> =
                members.iter().map(|(name, value)| format!("{name}:{}", normal_json(value))).collect();
            members.sort();
            format!("{{{}}}", members.join(","))
        }
        other => normal(other),
    }
}

fn our_cell(value: &Value, ty: Type) -> String {
    match (value, ty) {
        (Value::Timespan(ticks), _) => format!("ticks {ticks}"),
        (Value::Real(number), _) if number.is_nan() => "NaN".to_owned(),
        (Value::Array(_) | Value::Bag(_), _) => normal_json(&serde_json::from_str(&value.to_text()).unwrap()),
        (Value::Int(_) | Value::Long(_), _) => normal(&json!(value.as_long().unwrap())),
        (Value::Real(number), _) => normal(&json!(number)),
        (Value::Bool(flag), _) => flag.to_string(),
        (Value::Null, _) => "null".to_owned(),
        // There is no null of type string; duckdb has one, for rows that an outer join fills up.
        (Value::String(text), _) if text.is_empty() => "null".to_owned(),
        _ => value.to_text().to_string(),
    }
}

/// Columns, then rows; sorted unless the query sorts them.
fn ours(text: &str, tables: &MemoryTables) -> Result<Vec<String>, String> {
    let query = kql::parse(text).map_err(|problem| problem.render(text))?;
    let output = kql::run(&query, tables, &Options::default()).map_err(|problem| problem.render(text))?;
    let table = &output.tables[0];
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let row = |row: &Vec<Value>| {
        row.iter()
            .zip(&table.columns)
            .map(|(cell, column)| our_cell(cell, column.ty))
            .collect::<Vec<_>>()
            .join(" | ")
    };
    Ok(arranged(text, names.join(" | "), table.rows.iter().map(row).collect()))
}

fn theirs(text: &str, answer: &Json) -> Vec<String> {
    let names: Vec<&str> =
        answer["columns"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let row = |row: &Json| row.as_array().unwrap().iter().map(normal).collect::<Vec<_>>().join(" | ");
    arranged(text, names.join(" | "), answer["rows"].as_array().unwrap().iter().map(row).collect())
}

fn arranged(text: &str, names: String, mut rows: Vec<String>) -> Vec<String> {
    if !text.contains("sort by id asc") {
        rows.sort();
    }
    rows.insert(0, names);
    rows
}

pub fn results_agree_with_duckdb_kql(_: &Context) {
    let mut random = Random::new(11);
    let (t, u) = (rows_of_t(&mut random), rows_of_u());
    let tables = MemoryTables::new().with("T", table(&T, &t)).with("U", table(&U, &u));
    let queries = queries::all(&mut random);
    let mut agreed = 0_u32;
    let mut explained: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut refused, mut open) = (0_u32, Vec::new());
    for (text, answer) in queries.iter().zip(answers(&t, &u, &queries)) {
        if answer.get("error").is_some() {
            // Outside of the common subset.
            refused += 1;
            continue;
        }
        let theirs = theirs(text, &answer);
        match ours(text, &tables) {
            Ok(ours) if ours == theirs => agreed += 1,
            result => match reason_for(text) {
                Some(reason) => *explained.entry(reason).or_default() += 1,
                None => open.push((text, result, theirs)),
            },
        }
    }
    println!("{} queries: {agreed} agree, {refused} are refused by duckdb-kql", queries.len());
    for (reason, count) in &explained {
        println!("{count:4} differ: {reason}");
    }
    for (text, ours, theirs) in open.iter().take(40) {
        println!(
            "{text}\n  ours   {}\n  theirs {theirs:?}",
            ours.as_ref().map_or_else(Clone::clone, |rows| format!("{rows:?}"))
        );
    }
    assert!(agreed > 300, "only {agreed} queries could be compared");
    assert!(open.is_empty(), "{} differences without a reason", open.len());
}
