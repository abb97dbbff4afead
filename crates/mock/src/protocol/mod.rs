//! The bytes of generated answers, protocol by protocol: whole documents and events of streams.

mod chat;
pub(crate) mod events;
mod generate;
mod json;
pub(crate) mod messages;
mod rag;
mod responses;

pub(crate) use chat::{error_body, models_body};
pub(crate) use events::EventBuffer;
pub(crate) use responses::response_id;

use crate::plan::Plan;

/// The kinds of generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// `/v1/chat/completions`
    Chat,
    /// `/v1/completions`
    Completions,
    /// `/v1/responses`
    Responses,
    /// `/v1/messages`
    Messages,
    /// `/generate` and `/generate_stream`
    Generate,
    /// `/rag/api/prompt`
    Rag,
}

impl Endpoint {
    pub(crate) fn can_reason(self) -> bool {
        matches!(self, Self::Chat | Self::Responses | Self::Messages)
    }

    /// Whether streams have the usage without being asked for it.
    pub(crate) fn always_reports_usage(self) -> bool {
        matches!(self, Self::Responses | Self::Messages)
    }

    pub(crate) fn can_call_tools(self) -> bool {
        self.can_reason()
    }
}

/// Renders the events of one stream.
pub(crate) enum EventWriter<'a> {
    OpenAi(chat::Writer<'a>),
    Responses(responses::Writer<'a>),
    Messages(messages::Writer<'a>),
    Generate(generate::Writer<'a>),
    Rag(rag::Writer<'a>),
}

impl<'a> EventWriter<'a> {
    /// `created` is the time that answers carry, in seconds since the epoch.
    pub(crate) fn new(plan: &'a Plan, created: i64) -> Self {
        match plan.endpoint {
            Endpoint::Chat | Endpoint::Completions => {
                Self::OpenAi(chat::Writer::new(plan, created))
            }
            Endpoint::Responses => Self::Responses(responses::Writer::new(plan, created)),
            Endpoint::Messages => Self::Messages(messages::Writer::new(plan)),
            Endpoint::Generate => Self::Generate(generate::Writer::new(plan)),
            Endpoint::Rag => Self::Rag(rag::Writer::new(plan)),
        }
    }

    /// What comes before the first token and has no content.
    pub(crate) fn opening(&mut self, out: &mut EventBuffer) {
        match self {
            Self::OpenAi(writer) => writer.role(out),
            Self::Responses(writer) => writer.opening(out),
            Self::Messages(writer) => writer.opening(out),
            Self::Generate(_) | Self::Rag(_) => {}
        }
    }

    /// The tokens `first..first + count`, all of one section, or the last of the reasoning and the
    /// first of the content.
    pub(crate) fn tokens(&mut self, out: &mut EventBuffer, first: u64, count: u64) {
        match self {
            Self::OpenAi(writer) => writer.tokens(out, first, count),
            Self::Responses(writer) => writer.tokens(out, first, count),
            Self::Messages(writer) => writer.tokens(out, first, count),
            Self::Generate(writer) => writer.tokens(out, first, count),
            Self::Rag(writer) => writer.tokens(out, first, count),
        }
    }

    /// What comes after the last token: usage and marks of the end.
    pub(crate) fn ending(&mut self, out: &mut EventBuffer) {
        match self {
            Self::OpenAi(writer) => writer.ending(out),
            Self::Responses(writer) => writer.ending(out),
            Self::Messages(writer) => writer.ending(out),
            Self::Generate(_) => {}
            Self::Rag(writer) => writer.ending(out),
        }
    }

    /// The event that says that the answer failed.
    pub(crate) fn error(&mut self, out: &mut EventBuffer, message: &str) {
        match self {
            Self::Responses(writer) => writer.failed(out, message),
            Self::Messages(_) => messages::error(out, message),
            _ => {
                let body = error_body(message, "server_error", None, None);
                out.event(Some("error"), |json| json.extend_from_slice(&body));
            }
        }
    }

    /// The events that end an answer which is not complete.
    pub(crate) fn incomplete(&mut self, out: &mut EventBuffer) {
        match self {
            Self::OpenAi(writer) => writer.incomplete(out),
            Self::Responses(writer) => writer.incomplete(out),
            _ => self.ending(out),
        }
    }
}

/// Appends the whole answer as one JSON document; `is_incomplete` says that it was broken off.
pub(crate) fn whole_body(out: &mut Vec<u8>, plan: &Plan, created: i64, is_incomplete: bool) {
    match plan.endpoint {
        Endpoint::Chat | Endpoint::Completions => {
            chat::completion_body(out, plan, created, is_incomplete);
        }
        Endpoint::Responses => responses::body(out, plan, created, is_incomplete),
        Endpoint::Messages => messages::body(out, plan),
        Endpoint::Generate => generate::body(out, plan),
        Endpoint::Rag => rag::body(out, plan),
    }
}
