//! Windows: handles. The standard handles are process-wide slots; a duplicate that is not inheritable keeps the original,
//! and the slots get the null device and the error stream.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::windows::io::{
    AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, IntoRawHandle, OwnedHandle,
};

use windows_sys::Win32::Foundation::{
    DUPLICATE_SAME_ACCESS, DuplicateHandle, HANDLE, HANDLE_FLAG_INHERIT, INVALID_HANDLE_VALUE,
    SetHandleInformation,
};
use windows_sys::Win32::System::Console::{
    CONSOLE_SCREEN_BUFFER_INFO, ENABLE_ECHO_INPUT, GetConsoleMode, GetConsoleScreenBufferInfo, GetStdHandle,
    STD_ERROR_HANDLE, STD_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, SetConsoleMode, SetStdHandle,
};
use windows_sys::Win32::System::Threading::{ExitProcess, GetCurrentProcess};
use zeroize::Zeroizing;

use super::Streams;

pub use std::os::windows::io::AsHandle as Descriptor;

pub(super) fn take() -> io::Result<Streams> {
    let input = private(STD_INPUT_HANDLE)?;
    let output = private(STD_OUTPUT_HANDLE)?;
    let empty = OpenOptions::new().read(true).open("NUL")?;
    let errors = match duplicate(standard(STD_ERROR_HANDLE), true) {
        Ok(handle) => File::from(handle),
        Err(_) => OpenOptions::new().write(true).open("NUL")?,
    };
    install(STD_INPUT_HANDLE, empty)?;
    install(STD_OUTPUT_HANDLE, errors)?;
    Ok(Streams { input, output })
}

pub(super) fn divert_output(to: &impl AsHandle) -> io::Result<()> {
    let handle = duplicate(to.as_handle().as_raw_handle(), true)?;
    install(STD_OUTPUT_HANDLE, File::from(handle))
}

fn standard(which: STD_HANDLE) -> HANDLE {
    // SAFETY: no preconditions.
    unsafe { GetStdHandle(which) }
}

/// The standard stream as a handle of our own that children do not inherit; the null device where there is none.
fn private(which: STD_HANDLE) -> io::Result<File> {
    match duplicate(standard(which), false) {
        Ok(handle) => Ok(File::from(handle)),
        Err(_) => {
            OpenOptions::new().read(which == STD_INPUT_HANDLE).write(which != STD_INPUT_HANDLE).open("NUL")
        }
    }
}

fn duplicate(handle: HANDLE, inherit: bool) -> io::Result<OwnedHandle> {
    if handle.is_null() || handle == INVALID_HANDLE_VALUE {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut copy: HANDLE = std::ptr::null_mut();
    // SAFETY: the process handle is a constant, `handle` is open, `copy` is valid for writing.
    let done = unsafe {
        let process = GetCurrentProcess();
        DuplicateHandle(process, handle, process, &raw mut copy, 0, i32::from(inherit), DUPLICATE_SAME_ACCESS)
    };
    if done == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: just made, and owned by nobody else.
    Ok(unsafe { OwnedHandle::from_raw_handle(copy) })
}

/// Puts a handle into a standard slot, for the life of the process.
fn install(which: STD_HANDLE, file: File) -> io::Result<()> {
    let handle = file.into_raw_handle();
    // SAFETY: the handle is open, and given away here: the slot keeps it.
    let done = unsafe {
        SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
        SetStdHandle(which, handle)
    };
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Removes variables from this process's environment.
pub fn remove_variables(names: &[String]) {
    for name in names {
        // SAFETY: on Windows the environment is guarded by the system.
        unsafe { std::env::remove_var(name) };
    }
}

/// Ends the process without any clean-up of ours.
pub fn end_at_once(code: i32) -> ! {
    // SAFETY: no preconditions; does not return.
    unsafe { ExitProcess(u32::from_ne_bytes(code.to_ne_bytes())) }
}

/// Columns of a console; `None` if it is none.
pub fn columns(file: &File) -> Option<u32> {
    // SAFETY: an all-zero value is valid to be overwritten.
    let mut information: CONSOLE_SCREEN_BUFFER_INFO = unsafe { std::mem::zeroed() };
    // SAFETY: the handle is open, `information` valid for writing.
    let done = unsafe { GetConsoleScreenBufferInfo(file.as_raw_handle(), &raw mut information) };
    let window = information.srWindow;
    (done != 0).then(|| u32::try_from(i32::from(window.Right) - i32::from(window.Left) + 1).ok()).flatten()
}

/// Nothing to do: a console shows what is typed again when the guard of the question goes.
pub fn show_input_again() {}

/// Asks a question at the console and reads one line.
///
/// # Errors
/// There is no console.
pub fn read_line(question: &str) -> io::Result<Zeroizing<String>> {
    OpenOptions::new().write(true).open("CONOUT$")?.write_all(question.as_bytes())?;
    let input = OpenOptions::new().read(true).write(true).open("CONIN$")?;
    let mut line = Zeroizing::new(String::with_capacity(4096));
    BufReader::new(input).read_line(&mut line)?;
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// The same, with nothing of the answer shown.
///
/// # Errors
/// As [`read_line`].
pub fn read_hidden_line(question: &str) -> io::Result<Zeroizing<String>> {
    let input = OpenOptions::new().read(true).write(true).open("CONIN$")?;
    let line = {
        let _hidden = Hidden::new(input.as_handle())?;
        read_line(question)
    };
    OpenOptions::new().write(true).open("CONOUT$")?.write_all(b"\r\n")?;
    line
}

/// A console that does not show what is typed, until this is dropped.
struct Hidden<'a> {
    console: BorrowedHandle<'a>,
    before: u32,
}

impl<'a> Hidden<'a> {
    fn new(console: BorrowedHandle<'a>) -> io::Result<Self> {
        let mut before = 0;
        // SAFETY: the handle is open, `before` valid for writing.
        let done = unsafe {
            GetConsoleMode(console.as_raw_handle(), &raw mut before) != 0
                && SetConsoleMode(console.as_raw_handle(), before & !ENABLE_ECHO_INPUT) != 0
        };
        if done { Ok(Self { console, before }) } else { Err(io::Error::last_os_error()) }
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is open.
        unsafe { SetConsoleMode(self.console.as_raw_handle(), self.before) };
    }
}
