//! Open loops: requests are due at the times of the plan, whatever the server does.

use aiperf_mock::MockOptions;
use aiperf_random::RootSeed;
use aiperf_schedule::{ArrivalProcess, Cancellation, Pattern, PhaseKind, RateProfile, RateSeries};

use crate::load_truth::{CLOCKS, LoadRun, MILLISECOND, milliseconds, most_at_once};
use crate::support::{Place, quick};

const SERIES: &str = r#"{"points": [{"time_s": 0, "qps": 20}, {"time_s": 0.5, "qps": 80}, {"time_s": 1, "qps": 10}]}"#;

#[test]
fn arrivals_of_each_law_are_due_at_the_times_of_the_plan() {
    for (pattern, words, law) in [
        ("constant", &[][..], Pattern::Constant),
        ("poisson", &[], Pattern::Poisson),
        (
            "gamma",
            &["--arrival-smoothness", "2.5"],
            Pattern::Gamma { smoothness: 2.5 },
        ),
    ] {
        let mut all = vec![
            "--streaming",
            "--request-rate",
            "60",
            "--arrival-pattern",
            pattern,
            "--request-count",
            "30",
            "--random-seed",
            "7",
        ];
        all.extend(words);
        let run = LoadRun::of(quick(), &all);
        let process = ArrivalProcess::new(law, 60.0, RootSeed::fixed(7));
        let expected: Vec<_> = process.times().take(30).map(|(_, at)| at).collect();
        run.assert_due("profiling", &expected);
    }
}

#[test]
fn a_rate_series_is_followed() {
    for (pattern, law) in [
        ("constant", Pattern::Constant),
        ("poisson", Pattern::Poisson),
    ] {
        let place = Place::new();
        place.write("series.json", SERIES);
        let words = [
            "--streaming",
            "--request-rate-series",
            "series.json",
            "--arrival-pattern",
            pattern,
            "--request-count",
            "50",
            "--random-seed",
            "7",
        ];
        let run = LoadRun::within(place, quick(), &words, 0);
        let profile = RateProfile::series(&RateSeries::parse(SERIES).unwrap());
        let process = ArrivalProcess::with_profile(law, profile, RootSeed::fixed(7));
        let expected: Vec<_> = process.times().take(50).map(|(_, at)| at).collect();
        run.assert_due("profiling", &expected);
    }
}

#[test]
fn a_rate_ramp_has_the_worked_times() {
    let run = LoadRun::of(
        quick(),
        &[
            "--streaming",
            "--request-rate",
            "10",
            "--arrival-pattern",
            "constant",
            "--request-rate-ramp-duration",
            "1",
            "--request-count",
            "7",
        ],
    );
    let due: Vec<_> = run
        .measured()
        .iter()
        .map(|request| milliseconds(request.issued))
        .collect();
    assert_eq!(due, [373, 565, 713, 838, 949, 1_050, 1_150]);
}

#[test]
fn users_come_and_talk_at_the_worked_times() {
    let run = LoadRun::of(
        quick(),
        &[
            "--streaming",
            "--user-centric-rate",
            "10",
            "--num-users",
            "6",
            "--session-turns-mean",
            "4",
            "--request-count",
            "14",
        ],
    );
    let mut sent: Vec<_> = run
        .measured()
        .iter()
        .map(|request| {
            let user = request.metadata["x_correlation_id"].as_str().unwrap();
            let turn = request.metadata["turn_index"].as_u64().unwrap();
            (milliseconds(request.issued), user.to_owned(), turn)
        })
        .collect();
    sent.sort();
    let expected = [
        (0, "7", 0),
        (100, "2", 0),
        (200, "3", 0),
        (300, "4", 0),
        (400, "5", 0),
        (500, "6", 0),
        (600, "7", 1),
        (700, "8", 0),
        (800, "9", 0),
        (900, "4", 1),
        (1_000, "5", 1),
        (1_100, "6", 1),
        (1_200, "7", 2),
        (1_300, "8", 1),
    ];
    assert_eq!(
        sent,
        expected.map(|(at, user, turn)| (at, user.to_owned(), turn))
    );
}

#[test]
fn a_capped_rate_loses_arrivals_or_lets_them_wait() {
    let options = MockOptions {
        ttft_ms: 40.0,
        ..quick()
    };
    for overflow in ["drop", "queue"] {
        let run = LoadRun::of(
            options.clone(),
            &[
                "--streaming",
                "--request-rate",
                "100",
                "--arrival-pattern",
                "constant",
                "--concurrency",
                "1",
                "--arrival-overflow",
                overflow,
                "--request-count",
                "8",
            ],
        );
        let requests = run.measured();
        assert_eq!(requests.len(), 8);
        let spans = requests
            .iter()
            .map(|request| (request.arrived, request.last_token()));
        assert_eq!(most_at_once(spans), 1, "{overflow}");
        let accounting = &run.place.summary()["request_accounting"];
        let lost = accounting["arrivals_lost_to_concurrency_cap"]
            .as_u64()
            .unwrap();
        // Numbers of the arrivals that were sent, from 1.
        let mut arrivals: Vec<_> = requests
            .iter()
            .map(|request| milliseconds(request.issued) / 10)
            .collect();
        arrivals.sort_unstable();
        if overflow == "queue" {
            assert_eq!((lost, arrivals), (0, (1..=8).collect()));
        } else {
            assert!(lost > 0);
            // Each arrival up to the last is sent or lost.
            assert_eq!(arrivals[7], lost + 8);
            assert!(arrivals.is_sorted_by(|a, b| a < b));
        }
    }
}

#[test]
fn later_turns_take_the_next_arrival() {
    let run = LoadRun::of(
        quick(),
        &[
            "--streaming",
            "--request-rate",
            "5",
            "--arrival-pattern",
            "constant",
            "--session-turns-mean",
            "2",
            "--num-sessions",
            "2",
        ],
    );
    let sent: Vec<_> = run
        .measured()
        .iter()
        .map(|request| {
            (
                milliseconds(request.issued),
                request.metadata["turn_index"].as_u64(),
            )
        })
        .collect();
    let expected = [
        (200, Some(0)),
        (400, Some(1)),
        (600, Some(0)),
        (800, Some(1)),
    ];
    assert_eq!(sent, expected);
}

#[test]
fn the_requests_that_the_seed_chooses_are_given_up() {
    let options = MockOptions {
        ttft_ms: 400.0,
        ..quick()
    };
    let run = LoadRun::of(
        options,
        &[
            "--streaming",
            "--request-rate",
            "40",
            "--arrival-pattern",
            "constant",
            "--request-cancellation-rate",
            "25",
            "--request-cancellation-delay",
            "0.1",
            "--random-seed",
            "7",
            "--request-count",
            "30",
        ],
    );
    let delay = 100 * MILLISECOND;
    let chosen = Cancellation::new(25.0, delay, RootSeed::fixed(7));
    let mut given_up = 0;
    for request in run.measured() {
        let index = request.metadata["session_num"].as_u64().unwrap();
        let is_chosen = chosen.delay_of(PhaseKind::Profiling, index).is_some();
        assert_eq!(
            request.metadata["was_cancelled"], is_chosen,
            "request {index}"
        );
        let gone = request.gone();
        assert_eq!(gone.is_some(), is_chosen, "request {index}");
        let Some(gone) = gone else { continue };
        given_up += 1;
        assert!(gone + CLOCKS >= request.began + delay);
        let error = &request.record["error"];
        assert_eq!(error["code"], 499);
        assert_eq!(error["type"], "RequestCancellationError");
        assert_eq!(
            error["message"],
            "Request cancelled 0.100s after being sent"
        );
        assert_eq!(
            request.metadata["cancellation_time_ns"],
            request.metadata["request_end_ns"]
        );
    }
    assert!(given_up > 0);
    let summary = run.place.summary();
    assert_eq!(summary["error_request_count"]["avg"], f64::from(given_up));
    assert_eq!(summary["request_count"]["avg"], f64::from(30 - given_up));
}
