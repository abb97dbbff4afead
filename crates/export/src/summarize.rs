//! The figures of a run from its lines: what `aiperf summarize DIR` writes.
//!
//! # What a line must carry
//!
//! `request_start_ns`, `request_end_ns`, `credit_issued_ns`, `request_ack_ns` (experimental metrics
//! only), `phase_index`, `phase_name`, `phase_kind`, `was_cancelled`, `metrics`, `error`,
//! `spec_decode_acceptance` and, in replays, `scheduled_send_ns`. All figures are then those of the
//! run, with these exceptions:
//!
//! - Without [`PhaseState::end_ns`] (a run that was killed) a phase lasts until the last end of a
//!   request, and without [`PhaseState::start_ns`] from its first decision to send, or first start;
//!   rates and curves are then over that time.
//! - `credit_drop_latency` and the requested output length are in lines only if internal metrics
//!   are. The requested length is found from `osl_mismatch_diff_pct`, but for answers without a
//!   token, which count as mismatched whatever was asked for.
//! - The mean and the last digits of `video_inference_time` can differ by rounding: it is the one
//!   float that is converted on its way into a line.
//! - An answer without any figure has no line, and so no part in counts.
//! - The client's self-check and the accounting of requests without a record are not in lines; what
//!   [`RunState`] holds of them is written as it is.
//!
//! [`PhaseState::end_ns`]: crate::run_state::PhaseState::end_ns
//! [`PhaseState::start_ns`]: crate::run_state::PhaseState::start_ns

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use aiperf_metrics::{
    ActiveMetrics, Columns, FileValue, MetricsError, RecordFacts, RecordValues, RunContext,
    SpeculativeDecodingFacts, rebuild_record,
};
use aiperf_model::{MetricRecord, PhaseKind as LineKind, ReadError};

use crate::artifacts::{WriteOutcome, write_all};
use crate::assemble::{PhaseTotals, SeenPhase, merge_error, report};
use crate::outputs_json::{FRAGMENTS_DIRECTORY, merge_fragments};
use crate::parquet_files::write_records;
use crate::run_state::RunState;
use crate::{ErrorCount, ExportError, OutputFile, PhaseKind, RunReport};

/// Lines, read back.
pub struct RebuiltRecords {
    active: Arc<ActiveMetrics>,
    columns: Columns,
    values: RecordValues,
    phases: BTreeMap<u16, LineTotals>,
}

/// What the lines of a phase add up to.
#[derive(Debug, Default)]
struct LineTotals {
    totals: PhaseTotals,
    /// When the first failure of each kind ended, as the kinds stand in the totals.
    first_failures: Vec<u64>,
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

    /// The report of the run.
    pub fn report(&self, state: &RunState) -> RunReport {
        let totals = self
            .phases
            .iter()
            .map(|(index, lines)| (*index, lines.in_order()))
            .collect();
        report(state, &self.columns, &totals)
    }
}

/// Writes every file of the end of a run: what [`write_all`] writes, the records in columns, and
/// `outputs.json` where there are fragments to make it of.
pub fn write_run(
    report: &RunReport,
    state: &RunState,
    active: &ActiveMetrics,
    directory: &Path,
) -> WriteOutcome {
    let files = &state.files;
    let mut outcome = write_all(report, directory, &files.names, &state.export_options());
    if files.parquet && files.records {
        let lines = directory.join(files.names.name(OutputFile::Records));
        let path = directory.join(files.names.name(OutputFile::RecordsParquet));
        if lines.exists() {
            let written = records_in_columns(&path, &lines, active);
            outcome.note(OutputFile::RecordsParquet, path, written);
        }
    }
    if files.outputs_json {
        let path = directory.join(files.names.name(OutputFile::Outputs));
        if directory.join(FRAGMENTS_DIRECTORY).exists() {
            let merged = merge_fragments(directory, &path);
            outcome.note(OutputFile::Outputs, path, merged);
        }
    }
    outcome
}

/// A last line that was cut off is left out.
fn records_in_columns(
    path: &Path,
    lines: &Path,
    active: &ActiveMetrics,
) -> Result<(), ExportError> {
    let records = aiperf_model::open_records(lines)?;
    let whole = records.filter(|record| {
        let cut = record.as_ref().err().map(ReadError::is_truncated_line);
        cut != Some(true)
    });
    write_records(path, active, whole).map(|_| ())
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

impl LineTotals {
    fn add(&mut self, record: &MetricRecord) {
        let data = &record.metadata;
        let begin = data
            .credit_issued_ns
            .unwrap_or(u64::MAX)
            .min(data.request_start_ns);
        let kind = match data.phase_kind.unwrap_or(data.benchmark_phase) {
            LineKind::Warmup => PhaseKind::Warmup,
            LineKind::Profiling => PhaseKind::Profiling,
        };
        let seen = self.totals.seen.get_or_insert_with(|| SeenPhase {
            name: data.phase_name.clone(),
            kind,
            first_ns: begin,
            last_ns: data.request_end_ns,
        });
        seen.first_ns = seen.first_ns.min(begin);
        seen.last_ns = seen.last_ns.max(data.request_end_ns);
        let Some(error) = &record.error else {
            self.totals.counts.successful += 1;
            return;
        };
        self.totals.counts.failed += 1;
        let count = ErrorCount {
            code: error.code,
            kind: error.r#type.clone(),
            message: error.message.clone(),
            cause: error.cause.clone(),
            cause_chain: error.cause_chain.clone(),
            details: error.details.clone(),
            count: 1,
        };
        let place = merge_error(&mut self.totals.errors, &count);
        match self.first_failures.get_mut(place) {
            Some(first) => *first = data.request_end_ns.min(*first),
            None => self.first_failures.push(data.request_end_ns),
        }
    }

    /// The totals with kinds of failure in order of their first occurrence, as runs have them.
    fn in_order(&self) -> PhaseTotals {
        let both = self.first_failures.iter().zip(&self.totals.errors);
        let mut errors: Vec<(&u64, &ErrorCount)> = both.collect();
        errors.sort_by(|(left, one), (right, other)| {
            (left, &one.message).cmp(&(right, &other.message))
        });
        PhaseTotals {
            errors: errors.into_iter().map(|(_, error)| error.clone()).collect(),
            ..self.totals.clone()
        }
    }
}
