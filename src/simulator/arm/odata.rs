//! `$filter` and `$orderby`, as far as the incidents and content lists of Sentinel take them.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;

use crate::simulator::exchange::Object;
use crate::simulator::refusal::Refusal;
use crate::simulator::state::Resource;

/// A filter that has been read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    Compare(Operand, Comparison, Operand),
    Call(&'static str, Operand, Operand),
    Any(Vec<String>, String, Box<Filter>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operand {
    Path(Vec<String>),
    Lower(Box<Operand>),
    Value(Value),
    Time(Timestamp),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Comparison {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Open,
    Close,
    Comma,
    Colon,
}

/// Reads a filter.
pub(crate) fn parse(text: &str) -> Result<Filter, Refusal> {
    let wrong = |why: &str| Refusal::bad_request(format!("Invalid $filter '{text}': {why}"));
    let tokens = tokens(text).ok_or_else(|| wrong("a text has no end"))?;
    let mut reader = Reader { tokens: &tokens, at: 0 };
    let filter = reader.or().ok_or_else(|| wrong("syntax error"))?;
    if reader.at == tokens.len() { Ok(filter) } else { Err(wrong("there is more than one expression")) }
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.peek().copied() {
        let single = match next {
            '(' => Some(Token::Open),
            ')' => Some(Token::Close),
            ',' => Some(Token::Comma),
            _ => None,
        };
        if let Some(token) = single {
            tokens.push(token);
            rest.next();
        } else if next.is_whitespace() {
            rest.next();
        } else if next == '\'' {
            rest.next();
            let mut literal = String::new();
            loop {
                match rest.next()? {
                    '\'' if rest.peek() == Some(&'\'') => {
                        rest.next();
                        literal.push('\'');
                    }
                    '\'' => break,
                    other => literal.push(other),
                }
            }
            tokens.push(Token::Text(literal));
        } else {
            let mut word = String::new();
            while let Some(next) =
                rest.peek().copied().filter(|next| !next.is_whitespace() && !"(),'".contains(*next))
            {
                word.push(next);
                rest.next();
            }
            // The colon of a lambda, not those of a time.
            match word.strip_suffix(':') {
                Some(name) => tokens.extend([Token::Word(name.to_owned()), Token::Colon]),
                None => {
                    match word.split_once(':').filter(|(name, _)| name.chars().all(char::is_alphabetic)) {
                        Some((name, tail)) => {
                            tokens.extend([
                                Token::Word(name.to_owned()),
                                Token::Colon,
                                Token::Word(tail.to_owned()),
                            ]);
                        }
                        None => tokens.push(Token::Word(word)),
                    }
                }
            }
        }
    }
    Some(tokens)
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Reader<'_> {
    fn take(&mut self, token: &Token) -> Option<()> {
        (self.tokens.get(self.at)? == token).then(|| self.at += 1)
    }

    fn word(&mut self, wanted: &str) -> Option<()> {
        match self.tokens.get(self.at)? {
            Token::Word(word) if word.eq_ignore_ascii_case(wanted) => {
                self.at += 1;
                Some(())
            }
            _ => None,
        }
    }

    fn or(&mut self) -> Option<Filter> {
        let mut left = self.and()?;
        while self.word("or").is_some() {
            left = Filter::Or(Box::new(left), Box::new(self.and()?));
        }
        Some(left)
    }

    fn and(&mut self) -> Option<Filter> {
        let mut left = self.term()?;
        while self.word("and").is_some() {
            left = Filter::And(Box::new(left), Box::new(self.term()?));
        }
        Some(left)
    }

    fn term(&mut self) -> Option<Filter> {
        if self.word("not").is_some() {
            return Some(Filter::Not(Box::new(self.term()?)));
        }
        if self.take(&Token::Open).is_some() {
            let inner = self.or()?;
            self.take(&Token::Close)?;
            return Some(inner);
        }
        for name in ["contains", "startswith", "endswith"] {
            if self.word(name).is_some() {
                self.take(&Token::Open)?;
                let left = self.operand()?;
                self.take(&Token::Comma)?;
                let right = self.operand()?;
                self.take(&Token::Close)?;
                return Some(Filter::Call(name, left, right));
            }
        }
        let left = self.operand()?;
        if let Operand::Path(path) = &left
            && path.last().is_some_and(|last| last.eq_ignore_ascii_case("any"))
            && self.take(&Token::Open).is_some()
        {
            let Token::Word(variable) = self.tokens.get(self.at)?.clone() else { return None };
            self.at += 1;
            self.take(&Token::Colon)?;
            let inner = self.or()?;
            self.take(&Token::Close)?;
            return Some(Filter::Any(path[..path.len() - 1].to_vec(), variable, Box::new(inner)));
        }
        let Token::Word(word) = self.tokens.get(self.at)? else { return None };
        let comparison = match word.to_ascii_lowercase().as_str() {
            "eq" => Comparison::Eq,
            "ne" => Comparison::Ne,
            "gt" => Comparison::Gt,
            "ge" => Comparison::Ge,
            "lt" => Comparison::Lt,
            "le" => Comparison::Le,
            _ => return None,
        };
        self.at += 1;
        Some(Filter::Compare(left, comparison, self.operand()?))
    }

    fn operand(&mut self) -> Option<Operand> {
        let token = self.tokens.get(self.at)?.clone();
        self.at += 1;
        match token {
            Token::Text(text) => Some(Operand::Value(Value::String(text))),
            Token::Word(word) if word.eq_ignore_ascii_case("tolower") => {
                self.take(&Token::Open)?;
                let inner = self.operand()?;
                self.take(&Token::Close)?;
                Some(Operand::Lower(Box::new(inner)))
            }
            Token::Word(word) => Some(literal(&word)),
            _ => None,
        }
    }
}

fn literal(word: &str) -> Operand {
    match word {
        "true" => Operand::Value(Value::Bool(true)),
        "false" => Operand::Value(Value::Bool(false)),
        "null" => Operand::Value(Value::Null),
        _ => {
            if let Ok(number) = word.parse::<i64>() {
                Operand::Value(number.into())
            } else if let Ok(time) = word.parse::<Timestamp>() {
                // A time without its Z is no time, as with the service.
                Operand::Time(time)
            } else {
                Operand::Path(word.split('/').map(str::to_owned).collect())
            }
        }
    }
}

impl Filter {
    /// Whether a resource passes.
    pub fn passes(&self, of: &Object) -> bool {
        match self {
            Self::And(left, right) => left.passes(of) && right.passes(of),
            Self::Or(left, right) => left.passes(of) || right.passes(of),
            Self::Not(inner) => !inner.passes(of),
            Self::Compare(left, comparison, right) => compare(left, *comparison, right, of),
            Self::Call(name, left, right) => {
                let (left, right) = (left.text(of), right.text(of));
                match *name {
                    "contains" => left.contains(&right),
                    "startswith" => left.starts_with(&right),
                    _ => left.ends_with(&right),
                }
            }
            Self::Any(path, variable, inner) => {
                let entries = at(of, path).and_then(Value::as_array);
                entries.is_some_and(|entries| {
                    entries.iter().any(|entry| {
                        let mut bound = Object::new();
                        bound.insert(variable.clone(), entry.clone());
                        inner.passes(&bound)
                    })
                })
            }
        }
    }
}

impl Operand {
    fn value(&self, of: &Object) -> Value {
        match self {
            Self::Path(path) => at(of, path).cloned().unwrap_or(Value::Null),
            Self::Lower(inner) => Value::String(inner.text(of).to_lowercase()),
            Self::Value(value) => value.clone(),
            Self::Time(time) => Value::String(time.to_string()),
        }
    }

    fn text(&self, of: &Object) -> String {
        match self.value(of) {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }
}

/// A member by its path; names ignore case.
pub(crate) fn at<'a>(of: &'a Object, path: &[String]) -> Option<&'a Value> {
    let member = |object: &'a Object, name: &String| {
        object.get(name).or_else(|| {
            object.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        })
    };
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(member(of, first)?, |value, name| member(value.as_object()?, name))
}

fn compare(left: &Operand, comparison: Comparison, right: &Operand, of: &Object) -> bool {
    let (left, right) = (left.value(of), right.value(of));
    let order = order(&left, &right);
    match comparison {
        Comparison::Eq => order == Some(Ordering::Equal),
        Comparison::Ne => order != Some(Ordering::Equal),
        Comparison::Gt => order == Some(Ordering::Greater),
        Comparison::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        Comparison::Lt => order == Some(Ordering::Less),
        Comparison::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
    }
}

/// Orders two values of one type: numbers, times, texts, in this order of attempts.
pub(crate) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (left.as_f64(), right.as_f64()) {
        return left.partial_cmp(&right);
    }
    match (left, right) {
        (Value::String(left), Value::String(right)) => {
            match (left.parse::<Timestamp>(), right.parse::<Timestamp>()) {
                (Ok(left), Ok(right)) => Some(left.cmp(&right)),
                _ => Some(left.cmp(right)),
            }
        }
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        _ => None,
    }
}

/// Sorts resources by `$orderby`, e.g. `properties/createdTimeUtc desc`.
pub(crate) fn sort(resources: &mut [&Resource], text: &str) -> Result<(), Refusal> {
    let mut parts = text.split_whitespace();
    let path: Vec<String> = parts.next().unwrap_or_default().split('/').map(str::to_owned).collect();
    let descending = match parts.next() {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(other) => {
            return Err(Refusal::bad_request(format!(
                "Invalid $orderby '{text}': '{other}' is no direction"
            )));
        }
    };
    resources.sort_by(|left, right| {
        let null = Value::Null;
        let (left, right) = (at(&left.body, &path).unwrap_or(&null), at(&right.body, &path).unwrap_or(&null));
        // Times of one list have one format, so that they sort as texts, which is far quicker.
        let ordered = match (left.as_str(), right.as_str()) {
            (Some(left), Some(right)) => left.cmp(right),
            _ => order(left, right).unwrap_or(Ordering::Equal),
        };
        if descending { ordered.reverse() } else { ordered }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_filters_known_to_work_are_understood() {
        let incident = json!({"properties": {"createdTimeUtc": "2025-03-01T10:00:00Z", "incidentNumber": 123, "title": "It's Mimikatz", "severity": "High",
            "labels": [{"labelName": "vip"}], "owner": {"objectId": null}}});
        let incident = incident.as_object().expect("is one");
        for (filter, passes) in [
            ("properties/createdTimeUtc ge 2025-01-01T00:00:00Z", true),
            ("properties/createdTimeUtc lt 2025-01-01T00:00:00Z", false),
            ("properties/incidentNumber eq 123", true),
            ("contains(toLower(properties/title), 'mimikatz')", true),
            ("contains(properties/title, 'mimikatz')", false),
            (
                "(properties/severity eq 'High' or properties/severity eq 'Medium') and not (properties/incidentNumber gt 200)",
                true,
            ),
            ("properties/title eq 'It''s Mimikatz'", true),
            ("properties/labels/any(x: x/labelName eq 'vip')", true),
            ("properties/labels/any(x:x/labelName eq 'other')", false),
            ("properties/owner/objectId eq null", true),
            ("startswith(properties/title, 'It')", true),
        ] {
            assert_eq!(parse(filter).expect(filter).passes(incident), passes, "{filter}");
        }
    }

    #[test]
    fn mistakes_are_refused() {
        for filter in
            ["properties/a eq", "properties/a like 'x'", "contains(properties/a)", "'open", "a eq 1 b eq 2"]
        {
            assert_eq!(parse(filter).expect_err(filter).status, 400);
        }
    }
}
