//! Reading a `.env` file. Its variables never enter the process's environment.

use std::collections::BTreeMap;
use std::path::Path;

use zeroize::Zeroizing;

use super::problem::{Origin, Problem};

/// All variables of the file.
///
/// # Errors
/// The line that is not understood. It is not shown: it may hold a secret.
pub(super) fn read(path: &Path, text: &str) -> Result<BTreeMap<String, Zeroizing<String>>, Problem> {
    let mut variables = BTreeMap::new();
    for item in dotenvy::Iter::new(text.as_bytes()) {
        match item {
            Ok((name, value)) => {
                variables.insert(name, Zeroizing::new(value));
            }
            Err(dotenvy::Error::LineParse(line, _)) => {
                let number =
                    text.lines().position(|candidate| candidate.trim() == line.trim()).map(|index| index + 1);
                let origin = Origin::File { path: path.to_owned(), line: number };
                return Err(Problem::of(
                    origin,
                    "this is not NAME=value; put values with blanks or # in quotes",
                ));
            }
            Err(error) => {
                return Err(Problem::of(
                    Origin::File { path: path.to_owned(), line: None },
                    error.to_string(),
                ));
            }
        }
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_that_is_not_understood_is_numbered_but_not_shown() {
        let problem =
            read(Path::new(".env"), "A=1\nhunter2 is the password\n").expect_err("is wrong").to_string();
        assert!(problem.starts_with(".env:2:"), "{problem}");
        assert!(!problem.contains("hunter2"), "{problem}");
    }
}
