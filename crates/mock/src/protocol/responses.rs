//! OpenAI's Responses API.

use serde_json::{Value, json};

use super::EventBuffer;
use super::json::{put, put_argument_object, put_arguments, put_text};
use crate::plan::{Plan, Section, Span};

/// Renders the events of one stream: an output item for each section. Texts come twice, in pieces
/// and whole, as this API has it.
pub(crate) struct Writer<'a> {
    plan: &'a Plan,
    created: i64,
    /// The number of the next event.
    sequence: u64,
    /// The index of the output item in progress.
    item: u64,
}

/// What a response has come to.
#[derive(Clone, Copy)]
enum Status<'a> {
    InProgress,
    Completed,
    Incomplete,
    Failed(&'a str),
}

impl<'a> Writer<'a> {
    pub(super) fn new(plan: &'a Plan, created: i64) -> Self {
        Self {
            plan,
            created,
            sequence: 0,
            item: 0,
        }
    }

    pub(super) fn opening(&mut self, out: &mut EventBuffer) {
        let response = response(self.plan, self.created, Status::InProgress);
        self.event(out, "response.created", &json!({ "response": response }));
        self.event(
            out,
            "response.in_progress",
            &json!({ "response": response }),
        );
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
        let plan = self.plan;
        if first == span.first {
            let item = item(plan, span, None);
            let index = self.item;
            self.event(
                out,
                "response.output_item.added",
                &json!({ "output_index": index, "item": item }),
            );
            if span.section == Section::Content {
                self.part_event(out, "response.content_part.added", span, "");
            }
        }
        let name = match span.section {
            Section::Reasoning => "response.reasoning_text.delta",
            Section::Content => "response.output_text.delta",
            Section::Tool(_) => "response.function_call_arguments.delta",
        };
        let (sequence, index) = (self.next_sequence(), self.item);
        out.event(Some(name), |json| {
            put!(
                json,
                "{{\"type\":\"{name}\",\"sequence_number\":{sequence},\"item_id\":\"{}\",\"output_index\":{index},",
                item_id(plan, span)
            );
            if let Section::Tool(_) = span.section {
                put!(json, "\"delta\":\"");
                put_arguments(json, plan, span, first, end - first);
            } else {
                put!(json, "\"content_index\":0,\"delta\":\"");
                put_text(json, plan, first, end - first);
            }
            put!(json, "\"}}");
        });
        if end == span.end {
            self.close(out, span, end);
        }
    }

    /// The events that repeat the section as far as it came, and end it.
    fn close(&mut self, out: &mut EventBuffer, span: Span, end: u64) {
        let plan = self.plan;
        let text = text_of(plan, span, end);
        let (id, index) = (item_id(plan, span), self.item);
        let head = json!({ "item_id": id, "output_index": index });
        match span.section {
            Section::Reasoning => {
                let fields = merged(head, &json!({ "content_index": 0, "text": text }));
                self.event(out, "response.reasoning_text.done", &fields);
            }
            Section::Content => {
                let fields = merged(head, &json!({ "content_index": 0, "text": text }));
                self.event(out, "response.output_text.done", &fields);
                self.part_event(out, "response.content_part.done", span, &text);
            }
            Section::Tool(_) => {
                let fields = merged(head, &json!({ "arguments": text }));
                self.event(out, "response.function_call_arguments.done", &fields);
            }
        }
        let item = item(plan, span, Some(end));
        self.event(
            out,
            "response.output_item.done",
            &json!({ "output_index": index, "item": item }),
        );
        self.item += 1;
    }

    fn part_event(&mut self, out: &mut EventBuffer, name: &str, span: Span, text: &str) {
        let part = json!({ "type": "output_text", "text": text, "annotations": [] });
        let fields = json!({
            "item_id": item_id(self.plan, span), "output_index": self.item, "content_index": 0,
            "part": part,
        });
        self.event(out, name, &fields);
    }

    pub(super) fn ending(&mut self, out: &mut EventBuffer) {
        self.finish(out, "response.completed", Status::Completed);
    }

    pub(super) fn incomplete(&mut self, out: &mut EventBuffer) {
        self.finish(out, "response.incomplete", Status::Incomplete);
    }

    pub(super) fn failed(&mut self, out: &mut EventBuffer, message: &str) {
        self.finish(out, "response.failed", Status::Failed(message));
    }

    fn finish(&mut self, out: &mut EventBuffer, name: &str, status: Status<'_>) {
        let response = response(self.plan, self.created, status);
        let data = self.data(name, &json!({ "response": response }));
        out.last_event(Some(name), |json| put!(json, "{data}"));
    }

    fn event(&mut self, out: &mut EventBuffer, name: &str, fields: &Value) {
        let data = self.data(name, fields);
        out.event(Some(name), |json| put!(json, "{data}"));
    }

    fn data(&mut self, name: &str, fields: &Value) -> Value {
        let sequence = self.next_sequence();
        merged(json!({ "type": name, "sequence_number": sequence }), fields)
    }

    fn next_sequence(&mut self) -> u64 {
        let sequence = self.sequence;
        self.sequence += 1;
        sequence
    }
}

/// Appends the whole answer.
pub(super) fn body(out: &mut Vec<u8>, plan: &Plan, created: i64, is_incomplete: bool) {
    let status = if is_incomplete {
        Status::Incomplete
    } else {
        Status::Completed
    };
    put!(out, "{}", response(plan, created, status));
}

fn response(plan: &Plan, created: i64, status: Status<'_>) -> Value {
    let name = match status {
        Status::InProgress => "in_progress",
        Status::Completed => "completed",
        Status::Incomplete => "incomplete",
        Status::Failed(_) => "failed",
    };
    let mut end = plan.output_tokens;
    if let Status::Incomplete = status {
        end = end.div_ceil(2);
    }
    let output: Vec<Value> = match status {
        Status::InProgress | Status::Failed(_) => Vec::new(),
        _ => plan
            .spans()
            .filter(|span| span.first < end)
            .map(|span| item(plan, span, Some(span.end.min(end))))
            .collect(),
    };
    let usage = match status {
        Status::Completed | Status::Incomplete if plan.final_usage => usage(plan, end),
        _ => Value::Null,
    };
    json!({
        "id": response_id(plan),
        "object": "response",
        "created_at": created,
        "status": name,
        "error": match status {
            Status::Failed(message) => json!({ "code": "server_error", "message": message }),
            _ => Value::Null,
        },
        "incomplete_details": match status {
            Status::Incomplete => json!({ "reason": "content_filter" }),
            _ => Value::Null,
        },
        "model": plan.model,
        "previous_response_id": plan.previous_response_id,
        "store": plan.store,
        "output": output,
        "usage": usage,
    })
}

/// An output item as it is when `end` has been reached, or as it begins.
fn item(plan: &Plan, span: Span, end: Option<u64>) -> Value {
    let status = if end.is_some() {
        "completed"
    } else {
        "in_progress"
    };
    let text = end.map_or_else(String::new, |end| text_of(plan, span, end));
    let id = item_id(plan, span);
    match span.section {
        Section::Reasoning => {
            let summary = match end {
                Some(_) => json!([{ "type": "summary_text", "text": text }]),
                None => json!([]),
            };
            json!({ "id": id, "type": "reasoning", "status": status, "summary": summary })
        }
        Section::Content => {
            let content = match end {
                Some(_) => json!([{ "type": "output_text", "text": text, "annotations": [] }]),
                None => json!([]),
            };
            json!({
                "id": id, "type": "message", "status": status, "role": "assistant",
                "content": content,
            })
        }
        Section::Tool(call) => json!({
            "id": id, "type": "function_call", "status": status,
            "call_id": format!("call_{:x}_{call}", plan.number), "name": plan.tool,
            "arguments": text,
        }),
    }
}

/// Under which the response is known.
pub(crate) fn response_id(plan: &Plan) -> String {
    format!("resp_{:016x}", plan.number)
}

fn item_id(plan: &Plan, span: Span) -> String {
    let prefix = match span.section {
        Section::Reasoning => "rs",
        Section::Content => "msg",
        Section::Tool(_) => "fc",
    };
    format!("{prefix}_{:x}_{}", plan.number, span.first)
}

fn text_of(plan: &Plan, span: Span, end: u64) -> String {
    let mut text = Vec::new();
    match span.section {
        Section::Tool(_) => put_argument_object(&mut text, plan, span),
        _ => put_text(&mut text, plan, span.first, end - span.first),
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn usage(plan: &Plan, output_tokens: u64) -> Value {
    json!({
        "input_tokens": plan.prompt_tokens,
        "input_tokens_details": { "cached_tokens": plan.cached_tokens.unwrap_or(0) },
        "output_tokens": output_tokens,
        "output_tokens_details": {
            "reasoning_tokens": plan.reasoning_tokens.min(output_tokens),
        },
        "total_tokens": plan.prompt_tokens + output_tokens,
    })
}

fn merged(mut object: Value, more: &Value) -> Value {
    if let (Some(members), Some(more)) = (object.as_object_mut(), more.as_object()) {
        members.extend(more.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    object
}
