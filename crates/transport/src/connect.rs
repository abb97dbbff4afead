//! From a target to a connection that HTTP can be spoken on, each step with its instants.

use std::cell::OnceCell;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use aiperf_clock::monotonic_now;
use rustls::ClientConfig;
use socket2::{SockRef, Socket, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, UnixStream};
use tokio_rustls::TlsConnector;

use crate::exchange::ConnectionFacts;
use crate::failure::{TransportError, TransportFailure};
use crate::h1::{AbsoluteForm, Buffers, Connection, Stream};
use crate::http2::Http2Session;
use crate::link::Link;
use crate::names::Names;
use crate::options::{HttpVersion, ProbeOptions, TransportOptions};
use crate::proxy::{Proxy, open_tunnel};
use crate::stream::{ReadScratch, StampedStream};
use crate::target::Target;
use crate::wire::{TimestampSource, WireStamps};

pub(crate) struct Connector {
    options: TransportOptions,
    scratch: ReadScratch,
    buffers: Buffers,
    names: Names,
    /// The TLS settings together with what is offered of HTTP.
    tls: OnceCell<Arc<ClientConfig>>,
}

impl Connector {
    pub(crate) fn new(options: TransportOptions) -> Self {
        let scratch = ReadScratch::new();
        Self {
            names: Names::new(options.name_resolution, options.name_cache),
            options,
            buffers: Buffers::new(scratch.clone()),
            scratch,
            tls: OnceCell::new(),
        }
    }

    pub(crate) fn options(&self) -> &TransportOptions {
        &self.options
    }

    /// Makes a connection; `facts` hold what was reached, also when it fails.
    pub(crate) async fn connect(
        &self,
        target: &Target,
        facts: &mut ConnectionFacts,
    ) -> Result<Link, TransportError> {
        let version = self.options.http_version;
        let proxy = self.options.proxies.towards(target);
        // What is not plain HTTP/1.1 does not concern the proxy.
        let is_tunnel = target.is_tls || version == HttpVersion::Http2;
        let (socket, source) = self.reach(target, proxy, facts).await?;

        let wire = Rc::new(WireStamps::default());
        let mut stream = StampedStream::new(socket, source, Rc::clone(&wire), self.scratch.clone())
            .map_err(|error| TransportError::connecting(&target.shown(), &error))?;
        let is_kernel_stamped = stream.has_kernel_stamps();
        if let Some(proxy) = proxy.filter(|_| is_tunnel) {
            let opening = open_tunnel(&mut stream, proxy, target).await;
            facts.tcp = facts.tcp.map(|(start, _)| (start, monotonic_now()));
            opening?;
        }
        let made = Made {
            wire,
            buffers: self.buffers.clone(),
            facts,
            is_kernel_stamped,
            absolute_form: proxy.filter(|_| !is_tunnel).map(AbsoluteForm::through),
        };
        if !target.is_tls {
            return made.start(stream, version == HttpVersion::Http2).await;
        }
        let tls_start = monotonic_now();
        let name = self.options.tls.server_name(&target.host)?;
        let stream = TlsConnector::from(self.tls()?)
            .connect(name, stream)
            .await
            .map_err(|error| TransportError::handshaking(&target.authority, &error))?;
        made.facts.tls = Some((tls_start, monotonic_now()));
        let agreed_on_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        if version == HttpVersion::Http2 && !agreed_on_http2 {
            return Err(TransportError::new(
                TransportFailure::Tls,
                format!("`{}` does not speak HTTP/2 over TLS", target.authority),
            ));
        }
        made.start(stream, agreed_on_http2).await
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, TransportError> {
        if let Some(config) = self.tls.get() {
            return Ok(Arc::clone(config));
        }
        let shared = self.options.tls.config()?;
        let alpn = self.options.http_version.alpn();
        let config = if alpn.is_empty() {
            shared
        } else {
            let mut own = ClientConfig::clone(&shared);
            own.alpn_protocols = alpn;
            Arc::new(own)
        };
        Ok(Arc::clone(self.tls.get_or_init(|| config)))
    }

    /// A connected socket, and who can stamp what it receives.
    async fn reach(
        &self,
        target: &Target,
        proxy: Option<&Proxy>,
        facts: &mut ConnectionFacts,
    ) -> Result<(Socket, TimestampSource), TransportError> {
        if let Some(path) = &target.unix_socket {
            let start = monotonic_now();
            let socket = open_unix(path)
                .await
                .map_err(|error| TransportError::connecting(&target.shown(), &error))?;
            facts.tcp = Some((start, monotonic_now()));
            // Nothing passes the network stack, so the kernel has no stamps to give.
            return Ok((socket, TimestampSource::User));
        }
        let (host, port, shown) = match proxy {
            Some(proxy) => (&proxy.host, proxy.port, &proxy.authority),
            None => (&target.host, target.port, &target.authority),
        };
        let addresses = self.names.resolve(host, port, facts).await?;
        let start = monotonic_now();
        let socket = self
            .open(&addresses)
            .await
            .map_err(|error| TransportError::connecting(shown, &error))?;
        facts.tcp = Some((start, monotonic_now()));
        facts.local = socket.local_addr().ok();
        facts.remote = socket.peer_addr().ok();
        Ok((Socket::from(socket), self.options.timestamp_source))
    }

    /// Tries the addresses in order; the last failure is reported.
    async fn open(&self, addresses: &[SocketAddr]) -> io::Result<TcpStream> {
        let mut last = io::Error::other("no address");
        for address in addresses {
            match self.open_one(*address).await {
                Ok(socket) => return Ok(socket),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn open_one(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        if let Some((receive, send)) = self.options.socket_buffers {
            // A size beyond the system's limit is cut by the kernel; that is no reason to fail.
            let _ = socket.set_recv_buffer_size(receive as u32);
            let _ = socket.set_send_buffer_size(send as u32);
        }
        // Acknowledging at once spares a server that waits for it before it goes on sending.
        #[cfg(target_os = "linux")]
        let _ = SockRef::from(&socket).set_tcp_quickack(true);
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        keep_alive(&SockRef::from(&stream), &self.options.probes);
        stream.into_std()
    }
}

async fn open_unix(path: &Path) -> io::Result<Socket> {
    Ok(Socket::from(UnixStream::connect(path).await?.into_std()?))
}

/// A system that knows no such option loses only that detection.
fn keep_alive(socket: &SockRef<'_>, probes: &ProbeOptions) {
    let keep_alive = TcpKeepalive::new()
        .with_time(probes.idle)
        .with_interval(probes.interval)
        .with_retries(probes.count);
    let _ = socket.set_tcp_keepalive(&keep_alive);
    #[cfg(target_os = "linux")]
    let _ = socket.set_tcp_user_timeout(Some(probes.unacknowledged));
}

/// A socket on which HTTP is about to begin.
struct Made<'a> {
    wire: Rc<WireStamps>,
    buffers: Buffers,
    facts: &'a mut ConnectionFacts,
    is_kernel_stamped: bool,
    absolute_form: Option<AbsoluteForm>,
}

impl Made<'_> {
    async fn start<S>(self, stream: S, is_http2: bool) -> Result<Link, TransportError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Into<Stream> + 'static,
    {
        let (local, remote) = (self.facts.local, self.facts.remote);
        if is_http2 {
            let session = Http2Session::start(stream, self.wire, self.is_kernel_stamped)
                .await
                .map_err(|error| TransportError::exchanging_http2(&error, false))?;
            return Ok(Link::Http2(session.between(local, remote)));
        }
        let mut connection = Connection::new(stream.into(), self.wire, self.buffers);
        connection.local = local;
        connection.remote = remote;
        connection.is_kernel_stamped = self.is_kernel_stamped;
        connection.absolute_form = self.absolute_form;
        Ok(Link::Http1(connection))
    }
}
