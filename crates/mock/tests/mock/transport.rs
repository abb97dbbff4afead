//! TLS, HTTP/2, sockets in the file system, IPv6, and servers that stop listening.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use crate::client::{CHAT, Client, chat, start, truth_of};
use aiperf_mock::{MockOptions, MockServer, TlsOptions};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};

/// Runs an asynchronous client.
fn run<T>(client: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, client)
}

#[derive(Clone, Copy)]
struct OnThisThread;

impl<F: Future + 'static> hyper::rt::Executor<F> for OnThisThread {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(async move {
            future.await;
        });
    }
}

/// The answer to a request in HTTP/2, or what became of it.
async fn over_http2<S>(stream: S, fault: &str) -> Result<(u16, String), String>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let builder = hyper::client::conn::http2::Builder::new(OnThisThread);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
    tokio::task::spawn_local(connection);
    let body = chat(json!({"stream": true, "max_tokens": 4})).to_string();
    let mut request = http::Request::post(format!("http://mock{CHAT}"))
        .header("content-type", "application/json")
        .header("x-request-id", "h2");
    if !fault.is_empty() {
        request = request.header("x-mock-fault", fault);
    }
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    let response = sender
        .send_request(request)
        .await
        .map_err(|error| error.to_string())?;
    let status = response.status().as_u16();
    let body = response
        .into_body()
        .collect()
        .await
        .map_err(|error| error.to_string())?;
    Ok((status, String::from_utf8(body.to_bytes().to_vec()).unwrap()))
}

/// A client's settings for a server whose authority is in this file.
fn trusting(ca: &Path, identity: Option<&Path>, alpn: &[&str]) -> rustls::ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(ca).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let chain = vec![CertificateDer::from_pem_file(path).unwrap()];
            let key = PrivateKeyDer::from_pem_file(path).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}

/// `GET /health` over TLS in HTTP/1.1.
fn health(server: &MockServer, config: rustls::ClientConfig) -> std::io::Result<String> {
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut session = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = TcpStream::connect(server.address())?;
    let mut stream = rustls::Stream::new(&mut session, &mut socket);
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn tls_is_served_with_a_certificate_of_the_written_authority() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let server = start(MockOptions {
        tls: Some(TlsOptions {
            ca_file: Some(ca.clone()),
            ..TlsOptions::default()
        }),
        ..MockOptions::default()
    });
    assert!(server.url().starts_with("https://127.0.0.1:"));
    let answer = health(&server, trusting(&ca, None, &[])).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");

    let (protocol, answer) = run(async {
        let config = trusting(&ca, None, &["h2", "http/1.1"]);
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let socket = tokio::net::TcpStream::connect(server.address())
            .await
            .unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let stream = connector.connect(name, socket).await.unwrap();
        let protocol = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
        (protocol, over_http2(stream, "").await)
    });
    assert_eq!(protocol.as_deref(), Some(&b"h2"[..]));
    assert!(answer.unwrap().1.ends_with("data: [DONE]\n\n"));
}

#[test]
fn a_certificate_of_the_client_can_be_demanded() {
    let folder = tempfile::tempdir().unwrap();
    let (ca, identity) = (
        folder.path().join("ca.pem"),
        folder.path().join("client.pem"),
    );
    let server = start(MockOptions {
        tls: Some(TlsOptions {
            ca_file: Some(ca.clone()),
            client_identity_file: Some(identity.clone()),
        }),
        ..MockOptions::default()
    });
    assert!(health(&server, trusting(&ca, None, &[])).is_err());
    let answer = health(&server, trusting(&ca, Some(&identity), &[])).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[test]
fn http2_is_served_to_who_begins_with_it() {
    let truth = tempfile::NamedTempFile::new().unwrap();
    let server = start(MockOptions {
        truth_file: Some(truth.path().to_owned()),
        ..MockOptions::default()
    });
    let [good, cut, reset] = ["", "cut", "reset"].map(|fault| {
        run(async {
            let stream = tokio::net::TcpStream::connect(server.address())
                .await
                .unwrap();
            over_http2(stream, fault).await
        })
    });
    let (status, text) = good.unwrap();
    assert_eq!(status, 200);
    assert_eq!(text.matches("data: ").count(), 6, "{text}");
    assert!(cut.is_err() && reset.is_err(), "{cut:?} {reset:?}");
    let records = truth_of(server, truth.path());
    assert_eq!(records.len(), 3);
    assert_eq!(records[0].x_request_id.as_deref(), Some("h2"));
    assert_eq!(records[0].chunk_ns.len(), 4);
}

#[test]
fn http2_can_be_switched_off() {
    let server = start(MockOptions {
        http2: false,
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    client.send_raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert_eq!(client.response().status, 400);
}

#[cfg(unix)]
#[test]
fn a_socket_in_the_file_system_is_served_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mock.sock");
    let options = || MockOptions {
        unix_socket: Some(path.clone()),
        ..MockOptions::default()
    };
    let mut server = start(options());
    let mut socket = std::os::unix::net::UnixStream::connect(&path).unwrap();
    socket
        .write_all(b"GET /v1/models HTTP/1.1\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(body).unwrap()["object"],
        "list"
    );
    let taken = MockServer::start(options()).err().unwrap().to_string();
    assert!(taken.ends_with("another server listens there"), "{taken}");
    server.shutdown();
    assert!(!path.exists());
    std::fs::write(&path, "precious").unwrap();
    let other = MockServer::start(options()).err().unwrap().to_string();
    assert!(
        other.ends_with("there is a file of another kind"),
        "{other}"
    );
}

#[test]
fn a_server_can_stop_listening() {
    let server = start(MockOptions {
        stop_listening_after: Some(2),
        threads: 2,
        ..MockOptions::default()
    });
    let mut first = Client::connect(&server);
    let mut second = Client::connect(&server);
    assert_eq!(first.get("/health").status, 200);
    assert_eq!(second.get("/health").status, 200);
    let refused = loop {
        match TcpStream::connect(server.address()) {
            // The other thread's listener may take a moment to close.
            Ok(_) => std::thread::yield_now(),
            Err(error) => break error.kind(),
        }
    };
    assert_eq!(refused, std::io::ErrorKind::ConnectionRefused);
    assert_eq!(first.get("/health").status, 200);
}
