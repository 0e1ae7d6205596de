//! Patterns of names as PowerShell has them: `*` for any text, `?` for one character, `[a-c]` for one of several.

use regex::Regex;

/// A pattern. Case makes no difference.
#[derive(Debug, Clone)]
pub(crate) enum Wildcard {
    Pattern(Regex),
    /// The pattern stands for itself: it is none, or too long for one.
    Literal(String),
}

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
        // A set that makes no sense, such as [z-a], stands for itself.
        Regex::new(&expression).map_or_else(|_| Self::Literal(pattern.to_lowercase()), Self::Pattern)
    }

    /// True if the name fits.
    pub(crate) fn matches(&self, name: &str) -> bool {
        match self {
            Self::Pattern(pattern) => pattern.is_match(name),
            Self::Literal(literal) => name.to_lowercase() == *literal,
        }
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

    #[test]
    fn a_pattern_too_long_to_be_one_never_fits_everything() {
        let long = format!("{}*", "?".repeat(100_000));
        assert!(!Wildcard::new(&long).matches("any"));
        assert!(Wildcard::new(&long).matches(&long));
    }
}
