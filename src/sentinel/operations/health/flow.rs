//! Arriving data: how much, since when not, how late; and whether the workspace may take it in.

use jiff::Timestamp;

use super::judge::{Findings, hours_between, spoken};
use super::measure::{Flow, Measured};
use super::{Depth, Health, rounded};
use crate::sentinel::times::odata;
use crate::sentinel::workspace::Workspace;

/// Name of the check of single tables.
pub(super) const SILENCE: &str = "SilentTable";

/// A table is judged by its own rhythm once it had data in this many hours.
const RHYTHM: i64 = 3;
/// Silence of a table that warns: this many hours and this many of its usual gaps.
const SILENT: (f64, f64) = (3.0, 4.0);
/// Silence that is a fault.
const DEAD: (f64, f64) = (12.0, 12.0);
/// Share of the usual daily volume below which it warns, and below which it is a fault.
const DROP: (f64, f64) = (0.5, 0.1);
/// Times the usual daily volume above which it warns.
const SURGE: f64 = 3.0;
/// GB a day below which shares mean nothing.
const LITTLE: f64 = 0.05;
/// Share of the daily cap that warns; all of it is a fault.
const NEAR_CAP: f64 = 0.8;
/// Share of the commitment below which it is paid for in vain.
const UNUSED: f64 = 0.5;
/// GB a day from which a commitment costs less.
const SMALLEST_TIER: f64 = 100.0;
/// Age of the newest row that warns: hours, and usual gaps between rows.
const LATE: (f64, f64) = (1.0, 10.0);
/// Age that is a fault.
const TOO_LATE: (f64, f64) = (6.0, 30.0);
/// Minutes from an event to its row that warn, for 95 of 100 rows.
const SLOW: f64 = 60.0;

const LOOK: &str = "Look at the connector, agent or data collection rule that feeds it: Get-DataCollectionRules, and Data connectors in the portal.";

/// Whether data arrives: in all, and in each table.
pub(super) fn arriving(measured: &Measured, depth: Depth, now: Timestamp, findings: &mut Findings) {
    let flows = match &measured.flows {
        Ok(flows) => flows,
        Err(error) => return findings.unmeasured("Ingestion", error),
    };
    let window = depth.window_hours();
    let threshold = format!("data within {window} h");
    if flows.is_empty() {
        return findings.add(
            "Ingestion",
            "",
            Health::Degraded,
            format!("nothing came in within {window} h"),
            threshold,
            "Connect data. If it was connected: check the daily cap, and that the connectors may still write.",
        );
    }
    let recent: f64 = flows.iter().map(|flow| flow.recent_gb).sum();
    findings.healthy(
        "Ingestion",
        format!("{} GB of 1000 MB within 24 h, into {} tables", rounded(recent), flows.len()),
        &threshold,
    );
    volume(flows, recent, depth, now, findings);
    let mut silent = 0;
    for flow in flows {
        silent += usize::from(silence(flow, measured, now, findings));
    }
    if silent == 0 {
        findings.healthy(
            "SilentTables",
            format!("none of {} tables", flows.len()),
            &format!("no longer than {:.0} h, or {:.0} times the table's usual gap", SILENT.0, SILENT.1),
        );
    }
}

/// The last day against the days before.
fn volume(flows: &[Flow], recent: f64, depth: Depth, now: Timestamp, findings: &mut Findings) {
    let Some(first) = flows.iter().map(|flow| flow.first).min() else { return };
    let before_hours = hours_between(first, now) - 24.0;
    let before: f64 = flows.iter().map(|flow| flow.gb - flow.recent_gb).sum();
    // A few hours are no rhythm.
    if depth == Depth::Quick || before_hours < 12.0 {
        return;
    }
    let usual = before / before_hours * 24.0;
    if usual < LITTLE {
        return;
    }
    let share = recent / usual;
    let measured = format!(
        "{} GB within 24 h, {:.0} % of the {} GB a day before",
        rounded(recent),
        share * 100.0,
        rounded(usual)
    );
    let threshold = format!(
        "{:.0} % to {:.0} % of the days before; below {:.0} % is degraded",
        DROP.0 * 100.0,
        SURGE * 100.0,
        DROP.1 * 100.0
    );
    let (state, remedy) = if share < DROP.1 {
        (Health::Degraded, "Most sources have stopped: look at the daily cap and at the silent tables.")
    } else if share < DROP.0 {
        (Health::Warning, "Sources have stopped or slowed: look at the silent tables.")
    } else if share > SURGE {
        (
            Health::Warning,
            "Something sends far more than before, and it costs: Get-SentinelTables -TableType All -IncludeUsage shows which table.",
        )
    } else {
        return findings.healthy("Volume", measured, &threshold);
    };
    findings.add("Volume", "", state, measured, threshold, remedy);
}

/// Whether a table has fallen silent, held against its own rhythm. True if it has.
fn silence(flow: &Flow, measured: &Measured, now: Timestamp, findings: &mut Findings) -> bool {
    if flow.hours < RHYTHM {
        return false;
    }
    let gap = (hours_between(flow.first, flow.last) / (flow.hours - 1) as f64).max(1.0);
    let limit = |(hours, gaps): (f64, f64)| (gap * gaps).max(hours);
    let age = hours_between(flow.last, now);
    let (state, threshold) = if age > limit(DEAD) {
        (Health::Degraded, limit(DEAD))
    } else if age > limit(SILENT) {
        (Health::Warning, limit(SILENT))
    } else {
        return false;
    };
    let reason = measured
        .connectors
        .iter()
        .flatten()
        .flatten()
        .filter(|connector| connector.tables.contains(&flow.table))
        .find_map(|connector| {
            let runs = measured.runs.as_ref()?.as_ref().ok()?;
            let failed = runs.iter().find(|run| run.id == connector.id && run.status == "Failure")?;
            Some(format!("The connector {} says: {} ", connector.name, failed.reason))
        });
    findings.add(
        SILENCE,
        &flow.table,
        state,
        format!(
            "silent since {} ({}); before, {} GB in {} hours",
            odata(flow.last),
            spoken(age),
            rounded(flow.gb),
            flow.hours
        ),
        format!("new data within {}", spoken(threshold)),
        format!("{}{LOOK}", reason.unwrap_or_default()),
    );
    true
}

/// Whether the workspace may take in what comes, and at what price.
pub(super) fn capacity(workspace: &Workspace, measured: &Measured, findings: &mut Findings) {
    let capacity = &workspace.capacity;
    let billable =
        measured.flows.as_ref().ok().map(|flows| flows.iter().map(|flow| flow.billable_gb).sum::<f64>());
    let stopped = ["OverQuota", "ForceOff", "SubscriptionSuspended"];
    if stopped.contains(&capacity.ingestion_status.as_str()) {
        return findings.add(
            "DailyCap",
            "",
            Health::Degraded,
            format!("nothing is taken in: {}", capacity.ingestion_status),
            "RespectQuota",
            "Raise the daily cap of the workspace, or wait until it is reset; what is dropped does not come back.",
        );
    }
    match (capacity.daily_quota_gb, billable) {
        (None, _) => findings.healthy("DailyCap", "there is none", "no cap, or below 80 % of it"),
        (Some(cap), Some(billable)) => {
            let share = if cap > 0.0 { billable / cap } else { 1.0 };
            let measured =
                format!("{} GB of {} GB a day ({:.0} %)", rounded(billable), rounded(cap), share * 100.0);
            let threshold = format!("below {:.0} %; all of it is degraded", NEAR_CAP * 100.0);
            let near = capacity.ingestion_status == "ApproachingQuota";
            if share >= 1.0 {
                findings.add(
                    "DailyCap",
                    "",
                    Health::Degraded,
                    measured,
                    threshold,
                    "Data is dropped at the cap: raise it, or send less.",
                );
            } else if share >= NEAR_CAP || near {
                findings.add(
                    "DailyCap",
                    "",
                    Health::Warning,
                    measured,
                    threshold,
                    "Raise the cap before data is dropped, or send less.",
                );
            } else {
                findings.healthy("DailyCap", measured, &threshold);
            }
        }
        (Some(cap), None) => findings.add(
            "DailyCap",
            "",
            Health::Unknown,
            format!(
                "not measured: there is a cap of {} GB a day, and what comes in is not known",
                rounded(cap)
            ),
            "",
            "",
        ),
    }
    commitment(workspace, billable, findings);
}

fn commitment(workspace: &Workspace, billable: Option<f64>, findings: &mut Findings) {
    let check = "Commitment";
    let tier = workspace.capacity.commitment_gb.map(|tier| tier as f64).filter(|tier| *tier > 0.0);
    let Some(billable) = billable else { return };
    let (measured, threshold, crossed, remedy) = match tier {
        Some(tier) => (
            format!("{} GB a day of {tier:.0} GB paid for", rounded(billable)),
            format!("at least {:.0} % used", UNUSED * 100.0),
            billable < tier * UNUSED,
            "A smaller commitment tier, or none, would cost less.",
        ),
        None => (
            format!("{} GB a day, paid for as it comes", rounded(billable)),
            format!("below {SMALLEST_TIER:.0} GB a day"),
            billable >= SMALLEST_TIER,
            "A commitment tier costs less from there on.",
        ),
    };
    if crossed {
        findings.add(check, "", Health::Warning, measured, threshold, remedy);
    } else {
        findings.healthy(check, measured, &threshold);
    }
}

/// How old the newest rows are, and how long they took.
pub(super) fn lag(measured: &Measured, now: Timestamp, findings: &mut Findings) {
    let check = "IngestionLag";
    let newest = match &measured.newest {
        None => return,
        Some(Err(error)) => return findings.unmeasured(check, error),
        Some(Ok(newest)) => newest,
    };
    let mut late = 0;
    for table in newest {
        let gap = 24.0 / table.rows.max(1) as f64;
        let limit = |(hours, gaps): (f64, f64)| (gap * gaps).max(hours);
        let age = hours_between(table.last, now);
        let state = if age > limit(TOO_LATE) {
            Health::Degraded
        } else if age > limit(LATE) || table.delay_minutes > SLOW {
            Health::Warning
        } else {
            continue;
        };
        late += 1;
        findings.add(
            check,
            &table.table,
            state,
            format!(
                "the newest row is {} old; 95 of 100 rows took up to {:.0} min",
                spoken(age),
                table.delay_minutes
            ),
            format!(
                "a row within {}, {SLOW:.0} min for 95 of 100; {} is degraded",
                spoken(limit(LATE)),
                spoken(limit(TOO_LATE))
            ),
            LOOK,
        );
    }
    if late == 0 {
        findings.healthy(
            check,
            format!("none of {} tables is late", newest.len()),
            &format!("a row within {:.0} h, or {:.0} times the usual gap", LATE.0, LATE.1),
        );
    }
}
