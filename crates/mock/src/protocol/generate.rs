//! Text generation inference: `/generate` and `/generate_stream`.

use super::EventBuffer;
use super::json::{put, put_text};
use crate::plan::{Finish, Plan};

/// Renders the events of one stream: one for each chunk, the last with the whole text.
pub(crate) struct Writer<'a> {
    plan: &'a Plan,
}

impl<'a> Writer<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        Self { plan }
    }

    pub(super) fn tokens(&self, out: &mut EventBuffer, first: u64, count: u64) {
        let plan = self.plan;
        let end = first + count;
        let is_last = end == plan.output_tokens;
        let data = |json: &mut Vec<u8>| {
            // The number of the token and its id; TGI counts tokens from 1.
            put!(
                json,
                "{{\"index\":{end},\"token\":{{\"id\":{},\"text\":\"",
                first % 50_000
            );
            put_text(json, plan, first, count);
            put!(
                json,
                "\",\"logprob\":-0.5,\"special\":false}},\"generated_text\":"
            );
            if is_last {
                put!(json, "\"");
                put_text(json, plan, 0, plan.output_tokens);
                put!(json, "\",\"details\":{}}}", details(plan));
            } else {
                put!(json, "null,\"details\":null}}");
            }
        };
        if is_last {
            out.last_event(None, data);
        } else {
            out.event(None, data);
        }
    }
}

/// Appends the whole answer.
pub(super) fn body(out: &mut Vec<u8>, plan: &Plan) {
    put!(out, "{{\"generated_text\":\"");
    put_text(out, plan, 0, plan.output_tokens);
    put!(out, "\",\"details\":{}}}", details(plan));
}

fn details(plan: &Plan) -> String {
    let reason = match plan.finish {
        Finish::Length => "length",
        Finish::Stop | Finish::ToolCalls => "eos_token",
    };
    format!(
        "{{\"finish_reason\":\"{reason}\",\"generated_tokens\":{},\"prefill_tokens\":{},\"seed\":null}}",
        plan.output_tokens, plan.prompt_tokens
    )
}
