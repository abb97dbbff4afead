//! Heads of HTTP responses, and responses that are known at once.

use std::io::Write;

use http::StatusCode;

use crate::options::Compression;
use crate::protocol::{error_body, messages};

pub(crate) const JSON: &str = "application/json";
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";
pub(crate) const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";

/// A response that is known at once.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    /// `None` leaves the header out.
    pub(crate) content_type: Option<&'static str>,
    /// Further headers.
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// The finer points of an error body.
#[derive(Clone, Copy, Default)]
pub(crate) struct Refusal {
    pub(crate) parameter: Option<&'static str>,
    pub(crate) code: Option<&'static str>,
}

impl Page {
    pub(crate) fn ok(content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: StatusCode::OK,
            content_type: Some(content_type),
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// An error in OpenAI's shape.
    pub(crate) fn refusal(status: StatusCode, message: &str, refusal: Refusal) -> Self {
        let body = error_body(message, error_kind(status), refusal.parameter, refusal.code);
        Self {
            status,
            ..Self::ok(JSON, body)
        }
    }

    /// An error in Anthropic's shape.
    pub(crate) fn anthropic_refusal(status: StatusCode, message: &str) -> Self {
        let kind = match status.as_u16() {
            401 => "authentication_error",
            404 => "not_found_error",
            429 => "rate_limit_error",
            529 => "overloaded_error",
            400..500 => "invalid_request_error",
            _ => "api_error",
        };
        Self {
            status,
            ..Self::ok(JSON, messages::error_body(message, kind))
        }
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The bytes of the response.
    pub(crate) fn render(&self, keep_alive: bool, compression: Option<Compression>) -> Vec<u8> {
        let compressed;
        let body = match compression.filter(|_| !self.body.is_empty()) {
            Some(compression) => {
                compressed = compression.compress(&self.body);
                &compressed
            }
            None => &self.body,
        };
        let mut out = Vec::with_capacity(body.len() + 256);
        self.head(
            &mut out,
            keep_alive,
            compression.filter(|_| !self.body.is_empty()),
        );
        let _ = write!(out, "content-length: {}\r\n\r\n", body.len());
        out.extend_from_slice(body);
        out
    }

    /// Appends the head up to the header that tells how long the body is.
    pub(crate) fn head(
        &self,
        out: &mut Vec<u8>,
        keep_alive: bool,
        compression: Option<Compression>,
    ) {
        status_line(out, self.status);
        if let Some(content_type) = self.content_type {
            let _ = write!(out, "content-type: {content_type}\r\n");
        }
        for (name, value) in &self.headers {
            let _ = write!(out, "{name}: {value}\r\n");
        }
        if let Some(compression) = compression {
            let _ = write!(out, "content-encoding: {}\r\n", compression.name());
        }
        out.extend_from_slice(connection_header(keep_alive).as_bytes());
    }
}

/// Appends the head of an event stream.
pub(crate) fn stream_head(
    out: &mut Vec<u8>,
    content_type: Option<&str>,
    keep_alive: bool,
    compression: Option<Compression>,
) {
    status_line(out, StatusCode::OK);
    if let Some(content_type) = content_type {
        let _ = write!(out, "content-type: {content_type}\r\n");
    }
    if let Some(compression) = compression {
        let _ = write!(out, "content-encoding: {}\r\n", compression.name());
    }
    let _ = write!(
        out,
        "cache-control: no-cache\r\ntransfer-encoding: chunked\r\n{}\r\n",
        connection_header(keep_alive)
    );
}

// Writing to a vector cannot fail, here and above.
fn status_line(out: &mut Vec<u8>, status: StatusCode) {
    let reason = status.canonical_reason().unwrap_or("Unknown");
    let _ = write!(out, "HTTP/1.1 {} {reason}\r\n", status.as_u16());
}

fn connection_header(keep_alive: bool) -> &'static str {
    if keep_alive {
        ""
    } else {
        "connection: close\r\n"
    }
}

fn error_kind(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        429 => "rate_limit_error",
        400..500 => "invalid_request_error",
        _ => "server_error",
    }
}
