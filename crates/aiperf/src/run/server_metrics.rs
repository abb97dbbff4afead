//! The server's own metrics: what of the configuration bears on them, and their files.

use std::path::Path;
use std::time::Duration;

use aiperf_clock::{Clock, monotonic_now};
use aiperf_config::profile::{ProfileConfig, ServerMetricsFormat};
use aiperf_export::json::pretty;
use aiperf_export::parquet_files::{ServerMetricsFile, ServerMetricsRow};
use aiperf_export::server_metrics_csv::server_metrics_csv;
use aiperf_export::write::write_text;
use aiperf_export::{
    ExportError, FileNames, OutputFile, PhaseKind, RunState, WriteOutcome, local_stamp, utc_stamp,
};
use aiperf_model::{ServerMetricsExport, ServerMetricsSummary, ServerMetricsTimeRange};
use aiperf_schedule::PhasePlan;
use aiperf_telemetry::{
    Collected, Collector, CollectorSettings, PhaseStamp, Span, Stamp, document, metrics_urls,
};
use serde_json::{Map, Value, json};

use super::environment::Environment;
use super::execute::Executed;
use super::prepare::Prepared;
use super::settings;
use super::signals::Interrupts;

/// The file of a format.
pub(crate) fn file(format: ServerMetricsFormat) -> OutputFile {
    match format {
        ServerMetricsFormat::Json => OutputFile::ServerMetricsJson,
        ServerMetricsFormat::Csv => OutputFile::ServerMetricsCsv,
        ServerMetricsFormat::Jsonl => OutputFile::ServerMetricsJsonl,
        ServerMetricsFormat::Parquet => OutputFile::ServerMetricsParquet,
    }
}

/// Starts the thread that collects, unless that was declined.
pub(crate) fn start(
    config: &ProfileConfig,
    environment: &Environment,
    clock: Clock,
    folder: &Path,
    names: &FileNames,
) -> Option<Collector> {
    let wanted = config.telemetry.server_metrics.as_ref()?;
    let times = environment.server_metrics;
    if !wanted.is_asked_for && !times.by_default {
        return None;
    }
    let urls = config.endpoint.urls.iter().chain(&wanted.urls);
    let has_lines = wanted.formats.contains(&ServerMetricsFormat::Jsonl);
    let settings = CollectorSettings {
        urls: metrics_urls(urls.map(String::as_str)),
        transport: settings::transport(config, environment),
        clock,
        interval: Duration::from_nanos(times.interval),
        reachability_timeout: Duration::from_nanos(times.reachability_timeout),
        scrape_timeout: Duration::from_nanos(times.scrape_timeout),
        lines: has_lines.then(|| folder.join(names.name(OutputFile::ServerMetricsJsonl))),
    };
    Collector::start(settings)
        .inspect_err(|error| tracing::warn!("server metrics are not collected: {error}"))
        .ok()
}

/// How scrapes are marked while a phase is the present one.
pub(crate) fn stamp(index: usize, profiling_index: Option<usize>, plan: &PhasePlan) -> PhaseStamp {
    let short = |index| u32::try_from(index).unwrap_or(u32::MAX);
    PhaseStamp {
        name: plan.name.clone(),
        index: short(index),
        profiling_index: profiling_index.map(short),
    }
}

/// Waits for the last scrape: servers that update their metrics now and then need some time after the
/// last request. A run that was cut short is not waited for.
pub(crate) fn finish(
    prepared: &Prepared,
    executed: &Executed,
    interrupts: &Interrupts,
) -> Option<Collected> {
    let collector = prepared.server_metrics.as_ref()?;
    let ends = executed.outcomes.iter().map(|outcome| outcome.times.end);
    let last = ends.max().unwrap_or_else(monotonic_now);
    let at = last.saturating_add(prepared.environment.server_metrics.flush);
    let is_cut_short = executed.was_cut_short(prepared.phases.len());
    Some(collector.finish(at, &|| is_cut_short || interrupts.was_asked()))
}

/// Writes the files that were chosen, where anything was collected.
pub(crate) fn write(
    prepared: &Prepared,
    collected: &Collected,
    state: &RunState,
    outcome: &mut WriteOutcome,
) {
    let Some(wanted) = &prepared.config.telemetry.server_metrics else {
        return;
    };
    if collected.is_empty() {
        return;
    }
    let measured = span_of(state, PhaseKind::Profiling).unwrap_or_default();
    let span = collected.span(Stamp::Profiling, measured.start_ns, measured.end_ns);
    let export = export(collected, state, span, measured);
    for &format in &wanted.formats {
        let path = prepared.folder.join(state.files.names.name(file(format)));
        let written = match format {
            _ if export.metrics.is_empty() => continue,
            // Written line by line during the run.
            ServerMetricsFormat::Jsonl => continue,
            ServerMetricsFormat::Json => match pretty(&export) {
                Ok(text) => write_text(&path, &text),
                Err(error) => Err(ExportError::Write {
                    path: path.clone(),
                    source: error.into(),
                }),
            },
            ServerMetricsFormat::Csv => {
                let text = server_metrics_csv(&export, document::endpoint_name);
                write_text(&path, &text)
            }
            ServerMetricsFormat::Parquet => {
                let metadata = metadata(&export, prepared, measured);
                write_columns(&path, collected, span, label_names(&export), metadata)
            }
        };
        outcome.note(file(format), path, written);
    }
}

/// From the first begin of phases of this kind to the last end.
fn span_of(state: &RunState, kind: PhaseKind) -> Option<ServerMetricsTimeRange> {
    let phases = state.phases.iter().filter(|phase| phase.kind == kind);
    Some(ServerMetricsTimeRange {
        start_ns: phases.clone().filter_map(|phase| phase.start_ns).min()?,
        end_ns: phases.filter_map(|phase| phase.end_ns).max()?,
    })
}

fn export(
    collected: &Collected,
    state: &RunState,
    span: Span,
    measured: ServerMetricsTimeRange,
) -> ServerMetricsExport {
    let slice_ns = state.files.slice_duration_ns;
    let slice_ns = slice_ns.and_then(|length| i64::try_from(length).ok());
    let warmup = span_of(state, PhaseKind::Warmup).map(|warmup| ServerMetricsTimeRange {
        end_ns: collected
            .last_of(Stamp::Warmup)
            .map_or(warmup.end_ns, |last| last.max(warmup.end_ns)),
        ..warmup
    });
    let warmup_metrics = warmup.map(|warmup| {
        let span = collected.span(Stamp::Warmup, warmup.start_ns, warmup.end_ns);
        collected.metrics(span, slice_ns)
    });
    let ranges = [("profiling", Some(measured)), ("warmup", warmup)];
    let errors = collected.error_summary();
    ServerMetricsExport {
        schema_version: "1.1".to_owned(),
        aiperf_version: Some(state.aiperf_version.clone()),
        benchmark_id: Some(state.run_info.benchmark_id.clone()),
        summary: ServerMetricsSummary {
            endpoints_configured: collected.configured.clone(),
            endpoints_successful: collected.reachable.clone(),
            start_time: local_stamp(measured.start_ns),
            end_time: local_stamp(measured.end_ns),
            endpoint_info: Some(collected.endpoint_info()),
            phase_time_ranges: Some(
                ranges
                    .into_iter()
                    .filter_map(|(name, range)| Some((name.to_owned(), range?)))
                    .filter(|(_, range)| range.start_ns < range.end_ns)
                    .collect(),
            ),
        },
        metrics_phase: "profiling".to_owned(),
        metrics: collected.metrics(span, slice_ns),
        warmup_metrics: warmup_metrics.filter(|metrics| !metrics.is_empty()),
        input_config: state.input_config.clone(),
        error_summary: (!errors.is_empty()).then_some(errors),
    }
}

/// What the columns say of themselves: texts, as the reference has them.
fn metadata(
    export: &ServerMetricsExport,
    prepared: &Prepared,
    measured: ServerMetricsTimeRange,
) -> Vec<(String, String)> {
    let config = &prepared.config;
    let labels = label_names(export);
    let of_type = |kind: &str| {
        let metrics = export.metrics.values();
        let count = metrics.filter(|metric| metric.kind == kind).count();
        (kind.to_owned(), Value::from(count))
    };
    let types: Map<String, Value> = ["gauge", "counter", "histogram", "unknown"]
        .into_iter()
        .map(of_type)
        .collect();
    let length = measured.end_ns - measured.start_ns;
    let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let concurrency = config.measured().next();
    let concurrency = concurrency.and_then(|phase| phase.arrivals.concurrency());
    let entries: Vec<(&str, String)> = vec![
        ("schema_version", "1.0".to_owned()),
        ("version", export.aiperf_version.clone().unwrap_or_default()),
        ("benchmark_id", export.benchmark_id.clone().unwrap_or_default()),
        (
            "export_timestamp_utc",
            utc_stamp(prepared.clock.epoch(monotonic_now())).replace('Z', "+00:00"),
        ),
        ("exporter", "ServerMetricsParquetExporter".to_owned()),
        ("hostname", hostname.trim().to_owned()),
        ("time_filter_start_ns", measured.start_ns.to_string()),
        ("time_filter_end_ns", measured.end_ns.to_string()),
        ("profiling_duration_ns", length.to_string()),
        ("profiling_duration_seconds", (length as f64 / 1e9).to_string()),
        (
            "input_config",
            export.input_config.as_ref().unwrap_or(&Value::Null).to_string(),
        ),
        ("model_names", json!(config.models.names).to_string()),
        (
            "concurrency",
            concurrency.map_or("None".to_owned(), |limit| limit.to_string()),
        ),
        ("endpoint_urls", json!(export.summary.endpoints_successful).to_string()),
        ("endpoint_count", export.summary.endpoints_successful.len().to_string()),
        ("label_columns", json!(labels).to_string()),
        ("label_count", labels.len().to_string()),
        ("metric_count", export.metrics.len().to_string()),
        ("metric_type_counts", json!(types).to_string()),
        (
            "schema_note",
            "One row for each sample, of histograms one for each bucket. Counters and histograms count \
             from the sample before the first measured one."
                .to_owned(),
        ),
    ];
    let named = |(key, value): (&str, String)| (format!("aiperf.{key}"), value);
    entries.into_iter().map(named).collect()
}

fn label_names(export: &ServerMetricsExport) -> Vec<String> {
    let series = export.metrics.values().flat_map(|metric| &metric.series);
    let labels = series.filter_map(|series| series.labels.as_ref());
    ServerMetricsFile::label_columns(labels.flat_map(|labels| labels.keys()).map(String::as_str))
}

fn write_columns(
    path: &Path,
    collected: &Collected,
    span: Span,
    labels: Vec<String>,
    metadata: Vec<(String, String)>,
) -> Result<(), ExportError> {
    let mut file = ServerMetricsFile::create(path, labels, metadata)?;
    collected.for_each_row(span, |row| {
        file.push(&ServerMetricsRow {
            texts: [
                Some(row.endpoint_url),
                Some(row.metric),
                Some(row.kind.as_str()),
                row.unit,
                Some(row.description),
            ],
            timestamp_ns: row.timestamp_ns,
            labels: row.labels,
            value: row.value,
            sum: row.sum,
            count: row.count,
            bucket: row.bucket,
        })
    })?;
    file.finish()
}
