//! Answers that point elsewhere.

use aiperf_transport::{
    HttpExchange, Lease, StickyConnection, Target, Transport, TransportFailure, Watch,
};

use crate::support::{
    accept, accept_one, answer, listen, on_event_loop, pooled, read_request, request, transport,
    write,
};

async fn following(transport: &Transport, lease: Lease<'_>) -> HttpExchange {
    let mut exchange = HttpExchange::default();
    let watch = Watch {
        repeat: Some(&|| request("{}")),
        ..Watch::default()
    };
    transport
        .perform(0, request("{}"), lease, &mut exchange, watch)
        .await;
    exchange
}

fn redirect(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} Elsewhere\r\nlocation: {location}\r\ncontent-length: 4\r\n\r\ngone")
}

#[test]
fn the_exchange_tells_of_the_last_hop_and_began_with_the_first() {
    let server = accept_one(|mut stream| {
        read_request(&mut stream);
        std::thread::sleep(std::time::Duration::from_millis(50));
        write(&mut stream, &redirect(307, "/second?x=y"));
        let second = read_request(&mut stream);
        assert!(
            second.starts_with("POST /second?x=y HTTP/1.1\r\n"),
            "{second}"
        );
        assert!(second.ends_with("\r\n\r\n{}"), "{second}");
        write(&mut stream, &answer("done"));
    });
    on_event_loop(async {
        let transport = server.transport();
        let done = following(&transport, Lease::Pooled).await;
        assert!(done.is_success(), "{:?}", done.error);
        assert_eq!(done.received.unfold().bytes, b"done");
        assert!(done.connection.is_reused, "the connection of the first hop");
        assert!(done.send_start.unwrap() - done.start > 30 * aiperf_clock::MILLISECOND);
        assert!(done.first_byte.unwrap() >= done.send_start.unwrap());
        assert!(!done.headers.contains_key("location"));
        server.join();
    });
}

#[test]
fn see_other_is_asked_for_without_a_body() {
    let server = accept_one(|mut stream| {
        read_request(&mut stream);
        write(&mut stream, &redirect(303, "/result"));
        let second = read_request(&mut stream);
        assert!(second.starts_with("GET /result HTTP/1.1\r\n"), "{second}");
        assert!(!second.contains("content-"), "{second}");
        write(&mut stream, &answer("done"));
    });
    on_event_loop(async {
        let transport = server.transport();
        let mut own = StickyConnection::default();
        let done = following(&transport, Lease::Sticky(&mut own)).await;
        assert!(done.is_success(), "{:?}", done.error);
        server.join();
    });
}

#[test]
fn without_leave_a_redirect_is_the_answer() {
    let server = accept_one(|mut stream| {
        read_request(&mut stream);
        write(&mut stream, &redirect(302, "/x"));
    });
    on_event_loop(async {
        let done = pooled(&server.transport()).await;
        assert_eq!(done.status.unwrap(), 302);
        assert_eq!(done.received.unfold().bytes, b"gone");
        server.join();
    });
}

#[test]
fn another_server_gets_the_request_without_its_credentials() {
    let other = accept_one(|mut stream| {
        for _ in 0..2 {
            let request = read_request(&mut stream);
            assert!(!request.contains("authorization"), "{request}");
            write(&mut stream, &answer("other"));
        }
    });
    let place = format!("http://127.0.0.1:{}/there", other.port);
    let server = accept_one(move |mut stream| {
        for _ in 0..2 {
            assert!(read_request(&mut stream).contains("authorization: Basic "));
            write(&mut stream, &redirect(308, &place));
        }
    });
    on_event_loop(async {
        let transport = transport(&format!("http://user:word@127.0.0.1:{}/", server.port));
        for is_reused in [false, true] {
            let done = following(&transport, Lease::Pooled).await;
            assert_eq!(done.received.unfold().bytes, b"other", "{:?}", done.error);
            assert_eq!(done.connection.is_reused, is_reused);
        }
        server.join();
        other.join();
    });
}

#[test]
fn a_circle_is_left_after_ten_redirects() {
    let server = accept_one(|mut stream| {
        for _ in 0..11 {
            read_request(&mut stream);
            write(&mut stream, &redirect(307, "/again"));
        }
        crate::support::wait_for_close(&mut stream);
    });
    on_event_loop(async {
        let transport = server.transport();
        let done = following(&transport, Lease::Pooled).await;
        let error = done.error.as_ref().expect("the exchange succeeded");
        assert_eq!(error.failure, TransportFailure::TooManyRedirects);
        assert_eq!(error.failure.type_name(), "TooManyRedirects");
        assert_eq!(done.status.unwrap(), 307);
        drop(transport);
        server.join();
    });
}

#[test]
fn a_place_that_cannot_be_asked_is_a_failure() {
    let server = accept_one(|mut stream| {
        read_request(&mut stream);
        write(&mut stream, &redirect(302, "file:///etc/passwd"));
    });
    on_event_loop(async {
        let transport = server.transport();
        let done = following(&transport, Lease::Pooled).await;
        assert!(
            done.error
                .unwrap()
                .message
                .contains("neither `http` nor `https`")
        );
        server.join();
    });
}

#[test]
fn another_path_and_another_server_can_be_asked_on_connections_that_are_there() {
    let other = accept_one(|mut stream| {
        for _ in 0..2 {
            assert!(read_request(&mut stream).starts_with("POST /content "));
            write(&mut stream, &answer("{}"));
        }
    });
    let server = listen(|listener| {
        let mut stream = accept(&listener);
        for path in ["/v1", "/v1/job", "/v1/job"] {
            assert!(read_request(&mut stream).starts_with(&format!("POST {path} ")));
            write(&mut stream, &answer("{}"));
        }
    });
    on_event_loop(async {
        let transport = server.transport();
        assert!(pooled(&transport).await.is_success());
        let here = Target::parse(&format!("http://127.0.0.1:{}/", server.port)).unwrap();
        let there = format!("http://127.0.0.1:{}/content", other.port);
        let there = Target::parse(&there).unwrap();
        let job = here.with_path("/v1/job".parse().unwrap());
        for (target, reused) in [(&job, [true, true]), (&there, [false, true])] {
            for is_reused in reused {
                let mut done = HttpExchange::default();
                let (lease, watch) = (Lease::Pooled, Watch::default());
                transport
                    .perform_to(target, request("{}"), lease, &mut done, watch)
                    .await;
                assert!(done.is_success(), "{:?}", done.error);
                assert_eq!(done.connection.is_reused, is_reused);
            }
        }
        server.join();
        other.join();
    });
}
