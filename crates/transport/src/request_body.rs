//! The body of a request, which tells when it was taken.

use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::wire::WireStamps;

pub(crate) struct RequestBody {
    data: Option<Bytes>,
    wire: Rc<WireStamps>,
}

impl RequestBody {
    /// Call after [`WireStamps::begin_exchange`].
    pub(crate) fn new(data: Bytes, wire: Rc<WireStamps>) -> Self {
        // Nobody asks for a body of no bytes.
        wire.body_taken.set(data.is_empty());
        Self {
            data: (!data.is_empty()).then_some(data),
            wire,
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        this.wire.body_taken.set(true);
        Poll::Ready(this.data.take().map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.as_ref().map_or(0, |data| data.len() as u64))
    }
}
