//! What a body that was sent gives the model to read: texts, media, token ids.
//!
//! The source is the body itself, not the dataset: extras and overrides are in it. Of a multipart
//! body it is the JSON payload that the parts were made of.

mod anthropic;
mod audio;
mod flat;
mod items;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::dialect;
use crate::kind::EndpointType;

/// What a body gives the model to read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExtractedInput {
    /// All texts, in order; tool definitions and tool traffic included.
    pub texts: Vec<String>,
    /// Those of the texts that a chat template does not see in the messages.
    pub tool_texts: Vec<String>,
    /// Number of images.
    pub images: usize,
    /// Number of audio clips.
    pub audios: usize,
    /// Number of videos.
    pub videos: usize,
    /// Length of the first audio clip in seconds, read from its header. Only of WAV; a dataset may
    /// know better.
    pub audio_seconds: Option<f64>,
    /// Number of tokens that the body carries as token ids.
    pub pretokenised: usize,
    /// The conversation as a chat template wants it; empty for bodies without messages.
    pub messages: Vec<MessageView>,
}

/// One message for a chat template.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MessageView {
    /// Who speaks.
    pub role: String,
    /// The texts of the message, end to end.
    pub content: String,
    /// The message's tool calls, as they are in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<Value>,
}

/// How content parts are named in a type's bodies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartTypes {
    text: &'static [&'static str],
    image: &'static [&'static str],
    audio: &'static [&'static str],
    video: &'static [&'static str],
}

impl PartTypes {
    /// The names of chat bodies.
    pub(crate) const OPENAI: Self = Self {
        text: &["text"],
        image: &["image_url"],
        audio: &["input_audio"],
        video: &["video_url"],
    };
    /// The names of responses bodies. Replayed answers name their texts `output_text`.
    pub(crate) const RESPONSES: Self = Self {
        text: &["input_text", "output_text"],
        image: &["input_image"],
        audio: &["input_audio"],
        video: &[],
    };
    /// The names of messages bodies.
    pub(crate) const ANTHROPIC: Self = Self {
        text: &["text"],
        image: &["image"],
        audio: &[],
        video: &[],
    };
}

impl ExtractedInput {
    /// The text whose tokens are counted: all texts, joined by one space. None if there are none.
    pub fn joined_text(&self) -> Option<String> {
        (!self.texts.is_empty()).then(|| self.texts.join(" "))
    }

    /// The tool texts, joined by one space. None if there are none.
    pub fn joined_tool_text(&self) -> Option<String> {
        (!self.tool_texts.is_empty()).then(|| self.tool_texts.join(" "))
    }

    /// Whether the body holds nothing to count; the input length is then unknown, not zero.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.pretokenised == 0
    }

    fn add_tool_text(&mut self, text: &str) {
        if !text.is_empty() {
            self.tool_texts.push(text.to_owned());
            self.texts.push(text.to_owned());
        }
    }

    /// Adds a clip; `base64` are its bytes, where the body holds them.
    fn add_audio(&mut self, base64: Option<&str>) {
        self.audios += 1;
        if self.audios == 1 {
            self.audio_seconds = base64.and_then(audio::wav_seconds);
        }
    }

    /// Puts texts that stand before the conversation first, and into the view as a system message.
    fn prepend_system(&mut self, texts: Vec<String>) {
        if texts.is_empty() {
            return;
        }
        if !self.messages.is_empty() {
            self.messages.insert(
                0,
                MessageView {
                    role: "system".into(),
                    content: texts.concat(),
                    tool_calls: None,
                },
            );
        }
        self.texts.splice(0..0, texts);
    }
}

/// Extracts the input of a body that was sent. A body that is no JSON object holds nothing.
pub fn extract(endpoint_type: EndpointType, body: &[u8]) -> ExtractedInput {
    let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
        return ExtractedInput::default();
    };
    match endpoint_type {
        EndpointType::ImageRetrieval => retrieval(&body),
        EndpointType::Responses => {
            let mut input = generic(endpoint_type, &body);
            input.prepend_system(items::bare_texts(body.get("instructions"), |_| true));
            input
        }
        EndpointType::Messages => {
            let mut input = generic(endpoint_type, &body);
            anthropic::read(&body, &mut input);
            input
        }
        EndpointType::NimEmbeddings => {
            let mut input = generic(endpoint_type, &body);
            flat::split_off_images(&mut input);
            input
        }
        EndpointType::ImageEdit => {
            let mut input = generic(endpoint_type, &body);
            input.images += usize::from(holds_file(&body, "image") || body.contains_key("url"));
            input
        }
        EndpointType::AudioTranscription => {
            let mut input = generic(endpoint_type, &body);
            if holds_file(&body, "file") {
                input.add_audio(body["file"]["b64_data"].as_str());
            }
            input
        }
        _ => generic(endpoint_type, &body),
    }
}

/// Messages and tools; in a body without messages, the first key that holds something.
fn generic(endpoint_type: EndpointType, body: &Map<String, Value>) -> ExtractedInput {
    let mut input = ExtractedInput::default();
    let part_types = dialect::of(endpoint_type).part_types();
    let has_messages = items::read_messages(body, part_types, &mut input);
    items::read_tools(body, &mut input);
    if !has_messages {
        flat::read(body, &mut input);
    }
    input
}

/// The flat list of images of an image-retrieval body; it holds no texts.
fn retrieval(body: &Map<String, Value>) -> ExtractedInput {
    let items = body.get("input").and_then(Value::as_array);
    let is_image = |item: &&Value| item.get("type").and_then(Value::as_str) == Some("image_url");
    ExtractedInput {
        images: items.map_or(0, |items| items.iter().filter(is_image).count()),
        ..ExtractedInput::default()
    }
}

/// Whether a member is a file that goes into a part of its own.
fn holds_file(body: &Map<String, Value>, key: &str) -> bool {
    body.get(key)
        .and_then(|file| file.get("b64_data"))
        .is_some_and(Value::is_string)
}

#[cfg(test)]
mod tests;
