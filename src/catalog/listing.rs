//! The beginning of the list of tools as clients get it: text, ready to be sent.

use super::cache::MadeOf;

/// The first page of the list of tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listing {
    /// A JSON array.
    tools: String,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<usize>,
    /// Nobody needs to be asked whether it is still so.
    pub(crate) definite: bool,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Head {
    made_of: MadeOf,
    next: Option<usize>,
}

impl Listing {
    /// Of a JSON array of tools.
    pub(crate) fn new(tools: String, next: Option<usize>) -> Self {
        Self { tools, next, definite: false }
    }

    /// The JSON array.
    pub(crate) fn tools(&self) -> &str {
        &self.tools
    }

    /// Body of a file: a line about the list, the list.
    pub(super) fn pack(&self, made_of: &MadeOf) -> serde_json::Result<Vec<u8>> {
        let head = Head { made_of: made_of.clone(), next: self.next };
        let mut body = serde_json::to_vec(&head)?;
        body.push(b'\n');
        body.extend_from_slice(self.tools.as_bytes());
        Ok(body)
    }

    /// # Errors
    /// If these bytes are none.
    pub(super) fn unpack(mut body: Vec<u8>) -> Result<(Self, MadeOf), String> {
        let end = body.iter().position(|byte| *byte == b'\n').ok_or("it has no line about the list")?;
        let head: Head = serde_json::from_slice(&body[..end]).map_err(|error| error.to_string())?;
        body.drain(..=end);
        let tools = String::from_utf8(body).map_err(|error| error.to_string())?;
        Ok((Self::new(tools, head.next), head.made_of))
    }
}
