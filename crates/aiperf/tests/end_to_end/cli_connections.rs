//! How servers are reached: TLS, versions of HTTP, proxies, compressed answers.

use aiperf_mock::{Compression, MockOptions, MockServer, TlsOptions};

use crate::support::place::wait;
use crate::support::{Ended, Place, mock, plain_mock, quick};

/// Two streamed requests at the same time.
const LOAD: [&str; 5] = ["--streaming", "--request-count", "2", "--concurrency", "2"];

/// Runs the load on `url` with these flags and variables.
fn reach(place: &Place, url: &str, flags: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = place.profiling(url, &LOAD);
    command.args(flags).envs(variables.iter().copied());
    wait(command.spawn().unwrap())
}

#[track_caller]
fn assert_reached(url: &str, flags: &[&str], variables: &[(&str, &str)], place: &Place) {
    reach(place, url, flags, variables).expect_code(0);
    let records = place.records("profile_export.jsonl");
    assert_eq!(records.len(), 2);
    assert!(
        records.iter().all(|record| record["error"].is_null()),
        "{records:?}"
    );
}

/// The type and the message of the failure that all requests share.
#[track_caller]
fn failure(url: &str, flags: &[&str], variables: &[(&str, &str)]) -> (String, String) {
    let place = Place::new();
    reach(&place, url, flags, variables).expect_code(1);
    let records = place.records("profile_export.jsonl");
    let error = &records[0]["error"];
    let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
    (text("type"), text("message"))
}

/// A server whose authority is in `ca.pem` of the place.
fn tls_server(place: &Place, demands_certificate: bool, http2: bool) -> MockServer {
    mock(MockOptions {
        tls: Some(TlsOptions {
            ca_file: Some(place.path().join("ca.pem")),
            client_identity_file: demands_certificate.then(|| place.path().join("client.pem")),
        }),
        http2,
        ..quick()
    })
}

#[test]
fn a_server_whose_authority_is_named_is_trusted_and_another_is_not() {
    let place = Place::new();
    let server = tls_server(&place, false, true);
    let url = server.url();
    let variable = [("SSL_CERT_FILE", "ca.pem")];
    assert_reached(&url, &["--tls-ca-file", "ca.pem"], &[], &place);
    assert_reached(&url, &[], &variable, &place);
    let unchecked = [("AIPERF_HTTP_SSL_VERIFY", "false")];
    assert_reached(&url, &[], &unchecked, &place);
    let (kind, _) = failure(&url, &[], &[]);
    assert_eq!(kind, "ClientConnectorCertificateError");
}

#[test]
fn a_server_that_wants_a_certificate_gets_it() {
    let place = Place::new();
    let server = tls_server(&place, true, true);
    let url = server.url();
    let known = ["--tls-ca-file", "ca.pem", "--tls-client-cert", "client.pem"];
    assert_reached(&url, &known, &[], &place);
    let apart = [&known[..], &["--tls-client-key", "client.pem"]].concat();
    assert_reached(&url, &apart, &[], &place);
    reach(&place, &url, &known[..2], &[]).expect_code(1);
}

#[test]
fn the_version_of_http_is_chosen_by_the_flag() {
    let place = Place::new();
    let trusting = ["--tls-ca-file", "ca.pem", "--http-version"];
    for (speaks_http2, version, is_reached) in [
        (true, "auto", true),
        (true, "2", true),
        (true, "1.1", true),
        (false, "auto", true),
        (false, "1.1", true),
        (false, "2", false),
    ] {
        let server = tls_server(&place, false, speaks_http2);
        let flags = [&trusting[..], &[version]].concat();
        let ended = reach(&place, &server.url(), &flags, &[]);
        assert_eq!(
            ended.code,
            Some(i32::from(!is_reached)),
            "{speaks_http2} {version} {ended}"
        );
        // Without TLS, HTTP/2 has to be known beforehand.
        let server = mock(MockOptions {
            http2: speaks_http2,
            ..quick()
        });
        let ended = reach(&place, &server.url(), &["--http-version", version], &[]);
        assert_eq!(
            ended.code,
            Some(i32::from(!is_reached)),
            "{speaks_http2} {version} {ended}"
        );
    }
}

#[test]
fn proxies_of_the_environment_are_used_where_that_is_wanted() {
    // A server that is asked for a whole URL says that it does not have it.
    let proxy = plain_mock();
    let url = "http://nowhere.invalid:81";
    let proxy_url = proxy.url();
    let named = ("HTTP_PROXY", proxy_url.as_str());
    let wanted = ("AIPERF_HTTP_TRUST_ENV", "true");
    let (kind, message) = failure(url, &[], &[named, wanted]);
    assert_eq!(kind, "Not Found");
    assert!(
        message.contains("http://nowhere.invalid:81/v1/chat/completions"),
        "{message}"
    );
    for direct in [
        &[named][..],
        &[named, wanted, ("NO_PROXY", "nowhere.invalid")],
    ] {
        assert_eq!(failure(url, &[], direct).0, "ClientConnectorDNSError");
    }
}

#[test]
fn a_proxy_of_another_kind_is_refused_before_the_run() {
    for (value, said) in [
        (
            "socks5://user:secret@h:1080",
            "SOCKS proxies are not supported",
        ),
        ("https://user:secret@h:443", "over TLS are not supported"),
    ] {
        let place = Place::new();
        let variables = [("HTTPS_PROXY", value), ("AIPERF_HTTP_TRUST_ENV", "true")];
        let ended = reach(&place, "https://h", &[], &variables).expect_code(1);
        let shown = ended.stderr.replace('│', " ");
        let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            shown.contains("`HTTPS_PROXY`") && shown.contains(said),
            "{ended}"
        );
        assert!(!ended.to_string().contains("secret"), "{ended}");
        assert!(!place.results().exists(), "{ended}");
    }
}

#[test]
fn compressed_answers_are_read() {
    for compression in [Compression::Gzip, Compression::Deflate, Compression::Zstd] {
        let server = mock(MockOptions {
            compression: Some(compression),
            ..quick()
        });
        let asks = ["--header", "Accept-Encoding:gzip"];
        assert_reached(&server.url(), &asks, &[], &Place::new());
    }
}
