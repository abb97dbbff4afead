//! Anthropic's Messages API.

use serde_json::json;

use super::EventBuffer;
use super::json::{put, put_argument_object, put_arguments, put_string, put_text};
use crate::plan::{Finish, Plan, Section, Span};

/// Renders the events of one stream: a message with one content block for each section, the usage
/// split between its first and its last but one event.
pub(crate) struct Writer<'a> {
    plan: &'a Plan,
    /// The index of the block in progress.
    block: u64,
}

impl<'a> Writer<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        Self { plan, block: 0 }
    }

    pub(super) fn opening(&self, out: &mut EventBuffer) {
        let plan = self.plan;
        out.event(Some("message_start"), |json| {
            put!(json, "{{\"type\":\"message_start\",\"message\":");
            message_head(json, plan);
            put!(
                json,
                "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null"
            );
            if plan.final_usage {
                input_usage(json, plan, 1);
            }
            put!(json, "}}}}");
        });
        out.event(Some("ping"), |json| put!(json, "{{\"type\":\"ping\"}}"));
    }

    pub(super) fn tokens(&mut self, out: &mut EventBuffer, first: u64, count: u64) {
        let end = first + count;
        let span = self.plan.span_at(first);
        // A chunk that mixes two sections becomes one event of each.
        self.part(out, span, first, end.min(span.end));
        if end > span.end {
            let next = self.plan.span_at(span.end);
            self.part(out, next, span.end, end);
        }
    }

    fn part(&mut self, out: &mut EventBuffer, span: Span, first: u64, end: u64) {
        let (plan, block) = (self.plan, self.block);
        if first == span.first {
            out.event(Some("content_block_start"), |json| {
                put!(
                    json,
                    "{{\"type\":\"content_block_start\",\"index\":{block},\"content_block\":"
                );
                match span.section {
                    Section::Reasoning => {
                        put!(
                            json,
                            "{{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}"
                        );
                    }
                    Section::Content => put!(json, "{{\"type\":\"text\",\"text\":\"\"}}"),
                    Section::Tool(call) => {
                        tool_head(json, plan, call);
                        put!(json, "{{}}}}");
                    }
                }
                put!(json, "}}");
            });
        }
        self.delta(out, |json| {
            let count = end - first;
            match span.section {
                Section::Reasoning => {
                    put!(json, "{{\"type\":\"thinking_delta\",\"thinking\":\"");
                    put_text(json, plan, first, count);
                }
                Section::Content => {
                    put!(json, "{{\"type\":\"text_delta\",\"text\":\"");
                    put_text(json, plan, first, count);
                }
                Section::Tool(_) => {
                    put!(json, "{{\"type\":\"input_json_delta\",\"partial_json\":\"");
                    put_arguments(json, plan, span, first, count);
                }
            }
            put!(json, "\"}}");
        });
        if end == span.end {
            if span.section == Section::Reasoning {
                self.delta(out, |json| {
                    put!(
                        json,
                        "{{\"type\":\"signature_delta\",\"signature\":\"{SIGNATURE}\"}}"
                    );
                });
            }
            out.event(Some("content_block_stop"), |json| {
                put!(
                    json,
                    "{{\"type\":\"content_block_stop\",\"index\":{block}}}"
                );
            });
            self.block += 1;
        }
    }

    fn delta(&self, out: &mut EventBuffer, delta: impl FnOnce(&mut Vec<u8>)) {
        let block = self.block;
        out.event(Some("content_block_delta"), |json| {
            put!(
                json,
                "{{\"type\":\"content_block_delta\",\"index\":{block},\"delta\":"
            );
            delta(json);
            put!(json, "}}");
        });
    }

    pub(super) fn ending(&self, out: &mut EventBuffer) {
        let plan = self.plan;
        out.event(Some("message_delta"), |json| {
            put!(
                json,
                "{{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"{}\",\"stop_sequence\":null}}",
                stop_reason(plan)
            );
            if plan.final_usage {
                put!(json, ",\"usage\":{{\"output_tokens\":{}}}", plan.output_tokens);
            }
            put!(json, "}}");
        });
        out.last_event(Some("message_stop"), |json| {
            put!(json, "{{\"type\":\"message_stop\"}}");
        });
    }
}

const SIGNATURE: &str = "bW9jay1zaWduYXR1cmU=";

/// The event that ends a stream that failed.
pub(super) fn error(out: &mut EventBuffer, message: &str) {
    let body = error_body(message, "overloaded_error");
    out.event(Some("error"), |json| json.extend_from_slice(&body));
}

/// An error body in Anthropic's shape.
pub(crate) fn error_body(message: &str, kind: &str) -> Vec<u8> {
    json!({ "type": "error", "error": { "type": kind, "message": message } })
        .to_string()
        .into_bytes()
}

/// Appends the whole answer.
pub(super) fn body(out: &mut Vec<u8>, plan: &Plan) {
    message_head(out, plan);
    put!(out, "\"content\":[");
    for (place, span) in plan.spans().enumerate() {
        if place > 0 {
            put!(out, ",");
        }
        let count = span.end - span.first;
        match span.section {
            Section::Reasoning => {
                put!(out, "{{\"type\":\"thinking\",\"thinking\":\"");
                put_text(out, plan, span.first, count);
                put!(out, "\",\"signature\":\"{SIGNATURE}\"}}");
            }
            Section::Content => {
                put!(out, "{{\"type\":\"text\",\"text\":\"");
                put_text(out, plan, span.first, count);
                put!(out, "\"}}");
            }
            Section::Tool(call) => {
                tool_head(out, plan, call);
                put_argument_object(out, plan, span);
                put!(out, "}}");
            }
        }
    }
    put!(
        out,
        "],\"stop_reason\":\"{}\",\"stop_sequence\":null",
        stop_reason(plan)
    );
    if plan.final_usage {
        input_usage(out, plan, plan.output_tokens);
    }
    put!(out, "}}");
}

fn message_head(out: &mut Vec<u8>, plan: &Plan) {
    put!(
        out,
        "{{\"id\":\"msg_{:016x}\",\"type\":\"message\",\"role\":\"assistant\",\"model\":",
        plan.number
    );
    put_string(out, &plan.model);
    put!(out, ",");
}

/// The block of a call up to its input.
fn tool_head(out: &mut Vec<u8>, plan: &Plan, call: u64) {
    put!(
        out,
        "{{\"type\":\"tool_use\",\"id\":\"toolu_{:x}_{call}\",\"name\":",
        plan.number
    );
    put_string(out, &plan.tool);
    put!(out, ",\"input\":");
}

/// Usage in which cached input is counted apart, as this API does.
fn input_usage(out: &mut Vec<u8>, plan: &Plan, output_tokens: u64) {
    let cached = plan.cached_tokens.unwrap_or(0);
    put!(
        out,
        ",\"usage\":{{\"input_tokens\":{}",
        plan.prompt_tokens - cached
    );
    if plan.cached_tokens.is_some() {
        put!(
            out,
            ",\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":{cached}"
        );
    }
    put!(out, ",\"output_tokens\":{output_tokens}}}");
}

fn stop_reason(plan: &Plan) -> &'static str {
    match plan.finish {
        Finish::Stop => "end_turn",
        Finish::Length => "max_tokens",
        Finish::ToolCalls => "tool_use",
    }
}
