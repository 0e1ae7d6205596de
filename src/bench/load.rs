//! What else the machine did while something was measured.

use serde::Serialize;

/// Load of the machine during a measurement. Empty where the system does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Load {
    /// Average number of runnable threads over the last minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) average: Option<f64>,
    /// Cores that others than this process and its children kept busy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) other_cores: Option<f64>,
}

/// Measures the load from its making to [`LoadMeter::read`].
pub(crate) struct LoadMeter {
    start: Option<Cpu>,
    began: std::time::Instant,
}

/// Processor time spent so far, in ticks.
#[derive(Debug, Clone, Copy)]
struct Cpu {
    everybody: u64,
    ourselves: u64,
}

/// Ticks a second in /proc: the kernel's interface to user space fixes it.
const TICKS_PER_SECOND: f64 = 100.0;

impl LoadMeter {
    pub(crate) fn start() -> Self {
        Self { start: Cpu::now(), began: std::time::Instant::now() }
    }

    /// The load since the start. Children count once they have ended.
    pub(crate) fn read(&self) -> Load {
        let seconds = self.began.elapsed().as_secs_f64();
        let other_cores = match (self.start, Cpu::now()) {
            (Some(start), Some(end)) if seconds > 0.05 => {
                let everybody = end.everybody.saturating_sub(start.everybody) as f64;
                let ourselves = end.ourselves.saturating_sub(start.ourselves) as f64;
                Some(((everybody - ourselves) / TICKS_PER_SECOND / seconds).max(0.0))
            }
            _ => None,
        };
        Load { average: average(), other_cores }
    }
}

/// The one-minute average.
pub(crate) fn average() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

impl Cpu {
    fn now() -> Option<Self> {
        let stat = std::fs::read_to_string("/proc/stat").ok()?;
        let own = std::fs::read_to_string("/proc/self/stat").ok()?;
        Some(Self { everybody: busy_ticks(&stat)?, ourselves: own_ticks(&own)? })
    }
}

/// User, nice, system, irq, softirq and steal of the first line of /proc/stat.
fn busy_ticks(stat: &str) -> Option<u64> {
    let fields: Vec<u64> = stat
        .lines()
        .next()?
        .strip_prefix("cpu ")?
        .split_whitespace()
        .map_while(|field| field.parse().ok())
        .collect();
    Some([0, 1, 2, 5, 6, 7].iter().filter_map(|index| fields.get(*index)).sum())
}

/// User and system time of the process and of its ended children, from /proc/self/stat.
fn own_ticks(stat: &str) -> Option<u64> {
    // The command's name is in parentheses and may hold blanks and parentheses.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    fields.get(11..15)?.iter().map(|field| field.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_time_leaves_idle_and_waiting_out() {
        assert_eq!(busy_ticks("cpu  10 20 30 4000 5000 1 2 3 0 0\ncpu0 1 1 1 1\n"), Some(66));
        assert_eq!(busy_ticks("intr 5"), None);
    }

    #[test]
    fn own_time_counts_children_and_survives_odd_names() {
        let stat = "7 (a) b (c) S 1 1 1 0 -1 4194304 100 200 0 0 11 22 33 44 20 0 1 0 5";
        assert_eq!(own_ticks(stat), Some(110));
    }
}
