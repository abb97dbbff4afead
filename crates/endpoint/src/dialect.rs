//! One file per endpoint type: how it is spoken, and how its answers are understood.

mod chat;
mod completions;
mod content;
mod envelope;

use serde_json::{Map, Value};

use crate::error::EndpointError;
use crate::format::FormatContext;
use crate::input::PartTypes;
use crate::kind::EndpointType;
use crate::parse::AnswerBuilder;

/// Everything that differs between endpoint types.
pub(crate) trait Dialect: Sync {
    /// The body of a request, with extras merged.
    fn body(&self, context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError>;

    /// Reads one response text (the data of an event, or a whole body) that arrived at `at`. Text
    /// that is not understood adds nothing.
    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder);

    /// How content parts are named in this type's bodies.
    fn part_types(&self) -> PartTypes {
        PartTypes::OPENAI
    }
}

/// The dialect of a type; none while the type is not supported.
pub(crate) fn of(endpoint_type: EndpointType) -> Option<&'static dyn Dialect> {
    match endpoint_type {
        EndpointType::Chat => Some(&chat::Chat),
        EndpointType::Completions => Some(&completions::Completions),
        _ => None,
    }
}
