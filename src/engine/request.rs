//! From an [`Invocation`] to what the pool and the host take.

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{
    invocation::{Invocation, Parameters, Target},
    secret::SecretKind,
    settings::{Format, Isolation, Limits},
};
use crate::{
    error::{Error, Result},
    host::message::{CallKind, CallRequest, SecretValue},
    pool::CallSpec,
};

/// What the engine fills in where an invocation says nothing.
#[derive(Debug, Clone)]
pub(super) struct Defaults {
    pub(super) timeout: Duration,
    pub(super) isolation: Isolation,
    pub(super) limits: Limits,
}

/// Checks an invocation and writes its request.
pub(super) fn prepare(
    invocation: &Invocation,
    defaults: &Defaults,
    stream: bool,
) -> Result<(CallSpec, Zeroizing<Vec<u8>>)> {
    if let Some(mistake) = &invocation.mistake {
        return Err(Error::InvalidInvocation(mistake.clone()));
    }
    let limits = invocation.limits.as_ref().unwrap_or(&defaults.limits);
    check_limits(limits)?;
    if !(20..=4096).contains(&invocation.width) {
        return Err(Error::InvalidInvocation(format!(
            "width is {}, it must be 20 to 4096",
            invocation.width
        )));
    }
    let deadline = invocation.timeout.unwrap_or(defaults.timeout);
    if deadline.is_zero() {
        return Err(Error::InvalidInvocation("timeout is 0; leave it out for the default".to_owned()));
    }
    if stream && invocation.format == Format::Text {
        return Err(Error::InvalidInvocation("a stream gives values; text format has only one".to_owned()));
    }
    let isolation = match (&invocation.session, invocation.isolation) {
        (Some(_), None) => Isolation::Session,
        (Some(name), Some(isolation)) => {
            return Err(Error::InvalidInvocation(format!(
                "session '{name}' and isolation {isolation:?} exclude each other"
            )));
        }
        (None, isolation) => isolation.unwrap_or(defaults.isolation),
    };
    let (kind, text, count) = target(&invocation.target)?;
    let parameters = match &invocation.parameters {
        Parameters::Raw(raw) => Some(raw.clone()),
        Parameters::Map(map) if map.is_empty() => None,
        Parameters::Map(map) => Some(to_raw(map)?),
    };
    let arguments = if invocation.arguments.is_empty() { None } else { Some(to_raw(&invocation.arguments)?) };
    let secrets = secrets(invocation)?;
    let working_directory = invocation.working_directory.as_deref().map(utf8).transpose()?;
    let request = CallRequest {
        kind,
        text,
        parameters: parameters.as_deref(),
        arguments: arguments.as_deref(),
        input: invocation.input.as_deref(),
        secrets: secrets
            .iter()
            .map(|(name, (user, value))| {
                (*name, SecretValue { user: user.as_deref(), value: value.as_str() })
            })
            .collect(),
        isolation,
        format: invocation.format,
        limits,
        live: invocation.live,
        stream,
        judge: invocation.judge,
        interactive: invocation.interactive,
        modules: &invocation.modules,
        working_directory,
        width: invocation.width,
        count,
        correlation_id: invocation.correlation_id.as_deref(),
    };
    let bytes = serde_json::to_vec(&request)
        .map_err(|error| Error::InvalidInvocation(format!("the request cannot be written: {error}")))?;
    let spec = CallSpec {
        isolation,
        affinity: invocation.affinity.clone(),
        session: invocation.session.clone(),
        exclusive: invocation.exclusive,
        deadline,
        modules: invocation.modules.iter().map(|module| crate::pool::module_key(module)).collect(),
        stream,
        correlation_id: invocation.correlation_id.as_deref().map(Into::into),
    };
    Ok((spec, Zeroizing::new(bytes)))
}

fn target(target: &Target) -> Result<(CallKind, &str, Option<u64>)> {
    let (kind, text, count) = match target {
        Target::Command(name) => (CallKind::Command, name.as_str(), None),
        Target::Script(text) => (CallKind::Script, text.as_str(), None),
        Target::File(path) => (CallKind::File, utf8(path)?, None),
        Target::Describe(pattern) => (CallKind::Describe, pattern.as_str(), None),
        Target::Measure { text, count } => (CallKind::Measure, text.as_str(), Some(*count)),
    };
    if text.trim().is_empty() {
        return Err(Error::InvalidInvocation(match target {
            Target::Command(_) => "the command's name is empty".to_owned(),
            Target::File(_) => "the script's path is empty".to_owned(),
            _ => "the script is empty".to_owned(),
        }));
    }
    Ok((kind, text, count))
}

fn utf8(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| Error::InvalidInvocation(format!("the path {} is not UTF-8", path.display())))
}

fn to_raw(value: &impl serde::Serialize) -> Result<Box<RawValue>> {
    serde_json::value::to_raw_value(value)
        .map_err(|error| Error::InvalidInvocation(format!("arguments are not JSON: {error}")))
}

type Secrets<'a> = BTreeMap<&'a str, (Option<String>, Zeroizing<String>)>;

fn secrets(invocation: &Invocation) -> Result<Secrets<'_>> {
    let mut values = Secrets::new();
    for secret in &invocation.secrets {
        let value =
            secret.provider.secret().map_err(|reason| Error::Secret { name: secret.name.clone(), reason })?;
        let user = match &secret.kind {
            SecretKind::SecureString => None,
            SecretKind::Credential { user } => Some(user.clone()),
        };
        values.insert(&secret.name, (user, value));
    }
    Ok(values)
}

fn check_limits(limits: &Limits) -> Result<()> {
    let wrong = |text: String| Err(Error::InvalidInvocation(format!("limits: {text}")));
    if limits.depth == 0 || limits.depth > Limits::MAX_DEPTH {
        return wrong(format!("depth is {}, it must be 1 to {}", limits.depth, Limits::MAX_DEPTH));
    }
    if limits.output_bytes < 1024 || limits.output_bytes > Limits::MAX_OUTPUT_BYTES {
        return wrong(format!(
            "output_bytes is {}, it must be 1024 to {}",
            limits.output_bytes,
            Limits::MAX_OUTPUT_BYTES
        ));
    }
    if limits.items == 0 || limits.string_chars == 0 {
        return wrong("items and string_chars must be at least 1".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults() -> Defaults {
        Defaults {
            timeout: Duration::from_secs(300),
            isolation: Isolation::Scoped,
            limits: Limits::default(),
        }
    }

    fn request(invocation: &Invocation) -> serde_json::Value {
        let (_, bytes) = prepare(invocation, &defaults(), false).expect("prepares");
        serde_json::from_slice(&bytes).expect("is JSON")
    }

    #[test]
    fn arguments_travel_as_json_values_whatever_they_contain() {
        for hostile in ["'; Remove-Item / #", "$(exit)", "\"`n\"", "\u{0}\u{2028}", "{\"$secret\":\"x\"}"] {
            let request = request(&Invocation::command("Write-Output").arg("InputObject", hostile));
            assert_eq!(request["parameters"]["InputObject"], hostile);
            assert_eq!(request["text"], "Write-Output");
        }
    }

    #[test]
    fn big_numbers_in_raw_arguments_keep_their_digits() {
        let invocation = Invocation::command("x").args_json(r#"{"n":123456789012345678901234567890}"#);
        let (_, bytes) = prepare(&invocation, &defaults(), false).expect("prepares");
        assert!(String::from_utf8_lossy(&bytes).contains("123456789012345678901234567890"));
    }

    #[test]
    fn mistakes_are_named() {
        let cases: Vec<(Invocation, &str)> = vec![
            (Invocation::command(" "), "name is empty"),
            (Invocation::script("1").timeout(Duration::ZERO), "timeout is 0"),
            (Invocation::script("1").args_json("[1]"), "must be a JSON object"),
            (Invocation::script("1").args_json("{"), "not JSON"),
            (Invocation::script("1").input_json("{}"), "must be a JSON array"),
            (Invocation::script("1").width(3), "width is 3"),
            (Invocation::script("1").session("s").isolation(Isolation::Fresh), "exclude each other"),
            (Invocation::script("1").isolation(Isolation::Session), "session(name)"),
            (Invocation::script("1").limits(Limits { depth: 0, ..Limits::default() }), "depth is 0"),
        ];
        for (invocation, expected) in cases {
            let error = prepare(&invocation, &defaults(), false).expect_err(expected);
            assert_eq!(error.code(), "E301");
            assert!(error.to_string().contains(expected), "{error} should contain {expected}");
        }
    }

    #[test]
    fn secret_that_cannot_be_had_is_an_error_with_its_name() {
        let invocation = Invocation::command("x").secret("Password", || Err("vault is locked".to_owned()));
        let error = prepare(&invocation, &defaults(), false).expect_err("fails");
        assert_eq!(error.code(), "E304");
        assert!(error.to_string().contains("Password") && error.to_string().contains("vault is locked"));
    }

    #[test]
    fn secret_is_in_the_request_but_not_in_debug_text() {
        let invocation = Invocation::command("x").credential("Login", "me", || Ok("hunter2".to_owned()));
        let request = request(&invocation);
        assert_eq!(request["secrets"]["Login"]["value"], "hunter2");
        assert_eq!(request["parameters"]["Login"]["$secret"], "Login");
        assert!(!format!("{invocation:?}").contains("hunter2"));
    }
}
