//! Closed loops: how many requests are under way, and before their first token.

use aiperf_mock::MockOptions;
use aiperf_schedule::LimitRamp;

use crate::load_truth::{CLOCKS, LoadRun, MILLISECOND, most_at_once, steps};
use crate::support::quick;

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
