//! Who is let in, when, and what the control hooks do.

use crate::client::{CHAT, Client, chat, start};
use aiperf_mock::MockOptions;
use serde_json::json;

#[test]
fn a_key_is_asked_for_everywhere_but_on_pages_of_health_and_metrics() {
    let server = start(MockOptions {
        api_key: Some("secret".to_owned()),
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    for (headers, status) in [
        ("", 401),
        ("Authorization: Bearer wrong\r\n", 401),
        ("Authorization: secret\r\n", 401),
        ("Authorization: Bearer secret\r\n", 200),
        ("x-api-key: secret\r\n", 200),
    ] {
        assert_eq!(
            client.post_with(CHAT, headers, &chat(json!({}))).status,
            status,
            "{headers}"
        );
    }
    assert_eq!(client.get("/v1/models").status, 401);
    assert_eq!(client.post("/start_profile", &json!({})).status, 401);
    assert_eq!(client.get("/health").status, 200);
    assert_eq!(client.get("/metrics").status, 200);
    let refused = client.post("/v1/messages", &json!({}));
    assert_eq!(refused.json()["error"]["type"], "authentication_error");
}

#[test]
fn the_key_can_be_in_another_header_and_further_headers_required() {
    let server = start(MockOptions {
        api_key: Some("secret".to_owned()),
        api_key_header: Some("X-Pass".to_owned()),
        required_headers: vec!["X-Tenant".to_owned()],
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    for (headers, status) in [
        ("Authorization: Bearer secret\r\n", 401),
        ("x-pass: secret\r\n", 400),
        ("x-pass: secret\r\nx-tenant: me\r\n", 200),
    ] {
        assert_eq!(
            client.post_with(CHAT, headers, &chat(json!({}))).status,
            status,
            "{headers}"
        );
    }
}

#[test]
fn models_and_inference_are_ready_in_their_own_time() {
    let server = start(MockOptions {
        models_ready_after_ms: 60.0,
        inference_ready_after_ms: 3_600_000.0,
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    assert_eq!(client.post(CHAT, &chat(json!({}))).status, 503);
    let mut status = 503;
    while status == 503 {
        status = client.get("/v1/models").status;
    }
    assert_eq!(status, 200);

    let without = start(MockOptions {
        no_models_page: true,
        ..MockOptions::default()
    });
    let mut client = Client::connect(&without);
    assert_eq!(client.get("/v1/models").status, 404);
    assert_eq!(client.get("/").status, 200);
}

#[test]
fn hooks_are_counted_and_follow_the_script() {
    let server = start(MockOptions {
        hook_statuses: vec![503, 409],
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    let mut call = |path: &str| {
        client.send("POST", path, "", b"");
        client.response().status
    };
    assert_eq!(call("/reset_prefix_cache"), 503);
    assert_eq!(call("/start_profile"), 409);
    assert_eq!(call("/start_profile"), 200);
    assert_eq!(call("/stop_profile"), 200);
    assert_eq!(client.get("/flush_cache").status, 200);
    assert_eq!(
        client.get("/mock/state").json()["hooks"],
        json!({"reset_prefix_cache": 1, "flush_cache": 1, "start_profile": 2, "stop_profile": 1})
    );
}
