//! The start and a warm call, measured in this very process.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use runspaced::{Engine, Invocation, LanguageMode, PowerShellInfo, Result};
use serde::Serialize;

use super::check::Check;
use crate::cli::process::Process;
use crate::config::Settings;

/// Calls before the measured ones.
const WARM_UP: u32 = 200;
/// Measured calls.
const CALLS: u32 = 500;

/// What the start took, and what a call takes.
#[derive(Debug, Serialize)]
pub struct Start {
    /// The PowerShell that runs.
    #[serde(flatten)]
    info: PowerShellInfo,
    /// From the start of the process to the first result, microseconds; the search and the checks before it included.
    process_to_first_result_us: u64,
    /// From asking for the engine to the first result, microseconds.
    engine_to_first_result_us: u64,
    /// A warm `Get-Date` with the isolation in force, microseconds: half of them are faster.
    warm_call_p50_us: u64,
    /// 95 % are faster.
    warm_call_p95_us: u64,
    /// How many were measured.
    warm_calls: u32,
    /// The isolation in force.
    isolation: runspaced::Isolation,
    /// Memory of the process afterwards, bytes; absent where it cannot be told.
    resident_bytes: Option<u64>,
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl Start {
    /// Starts an engine and measures it.
    pub async fn measure(process: &Process) -> Result<(Engine, Self)> {
        let asked = Instant::now();
        let engine = process.config.engine().build()?;
        engine.invoke(Invocation::script("1")).await?;
        let (process_to_first_result_us, engine_to_first_result_us) =
            (micros(process.started.elapsed()), micros(asked.elapsed()));
        let info = engine.powershell().ok_or(runspaced::Error::ShutDown)?;

        let call = || Invocation::command("Get-Date");
        for _ in 0..WARM_UP {
            engine.invoke(call()).await?;
        }
        let mut times = Histogram::<u64>::new_with_bounds(1, 60_000_000, 3).ok();
        for _ in 0..CALLS {
            let begun = Instant::now();
            engine.invoke(call()).await?;
            if let Some(times) = &mut times {
                times.saturating_record(micros(begun.elapsed()));
            }
        }
        let quantile = |q| times.as_ref().map_or(0, |times| times.value_at_quantile(q));
        let start = Self {
            info,
            process_to_first_result_us,
            engine_to_first_result_us,
            warm_call_p50_us: quantile(0.5),
            warm_call_p95_us: quantile(0.95),
            warm_calls: CALLS,
            isolation: process.config.settings.call.isolation,
            resident_bytes: resident_bytes(),
        };
        Ok((engine, start))
    }

    /// One line.
    pub fn summary(&self) -> String {
        format!(
            "first result {} ms after the engine was asked for, then {} us a call (p50; p95 {} us)",
            self.engine_to_first_result_us / 1000,
            self.warm_call_p50_us,
            self.warm_call_p95_us
        )
    }

    /// What is there to be said about the PowerShell that runs.
    pub fn judge(&self, settings: &Settings) -> Vec<Check> {
        let mut checks = Vec::new();
        checks.push(if self.info.invariant_globalization {
            Check::warning(
                "icu",
                "the ICU library is missing: cultures, sorting and casing are the invariant ones",
                "Install libicu (Debian and Ubuntu: apt install libicu-dev; Fedora: dnf install libicu; Alpine: apk add icu-libs).",
            )
        } else {
            Check::ok("icu", format!("culture {}", self.info.culture))
        });
        let mode = &self.info.language_mode;
        checks.push(if settings.powershell.language_mode == LanguageMode::Full && mode != "FullLanguage" {
            Check::warning(
                "language_mode",
                format!(
                    "{mode}, although all of PowerShell was asked for: a policy of this system forbids it"
                ),
                "Ask the administrator; scripts that need .NET will fail.",
            )
        } else {
            Check::ok("language_mode", mode)
        });
        checks.push(match self.info.execution_policy.as_str() {
            policy @ ("Restricted" | "AllSigned") => Check::warning(
                "execution_policy",
                format!("{policy}: script files do not run, or only signed ones"),
                "Set powershell.execution_policy = \"remotesigned\" in the configuration, if the policy is not enforced.",
            ),
            policy => Check::ok("execution_policy", policy),
        });
        checks
    }

    /// Lines for people: name and value.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let ms = |us: u64| format!("{:.1} ms", us as f64 / 1000.0);
        let phases = &self.info.phases;
        let mut lines = vec![
            ("PowerShell", self.info.version.clone()),
            (".NET", self.info.runtime_version.clone()),
            ("border", format!("version {}", runspaced::border::ABI_VERSION)),
            (
                "start",
                format!(
                    "hostfxr {} + configuration {} + runtime {} + tables {} + runspace {} + modules {}",
                    ms(phases.load_hostfxr_us),
                    ms(phases.initialize_us),
                    ms(phases.start_runtime_us),
                    ms(phases.bootstrap_us),
                    ms(self.info.open_us),
                    ms(self.info.modules_us)
                ),
            ),
            (
                "first result",
                format!(
                    "{} after the engine was asked for, {} after the process began",
                    ms(self.engine_to_first_result_us),
                    ms(self.process_to_first_result_us)
                ),
            ),
            (
                "warm call",
                format!(
                    "{} us p50, {} us p95 (Get-Date, {} calls, isolation {:?})",
                    self.warm_call_p50_us, self.warm_call_p95_us, self.warm_calls, self.isolation
                ),
            ),
        ];
        if let Some(bytes) = self.resident_bytes {
            lines.push(("memory", format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))));
        }
        lines
    }
}

#[cfg(target_os = "linux")]
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(not(target_os = "linux"))]
fn resident_bytes() -> Option<u64> {
    None
}
