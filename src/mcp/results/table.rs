//! Values as compact text: what a model reads. Everything the rows hold is in it, once: what all rows share stands above
//! the table, and so does how one column follows from another.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::is_blank;

/// Fewer rows are not worth a heading.
const MIN_ROWS: usize = 3;
/// Most columns that nested objects may be spread over.
const MAX_COLUMNS: usize = 120;
/// Shortest beginning of all values of a column that is worth a line.
const MIN_PREFIX: usize = 8;
/// Shortest text that one column is looked for in another by.
const MIN_LINK: usize = 6;

/// Rows of values: scalars one a line, objects as a table or, one alone, as a list of its properties.
pub(crate) fn text(values: &[Value]) -> String {
    match values {
        [] => String::new(),
        [Value::Object(one)] => properties(one),
        values => match Table::of(values) {
            Some(table) => table.text(),
            None => values.iter().map(|value| cell(value).into_owned()).collect::<Vec<_>>().join("\n"),
        },
    }
}

/// One object: its properties that have a value, one a line.
fn properties(object: &Map<String, Value>) -> String {
    let lines = object.iter().filter(|(_, value)| !is_blank(value));
    lines.map(|(name, value)| format!("{name}: {}", cell(value))).collect::<Vec<_>>().join("\n")
}

struct Column<'a> {
    name: String,
    /// One a row; empty where the row has no value.
    cells: Vec<Cow<'a, str>>,
}

struct Table<'a> {
    columns: Vec<Column<'a>>,
    rows: usize,
}

impl<'a> Table<'a> {
    /// If all values are objects with at least one property.
    fn of(values: &'a [Value]) -> Option<Self> {
        let mut columns = indexmap::IndexMap::<String, Vec<Cow<'a, str>>>::new();
        let spread = spreads(values);
        for (row, value) in values.iter().enumerate() {
            let object = value.as_object().filter(|object| !object.is_empty())?;
            visit(object, "", spread, &mut |name, value| {
                let cells = columns.entry(name).or_default();
                cells.resize(row, Cow::Borrowed(""));
                cells.push(cell(value));
            });
        }
        let columns: Vec<Column<'_>> = columns
            .into_iter()
            .map(|(name, mut cells)| {
                cells.resize(values.len(), Cow::Borrowed(""));
                Column { name, cells }
            })
            .collect();
        (!columns.is_empty()).then_some(Self { columns, rows: values.len() })
    }

    fn text(self) -> String {
        let mut lines = Vec::new();
        let mut columns = self.columns;
        if self.rows >= MIN_ROWS {
            // One column stays, or there would be no rows.
            if columns.iter().any(|column| !column.is_constant()) {
                let shared: Vec<String> = columns
                    .iter()
                    .filter(|column| column.is_constant())
                    .map(|column| format!("{} = {}", column.name, column.cells[0]))
                    .collect();
                if !shared.is_empty() {
                    lines.push(format!("In every row: {}", shared.join("; ")));
                    columns.retain(|column| !column.is_constant());
                }
            }
            let links = links(&columns);
            lines.extend(links.iter().map(|(_, text)| text.clone()));
            let mut index = 0;
            columns.retain(|_| {
                index += 1;
                !links.iter().any(|(column, _)| *column == index - 1)
            });
            for column in &mut columns {
                lines.extend(column.factor());
            }
        }
        lines.push(columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join("\t"));
        for row in 0..self.rows {
            let line = columns.iter().map(|column| &*column.cells[row]).collect::<Vec<_>>().join("\t");
            lines.push(line);
        }
        lines.join("\n")
    }
}

impl Column<'_> {
    fn is_constant(&self) -> bool {
        !self.cells[0].is_empty() && self.cells.iter().all(|cell| *cell == self.cells[0])
    }

    /// Takes what all values begin with out of them, and says so.
    fn factor(&mut self) -> Option<String> {
        let mut filled = self.cells.iter().filter(|cell| !cell.is_empty());
        let first = filled.next()?;
        let mut length = first.len();
        for cell in filled {
            length = first.bytes().zip(cell.bytes()).take(length).take_while(|(a, b)| a == b).count();
        }
        // A value that is quoted stays whole, and the rest begins at a word.
        if first.starts_with('"') {
            return None;
        }
        while length > 0
            && (!first.is_char_boundary(length) || first.as_bytes()[length - 1].is_ascii_alphanumeric())
        {
            length -= 1;
        }
        let count = self.cells.iter().filter(|cell| !cell.is_empty()).count();
        // An empty rest would look like no value.
        if length < MIN_PREFIX || count < MIN_ROWS || self.cells.iter().any(|cell| cell.len() == length) {
            return None;
        }
        let prefix = first[..length].to_owned();
        for cell in self.cells.iter_mut().filter(|cell| !cell.is_empty()) {
            *cell = Cow::Owned(cell[length..].to_owned());
        }
        Some(format!("{} begins with {prefix}", self.name))
    }
}

/// Columns that follow from others: `id = /subscriptions/…/{name}`.
fn links(columns: &[Column<'_>]) -> Vec<(usize, String)> {
    let mut links: Vec<(usize, String)> = Vec::new();
    let mut origins: Vec<usize> = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        // What others follow from stays in the table, and so does what it follows from.
        if origins.contains(&index) {
            continue;
        }
        let found = columns.iter().enumerate().find_map(|(other, origin)| {
            if other == index || links.iter().any(|(linked, _)| *linked == other) {
                return None;
            }
            Some((other, around(column, origin)?))
        });
        if let Some((origin, (before, after))) = found {
            links.push((index, format!("{} = {before}{{{}}}{after}", column.name, columns[origin].name)));
            origins.push(origin);
        }
    }
    links
}

/// What stands before and after another column's value in each value of this one.
fn around<'c>(column: &'c Column<'_>, origin: &Column<'_>) -> Option<(&'c str, &'c str)> {
    let mut frame: Option<(&str, &str)> = None;
    for (cell, inner) in column.cells.iter().zip(&origin.cells) {
        if cell.is_empty() != inner.is_empty() {
            return None;
        }
        if cell.is_empty() {
            continue;
        }
        match frame {
            None => {
                if inner.len() < MIN_LINK {
                    return None;
                }
                frame = Some(cell.split_once(&**inner)?);
            }
            Some((before, after)) => {
                if cell.len() != before.len() + inner.len() + after.len()
                    || !cell.starts_with(before)
                    || !cell.ends_with(after)
                    || cell.get(before.len()..before.len() + inner.len()) != Some(inner)
                {
                    return None;
                }
            }
        }
    }
    frame
}

/// True if the objects inside of rows may be spread over columns of their own.
fn spreads(values: &[Value]) -> bool {
    let mut names = std::collections::HashSet::new();
    for object in values.iter().filter_map(Value::as_object) {
        visit(object, "", true, &mut |name, _| {
            names.insert(name);
        });
        if names.len() > MAX_COLUMNS {
            return false;
        }
    }
    true
}

/// The properties of an object that have a value, those of objects inside with their path.
fn visit<'a>(
    object: &'a Map<String, Value>,
    above: &str,
    spread: bool,
    take: &mut impl FnMut(String, &'a Value),
) {
    for (name, value) in object {
        match value {
            // A dot in a name would make two paths of one.
            Value::Object(inner)
                if spread && !inner.is_empty() && !name.contains('.') && above.len() < 100 =>
            {
                visit(inner, &format!("{above}{name}."), spread, take);
            }
            value if is_blank(value) => {}
            value => take(format!("{above}{name}"), value),
        }
    }
}

/// One value on one line: texts as they are unless that could be mistaken for something else, the rest as JSON.
fn cell(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) if !text.contains(['\t', '\n', '\r']) && !text.starts_with('"') => {
            Cow::Borrowed(text)
        }
        other => Cow::Owned(other.to_string()),
    }
}
