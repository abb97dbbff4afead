//! One exchange, from a request to a filled [`HttpExchange`].

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;

use aiperf_clock::{MILLISECOND, Nanos, monotonic_now};
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method};

use crate::connect::Connector;
use crate::converse::{self, Outcome};
use crate::exchange::HttpExchange;
use crate::failure::{TransportError, TransportFailure};
use crate::h1::Connection;
use crate::kernel_stamps::StampingOn;
use crate::link::Link;
use crate::options::{HttpVersion, TransportOptions};
use crate::pool::Pool;
use crate::received::Received;
use crate::redirect::{self, MOST_REDIRECTS, Trail};
use crate::running::Running;
use crate::target::Target;
use crate::watch::Watch;
use crate::wire::TimestampSource;

/// The connections of one thread. Not `Send`: every I/O thread has its own.
pub struct Transport {
    targets: Vec<Target>,
    /// Servers beyond those of the list that exchanges were led to.
    others: RefCell<Vec<Target>>,
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
    /// Requests that were sent a second time: the kept connection that they had been given turned
    /// out to be closed.
    pub repeated: Cell<u64>,
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
pub struct StickyConnection(Option<Link>);

/// One hop of an exchange: usually the only one.
#[derive(Clone, Copy)]
struct Hop<'a> {
    target: &'a Target,
    path: &'a PathAndQuery,
    /// Under which number connections to this server are kept.
    server: usize,
    /// An answer that points elsewhere is followed.
    follows: bool,
    /// When the first hop was sent.
    sent_at: &'a Cell<Option<Nanos>>,
    /// How long the kept connection that it was given had been idle.
    idle_for: &'a Cell<Nanos>,
}

impl Transport {
    /// A transport towards these targets; exchanges name them by index.
    pub fn new(targets: Vec<Target>, options: TransportOptions) -> Self {
        let asks_kernel = options.timestamp_source != TimestampSource::User;
        Self {
            targets,
            others: RefCell::default(),
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
    /// cancellation) keeps everything that was seen up to then. The connection is then closed, or
    /// with HTTP/2 the server told that nobody waits.
    ///
    /// Redirects are followed where [`Watch::repeat`] is there; the exchange then tells of the last
    /// hop, but for its start. Pooled connections of HTTP/2 need a [`tokio::task::LocalSet`].
    pub async fn perform(
        &self,
        target: usize,
        request: OutgoingRequest,
        lease: Lease<'_>,
        exchange: &mut HttpExchange,
        watch: Watch<'_>,
    ) {
        let to = &self.targets[target];
        self.perform_at(to, target, request, lease, exchange, watch)
            .await;
    }

    /// The same, to a server that need not be in the list, or to another path of one that is (see
    /// [`Target::with_path`]). Connections are shared with all exchanges to that server.
    pub async fn perform_to(
        &self,
        target: &Target,
        request: OutgoingRequest,
        lease: Lease<'_>,
        exchange: &mut HttpExchange,
        watch: Watch<'_>,
    ) {
        let server = self.server_of(target);
        self.perform_at(target, server, request, lease, exchange, watch)
            .await;
    }

    async fn perform_at(
        &self,
        target: &Target,
        server: usize,
        request: OutgoingRequest,
        mut lease: Lease<'_>,
        exchange: &mut HttpExchange,
        mut watch: Watch<'_>,
    ) {
        exchange.start = monotonic_now();
        let (sent_at, idle_for) = (Cell::new(None), Cell::new(Nanos::MAX));
        let hop = Hop {
            target,
            path: &target.path,
            server,
            follows: watch.repeat.is_some(),
            sent_at: &sent_at,
            idle_for: &idle_for,
        };
        let mut outcome = self
            .go(hop, request, &mut lease, exchange, &mut watch)
            .await;
        if let (Err(error), Some(repeat)) = (&outcome, watch.repeat)
            && found_connection_closed(error, exchange)
            && idle_for.get() < SETTLING
        {
            // It promises to keep connections, and does not: this happens once for each connection
            // that is under way, and then no more.
            self.pool.keep_no_more(server);
            increment(&self.counters.repeated);
            *exchange = HttpExchange {
                start: exchange.start,
                ..HttpExchange::default()
            };
            sent_at.set(None);
            let again = self.go(hop, repeat(), &mut lease, exchange, &mut watch);
            outcome = Box::pin(again).await;
        }
        let result = match outcome {
            Ok(Outcome::Answered) => Ok(()),
            Ok(Outcome::Redirected(location)) => {
                let following = self.follow(hop, location, &mut lease, exchange, &mut watch);
                // In a box of its own: redirects are rare, and their state would make every request
                // larger.
                Box::pin(following).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            self.fail(exchange, error);
        }
    }

    /// Goes where answers point.
    async fn follow(
        &self,
        first: Hop<'_>,
        mut location: String,
        lease: &mut Lease<'_>,
        exchange: &mut HttpExchange,
        watch: &mut Watch<'_>,
    ) -> Result<(), TransportError> {
        let mut trail = Trail::begin(first.target.clone());
        for _ in 0..MOST_REDIRECTS {
            let (Some(status), Some(repeat)) = (exchange.status, watch.repeat) else {
                return Ok(());
            };
            trail.go(status, &location)?;
            let request = trail.adapt(repeat());
            *exchange = HttpExchange {
                start: exchange.start,
                ..HttpExchange::default()
            };
            let server = self.server_of(&trail.target);
            let hop = Hop {
                target: &trail.target,
                path: &trail.target.path,
                server,
                ..first
            };
            // A session's own connection leads to the session's own server.
            let mut pooled = Lease::Pooled;
            let lease = match &*lease {
                Lease::Sticky(_) if server != first.server => &mut pooled,
                _ => &mut *lease,
            };
            match self.go(hop, request, lease, exchange, watch).await? {
                Outcome::Answered => return Ok(()),
                Outcome::Redirected(next) => location = next,
            }
        }
        Err(redirect::too_many())
    }

    /// One hop, on a connection that is taken or made for it.
    async fn go(
        &self,
        hop: Hop<'_>,
        request: OutgoingRequest,
        lease: &mut Lease<'_>,
        exchange: &mut HttpExchange,
        watch: &mut Watch<'_>,
    ) -> Result<Outcome, TransportError> {
        let options = self.connector.options();
        let may_share =
            options.http_version != HttpVersion::Http1 && matches!(lease, Lease::Pooled);
        if may_share && let Some(link) = self.pool.join(hop.server, self.is_limited()) {
            link.tell_reuse(&mut exchange.connection);
            return Box::pin(self.talk(link, hop, request, lease, exchange, watch)).await;
        }
        let permit = match &options.connection_limit {
            Some(limit) => Box::pin(limit.enter(&mut exchange.connection)).await,
            None => None,
        };
        let taken = match lease {
            Lease::Pooled => self.pool.take(hop.server).map(|connection| {
                let idle_for = monotonic_now().saturating_sub(connection.idle_since);
                hop.idle_for.set(idle_for);
                Link::Http1(connection)
            }),
            Lease::Fresh => None,
            Lease::Sticky(own) => take_reusable(&mut own.0),
        };
        let link = match taken {
            Some(link) => {
                link.tell_reuse(&mut exchange.connection);
                link
            }
            // In a box of its own: connecting is rare, and its state would make every request larger.
            None if may_share => Box::pin(self.connect_or_join(hop, exchange)).await?,
            None => Box::pin(self.connect(hop.target, exchange)).await?,
        };
        match link {
            Link::Http1(connection) => {
                self.talk_http1(connection, hop, request, lease, exchange, watch)
                    .await
            }
            Link::Http2(_) => {
                // Shared connections are not counted: others could not use this one's place.
                drop(permit);
                Box::pin(self.talk(link, hop, request, lease, exchange, watch)).await
            }
        }
    }

    async fn talk_http1(
        &self,
        mut connection: Connection,
        hop: Hop<'_>,
        request: OutgoingRequest,
        lease: &mut Lease<'_>,
        exchange: &mut HttpExchange,
        watch: &mut Watch<'_>,
    ) -> Result<Outcome, TransportError> {
        watch.note_connected(exchange);
        connection.wire.begin_exchange();
        let wire = Rc::clone(&connection.wire);
        let result = {
            let running = Running::new(exchange, Rc::clone(&wire), watch.on_data.as_mut());
            let conversation = converse::over_http1(
                &mut connection,
                hop.target,
                hop.path,
                request,
                running,
                hop.follows,
            );
            // Pinned here, so that its state is held once.
            let mut conversation = pin!(conversation);
            match watch.cancel {
                None => conversation.as_mut().await,
                Some(cancel) => cancel.race(&wire, hop.sent_at, conversation).await,
            }
        };
        if result.is_ok() {
            exchange.end = wire.last_read.get();
            if self.connector.options().keeps_connections && connection.is_reusable() {
                match lease {
                    Lease::Pooled => self.pool.put(hop.server, connection),
                    Lease::Fresh => {}
                    Lease::Sticky(own) => own.0 = Some(Link::Http1(connection)),
                }
            }
        }
        result
    }

    /// Talks over a connection of either protocol.
    async fn talk(
        &self,
        link: Link,
        hop: Hop<'_>,
        request: OutgoingRequest,
        lease: &mut Lease<'_>,
        exchange: &mut HttpExchange,
        watch: &mut Watch<'_>,
    ) -> Result<Outcome, TransportError> {
        let session = match link {
            Link::Http1(connection) => {
                return self
                    .talk_http1(connection, hop, request, lease, exchange, watch)
                    .await;
            }
            Link::Http2(session) => session,
        };
        watch.note_connected(exchange);
        let mut stream = session.exchange();
        let wire = stream.wire();
        let result = {
            let running = Running::new(exchange, Rc::clone(&wire), watch.on_data.as_mut());
            let conversation = converse::over_http2(
                &mut stream,
                hop.target,
                hop.path,
                request,
                running,
                hop.follows,
            );
            match watch.cancel {
                None => conversation.await,
                Some(cancel) => cancel.race(&wire, hop.sent_at, conversation).await,
            }
        };
        if result.is_ok() {
            exchange.end = wire.last_read.get();
            if let Lease::Sticky(own) = lease
                && self.connector.options().keeps_connections
            {
                own.0 = Some(Link::Http2(session));
            }
        }
        result
    }

    /// A connection for several exchanges, if the server wants HTTP/2: made by the first that needs
    /// it, while the others wait.
    async fn connect_or_join(
        &self,
        hop: Hop<'_>,
        exchange: &mut HttpExchange,
    ) -> Result<Link, TransportError> {
        let gate = self.pool.gate(hop.server);
        let _making = if gate.is_open.get() {
            None
        } else if let Ok(making) = gate.making.try_lock() {
            Some(making)
        } else {
            let start = monotonic_now();
            let making = gate.making.lock().await;
            exchange.connection.waited(start, monotonic_now());
            // The one before may have found out that there is nothing to wait for.
            (!gate.is_open.get()).then_some(making)
        };
        if let Some(link) = self.pool.join(hop.server, self.is_limited()) {
            link.tell_reuse(&mut exchange.connection);
            return Ok(link);
        }
        let link = self.connect(hop.target, exchange).await?;
        match &link {
            Link::Http1(_) => gate.is_open.set(true),
            Link::Http2(session) if self.connector.options().keeps_connections => {
                self.pool.share(hop.server, session.clone());
            }
            Link::Http2(_) => {}
        }
        Ok(link)
    }

    async fn connect(
        &self,
        target: &Target,
        exchange: &mut HttpExchange,
    ) -> Result<Link, TransportError> {
        let link = self
            .connector
            .connect(target, &mut exchange.connection)
            .await?;
        increment(&self.counters.connections_opened);
        if link.is_kernel_stamped() {
            increment(&self.counters.kernel_stamped_connections);
        }
        Ok(link)
    }

    fn is_limited(&self) -> bool {
        self.connector.options().connection_limit.is_some()
    }

    /// The number under which connections to the target's server are kept.
    fn server_of(&self, target: &Target) -> usize {
        let is_same = |known: &Target| known.is_same_server(target);
        if let Some(index) = self.targets.iter().position(is_same) {
            return index;
        }
        let mut others = self.others.borrow_mut();
        let index = others.iter().position(is_same).unwrap_or_else(|| {
            others.push(target.clone());
            others.len() - 1
        });
        self.targets.len() + index
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

/// A connection that is closed so soon after an answer was closed because of that answer, and not
/// because of the request that came next.
const SETTLING: Nanos = 2 * MILLISECOND;

/// Whether a kept connection turned out to be closed in good order, without a byte of an answer. A
/// reset is something else: the server has seen the request and thrown it away.
fn found_connection_closed(error: &TransportError, exchange: &HttpExchange) -> bool {
    error.failure == TransportFailure::Disconnected
        && exchange.connection.is_reused
        && exchange.first_byte.is_none()
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

fn take_reusable(slot: &mut Option<Link>) -> Option<Link> {
    let mut link = slot.take()?;
    link.is_still_usable().then_some(link)
}
