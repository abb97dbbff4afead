//! What the tests of the types that do not answer with text have in common.

use serde_json::{Map, Value};

use crate::conversation::{Media, Turn};
use crate::error::EndpointError;
use crate::format::{EndpointSettings, FormatContext, format, remarks};
use crate::kind::EndpointType;
use crate::parse::{Answer, parse};
use crate::transcript::{ReadMark, Transcript};

/// Settings of a run with the model `m1`.
pub(super) fn settings(endpoint_type: EndpointType) -> EndpointSettings {
    EndpointSettings {
        endpoint_type,
        models: vec!["m1".into()],
        ..EndpointSettings::default()
    }
}

/// The members of an object.
pub(super) fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

/// An item with a name and several contents.
pub(super) fn named(name: &str, contents: &[&str]) -> Media {
    Media {
        name: name.into(),
        contents: contents.iter().map(ToString::to_string).collect(),
    }
}

fn context<'a>(settings: &'a EndpointSettings, turns: &'a [&'a Turn]) -> FormatContext<'a> {
    FormatContext {
        turns,
        system_message: None,
        user_context_message: None,
        previous_response_id: None,
        settings,
    }
}

/// The body of a turn, or why there is none.
pub(super) fn try_body(
    settings: &EndpointSettings,
    turns: &[&Turn],
) -> Result<String, EndpointError> {
    format(&context(settings, turns)).map(|body| String::from_utf8(body).unwrap())
}

/// The body of a turn.
pub(super) fn body(settings: &EndpointSettings, turn: &Turn) -> String {
    try_body(settings, &[turn]).unwrap()
}

/// What is remarked about a turn.
pub(super) fn remarks_on(settings: &EndpointSettings, turn: &Turn) -> Vec<String> {
    remarks(&context(settings, &[turn]))
}

/// The answer that a body of this type is.
pub(super) fn answer_of(endpoint_type: EndpointType, content_type: &str, body: &str) -> Answer {
    let reads = [ReadMark {
        at: 50,
        end: body.len(),
    }];
    let transcript = Transcript {
        content_type: Some(content_type),
        body: body.as_bytes(),
        reads: &reads,
        ended_at: 100,
        method_is_post: true,
    };
    parse(endpoint_type, &transcript)
}

/// The answer that a JSON body is.
pub(super) fn json_answer(endpoint_type: EndpointType, body: &str) -> Answer {
    answer_of(endpoint_type, "application/json", body)
}

/// The type and message of an answer's failure; none if the answer is valid.
pub(super) fn failure(answer: &Answer) -> Option<(String, String)> {
    let failure = answer.failure(1, 100)?;
    Some((failure.kind.unwrap_or_default(), failure.message))
}

/// Asserts that an answer fails because it has no content.
pub(super) fn assert_no_content(answer: &Answer, body: &str) {
    let (kind, message) = failure(answer).unwrap_or_default();
    assert_eq!(kind, "InvalidInferenceResultError", "{body}");
    assert!(
        message.contains("No responses with actual content"),
        "{body}: {message}"
    );
}

/// The answer that a stream of these data lines is; line `i` arrives in a read of its own, at
/// `i + 1`.
pub(super) fn streamed_answer<S: AsRef<str>>(endpoint_type: EndpointType, data: &[S]) -> Answer {
    let mut body = String::new();
    let mut reads = Vec::new();
    for (data, at) in data.iter().zip(1..) {
        body.push_str(&format!("data: {}\n\n", data.as_ref()));
        reads.push(ReadMark {
            at,
            end: body.len(),
        });
    }
    let transcript = Transcript {
        content_type: Some("text/event-stream"),
        body: body.as_bytes(),
        reads: &reads,
        ended_at: 100,
        method_is_post: true,
    };
    parse(endpoint_type, &transcript)
}

/// The parts of an answer as `instant kind output|reasoning|prose`.
pub(crate) fn parts_of(answer: &Answer) -> Vec<String> {
    let (mut output, mut reasoning, mut prose) = (
        answer.output.as_str(),
        answer.reasoning.as_str(),
        answer.tool_prose.as_str(),
    );
    let mut described = Vec::new();
    for part in &answer.parts {
        let (output_head, output_tail) = output.split_at(part.output_bytes);
        let (reasoning_head, reasoning_tail) = reasoning.split_at(part.reasoning_bytes);
        let (prose_head, prose_tail) = prose.split_at(part.prose_bytes);
        (output, reasoning, prose) = (output_tail, reasoning_tail, prose_tail);
        let (at, kind) = (part.at, part.kind);
        described.push(format!(
            "{at} {kind:?} {output_head}|{reasoning_head}|{prose_head}"
        ));
    }
    assert_eq!(
        (output, reasoning, prose),
        ("", "", ""),
        "texts beyond the parts"
    );
    described
}

/// The raw messages of the turn that an answer becomes, as JSON; its text if it is one.
pub(super) fn replayed(answer: &Answer) -> Option<String> {
    let turn = crate::reply::capture(answer)?;
    assert_eq!(turn.role.as_deref(), Some("assistant"));
    Some(match turn.raw_messages {
        Some(messages) => Value::from(messages).to_string(),
        None => turn.texts[0].contents[0].clone(),
    })
}
