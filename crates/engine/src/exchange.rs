//! A finished request, as it leaves the sending side.

use aiperf_clock::Nanos;
use aiperf_transport::HttpExchange;
use bytes::Bytes;
use uuid::Uuid;

use crate::correlation::CorrelationId;
use crate::job::JobFailure;

/// One request that was sent, with everything that is needed to make a record of it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Position of the phase in the run.
    pub phase: usize,
    /// Number of the request in its phase, from 0.
    pub request_index: u64,
    /// Number of the session in the run, from 0.
    pub session: u64,
    /// The conversation that the session plays.
    pub conversation: usize,
    /// The turn within it.
    pub turn: usize,
    /// The I/O thread.
    pub worker: usize,
    /// Which of the run's URLs.
    pub target: usize,
    /// The request's own id (`X-Request-ID`).
    pub request_id: Uuid,
    /// The session's id (`X-Correlation-ID`).
    pub correlation_id: CorrelationId,
    /// When the plan wanted it sent; closed loops have no such time.
    pub intended: Option<Nanos>,
    /// When the decision to send it was taken.
    pub issued: Nanos,
    /// Closed loop: how long the slot had stood empty when this session's first request was begun.
    pub slot_empty: Option<Nanos>,
    /// The body that was sent.
    pub body: Bytes,
    /// Why the job failed that the request had begun.
    pub job_failure: Option<JobFailure>,
    /// What the wire saw.
    pub http: HttpExchange,
}

impl Exchange {
    /// Bytes that this exchange holds in memory, without the shared request body.
    pub fn memory(&self) -> usize {
        size_of::<Self>() - size_of::<HttpExchange>() + self.http.memory()
    }
}

/// Takes finished exchanges. Implementations must return at once: the sending side never waits.
pub trait ExchangeSink: Send + Sync {
    /// Takes one exchange.
    fn accept(&self, exchange: Exchange);
}
