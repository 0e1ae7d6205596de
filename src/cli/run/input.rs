//! Scripts and pipeline input from files and the standard input.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::str::FromStr;

use serde_json::value::RawValue;

use super::Misuse;

/// Most bytes of pipeline input, as much as output may have.
const MAX: u64 = 64 << 20;

/// `--input FORMAT[=FILE]`.
#[derive(Debug, Clone)]
pub struct InputFlag {
    format: InputFormat,
    /// Where it comes from.
    pub source: Source,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InputFormat {
    Json,
    NdJson,
    Lines,
}

/// Where input comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// The original standard input.
    StandardInput,
    /// A file.
    File(PathBuf),
}

impl FromStr for InputFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((format, file)) => (format, Some(file)),
            None => (text, None),
        };
        let format =
            match format {
                "json" => InputFormat::Json,
                "ndjson" => InputFormat::NdJson,
                "lines" => InputFormat::Lines,
                _ => return Err(
                    "the format is json, ndjson or lines, such as --input json or --input lines=names.txt"
                        .to_owned(),
                ),
            };
        let source = match file {
            None | Some("-") => Source::StandardInput,
            Some("") => return Err("the file's name is missing".to_owned()),
            Some(file) => Source::File(file.into()),
        };
        Ok(Self { format, source })
    }
}

impl InputFlag {
    /// Reads it all: the JSON text of one array.
    pub fn read(&self, stdin: &File) -> Result<String, Misuse> {
        let (bytes, name) = match &self.source {
            Source::StandardInput => (all_of(stdin, "the standard input")?, "the standard input".to_owned()),
            Source::File(path) => {
                let name = path.display().to_string();
                let file =
                    File::open(path).map_err(|error| Misuse(format!("{name} cannot be read: {error}")))?;
                (all_of(&file, &name)?, name)
            }
        };
        let text = text_of(&bytes, &name)?;
        match self.format {
            InputFormat::Json => json(text),
            InputFormat::NdJson => ndjson(text),
            InputFormat::Lines => Ok(lines(text)),
        }
        .map_err(|reason| Misuse(format!("{name} {reason}")))
    }
}

/// The script on the standard input.
pub fn script(stdin: &File) -> Result<String, Misuse> {
    let bytes = all_of(stdin, "the standard input")?;
    let text = text_of(&bytes, "the script on the standard input")?;
    if text.trim().is_empty() {
        return Err(Misuse("the script on the standard input is empty".to_owned()));
    }
    Ok(text.to_owned())
}

fn all_of(mut file: &File, name: &str) -> Result<Vec<u8>, Misuse> {
    let mut bytes = Vec::new();
    let limited = Read::by_ref(&mut file).take(MAX + 1).read_to_end(&mut bytes);
    limited.map_err(|error| Misuse(format!("{name} cannot be read: {error}")))?;
    if bytes.len() as u64 > MAX {
        return Err(Misuse(format!(
            "{name} has more than 64 MiB; split it, or let the script read the file"
        )));
    }
    Ok(bytes)
}

fn text_of<'a>(bytes: &'a [u8], name: &str) -> Result<&'a str, Misuse> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        Misuse(format!("{name} is not UTF-8 (line {line}, byte {})", error.valid_up_to()))
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// An array is its elements, anything else is one.
fn json(text: &str) -> Result<String, String> {
    let value: Box<RawValue> = serde_json::from_str(text).map_err(|error| {
        if text.trim().is_empty() {
            "is empty, it must be JSON".to_owned()
        } else {
            format!("is not JSON: {error}")
        }
    })?;
    let value = value.get();
    Ok(if value.starts_with('[') { value.to_owned() } else { format!("[{value}]") })
}

fn ndjson(text: &str) -> Result<String, String> {
    let mut array = String::with_capacity(text.len() + 2);
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let value: &RawValue = serde_json::from_str(line)
            .map_err(|error| format!("is not JSON in line {}: {error}", index + 1))?;
        array.push(if array.is_empty() { '[' } else { ',' });
        array.push_str(value.get());
    }
    if array.is_empty() {
        array.push('[');
    }
    array.push(']');
    Ok(array)
}

fn lines(text: &str) -> String {
    serde_json::Value::from(text.lines().collect::<Vec<_>>()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_becomes_one_array() {
        assert_eq!(json(" [1, 2] ").as_deref(), Ok("[1, 2]"));
        assert_eq!(json("{\"a\":1}").as_deref(), Ok("[{\"a\":1}]"));
        assert_eq!(
            ndjson("{\"n\":123456789012345678901234567890}\r\n\n2\n").as_deref(),
            Ok("[{\"n\":123456789012345678901234567890},2]")
        );
        assert_eq!(ndjson("").as_deref(), Ok("[]"));
        assert_eq!(lines("a\r\n\"b\"\n"), "[\"a\",\"\\\"b\\\"\"]");
    }

    #[test]
    fn mistakes_are_placed() {
        assert!(ndjson("1\n{\n").is_err_and(|error| error.contains("line 2")));
        assert!(json("").is_err_and(|error| error.contains("empty")));
        assert!(json("[1,\n,]").is_err_and(|error| error.contains("line 2")));
        assert!(text_of(b"a\nb\xff", "it").is_err_and(|Misuse(text)| text.contains("line 2")));
    }
}
