//! One HTTP/2 connection, and the exchanges on it.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use aiperf_clock::{Nanos, monotonic_now};
use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};

use super::tap::{StreamTap, Tap, Tapped};
use crate::wire::WireStamps;

/// Bytes that a server may send ahead, for each exchange and for the connection: so many that the
/// client never is what a server waits for.
const WINDOW: u32 = 16 * 1024 * 1024;

type Driver = Pin<Box<dyn Future<Output = ()>>>;

/// A connection, which all clones share. Dropping the last one closes it.
#[derive(Clone)]
pub(crate) struct Http2Session(Rc<Shared>);

struct Shared {
    sender: SendRequest<Bytes>,
    pipe: Rc<Pipe>,
    tap: Rc<Tap>,
    socket: Rc<WireStamps>,
    local: Option<SocketAddr>,
    remote: Option<SocketAddr>,
    is_kernel_stamped: bool,
    has_own_task: Cell<bool>,
    running: Cell<usize>,
    idle_since: Cell<Nanos>,
}

/// What moves the bytes. It knows nothing of the handle that sends requests: that one's end ends it.
#[derive(Default)]
struct Pipe {
    driver: RefCell<Option<Driver>>,
    task: RefCell<Option<Waker>>,
}

impl Pipe {
    fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut driver = self.driver.borrow_mut();
        if let Some(running) = &mut *driver
            && running.as_mut().poll(context).is_pending()
        {
            return Poll::Pending;
        }
        *driver = None;
        Poll::Ready(())
    }
}

impl Http2Session {
    pub(crate) async fn start<S>(
        stream: S,
        socket: Rc<WireStamps>,
        is_kernel_stamped: bool,
    ) -> Result<Self, h2::Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let tap = Rc::new(Tap::new(Rc::clone(&socket)));
        let (sender, connection) = h2::client::Builder::new()
            .enable_push(false)
            .initial_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .max_header_list_size(256 * 1024)
            .handshake(Tapped::new(stream, Rc::clone(&tap)))
            .await?;
        let pipe = Pipe::default();
        // How the connection ended is told by the exchanges that it carried.
        let driver: Driver = Box::pin(async move { drop(connection.await) });
        pipe.driver.replace(Some(driver));
        Ok(Self(Rc::new(Shared {
            sender,
            pipe: Rc::new(pipe),
            tap,
            socket,
            local: None,
            remote: None,
            is_kernel_stamped,
            has_own_task: Cell::new(false),
            running: Cell::new(0),
            idle_since: Cell::new(monotonic_now()),
        })))
    }

    /// Notes the two ends; to be called before the session is shared.
    pub(crate) fn between(self, local: Option<SocketAddr>, remote: Option<SocketAddr>) -> Self {
        match Rc::try_unwrap(self.0) {
            Ok(shared) => Self(Rc::new(Shared {
                local,
                remote,
                ..shared
            })),
            Err(shared) => Self(shared),
        }
    }

    /// Gives the connection a task of its own, without which whoever waits for an answer moves its
    /// bytes. With several exchanges at a time it needs one.
    pub(crate) fn run_by_itself(&self) {
        if self.0.has_own_task.replace(true) {
            return;
        }
        let pipe = Rc::clone(&self.0.pipe);
        tokio::task::spawn_local(poll_fn(move |context| {
            pipe.task.replace(Some(context.waker().clone()));
            pipe.poll(context)
        }));
    }

    pub(crate) fn ends(&self) -> (Option<SocketAddr>, Option<SocketAddr>) {
        (self.0.local, self.0.remote)
    }

    pub(crate) fn is_kernel_stamped(&self) -> bool {
        self.0.is_kernel_stamped
    }

    /// Exchanges under way.
    pub(crate) fn running(&self) -> usize {
        self.0.running.get()
    }

    /// When the last exchange ended.
    pub(crate) fn idle_since(&self) -> Nanos {
        self.0.idle_since.get()
    }

    /// Whether the server takes another exchange now.
    pub(crate) fn has_room(&self) -> bool {
        self.running() < self.0.sender.current_max_send_streams()
    }

    /// Whether a request can be sent. Looks at the socket of an idle connection: what the event loop
    /// knows of it may be older than the server's closing.
    pub(crate) fn is_usable(&self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        if self.running() == 0 {
            self.0.socket.reads_unannounced.set(true);
            let _ = self.0.pipe.poll(&mut context);
            self.0.socket.reads_unannounced.set(false);
            // The connection now knows only a waker that does nothing.
            if let Some(task) = &*self.0.pipe.task.borrow() {
                task.wake_by_ref();
            }
        }
        let is_open = self.0.pipe.driver.borrow().is_some();
        let mut sender = self.0.sender.clone();
        is_open && !matches!(sender.poll_ready(&mut context), Poll::Ready(Err(_)))
    }

    /// An exchange, not sent yet.
    pub(crate) fn exchange(&self) -> Http2Exchange {
        self.0.running.set(self.running() + 1);
        Http2Exchange {
            session: self.clone(),
            tap: Rc::default(),
            sending: None,
        }
    }
}

/// One exchange. Dropping it before its end tells the server that nobody waits any more.
pub(crate) struct Http2Exchange {
    session: Http2Session,
    tap: Rc<StreamTap>,
    sending: Option<SendStream<Bytes>>,
}

impl Http2Exchange {
    /// Its instants.
    pub(crate) fn wire(&self) -> Rc<WireStamps> {
        Rc::clone(&self.tap.wire)
    }

    /// When the head of the answer was complete.
    pub(crate) fn head_at(&self) -> Nanos {
        match self.tap.head_at.get() {
            0 => self.tap.wire.last_read.get(),
            at => at,
        }
    }

    /// Sends a request and waits for the head of the answer.
    pub(crate) async fn send(
        &mut self,
        request: Request<()>,
        body: Bytes,
    ) -> Result<Response<RecvStream>, h2::Error> {
        let mut sender = self.session.0.sender.clone();
        self.until(|context| sender.poll_ready(context)).await?;
        let is_empty = body.is_empty();
        let (mut answer, mut sending) = sender.send_request(request, is_empty)?;
        let id = sending.stream_id().as_u32();
        self.session.0.tap.register(id, Rc::clone(&self.tap));
        if !is_empty {
            sending.send_data(body, true)?;
        }
        self.sending = Some(sending);
        self.until(|context| poll_answer(&mut answer, context))
            .await
    }

    /// The next piece of the answer's body; `None` at its end.
    pub(crate) async fn next_data(
        &self,
        body: &mut RecvStream,
    ) -> Option<Result<Bytes, h2::Error>> {
        let data = self.until(|context| body.poll_data(context)).await?;
        let length = data.as_ref().map_or(0, Bytes::len);
        match body.flow_control().release_capacity(length) {
            Ok(()) => Some(data),
            Err(error) => Some(data.and(Err(error))),
        }
    }

    /// How many of the next `length` bytes of the body came together, and when.
    pub(crate) fn take_arrival(&self, length: usize) -> (usize, Nanos) {
        self.tap.take_arrival(length)
    }

    async fn until<T>(&self, mut step: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
        let Shared {
            has_own_task, pipe, ..
        } = &*self.session.0;
        poll_fn(|context| {
            self.tap.wake_with(context.waker());
            if let Poll::Ready(result) = step(context) {
                return Poll::Ready(result);
            }
            if has_own_task.get() {
                return Poll::Pending;
            }
            let _ = pipe.poll(context);
            step(context)
        })
        .await
    }
}

fn poll_answer(
    answer: &mut ResponseFuture,
    context: &mut Context<'_>,
) -> Poll<Result<Response<RecvStream>, h2::Error>> {
    Pin::new(answer).poll(context)
}

impl Drop for Http2Exchange {
    fn drop(&mut self) {
        let shared = &self.session.0;
        shared.running.set(shared.running.get() - 1);
        shared.idle_since.set(monotonic_now());
        if let Some(sending) = &self.sending {
            shared.tap.forget(sending.stream_id().as_u32());
        }
    }
}
