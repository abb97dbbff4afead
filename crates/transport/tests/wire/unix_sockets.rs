//! Servers on a socket of the file system.

use std::os::unix::net::UnixListener;

use aiperf_transport::{HttpVersion, TransportFailure, TransportOptions};

use crate::instants::assert_in_order;
use crate::support::{
    STREAM_HEAD, chunk, on_event_loop, options, pooled, read_request, transport, transport_with,
    write,
};

#[test]
fn a_unix_socket_is_spoken_to_like_any_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        for _ in 0..2 {
            let request = read_request(&mut stream);
            assert!(
                request.starts_with("POST /v1/x?a=b HTTP/1.1\r\n"),
                "{request}"
            );
            assert!(request.contains("host: localhost\r\n"), "{request}");
            write(&mut stream, STREAM_HEAD);
            write(&mut stream, &chunk("data: 1\n\n"));
            write(&mut stream, "0\r\n\r\n");
        }
    });
    on_event_loop(async {
        // Kernel stamps do not exist here, and nobody claims them.
        let options = TransportOptions {
            timestamp_source: aiperf_transport::TimestampSource::Auto,
            ..options()
        };
        let transport = transport_with(&format!("unix:{}:/v1/x?a=b", path.display()), options);
        for is_reused in [false, true] {
            let done = pooled(&transport).await;
            assert!(done.is_success(), "{:?}", done.error);
            assert_eq!(done.received.unfold().bytes, b"data: 1\n\n");
            assert_in_order(&done);
            assert_eq!(done.connection.is_reused, is_reused);
            assert_eq!(done.kernel_stamped_reads, 0);
        }
        assert_eq!(transport.counters().kernel_stamped_connections.get(), 0);
    });
    server.join().unwrap();
}

#[test]
fn a_socket_that_nobody_listens_on_is_named() {
    on_event_loop(async {
        let done = pooled(&transport("unix:/nowhere/server.sock:/v1")).await;
        let error = done.error.expect("the exchange succeeded");
        assert_eq!(error.failure, TransportFailure::Connect);
        assert!(
            error
                .message
                .starts_with("cannot connect to `/nowhere/server.sock`: no such file"),
            "{}",
            error.message
        );
    });
}

#[test]
fn http2_works_over_a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.sock");
    let server = aiperf_mock::MockServer::start(aiperf_mock::MockOptions {
        unix_socket: Some(path.clone()),
        ..aiperf_mock::MockOptions::default()
    })
    .unwrap();
    on_event_loop(async {
        let options = TransportOptions {
            http_version: HttpVersion::Http2,
            ..options()
        };
        let url = format!("unix:{}:/v1/chat/completions", path.display());
        let done = pooled(&transport_with(&url, options)).await;
        assert!(
            done.error.is_none() && done.status.is_some(),
            "{:?}",
            done.error
        );
    });
    drop(server);
}
