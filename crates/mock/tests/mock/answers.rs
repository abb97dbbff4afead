//! What well-formed requests are answered with.

use crate::client::{CHAT, COMPLETIONS, Client, End, chat, completion, start};
use aiperf_mock::{CachedTokens, MockOptions, PromptCounter, UsageMode};
use serde_json::json;

#[test]
fn a_chat_stream_has_a_role_then_one_event_per_token_then_done() {
    let server = start(MockOptions::default());
    let response =
        Client::connect(&server).post(CHAT, &chat(json!({"stream": true, "max_tokens": 4})));
    assert_eq!((response.status, response.end), (200, End::Complete));
    assert_eq!(
        response.header("content-type"),
        Some("text/event-stream; charset=utf-8")
    );
    let events = response.events();
    assert_eq!(events.len(), 1 + 4 + 1, "{events:#?}");
    assert_eq!(
        events.len(),
        response.chunks.len(),
        "one HTTP chunk per event"
    );
    assert_eq!(events[5], "[DONE]");
    let documents = response.documents();
    assert_eq!(
        documents[0]["choices"][0]["delta"],
        json!({"role": "assistant", "content": ""})
    );
    for document in &documents {
        assert_eq!(document["object"], "chat.completion.chunk");
        assert_eq!(document["model"], "m");
        assert_eq!(document["id"], documents[0]["id"]);
        assert_eq!(document["choices"][0]["index"], 0);
        assert!(document["created"].as_i64().unwrap() > 1_700_000_000);
        assert!(document.get("usage").is_none());
    }
    let finishes: Vec<_> = documents
        .iter()
        .map(|document| document["choices"][0]["finish_reason"].clone())
        .collect();
    assert_eq!(
        finishes,
        [
            json!(null),
            json!(null),
            json!(null),
            json!(null),
            json!("length")
        ]
    );
    assert!(
        response
            .contents()
            .iter()
            .all(|word| word.starts_with(' ') && word.len() > 1)
    );
}

#[test]
fn a_completion_stream_carries_text() {
    let server = start(MockOptions::default());
    let body = completion(json!({"stream": true, "max_tokens": 3}));
    let response = Client::connect(&server).post(COMPLETIONS, &body);
    let documents = response.documents();
    assert_eq!(documents.len(), 3);
    assert!(
        documents
            .iter()
            .all(|document| document["object"] == "text_completion")
    );
    assert_eq!(response.texts("/choices/0/text").len(), 3);
    assert_eq!(documents[2]["choices"][0]["finish_reason"], "length");
    assert_eq!(response.events()[3], "[DONE]");
}

#[test]
fn an_answer_without_stream_is_one_document_with_usage() {
    let server = start(MockOptions::default());
    let mut client = Client::connect(&server);

    let chat = client
        .post(CHAT, &chat(json!({"max_completion_tokens": 5})))
        .json();
    assert_eq!(chat["object"], "chat.completion");
    assert_eq!(chat["choices"][0]["message"]["role"], "assistant");
    let content = chat["choices"][0]["message"]["content"].as_str().unwrap();
    assert_eq!(content.split_whitespace().count(), 5);
    assert_eq!(chat["choices"][0]["finish_reason"], "length");
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8});
    assert_eq!(chat["usage"], usage);

    let completion = client
        .post(COMPLETIONS, &completion(json!({"max_tokens": 5})))
        .json();
    assert_eq!(completion["object"], "text_completion");
    let text = completion["choices"][0]["text"].as_str().unwrap();
    assert_eq!(text.split_whitespace().count(), 5);
    assert_eq!(completion["usage"], usage);
}

#[test]
fn streamed_and_whole_answers_have_the_same_text_for_the_same_number() {
    let contents = [true, false].map(|stream| {
        let server = start(MockOptions::default());
        let body = chat(json!({"stream": stream, "max_tokens": 50}));
        let response = Client::connect(&server).post(CHAT, &body);
        if stream {
            response.contents().concat()
        } else {
            response.json()["choices"][0]["message"]["content"]
                .as_str()
                .unwrap()
                .to_owned()
        }
    });
    assert_eq!(contents[0], contents[1]);
}

#[test]
fn without_a_limit_the_default_length_applies_and_the_answer_stops() {
    let server = start(MockOptions {
        default_output_tokens: 7,
        ..MockOptions::default()
    });
    let document = Client::connect(&server).post(CHAT, &chat(json!({}))).json();
    assert_eq!(document["usage"]["completion_tokens"], 7);
    assert_eq!(document["choices"][0]["finish_reason"], "stop");
}

#[test]
fn a_stream_reports_usage_as_the_mode_and_the_request_say() {
    let asked = json!({"include_usage": true});
    for (mode, stream_options, reported) in [
        (UsageMode::AsRequested, json!(null), false),
        (
            UsageMode::AsRequested,
            json!({"include_usage": false}),
            false,
        ),
        (UsageMode::AsRequested, asked.clone(), true),
        (UsageMode::Always, json!(null), true),
        (UsageMode::Never, asked, false),
    ] {
        let server = start(MockOptions {
            usage: mode,
            ..MockOptions::default()
        });
        let body = chat(json!({"stream": true, "max_tokens": 2, "stream_options": stream_options}));
        let response = Client::connect(&server).post(CHAT, &body);
        let events = response.events();
        assert_eq!(events.last().unwrap(), "[DONE]");
        let last = response.documents().pop().unwrap();
        if reported {
            assert_eq!(last["choices"], json!([]), "{mode:?}");
            let usage = json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5});
            assert_eq!(last["usage"], usage, "{mode:?}");
        } else {
            assert!(
                !response.text().contains("usage"),
                "{mode:?} {stream_options}"
            );
        }
    }
}

#[test]
fn a_whole_answer_reports_no_usage_only_when_told_so() {
    let server = start(MockOptions {
        usage: UsageMode::Never,
        ..MockOptions::default()
    });
    let document = Client::connect(&server).post(CHAT, &chat(json!({}))).json();
    assert!(document.get("usage").is_none());
}

#[test]
fn continuous_usage_counts_up_in_every_chunk() {
    let server = start(MockOptions::default());
    let options = json!({"include_usage": true, "continuous_usage_stats": true});
    let body = chat(json!({"stream": true, "max_tokens": 3, "stream_options": options}));
    let documents = Client::connect(&server).post(CHAT, &body).documents();
    let counts: Vec<_> = documents
        .iter()
        .map(|document| document["usage"]["completion_tokens"].clone())
        .collect();
    assert_eq!(counts, [0, 1, 2, 3, 3], "role, three tokens, final usage");
}

#[test]
fn reasoning_comes_first_and_within_the_budget() {
    let server = start(MockOptions {
        reasoning_tokens: 3,
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    let options = json!({"include_usage": true});
    let body = chat(json!({"stream": true, "max_tokens": 5, "stream_options": options}));
    let response = client.post(CHAT, &body);
    let kinds: Vec<_> = response
        .documents()
        .iter()
        .filter_map(|document| {
            let delta = document.pointer("/choices/0/delta")?;
            Some(if delta.get("reasoning_content").is_some() {
                "reasoning"
            } else {
                "content"
            })
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "content",
            "reasoning",
            "reasoning",
            "reasoning",
            "content",
            "content"
        ],
        "the role's chunk has empty content"
    );
    let usage = &response.documents().pop().unwrap()["usage"];
    assert_eq!(usage["completion_tokens"], 5);
    assert_eq!(usage["completion_tokens_details"]["reasoning_tokens"], 3);

    let message = client.post(CHAT, &chat(json!({"max_tokens": 5}))).json();
    let message = &message["choices"][0]["message"];
    assert_eq!(
        message["reasoning_content"]
            .as_str()
            .unwrap()
            .split_whitespace()
            .count(),
        3
    );
    assert_eq!(
        message["content"]
            .as_str()
            .unwrap()
            .split_whitespace()
            .count(),
        2
    );

    let short = client.post(CHAT, &chat(json!({"max_tokens": 2}))).json();
    assert_eq!(short["choices"][0]["message"]["content"], json!(null));
    assert_eq!(
        short["usage"]["completion_tokens_details"]["reasoning_tokens"],
        2
    );

    let completion = client
        .post(COMPLETIONS, &completion(json!({"max_tokens": 5})))
        .json();
    assert_eq!(
        completion["choices"][0]["text"]
            .as_str()
            .unwrap()
            .split_whitespace()
            .count(),
        5
    );
}

#[test]
fn cached_tokens_are_reported_when_configured() {
    for (cached_tokens, expected) in [
        (CachedTokens::Count(2), json!({"cached_tokens": 2})),
        (CachedTokens::Share(0.4), json!({"cached_tokens": 1})),
        (CachedTokens::Unreported, json!(null)),
    ] {
        let server = start(MockOptions {
            cached_tokens,
            ..MockOptions::default()
        });
        let document = Client::connect(&server).post(CHAT, &chat(json!({}))).json();
        assert_eq!(document["usage"]["prompt_tokens_details"], expected);
    }
}

#[test]
fn a_prompt_counter_takes_the_place_of_counting_words() {
    let server = start(MockOptions {
        prompt_counter: Some(PromptCounter::new(|prompt| prompt.len() as u64)),
        cached_tokens: CachedTokens::Share(0.0),
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    for (path, body) in [
        (CHAT, chat(json!({}))),
        (COMPLETIONS, completion(json!({}))),
    ] {
        let usage = &client.post(path, &body).json()["usage"];
        assert_eq!(usage["prompt_tokens"], "one two three".len());
        assert_eq!(usage["prompt_tokens_details"], json!({"cached_tokens": 0}));
    }
}

#[test]
fn several_tokens_share_a_chunk_when_told_so() {
    let server = start(MockOptions {
        tokens_per_chunk: 3,
        ..MockOptions::default()
    });
    let body = chat(json!({"stream": true, "max_tokens": 8}));
    let contents = Client::connect(&server).post(CHAT, &body).contents();
    let words: Vec<_> = contents
        .iter()
        .map(|text| text.split_whitespace().count())
        .collect();
    assert_eq!(words, [3, 3, 2]);
}

#[test]
fn a_single_chunk_can_be_huge_and_its_tokens_are_counted() {
    let bytes = 10_000_001;
    let server = start(MockOptions {
        single_chunk_bytes: Some(bytes),
        ..MockOptions::default()
    });
    let body = chat(json!({"stream": true, "stream_options": {"include_usage": true}}));
    let response = Client::connect(&server).post(CHAT, &body);
    assert_eq!(response.end, End::Complete);
    let contents = response.contents();
    assert_eq!(contents.len(), 1);
    assert_eq!(contents[0].len() as u64, bytes.next_multiple_of(4));
    let usage = &response.documents().pop().unwrap()["usage"];
    assert_eq!(usage["completion_tokens"], bytes.div_ceil(4));
}

#[test]
fn event_lines_can_end_with_carriage_returns() {
    let server = start(MockOptions {
        crlf: true,
        ..MockOptions::default()
    });
    let body = chat(json!({"stream": true, "max_tokens": 2}));
    let text = Client::connect(&server).post(CHAT, &body).text();
    assert!(text.ends_with("data: [DONE]\r\n\r\n"));
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
}

#[test]
fn a_response_written_byte_by_byte_is_the_same_response() {
    let answers = [None, Some(0.0), Some(0.01)].map(|slow_bytes_ms| {
        let server = start(MockOptions {
            slow_bytes_ms,
            ..MockOptions::default()
        });
        let body = chat(json!({"stream": true, "max_tokens": 2}));
        let response = Client::connect(&server).post(CHAT, &body);
        assert_eq!(response.end, End::Complete);
        response.contents()
    });
    assert_eq!(answers[0].len(), 2);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

#[test]
fn model_names_are_escaped() {
    let server = start(MockOptions::default());
    let name = "a \"quoted\\\" näme\n";
    let mut body = chat(json!({"stream": true, "max_tokens": 1}));
    body["model"] = json!(name);
    let documents = Client::connect(&server).post(CHAT, &body).documents();
    assert_eq!(documents[0]["model"], name);
}

#[test]
fn models_and_health_are_served() {
    let server = start(MockOptions::default());
    let mut client = Client::connect(&server);
    assert_eq!(client.get("/health").status, 200);
    let models = client.get("/v1/models").json();
    assert_eq!(models["object"], "list");
    assert_eq!(models["data"].as_array().unwrap().len(), 1);

    let named = start(MockOptions {
        models: vec!["a".into(), "b".into()],
        ..MockOptions::default()
    });
    let models = Client::connect(&named).get("/v1/models?x=1").json();
    let ids: Vec<_> = models["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| &model["id"])
        .collect();
    assert_eq!(ids, ["a", "b"]);
}

#[test]
fn with_model_names_only_those_are_served_and_the_first_is_the_default() {
    let server = start(MockOptions {
        models: vec!["a".into(), "b".into()],
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    let refused = client.post(CHAT, &chat(json!({})));
    assert_eq!(refused.status, 404);
    assert_eq!(
        refused.json()["error"],
        json!({"message": "the model `m` is not served here", "type": "invalid_request_error",
               "param": "model", "code": "model_not_found"})
    );
    for (model, expected) in [(json!("b"), "b"), (json!(null), "a")] {
        let mut body = chat(json!({}));
        body["model"] = model;
        assert_eq!(client.post(CHAT, &body).json()["model"], expected);
    }
}

#[test]
fn bad_requests_are_refused_in_openai_s_shape_and_the_connection_lives_on() {
    let server = start(MockOptions::default());
    let mut client = Client::connect(&server);
    client.send("POST", CHAT, "", b"{\"messages\": [");
    let malformed = client.response();
    assert_eq!(malformed.status, 400);
    let error = malformed.json();
    assert_eq!(error["error"]["type"], "invalid_request_error");
    assert!(
        error["error"]["message"]
            .as_str()
            .unwrap()
            .starts_with("the body is not valid")
    );

    assert_eq!(
        client.post("/nowhere", &json!({})).json()["error"]["code"],
        json!(null)
    );
    for (method, path, status) in [
        ("POST", "/nowhere", 404),
        ("GET", "/nowhere", 404),
        ("GET", CHAT, 405),
        ("POST", "/health", 405),
        ("DELETE", COMPLETIONS, 405),
    ] {
        client.send(method, path, "", b"");
        let response = client.response();
        assert_eq!(response.status, status, "{method} {path}");
        assert!(response.json()["error"]["message"].is_string());
    }
    assert_eq!(server.stats().connections, 1);
}
