//! Phases: what makes them send, what limits them, what ends them.

use aiperf_schedule::{ScheduleOptions, ZeroPoint};

use super::*;
use crate::profile::ArrivalOverflow;
use crate::profile::config::{CancellationConfig, Ramp, Rate, RatePattern, RateShape};

fn rate(pattern: RatePattern, rate: f64, concurrency: Option<u64>) -> Arrivals {
    Arrivals::Rate {
        pattern,
        rate: Rate::steady(rate),
        concurrency: concurrency.map(Limit::steady),
        overflow: ArrivalOverflow::Drop,
    }
}

/// The one phase that flags measure.
fn profiling(line: &str) -> PhaseConfig {
    config(line).measured().next().cloned().unwrap()
}

fn warmup(line: &str) -> Option<PhaseConfig> {
    config(line).warmups().next().cloned()
}

/// A limit that is reached after some seconds.
fn growing(count: u64, seconds: f64) -> Limit {
    Limit {
        count,
        ramp: Some(Ramp::linear(seconds)),
    }
}

#[test]
fn ten_requests_bound_a_run_that_nothing_else_bounds() {
    for (line, requests) in [
        ("--concurrency 50", Some(10)),
        ("--request-rate 5", Some(10)),
        ("--num-sessions 4", None),
        ("--benchmark-duration 5", None),
        ("--benchmark-duration 5 --request-count 3", Some(3)),
    ] {
        assert_eq!(profiling(line).requests, requests, "{line}");
    }
}

#[test]
fn a_duration_brings_thirty_seconds_of_grace() {
    assert_eq!(
        profiling("--benchmark-duration 5").grace_seconds,
        Some(30.0)
    );
    assert_eq!(
        profiling("--benchmark-duration 5 --benchmark-grace-period 0").grace_seconds,
        Some(0.0)
    );
    let for_ever = profiling("--benchmark-duration inf --benchmark-grace-period inf");
    assert_eq!((for_ever.duration(), for_ever.grace()), (None, None));
    assert_eq!(
        profiling("--benchmark-duration 1.5").duration(),
        Some(std::time::Duration::from_millis(1500))
    );
    assert_eq!(
        problems("-m m --benchmark-grace-period 3"),
        ["`--benchmark-grace-period` needs `--benchmark-duration`"]
    );
}

#[test]
fn a_rate_opens_the_loop_and_smoothness_alone_means_gamma() {
    use RatePattern::{Constant, Gamma, Poisson};
    for (line, expected) in [
        ("--request-rate 5", rate(Poisson, 5.0, None)),
        (
            "--request-rate 5 --concurrency 3",
            rate(Poisson, 5.0, Some(3)),
        ),
        (
            "--request-rate 5 --arrival-pattern constant",
            rate(Constant, 5.0, None),
        ),
        (
            "--request-rate 5 --arrival-pattern gamma",
            rate(Gamma { smoothness: 1.0 }, 5.0, None),
        ),
        (
            "--request-rate 5 --arrival-smoothness 2",
            rate(Gamma { smoothness: 2.0 }, 5.0, None),
        ),
        (
            "--request-rate 5 --request-rate-mode Concurrency-Burst",
            rate(Poisson, 5.0, None),
        ),
        ("--concurrency 7", closed_loop(7)),
    ] {
        assert_eq!(profiling(line).arrivals, expected, "{line}");
    }
    assert_eq!(
        problems("-m m --arrival-smoothness 2"),
        ["`--arrival-smoothness` needs `--request-rate`"]
    );
    assert_eq!(
        problems("-m m --request-rate 2 --arrival-smoothness 2 --arrival-pattern constant"),
        ["`--arrival-smoothness` does not go with `--arrival-pattern constant`"]
    );
}

#[test]
fn warmup_exists_by_its_bounds_and_inherits_the_rest() {
    use RatePattern::{Constant, Gamma, Poisson};
    for (line, expected) in [
        ("--warmup-request-count 3", closed_loop(1)),
        ("--warmup-request-count 3 --concurrency 4", closed_loop(4)),
        (
            "--warmup-duration 3 --concurrency 4 --warmup-concurrency 2",
            closed_loop(2),
        ),
        (
            "--num-warmup-sessions 3 --request-rate 5",
            rate(Poisson, 5.0, None),
        ),
        (
            "--num-warmup-sessions 3 --request-rate 5 --concurrency 4",
            rate(Poisson, 5.0, Some(4)),
        ),
        (
            "--num-warmup-sessions 3 --warmup-request-rate 2",
            rate(Poisson, 2.0, None),
        ),
        (
            "--num-warmup-sessions 3 --warmup-request-rate 2 --arrival-pattern constant",
            rate(Constant, 2.0, None),
        ),
        (
            "--num-warmup-sessions 3 --request-rate 5 --arrival-smoothness 2",
            rate(Poisson, 5.0, None),
        ),
        (
            "--num-warmup-sessions 3 --request-rate 5 --arrival-smoothness 2 --warmup-arrival-pattern gamma",
            rate(Gamma { smoothness: 2.0 }, 5.0, None),
        ),
    ] {
        assert_eq!(warmup(line).unwrap().arrivals, expected, "{line}");
    }
    let bounded =
        warmup("--warmup-request-count 3 --warmup-duration 4 --num-warmup-sessions 5").unwrap();
    assert_eq!(
        (bounded.requests, bounded.duration_seconds, bounded.sessions),
        (Some(3), Some(4.0), Some(5))
    );
    assert_eq!(bounded.grace(), None);
    let graceful = warmup("--warmup-duration 4 --warmup-grace-period 2").unwrap();
    assert_eq!(graceful.grace_seconds, Some(2.0));
    for line in [
        "-m m --warmup-grace-period 2",
        "-m m --warmup-request-count 3 --warmup-grace-period 2",
    ] {
        assert_eq!(
            problems(line),
            ["`--warmup-grace-period` needs `--warmup-duration`"],
            "{line}"
        );
    }
}

#[test]
fn limits_and_rates_grow_over_their_ramps() {
    let phase = profiling(
        "--streaming --concurrency 8 --concurrency-ramp-duration 3 --prefill-concurrency 4 --prefill-concurrency-ramp-duration 2",
    );
    assert_eq!(phase.arrivals.session_limit(), Some(growing(8, 3.0)));
    assert_eq!(phase.prefill, Some(growing(4, 2.0)));

    let series = "--request-rate-series tests/fixtures/rate_series.json";
    for (line, base, ramp) in [
        ("--request-rate 10", 10.0, None),
        (
            "--request-rate 10 --request-rate-ramp-duration 5",
            10.0,
            Some(5.0),
        ),
        (series, 5.0, None),
        (
            &format!("{series} --request-rate-ramp-duration 5"),
            5.0,
            Some(5.0),
        ),
    ] {
        let Arrivals::Rate { rate, .. } = profiling(line).arrivals else {
            panic!("{line}")
        };
        assert_eq!(
            (rate.base(), rate.ramp),
            (base, ramp.map(Ramp::linear)),
            "{line}"
        );
        let is_series = matches!(rate.shape, RateShape::Series(_));
        assert_eq!(is_series, line.contains("series"), "{line}");
    }
}

#[test]
fn an_arrival_that_finds_no_place_is_lost_unless_it_may_wait() {
    for (line, expected) in [
        ("", ArrivalOverflow::Drop),
        ("--arrival-overflow Queue", ArrivalOverflow::Queue),
        ("--arrival-overflow drop", ArrivalOverflow::Drop),
    ] {
        let line = format!("--request-rate 5 --concurrency 3 --warmup-request-count 3 {line}");
        let config = config(&line);
        for phase in &config.phases {
            let Arrivals::Rate { overflow, .. } = phase.arrivals else {
                panic!("{line}")
            };
            assert_eq!(overflow, expected, "{line}");
        }
    }
}

#[test]
fn a_warmup_inherits_limits_and_ramps_but_no_series_users_schedule_or_cancellation() {
    let inherited = warmup(
        "--streaming --request-rate 10 --concurrency 8 --prefill-concurrency 4 --concurrency-ramp-duration 1 \
         --prefill-concurrency-ramp-duration 2 --request-rate-ramp-duration 3 --request-cancellation-rate 5 \
         --failed-request-threshold 0.5 --warmup-request-count 9",
    )
    .unwrap();
    assert_eq!(
        inherited,
        PhaseConfig {
            name: "warmup".to_owned(),
            kind: PhaseKind::Warmup,
            arrivals: Arrivals::Rate {
                pattern: RatePattern::Poisson,
                rate: Rate {
                    ramp: Some(Ramp::linear(3.0)),
                    ..Rate::steady(10.0)
                },
                concurrency: Some(growing(8, 1.0)),
                overflow: ArrivalOverflow::Drop,
            },
            prefill: Some(growing(4, 2.0)),
            requests: Some(9),
            sessions: None,
            duration_seconds: None,
            grace_seconds: None,
            cancellation: None,
            failed_request_threshold: None,
            seamless: false,
        }
    );

    let own = warmup(
        "--streaming --request-rate 10 --concurrency 8 --prefill-concurrency 4 --concurrency-ramp-duration 1 \
         --prefill-concurrency-ramp-duration 2 --request-rate-ramp-duration 3 --warmup-request-count 9 \
         --warmup-request-rate 11 --warmup-concurrency 7 --warmup-prefill-concurrency 6 \
         --warmup-concurrency-ramp-duration 5 --warmup-prefill-concurrency-ramp-duration 4 \
         --warmup-request-rate-ramp-duration 3.5",
    )
    .unwrap();
    let Arrivals::Rate { rate: grown, .. } = &own.arrivals else {
        panic!("{own:?}")
    };
    assert_eq!((grown.base(), grown.ramp), (11.0, Some(Ramp::linear(3.5))));
    assert_eq!(own.arrivals.session_limit(), Some(growing(7, 5.0)));
    assert_eq!(own.prefill, Some(growing(6, 4.0)));

    for (line, expected) in [
        (
            "--request-rate-series tests/fixtures/rate_series.json --request-rate-ramp-duration 3",
            closed_loop(1),
        ),
        (
            "--user-centric-rate 5 --num-users 3 --session-turns-mean 2",
            closed_loop(1),
        ),
        (
            "--user-centric-rate 5 --num-users 3 --session-turns-mean 2 --request-rate 3",
            rate(RatePattern::Poisson, 3.0, None),
        ),
        (
            "--fixed-schedule --input-file Cargo.toml --concurrency 3",
            closed_loop(3),
        ),
        (
            "--fixed-schedule --input-file Cargo.toml --warmup-request-rate 3",
            rate(RatePattern::Poisson, 3.0, None),
        ),
    ] {
        let line = format!("{line} --warmup-request-count 3");
        assert_eq!(warmup(&line).unwrap().arrivals, expected, "{line}");
    }
}

#[test]
fn users_send_at_their_own_rate_whatever_other_rate_is_given() {
    let line = "--user-centric-rate 2.5 --num-users 6 --session-turns-mean 2";
    for (more, concurrency) in [
        ("", None),
        ("--request-rate 7", None),
        ("--concurrency 4", Some(Limit::steady(4))),
    ] {
        let measured = profiling(&format!("{line} {more}"));
        assert_eq!(
            measured.arrivals,
            Arrivals::UserCentric {
                rate: 2.5,
                users: 6,
                concurrency
            }
        );
        assert_eq!(measured.requests, Some(10));
    }
}

#[test]
fn a_schedule_ends_with_its_trace_unless_it_is_bounded() {
    let schedule = |line: &str| {
        let line = format!("--fixed-schedule --input-file Cargo.toml {line}");
        profiling(&line)
    };
    let window = |line: &str| match schedule(line).arrivals {
        Arrivals::FixedSchedule { window, .. } => window,
        other => panic!("{other:?}"),
    };
    assert_eq!(schedule("").requests, None);
    assert_eq!(schedule("--request-count 5").requests, Some(5));
    assert_eq!(schedule("--concurrency 3").arrivals.concurrency(), Some(3));
    assert_eq!(window(""), ScheduleOptions::default());
    for (line, zero) in [
        ("", ZeroPoint::EarliestTurn),
        ("--fixed-schedule-auto-offset", ZeroPoint::EarliestTurn),
        ("--fixed-schedule-end-offset 9", ZeroPoint::EarliestTurn),
        ("--fixed-schedule-start-offset 5", ZeroPoint::At(5.0)),
        ("--fixed-schedule-auto-offset=no", ZeroPoint::At(0.0)),
    ] {
        assert_eq!(window(line).zero_point(), Ok(zero), "{line}");
    }
    assert!(!window("--fixed-schedule-end-offset 9").contains(9.5));
}

#[test]
fn what_is_given_up_is_resolved_for_the_measurement() {
    let measured = profiling("--request-cancellation-rate 25 --failed-request-threshold 0.1");
    assert_eq!(
        measured.cancellation,
        Some(CancellationConfig {
            percent: 25.0,
            delay_seconds: 0.0
        })
    );
    assert_eq!(measured.failed_request_threshold, Some(0.1));
    let delayed = profiling("--request-cancellation-rate 25 --request-cancellation-delay 0.5");
    assert_eq!(
        delayed.cancellation.unwrap().delay(),
        std::time::Duration::from_millis(500)
    );
}
