//! Patterns of names as PowerShell has them: `*` for any text, `?` for one character, `[a-c]` for one of several.

use regex::Regex;

/// A pattern. Case makes no difference.
#[derive(Debug, Clone)]
pub(crate) struct Wildcard(Regex);

impl Wildcard {
    /// True if the text has characters that make it a pattern.
    pub(crate) fn is_pattern(text: &str) -> bool {
        text.contains(['*', '?', '['])
    }

    /// Reads a pattern. A bracket without an end stands for itself.
    pub(crate) fn new(pattern: &str) -> Self {
        let mut expression = String::from("(?is)^");
        let mut rest = pattern.chars();
        while let Some(c) = rest.next() {
            match c {
                '*' => expression.push_str(".*"),
                '?' => expression.push('.'),
                '[' => match rest.as_str().find(']').filter(|length| *length > 0) {
                    Some(length) => {
                        let (set, after) = rest.as_str().split_at(length);
                        expression.push('[');
                        for c in set.chars() {
                            // A dash makes a range; everything else stands for itself.
                            if c != '-' && !c.is_alphanumeric() {
                                expression.push('\\');
                            }
                            expression.push(c);
                        }
                        expression.push(']');
                        rest = after[1..].chars();
                    }
                    None => expression.push_str("\\["),
                },
                '`' => expression.push_str(&regex::escape(&rest.next().unwrap_or('`').to_string())),
                c => expression.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            }
        }
        expression.push('$');
        let literal = || Regex::new(&format!("(?is)^{}$", regex::escape(pattern)));
        // A set that makes no sense, such as [z-a], stands for itself.
        match Regex::new(&expression).or_else(|_| literal()) {
            Ok(expression) => Self(expression),
            Err(_) => Self::new("*"),
        }
    }

    /// True if the name fits.
    pub(crate) fn matches(&self, name: &str) -> bool {
        self.0.is_match(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_powershell() {
        for (pattern, name, fits) in [
            ("brute*", "Brute force", true),
            ("*force", "Brute force", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[a-c]x", "Bx", true),
            ("[a-c]x", "dx", false),
            ("[z-a]x", "[z-a]x", true),
            ("a.c", "abc", false),
            ("[", "[", true),
            ("a`*", "a*", true),
            ("a`*", "ab", false),
            ("(x|y)", "x", false),
            ("", "", true),
        ] {
            assert_eq!(Wildcard::new(pattern).matches(name), fits, "{pattern} {name}");
        }
    }
}
