//! Recording that falls behind: sending goes on as if nothing were, and nothing is lost.

use std::sync::Arc;

use aiperf_clock::{MILLISECOND, Nanos};
use aiperf_engine::{Exchange, ExchangeSink};
use aiperf_mock::MockOptions;
use aiperf_random::RootSeed;
use aiperf_record::{Backlog, Recorder};
use aiperf_schedule::{ArrivalProcess, Arrivals, Overflow, Pattern, PhaseKind};

use crate::support::{Tee, chat, processors, read_records, send, settings, with_records};

fn arrivals(rate: f64) -> Arrivals {
    Arrivals::OpenLoop {
        process: ArrivalProcess::new(Pattern::Constant, rate, RootSeed::fixed(1)),
        session_cap: None,
        overflow: Overflow::Drop,
    }
}

/// Sends for two seconds; returns how late requests were begun, in order.
fn lateness_with(sink: &Arc<Tee>) -> Vec<Nanos> {
    let mock = MockOptions {
        ttft_ms: 5.0,
        itl_ms: 1.0,
        ..MockOptions::default()
    };
    let phases = vec![(PhaseKind::Warmup, arrivals(150.0), 300)];
    send(mock, vec![chat("one two", 10)], phases, sink);
    let lateness = |exchange: Exchange| exchange.http.start - exchange.intended.unwrap();
    let mut lateness: Vec<_> = sink.kept().into_iter().map(lateness).collect();
    assert_eq!(lateness.len(), 300);
    lateness.sort_unstable();
    lateness
}

#[test]
fn a_recorder_that_does_nothing_for_two_seconds_does_not_move_the_send_schedule() {
    let free = {
        let backlog = Backlog::new(usize::MAX);
        let recorder = Recorder::start(settings(1), backlog.clone(), processors(1)).unwrap();
        let lateness = lateness_with(&Tee::new(backlog));
        assert_eq!(recorder.finish().unwrap().counts[0], (300, 0));
        lateness
    };

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.jsonl");
    let backlog = Backlog::new(100_000);
    // Nobody takes anything out, and there is room for a fraction only.
    let blocked = lateness_with(&Tee::new(backlog.clone()));
    assert_eq!(backlog.waiting(), 300);
    for (share, place) in [("half", 150), ("90 %", 270)] {
        let (free, blocked) = (free[place], blocked[place]);
        assert!(
            blocked < free + 50 * MILLISECOND,
            "{share}: {blocked} ns late, and {free} ns with a recorder"
        );
    }

    // What waited is recorded as if it had not.
    let recorder = Recorder::start(
        with_records(settings(1), &path),
        backlog.clone(),
        processors(2),
    )
    .unwrap();
    let recorded = recorder.finish().unwrap();
    assert_eq!(recorded.counts[0], (300, 0));
    assert_eq!((read_records(&path).len(), backlog.waiting()), (300, 0));
}

#[test]
fn beyond_its_limit_the_backlog_goes_to_disk_and_every_exchange_is_recorded() {
    const SIZE: usize = 20_000;
    const LIMIT: usize = 10 * SIZE;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.jsonl");
    let backlog = Backlog::new(LIMIT);
    let tee = Tee::new(backlog.clone());
    let mock = MockOptions {
        single_chunk_bytes: Some(SIZE as u64),
        ..MockOptions::default()
    };
    let phases = vec![(PhaseKind::Warmup, arrivals(200.0), 300)];
    send(mock, vec![chat("one two", 10)], phases, &tee);

    let facts = backlog.facts();
    assert_eq!((facts.accepted, facts.peak_waiting), (300, 300));
    assert!(facts.spilled > 100, "{facts:?}");
    assert!(
        facts.peak_bytes < 300 * SIZE / 2,
        "memory was not bounded: {facts:?}"
    );

    let recorder =
        Recorder::start(with_records(settings(1), &path), backlog, processors(2)).unwrap();
    assert_eq!(recorder.finish().unwrap().counts[0], (300, 0));
    // Also those that were on disk in between have the figures of their exchange.
    let records = read_records(&path);
    assert_eq!(records.len(), 300);
    for exchange in tee.kept() {
        let id = exchange.request_id.to_string();
        let record = records
            .iter()
            .find(|record| record.metadata.x_request_id.as_deref() == Some(&id))
            .expect("an exchange was lost");
        assert_eq!(record.metadata.session_num, exchange.request_index);
        let length = record.metadata.request_end_ns - record.metadata.request_start_ns;
        assert_eq!(
            length,
            exchange.http.received.last_at().unwrap() - exchange.http.start
        );
    }
}

#[test]
fn records_are_on_disk_before_the_run_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.jsonl");
    let backlog = Backlog::new(usize::MAX);
    let recorder = Recorder::start(
        with_records(settings(1), &path),
        backlog.clone(),
        processors(1),
    )
    .unwrap();
    for count in 1..=3 {
        backlog.accept(crate::support::answered(
            count,
            200,
            crate::support::EVENT_STREAM,
            &crate::support::event("hi"),
        ));
        let limit = aiperf_clock::monotonic_now() + 30_000 * MILLISECOND;
        // Line ends, not parsed lines: a look in the middle of a write sees half a line.
        while line_ends(&path) != count {
            assert!(
                aiperf_clock::monotonic_now() < limit,
                "the record is not on disk"
            );
            std::thread::yield_now();
        }
    }
    recorder.finish().unwrap();
}

fn line_ends(path: &std::path::Path) -> u64 {
    let content = std::fs::read(path).unwrap_or_default();
    content.iter().filter(|&&byte| byte == b'\n').count() as u64
}
