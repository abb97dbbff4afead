//! Threads and listeners: starting and stopping the server.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;

use aiperf_clock::precise::PreciseTimer;
use aiperf_clock::{Clock, MILLISECOND, Nanos};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::{Notify, oneshot};
use tokio::task::LocalSet;
use tokio_rustls::TlsAcceptor;

use crate::batch::Batch;
use crate::connection::{self, Peer};
use crate::error::MockError;
use crate::lines::LineWriter;
use crate::metrics::Metrics;
use crate::metrics::gpus::Gpus;
use crate::options::MockOptions;
use crate::plan::Planner;
use crate::prefix_cache::PrefixCache;
use crate::request_log::RequestRecord;
use crate::routes::{Hooks, KeptResponses, Videos};
use crate::stream::Stream;
use crate::truth::TruthRecord;
use crate::{listen, tls};

/// The model's name where none is configured and none is asked for.
const DEFAULT_MODEL: &str = "mock-model";

/// A running server. Dropping it stops it.
pub struct MockServer {
    address: SocketAddr,
    gpu_address: Option<SocketAddr>,
    shared: Arc<Shared>,
    threads: Vec<ServingThread>,
    writers: Vec<LineWriter>,
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
    /// Inference requests being answered now.
    pub running: u64,
}

/// What all serving threads share.
pub(crate) struct Shared {
    pub(crate) options: MockOptions,
    pub(crate) planner: Planner,
    pub(crate) metrics: Metrics,
    pub(crate) gpus: Gpus,
    pub(crate) clock: Clock,
    /// When the server was started.
    pub(crate) start: Nanos,
    /// The number of the next inference request.
    pub(crate) next_number: AtomicU64,
    /// Pages of metrics that were asked for.
    pub(crate) scrapes: AtomicU64,
    pub(crate) prefix_cache: Option<PrefixCache>,
    pub(crate) batch: Option<Batch>,
    pub(crate) hooks: Hooks,
    pub(crate) videos: Videos,
    pub(crate) responses: KeptResponses,
    tls: Option<TlsAcceptor>,
    /// Told when no further connection is to be accepted.
    enough: Notify,
    /// Never empty.
    model_names: Vec<String>,
}

/// What the connections of one serving thread share.
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) timer: PreciseTimer,
    pub(crate) truth: Option<Sender<TruthRecord>>,
    pub(crate) log: Option<Sender<RequestRecord>>,
}

/// Where records go.
#[derive(Clone)]
struct Senders {
    truth: Option<Sender<TruthRecord>>,
    log: Option<Sender<RequestRecord>>,
}

/// What one thread listens on.
struct Listeners {
    main: TcpListener,
    gpus: Option<TcpListener>,
    #[cfg(unix)]
    unix: Option<UnixSocket>,
}

/// A socket in the file system, which is removed with this.
#[cfg(unix)]
struct UnixSocket {
    listener: std::os::unix::net::UnixListener,
    _path: RemovedWhenDropped,
}

#[cfg(unix)]
struct RemovedWhenDropped(PathBuf);

#[cfg(unix)]
impl Drop for RemovedWhenDropped {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = std::fs::remove_file(&self.0);
    }
}

struct ServingThread {
    stop: oneshot::Sender<()>,
    handle: JoinHandle<()>,
}

impl MockServer {
    /// Starts the server and returns once it listens.
    pub fn start(options: MockOptions) -> Result<Self, MockError> {
        let planner = Planner::new(&options)?;
        let (address, gpu_address, listeners) = open_listeners(&options)?;
        let tls = match &options.tls {
            Some(tls_options) => Some(tls::acceptor(&options, tls_options)?),
            None => None,
        };
        let (writers, senders) = open_files(&options)?;
        let model_names = if options.models.is_empty() {
            vec![DEFAULT_MODEL.to_owned()]
        } else {
            options.models.clone()
        };
        let clock = Clock::start();
        let start = clock.now();
        let shared = Arc::new(Shared {
            planner,
            metrics: Metrics::new(),
            gpus: Gpus::new(options.gpus, &options.gpu_name, start),
            clock,
            start,
            next_number: AtomicU64::new(0),
            scrapes: AtomicU64::new(0),
            prefix_cache: options.prefix_cache_tokens.map(PrefixCache::new),
            batch: options.batch.map(Batch::start).transpose()?,
            hooks: Hooks::default(),
            videos: Videos::default(),
            responses: KeptResponses::default(),
            tls,
            enough: Notify::new(),
            model_names,
            options,
        });
        // Threads that were started are stopped by the drop if a later one cannot be.
        let mut server = Self {
            address,
            gpu_address,
            shared,
            threads: Vec::new(),
            writers,
        };
        for (index, listeners) in listeners.into_iter().enumerate() {
            let shared = Arc::clone(&server.shared);
            let thread = ServingThread::start(index, listeners, shared, senders.clone());
            server.threads.push(thread.map_err(MockError::Thread)?);
        }
        Ok(server)
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the exporter of GPU figures listens, if there is one of its own.
    pub fn gpu_address(&self) -> Option<SocketAddr> {
        self.gpu_address
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
        let scheme = if self.shared.tls.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{address}")
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
        // The threads held the senders, so the writers have come to their end.
        for writer in self.writers.drain(..) {
            writer.join();
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

/// What each thread listens on, and where that is.
fn open_listeners(
    options: &MockOptions,
) -> Result<(SocketAddr, Option<SocketAddr>, Vec<Listeners>), MockError> {
    let local = |listener: &TcpListener| {
        listener.local_addr().map_err(|source| MockError::Bind {
            address: ([0, 0, 0, 0], options.port).into(),
            source,
        })
    };
    let gpus = match options.gpu_port {
        Some(port) => Some(listen::listen_for_gpus(&options.host, port)?),
        None => None,
    };
    let gpu_address = gpus.as_ref().map(local).transpose()?;
    let mut listeners: Vec<Listeners> = listen::listen(options)?
        .into_iter()
        .map(|main| Listeners {
            main,
            gpus: None,
            #[cfg(unix)]
            unix: None,
        })
        .collect();
    let address = local(&listeners[0].main)?;
    listeners[0].gpus = gpus;
    #[cfg(unix)]
    if let Some(path) = &options.unix_socket {
        listeners[0].unix = Some(UnixSocket {
            listener: listen::listen_on_path(path)?,
            _path: RemovedWhenDropped(path.clone()),
        });
    }
    #[cfg(not(unix))]
    if let Some(path) = &options.unix_socket {
        return Err(MockError::UnixSocket {
            path: path.clone(),
            reason: "this system has no such sockets".to_owned(),
        });
    }
    Ok((address, gpu_address, listeners))
}

fn open_files(options: &MockOptions) -> Result<(Vec<LineWriter>, Senders), MockError> {
    let mut writers = Vec::new();
    let mut senders = Senders {
        truth: None,
        log: None,
    };
    if let Some(path) = &options.truth_file {
        let (writer, sender) =
            LineWriter::start(path, "mock-truth").map_err(|source| MockError::TruthFile {
                path: path.clone(),
                source,
            })?;
        writers.push(writer);
        senders.truth = Some(sender);
    }
    if let Some(path) = &options.request_log {
        let (writer, sender) =
            LineWriter::start(path, "mock-log").map_err(|source| MockError::RequestLog {
                path: path.clone(),
                source,
            })?;
        writers.push(writer);
        senders.log = Some(sender);
    }
    Ok((writers, senders))
}

impl ServingThread {
    fn start(
        index: usize,
        listeners: Listeners,
        shared: Arc<Shared>,
        senders: Senders,
    ) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let handle = std::thread::Builder::new()
            .name(format!("mock-serve-{index}"))
            .spawn(move || serve(&runtime, listeners, shared, senders, stopped))?;
        Ok(Self { stop, handle })
    }
}

fn serve(
    runtime: &Runtime,
    listeners: Listeners,
    shared: Arc<Shared>,
    senders: Senders,
    stopped: oneshot::Receiver<()>,
) {
    let tasks = LocalSet::new();
    tasks.block_on(runtime, async move {
        let worker = Rc::new(Worker {
            shared,
            timer: PreciseTimer::start(),
            truth: senders.truth,
            log: senders.log,
        });
        tokio::select! {
            ended = accept_all(listeners, &worker) => {
                if let Err(error) = ended {
                    tracing::error!("the mock server cannot listen: {error}");
                }
            }
            _ = stopped => {}
        }
    });
    // Dropping the tasks ends every exchange, which is what completes the truth file.
}

async fn accept_all(listeners: Listeners, worker: &Rc<Worker>) -> io::Result<()> {
    let main = tokio::net::TcpListener::from_std(listeners.main)?;
    if let Some(gpus) = listeners.gpus {
        let gpus = tokio::net::TcpListener::from_std(gpus)?;
        let worker = Rc::clone(worker);
        tokio::task::spawn_local(async move { accept(gpus, &worker, true).await });
    }
    #[cfg(unix)]
    if let Some(unix) = listeners.unix {
        let worker = Rc::clone(worker);
        let listener = tokio::net::UnixListener::from_std(unix.listener)?;
        let path = unix._path;
        tokio::task::spawn_local(async move {
            accept_unix(&listener, &worker).await;
            drop(path);
        });
    }
    accept(main, worker, false).await;
    // Connections go on until the server is stopped.
    std::future::pending().await
}

/// Accepts connections until there are enough; then the listener is closed.
async fn accept(listener: tokio::net::TcpListener, worker: &Rc<Worker>, is_gpu_exporter: bool) {
    let shared = &worker.shared;
    let limit = shared.options.stop_listening_after;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.enough.notified(), if !is_gpu_exporter => return,
        };
        match accepted {
            Ok((stream, address)) => {
                let peer = Peer {
                    address: address.to_string(),
                    port: address.port(),
                    connection: connection::number_of_next(worker),
                    is_gpu_exporter,
                    http_version: "1.1",
                };
                let number = peer.connection;
                tokio::task::spawn_local(greet(stream, peer, Rc::clone(worker)));
                if !is_gpu_exporter && limit.is_some_and(|limit| number >= limit) {
                    shared.enough.notify_waiters();
                    return;
                }
            }
            Err(error) => pause_after(&error, worker).await,
        }
    }
}

/// Prepares a connection and serves it.
async fn greet(stream: TcpStream, peer: Peer, worker: Rc<Worker>) {
    // A token must leave when it is written, not when the next one is.
    if let Err(error) = stream.set_nodelay(true) {
        let address = &peer.address;
        tracing::debug!("connection from {address} cannot be served promptly: {error}");
    }
    let stream = match worker.shared.tls.clone().filter(|_| !peer.is_gpu_exporter) {
        None => Stream::Tcp(stream),
        Some(acceptor) => match acceptor.accept(stream).await {
            Ok(stream) => Stream::Tls(Box::new(stream)),
            Err(error) => {
                let address = &peer.address;
                tracing::debug!("no TLS with {address}: {error}");
                return;
            }
        },
    };
    connection::serve(stream, peer, worker).await;
}

#[cfg(unix)]
async fn accept_unix(listener: &tokio::net::UnixListener, worker: &Rc<Worker>) {
    loop {
        match listener.accept().await {
            Ok((stream, _address)) => {
                let peer = Peer {
                    address: "unix".to_owned(),
                    port: 0,
                    connection: connection::number_of_next(worker),
                    is_gpu_exporter: false,
                    http_version: "1.1",
                };
                let stream = Stream::Unix(stream);
                tokio::task::spawn_local(connection::serve(stream, peer, Rc::clone(worker)));
            }
            Err(error) => pause_after(&error, worker).await,
        }
    }
}

async fn pause_after(error: &io::Error, worker: &Rc<Worker>) {
    // Most likely out of file descriptors: some are returned soon.
    tracing::warn!("cannot accept a connection: {error}");
    let pause = worker.shared.clock.now() + 10 * MILLISECOND;
    worker.timer.sleep_until(pause).await;
}
