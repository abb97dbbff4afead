//! Messages, responses items, and tool definitions.

use serde_json::{Map, Value};

use super::{ExtractedInput, MessageView, PartTypes};

/// Reads the lists of messages; whether there was one.
pub(super) fn read_messages(
    body: &Map<String, Value>,
    part_types: PartTypes,
    input: &mut ExtractedInput,
) -> bool {
    let mut found = false;
    for key in ["messages", "input"] {
        let items = body
            .get(key)
            .and_then(Value::as_array)
            .filter(|items| is_messages(items));
        for item in items.into_iter().flatten().filter_map(Value::as_object) {
            read_message(item, part_types, input);
        }
        found |= items.is_some();
    }
    found
}

/// Reads the definitions of tools.
pub(super) fn read_tools(body: &Map<String, Value>, input: &mut ExtractedInput) {
    let tools = body.get("tools").and_then(Value::as_array);
    for tool in tools.into_iter().flatten() {
        for definition in tool.get("function").into_iter().chain([tool]) {
            for key in ["name", "description"] {
                if let Some(text) = definition.get(key).and_then(Value::as_str) {
                    input.add_tool_text(text);
                }
            }
            if let Some(parameters) = definition.get("parameters").filter(|p| p.is_object()) {
                input.add_tool_text(&parameters.to_string());
            }
        }
    }
}

/// The non-empty texts of a value that is a text or a list of texts and of parts whose type is
/// wanted.
pub(super) fn bare_texts(
    value: Option<&Value>,
    wants: impl Fn(Option<&str>) -> bool,
) -> Vec<String> {
    let text_of = |part: &Value| match part {
        Value::String(text) => Some(text.clone()),
        part if wants(part.get("type").and_then(Value::as_str)) => {
            part.get("text").and_then(Value::as_str).map(str::to_owned)
        }
        _ => None,
    };
    let texts: Vec<String> = match value {
        Some(Value::Array(parts)) => parts.iter().filter_map(text_of).collect(),
        Some(Value::String(text)) => vec![text.clone()],
        _ => Vec::new(),
    };
    texts.into_iter().filter(|text| !text.is_empty()).collect()
}

/// Whether a list holds messages, rather than texts to embed or token ids.
fn is_messages(items: &[Value]) -> bool {
    items
        .iter()
        .any(|item| item.get("role").is_some() || item.get("type").is_some())
}

fn read_message(item: &Map<String, Value>, part_types: PartTypes, input: &mut ExtractedInput) {
    let mut content = String::new();
    match item.get("content") {
        Some(Value::String(text)) => {
            content.push_str(text);
            input.texts.push(text.clone());
        }
        Some(Value::Array(parts)) => {
            for part in parts {
                read_part(part, part_types, &mut content, input);
            }
        }
        _ => {}
    }
    let role = item.get("role").and_then(Value::as_str);
    let tool_calls = item.get("tool_calls").filter(|calls| calls.is_array());
    for call in tool_calls.and_then(Value::as_array).into_iter().flatten() {
        for key in ["name", "arguments"] {
            let text = call.get("function").and_then(|function| function.get(key));
            let Some(text) = text.and_then(Value::as_str).filter(|text| !text.is_empty()) else {
                continue;
            };
            // A template renders the calls of a message, but knows nothing of a bare item.
            match role {
                Some(_) => input.texts.push(text.to_owned()),
                None => input.add_tool_text(text),
            }
        }
    }
    let tool_keys: &[&str] = match item.get("type").and_then(Value::as_str) {
        Some("function_call") => &["name", "arguments"],
        Some("function_call_output") => &["output"],
        _ => &[],
    };
    for text in tool_keys.iter().filter_map(|key| item.get(*key)?.as_str()) {
        input.add_tool_text(text);
    }
    if let Some(role) = role {
        input.messages.push(MessageView {
            role: role.to_owned(),
            content,
            tool_calls: tool_calls.cloned(),
        });
    }
}

fn read_part(
    part: &Value,
    part_types: PartTypes,
    content: &mut String,
    input: &mut ExtractedInput,
) {
    let Some(kind) = part.get("type").and_then(Value::as_str) else {
        return;
    };
    if part_types.text.contains(&kind) {
        if let Some(text) = part.get("text").and_then(Value::as_str) {
            content.push_str(text);
            input.texts.push(text.to_owned());
        }
    } else if part_types.image.contains(&kind) {
        input.images += 1;
    } else if part_types.audio.contains(&kind) {
        let data = part.get("input_audio").and_then(|audio| audio.get("data"));
        input.add_audio(data.and_then(Value::as_str));
    } else if part_types.video.contains(&kind) {
        input.videos += 1;
    }
}
