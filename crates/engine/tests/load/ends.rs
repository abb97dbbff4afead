//! How a phase ends, and what becomes of the requests that are on their way.

use std::sync::Arc;
use std::time::Duration;

use aiperf_clock::{MILLISECOND, SECOND};
use aiperf_schedule::{LimitRamp, PhaseKind, StopRules};

use crate::server::{Reply, Server};
use crate::support::{
    Run, closed_loop, conversations, plan, requests, run, run_phases, sessions, settings,
    single_turns, threads, turn,
};
use aiperf_engine::Exchange;
use aiperf_transport::TransportFailure;

/// Answers the first six requests and none after.
fn answers_six() -> Server {
    Server::start(|seen| {
        if seen.index < 6 {
            Reply::Answer(String::new())
        } else {
            Reply::Hang
        }
    })
}

#[test]
fn what_is_in_flight_at_the_end_of_the_grace_period_is_cut_off_and_says_so() {
    for (grace, length) in [
        (200 * MILLISECOND, 500 * MILLISECOND),
        (0, 300 * MILLISECOND),
    ] {
        let server = answers_six();
        let stop = StopRules {
            duration: Some(300 * MILLISECOND),
            grace: Some(grace),
            ..StopRules::default()
        };
        let run = run(
            threads(settings(&[&server.url]), 2),
            single_turns(1),
            closed_loop(3, stop),
        );
        assert_eq!((run.exchanges.len(), cut_off(&run)), (9, 3));
        let outcome = run.outcome();
        let counts = outcome.counts;
        assert_eq!(
            (
                counts.sent,
                counts.completed,
                counts.cancelled,
                counts.in_flight()
            ),
            (9, 6, 3, 0)
        );
        assert_eq!(
            (counts.sessions_completed, counts.sessions_cancelled),
            (6, 3)
        );
        assert!(outcome.hit_drain_deadline() && !outcome.was_cancelled);
        let took = outcome.times.end - outcome.times.start;
        assert!(took >= length, "cut off after {took} ns");
        assert!(took < length + 20 * SECOND, "cut off after {took} ns");
    }
}

#[test]
fn the_grace_period_also_ends_a_phase_whose_requests_are_all_sent() {
    let server = Server::start(|_| Reply::Hang);
    let stop = StopRules {
        requests: Some(2),
        duration: Some(300 * MILLISECOND),
        grace: Some(100 * MILLISECOND),
        ..StopRules::default()
    };
    let run = run(
        settings(&[&server.url]),
        single_turns(1),
        closed_loop(2, stop),
    );
    let outcome = run.outcome();
    assert_eq!((outcome.counts.sent, outcome.counts.cancelled), (2, 2));
    assert!(outcome.times.end - outcome.times.start >= 400 * MILLISECOND);
    assert!(outcome.hit_drain_deadline());
}

#[test]
fn without_a_grace_period_the_phase_waits_for_all_requests() {
    let server = Server::start(|_| {
        std::thread::sleep(Duration::from_millis(700));
        Reply::Answer(String::new())
    });
    let stop = StopRules {
        duration: Some(100 * MILLISECOND),
        ..StopRules::default()
    };
    let run = run(
        settings(&[&server.url]),
        single_turns(1),
        closed_loop(3, stop),
    );
    let outcome = run.outcome();
    assert_eq!(
        (
            outcome.counts.sent,
            outcome.counts.completed,
            outcome.counts.cancelled
        ),
        (3, 3, 0)
    );
    assert_eq!(run.exchanges.len(), 3);
    assert!(!outcome.hit_drain_deadline());
    assert!(outcome.times.end - outcome.times.start >= 700 * MILLISECOND);
}

#[test]
fn after_the_duration_no_turn_is_sent_however_long_its_session_is() {
    let server = Server::quick();
    let stop = StopRules {
        duration: Some(200 * MILLISECOND),
        ..StopRules::default()
    };
    let talk = vec![turn("first", 0), turn("much later", 3_600 * SECOND)];
    let run = run(
        settings(&[&server.url]),
        conversations(vec![talk]),
        closed_loop(2, stop),
    );
    assert!(run.exchanges.iter().all(|exchange| exchange.turn == 0));
    let counts = run.outcome().counts;
    assert_eq!((counts.sent, counts.completed), (2, 2));
    // Nothing of them was cut off.
    assert_eq!(
        (counts.sessions_completed, counts.sessions_cancelled),
        (0, 0)
    );
}

#[test]
fn a_cancelled_run_ends_at_once_and_counts_what_it_cut_off() {
    let server = Arc::new(answers_six());
    let observer = Arc::clone(&server);
    let run = run_phases(
        threads(settings(&[&server.url]), 2),
        single_turns(1),
        vec![closed_loop(4, StopRules::default())],
        move |engine| {
            let cancel = engine.cancel_handle();
            std::thread::spawn(move || {
                // Six were answered, four hang.
                observer.wait_until_seen(10);
                assert!(!cancel.is_cancelled());
                cancel.cancel();
            });
        },
    );
    let outcome = run.outcome();
    assert!(outcome.was_cancelled && !outcome.hit_drain_deadline());
    let counts = outcome.counts;
    assert_eq!(
        (counts.sent, counts.completed, counts.cancelled),
        (10, 6, 4)
    );
    assert_eq!((run.exchanges.len(), cut_off(&run)), (10, 4));
}

/// How many requests were under way when their phase ended.
fn cut_off(run: &Run) -> usize {
    let is_cut_off = |exchange: &&Exchange| {
        let error = exchange.http.error.as_ref();
        error.is_some_and(|error| error.failure == TransportFailure::CutOff)
    };
    run.exchanges.iter().filter(is_cut_off).count()
}

#[test]
fn a_run_that_is_cancelled_before_it_begins_sends_nothing() {
    let server = Server::quick();
    for arrivals in [
        aiperf_schedule::Arrivals::ClosedLoop {
            slots: LimitRamp::steady(4),
        },
        crate::open_loop::constant(1_000.0, None),
    ] {
        let run = run_phases(
            settings(&[&server.url]),
            single_turns(1),
            vec![plan(arrivals, StopRules::default())],
            |engine| engine.cancel_handle().cancel(),
        );
        assert!(run.outcome().was_cancelled);
        assert_eq!((run.exchanges.len(), server.seen().len()), (0, 0));
    }
}

#[test]
fn profiling_goes_on_in_the_dataset_where_warmup_stopped() {
    for arrivals in [
        aiperf_schedule::Arrivals::ClosedLoop {
            slots: LimitRamp::steady(2),
        },
        crate::open_loop::constant(200.0, None),
        crate::open_loop::constant(200.0, Some(50)),
    ] {
        let server = Server::quick();
        let mut warmup = plan(arrivals.clone(), sessions(3));
        warmup.kind = PhaseKind::Warmup;
        let phases = vec![warmup, plan(arrivals, requests(4))];
        let run = run_phases(
            threads(settings(&[&server.url]), 2),
            single_turns(100),
            phases,
            |_| {},
        );
        let of_phase = |phase| {
            let exchanges = run
                .exchanges
                .iter()
                .filter(|exchange| exchange.phase == phase);
            let mut played: Vec<_> = exchanges
                .map(|exchange| (exchange.request_index, exchange.conversation))
                .collect();
            played.sort_unstable();
            played
        };
        // Requests are counted anew in each phase, sessions through the whole run.
        let numbers = |phase| of_phase(phase).into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
        let (requests, mut conversations) = numbers(0);
        conversations.sort_unstable();
        assert_eq!((requests, conversations), (vec![0, 1, 2], vec![0, 1, 2]));
        let (requests, mut conversations) = numbers(1);
        conversations.sort_unstable();
        assert_eq!(
            (requests, conversations),
            (vec![0, 1, 2, 3], vec![3, 4, 5, 6])
        );
        assert!(run.outcomes[0].times.end <= run.outcomes[1].times.start);
    }
}
