//! What can be said about a query without running it: the tables and functions it mentions, the operators it uses, and
//! whether tables of the Basic plan can answer it.

mod basic_plan;
mod walk;

pub use basic_plan::basic_plan_problems;

use super::ast::Query;
use super::error::Span;

/// A table or a function that a query mentions and does not declare itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its name; a pattern if it has asterisks.
    pub name: String,
    /// Where it is mentioned first.
    pub span: Span,
    /// The other place that it is in, such as `workspace("name")`, as it is written.
    pub place: Option<String>,
}

impl Reference {
    /// The name in `workspace("name")`, if that is its place.
    pub fn workspace(&self) -> Option<&str> {
        let name = self.place.as_deref()?.strip_prefix("workspace(\"")?.strip_suffix("\")")?;
        (name != "..." && !name.contains('"')).then_some(name)
    }
}

/// An operator at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsedOperator {
    /// The word, such as `summarize`; `externaldata` and `datatable` count as well.
    pub word: &'static str,
    /// Its place.
    pub span: Span,
}

/// What a query mentions. Names that it declares itself with `let` or `as` are not among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// Tables, each once, in the order of the text. A stored function that is used like a table is among them, because
    /// the text does not tell the two apart.
    pub tables: Vec<Reference>,
    /// Functions that neither the language nor the query knows: stored ones, and `_GetWatchlist` and its like.
    pub functions: Vec<Reference>,
    /// The aliases of watchlists that are read with a literal alias.
    pub watchlists: Vec<String>,
    /// Every operator, in the order of the text.
    pub operators: Vec<UsedOperator>,
    /// Every function of the language that is called, each once.
    pub built_in: Vec<String>,
}

impl References {
    /// The names of the tables of this workspace.
    pub fn table_names(&self) -> impl Iterator<Item = &str> {
        self.tables.iter().filter(|table| table.place.is_none()).map(|table| table.name.as_str())
    }

    /// The names of the workspaces that it reads by `workspace("name")`, each once.
    pub fn workspaces(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.tables.iter().chain(&self.functions).filter_map(Reference::workspace) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// Finds what a query mentions.
pub fn references(query: &Query) -> References {
    walk::references(query)
}
