//! One HTTP/1.1 connection.
//!
//! hyper splits a client connection into a handle that sends requests and a future that moves
//! bytes. Here both live in one place and the future is polled by whoever uses the connection, so
//! that an answer needs no hop to a second task. An idle connection is polled by nobody; whether
//! the server has closed it is looked up when it is taken from the pool.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use aiperf_clock::Nanos;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::wire::WireStamps;

type Driver = Pin<Box<dyn Future<Output = hyper::Result<()>>>>;

pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: Option<Driver>,
    pub(crate) wire: Rc<WireStamps>,
    pub(crate) local: Option<SocketAddr>,
    pub(crate) remote: Option<SocketAddr>,
    pub(crate) is_kernel_stamped: bool,
    /// When it was last given back.
    pub(crate) idle_since: Nanos,
}

impl Connection {
    pub(crate) async fn start<S>(stream: S, wire: Rc<WireStamps>) -> hyper::Result<Self>
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let (sender, driver) = http1::Builder::new()
            .max_headers(256)
            .handshake::<_, Full<Bytes>>(TokioIo::new(stream))
            .await?;
        Ok(Self {
            sender,
            driver: Some(Box::pin(driver)),
            wire,
            local: None,
            remote: None,
            is_kernel_stamped: false,
            idle_since: 0,
        })
    }

    /// Sends a request and waits for the head of the answer.
    pub(crate) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> hyper::Result<Response<Incoming>> {
        std::future::poll_fn(|context| {
            drive(&mut self.driver, context);
            self.sender.poll_ready(context)
        })
        .await?;
        let driver = &mut self.driver;
        let mut answer = pin!(self.sender.send_request(request));
        std::future::poll_fn(|context| {
            if let Poll::Ready(answer) = answer.as_mut().poll(context) {
                return Poll::Ready(answer);
            }
            drive(driver, context);
            answer.as_mut().poll(context)
        })
        .await
    }

    /// The next piece of the answer's body; `None` at its end.
    pub(crate) async fn next_data(&mut self, body: &mut Incoming) -> Option<hyper::Result<Bytes>> {
        loop {
            let frame = std::future::poll_fn(|context| {
                let mut body = Pin::new(&mut *body);
                if let Poll::Ready(frame) = body.as_mut().poll_frame(context) {
                    return Poll::Ready(frame);
                }
                drive(&mut self.driver, context);
                body.poll_frame(context)
            })
            .await;
            match frame? {
                // Trailers carry nothing that is measured.
                Ok(frame) => match frame.into_data() {
                    Ok(data) => return Some(Ok(data)),
                    Err(_trailers) => {}
                },
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// Whether another request can be sent: the last answer is complete, neither side wants the
    /// connection closed, and nothing has arrived since.
    pub(crate) fn is_reusable(&mut self) -> bool {
        drive(&mut self.driver, &mut Context::from_waker(Waker::noop()));
        self.driver.is_some() && self.sender.is_ready()
    }
}

/// Moves bytes until there is nothing to move. How the connection ended is told by the request
/// that it carried, so the result is dropped.
fn drive(driver: &mut Option<Driver>, context: &mut Context<'_>) {
    if let Some(future) = driver
        && future.as_mut().poll(context).is_ready()
    {
        *driver = None;
    }
}
