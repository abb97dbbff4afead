//! What else may happen to an exchange while it runs.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use aiperf_clock::Nanos;
use aiperf_clock::precise::PreciseTimer;

use crate::failure::TransportError;
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
    /// Runs a conversation; an answer that is complete before the time is over wins.
    pub(crate) async fn race(
        self,
        wire: &WireStamps,
        conversation: impl Future<Output = Result<(), TransportError>>,
    ) -> Result<(), TransportError> {
        let mut conversation = pin!(conversation);
        let mut time = None;
        std::future::poll_fn(|context| {
            if let Poll::Ready(result) = conversation.as_mut().poll(context) {
                return Poll::Ready(result);
            }
            if time.is_none() && wire.is_sent() {
                let end = wire.last_write.get().saturating_add(self.delay);
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
