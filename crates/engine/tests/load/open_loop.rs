//! Open loop: requests are sent at their own times, whatever the server does.

use aiperf_clock::{MILLISECOND, Nanos};
use aiperf_mock::{MockOptions, MockServer};
use aiperf_random::RootSeed;
use aiperf_schedule::{ArrivalProcess, Arrivals, LimitRamp, Overflow, Pattern, StopRules};

use crate::server::{Reply, Server};
use crate::support::{
    Run, most_under_way, plan, requests, run, sessions, settings, single_turns, threads,
};

const SEED: RootSeed = RootSeed::fixed(7);

pub(crate) fn open(process: ArrivalProcess, session_cap: Option<u32>) -> Arrivals {
    Arrivals::OpenLoop {
        process,
        session_cap: session_cap.map(LimitRamp::steady),
        overflow: Overflow::Drop,
    }
}

pub(crate) fn constant(rate: f64, session_cap: Option<u32>) -> Arrivals {
    open(
        ArrivalProcess::new(Pattern::Constant, rate, SEED),
        session_cap,
    )
}

const PATTERNS: [Pattern; 3] = [
    Pattern::Constant,
    Pattern::Poisson,
    Pattern::Gamma { smoothness: 0.5 },
];

/// Request number, conversation, and intended offset from the phase start.
fn plan_as_carried_out(run: &Run) -> Vec<(u64, usize, Nanos)> {
    let start = run.outcome().times.start;
    let mut plan: Vec<_> = run
        .exchanges
        .iter()
        .map(|exchange| {
            let offset = exchange.intended.unwrap() - start;
            (exchange.request_index, exchange.conversation, offset)
        })
        .collect();
    plan.sort_unstable();
    plan
}

#[test]
fn the_same_seed_sends_the_same_requests_at_the_same_times_with_any_number_of_threads() {
    let server = Server::quick();
    for pattern in PATTERNS {
        let process = ArrivalProcess::new(pattern, 300.0, SEED);
        // What the seed says, without any engine.
        let expected: Vec<_> = process
            .times()
            .take(100)
            .map(|(index, offset)| (index, (index % 13) as usize, offset))
            .collect();
        for thread_count in [1, 2, 8] {
            let run = run(
                threads(settings(&[&server.url]), thread_count),
                single_turns(13),
                plan(open(process.clone(), None), requests(100)),
            );
            assert_eq!(
                plan_as_carried_out(&run),
                expected,
                "{pattern:?}, {thread_count} threads"
            );
        }
    }
}

#[test]
fn no_request_is_sent_before_its_time() {
    let server = Server::quick();
    for pattern in PATTERNS {
        let process = ArrivalProcess::new(pattern, 500.0, SEED);
        let run = run(
            threads(settings(&[&server.url]), 2),
            single_turns(1),
            plan(open(process, None), requests(200)),
        );
        for exchange in &run.exchanges {
            let intended = exchange.intended.unwrap();
            assert!(exchange.issued >= intended && exchange.http.start >= exchange.issued);
        }
        assert_eq!(run.outcome().counts.reanchors, 0);
    }
}

#[test]
fn a_slow_server_does_not_hold_the_schedule_back() {
    let server = MockServer::start(MockOptions {
        ttft_ms: 500.0,
        ..MockOptions::default()
    })
    .unwrap();
    let url = format!("{}/v1/chat/completions", server.url());
    let body = r#"{"model":"m","messages":[{"role":"user","content":"x"}],"max_tokens":1}"#;
    let run = run(
        settings(&[&url]),
        crate::support::conversations(vec![vec![crate::support::turn(body, 0)]]),
        plan(constant(200.0, None), requests(300)),
    );
    assert!(
        run.exchanges
            .iter()
            .all(|exchange| exchange.http.is_success())
    );
    // In the steady state there are 200/s x 0.5 s = 100; a loop that waits for answers has few.
    let most = most_under_way(&run.exchanges);
    assert!(most > 60, "only {most} requests were under way at once");
    let mut lateness: Vec<Nanos> = run
        .exchanges
        .iter()
        .map(|exchange| exchange.http.start - exchange.intended.unwrap())
        .collect();
    lateness.sort_unstable();
    // Waiting for answers would make them later and later, in the end by more than a minute.
    assert!(
        lateness[270] < 2_000 * MILLISECOND,
        "{} ns late",
        lateness[270]
    );
    assert_eq!(run.request_indices(), (0..300).collect::<Vec<_>>());
}

#[test]
fn an_arrival_that_finds_all_sessions_in_use_is_lost_and_counted() {
    for thread_count in [1, 2] {
        let server = Server::start(|_| {
            std::thread::sleep(std::time::Duration::from_millis(250));
            Reply::Answer(String::new())
        });
        // Arrivals at 0.1 s, 0.2 s … 1.0 s.
        let stop = StopRules {
            duration: Some(1_090 * MILLISECOND),
            ..StopRules::default()
        };
        let run = run(
            threads(settings(&[&server.url]), thread_count),
            single_turns(5),
            plan(constant(10.0, Some(2)), stop),
        );
        let counts = run.outcome().counts;
        assert_eq!(counts.sent + counts.arrivals_lost, 10);
        assert!(counts.arrivals_lost > 0 && counts.sent >= 2);
        assert!(server.most_in_flight() <= 2);
        // Lost arrivals use up no numbers.
        assert_eq!(run.request_indices(), (0..counts.sent).collect::<Vec<_>>());
    }
}

#[test]
fn lost_arrivals_do_not_count_towards_the_requests_to_be_sent() {
    let server = Server::start(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        Reply::Answer(String::new())
    });
    let run = run(
        settings(&[&server.url]),
        single_turns(5),
        plan(constant(200.0, Some(1)), requests(5)),
    );
    let counts = run.outcome().counts;
    assert_eq!(
        (counts.sent, counts.completed, run.exchanges.len()),
        (5, 5, 5)
    );
    assert!(counts.arrivals_lost > 0);
    assert_eq!(server.most_in_flight(), 1);
}

#[test]
fn arrivals_up_to_the_duration_are_sent_and_none_after() {
    let server = Server::quick();
    let stop = StopRules {
        duration: Some(995 * MILLISECOND),
        ..StopRules::default()
    };
    for thread_count in [1, 3] {
        let run = run(
            threads(settings(&[&server.url]), thread_count),
            single_turns(1),
            plan(constant(100.0, None), stop),
        );
        // At 10 ms, 20 ms … 990 ms, also when the last is sent a little late.
        assert_eq!(run.request_indices(), (0..99).collect::<Vec<_>>());
    }
}

#[test]
fn a_schedule_that_is_too_far_behind_moves_back_and_says_so() {
    let server = Server::quick();
    // A thread cannot be on time with 100,000 arrivals in its first millisecond.
    let mut settings = settings(&[&server.url]);
    settings.max_catch_up = 0;
    let run = run(
        settings,
        single_turns(1),
        plan(constant(100_000.0, None), requests(2_000)),
    );
    let counts = run.outcome().counts;
    assert!(counts.reanchors > 0 && counts.reanchored_time > 0);
    assert_eq!(run.request_indices(), (0..2_000).collect::<Vec<_>>());
    let plan = plan_as_carried_out(&run);
    assert!(
        plan.windows(2).all(|pair| pair[0].2 <= pair[1].2),
        "the order was given up"
    );
    // What was given up is what the last request is later than planned.
    let (_, _, last) = plan[1_999];
    let planned = 2_000 * 10_000;
    assert_eq!(last - planned, counts.reanchored_time);
}

#[test]
fn one_thread_that_is_behind_moves_the_schedule_of_all_back() {
    let server = Server::quick();
    let process = ArrivalProcess::new(Pattern::Constant, 100_000.0, SEED);
    for thread_count in [2, 8] {
        let mut settings = threads(settings(&[&server.url]), thread_count);
        settings.max_catch_up = 0;
        let run = run(
            settings,
            single_turns(1),
            plan(open(process.clone(), None), requests(2_000)),
        );
        let counts = run.outcome().counts;
        assert_eq!(run.request_indices(), (0..2_000).collect::<Vec<_>>());
        let moved = plan_as_carried_out(&run)
            .into_iter()
            .map(|(request, _, at)| {
                let planned = (request + 1) * 10_000;
                at.checked_sub(planned).unwrap()
            });
        // Threads that moved by themselves would tell the sum of their moves.
        assert_eq!(moved.max(), Some(counts.reanchored_time));
    }
}

#[test]
fn arrivals_after_the_last_session_has_begun_are_not_lost() {
    for thread_count in [1, 2] {
        let server = Server::start(|_| {
            std::thread::sleep(std::time::Duration::from_millis(300));
            Reply::Answer(String::new())
        });
        let run = run(
            threads(settings(&[&server.url]), thread_count),
            single_turns(1),
            plan(constant(50.0, Some(1)), sessions(1)),
        );
        let counts = run.outcome().counts;
        assert_eq!((counts.sent, counts.arrivals_lost), (1, 0));
    }
}

/// Arrivals come every 20 ms; the only place is taken for longer than the phase sends.
#[test]
fn arrivals_that_wait_in_vain_are_counted_as_lost() {
    for (grace, cut_off) in [(Some(0), 1), (None, 0)] {
        for thread_count in [1, 2] {
            let server = Server::start(|_| {
                std::thread::sleep(std::time::Duration::from_millis(600));
                Reply::Answer(String::new())
            });
            let arrivals = Arrivals::OpenLoop {
                process: ArrivalProcess::new(Pattern::Constant, 50.0, SEED),
                session_cap: Some(LimitRamp::steady(1)),
                overflow: Overflow::Queue,
            };
            let stop = StopRules {
                duration: Some(310 * MILLISECOND),
                grace,
                ..StopRules::default()
            };
            let run = run(
                threads(settings(&[&server.url]), thread_count),
                single_turns(1),
                plan(arrivals, stop),
            );
            let counts = run.outcome().counts;
            assert_eq!((counts.sent, counts.cancelled), (1, cut_off));
            // A machine that is held up may not come to look at the last of them.
            let due = 15;
            assert!((due - 2..=due).contains(&(counts.sent + counts.arrivals_lost)));
        }
    }
}
