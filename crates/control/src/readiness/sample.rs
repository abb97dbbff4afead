//! The smallest real request of each endpoint type.

use aiperf_endpoint::conversation::{Media, Turn};
use aiperf_endpoint::format::{EndpointSettings, FormatContext, format};
use aiperf_endpoint::multipart::{WireBody, wire_body};
use aiperf_endpoint::{EndpointError, EndpointType};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What is asked.
const PROMPT: &str = "Hi";

/// A PNG of one pixel.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// Extra inputs by which a user sets the length or the number of answers. In a probe they would
/// make the answer long again, or contradict its cap of one token.
const LENGTH_KEYS: [&str; 10] = [
    "min_tokens",
    "max_tokens",
    "min_new_tokens",
    "max_new_tokens",
    "min_completion_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "ignore_eos",
    "best_of",
    "n",
];

/// The body of a request to `model`, with the run's extra inputs except for those about length. None
/// for types of which there is no small request: a raw body comes from the dataset, a template may
/// want more than a text, and a video is a job that would go on during the measurement.
pub(super) fn body(
    settings: &EndpointSettings,
    model: &str,
) -> Result<Option<WireBody>, EndpointError> {
    let Some(turn) = turn(settings.endpoint_type) else {
        return Ok(None);
    };
    let mut settings = settings.clone();
    settings.models = vec![model.to_owned()];
    for key in LENGTH_KEYS {
        settings.extra.shift_remove(key);
    }
    let payload = format(&FormatContext {
        turns: &[&turn],
        system_message: None,
        user_context_message: None,
        previous_response_id: None,
        settings: &settings,
    });
    match payload {
        Ok(payload) => wire_body(settings.endpoint_type, payload).map(Some),
        // The user's template may want what only the dataset has.
        Err(_) if settings.endpoint_type == EndpointType::Template => Ok(None),
        Err(error) => Err(error),
    }
}

fn turn(endpoint_type: EndpointType) -> Option<Turn> {
    let mut turn = Turn::text(PROMPT);
    match endpoint_type {
        EndpointType::Raw | EndpointType::VideoGeneration => return None,
        EndpointType::Chat
        | EndpointType::Completions
        | EndpointType::Messages
        | EndpointType::Template
        | EndpointType::HuggingfaceGenerate => turn.max_tokens = Some(1),
        // The least that OpenAI's API allows there.
        EndpointType::Responses => turn.max_tokens = Some(16),
        EndpointType::NimRankings | EndpointType::CohereRankings | EndpointType::HfTeiRankings => {
            turn.texts = vec![named("query"), named("passages")];
        }
        EndpointType::ImageEdit => turn.images = vec![pixel()],
        EndpointType::ImageRetrieval => {
            turn.texts.clear();
            turn.images = vec![pixel()];
        }
        EndpointType::AudioTranscription => {
            turn.texts.clear();
            turn.audios = vec![Media::unnamed(format!(
                "wav,{}",
                STANDARD.encode(silence())
            ))];
        }
        // A text is all they want.
        _ => {}
    }
    Some(turn)
}

fn named(name: &str) -> Media {
    Media {
        name: name.to_owned(),
        contents: vec![PROMPT.to_owned()],
    }
}

fn pixel() -> Media {
    Media::unnamed(format!("data:image/png;base64,{PIXEL}"))
}

/// Half a second of silence: a WAV file, PCM, one channel, 16 bits, 16 kHz. Servers refuse clips
/// that are much shorter.
fn silence() -> Vec<u8> {
    const RATE: u32 = 16_000;
    const BYTES_PER_SAMPLE: u16 = 2;
    let samples = vec![0; (RATE / 2) as usize * usize::from(BYTES_PER_SAMPLE)];
    let length = samples.len() as u32;
    let bytes_per_second = RATE * u32::from(BYTES_PER_SAMPLE);
    let fields: [&[u8]; 13] = [
        b"RIFF",
        &(36 + length).to_le_bytes(),
        b"WAVEfmt ",
        &16_u32.to_le_bytes(),
        &1_u16.to_le_bytes(),
        &1_u16.to_le_bytes(),
        &RATE.to_le_bytes(),
        &bytes_per_second.to_le_bytes(),
        &BYTES_PER_SAMPLE.to_le_bytes(),
        &(8 * BYTES_PER_SAMPLE).to_le_bytes(),
        b"data",
        &length.to_le_bytes(),
        &samples,
    ];
    fields.concat()
}

#[cfg(test)]
mod tests {
    use aiperf_endpoint::template::BodyTemplate;

    use super::*;

    fn settings(endpoint_type: EndpointType) -> EndpointSettings {
        EndpointSettings {
            endpoint_type,
            models: vec!["first".to_owned(), "m".to_owned()],
            ..EndpointSettings::default()
        }
    }

    fn check(settings: &EndpointSettings, expected: &str) {
        let body = body(settings, "m").unwrap().unwrap();
        assert_eq!(String::from_utf8(body.bytes).unwrap(), expected);
    }

    #[test]
    fn a_probe_is_a_small_request_of_the_type() {
        for (endpoint_type, expected) in [
            (
                EndpointType::Chat,
                r#"{"messages":[{"role":"user","content":"Hi"}],"model":"m","stream":false,"max_completion_tokens":1}"#,
            ),
            (
                EndpointType::Completions,
                r#"{"prompt":"Hi","model":"m","stream":false,"max_tokens":1}"#,
            ),
            (EndpointType::Embeddings, r#"{"model":"m","input":["Hi"]}"#),
            (
                EndpointType::Messages,
                r#"{"model":"m","messages":[{"role":"user","content":"Hi"}],"max_tokens":1}"#,
            ),
            (
                EndpointType::CohereRankings,
                r#"{"model":"m","query":"Hi","documents":["Hi"]}"#,
            ),
            (
                EndpointType::HuggingfaceGenerate,
                r#"{"inputs":"Hi","parameters":{"max_new_tokens":1}}"#,
            ),
        ] {
            check(&settings(endpoint_type), expected);
        }
    }

    #[test]
    fn extra_inputs_go_along_unless_they_set_the_length() {
        let extra = r#"{"min_tokens":500,"input_type":"query","n":4,"max_tokens":500}"#;
        check(
            &EndpointSettings {
                extra: serde_json::from_str(extra).unwrap(),
                ..settings(EndpointType::NimEmbeddings)
            },
            r#"{"model":"m","input":["Hi"],"input_type":"query"}"#,
        );
    }

    #[test]
    fn every_type_has_a_probe_but_those_that_cannot_or_must_not() {
        let template = BodyTemplate::compile("{\"q\": {{ text|tojson }}}").unwrap();
        for (endpoint_type, name) in EndpointType::NAMED {
            let settings = EndpointSettings {
                template: Some(template.clone()),
                ..settings(endpoint_type)
            };
            let has_probe = body(&settings, "m").unwrap().is_some();
            let expected = !["raw", "video_generation"].contains(&name);
            assert_eq!(has_probe, expected, "{name}");
        }
    }

    #[test]
    fn a_template_that_wants_more_than_a_text_has_no_probe() {
        let template = BodyTemplate::compile("{{ images[0]|length }}, {{ query|length }}").unwrap();
        let settings = EndpointSettings {
            template: Some(template),
            ..settings(EndpointType::Template)
        };
        assert_eq!(body(&settings, "m"), Ok(None));
    }

    #[test]
    fn the_silent_clip_is_a_wav_file_of_half_a_second() {
        let clip = silence();
        assert_eq!(clip.len(), 44 + 16_000);
        assert_eq!(&clip[..4], b"RIFF");
        assert_eq!(
            u32::from_le_bytes(clip[4..8].try_into().unwrap()),
            36 + 16_000
        );
        assert_eq!(&clip[8..16], b"WAVEfmt ");
        assert_eq!(&clip[36..40], b"data");
        assert_eq!(u32::from_le_bytes(clip[40..44].try_into().unwrap()), 16_000);
    }

    #[test]
    fn a_multipart_body_says_what_it_is() {
        let body = body(&settings(EndpointType::ImageEdit), "m")
            .unwrap()
            .unwrap();
        let content_type = body.content_type.unwrap();
        assert!(
            content_type.starts_with("multipart/form-data; boundary="),
            "{content_type}"
        );
    }
}
