//! Floods on every stream.

use crate::memory::resident_bytes;
use crate::support::Context;
use crate::support::engine::{engine, invoke, run, still_works};
use runspaced::{Invocation, Limits, Stream};

pub fn a_flood_on_every_stream_is_capped_and_counted(context: &Context) {
    let engine = engine(context);
    let limits = Limits::default();
    let floods = [
        ("Write-Host \"line $i\"", Stream::Information),
        ("Write-Information \"line $i\"", Stream::Information),
        ("Write-Warning \"line $i\"", Stream::Warning),
        ("Write-Verbose \"line $i\" -Verbose", Stream::Verbose),
        ("Write-Debug \"line $i\" -Debug", Stream::Debug),
        ("Write-Error \"line $i\"", Stream::Error),
    ];
    let before = resident_bytes();
    for (command, stream) in floods {
        let count: u64 = if stream == Stream::Error { 20_000 } else { 100_000 };
        let script = format!("for ($i = 0; $i -lt {count}; $i++) {{ {command} }}; 'end'");
        let output = invoke(&engine, Invocation::script(&script));
        assert_eq!(output.json(), r#"["end"]"#, "{command}");
        let kept = output.records().iter().filter(|record| record.stream == stream).count() as u64;
        let dropped = output.dropped().total();
        assert!(kept <= u64::from(limits.records) && kept > 100, "{command}: {kept} kept");
        assert_eq!(kept + dropped, count, "{command}: every record is kept or counted");
        assert!(output.messages(stream)[0].ends_with("line 0"), "{command}: the first ones are kept");
        still_works(&engine);
    }
    let script = "for ($i = 0; $i -lt 100000; $i++) { Write-Progress -Activity work -Status \"step $i\" -PercentComplete ($i / 1000) }; 'end'";
    let output = run(&engine, script);
    assert_eq!(output.json(), r#"["end"]"#);
    let progress: Vec<_> = output.records().into_iter().filter(|r| r.stream == Stream::Progress).collect();
    assert!(!progress.is_empty() && progress.len() <= limits.records as usize, "{}", progress.len());
    still_works(&engine);

    // All at once, with long texts.
    let script = "for ($i = 0; $i -lt 5000; $i++) { Write-Host ('h' * 1000); Write-Warning ('w' * 1000); $i; Write-Progress p }";
    let output = run(&engine, script);
    assert_eq!(output.count(), 5000);
    assert!(output.records_json().len() < 2 << 20, "{} bytes", output.records_json().len());
    assert!(output.dropped().warning > 4000 && output.dropped().information > 4000, "{:?}", output.dropped());
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 200 << 20, "{} MiB more than before", grown >> 20);
    still_works(&engine);
}
