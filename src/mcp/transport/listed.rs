//! Answers whose list of tools is text already.

/// What rmcp writes for a list without tools; it is the last member of the result.
const EMPTY: &[u8] = b"\"tools\":[]";

/// The line with these tools in place of none.
pub(super) fn with_tools(line: Vec<u8>, tools: &str) -> Vec<u8> {
    let Some(place) = line.windows(EMPTY.len()).rposition(|window| window == EMPTY) else { return line };
    let (before, after) = (&line[..place + EMPTY.len() - "[]".len()], &line[place + EMPTY.len()..]);
    [before, tools.as_bytes(), after].concat()
}

#[cfg(test)]
mod tests {
    use rmcp::model::{
        CacheScope, JsonRpcMessage, ListToolsResult, RequestId, ServerJsonRpcMessage, ServerResult, Tool,
    };

    use super::*;

    #[test]
    fn a_list_as_text_is_the_same_line_as_one_of_tools() {
        let tools = vec![
            Tool::new("get_a", "Says \"tools\":[] and }]", serde_json::Map::new()),
            Tool::new("get_b", "B", serde_json::Map::new()),
        ];
        let text = serde_json::to_string(&tools).expect("text");
        for next in [None, Some("200".to_owned())] {
            let line = |tools: Vec<Tool>| {
                let mut result = ListToolsResult::with_all_items(tools).with_cache_scope(CacheScope::Private);
                result.next_cursor.clone_from(&next);
                let message: ServerJsonRpcMessage = JsonRpcMessage::response(
                    ServerResult::ListToolsResult(result),
                    RequestId::String("\"tools\":[]".into()),
                );
                serde_json::to_vec(&message).expect("a line")
            };
            assert_eq!(with_tools(line(Vec::new()), &text), line(tools.clone()));
        }
    }
}
