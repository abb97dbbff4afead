//! From a host name to a connected socket, each step with its instants.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use aiperf_clock::{Nanos, SECOND, monotonic_now};
use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpSocket;
use tokio_rustls::TlsConnector;

use crate::TransportOptions;
use crate::connection::Connection;
use crate::exchange::ConnectionFacts;
use crate::failure::{TransportError, TransportFailure};
use crate::stream::{ReadScratch, StampedStream};
use crate::target::Target;
use crate::wire::WireStamps;

/// Which address families are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NameResolution {
    /// Whatever the name has, IPv4 first.
    #[default]
    Any,
    /// IPv4 alone.
    OnlyIpv4,
    /// IPv6 alone.
    OnlyIpv6,
}

impl NameResolution {
    fn admits(self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::OnlyIpv4 => address.is_ipv4(),
            Self::OnlyIpv6 => address.is_ipv6(),
        }
    }
}

/// How long a resolved name is believed.
const NAME_LIFETIME: Nanos = 300 * SECOND;

type ResolvedName = (Nanos, Vec<SocketAddr>);

pub(crate) struct Connector {
    options: TransportOptions,
    scratch: ReadScratch,
    /// Resolved names, with the instant at which they were looked up.
    names: RefCell<HashMap<(String, u16), ResolvedName>>,
}

impl Connector {
    pub(crate) fn new(options: TransportOptions) -> Self {
        Self {
            options,
            scratch: ReadScratch::new(),
            names: RefCell::default(),
        }
    }

    /// Makes a connection; `facts` hold what was reached, also when it fails.
    pub(crate) async fn connect(
        &self,
        target: &Target,
        facts: &mut ConnectionFacts,
    ) -> Result<Connection, TransportError> {
        let addresses = self.resolve(target, facts).await?;
        let tcp_start = monotonic_now();
        let socket = self.open(target, &addresses).await?;
        facts.tcp = Some((tcp_start, monotonic_now()));
        facts.local = socket.local_addr().ok();
        facts.remote = socket.peer_addr().ok();

        let wire = Rc::new(WireStamps::default());
        let stream = StampedStream::new(
            socket,
            self.options.timestamp_source,
            Rc::clone(&wire),
            self.scratch.clone(),
        )
        .map_err(|error| TransportError::connecting(&target.authority, &error))?;
        let is_kernel_stamped = stream.has_kernel_stamps();
        let connection = if target.is_tls {
            let tls_start = monotonic_now();
            let name = ServerName::try_from(target.host.clone()).map_err(|_| {
                TransportError::new(
                    TransportFailure::Tls,
                    format!(
                        "`{}` is not a name that a certificate can hold",
                        target.host
                    ),
                )
            })?;
            let connector = TlsConnector::from(self.options.tls.config()?);
            let stream = connector
                .connect(name, stream)
                .await
                .map_err(|error| TransportError::handshaking(&target.authority, &error))?;
            facts.tls = Some((tls_start, monotonic_now()));
            Connection::start(stream, wire).await
        } else {
            Connection::start(stream, wire).await
        };
        let mut connection =
            connection.map_err(|error| TransportError::exchanging(&error, false))?;
        connection.local = facts.local;
        connection.remote = facts.remote;
        connection.is_kernel_stamped = is_kernel_stamped;
        Ok(connection)
    }

    async fn resolve(
        &self,
        target: &Target,
        facts: &mut ConnectionFacts,
    ) -> Result<Vec<SocketAddr>, TransportError> {
        if let Ok(address) = target.host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, target.port)]);
        }
        let key = (target.host.clone(), target.port);
        let start = monotonic_now();
        if let Some((at, known)) = self.names.borrow().get(&key)
            && start - at < NAME_LIFETIME
        {
            return Ok(known.clone());
        }
        let failed = |reason: String| {
            TransportError::new(
                TransportFailure::NameResolution,
                format!("cannot resolve `{}`: {reason}", target.host),
            )
        };
        let found = tokio::net::lookup_host((target.host.as_str(), target.port)).await;
        facts.dns = Some((start, monotonic_now()));
        let mut addresses: Vec<SocketAddr> = found
            .map_err(|error| failed(error.to_string()))?
            .filter(|address| self.options.name_resolution.admits(address.ip()))
            .collect();
        addresses.sort_by_key(|address| address.is_ipv6());
        if addresses.is_empty() {
            return Err(failed("it has no address of the wanted family".to_owned()));
        }
        self.names
            .borrow_mut()
            .insert(key, (monotonic_now(), addresses.clone()));
        Ok(addresses)
    }

    /// Tries the addresses in order; the last failure is reported.
    async fn open(
        &self,
        target: &Target,
        addresses: &[SocketAddr],
    ) -> Result<TcpStream, TransportError> {
        let mut last = None;
        for address in addresses {
            match self.open_one(*address).await {
                Ok(socket) => return Ok(socket),
                Err(error) => last = Some(error),
            }
        }
        let error = last.unwrap_or_else(|| io::Error::other("no address"));
        Err(TransportError::connecting(&target.authority, &error))
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
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        keep_alive(&SockRef::from(&stream));
        stream.into_std()
    }
}

/// Detects a server that vanished without a word. A system that knows no such option loses only
/// that detection.
fn keep_alive(socket: &SockRef<'_>) {
    let probes = TcpKeepalive::new()
        .with_time(Duration::from_secs(60))
        .with_interval(Duration::from_secs(30))
        .with_retries(1);
    let _ = socket.set_tcp_keepalive(&probes);
    #[cfg(target_os = "linux")]
    let _ = socket.set_tcp_user_timeout(Some(Duration::from_secs(30)));
}
