//! Tool names from command names.

use sha2::{Digest, Sha256};

/// Longest tool name. Clients put a prefix of about 20 characters before it, and the whole may have 60.
pub(crate) const MAX_NAME_CHARS: usize = 40;

/// `Get-ChildItem` is `get_child_item`, `Get-ADUser` is `get_ad_user`. A name that would be too long keeps its
/// beginning and ends in six digits of its digest, so that it stays the same from run to run.
pub(crate) fn tool_name(command: &str) -> String {
    let mut name = String::with_capacity(command.len() + 4);
    let chars: Vec<char> = command.chars().collect();
    for (index, &current) in chars.iter().enumerate() {
        if !current.is_ascii_alphanumeric() {
            separate(&mut name);
            continue;
        }
        let before = index.checked_sub(1).and_then(|index| chars.get(index)).copied().unwrap_or('-');
        let after = chars.get(index + 1).copied().unwrap_or('-');
        let word_begins = current.is_ascii_uppercase()
            && (before.is_ascii_lowercase() || before.is_ascii_digit() || after.is_ascii_lowercase());
        if word_begins {
            separate(&mut name);
        }
        name.push(current.to_ascii_lowercase());
    }
    let name = name.trim_matches('_');
    if name.is_empty() || name.len() > MAX_NAME_CHARS {
        return shortened(name, command);
    }
    name.to_owned()
}

/// True if clients take it for a name.
pub(crate) fn is_tool_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (1..=MAX_NAME_CHARS).contains(&name.len()) && name.chars().all(allowed)
}

fn separate(name: &mut String) {
    if !name.is_empty() && !name.ends_with('_') {
        name.push('_');
    }
}

fn shortened(name: &str, command: &str) -> String {
    const DIGEST_CHARS: usize = 6;
    let mut digest = format!("{:x}", Sha256::digest(command.to_lowercase().as_bytes()));
    digest.truncate(DIGEST_CHARS);
    let kept: String = name.chars().take(MAX_NAME_CHARS - DIGEST_CHARS - 1).collect();
    let mut short =
        if kept.is_empty() { "command".to_owned() } else { kept.trim_end_matches('_').to_owned() };
    short.push('_');
    short.push_str(&digest);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tool_name_splits_words_and_acronyms() {
        for (command, name) in [
            ("Get-Process", "get_process"),
            ("Get-ChildItem", "get_child_item"),
            ("Get-SentinelIncidents", "get_sentinel_incidents"),
            ("Get-ADUser", "get_ad_user"),
            ("ConvertTo-Json", "convert_to_json"),
            ("Get-Win32Service", "get_win32_service"),
            ("Invoke-AzKQLQuery", "invoke_az_kql_query"),
            ("help", "help"),
            ("Get-_Odd.Name", "get_odd_name"),
            ("Test-IPv4", "test_i_pv4"),
        ] {
            assert_eq!(tool_name(command), name, "{command}");
        }
    }

    #[test]
    fn tool_name_too_long_is_cut_stably_and_distinctly() {
        let long = "Get-TheVeryLongNameOfSomethingThatNeverEndsOne";
        let other = "Get-TheVeryLongNameOfSomethingThatNeverEndsTwo";
        assert!(tool_name(long).len() <= MAX_NAME_CHARS);
        assert_eq!(tool_name(long), tool_name(long));
        assert_ne!(tool_name(long), tool_name(other));
        assert!(tool_name(long).starts_with("get_the_very_long_name_of_"));
    }

    #[test]
    fn tool_name_without_letters_is_still_a_name() {
        assert!(tool_name("日本").starts_with("command_"));
        assert_ne!(tool_name("日本"), tool_name("日本語"));
    }
}
