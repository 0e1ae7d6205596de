//! Lists in pages. A page ends with the absolute address of the next, on the host that was asked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::exchange::{Request, encode};
use super::refusal::Refusal;

/// A part of a list.
#[derive(Debug, PartialEq)]
pub(crate) struct Page<T> {
    pub items: Vec<T>,
    /// `$skipToken` of the next page.
    pub next: Option<String>,
}

/// Cuts the page that the token asks for out of a list. The token belongs to the list: it holds its name.
pub(crate) fn cut<T>(
    items: Vec<T>,
    list: &str,
    size: usize,
    token: Option<&str>,
) -> Result<Page<T>, Refusal> {
    let total = items.len();
    let start = match token {
        None => 0,
        Some(token) => position(token, list)
            .ok_or_else(|| Refusal::bad_request(format!("Invalid $skipToken '{token}'")))?,
    };
    let next = start.saturating_add(size.max(1));
    let items = items.into_iter().skip(start).take(size.max(1)).collect();
    Ok(Page { items, next: (next < total).then(|| token_of(next, list)) })
}

fn token_of(position: usize, list: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{position}|{}", list.to_ascii_lowercase()))
}

fn position(token: &str, list: &str) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let (position, of) = text.split_once('|')?;
    (of == list.to_ascii_lowercase()).then(|| position.parse().ok())?
}

/// The address of a page: that of the request, with another token.
pub(crate) fn next_link(request: &Request, base: &str, token: &str) -> String {
    let mut parts: Vec<String> = request
        .query
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("$skipToken"))
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    parts.push(format!("$skipToken={}", encode(token)));
    format!("{base}{}?{}", request.path, parts.join("&"))
}

/// The envelope of a list: `value`, and `nextLink` where there is more.
pub(crate) fn envelope(page: Page<Value>, request: &Request, base: &str) -> Value {
    let mut body = json!({"value": page.items});
    if let Some(token) = page.next {
        body["nextLink"] = json!(next_link(request, base, &token));
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_join_to_the_whole_list() {
        let all: Vec<u32> = (0..23).collect();
        let (mut seen, mut token) = (Vec::new(), None);
        loop {
            let page = cut(all.clone(), "/a?x", 10, token.as_deref()).expect("a page");
            seen.extend(page.items);
            match page.next {
                Some(next) => token = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn a_token_of_another_list_is_refused() {
        let page = cut(vec![1, 2, 3], "/a", 2, None).expect("a page");
        assert!(cut(vec![1, 2, 3], "/b", 2, page.next.as_deref()).is_err());
        assert!(cut(vec![1, 2, 3], "/a", 2, Some("nonsense")).is_err());
    }
}
