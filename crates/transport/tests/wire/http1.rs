//! HTTP/1.1 as it stands on the wire: what is sent, and in which order it may be answered.

use std::io::{Read, Write};

use aiperf_transport::{HttpExchange, Lease, OutgoingRequest, Transport, TransportFailure, Watch};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};

use crate::support::{
    accept, accept_one, answer, listen, on_event_loop, options, pooled, read_request, request,
    reset_on_drop, transport_with, wait_for_close, write,
};

async fn send(transport: &Transport, request: OutgoingRequest) -> HttpExchange {
    let mut done = HttpExchange::default();
    transport
        .perform(0, request, Lease::Pooled, &mut done, Watch::default())
        .await;
    done
}

fn with(method: Method, fields: &[(&'static str, &str)], body: &str) -> OutgoingRequest {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    OutgoingRequest {
        method,
        headers,
        body: Bytes::from(body.to_owned()),
    }
}

/// More than all buffers between the two ends hold.
fn long_body() -> String {
    "0123456789".repeat(3 << 20)
}

#[test]
fn head_and_body_of_a_request_are_one_write() {
    let server = accept_one(|mut stream| {
        let port = stream.local_addr().unwrap().port();
        let expected = format!(
            "POST /v1 HTTP/1.1\r\nx-second: 2\r\nx-first: 1\r\nhost: 127.0.0.1:{port}\r\n\
             content-length: 4\r\n\r\nbody"
        );
        for _ in 0..2 {
            let mut bytes = vec![0; 1000];
            let length = stream.read(&mut bytes).unwrap();
            assert_eq!(String::from_utf8_lossy(&bytes[..length]), expected);
            write(&mut stream, &answer("{}"));
        }
    });
    on_event_loop(async {
        let transport = server.transport();
        for is_reused in [false, true] {
            let fields = [("x-second", "2"), ("x-first", "1")];
            let done = send(&transport, with(Method::POST, &fields, "body")).await;
            assert!(done.is_success(), "{:?}", done.error);
            assert_eq!((done.writes, done.is_sent), (1, true));
            assert_eq!(done.connection.is_reused, is_reused);
        }
        server.join();
    });
}

#[test]
fn a_post_without_a_body_says_so_and_a_get_says_nothing() {
    let server = accept_one(|mut stream| {
        let post = read_request(&mut stream);
        assert!(post.contains("\r\ncontent-length: 0\r\n"), "{post}");
        write(&mut stream, &answer("{}"));
        let get = read_request(&mut stream);
        assert!(
            get.starts_with("GET /v1 ") && !get.contains("content-length"),
            "{get}"
        );
        write(&mut stream, &answer("{}"));
    });
    on_event_loop(async {
        let transport = server.transport();
        for method in [Method::POST, Method::GET] {
            let done = send(&transport, with(method, &[], "")).await;
            assert!(done.is_success() && done.is_sent, "{:?}", done.error);
        }
        server.join();
    });
}

#[test]
fn the_answer_to_head_ends_with_its_head() {
    let server = accept_one(|mut stream| {
        for _ in 0..2 {
            read_request(&mut stream);
            write(
                &mut stream,
                "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n",
            );
        }
    });
    on_event_loop(async {
        let transport = server.transport();
        for is_reused in [false, true] {
            let done = send(&transport, with(Method::HEAD, &[], "")).await;
            assert!(done.is_success(), "{:?}", done.error);
            assert_eq!(done.connection.is_reused, is_reused);
        }
        server.join();
    });
}

#[test]
fn interim_answers_are_passed_over() {
    let server = accept_one(|mut stream| {
        read_request(&mut stream);
        write(
            &mut stream,
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early",
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
        write(
            &mut stream,
            &format!(" Hints\r\nlink: x\r\n\r\n{}", answer("real")),
        );
        wait_for_close(&mut stream);
    });
    on_event_loop(async {
        let transport = server.transport();
        let done = pooled(&transport).await;
        assert!(done.is_success(), "{:?}", done.error);
        assert_eq!(done.received.unfold().bytes, b"real");
        assert!(!done.headers.contains_key("link"));
        assert!(done.first_byte.unwrap() < done.head_at.unwrap());
        drop(transport);
        server.join();
    });
}

#[test]
fn a_connection_is_not_used_again_where_one_side_or_its_bytes_speak_against_it() {
    let surplus = answer("{}") + "HTTP/1.1 408 Request Timeout\r\n\r\n";
    for (fields, text) in [
        (&[("connection", "close")][..], answer("{}")),
        (&[], surplus),
        (
            &[],
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n".to_owned(),
        ),
    ] {
        let server = listen(move |listener| {
            for _ in 0..2 {
                let mut stream = accept(&listener);
                read_request(&mut stream);
                write(&mut stream, &text);
                wait_for_close(&mut stream);
            }
        });
        on_event_loop(async {
            let transport = server.transport();
            for _ in 0..2 {
                let done = send(&transport, with(Method::POST, fields, "{}")).await;
                assert!(done.error.is_none() && done.status.is_some());
                assert!(!done.connection.is_reused);
            }
            server.join();
        });
    }
}

/// A server that has seen enough need not read the rest.
#[test]
fn an_answer_that_comes_before_the_request_is_written_is_read() {
    for hangs_up in [false, true] {
        let server = accept_one(move |mut stream| {
            stream.read_exact(&mut [0; 100]).unwrap();
            write(
                &mut stream,
                "HTTP/1.1 413 Content Too Large\r\ncontent-length: 8\r\n\r\ntoo long",
            );
            if !hangs_up {
                // Until the client has closed.
                let _ = stream.read_to_end(&mut Vec::new());
            }
        });
        on_event_loop(async {
            let transport = server.transport();
            let done = send(&transport, request(&long_body())).await;
            assert!(done.error.is_none(), "{:?}", done.error);
            assert_eq!(done.status.unwrap(), 413);
            assert_eq!(done.received.unfold().bytes, b"too long");
            assert!(!done.is_sent);
            drop(transport);
            server.join();
        });
    }
}

#[test]
fn a_reset_while_the_request_is_written_is_an_os_error() {
    let server = accept_one(|mut stream| {
        stream.read_exact(&mut [0; 100]).unwrap();
        reset_on_drop(&stream);
    });
    on_event_loop(async {
        let done = send(&server.transport(), request(&long_body())).await;
        let error = done.error.as_ref().expect("the exchange succeeded");
        assert_eq!(error.failure, TransportFailure::Broken, "{}", error.message);
        assert!(done.status.is_none() && !done.is_sent);
        server.join();
    });
}

/// Head, body and answer go through TLS as they do without.
#[test]
fn a_long_request_is_sent_whole_over_tls() {
    let config = crate::tls::self_signed().config;
    let body = long_body();
    let expected = body.clone();
    let server = listen(move |listener| {
        let mut stream = crate::tls::encrypt(accept(&listener), &config);
        for _ in 0..2 {
            let sent = read_request(&mut stream);
            assert!(sent.ends_with(&expected), "{} bytes came", sent.len());
            write(&mut stream, &answer(&expected));
            stream.flush().unwrap();
        }
    });
    on_event_loop(async {
        let url = format!("https://localhost:{}/v1", server.port);
        let transport = transport_with(&url, options().without_tls_verification());
        for is_reused in [false, true] {
            let done = send(&transport, request(&body)).await;
            assert!(done.is_success() && done.is_sent, "{:?}", done.error);
            assert_eq!(done.connection.is_reused, is_reused);
            assert!(done.received.unfold().bytes == body.as_bytes());
        }
        server.join();
    });
}
