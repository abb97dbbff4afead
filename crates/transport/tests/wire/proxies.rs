//! Proxies: what they get to see, and what they do not.

use aiperf_transport::{HttpVersion, Proxies, TransportFailure, TransportOptions};

use crate::support::{
    Server, accept, accept_one, answer, listen, on_event_loop, options, pooled, read_request,
    transport_with, write,
};

/// Options that reach everything through this proxy.
fn through(server: &Server) -> TransportOptions {
    let proxy = format!("http://user:pass%20word@127.0.0.1:{}", server.port);
    let proxies = Proxies::from_variables(|name| {
        matches!(name, "HTTP_PROXY" | "HTTPS_PROXY").then(|| proxy.clone())
    });
    TransportOptions {
        proxies: proxies.unwrap().into(),
        ..options()
    }
}

/// `user:pass word` in Base64.
const AUTHORIZATION: &str = "proxy-authorization: Basic dXNlcjpwYXNzIHdvcmQ=";

#[test]
fn an_http_request_names_the_whole_url_to_the_proxy() {
    let server = accept_one(|mut stream| {
        for _ in 0..2 {
            let request = read_request(&mut stream);
            assert!(
                request.starts_with("POST http://nowhere.test:81/v1/x?a=b HTTP/1.1\r\n"),
                "{request}"
            );
            assert!(request.contains(AUTHORIZATION), "{request}");
            assert!(request.contains("host: nowhere.test:81\r\n"), "{request}");
            write(&mut stream, &answer("{}"));
        }
    });
    on_event_loop(async {
        let transport = transport_with("http://nowhere.test:81/v1/x?a=b", through(&server));
        for is_reused in [false, true] {
            let done = pooled(&transport).await;
            assert!(done.is_success(), "{:?}", done.error);
            assert_eq!(done.connection.is_reused, is_reused);
            // The proxy resolves the name, and is itself an address.
            assert_eq!(done.connection.dns, None);
        }
        server.join();
    });
}

#[test]
fn to_a_tls_server_a_tunnel_is_opened_that_hides_the_request() {
    let config = crate::tls::self_signed().config;
    let server = listen(move |listener| {
        let mut stream = accept(&listener);
        let request = read_request(&mut stream);
        assert!(
            request.starts_with("CONNECT secure.test:443 HTTP/1.1\r\n"),
            "{request}"
        );
        assert!(
            request
                .to_lowercase()
                .contains(&AUTHORIZATION.to_lowercase())
        );
        write(&mut stream, "HTTP/1.1 200 Connection established\r\n\r\n");
        let mut stream = crate::tls::encrypt(stream, &config);
        let inner = read_request(&mut stream);
        assert!(inner.starts_with("POST /v1 HTTP/1.1\r\n"), "{inner}");
        assert!(!inner.to_lowercase().contains("proxy-"), "{inner}");
        write(&mut stream, &answer("{}"));
    });
    on_event_loop(async {
        let options = through(&server).without_tls_verification();
        let done = pooled(&transport_with("https://secure.test/v1", options)).await;
        assert!(done.is_success(), "{:?}", done.error);
        let (tcp, tls) = (done.connection.tcp.unwrap(), done.connection.tls.unwrap());
        assert!(tcp.1 <= tls.0 && tls.1 <= done.send_start.unwrap());
        server.join();
    });
}

#[test]
fn http2_without_tls_goes_through_a_tunnel() {
    let server = accept_one(|mut stream| {
        let request = read_request(&mut stream);
        assert!(request.starts_with("CONNECT plain.test:80 "), "{request}");
        write(&mut stream, "HTTP/1.1 200 OK\r\n\r\n");
        let mut preface = [0; 16];
        std::io::Read::read_exact(&mut stream, &mut preface).unwrap();
        assert_eq!(&preface[..14], b"PRI * HTTP/2.0");
    });
    on_event_loop(async {
        let options = TransportOptions {
            http_version: HttpVersion::Http2,
            ..through(&server)
        };
        assert!(
            !pooled(&transport_with("http://plain.test/", options))
                .await
                .is_success()
        );
        server.join();
    });
}

#[test]
fn a_proxy_that_refuses_is_named_without_its_password() {
    for (refusal, reason) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
            "it answered 407 Proxy Authentication Required",
        ),
        ("220 mail.test ESMTP\r\n\r\n", "its answer is not HTTP"),
        ("HTTP/1.1 200", "it closed the connection"),
    ] {
        let server = accept_one(move |mut stream| {
            read_request(&mut stream);
            write(&mut stream, refusal);
        });
        on_event_loop(async {
            let done = pooled(&transport_with("https://secure.test/", through(&server))).await;
            let error = done.error.expect("the exchange succeeded");
            assert_eq!(error.failure, TransportFailure::Connect);
            assert_eq!(
                error.message,
                format!(
                    "the proxy `127.0.0.1:{}` opened no tunnel to `secure.test`: {reason}",
                    server.port
                )
            );
            server.join();
        });
    }
}
