use std::collections::HashMap;
use std::path::Path;

use super::{FILES, function, manifest, verbs, views};
use crate::sentinel::{Operation, operations};

/// The files as the operations want them.
fn wanted() -> Vec<(&'static str, String)> {
    let mut functions = include_str!("bridge.ps1").to_owned();
    for operation in operations() {
        functions.push('\n');
        functions.push_str(&function::text(operation));
    }
    let (names, aliases): (Vec<&str>, Vec<Vec<String>>) = operations()
        .iter()
        .map(|operation| (function::name(operation), function::aliases(operation)))
        .unzip();
    functions.push_str(&format!(
        "\nExport-ModuleMember -Function {} -Alias {}\n",
        names.join(", "),
        aliases.concat().join(", ")
    ));
    vec![
        ("SentinelManager.psd1", manifest::text()),
        ("SentinelManager.psm1", functions),
        ("SentinelManager.format.ps1xml", views::text()),
    ]
}

#[test]
fn files_are_those_that_the_operations_want() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ps-modules").join(super::NAME);
    let update = std::env::var_os("UPDATE_MODULE").is_some();
    for ((name, wanted), (embedded, text)) in wanted().into_iter().zip(FILES) {
        assert_eq!(name, *embedded);
        if update {
            std::fs::write(folder.join(name), wanted).expect("is written");
        } else {
            assert!(
                *text == wanted,
                "{name} is not what the operations want: UPDATE_MODULE=1 cargo test --lib sentinel::module"
            );
        }
    }
}

#[test]
fn every_function_has_a_name_that_powershell_approves_of() {
    let mut names: Vec<String> = Vec::new();
    for operation in operations() {
        let name = function::name(operation);
        assert!(verbs::is_approved(name), "{name}: give it an alias with an approved verb");
        names.push(name.to_lowercase());
        names.extend(function::aliases(operation).iter().map(|alias| alias.to_lowercase()));
    }
    names.sort();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn no_parameter_has_a_name_that_powershell_keeps_for_itself() {
    const TAKEN: &[&str] = &[
        "Verbose",
        "Debug",
        "ErrorAction",
        "WarningAction",
        "InformationAction",
        "ProgressAction",
        "ErrorVariable",
        "WarningVariable",
        "InformationVariable",
        "OutVariable",
        "OutBuffer",
        "PipelineVariable",
        "WhatIf",
        "Confirm",
        "ConfirmName",
        "PlanDigest",
        "Args",
        "Input",
        "Matches",
        "Host",
        "Error",
        "PID",
        "Home",
        "This",
        "Given",
    ];
    for operation in operations() {
        for parameter in operation.parameters() {
            let taken = TAKEN.iter().any(|taken| taken.eq_ignore_ascii_case(&parameter.power_shell));
            assert!(!taken, "{} -{}", operation.name, parameter.power_shell);
        }
    }
}

#[test]
fn rows_of_a_type_have_its_columns() {
    let mut types: HashMap<String, &Operation> = HashMap::new();
    for operation in operations().iter().filter(|operation| !operation.kind.writes()) {
        let other = types.entry(views::type_name(operation).to_lowercase()).or_insert(operation);
        assert_eq!(
            (operation.columns(), operation.view),
            (other.columns(), other.view),
            "{} and {}",
            operation.name,
            other.name
        );
    }
    for operation in operations() {
        let columns: Vec<String> = operation.columns().into_iter().map(|column| column.name).collect();
        for column in operation.view {
            assert!(columns.iter().any(|known| known == column), "{} shows {column}", operation.name);
        }
    }
}

#[test]
fn unpacking_leaves_a_module_as_a_whole() {
    let below = tempfile::tempdir().expect("a folder");
    let folder = super::unpack(below.path()).expect("is written");
    assert_eq!(super::unpack(below.path()).expect("is there"), folder);
    for (name, text) in FILES {
        let written = std::fs::read_to_string(folder.join(super::NAME).join(name)).expect("is there");
        assert_eq!(written, *text);
    }
    assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 1, "nothing else is left");
}
