//! What else may happen to an exchange while it runs.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use aiperf_clock::precise::PreciseTimer;
use aiperf_clock::{Nanos, monotonic_now};

use crate::converse::Outcome;
use crate::exchange::HttpExchange;
use crate::failure::TransportError;
use crate::perform::OutgoingRequest;
use crate::wire::WireStamps;

/// Gets the content type and each piece of a body as it arrives.
pub type OnData<'a> = &'a mut dyn FnMut(Option<&str>, &[u8]);

/// What else may happen to an exchange while it runs; by default nothing.
#[derive(Default)]
pub struct Watch<'a> {
    /// Give up the request some time after it was sent.
    pub cancel: Option<CancelAfterSent<'a>>,
    /// Look at the answer while it arrives.
    pub on_data: Option<OnData<'a>>,
    /// Makes the request once more. Where it is absent, redirects are not followed; where it is
    /// there, it is called for each of them.
    pub repeat: Option<&'a dyn Fn() -> OutgoingRequest>,
    /// Filled as soon as a connection is at hand: for callers that give connecting a limit of its own.
    pub connected_at: Option<&'a Cell<Option<Nanos>>>,
}

impl Watch<'_> {
    pub(crate) fn note_connected(&self, exchange: &mut HttpExchange) {
        let now = monotonic_now();
        exchange.connection.ready_at = Some(now);
        if let Some(connected_at) = self.connected_at {
            connected_at.set(Some(now));
        }
    }
}

/// Gives up a request some time after the kernel has accepted its last byte.
#[derive(Clone, Copy)]
pub struct CancelAfterSent<'a> {
    /// How long after.
    pub delay: Nanos,
    /// Whose precision is that of the cancellation.
    pub timer: &'a PreciseTimer,
}

impl CancelAfterSent<'_> {
    /// Runs a conversation; an answer that is complete before the time is over wins. `sent_at` is
    /// when the first hop of the exchange was sent.
    pub(crate) async fn race(
        self,
        wire: &WireStamps,
        sent_at: &Cell<Option<Nanos>>,
        conversation: impl Future<Output = Result<Outcome, TransportError>>,
    ) -> Result<Outcome, TransportError> {
        let mut conversation = pin!(conversation);
        let mut time = None;
        std::future::poll_fn(|context| {
            if let Poll::Ready(result) = conversation.as_mut().poll(context) {
                return Poll::Ready(result);
            }
            if sent_at.get().is_none() && wire.is_sent() {
                sent_at.set(Some(wire.last_write.get()));
            }
            if let (None, Some(sent_at)) = (&time, sent_at.get()) {
                let end = sent_at.saturating_add(self.delay);
                time = Some(Box::pin(self.timer.sleep_until(end)));
            }
            let is_over = time
                .as_mut()
                .is_some_and(|time| time.as_mut().poll(context).is_ready());
            if is_over {
                Poll::Ready(Err(TransportError::cancelled(self.delay)))
            } else {
                Poll::Pending
            }
        })
        .await
    }
}
