//! Bodies and answers are those of the reference, case by case.
//!
//! The cases are written by `conformance/endpoint_cases.py`, which asks the reference itself.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use aiperf_endpoint::conversation::{Media, Turn};
use aiperf_endpoint::format::{EndpointSettings, FormatContext, format};
use aiperf_endpoint::parse::{Answer, Part, parse_with};
use aiperf_endpoint::response_field::ResponseField;
use aiperf_endpoint::template::BodyTemplate;
use aiperf_endpoint::usage::Usage;
use aiperf_endpoint::{EndpointType, ReadMark, Transcript, input, reply};
use serde_json::{Map, Value, json};

const BODIES: &str = include_str!("fixtures/reference_bodies.jsonl");
const ANSWERS: &str = include_str!("fixtures/reference_answers.jsonl");

fn cases(lines: &str) -> impl Iterator<Item = Value> + '_ {
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
}

fn is_set(case: &Value, key: &str) -> bool {
    case[key] == json!(true)
}

fn text_of(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn strings(value: &Value) -> Vec<String> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(text_of).collect()
}

fn members(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn media(value: &Value) -> Vec<Media> {
    let items = value.as_array().into_iter().flatten();
    items
        .map(|item| Media {
            name: text_of(&item["name"]).unwrap_or_default(),
            contents: strings(&item["contents"]),
        })
        .collect()
}

fn turn_of(value: &Value) -> Turn {
    let uuids: Vec<_> = value["images"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|image| image.get("uuids").map(strings))
        .collect();
    Turn {
        role: text_of(&value["role"]),
        model: text_of(&value["model"]),
        max_tokens: value["max_tokens"]
            .as_u64()
            .and_then(|tokens| u32::try_from(tokens).ok()),
        texts: media(&value["texts"]),
        images: media(&value["images"]),
        audios: media(&value["audios"]),
        videos: media(&value["videos"]),
        extra_body: members(&value["extra_body"]),
        raw_messages: value["raw_messages"].as_array().cloned(),
        reset_context: is_set(value, "reset_context"),
        raw_tools: value["raw_tools"].as_array().cloned(),
        raw_system: value["raw_system"].as_array().cloned(),
        raw_payload: value["raw_payload"].as_object().cloned(),
        image_uuids: uuids,
        ..Turn::default()
    }
}

fn settings_of(case: &Value) -> Result<EndpointSettings, String> {
    let endpoint_type: EndpointType = case["type"].as_str().unwrap().parse().unwrap();
    let template = match case["template"].as_str() {
        Some("nv-embedqa") => Some(BodyTemplate::compile(r#"{"text": {{ texts|tojson }}}"#)),
        Some(source) => Some(BodyTemplate::compile(source)),
        None => None,
    };
    let template = template.transpose().map_err(|error| error.to_string())?;
    let field = case["field"].as_str().map(ResponseField::compile);
    Ok(EndpointSettings {
        endpoint_type,
        streaming: is_set(case, "streaming"),
        models: vec!["m1".into(), "m2".into()],
        extra: members(&case["extra"]),
        use_legacy_max_tokens: is_set(case, "legacy"),
        use_server_token_count: is_set(case, "server_counts"),
        per_chunk_usage: is_set(case, "per_chunk"),
        force_content_parts: is_set(case, "force_parts"),
        template,
        // A query that does not compile is refused before a run; the reference goes on without.
        response_field: field.and_then(Result::ok),
    })
}

fn body_of(case: &Value) -> Result<String, String> {
    let settings = settings_of(case)?;
    let turns: Vec<_> = case["turns"]
        .as_array()
        .unwrap()
        .iter()
        .map(turn_of)
        .collect();
    let turns: Vec<_> = turns.iter().collect();
    let context = FormatContext {
        turns: &turns,
        system_message: case["system"].as_str(),
        user_context_message: case["context"].as_str(),
        previous_response_id: case["previous"].as_str(),
        settings: &settings,
    };
    let body = format(&context).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(body).unwrap())
}

/// Shows every case that differs, and fails if there is one.
fn assert_none(differing: &[String], cases: usize) {
    assert!(
        differing.is_empty(),
        "{} of {cases} cases differ:\n{}",
        differing.len(),
        differing.join("\n")
    );
}

/// Types that the reference does not have.
const OWN_TYPES: [&str; 0] = [];

#[test]
fn bodies_are_byte_for_byte_those_of_the_reference() {
    let mut differing = Vec::new();
    let mut compared = Vec::new();
    for case in cases(BODIES) {
        let made = body_of(&case);
        let is_same = match (&made, case["body"].as_str()) {
            (Ok(body), Some(expected)) => body == expected,
            (Err(_), None) => true,
            _ => false,
        };
        if !is_same {
            differing.push(format!("{case}\n  here: {made:?}"));
        }
        if made.is_ok() {
            compared.push(text_of(&case["type"]).unwrap());
        }
    }
    assert_none(&differing, compared.len());
    for (_, name) in EndpointType::NAMED {
        let bodies = compared.iter().filter(|compared| *compared == name).count();
        assert!(
            bodies >= 10 || OWN_TYPES.contains(&name),
            "{bodies} bodies of `{name}`"
        );
    }
}

/// Of these the reference does not find all input (docs/differences.md).
const MORE_IS_FOUND_HERE: [EndpointType; 7] = [
    EndpointType::NimRankings,
    EndpointType::CohereRankings,
    EndpointType::HfTeiRankings,
    EndpointType::SolidoRag,
    EndpointType::NimEmbeddings,
    EndpointType::ImageEdit,
    EndpointType::AudioTranscription,
];

#[test]
fn what_is_counted_of_a_body_is_what_the_reference_counts() {
    let mut differing = Vec::new();
    let mut compared = 0;
    for case in cases(BODIES) {
        let endpoint_type: EndpointType = case["type"].as_str().unwrap().parse().unwrap();
        let (Some(body), Some(expected)) = (case["body"].as_str(), case.get("input")) else {
            continue;
        };
        if MORE_IS_FOUND_HERE.contains(&endpoint_type) {
            continue;
        }
        let mut found = input::extract(endpoint_type, body.as_bytes());
        let mut expected = expected.clone();
        if endpoint_type == EndpointType::Messages {
            // No chat template renders tool blocks, and only here they are among the tool texts.
            found.tool_texts.clear();
            expected["tool_texts"] = json!([]);
        }
        let found = json!({
            "texts": found.texts, "tool_texts": found.tool_texts, "images": found.images,
            "audios": found.audios, "videos": found.videos, "pretokenised": found.pretokenised,
        });
        compared += 1;
        if found != expected {
            differing.push(format!(
                "{endpoint_type} {body}\n  here: {found}\n  there: {expected}"
            ));
        }
    }
    assert_none(&differing, compared);
    assert!(compared > 200, "{compared} cases");
}

fn answer_of(case: &Value) -> Answer {
    let mut body = String::new();
    let mut reads = Vec::new();
    let is_stream = case["events"].is_array();
    if is_stream {
        for (data, at) in strings(&case["events"]).iter().zip(1..) {
            body.push_str(&format!("data: {data}\n\n"));
            let end = body.len();
            reads.push(ReadMark { at, end });
        }
    } else {
        body = text_of(&case["text"]).unwrap();
        let end = body.len();
        reads.push(ReadMark { at: 1, end });
    }
    let transcript = Transcript {
        content_type: Some(if is_stream {
            "text/event-stream"
        } else {
            "application/json"
        }),
        body: body.as_bytes(),
        reads: &reads,
        ended_at: 1,
        method_is_post: true,
    };
    parse_with(&settings_of(case).unwrap(), &transcript)
}

fn parts_of(answer: &Answer) -> Value {
    let (mut output, mut reasoning, mut prose) = (
        &answer.output[..],
        &answer.reasoning[..],
        &answer.tool_prose[..],
    );
    let mut cut = |part: &Part| {
        let texts = [
            output.split_at(part.output_bytes),
            reasoning.split_at(part.reasoning_bytes),
            prose.split_at(part.prose_bytes),
        ];
        (output, reasoning, prose) = (texts[0].1, texts[1].1, texts[2].1);
        json!([
            part.at,
            format!("{:?}", part.kind),
            texts[0].0,
            texts[1].0,
            texts[2].0
        ])
    };
    answer.parts.iter().map(&mut cut).collect()
}

fn usage_of(usage: &Usage) -> Value {
    let members = json!({
        "prompt_tokens": usage.prompt_tokens,
        "prompt_uncached_tokens": usage.prompt_uncached_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "prompt_cache_read_tokens": usage.prompt_cache_read_tokens,
        "prompt_cache_write_tokens": usage.prompt_cache_write_tokens,
        "prompt_cache_miss_tokens": usage.prompt_cache_miss_tokens,
        "prompt_audio_tokens": usage.prompt_audio_tokens,
        "prompt_audio_seconds": usage.prompt_audio_seconds,
        "completion_audio_tokens": usage.completion_audio_tokens,
        "accepted_prediction_tokens": usage.accepted_prediction_tokens,
        "rejected_prediction_tokens": usage.rejected_prediction_tokens,
        "tool_use_prompt_tokens": usage.tool_use_prompt_tokens,
    });
    let reported = members.as_object().unwrap().iter();
    Value::Object(
        reported
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

fn reply_of(answer: &Answer) -> Option<Value> {
    let turn = reply::capture(answer)?;
    Some(match turn.raw_messages {
        Some(messages) => Value::Array(messages),
        None => json!(turn.texts[0].contents[0]),
    })
}

#[test]
fn answers_are_understood_as_the_reference_understands_them() {
    let mut differing = Vec::new();
    let mut compared = 0;
    for case in cases(ANSWERS) {
        let answer = answer_of(&case);
        let Some(expected) = case.get("answer") else {
            continue;
        };
        let mut found = json!({"parts": parts_of(&answer)});
        if let Some(usage) = &answer.usage {
            found["usage"] = usage_of(usage);
        }
        if let Some(reply) = reply_of(&answer) {
            found["reply"] = reply;
        }
        compared += 1;
        if found != *expected {
            differing.push(format!("{case}\n  here: {found}"));
        }
    }
    assert_none(&differing, compared);
    assert!(compared > 300, "{compared} cases");
}

#[test]
fn every_type_stands_on_its_page_with_its_path() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/endpoints.md");
    let page = std::fs::read_to_string(page).unwrap();
    for (endpoint_type, name) in EndpointType::NAMED {
        let capabilities = endpoint_type.capabilities();
        let path = match (capabilities.path, capabilities.streaming_path) {
            (None, _) => "none".to_owned(),
            (Some(path), None) => format!("`{path}`"),
            (Some(path), Some(streaming)) => format!("`{path}`; streaming: `{streaming}`"),
        };
        let streams = if capabilities.streams { "yes" } else { "no" };
        let row = format!("| `{name}` | {path} | {streams} |");
        assert!(page.contains(&row), "{row}");
    }
}
