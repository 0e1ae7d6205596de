//! Prompts from files: TOML between two lines `+++`, then the text, in which `{{name}}` stands for an argument.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

/// Longest prompt file, bytes.
const MAX_BYTES: u64 = 256 << 10;
const FENCE: &str = "+++";

/// One prompt.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PromptFile {
    /// The file's name without its extension.
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) arguments: Vec<PromptArgument>,
    text: String,
    path: PathBuf,
}

/// What a prompt file says before its text.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Heading {
    title: Option<String>,
    description: Option<String>,
    #[serde(default)]
    arguments: Vec<PromptArgument>,
}

/// One argument.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PromptArgument {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) required: bool,
    /// What is proposed for it.
    #[serde(default)]
    pub(crate) values: Vec<String>,
    /// `Command.Parameter`: what PowerShell proposes for this parameter.
    #[serde(default)]
    pub(crate) values_of: Option<String>,
}

/// All prompts of a server, by name.
#[derive(Debug, Default)]
pub(crate) struct Prompts(BTreeMap<String, PromptFile>);

impl Prompts {
    /// Reads all `.md` files of these folders.
    ///
    /// # Errors
    /// The first file that is not as it must be, and why.
    pub(crate) fn load(folders: &[PathBuf]) -> Result<Self, String> {
        let mut prompts = BTreeMap::<String, PromptFile>::new();
        for folder in folders {
            let entries = fs::read_dir(folder)
                .map_err(|error| format!("prompts folder {}: {error}", folder.display()))?;
            let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
            paths.retain(|path| {
                path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("md"))
            });
            paths.sort();
            for path in paths {
                let prompt =
                    PromptFile::read(&path).map_err(|error| format!("prompt {}: {error}", path.display()))?;
                if let Some(other) = prompts.get(&prompt.name) {
                    return Err(format!(
                        "two prompts have the name {}: {} and {}; rename one of the files",
                        prompt.name,
                        other.path.display(),
                        path.display()
                    ));
                }
                prompts.insert(prompt.name.clone(), prompt);
            }
        }
        Ok(Self(prompts))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&PromptFile> {
        self.0.get(name)
    }

    /// All, sorted by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &PromptFile> {
        self.0.values()
    }

    /// True if there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text of a prompt with these arguments.
    ///
    /// # Errors
    /// What there is instead, and what is missing.
    pub(crate) fn render(
        &self,
        name: &str,
        arguments: &HashMap<String, String>,
    ) -> Result<(&PromptFile, String), String> {
        let prompt = self.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.iter().map(|prompt| prompt.name.as_str()).collect();
            format!("there is no prompt '{name}'; there are: {}", names.join(", "))
        })?;
        let text = prompt.render(arguments)?;
        Ok((prompt, text))
    }
}

impl PromptFile {
    fn read(path: &Path) -> Result<Self, String> {
        let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
        if size > MAX_BYTES {
            return Err(format!("it has {size} bytes, at most {MAX_BYTES} are read"));
        }
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if name.is_empty()
            || name.len() > 60
            || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        {
            return Err(
                "the file's name is the prompt's: at most 60 letters, digits, '-', '_' and '.'".to_owned()
            );
        }
        Self::parse(name, path, &text.replace("\r\n", "\n"))
    }

    fn parse(name: &str, path: &Path, text: &str) -> Result<Self, String> {
        let (heading, text) = split(text)?;
        let heading: Heading = toml::from_str(heading).map_err(|error| error.to_string())?;
        let prompt = Self {
            name: name.to_owned(),
            title: heading.title,
            description: heading.description,
            arguments: heading.arguments,
            text: text.trim().to_owned(),
            path: path.to_owned(),
        };
        if prompt.text.is_empty() {
            return Err("there is no text".to_owned());
        }
        for placeholder in placeholders(&prompt.text) {
            if !prompt.arguments.iter().any(|argument| argument.name == placeholder) {
                return Err(format!("{{{{{placeholder}}}}} is in the text and not among the arguments"));
            }
        }
        Ok(prompt)
    }

    fn render(&self, given: &HashMap<String, String>) -> Result<String, String> {
        for name in given.keys() {
            if !self.arguments.iter().any(|argument| argument.name == *name) {
                let names: Vec<&str> = self.arguments.iter().map(|argument| argument.name.as_str()).collect();
                return Err(format!(
                    "'{name}' is no argument of {}; there are: {}",
                    self.name,
                    names.join(", ")
                ));
            }
        }
        let missing: Vec<&str> = self
            .arguments
            .iter()
            .filter(|argument| {
                argument.required && given.get(&argument.name).is_none_or(|value| value.trim().is_empty())
            })
            .map(|argument| argument.name.as_str())
            .collect();
        if !missing.is_empty() {
            return Err(format!("the prompt {} needs: {}", self.name, missing.join(", ")));
        }
        // One pass: what an argument contains is never taken for a placeholder.
        let mut text = String::with_capacity(self.text.len());
        let mut rest = self.text.as_str();
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, after)) = after.split_once("}}") else { break };
            text.push_str(before);
            text.push_str(given.get(name.trim()).map_or("", String::as_str));
            rest = after;
        }
        text.push_str(rest);
        Ok(text)
    }
}

/// The heading and the text below it.
fn split(text: &str) -> Result<(&str, &str), String> {
    let text = text.trim_start_matches('\u{feff}');
    let Some(rest) = text.strip_prefix(FENCE).and_then(|rest| rest.strip_prefix('\n')) else {
        if text.starts_with("---") {
            return Err(format!("its heading is between lines ---; here it is TOML between lines {FENCE}"));
        }
        return Ok(("", text));
    };
    rest.split_once(&format!("\n{FENCE}\n"))
        .or_else(|| Some(("", rest.strip_prefix(&format!("{FENCE}\n"))?)))
        .ok_or_else(|| format!("its heading has no end: a second line {FENCE}"))
}

fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).filter_map(|part| Some(part.split_once("}}")?.0.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIAGE: &str = "+++\ntitle = \"Triage\"\n[[arguments]]\nname = \"incident\"\nrequired = true\n\
        [[arguments]]\nname = \"tone\"\nvalues = [\"brief\", \"full\"]\n+++\nLook at {{incident}} ({{ tone }}).\n";

    fn parse(text: &str) -> Result<PromptFile, String> {
        PromptFile::parse("triage", Path::new("triage.md"), text)
    }

    fn given(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn text_is_made_of_arguments_which_are_never_placeholders_themselves() {
        let prompt = parse(TRIAGE).expect("a prompt");
        assert_eq!(prompt.title.as_deref(), Some("Triage"));
        assert_eq!(
            prompt.render(&given(&[("incident", "{{tone}}"), ("tone", "brief")])),
            Ok("Look at {{tone}} (brief).".to_owned())
        );
        assert_eq!(prompt.render(&given(&[("incident", "7")])), Ok("Look at 7 ().".to_owned()));
        assert_eq!(
            prompt.render(&given(&[("tone", "x")])),
            Err("the prompt triage needs: incident".to_owned())
        );
        assert!(
            prompt.render(&given(&[("incdent", "x")])).is_err_and(|text| text.contains("incident, tone"))
        );
    }

    #[test]
    fn file_without_a_heading_is_all_text() {
        assert_eq!(parse("Just do it.").expect("a prompt").text, "Just do it.");
    }

    #[test]
    fn mistakes_in_files_are_named() {
        for (text, expected) in [
            ("+++\ntitel = 1\n+++\nx", "titel"),
            ("---\ntitle: x\n---\nx", "TOML"),
            ("+++\ntitle = \"x\"\nx", "no end"),
            ("+++\n+++\n", "no text"),
            ("Look at {{this}}", "{{this}}"),
        ] {
            let error = parse(text).expect_err(expected);
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn folders_are_read_whole_and_names_are_unique() {
        let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
        fs::write(folders[0].path().join("triage.md"), TRIAGE).expect("written");
        fs::write(folders[0].path().join("notes.txt"), "x").expect("written");
        fs::write(folders[1].path().join("daily.md"), "Every day.").expect("written");
        let paths = folders.each_ref().map(|folder| folder.path().to_owned());
        let prompts = Prompts::load(&paths).expect("prompts");
        assert_eq!(
            prompts.iter().map(|prompt| prompt.name.as_str()).collect::<Vec<_>>(),
            ["daily", "triage"]
        );
        assert!(prompts.render("nightly", &HashMap::new()).is_err_and(|text| text.contains("daily, triage")));
        fs::write(folders[1].path().join("triage.md"), "x").expect("written");
        assert!(Prompts::load(&paths).is_err_and(|error| error.contains("two prompts")));
    }
}
