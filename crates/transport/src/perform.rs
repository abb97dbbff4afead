//! One exchange, from a request to a filled [`HttpExchange`].

use std::cell::Cell;
use std::rc::Rc;

use aiperf_clock::monotonic_now;
use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, HeaderValue, Method, Request};

use crate::TransportOptions;
use crate::connect::Connector;
use crate::connection::Connection;
use crate::exchange::HttpExchange;
use crate::failure::{TransportError, TransportFailure};
use crate::kernel_stamps::StampingOn;
use crate::pool::Pool;
use crate::received::Received;
use crate::request_body::RequestBody;
use crate::target::Target;
use crate::watch::{OnData, Watch};
use crate::wire::{TimestampSource, WireStamps};

/// The connections of one thread. Not `Send`: every I/O thread has its own.
pub struct Transport {
    targets: Vec<Target>,
    connector: Connector,
    pool: Pool,
    counters: TransportCounters,
    _stamping: Option<StampingOn>,
}

/// What happened to this thread's connections.
#[derive(Debug, Default, Clone)]
pub struct TransportCounters {
    /// Connections that were made.
    pub connections_opened: Cell<u64>,
    /// Of those, how many deliver kernel stamps.
    pub kernel_stamped_connections: Cell<u64>,
    /// Connections that could not be made for want of file descriptors.
    pub out_of_descriptors: Cell<u64>,
    /// Connections that could not be made for want of local ports.
    pub out_of_ports: Cell<u64>,
}

/// What is sent.
#[derive(Debug, Clone)]
pub struct OutgoingRequest {
    /// The method.
    pub method: Method,
    /// Header fields, without `Host` and `Content-Length`.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// Which connection an exchange uses.
pub enum Lease<'a> {
    /// An idle one of this thread, else a new one; given back afterwards.
    Pooled,
    /// A new one, closed afterwards.
    Fresh,
    /// The session's own; made at its first exchange.
    Sticky(&'a mut StickyConnection),
}

/// A connection that belongs to one session. Dropping it closes the connection.
#[derive(Default)]
pub struct StickyConnection(Option<Connection>);

impl Transport {
    /// A transport towards these targets; exchanges name them by index.
    pub fn new(targets: Vec<Target>, options: TransportOptions) -> Self {
        let asks_kernel = options.timestamp_source != TimestampSource::User;
        Self {
            targets,
            pool: Pool::new(options.keep_alive_timeout_ns),
            connector: Connector::new(options),
            counters: TransportCounters::default(),
            _stamping: asks_kernel.then(StampingOn::hold),
        }
    }

    /// What happened so far.
    pub fn counters(&self) -> &TransportCounters {
        &self.counters
    }

    /// Sends `request` and fills `exchange` while the answer arrives. A failure is noted in the
    /// exchange; what had arrived before it stays.
    ///
    /// The exchange is filled in place so that a caller who drops this future (a timeout, a
    /// cancellation) keeps everything that was seen up to then. The connection is then closed.
    pub async fn perform(
        &self,
        target: usize,
        request: OutgoingRequest,
        mut lease: Lease<'_>,
        exchange: &mut HttpExchange,
        watch: Watch<'_>,
    ) {
        exchange.start = monotonic_now();
        let taken = match &mut lease {
            Lease::Pooled => self.pool.take(target),
            Lease::Fresh => None,
            Lease::Sticky(own) => take_reusable(&mut own.0),
        };
        let connection = match taken {
            Some(connection) => {
                exchange.connection.is_reused = true;
                exchange.connection.local = connection.local;
                exchange.connection.remote = connection.remote;
                Ok(connection)
            }
            // In a box of its own: connecting is rare, and its state would make every request larger.
            None => Box::pin(self.connect(target, exchange)).await,
        };
        let mut connection = match connection {
            Ok(connection) => connection,
            Err(error) => return self.fail(exchange, error),
        };
        exchange.connection.ready_at = Some(monotonic_now());
        connection.wire.begin_exchange();
        let result = {
            let running = Running {
                exchange,
                wire: Rc::clone(&connection.wire),
            };
            let Watch { cancel, on_data } = watch;
            let wire = Rc::clone(&connection.wire);
            let conversation = self.converse(&mut connection, target, request, running, on_data);
            match cancel {
                None => conversation.await,
                Some(cancel) => cancel.race(&wire, conversation).await,
            }
        };
        match result {
            Ok(()) => {
                exchange.end = connection.wire.last_read.get();
                if connection.is_reusable() {
                    match lease {
                        Lease::Pooled => self.pool.put(target, connection),
                        Lease::Fresh => {}
                        Lease::Sticky(own) => own.0 = Some(connection),
                    }
                }
            }
            Err(error) => self.fail(exchange, error),
        }
    }

    async fn connect(
        &self,
        target: usize,
        exchange: &mut HttpExchange,
    ) -> Result<Connection, TransportError> {
        let connection = self
            .connector
            .connect(&self.targets[target], &mut exchange.connection)
            .await?;
        increment(&self.counters.connections_opened);
        if connection.is_kernel_stamped {
            increment(&self.counters.kernel_stamped_connections);
        }
        Ok(connection)
    }

    async fn converse(
        &self,
        connection: &mut Connection,
        target: usize,
        request: OutgoingRequest,
        running: Running<'_>,
        mut on_data: Option<OnData<'_>>,
    ) -> Result<(), TransportError> {
        let target = &self.targets[target];
        let mut message = Request::new(RequestBody::new(request.body, Rc::clone(&running.wire)));
        *message.method_mut() = request.method;
        *message.uri_mut() = target.path.clone().into();
        *message.headers_mut() = request.headers;
        if !message.headers().contains_key(HOST) {
            message
                .headers_mut()
                .insert(HOST, target.host_header.clone());
        }
        if let Some(authorization) = &target.authorization {
            let headers = message.headers_mut();
            headers
                .entry(AUTHORIZATION)
                .or_insert_with(|| authorization.clone());
        }
        let sent = connection.send(message).await;
        let answer = sent.map_err(|error| TransportError::exchanging(&error, false))?;
        running.exchange.head_at = Some(running.wire.last_read.get());
        let (head, mut body) = answer.into_parts();
        running.exchange.status = Some(head.status);
        running.exchange.headers = detached(&head.headers);
        drop(head);
        while let Some(data) = connection.next_data(&mut body).await {
            let data = data.map_err(|error| TransportError::exchanging(&error, true))?;
            let at = running.wire.last_read.get();
            running.exchange.received.append(&data, at);
            if let Some(on_data) = &mut on_data {
                on_data(running.exchange.content_type(), &data);
            }
        }
        Ok(())
    }

    fn fail(&self, exchange: &mut HttpExchange, error: TransportError) {
        match error.failure {
            TransportFailure::OutOfDescriptors => increment(&self.counters.out_of_descriptors),
            TransportFailure::OutOfPorts => increment(&self.counters.out_of_ports),
            // Nobody has seen the answer of a request that was given up.
            TransportFailure::Cancelled => exchange.forget_answer(),
            _ => {}
        }
        exchange.end = monotonic_now();
        exchange.error = Some(error);
    }
}

/// An exchange whose bytes are on their way. However it ends, also by being dropped, what the
/// connection knows of its bytes goes into the exchange.
struct Running<'a> {
    exchange: &'a mut HttpExchange,
    wire: Rc<WireStamps>,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let reached = |instant: u64| (instant != 0).then_some(instant);
        let Self { exchange, wire } = self;
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

/// The header fields with memory of their own: hyper's are slices of the connection's read buffer,
/// which would be held as long as the exchange.
fn detached(headers: &HeaderMap) -> HeaderMap {
    let mut copy = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let mut own = HeaderValue::from_bytes(value.as_bytes()).unwrap_or_else(|_| value.clone());
        own.set_sensitive(value.is_sensitive());
        copy.append(name.clone(), own);
    }
    copy
}

fn increment(counter: &Cell<u64>) {
    counter.set(counter.get() + 1);
}

impl HttpExchange {
    /// Marks an exchange that was given up because its time was over.
    pub fn give_up_timed_out(&mut self) {
        self.end = monotonic_now();
        self.error = Some(TransportError::timed_out());
    }

    /// Marks an exchange that was to be given up after it had been sent, and was not sent in time.
    pub fn give_up_unsent(&mut self) {
        self.end = monotonic_now();
        self.error = Some(TransportError::not_sent_in_time());
    }

    /// Marks an exchange that was under way when its phase ended.
    pub fn give_up_cut_off(&mut self) {
        self.end = monotonic_now();
        self.error = Some(TransportError::cut_off());
    }

    fn forget_answer(&mut self) {
        self.status = None;
        self.head_at = None;
        self.headers.clear();
        self.received = Received::default();
    }
}

fn take_reusable(slot: &mut Option<Connection>) -> Option<Connection> {
    let mut connection = slot.take()?;
    connection.is_still_usable().then_some(connection)
}
