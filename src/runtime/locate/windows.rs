//! What only Windows has: execution aliases and the registry.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::os::windows::ffi::OsStringExt;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};

use windows_sys::Win32::Storage::FileSystem::{FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT};
use windows_sys::Win32::System::IO::DeviceIoControl;
use windows_sys::Win32::System::Ioctl::FSCTL_GET_REPARSE_POINT;
use windows_sys::Win32::System::Registry::{
    HKEY_LOCAL_MACHINE, RRF_RT_REG_SZ, RRF_SUBKEY_WOW6432KEY, RegGetValueW,
};

use super::alias;

/// Most bytes of a reparse point.
const REPARSE_BYTES: usize = 16 << 10;

/// Where an execution alias (an empty file with a reparse point, in `WindowsApps`) leads to. It cannot be opened like a
/// file or resolved like a link.
pub(super) fn execution_alias(path: &Path) -> Option<PathBuf> {
    if path.symlink_metadata().ok()?.len() != 0 {
        return None;
    }
    let file = OpenOptions::new()
        .access_mode(0)
        .custom_flags(FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS)
        .open(path)
        .ok()?;
    let mut room = vec![0_u8; REPARSE_BYTES];
    let mut length = 0_u32;
    // SAFETY: the handle is alive, no more than the length of `room` is written.
    let done = unsafe {
        DeviceIoControl(
            file.as_raw_handle(),
            FSCTL_GET_REPARSE_POINT,
            std::ptr::null(),
            0,
            room.as_mut_ptr().cast(),
            REPARSE_BYTES as u32,
            &raw mut length,
            std::ptr::null_mut(),
        )
    };
    if done == 0 {
        return None;
    }
    alias::target(room.get(..length as usize)?).map(PathBuf::from)
}

/// A text in the 32-bit view of the machine's registry, where .NET's installers register whatever the processor.
pub(super) fn registry_text(key: &str, name: &str) -> Option<OsString> {
    let wide = |text: &str| -> Vec<u16> { text.encode_utf16().chain([0]).collect() };
    let (key, name) = (wide(key), wide(name));
    let mut room = [0_u16; 1024];
    let mut bytes = size_of_val(&room) as u32;
    // SAFETY: both names end with 0, and no more than `bytes` are written.
    let status = unsafe {
        RegGetValueW(
            HKEY_LOCAL_MACHINE,
            key.as_ptr(),
            name.as_ptr(),
            RRF_RT_REG_SZ | RRF_SUBKEY_WOW6432KEY,
            std::ptr::null_mut(),
            room.as_mut_ptr().cast(),
            &raw mut bytes,
        )
    };
    if status != 0 {
        return None;
    }
    let text = room.get(..bytes as usize / 2)?;
    let end = text.iter().position(|unit| *unit == 0).unwrap_or(text.len());
    Some(OsString::from_wide(&text[..end])).filter(|text| !text.is_empty())
}
