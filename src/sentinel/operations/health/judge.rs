//! From measurements to findings. Nothing is asked here, so every threshold can be tested alone.

use jiff::{SignedDuration, Timestamp};

use super::measure::Measured;
use super::{Depth, Finding, Health, content, flow};
use crate::sentinel::Error;
use crate::sentinel::workspace::{Onboarded, Workspace};

/// Days that Sentinel keeps data without charging for it.
const FREE_DAYS: i64 = 90;

/// All findings about a workspace.
pub(super) fn judge(
    workspace: &Workspace,
    measured: &Measured,
    depth: Depth,
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = Findings::default();
    onboarding(workspace, &mut findings);
    flow::arriving(measured, depth, now, &mut findings);
    flow::capacity(workspace, measured, &mut findings);
    retention(workspace, &mut findings);
    content::rules(measured, &mut findings);
    content::runs(measured, &mut findings);
    content::connectors(measured, &mut findings);
    flow::lag(measured, now, &mut findings);
    content::tables_of_rules(measured, &mut findings);
    content::watchlists(measured, &mut findings);
    findings.0
}

/// Findings, as they are made.
#[derive(Debug, Default)]
pub(super) struct Findings(pub(super) Vec<Finding>);

impl Findings {
    pub(super) fn add(
        &mut self,
        check: &'static str,
        subject: &str,
        state: Health,
        measured: impl Into<String>,
        threshold: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.0.push(Finding {
            check,
            subject: subject.to_owned(),
            state,
            measured: measured.into(),
            threshold: threshold.into(),
            remedy: remedy.into(),
        });
    }

    pub(super) fn healthy(&mut self, check: &'static str, measured: impl Into<String>, threshold: &str) {
        self.add(check, "", Health::Healthy, measured, threshold, "");
    }

    /// It could not be measured. Azure's advice is the remedy.
    pub(super) fn unmeasured(&mut self, check: &'static str, error: &Error) {
        let advice = match error {
            Error::Azure(error) => error.advice(),
            _ => None,
        };
        let remedy = advice.map(|advice| match &advice.command {
            Some(command) => format!("{} {command}", advice.text),
            None => advice.text.clone(),
        });
        // The advice is the end of the error's own text as well.
        let why = match error {
            Error::Azure(azure) => azure.reason().map_or_else(
                || azure.what().to_owned(),
                |reason| {
                    if reason.message.is_empty() { azure.what().to_owned() } else { reason.message.clone() }
                },
            ),
            other => other.to_string(),
        };
        self.add(check, "", Health::Unknown, format!("not measured: {why}"), "", remedy.unwrap_or_default());
    }
}

fn onboarding(workspace: &Workspace, findings: &mut Findings) {
    let check = "Onboarding";
    match workspace.onboarded {
        Onboarded::Yes => findings.healthy(check, "Sentinel is switched on", "switched on"),
        Onboarded::No => findings.add(
            check,
            "",
            Health::Degraded,
            "Sentinel is not switched on",
            "switched on",
            "Switch it on in the portal; it costs money. Until then there are no rules and no incidents.",
        ),
        Onboarded::Unknown => findings.add(
            check,
            "",
            Health::Unknown,
            "not measured: this identity may not see whether Sentinel is switched on",
            "",
            "Test-SentinelPermission shows the role that is missing.",
        ),
    }
}

fn retention(workspace: &Workspace, findings: &mut Findings) {
    let check = "Retention";
    let threshold = format!("at least {FREE_DAYS} days");
    match workspace.retention_days {
        Some(days) if days >= FREE_DAYS => findings.healthy(check, format!("{days} days"), &threshold),
        Some(days) => findings.add(
            check,
            "",
            Health::Warning,
            format!("data can be queried for {days} days"),
            threshold,
            format!("Set the retention of the workspace to {FREE_DAYS} days: with Sentinel they are free."),
        ),
        None => {
            findings.add(check, "", Health::Unknown, "not measured: Azure did not tell the retention", "", "")
        }
    }
}

/// Hours between two times.
pub(super) fn hours_between(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).max(SignedDuration::ZERO).as_secs_f64() / 3_600.0
}

/// A length of time as people say it.
pub(super) fn spoken(hours: f64) -> String {
    if hours < 2.0 {
        format!("{:.0} min", hours * 60.0)
    } else if hours < 72.0 {
        format!("{hours:.0} h")
    } else {
        format!("{:.0} days", hours / 24.0)
    }
}
