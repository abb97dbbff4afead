//! One request: headers, connection, timeout, counting.

use std::time::Duration;

use aiperf_clock::{Nanos, monotonic_now};
use aiperf_transport::{HttpExchange, Lease, OutgoingRequest, StickyConnection};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use uuid::Uuid;

use crate::exchange::Exchange;
use crate::io_thread::IoThread;
use crate::phase_state::PhaseState;

/// Which connection a request goes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConnectionReuse {
    /// Any idle connection of the thread.
    #[default]
    Pooled,
    /// A new one for each request.
    Never,
    /// One for each session.
    StickySessions,
}

/// The header fields of every request, in order.
#[derive(Debug, Clone, Default)]
pub struct HeaderPlan {
    /// Later fields replace earlier ones of the same name.
    pub fields: Vec<HeaderField>,
}

/// One header field.
#[derive(Debug, Clone)]
pub struct HeaderField {
    /// Its name.
    pub name: HeaderName,
    /// Where its value comes from.
    pub value: HeaderValueSource,
}

/// Where a header field's value comes from.
#[derive(Debug, Clone)]
pub enum HeaderValueSource {
    /// The same for all requests.
    Fixed(HeaderValue),
    /// The request's id.
    RequestId,
    /// The session's id.
    CorrelationId,
}

impl HeaderPlan {
    pub(crate) fn render(&self, request_id: Uuid, correlation_id: Uuid) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(self.fields.len() + 2);
        for field in &self.fields {
            let value = match &field.value {
                HeaderValueSource::Fixed(value) => value.clone(),
                HeaderValueSource::RequestId => uuid_value(request_id),
                HeaderValueSource::CorrelationId => uuid_value(correlation_id),
            };
            headers.insert(field.name.clone(), value);
        }
        headers
    }
}

fn uuid_value(id: Uuid) -> HeaderValue {
    let mut text = Uuid::encode_buffer();
    HeaderValue::from_str(id.hyphenated().encode_lower(&mut text))
        .expect("a hyphenated UUID consists of visible ASCII characters")
}

/// What is to be sent, and as whose part.
pub(crate) struct RequestPlan {
    pub(crate) request_index: u64,
    pub(crate) conversation: usize,
    pub(crate) turn: usize,
    pub(crate) target: usize,
    pub(crate) correlation_id: Uuid,
    pub(crate) intended: Option<Nanos>,
    pub(crate) slot_free_since: Option<Nanos>,
    pub(crate) body: Bytes,
}

/// Sends one request and waits for its end.
pub(crate) async fn send(
    thread: &IoThread,
    phase: &PhaseState,
    plan: RequestPlan,
    sticky: &mut StickyConnection,
) -> Exchange {
    let issued = monotonic_now();
    let counted = InFlight::begin(phase, issued, plan.turn == 0);
    let request_id = thread.next_id();
    let request = OutgoingRequest {
        method: Method::POST,
        headers: thread.headers.render(request_id, plan.correlation_id),
        body: plan.body.clone(),
    };
    let lease = match thread.connection_reuse {
        ConnectionReuse::Pooled => Lease::Pooled,
        ConnectionReuse::Never => Lease::Fresh,
        ConnectionReuse::StickySessions => Lease::Sticky(sticky),
    };
    let mut http = HttpExchange::default();
    let performing = thread
        .transport
        .perform(plan.target, request, lease, &mut http);
    match thread.request_timeout {
        None => performing.await,
        Some(timeout) => {
            let budget = Duration::from_nanos(timeout);
            if tokio::time::timeout(budget, performing).await.is_err() {
                http.give_up_timed_out();
            }
        }
    }
    counted.complete(!http.is_success());
    Exchange {
        phase: phase.index,
        request_index: plan.request_index,
        conversation: plan.conversation,
        turn: plan.turn,
        worker: thread.index,
        target: plan.target,
        request_id,
        correlation_id: plan.correlation_id,
        intended: plan.intended,
        issued,
        slot_empty: plan
            .slot_free_since
            .map(|since| http.start.saturating_sub(since)),
        body: plan.body,
        http,
    }
}

/// Counts a request as sent, and as cancelled if it is dropped before its end.
struct InFlight<'a> {
    phase: &'a PhaseState,
    is_complete: bool,
}

impl<'a> InFlight<'a> {
    fn begin(phase: &'a PhaseState, at: Nanos, is_first_of_session: bool) -> Self {
        phase.note_sent(at, is_first_of_session);
        Self {
            phase,
            is_complete: false,
        }
    }

    fn complete(mut self, is_failure: bool) {
        self.is_complete = true;
        self.phase.note_completed(is_failure);
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if !self.is_complete {
            self.phase.note_cancelled();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_header_fields_replace_earlier_ones_of_the_same_name() {
        let field = |name: &'static str, value| HeaderField {
            name: HeaderName::from_static(name),
            value,
        };
        let plan = HeaderPlan {
            fields: vec![
                field("x-request-id", HeaderValueSource::RequestId),
                field(
                    "accept",
                    HeaderValueSource::Fixed(HeaderValue::from_static("a")),
                ),
                field(
                    "accept",
                    HeaderValueSource::Fixed(HeaderValue::from_static("b")),
                ),
                field("x-correlation-id", HeaderValueSource::CorrelationId),
            ],
        };
        let rendered = plan.render(Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(rendered["accept"], "b");
        assert_eq!(
            rendered["x-request-id"],
            "00000000-0000-0000-0000-000000000001"
        );
        assert_eq!(
            rendered["x-correlation-id"],
            "00000000-0000-0000-0000-000000000002"
        );
    }
}
