//! What a native file is made for, read from its first bytes: ELF, PE and Mach-O, only as far as needed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Reads `N` bytes at `offset`; `None` if they are not all there.
pub(super) fn bytes<const N: usize>(data: &[u8], offset: usize) -> Option<[u8; N]> {
    data.get(offset..offset.checked_add(N)?)?.try_into().ok()
}

/// Little-endian number of two bytes.
pub(super) fn u16_at(data: &[u8], offset: usize) -> Option<u16> {
    bytes(data, offset).map(u16::from_le_bytes)
}

/// Little-endian number of four bytes.
pub(super) fn u32_at(data: &[u8], offset: usize) -> Option<u32> {
    bytes(data, offset).map(u32::from_le_bytes)
}

fn u64_at(data: &[u8], offset: usize) -> Option<u64> {
    bytes(data, offset).map(u64::from_le_bytes)
}

/// What a native file is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) system: System,
    /// Name as in [`std::env::consts::ARCH`]; several for a universal Mach-O file.
    pub(super) architectures: Vec<&'static str>,
    /// ELF only, if it could be told.
    pub(super) libc: Option<Libc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    /// Linux and other systems with ELF files.
    Elf,
    Windows,
    MacOs,
}

impl System {
    /// The system of this program.
    pub(super) const OURS: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_vendor = "apple") {
        Self::MacOs
    } else {
        Self::Elf
    };

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Elf => "Linux",
            Self::Windows => "Windows",
            Self::MacOs => "macOS",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Libc {
    Gnu,
    Musl,
}

impl Libc {
    /// The C library of this program, where there is a choice.
    pub(super) const OURS: Option<Self> = if cfg!(all(target_os = "linux", target_env = "gnu")) {
        Some(Self::Gnu)
    } else if cfg!(all(target_os = "linux", target_env = "musl")) {
        Some(Self::Musl)
    } else {
        None
    };

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Gnu => "glibc",
            Self::Musl => "musl",
        }
    }
}

/// Reads what `path` is made for; `None` if it is no native file of a kind known here.
pub(super) fn read(path: &Path) -> io::Result<Option<Made>> {
    let mut file = File::open(path)?;
    let head = read_at(&mut file, 0, 4096)?;
    Ok(if head.starts_with(b"\x7fELF") {
        elf(&head, &mut |offset, length| read_at(&mut file, offset, length))?
    } else if head.starts_with(b"MZ") {
        portable_executable(&head)
    } else {
        mach_o(&head)
    })
}

/// Up to `length` bytes; fewer at the end of the file.
fn read_at(file: &mut File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(offset))?;
    let mut data = Vec::with_capacity(length);
    file.take(length as u64).read_to_end(&mut data)?;
    Ok(data)
}

type Reader<'a> = dyn FnMut(u64, usize) -> io::Result<Vec<u8>> + 'a;

fn elf(head: &[u8], read: &mut Reader<'_>) -> io::Result<Option<Made>> {
    // The systems that PowerShell exists for are little-endian.
    let (Some(class), Some(1)) = (head.get(4), head.get(5)) else { return Ok(None) };
    let wide = *class == 2;
    let architecture = match u16_at(head, 18) {
        Some(0x3e) => "x86_64",
        Some(0xb7) => "aarch64",
        Some(0x03) => "x86",
        Some(0x28) => "arm",
        Some(0xf3) => "riscv64",
        Some(0x102) => "loongarch64",
        Some(0x15) => "powerpc64",
        Some(_) => "another processor",
        None => return Ok(None),
    };
    let libc = elf_libc(head, wide, read)?;
    Ok(Some(Made { system: System::Elf, architectures: vec![architecture], libc }))
}

/// The C library: from the interpreter (programs) or the libraries named as needed (libraries).
fn elf_libc(head: &[u8], wide: bool, read: &mut Reader<'_>) -> io::Result<Option<Libc>> {
    const INTERPRETER: u32 = 3;
    const DYNAMIC: u32 = 2;
    const LOAD: u32 = 1;
    /// No program has more; what claims more is damaged.
    const MOST: usize = 64;

    let (table, entry, count) = if wide {
        (u64_at(head, 32), u16_at(head, 54), u16_at(head, 56))
    } else {
        (u32_at(head, 28).map(u64::from), u16_at(head, 42), u16_at(head, 44))
    };
    let (Some(table), Some(entry), Some(count)) = (table, entry, count) else { return Ok(None) };
    let (entry, count) = (usize::from(entry), usize::from(count).min(MOST));
    let headers = read(table, entry * count)?;

    // (type, offset in the file, address, size in the file)
    let segments: Vec<(u32, u64, u64, u64)> = (0..count)
        .filter_map(|i| {
            let header = headers.get(i * entry..)?;
            let kind = u32_at(header, 0)?;
            Some(if wide {
                (kind, u64_at(header, 8)?, u64_at(header, 16)?, u64_at(header, 32)?)
            } else {
                let number = |at| u32_at(header, at).map(u64::from);
                (kind, number(4)?, number(8)?, number(16)?)
            })
        })
        .collect();

    let of_kind = |wanted| segments.iter().find(move |(kind, ..)| *kind == wanted);
    if let Some((_, offset, _, size)) = of_kind(INTERPRETER) {
        return Ok(libc_named(&read(*offset, short(*size, 4096))?));
    }
    let Some((_, offset, _, size)) = of_kind(DYNAMIC) else { return Ok(None) };
    let dynamic = read(*offset, short(*size, 1 << 16))?;
    let step = if wide { 16 } else { 8 };
    let entries = dynamic.chunks_exact(step).filter_map(|item| {
        Some(if wide {
            (u64_at(item, 0)?, u64_at(item, 8)?)
        } else {
            (u64::from(u32_at(item, 0)?), u64::from(u32_at(item, 4)?))
        })
    });
    let (mut strings, mut length, mut needed) = (0, 0, Vec::new());
    for (tag, value) in entries {
        match tag {
            1 => needed.push(value),
            5 => strings = value,
            10 => length = value,
            _ => {}
        }
    }
    // The table's address in memory, turned into its place in the file.
    let place = segments
        .iter()
        .find(|(kind, _, address, size)| *kind == LOAD && strings >= *address && strings - address < *size)
        .and_then(|(_, offset, address, _)| offset.checked_add(strings - address));
    let Some(place) = place else { return Ok(None) };
    let names = read(place, short(length, 1 << 22))?;
    Ok(needed.into_iter().find_map(|at| {
        let name = names.get(usize::try_from(at).ok()?..)?;
        libc_named(name.split(|byte| *byte == 0).next()?)
    }))
}

fn short(size: u64, most: usize) -> usize {
    usize::try_from(size).unwrap_or(most).min(most)
}

fn libc_named(name: &[u8]) -> Option<Libc> {
    let name = String::from_utf8_lossy(name);
    let name = name.trim_end_matches('\0').rsplit('/').next().unwrap_or_default();
    if name.starts_with("ld-musl") || name.starts_with("libc.musl") {
        Some(Libc::Musl)
    } else if name.starts_with("ld-linux") || name.starts_with("ld64") || name.starts_with("libc.so.6") {
        Some(Libc::Gnu)
    } else {
        None
    }
}

fn portable_executable(head: &[u8]) -> Option<Made> {
    let header = usize::try_from(u32_at(head, 0x3c)?).ok()?;
    if bytes(head, header)? != *b"PE\0\0" {
        return None;
    }
    let architecture = match u16_at(head, header + 4)? {
        0x8664 => "x86_64",
        0xaa64 => "aarch64",
        0x014c => "x86",
        0x01c4 => "arm",
        _ => "another processor",
    };
    Some(Made { system: System::Windows, architectures: vec![architecture], libc: None })
}

fn mach_o(head: &[u8]) -> Option<Made> {
    let architecture = |cpu: u32| match cpu {
        0x0100_0007 => "x86_64",
        0x0100_000c => "aarch64",
        _ => "another processor",
    };
    let architectures = match bytes(head, 0)? {
        [0xcf, 0xfa, 0xed, 0xfe] => vec![architecture(u32_at(head, 4)?)],
        // A universal file: big-endian, a list of the files in it.
        [0xca, 0xfe, 0xba, 0xbe] => {
            let big = |at| bytes(head, at).map(u32::from_be_bytes);
            let count = usize::try_from(big(4)?).ok().filter(|count| (1..=16).contains(count))?;
            (0..count).map(|i| big(8 + i * 20).map(architecture)).collect::<Option<_>>()?
        }
        _ => return None,
    };
    Some(Made { system: System::MacOs, architectures, libc: None })
}
