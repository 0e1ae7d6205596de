//! Addresses of IPv4 and IPv6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Function, MANY, argument, long, of_type, text};
use crate::kql::value::{Type, Value};

pub fn functions() -> Vec<Function> {
    let (bool, string) = (Type::Bool, Type::String);
    vec![
        of_type("parse_ipv4", (1, 1), Type::Long, |a, _| {
            Ok(network4(&text(a, 0), None).map(|(net, bits)| i64::from(masked4(net, bits))).into())
        }),
        of_type("parse_ipv4_mask", (2, 2), Type::Long, |a, _| {
            Ok(network4(&text(a, 0), bits(a, 1)).map(|(net, bits)| i64::from(masked4(net, bits))).into())
        }),
        of_type("format_ipv4", (1, 2), string, |a, _| Ok(format(a, false))),
        of_type("format_ipv4_mask", (1, 2), string, |a, _| Ok(format(a, true))),
        of_type("ipv4_is_private", (1, 1), bool, |a, _| {
            let private = |(net, bits)| {
                [("10.0.0.0/8"), ("172.16.0.0/12"), ("192.168.0.0/16")].iter().any(|range| {
                    network4(range, None).is_some_and(|(outer, width)| {
                        width <= bits && masked4(net, width) == masked4(outer, width)
                    })
                })
            };
            Ok(network4(&text(a, 0), None).map(private).into())
        }),
        of_type("ipv4_is_match", (2, 3), bool, |a, _| Ok(compare4(a).map(|order| order == 0).into())),
        of_type("ipv4_compare", (2, 3), Type::Long, |a, _| Ok(compare4(a).into())),
        of_type("ipv4_is_in_range", (2, 2), bool, |a, _| Ok(in_range4(&text(a, 0), &text(a, 1)).into())),
        of_type("ipv4_is_in_any_range", (2, MANY), bool, |a, _| Ok(in_any(a, in_range4))),
        of_type("ipv4_netmask_suffix", (1, 1), Type::Long, |a, _| {
            Ok(network4(&text(a, 0), None).map(|(_, bits)| i64::from(bits)).into())
        }),
        of_type("parse_ipv6", (1, 1), string, |a, _| {
            Ok(network6(&text(a, 0), None)
                .map_or(Value::string(""), |(net, bits)| expanded(masked6(net, bits)).into()))
        }),
        of_type("parse_ipv6_mask", (2, 2), string, |a, _| {
            let found = network6(&text(a, 0), bits(a, 1));
            Ok(found.map_or(Value::string(""), |(net, bits)| expanded(masked6(net, bits)).into()))
        }),
        of_type("ipv6_is_match", (2, 3), bool, |a, _| Ok(compare6(a).map(|order| order == 0).into())),
        of_type("ipv6_compare", (2, 3), Type::Long, |a, _| Ok(compare6(a).into())),
        of_type("ipv6_is_in_range", (2, 2), bool, |a, _| Ok(in_range6(&text(a, 0), &text(a, 1)).into())),
        of_type("ipv6_is_in_any_range", (2, MANY), bool, |a, _| Ok(in_any(a, in_range6))),
        of_type("has_ipv4", (2, 2), bool, |a, _| Ok(has_address(&text(a, 0), &text(a, 1), false).into())),
        of_type("has_any_ipv4", (2, MANY), bool, |a, _| Ok(has_any(a, false))),
        of_type("has_ipv4_prefix", (2, 2), bool, |a, _| {
            Ok(has_address(&text(a, 0), &text(a, 1), true).into())
        }),
        of_type("has_any_ipv4_prefix", (2, MANY), bool, |a, _| Ok(has_any(a, true))),
        of_type("ipv4_range_to_cidr_list", (2, 2), Type::Dynamic, |a, _| {
            let ends = network4(&text(a, 0), None).zip(network4(&text(a, 1), None));
            Ok(ends.map_or(Value::Null, |((low, _), (high, _))| Value::array(cidrs(low, high))))
        }),
    ]
}

fn bits(a: &[Value], at: usize) -> Option<u32> {
    a.get(at).and_then(|_| long(a, at)).and_then(|bits| u32::try_from(bits).ok())
}

/// Address and prefix length: of the text, and not longer than `limit`.
fn network4(text: &str, limit: Option<u32>) -> Option<(u32, u32)> {
    let (address, prefix) = text.trim().split_once('/').unwrap_or((text.trim(), "32"));
    let bits: u32 = prefix.parse().ok().filter(|bits| *bits <= 32)?;
    Some((address.parse::<Ipv4Addr>().ok()?.to_bits(), bits.min(limit.unwrap_or(32))))
}

fn masked4(address: u32, bits: u32) -> u32 {
    address & u32::MAX.checked_shl(32 - bits).unwrap_or(0)
}

/// IPv4 addresses count as mapped ones.
fn network6(text: &str, limit: Option<u32>) -> Option<(u128, u32)> {
    let (address, prefix) = text.trim().split_once('/').map_or((text.trim(), None), |(a, p)| (a, Some(p)));
    let (address, offset) = match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(address) => (address.to_ipv6_mapped(), 96),
        IpAddr::V6(address) => (address, 0),
    };
    let bits = match prefix {
        Some(prefix) => prefix.parse::<u32>().ok()?.checked_add(offset).filter(|bits| *bits <= 128)?,
        None => 128,
    };
    Some((address.to_bits(), bits.min(limit.unwrap_or(128))))
}

fn masked6(address: u128, bits: u32) -> u128 {
    address & u128::MAX.checked_shl(128 - bits).unwrap_or(0)
}

fn expanded(address: u128) -> String {
    let parts: Vec<String> =
        Ipv6Addr::from_bits(address).segments().iter().map(|part| format!("{part:04x}")).collect();
    parts.join(":")
}

fn compare4(a: &[Value]) -> Option<i64> {
    let limit = bits(a, 2);
    let (left, left_bits) = network4(&text(a, 0), limit)?;
    let (right, right_bits) = network4(&text(a, 1), limit)?;
    let width = left_bits.min(right_bits);
    Some(masked4(left, width).cmp(&masked4(right, width)) as i64)
}

fn compare6(a: &[Value]) -> Option<i64> {
    let limit = bits(a, 2);
    let (left, left_bits) = network6(&text(a, 0), limit)?;
    let (right, right_bits) = network6(&text(a, 1), limit)?;
    let width = left_bits.min(right_bits);
    Some(masked6(left, width).cmp(&masked6(right, width)) as i64)
}

fn in_range4(address: &str, range: &str) -> Option<bool> {
    let ((address, _), (net, width)) = (network4(address, None)?, network4(range, None)?);
    Some(masked4(address, width) == masked4(net, width))
}

fn in_range6(address: &str, range: &str) -> Option<bool> {
    let ((address, _), (net, width)) = (network6(address, None)?, network6(range, None)?);
    Some(masked6(address, width) == masked6(net, width))
}

fn flat(a: &[Value]) -> Vec<Value> {
    a.iter()
        .skip(1)
        .flat_map(|value| value.as_array().map_or_else(|| vec![value.clone()], <[_]>::to_vec))
        .collect()
}

fn in_any(a: &[Value], test: fn(&str, &str) -> Option<bool>) -> Value {
    let address = text(a, 0);
    let results: Vec<Option<bool>> = flat(a).iter().map(|range| test(&address, &range.to_text())).collect();
    if results.contains(&Some(true)) {
        return Value::Bool(true);
    }
    if results.iter().all(Option::is_none) { Value::Null } else { Value::Bool(false) }
}

fn format(a: &[Value], with_mask: bool) -> Value {
    let limit = bits(a, 1);
    let parsed = match argument(a, 0) {
        Value::String(text) => network4(text, limit),
        other => other
            .as_long()
            .and_then(|n| u32::try_from(n).ok())
            .map(|address| (address, limit.unwrap_or(32).min(32))),
    };
    parsed.map_or(Value::string(""), |(address, bits)| {
        let shown = Ipv4Addr::from_bits(masked4(address, bits));
        if with_mask { format!("{shown}/{bits}") } else { shown.to_string() }.into()
    })
}

/// The address, or one that begins so, stands in the text by itself.
fn has_address(text: &str, address: &str, prefix: bool) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '.';
    text.split(|c| !part(c)).any(|word| {
        if prefix { word.starts_with(address) && word.parse::<Ipv4Addr>().is_ok() } else { word == address }
    })
}

fn has_any(a: &[Value], prefix: bool) -> Value {
    let source = text(a, 0);
    flat(a).iter().any(|address| has_address(&source, &address.to_text(), prefix)).into()
}

fn cidrs(mut low: u32, high: u32) -> Vec<Value> {
    let mut list = Vec::new();
    while low <= high {
        let mut width = low.trailing_zeros().min(32);
        while width > 0 && (width == 32 || u64::from(low) + (1_u64 << width) - 1 > u64::from(high)) {
            width -= 1;
        }
        list.push(format!("{}/{}", Ipv4Addr::from_bits(low), 32 - width).into());
        match low.checked_add(1 << width) {
            Some(next) => low = next,
            None => break,
        }
    }
    list
}
