//! What each fault looks like to a client, and in the truth file.

use std::path::Path;
use std::time::Duration;

use crate::client::{CHAT, Client, End, Response, chat, start, truth_of};
use aiperf_mock::{Fault, MockOptions, MockServer, TruthRecord};
use serde_json::{Value, json};

/// Plays one request against a server that breaks all of them in one way.
fn play(options: MockOptions, body: &Value) -> (Response, TruthRecord) {
    let truth = tempfile::NamedTempFile::new().unwrap();
    let options = MockOptions {
        truth_file: Some(truth.path().to_owned()),
        ..options
    };
    let server = start(options);
    let mut client = Client::connect(&server);
    client.set_patience(Duration::from_millis(300));
    let response = client.post(CHAT, body);
    drop(client);
    if response.end == End::Silent {
        wait_for_requests(&server, 1);
    }
    assert_eq!(server.stats().faults, 1);
    let mut records = truth_of(server, truth.path());
    assert_eq!(records.len(), 1);
    (response, records.remove(0))
}

fn wait_for_requests(server: &MockServer, requests: u64) {
    while server.stats().requests < requests {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn streamed() -> Value {
    chat(json!({"stream": true, "max_tokens": 7}))
}

fn unstreamed() -> Value {
    chat(json!({"max_tokens": 7}))
}

#[test]
fn an_error_is_a_status_and_a_body_in_openai_s_shape() {
    for body in [streamed(), unstreamed()] {
        let options = MockOptions {
            error_rate: 1.0,
            error_status: 503,
            ..MockOptions::default()
        };
        let (response, record) = play(options, &body);
        assert_eq!((response.status, response.end), (503, End::Complete));
        assert_eq!(
            response.json()["error"],
            json!({"message": "simulated error", "type": "server_error", "param": null,
                   "code": null})
        );
        assert_eq!(
            (record.fault, record.status),
            (Some(Fault::Error), Some(503))
        );
        assert_eq!((record.output_tokens, record.chunk_ns.len()), (0, 0));
    }
}

#[test]
fn a_reset_comes_before_any_answer() {
    for body in [streamed(), unstreamed()] {
        let options = MockOptions {
            reset_rate: 1.0,
            ..MockOptions::default()
        };
        let (response, record) = play(options, &body);
        assert_eq!((response.status, response.end), (0, End::Reset));
        assert_eq!((record.fault, record.status), (Some(Fault::Reset), None));
    }
}

#[test]
fn a_cut_stream_ends_half_way_without_its_last_chunk() {
    let options = MockOptions {
        cut_rate: 1.0,
        ..MockOptions::default()
    };
    let (response, record) = play(options, &streamed());
    assert_eq!((response.status, response.end), (200, End::Closed));
    assert_eq!(response.contents().len(), 4, "half of seven, rounded up");
    assert!(!response.text().contains("[DONE]"));
    assert_eq!((record.fault, record.status), (Some(Fault::Cut), Some(200)));
    assert_eq!((record.output_tokens, record.chunk_ns.len()), (4, 4));
    assert_eq!(record.disconnect_ns, None, "it was the server that left");
}

#[test]
fn a_cut_document_ends_half_way() {
    let options = MockOptions {
        cut_rate: 1.0,
        ..MockOptions::default()
    };
    let (response, record) = play(options, &unstreamed());
    assert_eq!((response.status, response.end), (200, End::Closed));
    let length: usize = response.header("content-length").unwrap().parse().unwrap();
    assert_eq!(response.body.len(), length.div_ceil(2));
    assert_eq!(record.fault, Some(Fault::Cut));
}

#[test]
fn a_stream_error_is_an_event_half_way_after_which_the_stream_ends_properly() {
    let options = MockOptions {
        stream_error_rate: 1.0,
        ..MockOptions::default()
    };
    let (response, record) = play(options, &streamed());
    assert_eq!((response.status, response.end), (200, End::Complete));
    let events = response.events();
    assert_eq!(events.len(), 1 + 4 + 1);
    let data = events[5].strip_prefix("event: error\ndata: ").unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["error"]["message"], "simulated error");
    assert_eq!(
        (record.fault, record.output_tokens),
        (Some(Fault::StreamError), 4)
    );
}

#[test]
fn a_stream_error_without_a_stream_is_an_error_status() {
    let options = MockOptions {
        stream_error_rate: 1.0,
        ..MockOptions::default()
    };
    let (response, record) = play(options, &unstreamed());
    assert_eq!(response.status, 500);
    assert_eq!(
        (record.fault, record.status),
        (Some(Fault::StreamError), Some(500))
    );
}

#[test]
fn a_hang_is_half_a_body_and_then_silence_until_the_client_leaves() {
    for (body, chunks) in [(streamed(), 4), (unstreamed(), 0)] {
        let options = MockOptions {
            hang_rate: 1.0,
            ..MockOptions::default()
        };
        let (response, record) = play(options, &body);
        assert_eq!((response.status, response.end), (200, End::Silent));
        assert_eq!(
            (record.fault, record.chunk_ns.len()),
            (Some(Fault::Hang), chunks)
        );
        assert_eq!(record.output_tokens, 4);
        assert!(record.disconnect_ns.is_some());
    }
}

#[test]
fn a_hanging_request_does_not_keep_the_server_from_stopping() {
    let truth = tempfile::NamedTempFile::new().unwrap();
    let server = start(MockOptions {
        hang_rate: 1.0,
        truth_file: Some(truth.path().to_owned()),
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    client.set_patience(Duration::from_millis(50));
    assert_eq!(client.post(CHAT, &streamed()).end, End::Silent);
    let records = truth_of(server, truth.path());
    assert_eq!(records[0].fault, Some(Fault::Hang));
    assert_eq!(records[0].disconnect_ns, None);
}

#[test]
fn a_client_that_leaves_is_noticed_while_the_server_waits() {
    let truth = tempfile::NamedTempFile::new().unwrap();
    let server = start(MockOptions {
        ttft_ms: 3_600_000.0,
        truth_file: Some(truth.path().to_owned()),
        ..MockOptions::default()
    });
    for body in [streamed(), unstreamed()] {
        let mut client = Client::connect(&server);
        client.send("POST", CHAT, "", body.to_string().as_bytes());
        while server.stats().running == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(client);
        while server.stats().running > 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    for record in truth_of(server, truth.path()) {
        assert!(record.disconnect_ns.is_some());
        assert_eq!((record.fault, record.output_tokens), (None, 0));
    }
}

/// What happened to the first forty requests.
fn fates(seed: u64) -> Vec<Option<Fault>> {
    let truth: tempfile::NamedTempFile = tempfile::NamedTempFile::new().unwrap();
    let server = start(MockOptions {
        error_rate: 0.2,
        reset_rate: 0.2,
        cut_rate: 0.2,
        stream_error_rate: 0.2,
        seed,
        truth_file: Some(truth.path().to_owned()),
        ..MockOptions::default()
    });
    for _ in 0..40 {
        Client::connect(&server).post(CHAT, &streamed());
    }
    faults_in(server, truth.path())
}

fn faults_in(server: MockServer, path: &Path) -> Vec<Option<Fault>> {
    truth_of(server, path)
        .into_iter()
        .map(|record| record.fault)
        .collect()
}

#[test]
fn the_same_seed_breaks_the_same_requests_in_the_same_ways() {
    let first = fates(1);
    assert_eq!(first, fates(1));
    assert_ne!(first, fates(2));
    for fault in [Fault::Error, Fault::Reset, Fault::Cut, Fault::StreamError] {
        assert!(first.contains(&Some(fault)), "{fault:?} never happened");
    }
    assert!(first.contains(&None));
}

#[test]
fn only_generation_breaks() {
    let server = start(MockOptions {
        error_rate: 1.0,
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    for path in ["/health", "/v1/models", "/metrics"] {
        assert_eq!(client.get(path).status, 200);
    }
}
