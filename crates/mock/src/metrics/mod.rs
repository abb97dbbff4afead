//! Counters of what was served. The pages that show them, in the names of several servers, are in
//! [`pages`].

mod exposition;
pub(crate) mod gpus;
pub(crate) mod pages;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use aiperf_clock::{Nanos, SECOND};

/// Tokens that the pretended KV cache holds: the denominator of its usage.
pub(crate) const KV_CACHE_TOKENS: i64 = 1 << 18;

const MS: u64 = SECOND / 1_000;

/// Upper bounds in nanoseconds, those of vLLM.
const FIRST_TOKEN_BOUNDS: &[u64] = &[
    MS,
    5 * MS,
    10 * MS,
    20 * MS,
    40 * MS,
    60 * MS,
    80 * MS,
    100 * MS,
    250 * MS,
    500 * MS,
    750 * MS,
    SECOND,
    2_500 * MS,
    5 * SECOND,
    7_500 * MS,
    10 * SECOND,
    20 * SECOND,
    40 * SECOND,
    80 * SECOND,
    160 * SECOND,
    640 * SECOND,
    2_560 * SECOND,
];

const TOKEN_TIME_BOUNDS: &[u64] = &[
    10 * MS,
    25 * MS,
    50 * MS,
    75 * MS,
    100 * MS,
    150 * MS,
    200 * MS,
    300 * MS,
    400 * MS,
    500 * MS,
    750 * MS,
    SECOND,
    2_500 * MS,
    5 * SECOND,
    7_500 * MS,
    10 * SECOND,
    20 * SECOND,
    40 * SECOND,
    80 * SECOND,
];

const REQUEST_TIME_BOUNDS: &[u64] = &[
    300 * MS,
    500 * MS,
    800 * MS,
    SECOND,
    1_500 * MS,
    2 * SECOND,
    2_500 * MS,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    20 * SECOND,
    30 * SECOND,
    40 * SECOND,
    50 * SECOND,
    60 * SECOND,
    120 * SECOND,
    240 * SECOND,
    480 * SECOND,
    960 * SECOND,
    1_920 * SECOND,
    7_680 * SECOND,
];

const TOKEN_COUNT_BOUNDS: &[u64] = &[
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000,
];

/// Everything that is counted. Shared by all serving threads.
pub(crate) struct Metrics {
    /// Requests answered or given up, of every path.
    pub(crate) requests: AtomicU64,
    pub(crate) connections: AtomicU64,
    pub(crate) faults: AtomicU64,
    /// Requests whose client left before the end of the answer.
    pub(crate) departures: AtomicU64,
    /// Bytes of the bodies of requests.
    pub(crate) body_bytes: AtomicU64,
    /// Requests answered with an error status.
    pub(crate) errors: AtomicU64,
    pub(crate) running: AtomicI64,
    /// Tokens of running requests, in the pretended KV cache.
    pub(crate) held_tokens: AtomicI64,
    pub(crate) prompt_tokens: AtomicU64,
    pub(crate) cached_tokens: AtomicU64,
    pub(crate) generation_tokens: AtomicU64,
    pub(crate) finished_stop: AtomicU64,
    pub(crate) finished_length: AtomicU64,
    pub(crate) finished_abort: AtomicU64,
    pub(crate) time_to_first_token: Histogram,
    pub(crate) inter_token_latency: Histogram,
    pub(crate) request_latency: Histogram,
    pub(crate) request_prompt_tokens: Histogram,
    pub(crate) request_generation_tokens: Histogram,
}

/// Counts of values up to fixed bounds.
pub(crate) struct Histogram {
    pub(crate) bounds: &'static [u64],
    /// What a value of this size is exported as 1.
    pub(crate) unit: u64,
    /// One for each bound and one for what is above all; not cumulative.
    pub(crate) counts: Box<[AtomicU64]>,
    pub(crate) sum: AtomicU64,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            requests: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            faults: AtomicU64::new(0),
            departures: AtomicU64::new(0),
            body_bytes: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            running: AtomicI64::new(0),
            held_tokens: AtomicI64::new(0),
            prompt_tokens: AtomicU64::new(0),
            cached_tokens: AtomicU64::new(0),
            generation_tokens: AtomicU64::new(0),
            finished_stop: AtomicU64::new(0),
            finished_length: AtomicU64::new(0),
            finished_abort: AtomicU64::new(0),
            time_to_first_token: Histogram::new(FIRST_TOKEN_BOUNDS, SECOND),
            inter_token_latency: Histogram::new(TOKEN_TIME_BOUNDS, SECOND),
            request_latency: Histogram::new(REQUEST_TIME_BOUNDS, SECOND),
            request_prompt_tokens: Histogram::new(TOKEN_COUNT_BOUNDS, 1),
            request_generation_tokens: Histogram::new(TOKEN_COUNT_BOUNDS, 1),
        }
    }
}

impl Metrics {
    /// Sets the counters that are exported back to zero, as a restart of a server does. What is
    /// running goes on.
    pub(crate) fn reset(&self) {
        for counter in [
            &self.departures,
            &self.body_bytes,
            &self.errors,
            &self.prompt_tokens,
            &self.cached_tokens,
            &self.generation_tokens,
            &self.finished_stop,
            &self.finished_length,
            &self.finished_abort,
        ] {
            counter.store(0, Relaxed);
        }
        for histogram in [
            &self.time_to_first_token,
            &self.inter_token_latency,
            &self.request_latency,
            &self.request_prompt_tokens,
            &self.request_generation_tokens,
        ] {
            for count in &histogram.counts {
                count.store(0, Relaxed);
            }
            histogram.sum.store(0, Relaxed);
        }
    }
}

impl Histogram {
    fn new(bounds: &'static [u64], unit: u64) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self {
            bounds,
            unit,
            counts,
            sum: AtomicU64::new(0),
        }
    }

    /// Counts `value`, given in the smallest unit (nanoseconds, tokens).
    pub(crate) fn observe(&self, value: Nanos) {
        self.observe_many(value, 1);
    }

    /// Counts `value` `times` times.
    pub(crate) fn observe_many(&self, value: Nanos, times: u64) {
        let place = self.bounds.partition_point(|&bound| bound < value);
        self.counts[place].fetch_add(times, Relaxed);
        self.sum.fetch_add(value * times, Relaxed);
    }

    /// The sum and the number of all values.
    pub(crate) fn totals(&self) -> (u64, u64) {
        let count = self.counts.iter().map(|count| count.load(Relaxed)).sum();
        (self.sum.load(Relaxed), count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_ascend() {
        for bounds in [
            FIRST_TOKEN_BOUNDS,
            TOKEN_TIME_BOUNDS,
            REQUEST_TIME_BOUNDS,
            TOKEN_COUNT_BOUNDS,
        ] {
            assert!(bounds.is_sorted_by(|a, b| a < b), "{bounds:?}");
        }
    }
}
