//! An analyst's morning, as far as it has got: the session, and what is remembered from one step to the next.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::session::{Answer, Session};

/// A call of a tool, and what came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub tool: String,
    pub arguments: Value,
    pub answer: Answer,
}

/// What a step found: a sentence, and rows.
#[derive(Debug, Clone, Default)]
pub struct Finding {
    pub said: String,
    pub columns: Vec<&'static str>,
    pub rows: Vec<Value>,
}

/// An incident that the morning is about.
#[derive(Debug, Clone)]
pub struct Incident {
    pub workspace: String,
    pub number: i64,
    pub title: String,
}

/// What is known so far.
pub struct Morning<'a> {
    session: &'a mut Session,
    progress: &'a (dyn Fn(&str) + Sync),
    folder: PathBuf,
    /// Calls of the step that is under way.
    pub asked: Vec<Asked>,
    pub incident: Option<Incident>,
}

impl<'a> Morning<'a> {
    pub fn new(session: &'a mut Session, folder: &Path, progress: &'a (dyn Fn(&str) + Sync)) -> Self {
        Self { session, progress, folder: folder.to_owned(), asked: Vec::new(), incident: None }
    }

    /// The folder below which the operations write.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// True if the server has all of these tools.
    pub fn has(&self, tools: &[&str]) -> bool {
        tools.iter().all(|tool| self.session.tools.iter().any(|known| known == tool))
    }

    /// Calls a tool.
    ///
    /// # Errors
    /// What the tool did not like.
    pub async fn ask(&mut self, tool: &str, arguments: Value) -> Result<Value, String> {
        let answer = self.session.call(tool, &arguments, self.progress).await?;
        let (content, failed) = (answer.content.clone(), answer.failed);
        let text = answer.text.clone();
        self.asked.push(Asked { tool: tool.to_owned(), arguments, answer });
        if failed { Err(format!("{tool}: {}", text.trim())) } else { Ok(content) }
    }

    /// Calls a tool that reads, and fetches the rest of what does not fit into one answer.
    ///
    /// # Errors
    /// What the tool did not like, and workspaces that could not be read.
    pub async fn rows(&mut self, tool: &str, arguments: Value) -> Result<Vec<Value>, String> {
        let whole = arguments["_first"].is_null();
        let mut content = self.ask(tool, arguments).await?;
        if let Some(error) = content["errors"].as_array().and_then(|errors| errors.first()) {
            return Err(format!(
                "{tool}: {}",
                error["message"].as_str().unwrap_or("a workspace could not be read")
            ));
        }
        let mut rows = taken(&mut content);
        let (id, all) = (content["result"]["id"].clone(), content["result"]["rows"].as_u64().unwrap_or(0));
        while whole && !id.is_null() && (rows.len() as u64) < all {
            let mut page = self.ask("get_result", json!({"result": id, "skip": rows.len()})).await?;
            let more = taken(&mut page);
            if more.is_empty() {
                return Err(format!("{tool}: the rest of the result does not come"));
            }
            rows.extend(more);
        }
        Ok(rows)
    }

    /// Has a change planned, and applies the plan with its digest. The entry of the journal is the answer.
    ///
    /// # Errors
    /// What stands in the way, and a change that did not take place.
    pub async fn change(&mut self, tool: &str, arguments: Value) -> Result<String, String> {
        let planned = self.ask(tool, arguments.clone()).await?;
        let plan = &planned["plan"];
        let Some(digest) = plan["digest"].as_str().filter(|_| plan["applied"] == false) else {
            return Err(format!("{tool}: there is nothing to do, or no plan of it"));
        };
        let mut agreed = Map::new();
        agreed.insert("plan_digest".to_owned(), json!(digest));
        if let Some(name) = plan["confirm"].as_str() {
            agreed.insert("confirm".to_owned(), json!(name));
        }
        agreed.extend(arguments.as_object().cloned().unwrap_or_default());
        let applied = self.ask(tool, Value::Object(agreed)).await?;
        if applied["plan"]["applied"] != true {
            return Err(format!("{tool}: the plan was not applied: {}", applied["plan"]));
        }
        applied["plan"]["journal"]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| format!("{tool}: nothing is in the journal"))
    }
}

fn taken(content: &mut Value) -> Vec<Value> {
    match content["values"].take() {
        Value::Array(rows) => rows,
        _ => Vec::new(),
    }
}
