//! Requests that are given up on purpose.

use std::net::TcpListener;
use std::time::Duration;

use aiperf_clock::{MILLISECOND, Nanos, SECOND};
use aiperf_engine::{ConnectionReuse, Exchange};
use aiperf_random::RootSeed;
use aiperf_schedule::{Arrivals, Cancellation, LimitRamp, PhaseKind, PhasePlan};
use aiperf_transport::TransportFailure;

use crate::open_loop::constant;
use crate::server::{Reply, Server};
use crate::support::{
    closed_loop, conversations, most_under_way, plan, requests, run, run_phases, sessions,
    settings, single_turns, threads, turn,
};

const SEED: RootSeed = RootSeed::fixed(7);
const DELAY: Nanos = 50 * MILLISECOND;

fn cancelling(phase: PhasePlan, percent: f64, delay: Nanos) -> PhasePlan {
    PhasePlan {
        cancellation: Some(Cancellation::new(percent, delay, SEED)),
        ..phase
    }
}

fn failure(exchange: &Exchange) -> Option<TransportFailure> {
    exchange.http.error.as_ref().map(|error| error.failure)
}

/// Requests to be given up are never answered, the others at once: which they are is in the body.
fn hangs_on(body: &'static str) -> Server {
    Server::start(move |seen| {
        if seen.body == body {
            Reply::HangWithin("data: content\n\n".to_owned())
        } else {
            Reply::Answer(String::new())
        }
    })
}

#[test]
fn the_requests_that_the_seed_chooses_are_given_up_with_any_number_of_threads() {
    let chosen = Cancellation::new(30.0, DELAY, SEED);
    let expected: Vec<u64> = (0..40)
        .filter(|&index| chosen.delay_of(PhaseKind::Profiling, index).is_some())
        .collect();
    assert!((5..20).contains(&expected.len()));
    for thread_count in [1, 2, 8] {
        let is_chosen = expected.clone();
        // In an open loop of single turns, body n is request n.
        let server = Server::start(move |seen| {
            // Some before their answer begins, some within it.
            match seen.body.parse().unwrap() {
                number if !is_chosen.contains(&number) => Reply::Answer(String::new()),
                number if number % 2 == 0 => Reply::Hang,
                _ => Reply::HangWithin("data: content\n\n".to_owned()),
            }
        });
        let phase = plan(constant(200.0, None), requests(40));
        let run = run(
            threads(settings(&[&server.url]), thread_count),
            single_turns(40),
            cancelling(phase, 30.0, DELAY),
        );
        let mut given_up: Vec<u64> = Vec::new();
        for exchange in &run.exchanges {
            match failure(exchange) {
                None => assert!(exchange.http.is_success()),
                Some(failure) => {
                    assert_eq!(failure, TransportFailure::Cancelled);
                    given_up.push(exchange.request_index);
                    let sent = exchange.http.send_end.unwrap();
                    assert!(exchange.http.is_sent && exchange.http.end >= sent + DELAY);
                    assert!(exchange.http.end < sent + 20 * SECOND);
                    // Nobody has seen what had come.
                    assert_eq!(
                        (exchange.http.status, exchange.http.received.len()),
                        (None, 0)
                    );
                }
            }
        }
        given_up.sort_unstable();
        assert_eq!(given_up, expected, "{thread_count} threads");
        let counts = run.outcome().counts;
        let failed = expected.len() as u64;
        assert_eq!(
            (counts.completed, counts.failed, counts.cancelled),
            (40, failed, 0)
        );
    }
}

#[test]
fn an_answer_that_is_complete_before_counts() {
    let server = Server::quick();
    let run = run(
        settings(&[&server.url]),
        single_turns(1),
        cancelling(closed_loop(2, requests(20)), 100.0, 600 * SECOND),
    );
    assert!(
        run.exchanges
            .iter()
            .all(|exchange| exchange.http.is_success())
    );
}

#[test]
fn a_connection_whose_request_was_given_up_is_never_used_again() {
    for reuse in [ConnectionReuse::Pooled, ConnectionReuse::StickySessions] {
        let server = hangs_on("1");
        let mut settings = settings(&[&server.url]);
        settings.connection_reuse = reuse;
        let talk = vec![turn("0", 0), turn("1", 0), turn("2", 0)];
        let run = run(
            settings,
            conversations(vec![talk]),
            cancelling(closed_loop(1, sessions(3)), 100.0, DELAY),
        );
        // The session goes on after it.
        assert_eq!(run.outcome().counts.sessions_completed, 3);
        assert_eq!(run.exchanges.len(), 9);
        let port = |exchange: &Exchange| exchange.http.connection.local.unwrap().port();
        for session in run.sessions() {
            let turns: Vec<_> = session.iter().map(|exchange| exchange.turn).collect();
            assert_eq!(turns, [0, 1, 2]);
            assert_eq!(failure(session[1]), Some(TransportFailure::Cancelled));
            assert!(!session[2].http.connection.is_reused);
            let dropped = port(session[1]);
            let later = run
                .exchanges
                .iter()
                .filter(|exchange| exchange.http.start > session[1].http.end);
            assert!(later.into_iter().all(|exchange| port(exchange) != dropped));
        }
    }
}

#[test]
fn a_request_that_cannot_be_sent_is_given_up_as_unsent() {
    // Takes connections and reads nothing; the body is larger than what sockets hold.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let body = "x".repeat(64 * 1024 * 1024);
    for timeout in [None, Some(300 * MILLISECOND)] {
        let mut settings = settings(&[&url]);
        settings.send_timeout = 200 * MILLISECOND;
        settings.request_timeout = timeout;
        let run = run(
            settings,
            conversations(vec![vec![turn(&body, 0)]]),
            cancelling(closed_loop(1, requests(2)), 100.0, 0),
        );
        for exchange in &run.exchanges {
            assert_eq!(failure(exchange), Some(TransportFailure::NotSentInTime));
            assert!(!exchange.http.is_sent);
            assert!(exchange.http.end - exchange.http.start >= 200 * MILLISECOND);
        }
        let counts = run.outcome().counts;
        assert_eq!((counts.completed, counts.failed), (2, 2));
    }
}

#[test]
fn a_warmup_gives_up_nothing() {
    let server = Server::start(|_| {
        std::thread::sleep(Duration::from_millis(20));
        Reply::Answer(String::new())
    });
    let warmup = PhasePlan {
        kind: PhaseKind::Warmup,
        ..cancelling(closed_loop(2, requests(6)), 100.0, 0)
    };
    let run = run_phases(
        settings(&[&server.url]),
        single_turns(1),
        vec![warmup],
        |_| {},
    );
    assert!(
        run.exchanges
            .iter()
            .all(|exchange| exchange.http.is_success())
    );
}

#[test]
fn who_is_given_up_leaves_its_places_to_others() {
    // Every other request hangs, and with one place nothing goes on unless it is given back.
    for arrivals in [
        Arrivals::ClosedLoop {
            slots: LimitRamp::steady(4),
        },
        constant(100.0, None),
    ] {
        let server = hangs_on("1");
        let phase = PhasePlan {
            prefill_limit: Some(LimitRamp::steady(1)),
            ..plan(arrivals, sessions(10))
        };
        let talk = vec![turn("0", 0), turn("1", 0)];
        let run = run(
            threads(settings(&[&server.url]), 2),
            conversations(vec![talk]),
            cancelling(phase, 100.0, DELAY),
        );
        assert_eq!(run.outcome().counts.sessions_completed, 10);
        assert_eq!(most_under_way(&run.exchanges), 1);
    }
}
