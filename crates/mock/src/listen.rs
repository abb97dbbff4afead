//! Sockets that listen.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use socket2::{Domain, Protocol, Socket, Type};

use crate::error::MockError;
use crate::options::MockOptions;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4_096;

/// One listening socket for each thread, all on one port.
pub(crate) fn listen(options: &MockOptions) -> Result<Vec<TcpListener>, MockError> {
    let mut address = resolve(&options.host, options.port)?;
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

/// The socket of the exporter of GPU figures.
pub(crate) fn listen_for_gpus(host: &str, port: u16) -> Result<TcpListener, MockError> {
    listen_on(resolve(host, port)?, false)
}

fn resolve(host: &str, port: u16) -> Result<SocketAddr, MockError> {
    let resolve_error = |source| MockError::Resolve {
        host: host.to_owned(),
        source,
    };
    (host, port)
        .to_socket_addrs()
        .map_err(resolve_error)?
        .next()
        .ok_or_else(|| resolve_error(io::ErrorKind::NotFound.into()))
}

/// The socket in the file system. One that nobody listens on any more is replaced.
#[cfg(unix)]
pub(crate) fn listen_on_path(
    path: &std::path::Path,
) -> Result<std::os::unix::net::UnixListener, MockError> {
    use std::os::unix::fs::FileTypeExt;
    use std::os::unix::net::{UnixListener, UnixStream};

    let refused = |reason: String| MockError::UnixSocket {
        path: path.to_owned(),
        reason,
    };
    if let Ok(found) = std::fs::symlink_metadata(path) {
        if !found.file_type().is_socket() {
            return Err(refused("there is a file of another kind".to_owned()));
        }
        if UnixStream::connect(path).is_ok() {
            return Err(refused("another server listens there".to_owned()));
        }
        std::fs::remove_file(path).map_err(|error| refused(error.to_string()))?;
    }
    let listener = UnixListener::bind(path).map_err(|error| refused(error.to_string()))?;
    listener
        .set_nonblocking(true)
        .map_err(|error| refused(error.to_string()))?;
    Ok(listener)
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
