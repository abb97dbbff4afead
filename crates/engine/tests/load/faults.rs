//! Servers that fail: every request is accounted for, once.

use aiperf_clock::{MILLISECOND, SECOND};
use aiperf_mock::{MockOptions, MockServer};
use aiperf_schedule::{Arrivals, LimitRamp, StopRules};
use aiperf_transport::TransportFailure;

use crate::open_loop::constant;
use crate::server::{Reply, Server};
use crate::support::{
    closed_loop, conversations, plan, requests, run, sessions, settings, single_turns, threads,
    turn,
};

#[test]
fn a_request_that_takes_too_long_is_delivered_as_a_timeout_with_what_had_come() {
    let server = Server::start(|seen| match seen.body.as_str() {
        "0" => Reply::Hang,
        "1" => Reply::HangWithin("data: half\n\n".to_owned()),
        _ => Reply::Answer("whole".to_owned()),
    });
    let mut settings = settings(&[&server.url]);
    settings.request_timeout = Some(500 * MILLISECOND);
    let run = run(settings, single_turns(3), closed_loop(3, requests(3)));
    let of = |conversation| {
        let found = run
            .exchanges
            .iter()
            .find(|exchange| exchange.conversation == conversation);
        &found.unwrap().http
    };
    for conversation in [0, 1] {
        let http = of(conversation);
        assert_eq!(
            http.error.as_ref().unwrap().failure,
            TransportFailure::Timeout
        );
        let took = http.end - http.start;
        assert!(
            (500 * MILLISECOND..20 * SECOND).contains(&took),
            "given up after {took} ns"
        );
        assert!(http.send_end.is_some());
    }
    assert_eq!((of(0).status, of(0).received.len()), (None, 0));
    assert_eq!(of(1).status.unwrap(), 200);
    assert_eq!(of(1).received.unfold().bytes, b"data: half\n\n");
    assert!(of(2).is_success());
    // Timeouts are ends of their own, not cancellations.
    let counts = run.outcome().counts;
    assert_eq!(
        (counts.completed, counts.failed, counts.cancelled),
        (3, 2, 0)
    );
}

#[test]
fn a_failed_turn_does_not_end_its_session() {
    let server = Server::start(|seen| match seen.body.as_str() {
        "1" => Reply::Hang,
        _ => Reply::Answer(String::new()),
    });
    let mut settings = settings(&[&server.url]);
    settings.request_timeout = Some(200 * MILLISECOND);
    let talk = vec![turn("0", 0), turn("1", 0), turn("2", 0)];
    let run = run(
        settings,
        conversations(vec![talk]),
        closed_loop(1, sessions(2)),
    );
    let ends: Vec<_> = run
        .exchanges
        .iter()
        .map(|exchange| (exchange.turn, exchange.http.is_success()))
        .collect();
    assert_eq!(
        ends,
        [
            (0, true),
            (1, false),
            (2, true),
            (0, true),
            (1, false),
            (2, true)
        ]
    );
    assert_eq!(run.outcome().counts.sessions_completed, 2);
}

#[test]
fn under_resets_no_request_is_lost_and_none_is_sent_twice() {
    for arrivals in [
        Arrivals::ClosedLoop {
            slots: LimitRamp::steady(16),
        },
        constant(1_000.0, None),
    ] {
        let server = MockServer::start(MockOptions {
            reset_rate: 0.2,
            seed: 5,
            ..MockOptions::default()
        })
        .unwrap();
        let url = format!("{}/v1/chat/completions", server.url());
        let body = r#"{"model":"m","messages":[{"role":"user","content":"x"}],"stream":true,"max_tokens":5}"#;
        let run = run(
            threads(settings(&[&url]), 4),
            conversations(vec![vec![turn(body, 0)]]),
            plan(arrivals, requests(500)),
        );
        assert_eq!(run.request_indices(), (0..500).collect::<Vec<_>>());
        let failed: Vec<_> = run
            .exchanges
            .iter()
            .filter_map(|exchange| exchange.http.error.as_ref())
            .collect();
        let counts = run.outcome().counts;
        assert_eq!(
            (counts.sent, counts.completed, counts.cancelled),
            (500, 500, 0)
        );
        assert_eq!(counts.failed, failed.len() as u64);
        // The server has seen each request once, and has reset exactly those that failed.
        assert_eq!(server.stats().requests, 500);
        assert_eq!(server.stats().faults, failed.len() as u64);
        assert!((50..150).contains(&failed.len()), "{} resets", failed.len());
        assert!(
            failed
                .iter()
                .all(|error| error.failure == TransportFailure::Broken),
            "{failed:?}"
        );
    }
}

#[test]
fn a_server_that_is_not_there_fails_every_request_and_ends_the_run() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let run = run(
        settings(&[&format!("http://{gone}/")]),
        single_turns(1),
        closed_loop(4, requests(40)),
    );
    assert_eq!(run.request_indices(), (0..40).collect::<Vec<_>>());
    for exchange in &run.exchanges {
        assert_eq!(
            exchange.http.error.as_ref().unwrap().failure,
            TransportFailure::Connect
        );
    }
    assert_eq!(run.outcome().counts.failed, 40);
    assert_eq!(run.outcome().threads[0].connections_opened, 0);
}

#[test]
fn an_error_status_counts_as_a_failure() {
    let server = MockServer::start(MockOptions {
        error_rate: 1.0,
        error_status: 429,
        ..MockOptions::default()
    })
    .unwrap();
    let url = format!("{}/v1/chat/completions", server.url());
    let body = r#"{"model":"m","messages":[]}"#;
    let stop = StopRules {
        requests: Some(10),
        ..StopRules::default()
    };
    let run = run(
        settings(&[&url]),
        conversations(vec![vec![turn(body, 0)]]),
        closed_loop(2, stop),
    );
    assert!(
        run.exchanges
            .iter()
            .all(|exchange| exchange.http.status.unwrap().is_client_error())
    );
    assert_eq!(
        (run.outcome().counts.completed, run.outcome().counts.failed),
        (10, 10)
    );
}
