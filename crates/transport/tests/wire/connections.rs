//! Which connection an exchange uses, and what becomes of it.

use std::sync::mpsc;

use aiperf_mock::{MockOptions, MockServer};
use aiperf_transport::{HttpExchange, Lease, StickyConnection, TransportOptions, Watch};

use crate::support::{
    accept, answer, exchange, listen, on_event_loop, options, pooled, read_request, request,
    transport, transport_with, wait_for_close, write,
};

fn mock() -> (MockServer, String) {
    let server = MockServer::start(MockOptions::default()).unwrap();
    let url = format!("{}/v1/chat/completions", server.url());
    (server, url)
}

fn local_port(exchange: &HttpExchange) -> u16 {
    exchange.connection.local.unwrap().port()
}

fn assert_answered(exchange: &HttpExchange) {
    assert!(exchange.error.is_none(), "{:?}", exchange.error);
    assert!(exchange.status.is_some());
}

#[test]
fn pooled_exchanges_share_one_connection() {
    let (server, url) = mock();
    on_event_loop(async {
        let transport = transport(&url);
        let first = pooled(&transport).await;
        assert!(!first.connection.is_reused && first.connection.tcp.is_some());
        for _ in 0..5 {
            let next = pooled(&transport).await;
            assert_answered(&next);
            assert!(next.connection.is_reused && next.connection.tcp.is_none());
            assert_eq!(local_port(&next), local_port(&first));
        }
        assert_eq!(transport.counters().connections_opened.get(), 1);
    });
    assert_eq!(server.stats().connections, 1);
}

#[test]
fn exchanges_at_the_same_time_have_a_connection_each_and_leave_both_in_the_pool() {
    let (server, url) = mock();
    on_event_loop(async {
        let transport = transport(&url);
        for _ in 0..3 {
            let (one, other) = tokio::join!(pooled(&transport), pooled(&transport));
            assert_answered(&one);
            assert_ne!(local_port(&one), local_port(&other));
        }
    });
    assert_eq!(server.stats().connections, 2);
}

#[test]
fn a_fresh_exchange_has_a_connection_to_itself_that_nobody_uses_again() {
    let (server, url) = mock();
    on_event_loop(async {
        let transport = transport(&url);
        for _ in 0..4 {
            let fresh = exchange(&transport, Lease::Fresh).await;
            assert_answered(&fresh);
            assert!(!fresh.connection.is_reused);
        }
        assert!(!pooled(&transport).await.connection.is_reused);
    });
    assert_eq!(server.stats().connections, 5);
}

#[test]
fn a_session_keeps_its_own_connection() {
    let (server, url) = mock();
    on_event_loop(async {
        let transport = transport(&url);
        let (mut one, mut other) = (StickyConnection::default(), StickyConnection::default());
        let mut ports = Vec::new();
        for round in 0..3 {
            let first = exchange(&transport, Lease::Sticky(&mut one)).await;
            let second = exchange(&transport, Lease::Sticky(&mut other)).await;
            let shared = pooled(&transport).await;
            for done in [&first, &second, &shared] {
                assert_answered(done);
                assert_eq!(done.connection.is_reused, round > 0);
            }
            ports.push([&first, &second, &shared].map(local_port));
        }
        assert!(ports.windows(2).all(|pair| pair[0] == pair[1]), "{ports:?}");
    });
    assert_eq!(server.stats().connections, 3);
}

#[test]
fn a_session_that_ends_closes_its_connection() {
    let server = listen(|listener| {
        let mut stream = accept(&listener);
        read_request(&mut stream);
        write(&mut stream, &answer("{}"));
        wait_for_close(&mut stream);
    });
    on_event_loop(async {
        let transport = server.transport();
        let mut own = StickyConnection::default();
        assert_answered(&exchange(&transport, Lease::Sticky(&mut own)).await);
        drop(own);
        server.join();
    });
}

#[test]
fn a_connection_that_idled_for_too_long_is_replaced() {
    let (server, url) = mock();
    on_event_loop(async {
        let options = TransportOptions {
            keep_alive_timeout_ns: Some(0),
            ..options()
        };
        let transport = transport_with(&url, options);
        for _ in 0..3 {
            assert!(!pooled(&transport).await.connection.is_reused);
        }
    });
    assert_eq!(server.stats().connections, 3);
}

#[test]
fn a_connection_that_the_server_announces_to_close_is_not_used_again() {
    for head in [
        "HTTP/1.1 200 OK\r\nconnection: close\r\n",
        "HTTP/1.0 200 OK\r\n",
    ] {
        let server = listen(move |listener| {
            for _ in 0..2 {
                let mut stream = accept(&listener);
                read_request(&mut stream);
                write(&mut stream, &format!("{head}content-length: 2\r\n\r\n{{}}"));
                // The server leaves the closing to the client.
                wait_for_close(&mut stream);
            }
        });
        on_event_loop(async {
            let transport = server.transport();
            for _ in 0..2 {
                let done = pooled(&transport).await;
                assert_answered(&done);
                assert!(!done.connection.is_reused);
            }
            server.join();
        });
    }
}

/// A server that says `parting_words` on an idle connection and closes it, while the event loop of
/// the client does not look.
fn check_idle_connection_is_replaced(parting_words: &'static str, sticky: bool) {
    let (answered, when_answered) = mpsc::channel();
    let (closed, when_closed) = mpsc::channel();
    let server = listen(move |listener| {
        for _ in 0..3 {
            let mut stream = accept(&listener);
            read_request(&mut stream);
            write(&mut stream, &answer("{}"));
            when_answered.recv().unwrap();
            write(&mut stream, parting_words);
            drop(stream);
            closed.send(()).unwrap();
        }
    });
    on_event_loop(async {
        let transport = server.transport();
        let mut own = StickyConnection::default();
        for _ in 0..3 {
            let lease = if sticky {
                Lease::Sticky(&mut own)
            } else {
                Lease::Pooled
            };
            let done = exchange(&transport, lease).await;
            assert_answered(&done);
            assert!(!done.connection.is_reused);
            answered.send(()).unwrap();
            when_closed.recv().unwrap();
        }
        assert_eq!(transport.counters().connections_opened.get(), 3);
        server.join();
    });
}

#[test]
fn a_connection_that_the_server_closed_while_idle_is_replaced_without_an_error() {
    check_idle_connection_is_replaced("", false);
    check_idle_connection_is_replaced("", true);
}

#[test]
fn a_connection_on_which_the_server_spoke_unasked_is_replaced_without_an_error() {
    check_idle_connection_is_replaced(
        "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n",
        false,
    );
}

/// A server that answers one request and closes in good order when it hears the next one, and on
/// further connections answers one request each.
fn server_that_breaks_its_promise() -> crate::support::Server {
    listen(|listener| {
        let mut first = accept(&listener);
        read_request(&mut first);
        write(&mut first, &answer("kept"));
        // The next request has come, and is not read.
        let _ = first.peek(&mut [0]);
        let _ = first.shutdown(std::net::Shutdown::Write);
        for _ in 0..2 {
            let mut further = accept(&listener);
            read_request(&mut further);
            write(&mut further, &answer("fresh"));
        }
    })
}

#[test]
fn a_request_that_finds_its_kept_connection_closed_right_after_an_answer_is_sent_once_more() {
    // On a busy machine the second request may come too late to be told from one that failed.
    let was_repeated = (0..20).any(|_| {
        let server = server_that_breaks_its_promise();
        on_event_loop(async {
            let transport = server.transport();
            let repeat = || request("{}");
            let mut exchanges = Vec::new();
            for _ in 0..3 {
                let mut done = HttpExchange::default();
                let watch = Watch {
                    repeat: Some(&repeat),
                    ..Watch::default()
                };
                transport
                    .perform(0, request("{}"), Lease::Pooled, &mut done, watch)
                    .await;
                exchanges.push(done);
            }
            let was_repeated = transport.counters().repeated.get() == 1;
            if was_repeated {
                exchanges.iter().for_each(assert_answered);
                // It was found out once: nothing is kept for this server any more.
                assert!(exchanges.iter().all(|done| !done.connection.is_reused));
                assert!(exchanges[1].start < exchanges[1].connection.ready_at.unwrap());
            }
            was_repeated
        })
    });
    assert!(was_repeated);
}
