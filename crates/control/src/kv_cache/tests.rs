use std::slice;

use aiperf_endpoint::EndpointType;
use aiperf_endpoint::headers::HeaderSettings;

use super::*;
use crate::RequestFailure;
use crate::test_server::{
    Reaction, TestServer, client, client_with, nobody, patient, within_ten_seconds,
};

/// Pauses of a millisecond, so that tests are quick.
fn settings(budget_ms: u64) -> KvCacheReset {
    KvCacheReset {
        retry: Retry {
            budget: Duration::from_millis(budget_ms),
            first_pause: Duration::from_millis(1),
            longest_pause: Duration::from_millis(4),
        },
        ..KvCacheReset::default()
    }
}

fn reset(urls: &[&str], settings: &KvCacheReset) -> Result<(), ControlError> {
    let urls: Vec<String> = urls.iter().map(|url| (*url).to_owned()).collect();
    reset_kv_cache(&client(), &urls, settings, &patient)
}

fn failure(result: Result<(), ControlError>) -> HookFailure {
    match result {
        Err(ControlError::Hook(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

#[test]
fn defaults_are_those_of_the_reference() {
    let settings = KvCacheReset::default();
    assert_eq!(settings.path, "/reset_prefix_cache");
    assert_eq!(settings.timeout, Duration::from_secs(30));
    assert_eq!(settings.retry.budget, Duration::from_secs(60));
    assert_eq!(settings.retry.first_pause, Duration::from_secs(1));
    assert_eq!(settings.retry.longest_pause, Duration::from_secs(8));
}

#[test]
fn each_server_gets_one_empty_post_with_the_users_headers_and_key() {
    let first = TestServer::with_status(200);
    let second = TestServer::with_status(204);
    let urls = [
        &*format!("{}/v1", first.url),
        &second.url,
        &format!("{}/v1/chat/completions?a=b", first.url),
    ];
    reset(&urls, &settings(0)).unwrap();
    for server in [&first, &second] {
        let seen = server.seen();
        let [request] = &seen[..] else {
            panic!("{seen:?}");
        };
        assert_eq!(request.line, "POST /reset_prefix_cache");
        assert_eq!(request.body, "");
        for (name, expected) in [
            ("content-length", Some("0")),
            ("x-tenant", Some("t")),
            ("authorization", Some("Bearer secret-key")),
            ("user-agent", Some("aiperf/test")),
            ("x-request-id", None),
            ("x-correlation-id", None),
            ("x-session-affinity", None),
            ("content-type", None),
        ] {
            assert_eq!(request.header(name), expected, "{name}");
        }
    }
}

#[test]
fn the_messages_type_authenticates_in_its_own_way() {
    let server = TestServer::with_status(200);
    let client = client_with(&HeaderSettings {
        endpoint_type: EndpointType::Messages,
        api_key: Some("secret-key".to_owned()),
        ..HeaderSettings::default()
    });
    reset_kv_cache(
        &client,
        slice::from_ref(&server.url),
        &settings(0),
        &patient,
    )
    .unwrap();
    let request = &server.seen()[0];
    assert_eq!(request.header("x-api-key"), Some("secret-key"));
    assert_eq!(request.header("anthropic-version"), Some("2023-06-01"));
    assert_eq!(request.header("authorization"), None);
}

#[test]
fn user_and_password_of_a_url_are_sent_where_there_is_no_key() {
    let server = TestServer::with_status(200);
    let url = server.url.replace("http://", "http://me:pass@");
    let client = client_with(&HeaderSettings::default());
    reset_kv_cache(&client, &[url], &settings(0), &patient).unwrap();
    // `me:pass` in Base64.
    let authorization = "Basic bWU6cGFzcw==";
    assert_eq!(
        server.seen()[0].header("authorization"),
        Some(authorization)
    );
}

#[test]
fn another_path_is_taken_as_it_is() {
    let server = TestServer::with_status(200);
    let settings = KvCacheReset {
        path: "/flush_cache?timeout=1".to_owned(),
        ..settings(0)
    };
    reset(&[&server.url], &settings).unwrap();
    assert_eq!(server.lines(), ["POST /flush_cache?timeout=1"]);
}

#[test]
fn a_busy_server_is_asked_again_until_it_is_free() {
    for status in [409, 423, 429, 503] {
        let server = TestServer::start(move |_, before| {
            Reaction::Status(if before < 3 { status } else { 200 })
        });
        reset(&[&server.url], &settings(60_000)).unwrap();
        assert_eq!(server.seen().len(), 4, "{status}");
    }
}

#[test]
fn a_server_that_breaks_the_connection_is_asked_again() {
    let server = TestServer::start(|_, before| match before {
        0 => Reaction::Close,
        _ => Reaction::Status(200),
    });
    reset(&[&server.url], &settings(60_000)).unwrap();
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn any_other_refusal_is_final() {
    for status in [301, 400, 401, 404, 500, 502] {
        let server = TestServer::with_status(status);
        let failure = failure(reset(&[&server.url], &settings(60_000)));
        assert_eq!(server.seen().len(), 1, "{status}");
        let expected = format!(
            "reset_kv_cache failed: POST `{}/reset_prefix_cache` failed with status {status}",
            server.url
        );
        assert!(failure.to_string().starts_with(&expected), "{failure}");
    }
}

#[test]
fn the_hint_fits_the_status() {
    for (status, hint) in [
        (401, "; check `--api-key` and `--header`"),
        (
            404,
            "; `--reset-kv-cache-path` gives the path of another server",
        ),
        (500, "status 500"),
    ] {
        let server = TestServer::with_status(status);
        let failure = failure(reset(&[&server.url], &settings(0)));
        assert!(failure.to_string().ends_with(hint), "{failure}");
    }
}

#[test]
fn without_a_budget_there_is_one_attempt() {
    let server = TestServer::with_status(503);
    assert_eq!(failure(reset(&[&server.url], &settings(0))).attempts, 1);
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_server_that_is_not_there_is_given_up_when_the_budget_is_spent() {
    let failure = failure(reset(&[&nobody()], &settings(500)));
    assert!(failure.attempts > 1, "{failure}");
    assert!(failure.to_string().contains("attempts)"), "{failure}");
    assert!(failure.to_string().contains("cannot connect"), "{failure}");
}

#[test]
fn the_timeout_is_that_of_one_attempt() {
    let server = TestServer::start(|_, before| match before {
        0 | 1 => Reaction::Silence,
        _ => Reaction::Status(200),
    });
    let settings = KvCacheReset {
        timeout: Duration::from_millis(50),
        ..settings(60_000)
    };
    let url = server.url.clone();
    within_ten_seconds(move || reset(&[&url], &settings)).unwrap();
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn a_silent_server_is_reported_as_such() {
    let server = TestServer::start(|_, _| Reaction::Silence);
    let settings = KvCacheReset {
        timeout: Duration::from_millis(50),
        ..settings(0)
    };
    let url = server.url;
    let failure = failure(within_ten_seconds(move || reset(&[&url], &settings)));
    assert!(
        failure.to_string().contains("longer than its timeout"),
        "{failure}"
    );
    assert!(matches!(failure.reason, RequestFailure::Transport(_)));
}

#[test]
fn the_first_server_that_refuses_ends_it() {
    let [first, second, third] = [200, 500, 200].map(TestServer::with_status);
    let failure = failure(reset(&[&first.url, &second.url, &third.url], &settings(0)));
    assert!(failure.url.starts_with(&second.url), "{failure}");
    assert_eq!(
        [&first, &second, &third].map(|server| server.seen().len()),
        [1, 1, 0]
    );
}

#[test]
fn messages_hold_neither_credentials_nor_the_servers_words() {
    let server = TestServer::with_status(500);
    let url = server.url.replace("http://", "http://me:pass@") + "/v1?token=abc";
    let shown = failure(reset(&[&url], &settings(0))).to_string();
    assert!(shown.contains("http://<redacted>@127.0.0.1:"), "{shown}");
    for secret in ["me:", "pass", "abc", "secret"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn the_user_can_end_a_pause_and_a_request() {
    let busy = TestServer::with_status(503);
    let silent = TestServer::start(|_, _| Reaction::Silence);
    for server in [busy, silent] {
        let settings = KvCacheReset {
            retry: Retry {
                budget: Duration::from_secs(3600),
                first_pause: Duration::from_secs(600),
                longest_pause: Duration::from_secs(600),
            },
            ..KvCacheReset::default()
        };
        let result = within_ten_seconds(move || {
            let urls = [server.url.clone()];
            let was_asked = || !server.seen().is_empty();
            reset_kv_cache(&client(), &urls, &settings, &was_asked)
        });
        assert!(matches!(result, Err(ControlError::Cancelled)), "{result:?}");
    }
}

#[test]
fn settings_without_bounds_are_no_trouble() {
    let server =
        TestServer::start(|_, before| Reaction::Status(if before < 1 { 503 } else { 200 }));
    let settings = KvCacheReset {
        timeout: Duration::MAX,
        retry: Retry {
            budget: Duration::MAX,
            longest_pause: Duration::MAX,
            ..settings(0).retry
        },
        ..settings(0)
    };
    reset(&[&server.url], &settings).unwrap();
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn a_path_to_another_server_is_refused_before_anything_is_sent() {
    let server = TestServer::with_status(200);
    let settings = KvCacheReset {
        path: "http://other/reset".to_owned(),
        ..settings(0)
    };
    assert!(settings.check().is_err());
    assert!(matches!(
        reset(&[&server.url], &settings),
        Err(ControlError::Path { .. })
    ));
    assert!(server.seen().is_empty());
}

/// A proxy would be asked in place of the server, which is not there.
#[test]
fn a_hook_takes_no_proxy_and_a_question_does() {
    use aiperf_transport::{Proxies, TransportOptions};

    let proxy = TestServer::with_status(200);
    let proxies = Proxies::from_variables(|name| (name == "HTTP_PROXY").then(|| proxy.url.clone()));
    let options = TransportOptions {
        proxies: std::sync::Arc::new(proxies.unwrap()),
        ..TransportOptions::default()
    };
    let client = ControlClient::new(&HeaderSettings::default(), options).unwrap();
    let result = reset_kv_cache(&client, &[nobody()], &settings(0), &patient);
    assert!(matches!(result, Err(ControlError::Hook(_))), "{result:?}");
    assert_eq!(proxy.lines(), [""; 0]);

    let server = Destination::new(&nobody()).unwrap();
    let asked = block_on(async { Ok(client.get(&server, Duration::from_secs(5)).await) });
    assert!(asked.unwrap().is_ok());
    assert_eq!(proxy.seen().len(), 1);
}

#[test]
fn a_server_at_a_socket_is_reached() {
    use std::io::{Read as _, Write as _};

    let folder = std::env::temp_dir().join(format!("aiperf-control-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let socket = folder.join("hook.sock");
    let _ = std::fs::remove_file(&socket);
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 1024];
        let length = stream.read(&mut head).unwrap();
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        stream.write_all(answer).unwrap();
        String::from_utf8_lossy(&head[..length]).into_owned()
    });
    let url = format!("unix:{}:/v1", socket.display());
    let result = reset(&[&url], &settings(0));
    std::fs::remove_dir_all(&folder).unwrap();
    result.unwrap();
    let head = served.join().unwrap();
    assert!(
        head.starts_with("POST /reset_prefix_cache HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(
        head.to_ascii_lowercase().contains("host: localhost\r\n"),
        "{head}"
    );
}
