//! The faults that a rule or a request asks for by name.

use std::time::Duration;

use crate::client::{CHAT, Client, End, Response, chat, start};
use aiperf_mock::MockOptions;
use serde_json::json;

/// What a chat stream of eight tokens looks like with this fault.
fn streamed(fault: &str) -> Response {
    ask(fault, true)
}

fn whole(fault: &str) -> Response {
    ask(fault, false)
}

fn ask(fault: &str, stream: bool) -> Response {
    let server = start(MockOptions {
        stall_ms: 5.0,
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    client.set_patience(Duration::from_millis(300));
    let header = format!("X-Mock-Fault: {fault}\r\n");
    let body = chat(json!({"stream": stream, "max_tokens": 8}));
    let response = client.post_with(CHAT, &header, &body);
    assert_eq!(server.stats().faults, 1, "{fault}");
    response
}

#[test]
fn some_faults_come_before_any_answer() {
    for stream in [true, false] {
        assert_eq!(ask("close", stream).end, End::Closed);
        assert_eq!(ask("silence", stream).end, End::Silent);
        assert_eq!(ask("silence", stream).head, "");
    }
}

#[test]
fn what_is_not_http_is_not() {
    let server = start(MockOptions {
        faults: vec!["not-http".parse().unwrap()],
        ..MockOptions::default()
    });
    let mut socket = std::net::TcpStream::connect(server.address()).unwrap();
    let body = chat(json!({})).to_string();
    let request = format!(
        "POST {CHAT} HTTP/1.1\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    std::io::Write::write_all(&mut socket, request.as_bytes()).unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut socket, &mut answer).unwrap();
    assert!(!answer.starts_with("HTTP/"), "{answer}");
}

#[test]
fn some_faults_strike_half_way_through_a_stream() {
    for (fault, end) in [
        ("cut", End::Closed),
        ("reset_midway", End::Reset),
        ("hang", End::Silent),
        ("early_end", End::Complete),
        ("in_band_error", End::Complete),
    ] {
        let response = streamed(fault);
        assert_eq!(
            (response.contents().len(), response.end),
            (4, end),
            "{fault}"
        );
        assert!(!response.text().contains("[DONE]"), "{fault}");
    }
    let last = streamed("in_band_error").documents().pop().unwrap();
    assert_eq!(last["error"]["message"], "simulated error");
}

#[test]
fn some_faults_spoil_one_event_and_the_stream_goes_on() {
    let malformed = streamed("malformed");
    assert_eq!(malformed.contents().len(), 8);
    assert_eq!(malformed.events().len(), 1 + 8 + 1 + 1);
    let half = streamed("half_code_point");
    assert!(String::from_utf8(half.body.clone()).is_err());
    assert_eq!(
        String::from_utf8_lossy(&half.body)
            .matches("data: ")
            .count(),
        10
    );
    let stalled = streamed("stall");
    assert_eq!((stalled.contents().len(), stalled.end), (8, End::Complete));
    let filtered = streamed("incomplete").documents().pop().unwrap();
    assert_eq!(filtered["choices"][0]["finish_reason"], "content_filter");
}

#[test]
fn the_framing_of_chunks_can_break() {
    let server = start(MockOptions {
        faults: vec!["bad-framing".parse().unwrap()],
        ..MockOptions::default()
    });
    let mut socket = std::net::TcpStream::connect(server.address()).unwrap();
    let body = chat(json!({"stream": true})).to_string();
    let request = format!(
        "POST {CHAT} HTTP/1.1\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    std::io::Write::write_all(&mut socket, request.as_bytes()).unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut socket, &mut answer).unwrap();
    assert!(answer.ends_with("\r\nzz\r\n"), "{answer}");
}

#[test]
fn a_stream_can_have_no_events_or_no_tokens() {
    let empty = streamed("empty");
    assert_eq!(
        (empty.status, empty.body.len(), empty.end),
        (200, 0, End::Complete)
    );
    let without = streamed("no_content");
    assert_eq!(without.contents().len(), 0);
    assert_eq!(without.events().last().unwrap(), "[DONE]");
}

#[test]
fn the_content_type_can_be_wrong_or_missing() {
    for stream in [true, false] {
        assert_eq!(ask("no_content_type", stream).header("content-type"), None);
        let wrong = ask("wrong_content_type", stream);
        assert_eq!(
            wrong.header("content-type"),
            Some("application/octet-stream")
        );
    }
}

#[test]
fn whole_answers_break_too() {
    let error = whole("in_band_error");
    assert_eq!(
        (error.status, &error.json()["error"]["message"]),
        (200, &json!("simulated error"))
    );
    assert_eq!(whole("stream_error").status, 500);
    assert_eq!(whole("cut").end, End::Closed);
    assert_eq!(whole("reset_midway").end, End::Reset);
    assert!(std::str::from_utf8(&whole("half_code_point").body).is_err());
    let broken = whole("malformed");
    assert_eq!(broken.end, End::Complete);
    assert!(serde_json::from_slice::<serde_json::Value>(&broken.body).is_err());
}

#[test]
fn a_redirect_leads_to_the_answer_and_a_loop_to_itself() {
    let redirect = streamed("redirect");
    assert_eq!(redirect.status, 307);
    let location = redirect.header("location").unwrap();
    assert_eq!(location, format!("{CHAT}?redirected=1"));
    assert_eq!(streamed("redirect_loop").header("location"), Some(CHAT));

    let server = start(MockOptions {
        faults: vec!["redirect".parse().unwrap()],
        ..MockOptions::default()
    });
    let followed = Client::connect(&server).post(location, &chat(json!({})));
    assert_eq!(followed.status, 200);
}

#[test]
fn an_error_can_say_when_to_come_back_and_strike_by_number() {
    let server = start(MockOptions {
        faults: vec!["error:every=2".parse().unwrap()],
        error_status: 429,
        retry_after_s: Some(7),
        error_message: "too many, too soon".to_owned(),
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    let responses: Vec<_> = (0..4)
        .map(|_| client.post(CHAT, &chat(json!({}))))
        .collect();
    let statuses: Vec<_> = responses.iter().map(|response| response.status).collect();
    assert_eq!(statuses, [200, 429, 200, 429]);
    assert_eq!(responses[1].header("retry-after"), Some("7"));
    assert_eq!(
        responses[1].json()["error"]["message"],
        "too many, too soon"
    );
}
