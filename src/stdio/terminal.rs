//! Questions to a person at the terminal, which may be there although both standard streams lead elsewhere.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};

use parking_lot::Mutex;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use zeroize::Zeroizing;

/// How the terminal was before it was told not to show what is typed, while it is told so.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Columns of a terminal; `None` if it is none.
pub fn columns(file: &File) -> Option<u32> {
    tcgetwinsize(file).ok().map(|size| u32::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Lets the terminal show what is typed again, if a question was left open. Call it before the process ends.
pub fn show_input_again() {
    if let Some(before) = BEFORE.lock().take()
        && let Ok(terminal) = open()
    {
        let _ = tcsetattr(terminal, OptionalActions::Flush, &before);
    }
}

/// Asks a question and reads one line.
///
/// # Errors
/// There is no terminal, or it ended.
pub fn read_line(question: &str) -> io::Result<Zeroizing<String>> {
    let mut terminal = open()?;
    terminal.write_all(question.as_bytes())?;
    line_of(&mut terminal)
}

/// The same, with nothing of the answer shown.
///
/// # Errors
/// As [`read_line`].
pub fn read_hidden_line(question: &str) -> io::Result<Zeroizing<String>> {
    let mut terminal = open()?;
    let before = tcgetattr(&terminal)?;
    let mut hidden = before.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    BEFORE.lock().get_or_insert(before);
    // Before the question: whoever answers quickly is not to be seen either.
    let line = tcsetattr(&terminal, OptionalActions::Flush, &hidden)
        .map_err(io::Error::from)
        .and_then(|()| terminal.write_all(question.as_bytes()))
        .and_then(|()| line_of(&mut terminal));
    show_input_again();
    terminal.write_all(b"\n")?;
    line
}

fn open() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/tty")
}

fn line_of(terminal: &mut File) -> io::Result<Zeroizing<String>> {
    // Byte by byte into memory that does not move: nothing of a secret is left behind in a grown buffer.
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    let mut byte = [0u8];
    loop {
        match terminal.read(&mut byte)? {
            0 if bytes.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            0 => break,
            _ if byte[0] == b'\n' => break,
            _ if bytes.len() == bytes.capacity() => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the answer is longer than 4096 bytes",
                ));
            }
            _ => bytes.push(byte[0]),
        }
    }
    std::str::from_utf8(&bytes)
        .map(|text| Zeroizing::new(text.trim_end_matches('\r').to_owned()))
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the answer is not UTF-8"))
}
