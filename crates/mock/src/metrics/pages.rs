//! The counters in the names of vLLM, SGLang, TensorRT-LLM and Dynamo.

use std::sync::atomic::Ordering::Relaxed;

use aiperf_clock::SECOND;

use super::exposition::Exposition;
use super::{KV_CACHE_TOKENS, Metrics};
use crate::options::MetricsStyle;
use crate::server::Shared;

/// The page of a server of this kind.
pub(crate) fn of_style(shared: &Shared, style: MetricsStyle) -> String {
    match style {
        MetricsStyle::Vllm => vllm(shared),
        MetricsStyle::Sglang => sglang(shared),
        MetricsStyle::TrtLlm => trtllm(shared),
        MetricsStyle::Dynamo => dynamo_frontend(shared),
    }
}

/// Requests that are running and those that wait for their turn in the batch.
fn running_and_waiting(shared: &Shared) -> (f64, f64) {
    let waiting = shared.batch.as_ref().map_or(0, |batch| batch.waiting());
    let running = shared.metrics.running.load(Relaxed).max(0) as u64;
    (running.saturating_sub(waiting) as f64, waiting as f64)
}

/// Tokens of running requests as a share of the cache, 1 meaning full.
fn cache_usage(metrics: &Metrics) -> f64 {
    let held = metrics.held_tokens.load(Relaxed);
    held.clamp(0, KV_CACHE_TOKENS) as f64 / KV_CACHE_TOKENS as f64
}

fn hit_rate(metrics: &Metrics) -> f64 {
    let asked = metrics.prompt_tokens.load(Relaxed);
    metrics.cached_tokens.load(Relaxed) as f64 / asked.max(1) as f64
}

fn vllm(shared: &Shared) -> String {
    let metrics = &shared.metrics;
    let mut page = Exposition::new(
        "vllm:",
        &[("engine", "0"), ("model_name", shared.model_name())],
    );
    let (running, waiting) = running_and_waiting(shared);
    page.gauge("num_requests_running", "Requests being answered.", running);
    page.gauge(
        "num_requests_waiting",
        "Requests waiting for their turn.",
        waiting,
    );
    page.gauge(
        "kv_cache_usage_perc",
        "Tokens of running requests as a share of the cache, 1 meaning full.",
        cache_usage(metrics),
    );
    let prompt_tokens = metrics.prompt_tokens.load(Relaxed);
    page.counter("num_preemptions", "Requests preempted: none ever is.", 0);
    page.counter(
        "prefix_cache_queries",
        "Prompt tokens looked up in the cache.",
        prompt_tokens,
    );
    page.counter(
        "prefix_cache_hits",
        "Prompt tokens found in the cache.",
        metrics.cached_tokens.load(Relaxed),
    );
    page.counter("prompt_tokens", "Prompt tokens processed.", prompt_tokens);
    page.counter(
        "generation_tokens",
        "Output tokens generated.",
        metrics.generation_tokens.load(Relaxed),
    );
    page.head(
        "request_success_total",
        "counter",
        "Requests finished, by reason.",
    );
    for (reason, count) in finished(metrics) {
        let label = format!("finished_reason=\"{reason}\"");
        page.sample("request_success_total", &label, count as f64);
    }
    page.histogram(
        "time_to_first_token_seconds",
        "From a request's arrival to its first token.",
        &metrics.time_to_first_token,
    );
    // vLLM renamed this one; both names are exported, as its versions in between did.
    for name in [
        "inter_token_latency_seconds",
        "time_per_output_token_seconds",
    ] {
        page.histogram(
            name,
            "From one chunk of output to the next.",
            &metrics.inter_token_latency,
        );
    }
    page.histogram(
        "e2e_request_latency_seconds",
        "From a request's arrival to the end of its answer.",
        &metrics.request_latency,
    );
    page.histogram(
        "request_prompt_tokens",
        "Prompt tokens of a request.",
        &metrics.request_prompt_tokens,
    );
    page.histogram(
        "request_generation_tokens",
        "Output tokens of a request.",
        &metrics.request_generation_tokens,
    );
    let label = format!(
        "block_size=\"16\",num_gpu_blocks=\"{}\"",
        KV_CACHE_TOKENS / 16
    );
    page.head(
        "cache_config_info",
        "gauge",
        "What the pretended cache is like.",
    );
    page.sample("cache_config_info", &label, 1.0);
    page.into_text()
}

fn sglang(shared: &Shared) -> String {
    let metrics = &shared.metrics;
    let labels = [
        ("engine_type", "unified"),
        ("model_name", shared.model_name()),
    ];
    let mut page = Exposition::new("sglang:", &labels);
    let (running, waiting) = running_and_waiting(shared);
    page.gauge("num_running_reqs", "Requests being answered.", running);
    page.gauge(
        "num_queue_reqs",
        "Requests waiting for their turn.",
        waiting,
    );
    let held = metrics.held_tokens.load(Relaxed).max(0);
    page.gauge("num_used_tokens", "Tokens in the cache.", held as f64);
    page.gauge(
        "token_usage",
        "Share of the cache in use.",
        cache_usage(metrics),
    );
    page.gauge(
        "cache_hit_rate",
        "Share of prompt tokens found.",
        hit_rate(metrics),
    );
    page.gauge(
        "gen_throughput",
        "Output tokens per second since the start.",
        tokens_per_second(shared),
    );
    page.counter(
        "prompt_tokens",
        "Prompt tokens.",
        metrics.prompt_tokens.load(Relaxed),
    );
    page.counter(
        "generation_tokens",
        "Output tokens.",
        metrics.generation_tokens.load(Relaxed),
    );
    page.counter(
        "cached_tokens",
        "Prompt tokens found.",
        metrics.cached_tokens.load(Relaxed),
    );
    let requests = finished(metrics).map(|(_, count)| count).iter().sum();
    page.counter("num_requests", "Requests finished.", requests);
    page.counter("num_retracted_reqs", "Requests retracted: none ever is.", 0);
    page.histogram(
        "time_to_first_token_seconds",
        "From arrival to first token.",
        &metrics.time_to_first_token,
    );
    page.histogram(
        "inter_token_latency_seconds",
        "From one chunk to the next.",
        &metrics.inter_token_latency,
    );
    page.histogram(
        "e2e_request_latency_seconds",
        "From arrival to the end.",
        &metrics.request_latency,
    );
    page.into_text()
}

fn trtllm(shared: &Shared) -> String {
    let metrics = &shared.metrics;
    let labels = [
        ("engine_type", "trtllm"),
        ("model_name", shared.model_name()),
    ];
    let mut page = Exposition::new("trtllm_", &labels);
    page.head("request_success_total", "counter", "Requests finished.");
    for (reason, count) in finished(metrics) {
        let label = format!("finished_reason=\"{reason}\"");
        page.sample("request_success_total", &label, count as f64);
    }
    for (name, help, histogram) in [
        (
            "time_to_first_token_seconds",
            "From arrival to first token.",
            &metrics.time_to_first_token,
        ),
        (
            "time_per_output_token_seconds",
            "From one chunk to the next.",
            &metrics.inter_token_latency,
        ),
        (
            "e2e_request_latency_seconds",
            "From arrival to the end.",
            &metrics.request_latency,
        ),
    ] {
        page.histogram(name, help, histogram);
    }
    page.gauge(
        "kv_cache_hit_rate",
        "Share of prompt tokens found.",
        hit_rate(metrics),
    );
    page.gauge(
        "kv_cache_utilization",
        "Share of the cache in use.",
        cache_usage(metrics),
    );
    page.into_text()
}

fn dynamo_frontend(shared: &Shared) -> String {
    let metrics = &shared.metrics;
    let mut page = Exposition::new("dynamo_frontend_", &[("model", shared.model_name())]);
    let (running, waiting) = running_and_waiting(shared);
    page.gauge("inflight_requests", "Requests being answered.", running);
    page.gauge(
        "queued_requests",
        "Requests waiting for their turn.",
        waiting,
    );
    page.gauge(
        "disconnected_clients",
        "Clients that left before the end.",
        metrics.departures.load(Relaxed) as f64,
    );
    let errors = metrics.errors.load(Relaxed);
    let success: u64 = finished(metrics).map(|(_, count)| count).iter().sum();
    page.head(
        "requests_total",
        "counter",
        "Requests finished, by outcome.",
    );
    for (status, count) in [("success", success), ("error", errors)] {
        let label =
            format!("endpoint=\"chat_completions\",request_type=\"stream\",status=\"{status}\"");
        page.sample("requests_total", &label, count as f64);
    }
    page.counter(
        "output_tokens",
        "Output tokens.",
        metrics.generation_tokens.load(Relaxed),
    );
    for (name, help, histogram) in [
        (
            "time_to_first_token_seconds",
            "From arrival to first token.",
            &metrics.time_to_first_token,
        ),
        (
            "inter_token_latency_seconds",
            "From one chunk to the next.",
            &metrics.inter_token_latency,
        ),
        (
            "request_duration_seconds",
            "From arrival to the end.",
            &metrics.request_latency,
        ),
        (
            "input_sequence_tokens",
            "Prompt tokens of a request.",
            &metrics.request_prompt_tokens,
        ),
        (
            "output_sequence_tokens",
            "Output tokens of a request.",
            &metrics.request_generation_tokens,
        ),
    ] {
        page.histogram(name, help, histogram);
    }
    page.into_text()
}

/// The page of a worker behind Dynamo's frontend.
pub(crate) fn dynamo_component(shared: &Shared, component: &str) -> String {
    let metrics = &shared.metrics;
    let labels = [
        ("dynamo_namespace", "mock"),
        ("dynamo_component", component),
        ("dynamo_endpoint", "generate"),
        ("model", shared.model_name()),
    ];
    let mut page = Exposition::new("dynamo_component_", &labels);
    let (running, _) = running_and_waiting(shared);
    page.gauge("inflight_requests", "Requests being answered.", running);
    let (_, requests) = metrics.request_latency.totals();
    page.counter("requests", "Requests finished.", requests);
    page.counter(
        "request_bytes",
        "Bytes of requests.",
        metrics.body_bytes.load(Relaxed),
    );
    page.histogram(
        "request_duration_seconds",
        "From arrival to the end.",
        &metrics.request_latency,
    );
    let uptime = shared.clock.now() - shared.start;
    page.gauge(
        "uptime_seconds",
        "Since the start.",
        uptime as f64 / SECOND as f64,
    );
    let held = metrics.held_tokens.load(Relaxed).max(0) as f64;
    page.gauge(
        "kvstats_active_blocks",
        "Blocks in use.",
        (held / 16.0).ceil(),
    );
    page.gauge(
        "kvstats_total_blocks",
        "All blocks.",
        (KV_CACHE_TOKENS / 16) as f64,
    );
    page.gauge(
        "kvstats_gpu_cache_usage_percent",
        "Share of the cache in use.",
        cache_usage(metrics),
    );
    page.gauge(
        "kvstats_gpu_prefix_cache_hit_rate",
        "Share of prompt tokens found.",
        hit_rate(metrics),
    );
    page.into_text()
}

fn finished(metrics: &Metrics) -> [(&'static str, u64); 3] {
    [
        ("stop", metrics.finished_stop.load(Relaxed)),
        ("length", metrics.finished_length.load(Relaxed)),
        ("abort", metrics.finished_abort.load(Relaxed)),
    ]
}

fn tokens_per_second(shared: &Shared) -> f64 {
    let seconds = (shared.clock.now() - shared.start) as f64 / SECOND as f64;
    shared.metrics.generation_tokens.load(Relaxed) as f64 / seconds.max(1e-9)
}
