//! Counters of what was served, in the names that vLLM exports.

use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use aiperf_clock::{Nanos, SECOND};

/// Tokens that the pretended KV cache holds: the denominator of its usage.
const KV_CACHE_TOKENS: i64 = 1 << 18;

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
    bounds: &'static [u64],
    /// What a value of this size is exported as 1.
    unit: u64,
    /// One for each bound and one for what is above all; not cumulative.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            requests: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            faults: AtomicU64::new(0),
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

    /// The Prometheus text exposition.
    pub(crate) fn exposition(&self, model: &str) -> String {
        let labels = format!("engine=\"0\",model_name=\"{}\"", escape_label(model));
        let mut page = Page {
            text: String::with_capacity(16 * 1024),
            labels,
        };
        let running = self.running.load(Relaxed);
        page.gauge(
            "num_requests_running",
            "Requests being answered.",
            running as f64,
        );
        page.gauge(
            "num_requests_waiting",
            "Requests in a queue: none, there is no queue.",
            0.0,
        );
        let held = self.held_tokens.load(Relaxed).clamp(0, KV_CACHE_TOKENS);
        page.gauge(
            "kv_cache_usage_perc",
            "Tokens of running requests as a share of the cache, 1 meaning full.",
            held as f64 / KV_CACHE_TOKENS as f64,
        );
        let prompt_tokens = self.prompt_tokens.load(Relaxed);
        page.counter("num_preemptions", "Requests preempted: none ever is.", 0);
        page.counter(
            "prefix_cache_queries",
            "Prompt tokens looked up in the cache.",
            prompt_tokens,
        );
        page.counter(
            "prefix_cache_hits",
            "Prompt tokens found in the cache.",
            self.cached_tokens.load(Relaxed),
        );
        page.counter("prompt_tokens", "Prompt tokens processed.", prompt_tokens);
        page.counter(
            "generation_tokens",
            "Output tokens generated.",
            self.generation_tokens.load(Relaxed),
        );
        page.head(
            "request_success_total",
            "counter",
            "Requests finished, by reason.",
        );
        for (reason, count) in [
            ("stop", &self.finished_stop),
            ("length", &self.finished_length),
            ("abort", &self.finished_abort),
        ] {
            let label = format!(",finished_reason=\"{reason}\"");
            page.sample("request_success_total", &label, count.load(Relaxed) as f64);
        }
        page.histogram(
            "time_to_first_token_seconds",
            "From a request's arrival to its first token.",
            &self.time_to_first_token,
        );
        // vLLM renamed this one; both names are exported, as its versions in between did.
        for name in [
            "inter_token_latency_seconds",
            "time_per_output_token_seconds",
        ] {
            page.histogram(
                name,
                "From one chunk of output to the next.",
                &self.inter_token_latency,
            );
        }
        page.histogram(
            "e2e_request_latency_seconds",
            "From a request's arrival to the end of its answer.",
            &self.request_latency,
        );
        page.histogram(
            "request_prompt_tokens",
            "Prompt tokens of a request.",
            &self.request_prompt_tokens,
        );
        page.histogram(
            "request_generation_tokens",
            "Output tokens of a request.",
            &self.request_generation_tokens,
        );
        let label = format!(
            ",block_size=\"16\",num_gpu_blocks=\"{}\"",
            KV_CACHE_TOKENS / 16
        );
        page.head(
            "cache_config_info",
            "gauge",
            "What the pretended cache is like.",
        );
        page.sample("cache_config_info", &label, 1.0);
        page.text
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
}

/// A page of metrics in the making.
struct Page {
    text: String,
    labels: String,
}

impl Page {
    fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.head(name, "gauge", help);
        self.sample(name, "", value);
    }

    fn counter(&mut self, stem: &str, help: &str, value: u64) {
        let name = format!("{stem}_total");
        self.head(&name, "counter", help);
        self.sample(&name, "", value as f64);
    }

    fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.head(name, "histogram", help);
        let bucket = format!("{name}_bucket");
        let unit = histogram.unit as f64;
        let mut cumulative = 0;
        for (bound, count) in histogram.bounds.iter().zip(&histogram.counts) {
            cumulative += count.load(Relaxed);
            let label = format!(",le=\"{:?}\"", *bound as f64 / unit);
            self.sample(&bucket, &label, cumulative as f64);
        }
        if let Some(above) = histogram.counts.last() {
            cumulative += above.load(Relaxed);
        }
        self.sample(&bucket, ",le=\"+Inf\"", cumulative as f64);
        self.sample(
            &format!("{name}_sum"),
            "",
            histogram.sum.load(Relaxed) as f64 / unit,
        );
        self.sample(&format!("{name}_count"), "", cumulative as f64);
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(
            self.text,
            "# HELP vllm:{name} {help}\n# TYPE vllm:{name} {kind}"
        );
    }

    fn sample(&mut self, name: &str, more_labels: &str, value: f64) {
        let _ = writeln!(
            self.text,
            "vllm:{name}{{{}{more_labels}}} {value:?}",
            self.labels
        );
    }
}

fn escape_label(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative_and_include_their_bound() {
        let metrics = Metrics::new();
        for value in [MS, MS + 1, 5 * MS, 10_000 * SECOND] {
            metrics.time_to_first_token.observe(value);
        }
        let page = metrics.exposition("a\"b");
        let labels = "engine=\"0\",model_name=\"a\\\"b\"";
        for line in [
            format!("vllm:time_to_first_token_seconds_bucket{{{labels},le=\"0.001\"}} 1.0"),
            format!("vllm:time_to_first_token_seconds_bucket{{{labels},le=\"0.005\"}} 3.0"),
            format!("vllm:time_to_first_token_seconds_bucket{{{labels},le=\"2560.0\"}} 3.0"),
            format!("vllm:time_to_first_token_seconds_bucket{{{labels},le=\"+Inf\"}} 4.0"),
            format!("vllm:time_to_first_token_seconds_count{{{labels}}} 4.0"),
        ] {
            assert!(page.lines().any(|found| found == line), "{line}\n{page}");
        }
    }

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
