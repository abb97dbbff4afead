use std::sync::{Arc, Mutex};

use super::*;
use crate::test_server::{Reaction, TestServer, client, nobody, patient, within_ten_seconds};

/// Three servers that write what they are asked into one list, as `1 POST /start_profile`.
struct Fleet {
    urls: Vec<String>,
    order: Arc<Mutex<Vec<String>>>,
}

impl Fleet {
    fn start(react: impl Fn(usize, &str) -> Reaction + Send + Sync + Clone + 'static) -> Self {
        let order = Arc::new(Mutex::new(Vec::new()));
        let urls = (1..=3)
            .map(|number| {
                let (order, react) = (Arc::clone(&order), react.clone());
                let server = TestServer::start(move |seen, _| {
                    let line = format!("{number} {}", seen.line.replace("POST /", ""));
                    order.lock().unwrap().push(line);
                    react(number, &seen.line)
                });
                server.url
            })
            .collect();
        Self { urls, order }
    }

    fn profiler(&self) -> ServerProfiler {
        let settings = ServerProfilerSettings {
            timeout: Duration::from_millis(200),
            ..ServerProfilerSettings::default()
        };
        ServerProfiler::new(&client(), &self.urls, &settings).unwrap()
    }

    fn order(&self) -> Vec<String> {
        self.order.lock().unwrap().clone()
    }
}

const ALL_STARTED: [&str; 3] = ["1 start_profile", "2 start_profile", "3 start_profile"];
const ALL_STOPPED: [&str; 3] = ["1 stop_profile", "2 stop_profile", "3 stop_profile"];

fn obeying(_: usize, _: &str) -> Reaction {
    Reaction::Status(200)
}

#[test]
fn defaults_are_those_of_the_reference() {
    let settings = ServerProfilerSettings::default();
    assert_eq!(settings.start_path, "/start_profile");
    assert_eq!(settings.stop_path, "/stop_profile");
    assert_eq!(settings.timeout, Duration::from_secs(30));
}

#[test]
fn every_server_is_started_before_a_phase_and_stopped_after_it() {
    let fleet = Fleet::start(obeying);
    let mut profiler = fleet.profiler();
    assert!(fleet.order().is_empty());
    profiler.phase_begins(&patient).unwrap();
    assert_eq!(fleet.order(), ALL_STARTED);
    profiler.phase_ends();
    assert_eq!(fleet.order()[3..], ALL_STOPPED);
    profiler.phase_begins(&patient).unwrap();
    profiler.phase_ends();
    assert_eq!(fleet.order().len(), 12);
}

#[test]
fn hooks_carry_the_key_and_the_users_headers() {
    let server = TestServer::with_status(200);
    let urls = [server.url.clone()];
    let settings = ServerProfilerSettings {
        start_path: "/begin".to_owned(),
        stop_path: "/end".to_owned(),
        ..ServerProfilerSettings::default()
    };
    let mut profiler = ServerProfiler::new(&client(), &urls, &settings).unwrap();
    profiler.phase_begins(&patient).unwrap();
    profiler.phase_ends();
    assert_eq!(server.lines(), ["POST /begin", "POST /end"]);
    for request in server.seen() {
        assert_eq!(request.header("authorization"), Some("Bearer secret-key"));
        assert_eq!(request.header("x-tenant"), Some("t"));
        assert_eq!(request.header("content-length"), Some("0"));
    }
}

#[test]
fn overlapping_phases_share_one_start_and_one_stop() {
    let fleet = Fleet::start(obeying);
    let mut profiler = fleet.profiler();
    profiler.phase_begins(&patient).unwrap();
    profiler.phase_begins(&patient).unwrap();
    profiler.phase_ends();
    assert_eq!(fleet.order(), ALL_STARTED);
    profiler.phase_ends();
    assert_eq!(fleet.order()[3..], ALL_STOPPED);
}

#[test]
fn a_profiler_that_was_never_started_is_never_stopped() {
    let fleet = Fleet::start(obeying);
    let mut profiler = fleet.profiler();
    profiler.phase_ends();
    profiler.stop();
    drop(profiler);
    assert!(fleet.order().is_empty());
}

#[test]
fn a_run_that_ends_early_leaves_no_profiler_on() {
    let fleet = Fleet::start(obeying);
    let mut profiler = fleet.profiler();
    profiler.phase_begins(&patient).unwrap();
    profiler.phase_begins(&patient).unwrap();
    drop(profiler);
    assert_eq!(fleet.order()[3..], ALL_STOPPED);
}

#[test]
fn a_start_that_fails_stops_the_started_servers_in_reverse_order() {
    let fleet = Fleet::start(|number, line| match (number, line) {
        (3, "POST /start_profile") => Reaction::Status(500),
        // That one of them does not stop must not keep the other one running.
        (2, "POST /stop_profile") => Reaction::Status(500),
        _ => Reaction::Status(200),
    });
    let mut profiler = fleet.profiler();
    let error = profiler.phase_begins(&patient).unwrap_err();
    let expected = format!(
        "server_profiler start failed: POST `{}/start_profile` failed with status 500",
        fleet.urls[2]
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(fleet.order()[3..], ["2 stop_profile", "1 stop_profile"]);
    drop(profiler);
    assert_eq!(fleet.order().len(), 5);
}

#[test]
fn a_start_is_not_repeated() {
    let fleet = Fleet::start(|_, _| Reaction::Status(503));
    assert!(fleet.profiler().phase_begins(&patient).is_err());
    assert_eq!(fleet.order(), ["1 start_profile"]);
}

#[test]
fn a_server_that_may_have_started_without_saying_so_is_stopped_too() {
    for silent in [Reaction::Silence, Reaction::Close] {
        let fleet = Fleet::start(move |number, line| match (number, line) {
            (2, "POST /start_profile") => silent.clone(),
            _ => Reaction::Status(200),
        });
        assert!(fleet.profiler().phase_begins(&patient).is_err());
        assert_eq!(fleet.order()[2..], ["2 stop_profile", "1 stop_profile"]);
    }
}

#[test]
fn a_server_that_was_not_reached_is_not_stopped() {
    let mut fleet = Fleet::start(obeying);
    fleet.urls[1] = nobody();
    assert!(fleet.profiler().phase_begins(&patient).is_err());
    assert_eq!(fleet.order(), ["1 start_profile", "1 stop_profile"]);
}

#[test]
fn every_server_is_asked_to_stop_and_one_message_names_those_that_do_not() {
    let fleet = Fleet::start(|number, line| match (number, line) {
        (1 | 2, "POST /stop_profile") => Reaction::Status(404),
        _ => Reaction::Status(200),
    });
    let mut profiler = fleet.profiler();
    profiler.phase_begins(&patient).unwrap();
    let error = block_on(profiler.stop_everywhere()).unwrap_err();
    assert_eq!(fleet.order()[3..], ALL_STOPPED);
    let hint = "; `--server-profiler-stop-path` gives the path of another server";
    let [one, two] = [0, 1].map(|index| {
        let url = &fleet.urls[index];
        format!("POST `{url}/stop_profile` failed with status 404{hint}")
    });
    assert_eq!(
        error.to_string(),
        format!("server_profiler stop failed for 2 origin(s): {one}; {two}")
    );
}

#[test]
fn a_user_who_gives_up_between_two_starts_finds_the_first_stopped() {
    let fleet = Fleet::start(obeying);
    let mut profiler = fleet.profiler();
    let order = Arc::clone(&fleet.order);
    let result = profiler.phase_begins(&move || !order.lock().unwrap().is_empty());
    assert!(matches!(result, Err(ControlError::Cancelled)), "{result:?}");
    assert_eq!(fleet.order(), ["1 start_profile", "1 stop_profile"]);
}

#[test]
fn a_user_who_gives_up_during_a_start_finds_it_stopped() {
    let fleet = Fleet::start(|number, line| match (number, line) {
        (2, "POST /start_profile") => Reaction::Silence,
        _ => Reaction::Status(200),
    });
    let settings = ServerProfilerSettings {
        timeout: Duration::from_secs(3600),
        ..ServerProfilerSettings::default()
    };
    let order = Arc::clone(&fleet.order);
    let urls = fleet.urls.clone();
    let result = within_ten_seconds(move || {
        let mut profiler = ServerProfiler::new(&client(), &urls, &settings).unwrap();
        profiler.phase_begins(&move || order.lock().unwrap().len() >= 2)
    });
    assert!(matches!(result, Err(ControlError::Cancelled)), "{result:?}");
    assert_eq!(fleet.order()[2..], ["2 stop_profile", "1 stop_profile"]);
}

#[test]
fn paths_to_other_servers_are_refused() {
    for (start, stop) in [("start", "/stop"), ("/start", "http://other/stop")] {
        let settings = ServerProfilerSettings {
            start_path: start.to_owned(),
            stop_path: stop.to_owned(),
            ..ServerProfilerSettings::default()
        };
        assert!(settings.check().is_err());
        assert!(ServerProfiler::new(&client(), &["h".to_owned()], &settings).is_err());
    }
}
