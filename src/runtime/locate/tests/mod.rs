//! Locating on made-up folder trees.

pub(crate) mod native;
pub(crate) mod pe;

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use tempfile::TempDir;

use super::home::library;
use super::*;

/// A file system of its own.
struct Tree {
    _folder: TempDir,
    options: LocateOptions,
}

impl Tree {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let root = trail::real(folder.path()).unwrap();
        let options = LocateOptions { root, ..LocateOptions::default() };
        Self { _folder: folder, options }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.options.root.join(path.trim_start_matches('/'))
    }

    fn write(&self, path: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, contents).unwrap();
        path
    }

    #[cfg(unix)]
    fn link(&self, path: &str, target: &str) -> PathBuf {
        let (path, target) = (self.at(path), self.at(target));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, &path).unwrap();
        path
    }

    /// The `PATH`: folders of this tree.
    fn path(&mut self, folders: &[&str]) {
        let folders: Vec<PathBuf> = folders.iter().map(|folder| self.at(folder)).collect();
        self.options.path = Some(std::env::join_paths(folders).unwrap());
    }

    /// PowerShell with its own runtime, as the official packages have it.
    fn package(&self, home: &str, version: &str) -> PathBuf {
        self.application(home, version, r#"{"runtimeOptions":{"includedFrameworks":[{"name":"Microsoft.NETCore.App","version":"10.0.12"}]}}"#);
        for name in ["hostfxr", "hostpolicy", "coreclr", "psl-native"] {
            self.write(&format!("{home}/{}", library(name)), native::ours());
        }
        self.write(&format!("{home}/System.Private.CoreLib.dll"), "");
        self.at(home)
    }

    /// PowerShell for an installed .NET of at least `framework`.
    fn dependent(&self, home: &str, version: &str, framework: &str) -> PathBuf {
        let config = format!(
            r#"{{"runtimeOptions":{{"framework":{{"name":"Microsoft.NETCore.App","version":"{framework}"}}}}}}"#
        );
        self.application(home, version, &config);
        self.at(home)
    }

    fn application(&self, home: &str, version: &str, config: &str) {
        self.write(&format!("{home}/pwsh.dll"), "MZ");
        self.write(&format!("{home}/pwsh"), "");
        self.write(&format!("{home}/System.Management.Automation.dll"), "MZ");
        self.write(&format!("{home}/pwsh.runtimeconfig.json"), config);
        self.write(
            &format!("{home}/pwsh.deps.json"),
            format!(r#"{{"libraries":{{"Other/1.0.0":{{}},"pwsh/{version}":{{}}}}}}"#),
        );
    }

    /// A .NET installation with these versions of the framework and of `hostfxr`.
    fn dotnet(&self, root: &str, versions: &[&str]) -> PathBuf {
        for version in versions {
            self.write(&format!("{root}/shared/Microsoft.NETCore.App/{version}/here"), "");
            self.write(&format!("{root}/host/fxr/{version}/{}", library("hostfxr")), native::ours());
        }
        self.at(root)
    }

    fn inspect(&self, home: &str) -> Result<PowerShellHome, Reason> {
        inspect(&self.at(home), &self.options)
    }
}

const OPT: &str = "/opt/microsoft/powershell/7";

#[cfg(not(any(windows, target_os = "macos")))]
mod places_of_linux {
    use super::*;

    #[test]
    fn an_official_package_is_found_in_its_folder() {
        let tree = Tree::new();
        let home = tree.package(OPT, "7.6.5");
        let survey = survey(&tree.options);
        let found = survey.home().unwrap();
        assert_eq!(found.path, home);
        assert_eq!(found.version, Version::new(7, 6, 5));
        assert_eq!(found.layout, Layout::SelfContained);
        assert_eq!(found.dotnet.root, home);
        assert_eq!(found.dotnet.hostfxr, home.join(library("hostfxr")));
        assert_eq!(found.dotnet.version, "10.0.12");
        assert_eq!(survey.candidates[survey.chosen.unwrap()].place, Place::Package);
        assert!(
            survey
                .candidates
                .iter()
                .any(|candidate| candidate.place == Place::Snap && candidate.verdict == Verdict::Absent)
        );
    }

    #[test]
    fn what_is_on_the_path_goes_before_the_packages_folder() {
        let mut tree = Tree::new();
        tree.package(OPT, "7.6.5");
        let home = tree.package("/opt/microsoft/powershell/7-preview", "7.7.0-preview.1");
        tree.link("/usr/bin/pwsh", "/opt/microsoft/powershell/7-preview/pwsh");
        tree.path(&["/nowhere", "/usr/bin"]);
        assert_eq!(find(&tree.options).home().unwrap().path, home);
        let all = survey(&tree.options);
        assert_eq!(all.candidates[all.chosen.unwrap()].origin, tree.at("/usr/bin/pwsh"));
        assert!(
            all.candidates.len() > find(&tree.options).candidates.len(),
            "finding ends where it has found"
        );
    }

    #[test]
    fn an_unsuitable_one_on_the_path_is_passed_over_and_named() {
        let mut tree = Tree::new();
        tree.package("/old", "7.4.6");
        let home = tree.package(OPT, "7.6.5");
        tree.path(&["/old"]);
        let survey = find(&tree.options);
        assert_eq!(survey.home().unwrap().path, home);
        let (candidate, reason) = survey.unsuitable().next().unwrap();
        assert_eq!(candidate.place, Place::Path);
        assert!(matches!(reason, Reason::TooOld { .. }));
    }

    #[test]
    fn a_snap_is_found_through_its_command() {
        let mut tree = Tree::new();
        let home = tree.package("/snap/powershell/283/opt/powershell", "7.6.5");
        tree.link("/snap/powershell/current", "/snap/powershell/283");
        tree.write("/usr/bin/snap", "\x7fELF");
        tree.link("/snap/bin/pwsh", "/usr/bin/snap");
        tree.path(&["/snap/bin"]);
        let survey = survey(&tree.options);
        assert_eq!(survey.candidates[0].path, Some(home.clone()));
        assert_eq!(survey.home().unwrap().path, home);
        let snap = survey.candidates.iter().find(|candidate| candidate.place == Place::Snap).unwrap();
        assert_eq!(snap.path, Some(home));
    }

    #[test]
    fn the_registered_place_of_dotnet_counts() {
        let tree = Tree::new();
        tree.dependent("/usr/lib/powershell", "7.6.5", "10.0.0");
        let root = tree.dotnet("/srv/dotnet", &["10.0.12"]);
        tree.write("/etc/dotnet/install_location", "/srv/dotnet\n");
        let found = tree.inspect("/usr/lib/powershell").unwrap();
        assert_eq!(found.dotnet.root, root);
        // A default place comes after it.
        tree.dotnet("/usr/share/dotnet", &["10.0.99"]);
        assert_eq!(tree.inspect("/usr/lib/powershell").unwrap().dotnet.root, root);
    }

    #[test]
    fn a_default_place_of_dotnet_that_lacks_the_version_is_passed_over() {
        let mut tree = Tree::new();
        tree.dependent("/usr/lib/powershell", "7.6.5", "10.0.0");
        tree.dotnet("/usr/share/dotnet", &["8.0.4", "9.0.1"]);
        let root = tree.dotnet("/opt/dotnet", &["10.0.1"]);
        tree.write("/opt/dotnet/dotnet", "");
        tree.link("/usr/bin/dotnet", "/opt/dotnet/dotnet");
        tree.path(&["/usr/bin"]);
        assert_eq!(tree.inspect("/usr/lib/powershell").unwrap().dotnet.root, root);
    }
}

#[test]
fn a_named_folder_is_never_replaced_by_another() {
    let mut tree = Tree::new();
    tree.package(OPT, "7.6.5");
    tree.package("/path", "7.6.5");
    tree.path(&["/path"]);
    for explicit in [true, false] {
        let mut options = tree.options.clone();
        let named = Some(tree.at("/elsewhere"));
        *(if explicit { &mut options.explicit } else { &mut options.environment_home }) = named;
        for survey in [find(&options), survey(&options)] {
            assert!(survey.home().is_none());
            assert_eq!(survey.candidates[0].verdict, Verdict::Absent);
            assert!(survey.summary().contains("elsewhere"), "{}", survey.summary());
        }
    }
}

#[test]
fn the_explicit_name_goes_before_the_environments() {
    let mut tree = Tree::new();
    let one = tree.package("/one", "7.6.5");
    tree.options.environment_home = Some(tree.package("/two", "7.6.5"));
    tree.options.explicit = Some(one.clone());
    assert_eq!(survey(&tree.options).home().unwrap().path, one);
}

#[test]
fn a_program_in_the_folder_names_it_as_well() {
    let tree = Tree::new();
    let home = tree.package("/one", "7.6.5");
    assert_eq!(inspect(&home.join("pwsh"), &tree.options).unwrap().path, home);
    assert_eq!(inspect(&home.join("pwsh.dll"), &tree.options).unwrap().path, home);
}

#[test]
fn an_old_version_says_which_one_works() {
    let tree = Tree::new();
    for (version, suitable) in [
        ("7.4.6", false),
        ("7.5.99", false),
        ("7.6.0-preview.4", false),
        ("7.6.0", true),
        ("7.10.0", true),
        ("8.0.0-preview.1", true),
    ] {
        tree.package("/home", version);
        match tree.inspect("/home") {
            Ok(found) => assert!(suitable && found.version.to_string() == version, "{version}"),
            Err(reason) => {
                assert!(!suitable, "{version}: {reason}");
                assert!(
                    reason.to_string().contains(version) && reason.to_string().contains("7.6.0"),
                    "{reason}"
                );
            }
        }
    }
}

#[test]
fn one_for_another_processor_is_told() {
    let tree = Tree::new();
    tree.package("/home", "7.6.5");
    tree.write(&format!("/home/{}", library("hostfxr")), native::other_processor());
    let reason = tree.inspect("/home").unwrap_err();
    assert!(
        matches!(&reason, Reason::WrongArchitecture { wanted, .. } if wanted == std::env::consts::ARCH),
        "{reason}"
    );
}

#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
#[test]
fn one_for_another_c_library_is_told() {
    let tree = Tree::new();
    tree.package("/home", "7.6.5");
    tree.write("/home/libhostfxr.so", native::elf(native::X86_64, "libc.musl-x86_64.so.1"));
    let reason = tree.inspect("/home").unwrap_err();
    assert!(matches!(&reason, Reason::WrongLibc { found, .. } if found == "musl"), "{reason}");
}

#[cfg(target_os = "linux")]
#[test]
fn one_for_another_system_is_told() {
    let tree = Tree::new();
    tree.package("/home", "7.6.5");
    for name in ["hostfxr", "hostpolicy", "coreclr", "psl-native"] {
        fs::remove_file(tree.at("/home").join(library(name))).unwrap();
    }
    tree.write("/home/hostfxr.dll", pe::image("10.0.12", [10, 0, 0, 0]));
    let reason = tree.inspect("/home").unwrap_err();
    assert!(matches!(&reason, Reason::WrongSystem { found, .. } if found == "Windows"), "{reason}");
    assert!(reason.remedy().contains("Linux"), "{}", reason.remedy());
}

#[test]
fn a_broken_one_names_each_thing_missing() {
    let tree = Tree::new();
    let whole = [
        "System.Management.Automation.dll".to_owned(),
        "pwsh.runtimeconfig.json".to_owned(),
        library("hostpolicy"),
        library("coreclr"),
    ];
    for missing in whole {
        tree.package("/home", "7.6.5");
        fs::remove_file(tree.at("/home").join(&missing)).unwrap();
        match tree.inspect("/home").unwrap_err() {
            Reason::Broken { faults } => assert_eq!(faults, [format!("{missing} is missing")]),
            other => panic!("{missing}: {other}"),
        }
    }
    tree.package("/home", "7.6.5");
    tree.write("/home/pwsh.runtimeconfig.json", "{");
    assert!(tree.inspect("/home").unwrap_err().to_string().contains("pwsh.runtimeconfig.json"));
    tree.package("/home", "7.6.5");
    tree.write(&format!("/home/{}", library("hostfxr")), "no library");
    assert!(tree.inspect("/home").unwrap_err().to_string().contains("is not a library"));
    fs::remove_file(tree.package("/home", "7.6.5").join("pwsh.dll")).unwrap();
    assert!(tree.inspect("/home").unwrap_err().to_string().contains("pwsh.dll is missing"));
}

#[test]
fn a_folder_of_something_else_and_an_empty_one_are_told_apart() {
    let tree = Tree::new();
    tree.write("/docs/readme.txt", "");
    assert!(matches!(tree.inspect("/docs"), Err(Reason::Broken { .. })));
    fs::create_dir(tree.at("/empty")).unwrap();
    let survey = survey(&tree.options.clone().explicit(tree.at("/empty")));
    assert_eq!(survey.candidates[0].verdict, Verdict::Absent);
}

#[test]
fn without_a_list_of_dependencies_the_files_tell_the_version() {
    let tree = Tree::new();
    let home = tree.package("/home", "0.0.0");
    fs::remove_file(home.join("pwsh.deps.json")).unwrap();
    assert!(tree.inspect("/home").unwrap_err().to_string().contains("version cannot be told"));
    tree.write("/home/pwsh.dll", pe::image("7.6.5 SHA: 1f2e", [7, 6, 5, 500]));
    assert_eq!(tree.inspect("/home").unwrap().version, Version::new(7, 6, 5));
}

#[test]
fn the_installed_dotnet_with_the_highest_number_is_started() {
    let mut tree = Tree::new();
    tree.dependent("/home", "7.6.5", "10.0.0");
    let root = tree.dotnet("/net", &["9.0.11", "10.0.2", "10.0.12", "10.0.0-rc.1.25451.107"]);
    tree.options.dotnet_roots = vec![tree.at("/nowhere"), root.clone()];
    let found = tree.inspect("/home").unwrap();
    assert_eq!(found.layout, Layout::FrameworkDependent);
    assert_eq!(found.dotnet.root, root);
    assert_eq!(found.dotnet.version, "10.0.12");
    assert_eq!(found.dotnet.hostfxr, root.join("host/fxr/10.0.12").join(library("hostfxr")));
}

#[test]
fn a_missing_dotnet_says_which_is_needed_and_what_is_there() {
    let mut tree = Tree::new();
    tree.dependent("/home", "7.6.5", "10.0.7");
    let none = tree.inspect("/home").unwrap_err();
    assert!(none.to_string().contains("Microsoft.NETCore.App 10.0.7"), "{none}");
    tree.options.dotnet_roots =
        vec![tree.dotnet("/net", &["8.0.4", "10.0.6"]), tree.dotnet("/new", &["11.0.0"])];
    let reason = tree.inspect("/home").unwrap_err();
    match &reason {
        Reason::NoDotnet { looked_at, .. } => {
            assert_eq!(looked_at[0].versions, ["8.0.4", "10.0.6"]);
            assert_eq!(looked_at[1].versions, ["11.0.0"]);
        }
        other => panic!("{other}"),
    }
    assert!(reason.remedy().contains("10.0.7"), "{}", reason.remedy());
    // A configuration that allows later ones is taken at its word.
    let config = r#"{"runtimeOptions":{"rollForward":"Major","framework":{"name":"Microsoft.NETCore.App","version":"10.0.7"}}}"#;
    tree.write("/home/pwsh.runtimeconfig.json", config);
    assert_eq!(tree.inspect("/home").unwrap().dotnet.version, "11.0.0");
}

#[test]
fn a_dotnet_for_another_processor_is_passed_over() {
    let mut tree = Tree::new();
    tree.dependent("/home", "7.6.5", "10.0.0");
    let (bad, good) = (tree.dotnet("/bad", &["10.0.12"]), tree.dotnet("/good", &["10.0.12"]));
    tree.write(&format!("/bad/host/fxr/10.0.12/{}", library("hostfxr")), native::other_processor());
    tree.options.dotnet_roots = vec![bad.clone(), good.clone()];
    assert_eq!(tree.inspect("/home").unwrap().dotnet.root, good);
    tree.options.dotnet_roots = vec![bad];
    let reason = tree.inspect("/home").unwrap_err();
    assert!(reason.to_string().contains("made for"), "{reason}");
}

#[test]
fn a_dotnet_tool_is_found_beside_its_shim() {
    let mut tree = Tree::new();
    tree.options.dotnet_roots = vec![tree.dotnet("/net", &["10.0.12"])];
    tree.options.home = Some(tree.at("/me"));
    let shim = if cfg!(windows) { "pwsh.exe" } else { "pwsh" };
    tree.write(&format!("/me/.dotnet/tools/{shim}"), native::ours());
    let store = "/me/.dotnet/tools/.store";
    tree.dependent(&format!("{store}/powershell/7.5.4/powershell/7.5.4/tools/net9.0/any"), "7.5.4", "9.0.0");
    // The general package of later versions is a stub.
    tree.write(
        &format!("{store}/powershell/7.6.5/powershell/7.6.5/tools/net10.0/any/DotnetToolSettings.xml"),
        "",
    );
    let home = tree.dependent(
        &format!("{store}/powershell.linux.x64/7.6.5/powershell.linux.x64/7.6.5/tools/net10.0/any"),
        "7.6.5",
        "10.0.0",
    );
    tree.write(
        &format!("{store}/powershell.yaml/9.9.9/powershell.yaml/9.9.9/tools/net10.0/any/other.dll"),
        "",
    );
    let survey = survey(&tree.options);
    let tool = survey.candidates.iter().find(|candidate| candidate.place == Place::DotnetTool).unwrap();
    assert_eq!(tool.path, Some(home));
    assert!(matches!(tool.verdict, Verdict::Suitable(_)), "{:?}", tool.verdict);
}

#[test]
fn what_setup_put_there_is_found_newest_first() {
    let mut tree = Tree::new();
    tree.options.data = Some(tree.at("/data"));
    tree.package("/data/runspaced/powershell/7.9.0", "7.9.0");
    let home = tree.package("/data/runspaced/powershell/7.10.0", "7.10.0");
    assert_eq!(find(&tree.options).home().unwrap().path, home);
}

#[cfg(unix)]
#[test]
fn a_wrapper_script_is_followed_and_its_dotnet_taken() {
    let tree = Tree::new();
    let home = tree.dependent("/brew/Cellar/powershell/7.6.5/libexec", "7.6.5", "10.0.0");
    let root = tree.dotnet("/brew/opt/dotnet/libexec", &["10.0.1"]);
    let script = format!(
        "#!/bin/bash\n# not {other}/pwsh\nDOTNET_ROOT=\"${{DOTNET_ROOT:-{root}}}\" exec \"{home}/pwsh\"  \"$@\"\n",
        other = tree.package("/other", "7.6.5").display(),
        root = root.display(),
        home = home.display()
    );
    tree.write("/brew/Cellar/powershell/7.6.5/bin/pwsh", script);
    let link = tree.link("/brew/bin/pwsh", "/brew/Cellar/powershell/7.6.5/bin/pwsh");
    let found = inspect(&link, &tree.options).unwrap();
    assert_eq!((found.path, found.dotnet.root), (home, root));
}

#[cfg(unix)]
#[test]
fn a_wrapper_of_a_wrapper_is_followed() {
    let tree = Tree::new();
    let home = tree.package("/nix/store/abc-powershell/share/powershell", "7.6.5");
    let inner = tree.write(
        "/nix/store/abc-powershell/bin/.pwsh-wrapped",
        format!("#! /bin/sh -e\nexec dotnet '{}/pwsh.dll' \"$@\"\n", home.display()),
    );
    let outer = tree.write(
        "/nix/store/abc-powershell/bin/pwsh",
        format!("#! /bin/sh -e\nexport LESS='-R'\nexec -a \"$0\" \"{}\" \"$@\"\n", inner.display()),
    );
    assert_eq!(inspect(&outer, &tree.options).unwrap().path, home);
}

#[cfg(unix)]
#[test]
fn trails_that_lead_nowhere_say_where_they_end() {
    let tree = Tree::new();
    let nowhere = tree.link("/bin/pwsh", "/gone");
    assert!(inspect(&nowhere, &tree.options).unwrap_err().to_string().contains("leads nowhere"));
    let text = tree.write("/a/pwsh", "#!/bin/sh\necho hello\n");
    assert!(inspect(&text, &tree.options).unwrap_err().to_string().contains("script that names no folder"));
    let program = tree.write("/b/pwsh", native::ours());
    assert!(inspect(&program, &tree.options).unwrap_err().to_string().contains("no pwsh.dll beside it"));
    let (c, d) = (tree.at("/c/pwsh"), tree.at("/d/pwsh"));
    tree.write("/c/pwsh", format!("#!/bin/sh\nexec {}\n", d.display()));
    tree.write("/d/pwsh", format!("#!/bin/sh\nexec {}\n", c.display()));
    assert!(inspect(&c, &tree.options).unwrap_err().to_string().contains("without an end"));
    tree.link("/e/pwsh", "/e/pwsh");
    assert!(inspect(&tree.at("/e/pwsh"), &tree.options).is_err());
}

#[test]
fn a_scoop_shim_is_followed() {
    let tree = Tree::new();
    let home = tree.package("/scoop/apps/pwsh/current", "7.6.5");
    tree.write("/scoop/shims/pwsh.shim", format!("path = \"{}\"\r\nargs =\r\n", home.join("pwsh").display()));
    let shim = tree.write("/scoop/shims/pwsh.exe", native::ours());
    assert_eq!(inspect(&shim, &tree.options).unwrap().path, home);
}

#[test]
fn an_upgrade_under_way_is_noticed() {
    let tree = Tree::new();
    let home = tree.package("/home", "7.6.5");
    let found = tree.inspect("/home").unwrap();
    assert_eq!(found.fingerprint.changed(&home), None);

    tree.package("/home", "7.6.6");
    tree.write("/home/pwsh.dll", "MZ, longer");
    let (from, to) = (Version::new(7, 6, 5), Version::new(7, 6, 6));
    assert_eq!(found.fingerprint.changed(&home), Some(Change::Upgraded { from, to }));

    tree.package("/home", "7.6.5");
    tree.write("/home/pwsh.dll", "MZ, replaced");
    assert_eq!(found.fingerprint.changed(&home), Some(Change::Replaced));

    fs::remove_dir_all(&home).unwrap();
    assert!(matches!(found.fingerprint.changed(&home), Some(Change::Removed { .. })));
}

#[test]
fn nothing_found_says_how_many_places_and_how_to_get_one() {
    let tree = Tree::new();
    let survey = survey(&tree.options);
    assert!(survey.summary().contains(&survey.candidates.len().to_string()), "{}", survey.summary());
    assert!(survey.remedy().contains("7.6.0") && survey.remedy().contains("RUNSPACED_POWERSHELL_HOME"));
}

#[test]
fn a_survey_is_json() {
    let mut tree = Tree::new();
    tree.options.explicit = Some(tree.package("/home", "7.6.5"));
    tree.options.environment_home = Some(tree.package("/old", "7.4.0"));
    let json = serde_json::to_value(survey(&tree.options)).unwrap();
    assert_eq!(json["chosen"], 0);
    assert_eq!(json["candidates"][0]["verdict"]["verdict"], "suitable");
    assert_eq!(json["candidates"][0]["verdict"]["detail"]["version"], "7.6.5");
    assert_eq!(json["candidates"][0]["verdict"]["detail"]["layout"], "self_contained");
    assert_eq!(json["candidates"][1]["place"], "environment");
    assert_eq!(json["candidates"][1]["verdict"]["detail"]["kind"], "too_old");
    assert_eq!(json["candidates"][2]["verdict"]["verdict"], "absent");
    assert_eq!(json["minimum"], "7.6.0");
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_text_is_reported_all_the_same() {
    use std::os::unix::ffi::OsStringExt;

    let tree = Tree::new();
    let odd = tree.options.root.join(std::ffi::OsString::from_vec(b"p\xffwsh".to_vec()));
    let survey = survey(&tree.options.clone().explicit(odd));
    assert!(serde_json::to_string(&survey).unwrap().contains('\u{fffd}'));
}

#[test]
fn what_native_files_are_made_for_is_read() {
    let tree = Tree::new();
    let read = |bytes: Vec<u8>| binary::read(&tree.write("/file", bytes)).unwrap();
    let elf = read(native::elf(native::AARCH64, "libc.so.6")).unwrap();
    assert_eq!(
        (elf.system, elf.architectures, elf.libc),
        (binary::System::Elf, vec!["aarch64"], Some(binary::Libc::Gnu))
    );
    let musl = read(native::elf(native::X86_64, "libc.musl-x86_64.so.1")).unwrap();
    assert_eq!(musl.libc, Some(binary::Libc::Musl));
    assert_eq!(read(pe::image("1.0.0", [1, 0, 0, 0])).unwrap().architectures, ["x86_64"]);
    assert_eq!(read(native::mach_o(true)).unwrap().architectures, ["aarch64"]);
    assert_eq!(read(native::universal()).unwrap().architectures, ["x86_64", "aarch64"]);
    assert_eq!(read(b"#!/bin/sh".to_vec()), None);
    assert_eq!(read(Vec::new()), None);
}

proptest! {
    #[test]
    fn damaged_native_files_never_panic(at in 0_usize..512, byte: u8, cut in 0_usize..512, which in 0_usize..3) {
        let tree = Tree::new();
        let mut file = match which {
            0 => native::elf(native::X86_64, "libc.so.6"),
            1 => pe::image("1.0.0", [1, 0, 0, 0]),
            _ => native::universal(),
        };
        let at = at % file.len();
        file[at] = byte;
        file.truncate(cut.max(1));
        // Whatever it answers.
        let _ = binary::read(&tree.write("/file", file));
    }
}

#[test]
fn version_folders_are_ordered_as_versions() {
    let tree = Tree::new();
    for name in ["9.0.1", "10.0.2", "10.0.12", "10.0.0-rc.1", "notes", "10"] {
        fs::create_dir_all(tree.at("/fxr").join(name)).unwrap();
    }
    let versions: Vec<String> = dotnet::versions(&tree.at("/fxr")).iter().map(Version::to_string).collect();
    assert_eq!(versions, ["9.0.1", "10.0.0-rc.1", "10.0.2", "10.0.12"]);
}
