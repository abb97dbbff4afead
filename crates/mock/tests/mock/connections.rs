//! How connections are kept, framed and ended.

use std::collections::BTreeSet;

use crate::client::{CHAT, Client, End, chat, start, truth_of};
use aiperf_mock::{MockError, MockOptions, MockServer};
use serde_json::json;

#[test]
fn a_connection_serves_one_request_after_another() {
    let mut server = start(MockOptions::default());
    let mut client = Client::connect(&server);
    for stream in [true, false, true, false] {
        let response = client.post(CHAT, &chat(json!({"stream": stream})));
        assert_eq!((response.status, response.end), (200, End::Complete));
    }
    // Once it is stopped, the last request is counted for certain.
    server.shutdown();
    let stats = server.stats();
    assert_eq!(
        (stats.connections, stats.requests, stats.output_tokens),
        (1, 4, 4 * 32)
    );
}

#[test]
fn a_client_that_asks_to_close_is_obeyed() {
    let server = start(MockOptions::default());
    for stream in [true, false] {
        let mut client = Client::connect(&server);
        let response = client.post_with(
            CHAT,
            "Connection: close\r\n",
            &chat(json!({"stream": stream})),
        );
        assert_eq!(response.header("connection"), Some("close"));
        assert_eq!(response.end, End::Complete);
        assert!(client.is_closed());
    }
}

#[test]
fn idle_close_ends_a_connection_unannounced_after_its_responses() {
    let server = start(MockOptions {
        idle_close: Some(2),
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    for _ in 0..2 {
        let response = client.post(CHAT, &chat(json!({})));
        assert_eq!(
            (response.end, response.header("connection")),
            (End::Complete, None)
        );
    }
    assert!(client.is_closed());
}

#[test]
fn a_request_may_come_in_pieces_of_any_size() {
    let server = start(MockOptions::default());
    let body = chat(json!({"max_tokens": 2})).to_string();
    let request = format!(
        "POST {CHAT} HTTP/1.1\r\nHost: mock\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    for size in [1, 7, 64] {
        let mut client = Client::connect(&server);
        for piece in request.as_bytes().chunks(size) {
            client.send_raw(piece);
        }
        assert_eq!(
            client.response().json()["usage"]["completion_tokens"],
            2,
            "pieces of {size}"
        );
    }
}

#[test]
fn a_request_body_may_be_chunked() {
    let server = start(MockOptions::default());
    let mut client = Client::connect(&server);
    let body = chat(json!({"max_tokens": 2})).to_string();
    let (start, rest) = body.split_at(20);
    client.send_raw(
        format!(
            "POST {CHAT} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\
             {:x}\r\n{start}\r\n{:X};extension\r\n{rest}\r\n0\r\n\r\n",
            start.len(),
            rest.len()
        )
        .as_bytes(),
    );
    assert_eq!(client.response().json()["usage"]["completion_tokens"], 2);
    assert_eq!(client.post(CHAT, &chat(json!({}))).status, 200);
}

#[test]
fn a_client_that_waits_for_permission_to_send_its_body_gets_it() {
    let server = start(MockOptions::default());
    let mut client = Client::connect(&server);
    let body = chat(json!({})).to_string();
    let head = format!(
        "POST {CHAT} HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    client.send_raw(head.as_bytes());
    assert_eq!(client.response().status, 100);
    client.send_raw(body.as_bytes());
    assert_eq!(client.response().status, 200);
}

#[test]
fn requests_sent_ahead_are_answered_in_turn() {
    let server = start(MockOptions {
        ttft_ms: 5.0,
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    for tokens in [1, 2, 3] {
        let body = chat(json!({"max_tokens": tokens})).to_string();
        client.send("POST", CHAT, "", body.as_bytes());
    }
    for tokens in [1, 2, 3] {
        assert_eq!(
            client.response().json()["usage"]["completion_tokens"],
            tokens
        );
    }
}

#[test]
fn what_is_not_http_is_refused_and_the_connection_closed() {
    let server = start(MockOptions::default());
    let mut client = Client::connect(&server);
    client.send_raw(b"hello there\r\n\r\n");
    let response = client.response();
    assert_eq!(
        (response.status, response.header("connection")),
        (400, Some("close"))
    );
    assert!(client.is_closed());
}

#[test]
fn a_long_prompt_is_read_whole() {
    let server = start(MockOptions::default());
    let prompt = "word ".repeat(500_000);
    let body = json!({"model": "m", "prompt": prompt, "max_tokens": 1});
    let response = Client::connect(&server).post("/v1/completions", &body);
    assert_eq!(response.json()["usage"]["prompt_tokens"], 500_000);
}

#[test]
fn several_threads_serve_one_port() {
    let truth = tempfile::NamedTempFile::new().unwrap();
    let server = start(MockOptions {
        threads: 3,
        truth_file: Some(truth.path().to_owned()),
        ..MockOptions::default()
    });
    let mut clients: Vec<_> = (0..24).map(|_| Client::connect(&server)).collect();
    let ports: BTreeSet<_> = clients.iter().map(Client::local_port).collect();
    for client in &mut clients {
        assert_eq!(client.post(CHAT, &chat(json!({}))).status, 200);
    }
    let records = truth_of(server, truth.path());
    assert_eq!(records.len(), 24);
    assert_eq!(
        records
            .iter()
            .map(|record| record.peer_port)
            .collect::<BTreeSet<_>>(),
        ports
    );
}

#[test]
fn a_port_that_is_taken_is_named() {
    let first = start(MockOptions::default());
    let port = first.address().port();
    for threads in [1, 2] {
        let error = MockServer::start(MockOptions {
            port,
            threads,
            ..MockOptions::default()
        });
        let error = error.err().unwrap();
        assert!(matches!(error, MockError::PortInUse { .. }));
        assert_eq!(
            error.to_string(),
            format!(
                "port `{port}` on `127.0.0.1` is already in use; choose another port, \
                 or 0 for a free one"
            )
        );
    }
}

#[test]
fn the_port_of_a_stopped_server_can_be_taken_again_at_once() {
    let mut first = start(MockOptions::default());
    let port = first.address().port();
    Client::connect(&first).post(CHAT, &chat(json!({})));
    first.shutdown();
    let second = start(MockOptions {
        port,
        ..MockOptions::default()
    });
    assert_eq!(Client::connect(&second).get("/health").status, 200);
}

#[test]
fn a_server_can_be_reached_over_ipv6_where_the_system_has_it() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return;
    }
    let server = start(MockOptions {
        host: "::1".to_owned(),
        ..MockOptions::default()
    });
    assert!(
        server.url().starts_with("http://[::1]:"),
        "{}",
        server.url()
    );
    assert_eq!(Client::connect(&server).get("/health").status, 200);
}

#[test]
fn a_server_on_all_addresses_names_one_that_can_be_connected_to() {
    let server = start(MockOptions {
        host: "0.0.0.0".to_owned(),
        ..MockOptions::default()
    });
    assert_eq!(
        server.url(),
        format!("http://127.0.0.1:{}", server.address().port())
    );
}

#[test]
fn options_that_cannot_be_obeyed_keep_the_server_from_starting() {
    let error = MockServer::start(MockOptions {
        ttft_ms: f64::NAN,
        ..MockOptions::default()
    });
    assert_eq!(
        error.err().unwrap().to_string(),
        "`ttft_ms` must be a number that is not below 0"
    );
    let directory = tempfile::tempdir().unwrap();
    let error = MockServer::start(MockOptions {
        truth_file: Some(directory.path().to_owned()),
        ..MockOptions::default()
    });
    assert!(
        error
            .err()
            .unwrap()
            .to_string()
            .starts_with("cannot append to truth file")
    );
}
