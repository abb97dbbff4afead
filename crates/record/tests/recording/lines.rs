//! The lines of a run read back through the public types, and say what the columns say.

use std::collections::HashMap;

use aiperf_engine::Exchange;
use aiperf_metrics::aggregate::{Bounds, InjectedLatencies, PhaseWindow, summarise};
use aiperf_mock::MockOptions;
use aiperf_model::{MetricRecord, PhaseKind as RecordedPhase};
use aiperf_record::{Backlog, Recorder};
use aiperf_schedule::{Arrivals, LimitRamp, PhaseKind};

use crate::support::{
    EVENT_STREAM, Tee, answered, chat, event, processors, read_records, record, send, settings,
    with_records,
};

#[track_caller]
fn assert_close(left: f64, right: f64) {
    assert!(
        (left - right).abs() <= 1e-9 * left.abs().max(1.0),
        "{left} and {right}"
    );
}

/// A number from a line, which must be there.
#[track_caller]
fn number(record: &MetricRecord, tag: &str) -> f64 {
    record
        .number(tag)
        .unwrap_or_else(|| panic!("no `{tag}` in {record:?}"))
}

#[test]
fn lines_of_a_run_read_back_and_agree_with_the_exchanges_and_with_the_columns() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile_export.jsonl");
    let settings = with_records(settings(3), &path);
    let (clock, metrics) = (settings.clock, std::sync::Arc::clone(&settings.metrics));
    let backlog = Backlog::new(usize::MAX);
    let tee = Tee::new(backlog.clone());
    let recorder = Recorder::start(settings, backlog, processors(2)).unwrap();
    let mock = MockOptions {
        ttft_ms: 5.0,
        itl_ms: 1.0,
        ..MockOptions::default()
    };
    let outcomes = send(
        mock,
        vec![
            chat("one", 4),
            chat("one two", 8),
            chat("one \"two\"\nthrée", 12),
        ],
        vec![
            (
                PhaseKind::Warmup,
                Arrivals::ClosedLoop {
                    slots: LimitRamp::steady(2),
                },
                6,
            ),
            (
                PhaseKind::Profiling,
                Arrivals::ClosedLoop {
                    slots: LimitRamp::steady(4),
                },
                60,
            ),
        ],
        &tee,
    );
    let recorded = recorder.finish().unwrap();
    assert_eq!(recorded.counts, [(6, 0), (60, 0)]);
    assert_eq!(recorded.columns.len(), 66);

    let exchanges: HashMap<String, Exchange> = tee
        .kept()
        .into_iter()
        .map(|exchange| (exchange.request_id.to_string(), exchange))
        .collect();
    let records = read_records(&path);
    assert_eq!((records.len(), exchanges.len()), (66, 66));
    for record in &records {
        let metadata = &record.metadata;
        let exchange = &exchanges[metadata.x_request_id.as_deref().unwrap()];
        let http = &exchange.http;
        assert!(record.error.is_none());
        assert_eq!(metadata.session_num, exchange.request_index);
        assert_eq!(
            metadata.x_correlation_id,
            Some(exchange.correlation_id.to_string())
        );
        assert_eq!(metadata.root_correlation_id, metadata.x_correlation_id);
        assert_eq!(
            metadata.conversation_id,
            Some(format!("c{}", exchange.conversation))
        );
        assert_eq!(metadata.turn_index, Some(0));
        let is_profiling = exchange.phase == 1;
        let (kind, name) = match is_profiling {
            true => (RecordedPhase::Profiling, "profiling"),
            false => (RecordedPhase::Warmup, "warmup"),
        };
        assert_eq!(
            (metadata.benchmark_phase, metadata.phase_kind),
            (kind, Some(kind))
        );
        assert_eq!(metadata.phase_name.as_deref(), Some(name));
        assert_eq!(metadata.phase_index, Some(exchange.phase as u64));
        assert_eq!(metadata.profiling_index, is_profiling.then_some(0));

        // Instants on the wall clock lie apart exactly as those of the monotonic clock, whatever
        // the wall clock does meanwhile.
        assert_eq!(metadata.request_start_ns, clock.epoch(http.start) as u64);
        assert_eq!(
            metadata.request_ack_ns.unwrap() - metadata.request_start_ns,
            http.head_at.unwrap() - http.start
        );
        let last_mark = http.received.last_at().unwrap();
        assert_eq!(
            metadata.request_end_ns - metadata.request_start_ns,
            last_mark - http.start
        );
        assert_eq!(
            metadata.credit_issued_ns,
            Some(clock.epoch(exchange.issued) as u64)
        );

        // Figures, from the bytes and their marks.
        let (first, last) = content_marks(exchange);
        let milliseconds = |to: u64| (to - http.start) as f64 / 1e6;
        assert_close(number(record, "time_to_first_token"), milliseconds(first));
        assert_close(number(record, "request_latency"), milliseconds(last));
        let tokens = [4.0, 8.0, 12.0][exchange.conversation];
        assert_eq!(number(record, "output_sequence_length"), tokens);
        assert_close(
            number(record, "inter_token_latency"),
            (milliseconds(last) - milliseconds(first)) / (tokens - 1.0),
        );
        assert!(number(record, "input_sequence_length") >= 1.0);
    }

    // The columns are the lines, summed up.
    let windows: Vec<PhaseWindow> = outcomes
        .iter()
        .enumerate()
        .map(|(index, outcome)| PhaseWindow {
            phase: index as u16,
            bounds: Some(Bounds {
                start_epoch_ns: clock.epoch(outcome.times.start) as u64,
                end_epoch_ns: clock.epoch(outcome.times.end) as u64,
            }),
        })
        .collect();
    for (window, is_profiling) in [(windows[0], false), (windows[1], true)] {
        let results = summarise(&recorded.columns, &[window], InjectedLatencies::All);
        let mut compared = 0;
        for metric in metrics.metrics() {
            let tag = metric.tag;
            let values: Vec<f64> = records
                .iter()
                .filter(|record| record.is_profiling() == is_profiling)
                .filter_map(|record| record.number(tag))
                .collect();
            let Some(result) = results.iter().find(|result| result.tag == tag) else {
                continue;
            };
            let statistics = result.statistics;
            if values.is_empty() || statistics.count.is_none() {
                continue;
            }
            compared += 1;
            assert_eq!(statistics.count, Some(values.len() as u64), "{tag}");
            let sum: f64 = values.iter().sum();
            assert_close(statistics.avg.unwrap(), sum / values.len() as f64);
            assert_close(
                statistics.min.unwrap(),
                values.iter().copied().fold(f64::MAX, f64::min),
            );
            assert_close(
                statistics.max.unwrap(),
                values.iter().copied().fold(f64::MIN, f64::max),
            );
        }
        assert!(compared > 8, "only {compared} metrics stand in both");
    }
}

/// The marks of the first and of the last content of a chat stream.
fn content_marks(exchange: &Exchange) -> (u64, u64) {
    let received = exchange.http.received.unfold();
    let body = std::str::from_utf8(&received.bytes).unwrap();
    let places: Vec<usize> = body
        .match_indices("\n\n")
        .map(|(place, end)| place + end.len())
        .zip(body.split("\n\n"))
        .filter(|(_, event)| has_content(event))
        .map(|(end, _)| end)
        .collect();
    let mark = |end: usize| {
        received
            .reads
            .iter()
            .find(|mark| mark.end >= end)
            .expect("bytes without a mark")
            .at
    };
    (mark(places[0]), mark(places[places.len() - 1]))
}

fn has_content(event: &str) -> bool {
    let document: serde_json::Value = event
        .strip_prefix("data: ")
        .and_then(|data| serde_json::from_str(data).ok())
        .unwrap_or_default();
    document["choices"][0]["delta"]["content"]
        .as_str()
        .is_some_and(|content| !content.is_empty())
}

#[test]
fn an_open_loop_record_was_issued_when_it_was_due_however_late_it_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.jsonl");
    let settings = with_records(settings(1), &path);
    let clock = settings.clock;
    let mut late = answered(0, 200, EVENT_STREAM, &event("hi"));
    let due = late.http.start - 300_000_000;
    late.intended = Some(due);
    let recorded = record(settings, [late]);
    let [record] = &read_records(&path)[..] else {
        panic!("not one line")
    };
    assert_eq!(
        record.metadata.credit_issued_ns,
        Some(clock.epoch(due) as u64)
    );
    assert_eq!(
        record.metadata.request_start_ns,
        clock.epoch(due) as u64 + 300_000_000
    );
    assert_eq!(recorded.client.send_lateness, [300_000_000]);
}

#[test]
fn names_with_quotes_and_line_breaks_stay_within_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.jsonl");
    let name = "a \"name\"\nof two lines \\ \u{7}";
    let mut settings = with_records(settings(1), &path);
    let mut conversation = settings.conversations.get(0).unwrap().into_owned();
    conversation.id = name.into();
    settings.conversations = vec![conversation].into();
    record(settings, [answered(0, 200, EVENT_STREAM, &event("hi"))]);
    let records = read_records(&path);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].metadata.conversation_id.as_deref(), Some(name));
}

#[test]
fn a_run_without_records_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.jsonl");
    record(with_records(settings(1), &path), []);
    assert!(!path.exists());
}
