//! `--secret name=env:VARIABLE|file:PATH|prompt`.

use std::path::PathBuf;
use std::str::FromStr;

use runspaced::SecretProvider;
use zeroize::Zeroizing;

use super::Misuse;
use crate::cli::identity::Secrets;
use crate::stdio;

/// A parameter that is bound to a secret.
#[derive(Debug, Clone)]
pub struct SecretFlag {
    /// The parameter's name.
    pub name: String,
    origin: Origin,
}

#[derive(Debug, Clone)]
enum Origin {
    Variable(String),
    File(PathBuf),
    Prompt,
}

impl FromStr for SecretFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // What was given is not repeated: it may be the secret itself.
        let wanted = "write name=env:VARIABLE, name=file:PATH or name=prompt; a secret itself does not belong on a command line";
        let (name, origin) = text.split_once('=').ok_or(wanted)?;
        let origin = match origin.split_once(':') {
            Some(("env", variable)) if !variable.is_empty() => Origin::Variable(variable.to_owned()),
            Some(("file", path)) if !path.is_empty() => Origin::File(path.into()),
            None if origin == "prompt" => Origin::Prompt,
            _ => return Err(wanted.to_owned()),
        };
        if name.is_empty() {
            return Err(wanted.to_owned());
        }
        Ok(Self { name: name.to_owned(), origin })
    }
}

impl SecretFlag {
    /// The environment variable it comes from.
    pub fn variable(&self) -> Option<String> {
        match &self.origin {
            Origin::Variable(name) => Some(name.clone()),
            _ => None,
        }
    }

    fn resolve(&self, secrets: &Secrets) -> Result<Zeroizing<String>, String> {
        match &self.origin {
            Origin::Variable(name) => secrets
                .get(name)
                .cloned()
                .ok_or_else(|| format!("the environment variable {name} is not set")),
            Origin::File(path) => {
                let text = std::fs::read_to_string(path)
                    .map(Zeroizing::new)
                    .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
                // Editors and `echo` end a file with a line break, which is no part of the secret.
                let value = text.strip_suffix('\n').unwrap_or(&text);
                Ok(Zeroizing::new(value.strip_suffix('\r').unwrap_or(value).to_owned()))
            }
            Origin::Prompt => stdio::read_hidden_line(&format!("{}: ", self.name))
                .map_err(|error| format!("there is no terminal to ask for it: {error}")),
        }
    }
}

/// A secret that is at hand.
pub struct Known(Zeroizing<String>);

impl SecretProvider for Known {
    fn secret(&self) -> Result<Zeroizing<String>, String> {
        Ok(self.0.clone())
    }
}

/// All secrets, by name.
pub fn resolve(flags: &[SecretFlag], secrets: &Secrets) -> Result<Vec<(String, Known)>, Misuse> {
    flags
        .iter()
        .map(|flag| match flag.resolve(secrets) {
            Ok(value) if value.is_empty() => Err(Misuse(format!("secret {} is empty", flag.name))),
            Ok(value) => Ok((flag.name.clone(), Known(value))),
            Err(reason) => Err(Misuse(format!("secret {}: {reason}", flag.name))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_on_the_command_line_is_refused_and_not_repeated() {
        for text in ["Password=hunter2", "hunter2", "Password=env:", "=env:X", "Password=hunter2:x"] {
            let error = text.parse::<SecretFlag>().expect_err(text);
            assert!(error.contains("env:VARIABLE") && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn file_loses_its_last_line_break_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        std::fs::write(&path, "a\nb \r\n").expect("written");
        let flag: SecretFlag = format!("Password=file:{}", path.display()).parse().expect("is fine");
        assert_eq!(flag.resolve(&Secrets::default()).map(|value| value.to_string()), Ok("a\nb ".to_owned()));
    }
}
