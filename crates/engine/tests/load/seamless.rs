//! A phase that begins while the one before it waits for its last answers.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use aiperf_clock::{MILLISECOND, Nanos};
use aiperf_engine::{Engine, Exchange, ExchangeSink, PhaseOutcome};
use aiperf_schedule::{LimitRamp, PhasePlan, StopRules};

use crate::open_loop::constant;
use crate::server::{Reply, Server};
use crate::support::{
    Collector, closed_loop, most_under_way, plan, requests, sessions, settings, single_turns,
    threads,
};

/// What came of two phases, the second of which is seamless.
struct Overlap {
    first: PhaseOutcome,
    second: PhaseOutcome,
    /// By phase.
    exchanges: [Vec<Exchange>; 2],
}

/// Answers after so long.
fn slow(milliseconds: u64) -> Server {
    Server::start(move |_| {
        std::thread::sleep(Duration::from_millis(milliseconds));
        Reply::Answer(String::new())
    })
}

fn run(thread_count: usize, server: &Server, first: PhasePlan, second: PhasePlan) -> Overlap {
    let collector = Arc::new(Collector::default());
    let sink: Arc<dyn ExchangeSink> = Arc::<Collector>::clone(&collector);
    let settings = threads(settings(&[&server.url]), thread_count);
    let (done, when_done) = mpsc::channel();
    let running = std::thread::spawn(move || {
        let mut engine = Engine::start(settings, &Arc::new(single_turns(1_000)), &sink).unwrap();
        let mut before = engine.begin(first).unwrap();
        before.until_sending_complete(|_| {}).unwrap();
        let after = engine.follow(&before, second).unwrap();
        let second = after.finish(|_| {}).unwrap();
        let first = before.finish(|_| {}).unwrap();
        let _ = done.send(());
        (first, second)
    });
    // An error means that the thread has panicked, which joining tells better.
    let patience = Duration::from_secs(60);
    assert!(
        when_done.recv_timeout(patience) != Err(mpsc::RecvTimeoutError::Timeout),
        "the run does not end"
    );
    let (first, second) = running.join().unwrap();
    let (one, other) = collector
        .take()
        .into_iter()
        .partition(|exchange| exchange.phase == 0);
    Overlap {
        first,
        second,
        exchanges: [one, other],
    }
}

fn earliest(exchanges: &[Exchange]) -> Nanos {
    exchanges
        .iter()
        .map(|exchange| exchange.http.start)
        .min()
        .unwrap()
}

fn session_numbers(exchanges: &[Exchange]) -> Vec<u64> {
    let mut sessions: Vec<u64> = exchanges.iter().map(|exchange| exchange.session).collect();
    sessions.sort_unstable();
    sessions
}

#[test]
fn it_begins_with_the_last_request_of_the_phase_before() {
    for thread_count in [1, 2] {
        for (first, second) in [
            (closed_loop(2, requests(4)), closed_loop(4, sessions(3))),
            (
                plan(constant(200.0, None), sessions(4)),
                plan(constant(200.0, None), requests(3)),
            ),
        ] {
            let server = slow(200);
            let Overlap {
                first,
                second,
                exchanges,
            } = run(thread_count, &server, first, second);
            let last_sent = first.sending_complete.at;
            assert!(second.times.start >= last_sent);
            let gap = second.times.start - last_sent;
            assert!(gap < 150 * MILLISECOND, "{gap} ns; an answer takes 200 ms");
            assert!(second.times.start < first.times.end, "they overlap");
            assert_eq!((first.counts.completed, second.counts.completed), (4, 3));
            assert_eq!((first.counts.cancelled, second.counts.cancelled), (0, 0));
            // Each counts its own requests, and goes on in the dataset.
            assert_eq!(session_numbers(&exchanges[0]), [0, 1, 2, 3]);
            assert_eq!(session_numbers(&exchanges[1]), [4, 5, 6]);
            let mut numbers: Vec<_> = exchanges[1].iter().map(|e| e.request_index).collect();
            numbers.sort_unstable();
            assert_eq!(numbers, [0, 1, 2]);
        }
    }
}

#[test]
fn the_end_of_a_duration_begins_it_too() {
    let server = slow(400);
    let stop = StopRules {
        duration: Some(100 * MILLISECOND),
        grace: None,
        ..StopRules::default()
    };
    let overlap = run(
        1,
        &server,
        closed_loop(3, stop),
        closed_loop(6, requests(3)),
    );
    let begun = overlap.second.times.start - overlap.first.times.start;
    assert!(begun >= 100 * MILLISECOND, "{begun}");
    assert!(overlap.second.times.start < overlap.first.times.end);
    assert!(overlap.first.sending_complete.timed_out);
    assert_eq!(overlap.exchanges[0].len(), 3);
}

#[test]
fn what_is_under_way_before_counts_against_its_limit() {
    for thread_count in [1, 2] {
        for (first, second) in [
            (closed_loop(4, requests(4)), closed_loop(4, requests(6))),
            (
                closed_loop(4, requests(4)),
                plan(constant(500.0, Some(4)), requests(6)),
            ),
            (
                plan(constant(500.0, Some(4)), requests(4)),
                closed_loop(4, requests(6)),
            ),
        ] {
            let server = slow(100);
            let overlap = run(thread_count, &server, first, second);
            assert_eq!(overlap.second.counts.completed, 6);
            let [first, second] = overlap.exchanges;
            assert!(earliest(&second) > first.iter().map(|e| e.http.end).min().unwrap());
            assert!(most_under_way(&[first, second].concat()) <= 4);
        }
    }
}

#[test]
fn a_smaller_limit_waits_until_enough_is_answered() {
    let server = slow(100);
    let first = closed_loop(5, requests(5));
    let mut second = closed_loop(2, requests(4));
    second.prefill_limit = Some(LimitRamp::steady(2));
    let overlap = run(1, &server, first, second);
    let mut ends: Vec<_> = overlap.exchanges[0].iter().map(|e| e.http.end).collect();
    ends.sort_unstable();
    // With four of the five answered, one is under way and one more may begin.
    assert!(earliest(&overlap.exchanges[1]) >= ends[3]);
    assert_eq!(overlap.second.counts.completed, 4);
}

#[test]
fn without_a_common_limit_nothing_is_waited_for() {
    let server = slow(300);
    let first = plan(constant(500.0, None), requests(5));
    let overlap = run(1, &server, first, closed_loop(1, requests(1)));
    let first_end = overlap.exchanges[0]
        .iter()
        .map(|e| e.http.end)
        .min()
        .unwrap();
    assert!(earliest(&overlap.exchanges[1]) < first_end);
}
