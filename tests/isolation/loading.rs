//! Modules that calls bring into a slot: they stay there and are imported once.

use std::fmt::Write as _;
use std::fs;

use runspaced::Invocation;

use crate::fixture::{Fixture, quoted, settled, tell, write_module};
use crate::support::Context;

pub fn an_auto_loaded_module_becomes_baseline(context: &Context) {
    let fixture = Fixture::new(context);
    let engine = fixture.builder().pool(Fixture::pool(1)).build().expect("the settings are valid");
    let loaded = "(Get-Module).Name -contains 'Found'";
    assert_eq!(tell(&engine, Invocation::script(loaded)), "false");
    assert_eq!(tell(&engine, Invocation::script("Get-Found")), r#""found""#);
    let stats = settled(&engine);
    assert_eq!((stats.retired, stats.restored, stats.opened), (0, 0, 1), "{stats:?}");
    assert_eq!(tell(&engine, Invocation::script(loaded)), "true");

    // It is part of what a reset brings back.
    tell(&engine, Invocation::script("function global:Get-Found { 'leak' }; $global:Leak = 1"));
    assert_eq!(settled(&engine).restored, 1);
    assert_eq!(tell(&engine, Invocation::script("Get-Found; [string]$Leak")), r#""found","""#);
    tell(&engine, Invocation::script("Remove-Item function:Get-Found"));
    assert_eq!(settled(&engine).restored, 2);
    assert_eq!(tell(&engine, Invocation::script("Get-Found")), r#""found""#);
    let stats = settled(&engine);
    assert_eq!((stats.retired, stats.opened), (0, 1), "{stats:?}");
}

/// A module of 1,500 functions, named by the calls that need it.
pub fn a_large_module_is_imported_once_a_slot(context: &Context) {
    const FUNCTIONS: usize = 1_500;
    const CALLS: usize = 60;
    let fixture = Fixture::new(context);
    let imports = fixture.scratch().join("imports");
    fs::write(&imports, "").expect("the scratch folder is ours");
    let mut text = format!("[IO.File]::AppendAllText({}, 'import;')\n", quoted(&imports));
    for index in 1..=FUNCTIONS {
        let _ = writeln!(text, "function Get-Large{index} {{ {index} }}");
    }
    text.push_str("Export-ModuleMember -Function *\n");
    let module = write_module(&fixture.scratch().join("large"), "Large", &text).display().to_string();

    let engine = fixture.plain().pool(Fixture::pool(2)).build().expect("the settings are valid");
    for index in 1..=CALLS {
        let call = Invocation::command(format!("Get-Large{}", index * FUNCTIONS / CALLS)).module(&module);
        assert_eq!(tell(&engine, call), format!("{}", index * FUNCTIONS / CALLS));
    }
    let count = || fs::read_to_string(&imports).unwrap_or_default().matches("import;").count();
    let stats = settled(&engine);
    assert_eq!(count(), 1, "imported once for {CALLS} calls one after the other: {stats:?}");
    assert_eq!((stats.retired, stats.restored), (0, 0), "{stats:?}");

    // Two slots at once: once each, and never again.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (engine, module) = (&engine, &module);
            scope.spawn(move || {
                for _ in 0..CALLS / 4 {
                    let call = Invocation::script("Get-Large7; [Threading.Thread]::Sleep(1)").module(module);
                    assert_eq!(tell(engine, call), "7");
                }
            });
        }
    });
    let stats = settled(&engine);
    let slots = usize::try_from(stats.opened).expect("a handful");
    assert!(slots <= 2 && count() <= slots, "{} imports in {slots} slots: {stats:?}", count());

    // A reset does not cost the import again.
    tell(&engine, Invocation::script("$global:Leak = 1").module(&module));
    assert_eq!(tell(&engine, Invocation::command("Get-Large1500").module(&module)), "1500");
    assert!(count() <= slots, "a reset imported the module again");
    assert_eq!(settled(&engine).retired, 0);
}

/// The slots of a pool import their own modules when they open, once.
pub fn modules_of_the_engine_are_imported_when_a_slot_opens(context: &Context) {
    let fixture = Fixture::new(context);
    let imports = fixture.scratch().join("imports");
    let text = format!(
        "[IO.File]::AppendAllText({}, 'import;')\nfunction Get-Own {{ 'own' }}\nExport-ModuleMember -Function *",
        quoted(&imports)
    );
    let module = write_module(&fixture.scratch().join("own"), "Own", &text);
    let engine = fixture
        .plain()
        .module(module.display().to_string())
        .pool(Fixture::pool(1))
        .build()
        .expect("the settings are valid");
    for _ in 0..5 {
        assert_eq!(tell(&engine, Invocation::command("Get-Own")), r#""own""#);
    }
    assert_eq!(fs::read_to_string(&imports).unwrap_or_default(), "import;");
}
