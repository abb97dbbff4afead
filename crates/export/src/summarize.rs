//! The figures of a run from its lines: what `aiperf summarize DIR` writes.
//!
//! # What a line must carry
//!
//! `request_start_ns`, `request_end_ns`, `credit_issued_ns`, `request_ack_ns` (experimental metrics
//! only), `phase_index`, `phase_name`, `phase_kind`, `was_cancelled`, `metrics`, `error`,
//! `spec_decode_acceptance` and, in replays, `scheduled_send_ns`. All figures are then those of the
//! run, with these exceptions:
//!
//! - Without [`PhaseState::start_ns`] and [`PhaseState::end_ns`] (a run that was killed, or a file of
//!   AIPerf) a phase lasts from its first decision to send, or first start, to the last end of a
//!   request; rates and curves are then over that time.
//! - `credit_drop_latency` and the requested output length are in lines only if internal metrics
//!   are. The requested length is found from `osl_mismatch_diff_pct`, but for answers without a
//!   token, which count as mismatched whatever was asked for.
//! - The mean and the last digits of `video_inference_time` can differ by rounding: it is the one
//!   float that is converted on its way into a line.
//! - Failures of one kind count as first seen in the order of lines, not of time; that order decides
//!   nothing but the order of the error summary.
//! - The client's self-check and the accounting of requests without a record are not in lines; what
//!   [`RunState::extra`] holds is written as it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use aiperf_metrics::{
    ActiveMetrics, Bounds, Columns, FileValue, InjectedLatencies, Injections, MetricsError,
    PhaseWindow, RecordFacts, RecordValues, RunContext, SpeculativeDecodingFacts, rebuild_record,
    summarise_with,
};
use aiperf_model::{MetricRecord, PhaseKind as LineKind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ErrorCount, PhaseKind, PhaseReport, RequestCounts, RunInfo, RunReport};

/// What a run knows beside its lines. A run that keeps it in a file can be summarised again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunState {
    /// Version of the program.
    pub aiperf_version: String,
    /// What the main table is called.
    pub metrics_title: String,
    /// Where the run stands among others and how it was started.
    pub run_info: RunInfo,
    /// The resolved configuration.
    pub input_config: Option<Value>,
    /// What decides which metrics apply.
    pub context: RunContext,
    /// The phases that were begun, in order. Phases that only lines know are added.
    pub phases: Vec<PhaseState>,
    /// The round trip of the network in nanoseconds, if latencies are adjusted by it.
    pub network_rtt_ns: Option<f64>,
    /// The user stopped the run.
    pub was_cancelled: bool,
    /// Why the lines cover only a part of the run.
    pub incomplete_reason: Option<String>,
    /// Certificates of the server were not checked.
    pub tls_verification_off: bool,
    /// Further top-level members of the summary.
    pub extra: Map<String, Value>,
}

/// A phase as the scheduler knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhaseState {
    /// Configured name.
    pub name: String,
    /// Whether it is measured.
    pub kind: PhaseKind,
    /// When it began, nanoseconds since the epoch.
    pub start_ns: Option<i64>,
    /// When its last request returned; absent if it did not end.
    pub end_ns: Option<i64>,
    /// The user stopped the run during this phase.
    #[serde(default)]
    pub was_cancelled: bool,
}

/// Lines, read back.
pub struct RebuiltRecords {
    active: Arc<ActiveMetrics>,
    columns: Columns,
    values: RecordValues,
    phases: BTreeMap<u16, PhaseTotals>,
}

#[derive(Debug, Default)]
struct PhaseTotals {
    name: Option<String>,
    is_warmup: bool,
    counts: RequestCounts,
    errors: Vec<ErrorCount>,
    first_ns: Option<u64>,
    last_ns: u64,
}

impl RebuiltRecords {
    /// No line yet.
    ///
    /// # Errors
    /// The context names an objective that no metric has.
    pub fn new(context: &RunContext) -> Result<Self, MetricsError> {
        let active = Arc::new(ActiveMetrics::new(context)?);
        Ok(Self {
            columns: Columns::new(Arc::clone(&active)),
            values: RecordValues::new(&active),
            active,
            phases: BTreeMap::new(),
        })
    }

    /// Adds a line. `is_context_overflow` judges the message of a failure.
    pub fn add(&mut self, record: &MetricRecord, is_context_overflow: impl Fn(&str) -> bool) {
        if is_cut_off(record) {
            return;
        }
        let data = &record.metadata;
        let phase = data
            .phase_index
            .and_then(|index| u16::try_from(index).ok())
            .unwrap_or_default();
        let totals = self.phases.entry(phase).or_default();
        totals.add(record);

        let acceptance = record.spec_decode_acceptance.as_deref();
        let message = record.error.as_ref().map(|error| error.message.as_str());
        let facts = RecordFacts {
            // Instants of the monotonic clock are gone; differences of wall time serve as well.
            start_perf_ns: data.request_start_ns,
            start_epoch_ns: data.request_start_ns,
            recv_start_perf_ns: data.request_ack_ns,
            request_end_perf_ns: Some(data.request_end_ns),
            credit_issued_epoch_ns: data.credit_issued_ns,
            failed: record.is_error(),
            cancelled: data.was_cancelled,
            context_overflow: message.is_some_and(is_context_overflow),
            scheduled_epoch_ns: data.scheduled_send_ns,
            speculative_decoding: acceptance.map(|report| SpeculativeDecodingFacts {
                mean_acceptance_length: report.mean_acceptance_length,
                draft_acceptance_rate: report.draft_acceptance_rate,
                accepted_draft_tokens: report.num_accepted_draft_tokens,
                draft_tokens: report.num_draft_tokens,
                steps: report.num_spec_steps,
                acceptance_histogram: &report.acceptance_histogram,
            }),
            ..RecordFacts::default()
        };
        let lists: BTreeMap<&str, Vec<f64>> = record
            .metrics
            .iter()
            .filter(|(_, metric)| metric.value.as_number().is_none())
            .map(|(tag, metric)| {
                let numbers = metric.value.numbers().iter();
                (
                    tag.as_str(),
                    numbers.map(|number| number.as_f64()).collect(),
                )
            })
            .collect();
        let shown = |tag: &str| match record.number(tag) {
            Some(number) => Some(FileValue::Number(number)),
            None => lists.get(tag).map(|list| FileValue::List(list)),
        };
        rebuild_record(&self.active, &facts, shown, &mut self.values);
        self.columns.push(&self.values, &facts, phase);
    }

    /// The values of all lines.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The report of the run. `InjectedLatencies::All` is what runs write.
    pub fn report(&self, state: &RunState) -> RunReport {
        let injections = Injections {
            latencies: InjectedLatencies::All,
            network_rtt_ns: state.network_rtt_ns,
        };
        let results_of = |windows: &[PhaseWindow]| {
            if windows.is_empty() {
                Vec::new()
            } else {
                summarise_with(&self.columns, windows, injections)
            }
        };
        let mut phases = Vec::new();
        let mut windows = Vec::new();
        let mut profiling_index = 0;
        let last = self
            .phases
            .last_key_value()
            .map_or(0, |(index, _)| index + 1);
        for index in 0..last.max(u16::try_from(state.phases.len()).unwrap_or(u16::MAX)) {
            let planned = state.phases.get(usize::from(index));
            let lines = self.phases.get(&index);
            if planned.is_none() && lines.is_none() {
                continue;
            }
            let (report, window) = phase_report(index, planned, lines, profiling_index);
            profiling_index += u32::from(report.kind == PhaseKind::Profiling);
            windows.push(window);
            phases.push(PhaseReport {
                results: results_of(&[window]),
                ..report
            });
        }
        let of_kind = |kind: PhaseKind| -> Vec<PhaseWindow> {
            let both = phases.iter().zip(&windows);
            both.filter(|(phase, _)| phase.kind == kind)
                .map(|(_, window)| *window)
                .collect()
        };
        let (profiling, warmup) = (of_kind(PhaseKind::Profiling), of_kind(PhaseKind::Warmup));
        let measured = || {
            phases
                .iter()
                .filter(|phase| phase.kind == PhaseKind::Profiling)
        };
        let mut errors = Vec::new();
        measured().for_each(|phase| merge_errors(&mut errors, &phase.errors));
        let indices: Vec<u16> = profiling.iter().map(|window| window.phase).collect();
        RunReport {
            aiperf_version: state.aiperf_version.clone(),
            metrics_title: state.metrics_title.clone(),
            run_info: state.run_info.clone(),
            results: results_of(&profiling),
            warmup_results: (!warmup.is_empty()).then(|| results_of(&warmup)),
            errors,
            input_config: state.input_config.clone(),
            was_cancelled: state.was_cancelled,
            incomplete_reason: state.incomplete_reason.clone(),
            start_ns: measured().next().map_or(0, |phase| phase.start_ns),
            end_ns: measured().next_back().map_or(0, |phase| phase.end_ns),
            counts: RequestCounts {
                successful: measured().map(|phase| phase.counts.successful).sum(),
                failed: measured().map(|phase| phase.counts.failed).sum(),
            },
            extra: state.extra.clone(),
            self_check: None,
            acceptance_histogram: self.columns.acceptance_histogram(&indices),
            tls_verification_off: state.tls_verification_off,
            phases,
        }
    }
}

/// Whether the end of a phase cut the request off: it then has a line and no part in any figure.
/// Requests that were given up on purpose say how long they had run.
fn is_cut_off(record: &MetricRecord) -> bool {
    const GIVEN_UP: &str = "after being sent";
    let message = record.error.as_ref().map(|error| error.message.as_str());
    record.metadata.was_cancelled
        && record.metrics.is_empty()
        && message.is_some_and(|message| !message.ends_with(GIVEN_UP))
}

impl PhaseTotals {
    fn add(&mut self, record: &MetricRecord) {
        let data = &record.metadata;
        self.name = self.name.take().or_else(|| data.phase_name.clone());
        self.is_warmup = data.phase_kind.unwrap_or(data.benchmark_phase) == LineKind::Warmup;
        let begin = data
            .credit_issued_ns
            .unwrap_or(u64::MAX)
            .min(data.request_start_ns);
        self.first_ns = Some(self.first_ns.map_or(begin, |first| first.min(begin)));
        self.last_ns = self.last_ns.max(data.request_end_ns);
        let Some(error) = &record.error else {
            self.counts.successful += 1;
            return;
        };
        self.counts.failed += 1;
        let count = ErrorCount {
            code: error.code,
            kind: error.r#type.clone(),
            message: error.message.clone(),
            cause: error.cause.clone(),
            cause_chain: error.cause_chain.clone(),
            details: error.details.clone(),
            count: 1,
        };
        merge_errors(&mut self.errors, std::slice::from_ref(&count));
    }
}

fn merge_errors(errors: &mut Vec<ErrorCount>, more: &[ErrorCount]) {
    for error in more {
        let key = |error: &ErrorCount| (error.code, error.kind.clone(), error.message.clone());
        match errors.iter_mut().find(|known| key(known) == key(error)) {
            Some(known) => known.count += error.count,
            None => errors.push(error.clone()),
        }
    }
}

fn phase_report(
    index: u16,
    planned: Option<&PhaseState>,
    lines: Option<&PhaseTotals>,
    profiling_index: u32,
) -> (PhaseReport, PhaseWindow) {
    let none = PhaseTotals::default();
    let lines = lines.unwrap_or(&none);
    let from_lines = if lines.is_warmup {
        PhaseKind::Warmup
    } else {
        PhaseKind::Profiling
    };
    let kind = planned.map_or(from_lines, |phase| phase.kind);
    let instant = |known: Option<i64>, seen: u64| known.unwrap_or(seen.cast_signed());
    let start_ns = instant(
        planned.and_then(|phase| phase.start_ns),
        lines.first_ns.unwrap_or(0),
    );
    let end_ns = instant(planned.and_then(|phase| phase.end_ns), lines.last_ns);
    let name = planned
        .map(|phase| phase.name.clone())
        .or_else(|| lines.name.clone());
    let report = PhaseReport {
        name: name.unwrap_or_else(|| kind.as_str().to_owned()),
        kind,
        phase_index: u32::from(index),
        profiling_index: (kind == PhaseKind::Profiling).then_some(profiling_index),
        start_ns,
        end_ns,
        counts: lines.counts,
        errors: lines.errors.clone(),
        results: Vec::new(),
        was_cancelled: planned.is_some_and(|phase| phase.was_cancelled),
    };
    let window = PhaseWindow {
        phase: index,
        bounds: Some(Bounds {
            start_epoch_ns: start_ns.max(0).cast_unsigned(),
            end_epoch_ns: end_ns.max(0).cast_unsigned(),
        }),
    };
    (report, window)
}
