//! What an operation is: its name in each of its three places, its parameters, what it does, and what it answers.

use std::sync::{Arc, OnceLock};

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::parameter::{self, Parameter};
use super::plan::Draft;
use super::target::Target;
use super::{Error, Result};

/// What an operation does to Azure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Nothing.
    Read,
    /// It sets something; a second time changes nothing.
    Idempotent,
    /// It makes or changes something.
    Write,
    /// It ends something.
    Destructive,
}

impl Kind {
    /// True if it changes something.
    pub fn writes(self) -> bool {
        self != Self::Read
    }
}

/// How far a change can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undo {
    /// Everything is as it was.
    Exact,
    /// Something is made up for, and something stays: a new id, a time, a notice that went out.
    Compensating,
    /// Not at all.
    None,
}

/// An example of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Example {
    /// What it does.
    pub about: &'static str,
    /// As PowerShell has it.
    pub power_shell: &'static str,
}

/// A column of what an operation answers.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// `string`, `integer`, `number`, `boolean`, `array`, `object`.
    pub kind: String,
    /// What it holds.
    pub help: String,
}

/// An operation.
pub struct Operation {
    /// Name of its function in PowerShell, such as `Get-AnalyticsRules`.
    pub name: &'static str,
    /// Name of its tool, such as `get_analytics_rules`.
    pub tool: &'static str,
    /// Other names of the function.
    pub aliases: &'static [&'static str],
    /// What it is about: `rules`, `tables`, ...
    pub family: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// What else is worth knowing; may be empty.
    pub details: &'static str,
    /// What it does to Azure.
    pub kind: Kind,
    /// True if it can cost money or lose data.
    pub costly: bool,
    /// How far it can be taken back; reads say [`Undo::Exact`].
    pub undo: Undo,
    /// Actions of Azure that it needs.
    pub actions: &'static [&'static str],
    /// Examples.
    pub examples: &'static [Example],
    /// Columns that are shown first.
    pub view: &'static [&'static str],
    /// True if it is about workspaces as such and takes no `WorkspaceName`.
    pub fleet: bool,
    /// True if it has many requests by its nature, and takes its time.
    pub patient: bool,
    pub(crate) schema: fn() -> Value,
    pub(crate) row: fn() -> Value,
    pub(crate) run: Run,
    parameters: OnceLock<Vec<Parameter>>,
}

/// Rows of an operation, as they come.
pub(crate) type Rows = BoxStream<'static, Result<Value>>;

/// Rows and failures of several workspaces, as they come.
pub(crate) type Items = BoxStream<'static, super::read::Item>;

/// Work that brings one thing.
pub(crate) type Work<T> = BoxFuture<'static, Result<T>>;

/// How an operation is carried out.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// It reads, in one workspace.
    Read(fn(Target, Value) -> Result<Rows>),
    /// It reads all workspaces that are meant together; without a name, all that there are.
    Together(fn(Vec<Target>, Value) -> Result<Items>),
    /// It plans changes in one workspace.
    Write(fn(Target, Value) -> Work<Draft>),
    /// It reads the inventory.
    Fleet(fn(Arc<super::service::Inner>, Value) -> Work<Vec<Value>>),
}

/// Parameters of an operation that reads.
pub(crate) trait Read: DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// What it answers.
    type Row: JsonSchema;

    /// The rows of one workspace.
    fn rows(self, target: Target) -> Rows;
}

/// Parameters of an operation that reads workspaces together, because one question can be about many of them.
pub(crate) trait Together: DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// What it answers.
    type Row: JsonSchema;

    /// The rows of all workspaces, each with its tenant and workspace.
    fn items(self, targets: Vec<Target>) -> Items;
}

/// Parameters of an operation that writes.
pub(crate) trait Write: DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// What would be changed in one workspace.
    fn plan(self, target: Target) -> impl Future<Output = Result<Draft>> + Send;
}

/// Parameters of an operation over the inventory.
pub(crate) trait Fleet: DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// What it answers.
    type Row: JsonSchema;

    /// The rows.
    fn rows(self, service: Arc<super::service::Inner>) -> impl Future<Output = Result<Vec<Value>>> + Send;
}

impl Operation {
    /// An operation that reads.
    pub(crate) fn read<P: Read>(
        name: &'static str,
        tool: &'static str,
        family: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            schema: schema_of::<P>,
            row: schema_of::<P::Row>,
            run: Run::Read(|target, arguments| {
                let parameters: P = parse(target.operation, arguments)?;
                Ok(parameters.rows(target))
            }),
            ..Self::blank(name, tool, family, summary)
        }
    }

    /// An operation that reads workspaces together.
    pub(crate) fn read_together<P: Together>(
        name: &'static str,
        tool: &'static str,
        family: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            schema: schema_of::<P>,
            row: schema_of::<P::Row>,
            run: Run::Together(|targets, arguments| {
                let operation = targets.first().map_or("", |target| target.operation);
                let parameters: P = parse(operation, arguments)?;
                Ok(parameters.items(targets))
            }),
            ..Self::blank(name, tool, family, summary)
        }
    }

    /// An operation that writes.
    pub(crate) fn write<P: Write>(
        name: &'static str,
        tool: &'static str,
        family: &'static str,
        summary: &'static str,
        kind: Kind,
        undo: Undo,
    ) -> Self {
        Self {
            kind,
            undo,
            schema: schema_of::<P>,
            row: schema_of::<super::apply::Outcome>,
            view: &["WorkspaceName", "Action", "Name", "State", "Undo", "Journal"],
            run: Run::Write(|target, arguments| {
                Box::pin(async move {
                    let parameters: P = parse(target.operation, arguments)?;
                    parameters.plan(target).await
                })
            }),
            ..Self::blank(name, tool, family, summary)
        }
    }

    /// An operation over the inventory.
    pub(crate) fn over_fleet<P: Fleet>(
        name: &'static str,
        tool: &'static str,
        family: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            fleet: true,
            schema: schema_of::<P>,
            row: schema_of::<P::Row>,
            run: Run::Fleet(|service, arguments| {
                Box::pin(async move {
                    let parameters: P = parse("", arguments)?;
                    parameters.rows(service).await
                })
            }),
            ..Self::blank(name, tool, family, summary)
        }
    }

    fn blank(name: &'static str, tool: &'static str, family: &'static str, summary: &'static str) -> Self {
        Self {
            name,
            tool,
            aliases: &[],
            family,
            summary,
            details: "",
            kind: Kind::Read,
            costly: false,
            undo: Undo::Exact,
            actions: &[],
            examples: &[],
            view: &[],
            fleet: false,
            patient: false,
            schema: || Value::Null,
            row: || Value::Null,
            run: Run::Read(|_, _| Ok(Box::pin(futures_util::stream::empty()))),
            parameters: OnceLock::new(),
        }
    }

    pub(crate) fn alias(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    pub(crate) fn details(mut self, text: &'static str) -> Self {
        self.details = text;
        self
    }

    pub(crate) fn costly(mut self) -> Self {
        self.costly = true;
        self
    }

    pub(crate) fn patient(mut self) -> Self {
        self.patient = true;
        self
    }

    pub(crate) fn needs(mut self, actions: &'static [&'static str]) -> Self {
        self.actions = actions;
        self
    }

    pub(crate) fn examples(mut self, examples: &'static [Example]) -> Self {
        self.examples = examples;
        self
    }

    pub(crate) fn view(mut self, columns: &'static [&'static str]) -> Self {
        self.view = columns;
        self
    }

    /// Its parameters, the own ones first, then those that all operations have.
    pub fn parameters(&self) -> &[Parameter] {
        self.parameters.get_or_init(|| {
            let mut all = parameter::of_schema(&(self.schema)(), false);
            if !self.fleet {
                let own: Vec<String> = all.iter().map(|parameter| parameter.name.clone()).collect();
                let writes = self.kind.writes();
                all.extend(
                    parameter::common()
                        .iter()
                        .filter(|parameter| {
                            !(own.contains(&parameter.name) || writes && parameter.only_reads())
                        })
                        .cloned(),
                );
            }
            all
        })
    }

    /// JSON Schema of its arguments.
    pub fn schema(&self) -> Value {
        parameter::schema(self.parameters())
    }

    /// JSON Schema of one row.
    pub fn row_schema(&self) -> Value {
        (self.row)()
    }

    /// The columns of a row; those of a write are the columns of what became of each change.
    pub fn columns(&self) -> Vec<Column> {
        let schema = (self.row)();
        let mut columns: Vec<Column> = schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, property)| Column {
                name: name.clone(),
                kind: parameter::json_type(property),
                help: property["description"].as_str().unwrap_or_default().replace('\n', " "),
            })
            .collect();
        if !self.fleet && !self.kind.writes() {
            for (name, help) in
                [("TenantName", "The tenant's name."), ("WorkspaceName", "The workspace's name.")]
            {
                if !columns.iter().any(|column| column.name == name) {
                    columns.push(Column {
                        name: name.to_owned(),
                        kind: "string".to_owned(),
                        help: help.to_owned(),
                    });
                }
            }
        }
        columns
    }
}

impl std::fmt::Debug for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operation")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

pub(crate) fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

fn parse<T: DeserializeOwned>(operation: &str, arguments: Value) -> Result<T> {
    let arguments = if arguments.is_null() { Value::Object(Map::new()) } else { arguments };
    serde_json::from_value(arguments).map_err(|error| Error::arguments(operation, error.to_string()))
}
