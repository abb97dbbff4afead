//! Certificates and keys that the user names.

use std::path::{Path, PathBuf};

use aiperf_mock::{MockOptions, MockServer, TlsOptions};
use aiperf_transport::{HttpExchange, LazyTls, TlsSettings, TransportFailure, TransportOptions};

use crate::support::{
    accept, answer, listen, on_event_loop, options, pooled, read_request, transport_with, write,
};
use crate::tls::{authority, encrypt, self_signed};

fn with(settings: TlsSettings) -> TransportOptions {
    TransportOptions {
        tls: LazyTls::new(settings).into(),
        ..options()
    }
}

fn ask(url: &str, settings: TlsSettings) -> HttpExchange {
    on_event_loop(async { pooled(&transport_with(url, with(settings))).await })
}

#[test]
fn an_own_authority_is_trusted_and_a_client_shows_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    let identity = folder.path().join("client.pem");
    let server = MockServer::start(MockOptions {
        tls: Some(TlsOptions {
            ca_file: Some(ca_file.clone()),
            client_identity_file: Some(identity.clone()),
        }),
        ..MockOptions::default()
    })
    .unwrap();
    let url = format!("{}/v1/models", server.url());
    let trusting = TlsSettings {
        ca_file: Some(ca_file),
        ..TlsSettings::default()
    };
    let known = TlsSettings {
        client_identity: Some((identity.clone(), identity)),
        ..trusting.clone()
    };
    let done = ask(&url, known);
    assert!(
        done.error.is_none() && done.status.is_some(),
        "{:?}",
        done.error
    );
    assert!(
        ask(&url, trusting).error.is_some(),
        "nobody asked who it is"
    );
    assert!(ask(&url, TlsSettings::default()).error.is_some());
}

#[test]
fn another_name_can_be_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    let identity = self_signed();
    std::fs::write(&ca_file, &identity.pem).unwrap();
    let server = listen(move |listener| {
        let mut stream = encrypt(accept(&listener), &identity.config);
        read_request(&mut stream);
        assert_eq!(stream.conn.server_name(), Some("localhost"));
        write(&mut stream, &answer("{}"));
    });
    let settings = TlsSettings {
        ca_file: Some(ca_file),
        server_name: Some("localhost".to_owned()),
        ..TlsSettings::default()
    };
    // The certificate does not hold the address.
    let done = ask(&format!("https://127.0.0.1:{}/", server.port), settings);
    assert!(done.is_success(), "{:?}", done.error);
    server.join();
}

/// One certificate that is both the authority and the server.
#[test]
fn a_trusted_authority_may_serve_under_its_own_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    let identity = authority();
    std::fs::write(&ca_file, &identity.pem).unwrap();
    let server = listen(move |listener| {
        let mut stream = encrypt(accept(&listener), &identity.config);
        read_request(&mut stream);
        write(&mut stream, &answer("{}"));
    });
    let settings = TlsSettings {
        ca_file: Some(ca_file),
        ..TlsSettings::default()
    };
    let done = ask(&format!("https://localhost:{}/", server.port), settings);
    assert!(done.is_success(), "{:?}", done.error);
    server.join();
}

#[track_caller]
fn assert_refused(settings: TlsSettings, path: &Path) {
    let error = LazyTls::new(settings).prepare().unwrap_err();
    assert_eq!(error.failure, TransportFailure::Certificate);
    let name = path.display().to_string();
    assert!(error.message.contains(&name), "{}", error.message);
}

#[test]
fn a_bad_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let certificate = file("good.pem", &self_signed().pem);
    let empty = file("empty.pem", "");
    let garbage = file(
        "garbage.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let missing = folder.path().join("missing.pem");
    for bad in [&empty, &garbage, &missing] {
        let settings = TlsSettings {
            ca_file: Some(bad.clone()),
            ..TlsSettings::default()
        };
        assert_refused(settings, bad);
    }
    for (chain, key, bad) in [
        (&missing, &certificate, &missing),
        (&empty, &certificate, &empty),
        (&certificate, &certificate, &certificate),
    ] {
        let settings = TlsSettings {
            verifies: false,
            client_identity: Some((chain.clone(), key.clone())),
            ..TlsSettings::default()
        };
        assert_refused(settings, bad);
    }
}
