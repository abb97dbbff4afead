//! A run under load, beside what the mock server saw of it.

use std::collections::HashMap;

use aiperf_clock::EpochNanos;
use aiperf_mock::{MockOptions, TruthRecord};
use serde_json::Value;

use crate::support::place::wait;
use crate::support::{Ended, Place, mock};

/// Clocks of two processes are not read at the same instant.
pub(crate) const CLOCKS: u64 = 2_000_000;

pub(crate) const MILLISECOND: u64 = 1_000_000;
const MICROSECOND: u64 = 1_000;

/// A run that is over. All times of phases are nanoseconds after their start.
pub(crate) struct LoadRun {
    pub(crate) place: Place,
    pub(crate) ended: Ended,
    /// In the order of the requests' numbers, warmup first.
    records: Vec<Value>,
    truth: HashMap<String, TruthRecord>,
    starts: HashMap<String, EpochNanos>,
}

/// One request, as the program tells it and as the server saw it.
pub(crate) struct Judged<'a> {
    pub(crate) metadata: &'a Value,
    pub(crate) record: &'a Value,
    /// When it was due, or issued in a closed loop.
    pub(crate) issued: u64,
    /// When it was begun.
    pub(crate) began: u64,
    pub(crate) truth: &'a TruthRecord,
    /// When its last byte had arrived at the server.
    pub(crate) arrived: u64,
    start: EpochNanos,
}

impl Judged<'_> {
    /// When the server found that the client had gone.
    pub(crate) fn gone(&self) -> Option<u64> {
        Some(after(self.start, self.truth.disconnect_ns?))
    }

    /// When the server handed over the first content.
    pub(crate) fn first_token(&self) -> u64 {
        after(self.start, *self.truth.chunk_ns.first().unwrap())
    }

    /// When the server handed over the last content: the client cannot have ended before.
    pub(crate) fn last_token(&self) -> u64 {
        after(self.start, *self.truth.chunk_ns.last().unwrap())
    }
}

impl LoadRun {
    /// A run that ends well.
    pub(crate) fn of(options: MockOptions, words: &[&str]) -> Self {
        Self::within(Place::new(), options, words, 0)
    }

    /// A run that ends with `code`, in a place with files.
    pub(crate) fn within(place: Place, options: MockOptions, words: &[&str], code: i32) -> Self {
        let truth_file = place.path().join("truth.jsonl");
        let mut server = mock(MockOptions {
            truth_file: Some(truth_file.clone()),
            ..options
        });
        // What is late is late, and the times that were planned stay.
        let mut run = place.profiling(&server.url(), words);
        run.env("AIPERF_TIMING_MAX_CATCHUP_SECONDS", "10");
        let ended = wait(run.spawn().unwrap()).expect_code(code);
        server.shutdown();
        let truth = std::fs::read_to_string(truth_file).unwrap();
        let truth: HashMap<String, TruthRecord> = truth
            .lines()
            .map(|line| serde_json::from_str::<TruthRecord>(line).unwrap())
            .filter_map(|line| Some((line.x_request_id.clone()?, line)))
            .collect();
        let mut records = place.records("profile_export.jsonl");
        records.sort_by_key(|record| {
            let metadata = &record["metadata"];
            (
                metadata["phase_index"].as_u64(),
                metadata["session_num"].as_u64(),
            )
        });
        let starts = phase_starts(&place);
        let run = Self {
            place,
            ended,
            records,
            truth,
            starts,
        };
        run.check();
        run
    }

    /// What holds of any run: each request has one record, and arrives after it was begun, which is
    /// not before it was due.
    fn check(&self) {
        assert_eq!(self.records.len(), self.truth.len(), "{}", self.ended);
        for phase in self.starts.keys() {
            for request in self.phase(phase) {
                assert!(request.began + MICROSECOND >= request.issued);
                assert!(request.arrived + CLOCKS >= request.began);
            }
        }
    }

    /// The requests of a phase in the order of their numbers.
    pub(crate) fn phase(&self, phase: &str) -> Vec<Judged<'_>> {
        let start = self.starts.get(phase).copied().unwrap_or_default();
        self.records
            .iter()
            .filter(|record| record["metadata"]["benchmark_phase"] == phase)
            .map(|record| {
                let metadata = &record["metadata"];
                let truth = &self.truth[metadata["x_request_id"].as_str().unwrap()];
                Judged {
                    metadata,
                    record,
                    issued: after(start, metadata["credit_issued_ns"].as_i64().unwrap()),
                    began: after(start, metadata["request_start_ns"].as_i64().unwrap()),
                    truth,
                    arrived: after(start, truth.arrival_ns),
                    start,
                }
            })
            .collect()
    }

    /// The requests that are measured.
    pub(crate) fn measured(&self) -> Vec<Judged<'_>> {
        self.phase("profiling")
    }

    /// Stops the test if the requests of a phase were due at other times. The summary tells the
    /// start of the phase to the microsecond.
    #[track_caller]
    pub(crate) fn assert_due(&self, phase: &str, expected: &[u64]) {
        let mut due: Vec<_> = self
            .phase(phase)
            .iter()
            .map(|request| request.issued)
            .collect();
        due.sort_unstable();
        let is_near = |(due, expected): (&u64, &u64)| due.abs_diff(*expected) <= MICROSECOND;
        assert!(
            due.len() == expected.len() && due.iter().zip(expected).all(is_near),
            "{phase} had requests due at\n{due:?}, not at\n{expected:?}"
        );
    }
}

/// The nearest millisecond.
pub(crate) fn milliseconds(nanoseconds: u64) -> u64 {
    (nanoseconds + MILLISECOND / 2) / MILLISECOND
}

/// When each phase started: the manifest says it of several, the summary of a single one.
fn phase_starts(place: &Place) -> HashMap<String, EpochNanos> {
    if !place.results().join("phase_manifest.json").exists() {
        let start = place.summary()["start_time"].as_str().unwrap().to_owned();
        let local: jiff::civil::DateTime = start.parse().unwrap();
        let instant = local
            .to_zoned(jiff::tz::TimeZone::system())
            .unwrap()
            .timestamp();
        let start = i64::try_from(instant.as_nanosecond()).unwrap();
        return HashMap::from([("profiling".to_owned(), start)]);
    }
    let manifest: Value = serde_json::from_str(&place.result("phase_manifest.json")).unwrap();
    let phases = manifest["phases"].as_array().unwrap();
    let start = |phase: &Value| {
        let name = phase["phase_name"].as_str().unwrap().to_owned();
        (name, phase["start_ns"].as_i64().unwrap())
    };
    phases.iter().map(start).collect()
}

/// How long after the start of a phase something was; zero if the clocks put it before.
fn after(start: EpochNanos, instant: EpochNanos) -> u64 {
    u64::try_from(instant - start).unwrap_or(0)
}

/// How many of these spans of time, at most, have an instant in common.
pub(crate) fn most_at_once(spans: impl Iterator<Item = (u64, u64)>) -> i64 {
    steps(spans)
        .into_iter()
        .map(|(_, count)| count)
        .max()
        .unwrap_or(0)
}

/// How many spans there are after each beginning and each end.
pub(crate) fn steps(spans: impl Iterator<Item = (u64, u64)>) -> Vec<(u64, i64)> {
    let mut changes: Vec<(u64, i64)> = spans
        .flat_map(|(begin, end)| [(begin, 1), (end.max(begin), -1)])
        .collect();
    changes.sort_unstable();
    let mut count = 0;
    for (_, change) in &mut changes {
        count += *change;
        *change = count;
    }
    changes
}
