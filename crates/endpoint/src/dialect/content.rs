//! The messages of a body, and the parts of their contents.

use serde_json::{Map, Value, json};

use crate::conversation::{Media, Turn};
use crate::error::EndpointError;
use crate::format::FormatContext;

/// How the parts of a content are written. The shapes of OpenAI chat, where a type has no others.
pub(super) trait Parts {
    /// A text.
    fn text(&self, text: &str) -> Value {
        json!({"type": "text", "text": text})
    }

    /// An image: a data URL or a URL.
    fn image(&self, url: &str) -> Result<Value, EndpointError> {
        Ok(json!({"type": "image_url", "image_url": {"url": url}}))
    }

    /// Audio: `<format>,<base64>` or a data URL.
    fn audio(&self, audio: &str) -> Result<Value, EndpointError> {
        audio_part(audio)
    }

    /// A video: a data URL or a URL.
    fn video(&self, url: &str) -> Result<Value, EndpointError> {
        Ok(json!({"type": "video_url", "video_url": {"url": url}}))
    }
}

/// The parts of OpenAI chat.
pub(super) struct ChatParts;

impl Parts for ChatParts {}

/// The chat messages of all turns: raw ones as they are, one synthetic message for every other turn.
pub(super) fn messages(context: &FormatContext<'_>) -> Result<Vec<Value>, EndpointError> {
    messages_of(context.turns, context, &ChatParts)
}

/// The messages of some turns, with the parts of a type.
pub(super) fn messages_of(
    turns: &[&Turn],
    context: &FormatContext<'_>,
    style: &dyn Parts,
) -> Result<Vec<Value>, EndpointError> {
    let mut messages = Vec::with_capacity(turns.len() + 2);
    for turn in turns {
        if let Some(raw) = &turn.raw_messages {
            if turn.reset_context {
                messages.clear();
            }
            messages.extend(raw.iter().cloned());
        } else {
            let mut message = Map::with_capacity(2);
            message.insert("role".into(), role_of(turn).into());
            message.insert(
                "content".into(),
                content(turn, context.settings.force_content_parts, style)?,
            );
            messages.push(Value::Object(message));
        }
    }
    Ok(messages)
}

fn role_of(turn: &Turn) -> &str {
    turn.role
        .as_deref()
        .filter(|role| !role.is_empty())
        .unwrap_or("user")
}

/// Puts the conversation's own messages first. A system message that is already there is merged
/// with the conversation's into one, because many servers accept only one.
pub(super) fn with_leading(messages: Vec<Value>, context: &FormatContext<'_>) -> Vec<Value> {
    let mut built = messages.into_iter().peekable();
    let mut all = Vec::with_capacity(built.len() + 2);
    if let Some(system) = context.system() {
        let own =
            built.next_if(|first| first.get("role").and_then(Value::as_str) == Some("system"));
        all.push(match own {
            Some(own) => merged_system(system, own),
            None => json!({"role": "system", "content": system}),
        });
    }
    if let Some(user_context) = context.user_context() {
        all.push(json!({"role": "user", "content": user_context}));
    }
    all.extend(built);
    all
}

fn merged_system(system: &str, mut own: Value) -> Value {
    let content = match own.get_mut("content").map(Value::take) {
        Some(Value::String(text)) if !text.is_empty() => format!("{system}\n\n{text}").into(),
        Some(Value::Array(mut parts)) if !parts.is_empty() => {
            parts.insert(0, ChatParts.text(system));
            Value::Array(parts)
        }
        _ => system.into(),
    };
    if let Value::Object(members) = &mut own {
        members.insert("content".into(), content);
    }
    own
}

/// The content of a synthetic message: a bare string for a lone text, else a list of parts.
fn content(turn: &Turn, force_parts: bool, style: &dyn Parts) -> Result<Value, EndpointError> {
    let has_media = !(turn.images.is_empty() && turn.audios.is_empty() && turn.videos.is_empty());
    if !force_parts
        && !has_media
        && let [item] = turn.texts.as_slice()
        && let [text] = item.contents.as_slice()
    {
        return Ok(text.as_str().into());
    }
    let mut parts = Vec::new();
    parts.extend(contents(&turn.texts).map(|text| style.text(text)));
    for (index, image) in turn.images.iter().enumerate() {
        let uuids = turn.image_uuids.get(index).map_or(&[][..], Vec::as_slice);
        image_parts(image, uuids, style, &mut parts)?;
    }
    for audio in contents(&turn.audios) {
        parts.push(style.audio(audio)?);
    }
    for video in contents(&turn.videos) {
        parts.push(style.video(video)?);
    }
    if parts.is_empty() {
        // Servers reject an empty list; an empty string they take.
        return Ok("".into());
    }
    Ok(Value::Array(parts))
}

/// All non-empty contents of the items.
pub(super) fn contents(items: &[Media]) -> impl Iterator<Item = &str> {
    items
        .iter()
        .flat_map(|item| &item.contents)
        .map(String::as_str)
        .filter(|text| !text.is_empty())
}

fn image_parts(
    image: &Media,
    uuids: &[String],
    style: &dyn Parts,
    parts: &mut Vec<Value>,
) -> Result<(), EndpointError> {
    if uuids.is_empty() {
        for url in image.contents.iter().filter(|url| !url.is_empty()) {
            parts.push(style.image(url)?);
        }
        return Ok(());
    }
    if uuids.len() != image.contents.len() {
        return Err(EndpointError::ImageUuids {
            contents: image.contents.len(),
            uuids: uuids.len(),
        });
    }
    // An empty content stands for an image that the server already has under the identifier.
    parts.extend(
        image.contents.iter().zip(uuids).map(
            |(url, uuid)| json!({"type": "image_url", "image_url": {"url": url}, "uuid": uuid}),
        ),
    );
    Ok(())
}

fn audio_part(audio: &str) -> Result<Value, EndpointError> {
    let Some((head, data)) = audio.split_once(',') else {
        return Err(EndpointError::Audio {
            start: audio.chars().take(32).collect(),
        });
    };
    let format = match head.strip_prefix("data:") {
        Some(media_type) => media_type
            .split(';')
            .next()
            .and_then(|media_type| media_type.strip_prefix("audio/"))
            .filter(|format| !format.is_empty())
            .unwrap_or("wav"),
        None => head,
    };
    Ok(json!({"type": "input_audio", "input_audio": {"data": data, "format": format}}))
}
