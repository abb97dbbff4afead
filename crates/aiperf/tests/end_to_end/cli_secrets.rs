//! Credentials reach the server and nothing else.

use crate::support::place::wait;
use crate::support::scripted::refusing_url;
use crate::support::{Place, ScriptedServer};

const ANSWER: &str = r#"{"id":"1","object":"chat.completion","created":1,"model":"mock-model",
"choices":[{"index":0,"message":{"role":"assistant","content":"fine words"},"finish_reason":"stop"}],
"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#;

const SECRETS: &[&str] = &[
    "key-5f1c",
    "token-8a2e",
    "cookie-77d0",
    "json-31b9",
    "pass-c4e6",
    "query-9d3f",
    "path-1e8b",
    "proxy-70aa",
];

/// A command line with a secret in every place that may hold one.
fn words_with_secrets() -> Vec<&'static str> {
    vec![
        "--api-key",
        "key-5f1c",
        "--header",
        "X-Api-Token:token-8a2e",
        "-H",
        "Cookie:cookie-77d0",
        "-H",
        r#"{"X-Signature": "json-31b9"}"#,
        "--custom-endpoint",
        "/v1/chat/completions?api-key=path-1e8b&n=1",
        "--export-level",
        "raw",
        "--request-count",
        "2",
        "--warmup-request-count",
        "1",
        "--log-level",
        "trace",
        "--export-http-trace",
    ]
}

/// Requires that no secret is in the output or in any file.
#[track_caller]
fn nothing_leaks(place: &Place, ended: &crate::support::Ended) {
    let files = place.files(place.path());
    assert!(files.len() > 4, "{files:?}");
    for secret in SECRETS {
        assert!(
            !ended.stdout.contains(secret),
            "`{secret}` on standard output: {ended}"
        );
        assert!(
            !ended.stderr.contains(secret),
            "`{secret}` on standard error: {ended}"
        );
        for file in &files {
            let content = std::fs::read(place.path().join(file)).unwrap();
            let content = String::from_utf8_lossy(&content);
            assert!(
                !content.contains(secret),
                "`{secret}` in {file}:\n{content}"
            );
        }
    }
}

#[test]
fn credentials_reach_the_server_but_no_file_and_no_output() {
    let server = ScriptedServer::start("200 OK", "application/json", ANSWER);
    let place = Place::new();
    let url = format!(
        "http://user:pass-c4e6@{}/?api_key=query-9d3f",
        server.authority()
    );
    let ended = place.profile(&url, &words_with_secrets()).expect_code(0);

    let heads = server.heads();
    assert_eq!(heads.len(), 3);
    for head in heads {
        let lower = head.to_lowercase();
        assert!(lower.contains("x-api-token: token-8a2e"), "{head}");
        assert!(lower.contains("cookie: cookie-77d0"), "{head}");
        assert!(lower.contains("x-signature: json-31b9"), "{head}");
        assert!(lower.contains("authorization: bearer key-5f1c"), "{head}");
        assert!(lower.contains("api_key=query-9d3f"), "{head}");
        assert!(lower.contains("api-key=path-1e8b"), "{head}");
    }
    nothing_leaks(&place, &ended);
}

#[test]
fn the_password_of_a_url_is_sent_as_basic_authentication() {
    let server = ScriptedServer::start("200 OK", "application/json", ANSWER);
    let place = Place::new();
    let url = format!("http://user:pass-c4e6@{}", server.authority());
    let words = ["--request-count", "1", "--export-level", "raw"];
    let ended = place.profile(&url, &words).expect_code(0);
    let head = server.heads().remove(0);
    // `user:pass-c4e6` in Base64.
    const ENCODED: &str = "dXNlcjpwYXNzLWM0ZTY=";
    assert!(
        head.to_lowercase().contains("authorization: basic"),
        "{head}"
    );
    assert!(head.contains(ENCODED), "{head}");
    nothing_leaks(&place, &ended);
    for file in place.files(place.path()) {
        let content = std::fs::read_to_string(place.path().join(&file)).unwrap();
        assert!(!content.contains(ENCODED), "{file}");
    }
}

#[test]
fn a_server_that_repeats_credentials_in_an_error_is_not_quoted_with_them() {
    const BODY: &str = r#"{"error":{"message":"key-5f1c, Bearer key-5f1c, token-8a2e, cookie-77d0,
json-31b9, path-1e8b, query-9d3f and pass-c4e6 are not known here"}}"#;
    let server = ScriptedServer::start("401 Unauthorized", "application/json", BODY);
    let place = Place::new();
    let url = format!(
        "http://user:pass-c4e6@{}/?api_key=query-9d3f",
        server.authority()
    );
    // The raw file holds answers as they came.
    let words: Vec<&str> = words_with_secrets()
        .into_iter()
        .map(|word| if word == "raw" { "records" } else { word })
        .collect();
    let ended = place.profile(&url, &words).expect_code(1);
    nothing_leaks(&place, &ended);
    let records = place.result("profile_export.jsonl");
    assert!(
        records.contains("<redacted>, <redacted>, <redacted>"),
        "{records}"
    );
    assert!(records.contains("are not known here"), "{records}");
}

#[test]
fn credentials_do_not_leak_through_errors() {
    let place = Place::new();
    let url = refusing_url().replace("http://", "http://user:pass-c4e6@") + "/?api_key=query-9d3f";
    let ended = place.profile(&url, &words_with_secrets()).expect_code(1);
    nothing_leaks(&place, &ended);
}

#[test]
fn credentials_of_fields_and_paths_reach_the_server_and_stay_out_of_the_recorded_configuration() {
    let server = ScriptedServer::start("200 OK", "application/json", ANSWER);
    let place = Place::new();
    let words = [
        "--request-count",
        "1",
        "--extra-inputs",
        "api_key:field-3c3c,n:1",
        "--extra-inputs",
        r#"{"login": {"password": "deep-4d4d"}}"#,
        "-vv",
    ];
    let ended = place.profile(&server.url(), &words).expect_code(0);
    // Bodies are what was measured: they are written as they were sent, and nowhere else.
    let bodies = ["inputs.json"];
    for file in place.files(&place.results()) {
        let content = place.result(&file);
        for secret in ["field-3c3c", "deep-4d4d"] {
            assert_eq!(
                content.contains(secret),
                bodies.contains(&file.as_str()),
                "`{secret}` in {file}"
            );
            assert!(!ended.to_string().contains(secret), "{ended}");
        }
    }
}

#[test]
fn credentials_of_a_proxy_do_not_leak_whether_it_works_or_not() {
    let proxy = ScriptedServer::start("200 OK", "application/json", ANSWER);
    let refusing = refusing_url().replace("http://", "");
    for (address, code) in [(proxy.authority(), 0), (refusing, 1)] {
        let place = Place::new();
        let mut command = place.profiling("http://server.invalid", &words_with_secrets());
        command
            .env("AIPERF_HTTP_TRUST_ENV", "true")
            .env("HTTP_PROXY", format!("http://user:proxy-70aa@{address}"));
        let ended = wait(command.spawn().unwrap()).expect_code(code);
        nothing_leaks(&place, &ended);
    }
    let place = Place::new();
    let mut command = place.profiling("http://server.invalid", &words_with_secrets());
    command
        .env("AIPERF_HTTP_TRUST_ENV", "true")
        .env("HTTP_PROXY", "http://user:proxy-70aa@host:port");
    let ended = wait(command.spawn().unwrap()).expect_code(1);
    assert!(ended.stderr.contains("HTTP_PROXY"), "{ended}");
    assert!(!ended.to_string().contains("proxy-70aa"), "{ended}");
}

#[test]
fn credentials_do_not_leak_through_refused_command_lines() {
    let place = Place::new();
    let mut words = vec![
        "profile",
        "--url",
        "http://user:pass-c4e6@host:port/?api_key=query-9d3f",
    ];
    words.extend(words_with_secrets());
    let ended = place.run(&words).expect_code(1);
    for secret in SECRETS {
        assert!(!ended.to_string().contains(secret), "`{secret}`: {ended}");
    }
}
