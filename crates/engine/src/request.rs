//! One request: connection, timeout, counting.

use std::pin::pin;
use std::time::Duration;

use aiperf_clock::{Nanos, monotonic_now};
use aiperf_transport::watch::OnData;
use aiperf_transport::{
    CancelAfterSent, HttpExchange, Lease, OutgoingRequest, StickyConnection, Watch,
};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use uuid::Uuid;

use crate::correlation::CorrelationId;
use crate::exchange::Exchange;
use crate::io_thread::IoThread;
use crate::job::{self, JobFailure};
use crate::phase_state::{PhaseState, TurnPlace};
use crate::slots::Slot;

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

/// What is to be sent, and as whose part.
pub(crate) struct RequestPlan {
    pub(crate) request_index: u64,
    pub(crate) session: u64,
    pub(crate) conversation: usize,
    pub(crate) turn: usize,
    pub(crate) place: TurnPlace,
    pub(crate) target: usize,
    pub(crate) correlation_id: CorrelationId,
    pub(crate) intended: Option<Nanos>,
    pub(crate) slot_free_since: Option<Nanos>,
    /// Given back with the first content of the answer, else at its end.
    pub(crate) prefill: Option<Slot>,
    pub(crate) body: Bytes,
}

/// Sends one request and waits for its end.
pub(crate) async fn send(
    thread: &IoThread,
    phase: &PhaseState,
    mut plan: RequestPlan,
    sticky: &mut StickyConnection,
) -> Exchange {
    let request_id = thread.next_id();
    let outgoing = Outgoing::new(thread, &plan, request_id);
    let lease = match thread.connection_reuse {
        ConnectionReuse::Pooled => Lease::Pooled,
        ConnectionReuse::Never => Lease::Fresh,
        ConnectionReuse::StickySessions => Lease::Sticky(sticky),
    };
    let target = plan.target;
    let job = thread.jobs.as_ref().map(|jobs| jobs.begin(target));
    // Whoever gave up a job would leave it running on the server.
    let cancel_after = match job {
        Some(_) => None,
        None => phase.cancel_after(plan.request_index),
    };

    let mut prefill = plan.prefill.take();
    let recognise = match (&prefill, &thread.first_content) {
        (Some(_), Some(first_content)) => Some(first_content.watch()),
        _ => None,
    };
    let mut on_data = recognise.map(|mut is_content| {
        let prefill = &mut prefill;
        move |content_type: Option<&str>, bytes: &[u8]| {
            if prefill.is_some() && is_content(content_type, bytes) {
                *prefill = None;
            }
        }
    });
    let repeat = || outgoing.request();
    let watch = Watch {
        cancel: cancel_after.map(|delay| CancelAfterSent {
            delay,
            timer: &thread.timer,
        }),
        on_data: on_data.as_mut().map(|on_data| on_data as OnData<'_>),
        repeat: Some(&repeat),
        connected_at: None,
    };
    let mut in_flight = InFlight::begin(thread, phase, plan, request_id);
    let http = &mut in_flight.http;
    // A request that is to be given up may not wait for ever to be sent.
    let unsent_budget = cancel_after.map(|delay| thread.send_timeout.saturating_add(delay));
    let budget = thread.request_timeout.or(unsent_budget);
    let transport = &thread.transport;
    let is_done = {
        let performing = transport.perform(target, outgoing.request(), lease, http, watch);
        // Pinned here, so that its state is held once and not by everyone who waits for it.
        within(budget, pin!(performing)).await
    };
    if !is_done {
        if cancel_after.is_some() && !http.is_sent {
            http.give_up_unsent();
        } else {
            http.give_up_timed_out();
        }
    }
    if let Some(job) = job
        && http.error.is_none()
    {
        let following = job::follow(thread, job, outgoing.headers(), &mut in_flight.http);
        in_flight.job_failure = Box::pin(following).await;
    }
    in_flight.complete()
}

/// Whether something is done within its budget; without one, it is in the end.
pub(crate) async fn within(budget: Option<Nanos>, doing: impl Future<Output = ()>) -> bool {
    match budget {
        None => {
            doing.await;
            true
        }
        Some(budget) => tokio::time::timeout(Duration::from_nanos(budget), doing)
            .await
            .is_ok(),
    }
}

/// What goes over the wire, once or, after a redirect, again. Made anew each time: that is rarer than
/// keeping a second copy of every request's headers would be cheap.
struct Outgoing<'a> {
    thread: &'a IoThread,
    of_turn: Option<&'a HeaderMap>,
    request_id: Uuid,
    correlation_id: CorrelationId,
    /// The content type of a form.
    form: Option<HeaderValue>,
    body: Bytes,
}

impl<'a> Outgoing<'a> {
    fn new(thread: &'a IoThread, plan: &RequestPlan, request_id: Uuid) -> Self {
        let workload = &thread.workload;
        let (body, form) = match workload.composer.wire_form(&plan.body) {
            None => (plan.body.clone(), None),
            Some((form, content_type)) => (form, Some(content_type)),
        };
        Self {
            thread,
            of_turn: workload.conversations.headers(plan.conversation, plan.turn),
            request_id,
            correlation_id: plan.correlation_id.clone(),
            form,
            body,
        }
    }

    fn headers(&self) -> HeaderMap {
        let plan = &self.thread.headers;
        let mut headers = plan.render(self.request_id, &self.correlation_id, self.of_turn);
        if let Some(content_type) = &self.form {
            headers.insert(CONTENT_TYPE, content_type.clone());
        }
        headers
    }

    fn request(&self) -> OutgoingRequest {
        OutgoingRequest {
            method: Method::POST,
            headers: self.headers(),
            body: self.body.clone(),
        }
    }
}

/// A request under way. Dropped before its end, it was cut off: it is counted as cancelled, and what
/// was seen of it is handed on.
struct InFlight<'a> {
    thread: &'a IoThread,
    phase: &'a PhaseState,
    plan: RequestPlan,
    request_id: Uuid,
    issued: Nanos,
    http: HttpExchange,
    job_failure: Option<JobFailure>,
    is_complete: bool,
}

impl<'a> InFlight<'a> {
    fn begin(
        thread: &'a IoThread,
        phase: &'a PhaseState,
        plan: RequestPlan,
        request_id: Uuid,
    ) -> Self {
        let issued = monotonic_now();
        phase.note_sent(issued, plan.place);
        Self {
            thread,
            phase,
            plan,
            request_id,
            issued,
            http: HttpExchange::default(),
            job_failure: None,
            is_complete: false,
        }
    }

    fn complete(mut self) -> Exchange {
        self.is_complete = true;
        let is_success = self.http.is_success() && self.job_failure.is_none();
        self.phase.counters.completed(!is_success);
        self.take_exchange()
    }

    fn take_exchange(&mut self) -> Exchange {
        let plan = &mut self.plan;
        let http = std::mem::take(&mut self.http);
        Exchange {
            phase: self.phase.index,
            request_index: plan.request_index,
            session: plan.session,
            conversation: plan.conversation,
            turn: plan.turn,
            worker: self.thread.index,
            target: plan.target,
            request_id: self.request_id,
            correlation_id: plan.correlation_id.clone(),
            intended: plan.intended,
            issued: self.issued,
            slot_empty: plan
                .slot_free_since
                .map(|since| http.start.saturating_sub(since)),
            body: std::mem::take(&mut plan.body),
            job_failure: self.job_failure.take(),
            http,
        }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if self.is_complete {
            return;
        }
        self.phase.counters.cancelled();
        if self.http.start == 0 {
            self.http.start = self.issued;
        }
        self.http.give_up_cut_off();
        let exchange = self.take_exchange();
        self.thread.sink.accept(exchange);
    }
}
