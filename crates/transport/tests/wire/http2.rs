//! HTTP/2: what is shared, what is not, and whose instants are whose.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use aiperf_clock::MILLISECOND;
use aiperf_clock::precise::PreciseTimer;
use aiperf_mock::{MockOptions, MockServer, TlsOptions};
use aiperf_transport::{
    CancelAfterSent, ConnectionLimit, HttpExchange, HttpVersion, LazyTls, Lease, StickyConnection,
    TlsSettings, Transport, TransportFailure, TransportOptions, Watch,
};

use crate::instants::assert_in_order;
use crate::support::{
    Server, accept, accept_one, exchange, listen, on_event_loop, options, pooled, request,
    transport_with,
};

fn http2() -> TransportOptions {
    TransportOptions {
        http_version: HttpVersion::Http2,
        ..options()
    }
}

fn client(server: &Server) -> Transport {
    transport_with(&format!("http://127.0.0.1:{}/v1", server.port), http2())
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const GO_AWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;

/// `:status: 200` in HPACK.
const STATUS_200: &[u8] = &[0x88];

/// A server's side of a connection, frame by frame.
struct Peer(TcpStream);

impl Peer {
    /// Greets a client with these settings.
    fn greet(mut stream: TcpStream, settings: &[u8]) -> Self {
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).unwrap();
        assert!(preface.starts_with(b"PRI * HTTP/2.0"));
        let mut peer = Self(stream);
        peer.send(SETTINGS, 0, 0, settings);
        peer.send(SETTINGS, 1, 0, b"");
        peer
    }

    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        self.0
            .write_all(&frame(kind, flags, stream, payload))
            .unwrap();
    }

    fn next(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let mut header = [0; 9];
        self.0.read_exact(&mut header).ok()?;
        let [high, middle, low, kind, flags, stream @ ..] = header;
        let mut payload = vec![0; u32::from_be_bytes([0, high, middle, low]) as usize];
        self.0.read_exact(&mut payload).ok()?;
        Some((kind, flags, u32::from_be_bytes(stream), payload))
    }

    /// Closes in good order: a socket that is dropped with bytes unread resets the connection.
    fn close(mut self) {
        self.0.shutdown(Shutdown::Write).unwrap();
        while self.next().is_some() {}
    }

    /// The next frame of this kind; others are passed over.
    fn wait_for(&mut self, wanted: u8) -> (u8, u32, Vec<u8>) {
        loop {
            let (kind, flags, stream, payload) = self.next().expect("the client hung up");
            if kind == wanted {
                return (flags, stream, payload);
            }
        }
    }

    /// Reads a request to its end; gives the number of its stream.
    fn request(&mut self) -> u32 {
        let (_, stream, _) = self.wait_for(HEADERS);
        while self.wait_for(DATA).0 & END_STREAM == 0 {}
        stream
    }

    fn answer(&mut self, stream: u32, body: &[u8]) {
        self.send(HEADERS, END_HEADERS, stream, STATUS_200);
        self.send(DATA, END_STREAM, stream, body);
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

fn pause() {
    std::thread::sleep(Duration::from_millis(120));
}

fn assert_body(exchange: &HttpExchange, body: &[u8]) {
    assert!(exchange.is_success(), "{:?}", exchange.error);
    assert_eq!(exchange.received.unfold().bytes, body);
}

#[test]
fn exchanges_at_the_same_time_share_one_connection() {
    let server = MockServer::start(MockOptions::default()).unwrap();
    on_event_loop(async {
        let url = format!("{}/v1/chat/completions", server.url());
        let transport = transport_with(&url, http2());
        for round in 0..3 {
            let (one, two, three) =
                tokio::join!(pooled(&transport), pooled(&transport), pooled(&transport));
            for done in [&one, &two, &three] {
                assert!(done.error.is_none() && done.status.is_some(), "{done:?}");
                assert_in_order(done);
            }
            assert_eq!(one.connection.is_reused, round > 0);
            assert!(two.connection.is_reused && three.connection.is_reused);
            // Those that came while it was being made say that they waited.
            assert_eq!(two.connection.pool_wait.is_some(), round == 0);
            assert_eq!(one.connection.local, three.connection.local);
        }
        assert_eq!(transport.counters().connections_opened.get(), 1);
    });
    assert_eq!(server.stats().connections, 1);
}

#[test]
fn a_fresh_exchange_and_a_session_have_connections_of_their_own_and_need_no_task() {
    let server = MockServer::start(MockOptions::default()).unwrap();
    let url = format!("{}/v1/chat/completions", server.url());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let transport = transport_with(&url, http2());
        let mut own = StickyConnection::default();
        for round in 0..3 {
            let fresh = exchange(&transport, Lease::Fresh).await;
            assert!(fresh.error.is_none() && !fresh.connection.is_reused);
            let session = exchange(&transport, Lease::Sticky(&mut own)).await;
            assert!(session.error.is_none(), "{:?}", session.error);
            assert_eq!(session.connection.is_reused, round > 0);
        }
    });
    assert_eq!(server.stats().connections, 4);
}

#[test]
fn parts_of_one_frame_have_the_instants_of_the_reads_that_brought_them() {
    let server = accept_one(|stream| {
        let mut peer = Peer::greet(stream, b"");
        let stream = peer.request();
        peer.send(HEADERS, END_HEADERS, stream, STATUS_200);
        pause();
        // Padded, and cut in the middle of the data.
        let data = frame(DATA, PADDED, stream, b"\x04data: 1\n\ndata: 2\n\n....");
        let cut = 9 + 1 + "data: 1\n\n".len();
        peer.0.write_all(&data[..cut]).unwrap();
        pause();
        peer.0.write_all(&data[cut..]).unwrap();
        pause();
        peer.send(DATA, END_STREAM, stream, b"");
        assert!(peer.next().is_none_or(|(kind, ..)| kind != RESET));
    });
    on_event_loop(async {
        let transport = client(&server);
        let done = pooled(&transport).await;
        assert_in_order(&done);
        let body = done.received.unfold();
        assert_eq!(body.bytes, b"data: 1\n\ndata: 2\n\n");
        let [first, second] = body.reads[..] else {
            panic!("{:?}", body.reads);
        };
        assert_eq!((first.end, second.end), (9, 18));
        for (earlier, later) in [
            (done.head_at.unwrap(), first.at),
            (first.at, second.at),
            (second.at, done.end),
        ] {
            assert!(later - earlier > 60 * MILLISECOND, "{}", later - earlier);
        }
        assert_eq!(done.first_byte, done.head_at);
        assert_eq!(done.read_count, 4);
    });
    server.join();
}

#[test]
fn exchanges_that_are_answered_by_one_read_share_its_instant_and_nothing_else() {
    let server = accept_one(|stream| {
        let mut peer = Peer::greet(stream, b"");
        let [one, two] = [(); 2].map(|()| peer.wait_for(DATA).1);
        // The second is answered first, then both come together.
        peer.send(HEADERS, END_HEADERS, two, STATUS_200);
        pause();
        let together = [
            frame(HEADERS, END_HEADERS, one, STATUS_200),
            frame(DATA, END_STREAM, one, b"one"),
            frame(DATA, END_STREAM, two, b"two"),
        ];
        peer.0.write_all(&together.concat()).unwrap();
        while peer.next().is_some() {}
    });
    on_event_loop(async {
        let transport = client(&server);
        let (one, two) = tokio::join!(pooled(&transport), pooled(&transport));
        let (early, late) = if one.received.unfold().bytes == b"two" {
            (&one, &two)
        } else {
            (&two, &one)
        };
        assert_body(late, b"one");
        assert_body(early, b"two");
        assert!(late.head_at.unwrap() - early.head_at.unwrap() > 60 * MILLISECOND);
        assert_eq!(early.received.last_at(), late.received.last_at());
        assert_eq!((early.read_count, late.read_count), (2, 1));
        assert_eq!(early.end, late.end);
    });
    server.join();
}

#[test]
fn sending_ends_when_the_servers_window_has_let_the_last_byte_through() {
    let body = "x".repeat(100_000);
    let server = accept_one(|stream| {
        let mut peer = Peer::greet(stream, b"");
        let (_, stream, _) = peer.wait_for(HEADERS);
        let mut received = 0;
        while received < 65_535 {
            received += peer.wait_for(DATA).2.len();
        }
        pause();
        for window in [0, stream] {
            peer.send(WINDOW_UPDATE, 0, window, &100_000_u32.to_be_bytes());
        }
        while peer.wait_for(DATA).0 & END_STREAM == 0 {}
        peer.answer(stream, b"{}");
        while peer.next().is_some() {}
    });
    on_event_loop(async {
        let transport = client(&server);
        let mut done = HttpExchange::default();
        transport
            .perform(
                0,
                request(&body),
                Lease::Pooled,
                &mut done,
                Watch::default(),
            )
            .await;
        assert_body(&done, b"{}");
        assert_in_order(&done);
        let sending = done.send_end.unwrap() - done.send_start.unwrap();
        assert!(done.is_sent && sending > 60 * MILLISECOND, "{sending} ns");
    });
    server.join();
}

#[test]
fn a_request_that_is_given_up_ends_its_stream_and_not_the_connection() {
    let server = accept_one(|stream| {
        let mut peer = Peer::greet(stream, b"");
        let first = peer.request();
        assert_eq!(peer.wait_for(RESET).1, first);
        let second = peer.request();
        assert_ne!(first, second);
        // Late words about the first are nobody's.
        peer.answer(second, b"{}");
        while peer.next().is_some() {}
    });
    on_event_loop(async {
        let transport = client(&server);
        let timer = PreciseTimer::start();
        let mut cancelled = HttpExchange::default();
        let watch = Watch {
            cancel: Some(CancelAfterSent {
                delay: 20 * MILLISECOND,
                timer: &timer,
            }),
            ..Watch::default()
        };
        transport
            .perform(0, request("{}"), Lease::Pooled, &mut cancelled, watch)
            .await;
        let failure = cancelled.error.as_ref().unwrap().failure;
        assert_eq!(failure, TransportFailure::Cancelled);
        assert!(cancelled.is_sent);
        assert!(cancelled.end - cancelled.send_end.unwrap() >= 20 * MILLISECOND);
        let next = pooled(&transport).await;
        assert_body(&next, b"{}");
        assert!(next.connection.is_reused);
    });
    server.join();
}

#[test]
fn a_connection_that_the_server_gave_up_while_idle_is_replaced_without_an_error() {
    let (closed, when_closed) = std::sync::mpsc::channel();
    let server = listen(move |listener| {
        for is_polite in [true, false, false] {
            let mut peer = Peer::greet(accept(&listener), b"");
            let stream = peer.request();
            peer.answer(stream, b"{}");
            if is_polite {
                peer.send(GO_AWAY, 0, 0, &[0; 8]);
            }
            // The client reads what was sent before it sees the end.
            drop(peer);
            closed.send(()).unwrap();
        }
    });
    on_event_loop(async {
        let transport = client(&server);
        for _ in 0..3 {
            let done = pooled(&transport).await;
            assert_body(&done, b"{}");
            assert!(!done.connection.is_reused);
            when_closed.recv().unwrap();
        }
    });
    server.join();
}

#[test]
fn failures_of_http2_have_the_names_of_those_of_http1() {
    type Script = fn(Peer, u32);
    let scripts: [(Script, TransportFailure); 5] = [
        (|peer, _| peer.close(), TransportFailure::Disconnected),
        (
            |mut peer, stream| {
                peer.send(HEADERS, END_HEADERS, stream, STATUS_200);
                peer.send(DATA, 0, stream, b"part");
                peer.close();
            },
            TransportFailure::Truncated,
        ),
        (
            |mut peer, stream| {
                peer.send(RESET, 0, stream, &7_u32.to_be_bytes());
                while peer.next().is_some() {}
            },
            TransportFailure::Broken,
        ),
        (
            |mut peer, _| {
                peer.send(GO_AWAY, 0, 0, &[0; 8]);
                while peer.next().is_some() {}
            },
            TransportFailure::Disconnected,
        ),
        (
            |mut peer, _| {
                peer.0
                    .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    .unwrap();
                while peer.next().is_some() {}
            },
            TransportFailure::NotHttp,
        ),
    ];
    for (index, (script, failure)) in scripts.into_iter().enumerate() {
        let server = accept_one(move |stream| {
            let mut peer = Peer::greet(stream, b"");
            let stream = peer.request();
            script(peer, stream);
        });
        on_event_loop(async {
            let transport = client(&server);
            let done = pooled(&transport).await;
            let error = done.error.as_ref().expect("the exchange succeeded");
            assert_eq!(error.failure, failure, "{index}: {}", error.message);
            if failure == TransportFailure::Truncated {
                assert_eq!(done.received.unfold().bytes, b"part");
            }
        });
        server.join();
    }
}

#[test]
fn what_exceeds_the_servers_limit_of_streams_goes_to_another_connection() {
    // SETTINGS_MAX_CONCURRENT_STREAMS = 1.
    let one_stream = [0, 3, 0, 0, 0, 1];
    let server = listen(move |listener| {
        let mut first = Peer::greet(accept(&listener), &one_stream);
        let stream = first.request();
        first.answer(stream, b"{}");
        let busy = first.request();
        let mut second = Peer::greet(accept(&listener), &one_stream);
        let stream = second.request();
        second.answer(stream, b"{}");
        first.answer(busy, b"{}");
        while first.next().is_some() {}
    });
    on_event_loop(async {
        let transport = client(&server);
        assert_body(&pooled(&transport).await, b"{}");
        let (one, two) = tokio::join!(pooled(&transport), pooled(&transport));
        assert_body(&one, b"{}");
        assert_body(&two, b"{}");
        assert_eq!(transport.counters().connections_opened.get(), 2);
    });
    server.join();
}

#[test]
fn under_a_limit_of_connections_all_exchanges_share_one() {
    let server = MockServer::start(MockOptions::default()).unwrap();
    on_event_loop(async {
        let url = format!("{}/v1/chat/completions", server.url());
        let options = TransportOptions {
            connection_limit: Some(ConnectionLimit::new(1).into()),
            ..http2()
        };
        let transport = transport_with(&url, options);
        let all = (0..20).map(|_| pooled(&transport));
        for done in futures_util::future::join_all(all).await {
            assert!(done.error.is_none(), "{:?}", done.error);
        }
        assert_eq!(transport.counters().connections_opened.get(), 1);
    });
}

/// A mock server with TLS, and options that trust it.
fn tls_mock(
    http2: bool,
    version: HttpVersion,
) -> (MockServer, TransportOptions, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    let server = MockServer::start(MockOptions {
        http2,
        tls: Some(TlsOptions {
            ca_file: Some(ca_file.clone()),
            client_identity_file: None,
        }),
        ..MockOptions::default()
    })
    .unwrap();
    let settings = TlsSettings {
        ca_file: Some(ca_file),
        ..TlsSettings::default()
    };
    let options = TransportOptions {
        http_version: version,
        tls: LazyTls::new(settings).into(),
        ..options()
    };
    (server, options, folder)
}

#[test]
fn a_tls_server_chooses_the_version() {
    for (speaks_http2, connections) in [(true, 1), (false, 2)] {
        let (server, options, _folder) = tls_mock(speaks_http2, HttpVersion::Negotiated);
        on_event_loop(async {
            let url = format!("{}/v1/chat/completions", server.url());
            let transport = transport_with(&url, options);
            for _ in 0..2 {
                let (one, two) = tokio::join!(pooled(&transport), pooled(&transport));
                for done in [one, two] {
                    assert!(done.error.is_none(), "{:?}", done.error);
                    assert_in_order(&done);
                }
            }
        });
        assert_eq!(server.stats().connections, connections, "{speaks_http2}");
    }
}

#[test]
fn a_tls_server_without_http2_is_refused_where_nothing_else_will_do() {
    let (server, options, _folder) = tls_mock(false, HttpVersion::Http2);
    on_event_loop(async {
        let done = pooled(&transport_with(&server.url(), options)).await;
        let error = done.error.expect("the exchange succeeded");
        assert_eq!(error.failure, TransportFailure::Tls, "{}", error.message);
    });
}

#[test]
fn without_tls_nothing_is_negotiated() {
    let server = MockServer::start(MockOptions {
        http2: false,
        ..MockOptions::default()
    })
    .unwrap();
    on_event_loop(async {
        let options = TransportOptions {
            http_version: HttpVersion::Negotiated,
            ..options()
        };
        let transport = transport_with(&format!("{}/v1/models", server.url()), options);
        let done = pooled(&transport).await;
        assert!(done.error.is_none(), "{:?}", done.error);
    });
}
