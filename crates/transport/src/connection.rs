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
use http::header::PROXY_AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::proxy::Proxy;
use crate::quiet_waker::QuietWaker;
use crate::request_body::RequestBody;
use crate::target::Target;
use crate::wire::WireStamps;

type Driver = Pin<Box<dyn Future<Output = hyper::Result<()>>>>;

pub(crate) struct Connection {
    sender: SendRequest<RequestBody>,
    driver: Option<Driver>,
    waker: QuietWaker,
    pub(crate) wire: Rc<WireStamps>,
    pub(crate) local: Option<SocketAddr>,
    pub(crate) remote: Option<SocketAddr>,
    pub(crate) is_kernel_stamped: bool,
    /// How requests are written where a proxy reads them.
    pub(crate) absolute_form: Option<AbsoluteForm>,
    /// When it was last given back.
    pub(crate) idle_since: Nanos,
}

/// Requests that a proxy passes on: they name the whole URL, and who may ask the proxy.
pub(crate) struct AbsoluteForm {
    authorization: Option<HeaderValue>,
}

impl AbsoluteForm {
    pub(crate) fn through(proxy: &Proxy) -> Self {
        Self {
            authorization: proxy.authorization.clone(),
        }
    }

    /// Rewrites a request to this server.
    pub(crate) fn apply(
        &self,
        message: &mut Request<RequestBody>,
        target: &Target,
    ) -> Result<(), http::Error> {
        *message.uri_mut() = target.uri(message.uri().path_and_query())?;
        if let Some(authorization) = &self.authorization {
            let headers = message.headers_mut();
            headers.insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        Ok(())
    }
}

impl Connection {
    pub(crate) async fn start<S>(stream: S, wire: Rc<WireStamps>) -> hyper::Result<Self>
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let (sender, driver) = http1::Builder::new()
            .max_headers(256)
            .handshake::<_, RequestBody>(TokioIo::new(stream))
            .await?;
        Ok(Self {
            sender,
            driver: Some(Box::pin(driver)),
            waker: QuietWaker::new(),
            wire,
            local: None,
            remote: None,
            is_kernel_stamped: false,
            absolute_form: None,
            idle_since: 0,
        })
    }

    /// Sends a request and waits for the head of the answer.
    pub(crate) async fn send(
        &mut self,
        request: Request<RequestBody>,
    ) -> hyper::Result<Response<Incoming>> {
        let Self {
            sender,
            driver,
            waker,
            ..
        } = self;
        std::future::poll_fn(|context| {
            waker.poll(context, |context| {
                drive(driver, context);
                sender.poll_ready(context)
            })
        })
        .await?;
        let mut answer = pin!(sender.send_request(request));
        std::future::poll_fn(|context| {
            waker.poll(context, |context| {
                if let Poll::Ready(answer) = answer.as_mut().poll(context) {
                    return Poll::Ready(answer);
                }
                drive(driver, context);
                answer.as_mut().poll(context)
            })
        })
        .await
    }

    /// The next piece of the answer's body; `None` at its end.
    pub(crate) async fn next_data(&mut self, body: &mut Incoming) -> Option<hyper::Result<Bytes>> {
        let Self { driver, waker, .. } = self;
        loop {
            let frame = std::future::poll_fn(|context| {
                waker.poll(context, |context| {
                    if let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(context) {
                        return Poll::Ready(frame);
                    }
                    drive(driver, context);
                    Pin::new(&mut *body).poll_frame(context)
                })
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

    /// Whether the connection can carry another exchange after the one that has just ended: the
    /// answer is complete and neither side wants the connection closed.
    pub(crate) fn is_reusable(&mut self) -> bool {
        drive(&mut self.driver, &mut Context::from_waker(Waker::noop()));
        self.driver.is_some() && self.sender.is_ready()
    }

    /// Whether an idle connection can be used now. Looks at the socket itself: what the event loop
    /// knows of it may be older than the server's closing.
    pub(crate) fn is_still_usable(&mut self) -> bool {
        self.wire.reads_unannounced.set(true);
        let is_usable = self.is_reusable();
        self.wire.reads_unannounced.set(false);
        is_usable
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
