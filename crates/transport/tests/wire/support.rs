//! A client to hold and servers to talk to.

use std::future::Future;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread::JoinHandle;
use std::time::Duration;

use aiperf_transport::{
    HttpExchange, Lease, OutgoingRequest, Target, TimestampSource, Transport, TransportOptions,
    Watch,
};
use bytes::Bytes;
use http::{HeaderMap, Method};

/// Longer than any exchange here takes; what reaches it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `body` as an I/O thread would: one thread, one event loop.
pub(crate) fn on_event_loop<F: Future>(body: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async move {
        tokio::time::timeout(PATIENCE, body)
            .await
            .expect("the test hangs")
    })
}

/// A server that follows a script on a thread of its own.
pub(crate) struct Server {
    pub(crate) port: u16,
    thread: JoinHandle<()>,
}

/// Starts a server with its listening socket.
pub(crate) fn listen(script: impl FnOnce(TcpListener) + Send + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    Server {
        port,
        thread: std::thread::spawn(move || script(listener)),
    }
}

/// Starts a server whose script is that of its first and only connection.
pub(crate) fn accept_one(script: impl FnOnce(TcpStream) + Send + 'static) -> Server {
    listen(|listener| script(accept(&listener)))
}

pub(crate) fn accept(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

impl Server {
    pub(crate) fn transport(&self) -> Transport {
        transport(&format!("http://127.0.0.1:{}/v1", self.port))
    }

    /// Waits for the end of the script; its assertions count.
    pub(crate) fn join(self) {
        self.thread.join().unwrap();
    }
}

/// A transport to `url` that stamps reads itself, so that tests do not depend on the kernel.
pub(crate) fn transport(url: &str) -> Transport {
    transport_with(url, options())
}

pub(crate) fn transport_with(url: &str, options: TransportOptions) -> Transport {
    Transport::new(vec![Target::parse(url).unwrap()], options)
}

pub(crate) fn options() -> TransportOptions {
    TransportOptions {
        timestamp_source: TimestampSource::User,
        ..TransportOptions::default()
    }
}

pub(crate) fn request(body: &str) -> OutgoingRequest {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/json".parse().unwrap());
    OutgoingRequest {
        method: Method::POST,
        headers,
        body: Bytes::from(body.to_owned()),
    }
}

/// One exchange with a small body.
pub(crate) async fn exchange(transport: &Transport, lease: Lease<'_>) -> HttpExchange {
    let mut exchange = HttpExchange::default();
    transport
        .perform(0, request("{}"), lease, &mut exchange, Watch::default())
        .await;
    exchange
}

pub(crate) async fn pooled(transport: &Transport) -> HttpExchange {
    exchange(transport, Lease::Pooled).await
}

/// Reads one request, head and body, and gives it back as text.
pub(crate) fn read_request(stream: &mut impl Read) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        request.push(byte[0]);
    }
    let head = String::from_utf8(request.clone())
        .unwrap()
        .to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    request.extend(body);
    String::from_utf8(request).unwrap()
}

/// A complete answer with a body of known length.
pub(crate) fn answer(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The head of an event stream.
pub(crate) const STREAM_HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

pub(crate) fn chunk(data: &str) -> String {
    format!("{:x}\r\n{data}\r\n", data.len())
}

/// Makes the drop of `stream` send `RST` instead of `FIN`.
pub(crate) fn reset_on_drop(stream: &TcpStream) {
    socket2::SockRef::from(stream)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
}

/// Waits until the client has closed the connection.
pub(crate) fn wait_for_close(stream: &mut impl Read) {
    let mut rest = Vec::new();
    // A reset is a way to close as well.
    let _ = stream.read_to_end(&mut rest);
    assert_eq!(rest, b"", "the client sent more than it should");
}

pub(crate) fn write(stream: &mut impl Write, text: &str) {
    stream.write_all(text.as_bytes()).unwrap();
}

/// Runs the test `name` of this program again, in a process of its own, with `variables` set:
/// for tests that change what belongs to the whole process.
pub(crate) fn run_in_own_process(name: &str, variables: &[(&str, &str)]) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
