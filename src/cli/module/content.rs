//! What is installed: the module's files, the assembly, the C library.

use std::path::PathBuf;

use runspaced::sentinel::module;

/// Files by name.
pub struct Content(pub Vec<(String, Vec<u8>)>);

/// Name of the C library on this system.
const LIBRARY: &str = if cfg!(windows) {
    "runspaced.dll"
} else if cfg!(target_os = "macos") {
    "librunspaced.dylib"
} else {
    "librunspaced.so"
};

impl Content {
    /// What this program has, with the C library from a file.
    ///
    /// # Errors
    /// If the library is nowhere: without it the functions could do nothing.
    pub fn of_this_program(library: Option<PathBuf>) -> Result<Self, String> {
        let library = match library {
            Some(given) => given,
            None => beside()?,
        };
        let bytes = std::fs::read(&library)
            .map_err(|error| format!("{} cannot be read: {error}", library.display()))?;
        let mut files: Vec<(String, Vec<u8>)> =
            module::FILES.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
        files.push((module::ASSEMBLY.to_owned(), module::assembly().to_vec()));
        files.push((LIBRARY.to_owned(), bytes));
        Ok(Self(files))
    }
}

/// The library that came with this program.
fn beside() -> Result<PathBuf, String> {
    let program = std::env::current_exe()
        .and_then(|path| path.canonicalize())
        .map_err(|error| format!("this program does not know where it is: {error}"))?;
    let folder = program.parent().unwrap_or(&program);
    let places = [folder.join(LIBRARY), folder.join("../lib").join(LIBRARY)];
    places.iter().find(|place| place.is_file()).cloned().ok_or_else(|| {
        format!(
            "the C library {LIBRARY}, through which pwsh reaches the operations, is not there: neither {} nor {}. Name it with --library. \
             In `runspaced run` and `runspaced mcp` the module works without it",
            places[0].display(),
            places[1].display()
        )
    })
}
