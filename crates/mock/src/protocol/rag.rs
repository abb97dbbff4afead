//! Retrieval-augmented generation as SOLIDO speaks it.

use super::EventBuffer;
use super::json::{put, put_text};
use crate::plan::Plan;

const SOURCES: &str = r#"[{"title":"mock document","url":"https://example.com/1","score":0.9}]"#;

/// Renders the events of one stream.
pub(crate) struct Writer<'a> {
    plan: &'a Plan,
}

impl<'a> Writer<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        Self { plan }
    }

    pub(super) fn tokens(&self, out: &mut EventBuffer, first: u64, count: u64) {
        out.event(None, |json| {
            put!(json, "{{\"content\":\"");
            put_text(json, self.plan, first, count);
            put!(json, "\"");
            if first == 0 {
                put!(json, ",\"sources\":{SOURCES}");
            }
            put!(json, "}}");
        });
    }

    pub(super) fn ending(&self, out: &mut EventBuffer) {
        out.last_event(None, |data| data.extend_from_slice(b"[DONE]"));
    }
}

/// Appends the whole answer.
pub(super) fn body(out: &mut Vec<u8>, plan: &Plan) {
    put!(out, "{{\"content\":\"");
    put_text(out, plan, 0, plan.output_tokens);
    put!(out, "\",\"sources\":{SOURCES}}}");
}
