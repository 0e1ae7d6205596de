//! Datetimes: ticks of 100 ns since the first day of the year 1, UTC.

use jiff::civil::{Date, DateTime, Time};

use super::timespan::{DAY, HOUR, MINUTE, SECOND};

/// The ticks of 1970-01-01.
pub const UNIX_EPOCH: i64 = 621_355_968_000_000_000;
/// The last tick of the year 9999.
pub const MAX: i64 = 3_155_378_975_999_999_999;

/// The calendar date and the ticks since midnight; ticks out of range count as the nearest that are in.
pub fn civil(ticks: i64) -> (Date, i64) {
    let ticks = ticks.clamp(0, MAX);
    let date = first_day().checked_add(jiff::Span::new().days(ticks / DAY)).unwrap_or(Date::MAX);
    (date, ticks % DAY)
}

/// The ticks of a date's midnight, if the year is one that a datetime can hold.
pub fn from_date(date: Date) -> Option<i64> {
    let days = first_day().until(date).ok()?.get_days();
    (days >= 0).then(|| i64::from(days) * DAY)
}

fn first_day() -> Date {
    Date::constant(1, 1, 1)
}

/// The ticks of a date and a time of day.
pub fn from_parts(year: i16, month: i8, day: i8, time: i64) -> Option<i64> {
    from_date(Date::new(year, month, day).ok()?)?.checked_add(time)
}

/// The ticks of a moment.
pub fn from_timestamp(moment: jiff::Timestamp) -> i64 {
    let ticks = moment.as_nanosecond().div_euclid(100);
    UNIX_EPOCH.saturating_add(i64::try_from(ticks).unwrap_or(i64::MAX))
}

/// `2024-05-06T07:08:09.0123456Z`
pub fn text(ticks: i64) -> String {
    let (date, time) = civil(ticks);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:07}Z",
        date.year(),
        date.month(),
        date.day(),
        time / HOUR,
        time / MINUTE % 60,
        time / SECOND % 60,
        time % SECOND
    )
}

/// A datetime as people and programs write it: ISO 8601 and its relatives, RFC 822, `5/30/2024 3:05 PM`.
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim().trim_matches(['"', '\'']).trim();
    if text.is_empty() {
        return None;
    }
    parse_iso(text).or_else(|| parse_slashes(text)).or_else(|| parse_words(text))
}

fn parse_iso(text: &str) -> Option<i64> {
    let (date, rest) = match text.find(['T', ' ', 't']) {
        Some(at) => (&text[..at], text[at + 1..].trim()),
        None => (text, ""),
    };
    let mut parts = date.split('-');
    let year = parts.next().filter(|year| year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()))?;
    let month = parts.next().map_or(Some(1), |part| part.parse().ok())?;
    let day = parts.next().map_or(Some(1), |part| part.parse().ok())?;
    if parts.next().is_some() {
        return None;
    }
    from_parts(year.parse().ok()?, month, day, parse_time(rest)?)
}

/// Ticks of a time of day, moved to UTC: `10:20:30.5Z`, `10:20 PM`, `10:20:30+02:00`; nothing is midnight.
fn parse_time(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Some(0);
    }
    let mut offset = 0;
    if let Some(before) = rest
        .strip_suffix(['Z', 'z'])
        .or_else(|| rest.strip_suffix("GMT"))
        .or_else(|| rest.strip_suffix("UTC"))
    {
        rest = before.trim();
    } else if let Some(at) = rest.rfind(['+', '-']) {
        offset = parse_offset(&rest[at..])?;
        rest = rest[..at].trim();
    }
    let lower = rest.to_ascii_lowercase();
    let half = lower.strip_suffix("am").map(|_| 0).or_else(|| lower.strip_suffix("pm").map(|_| 12));
    if half.is_some() {
        rest = rest[..rest.len() - 2].trim();
    }
    let mut parts = rest.split(':');
    let mut hours: i64 = parts.next()?.parse().ok()?;
    if let Some(half) = half {
        hours = hours % 12 + half;
    }
    let minutes: i64 = parts.next().map_or(Some(0), |part| part.parse().ok())?;
    let mut ticks = hours * HOUR + minutes * MINUTE;
    if let Some(seconds) = parts.next() {
        let (whole, fraction) = seconds.split_once(['.', ',']).unwrap_or((seconds, ""));
        let whole: i64 = whole.parse().ok()?;
        let digits = fraction.get(..fraction.len().min(7))?;
        ticks += whole * SECOND + format!("{digits:0<7}").parse::<i64>().ok()?;
        if whole > 59 {
            return None;
        }
    }
    (hours < 24 && minutes < 60 && parts.next().is_none()).then_some(ticks - offset)
}

fn parse_offset(text: &str) -> Option<i64> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    let hours: i64 = digits.get(..2)?.parse().ok()?;
    let minutes: i64 =
        digits.get(2..).filter(|rest| !rest.is_empty()).map_or(Some(0), |rest| rest.parse().ok())?;
    Some(sign * (hours * HOUR + minutes * MINUTE))
}

/// Month first.
fn parse_slashes(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(' ').unwrap_or((text, ""));
    let mut parts = date.split('/');
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    let time = parse_time(time)?;
    if first.len() == 4 {
        return from_parts(first.parse().ok()?, second.parse().ok()?, third.parse().ok()?, time);
    }
    from_parts(third.parse().ok()?, first.parse().ok()?, second.parse().ok()?, time)
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// `Sat, 8 Nov 2014 15:05:02 GMT`, `Nov 8 2014`
fn parse_words(text: &str) -> Option<i64> {
    let text = text.split_once(", ").map_or(text, |(_, rest)| rest);
    let mut words = text.splitn(4, [' ', '-']);
    let (first, second, year) = (words.next()?, words.next()?, words.next()?);
    let month_of = |word: &str| {
        let lower = word.to_ascii_lowercase();
        MONTHS.iter().position(|month| lower.starts_with(month))
    };
    let (day, month) = match month_of(second) {
        Some(month) => (first, month),
        None => (second, month_of(first)?),
    };
    let day: i8 = day.trim_end_matches(',').parse().ok()?;
    let year: i16 = year.parse().ok()?;
    let year = if year < 50 {
        year + 2000
    } else if year < 100 {
        year + 1900
    } else {
        year
    };
    from_parts(year, i8::try_from(month + 1).ok()?, day, parse_time(words.next().unwrap_or_default())?)
}

/// Moves by calendar months; the day is cut to the length of the month.
pub fn add_months(ticks: i64, months: i64) -> Option<i64> {
    let (date, time) = civil(ticks);
    let moved = date.checked_add(jiff::Span::new().try_months(months).ok()?).ok()?;
    from_date(moved)?.checked_add(time)
}

/// As a civil date and time, for formatting with names.
pub fn civil_datetime(ticks: i64) -> DateTime {
    let (date, time) = civil(ticks);
    let nanoseconds = time * 100;
    let midnight = DateTime::from_parts(date, Time::midnight());
    midnight.checked_add(jiff::Span::new().nanoseconds(nanoseconds)).unwrap_or(midnight)
}
