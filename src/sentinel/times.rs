//! Times as people write them, and as Azure wants them.

use jiff::{SignedDuration, Span, Timestamp};

/// A duration in ISO 8601: `1h`, `30m`, `5d`, `PT1H` and `P1D` alike.
///
/// # Errors
/// What would work.
pub(crate) fn iso_duration(text: &str) -> Result<String, String> {
    let seconds = seconds(text)?;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (hours, rest) = (rest / 3_600, rest % 3_600);
    let (minutes, seconds) = (rest / 60, rest % 60);
    let mut iso = String::from("P");
    if days > 0 {
        iso.push_str(&format!("{days}D"));
    }
    if days == 0 || hours + minutes + seconds > 0 {
        iso.push('T');
        for (number, unit) in [(hours, 'H'), (minutes, 'M'), (seconds, 'S')] {
            if number > 0 {
                iso.push_str(&format!("{number}{unit}"));
            }
        }
        if iso.ends_with('T') {
            iso.push_str("0S");
        }
    }
    Ok(iso)
}

/// Length of a duration, seconds.
///
/// # Errors
/// What would work.
pub(crate) fn seconds(text: &str) -> Result<i64, String> {
    let wrong = || format!("{text:?} is no duration: write 5m, 24h, 7d, or PT1H");
    let text = text.trim();
    if text.starts_with(['P', 'p']) {
        let span: Span = text.to_ascii_uppercase().parse().map_err(|_| wrong())?;
        if span.get_years() != 0 || span.get_months() != 0 {
            return Err(wrong());
        }
        let days = i64::from(span.get_days()) + 7 * i64::from(span.get_weeks());
        let rest = i64::from(span.get_hours()) * 3_600 + span.get_minutes() * 60 + span.get_seconds();
        return days
            .checked_mul(86_400)
            .and_then(|days| days.checked_add(rest))
            .filter(|all| *all >= 0)
            .ok_or_else(wrong);
    }
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return Err(wrong()),
    };
    number.parse::<i64>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(wrong)
}

/// A moment: a time, a date, or how long ago.
///
/// # Errors
/// What would work.
pub(crate) fn moment(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let text = text.trim();
    let wrong =
        || format!("{text:?} is no time: write 2026-03-01T12:00:00Z, 2026-03-01, or how long ago: 24h, 7d");
    if let Ok(ago) = seconds(text) {
        return now.checked_sub(SignedDuration::from_secs(ago)).map_err(|_| wrong());
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    // Without a zone it is UTC.
    let civil: jiff::civil::DateTime = text.parse().map_err(|_| wrong())?;
    civil.in_tz("UTC").map(|zoned| zoned.timestamp()).map_err(|_| wrong())
}

/// As OData wants it: whole seconds and a `Z`.
pub(crate) fn odata(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_every_spelling() {
        for (text, iso) in [
            ("1h", "PT1H"),
            ("90m", "PT1H30M"),
            ("5d", "P5D"),
            ("PT60M", "PT1H"),
            ("p1d", "P1D"),
            ("36h", "P1DT12H"),
            ("0s", "PT0S"),
            ("2w", "P14D"),
            ("P1DT30M", "P1DT30M"),
        ] {
            assert_eq!(iso_duration(text).as_deref(), Ok(iso), "{text}");
        }
        for wrong in ["", "h", "1", "1x", "-1h", "P1M", "PT", "99999999999999999999d", "$(1h)"] {
            assert!(iso_duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn moments_of_every_spelling() {
        let now: Timestamp = "2026-03-02T12:00:00Z".parse().expect("is one");
        for (text, expected) in [
            ("24h", "2026-03-01T12:00:00Z"),
            ("2026-03-01", "2026-03-01T00:00:00Z"),
            ("2026-03-01T10:00:00", "2026-03-01T10:00:00Z"),
            ("2026-03-01T10:00:00+02:00", "2026-03-01T08:00:00Z"),
        ] {
            assert_eq!(moment(text, now).map(odata).as_deref(), Ok(expected), "{text}");
        }
        assert!(moment("yesterday", now).is_err());
    }
}
