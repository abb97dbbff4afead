//! The request log.

use crate::client::{CHAT, Client, chat, start};
use aiperf_mock::{MockOptions, RequestRecord};
use serde_json::json;

#[test]
fn every_request_is_logged_as_it_came() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut server = start(MockOptions {
        request_log: Some(log.path().to_owned()),
        ..MockOptions::default()
    });
    let body = chat(json!({"stream": true}));
    let mut client = Client::connect(&server);
    let path = format!("{CHAT}?a=b");
    client.post_with(
        &path,
        "X-Request-ID: r1\r\nAuthorization: Bearer k\r\n",
        &body,
    );
    client.send("POST", "/nowhere", "", &[0xff, 0xfe]);
    assert_eq!(client.response().status, 404);
    Client::connect(&server).get("/health");
    let port = client.local_port();
    drop(client);
    server.shutdown();

    let text = std::fs::read_to_string(log.path()).unwrap();
    let records: Vec<RequestRecord> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(records.len(), 3);
    let first = &records[0];
    assert_eq!(
        (
            first.method.as_str(),
            first.path.as_str(),
            first.query.as_str()
        ),
        ("POST", CHAT, "a=b")
    );
    assert_eq!(first.body.as_deref(), Some(body.to_string().as_str()));
    let names: Vec<_> = first
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "Host",
            "Content-Type",
            "X-Request-ID",
            "Authorization",
            "Content-Length"
        ]
    );
    assert!(first.peer.ends_with(&format!(":{port}")));
    let written = first.first_byte_written_ns.unwrap();
    assert!(first.first_byte_read_ns <= first.arrival_ns);
    assert!(first.arrival_ns <= written && written <= first.end_ns);
    assert_eq!((first.status, first.disconnect_ns), (Some(200), None));

    assert_eq!(
        (records[1].body.as_ref(), records[1].body_base64.as_deref()),
        (None, Some("//4="))
    );
    assert_eq!(records[1].connection, first.connection);
    assert_ne!(records[2].connection, first.connection);
    assert_eq!(records[2].http_version, "1.1");
}
