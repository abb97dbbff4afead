//! Intended times: what each mode plans, whatever the number of threads.
//!
//! Times that do not depend on answers are compared to the nanosecond. Those that do come from a
//! server that answers at once, and are compared with the times of the answers that were seen.

use std::collections::BTreeMap;
use std::sync::Arc;

use aiperf_clock::{MILLISECOND, Nanos};
use aiperf_engine::{CorrelationId, Exchange, PlannedTurn};
use aiperf_random::RootSeed;
use aiperf_schedule::{
    ArrivalProcess, Arrivals, FixedSchedule, LimitRamp, Overflow, Pattern, RATE_RAMP_FIRST_STEP,
    RateProfile, RateSeries, StopRules, UserCentricPlan, ZeroPoint,
};

use crate::open_loop::{constant, open};
use crate::server::Server;
use crate::support::{
    Run, conversations, plan, requests, run, sessions, settings, single_turns, threads, turn,
};

const THREADS: [usize; 3] = [1, 2, 8];

/// When a request was intended, after the start of its phase.
fn offset(run: &Run, exchange: &Exchange) -> Nanos {
    exchange.intended.unwrap() - run.outcome().times.start
}

/// All intended times, in order.
fn offsets(run: &Run) -> Vec<Nanos> {
    let mut offsets: Vec<_> = run
        .exchanges
        .iter()
        .map(|exchange| offset(run, exchange))
        .collect();
    offsets.sort_unstable();
    offsets
}

fn milliseconds(times: impl IntoIterator<Item = u64>) -> Vec<Nanos> {
    times.into_iter().map(|time| time * MILLISECOND).collect()
}

#[test]
fn a_rate_that_changes_is_that_of_its_integral() {
    let series = RateSeries::parse(
        r#"{"points": [{"time_s": 0, "qps": 40}, {"time_s": 0.5, "qps": 160}, {"time_s": 1, "qps": 20}]}"#,
    )
    .unwrap();
    let ramp = RateProfile::constant(60.0).ramped(800 * MILLISECOND, RATE_RAMP_FIRST_STEP);
    for pattern in [Pattern::Constant, Pattern::Gamma { smoothness: 3.0 }] {
        for profile in [RateProfile::series(&series), ramp.clone()] {
            let process = ArrivalProcess::with_profile(pattern, profile, RootSeed::fixed(7));
            let expected: Vec<_> = process.times().take(40).map(|(_, at)| at).collect();
            for thread_count in THREADS {
                let server = Server::quick();
                let run = run(
                    threads(settings(&[&server.url]), thread_count),
                    single_turns(7),
                    plan(open(process.clone(), None), requests(40)),
                );
                assert_eq!(
                    offsets(&run),
                    expected,
                    "{pattern:?}, {thread_count} threads"
                );
            }
        }
    }
}

#[test]
fn a_ramped_constant_rate_has_the_worked_times() {
    let profile = RateProfile::constant(10.0).ramped(1_000 * MILLISECOND, RATE_RAMP_FIRST_STEP);
    let process = ArrivalProcess::with_profile(Pattern::Constant, profile, RootSeed::fixed(1));
    for thread_count in THREADS {
        let server = Server::quick();
        let run = run(
            threads(settings(&[&server.url]), thread_count),
            single_turns(1),
            plan(open(process.clone(), None), requests(7)),
        );
        let rounded: Vec<_> = offsets(&run)
            .into_iter()
            .map(|at| (at + MILLISECOND / 2) / MILLISECOND)
            .collect();
        assert_eq!(rounded, [373, 565, 713, 838, 949, 1_050, 1_150]);
    }
}

/// An arrival goes to whichever turn is ready, on whatever thread its session is played, before it
/// starts a new session. Answers take far less than the gap between arrivals.
#[test]
fn later_turns_take_the_next_arrival_with_any_number_of_threads() {
    for thread_count in THREADS {
        let server = Server::quick();
        let talk = vec![turn("0", 0), turn("1", 0), turn("2", 0)];
        let run = run(
            threads(settings(&[&server.url]), thread_count),
            conversations(vec![talk]),
            plan(constant(5.0, None), sessions(3)),
        );
        let mut sent: Vec<_> = run
            .exchanges
            .iter()
            .map(|exchange| (offset(&run, exchange), exchange.session, exchange.turn))
            .collect();
        sent.sort_unstable();
        let expected: Vec<_> = (0..9)
            .map(|place| {
                (
                    (place + 1) * 200 * MILLISECOND,
                    place / 3,
                    place as usize % 3,
                )
            })
            .collect();
        assert_eq!(sent, expected, "{thread_count} threads");
    }
}

#[test]
fn every_arrival_is_used_until_the_last_turn_with_any_number_of_threads() {
    let process = ArrivalProcess::new(Pattern::Poisson, 60.0, RootSeed::fixed(3));
    for thread_count in THREADS {
        let server = Server::quick();
        let talk = (0..8).map(|place| turn(&place.to_string(), 0)).collect();
        let run = run(
            threads(settings(&[&server.url]), thread_count),
            conversations(vec![talk]),
            plan(open(process.clone(), None), requests(60)),
        );
        let expected: Vec<_> = process.times().take(60).map(|(_, at)| at).collect();
        // The last numbers may go to arrivals of threads that were a little faster.
        let sent = offsets(&run);
        assert_eq!(sent[..48], expected[..48], "{thread_count} threads");
        assert_eq!(sent.len(), 60);
    }
}

#[test]
fn who_waits_for_a_place_keeps_its_intended_time() {
    for thread_count in THREADS {
        let server = Server::start(|_| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            crate::server::Reply::Answer(String::new())
        });
        let arrivals = Arrivals::OpenLoop {
            process: ArrivalProcess::new(Pattern::Constant, 500.0, RootSeed::fixed(1)),
            session_cap: Some(LimitRamp::steady(2)),
            overflow: Overflow::Queue,
        };
        let run = run(
            threads(settings(&[&server.url]), thread_count),
            single_turns(20),
            plan(arrivals, requests(20)),
        );
        assert_eq!(offsets(&run), milliseconds((1..=20).map(|place| place * 2)));
        assert!(server.most_in_flight() <= 2);
        let counts = run.outcome().counts;
        assert_eq!((counts.sent, counts.arrivals_lost), (20, 0));
        assert!(counts.waits > 0 && counts.waited > 0);
        // In the order of asking, if one thread asks.
        if thread_count == 1 {
            let order: Vec<_> = server.seen().into_iter().map(|seen| seen.body).collect();
            let index = |body: &String| body.parse::<usize>().unwrap();
            assert!(
                order
                    .iter()
                    .enumerate()
                    .all(|(at, body)| index(body).abs_diff(at) <= 1)
            );
        }
    }
}

fn six_users() -> Arrivals {
    Arrivals::UserCentric {
        plan: UserCentricPlan::new(10.0, 6, 4.0),
        session_cap: None,
    }
}

fn four_turns() -> Vec<PlannedTurn> {
    // Delays of the data play no part.
    (0..4)
        .map(|place| turn(&place.to_string(), 3_600_000_000_000))
        .collect()
}

#[test]
fn users_come_and_talk_at_the_worked_times() {
    for thread_count in THREADS {
        let server = Server::quick();
        let run = run(
            threads(settings(&[&server.url]), thread_count),
            conversations(vec![four_turns()]),
            plan(six_users(), requests(18)),
        );
        let mut sent: Vec<_> = run
            .exchanges
            .iter()
            .map(|exchange| {
                let CorrelationId::User(user) = exchange.correlation_id else {
                    panic!("{:?} is no user", exchange.correlation_id);
                };
                (offset(&run, exchange) / MILLISECOND, user, exchange.turn)
            })
            .collect();
        sent.sort_unstable();
        let expected = [
            (0, 7, 0),
            (100, 2, 0),
            (200, 3, 0),
            (300, 4, 0),
            (400, 5, 0),
            (500, 6, 0),
            (600, 7, 1),
            (700, 8, 0),
            (800, 9, 0),
            (900, 4, 1),
            (1_000, 5, 1),
            (1_100, 6, 1),
            (1_200, 7, 2),
            (1_300, 8, 1),
            (1_400, 9, 1),
            (1_500, 10, 0),
            (1_600, 11, 0),
            (1_700, 6, 2),
        ];
        assert_eq!(sent, expected, "{thread_count} threads");
        assert_eq!(run.request_indices(), (0..18).collect::<Vec<_>>());
        // Users 2 and 3 had one turn left, 4 and 5 two, 6 three.
        assert_eq!(run.outcome().counts.sessions_completed, 5);
    }
}

#[test]
fn users_beyond_the_number_of_sessions_do_not_come() {
    for thread_count in THREADS {
        let server = Server::quick();
        let run = run(
            threads(settings(&[&server.url]), thread_count),
            conversations(vec![vec![turn("0", 0), turn("1", 0)]]),
            plan(
                Arrivals::UserCentric {
                    plan: UserCentricPlan::new(50.0, 3, 2.0),
                    session_cap: None,
                },
                sessions(4),
            ),
        );
        let counts = run.outcome().counts;
        assert_eq!((counts.sessions_started, counts.sessions_completed), (4, 4));
    }
}

#[test]
fn a_user_whose_answer_is_late_keeps_the_gap_from_there_on() {
    let server = Server::start(|seen| {
        if seen.body == "0" {
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
        crate::server::Reply::Answer(String::new())
    });
    let run = run(
        settings(&[&server.url]),
        conversations(vec![four_turns()]),
        plan(
            Arrivals::UserCentric {
                plan: UserCentricPlan::new(10.0, 1, 4.0),
                session_cap: None,
            },
            sessions(1),
        ),
    );
    // The only user is number 2, who has all of its turns.
    let session = run.sessions().remove(0);
    assert_eq!(session.len(), 4);
    let due: Vec<_> = session
        .iter()
        .map(|exchange| offset(&run, exchange))
        .collect();
    assert_eq!(due[0], 0);
    let start = run.outcome().times.start;
    let answered = session[0].http.end - start;
    assert!(due[1] >= answered && answered >= 300 * MILLISECOND);
    for (before, pair) in session[1..].iter().zip(due[1..].windows(2)) {
        // The next is a gap later, or as soon as this machine has seen the answer.
        let answered = before.http.end - start;
        let planned = pair[0] + 100 * MILLISECOND;
        assert!(pair[1] == planned || (answered > planned - MILLISECOND && pair[1] >= planned));
    }
}

/// The trace of the worked example; bodies name the conversation and the turn.
fn trace() -> Vec<Vec<PlannedTurn>> {
    let first = |name: &str, timestamp: f64| PlannedTurn {
        timestamp_ms: Some(timestamp),
        ..turn(name, 0)
    };
    vec![
        vec![first("a", 5_600.0)],
        vec![first("b", 5_000.0)],
        vec![first("c", 5_100.0)],
        vec![first("d", 5_100.0)],
        vec![
            first("e0", 5_300.0),
            turn("e1", 250 * MILLISECOND),
            turn("e2", 100 * MILLISECOND),
        ],
    ]
}

fn scheduled(turns: &[Vec<PlannedTurn>], zero: ZeroPoint) -> Arc<FixedSchedule> {
    let first_turns = turns.iter().map(|turns| ("c", turns[0].timestamp_ms));
    Arc::new(FixedSchedule::new(first_turns, zero).unwrap())
}

/// The phase that plays a trace, under a limit if one is given.
fn replay(
    turns: Vec<Vec<PlannedTurn>>,
    zero: ZeroPoint,
    session_cap: Option<LimitRamp>,
    stop: StopRules,
    thread_count: usize,
    server: &Server,
) -> Run {
    let schedule = scheduled(&turns, zero);
    let total = turns.iter().map(|turns| turns.len() as u64).sum();
    let stop = schedule.bound(stop, total);
    let arrivals = Arrivals::FixedSchedule {
        schedule,
        session_cap,
    };
    run(
        threads(settings(&[&server.url]), thread_count),
        conversations(turns),
        plan(arrivals, stop),
    )
}

/// Intended offsets by body.
fn by_body(run: &Run) -> BTreeMap<String, Nanos> {
    let entry = |exchange: &Exchange| {
        let body = String::from_utf8(exchange.body.to_vec()).unwrap();
        (body, offset(run, exchange))
    };
    run.exchanges.iter().map(entry).collect()
}

#[test]
fn a_trace_is_replayed_at_the_worked_times() {
    for thread_count in THREADS {
        for (zero, shift) in [
            (ZeroPoint::EarliestTurn, 0),
            (ZeroPoint::At(4_900.0), 100 * MILLISECOND),
        ] {
            let server = Server::quick();
            let stop = StopRules::default();
            let run = replay(trace(), zero, None, stop, thread_count, &server);
            let due = by_body(&run);
            for (body, at) in [("b", 0), ("c", 100), ("d", 100), ("e0", 300), ("a", 600)] {
                assert_eq!(due[body], at * MILLISECOND + shift, "{body}");
            }
            let answered = |turn: usize| {
                let mut turns = run
                    .exchanges
                    .iter()
                    .filter(|exchange| exchange.conversation == 4);
                turns
                    .find(|exchange| exchange.turn == turn)
                    .unwrap()
                    .http
                    .end
            };
            let start = run.outcome().times.start;
            assert!(due["e1"] >= answered(0) - start + 250 * MILLISECOND);
            assert!(due["e2"] >= answered(1) - start + 100 * MILLISECOND);
            assert_eq!(run.exchanges.len(), 7);
            assert_eq!(run.outcome().counts.sessions_completed, 5);
            let ids = run
                .exchanges
                .iter()
                .map(|exchange| exchange.correlation_id.to_string());
            assert!(ids.into_iter().all(|id| id.starts_with("fixed-schedule-c")));
        }
    }
}

#[test]
fn a_turn_with_its_own_time_waits_for_that_and_goes_at_once_if_the_answer_is_later() {
    let at = |body: &str, timestamp: f64| PlannedTurn {
        timestamp_ms: Some(timestamp),
        ..turn(body, 0)
    };
    let server = Server::start(|seen| {
        if seen.body == "slow" {
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
        crate::server::Reply::Answer(String::new())
    });
    let talk = vec![at("slow", 0.0), at("late", 100.0), at("in time", 500.0)];
    let run = replay(
        vec![talk],
        ZeroPoint::EarliestTurn,
        None,
        StopRules::default(),
        1,
        &server,
    );
    let due = by_body(&run);
    // What was intended stays what the trace says.
    assert_eq!(due["late"], 100 * MILLISECOND);
    assert_eq!(due["in time"], 500 * MILLISECOND);
    let session = run.sessions().remove(0);
    assert!(session[1].http.start >= session[0].http.end);
    assert!(session[2].http.start >= session[2].intended.unwrap());
}

#[test]
fn a_turn_whose_answer_comes_after_the_duration_is_not_sent() {
    let at = |body: &str, timestamp: f64| PlannedTurn {
        timestamp_ms: Some(timestamp),
        ..turn(body, 0)
    };
    let server = Server::start(|_| {
        std::thread::sleep(std::time::Duration::from_millis(400));
        crate::server::Reply::Answer(String::new())
    });
    let stop = StopRules {
        duration: Some(200 * MILLISECOND),
        ..StopRules::default()
    };
    let talk = vec![at("0", 0.0), at("1", 100.0)];
    let run = replay(vec![talk], ZeroPoint::EarliestTurn, None, stop, 1, &server);
    let sent: Vec<_> = server.seen().into_iter().map(|seen| seen.body).collect();
    assert_eq!(sent, ["0"]);
    assert_eq!(run.outcome().counts.completed, 1);
}

#[test]
fn the_number_of_requests_cuts_a_trace_short() {
    for thread_count in THREADS {
        let server = Server::quick();
        let run = replay(
            trace(),
            ZeroPoint::EarliestTurn,
            None,
            requests(4),
            thread_count,
            &server,
        );
        let due = by_body(&run);
        assert_eq!(due.into_keys().collect::<Vec<_>>(), ["b", "c", "d", "e0"]);
    }
}

#[test]
fn under_a_limit_a_trace_runs_late_and_in_order() {
    let talks: Vec<_> = (0..6)
        .map(|place| {
            vec![PlannedTurn {
                timestamp_ms: Some(f64::from(place)),
                ..turn(&place.to_string(), 0)
            }]
        })
        .collect();
    let server = Server::start(|_| {
        std::thread::sleep(std::time::Duration::from_millis(30));
        crate::server::Reply::Answer(String::new())
    });
    let cap = Some(LimitRamp::steady(1));
    let stop = StopRules::default();
    let run = replay(talks, ZeroPoint::EarliestTurn, cap, stop, 1, &server);
    let sent: Vec<_> = server.seen().into_iter().map(|seen| seen.body).collect();
    assert_eq!(sent, ["0", "1", "2", "3", "4", "5"]);
    assert_eq!(server.most_in_flight(), 1);
    assert_eq!(offsets(&run), milliseconds(0..6));
    assert!(run.outcome().counts.waits > 0);
}
