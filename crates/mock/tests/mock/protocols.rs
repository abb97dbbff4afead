//! Generation in every protocol.

use crate::client::{CHAT, Client, End, chat, completion, start, with};
use aiperf_mock::{Compression, MockOptions, ReasoningField, UsageMode};
use serde_json::{Value, json};

const RESPONSES: &str = "/v1/responses";
const MESSAGES: &str = "/v1/messages";
const VERSION: &str = "anthropic-version: 2023-06-01\r\n";

fn tools() -> Value {
    json!([{"type": "function", "function": {"name": "look"}}])
}

/// The names and data of events that have both.
fn named_events(text: &str) -> Vec<(String, Value)> {
    text.split_terminator("\n\n")
        .map(|event| {
            let (name, data) = event.split_once('\n').unwrap();
            let name = name.strip_prefix("event: ").unwrap().to_owned();
            let data = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
            (name, data)
        })
        .collect()
}

#[test]
fn tool_calls_stream_their_arguments_in_fragments_that_add_up_to_json() {
    let server = start(MockOptions {
        tool_calls: 2,
        tool_call_tokens: 3,
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    let body = chat(json!({"stream": true, "max_tokens": 8, "tools": tools()}));
    let response = client.post(CHAT, &body);
    let mut arguments = [String::new(), String::new()];
    let mut names = vec![];
    for document in response.documents() {
        let Some(call) = document.pointer("/choices/0/delta/tool_calls/0") else {
            continue;
        };
        let function = &call["function"];
        if let Some(name) = function["name"].as_str() {
            assert!(call["id"].as_str().unwrap().starts_with("call_"));
            names.push(name.to_owned());
        }
        let index = call["index"].as_u64().unwrap() as usize;
        arguments[index] += function["arguments"].as_str().unwrap();
    }
    assert_eq!(names, ["look", "look"]);
    for arguments in &arguments {
        let arguments: Value = serde_json::from_str(arguments).unwrap();
        let text = arguments["text"].as_str().unwrap();
        assert_eq!(text.split_whitespace().count(), 3);
    }
    assert_eq!(response.contents().len(), 2);
    let last = response.documents().pop().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "tool_calls");

    let whole = client
        .post(CHAT, &chat(json!({"max_tokens": 8, "tools": tools()})))
        .json();
    let calls = whole["choices"][0]["message"]["tool_calls"]
        .as_array()
        .unwrap();
    assert_eq!(calls.len(), 2);
    serde_json::from_str::<Value>(calls[0]["function"]["arguments"].as_str().unwrap()).unwrap();

    let plain = client.post(CHAT, &chat(json!({"max_tokens": 8}))).json();
    assert!(plain["choices"][0]["message"].get("tool_calls").is_none());
}

#[test]
fn a_legacy_function_call_has_its_own_member() {
    let server = start(MockOptions {
        tool_calls: 1,
        legacy_function_call: true,
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    let body = chat(json!({"stream": true, "max_tokens": 9, "tools": tools()}));
    let documents = client.post(CHAT, &body).documents();
    let calls: Vec<_> = documents
        .iter()
        .filter_map(|document| document.pointer("/choices/0/delta/function_call"))
        .collect();
    assert_eq!(calls[0]["name"], "look");
    let arguments: String = calls
        .iter()
        .map(|call| call["arguments"].as_str().unwrap())
        .collect();
    serde_json::from_str::<Value>(&arguments).unwrap();
    let whole = client
        .post(CHAT, &chat(json!({"max_tokens": 9, "tools": tools()})))
        .json();
    assert_eq!(
        whole["choices"][0]["message"]["function_call"]["name"],
        "look"
    );
}

#[test]
fn reasoning_has_the_chosen_member_and_can_share_a_chunk_with_content() {
    let server = start(MockOptions {
        reasoning_tokens: 2,
        reasoning_field: ReasoningField::Reasoning,
        mixed_reasoning: true,
        ..MockOptions::default()
    });
    let body = chat(json!({"stream": true, "max_tokens": 4}));
    let response = Client::connect(&server).post(CHAT, &body);
    let deltas: Vec<_> = response.documents()[1..]
        .iter()
        .map(|document| {
            let delta = &document["choices"][0]["delta"];
            (
                delta.get("reasoning").is_some(),
                delta.get("content").is_some(),
            )
        })
        .collect();
    assert_eq!(deltas, [(true, false), (true, true), (false, true)]);
}

#[test]
fn several_choices_have_texts_of_their_own_and_are_all_counted() {
    let server = start(MockOptions::default());
    let mut client = Client::connect(&server);
    for stream in [true, false] {
        let options = json!({"include_usage": true});
        let more = json!({"n": 3, "max_tokens": 2, "stream": stream, "stream_options": options});
        let response = client.post(CHAT, &chat(more));
        let mut texts = vec![String::new(); 3];
        let documents = if stream {
            response.documents()
        } else {
            vec![response.json()]
        };
        for choice in documents
            .iter()
            .flat_map(|document| document["choices"].as_array().unwrap())
        {
            let part = if stream {
                &choice["delta"]
            } else {
                &choice["message"]
            };
            let index = choice["index"].as_u64().unwrap() as usize;
            texts[index] += part["content"].as_str().unwrap();
        }
        assert!(
            texts
                .iter()
                .all(|text| text.split_whitespace().count() == 2),
            "{texts:?}"
        );
        assert_ne!(texts[0], texts[1]);
        assert_eq!(documents.last().unwrap()["usage"]["completion_tokens"], 6);
    }
    assert_eq!(client.post(CHAT, &chat(json!({"n": 1_000}))).status, 400);
}

#[test]
fn speculative_decoding_is_reported_once_and_adds_up() {
    let server = start(MockOptions {
        draft_tokens: Some(3),
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    for stream in [true, false] {
        let response = client.post(CHAT, &chat(json!({"stream": stream, "max_tokens": 10})));
        let document = if stream {
            response.documents().pop().unwrap()
        } else {
            response.json()
        };
        let report = &document["metrics"]["speculative_decoding"];
        // Steps accept 0, 1, 2, and of the last four tokens three.
        assert_eq!(report["acceptance_histogram"], json!([1, 1, 1, 1]));
        assert_eq!(report["num_spec_steps"], 4);
        assert_eq!(report["num_accepted_draft_tokens"], 6);
        assert_eq!(report["num_draft_tokens"], 12);
    }
}

#[test]
fn usage_can_be_on_every_chunk_unasked() {
    let server = start(MockOptions {
        usage: UsageMode::EveryChunk,
        ..MockOptions::default()
    });
    let body = chat(json!({"stream": true, "max_tokens": 2}));
    let documents = Client::connect(&server).post(CHAT, &body).documents();
    assert!(
        documents
            .iter()
            .all(|document| document.get("usage").is_some())
    );
}

#[test]
fn a_responses_stream_tells_every_text_in_pieces_and_whole() {
    let server = start(MockOptions {
        reasoning_tokens: 2,
        tool_calls: 1,
        tool_call_tokens: 2,
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    let body = json!({"model": "m", "input": "one two", "stream": true, "max_output_tokens": 6,
        "store": true, "previous_response_id": "resp_1", "tools": [{"type": "function", "name": "look"}]});
    let response = client.post(RESPONSES, &body);
    let events = named_events(&response.text());
    for (place, (name, data)) in events.iter().enumerate() {
        assert_eq!(&data["type"], name);
        assert_eq!(data["sequence_number"], place);
    }
    for (delta, done, member) in [
        (
            "response.reasoning_text.delta",
            "response.reasoning_text.done",
            "text",
        ),
        (
            "response.output_text.delta",
            "response.output_text.done",
            "text",
        ),
        (
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "arguments",
        ),
    ] {
        let of = |wanted: &str| {
            let wanted = wanted.to_owned();
            events
                .iter()
                .filter(move |(name, _)| *name == wanted)
                .map(|(_, data)| data)
        };
        let pieces: String = of(delta)
            .map(|data| data["delta"].as_str().unwrap())
            .collect();
        let wholes: Vec<_> = of(done)
            .map(|data| data[member].as_str().unwrap())
            .collect();
        assert_eq!(wholes, [pieces.as_str()], "{delta}");
    }
    let (name, last) = events.last().unwrap();
    assert_eq!(name, "response.completed");
    let last = &last["response"];
    assert_eq!(last["status"], "completed");
    assert_eq!(
        (&last["store"], &last["previous_response_id"]),
        (&json!(true), &json!("resp_1"))
    );
    assert_eq!(last["id"], events[0].1["response"]["id"]);
    let kinds: Vec<_> = last["output"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["type"])
        .collect();
    assert_eq!(kinds, ["reasoning", "message", "function_call"]);
    assert_eq!(last["usage"]["input_tokens"], 2);
    assert_eq!(last["usage"]["output_tokens"], 6);
    assert_eq!(
        last["usage"]["output_tokens_details"]["reasoning_tokens"],
        2
    );

    let whole = client
        .post(RESPONSES, &with(body, json!({"stream": false})))
        .json();
    assert_eq!(
        (&whole["object"], &whole["status"]),
        (&json!("response"), &json!("completed"))
    );
    assert_eq!(whole["output"].as_array().unwrap().len(), 3);
    let refused = client.post(RESPONSES, &json!({"model": "m"}));
    assert_eq!(refused.status, 400);
}

#[test]
fn a_response_can_fail_or_stay_incomplete() {
    let server = start(MockOptions::default());
    let mut client = Client::connect(&server);
    let body = json!({"model": "m", "input": "one", "stream": true, "max_output_tokens": 6});
    for (fault, event, status) in [
        ("stream_error", "response.failed", "failed"),
        ("incomplete", "response.incomplete", "incomplete"),
    ] {
        let header = format!("X-Mock-Fault: {fault}\r\n");
        let response = client.post_with(RESPONSES, &header, &body);
        assert_eq!(response.end, End::Complete);
        let (name, data) = named_events(&response.text()).pop().unwrap();
        assert_eq!(name, event);
        assert_eq!(data["response"]["status"], status);
    }
    let whole = with(body, json!({"stream": false}));
    let response = client.post_with(RESPONSES, "X-Mock-Fault: incomplete\r\n", &whole);
    assert_eq!(response.json()["status"], "incomplete");
}

#[test]
fn a_client_can_demand_a_tool_call_or_forbid_it_in_every_protocol() {
    let tools = json!([{"type": "function", "function": {"name": "look"}, "name": "look"},
        {"type": "function", "function": {"name": "go"}, "name": "go"}]);
    let (willing, unwilling) = (
        MockOptions {
            tool_calls: 1,
            ..MockOptions::default()
        },
        MockOptions::default(),
    );
    let (willing, unwilling) = (start(willing), start(unwilling));
    let called = |server, path, choice: &Value| {
        let body = json!({"model": "m", "max_tokens": 20, "max_output_tokens": 20, "tools": &tools,
            "tool_choice": choice, "messages": [{"role": "user", "content": "one"}], "input": "one"});
        let answer = Client::connect(server).post_with(path, VERSION, &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = answer.json();
        let blocks = ["/choices/0/message/tool_calls", "/output", "/content"]
            .iter()
            .filter_map(|place| answer.pointer(place)?.as_array());
        blocks
            .flatten()
            .filter_map(|block| {
                block["name"]
                    .as_str()
                    .or(block["function"]["name"].as_str())
            })
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let nothing: [&str; 0] = [];
    for (path, required, one) in [
        (
            CHAT,
            json!("required"),
            json!({"type": "function", "function": {"name": "go"}}),
        ),
        (
            RESPONSES,
            json!("required"),
            json!({"type": "function", "name": "go"}),
        ),
        (
            MESSAGES,
            json!({"type": "any"}),
            json!({"type": "tool", "name": "go"}),
        ),
    ] {
        assert_eq!(called(&unwilling, path, &required), ["look"], "{path}");
        assert_eq!(called(&unwilling, path, &one), ["go"], "{path}");
        assert_eq!(called(&unwilling, path, &Value::Null), nothing, "{path}");
        assert_eq!(called(&willing, path, &Value::Null), ["look"], "{path}");
        for never in [json!("none"), json!({"type": "none"})] {
            assert_eq!(called(&willing, path, &never), nothing, "{path}");
        }
        for auto in [json!("auto"), json!({"type": "auto"})] {
            assert_eq!(called(&willing, path, &auto), ["look"], "{path}");
        }
    }
}

#[test]
fn a_messages_stream_has_blocks_a_ping_and_split_usage() {
    let server = start(MockOptions {
        reasoning_tokens: 2,
        tool_calls: 1,
        tool_call_tokens: 2,
        cached_tokens: aiperf_mock::CachedTokens::Count(1),
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    let body = json!({"model": "m", "max_tokens": 6, "stream": true, "system": "be brief",
        "messages": [{"role": "user", "content": "one"}], "tools": [{"name": "look"}]});
    let events = named_events(&client.post_with(MESSAGES, VERSION, &body).text());
    assert!(events.iter().all(|(name, data)| data["type"] == *name));
    let start = &events[0].1["message"];
    assert_eq!(
        start["usage"],
        json!({"input_tokens": 2, "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 1, "output_tokens": 1})
    );
    assert_eq!(events[1].0, "ping");
    let starts: Vec<_> = events
        .iter()
        .filter(|(name, _)| name == "content_block_start")
        .map(|(_, data)| &data["content_block"]["type"])
        .collect();
    assert_eq!(starts, ["thinking", "text", "tool_use"]);
    let partial: String = events
        .iter()
        .filter_map(|(_, data)| data.pointer("/delta/partial_json")?.as_str())
        .collect();
    serde_json::from_str::<Value>(&partial).unwrap();
    assert!(
        events
            .iter()
            .any(|(_, data)| data["delta"]["type"] == "signature_delta")
    );
    let (_, delta) = &events[events.len() - 2];
    assert_eq!(delta["delta"]["stop_reason"], "tool_use");
    assert_eq!(delta["usage"], json!({"output_tokens": 6}));
    assert_eq!(events.last().unwrap().0, "message_stop");

    let whole = client
        .post_with(
            MESSAGES,
            VERSION,
            &with(body.clone(), json!({"stream": false})),
        )
        .json();
    let kinds: Vec<_> = whole["content"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| &block["type"])
        .collect();
    assert_eq!(kinds, ["thinking", "text", "tool_use"]);
    assert_eq!(whole["usage"]["output_tokens"], 6);

    let refused = client.post(MESSAGES, &body);
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["type"], "error");
    let headers = format!("{VERSION}X-Mock-Fault: stream_error\r\n");
    let events = named_events(&client.post_with(MESSAGES, &headers, &body).text());
    let (name, data) = events.last().unwrap();
    assert_eq!(
        (name.as_str(), &data["error"]["message"]),
        ("error", &json!("simulated error"))
    );
}

#[test]
fn text_generation_inference_has_a_path_for_streams() {
    let server = start(MockOptions::default());
    let mut client = Client::connect(&server);
    let body = json!({"inputs": "one two", "parameters": {"max_new_tokens": 3}});
    let whole = client.post("/generate", &body).json();
    let text = whole["generated_text"].as_str().unwrap();
    assert_eq!(text.split_whitespace().count(), 3);
    let streamed = client.post("/generate_stream", &body);
    let pieces = streamed.texts("/token/text");
    assert_eq!(pieces.len(), 3);
    let last = streamed.documents().pop().unwrap();
    assert_eq!(last["generated_text"], pieces.concat());
    assert!(!streamed.text().contains("[DONE]"));
    assert_eq!(client.post("/generate", &json!({})).status, 400);
}

#[test]
fn retrieval_augmented_generation_streams_for_clients_that_accept_it() {
    let server = start(MockOptions::default());
    let mut client = Client::connect(&server);
    let body = json!({"query": ["one"], "filters": {}, "inference_model": "m"});
    let whole = client.post("/rag/api/prompt", &body).json();
    assert_eq!(
        whole["content"]
            .as_str()
            .unwrap()
            .split_whitespace()
            .count(),
        32
    );
    assert!(!whole["sources"].as_array().unwrap().is_empty());
    let streamed = client.post_with("/rag/api/prompt", "Accept: text/event-stream\r\n", &body);
    assert_eq!(streamed.texts("/content").len(), 32);
}

#[test]
fn events_can_be_written_in_unusual_ways_and_mean_the_same() {
    let body = chat(json!({"stream": true, "max_tokens": 3}));
    let expected = {
        let server = start(MockOptions::default());
        Client::connect(&server).post(CHAT, &body).contents()
    };
    let server = start(MockOptions {
        comments: true,
        two_data_lines: true,
        no_final_blank_line: true,
        ..MockOptions::default()
    });
    let text = Client::connect(&server).post(CHAT, &body).text();
    assert!(text.ends_with("data: [DONE]\n"));
    let mut contents = vec![];
    for event in text.split("\n\n") {
        let lines: Vec<_> = event
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .collect();
        assert!(
            lines.len() == 2 || event.starts_with(": ") || event.contains("[DONE]"),
            "{event}"
        );
        if let Ok(document) = serde_json::from_str::<Value>(&lines.join("\n"))
            && let Some(content) = document["choices"][0]["delta"]["content"].as_str()
            && !content.is_empty()
        {
            contents.push(content.to_owned());
        }
    }
    assert_eq!(contents, expected);
}

#[test]
fn chunks_can_share_a_write_and_writes_can_cut_code_points() {
    let server = start(MockOptions {
        chunks_per_write: 4,
        split_writes: true,
        unicode: true,
        itl_ms: 0.1,
        ..MockOptions::default()
    });
    let body = chat(json!({"stream": true, "max_tokens": 10}));
    let response = Client::connect(&server).post(CHAT, &body);
    assert_eq!(
        (response.end, response.contents().len()),
        (End::Complete, 10)
    );
    assert!(!response.contents().concat().is_ascii());
}

#[test]
fn bodies_are_compressed_when_told_so() {
    use std::io::Read;
    for compression in [Compression::Gzip, Compression::Deflate, Compression::Zstd] {
        let server = start(MockOptions {
            compression: Some(compression),
            ..MockOptions::default()
        });
        let mut client = Client::connect(&server);
        for stream in [true, false] {
            let response = client.post(CHAT, &chat(json!({"stream": stream, "max_tokens": 3})));
            let bytes = response.body.as_slice();
            let mut text = String::new();
            match response.header("content-encoding") {
                Some("gzip") => flate2::read::GzDecoder::new(bytes).read_to_string(&mut text),
                Some("deflate") => flate2::read::ZlibDecoder::new(bytes).read_to_string(&mut text),
                Some("zstd") => zstd::stream::read::Decoder::new(bytes)
                    .unwrap()
                    .read_to_string(&mut text),
                other => panic!("{other:?}"),
            }
            .unwrap();
            let end = if stream { "data: [DONE]\n\n" } else { "}" };
            assert!(text.ends_with(end), "{compression:?} {text}");
            // One for the role, three for tokens, one for the end, and what the coding adds.
            assert!(
                !stream || response.chunks.len() >= 5,
                "{:?}",
                response.chunks
            );
        }
    }
}

#[test]
fn completions_have_no_tools_and_no_reasoning() {
    let server = start(MockOptions {
        tool_calls: 1,
        reasoning_tokens: 2,
        ..MockOptions::default()
    });
    let body = completion(json!({"max_tokens": 4, "tools": tools()}));
    let document = Client::connect(&server)
        .post(crate::client::COMPLETIONS, &body)
        .json();
    assert_eq!(
        document["choices"][0]["text"]
            .as_str()
            .unwrap()
            .split_whitespace()
            .count(),
        4
    );
}

#[test]
fn a_response_that_is_to_be_kept_can_be_fetched() {
    let server = start(MockOptions::default());
    let mut client = Client::connect(&server);
    let body = |store: bool, stream: bool| json!({"model": "m", "input": "hi", "max_output_tokens": 3, "store": store, "stream": stream});
    let whole = client.post(RESPONSES, &body(true, false)).json();
    let id = |response: &Value| format!("{RESPONSES}/{}", response["id"].as_str().unwrap());
    assert_eq!(client.get(&id(&whole)).json(), whole);

    let events = named_events(&client.post(RESPONSES, &body(true, true)).text());
    let completed = &events.last().unwrap().1["response"];
    assert_eq!(
        &client.get(&id(completed)).json()["output"],
        &completed["output"]
    );

    let passing = client.post(RESPONSES, &body(false, false)).json();
    assert_eq!(client.get(&id(&passing)).status, 404);
}

#[test]
fn the_tokens_of_a_message_are_counted_without_an_answer() {
    let server = start(MockOptions::default());
    let mut client = Client::connect(&server);
    let path = "/v1/messages/count_tokens";
    let body = json!({
        "model": "m", "system": "be brief", "messages": [{"role": "user", "content": "one two three"}],
    });
    let counted = client.post_with(path, VERSION, &body).json();
    assert_eq!(counted, json!({"input_tokens": 5}));
    let answered = client.post_with(
        MESSAGES,
        VERSION,
        &with(body.clone(), json!({"max_tokens": 2})),
    );
    assert_eq!(answered.json()["usage"]["input_tokens"], 5);

    for (headers, body) in [
        ("", body),
        (VERSION, json!({"model": "m"})),
        (VERSION, json!({"messages": []})),
    ] {
        let refused = client.post_with(path, headers, &body);
        assert_eq!(refused.status, 400, "{body}");
        assert_eq!(refused.json()["type"], "error");
    }
}
