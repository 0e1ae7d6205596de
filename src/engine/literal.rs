//! Values as PowerShell source has them.

/// A string literal that stands for exactly this text. PowerShell takes typographic single quotes for plain ones.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for next in text.chars() {
        if matches!(next, '\'' | '\u{2018}'..='\u{201b}') {
            quoted.push(next);
        }
        quoted.push(next);
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_text_cannot_end_its_string() {
        assert_eq!(quoted("/a b/$x.ps1"), "'/a b/$x.ps1'");
        assert_eq!(quoted("/it's/\u{2019};exit"), "'/it''s/\u{2019}\u{2019};exit'");
    }
}
