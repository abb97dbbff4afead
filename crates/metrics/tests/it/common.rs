//! Requests and runs for tests.

use std::sync::Arc;

use aiperf_metrics::{
    ActiveMetrics, Columns, EndpointTraits, HttpTraceFacts, MetricResult, RecordFacts,
    RecordValues, RunContext, compute_record,
};

/// A wall time as of today: too long for a float to hold its nanoseconds.
pub(crate) const EPOCH_NS: u64 = 1_795_300_000_000_000_001;

/// A streaming chat run.
pub(crate) fn chat() -> RunContext {
    let endpoint = EndpointTraits {
        produces_tokens: true,
        tokenizes_input: true,
        supports_images: true,
        supports_audio: true,
        produces_video: false,
    };
    RunContext {
        endpoint,
        streaming: true,
        ..RunContext::default()
    }
}

/// The metrics of `context`.
pub(crate) fn active(context: &RunContext) -> ActiveMetrics {
    ActiveMetrics::new(context).unwrap()
}

/// A valid request that started at perf time 1000 with content at the given times after it.
pub(crate) fn request(content_perf_ns: &[u64]) -> RecordFacts<'_> {
    RecordFacts {
        start_perf_ns: 1000,
        start_epoch_ns: EPOCH_NS,
        content_perf_ns,
        first_output_perf_ns: content_perf_ns.first().copied(),
        request_end_perf_ns: content_perf_ns.last().copied(),
        end_perf_ns: content_perf_ns.last().map(|end| end + 10),
        input_tokens: Some(20),
        output_tokens: Some(5),
        http: Some(HttpTraceFacts::default()),
        ..RecordFacts::default()
    }
}

/// A request that failed `duration_ns` after its start.
pub(crate) fn failed_request(duration_ns: u64) -> RecordFacts<'static> {
    RecordFacts {
        start_perf_ns: 1000,
        start_epoch_ns: EPOCH_NS,
        request_end_perf_ns: Some(1000 + duration_ns),
        input_tokens: Some(7),
        output_tokens: Some(3),
        failed: true,
        ..RecordFacts::default()
    }
}

/// Computes one record.
pub(crate) fn compute(active: &ActiveMetrics, facts: &RecordFacts<'_>) -> RecordValues {
    let mut values = RecordValues::new(active);
    compute_record(active, facts, &mut values);
    values
}

/// Columns of a run, filled with records and their phases.
pub(crate) fn columns(context: &RunContext, records: &[(RecordFacts<'_>, u16)]) -> Columns {
    let active = Arc::new(active(context));
    let mut columns = Columns::new(Arc::clone(&active));
    let mut values = RecordValues::new(&active);
    for (facts, phase) in records {
        compute_record(&active, facts, &mut values);
        columns.push(&values, facts, *phase);
    }
    columns
}

/// The result named `tag`.
pub(crate) fn find<'a>(results: &'a [MetricResult], tag: &str) -> Option<&'a MetricResult> {
    results.iter().find(|result| result.tag == tag)
}

/// The mean of the result named `tag`.
pub(crate) fn avg(results: &[MetricResult], tag: &str) -> Option<f64> {
    find(results, tag)?.statistics.avg
}
