//! Numbers as text and back.

/// A real the way .NET writes it: the shortest digits that read back the same, `1E+15` from there on.
pub fn real_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "-∞" }.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-5..15).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}E{sign}{:02}", exponent.abs())
        }
        _ => value.to_string(),
    }
}

/// A whole number: decimal, or hexadecimal with `0x`.
pub fn parse_long(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let hex = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    match hex {
        Some(hex) => {
            let value = u64::from_str_radix(hex, 16).ok()?.cast_signed();
            Some(if negative { value.wrapping_neg() } else { value })
        }
        None => text.strip_prefix('+').unwrap_or(text).parse().ok(),
    }
}

/// A real; the words that the language has for the special ones included.
pub fn parse_real(text: &str) -> Option<f64> {
    match text.trim() {
        "nan" | "NaN" => Some(f64::NAN),
        "+inf" | "inf" | "Infinity" => Some(f64::INFINITY),
        "-inf" | "-Infinity" => Some(f64::NEG_INFINITY),
        text if text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+')) => {
            text.parse().ok().or_else(|| {
                #[expect(clippy::cast_precision_loss, reason = "a real is asked for")]
                parse_long(text).map(|number| number as f64)
            })
        }
        _ => None,
    }
}

/// Toward zero; nothing for what no long can hold.
pub fn truncated(value: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked beside it")]
    (value.is_finite() && value.abs() < 9.223_372_036_854_775e18).then_some(value as i64)
}
