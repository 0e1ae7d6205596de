//! How far a literal reaches. Each function gets the rest of the text and answers with a length in bytes.

use super::{Kind, is_name_part};

/// The literal that `word(...)` makes, without a blank before the bracket.
pub fn kind_of_constructor(word: &str) -> Option<Kind> {
    Some(match word {
        "long" | "int64" => Kind::Long,
        "int" | "int32" => Kind::Int,
        "real" | "double" => Kind::Real,
        "decimal" => Kind::Decimal,
        "bool" => Kind::Bool,
        "datetime" | "date" => Kind::DateTime,
        "time" | "timespan" => Kind::Timespan,
        "guid" => Kind::Guid,
        _ => return None,
    })
}

fn digits(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())
}

/// The text ends here, or goes on with something that is not part of a name.
fn ends_at(text: &str, length: usize) -> Option<usize> {
    (!text[length..].starts_with(is_name_part)).then_some(length)
}

fn exponent(text: &str) -> usize {
    let Some(after) = text.strip_prefix(['e', 'E']) else { return 0 };
    let sign = usize::from(after.starts_with(['+', '-']));
    match digits(&after[sign..]) {
        0 => 0,
        count => 1 + sign + count,
    }
}

pub fn real(text: &str) -> Option<usize> {
    let whole = digits(text);
    let rest = &text[whole..];
    let mut length = whole;
    if rest.starts_with('.') && (!rest.starts_with("..") || rest.starts_with("...")) {
        length += 1;
        length += digits(&text[length..]);
        length += exponent(&text[length..]);
    } else {
        match exponent(rest) {
            0 => return None,
            count => length += count,
        }
    }
    ends_at(text, length)
}

/// Units of a timespan literal and their ticks of 100 ns (nanoseconds are fractions of one).
const UNITS: [(&str, f64); 33] = [
    ("milliseconds", 1e4),
    ("microseconds", 10.0),
    ("millisecond", 1e4),
    ("microsecond", 10.0),
    ("nanoseconds", 0.01),
    ("nanosecond", 0.01),
    ("millisec", 1e4),
    ("microsec", 10.0),
    ("minutes", 6e8),
    ("seconds", 1e7),
    ("nanosec", 0.01),
    ("minute", 6e8),
    ("second", 1e7),
    ("millis", 1e4),
    ("micros", 10.0),
    ("milli", 1e4),
    ("micro", 10.0),
    ("hours", 3.6e10),
    ("nanos", 0.01),
    ("ticks", 1.0),
    ("hour", 3.6e10),
    ("days", 8.64e11),
    ("nano", 0.01),
    ("tick", 1.0),
    ("min", 6e8),
    ("sec", 1e7),
    ("day", 8.64e11),
    ("hrs", 3.6e10),
    ("hr", 3.6e10),
    ("ms", 1e4),
    ("m", 6e8),
    ("s", 1e7),
    ("d", 8.64e11),
];

fn number_then_unit(text: &str) -> Option<(usize, &'static str, f64)> {
    let mut number = digits(text);
    if text[number..].starts_with('.') {
        let fraction = digits(&text[number + 1..]);
        if fraction > 0 {
            number += fraction + 1;
        }
    }
    if number == 0 {
        return None;
    }
    let unit = UNITS.iter().chain([&("h", 3.6e10)]).find(|(unit, _)| text[number..].starts_with(unit))?;
    Some((number, unit.0, unit.1))
}

pub fn timespan(text: &str) -> Option<usize> {
    let (number, unit, _) = number_then_unit(text)?;
    ends_at(text, number + unit.len())
}

/// The ticks of `1.5h`.
pub fn timespan_ticks(text: &str) -> Option<i64> {
    let (number, unit, ticks) = number_then_unit(text)?;
    if number + unit.len() != text.len() {
        return None;
    }
    let amount = text[..number].parse::<f64>().ok()?;
    let total = (amount * ticks).round();
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked beside it")]
    (total.abs() < 9.2e18).then_some(total as i64)
}

pub fn long(text: &str) -> Option<usize> {
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        let count = hex.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(hex.len());
        return if count == 0 { None } else { ends_at(text, 2 + count) };
    }
    ends_at(text, digits(text))
}

/// `7zip`: a name may begin with digits.
pub fn digits_then_name(text: &str) -> Option<usize> {
    let count = digits(text);
    let after = &text[count..];
    if !after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return None;
    }
    Some(count + after.find(|c| !is_name_part(c)).unwrap_or(after.len()))
}

pub fn is_guid(text: &str) -> bool {
    let Some(candidate) = text.as_bytes().get(..36) else { return false };
    candidate.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

/// What [`string`] found.
pub enum Scanned {
    /// No string begins here.
    Nothing,
    /// A string of this length.
    Complete(usize),
    /// A string that does not end.
    Open { length: usize, quote: &'static str },
}

pub fn string(text: &str) -> Scanned {
    let mut at = usize::from(text.starts_with(['h', 'H']));
    let verbatim = text[at..].starts_with('@');
    at += usize::from(verbatim);
    let rest = &text[at..];
    for quote in ["```", "~~~"] {
        if let Some(content) = rest.strip_prefix(quote) {
            return match content.find(quote) {
                Some(end) => Scanned::Complete(at + end + 6),
                None => Scanned::Open { length: text.len(), quote },
            };
        }
    }
    let quote = match rest.as_bytes().first() {
        Some(b'"') => "\"",
        Some(b'\'') => "'",
        _ => return Scanned::Nothing,
    };
    at += 1;
    at += content(&text[at..], quote.as_bytes()[0], verbatim);
    if text[at..].starts_with(quote) {
        Scanned::Complete(at + 1)
    } else {
        Scanned::Open { length: at, quote }
    }
}

fn content(text: &str, quote: u8, verbatim: bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            byte if byte == quote && verbatim && bytes.get(at + 1) == Some(&quote) => at += 2,
            b'\\' if !verbatim => match escape(&bytes[at..]) {
                0 => break,
                length => at += length,
            },
            byte if byte == quote || byte == b'\r' || byte == b'\n' => break,
            _ => at += 1,
        }
    }
    at
}

/// The length of the escape that `bytes` begins with; 0 if it is none.
pub fn escape(bytes: &[u8]) -> usize {
    let hex = |count: usize| match bytes.get(2..2 + count) {
        Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => 2 + count,
        _ => 0,
    };
    match bytes.get(1) {
        Some(b'\\' | b'\'' | b'"' | b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v') => 2,
        Some(b'u') => hex(4),
        Some(b'U') => hex(8),
        Some(b'x') => hex(2),
        Some(first @ b'0'..=b'7') => {
            let octal = |at: usize| bytes.get(at).is_some_and(|byte| (b'0'..=b'7').contains(byte));
            match (octal(2), octal(3) && *first <= b'3') {
                (false, _) => 2,
                (true, false) => 3,
                (true, true) => 4,
            }
        }
        _ => 0,
    }
}
