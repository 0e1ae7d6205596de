//! Lines of which each vouches for the one before: a line that was changed, taken out or put in breaks the chain.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom},
    path::Path,
};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// What the first line refers to.
pub(super) const ORIGIN: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The end of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tip {
    /// Number of the last record; 0: there is none.
    pub(super) seq: u64,
    pub(super) hash: String,
    /// The file ends inside of a line: the process or the machine stopped while it was written.
    pub(super) torn: bool,
}

/// A chain that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// Records of the file.
    pub records: u64,
    /// Lines that were never finished, because the process or the machine stopped.
    pub torn: u64,
}

/// The line of a record: `body` is the JSON object, without its end, that a line begins with.
pub(super) fn line(body: &str, previous: &str) -> (String, String) {
    let body = format!("{body},\"prev\":\"{previous}\"");
    let hash = format!("{:x}", Sha256::digest(body.as_bytes()));
    (format!("{body},\"hash\":\"{hash}\"}}\n"), hash)
}

/// The number and hash of a line that is whole by itself, and the hash it refers to.
fn read(line: &str) -> Option<(u64, String, String)> {
    let record: Value = serde_json::from_str(line).ok()?;
    let hash = record["hash"].as_str()?;
    let body = line.strip_suffix(&format!(",\"hash\":\"{hash}\"}}"))?;
    (format!("{:x}", Sha256::digest(body.as_bytes())) == hash).then_some(())?;
    Some((record["seq"].as_u64()?, hash.to_owned(), record["prev"].as_str()?.to_owned()))
}

/// The end of the chain in a file.
///
/// # Errors
/// What the system says, or that the file is something else.
pub(super) fn tip(file: &mut File) -> io::Result<Tip> {
    const LOOKED_AT: u64 = 64 << 10;
    let length = file.metadata()?.len();
    if length == 0 {
        return Ok(Tip { seq: 0, hash: ORIGIN.to_owned(), torn: false });
    }
    file.seek(SeekFrom::Start(length.saturating_sub(LOOKED_AT)))?;
    let mut end = Vec::new();
    file.take(LOOKED_AT).read_to_end(&mut end)?;
    let torn = !end.ends_with(b"\n");
    let end = String::from_utf8_lossy(&end);
    let last = end.lines().rev().find_map(read);
    match last {
        Some((seq, hash, _)) => Ok(Tip { seq, hash, torn }),
        None => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the file is no audit file, or its end was changed; move it away to begin a new one",
        )),
    }
}

/// Follows the chain of an audit file from its first line to its last.
///
/// # Errors
/// The file cannot be read, or the number of the line from which on the chain is broken, and why.
pub fn verify(path: &Path) -> io::Result<Verified> {
    let mut verified = Verified { records: 0, torn: 0 };
    let mut expected = ORIGIN.to_owned();
    for (index, line) in BufReader::new(File::open(path)?).lines().enumerate() {
        let line = line?;
        let broken = |why: String| {
            Err(io::Error::new(io::ErrorKind::InvalidData, format!("line {}: {why}", index + 1)))
        };
        match read(&line) {
            // An unfinished line has no successor that refers to it; one that was spoilt later has.
            None if serde_json::from_str::<Value>(&line).is_err() => verified.torn += 1,
            None => return broken("the record was changed".to_owned()),
            Some((seq, _, _)) if seq != verified.records + 1 => {
                return broken(format!("record {seq} follows record {}", verified.records));
            }
            Some((_, _, previous)) if previous != expected => {
                return broken("the record before it was changed, taken out or put in".to_owned());
            }
            Some((_, hash, _)) => {
                expected = hash;
                verified.records += 1;
            }
        }
    }
    Ok(verified)
}
