//! Which rows of a trace are replayed, and what is said about the others.

use crate::plan::FilePlan;

use super::Window;
use super::rows::NewRow;

/// Delays that nobody capped are reported from this length on.
const LONG_DELAY_MS: f64 = 60_000.0;

/// Drops and trims rows as they are read, and counts what it did.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    window: Window,
    max_isl: Option<u32>,
    delay_cap_ms: Option<f64>,
    ignore_delays: bool,
    outside_window: u64,
    too_long: u64,
    capped_delays: u64,
    long_delays: u64,
    /// Answers that were recorded with a length of 0 and are asked for with 1.
    pub(super) raised_outputs: u64,
    /// Rows that their loader could not use.
    pub(super) unusable: u64,
}

impl Selection {
    pub(super) fn new(plan: &FilePlan) -> Self {
        Self {
            window: plan.trace.window,
            max_isl: plan.trace.max_isl,
            delay_cap_ms: plan.delay_cap_ms,
            ignore_delays: plan.trace.ignore_delays,
            outside_window: 0,
            too_long: 0,
            capped_delays: 0,
            long_delays: 0,
            raised_outputs: 0,
            unusable: 0,
        }
    }

    /// The same rules for another thread, which counts for itself.
    pub(super) fn without_counts(&self) -> Self {
        Self {
            outside_window: 0,
            too_long: 0,
            capped_delays: 0,
            long_delays: 0,
            raised_outputs: 0,
            unusable: 0,
            ..*self
        }
    }

    /// Adds what another thread has counted.
    pub(super) fn add_counts(&mut self, other: &Self) {
        self.outside_window += other.outside_window;
        self.too_long += other.too_long;
        self.capped_delays += other.capped_delays;
        self.long_delays += other.long_delays;
        self.raised_outputs += other.raised_outputs;
        self.unusable += other.unusable;
    }

    /// Whether the row is replayed. Its delay is capped on the way.
    pub(super) fn keeps(&mut self, row: &mut NewRow) -> bool {
        if !self.is_inside(row.timestamp_ms) || !self.is_short_enough(row.input_tokens) {
            return false;
        }
        self.adjust(row);
        true
    }

    /// Whether a time lies in the window; rows without time do.
    pub(super) fn is_inside(&mut self, timestamp_ms: Option<f64>) -> bool {
        let Window { start_ms, end_ms } = self.window;
        let is_inside = timestamp_ms.is_none_or(|time| {
            start_ms.is_none_or(|start| time >= start) && end_ms.is_none_or(|end| time <= end)
        });
        self.outside_window += u64::from(!is_inside);
        is_inside
    }

    fn is_short_enough(&mut self, input_tokens: Option<u32>) -> bool {
        let is_too_long =
            matches!((input_tokens, self.max_isl), (Some(tokens), Some(limit)) if tokens > limit);
        self.too_long += u64::from(is_too_long);
        !is_too_long
    }

    /// What is kept without a look at its time, which is not known yet.
    pub(super) fn keeps_length_of(&mut self, row: &mut NewRow) -> bool {
        let keeps = self.is_short_enough(row.input_tokens);
        if keeps {
            self.adjust(row);
        }
        keeps
    }

    /// Whether rows lose their times once these are not needed any more.
    pub(super) fn ignores_times(&self) -> bool {
        self.ignore_delays
    }

    fn adjust(&mut self, row: &mut NewRow) {
        if row.output_tokens == Some(0) {
            row.output_tokens = Some(1);
            self.raised_outputs += 1;
        }
        if self.ignore_delays {
            row.delay_ms = None;
            return;
        }
        if let Some(delay) = &mut row.delay_ms {
            match self.delay_cap_ms {
                Some(cap) if *delay > cap => {
                    *delay = cap;
                    self.capped_delays += 1;
                }
                None if *delay > LONG_DELAY_MS => self.long_delays += 1,
                _ => {}
            }
        }
    }

    /// Says what was dropped and changed.
    pub(super) fn report(&self) {
        if self.outside_window > 0 {
            tracing::info!(
                "{} outside of the time window: left out",
                rows(self.outside_window)
            );
        }
        if let Some(limit) = self.max_isl.filter(|_| self.too_long > 0) {
            tracing::info!(
                "{} with more than {limit} prompt tokens: left out",
                rows(self.too_long)
            );
        }
        if let Some(cap) = self.delay_cap_ms.filter(|_| self.capped_delays > 0) {
            tracing::info!("delays cut to {cap} ms: {}", self.capped_delays);
        }
        if self.long_delays > 0 {
            tracing::warn!(
                "delays longer than 60 s: {}; `--inter-turn-delay-cap-seconds` cuts them",
                self.long_delays
            );
        }
        if self.raised_outputs > 0 {
            tracing::warn!(
                "{} with an output length of 0: sent with a bound of 1 token",
                rows(self.raised_outputs)
            );
        }
        if self.unusable > 0 {
            tracing::warn!("{} that cannot be replayed: left out", rows(self.unusable));
        }
    }
}

fn rows(count: u64) -> String {
    match count {
        1 => "1 row".to_owned(),
        count => format!("{count} rows"),
    }
}
