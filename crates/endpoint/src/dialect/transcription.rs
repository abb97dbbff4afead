//! Audio transcription: a clip in, its text out.

use serde_json::{Map, Value};

use super::members::Members;
use super::upload::{file, merge_extras_except, reserved_remarks};
use super::{Dialect, max_tokens_remark};
use crate::error::EndpointError;
use crate::format::FormatContext;
use crate::kind::{Capabilities, EndpointType, MediaSupport, NO_MEDIA, SCORING};
use crate::parse::{AnswerBuilder, Content};

/// The dialect; it has no state.
pub(super) struct Transcription;

/// Made from the turn; an extra of this name is not sent.
const RESERVED: [&str; 1] = ["file"];

impl Transcription {
    /// What the type can do.
    pub(super) const ROW: Capabilities = Capabilities {
        endpoint_type: EndpointType::AudioTranscription,
        name: "audio_transcription",
        path: Some("/v1/audio/transcriptions"),
        tokenizes_input: false,
        media: MediaSupport {
            audio: true,
            ..NO_MEDIA
        },
        single_turn: false,
        multipart: true,
        title: "Audio Transcription Metrics",
        ..SCORING
    };
}

impl Dialect for Transcription {
    fn body(&self, context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError> {
        let audio = context.newest()?.audios.first();
        let audio = audio
            .and_then(|audio| audio.contents.first())
            .filter(|audio| !audio.is_empty())
            .ok_or(EndpointError::Missing {
                endpoint_type: context.settings.endpoint_type,
                what: "audio",
            })?;
        let mut body = Map::new();
        body.insert("file".into(), audio_file(audio)?);
        body.insert("model".into(), context.model()?.into());
        merge_extras_except(&RESERVED, context, &mut body)?;
        Ok(body)
    }

    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder) {
        let Some(response) = Members::parse(text) else {
            // Formats such as `text`, `srt` and `vtt` are no JSON; the body is the transcript.
            let transcript = (!text.is_empty()).then_some(Content::Text(text));
            return answer.add(at, transcript, None);
        };
        if let Some(failure) = response.failure(text) {
            return answer.fail(failure);
        }
        let transcript = response.text("text").filter(|text| !text.is_empty());
        let content = transcript.as_deref().map(Content::Text);
        answer.add(at, content, response.usage().as_deref());
    }

    fn remarks(&self, context: &FormatContext<'_>) -> Vec<String> {
        [
            reserved_remarks(&RESERVED, context),
            max_tokens_remark(context),
        ]
        .concat()
    }
}

/// The file of a clip that is given as `<format>,<base64>` or as a data URL.
fn audio_file(audio: &str) -> Result<Value, EndpointError> {
    let Some((head, base64)) = audio.split_once(',') else {
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
    let format = format.to_lowercase();
    let media_type = match format.as_str() {
        "mp3" | "mpga" | "mpeg" => "audio/mpeg",
        "m4a" | "mp4" => "audio/mp4",
        _ => &format!("audio/{format}"),
    };
    Ok(file(base64, &format!("audio.{format}"), media_type))
}

#[cfg(test)]
mod tests;
