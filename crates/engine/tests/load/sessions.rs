//! Sessions of several turns: their order, their delays, their connections, their servers.

use std::sync::Arc;

use aiperf_clock::{MILLISECOND, Nanos};
use aiperf_engine::{
    Compose, ConnectionReuse, EngineSettings, Exchange, PlannedTurn, Playing, TurnBody,
};
use aiperf_random::RootSeed;
use aiperf_schedule::{
    ArrivalProcess, Arrivals, FixedSchedule, LimitRamp, Pattern, PhaseKind, UserCentricPlan,
    ZeroPoint,
};
use bytes::Bytes;

use crate::open_loop::{constant, open};
use crate::server::Server;
use crate::support::{
    Run, closed_loop, composing, conversations, plan, requests, run, sessions, settings, threads,
    turn,
};

const DELAY: Nanos = 60 * MILLISECOND;

fn three_turns() -> Vec<PlannedTurn> {
    vec![turn("0", 0), turn("1", DELAY), turn("2", 0)]
}

/// Both kinds of loop.
fn loops() -> [Arrivals; 2] {
    [
        Arrivals::ClosedLoop {
            slots: LimitRamp::steady(4),
        },
        constant(300.0, None),
    ]
}

fn run_sessions(settings: EngineSettings, arrivals: Arrivals, count: u64) -> Run {
    run(
        settings,
        conversations(vec![three_turns()]),
        plan(arrivals, sessions(count)),
    )
}

#[test]
fn the_turns_of_a_session_are_sent_in_order_under_one_id() {
    for arrivals in loops() {
        let server = Server::quick();
        let run = run_sessions(threads(settings(&[&server.url]), 2), arrivals, 10);
        let sessions = run.sessions();
        assert_eq!(sessions.len(), 10);
        for session in sessions {
            let turns: Vec<_> = session.iter().map(|exchange| exchange.turn).collect();
            assert_eq!(turns, [0, 1, 2]);
            let id = session[0].correlation_id.to_string();
            let seen: Vec<_> = server
                .seen()
                .into_iter()
                .filter(|seen| seen.correlation_id == id)
                .collect();
            let bodies: Vec<_> = seen.iter().map(|seen| seen.body.as_str()).collect();
            assert_eq!(bodies, ["0", "1", "2"]);
            assert!(seen.is_sorted_by_key(|seen| seen.at));
        }
        assert_eq!(run.request_indices(), (0..30).collect::<Vec<_>>());
        assert_eq!(run.outcome().counts.sessions_completed, 10);
    }
}

#[test]
fn a_turn_waits_for_the_answer_before_it_and_for_its_delay() {
    for arrivals in loops() {
        let server = Server::quick();
        let run = run_sessions(settings(&[&server.url]), arrivals, 6);
        for session in run.sessions() {
            for pair in session.windows(2) {
                let delay = if pair[1].turn == 1 { DELAY } else { 0 };
                assert!(pair[1].http.start >= pair[0].http.end + delay);
            }
        }
    }
}

#[test]
fn in_an_open_loop_every_turn_has_an_arrival_of_its_own() {
    let server = Server::quick();
    let process = ArrivalProcess::new(Pattern::Poisson, 400.0, RootSeed::fixed(3));
    for thread_count in [1, 4] {
        let run = run_sessions(
            threads(settings(&[&server.url]), thread_count),
            open(process.clone(), None),
            15,
        );
        let start = run.outcome().times.start;
        let mut intended: Vec<Nanos> = run
            .exchanges
            .iter()
            .map(|exchange| exchange.intended.unwrap() - start)
            .collect();
        intended.sort_unstable();
        assert_eq!(intended.len(), 45);
        assert!(
            intended.windows(2).all(|pair| pair[0] < pair[1]),
            "an arrival was used twice"
        );
        let last = intended[44];
        let planned: Vec<Nanos> = process
            .times()
            .map(|(_, offset)| offset)
            .take_while(|&offset| offset <= last)
            .collect();
        assert!(
            intended
                .iter()
                .all(|offset| planned.binary_search(offset).is_ok())
        );
        for exchange in &run.exchanges {
            assert!(exchange.http.start >= exchange.intended.unwrap());
        }
    }
}

#[test]
fn a_session_in_its_pause_holds_its_place_under_the_cap() {
    let server = Server::quick();
    let talk = vec![turn("0", 0), turn("1", 300 * MILLISECOND)];
    let run = run(
        settings(&[&server.url]),
        conversations(vec![talk]),
        plan(constant(100.0, Some(1)), sessions(2)),
    );
    let turns: Vec<_> = run.exchanges.iter().map(|exchange| exchange.turn).collect();
    assert_eq!(turns, [0, 1, 0, 1]);
    assert!(run.outcome().counts.arrivals_lost > 10);
}

struct Quotes;

/// Bodies that quote what was sent and answered before.
impl Compose for Quotes {
    fn compose(
        &self,
        playing: Playing,
        turn: usize,
        earlier: &[Exchange],
    ) -> Result<Bytes, String> {
        assert_eq!(earlier.len(), turn);
        let quotes: Vec<_> = earlier
            .iter()
            .enumerate()
            .map(|(place, exchange)| {
                assert_eq!(
                    (exchange.turn, exchange.conversation),
                    (place, playing.conversation)
                );
                String::from_utf8(exchange.http.received.unfold().bytes).unwrap()
            })
            .collect();
        Ok(format!("turn {turn} [{}]", quotes.join(", ")).into())
    }
}

#[test]
fn later_bodies_are_composed_from_the_replies_to_all_earlier_turns() {
    let composed = || PlannedTurn {
        body: TurnBody::AfterReplies,
        delay: 0,
        timestamp_ms: None,
        headers: None,
    };
    for arrivals in loops() {
        let server = Server::quick();
        let talk = vec![turn("a", 0), composed(), turn("b", 0), composed()];
        let workload = composing(vec![talk], Arc::new(Quotes));
        let run = run(
            threads(settings(&[&server.url]), 2),
            workload,
            plan(arrivals, sessions(5)),
        );
        assert_eq!(run.outcome().counts.sessions_completed, 5);
        for session in run.sessions() {
            let bodies: Vec<_> = session.iter().map(|exchange| &exchange.body[..]).collect();
            let second = "turn 1 [reply to a]";
            let fourth = format!("turn 3 [reply to a, reply to {second}, reply to b]");
            assert_eq!(bodies, [b"a", second.as_bytes(), b"b", fourth.as_bytes()]);
        }
        let seen = server.seen();
        assert!(run.exchanges.iter().all(|exchange| {
            seen.iter().any(|seen| {
                seen.body.as_bytes() == &exchange.body[..]
                    && seen.correlation_id == exchange.correlation_id.to_string()
            })
        }));
    }
}

/// Bodies that name their session.
struct Particular;

impl Compose for Particular {
    fn compose(&self, playing: Playing, turn: usize, _: &[Exchange]) -> Result<Bytes, String> {
        assert_eq!(playing.phase, PhaseKind::Profiling);
        Ok(format!("session {} turn {turn}", playing.session).into())
    }

    fn is_particular(&self, phase: PhaseKind) -> bool {
        phase == PhaseKind::Profiling
    }
}

#[test]
fn sessions_with_bodies_of_their_own_do_not_send_those_that_all_share() {
    for arrivals in loops() {
        let server = Server::quick();
        let talk = vec![turn("shared", 0), turn("shared as well", 0)];
        let workload = composing(vec![talk], Arc::new(Particular));
        let run = run(
            threads(settings(&[&server.url]), 2),
            workload,
            plan(arrivals, sessions(6)),
        );
        assert_eq!(run.exchanges.len(), 12);
        for exchange in &run.exchanges {
            let expected = format!("session {} turn {}", exchange.session, exchange.turn);
            assert_eq!(exchange.body, expected.as_bytes());
        }
    }
}

struct TakesItsTime;

const COMPOSING: Nanos = 400 * MILLISECOND;

impl Compose for TakesItsTime {
    fn compose(&self, _: Playing, _: usize, _: &[Exchange]) -> Result<Bytes, String> {
        std::thread::sleep(std::time::Duration::from_nanos(COMPOSING));
        Ok(Bytes::from_static(b"composed"))
    }
}

#[test]
fn a_turn_takes_its_arrival_when_its_body_is_ready_so_composing_makes_nothing_late() {
    let server = Server::quick();
    let talk = vec![
        turn("a", 0),
        PlannedTurn {
            body: TurnBody::AfterReplies,
            delay: 0,
            timestamp_ms: None,
            headers: None,
        },
    ];
    let run = run(
        settings(&[&server.url]),
        composing(vec![talk], Arc::new(TakesItsTime)),
        plan(constant(50.0, None), sessions(3)),
    );
    assert_eq!(run.exchanges.len(), 6);
    for exchange in &run.exchanges {
        let lateness = exchange.http.start - exchange.intended.unwrap();
        assert!(
            lateness < COMPOSING / 2,
            "turn {} was {lateness} ns late",
            exchange.turn
        );
    }
}

struct Refuses;

impl Compose for Refuses {
    fn compose(&self, _: Playing, _: usize, _: &[Exchange]) -> Result<Bytes, String> {
        Err("no reply to build upon".to_owned())
    }
}

#[test]
fn a_session_whose_body_cannot_be_composed_ends_there_and_the_others_go_on() {
    let server = Server::quick();
    let talks = vec![
        vec![
            turn("a", 0),
            PlannedTurn {
                body: TurnBody::AfterReplies,
                delay: 0,
                timestamp_ms: None,
                headers: None,
            },
        ],
        vec![turn("b", 0)],
    ];
    let run = run(
        settings(&[&server.url]),
        composing(talks, Arc::new(Refuses)),
        closed_loop(1, sessions(4)),
    );
    let sent: Vec<_> = server.seen().into_iter().map(|seen| seen.body).collect();
    assert_eq!(sent, ["a", "b", "a", "b"]);
    let counts = run.outcome().counts;
    assert_eq!(
        (counts.sessions_completed, counts.sessions_cancelled),
        (2, 0)
    );
}

#[test]
fn a_sticky_session_has_one_connection_for_all_its_turns_and_no_other_has_it() {
    for arrivals in loops() {
        let server = Server::quick();
        let mut settings = threads(settings(&[&server.url]), 2);
        settings.connection_reuse = ConnectionReuse::StickySessions;
        let run = run_sessions(settings, arrivals, 8);
        let mut ports = Vec::new();
        for session in run.sessions() {
            let of_session: Vec<_> = session
                .iter()
                .map(|exchange| exchange.http.connection.local.unwrap().port())
                .collect();
            assert!(
                of_session.iter().all(|&port| port == of_session[0]),
                "{of_session:?}"
            );
            let reused: Vec<_> = session
                .iter()
                .map(|exchange| exchange.http.connection.is_reused)
                .collect();
            assert_eq!(reused, [false, true, true]);
            ports.push(of_session[0]);
        }
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 8, "two sessions shared a connection");
    }
}

#[test]
fn without_reuse_every_request_opens_a_connection() {
    let server = Server::quick();
    let mut settings = settings(&[&server.url]);
    settings.connection_reuse = ConnectionReuse::Never;
    let run = run_sessions(
        settings,
        Arrivals::ClosedLoop {
            slots: LimitRamp::steady(2),
        },
        5,
    );
    assert!(
        run.exchanges
            .iter()
            .all(|exchange| !exchange.http.connection.is_reused)
    );
    let mut ports: Vec<_> = server.seen().into_iter().map(|seen| seen.port).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 15);
    assert_eq!(run.outcome().threads[0].connections_opened, 15);
}

#[test]
fn pooled_connections_are_no_more_than_requests_at_once() {
    let server = Server::quick();
    let run = run_sessions(
        settings(&[&server.url]),
        Arrivals::ClosedLoop {
            slots: LimitRamp::steady(3),
        },
        12,
    );
    assert!(run.outcome().threads[0].connections_opened <= 3);
}

#[test]
fn sessions_take_the_servers_in_turn_and_stay_with_theirs() {
    for arrivals in loops() {
        let servers = [Server::quick(), Server::quick(), Server::quick()];
        let urls = servers.each_ref().map(|server| server.url.as_str());
        let run = run_sessions(threads(settings(&urls), 2), arrivals, 9);
        for (index, server) in servers.iter().enumerate() {
            let seen = server.seen();
            // Three sessions of three turns each.
            assert_eq!(seen.len(), 9);
            for seen in seen {
                let exchange = run
                    .exchanges
                    .iter()
                    .find(|exchange| exchange.correlation_id.to_string() == seen.correlation_id);
                assert_eq!(exchange.unwrap().target, index);
            }
        }
    }
}

/// The order in which users begin is not that of their numbers.
#[test]
fn users_and_conversations_of_a_trace_take_the_servers_in_the_order_in_which_they_begin() {
    let users = Arrivals::UserCentric {
        plan: UserCentricPlan::new(20.0, 6, 3.0),
        session_cap: None,
    };
    let begun = [30.0, 0.0, 20.0, 10.0];
    let trace = begun.map(|at| ("c", Some(at)));
    let trace = Arrivals::FixedSchedule {
        schedule: Arc::new(FixedSchedule::new(trace, ZeroPoint::EarliestTurn).unwrap()),
        session_cap: None,
    };
    for arrivals in [users, trace] {
        for thread_count in [1, 3] {
            let servers = [Server::quick(), Server::quick(), Server::quick()];
            let urls = servers.each_ref().map(|server| server.url.as_str());
            let mut settings = threads(settings(&urls), thread_count);
            settings.connection_reuse = ConnectionReuse::Never;
            let plan = plan(arrivals.clone(), requests(12));
            let run = run(settings, conversations(vec![three_turns(); 4]), plan);
            let mut sessions = run.sessions();
            sessions.sort_by_key(|session| session[0].intended);
            assert!(sessions.len() >= 4);
            for (place, session) in sessions.into_iter().enumerate() {
                let taken = session.iter().map(|exchange| exchange.target);
                assert!(taken.into_iter().all(|target| target == place % 3));
            }
        }
    }
}
