//! The endpoint types and what each can do.

use std::fmt;
use std::str::FromStr;

use crate::dialect::TABLE;
use crate::error::EndpointError;

pub use crate::dialect::EndpointType;

/// What an endpoint type is and can do. One row per type, as data, in the file of its dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// The type of this row.
    pub endpoint_type: EndpointType,
    /// Its name in flags and files.
    pub name: &'static str,
    /// Appended to the server's URL; absent where the URL is complete as given.
    pub path: Option<&'static str>,
    /// Used in place of `path` when streaming.
    pub streaming_path: Option<&'static str>,
    /// Can answer as a stream.
    pub streams: bool,
    /// Answers with tokens; without it every output-length metric is dropped.
    pub produces_tokens: bool,
    /// The input is text that a tokenizer counts; without it input-length metrics are dropped.
    pub tokenizes_input: bool,
    /// Input and output media.
    pub media: MediaSupport,
    /// Sends the conversation's system message.
    pub system_messages: bool,
    /// Takes no history.
    pub single_turn: bool,
    /// The body is `multipart/form-data`.
    pub multipart: bool,
    /// How a key is presented.
    pub authentication: Authentication,
    /// Title of the console table.
    pub title: &'static str,
    /// The word for the service in artifact names.
    pub service_kind: &'static str,
}

/// Which media a type takes and makes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MediaSupport {
    /// Images in the input.
    pub images: bool,
    /// Audio in the input.
    pub audio: bool,
    /// Videos in the input.
    pub video: bool,
    /// Answers with images.
    pub produces_images: bool,
    /// Answers with a video.
    pub produces_video: bool,
}

/// How an API key is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authentication {
    /// `Authorization: Bearer <key>`.
    Bearer,
    /// `x-api-key: <key>` with an `anthropic-version`.
    Anthropic,
}

pub(crate) const NO_MEDIA: MediaSupport = MediaSupport {
    images: false,
    audio: false,
    video: false,
    produces_images: false,
    produces_video: false,
};
pub(crate) const IMAGES: MediaSupport = MediaSupport {
    images: true,
    ..NO_MEDIA
};
pub(crate) const IMAGES_AND_AUDIO: MediaSupport = MediaSupport {
    images: true,
    audio: true,
    ..NO_MEDIA
};
pub(crate) const ALL_INPUT_MEDIA: MediaSupport = MediaSupport {
    video: true,
    ..IMAGES_AND_AUDIO
};

/// A type that streams tokens for text; the rows say how they differ.
pub(crate) const TEXT: Capabilities = Capabilities {
    endpoint_type: EndpointType::Completions,
    name: "completions",
    path: Some("/v1/completions"),
    streaming_path: None,
    streams: true,
    produces_tokens: true,
    tokenizes_input: true,
    media: NO_MEDIA,
    system_messages: false,
    single_turn: true,
    multipart: false,
    authentication: Authentication::Bearer,
    title: "LLM Metrics",
    service_kind: "openai",
};

/// A type that answers a single text without tokens and without a stream.
pub(crate) const SCORING: Capabilities = Capabilities {
    streams: false,
    produces_tokens: false,
    title: "Embeddings Metrics",
    ..TEXT
};

impl Capabilities {
    /// All rows, in the order of the enum.
    pub fn all() -> &'static [Self] {
        &TABLE
    }
}

impl EndpointType {
    /// All types, each with its name, in the order of the enum.
    pub const NAMED: [(Self, &'static str); TABLE.len()] = {
        let mut named = [(Self::Chat, ""); TABLE.len()];
        let mut index = 0;
        while index < TABLE.len() {
            named[index] = (TABLE[index].endpoint_type, TABLE[index].name);
            index += 1;
        }
        named
    };

    /// The type's row.
    pub const fn capabilities(self) -> &'static Capabilities {
        &TABLE[self as usize]
    }

    /// The name in flags and files, with underscores.
    pub const fn name(self) -> &'static str {
        self.capabilities().name
    }
}

impl fmt::Display for EndpointType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for EndpointType {
    type Err = EndpointError;

    /// Case does not matter, and `-` and `_` are the same.
    fn from_str(name: &str) -> Result<Self, EndpointError> {
        let canonical = name.to_ascii_lowercase().replace('-', "_");
        TABLE
            .iter()
            .find(|row| row.name == canonical)
            .map(|row| row.endpoint_type)
            .ok_or_else(|| EndpointError::UnknownType {
                name: name.to_owned(),
                known: TABLE
                    .iter()
                    .map(|row| row.name)
                    .collect::<Vec<_>>()
                    .join(", "),
            })
    }
}

impl From<EndpointType> for &'static str {
    fn from(endpoint_type: EndpointType) -> Self {
        endpoint_type.name()
    }
}

impl TryFrom<String> for EndpointType {
    type Error = EndpointError;

    fn try_from(name: String) -> Result<Self, EndpointError> {
        name.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_at_the_place_of_its_type() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.endpoint_type as usize, index, "{}", row.name);
        }
    }

    #[test]
    fn names_are_read_in_any_case_and_with_either_dash() {
        for name in ["hf_tei_rankings", "HF-TEI-Rankings", "hf-tei_RANKINGS"] {
            assert_eq!(name.parse(), Ok(EndpointType::HfTeiRankings));
        }
        let error = "chatt".parse::<EndpointType>().unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("unknown endpoint type `chatt`; known are chat, ")
        );
    }

    #[test]
    fn serialised_names_have_underscores() {
        let json = serde_json::to_string(&EndpointType::SolidoRag).unwrap();
        assert_eq!(json, "\"solido_rag\"");
        assert_eq!(
            serde_json::from_str::<EndpointType>("\"Solido-Rag\"").unwrap(),
            EndpointType::SolidoRag
        );
    }

    #[test]
    fn capability_letters_are_those_of_the_metric_filter() {
        // T tokens out, I tokenised input, A audio, IMG images, V video in, PV video out, s streams.
        let letters = |row: &Capabilities| {
            [
                (row.produces_tokens, "T"),
                (row.tokenizes_input, "I"),
                (row.media.audio, "A"),
                (row.media.images, "IMG"),
                (row.media.video, "V"),
                (row.media.produces_video, "PV"),
                (row.streams, "s"),
            ]
            .iter()
            .filter_map(|(has, letter)| has.then_some(*letter))
            .collect::<Vec<_>>()
            .join(" ")
        };
        let expected = [
            ("chat", "T I A IMG V s", "LLM Metrics"),
            ("completions", "T I s", "LLM Metrics"),
            ("responses", "T I A IMG s", "LLM Metrics"),
            ("messages", "T I IMG s", "LLM Metrics"),
            ("raw", "T I A IMG V s", "LLM Metrics"),
            ("template", "T I A IMG V s", "LLM Metrics"),
            ("huggingface_generate", "T I s", "LLM Metrics"),
            ("solido_rag", "T I s", "SOLIDO RAG Metrics"),
            ("embeddings", "I", "Embeddings Metrics"),
            ("chat_embeddings", "I IMG", "Embeddings Metrics"),
            ("nim_embeddings", "I IMG", "NIM Embeddings Metrics"),
            ("cohere_rankings", "I", "Ranking Metrics"),
            ("hf_tei_rankings", "I", "Ranking Metrics"),
            ("nim_rankings", "I", "Rankings Metrics"),
            ("image_generation", "I s", "Image Generation Metrics"),
            ("image_edit", "I IMG", "Image Edit Metrics"),
            ("image_retrieval", "IMG", "Image Retrieval Metrics"),
            ("video_generation", "I PV", "Video Generation Metrics"),
            ("audio_transcription", "A", "Audio Transcription Metrics"),
        ];
        assert_eq!(expected.len(), TABLE.len());
        for (name, capabilities, title) in expected {
            let row = name.parse::<EndpointType>().unwrap().capabilities();
            assert_eq!(
                (letters(row).as_str(), row.title),
                (capabilities, title),
                "{name}"
            );
        }
    }
}
