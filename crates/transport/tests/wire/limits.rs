//! Limits that the user sets, and names that are believed or not.

use std::sync::mpsc;
use std::time::Duration;

use aiperf_clock::{MILLISECOND, SECOND};
use aiperf_transport::{ConnectionLimit, HttpExchange, NameCache, TransportOptions};

use crate::support::{
    accept, answer, listen, on_event_loop, options, pooled, read_request, transport_with, write,
};

fn assert_answered(exchange: &HttpExchange) {
    assert!(exchange.is_success(), "{:?}", exchange.error);
}

#[test]
fn beyond_the_limit_exchanges_wait_in_order_and_say_so() {
    let server = listen(|listener| {
        let mut stream = accept(&listener);
        for _ in 0..3 {
            read_request(&mut stream);
            std::thread::sleep(Duration::from_millis(60));
            write(&mut stream, &answer("{}"));
        }
        // Nobody ever came a second time.
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err());
    });
    on_event_loop(async {
        let options = TransportOptions {
            connection_limit: Some(ConnectionLimit::new(1).into()),
            ..options()
        };
        let url = format!("http://127.0.0.1:{}/", server.port);
        let transport = transport_with(&url, options);
        let (one, two, three) =
            tokio::join!(pooled(&transport), pooled(&transport), pooled(&transport));
        for done in [&one, &two, &three] {
            assert_answered(done);
        }
        assert_eq!(one.connection.pool_wait, None);
        for (waiting, before) in [(&two, &one), (&three, &two)] {
            let (start, end) = waiting.connection.pool_wait.unwrap();
            assert!(end >= before.end && start >= waiting.start);
            assert!(end - start > 30 * MILLISECOND);
            assert!(waiting.send_start.unwrap() >= end);
        }
        server.join();
    });
}

#[test]
fn a_wait_that_is_given_up_leaves_the_place_to_the_next() {
    let (go, may_go) = mpsc::channel::<()>();
    let server = listen(move |listener| {
        let mut stream = accept(&listener);
        read_request(&mut stream);
        may_go.recv().unwrap();
        write(&mut stream, &answer("{}"));
        read_request(&mut stream);
        write(&mut stream, &answer("{}"));
    });
    on_event_loop(async {
        let options = TransportOptions {
            connection_limit: Some(ConnectionLimit::new(1).into()),
            ..options()
        };
        let transport = transport_with(&format!("http://127.0.0.1:{}/", server.port), options);
        let impatient = async {
            let waiting = tokio::time::timeout(Duration::from_millis(30), pooled(&transport));
            assert!(waiting.await.is_err());
            go.send(()).unwrap();
        };
        let (one, (), three) = tokio::join!(pooled(&transport), impatient, pooled(&transport));
        assert_answered(&one);
        assert_answered(&three);
        server.join();
    });
}

#[test]
fn where_connections_are_not_kept_each_exchange_has_a_new_one() {
    let server = listen(|listener| {
        for _ in 0..3 {
            let mut stream = accept(&listener);
            read_request(&mut stream);
            write(&mut stream, &answer("{}"));
            crate::support::wait_for_close(&mut stream);
        }
    });
    on_event_loop(async {
        let options = TransportOptions {
            keeps_connections: false,
            ..options()
        };
        let transport = transport_with(&format!("http://127.0.0.1:{}/", server.port), options);
        for _ in 0..3 {
            let done = pooled(&transport).await;
            assert_answered(&done);
            assert!(!done.connection.is_reused);
        }
        server.join();
    });
}

#[test]
fn a_name_is_looked_up_as_often_as_the_cache_demands() {
    for (name_cache, lookups) in [
        (NameCache::Off, [true, true]),
        (NameCache::For(0), [true, true]),
        (NameCache::For(300 * SECOND), [true, false]),
        (NameCache::Forever, [true, false]),
    ] {
        let server = listen(|listener| {
            for _ in 0..2 {
                let mut stream = accept(&listener);
                read_request(&mut stream);
                write(&mut stream, &answer("{}"));
            }
        });
        on_event_loop(async {
            let options = TransportOptions {
                name_cache,
                keeps_connections: false,
                ..options()
            };
            let url = format!("http://localhost:{}/", server.port);
            let transport = transport_with(&url, options);
            for looks_up in lookups {
                let done = pooled(&transport).await;
                assert_answered(&done);
                assert_eq!(done.connection.dns.is_some(), looks_up, "{name_cache:?}");
                assert_eq!(done.connection.name_was_known, !looks_up);
            }
            server.join();
        });
    }
}
