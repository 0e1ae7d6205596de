//! Errors of the query API. The deepest `innererror` says most.

use serde_json::{Value, json};

use crate::kql::{Problem, ProblemKind};
use crate::simulator::exchange::Answer;
use crate::simulator::refusal::Refusal;

/// Where a query cannot be read.
pub(super) struct Place {
    /// From 1.
    line: usize,
    /// From 0.
    position: usize,
    token: String,
}

/// An error with causes, outermost first.
pub(super) fn nested(
    status: u16,
    correlation: &str,
    causes: &[(&str, &str)],
    place: Option<Place>,
) -> Answer {
    let mut inner: Option<Value> = None;
    for (code, message) in causes.iter().rev() {
        let mut error = json!({"code": code, "message": message});
        match inner.take() {
            Some(inner) => error["innererror"] = inner,
            None => {
                if let Some(place) = &place {
                    error["line"] = json!(place.line);
                    error["pos"] = json!(place.position);
                    error["token"] = json!(place.token);
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
        ProblemKind::Syntax => return syntax(problem, text, correlation),
        ProblemKind::Semantic => ("SemanticError", "A semantic error occurred."),
        ProblemKind::Unsupported => {
            ("SimulatorUnsupported", "This simulator does not run the query; Azure may.")
        }
        _ => ("EngineError", "Something went wrong processing your query on the server."),
    };
    let causes = [("BadArgumentError", INVALID), (code, message), (problem.code, problem.message.as_str())];
    nested(400, correlation, &causes, None)
}

/// The service says where it stopped to understand, not what it waited for.
fn syntax(problem: &Problem, text: &str, correlation: &str) -> Answer {
    let (line, column) = problem.position(text).unwrap_or((1, 1));
    let token = problem.span.and_then(|span| text.get(span.start..span.end)).unwrap_or_default();
    let place = Place { line, position: column - 1, token: token.to_owned() };
    let said = format!("Query could not be parsed at '{token}' on line [{line},{}]", place.position);
    let causes = [
        ("BadArgumentError", INVALID),
        ("SyntaxError", "A recognition error occurred in the query."),
        (problem.code, said.as_str()),
    ];
    nested(400, correlation, &causes, Some(place))
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
