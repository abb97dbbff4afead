//! The bytes of answers: heads, JSON bodies, and stream events in their HTTP chunks.
//!
//! Written by hand rather than serialised, because a stream event is the server's innermost loop:
//! what is the same in all events of an answer is rendered once, see [`EventWriter`].

use std::io::Write;

use http::StatusCode;
use serde_json::json;

use crate::plan::{Finish, Plan};

/// Formats onto a `Vec<u8>`, which takes all bytes and never fails.
macro_rules! put {
    ($out:expr, $($format:tt)*) => {{
        let _ = write!($out, $($format)*);
    }};
}

/// The two kinds of generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// `/v1/chat/completions`
    Chat,
    /// `/v1/completions`
    Completions,
}

/// Appends the head of a response whose body is known, and the body.
pub(crate) fn whole_response(
    out: &mut Vec<u8>,
    status: StatusCode,
    content_type: &str,
    body: &[u8],
    keep_alive: bool,
) {
    let reason = status.canonical_reason().unwrap_or("Unknown");
    let connection = connection_header(keep_alive);
    put!(
        out,
        "HTTP/1.1 {} {reason}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n{connection}\r\n",
        status.as_u16(),
        body.len(),
    );
    out.extend_from_slice(body);
}

/// Appends the head of an event stream.
pub(crate) fn stream_head(out: &mut Vec<u8>, keep_alive: bool) {
    let connection = connection_header(keep_alive);
    put!(
        out,
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\
         cache-control: no-cache\r\ntransfer-encoding: chunked\r\n{connection}\r\n",
    );
}

/// The end of a body in chunks.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

fn connection_header(keep_alive: bool) -> &'static str {
    if keep_alive {
        ""
    } else {
        "connection: close\r\n"
    }
}

/// An error body in OpenAI's shape.
pub(crate) fn error_body(
    message: &str,
    kind: &str,
    parameter: Option<&str>,
    code: Option<&str>,
) -> Vec<u8> {
    let error = json!({ "message": message, "type": kind, "param": parameter, "code": code });
    json!({ "error": error }).to_string().into_bytes()
}

/// The body of `GET /v1/models`.
pub(crate) fn models_body(models: &[String], created: i64) -> Vec<u8> {
    let data: Vec<_> = models
        .iter()
        .map(|id| {
            json!({ "id": id, "object": "model", "created": created, "owned_by": "aiperf-mock" })
        })
        .collect();
    json!({ "object": "list", "data": data })
        .to_string()
        .into_bytes()
}

/// Appends the whole answer as one JSON document.
pub(crate) fn completion_body(out: &mut Vec<u8>, plan: &Plan, created: i64) {
    let object = match plan.endpoint {
        Endpoint::Chat => "chat.completion",
        Endpoint::Completions => "text_completion",
    };
    opening(out, plan, object, created);
    let content_tokens = plan.output_tokens - plan.reasoning_tokens;
    match plan.endpoint {
        Endpoint::Chat => {
            put!(out, "\"message\":{{\"role\":\"assistant\",\"content\":");
            if content_tokens > 0 {
                put!(out, "\"");
                plan.text.append(out, plan.reasoning_tokens, content_tokens);
                put!(out, "\"");
            } else {
                put!(out, "null");
            }
            if plan.reasoning_tokens > 0 {
                put!(out, ",\"reasoning_content\":\"");
                plan.text.append(out, 0, plan.reasoning_tokens);
                put!(out, "\"");
            }
            put!(out, "}}");
        }
        Endpoint::Completions => {
            put!(out, "\"text\":\"");
            plan.text.append(out, 0, content_tokens);
            put!(out, "\"");
        }
    }
    put!(
        out,
        ",\"logprobs\":null,\"finish_reason\":{}}}]",
        finish_json(Some(plan.finish))
    );
    if plan.final_usage {
        usage_member(out, plan, plan.output_tokens);
    }
    put!(out, "}}");
}

/// Everything up to and including the index of the first choice.
fn opening(out: &mut Vec<u8>, plan: &Plan, object: &str, created: i64) {
    let id_prefix = match plan.endpoint {
        Endpoint::Chat => "chatcmpl",
        Endpoint::Completions => "cmpl",
    };
    envelope(out, plan, id_prefix, object, created);
    put!(out, "\"choices\":[{{\"index\":0,");
}

fn envelope(out: &mut Vec<u8>, plan: &Plan, id_prefix: &str, object: &str, created: i64) {
    put!(
        out,
        "{{\"id\":\"{id_prefix}-{:016x}\",\"object\":\"{object}\",\"created\":{created},\"model\":",
        plan.number
    );
    // A string always has a JSON form, and a vector takes all bytes.
    let _ = serde_json::to_writer(&mut *out, &plan.model);
    put!(out, ",");
}

fn usage_member(out: &mut Vec<u8>, plan: &Plan, output_tokens: u64) {
    put!(
        out,
        ",\"usage\":{{\"prompt_tokens\":{},\"total_tokens\":{},\"completion_tokens\":{output_tokens}",
        plan.prompt_tokens,
        plan.prompt_tokens + output_tokens,
    );
    if let Some(cached) = plan.cached_tokens {
        put!(
            out,
            ",\"prompt_tokens_details\":{{\"cached_tokens\":{cached}}}"
        );
    }
    if plan.reasoning_tokens > 0 {
        let reasoning = plan.reasoning_tokens.min(output_tokens);
        put!(
            out,
            ",\"completion_tokens_details\":{{\"reasoning_tokens\":{reasoning}}}"
        );
    }
    put!(out, "}}");
}

fn finish_json(finish: Option<Finish>) -> &'static str {
    match finish {
        None => "null",
        Some(Finish::Stop) => "\"stop\"",
        Some(Finish::Length) => "\"length\"",
    }
}

/// Renders the events of one stream, each in an HTTP chunk of its own.
pub(crate) struct EventWriter<'a> {
    plan: &'a Plan,
    /// `data: ` and the JSON up to and including the index of the first choice.
    opening: Vec<u8>,
    line_end: &'static str,
}

impl<'a> EventWriter<'a> {
    pub(crate) fn new(plan: &'a Plan, created: i64, crlf: bool) -> Self {
        let mut prefix = b"data: ".to_vec();
        opening(&mut prefix, plan, stream_object(plan.endpoint), created);
        Self {
            plan,
            opening: prefix,
            line_end: if crlf { "\r\n" } else { "\n" },
        }
    }

    /// The chat's first chunk, which names the role and has no content. Nothing for completions.
    pub(crate) fn role(&self, out: &mut Vec<u8>) {
        if self.plan.endpoint == Endpoint::Chat {
            self.choice(out, 0, None, |out| {
                put!(out, "\"delta\":{{\"role\":\"assistant\",\"content\":\"\"}}");
            });
        }
    }

    /// The tokens `first..first + count`, all reasoning or all content.
    pub(crate) fn tokens(&self, out: &mut Vec<u8>, first: u64, count: u64) {
        let (before, after) = match self.plan.endpoint {
            Endpoint::Chat if first < self.plan.reasoning_tokens => {
                ("\"delta\":{\"reasoning_content\":\"", "\"}")
            }
            Endpoint::Chat => ("\"delta\":{\"content\":\"", "\"}"),
            Endpoint::Completions => ("\"text\":\"", "\""),
        };
        let end = first + count;
        let finish = (end == self.plan.output_tokens).then_some(self.plan.finish);
        self.choice(out, end, finish, |out| {
            out.extend_from_slice(before.as_bytes());
            self.plan.text.append(out, first, count);
            out.extend_from_slice(after.as_bytes());
        });
    }

    /// The chunk without choices that reports the usage.
    pub(crate) fn usage(&self, out: &mut Vec<u8>) {
        // The shared opening ends with the first choice; without it, the list is closed at once.
        let shared = self.opening.len() - b"{\"index\":0,".len();
        in_chunk(out, |out| {
            out.extend_from_slice(&self.opening[..shared]);
            put!(out, "]");
            usage_member(out, self.plan, self.plan.output_tokens);
            put!(out, "}}{0}{0}", self.line_end);
        });
    }

    /// `[DONE]`
    pub(crate) fn done(&self, out: &mut Vec<u8>) {
        in_chunk(out, |out| put!(out, "data: [DONE]{0}{0}", self.line_end));
    }

    /// An error event.
    pub(crate) fn error(&self, out: &mut Vec<u8>, body: &[u8]) {
        in_chunk(out, |out| {
            put!(out, "event: error{}data: ", self.line_end);
            out.extend_from_slice(body);
            put!(out, "{0}{0}", self.line_end);
        });
    }

    fn choice(
        &self,
        out: &mut Vec<u8>,
        output_tokens_so_far: u64,
        finish: Option<Finish>,
        payload: impl FnOnce(&mut Vec<u8>),
    ) {
        in_chunk(out, |out| {
            out.extend_from_slice(&self.opening);
            payload(out);
            out.extend_from_slice(b",\"logprobs\":null,\"finish_reason\":");
            out.extend_from_slice(finish_json(finish).as_bytes());
            out.extend_from_slice(b"}]");
            if self.plan.continuous_usage {
                usage_member(out, self.plan, output_tokens_so_far);
            }
            out.push(b'}');
            out.extend_from_slice(self.line_end.as_bytes());
            out.extend_from_slice(self.line_end.as_bytes());
        });
    }
}

fn stream_object(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Chat => "chat.completion.chunk",
        Endpoint::Completions => "text_completion",
    }
}

/// Appends what `payload` appends as one HTTP chunk. The size goes before data of unknown length,
/// so it always takes eight digits, the leading zeros that RFC 9112 permits included.
fn in_chunk(out: &mut Vec<u8>, payload: impl FnOnce(&mut Vec<u8>)) {
    const DIGITS: usize = 8;
    let start = out.len();
    out.extend_from_slice(b"00000000\r\n");
    payload(out);
    let mut size = out.len() - start - DIGITS - 2;
    for place in (start..start + DIGITS).rev() {
        if size == 0 {
            break;
        }
        out[place] = b"0123456789abcdef"[size % 16];
        size /= 16;
    }
    out.extend_from_slice(b"\r\n");
}
