//! The truth file against what a client sees, and the schedule against the truth file.

use crate::client::{CHAT, COMPLETIONS, Client, chat, completion, start, truth_of};
use aiperf_clock::{Clock, EpochNanos};
use aiperf_mock::{MockOptions, TruthRecord};
use serde_json::{Value, json};

/// Plays `requests` one after the other on one connection.
fn play(options: MockOptions, requests: &[(&str, Value)]) -> Vec<TruthRecord> {
    let truth = tempfile::NamedTempFile::new().unwrap();
    let options = MockOptions {
        truth_file: Some(truth.path().to_owned()),
        ..options
    };
    let server = start(options);
    let mut client = Client::connect(&server);
    for (path, body) in requests {
        assert_eq!(client.post(path, body).status, 200);
    }
    truth_of(server, truth.path())
}

fn streamed(tokens: u64) -> (&'static str, Value) {
    (CHAT, chat(json!({"stream": true, "max_tokens": tokens})))
}

#[test]
fn the_truth_says_what_a_client_sees() {
    let truth = tempfile::NamedTempFile::new().unwrap();
    let server = start(MockOptions {
        ttft_ms: 3.0,
        itl_ms: 1.0,
        truth_file: Some(truth.path().to_owned()),
        ..MockOptions::default()
    });
    let clock = Clock::start();
    let now = || clock.epoch(clock.now());
    let mut client = Client::connect(&server);
    let body = chat(json!({"stream": true, "max_tokens": 6}));
    let before = now();
    let contents = client
        .post_with(CHAT, "X-Request-ID: first\r\n", &body)
        .contents();
    let after = now();
    client.get("/health");
    client.get("/nowhere");
    let port = client.local_port();

    let records = truth_of(server, truth.path());
    let paths: Vec<_> = records.iter().map(|record| record.path.as_str()).collect();
    assert_eq!(paths, [CHAT, "/health", "/nowhere"]);
    let statuses: Vec<_> = records.iter().map(|record| record.status).collect();
    assert_eq!(statuses, [Some(200), Some(200), Some(404)]);
    assert!(records.iter().all(|record| record.peer_port == port));

    let record = &records[0];
    assert_eq!(record.x_request_id.as_deref(), Some("first"));
    assert_eq!(record.body_bytes, body.to_string().len() as u64);
    assert_eq!(
        (record.output_tokens, record.chunk_ns.len()),
        (6, contents.len())
    );
    assert_eq!((record.fault, record.disconnect_ns), (None, None));
    let stamps: Vec<EpochNanos> = [record.first_byte_read_ns, record.arrival_ns]
        .into_iter()
        .chain(record.chunk_ns.iter().copied())
        .chain([record.end_ns])
        .collect();
    assert!(stamps.is_sorted(), "{stamps:?}");
    // Two anchors of one wall clock: a millisecond covers their difference.
    let tolerance = 1_000_000;
    assert!(before - tolerance <= stamps[0], "{before} {stamps:?}");
    // A chunk is stamped before it is written, so the client cannot have it earlier. The end is
    // stamped after the last write, which a busy machine may put off.
    let last_chunk = record.chunk_ns[record.chunk_ns.len() - 1];
    assert!(last_chunk <= after + tolerance, "{after} {stamps:?}");
}

#[test]
fn no_token_leaves_before_it_is_due() {
    let options = MockOptions {
        ttft_ms: 5.0,
        itl_ms: 0.7,
        ..MockOptions::default()
    };
    for record in play(options, &[streamed(40), streamed(40)]) {
        for (index, stamp) in record.chunk_ns.iter().enumerate() {
            let due = record.arrival_ns + 5_000_000 + 700_000 * index as i64;
            assert!(*stamp >= due, "token {index} is {} ns early", due - stamp);
        }
    }
}

#[test]
fn the_lateness_of_tokens_does_not_add_up() {
    let tokens = 2_000;
    let options = MockOptions {
        itl_ms: 0.05,
        ..MockOptions::default()
    };
    let record = play(options, &[streamed(tokens)]).remove(0);
    let lateness =
        |index: usize| record.chunk_ns[index] - record.arrival_ns - 50_000 * index as i64;
    // A sleep is late by some 50 us, so sleeps one after the other would be 50 ms behind half-way.
    let half = tokens as usize / 2;
    let best = (half..2 * half).map(lateness).min().unwrap();
    assert!(
        best < 50_000_000,
        "all of the second half is at least {best} ns late"
    );
}

#[test]
fn a_whole_answer_ends_no_earlier_than_its_last_token_is_due() {
    let options = MockOptions {
        ttft_ms: 4.0,
        itl_ms: 0.5,
        ..MockOptions::default()
    };
    let requests = [
        (CHAT, chat(json!({"max_tokens": 9}))),
        (COMPLETIONS, completion(json!({"max_tokens": 1}))),
    ];
    let records = play(options, &requests);
    for (record, due) in records.iter().zip([4_000_000 + 8 * 500_000, 4_000_000]) {
        assert!(record.end_ns - record.arrival_ns >= due);
        assert!(record.chunk_ns.is_empty(), "no chunks without a stream");
    }
    assert_eq!(records[0].output_tokens, 9);
}

#[test]
fn tokens_of_one_chunk_leave_when_the_first_is_due() {
    let options = MockOptions {
        ttft_ms: 2.0,
        itl_ms: 1.0,
        tokens_per_chunk: 3,
        ..MockOptions::default()
    };
    let records = play(options, &[streamed(7)]);
    assert_eq!(records[0].chunk_ns.len(), 3);
    for (stamp, due_ms) in records[0].chunk_ns.iter().zip([2, 5, 8]) {
        assert!(stamp - records[0].arrival_ns >= due_ms * 1_000_000);
    }
}

#[test]
fn tokens_that_are_all_due_at_once_share_one_write() {
    let options = MockOptions {
        ttft_ms: 1.0,
        ..MockOptions::default()
    };
    let records = play(options, &[streamed(10)]);
    assert_eq!(records[0].chunk_ns.len(), 10);
    assert!(
        records[0]
            .chunk_ns
            .iter()
            .all(|stamp| *stamp == records[0].chunk_ns[0])
    );
    assert!(records[0].chunk_ns[0] - records[0].arrival_ns >= 1_000_000);
}

#[test]
fn a_truth_file_is_appended_to() {
    let truth = tempfile::NamedTempFile::new().unwrap();
    let options = || MockOptions {
        truth_file: Some(truth.path().to_owned()),
        ..MockOptions::default()
    };
    for expected in [1, 2] {
        let server = start(options());
        Client::connect(&server).get("/health");
        assert_eq!(truth_of(server, truth.path()).len(), expected);
    }
}

#[test]
fn a_line_has_the_documented_names() {
    let truth = tempfile::NamedTempFile::new().unwrap();
    let options = MockOptions {
        truth_file: Some(truth.path().to_owned()),
        ..MockOptions::default()
    };
    let mut server = start(options);
    Client::connect(&server).get("/health");
    server.shutdown();
    let line: Value =
        serde_json::from_str(&std::fs::read_to_string(truth.path()).unwrap()).unwrap();
    let names: Vec<_> = line
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        names,
        [
            "x_request_id",
            "path",
            "peer_port",
            "first_byte_read_ns",
            "arrival_ns",
            "chunk_ns",
            "end_ns",
            "disconnect_ns",
            "status",
            "fault",
            "output_tokens",
            "body_bytes"
        ]
    );
}
