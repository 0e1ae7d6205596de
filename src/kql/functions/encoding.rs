//! Base64, URLs, hashes of addresses, user agents, XML.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::{Function, argument, of_type, text};
use crate::kql::value::{Bag, Type, Value};

pub fn functions() -> Vec<Function> {
    let string = Type::String;
    vec![
        of_type("base64_encode_tostring", (1, 1), string, |a, _| {
            Ok(STANDARD.encode(text(a, 0).as_bytes()).into())
        }),
        of_type("base64_encodestring", (1, 1), string, |a, _| {
            Ok(STANDARD.encode(text(a, 0).as_bytes()).into())
        }),
        of_type("base64_decode_tostring", (1, 1), string, |a, _| Ok(decoded_text(&text(a, 0)))),
        of_type("base64_decodestring", (1, 1), string, |a, _| Ok(decoded_text(&text(a, 0)))),
        of_type("base64_decode_toarray", (1, 1), Type::Dynamic, |a, _| {
            let numbers =
                |bytes: Vec<u8>| bytes.into_iter().map(|byte| Value::Long(i64::from(byte))).collect();
            Ok(decoded(&text(a, 0)).map_or(Value::Null, |bytes| Value::array(numbers(bytes))))
        }),
        of_type("base64_encode_fromarray", (1, 1), string, |a, _| {
            let items = argument(a, 0).as_array().unwrap_or_default();
            let bytes: Option<Vec<u8>> =
                items.iter().map(|item| u8::try_from(item.as_long()?).ok()).collect();
            Ok(bytes.map_or(Value::string(""), |bytes| STANDARD.encode(bytes).into()))
        }),
        of_type(
            "url_encode",
            (1, 1),
            string,
            |a, _| Ok(percent_encoded(&text(a, 0), "-_.!*()", true).into()),
        ),
        of_type("url_encode_component", (1, 1), string, |a, _| {
            Ok(percent_encoded(&text(a, 0), "-_.~", false).into())
        }),
        of_type("url_decode", (1, 1), string, |a, _| Ok(percent_decoded(&text(a, 0)).into())),
        of_type("parse_url", (1, 1), Type::Dynamic, |a, _| Ok(parse_url(&text(a, 0)))),
        of_type("parseurl", (1, 1), Type::Dynamic, |a, _| Ok(parse_url(&text(a, 0)))),
        of_type("parse_urlquery", (1, 1), Type::Dynamic, |a, _| Ok(parse_query(&text(a, 0)))),
        of_type("parseurlquery", (1, 1), Type::Dynamic, |a, _| Ok(parse_query(&text(a, 0)))),
        of_type("parse_user_agent", (2, 2), Type::Dynamic, |a, _| Ok(user_agent(&text(a, 0)))),
        of_type("geo_info_from_ip_address", (1, 1), Type::Dynamic, |_, _| Ok(Value::bag(Bag::new()))),
    ]
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.trim()).or_else(|_| STANDARD_NO_PAD.decode(text.trim())).ok()
}

/// Bytes that are no UTF-8 give the empty text.
fn decoded_text(text: &str) -> Value {
    decoded(text).and_then(|bytes| String::from_utf8(bytes).ok()).map_or(Value::string(""), Value::from)
}

fn percent_encoded(text: &str, plain: &str, plus: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b if b.is_ascii_alphanumeric() || plain.as_bytes().contains(&b) => out.push(char::from(b)),
            b' ' if plus => out.push('+'),
            b => out.push_str(&format!("%{b:02x}")),
        }
    }
    out
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match (bytes[at], hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (b'+', _) => {
                out.push(b' ');
                at += 1;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn parse_url(text: &str) -> Value {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let (host, port) = match host.rsplit_once(':') {
        Some((before, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (before, port),
        _ => (host, ""),
    };
    let mut bag: Bag = [
        ("Scheme", scheme),
        ("Host", host),
        ("Port", port),
        ("Path", path),
        ("Username", name),
        ("Password", password),
    ]
    .into_iter()
    .map(|(name, value)| (Arc::from(name), Value::from(value)))
    .collect();
    bag.insert(Arc::from("Query Parameters"), Value::bag(parameters(query)));
    bag.insert(Arc::from("Fragment"), fragment.into());
    Value::bag(bag)
}

fn parameters(query: &str) -> Bag {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (Arc::from(percent_decoded(name)), percent_decoded(value).into()))
        .collect()
}

fn parse_query(text: &str) -> Value {
    let mut bag = Bag::new();
    bag.insert(Arc::from("Query Parameters"), Value::bag(parameters(text.trim_start_matches('?'))));
    Value::bag(bag)
}

/// Family and version of the best known browsers and systems; everything else is `Other`.
fn user_agent(text: &str) -> Value {
    const BROWSERS: [(&str, &str); 5] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Version/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("Windows NT", "Windows"),
        ("Android", "Android"),
        ("iPhone OS", "iOS"),
        ("CPU OS", "iOS"),
        ("Mac OS X", "Mac OS X"),
        ("Linux", "Linux"),
    ];
    let found = |table: &[(&str, &'static str)]| {
        table.iter().find_map(|(mark, family)| {
            let rest = text.split_once(mark)?.1.trim_start();
            let version: String =
                rest.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | '_')).collect();
            Some((*family, version))
        })
    };
    let described = |found: Option<(&'static str, String)>| {
        let (family, version) = found.unwrap_or(("Other", String::new()));
        let mut parts = version.split(['.', '_']);
        let mut bag = Bag::new();
        bag.insert(Arc::from("Family"), family.into());
        for name in ["MajorVersion", "MinorVersion", "Patch"] {
            bag.insert(Arc::from(name), parts.next().unwrap_or("").into());
        }
        Value::bag(bag)
    };
    let mut bag = Bag::new();
    bag.insert(Arc::from("Browser"), described(found(&BROWSERS)));
    bag.insert(Arc::from("OperatingSystem"), described(found(&SYSTEMS)));
    Value::bag(bag)
}
