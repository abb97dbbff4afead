//! Chats and completions in OpenAI's protocol.
//!
//! Written by hand rather than serialised, because a stream event is the server's innermost loop:
//! what is the same in all events of an answer is rendered once, see [`Writer`].

use serde_json::json;

use super::json::{put, put_argument_object, put_arguments, put_string, tool_spans};
use super::{Endpoint, EventBuffer};
use crate::options::ReasoningField;
use crate::plan::{Finish, Plan, Section};

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
pub(super) fn completion_body(out: &mut Vec<u8>, plan: &Plan, created: i64, is_incomplete: bool) {
    let object = match plan.endpoint {
        Endpoint::Completions => "text_completion",
        _ => "chat.completion",
    };
    envelope(out, plan, object, created);
    for choice in 0..plan.choices {
        let separator = if choice > 0 { "," } else { "" };
        put!(out, "{separator}{{\"index\":{choice},");
        let text = plan.text.of_choice(choice);
        if plan.endpoint == Endpoint::Completions {
            put!(out, "\"text\":\"");
            text.append(out, 0, plan.output_tokens);
            put!(out, "\"");
        } else {
            message(out, plan, choice);
        }
        let finish = if is_incomplete {
            "\"content_filter\""
        } else {
            finish_json(Some(plan.finish))
        };
        put!(out, ",\"logprobs\":null,\"finish_reason\":{finish}}}");
    }
    put!(out, "]");
    if plan.final_usage {
        usage_member(out, plan, plan.output_tokens);
    }
    speculation_member(out, plan);
    put!(out, "}}");
}

fn message(out: &mut Vec<u8>, plan: &Plan, choice: u64) {
    let text = plan.text.of_choice(choice);
    let content_tokens =
        plan.output_tokens - plan.reasoning_tokens - plan.tool_calls * plan.tool_call_tokens;
    put!(out, "\"message\":{{\"role\":\"assistant\",\"content\":");
    if content_tokens > 0 {
        put!(out, "\"");
        text.append(out, plan.reasoning_tokens, content_tokens);
        put!(out, "\"");
    } else {
        put!(out, "null");
    }
    if plan.reasoning_tokens > 0 {
        put!(out, ",\"{}\":\"", reasoning_name(plan));
        text.append(out, 0, plan.reasoning_tokens);
        put!(out, "\"");
    }
    if plan.tool_calls > 0 {
        let mut separator = if plan.legacy_function_call {
            ",\"function_call\":"
        } else {
            ",\"tool_calls\":["
        };
        for (call, span) in tool_spans(plan) {
            put!(out, "{separator}");
            separator = ",";
            if !plan.legacy_function_call {
                put!(
                    out,
                    "{{\"id\":\"{}\",\"type\":\"function\",\"function\":",
                    call_id(plan, choice, call)
                );
            }
            put!(out, "{{\"name\":");
            put_string(out, &plan.tool);
            let mut arguments = Vec::new();
            put_argument_object(&mut arguments, plan, span);
            put!(out, ",\"arguments\":");
            put_string(out, &String::from_utf8_lossy(&arguments));
            put!(out, "}}");
            if plan.legacy_function_call {
                break;
            }
            put!(out, "}}");
        }
        if !plan.legacy_function_call {
            put!(out, "]");
        }
    }
    put!(out, "}}");
}

fn call_id(plan: &Plan, choice: u64, call: u64) -> String {
    format!("call_{:x}_{choice}_{call}", plan.number)
}

fn reasoning_name(plan: &Plan) -> &'static str {
    match plan.reasoning_field {
        ReasoningField::ReasoningContent => "reasoning_content",
        ReasoningField::Reasoning => "reasoning",
    }
}

/// Everything up to and including the bracket that opens the choices.
fn envelope(out: &mut Vec<u8>, plan: &Plan, object: &str, created: i64) {
    let id_prefix = match plan.endpoint {
        Endpoint::Completions => "cmpl",
        _ => "chatcmpl",
    };
    put!(
        out,
        "{{\"id\":\"{id_prefix}-{:016x}\",\"object\":\"{object}\",\"created\":{created},\"model\":",
        plan.number
    );
    put_string(out, &plan.model);
    put!(out, ",\"choices\":[");
}

fn usage_member(out: &mut Vec<u8>, plan: &Plan, tokens_of_each: u64) {
    let output_tokens = tokens_of_each * plan.choices;
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
        let reasoning = plan.reasoning_tokens.min(tokens_of_each) * plan.choices;
        put!(
            out,
            ",\"completion_tokens_details\":{{\"reasoning_tokens\":{reasoning}}}"
        );
    }
    put!(out, "}}");
}

/// How draft tokens fared: none accepted at the first step, one at the second, and so on in turn.
fn speculation_member(out: &mut Vec<u8>, plan: &Plan) {
    let Some(drafted) = plan.draft_tokens else {
        return;
    };
    let mut histogram = vec![0u64; drafted as usize + 1];
    let mut left = plan.output_tokens;
    let (mut steps, mut accepted) = (0, 0);
    while left > 0 {
        // Each step gives one token of the model's own on top of the accepted ones.
        let taken = (steps % (drafted + 1)).min(left - 1);
        histogram[taken as usize] += 1;
        accepted += taken;
        steps += 1;
        left -= taken + 1;
    }
    let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
    let report = json!({
        "acceptance_histogram": histogram,
        "num_spec_steps": steps,
        "num_accepted_draft_tokens": accepted,
        "num_draft_tokens": steps * drafted,
        "num_spec_tokens": drafted,
        "mean_acceptance_length": 1.0 + share(accepted, steps),
        "draft_acceptance_rate": share(accepted, steps * drafted),
    });
    put!(out, ",\"metrics\":{{\"speculative_decoding\":{report}}}");
}

fn finish_json(finish: Option<Finish>) -> &'static str {
    match finish {
        None => "null",
        Some(Finish::Stop) => "\"stop\"",
        Some(Finish::Length) => "\"length\"",
        Some(Finish::ToolCalls) => "\"tool_calls\"",
    }
}

/// Renders the events of one stream.
pub(crate) struct Writer<'a> {
    plan: &'a Plan,
    /// The JSON up to and including the bracket that opens the choices.
    envelope: Vec<u8>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(plan: &'a Plan, created: i64) -> Self {
        let object = match plan.endpoint {
            Endpoint::Completions => "text_completion",
            _ => "chat.completion.chunk",
        };
        let mut prefix = Vec::new();
        envelope(&mut prefix, plan, object, created);
        Self {
            plan,
            envelope: prefix,
        }
    }

    /// The chat's first chunk, which names the role and has no content. Nothing for completions.
    pub(super) fn role(&self, out: &mut EventBuffer) {
        if self.plan.endpoint == Endpoint::Completions {
            return;
        }
        for choice in 0..self.plan.choices {
            self.choice(out, choice, 0, "null", |json| {
                put!(
                    json,
                    "\"delta\":{{\"role\":\"assistant\",\"content\":\"\"}}"
                );
            });
        }
    }

    pub(super) fn tokens(&self, out: &mut EventBuffer, first: u64, count: u64) {
        let plan = self.plan;
        let end = first + count;
        let span = plan.span_at(first);
        let finish = finish_json((end == plan.output_tokens).then_some(plan.finish));
        for choice in 0..plan.choices {
            let text = plan.text.of_choice(choice);
            if let Section::Tool(call) = span.section {
                if first == span.first {
                    self.tool_head(out, choice, call, first);
                }
                self.choice(out, choice, end, finish, |json| {
                    if plan.legacy_function_call {
                        put!(json, "\"delta\":{{\"function_call\":{{\"arguments\":\"");
                    } else {
                        put!(
                            json,
                            "\"delta\":{{\"tool_calls\":[{{\"index\":{call},\"function\":{{\"arguments\":\""
                        );
                    }
                    put_arguments(json, plan, span, first, count);
                    let close = if plan.legacy_function_call { "\"}}" } else { "\"}}]}" };
                    json.extend_from_slice(close.as_bytes());
                });
                continue;
            }
            self.choice(out, choice, end, finish, |json| {
                if plan.endpoint == Endpoint::Completions {
                    json.extend_from_slice(b"\"text\":\"");
                    text.append(json, first, count);
                    json.push(b'"');
                } else if span.section == Section::Content {
                    json.extend_from_slice(b"\"delta\":{\"content\":\"");
                    text.append(json, first, count);
                    json.extend_from_slice(b"\"}");
                } else {
                    put!(json, "\"delta\":{{\"{}\":\"", reasoning_name(plan));
                    text.append(json, first, end.min(span.end) - first);
                    if end > span.end {
                        json.extend_from_slice(b"\",\"content\":\"");
                        text.append(json, span.end, end - span.end);
                    }
                    json.extend_from_slice(b"\"}");
                }
            });
        }
    }

    /// The chunk that names the tool.
    fn tool_head(&self, out: &mut EventBuffer, choice: u64, call: u64, tokens_so_far: u64) {
        let plan = self.plan;
        self.choice(out, choice, tokens_so_far, "null", |json| {
            if plan.legacy_function_call {
                put!(json, "\"delta\":{{\"function_call\":{{\"name\":");
            } else {
                put!(
                    json,
                    "\"delta\":{{\"tool_calls\":[{{\"index\":{call},\"id\":\"{}\",\"type\":\"function\",\"function\":{{\"name\":",
                    call_id(plan, choice, call)
                );
            }
            put_string(json, &plan.tool);
            json.extend_from_slice(b",\"arguments\":\"\"}");
            if !plan.legacy_function_call {
                json.extend_from_slice(b"}]");
            }
            json.push(b'}');
        });
    }

    /// The chunk without choices that reports the usage, and `[DONE]`.
    pub(super) fn ending(&self, out: &mut EventBuffer) {
        let plan = self.plan;
        if plan.final_usage || plan.draft_tokens.is_some() {
            out.event(None, |json| {
                json.extend_from_slice(&self.envelope);
                put!(json, "]");
                if plan.final_usage {
                    usage_member(json, plan, plan.output_tokens);
                }
                speculation_member(json, plan);
                put!(json, "}}");
            });
        }
        out.last_event(None, |data| data.extend_from_slice(b"[DONE]"));
    }

    /// The end of an answer that was filtered.
    pub(super) fn incomplete(&self, out: &mut EventBuffer) {
        self.choice(
            out,
            0,
            self.plan.output_tokens,
            "\"content_filter\"",
            |json| {
                if self.plan.endpoint == Endpoint::Completions {
                    put!(json, "\"text\":\"\"");
                } else {
                    put!(json, "\"delta\":{{}}");
                }
            },
        );
        self.ending(out);
    }

    fn choice(
        &self,
        out: &mut EventBuffer,
        choice: u64,
        tokens_of_each: u64,
        finish: &str,
        payload: impl FnOnce(&mut Vec<u8>),
    ) {
        out.event(None, |json| {
            json.extend_from_slice(&self.envelope);
            if choice == 0 {
                json.extend_from_slice(b"{\"index\":0,");
            } else {
                put!(json, "{{\"index\":{choice},");
            }
            payload(json);
            json.extend_from_slice(b",\"logprobs\":null,\"finish_reason\":");
            json.extend_from_slice(finish.as_bytes());
            json.extend_from_slice(b"}]");
            if self.plan.continuous_usage {
                usage_member(json, self.plan, tokens_of_each);
            }
            json.push(b'}');
        });
    }
}
