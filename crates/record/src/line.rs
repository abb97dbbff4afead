//! The line of one request in `profile_export.jsonl`.
//!
//! Written by hand into a reused buffer: a generic serialiser would first build a map of some forty
//! entries per record. The types that readers use are in `aiperf-model`; a test reads every line
//! back through them.

use std::io::Write;

use aiperf_endpoint::Failure;
use aiperf_engine::{CorrelationId, Exchange};
use aiperf_metrics::{ActiveMetrics, ExportedNumber, RecordValues};
use uuid::Uuid;

use crate::settings::RecorderSettings;

/// Instants of a record on the wall clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordInstants {
    pub(crate) credit_issued: i64,
    pub(crate) start: i64,
    pub(crate) ack: Option<i64>,
    pub(crate) end: i64,
    /// When the request was given up, on purpose or because its phase was over.
    pub(crate) cancelled: Option<i64>,
}

/// Appends JSON to a buffer, nothing escaped but what must be.
pub(crate) struct JsonLine<'a>(pub(crate) &'a mut Vec<u8>);

impl JsonLine<'_> {
    pub(crate) fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn int(&mut self, value: i64) {
        self.raw(itoa::Buffer::new().format(value));
    }

    /// The shortest digits that read back as the same number; whole numbers keep their `.0`.
    pub(crate) fn float(&mut self, value: f64) {
        self.raw(ryu::Buffer::new().format_finite(value));
    }

    pub(crate) fn string(&mut self, text: &str) {
        // Writing to a vector cannot fail, and a string is always JSON.
        let _ = serde_json::to_writer(&mut *self.0, text);
    }

    fn uuid(&mut self, id: Uuid) {
        self.raw("\"");
        let mut text = Uuid::encode_buffer();
        self.0
            .extend_from_slice(id.hyphenated().encode_lower(&mut text).as_bytes());
        self.raw("\"");
    }

    fn correlation_id(&mut self, id: &CorrelationId) {
        match id {
            CorrelationId::Random(id) => self.uuid(Uuid::from_u128(*id)),
            CorrelationId::User(_) | CorrelationId::Scheduled(_) => self.string(&id.to_string()),
        }
    }

    fn number(&mut self, number: ExportedNumber<'_>) {
        match number {
            ExportedNumber::Int(value) => self.int(value),
            ExportedNumber::Float(value) => self.float(value),
            ExportedNumber::List(list) => {
                self.raw("[");
                for (position, element) in list.iter().enumerate() {
                    if position > 0 {
                        self.raw(",");
                    }
                    self.number(element);
                }
                self.raw("]");
            }
        }
    }

    pub(crate) fn failure(&mut self, failure: &Failure) {
        let _ = serde_json::to_writer(&mut *self.0, failure);
    }

    /// `"metadata":{…}`.
    pub(crate) fn metadata(
        &mut self,
        settings: &RecorderSettings,
        processor_id: &str,
        exchange: &Exchange,
        instants: &RecordInstants,
    ) {
        let phase = &settings.phases[exchange.phase];
        let kind = if phase.is_profiling {
            "profiling"
        } else {
            "warmup"
        };
        self.raw("\"metadata\":{\"session_num\":");
        self.int(exchange.request_index as i64);
        self.raw(",\"x_request_id\":");
        self.uuid(exchange.request_id);
        self.raw(",\"x_correlation_id\":");
        self.correlation_id(&exchange.correlation_id);
        self.raw(",\"conversation_id\":");
        let conversation = settings.conversations.get(exchange.conversation);
        self.string(
            conversation
                .as_ref()
                .map_or("", |conversation| &conversation.id),
        );
        self.raw(",\"turn_index\":");
        self.int(exchange.turn as i64);
        self.raw(",\"credit_issued_ns\":");
        self.int(instants.credit_issued);
        let turn = conversation
            .as_ref()
            .and_then(|conversation| conversation.turns.get(exchange.turn));
        if let Some(time) = turn.and_then(|turn| turn.timestamp_ms) {
            self.raw(",\"scheduled_send_ns\":");
            self.int((time * 1e6) as i64);
        }
        self.raw(",\"request_start_ns\":");
        self.int(instants.start);
        if let Some(ack) = instants.ack {
            self.raw(",\"request_ack_ns\":");
            self.int(ack);
        }
        self.raw(",\"request_end_ns\":");
        self.int(instants.end);
        self.raw(",\"worker_id\":\"");
        self.raw(&settings.worker_ids[exchange.worker]);
        self.raw("\",\"record_processor_id\":\"");
        self.raw(processor_id);
        self.raw("\",\"benchmark_phase\":\"");
        self.raw(kind);
        self.raw("\",\"phase_index\":");
        self.int(exchange.phase as i64);
        if let Some(index) = phase.profiling_index {
            self.raw(",\"profiling_index\":");
            self.int(index as i64);
        }
        self.raw(",\"phase_name\":");
        self.string(&phase.name);
        self.raw(",\"phase_kind\":\"");
        self.raw(kind);
        self.raw("\",\"was_cancelled\":");
        self.raw(if instants.cancelled.is_some() {
            "true"
        } else {
            "false"
        });
        if let Some(cancelled) = instants.cancelled {
            self.raw(",\"cancellation_time_ns\":");
            self.int(cancelled);
        }
        self.raw(",\"context_overflow_skip\":false,\"agent_depth\":0,\"root_correlation_id\":");
        self.correlation_id(&exchange.correlation_id);
        self.raw("}");
    }

    /// `"metrics":{…}`; returns whether there was any.
    pub(crate) fn metrics(&mut self, active: &ActiveMetrics, values: &RecordValues) -> bool {
        self.raw("\"metrics\":{");
        let mut is_first = true;
        for metric in values.exported(active) {
            if !is_first {
                self.raw(",");
            }
            is_first = false;
            self.raw("\"");
            self.raw(metric.tag);
            self.raw("\":{\"value\":");
            self.number(metric.number);
            self.raw(",\"unit\":\"");
            self.raw(metric.unit);
            self.raw("\"}");
        }
        self.raw("}");
        !is_first
    }

    /// `"request_headers":{…}` with secrets replaced.
    pub(crate) fn headers<'h>(&mut self, headers: impl Iterator<Item = (&'h str, &'h str)>) {
        self.raw("\"request_headers\":{");
        for (position, (name, value)) in headers.enumerate() {
            if position > 0 {
                self.raw(",");
            }
            self.string(name);
            self.raw(":");
            self.string(aiperf_redact::header_value(name, value));
        }
        self.raw("}");
    }

    /// A JSON document as it is, but for line breaks between its tokens.
    pub(crate) fn json_on_one_line(&mut self, document: &[u8]) {
        let start = self.0.len();
        self.0.extend_from_slice(document);
        for byte in &mut self.0[start..] {
            // Within a string of a JSON document a line break is always escaped.
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }

    pub(crate) fn serialised(&mut self, value: &impl serde::Serialize) {
        let _ = serde_json::to_writer(&mut *self.0, value);
    }

    pub(crate) fn end(&mut self) {
        let _ = self.0.write_all(b"\n");
    }
}
