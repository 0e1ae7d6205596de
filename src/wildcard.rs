//! Names with wildcards: of tools, commands, modules.

/// Whether a text as a whole fits a pattern: `*` stands for any text, `?` for one character, letter case does not matter. It
/// answers in time that grows with the product of their lengths at most.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().flat_map(char::to_lowercase).collect();
    let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    let (mut at, mut next) = (0, 0);
    // Where the last star is, and how much of the text it stands for so far.
    let mut star: Option<(usize, usize)> = None;
    while next < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, next));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || Some(wanted) == text.get(next) => {
                at += 1;
                next += 1;
            }
            _ => match &mut star {
                Some((position, taken)) => {
                    *taken += 1;
                    at = *position + 1;
                    next = *taken;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|left| *left == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_names_in_any_case() {
        for (pattern, text, expected) in [
            ("get-*", "Get-Item", true),
            ("get-*", "Forget-It", false),
            ("*item", "Get-ChildItem", true),
            ("*-*-*", "a-b-c", true),
            ("g?t", "Get", true),
            ("g?t", "Gt", false),
            ("*", "", true),
            ("**a**", "bab", true),
            ("a*b*c", "aXbXbXc", true),
            ("a*b*c", "aXbXbX", false),
            ("", "", true),
            ("Ä*", "ä1", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn long_patterns_end() {
        assert!(!fits(&"*a".repeat(200), &"a".repeat(199)));
    }

    #[test]
    fn commands_and_tools_fit_by_their_whole_names() {
        for (pattern, text, expected) in [
            ("Get-*", "get-process", true),
            ("Get-*", "Set-Item", false),
            ("*-*Item", "Get-ChildItem", true),
            ("*-*Item", "Get-ChildItems", false),
            ("Get-Proces?", "Get-Process", true),
            ("*", "", true),
            ("", "x", false),
            ("a*b*c", "aXbXbXc", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }
}
