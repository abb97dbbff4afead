//! Why a request failed, in the vocabulary of the result files.
//!
//! Readers group failures by code, type and message, so all three are stable: no address, no
//! instant and no length goes into a message. The types keep the names that the reference's files
//! carry.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sse::{self, Field};

/// The error object of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Failure {
    /// The HTTP status, or a status that describes the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// What kind of failure it is.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What happened.
    pub message: String,
    /// What caused it, if that is another failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The types along the chain of causes, outermost first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause_chain: Option<Vec<String>>,
}

/// Code of a failure that the server reports after a good status.
const BAD_GATEWAY: i64 = 502;
/// Code of a request that the client gave up.
const CLIENT_CLOSED_REQUEST: i64 = 499;
/// Type of a failure that the server reports inside its answer.
const REPORTED: &str = "SSEResponseError";
const CANCELLED: &str = "RequestCancellationError";
/// Exception texts are cut here, so that a whole body does not end up in a message.
const LONGEST_EXCEPTION: usize = 4096;

impl Failure {
    /// A status outside 200..=299. The type is the reason phrase that the server sent; where there
    /// was none (as in HTTP/2), give the empty string or [`reason_phrase`].
    pub fn http_status(status: u16, reason: &str, body: &[u8]) -> Self {
        Self::coded(
            i64::from(status),
            reason,
            String::from_utf8_lossy(body).into_owned(),
        )
    }

    /// A failure of the client's own doing or of the connection: a class name, and its text.
    pub fn exception(class: &str, text: &str) -> Self {
        let mut message = text.to_owned();
        if let Some((end, _)) = message.char_indices().nth(LONGEST_EXCEPTION) {
            message.truncate(end);
            message.push('…');
        }
        Self {
            kind: Some(class.to_owned()),
            message,
            cause_chain: Some(vec![class.to_owned()]),
            ..Self::default()
        }
    }

    /// The time for the whole request ran out.
    pub fn timeout() -> Self {
        Self::exception("TimeoutError", "TimeoutError()")
    }

    /// The time for handing the body to the socket ran out.
    pub fn send_timeout(message: &str) -> Self {
        Self::coded(0, "RequestSendTimeout", message.to_owned())
    }

    /// The request was given up by this program: on purpose, or because the run ended.
    pub fn cancelled(message: &str) -> Self {
        Self::coded(CLIENT_CLOSED_REQUEST, CANCELLED, message.to_owned())
    }

    /// A good status, and nothing usable.
    pub fn invalid_result(reason: &str) -> Self {
        const CLASS: &str = "InvalidInferenceResultError";
        Self::exception(
            CLASS,
            &format!("{CLASS}('Invalid inference result: {reason}')"),
        )
    }

    /// An `error` event of a stream. The message is the event's comment, else what its data says.
    pub fn error_event(fields: &[Field<'_>]) -> Self {
        let comment = fields.iter().find(|field| field.name == "comment");
        let detail = comment.and_then(|comment| comment.value.as_deref().map(str::to_owned));
        let detail = detail.or_else(|| error_in_data(fields)).unwrap_or_else(|| {
            let lines = fields.iter().map(|field| match &field.value {
                Some(value) => format!("{}: {value}", field.name),
                None => field.name.to_owned(),
            });
            let event = lines.collect::<Vec<_>>().join(", ");
            format!("Unknown error in SSE response: {event}")
        });
        Self::reported(&format!("Error occurred in SSE response: {detail}"))
    }

    /// An error that stands inside an answer, as JSON: the error object, its message alone, or an
    /// object around it. None if the text reports nothing (null, false, empty).
    pub fn in_band(error: &str) -> Option<Self> {
        match serde_json::from_str(error).ok()? {
            Value::String(message) if !message.is_empty() => Some(Self::reported(&message)),
            Value::Object(members) if !members.is_empty() => {
                let text = |key: &str| members.get(key).and_then(Value::as_str);
                let code = members
                    .get("code")
                    .and_then(Value::as_i64)
                    .unwrap_or(BAD_GATEWAY);
                // Some servers name the failure by a type, some by a code that is a word.
                let kind = text("type")
                    .filter(|kind| !kind.is_empty())
                    .or_else(|| text("code").filter(|code| !code.is_empty()))
                    .unwrap_or(REPORTED);
                let message = text("message").unwrap_or_else(|| error.trim()).to_owned();
                Some(Self::inside_answer(code, kind, message))
            }
            _ => None,
        }
    }

    /// A failure of which the server says no more than this.
    pub(crate) fn reported(message: &str) -> Self {
        Self::inside_answer(BAD_GATEWAY, REPORTED, message.to_owned())
    }

    /// A failure inside an answer. For the reference these are exceptions, and so they have a chain.
    fn inside_answer(code: i64, kind: &str, message: String) -> Self {
        Self {
            cause_chain: Some(vec![REPORTED.to_owned()]),
            ..Self::coded(code, kind, message)
        }
    }

    fn coded(code: i64, kind: &str, message: String) -> Self {
        Self {
            code: Some(code),
            kind: Some(kind.to_owned()),
            message,
            ..Self::default()
        }
    }
}

/// The type and message in the data of an error event.
fn error_in_data(fields: &[Field<'_>]) -> Option<String> {
    let data: Value = serde_json::from_str(&sse::data_text(fields)?).ok()?;
    let error = data
        .get("error")
        .filter(|error| !error.is_null())
        .unwrap_or(&data);
    let text = |key: &str| {
        error
            .get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    // A bare error event is of the type `error`; its code says more.
    let kind = text("type").filter(|kind| *kind != "error");
    let kind = kind.or_else(|| text("code"));
    match (kind, text("message").or_else(|| error.as_str())) {
        (Some(kind), Some(message)) => Some(format!("{kind}: {message}")),
        (kind, message) => message.or(kind).map(str::to_owned),
    }
}

/// The standard reason phrase of a status; empty for a status that has none.
pub fn reason_phrase(status: u16) -> &'static str {
    let status = http::StatusCode::from_u16(status).ok();
    status
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default()
}

/// Texts by which servers say that a prompt does not fit, where the user gives no others.
pub const CONTEXT_OVERFLOW_SUBSTRINGS: [&str; 4] = [
    "context length",
    "maximum context",
    "context_length_exceeded",
    "prompt is too long",
];

/// Whether a failure's message says that the prompt does not fit. Case does not matter. The message
/// is searched as it is, and if it is JSON, its `error.message` or `error` too.
pub fn is_context_overflow<S: AsRef<str>>(message: &str, substrings: &[S]) -> bool {
    let holds_one = |text: &str| {
        let text = text.to_lowercase();
        substrings
            .iter()
            .any(|substring| text.contains(&substring.as_ref().to_lowercase()))
    };
    if holds_one(message) {
        return true;
    }
    let Ok(body) = serde_json::from_str::<Value>(message) else {
        return false;
    };
    let error = body.get("error");
    let nested = error.and_then(|error| error.get("message")).or(error);
    nested.and_then(Value::as_str).is_some_and(holds_one)
}

#[cfg(test)]
mod tests;
