//! Questions of a script.

use std::fs;

use crate::support::Context;
use crate::support::engine::{engine, still_works};
use crate::{SECOND, block_on};
use runspaced::{Call, Engine, Invocation, Live, Output, Prompt};
use serde_json::{Value, json};

/// Runs a call whose questions are answered by `answer`; `None` refuses.
fn converse(
    engine: &Engine,
    script: &str,
    answer: impl Fn(&Prompt) -> Option<Vec<String>>,
) -> runspaced::Result<(Output, Vec<String>)> {
    block_on(async {
        let mut call: Call = engine.start(Invocation::script(script).interactive().timeout(20 * SECOND))?;
        let mut kinds = Vec::new();
        while let Some(live) = call.next_live().await {
            if let Live::Prompt(prompt) = live {
                kinds.push(prompt.kind.clone());
                if let Some(values) = answer(&prompt) {
                    prompt.answer(values);
                }
            }
        }
        Ok((call.await?, kinds))
    })
}

pub fn questions_are_answered(context: &Context) {
    let engine = engine(context);
    let one = |text: &str| {
        let text = text.to_owned();
        move |_: &Prompt| Some(vec![text.clone()])
    };
    let cases = [
        ("Read-Host 'Your name'", "Ada", json!(["Ada"])),
        ("Read-Host", "x y", json!(["x y"])),
        ("$Host.UI.ReadLine()", "line", json!(["line"])),
        ("ConvertFrom-SecureString (Read-Host -AsSecureString 'PIN') -AsPlainText", "1234", json!(["1234"])),
        ("function f { param([Parameter(Mandatory)][int] $Number) $Number + 1 }; f", "41", json!([42])),
        (
            "$Host.UI.PromptForChoice('c', 'm', [Management.Automation.Host.ChoiceDescription[]]('&Yes', '&No', '&Later'), 1)",
            "2",
            json!([2]),
        ),
    ];
    for (script, answer, expected) in cases {
        let (output, kinds) =
            converse(&engine, script, one(answer)).unwrap_or_else(|error| panic!("{script}: {error}"));
        assert_eq!(Value::from(output.values().expect("JSON")), expected, "{script}");
        assert_eq!(kinds.len(), 1, "{script}: {kinds:?}");
        still_works(&engine);
    }
    let script = "$c = Get-Credential -Message 'Sign in'; $c.UserName; $c.GetNetworkCredential().Password";
    let (output, kinds) = converse(&engine, script, |prompt| {
        assert_eq!(prompt.message, "Sign in");
        Some(vec!["ada".to_owned(), "lovelace".to_owned()])
    })
    .expect("is answered");
    assert_eq!(
        (output.json(), kinds.as_slice()),
        (r#"["ada","lovelace"]"#, ["credential".to_owned()].as_slice())
    );
    // Fields are named; one question after the other.
    let script = "function f { param([Parameter(Mandatory)] $First, [Parameter(Mandatory)] $Second) \"$First-$Second\" }; f; Read-Host 'third'";
    let (output, _) = converse(&engine, script, |prompt| {
        Some(prompt.fields.iter().map(|field| format!("<{field}>")).collect())
    })
    .expect("is answered");
    assert_eq!(output.values().expect("JSON")[0], "<First>-<Second>");
    // A confirmation, with its default.
    let target = context.scratch().join("target");
    fs::write(&target, "x").expect("is written");
    let script = format!("Remove-Item '{}' -Confirm", target.display());
    converse(&engine, &script, |prompt| {
        assert_eq!(prompt.kind, "choice");
        assert!(prompt.default_choice.is_some() && prompt.fields.len() >= 4, "{prompt:?}");
        Some(vec!["0".to_owned()])
    })
    .expect("is answered");
    assert!(!target.exists());
    still_works(&engine);
}

pub fn questions_that_are_refused_end_the_call(context: &Context) {
    let engine = engine(context);
    let error =
        converse(&engine, "'before'; Read-Host 'Your name'; 'after'", |_| None).expect_err("is refused");
    assert_eq!(error.code(), "E402", "{error}");
    assert_eq!(error.output().map(Output::json), Some(r#"["before"]"#));
    // A question that waits ends with the call.
    block_on(async {
        let mut call = engine
            .start(Invocation::script("Read-Host 'Your name'").interactive().timeout(SECOND))
            .expect("starts");
        let live = call.next_live().await.expect("a question");
        assert!(matches!(live, Live::Prompt(_)), "{live:?}");
        let Live::Prompt(prompt) = live else { return };
        let error = call.await.expect_err("its deadline");
        assert_eq!(error.code(), "E501", "{error}");
        // Too late, and harmless.
        prompt.answer(vec!["late".to_owned()]);
    });
    still_works(&engine);
}
