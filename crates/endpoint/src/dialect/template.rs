//! Bodies rendered from the user's template, and answers of any form.

use serde_json::{Map, Value};

use super::Dialect;
use super::detect::{self, Otherwise};
use crate::error::EndpointError;
use crate::format::{FormatContext, encode};
use crate::kind::{ALL_INPUT_MEDIA, Capabilities, EndpointType, TEXT};
use crate::parse::AnswerBuilder;
use crate::response_field::ResponseField;

/// Extra inputs that configure the type; they belong into no body.
const CONFIGURATION: [&str; 2] = ["payload_template", "response_field"];

/// The dialect; it has no state.
pub(super) struct Template;

impl Template {
    /// What the type can do.
    pub(super) const ROW: Capabilities = Capabilities {
        endpoint_type: EndpointType::Template,
        name: "template",
        path: None,
        media: ALL_INPUT_MEDIA,
        single_turn: false,
        ..TEXT
    };
}

impl Dialect for Template {
    fn body(&self, context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError> {
        match rendered(context)? {
            Value::Object(body) => Ok(body),
            _ => Err(EndpointError::TemplateNoObject),
        }
    }

    /// Other than [`body`](Self::body), this takes a template that renders a list.
    fn encoded_body(&self, context: &FormatContext<'_>) -> Result<Vec<u8>, EndpointError> {
        encode(&rendered(context)?)
    }

    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder) {
        detect::read(None, text, at, answer);
    }

    /// Who says where the content is does not want it guessed: a misspelt field must show.
    fn read_field(&self, field: &ResponseField, text: &str, at: u64, answer: &mut AnswerBuilder) {
        detect::read(Some((field, Otherwise::Nothing)), text, at, answer);
    }

    /// Nobody knows how the server marks an end.
    fn reads_end_marker(&self) -> bool {
        true
    }
}

/// What the template renders, with extras merged.
fn rendered(context: &FormatContext<'_>) -> Result<Value, EndpointError> {
    let settings = context.settings;
    let template = settings
        .template
        .as_ref()
        .ok_or(EndpointError::NoTemplate)?;
    let of_turn = &context.newest()?.extra_body;
    let mut body = template.render(context)?;
    let of_run = settings
        .extra
        .iter()
        .filter(|(key, _)| !CONFIGURATION.contains(&key.as_str()));
    for (key, value) in of_run.chain(of_turn) {
        let Value::Object(members) = &mut body else {
            return Err(EndpointError::TemplateNoObject);
        };
        members.insert(key.clone(), value.clone());
    }
    Ok(body)
}

#[cfg(test)]
mod tests;
