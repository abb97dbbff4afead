//! What a messages body holds beside its messages' texts: the system prompt, schemas of tools, and
//! tool traffic.

use serde_json::{Map, Value};

use super::ExtractedInput;
use super::items::bare_texts;

/// Adds to what the messages and tools gave. No chat template renders these blocks from the view,
/// so their texts are tool texts.
pub(super) fn read(body: &Map<String, Value>, input: &mut ExtractedInput) {
    input.prepend_system(bare_texts(body.get("system"), |kind| kind == Some("text")));
    for tool in list(body.get("tools")) {
        if let Some(schema) = tool.get("input_schema").filter(|schema| schema.is_object()) {
            input.add_tool_text(&schema.to_string());
        }
    }
    for message in list(body.get("messages")) {
        for block in list(message.get("content")) {
            read_block(block, input);
        }
    }
}

fn read_block(block: &Value, input: &mut ExtractedInput) {
    match block.get("type").and_then(Value::as_str) {
        Some("tool_use") => {
            if let Some(name) = block.get("name").and_then(Value::as_str) {
                input.add_tool_text(name);
            }
            if let Some(arguments) = block.get("input").filter(|input| input.is_object()) {
                input.add_tool_text(&arguments.to_string());
            }
        }
        Some("tool_result") => {
            let content = block.get("content");
            for text in bare_texts(content, |kind| kind == Some("text")) {
                input.add_tool_text(&text);
            }
            let is_image =
                |part: &&Value| part.get("type").and_then(Value::as_str) == Some("image");
            input.images += list(content).iter().filter(is_image).count();
        }
        _ => {}
    }
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
