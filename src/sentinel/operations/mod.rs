//! The operations, a family a module.

mod backup;
mod collection;
mod content;
mod exports;
mod health;
mod imports;
mod incidents;
mod permissions;
mod query;
mod rules;
mod tables;
mod workbooks;
mod workspaces;

use std::sync::LazyLock;

use super::definition::Operation;

/// Every operation, by family.
pub fn operations() -> &'static [Operation] {
    static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
        [
            workspaces::operations(),
            health::operations(),
            permissions::own(),
            content::operations(),
            tables::operations(),
            rules::operations(),
            incidents::operations(),
            query::operations(),
            workbooks::operations(),
            exports::operations(),
            imports::operations(),
            backup::operations(),
            collection::operations(),
        ]
        .into_iter()
        .flatten()
        .collect()
    });
    &OPERATIONS
}

/// An operation by any of its names: the function's, the tool's, an alias. Case, `-` and `_` make no difference.
pub fn operation(name: &str) -> Option<&'static Operation> {
    let plain = |name: &str| name.replace(['-', '_'], "").to_ascii_lowercase();
    let name = plain(name);
    operations().iter().find(|operation| {
        [operation.name, operation.tool].iter().chain(operation.aliases).any(|own| plain(own) == name)
    })
}

#[cfg(test)]
mod tests;
