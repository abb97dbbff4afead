//! Several servers, and what they are asked besides inference: whether they are ready, to empty their
//! cache, to run their profiler.

use std::path::Path;

use aiperf_mock::{MockOptions, MockServer, TruthRecord};
use rustix::process::Signal;

use crate::support::place::{signal, wait, wait_until};
use crate::support::{Place, ScriptedServer, mock, quick};

const CHAT: &str = "/v1/chat/completions";

/// A server that writes down what it is asked.
fn witness(place: &Place, name: &str, options: MockOptions) -> MockServer {
    mock(MockOptions {
        truth_file: Some(place.path().join(name)),
        ..options
    })
}

/// What a server that has ended was asked, in the order of arrival.
fn asked(place: &Place, name: &str) -> Vec<TruthRecord> {
    let text = std::fs::read_to_string(place.path().join(name)).unwrap();
    let mut records: Vec<TruthRecord> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    records.sort_by_key(|record| record.arrival_ns);
    records
}

fn paths(records: &[TruthRecord]) -> Vec<&str> {
    records.iter().map(|record| &*record.path).collect()
}

#[test]
fn sessions_take_several_servers_in_turn_and_stay_with_theirs() {
    let users = ["--user-centric-rate", "40", "--num-users", "6"];
    let slots = ["--concurrency", "1"];
    for (load, bound) in [(&users[..], "12"), (&slots[..], "6")] {
        let place = Place::new();
        let names = ["a", "b", "c"];
        let mut servers = names.map(|name| witness(&place, name, quick()));
        let urls: Vec<_> = servers.iter().map(MockServer::url).collect();
        let mut words = vec!["--streaming", "--session-turns-mean", "2"];
        words.extend(["--num-sessions", bound]);
        words.extend(load);
        place.profile(&urls.join(","), &words).expect_code(0);
        servers.iter_mut().for_each(MockServer::shutdown);
        let requests = place.records("profile_export.jsonl");
        // Sessions in the order in which they began.
        let mut firsts: Vec<_> = requests
            .iter()
            .map(|record| &record["metadata"])
            .filter(|metadata| metadata["turn_index"] == 0)
            .collect();
        firsts.sort_by_key(|metadata| metadata["credit_issued_ns"].as_i64());
        let server_of = |request: &serde_json::Value| {
            let id = request["x_request_id"].as_str();
            names.iter().position(|name| {
                let asked = asked(&place, name);
                asked
                    .iter()
                    .any(|record| record.x_request_id.as_deref() == id)
            })
        };
        for (number, first) in firsts.iter().enumerate() {
            assert_eq!(server_of(first), Some(number % 3), "{load:?}");
        }
        for request in &requests {
            let session = &request["metadata"]["x_correlation_id"];
            let first = firsts
                .iter()
                .find(|first| first["x_correlation_id"] == *session)
                .unwrap();
            assert_eq!(server_of(&request["metadata"]), server_of(first));
        }
    }
}

#[test]
fn hooks_reach_each_server_once_and_the_profiler_runs_while_it_is_measured() {
    let place = Place::new();
    let options = MockOptions {
        api_key: Some("k".to_owned()),
        ..quick()
    };
    let names = ["a", "b"];
    let mut servers = names.map(|name| witness(&place, name, options.clone()));
    // Two URLs of the first server.
    let urls = format!("{0},{0}/v1,{1}", servers[0].url(), servers[1].url());
    let words = [
        "--api-key",
        "k",
        "--wait-for-model-timeout",
        "20",
        "--wait-for-model-mode",
        "models",
        "--reset-kv-cache",
        "--server-profiler",
        "--warmup-request-count",
        "3",
        "--request-count",
        "6",
    ];
    let ended = place.profile(&urls, &words).expect_code(0);
    servers.iter_mut().for_each(MockServer::shutdown);
    let (list, reset) = ("/v1/models", "/reset_prefix_cache");
    let (start, stop) = ("/start_profile", "/stop_profile");
    // Of three URLs two are the first server's, so it has two of three requests.
    let first = [
        list, list, reset, CHAT, CHAT, start, CHAT, CHAT, CHAT, CHAT, stop,
    ];
    let second = [list, reset, CHAT, start, CHAT, CHAT, stop];
    for (name, expected) in [("a", &first[..]), ("b", &second[..])] {
        let asked = asked(&place, name);
        assert_eq!(paths(&asked), expected, "{name}\n{ended}");
        assert!(asked.iter().all(|record| record.status == Some(200)));
        // What is asked besides is no request of the benchmark.
        let is_measured = |record: &TruthRecord| record.x_request_id.is_some();
        assert!(
            asked
                .iter()
                .all(|record| is_measured(record) == (record.path == CHAT))
        );
    }
    assert_eq!(place.records("profile_export.jsonl").len(), 9);
}

#[test]
fn a_profiler_that_does_not_start_everywhere_is_stopped_where_it_runs() {
    let place = Place::new();
    let mut good = witness(&place, "a", quick());
    let bad = ScriptedServer::start("500 Oh", "text/plain", "secret words");
    let urls = format!("{},{}", good.url(), bad.url());
    let ended = place.profile(&urls, &["--server-profiler"]).expect_code(1);
    good.shutdown();
    assert_eq!(
        paths(&asked(&place, "a")),
        ["/start_profile", "/stop_profile"]
    );
    assert_eq!(bad.heads().len(), 1, "nothing but the start");
    assert!(
        ended.stderr.contains("server_profiler start failed"),
        "{ended}"
    );
    assert!(ended.stderr.contains("500"), "{ended}");
    assert!(!ended.stderr.contains("secret"), "{ended}");
}

#[test]
fn an_interrupted_run_leaves_no_profiler_on() {
    let place = Place::new();
    let options = MockOptions {
        hang_rate: 1.0,
        ..quick()
    };
    let mut server = witness(&place, "a", options);
    let words = ["--server-profiler", "--request-count", "100"];
    let child = place.profiling(&server.url(), &words).spawn().unwrap();
    let log = place.results().join("logs/aiperf.log");
    wait_until("the phase has begun", || {
        std::fs::read_to_string(&log).is_ok_and(|log| log.contains("(profiling) started"))
    });
    signal(&child, Signal::TERM);
    wait(child);
    server.shutdown();
    let asked = asked(&place, "a");
    assert_eq!(
        asked.first().map(|record| &*record.path),
        Some("/start_profile")
    );
    assert_eq!(
        asked.last().map(|record| &*record.path),
        Some("/stop_profile")
    );
}

#[test]
fn a_server_that_gets_ready_late_is_waited_for() {
    let place = Place::new();
    let options = MockOptions {
        inference_ready_after_ms: 700.0,
        ..quick()
    };
    let mut server = witness(&place, "a", options);
    let words = [
        "--wait-for-model-timeout",
        "30",
        "--wait-for-model-interval",
        "0.1",
        "--request-count",
        "2",
    ];
    place.profile(&server.url(), &words).expect_code(0);
    server.shutdown();
    let asked = asked(&place, "a");
    let statuses: Vec<_> = asked.iter().map(|record| record.status.unwrap()).collect();
    let ready = statuses.iter().position(|&status| status == 200).unwrap();
    assert!(ready > 0, "it was ready at once");
    assert!(statuses[..ready].iter().all(|&status| status == 503));
    // The probe that succeeded, and the two requests.
    assert_eq!(statuses[ready..], [200; 3]);
}

#[test]
fn an_interrupt_while_a_server_is_waited_for_is_no_failure() {
    for words in [
        &["--wait-for-model-timeout", "60"][..],
        &["--reset-kv-cache"],
    ] {
        let place = Place::new();
        let server = ScriptedServer::start("503 Busy", "text/plain", "");
        let child = place.profiling(&server.url(), words).spawn().unwrap();
        wait_until("the server is asked", || !server.heads().is_empty());
        signal(&child, Signal::INT);
        let ended = wait(child).expect_code(130);
        assert!(ended.stderr.contains("cancelled while waiting"), "{ended}");
    }
}

#[test]
fn a_server_at_a_socket_gets_hooks_and_questions_too() {
    let place = Place::new();
    let socket = place.path().join("s.sock");
    let options = MockOptions {
        unix_socket: Some(socket.clone()),
        ..quick()
    };
    let mut server = witness(&place, "a", options);
    let url = |path: &Path| format!("unix:{}:/v1", path.display());
    let words = [
        "--wait-for-model-timeout",
        "20",
        "--wait-for-model-mode",
        "both",
        "--reset-kv-cache",
        "--server-profiler",
        "--request-count",
        "1",
    ];
    place.profile(&url(&socket), &words).expect_code(0);
    server.shutdown();
    assert_eq!(
        paths(&asked(&place, "a")),
        [
            "/v1/models",
            CHAT,
            "/reset_prefix_cache",
            "/start_profile",
            CHAT,
            "/stop_profile"
        ]
    );
}
