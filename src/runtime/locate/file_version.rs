//! The product version of a managed file: the version resource of its PE image. `pwsh.dll` carries PowerShell's own
//! there, e.g. `7.6.5 SHA: 1f2e...`, so that it can be told without starting anything.

use std::fs;
use std::io;
use std::path::Path;

use semver::Version;

use super::binary::{bytes, u16_at, u32_at};

/// Files larger than this are not read for their version.
const MOST_BYTES: u64 = 64 << 20;

/// Reads the product version of a PE file; `None` if it has none.
pub(super) fn read(path: &Path) -> io::Result<Option<Version>> {
    if fs::metadata(path)?.len() > MOST_BYTES {
        return Ok(None);
    }
    Ok(of_image(&fs::read(path)?))
}

fn of_image(image: &[u8]) -> Option<Version> {
    let resource = version_resource(image)?;
    string_value(resource, "ProductVersion").and_then(|text| parse(&text)).or_else(|| fixed_version(resource))
}

/// The first word of a product version; what follows is the commit.
pub(super) fn parse(text: &str) -> Option<Version> {
    let word = text.split(|c: char| c.is_whitespace() || c == '+').find(|word| !word.is_empty())?;
    Version::parse(word).ok()
}

/// Bytes of the first `RT_VERSION` resource.
fn version_resource(image: &[u8]) -> Option<&[u8]> {
    const RT_VERSION: u32 = 16;
    const RESOURCES: usize = 2;

    let header = usize::try_from(u32_at(image, 0x3c)?).ok()?;
    if bytes(image, header)? != *b"PE\0\0" {
        return None;
    }
    let sections = usize::from(u16_at(image, header + 6)?);
    let optional = header + 24;
    let optional_size = usize::from(u16_at(image, header + 20)?);
    let directories = match u16_at(image, optional)? {
        0x10b => optional + 96,
        0x20b => optional + 112,
        _ => return None,
    };
    let address = u32_at(image, directories + RESOURCES * 8)?;
    let at = |address: u32| place(image, optional + optional_size, sections, address);
    let base = at(address)?;

    // Three levels: type, name, language.
    let by_type = entries(image, base, 0)?.find(|(id, _)| *id == RT_VERSION)?.1;
    let by_name = entries(image, base, subfolder(by_type)?)?.next()?.1;
    let leaf = entries(image, base, subfolder(by_name)?)?.next()?.1;
    let leaf = base.checked_add(usize::try_from(leaf).ok()?)?;
    let start = at(u32_at(image, leaf)?)?;
    let length = usize::try_from(u32_at(image, leaf + 4)?).ok()?;
    image.get(start..start.checked_add(length)?)
}

/// Place in the file of an address in memory.
fn place(image: &[u8], table: usize, sections: usize, address: u32) -> Option<usize> {
    (0..sections.min(96)).find_map(|i| {
        let section = table + i * 40;
        let (start, size) = (u32_at(image, section + 12)?, u32_at(image, section + 16)?);
        let raw = u32_at(image, section + 20)?;
        let inside = address.checked_sub(start).filter(|inside| *inside < size)?;
        usize::try_from(raw.checked_add(inside)?).ok()
    })
}

/// Entries (id, offset) of a resource folder at `offset` from `base`.
fn entries(image: &[u8], base: usize, offset: u32) -> Option<impl Iterator<Item = (u32, u32)> + '_> {
    let folder = base.checked_add(usize::try_from(offset).ok()?)?;
    let count = usize::from(u16_at(image, folder + 12)?) + usize::from(u16_at(image, folder + 14)?);
    Some((0..count.min(4096)).filter_map(move |i| {
        let entry = folder + 16 + i * 8;
        Some((u32_at(image, entry)?, u32_at(image, entry + 4)?))
    }))
}

/// The high bit marks a folder.
fn subfolder(offset: u32) -> Option<u32> {
    (offset & 0x8000_0000 != 0).then_some(offset & 0x7fff_ffff)
}

/// A value of the `StringFileInfo` table. The keys and values are UTF-16 and padded to four bytes; found by its key, which
/// spares walking the nested blocks.
fn string_value(resource: &[u8], key: &str) -> Option<String> {
    let key: Vec<u8> = key.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    // Blocks start at multiples of four, their keys six bytes behind.
    let at = (2..resource.len()).step_by(4).find(|at| resource[*at..].starts_with(&key))?;
    let units = usize::from(u16_at(resource, at.checked_sub(4)?)?);
    let start = (at + key.len()).next_multiple_of(4);
    let text: Vec<u16> =
        (0..units).map_while(|i| u16_at(resource, start + i * 2)).take_while(|unit| *unit != 0).collect();
    String::from_utf16(&text).ok()
}

/// The numbers of `VS_FIXEDFILEINFO`.
fn fixed_version(resource: &[u8]) -> Option<Version> {
    const SIGNATURE: [u8; 4] = 0xfeef_04bd_u32.to_le_bytes();
    let at = resource.windows(4).position(|window| window == SIGNATURE)?;
    let (high, low) = (u32_at(resource, at + 16)?, u32_at(resource, at + 20)?);
    Some(Version::new(u64::from(high >> 16), u64::from(high & 0xffff), u64::from(low >> 16)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::runtime::locate::tests::pe;

    #[test]
    fn product_version_of_an_image_is_read() {
        let image = pe::image("7.6.5 SHA: 0123abc+0123abc", [7, 6, 5, 500]);
        assert_eq!(of_image(&image), Some(Version::new(7, 6, 5)));
    }

    #[test]
    fn a_preview_is_told_from_its_release() {
        let image = pe::image("7.7.0-preview.2 SHA: 01", [7, 7, 0, 2]);
        assert_eq!(of_image(&image), Version::parse("7.7.0-preview.2").ok());
    }

    #[test]
    fn without_a_text_the_numbers_count() {
        let image = pe::image("unversioned", [7, 6, 1, 500]);
        assert_eq!(of_image(&image), Some(Version::new(7, 6, 1)));
    }

    proptest! {
        #[test]
        fn a_damaged_image_never_panics(at in 0_usize..2048, byte: u8, cut in 0_usize..2048) {
            let mut image = pe::image("7.6.5", [7, 6, 5, 0]);
            let at = at % image.len();
            image[at] = byte;
            image.truncate(cut.max(1).min(image.len()));
            of_image(&image);
        }
    }
}
