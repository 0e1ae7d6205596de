//! Scripts and their children against the program's own streams.

use serde_json::json;

use crate::program::run_with_input;
use crate::support::Context;

pub fn scripts_reach_neither_input_nor_output(context: &Context) {
    let console = "[Console]::Write('to-console'); [Console]::Out.Flush(); [Console]::In.ReadToEnd().Length; [Console]::ReadLine(); 3";
    let finished = run_with_input(context, &[console], b"for nobody\n");
    assert!(finished.err.contains("to-console"), "{}", finished.err);
    assert_eq!(finished.json(), json!([0, null, 3]));
    if cfg!(unix) {
        // What a native command does not capture goes where it can do no harm, and `cat` finds an empty input.
        let native = "@(cat).Count; [Diagnostics.Process]::Start('sh', [string[]] ('-c', 'echo direct; cat')).WaitForExit(); @($input)";
        let finished = run_with_input(context, &[native, "--input", "lines"], b"one\ntwo\n");
        assert!(finished.err.contains("direct"), "{}", finished.err);
        assert_eq!(finished.json(), json!([0, "one", "two"]));
    }
}
