//! The contents of a Windows execution alias.

use super::binary::{bytes, u16_at, u32_at};

/// The program an alias starts: the third text of its reparse point (package, application, program).
pub(super) fn target(reparse: &[u8]) -> Option<String> {
    const APP_EXEC_LINK: u32 = 0x8000_001b;
    /// Tag, length, reserved, version.
    const TEXTS: usize = 12;

    if u32_at(reparse, 0)? != APP_EXEC_LINK {
        return None;
    }
    let end = 8 + usize::from(u16_at(reparse, 4)?);
    let units: Vec<u16> = (TEXTS..end.min(reparse.len()).saturating_sub(1))
        .step_by(2)
        .map_while(|at| bytes(reparse, at).map(u16::from_le_bytes))
        .collect();
    let program = units.split(|unit| *unit == 0).nth(2).filter(|program| !program.is_empty())?;
    String::from_utf16(program).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reparse(texts: &[&str]) -> Vec<u8> {
        let units = texts.iter().flat_map(|text| text.encode_utf16().chain([0]));
        let data: Vec<u8> = 3_u32.to_le_bytes().into_iter().chain(units.flat_map(u16::to_le_bytes)).collect();
        let mut all = 0x8000_001b_u32.to_le_bytes().to_vec();
        all.extend(u16::try_from(data.len()).unwrap().to_le_bytes());
        all.extend([0, 0]);
        all.extend(data);
        all
    }

    #[test]
    fn the_program_of_an_alias_is_its_third_text() {
        let program =
            r"C:\Program Files\WindowsApps\Microsoft.PowerShell_7.6.5.0_x64__8wekyb3d8bbwe\pwsh.exe";
        let alias = reparse(&[
            "Microsoft.PowerShell_8wekyb3d8bbwe",
            "Microsoft.PowerShell_8wekyb3d8bbwe!App",
            program,
            "0",
        ]);
        assert_eq!(target(&alias).as_deref(), Some(program));
    }

    #[test]
    fn another_kind_of_link_is_none() {
        let mut alias = reparse(&["a", "b", "c"]);
        alias[0] = 0x0c;
        assert_eq!(target(&alias), None);
    }

    proptest! {
        #[test]
        fn damaged_bytes_never_panic(mut data in proptest::collection::vec(any::<u8>(), 0..64)) {
            target(&data);
            if data.len() >= 4 {
                data[..4].copy_from_slice(&0x8000_001b_u32.to_le_bytes());
            }
            target(&data);
        }
    }
}
