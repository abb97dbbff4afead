//! One file per endpoint type: what it can do, how it is spoken, and how its answers are understood.
//!
//! A type is a file with a `ROW` and a [`Dialect`], and a line in the list of `endpoint_types!`.

mod chat;
mod completions;
mod content;
mod detect;
mod embeddings;
mod envelope;
mod huggingface_generate;
mod image_retrieval;
mod images;
mod members;
mod messages;
mod rankings;
mod raw;
mod responses;
mod solido_rag;
mod template;
#[cfg(test)]
pub(crate) mod test_support;
mod transcription;
mod upload;
mod videos;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(crate) use members::Members;
pub(crate) use videos::{job_failure_of, job_of};

use crate::error::EndpointError;
use crate::format::{FormatContext, encode};
use crate::input::PartTypes;
use crate::kind::Capabilities;
use crate::parse::AnswerBuilder;
use crate::response_field::ResponseField;

/// Makes of the list of types the enum, the table of what they can do, and the way to the dialect.
macro_rules! endpoint_types {
    ($($(#[$attribute:meta])* $name:ident => $module:ident::$dialect:ident,)*) => {
        /// The API that a server is spoken to in. Serialised by its name, with underscores.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(into = "&'static str", try_from = "String")]
        pub enum EndpointType {
            $($(#[$attribute])* $name,)*
        }

        /// What the types can do, in the order of the enum.
        pub(crate) static TABLE: [Capabilities; [$(EndpointType::$name),*].len()] =
            [$($module::$dialect::ROW),*];

        /// The dialect of a type.
        pub(crate) fn of(endpoint_type: EndpointType) -> &'static dyn Dialect {
            match endpoint_type {
                $(EndpointType::$name => &$module::$dialect,)*
            }
        }
    };
}

endpoint_types! {
    /// OpenAI chat completions.
    #[default]
    Chat => chat::Chat,
    /// OpenAI text completions.
    Completions => completions::Completions,
    /// OpenAI embeddings.
    Embeddings => embeddings::Embeddings,
    /// OpenAI responses.
    Responses => responses::Responses,
    /// Anthropic messages.
    Messages => messages::Messages,
    /// A body rendered from the user's template.
    Template => template::Template,
    /// A body taken from the dataset as it is.
    Raw => raw::Raw,
    /// NVIDIA NIM ranking.
    NimRankings => rankings::Nim,
    /// Cohere rerank.
    CohereRankings => rankings::Cohere,
    /// Hugging Face text-embeddings-inference rerank.
    HfTeiRankings => rankings::HfTei,
    /// Hugging Face text-generation-inference.
    HuggingfaceGenerate => huggingface_generate::HuggingfaceGenerate,
    /// OpenAI image generation.
    ImageGeneration => images::Generation,
    /// OpenAI image edit.
    ImageEdit => images::Edit,
    /// OpenAI video generation.
    VideoGeneration => videos::Videos,
    /// OpenAI audio transcription.
    AudioTranscription => transcription::Transcription,
    /// Embeddings asked for with chat messages (vLLM).
    ChatEmbeddings => embeddings::ChatEmbeddings,
    /// NVIDIA NIM embeddings.
    NimEmbeddings => embeddings::NimEmbeddings,
    /// NVIDIA NIM image retrieval.
    ImageRetrieval => image_retrieval::ImageRetrieval,
    /// SOLIDO retrieval-augmented generation.
    SolidoRag => solido_rag::SolidoRag,
}

/// Everything that differs between endpoint types.
pub(crate) trait Dialect: Sync {
    /// The body of a request, with extras merged.
    fn body(&self, context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError>;

    /// The body as it is sent.
    fn encoded_body(&self, context: &FormatContext<'_>) -> Result<Vec<u8>, EndpointError> {
        encode(&self.body(context)?)
    }

    /// Reads one response text (the data of an event, or a whole body) that arrived at `at`. Text
    /// that is not understood adds nothing.
    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder);

    /// What of the request is not sent because the type has no place for it, one sentence each.
    fn remarks(&self, _context: &FormatContext<'_>) -> Vec<String> {
        Vec::new()
    }

    /// Reads one response text whose content the run says where to find. Types of a fixed form
    /// know better.
    fn read_field(&self, _field: &ResponseField, text: &str, at: u64, answer: &mut AnswerBuilder) {
        self.read(text, at, answer);
    }

    /// Whether the end marker of a stream is a text like any other.
    fn reads_end_marker(&self) -> bool {
        false
    }

    /// How content parts are named in this type's bodies.
    fn part_types(&self) -> PartTypes {
        PartTypes::OPENAI
    }
}

/// The remark of types that have no place for a cap.
fn max_tokens_remark(context: &FormatContext<'_>) -> Vec<String> {
    let capped = context.turns.iter().any(|turn| turn.max_tokens.is_some());
    let remark = format!(
        "endpoint type `{}` has no place for a number of output tokens; none is sent",
        context.settings.endpoint_type
    );
    capped.then_some(remark).into_iter().collect()
}

#[cfg(test)]
mod tests;
