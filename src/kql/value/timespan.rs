//! Timespans: ticks of 100 ns.

/// Ticks of a second.
pub const SECOND: i64 = 10_000_000;
/// Ticks of a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Ticks of an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Ticks of a day.
pub const DAY: i64 = 24 * HOUR;

/// `1.02:03:04.5000000`; days and fraction only if there are some.
pub fn text(ticks: i64) -> String {
    let sign = if ticks < 0 { "-" } else { "" };
    let rest = ticks.unsigned_abs();
    let part = |unit: i64, of: u64| (rest / unit.unsigned_abs()) % of;
    let days = rest / DAY.unsigned_abs();
    let day_text = if days > 0 { format!("{days}.") } else { String::new() };
    let fraction = rest % SECOND.unsigned_abs();
    let fraction_text = if fraction > 0 { format!(".{fraction:07}") } else { String::new() };
    format!(
        "{sign}{day_text}{:02}:{:02}:{:02}{fraction_text}",
        part(HOUR, 24),
        part(MINUTE, 60),
        part(SECOND, 60)
    )
}

/// `1.02:03:04.5`, `02:03`, `5m`, or a plain number of days.
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let ticks = if rest.contains(':') {
        parse_clock(rest)?
    } else if let Ok(days) = rest.parse::<i64>() {
        days.checked_mul(DAY)?
    } else {
        crate::kql::lexer::timespan_ticks(&rest.replace(' ', ""))?
    };
    Some(if negative { -ticks } else { ticks })
}

fn parse_clock(text: &str) -> Option<i64> {
    let mut parts: Vec<&str> = text.split(':').collect();
    let mut days = 0;
    if let Some((before, hours)) = parts[0].split_once('.') {
        days = before.parse().ok()?;
        parts[0] = hours;
    } else if parts.len() == 4 {
        days = parts.remove(0).parse().ok()?;
    }
    let hours: i64 = parts.first()?.parse().ok()?;
    let minutes: i64 = parts.get(1)?.parse().ok()?;
    let mut ticks = days * DAY + hours * HOUR + minutes * MINUTE;
    if let Some(seconds) = parts.get(2) {
        let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
        let digits = fraction.get(..fraction.len().min(7))?;
        ticks += whole.parse::<i64>().ok()? * SECOND;
        if !digits.is_empty() {
            ticks += format!("{digits:0<7}").parse::<i64>().ok()?;
        }
    }
    (hours < 24 && minutes < 60 && parts.len() <= 3).then_some(ticks)
}
