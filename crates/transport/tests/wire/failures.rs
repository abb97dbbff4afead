//! Answers that do not come to their end, and what is kept of them.

use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use aiperf_clock::monotonic_now;
use aiperf_transport::{HttpExchange, TransportFailure};
use tokio::sync::oneshot;

use crate::support::{
    STREAM_HEAD, Server, accept_one, chunk, on_event_loop, pooled, read_request, request,
    reset_on_drop, transport, wait_for_close, write,
};

/// One exchange with a server that reads the request and then does as `script` says.
fn exchange_with(script: impl FnOnce(TcpStream) + Send + 'static) -> HttpExchange {
    let server = accept_one(|mut stream| {
        read_request(&mut stream);
        script(stream);
    });
    exchange_to(server)
}

fn exchange_to(server: Server) -> HttpExchange {
    on_event_loop(async {
        let transport = server.transport();
        let before = monotonic_now();
        let done = pooled(&transport).await;
        assert!(done.start >= before && done.end >= done.start && done.end <= monotonic_now());
        server.join();
        done
    })
}

#[track_caller]
fn assert_failed(exchange: &HttpExchange, failure: TransportFailure, type_name: &str) {
    let error = exchange.error.as_ref().expect("the exchange succeeded");
    assert_eq!(error.failure, failure, "{}", error.message);
    assert_eq!(error.failure.type_name(), type_name);
    assert!(!error.message.is_empty());
    assert!(!exchange.is_success());
}

#[test]
fn a_refused_connection_is_a_connector_error() {
    // Nobody listens where a listener has just gone.
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let done = on_event_loop(async { pooled(&transport(&format!("http://{gone}/"))).await });
    assert_failed(&done, TransportFailure::Connect, "ClientConnectorError");
    let message = done.error.unwrap().message;
    assert!(
        message.contains(&gone.to_string()) && message.contains("refused"),
        "{message}"
    );
    assert_eq!(
        (done.send_start, done.status, done.connection.ready_at),
        (None, None, None)
    );
}

#[test]
fn a_name_without_an_address_is_a_dns_error() {
    let done = on_event_loop(async { pooled(&transport("http://nonexistent.invalid/")).await });
    assert_failed(
        &done,
        TransportFailure::NameResolution,
        "ClientConnectorDNSError",
    );
    assert!(done.error.unwrap().message.contains("nonexistent.invalid"));
    let (begun, ended) = done.connection.dns.unwrap();
    assert!(done.start <= begun && begun <= ended && ended <= done.end);
}

#[test]
fn a_server_that_closes_instead_of_answering_has_disconnected() {
    let done = exchange_with(drop);
    assert_failed(
        &done,
        TransportFailure::Disconnected,
        "ServerDisconnectedError",
    );
    assert!(done.send_start.is_some() && done.send_end.is_some());
    assert_eq!(
        (done.first_byte, done.head_at, done.status),
        (None, None, None)
    );
}

#[test]
fn a_server_that_closes_within_the_head_has_disconnected() {
    let done = exchange_with(|mut stream| write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-"));
    assert_failed(
        &done,
        TransportFailure::Disconnected,
        "ServerDisconnectedError",
    );
    assert!(done.first_byte.is_some() && done.head_at.is_none());
}

#[test]
fn a_reset_before_any_answer_is_an_os_error() {
    let done = exchange_with(|stream| reset_on_drop(&stream));
    assert_failed(&done, TransportFailure::Broken, "ClientOSError");
    assert_eq!((done.status, done.received.unfold().bytes.len()), (None, 0));
}

#[test]
fn a_reset_in_mid_stream_is_an_os_error_and_keeps_what_had_come() {
    let done = exchange_with(|mut stream| {
        write(&mut stream, STREAM_HEAD);
        write(&mut stream, &chunk("data: one\n\n"));
        reset_on_drop(&stream);
    });
    assert_failed(&done, TransportFailure::Broken, "ClientOSError");
    assert_eq!(done.status.unwrap(), 200);
    assert_eq!(done.content_type(), Some("text/event-stream"));
    assert_eq!(done.received.unfold().bytes, b"data: one\n\n");
    assert_eq!(
        done.received.unfold().reads.last().unwrap().end,
        done.received.unfold().bytes.len()
    );
}

#[test]
fn a_close_in_mid_stream_is_a_payload_error_and_keeps_what_had_come() {
    for (head, sent, kept) in [
        (STREAM_HEAD, chunk("data: one\n\n"), "data: one\n\n"),
        // Inside a chunk.
        (STREAM_HEAD, "20\r\ndata: o".to_owned(), "data: o"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n",
            "{\"half".to_owned(),
            "{\"half",
        ),
    ] {
        let done = exchange_with(move |mut stream| {
            write(&mut stream, head);
            write(&mut stream, &sent);
        });
        assert_failed(&done, TransportFailure::Truncated, "ClientPayloadError");
        assert_eq!(done.status.unwrap(), 200);
        assert_eq!(done.received.unfold().bytes, kept.as_bytes());
        assert_eq!(done.received.unfold().reads.last().unwrap().end, kept.len());
    }
}

#[test]
fn an_answer_without_a_length_ends_where_the_connection_does() {
    let done = exchange_with(|mut stream| write(&mut stream, "HTTP/1.1 200 OK\r\n\r\nto the end"));
    assert!(done.is_success(), "{:?}", done.error);
    assert_eq!(done.received.unfold().bytes, b"to the end");
}

#[test]
fn garbage_instead_of_an_answer_is_a_response_error() {
    for garbage in [
        "SSH-2.0-OpenSSH_9.6\r\n",
        "\x16\x03\x01\x02 \x01\r\n\r\n",
        "{\"error\": 1}\r\n\r\n",
    ] {
        let done = exchange_with(move |mut stream| {
            write(&mut stream, garbage);
            // The client is to judge by the bytes, not by the end of the connection.
            stream.shutdown(Shutdown::Write).unwrap();
            wait_for_close(&mut stream);
        });
        assert_failed(&done, TransportFailure::NotHttp, "ClientResponseError");
        assert!(done.first_byte.is_some() && done.status.is_none());
    }
}

#[test]
fn garbage_instead_of_a_chunk_is_a_payload_error_and_keeps_what_had_come() {
    let done = exchange_with(|mut stream| {
        write(&mut stream, STREAM_HEAD);
        write(&mut stream, &chunk("data: one\n\n"));
        write(&mut stream, "this is no size\r\n");
        wait_for_close(&mut stream);
    });
    assert_failed(&done, TransportFailure::Truncated, "ClientPayloadError");
    assert_eq!(done.received.unfold().bytes, b"data: one\n\n");
}

#[test]
fn an_error_status_is_an_answer_and_not_a_failure_of_the_wire() {
    let done = exchange_with(|mut stream| {
        let body = "{\"error\":\"busy\"}";
        let length = body.len();
        write(
            &mut stream,
            &format!("HTTP/1.1 503 Service Unavailable\r\ncontent-length: {length}\r\n\r\n{body}"),
        );
    });
    assert_eq!(done.status.unwrap(), 503);
    assert!(done.error.is_none() && !done.is_success());
    assert_eq!(done.received.unfold().bytes, b"{\"error\":\"busy\"}");
}

#[test]
fn an_exchange_that_is_given_up_keeps_what_was_seen_and_closes_its_connection() {
    let (wrote, half_is_out) = oneshot::channel();
    let server = accept_one(|mut stream| {
        read_request(&mut stream);
        write(&mut stream, STREAM_HEAD);
        write(&mut stream, "20\r\ndata: half a chu");
        wrote.send(()).unwrap();
        // Silence, until the client has had enough.
        wait_for_close(&mut stream);
    });
    on_event_loop(async {
        let transport = server.transport();
        let mut done = HttpExchange::default();
        tokio::select! {
            biased;
            () = transport.perform(0, request("{}"), aiperf_transport::Lease::Pooled, &mut done, aiperf_transport::Watch::default()) => {
                panic!("the exchange ended: {done:?}");
            }
            () = async {
                half_is_out.await.unwrap();
                // The bytes are in the socket; let the event loop come round to them.
                tokio::time::sleep(Duration::from_millis(300)).await;
            } => {}
        }
        done.give_up_timed_out();
        // Ends when the client has closed.
        server.join();

        assert_failed(&done, TransportFailure::Timeout, "TimeoutError");
        assert_eq!(done.status.unwrap(), 200);
        assert_eq!(done.content_type(), Some("text/event-stream"));
        assert_eq!(done.received.unfold().bytes, b"data: half a chu");
        assert_eq!(
            done.received.unfold().reads.last().unwrap().end,
            done.received.unfold().bytes.len()
        );
        let instants = [
            done.send_start,
            done.send_end,
            done.first_byte,
            done.head_at,
        ];
        let instants = instants.map(|instant| instant.expect("an instant was lost"));
        assert!(done.start <= instants[0] && instants.is_sorted() && instants[3] <= done.end);
        assert!(done.writes > 0 && done.read_count > 0);
    });
}

#[test]
fn an_exchange_that_is_given_up_before_any_answer_keeps_the_instants_of_sending() {
    let (got, request_is_there) = oneshot::channel();
    let server = accept_one(|mut stream| {
        read_request(&mut stream);
        got.send(()).unwrap();
        wait_for_close(&mut stream);
    });
    on_event_loop(async {
        let transport = server.transport();
        let mut done = HttpExchange::default();
        tokio::select! {
            () = transport.perform(0, request("{}"), aiperf_transport::Lease::Pooled, &mut done, aiperf_transport::Watch::default()) => {
                panic!("the exchange ended: {done:?}");
            }
            arrived = request_is_there => arrived.unwrap(),
        }
        done.give_up_timed_out();
        server.join();
        assert!(done.send_start.unwrap() <= done.send_end.unwrap());
        assert!(done.connection.tcp.is_some() && done.connection.ready_at.is_some());
        assert_eq!((done.first_byte, done.status), (None, None));
    });
}

#[test]
fn after_a_failure_the_next_exchange_has_a_new_connection() {
    let server = crate::support::listen(|listener| {
        for text in [
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf",
            "HTTP/1.1 204 No Content\r\n\r\n",
        ] {
            let mut stream = crate::support::accept(&listener);
            read_request(&mut stream);
            write(&mut stream, text);
        }
    });
    on_event_loop(async {
        let transport = server.transport();
        assert!(pooled(&transport).await.error.is_some());
        let next = pooled(&transport).await;
        assert!(next.error.is_none() && !next.connection.is_reused);
        assert_eq!(next.status.unwrap(), 204);
        server.join();
    });
}
