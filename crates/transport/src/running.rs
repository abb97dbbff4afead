//! An exchange whose bytes are on their way.

use std::io;
use std::rc::Rc;

use aiperf_clock::Nanos;
use http::{HeaderMap, StatusCode};

use crate::decode::BodyDecoder;
use crate::exchange::HttpExchange;
use crate::failure::{TransportError, TransportFailure};
use crate::watch::OnData;
use crate::wire::WireStamps;

/// An exchange whose bytes are on their way. However it ends, also by being dropped, what the
/// connection knows of its bytes goes into the exchange.
pub(crate) struct Running<'a, 'watch> {
    pub(crate) exchange: &'a mut HttpExchange,
    pub(crate) wire: Rc<WireStamps>,
    pub(crate) on_data: Option<&'a mut OnData<'watch>>,
    decoder: Option<Box<BodyDecoder>>,
}

impl<'a, 'watch> Running<'a, 'watch> {
    pub(crate) fn new(
        exchange: &'a mut HttpExchange,
        wire: Rc<WireStamps>,
        on_data: Option<&'a mut OnData<'watch>>,
    ) -> Self {
        Self {
            exchange,
            wire,
            on_data,
            decoder: None,
        }
    }

    /// The head of the answer is there.
    pub(crate) fn take_head(&mut self, status: StatusCode, headers: HeaderMap, at: Nanos) {
        self.exchange.head_at = Some(at);
        self.exchange.status = Some(status);
        self.decoder = BodyDecoder::of(&headers);
        self.exchange.headers = headers;
    }

    /// A piece of the body is there; it was read at `at`.
    pub(crate) fn take_data(&mut self, data: &[u8], at: Nanos) -> Result<(), TransportError> {
        if self.decoder.is_none() {
            self.keep(data, at);
        } else if let Some(mut decoder) = self.decoder.take() {
            let failed = undecodable(decoder.encoding());
            self.keep(decoder.decode(data).map_err(failed)?, at);
            self.decoder = Some(decoder);
        }
        Ok(())
    }

    /// The body is complete.
    pub(crate) fn take_end(&mut self) -> Result<(), TransportError> {
        if let Some(mut decoder) = self.decoder.take() {
            let failed = undecodable(decoder.encoding());
            let rest = decoder.finish().map_err(failed)?;
            self.keep(rest, self.wire.last_read.get());
        }
        Ok(())
    }

    fn keep(&mut self, data: &[u8], at: Nanos) {
        self.exchange.received.append(data, at);
        if let Some(on_data) = &mut self.on_data {
            on_data(self.exchange.content_type(), data);
        }
    }
}

impl Drop for Running<'_, '_> {
    fn drop(&mut self) {
        let reached = |instant: u64| (instant != 0).then_some(instant);
        let Self { exchange, wire, .. } = self;
        exchange.send_start = reached(wire.first_write.get());
        exchange.send_end = reached(wire.last_write.get());
        exchange.writes = wire.writes.get();
        exchange.first_byte = reached(wire.first_read.get());
        exchange.read_count = wire.reads.get();
        exchange.kernel_stamped_reads = wire.kernel_stamped_reads.get();
        exchange.receive_delay_max = wire.receive_delay_max.get();
        exchange.receive_delay_sum = wire.receive_delay_sum.get();
        exchange.received.finish();
        exchange.is_sent = wire.is_sent();
    }
}

fn undecodable(encoding: &'static str) -> impl FnOnce(io::Error) -> TransportError {
    move |_| {
        TransportError::new(
            TransportFailure::Truncated,
            format!("the body cannot be decoded as `{encoding}`"),
        )
    }
}
