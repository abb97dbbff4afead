//! How phases end, and what is left of what was under way.

use aiperf_mock::MockOptions;

use crate::load_truth::{CLOCKS, LoadRun, MILLISECOND};
use crate::support::{Place, quick};

#[test]
fn what_is_under_way_at_the_end_of_the_grace_period_leaves_a_line() {
    let options = MockOptions {
        hang_rate: 0.3,
        ..quick()
    };
    let words = [
        "--streaming",
        "--concurrency",
        "4",
        "--benchmark-duration",
        "0.8",
        "--benchmark-grace-period",
        "0.2",
    ];
    let run = LoadRun::of(options, &words);
    let requests = run.measured();
    let hanging = requests
        .iter()
        .filter(|request| request.truth.disconnect_ns.is_some());
    let mut cut_off = 0;
    for request in hanging {
        cut_off += 1;
        assert_eq!(request.metadata["was_cancelled"], true);
        // Not before the grace period was over.
        let gone = request.gone().unwrap();
        assert!(
            gone + CLOCKS >= 1_000 * MILLISECOND,
            "cut off after {gone} ns"
        );
    }
    // Every slot is stuck in the end, or still busy.
    assert!((1..=4).contains(&cut_off), "{cut_off} were cut off");
    let whole = requests
        .iter()
        .filter(|request| request.metadata["was_cancelled"] == false);
    assert!(
        whole
            .into_iter()
            .all(|request| request.truth.disconnect_ns.is_none())
    );
    let counted = run.place.summary()["request_count"]["avg"].as_f64();
    assert_eq!(counted, Some((requests.len() - cut_off) as f64));
}

#[test]
fn a_run_that_fails_too_often_is_given_up_and_keeps_what_it_has() {
    let options = MockOptions {
        error_rate: 0.6,
        seed: 3,
        ..quick()
    };
    let words = [
        "--streaming",
        "--concurrency",
        "2",
        "--benchmark-duration",
        "3600",
        "--failed-request-threshold",
        "0.3",
    ];
    let run = LoadRun::within(Place::new(), options, &words, 1);
    let requests = run.measured();
    assert!(requests.len() >= 10);
    let failed = requests
        .iter()
        .filter(|request| request.truth.status == Some(500));
    let failed = failed.count() as f64;
    assert!(failed > 0.3 * requests.len() as f64);
    let summary = run.place.summary();
    assert_eq!(summary["is_complete"], false);
    let good = requests
        .iter()
        .filter(|request| request.record["error"].is_null());
    assert_eq!(
        summary["request_count"]["avg"].as_f64(),
        Some(good.count() as f64)
    );
}

#[test]
fn a_threshold_that_is_passed_by_the_last_requests_ends_nothing_and_says_so() {
    let server = crate::support::mock(MockOptions {
        error_rate: 0.6,
        seed: 3,
        ..quick()
    });
    let place = Place::new();
    let words = [
        "--concurrency",
        "10",
        "--request-count",
        "10",
        "--failed-request-threshold",
        "0.1",
    ];
    let ended = place.profile(&server.url(), &words).expect_code(1);
    let log = place.result("logs/aiperf.log");
    let told = "more than `--failed-request-threshold` allows; all requests had been sent by then";
    assert!(log.contains(told), "{ended}\n{log}");
    let summary = place.summary();
    assert_eq!(summary["is_complete"], true);
    assert_eq!(summary["was_cancelled"], false);
}

#[test]
fn requests_and_sessions_together_end_with_whichever_comes_first() {
    for (requests, sessions, sent) in [("5", "9", 5), ("50", "3", 6)] {
        let words = [
            "--streaming",
            "--concurrency",
            "2",
            "--session-turns-mean",
            "2",
            "--request-count",
            requests,
            "--num-sessions",
            sessions,
        ];
        let run = LoadRun::of(quick(), &words);
        assert_eq!(run.measured().len(), sent);
    }
}

#[test]
fn an_endless_grace_period_waits_for_all_that_was_sent() {
    let options = MockOptions {
        ttft_ms: 900.0,
        ..quick()
    };
    let words = [
        "--streaming",
        "--concurrency",
        "2",
        "--benchmark-duration",
        "0.3",
        "--benchmark-grace-period",
        "inf",
    ];
    let run = LoadRun::of(options, &words);
    let requests = run.measured();
    assert_eq!(requests.len(), 2);
    for request in &requests {
        assert_eq!(request.metadata["was_cancelled"], false);
        assert_eq!(request.gone(), None);
    }
    assert_eq!(run.place.summary()["request_count"]["avg"], 2.0);
    for line in [
        "started | phase_index=0 | profiling_index=0 | target: 0.3s duration",
        "sending complete | sent=2, completed=0, in_flight=2 | sessions: sent=2, completed=0 | \
         timeout_triggered=True",
        "complete | completed=2, cancelled=0, errors=0 | sessions: completed=2, cancelled=0 | elapsed=",
    ] {
        let line = format!("NOTICE   Phase profiling (profiling) {line}");
        assert!(run.ended.stdout.contains(&line), "{line}\n{}", run.ended);
    }
}

/// The number of requests ends sending; what is under way has as long as if the duration had.
#[test]
fn the_grace_period_counts_from_the_end_of_the_duration() {
    let options = MockOptions {
        hang_rate: 1.0,
        ..quick()
    };
    let words = [
        "--streaming",
        "--concurrency",
        "2",
        "--request-count",
        "2",
        "--benchmark-duration",
        "0.4",
        "--benchmark-grace-period",
        "0.3",
    ];
    // Without a result.
    let run = LoadRun::within(Place::new(), options, &words, 1);
    let requests = run.measured();
    assert_eq!(requests.len(), 2);
    for request in &requests {
        assert_eq!(request.metadata["was_cancelled"], true);
        let gone = request.gone().unwrap();
        assert!(
            gone + CLOCKS >= 700 * MILLISECOND,
            "cut off after {gone} ns"
        );
    }
    let accounting = &run.place.summary()["request_accounting"];
    assert_eq!(
        (&accounting["sent"], &accounting["cut_off"]),
        (&2.into(), &2.into())
    );
    let told = "complete | completed=0, cancelled=2, errors=0 | sessions: completed=0, cancelled=2";
    assert!(run.ended.stdout.contains(told), "{}", run.ended);
    assert!(
        run.ended.stdout.contains("grace_period_timeout=True"),
        "{}",
        run.ended
    );
}
