//! Encrypted connections: what is accepted, what is refused, and their instants.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use aiperf_clock::MILLISECOND;
use aiperf_transport::{HttpExchange, TransportFailure};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::instants::assert_in_order;
use crate::support::{
    STREAM_HEAD, accept, answer, chunk, listen, on_event_loop, options, pooled, read_request,
    run_in_own_process, transport, transport_with, write,
};

pub(crate) struct Identity {
    pub(crate) config: Arc<ServerConfig>,
    /// As a client's store of trusted certificates wants it.
    pub(crate) pem: String,
}

/// A certificate for `localhost` that nobody has signed but itself.
pub(crate) fn self_signed() -> Identity {
    identity(IsCa::NoCa)
}

/// The same, and it may sign others.
pub(crate) fn authority() -> Identity {
    identity(IsCa::Ca(BasicConstraints::Unconstrained))
}

fn identity(is_ca: IsCa) -> Identity {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.is_ca = is_ca;
    let signing_key = KeyPair::generate().unwrap();
    let made = params.self_signed(&signing_key).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.der().clone()], key)
        .unwrap();
    Identity {
        config: Arc::new(config),
        pem: made.pem(),
    }
}

pub(crate) type TlsStream = StreamOwned<ServerConnection, TcpStream>;

pub(crate) fn encrypt(stream: TcpStream, config: &Arc<ServerConfig>) -> TlsStream {
    StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream)
}

fn url(port: u16) -> String {
    format!("https://localhost:{port}/v1")
}

#[track_caller]
fn assert_failed(exchange: &HttpExchange, failure: TransportFailure, type_name: &str) {
    let error = exchange.error.as_ref().expect("the exchange succeeded");
    assert_eq!(error.failure, failure, "{}", error.message);
    assert_eq!(error.failure.type_name(), type_name);
    assert!(
        error.message.starts_with("TLS handshake with `localhost:"),
        "{}",
        error.message
    );
    assert!(exchange.send_start.is_none() && exchange.connection.tcp.is_some());
}

#[test]
fn without_verification_any_certificate_will_do_and_the_connection_is_used_again() {
    let config = self_signed().config;
    let server = listen(move |listener| {
        let mut stream = encrypt(accept(&listener), &config);
        for _ in 0..2 {
            read_request(&mut stream);
            for text in [
                STREAM_HEAD,
                &chunk("data: 1\n\n"),
                &chunk("data: 2\n\n"),
                "0\r\n\r\n",
            ] {
                write(&mut stream, text);
            }
        }
        assert_eq!(read_to_end(&mut stream), b"");
    });
    on_event_loop(async {
        // By its address: the name is not looked at either.
        let url = format!("https://127.0.0.1:{}/v1", server.port);
        let transport = transport_with(&url, options().without_tls_verification());
        let first = pooled(&transport).await;
        assert!(first.is_success(), "{:?}", first.error);
        assert_eq!(first.received.unfold().bytes, b"data: 1\n\ndata: 2\n\n");
        assert!(first.connection.tls.is_some());
        assert_in_order(&first);
        let second = pooled(&transport).await;
        assert!(second.is_success() && second.connection.is_reused);
        assert!(second.connection.tls.is_none());
        assert_in_order(&second);
        drop(transport);
        server.join();
    });
}

#[test]
fn a_certificate_that_nobody_trusts_is_a_certificate_error() {
    let config = self_signed().config;
    let server = listen(move |listener| {
        let mut stream = encrypt(accept(&listener), &config);
        // The client goes away in the middle of the handshake.
        assert!(stream.read(&mut [0]).is_err());
    });
    on_event_loop(async {
        let done = pooled(&transport(&url(server.port))).await;
        assert_failed(
            &done,
            TransportFailure::Certificate,
            "ClientConnectorCertificateError",
        );
        server.join();
    });
}

const TRUSTED: &str = "SSL_CERT_FILE";
const PORT: &str = "AIPERF_TEST_PORT";

/// Trust comes from a variable of the environment, so the client is a second process.
#[test]
fn a_certificate_in_the_store_is_accepted_for_its_own_name_alone() {
    if let Ok(port) = std::env::var(PORT) {
        on_event_loop(async {
            let done = pooled(&transport(&url(port.parse().unwrap()))).await;
            assert!(done.is_success(), "{:?}", done.error);
            let other_name = transport(&format!("https://127.0.0.1:{port}/"));
            let error = pooled(&other_name)
                .await
                .error
                .expect("the name is not checked");
            assert_eq!(
                error.failure,
                TransportFailure::Certificate,
                "{}",
                error.message
            );
        });
        return;
    }
    let identity = self_signed();
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store.pem");
    std::fs::write(&store, &identity.pem).unwrap();
    let server = listen(move |listener| {
        let mut stream = encrypt(accept(&listener), &identity.config);
        read_request(&mut stream);
        write(&mut stream, &answer("{}"));
        let mut other = encrypt(accept(&listener), &identity.config);
        assert!(other.read(&mut [0]).is_err());
    });
    run_in_own_process(
        "tls::a_certificate_in_the_store_is_accepted_for_its_own_name_alone",
        &[
            (TRUSTED, store.to_str().unwrap()),
            (PORT, &server.port.to_string()),
        ],
    );
    server.join();
}

#[test]
fn a_server_that_speaks_no_tls_is_an_ssl_error() {
    let scripts: [fn(TcpListener); 2] = [
        |listener| {
            let mut stream = accept(&listener);
            write(
                &mut stream,
                "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
            );
            let _ = read_to_end(&mut stream);
        },
        // Hangs up on what it does not understand.
        |listener| drop(accept(&listener)),
    ];
    for script in scripts {
        let server = listen(script);
        on_event_loop(async {
            let done = pooled(&transport(&url(server.port))).await;
            assert_failed(&done, TransportFailure::Tls, "ClientConnectorSSLError");
            server.join();
        });
    }
}

#[test]
fn a_slow_handshake_is_not_counted_as_sending() {
    let pause = Duration::from_millis(200);
    let config = self_signed().config;
    let server = listen(move |listener| {
        let stream = accept(&listener);
        std::thread::sleep(pause);
        let mut stream = encrypt(stream, &config);
        read_request(&mut stream);
        write(&mut stream, &answer("{}"));
        assert_eq!(read_to_end(&mut stream), b"");
    });
    on_event_loop(async {
        let options = options().without_tls_verification();
        let transport = transport_with(&url(server.port), options);
        let done = pooled(&transport).await;
        assert!(done.is_success(), "{:?}", done.error);
        let (begun, ended) = done.connection.tls.unwrap();
        // The server's pause may have begun a little before the client came to the handshake.
        assert!(ended - begun > 100 * MILLISECOND, "{} ns", ended - begun);
        assert!(done.send_start.unwrap() >= ended);
        assert_in_order(&done);
        drop(transport);
        server.join();
    });
}

#[test]
fn an_encrypted_stream_that_is_cut_is_a_payload_error_and_keeps_what_had_come() {
    let config = self_signed().config;
    let server = listen(move |listener| {
        let mut stream = encrypt(accept(&listener), &config);
        read_request(&mut stream);
        write(&mut stream, STREAM_HEAD);
        write(&mut stream, &chunk("data: 1\n\n"));
        // Gone without a farewell.
    });
    on_event_loop(async {
        let options = options().without_tls_verification();
        let done = pooled(&transport_with(&url(server.port), options)).await;
        let error = done.error.as_ref().expect("the exchange succeeded");
        assert_eq!(
            error.failure,
            TransportFailure::Truncated,
            "{}",
            error.message
        );
        assert_eq!(done.received.unfold().bytes, b"data: 1\n\n");
        server.join();
    });
}

#[test]
fn an_encrypted_connection_that_the_server_closed_while_idle_is_replaced_without_an_error() {
    for farewell in [true, false] {
        let config = self_signed().config;
        let (closed, when_closed) = std::sync::mpsc::channel();
        let server = listen(move |listener| {
            for _ in 0..2 {
                let mut stream = encrypt(accept(&listener), &config);
                read_request(&mut stream);
                write(&mut stream, &answer("{}"));
                if farewell {
                    stream.conn.send_close_notify();
                    stream.flush().unwrap();
                }
                drop(stream);
                closed.send(()).unwrap();
            }
        });
        on_event_loop(async {
            let options = options().without_tls_verification();
            let transport = transport_with(&url(server.port), options);
            for _ in 0..2 {
                let done = pooled(&transport).await;
                assert!(done.is_success(), "{:?}", done.error);
                assert!(!done.connection.is_reused);
                when_closed.recv().unwrap();
            }
            server.join();
        });
    }
}

/// Reads to the end, with or without a TLS farewell.
fn read_to_end(stream: &mut impl Read) -> Vec<u8> {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
        }
        _ => {}
    }
    rest
}
