//! What the prompt cache and the batch do to answers.

use std::time::Instant;

use crate::client::{CHAT, Client, chat, start, with};
use aiperf_mock::{BatchOptions, MockOptions};
use serde_json::{Value, json};

fn long_prompt() -> Value {
    let words: String = (0..64).map(|word| format!("w{word} ")).collect();
    with(
        chat(json!({})),
        json!({"messages": [{"role": "user", "content": words}]}),
    )
}

#[test]
fn a_prompt_that_was_seen_is_cached_until_a_hook_empties_the_cache() {
    let server = start(MockOptions {
        prefix_cache_tokens: Some(10_000),
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    let mut cached = || {
        let usage = &client.post(CHAT, &long_prompt()).json()["usage"];
        usage["prompt_tokens_details"]["cached_tokens"]
            .as_u64()
            .unwrap()
    };
    assert_eq!((cached(), cached()), (0, 64));
    Client::connect(&server).post("/reset_prefix_cache", &json!({}));
    assert_eq!((cached(), cached()), (0, 64));
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a lower bound of time seen by a client"
)]
fn a_batch_produces_tokens_in_steps_and_makes_others_wait() {
    let step_ms = 4.0;
    let server = start(MockOptions {
        batch: Some(BatchOptions {
            step_ms,
            step_per_request_ms: 0.0,
            max_requests: 1,
            prompt_tokens_per_step: 2,
        }),
        ..MockOptions::default()
    });
    let begin = Instant::now();
    let mut clients = [Client::connect(&server), Client::connect(&server)];
    for client in &mut clients {
        let body = chat(json!({"stream": true, "max_tokens": 3})).to_string();
        client.send("POST", CHAT, "", body.as_bytes());
    }
    for client in &mut clients {
        assert_eq!(client.response().contents().len(), 3);
    }
    // Each reads its prompt of three words in two steps, the second of which gives the first of
    // three tokens; and only one runs at a time.
    let steps = begin.elapsed().as_secs_f64() * 1_000.0 / step_ms;
    assert!(steps >= 8.0, "{steps} steps");
    assert_eq!(server.stats().output_tokens, 6);
}

#[test]
fn a_client_that_leaves_makes_room_in_the_batch() {
    let server = start(MockOptions {
        batch: Some(BatchOptions {
            step_ms: 1.0,
            step_per_request_ms: 0.0,
            max_requests: 1,
            prompt_tokens_per_step: 100,
        }),
        ..MockOptions::default()
    });
    let mut endless = Client::connect(&server);
    let body = chat(json!({"stream": true, "max_tokens": 9_000_000})).to_string();
    endless.send("POST", CHAT, "", body.as_bytes());
    while server.stats().output_tokens == 0 {
        std::thread::yield_now();
    }
    drop(endless);
    let answer = Client::connect(&server).post(CHAT, &chat(json!({"max_tokens": 2})));
    assert_eq!(answer.json()["usage"]["completion_tokens"], 2);
}
