//! Servers that cannot be reached or make no sense: every request fails, the program says how in an
//! error summary and ends with 1, and the files tell the same.

use serde_json::Value;

use crate::support::scripted::refusing_url;
use crate::support::{Ended, Place, ScriptedServer, mock, plain_mock, quick};
use aiperf_mock::MockOptions;

const REQUESTS: usize = 3;

/// A run of which every request fails, checked in the files.
#[track_caller]
fn all_fail(place: &Place, url: &str, words: &[&str]) -> Ended {
    let words: Vec<&str> = ["--request-count", "3"]
        .iter()
        .chain(words)
        .copied()
        .collect();
    let ended = place.profile(url, &words).expect_code(1);
    assert_eq!(ended.stderr, "", "what happened belongs to the report");
    assert!(ended.stdout.contains("AllRequestsFailed"), "{ended}");

    let summary = place.summary();
    assert_eq!(summary["error_summary"][0]["count"], REQUESTS);
    assert_eq!(summary["error_request_count"]["avg"], REQUESTS as f64);
    assert!(
        summary.get("request_latency").is_none(),
        "no request was answered"
    );
    let records = place.records("profile_export.jsonl");
    assert_eq!(records.len(), REQUESTS);
    assert!(
        records
            .iter()
            .all(|record| record["error"]["type"].is_string())
    );
    assert!(
        place
            .result("profile_export_aiperf.csv")
            .contains("Error Request Count,3.00")
    );
    assert!(
        place
            .result("profile_export_console.txt")
            .contains("Error Summary")
    );
    assert!(!place.results().join(".aiperf_results_ready.json").exists());
    ended
}

#[test]
fn a_server_that_is_not_there() {
    let ended = all_fail(&Place::new(), &refusing_url(), &[]);
    assert_shown!(ended.shown("Error Summary"), @"
                                                 AIPerf | Error Summary
    ┏━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━┓
    ┃ Code ┃                 Type ┃ Message                                                                ┃ Count ┃
    ┡━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━┩
    │  N/A │ ClientConnectorError │ cannot connect to `127.0.0.1:#####`: connection refused (os error 111) │     3 │
    └──────┴──────────────────────┴────────────────────────────────────────────────────────────────────────┴───────┘
    ");
    assert_shown!(ended.shown("System Exit Errors"), @"
    ╭─ AIPerf System Exit Errors ──────────────────────────────────────────────────────────────────────────────────────────────────────────────╮
    │ • Service: system_controller                                                                                                             │
    │    Operation: export_results                                                                                                             │
    │    Error: AllRequestsFailed                                                                                                              │
    │    Reason: All 3 requests failed. The error summary says what the server or the connection answered; check the URL, the endpoint's path  │
    │            and type, and the format of its responses.                                                                                    │
    ╰──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────╯
    ");
}

#[test]
fn a_host_name_that_does_not_exist() {
    let place = Place::new();
    let ended = all_fail(&place, "http://no-such-host.invalid:1", &[]);
    let error = &place.summary()["error_summary"][0]["error_details"];
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("no-such-host.invalid"),
        "{message}\n{ended}"
    );
}

#[test]
fn a_model_that_the_server_does_not_know_is_shown_with_the_servers_words() {
    let server = mock(MockOptions {
        models: vec!["another".to_owned()],
        ..quick()
    });
    let ended = all_fail(&Place::new(), &server.url(), &[]);
    assert_shown!(ended.shown("Error Summary"), @r#"
                                                               AIPerf | Error Summary
    ┏━━━━━━┳━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━┓
    ┃ Code ┃      Type ┃ Message                                                                                                       ┃ Count ┃
    ┡━━━━━━╇━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━┩
    │  404 │ Not Found │ {"error":{"message":"the model `mock-model` is not served                                                     │     3 │
    │      │           │ here","type":"invalid_request_error","param":"model","code":"model_not_found"}}                               │       │
    └──────┴───────────┴───────────────────────────────────────────────────────────────────────────────────────────────────────────────┴───────┘
    "#);
}

#[test]
fn a_path_that_the_server_does_not_have() {
    let server = plain_mock();
    let ended = all_fail(&Place::new(), &server.url(), &["--endpoint", "/v2/nothing"]);
    assert_shown!(ended.shown("Error Summary"), @r#"
                                                               AIPerf | Error Summary
    ┏━━━━━━┳━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━┓
    ┃ Code ┃      Type ┃ Message                                                                                                       ┃ Count ┃
    ┡━━━━━━╇━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━┩
    │  404 │ Not Found │ {"error":{"message":"there is nothing at                                                                      │     3 │
    │      │           │ `/v2/nothing`","type":"invalid_request_error","param":null,"code":null}}                                      │       │
    └──────┴───────────┴───────────────────────────────────────────────────────────────────────────────────────────────────────────────┴───────┘
    "#);
}

#[test]
fn an_answer_that_is_not_json_is_shown() {
    let server = ScriptedServer::start("200 OK", "text/html", "<html>a proxy's page</html>");
    let ended = all_fail(&Place::new(), &server.url(), &[]);
    assert_shown!(ended.shown("Error Summary"), @"
                                                               AIPerf | Error Summary
    ┏━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━┓
    ┃ Code ┃                        Type ┃ Message                                                                                     ┃ Count ┃
    ┡━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━┩
    │  N/A │ InvalidInferenceResultError │ InvalidInferenceResultError('Invalid inference result: No responses with actual content     │     3 │
    │      │                             │ were received from the server (only usage/metadata, null/empty data, or [DONE] markers)')   │       │
    └──────┴─────────────────────────────┴─────────────────────────────────────────────────────────────────────────────────────────────┴───────┘
    ");
}

#[test]
fn an_answer_with_nothing_in_it_is_no_success() {
    let server = ScriptedServer::start("200 OK", "application/json", "{}");
    let ended = all_fail(&Place::new(), &server.url(), &[]);
    assert_shown!(ended.shown("Error Summary"), @"
                                                               AIPerf | Error Summary
    ┏━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━┓
    ┃ Code ┃                        Type ┃ Message                                                                                     ┃ Count ┃
    ┡━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━┩
    │  N/A │ InvalidInferenceResultError │ InvalidInferenceResultError('Invalid inference result: No responses with actual content     │     3 │
    │      │                             │ were received from the server (only usage/metadata, null/empty data, or [DONE] markers)')   │       │
    └──────┴─────────────────────────────┴─────────────────────────────────────────────────────────────────────────────────────────────┴───────┘
    ");
}

#[test]
fn a_server_without_tls_that_is_asked_for_it() {
    let server = plain_mock();
    let ended = all_fail(&Place::new(), &server.url().replace("http:", "https:"), &[]);
    assert_shown!(ended.shown("Error Summary"), @"
                                                               AIPerf | Error Summary
    ┏━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━┓
    ┃ Code ┃                    Type ┃ Message                                                                                         ┃ Count ┃
    ┡━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━┩
    │  N/A │ ClientConnectorSSLError │ TLS handshake with `127.0.0.1:#####` failed: received corrupt message of type                   │     3 │
    │      │                         │ InvalidContentType                                                                              │       │
    └──────┴─────────────────────────┴─────────────────────────────────────────────────────────────────────────────────────────────────┴───────┘
    ");
}

#[test]
fn a_server_that_never_finishes_an_answer_is_given_up_in_time() {
    let server = mock(MockOptions {
        hang_rate: 1.0,
        ..quick()
    });
    let words = [
        "--streaming",
        "--concurrency",
        "3",
        "--request-timeout-seconds",
        "0.2",
    ];
    let ended = all_fail(&Place::new(), &server.url(), &words);
    assert_shown!(ended.shown("Error Summary"), @"
                 AIPerf | Error Summary
    ┏━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━┳━━━━━━━┓
    ┃ Code ┃         Type ┃ Message        ┃ Count ┃
    ┡━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━╇━━━━━━━┩
    │  N/A │ TimeoutError │ TimeoutError() │     3 │
    └──────┴──────────────┴────────────────┴───────┘
    ");
}

#[test]
fn errors_with_markup_in_them_are_shown_as_they_are() {
    let server = ScriptedServer::start("503 Busy", "text/plain", "[bold]no[/x] \u{1b}[31mroom");
    let place = Place::new();
    let ended = all_fail(&place, &server.url(), &[]);
    assert!(ended.stdout.contains("[bold]no[/x]"), "{ended}");
    assert!(
        !ended.stdout.contains('\u{1b}'),
        "a server must not be able to paint the terminal"
    );
}

#[test]
fn a_run_in_which_only_some_requests_fail_is_a_success_that_names_them() {
    let server = mock(MockOptions {
        error_rate: 0.5,
        error_status: 429,
        ..quick()
    });
    let place = Place::new();
    let ended = place
        .profile(&server.url(), &["--request-count", "12"])
        .expect_code(0);
    let faults = server.stats().faults;
    assert!((1..12).contains(&faults));
    let summary = place.summary();
    assert_eq!(
        summary["error_request_count"]["avg"],
        Value::from(faults as f64)
    );
    assert_eq!(
        summary["request_count"]["avg"],
        Value::from((12 - faults) as f64)
    );
    assert!(ended.shown("Error Summary").contains("429"), "{ended}");
    assert!(place.results().join(".aiperf_results_ready.json").exists());
}

#[test]
fn a_run_of_a_few_failed_milliseconds_is_not_blamed_on_the_client() {
    let place = Place::new();
    all_fail(&place, &refusing_url(), &[]);
    assert_ne!(
        place.summary()["client_self_check"]["verdict"],
        "CLIENT_LIMITED"
    );
}
