//! Datetimes and timespans.

use super::{Body, Function, Result, Returns, argument, datetime_format, function, long, of_type, text};
use crate::kql::error::Problem;
use crate::kql::evaluate::Engine;
use crate::kql::value::datetime::{add_months, civil, from_date, from_parts};
use crate::kql::value::timespan::{DAY, HOUR, MINUTE, SECOND};
use crate::kql::value::{Type, Value, convert, datetime};

/// `startofmonth(date, offset)` and its relatives: the unit, and whether the end is meant.
fn bounds(unit: &'static str, end: bool) -> Body {
    match (unit, end) {
        ("day", false) => |a, _| Ok(edge(a, "day", false)),
        ("week", false) => |a, _| Ok(edge(a, "week", false)),
        ("month", false) => |a, _| Ok(edge(a, "month", false)),
        ("year", false) => |a, _| Ok(edge(a, "year", false)),
        ("day", true) => |a, _| Ok(edge(a, "day", true)),
        ("week", true) => |a, _| Ok(edge(a, "week", true)),
        ("month", true) => |a, _| Ok(edge(a, "month", true)),
        _ => |a, _| Ok(edge(a, "year", true)),
    }
}

fn unix(ticks_per_unit: i64, nanoseconds: bool, a: &[Value]) -> Value {
    let ticks = match argument(a, 0) {
        Value::Null => None,
        #[expect(clippy::cast_precision_loss, reason = "a fraction of a second is asked for")]
        Value::Real(number) => crate::kql::value::number::truncated(number * ticks_per_unit as f64),
        other => convert::to_long(other)
            .and_then(|n| if nanoseconds { Some(n / 100) } else { n.checked_mul(ticks_per_unit) }),
    };
    let moment = ticks.and_then(|ticks| datetime::UNIX_EPOCH.checked_add(ticks));
    moment.filter(|ticks| (0..=datetime::MAX).contains(ticks)).map_or(Value::Null, Value::DateTime)
}

pub fn functions() -> Vec<Function> {
    let (moment, int, span) = (Type::DateTime, Type::Int, Type::Timespan);
    let mut functions = vec![
        of_type("now", (0, 1), moment, |a, engine| Ok(shifted(engine.now, argument(a, 0), 1))),
        of_type("ago", (1, 1), moment, |a, engine| Ok(shifted(engine.now, argument(a, 0), -1))),
        of_type("datetime_add", (3, 3), moment, |a, _| Ok(add(&text(a, 0), long(a, 1), argument(a, 2)))),
        of_type("datetime_diff", (3, 3), Type::Long, |a, _| {
            Ok(match (ticks(argument(a, 1)), ticks(argument(a, 2))) {
                (Some(left), Some(right)) => unit_number(&text(a, 0), left)
                    .and_then(|l| Some(l - unit_number(&text(a, 0), right)?))
                    .into(),
                _ => Value::Null,
            })
        }),
        of_type("datetime_part", (2, 2), int, |a, _| Ok(part(&text(a, 0), argument(a, 1)))),
        of_type("datepart", (2, 2), int, |a, _| Ok(part(&text(a, 0), argument(a, 1)))),
        of_type("dayofmonth", (1, 1), int, |a, _| Ok(part("day", argument(a, 0)))),
        of_type("dayofyear", (1, 1), int, |a, _| Ok(part("dayofyear", argument(a, 0)))),
        of_type("hourofday", (1, 1), int, |a, _| Ok(part("hour", argument(a, 0)))),
        of_type("monthofyear", (1, 1), int, |a, _| Ok(part("month", argument(a, 0)))),
        of_type("getmonth", (1, 1), int, |a, _| Ok(part("month", argument(a, 0)))),
        of_type("getyear", (1, 1), int, |a, _| Ok(part("year", argument(a, 0)))),
        of_type("weekofyear", (1, 1), Type::Long, |a, _| {
            Ok(convert::cast(&part("week_of_year", argument(a, 0)), Type::Long))
        }),
        of_type("week_of_year", (1, 1), Type::Long, |a, _| {
            Ok(convert::cast(&part("week_of_year", argument(a, 0)), Type::Long))
        }),
        of_type("dayofweek", (1, 1), span, |a, _| {
            let days = ticks(argument(a, 0)).map(|t| i64::from(civil(t).0.weekday().to_sunday_zero_offset()));
            Ok(days.map_or(Value::Null, |days| Value::Timespan(days * DAY)))
        }),
        of_type("make_datetime", (1, 6), moment, make_datetime),
        of_type("make_timespan", (2, 4), span, make_timespan),
        of_type("unixtime_seconds_todatetime", (1, 1), moment, |a, _| Ok(unix(SECOND, false, a))),
        of_type("unixtime_milliseconds_todatetime", (1, 1), moment, |a, _| Ok(unix(10_000, false, a))),
        of_type("unixtime_microseconds_todatetime", (1, 1), moment, |a, _| Ok(unix(10, false, a))),
        of_type("unixtime_nanoseconds_todatetime", (1, 1), moment, |a, _| Ok(unix(1, true, a))),
        of_type("format_datetime", (2, 2), Type::String, |a, _| {
            Ok(ticks(argument(a, 0))
                .map_or(Value::string(""), |t| datetime_format::moment(t, &text(a, 1)).into()))
        }),
        of_type("format_timespan", (2, 2), Type::String, |a, _| {
            let ticks = match argument(a, 0) {
                Value::Timespan(ticks) => Some(*ticks),
                _ => None,
            };
            Ok(ticks.map_or(Value::string(""), |t| datetime_format::span(t, &text(a, 1)).into()))
        }),
        function("datetime_utc_to_local", (2, 2), Returns::Type(moment), |a, _| zone(a, true)),
        function("datetime_local_to_utc", (2, 2), Returns::Type(moment), |a, _| zone(a, false)),
    ];
    for (name, unit, end) in [
        ("startofday", "day", false),
        ("startofweek", "week", false),
        ("startofmonth", "month", false),
        ("startofyear", "year", false),
        ("endofday", "day", true),
        ("endofweek", "week", true),
        ("endofmonth", "month", true),
        ("endofyear", "year", true),
    ] {
        functions.push(of_type(name, (1, 2), moment, bounds(unit, end)));
    }
    functions
}

fn ticks(value: &Value) -> Option<i64> {
    match convert::cast(value, Type::DateTime) {
        Value::DateTime(ticks) => Some(ticks),
        _ => None,
    }
}

fn shifted(now: i64, by: &Value, sign: i64) -> Value {
    match by {
        Value::Null => Value::DateTime(now),
        Value::Timespan(ticks) => {
            Value::DateTime(now.saturating_add(sign.saturating_mul(*ticks)).clamp(0, datetime::MAX))
        }
        _ => Value::Null,
    }
}

/// The first or last tick of the unit that the moment, moved by an offset of units, lies in.
fn edge(a: &[Value], unit: &str, end: bool) -> Value {
    let Some(ticks) = ticks(argument(a, 0)) else { return Value::Null };
    let offset = long(a, 1).unwrap_or(0);
    let start = |offset: i64| -> Option<i64> {
        let (date, _) = civil(ticks);
        let midnight = from_date(date)?;
        match unit {
            "day" => midnight.checked_add(offset.checked_mul(DAY)?),
            "week" => {
                let since = i64::from(date.weekday().to_sunday_zero_offset());
                midnight.checked_add(offset.checked_mul(7)?.checked_sub(since)?.checked_mul(DAY)?)
            }
            "month" => add_months(from_date(date.first_of_month())?, offset),
            _ => add_months(from_date(date.first_of_year())?, offset.checked_mul(12)?),
        }
    };
    let found = if end { offset.checked_add(1).and_then(start).map(|next| next - 1) } else { start(offset) };
    found.filter(|ticks| (0..=datetime::MAX).contains(ticks)).map_or(Value::Null, Value::DateTime)
}

fn unit_ticks(unit: &str) -> Option<i64> {
    Some(match unit {
        "week" => 7 * DAY,
        "day" => DAY,
        "hour" => HOUR,
        "minute" => MINUTE,
        "second" => SECOND,
        "millisecond" => 10_000,
        "microsecond" => 10,
        _ => return None,
    })
}

fn add(unit: &str, amount: Option<i64>, to: &Value) -> Value {
    let unit = unit.to_ascii_lowercase();
    let (Some(amount), Some(ticks)) = (amount, ticks(to)) else { return Value::Null };
    let moved = match unit.as_str() {
        "year" => amount.checked_mul(12).and_then(|months| add_months(ticks, months)),
        "quarter" => amount.checked_mul(3).and_then(|months| add_months(ticks, months)),
        "month" => add_months(ticks, amount),
        "nanosecond" => ticks.checked_add(amount / 100),
        other => unit_ticks(other).and_then(|unit| ticks.checked_add(unit.checked_mul(amount)?)),
    };
    moved.filter(|ticks| (0..=datetime::MAX).contains(ticks)).map_or(Value::Null, Value::DateTime)
}

/// Which one of its units a moment is in, counted from the year 1: the difference counts the borders between.
fn unit_number(unit: &str, ticks: i64) -> Option<i64> {
    let unit = unit.to_ascii_lowercase();
    let (date, _) = civil(ticks);
    let month = i64::from(date.year()) * 12 + i64::from(date.month()) - 1;
    Some(match unit.as_str() {
        "year" => i64::from(date.year()),
        "quarter" => month / 3,
        "month" => month,
        // The year 1 began on a Monday; weeks begin on Sunday.
        "week" => (ticks / DAY + 1) / 7,
        "nanosecond" => ticks.checked_mul(100)?,
        other => ticks / unit_ticks(other)?,
    })
}

fn part(unit: &str, of: &Value) -> Value {
    let Some(ticks) = ticks(of) else { return Value::Null };
    let (date, time) = civil(ticks);
    let number = match unit.to_ascii_lowercase().as_str() {
        "year" => i64::from(date.year()),
        "quarter" => (i64::from(date.month()) + 2) / 3,
        "month" => i64::from(date.month()),
        "week_of_year" | "weekofyear" => i64::from(date.iso_week_date().week()),
        "day" => i64::from(date.day()),
        "dayofyear" => i64::from(date.day_of_year()),
        "hour" => time / HOUR,
        "minute" => time / MINUTE % 60,
        "second" => time / SECOND % 60,
        "millisecond" => time / 10_000 % 1000,
        "microsecond" => time / 10 % 1_000_000,
        "nanosecond" => time % SECOND * 100,
        _ => return Value::Null,
    };
    i32::try_from(number).map_or(Value::Null, Value::Int)
}

fn make_datetime(a: &[Value], _: &Engine<'_>) -> Result<Value> {
    if a.len() == 1 {
        return Ok(convert::cast(&a[0], Type::DateTime));
    }
    let whole = |at: usize, default: i64| if at < a.len() { long(a, at) } else { Some(default) };
    let build = || -> Option<i64> {
        let seconds = if a.len() > 5 { super::real(a, 5)? } else { 0.0 };
        #[expect(clippy::cast_precision_loss, reason = "ticks of a minute fit")]
        let ticks = crate::kql::value::number::truncated((seconds * SECOND as f64).round())?;
        let (hours, minutes) = (whole(3, 0)?, whole(4, 0)?);
        if !(0..24).contains(&hours) || !(0..60).contains(&minutes) || !(0.0..60.0).contains(&seconds) {
            return None;
        }
        let (year, month, day) = (whole(0, 1)?, whole(1, 1)?, whole(2, 1)?);
        from_parts(
            year.try_into().ok()?,
            month.try_into().ok()?,
            day.try_into().ok()?,
            hours * HOUR + minutes * MINUTE + ticks,
        )
    };
    Ok(build().map_or(Value::Null, Value::DateTime))
}

/// `(hours, minutes)`, with seconds, and with days in front.
fn make_timespan(a: &[Value], _: &Engine<'_>) -> Result<Value> {
    let build = || -> Option<i64> {
        let days = if a.len() == 4 { long(a, 0)? } else { 0 };
        let first = usize::from(a.len() == 4);
        let seconds = if a.len() > first + 2 { super::real(a, first + 2)? } else { 0.0 };
        #[expect(clippy::cast_precision_loss, reason = "ticks of a minute fit")]
        let ticks = crate::kql::value::number::truncated((seconds * SECOND as f64).round())?;
        Some(days * DAY + long(a, first)? * HOUR + long(a, first + 1)? * MINUTE + ticks)
    };
    Ok(build().map_or(Value::Null, Value::Timespan))
}

fn zone(a: &[Value], to_local: bool) -> Result<Value> {
    let Some(ticks) = ticks(argument(a, 0)) else { return Ok(Value::Null) };
    let name = text(a, 1);
    let zone = jiff::tz::TimeZone::get(&name)
        .map_err(|_| Problem::runtime(format!("'{name}' is no time zone; one is Europe/Berlin")))?;
    let civil = datetime::civil_datetime(ticks);
    let moved = if to_local {
        jiff::tz::TimeZone::UTC.to_timestamp(civil).map(|moment| zone.to_datetime(moment))
    } else {
        zone.to_timestamp(civil).map(|moment| jiff::tz::TimeZone::UTC.to_datetime(moment))
    };
    let Ok(moved) = moved else { return Ok(Value::Null) };
    let time = moved.time();
    let since_midnight = i64::from(time.hour()) * HOUR
        + i64::from(time.minute()) * MINUTE
        + i64::from(time.second()) * SECOND
        + i64::from(time.subsec_nanosecond()) / 100;
    Ok(from_date(moved.date()).map_or(Value::Null, |midnight| Value::DateTime(midnight + since_midnight)))
}
