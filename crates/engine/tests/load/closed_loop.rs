//! Closed loop: a fixed number of sessions at a time.

use std::sync::Arc;

use aiperf_schedule::StopRules;

use crate::server::{Rendezvous, Reply, Server};
use crate::support::{
    closed_loop, conversations, requests, run, sessions, settings, single_turns, threads, turn,
};

#[test]
fn exactly_as_many_requests_are_in_flight_as_there_are_slots() {
    for (slots, thread_count) in [(1, 1), (4, 1), (5, 3), (2, 4), (32, 2)] {
        let rendezvous = Rendezvous::of(slots);
        let gate = Arc::clone(&rendezvous);
        // No request is answered before all slots have one here.
        let server = Server::start(move |_| {
            gate.wait();
            Reply::Answer(String::new())
        });
        let count = 6 * slots as u64;
        let run = run(
            threads(settings(&[&server.url]), thread_count),
            single_turns(10),
            closed_loop(slots as u32, requests(count)),
        );
        assert_eq!(
            rendezvous.failures(),
            0,
            "{slots} slots, {thread_count} threads"
        );
        assert_eq!(server.most_in_flight(), slots, "{thread_count} threads");
        assert_eq!(server.seen().len() as u64, count);
        assert_eq!(run.request_indices(), (0..count).collect::<Vec<_>>());
        let counts = run.outcome().counts;
        assert_eq!(
            (
                counts.sent,
                counts.completed,
                counts.failed,
                counts.cancelled
            ),
            (count, count, 0, 0)
        );
    }
}

#[test]
fn a_number_of_sessions_plays_each_to_its_last_turn() {
    let server = Server::quick();
    let talks = vec![
        vec![turn("a0", 0), turn("a1", 0), turn("a2", 0)],
        vec![turn("b0", 0)],
        vec![turn("c0", 0), turn("c1", 0)],
    ];
    let run = run(
        threads(settings(&[&server.url]), 2),
        conversations(talks),
        closed_loop(3, sessions(7)),
    );
    // Sessions 0 to 6 play a b c a b c a.
    let mut sent: Vec<_> = server.seen().into_iter().map(|seen| seen.body).collect();
    sent.sort();
    let expected = [
        "a0", "a0", "a0", "a1", "a1", "a1", "a2", "a2", "a2", "b0", "b0", "c0", "c0", "c1", "c1",
    ];
    assert_eq!(sent, expected);
    assert_eq!(run.request_indices(), (0..15).collect::<Vec<_>>());
    let counts = run.outcome().counts;
    assert_eq!(
        (
            counts.sessions_started,
            counts.sessions_completed,
            counts.sessions_cancelled
        ),
        (7, 7, 0)
    );
}

#[test]
fn a_number_of_requests_cuts_sessions_short() {
    let server = Server::quick();
    let talk = vec![turn("0", 0), turn("1", 0), turn("2", 0)];
    let run = run(
        settings(&[&server.url]),
        conversations(vec![talk]),
        closed_loop(1, requests(5)),
    );
    let sent: Vec<_> = server.seen().into_iter().map(|seen| seen.body).collect();
    assert_eq!(sent, ["0", "1", "2", "0", "1"]);
    let counts = run.outcome().counts;
    assert_eq!(
        (
            counts.sessions_started,
            counts.sessions_completed,
            counts.sessions_cancelled
        ),
        (2, 1, 0)
    );
}

#[test]
fn of_requests_and_sessions_the_first_to_be_reached_ends_the_phase() {
    for (requests, sessions, sent) in [(4, 100, 4), (100, 4, 8), (8, 4, 8), (7, 4, 7)] {
        let server = Server::quick();
        let talk = vec![turn("0", 0), turn("1", 0)];
        let stop = StopRules {
            requests: Some(requests),
            sessions: Some(sessions),
            ..StopRules::default()
        };
        let run = run(
            settings(&[&server.url]),
            conversations(vec![talk]),
            closed_loop(2, stop),
        );
        assert_eq!(
            run.exchanges.len(),
            sent,
            "{requests} requests, {sessions} sessions"
        );
        assert_eq!(server.seen().len(), sent);
    }
}

/// Threads that find no session left must not disturb the numbers of those that still play one.
#[test]
fn request_numbers_have_no_gaps_and_no_doubles_when_many_threads_end_their_sessions() {
    let server = Server::quick();
    for _ in 0..20 {
        let talk = (0..5).map(|place| turn(&place.to_string(), 0)).collect();
        let run = run(
            threads(settings(&[&server.url]), 8),
            conversations(vec![talk]),
            closed_loop(16, sessions(20)),
        );
        assert_eq!(run.request_indices(), (0..100).collect::<Vec<_>>());
    }
}

#[test]
fn a_slot_tells_how_long_it_stood_empty_before_each_session() {
    let server = Server::quick();
    let talk = vec![turn("0", 0), turn("1", 0)];
    let run = run(
        settings(&[&server.url]),
        conversations(vec![talk]),
        closed_loop(1, sessions(10)),
    );
    let sessions = run.sessions();
    for (before, session) in sessions.iter().zip(&sessions[1..]) {
        let free_since = before[1].http.end;
        let (first, second) = (session[0], session[1]);
        assert!(first.slot_empty.unwrap() <= first.http.start - free_since);
        // The slot is not empty between the turns of a session.
        assert_eq!(second.slot_empty, None);
    }
}

#[test]
fn every_request_carries_the_ids_of_its_exchange() {
    let server = Server::quick();
    let run = run(
        settings(&[&server.url]),
        single_turns(3),
        closed_loop(1, requests(6)),
    );
    let seen: Vec<_> = server
        .seen()
        .into_iter()
        .map(|seen| seen.correlation_id)
        .collect();
    let sent: Vec<_> = run
        .exchanges
        .iter()
        .map(|exchange| exchange.correlation_id.to_string())
        .collect();
    assert_eq!(seen, sent);
    let mut ids: Vec<_> = run
        .exchanges
        .iter()
        .map(|exchange| exchange.request_id.to_string())
        .collect();
    ids.extend(sent);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 12, "an id was used twice");
}
