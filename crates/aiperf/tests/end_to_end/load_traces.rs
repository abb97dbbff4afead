//! Traces, replayed at the times that they were recorded at.

use aiperf_mock::MockOptions;

use crate::load_truth::{CLOCKS, LoadRun, MILLISECOND, milliseconds, most_at_once};
use crate::support::{Place, quick};

const SINGLE: &str = r#"{"text": "five", "timestamp": 5600}
{"text": "one", "timestamp": 5000}
{"text": "two", "timestamp": 5100}
{"text": "three", "timestamp": 5100}
{"text": "four", "timestamp": 5300}
"#;

#[test]
fn single_turns_are_sent_at_their_times() {
    let auto = "--fixed-schedule-auto-offset";
    let (start, end) = (
        "--fixed-schedule-start-offset",
        "--fixed-schedule-end-offset",
    );
    for (words, expected) in [
        (&[][..], &[0, 100, 100, 300, 600][..]),
        (&[auto], &[0, 100, 100, 300, 600]),
        (&[start, "5050"], &[50, 50, 250, 550]),
        (&[end, "5300"], &[0, 100, 100, 300]),
        (&[start, "5050", end, "5300"], &[50, 50, 250]),
        (&["--request-count", "2"], &[0, 100]),
    ] {
        let place = Place::new();
        place.write("trace.jsonl", SINGLE);
        let mut all = vec![
            "--streaming",
            "--input-file",
            "trace.jsonl",
            "--custom-dataset-type",
            "single_turn",
            "--fixed-schedule",
        ];
        all.extend(words);
        let run = LoadRun::within(place, quick(), &all, 0);
        let expected: Vec<_> = expected.iter().map(|at| at * MILLISECOND).collect();
        run.assert_due("profiling", &expected);
    }
}

const MULTI: &str = r#"{"session_id": "s0", "turns": [{"text": "a", "timestamp": 5000}]}
{"session_id": "s1", "turns": [{"text": "b", "timestamp": 5300}, {"text": "c", "delay": 250}, {"text": "d", "delay": 100}]}
{"session_id": "s2", "turns": [{"text": "e", "timestamp": 5600}, {"text": "f", "timestamp": 6000}]}
"#;

#[test]
fn later_turns_are_sent_after_their_answers_or_at_their_times() {
    let place = Place::new();
    place.write("trace.jsonl", MULTI);
    let words = [
        "--streaming",
        "--input-file",
        "trace.jsonl",
        "--custom-dataset-type",
        "multi_turn",
        "--fixed-schedule",
    ];
    let run = LoadRun::within(place, quick(), &words, 0);
    let requests = run.measured();
    assert_eq!(requests.len(), 6);
    let find = |conversation: &str, turn: u64| {
        let is_it = |metadata: &serde_json::Value| {
            metadata["conversation_id"] == conversation && metadata["turn_index"] == turn
        };
        requests
            .iter()
            .find(|request| is_it(request.metadata))
            .unwrap()
    };
    for (conversation, turn, at) in [
        ("s0", 0, 0),
        ("s1", 0, 300),
        ("s2", 0, 600),
        ("s2", 1, 1_000),
    ] {
        assert_eq!(milliseconds(find(conversation, turn).issued), at);
    }
    for (turn, delay) in [(1, 250), (2, 100)] {
        let answered = find("s1", turn - 1).last_token();
        assert!(find("s1", turn).issued >= answered + delay * MILLISECOND - CLOCKS);
    }
    for request in &requests {
        let conversation = request.metadata["conversation_id"].as_str().unwrap();
        let correlation = request.metadata["x_correlation_id"].as_str().unwrap();
        assert_eq!(correlation, format!("fixed-schedule-{conversation}"));
    }
    let lag = &run.place.summary()["replay_sched_lag_p99"];
    assert_eq!(lag["unit"], "ms");
    assert!(lag["avg"].as_f64().unwrap() >= 0.0);
}

#[test]
fn under_a_limit_a_trace_waits_in_order_and_says_how_late_it_is() {
    let place = Place::new();
    place.write("trace.jsonl", SINGLE);
    let options = MockOptions {
        ttft_ms: 200.0,
        ..quick()
    };
    let words = [
        "--streaming",
        "--input-file",
        "trace.jsonl",
        "--custom-dataset-type",
        "single_turn",
        "--fixed-schedule",
        "--concurrency",
        "1",
    ];
    let run = LoadRun::within(place, options, &words, 0);
    // When they were due is what the trace says, when they came is not.
    run.assert_due(
        "profiling",
        &[0, 100, 100, 300, 600].map(|at| at * MILLISECOND),
    );
    let requests = run.measured();
    let spans = requests
        .iter()
        .map(|request| (request.arrived, request.last_token()));
    assert_eq!(most_at_once(spans), 1);
    let mut arrivals: Vec<_> = requests
        .iter()
        .map(|request| (request.arrived, request.issued))
        .collect();
    arrivals.sort_unstable();
    assert!(arrivals.is_sorted_by_key(|&(_, due)| due));
    // The fifth had to wait for four answers.
    let lag = run.place.summary()["replay_sched_lag_p99"]["avg"]
        .as_f64()
        .unwrap();
    assert!(lag > 150.0, "{lag} ms");
    let waited = &run.place.summary()["request_accounting"]["requests_that_waited_for_a_place"];
    assert!(waited.as_u64().unwrap() >= 3);
}
