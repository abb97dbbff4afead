//! Statistics in the log while the run goes on.

use aiperf_clock::{Nanos, SECOND};
use aiperf_config::profile::RuntimeConfig;
use aiperf_ui::stats_block::{Told, lines};

use super::super::environment::UiVariables;
use super::board::Board;

/// How often where nobody says it.
const USUAL_INTERVAL: Nanos = 30 * SECOND;

/// How often statistics are logged; `None` where they are not. The flag and its key ask for them, as
/// does a variable; another variable only says how often.
pub(super) fn stats_interval(runtime: &RuntimeConfig, variables: &UiVariables) -> Option<Nanos> {
    let asked = runtime
        .stats_interval_seconds
        .map(|seconds| (seconds * SECOND as f64) as Nanos);
    let usual = || variables.realtime_interval.unwrap_or(USUAL_INTERVAL);
    asked
        .or_else(|| variables.realtime_enabled.then(usual))
        .filter(|&interval| interval > 0)
}

/// Logs a block from time to time.
pub(super) struct StatsLog {
    interval: Nanos,
    next: Option<Nanos>,
    told: Option<Told>,
}

impl StatsLog {
    pub(super) fn new(interval: Nanos) -> Self {
        Self {
            interval,
            next: None,
            told: None,
        }
    }

    /// To be called a few times per second.
    pub(super) fn tell(&mut self, board: &Board, now: Nanos) {
        let next = *self.next.get_or_insert(now + self.interval);
        if now < next {
            return;
        }
        self.next = Some(next.max(now.saturating_sub(self.interval)) + self.interval);
        if board.measured_records() == 0 {
            return;
        }
        let mut snapshot = board.snapshot(now);
        snapshot.metrics = board.metrics();
        if let Some((lines, told)) = lines(&snapshot, self.told) {
            self.told = Some(told);
            for line in lines {
                tracing::info!("{line}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use aiperf_config::profile::{LogLevel, TimestampSource, Ui};

    use super::*;

    #[test]
    fn statistics_are_logged_only_where_somebody_asks_for_them() {
        for (flag, variable, is_enabled, expected) in [
            (None, None, false, None),
            (None, Some(5), false, None),
            (None, None, true, Some(30)),
            (None, Some(5), true, Some(5)),
            (None, Some(0), true, None),
            (Some(2.0), None, false, Some(2)),
            (Some(2.0), Some(5), true, Some(2)),
            (Some(0.0), Some(5), true, None),
        ] {
            let runtime = RuntimeConfig {
                ui: Ui::None,
                stats_interval_seconds: flag,
                log_level: LogLevel::Info,
                io_threads: None,
                recorder_threads: None,
                timestamp_source: TimestampSource::Auto,
                fail_on_client_limit: false,
            };
            let variables = UiVariables {
                min_update_percent: 1.0,
                realtime_interval: variable.map(|seconds: u64| seconds * SECOND),
                realtime_enabled: is_enabled,
            };
            let found = stats_interval(&runtime, &variables);
            let expected = expected.map(|seconds: u64| seconds * SECOND);
            assert_eq!(found, expected, "{flag:?} {variable:?} {is_enabled}");
        }
    }
}
