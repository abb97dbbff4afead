//! Pieces of JSON that are written by hand.

use crate::plan::{Plan, Section, Span};

/// Formats onto a `Vec<u8>`, which takes all bytes and never fails.
macro_rules! put {
    ($out:expr, $($format:tt)*) => {{
        let _ = std::io::Write::write_fmt($out, format_args!($($format)*));
    }};
}
pub(super) use put;

/// Appends a string with its quotes.
pub(super) fn put_string(out: &mut Vec<u8>, text: &str) {
    // A string always has a JSON form, and a vector takes all bytes.
    let _ = serde_json::to_writer(out, text);
}

/// Appends the text of the tokens `first..first + count`, which needs no escapes.
pub(super) fn put_text(out: &mut Vec<u8>, plan: &Plan, first: u64, count: u64) {
    plan.text.append(out, first, count);
}

/// Appends the arguments of a tool call as far as they are among the tokens `first..first + count`,
/// as the inside of a JSON string: `{"text":"…"}` with its quotes escaped.
pub(super) fn put_arguments(out: &mut Vec<u8>, plan: &Plan, span: Span, first: u64, count: u64) {
    if first == span.first {
        out.extend_from_slice(br#"{\"text\":\""#);
    }
    put_text(out, plan, first, count);
    if first + count == span.end {
        out.extend_from_slice(br#"\"}"#);
    }
}

/// Appends the arguments of a tool call as an object.
pub(super) fn put_argument_object(out: &mut Vec<u8>, plan: &Plan, span: Span) {
    out.extend_from_slice(br#"{"text":""#);
    put_text(out, plan, span.first, span.end - span.first);
    out.extend_from_slice(br#""}"#);
}

/// The sections that call tools, with the number of each call.
pub(super) fn tool_spans(plan: &Plan) -> impl Iterator<Item = (u64, Span)> {
    plan.spans().filter_map(|span| match span.section {
        Section::Tool(call) => Some((call, span)),
        Section::Reasoning | Section::Content => None,
    })
}
