//! Reading a `runspaced.toml`.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::places::expand;
use super::problem::{Origin, Problem};
use super::table::{SECTIONS, SETTINGS, Setting, find};
use super::value::{Column, Kind, Row, Value};
use crate::nearest::nearest;

/// One setting in a file.
pub(super) struct Entry {
    pub(super) setting: &'static Setting,
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// Reads all settings of a file.
///
/// # Errors
/// Everything that is wrong with it, with lines.
pub(super) fn read(path: &Path, text: &str) -> Result<Vec<Entry>, Vec<Problem>> {
    let at = |offset: usize| Origin::File { path: path.to_owned(), line: Some(line_of(text, offset)) };
    let table = DeTable::parse(text).map_err(|error| {
        let origin = at(error.span().map_or(0, |span| span.start));
        vec![Problem::of(origin, format!("this is not TOML: {}", error.message()))]
    })?;
    let mut entries = Vec::new();
    let mut problems = Vec::new();
    for (section, content) in table.get_ref() {
        let name = section.get_ref().as_ref();
        if !SECTIONS.iter().any(|(known, _)| *known == name) {
            let known = nearest(name, SECTIONS.iter().map(|(known, _)| *known));
            // A setting written without its section is a likely slip.
            let setting =
                SETTINGS.iter().map(|setting| setting.key).find(|key| key.ends_with(&format!(".{name}")));
            let mut problem = Problem::unknown(at(section.span().start), name, setting.or(known));
            if setting.is_none() && known.is_some() {
                problem.text = problem.text.replacen("setting", "section", 1);
            }
            problems.push(problem);
            continue;
        }
        let DeValue::Table(section_table) = content.get_ref() else {
            problems.push(Problem::of(
                at(section.span().start),
                format!("{name} is a section: write [{name}] above its settings"),
            ));
            continue;
        };
        for (key, value) in section_table {
            let full = format!("{name}.{}", key.get_ref());
            let origin = at(key.span().start);
            let Some(setting) = find(&full) else {
                let nearest = nearest(&full, SETTINGS.iter().map(|setting| setting.key));
                problems.push(Problem::unknown(origin, &full, nearest));
                continue;
            };
            match convert(setting.kind, value.get_ref()) {
                Ok(value) => {
                    entries.push(Entry { setting, value: expand(value, path.parent()), origin });
                }
                Err(wanted) => {
                    let given =
                        text.get(value.span()).and_then(|given| given.lines().next()).unwrap_or_default();
                    problems.push(Problem::of(origin, format!("{full} is {given}, it must be {wanted}")));
                }
            }
        }
    }
    problems.sort_by_key(|problem| match &problem.origin {
        Origin::File { line, .. } => *line,
        _ => None,
    });
    if problems.is_empty() { Ok(entries) } else { Err(problems) }
}

fn convert(kind: Kind, value: &DeValue<'_>) -> Result<Value, String> {
    match (kind, value) {
        (Kind::Flag, DeValue::Boolean(on)) => Ok(Value::Flag(*on)),
        (Kind::Whole(..) | Kind::Size(..), DeValue::Integer(number)) => {
            let digits = number.as_str().replace('_', "");
            u64::from_str_radix(&digits, number.radix())
                .map_err(|_| kind.wanted())
                .and_then(|number| kind.whole(number))
        }
        (
            Kind::Duration(..) | Kind::Size(..) | Kind::Text | Kind::Choice(_) | Kind::Path,
            DeValue::String(text),
        ) => kind.parse(text),
        (Kind::List, value) => texts(value).map(Value::List).ok_or_else(|| kind.wanted()),
        (Kind::Paths, value) => texts(value)
            .map(|texts| Value::Paths(texts.into_iter().map(PathBuf::from).collect()))
            .ok_or_else(|| kind.wanted()),
        (Kind::Lists, DeValue::Table(lists)) => lists
            .iter()
            .map(|(name, list)| match texts(list.get_ref()) {
                Some(texts) => Ok((name.get_ref().to_string(), texts)),
                None => Err(format!("{}; {} is not a list", kind.wanted(), name.get_ref())),
            })
            .collect::<Result<_, String>>()
            .map(Value::Lists),
        (Kind::Tables(columns), DeValue::Table(tables)) => tables
            .iter()
            .map(|(name, table)| match table.get_ref() {
                DeValue::Table(values) => {
                    Ok((name.get_ref().to_string(), row(name.get_ref(), columns, values)?))
                }
                _ => Err(format!("{}; {} is not a table", kind.wanted(), name.get_ref())),
            })
            .collect::<Result<_, String>>()
            .map(Value::Tables),
        (Kind::Text | Kind::Choice(_) | Kind::Path | Kind::Duration(..), _) => {
            Err(format!("{}, in quotes", kind.wanted()))
        }
        _ => Err(kind.wanted()),
    }
}

/// A list of texts, if it is one.
fn texts(value: &DeValue<'_>) -> Option<Vec<String>> {
    let DeValue::Array(items) = value else { return None };
    items
        .iter()
        .map(|item| match item.get_ref() {
            DeValue::String(text) => Some(text.as_ref().to_owned()),
            _ => None,
        })
        .collect()
}

/// The values of one table of [`Kind::Tables`].
fn row(table: &str, columns: &'static [Column], values: &DeTable<'_>) -> Result<Row, String> {
    let mut row = Row::new();
    for (name, value) in values {
        let name = name.get_ref().as_ref();
        let Some(column) = columns.iter().find(|column| column.name == name) else {
            let names = columns.iter().map(|column| column.name);
            let hint = nearest(name, names).map(|near| format!(": did you mean {near}?")).unwrap_or_default();
            return Err(format!("{}; {table} has an unknown '{name}'{hint}", Kind::Tables(columns).wanted()));
        };
        let value = convert(column.kind, value.get_ref())
            .map_err(|wanted| format!("right: {name} of {table} must be {wanted}"))?;
        row.insert(column.name, value);
    }
    Ok(row)
}

/// A value written as text the way a file has it behind the equals sign.
pub(super) fn convert_text(kind: Kind, text: &str) -> Result<Value, String> {
    let document = format!("value = {text}");
    let table = DeTable::parse(&document).map_err(|_| kind.wanted())?;
    table.get_ref().get("value").map_or_else(|| Err(kind.wanted()), |value| convert(kind, value.get_ref()))
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        match read(Path::new("/x/runspaced.toml"), text) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn mistakes_are_named_with_line_and_remedy() {
        let cases = [
            (
                "[pool]\nmaxx = 3\n",
                "/x/runspaced.toml:2: unknown setting 'pool.maxx': did you mean pool.max?",
            ),
            ("[poool]\nmax = 3\n", "/x/runspaced.toml:1: unknown section 'poool': did you mean pool?"),
            (
                "timeout = \"5s\"\n",
                "/x/runspaced.toml:1: unknown setting 'timeout': did you mean call.timeout?",
            ),
            ("\n\n[call]\ntimeout = 5\n", "/x/runspaced.toml:4: call.timeout is 5, it must be a duration"),
            ("[pool]\nmax = 0\n", "pool.max is 0, it must be a whole number from 1 to 1024"),
            ("[pool]\nmax = -1\n", "pool.max is -1, it must be"),
            ("pool = 3\n", "pool is a section"),
            ("[pool\n", "/x/runspaced.toml:1: this is not TOML"),
            ("[mcp]\ncommands = [1]\n", "mcp.commands is [1], it must be a list of texts"),
            ("[call]\nisolation = \"none\"\n", "it must be one of shared, scoped, reset, fresh"),
            ("[mcp.toolsets]\na = \"x\"\n", "a is not a list"),
            ("[mcp.tools.Get-X]\nread_only = 1\n", "read_only of Get-X must be true or false"),
            (
                "[mcp.tools.Get-X]\ndescripton = \"x\"\n",
                "Get-X has an unknown 'descripton': did you mean description?",
            ),
        ];
        for (text, expected) in cases {
            let problems = problems(text);
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(problems[0].contains(expected), "{} should contain {expected}", problems[0]);
        }
    }

    #[test]
    fn all_mistakes_are_reported_together() {
        assert_eq!(problems("[pool]\nmaxx = 3\nminn = 1\n[call]\ntimeout = 1\n").len(), 3);
    }

    #[test]
    fn values_of_every_kind_are_read() {
        let text = "[pool]\nmax = 1_6\nstop_grace = \"1m30s\"\n[limits]\noutput_bytes = \"2MiB\"\nrecord_bytes = 4096\n\
                    [runtime]\nserver_gc = true\n[mcp]\ncommands = [\"Get-*\"]\nscripts = [\"a.ps1\"]\n[mcp.toolsets]\nreading = [\"Get-*\"]\n\
                    [mcp.tools.\"M\\\\Get-X\"]\nname = \"other\"\nread_only = true\n[powershell]\nhome = \"ps\"\n";
        let entries = read(Path::new("/x/runspaced.toml"), text).map_err(|problems| format!("{problems:?}"));
        let shown: Vec<String> = entries
            .expect("is fine")
            .iter()
            .map(|entry| format!("{} = {} ({})", entry.setting.key, entry.value, entry.origin))
            .collect();
        for expected in [
            "pool.max = 16 (/x/runspaced.toml:2)",
            "pool.stop_grace = \"90s\" (/x/runspaced.toml:3)",
            "limits.output_bytes = \"2MiB\" (/x/runspaced.toml:5)",
            "mcp.scripts = [\"/x/a.ps1\"] (/x/runspaced.toml:11)",
            "mcp.toolsets = { \"reading\" = [\"Get-*\"] } (/x/runspaced.toml:12)",
            "mcp.tools = { 'M\\Get-X' = { name = \"other\", read_only = true } } (/x/runspaced.toml:14)",
            "powershell.home = \"/x/ps\" (/x/runspaced.toml:18)",
            "mcp.commands = [\"Get-*\"] (/x/runspaced.toml:10)",
        ] {
            assert!(shown.iter().any(|line| line == expected), "{expected} not in {shown:#?}");
        }
    }
}
