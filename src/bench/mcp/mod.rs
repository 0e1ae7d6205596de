//! `runspaced bench mcp`: what the protocol costs, beside an echo across pipes and the same call in the engine; or what
//! another MCP server costs, beside the echo.

mod connection;
pub(crate) mod echo;
mod scenario;
mod server;

use std::path::PathBuf;

use runspaced::locate;

pub(crate) use self::{
    connection::ToolCall,
    server::{Given, GivenTools},
};
use self::{scenario::McpScenario, server::Server};
use super::{
    BenchError, Options, Report,
    machine::Machine,
    report::{self, Suite},
    suite,
};

/// What the scenarios of this suite work with.
struct Context<'a> {
    options: &'a Options,
    server: &'a Server,
    /// A folder of this run's own.
    folder: &'a std::path::Path,
}

/// Measures this program's server, or the one that is `given`.
///
/// # Errors
/// If no scenario has such a name, or the server does not start.
pub(crate) fn mcp(
    options: &Options,
    given: Option<Given>,
    progress: &mut dyn FnMut(&str),
) -> Result<Report, BenchError> {
    let selected = suite::selected(&McpScenario::ALL, &options.filter)?;
    let folder = tempfile::Builder::new()
        .prefix("runspaced-bench-")
        .tempdir()
        .map_err(BenchError::system("making a folder"))?;
    let found = locate::find(&options.locate());
    let server = match given {
        Some(given) => Server::given(given),
        None => Server::own(found.home().map(|home| home.path.clone()), folder.path())?,
    };
    let mut report =
        Report::begin(Suite::Mcp, options, Machine::here(), found.home().filter(|_| server.is_own()), None);
    report.server = Some(about(&server)?);
    let context = Context { options, server: &server, folder: folder.path() };
    Ok(suite::run(selected, report, progress, |scenario| scenario.measure(&context)))
}

/// What the server says of itself.
fn about(server: &Server) -> Result<report::Server, BenchError> {
    let mut connection = server.connect()?;
    let answer = connection.initialize()?;
    let value = answer.value("initialize")?;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("?").to_owned();
    Ok(report::Server {
        name: text(&value["serverInfo"]["name"]),
        version: text(&value["serverInfo"]["version"]),
        revision: text(&value["protocolVersion"]),
        command: server.command_line(),
    })
}

/// This program.
fn program() -> Result<PathBuf, BenchError> {
    std::env::current_exe().map_err(BenchError::system("finding this program's own file"))
}
