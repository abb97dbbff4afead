//! The `input_config` block of the summary: what was asked for, in the reference's YAML schema.
//!
//! The reference reads this block strictly: one unknown key rejects the whole file. So it holds the
//! reference's keys only, and only those that were set. Flags that only this program has leave no
//! trace here.

mod dataset;

use std::path::Path;

use aiperf_endpoint::url::unix_socket;
use aiperf_redact::REDACTED;
use aiperf_schedule::{PhaseKind, RateSeries};
use serde_json::{Map, Value, json};

use super::args::ProfileArgs;
use super::choices::{EndpointType, ExportLevel, RequestContentType};
use super::config::{Arrivals, PhaseConfig, ProfileConfig, RatePattern, RateShape};
use super::resolve::{PAYLOAD_TEMPLATE, RESPONSE_FIELD};
use super::template::template_text;

/// The `input_config` block.
///
/// `args` tell what was set, `config` what it means; both must come from the same command line.
/// `artifact_dir` is where files really go, which the reference records as well.
pub fn input_config(args: &ProfileArgs, config: &ProfileConfig, artifact_dir: &Path) -> Value {
    let mut block = Block::default();
    block.set("models", models(args));
    block.set("endpoint", endpoint(args, config));
    block.set("datasets", json!([dataset::block(args, config)]));
    let phases = config.phases.iter().map(|phase| match phase.kind {
        PhaseKind::Warmup => warmup(args, phase),
        PhaseKind::Profiling => profiling(args, phase),
    });
    block.set("phases", phases.collect::<Vec<_>>());
    block.set("artifacts", artifacts(args, artifact_dir));
    if !args.goodput.is_empty() {
        block.set(
            "slos",
            args.goodput
                .iter()
                .map(|(tag, limit)| (tag.clone(), json!(limit)))
                .collect::<Map<_, _>>(),
        );
    }
    block.set("tokenizer", tokenizer(args));
    if let Some(declined) = args.no_gpu_telemetry {
        block.set("gpu_telemetry", json!({ "enabled": !declined }));
    }
    if let Some(section) = server_metrics(args) {
        block.set("server_metrics", section);
    }
    if let Some(mean_ms) = args.network_latency_mean_ms {
        block.set(
            "network_latency",
            json!({ "enabled": true, "mean_ms": mean_ms }),
        );
    } else if let Some(is_measured) = args.network_latency_automatic {
        let mut section = json!({ "enabled": is_measured });
        if let Some(seconds) = args.network_latency_ping_interval_seconds {
            section["ping_interval"] = json!(seconds);
        }
        block.set("network_latency", section);
    }
    block.set("runtime", runtime(args, config));
    if args.log_level.is_some() || args.verbose.is_some() || args.extra_verbose.is_some() {
        block.set(
            "logging",
            json!({ "level": config.runtime.log_level.name().to_uppercase() }),
        );
    }
    block.value()
}

/// What was said of the server's own metrics. Addresses lead to metrics, as they are asked for.
fn server_metrics(args: &ProfileArgs) -> Option<Value> {
    if args.no_server_metrics == Some(true) {
        return Some(json!({ "enabled": false }));
    }
    let formats = &args.server_metrics_formats;
    if args.no_server_metrics.is_none() && args.server_metrics.is_none() && formats.is_empty() {
        return None;
    }
    let mut section = json!({ "enabled": true });
    if let Some(urls) = &args.server_metrics {
        let urls = urls.iter().map(|url| aiperf_redact::url(url).into_owned());
        section["urls"] = urls.collect();
    }
    if !formats.is_empty() {
        section["formats"] = formats.iter().map(|format| format.name()).collect();
    }
    Some(section)
}

/// An object under construction.
#[derive(Default)]
struct Block(Map<String, Value>);

impl Block {
    fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    fn set_some(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    fn set_unless_empty(&mut self, key: &str, block: Block) {
        if !block.0.is_empty() {
            self.set(key, block.value());
        }
    }

    fn value(self) -> Value {
        Value::Object(self.0)
    }
}

fn models(args: &ProfileArgs) -> Value {
    let mut models = Block::default();
    models.set_some(
        "strategy",
        args.model_selection.map(|strategy| strategy.name()),
    );
    models.set(
        "items",
        args.models
            .iter()
            .enumerate()
            .map(|(place, name)| match args.model_weights.get(place) {
                None => json!({ "name": name }),
                Some(weight) => json!({ "name": name, "weight": weight }),
            })
            .collect::<Vec<_>>(),
    );
    models.value()
}

fn endpoint(args: &ProfileArgs, config: &ProfileConfig) -> Value {
    let mut endpoint = Block::default();
    let urls = config
        .endpoint
        .urls
        .iter()
        .map(|url| aiperf_redact::url(&reachable(url)).into_owned());
    endpoint.set("urls", urls.collect::<Vec<_>>());
    endpoint.set_some("type", args.endpoint_type.map(|kind| kind.name()));
    endpoint.set_some("path", shown(args.custom_endpoint.as_deref()));
    endpoint.set_some(
        "url_strategy",
        args.url_strategy.map(|strategy| strategy.name()),
    );
    endpoint.set_some("api_key", args.api_key.as_ref().map(|_| REDACTED));
    endpoint.set_some("timeout", args.request_timeout_seconds.map(seconds));
    endpoint.set_some(
        "streaming",
        args.streaming.map(|_| config.endpoint.streaming),
    );
    endpoint.set_some(
        "transport",
        args.transport.map(|transport| transport.name()),
    );
    endpoint.set_some(
        "connection_reuse",
        args.connection_reuse.map(|strategy| strategy.name()),
    );
    endpoint.set_some("use_legacy_max_tokens", args.use_legacy_max_tokens);
    endpoint.set_some("use_server_token_count", args.use_server_token_count);
    endpoint.set_some("per_chunk_usage", args.per_chunk_usage);
    endpoint.set_some("download_video_content", args.download_video_content);
    // The reference writes the form also where nobody asked for it.
    let is_form = config.endpoint.kind.capabilities().multipart;
    let content_type = args
        .request_content_type
        .or(is_form.then_some(RequestContentType::Multipart));
    endpoint.set_some("request_content_type", content_type.map(|kind| kind.name()));
    endpoint.set_some("session_header", args.session_header.clone());
    endpoint.set_some("uuid_and_strip", args.uuid_and_strip);
    control(&mut endpoint, args, config);
    if !args.headers.is_empty() {
        let header = |name: &str, value: &str| {
            (
                name.to_owned(),
                Value::from(aiperf_redact::header_value(name, value)),
            )
        };
        let headers = args
            .headers
            .iter()
            .map(|given| header(&given.name, &given.value));
        endpoint.set("headers", headers.collect::<Map<_, _>>());
    }
    extra(&mut endpoint, args, config);
    endpoint.value()
}

/// The reference has the user's own body in a place of its own.
fn extra(endpoint: &mut Block, args: &ProfileArgs, config: &ProfileConfig) {
    if args.extra_inputs.is_empty() {
        return;
    }
    let mut extra = args.extra_inputs.clone();
    if let Some(body) = extra.shift_remove(PAYLOAD_TEMPLATE) {
        let mut template = Block::default();
        let given = body.as_str().unwrap_or_default();
        // A file that cannot be read ends the run elsewhere, with the reason.
        template.set(
            "body",
            template_text(given).unwrap_or_else(|_| given.to_owned()),
        );
        let field = extra.shift_remove(RESPONSE_FIELD);
        template.set("response_field", field.unwrap_or_else(|| json!("text")));
        endpoint.set("template", template.value());
        if config.endpoint.kind == EndpointType::Template {
            endpoint.set("type", EndpointType::Template.name());
        }
    }
    endpoint.set("extra", aiperf_redact::fields(&extra));
}

/// The schema has no Unix sockets: what is asked for at the socket stands for it.
fn reachable(url: &str) -> String {
    match unix_socket(url) {
        None => url.to_owned(),
        Some((_, path)) => format!("http://localhost{path}")
            .trim_end_matches('/')
            .to_owned(),
    }
}

/// Readiness and control requests. A block of a control request that is there enables it, also
/// without members.
fn control(endpoint: &mut Block, args: &ProfileArgs, config: &ProfileConfig) {
    endpoint.set_some(
        "wait_for_model_timeout",
        args.wait_for_model_timeout_seconds.map(seconds),
    );
    endpoint.set_some(
        "wait_for_model_mode",
        args.wait_for_model_mode.map(|mode| mode.name()),
    );
    endpoint.set_some(
        "wait_for_model_interval",
        args.wait_for_model_interval_seconds,
    );
    if config.endpoint.cache_reset.is_some() {
        let mut reset = Block::default();
        reset.set_some("timeout_seconds", args.reset_kv_cache_timeout_seconds);
        reset.set_some("path", shown(args.reset_kv_cache_path.as_deref()));
        endpoint.set("reset_kv_cache", reset.value());
    }
    if config.endpoint.server_profiler.is_some() {
        let mut profiler = Block::default();
        profiler.set_some("timeout_seconds", args.server_profiler_timeout_seconds);
        profiler.set_some(
            "start_path",
            shown(args.server_profiler_start_path.as_deref()),
        );
        profiler.set_some(
            "stop_path",
            shown(args.server_profiler_stop_path.as_deref()),
        );
        endpoint.set("server_profiler", profiler.value());
    }
}

/// A path of the server without credentials in its parameters.
fn shown(path: Option<&str>) -> Option<String> {
    path.map(|path| aiperf_redact::url(path).into_owned())
}

fn warmup(args: &ProfileArgs, phase: &PhaseConfig) -> Value {
    let mut block = phase_head("warmup", phase);
    block.set("exclude_from_results", true);
    bounds(&mut block, phase);
    block.set_some("concurrency", phase.arrivals.concurrency());
    block.set_some("grace_period", phase.grace_seconds.map(seconds));
    rate(&mut block, args, phase);
    let rate_ramp = args.warmup_rate_ramp_seconds.or(args.rate_ramp_seconds);
    let has_rate = matches!(phase.arrivals, Arrivals::Rate { .. });
    ramps(
        &mut block,
        args.warmup_concurrency_ramp_seconds
            .or(args.concurrency_ramp_seconds),
        args.warmup_prefill_ramp_seconds
            .or(args.prefill_ramp_seconds),
        rate_ramp.filter(|_| has_rate),
    );
    block.set_some(
        "prefill_concurrency",
        phase.prefill.map(|limit| limit.count),
    );
    // The reference writes it here as well, although only the measurement is given up.
    block.set_some("failed_request_threshold", args.failed_request_threshold);
    block.value()
}

fn profiling(args: &ProfileArgs, phase: &PhaseConfig) -> Value {
    let mut block = phase_head("profiling", phase);
    bounds(&mut block, phase);
    block.set_some("concurrency", args.concurrency);
    block.set_some("grace_period", phase.grace_seconds.map(seconds));
    rate(&mut block, args, phase);
    ramps(
        &mut block,
        args.concurrency_ramp_seconds,
        args.prefill_ramp_seconds,
        args.rate_ramp_seconds,
    );
    block.set_some("prefill_concurrency", args.prefill_concurrency);
    block.set_some("failed_request_threshold", args.failed_request_threshold);
    if let Some(cancellation) = phase.cancellation {
        let mut given = Block::default();
        given.set("rate", cancellation.percent);
        given.set_some("delay", args.cancellation_delay_seconds);
        block.set("cancellation", given.value());
    }
    if matches!(phase.arrivals, Arrivals::FixedSchedule { .. }) {
        let starts_elsewhere = args.fixed_schedule_start_offset_ms.map(|_| false);
        block.set_some(
            "auto_offset",
            args.fixed_schedule_auto_offset.or(starts_elsewhere),
        );
        block.set_some("start_offset", args.fixed_schedule_start_offset_ms);
        block.set_some("end_offset", args.fixed_schedule_end_offset_ms);
    }
    block.value()
}

fn phase_head(name: &str, phase: &PhaseConfig) -> Block {
    let mut block = Block::default();
    block.set("name", name);
    block.set("kind", name);
    block.set("type", phase.arrivals.name());
    block
}

fn bounds(block: &mut Block, phase: &PhaseConfig) {
    block.set_some("requests", phase.requests);
    block.set_some("duration", phase.duration_seconds.map(seconds));
    block.set_some("sessions", phase.sessions);
}

fn rate(block: &mut Block, args: &ProfileArgs, phase: &PhaseConfig) {
    match &phase.arrivals {
        Arrivals::Rate { pattern, rate, .. } => {
            match &rate.shape {
                RateShape::Steady(rate) => block.set("rate", *rate),
                RateShape::Series(series) => block.set("rate_series", points(series)),
            }
            if matches!(pattern, RatePattern::Gamma { .. }) {
                block.set_some("smoothness", args.arrival_smoothness);
            }
        }
        Arrivals::UserCentric { rate, users, .. } => {
            block.set("rate", *rate);
            block.set("users", *users);
        }
        Arrivals::ClosedLoop { .. } | Arrivals::FixedSchedule { .. } => {}
    }
}

fn points(series: &RateSeries) -> Value {
    let points = series
        .points()
        .iter()
        .map(|point| json!({ "time_s": point.time_s, "qps": point.qps }));
    json!({ "points": points.collect::<Vec<_>>() })
}

/// Ramps as asked for, in seconds, also where there is no limit for them to lead to.
fn ramps(block: &mut Block, concurrency: Option<f64>, prefill: Option<f64>, rate: Option<f64>) {
    let ramp = |seconds: f64| json!({ "duration": seconds });
    block.set_some("concurrency_ramp", concurrency.map(ramp));
    block.set_some("prefill_ramp", prefill.map(ramp));
    block.set_some("rate_ramp", rate.map(ramp));
}

fn artifacts(args: &ProfileArgs, artifact_dir: &Path) -> Value {
    let mut artifacts = Block::default();
    artifacts.set("dir", artifact_dir.to_string_lossy().into_owned());
    artifacts.set_some(
        "prefix",
        args.export_prefix
            .as_ref()
            .map(|prefix| prefix.to_string_lossy().into_owned()),
    );
    if let Some(level) = args.export_level {
        let records = if level == ExportLevel::Summary {
            json!(false)
        } else {
            json!(["jsonl"])
        };
        artifacts.set("records", records);
        artifacts.set("raw", level == ExportLevel::Raw);
    }
    artifacts.set_some("slice_duration", args.slice_duration_seconds);
    artifacts.set_some("export_outputs_json", args.export_outputs_json);
    artifacts.set_some("trace", args.export_http_trace);
    artifacts.set_some("show_trace_timing", args.show_trace_timing);
    artifacts.value()
}

fn tokenizer(args: &ProfileArgs) -> Value {
    let mut tokenizer = Block::default();
    tokenizer.set_some("name", args.tokenizer.clone());
    tokenizer.set_some("revision", args.tokenizer_revision.clone());
    tokenizer.set_some("apply_chat_template", args.apply_chat_template);
    tokenizer.value()
}

fn runtime(args: &ProfileArgs, config: &ProfileConfig) -> Value {
    let mut runtime = Block::default();
    runtime.set("ui", config.runtime.ui.name());
    runtime.set_some("workers", args.workers_max);
    runtime.set_some("record_processors", args.record_processors);
    runtime.set_some("stats_interval", args.stats_interval_seconds);
    runtime.value()
}

/// Seconds as the schema takes them. JSON has no infinity; the schema's durations take the word.
fn seconds(seconds: f64) -> Value {
    if seconds.is_finite() {
        json!(seconds)
    } else {
        json!("inf")
    }
}
