//! Closed loops: how many requests are under way, and before their first token.

use std::collections::{BTreeMap, BTreeSet};

use aiperf_mock::MockOptions;
use aiperf_schedule::LimitRamp;

use crate::load_truth::{CLOCKS, Judged, LoadRun, MILLISECOND, most_at_once, steps};
use crate::support::place::wait;
use crate::support::{Place, mock, quick};

#[test]
fn ramped_slots_open_one_by_one() {
    let run = LoadRun::of(
        quick(),
        &[
            "--streaming",
            "--concurrency",
            "4",
            "--concurrency-ramp-duration",
            "0.6",
            "--benchmark-duration",
            "1.2",
        ],
    );
    let ramp = LimitRamp::over(4, 600 * MILLISECOND);
    let requests = run.measured();
    let spans = requests
        .iter()
        .map(|request| (request.arrived, request.last_token()));
    let counts = steps(spans);
    for &(at, count) in &counts {
        assert!(
            count <= i64::from(ramp.at(at + CLOCKS)),
            "{count} after {at} ns"
        );
    }
    assert_eq!(counts.into_iter().map(|(_, count)| count).max(), Some(4));
}

#[test]
fn few_requests_wait_for_their_first_token_and_many_are_under_way() {
    let options = MockOptions {
        ttft_ms: 30.0,
        itl_ms: 5.0,
        ..MockOptions::default()
    };
    let run = LoadRun::of(
        options,
        &[
            "--streaming",
            "--concurrency",
            "6",
            "--prefill-concurrency",
            "2",
            "--request-count",
            "24",
        ],
    );
    let requests = run.measured();
    assert_eq!(requests.len(), 24);
    let spans = requests
        .iter()
        .map(|request| (request.arrived, request.first_token()));
    assert_eq!(most_at_once(spans), 2);
    let spans = requests
        .iter()
        .map(|request| (request.arrived, request.last_token()));
    let most = most_at_once(spans);
    assert!((3..=6).contains(&most), "{most} under way");
}

#[test]
fn a_warmup_takes_its_load_from_the_measured_phase() {
    let run = LoadRun::of(
        quick(),
        &[
            "--streaming",
            "--concurrency",
            "3",
            "--warmup-request-count",
            "9",
            "--request-count",
            "6",
        ],
    );
    for (phase, count) in [("warmup", 9), ("profiling", 6)] {
        let requests = run.phase(phase);
        let numbers = requests
            .iter()
            .map(|request| request.metadata["session_num"].as_u64());
        assert!(numbers.into_iter().eq((0..count).map(Some)));
        let spans = requests
            .iter()
            .map(|request| (request.arrived, request.last_token()));
        assert_eq!(most_at_once(spans), 3, "{phase}");
    }
    let summary = run.place.summary();
    assert_eq!(summary["request_count"]["avg"], 6.0);
}

#[test]
fn a_warmup_of_an_open_loop_has_the_same_arrivals() {
    let run = LoadRun::of(
        quick(),
        &[
            "--streaming",
            "--request-rate",
            "50",
            "--arrival-pattern",
            "constant",
            "--num-warmup-sessions",
            "4",
            "--request-count",
            "6",
        ],
    );
    for (phase, count) in [("warmup", 4), ("profiling", 6)] {
        let expected: Vec<_> = (1..=count).map(|place| place * 20 * MILLISECOND).collect();
        run.assert_due(phase, &expected);
    }
}

#[test]
fn a_limit_before_the_first_token_grows_one_by_one() {
    let options = MockOptions {
        ttft_ms: 30.0,
        itl_ms: 1.0,
        ..MockOptions::default()
    };
    let run = LoadRun::of(
        options,
        &[
            "--streaming",
            "--concurrency",
            "12",
            "--prefill-concurrency",
            "3",
            "--prefill-concurrency-ramp-duration",
            "0.6",
            "--benchmark-duration",
            "1.2",
        ],
    );
    let ramp = LimitRamp::over(3, 600 * MILLISECOND);
    let requests = run.measured();
    let spans = requests
        .iter()
        .map(|request| (request.arrived, request.first_token()));
    let counts = steps(spans);
    for &(at, count) in &counts {
        assert!(
            count <= i64::from(ramp.at(at + CLOCKS)),
            "{count} after {at} ns"
        );
    }
    assert_eq!(counts.into_iter().map(|(_, count)| count).max(), Some(3));
}

#[test]
fn a_session_keeps_its_slot_and_its_connection_in_its_pauses() {
    let run = LoadRun::of(
        quick(),
        &[
            "--streaming",
            "--concurrency",
            "2",
            "--num-sessions",
            "4",
            "--session-turns-mean",
            "3",
            "--session-turn-delay-mean",
            "200",
            "--session-delay-ratio",
            "0.5",
            "--connection-reuse-strategy",
            "sticky-user-sessions",
        ],
    );
    let requests = run.measured();
    assert_eq!(requests.len(), 12);
    let mut sessions: BTreeMap<&str, Vec<&Judged<'_>>> = BTreeMap::new();
    for request in &requests {
        let session = request.metadata["x_correlation_id"].as_str().unwrap();
        sessions.entry(session).or_default().push(request);
    }
    assert_eq!(sessions.len(), 4);
    for turns in sessions.values() {
        for (number, turn) in turns.iter().enumerate() {
            assert_eq!(turn.metadata["turn_index"], number);
            assert_eq!(turn.truth.peer_port, turns[0].truth.peer_port);
        }
        for pair in turns.windows(2) {
            let pause = pair[1].arrived + CLOCKS - pair[0].last_token();
            assert!(pause >= 100 * MILLISECOND, "paused for {pause} ns");
        }
    }
    let ports: BTreeSet<_> = sessions
        .values()
        .map(|turns| turns[0].truth.peer_port)
        .collect();
    assert_eq!(ports.len(), 4, "a connection had two sessions");
    // From the first turn's arrival to the last turn's answer, pauses and all.
    let whole = sessions
        .values()
        .map(|turns| (turns[0].arrived, turns[2].last_token()));
    assert_eq!(most_at_once(whole), 2);
}

#[test]
fn a_long_warmup_says_how_far_it_is() {
    let place = Place::new();
    let server = mock(quick());
    let words = [
        "--streaming",
        "--request-rate",
        "10",
        "--arrival-pattern",
        "constant",
        "--warmup-request-count",
        "8",
        "--request-count",
        "1",
    ];
    let interval = "AIPERF_SERVICE_WARMUP_PROGRESS_LOG_INTERVAL";
    for (seconds, is_told) in [("0.3", true), ("0", false)] {
        let mut run = place.profiling(&server.url(), &words);
        let ended = wait(run.env(interval, seconds).spawn().unwrap()).expect_code(0);
        let told = ended.stdout.contains("Phase warmup progress | returned=");
        assert_eq!(told, is_told, "{ended}");
    }
}
