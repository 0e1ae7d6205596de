//! Modules that fail.

use std::fs;

use crate::support::Context;
use crate::support::engine::{builder, engine, fails, invoke, still_works};
use crate::{SECOND, assert_timeout};
use runspaced::{Invocation, PoolConfig};

pub fn a_module_that_does_not_load_is_named(context: &Context) {
    let engine = engine(context);
    let folder = context.scratch();
    let cases = [
        ("Throws", "throw 'the module is out of order'", "out of order"),
        ("Typo", "function f {", "Typo.psm1"),
        ("Needs", "#Requires -Modules NoSuchModule\n'x'", "NoSuchModule"),
    ];
    for (name, text, reason) in cases {
        let path = folder.join(format!("{name}.psm1"));
        fs::write(&path, text).expect("is written");
        let error = fails(&engine, Invocation::script("1").module(path.display().to_string()));
        assert!(["E302", "E104"].contains(&error.code()), "{name}: {} {error}", error.code());
        let message = error.to_string();
        assert!(message.contains(name) && message.contains(reason), "{name}: {message}");
        still_works(&engine);

        let broken = builder(context).module(path.display().to_string()).build().expect("settings are fine");
        let error = fails(&broken, Invocation::script("1"));
        assert_eq!(error.code(), "E104", "{error}");
        let message = error.to_string();
        assert!(message.contains(name) && message.contains(reason), "{name}: {message}");
    }
    let error = fails(&engine, Invocation::script("1").module("NoSuchModule"));
    assert!(error.to_string().contains("NoSuchModule"), "{error}");
    still_works(&engine);
}

pub fn a_module_that_loads_for_ever_is_bounded(context: &Context) {
    let path = context.scratch().join("Slow.psm1");
    fs::write(&path, "Start-Sleep 600").expect("is written");
    let engine = engine(context);
    let call = Invocation::script("1").module(path.display().to_string()).timeout(2 * SECOND);
    assert_timeout(&fails(&engine, call), false);
    still_works(&engine);

    let mut pool = PoolConfig::default();
    pool.create_timeout = 2 * SECOND;
    let slow =
        builder(context).pool(pool).module(path.display().to_string()).build().expect("settings are fine");
    let error = fails(&slow, Invocation::script("1"));
    assert!(["E104", "E202"].contains(&error.code()), "{} {error}", error.code());
    still_works(&engine);
}

pub fn a_binary_module_that_throws_while_it_loads_is_named(context: &Context) {
    let engine = engine(context);
    let path = context.scratch().join("Thrower.dll");
    let source = "using System; using System.Management.Automation; \
                  public class Init : IModuleAssemblyInitializer { public void OnImport() { throw new InvalidOperationException(\"cannot initialise today\"); } } \
                  [Cmdlet(VerbsCommon.Get, \"Nothing\")] public class C : PSCmdlet { }";
    let compile = Invocation::script(
        "param($source, $path) Add-Type -TypeDefinition $source -OutputAssembly $path -OutputType Library",
    )
    .arg("source", source)
    .arg("path", &path);
    invoke(&engine, compile);
    let error = fails(&engine, Invocation::script("1").module(path.display().to_string()));
    assert!(error.to_string().contains("cannot initialise today"), "{error}");
    still_works(&engine);
}
