//! Limits on what is under way at once, and how they grow.

use std::sync::Arc;
use std::time::Duration;

use aiperf_clock::{MILLISECOND, Nanos, SECOND};
use aiperf_engine::{ContentWatch, EngineSettings, FirstContent};
use aiperf_random::RootSeed;
use aiperf_schedule::{
    ArrivalProcess, Arrivals, FixedSchedule, LimitRamp, Overflow, Pattern, PhasePlan, StopRules,
    UserCentricPlan, ZeroPoint,
};

use crate::open_loop::constant;
use crate::server::{Reply, Server};
use crate::support::{
    Run, closed_loop, conversations, plan, requests, run, sessions, settings, single_turns,
    threads, turn,
};

/// Answers after so long.
fn slow(milliseconds: u64) -> Server {
    Server::start(move |_| {
        std::thread::sleep(Duration::from_millis(milliseconds));
        Reply::Answer(String::new())
    })
}

/// Stops the test if ever more requests were under way than `ramp` allowed at that instant.
fn assert_within(run: &Run, ramp: LimitRamp) {
    let start = run.outcome().times.start;
    let mut steps: Vec<(Nanos, i32)> = Vec::new();
    for exchange in &run.exchanges {
        steps.push((exchange.http.start, 1));
        steps.push((exchange.http.end, -1));
    }
    steps.sort_unstable();
    let mut under_way = 0;
    for (at, step) in steps {
        under_way += step;
        let limit = ramp.at(at.saturating_sub(start));
        assert!(
            under_way <= limit as i32,
            "{under_way} under way after {} ns, of {limit}",
            at - start
        );
    }
}

const RAMP: Nanos = 400 * MILLISECOND;

#[test]
fn slots_open_one_by_one() {
    for thread_count in [1, 2, 8] {
        let server = slow(30);
        let slots = LimitRamp::over(5, RAMP);
        let stop = StopRules {
            duration: Some(2 * RAMP),
            ..StopRules::default()
        };
        let run = run(
            threads(settings(&[&server.url]), thread_count),
            single_turns(3),
            plan(Arrivals::ClosedLoop { slots }, stop),
        );
        assert_within(&run, slots);
        assert_eq!(server.most_in_flight(), 5, "{thread_count} threads");
    }
}

/// All loops that limit sessions by shared places.
fn limited(session_cap: Option<LimitRamp>) -> [Arrivals; 2] {
    [
        Arrivals::OpenLoop {
            process: ArrivalProcess::new(Pattern::Constant, 400.0, RootSeed::fixed(1)),
            session_cap,
            overflow: Overflow::Queue,
        },
        Arrivals::UserCentric {
            plan: UserCentricPlan::new(400.0, 40, 2.0),
            session_cap,
        },
    ]
}

#[test]
fn shared_places_open_one_by_one() {
    for thread_count in [1, 2, 8] {
        for arrivals in limited(Some(LimitRamp::over(5, RAMP))) {
            let server = slow(30);
            let run = run(
                threads(settings(&[&server.url]), thread_count),
                single_turns(3),
                plan(arrivals, requests(100)),
            );
            assert_within(&run, LimitRamp::over(5, RAMP));
            assert_eq!(server.most_in_flight(), 5, "{thread_count} threads");
            assert_eq!(run.request_indices(), (0..100).collect::<Vec<_>>());
        }
    }
}

/// A thread that has nothing more to do must not stop the growing for those that have.
#[test]
fn places_go_on_opening_when_a_thread_is_done() {
    let server = Server::start(|seen| match seen.body.as_str() {
        "hangs" => Reply::Hang,
        _ => Reply::Answer(String::new()),
    });
    // One conversation on each of three threads. The first ends before the ramp does; the second
    // never gives its place back, so the third needs a new one.
    let first_turns = [("a", Some(0.0)), ("b", Some(200.0)), ("c", Some(300.0))];
    let schedule = FixedSchedule::new(first_turns, ZeroPoint::EarliestTurn).unwrap();
    let arrivals = Arrivals::FixedSchedule {
        schedule: Arc::new(schedule),
        session_cap: Some(LimitRamp::over(2, 600 * MILLISECOND)),
    };
    let stop = StopRules {
        duration: Some(2 * SECOND),
        grace: Some(0),
        ..sessions(3)
    };
    let talks = ["quick", "hangs", "waits"].map(|body| vec![turn(body, 0)]);
    let run = run(
        threads(settings(&[&server.url]), 3),
        conversations(talks.to_vec()),
        plan(arrivals, stop),
    );
    let sent: Vec<_> = server.seen().into_iter().map(|seen| seen.body).collect();
    assert_eq!(sent, ["quick", "hangs", "waits"]);
    let counts = run.outcome().counts;
    assert_eq!((counts.completed, counts.cancelled), (2, 1));
}

struct StartsWithData;

impl FirstContent for StartsWithData {
    fn watch(&self) -> ContentWatch {
        let mut seen = Vec::new();
        Box::new(move |content_type, bytes| {
            seen.extend_from_slice(bytes);
            content_type == Some("text/event-stream") && seen.starts_with(b"data: content")
        })
    }
}

fn watching(server: &Server, thread_count: usize) -> EngineSettings {
    let mut settings = threads(settings(&[&server.url]), thread_count);
    settings.first_content = Some(Arc::new(StartsWithData));
    settings
}

fn prefill_limited(phase: PhasePlan, limit: u32) -> PhasePlan {
    PhasePlan {
        prefill_limit: Some(LimitRamp::steady(limit)),
        ..phase
    }
}

#[test]
fn the_first_content_gives_a_place_before_the_first_token_free() {
    for thread_count in [1, 2, 8] {
        // Nothing but first content: every request hangs after it, so all of them get a place only
        // if content frees it.
        let server = Server::start(|_| Reply::HangWithin("data: content\n\n".to_owned()));
        let stop = StopRules {
            duration: Some(2 * SECOND),
            grace: Some(0),
            ..StopRules::default()
        };
        let run = run(
            watching(&server, thread_count),
            single_turns(1),
            prefill_limited(closed_loop(6, stop), 1),
        );
        assert_eq!(run.outcome().counts.sent, 6, "{thread_count} threads");
        assert_eq!(run.outcome().counts.cancelled, 6);
    }
}

#[test]
fn what_is_no_content_keeps_the_place() {
    let server = Server::start(|_| Reply::HangWithin("data: role\n\n".to_owned()));
    let stop = StopRules {
        duration: Some(500 * MILLISECOND),
        grace: Some(0),
        ..StopRules::default()
    };
    for arrivals in [
        Arrivals::ClosedLoop {
            slots: LimitRamp::steady(6),
        },
        constant(50.0, None),
    ] {
        let run = run(
            watching(&server, 2),
            single_turns(1),
            prefill_limited(plan(arrivals, stop), 2),
        );
        assert_eq!(run.outcome().counts.sent, 2);
    }
}

#[test]
fn a_request_without_content_gives_its_place_back_at_its_end() {
    // Answers, failures and timeouts in turn.
    for thread_count in [1, 4] {
        let server = Server::start(|seen| match seen.index % 3 {
            0 => Reply::Hang,
            1 => Reply::HangWithin("data: role\n\n".to_owned()),
            _ => Reply::Answer("no stream".to_owned()),
        });
        let mut settings = watching(&server, thread_count);
        settings.request_timeout = Some(60 * MILLISECOND);
        let run = run(
            settings,
            single_turns(1),
            prefill_limited(closed_loop(8, requests(24)), 2),
        );
        assert_eq!(run.request_indices(), (0..24).collect::<Vec<_>>());
        assert!(crate::support::most_under_way(&run.exchanges) <= 2);
    }
}

#[test]
fn every_turn_takes_a_place_before_its_first_token() {
    for arrivals in [
        Arrivals::ClosedLoop {
            slots: LimitRamp::steady(4),
        },
        limited(None)[0].clone(),
        limited(None)[1].clone(),
    ] {
        let server = slow(10);
        let talk = vec![turn("0", 0), turn("1", 0), turn("2", 0)];
        let run = run(
            watching(&server, 2),
            conversations(vec![talk]),
            prefill_limited(plan(arrivals, requests(40)), 2),
        );
        assert_eq!(run.outcome().counts.sent, 40);
        assert!(server.most_in_flight() <= 2);
        assert!(run.outcome().counts.waits > 0);
    }
}

#[test]
fn nothing_is_sent_after_the_duration_by_whoever_gets_a_place_then() {
    for arrivals in limited(Some(LimitRamp::steady(1))) {
        let server = slow(400);
        let stop = StopRules {
            duration: Some(100 * MILLISECOND),
            ..StopRules::default()
        };
        let run = run(
            threads(settings(&[&server.url]), 2),
            single_turns(1),
            plan(arrivals, stop),
        );
        // The one that was sent had the place until after the end.
        assert_eq!((run.outcome().counts.sent, server.seen().len()), (1, 1));
    }
}
