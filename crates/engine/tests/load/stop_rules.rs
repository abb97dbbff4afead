//! Which rule ends sending, alone and with others, and what is under way by then.

use std::time::Duration;

use aiperf_clock::{MILLISECOND, Nanos, SECOND};
use aiperf_schedule::StopRules;

use crate::open_loop::constant;
use crate::server::{Reply, Server};
use crate::support::{
    closed_loop, conversations, plan, requests, run, sessions, settings, threads, turn,
};

fn rules(requests: Option<u64>, sessions: Option<u64>, duration: Option<Nanos>) -> StopRules {
    StopRules {
        requests,
        sessions,
        duration,
        grace: None,
    }
}

/// Sessions of so many turns without pauses.
fn talk(turns: usize) -> Vec<aiperf_engine::PlannedTurn> {
    (0..turns).map(|_| turn("x", 0)).collect()
}

#[test]
fn the_first_rule_to_be_reached_ends_a_closed_loop() {
    let long = Some(3_600 * SECOND);
    for (requests, sessions, duration, turns, sent) in [
        (Some(10), None, None, 1, 10),
        // Sessions are cut short by the number of requests,
        (Some(5), None, None, 3, 5),
        // and played to their end by that of sessions.
        (None, Some(3), None, 3, 9),
        (None, Some(4), None, 1, 4),
        (Some(5), Some(3), None, 3, 5),
        (Some(50), Some(3), None, 3, 9),
        (Some(9), Some(3), None, 3, 9),
        (Some(8), None, long, 3, 8),
        (None, Some(3), long, 3, 9),
        (Some(8), Some(3), long, 3, 8),
        (Some(80), Some(3), long, 3, 9),
    ] {
        let rules = rules(requests, sessions, duration);
        for thread_count in [1, 2] {
            let server = Server::quick();
            let run = run(
                threads(settings(&[&server.url]), thread_count),
                conversations(vec![talk(turns)]),
                closed_loop(2, rules),
            );
            let outcome = run.outcome();
            let complete = outcome.sending_complete;
            assert_eq!(outcome.counts.sent, sent, "{rules:?}, {turns} turns");
            assert_eq!((complete.counts.sent, complete.timed_out), (sent, false));
        }
    }
}

/// Arrivals at 10 ms, 20 ms and so on: by 495 ms there are 49.
#[test]
fn the_first_rule_to_be_reached_ends_an_open_loop() {
    let half = Some(495 * MILLISECOND);
    for (requests, sessions, duration, sent) in [
        (Some(20), None, None, 20),
        (None, Some(20), None, 20),
        (None, None, half, 49),
        (Some(20), None, half, 20),
        (Some(200), None, half, 49),
        (None, Some(20), half, 20),
        (None, Some(200), half, 49),
        (Some(30), Some(20), half, 20),
        (Some(20), Some(30), half, 20),
        (Some(200), Some(300), half, 49),
    ] {
        let rules = rules(requests, sessions, duration);
        for (turns, thread_count) in [(1, 1), (1, 2)] {
            let server = Server::quick();
            let run = run(
                threads(settings(&[&server.url]), thread_count),
                conversations(vec![talk(turns)]),
                plan(constant(100.0, None), rules),
            );
            let outcome = run.outcome();
            let complete = outcome.sending_complete;
            assert_eq!(outcome.counts.sent, sent, "{rules:?}");
            assert_eq!(complete.counts.sent, sent);
            assert_eq!(complete.timed_out, sent == 49, "{rules:?}");
        }
    }
}

#[test]
fn what_was_under_way_when_sending_was_complete_is_known() {
    let quarter = 250 * MILLISECOND;
    // The last turns take long.
    let slow = |seen: &crate::server::Seen| {
        let is_last = seen.body == "last";
        std::thread::sleep(Duration::from_millis(if is_last { 500 } else { 5 }));
        Reply::Answer(String::new())
    };
    let talk = || vec![turn("first", 0), turn("last", 0)];
    for (stop, sent, in_flight, completed, timed_out) in [
        // Two sessions: the fourth request is the second of the last turns.
        (requests(4), 4, 2, 2, false),
        (sessions(2), 4, 2, 2, false),
        (rules(None, None, Some(quarter)), 4, 2, 2, true),
    ] {
        let server = Server::start(slow);
        let run = run(
            settings(&[&server.url]),
            conversations(vec![talk()]),
            closed_loop(2, stop),
        );
        let outcome = run.outcome();
        let complete = outcome.sending_complete;
        let counts = complete.counts;
        assert_eq!(
            (counts.sent, counts.in_flight(), counts.completed),
            (sent, in_flight, completed),
            "{stop:?}"
        );
        assert_eq!(complete.timed_out, timed_out, "{stop:?}");
        assert_eq!((counts.sessions_started, counts.sessions_completed), (2, 0));
        assert!(complete.at < outcome.times.end);
        if timed_out {
            assert!(complete.at - outcome.times.start >= quarter);
        }
        // All of it was waited for.
        assert_eq!(outcome.counts.completed, sent);
        assert_eq!(outcome.counts.sessions_completed, 2);
    }
}

#[test]
fn a_session_that_is_cut_off_in_its_last_turn_is_cancelled_and_no_other() {
    for (turns, cancelled) in [(1, 2), (2, 0)] {
        let server = Server::start(|_| Reply::Hang);
        let stop = StopRules {
            grace: Some(0),
            ..rules(None, None, Some(100 * MILLISECOND))
        };
        let run = run(
            settings(&[&server.url]),
            conversations(vec![talk(turns)]),
            closed_loop(2, stop),
        );
        let counts = run.outcome().counts;
        assert_eq!((counts.sent, counts.cancelled), (2, 2));
        assert_eq!(
            (counts.sessions_completed, counts.sessions_cancelled),
            (0, cancelled)
        );
    }
}
