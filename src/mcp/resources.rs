//! What clients may read: files below configured folders, kept results, and the output of commands that only read.

use std::{
    fs,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use serde_json::{Map, Value};
use url::Url;

use super::{call::Caller, dispatch::Dispatcher};

/// Longest file or result that is given whole, bytes.
const MAX_BYTES: u64 = 1 << 20;
/// Most files that are listed.
const MAX_FILES: usize = 2_000;
/// Deepest folder below a root that is looked into.
const MAX_DEPTH: usize = 8;

/// `runspaced://result/{id}`
pub(crate) const RESULT: &str = "runspaced://result/";
/// `runspaced://command/{tool}?Name=value`
pub(crate) const COMMAND: &str = "runspaced://command/";

/// One resource of the list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Listed {
    pub(crate) uri: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) mime: &'static str,
    pub(crate) bytes: Option<u64>,
}

/// A kind of resources.
pub(crate) struct Template {
    pub(crate) uri: String,
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) mime: &'static str,
}

/// What a resource holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    Text { text: String, mime: &'static str },
    Bytes { bytes: Vec<u8>, mime: &'static str },
}

/// What a URI stands for.
#[derive(Debug, PartialEq)]
pub(crate) enum Address {
    File(PathBuf),
    Result(String),
    Command { tool: String, arguments: Map<String, Value> },
}

/// Folders whose files are served. Hidden files, and what links lead out of a folder to, are not.
#[derive(Debug, Default)]
pub(crate) struct Roots(Vec<PathBuf>);

impl Address {
    /// From a URI.
    ///
    /// # Errors
    /// What it could be.
    pub(crate) fn parse(uri: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "'{}' is no resource here; there are file:///…, {RESULT}… and {COMMAND}…",
                uri.chars().take(120).collect::<String>()
            )
        };
        if let Some(id) = uri.strip_prefix(RESULT) {
            return Ok(Self::Result(id.to_owned()));
        }
        let url = Url::parse(uri).map_err(|_| wrong())?;
        match url.scheme() {
            "file" => url.to_file_path().map(Self::File).map_err(|()| wrong()),
            "runspaced" if uri.starts_with(COMMAND) => {
                let tool = url.path().trim_start_matches('/').to_owned();
                Ok(Self::Command { tool, arguments: arguments(&url) })
            }
            _ => Err(wrong()),
        }
    }
}

/// The query of a URI as arguments: a name given twice is a list; numbers and truth values are taken as such.
fn arguments(url: &Url) -> Map<String, Value> {
    let mut arguments = Map::<String, Value>::new();
    for (name, text) in url.query_pairs() {
        let value = match serde_json::from_str(&text) {
            Ok(value @ (Value::Bool(_) | Value::Number(_))) => value,
            _ => Value::String(text.into_owned()),
        };
        match arguments.get_mut(&*name) {
            Some(Value::Array(list)) => list.push(value),
            Some(there) => *there = Value::Array(vec![there.take(), value]),
            None => {
                arguments.insert(name.into_owned(), value);
            }
        }
    }
    arguments
}

impl Roots {
    /// Folders that are there.
    ///
    /// # Errors
    /// The first that is not.
    pub(crate) fn new(folders: &[PathBuf]) -> Result<Self, String> {
        let root = |folder: &PathBuf| {
            let path = fs::canonicalize(folder)
                .map_err(|error| format!("resources folder {}: {error}", folder.display()))?;
            if path.is_dir() {
                Ok(path)
            } else {
                Err(format!("resources folder {} is no folder", folder.display()))
            }
        };
        folders.iter().map(root).collect::<Result<_, _>>().map(Self)
    }

    /// True if there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All files, sorted by path.
    pub(crate) fn list(&self) -> Vec<Listed> {
        let mut files = Vec::new();
        for root in &self.0 {
            walk(root, root, 0, &mut files);
        }
        files.sort_by(|a, b| a.uri.cmp(&b.uri));
        files
    }

    /// A file's content.
    ///
    /// # Errors
    /// Why it cannot be had.
    pub(crate) fn read(&self, path: &Path) -> Result<Content, String> {
        // The same words for what is not there and what is not served: nobody learns what there is elsewhere.
        let refused = || format!("there is no resource {}", path.display());
        let real = fs::canonicalize(path).map_err(|_| refused())?;
        let inside = self.0.iter().find_map(|root| real.strip_prefix(root).ok()).ok_or_else(refused)?;
        if inside.components().any(|part| matches!(part, Component::Normal(name) if is_hidden(name)))
            || !real.is_file()
        {
            return Err(refused());
        }
        let size = fs::metadata(&real).map_err(|error| error.to_string())?.len();
        if size > MAX_BYTES {
            return Err(format!("{} has {size} bytes; at most {MAX_BYTES} are given", path.display()));
        }
        let bytes = fs::read(&real).map_err(|error| format!("{}: {error}", path.display()))?;
        let mime = mime(&real);
        Ok(match String::from_utf8(bytes) {
            Ok(text) => Content::Text { text, mime },
            Err(error) => Content::Bytes { bytes: error.into_bytes(), mime: "application/octet-stream" },
        })
    }
}

fn is_hidden(name: &std::ffi::OsStr) -> bool {
    name.to_string_lossy().starts_with('.')
}

fn walk(root: &Path, folder: &Path, depth: usize, files: &mut Vec<Listed>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if files.len() >= MAX_FILES {
            return;
        }
        let Ok(kind) = entry.file_type() else { continue };
        if is_hidden(&entry.file_name()) {
            continue;
        }
        let path = entry.path();
        if kind.is_dir() && depth < MAX_DEPTH {
            walk(root, &path, depth + 1, files);
        } else if kind.is_file()
            && let Ok(uri) = Url::from_file_path(&path)
        {
            files.push(Listed {
                uri: uri.into(),
                name: path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned(),
                description: String::new(),
                mime: mime(&path),
                bytes: entry.metadata().ok().map(|metadata| metadata.len()),
            });
        }
    }
}

fn mime(path: &Path) -> &'static str {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("json") => "application/json",
        Some("md") => "text/markdown",
        Some("csv") => "text/csv",
        Some("yaml" | "yml") => "application/yaml",
        Some("xml") => "application/xml",
        Some("html" | "htm") => "text/html",
        _ => "text/plain",
    }
}

/// Results as resources, the newest first.
pub(crate) fn results(dispatcher: &Dispatcher, caller: &Caller) -> Vec<Listed> {
    let listed = |kept: &Arc<super::results::Kept>| Listed {
        uri: format!("{RESULT}{}", kept.id),
        name: format!("Result of {}", kept.tool),
        description: format!("{} rows, {}", kept.output.count(), kept.made),
        mime: "application/json",
        bytes: Some(kept.bytes as u64),
    };
    dispatcher.results.list(caller).iter().map(listed).collect()
}

/// A kept result as JSON.
///
/// # Errors
/// Why it cannot be had.
pub(crate) fn result(dispatcher: &Dispatcher, caller: &Caller, id: &str) -> Result<Content, String> {
    let kept = dispatcher.results.find(caller, id)?;
    let json = kept.output.json();
    if json.len() as u64 > MAX_BYTES {
        return Err(format!(
            "the result has {} bytes; at most {MAX_BYTES} are given. Page it with {}",
            json.len(),
            super::results::GET_RESULT
        ));
    }
    Ok(Content::Text { text: json.to_owned(), mime: "application/json" })
}

/// The kinds of resources that a server has.
pub(crate) fn templates(roots: &Roots) -> Vec<Template> {
    let mut templates = vec![
        Template {
            uri: format!("{COMMAND}{{tool}}{{?arguments*}}"),
            name: "command",
            description: "Output of a tool that only reads, as JSON; the arguments are those of the tool",
            mime: "application/json",
        },
        Template {
            uri: format!("{RESULT}{{id}}"),
            name: "result",
            description: "A result that was too long for one answer, as JSON",
            mime: "application/json",
        },
    ];
    if !roots.is_empty() {
        templates.push(Template {
            uri: "file:///{+path}".to_owned(),
            name: "file",
            description: "A file below one of the folders that are served",
            mime: "text/plain",
        });
    }
    templates
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn uris_stand_for_files_results_and_commands() {
        let command = Address::parse("runspaced://command/get_thing?Name=a%20b&Id=1&Id=2&Deep=true")
            .expect("an address");
        let expected = json!({"Name": "a b", "Id": [1, 2], "Deep": true});
        let Address::Command { tool, arguments } = command else { panic!("not a command") };
        assert_eq!((tool.as_str(), Value::Object(arguments)), ("get_thing", expected));
        assert_eq!(Address::parse("runspaced://result/abc"), Ok(Address::Result("abc".to_owned())));
        for wrong in ["https://example.com/", "x", "runspaced://other/x", "file://host/x"] {
            assert!(Address::parse(wrong).is_err() || cfg!(windows), "{wrong}");
        }
    }

    #[test]
    fn files_are_served_from_below_their_folder_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("served");
        fs::create_dir_all(root.join("inner")).expect("made");
        fs::write(root.join("inner/a b.md"), "# text").expect("written");
        fs::write(root.join("raw.bin"), [0xff, 0]).expect("written");
        fs::write(root.join(".env"), "SECRET=1").expect("written");
        fs::write(folder.path().join("outside.txt"), "no").expect("written");
        let roots = Roots::new(std::slice::from_ref(&root)).expect("a root");
        let list = roots.list();
        let names: Vec<String> = list.iter().map(|file| file.name.replace('\\', "/")).collect();
        assert_eq!(names, ["inner/a b.md", "raw.bin"]);
        let Ok(Address::File(path)) = Address::parse(&list[0].uri) else { panic!("not a file") };
        assert_eq!(roots.read(&path), Ok(Content::Text { text: "# text".to_owned(), mime: "text/markdown" }));
        assert!(matches!(roots.read(&root.join("raw.bin")), Ok(Content::Bytes { .. })));
        let mut refused =
            vec![root.join(".env"), root.join("../outside.txt"), root.join("nothing"), root.join("inner")];
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(folder.path().join("outside.txt"), root.join("link.txt"))
                .expect("linked");
            refused.push(root.join("link.txt"));
        }
        for path in &refused {
            assert!(
                roots.read(path).is_err_and(|error| error.starts_with("there is no resource")),
                "{}",
                path.display()
            );
        }
        fs::write(root.join("big.txt"), vec![b'x'; MAX_BYTES as usize + 1]).expect("written");
        assert!(roots.read(&root.join("big.txt")).is_err_and(|error| error.contains("at most")));
        assert!(Roots::new(&[folder.path().join("nowhere")]).is_err());
    }
}
