//! The findings of a discovery on disk, so that the next server answers before PowerShell is up; and beside them the list of
//! tools that was made of them, so that the first answer needs neither.
//!
//! A file belongs to one PowerShell, one exposure and one set of settings: their digest is its name. In it are the commands
//! and the stamps of the files that they come from; it counts only while all of these look the same. What is not whole, not
//! ours or out of date is as good as absent, and is replaced.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    discovery::Findings,
    exposure::Exposure,
    listing::Listing,
    sealed::{Kind, Sealed, hex},
    stamp::Stamp,
};
use crate::{engine::Origin, locate::PowerShellHome};

const CATALOG: Kind = Kind { magic: "runspaced-catalog 1 ", ending: "catalog" };
const LISTING: Kind = Kind { magic: "runspaced-tools 1 ", ending: "tools" };

/// A folder of catalogues.
#[derive(Debug, Clone)]
pub(crate) struct CatalogCache {
    folder: PathBuf,
}

/// What a catalogue was made for; digits of a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CacheKey(String);

impl CacheKey {
    /// From the PowerShell and the settings of its runspaces, if there is one, and what is exposed of it.
    pub(crate) fn of(powershell: Option<(&PowerShellHome, &Origin)>, exposure: &Exposure) -> Self {
        #[derive(Serialize)]
        struct Parts<'a> {
            version: &'static str,
            program: Option<Stamp>,
            home: Option<&'a PowerShellHome>,
            slot: Option<&'a str>,
            commands: &'a [String],
            modules: &'a [String],
            scripts: &'a [PathBuf],
            module_path: Option<String>,
        }
        let slot = powershell.map(|(_, origin)| String::from_utf8_lossy(&origin.slot));
        let parts = Parts {
            version: env!("CARGO_PKG_VERSION"),
            // The same version may have been built anew.
            program: std::env::current_exe().ok().map(|path| Stamp::take(&path.to_string_lossy())),
            home: powershell.map(|(home, _)| home),
            slot: slot.as_deref(),
            commands: &exposure.commands,
            modules: &exposure.modules,
            scripts: &exposure.scripts,
            module_path: std::env::var_os("PSModulePath").map(|value| value.to_string_lossy().into_owned()),
        };
        Self(hex(&serde_json::to_vec(&parts).unwrap_or_default()))
    }

    /// Name of a catalogue's file, without its ending.
    fn name(&self) -> &str {
        &self.0[..32]
    }

    /// The same for a list of its tools, which depends on these rules too.
    fn name_of_listing(&self, rules: &str) -> String {
        format!("{}-{}", self.name(), &hex(rules.as_bytes())[..32])
    }
}

impl CatalogCache {
    /// A cache in a folder, which is made when something is stored.
    pub(crate) fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The findings for this key and their digest, if they are still true.
    pub(crate) fn load(&self, key: &CacheKey) -> Option<(Findings, String)> {
        let path = self.path(key);
        let read = || -> Result<(Findings, String), String> {
            let Sealed { body, digest } = CATALOG.read(&path)?;
            Ok((serde_json::from_slice(&body).map_err(|error| error.to_string())?, digest))
        };
        let (findings, digest) = read().map_err(|reason| unused(&path, &reason)).ok()?;
        hold(&path, &findings.stamps).then_some((findings, digest))
    }

    /// Keeps findings, at once or not at all. Returns their digest.
    ///
    /// # Errors
    /// What the system says of the folder.
    pub(crate) fn store(&self, key: &CacheKey, findings: &Findings) -> io::Result<String> {
        CATALOG.write(&self.folder, key.name(), &serde_json::to_vec(findings)?)
    }

    /// The list of tools for this key under these rules, if it is made of the catalogue that is there, and that is still true.
    pub(crate) fn load_listing(&self, key: &CacheKey, rules: &str) -> Option<(Listing, MadeOf)> {
        let path = LISTING.path(&self.folder, &key.name_of_listing(rules));
        let read = || -> Result<(Listing, MadeOf), String> {
            let (listing, made_of) = Listing::unpack(LISTING.read(&path)?.body)?;
            if made_of.catalog != CATALOG.claimed_digest(&self.path(key)) {
                return Err("it is made of another catalogue".to_owned());
            }
            Ok((listing, made_of))
        };
        let (listing, made_of) = read().map_err(|reason| unused(&path, &reason)).ok()?;
        hold(&path, &made_of.stamps).then_some((listing, made_of))
    }

    /// Keeps a list of tools.
    ///
    /// # Errors
    /// What the system says of the folder.
    pub(crate) fn store_listing(
        &self,
        key: &CacheKey,
        rules: &str,
        listing: &Listing,
        made_of: &MadeOf,
    ) -> io::Result<()> {
        LISTING.write(&self.folder, &key.name_of_listing(rules), &listing.pack(made_of)?).map(drop)
    }

    fn path(&self, key: &CacheKey) -> PathBuf {
        CATALOG.path(&self.folder, key.name())
    }
}

/// What a list of tools was made of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct MadeOf {
    /// Digest of the catalogue's file; `None`: there is none, as where there is no PowerShell.
    pub(crate) catalog: Option<String>,
    /// The files that the commands come from.
    pub(crate) stamps: Vec<Stamp>,
}

fn unused(path: &Path, reason: &str) {
    tracing::debug!(path = %path.display(), reason, "nothing is taken from the cache");
}

/// True if all files look as they did.
fn hold(path: &Path, stamps: &[Stamp]) -> bool {
    let stale = stamps.iter().find(|stamp| !stamp.holds());
    if let Some(stale) = stale {
        tracing::debug!(path = %path.display(), ?stale, "what is in the cache is out of date");
    }
    stale.is_none()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::catalog::{sealed::MOST_FILES, tool::tests::command};

    fn key(text: &str) -> CacheKey {
        CacheKey(hex(text.as_bytes()))
    }

    fn findings(folder: &Path) -> Findings {
        let file = folder.join("tools.ps1");
        if !file.exists() {
            fs::write(&file, "function Get-A {}").expect("written");
        }
        let parameter =
            json!([{"name": "P", "type": "int", "bindable": true, "validate_range": {"min": 1, "max": 2}}]);
        Findings {
            commands: vec![command("Get-A", parameter), command("Get-B", json!([]))],
            stamps: vec![Stamp::take(&file.to_string_lossy())],
        }
    }

    fn only_file(folder: &Path) -> PathBuf {
        let mut files = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
        let file = files.next().expect("a file");
        assert_eq!(files.next(), None);
        file
    }

    #[test]
    fn what_is_stored_is_loaded_under_the_same_key_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = CatalogCache::new(folder.path().join("a/cache"));
        let findings = findings(folder.path());
        assert_eq!(cache.load(&key("one")), None);
        cache.store(&key("one"), &findings).expect("stored");
        assert_eq!(cache.load(&key("one")).map(|(loaded, _)| loaded), Some(findings));
        assert_eq!(cache.load(&key("two")), None);
    }

    #[test]
    fn what_is_out_of_date_damaged_or_not_ours_does_not_count_and_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("cache");
        let cache = CatalogCache::new(&place);
        let good = findings(folder.path());
        let store = || cache.store(&key("one"), &good).expect("stored");
        store();
        let file = only_file(&place);
        let whole = fs::read(&file).expect("read");
        let damages: [(&str, Vec<u8>); 5] = [
            ("empty", Vec::new()),
            ("cut", whole[..whole.len() / 2].to_vec()),
            ("changed", {
                let mut bytes = whole.clone();
                let last = bytes.len() - 5;
                bytes[last] ^= 1;
                bytes
            }),
            ("other form", [b"runspaced-catalog 0 ".as_slice(), &whole[20..]].concat()),
            ("foreign", b"{\"commands\":[]}\n".to_vec()),
        ];
        for (what, bytes) in damages {
            fs::write(&file, bytes).expect("written");
            assert_eq!(cache.load(&key("one")), None, "{what}");
            store();
            assert!(cache.load(&key("one")).is_some(), "{what}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).expect("set");
            assert_eq!(cache.load(&key("one")), None, "anybody may write it");
            store();
            assert!(cache.load(&key("one")).is_some());
        }
        fs::write(folder.path().join("tools.ps1"), "function Get-Other {}").expect("written");
        assert_eq!(cache.load(&key("one")), None, "the script has changed");
    }

    #[test]
    fn a_list_counts_for_its_rules_its_catalogue_and_its_files_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = CatalogCache::new(folder.path().join("cache"));
        let one = key("one");
        let mut found = findings(folder.path());
        let stored = cache.store(&one, &found).expect("stored");
        assert_eq!(cache.load(&one).map(|(_, digest)| digest), Some(stored.clone()));
        let listing = Listing::new("[{\"name\":\"get_a\"},\n{\"name\":\"get_b\"}]".to_owned(), Some(2));
        let made_of = MadeOf { catalog: Some(stored), stamps: found.stamps.clone() };
        let store = || cache.store_listing(&one, "rules", &listing, &made_of).expect("stored");
        let load = || cache.load_listing(&one, "rules").map(|(listing, _)| listing);
        store();
        assert_eq!(load(), Some(listing.clone()));
        assert_eq!(cache.load_listing(&one, "other rules"), None);
        assert_eq!(cache.load_listing(&key("two"), "rules"), None);

        let path = LISTING.path(&cache.folder, &one.name_of_listing("rules"));
        let whole = fs::read(&path).expect("read");
        fs::write(&path, &whole[..whole.len() - 1]).expect("written");
        assert_eq!(load(), None, "damaged");
        store();

        let catalog = fs::read(cache.path(&one)).expect("read");
        fs::remove_file(cache.path(&one)).expect("removed");
        assert_eq!(load(), None, "its catalogue is gone");
        found.commands.pop();
        cache.store(&one, &found).expect("stored");
        assert_eq!(load(), None, "its catalogue is another one");
        fs::write(cache.path(&one), catalog).expect("written");
        assert!(load().is_some(), "the same catalogue again");
        fs::write(folder.path().join("tools.ps1"), "function Get-Other {}").expect("written");
        assert_eq!(load(), None, "the script has changed");
    }

    #[test]
    fn number_of_files_is_bounded_and_other_files_are_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("cache");
        let cache = CatalogCache::new(&place);
        let findings = findings(folder.path());
        fs::create_dir(&place).expect("made");
        fs::write(place.join("notes.txt"), "mine").expect("written");
        for number in 0..MOST_FILES + 5 {
            cache.store(&key(&number.to_string()), &findings).expect("stored");
        }
        assert_eq!(fs::read_dir(&place).expect("a folder").count(), MOST_FILES + 1);
        assert!(place.join("notes.txt").exists());
        assert!(cache.load(&key(&(MOST_FILES + 4).to_string())).is_some());
    }

    #[test]
    fn folder_that_cannot_be_written_is_an_error_and_no_more() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("in the way");
        fs::write(&file, "x").expect("written");
        assert!(CatalogCache::new(&file).store(&key("one"), &findings(folder.path())).is_err());
    }
}
