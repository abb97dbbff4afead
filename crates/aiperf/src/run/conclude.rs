//! From what was recorded to figures, files, the report on the console, and an exit code.

use std::io::{IsTerminal as _, Write as _};

use aiperf_config::profile::{ExportLevel, TimestampSource};
use aiperf_engine::PhaseOutcome;
use aiperf_export::console::{
    ConsoleOptions, ExitError, FooterFile, FooterView, Paints, Thresholds, render_exit_errors,
    render_footer, render_report,
};
use aiperf_export::ready_marker::ReadyMarker;
use aiperf_export::summary_json::SummaryOptions;
use aiperf_export::{
    ErrorCount, ExportOptions, Fact, HiddenMetrics, OutputFile, PhaseKind, PhaseReport,
    RequestCounts, RunInfo, RunReport, SelfCheckView, WrittenFile, write_all,
};
use aiperf_metrics::{
    Bounds, ConsoleGroup, InjectedLatencies, MetricResult, PhaseWindow, summarise,
};
use aiperf_record::{ErrorTally, Finding, SelfCheck, Verdict, judge};
use aiperf_schedule::PhaseKind as PlannedKind;
use anyhow::Result;
use serde_json::{Map, Value, json};

use super::execute::Executed;
use super::prepare::Prepared;
use crate::exit::Exit;
use crate::version::VERSION;

const CANCELLED: &str = "Run cancelled before all records were processed.";

pub(crate) fn conclude(prepared: &Prepared, executed: &Executed) -> Result<Exit> {
    let measured: Vec<&PhaseOutcome> = executed
        .outcomes
        .iter()
        .filter(|outcome| outcome.plan.kind == PlannedKind::Profiling)
        .collect();
    let check = judge(
        &measured,
        &executed.recorded.client,
        &executed.backlog,
        executed.recorded.cpu,
    );
    let report = report(prepared, executed, &measured, &check);
    let (valid, failed) = (report.counts.successful, report.counts.failed);
    tracing::info!(
        "Processed {valid} valid requests and {failed} errors ({} total).",
        report.counts.total()
    );

    notice_missing_kernel_stamps(prepared, executed);
    let repeated = repeated(executed);
    if repeated > 0 {
        tracing::warn!(
            "{repeated} requests were sent again over a new connection: the server had closed the kept \
             one that they were given. `--connection-reuse-strategy never` avoids that"
        );
    }

    if value(&report.results, "replay_sched_degraded") == Some(1.0) {
        tracing::warn!(
            "requests of the schedule were sent more than 500 ms late in the 99th percentile: the \
             replay is not the recorded load"
        );
    }
    let options = options(prepared);
    let mut outcome = write_all(&report, &prepared.folder, &prepared.names, &options);
    let earlier = [
        (OutputFile::Inputs, true),
        (OutputFile::Log, true),
        (
            OutputFile::Records,
            prepared.config.output.export_level != ExportLevel::Summary,
        ),
        (
            OutputFile::RawRecords,
            prepared.config.output.export_level == ExportLevel::Raw,
        ),
    ];
    for (file, _) in earlier.into_iter().filter(|&(_, is_wanted)| is_wanted) {
        let path = prepared.folder.join(prepared.names.name(file));
        if path.exists() {
            outcome.written.push(WrittenFile { file, path });
        }
    }
    for (_, error) in &outcome.failures {
        tracing::error!("{error}");
    }
    if let Some(failure) = &executed.record_failure {
        tracing::error!("{failure}; the run was ended, and what is in the file is complete");
    }
    if let Some((failed, all)) = executed.too_many_failures {
        tracing::error!(
            "{failed} of {all} requests failed, more than `--failed-request-threshold` allows; \
             the run was ended"
        );
    }
    let mut failed_exporters = outcome.failed_exporters();
    failed_exporters.extend(executed.record_failure.clone());
    if !report.all_failed() && report.counts.total() > 0 {
        ReadyMarker::new(report.was_cancelled, failed_exporters.clone()).write(&prepared.folder)?;
    }

    let is_terminal = std::io::stdout().is_terminal();
    let width = if is_terminal {
        terminal_width()
    } else {
        options.console.width
    };
    let has_colours = is_terminal && std::env::var_os("NO_COLOR").is_none();
    let paints = if has_colours {
        Paints::Ansi
    } else {
        Paints::Plain
    };
    let console = ConsoleOptions {
        width,
        paints,
        ..options.console
    };
    let mut text = render_report(&report, &console);
    let exit_error = ExitError::without_results(&report);
    if let Some(error) = &exit_error {
        text.push_str(&render_exit_errors(
            std::slice::from_ref(error),
            width,
            paints,
        ));
    }
    let footer = FooterView {
        cli_command: Some(prepared.cli_command.clone()),
        benchmark_duration_sec: value(&report.results, "benchmark_duration"),
        was_cancelled: report.was_cancelled,
        files: FooterFile::list(&outcome.written),
        degraded: failed_exporters.clone(),
    };
    text.push_str(&render_footer(
        &footer,
        if is_terminal { width } else { 100 },
        paints,
    ));
    // A closed standard output must not hide that the files are there.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());

    let limited = check.verdict == Verdict::ClientLimited;
    let has_failed = exit_error.is_some()
        || !failed_exporters.is_empty()
        || executed.too_many_failures.is_some();
    Ok(if has_failed {
        Exit::Failure
    } else if limited && prepared.config.runtime.fail_on_client_limit {
        Exit::ClientLimited
    } else {
        Exit::Success
    })
}

fn report(
    prepared: &Prepared,
    executed: &Executed,
    measured: &[&PhaseOutcome],
    check: &SelfCheck,
) -> RunReport {
    let columns = &executed.recorded.columns;
    let clock = prepared.clock;
    let window = |index: usize, outcome: &PhaseOutcome| PhaseWindow {
        phase: index as u16,
        bounds: Some(Bounds {
            start_epoch_ns: clock.epoch(outcome.times.start) as u64,
            end_epoch_ns: clock.epoch(outcome.times.end) as u64,
        }),
    };
    let windows_of = |kind: PlannedKind| -> Vec<PhaseWindow> {
        let outcomes = executed.outcomes.iter().enumerate();
        outcomes
            .filter(|(_, outcome)| outcome.plan.kind == kind)
            .map(|(index, outcome)| window(index, outcome))
            .collect()
    };
    let is_open_loop = measured
        .iter()
        .any(|outcome| outcome.plan.arrivals.is_open_loop());
    let results_of = |windows: &[PhaseWindow]| {
        let mut results = summarise(columns, windows, InjectedLatencies::All);
        place_effective_latency(&mut results, is_open_loop);
        results
    };

    let mut profiling_errors = ErrorTally::default();
    let mut counts = RequestCounts::default();
    let mut phases = Vec::with_capacity(executed.outcomes.len());
    let mut next_profiling = 0;
    for (index, outcome) in executed.outcomes.iter().enumerate() {
        let (successful, failed) = executed.recorded.counts[index];
        let own = RequestCounts { successful, failed };
        let is_profiling = outcome.plan.kind == PlannedKind::Profiling;
        if is_profiling {
            profiling_errors.merge(executed.recorded.errors[index].clone());
            counts.successful += successful;
            counts.failed += failed;
        }
        phases.push(PhaseReport {
            name: outcome.plan.name.clone(),
            kind: if is_profiling {
                PhaseKind::Profiling
            } else {
                PhaseKind::Warmup
            },
            phase_index: index as u32,
            profiling_index: is_profiling.then_some(next_profiling),
            start_ns: clock.epoch(outcome.times.start),
            end_ns: clock.epoch(outcome.times.end),
            counts: own,
            errors: error_counts(&executed.recorded.errors[index]),
            results: results_of(&[window(index, outcome)]),
            was_cancelled: outcome.was_cancelled,
        });
        next_profiling += u32::from(is_profiling);
    }

    let warmup = windows_of(PlannedKind::Warmup);
    let profiling = windows_of(PlannedKind::Profiling);
    let first = measured
        .first()
        .map_or(0, |outcome| clock.epoch(outcome.times.start));
    let last = measured
        .last()
        .map_or(0, |outcome| clock.epoch(outcome.times.end));
    let was_cancelled = executed.was_cancelled
        || executed.record_failure.is_some()
        || executed.too_many_failures.is_some();
    RunReport {
        aiperf_version: VERSION.to_owned(),
        metrics_title: prepared.metrics_title.to_owned(),
        run_info: RunInfo {
            benchmark_id: prepared.benchmark_id.clone(),
            random_seed: prepared.config.random_seed,
            cli_command: Some(prepared.cli_command.clone()),
            ..RunInfo::default()
        },
        results: if profiling.is_empty() {
            Vec::new()
        } else {
            results_of(&profiling)
        },
        warmup_results: (!warmup.is_empty()).then(|| results_of(&warmup)),
        phases,
        errors: error_counts(&profiling_errors),
        input_config: Some(prepared.input_config.clone()),
        was_cancelled,
        incomplete_reason: was_cancelled.then(|| CANCELLED.to_owned()),
        start_ns: first,
        end_ns: last,
        counts,
        extra: extra_members(executed, measured, check),
        self_check: Some(view(check)),
        ..RunReport::default()
    }
}

/// The latency from the intended time stands beside the latency from the actual one, where there
/// are intended times. In a closed loop nothing is due before it can be sent, so it would only
/// repeat the request latency; the files keep it, because readers expect the key.
fn place_effective_latency(results: &mut [MetricResult], is_open_loop: bool) {
    const AFTER_REQUEST_LATENCY: u32 = 301;
    for result in results
        .iter_mut()
        .filter(|result| result.tag == "effective_latency")
    {
        result.group = if is_open_loop {
            ConsoleGroup::Default
        } else {
            ConsoleGroup::None
        };
        result.order = Some(AFTER_REQUEST_LATENCY);
    }
}

/// Says once where received bytes were stamped by this program although the kernel was asked to.
fn notice_missing_kernel_stamps(prepared: &Prepared, executed: &Executed) {
    let client = &executed.recorded.client;
    let asked = prepared.config.runtime.timestamp_source != TimestampSource::User;
    let missing = client.reads - client.kernel_stamped_reads;
    // The first packets after stamping is switched on for the host carry no stamp yet.
    if asked && missing * 100 > client.reads {
        tracing::warn!(
            "{missing} of {} reads carry no kernel receive stamp; their instants were taken when \
             the read returned",
            client.reads
        );
    }
}

fn error_counts(tally: &ErrorTally) -> Vec<ErrorCount> {
    tally
        .in_order()
        .into_iter()
        .map(|error| ErrorCount {
            code: error.failure.code,
            kind: error.failure.kind,
            message: error.failure.message,
            cause: error.failure.cause,
            cause_chain: error.failure.cause_chain,
            details: None,
            count: error.count,
        })
        .collect()
}

/// Members of the summary that the reference does not have.
fn extra_members(
    executed: &Executed,
    measured: &[&PhaseOutcome],
    check: &SelfCheck,
) -> Map<String, Value> {
    let sum = |count: fn(&PhaseOutcome) -> u64| -> u64 {
        measured.iter().map(|outcome| count(outcome)).sum()
    };
    let facts: Map<String, Value> = check
        .findings
        .iter()
        .map(|finding| {
            let fact = json!({
                "value": finding.value,
                "unit": finding.unit,
                "suspect_above": finding.suspect_above,
                "limited_above": finding.limited_above,
                "verdict": finding.verdict().as_str(),
            });
            (finding.key.to_owned(), fact)
        })
        .collect();
    let mut extra = Map::new();
    extra.insert(
        "client_self_check".to_owned(),
        json!({"verdict": check.verdict.as_str(), "facts": facts}),
    );
    extra.insert(
        "request_accounting".to_owned(),
        json!({
            "sent": sum(|outcome| outcome.counts.sent),
            "completed": sum(|outcome| outcome.counts.completed),
            "cut_off": sum(|outcome| outcome.counts.cancelled),
            "arrivals_lost_to_concurrency_cap": sum(|outcome| outcome.counts.arrivals_lost),
            "requests_that_waited_for_a_place": sum(|outcome| outcome.counts.waits),
            "waited_for_a_place_ns": sum(|outcome| outcome.counts.waited),
            "schedule_moved": sum(|outcome| outcome.counts.reanchors),
            "schedule_moved_by_ns": sum(|outcome| outcome.counts.reanchored_time),
            "repeated_after_a_closed_connection": repeated(executed),
            "window_ns": sum(|outcome| outcome.times.end - outcome.times.start),
            "records_spilled_to_disk": executed.backlog.spilled,
        }),
    );
    extra
}

/// Requests of the run that were sent a second time: the kept connection that they had been given was
/// closed.
fn repeated(executed: &Executed) -> u64 {
    // Threads count through the run.
    let last = executed.outcomes.last();
    last.map_or(0, |outcome| {
        outcome.threads.iter().map(|thread| thread.repeated).sum()
    })
}

fn view(check: &SelfCheck) -> SelfCheckView {
    SelfCheckView {
        verdict: check.verdict.as_str().to_owned(),
        facts: check.findings.iter().map(fact).collect(),
    }
}

fn fact(finding: &Finding) -> Fact {
    let limit = |name: &str, limit: Option<f64>| limit.map(|limit| format!("{name} above {limit}"));
    let limits = [
        limit("suspect", finding.suspect_above),
        limit("limited", finding.limited_above),
    ];
    let mut note = limits.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if finding.verdict() != Verdict::Valid {
        note = format!("{}: {note}", finding.verdict().as_str());
    }
    let value = if finding.value.fract() == 0.0 && finding.unit != "ms" && finding.unit != "%" {
        format!("{:.0}", finding.value)
    } else {
        format!("{:.2}", finding.value)
    };
    Fact {
        label: format!("{} ({})", finding.label, finding.unit),
        value,
        note,
    }
}

fn options(prepared: &Prepared) -> ExportOptions {
    let environment = &prepared.environment;
    let hidden = HiddenMetrics {
        internal: environment.show_internal,
        experimental: environment.show_experimental,
    };
    let on_console = HiddenMetrics {
        internal: environment.developer_mode && environment.show_internal,
        experimental: environment.developer_mode && environment.show_experimental,
    };
    ExportOptions {
        summary_json: true,
        summary: SummaryOptions {
            hidden,
            ..SummaryOptions::default()
        },
        console: ConsoleOptions {
            width: environment.console_width,
            paints: Paints::Plain,
            trace_timing: prepared.config.output.show_trace_timing,
            hidden: on_console,
            thresholds: Thresholds {
                usage_difference_percent: environment.thresholds.usage_difference_pct,
                output_length_percent: environment.thresholds.osl_mismatch_pct,
                output_length_tokens: environment.thresholds.osl_mismatch_tokens as f64,
            },
            ..ConsoleOptions::default()
        },
    }
}

fn value(results: &[MetricResult], tag: &str) -> Option<f64> {
    results
        .iter()
        .find(|result| result.tag == tag)?
        .statistics
        .avg
}

/// Columns of the terminal; tables need at least a hundred.
fn terminal_width() -> usize {
    const LEAST: usize = 100;
    let columns = rustix::termios::tcgetwinsize(std::io::stdout()).map(|size| size.ws_col);
    columns.map_or(LEAST, |columns| usize::from(columns).max(LEAST))
}
