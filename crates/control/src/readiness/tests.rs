use aiperf_endpoint::EndpointType;
use aiperf_endpoint::headers::HeaderSettings;

use super::*;
use crate::test_server::{
    Reaction, TestServer, client, client_with, nobody, patient, within_ten_seconds,
};

const READY_LIST: Reaction = Reaction::Json(r#"{"data":[{"id":"m"},{"id":"n"}]}"#);

/// Short intervals, so that tests are quick.
fn readiness(mode: ReadinessMode, timeout_ms: u64) -> Readiness {
    Readiness {
        mode,
        timeout: Duration::from_millis(timeout_ms),
        interval: Duration::from_millis(2),
    }
}

/// Long where an answer is expected, short where none will do.
fn until(is_ready: bool) -> Readiness {
    readiness(ReadinessMode::Inference, if is_ready { 60_000 } else { 10 })
}

fn settings(endpoint_type: EndpointType, models: &[&str]) -> EndpointSettings {
    EndpointSettings {
        endpoint_type,
        models: models.iter().map(|model| (*model).to_owned()).collect(),
        ..EndpointSettings::default()
    }
}

fn wait(
    urls: &[&str],
    settings: &EndpointSettings,
    readiness: &Readiness,
) -> Result<(), ControlError> {
    let urls: Vec<String> = urls.iter().map(|url| (*url).to_owned()).collect();
    let endpoint = ProbedEndpoint {
        urls: &urls,
        custom_endpoint: None,
        settings,
    };
    wait_until_ready(&client(), &endpoint, readiness, &patient)
}

#[test]
fn without_a_timeout_nothing_is_asked() {
    let server = TestServer::with_status(500);
    let settings = settings(EndpointType::Chat, &["m"]);
    wait(
        &[&server.url],
        &settings,
        &readiness(ReadinessMode::Both, 0),
    )
    .unwrap();
    assert!(server.seen().is_empty());
}

#[test]
fn the_list_is_asked_for_until_it_names_the_model() {
    let server = TestServer::start(|_, before| match before {
        0 => Reaction::Close,
        1 => Reaction::Status(503),
        2 => Reaction::Json(r#"{"data":[{"id":"other"}]}"#),
        3 => Reaction::Status(401),
        _ => READY_LIST,
    });
    let settings = settings(EndpointType::Chat, &["m"]);
    let readiness = readiness(ReadinessMode::Models, 60_000);
    wait(&[&format!("{}/v1", server.url)], &settings, &readiness).unwrap();
    assert_eq!(server.lines(), ["GET /v1/models"; 5]);
    let request = &server.seen()[0];
    assert_eq!(request.header("authorization"), Some("Bearer secret-key"));
    assert_eq!(request.header("x-tenant"), Some("t"));
    assert_eq!(request.header("x-request-id"), None);
}

#[test]
fn a_server_without_a_list_is_judged_by_its_base_address() {
    let server = TestServer::start(|seen, before| match &*seen.line {
        "GET /api/v1/models" => Reaction::Status(404),
        "GET /api" if before > 2 => Reaction::Status(200),
        _ => Reaction::Status(500),
    });
    let settings = settings(EndpointType::Chat, &["m"]);
    let readiness = readiness(ReadinessMode::Models, 60_000);
    let url = format!("{}/api/v1/chat/completions", server.url);
    wait(&[&url], &settings, &readiness).unwrap();
    let expected = ["GET /api/v1/models", "GET /api"].repeat(2);
    assert_eq!(server.lines(), expected);
}

#[test]
fn an_inference_request_is_repeated_until_it_is_answered() {
    let server = TestServer::start(|_, before| match before {
        0 => Reaction::Status(503),
        1 => Reaction::Close,
        2 => Reaction::Status(404),
        3 => Reaction::Status(401),
        4 => Reaction::Status(429),
        _ => Reaction::Json("{}"),
    });
    let settings = settings(EndpointType::Embeddings, &["m"]);
    let readiness = readiness(ReadinessMode::Inference, 60_000);
    wait(&[&format!("{}/v1", server.url)], &settings, &readiness).unwrap();
    assert_eq!(server.lines(), ["POST /v1/embeddings"; 6]);
    let request = &server.seen()[0];
    assert_eq!(request.body, r#"{"model":"m","input":["Hi"]}"#);
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("accept"), Some("application/json"));
    assert_eq!(request.header("authorization"), Some("Bearer secret-key"));
}

#[test]
fn what_a_status_says_of_an_inference_request() {
    for (status, is_ready) in [
        (200, true),
        (204, true),
        (302, false),
        (400, true),
        (401, false),
        (403, false),
        (404, false),
        (405, false),
        (408, false),
        (413, true),
        (415, true),
        (422, true),
        (429, false),
        (500, false),
        (503, false),
    ] {
        let server = TestServer::with_status(status);
        let settings = settings(EndpointType::Chat, &["m"]);
        let result = wait(&[&server.url], &settings, &until(is_ready));
        assert_eq!(result.is_ok(), is_ready, "{status}: {result:?}");
    }
}

#[test]
fn the_request_goes_where_the_load_goes() {
    let server = TestServer::with_status(200);
    let probed = |custom, streaming, endpoint_type| {
        let settings = EndpointSettings {
            streaming,
            ..settings(endpoint_type, &["m"])
        };
        let urls = [format!("{}/x", server.url)];
        let endpoint = ProbedEndpoint {
            urls: &urls,
            custom_endpoint: custom,
            settings: &settings,
        };
        let readiness = readiness(ReadinessMode::Inference, 60_000);
        wait_until_ready(&client(), &endpoint, &readiness, &patient).unwrap();
        server.lines().pop().unwrap()
    };
    let generate = EndpointType::HuggingfaceGenerate;
    for (found, expected) in [
        (
            probed(None, false, EndpointType::Chat),
            "POST /x/v1/chat/completions",
        ),
        (
            probed(Some("/my/chat"), false, EndpointType::Chat),
            "POST /x/my/chat",
        ),
        (probed(Some("/"), false, EndpointType::Chat), "POST /x"),
        (probed(None, true, generate), "POST /x/generate_stream"),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn every_url_is_asked_about_every_model_lists_first() {
    let start = || {
        TestServer::start(|seen, _| match &*seen.line {
            "GET /v1/models" => READY_LIST,
            _ => Reaction::Json("{}"),
        })
    };
    let (first, second) = (start(), start());
    let settings = settings(EndpointType::Completions, &["m", "n", "m"]);
    let readiness = readiness(ReadinessMode::Both, 60_000);
    wait(
        &[&first.url, &second.url, &first.url],
        &settings,
        &readiness,
    )
    .unwrap();
    for server in [first, second] {
        assert_eq!(
            server.lines(),
            [
                "GET /v1/models",
                "GET /v1/models",
                "POST /v1/completions",
                "POST /v1/completions"
            ]
        );
        let asked: Vec<bool> = server.seen()[2..]
            .iter()
            .zip([r#""model":"m""#, r#""model":"n""#])
            .map(|(seen, model)| seen.body.contains(model))
            .collect();
        assert_eq!(asked, [true, true]);
    }
}

#[test]
fn types_without_a_small_request_are_judged_by_their_route() {
    for (endpoint_type, line) in [
        (EndpointType::VideoGeneration, "GET /v1/videos"),
        (EndpointType::Raw, "GET /"),
    ] {
        for (status, is_ready) in [
            (200, true),
            (405, true),
            (404, false),
            (401, false),
            (503, false),
        ] {
            let server = TestServer::with_status(status);
            let settings = settings(endpoint_type, &["m", "n"]);
            let result = wait(&[&server.url], &settings, &until(is_ready));
            assert_eq!(
                result.is_ok(),
                is_ready,
                "{endpoint_type} {status}: {result:?}"
            );
            if is_ready {
                // Once, although there are two models.
                assert_eq!(server.lines(), [line]);
            }
        }
    }
}

#[test]
fn the_time_of_a_probe_ends_with_one_line_that_says_what_was_missing() {
    let server = TestServer::with_status(503);
    let settings = settings(EndpointType::Chat, &["m"]);
    let url = server.url.replace("http://", "http://me:pass@") + "?api-key=abc";
    for (mode, path) in [
        (ReadinessMode::Models, "v1/models"),
        (ReadinessMode::Inference, "v1/chat/completions"),
    ] {
        let error = wait(&[&url], &settings, &readiness(mode, 400)).unwrap_err();
        let shown = error.to_string();
        assert!(
            shown.starts_with("the server is not ready: model `m`"),
            "{shown}"
        );
        assert!(shown.contains("status 503"), "{shown}");
        assert!(shown.contains(path) && !shown.contains('\n'), "{shown}");
        for secret in ["me:", "pass", "abc", "secret"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(
            matches!(error, ControlError::NotReady { attempts, .. } if attempts > 1),
            "{shown}"
        );
    }
}

#[test]
fn a_refused_key_and_a_missing_server_are_named() {
    let settings = settings(EndpointType::Chat, &["m"]);
    let server = TestServer::with_status(401);
    for (url, words) in [
        (server.url, "status 401 (check `--api-key` and `--header`)"),
        (nobody(), "cannot connect to"),
    ] {
        for mode in [ReadinessMode::Models, ReadinessMode::Inference] {
            let error = wait(&[&url], &settings, &readiness(mode, 400)).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}

#[test]
fn a_silent_server_costs_no_more_than_the_time_of_the_probe() {
    let server = TestServer::start(|_, _| Reaction::Silence);
    let settings = settings(EndpointType::Chat, &["m"]);
    let url = server.url;
    let result = within_ten_seconds(move || {
        wait(&[&url], &settings, &readiness(ReadinessMode::Inference, 50))
    });
    assert!(
        matches!(result, Err(ControlError::NotReady { attempts: 1, .. })),
        "{result:?}"
    );
}

#[test]
fn a_last_attempt_that_was_cut_short_does_not_hide_what_was_seen_before() {
    let server = TestServer::start(|_, before| match before {
        0 => Reaction::Status(401),
        _ => Reaction::Silence,
    });
    let settings = settings(EndpointType::Chat, &["m"]);
    let readiness = readiness(ReadinessMode::Inference, 500);
    let error = wait(&[&server.url], &settings, &readiness).unwrap_err();
    let last = "last: the request took longer than its timeout, before that: status 401";
    assert!(error.to_string().contains(last), "{error}");
}

#[test]
fn waiting_for_ever_is_possible() {
    let server = TestServer::start(|_, before| match before {
        0 => Reaction::Status(503),
        _ => Reaction::Json("{}"),
    });
    let settings = settings(EndpointType::Chat, &["m"]);
    let for_ever = Readiness {
        timeout: Duration::MAX,
        ..readiness(ReadinessMode::Inference, 0)
    };
    wait(&[&server.url], &settings, &for_ever).unwrap();
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn the_user_can_end_the_waiting() {
    let server = TestServer::with_status(503);
    let result = within_ten_seconds(move || {
        let settings = settings(EndpointType::Chat, &["m"]);
        let endpoint = ProbedEndpoint {
            urls: std::slice::from_ref(&server.url),
            custom_endpoint: None,
            settings: &settings,
        };
        let readiness = Readiness {
            interval: Duration::from_secs(600),
            ..readiness(ReadinessMode::Inference, 3_600_000)
        };
        let was_asked = || !server.seen().is_empty();
        wait_until_ready(&client(), &endpoint, &readiness, &was_asked)
    });
    assert!(matches!(result, Err(ControlError::Cancelled)), "{result:?}");
}

#[test]
fn a_multipart_probe_brings_its_boundary() {
    let server = TestServer::with_status(200);
    let client = client_with(&HeaderSettings {
        endpoint_type: EndpointType::AudioTranscription,
        ..HeaderSettings::default()
    });
    let settings = settings(EndpointType::AudioTranscription, &["m"]);
    let endpoint = ProbedEndpoint {
        urls: std::slice::from_ref(&server.url),
        custom_endpoint: None,
        settings: &settings,
    };
    let readiness = readiness(ReadinessMode::Inference, 60_000);
    wait_until_ready(&client, &endpoint, &readiness, &patient).unwrap();
    let request = &server.seen()[0];
    assert_eq!(request.line, "POST /v1/audio/transcriptions");
    let content_type = request.header("content-type").unwrap();
    let boundary = content_type
        .strip_prefix("multipart/form-data; boundary=")
        .unwrap();
    assert!(request.body.contains(boundary));
}

#[test]
fn settings_from_which_no_probe_can_be_made_are_refused_at_once() {
    let no_model = settings(EndpointType::Chat, &[]);
    let readiness = readiness(ReadinessMode::Models, 60_000);
    assert!(matches!(
        wait(&["http://h"], &no_model, &readiness),
        Err(ControlError::Endpoint(EndpointError::NoModel))
    ));
    let settings = settings(EndpointType::Chat, &["m"]);
    assert!(matches!(
        wait(&["http://"], &settings, &readiness),
        Err(ControlError::Endpoint(EndpointError::Url { .. }))
    ));
}
