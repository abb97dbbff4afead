//! One file per endpoint type: how it is spoken, and how its answers are understood.

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

use serde_json::{Map, Value};

pub(crate) use members::Members;
pub(crate) use videos::{job_failure_of, job_of};

use crate::error::EndpointError;
use crate::format::{FormatContext, encode};
use crate::input::PartTypes;
use crate::kind::EndpointType;
use crate::parse::AnswerBuilder;
use crate::response_field::ResponseField;

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

/// The dialect of a type.
pub(crate) fn of(endpoint_type: EndpointType) -> &'static dyn Dialect {
    match endpoint_type {
        EndpointType::Chat => &chat::Chat,
        EndpointType::Completions => &completions::Completions,
        EndpointType::Embeddings => &embeddings::Embeddings,
        EndpointType::NimEmbeddings => &embeddings::NimEmbeddings,
        EndpointType::ChatEmbeddings => &embeddings::ChatEmbeddings,
        EndpointType::NimRankings => &rankings::Nim,
        EndpointType::CohereRankings => &rankings::Cohere,
        EndpointType::HfTeiRankings => &rankings::HfTei,
        EndpointType::ImageGeneration => &images::Generation,
        EndpointType::ImageEdit => &images::Edit,
        EndpointType::VideoGeneration => &videos::Videos,
        EndpointType::AudioTranscription => &transcription::Transcription,
        EndpointType::ImageRetrieval => &image_retrieval::ImageRetrieval,
        EndpointType::Responses => &responses::Responses,
        EndpointType::Messages => &messages::Messages,
        EndpointType::HuggingfaceGenerate => &huggingface_generate::HuggingfaceGenerate,
        EndpointType::SolidoRag => &solido_rag::SolidoRag,
        EndpointType::Template => &template::Template,
        EndpointType::Raw => &raw::Raw,
    }
}

#[cfg(test)]
mod tests;
