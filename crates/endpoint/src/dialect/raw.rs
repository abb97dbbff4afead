//! Bodies that the dataset holds as they are, and answers of any form.

use serde_json::{Map, Value};

use super::Dialect;
use super::detect::{self, Otherwise};
use crate::error::EndpointError;
use crate::format::FormatContext;
use crate::kind::{ALL_INPUT_MEDIA, Capabilities, EndpointType, TEXT};
use crate::parse::AnswerBuilder;
use crate::response_field::ResponseField;

/// The dialect; it has no state.
pub(super) struct Raw;

impl Raw {
    /// What the type can do.
    pub(super) const ROW: Capabilities = Capabilities {
        endpoint_type: EndpointType::Raw,
        name: "raw",
        path: None,
        media: ALL_INPUT_MEDIA,
        single_turn: false,
        ..TEXT
    };
}

impl Dialect for Raw {
    /// A turn with a whole body never comes here: of all types, [`crate::format::format`] sends it.
    fn body(&self, _context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError> {
        Err(EndpointError::NoRawPayload)
    }

    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder) {
        detect::read(None, text, at, answer);
    }

    fn read_field(&self, field: &ResponseField, text: &str, at: u64, answer: &mut AnswerBuilder) {
        detect::read(Some((field, Otherwise::Detect)), text, at, answer);
    }

    /// Nobody knows how the server marks an end.
    fn reads_end_marker(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
