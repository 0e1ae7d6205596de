//! Tactics and techniques of MITRE ATT&CK, as Sentinel names them.

use serde_json::Value;

use super::Report;

/// Tactics that Sentinel knows.
const TACTICS: [&str; 17] = [
    "Reconnaissance",
    "ResourceDevelopment",
    "InitialAccess",
    "Execution",
    "Persistence",
    "PrivilegeEscalation",
    "DefenseEvasion",
    "CredentialAccess",
    "Discovery",
    "LateralMovement",
    "Collection",
    "Exfiltration",
    "CommandAndControl",
    "Impact",
    "PreAttack",
    "ImpairProcessControl",
    "InhibitResponseFunction",
];

/// Checks tactics.
pub(super) fn tactics(report: &mut Report, place: &str, given: &Value) {
    for tactic in texts(given) {
        if !TACTICS.contains(&tactic) {
            let near = crate::nearest::nearest(tactic, TACTICS.iter().copied());
            report.error(
                place,
                format!("'{tactic}' is no tactic that Sentinel knows"),
                near.map_or_else(
                    || format!("They are {}.", TACTICS.join(", ")),
                    |near| format!("Did you mean '{near}'?"),
                ),
            );
        }
    }
}

/// Checks techniques. In a rule as Azure takes it, sub-techniques have a list of their own.
pub(super) fn techniques(report: &mut Report, place: &str, given: &Value, apart: bool) {
    for technique in texts(given) {
        match (is_technique(technique), technique.contains('.')) {
            (true, true) if apart => report.error(
                place,
                format!("'{technique}' is a sub-technique"),
                "Put it into subTechniques, and its technique here.",
            ),
            (true, _) => {}
            (false, _) => report.error(
                place,
                format!("'{technique}' is no technique"),
                "Techniques are written T1110, sub-techniques T1110.001.",
            ),
        }
    }
}

/// Checks that the technique of each sub-technique is there.
pub(super) fn sub_techniques(report: &mut Report, place: &str, given: &Value, techniques: &Value) {
    let main: Vec<&str> = texts(techniques).collect();
    for technique in texts(given) {
        let parent = technique.split('.').next().unwrap_or_default();
        if !is_technique(technique) || !technique.contains('.') {
            report.error(place, format!("'{technique}' is no sub-technique"), "They are written T1110.001.");
        } else if !main.contains(&parent) {
            report.error(
                place,
                format!("'{technique}' is given and its technique is not"),
                format!("Add {parent} to techniques."),
            );
        }
    }
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn is_technique(text: &str) -> bool {
    let digits =
        |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    let Some(number) = text.strip_prefix('T') else { return false };
    match number.split_once('.') {
        Some((main, sub)) => digits(main, 4) && digits(sub, 3),
        None => digits(number, 4),
    }
}
