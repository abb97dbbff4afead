//! A summary made from the lines of a run is the summary of the run.

#![expect(clippy::unwrap_used, reason = "a test may end in a panic")]

use std::collections::BTreeMap;
use std::sync::Arc;

use aiperf_export::summarize::RebuiltRecords;
use aiperf_export::{
    ExportOptions, FileNames, PhaseKind, PhaseState, RunReport, RunState, write_all,
};
use aiperf_metrics::{
    ActiveMetrics, Bounds, Columns, ConsoleGroup, EndpointTraits, ExportedNumber, HttpTraceFacts,
    InjectedLatencies, MetricResult, PhaseWindow, RecordFacts, RecordValues, RunContext,
    SpeculativeDecodingFacts, Statistics, UsageFacts, compute_record, summarise,
};
use aiperf_model::{
    ErrorDetails, MetricData, MetricRecord, MetricValue, NumberValue, PhaseKind as LineKind,
    RecordMetadata, SpecDecodeAcceptance,
};
use proptest::prelude::*;

const EPOCH_NS: u64 = 1_795_300_000_000_000_001;
const OVERFLOW: &str = "prompt is too long";

fn context() -> RunContext {
    RunContext {
        endpoint: EndpointTraits {
            produces_tokens: true,
            tokenizes_input: true,
            supports_audio: true,
            supports_images: true,
            produces_video: false,
        },
        streaming: true,
        fixed_schedule: true,
        compute_experimental: true,
        slos: [("request_latency".to_owned(), 20.0)].into(),
        ..RunContext::default()
    }
}

/// A request with all that is chosen at random.
#[derive(Debug, Clone)]
struct Request {
    start: u64,
    gaps: Vec<u64>,
    tokens: u64,
    requested: u64,
    first_chunk: Option<u64>,
    images: u64,
    failed: bool,
}

impl Request {
    fn content(&self) -> Vec<u64> {
        let mut at = 1000 + self.start;
        self.gaps
            .iter()
            .map(|gap| {
                at += gap;
                at
            })
            .collect()
    }

    fn facts<'a>(&self, content: &'a [u64], histogram: &'a BTreeMap<u64, u64>) -> RecordFacts<'a> {
        let end = content.last().map(|last| last + 500);
        RecordFacts {
            start_perf_ns: 1000 + self.start,
            start_epoch_ns: EPOCH_NS + self.start,
            recv_start_perf_ns: (!self.failed).then_some(1000 + self.start + 700),
            content_perf_ns: if self.failed { &[] } else { content },
            first_output_perf_ns: content.first().copied(),
            request_end_perf_ns: end,
            end_perf_ns: end,
            usage: UsageFacts {
                prompt_tokens: Some(self.tokens + 3),
                completion_tokens: Some(self.tokens),
                prompt_audio_seconds: Some(self.tokens as f64 * 0.1),
                ..UsageFacts::default()
            },
            input_tokens: Some(self.tokens + 1),
            output_tokens: Some(self.tokens),
            first_chunk_tokens: self.first_chunk,
            max_tokens: Some(self.requested),
            http: Some(HttpTraceFacts {
                request_send_start_ns: Some(1000 + self.start),
                request_send_end_ns: Some(1000 + self.start + 77),
                request_bytes: self.tokens * 13,
                connection_reused: true,
                ..HttpTraceFacts::default()
            }),
            credit_issued_epoch_ns: Some(EPOCH_NS + self.start - 100),
            failed: self.failed,
            context_overflow: self.failed,
            scheduled_epoch_ns: Some(self.start / 2),
            input_images: self.images,
            audio_seconds: Some(self.tokens as f64 / 3.0),
            speculative_decoding: Some(SpeculativeDecodingFacts {
                mean_acceptance_length: 1.0 + self.tokens as f64 / 7.0,
                draft_acceptance_rate: 1.0 / (self.tokens + 1) as f64,
                accepted_draft_tokens: self.tokens,
                draft_tokens: self.tokens * 3,
                steps: 7,
                acceptance_histogram: histogram,
            }),
            ..RecordFacts::default()
        }
    }
}

/// The line that the run writes.
fn line(
    active: &ActiveMetrics,
    values: &RecordValues,
    facts: &RecordFacts<'_>,
    phase: u16,
) -> MetricRecord {
    let number = |number| match number {
        ExportedNumber::Int(int) => NumberValue::Int(int),
        ExportedNumber::Float(float) => NumberValue::Float(float),
        ExportedNumber::List(_) => unreachable!("a list in a list"),
    };
    let metrics = values.exported(active).map(|metric| {
        let data = match metric.number {
            ExportedNumber::List(list) => MetricData::List(list.iter().map(number).collect()),
            single => MetricData::Number(number(single)),
        };
        (metric.tag.to_owned(), MetricValue::new(data, metric.unit))
    });
    let kind = if phase == 0 {
        LineKind::Warmup
    } else {
        LineKind::Profiling
    };
    let metadata = RecordMetadata {
        credit_issued_ns: facts.credit_issued_epoch_ns,
        scheduled_send_ns: facts.scheduled_epoch_ns,
        request_start_ns: facts.start_epoch_ns,
        request_ack_ns: facts
            .recv_start_perf_ns
            .map(|at| facts.start_epoch_ns + at - facts.start_perf_ns),
        request_end_ns: facts.request_end_epoch_ns(),
        benchmark_phase: kind,
        phase_index: Some(u64::from(phase)),
        phase_kind: Some(kind),
        ..RecordMetadata::default()
    };
    let acceptance = facts.speculative_decoding.map(|report| {
        Box::new(SpecDecodeAcceptance {
            engine: "vllm".to_owned(),
            mean_acceptance_length: report.mean_acceptance_length,
            draft_acceptance_rate: report.draft_acceptance_rate,
            acceptance_histogram: report.acceptance_histogram.clone(),
            num_accepted_draft_tokens: report.accepted_draft_tokens,
            num_draft_tokens: report.draft_tokens,
            num_spec_steps: report.steps,
            num_spec_tokens: None,
            completion_tokens: None,
            per_step_accepted: None,
            per_step_drafted: None,
        })
    });
    let record = MetricRecord {
        metadata,
        metrics: metrics.collect(),
        trace_data: None,
        spec_decode_acceptance: acceptance,
        error: facts.failed.then(|| ErrorDetails {
            code: Some(400),
            message: OVERFLOW.to_owned(),
            ..ErrorDetails::default()
        }),
    };
    // Through the text of the file.
    serde_json::from_str(&serde_json::to_string(&record).unwrap()).unwrap()
}

fn windows() -> [PhaseWindow; 2] {
    let window = |phase, start, end| PhaseWindow {
        phase,
        bounds: Some(Bounds {
            start_epoch_ns: EPOCH_NS + start,
            end_epoch_ns: EPOCH_NS + end,
        }),
    };
    [window(0, 0, 90_000_000), window(1, 10, 99_000_000)]
}

fn state() -> RunState {
    let phase = |window: PhaseWindow, name: &str, kind| PhaseState {
        name: name.to_owned(),
        kind,
        start_ns: window
            .bounds
            .map(|bounds| bounds.start_epoch_ns.cast_signed()),
        end_ns: window
            .bounds
            .map(|bounds| bounds.end_epoch_ns.cast_signed()),
        was_cancelled: false,
    };
    let [warmup, profiling] = windows();
    RunState {
        context: context(),
        phases: vec![
            phase(warmup, "warmup", PhaseKind::Warmup),
            phase(profiling, "profiling", PhaseKind::Profiling),
        ],
        ..RunState::default()
    }
}

/// What the run has, and what its lines give.
fn both(requests: &[Request]) -> (Columns, RebuiltRecords) {
    let active = Arc::new(ActiveMetrics::new(&context()).unwrap());
    let mut columns = Columns::new(Arc::clone(&active));
    let mut values = RecordValues::new(&active);
    let mut rebuilt = RebuiltRecords::new(&context()).unwrap();
    let histogram = BTreeMap::from([(0, 4), (2, 3)]);
    for (request, index) in requests.iter().zip(0_u16..) {
        let content = request.content();
        let facts = request.facts(&content, &histogram);
        let phase = u16::from(index > 0);
        compute_record(&active, &facts, &mut values);
        columns.push(&values, &facts, phase);
        rebuilt.add(&line(&active, &values, &facts, phase), |message| {
            message == OVERFLOW
        });
    }
    (columns, rebuilt)
}

fn requests() -> impl Strategy<Value = Vec<Request>> {
    let request = (
        200..50_000_000_u64,
        proptest::collection::vec(0..9_000_000_u64, 1..6),
        0..60_u64,
        1..60_u64,
        proptest::option::of(1..5_u64),
        0..3_u64,
        proptest::bool::weighted(0.2),
    );
    let request = request.prop_map(
        |(start, gaps, tokens, requested, first_chunk, images, failed)| Request {
            start,
            gaps,
            tokens,
            requested,
            first_chunk,
            images,
            failed,
        },
    );
    proptest::collection::vec(request, 1..12)
}

/// All but what cannot be told from a line (see the module's documentation), and the place on the
/// console.
fn comparable(results: &[MetricResult]) -> Vec<(&str, &str, &str, &Statistics)> {
    results
        .iter()
        .filter(|result| result.tag != "requested_osl")
        .map(|result| {
            let (tag, header) = (result.tag.as_str(), result.header.as_str());
            (tag, header, result.unit, &result.statistics)
        })
        .collect()
}

proptest! {
    #[test]
    fn a_summary_from_lines_is_the_summary_of_the_run(requests in requests()) {
        let (columns, rebuilt) = both(&requests);
        let report = rebuilt.report(&state());
        let [warmup, profiling] = windows();
        let of_run = |window| summarise(&columns, &[window], InjectedLatencies::All);
        let (measured, warmed_up) = (of_run(profiling), of_run(warmup));
        prop_assert_eq!(comparable(&report.results), comparable(&measured));
        let rebuilt_warmup = report.warmup_results.clone().unwrap();
        prop_assert_eq!(comparable(&rebuilt_warmup), comparable(&warmed_up));
        prop_assert_eq!(report.acceptance_histogram, columns.acceptance_histogram(&[1]));
        let failed = requests.iter().skip(1).filter(|request| request.failed).count() as u64;
        prop_assert_eq!(report.counts.failed, failed);
        prop_assert_eq!(report.errors.iter().map(|error| error.count).sum::<u64>(), failed);
    }
}

#[test]
fn a_killed_run_lasts_from_its_first_decision_to_its_last_end() {
    let request = |start| Request {
        start,
        gaps: vec![1000, 2000],
        tokens: 9,
        requested: 9,
        first_chunk: None,
        images: 0,
        failed: false,
    };
    let (_, rebuilt) = both(&[request(200), request(5000), request(9000)]);
    let killed = RunState {
        phases: Vec::new(),
        ..state()
    };
    let report = rebuilt.report(&killed);
    assert_eq!(report.phases.len(), 2);
    assert_eq!(report.phases[0].kind, PhaseKind::Warmup);
    let epoch = EPOCH_NS.cast_signed();
    assert_eq!(
        (report.start_ns, report.end_ns),
        (epoch + 4900, epoch + 9000 + 3500)
    );
    assert_eq!(report.counts.successful, 2);
}

#[test]
fn a_request_that_the_end_of_the_phase_cut_off_has_no_part_in_figures() {
    let mut rebuilt = RebuiltRecords::new(&context()).unwrap();
    let record = |message: &str| {
        let text = format!(
            r#"{{"metadata":{{"session_num":0,"request_start_ns":5,"request_end_ns":9,"worker_id":"w",
            "record_processor_id":"r","benchmark_phase":"profiling","was_cancelled":true}},"metrics":{{}},
            "error":{{"code":499,"type":"RequestCancellationError","message":"{message}"}}}}"#
        );
        serde_json::from_str::<MetricRecord>(&text).unwrap()
    };
    rebuilt.add(&record("the phase was over"), |_| false);
    assert!(rebuilt.columns().is_empty());
    rebuilt.add(&record("Request cancelled 0.500s after being sent"), |_| {
        false
    });
    assert_eq!(rebuilt.columns().len(), 1);
}

#[test]
fn time_slices_of_rebuilt_records_are_written() {
    let request = |start| Request {
        start,
        gaps: vec![1_000_000, 2_000_000],
        tokens: 9,
        requested: 9,
        first_chunk: None,
        images: 1,
        failed: false,
    };
    let (columns, _) = both(&[request(200), request(5000), request(9_000_000)]);
    let slices = aiperf_metrics::timeslices(&columns, &[windows()[1]], 5_000_000);
    assert_eq!(slices.len(), 2);
    let directory = tempfile::tempdir().unwrap();
    let report = RunReport {
        timeslices: slices,
        ..RunReport::default()
    };
    let options = ExportOptions {
        slice_columns: true,
        ..ExportOptions::default()
    };
    let outcome = write_all(&report, directory.path(), &FileNames::usual(), &options);
    assert!(outcome.failures.is_empty());
    let base = directory.path().join("profile_export_aiperf_timeslices");
    let read = aiperf_model::read_timeslices(base.with_extension("json")).unwrap();
    assert_eq!(read.timeslices.len(), 2);
    assert!(base.with_extension("csv").exists());
    assert!(base.with_extension("parquet").metadata().unwrap().len() > 1000);
}

#[test]
fn effective_latency_stands_beside_the_request_latency_in_open_loops_only() {
    let request = Request {
        start: 500,
        gaps: vec![1000],
        tokens: 3,
        requested: 3,
        first_chunk: None,
        images: 0,
        failed: false,
    };
    let (_, rebuilt) = both(&[request.clone(), request]);
    for (is_open_loop, group) in [(true, ConsoleGroup::Default), (false, ConsoleGroup::None)] {
        let state = RunState {
            is_open_loop,
            ..state()
        };
        let report = rebuilt.report(&state);
        let warmup = report.warmup_results.as_ref().unwrap();
        let all = [&report.results, warmup, &report.phases[1].results];
        for results in all {
            let found = results.iter().find(|one| one.tag == "effective_latency");
            let found = found.unwrap();
            assert_eq!((found.group, found.order), (group, Some(301)));
        }
    }
}
