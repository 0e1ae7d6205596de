//! Errors of the query API. The deepest `innererror` says most.

use serde_json::{Value, json};

use crate::kql::{Problem, ProblemKind};
use crate::simulator::exchange::Answer;
use crate::simulator::refusal::Refusal;

/// An error with causes, outermost first.
pub(super) fn nested(
    status: u16,
    correlation: &str,
    causes: &[(&str, &str)],
    place: Option<(usize, usize)>,
) -> Answer {
    let mut inner: Option<Value> = None;
    for (code, message) in causes.iter().rev() {
        let mut error = json!({"code": code, "message": message});
        match inner.take() {
            Some(inner) => error["innererror"] = inner,
            None => {
                if let Some((line, position)) = place {
                    error["line"] = json!(line);
                    error["pos"] = json!(position);
                }
            }
        }
        inner = Some(error);
    }
    let mut error = inner.unwrap_or_default();
    error["correlationId"] = json!(correlation);
    Answer::json(status, json!({"error": error}))
}

const INVALID: &str = "The request had some invalid properties";

/// A query that cannot be run.
pub(super) fn query(problem: &Problem, text: &str, correlation: &str) -> Answer {
    let (code, message) = match problem.kind {
        ProblemKind::Syntax => ("SyntaxError", "A syntax error has been identified in the query."),
        ProblemKind::Unsupported => {
            ("SimulatorUnsupported", "This simulator does not run the query; Azure may.")
        }
        ProblemKind::Semantic => ("SemanticError", "A semantic error occurred."),
        _ => ("EngineError", "Something went wrong processing your query on the server."),
    };
    let said = match &problem.hint {
        Some(hint) => format!("{}; {hint}", problem.message),
        None => problem.message.clone(),
    };
    nested(
        400,
        correlation,
        &[("BadArgumentError", INVALID), (code, message), (problem.code, said.as_str())],
        problem.position(text),
    )
}

/// A request that makes no sense.
pub(super) fn bad_argument(code: &str, message: &str, correlation: &str) -> Answer {
    nested(400, correlation, &[("BadArgumentError", INVALID), (code, message)], None)
}

/// No such path: a workspace's name where its id belongs, most of the time.
pub(super) fn path_not_found(correlation: &str) -> Answer {
    nested(404, correlation, &[("PathNotFoundError", "The requested path does not exist")], None)
}

/// No such workspace.
pub(super) fn workspace_not_found(id: &str, correlation: &str) -> Answer {
    nested(
        404,
        correlation,
        &[("WorkspaceNotFoundError", &format!("The workspace '{id}' could not be found"))],
        None,
    )
}

/// The principal may not query.
pub(super) fn no_access(correlation: &str) -> Answer {
    nested(
        403,
        correlation,
        &[(
            "InsufficientAccessError",
            "The provided credentials have insufficient access to perform the requested operation",
        )],
        None,
    )
}

/// Too many queries.
pub(super) fn throttled(seconds: u64, correlation: &str) -> Answer {
    nested(
        429,
        correlation,
        &[("ThrottledError", &format!("Rate limit is exceeded. Try again in {seconds} seconds."))],
        None,
    )
    .with("retry-after", seconds.to_string())
}

/// A token that is not accepted; the shape is that of ARM.
pub(super) fn token(refusal: Refusal, correlation: &str) -> Answer {
    let mut answer = nested(refusal.status, correlation, &[(&refusal.code, &refusal.message)], None);
    answer.headers = refusal.0.headers;
    answer
}
