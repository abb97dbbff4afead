//! Sessions of several turns when their phase has nothing more to send.

use std::time::Duration;

use aiperf_clock::{MILLISECOND, Nanos, SECOND};
use aiperf_schedule::{ArrivalProcess, Arrivals, LimitRamp, Overflow, Pattern, StopRules};

use crate::open_loop::constant;
use crate::server::{Reply, Server};
use crate::support::{
    closed_loop, conversations, plan, requests, run, sessions, settings, threads, turn,
};

/// Answers after so long.
fn slow(milliseconds: u64) -> Server {
    Server::start(move |_| {
        std::thread::sleep(Duration::from_millis(milliseconds));
        Reply::Answer(String::new())
    })
}

/// Far from what any of these runs takes, and from the pauses in them.
const SOON: Nanos = 20 * SECOND;

#[test]
fn a_turn_that_is_ready_after_the_last_request_ends_its_session() {
    for thread_count in [1, 3] {
        // Answers come after several more arrivals.
        let server = slow(150);
        let talk = vec![turn("0", 0), turn("1", 0), turn("2", 0)];
        let run = run(
            threads(settings(&[&server.url]), thread_count),
            conversations(vec![talk]),
            plan(constant(50.0, None), requests(5)),
        );
        let counts = run.outcome().counts;
        assert_eq!((counts.sent, counts.completed), (5, 5));
    }
}

#[test]
fn a_turn_that_is_ready_between_the_last_arrival_and_the_end_of_the_duration_is_not_sent() {
    for thread_count in [1, 3] {
        let server = slow(60);
        let talk = vec![turn("0", 0), turn("1", 0)];
        let stop = StopRules {
            duration: Some(590 * MILLISECOND),
            ..StopRules::default()
        };
        // Arrivals at 0.2 s and 0.4 s.
        let run = run(
            threads(settings(&[&server.url]), thread_count),
            conversations(vec![talk]),
            plan(constant(5.0, None), stop),
        );
        assert_eq!(run.outcome().counts.sent, 2);
        assert!(!run.outcome().hit_drain_deadline());
    }
}

#[test]
fn sessions_in_their_pause_do_not_outlast_the_last_request() {
    let talk = || vec![turn("0", 0), turn("1", 3_600 * SECOND)];
    for arrivals in [
        Arrivals::ClosedLoop {
            slots: LimitRamp::steady(2),
        },
        constant(50.0, None),
    ] {
        for duration in [None, Some(1_800 * SECOND)] {
            let server = Server::quick();
            let stop = StopRules {
                duration,
                ..requests(2)
            };
            let run = run(
                settings(&[&server.url]),
                conversations(vec![talk()]),
                plan(arrivals.clone(), stop),
            );
            let outcome = run.outcome();
            assert_eq!(outcome.counts.sent, 2);
            assert!(outcome.times.end - outcome.times.start < SOON);
        }
    }
}

#[test]
fn slots_that_would_open_after_the_last_request_do_not_keep_the_phase_going() {
    let server = Server::quick();
    for duration in [None, Some(1_800 * SECOND)] {
        for stop in [requests(7), sessions(7)] {
            let slots = LimitRamp::over(100, 360_000 * SECOND);
            let stop = StopRules { duration, ..stop };
            let run = run(
                threads(settings(&[&server.url]), 2),
                conversations(vec![vec![turn("0", 0)]]),
                plan(Arrivals::ClosedLoop { slots }, stop),
            );
            let outcome = run.outcome();
            assert_eq!(outcome.counts.completed, 7);
            assert!(outcome.times.end - outcome.times.start < SOON);
        }
    }
}

#[test]
fn the_end_of_the_last_session_ends_a_slow_schedule() {
    let server = Server::quick();
    let talk = vec![turn("0", 0), turn("1", 0)];
    // The fourth arrival is due at 0.5 s, the next after half an hour.
    let series = aiperf_schedule::RateSeries::parse(
        r#"[{"time_s": 0, "qps": 8}, {"time_s": 0.5, "qps": 8}, {"time_s": 0.501, "qps": 0.0005}]"#,
    );
    let profile = aiperf_schedule::RateProfile::series(&series.unwrap());
    let process = ArrivalProcess::with_profile(
        Pattern::Constant,
        profile,
        aiperf_random::RootSeed::fixed(1),
    );
    for thread_count in [1, 2] {
        let arrivals = crate::open_loop::open(process.clone(), None);
        let run = run(
            threads(settings(&[&server.url]), thread_count),
            conversations(vec![talk.clone()]),
            plan(arrivals, sessions(2)),
        );
        let outcome = run.outcome();
        assert_eq!(outcome.counts.sent, 4);
        assert!(outcome.times.end - outcome.times.start < SOON);
    }
}

#[test]
fn sessions_that_wait_for_a_place_are_played_though_all_numbers_are_given_out() {
    let server = slow(30);
    let arrivals = Arrivals::OpenLoop {
        process: ArrivalProcess::new(Pattern::Constant, 200.0, aiperf_random::RootSeed::fixed(1)),
        session_cap: Some(LimitRamp::steady(1)),
        overflow: Overflow::Queue,
    };
    let talk = vec![turn("0", 0), turn("1", 0)];
    let run = run(
        settings(&[&server.url]),
        conversations(vec![talk]),
        plan(arrivals, requests(6)),
    );
    let counts = run.outcome().counts;
    assert_eq!((counts.sent, counts.arrivals_lost), (6, 0));
    assert_eq!(run.request_indices(), (0..6).collect::<Vec<_>>());
}

#[test]
fn a_number_of_requests_ends_a_closed_loop_with_all_sessions_in_flight() {
    let server = slow(20);
    let talk = vec![turn("0", 0), turn("1", 0), turn("2", 0)];
    let run = run(
        threads(settings(&[&server.url]), 2),
        conversations(vec![talk]),
        closed_loop(4, requests(10)),
    );
    let counts = run.outcome().counts;
    assert_eq!((counts.sent, counts.completed), (10, 10));
    assert!(counts.sessions_completed < counts.sessions_started);
    assert_eq!(counts.sessions_cancelled, 0);
}
