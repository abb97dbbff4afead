//! Threads and listeners: starting and stopping the server.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;

use aiperf_clock::precise::PreciseTimer;
use aiperf_clock::{Clock, MILLISECOND};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::LocalSet;

use crate::connection;
use crate::error::MockError;
use crate::metrics::Metrics;
use crate::options::MockOptions;
use crate::plan::Planner;
use crate::truth::{TruthRecord, TruthWriter};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4_096;

/// The model's name where none is configured and none is asked for.
const DEFAULT_MODEL: &str = "mock-model";

/// A running server. Dropping it stops it.
pub struct MockServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    threads: Vec<ServingThread>,
    truth: Option<TruthWriter>,
}

/// What a server has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Connections accepted.
    pub connections: u64,
    /// Requests that ended, of every path and with every outcome.
    pub requests: u64,
    /// Requests that a fault befell.
    pub faults: u64,
    /// Output tokens written.
    pub output_tokens: u64,
    /// Generation requests being answered now.
    pub running: u64,
}

/// What all serving threads share.
pub(crate) struct Shared {
    pub(crate) options: MockOptions,
    pub(crate) planner: Planner,
    pub(crate) metrics: Metrics,
    pub(crate) clock: Clock,
    /// The number of the next generation request.
    pub(crate) next_number: AtomicU64,
    /// Never empty.
    model_names: Vec<String>,
}

/// What the connections of one serving thread share.
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) timer: PreciseTimer,
    pub(crate) truth: Option<Sender<TruthRecord>>,
}

struct ServingThread {
    stop: oneshot::Sender<()>,
    handle: JoinHandle<()>,
}

impl MockServer {
    /// Starts the server and returns once it listens.
    pub fn start(options: MockOptions) -> Result<Self, MockError> {
        let planner = Planner::new(&options)?;
        let listeners = listen(&options)?;
        let address = listeners[0]
            .local_addr()
            .map_err(|source| MockError::Bind {
                address: ([0, 0, 0, 0], options.port).into(),
                source,
            })?;
        let (truth, truth_sender) = match &options.truth_file {
            Some(path) => {
                let (writer, sender) = TruthWriter::start(path)?;
                (Some(writer), Some(sender))
            }
            None => (None, None),
        };
        let model_names = if options.models.is_empty() {
            vec![DEFAULT_MODEL.to_owned()]
        } else {
            options.models.clone()
        };
        let shared = Arc::new(Shared {
            options,
            planner,
            metrics: Metrics::new(),
            clock: Clock::start(),
            next_number: AtomicU64::new(0),
            model_names,
        });
        // Threads that were started are stopped by the drop if a later one cannot be.
        let mut server = Self {
            address,
            shared,
            threads: Vec::new(),
            truth,
        };
        for (index, listener) in listeners.into_iter().enumerate() {
            let thread = ServingThread::start(
                index,
                listener,
                Arc::clone(&server.shared),
                truth_sender.clone(),
            );
            server.threads.push(thread.map_err(MockError::Thread)?);
        }
        Ok(server)
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The server's base URL, such as `http://127.0.0.1:8000`. A server that listens on all
    /// addresses names the loopback one.
    pub fn url(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(match address.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        format!("http://{address}")
    }

    /// What the server has done so far.
    pub fn stats(&self) -> Stats {
        let metrics = &self.shared.metrics;
        Stats {
            connections: metrics.connections.load(Relaxed),
            requests: metrics.requests.load(Relaxed),
            faults: metrics.faults.load(Relaxed),
            output_tokens: metrics.generation_tokens.load(Relaxed),
            running: metrics.running.load(Relaxed).max(0) as u64,
        }
    }

    /// Stops the server: answers in progress are broken off, every request is in the truth file
    /// and the threads have ended when this returns. A second call does nothing.
    pub fn shutdown(&mut self) {
        let (stops, handles): (Vec<_>, Vec<_>) = self
            .threads
            .drain(..)
            .map(|thread| (thread.stop, thread.handle))
            .unzip();
        for stop in stops {
            // A thread that has ended already needs no telling.
            let _ = stop.send(());
        }
        for handle in handles {
            if handle.join().is_err() {
                tracing::error!("a serving thread of the mock server ended in a panic");
            }
        }
        // The threads held the senders, so the writer has come to its end.
        if let Some(truth) = self.truth.take() {
            truth.join();
        }
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.shutdown();
    }
}

impl Shared {
    /// The models that are listed.
    pub(crate) fn model_names(&self) -> &[String] {
        &self.model_names
    }

    /// The model that answers where none is asked for.
    pub(crate) fn model_name(&self) -> &str {
        &self.model_names[0]
    }

    /// Whether requests for `model` are answered.
    pub(crate) fn serves(&self, model: &str) -> bool {
        self.options.models.is_empty() || self.options.models.iter().any(|name| name == model)
    }
}

impl ServingThread {
    fn start(
        index: usize,
        listener: TcpListener,
        shared: Arc<Shared>,
        truth: Option<Sender<TruthRecord>>,
    ) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let listener = {
            let _context = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel();
        let handle = std::thread::Builder::new()
            .name(format!("mock-serve-{index}"))
            .spawn(move || serve(&runtime, listener, shared, truth, stopped))?;
        Ok(Self { stop, handle })
    }
}

fn serve(
    runtime: &Runtime,
    listener: tokio::net::TcpListener,
    shared: Arc<Shared>,
    truth: Option<Sender<TruthRecord>>,
    stopped: oneshot::Receiver<()>,
) {
    let tasks = LocalSet::new();
    tasks.block_on(runtime, async move {
        let worker = Rc::new(Worker {
            shared,
            timer: PreciseTimer::start(),
            truth,
        });
        tokio::select! {
            () = accept(&listener, &worker) => {}
            _ = stopped => {}
        }
    });
    // Dropping the tasks ends every exchange, which is what completes the truth file.
}

async fn accept(listener: &tokio::net::TcpListener, worker: &Rc<Worker>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tokio::task::spawn_local(connection::serve(stream, peer, Rc::clone(worker)));
            }
            Err(error) => {
                // Most likely out of file descriptors: some are returned soon.
                tracing::warn!("cannot accept a connection: {error}");
                let pause = worker.shared.clock.now() + 10 * MILLISECOND;
                worker.timer.sleep_until(pause).await;
            }
        }
    }
}

/// One listening socket for each thread, all on one port.
fn listen(options: &MockOptions) -> Result<Vec<TcpListener>, MockError> {
    let resolve_error = |source| MockError::Resolve {
        host: options.host.clone(),
        source,
    };
    let mut address = (options.host.as_str(), options.port)
        .to_socket_addrs()
        .map_err(resolve_error)?
        .next()
        .ok_or_else(|| resolve_error(io::ErrorKind::NotFound.into()))?;
    if options.threads == 1 {
        return Ok(vec![listen_on(address, false)?]);
    }
    // Sockets that share a port do not notice a stranger on it, so an exclusive one looks first.
    drop(listen_on(address, false)?);
    let mut listeners = Vec::with_capacity(options.threads);
    for _ in 0..options.threads {
        let listener = listen_on(address, true)?;
        address = listener
            .local_addr()
            .map_err(|source| MockError::Bind { address, source })?;
        listeners.push(listener);
    }
    Ok(listeners)
}

fn listen_on(address: SocketAddr, share_port: bool) -> Result<TcpListener, MockError> {
    let open = || {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::STREAM,
            Some(Protocol::TCP),
        )?;
        #[cfg(unix)]
        {
            // A port whose former connections still linger may be taken again at once.
            socket.set_reuse_address(true)?;
            socket.set_reuse_port(share_port)?;
        }
        #[cfg(not(unix))]
        let _ = share_port;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        Ok(TcpListener::from(socket))
    };
    open().map_err(|source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => MockError::PortInUse { address },
        _ => MockError::Bind { address, source },
    })
}
