//! Values of settings: how they are written, read and shown.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// What a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A whole number in a range, both ends included.
    Whole(u64, u64),
    /// A duration in a range, both ends included.
    Duration(Duration, Duration),
    /// A size in bytes in a range, both ends included.
    Size(u64, u64),
    /// Any text.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A file or folder.
    Path,
    /// Several texts.
    List,
    /// Several files or folders.
    Paths,
    /// Several texts under each of some names.
    Lists,
    /// Some of these values under each of some names.
    Tables(&'static [Column]),
}

/// One value of [`Kind::Tables`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it takes: a flag or a text.
    pub kind: Kind,
    /// What it does.
    pub help: &'static str,
}

/// The values of one table.
pub type Row = BTreeMap<&'static str, Value>;

/// The value of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// The setting is left alone.
    Unset,
    /// Of [`Kind::Flag`].
    Flag(bool),
    /// Of [`Kind::Whole`].
    Whole(u64),
    /// Of [`Kind::Duration`].
    Duration(Duration),
    /// Of [`Kind::Size`].
    Size(u64),
    /// Of [`Kind::Text`] and [`Kind::Choice`].
    Text(String),
    /// Of [`Kind::Path`].
    Path(PathBuf),
    /// Of [`Kind::List`].
    List(Vec<String>),
    /// Of [`Kind::Paths`].
    Paths(Vec<PathBuf>),
    /// Of [`Kind::Lists`].
    Lists(BTreeMap<String, Vec<String>>),
    /// Of [`Kind::Tables`].
    Tables(BTreeMap<String, Row>),
}

impl Kind {
    /// Reads a value written as text: an environment variable, a flag.
    ///
    /// # Errors
    /// What would work.
    pub fn parse(self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        match self {
            Self::Flag => match text {
                "true" | "1" => Ok(Value::Flag(true)),
                "false" | "0" => Ok(Value::Flag(false)),
                _ => Err(self.wanted()),
            },
            Self::Whole(..) => text.parse().map_err(|_| self.wanted()).and_then(|number| self.whole(number)),
            Self::Duration(least, most) => {
                let value = duration(text).ok_or_else(|| self.wanted())?;
                if (least..=most).contains(&value) { Ok(Value::Duration(value)) } else { Err(self.wanted()) }
            }
            Self::Size(..) => size(text).ok_or_else(|| self.wanted()).and_then(|bytes| self.whole(bytes)),
            Self::Text if text.is_empty() => Err("a text that is not empty".to_owned()),
            Self::Text => Ok(Value::Text(text.to_owned())),
            Self::Choice(words) => {
                let lower = text.to_ascii_lowercase();
                if words.contains(&lower.as_str()) { Ok(Value::Text(lower)) } else { Err(self.wanted()) }
            }
            Self::Path if text.is_empty() => Err("a path that is not empty".to_owned()),
            Self::Path => Ok(Value::Path(PathBuf::from(text))),
            Self::List => Ok(Value::List(items(text).map(str::to_owned).collect())),
            Self::Paths => Ok(Value::Paths(items(text).map(PathBuf::from).collect())),
            Self::Lists | Self::Tables(_) => super::file::convert_text(self, text),
        }
    }

    /// A whole number or a size, if it is in the range.
    pub(super) fn whole(self, number: u64) -> Result<Value, String> {
        match self {
            Self::Whole(least, most) if (least..=most).contains(&number) => Ok(Value::Whole(number)),
            Self::Size(least, most) if (least..=most).contains(&number) => Ok(Value::Size(number)),
            _ => Err(self.wanted()),
        }
    }

    /// What would work, as the end of a sentence that begins with "it must be".
    pub fn wanted(self) -> String {
        match self {
            Self::Flag => "true or false".to_owned(),
            Self::Whole(least, u64::MAX) => format!("a whole number of at least {least}"),
            Self::Whole(least, most) => format!("a whole number from {least} to {most}"),
            Self::Duration(least, most) => {
                let range = match (least, most) {
                    (Duration::ZERO, Duration::MAX) => String::new(),
                    (least, Duration::MAX) => format!(" of at least {}", show_duration(least)),
                    (least, most) => format!(" from {} to {}", show_duration(least), show_duration(most)),
                };
                format!("a duration{range}, such as 500ms, 5s, 2m or 1h")
            }
            Self::Size(least, most) => {
                let range = if most == u64::MAX {
                    format!("of at least {}", show_size(least))
                } else {
                    format!("from {} to {}", show_size(least), show_size(most))
                };
                format!("a size {range}, such as 65536, 64KiB or 8MiB")
            }
            Self::Text => "a text".to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Path => "a path".to_owned(),
            Self::List => "a list of texts".to_owned(),
            Self::Paths => "a list of paths".to_owned(),
            Self::Lists => "a table of lists of texts".to_owned(),
            Self::Tables(columns) => {
                let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
                format!("a table of tables with {}", names.join(", "))
            }
        }
    }
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// A number directly followed by `ms`, `s`, `m` or `h`; several of them add up (`1m30s`).
pub fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let seconds = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        let number: f64 = number.parse().ok()?;
        total =
            total.checked_add(Duration::try_from_secs_f64((number * seconds * 1e6).round() / 1e6).ok()?)?;
        rest = after;
    }
    Some(total)
}

/// Bytes, or a number directly followed by `KiB`, `MiB` or `GiB`.
pub fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim() {
        "" | "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// A duration in the largest unit that needs no fraction.
pub fn show_duration(value: Duration) -> String {
    let millis = value.as_millis();
    match millis {
        0 => "0s".to_owned(),
        _ if millis.is_multiple_of(3_600_000) => format!("{}h", millis / 3_600_000),
        _ if millis.is_multiple_of(60_000) => format!("{}m", millis / 60_000),
        _ if millis.is_multiple_of(1_000) => format!("{}s", millis / 1_000),
        _ => format!("{millis}ms"),
    }
}

fn show_size(bytes: u64) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if bytes != 0 && bytes.is_multiple_of(1 << shift) {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    bytes.to_string()
}

impl Value {
    /// The value as TOML would have it; `None` if it is not set.
    pub fn toml(&self) -> Option<String> {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let list = |items: &[String]| {
            format!("[{}]", items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", "))
        };
        let table = |entries: Vec<String>| match entries.is_empty() {
            true => "{}".to_owned(),
            false => format!("{{ {} }}", entries.join(", ")),
        };
        Some(match self {
            Self::Unset => return None,
            Self::Flag(on) => on.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Duration(value) => format!("\"{}\"", show_duration(*value)),
            Self::Size(bytes) => match show_size(*bytes) {
                text if text.ends_with('B') => format!("\"{text}\""),
                text => text,
            },
            Self::Text(text) => quoted(text),
            Self::Path(path) => quoted(&path.to_string_lossy()),
            Self::List(items) => list(items),
            Self::Paths(paths) => {
                list(&paths.iter().map(|path| path.to_string_lossy().into_owned()).collect::<Vec<_>>())
            }
            Self::Lists(lists) => table(
                lists.iter().map(|(name, items)| format!("{} = {}", quoted(name), list(items))).collect(),
            ),
            Self::Tables(tables) => table(
                tables
                    .iter()
                    .map(|(name, row)| {
                        let values = row
                            .iter()
                            .filter_map(|(name, value)| Some(format!("{name} = {}", value.toml()?)));
                        format!("{} = {}", quoted(name), table(values.collect()))
                    })
                    .collect(),
            ),
        })
    }

    /// The value as an environment variable would have it; `None` if it is not set.
    pub fn variable(&self) -> Option<String> {
        Some(match self {
            Self::Unset => return None,
            Self::Text(text) => text.clone(),
            Self::Path(path) => path.to_string_lossy().into_owned(),
            Self::List(items) => items.join(","),
            Self::Paths(paths) => {
                paths.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>().join(",")
            }
            Self::Duration(value) => show_duration(*value),
            Self::Size(bytes) => show_size(*bytes),
            Self::Flag(_) | Self::Whole(_) | Self::Lists(_) | Self::Tables(_) => return self.toml(),
        })
    }

    /// The value as JSON; durations and sizes as they are written in files.
    pub fn json(&self) -> serde_json::Value {
        match self {
            Self::Unset => serde_json::Value::Null,
            Self::Flag(on) => (*on).into(),
            Self::Whole(number) => (*number).into(),
            Self::Duration(_) | Self::Size(_) | Self::Text(_) | Self::Path(_) => self.variable().into(),
            Self::List(items) => items.clone().into(),
            Self::Paths(paths) => paths.iter().map(|path| path.to_string_lossy().into_owned()).collect(),
            Self::Lists(lists) => lists
                .iter()
                .map(|(name, items)| (name.clone(), serde_json::Value::from(items.clone())))
                .collect(),
            Self::Tables(tables) => {
                let row = |row: &Row| -> serde_json::Value {
                    row.iter().map(|(name, value)| ((*name).to_owned(), value.json())).collect()
                };
                tables.iter().map(|(name, values)| (name.clone(), row(values))).collect()
            }
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.toml().as_deref().unwrap_or("(not set)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit_and_add_up() {
        assert_eq!(duration("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("0.25s"), Some(Duration::from_millis(250)));
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        for wrong in ["", "5", "s", "5 s", "5x", "-1s", "1e400h", "99999999999999999999h"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_have_binary_units() {
        assert_eq!(size("64KiB"), Some(65_536));
        assert_eq!(size("12"), Some(12));
        for wrong in ["", "KiB", "1KB", "1.5MiB", "99999999999GiB"] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for millis in [0, 1, 999, 1_000, 61_000, 120_000, 7_200_000] {
            let value = Duration::from_millis(millis);
            assert_eq!(duration(&show_duration(value)), Some(value));
        }
        for bytes in [0, 1, 1024, 1025, 3 << 20, 1 << 30] {
            assert_eq!(size(&show_size(bytes)), Some(bytes));
        }
    }

    #[test]
    fn out_of_range_says_the_range() {
        let error = Kind::Whole(1, 8).parse("9").expect_err("is out of range");
        assert!(error.contains("1 to 8"), "{error}");
    }
}
